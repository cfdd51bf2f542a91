# create, start, run, state, kill, delete, list, ps, wait: the life of a container, its exit codes and its signals.
load lib

# ---- run ----

@test "run passes output through and returns the payload's status" {
	make_bundle
	args sh -c 'echo out; echo err >&2; exit 42'
	run --separate-stderr hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 42 ]
	[ "$output" = out ]
	[ "$stderr" = err ]
}

@test "run returns 0 for a payload that succeeds" {
	make_bundle
	hull run -b "$BUNDLE" "$ID"
}

@test "run returns 128 + n for a payload killed by a signal" {
	make_bundle
	args sh -c 'sh -c "kill -9 \$\$"; exit $?'
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 137 ]
	# the payload itself, killed from outside: a pid 1 cannot kill itself
	args sleep 50
	hull run -b "$BUNDLE" "$ID" 2>/dev/null &
	eventually has_status running
	hull kill "$ID" KILL
	status=0
	wait $! || status=$?
	[ "$status" -eq 137 ]
}

@test "run uses the current directory as the bundle" {
	make_bundle
	args echo here
	cd "$BUNDLE"
	run hull run "$ID"
	[ "$status" -eq 0 ]
	[ "$output" = here ]
}

@test "run takes options after the id" {
	make_bundle
	args echo late
	run hull run "$ID" -b "$BUNDLE"
	[ "$status" -eq 0 ]
	[ "$output" = late ]
}

@test "run gives the payload its stdin" {
	make_bundle
	args cat
	run hull run -b "$BUNDLE" "$ID" <<<"through the pipe"
	[ "$output" = "through the pipe" ]
}

@test "run leaves no state behind, and the id is free again" {
	make_bundle
	for round in 1 2 3; do
		hull run -b "$BUNDLE" "$ID"
		run hull state "$ID"
		[ "$status" -ne 0 ]
	done
}

@test "run --keep leaves the stopped container" {
	has_option run keep || skip "no --keep in this runtime"
	make_bundle
	hull run --keep -b "$BUNDLE" "$ID"
	has_status stopped
	hull delete "$ID"
}

@test "run passes SIGTERM on" {
	make_bundle
	args sh -c 'trap "echo caught; exit 7" TERM; echo ready; while :; do sleep 0.05; done'
	hull run -b "$BUNDLE" "$ID" >"$DIR/log" 2>&1 &
	local job=$!
	eventually grep -q ready "$DIR/log"
	# job is the shell function's subshell or timeout(1): find the runtime itself
	pkill -TERM -f "^[^ ]*(hull|runc) --root $STATE run"
	status=0
	wait "$job" || status=$?
	grep caught "$DIR/log"
	[ "$status" -eq 7 ]
}

@test "run --detach comes back at once, and the container lives on" {
	make_bundle
	args sh -c 'sleep 30'
	hull run -d -b "$BUNDLE" --pid-file "$DIR/pid" "$ID" </dev/null >/dev/null 2>&1
	has_status running
	# pid-file: a number without a newline, and the same as state says
	[ "$(cat "$DIR/pid")" = "$(hull state "$ID" | jq .pid)" ]
	[ "$(wc -l <"$DIR/pid")" -eq 0 ]
	# no monitor remains: the container's parent is not the runtime
	ppid=$(awk '/^PPid/ { print $2 }' "/proc/$(cat "$DIR/pid")/status")
	not grep -q -e hull -e runc "/proc/$ppid/comm"
	hull kill "$ID" KILL
	eventually has_status stopped
	hull delete "$ID"
}

@test "a payload that is not there: 127 words, nothing left" {
	make_bundle
	args /no/such/program
	refuses '/no/such/program' 'no such file or directory' -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	args nosuchprogram
	refuses 'nosuchprogram' -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	args /etc/passwd
	refuses '/etc/passwd' 'permission denied' -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
}

# ---- create and start ----

@test "create, start, delete: the states are created, running, stopped" {
	make_bundle
	args sh -c 'sleep 0.3'
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	has_status created
	hull start "$ID"
	has_status running
	eventually has_status stopped
	hull delete "$ID"
	run hull state "$ID"
	[ "$status" -ne 0 ]
}

