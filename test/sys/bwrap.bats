# shellcheck disable=SC2015,SC2016,SC2089,SC2090,SC2154 # command lines are data here; bats sets output, stderr and status; A && B || C is meant
# hull as bwrap: the same command line through Debian's bubblewrap (0.8) and through hull, as root and as an ordinary user: the same output and the same
# status. What 0.8 has not is tested on hull alone.
load lib

USR='--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64'

setup_file()
{
	file_begin
	command -v bwrap >/dev/null || skip "bubblewrap is not installed"
	ln -s hull "$FILE_DIR/bin/bwrap"
	user_up
}

setup()
{
	test_begin
	WORK=$DIR/work
	mkdir -p "$WORK"/src/sub "$WORK"/lower1 "$WORK"/lower2 "$WORK"/upper "$WORK"/workdir
	echo f >"$WORK/src/f"
	echo g >"$WORK/src/sub/g"
	echo 1 >"$WORK/lower1/a"
	echo 2 >"$WORK/lower1/b"
	echo 3 >"$WORK/lower2/b"
	chown -R "$TEST_USER:" "$WORK"
}

# through PROGRAM WHO LINE: the line, in which $B is the program
through()
{
	local as=()
	[ "$2" = root ] || as=(as_user)
	(
		cd "$WORK" && unset OLDPWD
		"${as[@]}" timeout --foreground -k 1 10 env "B=$1" "U=$USR" bash -c "$3" </dev/null 2>"$DIR/stderr" 3>&-
	)
}

# same LINE…: bubblewrap and hull say the same, to root and to an ordinary user
same()
{
	local line who theirs ours their_status our_status
	for line in "$@"; do
		for who in root user; do
			their_status=0 our_status=0
			theirs=$(through /usr/bin/bwrap "$who" "$line") || their_status=$?
			ours=$(through "$FILE_DIR/bin/bwrap" "$who" "$line") || our_status=$?
			[ "$theirs" = "$ours" ] && [ "$their_status" -eq "$our_status" ] || {
				echo "as $who: $line"
				echo "bubblewrap ($their_status): $theirs"
				echo "hull ($our_status): $ours"
				cat "$DIR/stderr"
				return 1
			}
		done
	done
}

# ours LINE: hull alone, as root and as an ordinary user; the same output is expected from both
ours()
{
	local who as_root as_root_stderr
	for who in root user; do
		status=0
		output=$(through "$FILE_DIR/bin/bwrap" "$who" "$1") || status=$?
		stderr=$(cat "$DIR/stderr")
		[ "$who" = user ] || as_root=$output as_root_stderr=$stderr
		[ "$output" = "$as_root" ] || {
			echo "root: $as_root ($as_root_stderr)"
			echo "user: $output ($stderr)"
			return 1
		}
	done
}

@test "exit status: the command's own, signals, and 1 for bwrap's errors" {
	same '$B --ro-bind / / true' '$B --ro-bind / / false' '$B --ro-bind / / sh -c "exit 42"' '$B --ro-bind / / sh -c "kill -9 \$\$"' \
		'$B --ro-bind / / sh -c "kill -15 \$\$"' '$B --ro-bind / / --unshare-pid sh -c "kill -9 \$\$"' '$B --ro-bind / / nonexistent' '$B --ro-bind / / /' \
		'$B --ro-bind / / /etc/passwd' '$B' '$B --frob' '$B --ro-bind / / -x' '$B --bind /' '$B --ro-bind / / --' \
		'$B --ro-bind / / --unshare-pid sh -c "sleep 100 & exit 7"'
}

@test "standard streams, arguments, the end of options" {
	same 'printf "echo \$0 \$*; exit 3\\n" >script; chmod 755 script; $B --ro-bind / / ./script a b; echo $?; PATH=$PWD:$PATH $B --ro-bind / / script c'
	same 'echo in | $B --ro-bind / / cat' '$B --ro-bind / / sh -c "echo out; echo err >&2; exit 5" 2>&1' '$B --ro-bind / / -- echo -- --x' \
		'$B --ro-bind / / sh -c "echo \$0 \$*" a b c' '$B --ro-bind / / -- sh -c pwd'
}

