# shellcheck disable=SC2015,SC2016,SC2154 # command lines are data here; bats sets output, stderr and status
# Attacks of a sandbox's command on what is outside. As in attack.bats each attack has a twin that shows the honest use of the same thing.
load sandbox

setup()
{
	test_begin
	chown "$TEST_USER" "$DIR"
}

usandbox() { as_user timeout --foreground -k 1 15 "$HULL" sandbox "$@" </dev/null; }

# beside COMMAND…: in a process group with a shell that says which signals it gets
beside()
{
	as_user setsid -w timeout -k 1 15 sh -c 'trap "echo signalled" TERM; "$@"; echo "status $?"' sh "$HULL" "$@" </dev/null
}

# ---- the process group, which does not end at a pid namespace ----

KILL_GROUP='import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.kill(0, signal.SIGTERM)'

has_signal_scope() { python3 -c 'import ctypes; exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 6)' || skip "this kernel's Landlock knows no signals"; }

@test "kill(0) reaches nobody outside of the sandbox, also of one that may nest or has no Landlock" {
	local mode
	for mode in "sandbox --no-landlock" "sandbox --writable-root" "sandbox --no-landlock --nest"; do
		# shellcheck disable=SC2086 # several words
		run beside $mode python3 -c "$KILL_GROUP"
		[ "$output" = "status 0" ]
	done
	has_signal_scope
	for mode in sandbox "sandbox --nest" "selfdock run"; do
		# shellcheck disable=SC2086 # several words
		run beside $mode python3 -c "$KILL_GROUP"
		[ "$output" = "status 0" ]
	done
}

@test "twin: kill(0) reaches the processes inside; as bubblewrap's does, hull's called so reaches the group" {
	run beside sandbox --nest sh -c '(trap "echo inside; exit" TERM; while :; do sleep 0.05; done) & sleep 0.2; trap "" TERM; kill 0; wait; echo done'
	[[ "${lines[*]}" == *"inside done status 0" ]]
	[[ $output != *signalled* ]]
	run beside sandbox --no-landlock sh -c '(trap "echo inside; exit" TERM; while :; do sleep 0.05; done) & sleep 0.2; trap "" TERM; kill 0; wait; echo done'
	[[ "${lines[*]}" == *"inside done status 0" ]]
	run beside bwrap --bind / / python3 -c "$KILL_GROUP"
	[[ $output == *signalled* ]]
}

@test "twin: at a terminal the process group stays the caller's without Landlock, too, for job control" {
	cat >"$DIR/group.py" <<-'EOF'
		import os, pty, sys
		pid, master = pty.fork()
		if pid == 0:
		    os.execvp(sys.argv[1], sys.argv[1:])
		seen = b""
		while True:
		    try:
		        seen += os.read(master, 4096)
		    except OSError:
		        break
		print(seen.decode())
	EOF
	run timeout -k 1 15 python3 "$DIR/group.py" "$HULL" sandbox --no-landlock python3 -c 'import os; print("group", os.getpgrp(), os.tcgetpgrp(0))'
	[[ $output == *"group 0 0"* ]] # of the terminal's foreground, and outside
	run timeout -k 1 15 setsid -w "$HULL" sandbox --no-landlock python3 -c 'import os; print("group", os.getpgrp())' </dev/null
	[ "$output" = "group 1" ]
}

# neighbour COMMAND…: in a process group with another process, whose niceness and I/O priority are then compared with what they were
neighbour()
{
	run as_user setsid -w timeout -k 1 15 sh -c 'sleep 10 & neighbour=$!
		look() { echo "$(ps -o ni= -p $neighbour) $(ionice -p $neighbour)"; }
		before=$(look); "$@"; [ "$(look)" = "$before" ] && echo as before || echo slow; kill $neighbour' sh "$HULL" "$@" </dev/null
}

SLOW='import ctypes, os, sys
call = ctypes.CDLL(None).syscall
for change in (lambda: call(141, which, 0, 19), lambda: call(251, which + 1, 0, 3 << 13)):
    for which in map(int, sys.argv[1:]):
        print("changed" if change() == 0 else "refused")'

@test "nobody outside is slowed down: neither the process group nor the processes of the same user" {
	neighbour sandbox python3 -c "$SLOW" 1
	[ "$output" = $'refused\nrefused\nas before' ]
	neighbour sandbox --nest python3 -c "$SLOW" 1
	[ "$output" = $'refused\nrefused\nas before' ]
	neighbour sandbox python3 -c "$SLOW" 2 # of the user: those in the pid namespace
	[ "${lines[0]}" = changed ]
	[ "${lines[2]}" = "as before" ]
}

