/*
 * enter: a command beside a process of any runtime. It is `hull exec` with the container's side taken from the process instead of a state directory: a
 * spec that says nothing, a process like the target, the namespaces that differ from ours. A container of hull's own, named by its id, brings its configuration
 * along, and with it everything that exec knows: environment, limits, system-call filter, labels, cgroups.
 *
 * A foreign process gives what namespaces, root directory, ids, capabilities, no_new_privs and cgroups make of it, and to root its system-call filters; its
 * limits and labels are not taken over.
 *
 * The command is a guest: unlike that of exec, which engines leave behind by design, it ends when hull does.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aspect/cgroup.h"
#include "aspect/environment.h"
#include "aspect/init.h"
#include "base/io.h"
#include "base/path.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/text.h"
#include "run/filters.h"
#include "run/foreground.h"
#include "run/handle.h"
#include "run/plan.h"
#include "run/target.h"
#include "run/way.h"
#include "spec/oci.h"

enum { ENTER_CGROUP_MAX = 64 << 10 };

/*
 * @foreign: the target was given by its pid
 */
struct visit {
	struct job job;
	struct target target;
	struct way way;
	bool foreign;
};

static bool is_frozen(const struct plan *p, const char *dir, bool v2)
{
	char text[256];
	ssize_t n = io_read_small(AT_FDCWD, arena_printf(p->arena, "%s/%s", dir, v2 ? "cgroup.events" : "freezer.state"), text, sizeof(text));

	return n > 0 && (v2 ? strstr(text, "frozen 1") != NULL : text[0] == 'F');
}

/*
 * Put a foreign target's child into one of the target's cgroups, where we may: nobody has promised it. Not into a frozen one: there it would stop in the middle
 * of what it does, and we with it.
 */
static int join_cgroup(struct plan *p, const struct target *t, pid_t pid, const char *dir, bool v2)
{
	char number[TEXT_NUMBER_MAX];
	int r;

	if (is_frozen(p, dir, v2))
		return fail(p->error, 0, "process %d is frozen: thaw it, or enter it with --no-cgroup", t->pid);
	(void)text_from_u64(number, (uint64_t)pid); /* returns its argument */
	r = io_write_file(AT_FDCWD, arena_printf(p->arena, "%s/cgroup.procs", dir), number, strlen(number));
	if (r < 0)
		log_write(p->log, LOG_LEVEL_DEBUG, "cannot enter cgroup '%s': %s; the command stays in ours", dir, error_text(-r));
	return 0;
}

static int join_cgroups(struct plan *p, const struct target *t, pid_t pid)
{
	struct error ignored = { 0 };
	struct cgroup_host host, its;
	char *text;

	if (cgroup_host_read(p->arena, &ignored, &host) < 0 || io_read_file(t->proc, "cgroup", ENTER_CGROUP_MAX, p->arena, &text, NULL) < 0)
		return 0;
	cgroup_parse_own(p->arena, text, &its);
	for (size_t i = 0; i < host.n; i++)
		for (size_t k = 0; k < its.n; k++) {
			const struct cgroup_tree *mine = &host.v[i], *other = &its.v[k];

			if (mine->v2 != other->v2 || !text_equal(mine->controllers, other->controllers) || text_equal(mine->own, other->own))
				continue;
			if (join_cgroup(p, t, pid, arena_printf(p->arena, "%s%s", mine->mount, other->own), mine->v2) < 0)
				return -1;
		}
	return 0;
}

static int on_pid(struct plan *p, const struct launched *child)
{
	const struct way *way = engine_of(p)->way;

	/* seen from outside while the child waits: it is in there already, and has not executed anything; with tools it has mounts of its own */
	if (target_check_namespaces(way->target, child->pid, way->tools >= 0 ? CLONE_NEWNS : 0, p->arena, p->error) < 0)
		return -1;
	return way->join_cgroups ? join_cgroups(p, way->target, child->pid) : 0;
}

