# Podman as root over hull on cgroup v2, with its cgroupfs and its systemd manager: limits by what they do to the payload.
# shellcheck disable=SC2016 # the shell in the container expands it
load vm

setup_file()
{
	systemd_begin
	export CONTAINERS_CONF=$FILE_DIR/containers.conf
	sed "s|^hull = .*|hull = [\"$HULL\"]|" "$HERE/../../contrib/containers.conf.d/50-hull.conf" >"$CONTAINERS_CONF"
	sed -i 's|^\[engine\]$|[engine]\nevents_logger = "file"\nruntime = "hull"|' "$CONTAINERS_CONF"
	printf '[network]\nnetwork_backend = "netavark"\n' >>"$CONTAINERS_CONF"
	# the root is an overlay here: images go to the ext4 disk
	tar -C "$FILE_DIR/rootfs" -cf "$FILE_DIR/bb.tar" .
	MANAGER=cgroupfs podman import -q --change 'ENV PATH=/bin' "$FILE_DIR/bb.tar" localhost/bb:1 >/dev/null
}

teardown()
{
	podman rm -f -t 0 --all >/dev/null 2>&1
	local left
	# (podman's own parent and its monitors' cgroups may stay)
	left=$(find /sys/fs/cgroup -type d -name 'libpod-*' ! -name 'libpod-conmon-*')
	test_end || return 1
	[ -z "$left" ] || {
		echo "# left behind: $left"
		return 1
	}
}

podman()
{
	timeout -k 5 60 podman --root /mnt/podman --runroot "$FILE_DIR/run" --tmpdir "$FILE_DIR/tmp" --storage-driver vfs --runtime hull --cgroup-manager "$MANAGER" "$@" 3>&-
}

# c_run OPTION… -- SCRIPT: a container named "c"; it sees DIR as /test
c_run()
{
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	podman run --name c --network none -v "$DIR:/test" "${options[@]}" localhost/bb:1 sh -c "$2"
}

# value FILE: of the container's cgroup, as this machine sees it
value()
{
	local path
	path=$(sed -n 's/^0:://p' "/proc/$(podman inspect --format '{{.State.Pid}}' c)/cgroup")
	cat "/sys/fs/cgroup$path/$1"
}

# unit PROPERTY: of the container's scope
unit() { systemctl show -p "$1" --value "libpod-$(podman inspect --format '{{.Id}}' c).scope"; }

EATER='while [ ! -e /test/go ]; do sleep 0.05; done; x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done'

case_memory()
{
	: >"$DIR/go"
	run c_run --memory 16m --memory-swap 16m -- "$EATER"
	[ "$status" -eq 137 ]
	[ "$(podman inspect --format '{{.State.ExitCode}} {{.HostConfig.Memory}}' c)" = "137 16777216" ]
}

case_pids()
{
	c_run -d --pids-limit 8 -- '(i=0; while [ $i -lt 20 ]; do sleep 100 & i=$((i + 1)); done) 2>/test/said; exec sleep 1000' >/dev/null
	eventually grep -q fork "$DIR/said"
	[ "$(value pids.max)" = 8 ]
	[ "$(value pids.current)" -le 8 ]
}

# a tenth of a processor, the second one; and the figures that podman shows of it
case_cpu()
{
	c_run -d --cpus 0.1 --cpuset-cpus 1 --memory 64m -- 'while :; do :; done' >/dev/null
	throttled() { [ "$(value cpu.stat | awk '$1 == "nr_throttled" { print $2 }')" -gt 3 ]; }
	eventually throttled
	[ "$(value cpu.max)" = "10000 100000" ]
	[ "$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$(podman inspect --format '{{.State.Pid}}' c)/status")" = 1 ]
	run podman stats --no-stream --format '{{.PIDS}} {{.MemUsage}} {{.CPUNano}}' c
	echo "$output"
	[[ $output =~ ^1\ [0-9.]+k?M?B\ /\ 67.11MB\ [1-9][0-9]*$ ]]
}

case_devices()
{
	run c_run --rm --device /dev/fuse:/dev/fuse:r --cap-add mknod -- 'exec 2>&1; : </dev/fuse && echo read; (: >/dev/fuse); mknod /kmsg c 1 11; (: >/kmsg); : </dev/null && echo null'
	echo "$output"
	[ "${lines[0]}" = read ]
	[[ ${lines[1]} == */dev/fuse*"not permitted"* ]]
	[[ ${lines[2]} == */kmsg*"not permitted"* ]]
	[ "${lines[3]}" = null ]
	[ "${#lines[@]}" -eq 4 ]
}

case_update()
{
	c_run -d --memory 256m -- "$EATER" >/dev/null
	podman update --memory 16m --memory-swap 16m --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0 c >/dev/null
	run eval 'for file in memory.max memory.swap.max cpu.max cpu.weight cpuset.cpus; do value $file; done'
	echo "$output"
	[ "${lines[*]}" = "16777216 0 50000 100000 59 0" ]
	[ "$(podman exec c awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)" = 0 ]
	[ "$MANAGER" = cgroupfs ] || [ "$(unit MemoryMax) $(unit CPUQuotaPerSecUSec)" = "16777216 500ms" ]
	run podman update --cpuset-cpus 4000 c
	[ "$status" -ne 0 ]
	[ "$(value memory.max)" = 16777216 ]
	: >"$DIR/go"
	[ "$(podman wait c)" = 137 ]
}

case_pause()
{
	c_run -d -- 'while :; do echo >>/test/count; sleep 0.02; done' >/dev/null
	eventually test -s "$DIR/count"
	podman pause c >/dev/null
	[ "$(podman inspect --format '{{.State.Status}}' c)" = paused ]
	local before
	before=$(wc -l <"$DIR/count")
	sleep 0.5
	[ "$(wc -l <"$DIR/count")" = "$before" ]
	podman unpause c >/dev/null
	more() { [ "$(wc -l <"$DIR/count")" -gt "$before" ]; }
	eventually more
	# a paused container can be removed
	podman pause c >/dev/null
	podman rm -f -t 0 c >/dev/null
}

@test "cgroupfs: a memory limit kills" { MANAGER=cgroupfs && case_memory; }
@test "cgroupfs: a pids limit refuses" { MANAGER=cgroupfs && case_pids; }
@test "cgroupfs: a cpu limit throttles, a cpuset binds, stats" { MANAGER=cgroupfs && case_cpu; }
@test "cgroupfs: --device gives one device, and of that what it says" { MANAGER=cgroupfs && case_devices; }
@test "cgroupfs: update takes effect, or nothing of it" { MANAGER=cgroupfs && case_update; }
@test "cgroupfs: pause stops, unpause goes on" { MANAGER=cgroupfs && case_pause; }
@test "systemd: a memory limit kills" { MANAGER=systemd && case_memory; }
@test "systemd: a pids limit refuses" { MANAGER=systemd && case_pids; }
@test "systemd: a cpu limit throttles, a cpuset binds, stats" { MANAGER=systemd && case_cpu; }
@test "systemd: --device gives one device, and of that what it says" { MANAGER=systemd && case_devices; }
@test "systemd: update takes effect, or nothing of it" { MANAGER=systemd && case_update; }
@test "systemd: pause stops, unpause goes on" { MANAGER=systemd && case_pause; }
