/*
 * What the container must not see (maskedPaths) or not change (readonlyPaths); then, nothing being made any more, the read-only /dev and root.
 *
 * enter takes a copy of the host's /dev/null while the host can be seen. settle, last of its phase, covers files with copies of it, and directories with
 * copies of one empty read-only tmpfs. A copy of what is mounted already leaves no unmounted tree behind, whose disposal would cost a grace period.
 * Every path is resolved inside the root and without magic links; a path that does not exist needs no cover.
 */
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "aspect/mountfd.h"
#include "aspect/mounts.h"
#include "aspect/rootfs.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"
#include "spec/oci.h"

/*
 * @null: a copy of the host's /dev/null, detached until its first use; NO_FD: none
 */
struct masks {
	int null;
};

/*
 * Something to cover with.
 * @base: the mount that copies are taken from, NO_FD: not made yet;  @used: it is mounted itself
 */
struct cover {
	int base;
	bool used;
};

static int check(struct plan *p)
{
	const struct linux_config *lc = &p->spec->linux;
	struct masks *masks;

	if (p->request->exec)
		return 0;
	if (lc->masked_paths.n > 0 && !spec_namespace(p->spec, NAMESPACE_MOUNT))
		return fail(p->error, 0, "linux.maskedPaths: they need a mount namespace (linux.namespaces)");
	if (lc->readonly_paths.n > 0 && !spec_namespace(p->spec, NAMESPACE_MOUNT))
		return fail(p->error, 0, "linux.readonlyPaths: they need a mount namespace (linux.namespaces)");
	masks = arena_new(p->arena, struct masks);
	masks->null = NO_FD;
	p->data[ASPECT_MASKS] = masks;
	return 0;
}

/* The child's copy of the plan is its own: it may keep a descriptor there. */
CHILD static int enter(struct child *c)
{
	struct masks *masks = c->plan->data[ASPECT_MASKS];
	struct stat st;
	int r;

	if (c->plan->spec->linux.masked_paths.n == 0)
		return 0;
	masks->null = mountfd_clone_path("/dev/null", false, false);
	if (masks->null < 0)
		return child_fail(c, FAULT("cannot bind the host's /dev/null"), masks->null, NULL, NULL);
	if (fstat(masks->null, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return child_fail(c, FAULT("the host's /dev/null is something else"), 0, NULL, NULL);
	/* the inode is the host's: the container's root must not change its mode or owner through a mask; a device can be written all the same */
	r = mountfd_set(masks->null, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, 0, false);
	return r < 0 ? child_fail(c, FAULT("cannot make the copy of the host's /dev/null read-only"), r, NULL, NULL) : 0;
}

/* The empty directory that covers directories. */
CHILD static int make_empty(void)
{
	static const struct mount_param params[] = { { .key = "nr_blocks", .value = "1" }, { .key = "nr_inodes", .value = "1" }, { .key = "mode", .value = "555" } };
	static const struct mountfd_fs fs = {
		.type = "tmpfs",
		.source = "tmpfs",
		.params = params,
		.n_params = ARRAY_SIZE(params),
		.attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
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

CHILD static int mask(const struct child *c, const char *path, struct cover *null, struct cover *empty)
{
	int target = path_open(c->root, path, O_PATH, 0), r;
	struct cover *cover = null;
	struct stat st;

	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0)
		return child_fail(c, FAULT("linux.maskedPaths: cannot open '%a'"), target, path, NULL);
	r = fstat(target, &st) < 0 ? -errno : 0;
	if (r == 0 && S_ISDIR(st.st_mode)) {
		cover = empty;
		if (empty->base < 0)
			r = empty->base = make_empty();
	}
	if (r >= 0)
		r = put(cover, target);
	(void)close_fd(target);
	return r < 0 ? child_fail(c, FAULT("cannot mask '%a'"), r, path, NULL) : 0;
}

/* A copy of the path over itself, read-only with everything below it. */
CHILD static int make_readonly(const struct child *c, const char *path)
{
	int target = path_open(c->root, path, O_PATH, 0), tree, r;

	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0)
		return child_fail(c, FAULT("linux.readonlyPaths: cannot open '%a'"), target, path, NULL);
	r = tree = mountfd_clone(target, true);
	if (r >= 0)
		r = mountfd_set(tree, MOUNT_ATTR_RDONLY, 0, 0, true);
	if (r >= 0)
		r = mountfd_move(tree, target);
	(void)close_fd(tree);
	(void)close_fd(target);
	return r < 0 ? child_fail(c, FAULT("cannot make '%a' read-only"), r, path, NULL) : 0;
}

CHILD static int settle(struct child *c)
{
	const struct linux_config *lc = &c->plan->spec->linux;
	const struct masks *masks = c->plan->data[ASPECT_MASKS];
	struct cover null = { .base = masks->null }, empty = { .base = NO_FD };
	size_t i;
	int r;

	for (i = 0; i < lc->readonly_paths.n; i++)
		if (make_readonly(c, lc->readonly_paths.v[i]) < 0)
			return -1;
	for (i = 0; i < lc->masked_paths.n; i++)
		if (mask(c, lc->masked_paths.v[i], &null, &empty) < 0)
			return -1;
	(void)close_fd(null.base);
	(void)close_fd(empty.base);
	if (rootfs_set_propagation(c) < 0 || mounts_finish(c) < 0)
		return -1;
	if (!c->plan->spec->root.readonly)
		return 0;
	r = mountfd_set(c->root, MOUNT_ATTR_RDONLY, 0, 0, false);
	return r < 0 ? child_fail(c, FAULT("cannot make the root read-only"), r, NULL, NULL) : 0;
}

static void explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct linux_config *lc = &p->spec->linux;
	size_t i;

	if (phase == PHASE_ENTER && lc->masked_paths.n > 0)
		explain_step(x, "take a copy of the host's '/dev/null' for the masks");
	if (phase != PHASE_SETTLE)
		return;
	for (i = 0; i < lc->readonly_paths.n; i++)
		explain_step(x, "make '%s' read-only if it exists", lc->readonly_paths.v[i]);
	for (i = 0; i < lc->masked_paths.n; i++)
		explain_step(x, "mask '%s' if it exists", lc->masked_paths.v[i]);
	if (lc->rootfs_propagation != 0)
		explain_step(x, "make the root %s", names_of(&names_propagations, lc->rootfs_propagation));
	if (p->spec->root.readonly)
		explain_step(x, "make the root read-only");
}

const struct aspect aspect_masks = {
	.id = ASPECT_MASKS,
	.check = check,
	.enter = enter,
	.settle = settle,
	.explain = explain,
};
