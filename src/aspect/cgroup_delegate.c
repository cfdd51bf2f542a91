/*
 * Two annotations of crun's that concern cgroups. run.oci.delegate-cgroup names a cgroup below the container's, into which its first process goes: the
 * container may do there what it likes, while the limits stay on the one above, which is the root of its cgroup namespace. It is made and opened before
 * the clone; the child writes itself into it once it has the namespace. run.oci.systemd.force_cgroup_v1 is refused where it would mean something.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "aspect/cgroup.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"
#include "spec/oci.h"

#define DELEGATE "run.oci.delegate-cgroup"
#define FORCE_V1 "run.oci.systemd.force_cgroup_v1"

int cgroup_delegate_check(const struct plan *p)
{
	const char *name = spec_annotation(p->spec, DELEGATE);

	if (name && (!*name || strchr(name, '/') || text_equal(name, ".") || text_equal(name, "..")))
		return fail(p->error, 0, "annotations." DELEGATE ": expected the name of a cgroup, got '%s'", name);
	return 0;
}

int cgroup_delegate_host(const struct plan *p, const struct cgroup_host *host)
{
	if (spec_annotation(p->spec, DELEGATE) && (host->version != 2 || p->request->cgroup_manager == CGROUP_MANAGER_DISABLED))
		return fail(p->error, 0, "annotations." DELEGATE ": only a cgroup of version 2 can be delegated");
	if (spec_annotation(p->spec, FORCE_V1) && host->version == 2)
		return fail(p->error, 0, "annotations." FORCE_V1 ": this host has cgroup v2, and its v1 hierarchy of systemd's name is not the container's to see");
	return 0;
}

int cgroup_delegate_make(const struct plan *p, const struct cgroup_tree *t, struct cgroup_tree *ret_tree, int *ret_procs)
{
	const char *name = spec_annotation(p->spec, DELEGATE);
	int r;

	*ret_tree = *t;
	if (!name)
		return 0;
	ret_tree->leaf = arena_printf(p->arena, "%s/%s", t->leaf, name);
	r = cgroup_make_dir(p->arena, t->mount, ret_tree->leaf);
	if (r == 0)
		r = (int)SYS_CALL(SYS_openat, AT_FDCWD, arena_printf(p->arena, "%s/cgroup.procs", ret_tree->leaf), O_WRONLY | O_CLOEXEC);
	if (r < 0)
		return fail(p->error, r, "annotations." DELEGATE ": cannot make cgroup '%s'", ret_tree->leaf);
	*ret_procs = r;
	return 0;
}

CHILD int cgroup_delegate_enter(const struct child *c, int procs)
{
	ssize_t n;

	if (procs < 0)
		return 0;
	n = write(procs, "0", 1); /* the kernel asks who opened it, and in which namespace */
	if (n != 1)
		return child_fail(c, FAULT("annotations." DELEGATE ": cannot enter the cgroup"), errno, NULL, NULL);
	(void)close_fd(procs);
	return 0;
}
