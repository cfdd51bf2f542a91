# limit: 400
# shellcheck disable=SC2015,SC2016,SC2154 # command lines are data here; bats sets output, stderr and status
# Sandboxes in sandboxes, sixteen deep and in what others make: hull's containers, Podman's, bubblewrap's; and bubblewrap in ours. As root and as an ordinary
# user. Beside what works stands what must not: a sandbox that was not told to nest holds no other.
load podman

podman() { inside podman --root "$FILE_DIR/root" --runroot "$FILE_DIR/run" --tmpdir "$FILE_DIR/tmp" "$@"; }

setup_file()
{
	engine_begin
	user_up
	ln -s hull "$FILE_DIR/bin/selfdock"
	ln -s hull "$FILE_DIR/bin/bwrap"
	export CONTAINERS_CONF=$FILE_DIR/containers.conf
	podman_conf "$CONTAINERS_CONF"
	! command -v podman >/dev/null || import_image
}

teardown_file()
{
	! command -v podman >/dev/null || podman system reset -f >/dev/null 2>&1
	engine_end
}

setup() { test_begin; }
teardown() { test_end; }

# deep N COMMAND… -- LEVEL…: COMMAND behind N times LEVEL, in $line
deep()
{
	local n=$1 command=() i
	shift
	while [ "$1" != -- ]; do
		command+=("$1")
		shift
	done
	shift
	line=()
	for ((i = 0; i < n; i++)); do line+=("$@"); done
	line+=("${command[@]}")
}

limited() { timeout --foreground -k 1 30 "$@" 3>&-; }

# what a command at the bottom says: its pid and user, whether the root can be written, that /tmp can, that /run is empty, that it sees no other process
BOTTOM='echo $$ $(id -u); touch /etc/hull-test 2>/dev/null && echo wrote; touch /tmp/x && echo tmp; test -z "$(ls -A /run)" && echo run; kill -0 3 2>/dev/null || echo alone'

@test "hull sandbox --nest, 16 deep: user, root, user that is root inside, root that is a user inside" {
	deep 16 sh -c "$BOTTOM" -- "$HULL" sandbox --nest
	# root's inner ones share the outermost one's processes: they may not have a /proc that is not covered
	[[ $(limited "${line[@]}") == *" 0"$'\ntmp\nrun'* ]]
	[ "$(as_user timeout -k 1 30 "${line[@]}")" = "2 $(id -u "$TEST_USER")"$'\ntmp\nrun\nalone' ]
	deep 16 sh -c "$BOTTOM" -- "$HULL" sandbox --nest --as 0
	[ "$(as_user timeout -k 1 30 "${line[@]}")" = $'2 0\ntmp\nrun\nalone' ]
	deep 16 sh -c "$BOTTOM" -- "$HULL" sandbox --nest --as 1000:1000
	[[ $(limited "${line[@]}") == *" 1000"$'\ntmp\nrun'* ]]
}

@test "root's --nest: no way to write the machine's /proc/sys, at no depth" {
	local write='for f in /proc/sys/kernel/domainname /proc/sys/vm/dirty_ratio; do echo "$(cat "$f")" >"$f" && echo "wrote $f"; done; true'
	for n in 1 3; do
		deep "$n" sh -c "$write; unshare -Urm --propagation private sh -c 'mount -t proc p /mnt && echo new-proc; mount -o remount,rw,bind /proc/sys; umount /proc/sys; $write'; unshare -Urpmf --mount-proc sh -c '$write'" \
			-- "$HULL" sandbox --nest
		run limited "${line[@]}"
		[[ $output != *wrote* ]]
		[[ $output != *new-proc* ]]
	done
	run limited "$HULL" sandbox --require basic --nest "$HULL" sandbox --require basic true
	[ "$status" -eq 125 ]
	[[ $output == *"pid namespace"* ]]
	# an ordinary user's inner ones have all of it, since he may write nothing there
	[ "$(as_user timeout -k 1 30 "$HULL" sandbox --nest "$HULL" sandbox --require basic sh -c 'echo $$')" = 2 ]
}

@test "exit status, signals and streams through 16 of them" {
	deep 16 sh -c 'cat; exit 42' -- "$HULL" sandbox --nest
	status=0
	output=$(seq 20000 | as_user timeout -k 1 30 "${line[@]}" | md5sum; exit "${PIPESTATUS[1]}") || status=$?
	[ "$status" -eq 42 ]
	[ "$output" = "$(seq 20000 | md5sum)" ]
	deep 16 sh -c 'echo up; exec sleep 30' -- "$HULL" sandbox --nest
	"${line[@]}" >"$DIR/up" </dev/null 3>&- &
	local pid=$!
	eventually grep -q up "$DIR/up"
	kill "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 143 ]
}

@test "without --nest there is no second one, and the message says why" {
	deep 2 true -- "$HULL" sandbox
	run as_user timeout -k 1 30 "${line[@]}"
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *--nest* ]]
	run limited "${line[@]}"
	[ "$status" -eq 125 ]
}

