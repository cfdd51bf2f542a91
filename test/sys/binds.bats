#!/usr/bin/env bats
# Bind mounts: attributes, propagation, id mappings, links, and what a user namespace changes.
load mounts

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
	[ "$output" = "done" ]
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
	mount_entry '{"destination":"/m","type":"tmpfs","source":"tmpfs","options":["remount"]}'
	has "$(mounted /m)" 1 ro
}

@test "remount: what is no mount point is refused, also where nothing would be changed" {
	local options
	for options in '["remount"]' '["remount","bind"]' '["remount","defaults"]' '["remount","rw"]'; do
		make_bundle
		mkdir -p "$ROOTFS/m"
		mount_entry "{\"destination\":\"/m\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":$options}"
		rejected 'mounts[7]' /m 'no mount point' 'Invalid argument'
	done
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
	run as_user "$HULL" --root "$USER_RUN/$TAG" run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[[ $output == *0*$'\n1:3' ]]
	# who tidies the runtime directory up keeps to the sticky bit
	[ "$(stat -c %a "$USER_RUN/$TAG")" = 1700 ]
	rmdir "$USER_RUN/$TAG"
}


@test "id-mapped for a user whose user namespace is hull's idea: not his filesystem, and said so" {
	user_up || skip "no user"
	mkdir "$DIR/data"
	make_bundle
	chown -R "$TEST_USER" "$BUNDLE"
	edit '.linux.namespaces |= map(select(.type != "user"))'
	bind "$DIR/data" /m '["bind","idmap"]'
	# the mapping is decided, but a filesystem of the host's is not his to map
	run as_user "$HULL" --root "$USER_RUN/state" run -b "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"mounts[7]: an id-mapped mount needs the privileges of the filesystem's owner"* ]]
}

# masked_user COMMAND…: as the user, where a part of /proc is covered, as in a container
masked_user()
{
	declare -f as_user >"$DIR/as_user"
	unshare -m sh -c '. "$1/as_user"; shift; mount -t tmpfs "cover-$TAG" /proc/fs; as_user "$@"' sh "$DIR" "$@"
}

@test "an ordinary user where /proc is masked: a hint, and the host's /proc with the host's processes" {
	user_up || skip "no user"
	export TEST_USER
	make_bundle --rootless
	chown -R "$TEST_USER" "$BUNDLE"
	edit '.linux.uidMappings[0].hostID = $u | .linux.gidMappings[0].hostID = $g' --argjson u "$(id -u "$TEST_USER")" --argjson g "$(id -g "$TEST_USER")"
	args sh -c 'ls -d /proc/self; grep -c " /proc/fs " /proc/self/mountinfo'
	run masked_user "$HULL" --root "$USER_RUN/state" run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[[ $output == *"'proc' on '/proc'"*masked* ]]
	edit '.linux.namespaces |= map(select(.type != "pid")) | .linux.readonlyPaths = []'
	run masked_user "$HULL" --root "$USER_RUN/state" run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "$output" = $'/proc/self\n1' ]
}
