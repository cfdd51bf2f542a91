/*
 * A container's systemd scope: made while its plan is made, with a helper as its first process (cgroup_systemd.c says why).
 *
 * Where its cgroups are is not computed: the helper's /proc/PID/cgroup says so, for every hierarchy. Those that systemd does not know get a cgroup of the
 * same path. On v2 the container lives in a cgroup below the scope's ("container", as with crun), which systemd leaves alone.
 */
#include "aspect/cgroup_scope.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/text.h"
#include "spec/oci.h"

enum { OWN_TEXT_MAX = 64 << 10 };

/* What every scope gets. */
static const struct {
	const char *name, *signature, *value;
} always[] = {
	{ "Delegate", "b", "true" },
	{ "DefaultDependencies", "b", "false" },
	{ "CollectMode", "s", "inactive-or-failed" },
	{ "MemoryAccounting", "b", "true" },
	{ "CPUAccounting", "b", "true" },
	{ "TasksAccounting", "b", "true" },
};

static int name_unit(const struct plan *p, bool user, struct systemd_unit *ret_unit)
{
	const char *subgroup = spec_annotation(p->spec, "run.oci.systemd.subgroup");

	if (systemd_unit_of(p->spec->linux.cgroups_path, p->request->id, user, p->arena, p->error, ret_unit) < 0)
		return -1;
	if (!subgroup)
		return 0;
	if (strchr(subgroup, '/') || text_equal(subgroup, ".") || text_equal(subgroup, ".."))
		return fail(p->error, 0, "annotations: 'run.oci.systemd.subgroup': expected the name of a cgroup, got '%s'", subgroup);
	ret_unit->subgroup = subgroup;
	return 0;
}

int cgroup_scope_check(const struct plan *p)
{
	struct systemd_properties unused = { .n = 0 };
	struct systemd_unit unit;

	if (name_unit(p, false, &unit) < 0)
		return -1;
	return systemd_annotated_properties(&p->spec->annotations, p->arena, p->error, &unused);
}

static int properties_of(const struct plan *p, const struct cgroup_settings *settings, const struct cgroup_device_policy *policy, int version,
			 const struct systemd_unit *unit, struct systemd_properties *ret_list)
{
	struct systemd_properties list = { .n = 0 };

	systemd_property_set(&list, p->arena, "Description", "s", arena_printf(p->arena, "container %s", p->request->id));
	systemd_property_set(&list, p->arena, "Slice", "s", unit->slice);
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		systemd_property_set(&list, p->arena, always[i].name, always[i].signature, always[i].value);
	systemd_property_set(&list, p->arena, version == 2 ? "IOAccounting" : "BlockIOAccounting", "b", "true");
	systemd_properties_of(settings, version, p->arena, &list);
	if (policy)
		systemd_device_properties(policy, p->arena, &list);
	if (systemd_annotated_properties(&p->spec->annotations, p->arena, p->error, &list) < 0) /* last: they were asked for by name */
		return -1;
	*ret_list = list;
	return 0;
}

/* The path of the scope in a tree: the helper's there, or where that was left where it was, the one in systemd's own tree. */
static const char *path_in(const struct cgroup_host *of_helper, const struct cgroup_tree *t, const char *unit)
{
	const char *systemds = NULL;

	for (size_t i = 0; i < of_helper->n; i++) {
		const struct cgroup_tree *other = &of_helper->v[i];
		size_t length = strlen(other->own), end = strlen(unit);

		if (length <= end || !text_equal(other->own + length - end, unit))
			continue;
		if (text_equal(other->controllers, t->controllers))
			return other->own;
		systemds = other->own;
	}
	return systemds;
}

static int place(struct plan *p, const struct cgroup_scope *scope, struct cgroup_host *host)
{
	const char *file = arena_printf(p->arena, "/proc/%d/cgroup", scope->helper.pid), *path;
	struct cgroup_host of_helper;
	char *text;
	int r = io_read_file(AT_FDCWD, file, OWN_TEXT_MAX, p->arena, &text, NULL);

	if (r < 0)
		return fail(p->error, r, "cannot read '%s'", file);
	cgroup_parse_own(p->arena, text, &of_helper);
	for (size_t i = 0; i < host->n; i++) {
		struct cgroup_tree *t = &host->v[i];

		path = path_in(&of_helper, t, scope->unit.name);
		if (!path)
			return fail(p->error, 0, "cannot find the cgroup of the systemd unit '%s' in '%s'", scope->unit.name, file);
		t->unit = arena_printf(p->arena, "%s%s", t->mount, path);
		t->leaf = t->unit;
		if (host->version == 2 && scope->unit.subgroup[0])
			t->leaf = arena_printf(p->arena, "%s/%s", t->unit, scope->unit.subgroup);
	}
	return 0;
}

