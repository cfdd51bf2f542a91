# The systemd cgroup manager: scopes of the system's manager and of a user's, their properties, delegation, removal.
load vm

setup_file() { systemd_begin; }

shull() { hull --systemd-cgroup "$@"; }

# shown UNIT PROPERTY
shown() { systemctl show -p "$2" --value "$1"; }

no_unit() { [ -z "$(systemctl list-units --all --no-legend "*$TAG*" "$@")" ]; }

# a command as uid 1000, in a unit of its own of the user's manager, as a login session's would be
as_session()
{
	setpriv --reuid 1000 --regid 1000 --init-groups --reset-env -- \
		env XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C \
		systemd-run --user --pipe --wait --collect --quiet -p Delegate=yes timeout 20 "$@" 3>&- </dev/null
}

# uhull ARGUMENT…: hull as that user
uhull() { as_session "$HULL" --root /run/user/1000/hull --cgroup-manager systemd "$@"; }

# user_show UNIT PROPERTY
user_show()
{
	setpriv --reuid 1000 --regid 1000 --init-groups --reset-env -- env XDG_RUNTIME_DIR=/run/user/1000 systemctl --user show -p "$2" --value "$1"
}

session_bundle()
{
	make_bundle
	rm "$BUNDLE/config.json"
	chown -R 1000:1000 "$DIR"
	as_session "$HULL" spec --rootless -b "$BUNDLE"
	edit '.process.terminal = false | .process.args = ["true"] | .root.readonly = false'
	chmod 644 "$BUNDLE/config.json"
}

@test "systemd runs, for the system and for the user" {
	[ "$(cat /proc/1/comm)" = systemd ]
	systemctl --version | head -n 1
	as_session systemctl --user show -p Version
	"$HULL" features | jq -e '.linux.cgroup.systemd and .linux.cgroup.systemdUser'
}

@test "without cgroupsPath: hull-ID.scope in system.slice; nothing is left" {
	make_bundle
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	args cat /proc/self/cgroup
	run shull run -b "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = "0::/system.slice/hull-$ID.scope/container" ]
	no_unit
}

@test "slice:prefix:name, with a slice of its own" {
	make_bundle
	edit '.linux.namespaces |= map(select(.type != "cgroup")) | .linux.cgroupsPath = $p' --arg p "machine-$TAG.slice:libpod:$ID"
	args cat /proc/self/cgroup
	run shull run -b "$BUNDLE" "$ID"
	echo "$output"
	[ "$output" = "0::/machine.slice/machine-$TAG.slice/libpod-$ID.scope/container" ]
	systemctl stop "machine-$TAG.slice"
}

@test "a cgroupsPath of the other kind is refused" {
	make_bundle
	edit '.linux.cgroupsPath = $p' --arg p "/a/$ID"
	refuses linux.cgroupsPath "slice:prefix:name" "/a/$ID" -- "$HULL" --root "$STATE" --systemd-cgroup run -b "$BUNDLE" "$ID"
	edit '.linux.cgroupsPath = $p' --arg p "machine.slice:libpod:$ID.slice"
	refuses linux.cgroupsPath "names a slice" -- "$HULL" --root "$STATE" --systemd-cgroup run -b "$BUNDLE" "$ID"
}

