/*
 * Mounts: played in order, each made detached and complete, then put on a target that was resolved inside the container's root. See mounts.h.
 */
#include "aspect/mounts.h"

#include <limits.h>
#include <linux/capability.h>
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

/* What the SELinux label of linux.mountLabel adds to an operation's options; only where SELinux is on: elsewhere selinux.c refuses it. */
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
	if (phase != PHASE_ENTER || !mounts_of(p))
		return;
	mounts_explain(mounts_of(p), x);
	if (p->request->mimic)
		explain_step(x, "where a mount point did not exist on the host: let a read-only tmpfs with the same entries stand in for its directory");
}

CHILD bool mounts_dev_is_host(const struct plan *p)
{
	const struct mount_ops *ops = mounts_of(p);
	bool sandbox = p->request->sandbox;
	size_t i;

	for (i = 0; i < ops->n; i++) {
		if (!sandbox && ops->v[i].kind == MOUNT_BIND && strcmp(ops->v[i].target, "/dev") == 0)
			return true;
		if (sandbox && ops->v[i].flags->devices)
			return false;
	}
	return sandbox;
}

/* ---- child ---- */

CHILD int mounts_open_target(struct child *c, struct mount_op *op, bool directory, bool keep_link)
{
	bool refuse_link = mounts_as_bubblewrap(c->plan);
	int fd = -ENOENT, r;
	struct stat st;

	if (keep_link || refuse_link)
		fd = path_open(c->root, op->target, O_PATH | O_NOFOLLOW | (directory && !refuse_link ? O_DIRECTORY : 0u), 0);
	if (fd >= 0 && refuse_link && fstat(fd, &st) == 0 && (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode) != directory)) {
		(void)close_fd(fd);
		return child_fail(c, S_ISLNK(st.st_mode) ? FAULT("%a.destination: '%b' is a symbolic link: whoever made it would choose what is covered") :
				     directory ? FAULT("%a.destination: '%b' is not a directory") : FAULT("%a.destination: '%b' is not a file"), 0, op->place, op->target);
	}
	if (fd == -ENOENT)
		fd = mounts_make_point(c, op, directory);
	else if (fd < 0)
		return child_fail(c, FAULT("%a.destination: cannot open or make '%b'"), fd, op->place, op->target);
	if (fd < 0 || op->in_proc || op->on_proc)
		return fd;
	r = path_is_fs(fd, MOUNTFD_PROC_MAGIC);
	if (r == 0)
		return fd;
	(void)close_fd(fd);
	return child_fail(c, FAULT("%a.destination: '%b' leads into a procfs"), r < 0 ? r : 0, op->place, op->target);
}

/* Mounts are compared, too: a bind of the root elsewhere has the same inode. */
CHILD int mounts_check_place(const struct child *c, const struct mount_op *op, int target)
{
	struct stat here, root;
	uint64_t mount = 0, root_mount = 0;
	int r = 0;

	if (fstat(target, &here) < 0 || fstat(c->root, &root) < 0)
		r = -errno;
	if (r < 0 || here.st_ino != root.st_ino || here.st_dev != root.st_dev)
		return r < 0 ? child_fail(c, FAULT("%a.destination: cannot look at '%b'"), r, op->place, op->target) : 0;
	r = sys_mount_id(target, "", AT_EMPTY_PATH, &mount);
	if (r == 0)
		r = sys_mount_id(c->root, "", AT_EMPTY_PATH, &root_mount);
	if (r == 0 && mount != root_mount)
		return 0;
	return path_is_root(op->target) ? 1 : child_fail(c, FAULT("%a.destination: '%b' leads to '/', which as a whole cannot be covered"), r, op->place, op->target);
}

