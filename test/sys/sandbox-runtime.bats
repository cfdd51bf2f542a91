# limit: 200
# shellcheck disable=SC2015,SC2016,SC2154 # command lines are data here; bats sets output, stderr and status
# hull sandbox --runtime: the sandbox is handed over to another OCI runtime. crun and runc stand for all; gVisor's runsc is what it is for.
load lib

setup_file()
{
	file_begin
	user_up
}

AS_USER=(setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --init-groups --inh-caps=-all --reset-env -- env PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C)

# apart COMMAND…: in mounts of its own, without the cgroup v2 tree beside v1 that crun refuses
apart() { unshare -m --propagation private sh -c 'umount -l /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' -- timeout --foreground -k 1 30 "$@" 3>&-; }

# other RUNTIME ARGUMENT…: in "/", as root;  user_other: as the ordinary user
other() { (cd / && apart "$HULL" sandbox --runtime "$@"); }
user_other() { (cd / && apart "${AS_USER[@]}" "$HULL" sandbox --runtime "$@"); }

needs() { for program in "$@"; do command -v "$program" >/dev/null || skip "$program is not installed"; done; }

nothing_left()
{
	[ -z "$(find /run /tmp -maxdepth 1 -name 'hull-runtime-*' -print -quit)" ]
}

@test "crun and runc as root: the host's files read-only, an own /tmp, /dev and /proc; ids, privileges, filter, input and status" {
	needs crun runc
	local runtime here
	mkdir "$DIR/mnt"
	chmod 777 "$DIR" "$DIR/mnt"
	for runtime in crun runc; do
		[ "$(echo data | other "$runtime" sh -c 'cat; id -u; ls /tmp; touch /tmp/x && echo made')" = $'data\n0\nmade' ]
		[ "$(other "$runtime" cat /etc/os-release)" = "$(cat /etc/os-release)" ]
		[ "$(other "$runtime" readlink -f /bin)" = "$(readlink -f /bin)" ]
		[ "$(other "$runtime" awk '/^(CapEff|CapBnd|NoNewPrivs|Seccomp):/ { printf "%s ", $2 }' /proc/self/status)" = "0000000000000000 0000000000000000 1 2 " ]
		not other "$runtime" unshare -U true
		not other "$runtime" python3 -c 'import socket; socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)'
		[ "$(other "$runtime" python3 -c 'import socket; [socket.socket(f, t) for f in (1, 2, 10) for t in (1, 2)]; print("made")')" = made ]
		not other "$runtime" python3 -c 'import socket; socket.socket(2, 1, 132)'
		[ "$(other "$runtime" readlink /proc/self/ns/net)" != "$(readlink /proc/self/ns/net)" ]
		run other "$runtime" sh -c 'exit 5'
		[ "$status" -eq 5 ]
		# nothing is written, also not on a mount below; and what was given is
		here=$(unshare -m --propagation private sh -c 'mount -t tmpfs -o noexec t "$1/mnt"; umount -l /sys/fs/cgroup/unified 2>/dev/null; cd /; exec "$2" sandbox --runtime "$3" sh -c "touch $1/x || touch $1/mnt/x || echo none"' \
			-- "$DIR" "$HULL" "$runtime" 2>/dev/null)
		[ "$here" = none ]
		other "$runtime" --rw "$DIR/mnt" touch "$DIR/mnt/$runtime"
		[ -e "$DIR/mnt/$runtime" ]
		# mount points at the top are made in a root of its own
		[ "$(other "$runtime" --tmpfs "/$TAG" --ro "/etc:/$TAG-etc" sh -c "touch /$TAG/x; ls /$TAG; ls /$TAG-etc/passwd")" = "x"$'\n'"/$TAG-etc/passwd" ]
		other "$runtime" --ro-try "/no-$TAG:/etc" --ro-try "/etc:/$TAG" ls "/$TAG/passwd" /etc/passwd
		[ ! -e "/$TAG" ]
		[ ! -e "/$TAG-etc" ]
		nothing_left
	done
}

@test "an ordinary user: crun with his own id, runc as root of a user namespace" {
	needs crun runc
	[ "$(user_other crun sh -c 'id -u; touch /tmp/x && echo made')" = "$(id -u "$TEST_USER")"$'\nmade' ]
	[ "$(user_other 'runc --rootless=true' --as 0 sh -c 'id -u; cat /proc/self/uid_map' | tr -s ' ')" = $'0\n 0 '"$(id -u "$TEST_USER") 1" ]
	not user_other crun touch "$USER_HOME/x"
	user_other crun --rw "$USER_HOME" touch "$USER_HOME/x"
	[ -e "$USER_HOME/x" ]
	rm "$USER_HOME/x"
	nothing_left
}

@test "signals reach the command, and a runtime that is killed leaves nothing" {
	needs crun runc
	local runtime
	for runtime in crun runc; do
		: >"$DIR/out"
		other "$runtime" sh -c 'trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done' >"$DIR/out" &
		eventually grep -q ready "$DIR/out"
		pkill -TERM -f "^$HULL sandbox --runtime $runtime"
		status=0
		wait $! || status=$?
		[ "$status" -eq 7 ]
		: >"$DIR/out"
		other "$runtime" sh -c 'echo ready; sleep 60' >"$DIR/out" &
		eventually grep -q ready "$DIR/out"
		pkill -KILL -f "^$runtime --root /run/hull-runtime-"
		status=0
		wait $! || status=$?
		[ "$status" -eq 137 ]
		nothing_left
		eventually not pgrep -f '^sleep 60$'
	done
}

