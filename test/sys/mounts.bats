#!/usr/bin/env bats
# The root, mounts, devices, masks and kernel parameters, as they show inside the container.
load lib

# inside SHELL-TEXT: run it in the container of BUNDLE; output is what it says
inside()
{
	args sh -c "$1"
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ] || {
		echo "status $status: $output"
		return 1
	}
}

# rejected WORD…: the container of BUNDLE is refused, and the message has the words
rejected() { refuses "$@" -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"; }

# mounted TARGET: fields of the last mount there: "PER-MOUNT-OPTIONS|PROPAGATION|TYPE|SOURCE|SUPERBLOCK-OPTIONS"
mounted()
{
	inside 'cat /proc/self/mountinfo'
	awk -v t="$1" '$5 == t { n = 7; p = ""; while ($n != "-") { p = p $n " "; n++ } line = $6 "|" p "|" $(n + 1) "|" $(n + 2) "|" $(n + 3) } END { print line }' <<<"$output"
}

# has LINE FIELD WORD: a comma-separated field has the word
has() { [[ ,$(cut -d'|' -f"$2" <<<"$1"), == *,$3,* ]] || { echo "no '$3' in field $2 of '$1'"; return 1; }; }
has_not() { [[ ,$(cut -d'|' -f"$2" <<<"$1"), != *,$3,* ]] || { echo "'$3' in field $2 of '$1'"; return 1; }; }

tmpfs() { mount_entry "{\"destination\":\"/m\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":$1}"; }
bind() { mount_entry "{\"destination\":\"$2\",\"type\":\"bind\",\"source\":\"$1\",\"options\":$3}"; }

# host_tree: DIR/src with a file and, mounted below it, a tmpfs at DIR/src/sub
host_tree()
{
	mkdir -p "$DIR/src/sub"
	mount -t tmpfs -o "${1:-rw}" "src-$TAG" "$DIR/src"
	mkdir "$DIR/src/sub"
	echo host >"$DIR/src/file"
	mount -t tmpfs "sub-$TAG" "$DIR/src/sub"
	mount --make-private "$DIR/src"
	mount --make-private "$DIR/src/sub"
}

teardown()
{
	umount -l "$DIR"/src/sub "$DIR"/src 2>/dev/null
	umount -l "$DIR"/locked 2>/dev/null
	test_end
}

# userns: root in the container is an id that owns nothing on the host
userns()
{
	edit '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$ROOTFS"
}

# ---- new filesystems ----

@test "the default mounts are there with their options" {
	make_bundle
	inside 'cat /proc/self/mountinfo'
	all=$output
	for line in '/proc proc' '/dev tmpfs' '/dev/pts devpts' '/dev/shm tmpfs' '/dev/mqueue mqueue' '/sys sysfs'; do
		awk -v t="${line% *}" -v f="${line#* }" '$5 == t && / - / && $0 ~ " - " f " " { ok = 1 } END { exit !ok }' <<<"$all" || { echo "no $line in $all"; false; }
	done
	has "$(mounted /dev/shm)" 1 nosuid
	has "$(mounted /dev/shm)" 1 noexec
	has "$(mounted /dev/pts)" 5 mode=620
	has "$(mounted /sys)" 1 ro
}

@test "attributes of a new filesystem" {
	for option in ro nosuid nodev noexec noatime nodiratime nosymfollow; do
		rm -rf "$BUNDLE/config.json"
		make_bundle
		tmpfs "[\"$option\"]"
		line=$(mounted /m)
		has "$line" 1 "$option"
	done
	make_bundle
	tmpfs '["strictatime"]'
	line=$(mounted /m)
	has_not "$line" 1 relatime
	has_not "$line" 1 noatime
	make_bundle
	tmpfs '["noatime", "relatime"]'
	has "$(mounted /m)" 1 relatime
}

@test "the last of two contradicting options counts" {
	make_bundle
	tmpfs '["ro","nosuid","nodev","noexec","nosymfollow","noatime","nodiratime","rw","suid","dev","exec","symfollow","atime","diratime"]'
	line=$(mounted /m)
	for option in ro nosuid nodev noexec nosymfollow noatime nodiratime; do has_not "$line" 1 "$option"; done
	has "$line" 1 rw
}

@test "flags of the superblock" {
	for option in sync dirsync lazytime; do
		make_bundle
		tmpfs "[\"$option\"]"
		line=$(mounted /m)
		has "$line" 5 "$option"
	done
	make_bundle
	tmpfs '["sync","dirsync","lazytime","async","nolazytime"]'
	line=$(mounted /m)
	has_not "$line" 5 sync
	has_not "$line" 5 lazytime
}

@test "options that show nowhere are accepted" {
	make_bundle
	tmpfs '["defaults","iversion","silent","mand","size=64k"]'
	line=$(mounted /m)
	has "$line" 5 size=64k
	make_bundle
	tmpfs '["noiversion","loud","nomand","nostrictatime","norelatime"]'
	has "$(mounted /m)" 3 tmpfs
}

@test "options for the filesystem" {
	make_bundle
	tmpfs '["size=1m","mode=0711","uid=7","gid=8"]'
	inside 'stat -c "%a %u %g" /m; df -k /m | tail -n 1 | awk "{ print \$2 }"'
	[ "$output" = $'711 7 8\n1024' ]
}

@test "an option that the filesystem does not know is an error in the kernel's words" {
	make_bundle
	tmpfs '["sizee=1m"]'
	rejected "'tmpfs' on '/m'" sizee
}

@test "an unknown filesystem is an error" {
	make_bundle
	mount_entry '{"destination":"/m","type":"nosuchfs","source":"x"}'
	rejected nosuchfs
}

@test "a tmpfs keeps the mode of the directory it covers, unless told otherwise" {
	make_bundle
	mkdir -m 0750 "$ROOTFS/m"
	tmpfs '[]'
	inside 'stat -c %a /m'
	[ "$output" = 750 ]
	make_bundle
	tmpfs '["ro"]'
	inside 'stat -c %a /m; touch /m/x 2>/dev/null || echo ro'
	[ "$output" = $'750\nro' ]
	make_bundle
	tmpfs '["mode=1777"]'
	inside 'stat -c %a /m'
	[ "$output" = 1777 ]
}

@test "a long option goes through mount(2)" {
	grep -qw overlay /proc/filesystems || skip "no overlayfs"
	mkdir -p "$DIR"/{up,work}
	make_bundle
	lower=
	for i in 1 2 3 4 5 6; do
		mkdir -p "$DIR/layer-with-a-long-name-so-that-all-together-are-more-than-256-bytes-$i"
		echo "$i" >"$DIR/layer-with-a-long-name-so-that-all-together-are-more-than-256-bytes-$i/f$i"
		lower=$lower${lower:+:}$DIR/layer-with-a-long-name-so-that-all-together-are-more-than-256-bytes-$i
	done
	mount_entry "{\"destination\":\"/m\",\"type\":\"overlay\",\"source\":\"overlay\",\"options\":[\"nosuid\",\"lowerdir=$lower\",\"rprivate\"]}"
	inside 'cat /m/f?'
	[ "$(tr -d '\n' <<<"$output")" = 123456 ]
	has "$(mounted /m)" 1 nosuid
}

@test "tmpcopyup: content, modes, owners, links" {
	make_bundle
	mkdir -p "$ROOTFS/m/d/e"
	echo one >"$ROOTFS/m/file"
	chmod 04755 "$ROOTFS/m/file"
	chown 3:4 "$ROOTFS/m/file" "$ROOTFS/m/d"
	chmod 04755 "$ROOTFS/m/file"
	ln -s /etc/passwd "$ROOTFS/m/link"
	mkfifo -m 600 "$ROOTFS/m/fifo"
	touch -d 2001-02-03 "$ROOTFS/m/d/e/old"
	tmpfs '["tmpcopyup"]'
	inside 'cat /m/file; stat -c "%a %u %g" /m/file; stat -c "%u %g" /m/d; readlink /m/link; stat -c "%F %a" /m/fifo; date -r /m/d/e/old +%Y; echo more >/m/new'
	[ "$output" = $'one\n4755 3 4\n3 4\n/etc/passwd\nfifo 600\n2001' ]
	[ ! -e "$ROOTFS/m/new" ]
	make_bundle
	tmpfs '["tmpcopyup","ro"]'
	inside 'cat /m/file; touch /m/x 2>/dev/null || echo ro'
	[ "$output" = $'one\nro' ]
}

@test "tmpcopyup does not enter what is mounted below, and is for tmpfs only" {
	make_bundle
	mkdir -p "$ROOTFS/m"
	bind "$ROOTFS/etc" /m/etc '["bind"]'
	tmpfs '["tmpcopyup"]'
	inside 'ls -A /m; ls -A /m/etc'
	[ "$output" = etc ] || [ "$output" = $'etc\ngroup\nhostname\npasswd' ]
	make_bundle
	mount_entry '{"destination":"/m","type":"mqueue","source":"mqueue","options":["tmpcopyup"]}'
	rejected 'mounts[' tmpcopyup
}

# ---- binds ----

@test "bind: a directory, a file, with and without what is mounted below" {
	host_tree
	make_bundle
	bind "$DIR/src" /m '["bind"]'
	inside 'cat /m/file; grep -c " /m/sub " /proc/self/mountinfo'$'\n''true'
	[ "$output" = $'host\n0' ]
	make_bundle
	bind "$DIR/src" /m '["rbind"]'
	inside 'grep -c " /m/sub " /proc/self/mountinfo'
	[ "$output" = 1 ]
	make_bundle
	bind "$DIR/src/file" /new/dir/file '["bind"]'
	inside 'cat /new/dir/file'
	[ "$output" = host ]
}

@test "bind: attributes" {
	host_tree
	for option in ro nosuid nodev noexec noatime nodiratime nosymfollow; do
		make_bundle
		bind "$DIR/src" /m "[\"rbind\",\"$option\"]"
		inside 'cat /proc/self/mountinfo'
		top=$(awk '$5 == "/m" { print $6 }' <<<"$output")
		below=$(awk '$5 == "/m/sub" { print $6 }' <<<"$output")
		[[ ,$top, == *,$option,* ]] || { echo "$option: $top"; false; }
		[[ ,$below, != *,$option,* ]] || { echo "below: $option: $below"; false; }
	done
}

@test "bind: recursive attributes" {
	host_tree
	for option in ro nosuid nodev noexec noatime nodiratime nosymfollow; do
		make_bundle
		bind "$DIR/src" /m "[\"rbind\",\"r$option\"]"
		inside 'cat /proc/self/mountinfo'
		for place in /m /m/sub; do
			got=$(awk -v p=$place '$5 == p { print $6 }' <<<"$output")
			[[ ,$got, == *,$option,* ]] || { echo "r$option on $place: $got"; false; }
		done
	done
	make_bundle
	bind "$DIR/src" /m '["rbind","rro"]'
	inside 'touch /m/sub/x 2>&1 | grep -o Read-only; touch /m/x 2>&1 | grep -o Read-only'
	[ "$output" = $'Read-only\nRead-only' ]
	make_bundle
	bind "$DIR/src" /m '["rbind","rro","rrw","rstrictatime","rrelatime"]'
	has "$(mounted /m/sub)" 1 rw
}

@test "bind: what the source forbids stays forbidden unless it is said otherwise" {
	host_tree ro,nosuid,nodev,noexec 2>/dev/null || { umount -l "$DIR/src" || true; mkdir -p "$DIR/src"; mount -t tmpfs -o nosuid,nodev,noexec "src-$TAG" "$DIR/src"; }
	make_bundle
	bind "$DIR/src" /m '["bind"]'
	line=$(mounted /m)
	for option in nosuid nodev noexec; do has "$line" 1 $option; done
	make_bundle
	bind "$DIR/src" /m '["bind","suid","dev","exec"]'
	line=$(mounted /m)
	for option in nosuid nodev noexec; do has_not "$line" 1 $option; done
}

@test "bind: a relative source lies in the bundle, a relative destination below the root" {
	make_bundle
	mkdir "$BUNDLE/data"
	echo bundle >"$BUNDLE/data/f"
	bind data srv '["bind"]'
	inside 'cat /srv/f'
	[ "$output" = bundle ]
}

@test "bind: a missing source is an error, and nothing is made" {
	make_bundle
	bind "$DIR/nowhere" /m '["bind"]'
	rejected 'mounts[' "$DIR/nowhere" 'No such file'
	[ ! -e "$ROOTFS/m" ]
	[ ! -e "$DIR/nowhere" ]
}

@test "bind: type alone says it" {
	make_bundle
	mkdir "$DIR/data"
	echo x >"$DIR/data/f"
	mount_entry "{\"destination\":\"/m\",\"type\":\"bind\",\"source\":\"$DIR/data\"}"
	inside 'cat /m/f'
	[ "$output" = x ]
	make_bundle
	mount_entry "{\"destination\":\"/m\",\"type\":\"none\",\"source\":\"$DIR/data\",\"options\":[\"rbind\"]}"
	inside 'cat /m/f'
	[ "$output" = x ]
}

@test "propagation of a mount" {
	mkdir "$DIR/data"
	while read -r option wanted; do
		make_bundle
		bind "$DIR/data" /m "[\"rbind\",\"$option\"]"
		got=$(mounted /m | cut -d'|' -f2)
		case $wanted in
		none) [ -z "$got" ] || [[ $got != *shared* && $got != *unbindable* ]] ;;
		*) [[ $got == *$wanted* ]] ;;
		esac || { echo "$option: '$got'"; false; }
	done <<-END
		private none
		rprivate none
		slave none
		rslave none
		shared shared
		rshared shared
		unbindable unbindable
		runbindable unbindable
	END
}

