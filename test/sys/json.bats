# state, list, ps, spec, --log-format json: what programs read. Where runc is installed, its documents are the measure: the same fields with the same types.
load lib

# shape JSON: every path with the type of its value, indices of arrays left out
shape() { jq -c '[paths as $p | {p: ($p | map(if type == "number" then 0 else . end)), t: (getpath($p) | type)}] | unique | .[] | "\(.p | join(".")) \(.t)"' -r; }

needs_runc() { command -v runc >/dev/null || skip "runc is not installed"; }

# both COMMAND…: run it with hull and with runc on a running container of each; files hull.json, runc.json
both()
{
	make_bundle
	edit '.annotations = {"a.b": "c"}'
	args sleep 30
	start_detached
	runc --root "$STATE/runc" create -b "$BUNDLE" "$ID-r" </dev/null >/dev/null 2>&1 3>&-
	runc --root "$STATE/runc" start "$ID-r"
}

both_end()
{
	runc --root "$STATE/runc" delete --force "$ID-r"
	rm -rf "$STATE/runc"
}

@test "state: fields, types and values" {
	make_bundle
	edit '.annotations = {"a.b": "c"}'
	args sleep 30
	start_detached
	hull state "$ID" >"$DIR/s"
	jq -e --arg id "$ID" '.id == $id and .status == "running" and (.pid | type) == "number" and .annotations == {"a.b": "c"}' "$DIR/s"
	jq -e --arg b "$BUNDLE" '.bundle == $b and .rootfs == $b + "/rootfs" and .owner == "" or .owner == "root"' "$DIR/s"
	jq -e '.ociVersion | test("^1\\.[0-9]+\\.[0-9]+")' "$DIR/s"
	jq -e '.created | fromdateiso8601? // (sub("\\.[0-9]+Z$"; "Z") | fromdateiso8601) | . > 1600000000' "$DIR/s"
	[ "$(readlink "/proc/$(jq .pid "$DIR/s")/exe")" != "" ]
	hull kill "$ID" KILL
	eventually has_status stopped
	[ "$(hull state "$ID" | jq .pid)" -eq 0 ]
}

@test "state of an unknown id: an error" {
	refuses 'does not exist' -- "$HULL" --root "$STATE" state "$ID"
}

@test "state, list and ps have runc's fields and types" {
	needs_runc
	both
	hull state "$ID" | shape >"$DIR/a"
	runc --root "$STATE/runc" state "$ID-r" | shape >"$DIR/b"
	diff -u "$DIR/b" "$DIR/a"
	mv "$STATE/runc" "$DIR/runc-state"
	hull list -f json | shape >"$DIR/a"
	runc --root "$DIR/runc-state" list -f json | shape >"$DIR/b"
	mv "$DIR/runc-state" "$STATE/runc"
	diff -u "$DIR/b" "$DIR/a"
	hull ps -f json "$ID" | shape >"$DIR/a"
	runc --root "$STATE/runc" ps -f json "$ID-r" | shape >"$DIR/b"
	diff -u "$DIR/b" "$DIR/a"
	both_end
}

@test "list: table, json, quiet" {
	make_bundle
	args sleep 30
	start_detached "$ID-1"
	start_detached "$ID-2"
	run hull list
	[[ ${lines[0]} =~ ^ID\ +PID\ +STATUS\ +BUNDLE\ +CREATED\ +OWNER$ ]]
	[[ ${lines[1]} == "$ID-1 "*running*"$BUNDLE"*root* ]]
	[ "${#lines[@]}" -eq 3 ]
	[ "$(hull list -q | sort | tr '\n' ' ')" = "$ID-1 $ID-2 " ]
	[ "$(hull list --format json | jq -r '.[].id' | sort | tr '\n' ' ')" = "$ID-1 $ID-2 " ]
}

@test "list of an explicit root that is not there is an error; an empty one lists nothing" {
	! is_hull || refuses "" -- "$HULL" --root "$DIR/nowhere" list
	mkdir "$STATE"
	run hull list -f json
	[ "$status" -eq 0 ]
	[ "$(jq -c '. // []' <<<"$output")" = '[]' ]
	rmdir "$STATE"
}

