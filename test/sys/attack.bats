# A hostile root file system. Each attack has a twin that shows that the honest use of the same thing works, and each checks that nothing on the host
# was made or changed: a canary directory outside the root is compared before and after, with what the links pointed to.
load lib

setup()
{
	test_begin
	make_bundle
	# what links in the rootfs point to: by absolute host path, and by many ..
	CANARY=$DIR/canary
	mkdir -p "$CANARY/dir" "$CANARY/empty"
	echo secret >"$CANARY/file"
	echo inner >"$CANARY/dir/inner"
	chmod 644 "$CANARY/file"
	canary_before=$(canary)
	host_before=$(host)
	UP=../../../../../../../../../../..
}

teardown()
{
	local r=0
	[ "$(canary)" = "$canary_before" ] || { echo "# the canary changed: $(canary)" && r=1; }
	[ "$(host)" = "$host_before" ] || { echo "# the host changed: $(host)" && r=1; }
	test_end || r=1
	return $r
}

canary() { find "$CANARY" -printf '%P %y %m %u %g %s %l %C@\n' | sort; cat "$CANARY/file"; }

# mounts of this namespace, and the nodes that a runtime might replace
host()
{
	local node
	awk '{ print $5, $6, $9 }' /proc/self/mountinfo
	for node in /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/ptmx /dev/console; do stat -c '%n %F %t %T %a %u' "$node" 2>&1; done
	stat -c '%n %a %u %i' / /dev /proc /sys /etc /tmp
	md5sum /etc/passwd
}

# attempt: run the container; it may refuse or contain the attack. Either is right; $output and $status tell
attempt()
{
	status=0
	timeout --foreground -k 1 8 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$DIR/attempt" 2>&1 3>&- || status=$?
	output=$(cat "$DIR/attempt")
	hull delete --force "$ID" >/dev/null 2>&1
	if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
		echo "it hung: $output"
		return 1
	fi
}

# ---- the standard directories are links ----

@test "twin: /dev, /proc, /sys as directories work" {
	args sh -c 'test -c /dev/null && test -e /proc/1/status && test -d /sys/kernel && grep -q " /proc proc" /proc/mounts && echo good'
	attempt
	[ "$output" = good ]
}

@test "/dev, /proc, /sys are links to host directories" {
	local name target
	for name in dev proc sys; do
		for target in "$CANARY/empty" "$UP$CANARY/empty"; do
			rm -rf "${ROOTFS:?}/$name"
			ln -s "$target" "$ROOTFS/$name"
			args sh -c 'touch /dev/made /proc/made /sys/made 2>/dev/null; echo done'
			attempt
			[ "$(canary)" = "$canary_before" ]
			rm -f "$ROOTFS/$name"
			mkdir "$ROOTFS/$name"
		done
	done
}

@test "/proc is a link inside the root: proc is not mounted somewhere else unseen" {
	rm -rf "$ROOTFS/proc"
	mkdir "$ROOTFS/elsewhere"
	ln -s elsewhere "$ROOTFS/proc"
	args sh -c 'grep -c . /proc/self/status >/dev/null && echo "proc at $(readlink -f /proc)"'
	attempt
	# either refused, or what is at /proc is a real procfs
	[ "$status" -ne 0 ] || [[ $output == "proc at "* ]]
}

@test "/dev is a file" {
	rm -rf "${ROOTFS:?}/dev"
	echo x >"$ROOTFS/dev"
	attempt
	[ "$status" -ne 0 ]
	[ "$(cat "$ROOTFS/dev")" = x ]
}

# ---- mount targets ----

@test "twin: mount targets that are missing are made inside the root" {
	mount_entry '{"destination": "/new/dir", "type": "tmpfs", "source": "tmpfs"}'
	mount_entry "{\"destination\": \"/new/file\", \"type\": \"bind\", \"source\": \"$CANARY/file\", \"options\": [\"bind\", \"ro\"]}"
	args sh -c 'grep -q " /new/dir tmpfs" /proc/mounts && cat /new/file'
	attempt
	[ "$output" = secret ]
	[ -d "$ROOTFS/new/dir" ] && [ -f "$ROOTFS/new/file" ]
}

@test "twin: a mount target behind a link inside the root works" {
	mkdir "$ROOTFS/real"
	ln -s real "$ROOTFS/relative"
	ln -s /real "$ROOTFS/absolute"
	mount_entry '{"destination": "/relative/a", "type": "tmpfs", "source": "tmpfs"}'
	mount_entry '{"destination": "/absolute/b", "type": "tmpfs", "source": "tmpfs"}'
	args sh -c 'grep -c " /real/[ab] tmpfs" /proc/mounts'
	attempt
	[ "$output" = 2 ]
}