@test "ids, maps and capabilities" {
	same '$B --ro-bind / / id' '$B --ro-bind / / --unshare-user id' '$B --ro-bind / / --unshare-user --uid 5 --gid 7 id' '$B --ro-bind / / --unshare-user --uid 5 id' \
		'$B --ro-bind / / --unshare-user --gid 0 id' '$B --ro-bind / / --unshare-user --uid 0 --gid 0 id' '$B --ro-bind / / --uid 5 id -u' \
		'$B --ro-bind / / --unshare-user-try id -u' '$B --ro-bind / / --unshare-user --uid x id' \
		'$B --ro-bind / / cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups' \
		'$B --ro-bind / / --unshare-user --uid 5 --gid 6 cat /proc/self/uid_map /proc/self/gid_map'
	local show="grep -E 'Cap(Eff|Prm|Amb|Inh)|NoNew|Seccomp' /proc/self/status"
	same "\$B --ro-bind / / $show" "\$B --ro-bind / / --unshare-user $show" "\$B --ro-bind / / --unshare-user --uid 0 $show" "\$B --ro-bind / / --cap-drop ALL $show" \
		"\$B --ro-bind / / --cap-drop CAP_NET_ADMIN $show" "\$B --ro-bind / / --cap-drop ALL --cap-add CAP_NET_ADMIN $show" \
		"\$B --ro-bind / / --cap-add CAP_NET_ADMIN --cap-drop ALL $show" "\$B --ro-bind / / --unshare-user --cap-add cap_net_admin $show" \
		"\$B --ro-bind / / --unshare-user --uid 0 --cap-drop ALL --cap-add CAP_SYS_ADMIN $show" "\$B --ro-bind / / --cap-add frob id" \
		"\$B --ro-bind / / --unshare-user --cap-add ALL $show" "\$B --ro-bind / / --unshare-user --cap-add ALL --uid 5 $show" \
		"\$B --ro-bind / / --unshare-user --cap-add ALL --cap-drop CAP_CHOWN $show" "\$B --ro-bind / / --unshare-user --cap-add CAP_SYS_RESOURCE $show"
}

@test "namespaces: those asked for, and the host's" {
	same '$B --ro-bind / / readlink /proc/self/ns/pid /proc/self/ns/ipc /proc/self/ns/uts /proc/self/ns/net /proc/self/ns/cgroup' \
		'$B --ro-bind / / --unshare-pid --proc /proc sh -c "echo \$\$"' '$B --ro-bind / / --unshare-pid --as-pid-1 --proc /proc sh -c "echo \$\$"' \
		'$B --ro-bind / / --unshare-pid --proc /proc ls /proc | grep -c "^[0-9]"' '$B --ro-bind / / --unshare-uts --hostname foo hostname' \
		'$B --ro-bind / / --hostname foo hostname' '$B --ro-bind / / --unshare-net tail -n +3 /proc/net/dev | cut -d: -f1' \
		'$B --ro-bind / / --unshare-all --share-net readlink /proc/self/ns/net' '$B --ro-bind / / --unshare-cgroup cat /proc/self/cgroup' \
		'$B --ro-bind / / --unshare-all --uid 3 id -u' '$B --ro-bind / / --as-pid-1 true' '$B --ro-bind / / --unshare-user unshare -U id -u' \
		'$B --ro-bind / / --unshare-user --disable-userns unshare -U true' '$B --ro-bind / / --disable-userns true' \
		'$B --ro-bind / / --unshare-user --disable-userns --assert-userns-disabled id -u' '$B --ro-bind / / --userns 4 --unshare-user true'
	for what in user pid ipc net uts cgroup; do
		[ "$(through "$FILE_DIR/bin/bwrap" user "\$B --ro-bind / / --unshare-$what readlink /proc/self/ns/$what")" != "$(readlink "/proc/self/ns/$what")" ]
	done
}

