# shellcheck disable=SC2015,SC2016,SC2154 # command lines are data here; bats sets output, stderr and status
# hull sandbox on cgroup v2 and an older kernel: its limits, as root, as an ordinary user with a delegated cgroup and without one; the host's switches
# that are in its way; and once each of its kinds. What does not depend on the machine is in test/sys.
load vm

setup_file()
{
	file_begin
	ln -s hull "$FILE_DIR/bin/bwrap"
	ln -s hull "$FILE_DIR/bin/selfdock"
}

setup()
{
	test_begin
	RESULT=$DIR/result/record.json
	install -d -m 1777 "$DIR/result"
	USER_STATE=/run/user/1000/hull-$TAG
}

teardown()
{
	[ ! -d "$USER_STATE" ] || {
		echo "left: $(ls -A "$USER_STATE")"
		rm -rf "${USER_STATE:?}"
	}
	test_end
}

# box: as root; ubox: as the user in his delegated cgroup; pbox: as the user in a cgroup of root's; each with a record
box() { hull sandbox --result "$RESULT" "$@" </dev/null; }
ubox() { vm_user timeout -k 1 15 "$HULL" --root "$USER_STATE" sandbox --result "$RESULT" "$@" </dev/null; }
plain_user()
{
	(
		cd /
		exec setpriv --reuid 1000 --regid 1000 --init-groups --inh-caps=-all --reset-env -- env XDG_RUNTIME_DIR=/run/user/1000 LC_ALL=C "$@" 3>&-
	)
}
pbox() { plain_user timeout -k 1 15 "$HULL" --root "$USER_STATE" sandbox --result "$RESULT" "$@" </dev/null; }
# said REGEX…: the record, one line, has them all (jq takes more than a second under emulation)
said()
{
	local text pattern
	text=$(<"$RESULT")
	for pattern; do
		[[ $text =~ $pattern ]] || {
			echo "not $pattern: $text"
			return 1
		}
	done
}
# member NAME: a number
member() { sed -E "s/.*\"$1\":([0-9.]+).*/\1/"; }
# sandboxes' cgroups that are there
cgroups() { find /sys/fs/cgroup -type d \( -name 'hull-*' -o -name '*sandbox-*' -o -name "*$TAG*" \); }
no_cgroups() { [ -z "$(cgroups)" ]; }

EAT=(dd if=/dev/zero of=/dev/null bs=100M count=1)
FORK='for i in 1 2 3 4 5; do sleep 0.2 & done; wait'

# limits_hold BOX
limits_hold()
{
	local peak
	run "$1" --memory 30m "${EAT[@]}"
	echo "$output"
	[ "$status" -eq 137 ]
	said '"status":"SG"' '"limit":"memory"' '"oom":true' '"oom_kills":[1-9]' '"memory":\{"value":31457280,"held_by":"cgroup"'
	peak=$(member memory_peak <"$RESULT")
	[ "$peak" -le $((30 << 20)) ]
	[ "$peak" -gt $((20 << 20)) ]
	"$1" --memory 200m "${EAT[@]}" 2>/dev/null
	said '"status":"OK"' '"limit":null' '"oom":false'
	run "$1" --pids 4 sh -c "$FORK"
	echo "$output"
	said '"limit":"pids"' '"pids_refused":[1-9]' '"pids":\{"value":4,"held_by":"cgroup"'
	"$1" --pids 4 sh -c 'sleep 0.1 & sleep 0.1 & sleep 0.1 & wait'
	said '"status":"OK"' '"limit":null' '"pids_refused":0'
	"$1" --require full,limits --memory 50m --cpus 0.5 --pids 20 cat /proc/self/cgroup | grep -x 0::/
	said '"memory":\{[^}]*"cgroup"' '"cpus":\{[^}]*"cgroup"' '"pids":\{[^}]*"cgroup"'
	no_cgroups
}

# In namespaces of its own a command mounts the hierarchy from its cgroup on, and raises all limits there: at once, and (the kernel's nsdelegate refuses that in
# the root of a cgroup namespace) out of a further namespace below
RAISE='mkdir -p /tmp/2; mount -t cgroup2 none /tmp/2; for f in memory.max memory.swap.max pids.max; do echo max >/tmp/2/$f; done
mkdir /tmp/2/sub; echo $$ >/tmp/2/sub/cgroup.procs
unshare -C sh -c "for f in memory.max memory.swap.max pids.max; do echo max >/tmp/2/\$f; done"'

