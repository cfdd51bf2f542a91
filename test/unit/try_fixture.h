/* Upper and lower trees made by hand, with overlayfs's marks as files and attributes, for the tests of hull try. */
#ifndef TRY_FIXTURE_H
#define TRY_FIXTURE_H

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
static bool moves;
static int64_t watched; /* what is newer was changed by the host: all directories */
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

static inline mode_t mode_of(const char *path)
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
	CHECK(utimensat(dir, to, (struct timespec[]){ { .tv_nsec = UTIME_OMIT }, st.st_mtim }, 0) == 0);
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
		.arena = &hull.arena, .error = &hull.error, .xattrs = "user.overlay.", .roots = review.roots, .n_roots = 1, .started = watched, .moves = moves,
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

static bool begin(void)
{
	(void)umask(022);
	if (arena_init(&hull.arena) < 0 || !mkdtemp(top) || (dir = open(top, O_RDONLY | O_DIRECTORY)) < 0)
		return false;
	make_dir("state");
	state = openat(dir, "state", O_RDONLY | O_DIRECTORY);
	hull.log = (struct log){ .fd = NO_FD, .name = "test" };
	review.roots[0].upper = review.roots[0].lower = NO_FD;
	return true;
}

static int end(void)
{
	close_review();
	(void)tree_remove(AT_FDCWD, top);
	return unit_done();
}

#endif
