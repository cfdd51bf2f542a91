# Live control: update, pause, exec into a paused container, kill, delete, events, stats, top, and what a memory limit did. Each effect is seen from inside
# the container or by what the kernel does to it. Works on v1, hybrid and v2 hosts.
# shellcheck disable=SC2016 # the shell in the container expands it
load lib

limits() { edit ".linux.resources += $1"; }

# cgfile FILE1 [FILE2]: content of the first of these cgroup files (v1's name, v2's name) that the container has
cgfile()
{
	local file name
	for name in "$@"; do
		file=$(find /sys/fs/cgroup -path "*/$ID/$name" 2>/dev/null | head -n 1)
		[ -n "$file" ] || continue
		cat "$file"
		return 0
	done
	return 1
}

has_controller() { cgfile "$@" >/dev/null || skip "no controller for it here"; }

# run_detached SCRIPT: a running container with a shell in it
run_detached()
{
	args sh -c "$1"
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>&1
}

# lines FILE: how many, 0 without the file
lines() { wc -l 2>/dev/null <"$1" || echo 0; }

COUNTER='while :; do echo >>/count; sleep 0.02; done'
# it allocates when it is told to
EATER='while [ ! -e /go ]; do sleep 0.05; done; x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done'

@test "update and events take every option of runc and crun" {
	while read -r words; do
		# shellcheck disable=SC2086 # words are meant to be split
		run hull $words
		[ "$status" -eq 1 ]
		[[ $output == *"state directory"* || $output == *"does not exist"* ]]
	done <<-'END'
		update --resources - x
		update -r f --blkio-weight 1 --cpu-period 1 --cpu-quota -1 --cpu-share 1 --cpu-rt-period 1 --cpu-rt-runtime 1 --cpuset-cpus 0 --cpuset-mems 0 x
		update --memory 1m --memory-reservation 1 --memory-swap -1 --pids-limit -1 --l3-cache-schema x --mem-bw-schema x --cpu-burst 1 --cpu-idle 1 x
		update --kernel-memory 1 --kernel-memory-tcp 1 x
		events --interval=5s x
		events --stats x
	END
}

# ---- update ----

@test "update: a memory limit that was not there kills" {
	make_bundle
	run_detached "$EATER"
	has_controller memory.limit_in_bytes memory.max
	hull update --memory 24m --memory-swap 24m "$ID"
	[ "$(cgfile memory.limit_in_bytes memory.max)" = $((24 << 20)) ]
	: >"$ROOTFS/go"
	# (before Linux 6.15 the status of a container that is not its child is not for hull to know)
	run hull wait --print "$ID"
	[ "$output" = 137 ] || [[ $output == *"Linux 6.15 or newer"* ]]
	[ "$(hull state "$ID" | jq .oomKills)" = 1 ]
}

@test "update: memory and swap up and down, in the order that the kernel wants" {
	needs_hull
	make_bundle
	limits '{"memory": {"limit": 33554432, "swap": 33554432}}'
	run_detached 'sleep 1000'
	for size in 64 256 16 100 8; do
		hull update --memory ${size}m --memory-swap ${size}m "$ID"
		[ "$(cgfile memory.limit_in_bytes memory.max)" = $((size << 20)) ]
	done
	# no limit of memory is no limit of both
	hull update --memory -1 "$ID"
	[ "$(cgfile memory.limit_in_bytes memory.max)" != $((8 << 20)) ]
}

@test "update: a pids limit refuses what would be too many" {
	make_bundle
	run_detached 'while [ ! -e /go ]; do sleep 0.05; done; (i=0; while [ $i -lt 30 ]; do sleep 5 & i=$((i + 1)); done); exec sleep 1000'
	has_controller pids.max
	hull update --pids-limit 8 "$ID"
	: >"$ROOTFS/go"
	eventually grep -q "fork" "$DIR/out"
	[ "$(cgfile pids.current)" -le 8 ]
	hull update --pids-limit -1 "$ID"
	[ "$(cgfile pids.max)" = max ]
}