@test "limits are the unit's properties and the container's files, and hold" {
	make_bundle
	limits '{"memory": {"limit": 33554432, "swap": 33554432, "reservation": 8388608}, "cpu": {"shares": 512, "quota": 12345, "period": 50000, "cpus": "0-1", "mems": "0"},
		"pids": {"limit": 12}, "blockIO": {"weight": 100}, "unified": {"memory.high": "30000000"}}'
	args sh -c 'cd /sys/fs/cgroup; cat memory.max pids.max cpu.max cpuset.cpus io.weight; sleep 100'
	start_systemd
	eventually grep -q default "$DIR/out" # the last line
	unit=hull-$ID.scope
	[ "$(tr '\n' ' ' <"$DIR/out")" = "33554432 12 12345 50000 0-1 default 910 " ]
	[ "$(shown "$unit" MemoryMax)" = 33554432 ]
	[ "$(shown "$unit" MemorySwapMax)" = 0 ]
	[ "$(shown "$unit" MemoryLow)" = 8388608 ]
	[ "$(shown "$unit" MemoryHigh)" = 30000000 ]
	[ "$(shown "$unit" CPUWeight)" = 59 ]
	[ "$(shown "$unit" CPUQuotaPerSecUSec)" = 250ms ]
	[ "$(shown "$unit" CPUQuotaPeriodUSec)" = 50ms ]
	[ "$(shown "$unit" TasksMax)" = 12 ]
	[ "$(shown "$unit" AllowedCPUs)" = "0-1" ] || [ "$(shown "$unit" AllowedCPUs)" = "0 1" ]
	[ "$(shown "$unit" AllowedMemoryNodes)" = 0 ]
	[ "$(shown "$unit" IOWeight)" = 910 ]
	[ "$(shown "$unit" Delegate)" = yes ]
	[ "$(shown "$unit" Slice)" = system.slice ]
	[ "$(shown "$unit" DevicePolicy)" = strict ]
	[ "$(shown "$unit" DefaultDependencies)" = no ]
	[ "$(cat /sys/fs/cgroup/system.slice/"$unit"/memory.max)" = 33554432 ]
	[ "$(cat /sys/fs/cgroup/system.slice/"$unit"/pids.max)" = 12 ]
	[ "$(cat /sys/fs/cgroup/system.slice/"$unit"/container/pids.current)" = 1 ]
	shull delete --force "$ID"
	no_unit
}

# create and start with the systemd manager, output in $DIR/out
start_systemd()
{
	shull create -b "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>"$DIR/err" || {
		cat "$DIR/err"
		return 1
	}
	shull start "$ID"
	eventually test -s "$DIR/out"
}

@test "the memory limit kills, and the scope that failed is forgotten" {
	make_bundle
	limits '{"memory": {"limit": 16777216, "swap": 16777216}}'
	args sh -c 'x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done'
	# systemd takes an empty scope's cgroup down as soon as it hears of it, and with it the counters: sometimes before hull can read them
	local try
	for try in 1 2 3 4 5 6; do
		run shull run -b "$BUNDLE" "$ID"
		echo "$try: $output"
		[ "$status" -eq 137 ]
		no_unit
		[[ $output != *"killed by its memory limit: "* ]] || break
	done
	[[ $output == *"killed by its memory limit: limit 16 MiB, peak 1"[56]* ]] # (the helper was in the scope, too)
	run shull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 137 ]
}

@test "a limit of one process, and of none in systemd's words" {
	make_bundle
	limits '{"pids": {"limit": 1}}'
	args cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids.current
	run shull run -b "$BUNDLE" "$ID"
	echo "$output"
	[ "$output" = 1$'\n'1 ]
	limits '{"pids": {"limit": -1}}'
	run shull run -b "$BUNDLE" "$ID"
	[ "${lines[0]}" = max ]
}

@test "a fork bomb under pids.limit 10 never exceeds 10" {
	make_bundle
	limits '{"pids": {"limit": 10}}'
	args sh -c 'bomb() { while :; do bomb & bomb; done; }; bomb 2>/dev/null & echo bomb; exec sleep 100'
	start_systemd
	sleep 2
	[ "$(cat "$(cgroup_of)/pids.peak")" -eq 10 ]
	shull delete --force "$ID"
	no_unit
}

@test "annotations become properties; seconds become microseconds" {
	make_bundle
	edit '.annotations = {"org.systemd.property.TimeoutStopSec": "12.5", "org.systemd.property.RuntimeMaxUSec": "uint64 90000000",
		"org.systemd.property.Description": "'"'my own'"'", "org.systemd.property.SendSIGHUP": "true",
		"org.systemd.property.After": "['"'network.target'"', '"'paths.target'"']"}'
	args sh -c 'echo up; sleep 100'
	start_systemd
	unit=hull-$ID.scope
	[ "$(shown "$unit" TimeoutStopUSec)" = 12.500000s ] || [ "$(shown "$unit" TimeoutStopUSec)" = 12.5s ] || [ "$(shown "$unit" TimeoutStopUSec)" = "12s 500ms" ]
	[ "$(shown "$unit" RuntimeMaxUSec)" = "1min 30s" ]
	[ "$(shown "$unit" Description)" = "my own" ]
	[ "$(shown "$unit" SendSIGHUP)" = yes ]
	[[ $(shown "$unit" After) == *network.target* && $(shown "$unit" After) == *paths.target* ]]
	shull delete --force "$ID"
}

