# More attacks: what a container could reach through what hull itself holds open, shares with the host, or says. As in attack.bats each attack has a twin
# that shows the honest use of the same thing.
load lib

setup()
{
	test_begin
	make_bundle
}

# ---- names that lead through hull's own descriptors (CVE-2024-21626) ----

@test "twin: a program behind a link, and a script whose interpreter is one" {
	ln -s busybox "$ROOTFS/usr/bin/busybox-link"
	printf '#!/bin/busybox-link sh\necho script\n' >"$ROOTFS/script"
	chmod 755 "$ROOTFS/script"
	args /bin/busybox-link echo linked
	run_quietly
	[ "$output" = linked ]
	args /script
	run_quietly
	[ "$output" = script ]
}

@test "a program or interpreter of the container is a link through a descriptor: no file of the host's is executed, nor overwritten" {
	local n before round
	# beside the state directory and beside the root file system, whose descriptors hull opens
	cp "$ROOTFS/usr/bin/busybox" "$DIR/busybox-host"
	before=$(md5sum <"$DIR/busybox-host")
	printf '#!/bin/busybox-evil sh\nexec 9</proc/self/exe; exec /bin/busybox sh -c "echo overwritten >/proc/self/fd/9"\n' >"$ROOTFS/script"
	chmod 755 "$ROOTFS/script"
	for n in 3 4 5 6 7 8 9 10 11 12 13 14; do
		for round in .. ../..; do
			ln -sfn "/proc/self/fd/$n/$round/busybox-host" "$ROOTFS/usr/bin/busybox-evil"
			args /bin/busybox-evil sh -c 'exec 9</proc/self/exe; exec /bin/busybox sh -c "echo overwritten >/proc/self/fd/9"'
			run_quietly
			[ "$status" -ne 0 ]
			[ "$(md5sum <"$DIR/busybox-host")" = "$before" ]
		done
		args /script
		run_quietly
		[ "$status" -ne 0 ]
		[ "$(md5sum <"$DIR/busybox-host")" = "$before" ]
	done
}

@test "exec of a program that is such a link" {
	local n before
	cp "$ROOTFS/usr/bin/busybox" "$DIR/busybox-host"
	before=$(md5sum <"$DIR/busybox-host")
	args sleep 60
	start_detached
	for n in 3 4 5 6 7 8 9 10 11 12 13 14; do
		ln -sfn "/proc/self/fd/$n/../busybox-host" "$ROOTFS/usr/bin/busybox-evil"
		not hull exec "$ID" /bin/busybox-evil true
		ln -sfn "/proc/self/fd/$n/../../busybox-host" "$ROOTFS/usr/bin/busybox-evil"
		not hull exec "$ID" /bin/busybox-evil true
	done
	[ "$(md5sum <"$DIR/busybox-host")" = "$before" ]
}

