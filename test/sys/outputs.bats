# shellcheck disable=SC2015,SC2016,SC2154 # command lines are data here; bats sets output, stderr and status
# Where hull writes to what others hold: names that people give it, and pipes whose readers have gone.
load lib

# gone_reader: a FIFO in DIR whose reader is there until the file "go" is, so that hull can open it and not write
gone_reader()
{
	mkfifo "$DIR/gone"
	(
		exec <"$DIR/gone"
		while [ ! -e "$DIR/go" ]; do sleep 0.02; done
	) 3>&- &
	READER=$!
}

# hook_ends_reader KIND: a hook of BUNDLE's after which nobody reads
hook_ends_reader()
{
	printf '#!/bin/sh\n: >"%s"\nwhile [ -e /proc/%s ] && ! grep -q "^State:.Z" /proc/%s/status; do sleep 0.02; done\n' "$DIR/go" "$READER" "$READER" >"$DIR/hook"
	chmod 755 "$DIR/hook"
	edit '.hooks[$kind] = [{path: $path}]' --arg kind "$1" --arg path "$DIR/hook"
}

no_container() { [ -z "$("$HULL" --root "$STATE" list -q)" ]; }

@test "--pid-file: what is no file is written to, and stays; a file is replaced" {
	make_bundle
	with_dev 'run() { timeout -k 1 10 "$HULL" --root "$STATE" run -b "$BUNDLE" --pid-file "$1" "$ID"; }
		run /dev/stdout >"$DIR/out"
		run /dev/fd/9 9>"$DIR/nine"
		cd /dev && run stdout >"$DIR/relative" && cd /
		[ "$(readlink /dev/stdout)" = /proc/self/fd/1 ]
		run /dev/null
		if run /dev/full 2>"$DIR/err"; then exit 1; fi
		[ -c /dev/null ]
		[ -c /dev/full ]
		ln -s null /dev/link
		run /dev/link
		[ -h /dev/link ]
		[ -c /dev/null ]'
	for file in out nine relative; do grep -qEx '[0-9]+' "$DIR/$file"; done
	grep -q "cannot write the pid file '/dev/full': No space left on device" "$DIR/err"
	mkfifo "$DIR/fifo"
	cat "$DIR/fifo" >"$DIR/from-fifo" 3>&- &
	hull run -b "$BUNDLE" --pid-file "$DIR/fifo" "$ID"
	wait $!
	grep -qEx '[0-9]+' "$DIR/from-fifo"
	[ -p "$DIR/fifo" ]
	echo old >"$DIR/file"
	ln -s file "$DIR/link"
	hull run -b "$BUNDLE" --pid-file "$DIR/link" "$ID"
	grep -qEx '[0-9]+' "$DIR/link"
	[ "$(cat "$DIR/file")" = old ] # as runc has it
	refuses "cannot open the pid file '/dev/fd/77': Bad file descriptor" -- "$HULL" --root "$STATE" run -b "$BUNDLE" --pid-file /dev/fd/77 "$ID"
	refuses "cannot open the pid file '$DIR': Is a directory" -- "$HULL" --root "$STATE" create -b "$BUNDLE" --pid-file "$DIR" "$ID"
	no_container
}

@test "a pid file in a FIFO ends with the number, while the container is there" {
	make_bundle
	args sleep 30
	mkfifo "$DIR/fifo"
	timeout 5 cat "$DIR/fifo" >"$DIR/pid" 3>&- &
	hull create -b "$BUNDLE" --pid-file "$DIR/fifo" "$ID" </dev/null >/dev/null 2>&1
	wait $!
	[ "$(cat "$DIR/pid")" = "$(hull state "$ID" | jq .pid)" ]
}

@test "exec --pid-file: the same, and a process whose pid cannot be told does not stay" {
	make_bundle
	args sleep 30
	start_detached
	with_dev '"$HULL" --root "$STATE" exec --pid-file /dev/stdout "$ID" true >"$DIR/out"
		[ "$(readlink /dev/stdout)" = /proc/self/fd/1 ]
		if "$HULL" --root "$STATE" exec -d --pid-file /dev/full "$ID" sleep 77 2>"$DIR/err" </dev/null >/dev/null; then exit 1; fi
		[ -c /dev/full ]'
	grep -qEx '[0-9]+' "$DIR/out"
	grep -q "cannot write the pid file '/dev/full'" "$DIR/err"
	not hull exec "$ID" pgrep -f '^sleep 77'
}