@test "twin: priorities of oneself and of a group made inside can be changed; without a filter the group's outside" {
	neighbour sandbox python3 -c "$SLOW" 0
	[ "$output" = $'changed\nchanged\nas before' ]
	neighbour sandbox setsid -w sh -c 'renice -n 19 -g $$ >/dev/null; ps -o ni= -p $$ | tr -d " "'
	[ "$output" = $'19\nas before' ]
	neighbour sandbox --syscalls none python3 -c "$SLOW" 1
	[ "$output" = $'changed\nchanged\nslow' ]
}

@test "twin: a sandbox that may nest mounts and makes sandboxes, as deep as the kernel lets it" {
	usandbox --nest unshare -Urm mount -t tmpfs none /mnt
	usandbox --nest "$HULL" sandbox --nest "$HULL" sandbox true
	local command="true" _
	for _ in $(seq 18); do command="$HULL sandbox --nest $command"; done
	# shellcheck disable=SC2086 # words
	timeout -k 1 30 $command
}

@test "clocks hold a command that wants to outlive hull" {
	cat >"$DIR/outlive.py" <<-'EOF'
		import ctypes, os, signal, sys, time
		ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
		if os.fork() == 0:
		    os.setsid()
		elif len(sys.argv) > 2:
		    os.kill(0, getattr(signal, sys.argv[2]))
		time.sleep(60)
	EOF
	local signal
	for signal in SIGKILL SIGSTOP; do
		run as_user timeout -k 1 15 "$HULL" sandbox --nest --wall 1 setsid -w python3 "$DIR/outlive.py" "$TAG" "$signal" </dev/null
		[ "$status" -eq 137 ]
		run as_user setsid -w timeout -k 1 15 "$HULL" sandbox --nest --wall 1 python3 "$DIR/outlive.py" "$TAG" "$signal" </dev/null
		[ "$status" -eq 137 ]
		not pgrep -f "outlive.py $TAG"
	done
	# and when hull is killed
	as_user setsid "$HULL" sandbox --wall 60 python3 "$DIR/outlive.py" "$TAG-2" </dev/null >/dev/null 2>&1 &
	eventually pgrep -f "^python3 $DIR/outlive.py $TAG-2"
	sleep 0.3
	pkill -KILL -f "^$HULL sandbox --wall 60"
	eventually not pgrep -f "outlive.py $TAG-2"
}

# Two ways for a process to lose PR_SET_PDEATHSIG: to say so, and execve(2) by another thread than the first
OUTLIVE='import ctypes, os, sys, threading, time
if sys.argv[1] == "ask":
    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
    time.sleep(30)
threading.Thread(target=lambda: os.execvp("sleep", ["sleep", sys.argv[2]])).start()
time.sleep(30)'

# dies_with_hull COMMAND…: hull is killed once "$@", found by its last word, a time to sleep that nobody else has, is there
dies_with_hull()
{
	local marks pid
	as_user setsid "$HULL" sandbox "$@" </dev/null >/dev/null 2>&1 3>&- &
	eventually pgrep -f "^(python3|sleep) .*${*: -1}\$"
	sleep 0.3
	marks=$(pgrep -f "^(python3|sleep) .*${*: -1}\$")
	kill -KILL "$(pgrep -o -f "^$HULL sandbox .*${*: -1}\$")" # the oldest: the reaper has the same name
	for pid in $marks; do eventually not test -d "/proc/$pid"; done
}

@test "a command cannot outlive hull, whose own process 1 is: also with limits or --require full" {
	local options way mark=31.$RANDOM
	for options in "" "--memory 1g" "--pids 50" "--require full"; do
		for way in ask thread; do
			# shellcheck disable=SC2086 # several words
			dies_with_hull $options python3 -c "$OUTLIVE" "$way" "$mark"
		done
	done
	run usandbox --require full --survive true
	[ "$status" -eq 125 ]
	[[ $output == *"ends with hull"* ]]
}