/* What is beneath: a container of ours, or a process. */
static int open_target(struct visit *v, struct hull *h, const char *name, bool no_cgroup)
{
	struct job *job = &v->job;
	char comm[sizeof(INIT_NAME) + 1];
	uint32_t pid = 0;
	uint64_t birth;
	pid_t first;
	int r = job_open(job, h, name, false);

	if (r == 0) {
		enum state_status status = state_status(job->dir, &job->state);

		if (status == STATUS_PAUSED && !no_cgroup)
			return fail(&h->error, 0, "container '%s' is paused: resume it, or enter it with --no-cgroup", name);
		if (status == STATUS_STOPPED || status == STATUS_CREATING)
			return fail(&h->error, 0, "cannot enter container '%s': it is %s", name, state_status_name(status));
		job_target(job, &first, &birth);
		return target_open(&v->target, first, birth, &h->arena, &h->error);
	}
	if (text_to_u32(name, &pid) == 0 && pid > 0 && pid <= INT32_MAX) {
		v->foreign = true;
		job->id = arena_printf(&h->arena, "pid-%u", pid);
		job->state = (struct state){ .id = job->id };
		first = (pid_t)pid;
		birth = 0;
		if (io_read_small(AT_FDCWD, arena_printf(&h->arena, "/proc/%u/comm", pid), comm, sizeof(comm)) > 0 && text_equal(comm, INIT_NAME))
			job_behind_reaper(&first, &birth);
		return target_open(&v->target, first, birth, &h->arena, &h->error);
	}
	if (r == STATE_ABSENT)
		return fail(&h->error, 0, "container '%s' does not exist; into one of another runtime go by the PID of one of its processes", name);
	return -1;
}

/* --user: NAME or UID, and :GID. The container's passwd file says what is not said. */
static int set_user(struct visit *v, struct process *process, const char *text)
{
	struct hull *h = v->job.hull;
	const char *colon = strchr(text, ':');
	char *who = colon ? arena_strndup(&h->arena, text, (size_t)(colon - text)) : arena_strdup(&h->arena, text);
	struct account account = { .gid = process->user.gid };
	bool number = text_to_u32(who, &account.uid) == 0;
	int r = target_account(v->target.root, &h->arena, number ? NULL : who, account.uid, &account);

	if (!number && r < 0)
		return fail(&h->error, r == -ENOENT ? 0 : r, "--user: the container's /etc/passwd does not name '%s'; give UID[:GID]", who);
	if (colon && text_to_u32(colon + 1, &account.gid) < 0)
		return fail(&h->error, 0, "--user: expected UID[:GID] or NAME[:GID], got '%s'", text);
	process->user.uid = account.uid;
	process->user.gid = account.gid;
	process->user.additional_gids.n = 0;
	if (v->foreign) {
		uint64_t all = v->target.status.capabilities.bounding;

		process->capabilities = (struct capabilities){ .set = true, .bounding = all };
		if (account.uid == 0)
			process->capabilities.permitted = process->capabilities.effective = all;
	}
	return target_check_ids(&v->target, &h->arena, &h->error, &process->user);
}

/* --privileged: everything that can be had in there, also for a command that does not run as root. */
static void set_privileged(struct visit *v, struct process *process)
{
	bool userns = v->target.flags & CLONE_NEWUSER;
	uint64_t all = userns ? ~0ULL >> (63 - CAP_LAST_CAP) : v->job.caller.bounding;

	process->capabilities = (struct capabilities){
		.set = true, .bounding = all, .effective = all, .inheritable = all, .permitted = all, .ambient = all,
	};
	process->no_new_privileges = false;
	process->apparmor_profile = NULL;
	process->selinux_label = NULL;
	v->job.spec.linux.seccomp = NULL;
}

