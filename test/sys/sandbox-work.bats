# limit: 300
# shellcheck disable=SC2015,SC2016,SC2154 # command lines are data here; bats sets output, stderr and status
# Real work in a sandbox, as people would give it to one: builds, tests, version control, debuggers, servers, databases, shells. As an ordinary user, where
# nothing else is said. What is not installed is skipped by name.
load sandbox

needs() { for program in "$@"; do command -v "$program" >/dev/null || skip "$program is not installed"; done; }

# box ARGUMENT…: hull sandbox with WORK writable, in WORK
box() { (cd "$WORK" && as_user timeout --foreground -k 1 100 "$HULL" sandbox --rw "$WORK" "$@"); }

@test "building hull: configure, and some of its objects; HULL_TEST_LONG=1: all of it" {
	needs musl-gcc meson ninja
	local what='src/libhullcore.a.p/base_arena.c.o src/libhullcore.a.p/spec_sandbox.c.o src/libhullcore.a.p/run_sandbox.c.o'
	[ -z "${HULL_TEST_LONG:-}" ] || what=src/hull
	(cd "$HERE/../.." && tar -c --exclude=__pycache__ meson.build Makefile src include tools doc libexec scripts contrib bench test/meson.build test/unit) | tar -x -C "$WORK"
	chown -R "$TEST_USER:" "$WORK"
	box env CC=musl-gcc sh -c "meson setup build >log && ninja --quiet -C build $what" || {
		tail -n 5 "$WORK/log"
		false
	}
	[ -s "$WORK/build/src/libhullcore.a.p/run_sandbox.c.o" ]
	not box --ro "$WORK" touch build/x
}

@test "a C project with make -j: compile, test, install into a directory" {
	needs make cc
	printf 'CFLAGS = -O2 -g\nobjects = a.o b.o main.o\nprogram: $(objects)\n\t$(CC) -o $@ $(objects)\ncheck: program\n\ttest "$$(./program)" = 42\ninstall: program\n\tinstall -D program $(DESTDIR)/usr/bin/program\n' >"$WORK/Makefile"
	echo 'int a(void) { return 40; }' >"$WORK/a.c"
	echo 'int b(void) { return 2; }' >"$WORK/b.c"
	printf '#include <stdio.h>\nint a(void), b(void);\nint main(void) { printf("%%d\\n", a() + b()); }\n' >"$WORK/main.c"
	box make -s -j4 check install DESTDIR=stage
	[ "$("$WORK/stage/usr/bin/program")" = 42 ]
	not box make -s install DESTDIR=/
	! command -v c++ >/dev/null || [ "$(echo 'int main() { return 7; }' | box sh -c 'c++ -x c++ - -o p && ./p; echo $?')" = 7 ]
	! command -v clang >/dev/null || [ "$(echo 'int main(void) { return 7; }' | box sh -c 'clang -fsanitize=address -x c - -o p && ./p; echo $?')" = 7 ]
}

# the first Python that has the tests of its library
tested_python()
{
	local python
	for python in /usr/bin/python3 "$(command -v python3)" /root/.pyenv/versions/3.1*/bin/python3; do
		"$python" -c 'import test.test_tempfile' >/dev/null 2>&1 || continue
		echo "$python"
		return 0
	done
	return 1
}

@test "the tests of Python's own library: files, processes, sockets, terminals, databases" {
	local python tests=(test_tempfile test_shutil test_pathlib test_pty test_fcntl test_epoll test_mmap test_socketserver test_zipfile) sandbox=(box)
	python=$(tested_python) || skip "no Python has its tests installed (libpython3.11-testsuite)"
	! "$python" -c 'import test.test_sqlite3' 2>/dev/null || tests+=(test_sqlite3)
	# (it may be root's own: then as root, who is somebody else inside)
	as_user "$python" -c "" 2>/dev/null || sandbox=(timeout -k 1 80 "$HULL" sandbox --as 1000:1000)
	"${sandbox[@]}" --cwd /tmp "$python" -m test -q "${tests[@]}" </dev/null >"$DIR/log" 2>&1 3>&- || {
		tail -n 30 "$DIR/log"
		false
	}
}

