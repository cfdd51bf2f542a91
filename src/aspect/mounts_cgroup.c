/*
 * Mounts of type cgroup: cgroup v2 as it is; v1 as engines expect it, a tmpfs with a directory a hierarchy and links for controllers that share one.
 * With a cgroup namespace the hierarchies are mounted anew and show the container's cgroup as their root; without, that cgroup's directory is bound.
 */
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "aspect/cgroup.h"
#include "aspect/mountfd.h"
#include "aspect/mounts.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"

enum { PATH_SIZE = 4096, OPTIONS_SIZE = 256, CONTROLLERS_MAX = 16 };

/* A hierarchy's options, "name=systemd" or a list of controllers, as fsconfig(2) wants them: one by one. Return: how many, or -errno. */
CHILD static int split_options(const char *options, char buffer[OPTIONS_SIZE], struct mount_param params[CONTROLLERS_MAX])
{
	char *next = buffer;
	int n = 0;

	if (strlen(options) >= OPTIONS_SIZE)
		return -ENAMETOOLONG;
	memcpy(buffer, options, strlen(options) + 1);
	while (next && *next) {
		if (n == CONTROLLERS_MAX)
			return -E2BIG;
		params[n] = (struct mount_param){ .key = next };
		next = strchr(next, ',');
		if (next)
			*next++ = '\0';
		if (strncmp(params[n].key, "name=", 5) == 0)
			params[n] = (struct mount_param){ .key = "name", .value = params[n].key + 5 };
		n++;
	}
	return n;
}

/* A new mount of the hierarchy. */
CHILD static int new_hierarchy(const struct cgroup_hierarchy *h, uint64_t attributes)
{
	struct mount_param params[CONTROLLERS_MAX];
	char buffer[OPTIONS_SIZE];
	struct mountfd_fs fs = { .type = h->options[0] ? "cgroup" : "cgroup2", .source = "cgroup", .params = params, .attributes = attributes };
	int log, n = split_options(h->options, buffer, params), r;

	if (n < 0)
		return n;
	fs.n_params = (size_t)n;
	r = mountfd_new(&fs, &log);
	(void)close_fd(log);
	return r;
}

/* The container's own directory in the host's mount of the hierarchy. */
CHILD static int bind_hierarchy(const struct cgroup_hierarchy *h, uint64_t attributes)
{
	char path[PATH_SIZE];
	size_t mount_length = strlen(h->mountpoint), own_length = strlen(h->own_path);
	int tree, r;

	if (mount_length + own_length >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, h->mountpoint, mount_length);
	memcpy(path + mount_length, h->own_path, own_length + 1);
	tree = mountfd_clone_path(path, true, false);
	if (tree < 0)
		return tree;
	r = mountfd_set(tree, attributes, 0, 0, true);
	if (r < 0)
		return close_fd(tree), r;
	return tree;
}

/* Return: a detached mount or -errno. */
CHILD static int hierarchy(const struct child *c, const struct cgroup_hierarchy *h, uint64_t attributes)
{
	int r = -EPERM;

	if ((c->plan->new_namespaces & CLONE_NEWCGROUP) != 0 || c->plan->join_fd[NAMESPACE_CGROUP] >= 0)
		r = new_hierarchy(h, attributes);
	return r < 0 ? bind_hierarchy(h, attributes) : r;
}

CHILD static int play_v2(struct child *c, const struct mount_op *op, const struct cgroup_hierarchy *h, int target)
{
	int tree = hierarchy(c, h, op->flags->attr_set), r;

	if (tree < 0)
		return child_fail(c, FAULT("%a"), tree, op->failure, NULL);
	r = mountfd_apply(tree, op->flags, false, false);
	if (r >= 0)
		r = mountfd_move(tree, target);
	(void)close_fd(tree);
	(void)close_fd(target);
	return r < 0 ? child_fail(c, FAULT("%a"), r, op->failure, NULL) : 0;
}

/* One hierarchy in the tmpfs @dir, and its links. */
CHILD static int place_hierarchy(const struct child *c, const struct mount_op *op, const struct cgroup_hierarchy *h, int dir)
{
	int tree = hierarchy(c, h, op->flags->attr_set), r;
	size_t i;

	if (tree < 0)
		return child_fail(c, FAULT("%a: hierarchy '%b'"), tree, op->failure, h->name);
	if (mkdirat(dir, h->name, 0755) < 0 && errno != EEXIST)
		return child_fail(c, FAULT("%a: cannot make '%b' in it"), errno, op->failure, h->name);
	r = sys_move_mount(tree, "", dir, h->name, MOVE_MOUNT_F_EMPTY_PATH); /* the tmpfs is ours and new: no link can be there */
	(void)close_fd(tree);
	if (r < 0)
		return child_fail(c, FAULT("%a: hierarchy '%b'"), r, op->failure, h->name);
	for (i = 0; i < h->n_links; i++)
		if (strcmp(h->links[i], h->name) != 0 && symlinkat(h->name, dir, h->links[i]) < 0 && errno != EEXIST)
			return child_fail(c, FAULT("%a: cannot make '%b' in it"), errno, op->failure, h->links[i]);
	return 0;
}

CHILD static int play_v1(struct child *c, const struct mount_op *op, const struct cgroup_mounts *m, int target)
{
	static const struct mount_param mode = { .key = "mode", .value = "755" };
	struct mountfd_fs fs = {
		.type = "tmpfs", .source = "tmpfs", .params = &mode, .n_params = 1,
		.attributes = op->flags->attr_set & ~(uint64_t)MOUNT_ATTR_RDONLY,
	};
	int log, tmpfs = mountfd_new(&fs, &log), r;
	size_t i;

	if (tmpfs < 0)
		return child_fail_fs(c, FAULT("%a: its tmpfs"), tmpfs, op->failure, NULL, log);
	r = mountfd_move(tmpfs, target); /* first: before Linux 6.15 nothing can be mounted on a detached mount */
	(void)close_fd(target);
	if (r < 0)
		return child_fail(c, FAULT("%a: its tmpfs"), r, op->failure, NULL);
	for (i = 0; i < m->n; i++)
		if (place_hierarchy(c, op, &m->v[i], tmpfs) < 0)
			return -1;
	r = mountfd_set(tmpfs, op->flags->attr_set & MOUNT_ATTR_RDONLY, 0, 0, false);
	if (r >= 0)
		r = mountfd_apply(tmpfs, op->flags, false, true);
	(void)close_fd(tmpfs);
	return r < 0 ? child_fail(c, FAULT("%a: cannot set the attributes of the mount on '%b'"), r, op->place, op->target) : 0;
}

CHILD int mounts_play_cgroup(struct child *c, const struct mount_op *op, int target)
{
	const struct cgroup_mounts *m = cgroup_mounts(c->plan);

	if (m && m->version == 2 && m->n > 0)
		return play_v2(c, op, &m->v[0], target);
	if (m && m->n > 0)
		return play_v1(c, op, m, target);
	(void)close_fd(target);
	return child_fail(c, FAULT("%a: the host has no cgroups mounted"), 0, op->failure, NULL);
}