@test "a mount target is an absolute link, a .. link, a chain, or dangling" {
	local target
	ln -s "$CANARY/dir" "$ROOTFS/absolute"
	ln -s "$UP$CANARY/dir" "$ROOTFS/updots"
	ln -s absolute "$ROOTFS/chain"
	ln -s "$CANARY/not-there" "$ROOTFS/dangling"
	ln -s "$UP$CANARY/not-there-either" "$ROOTFS/dangling-up"
	ln -s /proc/self/root/../../.. "$ROOTFS/magic"
	for target in absolute updots chain dangling dangling-up absolute/deeper dangling/deeper "magic$CANARY/dir/x"; do
		make_bundle
		mount_entry "{\"destination\": \"/$target\", \"type\": \"tmpfs\", \"source\": \"tmpfs\"}"
		args sh -c "touch '/$target/made'; true"
		attempt
		[ "$(canary)" = "$canary_before" ]
		make_bundle
		mount_entry "{\"destination\": \"/$target/../up/$target\", \"type\": \"tmpfs\", \"source\": \"tmpfs\"}"
		attempt
		[ "$(canary)" = "$canary_before" ]
	done
	[ ! -e "$CANARY/not-there" ]
}

@test "a bind mount's file target is a link to a host file: the host's file is not covered, made or written" {
	echo mine >"$DIR/mine"
	ln -s "$CANARY/file" "$ROOTFS/target"
	ln -s "$CANARY/new-file" "$ROOTFS/dangling"
	local target
	for target in target dangling; do
		make_bundle
		mount_entry "{\"destination\": \"/$target\", \"type\": \"bind\", \"source\": \"$DIR/mine\", \"options\": [\"bind\"]}"
		args sh -c "echo changed >'/$target'; true"
		attempt
		[ "$(canary)" = "$canary_before" ]
	done
	[ ! -e "$CANARY/new-file" ]
}

@test "a file where a mount needs a directory, and the other way round" {
	echo x >"$ROOTFS/plain"
	mount_entry '{"destination": "/plain/below", "type": "tmpfs", "source": "tmpfs"}'
	attempt
	[ "$status" -ne 0 ]
	make_bundle
	mkdir "$ROOTFS/directory"
	mount_entry "{\"destination\": \"/directory\", \"type\": \"bind\", \"source\": \"$CANARY/file\", \"options\": [\"bind\"]}"
	attempt
	[ "$status" -ne 0 ]
	[ "$(cat "$ROOTFS/plain")" = x ]
}

@test "destinations with .. stay inside the root" {
	mount_entry "{\"destination\": \"/$UP$CANARY/dir/up\", \"type\": \"tmpfs\", \"source\": \"tmpfs\"}"
	attempt
	[ ! -e "$CANARY/dir/up" ]
}

@test "a volume's link leads a second mount's target: it stays inside the root too" {
	mkdir "$DIR/volume"
	ln -s "$CANARY/dir" "$DIR/volume/link"
	ln -s "$UP$CANARY/dir" "$DIR/volume/up"
	mount_entry "{\"destination\": \"/vol\", \"type\": \"bind\", \"source\": \"$DIR/volume\", \"options\": [\"rbind\", \"rw\"]}"
	mount_entry '{"destination": "/vol/link/x", "type": "tmpfs", "source": "tmpfs"}'
	mount_entry '{"destination": "/vol/up/y", "type": "tmpfs", "source": "tmpfs"}'
	attempt
	[ "$(canary)" = "$canary_before" ]
}

# ---- cwd and descriptors ----

@test "twin: a cwd that is a link inside the root works" {
	ln -s /tmp "$ROOTFS/link"
	edit '.process.cwd = "/link"'
	args pwd -P
	attempt
	[ "$output" = /tmp ]
}

@test "cwd = /proc/self/fd/N: no descriptor of the host's is reached" {
	local n
	for n in 3 4 5 6 7 8 9 10 11 12; do
		make_bundle
		edit '.process.cwd = $c' --arg c "/proc/self/fd/$n"
		args sh -c 'pwd -P; cat ./../../../../../etc/shadow ./etc/shadow 2>/dev/null; ls'
		status=0
		# a descriptor that leads out, inherited by the runtime
		timeout 10 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$DIR/attempt" 2>&1 3</ 4</ 7</ 8</ || status=$?
		output=$(cat "$DIR/attempt")
		[[ $output != *root:* ]]
		[ "$status" -ne 0 ] || [[ $output != *boot* ]]
		hull delete --force "$ID"
	done
}