# nested_limits_hold BOX
nested_limits_hold()
{
	run "$1" --nest --memory 30m unshare -UmrC sh -c "$RAISE; ls /tmp/2/cgroup.procs; exec ${EAT[*]}"
	echo "$output"
	[ "$status" -eq 137 ]
	[[ $output == *cgroup.procs* ]]
	said '"limit":"memory"' '"oom_kills":[1-9]' '"memory":\{"value":31457280,"held_by":"cgroup"'
	run "$1" --nest --pids 8 unshare -UmrC sh -c "$RAISE; for i in 1 2 3 4 5 6 7 8 9; do sleep 0.2 & done; wait"
	echo "$output"
	said '"limit":"pids"' '"pids_refused":[1-9]'
	"$1" --nest --memory 60m unshare -UmrC sh -c "$RAISE; mkdir /tmp/2/own"
	no_cgroups
}

# throttles BOX: of 100 ms it gets 10; looked at from outside while it runs, and by what it used
throttles()
{
	local dir
	"$1" --cpus 0.1 --wall 2 sh -c 'while :; do :; done' 3>&- &
	eventually sh -c 'find /sys/fs/cgroup -name cpu.max -path "*sandbox-*" -exec cat {} + | grep -qx "10000 100000"'
	dir=$(cgroups | while read -r d; do ! grep -qx '10000 100000' "$d/cpu.max" || echo "$d"; done | head -n 1)
	throttled() { grep -q '^nr_throttled [1-9]' "$dir/cpu.stat"; }
	eventually throttled
	wait $! || :
	said '"status":"TO"' '"limit":"wall"' '"cpu":0\.[0-5]' '"wall":[2-9]' '"cpus":\{"value":0\.1[^}]*"held_by":"cgroup"'
	no_cgroups
}

# pid_of WHO ID
pid_of() { "$1" state "$2" | tr -d ' \n' | member pid; }

# survives_kill WHO BOX…: hull is killed; nothing runs on, and the next one, or `hull delete`, clears the rest
survives_kill()
{
	local list=$1 box=$2 pid id
	"$box" --memory 100m --name "$ID" sleep 60 3>&- &
	eventually "$list" state "$ID"
	pid=$(pid_of "$list" "$ID")
	kill -9 "$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")"
	wait $! || :
	eventually sh -c "! grep -q '^State:.[^ZX]' /proc/$pid/status 2>/dev/null"
	"$list" delete "$ID"
	no_cgroups
	"$box" --memory 100m sleep 60 3>&- &
	eventually sh -c "[ -n \"\$(find /sys/fs/cgroup -type d -name '*sandbox-*')\" ]"
	listed() { id=$("$list" list -q) && [[ $id == sandbox-* ]]; }
	eventually listed
	pid=$(pid_of "$list" "$id")
	kill -9 "$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")"
	wait $! || :
	eventually sh -c "! grep -q '^State:.[^ZX]' /proc/$pid/status 2>/dev/null"
	[ -n "$(cgroups)" ]
	"$box" --memory 100m true
	[ -z "$("$list" list -q)" ]
	no_cgroups
}
as_root() { hull "$@" 2>/dev/null; }
as_vm_user() { vm_user "$HULL" --root "$USER_STATE" "$@" 2>/dev/null; }

@test "root: memory kills and pids refuses, as the record says, and nothing is left" { limits_hold box; }

@test "root: limits hold for a command that may nest" { nested_limits_hold box; }

@test "root: cpus throttles" { throttles box; }

@test "root: a killed hull leaves nothing that is not cleared" { survives_kill as_root box; }

@test "a user with a delegated cgroup: memory kills and pids refuses, as the record says, and nothing is left" { limits_hold ubox; }

@test "a user with a delegated cgroup: limits hold for a command that may nest" { nested_limits_hold ubox; }

@test "a user with a delegated cgroup: cpus throttles" { throttles ubox; }

@test "a user with a delegated cgroup: a killed hull leaves nothing that is not cleared" { survives_kill as_vm_user ubox; }

@test "a user without one: rlimits, or a refusal that names the way to get one" {
	run pbox --memory 60m "${EAT[@]}"
	[ "$status" -eq 1 ]
	[[ $output == *"memory exhausted"* ]]
	said '"memory":\{[^}]*"rlimit"'
	run pbox --pids 4 sh -c "$FORK"
	[ "$status" -ne 0 ]
	said '"pids":\{[^}]*"rlimit"'
	for option in "cpus 0.5" "require limits --memory 60m" "require limits --pids 4"; do
		# shellcheck disable=SC2086 # words are wanted
		run pbox --$option true
		echo "$output"
		[ "$status" -eq 125 ]
		[[ $output == *"--${option%% *}"*"systemd-run --user --scope -p Delegate=yes hull sandbox"* ]]
		said '"status":"XX"'
	done
	no_cgroups
}

