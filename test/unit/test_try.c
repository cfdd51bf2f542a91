/* hull try without running anything: what is found in an upper tree, how it is printed and compared. */
#include "try_fixture.h"

static void nothing_changed(void)
{
	fresh();
	CHECK_STRING(list(), "");
	make_dir("upper/0/d");
	copy_up("a");
	copy_up("d/b");
	CHECK_STRING(list(), "");
}

static void kinds_of_changes(void)
{
	fresh();
	make_dir("upper/0/d");
	make_dir("upper/0/new");
	write_text("upper/0/new/x", "x");
	write_text("upper/0/a", "ONE\n");
	copy_up("d/b");
	CHECK(fchmodat(dir, "upper/0/d/b", 0600, 0) == 0);
	whiteout("d/e");
	whiteout("never-there");
	CHECK(symlinkat("/etc/passwd", dir, "upper/0/link") == 0);
	CHECK_STRING(list(), "M /there/a\nm /there/d/b (mode 0644 -> 0600)\nD /there/d/e/\nA /there/link (symlink)\nA /there/new/\nA /there/new/x\n");
}

static void content_counts_not_time(void)
{
	fresh();
	copy_up("a");
	/* the same size and time, another content */
	{
		struct stat st;
		scope_fd int fd = openat(dir, "upper/0/a", O_WRONLY);

		(void)fstat(fd, &st);
		CHECK(pwrite(fd, "ONE", 3, 0) == 3);
		CHECK(futimens(fd, (struct timespec[]){ st.st_atim, st.st_mtim }) == 0);
	}
	CHECK_STRING(list(), "M /there/a\n");
	copy_up("a");
	CHECK(utimensat(dir, "upper/0/a", (struct timespec[]){ { .tv_sec = 1 }, { .tv_sec = 1 } }, 0) == 0);
	CHECK_STRING(list(), "m /there/a (time)\n");
}

static void set_time(const char *path, time_t seconds)
{
	CHECK(utimensat(dir, path, (struct timespec[]){ { .tv_sec = seconds }, { .tv_sec = seconds } }, 0) == 0);
}

static void times_of_directories(void)
{
	struct stat st;

	fresh();
	watched = INT64_MAX;
	make_dir("upper/0/d");
	make_dir("upper/0/d/e");
	copy_up("d/b");
	set_time("lower", 1);
	set_time("upper/0", 1);
	set_time("lower/d", 2);
	set_time("upper/0/d", 3);
	set_time("lower/d/e", 4);
	set_time("upper/0/d/e", 4);
	CHECK_STRING(list(), "m /there/d/ (time)\n");
	/* a name in it explains it */
	write_text("upper/0/d/n", "x");
	write_text("upper/0/d/e/c", "changed\n");
	set_time("upper/0/d", 3);
	set_time("upper/0/d/e", 4);
	CHECK_STRING(list(), "M /there/d/e/c\nA /there/d/n\n");
	/* what the host has changed since keeps its own time */
	watched = 0;
	record();
	CHECK(apply(&plain, 0) == 2);
	CHECK(fstatat(dir, "lower/d", &st, 0) == 0 && st.st_mtime > 4);
	CHECK_STRING(list(), "");
	watched = INT64_MAX;
	CHECK_STRING(list(), "m /there/d/ (time)\nm /there/d/e/ (time)\n");
	/* otherwise it is given on, and given back where only a file was replaced */
	set_time("lower/d/e", 4);
	write_text("upper/0/d/e/c", "again\n");
	set_time("upper/0/d/e", 4);
	record();
	CHECK(apply(&plain, 0) == 2);
	CHECK(fstatat(dir, "lower/d", &st, 0) == 0 && st.st_mtime == 3);
	CHECK(fstatat(dir, "lower/d/e", &st, 0) == 0 && st.st_mtime == 4);
	CHECK(fstatat(dir, "lower", &st, 0) == 0 && st.st_mtime == 1);
	CHECK_STRING(list(), "");
	watched = 0;
}

static void opaque_directories(void)
{
	fresh();
	make_dir("upper/0/d");
	write_text("upper/0/d/b", "two, again\n");
	mark("d", "user.overlay.opaque", "y");
	CHECK_STRING(list(), "M /there/d/b\nD /there/d/e/\n");
	/* what it hides is hidden in the directories of it that are there again, which overlayfs does not mark */
	make_dir("upper/0/d/e");
	CHECK_STRING(list(), "M /there/d/b\nD /there/d/e/c\n");
	CHECK(tree_remove(dir, "upper/0/d/e") == 0);
	/* the command's own attributes are none of overlayfs's */
	mark("d", "user.overlay.opaque", "n");
	CHECK_STRING(list(), "M /there/d/b\n");
	mark("d", "user.mine", "y");
	CHECK_STRING(list(), "m /there/d/ (attributes)\nM /there/d/b\n");
}

static void whiteouts_as_files(void)
{
	fresh();
	make_dir("upper/0/d");
	write_text("upper/0/d/b", "");
	mark("d/b", "user.overlay.whiteout", "y");
	CHECK_STRING(list(), "M /there/d/b\n");
	mark("d", "user.overlay.opaque", "x");
	CHECK_STRING(list(), "D /there/d/b\n");
}