@test "what systemd refuses, and what is no value, is an error and leaves nothing" {
	make_bundle
	edit '.annotations = {"org.systemd.property.NoSuchThing": "true"}'
	refuses "hull-$ID.scope" NoSuchThing -- "$HULL" --root "$STATE" --systemd-cgroup run -b "$BUNDLE" "$ID"
	edit '.annotations = {"org.systemd.property.CPUWeight": "uint64 many"}'
	refuses annotations CPUWeight "'uint64 many'" -- "$HULL" --root "$STATE" --systemd-cgroup run -b "$BUNDLE" "$ID"
	no_unit
}

@test "run.oci.systemd.subgroup names the cgroup below the scope's, or makes none" {
	make_bundle
	edit '.linux.namespaces |= map(select(.type != "cgroup")) | .annotations = {"run.oci.systemd.subgroup": "payload"}'
	args cat /proc/self/cgroup
	run shull run -b "$BUNDLE" "$ID"
	[ "$output" = "0::/system.slice/hull-$ID.scope/payload" ]
	edit '.annotations = {"run.oci.systemd.subgroup": ""}'
	run shull run -b "$BUNDLE" "$ID"
	[ "$output" = "0::/system.slice/hull-$ID.scope" ]
	no_unit
}

@test "exec, pause, ps and kill work as with cgroupfs" {
	make_bundle
	args sh -c 'echo up; sleep 100'
	start_systemd
	run hull exec "$ID" cat /proc/self/cgroup
	[ "$output" = 0::/ ]
	hull pause "$ID"
	has_status paused
	hull resume "$ID"
	[ "$(hull ps --format json "$ID" | jq length)" -eq 1 ]
	hull kill --all "$ID" KILL
	eventually has_status stopped
	hull delete "$ID"
	no_unit
}

@test "a stale unit of the same name is replaced, one in use is not" {
	make_bundle
	args sh -c 'echo up; sleep 100'
	systemd-run --quiet --scope --unit "hull-$ID.scope" sleep 100 3>&- &
	eventually test -d "/sys/fs/cgroup/system.slice/hull-$ID.scope"
	refuses "hull-$ID.scope" "in use" -- "$HULL" --root "$STATE" --systemd-cgroup run -b "$BUNDLE" "$ID"
	[ "$(shown "hull-$ID.scope" ActiveState)" = active ]
	systemctl stop "hull-$ID.scope"
	start_systemd
	kill -9 "$(hull state "$ID" | jq .pid)"
	rm -rf "${STATE:?}/$ID"
	start_systemd
	shull delete --force "$ID"
	no_unit
}

@test "update changes the unit and the container's files, and lifts both" {
	make_bundle
	limits '{"memory": {"limit": 33554432}, "pids": {"limit": 12}}'
	args sh -c 'echo up; sleep 100'
	start_systemd
	unit=hull-$ID.scope
	hull update --memory 67108864 --pids-limit 30 --cpu-quota 20000 --cpu-period 100000 "$ID"
	[ "$(shown "$unit" MemoryMax)" = 67108864 ]
	[ "$(shown "$unit" TasksMax)" = 30 ]
	[ "$(shown "$unit" CPUQuotaPerSecUSec)" = 200ms ]
	[ "$(cat "$(cgroup_of)/memory.max" "$(cgroup_of)/pids.max" "$(cgroup_of)/cpu.max" | tr '\n' ' ')" = "67108864 30 20000 100000 " ]
	hull update --memory -1 --pids-limit -1 --cpu-idle 1 "$ID"
	[ "$(shown "$unit" MemoryMax)" = infinity ]
	[ "$(shown "$unit" TasksMax)" = infinity ]
	[ "$(cat "/sys/fs/cgroup/system.slice/$unit/cpu.idle")" = 1 ]
	hull update --cpu-idle 0 "$ID"
	[ "$(cat "/sys/fs/cgroup/system.slice/$unit/cpu.idle")" = 0 ]
	refuses 9 cpuset -- "$HULL" --root "$STATE" update --memory 8000000 --cpuset-cpus 9 "$ID"
	[ "$(shown "$unit" MemoryMax)" = infinity ]
	echo '{"devices": [{"allow": false}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "rw"}]}' >"$DIR/update"
	hull update -r "$DIR/update" "$ID"
	[[ $(shown "$unit" DeviceAllow) == *"/dev/char/1:11 rw"* ]]
	shull delete --force "$ID"
}