@test "the environment and the working directory" {
	same '$B --ro-bind / / --clearenv env' 'A=1 B2=2 $B --ro-bind / / --unsetenv A --setenv B2 "x y" --setenv C "" env | grep -E "^(A|B2|C|PWD|OLDPWD)=" | sort' \
		'$B --ro-bind / / --setenv A 1 --clearenv --setenv C 2 env | sort' '$B --ro-bind / / --setenv A 1 --unsetenv A env | grep ^A=' \
		'$B --ro-bind / / --setenv a=b c env' '$B --ro-bind / / --unsetenv a=b env' '$B --ro-bind / / --setenv PATH /nowhere env' \
		'$B --ro-bind / / --chdir /etc sh -c "pwd; echo \$PWD"' '$B --ro-bind / / --chdir /nonexistent pwd' '$B --ro-bind / / pwd' '$B $U pwd' \
		'$B $U --setenv HOME /usr pwd' '$B $U --dir /home --setenv HOME /home sh -c "pwd; echo \$PWD"' '$B $U --dir /home --chdir /home pwd' \
		'umask 027; $B --ro-bind / / sh -c umask'
}

@test "a root of our own: directories, links, permissions" {
	same '$B $U ls /' '$B $U touch /x' '$B $U sh -c "touch /x && ls /"' '$B $U --dir /a/b/c --perms 0711 --dir /a/d stat -c "%A %n" / /a /a/b /a/b/c /a/d' \
		'$B $U --perms 0700 --tmpfs /a/b --tmpfs /c stat -c "%A %n %U" / /a/b /c' '$B $U --tmpfs /d --chmod 0710 /d stat -c %a /d' '$B $U --chmod 0710 /d true' \
		'$B $U --size 1048576 --tmpfs /a sh -c "df -k /a | tail -1 | tr -s \" \" | cut -d\" \" -f2"' '$B $U --symlink foo/bar /d/l readlink /d/l' \
		'$B $U --symlink a /l --symlink b /l readlink /l' '$B --tmpfs / $U /usr/bin/ls /' \
		'umask 077; $B $U --dir /d --file 9 /f sh -c "umask; stat -c \"%a %n\" /d /f" 9</etc/hostname'
}

@test "binds: writable, read-only, optional, files, their order" {
	same '$B --bind / / sh -c "touch src/w && rm src/w && echo ok"' '$B --ro-bind / / touch src/w' '$B --ro-bind / / --tmpfs /tmp --bind src /tmp/s sh -c "ls -R /tmp/s; touch /tmp/s/n && ls /tmp/s; rm /tmp/s/n"' \
		'$B --ro-bind / / --tmpfs /tmp --ro-bind src /tmp/s sh -c "ls /tmp/s; touch /tmp/s/n"' '$B --ro-bind / / --tmpfs /tmp --ro-bind src/f /tmp/deep/er/f cat /tmp/deep/er/f' \
		'$B --ro-bind / / --tmpfs /tmp --bind src /tmp/s --remount-ro /tmp/s touch /tmp/s/n' \
		'$B --ro-bind / / --tmpfs /tmp --ro-bind src /tmp/s --bind src/sub /tmp/s/sub sh -c "touch /tmp/s/sub/n && ls /tmp/s/sub; rm /tmp/s/sub/n"' \
		'$B --ro-bind / / --bind src src/sub ls src/sub' '$B --ro-bind / / --tmpfs src ls -A src' \
		'$B --ro-bind / / --bind-try /nonexistent /mnt --ro-bind-try /nonexistent /mnt --dev-bind-try /nonexistent /mnt echo ok' \
		'$B --ro-bind / / --bind /nonexistent /mnt echo ok' '$B --ro-bind / / --ro-bind src /mnt/nonexistent echo ok' \
		'$B --ro-bind / / --bind-fd 9 /mnt ls /mnt 9<src' '$B --ro-bind / / --ro-bind-fd 9 /mnt sh -c "ls /mnt; touch /mnt/x" 9<src' '$B --ro-bind / / --bind-fd 9 /mnt ls /mnt' \
		'$B --bind / / --ro-bind src/f src/new --ro-bind src/sub src/newdir true; stat -c "%a %n" src/new src/newdir; rm -r src/new src/newdir'
}