@test "update: a cpu quota throttles" {
	make_bundle
	run_detached 'while :; do :; done'
	has_controller cpu.cfs_quota_us cpu.max
	hull update --cpu-quota 5000 --cpu-period 50000 "$ID"
	throttled() { [ "$(hull events --stats "$ID" | jq '.data.cpu.throttling.throttledPeriods // 0')" -gt 2 ]; }
	eventually throttled
	# a new period alone leaves the quota
	hull update --cpu-period 100000 "$ID"
	[[ $(cgfile cpu.max || cgfile cpu.cfs_quota_us) =~ ^5000 ]]
}

@test "update: a cpuset binds" {
	make_bundle
	run_detached 'sleep 1000'
	has_controller cpuset.cpus
	[ "$(nproc)" -gt 1 ] || skip "one processor"
	hull update --cpuset-cpus 1 --cpuset-mems 0 "$ID"
	[ "$(hull exec "$ID" awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)" = 1 ]
	[ "$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$(hull state "$ID" | jq .pid)/status")" = 1 ]
}

@test "update: device rules are replaced, and the usual devices work all the while" {
	needs_hull
	make_bundle
	edit '.linux.resources.devices = [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "w"}]'
	edit '.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
	run_detached 'mknod /kmsg c 1 11; while :; do (: >/dev/null && : </dev/zero) || echo lost; done'
	eventually hull exec "$ID" test -c /kmsg
	hull exec "$ID" sh -c ': >/kmsg'
	for _ in 1 2 3 4 5 6 7 8; do
		echo '{"devices": [{"allow": false, "access": "rwm"}]}' | hull update -r - "$ID"
		run hull exec "$ID" sh -c ': >/kmsg'
		[[ $output == *"not permitted"* ]]
		echo '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "w"}]}' | hull update -r - "$ID"
		hull exec "$ID" sh -c ': >/kmsg'
	done
	[ "$(cat "$DIR/out")" = "" ]
}

@test "update: all or nothing" {
	needs_hull
	make_bundle
	limits '{"memory": {"limit": 67108864, "swap": 67108864}, "cpu": {"shares": 512, "quota": 20000, "period": 100000}, "pids": {"limit": 30}}'
	run_detached 'sleep 1000'
	before=$(cgfile memory.limit_in_bytes memory.max; cgfile memory.memsw.limit_in_bytes memory.swap.max; cgfile cpu.shares cpu.weight; cgfile cpu.cfs_quota_us cpu.max; cgfile pids.max)
	refuses linux.resources.cpu.cpus "'4000'" -- "$HULL" --root "$STATE" update --memory 128m --memory-swap 128m --cpu-share 100 --cpu-quota 30000 \
		--cpu-burst 1000 --pids-limit 5 --cpuset-cpus 4000 "$ID"
	after=$(cgfile memory.limit_in_bytes memory.max; cgfile memory.memsw.limit_in_bytes memory.swap.max; cgfile cpu.shares cpu.weight; cgfile cpu.cfs_quota_us cpu.max; cgfile pids.max)
	[ "$before" = "$after" ]
}

