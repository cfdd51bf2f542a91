/*
 * What a sandbox has in its tree that is no mount of something else: directories, files, links, modes, and what is hidden. Types "hull.…" of mounts[].
 * Every path is resolved inside the container's root. What is asked for inside a writable bind is made on the host: that is what such a bind is for.
 * Child code.
 */
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "aspect/mountfd.h"
#include "aspect/mounts.h"
#include "base/io.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"

enum { COPY_SIZE = 16384 };

/* Copy what @from gives into @to, however long it takes. Return: 0 or -errno. */
CHILD static int copy(int from, int to)
{
	char buffer[COPY_SIZE];
	struct pollfd wait = { .fd = from, .events = POLLIN };
	ssize_t n;
	int r;

	for (;;) {
		n = read(from, buffer, sizeof(buffer));
		if (n == 0)
			return 0;
		if (n < 0 && errno == EAGAIN)
			(void)poll(&wait, 1, -1); /* a pipe that does not block: whatever went wrong, read(2) will say it */
		else if (n < 0 && errno != EINTR)
			return -errno;
		r = n > 0 ? io_write_all(to, buffer, (size_t)n) : 0;
		if (r < 0)
			return r;
	}
}

/* The descriptor was for us alone. The standard ones stay: their numbers must not be given to something else. */
CHILD static void close_source(const struct mount_op *op)
{
	if (op->source_fd > STDERR_FILENO)
		(void)close_fd(op->source_fd);
}

/* The directory that holds the target, made if it is missing. Return: a descriptor, or -1 after child_fail(). */
CHILD static int open_parent(struct child *c, struct mount_op *op, const char **ret_name)
{
	int dir = path_open_parent(c->root, op->target, true, ret_name), r;

	if ((dir == -EROFS || dir == -EACCES || dir == -EPERM) && c->plan->request->mimic) {
		if (mounts_mimic(c, op) < 0)
			return -1;
		dir = path_open_parent(c->root, op->target, true, ret_name);
	}
	if (dir < 0)
		return child_fail(c, FAULT("%a.destination: cannot open or make '%b'"), dir, op->place, op->target);
	r = op->in_proc ? 0 : path_is_fs(dir, MOUNTFD_PROC_MAGIC);
	if (r == 0)
		return dir;
	(void)close_fd(dir);
	return child_fail(c, FAULT("%a.destination: '%b' leads into a procfs"), r < 0 ? r : 0, op->place, op->target);
}

/* Whether the target can be tried again, now in a stand-in for its directory. Return: 1 yes, 0 no, -1 after child_fail(). */
CHILD static int retry(struct child *c, struct mount_op *op, int errnum, int *dir, const char **name)
{
	if (!c->plan->request->mimic || (errnum != EROFS && errnum != EACCES && errnum != EPERM))
		return 0;
	*dir = close_fd(*dir);
	if (mounts_mimic(c, op) < 0)
		return -1;
	*dir = open_parent(c, op, name);
	return *dir < 0 ? -1 : 1;
}

CHILD int mounts_make_link(struct child *c, struct mount_op *op, const char *text)
{
	char there[PATH_MAX];
	size_t length = strlen(text);
	const char *name = NULL;
	scope_fd int dir = open_parent(c, op, &name);
	ssize_t n;
	int r, again;

	if (dir < 0)
		return -1;
	r = symlinkat(text, dir, name) < 0 ? errno : 0;
	if (r != 0 && r != EEXIST) {
		again = retry(c, op, r, &dir, &name);
		if (again < 0)
			return -1;
		if (again > 0)
			r = symlinkat(text, dir, name) < 0 ? errno : 0;
	}
	if (r == EEXIST) {
		n = readlinkat(dir, name, there, sizeof(there));
		if (n >= 0 && (size_t)n == length && memcmp(text, there, length) == 0)
			r = 0;
	}
	return r == 0 ? 0 : child_fail(c, FAULT("%a.destination: cannot make the symbolic link '%b'"), r, op->place, op->target);
}

/* A file that is there, perhaps by a link, emptied. Not blocking: it may be a FIFO. Return: a descriptor or -errno. */
CHILD static int open_existing(const struct child *c, const struct mount_op *op)
{
	int fd = path_open(c->root, op->target, O_WRONLY | O_NONBLOCK | O_NOCTTY | (mounts_as_bubblewrap(c->plan) ? O_NOFOLLOW : 0), 0), r = 0;
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -EEXIST;
	else if (ftruncate(fd, 0) < 0 || (op->mode_given && fchmod(fd, op->mode) < 0))
		r = -errno;
	if (r < 0)
		return close_fd(fd), r;
	return fd;
}

/* The file to be written: a new one, or one that is there. Return: a descriptor, or -1 after child_fail(). */
CHILD static int open_file(struct child *c, struct mount_op *op)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	const char *name = NULL;
	scope_fd int dir = open_parent(c, op, &name);
	int fd, r;

	if (dir < 0)
		return -1;
	fd = openat(dir, name, flags, op->mode);
	if (fd < 0 && errno != EEXIST) {
		r = retry(c, op, errno, &dir, &name);
		if (r < 0)
			return -1;
		if (r > 0)
			fd = openat(dir, name, flags, op->mode);
	}
	if (fd >= 0)
		return fd;
	fd = errno == EEXIST ? open_existing(c, op) : -errno;
	return fd >= 0 ? fd : child_fail(c, FAULT("%a.destination: cannot make the file '%b'"), fd, op->place, op->target);
}

