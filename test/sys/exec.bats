# exec: more processes in a running container.
load lib

running() { # a running container that sleeps
	make_bundle
	args sleep 60
	start_detached
}

@test "exec passes stdin, output and status through" {
	running
	run --separate-stderr hull exec "$ID" sh -c 'cat; echo err >&2; exit 5' <<<"word"
	[ "$status" -eq 5 ]
	[ "$output" = word ]
	[ "$stderr" = err ]
}

@test "exec joins the container: pid 1, mounts, host name, cgroup" {
	running
	[ "$(hull exec "$ID" cat /proc/1/cmdline | tr '\0' ' ')" = "sleep 60 " ]
	[ "$(hull exec "$ID" hostname)" = "$(jq -r .hostname "$BUNDLE/config.json")" ]
	for ns in pid mnt uts ipc net; do
		[ "$(hull exec "$ID" readlink /proc/self/ns/$ns)" = "$(hull exec "$ID" readlink /proc/1/ns/$ns)" ]
	done
	hull exec -d "$ID" sleep 50 </dev/null >/dev/null 2>&1
	[ "$(hull ps -f json "$ID" | jq length)" -eq 2 ]
}

@test "exec --env, --cwd, --user, --additional-gids" {
	running
	[ "$(hull exec -e A=1 -e B=2 "$ID" sh -c 'echo $A$B')" = 12 ]
	[ "$(hull exec --env A=3 "$ID" sh -c 'echo $A')" = 3 ]
	[ "$(hull exec --cwd /tmp "$ID" pwd)" = /tmp ]
	[ "$(hull exec -u 1000 "$ID" id -u)" = 1000 ]
	[ "$(hull exec -u 1000:2000 "$ID" id -g)" = 2000 ]
	[ "$(hull exec --user 5:6 "$ID" sh -c 'echo $(id -u):$(id -g)')" = 5:6 ]
	[[ " $(hull exec -g 77 -g 78 "$ID" id -G) " == *" 77 "*"78 "* ]]
}

@test "exec -p process.json" {
	running
	jq '.process | .args = ["sh", "-c", "echo $X; pwd; id -u"] | .env += ["X=from json"] | .cwd = "/tmp" | .user.uid = 1000' "$BUNDLE/config.json" >"$DIR/p.json"
	run hull exec --process "$DIR/p.json" "$ID"
	[ "$status" -eq 0 ]
	[ "$output" = $'from json\n/tmp\n1000' ]
	run hull exec -p "$DIR/missing.json" "$ID"
	[ "$status" -ne 0 ]
	# a pipe is a file, too
	run hull exec -p <(cat "$DIR/p.json") "$ID"
	[ "$output" = $'from json\n/tmp\n1000' ]
	hull update -r <(echo '{"pids": {"limit": 77}}') "$ID"
	[ "$(hull exec "$ID" sh -c 'cat $(find /sys/fs/cgroup -name pids.max | head -n 1)')" = 77 ]
	run hull run -b "$BUNDLE" -f <(jq '.process.args = ["echo", "hi"]' "$BUNDLE/config.json") "$ID-2"
	[ "$output" = hi ]
}

@test "exec -p: capabilities that the document leaves out are the container's, others its own; so is all else" {
	make_bundle
	local effective
	edit '.process.capabilities = (["CAP_KILL", "CAP_CHOWN"] as $c | {bounding: $c, permitted: $c, effective: ["CAP_KILL"]}) |
		.process.noNewPrivileges = true | .process.user = {uid: 5, gid: 6} | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 33, hard: 33}]'
	args sleep 60
	start_detached
	jq -n '{cwd: "/", args: ["cat", "/proc/self/status"], env: ["PATH=/bin"], user: {uid: 0, gid: 0}}' >"$DIR/p.json"
	hull exec -p "$DIR/p.json" "$ID" >"$DIR/status"
	cat "$DIR/status"
	# (user 0 has all permitted ones after execve)
	grep -q "^CapBnd:.*0000000000000021$" "$DIR/status"
	grep -q "^CapEff:.*0000000000000021$" "$DIR/status"
	! is_hull || grep -q "^NoNewPrivs:.*0$" "$DIR/status"
	[ "$(awk '/^Uid/ { print $2 }' "$DIR/status")" = 0 ]
	for effective in '{}' '{"bounding": ["CAP_CHOWN"], "permitted": ["CAP_CHOWN"], "effective": ["CAP_CHOWN"]}'; do
		jq --argjson c "$effective" '.capabilities = $c' "$DIR/p.json" >"$DIR/p2.json"
		hull exec -p "$DIR/p2.json" "$ID" >"$DIR/status"
		grep -q "^CapBnd:.*000000000000000$([ "$effective" = '{}' ] && echo 0 || echo 1)$" "$DIR/status"
	done
}

