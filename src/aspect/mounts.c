/*
 * Mounts: played in order, each made detached and complete, then put on a target that was resolved inside the container's root. See mounts.h.
 */
#include "aspect/mounts.h"

#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "aspect/idmapmount.h"
#include "aspect/mountfd.h"
#include "aspect/net.h"
#include "aspect/rootfs.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"
#include "spec/oci.h"

enum { PROC_ROOT_INODE = 1 };

/* ---- parent ---- */

static int check(struct plan *p)
{
	struct mount_ops *ops;

	if (p->request->exec)
		return 0;
	ops = arena_new(p->arena, struct mount_ops);
	if (p->spec->mounts.n > 0 && !spec_namespace(p->spec, NAMESPACE_MOUNT))
		return fail(p->error, 0, "mounts: they need a mount namespace (linux.namespaces): the host's is not touched");
	p->data[ASPECT_MOUNTS] = ops;
	return mounts_compile(p, &p->spec->mounts, ops);
}

/* A bind's tree, made in the parent's mount namespace. A copy there would send its mounts back to the host: it is made a slave. */
static int make_tree(struct plan *p, struct mount_op *op)
{
	unsigned long propagation = rootfs_detach_propagation(p);
	int r = mountfd_clone_path(op->source, op->flags->recursive, op->flags->src_nofollow);

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

		if (op->kind != MOUNT_BIND || op->flags->copy_symlink)
			continue;
		unreachable = foreign && !op->id_map && !all && !rootfs_reachable(op->source);
		if ((op->id_map || all || unreachable) && make_tree(p, op) < 0)
			return -1;
	}
	return 0;
}

/* What the SELinux label of linux.mountLabel adds to an operation's options; only where SELinux is on, as runc and crun do. */
static void add_label(struct plan *p, struct mount_op *op, const char *label, const char *key)
{
	struct mount_param *params;

	if (op->kind == MOUNT_BIND || op->kind == MOUNT_PROC || op->kind == MOUNT_SYSFS || op->kind == MOUNT_CGROUP || op->kind >= MOUNT_REMOUNT)
		return;
	params = arena_many(p->arena, struct mount_param, op->n_params + 1);
	memcpy(params, op->params, op->n_params * sizeof(*params));
	params[op->n_params++] = (struct mount_param){ .key = key, .value = label };
	op->params = params;
	op->data = arena_printf(p->arena, "%s%s%s=\"%s\"", op->data, op->data[0] ? "," : "", key, label);
}

static int prepare(struct plan *p)
{
	struct mount_ops *ops = mounts_of(p);
	const char *label = p->spec->linux.mount_label, *key = spec_annotation(p->spec, "run.oci.mount_context_type");
	size_t i;

	if (!ops)
		return 0;
	if (label && label[0] && access("/sys/fs/selinux/enforce", F_OK) == 0)
		for (i = 0; i < ops->n; i++)
			add_label(p, &ops->v[i], label, key ? key : "context");
	return mounts_prepare(p, ops, false);
}

static void explain(const struct plan *p, enum phase phase, struct explain *x)
{
	if (phase == PHASE_ENTER && mounts_of(p))
		mounts_explain(mounts_of(p), x);
}

CHILD bool mounts_dev_is_host(const struct plan *p)
{
	const struct mount_ops *ops = mounts_of(p);
	size_t i;

	for (i = 0; i < ops->n; i++)
		if (ops->v[i].kind == MOUNT_BIND && strcmp(ops->v[i].target, "/dev") == 0)
			return true;
	return false;
}

/* ---- child ---- */

/*
 * Open the target, made if it is missing, and see that it is not a part of a procfs that must not be covered.
 * @directory: what to make.  @keep_link: a symbolic link at the end is the target itself.
 * Return: an O_PATH descriptor, or -1 after child_fail().
 */
CHILD static int open_target(const struct child *c, const struct mount_op *op, bool directory, bool keep_link)
{
	int fd = -ENOENT, r;

	if (keep_link)
		fd = path_open(c->root, op->target, O_PATH | O_NOFOLLOW | (directory ? O_DIRECTORY : 0u), 0);
	if (fd == -ENOENT)
		fd = directory ? path_make_dir(c->root, op->target, 0755) : path_make_file(c->root, op->target, 0644);
	if (fd < 0)
		return child_fail(c, FAULT("%a.destination: cannot open or make '%b'"), fd, op->place, op->target);
	if (op->in_proc || op->on_proc)
		return fd;
	r = path_is_fs(fd, MOUNTFD_PROC_MAGIC);
	if (r == 0)
		return fd;
	(void)close_fd(fd);
	return child_fail(c, FAULT("%a.destination: '%b' leads into a procfs"), r < 0 ? r : 0, op->place, op->target);
}

