/*
 * hull try without running anything: upper and lower trees are made by hand, with overlayfs's marks as files and attributes; what is found, printed, compared
 * with its record, refused and applied.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/scope.h"
#include "base/tree.h"
#include "run/try.h"
#include "unit.h"

static char top[] = "/tmp/hull-try.XXXXXX";
static int dir, state;
static struct hull hull;
static struct try_review review;
static const struct hull_review_options plain = { .size = sizeof(plain) }, forced = { .size = sizeof(forced), .force = true, .allow_dangers = true },
	trusting = { .size = sizeof(trusting), .allow_dangers = true };

static void make_dir(const char *path)
{
	if (mkdirat(dir, path, 0755) < 0 && errno != EEXIST)
		printf("# cannot make %s\n", path);
}

static void write_text(const char *path, const char *text)
{
	scope_fd int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || io_write_all(fd, text, strlen(text)) < 0)
		printf("# cannot write %s\n", path);
}

static const char *read_text(const char *path)
{
	char *text;

	return io_read_file(dir, path, 1 << 20, &hull.arena, &text, NULL) < 0 ? NULL : text;
}

static bool exists(const char *path)
{
	struct stat st;

	return fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static mode_t mode_of(const char *path)
{
	struct stat st = { 0 };

	(void)fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW);
	return st.st_mode;
}

/* as a copy-up does: the same, the time too */
static void copy_up(const char *name)
{
	const char *from = arena_printf(&hull.arena, "lower/%s", name), *to = arena_printf(&hull.arena, "upper/0/%s", name);
	struct stat st;

	(void)fstatat(dir, from, &st, AT_SYMLINK_NOFOLLOW);
	write_text(to, read_text(from));
	(void)utimensat(dir, to, (struct timespec[]){ { .tv_nsec = UTIME_OMIT }, st.st_mtim }, 0);
}

static void whiteout(const char *name)
{
	if (mknodat(dir, arena_printf(&hull.arena, "upper/0/%s", name), S_IFCHR, makedev(0, 0)) < 0)
		printf("# no whiteout\n");
}

static void mark(const char *name, const char *attribute, const char *value)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/upper/0/%s", top, name);
	if (setxattr(path, attribute, value, strlen(value), 0) < 0)
		printf("# no attribute\n");
}

static void close_review(void)
{
	(void)close_fd(review.roots[0].upper);
	(void)close_fd(review.roots[0].lower);
	memset(&review, 0, sizeof(review));
	review.roots[0].upper = review.roots[0].lower = NO_FD;
}

static int find(void)
{
	close_review();
	review.state = (struct try_state){ .dir = state, .path = top, .n_roots = 1, .started = INT64_MAX };
	review.roots[0] = (struct change_root){ .path = "/there", .upper = openat(dir, "upper/0", O_PATH), .lower = openat(dir, "lower", O_PATH) };
	review.changes = (struct changes){
		.arena = &hull.arena, .error = &hull.error, .xattrs = "user.overlay.", .roots = review.roots, .n_roots = 1,
	};
	return changes_find(&review.changes);
}

static const char *list(void)
{
	return find() < 0 ? hull.error.text : changes_print(&review.changes);
}

/* The command has ended: find, record, and find again later. */
static void record(void)
{
	CHECK(find() == 0);
	CHECK(try_write_records(&hull, &review.state, &review.changes) == 0);
}

static size_t apply(const struct hull_review_options *o, int wanted)
{
	size_t done = 0;

	CHECK(find() == 0);
	CHECK(try_apply(&hull, &review, o, &done) == wanted);
	return done;
}

