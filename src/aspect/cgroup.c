/*
 * The cgroup aspect: a container's own control groups, its limits and device rules.
 *
 * check turns linux.resources into settings and a device policy. prepare finds the hierarchies, commits the directories it is going to make, makes them, and
 * writes limits while nobody is in yet. The payload is in before its first instruction: on v2 by birth (CLONE_INTO_CGROUP), on v1 the child writes
 * itself into each tree (cgroup_v1_open_tasks() says why not the parent), then unshares the cgroup namespace, whose root is thereby its cgroup.
 *
 * A caller who may not make cgroups gets none, silently, unless the document asks for a limit, which is an error, or for a place, which is a warning: as with
 * runc and crun, where an ordinary user's container without limits runs.
 */
#include "aspect/cgroup_scope.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"
#include "spec/names.h"

/*
 * @settings, @devices: from check
 * @host: what is mounted, and the container's leaves in it;  @mounts: for mounts of type cgroup, NULL: there are none
 * @join: what the child enters by;  @scope: with the systemd manager
 * @owner: we are the root that the host's cgroups and devices obey, not that of a user namespace
 * @delegated: cgroup.procs of the cgroup that run.oci.delegate-cgroup names, NO_FD: none
 */
struct cgroup_plan {
	struct cgroup_settings settings;
	struct cgroup_device_policy devices;
	struct cgroup_host host;
	struct cgroup_mounts *mounts;
	struct cgroup_join join;
	struct cgroup_scope scope;
	bool owner;
	int delegated;
};

static struct cgroup_plan *data_of(const struct plan *p)
{
	return p->data[ASPECT_CGROUP];
}

static bool uses_systemd(const struct plan *p)
{
	return p->request->cgroup_manager == CGROUP_MANAGER_SYSTEMD;
}

static bool has_new_namespace(const struct plan *p)
{
	return p->new_namespaces & CLONE_NEWCGROUP;
}

static int check(struct plan *p)
{
	struct cgroup_plan *data = arena_new(p->arena, struct cgroup_plan);
	const struct resources *r = &p->spec->linux.resources;

	data->join.v2_fd = data->delegated = NO_FD;
	p->data[ASPECT_CGROUP] = data;
	if (!p->request->exec && cgroup_delegate_check(p) < 0)
		return -1;
	if (p->request->exec || p->request->cgroup_manager == CGROUP_MANAGER_DISABLED)
		return 0;
	if (uses_systemd(p) && cgroup_scope_check(p) < 0)
		return -1;
	if (cgroup_settings_compile(r, p->spec->oci_version, p->arena, p->error, &data->settings) < 0)
		return -1;
	return cgroup_devices_compile(&r->devices, p->arena, p->error, &data->devices);
}

/* ---- where ---- */

/* Whether this caller may make @leaf: the nearest directory above that exists must be writable for the effective user. Return: 0 or an errno. */
static int may_make(struct arena *arena, const char *leaf, size_t top)
{
	char *dir = arena_strdup(arena, leaf);
	long r;

	do {
		char *slash = strrchr(dir, '/');

		if (!slash || (size_t)(slash - dir) < top)
			return ENOENT;
		*slash = '\0';
		r = SYS_CALL(SYS_faccessat2, AT_FDCWD, dir, W_OK, AT_EACCESS);
		if (r == -ENOSYS)
			r = access(dir, W_OK) == 0 ? 0 : -errno;
	} while (r == -ENOENT);
	return (int)-r;
}

/* Decide the leaf of one tree. */
static void decide_leaf(const struct plan *p, struct cgroup_plan *data, struct cgroup_tree *t)
{
	const char *path = p->spec->linux.cgroups_path;
	size_t top = strlen(t->mount);

	if (!t->unit)
		t->leaf = cgroup_leaf_path(p->arena, t, path, p->request->id, data->host.hybrid, false);
	if (p->caller->privileged && data->owner) /* a rootless engine's root has the capabilities, but not over the host's cgroups */
		return;
	t->refused = may_make(p->arena, t->leaf, top);
	if (t->refused && t->v2 && !t->unit && !data->host.hybrid && !(path && path[0] == '/')) { /* a delegated cgroup may be hull's own only */
		char *inside = cgroup_leaf_path(p->arena, t, path, p->request->id, false, true);

		if (may_make(p->arena, inside, top) == 0) {
			t->leaf = inside;
			t->refused = 0;
		}
	}
	if (t->refused)
		t->leaf = NULL;
}

