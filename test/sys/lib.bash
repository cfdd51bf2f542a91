# shellcheck shell=bash disable=SC2016,SC2015 # jq has variables of its own; A && B || C is meant where it stands
# What every bats suite uses: bundles of busybox, unique ids, an ordinary user, and a teardown that fails the test when it leaves anything behind.
#
#   load lib
#   @test "name" { make_bundle; args sh -c 'echo hi'; run hull run "$ID"; [ "$output" = hi ]; }
#
# HULL names the executable (default: build/hull). A copy of it is used, in a directory that every user can reach.
# Each test has: TAG (unique), ID (a container id, contains TAG), DIR (its directory), BUNDLE, ROOTFS, STATE (hull's --root).
# Whatever a test makes must carry TAG in its name or path, then the teardown finds it: processes (by cgroup, mount table and command line), cgroups,
# mounts, state directories.

bats_require_minimum_version 1.5.0
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export SOCK="python3 $HERE/sock.py"
TEST_USER=hulltest

setup_file() { file_begin; }
teardown_file() { file_end; }
setup() { test_begin; }
teardown() { test_end; }

# ---- once per file ----

file_begin()
{
	local hull=${HULL:-$HERE/../../build/hull}
	[ -x "$hull" ] || {
		echo "# no executable '$hull'" >&2
		return 1
	}
	[ "$(id -u)" -eq 0 ] || skip "these tests need root"
	FILE_DIR=$(mktemp -d /var/tmp/hull-file.XXXXXX)
	chmod 755 "$FILE_DIR"
	mkdir "$FILE_DIR/bin"
	cp "$hull" "$FILE_DIR/bin/hull"
	chmod 755 "$FILE_DIR/bin/hull"
	export FILE_DIR HULL=$FILE_DIR/bin/hull
	make_rootfs "$FILE_DIR/rootfs"
}

file_end()
{
	user_down
	[ -z "${FILE_DIR:-}" ] || rm -rf --one-file-system "$FILE_DIR"
}

# make_rootfs DIR: busybox with all its applets, the usual files and directories
make_rootfs()
{
	local busybox
	busybox=$(command -v busybox)
	mkdir -p "$1"/usr/bin "$1"/{dev,proc,sys,tmp,etc,root,home,var,run,mnt}
	chmod 1777 "$1/tmp"
	ln -s usr/bin "$1/bin"
	ln -s usr/bin "$1/sbin"
	cp "$busybox" "$1/usr/bin/busybox"
	chmod 755 "$1/usr/bin/busybox"
	"$busybox" --list | python3 -c 'import os, sys
for name in sys.stdin.read().split():
    if name != "busybox":
        os.symlink("busybox", sys.argv[1] + "/usr/bin/" + name)' "$1"
	printf 'root:x:0:0:root:/root:/bin/sh\nsmith:x:1000:1000:Smith:/home:/bin/sh\n' >"$1/etc/passwd"
	printf 'root:x:0:\nsmith:x:1000:\nextra:x:2000:smith\n' >"$1/etc/group"
	echo hull-test >"$1/etc/hostname"
}

# ---- once per test ----

