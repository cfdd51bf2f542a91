/* create and run: from a bundle to a container. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "aspect/cgroup_stats.h"
#include "aspect/hooks.h"
#include "base/io.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"
#include "run/explain.h"
#include "run/foreground.h"
#include "run/handle.h"
#include "run/hookstate.h"
#include "run/notify.h"
#include "run/plan.h"
#include "run/plugins.h"
#include "run/sandbox.h"
#include "spec/oci.h"

static const char *absolute(struct hull *h, const char *path)
{
	char *cwd;

	if (path[0] == '/')
		return path;
	cwd = arena_alloc(&h->arena, PATH_MAX);
	if (!getcwd(cwd, PATH_MAX))
		return NULL;
	return strcmp(path, ".") == 0 ? cwd : arena_join(&h->arena, cwd, "/", path, NULL);
}

/* In decimal, over the zeros that end at @last. */
static void put_number(char *last, long value)
{
	for (; value > 0; value /= 10)
		*last-- = (char)('0' + value % 10);
}

/* RFC 3339. By hand: with nothing else that is formatted, a start does without printf's pages. */
static const char *now(struct hull *h)
{
	char *text = arena_strdup(&h->arena, "0000-00-00T00:00:00.000000000Z");
	struct timespec t;
	struct tm utc;

	(void)syscall(SYS_clock_gettime, CLOCK_REALTIME, &t); /* cannot fail with this clock; to find the vDSO's function takes longer than one call */
	(void)gmtime_r(&t.tv_sec, &utc); /* cannot fail before the year 2^31; the kernel's clock goes to 2232 */
	put_number(text + 3, utc.tm_year + 1900);
	put_number(text + 6, utc.tm_mon + 1);
	put_number(text + 9, utc.tm_mday);
	put_number(text + 12, utc.tm_hour);
	put_number(text + 15, utc.tm_min);
	put_number(text + 18, utc.tm_sec);
	put_number(text + 28, t.tv_nsec);
	return text;
}

static unsigned int listen_fds(void)
{
	const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint32_t n = 0, for_pid = 0;

	/* sd_listen_fds(3): meant for us only if LISTEN_PID is ours; engines that pass it through leave LISTEN_PID out */
	if (!count || text_to_u32(count, &n) < 0 || n > 1024)
		return 0;
	if (pid)
		return text_to_u32(pid, &for_pid) < 0 || (pid_t)for_pid != getpid() ? 0 : n;
	for (uint32_t i = 0; i < n; i++) /* without LISTEN_PID it may be a leftover of somebody else's */
		if (fcntl(STDERR_FILENO + 1 + (int)i, F_GETFD) != 0) /* closed, or one of our own */
			return 0;
	return n;
}

static void set_request(struct job *job, const struct hull_create_options *o)
{
	struct request *r = &job->request;

	r->id = job->id;
	r->console_socket = o->console_socket;
	r->pidfd_socket = o->pidfd_socket;
	r->notify_socket = getenv("NOTIFY_SOCKET");
	r->listen_fds = listen_fds();
	r->preserve_fds = o->preserve_fds;
	r->detach = o->detach;
	r->no_pivot = o->no_pivot;
	r->no_new_keyring = o->no_new_keyring;
	r->cgroup_manager = job->hull->cgroup_manager;
}

int container_check(struct job *job, const struct hull_create_options *o)
{
	struct hull *h = job->hull;
	const char *config;

	set_request(job, o);
	job->request.bundle = absolute(h, o->bundle ? o->bundle : ".");
	if (!job->request.bundle)
		return fail(&h->error, errno, "cannot tell the current directory");
	config = o->config ? o->config : arena_join(&h->arena, job->request.bundle, "/config.json", NULL);
	if (job_read_config(job, AT_FDCWD, config, config) < 0)
		return -1;
	if (plugins_check(job, o->plugins, o->plugin_dir, job->document) < 0)
		return -1;
	if (!job->request.pidfd_socket)
		job->request.pidfd_socket = spec_annotation(&job->spec, "run.oci.pidfd_receiver"); /* crun's way to say it */
	job->state.id = job->id;
	job->state.bundle = job->request.bundle;
	job->state.rootfs = job->spec.root.path[0] == '/' ? job->spec.root.path :
							     arena_join(&h->arena, job->request.bundle, "/", job->spec.root.path, NULL);
	job->state.annotations = job->spec.annotations;
	job->state.no_new_keyring = o->no_new_keyring;
	job->state.poststart = job->spec.hooks.poststart.n > 0;
	job->state.poststop = job->spec.hooks.poststop.n > 0;
	return 0;
}

/* The terminal goes to somebody: to the console socket if we leave, to our own terminal if we stay. */
static int check_console(struct job *job, bool stays)
{
	struct error *e = &job->hull->error;

	if (!job->spec.has_process)
		return fail(e, 0, "process: a container needs one");
	if (job->spec.process.terminal && !stays && !job->request.console_socket)
		return fail(e, 0, "process.terminal is true: a detached container needs --console-socket (or set process.terminal to false)");
	if (job->request.console_socket && (stays || !job->spec.process.terminal))
		return fail(e, 0, "--console-socket is for a detached container with process.terminal true");
	return 0;
}

