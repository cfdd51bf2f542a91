# shellcheck disable=SC2016,SC2154 # jq has variables of its own; bats sets output, stderr and status
# The command line itself: every spelling of an option, help and versions, messages and exit codes, what engines probe, formats of what is printed.
load lib

COMMANDS="run create start exec enter kill pause resume wait delete state list ps stats top events update mounts try sandbox bwrap selfdock spec explain features
	completion help checkpoint restore"

# called NAME WORD…: hull under another name
called()
{
	ln -sf "$HULL" "$DIR/$1"
	"$DIR/$1" --root "$STATE" "${@:2}" 3>&-
}

is_usage_error() # STATUS WORDS
{
	[ "$status" -eq "$1" ] && [[ $stderr == "hull: $2"* ]] && [ -z "$output" ] && [ "${#stderr_lines[@]}" -eq 1 ] || {
		echo "status $status, stdout '$output', stderr '$stderr'"
		return 1
	}
}

# ---- help and version ----

@test "every command explains itself, in four spellings" {
	for command in $COMMANDS; do
		for spelling in --help -h '-?' -help; do
			run --separate-stderr "$HULL" "$command" "$spelling"
			[ "$status" -eq 0 ]
			[ -z "$stderr" ]
			[[ ${lines[0]} == "Usage: hull $command [OPTION]..."* ]]
			[[ $output == *Examples:* ]]
		done
		run "$HULL" "$command" --usage
		[ "$status" -eq 0 ]
		[ "${#lines[@]}" -eq 1 ]
		run "$HULL" help "$command"
		[ "$status" -eq 0 ]
		[[ ${lines[0]} == "Usage: hull $command "* ]]
	done
}

@test "help lists every command, and fits a terminal" {
	for spelling in --help -h '-?' help h; do
		run "$HULL" "$spelling"
		[ "$status" -eq 0 ]
		for command in $COMMANDS; do [[ $output == *"  $command"* ]]; done
	done
	[ -z "$("$HULL" --help | grep -E '^.{81,}')" ]
	[ "$("$HULL" --usage)" = "$("$HULL" --help | head -n 1)" ]
	for command in $COMMANDS; do [ -z "$("$HULL" help "$command" | grep -vE '^  [a-z.]' | grep -E '^.{81,}')" ]; done
}

@test "the version is what engines parse, under every name" {
	for name in hull runc crun; do
		for spelling in --version -v -V; do
			run called "$name" "$spelling"
			[ "$status" -eq 0 ]
			[[ ${lines[0]} =~ ^$name\ version\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
			[[ ${lines[1]} == "commit: "* ]]
			[[ ${lines[2]} =~ ^spec:\ 1\.[0-9.]+$ ]]
			[ "$(grep -c version <<<"$output")" -eq 1 ]
		done
	done
	run called other-name --version
	[[ ${lines[0]} == "hull version "* ]]
}

# ---- wrong command lines ----

@test "no command, an unknown command and an unknown operand are refused" {
	run --separate-stderr "$HULL"
	is_usage_error 1 "no command given; see 'hull --help'"
	run --separate-stderr "$HULL" frobnicate
	is_usage_error 1 "unknown command 'frobnicate'; see 'hull --help'"
	run --separate-stderr "$HULL" help frobnicate
	is_usage_error 1 "unknown command 'frobnicate'"
	run --separate-stderr "$HULL" mounts change x y
	is_usage_error 1 "unknown operand 'change' for 'mounts'"
	run --separate-stderr "$HULL" completion tcsh
	is_usage_error 1 "unknown operand 'tcsh' for 'completion'"
	run --separate-stderr "$HULL" completion
	is_usage_error 1 "no shell given"
}

@test "unknown and ambiguous options are refused by every command" {
	for command in $COMMANDS; do
		case $command in run | exec | wait | enter | try | sandbox) code=125 ;; selfdock) code=124 ;; *) code=1 ;; esac
		run --separate-stderr "$HULL" "$command" --frobnicate id
		is_usage_error $code "unknown option '--frobnicate' for '$command'; see 'hull $command --help'"
	done
	run --separate-stderr "$HULL" --frobnicate list
	is_usage_error 1 "unknown option '--frobnicate'; see 'hull --help'"
	run --separate-stderr "$HULL" create -bx -X id
	is_usage_error 1 "unknown option '-X' for 'create'"
	run --separate-stderr "$HULL" create --no id
	is_usage_error 1 "option '--no' is ambiguous: '--no-pivot' or '--no-new-keyring'"
}

