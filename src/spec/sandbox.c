/*
 * Options of a sandbox -> spec. The file tree first (steps become mounts[], in order), then the process, then what is given up. A row for each kind of
 * step says what its mount looks like.
 */
#include "spec/sandbox.h"

#include <string.h>

#include "base/path.h"
#include "base/scope.h"
#include "base/text.h"
#include "spec/oci.h"
#include "spec/sandbox_profile.h"

enum { OPTIONS_MAX = 12, PATH_LIMIT = 4096 };

/* What every step works on. @spec: being made;  @writable: paths below which the payload may write (the second wall) */
struct making {
	struct arena *arena;
	struct error *error;
	const struct hull_sandbox_options *o;
	struct spec *spec;
	struct string_list writable;
	const char *terminal;
	bool covered_proc;
};

/* Bits of a row. */
enum {
	FROM_SOURCE = 1,  /* needs source or fd */
	FROM_FD = 2,      /* needs fd */
	FROM_LAYERS = 4,  /* needs layers */
	WRITABLE = 8,     /* the payload may write there */
	TAKES_MODE = 16,
	FIXED_SOURCE = 32, /* the type's name */
};

static const struct kind {
	const char *type;
	unsigned int flags;
	const char *options[OPTIONS_MAX];
} kinds[] = {
	[HULL_STEP_BIND] = { "none", FROM_SOURCE | WRITABLE, { "rbind", "rnosuid", "rnodev", NULL } },
	[HULL_STEP_RO_BIND] = { "none", FROM_SOURCE, { "rbind", "rro", "rnosuid", "rnodev", NULL } },
	[HULL_STEP_DEV_BIND] = { "none", FROM_SOURCE | WRITABLE, { "rbind", "rnosuid", NULL } },
	[HULL_STEP_REMOUNT_RO] = { "none", 0, { "bind", "remount", "ro", NULL } },
	[HULL_STEP_TMPFS] = { "tmpfs", FIXED_SOURCE | WRITABLE | TAKES_MODE, { "nosuid", "nodev", NULL } },
	[HULL_STEP_PROC] = { "proc", FIXED_SOURCE | WRITABLE, { "nosuid", "nodev", "noexec", NULL } },
	[HULL_STEP_DEV] = { "tmpfs", FIXED_SOURCE | WRITABLE, { "nosuid", "mode=0755", "hull.dev", NULL } },
	[HULL_STEP_MQUEUE] = { "mqueue", FIXED_SOURCE | WRITABLE, { "nosuid", "nodev", "noexec", NULL } },
	[HULL_STEP_DIR] = { "hull.dir", TAKES_MODE, { NULL } },
	[HULL_STEP_FILE] = { "hull.file", FROM_FD | TAKES_MODE, { NULL } },
	[HULL_STEP_BIND_DATA] = { "hull.data", FROM_FD | TAKES_MODE | WRITABLE, { NULL } },
	[HULL_STEP_RO_BIND_DATA] = { "hull.data", FROM_FD | TAKES_MODE, { "ro", NULL } },
	[HULL_STEP_SYMLINK] = { "hull.symlink", FROM_SOURCE, { NULL } },
	[HULL_STEP_CHMOD] = { "hull.chmod", TAKES_MODE, { NULL } },
	[HULL_STEP_HIDE] = { "hull.hide", 0, { NULL } },
	[HULL_STEP_OVERLAY] = { "overlay", FROM_LAYERS | WRITABLE, { "nosuid", "nodev", NULL } },
	[HULL_STEP_TMP_OVERLAY] = { "overlay", FROM_LAYERS | WRITABLE, { "nosuid", "nodev", "hull.tmp", NULL } },
	[HULL_STEP_RO_OVERLAY] = { "overlay", FROM_LAYERS, { "nosuid", "nodev", "ro", NULL } },
};

static void add_option(struct mount *m, char *option)
{
	m->options.v[m->options.n++] = option;
}

static void add_escaped(struct text *t, const char *path)
{
	for (; *path; path++)
		text_addf(t, "%s%c", *path == ':' || *path == '\\' ? "\\" : "", *path);
}