@test "twin: one that does not mean to dies with hull by itself, and --survive lets it live" {
	local mark=32.$RANDOM
	dies_with_hull sleep "$mark"
	dies_with_hull --share pid sleep "$mark"
	dies_with_hull --share pid --init sleep "$mark"
	as_user setsid "$HULL" sandbox --survive sleep "$mark" </dev/null >/dev/null 2>&1 3>&- &
	eventually pgrep -f "^sleep $mark"
	kill -KILL "$(pgrep -o -f "^$HULL sandbox --survive sleep $mark")" # the oldest: process 1 has the same name
	sleep 0.3
	pkill -KILL -f "^sleep $mark"
}

# one that forks without end, each child an orphan with a session of its own; and one that only sleeps
SCATTER='import os, sys, time
def orphan(then):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            then()
        os._exit(0)
def race():
    while True:
        if os.fork() != 0:
            os._exit(0)
        os.setsid()
        time.sleep(0.001)
orphan(race)
orphan(lambda: os.execvp("sleep", ["sleep", sys.argv[1]]))
time.sleep(float(sys.argv[2]))'

@test "clocks end all that a command made, also where it shares the pid namespace" {
	local mark=33.$RANDOM option
	for option in '--wall 0.5' '--time 0.2' '--wall 0.5 --memory 200m'; do
		# shellcheck disable=SC2086 # words
		run hull sandbox --share pid $option python3 -c "$SCATTER" "$mark" 20 </dev/null
		[ "$status" -eq 137 ]
		not pgrep -f "^sleep $mark"
		not pgrep -f "$mark 20$"
	done
	run usandbox --share pid --wall 0.5 python3 -c "$SCATTER" "$mark" 20
	[ "$status" -eq 137 ]
	not pgrep -f "$mark"
}

@test "twin: without a clock what is left behind lives, as outside" {
	local mark=34.$RANDOM
	hull sandbox --share pid --survive sh -c "setsid sleep $mark & sleep 0.1" </dev/null
	pkill -KILL -f "^sleep $mark"
}

UNWAITED='import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(30):
    if os.fork() == 0:
        end = time.time() + 0.09
        while time.time() < end:
            pass
        os._exit(0)
    time.sleep(0.1)'

@test "processor time is not hidden in children that nobody waits for; where it could be, --require limits refuses" {
	needs_hull
	run hull sandbox --time 0.5 python3 -c "$UNWAITED" </dev/null
	[ "$status" -eq 137 ]
	run usandbox --time 0.5 --require limits true
	[ "$status" -eq 125 ]
	[[ $output == *--time* ]]
}

@test "twin: a command with time enough ends as it would, and leaves nothing behind" {
	hull sandbox --time 5 --require limits sh -c 'for i in 1 2 3; do true & done; wait' </dev/null
	usandbox --time 5 true
}

# ---- the caller's terminal (CVE-2017-5226) ----

# on_terminal LINE: an interactive shell with a terminal executes it; $output: all that is seen
on_terminal()
{
	cat >"$DIR/push.py" <<-'EOF'
		import fcntl, os, termios
		try:
		    tty = os.open("/dev/tty", os.O_RDWR)
		    for c in b"echo pus''hed\n":
		        fcntl.ioctl(tty, termios.TIOCSTI, bytes([c]))
		    print("done")
		except OSError as e:
		    print("refused", e.errno)
	EOF
	cat >"$DIR/terminal.py" <<-'EOF'
		import os, pty, select, sys, time
		pid, master = pty.fork()
		if pid == 0:
		    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
		os.write(master, (sys.argv[1] + "\n").encode())
		seen, end = b"", time.time() + 10
		while time.time() < end:
		    if not select.select([master], [], [], 0.5)[0]:
		        continue
		    try:
		        seen += os.read(master, 4096)
		    except OSError:
		        break
		    if b"FINI" in seen.replace(b"FI''NI", b"") and end - time.time() > 1:
		        end = time.time() + 1
		print(seen.decode())
	EOF
	run timeout -k 1 15 python3 "$DIR/terminal.py" "$1; echo FI''NI" 3>&-
}

