# shellcheck shell=bash disable=SC2154 # output and status are bats'
# What mounts.bats, binds.bats and devices.bats share: running a shell text inside, and asking what is mounted there.
load lib

# inside SHELL-TEXT: run it in the container of BUNDLE; output is what it says
inside()
{
	args sh -c "$1"
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ] || {
		echo "status $status: $output"
		return 1
	}
}

# rejected WORD…: the container of BUNDLE is refused, and the message has the words
rejected() { refuses "$@" -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"; }

# mounted TARGET: fields of the last mount there: "PER-MOUNT-OPTIONS|PROPAGATION|TYPE|SOURCE|SUPERBLOCK-OPTIONS"
mounted()
{
	inside 'cat /proc/self/mountinfo'
	awk -v t="$1" '$5 == t { n = 7; p = ""; while ($n != "-") { p = p $n " "; n++ } line = $6 "|" p "|" $(n + 1) "|" $(n + 2) "|" $(n + 3) } END { print line }' <<<"$output"
}

# has LINE FIELD WORD: a comma-separated field has the word
has() { [[ ,$(cut -d'|' -f"$2" <<<"$1"), == *,$3,* ]] || { echo "no '$3' in field $2 of '$1'"; return 1; }; }
has_not() { [[ ,$(cut -d'|' -f"$2" <<<"$1"), != *,$3,* ]] || { echo "'$3' in field $2 of '$1'"; return 1; }; }

tmpfs() { mount_entry "{\"destination\":\"/m\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":$1}"; }
bind() { mount_entry "{\"destination\":\"$2\",\"type\":\"bind\",\"source\":\"$1\",\"options\":$3}"; }

# host_tree: DIR/src with a file and, mounted below it, a tmpfs at DIR/src/sub
host_tree()
{
	mkdir -p "$DIR/src/sub"
	mount -t tmpfs -o "${1:-rw}" "src-$TAG" "$DIR/src"
	mkdir "$DIR/src/sub"
	echo host >"$DIR/src/file"
	mount -t tmpfs "sub-$TAG" "$DIR/src/sub"
	mount --make-private "$DIR/src"
	mount --make-private "$DIR/src/sub"
}

teardown()
{
	umount -l "$DIR"/src/sub "$DIR"/src 2>/dev/null
	umount -l "$DIR"/locked 2>/dev/null
	test_end
}

# userns: root in the container is an id that owns nothing on the host
userns()
{
	edit '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$ROOTFS"
}