static int commit(struct plan *p)
{
	struct job *job = (struct job *)((char *)p - offsetof(struct job, plan));

	return state_write(job->dir, &job->hull->arena, &job->state, &job->hull->error);
}

/* The child exists, and may be at work already. What is written here is not needed before the payload runs. */
static int on_pid(struct plan *p, const struct launched *child)
{
	struct job *job = (struct job *)((char *)p - offsetof(struct job, plan));
	int r;

	if (job->on_child && job->on_child(job, child->pid) < 0)
		return -1;
	if (job->stateless)
		return 0;
	/* under its own name: who may read it sees by the pid, which is written next, that it is complete */
	r = io_create_file(job->dir, "config.json", 0600, job->config_text, job->config_length);
	if (r < 0)
		return fail(p->error, r, "cannot keep the configuration of container '%s'", job->id);
	r = state_note_process(job->dir, child->pid, child->pidfd, p->facts);
	if (r < 0)
		return fail(p->error, r, "cannot read the start time of the container's process");
	return commit(p);
}

static int make_fifo(struct job *job, const char *name, int *ret_fd)
{
	int fd;

	if (mkfifoat(job->dir, name, 0600) < 0)
		return fail(&job->hull->error, errno, "cannot make the FIFO '%s' of container '%s'", name, job->id);
	fd = openat(job->dir, name, O_RDWR | O_CLOEXEC); /* for reading and writing: neither end waits for the other (fifo(7)) */
	if (fd < 0)
		return fail(&job->hull->error, errno, "cannot open the FIFO '%s' of container '%s'", name, job->id);
	*ret_fd = fd;
	return 0;
}

static bool has_child_hooks(const struct spec *spec)
{
	return spec->hooks.create_container.n > 0 || spec->hooks.start_container.n > 0;
}

/* Everything that the state directory holds before anything else is made. */
static int fill_state(struct job *job, bool run)
{
	struct hull *h = job->hull;

	job->engine.lock_fd = job->dir;
	job->state.created = now(h);
	job->plan.commit = commit;
	if (notify_make(job) < 0)
		return -1;
	if (!run && (make_fifo(job, "start", &job->engine.start_fd) < 0 || make_fifo(job, "result", &job->engine.result_fd) < 0))
		return -1;
	if (has_child_hooks(&job->spec)) {
		job->plan.state_fd = memfd_create("state", MFD_CLOEXEC);
		if (job->plan.state_fd < 0)
			return fail(&h->error, errno, "cannot make a file in memory for the hooks");
	}
	return 0;
}

/*
 * Take back a container that could not be made; the error that is set stays.
 * @launched: its process was, and hooks may have run, so the poststop hooks must (runtime-spec, §Lifecycle): what the others made would be left.
 */
static void take_back(struct job *job, bool launched)
{
	struct hull *h = job->hull;
	struct error first = h->error;

	if (job->made_state && state_is_removed(job->dir)) /* by somebody who did not wait for us; the name may be another container's already */
		return;
	if ((job->stateless || job->made_state) && plan_undo(&job->state.facts, &h->arena, &h->error, &h->log) < 0)
		log_write(&h->log, LOG_LEVEL_WARNING, "%s", h->error.text);
	if (launched)
		container_poststop(job);
	if (job->made_state && state_remove(job->root, job->id, job->dir, &h->error) < 0)
		log_write(&h->log, LOG_LEVEL_WARNING, "%s", h->error.text);
	h->error = first;
}

void container_kill_child(const struct launched *child)
{
	(void)sys_pidfd_send_signal(child->pidfd, SIGKILL); /* gone is as good */
	(void)process_wait_gone(child->pidfd, 10000);       /* likewise */
	while (waitpid(child->pid, NULL, __WALL) < 0 && errno == EINTR)
		;
}

static int poststart(struct job *job, pid_t pid)
{
	if (!job->state.poststart)
		return 0;
	return hooks_run(&job->plan, &job->spec.hooks.poststart, "poststart", hookstate_document(&job->plan, pid, "running"));
}

/* The child is alive; what is left can still fail, and then it must not stay. */
static int after_launch(struct job *job, const struct hull_create_options *o, struct launched *child, bool run)
{
	if (!run && hookstate_write(&job->plan, child->pid, "created") < 0)
		return -1;
	if (job_deliver(job, o->pid_file, child) < 0)
		return -1;
	return run ? poststart(job, child->pid) : 0;
}

static const char *mebibytes(struct arena *arena, uint64_t bytes)
{
	enum { MIB = 1 << 20 };

	return bytes % MIB == 0 ? arena_printf(arena, "%llu MiB", (unsigned long long)(bytes / MIB)) :
				  arena_printf(arena, "%.1f MiB", (double)bytes / MIB);
}

