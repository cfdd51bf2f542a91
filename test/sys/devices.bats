#!/usr/bin/env bats
# Devices, masked and read-only paths, kernel parameters.
load mounts

# ---- devices ----

@test "the default devices and links" {
	make_bundle
	inside 'cd /dev; stat -c "%n %t:%T %a %u:%g %F" null zero full random urandom tty; for l in fd stdin stdout stderr ptmx; do echo $l $(readlink $l); done; echo x >null; head -c 3 zero | wc -c'
	[ "$output" = "null 1:3 666 0:0 character special file
zero 1:5 666 0:0 character special file
full 1:7 666 0:0 character special file
random 1:8 666 0:0 character special file
urandom 1:9 666 0:0 character special file
tty 5:0 666 0:0 character special file
fd /proc/self/fd
stdin /proc/self/fd/0
stdout /proc/self/fd/1
stderr /proc/self/fd/2
ptmx pts/ptmx
3" ]
}

@test "linux.devices: character, block, FIFO, modes, owners, directories" {
	make_bundle
	edit '.linux.devices = [
		{"type": "c", "path": "/dev/sub/dir/mine", "major": 1, "minor": 5, "fileMode": 384, "uid": 3, "gid": 4},
		{"type": "b", "path": "/dev/disk", "major": 7, "minor": 9},
		{"type": "p", "path": "/srv/pipe/", "fileMode": 416},
		{"type": "u", "path": "/dev/null", "major": 1, "minor": 3, "fileMode": 420}]'
	inside 'stat -c "%n %t:%T %a %u:%g %F" /dev/sub/dir/mine /dev/disk /srv/pipe /dev/null'
	[ "$output" = "/dev/sub/dir/mine 1:5 600 3:4 character special file
/dev/disk 7:9 666 0:0 block special file
/srv/pipe 0:0 640 0:0 fifo
/dev/null 1:3 644 0:0 character special file" ]
}

@test "linux.devices: what is there already is kept if it is that device, else it is an error" {
	make_bundle
	edit '.mounts |= map(select(.destination | startswith("/dev") | not))'
	inside 'ls -l /dev/null' # made in the root itself
	[ -c "$ROOTFS/dev/null" ]
	inside 'ls -l /dev/null' # found there
	rm "$ROOTFS/dev/null"
	echo >"$ROOTFS/dev/null"
	rejected /dev/null 'something else'
	rm "$ROOTFS/dev/null"
	ln -s zero "$ROOTFS/dev/null"
	rejected /dev/null 'something else'
	rm "$ROOTFS/dev/null"
	make_bundle
	edit '.linux.devices = [{"type": "c", "path": "/dev/../x", "major": 1, "minor": 3}]'
	rejected 'linux.devices[0].path'
	edit '.linux.devices = [{"type": "c", "path": "/dev/x", "major": 1}]'
	rejected 'linux.devices[0]' minor
}

@test "a /dev that is a link makes its devices inside the root" {
	mkdir "$DIR/outside"
	make_bundle
	edit '.mounts |= map(select(.destination | startswith("/dev") | not))'
	rm -rf "${ROOTFS:?}/dev"
	ln -s "../../../../../..$DIR/outside" "$ROOTFS/dev"
	args true
	run hull run -b "$BUNDLE" "$ID"
	[ -z "$(ls -A "$DIR/outside")" ]
	[ "$status" -ne 0 ] || [ -c "$ROOTFS$DIR/outside/null" ]
}

@test "a bound /dev is left alone" {
	make_bundle
	mkdir "$DIR/dev"
	mknod -m 666 "$DIR/dev/null" c 1 3
	edit '.mounts |= map(select(.destination | startswith("/dev") | not))'
	bind "$DIR/dev" /dev '["rbind"]'
	inside 'ls /dev'
	[ "$output" = null ]
}

# ---- masks ----

@test "masked files read as nothing, masked directories as empty, missing paths are skipped" {
	make_bundle
	mkdir -p "$ROOTFS/secret/dir"
	echo s >"$ROOTFS/secret/file"
	echo s >"$ROOTFS/secret/dir/f"
	ln -s secret/file "$ROOTFS/secretlink"
	edit '.linux.maskedPaths = ["/proc/kcore", "/proc/keys", "/secret/file", "/secret/dir", "/secret/none/such", "/secret/file/x", "/sys/firmware"]'
	inside 'cat /secret/file; ls -A /secret/dir; cat /secretlink; cat /proc/keys; stat -c "%t:%T" /secret/file; touch /secret/dir/x 2>&1 | grep -o Read-only; ls -A /sys/firmware'
	[ "$output" = $'1:3\nRead-only' ]
	make_bundle
	edit '.linux.maskedPaths = ["/secretlink"]'
	inside 'cat /secret/file /secretlink'
	[ -z "$output" ]
}

@test "all directory masks are one filesystem" {
	make_bundle
	mkdir -p "$ROOTFS/a" "$ROOTFS/b" "$ROOTFS/c"
	edit '.linux.maskedPaths = ["/a", "/b", "/c"]'
	inside 'stat -c %d /a /b /c | sort -u | wc -l'
	[ "$output" = 1 ]
}

@test "directory masks are an empty directory of our own /dev that nothing leads to, else one of their own; neither can be written, nor has what /dev gets" {
	local devices
	for devices in own none; do
		make_bundle
		mkdir -p "$ROOTFS/a" "$ROOTFS/b"
		touch "$ROOTFS/a/file" "$ROOTFS/b/file"
		edit '.linux.maskedPaths = ["/a", "/b"]'
		[ "$devices" = own ] || edit '.mounts |= map(select(.destination | startswith("/dev") | not))'
		inside 'touch /dev/pts/x /dev/shm/x /dev/x 2>/dev/null; ls -A /a /b | tr -d "\n"; touch /a/x 2>&1 | grep -o Read-only; grep -c " /[ab] ro,nosuid,nodev,noexec.* - tmpfs " /proc/self/mountinfo
			[ "$(stat -c %d /a)" != "$(stat -c %d /dev)" ] || echo shared'
		[ "$output" = $'/a:/b:Read-only\n2'"$([ $devices = none ] || printf '\nshared')" ]
	done
}

@test "a mask is the host's /dev/null whatever the root has in its place" {
	make_bundle
	edit '.mounts |= map(select(.destination | startswith("/dev") | not)) | .linux.maskedPaths = ["/secret"]'
	echo s >"$ROOTFS/secret"
	ln -sfn /etc "$ROOTFS/dev"
	rm -rf "${ROOTFS:?}/dev"
	mkdir "$ROOTFS/dev"
	inside 'cat /secret; stat -c %t:%T /secret'
	[ "$output" = 1:3 ]
}

@test "readonlyPaths, with what is mounted below" {
	make_bundle
	mkdir -p "$ROOTFS/fixed/sub"
	mount_entry '{"destination":"/fixed/sub","type":"tmpfs","source":"tmpfs"}'
	edit '.linux.readonlyPaths = ["/fixed", "/proc/sys", "/none"]'
	inside 'touch /fixed/x 2>&1 | grep -o Read-only; touch /fixed/sub/x 2>&1 | grep -o Read-only; echo 1 2>&1 >/proc/sys/kernel/panic | grep -o Read-only; true'
	[[ $output == $'Read-only\nRead-only'* ]]
	has "$(mounted /proc/sys)" 1 ro
}

# ---- kernel parameters ----

@test "sysctl: in either spelling" {
	make_bundle
	edit '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net/ipv4/conf/lo/forwarding": "1", "kernel.msgmax": "12345", "fs.mqueue.msg_max": "17", "net.ipv4.ping_group_range": "0 7"}'
	inside 'cd /proc/sys; cat net/ipv4/ip_forward net/ipv4/conf/lo/forwarding kernel/msgmax fs/mqueue/msg_max; echo $(cat net/ipv4/ping_group_range)'
	[ "$output" = $'1\n1\n12345\n17\n0 7' ]
}

@test "sysctl: not the host's, and no other file" {
	make_bundle
	for key in kernel.panic vm.swappiness net../../kernel/panic net.ipv4/../x; do
		edit '.linux.sysctl = {($k): "1"}' --arg k "$key"
		rejected linux.sysctl
	done
	edit '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.namespaces |= map(select(.type != "network"))'
	rejected linux.sysctl network
	edit '.linux.namespaces += [{"type": "network", "path": "/proc/self/ns/net"}]'
	rejected linux.sysctl
	make_bundle
	edit '.linux.sysctl = {"net.ipv4.ip_forward": "maybe"}'
	rejected net.ipv4.ip_forward maybe
	edit '.linux.sysctl = {"net.ipv4.no_such_thing": "1"}'
	rejected net.ipv4.no_such_thing 'No such file'
}


@test "a read-only /dev gets its devices first" {
	make_bundle
	edit '.mounts |= map(if .destination == "/dev" then .options += ["ro"] else . end)'
	inside 'ls /dev/null /dev/ptmx /dev/shm -d; touch /dev/x 2>&1 | grep -o Read-only; echo >/dev/null; touch /dev/shm/x && echo shm'
	[ "$output" = $'/dev/null\n/dev/ptmx\n/dev/shm\nRead-only\nshm' ]
}
