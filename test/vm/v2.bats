# cgroup v2, with every controller: limits and what they do, for root and for an ordinary user with a delegated cgroup.
load vm

# in_cgroup FILE: of the container
in_cgroup() { cat "$(cgroup_of)/$1"; }

# what User-Mode Linux lacks
needs_controller() { grep -qw "$1" /sys/fs/cgroup/cgroup.controllers || skip "no controller $1 in this machine"; }

@test "this is cgroup v2 with all controllers, and all capabilities" {
	[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]
	if [ "${VM-}" = uml ]; then
		grep -q 'cpu io memory pids' /sys/fs/cgroup/cgroup.controllers
	else
		grep -q 'cpuset cpu io memory hugetlb pids' /sys/fs/cgroup/cgroup.controllers
	fi
	grep -q '^CapEff:.*ffffffff$' /proc/self/status
}

@test "the payload is born in its cgroup, whose root it sees, and which is removed" {
	make_bundle
	args sh -c 'cat /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.procs'
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "${lines[0]} ${lines[1]}" = "0::/ 1" ]
	[ -z "$(cgroup_of)" ]
}

@test "memory.limit kills what exceeds it" {
	make_bundle
	limits '{"memory": {"limit": 16777216, "swap": 16777216, "reservation": 8388608}}'
	args sh -c 'cd /sys/fs/cgroup; cat memory.max memory.swap.max memory.low; x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done'
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 137 ]
	[ "${lines[0]} ${lines[1]} ${lines[2]}" = "16777216 0 8388608" ]
}

@test "pids.limit refuses" {
	make_bundle
	limits '{"pids": {"limit": 3}}'
	args sh -c 'cat /sys/fs/cgroup/pids.max; sleep 20 & sleep 20 & sleep 20 & sleep 20'
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[[ ${lines[0]} = 3 && $output == *"can't fork"* ]]
}

@test "pids.limit 1 runs one process" {
	make_bundle
	limits '{"pids": {"limit": 1}}'
	args cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids.current
	run hull run -b "$BUNDLE" "$ID"
	[ "$output" = "1"$'\n'"1" ]
}

@test "a fork bomb under pids.limit 10 never exceeds 10, and delete --force ends it" {
	make_bundle
	limits '{"pids": {"limit": 10}}'
	args sh -c 'bomb() { while :; do bomb & bomb; done; }; bomb 2>/dev/null & exec sleep 100'
	start_detached
	sleep 2
	[ "$(in_cgroup pids.peak)" -eq 10 ]
	[ "$(awk '$1 == "max" { print $2 }' "$(cgroup_of)/pids.events")" -gt 0 ]
	hull delete --force "$ID"
	[ -z "$(cgroup_of)" ]
}

@test "cpu.quota throttles; weight, burst and idle reach their files" {
	make_bundle
	limits '{"cpu": {"quota": 5000, "period": 50000, "burst": 1000, "shares": 512}}'
	args sh -c 'cd /sys/fs/cgroup; cat cpu.max cpu.weight cpu.max.burst; i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); done; cat cpu.stat'
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "${lines[0]} ${lines[1]} ${lines[2]}" = "5000 50000 59 1000" ]
	[ "$(awk '$1 == "nr_throttled" { print $2 }' <<<"$output")" -gt 0 ]
	limits '{"cpu": {"idle": 1}}'
	args cat /sys/fs/cgroup/cpu.idle
	run hull run -b "$BUNDLE" "$ID"
	[ "$output" = 1 ]
}

@test "cpu.cpus binds" {
	needs_controller cpuset
	make_bundle
	limits '{"cpu": {"cpus": "1", "mems": "0"}}'
	args sh -c 'grep Cpus_allowed_list /proc/self/status; cat /sys/fs/cgroup/cpuset.mems'
	run hull run -b "$BUNDLE" "$ID"
	[ "${lines[0]##*[[:space:]]}" = 1 ] && [ "${lines[1]}" = 0 ]
}

@test "a cpu that is not there is refused with field, value and file, and leaves nothing" {
	needs_controller cpuset
	make_bundle
	limits '{"cpu": {"cpus": "7"}}'
	refuses 'linux.resources.cpu.cpus' "'7'" /cpuset.cpus -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	[ -z "$(cgroup_of)" ]
}

@test "blockIO throttles writes to a disk" {
	local device start
	[ -e /sys/block/vdb ] || skip "no disk in this machine"
	device=$(cat /sys/block/vdb/dev)
	make_bundle
	limits "{\"blockIO\": {\"weight\": 100, \"throttleWriteBpsDevice\": [{\"major\": ${device%:*}, \"minor\": ${device#*:}, \"rate\": 1048576}]}}"
	mkdir "/mnt/$TAG"
	mount_entry "{\"destination\": \"/disk\", \"type\": \"bind\", \"source\": \"/mnt/$TAG\", \"options\": [\"bind\", \"rw\"]}"
	args sh -c 'cat /sys/fs/cgroup/io.max /sys/fs/cgroup/io.weight; dd if=/dev/zero of=/disk/f bs=1M count=3 conv=fsync 2>/dev/null'
	start=$EPOCHSECONDS
	run hull run -b "$BUNDLE" "$ID"
	rm -rf "/mnt/${TAG:?}"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == "$device "*wbps=1048576* ]]
	[[ ${lines[1]} == "default 910" ]]
	[ $((EPOCHSECONDS - start)) -ge 2 ]
}