/* The figures, where they can still be read: systemd takes an empty scope's cgroup away, at any moment. */
static const char *oom_figures(struct arena *arena, const char *before, const struct cgroup_oom *oom)
{
	if (oom->limit == 0 || oom->peak == 0)
		return "";
	return arena_printf(arena, "%slimit %s, peak %s", before, mebibytes(arena, oom->limit), mebibytes(arena, oom->peak));
}

/* A payload that was killed by its memory limit cannot say so. */
static void tell_oom(struct job *job, int status)
{
	struct hull *h = job->hull;
	uint64_t kills = cgroup_oom_kills(&job->state.facts, &h->arena);
	struct cgroup_oom oom;

	if (kills == 0)
		return;
	cgroup_oom_read(&job->state.facts, &h->arena, &oom);
	if (oom.limit == CGROUP_NO_LIMIT)
		return;
	if (status == 128 + SIGKILL)
		log_write(&h->log, LOG_LEVEL_ERROR, "the container was killed by its memory limit%s", oom_figures(&h->arena, ": ", &oom));
	else
		log_write(&h->log, LOG_LEVEL_WARNING, "the container's memory limit killed processes in it: %llu%s", (unsigned long long)kills,
			oom_figures(&h->arena, ", ", &oom));
}

/* It has run, and could not be removed: say of which kind the failure is, and what is to be done. */
static int tell_rest(struct job *job)
{
	struct error *e = &job->hull->error, first = *e;

	return fail(e, 0, "%s: container '%s' has ended, and 'hull delete %s' removes what is left of it", first.text, job->id, job->id);
}

static int finish_run(struct job *job, const struct hull_create_options *o, struct foreground *foreground, struct launched *child, int *ret_status)
{
	int r;

	*ret_status = 0;
	if (o->detach) {
		notify_wait(foreground->notify, foreground->notify_host, child);
		return 0;
	}
	if (!job->stateless)
		(void)flock(job->dir, LOCK_UN); /* others may signal it, exec into it and delete it while it runs */
	r = foreground_serve(foreground, child, &job->hull->error, ret_status);
	if (job->on_end)
		job->on_end(job);
	if (job->stateless)
		return r;
	if (r == 0)
		tell_oom(job, *ret_status);
	if (o->keep)
		return r;
	(void)flock(job->dir, LOCK_EX); /* a failure is seen below: the directory is ours or gone */
	if (r == 0 && !foreground->left)
		job->state.facts.pid = 0; /* waited for: there is nobody to kill */
	return container_destroy(job) < 0 ? tell_rest(job) : r;
}

/* With a state directory: from here on others know of the container. */
static int open_state(struct job *job, bool run)
{
	struct hull *h = job->hull;

	job->root = state_open_root(h->root, true, &h->error);
	if (job->root < 0)
		return -1;
	job->dir = state_create(job->root, job->id, &h->error);
	if (job->dir < 0)
		return -1;
	job->made_state = true;
	return fill_state(job, run);
}

int container_make(struct job *job, const struct hull_create_options *o, struct foreground *foreground, bool run, int *ret_status)
{
	struct launched child = { .pidfd = NO_FD, .console = NO_FD };
	bool stays = run && !o->detach, launched = false;
	int r = -1;

	foreground->signals = foreground->notify = NO_FD;
	job->request.alone = job->stateless && !job->on_child;
	if (!job->stateless && open_state(job, run) < 0)
		goto undo;
	if (stays && foreground_begin(foreground, &job->hull->error) < 0)
		goto undo;
	memcpy(&job->request.signal_mask, &foreground->old_mask, sizeof(job->request.signal_mask));
	job->request.ignores_children = foreground->ignores_children;
	plan_log(&job->plan);
	if (plan_prepare(&job->plan) < 0)
		goto undo;
	foreground->notify = run && !job->stateless ? notify_listen(job) : NO_FD;
	foreground->notify_host = job->request.notify_socket;
	if (foreground->notify == -1)
		goto undo;
	launched = true;
	if (launch(&job->plan, run, on_pid, &child) < 0)
		goto undo;
	if (after_launch(job, o, &child, run) < 0) {
		container_kill_child(&child);
		goto undo;
	}
	r = run ? finish_run(job, o, foreground, &child, ret_status) : 0;
	goto out;
undo:
	take_back(job, launched);
out:
	foreground_end(foreground);
	(void)close_fd(foreground->notify);
	(void)close_fd(child.pidfd);
	(void)close_fd(child.console);
	return r;
}

int container_create(struct hull *hull, const char *id, const struct hull_create_options *o, bool run, int *ret_status)
{
	struct job job = { .hull = hull, .id = id, .root = NO_FD, .dir = NO_FD };
	struct foreground foreground = { 0 };
	int r = -1;

	if (state_check_id(id, &hull->error) == 0 && container_check(&job, o) == 0 && check_console(&job, run && !o->detach) == 0 &&
		job_open_pid_file(&job, o->pid_file) == 0) {
		if (job.spec.hull.sandbox)
			sandbox_foreground(&foreground, &job.spec);
		r = container_make(&job, o, &foreground, run, ret_status);
	}
	job_close(&job);
	return r;
}
