# shellcheck disable=SC2015,SC2016,SC2053,SC2154 # command lines are data here; bats sets output, stderr and status
# The command lines of hull sandbox and selfdock: options, their order, profiles, what is refused and how. What a sandbox protects from is tested elsewhere.
load lib

setup_file()
{
	file_begin
	ln -s hull "$FILE_DIR/bin/selfdock"
	mkdir -p "$FILE_DIR/share/hull"
	cp -r "$HERE/../../contrib/profiles" "$FILE_DIR/share/hull/profiles"
	user_up
}

setup()
{
	test_begin
	WORK=$DIR/work
	mkdir -p "$WORK/a:b" "$WORK/dir/sub"
	echo text >"$WORK/file"
	chown -R "$TEST_USER:" "$WORK"
}

# box ARGUMENT…: hull sandbox, as the ordinary user, in WORK
box() { (cd "$WORK" && as_user timeout --foreground -k 1 10 "$HULL" sandbox "$@" </dev/null); }

selfdock() { (cd "$WORK" && as_user timeout --foreground -k 1 10 "$FILE_DIR/bin/selfdock" "$@" </dev/null); }

# wrong STATUS MESSAGE COMMAND…: one line on stderr
wrong()
{
	run --separate-stderr "${@:3}"
	[ "$status" -eq "$1" ] && [[ $stderr == $2 ]] && [ "${#stderr_lines[@]}" -eq 1 ] && [ -z "$output" ] || {
		echo "status $status, stdout '$output', stderr '$stderr', expected $1 '$2'"
		return 1
	}
}

config() { box "$@" --print-config -- true; }

# ---- the command ----

@test "exit codes: the command's, signals, 125, 126, 127" {
	run box true
	[ "$status" -eq 0 ]
	run box sh -c 'exit 42'
	[ "$status" -eq 42 ]
	for signal in KILL TERM INT HUP ABRT SEGV PIPE USR1; do
		for options in "" "--share pid"; do
			# shellcheck disable=SC2086
			run box $options sh -c "kill -$signal \$\$; exit 1"
			[ "$status" -eq $((128 + $(kill -l "$signal"))) ] || { echo "$signal: $status"; return 1; }
		done
	done
	run -134 box /usr/bin/python3 -c 'import os; os.abort()'
	run box --as-pid-1 sh -c 'echo $$; kill -TERM $$' # which no pid 1 hears of
	[ "$status" -eq 0 ]
	[ "$output" = 1 ]
	for options in --init "--name x" "--result 1" "--wall 1" "--require full" "--share pid" "-t --share pid"; do
		# shellcheck disable=SC2086
		run -125 box --as-pid-1 $options true
		[[ $output == *"--as-pid-1: "* ]]
	done
	# a filter that lets the command do very little does not keep process 1 from waiting for it
	echo '{"defaultAction":"SCMP_ACT_KILL_PROCESS","syscalls":[{"names":["execve","exit"],"action":"SCMP_ACT_ALLOW"}]}' >"$WORK/few.json"
	echo 'void _start(void) { __asm__("mov $60, %eax; mov $9, %edi; syscall"); }' | cc -nostdlib -static -x c -o "$WORK/nine" -
	run -9 box --syscalls "$WORK/few.json" "$WORK/nine"
	run -159 box --syscalls "$WORK/few.json" true
	run -127 box nonexistent
	run box "$WORK/file"
	[ "$status" -eq 126 ]
	run box --frob true
	[ "$status" -eq 125 ]
	run box --ro /nonexistent/x true
	[ "$status" -eq 125 ]
	[[ $output == *"/nonexistent/x"* ]]
}

@test "options end at the command, which is a shell when there is none" {
	[ "$(box echo --rw x)" = "--rw x" ]
	[ "$(box -- echo -- -x)" = "-- -x" ]
	[ "$(echo 'echo $0' | as_user env SHELL=/bin/sh "$HULL" sandbox)" = /bin/sh ]
	[ "$(echo 'echo $0' | as_user env -u SHELL "$HULL" sandbox)" = /bin/sh ]
	[ "$(echo 'echo $0' | as_user env SHELL=/bin/bash "$HULL" sandbox)" = /bin/bash ]
}