@test "hugepage limits, reservations too; unified keys; rdma is not there" {
	needs_controller hugetlb
	make_bundle
	limits '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}], "unified": {"memory.high": "100000000", "pids.max": "77"}}'
	args sh -c 'cd /sys/fs/cgroup; cat hugetlb.2MB.max hugetlb.2MB.rsvd.max memory.high pids.max'
	run hull run -b "$BUNDLE" "$ID"
	[ "$(tr '\n' ' ' <<<"$output")" = "4194304 4194304 99999744 77 " ]
	# the effect: four pages fit in none but the two that it may have
	echo 8 >/proc/sys/vm/nr_hugepages
	edit 'del(.linux.resources.unified)'
	mount_entry '{"destination": "/huge", "type": "hugetlbfs", "source": "hugetlbfs", "options": ["pagesize=2M"]}'
	args sh -c 'fallocate -l 4M /huge/two && echo two; rm /huge/two; fallocate -l 8M /huge/four || echo no four'
	run hull run -b "$BUNDLE" "$ID"
	echo 0 >/proc/sys/vm/nr_hugepages
	echo "$output"
	[[ $output == two*"no four" ]]
	limits '{"rdma": {"nothing0": {"hcaHandles": 1}}}'
	refuses 'linux.resources.rdma' /rdma.max -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	[ -z "$(cgroup_of)" ]
}

@test "device rules by a program: allowed only as allowed" {
	make_bundle
	edit '.linux.resources.devices = [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "w"}]'
	edit '.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
	args sh -c 'mknod /tmp/kmsg c 1 11 && echo made; (: >/tmp/kmsg) && echo writes; (: </tmp/kmsg) && echo reads; mknod /tmp/mem c 1 1 && (: </tmp/mem) && echo mem;
		echo x >/dev/null && head -c 1 /dev/urandom >/dev/null && echo default'
	run hull run -b "$BUNDLE" "$ID"
	echo "$output"
	[[ $output == *writes* && $output == *default* && $output != *reads* && $output != *mem$'\n'* ]]
}

@test "pause stops a counter, resume lets it go on, and a paused container is deleted" {
	local before
	make_bundle
	args sh -c 'i=0; while :; do i=$((i + 1)); echo $i >/tmp/count; done'
	start_detached
	eventually test -s "$ROOTFS/tmp/count"
	hull pause "$ID"
	has_status paused
	[ "$(in_cgroup cgroup.events | awk '$1 == "frozen" { print $2 }')" = 1 ]
	before=$(cat "$ROOTFS/tmp/count")
	sleep 0.5
	[ "$(cat "$ROOTFS/tmp/count")" = "$before" ]
	hull resume "$ID"
	moved() { [ "$(cat "$ROOTFS/tmp/count")" != "$before" ]; }
	eventually moved
	hull pause "$ID"
	hull delete --force "$ID"
	[ -z "$(cgroup_of)" ]
}

@test "exec joins the cgroup, also when an init system inside moved itself down" {
	make_bundle
	edit '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	args sh -c 'cd /sys/fs/cgroup; mkdir init; echo 1 >init/cgroup.procs; echo +pids >cgroup.subtree_control; : >/tmp/ready; exec sleep 100'
	start_detached
	eventually test -e "$ROOTFS/tmp/ready"
	run hull exec "$ID" cat /proc/self/cgroup
	[ "$status" -eq 0 ]
	[ "$output" = 0::/init ]
	hull delete --force "$ID"
	[ -z "$(cgroup_of)" ]
}

@test "a user inside owns the cgroup where it is writable, and the kernel says it is safe" {
	make_bundle
	edit '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end) | .process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = {}'
	args sh -c 'mkdir /sys/fs/cgroup/a && echo made; echo 1 >/sys/fs/cgroup/pids.max && echo lifted'
	run hull run -b "$BUNDLE" "$ID"
	[[ $output == *made* && $output != *lifted* ]]
}

@test "root may raise hard resource limits and lower oom_score_adj" {
	make_bundle
	edit '.process.rlimits = [{"type": "RLIMIT_MSGQUEUE", "soft": 2000000, "hard": 3000000}] | .process.oomScoreAdj = -500'
	args sh -c 'grep "Max msgqueue" /proc/self/limits; cat /proc/self/oom_score_adj'
	run prlimit --msgqueue=819200:819200 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == *2000000*3000000* ]] && [ "${lines[1]}" = -500 ]
}

