# Plugins: what each point gets and may do, edits, order, trust, and every way in which one can fail. Nothing may be left behind.
load lib

PLUGINS=$BATS_TEST_DIRNAME/../../contrib/plugins

# plugin NAME POINTS BODY: a plugin in $DIR/plugins; the body is shell, the point is $1
plugin()
{
	mkdir -p "$DIR/plugins"
	cat >"$DIR/plugins/$1" <<-END
		#!/bin/sh
		[ "\$1" != --describe ] || {
			echo '{"version": 1, "name": "$1", "points": $2}'
			exit
		}
		$3
	END
	chmod 755 "$DIR/plugins/$1"
}

# edits NAME JSON: a plugin that answers so before the clone
edits() { plugin "$1" '["before"]' "cat <<-'ANSWER'
	$2
	ANSWER"; }

with() # NAME… : run the bundle with these plugins
{
	local name options=()
	for name; do options+=(--plugin "$DIR/plugins/$name"); done
	run hull run "${options[@]}" -b "$BUNDLE" "$ID"
	nothing_left
}

nothing_left()
{
	local left tries=20
	# (the shells that look are processes, too)
	while left=$(leftovers) && [ -n "$left" ] && [ $((tries -= 1)) -gt 0 ]; do sleep 0.05; done
	[ -z "$left" ] || {
		echo "left: $left"
		return 1
	}
}

# says WORD…: the last run failed with these words
says()
{
	local word
	[ "$status" -eq 125 ] || { echo "status $status: $output"; return 1; }
	for word; do [[ $output == *"$word"* ]] || { echo "'$word' is not in: $output"; return 1; }; done
}

@test "before: it reads version, point, id, bundle and the document as it is, and what it does not edit stays" {
	make_bundle
	edit '.unknown = {"kept": [1, 2.50, null]} | .annotations = {"a": "b"}'
	plugin look '["before"]' "cat >$DIR/seen"
	with look
	[ "$status" -eq 0 ]
	[ "$(jq -c '[.version, .point, .id, .bundle]' "$DIR/seen")" = "[1,\"before\",\"$ID\",\"$BUNDLE\"]" ]
	diff <(jq -S .spec "$DIR/seen") <(jq -S . "$BUNDLE/config.json")
	edits env '{"append": {"process": {"env": ["ADDED=yes"]}}}'
	hull create --plugin "$DIR/plugins/env" -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	diff <(jq -S '.process.env += ["ADDED=yes"]' "$BUNDLE/config.json") <(jq -S . "$STATE/$ID/config.json")
	args env
	run hull exec "$ID" env
	[[ $output == *ADDED=yes* ]]
}

@test "before: namespaces, mounts, environment, hooks, host name; in run, create and sandbox" {
	make_bundle
	edit 'del(.linux.namespaces[] | select(.type == "uts" or .type == "network")) | del(.hostname)'
	edits all '{
		"append": {
			"process": {"env": ["ADDED=yes"]}, "mounts": [{"destination": "/mnt", "type": "tmpfs", "source": "added"}],
			"linux": {"namespaces": [{"type": "uts"}, {"type": "network"}, {"type": "mount"}]},
			"hooks": {"poststop": [{"path": "/bin/touch", "args": ["touch", "'"$DIR/stopped"'"]}]}
		},
		"patch": {"hostname": "plugged"}
	}'
	args sh -c 'echo "$ADDED $(hostname) $(grep -c "added" /proc/mounts) $(ls /sys/class/net | xargs)"; readlink /proc/self/ns/net'
	with all
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == "yes plugged 1 lo" ]]
	[ "${lines[1]}" != "$(readlink /proc/self/ns/net)" ]
	[ -e "$DIR/stopped" ]
	run hull sandbox --plugin "$DIR/plugins/all" -- sh -c 'echo "$ADDED $(hostname) $(grep -c " /mnt .* added" /proc/self/mountinfo)"'
	[ "$output" = "yes plugged 1" ]
}

@test "parent: the child exists in all its namespaces and waits; the host's side is the plugin's" {
	make_bundle
	plugin look '["parent"]' 'cat >'"$DIR/seen"'; pid=$(jq .pid '"$DIR/seen"')
		readlink /proc/$pid/ns/net >'"$DIR/net"'; echo $(ls '"$ROOTFS/ran"' 2>&1) >'"$DIR/ran"'; readlink /proc/self/ns/mnt >'"$DIR/mnt"
	args sh -c 'touch /ran; readlink /proc/self/ns/net'
	with look
	[ "$status" -eq 0 ]
	[ "$(jq -c '[.version, .point, .id, .state.id, .state.status, .state.bundle, .pid == .state.pid]' "$DIR/seen")" = "[1,\"parent\",\"$ID\",\"$ID\",\"creating\",\"$BUNDLE\",true]" ]
	[ "$output" = "$(cat "$DIR/net")" ]
	[ "$output" != "$(readlink /proc/self/ns/net)" ]
	[ "$(cat "$DIR/mnt")" = "$(readlink /proc/self/ns/mnt)" ]
	[[ $(cat "$DIR/ran") == *"No such file"* ]]
}