static void fresh(void)
{
	CHECK(tree_remove(dir, "upper") == 0 && tree_remove(dir, "lower") == 0);
	make_dir("upper");
	make_dir("upper/0");
	make_dir("lower");
	make_dir("lower/d");
	make_dir("lower/d/e");
	write_text("lower/a", "one\n");
	write_text("lower/d/b", "two\n");
	write_text("lower/d/e/c", "three\n");
}

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
	(void)fchmodat(dir, "upper/0/d/b", 0600, 0);
	whiteout("d/e");
	whiteout("never-there");
	(void)symlinkat("/etc/passwd", dir, "upper/0/link");
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
		(void)futimens(fd, (struct timespec[]){ st.st_atim, st.st_mtim });
	}
	CHECK_STRING(list(), "M /there/a\n");
	copy_up("a");
	(void)utimensat(dir, "upper/0/a", (struct timespec[]){ { .tv_sec = 1 }, { .tv_sec = 1 } }, 0);
	CHECK_STRING(list(), "m /there/a (time)\n");
}

static void types_change(void)
{
	fresh();
	make_dir("upper/0/a");
	write_text("upper/0/a/in", "x");
	write_text("upper/0/d", "now a file");
	CHECK_STRING(list(), "M /there/a/ (file -> directory)\nA /there/a/in\nM /there/d (directory -> file)\n");
	record();
	CHECK(apply(&plain, 0) == 3);
	CHECK_STRING(read_text("lower/a/in"), "x");
	CHECK_STRING(read_text("lower/d"), "now a file");
	CHECK_STRING(list(), "");
}

static void opaque_directories(void)
{
	fresh();
	make_dir("upper/0/d");
	write_text("upper/0/d/b", "two, again\n");
	mark("d", "user.overlay.opaque", "y");
	CHECK_STRING(list(), "M /there/d/b\nD /there/d/e/\n");
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
	fresh();
	copy_up("a");
	mark("a", "user.overlay.metacopy", "");
	mark("a", "user.overlay.metacopy", "y");
	CHECK(find() < 0);
}

