#!/usr/bin/env bats
# hull try and directories: the times that a command leaves them, and whole trees that it moves.
load try

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

# moves: Python that renames directories of $W/t, before and after other changes
moves()
{
	cat <<-'END'
		import os, shutil, sys
		os.chdir(sys.argv[1])
		os.rename('a', 'p/a2'); os.rename('p/a2/b', 'p/a2/b2'); os.rename('p/a2/b2/c', 'c3'); os.rename('p', 'q')
		os.mkdir('a'); open('a/new', 'w').write('n'); os.rename('q/a2/b2', 'a/bb')
		open('q/a2/f', 'a').write('more'); os.unlink('q/a2/gone'); os.chmod('q/a2/x', 0o700)
		os.rename('s', 't'); os.rename('u', 's'); os.rename('t', 'u'); open('s/f', 'a').write('in s')
		os.rmdir('empty'); os.rename('e', 'empty'); open('empty/z', 'w').write('z')
		shutil.rmtree('q/a2/x/deep'); os.mkdir('q/a2/x/deep'); os.rename('q/a2/x', 'x')
		os.utime('u', ns=(5, 5))
	END
}

@test "root renames directories: of renamed ones, with changes in them, crosswise, onto others; as the command saw it, so the host is" {
	local tree
	for tree in "$DIR/t" "$DIR/real"; do
		mkdir -p "$tree"/{a/b/c,a/x/y,a/x/deep/er,p/k,s/sub,u,empty,e/e2}
		(cd "$tree" && for f in a/f a/gone a/b/c/f a/x/y/f a/x/deep/er/f s/f s/sub/f u/f u/g e/e2/f; do echo "$f" >$f; done; ln a/x/y/f a/link; chown 12:34 a/x/y)
		find "$tree" -exec touch -d @1000000000 {} +
	done
	moves >"$DIR/moves.py"
	run -0 hull try --yes sh -c 'python3 "$0" "$1" && cd "$1" && find . -printf "%y %m %u:%g %p %T@\n" | sort' "$DIR/moves.py" "$DIR/t"
	[ "$(cd "$DIR/t" && find . -printf '%y %m %u:%g %p %T@\n' | sort)" = "$(grep -E '^[dfl] ' <<<"$output")" ]
	[[ $output == *"D $DIR/t/p/"*"A $DIR/t/q/a2/"* ]]
	python3 "$DIR/moves.py" "$DIR/real"
	diff -r "$DIR/real" "$DIR/t"
}

@test "a renamed directory: git mv, what the host changed in it since, and a redirection that the command would make itself" {
	place
	git -C "$W" init -q
	git -C "$W" add sub
	run -0 hull try --yes git -C "$W" mv sub new
	[ "$(git -C "$W" ls-files)" = $'new/b\nnew/deep/c' ]
	[ "$(cat "$W/new/deep/c")" = three ]
	[ ! -e "$W/sub" ]
	run -0 hull try --keep "$DIR/kept" python3 -c 'import os, sys
try:
    os.setxattr(sys.argv[1] + "/new", "trusted.overlay.redirect", b"/etc")
except PermissionError:
    print("refused")
os.rename(sys.argv[1] + "/new", sys.argv[1] + "/newer")' "$W"
	[[ $output == *"refused"* ]]
	echo host >"$W/new/deep/c"
	refuses "'$W/new' has changed" -- "$HULL" try apply "$DIR/kept"
	run -0 hull try apply --force "$DIR/kept"
	[ "$(cat "$W/newer/deep/c")" = three ]
	[ ! -e "$W/new" ]
}

@test "an ordinary user's directory that was there is renamed by copying, as --help says; one that the command made is renamed" {
	user_up
	rm -rf "$USER_HOME/w"
	as_user sh -c 'mkdir -p ~/w/sub/deep; echo one >~/w/sub/deep/a'
	local rename='import os, sys; os.rename(sys.argv[1], sys.argv[2])'
	run -1 as_user "$HULL" try --yes /usr/bin/python3 -c "$rename" "$USER_HOME/w/sub" "$USER_HOME/w/other"
	[[ $output == *"Invalid cross-device link"*"nothing was changed"* ]]
	run -0 hull try --help
	[[ ${output//[[:space:]]/ } == *"'Invalid cross-device link'"* ]]
	run -0 as_user "$HULL" try --yes mv "$USER_HOME/w/sub" "$USER_HOME/w/other"
	[ ! -e "$USER_HOME/w/sub" ]
	[ "$(cat "$USER_HOME/w/other/deep/a")" = one ]
	run -0 as_user "$HULL" try --yes sh -c 'mkdir ~/w/new && echo x >~/w/new/f && exec /usr/bin/python3 -c "$0" ~/w/new ~/w/newer' "$rename"
	[ "$(ls "$USER_HOME/w/newer")" = f ]
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
