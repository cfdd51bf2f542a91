# Control groups: membership, limits and what they do, device rules, exec, removal, and the layouts v1, hybrid, v2 and none.
load lib

# the cgroup directory of TAG in a hierarchy: cg pids
cg() { find "/sys/fs/cgroup/$1" -type d -name "$ID" 2>/dev/null | head -n 1; }

limits() { edit ".linux.resources += $1"; }

cgroup_path() { edit '.linux.cgroupsPath = $p' --arg p "$1"; }

v1_here() { [ -e /sys/fs/cgroup/pids/cgroup.procs ] || skip "no v1 hierarchies"; }

@test "the payload is in its own cgroup of every hierarchy, and all are removed" {
	make_bundle
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	args cat /proc/self/cgroup
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "$(grep -vc "/$ID\$" <<<"$output")" -eq 0 ]
	[ -z "$(find /sys/fs/cgroup -name "$ID")" ]
}

@test "an absolute cgroupsPath lies below the mount point, and its missing parents are made" {
	make_bundle
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	cgroup_path "/p$TAG//./$ID"
	args cat /proc/self/cgroup
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "$(grep -vc ":/p$TAG/$ID\$" <<<"$output")" -eq 0 ]
	find /sys/fs/cgroup -type d -name "p$TAG" -exec rmdir {} +
}

@test "a cgroupsPath cannot climb out of the hierarchies" {
	make_bundle
	cgroup_path "../../../../../tmp/$ID"
	run hull run -b "$BUNDLE" "$ID"
	[ ! -e "/tmp/$ID" ]
	find /sys/fs/cgroup -mindepth 2 -type d -name tmp -exec rmdir {} + 2>/dev/null || true
}

@test "in a cgroup namespace the payload sees its own cgroup as the root" {
	make_bundle
	args cat /proc/self/cgroup
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "$(grep -vc ':/$' <<<"$output")" -eq 0 ]
}

@test "pids.limit holds against a fork bomb" {
	v1_here
	make_bundle
	limits '{"pids": {"limit": 10}}'
	args sh -c 'i=0; while [ $i -lt 50 ]; do sleep 5 & i=$((i + 1)); done'
	run hull run -b "$BUNDLE" "$ID"
	[[ $output == *"can't fork"* ]]
	args cat /sys/fs/cgroup/pids/pids.max
	run hull run -b "$BUNDLE" "$ID"
	[ "$output" = 10 ]
	# a real one: it never has more, from its first moment on
	args sh -c 'bomb() { while :; do bomb & bomb; done; }; bomb 2>/dev/null & exec sleep 100'
	start_detached
	[ -e "$(cg pids)/pids.peak" ] || skip "this kernel counts no peak"
	full() { [ "$(awk '$1 == "max" { print $2 }' "$(cg pids)/pids.events")" -gt 0 ]; }
	eventually full
	[ "$(cat "$(cg pids)/pids.peak")" -eq 10 ]
	hull delete --force "$ID"
}

@test "pids.limit 0 is no limit in old documents, and a limit from 1.3 on" {
	needs_hull
	v1_here
	make_bundle
	limits '{"pids": {"limit": 0}}'
	args cat /sys/fs/cgroup/pids/pids.max
	edit '.ociVersion = "1.0.2-dev"'
	run hull run -b "$BUNDLE" "$ID"
	[ "$output" = max ]
	edit '.ociVersion = "1.3.0"'
	run hull run -b "$BUNDLE" "$ID"
	[ "$output" = 0 ]
}

@test "memory.limit kills what exceeds it" {
	v1_here
	make_bundle
	limits '{"memory": {"limit": 16777216, "swap": 16777216}}'
	args sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes; x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done'
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 137 ]
	[ "${lines[0]}" = 16777216 ] && [ "${lines[1]}" = 16777216 ]
}

@test "disableOOMKiller: who exceeds the limit waits, and can still be killed" {
	v1_here
	make_bundle
	limits '{"memory": {"limit": 16777216, "swap": 16777216, "disableOOMKiller": true, "kernelTCP": 4194304}}'
	args sh -c 'x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done'
	start_detached
	waits() { grep -q '^under_oom 1' "$(cg memory)/memory.oom_control"; }
	eventually waits
	[ "$(cat "$(cg memory)/memory.kmem.tcp.limit_in_bytes")" = 4194304 ]
	has_status running
	hull kill "$ID" KILL
	eventually has_status stopped
	hull delete "$ID"
}