test_begin()
{
	DIR=$(mktemp -d /var/tmp/hull-test.XXXXXXXX)
	chmod 755 "$DIR"
	TAG=${DIR##*.}
	ID=t$TAG
	BUNDLE=$DIR/bundle ROOTFS=$DIR/bundle/rootfs STATE=$DIR/state
	export DIR TAG ID BUNDLE ROOTFS STATE
}

test_end()
{
	local id left tries=30 pid
	[ -n "${TAG:-}" ] || return 0
	if [ -d "$STATE" ]; then
		for id in "$STATE"/*/; do
			[ -d "$id" ] && hull delete --force "$(basename "$id")" >/dev/null 2>&1
		done
	fi
	# background jobs of the test itself
	for pid in $(jobs -p); do kill "$pid" 2>/dev/null; done
	# a killed process takes a moment, and pid 1 may reap slowly
	while left=$(leftovers) && [ -n "$left" ] && [ $((tries -= 1)) -gt 0 ]; do sleep 0.1; done
	if [ -n "$left" ]; then
		echo "# left behind:"
		echo "$left"
		clear_leftovers
		rm -rf --one-file-system "$DIR"
		return 1
	fi
	rm -rf --one-file-system "$DIR"
}

# leftovers: one line for each thing on this machine that carries TAG
leftovers()
{
	local pid
	for pid in $(leftover_processes); do echo "process $pid: $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")"; done
	find /sys/fs/cgroup -mindepth 1 -type d -name "*$TAG*" -printf 'cgroup %p\n' 2>/dev/null
	grep -F "$TAG" /proc/self/mountinfo | awk '{ print "mount " $5 }'
	if [ -d "$STATE" ]; then find "$STATE" -mindepth 1 -printf 'state %p\n'; fi
}

leftover_processes()
{
	local pid state
	grep -lFs -e "$TAG" /proc/[0-9]*/cgroup /proc/[0-9]*/mountinfo /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | sort -un | while read -r pid; do
		if [ "$pid" = $$ ] || [ "$pid" = "$BASHPID" ]; then continue; fi
		state=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -c1)
		case $state in '' | Z | X) ;; *) echo "$pid" ;; esac
	done
}

clear_leftovers()
{
	local pid dir
	for pid in $(leftover_processes); do kill -9 "$pid" 2>/dev/null; done
	sleep 0.3
	grep -F "$TAG" /proc/self/mountinfo | awk '{ print $5 }' | sort -r | while read -r dir; do umount -l "$dir"; done
	find /sys/fs/cgroup -mindepth 1 -type d -name "*$TAG*" 2>/dev/null | while read -r dir; do find "$dir" -depth -type d -exec rmdir {} \; 2>/dev/null; done
}

# ---- bundles ----

# make_bundle [--rootless]: BUNDLE with a busybox root file system and the default config, without a terminal, running true
make_bundle()
{
	mkdir -p "$BUNDLE"
	[ -e "$ROOTFS" ] || cp -a "$FILE_DIR/rootfs" "$ROOTFS"
	rm -f "$BUNDLE/config.json"
	"$HULL" spec -b "$BUNDLE" "$@"
	edit '.process.terminal = false | .process.args = ["true"] | .root.readonly = false'
}

# edit FILTER [JQ-ARGUMENT…]: change config.json of BUNDLE
edit()
{
	local filter=$1
	shift
	jq "$filter" "$@" <"$BUNDLE/config.json" >"$BUNDLE/config.new" && mv "$BUNDLE/config.new" "$BUNDLE/config.json"
}

# args WORD…: set process.args
args() { edit '.process.args = $ARGS.positional' --args -- "$@"; }

# mount_entry JSON: add a mount
mount_entry() { edit '.mounts += [$m]' --argjson m "$1"; }

# ---- the runtime ----

# bats keeps fd 3 open; whatever outlives the test must not have it. (BATS_TEST_TIMEOUT of bats 1.8 waits out its whole time: not used.)
hull() { timeout --foreground -k 2 15 "$HULL" --root "$STATE" "$@" 3>&-; }

# start_detached [ID]: create and start, without holding the test's output open
start_detached()
{
	hull create -b "$BUNDLE" "${1:-$ID}" </dev/null >"$DIR/out" 2>"$DIR/err" || {
		cat "$DIR/err"
		return 1
	}
	hull start "${1:-$ID}"
}

# with_dev SCRIPT: bash runs it with a /dev of our own, in a mount namespace of its own: whatever the host's holds, and whatever hull, when it is wrong, does to it
with_dev()
{
	mkdir -p "$DIR/dev"
	unshare -m bash -euc 'mount -t tmpfs -o mode=755 none "$0"
		for node in "null 3" "zero 5" "full 7" "random 8" "urandom 9"; do mknod -m 666 "$0/${node% *}" c 1 "${node#* }"; done
		mknod -m 666 "$0/tty" c 5 0
		ln -s /proc/self/fd "$0/fd"
		for n in 0 1 2; do ln -s "/proc/self/fd/$n" "$0/std$(echo in out err | cut -d " " -f $((n + 1)))"; done
		mount --bind "$0" /dev
		eval "$1"' "$DIR/dev" "$1" 3>&-
}

