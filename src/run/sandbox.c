/* Sandboxes: from options to a plan, and the same engine from there. Without a name nothing of them is written anywhere. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "aspect/idhelper.h"
#include "aspect/idmap.h"
#include "base/io.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"
#include "run/explain.h"
#include "run/foreground.h"
#include "run/handle.h"
#include "run/handover.h"
#include "run/plan.h"
#include "run/plugins.h"
#include "run/sandbox.h"
#include "spec/oci.h"
#include "spec/sandbox.h"

extern char **environ;

/* ioctl_tty(2): since Linux 6.2 the administrator can switch TIOCSTI off for the machine */
static bool can_push_back(void)
{
	char text[8];

	return io_read_small(AT_FDCWD, "/proc/sys/dev/tty/legacy_tiocsti", text, sizeof(text)) != 1 || text[0] != '0';
}

/* Which of the standard streams are terminals, as bits. */
static unsigned int find_terminals(void)
{
	unsigned int terminals = 0;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		terminals |= isatty(fd) ? 1u << fd : 0;
	return terminals;
}

/* The terminal that one of the standard streams is, if it is a pseudoterminal of the host's. */
static const char *own_terminal(struct arena *arena, unsigned int terminals)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		char link[32], name[64];
		ssize_t n;

		if (!(terminals >> fd & 1))
			continue;
		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd); /* fits */
		n = readlink(link, name, sizeof(name) - 1);
		name[n > 0 ? n : 0] = '\0';
		if (text_after(name, "/dev/pts/"))
			return arena_strdup(arena, name);
	}
	return NULL;
}

/* tty(4): also whoever has no terminal among the standard descriptors may have one that controls his session */
static bool has_terminal(void)
{
	scope_fd int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	return fd >= 0;
}

/* Whether Landlock keeps kill(0, …) from the part of the process group that is outside (aspect/landlock.c). */
static bool signals_stay_inside(const struct hull_sandbox_options *o)
{
	enum { ABI_SCOPES = 6 };

	return !o->no_landlock && !o->rootfs_writable && sys_landlock_create_ruleset(NULL, SYS_LANDLOCK_VERSION) >= ABI_SCOPES;
}

/* --syscalls FILE: a linux.seccomp object */
static int read_profile(struct job *job, const char *path)
{
	struct hull *h = job->hull;
	const struct json *document;
	size_t length;
	char *text;
	int r = io_read_file(AT_FDCWD, path, JSON_SIZE_MAX, &h->arena, &text, &length);

	if (r < 0)
		return fail(&h->error, r, "--syscalls: cannot read '%s' (expected default, none or a file with a linux.seccomp object)", path);
	if (json_parse(&h->arena, &h->error, path, text, length, &document) < 0)
		return -1;
	return spec_read_seccomp(&h->arena, &h->error, document, &job->spec.linux.seccomp);
}

/* --map-ranges: what the two files offer the caller, root too. */
static int read_ranges(struct hull *h, struct sandbox_host *host)
{
	const char *name;

	host->uids = idhelper_ranges(&h->arena, IDHELPER_UID, host->uid);
	host->gids = idhelper_ranges(&h->arena, IDHELPER_GID, host->uid);
	if (host->uids.n > 0 && host->gids.n > 0)
		return 0;
	name = idmap_user_name(&h->arena, "/etc/passwd", host->uid);
	if (!name)
		name = arena_printf(&h->arena, "%u", host->uid);
	return fail(&h->error, 0, "--map-ranges: %s has no ids for '%s': add a line like '%s:100000:65536' of ids that nobody else has",
		host->uids.n > 0 ? "/etc/subgid" : "/etc/subuid", name, name);
}