@test "cpu and cpuset settings reach their files" {
	v1_here
	make_bundle
	limits '{"cpu": {"shares": 512, "quota": 20000, "period": 50000, "burst": 1000, "cpus": "0", "mems": "0"}, "memory": {"reservation": 8388608, "swappiness": 7}}'
	args sh -c 'cd /sys/fs/cgroup; cat cpu/cpu.shares cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpuset/cpuset.cpus cpuset/cpuset.mems memory/memory.soft_limit_in_bytes memory/memory.swappiness; grep Cpus_allowed_list /proc/self/status'
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "$(head -n 7 <<<"$output" | tr '\n' ' ')" = "512 20000 50000 0 0 8388608 7 " ]
	[ "${lines[7]##*[[:space:]]}" = 0 ]
}

@test "a cpu quota throttles" {
	v1_here
	make_bundle
	limits '{"cpu": {"quota": 5000, "period": 50000}}'
	args sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; cat /sys/fs/cgroup/cpu/cpu.stat'
	run hull run -b "$BUNDLE" "$ID"
	[ "$(awk '/nr_throttled/ { print $2 }' <<<"$output")" -gt 0 ]
}

@test "what engines write to say nothing is no limit" {
	v1_here
	make_bundle
	limits '{"memory": {"limit": 0, "swap": 0, "disableOOMKiller": false}, "cpu": {"shares": 0, "quota": 0, "period": 0, "cpus": "", "mems": ""},
		"blockIO": {"weight": 0}, "network": {}, "hugepageLimits": [], "unified": {}}'
	args sh -c 'cd /sys/fs/cgroup; cat cpu/cpu.shares cpu/cpu.cfs_quota_us'
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ] && [ "${lines[0]}" = 1024 ] && [ "${lines[1]}" = -1 ]
}

@test "a limit that cannot be had is refused with field, value and file, and leaves nothing" {
	needs_hull
	v1_here
	make_bundle
	cp "$BUNDLE/config.json" "$DIR/good.json"
	limits '{"cpu": {"cpus": "4000"}}'
	refuses 'linux.resources.cpu.cpus' "'4000'" /cpuset.cpus -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	cp "$DIR/good.json" "$BUNDLE/config.json"
	limits '{"blockIO": {"leafWeight": 100}}'
	refuses 'linux.resources.blockIO.leafWeight' "'100'" /blkio.leaf_weight "No such file" -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	cp "$DIR/good.json" "$BUNDLE/config.json"
	limits '{"network": {"classID": 1}}'
	refuses 'linux.resources.network.classID' net_cls -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	cp "$DIR/good.json" "$BUNDLE/config.json"
	limits '{"unified": {"memory.high": "1000000"}}'
	refuses 'linux.resources.unified["memory.high"]' -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	cp "$DIR/good.json" "$BUNDLE/config.json"
	limits '{"unified": {"../cgroup.procs": "1"}}'
	refuses 'linux.resources.unified' '../cgroup.procs' -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	[ -z "$(find /sys/fs/cgroup -name "$ID")" ]
}

@test "device rules: the default set works, others are refused" {
	make_bundle
	edit '.linux.resources.devices = [{"allow": false, "access": "rwm"}]'
	edit '.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
	args sh -c 'echo x > /dev/null && head -c 1 /dev/urandom >/dev/null && echo default; mknod /tmp/kmsg c 1 11 && echo made; cat /tmp/kmsg'
	run hull run -b "$BUNDLE" "$ID"
	[[ $output == *default* && $output == *made* ]]
	[[ $output == *"/tmp/kmsg"*"not permitted"* ]]
}

@test "device rules: one that is allowed can be used, only as allowed" {
	make_bundle
	edit '.linux.resources.devices = [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "w"}]'
	edit '.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
	args sh -c 'mknod /tmp/kmsg c 1 11; (: >/tmp/kmsg) && echo writes; (: </tmp/kmsg) && echo reads; cat /sys/fs/cgroup/devices/devices.list'
	run hull run -b "$BUNDLE" "$ID"
	[[ $output == *writes* && $output != *reads* && $output == *"c 1:11 w"* ]]
}

@test "device rules: a privileged container may use all" {
	v1_here
	make_bundle
	edit '.linux.resources.devices = [{"allow": true, "access": "rwm"}]'
	args cat /sys/fs/cgroup/devices/devices.list
	run hull run -b "$BUNDLE" "$ID"
	[ "$output" = "a *:* rwm" ]
}

@test "device rules: a hole in a wildcard is refused, not ignored" {
	make_bundle
	edit '.linux.resources.devices = [{"allow": false}, {"allow": true, "type": "c", "major": 4, "access": "rw"}, {"allow": false, "type": "c", "major": 4, "minor": 5, "access": "w"}]'
	edit '.linux.resources.devices |= map(.access //= "rwm")'
	refuses devices -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
}