# ---- the file tree ----

@test "--ro, --rw, --tmpfs, --hide, --overlay, in order" {
	not box touch new
	box --rw . touch new
	[ -e "$WORK/new" ]
	not box --rw . --ro dir touch dir/x
	box --ro dir --rw . touch dir/y
	[ "$(box --ro "$WORK/file:/made/here/it is" cat "/made/here/it is")" = text ]
	[ ! -e /made ]
	[ -z "$(box --tmpfs dir:1m ls dir)" ]
	[ "$(box --tmpfs dir:1m sh -c 'df -k dir | tail -n 1 | tr -s " " | cut -d" " -f2')" = 1024 ]
	[ -z "$(box --hide dir ls dir)" ]
	not box --hide dir touch dir/x
	[ "$(box --hide file cat file; echo $?)" = 0 ]
	[ "$(box --hide /nonexistent/x echo ok)" = ok ]
	[ "$(box --overlay dir sh -c 'echo x >dir/z && cat dir/z')" = x ]
	[ ! -e "$WORK/dir/z" ]
	box --rw 'a\:b' touch 'a:b/c'
	[ -e "$WORK/a:b/c" ]
	box --rw "./dir/../dir//sub/." touch dir/sub/w
	[ -e "$WORK/dir/sub/w" ]
}

@test "--ro-try, --rw-try, --dev-try: what is not there is left out, and what is there is shown" {
	[ "$(box --ro-try "$WORK/nope:/srv/a" --rw-try "$WORK/nope" --dev-try /dev/nope ls /srv)" = "$(ls /srv)" ]
	[ "$(box --ro-try "$WORK/file:/srv/a/b" cat /srv/a/b)" = "$(cat "$WORK/file")" ]
	box --rw-try . touch made
	[ -e "$WORK/made" ]
	not box --ro-try . touch made2
	box --dev-try /dev/zero:/dev/x head -c 1 /dev/x >/dev/null
	wrong 125 "hull: *'$WORK/nope'*" box --ro "$WORK/nope" true
}

@test "what cannot be a place is refused" {
	wrong 125 "hull: option '--ro': the place in the sandbox is an absolute path, got 'x'" box --ro dir:x true
	wrong 125 "hull: option '--rw': ':/x' begins with a path" box --rw :/x true
	wrong 125 "hull: option '--tmpfs': expected a size like 64m, got 'lots'" box --tmpfs /tmp:lots true
	wrong 125 "hull: option '--tmpfs': expected a size like 64m, got '0'" box --tmpfs /tmp:0 true
	wrong 125 "hull: flag needs an argument: --ro; see 'hull sandbox --help'" box --ro
}

# ---- the process ----

@test "--env, --unset-env, --clear-env, in order" {
	[ "$(box --env A=1 --env B= sh -c 'echo $A-$B-${B+set}')" = 1--set ]
	[ "$(as_user env MY_TOKEN=s "$HULL" sandbox sh -c 'echo ${MY_TOKEN-none}')" = none ]
	[ "$(as_user env MY_TOKEN=s "$HULL" sandbox --env MY_TOKEN sh -c 'echo ${MY_TOKEN-none}')" = s ]
	[ "$(as_user env A=1 "$HULL" sandbox --unset-env A sh -c 'echo ${A-none}')" = none ]
	[ "$(box --env A=1 --clear-env --env B=2 /usr/bin/env | grep -v ^PWD=)" = B=2 ]
	wrong 125 "hull: option '--env': '' cannot be the name of a variable" box --env =x true
	wrong 125 "hull: option '--unset-env': 'A=1' cannot be the name of a variable" box --unset-env A=1 true
}