@test "git: init, commit, clone of a local repository, log, gc; Perl and sed beside it" {
	needs git
	box sh -c 'export HOME=$PWD; git config --global user.name n; git config --global user.email e; git init -q -b main repo && cd repo
		for i in 1 2 3; do echo $i >file && git add file && git commit -q -m "Change $i"; done; git gc -q && git fsck --no-progress'
	[ "$(box sh -c 'git clone -q repo /tmp/clone && cd /tmp/clone && git log --format=%s | tr "\n" ,')" = "Change 3,Change 2,Change 1," ]
	[ "$(box git -C repo rev-parse HEAD)" = "$(as_user git -C "$WORK/repo" rev-parse HEAD)" ]
	not box --ro "$WORK" git -C repo tag new
}

@test "gdb: breakpoint, run, backtrace; attach; strace and valgrind" {
	needs gdb cc
	printf '#include <stdio.h>\nint twice(int x) { return 2 * x; }\nint main(void) { printf("%%d\\n", twice(21)); return 0; }\n' >"$WORK/t.c"
	box cc -g -O0 -o t t.c
	run box gdb -q -nx -batch -ex 'break twice' -ex run -ex bt -ex 'print x' -ex continue ./t
	echo "$output"
	[[ $output == *"#0  twice (x=21)"*"#1"*"main ()"*"= 21"*42*"exited normally"* ]]
	[[ $(box sh -c 'sleep 20 & gdb -q -nx -batch -ex detach -p $!; kill $!' 2>&1) == *"detached"* ]]
	! command -v strace >/dev/null || [[ $(box sh -c 'strace -f -e trace=execve sh -c "./t; true" 2>&1') == *"execve("*42* ]]
	! command -v valgrind >/dev/null || box valgrind -q --error-exitcode=9 ./t
}

@test "nginx serves a file on lo; a daemon that goes to the background is there until the command ends" {
	needs nginx curl
	printf 'daemon on; pid /tmp/n/pid; error_log /tmp/n/log; worker_processes 2; events {}\nhttp { access_log off; client_body_temp_path /tmp/n/b; proxy_temp_path /tmp/n/p; fastcgi_temp_path /tmp/n/f;
		uwsgi_temp_path /tmp/n/u; scgi_temp_path /tmp/n/s; server { listen 127.0.0.1:8080; root /tmp/n; } }\n' >"$WORK/conf"
	[ "$(box sh -c 'mkdir /tmp/n && echo page >/tmp/n/page && nginx -c $PWD/conf 2>/dev/null && curl -s http://127.0.0.1:8080/page')" = page ]
	not curl -s -m 2 http://127.0.0.1:8080/page
	not pgrep -f "nginx: .* -c $WORK/conf"
}

# a server's own users, none of them locked, and what sshd wants; the login is by key
ssh_files()
{
	needs ssh
	[ -x /usr/sbin/sshd ] || skip "sshd is not installed (openssh-server)"
	(cd "$WORK" && ssh-keygen -q -t ed25519 -N '' -f host && ssh-keygen -q -t ed25519 -N '' -f key)
	printf 'root:x:0:0::/:/bin/sh\nsshd:x:105:65534::/run/sshd:/usr/sbin/nologin\nguest:x:5:60::/:/bin/sh\nme:x:%d:%d::/:/bin/sh\n' "$(id -u "$TEST_USER")" "$(id -g "$TEST_USER")" >"$WORK/passwd"
	sed 's/:.*/:*:1::::::/' "$WORK/passwd" >"$WORK/shadow"
	printf 'ListenAddress 127.0.0.1\nPort 2222\nHostKey %s/host\nAuthorizedKeysFile %s/key.pub\nPidFile none\nStrictModes no\nUsePAM no\n' "$WORK" "$WORK" >"$WORK/conf"
	cat >"$WORK/serve" <<-'END'
		options=$1
		shift
		mkdir -p /run/sshd
		/usr/sbin/sshd -f "$PWD/conf" -E "$PWD/log" || exit 99
		timeout 20 ssh $options -o ConnectionAttempts=9 -q -p 2222 -i key -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "$@" </dev/null
	END
	chown -R "$TEST_USER:" "$WORK"
}

SSH_CAPS=(--cap-add SYS_CHROOT --cap-add SETUID --cap-add SETGID --cap-add CHOWN --cap-add KILL)

@test "an ssh server as an ordinary user, told nothing else: who has its key logs in and runs commands; the host does not see it" {
	ssh_files
	run box --ro "$WORK/passwd:/etc/passwd" sh serve -T me@127.0.0.1 'cat >/dev/null; echo "$(id -u) $SSH_CONNECTION"; exit 3'
	echo "$status $output"; cat "$WORK/log"
	[ "$status" -eq 3 ]
	[[ $output == "$(id -u "$TEST_USER") 127.0.0.1 "*" 127.0.0.1 2222" ]]
	rm "$WORK/key.pub"
	run box --ro "$WORK/passwd:/etc/passwd" sh serve -T me@127.0.0.1 true
	[ "$status" -eq 255 ]
	not pgrep -f "sshd.* -E $WORK"
}

