#!/usr/bin/env bats
# Directories, files, links, modes and covers of a sandbox's own, overlays, descriptors as sources, and mount points that the host need not have.
# shellcheck disable=SC2154
load mounts

setup_file()
{
	file_begin
	user_up
}

entry() { mount_entry "{\"destination\":\"$1\",\"type\":\"$2\",\"source\":$(jq -n --arg s "${3:-}" '$s'),\"options\":${4:-[]}}"; }

# layers: DIR/low1 and DIR/low2 (above it), an upper and a work directory
layers()
{
	mkdir -p "$DIR"/low1 "$DIR/low:2" "$DIR"/upper "$DIR"/work
	echo 1 >"$DIR/low1/one"
	echo 1 >"$DIR/low1/both"
	echo 2 >"$DIR/low:2/two"
	echo 2 >"$DIR/low:2/both"
	LOWER=${DIR}/low\\:2:$DIR/low1
}

option() { jq -cn '$ARGS.positional' --args -- "$@"; }

# host_files: what lies below DIR, to compare
host_files() { find "$DIR" -path "$STATE" -prune -o -printf '%p %y %m %U %s\n' | sort; }

# sandbox OPTION… -- COMMAND…, as root; user_sandbox: as an ordinary user
sandbox() { run timeout --foreground -k 2 15 "$HULL" --root "$STATE" sandbox "$@" 3>&-; }
user_sandbox() { run as_user timeout --foreground -k 2 15 "$HULL" --root "$USER_RUN/state" sandbox "$@"; }

ok()
{
	[ "$status" -eq 0 ] || {
		echo "status $status: $output"
		return 1
	}
}

# ---- types of our own, in a bundle ----

@test "hull.dir: made with its mode, parents too; one that is there is left" {
	make_bundle
	entry /a/b/c hull.dir "" '["mode=0710"]'
	entry /etc hull.dir "" '["mode=0700"]'
	inside 'stat -c %a /a/b/c /a/b /etc'
	[ "$output" = $'710\n755\n755' ]
}

@test "hull.file and hull.data: what a descriptor gives" {
	make_bundle
	entry /f/x hull.file fd:7 '["mode=0640"]'
	entry /etc/hostname hull.file fd:8
	entry /etc/passwd hull.data fd:9 '["ro", "mode=0604"]'
	entry /d/w hull.data fd:10
	args sh -c 'stat -c %a /f/x /etc/passwd /d/w; cat /f/x /etc/hostname /etc/passwd; echo more >>/d/w; cat /d/w; echo no >>/etc/passwd'
	head -c 300000 /dev/zero | tr '\0' z >"$DIR/big"
	run hull run -b "$BUNDLE" "$ID" 7< <(echo seven; sleep 0.2; echo late) 8<<<eight 9<<<nine 10<"$DIR/big"
	[ "$status" -eq 1 ]
	[[ $output == $'640\n604\n600\nseven\nlate\neight\nnine\nzzz'*$'more\n'*'Read-only file system' ]]
	[ "${#output}" -gt 300000 ]
	# a mount is not written below it, a file is
	grep -q root:x "$ROOTFS/etc/passwd"
	[ "$(cat "$ROOTFS/etc/hostname")" = eight ]
}

@test "descriptors that are closed, or cannot be read" {
	make_bundle
	entry /f hull.file fd:77
	rejected 'mounts[6].source: cannot use descriptor 77: Bad file descriptor' || rejected 'cannot use descriptor 77'
	make_bundle
	entry /f hull.file fd:7
	run hull run -b "$BUNDLE" "$ID" 7<"$DIR"
	[ "$status" -ne 0 ]
	[[ $output == *"cannot copy what 'fd:7' gives: Is a directory"* ]]
}

@test "hull.symlink: the same link may be there, another may not" {
	make_bundle
	entry /l/link hull.symlink ../etc/hostname
	entry /l/link hull.symlink ../etc/hostname
	inside 'cat /l/link; readlink /l/link'
	[ "$output" = $'hull-test\n../etc/hostname' ]
	entry /l/link hull.symlink other
	rejected "cannot make the symbolic link '/l/link'"
}

