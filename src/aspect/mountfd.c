/* Mounts by descriptor. See mountfd.h. */
#include "aspect/mountfd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/sys.h"

#define MS_NOSYMFOLLOW_FLAG 256ul /* MS_NOSYMFOLLOW, not in older headers */

/* the superblock's flags that fsconfig(2) knows by name */
static const struct {
	unsigned long flag;
	const char *name;
} sb_names[] = {
	{ MS_SYNCHRONOUS, "sync" },
	{ MS_DIRSYNC, "dirsync" },
	{ MS_MANDLOCK, "mand" },
	{ 1ul << 25, "lazytime" }, /* MS_LAZYTIME */
};

static const struct {
	uint64_t attribute;
	unsigned long flag;
} ms_flags[] = {
	{ MOUNT_ATTR_RDONLY, MS_RDONLY },
	{ MOUNT_ATTR_NOSUID, MS_NOSUID },
	{ MOUNT_ATTR_NODEV, MS_NODEV },
	{ MOUNT_ATTR_NOEXEC, MS_NOEXEC },
	{ MOUNT_ATTR_NOATIME, MS_NOATIME },
	{ MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
	{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME },
	{ MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW_FLAG },
};

CHILD unsigned long mountfd_ms_flags(uint64_t attributes)
{
	unsigned long flags = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ms_flags); i++)
		if ((attributes & ms_flags[i].attribute) != 0)
			flags |= ms_flags[i].flag;
	return flags;
}

CHILD int mountfd_option(int context, const struct mount_param *param)
{
	int r;

	if (param->value)
		return sys_fsconfig(context, FSCONFIG_SET_STRING, param->key, param->value, 0);
	r = sys_fsconfig(context, FSCONFIG_SET_FLAG, param->key, NULL, 0);
	return r == -EINVAL && (strcmp(param->key, "acl") == 0 || strcmp(param->key, "noacl") == 0) ? 0 : r;
}

/* Tell the filesystem context what is wanted. Return: 0 or -errno. */
CHILD static int configure(int context, const struct mountfd_fs *fs)
{
	int r = 0;
	size_t i;

	if (fs->source)
		r = sys_fsconfig(context, FSCONFIG_SET_STRING, "source", fs->source, 0);
	for (i = 0; i < fs->n_params && r >= 0; i++) {
		const struct mount_param *param = &fs->params[i];

		if (fs->skip && strcmp(param->key, fs->skip) == 0)
			continue;
		r = mountfd_option(context, param);
	}
	for (i = 0; i < ARRAY_SIZE(sb_names) && r >= 0; i++)
		if ((fs->sb_set & sb_names[i].flag) != 0)
			r = sys_fsconfig(context, FSCONFIG_SET_FLAG, sb_names[i].name, NULL, 0);
	if (r >= 0 && fs->readonly)
		r = sys_fsconfig(context, FSCONFIG_SET_FLAG, "ro", NULL, 0);
	return r;
}

CHILD int mountfd_new(const struct mountfd_fs *fs, int *ret_log)
{
	int context, r;

	*ret_log = NO_FD;
	context = sys_fsopen(fs->type, FSOPEN_CLOEXEC);
	if (context < 0)
		return context;
	r = configure(context, fs);
	if (r >= 0)
		r = sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r >= 0)
		r = sys_fsmount(context, FSMOUNT_CLOEXEC, (unsigned int)fs->attributes);
	if (r >= 0)
		(void)close_fd(context);
	else
		*ret_log = context;
	return r;
}

/*
 * The mount on top of the current directory, which "." is not: "." stays below it. But a walk by ".." looks at what is mounted where it arrives
 * (path_resolution(7)), and at the root it arrives where it was. So the directory becomes our root for a moment; no name is looked up, that somebody
 * else could have changed. Return: a descriptor or -errno.
 */