@test "child: in the container, with its root, before its capabilities go; a script runs by the container's shell" {
	make_bundle
	plugin inside '["child"]' 'cat >/seen; mount -t tmpfs inside /mnt && echo works >/mnt/made; echo "$HULL_PLUGIN_VERSION $(id -u) $(ls /proc/self/fd | xargs)" >/env'
	args cat /mnt/made
	with inside
	[ "$status" -eq 0 ]
	[ "$output" = works ]
	[ "$(jq -c '[.version, .point, .id, .pid]' "$ROOTFS/seen")" = "[1,\"child\",\"$ID\",null]" ]
	[[ $(cat "$ROOTFS/env") == "1 0 0 1 2"* ]]
	[ "$(ls "$ROOTFS/mnt")" = "" ]
	args ls /proc/self/fd
	with inside
	[ "$(echo "$output" | wc -l)" -eq 4 ]
	hull create --plugin "$DIR/plugins/inside" -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
}

@test "child: a static program needs nothing of the container's" {
	command -v musl-gcc >/dev/null || skip "no musl-gcc"
	make_bundle
	echo '#include <stdio.h>
		#include <string.h>
		#include <sys/stat.h>
		int main(int c, char **v) {
			if (c > 1 && !strcmp(v[1], "--describe")) return puts("{\"version\":1,\"name\":\"static\",\"points\":[\"child\"]}") < 0;
			return mkdir("/made", 0755);
		}' >"$DIR/p.c"
	mkdir "$DIR/plugins"
	musl-gcc -static -o "$DIR/plugins/static" "$DIR/p.c"
	mv "$ROOTFS/usr/bin" "$ROOTFS/elsewhere"
	args /elsewhere/busybox ls -d /made
	with static
	[ "$status" -eq 0 ]
	[ "$output" = /made ]
}

@test "the environment is HULL_PLUGIN_VERSION and PATH, descriptors are three, the group is its own" {
	make_bundle
	plugin look '["before"]' 'tr "\0" "\n" </proc/$$/environ | sort >'"$DIR/env; ls /proc/\$\$/fd >$DIR/fds; cut -d' ' -f5 /proc/\$\$/stat >$DIR/group; echo \$\$ >>$DIR/group"
	SECRET=1 with look
	[ "$status" -eq 0 ]
	[ "$(cut -d= -f1 "$DIR/env" | xargs)" = "HULL_PLUGIN_VERSION PATH" ]
	not grep -Ev '^(0|1|2|1[0-9])$' # (the shell's script is 10 or 11) "$DIR/fds"
	[ "$(uniq "$DIR/group" | wc -l)" -eq 1 ]
}

@test "order: --plugin as given, then the directory by name; hidden, disabled and not executable files are left out" {
	make_bundle
	local name
	for name in 20-b 10-a 30-c .hidden 40-off.disabled 50-data; do
		edits "$name" '{"append": {"process": {"env": ["ORDER_'"${name//[^a-z]/}"'=1"]}}}'
	done
	chmod 644 "$DIR/plugins/50-data"
	mkdir "$DIR/plugins/60-dir"
	mkdir "$DIR/more"
	mv "$DIR/plugins/30-c" "$DIR/more/z"
	cp "$DIR/plugins/10-a" "$DIR/more/y"
	sed -i 's/ORDER_a/ORDER_y/' "$DIR/more/y"
	args cat /proc/self/environ
	output=$(hull run --plugin "$DIR/more/z" --plugin "$DIR/more/y" --plugin-dir "$DIR/plugins" -b "$BUNDLE" "$ID" | tr '\0' '\n')
	[ "$(grep ORDER <<<"$output" | cut -d= -f1 | cut -d_ -f2 | xargs)" = "c y a b" ]
	run hull explain --plugin "$DIR/more/z" --plugin-dir "$DIR/plugins" "$BUNDLE"
	[ "$(grep -o "the plugin '[^']*'" <<<"$output" | sed "s/.*\///" | xargs -d '\n')" = "z' 10-a' 20-b'" ]
}