@test "exec --cwd /proc/self/fd/N, and a cwd link to it" {
	args sleep 60
	start_detached
	ln -s /proc/self/fd/7 "$ROOTFS/cwd"
	local n
	for n in /proc/self/fd/3 /proc/self/fd/4 /proc/self/fd/7 /proc/self/fd/8 /cwd; do
		status=0
		timeout 10 "$HULL" --root "$STATE" exec --cwd $n "$ID" cat ../../../../../../etc/shadow etc/shadow </dev/null >"$DIR/attempt" 2>&1 3>&- 7</ 8</ || status=$?
		output=$(cat "$DIR/attempt")
		[[ $output != *root:* ]]
	done
}

# ---- /proc/self/exe ----

# hull here is a copy of its own, so that an overwrite would be seen, and would harm nobody
overwrite_setup()
{
	OWN=$DIR/own
	mkdir "$OWN"
	cp "$HULL" "$OWN/hull"
	exe_before=$(md5sum <"$OWN/hull")
	# a program that opens its executable for writing, again and again, for a while: static, so it works as anybody's /proc/self/exe script interpreter
	cat >"$ROOTFS/overwrite" <<-'END'
		#!/bin/busybox sh
		i=0
		while [ $i -lt 50 ]; do
			for exe in /proc/[0-9]*/exe; do
				case $(readlink "$exe") in */busybox) ;; *) (echo overwritten >"$exe") 2>/dev/null && echo "WROTE $exe" ;; esac
			done
			i=$((i + 1))
		done
	END
	chmod 755 "$ROOTFS/overwrite"
}

@test "twin: exec of an honest program while the container looks at /proc" {
	overwrite_setup
	args sleep 60
	start_detached
	hull exec -d "$ID" /overwrite </dev/null >"$DIR/overwriter" 2>&1
	"$OWN/hull" --root "$STATE" exec "$ID" echo fine 3>&- | grep fine
	[ "$(md5sum <"$OWN/hull")" = "$exe_before" ]
}

@test "/proc/self/exe as the payload: the runtime does not run itself again inside, and is not overwritten" {
	overwrite_setup
	args /proc/self/exe --version
	status=0
	timeout 10 "$OWN/hull" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$DIR/attempt" 2>&1 3>&- || status=$?
	[ "$(md5sum <"$OWN/hull")" = "$exe_before" ]
	hull delete --force "$ID"
	make_bundle
	printf '#!/proc/self/exe\n' >"$ROOTFS/script"
	chmod 755 "$ROOTFS/script"
	args /script
	timeout 10 "$OWN/hull" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$DIR/attempt" 2>&1 3>&- || true
	[ "$(md5sum <"$OWN/hull")" = "$exe_before" ]
}

# runs_readonly COMMAND…: hull, called so (by $CALLED, or its path), runs its payload from a file that nobody can write; what /proc says of its command line is what it was called with
runs_readonly()
{
	args sh -c 'touch /started; while [ ! -e /go ]; do sleep 0.1; done'
	"$@" "${CALLED:-$OWN/hull}" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$DIR/attempt" 2>&1 3>&- &
	local job=$! pid
	eventually test -e "$ROOTFS/started"
	pid=$(pgrep -f "^${CALLED:-$OWN/hull} --root $STATE run -b $BUNDLE $ID\$")
	python3 -c "import os, sys; sys.exit(0 if os.statvfs('/proc/$pid/exe').f_flag & os.ST_RDONLY else 1)"
	[ "$(stat -L -c %i "/proc/$pid/exe")" = "$(stat -c %i "$OWN/hull")" ]
	touch "$ROOTFS/go"
	wait "$job"
	rm "$ROOTFS/started" "$ROOTFS/go"
}

@test "hull runs from a read-only mount of its file, mapped over it or, where prctl(2) cannot do that, executed" {
	overwrite_setup
	runs_readonly env
	not grep -q . "$DIR/attempt"
	runs_readonly strace -qq -o "$DIR/trace" -e trace=prctl,execveat -e inject=prctl:error=EINVAL:when=1
	grep -q 'PR_SET_MM_MAP.*INJECTED' "$DIR/trace"
	grep -q '^execveat' "$DIR/trace"
}

