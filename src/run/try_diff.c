/*
 * Unified diffs of what changed, by diff(1): run without a shell, with fixed options, its two files as descriptors (the new one as standard input, since diff
 * could not open again what the command left closed to its user); only the labels vary, and they are escaped. Its output passes through us: towards a terminal, control characters of hostile files are made visible.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/spawn.h"
#include "run/try_changes.h"

enum { LOOK = 8192, BLOCK = 16384, DIFF_SIZE_MAX = 64 << 20, EXIT_NO_DIFF = 126 };

/* One comparison. @old, @new: descriptors, those of /dev/null for nothing */
struct comparison {
	const struct changes *c;
	const struct change *change;
	const char *path;
	int old, new;
	int out;
	bool terminal;
};

static int say(const struct comparison *d, const char *what, const char *more)
{
	const char *line = arena_printf(d->c->arena, "%s: %s%s\n", d->path, what, more);
	int r = io_write_all(d->out, line, strlen(line));

	return r < 0 ? fail(d->c->error, r, "cannot write the differences") : 0;
}

/* Whether it holds a zero byte near its beginning. What cannot be read is left to diff(1). */
static bool is_binary(int fd)
{
	char block[LOOK];
	ssize_t n = pread(fd, block, sizeof(block), 0);

	return n > 0 && memchr(block, '\0', (size_t)n);
}

/* Pass a block on; control characters become visible when a terminal shows them. */
static int pass(const struct comparison *d, const char *block, size_t n)
{
	char visible[4 * BLOCK];
	size_t length = 0;

	if (!d->terminal)
		return io_write_all(d->out, block, n);
	for (size_t i = 0; i < n; i++) {
		unsigned char byte = (unsigned char)block[i];

		if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f)
			length += (size_t)snprintf(visible + length, 5, "\\x%02x", byte);
		else
			visible[length++] = block[i];
	}
	return io_write_all(d->out, visible, length);
}

static int relay(const struct comparison *d, int from)
{
	char block[BLOCK];
	ssize_t n;
	int r = 0;

	while ((n = read(from, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		r = r < 0 ? r : pass(d, block, (size_t)n); /* read on: diff would block on a full pipe */
	}
	return r;
}

/* The new process. Nothing here may return. */
static _Noreturn void become_diff(const struct comparison *d, int out, const char *old_label, const char *new_label)
{
	const char *const argv[] = { "diff", "-u", "--label", old_label, "--label", new_label, "/proc/self/fd/3", "-", NULL };
	/* first out of the way of 0, 1 and 3 */
	int o = fcntl(out, F_DUPFD_CLOEXEC, 10), a = fcntl(d->old, F_DUPFD_CLOEXEC, 10), b = fcntl(d->new, F_DUPFD_CLOEXEC, 10);

	spawn_reset_signals();
	if (o < 0 || a < 0 || b < 0 || dup2(o, STDOUT_FILENO) < 0 || dup2(a, 3) < 0 || dup2(b, STDIN_FILENO) < 0)
		_exit(EXIT_NO_DIFF);
	(void)execvp(argv[0], (char *const *)(uintptr_t)argv); /* it changes none of them; the exit code tells */
	_exit(EXIT_NO_DIFF);
}

static int run_diff(const struct comparison *d, bool had, bool has)
{
	const char *old_label = had ? arena_printf(d->c->arena, "a%s", d->path) : "/dev/null";
	const char *new_label = has ? arena_printf(d->c->arena, "b%s", d->path) : "/dev/null";
	int ends[2], status = 0, r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(d->c->error, errno, "cannot make a pipe");
	pid = fork();
	if (pid == 0)
		become_diff(d, ends[1], old_label, new_label);
	(void)close_fd(ends[1]);
	r = pid < 0 ? -errno : relay(d, ends[0]);
	(void)close_fd(ends[0]);
	if (pid > 0)
		(void)spawn_wait(pid, &status); /* what it said is there all the same */
	if (r < 0)
		return fail(d->c->error, r, "cannot show the differences of '%s'", d->path);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_DIFF)
		return say(d, "differs, but diff(1) cannot be run", "");
	return WIFEXITED(status) && WEXITSTATUS(status) <= 1 ? 0 : say(d, "diff(1) failed", "");
}

static int open_side(int root, const char *path, mode_t mode)
{
	return S_ISREG(mode) ? changes_open(root, path, O_RDONLY) : open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int diff_one(const struct changes *c, const struct change *change, int out, bool terminal)
{
	const struct change_root *root = &c->roots[change->root];
	bool had = S_ISREG(change->lower.mode), has = change->kind != CHANGE_DELETED && S_ISREG(change->upper.mode);
	struct comparison d = { c, change, changes_path(c, change), NO_FD, NO_FD, out, terminal };
	int r;

	if (!had && !has)
		return 0;
	d.old = open_side(root->lower, change->path, change->lower.mode);
	d.new = open_side(root->upper, change->path, has ? change->upper.mode : 0);
	if (d.old < 0 || d.new < 0) {
		r = say(&d, "cannot be read: ", error_text(d.old < 0 ? -d.old : -d.new));
	} else if (change->lower.size > DIFF_SIZE_MAX || change->upper.size > DIFF_SIZE_MAX) {
		r = say(&d, "too large to be compared line by line", "");
	} else {
		r = is_binary(d.old) || is_binary(d.new) ? say(&d, "binary file ", !had ? "added" : !has ? "deleted" : "changed") : run_diff(&d, had, has);
	}
	(void)close_fd(d.old);
	(void)close_fd(d.new);
	return r;
}

int changes_diff(const struct changes *c, int out)
{
	bool terminal = isatty(out);

	for (size_t i = 0; i < c->n; i++) {
		const struct change *change = &c->v[i];
		bool content = change->kind == CHANGE_ADDED || change->kind == CHANGE_DELETED || (change->what & (DIFFERS_CONTENT | DIFFERS_TYPE));

		if (change->kind == CHANGE_NONE || change->kind == CHANGE_METADATA || !content || change->link)
			continue;
		if (arena_is_half_full(c->arena))
			return fail(c->error, 0, "too many differences to show all");
		if (diff_one(c, change, out, terminal) < 0)
			return -1;
	}
	return 0;
}