@test "missing, wrong and surplus values and operands are refused" {
	run --separate-stderr "$HULL" create --bundle
	is_usage_error 1 "flag needs an argument: --bundle"
	run --separate-stderr "$HULL" --root
	is_usage_error 1 "flag needs an argument: --root"
	run --separate-stderr "$HULL" create --preserve-fds=-1 id
	is_usage_error 1 "option '--preserve-fds': expected an unsigned number, got '-1'"
	run --separate-stderr "$HULL" create --preserve-fds 99999999999 id
	is_usage_error 1 "option '--preserve-fds': '99999999999' is out of range"
	run --separate-stderr "$HULL" list -f xml
	is_usage_error 1 "option '-f': 'xml' is none of: table, json"
	run --separate-stderr "$HULL" --log-format=xml list
	is_usage_error 1 "option '--log-format': 'xml' is none of: text, json"
	run --separate-stderr "$HULL" --cgroup-manager none list
	is_usage_error 1 "option '--cgroup-manager': 'none' is none of: cgroupfs, systemd, disabled"
	run --separate-stderr "$HULL" run --detach=perhaps id
	is_usage_error 125 "option '--detach' takes no value but true or false, got 'perhaps'"
	for command in create start state kill delete pause resume ps; do
		run --separate-stderr "$HULL" "$command"
		is_usage_error 1 "too few operands for '$command ID"
	done
	for command in create start state delete pause resume; do
		run --separate-stderr "$HULL" "$command" a b
		is_usage_error 1 "unexpected operand 'b' for '$command'"
	done
	run --separate-stderr "$HULL" list a
	is_usage_error 1 "unexpected operand 'a' for 'list'"
}

@test "a container's id has its rule" {
	for id in ../x a/b .x '' 'a b' a:b ü "$(printf 'x%.0s' {1..1025})"; do
		run --separate-stderr hull state "$id"
		[ "$status" -eq 1 ]
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr != *"does not exist"* ]]
		run --separate-stderr hull delete --force "$id"
		[ "$status" -eq 1 ]
	done
	for id in a A_b+c.d-e 0 _ +x -dash; do
		run --separate-stderr hull delete --force -- "$id"
		[ "$status" -eq 0 ]
	done
}

# ---- what engines probe and send ----

@test "podman's probes of checkpoint and restore" {
	run "$HULL" checkpoint --help
	[ "$status" -eq 0 ]
	run "$HULL" restore --lsm-mount-context
	[ "$status" -ne 0 ]
	[[ $output == *"flag needs an argument"* ]]
}

@test "commands of the next issue are named, take every option of runc and crun, and say that they are not there" {
	while read -r words; do
		# shellcheck disable=SC2086 # words are meant to be split
		run --separate-stderr hull $words
		is_usage_error 1 "this command is not there yet"
	done <<-'END'
		checkpoint --image-path D --work-path D --leave-running --tcp-established --ext-unix-sk --shell-job --file-locks --manage-cgroups-mode soft x
		checkpoint --parent-path D --pre-dump --lazy-pages --status-fd 3 --page-server 127.0.0.1:1 --empty-ns network --auto-dedup --link-remap x
		checkpoint --tcp-skip-in-flight --network-lock skip x
		restore --image-path D --work-path D --detach --pid-file F -no-subreaper --bundle B x
		restore --tcp-established --tcp-close --ext-unix-sk --shell-job --file-locks --manage-cgroups-mode=ignore --console-socket S --lsm-profile a:b x
		restore --lsm-mount-context c --no-pivot --empty-ns network --auto-dedup --lazy-pages --network-lock skip -d x
	END
}

@test "global options of runc, crun and youki are accepted before the command" {
	while read -r words; do
		# shellcheck disable=SC2086 # words are meant to be split
		run --separate-stderr "$HULL" $words features
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
	done <<-END
		--root $STATE --debug=false --log $DIR/l --log-format json --log-level error --rootless=true --criu criu
		--rootless auto --rootless false -rootless=true
		-root $STATE -log=$DIR/l -log-format text
		--cgroup-manager disabled
		--cgroup-manager cgroupfs
		-r $STATE -l file:$DIR/l
		--log=file:$DIR/l --log-level=debug
	END
}

