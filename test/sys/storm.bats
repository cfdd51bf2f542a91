# limit: 180
# A storm: 500 containers made and deleted in 8 loops side by side, half of the hulls killed at random moments. Afterwards `delete --force` leaves nothing.
load lib

LOOPS=8 TOTAL=500

# a moment between 0 and 20 ms; creating takes some 3 ms alone, and several times that in the storm
moment() { read -r -t "0.$(printf %04d $((RANDOM % 200)))" <>"$DIR/never" || true; }

# one ID COMMAND…: hull, killed at a random moment when the coin says so. Whatever ended by itself must have succeeded.
one()
{
	local id=$1 pid status=0 victim=$((RANDOM % 2))
	shift
	"$HULL" --root "$STATE" "$@" </dev/null >"$DIR/out.$id" 2>&1 3>&- &
	pid=$!
	if [ "$victim" -eq 1 ]; then
		moment
		kill -9 "$pid" 2>/dev/null || true
	fi
	wait "$pid" 2>/dev/null || status=$?
	case $victim$status in
	1137) echo "$id $1" >>"$DIR/shot.$LOOP" ;;
	?0) ;;
	*) echo "$id: $1: status $status: $(cat "$DIR/out.$id")" >>"$DIR/bad.$LOOP" ;;
	esac
}

# Every second container is run, the others are created and deleted with --force, also when the hull that created it was killed.
storm_loop()
{
	local number id
	LOOP=$1
	RANDOM=$((1000 + LOOP))
	for ((number = LOOP; number < TOTAL; number += LOOPS)); do
		id=$ID-$number
		echo "$id" >>"$DIR/made.$LOOP"
		if [ $((number / LOOPS % 2)) -eq 0 ]; then
			one "$id" run -b "$BUNDLE" "$id"
		else
			one "$id" create -b "$BUNDLE" "$id"
			one "$id" delete --force "$id"
		fi
	done
}

@test "500 containers in 8 loops, half of the hulls killed: delete --force leaves no cgroup, process, mount or state" {
	needs_hull
	make_bundle
	edit '.linux.resources += {"memory": {"limit": 67108864}, "pids": {"limit": 20}, "cpu": {"shares": 200}}'
	mkfifo "$DIR/never"
	local loop begin=$SECONDS pids=() left
	for ((loop = 0; loop < LOOPS; loop++)); do
		storm_loop "$loop" 3>&- &
		pids+=("$!")
	done
	wait "${pids[@]}"
	left=$(find "$STATE" -mindepth 1 -maxdepth 1 -type d | wc -l)
	echo "# $(cat "$DIR"/made.* | wc -l) containers in $((SECONDS - begin)) s, $(cat "$DIR"/shot.* | wc -l) hulls killed, $left containers left behind" >&3
	[ "$(sort -u "$DIR"/made.* | wc -l)" -eq "$TOTAL" ]
	[ "$(cat "$DIR"/shot.* | wc -l)" -gt 100 ]
	[ "$left" -gt 10 ]
	# those that nobody killed did what they should, among all that
	not cat "$DIR"/bad.* 2>/dev/null
	# (it succeeds too when there is nothing to delete)
	cat "$DIR"/made.* | timeout -k 2 60 xargs -n 1 -P 2 "$HULL" --root "$STATE" delete --force 3>&-
	[ "$(hull list --quiet)" = "" ]
	nothing_left() { leftovers >"$DIR/left" && [ ! -s "$DIR/left" ]; }
	eventually nothing_left || {
		cat "$DIR/left"
		return 1
	}
}
