# limit: 300
# What README.md shows must be so: every ```sh block is run as it stands, and what it prints is compared with the ```text block after it, in which … stands
# for anything. A section has one test and a fresh directory of its own, in which the bundle of "Make a bundle" was made just before.
#
# `hull` on PATH is a script that gives the real one the test's state directory; podman and docker are scripts that enter the suite's sandbox.
load podman

README=$HERE/../../README.md

setup_file()
{
	engine_begin
	export CONTAINERS_CONF=$FILE_DIR/containers.conf
	podman_conf "$CONTAINERS_CONF"
}

teardown_file()
{
	[ ! -d "$FILE_DIR/root" ] || wrapped_podman system reset -f >/dev/null 2>&1 || true
	engine_end
}

wrapped_podman()
{
	nsenter -t "$SANDBOX" -m -n --wdns=/ -- podman --root "$FILE_DIR/root" --runroot "$FILE_DIR/run" --tmpdir "$FILE_DIR/tmp" "$@" 3>&-
}

setup()
{
	test_begin
	mkdir -p "$DIR/bin" "$DIR/work"
	chmod 777 "$DIR"
	wrapper hull "$HULL" --root "$STATE"
}

teardown()
{
	end_daemon "$FILE_DIR/docker.pid"
	test_end
}

# wrapper NAME COMMAND…: a program of that name that runs the command with more arguments
wrapper()
{
	local name=$1
	shift
	printf '#!/bin/sh\nexec %s "$@"\n' "$*" >"$DIR/bin/$name"
	chmod 755 "$DIR/bin/$name"
}

# script_of SECTION…: the blocks of these sections as a script; what block N prints goes to out.N, what it should print is in want.N, and blocks that are
# not followed by a text block print into nothing that is looked at
script_of()
{
	python3 - "$README" "$DIR" "$@" <<-'END'
		import re
		import sys

		readme, directory, *wanted = sys.argv[1:]
		text = open(readme, encoding="utf-8").read()
		sections = {title: body for title, body in re.findall(r"^#+ ([^\n]*)\n(.*?)(?=^#+ |\Z)", re.sub(r"^```.*?^```", lambda m: m[0].replace("\n#", "\n\0#"), text, flags=re.M | re.S), re.M | re.S)}
		number = 0
		for title in wanted:
		    blocks = re.findall(r"^```(\w+)\n(.*?)^```", sections[title].replace("\0", ""), re.M | re.S)
		    for (kind, body), (after, expected) in zip(blocks, blocks[1:] + [("", "")]):
		        if kind != "sh":
		            continue
		        number += 1
		        print("{\n" + body + "} >" + directory + "/out." + str(number) + " 2>&1")
		        if after == "text":
		            open(f"{directory}/want.{number}", "w", encoding="utf-8").write(expected)
	END
}

# like FILE PATTERN-FILE: equal, where … stands for anything
like()
{
	local got pattern
	got=$(cat "$1")
	pattern=$(sed -e 's/[][*?\\]/\\&/g' -e 's/…/*/g' "$2")
	# shellcheck disable=SC2053 # a pattern
	[[ $got == $pattern ]] || {
		echo "--- README says:"
		cat "$2"
		echo "--- it printed:"
		cat "$1"
		return 1
	}
}

# section TITLE [COMMAND…]: run that section's blocks, by that command
section()
{
	local title=$1 n
	shift
	script_of "Make a bundle" "$title" >"$DIR/script"
	chmod -R a+rX "$DIR/script" "$DIR/bin"
	(cd "$DIR/work" && "$@" env PATH="$DIR/bin:$PATH" timeout -k 5 100 bash "$DIR/script" 3>&-) || true # the output says it better
	: >"$DIR/want.1" # the block that makes the bundle says nothing
	for n in 1 2 3 4; do
		[ ! -e "$DIR/want.$n" ] || like "$DIR/out.$n" "$DIR/want.$n" || return 1
	done
}

# as_both TITLE: as root, then as an ordinary user
as_both()
{
	section "$1"
	rm -rf "$DIR/work" && mkdir "$DIR/work"
	user_up
	chown "$TEST_USER" "$DIR/work"
	wrapper hull "$HULL"
	section "$1" as_user
}

TITLES='Run a command in a sandbox
Judge an untrusted program
Go into a running sandbox
Try a command before it changes anything
Use it as bubblewrap or selfdock
Make a bundle
Run it
Run it as an ordinary user
Create, start, kill, delete
Run one more program in it
See what there is
Ask what it would do
Limit memory and processes
Give it a directory of yours
Forbid system calls
Be told when it starts and ends
Use it under Podman
Use it under Docker'