@test "exec joins every cgroup of the container" {
	make_bundle
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	args sleep 100
	start_detached
	run hull exec "$ID" cat /proc/self/cgroup
	[ "$status" -eq 0 ]
	[ "$(grep -vc "/$ID\$" <<<"$output")" -eq 0 ]
}

@test "exec --cgroup joins a cgroup below the container's" {
	v1_here
	has_option exec --cgroup || skip "no exec --cgroup"
	make_bundle
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	args sleep 100
	start_detached
	mkdir "$(cg pids)/sub"
	run hull exec --cgroup pids:sub "$ID" cat /proc/self/cgroup
	[ "$status" -eq 0 ]
	grep -q "pids:.*/$ID/sub\$" <<<"$output"
	grep -q "freezer:.*/$ID\$" <<<"$output"
	refuses "no$TAG" -- "$HULL" --root "$STATE" exec --cgroup "no$TAG" "$ID" true
	refuses "--cgroup: '..'" -- "$HULL" --root "$STATE" exec --cgroup .. "$ID" true
	refuses "--cgroup: 'pids:sub/../..'" -- "$HULL" --root "$STATE" exec --cgroup pids:sub/../.. "$ID" true
	# a controller that is not there would leave the process in the container's own cgroup
	refuses pidz -- "$HULL" --root "$STATE" exec --cgroup pidz:sub "$ID" true
	refuses pidz -- "$HULL" --root "$STATE" exec --cgroup pids,pidz:/ "$ID" true
}

@test "ps and kill --all reach what hides in cgroups below" {
	make_bundle
	edit '.linux.namespaces |= map(select(.type != "pid"))'
	args sh -c 'sleep 99 & sleep 99 & sleep 99'
	start_detached
	has_3() { [ "$(hull ps --format json "$ID" | jq length)" -eq 3 ]; }
	eventually has_3
	hull kill --all "$ID" KILL
	eventually has_status stopped
	hull delete "$ID"
}