@test "slave: what the host mounts later comes in, what the container mounts does not get out" {
	mkdir -p "$DIR/src"
	mount -t tmpfs "src-$TAG" "$DIR/src"
	mount --make-shared "$DIR/src"
	mkdir "$DIR/src/late" "$DIR/src/own"
	make_bundle
	bind "$DIR/src" /m '["rbind","rslave"]'
	edit '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	args sh -c 'mount -t tmpfs own /m/own; echo ready; while ! [ -e /m/late/there ]; do sleep 0.05; done; echo seen'
	hull run -b "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>&1 &
	eventually grep -q ready "$DIR/out"
	run grep " $DIR/src/own " /proc/self/mountinfo
	[ "$status" -eq 1 ]
	mount -t tmpfs late "$DIR/src/late"
	touch "$DIR/src/late/there"
	eventually grep -q seen "$DIR/out"
	wait
	umount "$DIR/src/late"
}

@test "shared: what the container mounts is seen on the host" {
	mkdir -p "$DIR/src"
	mount -t tmpfs "src-$TAG" "$DIR/src"
	mount --make-shared "$DIR/src"
	mkdir "$DIR/src/own"
	make_bundle
	bind "$DIR/src" /m '["rbind","rshared"]'
	edit '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"]) | .linux.rootfsPropagation = "shared"'
	inside 'mount -t tmpfs own /m/own && echo done'
	[ "$output" = done ]
	grep -q " $DIR/src/own " /proc/self/mountinfo
	umount "$DIR/src/own"
	mountpoint -q "$DIR/src"
}

