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

# cgroup_of NAME CONTROLLER: directory of a container's cgroup
cgroup_of()
{
	local pid path
	pid=$(podman inspect --format '{{.State.Pid}}' "$1")
	case $2 in
	unified) path=$(sed -n 's/^0:://p' "/proc/$pid/cgroup") ;;
	*) path=$(grep -E "^[0-9]+:([^:]*,)?$2(,[^:]*)?:" "/proc/$pid/cgroup" | cut -d: -f3) ;;
	esac
	echo "/sys/fs/cgroup/$2$path"
}

@test "pause, unpause, update, stats, top" {
	podman run -d --name "$NAME" --network none --memory 64m localhost/bb:1 sleep 1000 >/dev/null
	podman top "$NAME" pid comm | grep sleep
	[[ $(podman stats --no-stream --format '{{.PIDS}} {{.MemUsage}}' "$NAME") == "1 "*" / 67.11MB" ]]
	podman pause "$NAME" >/dev/null
	[ "$(podman inspect --format '{{.State.Status}}' "$NAME")" = paused ]
	[ "$(cat "$(cgroup_of "$NAME" freezer)/freezer.state")" = FROZEN ] || grep -q 'frozen 1' "$(cgroup_of "$NAME" unified)/cgroup.events"
	run podman exec "$NAME" true
	[ "$status" -ne 0 ]
	podman unpause "$NAME" >/dev/null
	[ "$(podman exec "$NAME" echo goes on)" = "goes on" ]
	podman update --memory 48m --cpus 0.3 --cpu-shares 300 "$NAME" >/dev/null
	[ "$(cat "$(cgroup_of "$NAME" memory)/memory.limit_in_bytes")" = $((48 << 20)) ]
	[ "$(cat "$(cgroup_of "$NAME" cpu)/cpu.cfs_quota_us")" = 30000 ]
	[ "$(cat "$(cgroup_of "$NAME" cpu)/cpu.shares")" = 300 ]
	run podman update --cpuset-cpus 4000 "$NAME"
	[ "$status" -ne 0 ]
	[[ $output == *cpuset.cpus* ]]
	podman rm -f -t 0 "$NAME" >/dev/null
	# (whether podman calls it OOMKilled is conmon's affair: on v1 here it does not, with runc neither)
	podman run --name "$NAME" --network none --memory 16m --memory-swap 16m localhost/bb:1 sh -c 'x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done' || true
	[ "$(podman inspect --format '{{.State.ExitCode}}' "$NAME")" = 137 ]
	# paused, and thrown away
	podman rm -f -t 0 "$NAME" >/dev/null
	podman run -d --name "$NAME" --network none localhost/bb:1 sleep 1000 >/dev/null
	podman pause "$NAME" >/dev/null
	podman rm -f -t 0 "$NAME" >/dev/null
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

@test "limits by their effect: memory kills, pids refuses, cpus throttles, a device is what it was given as" {
	local pid cgroup
	run podman run --rm --network none --pids-limit 8 localhost/bb:1 sh -c 'i=0; while [ $i -lt 20 ]; do sleep 5 & i=$((i + 1)); done'
	[ "$status" -ne 0 ]
	[[ $output == *"can't fork"* ]]
	podman run -d --name "$NAME" --network none --cpus 0.1 --memory 64m localhost/bb:1 sh -c 'while :; do :; done' >/dev/null
	throttled() { [ "$(awk '$1 == "nr_throttled" { print $2 }' "$(cgroup_of "$NAME" cpu)/cpu.stat")" -gt 3 ]; }
	eventually throttled
	# the same by update: it kills
	podman update --memory 16m --memory-swap 16m "$NAME" >/dev/null
	podman exec "$NAME" sh -c 'x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done' || status=$?
	[ "$status" -ne 0 ]
	[ "$(awk '$1 == "oom_kill" { print $2 }' "$(cgroup_of "$NAME" memory)/memory.oom_control")" -gt 0 ]
	podman rm -f -t 0 "$NAME" >/dev/null
	run podman run --rm --network none --device /dev/fuse:/dev/fuse:r --cap-add mknod localhost/bb:1 sh -c 'exec 2>&1; : </dev/fuse && echo read; (: >/dev/fuse); mknod /kmsg c 1 11; (: >/kmsg); : </dev/null && echo null'
	echo "$output"
	[[ $output == read*/dev/fuse*"not permitted"*/kmsg*"not permitted"*null ]]
}

@test "--cgroups disabled" {
	needs_hull
	[ "$(podman run --rm --network none --cgroups disabled localhost/bb:1 echo free)" = free ]
}

@test "user namespaces: --uidmap" {
	[ "$(podman run --rm --network none --uidmap 0:100000:5000 --gidmap 0:100000:5000 localhost/bb:1 awk '{ print $1, $2, $3 }' /proc/self/uid_map)" = "0 100000 5000" ]
}
