# limit: 300
# shellcheck disable=SC2015,SC2016,SC2154 # command lines are data here; bats sets output, stderr and status
# What a sandbox is that was told nothing: who and where the command is, what it sees, and that nothing of it reaches the host. As root and as an ordinary
# user; beside each refusal stands the use that must go on working.
load sandbox

# box ARGUMENT…, rootbox ARGUMENT…: hull sandbox in WORK as the ordinary user, as root
box() { (cd "$WORK" && as_user timeout --foreground -k 1 20 "$HULL" sandbox "$@"); }
rootbox() { (cd "$WORK" && timeout --foreground -k 1 20 "$HULL" sandbox "$@" 3>&-); }

# in_background ARGUMENT…: hull sandbox as the ordinary user; $! is hull
in_background()
{
	setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --init-groups --inh-caps=-all --reset-env -- "$HULL" sandbox "$@" </dev/null >"$DIR/up" 3>&- &
}

# both ARGUMENT…: in both, with the same output, which is in $output
both()
{
	output=$(rootbox "$@")
	[ "$(box "$@")" = "$output" ] || {
		echo "root sees: $output"
		echo "the user:  $(box "$@")"
		return 1
	}
}

# ---- the golden listing ----

# what the view gets as environment: half of it leaks, and must not get in
SEEN='LANG=C LC_ALL=C EDITOR=vi CC=gcc MAKEFLAGS=-j2 http_proxy=p TERM=dumb'
UNSEEN='XDG_RUNTIME_DIR=/run/user/1 DISPLAY=:0 SSH_AUTH_SOCK=/x SSH_AGENT_PID=1 DBUS_SESSION_BUS_ADDRESS=x GPG_AGENT_INFO=x AWS_SECRET_ACCESS_KEY=x GITHUB_TOKEN=x
	MYSQL_PASSWORD=x STRIPE_API_KEY=x DATABASE_URL=x KUBECONFIG=x NOTIFY_SOCKET=x LISTEN_FDS=1 TMUX=x WAYLAND_DISPLAY=x SUDO_USER=x HULL_X=x'

# view USER COMMAND…: what sandbox-view.py prints in a sandbox of the user's, as whom COMMAND runs another
view()
{
	# shellcheck disable=SC2086 # words
	(cd / && "${@:2}" setsid -w env -i $SEEN $UNSEEN CALLER="$(id -u "$1")" HOME="$(eval echo "~$1")" PATH=/usr/bin:/bin "$HULL" sandbox /usr/bin/python3 - \
		<"$HERE/sandbox-view.py" 3>&-)
}

golden()
{
	[ -z "${GOLDEN_UPDATE:-}" ] || cp "$DIR/view" "$HERE/../data/sandbox-view/$1.txt"
	diff -u "$HERE/../data/sandbox-view/$1.txt" "$DIR/view"
}

@test "all that can be seen, as an ordinary user: the golden listing" {
	umask 022
	view "$TEST_USER" as_user >"$DIR/view"
	golden user
}

@test "all that can be seen, as root: the golden listing" {
	umask 022
	view root env >"$DIR/view"
	golden root
}

@test "the listing can fail: what was opened up is in it" {
	(cd / && timeout 20 "$HULL" sandbox --rw "$WORK" --dev /dev/fuse --net host --share pid --env "CALLER=0" -- /usr/bin/python3 - <"$HERE/sandbox-view.py" 3>&-) >"$DIR/view"
	grep -q "^mount that is not read-only, nosuid and nodev: $WORK rw" "$DIR/view"
	not diff -q "$HERE/../data/sandbox-view/root.txt" "$DIR/view"
	[ "$(grep -c '^processes: 1$' "$DIR/view")" -eq 0 ]
}

# ---- who ----

