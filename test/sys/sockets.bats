# Descriptors in and out: console socket, pidfd socket, --preserve-fds, LISTEN_FDS, NOTIFY_SOCKET.
load lib

listen() { # KIND: a receiver on $DIR/sock, output to $DIR/received
	# shellcheck disable=SC2086 # two words
	$SOCK "$1" "$DIR/sock" "$DIR/received" "${@:2}" >"$DIR/ready" 2>"$DIR/sock.err" 3>&- &
	LISTENER=$!
	eventually grep -q READY "$DIR/ready"
}

@test "console socket: create sends the terminal, which works both ways" {
	make_bundle
	edit '.process.terminal = true'
	args sh -c 'tty; stty -echo; read word; echo "got $word"'
	listen console 'pear\n'
	hull create -b "$BUNDLE" --console-socket "$DIR/sock" "$ID" </dev/null >"$DIR/out" 2>&1
	hull start "$ID"
	wait "$LISTENER"
	grep 'got pear' "$DIR/received"
	grep '^name=.*pt' "$DIR/received"
	grep /dev/ "$DIR/received"
}

@test "console socket: exec -t -d" {
	make_bundle
	args sleep 60
	start_detached
	listen console
	hull exec -t -d --console-socket "$DIR/sock" "$ID" tty </dev/null >"$DIR/out" 2>&1
	wait "$LISTENER"
	grep /dev/pts/ "$DIR/received"
}

@test "console socket: consoleSize is the terminal's size" {
	make_bundle
	edit '.process.terminal = true | .process.consoleSize = {"height": 21, "width": 43}'
	args stty size
	listen console
	hull create -b "$BUNDLE" --console-socket "$DIR/sock" "$ID" </dev/null >"$DIR/out" 2>&1
	hull start "$ID"
	wait "$LISTENER"
	grep '21 43' "$DIR/received"
}

@test "a terminal without a console socket is refused when detached, and a socket without a terminal too" {
	make_bundle
	edit '.process.terminal = true'
	refuses "" -- "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID"
	edit '.process.terminal = false'
	refuses "" -- "$HULL" --root "$STATE" create -b "$BUNDLE" --console-socket "$DIR/sock" "$ID"
	edit '.process.terminal = true'
	refuses "" -- "$HULL" --root "$STATE" create -b "$BUNDLE" --console-socket "$DIR/no-socket" "$ID"
}

@test "pidfd socket" {
	has_option create pidfd-socket || skip "no --pidfd-socket in this runtime"
	make_bundle
	args sleep 60
	listen fd
	hull create -b "$BUNDLE" --pidfd-socket "$DIR/sock" "$ID" </dev/null >"$DIR/out" 2>&1
	wait "$LISTENER"
	grep "^Pid:[[:space:]]*$(hull state "$ID" | jq .pid)$" "$DIR/received"
}

@test "run.oci.pidfd_receiver: a pidfd for the socket of crun's annotation" {
	needs_hull
	make_bundle
	args sleep 60
	edit '.annotations["run.oci.pidfd_receiver"] = $path' --arg path "$DIR/sock"
	listen fd
	hull create -b "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>&1
	wait "$LISTENER"
	grep "^Pid:[[:space:]]*$(hull state "$ID" | jq .pid)$" "$DIR/received"
}

@test "run.oci.handler is refused: a container is no virtual machine" {
	needs_hull
	make_bundle
	edit '.annotations["run.oci.handler"] = "krun"'
	refuses run.oci.handler krun -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	edit '.annotations["run.oci.handler"] = ""'
	hull run -b "$BUNDLE" "$ID"
}

@test "without --preserve-fds the payload sees 0, 1, 2 only" {
	make_bundle
	args sh -c 'for fd in /proc/self/fd/*; do n=${fd##*/}; [ -e "$fd" ] && [ "$n" -gt 2 ] && readlink "$fd"; done; true'
	run hull run -b "$BUNDLE" "$ID" 7</etc/passwd 8</etc/group
	[ "$status" -eq 0 ]
	[[ $output != */etc/passwd* ]]
	[[ $output != */etc/group* ]]
}