static void hard_links(void)
{
	struct stat a, b;

	fresh();
	write_text("upper/0/x", "linked");
	(void)linkat(dir, "upper/0/x", dir, "upper/0/y", 0);
	copy_up("a");
	(void)linkat(dir, "upper/0/a", dir, "upper/0/also-a", 0);
	CHECK_STRING(list(), "A /there/also-a (link to /there/a)\nA /there/x\nA /there/y (link to /there/x)\n");
	record();
	CHECK(apply(&plain, 0) == 3);
	CHECK(fstatat(dir, "lower/x", &a, 0) == 0 && fstatat(dir, "lower/y", &b, 0) == 0 && a.st_ino == b.st_ino);
	CHECK(fstatat(dir, "lower/a", &a, 0) == 0 && fstatat(dir, "lower/also-a", &b, 0) == 0 && a.st_ino == b.st_ino);
	CHECK_STRING(read_text("lower/also-a"), "one\n");
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

static void dangers_are_refused(void)
{
	fresh();
	write_text("upper/0/su", "x");
	(void)fchmodat(dir, "upper/0/su", 04755, 0);
	write_text("upper/0/sg", "x");
	(void)fchmodat(dir, "upper/0/sg", 02755, 0);
	write_text("upper/0/harmless", "x");
	record();
	CHECK(strstr(list(), "A /there/sg (!!! SET-GROUP-ID of group"));
	CHECK(strstr(list(), "A /there/su (!!! SET-USER-ID of user"));
	CHECK(apply(&plain, -1) == 0);
	CHECK(!exists("lower/harmless") && !exists("lower/su"));
	CHECK(apply(&trusting, 0) == 3);
	CHECK((mode_of("lower/su") & 07777) == 04755);
	CHECK_STRING(list(), "");
	/* what was set-user-ID already and has another content is as dangerous; with other times only it is not */
	copy_up("su");
	(void)fchmodat(dir, "upper/0/su", 04755, 0);
	(void)utimensat(dir, "upper/0/su", (struct timespec[]){ { .tv_sec = 1 }, { .tv_sec = 1 } }, 0);
	CHECK_STRING(list(), "m /there/su (time)\n");
	write_text("upper/0/su", "worse");
	(void)fchmodat(dir, "upper/0/su", 04755, 0);
	CHECK(strstr(list(), "M /there/su (!!! SET-USER-ID"));
}

static void conflicts_are_refused(void)
{
	static const struct {
		const char *path, *text;
	} rows[] = { { "lower/a", "the host's" }, { "lower/d/e/c", "the host's" }, { "lower/new", "the host's" } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fresh();
		write_text("upper/0/a", "changed\n");
		write_text("upper/0/new", "new\n");
		make_dir("upper/0/d");
		whiteout("d/e");
		record();
		/* what the host changes in a directory that is deleted is told by its ctime, so the start must lie before it */
		{
			struct timespec now, tick;

			(void)clock_gettime(CLOCK_REALTIME, &now);
			do
				(void)clock_gettime(CLOCK_REALTIME_COARSE, &tick);
			while (tick.tv_sec < now.tv_sec || (tick.tv_sec == now.tv_sec && tick.tv_nsec <= now.tv_nsec));
			write_text(rows[i].path, rows[i].text);
			CHECK(find() == 0);
			review.state.started = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
		}
		{
			size_t done = 0;

			CHECK(try_apply(&hull, &review, &plain, &done) < 0 && done == 0);
			CHECK(strstr(hull.error.text, "nothing was applied: 1 of the changes need --force"));
		}
		CHECK_STRING(read_text(rows[i].path), "the host's");
		CHECK(exists("lower/d/e"));
		CHECK(apply(&forced, 0) == 3);
		CHECK_STRING(read_text("lower/a"), "changed\n");
		CHECK_STRING(read_text("lower/new"), "new\n");
		CHECK(!exists("lower/d/e"));
	}
}

static void links_on_the_host_are_not_followed(void)
{
	fresh();
	make_dir("elsewhere");
	make_dir("upper/0/d");
	write_text("upper/0/d/planted", "x");
	record();
	CHECK(tree_remove(dir, "lower/d") == 0);
	(void)symlinkat("../elsewhere", dir, "lower/d");
	/* to the list it is a directory that took a link's place, so the link goes */
	CHECK(apply(&plain, -1) == 0);
	CHECK(apply(&forced, 0) == 2);
	CHECK(!exists("elsewhere/planted") && S_ISDIR(mode_of("lower/d")) && exists("lower/d/planted"));
	/* between listing and applying */
	fresh();
	make_dir("upper/0/d");
	write_text("upper/0/d/planted", "x");
	record();
	CHECK(find() == 0);
	CHECK(tree_remove(dir, "lower/d") == 0);
	(void)symlinkat("../elsewhere", dir, "lower/d");
	{
		size_t done = 0;

		CHECK(try_apply(&hull, &review, &forced, &done) < 0 && done == 0);
	}
	CHECK(!exists("elsewhere/planted"));
	CHECK(tree_remove(dir, "lower/d") == 0);
}

static void an_error_in_the_middle(void)
{
	fresh();
	write_text("upper/0/a", "changed\n");
	make_dir("upper/0/d");
	write_text("upper/0/d/new", "x");
	write_text("upper/0/z", "x");
	record();
	CHECK(find() == 0);
	CHECK(renameat(dir, "lower/d", dir, "lower/was-d") == 0);
	{
		size_t done = 0;

		CHECK(try_apply(&hull, &review, &forced, &done) < 0 && done == 1);
		CHECK(strstr(hull.error.text, "1 of 3 changes were applied: cannot apply '/there/d/new'"));
	}
	CHECK_STRING(read_text("lower/a"), "changed\n");
	CHECK(!exists("lower/z"));
	CHECK(renameat(dir, "lower/was-d", dir, "lower/d") == 0);
	CHECK(apply(&plain, 0) == 2);
	CHECK_STRING(list(), "");
	CHECK(exists("lower/z") && exists("lower/d/new"));
}

static void metadata_survive(void)
{
	char value[8] = "";
	char path[PATH_MAX];
	struct stat st;

	fresh();
	make_dir("upper/0/n");
	(void)fchmodat(dir, "upper/0/n", 0555, 0);
	write_text("upper/0/f", "x");
	mark("f", "user.mine", "kept");
	(void)utimensat(dir, "upper/0/f", (struct timespec[]){ { .tv_sec = -5 }, { .tv_sec = -5, .tv_nsec = 7 } }, 0);
	(void)mkfifoat(dir, "upper/0/fifo", 0640);
	(void)fchmodat(dir, "upper/0/fifo", 0640, 0);
	{
		scope_fd int fd = openat(dir, "upper/0/sparse", O_WRONLY | O_CREAT, 0644);

		CHECK(ftruncate(fd, 64 << 20) == 0 && pwrite(fd, "x", 1, 32 << 20) == 1);
	}
	record();
	CHECK(apply(&plain, 0) == 4);
	CHECK((mode_of("lower/n") & 07777) == 0555);
	CHECK(mode_of("lower/fifo") == (S_IFIFO | 0640));
	(void)snprintf(path, sizeof(path), "%s/lower/f", top);
	CHECK(getxattr(path, "user.mine", value, sizeof(value)) == 4 && memcmp(value, "kept", 4) == 0);
	CHECK(fstatat(dir, "lower/f", &st, 0) == 0 && st.st_mtim.tv_sec == -5 && st.st_mtim.tv_nsec == 7);
	CHECK(fstatat(dir, "lower/sparse", &st, 0) == 0 && st.st_size == 64 << 20 && st.st_blocks < 4096);
	CHECK_STRING(list(), "");
}

static void deep_trees_go(void)
{
	int fd = openat(dir, ".", O_RDONLY), below;

	/* deeper than a path can say */
	for (int i = 0; i < 1200 && fd >= 0; i++) {
		CHECK(mkdirat(fd, "name", 0700) == 0);
		below = openat(fd, "name", O_RDONLY);
		(void)close_fd(fd);
		fd = below;
	}
	CHECK(fd >= 0);
	(void)close_fd(fd);
	CHECK(tree_remove(dir, "name") == 0 && !exists("name"));
	make_dir("closed");
	write_text("closed/x", "x");
	(void)symlinkat("/etc", dir, "closed/etc");
	CHECK(fchmodat(dir, "closed", 0, 0) == 0);
	CHECK(tree_remove(dir, "closed") == 0 && !exists("closed") && access("/etc/passwd", F_OK) == 0);
	CHECK(tree_remove(dir, "not-there") == 0);
}

static void records_are_checked(void)
{
	static const char *const bad[] = { "1 2 3", "x 0 0 0 0 0 0 0 a", "0 33188 0 0 1 1 1 99999999999999999999 a" };
	struct try_records records;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		write_text("state/lower", bad[i]);
		CHECK(try_read_records(&hull, &review.state, &records) < 0);
	}
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
	(void)umask(022);
	if (arena_init(&hull.arena) < 0 || !mkdtemp(top) || (dir = open(top, O_RDONLY | O_DIRECTORY)) < 0)
		return 1;
	make_dir("state");
	state = openat(dir, "state", O_RDONLY | O_DIRECTORY);
	hull.log = (struct log){ .fd = NO_FD, .name = "test" };
	review.roots[0].upper = review.roots[0].lower = NO_FD;
	RUN(nothing_changed);
	RUN(kinds_of_changes);
	RUN(content_counts_not_time);
	RUN(types_change);
	RUN(opaque_directories);
	RUN(whiteouts_as_files);
	RUN(marks_beside_the_tree);
	RUN(redirects_are_refused);
	RUN(hard_links);
	RUN(names_are_escaped);
	RUN(dangers_are_refused);
	RUN(conflicts_are_refused);
	RUN(links_on_the_host_are_not_followed);
	RUN(an_error_in_the_middle);
	RUN(metadata_survive);
	RUN(deep_trees_go);
	RUN(records_are_checked);
	RUN(differences);
	close_review();
	(void)tree_remove(AT_FDCWD, top);
	return unit_done();
}