@test "global options stand before or after the command" {
	mkdir "$STATE"
	run "$HULL" list --quiet --root "$STATE"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	run "$HULL" --root "$STATE" list --log-format=json --debug
	[ "$status" -eq 0 ]
}

@test "--debug tells the steps: on standard error, or in the log alone if there is one" {
	make_bundle
	args true
	run --separate-stderr hull --debug run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	grep -q "debug: enter: mounts: mount 'proc'" <<<"$stderr"
	run --separate-stderr hull --debug --log "$DIR/log" run -b "$BUNDLE" "$ID"
	[ -z "$stderr" ]
	grep -q "level=debug msg=\"enter: mounts: mount 'proc'" "$DIR/log"
	args sleep 60
	start_detached
	run --separate-stderr hull --debug --log "$DIR/json" --log-format json exec "$ID" true
	[ -z "$stderr" ]
	grep -q '"level":"debug","msg":"exec: join the namespaces of process' "$DIR/json"
	run --separate-stderr hull exec "$ID" true
	[ -z "$stderr" ]
}

@test "engines' calls of create, exec, kill, delete are understood" {
	# nothing exists: each must get as far as the container or the bundle, and fail there
	while read -r words; do
		# shellcheck disable=SC2086 # words are meant to be split
		run --separate-stderr hull $words
		[ "$status" -ne 0 ] && [[ $stderr == *nothing* ]] && [[ $stderr != *option* ]] && [[ $stderr != *operand* ]] || {
			echo "$words: $status: $stderr"
			return 1
		}
	done <<-END
		create --bundle /nothing --pid-file $DIR/p --no-pivot --no-new-keyring --console-socket $DIR/s --preserve-fds 1 id
		create id --bundle /nothing --pidfd-socket $DIR/s -no-subreaper
		create -b /nothing -f /nothing/c.json -p $DIR/p -c $DIR/s id
		create -bundle /nothing -no-pivot=false id
		run -d --keep --no-subreaper -b/nothing id
		run id -b=/nothing --detach=false
		exec --pid-file $DIR/p --process $DIR/p.json --detach nothing
		exec -p $DIR/p.json --console-socket $DIR/s --preserve-fds=2 nothing
		exec -t -d -u 1:2 -e A=1 --env B=2 -c CAP_KILL --cap CAP_CHOWN -g 5 --additional-gids 6 --cwd / --no-new-privs nothing ls -l --bad
		exec --apparmor p --process-label l --cgroup cpu:/x --cgroup / --ignore-paused --pidfd-socket s --no-subreaper nothing true
		start nothing
		state nothing
		pause nothing
		resume nothing
		kill nothing 9
		kill --all nothing KILL
		kill nothing SIGTERM -a
		delete nothing
		ps --format json nothing
		ps nothing -ef --bad
		mounts add nothing $DIR/m.json
	END
}

@test "delete --force of an unknown id succeeds, twice" {
	hull delete --force nothing
	hull delete -f nothing
	hull delete nothing --force
	run hull delete --force=false nothing
	[ "$status" -eq 1 ]
}

# ---- messages and exit codes ----

@test "exit codes of failures: 1, 125 for run, 255 for an engine's exec" {
	run hull run -b /nothing x
	[ "$status" -eq 125 ]
	run called runc run -b /nothing x
	[ "$status" -eq 1 ]
	run hull create -b /nothing x
	[ "$status" -eq 1 ]
	run hull exec nothing true
	[ "$status" -eq 125 ]
	run hull exec --process /nothing --detach nothing
	[ "$status" -eq 255 ]
	run hull exec --pid-file "$DIR/p" nothing true
	[ "$status" -eq 255 ]
	run called crun exec nothing true
	[ "$status" -eq 255 ]
	run called runc exec --frobnicate
	[ "$status" -eq 255 ]
	run hull exec nothing
	[ "$status" -eq 125 ]
	[[ $output == *"no command given"* ]]
	run hull exec -p p.json nothing ls
	[ "$status" -eq 255 ]
	[[ $output == *"unexpected operand 'ls'"* ]]
	run hull wait nothing
	[ "$status" -eq 125 ]
	run hull state nothing
	[ "$status" -eq 1 ]
}