@test "--preserve-fds N gives 3 .. 3 + N - 1" {
	make_bundle
	echo three >"$DIR/3"
	echo four >"$DIR/4"
	args sh -c 'cat <&3; cat <&4; [ ! -e /proc/self/fd/5 ] || readlink /proc/self/fd/5'
	# not through hull(): it closes 3
	run timeout 20 sh -c '"$HULL" --root "$STATE" run -b "$BUNDLE" --preserve-fds 2 "$ID" 3<"$DIR/3" 4<"$DIR/4" 5</etc/hosts'
	[ "$status" -eq 0 ]
	[[ $output == three$'\n'four* ]]
	[[ $output != *hosts* ]]
}

@test "--preserve-fds works with exec too" {
	make_bundle
	args sleep 60
	start_detached
	echo three >"$DIR/3"
	run timeout 20 sh -c '"$HULL" --root "$STATE" exec --preserve-fds 1 "$ID" sh -c "cat <&3" 3<"$DIR/3"'
	[ "$output" = three ]
}

@test "LISTEN_FDS: the descriptors come through, LISTEN_PID is 1, and they go before --preserve-fds" {
	make_bundle
	echo three >"$DIR/3"
	echo four >"$DIR/4"
	args sh -c 'echo "$LISTEN_FDS $LISTEN_PID"; cat <&3; cat <&4'
	run timeout 20 sh -c 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$HULL" --root "$STATE" run -b "$BUNDLE" --preserve-fds 1 "$ID" 3<"$DIR/3" 4<"$DIR/4"'
	[ "$status" -eq 0 ]
	[ "$output" = $'1 1\nthree\nfour' ]
	# without LISTEN_PID, as engines pass it on; and a leftover, whose descriptors are not there, is not meant for us
	run timeout 20 sh -c 'LISTEN_FDS=2 exec "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" 3<"$DIR/3" 4<"$DIR/4"'
	[ "$output" = $'2 1\nthree\nfour' ]
	args sh -c 'echo "[$LISTEN_FDS]"'
	run timeout 20 sh -c 'LISTEN_FDS=1 exec "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" 3<&-'
	[ "$output" = "[]" ]
}

@test "NOTIFY_SOCKET: READY=1 of the payload reaches the host's socket" {
	make_bundle
	listen notify
	# the payload writes to the socket that it finds in its environment: busybox has no datagram client for unix sockets, so the test does it from outside
	args sh -c 'echo "$NOTIFY_SOCKET"; sleep 30'
	NOTIFY_SOCKET=$DIR/sock hull run -d -b "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>"$DIR/err" &
	local job=$!
	eventually test -s "$DIR/out"
	inside=$(head -n 1 "$DIR/out")
	[ -n "$inside" ]
	eventually has_status running
	pid=$(hull state "$ID" | jq .pid)
	python3 - "/proc/$pid/root$inside" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.connect(sys.argv[1])
		s.send(b"READY=1\nSTATUS=hidden\n")
		END
	wait "$LISTENER"
	grep -q READY=1 "$DIR/received"
	hull kill "$ID" KILL
	wait "$job" || true
}

@test "RUN_OCI_SECCOMP_RECEIVER: the listener goes there when the document names no socket" {
	make_bundle
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]}'
	args mkdir /tmp/made
	refuses linux.seccomp.listenerPath -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	listen fd
	# the agent takes the listener and leaves: the kernel answers ENOSYS then
	RUN_OCI_SECCOMP_RECEIVER=$DIR/sock run timeout 20 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[[ $output == *"Function not implemented"* ]]
	wait "$LISTENER"
	head -n 1 "$DIR/received" | jq -e --arg id "$ID" '.fds == ["seccompFd"] and .state.id == $id'
}

@test "run.oci.seccomp.plugins is refused, never ignored" {
	make_bundle
	edit '.annotations["run.oci.seccomp.plugins"] = "/usr/lib/plugin.so"'
	refuses run.oci.seccomp.plugins -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
}