@test "explain and --dry-run name plugins and call none" {
	make_bundle
	mkdir "$DIR/plugins"
	printf '#!/bin/sh\ntouch %s/called\n' "$DIR" >"$DIR/plugins/p"
	chmod 755 "$DIR/plugins/p"
	run hull explain --plugin "$DIR/plugins/p" "$BUNDLE"
	[ "$status" -eq 0 ]
	[[ $output == *"call the plugin '$DIR/plugins/p'"* ]]
	run hull sandbox --dry-run --plugin-dir "$DIR/plugins" -- true
	[ "$status" -eq 0 ]
	[[ $output == *"call the plugin '$DIR/plugins/p'"* ]]
	[ ! -e "$DIR/called" ]
}

@test "one plugin's edits are what the next one reads; a merge patch replaces and removes; what is there is not appended again" {
	make_bundle
	edits a '{"patch": {"process": {"env": ["A=1", "B=2"]}, "hostname": null, "annotations": {"x": "y"}}}'
	edits b '{"append": {"process": {"env": ["A=1", "C=3"]}, "linux": {"namespaces": [{"type": "uts"}]}}}'
	plugin see '["before"]' "cat >$DIR/seen"
	with a b see
	[ "$status" -eq 0 ]
	[ "$(jq -c '[.spec.process.env, .spec.hostname, .spec.annotations]' "$DIR/seen")" = '[["A=1","B=2","C=3"],null,{"x":"y"}]' ]
}

@test "failures are typed, and named with plugin and point: by an answer, by exit status, by signal" {
	make_bundle
	local point
	for point in before parent; do
		plugin p "[\"$point\"]" 'echo "{\"error\": {\"type\": \"refused\", \"message\": \"not on Sundays\"}}"'
		with p
		says "plugin 'p' ($DIR/plugins/p) at '$point': refused: not on Sundays"
		plugin p "[\"$point\"]" 'echo no such thing >&2; exit 69'
		with p
		says "at '$point': unsupported: no such thing"
		plugin p "[\"$point\"]" 'exit 77'
		with p
		says "at '$point': refused: exit status 77"
		plugin p "[\"$point\"]" 'echo one >&2; echo two >&2; exit 3'
		with p
		says "at '$point': failed: exit status 3: one" two
		plugin p "[\"$point\"]" 'kill -9 $$'
		with p
		says "at '$point': failed: killed by signal 9"
		plugin p "[\"$point\"]" 'printf "\033[2J" >&2; exit 1'
		with p
		says 'exit status 1: ?[2J'
	done
	plugin p '["child"]' 'echo i am not here >&2; exit 77'
	with p
	says "plugin 'p' ($DIR/plugins/p) at 'child': refused: i am not here"
	plugin p '["child"]' 'exit 69'
	with p
	says "at 'child': unsupported"
	plugin p '["child"]' 'exit 4'
	with p
	says "at 'child': failed: exit status 4"
	plugin p '["child"]' 'kill -9 $$'
	with p
	says "at 'child': failed: killed by signal 9"
	mv "$ROOTFS/usr/bin/sh" "$ROOTFS/usr/bin/hidden"
	with p
	says "at 'child': failed: cannot execute it in the container: No such file"
	run hull sandbox --plugin "$DIR/plugins/p" -- true
	says "at 'child': failed: killed by signal 9"
}

@test "a plugin that succeeds may warn, line by line" {
	make_bundle
	plugin p '["before"]' 'echo one >&2; echo two >&2'
	with p
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == *"warning: plugin 'p' ($DIR/plugins/p): one" ]]
	[[ ${lines[1]} == *": two" ]]
	plugin p '["child"]' 'echo one >&2; echo >&2; echo two >&2'
	with p
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == *"warning: "*"plugin 'p' ($DIR/plugins/p): one" ]]
	[[ ${lines[1]} == *"plugin 'p' ($DIR/plugins/p): two" ]]
	for i in {1..4}; do # more than the channel holds
		plugin "many$i" '["child"]' 'i=0; while [ $i -lt 350 ]; do echo >&2 x; i=$((i + 1)); done'
	done
	run hull sandbox --plugin "$DIR/plugins/many1" --plugin "$DIR/plugins/many2" --plugin "$DIR/plugins/many3" --plugin "$DIR/plugins/many4" -- true
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1400 ]
}