@test "exec --detach --pid-file" {
	running
	hull exec -d --pid-file "$DIR/pid" "$ID" sleep 55 </dev/null >/dev/null 2>&1
	[ "$(tr '\0' ' ' <"/proc/$(cat "$DIR/pid")/cmdline")" = "sleep 55 " ]
	[ "$(readlink "/proc/$(cat "$DIR/pid")/ns/pid")" = "$(readlink "/proc/$(hull state "$ID" | jq .pid)/ns/pid")" ]
	# all fds that are not 0, 1, 2 are closed
	[ "$(ls "/proc/$(cat "$DIR/pid")/fd" | tr '\n' ' ')" = "0 1 2 " ]
}

@test "exec --cap, --no-new-privs" {
	running
	local base with
	base=$(hull exec "$ID" awk '/^CapBnd/ { print $2 }' /proc/self/status)
	with=$(hull exec --cap CAP_SYS_PTRACE "$ID" awk '/^CapBnd/ { print $2 }' /proc/self/status)
	[ $((0x$base & 1 << 19)) -eq 0 ]
	[ $((0x$with & 1 << 19)) -ne 0 ]
	edit '.process.noNewPrivileges = false'
	hull delete --force "$ID"
	start_detached
	[ "$(hull exec "$ID" awk '/^NoNewPrivs/ { print $2 }' /proc/self/status)" = 0 ]
	[ "$(hull exec --no-new-privs "$ID" awk '/^NoNewPrivs/ { print $2 }' /proc/self/status)" = 1 ]
}

@test "exec --cap: also ambient where the container's processes inherit some" {
	make_bundle
	edit '.process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN"], permitted: ["CAP_KILL", "CAP_CHOWN"], effective: ["CAP_KILL"], inheritable: ["CAP_CHOWN"],
		ambient: ["CAP_CHOWN"]}'
	args sleep 60
	start_detached
	run hull exec --cap SYSLOG "$ID" grep -E 'CapInh|CapAmb' /proc/self/status
	[ "$output" = $'CapInh:\t0000000400000001\nCapAmb:\t0000000400000001' ]
}