@test "a created container's process holds no directory of the host's" {
	local pid fd
	edit '.hooks.startContainer = [{"path": "/bin/true"}]'
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null
	pid=$(hull state "$ID" | jq .pid)
	for fd in /proc/"$pid"/fd/*; do
		[ ! -d "$fd/" ] || [ "$(stat -Lc '%d %i' "$fd")" = "$(stat -Lc '%d %i' "/proc/$pid/root")" ] || {
			echo "descriptor $fd is the directory $(readlink "$fd")"
			false
		}
	done
	hull start "$ID"
}

# ---- inodes that the container shares with the host ----

@test "twin: a masked file is empty and can be written to, and so can /dev/null" {
	echo hidden >"$ROOTFS/hidden"
	edit '.linux.maskedPaths += ["/hidden"]'
	args sh -c 'cat /hidden; echo x >/hidden; echo x >/dev/null; echo good'
	run_quietly
	[ "$output" = good ]
}

@test "the host's /dev/null is not changed through a mask" {
	local before
	before=$(stat -c '%a %u %g %y %z' /dev/null)
	echo hidden >"$ROOTFS/hidden"
	edit '.linux.maskedPaths += ["/hidden"] | .process.capabilities |= map_values(. + ["CAP_CHOWN", "CAP_FOWNER", "CAP_DAC_OVERRIDE"])'
	# (changes that would harm nobody)
	args sh -c 'chmod 666 /hidden; chown 0:0 /hidden; touch /hidden; true'
	run_quietly
	[ "$status" -eq 0 ]
	[ "$(stat -c '%a %u %g %y %z' /dev/null)" = "$before" ]
}

@test "the host's /dev/null is not changed through a node that had to be bound, for want of CAP_MKNOD" {
	local before
	before=$(stat -c '%a %u %g %y %z' /dev/null)
	edit 'del(.linux.maskedPaths) | .process.capabilities |= map_values(["CAP_CHOWN", "CAP_FOWNER", "CAP_DAC_OVERRIDE"])'
	args sh -c 'chmod 666 /dev/null; chown 0:0 /dev/null; touch /dev/null; echo x >/dev/null && echo good'
	status=0
	timeout 10 setpriv --inh-caps -mknod --bounding-set -mknod "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$DIR/attempt" 2>&1 3>&- || status=$?
	cat "$DIR/attempt"
	[ "$status" -eq 0 ]
	grep -q good "$DIR/attempt"
	[ "$(stat -c '%a %u %g %y %z' /dev/null)" = "$before" ]
}

# ---- a container that watches for processes of hull's (CVE-2016-9962) ----

# a program that tries to look into, and to attach to, every process that appears in its pid namespace, for a while
make_stalker()
{
	cat >"$DIR/stalker.c" <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include <sys/ptrace.h>
		#include <sys/wait.h>
		#include <time.h>
		#include <unistd.h>

		static int is_foreign(int pid)
		{
			char path[64], link[256] = "";

			(void)snprintf(path, sizeof(path), "/proc/%d/exe", pid);
			return readlink(path, link, sizeof(link) - 1) > 0 && !strstr(link, "busybox");
		}

		int main(int argc, char **argv)
		{
			time_t end = time(NULL) + atoi(argv[argc - 1]);
			int next = getpid() + 1, seen = 0, looked = 0, attached = 0;
			char path[64];

			/* some are too short-lived to be seen: look ahead */
			for (int ahead = 0; time(NULL) < end; ahead = (ahead + 1) % 8) {
				(void)snprintf(path, sizeof(path), "/proc/%d", next + ahead);
				if (access(path, F_OK) < 0)
					continue;
				next += ahead;
				seen++;
				looked += is_foreign(next);
				attached += is_foreign(next) && ptrace(PTRACE_SEIZE, next, NULL, NULL) == 0;
				next++;
			}
			printf("seen %d looked %d attached %d\n", seen, looked, attached);
			return seen == 0;
		}
	END
	musl-gcc -static -O2 -o "$ROOTFS/usr/bin/stalker" "$DIR/stalker.c" 2>"$DIR/cc" || cc -static -O2 -o "$ROOTFS/usr/bin/stalker" "$DIR/stalker.c"
}

userns() { edit '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 200000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'; }

# stalk COMMAND…: run COMMAND twenty times while the container watches; its verdict
stalk()
{
	local i
	make_stalker
	args stalker 4
	start_detached
	for i in $(seq 20); do "$@" || true; done # the verdict tells
	eventually has_status stopped || sleep 3
	cat "$DIR/out"
}

@test "twin: a container in a user namespace that may trace sees what is executed in it" {
	chmod 755 "$DIR"
	userns
	edit '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE"])'
	args sh -c 'sleep 1; for exe in /proc/[2-9]/exe; do readlink "$exe"; done'
	start_detached
	hull exec "$ID" sleep 5 || true # the container ends before it
	grep -q busybox "$DIR/out"
}

