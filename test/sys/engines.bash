# shellcheck shell=bash disable=SC2016,SC2154
# What the engine suites share: a private mount and network namespace in which everything runs, an image, and clean-up.
#
# The sandbox: `sleep infinity` in its own mount and network namespace keeps both alive; inside() runs a command there.
# Engines write to /run, /etc and /var whatever one tells them, so tmpfs lie over those places; crun would need cgroup v2 out of sight, hull does not.
# Engines put all containers below one cgroup, docker and containerd below one of the suite's own ($ENGINE_CGROUP), so that an engine that works on this machine
# beside the tests is not mistaken for a leftover; podman's name is fixed (/libpod_parent). What they leave is removed if the suite made it.

load lib
export ENGINE_CGROUP=hull-engine-${FILE_DIR##*.}

# engine_begin: once per file
engine_begin()
{
	file_begin
	ENGINE_CGROUP=hull-engine-${FILE_DIR##*.}
	cgroups_before=$FILE_DIR/cgroups
	find /sys/fs/cgroup -type d >"$cgroups_before" 2>/dev/null
	unshare -m -n --propagation private -- sh -c '
		ip link set lo up
		for d in /run/containers /run/docker /run/containerd /run/libpod /run/netns /run/runc /run/hull /run/crun /etc/docker /var/lib/docker /var/lib/containerd /var/lib/containers /var/lib/cni; do
			[ -d $d ] || { mkdir -p $d 2>/dev/null && echo $d >>"$FILE_DIR/made"; }
			mount -t tmpfs none $d || exit 1
		done
		: >"$FILE_DIR/sandbox-ready"
		exec sleep infinity' </dev/null >/dev/null 2>"$FILE_DIR/sandbox.err" 3>&- &
	export SANDBOX=$!
	eventually test -e "$FILE_DIR/sandbox-ready" || {
		cat "$FILE_DIR/sandbox.err"
		return 1
	}
	make_image_tar "$FILE_DIR/bb.tar"
}

engine_end()
{
	local dir
	[ -n "${SANDBOX:-}" ] || return 0
	kill "$SANDBOX" 2>/dev/null
	wait "$SANDBOX" 2>/dev/null || true
	# cgroups that were not there before: the engine's own parents, empty now
	find /sys/fs/cgroup -depth -type d 2>/dev/null | grep -vxF -f "$FILE_DIR/cgroups" | grep -E "/(libpod_parent|$ENGINE_CGROUP|buildah-[^/]*|user\\.slice)(/|\$)" | while read -r dir; do
		rmdir "$dir" 2>/dev/null || true
	done
	[ ! -e "$FILE_DIR/made" ] || sort -r "$FILE_DIR/made" | while read -r dir; do rmdir "$dir" 2>/dev/null || true; done
	file_end
}

# engine_leftovers: cgroups of containers, mounts and engine processes that a test left. (libpod_parent/conmon is podman's own, for all its monitors; so is an empty
# cgroup of a pod, which podman 4.3 removes in some hierarchies only.)
engine_leftovers()
{
	local dir
	find /sys/fs/cgroup -type d 2>/dev/null | grep -vxF -f "$FILE_DIR/cgroups" | grep -E "/(libpod_parent|$ENGINE_CGROUP|buildah-[^/]*)/" | grep -vE '/libpod_parent/(conmon|[0-9a-f]{64})$' | while read -r dir; do echo "cgroup $dir"; done
	grep -F "$FILE_DIR" /proc/self/mountinfo
	pgrep -af "^([^ ]*/)?(conmon|containerd-shim-runc-v2|dockerd|containerd) .*$FILE_DIR" || true
}

# inside COMMAND…: run it inside the sandbox, with a time limit
inside() { timeout -k 5 "${LIMIT:-60}" nsenter -t "$SANDBOX" -m -n --wdns=/ -- "$@" 3>&-; }

# on_terminal COMMAND…: with a terminal of its own as stdin and stdout
on_terminal()
{
	local line
	printf -v line '%q ' "$@"
	timeout -k 5 60 script -qefc "$line" /dev/null </dev/null 3>&-
}

# make_image_tar FILE: the busybox root file system as an archive that podman and docker import
make_image_tar() { tar -C "$FILE_DIR/rootfs" -cf "$1" . && chmod 644 "$1"; }

# ulimits: without CAP_SYS_RESOURCE podman's defaults cannot be had; never more than what this machine gives
nofile_limit() { ulimit -Hn; }

# eventually_long COMMAND…: a daemon comes up within 20 seconds
eventually_long()
{
	local tries=100
	while [ $((tries -= 1)) -gt 0 ]; do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.2
	done
	return 1
}

# end_daemon PIDFILE: after 10 seconds it is killed
end_daemon()
{
	local pid tries=100
	pid=$(cat "$1" 2>/dev/null) || return 0
	kill "$pid"
	while kill -0 "$pid" 2>/dev/null && [ $((tries -= 1)) -gt 0 ]; do sleep 0.1; done
	[ "$tries" -gt 0 ] || kill -9 "$pid"
}
