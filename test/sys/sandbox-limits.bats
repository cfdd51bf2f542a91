# shellcheck disable=SC2015,SC2016,SC2154 # command lines are data here; bats sets output, stderr and status
# Limits of hull sandbox: what holds each of them, as root (cgroups) and as an ordinary user (rlimits and hull's clocks), and --require.
load sandbox

# box, ubox ARGUMENT…: with a record, as root and as the ordinary user
box() { hull sandbox --result "$RESULT" "$@" </dev/null; }
ubox() { as_user timeout --foreground -k 1 15 "$HULL" sandbox --result "$RESULT" "$@" </dev/null; }

BUSY='while :; do :; done'
EAT='x = bytearray(100 << 20)'

@test "time is that of all processes together, and ends them all" {
	for as in box ubox; do
		run "$as" --time 0.5 sh -c "($BUSY) & ($BUSY) & wait"
		[ "$status" -eq 137 ]
		[ "$(record '[.status, .limit, .killed, .limits.time.held_by] | @csv')" = '"TO","time",true,"hull"' ]
		record '.cpu >= 0.5 and .cpu < 1.5 and .user + .system >= 0.4' | grep -x true
		rm -f "$RESULT"
	done
}

@test "time is also that of the youngest of a thousand children" {
	local crowd='import os, time
for i in range(1000):
    if os.fork() == 0:
        time.sleep(60 if i < 998 else 0)
        while True: pass
time.sleep(60)'
	run ubox --time 0.5 --wall 12 python3 -c "$crowd"
	[ "$status" -eq 137 ]
	[ "$(record '[.status, .limit] | @csv')" = '"TO","time"' ]
}

@test "what dies before its time is over has not run out of it" {
	box --time 2 --wall 5 sh -c 'i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done'
	[ "$(record '[.status, .limit] | @csv')" = '"OK",' ]
}

@test "wall is real time, also of a sandbox that sleeps or ignores signals" {
	for as in box ubox; do
		run "$as" --wall 300ms sh -c 'trap "" TERM INT; sleep 10; sleep 10'
		[ "$status" -eq 137 ]
		[ "$(record '[.status, .limit] | @csv')" = '"TO","wall"' ]
		record '.wall >= 0.3 and .wall < 3' | grep -x true
		rm -f "$RESULT"
	done
}

@test "root's memory, pids and cpus are held by a cgroup, which is gone afterwards" {
	needs_hull
	run box --memory 30m python3 -c "$EAT"
	[ "$status" -eq 137 ]
	[ "$(record '[.limit, .oom, .limits.memory.held_by] | @csv')" = '"memory",true,"cgroup"' ]
	[ "$(record .memory_peak)" -le $((30 << 20)) ]
	run box --pids 4 sh -c 'for i in 1 2 3 4 5 6; do sleep 0.2 & done; wait'
	[ "$(record '[.limit, .pids_refused > 0, .limits.pids.held_by] | @csv')" = '"pids",true,"cgroup"' ]
	box --pids 4 sh -c 'for i in 1 2 3; do sleep 0.1 & done; wait'
	box --cpus 0.2 timeout 1 sh -c "$BUSY" || [ "$?" -eq 124 ]
	record '.limits.cpus == {value: 0.2, held_by: "cgroup"} and .cpu < 0.6' | grep -x true
	[ "$(hull list -q)" = "" ]
	[ -z "$(find /sys/fs/cgroup -maxdepth 2 -name "hull-sandbox-*")" ]
}

@test "an ordinary user's memory and pids are held by rlimits, of this sandbox alone" {
	as_user sleep 3 & # another process of his does not count
	run ubox --memory 60m python3 -c "$EAT"
	[ "$status" -eq 1 ]
	[[ $output == *MemoryError* ]]
	[ "$(record .limits.memory.held_by)" = rlimit ]
	run ubox --pids 4 sh -c 'for i in 1 2 3 4 5 6; do sleep 0.2 & done; wait'
	[ "$status" -ne 0 ]
	ubox --pids 4 sh -c 'for i in 1 2 3; do sleep 0.1 & done; wait'
	[ "$(record .limits.pids.held_by)" = rlimit ]
	wait
}

@test "what an ordinary user cannot have is refused, with the way to get it" {
	run ubox --cpus 0.5 true
	[ "$status" -eq 125 ]
	[[ $output == *"--cpus: it takes a cgroup"*"systemd-run --user"* ]]
	[ "$(record .status)" = XX ]
	run ubox --nofile 2000000000 true
	[ "$status" -eq 125 ]
	[[ $output == *"--nofile: more than this user's own hard limit"* ]]
	run ubox --require limits --memory 30m true
	[ "$status" -eq 125 ]
	[[ $output == *"--require limits: --memory is not held for all processes"* ]]
}