@test "rootfsPropagation: each value, and the host's mounts as before" {
	before=$(cut -d' ' -f3- /proc/self/mountinfo)
	while read -r value wanted; do
		make_bundle
		edit '.linux.rootfsPropagation = $v' --arg v "$value"
		inside 'cat /proc/self/mountinfo'
		got=$(awk '$5 == "/" { n = 7; while ($n != "-") printf "%s ", $(n++) }' <<<"$output")
		case $wanted in
		none) [[ $got != *shared* && $got != *unbindable* ]] ;;
		*) [[ $got == *$wanted* ]] ;;
		esac || { echo "$value: '$got'"; false; }
	done <<-END
		private none
		rprivate none
		slave none
		rslave none
		shared shared
		rshared shared
		unbindable unbindable
		runbindable unbindable
	END
	[ "$before" = "$(cut -d' ' -f3- /proc/self/mountinfo)" ]
}

@test "remount: other attributes for what is there" {
	make_bundle
	tmpfs '["size=64k"]'
	mount_entry '{"destination":"/m","type":"tmpfs","source":"tmpfs","options":["remount","ro","nosuid","size=128k"]}'
	line=$(mounted /m)
	has "$line" 1 ro
	has "$line" 1 nosuid
	has "$line" 5 size=128k
}

