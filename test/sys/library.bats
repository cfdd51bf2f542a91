# What `make install` installs for programs: a header, a library and its pkg-config file, used by a program of twenty lines; and that uninstall takes all of it away.
load lib

# (-o all: what the suite was built from is installed, nothing is built)
setup_file()
{
	file_begin
	make -s -o all -C "$HERE/../.." install DESTDIR="$FILE_DIR/tree" PREFIX=/usr >"$FILE_DIR/install.log" 2>&1 || {
		cat "$FILE_DIR/install.log"
		return 1
	}
}

flags() { PKG_CONFIG_SYSROOT_DIR=$FILE_DIR/tree PKG_CONFIG_LIBDIR=$FILE_DIR/tree/usr/lib/pkgconfig pkg-config "$@" hull; }

@test "a program of twenty lines runs a container" {
	cat >"$DIR/program.c" <<-'END'
		#include <hull.h>
		#include <stdio.h>
		/* a name that the library uses inside */
		int fail(void) { return 7; }
		int main(int argc, char **argv)
		{
			struct hull_options options = { .size = sizeof(options), .root = argv[1], .name = "program" };
			struct hull_create_options create = { .size = sizeof(create), .bundle = argv[2] };
			struct hull *hull;
			int status = 0, r;
			if (argc != 4 || hull_open(&options, &hull) < 0)
				return 99;
			r = hull_run(hull, argv[3], &create, &status);
			printf("returned %d, status %d, error '%s'\n", r, status, hull_error(hull));
			hull_close(hull);
			return r < 0 ? 1 : status + fail();
		}
	END
	# shellcheck disable=SC2046 # words are wanted
	musl-gcc -static -Wall -Wextra -Werror $(flags --cflags) "$DIR/program.c" $(flags --libs) -o "$DIR/program"
	make_bundle
	args sh -c 'echo "in $(hostname)"; exit 5'
	edit '.hostname = "library"'
	run "$DIR/program" "$STATE" "$BUNDLE" "$ID"
	[ "$output" = $'in library\nreturned 0, status 5, error \'\'' ]
	[ "$status" -eq 12 ]
	edit '.process.cwd = "nowhere"'
	run "$DIR/program" "$STATE" "$BUNDLE" "$ID"
	[ "$status" -eq 1 ]
	[[ $output == *"returned -1, status 0, error 'process.cwd: "* ]]
}

@test "a program that threw its environment away starts one sandbox after the other, and is told of as before" {
	cat >"$DIR/program.c" <<-'END'
		#include <hull.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <sys/prctl.h>
		int main(int argc, char **argv)
		{
			struct hull_options options = { .size = sizeof(options), .name = "program" };
			const char *const command[] = { "/bin/true", NULL };
			struct hull_sandbox_options sandbox = HULL_SANDBOX_OPTIONS;
			struct hull *hull;
			int status = 0, r = hull_protect_executable(argv);
			sandbox.args = command;
			(void)clearenv();
			if (argc != 1 || r < 0 || hull_open(&options, &hull) < 0)
				return 99;
			for (int i = 0; i < 2; i++) {
				r = hull_sandbox(hull, &sandbox, &status);
				printf("returned %d, status %d, error '%s', dumpable %d\n", r, status, hull_error(hull), prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
			}
			hull_close(hull);
			return 0;
		}
	END
	# shellcheck disable=SC2046 # words are wanted
	musl-gcc -static -Wall -Wextra -Werror $(flags --cflags) "$DIR/program.c" $(flags --libs) -o "$DIR/program"
	local twice=$'returned 0, status 0, error \'\', dumpable 1\nreturned 0, status 0, error \'\', dumpable 1'
	run "$DIR/program"
	[ "$output" = "$twice" ]
	install -m 755 "$DIR/program" "$BATS_TMPDIR/twice.$$"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$BATS_TMPDIR/twice.$$"
	rm "$BATS_TMPDIR/twice.$$"
	[ "$output" = "$twice" ]
}

@test "the library shows what hull.h declares, and nothing else" {
	nm -g --defined-only "$FILE_DIR/tree/usr/lib/libhull.a" | awk 'NF == 3 { print $3 }' | sort >"$DIR/shown"
	grep -oE '\bhull_[a-z_]+\(' "$FILE_DIR/tree/usr/include/hull.h" | tr -d '(' | sort -u >"$DIR/declared"
	comm -13 "$DIR/declared" "$DIR/shown" >"$DIR/more"
	[ ! -s "$DIR/more" ]
	grep -qx hull_run "$DIR/shown"
	[ "$(flags --modversion)" = "$("$HULL" --version | sed -n 's/.* version //p')" ]
}

@test "uninstall takes away what install installed" {
	[ -x "$FILE_DIR/tree/usr/bin/hull" ]
	make -s -C "$HERE/../.." uninstall DESTDIR="$FILE_DIR/tree" PREFIX=/usr
	find "$FILE_DIR/tree" ! -type d >"$DIR/left"
	[ ! -s "$DIR/left" ]
}