@test "a time limit of its own, and everything it started is killed with it" {
	make_bundle
	local point begin
	for point in before parent child; do
		mkdir -p "$DIR/plugins"
		printf '#!/bin/sh\n[ "$1" != --describe ] || { echo "{\\"version\\": 1, \\"name\\": \\"slow\\", \\"points\\": [\\"%s\\"], \\"timeout\\": 1}"; exit; }\nsleep 20%s; sleep 20\n' \
			$point "${TAG//[^0-9]/}1" >"$DIR/plugins/slow"
		chmod 755 "$DIR/plugins/slow"
		begin=$SECONDS
		with slow
		says "at '$point': failed: killed after its timeout of 1 s"
		[ $((SECONDS - begin)) -lt 5 ]
		not pgrep -f "^sleep 20${TAG//[^0-9]/}1$"
	done
}

@test "a process left behind with its descriptors is not waited for" {
	make_bundle
	plugin p '["before"]' 'sleep 3 & echo "{}"'
	local begin=$SECONDS
	with p
	[ "$status" -eq 0 ]
	[ $((SECONDS - begin)) -lt 3 ]
}

@test "hostile answers: huge, endless, binary, deep, invalid, of other types, with unknown members" {
	make_bundle
	plugin p '["before"]' 'yes'
	with p
	says "at 'before': invalid answer: more than 1048576 bytes"
	plugin p '["before"]' 'head -c 1100000 /dev/zero'
	with p
	says "invalid answer: more than 1048576 bytes"
	plugin p '["before"]' 'yes >&2 & sleep 0.5; kill $!; exit 1'
	with p
	says "failed: exit status 1: "
	plugin p '["before"]' 'head -c 4096 /dev/urandom'
	with p
	says "invalid answer:1:"
	plugin p '["before"]' 'python3 -c "print(\"[\" * 100000)"'
	with p
	says "invalid answer:1:"
	local answer
	for answer in '[]' '"text"' '{' '{"patch": []}' '{"append": 1}' '{"patch": {}, "pach": {}}' '{"append": {"hostname": "x"}}' '{"append": {"mounts": {}}}' \
		'{"error": "text"}' '{"error": {"type": "odd", "message": "x"}}' '{"error": {"type": "refused"}}' '{"a": 1, "a": 2}'; do
		plugin p '["before"]' "echo '$answer'"
		with p
		says "plugin 'p' ($DIR/plugins/p) at 'before': invalid answer"
	done
	plugin p '["parent"]' 'echo "{\"patch\": {}}"'
	with p
	says "at 'parent': invalid answer: nothing can be edited any more"
}

@test "hostile descriptions" {
	make_bundle
	mkdir "$DIR/plugins"
	local answer
	for answer in '' '{}' '[]' '{"version": 1}' '{"version": 1, "name": "x"}' '{"version": 1, "name": "x", "points": []}' '{"version": 1, "name": "x y", "points": ["before"]}' \
		'{"version": 1, "name": "x", "points": ["before"], "timeout": 61}' '{"version": 1, "name": "x", "points": ["before"], "timeout": 0.5}'; do
		printf '#!/bin/sh\necho '"'%s'"'\n' "$answer" >"$DIR/plugins/p"
		chmod 755 "$DIR/plugins/p"
		with p
		says "plugin '$DIR/plugins/p' at '--describe': invalid answer: "
	done
	printf '#!/bin/sh\necho '"'%s'"'\n' '{"version": 2, "name": "x", "points": ["before"]}' >"$DIR/plugins/p"
	with p
	says "unsupported: version 2 of the protocol"
	printf '#!/bin/sh\necho '"'%s'"'\n' '{"version": 1, "name": "x", "points": ["later"]}' >"$DIR/plugins/p"
	with p
	says "unsupported: points"
	printf '#!/no/such/interpreter\n' >"$DIR/plugins/p"
	with p
	says "failed: cannot execute it: No such file"
}

@test "edits that break the configuration are their plugin's fault, wherever it is noticed" {
	make_bundle
	edit 'del(.hostname)'
	edits good '{"append": {"process": {"env": ["X=1"]}}}'
	edits bad '{"patch": {"process": {"cwd": "relative"}}}'
	with good bad good
	says "plugin 'bad' ($DIR/plugins/bad) at 'before': invalid edits: process.cwd"
	# noticed by an aspect, when all have spoken
	edits bad '{"append": {"hooks": {"prestart": [{"path": "relative"}]}}}'
	with good bad good
	says "plugin 'bad' ($DIR/plugins/bad) at 'before': invalid edits: hooks.prestart"
	edits bad '{"patch": {"linux": {"namespaces": [{"type": "pid"}]}}}'
	with bad good
	says "plugin 'bad' ($DIR/plugins/bad) at 'before': invalid edits: linux.maskedPaths"
	# not theirs
	edit '.linux.namespaces = [] | del(.linux.maskedPaths, .linux.readonlyPaths)'
	with good
	says 'linux.namespaces: a mount namespace is required'
	[[ $output != *plugin* ]]
	# and one may mend it
	edits mend '{"append": {"linux": {"namespaces": [{"type": "mount"}]}}}'
	with good mend
	[ "$status" -eq 0 ]
}