@test "limits of each process are rlimits" {
	run ubox --nofile 20 --stack 4m --fsize 1m --core 0 sh -c 'ulimit -n; ulimit -s; ulimit -f; ulimit -c'
	[ "$output" = $'20\n4096\n2048\n0' ]
	run ubox --fsize 1m dd if=/dev/zero of=/tmp/x bs=1M count=2
	[ "$status" -eq 153 ]
	[ "$(record '[.status, .signal_name, .limit] | @csv')" = '"SG","SIGXFSZ","fsize"' ]
}

@test "wrong limits are named" {
	for wrong in "memory x" "memory 0" "cpus 0" "cpus 1s" "pids 0" "pids 1.5" "time -1" "wall 1y" "fsize x" "nofile x" "stack 1q"; do
		# shellcheck disable=SC2086
		run hull sandbox --${wrong% *} "${wrong#* }" true
		[ "$status" -eq 125 ] && [[ $output == *"--${wrong% *}: expected "* ]] || {
			echo "$wrong: $output"
			return 1
		}
	done
}

@test "a killed hull leaves nothing running, and the next one clears the rest" {
	needs_hull
	"$HULL" --root "$STATE" sandbox --memory 100m sleep 30 3>&- &
	hull_pid=$!
	eventually sh -c "'$HULL' --root '$STATE' list -q | grep sandbox-"
	id=$(hull list -q)
	pid=$(hull state "$id" | jq .pid)
	kill -9 "$hull_pid"
	eventually sh -c "! grep -q '^State:.[^ZX]' /proc/$pid/status 2>/dev/null"
	hull sandbox --memory 100m true
	[ "$(hull list -q)" = "" ]
	[ -z "$(find /sys/fs/cgroup -maxdepth 2 -name "hull-$id")" ]
}

@test "--require refuses what other options give up, and unknown words" {
	for level in basic standard full limits full,limits; do hull sandbox --require "$level" true; done
	run hull sandbox --require standard --net host true
	[ "$status" -eq 125 ]
	[[ $output == *"--require standard: other options leave the command without a net namespace"* ]]
	hull sandbox --require basic --net host true
	run hull sandbox --require full --no-landlock true
	[ "$status" -eq 125 ]
	[[ $output == *"without Landlock"* ]]
	run hull sandbox --require standard --syscalls none true
	[ "$status" -eq 125 ]
	[[ $output == *"without a system-call filter"* ]]
	# a filter that forbids nothing is one, too
	echo '{"defaultAction":"SCMP_ACT_ALLOW"}' >"$DIR/open.json"
	for level in standard full; do
		run hull sandbox --require "$level" --syscalls "$DIR/open.json" true
		[ "$status" -eq 125 ]
		[[ $output == *"--require $level: other options leave the command without hull's own system-call filter"* ]]
	done
	hull sandbox --require basic --syscalls "$DIR/open.json" true
	hull sandbox --require standard --syscalls default true
	run hull sandbox --require most true
	[ "$status" -eq 125 ]
	[[ $output == *"expected basic, standard, full or limits, got 'most'"* ]]
}

@test "where user namespaces are switched off it says so, and how to switch them on" {
	run as_user unshare --user --map-root-user sh -c "echo 0 >/proc/sys/user/max_user_namespaces && exec '$HULL' sandbox true"
	[ "$status" -eq 125 ]
	[[ $output == *"user namespaces are switched off on this host"*"sysctl user.max_user_namespaces"* ]]
}

@test "hull itself starts under a limit of address space or data, says when an input does not go with it, and nests" {
	local limit deep="$DIR/deep"
	make_bundle
	python3 -c 'print("{\"a\":[" + "{}," * 330000 + "{}]}")' >"$DIR/wide.json"
	python3 -c 'print("{\"a\":\"" + "x" * (1 << 20) + "\"}")' >"$DIR/long.json"
	for limit in "--as=67108864" "--data=67108864" "--as=20000000"; do
		prlimit "$limit" "$HULL" sandbox true
		as_user prlimit "$limit" "$HULL" sandbox true
		prlimit "$limit" "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
		run prlimit "$limit" "$HULL" --root "$STATE" run -b "$BUNDLE" --config "$DIR/long.json" "$ID"
		[ "$output" = "hull: cannot read '$DIR/long.json': larger than 1048576 bytes" ]
		run prlimit "$limit" "$HULL" --root "$STATE" run -b "$BUNDLE" --config "$DIR/wide.json" "$ID"
		[ "$status" -eq 125 ]
		[[ $output == "hull: out of memory: "*"ulimit -v"* ]]
	done
	# as --memory without a cgroup is RLIMIT_AS
	printf '%s\n' '[ "$1" = 0 ] && exec echo deep' 'exec "$HULL" sandbox --nest --memory 200m --env HULL sh "$0" $(($1 - 1))' >"$deep"
	[ "$(as_user env HULL="$HULL" timeout -k 1 20 sh "$deep" 8)" = deep ]
}