@test "hull finds its file by the name that it was executed by, or in /proc where that is a link, relative, or leads to another file" {
	overwrite_setup
	runs_readonly strace -qq -o "$DIR/trace" -e trace=open_tree
	grep -qF "\"$OWN\"" "$DIR/trace"
	not grep -q /proc/self/exe "$DIR/trace"
	ln -s hull "$OWN/link"
	CALLED=$OWN/link runs_readonly strace -qq -o "$DIR/trace" -e trace=open_tree
	grep -q /proc/self/exe "$DIR/trace"
	cd "$OWN"
	CALLED=./hull runs_readonly env
	runs_readonly strace -qq -o "$DIR/trace" -e trace=open_tree,pread64 -e inject=pread64:error=EIO:when=1
	grep -q /proc/self/exe "$DIR/trace"
}

@test "hull whose directory is read-only, but whose file is a writable mount over it, does not take that for protected" {
	overwrite_setup
	cp "$OWN/hull" "$DIR/writable"
	args sh -c 'touch /started; while [ ! -e /go ]; do sleep 0.1; done'
	unshare -m --propagation private sh -c 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && mount --bind "$2" "$1/hull" && shift 2 && exec "$@"' - \
		"$OWN" "$DIR/writable" "$OWN/hull" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$DIR/attempt" 2>&1 3>&- &
	local job=$! pid
	eventually test -e "$ROOTFS/started"
	pid=$(pgrep -f "^$OWN/hull --root $STATE run -b $BUNDLE $ID\$")
	python3 -c "import os, sys; sys.exit(0 if os.statvfs('/proc/$pid/exe').f_flag & os.ST_RDONLY else 1)"
	touch "$ROOTFS/go"
	wait "$job"
}

@test "hull does not start a payload where its file can be protected in no way" {
	overwrite_setup
	status=0
	strace -qq -o "$DIR/trace" -e trace=prctl,execveat -e inject=prctl,execveat:error=EPERM "$OWN/hull" --root "$STATE" run -b "$BUNDLE" "$ID" >"$DIR/attempt" 2>&1 3>&- || status=$?
	cat "$DIR/attempt"
	[ "$status" -ne 0 ]
	grep -q "cannot make a private copy of the executable: Operation not permitted" "$DIR/attempt"
	[ ! -e "$STATE/$ID" ]
}

@test "exec of /bin/sh that is a link to /proc/self/exe, while the container tries to overwrite it" {
	overwrite_setup
	edit '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"])'
	edit '.process.args = ["/bin/busybox", "sh", "-c", "sleep 60"]'
	start_detached
	rm "$ROOTFS/usr/bin/sh"
	ln -s /proc/self/exe "$ROOTFS/usr/bin/sh"
	hull exec -d "$ID" /overwrite </dev/null >"$DIR/overwriter" 2>&1
	local round
	for round in 1 2 3 4 5 6; do
		timeout 10 "$OWN/hull" --root "$STATE" exec "$ID" /bin/sh --version </dev/null >/dev/null 2>&1 3>&- || true
	done
	cat "$DIR/overwriter"
	[ "$(md5sum <"$OWN/hull")" = "$exe_before" ]
	not grep -q WROTE "$DIR/overwriter"
}

# ---- masked and read-only paths ----

@test "twin: masked and read-only paths" {
	mkdir "$ROOTFS/hidden"
	echo x >"$ROOTFS/hidden/x"
	echo y >"$ROOTFS/hidden-file"
	mkdir "$ROOTFS/fixed"
	edit '.linux.maskedPaths += ["/hidden", "/hidden-file", "/not/there"] | .linux.readonlyPaths += ["/fixed", "/not/there/either"]'
	args sh -c 'ls /hidden; cat /hidden-file; touch /fixed/x 2>/dev/null || echo fixed; test -s /proc/kcore && echo kcore; true'
	attempt
	[ "$output" = fixed ]
}

@test "a masked path is a link to a host file or directory" {
	ln -s "$CANARY/file" "$ROOTFS/masked-file"
	ln -s "$UP$CANARY/dir" "$ROOTFS/masked-dir"
	edit '.linux.maskedPaths += ["/masked-file", "/masked-dir"] | .linux.readonlyPaths += ["/masked-dir"]'
	args sh -c 'cat /masked-file /masked-dir/inner 2>/dev/null; true'
	attempt
	[ "$output" != secret ]
	[ "$(cat "$CANARY/file")" = secret ]
	grep -q inner "$CANARY/dir/inner"
}

# ---- device nodes ----