static void marks_beside_the_tree(void)
{
	struct change_mark marks[] = {
		{ MARK_WHITEOUT, 0, "a" }, { MARK_WHITEOUT, 0, "d/b/c" }, { MARK_WHITEOUT, 0, "not/there" }, { MARK_OPAQUE, 0, "d/e" }, { MARK_WHITEOUT, 0, "d/b" },
	};

	fresh();
	make_dir("upper/0/d");
	make_dir("upper/0/d/e");
	CHECK_STRING(list(), "");
	review.changes.n = 0;
	review.changes.marks = marks;
	review.changes.n_marks = ARRAY_SIZE(marks);
	changes_sort_marks(&review.changes);
	CHECK(changes_find(&review.changes) == 0);
	CHECK_STRING(changes_print(&review.changes), "D /there/a\nD /there/d/b\nD /there/d/e/c\n");
	/* and how they come about */
	whiteout("gone");
	mark("d/e", "user.overlay.opaque", "y");
	CHECK(find() == 0);
	review.changes.n = review.changes.n_marks = 0;
	review.changes.raw = true;
	CHECK(changes_find(&review.changes) == 0 && review.changes.n_marks == 2);
	changes_sort_marks(&review.changes);
	CHECK(review.changes.n_marks == 2 && review.changes.marks[0].kind == MARK_OPAQUE && review.changes.marks[1].kind == MARK_WHITEOUT);
	CHECK_STRING(review.changes.marks[0].path, "d/e");
	CHECK_STRING(review.changes.marks[1].path, "gone");
}

static void redirects_are_refused(void)
{
	fresh();
	make_dir("upper/0/d");
	mark("d", "user.overlay.redirect", "/etc");
	CHECK(find() < 0);
	mark("d", "user.overlay.redirect", "/a/path/that/is/longer/than/any/of/the/marks/that/we/know/and/need/not/be/read");
	CHECK(find() < 0);
	/* also where they could be followed: to what is no directory, or through a link */
	moves = true;
	fresh();
	make_dir("elsewhere");
	CHECK(symlinkat("../elsewhere", dir, "lower/link") == 0);
	make_dir("upper/0/n");
	mark("n", "user.overlay.redirect", "/link");
	CHECK(find() < 0);
	mark("n", "user.overlay.redirect", "link");
	CHECK(find() < 0);
	mark("n", "user.overlay.redirect", "/a");
	CHECK(find() < 0);
	mark("n", "user.overlay.redirect", "/d/../../elsewhere");
	CHECK(find() < 0);
	moves = false;
	fresh();
	copy_up("a");
	mark("a", "user.overlay.metacopy", "");
	mark("a", "user.overlay.metacopy", "y");
	CHECK(find() < 0);
}

/* d became n, and d/e became n/x */
static void renamed_directories_are_filled(void)
{
	fresh();
	moves = true;
	whiteout("d");
	make_dir("upper/0/n");
	mark("n", "user.overlay.redirect", "d");
	make_dir("upper/0/n/x");
	mark("n/x", "user.overlay.redirect", "e");
	whiteout("n/e");
	write_text("upper/0/n/x/new", "x");
	CHECK_STRING(list(), "D /there/d/\nA /there/n/\nA /there/n/b\nA /there/n/x/\nA /there/n/x/c\nA /there/n/x/new\n");
	moves = false;
	/* and need no other directory from then on */
	record();
	CHECK(apply(&plain, 0) == 6);
	CHECK_STRING(read_text("lower/n/x/c"), "three\n");
	CHECK_STRING(list(), "");
}

static void names_are_escaped(void)
{
	fresh();
	write_text("upper/0/two\nlines\x1b[31m\\\xff", "x");
	write_text("upper/0/gr\xc3\xbcn", "x");
	write_text("upper/0/\xe2\x80\xaetxt", "x");
	CHECK_STRING(list(), "A /there/gr\xc3\xbcn\nA /there/two\\nlines\\x1b[31m\\\\\\xff\nA /there/\\xe2\\x80\\xaetxt\n");
	CHECK(strstr(changes_print_json(&review.changes), "\"escapedPath\": \"/there/two\\\\nlines"));
	record();
	CHECK(apply(&plain, 0) == 3);
	CHECK(exists("lower/two\nlines\x1b[31m\\\xff"));
}

static void differences(void)
{
	scope_fd int out = NO_FD;

	fresh();
	write_text("upper/0/a", "ONE\n");
	write_text("upper/0/n", "new\n");
	write_text("upper/0/bin", "x");
	{
		scope_fd int fd = openat(dir, "upper/0/bin", O_WRONLY);

		CHECK(write(fd, "\0\1", 2) == 2);
	}
	CHECK(find() == 0);
	out = openat(dir, "diff", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	CHECK(changes_diff(&review.changes, out) == 0);
	CHECK_STRING(read_text("diff"), "--- a/there/a\n+++ b/there/a\n@@ -1 +1 @@\n-one\n+ONE\n/there/bin: binary file added\n"
					"--- /dev/null\n+++ b/there/n\n@@ -0,0 +1 @@\n+new\n");
}

int main(void)
{
	if (!begin())
		return 1;
	RUN(nothing_changed);
	RUN(kinds_of_changes);
	RUN(content_counts_not_time);
	RUN(times_of_directories);
	RUN(opaque_directories);
	RUN(whiteouts_as_files);
	RUN(marks_beside_the_tree);
	RUN(redirects_are_refused);
	RUN(renamed_directories_are_filled);
	RUN(names_are_escaped);
	RUN(differences);
	return end();
}
