/*
 * Binds: parts of the host's tree. A source is cloned (open_tree(2)) by the parent where only it can reach it, in a sandbox by the child before anything
 * is mounted, else when it is mounted. See mounts.h.
 */
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "aspect/idmapmount.h"
#include "aspect/mountfd.h"
#include "aspect/mounts.h"
#include "aspect/rootfs.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"

enum { PROC_ROOT_INODE = 1 };

/* nofail: whether that is why there is no source. @r: of the attempt. */
CHILD static bool is_absent(const struct mount_op *op, int r)
{
	return op->flags->optional && (r == -ENOENT || r == -ENOTDIR);
}

/*
 * What a descriptor of the caller is. A bind of it is made by its path, because the mount that it was opened in is not in the child's mount
 * namespace; the child sees that it is the same.
 */
static int look_at_fd(struct plan *p, struct mount_op *op)
{
	char path[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (fstat(op->source_fd, &st) < 0)
		return fail(p->error, errno, "%s.source: cannot use descriptor %d", op->place, op->source_fd);
	if (op->kind != MOUNT_BIND)
		return 0;
	n = readlink(arena_printf(p->arena, "/proc/self/fd/%d", op->source_fd), path, sizeof(path));
	if (n < 0)
		return fail(p->error, errno, "%s.source: cannot find the path of descriptor %d", op->place, op->source_fd);
	op->source = arena_strndup(p->arena, path, (size_t)n);
	op->source_device = st.st_dev;
	op->source_inode = st.st_ino;
	return op->source[0] == '/' ? 0 : fail(p->error, 0, "%s.source: descriptor %d is no file that could be bound: '%s'", op->place, op->source_fd, op->source);
}

/* A bind's tree, made in the parent's mount namespace. A copy there would send its mounts back to the host: it is made a slave. */
static int make_tree(struct plan *p, struct mount_op *op)
{
	unsigned long propagation = rootfs_detach_propagation(p);
	bool recursive = op->flags->recursive;
	int r = op->source_fd >= 0 ? mountfd_clone(op->source_fd, recursive) : mountfd_clone_path(op->source, recursive, op->flags->src_nofollow);

	if (is_absent(op, r))
		return 0; /* the child sees the same */
	if (r == -EPERM && op->id_map)
		return fail(p->error, r, "%s: " IDMAP_NEEDS_ROOT, op->place);
	if (r < 0)
		return fail(p->error, r, "%s.source: cannot bind '%s'", op->place, op->source);
	op->tree = r;
	if (propagation != 0) {
		r = mountfd_set(op->tree, 0, 0, propagation, true);
		if (r < 0)
			return fail(p->error, r, "%s: cannot keep the mounts of '%s' from the host", op->place, op->source);
	}
	return op->id_map ? idmap_apply(p, op->id_map, op->place, op->tree) : 0;
}

int mounts_prepare(struct plan *p, struct mount_ops *ops, bool all)
{
	bool unreachable, foreign = p->has_userns && p->caller->privileged;
	size_t i;

	for (i = 0; i < ops->n; i++) {
		struct mount_op *op = &ops->v[i];

		if (op->source_fd >= 0 && look_at_fd(p, op) < 0)
			return -1;
		if (op->kind != MOUNT_BIND || op->flags->copy_symlink)
			continue;
		unreachable = foreign && !op->id_map && !all && !rootfs_reachable(op->source);
		if ((op->id_map || all || unreachable) && make_tree(p, op) < 0)
			return -1;
	}
	return 0;
}

/* ---- child ---- */

/* copy-symlink: a source that is a symbolic link is made anew. Return: 1 done, 0 it is none, -1 after child_fail(). */
CHILD static int copy_symlink(struct child *c, struct mount_op *op)
{
	char link[PATH_MAX];
	ssize_t n = readlink(op->source, link, sizeof(link) - 1);

	if (n < 0)
		return errno == EINVAL || is_absent(op, -errno) ? 0 : child_fail(c, FAULT("%a.source: cannot read '%b'"), errno, op->place, op->source);
	link[n] = '\0';
	return mounts_make_link(c, op, link) < 0 ? -1 : 1;
}

/* On /proc only the root of a procfs may be bound. */
CHILD static int check_bound_proc(struct child *c, const struct mount_op *op, int tree)
{
	struct stat st;

	if (!op->on_proc || op->in_proc)
		return 0;
	if (path_is_fs(tree, MOUNTFD_PROC_MAGIC) != 1 || fstat(tree, &st) < 0 || st.st_ino != PROC_ROOT_INODE)
		return child_fail(c, FAULT("%a.source: only a procfs may be mounted on /proc, '%b' is none"), 0, op->place, op->source);
	return 0;
}

/* The tree that a descriptor of the caller names. Return: it, or -errno (-ESTALE: something else lies at its path). */
CHILD static int clone_fd(const struct mount_op *op)
{
	scope_fd int fd = openat(AT_FDCWD, op->source, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != op->source_device || st.st_ino != op->source_inode)
		return -ESTALE;
	return mountfd_clone(fd, op->flags->recursive);
}

/* A bind's tree. Return: 0, -errno; a source that need not be there and is not, is op->absent. */
CHILD static int take_bind(struct mount_op *op)
{
	int tree = op->source_fd >= 0 ? clone_fd(op) : mountfd_clone_path(op->source, op->flags->recursive, op->flags->src_nofollow);

	op->absent = is_absent(op, tree);
	if (tree < 0)
		return op->absent ? 0 : tree;
	op->tree = tree;
	return 0;
}

/* The child's copy of the plan is its own: it may keep descriptors there. */
CHILD int mounts_take(struct child *c)
{
	struct mount_ops *ops = mounts_of(c->plan);
	bool full = false;
	size_t i;
	int r;

	for (i = 0; i < ops->n && c->plan->request->sandbox; i++) {
		struct mount_op *op = &ops->v[i];

		r = 0;
		if (op->kind == MOUNT_BIND && op->tree < 0 && !op->flags->copy_symlink && !full)
			r = take_bind(op);
		else if (op->kind == MOUNT_HIDE && ops->null.base < 0)
			r = cover_take_null(&ops->null);
		else if (op->kind == MOUNT_OVERLAY && mounts_take_overlay(c, op) < 0)
			return -1;
		full |= r == -EMFILE; /* no more descriptors: the rest is taken when it is mounted */
		if (r < 0 && r != -EMFILE)
			return child_fail(c, FAULT("%a.source: cannot bind '%b'"), r, op->place, op->kind == MOUNT_HIDE ? op->target : op->source);
	}
	return 0;
}

CHILD int mounts_play_bind(struct child *c, struct mount_op *op)
{
	bool several = op->flags->recursive;
	int target, r;
	struct stat st;

	if (op->flags->copy_symlink) {
		r = copy_symlink(c, op);
		if (r != 0)
			return r < 0 ? -1 : 0;
	}
	r = op->tree < 0 && !op->absent ? take_bind(op) : 0;
	if (r < 0)
		return child_fail(c, FAULT("%a.source: cannot bind '%b'"), r, op->place, op->source);
	if (op->absent)
		return 0;
	if (check_bound_proc(c, op, op->tree) < 0)
		return -1;
	r = mountfd_apply(op->tree, op->flags, true, several);
	if (r < 0)
		return child_fail(c, FAULT("%a: cannot set the attributes of the mount on '%b'"), r, op->place, op->target);
	if (fstat(op->tree, &st) < 0)
		return child_fail(c, FAULT("%a.source: cannot look at '%b'"), errno, op->place, op->source);
	target = mounts_open_target(c, op, S_ISDIR(st.st_mode), op->flags->dest_nofollow);
	return target < 0 ? -1 : mounts_place(c, op, op->tree, target);
}