@test "a created container does nothing before start" {
	make_bundle
	args touch /ran
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	sleep 0.3
	[ ! -e "$ROOTFS/ran" ]
	hull start "$ID"
	eventually test -e "$ROOTFS/ran"
}

@test "a created container reads stdin once it is started" {
	make_bundle
	args sh -c 'read line; echo "got $line"'
	mkfifo "$DIR/in"
	sleep 20 >"$DIR/in" 3>&- &
	local writer=$!
	hull create -b "$BUNDLE" "$ID" <"$DIR/in" >"$DIR/log" 2>&1
	hull start "$ID"
	echo "a word" >"$DIR/in"
	eventually grep -q 'got a word' "$DIR/log"
	kill "$writer"
}

@test "a created container survives its launcher's session and its signals" {
	make_bundle
	args sleep 30
	setsid sh -c '"$HULL" --root "$STATE" create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1; kill -TERM 0' 3>&- || true
	has_status created
	hull start "$ID"
	has_status running
}

@test "a second start is refused, and a start of a stopped container too" {
	make_bundle
	args sleep 30
	start_detached
	refuses "" -- "$HULL" --root "$STATE" start "$ID"
	has_status running
	hull kill "$ID" KILL
	eventually has_status stopped
	refuses "" -- "$HULL" --root "$STATE" start "$ID"
}

@test "an id is taken only once" {
	make_bundle
	args sleep 30
	start_detached
	refuses exist -- "$HULL" --root "$STATE" create -b "$BUNDLE" "$ID"
	has_status running
}

@test "two racing creates of one id: one wins, the other says so" {
	make_bundle
	args sleep 30
	local round a b
	for round in 1 2 3; do
		hull create -b "$BUNDLE" "$ID" </dev/null >"$DIR/a" 2>&1 &
		a=$!
		hull create -b "$BUNDLE" "$ID" </dev/null >"$DIR/b" 2>&1 &
		b=$!
		won=0
		wait "$a" && won=$((won + 1))
		wait "$b" && won=$((won + 1))
		[ "$won" -eq 1 ]
		grep -qi exist "$DIR/a" "$DIR/b"
		has_status created
		hull delete --force "$ID"
	done
}

@test "ids: what is no name is refused" {
	make_bundle
	local bad
	for bad in '../x' 'a/b' '' 'a b' '.' '..' 'ä' $'a\nb' 'a;b'; do
		refuses "" -- "$HULL" --root "$STATE" create -b "$BUNDLE" -- "$bad"
	done
	[ ! -e "$DIR/x" ]
	! is_hull || refuses "" -- "$HULL" --root "$STATE" create -b "$BUNDLE" .hidden
}

@test "ids: every character that is allowed works" {
	make_bundle
	hull run -b "$BUNDLE" "$ID.a_B+-9"
}

# ---- kill ----

@test "kill takes a number, a name, a name with SIG, lower case; TERM is the default" {
	make_bundle
	args sh -c 'for s in TERM HUP USR1 USR2 INT; do trap "echo got $s" $s; done; echo ready; while :; do sleep 0.02; done'
	hull create -b "$BUNDLE" "$ID" </dev/null >"$DIR/log" 2>&1
	hull start "$ID"
	eventually grep -q ready "$DIR/log"
	hull kill "$ID"
	eventually grep -q 'got TERM' "$DIR/log"
	hull kill "$ID" 1
	eventually grep -q 'got HUP' "$DIR/log"
	hull kill "$ID" USR1
	eventually grep -q 'got USR1' "$DIR/log"
	hull kill "$ID" SIGUSR2
	eventually grep -q 'got USR2' "$DIR/log"
	hull kill "$ID" int
	eventually grep -q 'got INT' "$DIR/log"
	refuses "" -- "$HULL" --root "$STATE" kill "$ID" NOSUCHSIGNAL
	refuses "" -- "$HULL" --root "$STATE" kill "$ID" 999
}