/* False where nothing can enforce rules: in a user namespace or as an ordinary user, who cannot make device nodes either. */
static bool devices_apply(const struct cgroup_plan *data)
{
	return data->owner;
}

static bool is_owner(const struct plan *p)
{
	return p->caller->euid == 0 && process_in_initial_userns();
}

/* Find the host's hierarchies and where the container's cgroups go; nothing is made but by systemd. */
static int decide(struct plan *p, struct cgroup_plan *data)
{
	data->owner = is_owner(p);
	if (cgroup_host_read(p->arena, p->error, &data->host) < 0 || cgroup_delegate_host(p, &data->host) < 0)
		return -1;
	if (uses_systemd(p) &&
	    cgroup_scope_start(p, &data->settings, devices_apply(data) ? &data->devices : NULL, &data->host, &data->scope) < 0)
		return -1;
	if (p->request->cgroup_manager != CGROUP_MANAGER_DISABLED)
		for (size_t i = 0; i < data->host.n; i++)
			decide_leaf(p, data, &data->host.v[i]);
	return 0;
}

static void add_links(struct arena *arena, struct cgroup_hierarchy *h)
{
	char *list = arena_strdup(arena, h->name), *word;

	if (!strchr(list, ','))
		return;
	h->links = arena_many(arena, char *, strlen(list));
	while ((word = cgroup_next_word(&list)))
		h->links[h->n_links++] = word;
}

/* For a mount of type cgroup: what it is going to show. */
static struct cgroup_mounts *describe(struct arena *arena, const struct cgroup_host *host)
{
	struct cgroup_mounts *m = arena_new(arena, struct cgroup_mounts);

	if (host->version == 0)
		return NULL;
	m->version = host->version;
	m->hybrid = host->hybrid;
	m->v = arena_many(arena, struct cgroup_hierarchy, host->n);
	for (size_t i = 0; i < host->n; i++) {
		const struct cgroup_tree *t = &host->v[i];
		struct cgroup_hierarchy *h = &m->v[m->n++];
		const char *own = t->leaf ? t->leaf + strlen(t->mount) : t->own;

		h->name = t->name;
		h->mountpoint = t->mount;
		h->options = t->controllers;
		h->own_path = arena_strdup(arena, own[0] ? own : "/");
		add_links(arena, h);
	}
	return m;
}

CHILD const struct cgroup_mounts *cgroup_mounts(const struct plan *p)
{
	const struct cgroup_plan *data = p->data[ASPECT_CGROUP];

	return data->mounts;
}

/* ---- prepare ---- */

/*
 * A leaf that exists is taken over when it is empty, as runc does (an engine may have made it); with processes in it, delete would kill strangers, and
 * frozen it would freeze the container on its way in.
 */
static int look_at_leaf(struct plan *p, struct cgroup_tree *t)
{
	char state[32];
	pid_t *pids;
	size_t n;
	int dir = open(t->leaf, O_PATH | O_DIRECTORY | O_CLOEXEC), r;

	if (dir < 0)
		return errno == ENOENT ? 0 : fail(p->error, errno, "cannot open cgroup '%s'", t->leaf);
	t->existed = true;
	if (t->unit) { /* a moment old, and the helper is in it */
		(void)close_fd(dir);
		return 0;
	}
	r = io_read_small(dir, "freezer.state", state, sizeof(state)) > 0 && !text_equal(state, "THAWED");
	if (r) {
		(void)close_fd(dir);
		return fail(p->error, 0, "cgroup '%s' is frozen", t->leaf);
	}
	r = cgroup_dir_pids(dir, p->arena, &pids, &n);
	if (r < 0)
		return fail(p->error, r, "cannot read the processes of cgroup '%s'", t->leaf);
	if (n > 0 || text_equal(t->leaf, t->mount))
		return fail(p->error, 0, "cgroup '%s' is in use: it has %zu processes", t->leaf, n);
	return 0;
}