can_push_back() { [ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null || echo 1)" = 1 ] || skip "this kernel has TIOCSTI switched off"; }

@test "nothing is typed on the caller's terminal, also when no standard descriptor is one and there is no filter" {
	local options
	can_push_back
	for options in "" "--syscalls none" "--nest --syscalls none" "--nest"; do
		on_terminal "$HULL sandbox $options python3 $DIR/push.py </dev/null 2>&1 | cat"
		[[ $output == *refused* ]]
		[[ $output != *pushed* ]]
	done
}

@test "twin: whoever asks for the terminal as it is has it" {
	can_push_back
	on_terminal "$HULL sandbox --no-tty --syscalls none python3 $DIR/push.py </dev/null 2>&1 | cat"
	[[ $output == *done* ]]
	[[ $output == *pushed* ]]
}

# ---- the limits' cgroup ----

# In namespaces of one's own all hierarchies can be mounted, from one's own cgroup on: what is raised there must not be the limit
RAISE='for c in memory pids cpu; do mkdir -p /tmp/$c; mount -t cgroup -o $c none /tmp/$c; done
mkdir -p /tmp/2
mount -t cgroup2 none /tmp/2
for file in /tmp/*/memory.limit_in_bytes /tmp/*/memory.memsw.limit_in_bytes /tmp/*/memory.max; do
	[ ! -e $file ] || echo 1073741824 >$file
done
for file in /tmp/*/pids.max; do
	[ ! -e $file ] || echo max >$file
done
for file in /tmp/*/cgroup.procs; do echo $$ >$file; done'

@test "limits hold for a command that may nest: the cgroup that it can mount is not the one with the limits" {
	needs_hull
	run timeout 15 "$HULL" sandbox --nest --memory 64m unshare -UmrC sh -c "($RAISE) 2>/dev/null; python3 -c 'print(len(bytearray(200 << 20)))'" </dev/null
	[ "$status" -eq 137 ]
	[[ $output == *"memory limit"* ]]
	run timeout 15 "$HULL" sandbox --nest --pids 12 unshare -UmrC sh -c "($RAISE) 2>/dev/null; for i in \$(seq 30); do sleep 1 & done; wait; echo all" </dev/null
	[[ $output == *ork* ]] # cannot fork
	[[ $output != *all* ]]
	run timeout 15 "$HULL" sandbox --nest --result "$DIR/record" --memory 64m unshare -UmrC sh -c "($RAISE) 2>/dev/null; exec python3 -c 'bytearray(200 << 20)'" </dev/null
	[ "$(jq -r .limit "$DIR/record")" = memory ]
	not compgen -G '/sys/fs/cgroup/*/hull-sandbox-*'
}

@test "twin: a command that may nest has cgroups of its own below, and uses all that its limits allow" {
	needs_hull
	run timeout 15 "$HULL" sandbox --nest --memory 128m --pids 50 unshare -UmrC sh -c "($RAISE) 2>/dev/null; mkdir /tmp/memory/own && python3 -c 'print(len(bytearray(64 << 20)))'" </dev/null
	if [ -d /sys/fs/cgroup/memory ]; then
		[ "$status" -eq 0 ]
		[[ $output == *67108864* ]]
	fi
	timeout 15 "$HULL" sandbox --nest --memory 128m "$HULL" sandbox --nest true </dev/null
}

# ---- mounts ----

UNDO='umount /run 2>/dev/null && echo uncovered; mount -o remount,bind,rw / 2>/dev/null && echo writable; echo tried'

@test "the sandbox's mounts cannot be undone: not by default, not in a namespace inside, and not with CAP_SYS_ADMIN where --require forbids that" {
	local options
	for options in "" "--cap-add SYS_ADMIN" "--nest" "--nest unshare -Urm"; do
		# shellcheck disable=SC2086 # several words
		[ "$(usandbox $options sh -c "$UNDO")" = tried ]
		# shellcheck disable=SC2086 # several words
		[ "$(timeout 15 "$HULL" sandbox $options sh -c "$UNDO" </dev/null)" = tried ]
	done
	for options in "--nest" "--syscalls none"; do
		# shellcheck disable=SC2086 # several words
		run usandbox --require basic --cap-add SYS_ADMIN $options true
		[ "$status" -eq 125 ]
		[[ $output == *"cannot undo"* ]]
	done
}

@test "twin: who asks for it has a right over the sandbox's mounts, and a namespace inside has one over its own" {
	[ "$(usandbox --nest --cap-add SYS_ADMIN sh -c "$UNDO")" = $'uncovered\nwritable\ntried' ]
	usandbox --nest --require basic unshare -Urm sh -c 'mount -t tmpfs none /mnt && touch /mnt/x && umount /mnt'
}

# ---- somebody else's XDG_RUNTIME_DIR ----

