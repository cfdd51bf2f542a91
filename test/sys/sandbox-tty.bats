# shellcheck disable=SC2015,SC2016,SC2154 # command lines are data here; bats sets output, stderr and status
# Signals, job control, pipes, and what is inherited: a command in a sandbox is to a shell what it is without.
load lib

setup_file()
{
	file_begin
	user_up
	cp "$HERE/sandbox-tty.py" "$FILE_DIR/bin"
}

ubox() { as_user timeout --foreground -k 1 15 "$HULL" sandbox "$@"; }

FACTS='interrupt: 130
quit: 131
stop: 148
jobs: True
continued: 0
it went on and did not begin again: True
background reader: True
read to the end: 0
size: True
new size: True
status: 5
caught: 6'

@test "at a terminal: interrupt, stop, go on, background, window size" {
	TTY_USER=$TEST_USER run timeout -k 1 60 python3 "$FILE_DIR/bin/sandbox-tty.py" "$HULL"
	[ "$output" = "$FACTS" ] || { echo "$output"; return 1; }
}

@test "at a terminal, as root" {
	run timeout -k 1 60 python3 "$FILE_DIR/bin/sandbox-tty.py" "$HULL"
	[ "$output" = "$FACTS" ] || { echo "$output"; return 1; }
}

SUSPENDED='kill -TSTP 0: 148
and then: 7
kill -STOP 0: 147
and then: 7
kill -TSTP $$: 148
and then: 7
kill -STOP $$: 147
and then: 7
with its caller: 148
and then: 8'

@test "at a terminal: a command that suspends itself gives the shell its prompt back" {
	for options in "" "--share pid" "--no-landlock"; do
		# shellcheck disable=SC2086
		TTY_SCENE=suspend TTY_USER=$TEST_USER run timeout -k 1 60 python3 "$FILE_DIR/bin/sandbox-tty.py" "$HULL" $options
		[ "$output" = "$SUSPENDED" ] || { echo "$options: $output"; return 1; }
	done
}

@test "a command that suspends itself does not stop the clock that hull holds" {
	run timeout -k 1 30 python3 -c 'import os, pty, sys
status = pty.spawn(sys.argv[1:])
sys.exit(os.waitstatus_to_exitcode(status))' "$HULL" sandbox --wall 1 sh -c 'kill -STOP 0' </dev/null
	[ "$status" -eq 137 ]
}

@test "with a terminal of its own, a command ends by what is typed" {
	run timeout -k 1 20 python3 -c 'import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
while b"begun" not in os.read(fd, 1000):
    pass
os.write(fd, b"\x03")
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))' "$HULL" sandbox -t sh -c 'echo begun; exec sleep 15' </dev/null
	[ "$output" = 130 ] || { echo "$output"; return 1; }
}

@test "an end of input that was typed before hull listened is one, also when a hull outside typed it" {
	run -0 timeout -k 1 10 "$HULL" sandbox --nest -t "$HULL" sandbox -t cat </dev/null
	[ -z "$output" ] || { echo "$output"; return 1; }
	run -0 timeout -k 1 10 "$HULL" sandbox --nest -t "$HULL" sandbox -t cat <<<"word"
	[[ $output == *word* ]]
	run -0 timeout -k 1 20 python3 -c 'import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    time.sleep(0.5)
    os.execv(sys.argv[1], sys.argv[1:])
os.write(fd, b"early\n\x04")
seen = b""
try:
    while data := os.read(fd, 1000):
        seen += data
except OSError:
    pass
print(seen, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))' "$HULL" sandbox -t cat
	[[ $output == *"early\\r\\nearly\\r\\n' 0" ]] || { echo "$output"; return 1; }
}

@test "pipes, and their ends" {
	run bash -c 'set -o pipefail; seq 1000 | "$@" sort -n | tail -n 1' - "$HULL" sandbox
	[ "$status" -eq 0 ]
	[ "$output" = 1000 ]
	run bash -c '"$@" yes 2>/dev/null | head -n 1; echo ${PIPESTATUS[0]}' - "$HULL" sandbox
	[ "$output" = $'y\n141' ]
	# whose own writing fails, and goes on
	run bash -c 'timeout -k 1 5 "$@" sh -c "while :; do echo x; done" 2>/dev/null | head -n 1; echo ${PIPESTATUS[0]}' - "$HULL" sandbox
	[ "$output" = $'x\n141' ]
	run bash -c 'timeout 5 "$@" yes 2>/dev/null | head -n 1; echo ${PIPESTATUS[0]}' - "$HULL" sandbox --as-pid-1
	[ "${lines[0]}" = y ]
	[ "${lines[1]}" -ne 0 ]
	[ "${lines[1]}" -ne 124 ]
}