@test "--map-ranges: other ids are there, around the own one, and are the caller's ranges outside; without a range it is an error" {
	local uid range own=$WORK/subid
	command -v newuidmap >/dev/null || skip "newuidmap is not installed"
	uid=$(id -u "$TEST_USER")
	range=$(sed -n "s/^$TEST_USER:\([0-9]*\):.*/\1/p" /etc/subuid)
	[ "$(box --map-ranges id -u)" = "$uid" ]
	[ "$(box --map-ranges sh -c 'tr -s " " </proc/self/uid_map | head -n 2')" = " $uid $uid 1"$'\n'" 0 $range $uid" ]
	box --rw . --as 0 --map-ranges --cap-add CHOWN chown 5:6 file
	[ "$(stat -c %u "$WORK/file")" -eq $((range + 4)) ]
	# what it may do with them is a matter of capabilities, and nobody's groups are in force
	! box --rw . --map-ranges chown 5 file 2>/dev/null || return 1
	[ "$(box --map-ranges --cap-add SETUID --cap-add SETGID setpriv --reuid 5 --regid 6 --groups 7 id)" = "$(setpriv --reuid 5 --regid 6 --groups 7 id)" ]
	! box --cap-add SETUID --cap-add SETGID setpriv --reuid 5 --regid 6 --groups 7 id 2>/dev/null || return 1
	[[ $(box --map-ranges --dry-run true) == *"map user ids: $uid → $uid (1), 0 → $range ("* ]]
	# root's are looked up like everybody's, and he needs no newuidmap
	echo "root:3000000:100" >"$own"
	[ "$(unshare -m --propagation private sh -c 'mount --bind "$1" /etc/subuid && mount --bind "$1" /etc/subgid && "$2" sandbox --map-ranges cat /proc/self/gid_map' -- "$own" "$HULL" | tr -s ' ')" = \
		" 0 0 1"$'\n'" 1 3000000 100" ]
	: >"$own"
	wrong 125 "hull: --map-ranges: /etc/subuid has no ids for 'root': add a line like 'root:100000:65536'*" \
		unshare -m --propagation private sh -c 'mount --bind "$1" /etc/subuid && exec "$2" sandbox --map-ranges true' -- "$own" "$HULL"
	echo "root:3000000:100" >"$own"
	wrong 125 "hull: --map-ranges: there is no user namespace of its own to map them in" \
		unshare -m --propagation private sh -c 'mount --bind "$1" /etc/subuid && mount --bind "$1" /etc/subgid && exec "$2" sandbox --map-ranges --share user true' -- "$own" "$HULL"
}

@test "--cwd, --hostname, --as, --share" {
	[ "$(box pwd)" = "$WORK" ]
	[ "$(box --cwd /etc pwd)" = /etc ]
	wrong 125 "hull: *expected an absolute path, got 'etc'" box --cwd etc pwd
	[ "$(box --hostname foo uname -n)" = foo ]
	wrong 125 "hull: --hostname: with --share uts there is no name of its own to set" box --share uts,ipc --hostname foo uname -n
	[ "$(box id -u)" = "$(id -u "$TEST_USER")" ]
	[ "$(box --as 0 id -u):$(box --as 0 id -g)" = 0:0 ]
	[ "$(box --as 5:7 id -u):$(box --as 5:7 id -g)" = 5:7 ]
	for bad in x 5: :5 5:x -1 4294967295; do wrong 125 "hull: option '--as': expected UID or UID:GID, got '$bad'" box --as="$bad" true; done
	[ "$(box readlink /proc/self/ns/uts)" != "$(readlink /proc/self/ns/uts)" ]
	[ "$(box --share uts,ipc readlink /proc/self/ns/uts)" = "$(readlink /proc/self/ns/uts)" ]
	[ "$(box --share uts readlink /proc/self/ns/ipc)" != "$(readlink /proc/self/ns/ipc)" ]
	wrong 125 "hull: option '--share': 'x' is none of: user, pid, ipc, net, uts, cgroup" box --share uts,x true
	wrong 125 "hull: option '--share': '' is none of: *" box --share= true
	wrong 125 "hull: option '--share': an ordinary user cannot share the user namespace*" box --share user true
	[ "$(cd "$WORK" && timeout -k 1 10 "$HULL" sandbox --share user readlink /proc/self/ns/user 3>&-)" = "$(readlink /proc/self/ns/user)" ] # root can
	wrong 125 "hull: option '--share': with all namespaces shared there is no sandbox" box --share user,pid,ipc --share net,uts,cgroup true
}