/* upperdir=, workdir= */
static char *layer_option(struct arena *arena, const char *name, const char *path)
{
	const size_t size = strlen(name) + 2 * strlen(path) + 1;
	struct text t = text_on(arena_alloc(arena, size), size);

	text_add(&t, name);
	add_escaped(&t, path);
	return t.data;
}

/* lowerdir=A:B, with what overlayfs takes for a separator escaped; the lowest layer comes last there and first in @layers. */
static char *lower_option(struct arena *arena, const char *const *layers)
{
	size_t n = 0, size = sizeof("lowerdir=");
	struct text t;

	for (; layers[n]; n++)
		size += 2 * strlen(layers[n]) + 1;
	t = text_on(arena_alloc(arena, size), size);
	text_add(&t, "lowerdir=");
	for (size_t i = n; i-- > 0;) {
		add_escaped(&t, layers[i]);
		text_add(&t, i > 0 ? ":" : "");
	}
	return t.data;
}

static int add_layers(struct making *m, const struct hull_step *step, struct mount *mount)
{
	if (!step->layers || !step->layers[0])
		return fail(m->error, 0, "an overlay on '%s' needs a layer below it", step->target);
	add_option(mount, lower_option(m->arena, step->layers));
	if (step->kind != HULL_STEP_OVERLAY)
		return 0;
	if (!step->source || !step->work)
		return fail(m->error, 0, "an overlay on '%s' needs an upper and a work directory", step->target);
	add_option(mount, layer_option(m->arena, "upperdir=", step->source));
	add_option(mount, layer_option(m->arena, "workdir=", step->work));
	return 0;
}

/* What lies over the whole root also covers the /proc, /dev and /tmp that make a sandbox of it. */
static int check_target(const struct making *m, const struct hull_step *step)
{
	if (m->o->bare || !path_is_root(step->target) || step->kind == HULL_STEP_REMOUNT_RO || step->kind == HULL_STEP_DIR || step->kind == HULL_STEP_CHMOD)
		return 0;
	return fail(m->error, 0, "'%s' as a whole cannot be covered: see --writable-root and --rootfs, or name the directories in it", step->target);
}

static int check_step(const struct making *m, const struct hull_step *step)
{
	if ((int)step->kind < HULL_STEP_BIND || (size_t)step->kind >= ARRAY_SIZE(kinds))
		return fail(m->error, 0, "unknown step %d", (int)step->kind);
	if (!step->target || step->target[0] != '/')
		return fail(m->error, 0, "a place in the sandbox must be an absolute path, got '%s'", step->target ? step->target : "");
	if (strlen(step->target) >= PATH_LIMIT || (step->source && strlen(step->source) >= PATH_LIMIT))
		return fail(m->error, 0, "path too long: '%.60s…'", step->target);
	if ((kinds[step->kind].flags & FROM_FD) && step->fd < 0)
		return fail(m->error, 0, "'%s' needs a descriptor to read from", step->target);
	if ((kinds[step->kind].flags & FROM_SOURCE) && !step->source && step->fd < 0)
		return fail(m->error, 0, "'%s' needs a source", step->target);
	return check_target(m, step);
}

/* One mount of @kind on @target; options of the step are added by the caller. */
static struct mount *add_mount(struct making *m, const char *type, const char *source, const char *target, const char *const *options)
{
	struct mount *mount = &m->spec->mounts.v[m->spec->mounts.n++];

	*mount = (struct mount){
		.destination = arena_strdup(m->arena, target), .type = arena_strdup(m->arena, type), .source = arena_strdup(m->arena, source),
		.options = { .v = arena_many(m->arena, char *, OPTIONS_MAX + 4) },
	};
	for (size_t i = 0; options[i]; i++)
		add_option(mount, arena_strdup(m->arena, options[i]));
	return mount;
}

static int compile_options(struct making *m, struct mount *mount)
{
	return spec_mount_options(m->arena, m->error, &mount->options, "mounts", &mount->flags);
}