@test "namespaces: all are its own but time; --share gives the host's back" {
	local ns
	for ns in user mnt pid ipc net uts cgroup; do
		[ "$(box readlink "/proc/self/ns/$ns")" != "$(readlink "/proc/self/ns/$ns")" ]
		[ "$(rootbox readlink "/proc/self/ns/$ns")" != "$(readlink "/proc/self/ns/$ns")" ]
	done
	both readlink /proc/self/ns/time
	[ "$output" = "$(readlink /proc/self/ns/time)" ]
	for ns in pid ipc uts net cgroup; do [ "$(box --share "$ns" readlink "/proc/self/ns/$ns")" = "$(readlink "/proc/self/ns/$ns")" ]; done
}

@test "the same user as outside, whom the host knows by the same name; files keep their owners" {
	[ "$(box id -un)" = "$TEST_USER" ]
	[ "$(box stat -c %U file)" = "$TEST_USER" ]
	[ "$(rootbox id -un)" = root ]
	[ "$(rootbox stat -c %U /etc/passwd)" = root ]
	box --rw . touch made
	[ "$(stat -c %U "$WORK/made")" = "$TEST_USER" ]
}

@test "no capability, and no way to one: set-user-ID, file capabilities, user namespaces" {
	cp "$(command -v id)" "$WORK/suid"
	chown root: "$WORK/suid"
	chmod 4755 "$WORK/suid"
	[ "$(cd "$WORK" && as_user ./suid -u)" = 0 ]
	[ "$(box ./suid -u)" = "$(id -u "$TEST_USER")" ]
	not box unshare -Ur true
	box --nest unshare -Ur true
	not rootbox unshare -m true
	not box chroot / true
	not rootbox chroot / true
	not rootbox chown 1:1 /tmp
	not rootbox sh -c 'mknod /tmp/x c 1 3 || mount -t tmpfs none /tmp'
}

# ---- what is there ----

@test "nothing can be written outside of /tmp, /run, /dev and /dev/shm, though the files are the caller's own" {
	not box sh -c 'echo x >file'
	not box sh -c 'echo x >new'
	not box rm file
	not box chmod 600 file
	not box touch file
	not box ln file link
	not box mv file other
	not box truncate -s 0 file
	not box python3 -c 'import os; os.setxattr("file", "user.x", b"x")'
	not rootbox sh -c 'echo x >/etc/hull-test'
	not rootbox chmod 777 /etc
	not rootbox sh -c 'echo 1 >/proc/sys/vm/drop_caches'
	not rootbox sh -c 'echo h >/proc/sysrq-trigger'
	not rootbox sh -c 'echo x >/sys/kernel/uevent_helper'
	[ "$(cat "$WORK/file")" = text ]
	both sh -c 'for d in /tmp /run /dev /dev/shm; do echo $d >$d/x && cat $d/x; rm $d/x; done; mkdir /tmp/a && cp /etc/passwd /tmp/a && echo ok' || true
	[ "${output##*$'\n'}" = ok ]
	[ ! -e /tmp/a/passwd ] && [ ! -e /dev/x ] && [ ! -e /run/x ]
}

@test "the root as a whole cannot be covered, in whatever spelling: what is said of it is never said in vain" {
	local option
	for option in --hide=/ --rw=/ --ro=/ --tmpfs=/ --overlay=/ --ro=/etc:/ --rw=/..//. --hide=/etc/..; do
		run rootbox "$option" true
		echo "$option: $output"
		[ "$status" -eq 125 ]
		[[ $output == *"'/' as a whole cannot be covered"*"--writable-root"* ]]
	done
	box --writable-root touch "$WORK/made"
	[ -e "$WORK/made" ]
}

@test "nor by a link that leads to it; twin: links elsewhere are followed, and a path may go through the root" {
	local option
	ln -s / "$WORK/root"
	mkdir "$WORK/dir"
	echo f >"$WORK/dir/f"
	ln -s dir "$WORK/link"
	for option in --hide --rw --ro --tmpfs --ro=/etc; do
		[[ $option == *=* ]] && option=$option:$WORK/root || option=$option=$WORK/root
		run rootbox "$option" true
		echo "$option: $output"
		[ "$status" -eq 125 ]
		[[ $output == *"'$WORK/root' leads to '/', which as a whole cannot be covered"* ]]
		run box "$option" true
		[ "$status" -eq 125 ]
	done
	for option in --hide --tmpfs; do
		both "$option" "$WORK/link" ls -A "$WORK/dir"
		[ "$output" = "" ]
	done
	both --tmpfs "$WORK/root/hull-$TAG" ls -d "/hull-$TAG"
	both --ro "/:$WORK/dir" --hide "$WORK/dir" sh -c "ls -A $WORK/dir; ls -d /etc"
	[ "$output" = /etc ]
}

