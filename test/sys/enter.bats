# hull enter: a command beside a process of any runtime, as root and as an ordinary user.
load lib

setup_file()
{
	file_begin
	user_up
	# a toolbox: the static busybox by some of its names
	mkdir -p "$FILE_DIR/tools/bin"
	cp "$(command -v busybox)" "$FILE_DIR/tools/bin/busybox"
	for name in sh ls id cat echo mount touch pwd env; do ln -s busybox "$FILE_DIR/tools/bin/$name"; done
	chmod -R a+rX "$FILE_DIR/tools"
}

running() { # a running container that sleeps
	make_bundle
	args sleep 60
	start_detached
	PID=$(hull state "$ID" | jq .pid)
}

# target COMMAND…: run it in the background and set PID to the youngest process below it that is our sleep, which is in its namespaces by then
target()
{
	"$@" sleep "6$((RANDOM % 1000)).$$" </dev/null >"$DIR/target.out" 2>&1 3>&- &
	TARGET=$!
	eventually found
}

found()
{
	local pid=$TARGET child
	while child=$(pgrep -P "$pid" | tail -n 1) && [ -n "$child" ]; do pid=$child; done
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c1-6)" = "sleep " ] || return 1
	PID=$pid
}

# end of target's: its sleep may be a pid 1, which only this ends
stop_target()
{
	kill -9 "$PID" 2>/dev/null || true
	wait "$TARGET" 2>/dev/null || true
}

same_namespaces() # COMMAND… that runs a program inside
{
	local ns
	for ns in pid mnt uts ipc net user; do
		[ "$("$@" readlink "/proc/self/ns/$ns")" = "$(readlink "/proc/$PID/ns/$ns")" ] || {
			echo "$ns differs"
			return 1
		}
	done
}

# a function is no program, which `timeout` wants
AS_USER=(setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --init-groups --inh-caps=-all --)

enter() { hull enter "$@"; }
user_enter() { as_user timeout --foreground -k 2 15 "$HULL" enter "$@"; }

@test "a container of hull's by its id: namespaces, environment, filter, cgroup" {
	make_bundle
	args sleep 60
	edit '.process.env += ["FOO=bar"] | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}'
	start_detached
	PID=$(hull state "$ID" | jq .pid)
	same_namespaces enter "$ID"
	[ "$(enter "$ID" sh -c 'echo $FOO')" = bar ]
	[ "$(enter "$ID" awk '/^Seccomp:/ { print $2 }' /proc/self/status)" = 2 ]
	[ "$(enter --privileged "$ID" awk '/^Seccomp:/ { print $2 }' /proc/self/status)" = 0 ]
	[ "$(enter "$ID" cat /proc/self/cgroup)" = "$(hull exec "$ID" cat /proc/self/cgroup)" ]
	[ "$(enter -e A=1 -e B=2 "$ID" sh -c 'echo $A$B')" = 12 ]
	[ "$(enter --cwd /tmp "$ID" pwd)" = /tmp ]
}

@test "status, standard input and output" {
	running
	run enter "$ID" sh -c 'exit 7'
	[ "$status" -eq 7 ]
	run enter "$ID" sh -c 'kill -9 $$'
	[ "$status" -eq 137 ]
	run --separate-stderr enter "$PID" sh -c 'cat; echo err >&2; exit 5' <<<"word"
	[ "$status" -eq 5 ]
	[ "$output" = word ]
	[ "$stderr" = err ]
	run -127 enter "$PID" nosuch
	run enter "$PID" /etc/passwd
	[ "$status" -eq 126 ]
}

@test "a shell when no command is given: the caller's own if it is there" {
	running
	[ "$(SHELL=/nosuch enter "$PID" <<<'echo $0')" = /bin/sh ]
	[ "$(SHELL=/bin/ash enter "$PID" <<<'echo $0')" = /bin/ash ]
	cp "$ROOTFS/usr/bin/busybox" "$ROOTFS/usr/bin/bash"
	run -127 env SHELL=/nosuch "$HULL" enter "$PID" <<<true
	[[ $output == *bash* ]]
}

