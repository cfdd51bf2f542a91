#!/usr/bin/env bats
# hull try: a command on throwaway overlays over the real root, and what becomes of its changes. What is applied lies in the test's own directory; what touches the
# system is dropped.
load try

# state_of DIR: one line for everything in it: type, mode, owner, size, path, target; and the contents
state_of()
{
	(cd "$1" && find . -printf '%y %m %u:%g %p %l\n' | sort && find . -type f -exec sha256sum {} + | sort -k 2)
}

@test "what a command did is listed on standard error, and dropped with --no" {
	place
	local before
	before=$(state_of "$W")
	run -0 --separate-stderr hull try --no sh -c 'cd "$0"; echo more >>a; rm sub/b; rm -r sub/deep; mkdir sub/deep; ln -s x new; chmod 600 sub; cat a' "$W"
	[ "$output" = $'one\nmore' ]
	# shellcheck disable=SC2154 # set by run
	[ "$stderr" = "M $W/a
A $W/new (symlink)
m $W/sub/ (mode 0755 -> 0600)
D $W/sub/b
D $W/sub/deep/c" ]
	[ "$(state_of "$W")" = "$before" ]
	[ -z "$(ls -A /var/lib/hull/try)" ]
}

@test "a reader of the messages who goes away decides nothing" {
	place
	mkfifo "$DIR/gone"
	: <"$DIR/gone" &
	exec 8>"$DIR/gone"
	wait $!
	(hull try --no touch "$W/no" && hull try --yes touch "$W/yes2" && hull try --keep "$DIR/kept" touch "$W/yes3" && hull try apply "$DIR/kept") 2>&8
	exec 8>&-
	[ -z "$(ls -A /var/lib/hull/try)" ]
	[ ! -e "$DIR/kept" ]
	[ "$(ls "$W")" = $'a\nsub\nyes2\nyes3' ]
}

@test "the exit status is the command's, 125 when hull itself fails, 127 for a command that is not there" {
	run -7 hull try --no sh -c 'exit 7'
	run -137 hull try --no sh -c 'kill -9 $$'
	run -125 hull try --no --yes true
	run -125 hull try --wrong true
	run -127 hull try --no /not/there
	run -125 hull try --keep "$DIR/a/b" true
	[[ $output == *"cannot make the directory '$DIR/a/b'"* ]]
}

@test "--yes makes the host what the command saw, and nothing is left of the directory" {
	place
	echo same >"$W/same"
	run -0 hull try --yes sh -c 'cd "$0"; echo x >a; rm sub/b; rm -r sub/deep; echo file >sub/deep; mkdir -p n/m; echo y >n/m/f; chmod 750 n; chown 12:34 n/m/f
		chmod 500 n/m; mkfifo p; ln n/m/f hard; ln -s ../x l; truncate -s 1M sparse; touch -d @1 same; setfattr -n user.k -v v a 2>/dev/null || :
		(find . -printf "%y %m %u:%g %p %l\n" | sort && find . -type f -exec sha256sum {} + | sort -k 2) >/tmp/seen; cat /tmp/seen' "$W"
	[[ $output == *"changes applied"* ]]
	[ "$(state_of "$W")" = "$(head -n "$(state_of "$W" | wc -l)" <<<"$output")" ]
	[ "$W/hard" -ef "$W/n/m/f" ]
	[ "$(stat -c %Y "$W/same")" = 1 ]
	[ "$(cat "$W/same")" = same ]
	[ -z "$(ls -A /var/lib/hull/try)" ]
	[ -z "$(find "$W" -name '.hull*')" ]
}

@test "after a failure --yes keeps the changes instead" {
	place
	run -3 hull try --yes sh -c 'echo x >"$0/a"; exit 3' "$W"
	[[ $output == *"its changes are not applied"* ]]
	[ "$(cat "$W/a")" = one ]
	local kept
	kept=$(sed -n "s/.*kept in '\([^']*\)'.*/\1/p" <<<"$output")
	run -0 hull try apply "${kept##*/}"
	[ "$(cat "$W/a")" = x ]
	[ ! -e "$kept" ]
}

@test "changes are kept, shown, compared, applied or dropped later" {
	place
	run -0 hull try --keep "$DIR/kept" sh -c 'echo ONE >"$0/a"; echo new >"$0/n"; printf "x\0y" >"$0/binary"' "$W"
	run -0 hull try show "$DIR/kept"
	[ "$output" = "M $W/a
A $W/binary
A $W/n" ]
	run -0 hull try show --format json "$DIR/kept"
	[ "$(jq -r '.changes[] | .change + " " + .path' <<<"$output")" = "modified $W/a
added $W/binary
added $W/n" ]
	[ "$(jq -c '[.count, .dangerous, .changes[0].differs[0], .changes[0].before.size]' <<<"$output")" = '[3,0,"content",4]' ]
	run -0 hull try diff "$DIR/kept"
	[ "$output" = "--- a$W/a
+++ b$W/a
@@ -1 +1 @@
-one
+ONE
$W/binary: binary file added
--- /dev/null
+++ b$W/n
@@ -0,0 +1 @@
+new" ]
	cp -a "$DIR/kept" "$DIR/twice"
	run -0 hull try apply "$DIR/kept"
	[ "$(cat "$W/a" "$W/n")" = $'ONE\nnew' ]
	[ ! -e "$DIR/kept" ]
	run -1 hull try show "$DIR/kept"
	run -0 hull try show "$DIR/twice"
	[ -z "$output" ]
	run -0 hull try drop "$DIR/twice"
	[ ! -e "$DIR/twice" ]
	# only what is a directory of ours goes
	run -1 hull try drop "$W"
	[[ $output == *"holds no changes"* ]]
	[ -e "$W/a" ]
	# a directory that is there must be empty
	run -125 hull try --keep "$W" true
	[[ $output == *"is not empty"* ]]
}

@test "what the host changed meanwhile is not overwritten, unless forced" {
	place
	run -0 hull try --keep "$DIR/kept" sh -c 'echo x >"$0/a"; rm -r "$0/sub"; echo n >"$0/n"' "$W"
	echo host >"$W/a"
	refuses "'$W/a' has changed" "nothing was applied: 1 of" -- "$HULL" try apply "$DIR/kept"
	echo host >"$W/sub/deep/c"
	refuses "'$W/sub' has changed" "nothing was applied: 2 of" -- "$HULL" try apply "$DIR/kept"
	echo host >"$W/n"
	refuses "'$W/n' has changed" "nothing was applied: 3 of" -- "$HULL" try apply "$DIR/kept"
	[ "$(cat "$W/a" "$W/n" "$W/sub/deep/c")" = $'host\nhost\nhost' ]
	run -0 hull try apply --force "$DIR/kept"
	[ "$(cat "$W/a" "$W/n")" = $'x\nn' ]
	[ ! -e "$W/sub" ]
}

@test "what the host changed while the command ran is noticed too" {
	place
	mkfifo "$DIR/go"
	hull try --keep "$DIR/kept" sh -c 'echo x >"$0/a"; echo ready; read -r _ <"$0/../go2" || sleep 1' "$W" >"$DIR/out" 2>&1 &
	eventually grep -q ready "$DIR/out"
	echo host >"$W/a"
	wait $!
	refuses "'$W/a' has changed" -- "$HULL" try apply "$DIR/kept"
	[ "$(cat "$W/a")" = host ]
}

@test "set-user-ID files and capabilities are marked and refused" {
	place
	run -0 hull try --keep "$DIR/kept" sh -c 'cd "$0"; cp /bin/true su; chmod 4755 su; cp /bin/true sg; chmod 2755 sg; echo ok >ok' "$W"
	[[ $output == *"A $W/su (!!! SET-USER-ID of user 0)"* ]]
	refuses "'$W/su' is set-user-id" "2 of the changes need --force" -- "$HULL" try apply "$DIR/kept"
	[ ! -e "$W/ok" ]
	run -0 hull try apply -f "$DIR/kept"
	[ -u "$W/su" ]
	[ -g "$W/sg" ]
	# no device can be made
	run hull try --no sh -c 'mknod "$0/d" b 8 0' "$W"
	[[ $output == *"Operation not permitted"* ]]
}

@test "hostile names and contents do not reach the terminal" {
	place
	run -0 hull try --keep "$DIR/kept" sh -c 'cd "$0"; printf "\033[31mred" >"$(printf "a\033]0;x\007\nA etc")"' "$W"
	[[ $output == *"A $W/a\\x1b]0;x\\x07\\nA etc"* ]]
	not grep -q '^A etc' <<<"$output"
	run -0 python3 "$BATS_TEST_DIRNAME/try-terminal.py" "$HULL" try diff "$DIR/kept"
	[[ $output == *'\x1b[31mred'* ]]
	run -0 hull try apply "$DIR/kept"
	[ -e "$W/$(printf 'a\033]0;x\007\nA etc')" ]
}

@test "a link on the host is not followed out of the place that the command saw" {
	place
	mkdir "$DIR/elsewhere"
	run -0 hull try --keep "$DIR/kept" sh -c 'echo x >"$0/sub/planted"' "$W"
	mv "$W/sub" "$W/was"
	ln -s "$DIR/elsewhere" "$W/sub"
	run -1 hull try apply "$DIR/kept"
	run hull try apply --force "$DIR/kept"
	[ -z "$(ls -A "$DIR/elsewhere")" ]
}

@test "interrupted at its question it says where the changes are" {
	place
	local signal kept
	for signal in INT HUP; do
		run -$((128 + $(kill -l "$signal"))) timeout -k 1 30 python3 -c 'import os, pty, signal, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
seen = b""
try:
    while True:
        seen += os.read(fd, 4096)
        if seen.endswith(b"[d]iff: "):
            os.write(fd, b"\x03") if sys.argv[1] == "INT" else os.kill(pid, signal.SIGHUP)
except OSError:
    pass
print(seen.decode().replace("\r\n", "\n"))
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(128 - code if code < 0 else code)' "$signal" "$HULL" try sh -c 'echo x >"$0/a"' "$W"
		kept=$(sed -n "s/.*kept in '\([^']*\)'.*/\1/p" <<<"$output")
		[ -n "$kept" ]
		run -0 hull try drop "$kept"
	done
	[ "$(cat "$W/a")" = one ]
}

@test "on a terminal it asks: differences, keep, no, yes" {
	place
	local ask=(python3 "$BATS_TEST_DIRNAME/try-terminal.py" --answers)
	run -0 "${ask[@]}" dn "$HULL" try sh -c 'echo x >"$0/a"' "$W"
	[[ $output == *"Apply these changes"*"+x"*"Apply these changes"* ]]
	[ "$(cat "$W/a")" = one ]
	run -0 "${ask[@]}" k "$HULL" try sh -c 'echo x >"$0/a"' "$W"
	local kept
	kept=$(sed -n "s/.*kept in '\([^']*\)'.*/\1/p" <<<"$output")
	run -0 hull try drop "$kept"
	run -0 "${ask[@]}" y "$HULL" try sh -c 'echo x >"$0/a"; test -t 0 && test -t 1' "$W"
	[ "$(cat "$W/a")" = x ]
	# the host's own changes are never overwritten by an answer
	run -125 "${ask[@]}" y "$HULL" try sh -c 'echo y >"$0/a"; : >"$0/host-now"' "$W" --before-answer "echo host >$W/a"
	[ "$(cat "$W/a")" = host ]
	kept=$(sed -n "s/.*the changes are in '\([^']*\)'.*/\1/p" <<<"$output")
	run -0 hull try drop "$kept"
	[ -z "$(ls -A /var/lib/hull/try)" ]
}

@test "a package is installed for a try only" {
	command -v dpkg-deb >/dev/null || skip "needs dpkg"
	local p=$DIR/package
	mkdir -p "$p/DEBIAN" "$p/usr/share/hull-try" "$p/etc"
	printf 'Package: hull-try-%s\nVersion: 1\nArchitecture: all\nMaintainer: none\nDescription: none\n' "${TAG,,}" >"$p/DEBIAN/control"
	printf '#!/bin/sh\nset -e\nid -u >/usr/share/hull-try/by\nchown 1:1 /usr/share/hull-try/by\n' >"$p/DEBIAN/postinst"
	chmod 755 "$p/DEBIAN/postinst"
	echo data >"$p/usr/share/hull-try/data"
	dpkg-deb --root-owner-group -b "$p" "$DIR/p.deb"
	run -0 hull try --no sh -c 'dpkg -i "$0" && dpkg -s "hull-try-$1" | grep Status && cat /usr/share/hull-try/by' "$DIR/p.deb" "${TAG,,}"
	[[ $output == *"Status: install ok installed"* ]]
	[[ $output == *"A /usr/share/hull-try/data"* ]]
	[[ $output == *"M /var/lib/dpkg/status"* ]]
	[ ! -e /usr/share/hull-try ]
	not dpkg -s "hull-try-${TAG,,}"
}

@test "a project is built and installed for good" {
	place
	printf 'all: prog\nprog: prog.c\n\tcc -o $@ $<\ninstall: all\n\tinstall -D -m 755 prog $(PREFIX)/bin/prog\n' >"$W/Makefile"
	echo 'int main(void) { return 42; }' >"$W/prog.c"
	run -0 hull try --cwd "$W" --yes make install PREFIX="$DIR/prefix"
	[[ $output == *"A $DIR/prefix/bin/prog"* ]]
	run -42 "$DIR/prefix/bin/prog"
	[ -x "$W/prog" ]
}

@test "killed in the middle, it leaves the directory and nothing else" {
	place
	"$HULL" try --keep "$DIR/kept" sh -c 'echo x >"$0/a"; echo ready; exec sleep 60' "$W" >"$DIR/out" 2>&1 3>&- &
	local pid=$!
	eventually grep -q ready "$DIR/out"
	refuses "is in use" -- "$HULL" try drop "$DIR/kept"
	kill -9 $pid
	wait $pid || :
	eventually test -z "$(leftover_processes)"
	[ "$(cat "$W/a")" = one ]
	refuses "was not finished" -- "$HULL" try apply "$DIR/kept"
	eventually "$HULL" try drop "$DIR/kept"
	[ ! -e "$DIR/kept" ]
}

@test "signals reach the command" {
	place
	"$HULL" try --no sh -c 'trap "echo got; exit 9" TERM; echo ready; while :; do sleep 0.05; done' >"$DIR/out" 2>&1 3>&- &
	local pid=$!
	eventually grep -q ready "$DIR/out"
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	[ "$status" -eq 9 ]
	grep -q got "$DIR/out"
}

@test "its network, environment and directory" {
	place
	GONE=1 run -0 hull try --no --cwd "$W/sub" -e HULL_X=1 --unset-env GONE sh -c 'pwd; echo "$HULL_X${GONE-none}"; ls /sys/class/net >/dev/null; [ "$(readlink /proc/self/ns/net)" = "$0" ] && echo host' \
		"$(readlink /proc/self/ns/net)"
	[ "${lines[0]}" = "$W/sub" ]
	[ "${lines[1]}" = 1none ]
	[ "${lines[2]}" = host ]
	run -0 hull try --no --net none sh -c 'tail -n +3 /proc/net/dev | cut -d: -f1'
	[ "${lines[0]// /}" = lo ]
}

@test "every file system that can be written is overlaid, and what is on it stays readable" {
	place
	mkdir "$W/fs" "$W/ro" "$W/fs/inner"
	cat >"$DIR/inside" <<-'END'
		set -e
		mount -t tmpfs t "$W/fs"; mkdir "$W/fs/inner"; mount -t tmpfs t "$W/fs/inner"; echo 1 >"$W/fs/f"; echo 2 >"$W/fs/inner/f"
		mount -t tmpfs t "$W/ro"; echo 3 >"$W/ro/f"; mount -o remount,ro "$W/ro"
		touch "$W/file"; echo 4 >"$W/other"; mount --bind "$W/other" "$W/file"
		"$HULL" try --yes sh -c 'cd "$0"; cat fs/f fs/inner/f ro/f file; echo x >fs/f; echo y >fs/inner/f; echo z >a; echo n >fs/inner/n; ! echo r >ro/f; ! echo r >file' "$W"
		cat "$W/fs/f" "$W/fs/inner/f" "$W/fs/inner/n" "$W/a" "$W/ro/f" "$W/file"
	END
	run -0 --separate-stderr unshare -m --propagation private bash "$DIR/inside"
	[ "$output" = $'1\n2\n3\n4\nx\ny\nn\nz\n3\n4' ]
	[[ $stderr == *"M $W/a"*"M $W/fs/f"*"M $W/fs/inner/f"*"A $W/fs/inner/n"* ]]
}

@test "many changes: thousands of files are found and applied" {
	place
	run -0 hull try -q --yes sh -c 'cd "$0"; mkdir many; cd many; seq 1 4000 | xargs -n 200 touch; mkdir d; seq 1 500 | while read -r n; do echo "$n" >d/$n; done' "$W"
	[ "$(find "$W/many" -type f | wc -l)" -eq 4500 ]
	[ "$(cat "$W/many/d/77")" = 77 ]
}

@test "random changes: once applied, the host is what the command saw" {
	local seed random=$BATS_TEST_DIRNAME/try-random.py
	for seed in {1..16}; do
		rm -rf "$DIR/tree"
		python3 "$random" make "$DIR/tree" "$seed" >/dev/null
		hull try -q --yes python3 "$random" change "$DIR/tree" "$seed" >"$DIR/seen" 2>"$DIR/err" || cat "$DIR/err"
		python3 "$random" state "$DIR/tree" "$seed" >"$DIR/after"
		diff "$DIR/seen" "$DIR/after" || not echo "seed $seed"
	done
}

@test "what is not a file system to write to is not written to" {
	run hull try --no sh -c 'echo 1 >/proc/sys/kernel/panic; mkdir /sys/fs/cgroup/unified/x; echo x >/sys/kernel/mm/ksm/run; umount /; mount -t tmpfs t /mnt; ls /run'
	[ "$(grep -c -e 'Read-only file system' -e 'denied' -e 'not permitted' -e 'No such file' -e 'must be superuser' <<<"$output")" -ge 4 ]
	# the directories of the changes are not seen by what is tried
	run -0 hull try --no sh -c 'ls -A /var/lib/hull/try'
	[[ ${lines[0]} == *"nothing was changed" ]]
}

@test "in a container, whose root is an overlay, it works from memory" {
	place
	cat >"$DIR/inside" <<-'END'
		set -e
		mount -t tmpfs t "$DIR/over"; cd "$DIR/over"; mkdir up work merged
		mount -t overlay o -o lowerdir=/,upperdir=up,workdir=work merged
		mount -t proc p merged/proc; mount --rbind /dev merged/dev
		cd merged; mkdir .old; pivot_root . .old; cd /; umount -l .old; rmdir .old
		"$HULL" try --yes sh -c 'cd "$0"; echo x >a; rm sub/b; rm -r sub/deep; mkdir sub/deep; echo y >n; ln n m' "$W"
		cd "$W"; cat a n m; ls sub/deep; test ! -e sub/b; test n -ef m
	END
	mkdir "$DIR/over"
	run -0 unshare -m --propagation private bash "$DIR/inside"
	[[ $output == *"they are in memory until the command ends"* ]]
	[[ $output == *"D $W/sub/b"* ]]
	[[ $output == *$'x\ny\ny' ]]
}

# ---- an ordinary user ----

@test "an ordinary user tries in his home" {
	user_up
	rm -rf "$USER_HOME/w"
	as_user sh -c 'mkdir -p ~/w/sub; echo one >~/w/a; echo two >~/w/sub/b; chmod 600 ~/w/a'
	run -0 --separate-stderr as_user "$HULL" try --no sh -c 'cd ~/w; echo x >a; rm -r sub; echo n >n; id -u; touch /etc/no || :; touch /usr/no || :'
	[ "$output" = "$(id -u "$TEST_USER")" ]
	[[ $stderr == *"M $USER_HOME/w/a"*"A $USER_HOME/w/n"*"D $USER_HOME/w/sub/"* ]]
	[[ $stderr == *"Read-only file system"* ]]
	[ "$(cat "$USER_HOME/w/a")" = one ]
	run -0 as_user "$HULL" try --yes sh -c 'cd ~/w; echo x >a; rm -r sub; echo n >n'
	[ "$(cat "$USER_HOME/w/a" "$USER_HOME/w/n")" = $'x\nn' ]
	[ ! -e "$USER_HOME/w/sub" ]
	[ "$(stat -c '%a %U' "$USER_HOME/w/a")" = "600 $TEST_USER" ]
	[ -z "$(ls -A "$USER_HOME/.local/state/hull/try")" ]
}

@test "an ordinary user keeps, compares, applies; conflicts and set-user-ID are his too" {
	user_up
	rm -rf "$USER_HOME/w" "$USER_HOME/k" # as root: what was closed stays closed to him
	as_user sh -c 'mkdir -p ~/w; echo one >~/w/a'
	run -0 as_user "$HULL" try --keep "$USER_HOME/k" sh -c 'cd ~/w; echo x >a; cp /bin/true su; chmod 4755 su; mkdir closed; echo 1 >closed/f; chmod 0 closed; echo 2 >blind; chmod 0 blind'
	run -0 as_user "$HULL" try diff "$USER_HOME/k"
	[[ $output == *"+x"* && $output == *"b$USER_HOME/w/blind"*"+2"* ]]
	# root does not take it from him
	refuses "belongs to user" -- "$HULL" try apply "$USER_HOME/k"
	run -1 as_user "$HULL" try apply "$USER_HOME/k"
	[[ $output == *"set-user-ID"* ]]
	as_user sh -c 'echo host >~/w/a'
	run -1 as_user "$HULL" try apply "$USER_HOME/k"
	[[ $output == *"'$USER_HOME/w/a' has changed"* ]]
	run -0 as_user "$HULL" try apply --force "$USER_HOME/k"
	[ "$(stat -c '%a %s' "$USER_HOME/w/closed" "$USER_HOME/w/blind" "$USER_HOME/w/closed/f" | cut -d' ' -f1 | tr '\n' ' ')" = "0 0 644 " ]
	[ "$(cat "$USER_HOME/w/closed/f" "$USER_HOME/w/blind")" = $'1\n2' ]
	run -0 as_user "$HULL" try --keep "$USER_HOME/k" sh -c 'mkdir -p ~/w/x/y; chmod 0 ~/w/x/y ~/w/x'
	run as_user "$HULL" try drop "$USER_HOME/k"
	[ "$status" -eq 0 ]
	[ ! -e "$USER_HOME/k" ]
}

@test "random changes of an ordinary user" {
	user_up
	local seed
	rm -rf "$USER_HOME/tree" "$USER_HOME/chaos.py"
	install -m 755 "$BATS_TEST_DIRNAME/try-random.py" "$USER_HOME/chaos.py"
	for seed in {21..30}; do
		as_user sh -c 'cd && rm -rf tree && /usr/bin/python3 ~/chaos.py make ~/tree "$1" >/dev/null &&
			"$0" try -q --yes /usr/bin/python3 ~/chaos.py change ~/tree "$1"' "$HULL" "$seed" >"$DIR/seen" 2>"$DIR/err" || cat "$DIR/err"
		as_user /usr/bin/python3 "$USER_HOME/chaos.py" state "$USER_HOME/tree" "$seed" >"$DIR/after"
		diff "$DIR/seen" "$DIR/after" || not echo "seed $seed"
	done
	rm -rf "$USER_HOME/tree"
}

@test "a directory with a mount point in it, and root of a user namespace" {
	user_up
	rm -rf "$USER_HOME/m"
	as_user mkdir -p "$USER_HOME/m/foreign"
	chgrp root "$USER_HOME/m/foreign"
	cat >"$DIR/inside" <<-'END'
		set -e
		mkdir -p ~/m/on ~/m/beside; mount -t tmpfs t ~/m/on; mkdir ~/m/on/d
		"$HULL" try --no sh -c 'id -u; cd ~/m; echo 1 >beside/f; echo 2 >on/d/f; ! echo 3 >direct; ! touch foreign/f; ! touch /etc/x'
	END
	chmod 644 "$DIR/inside"
	run -0 as_user env HULL="$HULL" unshare -Urm bash "$DIR/inside"
	[[ $output == *"'$USER_HOME/m' itself is read-only"* ]]
	[[ $output == *"'$USER_HOME/m/foreign' is read-only: it belongs to a group"* ]]
	[[ $output == *"A $USER_HOME/m/beside/f"* ]]
	[[ $output == *"A $USER_HOME/m/on/d/f"* ]]
	[ ! -e "$USER_HOME/m/beside/f" ]
	rm -r "$USER_HOME/m"
}

@test "an ordinary user installs a project into his home" {
	user_up
	as_user sh -c 'rm -rf ~/p ~/.opt; mkdir ~/p; printf "install:\n\tinstall -D -m 755 prog \$(PREFIX)/bin/prog\n" >~/p/Makefile; printf "#!/bin/sh\necho it works\n" >~/p/prog'
	run -0 as_user sh -c 'cd ~/p && exec "$0" try --yes make install PREFIX="$HOME/.opt"' "$HULL"
	[[ $output == *"A $USER_HOME/.opt/bin/prog"* ]]
	[ "$("$USER_HOME/.opt/bin/prog")" = "it works" ]
}