@test "hull.chmod" {
	make_bundle
	tmpfs '["mode=0755"]'
	entry /m hull.chmod "" '["mode=1770"]'
	inside 'stat -c %a /m'
	[ "$output" = 1770 ]
	entry /none hull.chmod "" '["mode=700"]'
	rejected "cannot change the mode of '/none'"
}

@test "hull.hide: directories, files, and what is not there" {
	make_bundle
	echo secret >"$ROOTFS/root/secret"
	for path in /root /etc/passwd /home /etc/group /none /etc/hostname/none; do entry "$path" hull.hide; done
	inside 'ls -A /root /home; wc -c </etc/passwd; wc -c </etc/group; touch /root/x 2>&1'  || true
	[[ $output == $'/home:\n\n/root:\n0\n0\n'*'Read-only file system' ]]
	grep -q secret "$ROOTFS/root/secret"
}

# ---- the same in a hostile root: no link leads out ----

@test "links in the root lead nowhere else" {
	make_bundle
	outside=$DIR/outside
	mkdir "$outside"
	echo kept >"$outside/file"
	before=$(host_files | grep "^$outside")
	ln -s "$outside" "$ROOTFS/out"
	ln -s "$outside/file" "$ROOTFS/etc/file"
	ln -s "../../../../../../../..$outside/new" "$ROOTFS/etc/up"
	entry /out/dir hull.dir
	entry /out/data hull.data fd:7
	entry /out/link hull.symlink x
	entry /etc/up hull.dir
	entry /out hull.chmod "" '["mode=0777"]'
	entry /out/sub hull.hide
	run hull run -b "$BUNDLE" "$ID" 7<<<x
	ok
	[ "$(host_files | grep "^$outside")" = "$before" ]
	[ -d "$ROOTFS$outside/dir" ]
	make_bundle
	entry /etc/file hull.file fd:7
	run hull run -b "$BUNDLE" "$ID" 7<<<x
	[ "$status" -ne 0 ]
	[ "$(cat "$outside/file")" = kept ]
}

@test "nothing of it leads into a procfs" {
	make_bundle
	ln -s /proc/sys/kernel "$ROOTFS/kernel"
	for type in hull.dir hull.symlink hull.chmod; do
		make_bundle
		entry /kernel/hostname $type x "$([ $type = hull.symlink ] && echo '[]' || echo '["mode=0777"]')"
		rejected procfs || rejected hostname
	done
}

# ---- sources ----

@test "a bind of a descriptor: a directory and a file, by what they are" {
	make_bundle
	mkdir "$DIR/src"
	echo hello >"$DIR/src/file"
	entry /m bind fd:7 '["ro"]'
	entry /n/file bind fd:8
	args sh -c 'cat /m/file /n/file; touch /m/x'
	run hull run -b "$BUNDLE" "$ID" 7<"$DIR/src" 8<"$DIR/src/file"
	[ "$status" -eq 1 ]
	[[ $output == $'hello\nhello\n'*'Read-only file system' ]]
	exec 7<"$DIR/src"
	mv "$DIR/src" "$DIR/moved"
	run hull run -b "$BUNDLE" "$ID" 8<"$DIR/moved/file"
	exec 7<&-
	[[ $output == $'hello\nhello\n'* ]]
	: >"$DIR/gone"
	exec 8<"$DIR/gone"
	rm "$DIR/gone"
	run hull run -b "$BUNDLE" "$ID" 7<"$DIR/moved"
	exec 8<&-
	[ "$status" -ne 0 ]
	[[ $output == *"(deleted)"* ]]
	make_bundle
	entry /m bind fd:7
	run hull run -b "$BUNDLE" "$ID" 7< <(echo pipe)
	[ "$status" -ne 0 ]
	[[ $output == *'descriptor 7 is no file that could be bound'* ]]
}

@test "nofail: a source that does not exist is left out, another error is not" {
	make_bundle
	bind "$DIR/none" /m '["rbind", "nofail"]'
	bind "$ROOTFS/etc/passwd/x" /n '["rbind", "nofail"]'
	bind "$DIR" /there '["rbind", "nofail", "ro"]'
	inside '[ ! -e /m ] && [ ! -e /n ] && ls /there'
	[[ $output == *bundle* ]]
	make_bundle
	ln -s loop "$DIR/loop"
	bind "$DIR/loop" /m '["rbind", "nofail"]'
	rejected 'ymbolic link'
}

# ---- overlays ----

