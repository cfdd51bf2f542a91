/* What is done to a container that exists: start, kill, delete, wait, freeze. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aspect/cgroup_control.h"
#include "aspect/hooks.h"
#include "base/io.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"
#include "run/handle.h"
#include "run/hookstate.h"
#include "run/notify.h"
#include "run/plan.h"
#include "spec/oci.h"

/* how long a killed process may take to go, ms */
enum { KILL_PATIENCE = 10000 };

/* the configuration kept at creation, for hooks */
static int read_kept_config(struct job *job)
{
	if (job_read_config(job, job->dir, "config.json", "config.json") < 0)
		return -1;
	job->request.id = job->id;
	job->request.bundle = job->state.bundle;
	job_plan(job, &job->spec.process);
	return 0;
}

static int end_of_start(struct job *job, int result_fd)
{
	struct pollfd fds = { .fd = result_fd, .events = POLLIN };
	struct start_result result;
	struct error *e = &job->hull->error;
	ssize_t n;

	/* the child's ends close at execve: end of file is success */
	do
		n = poll(&fds, 1, -1);
	while (n < 0 && errno == EINTR);
	do
		n = read(result_fd, &result, sizeof(result));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail(e, errno, "cannot learn whether container '%s' started", job->id);
	if (n == (ssize_t)sizeof(result)) {
		result.text[sizeof(result.text) - 1] = '\0';
		return fail_exit(e, result.errnum == ENOENT ? 127 : 126, result.errnum, "%s", result.text);
	}
	return 0;
}