@test "propagation alone" {
	make_bundle
	tmpfs '[]'
	mount_entry '{"destination":"/m","options":["shared"]}'
	[[ $(mounted /m | cut -d'|' -f2) == *shared* ]]
	make_bundle
	mount_entry '{"destination":"/m","source":"x"}'
	rejected '.type' missing
}

@test "copy-symlink, src-nofollow, dest-nofollow" {
	make_bundle
	ln -s /some/where "$DIR/link"
	bind "$DIR/link" /m/copy '["bind","copy-symlink"]'
	inside 'readlink /m/copy'
	[ "$output" = /some/where ]
	inside 'readlink /m/copy' # it is there already, and the same
	ln -sfn /other "$ROOTFS/m/copy"
	rejected '/m/copy' 'File exists'
	make_bundle
	ln -s /etc/hostname "$ROOTFS/destlink"
	bind "$DIR/link" /destlink '["bind","src-nofollow","dest-nofollow"]'
	inside 'readlink /destlink; grep -c " /destlink " /proc/self/mountinfo'
	[ "$output" = $'/some/where\n1' ]
	echo plain >"$DIR/plain"
	make_bundle
	bind "$DIR/plain" /destlink '["bind","dest-nofollow"]'
	inside 'cat /etc/hostname; cat /destlink'
	[ "$output" = $'hull-test\nplain' ]
	make_bundle
	bind "$DIR/plain" /destlink '["bind"]'
	inside 'cat /etc/hostname'
	[ "$output" = plain ]
}