int cgroup_scope_start(struct plan *p, const struct cgroup_settings *settings, const struct cgroup_device_policy *policy, struct cgroup_host *host,
		       struct cgroup_scope *ret_scope)
{
	bool user = systemd_manager_is_users();
	struct cgroup_scope scope = { .helper.lifeline = NO_FD };
	struct systemd_properties list;

	if (name_unit(p, user, &scope.unit) < 0 || properties_of(p, settings, policy, host->version, &scope.unit, &list) < 0)
		return -1;
	p->facts->systemd_unit = arena_strdup(p->arena, scope.unit.name);
	p->facts->systemd_user = user;
	if (plan_commit(p) < 0)
		return -1;
	if (systemd_start(&scope.unit, user, &list, p->arena, p->error, &scope.helper) < 0) {
		p->facts->systemd_unit = NULL; /* it was not made, and one of that name is another's */
		(void)plan_commit(p); /* there is another error to tell */
		return -1;
	}
	*ret_scope = scope;
	return place(p, &scope, host);
}

int cgroup_scope_settle(struct arena *arena, const struct cgroup_tree *t, const struct cgroup_scope *scope)
{
	char buffer[TEXT_NUMBER_MAX], *text = text_from_u64(buffer, (uint64_t)scope->helper.pid);
	int r;

	if (text_equal(t->leaf, t->unit))
		return 0;
	r = cgroup_make_dir(arena, t->mount, t->leaf);
	return r < 0 ? r : io_write_file(AT_FDCWD, arena_printf(arena, "%s/cgroup.procs", t->leaf), text, strlen(text));
}

/* The nearest directory that is above both paths. */
static char *common_ancestor(struct arena *arena, const char *a, const char *b)
{
	size_t end = 0, i = 0;

	for (; a[i] && a[i] == b[i]; i++)
		if (a[i] == '/')
			end = i;
	if ((!a[i] && (!b[i] || b[i] == '/')) || (!b[i] && a[i] == '/'))
		end = i;
	return arena_strndup(arena, a, end);
}

bool cgroup_scope_must_attach(const struct plan *p, int fd, struct cgroup_scope *scope)
{
	char dir[PATH_MAX];
	const char *own = NULL, *rest;
	struct cgroup_host host;
	struct error unused;
	ssize_t length;

	scope->attach = NULL;
	if (fd < 0 || (p->caller->privileged && process_in_initial_userns()))
		return false;
	length = readlink(arena_printf(p->arena, "/proc/self/fd/%d", fd), dir, sizeof(dir) - 1);
	if (length <= 0 || cgroup_host_read(p->arena, &unused, &host) < 0)
		return false; /* the attempt tells */
	dir[length] = '\0';
	for (size_t i = 0; i < host.n; i++)
		if (host.v[i].v2)
			own = arena_printf(p->arena, "%s%s", host.v[i].mount, host.v[i].own);
	rest = strstr(dir, p->facts->systemd_unit);
	if (!own || !rest || access(arena_printf(p->arena, "%s/cgroup.procs", common_ancestor(p->arena, own, dir)), W_OK) == 0)
		return false;
	rest += strlen(p->facts->systemd_unit);
	scope->attach = rest[0] ? arena_strdup(p->arena, rest) : "/";
	return true;
}

int cgroup_scope_attach(const struct plan *p, const struct cgroup_scope *scope, pid_t pid)
{
	return systemd_attach(p->facts->systemd_unit, p->facts->systemd_user, scope->attach, pid, p->arena, p->error);
}

int cgroup_scope_adopt(struct cgroup_scope *scope, const struct cgroup_join *join, pid_t pid, struct error *error)
{
	char buffer[TEXT_NUMBER_MAX], *text = text_from_u64(buffer, (uint64_t)pid);
	int result = 0;

	for (size_t i = 0; i < join->n && result == 0; i++) {
		int r = io_write_all(join->tasks[i], text, strlen(text));

		if (r < 0)
			result = fail(error, r, "cannot put process %d into cgroup '%s'", pid, join->dirs[i]);
	}
	systemd_release(&scope->helper);
	return result;
}

int cgroup_scope_undo(struct undo *u)
{
	if (!u->facts->systemd_unit)
		return 0;
	return systemd_stop(u->facts->systemd_unit, u->facts->systemd_user, u->arena, u->error);
}