/* v2 last, v1's freezer before it: control goes through the list from its end. */
static int rank(const struct cgroup_tree *t)
{
	if (t->v2)
		return 2;
	return cgroup_has_controller(t->controllers, "freezer");
}

/* Say what is going to be made, before it is. */
static int record(struct plan *p, struct cgroup_host *host)
{
	struct string_list *list = &p->facts->cgroups;
	char **v = arena_many(p->arena, char *, list->n + host->n);

	if (list->n)
		memcpy(v, list->v, list->n * sizeof(*v));
	list->v = v;
	for (int pass = 0; pass <= 2; pass++) {
		for (size_t i = 0; i < host->n; i++) {
			if (!host->v[i].leaf || rank(&host->v[i]) != pass)
				continue;
			if (look_at_leaf(p, &host->v[i]) < 0)
				return -1;
			v[list->n++] = host->v[i].leaf;
		}
	}
	return list->n > 0 ? plan_commit(p) : 0;
}

/* the mount that shows cgroups, NULL: none */
static const struct mount *cgroup_mount(const struct spec *spec)
{
	for (size_t i = spec->mounts.n; i-- > 0;)
		if (spec->mounts.v[i].type && strncmp(spec->mounts.v[i].type, "cgroup", 6) == 0)
			return &spec->mounts.v[i];
	return NULL;
}

/* The user whose container it is gets its v2 cgroup, when it can see it as its own: OCI config-linux, "Cgroup ownership". */
static int delegate(struct plan *p, const struct cgroup_tree *t)
{
	const struct id_mapping_list *maps = &p->spec->linux.uid_mappings;
	uint32_t uid = p->process ? p->process->user.uid : 0;
	const struct mount *mount = cgroup_mount(p->spec);

	if (!has_new_namespace(p) || !mount || mount->flags.readonly)
		return 0;
	for (size_t i = 0; p->has_userns; i++) {
		if (i == maps->n)
			return 0;
		if (uid >= maps->v[i].container_id && uid - maps->v[i].container_id < maps->v[i].size) {
			uid += maps->v[i].host_id - maps->v[i].container_id;
			break;
		}
	}
	return uid == p->caller->euid ? 0 : cgroup_v2_delegate(p->arena, p->error, t, uid);
}

static int make(struct plan *p, struct cgroup_plan *data, struct cgroup_tree *t)
{
	bool few = data->host.hybrid || t->unit; /* others use these trees too */
	const char *controllers = few ? cgroup_settings_v2_controllers(&data->settings, &data->host, p->arena) : NULL;
	int r = t->v2 && t->unit ? cgroup_scope_settle(p->arena, t, &data->scope) : 0;

	if (r == 0)
		r = t->v2 ? cgroup_v2_make(p->arena, t, controllers) : cgroup_v1_make(p->arena, t);
	if (r == -EROFS)
		return fail(p->error, r, "cannot make cgroup '%s' (--cgroup-manager disabled does without cgroups)", t->leaf);
	return r < 0 ? fail(p->error, r, "cannot make cgroup '%s'", t->leaf) : 0;
}

static int write_devices(struct plan *p, struct cgroup_plan *data)
{
	const struct cgroup_device_policy *policy = &data->devices;
	const struct cgroup_tree *v2 = NULL;

	if (!devices_apply(data))
		return 0;
	for (size_t i = 0; i < data->host.n; i++) {
		const struct cgroup_tree *t = &data->host.v[i];

		if (t->leaf && cgroup_has_controller(t->controllers, "devices"))
			return cgroup_devices_write_v1(policy, t->leaf, p->arena, p->error);
		if (t->leaf && t->v2)
			v2 = t;
	}
	if (policy->allow && policy->n == 0)
		return 0;
	if (!v2)
		return fail(p->error, 0, "linux.resources.devices: no cgroup can be made to enforce it, --cgroup-manager disabled goes without");
	return cgroup_devices_attach(policy, v2->leaf, p->arena, p->error);
}