@test "no state is kept where somebody else could exchange it, nor taken from there" {
	mkdir -m 777 "$DIR/run" "$DIR/run/hull"
	chown 12345 "$DIR/run/hull"
	local words
	for words in "sandbox --name $ID true" "list" "kill $ID"; do
		# shellcheck disable=SC2086 # several words
		run as_user env XDG_RUNTIME_DIR="$DIR/run" timeout 15 "$HULL" $words </dev/null
		[ "$status" -ne 0 ]
		[[ $output == *"belongs to user 12345"* ]]
	done
	chown "$TEST_USER" "$DIR/run/hull"
	run as_user env XDG_RUNTIME_DIR="$DIR/run" timeout 15 "$HULL" sandbox --name "$ID" true </dev/null
	[[ $output == *"by everybody"* ]]
	[ -z "$(ls -A "$DIR/run/hull")" ]
}

@test "twin: one's own is used, and what root lends; hull makes it if it is not there" {
	mkdir -m 777 "$DIR/run"
	mkdir -m 1777 "$DIR/lent"
	as_user env XDG_RUNTIME_DIR="$DIR/run" timeout 15 "$HULL" sandbox --name "$ID" true </dev/null
	[ "$(stat -c %U "$DIR/run/hull")" = "$TEST_USER" ]
	as_user timeout 15 "$HULL" --root "$DIR/lent" sandbox --name "$ID" true </dev/null
}

# ---- somebody else's HOME ----

@test "a profile in a HOME that is another user's opens no sandbox of ours, nor one that everybody may write" {
	local home=$DIR/home/.config/hull/profiles
	as_user mkdir -p "$home"
	echo "rw $DIR" | as_user tee "$home/build" >/dev/null
	HOME=$DIR/home run timeout 15 "$HULL" sandbox --profile build touch "$DIR/written" </dev/null
	[ "$status" -eq 125 ]
	[[ $output == *"belongs to user"* ]]
	[ ! -e "$DIR/written" ]
	chmod 666 "$home/build"
	run as_user env HOME="$DIR/home" timeout 15 "$HULL" sandbox --profile build true </dev/null
	[ "$status" -eq 125 ]
	[[ $output == *"by everybody"* ]]
}

@test "twin: one's own profile is found, and another's may be named by its path" {
	local home=$DIR/home/.config/hull/profiles
	as_user mkdir -p "$home"
	printf 'rw %s\nenv MINE=yes\n' "$DIR" | as_user tee "$home/mine" >/dev/null
	as_user env HOME="$DIR/home" timeout 15 "$HULL" sandbox --profile mine touch "$DIR/first" </dev/null
	[ -e "$DIR/first" ]
	[ "$(HOME=$DIR/home timeout 15 "$HULL" sandbox --profile "$home/mine" sh -c 'echo $MINE' </dev/null)" = yes ]
}

# ---- the record ----

@test "the command cannot choose where its record is written: a link in the place of the directory leads nowhere" {
	as_user mkdir -p "$DIR/work/out" "$DIR/other"
	usandbox --rw "$DIR/work" --result "$DIR/work/out/record.json" sh -c "cd '$DIR/work' && mv out away && ln -s ../other out"
	[ -z "$(ls "$DIR/other")" ]
	[ "$(jq -r .status "$DIR/work/away/record.json")" = OK ]
	# nor by a link in its own place
	echo keep >"$DIR/other/file"
	usandbox --rw "$DIR/work" --result "$DIR/work/record.json" ln -s ../other/file "$DIR/work/record.json"
	[ "$(cat "$DIR/other/file")" = keep ]
	[ ! -L "$DIR/work/record.json" ]
}

@test "twin: the record is written to a file in a directory, relative ones too" {
	as_user mkdir -p "$DIR/work"
	(cd "$DIR/work" && usandbox --result record.json true)
	[ "$(jq -r .status "$DIR/work/record.json")" = OK ]
	run usandbox --result "$DIR/missing/record.json" true
	[ "$status" -eq 125 ]
	run usandbox --result 77 true
	[ "$status" -eq 125 ]
}

# ---- a hostile root (CVE-2025-52881) ----

# hostile_root: ROOTFS, the ordinary user's, with the directories that a sandbox mounts on
hostile_root()
{
	ROOTFS=$DIR/rootfs
	cp -a "$FILE_DIR/rootfs" "$ROOTFS"
	chown -hR "$TEST_USER" "$ROOTFS"
}

