/*
 * Mount points that do not exist, made without writing to the host.
 *
 * Where a target lies on a filesystem of ours (a tmpfs of this sandbox), its mount point is just made there. Anywhere else the directory that misses
 * the name gets a stand-in: a tmpfs over it with the same attributes, mode and owner, into which every entry of the directory is bound back (links are
 * made anew), and in which the missing name is made. In the end the stand-in becomes read-only: what would be written to it would be lost, and nobody
 * would know.
 *
 * Which directory that is, is found by the same walk that makes things (path_missing()), so a link in a hostile tree chooses nothing. Child code.
 */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "aspect/mountfd.h"
#include "aspect/mounts.h"
#include "base/entries.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"

enum { LINK_SIZE = 4096, PATH_SIZE = 4096, ENTRIES_MAX = 8192, PLACES_MAX = 8 };

/* what statfs(2) says about a mount, as an attribute; its values are not in every header */
static const struct {
	unsigned long flag;
	uint64_t attribute;
} statfs_flags[] = {
	{ 0x0001, MOUNT_ATTR_RDONLY },  { 0x0002, MOUNT_ATTR_NOSUID },  { 0x0004, MOUNT_ATTR_NODEV },
	{ 0x0008, MOUNT_ATTR_NOEXEC },  { 0x0400, MOUNT_ATTR_NOATIME }, { 0x0800, MOUNT_ATTR_NODIRATIME },
	{ 0x2000, MOUNT_ATTR_NOSYMFOLLOW },
};

CHILD static int attributes_of(int dir, uint64_t *ret_attributes)
{
	uint64_t attributes = 0;
	struct statfs fs;
	size_t i;

	if (fstatfs(dir, &fs) < 0)
		return -errno;
	for (i = 0; i < ARRAY_SIZE(statfs_flags); i++)
		if (((unsigned long)fs.f_flags & statfs_flags[i].flag) != 0)
			attributes |= statfs_flags[i].attribute;
	*ret_attributes = attributes;
	return 0;
}

CHILD static int remake_link(int from, const char *name, int to)
{
	char link[LINK_SIZE];
	ssize_t n = readlinkat(from, name, link, sizeof(link) - 1);

	if (n < 0)
		return errno == ENOENT ? 0 : -errno; /* removed meanwhile */
	link[n] = '\0';
	return symlinkat(link, to, name) < 0 ? -errno : 0;
}

