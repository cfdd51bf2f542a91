# shellcheck disable=SC2015,SC2016,SC2154 # command lines are data here; bats sets output, stderr and status
# The record that hull sandbox --result writes, and sandboxes with names.
load sandbox

ubox() { as_user timeout --foreground -k 1 15 "$HULL" sandbox "$@" </dev/null; }

@test "exit codes and signals are told apart" {
	ubox --result "$RESULT" true
	[ "$(record '[.version, .status, .exit_code, .limit, .killed, .oom, .command]')" = '[1,"OK",0,null,false,false,["true"]]' ]
	run ubox --result "$RESULT" sh -c 'exit 137'
	[ "$status" -eq 137 ]
	[ "$(record '[.status, .exit_code, .signal]')" = '["RE",137,null]' ]
	run ubox --result "$RESULT" sh -c 'kill -KILL $$'
	[ "$status" -eq 137 ]
	[ "$(record '[.status, .exit_code, .signal, .signal_name]')" = '["SG",null,9,"SIGKILL"]' ]
	run ubox --result "$RESULT" python3 -c 'import os; os.abort()'
	[ "$status" -eq 134 ]
	[ "$(record '[.status, .signal_name]')" = '["SG","SIGABRT"]' ]
}

@test "time and memory are those of all processes" {
	ubox --result "$RESULT" sh -c 'python3 -c "x = bytearray(60 << 20)
for i in range(3000000): pass"; sleep 0.3'
	record '.max_rss > 60 * 1024 * 1024 and .cpu > 0.02 and (.cpu - .user - .system | fabs) < 0.05 and .wall > .3 and .switches_voluntary > 0' | grep -x true
}

@test "also of those that were left when the command ended" {
	ubox --result "$RESULT" sh -c 'timeout 5 sh -c "while :; do :; done" & sleep 0.6'
	record '.cpu > 0.1 and .wall < 3' | grep -x true
}

@test "nobody waits for those that hull's process 1 cannot kill: other users" {
	run timeout -k 1 15 "$HULL" sandbox --share user --cap-add SETUID --cap-add SETGID --result "$RESULT" \
		sh -c 'setpriv --reuid "$0" --clear-groups sleep 9 & sleep 0.3; exit 3' "$(id -u "$TEST_USER")"
	[ "$status" -eq 3 ]
	record '.exit_code == 3 and .wall > .3 and .wall < 5' | grep -x true
}

@test "a failure of hull's own is a record, too" {
	run ubox --result "$RESULT" /nonexistent
	[ "$status" -eq 127 ]
	[ "$(record '[.status, .exit_code, .pid]')" = '["XX",127,null]' ]
	record .error | grep -q nonexistent
	run ubox --result "$RESULT" --memory x true
	[ "$status" -eq 125 ] && record .error | grep -q -e '--memory'
}

@test "it goes to a file as a whole, to a descriptor, to a FIFO" {
	echo old >"$RESULT"
	ubox --result "$RESULT" grep -q old "$RESULT"
	[ "$(record .status)" = OK ]
	[ "$(stat -c %a "$RESULT")" = 644 ]
	ubox --result 9 sh -c '[ ! -e /proc/self/fd/9 ]' 9>"$DIR/nine"
	jq -e '.status == "OK"' "$DIR/nine"
	mkfifo -m 666 "$DIR/result/fifo"
	cat "$DIR/result/fifo" >"$DIR/from-fifo" &
	ubox --result "$DIR/result/fifo" true
	wait $!
	jq -e '.status == "OK"' "$DIR/from-fifo"
	run ubox --result "$DIR/none/x" true
	[ "$status" -eq 125 ]
	[[ $output == *"--result: cannot write to the directory of '$DIR/none/x'"* ]]
	run ubox --result 77 true
	[ "$status" -eq 125 ]
	[[ $output == *"--result: cannot open '77': Bad file descriptor"* ]]
}

@test "a name that means a descriptor is one, also where a file is behind it, and stays" {
	with_dev '"$HULL" sandbox --result /dev/stdout echo said >"$DIR/out"
		[ "$(readlink /dev/stdout)" = /proc/self/fd/1 ]
		cd /dev && "$HULL" sandbox --result stdout true >"$DIR/out2"
		[ "$(readlink stdout)" = /proc/self/fd/1 ]'
	[ "$(head -n 1 "$DIR/out")" = said ]
	[ "$(tail -n +2 "$DIR/out" | jq -r .status)" = OK ]
	[ "$(jq -r .status "$DIR/out2")" = OK ]
	hull sandbox --result /proc/self/fd/7 true 7>"$DIR/seven"
	[ "$(jq -r .status "$DIR/seven")" = OK ]
	run hull sandbox --result /dev/fd/77 true
	[ "$status" -eq 125 ]
}

is_sleep() { [ "$(hull enter "$ID" cat /proc/2/comm </dev/null)" = sleep ]; }

@test "a name: list, state, exec, enter, kill, and gone at the end" {
	"$HULL" --root "$STATE" sandbox --name "$ID" sleep 30 3>&- &
	eventually has_status running
	[ "$(hull list -q)" = "$ID" ]
	[ "$(hull exec "$ID" cat /proc/1/comm)" = hull-init ]
	eventually is_sleep # process 1 has it still to start
	run hull sandbox --name "$ID" true
	[ "$status" -eq 125 ]
	[[ $output == *"already exists"* ]]
	# not process 1, which could not go on by itself
	first=$(hull state "$ID" | jq .pid)
	command=$(pgrep -P "$first")
	hull kill "$ID" STOP
	eventually grep -q 'T (stopped)' "/proc/$command/status"
	grep -q 'S (sleeping)' "/proc/$first/status"
	hull kill "$ID" CONT
	eventually grep -q 'S (sleeping)' "/proc/$command/status"
	hull kill "$ID" TERM
	code=0
	wait $! || code=$?
	[ "$code" -eq 143 ]
	[ "$(hull list -q)" = "" ]
}

@test "a name that could not be given back is told, with what to do, and does it" {
	command -v strace >/dev/null || skip "strace is not installed"
	local fault n=n$TAG
	for fault in unlinkat:error=EIO:when=1 unlinkat:error=EIO:when=2 unlinkat:error=EIO:when=3; do
		status=0
		strace -o /dev/null -e "inject=$fault" "$HULL" --root "$STATE" sandbox --name "$n" true </dev/null 2>"$DIR/err" 3>&- || status=$?
		[ "$status" -eq 125 ]
		grep -q "container '$n' has ended, and 'hull delete $n' removes what is left" "$DIR/err"
		[[ $(hull list) == *"$n"*stopped* ]]
		run hull sandbox --name "$n" true
		[ "$status" -eq 125 ]
		[[ $output == *"'hull delete $n' removes it"* ]]
		hull delete "$n"
		hull sandbox --name "$n" true </dev/null
		[ -z "$(hull list -q)" ]
	done
	# whoever was waited for need not be found again
	strace -o /dev/null -e inject=pidfd_open:error=EMFILE "$HULL" --root "$STATE" sandbox --name "$n" true </dev/null 3>&-
	[ -z "$(hull list -q)" ]
}

@test "a killed hull leaves a name that can be deleted" {
	"$HULL" --root "$STATE" sandbox --name "$ID" sleep 30 3>&- &
	eventually has_status running
	kill -9 $!
	eventually has_status stopped
	hull delete "$ID"
	[ "$(hull list -q)" = "" ]
}
