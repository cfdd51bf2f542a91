# shellcheck shell=bash disable=SC2154 # output and status are bats'
# What the suites of sandboxes share: an ordinary user, a directory of his, WORK, with a file in it, and a place for records, RESULT.
load lib

setup_file()
{
	file_begin
	user_up
}

setup()
{
	test_begin
	WORK=$DIR/work RESULT=$DIR/result/record.json
	mkdir "$WORK"
	echo text >"$WORK/file"
	chown -R "$TEST_USER:" "$WORK"
	install -d -m 777 "$DIR/result"
}

# record FILTER: of the record
record() { jq -cr "$1" "$RESULT"; }