@test "a container in a user namespace that may trace does not see into exec's process" {
	userns
	edit '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"])'
	verdict=$(stalk hull exec "$ID" true)
	echo "$verdict"
	[[ $verdict == *"looked 0 attached 0"* && $verdict != *"seen 0 "* ]]
}

@test "a container in a user namespace does not see into a container that joins its namespaces" {
	local pid n=0
	userns
	edit '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"])'
	join_it()
	{
		if [ -z "$pid" ]; then
			pid=$(hull state "$ID" | jq .pid)
			edit '.linux.namespaces |= map(if .type == "pid" or .type == "user" then .path = "/proc/\($p)/ns/\(.type)" else . end) |
				del(.linux.uidMappings, .linux.gidMappings) | .process.args = ["true"]' --argjson p "$pid"
		fi
		hull run -b "$BUNDLE" "$ID-$((n += 1))"
	}
	verdict=$(stalk join_it)
	echo "$verdict"
	[[ $verdict == *"looked 0 attached 0"* && $verdict != *"seen 0 "* ]]
}

@test "a container without a user namespace, and without CAP_SYS_PTRACE, does not see into exec's process" {
	edit '.process.capabilities |= map_values(. + ["CAP_DAC_OVERRIDE", "CAP_SETUID"])'
	verdict=$(stalk hull exec "$ID" true)
	echo "$verdict"
	[[ $verdict == *"looked 0 attached 0"* && $verdict != *"seen 0 "* ]]
}

@test "twin: an ordinary user's exec, out of reach from its birth, still gets its oom_score_adj and its limits" {
	local run
	user_up
	make_bundle --rootless
	chown -R "$TEST_USER:" "$DIR"
	edit '.process.args = ["sleep", "60"] | .process.oomScoreAdj = 500 | .process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]'
	edit '.linux.uidMappings[0].hostID = $u | .linux.gidMappings[0].hostID = $g' --argjson u "$(id -u "$TEST_USER")" --argjson g "$(id -g "$TEST_USER")"
	run="as_user $HULL --root $STATE"
	chown "$TEST_USER:" "$BUNDLE/config.json"
	$run create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>"$DIR/err" || { cat "$DIR/err" && false; }
	$run start "$ID"
	$run exec "$ID" sh -c 'cat /proc/self/oom_score_adj; ulimit -n; ulimit -Hn' >"$DIR/out" 2>&1 || true
	$run delete --force "$ID"
	cat "$DIR/out"
	[ "$(tr '\n' ' ' <"$DIR/out")" = "500 100 200 " ]
}

# ---- the directory of the notify socket ----

notify_server() { python3 -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); s.settimeout(10); open(sys.argv[1] + ".up", "w"); print(s.recv(100).decode())' "$DIR/host.sock"; }

# say_ready DIRECTORY: what a service does with $NOTIFY_SOCKET; busybox has no client for datagram sockets
make_ready()
{
	cat >"$DIR/ready.c" <<-'END'
		#include <stdlib.h>
		#include <string.h>
		#include <sys/socket.h>
		#include <sys/un.h>

		int main(void)
		{
			struct sockaddr_un to = { .sun_family = AF_UNIX };
			int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

			strncpy(to.sun_path, getenv("NOTIFY_SOCKET"), sizeof(to.sun_path) - 1);
			return sendto(fd, "READY=1", 7, 0, (struct sockaddr *)&to, sizeof(to)) != 7;
		}
	END
	musl-gcc -static -O2 -o "$ROOTFS/usr/bin/ready" "$DIR/ready.c" 2>"$DIR/cc" || cc -static -O2 -o "$ROOTFS/usr/bin/ready" "$DIR/ready.c"
}

@test "twin: a payload, also an ordinary user's, says that it is ready" {
	make_ready
	notify_server >"$DIR/heard" 3>&- &
	eventually test -e "$DIR/host.sock.up"
	edit '.process.user = {"uid": 1000, "gid": 1000}'
	args sh -c 'ready && sleep 1'
	NOTIFY_SOCKET=$DIR/host.sock run_quietly
	[ "$status" -eq 0 ]
	eventually grep -q READY=1 "$DIR/heard"
}

