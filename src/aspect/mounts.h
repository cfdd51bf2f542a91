/*
 * Mounts, compiled: what mounts[] of config.json asks for, as a list of operations that the child plays and that `hull explain` prints.
 * mounts_check.c compiles, mounts.c prepares and plays, mountfd.c has the system calls. Kinds with a file of
 * their own: mounts_bind.c, mounts_cgroup.c, mounts_made.c (what hull makes below the root without mounting a host's thing: types "hull.…"), mounts_overlay.c.
 * mounts_mimic.c makes mount points that do not exist without writing to the host.
 *
 * In a sandbox (request->sandbox) everything that comes from the host is taken before the first mount is placed: a source means what the host had there.
 */
#ifndef ASPECT_MOUNTS_H
#define ASPECT_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "aspect/aspect.h"
#include "aspect/cover.h"
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
	MOUNT_OVERLAY,
	MOUNT_CGROUP,      /* whatever shows the container's cgroup: cgroup2, or a directory of v1 hierarchies */
	MOUNT_REMOUNT,     /* other attributes for what is mounted already */
	MOUNT_PROPAGATION, /* another propagation for what is mounted already */
	MOUNT_DIR,         /* hull.dir: a directory is made */
	MOUNT_FILE,        /* hull.file: a file is written with what a descriptor gives */
	MOUNT_DATA,        /* hull.data: the same, but as a mount: nothing is written below it */
	MOUNT_SYMLINK,     /* hull.symlink */
	MOUNT_CHMOD,       /* hull.chmod */
	MOUNT_HIDE,        /* hull.hide: an empty directory, or /dev/null over a file */
	MOUNT_KIND_MAX
};

/* One option for the filesystem: key=value, or a flag (value NULL). */
struct mount_param {
	const char *key, *value;
};

/*
 * The layers of an overlay: directories of the host.
 * @lower: uppermost first;  @upper, @work: NULL: none
 * @fds: the child's, opened before anything is mounted: of the lower ones, then upper and work; NO_FD: not open
 */
struct mount_layers {
	const char **lower;
	size_t n_lower;
	const char *upper, *work;
	int *fds;
};

struct idmap;

/*
 * One mount.
 * @place: "mounts[3]", for messages
 * @failure: "mounts[3]: cannot mount 'proc' on '/proc'", for messages
 * @type, @source, @target: source absolute for binds; target begins with a slash and means: below the container's root
 * @flags: attributes and propagation
 * @params: options for the filesystem;  @data: the same in one string, for mount(2)
 * @old_way: mount(2) must do it: a value too long for fsconfig(2), or a flag that only mount(2) knows
 * @quick: mount(2) can do it in one call: there is nothing to be done to the mount before or after, and nobody needs its descriptor
 * @keep: a new tmpfs, which the targets of the next mounts lie in;  @name: the target's name in the last such tmpfs, NULL: it lies elsewhere
 * @fills: with @keep: it is /dev, and nothing else will be mounted there: its devices can be made when the last of those mounts is
 * @in_proc: one of the files below /proc that may be covered;  @on_proc: the target is /proc itself
 * @late_readonly: a read-only /dev of our own: only at the end, when its devices are made
 * @mode_given: tmpfs: the options name a mode
 * @id_map: the mapping wanted, NULL: none
 * @tree: a detached mount that prepare made, NO_FD: the child makes it
 * @source_fd: the source is what this descriptor of the caller's gives, NO_FD: the source is a path
 * @source_device, @source_inode: a bind of a descriptor: what prepare found it to be (@source has its path then)
 * @mode: mode= of a hull.… type, or its default
 * @layers: of an overlay
 * @absent: the child found no source, and that is no error
 * @made, @mimicked: the child's: device numbers of the filesystems that were made for this mount: all that is written there is gone with the container
 * @mimic: the child's: the filesystem that stands in for the target's directory; it becomes read-only in the end
 */
struct mount_op {
	enum mount_kind kind;
	const char *place, *failure;
	const char *type, *source, *target;
	const struct mount_flags *flags;
	struct mount_param *params;
	size_t n_params;
	const char *data;
	bool old_way, quick, keep, fills, in_proc, on_proc, late_readonly, mode_given;
	const char *name;
	const struct idmap *id_map;
	int tree;
	int source_fd;
	dev_t source_device;
	ino_t source_inode;
	mode_t mode;
	struct mount_layers *layers;
	bool absent;
	dev_t made, mimicked;
	int mimic;
};

/*
 * @null, @empty: what hull.hide covers with
 * @inside: the child's: the tmpfs that was mounted last, as long as what follows lies in it: nobody else has been there. NO_FD: none;  @fills: it is /dev, to be
 *          filled when that ends
 * @back: the child's: its working directory, NO_FD: it could not go back to that;  @any_quick: it is needed
 * @data: the filesystem that holds the files of hull.data, NO_FD: not made yet;  @n_data: how many were made
 */