@test "--net" {
	[ "$(box readlink /proc/self/ns/net)" != "$(readlink /proc/self/ns/net)" ]
	[ "$(box --net host readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" ]
	[ "$(box --net none readlink /proc/self/ns/net)" != "$(readlink /proc/self/ns/net)" ]
	wrong 125 "hull: *--net: expected none, host or the path of a network namespace, got 'frob'" box --net frob true
}

@test "--tty and --no-tty exclude each other" {
	wrong 125 "hull: options '--tty' and '--no-tty' exclude each other" box --tty --no-tty true
}

@test "--dry-run and --print-config run nothing" {
	run box --rw . --dry-run touch never
	[ "$status" -eq 0 ]
	[[ $output == *touch* ]]
	run box --rw . --print-config touch never
	[ "$status" -eq 0 ]
	[ "$(jq -c .process.args <<<"$output")" = '["touch","never"]' ]
	[ ! -e "$WORK/never" ]
}

# same [AS…] -- OPTION…: run hull sandbox with the options, then hull run with the config.json that they make; both say the same
same()
{
	local as=() here=$DIR/same probe='id; umask; pwd; env | grep -v "^_=" | sort; grep -E "^(Cap|NoNew|Seccomp|Sig[BI]|Groups)" /proc/self/status; ls -l /dev; ls -A / /opt /tmp'
	while [ "$1" != -- ]; do as+=("$1") && shift; done
	shift
	rm -rf "$here"
	mkdir -m 777 "$here"
	(
		umask 027
		cd "$WORK" || return
		"${as[@]}" "$HULL" sandbox "$@" --print-config sh -c "$probe" >"$here/config.json" </dev/null
		"${as[@]}" timeout -k 1 10 "$HULL" sandbox "$@" sh -c "$probe" >"$here/sandbox" 2>/dev/null </dev/null || true
		chmod 755 "$here/config.json"
		"${as[@]}" timeout -k 1 10 "$HULL" --root "$here/state" run -b "$here" "$ID" >"$here/run" 2>"$here/errors" </dev/null || true
	)
	grep -q ^uid= "$here/sandbox" && diff "$here/sandbox" "$here/run" >&2 || {
		cat "$here/errors"
		return 1
	}
}

@test "--print-config: hull run does the same with it, and makes nothing on the host either" {
	local -a as
	local options user
	mkdir "$DIR/root"
	cp -a "$FILE_DIR/rootfs/usr" "$FILE_DIR/rootfs/bin" "$DIR/root"
	mkdir "$DIR/root/opt"
	chmod 777 "$DIR"
	for user in root ordinary; do
		[ $user = root ] && as=() || as=(as_user)
		for options in "" "--tmpfs /opt/$TAG" "--ro /etc/passwd:/mnt/$TAG/b --as 0" "--rw . --cwd /var" "--rootfs $DIR/root --tmpfs /opt/$TAG --env HOME=/$TAG"; do
			# shellcheck disable=SC2086 # words
			same "${as[@]}" -- $options
		done
	done
	[ ! -e "/opt/$TAG" ]
	[ ! -e "/mnt/$TAG" ]
	[ "$(ls "$DIR/root")" = $'bin\nopt\nusr' ]
	[ -z "$(ls "$DIR/root/opt")" ]
}