@test "a payload cannot put anything beside the notify socket, nor keep its state from being removed" {
	edit '.process.capabilities |= map_values(. + ["CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_CHOWN"])'
	args sh -c 'cd ${NOTIFY_SOCKET%/*} || exit 3; echo x >junk; mkdir directory; ln -s /etc/passwd link; rm -f notify.sock; chmod 777 .; test ! -e junk && test -S notify.sock && echo kept'
	NOTIFY_SOCKET=$DIR/host.sock run_quietly
	echo "$output"
	[[ $output == *kept* ]]
	[ ! -e "$STATE/$ID" ]
}

# ---- words of the container's that a person reads ----

@test "twin: a message with quotes, spaces and letters of any language stays as it is" {
	args '/bin/größer "than" 日本'
	run_quietly
	[[ $output == *'exec: "/bin/größer "than" 日本"'* ]]
}

@test "messages carry no commands for the terminal, and are one line each" {
	local esc=$'\e]0;title\a\e[2J\rhull: fine\n\xc2\x9b2J\x7f'
	args "/bin/$esc"
	run_quietly
	not grep -q $'[\e\a\r\x7f]' "$DIR/attempt"
	not grep -q $'\xc2\x9b' "$DIR/attempt"
	[ "$(wc -l <"$DIR/attempt")" -eq 1 ]
	edit '.hooks.createContainer = [{"path": "/bin/sh", "args": ["sh", "-c", "printf \"\\033[2Jbad\\nhull: fine\" >&2; exit 1"]}]'
	run_quietly
	not grep -q $'\e' "$DIR/attempt"
	[ "$(wc -l <"$DIR/attempt")" -eq 1 ]
	[[ $output == *bad* ]]
}

# ---- cgroups that the container makes ----

own_cgroups() { edit '.mounts |= map(if .type == "cgroup" or .type == "cgroup2" then .options -= ["ro"] else . end)'; }

in_cgroup='cd /sys/fs/cgroup/unified 2>/dev/null || cd /sys/fs/cgroup'

@test "twin: cgroups made by a container, with a process in one, go with it" {
	own_cgroups
	args sh -c "$in_cgroup; mkdir -p a/b/c d; echo \$\$ >d/cgroup.procs; test -d a/b/c && echo made"
	run_quietly
	[ "$status" -eq 0 ]
	[ "$output" = made ]
	[ -z "$(find /sys/fs/cgroup -name "$ID" -type d)" ]
}

@test "cgroups nested deeper than anything, with processes at the bottom, do not keep a container from being deleted" {
	own_cgroups
	edit '.linux.namespaces |= map(select(.type != "pid"))'
	args sh -c "$in_cgroup"'; i=0; while [ $i -lt 400 ] && mkdir d e && cd d; do i=$((i + 1)); done; sleep 100 & echo $! >cgroup.procs; echo "deep $i"'
	run_quietly
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"deep 400"* ]]
	[ ! -e "$STATE/$ID" ]
	[ -z "$(find /sys/fs/cgroup -name "$ID" -type d)" ]
}

# ---- mounts that are added while the container runs ----

@test "twin: a volume and a tmpfs are added to a running container, and taken away" {
	mkdir "$DIR/volume"
	echo seen >"$DIR/volume/file"
	args sleep 60
	start_detached
	jq -n --arg v "$DIR/volume" '[{"destination": "/added", "type": "bind", "source": $v, "options": ["bind", "ro"]},
		{"destination": "/tmp/new", "type": "tmpfs", "source": "tmpfs"}]' >"$DIR/m.json"
	(umask 077 && hull mounts add "$ID" "$DIR/m.json")
	[ "$(hull exec "$ID" cat /added/file)" = seen ]
	not hull exec "$ID" touch /added/x
	hull exec "$ID" touch /tmp/new/x
	[ "$(stat -c %a "$ROOTFS/added")" = 755 ]
	hull mounts remove "$ID" "$DIR/m.json"
	not hull exec "$ID" test -e /added/file
}