@test "update: all or nothing, whichever option is the one that is refused" {
	needs_hull
	make_bundle
	limits '{"memory": {"limit": 67108864, "swap": 67108864}, "cpu": {"shares": 512, "quota": 20000, "period": 100000}, "pids": {"limit": 30}}'
	run_detached 'x=xxxxxxxxxxxxxxxx; while [ ${#x} -lt 9000000 ]; do x=$x$x; done; : >/grown; while :; do sleep 0.2; done'
	has_controller memory.limit_in_bytes memory.max
	eventually test -e "$ROOTFS/grown"
	local before bad value all=(--memory-swap 96m --memory-reservation 16m --cpu-share 100 --cpu-period 50000 --cpu-quota 30000 --cpu-burst 1000 --cpu-idle 0
		--cpuset-cpus 0 --cpuset-mems 0 --pids-limit 5)
	everything() { find /sys/fs/cgroup \( -path "*/$ID/memory.*" -o -path "*/$ID/cpu*" -o -path "*/$ID/pids.max" -o -path "*/$ID/io.*" -o -path "*/$ID/blkio.*" \) \
		-type f ! -name '*stat*' ! -name '*pressure' ! -name '*usage*' ! -name '*peak' ! -name '*events*' ! -name '*.current' \
		-perm -200 ! -name '*force_empty' ! -name '*failcnt' ! -name '*reclaim' ! -name '*reset_stats' | sort | while read -r file; do
		value=$(cat "$file" 2>&1)
		echo "${file##*/} ${value:-$(cat "$file.effective" 2>/dev/null)}" # a cpuset that was not set becomes what it came to
	done; }
	before=$(everything)
	[ "$(wc -l <<<"$before")" -gt 8 ]
	for bad in '--cpuset-cpus 4000' '--cpuset-mems 77' '--pids-limit 99999999999' '--memory-swap 4k' '--cpu-quota 1' '--cpu-period 5' '--cpu-burst 9999999' \
		'--cpu-idle 7' '--l3-cache-schema x' '--mem-bw-schema x' '--cpu-share 99999999999999999999' '--blkio-weight 99999'; do
		# a limit below what is in use: it would kill on v2
		# shellcheck disable=SC2086 # words
		run hull update "${all[@]}" --memory 8m $bad "$ID"
		echo "$bad: $output"
		[ "$status" -ne 0 ]
		diff <(echo "$before") <(everything)
		has_status running
	done
	hull update "${all[@]}" --memory 48m "$ID"
	not diff <(echo "$before") <(everything)
}

@test "update: what cannot be is refused, and why" {
	needs_hull
	make_bundle
	run_detached 'sleep 1000'
	refuses --memory "'lots'" -- "$HULL" --root "$STATE" update --memory lots "$ID"
	refuses --pids-limit "out of range" -- "$HULL" --root "$STATE" update --pids-limit -2 "$ID"
	refuses intelRdt -- "$HULL" --root "$STATE" update --l3-cache-schema L3:0=f "$ID"
	refuses memory.swap -- "$HULL" --root "$STATE" update --memory-swap 100m "$ID"
	echo '{"memory": {"limit": "x"}}' >"$DIR/r.json"
	refuses memory.limit "expected" -- "$HULL" --root "$STATE" update -r "$DIR/r.json" "$ID"
	echo '{"memory": {"limit": 4096, "checkBeforeUpdate": true}}' >"$DIR/r.json"
	refuses memory.limit "in use" -- "$HULL" --root "$STATE" update -r "$DIR/r.json" "$ID"
	refuses "$DIR/none" -- "$HULL" --root "$STATE" update -r "$DIR/none" "$ID"
	[[ $(hull update --kernel-memory 1m "$ID" 2>&1) == *warning*"kernel memory"* ]]
	hull kill "$ID" KILL
	eventually has_status stopped
	refuses stopped -- "$HULL" --root "$STATE" update --pids-limit 5 "$ID"
}

@test "update: created and paused containers; the document overrides options" {
	make_bundle
	args sleep 1000
	hull create -b "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>&1
	has_controller pids.max
	hull update --pids-limit 11 "$ID"
	[ "$(cgfile pids.max)" = 11 ]
	hull start "$ID"
	hull pause "$ID"
	echo '{"pids": {"limit": 12}}' >"$DIR/r.json"
	hull update -r "$DIR/r.json" --pids-limit 99 "$ID"
	[ "$(cgfile pids.max)" = 12 ]
	has_status paused
}

# ---- pause, exec, kill, delete ----

@test "pause stops everything, resume lets it go on" {
	make_bundle
	run_detached "$COUNTER"
	eventually test -s "$ROOTFS/count"
	hull pause "$ID"
	has_status paused
	count=$(lines "$ROOTFS/count")
	sleep 0.3
	[ "$(lines "$ROOTFS/count")" = "$count" ]
	refuses paused -- "$HULL" --root "$STATE" pause "$ID"
	hull resume "$ID"
	has_status running
	more() { [ "$(lines "$ROOTFS/count")" -gt "$count" ]; }
	eventually more
	refuses "not paused" -- "$HULL" --root "$STATE" resume "$ID"
}

