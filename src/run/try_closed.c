/*
 * Directories that a command left closed to its own user (mode 000, as test suites do). Root reads them all the same; for an ordinary user they are opened
 * up in the upper tree once the command has ended, and their real modes are noted in "marks", from where a list of changes takes them.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"
#include "run/try.h"

enum { LINE_SIZE = PATH_MAX + 64, MAGIC_SIZE = 40 };

/* A directory to look into. */
struct closed {
	const char *path;
	struct closed *next;
};

/*
 * @marks: the file, NO_FD: nothing was closed so far;  @end: of the queue
 */
struct opening {
	struct hull *h;
	const struct try_state *state;
	unsigned int root;
	int upper, marks;
	struct closed *first, **end;
};

static int note(struct opening *o, const char *path, mode_t mode)
{
	char line[LINE_SIZE];
	int length = snprintf(line, sizeof(line), "%c %u %04o %s", MARK_MODE, o->root, mode & 07777, path);

	if (length < 0 || (size_t)length >= sizeof(line))
		return -ENAMETOOLONG;
	if (o->marks < 0)
		o->marks = openat(o->state->dir, "marks", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	return o->marks < 0 ? -errno : io_write_all(o->marks, line, (size_t)length + 1);
}

/* Return: a descriptor of the directory, opened up if it has to be, or -errno. */
static int open_up(struct opening *o, const char *path)
{
	scope_fd int fd = path_open(o->upper, *path ? path : ".", O_PATH | O_DIRECTORY | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
	char magic[MAGIC_SIZE];
	struct stat st;
	int r = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & S_IRWXU) != S_IRWXU) {
		(void)snprintf(magic, sizeof(magic), "/proc/self/fd/%d", fd); /* fits */
		/* noted first: a mark too many says what is so anyway */
		r = note(o, path, st.st_mode);
		if (r == 0 && chmod(magic, (st.st_mode & 07777) | S_IRWXU) < 0)
			r = -errno;
	}
	return r < 0 ? r : path_open(o->upper, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
}

static void push(struct opening *o, const char *path)
{
	struct closed *closed = arena_new(&o->h->arena, struct closed);

	closed->path = path;
	*o->end = closed;
	o->end = &closed->next;
}

static int look_into(struct opening *o, const char *path)
{
	scope_fd int fd = open_up(o, path);
	struct name_list names = { 0 };
	int r = fd < 0 ? fd : changes_names(&o->h->arena, fd, &names);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct inode_facts facts;

		r = changes_facts(fd, names.v[i], &facts);
		if (r == 0 && S_ISDIR(facts.mode))
			push(o, arena_printf(&o->h->arena, "%s%s%s", path, *path ? "/" : "", names.v[i]));
	}
	return r;
}

int try_open_closed(struct hull *h, const struct try_state *state)
{
	struct opening o = { .h = h, .state = state, .marks = NO_FD };
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < state->n_roots && geteuid() != 0; i++) {
		scope_fd int upper = openat(state->dir, arena_printf(&h->arena, "upper/%u", i), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (upper < 0)
			return fail(&h->error, errno, "cannot open '%s/upper/%u'", state->path, i);
		o.root = i;
		o.upper = upper;
		o.first = NULL;
		o.end = &o.first;
		push(&o, "");
		for (const struct closed *c = o.first; r == 0 && c; c = c->next)
			r = look_into(&o, c->path);
	}
	(void)close_fd(o.marks);
	return r < 0 ? fail(&h->error, r, "cannot read what the command left in '%s/upper'", state->path) : 0;
}