@test "a link in the root does not lead mounts, files and modes into a procfs" {
	local place
	for place in /proc/self/fd /proc/self/attr /proc/1/task ../proc/sys/kernel; do
		hostile_root
		rm -r "$ROOTFS/run"
		ln -s "$place" "$ROOTFS/run"
		refuses procfs -- setpriv --reuid "$TEST_USER" --clear-groups "$HULL" sandbox --rootfs "$ROOTFS" true
		refuses procfs -- "$HULL" sandbox --rootfs "$ROOTFS" true
		ln -sfn /proc/sys/kernel/domainname "$ROOTFS/etc/hostname"
		refuses procfs -- "$HULL" bwrap --unshare-user --bind "$ROOTFS" / --proc /proc --file 8 /run/domainname true 8<"$ROOTFS/etc/passwd"
		refuses "" -- "$HULL" bwrap --unshare-user --bind "$ROOTFS" / --proc /proc --ro-bind /etc/passwd /etc/hostname true
		rm -r "$ROOTFS"
	done
}

@test "twin: what the caller names in a procfs is covered, wherever that is; and links elsewhere in the root are followed" {
	hostile_root
	mkdir "$ROOTFS/other" "$ROOTFS/there"
	rm -r "$ROOTFS/run"
	ln -s there "$ROOTFS/run"
	chown -h "$TEST_USER" "$ROOTFS/run"
	usandbox --rootfs "$ROOTFS" sh -c 'grep -q " /there " /proc/self/mountinfo'
	usandbox --tmpfs /proc/sys sh -c '[ -z "$(ls /proc/sys)" ]'
	usandbox --hide /proc/version sh -c '[ ! -s /proc/version ]'
	as_user "$HULL" bwrap --unshare-all --bind "$ROOTFS" / --proc /other --tmpfs /other/sys --dev /dev sh -c '[ -z "$(ls /other/sys)" ]' </dev/null
	as_user "$HULL" bwrap --unshare-user --bind / /mnt --tmpfs /mnt/proc/sys --symlink mnt/usr /usr --symlink mnt/lib /lib --symlink mnt/lib64 /lib64 --symlink mnt/bin /bin \
		sh -c '[ -z "$(ls /mnt/proc/sys)" ]' </dev/null
}

# ---- process 1, which is hull's, and whose filters the command's are not ----

# write into its code; end with 40 where it could make a user namespace, 41 where not
TAKE_OVER='import ctypes, os, time
at = int(open("/proc/1/syscall").read().split()[-1], 16)
if ctypes.CDLL(None).unshare(0x10000000) == 0: os._exit(1)
time.sleep(0.3); os.pwrite(os.open("/proc/1/mem", os.O_RDWR), bytes.fromhex("b810010000bf000000100f0589c7f7df83c728b83c0000000f05"), at)
os.kill(1, 10), time.sleep(5)'

@test "whoever can look into process 1 gets around no filter through it, and finds nothing of the caller's environment" {
	[ "$(uname -m)" = x86_64 ] || skip "the code is x86_64's"
	run -41 timeout 15 "$HULL" sandbox --share user --cap-add SYS_PTRACE python3 -c "$TAKE_OVER"
	HULL_TOKEN=hush run timeout 15 "$HULL" sandbox --share user --cap-add SYS_PTRACE sh -c 'tr "\0" x </proc/1/environ | grep -c HULL_TOKEN'
	[ "$output" = 0 ]
	python3 -c 'import os, struct; os.write(1, struct.pack("<" + 4 * "HBBI", 32, 0, 0, 0, 21, 0, 1, 272, 6, 0, 0, 0x50001, 6, 0, 0, 0x7fff0000))' >"$DIR/no-unshare"
	run -41 as_user timeout 15 "$HULL" bwrap --bind / / --unshare-pid --proc /proc --info-fd 9 --seccomp 8 python3 -c "$TAKE_OVER" 8<"$DIR/no-unshare" 9>/dev/null
	run -41 timeout 15 "$HULL" bwrap --bind / / --unshare-pid --proc /proc --cap-add CAP_SYS_PTRACE --seccomp 8 python3 -c "$TAKE_OVER" 8<"$DIR/no-unshare"
	# twin: others cannot look into it at all
	for options in "" "--cap-add ALL" "--nest --cap-add ALL" "--share user"; do
		[ "$options" = "--share user" ] && run -1 "$HULL" sandbox $options head -c 1 /proc/1/mem || run -1 usandbox $options head -c 1 /proc/1/mem
		[[ $output == *"Permission denied"* ]]
	done
}
