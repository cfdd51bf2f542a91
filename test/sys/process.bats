# The process: each field of config.json's process, and what linux says of it, seen from inside the container.
load lib

# inside SCRIPT: run a container that plays it; sets status, output
inside()
{
	args sh -c "$1"
	run hull run -b "$BUNDLE" "$ID"
}

# field KEY: a line of /proc/self/status, from inside
field() { awk -v k="$1:" '$1 == k { $1 = ""; print substr($0, 2) }' <<<"$output"; }

STATUS='exec cat /proc/self/status'

@test "user: uid, gid, additionalGids, and the caller's groups are gone" {
	make_bundle
	edit '.process.user = {uid: 1000, gid: 1001, additionalGids: [5, 77]}'
	inside "$STATUS"
	[ "$status" -eq 0 ]
	[ "$(field Uid)" = "1000 1000 1000 1000" ]
	[ "$(field Gid)" = "1001 1001 1001 1001" ]
	[ "$(field Groups)" = "5 77" ]
	edit '.process.user = {uid: 0, gid: 0}'
	args sh -c "$STATUS"
	output=$(setpriv --groups 42,43 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null)
	[ "$(field Groups)" = "" ]
}

@test "user: groups stay with run.oci.keep_original_groups" {
	make_bundle
	edit '.annotations["run.oci.keep_original_groups"] = "1"'
	args sh -c "$STATUS"
	output=$(setpriv --groups 42,43 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null)
	[ "$(field Groups)" = "42 43" ]
	# Podman names the groups of the image's user beside it, which crun then leaves out
	edit '.process.user.additionalGids = [10, 20]'
	output=$(setpriv --groups 42,43 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null)
	[ "$(field Groups)" = "42 43" ]
}

@test "user: umask, 0022 without it" {
	make_bundle
	inside umask
	[ "$output" = 0022 ]
	edit '.process.user.umask = 63'
	inside umask
	[ "$output" = 0077 ]
}

@test "capabilities: all five sets, as root and as an ordinary user" {
	make_bundle
	for uid in 0 1000; do
		edit '.process.user.uid = $u | .process.noNewPrivileges = false | .process.capabilities = {
			bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"], permitted: ["CAP_KILL", "CAP_NET_BIND_SERVICE"],
			effective: ["CAP_KILL"], inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]}' --argjson u $uid
		inside "$STATUS"
		[ "$status" -eq 0 ]
		[ "$(field CapBnd)" = 0000000000000421 ]
		[ "$(field CapInh)" = 0000000000000020 ]
		[ "$(field CapAmb)" = 0000000000000020 ]
	done
	[ "$(field CapPrm)" = 0000000000000020 ]
	[ "$(field CapEff)" = 0000000000000020 ]
}

@test "capabilities: none without the object" {
	make_bundle
	edit 'del(.process.capabilities)'
	inside "$STATUS"
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do [ "$(field $set)" = 0000000000000000 ]; done
}

@test "capabilities that the caller has not are a warning, not an error" {
	make_bundle
	edit '.process.capabilities = ([range(0; 5)] | {bounding: ["CAP_CHOWN", "CAP_SYS_RESOURCE", "CAP_SYS_ADMIN"]} | .permitted = .bounding | .effective = .bounding)'
	args sh -c "$STATUS"
	# a caller without CAP_SYS_RESOURCE, whether this machine has it or not
	run --separate-stderr setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null
	[ "$status" -eq 0 ]
	[ "$(field CapPrm)" = 0000000000200001 ]
	[[ $stderr == *CAP_SYS_RESOURCE* ]]
}

@test "noNewPrivileges" {
	make_bundle
	edit '.process.noNewPrivileges = true'
	inside "$STATUS"
	[ "$(field NoNewPrivs)" = 1 ]
	edit '.process.noNewPrivileges = false'
	inside "$STATUS"
	[ "$(field NoNewPrivs)" = 0 ]
}

