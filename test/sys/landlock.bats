# hull.landlock: a second wall behind the mounts, in containers of `hull run`. Each refusal has its legitimate twin.
load lib

needs_landlock()
{
	local abi
	abi=$(python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))')
	[ "$abi" -ge "${1:-2}" ] || skip "Landlock's ABI is $abi here"
}

# walled PATH…: a bundle in which only these can be written
walled()
{
	make_bundle
	edit '.process.noNewPrivileges = true | .hull.landlock = {required: true, write: $ARGS.positional}' --args -- "$@"
}

inside()
{
	args sh -c "$1"
	run hull run -b "$BUNDLE" "$ID"
}

@test "only the listed paths can be written, though the root is writable" {
	needs_landlock
	walled /tmp /etc/hostname
	inside 'echo a >/tmp/a && mkdir /tmp/d && mv /tmp/a /tmp/d/b && echo name >/etc/hostname && cat /tmp/d/b; rm -r /tmp/d'
	[ "$status" -eq 0 ]
	[ "$output" = a ]
	inside 'echo a >/etc/a || mkdir /home/d || rm /etc/group || mv /etc/group /tmp/group || touch /x'
	[ "$status" -ne 0 ]
	[ ! -e "$ROOTFS/etc/a" ]
	[ ! -e "$ROOTFS/home/d" ]
	[ -e "$ROOTFS/etc/group" ]
	edit 'del(.hull)'
	inside 'echo a >/etc/a'
	[ "$status" -eq 0 ]
}

@test "reading, executing and devices are as without it" {
	needs_landlock
	walled /tmp
	inside 'cat /etc/hostname; ls / >/dev/null; cp /bin/busybox /tmp/busybox && /tmp/busybox echo ran; rm /tmp/busybox; echo x >/dev/null; head -c 1 /dev/zero | wc -c'
	[ "$status" -eq 0 ]
	[[ "$output" == *hull-test*ran*1 ]]
}

@test "what was handed over for writing can be opened again, what was not cannot" {
	needs_landlock
	walled
	args sh -c 'echo again >/dev/stdout; echo more >>/proc/self/fd/0'
	echo kept >"$DIR/in"
	hull run -b "$BUNDLE" "$ID" <"$DIR/in" >"$DIR/out" 2>"$DIR/err" || true
	[ "$(cat "$DIR/out")" = again ]
	[ "$(cat "$DIR/in")" = kept ]
	edit 'del(.hull)'
	hull run -b "$BUNDLE" "$ID" <"$DIR/in" >"$DIR/out" 2>"$DIR/err"
	[ "$(cat "$DIR/in")" = "$(printf 'kept\nmore')" ]
}

@test "a terminal works, and /dev/tty" {
	needs_landlock
	walled
	edit '.process.terminal = true'
	args sh -c 'echo one >/dev/tty; echo two >/dev/stdout; stty size >/dev/null && echo three'
	run script -qec "$HULL --root $STATE run -b $BUNDLE $ID" /dev/null
	[ "$status" -eq 0 ]
	[[ "$output" == *one*two*three* ]]
}

@test "abstract sockets of outside are out of reach in the host's network" {
	needs_landlock 6
	walled /tmp
	edit '.linux.namespaces |= map(select(.type != "network"))'
	cp -r "$FILE_DIR/rootfs/usr" "$DIR/usr"
	python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind("\0" + sys.argv[1]); s.listen(); time.sleep(20)' "$TAG" 3>&- &
	eventually grep -q "@$TAG" /proc/net/unix
	mount_entry '{"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro"]}'
	mount_entry '{"destination": "/lib", "type": "bind", "source": "/lib", "options": ["rbind", "ro"]}'
	mount_entry '{"destination": "/lib64", "type": "bind", "source": "/lib64", "options": ["rbind", "ro"]}'
	args python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect("\0" + sys.argv[1]); print("reached")' "$TAG"
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[[ "$output" == *"Operation not permitted"* ]]
	edit 'del(.hull)'
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "$output" = reached ]
	kill %1
}

@test "exec is not walled in: it can signal and look after what is" {
	needs_landlock
	walled /tmp
	args sleep 100
	start_detached
	run hull exec "$ID" sh -c 'touch /etc/by-exec && kill -0 1 && echo both'
	[ "$status" -eq 0 ]
	[ "$output" = both ]
}

@test "without no_new_privs it is refused, and so is a relative path" {
	walled /tmp
	edit '.process.noNewPrivileges = false'
	refuses hull.landlock noNewPrivileges -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	walled tmp
	refuses 'hull.landlock.write[0]' "'tmp'" -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
}

@test "explain says what can be written" {
	walled /tmp /run
	run "$HULL" explain "$BUNDLE"
	[ "$status" -eq 0 ]
	[[ "$output" == *"allow writing below '/tmp'"*"allow writing below '/run'"*"no other writing"* ]]
}