# ---- hostile roots ----

@test "targets that are links stay inside the root" {
	mkdir "$DIR/outside" "$DIR/data"
	make_bundle
	ln -s "../../../../../..$DIR/outside" "$ROOTFS/up"
	ln -s "$DIR/outside" "$ROOTFS/abs"
	bind "$DIR/data" /up/a '["bind"]'
	bind "$DIR/data" /abs/b '["bind"]'
	bind "$DIR/data" /../../../c '["bind"]'
	inside "cat /proc/self/mountinfo"
	[[ $output == *" $DIR/outside/a "* ]]
	[[ $output == *" $DIR/outside/b "* ]]
	[[ $output == *" /c "* ]]
	[ -z "$(ls -A "$DIR/outside")" ]
	[ -d "$ROOTFS$DIR/outside/a" ]
}

@test "proc and sysfs are not mounted through a link" {
	for name in proc sys; do
		make_bundle
		rm -rf "${ROOTFS:?}/$name"
		mkdir -p "$ROOTFS/fake"
		ln -s fake "$ROOTFS/$name"
		rejected "/$name"
		rm "$ROOTFS/$name"
		mkdir "$ROOTFS/$name"
	done
}

@test "nothing but the known files is mounted inside /proc" {
	mkdir "$DIR/data"
	echo 'MemTotal: 1 kB' >"$DIR/meminfo"
	make_bundle
	bind "$DIR/meminfo" /proc/meminfo '["bind"]'
	inside 'cat /proc/meminfo'
	[ "$output" = 'MemTotal: 1 kB' ]
	make_bundle
	bind "$DIR/data" /proc/sys '["bind"]'
	rejected 'mounts[7].destination' 'inside /proc'
	make_bundle
	bind "$DIR/data" //proc/./self/attr '["bind"]'
	rejected 'inside /proc'
	make_bundle
	ln -s /proc/sys "$ROOTFS/innocent"
	bind "$DIR/data" /innocent '["bind"]'
	rejected 'mounts[7].destination' procfs
	make_bundle
	bind "$DIR/data" /x/../proc/sys '["bind"]'
	mkdir "$ROOTFS/x"
	rejected procfs
	make_bundle
	mount_entry '{"destination":"/proc","type":"tmpfs","source":"tmpfs"}'
	rejected 'mounts[7].type' /proc
	make_bundle
	edit '.mounts |= map(select(.destination != "/proc"))'
	bind "$DIR/data" /proc '["bind"]'
	rejected procfs
}