@test "kill --all reaches every process of a container without a pid namespace of its own" {
	make_bundle
	edit 'del(.linux.namespaces[] | select(.type == "pid"))'
	edit '.linux.cgroupsPath = $p' --arg p "/hull-$TAG"
	args sh -c "sleep 61$RANDOM & sleep 62; true"
	start_detached
	eventually test "$(hull ps -f json "$ID" | jq length)" -ge 2
	hull kill --all "$ID" KILL
	eventually has_status stopped
	[ -z "$(cat /sys/fs/cgroup/pids/hull-"$TAG"/cgroup.procs)" ] || eventually test -z "$(cat /sys/fs/cgroup/pids/hull-"$TAG"/cgroup.procs)"
}

@test "kill of a stopped container is refused" {
	make_bundle
	start_detached
	eventually has_status stopped
	refuses "" -- "$HULL" --root "$STATE" kill "$ID" TERM
}

@test "a signal wakes a created container too" {
	make_bundle
	args sleep 30
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	hull kill "$ID" KILL
	eventually has_status stopped
	hull delete "$ID"
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	hull kill "$ID" USR1
	has_status created
	hull kill "$ID" # TERM: there is no program that could handle it
	eventually has_status stopped
	hull delete "$ID"
}

@test "a created container can be paused: it is then no start's that waits for ever, and is killed all the same" {
	make_bundle
	args sleep 30
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	hull pause "$ID"
	has_status paused
	refuses paused -- "$HULL" --root "$STATE" start "$ID"
	refuses paused -- "$HULL" --root "$STATE" delete "$ID"
	hull resume "$ID"
	has_status created
	hull start "$ID"
	has_status running
	hull delete --force "$ID"
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	hull pause "$ID"
	hull kill "$ID" # TERM, which nobody would handle
	eventually has_status stopped
	hull delete "$ID"
}

# ---- delete ----

# freeze_behind: what an engine or a user may do, too
freeze_behind()
{
	find /sys/fs/cgroup -path "*/$ID/freezer.state" -exec sh -c 'echo FROZEN >"$1"' sh {} \;
	find /sys/fs/cgroup -path "*/$ID/cgroup.freeze" -exec sh -c 'echo 1 >"$1"' sh {} \;
}

@test "delete --force does not wait for a start that hangs: in the container, frozen, or in a hook of the host's" {
	local starter
	make_bundle
	args sleep 30
	edit '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "touch /begun; sleep 1000"]}]'
	for freeze in : freeze_behind; do
		rm -f "$ROOTFS/begun"
		hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
		hull start "$ID" >/dev/null 2>&1 &
		starter=$!
		eventually test -e "$ROOTFS/begun"
		$freeze
		timeout -k 1 8 "$HULL" --root "$STATE" delete --force "$ID" 3>&-
		[ ! -e "$STATE/$ID" ]
		wait "$starter" || true
	done
	# the hook goes on, and what comes after it does no harm to another container of that name
	edit '.hooks = {poststart: [{path: "/bin/sh", args: ["sh", "-c", "touch $0; until [ -e $0.end ]; do sleep 0.1; done; exit 1", $f]}]}' --arg f "$DIR/begun"
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	timeout 30 "$HULL" --root "$STATE" start "$ID" >/dev/null 2>&1 3>&- &
	starter=$!
	eventually test -e "$DIR/begun"
	run hull delete --force "$ID"
	[ "$status" -eq 0 ]
	[[ $output == *"another hull"* ]]
	[ ! -e "$STATE/$ID" ]
	edit 'del(.hooks)'
	start_detached
	touch "$DIR/begun.end"
	not wait "$starter"
	has_status running
	hull exec "$ID" true
}

@test "delete refuses a running container, --force kills it" {
	make_bundle
	args sleep 30
	start_detached
	refuses "" -- "$HULL" --root "$STATE" delete "$ID"
	has_status running
	hull delete --force "$ID"
	run hull state "$ID"
	[ "$status" -ne 0 ]
}

@test "delete of a created container works without --force, or is refused; --force always works" {
	make_bundle
	args sleep 30
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	hull delete --force "$ID"
	run hull state "$ID"
	[ "$status" -ne 0 ]
}

@test "delete of an unknown id is an error, delete --force of it is none" {
	refuses "" -- "$HULL" --root "$STATE" delete "$ID"
	hull delete --force "$ID"
	hull delete "$ID" --force
}