struct mount_ops {
	struct mount_op *v;
	size_t n;
	struct cover null, empty;
	int inside, back, data;
	bool fills, any_quick;
	unsigned int n_data;
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
 * mounts_take - in a sandbox: take what comes from the host (sources of binds, layers of overlays) before any mount of ours can cover it and before the
 * root is made read-only. devices_take, masks_take - the same of device nodes and of /dev/null.
 * Return: 0, or -1 after child_fail().
 */
CHILD int mounts_take(struct child *c);
CHILD int devices_take(struct child *c);
CHILD int masks_take(struct child *c);

/**
 * masks_take_empty - offer the directory @name in @dir to cover masked ones with (cover_take_empty()).
 * Return: 0, or -1 after child_fail().
 */
CHILD int masks_take_empty(const struct child *c, int dir, const char *name);

/**
 * devices_fill - make the default devices and links of /dev in the directory @dev.
 */
CHILD int devices_fill(struct child *c, int dev);

/**
 * mounts_hand_on - whether a mount of the configuration asks for one of these kinds of propagation.
 * @types: MS_SHARED, MS_UNBINDABLE …
 */
bool mounts_hand_on(const struct spec *spec, unsigned long types);

/**
 * mounts_quick_begin - keep the way back from where mount(2) is called, in ops->back. There is none where we may stand, but may not go: then everything is
 * done by descriptor.
 */
CHILD void mounts_quick_begin(struct mount_ops *ops);

/**
 * mounts_quick - mount a new file system on "." of @target with one call. (mounts_quick.c)
 * Return: 1: done, @target is closed; 0: it has to be made by descriptor, if only to hear why it cannot be; -1 after child_fail().
 */
CHILD int mounts_quick(const struct child *c, const struct mount_ops *ops, struct mount_op *op, int target);

/**
 * mounts_quick_inside - the same in the tmpfs that was mounted just before, if it is for that (op->name): the directory is made, and not looked for.
 */
CHILD int mounts_quick_inside(struct child *c, struct mount_ops *ops, const struct mount_op *op);

/**
 * mounts_quick_end - nothing more will lie in that tmpfs: if it is /dev, it gets its devices.
 * Return: 0, or -1 after child_fail().
 */
CHILD int mounts_quick_end(struct child *c, struct mount_ops *ops);

/**
 * mounts_play - make the mounts below c->root.
 * Return: 0, or -1 after child_fail().
 */
CHILD int mounts_play(struct child *c, struct mount_ops *ops);

/**
 * mounts_open_target - open the target of @op, made if it is missing, and see that it is not a part of a procfs that must not be covered.
 * @directory: what to make.  @keep_link: a symbolic link at the end is the target itself.
 * Return: an O_PATH descriptor, or -1 after child_fail().
 */
CHILD int mounts_open_target(struct child *c, struct mount_op *op, bool directory, bool keep_link);

/**
 * mounts_check_place - refuse a place that is the root without being called so: a link led there, and what is hung over the root has no effect.
 * Return: 1: it is the root and is called so, 0: it is another place, or -1 after child_fail().
 */
CHILD int mounts_check_place(const struct child *c, const struct mount_op *op, int target);

/**
 * mounts_place - put a finished detached mount on its target. Both descriptors are closed, but for the procfs of the container and a new root, which c
 * keeps.
 * Return: 0, or -1 after child_fail().
 */
CHILD int mounts_place(struct child *c, struct mount_op *op, int tree, int target);

/**
 * mounts_make_point - open the target, made if it is missing, with request->mimic never on the host (mounts_mimic.c).
 * Return: an O_PATH descriptor, or -1 after child_fail().
 */
CHILD int mounts_make_point(struct child *c, struct mount_op *op, bool directory);

/**
 * mounts_mimic - see to it that the first missing name of the target can be made without writing to the host.
 * Return: 0, or -1 after child_fail().
 */
CHILD int mounts_mimic(struct child *c, struct mount_op *op);

/**
 * mounts_finish_mimics - after the last mount: what stands in for directories of the host becomes read-only.
 */
CHILD int mounts_finish_mimics(struct child *c);

/**
 * mounts_play_made - the kinds from MOUNT_DIR on (mounts_made.c).
 */
CHILD int mounts_play_made(struct child *c, struct mount_ops *ops, struct mount_op *op);

/**
 * mounts_make_link - make the target a symbolic link; one with the same text may be there.
 */
CHILD int mounts_make_link(struct child *c, struct mount_op *op, const char *text);

/**
 * mounts_play_bind - make one mount of kind MOUNT_BIND (mounts_bind.c).
 */
CHILD int mounts_play_bind(struct child *c, struct mount_op *op);

/**
 * mounts_compile_overlay - find the layers among the options. Pure. What has none (or layers of data alone) is left to the kernel as it is:
 * op->kind becomes MOUNT_FILESYSTEM. (mounts_overlay.c)
 */
int mounts_compile_overlay(struct plan *p, struct mount_op *op);

/**
 * mounts_is_layer_option - whether an option of an overlay names a layer.
 */
bool mounts_is_layer_option(const char *option);

/**
 * mounts_take_overlay - open the layers; where no layer of ours is needed, make the mount (op->tree): the host's upper layer may become read-only later.
 */
CHILD int mounts_take_overlay(struct child *c, struct mount_op *op);

/**
 * mounts_play_overlay - make the mount on @target, which is closed.
 */
CHILD int mounts_play_overlay(struct child *c, struct mount_op *op, int target);

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

/* mounts_as_bubblewrap - whether the rules for targets are bubblewrap's: mount points are made in the root, and what is mounted goes on no symbolic link */
CHILD static inline bool mounts_as_bubblewrap(const struct plan *p)
{
	return p->request->sandbox && !p->request->mimic;
}

/**
 * mounts_dev_is_host - whether /dev is a bind mount: then it is somebody else's and no device is made in it. In a sandbox: whether there is no tmpfs that
 * was asked to hold devices (hull.dev).
 */
CHILD bool mounts_dev_is_host(const struct plan *p);

/**
 * mounts_finish - the last of it: a /dev that was asked for read-only becomes so.
 */
CHILD int mounts_finish(struct child *c);

#endif