status_of() { hull state "${1:-$ID}" | jq -r .status; }

has_status() { [ "$(status_of "${2:-$ID}")" = "$1" ]; }

# eventually COMMAND…: it becomes true within 5 seconds
eventually()
{
	local tries=100
	while [ $((tries -= 1)) -gt 0 ]; do
		! "$@" 2>/dev/null || return 0
		sleep 0.05
	done
	echo "never became true: $*"
	return 1
}

# not COMMAND…: it must fail. (A plain `! command` in the middle of a test fails nothing: errexit ignores it; nor does a false first part of &&.)
not()
{
	if "$@"; then
		echo "should not be so: $*"
		return 1
	fi
}

# is_hull: the executable is hull itself, not runc standing in for it while a test is written
is_hull() { "$HULL" --version | head -n 1 | grep -q '^hull '; }

needs_hull() { is_hull || skip "only hull does this, and HULL is another runtime"; }

# has_option COMMAND OPTION
has_option() { "$HULL" "$1" --help 2>&1 | grep -q -e "$2"; }

# a runtime that must say no: not zero, one line that contains the words, within a second or two
refuses() # WORD… -- COMMAND…
{
	local words=()
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	# not `run`: a container that was made after all would hold its pipe open
	status=0
	timeout --foreground -k 1 3 "$@" </dev/null >"$DIR/refused" 2>&1 3>&- || status=$?
	output=$(cat "$DIR/refused")
	# shellcheck disable=SC2154 # set by bats' run
	case $status in 0 | 124 | 12[89] | 1[3-9]? | 2[0-4]?) false ;; esac || {
		# shellcheck disable=SC2154
		echo "status $status of $*: $output"
		return 1
	}
	local word plain
	for word in "${words[@]}"; do
		# (runc quotes its messages)
		plain=${output//\\/}
		[[ ${plain,,} == *"${word,,}"* ]] || {
			echo "'$word' is not in: $output"
			return 1
		}
	done
}

# ---- an ordinary user ----

# user_up: make the user, once per file (with sub-ids: useradd -m gives them); USER_HOME, USER_RUN
user_up()
{
	export USER_HOME=/home/$TEST_USER USER_RUN=/home/$TEST_USER/run
	if ! id "$TEST_USER" >/dev/null 2>&1; then
		useradd -m -s /bin/bash "$TEST_USER" >/dev/null 2>&1 || return 1
		: >"$FILE_DIR/user-is-ours"
	fi
	install -d -m 700 -o "$TEST_USER" -g "$TEST_USER" "$USER_RUN"
}

user_down()
{
	[ -n "${FILE_DIR:-}" ] && [ -e "$FILE_DIR/user-is-ours" ] || return 0
	# a process of the user's that was just killed makes userdel refuse
	local tries=25
	until userdel -r "$TEST_USER" >/dev/null 2>&1 || ! id "$TEST_USER" >/dev/null 2>&1 || [ $((tries -= 1)) -eq 0 ]; do sleep 0.2; done
	rm -f "$FILE_DIR/user-is-ours"
}

# as_user COMMAND…
as_user()
{
	setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --init-groups --inh-caps=-all --reset-env -- \
		env HOME="$USER_HOME" XDG_RUNTIME_DIR="$USER_RUN" PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@" 3>&-
}

# run_quietly: hull run of BUNDLE; $status, $output
run_quietly()
{
	status=0
	timeout --foreground -k 1 10 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" </dev/null >"$DIR/attempt" 2>&1 3>&- || status=$?
	output=$(cat "$DIR/attempt")
	hull delete --force "$ID" >/dev/null 2>&1
}
