# The six kinds of hooks: when they run, where, with which state on stdin, and what a failure does.
load lib

# hook KIND [EXTRA-JSON]: add one that appends "KIND STATUS PID-NAMESPACE-AND-MOUNT-NAMESPACE" to $DIR/log
hook()
{
	edit '.hooks[$k] += [{"path": $p, "args": ["hook", $k, "second argument"], "env": ["LOG=\($log)", "WHICH=\($k)"]} + $x]' \
		--arg k "$1" --arg p "$DIR/hook" --arg log "$DIR/log" --argjson x "${2:-{\}}"
}

hook_bundle()
{
	make_bundle
	cat >"$DIR/hook" <<-'END'
		#!/bin/sh
		state=$(cat)
		echo "$WHICH $(echo "$state" | jq -r '"\(.status) \(.id) \(.bundle)"') pid=$(echo "$state" | jq .pid) args=$1,$2 home=${HOME-unset} ns=$(readlink /proc/self/ns/mnt)" >>"$LOG"
	END
	chmod 755 "$DIR/hook"
	# createContainer and startContainer run in the container's namespaces: a program of the container's own, writing into its root
	cat >"$ROOTFS/hook" <<-'END'
		#!/bin/sh
		cat >/state.$1
		echo "$1 $2 $WHICH" >>/log
	END
	chmod 755 "$ROOTFS/hook"
}

@test "prestart, createRuntime, poststart, poststop: order, status, arguments, environment, host namespaces" {
	hook_bundle
	local kind
	for kind in prestart createRuntime poststart poststop; do hook $kind; done
	args sleep 0.2
	start_detached
	eventually has_status stopped
	hull delete "$ID"
	cat "$DIR/log"
	[ "$(cut -d' ' -f1 "$DIR/log" | tr '\n' ' ')" = "prestart createRuntime poststart poststop " ]
	grep -Eq "^prestart creat(ing|ed) $ID $BUNDLE" "$DIR/log"
	grep -Eq "^createRuntime creat(ing|ed) $ID $BUNDLE" "$DIR/log"
	# (runc says created: opencontainers/runc issue 4347)
	grep -Eq "^poststart (running|created) $ID $BUNDLE" "$DIR/log"
	grep -q "^poststop stopped $ID $BUNDLE" "$DIR/log"
	# args[0] is the name, the rest are arguments; the environment is the hook's and nothing else
	[ "$(grep -c 'args=prestart,second argument\|args=createRuntime,second argument\|args=poststart,second argument\|args=poststop,second argument' "$DIR/log")" -eq 4 ]
	[ "$(grep -c 'home=unset' "$DIR/log")" -eq 4 ]
	[ "$(grep -cF "ns=$(readlink /proc/self/ns/mnt)" "$DIR/log")" -eq 4 ]
	! is_hull || grep -q "^poststart running" "$DIR/log"
}

@test "prestart and createRuntime see the container's pid, before its payload runs" {
	hook_bundle
	hook createRuntime
	args touch /ran
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	[ "$(sed 's/.*pid=\([0-9]*\) .*/\1/' "$DIR/log")" = "$(hull state "$ID" | jq .pid)" ]
	[ ! -e "$ROOTFS/ran" ]
}

@test "createContainer: in the container's namespaces, before pivot_root; the path is the host's" {
	hook_bundle
	hook createContainer
	args sleep 0.1
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	grep -Eq "^createContainer creat(ing|ed)" "$DIR/log"
	not grep -qF "ns=$(readlink /proc/self/ns/mnt)" "$DIR/log"
}

@test "startContainer: inside, at start, with status created" {
	hook_bundle
	edit '.hooks.startContainer = [{"path": "/hook", "args": ["hook", "inner", "x"], "env": ["PATH=/bin", "WHICH=w"]}]'
	args sleep 0.1
	hull create -b "$BUNDLE" "$ID" </dev/null >"$DIR/out" 2>&1
	[ ! -e "$ROOTFS/log" ]
	hull start "$ID"
	eventually test -e "$ROOTFS/log"
	[ "$(cat "$ROOTFS/log")" = "inner x w" ]
	eventually test -s "$ROOTFS/state.inner"
	[ "$(jq -r .status "$ROOTFS/state.inner")" = created ]
	[ "$(jq -r .id "$ROOTFS/state.inner")" = "$ID" ]
}