/* The namespaces that are only made where the kernel has them: /proc/self/ns says so, and the limit on user namespaces. */
static unsigned int possible(unsigned int namespaces)
{
	char limit[TEXT_NUMBER_MAX];

	if ((namespaces & HULL_NS_CGROUP) && access("/proc/self/ns/cgroup", F_OK) < 0)
		namespaces &= ~(unsigned int)HULL_NS_CGROUP;
	if (!(namespaces & HULL_NS_USER))
		return namespaces;
	if (access("/proc/self/ns/user", F_OK) < 0 ||
		(io_read_small(AT_FDCWD, "/proc/sys/user/max_user_namespaces", limit, sizeof(limit)) > 0 && text_equal(limit, "0")))
		namespaces &= ~(unsigned int)HULL_NS_USER;
	return namespaces;
}

/*
 * Whether we are the machine's user 0, by whatever number: then the kernel lets us write its settings without a capability. EROFS: we would be let, but a
 * sandbox of root's around us has covered them, for good.
 */
static void look_at_settings(struct sandbox_host *host)
{
	bool may = access("/proc/sys/kernel/core_pattern", W_OK) == 0;
	int errnum = may ? 0 : errno;

	/* only "no" means no: the machine's root is covered also where it could not be found out */
	host->writes_settings = errnum != EACCES || (geteuid() == 0 && process_in_initial_userns());
	host->covered_proc = errnum == EROFS && !process_in_initial_userns();
}

static int make_spec(struct sandbox *s)
{
	struct job *job = s->job;
	struct hull *h = job->hull;
	struct hull_sandbox_options copy = s->o, *o = &copy;
	struct sandbox_host host = { .env = environ };
	bool own_profile = o->syscalls && !text_equal(o->syscalls, "default");
	char *cwd = arena_alloc(&h->arena, PATH_MAX);

	if (o->as_pid_1 && o->init)
		return fail(&h->error, 0, "--as-pid-1: --init, --name, --result, --require full, --time, --wall, --memory, --cpus and --pids want a process 1 of hull's");
	caller_identify(&job->caller);
	host.uid = job->caller.euid;
	host.gid = job->caller.egid;
	host.capabilities = job->caller.permitted;
	o->try_namespaces = o->try_namespaces ? possible(o->try_namespaces) : 0;
	if (o->map_ranges && read_ranges(h, &host) < 0)
		return -1;
	host.cwd = getcwd(cwd, PATH_MAX);
	host.unseen = job->sandbox && job->stateless && !o->plugins && !o->plugin_dir; /* what is kept or printed has the filter's rules */
	host.terminal = own_terminal(&h->arena, s->terminals);
	if (!o->bare)
		look_at_settings(&host);
	host.tty = own_profile && can_push_back() && s->terminals;
	/* nothing of the terminal would be used, but /dev/tty is there to be opened */
	if (own_profile && !o->bare && o->tty < 0 && !host.tty && has_terminal() && can_push_back())
		o->new_session = true;
	/* without a terminal there is no job control to stay in the caller's process group for */
	if (!o->bare && o->tty != 1 && !host.tty && !signals_stay_inside(o) && !has_terminal())
		o->new_session = true;
	if (sandbox_spec(&h->arena, &h->error, o, &host, &job->spec) < 0)
		return -1;
	if (!host.unseen && !o->cwd)
		sandbox_settle_cwd(s);
	return own_profile && !text_equal(o->syscalls, "none") ? read_profile(job, o->syscalls) : 0;
}

static void set_request(struct job *job, const struct hull_sandbox_options *o)
{
	struct request *r = &job->request;

	r->id = job->id;
	r->bundle = "/";
	r->sandbox = true;
	r->mimic = !o->bare;
	r->keep_fds = o->keep_fds;
	r->cwd_optional = !o->cwd;
	r->set_pwd = o->bare || o->cwd;
	r->no_new_keyring = o->bare || sandbox_is_filtered(o); /* the filter knows no keyrings */
	r->preserve_fds = o->preserve_fds;
	r->cgroup_manager = CGROUP_MANAGER_DISABLED;
}