@test "overlay: lower layers alone, with an upper layer, with a tmpfs above them" {
	layers
	make_bundle
	entry /ro overlay overlay "$(option "lowerdir=$LOWER" ro)"
	entry /rw overlay overlay "$(option "lowerdir=$LOWER" "upperdir=$DIR/upper" "workdir=$DIR/work" nosuid)"
	entry /tmpfs overlay overlay "$(option "lowerdir=$LOWER" hull.tmp nodev)"
	inside 'cat /ro/one /ro/two /ro/both; for d in /rw /tmpfs; do cat $d/both; echo new >$d/new; rm $d/one; ls $d | xargs; done; stat -c %a /tmpfs; touch /ro/x 2>&1; true'
	[[ $output == $'1\n2\n2\n2\nboth new two\n2\nboth new two\n755\n'*'Read-only file system' ]]
	[ "$(cat "$DIR/upper/new")" = new ]
	[ -c "$DIR/upper/one" ]
	[ "$(cat "$DIR/low1/one")" = 1 ]
	[ "$(ls -A "$DIR/low1" "$DIR/low:2" | wc -l)" -eq 7 ]
	has "$(mounted /rw)" 1 nosuid
	has "$(mounted /tmpfs)" 1 nodev
}

@test "overlay: its source is what /proc/mounts shows, and without one it is none" {
	layers
	make_bundle
	entry /named overlay 'my name' "$(option "lowerdir=$LOWER")"
	entry /unnamed overlay '' "$(option "lowerdir=$LOWER")"
	args grep -o '^.* /[a-z]*named overlay' /proc/mounts
	[ "$(hull run -b "$BUNDLE" "$ID")" = "my\\040name /named overlay
none /unnamed overlay" ]
}

@test "overlay: more and longer layers than one value has room for" {
	make_bundle
	lower=
	for i in $(seq 60); do
		dir=$DIR/a-long-name-so-that-all-of-them-together-are-longer-than-any-buffer/$i
		mkdir -p "$dir"
		echo "$i" >"$dir/$i"
		lower+=${lower:+:}$dir
	done
	entry /m overlay overlay "$(option "lowerdir=$lower")"
	inside 'ls /m | wc -l; cat /m/60'
	[ "$output" = $'60\n60' ]
}

@test "overlay: a layer that is not there is named" {
	layers
	make_bundle
	entry /m overlay overlay "$(option "lowerdir=$DIR/low1:$DIR/none")"
	rejected "cannot open the layer '$DIR/none': No such file or directory"
}

# ---- the sandbox: sources are the host's, and the host is not written to ----

@test "sandbox: a source means what the host has there, whatever covers it by then" {
	mkdir -p "$DIR/src/sub"
	echo host >"$DIR/src/file"
	for who in sandbox user_sandbox; do
		chmod -R a+rX "$DIR"
		$who --tmpfs "$DIR" --ro "$DIR/src:$DIR/again" --ro "$DIR/src" --hide "$DIR/src/sub" -- sh -c "cat $DIR/again/file $DIR/src/file; ls $DIR"
		ok
		[ "$output" = $'host\nhost\nagain\nsrc' ]
		$who --ro "$DIR/src:/tmp/x" --tmpfs /usr/share -- sh -c 'cat /tmp/x/file; ls /usr/share; ls /usr/bin/env'
		ok
		[ "$output" = $'host\n/usr/bin/env' ]
	done
}

@test "sandbox: mount points that do not exist, anywhere, and nothing on the host" {
	mkdir -p "$DIR/src" "$DIR/rw/have"
	echo host >"$DIR/src/file"
	echo old >"$DIR/rw/have/file"
	ln -s have "$DIR/rw/link"
	ln -s "/no-such-$TAG/deep" "$DIR/rw/hole"
	chmod -R a+rwX "$DIR/rw" "$DIR/src"
	before=$(host_files; ls -A / /usr /etc)
	for who in sandbox user_sandbox; do
		# in "/" itself, in a directory of the system, two levels deep, and a file
		$who --ro "$DIR/src:/new-$TAG" --ro "$DIR/src:/usr/new/deep" --ro "$DIR/src/file:/etc/new-$TAG" --tmpfs "/usr/new/other" -- \
			sh -c "cat /new-$TAG/file /usr/new/deep/file /etc/new-$TAG; ls /usr/new; touch /usr/x /etc/x /x; cat /etc/hostname >/dev/null; ls -d /usr/bin/env /bin/sh"
		[[ $output == $'host\nhost\nhost\ndeep\nother\n'*'Read-only'*'Read-only'*'Read-only'*$'/bin/sh\n/usr/bin/env' ]] || [[ $output == $'host\nhost\nhost\ndeep\nother\n'*'Read-only'*$'/usr/bin/env' ]]
		# in a writable bind: what is there can be written, the stand-in cannot
		$who --rw "$DIR/rw" --tmpfs "$DIR/rw/new/x" -- sh -c "cd $DIR/rw; cat have/file link/file; echo \$? >have/file; ls; touch no; touch new/x/yes; ls new/x"
		[[ $output == *'does not exist, and is not made on the host'* ]]
		# hull's warning may come between any two lines
		[ "$(grep -cxE 'old|have|hole|link|new|yes' <<<"$output")" -eq 7 ]
		[[ $output == *"cannot touch 'no': Read-only file system"* ]]
		[ "$(cat "$DIR/rw/have/file")" = 0 ]
		echo old >"$DIR/rw/have/file"
		# a link that leads to what does not exist is followed by the kernel's rules, inside
		$who --rw "$DIR/rw" --tmpfs "$DIR/rw/hole" -- sh -c "touch $DIR/rw/hole/x; ls /no-such-$TAG/deep"
		[[ $output == *x* ]]
	done
	[ "$(host_files; ls -A / /usr /etc)" = "$before" ]
}

@test "sandbox: a stand-in keeps modes, links, mounts below it and what they may do" {
	mkdir -p "$DIR/place/dir/sub"
	mount -t tmpfs "sub-$TAG" "$DIR/place/dir/sub"
	echo below >"$DIR/place/dir/sub/file"
	: >"$DIR/place/empty"
	ln -s nowhere "$DIR/place/dangling"
	mkfifo "$DIR/place/fifo"
	chmod 1751 "$DIR/place"
	sandbox --tmpfs "$DIR/place/new" -- sh -c "cd $DIR/place; stat -c '%a %F' . dir empty fifo; readlink dangling; cat dir/sub/file; touch dir/sub/x; awk '\$5 == \"$DIR/place\" { print \$6 }' /proc/self/mountinfo"
	umount "$DIR/place/dir/sub"
	[[ $output == $'1751 directory\n755 directory\n644 regular empty file\n644 fifo\nnowhere\nbelow\n'*'Read-only file system'*$'\n'*nosuid,nodev* ]]
}

@test "sandbox: overlays of what is covered, and of the root's own directories" {
	layers
	chmod -R a+rX "$DIR"
	for who in sandbox user_sandbox; do
		$who --overlay /etc --tmpfs "$DIR" -- sh -c 'rm /etc/hostname && echo mine >/etc/hostname && rm /etc/passwd && cat /etc/hostname && ls /etc/passwd'
		[[ $output == mine$'\n'* ]]
		[[ $output == *'No such file'* ]]
	done
	[ -e /etc/passwd ]
}

@test "sandbox: what is locked stays locked" {
	mkdir "$DIR/locked"
	mount -t tmpfs -o ro "locked-$TAG" "$DIR/locked"
	chmod a+rx "$DIR"
	user_sandbox --rw "$DIR" -- sh -c "touch $DIR/locked/x"
	[ "$status" -ne 0 ]
	[[ $output == *'Read-only file system'* ]]
	umount "$DIR/locked"
}

@test "sandbox: the number of a descriptor that is not open names none of hull's own" {
	ln -s "$HULL" "$DIR/bwrap"
	alone() { run timeout -k 2 15 bash -c 'exec "$@" 3<&- 4<&- 5<&- 6<&- 7<&-' bash "$DIR/bwrap" --ro-bind / / "$@" true; }
	for n in 3 4 5 6 7; do
		alone --tmpfs /mnt --file "$n" /mnt/x
		[ "$status" -eq 1 ]
		[[ $output == *"option '--file': cannot use descriptor $n: Bad file descriptor"* ]]
		alone --bind-fd "$n" /mnt
		[[ $output == *"option '--bind-fd': cannot use descriptor $n: Bad file descriptor"* ]]
	done
}