@test "errors reach stderr and the log, as text and as JSON" {
	run --separate-stderr hull --log "$DIR/log" state nothing
	[ "$status" -eq 1 ]
	[[ $stderr == "hull: "* ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
	grep -q 'level=error msg=' "$DIR/log"
	run --separate-stderr hull --log "$DIR/json" --log-format json state nothing
	[[ $stderr == "hull: "* ]]
	[ "$(jq -r '.level' "$DIR/json")" = error ]
	[ "$(jq -r '.msg' "$DIR/json")" = "${stderr#hull: }" ]
	jq -e '.time | fromdateiso8601? // true' "$DIR/json" >/dev/null
	# the log grows
	run hull --log "$DIR/json" --log-format json state nothing2
	[ "$(jq -s length "$DIR/json")" -eq 2 ]
	# without a file, the format speaks of stderr
	run --separate-stderr hull --log-format json state nothing
	[ "$(jq -r .level <<<"$stderr")" = error ]
	# a wrong command line is logged too
	run hull --log "$DIR/usage" create --frobnicate
	grep -q frobnicate "$DIR/usage"
	run hull --log /nothing/log list
	[ "$status" -eq 1 ]
	[[ $output == *"/nothing/log"* ]]
}

@test "the name in messages is the one it was called by" {
	run --separate-stderr called crun state nothing
	[[ $stderr == "crun: "* ]]
	run --separate-stderr called runc create --x
	[[ $stderr == "runc: "*"see 'runc create --help'" ]]
}

@test "a full disk behind standard output is an error" {
	for command in features --help --version "spec -f -" "completion bash"; do
		# shellcheck disable=SC2086 # words are meant to be split
		run bash -c '"$HULL" $0 >/dev/full' "$command"
		[ "$status" -ne 0 ]
		[[ $output == *"cannot write to standard output: No space left on device"* ]]
	done
}

# ---- documents ----

@test "spec writes a config.json and never over one" {
	mkdir -p "$DIR/b"
	run "$HULL" spec --bundle "$DIR/b"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	jq -e '.ociVersion and .process.args and .linux.namespaces' "$DIR/b/config.json" >/dev/null
	cp "$DIR/b/config.json" "$DIR/copy"
	run "$HULL" spec -b "$DIR/b"
	[ "$status" -eq 1 ]
	[[ $output == "hull: cannot create '"*"config.json' (it is never overwritten"*"): File exists" ]]
	cmp "$DIR/copy" "$DIR/b/config.json"
	ln -s "$DIR/elsewhere" "$DIR/b/link"
	run "$HULL" spec -b "$DIR/b" -f link
	[ "$status" -eq 1 ]
	[ ! -e "$DIR/elsewhere" ]
	(cd "$DIR/b" && "$HULL" spec -f other.json && cmp other.json config.json)
	"$HULL" spec -f - | cmp - "$DIR/copy"
	"$HULL" spec --rootless -f - | jq -e '[.linux.namespaces[].type] | contains(["user"])' >/dev/null
	"$HULL" spec --rootless=false --config=- | cmp - "$DIR/copy"
	run "$HULL" spec -b "$DIR/nothing"
	[ "$status" -eq 1 ]
	[[ $output == "hull: cannot open '$DIR/nothing': No such file or directory" ]]
}

@test "features is a document that CRI-O and containerd can read" {
	run --separate-stderr "$HULL" features
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	jq -e '.ociVersionMin and .ociVersionMax and (.mountOptions | index("rro")) and (.hooks | length == 6) and .linux.namespaces' <<<"$output" >/dev/null
	# containerd refuses id-mapped mounts without it
	jq -e '.linux.mountExtensions.idmap.enabled' <<<"$output" >/dev/null
}

@test "explain prints the plan as text and as JSON" {
	make_bundle
	run "$HULL" explain "$BUNDLE"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -gt 10 ]
	text=$output
	run "$HULL" explain --bundle "$BUNDLE"
	[ "$output" = "$text" ]
	"$HULL" explain -f json "$BUNDLE" | jq -e . >/dev/null
	run "$HULL" explain "$DIR/nothing"
	[ "$status" -eq 1 ]
}

# ---- tables of live containers ----

@test "list: header, columns, ids, JSON, and what no directory means" {
	run --separate-stderr hull list
	[ "$status" -eq 1 ]
	[[ $stderr == *"$STATE"* ]] # it was named, so it must be there
	mkdir "$STATE"
	run hull list
	[ "$status" -eq 0 ]
	[ "$output" = "ID          PID         STATUS      BUNDLE      CREATED     OWNER" ]
	[ -z "$(hull list -q)" ]
	make_bundle
	args sleep 50
	start_detached "$ID-long-name-of-a-container"
	run hull list
	[ "${#lines[@]}" -eq 2 ]
	read -r id pid state bundle created owner <<<"${lines[1]}"
	[ "$id" = "$ID-long-name-of-a-container" ]
	[ "$state" = running ]
	[ "$bundle" = "$BUNDLE" ]
	[ "$owner" = root ]
	[[ $created == 20*T*Z ]]
	kill -0 "$pid"
	# columns stand below each other, three spaces apart
	for word in PID STATUS BUNDLE CREATED OWNER; do
		before=${lines[0]%%"$word"*}
		[ "${lines[1]:${#before}-3:3}" = "   " ]
		[ "${lines[1]:${#before}:1}" != " " ]
	done
	[ "$(hull list --quiet)" = "$id" ]
	[ "$(hull list -f json | jq -r '.[0].id + " " + (.[0].pid | tostring) + " " + .[0].status')" = "$id $pid running" ]
}

@test "exec: options end at the command, and -- ends them anywhere" {
	make_bundle
	args sleep 50
	start_detached
	run hull exec "$ID" echo -l --bad -- -t
	[ "$status" -eq 0 ]
	[ "$output" = "-l --bad -- -t" ]
	run hull exec -e A=1 "$ID" --env B=2 --cwd /tmp sh -c 'echo $A $B $PWD; exit 3'
	[ "$status" -eq 3 ]
	[ "$output" = "1 2 /tmp" ]
	run hull exec "$ID" -- echo x
	[ "$output" = x ]
	run -127 hull exec "$ID" nothing-here
	[ "$status" -eq 127 ]
	run hull exec "$ID" /etc/passwd
	[ "$status" -eq 126 ]
	run called crun exec "$ID" nothing-here
	[ "$status" -eq 255 ]
	run hull exec "$ID" sh -c 'kill -9 $$'
	[ "$status" -eq 137 ]
}

@test "ps: the table of ps(1) with the container's lines only, and pids as JSON" {
	make_bundle
	args sh -c 'sleep 51 & exec sleep 50'
	start_detached
	eventually eval '[ "$(hull ps -f json "$ID" | jq length)" -eq 2 ]'
	run hull ps "$ID"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[0]} == UID*PID* ]]
	[[ $output == *"sleep 50"*"sleep 51"* ]]
	run hull ps "$ID" -e -o pid,args
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[0]} == *PID*COMMAND* ]]
	run hull ps "$ID" -e -o args
	[ "$status" -eq 1 ]
	[[ $output == *"no column PID"* ]]
	run hull ps "$ID" --frobnicate
	[ "$status" -eq 1 ]
	run env PATH=/nothing "$HULL" --root "$STATE" ps "$ID"
	[ "$status" -eq 1 ]
	[[ $output == "hull: cannot run 'ps': No such file or directory" ]]
}