@test "create and run with a pid file whose reader has gone say so, and leave nothing" {
	local code want
	for command in create run; do
		make_bundle
		args sleep 30
		rm -f "$DIR/go" "$DIR/gone"
		gone_reader
		hook_ends_reader createRuntime
		code=0
		hull $command -b "$BUNDLE" --pid-file "$DIR/gone" "$ID" </dev/null >"$DIR/err" 2>&1 || code=$?
		cat "$DIR/err"
		[ $command = run ] && want=125 || want=1
		[ "$code" -eq $want ]
		grep -q "cannot write the pid file '$DIR/gone': Broken pipe" "$DIR/err"
		no_container
	done
}

@test "start: a container that is killed at the last moment is told in words" {
	command -v strace >/dev/null || skip "strace is not installed"
	local code=0 tracer pid
	make_bundle
	args sleep 30
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	pid=$(hull state "$ID" | jq .pid)
	# held between opening the FIFO and writing to it
	strace -qq -o "$DIR/trace" -e trace=write -e inject=write:delay_enter=2000000:when=1 "$HULL" --root "$STATE" start "$ID" </dev/null >"$DIR/out" 2>&1 3>&- &
	tracer=$!
	opened() { find /proc/[0-9]*/fd -lname "$STATE/$ID/start" 2>/dev/null | grep -v "^/proc/$pid/" | grep -q .; }
	eventually opened
	kill -9 "$pid"
	wait $tracer || code=$?
	cat "$DIR/trace" "$DIR/out"
	[ "$code" -eq 1 ]
	grep -q "cannot start container '$ID': its process has ended" "$DIR/out"
	[ "$(status_of)" = stopped ]
	hull delete "$ID"
	no_container
}

@test "a warning that nobody reads stops nothing" {
	make_bundle
	edit '.process.capabilities.bounding += ["CAP_NO_SUCH"]' # a warning
	gone_reader
	exec 8>"$DIR/gone"
	: >"$DIR/go"
	wait "$READER"
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&8
	has_status created
	exec 8>&-
	hull delete --force "$ID"
}

@test "a record and a status whose reader has gone: the command's end is told all the same" {
	local code=0
	gone_reader
	exec 8>"$DIR/gone"
	: >"$DIR/go"
	wait "$READER"
	run hull sandbox --result 8 sh -c 'exit 3'
	[ "$status" -eq 125 ]
	[[ $output == *"--result: cannot write '8': Broken pipe"* ]]
	hull bwrap --ro-bind / / --json-status-fd 8 sh -c 'exit 3' 2>"$DIR/err" || code=$?
	[ "$code" -eq 1 ]
	grep -q "json-status-fd: cannot write to descriptor 8: Broken pipe" "$DIR/err"
	exec 8>&-
}

# first_line COMMAND…: what `| head -n 1` leaves of it, and its status
first_line() { bash -c 'timeout -k 1 5 "$@" </dev/null 2>/dev/null | head -n 1 | tr -d "\r"; echo "${PIPESTATUS[0]}"' - "$@" 3>&-; }

# the command below writes y, and fails by itself
fails_itself()
{
	run first_line "$@"
	[ "${lines[0]}" = y ] || return
	case ${lines[1]} in 0 | 124 | 137) return 1 ;; esac
}

# payloads that end by SIGPIPE, that do not, and that have said it all: none hangs, and none leaves anything
@test "a terminal whose reader has gone is hung up" {
	make_bundle
	edit '.process.terminal = true'
	[ "$(first_line "$HULL" sandbox -t yes)" = $'y\n141' ]
	[ "$(trap '' PIPE && first_line "$HULL" sandbox -t yes)" = $'y\n1' ]
	fails_itself "$HULL" sandbox -t sh -c 'trap "" PIPE HUP; yes'
	[ "$(first_line "$HULL" sandbox -t --result "$DIR/result" sh -c 'trap "" PIPE; echo y; sleep 0.3; echo y; exit 3')" = $'y\n3' ]
	[ "$(jq .exit_code "$DIR/result")" = 3 ]
	for words in 'yes' 'trap "" PIPE HUP; yes' 'echo y; sleep 0.3; echo y; exit 3'; do
		args sh -c "$words"
		fails_itself "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
		no_container
	done
	args sleep 30
	edit '.process.terminal = false'
	start_detached
	fails_itself "$HULL" --root "$STATE" exec -t "$ID" yes
	not hull exec "$ID" pgrep -x yes
}