# with FILE VALUE COMMAND…: while the host's switch FILE has VALUE
with()
{
	local file=/proc/sys/$1 value=$2 before
	shift 2
	before=$(cat "$file")
	echo "$value" >"$file"
	run "$@"
	echo "$before" >"$file"
	echo "$output"
}

@test "user namespaces switched off: the message names the switch and how to turn it, for root too" {
	for as in box ubox; do
		with user/max_user_namespaces 0 "$as" --require standard true
		[ "$status" -eq 125 ]
		[[ $output == *"user namespaces are switched off on this host: as root, 'sysctl user.max_user_namespaces="* ]]
		said '"error":"[^"]*user\.max_user_namespaces'
	done
	box --require standard true
}

@test "user namespaces kept from ordinary users, as Debian can: the message names the switch; root has them" {
	[ -e /proc/sys/kernel/unprivileged_userns_clone ] || skip "this kernel has no such switch"
	with kernel/unprivileged_userns_clone 0 ubox --require standard true
	[ "$status" -eq 125 ]
	[[ $output == *"this host keeps user namespaces from ordinary users: as root, 'sysctl kernel.unprivileged_userns_clone=1'"* ]]
	with kernel/unprivileged_userns_clone 0 box --require standard true
	[ "$status" -eq 0 ]
}

# This kernel has not Ubuntu's switch: a stand-in for the file, and a profile with the same effect, a user namespace without capabilities.
@test "user namespaces kept from programs without a profile, as Ubuntu's AppArmor does: the message has the profile that helps" {
	cp "$HULL" "$DIR/hull"
	cat >"$DIR/profile" <<-END
		profile hull-test-$TAG $DIR/hull flags=(attach_disconnected, mediate_deleted) {
			file,
			signal,
			ptrace,
			network,
			unix,
		}
	END
	apparmor_parser --skip-cache --replace "$DIR/profile"
	restricted()
	{
		unshare -m sh -c 'mount -t tmpfs tmpfs /proc/sys/kernel && echo 1 >/proc/sys/kernel/apparmor_restrict_unprivileged_userns && exec "$@"' sh \
			setpriv --reuid 1000 --regid 1000 --init-groups --inh-caps=-all \
			timeout -k 1 15 "$DIR/hull" sandbox --result "$RESULT" --require standard true </dev/null 3>&-
	}
	run restricted
	apparmor_parser --remove "$DIR/profile"
	echo "$output"
	[ "$status" -eq 125 ]
	[[ $output == *"AppArmor keeps user namespaces from programs without a profile"*"apparmor_parser -r /etc/apparmor.d/hull"* ]]
	said '"error":".*apparmor_restrict_unprivileged_userns'
}

# what a sandbox with no options shows of itself
SELF='for n in user mnt pid ipc net uts cgroup; do readlink /proc/self/ns/$n; done
	awk "/^(CapEff|CapBnd|NoNewPrivs|Seccomp):/ { printf \"%s \", \$2 }" /proc/self/status; echo
	id -u; grep -c : /proc/net/dev
	touch /etc/hull-test 2>/dev/null || echo ro; touch /var/tmp/hull-test 2>/dev/null || echo ro
	echo x >/tmp/x && cat /tmp/x; ls -A /run; unshare -U true 2>/dev/null || echo none'

# alone BOX UID
alone()
{
	local n ns
	"$1" sh -c "$SELF" >"$DIR/said"
	cat "$DIR/said"
	mapfile -t lines <"$DIR/said"
	n=0
	for ns in user mnt pid ipc net uts cgroup; do
		[[ ${lines[n]} == "$ns:"* && ${lines[n]} != "$(readlink /proc/self/ns/$ns)" ]]
		n=$((n + 1))
	done
	[ "${lines[7]}" = "0000000000000000 0000000000000000 1 2 " ]
	[ "${lines[*]:8}" = "$2 1 ro ro x none" ]
	[ ! -e /etc/hull-test ]
	[ ! -e /var/tmp/hull-test ]
	[ ! -e /tmp/x ]
}

@test "without options, as root: namespaces, no privileges, a filter, a root that cannot be written" {
	alone box 0
	[ "$(echo 'echo $$' | hull sandbox)" = 2 ]
}

@test "without options, as a user, with and without a cgroup of his" {
	alone ubox 1000
	alone pbox 1000
}