/* A clone into a cgroup counts there, as does systemd's helper: a container that may have no further process could not be born in it, so it is moved. */
static bool clone_fits(const struct plan *p)
{
	const struct opt_i64 *pids = &p->spec->linux.resources.pids.limit;

	return !pids->set || pids->value < 0 || pids->value > (uses_systemd(p) ? 3 : 2);
}

static int open_join(struct plan *p, struct cgroup_plan *data)
{
	struct cgroup_join *j = &data->join;

	j->tasks = arena_many(p->arena, int, data->host.n);
	j->dirs = arena_many(p->arena, char *, data->host.n);
	for (size_t i = 0; i < data->host.n; i++) {
		struct cgroup_tree *t = &data->host.v[i];
		int fd = NO_FD;
		char *dir;

		if (!t->leaf)
			continue;
		if (cgroup_first(p, t, &dir) == 0) {
			fd = t->v2 ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : cgroup_v1_open_tasks(p->arena, dir);
			if (fd < 0)
				(void)fail(p->error, t->v2 ? errno : fd, "cannot open cgroup '%s'", dir);
		}
		if (fd < 0) {
			cgroup_join_close(j);
			return -1;
		}
		if (t->v2) {
			j->v2_fd = fd;
			continue;
		}
		j->dirs[j->n] = dir;
		j->tasks[j->n++] = fd;
	}
	if (uses_systemd(p) && cgroup_scope_must_attach(p, j->v2_fd, &data->scope))
		return 0;
	if (data->host.hybrid || clone_fits(p))
		p->cgroup_fd = j->v2_fd;
	return 0;
}

static int prepare(struct plan *p)
{
	const char *path = p->spec->linux.cgroups_path;
	const struct mount *mount = cgroup_mount(p->spec);
	struct cgroup_plan *data = data_of(p);

	if (p->request->exec) { /* the engine's hop joins, before it enters the container's namespaces */
		if (p->facts->systemd_unit && cgroup_scope_must_attach(p, p->cgroup_fd, &data->scope)) {
			p->cgroup_fd = close_fd(p->cgroup_fd);
			p->parent_first = true;
		}
		return 0;
	}
	if (p->request->cgroup_manager == CGROUP_MANAGER_DISABLED && !mount)
		return 0;
	if (decide(p, data) < 0)
		return -1;
	if (mount)
		data->mounts = describe(p->arena, &data->host);
	if (p->request->cgroup_manager == CGROUP_MANAGER_DISABLED)
		return 0;
	if (p->spec->linux.resources.memory.kernel.set && p->spec->linux.resources.memory.kernel.value != 0)
		log_write(p->log, LOG_LEVEL_WARNING, "linux.resources.memory.kernel is ignored: Linux has no such limit any more");
	if (record(p, &data->host) < 0)
		return -1;
	if (p->facts->cgroups.n == 0 && path && path[0])
		log_write(p->log, LOG_LEVEL_WARNING, "linux.cgroupsPath: no cgroup '%s' can be made here, so the container stays in hull's own", path);
	for (size_t i = 0; i < data->host.n; i++) {
		struct cgroup_tree *t = &data->host.v[i], given;

		if (t->leaf && make(p, data, t) < 0)
			return -1;
		if (t->leaf && t->v2 && !data->host.hybrid && (cgroup_delegate_make(p, t, &given, &data->delegated) < 0 || delegate(p, &given) < 0))
			return -1;
	}
	if (cgroup_settings_write(&data->settings, &data->host, p->arena, p->error) < 0 || open_join(p, data) < 0)
		return -1;
	if ((data->join.v2_fd >= 0 && p->cgroup_fd < 0) || uses_systemd(p))
		p->parent_first = true; /* it has to be moved into its cgroup before it makes that a namespace */
	return data->host.version == 2 ? 0 : write_devices(p, data);
}

