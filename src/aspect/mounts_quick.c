/*
 * New file systems in one call of mount(2) where nothing is to be done to the mount before or after, and nobody needs its descriptor: half of the calls that
 * fsopen(2) and its kin take. It is made on "." in a directory that was looked at, so nothing is named twice; what fails is done once more by descriptor, which
 * can say why.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aspect/mountfd.h"
#include "aspect/mounts.h"
#include "base/scope.h"

CHILD static unsigned long quick_flags(const struct mount_op *op)
{
	return mountfd_ms_flags(op->flags->attr_set) | op->flags->sb_set;
}

/*
 * In one call, from @target, and back at once: a relative source or layer of another mount must not mean something of the container's.
 * Return: 1 done, 0: it has to be made by descriptor, if only to hear why it cannot be; -1 after child_fail().
 */
CHILD static int mount_from(const struct child *c, const struct mount_ops *ops, const struct mount_op *op, int target, const char *name)
{
	int r = mountfd_onto(op->type, op->source, op->data, quick_flags(op), target, name);

	if (fchdir(ops->back) < 0)
		return child_fail(c, FAULT("%a: cannot return to the working directory"), errno, op->place, NULL);
	return r == 0;
}

/*
 * The devices now, and not after all mounts, since a mount of sysfs is next as a rule, which has to wait for the network namespace (aspect/net.h): here is time.
 */
CHILD int mounts_quick_end(struct child *c, struct mount_ops *ops)
{
	int r = ops->inside >= 0 && ops->fills ? devices_fill(c, ops->inside) : 0;

	ops->inside = close_fd(ops->inside);
	return r;
}

/* What is new there is ours, it is no link, and nobody can put another thing in its place. */
CHILD int mounts_quick_inside(struct child *c, struct mount_ops *ops, const struct mount_op *op)
{
	if (!op->name && mounts_quick_end(c, ops) < 0)
		return -1;
	if (ops->inside < 0 || ops->back < 0 || mkdirat(ops->inside, op->name, 0755) < 0)
		return 0;
	if (masks_take_empty(c, ops->inside, op->name) < 0)
		return -1;
	return mount_from(c, ops, op, ops->inside, op->name);
}

CHILD int mounts_quick(const struct child *c, const struct mount_ops *ops, struct mount_op *op, int target)
{
	int r = mounts_check_place(c, op, target);

	if (r == 0)
		r = mount_from(c, ops, op, target, ".");
	else if (r > 0)
		r = 0;
	if (r > 0)
		(void)close_fd(target);
	return r;
}

CHILD void mounts_quick_begin(struct mount_ops *ops)
{
	ops->back = ops->any_quick ? openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC) : NO_FD;
	if (ops->back >= 0 && fchdir(ops->back) < 0)
		ops->back = close_fd(ops->back);
}