@test "kill and delete take an expression" {
	make_bundle
	args sleep 50
	start_detached "$ID-a1"
	start_detached "$ID-a2"
	start_detached "$ID-b1"
	hull kill --regex "^$ID-a" KILL
	eventually has_status stopped "$ID-a1"
	eventually has_status stopped "$ID-a2"
	has_status running "$ID-b1"
	hull delete -r "$ID-a[12]"
	[ "$(hull list -q)" = "$ID-b1" ]
	run hull delete --regex "$ID-.*"
	[ "$status" -eq 1 ] # it runs
	hull delete --force -r "$ID"
	[ -z "$(hull list -q)" ]
	run hull kill -r '(' KILL
	[ "$status" -eq 1 ]
}

@test "wait returns the status of a container that somebody else started, or prints it" {
	make_bundle
	args sh -c 'sleep 1; exit 7'
	start_detached
	run hull wait "$ID"
	[ "$status" -eq 7 ]
	[ -z "$output" ]
	start_again() { hull delete "$ID" && start_detached; }
	start_again
	run hull wait --print "$ID"
	[ "$status" -eq 0 ]
	[ "$output" = 7 ]
	start_again
	run hull wait --format json "$ID"
	[ "$(jq -r '.id + " " + (.status | tostring)' <<<"$output")" = "$ID 7" ]
}