@test "files from descriptors" {
	same 'echo hello | $B --ro-bind / / --tmpfs /tmp --file 0 /tmp/f cat /tmp/f' \
		'$B --ro-bind / / --tmpfs /tmp --file 7 /tmp/f --perms 0755 --file 8 /tmp/g stat -c "%a %s %U" /tmp/f /tmp/g 7</etc/hostname 8</etc/hostname' \
		'$B --ro-bind / / --tmpfs /tmp --bind-data 7 /tmp/f --ro-bind-data 8 /tmp/g sh -c "stat -c \"%a %U\" /tmp/f /tmp/g; cat /tmp/f /tmp/g; echo x >/tmp/f; cat /tmp/f; echo x >/tmp/g" 7</etc/hostname 8</etc/hostname' \
		'$B --ro-bind / / --tmpfs /tmp --perms 0444 --ro-bind-data 8 /tmp/g stat -c "%a %U" /tmp/g 8</etc/hostname' \
		'$B --ro-bind / / --ro-bind-data 8 /etc/passwd cat /etc/passwd 8</etc/hostname' '$B --ro-bind / / --file 99 /tmp/f true' '$B --ro-bind / / --file x /tmp/f true'
}

@test "a descriptor that never ends does not keep a signal from ending it; one that comes late is waited for" {
	for signal in INT TERM HUP; do
		for option in --file --bind-data; do
			ours "rm -f pipe; mkfifo pipe; timeout --preserve-status -k 5 -s $signal 0.5 \$B --ro-bind / / --tmpfs /tmp --unshare-pid $option 9 /tmp/f echo ran 9<>pipe"
			[ "$output" = "" ]
			[ "$status" -eq $((128 + $(kill -l "$signal"))) ]
		done
		ours "timeout --preserve-status -k 5 -s $signal 0.5 \$B --ro-bind / / --tmpfs /tmp --file 9 /tmp/f echo ran 9<>pipe"
		[ "$status" -eq $((128 + $(kill -l "$signal"))) ]
	done
	# a signal that is ignored ends nothing
	ours 'trap "" TERM; (sleep 0.6; echo late) | $B --ro-bind / / --tmpfs /tmp --file 0 /tmp/f cat /tmp/f & sleep 0.2; kill -TERM $!; wait'
	[ "$output" = late ]
	same '(sleep 0.3; echo late) | $B --ro-bind / / --tmpfs /tmp --file 0 /tmp/f cat /tmp/f'
}

@test "proc, dev, mqueue" {
	same '$B --ro-bind / / --dev /dev ls /dev' '$B --ro-bind / / --dev /dev sh -c "echo x >/dev/null; head -c 4 /dev/zero | od -c; stat -c \"%F %a %t:%T\" /dev/full"' \
		'$B --ro-bind / / --dev /dev readlink /dev/stdin /dev/fd /dev/ptmx /dev/core' '$B --ro-bind / / --dev-bind /dev /dev sh -c "echo x >/dev/null && echo ok"' \
		'$B --ro-bind / / sh -c "echo x >/dev/null"' '$B --ro-bind / / --unshare-pid --proc /proc sh -c "cat /proc/sys/kernel/ostype; ls -d /proc/self"' \
		'$B --ro-bind / / --proc /proc ls -d /proc/sys' '$B --ro-bind / / --tmpfs /tmp --dev /tmp/dev sh -c "echo x >/tmp/dev/null && ls /tmp/dev"' \
		'$B --ro-bind / / --dev /dev --remount-ro /dev sh -c "echo x >/dev/null && echo ok"' '$B --ro-bind / / --dev /dev stat -c "%a %F" /dev /dev/shm' \
		'$B --ro-bind / / --dev /dev --perms 1777 --tmpfs /dev/shm sh -c "touch /dev/shm/x && stat -c %a /dev/shm"'
}

@test "/dev is one filesystem, and nothing in it can be written when it is read-only" {
	same '$B --ro-bind / / --dev /dev --remount-ro /dev sh -c "touch /dev/x /dev/shm/x /dev/pts/x 2>/dev/null; ls -A /dev/shm; ls /dev/x"' \
		'$B --ro-bind / / --dev /dev --remount-ro /dev touch /dev/shm/x' \
		'$B --ro-bind / / --dev /dev sh -c "touch /dev/a && ln /dev/a /dev/shm/b && ls -A /dev/shm && cp /bin/true /dev/shm/t && /dev/shm/t && echo ran"'
}