@test "exec into a paused container is refused at once; --ignore-paused waits for resume" {
	make_bundle
	run_detached 'sleep 1000'
	hull pause "$ID"
	refuses paused -- "$HULL" --root "$STATE" exec "$ID" true
	"$HULL" --root "$STATE" exec --ignore-paused "$ID" touch /done </dev/null >"$DIR/exec" 2>&1 3>&- &
	sleep 0.3
	[ ! -e "$ROOTFS/done" ]
	hull resume "$ID"
	eventually test -e "$ROOTFS/done"
	wait $!
}

@test "a paused container can be killed and deleted" {
	make_bundle
	run_detached 'sleep 1000 & sleep 1000'
	hull pause "$ID"
	hull kill "$ID" KILL
	eventually has_status stopped
	hull delete "$ID"
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>&1
	hull pause "$ID"
	hull kill --all "$ID" KILL
	eventually has_status stopped
	hull delete "$ID"
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>&1
	hull pause "$ID"
	not hull delete "$ID"
	hull delete --force "$ID"
	[ -z "$(find /sys/fs/cgroup -name "$ID")" ]
}

@test "delete --force of a container that somebody else froze" {
	make_bundle
	run_detached 'sleep 1000'
	find /sys/fs/cgroup -path "*/$ID/freezer.state" -exec sh -c 'echo FROZEN >"$1"' sh {} \;
	find /sys/fs/cgroup -path "*/$ID/cgroup.freeze" -exec sh -c 'echo 1 >"$1"' sh {} \;
	has_status paused
	hull delete --force "$ID"
	[ -z "$(find /sys/fs/cgroup -name "$ID")" ]
}

@test "kill --all reaches every process, and none escapes by forking" {
	make_bundle
	edit '.linux.namespaces |= map(select(.type != "pid"))'
	limits '{"pids": {"limit": 200}}'
	run_detached 'trap "" TERM; i=0; while [ $i -lt 20 ]; do (trap "" TERM; while :; do sleep 0.01; done) & i=$((i + 1)); done; wait'
	busy() { [ "$(hull ps --format json "$ID" | jq length)" -gt 20 ]; }
	eventually busy
	hull kill --all "$ID" KILL
	gone() { [ "$(hull ps --format json "$ID")" = "[]" ]; }
	eventually gone
}

@test "kill KILL of a container in the host's pid namespace reaches all of it, also when its first process is gone" {
	local gone pids pid
	for gone in "" 1; do
		make_bundle
		edit '.linux.namespaces |= map(select(.type != "pid"))'
		args sleep 1000
		start_detached
		hull exec -d "$ID" sleep 1000 </dev/null >/dev/null 2>&1
		hull exec -d "$ID" sleep 1000 </dev/null >/dev/null 2>&1
		mapfile -t pids < <(hull ps -f json "$ID" | jq '.[]')
		[ "${#pids[@]}" -eq 3 ]
		if [ -n "$gone" ]; then
			kill -9 "$(hull state "$ID" | jq .pid)"
			eventually has_status stopped
		fi
		hull kill "$ID" KILL
		for pid in "${pids[@]}"; do eventually not kill -0 "$pid"; done
		has_status stopped
		run hull kill "$ID" KILL
		[ "$status" -ne 0 ]
		grep -q 'container not running' <<<"$output"
		hull delete "$ID"
	done
}

@test "a process deep below the container's cgroup is seen and killed" {
	local tree inner pid i
	make_bundle
	run_detached 'sleep 100 & echo $! >/inner; wait'
	eventually test -s "$ROOTFS/inner"
	pid=$(hull ps --format json "$ID" | jq .[1])
	# the cgroup that control goes through: v2's where there is one
	tree=$(find /sys/fs/cgroup -type d -name "$ID" -path '*unified*' | head -n 1)
	[ -n "$tree" ] || tree=$(find /sys/fs/cgroup -type d -name "$ID" -path '*freezer*' | head -n 1)
	[ -n "$tree" ] || tree=$(find /sys/fs/cgroup -type d -name "$ID" | head -n 1)
	inner=$tree
	for ((i = 0; i < 150; i++)); do inner=$inner/$i; done
	mkdir -p "$inner"
	mkdir "$tree/beside"
	echo "$pid" >"$inner/cgroup.procs"
	[ "$(hull ps --format json "$ID" | jq "index($pid) != null and length == 2")" = true ]
	hull kill --all "$ID" KILL
	eventually not test -e "/proc/$pid/cwd"
	hull delete --force "$ID"
	[ ! -e "$tree" ]
}