@test "a mount that is added does not show the host's processes, nor crash" {
	local type
	args sleep 60
	start_detached
	for type in proc cgroup; do
		jq -n --arg t $type '[{"destination": "/tmp/new", "type": $t, "source": $t}]' >"$DIR/m.json"
		refuses "mounts[0].type" -- "$HULL" --root "$STATE" mounts add "$ID" "$DIR/m.json"
	done
	not hull exec "$ID" test -e /tmp/new/1
}

@test "a mount that is added to a user namespace writes nowhere where the container's root may not" {
	mkdir "$DIR/volume"
	chmod 755 "$DIR" "$DIR/volume"
	userns
	mount_entry "$(jq -n --arg v "$DIR/volume" '{"destination": "/vol", "type": "bind", "source": $v, "options": ["bind", "rw"]}')"
	chown -R 200000:200000 "$ROOTFS"
	args sleep 60
	start_detached
	ln -sfn vol "$ROOTFS/link"
	not hull exec "$ID" mkdir /vol/made
	echo '[{"destination": "/link/made", "type": "tmpfs", "source": "tmpfs"}]' >"$DIR/m.json"
	not hull mounts add "$ID" "$DIR/m.json"
	[ ! -e "$DIR/volume/made" ]
	echo '[{"destination": "/tmp/made", "type": "tmpfs", "source": "tmpfs"}]' >"$DIR/m.json"
	hull mounts add "$ID" "$DIR/m.json"
	[ "$(stat -c %u "$ROOTFS/tmp/made")" = 200000 ]
}

# ---- races ----

# a racer that exchanges directories of the root with links out of it, all the time
make_racer()
{
	cat >"$DIR/racer.c" <<-'END'
		#include <fcntl.h>
		#include <stdio.h>
		#include <sys/syscall.h>
		#include <unistd.h>

		int main(int argc, char **argv)
		{
			for (;;)
				for (int i = 1; i + 1 < argc; i += 2)
					(void)syscall(SYS_renameat2, AT_FDCWD, argv[i], AT_FDCWD, argv[i + 1], 2 /* RENAME_EXCHANGE */);
		}
	END
	musl-gcc -static -O2 -o "$DIR/racer-$TAG" "$DIR/racer.c" 2>"$DIR/cc" || cc -static -O2 -o "$DIR/racer-$TAG" "$DIR/racer.c"
}

canary() { find "$DIR/canary" -printf '%P %y %m %u %g %s %l\n' | sort; cat "$DIR/canary/file"; awk -v d="$DIR/canary" 'index($5, d)' /proc/self/mountinfo; }

# race FILTER LINK: containers are made with this configuration while /race/a is now a directory, now a link to LINK
race()
{
	local round before racer good=0
	mkdir -p "$DIR/canary/dir" "$ROOTFS/race/a/dir" "$ROOTFS/race/dev"
	[ -e "$DIR/canary/file" ] || { echo secret >"$DIR/canary/file" && echo secret >"$DIR/canary/dir/file"; }
	echo mine >"$ROOTFS/race/a/file"
	before=$(canary)
	rm -f "$ROOTFS/race/b"
	ln -s "$2" "$ROOTFS/race/b"
	make_bundle
	edit "$1"
	"$DIR/racer-$TAG" "$ROOTFS/race/a" "$ROOTFS/race/b" 3>&- &
	racer=$!
	for round in $(seq 40); do
		timeout -k 1 10 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID-$round" </dev/null >"$DIR/attempt" 2>&1 3>&- && good=$((good + 1))
		hull delete --force "$ID-$round" >/dev/null 2>&1
		[ "$(canary)" = "$before" ] || break
	done
	kill "$racer"
	wait "$racer" || true
	[ -L "$ROOTFS/race/b" ] || mv -T --exchange "$ROOTFS/race/a" "$ROOTFS/race/b" 2>/dev/null || { rm -f "$ROOTFS/race/a" && mv "$ROOTFS/race/b" "$ROOTFS/race/a"; }
	echo "$1 with $2: $good of $round ran; the last said: $(head -c 200 "$DIR/attempt")"
	[ "$(canary)" = "$before" ]
}