@test "arguments from a descriptor" {
	same '$B --ro-bind / / --args 3 sh -c pwd 3< <(printf -- "--tmpfs\0/tmp\0--chdir\0/tmp\0")' '$B --args 3 sh -c pwd 3< <(printf -- "--ro-bind\0/\0/\0--chdir\0/tmp")' \
		'$B --ro-bind / / --args 3 true 3< <(printf -- "--hostname\0")' '$B --ro-bind / / --args 77 true' '$B --args x true' \
		'$B --ro-bind / / --args 3 --args 4 env 3< <(printf -- "--clearenv\0--setenv\0A\0001\0") 4< <(printf -- "--setenv\0B\0002\0") | sort' \
		'$B --args 3 echo hi 3< <(printf -- "--ro-bind\0/\0/\0echo\0no\0")' '$B --args 3 echo hi 3< <(printf -- "--ro-bind\0/\0/\0--args\0004\0")' \
		'$B --args 3 true 3< <(yes --new-session | head -n 9100 | tr "\n" "\0")'
}

@test "what changes the next option stands before one that it can change" {
	same '$B --perms 0700 --ro-bind / / true' '$B --perms 0700 --perms 0700 --tmpfs / true' '$B --perms 9 --tmpfs / true' '$B --perms 17777 --tmpfs / true' \
		'$B --ro-bind / / --perms 0700 true' '$B --size 5 --ro-bind / / true' '$B --size 0 --tmpfs / true' '$B --size 9223372036854775808 --tmpfs / true' '$B --size x --tmpfs / true' '$B --ro-bind / / --size 5 --dir /x true'
}

@test "descriptors are handed on" {
	same '$B --ro-bind / / readlink /proc/self/fd/7 /proc/self/fd/8 7</etc/passwd 8</etc/group' '$B --ro-bind / / --sync-fd 9 true 9</dev/null' '$B --ro-bind / / --sync-fd x true' \
		'$B --ro-bind / / --block-fd 9 echo ok 9<<<x' '$B --ro-bind / / --lock-file /etc/passwd cat /etc/hostname'
}

@test "what is told: --info-fd, --json-status-fd" {
	local keys='python3 -c "import json,sys; d = json.load(sys.stdin); print(sorted(d)); sys.exit(d[\"child-pid\"] < 2)"'
	local documents='python3 -c "import json,sys; print([(sorted(json.loads(l)), json.loads(l).get(\"exit-code\")) for l in sys.stdin])"'
	same "\$B --ro-bind / / --info-fd 9 true 9>&1 | $keys" "\$B --ro-bind / / --unshare-all --info-fd 9 true 9>&1 | $keys" "\$B --ro-bind / / --json-status-fd 9 sh -c 'exit 3' 9>&1 | $documents" \
		"\$B --ro-bind / / --unshare-pid --json-status-fd 9 sh -c 'kill -9 \$\$' 9>&1 | $documents"
}

@test "what does not go together" {
	same '$B --ro-bind / / --unshare-pid --as-pid-1 --lock-file /etc/passwd true' '$B --ro-bind / / --unshare-user --userns-block-fd 4 true' \
		'$B --ro-bind / / --userns-block-fd 4 true' '$B --ro-bind / / --seccomp 3 --add-seccomp-fd 4 true'
}

@test "filters: one that does not allow seccomp(2), and then another" {
	# each an instruction that loads the number, one that compares, two that return
	python3 - "$WORK" <<-'E'
		import struct, sys
		def program(number, verdict):
		    rows = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (6, 0, 0, verdict), (6, 0, 0, 0x7fff0000)]
		    return b"".join(struct.pack("<HBBI", *row) for row in rows)
		open(sys.argv[1] + "/no-seccomp", "wb").write(program(317, 0x50000 | 38))
		open(sys.argv[1] + "/no-mkdir", "wb").write(program(83, 0x50000 | 1))
	E
	same '$B --ro-bind / / --tmpfs /tmp --add-seccomp-fd 8 --add-seccomp-fd 9 sh -c "mkdir /tmp/x || echo no; grep Seccomp_filters /proc/self/status" 8<no-seccomp 9<no-mkdir' \
		'$B --ro-bind / / --tmpfs /tmp --seccomp 9 sh -c "mkdir /tmp/x || echo no" 9<no-mkdir'
}