@test "/tmp, /run and /dev/shm are its own: nothing of the host's is there, and nothing stays" {
	mkdir -p "/tmp/hull-$TAG" "/run/hull-$TAG"
	echo secret >"/tmp/hull-$TAG/secret"
	both sh -c "ls -A /tmp /run /dev/shm"
	rm -r "/tmp/hull-$TAG" "/run/hull-$TAG"
	[[ $output != *hull-* ]]
	box sh -c "echo x >/tmp/kept-$TAG"
	[ -z "$(box ls -A /tmp)" ]
	[ ! -e "/tmp/kept-$TAG" ]
}

@test "its processes are its own: the host's are neither seen nor reached" {
	sleep 100 3>&- &
	local pid=$!
	both sh -c "set -- /proc/[0-9]*; echo \$#; kill -0 $pid 2>/dev/null && echo reached; echo \$\$"
	[ "$output" = $'2\n2' ]
	[ -n "$(box --share pid ls -d "/proc/$pid")" ]
	kill "$pid"
	# what the command leaves running ends with it
	box sh -c "sleep 97.$$ & sleep 97.$$ & true"
	not pgrep -f "^sleep 97.$$"
}

@test "the network is lo, which works; sockets of the host, also abstract ones, are out of reach" {
	python3 -c '
import os, socket, sys, time
tcp = socket.create_server(("127.0.0.1", 0)); abstract = socket.socket(socket.AF_UNIX); abstract.bind("\0hull-" + sys.argv[2]); abstract.listen()
open(sys.argv[1] + "/port.new", "w").write(str(tcp.getsockname()[1])); os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port"); time.sleep(30)' "$DIR" "$TAG" 3>&- &
	local server=$! connect='import socket, sys
def t(f, a):
    try: socket.socket(f).connect(a); return "reached"
    except OSError as e: return e.strerror
print(t(socket.AF_INET, ("127.0.0.1", int(sys.argv[1]))), "/", t(socket.AF_UNIX, "\0hull-" + sys.argv[2]))'
	eventually test -e "$DIR/port"
	both /usr/bin/python3 -c "$connect" "$(cat "$DIR/port")" "$TAG"
	[ "$output" = "Connection refused / Connection refused" ]
	[[ $(box --net host /usr/bin/python3 -c "$connect" "$(cat "$DIR/port")" "$TAG") == "reached / "* ]]
	kill "$server"
	both /usr/bin/python3 -c 'import socket; s = socket.create_server(("::1", 0), family=socket.AF_INET6); socket.create_connection(s.getsockname()[:2]); print("ok")'
	[ "$output" = ok ]
	both sh -c 'ls /sys/class/net >/dev/null; grep -c : /proc/net/dev'
	[ "$output" = 1 ]
}

@test "SysV and POSIX shared memory, message queues and semaphores are its own, and work" {
	local id
	id=$(ipcmk -M 4096 | grep -o '[0-9]*$')
	both sh -c 'ipcs -m | grep -c "^0x" || true; ipcmk -M 4096 >/dev/null && ipcs -m | grep -c "^0x"'
	ipcrm -m "$id"
	[ "$output" = $'0\n1' ]
	both /usr/bin/python3 -c 'from multiprocessing import shared_memory, Lock; m = shared_memory.SharedMemory(create=True, size=64); Lock(); m.unlink(); print("ok")'
	[ "$output" = ok ]
}