@test "ps takes arguments of ps(1)" {
	make_bundle
	run_detached 'sleep 1000 & sleep 1000'
	run hull ps "$ID" -o pid,args
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == *PID*COMMAND* ]]
	[ "${#lines[@]}" -ge 3 ]
	[ "$(grep -c 'sleep 1000$' <<<"$output")" -ge 2 ]
	[ "$(hull ps --format json "$ID" | jq length)" -ge 2 ]
}

# ---- events, stats, top ----

@test "events --stats: figures as runc prints them, field for field" {
	make_bundle
	edit '.linux.cgroupsPath = "/p'"$TAG/$ID"'"'
	limits '{"memory": {"limit": 67108864}, "cpu": {"quota": 20000, "period": 100000}, "pids": {"limit": 20}}'
	args sleep 1000
	keys='[paths | map(tostring)] | map(select((contains(["psi"]) or contains(["hugetlb"]) or contains(["throttling"]) or contains(["blkio"])) | not)) | map(join(".")) | sort | .[]'
	hull run -d -b "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>&1
	hull events --stats "$ID" >"$DIR/hull.json"
	[ "$(jq -r '[.type, .id, .data.pids.current, .data.pids.limit, .data.memory.usage.limit] | join(" ")' "$DIR/hull.json")" = "stats $ID 1 20 67108864" ]
	hull delete --force "$ID"
	command -v runc >/dev/null || skip "no runc to compare with"
	timeout -k 2 15 runc --root "$DIR/runc" run -d -b "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>&1 3>&-
	timeout -k 2 15 runc --root "$DIR/runc" events --stats "$ID" >"$DIR/runc.json" 3>&-
	timeout -k 2 15 runc --root "$DIR/runc" delete --force "$ID" 3>&-
	find /sys/fs/cgroup -depth -type d -name "p$TAG" -exec rmdir {} +
	# what may be zero, and is then left out
	diff <(jq -r "$keys" "$DIR/runc.json" | grep -vE 'memory\.cache$|memory\.usage\.max$|kernel\.(usage|max)$') <(jq -r "$keys" "$DIR/hull.json" | grep -vE 'memory\.cache$|memory\.usage\.max$|kernel\.(usage|max)$')
}

@test "events: figures every interval, a lack of memory at once, and an end with the container" {
	make_bundle
	limits '{"memory": {"limit": 25165824, "swap": 25165824}}'
	run_detached "$EATER"
	has_controller memory.limit_in_bytes memory.max
	timeout -k 1 14 "$HULL" --root "$STATE" events --interval 100ms "$ID" >"$DIR/events" 2>"$DIR/err" 3>&- &
	figures() { [ "$(grep -c '"type":"stats"' "$DIR/events")" -ge 3 ]; }
	eventually figures
	: >"$ROOTFS/go"
	wait $!
	[ "$(grep -c '"type":"oom"' "$DIR/events")" -ge 1 ]
	[ "$(jq -rs '[.[].id] | unique | join(" ")' "$DIR/events")" = "$ID" ]
	refuses "not running" -- "$HULL" --root "$STATE" events --stats "$ID"
	refuses --interval "'soon'" -- "$HULL" --root "$STATE" events --interval soon "$ID"
}