# what flatpak does: a second sandbox in the first one's namespaces, by the pid that --info-fd told. $N: of these namespaces
JOIN='rm -f in out info; $B --bind / / --unshare-user --unshare-pid --unshare-net --info-fd 9 sh -c "readlink /proc/self/ns/pid /proc/self/ns/net >in; exec sleep 5" 9>info & first=$!
for i in $(seq 100); do [ "$(wc -l 2>/dev/null <in)" != 2 ] || break; sleep .05; done 2>/dev/null
p=$(sed -n "s/.*child-pid.: \([0-9]*\).*/\1/p" info)
$B --ro-bind / / --userns 7 --pidns 8 $NET readlink /proc/self/ns/pid /proc/self/ns/net 7</proc/$p/ns/user 8</proc/$p/ns/pid 9</proc/$p/ns/net >out
[ -s in ] && [ "$(head -n "$N" in)" = "$(head -n "$N" out)" ] && echo the same; kill "$first" "$p"; wait'

@test "a sandbox in the namespaces of another one" {
	chmod 777 "$WORK" # for root in a user namespace
	ours "NET= N=1; $JOIN"
	[ "$output" = "the same" ]
	ours "NET='--netns 9' N=2; $JOIN"
	[ "$output" = "the same" ]
	ours "NET= N=2; $JOIN" # twin: the network is another one's then
	[ "$output" = "" ]
	ours '$B --ro-bind / / --unshare-net --netns 9 true 9</proc/self/ns/net'
	[ "$status" -eq 1 ]
	[[ $stderr == *"'--netns' and '--unshare-net' exclude each other"* ]]
	ours '$B --ro-bind / / --netns 9 true'
	[ "$status" -eq 1 ]
}

@test "a user namespace that is joined: who one is in there, but for ids that are asked for" {
	local as line joined
	for as in -r -c --map-user=65534; do
		line="unshare -U $as sleep 9 & p=\$!; sleep 0.3; for o in '' '--uid 0' '--gid 0' '--uid 0 --gid 0' --unshare-pid '--tmpfs /mnt --dir /mnt/d' '--cap-add CAP_CHOWN'; do
\$B --dev-bind / / --userns 9 \$o sh -c 'id -u; id -g; touch own; stat -c %u:%g own; rm own; grep CapPrm /proc/self/status; stat -c %u /mnt/d' 9</proc/\$p/ns/user; echo \$?; done; kill \$p"
		same "$line"
	done
	# one more namespace inside, whose ids are others
	same "unshare -U -c sleep 9 & p=\$!; sleep 0.3; nsenter -t \$p -U --preserve-credentials unshare -Ur sleep 9 & q=\$!; sleep 0.4
\$B --dev-bind / / --userns 9 --userns2 8 sh -c 'id -u; id -g' 9</proc/\$p/ns/user 8</proc/\$q/ns/user; kill \$p \$q"
	# root in a user's, where he has no id, is its root; bubblewrap cannot begin there
	as_user unshare -Ur sleep 9 3>&- &
	sleep 0.4
	joined=$(pgrep -n -u "$TEST_USER" -x sleep)
	run through "$FILE_DIR/bin/bwrap" root "\$B --dev-bind / / --userns 9 --tmpfs /mnt --dir /mnt/d sh -c 'id -u; id -g; stat -c %u /mnt/d' 9</proc/$joined/ns/user"
	kill "$joined"
	[ "$output" = $'0\n0\n0' ]
}

