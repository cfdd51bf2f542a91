#!/usr/bin/env bats
# hull try and directories: the times that a command leaves them, and whole trees that it moves.
load lib

setup_file()
{
	file_begin
	is_hull || skip "only hull does this, and HULL is another runtime"
}

# place: a directory of the host's with something in it, W
place()
{
	W=$DIR/host
	mkdir -p "$W/sub/deep"
	echo one >"$W/a"
	echo two >"$W/sub/b"
	echo three >"$W/sub/deep/c"
	chmod 644 "$W/a"
	export W
}

# times_of DIR: of all directories
times_of()
{
	(cd "$1" && find . -type d -printf '%p %T@\n' | sort)
}

@test "directories have the times that the command gave them; what did not change keeps its own" {
	place
	mkdir "$W/same" "$W/host"
	run -0 hull try --yes touch -d @1000000000 "$W/sub"
	[ "$output" = "m $W/sub/ (time)
hull: 1 change applied" ]
	[ "$(stat -c %Y "$W/sub")" = 1000000000 ]
	# a name that was changed explains the time; a file that was only written to explains none
	run -0 hull try --yes sh -c 'cd "$0"; echo x >>sub/deep/c; echo x >same/new; mkdir -p n/m; touch n/m/f; touch -d @5 n/m; touch -d @6 n; touch -d @7 .
		chmod 700 sub; find . -type d -printf "%p %T@\n" | sort' "$W"
	[ "$(times_of "$W")" = "$(grep '^\.' <<<"$output")" ]
	not grep -q '(time)' <<<"$output"
	[ "$(stat -c '%a %Y' "$W/sub")" = '700 1000000000' ]
	# what the host has changed since keeps the host's time
	run -0 hull try --keep "$DIR/kept" sh -c 'cd "$0"; echo x >>sub/deep/c; echo x >host/x; touch -d @8 same' "$W"
	touch "$W/host/y" "$W/same/y"
	touch -d @9 "$W/host" "$W/same"
	run -0 hull try show "$DIR/kept"
	not grep -q '(time)' <<<"$output"
	run -0 hull try apply "$DIR/kept"
	[ "$(stat -c %Y "$W/same")" = 9 ]
	[ "$(stat -c %Y "$W/host")" -gt 9 ]
	[ "$(stat -c %Y "$W/sub")" = 1000000000 ]
}

@test "what was in a directory that was deleted and made again is not there again, at any depth" {
	place
	mkdir -p "$W/sub/deep/er"
	echo four >"$W/sub/deep/er/d"
	run -0 hull try --yes sh -c 'cd "$0"; rm -r sub; mkdir -p sub/deep/er; echo new >sub/deep/er/n' "$W"
	[ "$(cd "$W/sub" && find . | sort)" = ".
./deep
./deep/er
./deep/er/n" ]
}

@test "what somebody mounts in a directory that is to be deleted stays" {
	place
	run -0 hull try --keep "$DIR/kept" rm -r "$W/sub"
	cat >"$DIR/inside" <<-'END'
		mount -t tmpfs t "$W/sub/deep"; echo mine >"$W/sub/deep/mine"
		! "$HULL" try apply "$DIR/kept" || exit 3
		! "$HULL" try apply --force "$DIR/kept" || exit 3
		cat "$W/sub/deep/mine"
		umount "$W/sub/deep"; mount --bind "$W" "$W/sub/deep"
		! "$HULL" try apply --force "$DIR/kept" || exit 3
		cat "$W/a"
	END
	run -0 unshare -m --propagation private bash "$DIR/inside"
	[[ $output == *"Resource busy"*$'\nmine\n'*$'\none' ]]
	run -0 hull try apply --force "$DIR/kept"
	[ ! -e "$W/sub" ]
}

@test "an ordinary user's directories have the times that the command gave them" {
	user_up
	rm -rf "$USER_HOME/w"
	as_user sh -c 'mkdir -p ~/w/sub ~/w/same; echo one >~/w/sub/a; touch -d @5 ~/w/same'
	run -0 as_user "$HULL" try --yes sh -c 'cd ~/w; touch -d @7 sub; echo x >>sub/a; echo x >b; touch -d @6 ~/w'
	[[ $output == *"A $USER_HOME/w/b"* ]]
	not grep -q '(time)' <<<"$output"
	[ "$(stat -c '%Y' "$USER_HOME/w" "$USER_HOME/w/sub" "$USER_HOME/w/same" | tr '\n' ' ')" = '6 7 5 ' ]
	run -0 as_user "$HULL" try --yes touch -d @8 "$USER_HOME/w/sub"
	[[ $output == *"m $USER_HOME/w/sub/ (time)
"*"1 change applied" ]]
	[ "$(stat -c '%Y' "$USER_HOME/w/sub")" -eq 8 ]
}