CHILD int mounts_place(struct child *c, struct mount_op *op, int tree, int target)
{
	int is_root = mounts_check_place(c, op, target);
	int r = is_root < 0 ? 0 : mountfd_move(tree, target);

	(void)close_fd(target);
	op->tree = NO_FD;
	if (is_root < 0 || r < 0) {
		(void)close_fd(tree);
		return is_root < 0 ? -1 : child_fail(c, FAULT("%a"), r, op->failure, NULL);
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

/*
 * bubblewrap's procfs, which stands on its target now: what we may write in it is covered by itself, read-only. Beyond bubblewrap, sysctls too, which user 0 may
 * write without a capability though "sys" itself is never writable: unless the payload could uncover them. A sandbox of hull's own has masks (spec/sandbox.c).
 */
CHILD static int cover_settings(const struct child *c, const struct mount_op *op, int proc)
{
	static const struct {
		const char *name, *probe;
	} parts[] = { { "sys", "sys/kernel/core_pattern" }, { "sysrq-trigger", "sysrq-trigger" }, { "irq", "irq" }, { "bus", "bus" } };
	size_t first = (c->plan->process->capabilities.bounding >> CAP_SYS_ADMIN & 1) != 0;
	int r = 0;

	for (size_t i = first; i < ARRAY_SIZE(parts) && r >= 0; i++) {
		scope_fd int at = NO_FD;
		scope_fd int tree = NO_FD;

		if (faccessat(proc, parts[i].probe, W_OK, 0) < 0)
			continue;
		at = openat(proc, parts[i].name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		r = at < 0 ? -errno : 0;
		if (r >= 0)
			r = tree = sys_open_tree(proc, parts[i].name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW);
		if (r >= 0)
			r = mountfd_set(tree, MOUNT_ATTR_RDONLY, 0, 0, true);
		if (r >= 0)
			r = mountfd_move(tree, at);
	}
	return r < 0 ? child_fail(c, FAULT("%a: cannot make what user 0 may write in '%b' read-only"), r, op->place, op->target) : 0;
}

/* mounts_place(), and what belongs on it */
CHILD static int place_proc(struct child *c, struct mount_op *op, int tree, int target)
{
	scope_fd int proc = fcntl(tree, F_DUPFD_CLOEXEC, 0);

	return mounts_place(c, op, tree, target) < 0 ? -1 : cover_settings(c, op, proc);
}

/* In a user namespace some filesystems can only be had from outside: bind the host's, with everything below it. */
CHILD static int play_host_copy(struct child *c, struct mount_op *op, const char *source, uint64_t attributes, int target, int errnum)
{
	int tree = mountfd_clone_path(source, true, false), r;

	if (tree < 0) {
		(void)close_fd(target);
		return child_fail(c, FAULT("%a, nor bind the host's"), errnum, op->failure, NULL);
	}
	r = mountfd_set(tree, op->flags->attr_set | attributes, 0, MS_SLAVE, true);
	if (r < 0)
		return child_fail(c, FAULT("%a: cannot set the attributes of the host's mount on '%b'"), r, op->place, op->target);
	return op->kind == MOUNT_PROC && mounts_as_bubblewrap(c->plan) ? place_proc(c, op, tree, target) : mounts_place(c, op, tree, target);
}

/* The kernel would not make the filesystem. Do what is left. @r: -errno, @log: the filesystem context; both descriptors are ours. */
CHILD static int fall_back(struct child *c, struct mount_op *op, int target, int r, int log)
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
		return child_fail(c, FAULT("%a (is a part of the host's /proc masked? keep the host's pid namespace, or run hull where /proc is whole)"), r,
			op->failure, NULL);
	if (r == -ENODEV)
		return child_fail(c, FAULT("%a: the kernel does not know this type"), r, op->failure, NULL);
	return child_fail_fs(c, FAULT("%a"), r, op->failure, NULL, log);
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
	return r < 0 ? child_fail(c, FAULT("%a: cannot fill the tmpfs on '%b'"), r, op->place, op->target) : 0;
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

/* With mount(2), on top of the target; then what mount(2) does not do. */
CHILD static int play_old_way(struct child *c, struct mount_op *op, int target)
{
	unsigned long flags = mountfd_ms_flags(op->flags->attr_set) | op->flags->sb_set;
	bool more = op->flags->propagation.n > 0 || (op->flags->rec_set | op->flags->rec_clear) != 0;
	int fd = NO_FD, r;

	if (mounts_check_place(c, op, target) < 0)
		return -1;
	r = mountfd_old(op->type, op->source, op->data, flags, target, more ? &fd : NULL);
	(void)close_fd(target);
	if (r < 0)
		return child_fail(c, FAULT("%a"), r, op->failure, NULL);
	if (!more)
		return 0;
	r = mountfd_apply(fd, op->flags, false, false);
	(void)close_fd(fd);
	return r < 0 ? child_fail(c, FAULT("%a: cannot set the attributes of the mount on '%b'"), r, op->place, op->target) : 0;
}

/*
 * A sandbox's /dev: its nodes are made at once, so that later mounts may refine it, and the mount points that every one has (spec/sandbox.c): looking for what
 * is not there yet takes a dozen calls.
 */
CHILD static int place_dev(struct child *c, struct mount_op *op, int tree, int target)
{
	scope_fd int dev = fcntl(tree, F_DUPFD_CLOEXEC, 0);

	if (mkdirat(tree, "pts", 0755) < 0 || mkdirat(tree, "shm", 0755) < 0) {
		(void)close_fd(tree);
		(void)close_fd(target);
		return child_fail(c, FAULT("%a: cannot make a directory in '%b'"), errno, op->place, op->target);
	}
	return mounts_place(c, op, tree, target) < 0 || devices_fill(c, dev) < 0 ? -1 : masks_take_empty(c, dev, "pts");
}

CHILD static int play_filesystem(struct child *c, struct mount_ops *ops, struct mount_op *op)
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
	target = mounts_open_target(c, op, true, plain_dir);
	if (target < 0)
		return -1;
	if (op->old_way)
		return play_old_way(c, op, target);
	r = op->quick && ops->back >= 0 ? mounts_quick(c, ops, op, target) : 0;
	if (r != 0)
		return r < 0 ? -1 : 0;
	tree = make_filesystem(c, op, &log);
	if (tree < 0)
		return fall_back(c, op, target, tree, log);
	if (is_filled(op) && fill_tmpfs(c, op, tree, target, there) < 0)
		return -1;
	if (op->kind == MOUNT_TMPFS && c->plan->request->mimic && fstat(tree, &st) == 0)
		op->made = st.st_dev; /* mount points in it are just made */
	r = mountfd_apply(tree, op->flags, false, false);
	if (r < 0)
		return child_fail(c, FAULT("%a: cannot set the attributes of the mount on '%b'"), r, op->place, op->target);
	if (op->kind == MOUNT_PROC && mounts_as_bubblewrap(c->plan))
		return place_proc(c, op, tree, target);
	if (op->keep) {
		ops->inside = fcntl(tree, F_DUPFD_CLOEXEC, 0); /* or the next ones go the usual way */
		ops->fills = op->fills;
	}
	return op->flags->devices && c->plan->request->sandbox ? place_dev(c, op, tree, target) : mounts_place(c, op, tree, target);
}

/* Change the superblock's options of what is mounted at @fd. */
CHILD static int reconfigure(const struct child *c, const struct mount_op *op, int fd)
{
	int context = sys_fspick(fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH), r = context;
	size_t i;

	for (i = 0; i < op->n_params && r >= 0; i++)
		r = mountfd_option(context, &op->params[i]);
	if (r >= 0)
		r = sys_fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
	if (r < 0)
		(void)child_fail_fs(c, FAULT("%a: cannot remount '%b'"), r, op->place, op->target, context);
	(void)close_fd(context);
	return r < 0 ? -1 : 0;
}

/* remount, and propagation alone */
CHILD static int play_change(struct child *c, struct mount_op *op)
{
	int fd = path_open(c->root, op->target, O_PATH, 0), r;

	if (fd < 0)
		return child_fail(c, FAULT("%a.destination: cannot open '%b'"), fd, op->place, op->target);
	if (op->kind == MOUNT_REMOUNT && sys_is_mount(fd) == 0) { /* where nothing is to be changed the kernel would not be asked */
		(void)close_fd(fd);
		return child_fail(c, FAULT("%a.destination: '%b' is no mount point"), -EINVAL, op->place, op->target);
	}
	if (op->kind == MOUNT_REMOUNT && !op->flags->bind && op->n_params > 0 && reconfigure(c, op, fd) < 0)
		return -1;
	r = mountfd_apply(fd, op->flags, op->kind == MOUNT_REMOUNT, true);
	(void)close_fd(fd);
	return r < 0 ? child_fail(c, FAULT("%a: cannot change the mount on '%b'"), r, op->place, op->target) : 0;
}

CHILD static int play_on_dir(struct child *c, struct mount_op *op)
{
	int target = mounts_open_target(c, op, true, false);

	if (target < 0)
		return -1;
	return op->kind == MOUNT_OVERLAY ? mounts_play_overlay(c, op, target) : mounts_play_cgroup(c, op, target);
}

CHILD int mounts_play(struct child *c, struct mount_ops *ops)
{
	size_t i;
	int r = 0;

	mounts_quick_begin(ops);
	for (i = 0; i < ops->n && r == 0; i++) {
		struct mount_op *op = &ops->v[i];

		r = mounts_quick_inside(c, ops, op);
		if (r != 0) {
			r = r < 0 ? -1 : 0;
			continue;
		}
		if (op->kind == MOUNT_BIND)
			r = mounts_play_bind(c, op);
		else if (op->kind == MOUNT_CGROUP || op->kind == MOUNT_OVERLAY)
			r = play_on_dir(c, op);
		else if (op->kind == MOUNT_REMOUNT || op->kind == MOUNT_PROPAGATION)
			r = play_change(c, op);
		else if (op->kind >= MOUNT_DIR)
			r = mounts_play_made(c, ops, op);
		else
			r = play_filesystem(c, ops, op);
	}
	if (r == 0)
		r = mounts_quick_end(c, ops);
	ops->back = close_fd(ops->back);
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
	/* between copying the sources (they keep what they are) and the first mount */
	if (rootfs_settle_in_place(c) < 0)
		return -1;
	return mounts_play(c, mounts_of(c->plan)) < 0 ? -1 : mounts_finish_mimics(c);
}

/* Engines refuse id-mapped mounts, and with them user namespaces in Kubernetes, unless this says that they work. */
static void features(struct json_writer *w)
{
	json_open_object(w, "mountExtensions");
	json_open_object(w, "idmap");
	json_bool(w, "enabled", true);
	json_close_object(w);
	json_close_object(w);
}

const struct aspect aspect_mounts = {
	.id = ASPECT_MOUNTS,
	.check = check,
	.prepare = prepare,
	.enter = enter,
	.explain = explain,
	.features = features,
};
