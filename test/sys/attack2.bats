# More attacks: what a container could reach through what hull itself holds open, shares with the host, or says. As in attack.bats each attack has a twin
# that shows the honest use of the same thing.
load lib

setup()
{
	test_begin
	make_bundle
}

# run_quietly WORD…: hull run of BUNDLE; $status, $output
run_quietly()
{
	status=0
	timeout --foreground -k 1 10 "$HULL" --root "$STATE" "$@" run -b "$BUNDLE" "$ID" </dev/null >"$DIR/attempt" 2>&1 3>&- || status=$?
	output=$(cat "$DIR/attempt")
	hull delete --force "$ID" >/dev/null 2>&1
}

# ---- names that lead through hull's own descriptors (CVE-2024-21626) ----

@test "twin: a program behind a link, and a script whose interpreter is one" {
	ln -s busybox "$ROOTFS/usr/bin/busybox-link"
	printf '#!/bin/busybox-link sh\necho script\n' >"$ROOTFS/script"
	chmod 755 "$ROOTFS/script"
	args /bin/busybox-link echo linked
	run_quietly
	[ "$output" = linked ]
	args /script
	run_quietly
	[ "$output" = script ]
}

@test "a program or interpreter of the container is a link through a descriptor: no file of the host's is executed, nor overwritten" {
	local n before round
	# beside the state directory and beside the root file system, whose descriptors hull opens
	cp "$ROOTFS/usr/bin/busybox" "$DIR/busybox-host"
	before=$(md5sum <"$DIR/busybox-host")
	printf '#!/bin/busybox-evil sh\nexec 9</proc/self/exe; exec /bin/busybox sh -c "echo overwritten >/proc/self/fd/9"\n' >"$ROOTFS/script"
	chmod 755 "$ROOTFS/script"
	for n in 3 4 5 6 7 8 9 10 11 12 13 14; do
		for round in .. ../..; do
			ln -sfn "/proc/self/fd/$n/$round/busybox-host" "$ROOTFS/usr/bin/busybox-evil"
			args /bin/busybox-evil sh -c 'exec 9</proc/self/exe; exec /bin/busybox sh -c "echo overwritten >/proc/self/fd/9"'
			run_quietly
			[ "$status" -ne 0 ]
			[ "$(md5sum <"$DIR/busybox-host")" = "$before" ]
		done
		args /script
		run_quietly
		[ "$status" -ne 0 ]
		[ "$(md5sum <"$DIR/busybox-host")" = "$before" ]
	done
}

@test "exec of a program that is such a link" {
	local n before
	cp "$ROOTFS/usr/bin/busybox" "$DIR/busybox-host"
	before=$(md5sum <"$DIR/busybox-host")
	args sleep 60
	start_detached
	for n in 3 4 5 6 7 8 9 10 11 12 13 14; do
		ln -sfn "/proc/self/fd/$n/../busybox-host" "$ROOTFS/usr/bin/busybox-evil"
		not hull exec "$ID" /bin/busybox-evil true
		ln -sfn "/proc/self/fd/$n/../../busybox-host" "$ROOTFS/usr/bin/busybox-evil"
		not hull exec "$ID" /bin/busybox-evil true
	done
	[ "$(md5sum <"$DIR/busybox-host")" = "$before" ]
}

@test "a created container's process holds no directory of the host's" {
	local pid fd
	edit '.hooks.startContainer = [{"path": "/bin/true"}]'
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null
	pid=$(hull state "$ID" | jq .pid)
	for fd in /proc/"$pid"/fd/*; do
		[ ! -d "$fd/" ] || [ "$(stat -Lc '%d %i' "$fd")" = "$(stat -Lc '%d %i' "/proc/$pid/root")" ] || {
			echo "descriptor $fd is the directory $(readlink "$fd")"
			false
		}
	done
	hull start "$ID"
}

# ---- inodes that the container shares with the host ----

@test "twin: a masked file is empty and can be written to, and so can /dev/null" {
	echo hidden >"$ROOTFS/hidden"
	edit '.linux.maskedPaths += ["/hidden"]'
	args sh -c 'cat /hidden; echo x >/hidden; echo x >/dev/null; echo good'
	run_quietly
	[ "$output" = good ]
}

@test "the host's /dev/null is not changed through a mask" {
	local before
	before=$(stat -c '%a %u %g %y %z' /dev/null)
	echo hidden >"$ROOTFS/hidden"
	edit '.linux.maskedPaths += ["/hidden"] | .process.capabilities |= map_values(. + ["CAP_CHOWN", "CAP_FOWNER", "CAP_DAC_OVERRIDE"])'
	# (changes that would harm nobody)
	args sh -c 'chmod 666 /hidden; chown 0:0 /hidden; touch /hidden; true'
	run_quietly
	[ "$status" -eq 0 ]
	[ "$(stat -c '%a %u %g %y %z' /dev/null)" = "$before" ]
}

@test "the host's /dev/null is not changed through a node that had to be bound, for want of CAP_MKNOD" {
	local before
	before=$(stat -c '%a %u %g %y %z' /dev/null)
	edit 'del(.linux.maskedPaths) | .process.capabilities |= map_values(["CAP_CHOWN", "CAP_FOWNER", "CAP_DAC_OVERRIDE"])'
	args sh -c 'chmod 666 /dev/null; chown 0:0 /dev/null; touch /dev/null; echo x >/dev/null && echo good'
	status=0
	timeout 10 setpriv --inh-caps -mknod --bounding-set -mknod "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$DIR/attempt" 2>&1 3>&- || status=$?
	cat "$DIR/attempt"
	[ "$status" -eq 0 ]
	grep -q good "$DIR/attempt"
	[ "$(stat -c '%a %u %g %y %z' /dev/null)" = "$before" ]
}
