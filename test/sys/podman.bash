# shellcheck shell=bash disable=SC2016,SC2154
# What podman's two suites share: the cases themselves, with `podman` as a function of the suite.
load engines

# podman_conf FILE SOFT: containers.conf as shipped, with this test's hull and with limits that this machine can grant
podman_conf()
{
	sed "s|^hull = .*|hull = [\"$HULL\"]|" "$HERE/../../contrib/containers.conf.d/50-hull.conf" >"$1"
	sed -i 's|^\[engine\]$|[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "hull"|' "$1"
	cat >>"$1" <<-END
		[containers]
		default_ulimits = ["nofile=1024:$(nofile_limit)", "nproc=4096:32768"]
		[network]
		network_backend = "netavark"
	END
	chmod 644 "$1"
}

import_image() { podman import -q --change 'CMD ["/bin/sh"]' --change 'ENV PATH=/bin' "$FILE_DIR/bb.tar" localhost/bb:1 >/dev/null; }

setup()
{
	test_begin
	chmod 777 "$DIR"
	NAME=c$TAG
}

teardown()
{
	podman rm -f -t 0 --all >/dev/null 2>&1
	podman pod rm -f -t 0 --all >/dev/null 2>&1
	# other podmans of this machine use the same parent cgroup: only this suite's own ids count
	local left tries=30 ids
	ids=$(podman events --stream=false --format '{{.ID}}' 2>/dev/null | sort -u)
	while left=$(engine_leftovers | grep -F -e "$FILE_DIR" -e "${ids:-$FILE_DIR}") && [ -n "$left" ] && [ $((tries -= 1)) -gt 0 ]; do sleep 0.1; done
	test_end || return 1
	[ -z "$left" ] || {
		echo "# left behind: $left"
		return 1
	}
}

case_run()
{
	[ "$(podman run --rm --network none localhost/bb:1 echo hi)" = hi ]
	run podman run --rm --network none localhost/bb:1 sh -c 'exit 43'
	[ "$status" -eq 43 ]
	[ "$(echo word | podman run --rm -i --network none localhost/bb:1 cat)" = word ]
}

