# Bad and hostile configurations: an error that says what and where, within a second or so, and nothing left behind.
load lib

# no CONFIG-EDIT WORD…: the edited default config is refused, with the words in the message
no()
{
	make_bundle
	edit "$1"
	refuses "${@:2}" -- "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID"
	hull delete --force "$ID" 2>/dev/null || true
}

raw() { # file content from stdin
	mkdir -p "$BUNDLE"
	cat >"$BUNDLE/config.json"
	refuses "$@" -- "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID"
}

@test "no bundle, no config.json, a directory as config.json" {
	refuses "" -- "$HULL" --root "$STATE" create -b "$DIR/nowhere" "$ID"
	mkdir -p "$BUNDLE"
	refuses config.json -- "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID"
	mkdir "$BUNDLE/config.json"
	refuses config.json -- "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID"
}

@test "empty, truncated and binary files" {
	raw "" </dev/null
	raw "" <<<'{"ociVersion": "1.0.2", "process": {"args": ["true'
	head -c 100000 /dev/urandom | raw ""
	head -c 5000 /dev/zero | raw ""
	raw "" <<<'[]'
	raw "" <<<'null'
	raw "" <<<'{} {}'
}

@test "config.json is a FIFO or a device: refused, not waited for" {
	needs_hull
	mkdir -p "$BUNDLE"
	mkfifo "$BUNDLE/config.json"
	refuses config.json -- "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID"
	rm "$BUNDLE/config.json"
	ln -s /dev/zero "$BUNDLE/config.json"
	refuses config.json -- "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID"
}

@test "a huge file is refused without being read" {
	mkdir -p "$BUNDLE"
	truncate -s 3G "$BUNDLE/config.json"
	needs_hull
	refuses config.json -- "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID"
	make_bundle
	jq -c '.annotations.pad = ("x" * 2000000)' "$BUNDLE/config.json" >"$BUNDLE/new"
	mv "$BUNDLE/new" "$BUNDLE/config.json"
	refuses config.json -- "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID"
}

@test "half a megabyte of honest JSON is accepted" {
	make_bundle
	jq -c '.annotations = ([range(5000) | {("key\(.)"): ("v" * 80)}] | add)' "$BUNDLE/config.json" >"$BUNDLE/new"
	mv "$BUNDLE/new" "$BUNDLE/config.json"
	hull run -b "$BUNDLE" "$ID"
}

@test "deep nesting is refused" {
	python3 -c 'print("{\"x\":" + "[" * 200000 + "]" * 200000 + "}")' | raw ""
	python3 -c 'print("[" * 1000000)' | raw ""
}

@test "duplicate keys, NUL in strings, bad UTF-8, numbers out of range" {
	needs_hull
	make_bundle
	sed -i '0,/"ociVersion"/s//"hostname": "twice", "hostname": "twice again", "ociVersion"/' "$BUNDLE/config.json"
	refuses config.json: -- "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID"
	no '.process.args[0] = "a\u0000b"' config.json:10: NUL
	make_bundle
	sed -i 's/"true"/"\xff\xfe"/' "$BUNDLE/config.json"
	refuses "" -- "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID"
	make_bundle
	sed -i 's/"uid": 0/"uid": 4294967296/' "$BUNDLE/config.json"
	refuses process.user.uid -- "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID"
	make_bundle
	sed -i 's/"uid": 0/"uid": -1/' "$BUNDLE/config.json"
	refuses process.user.uid -- "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID"
}

@test "what must be there" {
	no 'del(.process.args)' args
	no '.process.args = []' args
	! is_hull || no 'del(.ociVersion)' ociVersion
	! is_hull || no '.ociVersion = "2.0.0"' ociVersion
	no '.process.cwd = "relative"' cwd
	no 'del(.root)' root
	no '.root.path = "no-such-rootfs"' no-such-rootfs
}

@test "wrong types are named by their place" {
	needs_hull
	no '.process.args = "sh"' process.args
	no '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": "many", "hard": 1}]' 'process.rlimits[0].soft'
	no '.mounts[1].destination = 7' 'mounts[1].destination'
	no '.linux.namespaces[0].type = "nosuch"' 'linux.namespaces[0].type'
	no '.hooks = {"prestart": [{"path": "relative"}]}' 'hooks.prestart[0].path'
	no '.linux.seccomp = {"defaultAction": "SCMP_ACT_NOSUCH"}' linux.seccomp.defaultAction
	no '.process.capabilities.bounding = [7]' process.capabilities.bounding
	no '.linux.rootfsPropagation = "sideways"' linux.rootfsPropagation
}