@test "the working directory is kept where it can be seen; else it is the home directory" {
	[ "$(box pwd)" = "$WORK" ]
	[ "$(cd /tmp && as_user "$HULL" sandbox pwd)" = "$USER_HOME" ]
	[ "$(cd /tmp && as_user "$HULL" sandbox --rw /tmp pwd)" = /tmp ]
	[ "$(cd /tmp && as_user "$HULL" sandbox sh -c 'echo $PWD')" = "$USER_HOME" ]
}

@test "the environment: what leaks stays outside, unless it is asked for" {
	local word
	# shellcheck disable=SC2086
	for word in $UNSEEN; do
		[ "$(as_user env "$word" "$HULL" sandbox printenv "${word%%=*}" || true)" = "" ]
		[ "$(as_user env "$word" "$HULL" sandbox --env "${word%%=*}" printenv "${word%%=*}")" = "${word#*=}" ]
	done
	for word in $SEEN; do [ "$(as_user env "$word" "$HULL" sandbox printenv "${word%%=*}")" = "${word#*=}" ]; done
}

@test "the manual lists every variable that stays outside" {
	local name
	"$HULL" sandbox --help | tr -s ' \n' ' ' >"$DIR/help"
	sed -n '/leaking_beginnings\[\]/,/};/p; /leaking_parts\[\]/,/};/p' "$HERE/../../src/spec/sandbox_env.c" | grep -o '"[^"]*"' | tr -d '"=' >"$DIR/names"
	[ "$(wc -l <"$DIR/names")" -gt 30 ]
	while read -r name; do grep -qF "$name" "$DIR/help" || {
		echo "not in the manual: $name"
		false
	}; done <"$DIR/names"
}

@test "descriptors: 0, 1, 2, and nothing of what the caller had open" {
	local list='import os; print(*(n for n in os.listdir("/proc/self/fd") if os.path.lexists("/proc/self/fd/" + n)))'
	[ "$(as_user "$HULL" sandbox /usr/bin/python3 -c "$list" 7</etc/passwd)" = "0 1 2" ]
	[ "$(as_user sh -c 'exec "$0" sandbox --preserve-fds 1 sh -c "cat <&3" 3<"$1"' "$HULL" "$WORK/file")" = text ]
}

# ---- how it ends ----

@test "status and signals, as without it" {
	local signal pid
	for signal in TERM HUP USR1 KILL; do
		in_background sh -c 'echo up; exec sleep 30'
		pid=$!
		eventually grep -q up "$DIR/up"
		kill -s "$signal" "$pid"
		status=0
		wait "$pid" || status=$?
		[ "$status" -eq $((128 + $(kill -l "$signal"))) ]
		: >"$DIR/up"
	done
	in_background sh -c 'trap "exit 7" TERM; echo up; while :; do sleep 0.05; done'
	pid=$!
	eventually grep -q up "$DIR/up"
	kill "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 7 ]
	[ "$(seq 100000 | box wc -l)" = 100000 ]
	[ "$(box yes | head -n 2 | tr '\n' ' ')" = "y y " ]
}

@test "the sandbox dies with hull, and what started hull is told" {
	in_background sh -c "exec sleep 98.$$"
	local pid=$!
	eventually pgrep -f "^sleep 98.$$" >"$DIR/pid"
	kill -KILL "$pid"
	wait "$pid" || true
	eventually not pgrep -f "^sleep 98.$$" >"$DIR/pid"
}

@test "a command in its caller's pid namespace cannot outlive hull: also one whose process 1 is killed before it has asked to be" {
	command -v strace >/dev/null || skip "no strace"
	local mark=77.$RANDOM tracer pid
	# each process is held at its first prctl(2): the last one's is that question
	strace -f -qq -o /dev/null -e trace=prctl -e inject=prctl:delay_enter=700000:when=1 "$HULL" sandbox --syscalls none --share pid --init sleep "$mark" </dev/null >/dev/null 2>&1 3>&- &
	tracer=$!
	eventually eval "pid=\$(pgrep -P $tracer -f 'hull sandbox') && pgrep -P \"\$(pgrep -P \$pid)\""
	kill -KILL "$(pgrep -P "$tracer" -f 'hull sandbox')"
	eventually not pgrep -f "sleep $mark"
	wait "$tracer" || true
}