@test "the root directory must be a directory" {
	make_bundle
	edit '.root.path = "nowhere"'
	rejected nowhere 'No such file'
	edit '.root.path = "config.json"'
	rejected 'Not a directory'
}

@test "the host's tree is gone" {
	make_bundle
	inside 'awk "{ print \$5 }" /proc/self/mountinfo | grep -c "^/var\|^/usr\|^/home" || true; ls /; ls -d /proc/1/root/..'
	[[ $output == 0* ]]
	[ "$(mounted / | cut -d'|' -f3)" = "$(findmnt -n -o FSTYPE -T "$ROOTFS")" ]
}

@test "no-pivot: the same, by moving and chroot" {
	make_bundle
	args sh -c 'ls -d /bin /proc/self; cat /etc/hostname; mount | wc -l'
	run hull run --no-pivot -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[[ $output == *hull-test* ]]
	[[ $output == */proc/self* ]]
}

@test "a read-only root" {
	make_bundle
	edit '.root.readonly = true'
	tmpfs '[]'
	inside 'touch /x 2>&1 | grep -o Read-only; touch /m/x && echo m; touch /dev/x && echo dev'
	[ "$output" = $'Read-only\nm\ndev' ]
}

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
		{"type": "p", "path": "/srv/pipe", "fileMode": 416},
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
	rm -rf "$ROOTFS/dev"
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