@test "whoever looks into the first process finds no variable that was taken away" {
	ours 'HULL_SECRET=hush $B --ro-bind / / --dev /dev --unshare-pid --proc /proc --info-fd 9 --unsetenv HULL_SECRET sh -c "ls -l /proc/1/ns/pid >/dev/null && tr \"\\0\" \"\n\" </proc/1/environ | grep -c HULL_SECRET" 9>/dev/null'
	[ "$output" = 0 ]
	ours 'HULL_SECRET=hush $B --ro-bind / / --unshare-pid --proc /proc --unsetenv HULL_SECRET sh -c "cat /proc/1/environ 2>&1 | grep -c HULL_SECRET"'
	[ "$output" = 0 ]
	# twin: in bubblewrap it is there
	[ "$(HULL_SECRET=hush /usr/bin/bwrap --ro-bind / / --unshare-pid --proc /proc --unsetenv HULL_SECRET sh -c 'tr "\0" "\n" </proc/1/environ | grep -c HULL_SECRET')" = 1 ]
}

@test "what is mounted goes on no symbolic link, but may go behind one" {
	for what in '--ro-bind /etc' --tmpfs --dev --proc --mqueue --dir '--file 9' '--ro-bind-data 9'; do
		ours "\$B --ro-bind / / --tmpfs /tmp --dir /tmp/d --symlink d /tmp/l $what /tmp/l true 9</etc/hostname"
		[ "$status" -eq 1 ]
		[[ $stderr == *"/tmp/l'"* ]]
	done
	same '$B --ro-bind / / --tmpfs /tmp --dir /tmp/d --symlink d /tmp/l --ro-bind /etc /tmp/l/x --tmpfs /tmp/l/y --file 9 /tmp/l/z ls /tmp/d 9</etc/hostname' \
		'$B --ro-bind / / --tmpfs /tmp --dir /tmp/d --ro-bind /etc/passwd /tmp/d true' '$B --ro-bind / / --tmpfs /tmp --file 9 /tmp/f --ro-bind /etc /tmp/f true 9</etc/hostname'
}

@test "what user 0 may write in a procfs without a capability is read-only" {
	same '$B --ro-bind / / --unshare-pid --proc /proc sh -c "for f in sysrq-trigger irq bus; do test -w /proc/\$f && echo \$f; done; grep -c /proc/irq /proc/self/mountinfo"' \
		'$B --ro-bind / / --unshare-user --proc /proc sh -c "for f in sysrq-trigger irq bus; do test -w /proc/\$f && echo \$f; done"'
	ours '$B --ro-bind / / --unshare-all --cap-drop ALL --proc /proc sh -c "test -w /proc/sys/kernel/core_pattern || echo covered"'
	[ "$output" = covered ]
	# twin: root with all capabilities could uncover it, and has it as bubblewrap's root has
	same '$B --ro-bind / / --unshare-pid --proc /proc sh -c "test -w /proc/sys/kernel/core_pattern && echo writable"'
}

@test "options of bubblewrap 0.12 and 0.13 that say what hull does anyway" {
	ours '$B --ro-bind / / --not-a-security-boundary --forward-signals echo ok'
	[ "$output" = ok ]
}

@test "nothing of the host's tree is under a root that is covered" {
	touch "$WORK/here"
	for root in '--ro-bind / /' '--tmpfs / --ro-bind / /' '--ro-bind / / --ro-bind / /' '--bind-try /nope / --ro-bind / /'; do
		ours "\$B $root --proc /proc sh -c 'touch /../$WORK/escaped; echo \$?'"
		[ "$output" = 1 ]
		[[ $stderr == *"Read-only file system"* ]]
	done
	ours "\$B --ro-bind / / --tmpfs / \$U sh -c 'ls /../; ls /../$WORK'"
	[ "$status" -ne 0 ]
	[[ $output == bin*lib*lib64*usr ]]
	[ ! -e "$WORK/escaped" ]
}

# ---- what bubblewrap 0.8 has not ----