@test "by pid: ids, capabilities, no_new_privs, working directory, passwd's HOME" {
	make_bundle
	edit '.process.user = {uid: 1000, gid: 1000, additionalGids: [77]} | .process.cwd = "/home" | .process.noNewPrivileges = true'
	args sleep 60
	start_detached
	PID=$(hull state "$ID" | jq .pid)
	same_namespaces enter "$PID"
	[ "$(enter "$PID" sh -c 'echo $(id -u) $(id -g) $(id -G) $(pwd) $HOME')" = "1000 1000 1000 77 /home /home" ]
	[ "$(enter "$PID" grep -E '^(Cap|NoNewPrivs)' /proc/self/status)" = "$(grep -E '^(Cap|NoNewPrivs)' "/proc/$PID/status")" ]
	[ "$(enter -u root "$PID" sh -c 'echo $(id -u) $(id -g) $HOME')" = "0 0 /root" ]
	[ "$(enter -u smith "$PID" id -u)" = 1000 ]
	[ "$(enter -u 5:6 "$PID" sh -c 'echo $(id -u) $(id -g)')" = "5 6" ]
	[ "$(enter -u 0 "$PID" awk '/^CapEff/ { print $2 }' /proc/self/status)" = "$(awk '/^CapBnd/ { print $2 }' "/proc/$PID/status")" ]
	[ "$(enter --privileged "$PID" awk '/^NoNewPrivs/ { print $2 }' /proc/self/status)" = 0 ]
	[ "$((0x$(enter --privileged "$PID" awk '/^CapEff/ { print $2 }' /proc/self/status) & 1 << 21))" -ne 0 ]
	refuses "--user" "does not name 'nobody-there'" -- "$HULL" enter -u nobody-there "$PID" true
}

# what the kernel refuses to the command: the number of filters, and whether mkdir(2) works
filtered() { "$@" sh -c 'mkdir /tmp/made 2>/dev/null && rmdir /tmp/made && echo mkdir; grep -E "^Seccomp:" /proc/self/status' | tr -s '\t\n' '  '; }

@test "by pid: its system-call filters, with and without no_new_privs; --privileged has none; it goes on as it was" {
	local nnp profile='{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}'
	for nnp in true false; do
		make_bundle
		edit ".process.user = {uid: 1000, gid: 1000} | .process.noNewPrivileges = $nnp | .linux.seccomp = $profile"
		args sleep 60
		start_detached
		PID=$(hull state "$ID" | jq .pid)
		[ "$(filtered enter "$PID")" = "Seccomp: 2 " ]
		[ "$(filtered enter --require-filter "$PID")" = "Seccomp: 2 " ]
		[ "$(filtered enter --privileged "$PID")" = "mkdir Seccomp: 0 " ]
		[ "$(enter "$PID" grep -E '^(NoNewPrivs|CapEff|Seccomp)' /proc/self/status)" = "$(grep -E '^(NoNewPrivs|CapEff|Seccomp)' "/proc/$PID/status")" ]
		grep -q '^State:.*sleeping' "/proc/$PID/status"
		# stopped it stays stopped
		kill -STOP "$PID"
		[ "$(filtered enter "$PID")" = "Seccomp: 2 " ]
		grep -q '^State:.*stopped' "/proc/$PID/status"
		hull delete -f "$ID"
	done
	running
	[ "$(filtered enter --require-filter "$PID")" = "mkdir Seccomp: 0 " ]
	refuses "exclude each other" -- "$HULL" enter --require-filter --privileged "$PID" true
}