/* Put a finished mount on its target. Both descriptors are closed, but for the procfs of the container, which c keeps. */
CHILD static int place(struct child *c, const struct mount_op *op, int tree, int target)
{
	int r = mountfd_move(tree, target);
	bool is_root = op->target[1] == '\0';

	(void)close_fd(target);
	if (r < 0) {
		(void)close_fd(tree);
		return child_fail(c, FAULT("cannot mount '%a' on '%b'"), r, op->kind == MOUNT_BIND ? op->source : op->type, op->target);
	}
	if (op->kind == MOUNT_PROC && op->on_proc && c->proc < 0 && op->n_params == 0 && ((op->flags->attr_set | op->flags->rec_set) & MOUNT_ATTR_RDONLY) == 0)
		c->proc = take_fd(&tree); /* whole and writable: kernel parameters and labels are written there */
	if (is_root) { /* what is mounted on the root is the root from now on */
		(void)close_fd(c->root);
		c->root = take_fd(&tree);
	}
	(void)close_fd(tree);
	return 0;
}

/* copy-symlink: a source that is a symbolic link is made anew. Return: 1 done, 0 it is none, -1 after child_fail(). */
CHILD static int copy_symlink(const struct child *c, const struct mount_op *op)
{
	char link[PATH_MAX], there[PATH_MAX];
	const char *name;
	ssize_t n = readlink(op->source, link, sizeof(link) - 1), m;
	int dir, r = 0;

	if (n < 0)
		return errno == EINVAL ? 0 : child_fail(c, FAULT("%a.source: cannot read '%b'"), errno, op->place, op->source);
	link[n] = '\0';
	dir = path_open_parent(c->root, op->target, true, &name);
	if (dir < 0)
		return child_fail(c, FAULT("%a.destination: cannot open or make '%b'"), dir, op->place, op->target);
	if (path_is_fs(dir, MOUNTFD_PROC_MAGIC) != 0) {
		r = EPERM;
	} else if (symlinkat(link, dir, name) < 0) {
		r = errno;
		m = r == EEXIST ? readlinkat(dir, name, there, sizeof(there)) : -1;
		if (m == n && memcmp(link, there, (size_t)n) == 0)
			r = 0;
	}
	(void)close_fd(dir);
	return r == 0 ? 1 : child_fail(c, FAULT("%a.destination: cannot make the symbolic link '%b'"), r, op->place, op->target);
}

/* On /proc only the root of a procfs may be bound. */
CHILD static int check_bound_proc(struct child *c, const struct mount_op *op, int tree)
{
	struct stat st;

	if (!op->on_proc)
		return 0;
	if (path_is_fs(tree, MOUNTFD_PROC_MAGIC) != 1 || fstat(tree, &st) < 0 || st.st_ino != PROC_ROOT_INODE)
		return child_fail(c, FAULT("%a.source: only a procfs may be mounted on /proc, '%b' is none"), 0, op->place, op->source);
	return 0;
}

CHILD static int play_bind(struct child *c, const struct mount_op *op)
{
	bool several = op->flags->recursive;
	int tree = op->tree, target, r;
	struct stat st;

	if (op->flags->copy_symlink) {
		r = copy_symlink(c, op);
		if (r != 0)
			return r < 0 ? -1 : 0;
	}
	if (tree < 0)
		tree = mountfd_clone_path(op->source, several, op->flags->src_nofollow);
	if (tree < 0)
		return child_fail(c, FAULT("%a.source: cannot bind '%b'"), tree, op->place, op->source);
	if (check_bound_proc(c, op, tree) < 0)
		return -1;
	r = mountfd_apply(tree, op->flags, true, several);
	if (r < 0)
		return child_fail(c, FAULT("cannot set the attributes of '%a' on '%b'"), r, op->source, op->target);
	if (fstat(tree, &st) < 0)
		return child_fail(c, FAULT("%a.source: cannot look at '%b'"), errno, op->place, op->source);
	target = open_target(c, op, S_ISDIR(st.st_mode), op->flags->dest_nofollow);
	return target < 0 ? -1 : place(c, op, tree, target);
}

/* In a user namespace some filesystems can only be had from outside: bind the host's, with everything below it. */
CHILD static int play_host_copy(struct child *c, const struct mount_op *op, const char *source, uint64_t attributes, int target, int errnum)
{
	int tree = mountfd_clone_path(source, true, false), r;

	if (tree < 0) {
		(void)close_fd(target);
		return child_fail(c, FAULT("cannot mount '%a' on '%b', nor bind the host's"), errnum, op->type, op->target);
	}
	r = mountfd_set(tree, op->flags->attr_set | attributes, 0, MS_SLAVE, true);
	if (r < 0)
		return child_fail(c, FAULT("cannot set the attributes of the host's '%a' on '%b'"), r, op->type, op->target);
	return place(c, op, tree, target);
}

