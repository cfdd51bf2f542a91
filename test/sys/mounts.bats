#!/usr/bin/env bats
# The root, new filesystems, targets in hostile roots, and the plan in words.
load mounts

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
	for option in acl noacl; do # as runc has it for every filesystem
		make_bundle
		tmpfs "[\"$option\",\"size=64k\"]"
		mount_entry "{\"destination\":\"/m\",\"type\":\"tmpfs\",\"options\":[\"remount\",\"$option\",\"size=128k\"]}"
		has "$(mounted /m)" 5 size=128k
		"$HULL" features | jq -e --arg o "$option" '.mountOptions | index($o)' >/dev/null
	done
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

@test "mounts in a new tmpfs: the same place twice, deeper ones, through a link, upwards, and a wrong option there" {
	make_bundle
	ln -s /m "$ROOTFS/link"
	one() { mount_entry "{\"destination\":\"$1\",\"type\":\"${3:-tmpfs}\",\"source\":\"$2\",\"options\":[\"nosuid\",\"mode=711\"]}"; }
	one /m base
	one /m/a first
	one /m/a second
	one /m/b/c deep
	one /m again
	one /m/d inside
	one /m/pts pts devpts
	one /m/../up up
	one /m two
	one /link/e link
	inside 'cat /proc/self/mountinfo; stat -c "%a %n" /m /m/e /up; touch /m/e/x /up/x; pwd'
	[ "$(awk '$5 ~ /^\/(m|up)/ { print $5, $(NF - 1) }' <<<"$output" | sort | paste -sd' ')" = "/m again /m base /m two /m/a first /m/a second /m/b/c deep /m/d inside /m/e link /m/pts pts /up up" ]
	[[ $output == *"711 /m"*"711 /m/e"*"711 /up"*$'\n'/ ]]
	make_bundle
	one /m base
	mount_entry '{"destination":"/m/a","type":"tmpfs","source":"tmpfs","options":["mode=711","nosuchoption=1"]}'
	rejected "cannot mount 'tmpfs' on '/m/a'" "nosuchoption"
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

@test "what mount(2) does not do is done to the mount it made, and nowhere else" {
	make_bundle
	# iversion is for mount(2); the rest is mount_setattr(2)'s
	tmpfs '["iversion","rro","rnoexec","rshared"]'
	line=$(mounted /m)
	has "$line" 1 ro
	has "$line" 1 noexec
	[[ $(cut -d'|' -f2 <<<"$line") == *shared:* ]]
	has_not "$(mounted /)" 1 ro
	inside 'pwd; ls -d /bin; cd ..; pwd'
	[ "$output" = $'/\n/bin\n/' ]
}

@test "a mount that fails is named by its place in the document and by its target" {
	make_bundle
	tmpfs '["size=many"]'
	rejected "mounts[7]: cannot mount 'tmpfs' on '/m'" size
	make_bundle
	tmpfs '["iversion","mode=9"]'
	rejected "mounts[7]: cannot mount 'tmpfs' on '/m'"
	make_bundle
	mount_entry '{"destination":"/m","type":"nosuchfs","source":"none"}'
	rejected "mounts[7]: cannot mount 'nosuchfs' on '/m': the kernel does not know this type"
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

@test "no-pivot: no whole procfs of the host's stays below, which would let a user namespace mount one without masks" {
	make_bundle
	mkdir "$DIR/proc with blanks"
	bare() { unshare -m --propagation private sh -c 'mount -t proc proc "$1"; mount -t proc proc /proc; shift; exec "$@"' sh "$DIR/proc with blanks" "$@"; }
	edit '.process.capabilities |= map_values(. + ["CAP_SETFCAP"])' # to map user 0
	args unshare -mrpf sh -c 'mount -t proc none /proc && echo bare'
	run bare "$HULL" --root "$STATE" run --no-pivot -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	grep -q 'ermission denied' <<<"$output"
	not grep -q bare <<<"$output"
	# twin: where nothing is masked, nothing is to be hidden
	edit 'del(.linux.maskedPaths, .linux.readonlyPaths)'
	run bare "$HULL" --root "$STATE" run --no-pivot -b "$BUNDLE" "$ID"
	[ "$output" = bare ]
	edit '.linux.rootfsPropagation = "shared"'
	refuses linux.rootfsPropagation --no-pivot -- "$HULL" --root "$STATE" run --no-pivot -b "$BUNDLE" "$ID"
}

@test "a read-only root" {
	make_bundle
	edit '.root.readonly = true'
	tmpfs '[]'
	inside 'touch /x 2>&1 | grep -o Read-only; touch /m/x && echo m; touch /dev/x && echo dev'
	[ "$output" = $'Read-only\nm\ndev' ]
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

@test "a mount on the root is the root" {
	make_bundle
	cp -a "$ROOTFS" "$DIR/other"
	echo other >"$DIR/other/etc/hostname"
	edit '.mounts = [$m] + .mounts' --argjson m "{\"destination\":\"/\",\"type\":\"bind\",\"source\":\"$DIR/other\",\"options\":[\"rbind\"]}"
	inside 'cat /etc/hostname; ls -d /proc/self /dev/null'
	[ "$output" = $'other\n/dev/null\n/proc/self' ]
	# an image's link to the root chooses no such thing
	ln -s / "$ROOTFS/link"
	edit '.mounts[0].destination = "/link"'
	refuses "'/link' leads to '/'" -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
}

@test "a mount namespace that is joined is set up like a new one" {
	make_bundle
	unshare -m sleep 30 3>&- &
	pid=$!
	eventually sh -c "[ \"\$(readlink /proc/$pid/ns/mnt)\" != \"\$(readlink /proc/self/ns/mnt)\" ]"
	edit '.linux.namespaces |= map(if .type == "mount" then .path = $p else . end)' --arg p "/proc/$pid/ns/mnt"
	inside 'cat /etc/hostname; ls -d /proc/self'
	[ "$output" = $'hull-test\n/proc/self' ]
	edit '.linux.namespaces |= map(if .type == "mount" then .path = "/proc/self/ns/uts" else . end)'
	rejected linux.namespaces
	kill "$pid"
}

@test "a filesystem's own words are told, without the letter that the kernel puts before them" {
	needs_hull
	make_bundle
	mount_entry '{"destination": "/mnt", "type": "tmpfs", "source": "t", "options": ["size=x"]}'
	refuses "cannot mount 'tmpfs' on '/mnt': tmpfs: " -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
}