/* From the options to a spec with everything in it. */
static int make_all(struct sandbox *s)
{
	struct job *job = s->job;

	if (s->o.name && state_check_id(s->o.name, &job->hull->error) < 0)
		return -1;
	job->id = s->o.name ? s->o.name : "sandbox";
	if (sandbox_limits_decide(s) < 0)
		return -1;
	job->stateless = !s->o.name && !s->cgroups;
	return make_spec(s) < 0 ? -1 : sandbox_limits_apply(s);
}

/* From the options to a checked plan. */
static int sandbox_check(struct sandbox *s)
{
	struct job *job = s->job;

	if (make_all(s) < 0)
		return -1;
	set_request(job, &s->o);
	if (s->cgroups)
		job->request.cgroup_manager = CGROUP_MANAGER_CGROUPFS;
	job->request.inner_cgroup = s->cgroups && !sandbox_is_filtered(&s->o);
	if (plugins_check(job, s->o.plugins, s->o.plugin_dir, NULL) < 0 || sandbox_require(s) < 0)
		return -1;
	job->state.id = job->id;
	job->state.bundle = job->request.bundle;
	job->state.rootfs = job->spec.root.path;
	return 0;
}

/* The configuration as others read it: with a name it is kept for exec, kill and delete. */
static void keep_config(struct job *job)
{
	struct json_writer w = json_writer_on(&job->hull->arena, 0);

	spec_write(&w, &job->spec);
	job->config_text = json_text(&w);
	job->config_length = strlen(job->config_text);
}

/* What follows from other options. */
static void settle_options(struct hull_sandbox_options *o, unsigned int terminals)
{
	/* somebody else than the payload must hold the descriptor and the locks, and know exactly how the payload ended */
	if (o->sync_fd >= 0 || (o->lock_files && o->lock_files[0]) || o->result)
		o->init = true;
	if (o->time || o->wall || o->memory || o->cpus || o->pids || o->name || (o->require && strstr(o->require, "full")))
		o->init = true;
	if (!o->bare && !o->as_pid_1 && (terminals || o->tty == 1)) /* and tell us of a command that stops itself */
		o->init = true;
}

/* Whether a mount is the caller's terminal, by its own name (spec/sandbox.c). */
static bool is_console(const struct mount *m)
{
	const char *name = m->destination ? strrchr(m->destination, '/') : NULL;

	return m->source && text_after(m->source, "/dev/pts/") && m->flags.optional && !m->flags.recursive && name && text_equal(name, "/console");
}

void sandbox_document(struct job *job)
{
	const struct hull_extension *x = &job->spec.hull;
	struct request *r = &job->request;
	struct mount_list *list = &job->spec.mounts;
	size_t n = 0;

	r->sandbox = true;
	r->mimic = !x->bare;
	r->cwd_optional = x->cwd_optional;
	r->set_pwd = x->bare || !x->cwd_optional;
	for (size_t i = 0; i < list->n; i++) {
		struct mount *m = &list->v[i];

		if (is_console(m)) { /* by now the number may be that of somebody else's terminal */
			m->source = arena_strdup(&job->hull->arena, own_terminal(&job->hull->arena, find_terminals()));
			if (!m->source)
				continue;
		}
		list->v[n++] = *m;
	}
	list->n = n;
}

void sandbox_foreground(struct foreground *f, const struct spec *spec)
{
	const struct namespace *pid = spec_namespace(spec, NAMESPACE_PID);

	f->shares_terminal = spec->hull.keep_session;
	f->is_init = pid && !pid->path && !spec->hull.init;
}

static int on_child(struct job *job, pid_t pid)
{
	struct sandbox *s = sandbox_of(job);

	s->pid = pid;
	sandbox_time_begin(s);
	return sandbox_fds_on_child(s, pid);
}

static void on_end(struct job *job)
{
	struct sandbox *s = sandbox_of(job);

	s->ran = true;
	sandbox_limits_end(s);
}