static bool has_program(const struct visit *v, const char *path)
{
	scope_fd int fd = path[0] == '/' ? path_open(v->target.root, path, O_PATH, 0) : NO_FD;
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

/* The caller's own shell if it is there too, else the usual ones; what cannot be seen from here is tried as /bin/sh, or found in the toolbox. */
static const char *default_shell(const struct visit *v, bool tools)
{
	const char *own = getenv("SHELL");

	if (own && has_program(v, own))
		return own;
	if (has_program(v, "/bin/bash"))
		return "/bin/bash";
	return tools && !has_program(v, "/bin/sh") ? "sh" : "/bin/sh";
}

/* Of several values of a name the last one counts. */
static const char *path_of(const struct string_list *env)
{
	char *const none[] = { NULL };

	for (size_t i = env->n; i-- > 0;)
		if (text_after(env->v[i], "PATH="))
			return text_after(env->v[i], "PATH=");
	return environment_path(none);
}

/* The tools come before whatever it was. And it is written down, since the command may have another idea of the usual directories than we. */
static void set_path(struct visit *v, const struct hull_enter_options *o, struct process *process)
{
	struct arena *arena = &v->job.hull->arena;
	const char *path = path_of(&process->env), *entry[] = { NULL, NULL };

	if (o->toolbox)
		path = way_path(arena, o->toolbox, v->way.tools_at, path);
	entry[0] = arena_printf(arena, "PATH=%s", path);
	job_add_strings(arena, &process->env, entry);
}

/* What the command is and gets. */
static int make_process(struct visit *v, const struct hull_enter_options *o)
{
	struct job *job = &v->job;
	struct hull *h = job->hull;
	struct process *process = &job->process;
	const char *shell[] = { NULL, NULL }, *term[] = { NULL, NULL };

	if (!v->foreign)
		*process = job->spec.process;
	else if (target_process(&v->target, o->user != NULL, &h->arena, &h->error, process) < 0)
		return -1;
	if (o->user && set_user(v, process, o->user) < 0)
		return -1;
	if (o->privileged)
		set_privileged(v, process);
	process->terminal = o->tty == 1 || (o->tty < 0 && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO));
	if (process->terminal) {
		term[0] = arena_printf(&h->arena, "TERM=%s", getenv("TERM") ? getenv("TERM") : "xterm");
		job_add_strings(&h->arena, &process->env, term);
	}
	job_add_strings(&h->arena, &process->env, o->env);
	set_path(v, o, process);
	process->args = (struct string_list){ 0 };
	shell[0] = o->args && o->args[0] ? NULL : default_shell(v, o->toolbox != NULL);
	job_add_strings(&h->arena, &process->args, shell[0] ? shell : o->args);
	if (o->cwd)
		process->cwd = arena_strdup(&h->arena, o->cwd);
	return process->cwd[0] != '/' ? fail(&h->error, 0, "--cwd: expected an absolute path, got '%s'", process->cwd) : 0;
}

/* The system-call filters of a foreign process. They are root's to read: for others it is not even stopped. */
static int take_filters(struct visit *v, const struct hull_enter_options *o)
{
	const struct target *t = &v->target;
	struct hull *h = v->job.hull;
	struct request *request = &v->job.request;
	int r;

	if (o->privileged && o->require_filter)
		return fail(&h->error, 0, "--require-filter and --privileged exclude each other");
	if (!v->foreign || o->privileged || !(t->status.filtered || t->status.strict))
		return 0;
	r = t->status.strict ? -EOPNOTSUPP : v->job.caller.privileged ? filters_read(t->pid, t->pidfd, &h->arena, &request->filters, &request->n_filters) : -EACCES;
	if (r == 0)
		return 0;
	if (o->require_filter)
		return fail(&h->error, 0, "--require-filter: the system-call filter of process %d cannot be had: %s", t->pid, filters_why_not(-r));
	log_write(&h->log, LOG_LEVEL_WARNING, "the command runs without the system-call filter of process %d: %s", t->pid, filters_why_not(-r));
	return 0;
}

/* What the entering process does besides setns(2). */
static int make_way(struct visit *v, const struct hull_enter_options *o)
{
	struct target *t = &v->target;
	struct error *e = &v->job.hull->error;
	bool inside = (t->flags & CLONE_NEWUSER) && !v->job.caller.privileged;
	struct stat st;

	v->way.target = t;
	v->way.drop_groups = v->job.caller.privileged && (t->flags & CLONE_NEWUSER);
	v->way.root_path = t->root_path;
	if ((t->flags & CLONE_NEWNS) || t->other_root)
		v->way.root = t->root;
	if (!o->toolbox)
		return 0;
	if (fstat(t->root, &st) < 0)
		return fail(e, errno, "cannot look at the root directory of process %d", t->pid);
	v->way.root_device = st.st_dev;
	v->way.root_inode = st.st_ino;
	v->way.tools_at = way_find_place(t->root);
	if (!v->way.tools_at)
		return fail(e, 0, "--toolbox: there is no empty directory to show it at (/mnt, /media, /srv, /opt …)");
	v->way.tools_at = arena_strdup(&v->job.hull->arena, v->way.tools_at);
	v->way.tools = way_open_tools(o->toolbox, inside ? t->pidfd : NO_FD, e);
	return v->way.tools < 0 ? -1 : 0;
}

