#!/usr/bin/env bats
# The container's root in the place of the host's, by pivot_root(2) or without it (aspect/rootfs_swap.c), and what lies below it then.
load lib

ROOT_PY=$BATS_TEST_DIRNAME/root.py

# numbers of mounts and devices differ from run to run, and with them the order
SHOW='cut -d" " -f4- /proc/self/mountinfo | sort; ls -di / /.. | awk "{ print \$1 }" | uniq; echo "$PWD"; ls -d /proc/1/root/etc'

setup()
{
	test_begin
	needs_hull
	command -v strace >/dev/null || skip "strace is not installed"
	[ "$(printf '6.8\n%s\n' "$(uname -r)" | sort -V | head -n 1)" = 6.8 ] || skip "this kernel has no statmount(2)"
	make_bundle
	args sh -c "$SHOW"
}

# traced STRACE-OPTION…: the output of `hull run`, and in PIVOTS how often pivot_root was called
traced()
{
	run strace -f -qq -o "$DIR/trace" -e trace=pivot_root,statx,pidfd_open,umount2 "$@" "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" 3>&-
	[ "$status" -eq 0 ]
	PIVOTS=$(grep -c 'pivot_root(.*= 0' "$DIR/trace" || true)
}

@test "the mounts are the same with pivot_root and without" {
	mkdir "$BUNDLE/data"
	for options in '["rbind","rw"]' '["bind","ro","rslave"]' '["rbind","private"]'; do
		mount_entry "{\"destination\":\"/m$((++n))\",\"type\":\"bind\",\"source\":\"data\",\"options\":$options}"
	done
	traced
	[ "$PIVOTS" -eq 0 ]
	expected=$output
	[[ $expected == *" /m3 "* ]]
	# where the kernel does not tell what lies below the root, or refuses what makes it unnecessary
	for fault in statx:error=ENOSYS pidfd_open:error=ENOSYS umount2:error=EINVAL:when=1; do
		traced -e "inject=$fault"
		[ "$PIVOTS" -eq 1 ] || { cat "$DIR/trace"; false; }
		diff <(echo "$expected") <(echo "$output")
	done
}

@test "what a copy of the tree would not keep is left to pivot_root: hooks' mounts, shared and unbindable ones" {
	edit '.hooks.createRuntime = [{"path": "/bin/true"}]'
	traced
	[ "$PIVOTS" -eq 1 ]
	edit '.hooks = {"createContainer": [{"path": "/bin/true"}]}'
	traced
	[ "$PIVOTS" -eq 1 ]
	edit 'del(.hooks)'
	mkdir "$BUNDLE/data"
	mount_entry '{"destination":"/m","type":"bind","source":"data","options":["bind"]}'
	for options in '["bind","shared"]' '["bind","unbindable"]' '["rbind","rshared"]'; do
		edit '.mounts[-1].options = $o' --argjson o "$options"
		traced
		[ "$PIVOTS" -eq 1 ]
		[[ $output == *" /m "* ]]
	done
	edit '.mounts |= .[:-1] | .linux.rootfsPropagation = "shared"'
	traced
	[ "$PIVOTS" -eq 1 ]
	# twin: what is only followed
	edit '.linux.rootfsPropagation = "rslave"'
	traced
	[ "$PIVOTS" -eq 0 ]
}

# A payload with CAP_SYS_ADMIN may unmount its root; who enters its namespace then sees what lies below.
@test "below the root lies the same with pivot_root and without, and nothing of the host's" {
	edit '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	args sh -c 'umount -l / && exec sleep 30'
	for hooks in '{}' '{"createRuntime": [{"path": "/bin/true"}]}'; do
		edit '.hooks = $h' --argjson h "$hooks"
		start_detached
		pid=$(hull state "$ID" | jq .pid)
		eventually not test -e "/proc/$pid/root/proc/1"
		run python3 "$ROOT_PY" below "$pid"
		[ "$status" -eq 0 ]
		[[ $output == *False ]]
		[ "${below=$output}" = "$output" ]
		hull delete --force "$ID"
	done
}

@test "a root that hangs on a shared mount is not unmounted, there and everywhere: pivot_root refuses" {
	run python3 "$ROOT_PY" shared "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" 3>&-
	[[ $output == *"cannot pivot"* ]]
	[[ $output == *"root there status 1"* ]]
}

@test "twin: a root that hangs on another is left by pivot_root" {
	traced
	expected=$output
	run python3 "$ROOT_PY" stacked strace -f -qq -o "$DIR/trace" -e trace=pivot_root "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" 3>&-
	grep -q 'pivot_root(.*= 0' "$DIR/trace"
	[[ $output == *"root there status 0"* ]]
}

@test "a root that is the host's own lies over it, not below it, and is left to pivot_root" {
	edit '.root = {path: "/", readonly: true}'
	args sh -c 'ls -di / /.. | awk "{ print \$1 }" | uniq | wc -l; touch /etc/hull-test 2>/dev/null || echo read-only'
	traced
	[ "$PIVOTS" -eq 1 ]
	[ "$output" = $'1\nread-only' ]
	run "$HULL" sandbox --share user -- sh -c 'touch /etc/hull-test 2>/dev/null || echo read-only' 3>&-
	[ "$output" = read-only ]
}