@test "every section with an example is tested here, and every link leads somewhere" {
	found=$(awk '/^```sh$/ { print title } /^```/ { inside = !inside } !inside && /^#+ / { title = $0; sub(/^#+ /, "", title) }' "$README" | uniq)
	[ "$found" = "$TITLES" ] || diff <(echo "$found") <(echo "$TITLES")
	[ "$found" = "$TITLES" ]
	grep -o '](\([^)]*\))' "$README" | sed 's/](\(.*\))/\1/' | while read -r link; do
		[ -e "$HERE/../../$link" ] || {
			echo "no file: $link"
			false
		}
	done
}

@test "the comparison can fail" {
	printf 'a [b] c\n' >"$DIR/got"
	printf 'a [b] …\n' >"$DIR/pattern"
	like "$DIR/got" "$DIR/pattern"
	printf 'a b …\n' >"$DIR/pattern"
	not like "$DIR/got" "$DIR/pattern"
}

@test "Run a command in a sandbox" { as_both "Run a command in a sandbox"; }

@test "Judge an untrusted program" { as_both "Judge an untrusted program"; }

@test "Go into a running sandbox" { as_both "Go into a running sandbox"; }

@test "Try a command before it changes anything" { as_both "Try a command before it changes anything"; }

@test "Use it as bubblewrap or selfdock" { as_both "Use it as bubblewrap or selfdock"; }

@test "Make a bundle" {
	section "Make a bundle"
	jq -e '.process.terminal == false' "$DIR/work/demo/config.json"
}

@test "Run it" { section "Run it"; }

@test "Run it as an ordinary user" {
	user_up
	chown "$TEST_USER" "$DIR/work"
	wrapper hull "$HULL"
	section "Run it as an ordinary user" as_user
}

@test "Create, start, kill, delete" { section "Create, start, kill, delete"; }

@test "Run one more program in it" { section "Run one more program in it"; }

@test "See what there is" { section "See what there is"; }

@test "Ask what it would do" { section "Ask what it would do"; }

@test "Limit memory and processes" { section "Limit memory and processes"; }

@test "Give it a directory of yours" { section "Give it a directory of yours"; }

@test "Forbid system calls" { section "Forbid system calls"; }

@test "Be told when it starts and ends" { section "Be told when it starts and ends"; }

@test "Use it under Podman" {
	command -v podman >/dev/null || skip "podman is not installed"
	wrapper podman nsenter -t "$SANDBOX" -m -n --wdns=/ -- "$(command -v podman)" --root "$FILE_DIR/root" --runroot "$FILE_DIR/run" --tmpdir "$FILE_DIR/tmp"
	section "Use it under Podman"
}

@test "Use it under Docker" {
	if ! command -v dockerd >/dev/null || [ ! -x /usr/bin/docker ]; then skip "docker is not installed"; fi
	local socket=unix://$FILE_DIR/docker.sock
	nsenter -t "$SANDBOX" -m -n --wdns=/ -- env PATH="$PATH" dockerd --data-root "$FILE_DIR/data" --exec-root "$FILE_DIR/exec" -p "$FILE_DIR/docker.pid" -H "$socket" \
		--exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$ENGINE_CGROUP" --iptables=false --ip6tables=false --bridge=none --default-ulimit "nofile=1024:$(nofile_limit)" \
		--add-runtime "hull=$DIR/bin/hull" >"$FILE_DIR/dockerd.log" 2>&1 3>&- &
	wrapper docker nsenter -t "$SANDBOX" -m -n --wdns=/ -- /usr/bin/docker -H "$socket"
	eventually_long "$DIR/bin/docker" version || tail -n 20 "$FILE_DIR/dockerd.log"
	section "Use it under Docker"
}

@test "make run: as root and as an ordinary user, and nothing is left" {
	local demo=$HERE/../../scripts/demo
	TMPDIR=$DIR "$demo" "$HULL" </dev/null >"$DIR/shown" 2>&1 3>&-
	like "$DIR/shown" <(printf '…Inside the container:\n  pid           1, of 1 to be seen\n  hostname      hull-demo\n  ids           uid 0, gid 0\n…milliseconds from the start…')
	user_up
	cp "$demo" "$DIR/demo"
	as_user env TMPDIR="$DIR" "$DIR/demo" "$HULL" </dev/null >"$DIR/shown" 2>&1
	like "$DIR/shown" <(printf '…Inside the container:…\n  uid map       0 in here is %s outside…milliseconds from the start…' "$(id -u "$TEST_USER")")
	[ -z "$(find "$DIR" -name 'hull-demo.*')" ]
}

@test "make run on a terminal: a shell inside" {
	printf 'tty; echo "process $$"; exit 7\n' >"$DIR/typed"
	run timeout -k 5 60 script -qefc "env TMPDIR=$DIR $HERE/../../scripts/demo $HULL" /dev/null <"$DIR/typed" 3>&-
	echo "$output"
	[ "$status" -eq 7 ]
	[[ $output == *"leaves it"* ]]
	[[ $output == */dev/pts/0* ]]
	[[ $output == *"process 1"* ]]
	[ -z "$(find "$DIR" -name 'hull-demo.*')" ]
}