case_terminal()
{
	run on_terminal "${PODMAN[@]}" run --rm -it --network none localhost/bb:1 sh -c 'tty; stty size; exit 5'
	echo "$status: $output"
	[ "$status" -eq 5 ]
	[[ $output == */dev/pts/* ]]
}

case_detached() # run -d, exec, exec -it, logs, top, stop, rm
{
	podman run -d --name "$NAME" --network none localhost/bb:1 sh -c 'trap "echo bye; exit 3" TERM; echo started; while :; do sleep 0.05; done' >/dev/null
	[ "$(podman exec "$NAME" echo inside)" = inside ]
	run podman exec "$NAME" sh -c 'exit 6'
	[ "$status" -eq 6 ]
	[ "$(podman exec -e A=b -w /tmp "$NAME" sh -c 'echo $A $PWD')" = "b /tmp" ]
	run on_terminal "${PODMAN[@]}" exec -it "$NAME" tty
	[ "$status" -eq 0 ]
	[[ $output == */dev/pts/* ]]
	podman exec -d "$NAME" touch /tmp/detached
	eventually podman exec "$NAME" test -e /tmp/detached
	run -127 podman exec "$NAME" /no/such
	run podman exec "$NAME" /etc/passwd
	[ "$status" -eq 126 ]
	eventually sh -c "$(printf '%q ' "${PODMAN[@]}") logs $NAME | grep started"
	podman stop -t 5 "$NAME" >/dev/null
	[ "$(podman inspect --format '{{.State.ExitCode}} {{.State.Status}}' "$NAME")" = "3 exited" ]
	[ "$(podman logs "$NAME" | tail -n 1)" = bye ]
	podman rm "$NAME" >/dev/null
}

case_kill_restart()
{
	podman run -d --name "$NAME" --network none localhost/bb:1 sleep 1000 >/dev/null
	local first second
	first=$(podman inspect --format '{{.State.Pid}}' "$NAME")
	podman restart -t 0 "$NAME" >/dev/null
	second=$(podman inspect --format '{{.State.Pid}}' "$NAME")
	[ "$first" != "$second" ]
	podman kill -s KILL "$NAME" >/dev/null
	[ "$(podman wait "$NAME")" = 137 ]
	podman start "$NAME" >/dev/null
	[ "$(podman inspect --format '{{.State.Status}}' "$NAME")" = running ]
	podman rm -f -t 0 "$NAME" >/dev/null
	run podman inspect "$NAME"
	[ "$status" -ne 0 ]
}

case_errors()
{
	run -127 podman run --rm --network none localhost/bb:1 /no/such/program
	[[ $output == *"no such file or directory"* ]]
	run podman run --rm --network none localhost/bb:1 /etc/passwd
	[ "$status" -eq 126 ]
	[[ ${output,,} == *"permission denied"* ]]
	run -127 podman run --rm --network none localhost/bb:1 nosuchprogram
	[[ $output == *"executable file not found in \$PATH"* ]]
}

case_init_readonly()
{
	[[ $(podman run --rm --init --network none localhost/bb:1 cat /proc/1/cmdline | tr '\0' ' ') == *init* ]]
	run podman run --rm --read-only --network none localhost/bb:1 touch /x
	[ "$status" -ne 0 ]
	[[ $output == *"Read-only file system"* ]]
	# /tmp, /run, /var/tmp stay writable
	podman run --rm --read-only --network none localhost/bb:1 touch /tmp/x
}

case_volumes()
{
	mkdir "$DIR/data"
	echo data >"$DIR/data/file"
	chmod -R a+rwX "$DIR/data"
	[ "$(podman run --rm --network none -v "$DIR/data:/data" localhost/bb:1 sh -c 'cat /data/file; echo new >/data/made')" = data ]
	[ "$(cat "$DIR/data/made")" = new ]
	run podman run --rm --network none -v "$DIR/data:/data:ro" localhost/bb:1 touch /data/x
	[ "$status" -ne 0 ]
	[ "$(podman run --rm --network none -v "$NAME-volume:/vol" localhost/bb:1 sh -c 'echo kept >/vol/f; cat /vol/f')" = kept ]
	[ "$(podman run --rm --network none -v "$NAME-volume:/vol" localhost/bb:1 cat /vol/f)" = kept ]
	podman volume rm "$NAME-volume" >/dev/null
	[ "$(podman run --rm --network none --tmpfs /t:size=1m localhost/bb:1 sh -c 'grep " /t tmpfs" /proc/mounts | grep -c size=1024k')" = 1 ]
	[ "$(podman run --rm --network none --mount type=tmpfs,destination=/u localhost/bb:1 sh -c 'grep -c " /u tmpfs" /proc/mounts')" = 1 ]
}

case_users_capabilities()
{
	[ "$(podman run --rm --network none --user 1000:2000 localhost/bb:1 id -u)" = 1000 ]
	[ "$(podman run --rm --network none --user smith localhost/bb:1 id -un)" = smith ]
	[ "$(podman run --rm --network none --cap-drop all localhost/bb:1 awk '/^CapEff/ { print $2 }' /proc/self/status)" = 0000000000000000 ]
	[ "$(podman run --rm --network none --cap-drop all --cap-add net_raw localhost/bb:1 awk '/^CapEff/ { print $2 }' /proc/self/status)" = 0000000000002000 ]
	[ "$(podman run --rm --network none --security-opt no-new-privileges localhost/bb:1 awk '/^NoNewPrivs/ { print $2 }' /proc/self/status)" = 1 ]
}

case_seccomp()
{
	# the default profile is a filter; unconfined is none; a profile of our own decides
	[ "$(podman run --rm --network none localhost/bb:1 awk '/^Seccomp:/ { print $2 }' /proc/self/status)" = 2 ]
	[ "$(podman run --rm --network none --security-opt seccomp=unconfined localhost/bb:1 awk '/^Seccomp:/ { print $2 }' /proc/self/status)" = 0 ]
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 99}]}' >"$DIR/profile.json"
	chmod 644 "$DIR/profile.json"
	run podman run --rm --network none --security-opt "seccomp=$DIR/profile.json" localhost/bb:1 mkdir /tmp/x
	[ "$status" -ne 0 ]
	[[ $output == *"Cannot assign requested address"* ]]
}

case_host_namespaces()
{
	[ "$(podman run --rm --network host localhost/bb:1 readlink /proc/self/ns/net)" = "$(ns_of net)" ]
	[ "$(podman run --rm --network none --pid host localhost/bb:1 readlink /proc/self/ns/pid)" = "$(readlink /proc/self/ns/pid)" ]
	# (as an ordinary user podman binds the host's /dev/mqueue)
	[ -n "$NO_MQUEUE" ] || [ "$(podman run --rm --network none --ipc host localhost/bb:1 readlink /proc/self/ns/ipc)" = "$(readlink /proc/self/ns/ipc)" ]
	[ "$(podman run --rm --network none --uts host localhost/bb:1 hostname)" = "$(hostname)" ]
}

case_pod()
{
	podman pod create --name "p$NAME" --network none >/dev/null
	podman run -d --pod "p$NAME" --name "$NAME-1" localhost/bb:1 sleep 1000 >/dev/null
	podman run -d --pod "p$NAME" --name "$NAME-2" localhost/bb:1 sleep 1000 >/dev/null
	[ "$(podman exec "$NAME-1" readlink /proc/self/ns/net)" = "$(podman exec "$NAME-2" readlink /proc/self/ns/net)" ]
	[ "$(podman exec "$NAME-1" readlink /proc/self/ns/mnt)" != "$(podman exec "$NAME-2" readlink /proc/self/ns/mnt)" ]
	podman pod stop -t 0 "p$NAME" >/dev/null
	podman pod rm -f -t 0 "p$NAME" >/dev/null
}

case_build()
{
	mkdir "$DIR/context"
	printf 'FROM localhost/bb:1\nRUN echo built >/built && id -u >>/built\nCOPY file /file\nRUN cat /file >>/built\nCMD ["cat", "/built"]\n' >"$DIR/context/Containerfile"
	echo copied >"$DIR/context/file"
	chmod -R a+rX "$DIR/context"
	LIMIT=120 podman build -q --runtime "$HULL" --isolation oci --network none -t "localhost/${TAG,,}:built" "$DIR/context" >"$DIR/build.log" 2>&1 || {
		cat "$DIR/build.log"
		return 1
	}
	[ "$(podman run --rm --network none "localhost/${TAG,,}:built")" = $'built\n0\ncopied' ]
	podman rmi -f "localhost/${TAG,,}:built" >/dev/null
}

case_health()
{
	# nobody schedules the check here (no systemd), but podman runs it by hand: an exec through the runtime
	podman run -d --name "$NAME" --network none --health-cmd 'test -e /healthy' --health-retries 1 --health-interval disable localhost/bb:1 sleep 1000 >/dev/null
	run podman healthcheck run "$NAME"
	[ "$status" -ne 0 ]
	podman exec "$NAME" touch /healthy
	podman healthcheck run "$NAME"
}
