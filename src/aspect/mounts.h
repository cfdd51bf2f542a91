/*
 * Mounts, compiled: what mounts[] of config.json asks for, as a list of operations that the child plays and that `hull explain` prints.
 * mounts_check.c compiles, mounts.c prepares and plays, mountfd.c has the system calls.
 */
#ifndef ASPECT_MOUNTS_H
#define ASPECT_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "aspect/aspect.h"
#include "aspect/plan.h"
#include "spec/spec.h"

/* What kind of thing is mounted. */
enum mount_kind {
	MOUNT_BIND,       /* a part of the host's tree */
	MOUNT_FILESYSTEM, /* a new instance of any filesystem */
	MOUNT_PROC,
	MOUNT_SYSFS,
	MOUNT_MQUEUE,
	MOUNT_DEVPTS,
	MOUNT_TMPFS,
	MOUNT_CGROUP,      /* whatever shows the container's cgroup: cgroup2, or a directory of v1 hierarchies */
	MOUNT_REMOUNT,     /* other attributes for what is mounted already */
	MOUNT_PROPAGATION, /* another propagation for what is mounted already */
	MOUNT_KIND_MAX
};

/* One option for the filesystem: key=value, or a flag (value NULL). */
struct mount_param {
	const char *key, *value;
};

struct idmap;

/*
 * One mount.
 * @place: "mounts[3]", for messages
 * @type, @source, @target: source absolute for binds; target begins with a slash and means: below the container's root
 * @flags: attributes and propagation
 * @params: options for the filesystem;  @data: the same in one string, for mount(2)
 * @old_way: mount(2) must do it: a value too long for fsconfig(2), or a flag that only mount(2) knows
 * @in_proc: one of the files below /proc that may be covered;  @on_proc: the target is /proc itself
 * @late_readonly: a read-only /dev of our own: only at the end, when its devices are made
 * @mode_given: tmpfs: the options name a mode
 * @id_map: the mapping wanted, NULL: none
 * @tree: a detached mount that prepare made, NO_FD: the child makes it
 */
struct mount_op {
	enum mount_kind kind;
	const char *place;
	const char *type, *source, *target;
	const struct mount_flags *flags;
	struct mount_param *params;
	size_t n_params;
	const char *data;
	bool old_way, in_proc, on_proc, late_readonly, mode_given;
	const struct idmap *id_map;
	int tree;
};

struct mount_ops {
	struct mount_op *v;
	size_t n;
};

/**
 * mounts_compile - make operations of a list of mounts. Pure.
 * @mounts: their flags compiled (spec_mount_options()).
 * Return: 0 or -1 with the JSON place.
 */
int mounts_compile(struct plan *p, const struct mount_list *mounts, struct mount_ops *ret_ops);

/**
 * mounts_prepare - make the detached trees that only the parent can make (id-mapped mounts, sources that the container's ids cannot reach).
 * @all: make the trees of all binds: for mounts that are added to a running container.
 * Return: 0 or -1.
 */
int mounts_prepare(struct plan *p, struct mount_ops *ops, bool all);

/**
 * mounts_play - make the mounts below c->root.
 * Return: 0, or -1 after child_fail().
 */
CHILD int mounts_play(struct child *c, const struct mount_ops *ops);

/**
 * mounts_play_cgroup - make one mount of kind MOUNT_CGROUP on @target (mounts_cgroup.c).
 */
CHILD int mounts_play_cgroup(struct child *c, const struct mount_op *op, int target);

/**
 * mounts_copy_up - copy what is in the directory @from into the directory @to: modes, owners, links, device nodes, extended attributes as far as
 * allowed (mounts_copyup.c).
 * Return: 0 or -errno.
 */
CHILD int mounts_copy_up(int from, int to);

/**
 * mounts_explain - one explain_step() an operation.
 */
void mounts_explain(const struct mount_ops *ops, struct explain *x);

/**
 * mounts_options_text - attributes, options and propagation of an operation in words: " (nosuid, ro)", or "".
 * @buffer: written to.
 * Return: @buffer.
 */
const char *mounts_options_text(const struct mount_op *op, char *buffer, size_t size);

/* mounts_of - the compiled mounts of the container, NULL before check */
static inline struct mount_ops *mounts_of(const struct plan *p)
{
	return p->data[ASPECT_MOUNTS];
}

/**
 * mounts_dev_is_host - whether /dev is a bind mount: then it is somebody else's and no device is made in it.
 */
CHILD bool mounts_dev_is_host(const struct plan *p);

/**
 * mounts_finish - the last of it: a /dev that was asked for read-only becomes so.
 */
CHILD int mounts_finish(struct child *c);

#endif