@test "only what root or the caller owns, and nobody else can write, is called" {
	make_bundle
	edits p '{}'
	chmod o+w "$DIR/plugins/p"
	with p
	says "'$DIR/plugins/p' can be written by others (mode 0757)"
	run hull run --plugin-dir "$DIR/plugins" -b "$BUNDLE" "$ID"
	says "'$DIR/plugins/p' can be written by others"
	chmod 755 "$DIR/plugins/p"
	chmod 777 "$DIR/plugins"
	run hull run --plugin-dir "$DIR/plugins" -b "$BUNDLE" "$ID"
	says "'$DIR/plugins' can be written by others (mode 0777)"
	chmod 775 "$DIR/plugins"
	chown 0:1234 "$DIR/plugins"
	run hull run --plugin-dir "$DIR/plugins" -b "$BUNDLE" "$ID"
	says "'$DIR/plugins' can be written by others (mode 0775)"
	chmod 755 "$DIR/plugins"
	chown 1234 "$DIR/plugins/p"
	run hull run --plugin-dir "$DIR/plugins" -b "$BUNDLE" "$ID"
	says "'$DIR/plugins/p' belongs to user 1234: expected root or the caller"
	chown 0:0 "$DIR/plugins/p" "$DIR/plugins"
	run hull run --plugin-dir "$DIR/plugins" -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	chmod 644 "$DIR/plugins/p"
	with p
	says "'$DIR/plugins/p' is not an executable file"
	run hull run --plugin-dir "$DIR/none" -b "$BUNDLE" "$ID"
	says "cannot open the directory '$DIR/none'"
}

@test "an ordinary user's sandbox has the user's plugins, at all three points" {
	user_up || skip "cannot make a user"
	plugin p '["before", "parent", "child"]' 'case $1 in before) echo "{\"append\": {\"process\": {\"env\": [\"ADDED=yes\"]}}}";;
		parent) jq -e .pid >/dev/null;; child) hostname inside;; esac'
	chown -R "$TEST_USER" "$DIR/plugins"
	run as_user "$HULL" sandbox --plugin-dir "$DIR/plugins" -- sh -c 'echo "$ADDED $(hostname) $(id -u) $(grep -c "^Cap[^B].*[^0\t]$" /proc/self/status)"'
	echo "$output"
	[ "$output" = "yes inside $(id -u "$TEST_USER") 0" ]
}

@test "the examples: pid, mount, net and uts namespaces, clean mounts, another root" {
	make_bundle
	edit '.linux.namespaces = [] | .mounts = [.mounts[] | select(.type == "tmpfs")] | del(.hostname) | del(.linux.maskedPaths, .linux.readonlyPaths)'
	edit '.mounts += [{"destination": "/mnt", "type": "bind", "source": "/etc", "options": ["rbind"]}]'
	cp -a "$ROOTFS" "$DIR/other"
	echo other >"$DIR/other/etc/hostname"
	mkdir "$DIR/plugins"
	cp "$PLUGINS"/* "$DIR/plugins"
	echo named >"$DIR/plugins/uts-namespace.conf"
	echo "$DIR/other" >"$DIR/plugins/image-root.conf"
	args sh -c 'echo "$$ $(hostname) $(cat /etc/hostname) $(ls /mnt | wc -l)"; ls /sys/class/net 2>/dev/null; for n in pid net uts mnt; do readlink /proc/self/ns/$n; done'
	run hull run --plugin-dir "$DIR/plugins" -b "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"left out: /mnt"* ]]
	[[ $output == *"1 named other 0"* ]]
	local n
	for n in pid net uts mnt; do
		[[ $output == *"$n:["* ]]
		[[ $output != *"$(readlink "/proc/self/ns/$n")"* ]]
	done
	echo "$DIR/plugins/image-root" >"$DIR/plugins/image-root.conf"
	run hull run --plugin-dir "$DIR/plugins" -b "$BUNDLE" "$ID"
	says "plugin 'image-root' ($DIR/plugins/image-root) at 'before': unsupported: $DIR/plugins/image-root is not a directory"
}