@test "by pid: a system-call filter that cannot be had is a warning, or with --require-filter an error" {
	command -v strace >/dev/null || skip "no strace"
	target as_user "$HULL" sandbox
	run --separate-stderr user_enter "$PID" id -un
	[ "$output" = "$TEST_USER" ]
	[ "$stderr" = "hull: warning: the command runs without the system-call filter of process $PID: only root of the host may read it, and only without a filter of his own" ]
	refuses "--require-filter" "only root of the host" -- "${AS_USER[@]}" "$HULL" enter --require-filter "$PID" true
	[ "$(enter --require-filter "$PID" awk '/^Seccomp:/ { print $2 }' /proc/self/status)" = 2 ]
	# beside a debugger root cannot either
	strace -qq -o /dev/null -p "$PID" 3>&- &
	local tracer=$! # by its number: the current job is the target once this one has ended
	eventually grep -q '^TracerPid:.*[1-9]' "/proc/$PID/status"
	refuses "--require-filter" "beside a debugger" -- "$HULL" enter --require-filter "$PID" true
	kill "$tracer"
	wait "$tracer" 2>/dev/null || true
	stop_target
}

@test "by pid: of a sandbox's process 1, which is hull's, it is the command behind it" {
	local first
	target as_user "$HULL" sandbox --env LANG=inside
	first=$(ps -o ppid= "$PID")
	[ "$(cat "/proc/${first// }/comm")" = hull-init ]
	[ "$(enter --require-filter "${first// }" sh -c 'grep -c ^Seccomp:.2 /proc/self/status; echo $LANG')" = $'1\ninside' ]
	[ "$(user_enter "${first// }" id -un 2>/dev/null)" = "$TEST_USER" ]
	stop_target
}

@test "by pid: its cgroups, unless --no-cgroup" {
	running
	enter "$PID" sleep 50 </dev/null >/dev/null 2>&1 3>&- &
	eventually pgrep -f '^sleep 50$' >/dev/null
	beside=$(pgrep -f '^sleep 50$')
	[ "$(cat "/proc/$beside/cgroup")" = "$(cat "/proc/$PID/cgroup")" ]
	kill -9 "$beside"
	enter --no-cgroup "$PID" sleep 51 </dev/null >/dev/null 2>&1 3>&- &
	eventually pgrep -f '^sleep 51$' >/dev/null
	beside=$(pgrep -f '^sleep 51$')
	[ "$(cat "/proc/$beside/cgroup")" = "$(cat /proc/self/cgroup)" ]
	kill -9 "$beside"
}

@test "what is frozen is entered beside its cgroup only" {
	running
	hull pause "$ID"
	refuses "is paused" "--no-cgroup" -- "$HULL" --root "$STATE" enter "$ID" true
	refuses "is frozen" "--no-cgroup" -- "$HULL" enter "$PID" true
	[ "$(enter --no-cgroup "$ID" hostname)" = "$(jq -r .hostname "$BUNDLE/config.json")" ]
	[ "$(enter --no-cgroup "$PID" hostname)" = "$(jq -r .hostname "$BUNDLE/config.json")" ]
	hull resume "$ID"
	enter "$PID" true
}

@test "runc's container by pid" {
	command -v runc >/dev/null || skip "no runc"
	make_bundle
	args sleep 60
	runc --root "$DIR/runc" run -b "$BUNDLE" -d "$ID" </dev/null >"$DIR/out" 2>&1 3>&-
	PID=$(runc --root "$DIR/runc" state "$ID" | jq .pid)
	same_namespaces enter "$PID"
	[ "$(enter "$PID" grep -E '^Cap' /proc/self/status)" = "$(grep -E '^Cap' "/proc/$PID/status")" ]
	[ "$(enter "$PID" cat /proc/self/cgroup)" = "$(runc --root "$DIR/runc" exec "$ID" cat /proc/self/cgroup)" ]
	runc --root "$DIR/runc" delete -f "$ID"
}

@test "a terminal out of the container's own devpts, with the size and TERM of ours" {
	running
	run timeout 10 script -qec "stty rows 33 cols 77; TERM=vt100 '$HULL' enter $PID sh -c 'tty; stty size; echo \$TERM; exit 4'; echo status \$?" /dev/null </dev/null
	[[ $output == *"/dev/pts/0"* ]]
	[[ $output == *"33 77"* ]]
	[[ $output == *vt100* ]]
	[[ $output == *"status 4"* ]]
	# --no-tty: ours; without terminals: none; --tty: one all the same
	run timeout 10 script -qec "'$HULL' enter -T $PID sh -c '[ -t 0 ] && echo ours'" /dev/null </dev/null
	[[ $output == *ours* ]]
	[ "$(enter "$PID" sh -c 'tty || true' </dev/null)" = "not a tty" ]
	[[ "$(enter -t "$PID" tty </dev/null)" == /dev/pts/* ]]
	refuses "exclude each other" -- "$HULL" enter -t -T "$PID" true
}

@test "chroot: the root directory alone" {
	cp -a "$FILE_DIR/rootfs" "$DIR/jail"
	target chroot "$DIR/jail"
	[ "$(enter "$PID" sh -c 'cat /etc/hostname; pwd; ls -d /var/tmp || true')" = $'hull-test\n/' ]
	# there is no devpts in it: hull's own terminal stands in
	run timeout 10 script -qec "'$HULL' enter $PID sh -c '[ -t 0 ] && [ -t 1 ] && echo terminal'" /dev/null </dev/null
	[[ $output == *terminal* ]]
	[ "$(enter --toolbox "$FILE_DIR/tools" "$PID" sh -c 'cat /etc/hostname; ls /mnt/bin/busybox; echo $PATH')" = $'hull-test\n/mnt/bin/busybox\n/mnt/bin:'"$PATH" ]
	[ -z "$(ls -A "$DIR/jail/mnt")" ]
	stop_target
}

@test "unshare, with every namespace" {
	target unshare -mnpiuCT --fork --kill-child --mount-proc
	same_namespaces enter "$PID"
	[ "$(enter "$PID" readlink /proc/self/ns/time)" = "$(readlink "/proc/$PID/ns/time")" ]
	[ "$(enter "$PID" sh -c 'echo $$')" -gt 1 ]
	stop_target
}

@test "--toolbox: a root file system without any shell" {
	mkdir -p "$BUNDLE/rootfs"/{bin,dev,proc,sys,etc,mnt}
	cat >"$DIR/sleep.c" <<-'END'
		#include <unistd.h>
		int main(void) { sleep(60); return 0; }
		END
	musl-gcc -static -o "$BUNDLE/rootfs/bin/sleep" "$DIR/sleep.c"
	make_bundle
	args /bin/sleep
	edit '.root.readonly = true'
	start_detached
	PID=$(hull state "$ID" | jq .pid)
	refuses "executable file not found" -- "$HULL" --root "$STATE" enter "$ID" ls
	before=$(cat "/proc/$PID/mountinfo")
	for target in "$ID" "$PID"; do
		[ "$(enter --toolbox "$FILE_DIR/tools" "$target" ls /mnt)" = bin ]
		[ "$(enter --toolbox "$FILE_DIR/tools" "$target" <<<'echo $0')" = sh ]
		run enter --toolbox "$FILE_DIR/tools" "$target" touch /mnt/bin/x
		[ "$status" -ne 0 ]
		same_but_mounts "$target"
	done
	[ "$(cat "/proc/$PID/mountinfo")" = "$before" ]
	[ -z "$(ls -A "$BUNDLE/rootfs/mnt")" ]
	# no empty directory that everybody has: one that engines make
	rmdir "$BUNDLE/rootfs/mnt"
	[[ "$(enter --toolbox "$FILE_DIR/tools" "$PID" sh -c 'echo $PATH')" == /dev/mqueue/bin:* ]]
	refuses "--toolbox" "No such file" -- "$HULL" enter --toolbox "$DIR/none" "$PID" ls
	refuses "--toolbox" "not a directory" -- "$HULL" enter --toolbox "$DIR/sleep.c" "$PID" ls
}

same_but_mounts() # TARGET: the tools are in a mount namespace of their own, everything else is the container's
{
	[ "$(enter --toolbox "$FILE_DIR/tools" "$1" ls -l /proc/self/ns/net | sed 's/.* -> //')" = "$(readlink "/proc/$PID/ns/net")" ]
	[ "$(enter --toolbox "$FILE_DIR/tools" "$1" ls -l /proc/self/ns/mnt | sed 's/.* -> //')" != "$(readlink "/proc/$PID/ns/mnt")" ]
}

@test "an ordinary user: bubblewrap, also with user namespaces disabled in it" {
	command -v bwrap >/dev/null || skip "no bwrap"
	local more
	for more in "" --disable-userns; do
		# shellcheck disable=SC2086
		target as_user bwrap --unshare-all --unshare-user $more --ro-bind / / --dev /dev --proc /proc
		same_namespaces user_enter "$PID"
		[ "$(user_enter "$PID" id -un)" = "$TEST_USER" ]
		[ "$(user_enter "$PID" grep -E '^(Cap|NoNewPrivs)' /proc/self/status)" = "$(grep -E '^(Cap|NoNewPrivs)' "/proc/$PID/status")" ]
		run user_enter --toolbox "$FILE_DIR/tools" "$PID" sh -c 'id -u; [ -x ${PATH%%:*}/ls ] && echo tools'
		[ "$output" = "$(id -u "$TEST_USER")"$'\ntools' ]
		# root may, too, and is the same user in there
		same_namespaces enter "$PID"
		[ "$(enter "$PID" id -u)" = "$(id -u "$TEST_USER")" ]
		stop_target
	done
}

@test "an ordinary user: unshare, as root of its user namespace" {
	target as_user unshare -Urmpn --fork --kill-child --mount-proc
	same_namespaces user_enter "$PID"
	[ "$(user_enter "$PID" id -u)" = 0 ]
	refuses "--user" "has no user 5" -- "${AS_USER[@]}" "$HULL" enter -u 5 "$PID" id
	# what the toolbox shows belongs to the user: not even root of the container may make it writable
	as_user cp -r "$FILE_DIR/tools" "$USER_HOME/tools"
	[ "$(user_enter --toolbox "$USER_HOME/tools" "$PID" sh -c 'at=${PATH%%/bin:*}; ls "$at"; /bin/mount -o remount,bind,rw "$at" || /bin/mount --bind "$at" "$at"; touch "$at/x" || true' 2>/dev/null)" = bin ]
	[ ! -e "$USER_HOME/tools/x" ]
	rm -rf "$USER_HOME/tools"
	stop_target
}

@test "an ordinary user: hull's own sandbox, by pid and by name" {
	target as_user "$HULL" sandbox
	same_namespaces user_enter "$PID"
	[ "$(user_enter "$PID" id -un)" = "$TEST_USER" ]
	[ "$(user_enter "$PID" grep -E '^(Cap|NoNewPrivs)' /proc/self/status)" = "$(grep -E '^(Cap|NoNewPrivs)' "/proc/$PID/status")" ]
	run user_enter "$PID" touch /x
	[ "$status" -ne 0 ]
	[ "$(user_enter --toolbox "$FILE_DIR/tools" "$PID" sh -c 'ls ${PATH%%:*}/busybox')" ]
	stop_target
	target as_user "$HULL" --root "$USER_RUN/$TAG" sandbox --name "$ID"
	# with its system-call filter, which an ordinary user has by the name only
	[ "$(as_user "$HULL" --root "$USER_RUN/$TAG" enter "$ID" awk '/^Seccomp:/ { print $2 }' /proc/self/status)" = 2 ]
	[ "$(user_enter "$PID" awk '/^Seccomp:/ { print $2 }' /proc/self/status 2>/dev/null)" = 0 ]
	stop_target
	rm -rf "${USER_RUN:?}/$TAG"
}

@test "an ordinary user and processes of somebody else: who may, in words" {
	running
	refuses "belongs to root" "run this as root" -- "${AS_USER[@]}" "$HULL" enter "$PID" true
	refuses "belongs to root" -- "${AS_USER[@]}" "$HULL" enter 1 true
	# his own process in namespaces that are not his
	target unshare -n setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --clear-groups --bounding-set=-all --inh-caps=-all
	refuses "run this as root" -- "${AS_USER[@]}" "$HULL" enter "$PID" true
	enter "$PID" true
	stop_target
	# and the other way round: another user's
	target setpriv --reuid 12345 --regid 12345 --clear-groups unshare -Um
	refuses "user 12345" -- "${AS_USER[@]}" "$HULL" enter "$PID" true
	stop_target
}

@test "the command is killed when hull is, at whatever moment; what it left behind a normal end goes on" {
	local what victim i nap=47.$$
	running
	for what in "$ID" "$PID" "-u 1000:1000 $PID" "--privileged $PID"; do
		# shellcheck disable=SC2086
		"$HULL" --root "$STATE" enter $what sleep "$nap" </dev/null 3>&- &
		victim=$!
		eventually pgrep -xf "sleep $nap"
		sleep 0.2
		pgrep -xf "sleep $nap" # while hull is there
		kill -9 "$victim"
		eventually not pgrep -xf "sleep $nap"
	done
	for i in $(seq 0 29); do
		"$HULL" enter "$PID" sleep "$nap" </dev/null 3>&- &
		sleep "0.$(printf '%04d' $((i * 3)))"
		kill -9 $!
	done
	sleep 0.2
	eventually not pgrep -xf "sleep $nap"
	# the twins: hull ends when its command does, and hull exec is as runc's
	run -3 enter "$PID" sh -c 'sleep $0 </dev/null >/dev/null 2>&1 & exit 3' "$nap"
	pgrep -xf "sleep $nap"
	pkill -9 -xf "sleep $nap"
	"$HULL" --root "$STATE" exec "$ID" sleep "$nap" </dev/null 3>&- &
	eventually pgrep -xf "sleep $nap"
	kill -9 $!
	sleep 0.2
	pgrep -xf "sleep $nap"
}

@test "an ordinary user: the command is killed when hull is" {
	local nap=48.$$
	target as_user "$HULL" sandbox
	"${AS_USER[@]}" "$HULL" enter "$PID" sleep "$nap" </dev/null >/dev/null 2>&1 3>&- &
	eventually pgrep -xf "sleep $nap"
	kill -9 $!
	eventually not pgrep -xf "sleep $nap"
	stop_target
}

@test "what is no target" {
	refuses "does not exist" "PID" -- "$HULL" --root "$STATE" enter nosuch true
	refuses "no process 999999999" -- "$HULL" enter 999999999 true
	refuses "nothing to enter" -- "$HULL" enter $$ true
	refuses "COMMAND" -- "$HULL" enter
	make_bundle
	args true
	start_detached
	eventually has_status stopped
	refuses "stopped" -- "$HULL" --root "$STATE" enter "$ID" true
}

@test "an id goes before a pid of the same digits" {
	running
	make_bundle
	hull create -b "$BUNDLE" "$PID" </dev/null >/dev/null 2>&1
	[ "$(enter "$PID" readlink /proc/self/ns/net)" = "$(readlink "/proc/$(hull state "$PID" | jq .pid)/ns/net")" ]
	[ "$(enter "$PID" readlink /proc/self/ns/net)" != "$(readlink "/proc/$PID/ns/net")" ]
}

@test "nothing of ours can be looked into from inside while we enter" {
	running
	# a watcher in the container: whatever it sees of us must not be open to it
	enter "$PID" sh -c 'for i in $(seq 400); do for p in /proc/[0-9]*; do readlink $p/exe 2>/dev/null; ls -l $p/fd 2>/dev/null | sed -n "s/.* -> //p"; done; done' </dev/null >"$DIR/seen" 2>/dev/null 3>&- &
	watcher=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do enter "$PID" true; done
	kill "$watcher" 2>/dev/null || true
	wait "$watcher" 2>/dev/null || true
	[ -s "$DIR/seen" ] # it did see itself
	not grep -e bin/hull -e memfd "$DIR/seen"
}
