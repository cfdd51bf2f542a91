/*
 * What the container must not see (maskedPaths) or not change (readonlyPaths); then, nothing being made any more, the read-only /dev and root.
 *
 * enter takes a copy of the host's /dev/null while the host can be seen, mounts.c and mounts_quick.c hand over an empty directory where they make one. settle, last of its phase,
 * covers files and directories with these (cover.c).
 * Every path is resolved inside the root and without magic links; a path that does not exist needs no cover.
 */
#include <string.h>
#include <sys/stat.h>

#include "aspect/cover.h"
#include "aspect/mountfd.h"
#include "aspect/mounts.h"
#include "aspect/rootfs.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"
#include "spec/oci.h"

/* the child's copy of the plan is its own: it may keep descriptors there */
struct masks {
	struct cover null, empty;
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
	masks->null.base = masks->empty.base = NO_FD;
	p->data[ASPECT_MASKS] = masks;
	return 0;
}

CHILD static int take_null(struct child *c)
{
	struct masks *masks = c->plan->data[ASPECT_MASKS];
	int r;

	if (c->plan->spec->linux.masked_paths.n == 0 || masks->null.base >= 0)
		return 0;
	r = cover_take_null(&masks->null);
	if (r == -ENODEV)
		return child_fail(c, FAULT("the host's /dev/null is something else"), 0, NULL, NULL);
	return r < 0 ? child_fail(c, FAULT("cannot bind the host's /dev/null"), r, NULL, NULL) : 0;
}

CHILD int masks_take(struct child *c)
{
	return c->plan->request->sandbox ? take_null(c) : 0;
}

CHILD int masks_take_empty(const struct child *c, int dir, const char *name)
{
	struct masks *masks = c->plan->data[ASPECT_MASKS];
	int r;

	if (!masks || c->plan->spec->linux.masked_paths.n == 0 || masks->empty.base >= 0)
		return 0;
	r = cover_take_empty(&masks->empty, dir, name);
	return r < 0 ? child_fail(c, FAULT("cannot take an empty directory for the masks"), r, NULL, NULL) : 0;
}

CHILD static int enter(struct child *c)
{
	return take_null(c);
}

CHILD static int mask(const struct child *c, const char *path, struct masks *masks)
{
	int target = path_open(c->root, path, O_PATH, 0), r;

	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0)
		return child_fail(c, FAULT("linux.maskedPaths: cannot open '%a'"), target, path, NULL);
	r = cover_put(&masks->null, &masks->empty, target);
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
	struct masks *masks = c->plan->data[ASPECT_MASKS];
	size_t i;
	int r;

	for (i = 0; i < lc->readonly_paths.n; i++)
		if (make_readonly(c, lc->readonly_paths.v[i]) < 0)
			return -1;
	for (i = 0; i < lc->masked_paths.n; i++)
		if (mask(c, lc->masked_paths.v[i], masks) < 0)
			return -1;
	(void)close_fd(masks->null.base);
	(void)close_fd(masks->empty.base);
	if (rootfs_set_propagation(c) < 0 || mounts_finish(c) < 0)
		return -1;
	if (!c->plan->spec->root.readonly || rootfs_of(c->plan)->in_place)
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
	if (p->spec->root.readonly && !rootfs_of(p)->in_place)
		explain_step(x, "make the root read-only");
}

const struct aspect aspect_masks = {
	.id = ASPECT_MASKS,
	.check = check,
	.enter = enter,
	.settle = settle,
	.explain = explain,
};