@test "rootless: limits hold in a delegated cgroup" {
	needs_controller cpuset
	user_bundle
	limits '{"pids": {"limit": 4}, "memory": {"limit": 16777216, "swap": 16777216}, "cpu": {"quota": 50000, "period": 100000, "cpus": "0"}}'
	args sh -c 'cd /sys/fs/cgroup; cat pids.max memory.max cpu.max cpuset.cpus; (sleep 9 & sleep 9 & sleep 9 & sleep 9) || echo refused; x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done'
	run vm_user "$HULL" --root /run/user/1000/hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 137 ]
	[ "$(head -n 4 <<<"$output" | tr '\n' ' ')" = "4 16777216 50000 100000 0 " ]
	[[ $output == *"can't fork"* ]]
	[ -z "$(cgroup_of)" ]
}

@test "rootless: a fork bomb under pids.limit 10 never exceeds 10" {
	user_bundle
	limits '{"pids": {"limit": 10}}'
	args sh -c 'bomb() { while :; do bomb & bomb; done; }; bomb 2>/dev/null & exec sleep 100'
	vm_user "$HULL" --root /run/user/1000/hull run -d -b "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>&1
	sleep 2
	[[ $(cgroup_of) == /sys/fs/cgroup/user-1000/* ]]
	[ "$(in_cgroup pids.peak)" -eq 10 ]
	vm_user "$HULL" --root /run/user/1000/hull delete --force "$ID"
	[ -z "$(cgroup_of)" ]
}

@test "rootless: pause and resume in a delegated cgroup" {
	user_bundle
	args sleep 100
	vm_user "$HULL" --root /run/user/1000/hull run -d -b "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>&1
	vm_user "$HULL" --root /run/user/1000/hull pause "$ID"
	[ "$(in_cgroup cgroup.freeze)" = 1 ]
	vm_user "$HULL" --root /run/user/1000/hull resume "$ID"
	[ "$(in_cgroup cgroup.freeze)" = 0 ]
	vm_user "$HULL" --root /run/user/1000/hull delete --force "$ID"
}

@test "rootless without a delegated cgroup: none without limits, an error that names the field with one" {
	user_bundle
	plain_user() { setpriv --reuid 1000 --regid 1000 --init-groups "$HULL" --root /run/user/1000/hull run -b "$BUNDLE" "$ID"; }
	run plain_user
	[ "$status" -eq 0 ]
	limits '{"pids": {"limit": 5}}'
	run plain_user
	[ "$status" -ne 0 ]
	[[ $output == *linux.resources.pids.limit* && $output == *denied*"systemd-run --user --scope -p Delegate=yes hull"* ]]
}

@test "twenty containers, one after the other, leave no cgroup" {
	make_bundle
	limits '{"pids": {"limit": 20}, "memory": {"limit": 33554432}}'
	for i in $(seq 20); do hull run -b "$BUNDLE" "$ID-$i"; done
	[ -z "$(find /sys/fs/cgroup -name "$ID-*")" ]
}

# Only here, where the machine can be lost: what follows would replace the root of all of its processes.
@test "the host's mount namespace is never joined, by whatever path and from wherever" {
	local path
	for path in /proc/self/ns/mnt /proc/1/ns/mnt "/proc/$$/ns/mnt"; do
		make_bundle
		edit '.linux.namespaces |= map(if .type == "mount" then .path = $p else . end)' --arg p "$path"
		run hull run -b "$BUNDLE" "$ID"
		[[ $status -eq 125 && $output == *"linux.namespaces["*"].path: "*"host's mount namespace"* ]]
		run unshare -m "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
		[[ $status -eq 125 && $output == *"host's mount namespace"* ]]
	done
}

@test "twin: one of somebody else's is joined; where that fails half-way, hull's directory is not left in it" {
	local holder outcome
	for outcome in 0 1; do
		make_bundle
		args cat /etc/hostname
		unshare -m --propagation private sleep 60 3>&- &
		holder=$!
		eventually sh -c "[ \"\$(readlink /proc/$holder/ns/mnt)\" != \"\$(readlink /proc/self/ns/mnt)\" ]"
		edit '.linux.namespaces |= map(if .type == "mount" then .path = $p else . end)' --arg p "/proc/$holder/ns/mnt"
		if [ $outcome = 0 ]; then
			run hull run -b "$BUNDLE" "$ID"
			[[ $status -eq 0 && $output = hull-test ]]
			grep -q ' /proc ' "/proc/$holder/mountinfo"
		else
			run strace -f -o "$DIR/trace" -e trace=pivot_root -e inject=pivot_root:error=EPERM "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
			[[ $status -eq 125 && $output == *"cannot pivot"* ]]
		fi
		not grep -F "${FILE_DIR##*/}" "/proc/$holder/mountinfo"
		kill "$holder"
	done
}