@test "delete removes the cgroup and what the container made below it" {
	make_bundle
	edit '.linux.cgroupsPath = $p' --arg p "/hull-$TAG"
	args sleep 30
	start_detached
	[ -d "/sys/fs/cgroup/pids/hull-$TAG" ]
	mkdir -p "/sys/fs/cgroup/pids/hull-$TAG/below/deeper"
	hull delete --force "$ID"
	[ ! -d "/sys/fs/cgroup/pids/hull-$TAG" ]
}

# ---- wait ----

@test "wait returns the status of a container that another process started" {
	has_option wait . && needs_hull
	make_bundle
	args sh -c 'sleep 0.3; exit 9'
	start_detached
	run hull wait "$ID"
	[ "$status" -eq 9 ]
}

# ---- who the pid is ----

# its_number FILTER: change what the state keeps
its_number() { jq -c "$1" <"$STATE/$ID/state.json" >"$DIR/new" && cp "$DIR/new" "$STATE/$ID/state.json"; }

# a_pid_is_not_enough KEY: with another birth in the state, the process is somebody else's: stopped for everybody, and left alone; with its own it is found again
a_pid_is_not_enough()
{
	local pid
	pid=$(jq .pid "$STATE/$ID/state.json")
	[ "$(jq "has(\"$1\")" "$STATE/$ID/state.json")" = true ]
	[ "$(jq '[has("pidStart", "pidfdInode")] | map(select(.)) | length' "$STATE/$ID/state.json")" -eq 1 ]
	[ "$(hull state "$ID" | jq -r '"\(.pid) \(.status)"')" = "$pid running" ]
	its_number ".$1 += 1"
	has_status stopped
	[ "$(hull state "$ID" | jq .pid)" -eq 0 ]
	[ "$(hull list | awk -v id="$ID" '$1 == id { print $3 }')" = stopped ]
	refuses 'not running' -- "$HULL" --root "$STATE" kill "$ID" KILL
	refuses 'not running' -- "$HULL" --root "$STATE" exec "$ID" true
	refuses 'already ended' -- "$HULL" --root "$STATE" wait "$ID"
	kill -0 "$pid"
	its_number ".$1 -= 1"
	has_status running
	hull exec "$ID" true
}

@test "a state on a disk names its process by the start time" {
	needs_hull
	make_bundle
	args sleep 60
	start_detached
	a_pid_is_not_enough pidStart
	hull delete --force "$ID"
}

@test "a state in memory names its process by the pidfd's inode, or by the start time as an older hull wrote it" {
	needs_hull
	[ "$(stat -fc %T /dev/shm)" = tmpfs ] || skip "no memory at /dev/shm"
	STATE=/dev/shm/hull-state.$TAG
	make_bundle
	args sleep 60
	start_detached
	[ "$(jq 'has("pidfdInode")' "$STATE/$ID/state.json")" = true ] || skip "an older kernel: pidfds have no numbers of their own"
	a_pid_is_not_enough pidfdInode
	its_number "del(.pidfdInode) | .pidStart = $(sed 's/.*) //' "/proc/$(jq .pid "$STATE/$ID/state.json")/stat" | cut -d' ' -f20)"
	a_pid_is_not_enough pidStart
	hull delete --force "$ID"
	rmdir "$STATE"
}

@test "a first thread's end is not the container's" {
	needs_hull
	make_bundle
	mkdir -p "$ROOTFS/t"
	cat >"$DIR/threads.c" <<-'EOF'
		#include <pthread.h>
		#include <unistd.h>
		static void *other(void *unused) { sleep(60); return unused; }
		int main(void) { pthread_t t; pthread_create(&t, 0, other, 0); pthread_exit(0); }
	EOF
	musl-gcc -static -o "$ROOTFS/t/threads" "$DIR/threads.c" 2>"$DIR/cc" || cc -static -o "$ROOTFS/t/threads" "$DIR/threads.c" -lpthread
	args /t/threads
	start_detached
	eventually grep -q '^State:.*Z' "/proc/$(hull state "$ID" | jq .pid)/status"
	has_status running
	hull kill "$ID" KILL
	eventually has_status stopped
	hull delete "$ID"
}