@test "rlimits: soft and hard, also in a user namespace" {
	make_bundle
	edit '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 50, hard: 60}, {type: "RLIMIT_CORE", soft: 0, hard: 4096}, {type: "RLIMIT_CPU", soft: 100, hard: 100}]'
	inside 'cat /proc/self/limits'
	[ "$status" -eq 0 ]
	[[ $output =~ "Max open files"\ +50\ +60 ]]
	[[ $output =~ "Max core file size"\ +0\ +4096 ]]
	[[ $output =~ "Max cpu time"\ +100\ +100 ]]
	edit '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1000}] | .linux.gidMappings = .linux.uidMappings'
	inside 'cat /proc/self/limits'
	[ "$status" -eq 0 ]
	[[ $output =~ "Max open files"\ +50\ +60 ]]
}

@test "rlimits: what cannot be set is named" {
	make_bundle
	! ((0x$(sed -n 's/^CapBnd:\t//p' /proc/self/status) >> 24 & 1)) || skip "this machine can raise every limit" # CAP_SYS_RESOURCE
	edit '.process.rlimits = [{type: "RLIMIT_CPU", soft: 1, hard: 1}, {type: "RLIMIT_MSGQUEUE", soft: 99999999999, hard: 99999999999}]'
	refuses "process.rlimits[1]: cannot set RLIMIT_MSGQUEUE" "Operation not permitted" -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	edit '.process.rlimits = [{type: "RLIMIT_CPU", soft: 2, hard: 1}]'
	refuses "process.rlimits[0]" -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
}

@test "oomScoreAdj, of run and of exec" {
	make_bundle
	edit '.process.oomScoreAdj = 432'
	args sleep 30
	start_detached
	[ "$(hull exec "$ID" cat /proc/1/oom_score_adj)" = 432 ]
	[ "$(hull exec "$ID" cat /proc/self/oom_score_adj)" = 432 ]
	# hull's own stays what it was, also where the child lived in its memory
	hull delete --force "$ID"
	args sh -c 'touch /started; while [ ! -e /go ]; do sleep 0.1; done'
	"$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null 3>&- &
	local pid=$!
	eventually test -e "$ROOTFS/started"
	[ "$(cat "/proc/$pid/oom_score_adj")" = "$(cat /proc/self/oom_score_adj)" ]
	touch "$ROOTFS/go"
	wait "$pid"
}

@test "scheduler and ioPriority" {
	make_bundle
	edit '.process.scheduler = {policy: "SCHED_BATCH", nice: 3} | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	# fields of stat(5): nice 19, policy 41
	inside 'cut -d" " -f19,41 /proc/self/stat; ionice'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "3 3" ]
	[ "${lines[1]}" = "best-effort: prio 6" ]
}

@test "execCPUAffinity concerns exec only" {
	make_bundle
	[ "$(nproc)" -gt 1 ] || skip "one CPU"
	edit '.process.execCPUAffinity = {initial: "0-1", final: "1"}'
	args sleep 30
	start_detached
	output=$(hull exec "$ID" cat /proc/1/status)
	[ "$(field Cpus_allowed_list)" != 1 ]
	output=$(hull exec "$ID" cat /proc/self/status)
	[ "$(field Cpus_allowed_list)" = 1 ]
	hull kill "$ID" KILL
	edit '.process.execCPUAffinity = {final: "1-"}'
	refuses process.execCPUAffinity.final -- "$HULL" --root "$STATE" run -b "$BUNDLE" "x$ID"
}

@test "memoryPolicy" {
	make_bundle
	[ -e /proc/self/numa_maps ] || skip "no NUMA in this kernel"
	edit '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}'
	inside 'head -n 1 /proc/self/numa_maps'
	[ "$status" -eq 0 ]
	[[ $output == *" bind=static:0"* ]]
	edit '.linux.memoryPolicy = {mode: "MPOL_BIND"}'
	refuses linux.memoryPolicy -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
}