@test "a terminal of its own, with the size of ours; standard output alone stays what it is" {
	needs crun runc script
	local runtime
	declare -f apart >"$DIR/functions"
	for runtime in crun runc; do
		run script -qec "stty rows 33 cols 99; . '$DIR/functions'; apart $HULL sandbox --runtime $runtime sh -c 'stty size; tty; exit 4'" /dev/null </dev/null
		echo "$output"
		[ "$status" -eq 4 ]
		[[ $output == *"33 99"*"/dev/"* ]]
	done
	[ "$(other runc sh -c 'test -t 1 || echo file')" = file ]
}

@test "what a config.json does not express is refused, by the name of the option" {
	local options
	for options in "--hide /etc" "--overlay /etc" --init "--result /dev/null" "--name x" "--time 1" "--wall 1" "--plugin /bin/true" "--preserve-fds 1" --die-with-parent --writable-root; do
		# shellcheck disable=SC2086 # two words
		run --separate-stderr "$HULL" sandbox --runtime false $options true
		[ "$status" -eq 125 ]
		[ "$stderr" = "hull: --runtime: option '${options%% *}' cannot be handed over to another runtime" ]
	done
	run "$HULL" sandbox --runtime false --tmpfs "/etc/$TAG" true
	[[ $status -eq 125 && $output == *"'/etc/$TAG' does not exist, and another runtime would make it on the host" ]]
	run "$HULL" sandbox --runtime false --rw /run true
	[[ $status -eq 125 && $output == *"with '/run' the command would see the other runtime's state" ]]
	run "$HULL" sandbox --runtime false --require full true
	[[ $status -eq 125 && $output == *"--require full"* ]]
	run "$HULL" sandbox --runtime "no-$TAG --x" true
	[[ $status -eq 125 && $output == *"--runtime: 'no-$TAG' was not found in PATH" ]]
	run "$HULL" sandbox --runtime " " true
	[[ $status -eq 125 && $output == *"expected a program"* ]]
	run "$HULL" sandbox --runtime false true
	[ "$status" -eq 1 ]
	nothing_left
}

@test "the document has no word of hull's, and the limits that cgroups hold" {
	local document=$DIR/document
	(cd / && "$HULL" sandbox --runtime runc --rw /var --memory 64m --pids 9 --print-config -- true) >"$document"
	[ "$(jq -c '[.. | strings | select(startswith("hull.") or startswith("rro"))], has("hull"), .root.path, .ociVersion' "$document" | tr '\n' ' ')" = '[] false "rootfs" "1.0.2" ' ]
	[ "$(jq '.linux.resources.memory.limit' "$document")" = 67108864 ]
	[ "$(jq '[.mounts[] | select(.destination == "/usr") | .options] == [["rbind", "ro", "nosuid", "nodev"]]' "$document")" = true ]
	needs runc
	[[ $(other runc --pids 3 sh -c 'sleep 1 & sleep 1 & sleep 1 & wait' 2>&1) == *"annot fork"* ]]
	[ -z "$(other runc --pids 9 sh -c 'sleep 1 & sleep 1 & sleep 1 & wait' 2>&1)" ]
	nothing_left
}

@test "gVisor's runsc: the same sandbox on another kernel" {
	needs runsc
	local runsc='runsc --network=none --ignore-cgroups'
	other "$runsc" true >"$DIR/log" 2>&1 || skip "runsc does not run on this machine: $(tail -n 1 "$DIR/log")"
	[ "$(other "$runsc" sh -c 'cat /proc/version; id -u; touch /etc/x 2>/dev/null || echo read-only; echo x >/tmp/x && cat /tmp/x' | cat | tail -n 3)" = $'0\nread-only\nx' ]
	[ "$(other "$runsc" cat /proc/version | cat)" != "$(cat /proc/version)" ]
	run other "$runsc" sh -c 'exit 5'
	[ "$status" -eq 5 ]
	nothing_left
}

@test "root's standard streams are no devices of the host's: gVisor gives them to the container's user" {
	# a runtime that does so to what it was started with; true to the others' calls
	cat >"$DIR/greedy" <<-'END'
		#!/bin/sh
		for fd in 0 1 2; do chown 12345 /proc/self/fd/$fd; done
		[ "$(stat -L -c %t:%T /proc/self/fd/0)" = 1:3 ] && read -r line || exit 7
	END
	chmod 755 "$DIR/greedy"
	run sh -c '"$1" sandbox --runtime "$2" true </dev/null >/dev/null 2>/dev/null' - "$HULL" "$DIR/greedy"
	[ "$status" -eq 7 ]
	[ "$(stat -c %u /dev/null)" = 0 ]
	# twin: a file is the caller's to give
	: >"$DIR/file"
	run sh -c '"$1" sandbox --runtime "$2" true </dev/null >"$3"' - "$HULL" "$DIR/greedy" "$DIR/file"
	[ "$(stat -c %u "$DIR/file")" = 12345 ]
	nothing_left
}

@test "a runtime that ends at once is seen to end, however soon" {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		run timeout -k 1 5 "$HULL" sandbox --runtime false true </dev/null
		[ "$status" -eq 1 ]
	done
	nothing_left
}

@test "a mount below that cannot be listed is read-only, too" {
	needs crun
	mkdir "$DIR/mnt"
	[ "$(apart sh -c 'mount -t tmpfs -o mode=711 t "$1/mnt" && mkdir -m 777 "$1/mnt/all" && cd / && shift && "$@"' - "$DIR" \
		"${AS_USER[@]}" "$HULL" sandbox --runtime crun sh -c "ls -d $DIR/mnt/all && { touch $DIR/mnt/all/x || echo none; }" 2>/dev/null)" = "$DIR/mnt/all"$'\nnone' ]
}
