# Attacks on a start that takes short cuts: where hull stands while it mounts, what lies over the host's root, and rights that it may lack. As in attack.bats each
# attack has a twin that shows the honest use of the same thing.
load lib

setup()
{
	test_begin
	make_bundle
}

# ---- where hull stands while it mounts ----

# layers: an overlay of directories named relative to where hull was called, after mounts of file systems; called from $DIR/here
layers()
{
	mkdir -p "$DIR/here/data" "$DIR/here/upper" "$DIR/here/work"
	touch "$DIR/here/data/ours"
	edit '.mounts |= map(select(.destination | startswith("/sys") | not)) | .mounts += [{destination: "/vol", type: "overlay", source: "overlay",
		options: ["lowerdir=data", "upperdir=upper", "workdir=work"]}] | .root.readonly = false'
	args sh -c 'ls /vol; touch /vol/new'
	cd "$DIR/here" || return
	run_quietly
}

@test "twin: layers of an overlay with relative names are below the caller's directory" {
	layers
	[ "$output" = ours ]
	[ -e "$DIR/here/upper/new" ]
}

@test "links of those names in the image's mount points lead no overlay to the host's directories" {
	local point
	mkdir -p "$DIR/host/data" "$DIR/host/upper" "$DIR/host/work"
	touch "$DIR/host/data/secret"
	for point in proc dev dev/pts dev/shm dev/mqueue; do
		mkdir -p "$ROOTFS/$point"
		ln -s "$DIR/host/data" "$DIR/host/upper" "$DIR/host/work" "$ROOTFS/$point/"
	done
	layers
	[ "$output" = ours ]
	[ -z "$(ls "$DIR/host/upper")" ]
}

@test "what is mounted over the host's root hides nothing of the host's from being unmounted" {
	touch "$DIR/canary"
	args sh -c "ls /..$DIR/canary 2>/dev/null; ls -di / /.. | awk '{ print \$1 }' | uniq | wc -l"
	status=0
	unshare -m --propagation private sh -c 'mount --rbind / / && cd / && exec "$@"' - \
		timeout --foreground -k 1 10 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$DIR/attempt" 2>&1 3>&- || status=$?
	cat "$DIR/attempt"
	[ "$status" -eq 0 ]
	[ "$(cat "$DIR/attempt")" = 1 ]
}

@test "a start needs no right to chroot" {
	command -v capsh >/dev/null || skip "capsh is not installed"
	args echo started
	run capsh --drop=cap_sys_chroot -- -c '"$0" "$@"' "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" 3>&-
	[[ $output == *started* ]]
}

# ---- what others may have before their eyes ----

# traced CALLS: the system calls of a run
traced()
{
	run strace -f -qq -o "$DIR/trace" -e trace="$1" "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" 3>&-
	[ "$status" -eq 0 ]
}

@test "twin: in a new tmpfs that nobody else sees mount points are mounted on by name" {
	args true
	traced mount
	grep -q 'mount("devpts", "pts"' "$DIR/trace"
}

@test "in a tmpfs that others may see, for a mount is shared, no mount point is named twice" {
	mkdir "$BUNDLE/volume"
	mount_entry '{"destination":"/volume","type":"bind","source":"volume","options":["rbind","rshared"]}'
	edit '.linux.rootfsPropagation = "shared"'
	args true
	traced mount
	not grep -E 'mount\([^,]*, "(pts|shm|mqueue)"' "$DIR/trace"
}