@test "a session keyring of its own, shared with exec, and --no-new-keyring" {
	make_bundle
	edit 'del(.linux.maskedPaths)'
	args sleep 30
	start_detached
	[[ "$(hull exec "$ID" cat /proc/keys)" == *"_ses.$ID"* ]]
	[ "$(hull exec "$ID" cat /proc/keys | grep -c "_ses.$ID")" -eq 1 ]
	hull delete --force "$ID"
	args cat /proc/keys
	run hull run --no-new-keyring -b "$BUNDLE" "n$ID" # another id: the kernel takes its time to forget a keyring
	[ "$status" -eq 0 ]
	[[ $output != *"_ses.n$ID"* ]]
}

@test "a keyring that another user left under the container's name is not taken" {
	user_up
	make_bundle
	edit 'del(.linux.maskedPaths)'
	args cat /proc/keys
	# a process of an ordinary user holds a keyring that everybody may search
	cat >"$DIR/squat.py" <<-'END'
		import ctypes, os, sys
		libc = ctypes.CDLL(None, use_errno=True)
		os.setresgid(*[int(sys.argv[2])] * 3)
		os.setresuid(*[int(sys.argv[2])] * 3)
		serial = libc.syscall(250, 1, sys.argv[1].encode(), 0, 0, 0)  # keyctl(KEYCTL_JOIN_SESSION_KEYRING, name)
		assert serial > 0 and libc.syscall(250, 5, serial, 0x3f3f0008, 0, 0) == 0  # KEYCTL_SETPERM
		print("%08x" % serial, flush=True)
		sys.stdin.read()
	END
	chmod 644 "$DIR/squat.py"
	coproc SQUAT { python3 "$DIR/squat.py" "_ses.$ID" "$(id -u "$TEST_USER")" 3>&-; }
	read -r -u "${SQUAT[0]}" serial
	run hull run -b "$BUNDLE" "$ID"
	eval "exec ${SQUAT[1]}>&-"
	[ "$status" -eq 0 ]
	[[ $output != *"$serial"* ]]
	[ "$(grep -c "_ses.$ID." <<<"$output")" -eq 1 ]
}

@test "personality" {
	make_bundle
	inside 'uname -m'
	[ "$output" = "$(uname -m)" ]
	edit '.linux.personality = {domain: "LINUX32"}'
	inside 'uname -m'
	[ "$status" -eq 0 ]
	[ "$output" = "$(setarch linux32 uname -m)" ]
}

@test "a protection or a share that this host does not have is refused with its place" {
	make_bundle
	cp "$BUNDLE/config.json" "$DIR/good"
	if ! grep -qs Y /sys/module/apparmor/parameters/enabled; then
		edit '.process.apparmorProfile = "docker-default"'
		refuses "process.apparmorProfile" docker-default -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
		edit '.process.apparmorProfile = "unconfined"'
		inside true
		[ "$status" -eq 0 ]
	fi
	if [ ! -e /sys/fs/selinux ]; then
		cp "$DIR/good" "$BUNDLE/config.json"
		edit '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
		refuses "process.selinuxLabel" container_t -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
		cp "$DIR/good" "$BUNDLE/config.json"
		edit '.linux.mountLabel = "system_u:object_r:container_file_t:s0"'
		refuses "linux.mountLabel" container_file_t -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	fi
	if [ ! -e /sys/fs/resctrl/schemata ]; then
		cp "$DIR/good" "$BUNDLE/config.json"
		edit '.linux.intelRdt = {closID: "x", l3CacheSchema: "L3:0=1"}'
		refuses "linux.intelRdt" -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	fi
}

@test "env: the last of several counts, nothing of the caller's, HOME from the container's passwd" {
	make_bundle
	edit '.process.env = ["PATH=/usr/bin", "A=1", "B=x y", "A=2"]'
	args env
	SECRET=1 run hull run -b "$BUNDLE" "$ID"
	[ "$(sort <<<"$output")" = $'A=2\nB=x y\nHOME=/root\nPATH=/usr/bin' ]
	edit '.process.user.uid = 1000'
	run hull run -b "$BUNDLE" "$ID"
	[[ $output == *HOME=/home* ]]
	edit '.process.user.uid = 4242'
	run hull run -b "$BUNDLE" "$ID"
	[[ $output == *HOME=/ ]]
	edit '.process.env += ["HOME=/mine"]'
	run hull run -b "$BUNDLE" "$ID"
	[[ $output == *HOME=/mine* ]]
	# an empty one is none
	edit '.process.user.uid = 1000 | .process.env += ["HOME="]'
	run hull run -b "$BUNDLE" "$ID"
	[ "$(grep HOME <<<"$output")" = HOME=/home ]
	edit '.process.env += ["broken"]'
	refuses "process.env" -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
}