@test "--print-config: the terminal inside is that of whoever runs it, and nobody else's" {
	local look='stat -c %t:%T /dev/console 2>&1 || echo none'
	mkdir "$DIR/tty"
	script -qec "$HULL sandbox --print-config sh -c '$look' >$DIR/tty/config.json" /dev/null </dev/null 3>&-
	jq -e '.mounts[] | select(.destination == "/dev/console" and (.source | startswith("/dev/pts/")))' "$DIR/tty/config.json"
	jq '(.mounts[] | select(.destination == "/dev/console")).source = "/dev/pts/ptmx"' "$DIR/tty/config.json" >"$DIR/tty/other.json"
	script -qec "hull() { $HULL --root $STATE \"\$@\"; }; stat -Lc %t:%T \$(tty); hull run -b $DIR/tty --config $DIR/tty/other.json $ID" "$DIR/shown" </dev/null 3>&-
	[ "$(grep -c '^88:' "$DIR/shown")" -eq 2 ]
	[ "$(grep '^88:' "$DIR/shown" | sort -u | wc -l)" -eq 1 ]
	[[ $(hull run -b "$DIR/tty" --config "$DIR/tty/other.json" "$ID" </dev/null 2>&1 | cat) == *none ]]
}

@test "--print-config names the working directory that the sandbox has" {
	local home=$USER_HOME
	[ "$(config | jq -r .process.cwd)" = "$WORK" ]
	[ "$(config --tmpfs "${WORK%/*}" | jq -r .process.cwd)" = "$home" ]
	[ "$(config --hide "$home" --tmpfs "${WORK%/*}" --env HOME="$home/x" | jq -r .process.cwd)" = / ]
	[ "$(config --tmpfs /opt --ro /etc:/opt/a/b --env HOME=/opt/a --tmpfs "${WORK%/*}" | jq -r .process.cwd)" = /opt/a ]
	[ "$(config --rootfs "$FILE_DIR/rootfs" --env HOME=/nonexistent | jq -r .process.cwd)" = / ]
	[ "$(config --rootfs "$FILE_DIR/rootfs" --env HOME=/home | jq -r .process.cwd)" = /home ]
	[ "$(config --rootfs "$FILE_DIR/rootfs" --cwd /nonexistent | jq -r .process.cwd)" = /nonexistent ]
	# what is printed is what pwd says
	[ "$(box --tmpfs /opt --ro /etc:/opt/a/b --env HOME=/opt/a --tmpfs "${WORK%/*}" pwd)" = /opt/a ]
	[ "$(box --rootfs "$FILE_DIR/rootfs" --env HOME=/nonexistent pwd)" = / ]
}

# ---- profiles ----

# profile NAME: the text on standard input
profile()
{
	mkdir -p "$USER_HOME/.config/hull/profiles"
	cat >"$USER_HOME/.config/hull/profiles/$1"
}

@test "a profile is options, a line each, where it is named" {
	printf '# my profile\n\n  env A=two words\nrw .\r\n\thostname   foo\n' | profile mine
	[ "$(box --profile mine sh -c 'echo $A; uname -n; touch p')" = $'two words\nfoo' ]
	[ -e "$WORK/p" ]
	[ "$(box --profile mine --hostname bar uname -n)" = bar ]
	[ "$(box --hostname bar --profile mine uname -n)" = foo ]
	not box --profile mine --ro . touch q
	box --ro . -p mine touch q
}

@test "profiles: variables, includes, paths, where they are looked for" {
	printf 'env A=$HOME:~/x:$$USER=${USER}\nunset-env MY' | profile vars
	run as_user env USER=me "$HULL" sandbox --profile vars sh -c 'echo $A'
	[ "$output" = "$USER_HOME:$USER_HOME/x:\$USER=me" ]
	mkdir "$WORK/profiles"
	printf 'include ./two\nenv C=3\ninclude mine' >"$WORK/profiles/one"
	printf 'env B=2' >"$WORK/profiles/two"
	printf 'env D=4' | profile mine
	[ "$(box --profile profiles/one sh -c 'echo $B$C$D')" = 234 ]
	printf 'env D=5' >"$WORK/profiles/xdg"
	mkdir -p "$WORK/xdg/hull/profiles"
	printf 'env D=6' >"$WORK/xdg/hull/profiles/mine"
	run as_user env XDG_CONFIG_HOME="$WORK/xdg" "$HULL" sandbox --profile mine sh -c 'echo $D'
	[ "$output" = 6 ]
}

@test "wrong profiles are refused with file and line" {
	local dir=$USER_HOME/.config/hull/profiles
	printf 'init\n\nfrob x' | profile bad
	wrong 125 "hull: $dir/bad:3: unknown option '--frob' for 'sandbox'; *" box --profile bad true
	printf 'init\ninclude bad' | profile outer
	wrong 125 "hull: $dir/outer:2: $dir/bad:3: unknown option '--frob' *" box --profile outer true
	printf -- '--init' | profile dashes
	wrong 125 "hull: $dir/dashes:1: expected the name of an option, without dashes, got '--init'; *" box --profile dashes true
	printf 'ro $FOO/x' | profile variable
	wrong 125 "hull: $dir/variable:1: unknown variable 'FOO'; *" box --profile variable true
	printf 'include loop2' | profile loop1
	printf 'include loop1' | profile loop2
	wrong 125 "hull: $dir/loop1:1: $dir/loop2:1: the profile '$dir/loop1' includes itself; *" box --profile loop1 true
	for i in 1 2 3 4 5 6 7 8 9; do printf 'include deep%d' $((i + 1)) | profile "deep$i"; done
	printf 'init' | profile deep10
	wrong 125 "hull: $dir/deep1:1: *: option '--include': nested too deeply (8); *" box --profile deep1 true
	box --profile deep4 true
	wrong 125 "hull: there is no profile 'nope': looked for '$dir/nope', '/etc/hull/profiles/nope', *" box --profile nope true
	wrong 125 "hull: cannot open the profile './nope': No such file or directory; *" box --profile ./nope true
	wrong 125 "hull: cannot read the profile './dir': not a regular file; *" box --profile ./dir true
	wrong 125 "hull: option '--profile': a profile has a name; *" box --profile= true
	head -c 70000 /dev/zero | tr '\0' '#' | profile large
	wrong 125 "hull: cannot read the profile '$dir/large': File too large; *" box --profile large true
	printf 'in\0it' | profile zero
	wrong 125 "hull: '$dir/zero' is not a text; *" box --profile zero true
	mkfifo "$WORK/fifo"
	wrong 125 "hull: cannot read the profile './fifo': not a regular file; *" box --profile ./fifo true
}

@test "the profiles that come with hull" {
	mkdir -p "$USER_HOME/.ssh" "$USER_HOME/.cache"
	echo key >"$USER_HOME/.ssh/id"
	chown -R "$TEST_USER:" "$USER_HOME/.ssh" "$USER_HOME/.cache"
	printf 'all:\n\tcp file result\n' >"$WORK/Makefile"
	box --profile build make -s
	[ "$(cat "$WORK/result")" = text ]
	[ -z "$(box --profile build ls "$USER_HOME/.ssh")" ]
	not box --profile build touch "$USER_HOME/x"
	[ "$(box --profile net readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" ]
	[ -z "$(box --profile net ls "$USER_HOME/.ssh")" ]
	[ "$(box --profile offline-python python3 -c 'import os; print(open("file").read().strip(), os.environ["PYTHONDONTWRITEBYTECODE"])')" = "text 1" ]
	not box --profile offline-python python3 -c 'open("file", "w")'
	# also where the directory that may be written is the home directory itself
	[ -z "$(cd "$USER_HOME" && as_user "$HULL" sandbox --profile build ls .ssh)" ]
}

# ---- help ----

@test "help, manual and completion know all of it" {
	local man=$HERE/../../build/doc/man
	for option in ro rw dev tmpfs hide overlay net rootfs env cwd hostname as profile dry-run print-config memory result require plugin; do
		"$HULL" sandbox --help | grep -qE -- "--$option( |=|\$)"
		"$HULL" completion bash | grep -qE -- "sandbox:-\*.*--$option "
		[ ! -e "$man/hull-sandbox.1" ] || grep -qF -- "\\-\\-${option//-/\\-}" "$man/hull-sandbox.1"
	done
	"$HULL" completion zsh | grep -qF -- "'--bind[show the host'\\''s SRC at DEST]:SRC:_files:DEST:_files'"
	"$HULL" completion bash | grep -qF -- "sandbox:--ro) compopt"
}

# ---- selfdock ----

@test "selfdock: exit codes as its own tests have them" {
	run selfdock run sh -c 'exit 42'
	[ "$status" -eq 42 ]
	for program in / /proc/mounts /dev/null; do
		run selfdock run "$program"
		[ "$status" -eq 126 ]
	done
	run -127 selfdock run /1
	run -127 selfdock run env PATH= true
	wrong 124 "selfdock: unknown option '--frob' for 'selfdock'; see 'selfdock --help'" selfdock --frob run true
	wrong 124 "selfdock: unknown operand 'enter' for 'selfdock': *" selfdock enter x
	wrong 124 "selfdock: too few operands for 'selfdock *" selfdock run
	wrong 124 "selfdock: option '--map': the destination is an absolute path, got 'x'" selfdock -m / x run true
	run selfdock -m /nonexistent /mnt run true
	[ "$status" -eq 124 ]
}

@test "selfdock: what it sees and may write" {
	[ "$(selfdock run sh -c 'echo $$')" = 1 ]
	[ "$(selfdock run pwd)" = / ]
	[ "$(selfdock -C /etc run pwd)" = /etc ]
	[ "$(selfdock run id -u)" = "$(id -u "$TEST_USER")" ]
	[ "$(selfdock run readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" ]
	[ "$(selfdock run sh -c 'df -k /tmp | tail -n 1 | tr -s " " | cut -d" " -f2')" = 2048 ]
	[ "$(selfdock -t size=3m,mode=700 /tmp run sh -c 'df -k /tmp | tail -n 1 | tr -s " " | cut -d" " -f2; stat -c %a /tmp')" = $'3072\n700' ]
	wrong 124 "selfdock: option '--tmpfs': expected size=SIZE or mode=OCTAL, got 'frob'" selfdock -t frob /tmp run true
	[ "$(selfdock -e A 1 -e B 2 -E A run sh -c 'echo $A-$B')" = -2 ]
	not selfdock run touch "$WORK/x"
	not selfdock -m "$WORK" "$WORK" run touch "$WORK/x"
	selfdock -v "$WORK" "$WORK" run touch "$WORK/x"
	[ -e "$WORK/x" ]
	selfdock build touch "$WORK/y"
	[ -e "$WORK/y" ]
	not selfdock build "$FILE_DIR/bin/selfdock" run touch "$WORK/z"
	not selfdock run cp /bin/sh /dev/
	[ -z "$(selfdock run sh -ec 'echo fail >/dev/null && cat /dev/null')" ]
}

@test "selfdock: 16 deep" {
	local line=()
	for i in $(seq 16); do line+=("$FILE_DIR/bin/selfdock" run); done
	as_user timeout -k 1 20 "${line[@]}" true
	[ "$(as_user timeout -k 1 20 "${line[@]}" sh -c 'echo $$; touch /x 2>/dev/null || echo no')" = $'1\nno' ]
}

@test "what is not there is named by where it was to lead, and is hull's failure, not the command's" {
	run box --ro /nope:/there true
	[ "$status" -eq 125 ]
	[[ $output == *"step on '/there'.source: cannot bind '/nope': No such file or directory"* ]]
	run box --cwd /nope true
	[ "$status" -eq 125 ]
	[[ $output == *"process.cwd: cannot change to '/nope'"* ]]
	run box /nope
	[ "$status" -eq 127 ]
	run box /etc/passwd
	[ "$status" -eq 126 ]
}