/* What stands in a /dev of our own besides devices (aspect/devices.c makes those and the links). */
static int add_dev_mounts(struct making *m, const char *dev, const char *terminal)
{
	static const char *const console[] = { "bind", "nosuid", "noexec", "nofail", NULL };
	static const struct inside {
		const char *name, *type;
		const char *options[OPTIONS_MAX];
	} pts = { "pts", "devpts", { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", NULL } },
	  shm = { "shm", "tmpfs", { "nosuid", "nodev", "mode=1777", NULL } },
	  /* bubblewrap's is no filesystem of its own: when /dev is made read-only, nothing is left to write to */
	  plain_shm = { "shm", "hull.dir", { "mode=0755", NULL } };
	const struct inside *const inside[] = { &pts, m->o->bare ? &plain_shm : &shm };

	for (size_t i = 0; i < ARRAY_SIZE(inside); i++)
		if (compile_options(m, add_mount(m, inside[i]->type, inside[i]->type, arena_join(m->arena, dev, "/", inside[i]->name, NULL), inside[i]->options)) < 0)
			return -1;
	/* bubblewrap's has it, and its callers look for it */
	if (m->o->bare && compile_options(m, add_mount(m, "hull.symlink", "/proc/kcore", arena_join(m->arena, dev, "/core", NULL), (const char *const[]){ NULL })) < 0)
		return -1;
	/* under this name ttyname(3) finds the caller's terminal, whose own is that of another devpts (bwrap(1) does the same) */
	if (terminal)
		return compile_options(m, add_mount(m, "none", terminal, arena_join(m->arena, dev, "/console", NULL), console));
	return 0;
}

/* "mode=0755" */
static char *mode_option(struct arena *arena, mode_t mode)
{
	const char digits[] = { (char)('0' + (mode >> 9 & 7)), (char)('0' + (mode >> 6 & 7)), (char)('0' + (mode >> 3 & 7)), (char)('0' + (mode & 7)), '\0' };

	return arena_join(arena, "mode=", digits, NULL);
}

static int add_step(struct making *m, const struct hull_step *step)
{
	const struct kind *kind;
	const char *source;
	struct mount *mount;

	if (check_step(m, step) < 0)
		return -1;
	kind = &kinds[step->kind];
	source = (kind->flags & (FROM_SOURCE | FROM_FD)) && step->fd >= 0 && !step->source ? arena_printf(m->arena, "fd:%d", step->fd) : step->source;
	if (kind->flags & (FIXED_SOURCE | FROM_LAYERS))
		source = kind->type;
	mount = add_mount(m, kind->type, source, step->target, kind->options);
	if ((kind->flags & FROM_LAYERS) && add_layers(m, step, mount) < 0)
		return -1;
	if ((kind->flags & TAKES_MODE) && (step->mode_set || step->kind == HULL_STEP_TMPFS))
		add_option(mount, mode_option(m->arena, step->mode_set ? step->mode : 0755));
	if (step->kind == HULL_STEP_TMPFS && step->bytes > 0)
		add_option(mount, arena_printf(m->arena, "size=%llu", (unsigned long long)step->bytes));
	if (step->kind == HULL_STEP_DEV && !m->o->bare) /* bubblewrap's is not */
		add_option(mount, arena_strdup(m->arena, "noexec"));
	if (step->optional)
		add_option(mount, arena_strdup(m->arena, "nofail"));
	if (kind->flags & WRITABLE)
		m->writable.v[m->writable.n++] = arena_strdup(m->arena, step->target);
	if (compile_options(m, mount) < 0)
		return -1;
	return step->kind == HULL_STEP_DEV ? add_dev_mounts(m, step->target, m->terminal) : 0;
}

/* What a sandbox of the host's root gets before the caller's own steps. */
static const struct hull_step native[] = {
	{ .kind = HULL_STEP_PROC, .target = "/proc" },
	{ .kind = HULL_STEP_DEV, .target = "/dev" },
	{ .kind = HULL_STEP_TMPFS, .target = "/tmp", .mode = 01777, .mode_set = true },
	{ .kind = HULL_STEP_TMPFS, .target = "/run", .mode = 0755, .mode_set = true },
};

static const struct hull_step outer_proc = { .kind = HULL_STEP_BIND, .source = "/proc", .target = "/proc", .fd = -1 };

static int make_mounts(struct making *m)
{
	const struct hull_sandbox_options *o = m->o;
	size_t n = ARRAY_SIZE(native) + o->n_steps;

	if (n > SANDBOX_STEPS_MAX)
		return fail(m->error, 0, "more than %d changes to the file tree", SANDBOX_STEPS_MAX);
	m->spec->mounts.v = arena_many(m->arena, struct mount, 5 * n + 1); /* a /dev becomes five */
	m->writable.v = arena_many(m->arena, char *, n + 1);
	if (o->bare && compile_options(m, add_mount(m, "tmpfs", "tmpfs", "/", (const char *const[]){ "nosuid", "nodev", "mode=0755", NULL })) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(native) && !o->bare; i++)
		if (add_step(m, native[i].kind == HULL_STEP_PROC && m->covered_proc ? &outer_proc : &native[i]) < 0)
			return -1;
	for (size_t i = 0; i < o->n_steps; i++)
		if (add_step(m, &o->steps[i]) < 0)
			return -1;
	return 0;
}

/* ---- who and where ---- */

/* Whether a step shows something of the host's at its own place: then 1; something else: 0; it has nothing to do with @path: -1. */
static int shows(const struct hull_step *step, const char *path)
{
	if (!path_below(path, step->target) || step->kind == HULL_STEP_CHMOD || step->kind == HULL_STEP_REMOUNT_RO)
		return -1;
	if (step->kind == HULL_STEP_BIND || step->kind == HULL_STEP_RO_BIND || step->kind == HULL_STEP_DEV_BIND)
		return step->source && text_equal(step->source, step->target);
	return 0;
}

bool sandbox_sees(const struct hull_sandbox_options *o, const char *path)
{
	bool seen = !o->bare && !o->rootfs;
	size_t i;
	int r;

	for (i = 0; i < ARRAY_SIZE(native) && !o->bare; i++) {
		r = shows(&native[i], path);
		seen = r < 0 ? seen : r;
	}
	for (i = 0; i < o->n_steps; i++) {
		r = shows(&o->steps[i], path);
		seen = r < 0 ? seen : r;
	}
	return seen;
}

static const char *home_of(const struct string_list *env)
{
	for (size_t i = 0; i < env->n; i++) {
		const char *home = text_after(env->v[i], "HOME=");

		if (home && home[0] == '/')
			return home;
	}
	return "/";
}

static int make_cwd(struct making *m, const struct sandbox_host *host)
{
	const struct hull_sandbox_options *o = m->o;
	const char *cwd = o->cwd;

	if (cwd && cwd[0] != '/')
		return fail(m->error, 0, "--cwd: expected an absolute path, got '%s'", cwd);
	if (!cwd)
		cwd = host->cwd && host->cwd[0] == '/' && (o->bare || sandbox_sees(o, host->cwd)) ? host->cwd : home_of(&m->spec->process.env);
	m->spec->process.cwd = arena_strdup(m->arena, cwd);
	return 0;
}

static int make_args(struct making *m)
{
	struct string_list *args = &m->spec->process.args;
	size_t n = 0;

	while (m->o->args && m->o->args[n])
		n++;
	if (n == 0)
		return fail(m->error, 0, "a command to execute is missing");
	args->v = arena_many(m->arena, char *, n);
	for (args->n = 0; args->n < n; args->n++)
		args->v[args->n] = arena_strdup(m->arena, m->o->args[args->n]);
	return 0;
}

/* ---- namespaces ---- */

static const struct {
	unsigned int bit;
	enum namespace_type type;
} namespace_bits[] = {
	{ HULL_NS_USER, NAMESPACE_USER }, { HULL_NS_PID, NAMESPACE_PID },       { HULL_NS_IPC, NAMESPACE_IPC },   { HULL_NS_NET, NAMESPACE_NETWORK },
	{ HULL_NS_UTS, NAMESPACE_UTS },   { HULL_NS_CGROUP, NAMESPACE_CGROUP }, { HULL_NS_TIME, NAMESPACE_TIME },
};

/* The namespaces that are made: those asked for; a native sandbox that says nothing: all but time. */
static unsigned int chosen_namespaces(const struct hull_sandbox_options *o, bool covered_proc)
{
	unsigned int all = HULL_NS_USER | HULL_NS_PID | HULL_NS_IPC | HULL_NS_NET | HULL_NS_UTS | HULL_NS_CGROUP;
	unsigned int set = o->namespaces | o->try_namespaces;

	if (set == 0 && !o->bare)
		set = all & ~(covered_proc ? (unsigned int)HULL_NS_PID : 0u);
	if (o->net && !text_equal(o->net, "none"))
		set &= ~(unsigned int)HULL_NS_NET;
	else if (o->net)
		set |= HULL_NS_NET;
	if (o->userns_fd >= 0)
		set &= ~(unsigned int)HULL_NS_USER;
	if (o->pidns_fd >= 0)
		set &= ~(unsigned int)HULL_NS_PID;
	return set;
}

static void join(struct making *m, enum namespace_type type, const char *path)
{
	struct namespace_list *list = &m->spec->linux.namespaces;

	list->v[list->n++] = (struct namespace){ .type = type, .path = arena_strdup(m->arena, path) };
}

static int make_namespaces(struct making *m, const struct sandbox_host *host)
{
	const struct hull_sandbox_options *o = m->o;
	struct linux_config *l = &m->spec->linux;
	unsigned int set = chosen_namespaces(o, host->covered_proc);

	if (host->uid != 0 && o->userns_fd < 0) /* without it an ordinary user can make no other */
		set |= HULL_NS_USER;
	l->namespaces.v = arena_many(m->arena, struct namespace, NAMESPACE_MAX + 1);
	l->namespaces.v[l->namespaces.n++].type = NAMESPACE_MOUNT;
	for (size_t i = 0; i < ARRAY_SIZE(namespace_bits); i++)
		if (set & namespace_bits[i].bit)
			l->namespaces.v[l->namespaces.n++].type = namespace_bits[i].type;
	if (o->net && o->net[0] == '/')
		join(m, NAMESPACE_NETWORK, o->net);
	if (o->userns_fd >= 0)
		join(m, NAMESPACE_USER, arena_printf(m->arena, "/proc/self/fd/%d", o->userns_fd));
	if (o->pidns_fd >= 0)
		join(m, NAMESPACE_PID, arena_printf(m->arena, "/proc/self/fd/%d", o->pidns_fd));
	m->spec->process.user.uid = o->as_uid >= 0 ? (uint32_t)o->as_uid : host->uid;
	m->spec->process.user.gid = o->as_gid >= 0 ? (uint32_t)o->as_gid : host->gid;
	if (!(set & HULL_NS_USER))
		return o->map_ranges ? fail(m->error, 0, "--map-ranges: there is no user namespace of its own to map them in") : 0;
	l->uid_mappings = sandbox_map_ids(m->arena, m->spec->process.user.uid, host->uid, &host->uids);
	l->gid_mappings = sandbox_map_ids(m->arena, m->spec->process.user.gid, host->gid, &host->gids);
	return 0;
}

/* ---- what is given up ---- */

static void make_profile(struct making *m, const struct sandbox_host *host)
{
	unsigned int flags = (m->o->nest ? SANDBOX_PROFILE_NEST : 0u) | (m->o->tty == 1 ? SANDBOX_PROFILE_TTY_OWN : 0u) |
			     (host->unseen ? SANDBOX_PROFILE_SHORT : 0u);
	const char *name = m->o->syscalls ? m->o->syscalls : m->o->bare ? "none" : "default";

	if (text_equal(name, "default")) /* a file: run/sandbox.c reads it, since this is pure */
		sandbox_profile(m->arena, flags, &m->spec->linux.seccomp);
}

/*
 * The kernel lets the machine's user 0 write /proc/sys and more without any capability, also when it is 0 of a user namespace (kernel/sysctl, proc_sysctl.c:
 * test_perm()): then they are covered as in every container. Whoever is not root there cannot, and saves the time.
 * Also with --nest: the covers are what keeps the kernel from giving an inner namespace a procfs without them (fs/namespace.c, mnt_already_visible()). Inner
 * sandboxes of root's therefore share the outer one's pid namespace and /proc (covered_proc).
 */
static void make_masks(struct making *m, const struct sandbox_host *host)
{
	struct spec model;

	if (!host->writes_settings || m->o->bare || host->covered_proc)
		return;
	spec_default(m->arena, &model, false, 0, 0);
	m->spec->linux.masked_paths = model.linux.masked_paths;
	m->spec->linux.readonly_paths = model.linux.readonly_paths;
}

static bool filter_guards_terminal(const struct hull_sandbox_options *o)
{
	return !o->bare && (!o->syscalls || text_equal(o->syscalls, "default"));
}

static void make_session(struct making *m, const struct sandbox_host *host)
{
	const struct hull_sandbox_options *o = m->o;
	struct hull_extension *x = &m->spec->hull;

	/* bubblewrap hands its terminal on as it is, and so do we when we are it */
	m->spec->process.terminal = o->tty == 1 || (o->tty < 0 && !o->bare && host->tty && !o->new_session && !filter_guards_terminal(o));
	x->keep_session = !m->spec->process.terminal && !o->new_session;
	x->sandbox = true;
	x->bare = o->bare;
	x->cwd_optional = !o->cwd;
	/*
	 * A pid 1 cannot end or stop itself by a signal, nor does one that it does not handle do anything to it: abort(3), a shell that tidies up and sends itself
	 * the signal again, a loop that writes into a broken pipe. And it could outlive us: it can take PR_SET_PDEATHSIG back, and loses it when one of its threads
	 * but the first calls execve(2); a filter sees neither that nor who asks.
	 */
	x->init = o->init || (!o->bare && !o->as_pid_1 && !o->runtime && spec_namespace(m->spec, NAMESPACE_PID));
	x->argv0 = arena_strdup(m->arena, o->argv0);
	x->die_with_parent = !o->survive;
	x->disable_userns = o->disable_userns;
	if (o->bare || o->no_landlock || o->rootfs_writable)
		return;
	x->landlock.set = true;
	/* rules about files would forbid all mounts; but nobody's signals are needed outside */
	x->landlock.signals = o->nest;
	if (!o->nest)
		x->landlock.write = m->writable;
}

static int check_options(struct error *e, const struct hull_sandbox_options *o)
{
	if ((o->as_uid >= 0 && o->as_uid >= UINT32_MAX) || (o->as_gid >= 0 && o->as_gid >= UINT32_MAX))
		return fail(e, 0, "--as: an id is smaller than 4294967295");
	if (o->bare && o->rootfs)
		return fail(e, 0, "--rootfs: an empty root was asked for");
	if (o->net && !text_equal(o->net, "none") && !text_equal(o->net, "host") && o->net[0] != '/')
		return fail(e, 0, "--net: expected none, host or the path of a network namespace, got '%s'", o->net);
	if (o->rootfs && o->rootfs[0] != '/')
		return fail(e, 0, "--rootfs: expected an absolute path, got '%s'", o->rootfs);
	return 0;
}

int sandbox_spec(struct arena *arena, struct error *e, const struct hull_sandbox_options *o, const struct sandbox_host *host, struct spec *ret_spec)
{
	struct spec spec = { .has_process = true, .has_linux = true };
	struct making m = { .arena = arena, .error = e, .o = o, .spec = &spec, .terminal = o->new_session || o->tty == 1 ? NULL : host->terminal,
		.covered_proc = host->covered_proc };

	if (check_options(e, o) < 0)
		return -1;
	spec.oci_version = arena_strdup(arena, SPEC_OCI_VERSION);
	spec.root.path = arena_strdup(arena, o->rootfs ? o->rootfs : "/");
	spec.root.readonly = !o->bare && !o->rootfs_writable;
	spec.process.no_new_privileges = true;
	if (o->hostname)
		spec.hostname = arena_strdup(arena, o->hostname);
	if (make_mounts(&m) < 0 || sandbox_environment(arena, e, o, host->env, &spec.process.env) < 0 || make_args(&m) < 0 || make_cwd(&m, host) < 0)
		return -1;
	make_profile(&m, host);
	if (make_namespaces(&m, host) < 0 || sandbox_capabilities(arena, e, o, host, &spec) < 0)
		return -1;
	if (o->hostname && !spec_namespace(&spec, NAMESPACE_UTS))
		return fail(e, 0, "--hostname: with --share uts there is no name of its own to set");
	if (o->as_pid_1 && !spec_namespace(&spec, NAMESPACE_PID))
		return fail(e, 0, "--as-pid-1: there is no pid namespace of its own whose process 1 it could be");
	make_masks(&m, host);
	make_session(&m, host);
	if (o->exec_label)
		spec.process.selinux_label = arena_strdup(arena, o->exec_label);
	if (o->file_label)
		spec.linux.mount_label = arena_strdup(arena, o->file_label);
	*ret_spec = spec;
	return 0;
}
