# shellcheck shell=bash disable=SC2016
# What the suites in the virtual machines share, beside test/sys/lib.bash. User 1000 is there with sub-ids and a delegated cgroup.
load "${BASH_SOURCE[0]%/*}/../sys/lib"

# systemd_begin: file_begin, with the helper that talks to systemd beside hull's copy
systemd_begin()
{
	local built
	built=$(dirname "$HULL")
	file_begin
	mkdir -p "$FILE_DIR/libexec/hull"
	cp "$built/libexec/hull-systemd" "$FILE_DIR/libexec/hull/"
}

limits() { edit ".linux.resources += $1"; }

# the directory of the container's v2 cgroup
cgroup_of() { find /sys/fs/cgroup -type d \( -name "$ID" -o -path "*-$ID.scope/container" \) | head -n 1; }

# vm_user COMMAND…: as uid 1000, in its delegated cgroup
vm_user()
{
	(
		cd /
		echo "$BASHPID" >/sys/fs/cgroup/user-1000/session/cgroup.procs
		exec setpriv --reuid 1000 --regid 1000 --init-groups --inh-caps=-all --reset-env -- \
			env XDG_RUNTIME_DIR=/run/user/1000 PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@" 3>&-
	)
}

# user_bundle: BUNDLE belongs to uid 1000, with a rootless config
user_bundle()
{
	make_bundle
	rm "$BUNDLE/config.json"
	chown -R 1000:1000 "$DIR"
	vm_user "$HULL" spec --rootless -b "$BUNDLE"
	edit '.process.terminal = false | .process.args = ["true"] | .root.readonly = false'
	chmod 644 "$BUNDLE/config.json"
}