@test "ps: host pids as JSON, and a table" {
	make_bundle
	args sh -c 'sleep 30 & sleep 31; true'
	start_detached
	eventually sh -c '[ "$("$HULL" --root "$STATE" ps -f json "$ID" | jq length)" -eq 3 ]'
	for pid in $(hull ps --format json "$ID" | jq '.[]'); do grep -q "$ID" "/proc/$pid/cgroup"; done
	run hull ps "$ID"
	[[ ${lines[0]} == *PID* ]]
	[[ $output == *"sleep 31"* ]]
}

@test "spec writes a config that runs, and refuses to overwrite one" {
	mkdir -p "$BUNDLE"
	cp -a "$FILE_DIR/rootfs" "$ROOTFS"
	hull spec -b "$BUNDLE"
	jq -e '.ociVersion and .process.args == ["sh"] and .root.path == "rootfs" and .hostname' "$BUNDLE/config.json"
	refuses exist -- "$HULL" spec -b "$BUNDLE"
	edit '.process.terminal = false | .process.args = ["echo", "plain spec"]'
	run hull run -b "$BUNDLE" "$ID"
	[ "$output" = "plain spec" ]
}

@test "--version: first line 'NAME version X', then spec:" {
	run "$HULL" --version
	[[ ${lines[0]} =~ ^[a-z]+\ version\ [0-9] ]]
	[[ $output == *"spec: 1."* ]]
}

@test "--log-format json: level, msg and time, one object a line, appended; and stderr has it too" {
	make_bundle
	args /no/such/program
	echo '{"earlier": true}' >"$DIR/log"
	run hull --log "$DIR/log" --log-format json run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[[ $output == *"/no/such/program"* ]]
	[ "$(head -n 1 "$DIR/log")" = '{"earlier": true}' ]
	tail -n +2 "$DIR/log" | jq -e -s 'length > 0 and all(has("level") and has("msg") and has("time"))'
	tail -n +2 "$DIR/log" | jq -e -s 'map(select(.level == "error" and (.msg | contains("/no/such/program")))) | length > 0'
	# time is RFC 3339
	tail -n 1 "$DIR/log" | jq -r .time | grep -Eq '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)$'
}

@test "--log: text lines" {
	make_bundle
	args /no/such/program
	run hull --log "$DIR/log" run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	grep -q '/no/such/program' "$DIR/log"
}

# DAEMON PLACE COMMAND…: the command where somebody listens to /DAEMON/PLACE; what came is in $DIR/datagram
listening()
{
	local daemon=$1 place=$2 job
	shift 2
	mkdir -p "$DIR/$daemon/$(dirname "$place")"
	rm -f "$DIR/$daemon/$place" "$DIR/ready"
	$SOCK notify "$DIR/$daemon/$place" "$DIR/datagram" >"$DIR/ready" 3>&- &
	job=$!
	eventually grep -q READY "$DIR/ready"
	unshare -m sh -c 'mount --make-rprivate / && mount --bind "$0" "$1" && shift && exec "$@"' "$DIR/$daemon" "/$daemon" "$@" 3>&- || true
	wait "$job"
}

@test "the log can be syslog or the journal, and where nobody listens that is a warning" {
	listening run systemd/journal/socket "$HULL" --root "$STATE" --log journald:box state nothing
	grep -qx 'PRIORITY=3' "$DIR/datagram"
	grep -qx 'SYSLOG_IDENTIFIER=box' "$DIR/datagram"
	grep -q 'nothing' "$DIR/datagram"
	listening run systemd/journal/socket "$HULL" --root "$STATE" --systemd-log state nothing
	grep -qx 'SYSLOG_IDENTIFIER=hull' "$DIR/datagram"
	listening dev log "$HULL" --root "$STATE" --log syslog:box state nothing
	grep -q '^<11>box\[[0-9]*\]: .*nothing' "$DIR/datagram"
	mkdir "$DIR/empty"
	run --separate-stderr unshare -m sh -c 'mount --make-rprivate / && mount --bind "$0" /run && exec "$@"' "$DIR/empty" \
		"$HULL" --root "$DIR/empty" --log journald:box list --quiet
	[ "$status" -eq 0 ]
	[[ $stderr == "hull: warning: nobody listens behind the log 'journald:box'" ]]
}

@test "features: the members that engines read" {
	"$HULL" features >/dev/null 2>&1 || skip "no features in this runtime"
	"$HULL" features | jq -e '.ociVersionMin and .ociVersionMax and (.mountOptions | index("rro")) and (.linux.namespaces | length >= 7) and .linux.seccomp.enabled'
}

@test "checkpoint --help exits 0" {
	"$HULL" checkpoint --help >/dev/null
}