/* The kernel would not make the filesystem. Do what is left. @r: -errno, @log: the filesystem context; both descriptors are ours. */
CHILD static int fall_back(struct child *c, const struct mount_op *op, int target, int r, int log)
{
	bool denied = r == -EPERM || r == -EACCES;
	const struct plan *p = c->plan;

	if (denied && p->has_userns && op->kind == MOUNT_SYSFS)
		return play_host_copy(c, op, "/sys", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, target, r);
	if (denied && p->has_userns && op->kind == MOUNT_MQUEUE)
		return play_host_copy(c, op, "/dev/mqueue", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, target, r);
	if (denied && p->has_userns && op->kind == MOUNT_PROC && !(p->new_namespaces & CLONE_NEWPID) && p->join_fd[NAMESPACE_PID] < 0)
		return play_host_copy(c, op, "/proc", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, target, r);
	(void)close_fd(target);
	if (denied && p->has_userns && op->kind == MOUNT_PROC)
		return child_fail(c, FAULT("cannot mount '%a' on '%b' (is a part of the host's /proc masked? keep the host's pid namespace, or run "
					   "hull where /proc is whole)"), r, op->type, op->target);
	if (r == -ENODEV)
		return child_fail(c, FAULT("cannot mount '%a' on '%b': the kernel does not know this type"), r, op->type, op->target);
	return child_fail_fs(c, FAULT("cannot mount '%a' on '%b'"), r, op->type, op->target, log);
}

/* Whether the new tmpfs must be written to before it is mounted; a read-only one becomes so afterwards. */
CHILD static bool is_filled(const struct mount_op *op)
{
	return op->kind == MOUNT_TMPFS && (!op->mode_given || op->flags->tmpcopyup);
}

/* tmpfs: where no mode is asked for, the directory keeps the one it has; and tmpcopyup fills it. @there: the directory was there before. */
CHILD static int fill_tmpfs(const struct child *c, const struct mount_op *op, int tree, int target, const struct stat *there)
{
	int r = 0;

	if (there && !op->mode_given && fchmodat(tree, ".", there->st_mode & 07777, 0) < 0)
		r = -errno;
	if (r == 0 && there && op->flags->tmpcopyup)
		r = mounts_copy_up(target, tree);
	if (r == 0 && op->flags->readonly && !op->late_readonly)
		r = mountfd_set(tree, MOUNT_ATTR_RDONLY, 0, 0, false);
	return r < 0 ? child_fail(c, FAULT("cannot fill the tmpfs on '%a'"), r, op->target, NULL) : 0;
}

CHILD static int make_filesystem(const struct child *c, const struct mount_op *op, int *ret_log)
{
	struct mountfd_fs fs = {
		.type = op->type,
		.source = op->source,
		.params = op->params,
		.n_params = op->n_params,
		.sb_set = op->flags->sb_set,
		.readonly = op->kind == MOUNT_FILESYSTEM && op->flags->readonly,
		.attributes = op->flags->attr_set & ~(uint64_t)(is_filled(op) || op->late_readonly ? MOUNT_ATTR_RDONLY : 0),
	};
	int r = mountfd_new(&fs, ret_log);

	/* gid=5 (tty) need not be mapped in a user namespace: do without it */
	if (r == -EINVAL && op->kind == MOUNT_DEVPTS && c->plan->has_userns) {
		(void)close_fd(*ret_log);
		fs.skip = "gid";
		r = mountfd_new(&fs, ret_log);
	}
	return r;
}

/* With mount(2), on top of the target; then what mount(2) does not do, on the mount that is found there. */
CHILD static int play_old_way(struct child *c, const struct mount_op *op, int target)
{
	unsigned long flags = mountfd_ms_flags(op->flags->attr_set) | op->flags->sb_set;
	int r = mountfd_old(op->type, op->source, op->data, flags, target), fd;

	(void)close_fd(target);
	if (r < 0)
		return child_fail(c, FAULT("cannot mount '%a' on '%b'"), r, op->type, op->target);
	if (op->flags->propagation.n == 0 && (op->flags->rec_set | op->flags->rec_clear) == 0)
		return 0;
	fd = path_open(c->root, op->target, O_PATH, 0);
	r = fd < 0 ? fd : mountfd_apply(fd, op->flags, false, false);
	(void)close_fd(fd);
	return r < 0 ? child_fail(c, FAULT("cannot set the attributes of '%a' on '%b'"), r, op->type, op->target) : 0;
}

