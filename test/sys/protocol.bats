# shellcheck disable=SC2015,SC2016,SC2154 # command lines are data here; bats sets output, stderr and status
# bubblewrap's protocol over descriptors: what hull as bwrap tells, waits for, holds and loads is what the real one does, to the byte.
load lib

setup_file()
{
	file_begin
	ln -s hull "$FILE_DIR/bin/bwrap"
	cp "$HERE/protocol.py" "$FILE_DIR/bin"
	user_up
}

@test "root: the same as bubblewrap" {
	command -v bwrap >/dev/null || skip "no bubblewrap here"
	timeout 60 python3 "$FILE_DIR/bin/protocol.py" "$(command -v bwrap)" >"$DIR/expected" 3>&-
	timeout 60 python3 "$FILE_DIR/bin/protocol.py" "$FILE_DIR/bin/bwrap" >"$DIR/seen" 3>&-
	diff "$DIR/expected" "$DIR/seen"
}

@test "an ordinary user: the same as bubblewrap" {
	command -v bwrap >/dev/null || skip "no bubblewrap here"
	as_user timeout 60 python3 "$FILE_DIR/bin/protocol.py" "$(command -v bwrap)" >"$DIR/expected"
	as_user timeout 60 python3 "$FILE_DIR/bin/protocol.py" "$FILE_DIR/bin/bwrap" >"$DIR/seen"
	diff "$DIR/expected" "$DIR/seen"
}

@test "somebody else writes the id maps" {
	timeout 60 python3 "$FILE_DIR/bin/protocol.py" "$FILE_DIR/bin/bwrap" maps >"$DIR/seen" 3>&-
	grep -F "userns-block-fd [b'0', b'100000', b'10']" "$DIR/seen"
}