@test "a hook without env has hull's environment, one in the container the payload's, and createContainer never that" {
	make_bundle
	printf '#!/bin/sh\ncat >/dev/null\necho "$1 $WHOSE" >>%s/log\n' "$DIR" >"$DIR/hook"
	printf '#!/bin/sh\necho "$1 $WHOSE $HOME" >>/log\n' >"$ROOTFS/hook"
	chmod 755 "$DIR/hook" "$ROOTFS/hook"
	edit '.hooks = ((["createRuntime", "createContainer", "poststart", "poststop"] | map({(.): [{path: $p, args: ["hook", .]}]}) | add) +
		{startContainer: [{path: "/hook", args: ["hook", "startContainer"]}]}) | .process.env += ["WHOSE=payload"]' --arg p "$DIR/hook"
	args true
	WHOSE=host hull run -b "$BUNDLE" "$ID"
	cat "$DIR/log" "$ROOTFS/log"
	[ "$(cat "$ROOTFS/log")" = "startContainer payload /root" ]
	[ "$(sort "$DIR/log" | tr '\n' ' ')" = "createContainer host createRuntime host poststart host poststop host " ]
}

@test "a hook's current directory: the bundle, the container's root, inside the payload's" {
	make_bundle
	printf '#!/bin/sh\ncat >/dev/null\necho "$1 $(pwd -P)" >>%s/log\n' "$DIR" >"$DIR/hook"
	printf '#!/bin/sh\necho "$1 $(pwd)" >>/log\n' >"$ROOTFS/hook"
	chmod 755 "$DIR/hook" "$ROOTFS/hook"
	edit '.hooks = ((["createRuntime", "createContainer", "poststart", "poststop"] | map({(.): [{path: $p, args: ["hook", .]}]}) | add) +
		{startContainer: [{path: "/hook", args: ["hook", "startContainer"]}]}) | .process.cwd = "/home"' --arg p "$DIR/hook"
	args true
	cd /
	hull run -b "$BUNDLE" "$ID"
	cat "$DIR/log" "$ROOTFS/log"
	[ "$(cat "$ROOTFS/log")" = "startContainer /home" ]
	[ "$(sort "$DIR/log" | tr '\n' ' ')" = "createContainer $ROOTFS createRuntime $BUNDLE poststart $BUNDLE poststop $BUNDLE " ]
}

@test "poststart runs after the payload started" {
	hook_bundle
	cat >"$DIR/hook" <<-'END'
		#!/bin/sh
		tr '\0' ' ' <"/proc/$(jq .pid)/cmdline" >"$LOG"
	END
	hook poststart
	args sleep 33
	start_detached
	eventually test -s "$DIR/log"
	[ "$(cat "$DIR/log")" = "sleep 33 " ] || { needs_hull && false; }
}

@test "a failing prestart, createRuntime, createContainer or startContainer hook stops the container, and nothing is left" {
	local kind
	for kind in prestart createRuntime createContainer startContainer; do
		make_bundle
		edit '.hooks = {($k): [{"path": "/bin/false"}]}' --arg k $kind
		args touch /ran
		refuses hook -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
		[ ! -e "$ROOTFS/ran" ]
		hull delete --force "$ID"
	done
}

@test "what a startContainer hook said on its standard error is told, by run and by start" {
	make_bundle
	edit '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "echo no bread today >&2; exit 3"]}]'
	args true
	refuses "startContainer[0]' '/bin/sh' failed: no bread today" -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	hull create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	refuses "startContainer[0]' '/bin/sh' failed: no bread today" -- "$HULL" --root "$STATE" start "$ID"
	hull delete --force "$ID"
	edit '.hooks.startContainer[0].args[2] = "echo I want bread >&2; exit 3"'
	refuses "startContainer[0]' '/bin/sh' failed: I want bread" -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	edit '.hooks.startContainer[0].args[2] = "echo e is a letter >&2; exit 3"'
	refuses "startContainer[0]' '/bin/sh' failed: e is a letter" -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
}

@test "a hook that is not there is an error that names it" {
	make_bundle
	edit '.hooks = {"createRuntime": [{"path": "/no/such/hook"}]}'
	refuses /no/such/hook -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
}