@test "a mask is the host's /dev/null whatever the root has in its place" {
	make_bundle
	edit '.mounts |= map(select(.destination | startswith("/dev") | not)) | .linux.maskedPaths = ["/secret"]'
	echo s >"$ROOTFS/secret"
	ln -sfn /etc "$ROOTFS/dev"
	rm -rf "$ROOTFS/dev"
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

# ---- cgroups ----

@test "cgroup: with a namespace its root is the container's, without it is bound" {
	make_bundle
	edit '.mounts |= map(select(.type != "cgroup")) | .linux.namespaces |= map(select(.type != "cgroup"))'
	mount_entry '{"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup","options":["nosuid","noexec","nodev","relatime","ro"]}'
	inside 'cat /proc/self/mountinfo; ls /sys/fs/cgroup'
	[[ $output == *"/sys/fs/cgroup"* ]]
	awk '$5 ~ "^/sys/fs/cgroup" { n++; if ($6 !~ /^ro/) bad = 1 } END { exit bad || !n }' <<<"$output"
	edit '.linux.namespaces += [{"type": "cgroup"}]'
	inside 'awk "\$5 ~ \"^/sys/fs/cgroup/\" { print \$4 }" /proc/self/mountinfo | sort -u'
	[ "$output" = / ] || [ -z "$output" ]
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	inside 'awk "\$5 ~ \"^/sys/fs/cgroup\" { print \$4 }" /proc/self/mountinfo | sort -u'
	[[ $output == *"$ID"* ]]
}

# ---- id-mapped mounts ----

@test "id-mapped: mappings of the mount's own" {
	mkdir "$DIR/data"
	touch "$DIR/data/f"
	chown 5:6 "$DIR/data/f"
	make_bundle
	mount_entry "{\"destination\":\"/m\",\"type\":\"bind\",\"source\":\"$DIR/data\",\"options\":[\"bind\"],
		\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":100}],\"gidMappings\":[{\"containerID\":0,\"hostID\":2000,\"size\":100}]}"
	inside 'stat -c %u:%g /m/f'
	[ "$output" = 1005:2006 ]
	[ "$(stat -c %u:%g "$DIR/data/f")" = 5:6 ]
}

@test "id-mapped: the idmap option, absolute, relative, and the container's" {
	mkdir "$DIR/data"
	touch "$DIR/data/f"
	chown 5:6 "$DIR/data/f"
	make_bundle
	bind "$DIR/data" /m '["bind","idmap=uids=0-1000-3#3-3000-10;gids=0-2000-10"]'
	inside 'stat -c %u:%g /m/f'
	[ "$output" = 3002:2006 ]
	make_bundle
	userns
	bind "$DIR/data" /m '["bind","idmap"]'
	inside 'stat -c %u:%g /m/f; touch /m/new'
	[ "$output" = 5:6 ]
	[ "$(stat -c %u:%g "$DIR/data/new")" = 0:0 ]
	make_bundle
	userns
	bind "$DIR/data" /m '["bind","idmap=uids=@0-20-10;gids=@0-30-10"]'
	inside 'stat -c %u:%g /m/f'
	[ "$output" = 25:36 ]
}

@test "id-mapped: recursive or not" {
	host_tree
	chown 5:6 "$DIR/src/file"
	touch "$DIR/src/sub/f"
	chown 5:6 "$DIR/src/sub/f"
	make_bundle
	bind "$DIR/src" /m '["rbind","ridmap=uids=0-1000-10;gids=0-2000-10"]'
	inside 'stat -c %u:%g /m/file /m/sub/f'
	[ "$output" = $'1005:2006\n1005:2006' ]
	make_bundle
	bind "$DIR/src" /m '["rbind","idmap=uids=0-1000-10;gids=0-2000-10"]'
	inside 'stat -c %u:%g /m/file /m/sub/f'
	[ "$output" = $'1005:2006\n5:6' ]
}

@test "id-mapped: what cannot be is refused with its place" {
	mkdir "$DIR/data"
	make_bundle
	bind "$DIR/data" /m '["bind","idmap"]'
	rejected 'mounts[7]' idmap
	for option in idmap=uids=1-2 idmap=uids=0-1-1 'idmap=uids=0-1-x;gids=0-1-1' 'idmap=nonsense=1' 'idmap=uids=0-0-0;gids=0-0-1'; do
		make_bundle
		bind "$DIR/data" /m "[\"bind\",\"$option\"]"
		rejected 'mounts[7]' idmap
	done
	make_bundle
	bind /proc /m '["bind","idmap=uids=0-1-1;gids=0-1-1"]'
	rejected 'mounts[7]' 'id-mapped'
	make_bundle
	tmpfs '["idmap=uids=0-1-1;gids=0-1-1"]'
	rejected 'mounts[7]'
}

# ---- user namespaces ----

@test "user namespace: mounts, devices that are bound, masks" {
	make_bundle
	userns
	inside 'id -u; cd /dev; stat -c "%n %t:%T %F" null zero full random urandom tty; echo x >/dev/null; grep -c " /dev/null " /proc/self/mountinfo; cat /proc/keys; stat -c %a /dev/pts/ptmx; cat /proc/self/mountinfo' || { echo "$output"; false; }
	[[ $output == $'0\nnull 1:3 character special file\nzero 1:5 '* ]]
	[[ $output == *$'\n1\n666\n'* ]]
}

@test "user namespace: paths that its root cannot search are still bound" {
	mkdir -p "$DIR/private/deep"
	chmod 700 "$DIR/private"
	echo x >"$DIR/private/deep/f"
	make_bundle
	userns
	bind "$DIR/private/deep" /m '["rbind","ro"]'
	inside 'cat /m/f; cat /etc/hostname; touch /m/y 2>&1 | grep -o Read-only'
	[ "$output" = $'x\nhull-test\nRead-only' ]
	chmod 700 "$BUNDLE"
	inside 'cat /m/f; cat /etc/hostname'
	[ "$output" = $'x\nhull-test' ]
	chmod 755 "$BUNDLE"
}

@test "user namespace: what was locked outside stays" {
	mkdir "$DIR/locked"
	mount -t tmpfs -o nosuid,nodev,noexec,noatime "locked-$TAG" "$DIR/locked"
	make_bundle
	userns
	bind "$DIR/locked" /m '["bind","suid","dev","exec","ro","relatime"]'
	line=$(mounted /m)
	for option in nosuid nodev noexec ro; do has "$line" 1 "$option"; done
}

@test "user namespace without a network namespace: the host's sysfs, read-only" {
	make_bundle
	userns
	edit '.linux.namespaces |= map(select(.type != "network"))'
	inside 'ls -d /sys/class; touch /sys/x 2>&1 | grep -o Read-only'
	[ "$output" = $'/sys/class\nRead-only' ]
}

@test "an ordinary user" {
	user_up || skip "no user"
	make_bundle --rootless
	chmod -R a+rwX "$BUNDLE"
	chown -R "$TEST_USER" "$BUNDLE"
	edit '.linux.uidMappings[0].hostID = $u | .linux.gidMappings[0].hostID = $g' --argjson u "$(id -u "$TEST_USER")" --argjson g "$(id -g "$TEST_USER")"
	args sh -c 'id -u; echo x >/dev/null; ls -d /proc/self /sys/class; stat -c %t:%T /dev/null'
	run as_user "$HULL" --root "$USER_RUN/state" run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[[ $output == *0*$'\n1:3' ]]
}

# ---- the plan ----

@test "explain tells the mounts in order" {
	make_bundle
	mount_entry '{"destination":"//m/./x/","type":"bind","source":"data","options":["rbind","rro","nosuid","rprivate"]}'
	edit '.linux.rootfsPropagation = "rslave" | .linux.sysctl = {"net.ipv4.ip_forward": "1"} | .root.readonly = true'
	run hull explain -b "$BUNDLE"
	[ "$status" -eq 0 ]
	for line in "bind '$ROOTFS' as the root" "mount 'proc' on '/proc'" "mount 'tmpfs' on '/dev' (nosuid, strictatime, mode=755, size=65536k)" \
		"bind '$BUNDLE/data' on '/m/x' with what is mounted below it (nosuid, rro, rprivate)" "make device '/dev/null' (c 1:3, mode 0666, owner 0:0)" \
		"pivot into the root" "make the root rslave" "set kernel parameter net.ipv4.ip_forward to '1'" "mask '/proc/kcore' if it exists" \
		"make '/proc/bus' read-only if it exists" "make the root read-only"; do
		[[ $output == *"$line"* ]] || { echo "no \"$line\" in: $output"; false; }
	done
	[ ! -e "$ROOTFS/m" ]
}
