/* hull try without running anything: changes held against their record, refused, applied; and trees that are removed. */
#include "try_fixture.h"

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

static void hard_links(void)
{
	struct stat a, b;

	fresh();
	write_text("upper/0/x", "linked");
	CHECK(linkat(dir, "upper/0/x", dir, "upper/0/y", 0) == 0);
	copy_up("a");
	CHECK(linkat(dir, "upper/0/a", dir, "upper/0/also-a", 0) == 0);
	CHECK_STRING(list(), "A /there/also-a (link to /there/a)\nA /there/x\nA /there/y (link to /there/x)\n");
	record();
	CHECK(apply(&plain, 0) == 3);
	CHECK(fstatat(dir, "lower/x", &a, 0) == 0 && fstatat(dir, "lower/y", &b, 0) == 0 && a.st_ino == b.st_ino);
	CHECK(fstatat(dir, "lower/a", &a, 0) == 0 && fstatat(dir, "lower/also-a", &b, 0) == 0 && a.st_ino == b.st_ino);
	CHECK_STRING(read_text("lower/also-a"), "one\n");
	CHECK_STRING(list(), "");
}

static void links_on_the_host_stay_apart(void)
{
	struct stat st;

	/* the command changed one of two names, and a third was linked to it */
	fresh();
	CHECK(linkat(dir, "lower/a", dir, "lower/other-a", 0) == 0);
	copy_up("a");
	CHECK(fchmodat(dir, "upper/0/a", 0600, 0) == 0);
	CHECK(linkat(dir, "upper/0/a", dir, "upper/0/Z", 0) == 0);
	record();
	CHECK(apply(&plain, 0) == 2);
	CHECK((mode_of("lower/a") & 07777) == 0600 && (mode_of("lower/Z") & 07777) == 0600 && (mode_of("lower/other-a") & 07777) == 0644);
	CHECK(fstatat(dir, "lower/a", &st, 0) == 0 && st.st_nlink == 2);
	/* with one name only it stays the inode that it is */
	fresh();
	copy_up("a");
	CHECK(fchmodat(dir, "upper/0/a", 0600, 0) == 0);
	CHECK(linkat(dir, "upper/0/a", dir, "upper/0/Z", 0) == 0);
	CHECK(fstatat(dir, "lower/a", &st, 0) == 0);
	record();
	CHECK(apply(&plain, 0) == 2);
	{
		struct stat now;

		CHECK(fstatat(dir, "lower/Z", &now, 0) == 0 && now.st_ino == st.st_ino && (now.st_mode & 07777) == 0600);
	}
	CHECK_STRING(list(), "");
}

static void dangers_are_refused(void)
{
	fresh();
	write_text("upper/0/su", "x");
	CHECK(fchmodat(dir, "upper/0/su", 04755, 0) == 0);
	write_text("upper/0/sg", "x");
	CHECK(fchmodat(dir, "upper/0/sg", 02755, 0) == 0);
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
	CHECK(fchmodat(dir, "upper/0/su", 04755, 0) == 0);
	CHECK(utimensat(dir, "upper/0/su", (struct timespec[]){ { .tv_sec = 1 }, { .tv_sec = 1 } }, 0) == 0);
	CHECK_STRING(list(), "m /there/su (time)\n");
	write_text("upper/0/su", "worse");
	CHECK(fchmodat(dir, "upper/0/su", 04755, 0) == 0);
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
	CHECK(symlinkat("../elsewhere", dir, "lower/d") == 0);
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
	CHECK(symlinkat("../elsewhere", dir, "lower/d") == 0);
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
	CHECK(fchmodat(dir, "upper/0/n", 0555, 0) == 0);
	write_text("upper/0/f", "x");
	mark("f", "user.mine", "kept");
	CHECK(utimensat(dir, "upper/0/f", (struct timespec[]){ { .tv_sec = -5 }, { .tv_sec = -5, .tv_nsec = 7 } }, 0) == 0);
	CHECK(mkfifoat(dir, "upper/0/fifo", 0640) == 0);
	CHECK(fchmodat(dir, "upper/0/fifo", 0640, 0) == 0);
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
	CHECK(symlinkat("/etc", dir, "closed/etc") == 0);
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

int main(void)
{
	if (!begin())
		return 1;
	RUN(types_change);
	RUN(hard_links);
	RUN(links_on_the_host_stay_apart);
	RUN(dangers_are_refused);
	RUN(conflicts_are_refused);
	RUN(links_on_the_host_are_not_followed);
	RUN(an_error_in_the_middle);
	RUN(metadata_survive);
	RUN(deep_trees_go);
	RUN(records_are_checked);
	return end();
}
