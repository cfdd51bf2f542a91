/*
 * Making the changes on the host, the reverse of what overlayfs did: what is new or other in path order, each file under a temporary name first and then
 * renamed over the old one; then deletions; then the metadata of directories, from the leaves up, since filling a directory changes it: its time becomes the
 * one that it had under the command.
 *
 * Every path is opened below its root without following links, and nothing is opened by a path that the command could have bent. The first error ends
 * it: what was made is counted, the rest is still in the state directory, and applying again goes on from there.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/tree.h"
#include "run/try.h"

enum { TEMPORARY_SIZE = 40, PROGRESS_STEP = 64 };

/*
 * One change being made.
 * @dir: the host's directory of it, @from_dir: the upper one, @name: in both
 */
struct making {
	const struct changes *c;
	const struct change *change;
	int dir, from_dir;
	const char *name;
	char temporary[TEMPORARY_SIZE];
};

static int open_parent(int root, const char *path, const char **ret_name)
{
	char above[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;

	*ret_name = slash ? slash + 1 : path;
	if (length >= sizeof(above))
		return -ENAMETOOLONG;
	memcpy(above, path, length);
	above[length] = '\0';
	return path_open(root, length > 0 ? above : ".", O_PATH | O_DIRECTORY | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
}

static int name_temporary(struct making *m)
{
	uint64_t random[2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -errno;
	(void)snprintf(m->temporary, sizeof(m->temporary), ".hull-%016llx%08llx", (unsigned long long)random[0],
		       (unsigned long long)random[1] & 0xffffffff); /* fits */
	return 0;
}

/* Nobody replaced what the list was made from. */
static int still_there(const struct making *m)
{
	struct inode_facts now;
	int r = changes_facts(m->dir, m->name, &now);

	if (r < 0)
		return r;
	return now.mode == m->change->lower.mode && (!now.mode || now.ino == m->change->lower.ino) ? 0 : -EBUSY;
}

static int make_file(struct making *m)
{
	scope_fd int from = changes_open(m->from_dir, m->name, O_RDONLY);
	scope_fd int to = from < 0 ? NO_FD : openat(m->dir, m->temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (to < 0)
		return from < 0 ? from : -errno;
	r = try_copy_data(from, to, m->change->upper.size);
	return r < 0 ? r : try_copy_metadata(from, to, &m->change->upper);
}

/* A link, a FIFO, a socket or a device. */
static int make_special(struct making *m)
{
	scope_fd int from = openat(m->from_dir, m->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	scope_fd int to = NO_FD;
	char target[PATH_MAX];
	int r = from < 0 ? -errno : 0;

	if (r == 0 && S_ISLNK(m->change->upper.mode)) {
		ssize_t n = readlinkat(m->from_dir, m->name, target, sizeof(target) - 1);

		if (n < 0)
			return -errno;
		target[n] = '\0';
		r = symlinkat(target, m->dir, m->temporary) < 0 ? -errno : 0;
	} else if (r == 0) {
		r = mknodat(m->dir, m->temporary, (m->change->upper.mode & S_IFMT) | 0600, m->change->upper.rdev) < 0 ? -errno : 0;
	}
	if (r < 0)
		return r;
	to = openat(m->dir, m->temporary, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return to < 0 ? -errno : try_copy_metadata(from, to, &m->change->upper);
}

static int make_link(struct making *m)
{
	const struct change_root *root = &m->c->roots[m->change->root];
	const char *name;
	scope_fd int dir = open_parent(root->lower, m->change->link, &name);

	if (dir < 0)
		return dir;
	return linkat(dir, name, m->dir, m->temporary, 0) < 0 ? -errno : 0;
}

/* Put the temporary name in the place of what was there. A directory cannot be renamed over: it steps aside first. */
static int put_in_place(struct making *m)
{
	bool directory = S_ISDIR(m->change->lower.mode) || (S_ISDIR(m->change->upper.mode) && m->change->lower.mode);
	struct making old = *m;
	int r = still_there(m);

	if (r < 0)
		return r;
	if (!directory)
		return renameat(m->dir, m->temporary, m->dir, m->name) < 0 ? -errno : 0;
	r = name_temporary(&old);
	if (r < 0)
		return r;
	if (renameat(m->dir, m->name, m->dir, old.temporary) < 0)
		return -errno;
	if (renameat(m->dir, m->temporary, m->dir, m->name) < 0) {
		r = -errno;
		(void)renameat(m->dir, old.temporary, m->dir, m->name); /* the error above counts */
		return r;
	}
	return tree_remove(m->dir, old.temporary);
}

/* A new directory is ours alone until everything is in it. */
static int make(struct making *m)
{
	int r = name_temporary(m);

	if (r < 0)
		return r;
	if (m->change->link)
		r = make_link(m);
	else if (S_ISDIR(m->change->upper.mode))
		r = mkdirat(m->dir, m->temporary, 0700) < 0 ? -errno : 0;
	else
		r = S_ISREG(m->change->upper.mode) ? make_file(m) : make_special(m);
	if (r == 0)
		r = put_in_place(m);
	if (r < 0)
		(void)tree_remove(m->dir, m->temporary); /* the error above counts */
	return r;
}

/* A directory that is the same gets the time that it had under the command. Nobody asked for this by name: where it cannot be done, that is no error. */
static int change_metadata(struct making *m)
{
	bool same = m->change->kind == CHANGE_NONE;
	scope_fd int from = openat(m->from_dir, m->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	scope_fd int to = from < 0 ? NO_FD : openat(m->dir, m->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct inode_facts now;

	if (to < 0 || changes_facts(to, "", &now) < 0)
		return same ? 0 : -errno;
	if (same) {
		if (now.ino == m->change->lower.ino && now.mtime != m->change->upper.mtime)
			(void)try_set_time(to, m->change->upper.mtime); /* as above */
		return 0;
	}
	/* nobody put something else in its place, which would get its owner and mode */
	if ((now.mode & S_IFMT) != (m->change->upper.mode & S_IFMT) || (m->change->kind == CHANGE_METADATA && now.ino != m->change->lower.ino))
		return -EBUSY;
	return try_copy_metadata(from, to, &m->change->upper);
}

/* Nobody interrupts us between a temporary name and its removal, but everybody between two changes. */
static int undisturbed(int (*act)(struct making *m), struct making *m)
{
	sigset_t all, before;
	int r;

	(void)sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, &before) < 0)
		return -errno;
	r = act(m);
	(void)sigprocmask(SIG_SETMASK, &before, NULL); /* a mask that was valid before */
	return r;
}

/* Open both directories and do one thing in them. */
static int in_place(const struct changes *c, const struct change *change, int (*act)(struct making *m))
{
	const struct change_root *root = &c->roots[change->root];
	const char *name;
	scope_fd int dir = open_parent(root->lower, change->path, &name);
	scope_fd int from_dir = change->kind == CHANGE_DELETED ? NO_FD : open_parent(root->upper, change->path, &name);
	struct making m = { .c = c, .change = change, .dir = dir, .from_dir = from_dir, .name = *name ? name : "." };
	int r = dir < 0 ? dir : from_dir < 0 && change->kind != CHANGE_DELETED ? from_dir : undisturbed(act, &m);

	if (r == -EBUSY && change->kind != CHANGE_DELETED)
		return fail(c->error, 0, "cannot apply '%s': somebody changed it just now, or something is mounted there", changes_path(c, change));
	return r < 0 ? fail(c->error, r, "cannot apply '%s'", changes_path(c, change)) : 0;
}

static int remove_it(struct making *m)
{
	int r = still_there(m);

	return r < 0 ? r : tree_remove(m->dir, m->name);
}

static void progress(const struct hull_review_options *o, size_t done, size_t total)
{
	if (o->on_progress && done % PROGRESS_STEP == 0)
		o->on_progress(o->data, "applying", done, total);
}

/*
 * What is made anew, not changed in place. A symbolic link that has changed in anything; and a file with other names on the host, which the command did not
 * change: overlayfs copied it up under one name.
 */
static bool is_made(const struct change *change)
{
	if (change->kind == CHANGE_METADATA && !S_ISDIR(change->upper.mode))
		return S_ISLNK(change->upper.mode) || change->link || change->lower.links > 1;
	return change->kind == CHANGE_ADDED || change->kind == CHANGE_MODIFIED;
}

int try_make_all(const struct changes *c, const struct hull_review_options *o, size_t *done)
{
	size_t dangerous, total = changes_count(c, &dangerous);

	for (size_t i = 0; i < c->n; i++) {
		const struct change *change = &c->v[i];
		bool metadata = change->kind == CHANGE_METADATA && !S_ISDIR(change->upper.mode) && !is_made(change);

		if (!is_made(change) && !metadata)
			continue;
		if (in_place(c, change, metadata ? change_metadata : make) < 0)
			return -1;
		progress(o, ++*done, total);
	}
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].kind != CHANGE_DELETED)
			continue;
		if (in_place(c, &c->v[i], remove_it) < 0)
			return -1;
		progress(o, ++*done, total);
	}
	for (size_t i = c->n; i-- > 0;) {
		/* what the host has changed since keeps its time */
		if (!S_ISDIR(c->v[i].upper.mode) || (c->v[i].kind == CHANGE_NONE && c->v[i].lower.ctime > c->started))
			continue;
		if (in_place(c, &c->v[i], change_metadata) < 0)
			return -1;
		if (c->v[i].kind == CHANGE_METADATA)
			progress(o, ++*done, total);
	}
	return 0;
}

/* The state directory may go after this: what was made must be on the disk. */
static int sync_roots(struct hull *h, const struct changes *c)
{
	for (unsigned int i = 0; i < c->n_roots; i++) {
		scope_fd int fd = changes_open(c->roots[i].lower, "", O_RDONLY | O_DIRECTORY);

		if (fd >= 0 && syncfs(fd) < 0)
			return fail(&h->error, errno, "cannot write '%s' to its disk", c->roots[i].path);
	}
	return 0;
}

int try_apply(struct hull *h, struct try_review *review, const struct hull_review_options *o, size_t *ret_done)
{
	size_t dangerous, done = 0, total = changes_count(&review->changes, &dangerous);
	int r;

	*ret_done = 0;
	if (try_check(h, review, o) < 0)
		return -1;
	r = try_make_all(&review->changes, o, &done);
	if (r == 0 && done > 0)
		r = sync_roots(h, &review->changes);
	*ret_done = done;
	if (r < 0)
		return fail_wrap(&h->error, "%zu of %zu changes were applied", done, total);
	return 0;
}