@test "stats: a table and JSON, once and as a stream" {
	needs_hull
	make_bundle
	limits '{"memory": {"limit": 67108864}, "pids": {"limit": 20}}'
	run_detached 'while :; do :; done'
	has_controller memory.limit_in_bytes memory.max
	run hull stats --no-stream
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} == ID*CPU*MEMORY*LIMIT*PEAK*PIDS* && ${lines[1]} == "$ID "*64.0M*1/20* ]]
	hull stats --no-stream --format json "$ID" >"$DIR/s.json"
	[ "$(jq -r '.[0] | [.id, .memoryLimit, .pids, .pidsLimit] | join(" ")' "$DIR/s.json")" = "$ID 67108864 1 20" ]
	[ "$(jq '.[0] | .cpu > 0 and .memory > 0 and .memoryPeak >= .memory' "$DIR/s.json")" = true ]
	"$HULL" --root "$STATE" stats --interval 100ms --format json "$ID" >"$DIR/stream" 2>&1 3>&- &
	some() { [ "$(lines "$DIR/stream")" -ge 4 ]; }
	eventually some
	hull kill "$ID" KILL
	# the stream ends with the last container that was named
	wait $!
	[ "$(sed -n 3p "$DIR/stream" | jq '.[0].cpuPercent > 1')" = true ]
	refuses "not running" -- "$HULL" --root "$STATE" stats --no-stream "$ID"
	refuses "does not exist" -- "$HULL" --root "$STATE" stats --no-stream "$ID-no"
}

@test "top: plain lines in a pipe; on a terminal a table that follows the window and ends with q" {
	needs_hull
	make_bundle
	run_detached 'sleep 1000'
	[[ $(hull top | sed -n 2p) == "$ID "* ]]
	timeout -k 1 14 python3 - "$HULL" "$STATE" "$ID" <<-'END' 3>&-
		import fcntl, os, pty, select, signal, struct, sys, termios, time
		hull, state, name = sys.argv[1:]
		pid, fd = pty.fork()
		if pid == 0:
		    os.execv(hull, [hull, "--root", state, "top", "--interval", "100ms"])
		def size(rows, columns):
		    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
		def until(good):
		    seen, end = b"", time.time() + 5
		    while time.time() < end:
		        if select.select([fd], [], [], 0.1)[0]:
		            try:
		                seen += os.read(fd, 65536)
		            except OSError:
		                return seen
		        if good(seen):
		            return seen
		    sys.exit(f"never: {seen!r}")
		size(20, 140)
		until(lambda s: b"\x1b[?1049h" in s and name.encode() in s and b"PRESSURE" in s)
		before = termios.tcgetattr(fd)[3]
		assert not before & termios.ECHO, "it echoes"
		size(4, 30)
		frames = until(lambda s: s.count(b"\x1b[H") > 3).split(b"\x1b[H")
		longest = max(len(line.replace(b"\x1b[7m", b"").replace(b"\x1b[0m", b"").replace(b"\x1b[K", b"").strip()) for line in frames[-2].split(b"\r\n"))
		assert longest <= 30, longest
		os.write(fd, b"m")
		until(lambda s: b"by memory" in s)
		os.write(fd, b"q")
		until(lambda s: b"\x1b[?1049l" in s)
		assert os.waitpid(pid, 0)[1] == 0
	END
}

@test "top gives the terminal back when it is ended by a signal" {
	needs_hull
	mkdir -p "$STATE"
	timeout -k 1 14 python3 - "$HULL" "$STATE" <<-'END' 3>&-
		import os, pty, signal, sys, time
		pid, fd = pty.fork()
		if pid == 0:
		    os.execv(sys.argv[1], [sys.argv[1], "--root", sys.argv[2], "top"])
		seen = b""
		while b"\x1b[J" not in seen:
		    seen += os.read(fd, 65536)
		os.kill(pid, signal.SIGTERM)
		while b"\x1b[?1049l" not in seen:
		    seen += os.read(fd, 65536)
		os.waitpid(pid, 0)
	END
}

# ---- out of memory ----

@test "run says that the memory limit killed the payload, with limit and peak" {
	needs_hull
	make_bundle
	limits '{"memory": {"limit": 25165824, "swap": 25165824}}'
	args sh -c 'x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done'
	run --separate-stderr hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 137 ]
	# shellcheck disable=SC2154 # set by run
	[[ $stderr == "hull: the container was killed by its memory limit: limit 24 MiB, peak 24 MiB" ]]
}

@test "run says nothing of the kind when something else killed it" {
	needs_hull
	make_bundle
	limits '{"memory": {"limit": 25165824}}'
	args sh -c 'kill -9 $$; sleep 0.1; exit 9'
	run --separate-stderr hull run -b "$BUNDLE" "$ID"
	[ -z "$stderr" ]
	not grep -q oomKills <<<"$(hull list --format json)"
}