CHILD static int on_top_of_here(void)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd;

	if (root < 0 || chroot(".") < 0) {
		fd = -errno;
	} else {
		fd = open("..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
		if (fchdir(root) < 0 || chroot(".") < 0) {
			(void)close_fd(fd);
			fd = -errno;
		}
	}
	(void)close_fd(root);
	return fd;
}

CHILD int mountfd_onto(const char *type, const char *source, const char *data, unsigned long flags, int target, const char *name)
{
	return fchdir(target) < 0 || mount(source, name, type, flags, data) < 0 ? -errno : 0;
}

CHILD int mountfd_old(const char *type, const char *source, const char *data, unsigned long flags, int target, int *ret_mount)
{
	int back, r;

	back = openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (back < 0)
		return -errno;
	r = mountfd_onto(type, source, data, flags, target, ".");
	if (r == 0 && ret_mount)
		r = on_top_of_here();
	if (fchdir(back) < 0 && r >= 0) {
		r = -errno; /* (a descriptor goes with the process) */
	}
	(void)close_fd(back);
	if (r < 0)
		return r;
	if (ret_mount)
		*ret_mount = r;
	return 0;
}

CHILD int mountfd_clone(int fd, bool recursive)
{
	return sys_open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0));
}

CHILD int mountfd_clone_path(const char *path, bool recursive, bool nofollow)
{
	return sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0) | (nofollow ? AT_SYMLINK_NOFOLLOW : 0));
}

CHILD int mountfd_set(int fd, uint64_t set, uint64_t clear, unsigned long propagation, bool recursive)
{
	struct sys_mount_attr attr = { .attr_set = set, .attr_clr = clear, .propagation = propagation };
	unsigned int flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u);
	int r;

	/* the access time modes are one number, not bits: mount_setattr(2) wants it cleared as a whole */
	if (((set | clear) & MOUNT_ATTR__ATIME) != 0)
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	if ((attr.attr_set | attr.attr_clr | attr.propagation) == 0)
		return 0;
	r = sys_mount_setattr(fd, "", flags, &attr);
	if (r != -EPERM || attr.attr_clr == 0)
		return r;
	/* in a user namespace what the mount had outside is locked (mount_namespaces(7)): keep it, and set the rest; never less safe than asked for */
	attr.attr_clr = 0;
	attr.attr_set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	if ((attr.attr_set | attr.propagation) == 0)
		return 0;
	return sys_mount_setattr(fd, "", flags, &attr);
}

/* Calls of mount_setattr(2) that are still to be made; what fits together is one call. */
struct pending {
	int fd;
	uint64_t set, clear;
	unsigned long propagation;
	bool recursive;
};

CHILD static int flush(struct pending *w)
{
	int r = mountfd_set(w->fd, w->set, w->clear, w->propagation, w->recursive);

	w->set = w->clear = 0;
	w->propagation = 0;
	return r;
}

CHILD static bool is_empty(const struct pending *w)
{
	return (w->set | w->clear | w->propagation) == 0;
}

CHILD int mountfd_apply(int fd, const struct mount_flags *flags, bool own, bool tree)
{
	struct pending w = { .fd = fd };
	size_t i;
	int r = 0;

	if (own) {
		w.set = flags->attr_set;
		w.clear = flags->attr_clear;
	}
	if ((flags->rec_set | flags->rec_clear) != 0) {
		if (tree && !is_empty(&w))
			r = flush(&w);
		w.recursive = tree;
		w.set = (w.set & ~flags->rec_clear) | flags->rec_set;
		w.clear = (w.clear & ~flags->rec_set) | flags->rec_clear;
	}
	for (i = 0; i < flags->propagation.n && r >= 0; i++) {
		bool recursive = tree && flags->propagation.v[i].recursive;

		if (w.propagation != 0 || (recursive != w.recursive && !is_empty(&w)))
			r = flush(&w);
		w.recursive = recursive;
		w.propagation = flags->propagation.v[i].type;
	}
	return r < 0 ? r : flush(&w);
}

CHILD int mountfd_move(int tree, int target)
{
	return sys_move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}