@test "a hostile passwd: a FIFO, a link to the host's, a huge line" {
	make_bundle
	edit '.process.env = ["PATH=/usr/bin"]'
	args env
	rm "$ROOTFS/etc/passwd"
	mkfifo "$ROOTFS/etc/passwd"
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[[ $output == *HOME=/* ]]
	rm "$ROOTFS/etc/passwd"
	ln -s ../../../../../../../../etc/passwd "$ROOTFS/etc/passwd"
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[[ $output != *HOME=/root* ]]
	rm "$ROOTFS/etc/passwd"
	head -c 3000000 /dev/zero | tr '\0' x >"$ROOTFS/etc/passwd"
	printf '\nroot:x:0:0::/found:/bin/sh' >>"$ROOTFS/etc/passwd"
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[[ $output == *HOME=/found* ]]
}

@test "cwd: made if missing, also with a read-only root; one that only root may enter" {
	make_bundle
	edit '.process.cwd = "/made/for/me" | .root.readonly = true'
	inside pwd
	[ "$status" -eq 0 ]
	[ "$output" = /made/for/me ]
	[ "$(stat -c '%a %u' "$ROOTFS/made/for")" = "755 0" ]
	chmod 700 "$ROOTFS/made"
	edit '.process.user.uid = 1000'
	args sh -c 'echo here'
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "$output" = here ]
	edit '.process.cwd = "relative"'
	refuses process.cwd -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
}

@test "cwd: not through a descriptor of hull's (CVE-2024-21626), nor through a link out of the root" {
	make_bundle
	for n in 3 4 5 6 7 8 9 10 11 12 13; do
		edit '.process.cwd = $d' --arg d "/proc/self/fd/$n"
		refuses process.cwd -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	done
	ln -s ../../../../../../../.. "$ROOTFS/out"
	edit '.process.cwd = "/out"'
	inside 'pwd -P; ls'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = / ]
	[[ $output != *lost+found* ]]
}

@test "exec of what is not there, a directory, no executable: the words of runc, and 127 and 126" {
	make_bundle
	args nope
	run -127 hull run -b "$BUNDLE" "$ID"
	[[ $output == *'exec: "nope": executable file not found in $PATH'* ]]
	args /nope
	run -127 hull run -b "$BUNDLE" "$ID"
	[[ $output == *'exec: "/nope": stat /nope: no such file or directory'* ]]
	args /etc
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 126 ]
	[[ $output == *'exec: "/etc": permission denied'* ]]
	args /etc/passwd
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 126 ]
	[[ $output == *'exec: "/etc/passwd": permission denied'* ]]
	printf '#!/no/interpreter\n' >"$ROOTFS/script"
	chmod 755 "$ROOTFS/script"
	args /script
	run -127 hull run -b "$BUNDLE" "$ID"
	printf '\1\2\3' >"$ROOTFS/script"
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 126 ]
}

@test "PATH is the process's own; a relative part of it is no place to look" {
	make_bundle
	mkdir "$ROOTFS/opt" && printf '#!/usr/bin/sh\necho mine\n' >"$ROOTFS/opt/tool" && chmod 755 "$ROOTFS/opt/tool"
	args tool
	edit '.process.env = ["PATH=/opt"]'
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "$output" = mine ]
	edit '.process.env = ["PATH=:.:opt"] | .process.cwd = "/opt"'
	run -127 hull run -b "$BUNDLE" "$ID"
}

@test "no signal is ignored or blocked, whatever the caller does" {
	make_bundle
	args sh -c "$STATUS"
	output=$(trap '' PIPE HUP USR1; exec "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null)
	[ "$(field SigIgn)" = 0000000000000000 ]
	[ "$(field SigBlk)" = 0000000000000000 ]
}

@test "a session of its own, and nothing but 0, 1 and 2" {
	make_bundle
	# fields of stat(5): process group 5, session 6, terminal 7
	args sh -c 'cut -d" " -f5-7 /proc/1/stat; ls /proc/1/fd; true'
	output=$("$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" 7</etc/passwd 9>/dev/null </dev/null)
	[ "$output" = $'1 1 0\n0\n1\n2' ]
}

@test "devices that are everybody's, /dev/zero for one, are not given to the payload's user" {
	make_bundle
	mknod -m 666 "$DIR/zero" c 1 5
	edit '.process.user = {"uid": 1000, "gid": 1000}'
	args sh -c 'head -c 3 | wc -c'
	[ "$(hull run -b "$BUNDLE" "$ID" <"$DIR/zero" 2>>"$DIR/err")" -eq 3 ]
	[ "$(stat -c %u:%g "$DIR/zero")" = 0:0 ]
	[ "$(stat -c %u "$DIR/err")" = 1000 ] # twin
}

@test "a user's payload can open /dev/stdout and /dev/stderr again" {
	make_bundle
	edit '.process.user = {uid: 1000, gid: 1000}'
	args sh -c 'echo one >/dev/stdout; echo two >/dev/stderr'
	hull run -b "$BUNDLE" "$ID" >"$DIR/out" 2>"$DIR/err" </dev/null
	[ "$(cat "$DIR/out")" = one ]
	[ "$(cat "$DIR/err")" = two ]
	[ "$(hull run -b "$BUNDLE" "$ID" 2>/dev/null </dev/null | cat)" = one ]
}

@test "preserving a descriptor that is not open is refused" {
	make_bundle
	refuses "cannot preserve fd 3" "bad file descriptor" -- "$HULL" --root "$STATE" run --preserve-fds 2 -b "$BUNDLE" "$ID" # refuses closes 3
}

@test "everything at once in a user namespace of an ordinary user's" {
	user_up
	make_bundle --rootless
	mkdir -p "$USER_HOME/$TAG" && cp -a "$BUNDLE" "$USER_HOME/$TAG/" && chown -R "$TEST_USER" "$USER_HOME/$TAG"
	jq --argjson u "$(id -u $TEST_USER)" --argjson g "$(id -g $TEST_USER)" '.process.args = ["cat", "/proc/self/status"] | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 64, hard: 64}]
		| .process.oomScoreAdj = 500 | .linux.uidMappings[0].hostID = $u | .linux.gidMappings[0].hostID = $g' "$BUNDLE/config.json" >"$USER_HOME/$TAG/bundle/config.json"
	run as_user "$HULL" --root "$USER_RUN/$TAG" run -b "$USER_HOME/$TAG/bundle" "$ID" </dev/null
	rm -rf "${USER_HOME:?}/$TAG"
	[ "$status" -eq 0 ]
	[ "$(field Uid)" = "0 0 0 0" ]
	[ "$(field NoNewPrivs)" = 1 ]
	as_user rm -rf "$USER_RUN/$TAG"
}

@test "explain tells both SELinux labels, and refuses what the document decides, but not what only the machine can tell" {
	make_bundle
	edit '.linux.mountLabel = "a:b:c:s0" | .process.selinuxLabel = "a:b:d:s0" | .root.path = "nosuch" |
		.mounts += [{destination: "/x", type: "bind", source: "/nosuch", options: ["bind"]}]'
	run "$HULL" explain "$BUNDLE"
	[ "$status" -eq 0 ]
	# before the clone, and last
	[[ $output == prepare:*"selinux "*"'a:b:c:s0'"*parent:*seal:*"selinux "*"'a:b:d:s0'"* ]]
	edit '.process.cwd = "relative"'
	run "$HULL" explain "$BUNDLE"
	[ "$status" -eq 1 ]
	[[ $output == *process.cwd* ]]
}