static int start_locked(struct job *job)
{
	static const char ended[] = "cannot start container '%s': its process has ended";
	struct error *e = &job->hull->error;
	scope_fd int result = openat(job->dir, "result", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	scope_fd int start = NO_FD;
	int r;

	if (result < 0)
		return fail(e, errno, "cannot open the result FIFO of container '%s'", job->id);
	start = openat(job->dir, "start", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (start < 0 && errno == ENXIO)
		return fail(e, 0, ended, job->id);
	if (start < 0)
		return fail(e, errno, "cannot open the start FIFO of container '%s'", job->id);
	r = io_write_pipe(start, "", 1);
	if (r == -EPIPE) /* it was killed just now */
		return fail(e, 0, ended, job->id);
	if (r < 0)
		return fail(e, r, "cannot start container '%s'", job->id);
	if (unlinkat(job->dir, "start", 0) < 0)
		return fail(e, errno, "cannot remove the start FIFO of container '%s'", job->id);
	return end_of_start(job, result);
}

/* A failing poststart hook destroys the container (runtime-spec 1.3, §Lifecycle). */
static int run_poststart(struct job *job)
{
	struct error first;

	if (!job->state.poststart)
		return 0;
	if (read_kept_config(job) == 0 && hooks_run(&job->plan, &job->spec.hooks.poststart, "poststart",
					hookstate_document(&job->plan, job->state.facts.pid, "running")) == 0)
		return 0;
	first = job->hull->error;
	(void)container_destroy(job); /* kills it; the hook's failure is what is reported */
	job->hull->error = first;
	return -1;
}

static int start_and_notify(struct job *job)
{
	struct launched child = { .pid = job->state.facts.pid, .pidfd = NO_FD, .console = NO_FD };
	scope_fd int notify = NO_FD;

	job->request.notify_socket = getenv("NOTIFY_SOCKET");
	notify = notify_listen(job);
	if (notify == -1 || start_locked(job) < 0 || run_poststart(job) < 0)
		return -1;
	if (notify < 0)
		return 0;
	(void)flock(job->dir, LOCK_UN); /* this may take as long as the payload likes */
	child.pidfd = process_open(child.pid, job->state.facts.pid_birth);
	notify_wait(notify, job->request.notify_socket, &child);
	(void)close_fd(child.pidfd);
	return 0;
}

int container_start(struct hull *hull, const char *id)
{
	struct job job;
	enum state_status status;
	int r = job_open(&job, hull, id, true);

	if (r == 0) {
		status = state_status(job.dir, &job.state);
		r = status == STATUS_CREATED ? start_and_notify(&job) :
					       fail(&hull->error, 0, "cannot start a container that is %s", state_status_name(status));
	}
	job_close(&job);
	return r < 0 ? -1 : 0;
}

/*
 * Whether SIGKILL must be for all of its processes: with a pid namespace of its own they die with the first one. It is the same where the first one has ended
 * before them.
 */
static bool outlives_init(struct job *job)
{
	const struct namespace *ns;
	pid_t *pids;
	size_t n;

	if (!cgroup_known(&job->state.facts) || read_kept_config(job) < 0)
		return false;
	ns = spec_namespace(&job->spec, NAMESPACE_PID);
	return (!ns || ns->path) && cgroup_pids(&job->state.facts, &job->hull->arena, &job->hull->error, &pids, &n) == 0 && n > 0;
}

/*
 * What ends a created container is the end of it: the program that could make something else of it is not there yet, and as a pid 1 without a handler nothing
 * but SIGKILL would reach what stands in for it.
 */
static int signal_for(const struct job *job, int number)
{
	bool ends = number == SIGTERM || number == SIGINT || number == SIGHUP || number == SIGQUIT;

	return ends && state_waits(job->dir) ? SIGKILL : number;
}

int container_kill(struct hull *hull, const char *id, const char *signal, bool all)
{
	struct job job;
	int number = SIGTERM, r, pidfd;

	if (signal && names_signal(signal, &number) < 0)
		return fail(&hull->error, 0, "unknown signal '%s'", signal);
	r = job_open(&job, hull, id, false);
	if (r == 0)
		number = signal_for(&job, number);
	if (r == 0 && ((all && cgroup_known(&job.state.facts)) || (number == SIGKILL && outlives_init(&job)))) {
		r = cgroup_kill_all(&job.state.facts, &hull->arena, &hull->error, number);
	} else if (r == 0) {
		/* a reaper hands on all that it can block */
		if (number == SIGSTOP && job.state.facts.pid && read_kept_config(&job) == 0 && job.spec.hull.init)
			job_behind_reaper(&job.state.facts.pid, &job.state.facts.pid_birth);
		pidfd = job.state.facts.pid ? process_open(job.state.facts.pid, job.state.facts.pid_birth) : -ESRCH;
		r = pidfd < 0 ? pidfd : sys_pidfd_send_signal(pidfd, number);
		(void)close_fd(pidfd);
		if (r == -ESRCH)
			r = all ? 0 : fail(&hull->error, 0, "container not running"); /* engines match on these words */
		else if (r < 0)
			r = fail(&hull->error, r, "cannot send signal %d to container '%s'", number, id);
		if (r == 0 && number == SIGKILL && cgroup_is_frozen(&job.state.facts))
			(void)cgroup_freeze(&job.state.facts, &hull->error, false); /* a frozen process dies only when thawed */
	}
	job_close(&job);
	return r < 0 ? -1 : 0;
}

static int run_poststop(struct job *job)
{
	if (!job->plan.spec && read_kept_config(job) < 0)
		return -1;
	return hooks_run(&job->plan, &job->spec.hooks.poststop, "poststop", hookstate_document(&job->plan, 0, "stopped"));
}

void container_poststop(struct job *job)
{
	struct hull *h = job->hull;
	struct error first = h->error;

	if (!job->state.poststop)
		return;
	if (run_poststop(job) < 0)
		log_write(&h->log, LOG_LEVEL_WARNING, "%s", h->error.text); /* runtime-spec: poststop failures are logged */
	h->error = first;
}

/* Kill the container's first process, and wait until it is gone. */
static int kill_init(struct job *job)
{
	int pidfd, r;

	if (job->state.facts.pid == 0)
		return 0;
	pidfd = process_open(job->state.facts.pid, job->state.facts.pid_birth);
	if (pidfd == -ESRCH)
		return 0;
	if (pidfd < 0)
		return fail(&job->hull->error, pidfd, "cannot open the process of container '%s'", job->id);
	r = sys_pidfd_send_signal(pidfd, SIGKILL);
	if (r == 0 && cgroup_is_frozen(&job->state.facts))
		(void)cgroup_freeze(&job->state.facts, &job->hull->error, false); /* a frozen process dies only when thawed */
	if (r == 0)
		r = process_wait_gone(pidfd, KILL_PATIENCE);
	(void)close_fd(pidfd);
	return r < 0 && r != -ESRCH ? fail(&job->hull->error, r, "cannot end the process of container '%s'", job->id) : 0;
}

int container_destroy(struct job *job)
{
	struct hull *h = job->hull;

	if (state_is_removed(job->dir)) /* and the name may be another container's already, with the same cgroups */
		return 0;
	if (kill_init(job) < 0)
		return -1;
	if (plan_undo(&job->state.facts, &h->arena, &h->error, &h->log) < 0)
		return -1;
	container_poststop(job);
	return state_remove(job->root, job->id, job->dir, &h->error);
}

/*
 * Open a container that is to be deleted whatever it does. A hull that works on it may do so for ever: a start waits for a process that somebody else has frozen,
 * or for a hook. Most of that ends with the container's process; what does not is given up on, and finds the directory removed when it ends.
 */
static int open_by_force(struct job *job, struct hull *hull, const char *id)
{
	int r = job_open(job, hull, id, false), held;

	if (r < 0)
		return r;
	held = state_lock(job->root, id, job->dir, 0);
	if (held == STATE_BUSY) {
		if (kill_init(job) < 0)
			return -1;
		held = state_lock(job->root, id, job->dir, KILL_PATIENCE);
	}
	if (held == -ENOENT)
		return STATE_ABSENT;
	if (held < 0)
		return fail(&hull->error, held, "cannot lock the state directory of container '%s'", id);
	if (held == STATE_BUSY)
		log_write(&hull->log, LOG_LEVEL_WARNING, "container '%s' is deleted while another hull still works on it", id);
	return state_read(job->dir, &hull->arena, id, &job->state, &hull->error); /* it may have changed before the lock was ours */
}

int container_delete(struct hull *hull, const char *id, bool force)
{
	struct job job;
	enum state_status status;
	int r = force ? open_by_force(&job, hull, id) : job_open(&job, hull, id, true);

	if (r == STATE_ABSENT && force)
		r = 0;
	else if (r == 0) {
		status = force ? STATUS_STOPPED : state_status(job.dir, &job.state);
		if (status == STATUS_RUNNING || status == STATUS_PAUSED)
			r = fail(&hull->error, 0, "cannot delete container '%s' that is not stopped: %s (delete --force kills it)", id,
				state_status_name(status));
		else
			r = container_destroy(&job);
	}
	job_close(&job);
	return r < 0 ? -1 : 0;
}

int container_freeze(struct hull *hull, const char *id, bool freeze)
{
	struct job job;
	enum state_status status;
	int r = job_open(&job, hull, id, true);

	if (r == 0) {
		status = state_status(job.dir, &job.state);
		if (freeze && status != STATUS_RUNNING && status != STATUS_CREATED)
			r = fail(&hull->error, 0, "cannot pause a container that is %s", state_status_name(status));
		else if (!freeze && status != STATUS_PAUSED)
			r = fail(&hull->error, 0, "cannot resume a container that is not paused: %s", state_status_name(status));
		else
			r = cgroup_freeze(&job.state.facts, &hull->error, freeze);
	}
	job_close(&job);
	return r < 0 ? -1 : 0;
}

/* ioctl of a pidfd that tells the exit status of a process that is not our child (Linux 6.15; include/uapi/linux/pidfd.h) */
struct pidfd_status {
	uint64_t mask, cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};
#define HULL_PIDFD_GET_INFO _IOWR(0xff, 11, struct pidfd_status)
#define HULL_PIDFD_INFO_EXIT (1u << 3)

static int to_exit_code(int wait_status)
{
	int signal = wait_status & 0x7f;

	return signal ? 128 + signal : wait_status >> 8 & 0xff;
}

/*
 * A zombie's last field but one in /proc/PID/stat is its wait status (proc(5), field 52). As long as the zombie behind @pidfd can still be signalled, its
 * number is nobody else's, so that what was read before was its own.
 */
static int zombie_status(pid_t pid, int pidfd, int *ret_status)
{
	char path[64], text[1024], *field;
	uint64_t value = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid); /* fits */
	if (io_read_small(AT_FDCWD, path, text, sizeof(text)) <= 0 || sys_pidfd_send_signal(pidfd, 0) == -ESRCH)
		return -ESRCH;
	field = strrchr(text, ' ');
	if (!field || text_to_u64(field + 1, &value) < 0)
		return -ESRCH;
	*ret_status = (int)value;
	return 0;
}

/* How the process behind @pidfd, which has ended, ended. */
static int ended_status(struct job *job, int pidfd, int *ret_status)
{
	struct pidfd_status info = { .mask = HULL_PIDFD_INFO_EXIT };
	struct pollfd fds = { .fd = pidfd, .events = POLLHUP };
	int status;

	if (zombie_status(job->state.facts.pid, pidfd, &status) == 0) {
		*ret_status = to_exit_code(status);
		return 0;
	}
	/* reaped: since Linux 6.15 the pidfd itself knows; POLLHUP says that it was reaped */
	(void)poll(&fds, 1, KILL_PATIENCE); /* where it never comes the ioctl below says so */
	if (SYS_CALL(SYS_ioctl, pidfd, HULL_PIDFD_GET_INFO, &info) < 0 || !(info.mask & HULL_PIDFD_INFO_EXIT))
		return fail(&job->hull->error, 0,
			"container '%s' has ended, but its exit status is known only to its parent (Linux 6.15 or newer tells others)", job->id);
	*ret_status = to_exit_code(info.exit_code);
	return 0;
}

int container_wait(struct hull *hull, const char *id, int *ret_status)
{
	struct job job;
	int r = job_open(&job, hull, id, false), pidfd = NO_FD;

	if (r == 0 && job.state.facts.pid == 0)
		r = fail(&hull->error, 0, "container '%s' has no process yet", id);
	if (r == 0) {
		pidfd = process_find(job.state.facts.pid, job.state.facts.pid_birth);
		if (pidfd == -ESRCH)
			r = fail(&hull->error, 0, "container '%s' has already ended, and its exit status is gone with its process", id);
		else if (pidfd < 0)
			r = fail(&hull->error, pidfd, "cannot open the process of container '%s'", id);
		else if (process_wait_gone(pidfd, -1) < 0)
			r = fail(&hull->error, errno, "cannot wait for container '%s'", id);
		else
			r = ended_status(&job, pidfd, ret_status);
	}
	(void)close_fd(pidfd);
	job_close(&job);
	return r < 0 ? -1 : 0;
}
