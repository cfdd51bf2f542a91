/* The container's root directory. */
#ifndef ASPECT_ROOTFS_H
#define ASPECT_ROOTFS_H

#include <stdbool.h>
#include <sys/types.h>

#include "aspect/aspect.h"
#include "aspect/plan.h"

/*
 * @path: absolute, on the host
 * @fd: O_PATH, opened once by prepare; @device, @inode: what it is
 * @tree: a detached copy of the mount tree, made by prepare where the container's ids cannot reach the path; else NO_FD
 * @in_place: the host's root stays where it is, read-only: no bind, no pivot_root
 * @covered: the first mount is the root itself: no bind of what it covers
 * @private_namespace: the container has a mount namespace that is not the host's
 * @hidden: without pivot_root(2), where the host has a procfs or sysfs, in the order in which they were mounted
 * @swaps: pivot_root(2) may be spared (rootfs_swap.c)
 * @propagation: of the root afterwards, MS_* with MS_REC; 0: as it comes
 */
struct rootfs {
	const char *path;
	int fd;
	dev_t device;
	ino_t inode;
	int tree;
	bool private_namespace, in_place, covered, swaps;
	char **hidden;
	size_t n_hidden;
	unsigned long propagation;
};

/* rootfs_of - the compiled root, NULL before check */
static inline const struct rootfs *rootfs_of(const struct plan *p)
{
	return p->data[ASPECT_ROOTFS];
}

/**
 * rootfs_reachable - whether everybody may search the directories that lead to @path (links followed): then the container's ids can reach it.
 */
bool rootfs_reachable(const char *path);

/**
 * rootfs_detach_propagation - what a tree that was cloned in the parent's namespace needs: a copy must not send mounts back to the host unless the
 * specification says so. Return: MS_SLAVE or 0.
 */
unsigned long rootfs_detach_propagation(const struct plan *p);

/**
 * rootfs_may_swap - whether this container's root can be changed without pivot_root(2), as far as its configuration tells.
 */
bool rootfs_may_swap(const struct plan *p, const struct rootfs *root);

/**
 * rootfs_swap - change the root without pivot_root(2), if what is mounted allows it; c->root is another descriptor then, of a copy of the tree. The working
 * directory is the root that c->root is.
 * Return: 1: done, the working directory is the new root; 0: nothing was changed, pivot_root(2) has to do it; -1 after child_fail().
 */
CHILD int rootfs_swap(struct child *c);

/**
 * rootfs_settle_in_place - make the whole tree read-only, without set-user-ID programs and devices, and cut it off from the host's, all in one call; nothing
 * unless in_place. After copies were taken of what is to stay writable, before the first mount.
 * Return: 0, or -1 after child_fail().
 */
CHILD int rootfs_settle_in_place(struct child *c);

/**
 * rootfs_set_propagation - give the root the propagation of linux.rootfsPropagation. After the masks: they copy mounts, and an unbindable one cannot be.
 * Return: 0, or -1 after child_fail().
 */
CHILD int rootfs_set_propagation(struct child *c);

#endif