@test "the processors that the caller is bound to are not the container's" {
	[ "$(nproc)" -gt 1 ] || skip "needs two processors"
	make_bundle
	args grep Cpus_allowed_list /proc/self/status
	local free bound
	free=$(hull run -b "$BUNDLE" "$ID")
	bound=$(taskset -c 0 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID")
	[ "$bound" = "$free" ]
	args sleep 60
	taskset -c 0 "$HULL" --root "$STATE" run -d -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	[ "$(taskset -c 0 "$HULL" --root "$STATE" exec "$ID" grep Cpus_allowed_list /proc/self/status)" = "$free" ]
	# twin: a sandbox is a command of the caller's, and stays where he is
	[ "$(taskset -c 0 "$HULL" sandbox grep Cpus_allowed_list /proc/self/status)" = $'Cpus_allowed_list:\t0' ]
}

@test "exec of a program that is not there or cannot run: runc's words" {
	running
	refuses 'exec: "/no/such": stat /no/such: no such file or directory' -- "$HULL" --root "$STATE" exec "$ID" /no/such
	refuses 'exec: "nosuch": executable file not found in $PATH' -- "$HULL" --root "$STATE" exec "$ID" nosuch
	refuses 'exec: "/etc/passwd"' 'permission denied' -- "$HULL" --root "$STATE" exec "$ID" /etc/passwd
}

@test "exec into a created container works, into a stopped one does not" {
	make_bundle
	args sleep 60
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	[ "$(hull exec "$ID" echo in)" = in ]
	hull start "$ID"
	hull kill "$ID" KILL
	eventually has_status stopped
	refuses "" -- "$HULL" --root "$STATE" exec "$ID" true
	refuses "" -- "$HULL" --root "$STATE" exec "$ID-none" true
}

@test "exec returns 128 + n for a killed process" {
	running
	run hull exec "$ID" sh -c 'kill -9 $$'
	[ "$status" -eq 137 ]
}

@test "exec -t gives a terminal, with the size it has" {
	running
	run timeout 10 script -qec "stty rows 33 cols 77; '$HULL' --root '$STATE' exec -t $ID sh -c 'tty; sleep 0.3; stty size'" /dev/null </dev/null
	[ "$status" -eq 0 ]
	[[ $output == */dev/pts/* ]]
	[[ $output == *"33 77"* ]]
}

@test "exec -t: the terminal's Ctrl-C reaches the process" {
	running
	run timeout 20 python3 - "$HULL" "$STATE" "$ID" <<-'END'
		import os, pty, sys
		hull, state, id = sys.argv[1:]
		pid, fd = pty.fork()
		if pid == 0:
		    os.execv(hull, [hull, "--root", state, "exec", "-t", id, "sh", "-c", "trap 'echo caught; exit 4' INT; echo ready; while :; do sleep 0.05; done"])
		seen = b""
		try:
		    while True:
		        seen += os.read(fd, 4096)
		        if b"ready" in seen and b"^C" not in seen:
		            os.write(fd, b"\x03")
		            seen += b"^C"
		except OSError:
		    pass
		print(seen, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
		END
	[[ $output == *caught* ]]
	[[ $output == *" 4" ]]
}

@test "a payload on a terminal whose output goes to a pipe ends its lines with newlines alone, and so does exec -t" {
	make_bundle
	edit '.process.terminal = true'
	args sh -c 'test -t 1 && echo yes'
	run hull run -b "$BUNDLE" "$ID" </dev/null
	[ "$output" = yes ]
	edit '.process.terminal = false'
	args sleep 60
	start_detached
	run hull exec -t "$ID" sh -c 'test -t 1 && echo yes' </dev/null
	[ "$output" = yes ]
}

@test "run on a terminal: tty, window size, and the host's terminal as it was" {
	make_bundle
	edit '.process.terminal = true'
	args sh -c 'tty; stty size; ls -l /dev/console | cut -c1'
	run timeout 20 script -qec "stty rows 44 cols 88; stty -g >'$DIR/before'; '$HULL' --root '$STATE' run -b '$BUNDLE' $ID; stty -g >'$DIR/after'" /dev/null </dev/null
	[ "$status" -eq 0 ]
	[[ $output == *"44 88"* ]]
	[[ $output == */dev/* ]]
	cmp "$DIR/before" "$DIR/after"
}

@test "input that is no terminal ends for a payload on one, whatever its mode" {
	needs_hull
	make_bundle
	edit '.process.terminal = true'
	args sh
	run timeout -k 1 10 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null
	[ "$status" -eq 0 ]
	run timeout -k 1 10 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" < <(echo 'cat; echo and; cat; exit 3')
	[ "$status" -eq 3 ]
	[[ $output == *and ]] # and no carriage return
}

@test "thirty execs in a row leave nothing" {
	running
	local before after round
	before=$(ls "$STATE/$ID" | wc -l)
	for round in $(seq 30); do hull exec "$ID" true; done
	after=$(ls "$STATE/$ID" | wc -l)
	[ "$before" -eq "$after" ]
	[ "$(hull ps -f json "$ID" | jq length)" -eq 1 ]
}

@test "exec while the container dies: an error or a status, never a hang" {
	make_bundle
	args sleep 0.4
	start_detached
	local end=$((SECONDS + 2))
	while [ $SECONDS -lt $end ] && has_status running; do
		timeout 5 "$HULL" --root "$STATE" exec "$ID" true >/dev/null 2>&1 3>&- || [ $? -ne 124 ]
	done
	has_status stopped
}