@test "update: when the device program cannot be replaced, the unit gets its limits back too" {
	make_bundle
	limits '{"memory": {"limit": 33554432}, "cpu": {"quota": 20000, "period": 100000}}'
	args sh -c 'echo up; sleep 100'
	start_systemd
	unit=hull-$ID.scope
	echo '{"memory": {"limit": 67108864}, "pids": {"limit": 30}, "cpu": {"quota": 50000, "cpus": "0"}, "devices": [{"allow": false}]}' >"$DIR/update"
	# bpf(2) is refused to this update
	refuses linux.resources.devices -- systemd-run --quiet --wait --pipe -p SystemCallFilter=~bpf -p SystemCallErrorNumber=EPERM \
		"$HULL" --root "$STATE" update -r "$DIR/update" "$ID"
	[ "$(shown "$unit" MemoryMax)" = 33554432 ]
	[ "$(shown "$unit" TasksMax)" = infinity ]
	[ "$(shown "$unit" CPUQuotaPerSecUSec)" = 200ms ]
	[ "$(cat "$(cgroup_of)/memory.max" "$(cgroup_of)/pids.max" "$(cgroup_of)/cpu.max" | tr '\n' ' ')" = "33554432 max 20000 100000 " ]
	[ "$(cat "$(cgroup_of)/cpuset.cpus.effective")" = 0-1 ]
	shull delete --force "$ID"
}

@test "limits of a device are the unit's too, from the start and by update" {
	local device
	device=$(cat /sys/block/vda/dev 2>/dev/null || cat /sys/block/vdb/dev)
	make_bundle
	limits "{\"blockIO\": {\"throttleWriteBpsDevice\": [{\"major\": ${device%:*}, \"minor\": ${device#*:}, \"rate\": 1048576}]}}"
	args sh -c 'echo up; sleep 100'
	start_systemd
	unit=hull-$ID.scope
	[[ $(shown "$unit" IOWriteBandwidthMax) == "/dev/"*" 1048576" ]]
	[[ $(cat "$(cgroup_of)/io.max") == "$device "*wbps=1048576* ]]
	echo "{\"blockIO\": {\"throttleWriteBpsDevice\": [{\"major\": ${device%:*}, \"minor\": ${device#*:}, \"rate\": 2097152}],
		\"throttleReadIOPSDevice\": [{\"major\": ${device%:*}, \"minor\": ${device#*:}, \"rate\": 500}]}}" >"$DIR/update"
	hull update -r "$DIR/update" "$ID"
	[[ $(shown "$unit" IOWriteBandwidthMax) == "/dev/"*" 2097152" ]]
	[[ $(shown "$unit" IOReadIOPSMax) == "/dev/"*" 500" ]]
	shull delete --force "$ID"
}

@test "device rules hold below systemd's own" {
	make_bundle
	edit '.linux.resources.devices = [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "w"}]'
	edit '.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
	args sh -c 'mknod /tmp/kmsg c 1 11 && echo made; (: >/tmp/kmsg) && echo writes; (: </tmp/kmsg) && echo reads; echo x >/dev/null && head -c 1 /dev/urandom >/dev/null && echo default'
	run shull run -b "$BUNDLE" "$ID"
	echo "$output"
	[[ $output == *made* && $output == *writes* && $output == *default* && $output != *reads* ]]
}

@test "daemon-reload takes nothing away" {
	make_bundle
	edit '.linux.resources.devices = [{"allow": false, "access": "rwm"}]'
	limits '{"pids": {"limit": 9}}'
	args sh -c 'echo up; sleep 100'
	start_systemd
	systemctl daemon-reload
	run hull exec "$ID" sh -c 'cat /sys/fs/cgroup/pids.max; echo x >/dev/null && echo null'
	[ "$output" = 9$'\n'null ]
	shull delete --force "$ID"
}

@test "systemctl stop ends a container" {
	make_bundle
	args sh -c 'trap "exit 3" TERM; echo up; while :; do sleep 0.1; done'
	start_systemd
	systemctl stop "hull-$ID.scope"
	eventually has_status stopped
	shull delete "$ID"
}