/* hull's own terminal stands in where the container has none to give. */
static void lend_terminal(struct visit *v)
{
	if (v->job.process.terminal)
		v->job.request.spare_ptmx = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static int prepare(struct visit *v, const struct hull_enter_options *o)
{
	struct job *job = &v->job;
	struct hull *h = job->hull;
	struct target *t = &v->target;

	if (!v->foreign && job_read_config(job, job->dir, "config.json", "config.json") < 0)
		return -1;
	if (t->flags == 0 && !t->other_root)
		return fail(&h->error, 0, "process %d has no namespace and no root directory of its own: there is nothing to enter", t->pid);
	caller_identify(&job->caller);
	if (make_way(v, o) < 0 || make_process(v, o) < 0)
		return -1;
	job->request = (struct request){ .id = job->id, .bundle = job->state.bundle ? job->state.bundle : "/", .exec = true,
		.die_with_us = true, .no_new_keyring = job->state.no_new_keyring, .cgroup_manager = h->cgroup_manager };
	job->state.facts.clone_flags = t->flags;
	lend_terminal(v);
	if (take_filters(v, o) < 0)
		return -1;
	job_plan(job, &job->process);
	if (plan_check(&job->plan) < 0)
		return -1;
	job->engine.target_pidfd = take_fd(&t->pidfd);
	job->engine.way = &v->way;
	v->way.join_cgroups = v->foreign && !o->no_cgroup;
	if (!v->foreign && !o->no_cgroup && cgroup_join_open(&job->state.facts, &h->arena, &h->error, NULL, 0, &job->engine.cgroup) < 0)
		return -1;
	job->plan.cgroup_fd = job->engine.cgroup.v2_fd;
	job->engine.cgroup.v2_fd = NO_FD;
	return plan_prepare(&job->plan);
}

static int start(struct visit *v, struct launched *child)
{
	struct hull *h = v->job.hull;
	int r = launch(&v->job.plan, true, on_pid, child);

	if (r < 0 && h->error.errnum == EPERM && h->error.exit_code == 0 && !v->job.caller.privileged)
		return fail_wrap(&h->error, "process %d is partly beyond what belongs to you: run this as root", v->target.pid);
	return r;
}

int container_enter(struct hull *hull, const char *name, const struct hull_enter_options *o, int *ret_status)
{
	struct visit v = { .job = { .hull = hull, .id = name, .root = NO_FD, .dir = NO_FD }, .way = { .root = NO_FD, .tools = NO_FD },
		.target = { .proc = NO_FD, .pidfd = NO_FD, .root = NO_FD } };
	struct launched child = { .pidfd = NO_FD, .console = NO_FD };
	struct foreground foreground = { .signals = NO_FD, .notify = NO_FD };
	int r = open_target(&v, hull, name, o->no_cgroup);

	if (r == 0)
		r = prepare(&v, o);
	if (r == 0)
		r = foreground_begin(&foreground, &hull->error);
	if (r == 0)
		r = start(&v, &child);
	cgroup_join_close(&v.job.engine.cgroup);
	v.way.tools = close_fd(v.way.tools);
	target_close(&v.target);
	if (v.job.request.spare_ptmx > STDERR_FILENO)
		v.job.request.spare_ptmx = close_fd(v.job.request.spare_ptmx);
	*ret_status = 0;
	if (r == 0)
		r = foreground_serve(&foreground, &child, &hull->error, ret_status);
	foreground_end(&foreground);
	(void)close_fd(child.pidfd);
	(void)close_fd(child.console);
	job_close(&v.job);
	return r < 0 ? -1 : 0;
}