@test "Landlock: there, as --require full says, and a wall; or said to be missing" {
	if ! grep -qw landlock /sys/kernel/security/lsm; then
		run ubox --require full true
		[ "$status" -eq 125 ]
		[[ $output == *Landlock* ]]
		ubox true
		return
	fi
	for as in box ubox; do "$as" --require full sh -c 'echo x >/tmp/x && cat /tmp/x' | grep -x x; done
	# alone, with no mounts before it
	make_bundle
	edit '.process.noNewPrivileges = true | .hull.landlock = {required: true, write: ["/tmp"]}'
	args sh -c 'echo x >/tmp/x && cat /tmp/x; echo y >/etc/y'
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[[ $output == x*"Permission denied"* ]]
	[ ! -e "$ROOTFS/etc/y" ]
}

@test "by its name, as a user: enter, exec, list, kill" {
	ubox --name "$ID" --memory 100m sleep 60 3>&- &
	eventually as_vm_user state "$ID"
	local inside='awk "/^Seccomp:/ { print \$2 }" /proc/self/status; readlink /proc/self/ns/mnt; cat /proc/self/cgroup'
	[ "$(as_vm_user enter "$ID" sh -c "$inside" </dev/null)" = $'2\n'"$(readlink "/proc/$(pid_of as_vm_user "$ID")/ns/mnt")"$'\n0::/' ]
	[ "$(as_vm_user exec "$ID" id -u)" = 1000 ]
	[ "$(as_vm_user list -q)" = "$ID" ]
	as_vm_user kill "$ID" KILL
	wait $! || [ $? -eq 137 ]
	no_cgroups
	[ -z "$(as_vm_user list -q)" ]
}

@test "hull try on an overlay, as a user: seen, listed, dropped; applied" {
	local home=/mnt/$TAG
	install -d -m 700 -o 1000 -g 1000 "$home"
	vm_user sh -c "echo one >$home/a; echo two >$home/b"
	utry() { vm_user env HOME="$home" XDG_STATE_HOME="$home/.state" timeout -k 1 15 "$HULL" try "$@" </dev/null; }
	run utry --no sh -c "echo x >$home/a; rm $home/b; echo n >$home/n; cat $home/a; touch /usr/no 2>/dev/null || echo ro"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"M $home/a"* && $output == *"A $home/n"* && $output == *"D $home/b"* && $output == *ro* ]]
	[ "$(cat "$home/a" "$home/b")" = $'one\ntwo' ]
	[ ! -e "$home/n" ]
	run utry --yes sh -c "echo x >$home/a; rm $home/b; echo n >$home/n"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(cat "$home/a" "$home/n")" = $'x\nn' ]
	[ ! -e "$home/b" ]
	rm -rf "${home:?}"
}

@test "as bwrap: a root of its own, overlays, namespaces, as root and as a user" {
	local bwrap=("$FILE_DIR/bin/bwrap" --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp --unshare-all --die-with-parent)
	mkdir -p "$DIR/o/low"
	echo low >"$DIR/o/low/f"
	bwrap+=(--overlay-src "$DIR/o/low" --tmp-overlay /mnt)
	local inside='id -u; cat /mnt/f; echo up >/mnt/f; cat /mnt/f; touch /etc/x 2>/dev/null || echo ro
		echo t >/tmp/t && cat /tmp/t; ls /proc/sys/kernel/pid_max'
	for as in '' vm_user plain_user; do
		[ -z "$as" ] || chown -R 1000:1000 "$DIR/o"
		run $as timeout -k 1 15 "${bwrap[@]}" sh -c "$inside" </dev/null
		echo "$output"
		[ "$status" -eq 0 ]
		[ "${output#*$'\n'}" = $'low\nup\nro\nt\n/proc/sys/kernel/pid_max' ]
	done
	[ "$(cat "$DIR/o/low/f")" = low ]
}

@test "16 deep: root, a user, a user who is root inside, selfdock" {
	local line=() i
	deep() { # LEVEL…
		line=()
		for ((i = 0; i < 16; i++)); do line+=("$@"); done
		line+=(sh -c 'echo $$ $(id -u); touch /etc/hull-test 2>/dev/null || echo ro; echo t >/tmp/t && cat /tmp/t')
	}
	deep "$HULL" sandbox --nest
	# root's inner ones share the outermost one's processes: they may not have a /proc that is not covered
	[[ $(timeout -k 1 20 "${line[@]}" 3>&-) == *$' 0\nro\nt' ]]
	[ "$(vm_user timeout -k 1 20 "${line[@]}")" = $'2 1000\nro\nt' ]
	deep "$HULL" sandbox --nest --as 0
	[ "$(vm_user timeout -k 1 20 "${line[@]}")" = $'2 0\nro\nt' ]
	deep "$FILE_DIR/bin/selfdock" run
	[ "$(vm_user timeout -k 1 20 "${line[@]}")" = $'1 1000\nro\nt' ]
}
