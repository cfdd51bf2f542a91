/*
 * Covers. The first use of one mounts it itself, each later one a copy: a copy of what is mounted already leaves no unmounted tree behind, whose disposal
 * would cost a grace period (and before Linux 6.15 a detached mount cannot be copied). The empty directory is best one that lies below a mount in our own /dev: it
 * saves a file system, and the taking down of that. See cover.h.
 */
#include "aspect/cover.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "aspect/mountfd.h"
#include "base/scope.h"
#include "base/sys.h"

#define EMPTY_ATTRIBUTES ((uint64_t)(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC))

CHILD int cover_take_null(struct cover *null)
{
	int fd = mountfd_clone_path("/dev/null", false, false), r;
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		r = -ENODEV;
	else /* the inode is the host's: the container's root must not change its mode or owner through a mask; a device can be written all the same */
		r = mountfd_set(fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, 0, false);
	if (r < 0)
		return close_fd(fd), r;
	null->base = fd;
	null->used = false;
	return 0;
}

CHILD int cover_take_empty(struct cover *empty, int dir, const char *name)
{
	int fd = sys_open_tree(dir, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW), r;

	if (fd < 0)
		return fd;
	r = mountfd_set(fd, EMPTY_ATTRIBUTES, 0, 0, false);
	if (r < 0)
		return close_fd(fd), r;
	empty->base = fd;
	empty->used = false;
	return 0;
}

CHILD static int make_empty(void)
{
	static const struct mount_param params[] = { { .key = "nr_blocks", .value = "1" }, { .key = "nr_inodes", .value = "1" }, { .key = "mode", .value = "555" } };
	static const struct mountfd_fs fs = {
		.type = "tmpfs",
		.source = "tmpfs",
		.params = params,
		.n_params = ARRAY_SIZE(params),
		.attributes = EMPTY_ATTRIBUTES,
	};
	int log, r = mountfd_new(&fs, &log);

	(void)close_fd(log);
	return r;
}

/* Put the cover on @target: itself the first time, a copy each time after. Return: 0 or -errno. */
CHILD static int put(struct cover *cover, int target)
{
	int tree, r;

	if (!cover->used) {
		r = mountfd_move(cover->base, target);
		cover->used = r == 0;
		return r;
	}
	tree = mountfd_clone(cover->base, false);
	if (tree < 0)
		return tree;
	r = mountfd_move(tree, target);
	(void)close_fd(tree);
	return r;
}

CHILD int cover_put(struct cover *null, struct cover *empty, int target)
{
	struct stat st;
	int r;

	if (fstat(target, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return put(null, target);
	if (empty->base < 0) {
		r = make_empty();
		if (r < 0)
			return r;
		empty->base = r;
	}
	return put(empty, target);
}