@test "the second hook of a kind runs after the first, and not when the first fails" {
	hook_bundle
	hook createRuntime '{"args": ["hook", "one", "x"]}'
	hook createRuntime '{"args": ["hook", "two", "x"]}'
	hull run -b "$BUNDLE" "$ID"
	[ "$(sed 's/.*args=\([a-z]*\),.*/\1/' "$DIR/log" | tr '\n' ' ')" = "one two " ]
	rm "$DIR/log"
	edit '.hooks.createRuntime[0].path = "/bin/false"'
	run hull run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[ ! -e "$DIR/log" ]
	hull delete --force "$ID"
}

@test "timeout: a hook that hangs is killed, and the container with it" {
	make_bundle
	edit '.hooks = {"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", $n], "timeout": 1}]}' --arg n "77.$RANDOM"
	local start=$SECONDS
	run timeout 10 "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
	[ $((SECONDS - start)) -le 4 ]
	not pgrep -f "^sleep $(jq -r '.hooks.createRuntime[0].args[1]' "$BUNDLE/config.json")"
	hull delete --force "$ID"
}

@test "timeout: a hook that is quick enough is left alone" {
	make_bundle
	edit '.hooks = {"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "0.1"], "timeout": 3}]}'
	hull run -b "$BUNDLE" "$ID"
}

@test "a failing poststop only warns" {
	make_bundle
	edit '.hooks = {"poststop": [{"path": "/bin/false"}]}'
	start_detached
	eventually has_status stopped
	hull delete "$ID" || true
	run hull state "$ID"
	[ "$status" -ne 0 ]
}

@test "poststop runs once after every failure from which hooks may have run, and what is told is the failure" {
	needs_hull
	local verb kind missing=-127
	hook_bundle
	edit '.hooks = {poststop: [{path: "/bin/false"}]}'
	hook createRuntime
	hook poststop
	cp "$BUNDLE/config.json" "$DIR/base"
	local kinds="prestart createRuntime createContainer startContainer poststart"
	for verb in run create; do
		for kind in $kinds; do
			rm -f "$DIR/log"
			cp "$DIR/base" "$BUNDLE/config.json"
			edit '.hooks[$k] += [{"path": "/bin/false"}]' --arg k $kind
			refuses "${kind}[" "hook 'poststop[0]' '/bin/false': exit status 1" -- "$HULL" --root "$STATE" "$verb" -b "$BUNDLE" "$ID"
			# (the warning comes before it)
			[[ "$(tail -n 1 "$DIR/refused")" == *"${kind}["*/bin/false* ]]
			cat "$DIR/log"
			[ "$(grep -c ^poststop "$DIR/log")" -eq 1 ]
			grep -q "^poststop stopped $ID $BUNDLE pid=null " "$DIR/log"
			hull delete --force "$ID"
			[ "$(grep -c ^poststop "$DIR/log")" -eq 1 ]
		done
		rm -f "$DIR/log"
		cp "$DIR/base" "$BUNDLE/config.json"
		args /no/such/program
		run $missing timeout 10 "$HULL" --root "$STATE" "$verb" -b "$BUNDLE" "$ID" 3>&-
		[[ "${lines[-1]}" == *"/no/such/program"* ]]
		[ "$(cut -d' ' -f1 "$DIR/log" | tr '\n' ' ')" = "createRuntime poststop " ]
		missing=-1
		kinds="prestart createRuntime createContainer" # the others come with start
	done
}

@test "poststop does not run where there has never been a container" {
	hook_bundle
	hook poststop
	edit '.process.cwd = "relative"'
	refuses cwd -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	edit '.process.cwd = "/" | .root.path = "nosuch"'
	refuses nosuch -- "$HULL" --root "$STATE" run -b "$BUNDLE" "$ID"
	[ ! -e "$DIR/log" ]
}

@test "a failing poststart destroys the container" {
	needs_hull
	make_bundle
	edit '.hooks = {"poststart": [{"path": "/bin/false"}]}'
	args sleep 60
	run start_detached
	[ "$status" -ne 0 ]
	run hull state "$ID"
	[ "$status" -ne 0 ] || [ "$(status_of)" = stopped ]
}

@test "a hook that does not read its stdin does no harm" {
	make_bundle
	edit '.annotations = {"big": ("x" * 300000)} | .hooks = {"createRuntime": [{"path": "/bin/true"}], "poststop": [{"path": "/bin/true"}]}'
	hull run -b "$BUNDLE" "$ID"
}