# open_streams COMMAND…: which of the standard streams are open in there, bit by bit, as the status of a shell
open_streams()
{
	local code=0
	timeout --foreground -k 1 15 "$@" sh -c 'n=0; for i in 0 1 2; do [ ! -e "/proc/self/fd/$i" ] || n=$((n + (1 << i))); done; exit $n' 3>&- || code=$?
	left=$code
}

@test "standard streams that are closed are closed inside, too; those that are open are open" {
	local way inside left
	"$HULL" sandbox sh -c 'echo up; exec sleep 60' >"$DIR/out" 3>&- &
	eventually grep -q up "$DIR/out"
	eventually pgrep -P $!
	inside=$(pgrep -P $!)
	for way in "sandbox" "sandbox --as-pid-1" "sandbox --share pid --syscalls none" "bwrap --bind / / --proc /proc" "selfdock run" "try --no" "enter $inside"; do
		# shellcheck disable=SC2086
		{
			open_streams "$HULL" $way </dev/null && [ "$left" -eq 7 ] || { echo "$way, open: $left"; return 1; }
			open_streams "$HULL" $way <&- && [ "$left" -eq 6 ] || { echo "$way, no 0: $left"; return 1; }
			open_streams "$HULL" $way >&- && [ "$left" -eq 5 ] || { echo "$way, no 1: $left"; return 1; }
			open_streams "$HULL" $way 2>&- && [ "$left" -eq 3 ] || { echo "$way, no 2: $left"; return 1; }
			open_streams "$HULL" $way <&- >&- 2>&- && [ "$left" -eq 0 ] || { echo "$way, none: $left"; return 1; }
		}
	done
	kill -9 $!
	open_streams setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --clear-groups -- "$HULL" sandbox >&-
	[ "$left" -eq 5 ]
	# a terminal of its own is all three of them
	open_streams "$HULL" sandbox -t <&- >&- 2>&-
	[ "$left" -eq 7 ]
	run -1 bash -c '"$@" bash -c "echo x" >&-' - "$HULL" sandbox
	[[ $output == *"Bad file descriptor"* ]]
	# an OCI container's process has three in any case
	make_bundle
	args sleep 60
	start_detached
	open_streams "$HULL" --root "$STATE" exec "$ID" <&- >&- 2>&-
	[ "$left" -eq 7 ]
}

@test "signals that hull gets end the command, or are caught by it" {
	for init in "" --as-pid-1; do
		for signal in TERM HUP USR1; do # a shell's background command ignores SIGINT
			# shellcheck disable=SC2086
			"$HULL" sandbox $init sh -c 'echo up; exec sleep 10' >"$DIR/out" 3>&- &
			eventually grep -q up "$DIR/out"
			kill -s "$signal" $!
			code=0
			wait $! || code=$?
			[ "$code" -eq $((128 + $(kill -l "$signal"))) ] || { echo "init=$init signal=$signal code=$code"; false; }
			: >"$DIR/out"
		done
		# shellcheck disable=SC2086
		"$HULL" sandbox $init sh -c 'trap "exit 9" TERM; echo up; while :; do sleep 0.05; done' >"$DIR/out" 3>&- &
		eventually grep -q up "$DIR/out"
		kill $!
		code=0
		wait $! || code=$?
		[ "$code" -eq 9 ]
		: >"$DIR/out"
	done
}

@test "a signal ends the command of a user with hundreds of groups, too" {
	setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --groups "$(seq -s , 100000 100999)" --inh-caps=-all \
		"$HULL" sandbox sh -c 'echo up; exec sleep 10' </dev/null >"$DIR/out" 3>&- &
	eventually grep -q up "$DIR/out"
	kill $!
	code=0
	wait $! || code=$?
	[ "$code" -eq 143 ]
}

@test "ignored and blocked signals, umask and groups are inherited" {
	for init in "" --as-pid-1; do
		# shellcheck disable=SC2086
		run python3 -c 'import os, signal, sys
for number in signal.SIGHUP, signal.SIGUSR1:
    signal.signal(number, signal.SIG_IGN)
os.umask(0o27)
os.execv(sys.argv[1], sys.argv[1:])' "$HULL" sandbox $init bash -c 'umask; exec grep SigIgn /proc/self/status'
		[ "${lines[0]}" = 0027 ]
		[ $((0x${lines[1]##*:	} & 0x201)) -eq $((0x201)) ]
		# shellcheck disable=SC2086
		run python3 -c 'import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
os.execv(sys.argv[1], sys.argv[1:])' "$HULL" sandbox $init grep SigBlk /proc/self/status
		[ "$output" = $'SigBlk:\t0000000000000800' ]
	done
	[ "$(ubox id -u)" = "$(as_user id -u)" ]
}

@test "the caller's terminal has a name inside" {
	run timeout -k 1 20 python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' "$HULL" sandbox tty </dev/null
	[[ $output == */dev/console* ]]
	run "$HULL" sandbox ls /dev/console </dev/null 3>/dev/null # without one there is nothing to show
	[ "$status" -ne 0 ]
}
