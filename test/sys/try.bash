# shellcheck shell=bash
# What the suites of hull try share: a directory of the host to try things on.
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