CHILD static int play_file(struct child *c, struct mount_op *op)
{
	scope_fd int fd = open_file(c, op);
	int r;

	if (fd < 0)
		return -1;
	r = copy(op->source_fd, fd);
	close_source(op);
	return r < 0 ? child_fail(c, FAULT("%a: cannot copy what '%b' gives"), r, op->place, op->source) : 0;
}

/* Before Linux 6.15 a file in a detached mount cannot be cloned: mount it for that moment on @hook. Return: a detached mount or -errno. */
CHILD static int clone_attached(int data, const char *name, int hook)
{
	scope_fd int back = openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int tree, r;

	if (back < 0)
		return -errno;
	r = mountfd_move(data, hook);
	if (r < 0)
		return r;
	tree = sys_open_tree(data, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fchdir(data) < 0 || umount2(".", MNT_DETACH) < 0 || fchdir(back) < 0) {
		r = -errno;
		(void)close_fd(tree);
		return r;
	}
	return tree;
}

/* A file with what the descriptor gives, as a detached mount; its filesystem is shared with the others of its kind. Return: it, or -errno. */
CHILD static int make_data(const struct child *c, struct mount_ops *ops, const struct mount_op *op)
{
	static const struct mount_param mode = { .key = "mode", .value = "0700" };
	static const struct mountfd_fs fs = {
		.type = "tmpfs", .source = "tmpfs", .params = &mode, .n_params = 1, .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
	};
	char name[TEXT_NUMBER_MAX];
	const char *unused = NULL;
	scope_fd int file = NO_FD;
	scope_fd int hook = NO_FD;
	int log, r, tree;

	if (ops->data < 0) {
		r = mountfd_new(&fs, &log);
		(void)close_fd(log);
		if (r < 0)
			return r;
		ops->data = r;
	}
	file = openat(ops->data, text_from_u64(name, ops->n_data++), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, op->mode);
	if (file < 0)
		return -errno;
	r = copy(op->source_fd, file);
	if (r < 0)
		return r;
	file = close_fd(file);
	tree = sys_open_tree(ops->data, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree != -EINVAL)
		return tree;
	hook = path_open_parent(c->root, op->target, false, &unused);
	tree = hook < 0 ? hook : clone_attached(ops->data, name, hook);
	ops->data = close_fd(ops->data); /* it was mounted, and cannot be a second time */
	return tree;
}

CHILD static int play_data(struct child *c, struct mount_ops *ops, struct mount_op *op)
{
	int target = mounts_open_target(c, op, false, false), tree, r;

	if (target < 0)
		return -1;
	r = tree = make_data(c, ops, op);
	close_source(op);
	if (r >= 0)
		r = mountfd_apply(tree, op->flags, true, false);
	if (r >= 0)
		return mounts_place(c, op, tree, target);
	(void)close_fd(target);
	(void)close_fd(tree);
	return child_fail(c, FAULT("%a: cannot mount what '%b' gives"), r, op->place, op->source);
}

CHILD static int play_dir(struct child *c, struct mount_op *op)
{
	int fd = mounts_open_target(c, op, true, false);

	(void)close_fd(fd);
	return fd < 0 ? -1 : 0;
}

/* By descriptor: fchmodat2(2), or before Linux 6.6 by way of a procfs that nothing in the root can stand in for. */
CHILD static int play_chmod(struct child *c, const struct mount_op *op)
{
	static const char prefix[] = "self/fd/";
	char path[sizeof(prefix) + TEXT_NUMBER_MAX], number[TEXT_NUMBER_MAX];
	scope_fd int fd = path_open(c->root, op->target, O_PATH, 0);
	int r = fd < 0 ? fd : op->in_proc ? 0 : path_is_fs(fd, MOUNTFD_PROC_MAGIC), proc;

	if (r == 1)
		return child_fail(c, FAULT("%a.destination: '%b' leads into a procfs"), 0, op->place, op->target);
	if (r == 0)
		r = sys_fchmodat2(fd, "", op->mode, AT_EMPTY_PATH);
	if (fd >= 0 && r == -ENOSYS) {
		proc = child_proc(c);
		if (proc < 0)
			return -1;
		(void)text_from_u64(number, (uint64_t)fd);
		memcpy(path, prefix, sizeof(prefix) - 1);
		memcpy(path + sizeof(prefix) - 1, number, strlen(number) + 1);
		r = fchmodat(proc, path, op->mode, 0) < 0 ? -errno : 0;
	}
	return r < 0 ? child_fail(c, FAULT("%a: cannot change the mode of '%b'"), r, op->place, op->target) : 0;
}

CHILD static int play_hide(struct child *c, struct mount_ops *ops, const struct mount_op *op)
{
	scope_fd int target = path_open(c->root, op->target, O_PATH, 0);
	int r = target;

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r >= 0 && mounts_check_place(c, op, target) < 0)
		return -1;
	if (r >= 0 && ops->null.base < 0)
		r = cover_take_null(&ops->null);
	if (r >= 0)
		r = cover_put(&ops->null, &ops->empty, target);
	return r < 0 ? child_fail(c, FAULT("%a: cannot hide '%b'"), r, op->place, op->target) : 0;
}

CHILD int mounts_play_made(struct child *c, struct mount_ops *ops, struct mount_op *op)
{
	if (op->kind == MOUNT_DIR)
		return play_dir(c, op);
	if (op->kind == MOUNT_FILE)
		return play_file(c, op);
	if (op->kind == MOUNT_DATA)
		return play_data(c, ops, op);
	if (op->kind == MOUNT_SYMLINK)
		return mounts_make_link(c, op, op->source);
	return op->kind == MOUNT_CHMOD ? play_chmod(c, op) : play_hide(c, ops, op);
}
