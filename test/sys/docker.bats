# limit: 300
# Docker with hull as its default runtime: run, -it, exec, kill, stop, errors, delete, build.
load engines

docker_command()
{
	DOCKER=(nsenter -t "$SANDBOX" -m -n --wdns=/ -- /usr/bin/docker -H "unix://$FILE_DIR/docker.sock")
}

setup_file()
{
	engine_begin
	docker_command
	mkdir "$FILE_DIR/runc"
	# BuildKit and docker's own defaults call `runc`: it is hull, too
	nsenter -t "$SANDBOX" -m -n --wdns=/ -- env PATH="$PATH" dockerd --data-root "$FILE_DIR/data" --exec-root "$FILE_DIR/exec" -p "$FILE_DIR/docker.pid" \
		-H "unix://$FILE_DIR/docker.sock" --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$ENGINE_CGROUP" --iptables=false --ip6tables=false --bridge=none \
		--default-ulimit "nofile=1024:$(nofile_limit)" --add-runtime "hull=$HULL" --default-runtime hull >"$FILE_DIR/dockerd.log" 2>&1 3>&- &
	eventually_long docker version || {
		tail -n 20 "$FILE_DIR/dockerd.log"
		return 1
	}
	docker import -c 'ENV PATH=/bin' -c 'CMD ["/bin/sh"]' "$FILE_DIR/bb.tar" bb:1 >/dev/null
}

teardown_file()
{
	end_daemon "$FILE_DIR/docker.pid"
	engine_end
}

setup()
{
	test_begin
	NAME=c$TAG
}

teardown()
{
	docker ps -aq | while read -r id; do docker rm -f "$id" >/dev/null 2>&1; done
	local left tries=30
	while left=$(engine_leftovers | grep -v -e dockerd -e "containerd --config" -e ' /.*/data' || true) && [ -n "$left" ] && [ $((tries -= 1)) -gt 0 ]; do sleep 0.1; done
	test_end || return 1
	[ -z "$left" ] || {
		echo "# left behind: $left"
		return 1
	}
}

docker_command
docker() { timeout -k 5 "${LIMIT:-60}" "${DOCKER[@]}" "$@" 3>&-; }

@test "docker info knows the runtime" {
	docker info --format '{{.DefaultRuntime}}' | grep -x hull
	docker info | grep -i 'runc version'
}

@test "run: output, status, stdin" {
	[ "$(docker run --rm --network none bb:1 echo hi)" = hi ]
	run docker run --rm --network none bb:1 sh -c 'exit 43'
	[ "$status" -eq 43 ]
	[ "$(echo word | docker run --rm -i --network none bb:1 cat)" = word ]
}

@test "run -it" {
	run on_terminal "${DOCKER[@]}" run --rm -it --network none bb:1 sh -c 'tty; exit 5'
	echo "$output"
	[ "$status" -eq 5 ]
	[[ $output == */dev/* ]]
}

@test "run -d, exec, exec -it, top, stop, logs" {
	docker run -d --name "$NAME" --network none bb:1 sh -c 'trap "echo bye; exit 3" TERM; echo started; while :; do sleep 0.05; done' >/dev/null
	[ "$(docker exec "$NAME" echo inside)" = inside ]
	run docker exec "$NAME" sh -c 'exit 6'
	[ "$status" -eq 6 ]
	run on_terminal "${DOCKER[@]}" exec -it "$NAME" tty
	[ "$status" -eq 0 ]
	[[ $output == */dev/pts/* ]]
	docker top "$NAME" | grep -q 'sh -c'
	docker stop -t 5 "$NAME" >/dev/null
	[ "$(docker inspect --format '{{.State.ExitCode}} {{.State.Status}}' "$NAME")" = "3 exited" ]
	[ "$(docker logs "$NAME" | tail -n 1)" = bye ]
	docker rm "$NAME" >/dev/null
}

@test "kill, wait, restart, rm -f" {
	docker run -d --name "$NAME" --network none bb:1 sleep 1000 >/dev/null
	docker kill "$NAME" >/dev/null
	[ "$(docker wait "$NAME")" = 137 ]
	docker start "$NAME" >/dev/null
	docker restart -t 0 "$NAME" >/dev/null
	[ "$(docker inspect --format '{{.State.Status}}' "$NAME")" = running ]
	docker rm -f "$NAME" >/dev/null
	run docker inspect "$NAME"
	[ "$status" -ne 0 ]
}

@test "programs that cannot run: 127 and 126, and why" {
	run -127 docker run --rm --network none bb:1 /no/such/program
	[[ $output == *"no such file or directory"* ]]
	run -127 docker run --rm --network none bb:1 nosuchprogram
	[[ $output == *"executable file not found in \$PATH"* ]]
	run -126 docker run --rm --network none bb:1 /etc/passwd
	[[ ${output,,} == *"permission denied"* ]]
}

@test "limits, read-only root, user, tmpfs, volume, init" {
	mkdir "$DIR/data"
	echo data >"$DIR/data/file"
	[ "$(docker run --rm --network none --init --read-only --tmpfs /t --user 1000 --memory 64m --pids-limit 50 -v "$DIR/data:/data:ro" bb:1 \
		sh -c 'id -u; cat /data/file; touch /t/x && echo tmpfs; touch /x 2>/dev/null || echo ro; touch /data/x 2>/dev/null || echo volume-ro' | tr '\n' ' ')" = "1000 data tmpfs ro volume-ro " ]
}

@test "build with RUN (classic builder)" {
	printf 'FROM bb:1\nRUN echo built >/built\nCMD ["cat", "/built"]\n' >"$DIR/Dockerfile"
	DOCKER_BUILDKIT=0 docker build -q --network none -t "${TAG,,}:built" "$DIR" >/dev/null
	[ "$(docker run --rm --network none "${TAG,,}:built")" = built ]
	docker rmi -f "${TAG,,}:built" >/dev/null
}
