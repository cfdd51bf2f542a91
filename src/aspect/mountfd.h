/*
 * Mounts by descriptor: nothing here resolves a path in the container. A mount is made detached, given its attributes, and then put on a target that
 * was opened with path_open(). All of it is child code and returns -errno.
 */
#ifndef ASPECT_MOUNTFD_H
#define ASPECT_MOUNTFD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aspect/mounts.h"
#include "base/child.h"

/* longest value that fsconfig(2) takes, with the final zero */
enum { MOUNTFD_VALUE_MAX = 256 };

/* also in linux/magic.h, which musl-gcc may not see */
#define MOUNTFD_PROC_MAGIC 0x9fa0

/*
 * A filesystem to be made.
 * @source: NULL: none
 * @skip: parameters of this key are left out, NULL: none
 * @sb_set: MS_* flags of the superblock;  @readonly: the superblock too
 * @attributes: MOUNT_ATTR_* of the mount
 */
struct mountfd_fs {
	const char *type, *source;
	const struct mount_param *params;
	size_t n_params;
	const char *skip;
	unsigned long sb_set;
	bool readonly;
	uint64_t attributes;
};

/**
 * mountfd_option - tell a filesystem context one option. What runc takes for every filesystem ("acl", "noacl") only few know, and the others do without it.
 * Return: 0 or -errno.
 */
CHILD int mountfd_option(int context, const struct mount_param *param);

/**
 * mountfd_new - make a detached mount of a new filesystem: fsopen(2), fsconfig(2), fsmount(2).
 * @ret_log: on failure: the filesystem context, whose log says why (or NO_FD); the caller closes it.
 * Return: a descriptor of the mount or -errno.
 */
CHILD int mountfd_new(const struct mountfd_fs *fs, int *ret_log);

/**
 * mountfd_onto - the same with mount(2), straight onto @target, which becomes the working directory. Cheaper, and says less when it fails.
 * @name: ".", or a name in it that cannot be a link.
 * @flags: MS_*.
 * Return: 0 or -errno.
 */
CHILD int mountfd_onto(const char *type, const char *source, const char *data, unsigned long flags, int target, const char *name);

/**
 * mountfd_old - mountfd_onto(), but the working directory is the same afterwards.
 * @flags: MS_*.
 * @ret_mount: a descriptor of the new mount, NULL: not wanted.
 */
CHILD int mountfd_old(const char *type, const char *source, const char *data, unsigned long flags, int target, int *ret_mount);

/**
 * mountfd_clone - a detached copy of the mount at @fd (open_tree(2)); what @fd names becomes its root.
 */
CHILD int mountfd_clone(int fd, bool recursive);

/**
 * mountfd_clone_path - the same of a path that is to be trusted: on the host.
 * @nofollow: a symbolic link at the end is what is wanted.
 */
CHILD int mountfd_clone_path(const char *path, bool recursive, bool nofollow);

/**
 * mountfd_set - mount_setattr(2) on a mount by its descriptor. Attributes that a user namespace may not clear, because they came from outside, stay set.
 * @propagation: MS_SHARED … or 0.
 */
CHILD int mountfd_set(int fd, uint64_t set, uint64_t clear, unsigned long propagation, bool recursive);

/**
 * mountfd_apply - give a mount its attributes and its propagation in the fewest calls.
 * @own: also flags->attr_set and attr_clear (a new filesystem got them already)
 * @tree: the mount may have others below it.
 */
CHILD int mountfd_apply(int fd, const struct mount_flags *flags, bool own, bool tree);

/**
 * mountfd_move - put the detached mount @tree on @target.
 */
CHILD int mountfd_move(int tree, int target);

/**
 * mountfd_ms_flags - attributes as MS_* flags for mount(2).
 */
CHILD unsigned long mountfd_ms_flags(uint64_t attributes);

#endif