# twins: that some of them run is part of each test (the link leads to nothing inside the root half of the time)
@test "mount targets that are exchanged for links while they are resolved and made" {
	local link
	make_racer
	for link in "$DIR/canary" "../../../../../../../../..$DIR/canary" /race/a; do
		race '.mounts += [{"destination": "/race/a/new/dir", "type": "tmpfs", "source": "tmpfs"}, {"destination": "/race/a/dir", "type": "tmpfs", "source": "tmpfs"}]' "$link"
	done
}

@test "bind targets, the working directory and nodes that are exchanged for links" {
	make_racer
	echo bound >"$DIR/bound"
	race '.mounts += [{"destination": "/race/a/file", "type": "bind", "source": "'"$DIR/bound"'", "options": ["bind"]}, {"destination": "/race/a/made", "type": "bind", "source": "'"$DIR/bound"'", "options": ["bind"]}] | .process.args = ["sh", "-c", "echo x >/race/a/file; echo x >/race/a/made"]' "$DIR/canary"
	race '.process.cwd = "/race/a/cwd/deep" | .process.args = ["sh", "-c", "echo x >made"]' "$DIR/canary"
	race '.linux.devices = [{"path": "/race/a/node", "type": "c", "major": 1, "minor": 3}, {"path": "/race/a/fifo", "type": "p"}]' "$DIR/canary"
}

@test "masked and read-only paths that are exchanged for links" {
	make_racer
	race '.linux.maskedPaths = ["/race/a/file", "/race/a/dir"] | .linux.readonlyPaths = ["/race/a"] | .process.args = ["sh", "-c", "cat /race/a/file /race/a/dir/file"]' "$DIR/canary"
	not grep -q secret "$DIR/attempt"
}

@test "a whole /dev that is exchanged for a link" {
	make_racer
	mkdir -p "$ROOTFS/race"
	rm -rf "${ROOTFS:?}/dev"
	ln -s race/a "$ROOTFS/dev"
	race '.mounts |= map(select(.destination | startswith("/dev") | not))' "$DIR/canary/dir"
}

# ---- a user namespace without id 0 ----

without_root()
{
	chmod 755 "$DIR"
	edit '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{containerID: 1000, hostID: 201000, size: 10}] | .linux.gidMappings = .linux.uidMappings |
		.process.user = {"uid": 1000, "gid": 1000}'
	chown -R 201000:201000 "$ROOTFS"
}

@test "twin: a container whose user namespace has no id 0 runs, and one can exec in it" {
	without_root
	args sh -c 'id -u; sleep 60'
	start_detached
	[ "$(hull exec "$ID" sh -c 'id -u; id -g; grep CapEff /proc/self/status' | tr -s '\t\n' ' ')" = "$(printf '1000 1000 CapEff: %016x ' 0)" ]
	grep -q 1000 "$DIR/out"
}

@test "with no id 0, what only root of the machine may enter is not entered on the container's behalf" {
	mkdir -m 700 "$DIR/private"
	echo secret >"$DIR/private/file"
	mount_entry "$(jq -n --arg v "$DIR/private" '{"destination": "/private", "type": "bind", "source": $v, "options": ["bind", "rw"]}')"
	without_root
	args sleep 60
	start_detached
	not hull exec --cwd /private "$ID" cat file
	not hull exec --cwd /private/new "$ID" true
	[ ! -e "$DIR/private/new" ]
}