CHILD static int play_filesystem(struct child *c, const struct mount_op *op)
{
	bool plain_dir = op->kind == MOUNT_PROC || op->kind == MOUNT_SYSFS; /* a link in the rootfs must not choose where they go */
	struct stat st, *there = NULL;
	int target, tree, log, r;

	if (is_filled(op)) { /* a directory that is yet to be made has no mode and no content to keep */
		target = path_open(c->root, op->target, O_PATH | O_DIRECTORY, 0);
		r = target < 0 ? target : fstat(target, &st) < 0 ? -errno : 0;
		(void)close_fd(target);
		if (r < 0 && r != -ENOENT) /* or its content would silently not be there */
			return child_fail(c, FAULT("%a.destination: cannot open or make '%b'"), r, op->place, op->target);
		there = r == 0 ? &st : NULL;
	}
	/* any other filesystem may be one that belongs to the network namespace it is mounted in */
	if ((op->kind == MOUNT_SYSFS || op->kind == MOUNT_FILESYSTEM) && net_join(c) < 0)
		return -1;
	target = open_target(c, op, true, plain_dir);
	if (target < 0)
		return -1;
	if (op->old_way)
		return play_old_way(c, op, target);
	tree = make_filesystem(c, op, &log);
	if (tree < 0)
		return fall_back(c, op, target, tree, log);
	if (is_filled(op) && fill_tmpfs(c, op, tree, target, there) < 0)
		return -1;
	r = mountfd_apply(tree, op->flags, false, false);
	if (r < 0)
		return child_fail(c, FAULT("cannot set the attributes of '%a' on '%b'"), r, op->type, op->target);
	return place(c, op, tree, target);
}

/* Change the superblock's options of what is mounted at @fd. */
CHILD static int reconfigure(const struct child *c, const struct mount_op *op, int fd)
{
	int context = sys_fspick(fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH), r = context;
	size_t i;

	for (i = 0; i < op->n_params && r >= 0; i++)
		r = sys_fsconfig(context, op->params[i].value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, op->params[i].key, op->params[i].value, 0);
	if (r >= 0)
		r = sys_fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
	if (r < 0)
		(void)child_fail_fs(c, FAULT("%a: cannot remount '%b'"), r, op->place, op->target, context);
	(void)close_fd(context);
	return r < 0 ? -1 : 0;
}

/* remount, and propagation alone */
CHILD static int play_change(struct child *c, const struct mount_op *op)
{
	int fd = path_open(c->root, op->target, O_PATH, 0), r;

	if (fd < 0)
		return child_fail(c, FAULT("%a.destination: cannot open '%b'"), fd, op->place, op->target);
	if (op->kind == MOUNT_REMOUNT && !op->flags->bind && op->n_params > 0 && reconfigure(c, op, fd) < 0)
		return -1;
	r = mountfd_apply(fd, op->flags, op->kind == MOUNT_REMOUNT, true);
	(void)close_fd(fd);
	return r < 0 ? child_fail(c, FAULT("%a: cannot change the mount on '%b'"), r, op->place, op->target) : 0;
}

CHILD static int play_cgroup(struct child *c, const struct mount_op *op)
{
	int target = open_target(c, op, true, false);

	return target < 0 ? -1 : mounts_play_cgroup(c, op, target);
}

CHILD int mounts_play(struct child *c, const struct mount_ops *ops)
{
	size_t i;
	int r = 0;

	for (i = 0; i < ops->n && r == 0; i++) {
		const struct mount_op *op = &ops->v[i];

		if (op->kind == MOUNT_BIND)
			r = play_bind(c, op);
		else if (op->kind == MOUNT_CGROUP)
			r = play_cgroup(c, op);
		else if (op->kind == MOUNT_REMOUNT || op->kind == MOUNT_PROPAGATION)
			r = play_change(c, op);
		else
			r = play_filesystem(c, op);
	}
	return r;
}

CHILD int mounts_finish(struct child *c)
{
	const struct mount_ops *ops = mounts_of(c->plan);
	size_t i;
	int dev, r;

	for (i = 0; i < ops->n; i++) {
		if (!ops->v[i].late_readonly)
			continue;
		dev = path_open(c->root, "/dev", O_PATH | O_DIRECTORY, 0);
		r = dev < 0 ? dev : mountfd_set(dev, MOUNT_ATTR_RDONLY, 0, 0, false);
		(void)close_fd(dev);
		if (r < 0)
			return child_fail(c, FAULT("cannot make /dev read-only"), r, NULL, NULL);
	}
	return 0;
}

CHILD static int enter(struct child *c)
{
	return mounts_play(c, mounts_of(c->plan));
}

const struct aspect aspect_mounts = {
	.id = ASPECT_MOUNTS,
	.check = check,
	.prepare = prepare,
	.enter = enter,
	.explain = explain,
};
