/*
 * The new root without pivot_root(2). That call looks at every process of the machine, for those that stand in the old root: 0.26 µs each, so beside a
 * thousand containers it is a twelfth of a start. In the child's own mount namespace there is nobody else. So:
 *
 *   open_tree    a copy of the finished tree, hung up nowhere
 *   umount2 /    the host's tree is gone, and with it the tree of which that is the copy
 *   setns        into the same namespace once more: the kernel puts us on its root, which lies bare now
 *   move_mount   the copy comes onto it, where pivot_root would have put the tree; chroot(2) into it
 *
 * The mounts lie then exactly as after pivot_root(2): nothing of the host's is left that could be uncovered. That holds only where "/" is all that hangs on
 * the namespace's root, and that hands on to no other namespace that something was unmounted: the kernel is asked (statmount(2), Linux 6.8). Where any of it is
 * not so, or the kernel refuses one of the first two, pivot_root(2) does it.
 */
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "aspect/mountfd.h"
#include "aspect/mounts.h"
#include "aspect/rootfs.h"
#include "base/scope.h"
#include "base/sys.h"

bool rootfs_may_swap(const struct plan *p, const struct rootfs *root)
{
	const struct hooks *hooks = &p->spec->hooks;

	if (!(p->caller->permitted >> CAP_SYS_CHROOT & 1)) /* setns(2) wants it, which pivot_root(2) does not */
		return false;
	/* a copy leaves out what is unbindable, and would lose what is mounted on a shared mount when the original of that is unmounted */
	if (mounts_hand_on(p->spec, MS_SHARED | MS_UNBINDABLE))
		return false;
	/* in a new user namespace the host's root is locked to what it covers; hooks may mount there what we cannot know */
	return (p->new_namespaces & (CLONE_NEWUSER | CLONE_NEWNS)) == CLONE_NEWNS && !root->covered && !root->in_place && !p->request->no_pivot &&
	       (root->propagation & MS_SHARED) == 0 && hooks->prestart.n + hooks->create_runtime.n + hooks->create_container.n == 0;
}

/*
 * Whether "/" hangs on the root of the namespace, which is nobody's peer, and nothing is mounted over it, as the new root is that is the host's, bound over
 * itself: the kernel resolves "/.." to what is on top. @ret_below: the namespace's root.
 */
CHILD static bool is_above_all(uint64_t *ret_below)
{
	struct sys_statmount mount;
	uint64_t id, top;

	if (sys_mount_root_id(AT_FDCWD, "/", &id) < 0 || sys_mount_root_id(AT_FDCWD, "/..", &top) < 0 || top != id || sys_statmount(id, &mount) < 0)
		return false;
	*ret_below = mount.parent;
	return id != mount.parent && sys_statmount(*ret_below, &mount) == 0 && mount.parent == *ret_below && (mount.propagation & MS_SHARED) == 0;
}

/* The host's tree is gone: there is no way back. */
CHILD static int hang_up(const struct child *c, int self, int tree, uint64_t below)
{
	uint64_t id = 0;
	int r = sys_setns(self, CLONE_NEWNS);

	if (r == 0)
		r = sys_mount_root_id(AT_FDCWD, "/", &id);
	if (r < 0 || id != below)
		return child_fail(c, FAULT("cannot go to the root of the mount namespace"), r, NULL, NULL);
	r = sys_move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
	if (r < 0)
		return child_fail(c, FAULT("cannot move the root to '/'"), r, NULL, NULL);
	if (fchdir(tree) < 0 || chroot(".") < 0)
		return child_fail(c, FAULT("cannot change into the root"), errno, NULL, NULL);
	return 1;
}

CHILD int rootfs_swap(struct child *c)
{
	scope_fd int self = NO_FD, tree = NO_FD; /* the second is of ".", where we stand */
	uint64_t below;

	if (!is_above_all(&below))
		return 0;
	self = sys_pidfd_open(getpid(), 0);
	if (self >= 0)
		tree = mountfd_clone_path(".", true, false);
	if (tree < 0 || umount2("/", MNT_DETACH) < 0)
		return 0;
	(void)close_fd(c->root);
	c->root = take_fd(&tree);
	return hang_up(c, self, c->root, below);
}