/* The engine takes p->cgroup_fd away where it could not clone into it. The child has its own copies of the descriptors. */
static int parent(struct plan *p, pid_t pid, int pidfd)
{
	struct cgroup_plan *data = data_of(p);
	int r = 0;

	(void)pidfd;
	(void)close_fd(data->delegated); /* the child has its own, and reads the number perhaps where we would write it */
	if (data->scope.attach)
		r = cgroup_scope_attach(p, &data->scope, pid);
	if (p->request->exec)
		return r;
	if (data->join.v2_fd >= 0 && p->cgroup_fd < 0 && !data->scope.attach)
		r = cgroup_join_pid(&data->join, p->error, pid);
	if (r == 0 && data->scope.helper.pid > 0)
		r = cgroup_scope_adopt(&data->scope, &data->join, pid, p->error);
	p->cgroup_fd = NO_FD;
	cgroup_join_close(&data->join);
	/* the verifier's time for the device program is spent beside the child's work; the payload does not start before we say so */
	if (r < 0 || data->host.version != 2 || p->request->cgroup_manager == CGROUP_MANAGER_DISABLED)
		return r;
	return write_devices(p, data);
}

static CHILD int enter(struct child *c)
{
	const struct cgroup_plan *data = c->plan->data[ASPECT_CGROUP];
	int r;

	if (c->plan->request->exec) {
		(void)close_fd(c->plan->cgroup_fd); /* a directory of the host: it must be gone before the working directory is entered */
		return 0;
	}
	r = cgroup_join_self(c, &data->join);
	if (r < 0)
		return r;
	if ((c->plan->new_namespaces & CLONE_NEWCGROUP) && !plan_cgroup_ns_at_clone(c->plan))
		r = sys_unshare(CLONE_NEWCGROUP);
	return r < 0 ? child_fail(c, FAULT("cannot make a cgroup namespace"), r, NULL, NULL) : cgroup_delegate_enter(c, data->delegated);
}

static int undo(struct undo *u)
{
	int r = cgroup_remove(u->facts, u->arena, u->error);

	return cgroup_scope_undo(u) < 0 ? -1 : r;
}

static void explain(const struct plan *p, enum phase phase, struct explain *x)
{
	struct cgroup_plan look = *data_of(p);
	struct error unused;

	if (phase == PHASE_ENTER && has_new_namespace(p))
		explain_step(x, "make a cgroup namespace");
	if (phase != PHASE_PREPARE || p->request->cgroup_manager == CGROUP_MANAGER_DISABLED)
		return;
	/* what this caller would get on this host: only looked at */
	look.owner = is_owner(p);
	if (cgroup_host_read(p->arena, &unused, &look.host) < 0)
		look.host = (struct cgroup_host){ .version = 0 };
	for (size_t i = 0; i < look.host.n && !uses_systemd(p); i++)
		decide_leaf(p, &look, &look.host.v[i]);
	cgroup_explain(p, &(struct cgroup_outlook){ .settings = &look.settings, .devices = &look.devices, .host = &look.host, .systemd = uses_systemd(p),
				  .enforced = devices_apply(&look) }, x);
}

static void features(struct json_writer *w)
{
	json_open_object(w, "cgroup");
	json_bool(w, "v1", true);
	json_bool(w, "v2", true);
	json_bool(w, "systemd", systemd_available());
	json_bool(w, "systemdUser", systemd_available());
	json_bool(w, "rdma", true);
	json_close_object(w);
}

const struct aspect aspect_cgroup = {
	.id = ASPECT_CGROUP,
	.check = check,
	.prepare = prepare,
	.parent = parent,
	.enter = enter,
	.undo = undo,
	.explain = explain,
	.features = features,
};