@test "an ssh server with the ids of --map-ranges: it separates its privileges, logs in others, and gives them a terminal; as an ordinary user and as root" {
	needs newuidmap
	ssh_files
	local arguments=(--rw "$WORK" --ro "$WORK/passwd:/etc/passwd" --ro "$WORK/shadow:/etc/shadow" --as 0 --map-ranges "${SSH_CAPS[@]}") who
	for who in root guest; do
		run box "${arguments[@]}" sh serve -tt "$who@127.0.0.1" 'echo "$(id -un) $(stat -c %U:%G "$(tty)")"'
		echo "$status $output"; cat "$WORK/log"
		[ "$output" = "$who $who:tty"$'\r' ]
		rm "$WORK/log"
	done
	echo "root:3000000:65536" >"$DIR/subid"
	cat >"$DIR/as-root" <<-'END'
		mount --bind "$1" /etc/subuid && mount --bind "$1" /etc/subgid || exit 98
		shift
		exec timeout --foreground -k 1 100 "$@"
	END
	chown -R 0:0 "$WORK"
	for who in root guest; do
		run env -C "$WORK" unshare -m --propagation private sh "$DIR/as-root" "$DIR/subid" "$HULL" sandbox "${arguments[@]}" sh serve -T "$who@127.0.0.1" 'id -un; ls -ld /proc/$$/fd/0 | cut -d" " -f3'
		echo "$status $output"; cat "$WORK/log"
		[ "$output" = "$who"$'\n'"$who" ]
	done
}

@test "sqlite: write-ahead log, locks between processes" {
	needs sqlite3
	[ "$(box sh -c 'sqlite3 d "pragma journal_mode=wal; create table t (x)" && for i in 1 2 3 4; do sqlite3 -cmd ".timeout 5000" d "insert into t values ($i)" & done; wait; sqlite3 d "select sum(x) from t"' | tail -n 1)" = 10 ]
	[ "$(sqlite3 "$WORK/d" 'select count(*) from t')" = 4 ]
	not box --ro "$WORK" sqlite3 d 'insert into t values (1)'
}

@test "archives: tar, gzip, xz, zip by Python, with modes, links and times" {
	box sh -c 'mkdir -p t/d; echo x >t/d/f; chmod 750 t/d; ln -s d/f t/l; ln t/d/f t/h; touch -d 2001-01-01 t/d/f; tar -czf a.tgz t && mkdir o && tar -xzf a.tgz -C o && tar -cJf a.txz t && python3 -m zipfile -c a.zip t'
	[ "$(stat -c '%a %F' "$WORK/o/t/d")" = "750 directory" ]
	[ "$(stat -c '%h %y' "$WORK/o/t/h" | cut -c1-12)" = "2 2001-01-01" ]
	# another owner's files cannot be made by who has one id; tar does as the ordinary user that it is
	tar -C /etc -cf "$WORK/root.tar" passwd
	box tar -xf root.tar
	[ "$(stat -c %U "$WORK/passwd")" = "$TEST_USER" ]
}

@test "dpkg and apt: what they tell, what they unpack" {
	needs dpkg-deb apt-cache
	box sh -c 'mkdir -p p/DEBIAN p/usr/share/p && printf "Package: p\nVersion: 1\nArchitecture: all\nMaintainer: m <m@example.org>\nDescription: d\n" >p/DEBIAN/control && echo x >p/usr/share/p/f && dpkg-deb --root-owner-group -b p p.deb >/dev/null && dpkg-deb -x p.deb out'
	[ "$(cat "$WORK/out/usr/share/p/f")" = x ]
	[[ $(box dpkg -s dpkg) == *"Status: install ok installed"* ]]
	[[ $(box sh -c 'apt-cache -o Dir::Cache=/tmp policy dpkg') == *Installed:* ]]
	not box dpkg -i p.deb
}

