# Security modules that the machine for the other tests has not: AppArmor.
load vm

setup_file()
{
	file_begin
	mkdir -p /run/apparmor-cache
	cat >"$FILE_DIR/profile" <<-'END'
		profile hull-test flags=(attach_disconnected, mediate_deleted) {
			file,
			capability,
			signal,
			umount,
			deny /etc/hostname rw,
		}
	END
	apparmor_parser --skip-cache --replace "$FILE_DIR/profile"
}

profile() { edit '.process.apparmorProfile = $p' --arg p "$1"; }

@test "AppArmor is on" {
	[ "$(cat /sys/module/apparmor/parameters/enabled)" = Y ]
	grep -q '^hull-test ' /sys/kernel/security/apparmor/profiles
}

@test "process.apparmorProfile confines the payload" {
	make_bundle
	profile hull-test
	args sh -c 'cat /proc/self/attr/apparmor/current /etc/group; cat /etc/hostname'
	run hull run -b "$BUNDLE" "$ID"
	[[ ${lines[0]} == "hull-test (enforce)" && $output == *root:x:0:* && $output == *"Permission denied"* ]]
}

@test "exec is confined as the container, or by its own profile" {
	make_bundle
	profile hull-test
	args sleep 100
	start_detached
	run hull exec "$ID" cat /proc/self/attr/apparmor/current
	[[ $output == "hull-test (enforce)" ]]
	if has_option exec --apparmor; then
		run hull exec --apparmor unconfined "$ID" cat /proc/self/attr/apparmor/current
		[[ $output == "unconfined" ]]
	fi
	# a process document that names no profile (runc 1.1 forgets it), and one that does
	is_hull || return 0
	jq -n '{cwd: "/", args: ["cat", "/proc/self/attr/apparmor/current"], env: ["PATH=/bin"], user: {uid: 0, gid: 0}}' >"$DIR/p.json"
	run hull exec --process "$DIR/p.json" "$ID"
	[[ $output == "hull-test (enforce)" ]]
	jq '.apparmorProfile = "unconfined"' "$DIR/p.json" >"$DIR/p2.json"
	run hull exec --process "$DIR/p2.json" "$ID"
	[[ $output == "unconfined" ]]
}

@test "a profile that is not loaded is an error with field and name" {
	make_bundle
	profile "no-such-$TAG"
	refuses process.apparmorProfile "no-such-$TAG" -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
}

@test "rootless: the profile applies in a user namespace too" {
	user_bundle
	profile hull-test
	args sh -c 'cat /proc/self/attr/apparmor/current; cat /etc/hostname'
	run vm_user "$HULL" --root /run/user/1000/hull run -b "$BUNDLE" "$ID"
	[[ ${lines[0]} == "hull-test (enforce)" && $output == *"Permission denied"* ]]
}
