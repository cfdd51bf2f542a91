# limit: 900
# A Debian root file system made by debootstrap: a real shell, apt's offline commands, Python, nginx. The tree is made once and kept in
# ${XDG_CACHE_HOME:-/var/cache}/hull-test; containers use it read-only, with tmpfs where programs write.
load lib

CACHE=${XDG_CACHE_HOME:-/var/cache}/hull-test
TREE=$CACHE/debian-bookworm-1

setup_file()
{
	file_begin
	if [ ! -e "$TREE.complete" ]; then
		rm -rf --one-file-system "$TREE"
		mkdir -p "$CACHE"
		# in a mount namespace of its own: debootstrap mounts proc and sys into the tree
		if ! unshare -m timeout 600 debootstrap --variant=minbase --include=nginx-light,python3-minimal,procps bookworm "$TREE" >"$FILE_DIR/debootstrap.log" 2>&1 3>&-; then
			tail -n 5 "$FILE_DIR/debootstrap.log" >&2
			rm -rf --one-file-system "$TREE"
			export NO_TREE=yes
			return 0
		fi
		rm -f "$TREE"/var/cache/apt/archives/*.deb
		: >"$TREE.complete"
	fi
}

setup()
{
	test_begin
	[ -z "${NO_TREE:-}" ] || skip "debootstrap cannot make a tree here (no network?)"
	mkdir "$BUNDLE"
	"$HULL" spec -b "$BUNDLE"
	edit '.process.terminal = false | .root = {"path": $t, "readonly": true} | .process.env = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]' --arg t "$TREE"
	local d
	for d in /tmp /run /var/log /var/lib/nginx /root; do mount_entry "{\"destination\": \"$d\", \"type\": \"tmpfs\", \"source\": \"tmpfs\", \"options\": [\"nosuid\", \"nodev\"]}"; done
	before=$(fingerprint)
}

teardown()
{
	local r=0
	[ -n "${NO_TREE:-}" ] || [ "$(fingerprint)" = "$before" ] || { echo "# the read-only tree was changed" && r=1; }
	test_end && return $r
}

# what a container could have changed in the shared tree
fingerprint() { find "$TREE" -xdev \( -newer "$TREE.complete" -o -cnewer "$TREE.complete" \) -printf '%P %y %s\n' | sort | md5sum; }

@test "bash: arithmetic, arrays, job control, pipes" {
	args bash -c 'a=(1 2 3); sleep 0.1 & wait $!; printf "%s\n" "${a[@]}" | sort -r | tr "\n" " "; echo $((6 * 7)) $BASH_VERSION'
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[[ $output == "3 2 1 42 5."* ]]
}

@test "apt and dpkg offline" {
	args bash -ec 'apt-get --version | head -n 1; apt-cache policy bash | grep -c Installed; dpkg -l | grep -c "^ii  bash "; dpkg -S /bin/bash; dpkg --audit'
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == "apt 2."* ]]
	[ "${lines[1]}" = 1 ]
	[ "${lines[2]}" = 1 ]
	[ "${lines[3]}" = "bash: /bin/bash" ]
}

@test "python: threads, processes, sockets, files" {
	cat >"$DIR/p.py" <<-'END'
		import os, socket, subprocess, tempfile, threading
		seen = []
		threads = [threading.Thread(target=seen.append, args=(n,)) for n in range(20)]
		[t.start() for t in threads]
		[t.join() for t in threads]
		out = subprocess.run(["cat", "/etc/hostname"], capture_output=True).returncode
		a, b = socket.socketpair()
		a.send(b"x")
		with tempfile.TemporaryDirectory() as d:
		    open(d + "/f", "w").write("y")
		    print(len(seen), out, b.recv(1).decode(), os.listdir(d), os.getpid())
	END
	mount_entry "{\"destination\": \"/mnt\", \"type\": \"bind\", \"source\": \"$DIR\", \"options\": [\"bind\", \"ro\"]}"
	args python3 /mnt/p.py
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "$output" = "20 0 x ['f'] 1" ]
}

@test "nginx serves a file on the loopback of the container's own network" {
	mkdir "$DIR/www"
	echo "page $TAG" >"$DIR/www/index.html"
	cat >"$DIR/nginx.conf" <<-'END'
		daemon off;
		user www-data;
		worker_processes 2;
		error_log stderr;
		pid /run/nginx.pid;
		events { }
		http {
			access_log off;
			server { listen 127.0.0.1:80; root /srv; }
		}
	END
	chmod -R a+rX "$DIR/www" "$DIR/nginx.conf"
	mount_entry "{\"destination\": \"/srv\", \"type\": \"bind\", \"source\": \"$DIR/www\", \"options\": [\"bind\", \"ro\"]}"
	mount_entry "{\"destination\": \"/mnt\", \"type\": \"bind\", \"source\": \"$DIR\", \"options\": [\"bind\", \"ro\"]}"
	# nginx's master changes its workers' user
	edit '.process.capabilities |= map_values(. + ["CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_DAC_OVERRIDE"])'
	args nginx -c /mnt/nginx.conf
	start_detached
	get='import socket
s = socket.create_connection(("127.0.0.1", 80), 5)
s.sendall(b"GET /index.html HTTP/1.0\r\n\r\n")
print(b"".join(iter(lambda: s.recv(4096), b"")).decode().split("\r\n\r\n")[1], end="")'
	eventually hull exec "$ID" python3 -c "$get" >/dev/null || {
		hull exec "$ID" python3 -c "$get" || true
		cat "$DIR/err" "$DIR/out"
		return 1
	}
	[ "$(hull exec "$ID" python3 -c "$get")" = "page $TAG" ]
	# master and workers, the workers not as root; nobody serves it on the host
	[ "$(hull ps -f json "$ID" | jq length)" -eq 3 ]
	users=$(hull exec "$ID" ps -o user= -C nginx | sort -u | tr -s '\n ' ' ')
	echo "$users"
	[ "$users" = "root www-data " ]
	hull kill "$ID" QUIT
	eventually has_status stopped
}

@test "a login shell of an ordinary user inside" {
	edit '.process.user = {"uid": 33, "gid": 33, "additionalGids": [4]} | .process.cwd = "/var" | .process.env += ["HOME=/tmp"]'
	args bash -lc 'id; pwd; touch /etc/x 2>&1 | tail -c 22'
	run hull run -b "$BUNDLE" "$ID"
	echo "$output"
	[[ ${lines[0]} == "uid=33(www-data) gid=33(www-data) groups=33(www-data),4(adm)" ]]
	[ "${lines[1]}" = /var ]
	[[ ${lines[2]} == *"ead-only file system"* ]]
}