@test "a shell with job control on a terminal" {
	needs script bash
	cat >"$DIR/typed" <<-'END'
		sleep 30 &
		jobs
		sleep 20
		^Z
		jobs | grep -c Stopped
		kill %1 %2
		echo rows $(stty size)
		exit 5
	END
	# the terminal is made by root, since not every host lets ordinary users (the mode of /dev/pts/ptmx)
	declare -f as_user >"$DIR/functions"
	declare -p TEST_USER USER_HOME USER_RUN >>"$DIR/functions"
	echo "as_user '$HULL' sandbox bash --norc -i; exit \$?" >>"$DIR/functions"
	status=0
	output=$(sed 's/\^Z/\x1a/' "$DIR/typed" | while read -r line; do sleep 0.3; if [ "$line" = $'\x1a' ]; then printf '\x1a'; else echo "$line"; fi; done |
		timeout -k 1 40 script -qefc "stty rows 33 cols 99; bash '$DIR/functions'" /dev/null 3>&-) || status=$?
	echo "$status: $output"
	[[ $output != *"no job control"* ]]
	[[ $output == *"[1]+"*"Running"* || $output == *"[1]"*"Running"* ]]
	[[ $output == *"Stopped"* ]]
	[[ $output == *"rows 33 99"* ]]
	[ "$status" -eq 5 ]
}

@test "a script without #! is read by /bin/sh, as env(1) has it; an OCI container's process has to be a program" {
	local mode
	printf 'echo "$0 $#: $1"; exit 7\n' >"$WORK/script"
	chmod 755 "$WORK/script"
	cd "$WORK"
	for mode in sandbox 'sandbox --as-pid-1' 'sandbox --syscalls none --no-landlock' 'sandbox --nest' 'bwrap --bind / /' 'bwrap --bind / / --unshare-pid' 'try --no -q' 'selfdock run'; do
		echo "# $mode"
		# shellcheck disable=SC2086 # words
		run --separate-stderr as_user "$HULL" $mode "$WORK/script" 'a  b' ''
		[ "$status" -eq 7 ]
		[ "$output" = "$WORK/script 2: a  b" ]
		# shellcheck disable=SC2086 # words
		run --separate-stderr env PATH="$WORK:$PATH" "$HULL" $mode script
		[ "$status" -eq 7 ]
		[ "$output" = "$WORK/script 0: " ]
	done
	# twins: no shell to read it; and no sandbox
	mkdir "$DIR/root"
	cp script "$DIR/root"
	run "$HULL" sandbox --rootfs "$DIR/root" /script
	[ "$status" -eq 126 ]
	[[ $output == *"exec /script: Exec format error"* ]]
	make_bundle
	cp script "$ROOTFS/script"
	args /script
	run "$HULL" run -b "$BUNDLE" "$ID"
	[ "$status" -eq 126 ]
	[[ $output == *"exec /script: Exec format error"* ]]
}

@test "interpreters: Perl, Python with threads and processes, node, awk" {
	[ "$(box perl -e 'pipe(R, W); if (!fork) { print W "x"; exit } wait; close W; print <R>')" = x ]
	[ "$(box python3 -c 'import concurrent.futures as f, os
with f.ProcessPoolExecutor(2) as p, f.ThreadPoolExecutor(4) as t: print(sum(p.map(abs, range(10))) + sum(t.map(abs, range(10))))')" = 90 ]
	! as_user command -v node >/dev/null 2>&1 || [ "$(box node -e 'new (require("worker_threads").Worker)("console.log(6 * 7)", { eval: true })')" = 42 ]
}

@test "Chromium, headless, renders a page, with its own sandbox when --nest lets it" {
	local chromium='' sandbox
	for name in chromium chromium-browser google-chrome; do [ -n "$chromium" ] || chromium=$(command -v "$name" || true); done
	[ -n "$chromium" ] || skip "chromium is not installed"
	chromium=("$chromium" --headless --disable-gpu --disable-background-networking --dump-dom "file://$WORK/page.html")
	echo '<p id=p></p><script>p.textContent = 6 * 7</script>' >"$WORK/page.html"
	# root is somebody else inside: Chromium's own sandbox refuses to be root's
	for sandbox in box "timeout -k 1 100 $HULL sandbox --ro $WORK --as 1000:1000"; do
		# shellcheck disable=SC2086 # words are wanted
		{
			[[ $($sandbox --nest --env HOME=/tmp "${chromium[@]}" 2>/dev/null) == *'<p id="p">42</p>'* ]]
			[[ $($sandbox --env HOME=/tmp "${chromium[@]}" --no-sandbox 2>/dev/null) == *'<p id="p">42</p>'* ]]
			[[ $($sandbox --env HOME=/tmp "${chromium[@]}" 2>&1) == *"No usable sandbox"* ]]
		}
	done
}