@test "twin: the default devices are real" {
	args sh -c 'for d in null zero full random urandom tty; do test -c /dev/$d || echo "no $d"; done; echo x >/dev/null; cat /dev/null; test -c /dev/ptmx; test -L /dev/fd && echo good'
	attempt
	[ "$output" = good ]
}

# without the tmpfs over /dev, the root's own /dev is used
own_dev() { edit '.mounts |= map(select(.destination | startswith("/dev") | not))'; }

@test "/dev/null in the rootfs is a link to a host file, when /dev is the root's own" {
	own_dev
	ln -s "$CANARY/file" "$ROOTFS/dev/null"
	args sh -c 'echo overwritten >/dev/null; true'
	attempt
	[ "$(cat "$CANARY/file")" = secret ]
}

@test "/dev/null in the rootfs is a regular file: masking with it hides nothing behind it" {
	own_dev
	echo bait >"$ROOTFS/dev/null"
	echo hidden >"$ROOTFS/hidden-file"
	edit '.linux.maskedPaths += ["/hidden-file"]'
	args sh -c 'cat /hidden-file; test -c /dev/null || echo "not a device"'
	attempt
	# refused, or masked with something that is empty; the file of the root is never what stands for /dev/null
	[ "$status" -ne 0 ] || [ -z "$output" ]
}

@test "/dev/null of a host volume is a link: a mask does not follow it (CVE-2025-31133)" {
	mkdir "$DIR/volume"
	ln -s /proc/sys/kernel/core_pattern "$DIR/volume/null"
	mount_entry "{\"destination\": \"/dev\", \"type\": \"bind\", \"source\": \"$DIR/volume\", \"options\": [\"rbind\"]}"
	edit '.mounts |= map(select(.destination | startswith("/dev/") | not)) | .linux.maskedPaths = ["/proc/kcore", "/hidden-file"]'
	echo hidden >"$ROOTFS/hidden-file"
	args sh -c 'cat /hidden-file /proc/kcore 2>/dev/null | head -c 100; true'
	before=$(cat /proc/sys/kernel/core_pattern)
	attempt
	[ "$(cat /proc/sys/kernel/core_pattern)" = "$before" ]
	[[ $output != *hidden* ]]
	[ "$status" -ne 0 ] || [[ $output != *"$before"* ]]
}

@test "/dev/pts, /dev/console and /dev/ptmx as links: the console is not bound over a host file (CVE-2025-52565)" {
	local name
	for name in console ptmx pts; do
		make_bundle
		own_dev
		rm -rf "${ROOTFS:?}/dev/$name"
		ln -s "$CANARY/file" "$ROOTFS/dev/$name"
		edit '.process.terminal = true'
		timeout 10 script -qec "'$HULL' --root '$STATE' run -b '$BUNDLE' $ID" /dev/null </dev/null >"$DIR/attempt" 2>&1 3>&- || true
		hull delete --force "$ID"
		[ "$(cat "$CANARY/file")" = secret ]
		rm -f "$ROOTFS/dev/$name"
	done
}

# ---- files that the runtime reads from the root ----

@test "/etc/passwd in the root is a FIFO, a device or a link to the host's: no hang" {
	edit '.process.env = ["PATH=/bin"]'
	args true
	rm "$ROOTFS/etc/passwd"
	mkfifo "$ROOTFS/etc/passwd"
	attempt
	rm "$ROOTFS/etc/passwd"
	ln -s /dev/zero "$ROOTFS/etc/passwd"
	attempt
	rm "$ROOTFS/etc/passwd"
	ln -s "$UP$CANARY/file" "$ROOTFS/etc/passwd"
	attempt
}

@test "a payload cannot reach the host through /proc/1/root, /proc/1/cwd or inherited descriptors" {
	args sh -c 'ls /proc/1/root/ /proc/1/cwd/ | grep -c "^boot$"; for f in /proc/1/fd/* /proc/self/fd/*; do readlink "$f"; done | grep -v -e pipe: -e /dev/null -e socket: -e "/proc/[0-9]*/fd" -e attempt; true'
	attempt
	[ "$output" = 0 ]
}

@test "the rootfs's mounts do not spread to the host, and host mounts made later do not appear" {
	edit '.linux.rootfsPropagation = "private"'
	mount_entry '{"destination": "/mnt", "type": "tmpfs", "source": "tmpfs"}'
	args sleep 60
	start_detached
	not grep -q "$ROOTFS/mnt" /proc/self/mountinfo
	[ "$(hull exec "$ID" grep -c ' /mnt ' /proc/mounts)" = 1 ]
}
