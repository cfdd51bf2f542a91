# limit: 900
# Podman as an ordinary user, with hull as its runtime: a user namespace with ranges of /etc/subuid, no cgroups.
load podman

setup_file()
{
	engine_begin
	user_up
	export CONTAINERS_CONF=$FILE_DIR/containers.conf
	podman_conf "$CONTAINERS_CONF"
	podman_command
	import_image
}

teardown_file()
{
	podman_command
	podman system reset -f >/dev/null 2>&1 || true
	# podman's pause process keeps the user namespace
	[ ! -e "$USER_RUN/libpod/tmp/pause.pid" ] || kill "$(cat "$USER_RUN/libpod/tmp/pause.pid")" 2>/dev/null || true
	engine_end
}

podman_command()
{
	PODMAN=(nsenter -t "$SANDBOX" -m -n --wdns=/ -- setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --init-groups --inh-caps=-all --reset-env --
		env "HOME=$USER_HOME" "XDG_RUNTIME_DIR=$USER_RUN" "CONTAINERS_CONF=$CONTAINERS_CONF" PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C podman --runtime hull)
}
podman_command

podman() { timeout -k 5 "${LIMIT:-60}" "${PODMAN[@]}" "$@" 3>&-; }

NO_MQUEUE=$([ -d /dev/mqueue ] || echo yes)

ns_of() { readlink "/proc/$SANDBOX/ns/$1"; }

@test "run: output, status, stdin" { case_run; }
@test "run -it" { case_terminal; }
@test "run -d, exec, exec -it, exec -d, logs, stop, rm" { case_detached; }
@test "kill, wait, restart, start, rm -f" { case_kill_restart; }
@test "programs that cannot run: 126 and 127, and why" { case_errors; }
@test "--init, --read-only" { case_init_readonly; }
@test "volumes, tmpfs" { case_volumes; }
@test "--user, --cap-add, --cap-drop, no-new-privileges" { case_users_capabilities; }
@test "seccomp: the default profile, unconfined, a profile of our own" { case_seccomp; }
@test "host namespaces: network, pid, ipc, uts" { case_host_namespaces; }
@test "a pod of two containers shares its network" { case_pod; }
@test "build a Containerfile with RUN" { case_build; }
@test "health check" { case_health; }

@test "the user is root inside and nobody's root outside" {
	podman run -d --name "$NAME" --network none localhost/bb:1 sleep 1000 >/dev/null
	pid=$(podman inspect --format '{{.State.Pid}}' "$NAME")
	[ "$(stat -c %U "/proc/$pid")" = "$TEST_USER" ]
	[ "$(podman exec "$NAME" id -u)" = 0 ]
	[ "$(podman exec "$NAME" wc -l </proc/self/uid_map 2>/dev/null || true)" != "" ]
}

@test "--userns keep-id" {
	[ "$(podman run --rm --network none --userns keep-id localhost/bb:1 id -u)" = "$(id -u "$TEST_USER")" ]
}