@test "delete --force kills what is left, in cgroups that the payload made too" {
	v1_here
	make_bundle
	edit '.linux.namespaces |= map(select(.type != "pid" and .type != "cgroup"))'
	edit '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	args sh -c 'for d in /sys/fs/cgroup/*/; do mkdir -p "$d/a/b"; done; setsid sleep 98 & sleep 98'
	start_detached
	eventually test -d "$(cg pids)/a/b"
	hull delete --force "$ID"
	[ -z "$(find /sys/fs/cgroup -name "$ID")" ]
}

@test "a frozen container is deleted all the same" {
	v1_here
	make_bundle
	args sleep 97
	start_detached
	echo FROZEN >"$(cg freezer)/freezer.state"
	hull delete --force "$ID"
	[ -z "$(find /sys/fs/cgroup -name "$ID")" ]
}

@test "a cgroup with processes of others is not taken over" {
	needs_hull
	v1_here
	make_bundle
	mkdir "/sys/fs/cgroup/pids/$ID"
	sleep 60 3>&- &
	echo $! >"/sys/fs/cgroup/pids/$ID/cgroup.procs"
	cgroup_path "/$ID"
	refuses "/sys/fs/cgroup/pids/$ID" "in use" -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	kill -0 $!
	kill $!
	wait $! || true
	rmdir "/sys/fs/cgroup/pids/$ID"
}

@test "an empty cgroup that is there already is taken over" {
	v1_here
	make_bundle
	mkdir "/sys/fs/cgroup/pids/$ID"
	cgroup_path "/$ID"
	hull run -b "$BUNDLE" "$ID"
	[ ! -d "/sys/fs/cgroup/pids/$ID" ]
}

@test "--cgroup-manager disabled: no cgroup is made or joined" {
	needs_hull
	make_bundle
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	args cat /proc/self/cgroup
	run hull --cgroup-manager disabled run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "$output" = "$(cat /proc/self/cgroup)" ]
	args sleep 100
	hull --cgroup-manager disabled run -d -b "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>&1
	refuses "without a cgroup" -- "$HULL" --root "$STATE" update --memory 5m "$ID"
	refuses freezer -- "$HULL" --root "$STATE" pause "$ID"
	refuses "no cgroup" -- "$HULL" --root "$STATE" events --stats "$ID"
	hull kill --all "$ID" KILL
	eventually has_status stopped
}

@test "an ordinary user: no cgroup without limits, an error that names the field with one" {
	needs_hull
	user_up
	as_user true || skip "no ordinary user"
	make_bundle
	chown -R "$TEST_USER:" "$BUNDLE" "$DIR"
	rm "$BUNDLE/config.json"
	as_user "$HULL" spec --rootless -b "$BUNDLE"
	edit '.process.terminal = false | .process.args = ["true"]'
	run as_user "$HULL" --root "$USER_RUN/hull" run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	# a place is asked for, too: it runs, but this is told
	cgroup_path "/p$TAG/$ID"
	run as_user "$HULL" --root "$USER_RUN/hull" run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[[ $output == "hull: warning: linux.cgroupsPath: no cgroup '/p$TAG/$ID' can be made here"* ]]
	limits '{"pids": {"limit": 5}}'
	refuses 'linux.resources.pids.limit' "'5'" 'ermission denied' 'install -d -o' -- setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --init-groups \
		"$HULL" --root "$USER_RUN/hull" run -b "$BUNDLE" "$ID"
}

# before a command: a mount namespace of its own that shows a cgroup2 and nothing else
V2_ONLY=(unshare -m sh -c 'mount --make-rprivate / && umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' sh)

@test "cgroup v2: join by birth, device program, removal" {
	needs_hull
	make_bundle
	edit '.linux.resources.devices = [{"allow": false, "access": "rwm"}]'
	edit '.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
	args sh -c 'grep ^0:: /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.procs; mknod /tmp/kmsg c 1 11 && echo made; cat /tmp/kmsg; echo x >/dev/null && echo null'
	run "${V2_ONLY[@]}" "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	[[ ${lines[0]} == 0::/ && ${lines[1]} == 1 ]]
	[[ $output == *made* && $output == *"not permitted"* && $output == *null* ]]
	[ -z "$(find /sys/fs/cgroup -name "$ID")" ]
}

@test "cgroup v2: run.oci.delegate-cgroup is a cgroup below that of the limits, in which the payload is" {
	needs_hull
	make_bundle
	edit '.annotations["run.oci.delegate-cgroup"] = "mine" | .mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	args sh -c 'grep ^0:: /proc/self/cgroup; cd /sys/fs/cgroup && cat cgroup.procs mine/cgroup.procs && mkdir mine/own && echo 0 >mine/own/cgroup.procs && echo moved'
	run "${V2_ONLY[@]}" "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	[ "${lines[0]}" = 0::/mine ]
	[ "${lines[1]}" = 1 ]
	[[ $output == *moved ]]
	[ -z "$(find /sys/fs/cgroup -name "$ID")" ]
	edit '.annotations["run.oci.delegate-cgroup"] = "../up"'
	refuses run.oci.delegate-cgroup ../up -- "${V2_ONLY[@]}" "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	edit '.annotations = {"run.oci.systemd.force_cgroup_v1": "/sys/fs/cgroup"}'
	refuses run.oci.systemd.force_cgroup_v1 -- "${V2_ONLY[@]}" "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	# where v1 is there it is what the container sees anyway; and nothing of v1 is delegated
	v1_here
	args true
	hull run -b "$BUNDLE" "$ID"
	edit '.annotations = {"run.oci.delegate-cgroup": "mine"}'
	refuses run.oci.delegate-cgroup -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
}

@test "cgroup v2: a limit whose controller is not there is refused" {
	needs_hull
	make_bundle
	limits '{"memory": {"limit": 16777216}}'
	[ -z "$(grep -w memory /sys/fs/cgroup/unified/cgroup.controllers)" ] || skip "memory is on v2 here"
	refuses 'linux.resources.memory.limit' /memory.max -- "${V2_ONLY[@]}" "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	[ -z "$(find /sys/fs/cgroup -name "$ID")" ]
}

@test "cgroup v2: events --stats counts processes, with the pids controller and without it" {
	needs_hull
	make_bundle
	args sleep 50
	"${V2_ONLY[@]}" sh -c 'h="$0 --root $1"; $h run -d -b "$2" "$3" && $h exec -d "$3" sleep 50 && $h events --stats "$3"; $h delete --force "$3"' \
		"$HULL" "$STATE" "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>"$DIR/err"
	cat "$DIR/out" "$DIR/err"
	[ "$(jq .data.pids.current "$DIR/out")" = 2 ]
}

@test "a host without cgroups: device rules cannot be had, disabled goes without" {
	needs_hull
	make_bundle
	edit '.mounts |= map(select(.type != "cgroup"))'
	refuses 'linux.resources.devices' -- unshare -m sh -c 'umount -R /sys/fs/cgroup && exec "$@"' sh "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	unshare -m sh -c 'umount -R /sys/fs/cgroup && exec "$@"' sh "$HULL" --root "$STATE" --cgroup-manager disabled run -b "$BUNDLE" "$ID"
}