@test "a hull that is killed while it makes the container leaves no scope with processes" {
	make_bundle
	args sh -c 'echo up; sleep 100'
	for i in 1 2 3; do
		timeout -s KILL "0.0$((i * 3))" "$HULL" --root "$STATE" --systemd-cgroup create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- || true
		hull delete --force "$ID" || true
	done
	eventually no_unit
}

@test "rootless: the user's manager makes the scope, and limits hold" {
	session_bundle
	limits '{"memory": {"limit": 16777216, "swap": 16777216}, "pids": {"limit": 6}, "cpu": {"quota": 50000, "period": 100000, "cpus": "0"}}'
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	args sh -c 'cat /proc/self/cgroup; (sleep 9 & sleep 9 & sleep 9 & sleep 9 & sleep 9 & sleep 9) || echo refused; x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done'
	run uhull run -b "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" -eq 137 ]
	[ "${lines[0]}" = "0::/user.slice/user-1000.slice/user@1000.service/user.slice/hull-$ID.scope/container" ]
	[[ $output == *"can't fork"* ]]
	[ -z "$(cgroup_of)" ]
}

@test "rootless: properties of a running container, exec, delete" {
	session_bundle
	limits '{"memory": {"limit": 16777216}, "cpu": {"cpus": "1"}}'
	args sleep 100
	uhull run -d -b "$BUNDLE" "$ID" >"$DIR/out" 2>&1 || cat "$DIR/out"
	[ "$(user_show "hull-$ID.scope" MemoryMax)" = 16777216 ]
	[ "$(user_show "hull-$ID.scope" AllowedCPUs)" = 1 ]
	run uhull exec "$ID" grep Cpus_allowed_list /proc/self/status
	[ "${output##*[[:space:]]}" = 1 ]
	uhull delete --force "$ID"
	[ -z "$(cgroup_of)" ]
	[ "$(user_show "hull-$ID.scope" ActiveState)" = inactive ]
}

@test "rootless: in a user namespace, as an engine calls it, it is still the user's manager" {
	session_bundle
	args sh -c 'echo made'
	run as_session unshare --map-auto --map-root-user "$HULL" --root /run/user/1000/hull --cgroup-manager systemd run -b "$BUNDLE" "$ID"
	echo "$output"
	[[ $output == *made* ]]
}

@test "rootless: from outside what is delegated, as in a login session: systemd moves the processes" {
	outside() { setpriv --reuid 1000 --regid 1000 --init-groups --reset-env -- "$HULL" --root /run/user/1000/hull --cgroup-manager systemd "$@" 3>&-; }
	session_bundle
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	limits '{"pids": {"limit": 5}}'
	args sh -c 'cat /proc/self/cgroup; exec sleep 100'
	outside run -d -b "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>&1 || {
		cat "$DIR/out"
		false
	}
	eventually grep -x "0::/user.slice/user-1000.slice/user@1000.service/user.slice/hull-$ID.scope/container" "$DIR/out"
	run outside exec "$ID" sh -c 'cat /proc/self/cgroup; for i in 1 2 3 4 5; do sleep 1 & done'
	echo "$output"
	[[ ${lines[0]} == *"/hull-$ID.scope/container" && $output == *"can't fork"* ]]
	outside delete --force "$ID"
	[ -z "$(cgroup_of)" ]
}

@test "without the helper: an error that says what is missing" {
	make_bundle
	mkdir "$DIR/bin"
	cp "$HULL" "$DIR/bin/hull"
	refuses hull-systemd "not installed" -- "$DIR/bin/hull" --root "$STATE" --systemd-cgroup run -b "$BUNDLE" "$ID"
	run "$DIR/bin/hull" features
	[ "$(jq .linux.cgroup.systemd <<<"$output")" = false ]
	# one that is there but cannot run, as without its library: it is gone before anything can be said to it
	mkdir -p "$DIR/libexec/hull"
	printf '#!/bin/sh\nexec <&-\nsleep 0.2\nexit 127\n' >"$DIR/libexec/hull/hull-systemd"
	chmod 755 "$DIR/libexec/hull/hull-systemd"
	refuses "cannot start the systemd unit 'hull-$ID.scope': its helper ended without an answer" -- \
		"$DIR/bin/hull" --root "$STATE" --systemd-cgroup run -b "$BUNDLE" "$ID"
}
