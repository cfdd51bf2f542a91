# limit: 300
# containerd's ctr with hull as the shim's runtime: run, -t, exec, kill, delete, an OCI config of our own.
load engines

setup_file()
{
	engine_begin
	ctr_command
	# (a socket's path has room for 107 bytes)
	cat >"$FILE_DIR/config.toml" <<-END
		version = 2
		root = "$FILE_DIR/cd/root"
		state = "$FILE_DIR/cd/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
		[grpc]
		  address = "$FILE_DIR/containerd.sock"
		[ttrpc]
		  address = "$FILE_DIR/containerd.sock.ttrpc"
		[plugins."io.containerd.internal.v1.opt"]
		  path = "$FILE_DIR/cd/opt"
	END
	nsenter -t "$SANDBOX" -m -n --wdns=/ -- env PATH="$PATH" containerd -c "$FILE_DIR/config.toml" >"$FILE_DIR/containerd.log" 2>&1 3>&- &
	echo $! >"$FILE_DIR/containerd.pid"
	eventually_long ctr version || {
		tail -n 20 "$FILE_DIR/containerd.log"
		return 1
	}
}

teardown_file()
{
	end_daemon "$FILE_DIR/containerd.pid"
	engine_end
}

setup()
{
	test_begin
	NAME=c$TAG
}

teardown()
{
	ctr task kill -s KILL "$NAME" >/dev/null 2>&1 || true
	ctr task rm -f "$NAME" >/dev/null 2>&1 || true
	ctr container rm "$NAME" >/dev/null 2>&1 || true
	local left tries=50
	while left=$(engine_leftovers | grep -v -e 'containerd -c' || true) && [ -n "$left" ] && [ $((tries -= 1)) -gt 0 ]; do sleep 0.1; done
	test_end || return 1
	[ -z "$left" ] || {
		echo "# left behind: $left"
		return 1
	}
}

ctr_command() { CTR=(nsenter -t "$SANDBOX" -m -n --wdns=/ -- ctr -a "$FILE_DIR/containerd.sock" -n "$ENGINE_CGROUP"); }
ctr_command
ctr() { timeout -k 5 60 "${CTR[@]}" "$@" 3>&-; }
rootfs=(--rootfs --runc-binary "$HULL" "$FILE_DIR/rootfs")

@test "run --rm: output and status" {
	[ "$(ctr run --rm "${rootfs[@]}" "$NAME" /bin/echo hi)" = hi ]
	run ctr run --rm "${rootfs[@]}" "$NAME" /bin/sh -c 'exit 43'
	[ "$status" -eq 43 ]
}

@test "run -t" {
	run on_terminal "${CTR[@]}" run --rm -t "${rootfs[@]}" "$NAME" /bin/sh -c 'tty; exit 5'
	echo "$output"
	[ "$status" -eq 5 ]
	[[ $output == */dev/* ]]
}

@test "run -d, exec, exec -t, ps, kill, rm" {
	ctr run -d "${rootfs[@]}" "$NAME" /bin/sleep 1000
	ctr task ls | grep "$NAME.*RUNNING"
	[ "$(ctr task exec --exec-id e1 "$NAME" /bin/echo inside)" = inside ]
	run ctr task exec --exec-id e2 "$NAME" /bin/sh -c 'exit 6'
	[ "$status" -eq 6 ]
	run on_terminal "${CTR[@]}" task exec -t --exec-id e3 "$NAME" /bin/tty
	[[ $output == */dev/pts/* ]]
	ctr task ps "$NAME" | grep -q '[0-9]'
	ctr task kill -s KILL "$NAME"
	eventually sh -c "$(printf '%q ' "${CTR[@]}") task ls | grep '$NAME.*STOPPED'"
	ctr task rm "$NAME" >/dev/null || true
	ctr container rm "$NAME"
}

@test "a program that is not there: an error that says so" {
	run ctr run --rm "${rootfs[@]}" "$NAME" /no/such/program
	[ "$status" -ne 0 ]
	[[ $output == *"no such file or directory"* ]]
}

@test "a config of our own" {
	make_bundle
	edit '.root.path = $r | .process.args = ["sh", "-c", "echo $WORD; hostname"] | .process.env += ["WORD=given"] | .hostname = "here"' --arg r "$ROOTFS"
	[ "$(ctr run --rm --config "$BUNDLE/config.json" --runc-binary "$HULL" "$NAME")" = $'given\nhere' ]
}

@test "limits" {
	ctr run -d --memory-limit 67108864 "${rootfs[@]}" "$NAME" /bin/sleep 1000
	pid=$(ctr task ls | awk -v n="$NAME" '$1 == n { print $2 }')
	cgroup=$(sed -n 's/^[0-9]*:memory://p' "/proc/$pid/cgroup")
	[ "$(cat "/sys/fs/cgroup/memory$cgroup/memory.limit_in_bytes")" = 67108864 ]
}