/* Bind one entry back, with what is mounted there. @type: as getdents64(2) says. */
CHILD static int bind_back(int from, const char *name, unsigned char type, int to)
{
	scope_fd int tree = NO_FD;
	struct stat st;
	mode_t mode = DTTOIF((mode_t)type);
	int r;

	if (type == DT_LNK)
		return remake_link(from, name, to);
	tree = sys_open_tree(from, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
	if (tree < 0)
		return tree == -ENOENT ? 0 : tree;
	if (type == DT_UNKNOWN) {
		if (fstat(tree, &st) < 0)
			return -errno;
		mode = st.st_mode & S_IFMT;
		if (S_ISLNK(mode))
			return remake_link(from, name, to);
	}
	r = S_ISDIR(mode) ? mkdirat(to, name, 0755) : mknodat(to, name, S_IFREG | 0644, 0);
	return r < 0 ? -errno : sys_move_mount(tree, "", to, name, MOVE_MOUNT_F_EMPTY_PATH);
}

/* All entries of the directory @from. Return: 0 or -errno (-E2BIG: too many). */
CHILD static int bind_all_back(int from, int to)
{
	struct entries entries;
	const struct entry *entry;
	int n = 0, r;

	entries_begin(&entries, from);
	while ((r = entries_next(&entries, &entry)) > 0) {
		if (++n > ENTRIES_MAX)
			return -E2BIG;
		r = bind_back(from, entry->name, entry->type, to);
		if (r < 0)
			break;
	}
	return r;
}

/* An empty tmpfs that looks like the directory @dir. Return: a detached mount or -errno. */
CHILD static int new_stand_in(int dir, uint64_t attributes, struct stat *ret_st)
{
	static const struct mount_param mode = { .key = "mode", .value = "0755" };
	struct mountfd_fs fs = { .type = "tmpfs", .source = "tmpfs", .params = &mode, .n_params = 1, .attributes = attributes & ~(uint64_t)MOUNT_ATTR_RDONLY };
	struct stat st;
	int log, tree = mountfd_new(&fs, &log), r = 0;

	(void)close_fd(log);
	if (tree < 0)
		return tree;
	if (fstat(dir, &st) < 0 || fchmodat(tree, ".", st.st_mode & 07777, 0) < 0)
		r = -errno;
	else if (fchownat(tree, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) < 0 && errno != EPERM && errno != EINVAL) /* an id that is not mapped here */
		r = -errno;
	else if (fstat(tree, ret_st) < 0)
		r = -errno;
	if (r < 0)
		return close_fd(tree), r;
	return tree;
}

/* Cover @dir with its stand-in. Return: 0 or -errno. */
CHILD static int mimic(struct child *c, struct mount_op *op, int dir, bool is_root)
{
	scope_fd int from = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scope_fd int tree = NO_FD;
	uint64_t attributes = 0;
	struct stat st;
	int r;

	if (from < 0)
		return -errno;
	if (op->mimic >= 0)
		return -ELOOP; /* links that lead from one missing name to the next: one stand-in a mount is enough */
	r = attributes_of(dir, &attributes);
	if (r < 0)
		return r;
	tree = new_stand_in(dir, attributes, &st);
	r = tree < 0 ? tree : mountfd_move(tree, dir); /* first: before Linux 6.15 nothing can be mounted on a detached mount */
	if (r >= 0)
		r = bind_all_back(from, tree);
	if (r < 0)
		return r;
	if ((attributes & MOUNT_ATTR_RDONLY) == 0)
		child_warn(c, FAULT("%a: '%b' does not exist, and is not made on the host: nothing else can be made in its directory"), 0, op->place, op->target);
	op->mimicked = st.st_dev;
	op->mimic = fcntl(tree, F_DUPFD_CLOEXEC, 0);
	if (op->mimic < 0)
		return -errno;
	if (is_root) {
		(void)close_fd(c->root);
		c->root = take_fd(&tree);
	}
	return 0;
}

/* Whether what is written to this filesystem is gone with the sandbox. */
CHILD static bool is_ours(const struct plan *p, dev_t device)
{
	const struct mount_ops *ops = mounts_of(p);
	size_t i;

	for (i = 0; i < ops->n; i++)
		if ((ops->v[i].made != 0 && ops->v[i].made == device) || (ops->v[i].mimicked != 0 && ops->v[i].mimicked == device))
			return true;
	return false;
}

CHILD int mounts_mimic(struct child *c, struct mount_op *op)
{
	struct stat st;
	int i, r = 0;

	for (i = 0; i < PLACES_MAX && r == 0; i++) {
		bool at_root = false;
		scope_fd int dir = path_missing(c->root, op->target, &at_root);

		if (dir < 0)
			r = dir;
		else if (fstat(dir, &st) < 0)
			r = -errno;
		else if (is_ours(c->plan, st.st_dev))
			return 0;
		else
			r = mimic(c, op, dir, at_root);
	}
	if (r == -E2BIG)
		return child_fail(c, FAULT("%a.destination: '%b' does not exist, and its directory has too many entries (8192) to be stood in for: make it on the host"),
				  0, op->place, op->target);
	return child_fail(c, FAULT("%a.destination: '%b' does not exist, and cannot be made without writing to the host"), r, op->place, op->target);
}

/* bubblewrap's rule: directories on the way to something that others may not read are not for others either. */
CHILD static int make_parents(const struct child *c, const struct mount_op *op)
{
	mode_t mode = 0755 & ~(mode_t)((op->mode & 070) == 0 ? 050 : 0) & ~(mode_t)((op->mode & 07) == 0 ? 05 : 0);
	char path[PATH_SIZE];
	const char *slash;
	int fd;

	for (slash = strchr(op->target + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		memcpy(path, op->target, (size_t)(slash - op->target));
		path[slash - op->target] = '\0';
		fd = path_make_dir(c->root, path, mode);
		if (fd < 0)
			return fd;
		(void)close_fd(fd);
	}
	return 0;
}

/* Return: a descriptor or -errno. */
CHILD static int make(const struct child *c, const struct mount_op *op, bool directory)
{
	int r;

	if (c->plan->request->sandbox && op->mode_given && (op->mode & 055) != 055) {
		r = make_parents(c, op);
		if (r < 0)
			return r;
	}
	if (directory)
		return path_make_dir(c->root, op->target, op->kind == MOUNT_DIR ? op->mode : 0755);
	return path_make_file(c->root, op->target, c->plan->request->sandbox ? 0444 : 0644); /* bubblewrap's, and runc's */
}

CHILD int mounts_make_point(struct child *c, struct mount_op *op, bool directory)
{
	bool mimics = c->plan->request->mimic, asked_for = op->kind == MOUNT_DIR;
	int fd = mimics ? path_open(c->root, op->target, O_PATH | (directory ? O_DIRECTORY : 0u), 0) : NO_FD;
	struct stat st;

	if (mimics && fd == -ENOENT) {
		if (asked_for) /* in a writable bind it is made on the host */
			fd = make(c, op, directory);
		if (!asked_for || fd == -EROFS || fd == -EACCES || fd == -EPERM) {
			if (mounts_mimic(c, op) < 0)
				return -1;
			fd = make(c, op, directory);
		}
	} else if (!mimics) {
		fd = make(c, op, directory);
	} else if (fd >= 0 && !directory && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		(void)close_fd(fd);
		fd = -EISDIR;
	}
	if (fd < 0)
		return child_fail(c, FAULT("%a.destination: cannot open or make '%b'"), fd, op->place, op->target);
	return fd;
}

/* The superblock, not the mount: a later stand-in may have made a copy of the mount. */
CHILD int mounts_finish_mimics(struct child *c)
{
	const struct mount_ops *ops = mounts_of(c->plan);
	int context, r = 0;
	size_t i;

	for (i = 0; i < ops->n; i++) {
		if (ops->v[i].mimic < 0)
			continue;
		context = r = sys_fspick(ops->v[i].mimic, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
		if (r >= 0)
			r = sys_fsconfig(context, FSCONFIG_SET_FLAG, "ro", NULL, 0);
		if (r >= 0)
			r = sys_fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
		(void)close_fd(context);
		(void)close_fd(ops->v[i].mimic);
		if (r < 0)
			return child_fail(c, FAULT("cannot make the stand-in for the directory of '%a' read-only"), r, ops->v[i].target, NULL);
	}
	return 0;
}