/* Whether somebody waits for the pid, or for us to do something before the command runs: else the child may borrow our memory. */
static bool is_attended(const struct sandbox *s)
{
	return s->protocol.reports || s->protocol.foreign_maps || s->o.keep_fds || s->o.block_fd >= 0 || s->o.sync_fd >= 0 || s->o.result || s->o.time ||
	       s->o.wall;
}

static int run(struct sandbox *s, int *ret_status)
{
	const struct hull_create_options create = { .size = sizeof(create) };
	int r;

	if (sandbox_result_open(s) < 0 || sandbox_check(s) < 0 || sandbox_fds_prepare(s) < 0)
		return -1;
	if (!s->job->stateless)
		keep_config(s->job);
	sandbox_limits_sweep(s);
	if (s->o.die_with_parent)
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* cannot fail with a valid signal */
	sandbox_foreground(&s->foreground, &s->job->spec);
	s->foreground.scattered = s->protocol.subreaper;
	if (is_attended(s))
		s->job->on_child = on_child;
	s->job->on_end = on_end;
	s->launching = true;
	r = container_make(s->job, &create, &s->foreground, true, ret_status);
	if (r == 0)
		sandbox_fds_end(s, *ret_status);
	return r;
}

static struct sandbox sandbox_on(struct job *job, const struct hull_sandbox_options *o)
{
	struct sandbox s = {
		.job = job, .o = *o, .protocol = { .init_says = NO_FD, .sync = NO_FD, .block = NO_FD, .userns2 = NO_FD, .proc = NO_FD }, .result_fd = NO_FD,
		.result_dir = NO_FD, .terminals = find_terminals(),
	};

	settle_options(&s.o, s.terminals);
	return s;
}

/* The spec as it is printed or handed over. */
static int make_document(struct sandbox *s, const struct hull_sandbox_options *o)
{
	if (!o->runtime)
		return make_all(s);
	return handover_check(s, o) < 0 || make_all(s) < 0 ? -1 : handover_adapt(s);
}

int container_sandbox(struct hull *hull, const struct hull_sandbox_options *o, int *ret_status)
{
	struct job job = { .hull = hull, .root = NO_FD, .dir = NO_FD };
	struct sandbox s = sandbox_on(&job, o);
	int r;

	if (o->runtime) {
		r = make_document(&s, o) < 0 ? -1 : handover_run(&s, ret_status);
		job_close(&job);
		return r;
	}
	job.sandbox = &s;
	r = run(&s, ret_status);
	if (r < 0 && !s.ran)
		sandbox_diagnose(&s);
	if (sandbox_result_write(&s, r == 0 && s.ran) < 0)
		r = -1;
	sandbox_fds_close(&s);
	job_close(&job);
	return r;
}

int container_sandbox_config(struct hull *hull, const struct hull_sandbox_options *o, char **ret_json)
{
	struct job job = { .hull = hull, .root = NO_FD, .dir = NO_FD };
	struct sandbox s = sandbox_on(&job, o);
	struct json_writer w = json_writer_on(&hull->arena, 8);

	if (make_document(&s, o) < 0)
		return -1;
	spec_write(&w, &job.spec);
	*ret_json = strdup(json_text(&w));
	return *ret_json ? 0 : fail(&hull->error, ENOMEM, "cannot hand out the configuration");
}

int container_sandbox_explain(struct hull *hull, const struct hull_sandbox_options *o, bool json, char **ret_text)
{
	struct job job = { .hull = hull, .dry = true, .root = NO_FD, .dir = NO_FD };
	struct sandbox s = sandbox_on(&job, o);
	int r = sandbox_check(&s);

	if (r == 0) {
		*ret_text = strdup(plan_explain(&job.plan, json));
		r = *ret_text ? 0 : fail(&hull->error, ENOMEM, "cannot hand out the plan");
	}
	job_close(&job);
	return r;
}
