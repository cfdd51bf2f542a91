# limit: 900
# Podman as root, with hull as its runtime.
load podman

setup_file()
{
	engine_begin
	export CONTAINERS_CONF=$FILE_DIR/containers.conf
	podman_conf "$CONTAINERS_CONF"
	podman_command
	import_image
}

teardown_file()
{
	podman_command
	podman system reset -f >/dev/null 2>&1 || true
	engine_end
}

podman_command()
{
	PODMAN=(nsenter -t "$SANDBOX" -m -n --wdns=/ -- podman --root "$FILE_DIR/root" --runroot "$FILE_DIR/run" --tmpdir "$FILE_DIR/tmp" --runtime hull)
}
podman_command

podman() { timeout -k 5 "${LIMIT:-60}" "${PODMAN[@]}" "$@" 3>&-; }

NO_MQUEUE=

ns_of() { readlink "/proc/$SANDBOX/ns/$1"; }

@test "run: output, status, stdin" { case_run; }
@test "run -it" { case_terminal; }
@test "run -d, exec, exec -it, exec -d, logs, stop, rm" { case_detached; }
@test "kill, wait, restart, start, rm -f" { case_kill_restart; }
@test "programs that cannot run: 126 and 127, and why" { case_errors; }
@test "--init, --read-only" { case_init_readonly; }
@test "volumes, tmpfs" { case_volumes; }
@test "--user, --cap-add, --cap-drop, no-new-privileges" { case_users_capabilities; }
@test "seccomp: the default profile, unconfined, a profile of our own" { case_seccomp; }
@test "host namespaces: network, pid, ipc, uts" { case_host_namespaces; }
@test "a pod of two containers shares its network" { case_pod; }
@test "build a Containerfile with RUN" { case_build; }
@test "health check" { case_health; }

@test "pause, unpause, update, stats, top" {
	podman run -d --name "$NAME" --network none localhost/bb:1 sleep 1000 >/dev/null
	podman top "$NAME" pid comm | grep sleep
	"$HULL" pause --help >/dev/null 2>&1 && "$HULL" update --help >/dev/null 2>&1 || skip "this runtime has no pause or update yet"
	podman pause "$NAME" >/dev/null || skip "this runtime has no pause yet"
	[ "$(podman inspect --format '{{.State.Status}}' "$NAME")" = paused ]
	podman unpause "$NAME" >/dev/null
}

@test "limits: memory, pids, cpu" {
	# read from outside: the container's view of its cgroup is not hull's business
	podman run -d --name "$NAME" --network none --memory 64m --pids-limit 50 --cpus 0.5 localhost/bb:1 sleep 1000 >/dev/null
	pid=$(podman inspect --format '{{.State.Pid}}' "$NAME")
	cgroup=$(sed -n 's/^[0-9]*:pids://p' "/proc/$pid/cgroup")
	[ "$(cat "/sys/fs/cgroup/pids$cgroup/pids.max")" = 50 ]
	cgroup=$(sed -n 's/^[0-9]*:memory://p' "/proc/$pid/cgroup")
	[ "$(cat "/sys/fs/cgroup/memory$cgroup/memory.limit_in_bytes")" = $((64 << 20)) ]
	cgroup=$(sed -n 's/^[0-9]*:\(cpu\|cpu,cpuacct\)://p' "/proc/$pid/cgroup")
	[ "$(cat /sys/fs/cgroup/cpu"$cgroup"/cpu.cfs_quota_us)" = 50000 ]
}

@test "--cgroups disabled" {
	needs_hull
	[ "$(podman run --rm --network none --cgroups disabled localhost/bb:1 echo free)" = free ]
}

@test "user namespaces: --uidmap" {
	[ "$(podman run --rm --network none --uidmap 0:100000:5000 --gidmap 0:100000:5000 localhost/bb:1 awk '{ print $1, $2, $3 }' /proc/self/uid_map)" = "0 100000 5000" ]
}