@test "overlays" {
	ours '$B --ro-bind / / --overlay-src lower1 --overlay-src lower2 --tmp-overlay /mnt sh -c "cat /mnt/a /mnt/b; echo 4 >/mnt/b; cat /mnt/b"'
	[ "$status" -eq 0 ]
	[ "$output" = $'1\n3\n4' ]
	[ "$(cat "$WORK/lower2/b")" = 3 ]
	ours '$B --ro-bind / / --overlay-src lower1 --overlay-src lower2 --ro-overlay /mnt sh -c "cat /mnt/a /mnt/b; echo 4 >/mnt/b"'
	[ "$status" -ne 0 ]
	[ "$output" = $'1\n3' ]
	ours '$B --ro-bind / / --overlay-src lower1 --overlay upper workdir /mnt sh -c "cat /mnt/a; echo 5 >/mnt/b"; cat upper/b; rm -rf upper/*'
	[ "$output" = $'1\n5' ]
	ours 'mkdir "low\":,\\" "up\":,\\" "work\":,\\"; echo 6 >"low\":,\\/a"; $B --ro-bind / / --overlay-src "low\":,\\" --overlay "up\":,\\" "work\":,\\" /mnt sh -c "cat /mnt/a; echo 7 >/mnt/a"; cat "up\":,\\/a"; rm -rf low\"* up\"* work\"*'
	[ "$output" = $'6\n7' ]
	ours '$B --ro-bind / / --ro-overlay /mnt true'
	[ "$status" -eq 1 ]
	[ "$stderr" = "bwrap: option '--ro-overlay' needs at least two '--overlay-src' before it" ]
	ours '$B --ro-bind / / --overlay-src lower1 --ro-overlay /mnt true'
	[ "$status" -eq 1 ]
	ours '$B --ro-bind / / --tmp-overlay /mnt true'
	[ "$status" -eq 1 ]
	ours '$B --ro-bind / / --overlay-src lower1 true'
	[ "$status" -eq 1 ]
	[[ $stderr == *"'--overlay-src' is followed by another"* ]]
	ours '$B --ro-bind / / --overlay-src lower1 --tmpfs /tmp true'
	[ "$status" -eq 1 ]
}

@test "--argv0, --level-prefix, --version, a link that is there already" {
	ours '$B --ro-bind / / --argv0 frob sh -c "cat /proc/\$\$/cmdline | tr \"\\0\" \" \""'
	[[ $output == "frob -c"* ]]
	ours '$B --level-prefix --ro-bind / / nonexistent'
	[ "$status" -eq 1 ]
	[[ $stderr == '<3>bwrap: '*nonexistent* ]]
	ours '$B --version'
	[[ $output == "bubblewrap 0.12."*$'\nhull '* ]]
	ours '$B $U --symlink a /l --symlink a /l readlink /l'
	[ "$output" = a ]
}

@test "capabilities have their full names, and a relative --chdir is below the root" {
	same '$B --ro-bind / / --cap-drop NET_ADMIN true' '$B --ro-bind / / --unshare-user --cap-add net_admin true' '$B --ro-bind / / --unshare-user --cap-add Cap_Net_Admin true' \
		'$B --ro-bind / / --unshare-user --cap-add all true' '$B --ro-bind / / --cap-drop "" true' '$B --ro-bind / / --chdir tmp pwd' '$B --ro-bind / / --chdir usr/bin pwd' \
		'$B --ro-bind / / --chdir "" pwd' '$B --ro-bind / / --chdir nosuch pwd' '$B --ro-bind / / --chdir /usr pwd'
}

@test "help, and hull bwrap" {
	run "$FILE_DIR/bin/bwrap" --help
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "Usage: bwrap [OPTION]... COMMAND [ARGUMENT...]" ]
	for option in $(/usr/bin/bwrap --help 2>&1 | grep -oE '^ +--[a-z0-9-]+'); do
		[[ $output == *" $option"[\ =$'\n']* ]] || {
			echo "no $option"
			return 1
		}
	done
	[ "$("$HULL" bwrap --ro-bind / / echo hi)" = hi ]
	run --separate-stderr "$HULL" bwrap --bind /
	[ "$status" -eq 1 ]
	[ "$stderr" = "hull: option '--bind' needs 2 arguments: SRC DEST; see 'hull bwrap --help'" ]
	run --separate-stderr "$FILE_DIR/bin/bwrap" --frob
	[ "$stderr" = "bwrap: unknown option '--frob' for 'bwrap'; see 'bwrap --help'" ]
}