@test "unknown capabilities are not granted, warned of, and no error: an engine may be newer than we are" {
	needs_hull
	make_bundle
	edit '.process.capabilities |= map_values(["CAP_KILL", "CAP_NOSUCH", "NOSUCH"])'
	args grep CapBnd /proc/self/status
	run --separate-stderr hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "$output" = $'CapBnd:\t0000000000000020' ]
	grep -q 'unknown, not granted: CAP_NOSUCH, NOSUCH' <<<"$stderr"
	args sleep 100
	start_detached
	run --separate-stderr hull exec --cap CAP_NOSUCH --cap CAP_SETUID "$ID" grep CapBnd /proc/self/status
	[ "$status" -eq 0 ]
	[ "$output" = $'CapBnd:\t00000000000000a0' ]
	grep -q "unknown capability 'CAP_NOSUCH'" <<<"$stderr"
}

@test "wrong values" {
	no '.process.rlimits = [{"type": "RLIMIT_NOSUCH", "soft": 1, "hard": 1}]' RLIMIT_NOSUCH
	no '.linux.namespaces += [{"type": "pid"}]' pid
	no '.linux.namespaces |= map(if .type == "network" then .path = "/no/such/ns" else . end)' /no/such/ns
	no '.linux.namespaces |= map(if .type == "network" then .path = "/etc/passwd" else . end)' ""
	no '.mounts += [{"destination": "/mnt", "type": "nosuchfs", "source": "x"}]' /mnt
	no '.mounts += [{"destination": "/mnt", "type": "bind", "source": "/no/such/source", "options": ["bind"]}]' /no/such/source
}

@test "a namespace file of the wrong type is refused" {
	make_bundle
	edit '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/uts" else . end)'
	refuses "" -- "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID"
	hull delete --force "$ID"
	# its twin: the right type works
	edit '.linux.namespaces |= map(if .type == "network" then .path = $p else . end)' --arg p "/proc/$$/ns/net"
	args readlink /proc/self/ns/net
	run hull run -b "$BUNDLE" "$ID"
	[ "$output" = "$(readlink /proc/self/ns/net)" ]
}

@test "a time namespace is joined by run, run -d, create and exec, and a new one is made without offsets" {
	local keeper ns
	make_bundle
	unshare -T --monotonic 100000 sleep 1000 3>&- &
	keeper=$!
	ns=/proc/$keeper/ns/time_for_children
	eventually grep -qx sleep "/proc/$keeper/comm"
	[ "$(readlink "$ns")" != "$(readlink /proc/self/ns/time)" ]
	edit '.linux.namespaces += [{type: "time", path: $p}]' --arg p "$ns"
	args sh -c 'readlink /proc/self/ns/time; cut -d. -f1 /proc/uptime'
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "$(readlink "$ns")" ]
	run hull --cgroup-manager=disabled run -b "$BUNDLE" "$ID"
	[ "${lines[0]}" = "$(readlink "$ns")" ]
	args sleep 1000
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>&1
	[ "$(hull exec "$ID" readlink /proc/self/ns/time)" = "$(readlink "$ns")" ]
	hull delete --force "$ID"
	start_detached
	[ "$(readlink "/proc/$(hull state "$ID" | jq .pid)/ns/time")" = "$(readlink "$ns")" ]
	kill "$keeper"
	edit '.linux.namespaces |= map(if .type == "time" then del(.path) else . end)'
	args readlink /proc/self/ns/time
	[ "$(hull run -b "$BUNDLE" "$ID-new")" != "$(readlink /proc/self/ns/time)" ]
}

@test "unknown keys are ignored, at every level" {
	make_bundle
	edit '.nosuch = {"a": [1, {"b": null}]} | .process.nosuch = 1 | .linux.nosuch = true | .mounts[0].nosuch = "x" | .linux.resources.nosuch = 1.5e300'
	hull run -b "$BUNDLE" "$ID"
}

@test "a filter that refuses everything, even to exit, is an error and no process that spins for ever" {
	needs_hull
	make_bundle
	local late
	for late in true false; do
		edit '.process.noNewPrivileges = $late | .linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO"}' --argjson late $late
		refuses linux.seccomp 'Illegal instruction' -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	done
	# and one that lets hull speak is told in full
	edit '.linux.seccomp.syscalls = [{names: ["read", "write", "sendmsg", "exit_group"], action: "SCMP_ACT_ALLOW"}] | .process.noNewPrivileges = true'
	refuses 'exec' 'Operation not permitted' -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
}

@test "hostile strings: long host name, long path, newline in an argument" {
	no '.hostname = ("h" * 65)' ""
	no '.process.cwd = "/" + ("d" * 5000)' ""
	make_bundle
	args printf '%s' $'line one\nline two; $(touch /x)'
	run hull run -b "$BUNDLE" "$ID"
	[ "$output" = $'line one\nline two; $(touch /x)' ]
}

@test "the command line: unknown commands and flags, missing values, too many words" {
	refuses "" -- "$HULL" nosuchcommand
	refuses "" -- "$HULL" --nosuchflag list
	refuses "" -- "$HULL" --root "$STATE" create --nosuchflag "$ID"
	refuses "" -- "$HULL" --root "$STATE" create --bundle
	refuses "" -- "$HULL" --root "$STATE" state
	refuses "" -- "$HULL" --root "$STATE" state a b
}