@test "selfdock and bwrap, 16 deep; hull's and bubblewrap's in turns" {
	deep 16 id -u -- "$FILE_DIR/bin/selfdock" run
	[ "$(as_user timeout -k 1 30 "${line[@]}")" = "$(id -u "$TEST_USER")" ]
	[ "$(limited "${line[@]}")" = 0 ]
	deep 16 id -u -- "$FILE_DIR/bin/bwrap" --unshare-all --ro-bind / / --proc /proc --dev /dev
	[ "$(as_user timeout -k 1 30 "${line[@]}")" = "$(id -u "$TEST_USER")" ]
	# root's procfs is covered in part, as bubblewrap's is: a further one cannot be made
	run limited "${line[@]}"
	[ "$status" -eq 1 ]
	deep 16 id -u -- "$FILE_DIR/bin/bwrap" --unshare-all --ro-bind / / --bind /proc /proc --dev /dev
	[ "$(limited "${line[@]}")" = 0 ]
	[ -x /usr/bin/bwrap ] || skip "bubblewrap is not installed"
	deep 4 id -u -- "$HULL" sandbox --nest /usr/bin/bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev
	[ "$(as_user timeout -k 1 30 "${line[@]}")" = "$(id -u "$TEST_USER")" ]
}

@test "bubblewrap in a sandbox, a sandbox in bubblewrap" {
	[ -x /usr/bin/bwrap ] || skip "bubblewrap is not installed"
	local bwrap=(/usr/bin/bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp)
	[ "$(as_user "$HULL" sandbox --nest "${bwrap[@]}" sh -c 'echo $(id -u)')" = "$(id -u "$TEST_USER")" ]
	[ "$("$HULL" sandbox --nest /usr/bin/bwrap --unshare-user --unshare-ipc --ro-bind / / --dev /dev --tmpfs /tmp sh -c 'echo $(id -u)' 3>&-)" = 0 ]
	# root's procfs has covers, and the kernel makes none beside it (doc/sandbox.md); what can be seen may be shown
	not "$HULL" sandbox --nest /usr/bin/bwrap --unshare-user --unshare-pid --ro-bind / / --proc /proc true 3>&-
	"$HULL" sandbox --nest /usr/bin/bwrap --unshare-user --ro-bind / / --proc /proc test -e /proc/self/status 3>&-
	not "$HULL" sandbox --nest /usr/bin/bwrap --unshare-user --ro-bind / / --proc /proc test -w /proc/sys/kernel/core_pattern 3>&-
	not as_user "$HULL" sandbox "${bwrap[@]}" true
	[ "$(as_user "${bwrap[@]}" "$HULL" sandbox sh -c "$BOTTOM")" = "2 $(id -u "$TEST_USER")"$'\ntmp\nrun\nalone' ]
}

@test "in a container of hull's own: root's, and an ordinary user's" {
	make_bundle
	cp "$HULL" "$ROOTFS/usr/bin/hull"
	args hull sandbox sh -c "$BOTTOM"
	edit '.process.user = {uid: 1000, gid: 1000}'
	run hull run -b "$BUNDLE" "$ID"
	echo "$output"
	# parts of /proc are masked, so the kernel lets nobody have another
	[ "$status" -eq 125 ]
	[[ $output == *masked* ]]
	edit '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	[ "$(hull run -b "$BUNDLE" "$ID")" = $'2 1000\ntmp\nrun\nalone' ]
	make_bundle --rootless
	chmod 755 "$BUNDLE"
	args hull sandbox sh -c "$BOTTOM"
	edit '.linux.maskedPaths = [] | .linux.readonlyPaths = [] | .process.capabilities.bounding += ["CAP_SETFCAP"] | .process.capabilities.effective += ["CAP_SETFCAP"] | .process.capabilities.permitted += ["CAP_SETFCAP"]
		| .linux.uidMappings[0].hostID = $u | .linux.gidMappings[0].hostID = $g' --argjson u "$(id -u "$TEST_USER")" --argjson g "$(id -g "$TEST_USER")"
	chown -R "$TEST_USER:" "$BUNDLE"
	[ "$(as_user timeout -k 1 20 "$HULL" run -b "$BUNDLE" "$ID")" = $'2 0\ntmp\nrun\nalone' ]
}

@test "a container in a sandbox: hull run with --nest" {
	make_bundle --rootless
	chown -R "$TEST_USER:" "$BUNDLE"
	edit '.linux.uidMappings[0].hostID = $u | .linux.gidMappings[0].hostID = $g | .process.args = ["id", "-u"]' --argjson u "$(id -u "$TEST_USER")" --argjson g "$(id -g "$TEST_USER")"
	run as_user timeout -k 1 20 "$HULL" sandbox --nest "$HULL" --root /tmp/state run -b "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = 0 ]
}

@test "in Podman's containers" {
	command -v podman >/dev/null || skip "podman is not installed"
	local start=(podman run --rm --network none -v "$HULL:/usr/bin/hull:ro")
	# Podman's filter lets no user namespaces through, and its masks no procfs: as with any tool of this kind
	run "${start[@]}" localhost/bb:1 hull sandbox id -u
	echo "$output"
	[ "$status" -eq 125 ]
	[ "$("${start[@]}" --security-opt seccomp=unconfined --security-opt unmask=ALL localhost/bb:1 hull sandbox sh -c "$BOTTOM")" = $'2 0\ntmp\nrun\nalone' ]
	[ "$("${start[@]}" --security-opt seccomp=unconfined --security-opt unmask=ALL --user 1000 localhost/bb:1 hull sandbox sh -c "$BOTTOM")" = $'2 1000\ntmp\nrun\nalone' ]
	deep 16 id -u -- hull sandbox --nest
	[ "$("${start[@]}" --security-opt seccomp=unconfined --security-opt unmask=ALL localhost/bb:1 "${line[@]}")" = 0 ]
}

@test "in Podman's containers, without their filter but with their masks: the message says what is in the way" {
	command -v podman >/dev/null || skip "podman is not installed"
	run podman run --rm --network none -v "$HULL:/usr/bin/hull:ro" --security-opt seccomp=unconfined --user 1000 localhost/bb:1 hull sandbox id -u
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *masked* ]]
}
