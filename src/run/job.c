/* What all jobs share: opening a container's state, reading its configuration, setting up the plan, delivering what engines wait for. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/io.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/text.h"
#include "run/handle.h"
#include "run/plan.h"
#include "run/plugins.h"
#include "spec/oci.h"

/* of a list that a caller of the library gives */
enum { JOB_STRINGS_MAX = 4096 };

int job_open(struct job *job, struct hull *hull, const char *id, bool lock)
{
	*job = (struct job){ .hull = hull, .id = id, .root = NO_FD, .dir = NO_FD, .engine.cgroup.v2_fd = NO_FD };
	if (state_check_id(id, &hull->error) < 0)
		return -1;
	job->root = state_open_root(hull->root, false, &hull->error);
	if (job->root == -1)
		return -1;
	job->dir = state_open(job->root, id, lock, &hull->error);
	if (job->dir < 0)
		return job->dir;
	return state_read(job->dir, &hull->arena, id, &job->state, &hull->error);
}

int job_open_running(struct job *job, struct hull *hull, const char *id)
{
	enum state_status status;
	int r = job_open(job, hull, id, false);

	if (r < 0)
		return r;
	status = state_status(job->dir, &job->state);
	if (status == STATUS_STOPPED || status == STATUS_CREATING)
		return fail(&hull->error, 0, "container '%s' is not running: %s", id, state_status_name(status));
	return 0;
}

void job_behind_reaper(pid_t *pid, uint64_t *birth)
{
	struct process_stat stat;
	pid_t child;

	/* still behind the process that is ours: a pid that was given to another meanwhile has another parent */
	if (process_children(*pid, *pid, &child, 1) == 1 && process_read_stat(child, &stat) == 0 && stat.parent == *pid) {
		*pid = child;
		*birth = stat.start;
	}
}

void job_target(const struct job *job, pid_t *ret_pid, uint64_t *ret_birth)
{
	char path[64], link[64];

	*ret_pid = job->state.facts.pid;
	*ret_birth = job->state.facts.pid_birth;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)*ret_pid); /* fits */
	if (readlink(path, link, sizeof(link)) < 0 && errno == EACCES)
		job_behind_reaper(ret_pid, ret_birth);
}

void job_close(struct job *job)
{
	for (int type = 0; job->plan.spec && type < NAMESPACE_MAX; type++)
		(void)close_fd(job->plan.join_fd[type]);
	if (job->plan.spec) {
		(void)close_fd(job->plan.cgroup_fd);
		(void)close_fd(job->plan.state_fd);
		(void)close_fd(job->engine.start_fd);
		(void)close_fd(job->engine.result_fd);
		(void)close_fd(job->engine.pid_fd);
		(void)close_fd(job->engine.target_pidfd);
	}
	job->plan.spec = NULL;
	plugins_close(job);
	job->dir = close_fd(job->dir);
	job->root = close_fd(job->root);
}

int job_read_config(struct job *job, int dir, const char *path, const char *shown)
{
	struct hull *h = job->hull;
	char *text;
	int r = dir == AT_FDCWD && text_after(path, "/dev/fd/") ? io_read_input(path, JSON_SIZE_MAX, &h->arena, &text, &job->config_length) :
								  io_read_file(dir, path, JSON_SIZE_MAX, &h->arena, &text, &job->config_length);

	if (r == -EFBIG)
		return fail(&h->error, 0, "cannot read '%s': larger than %d bytes", shown, JSON_SIZE_MAX);
	if (r == -EINVAL)
		return fail(&h->error, 0, "cannot read '%s': not a regular file", shown);
	if (r == -ENOENT || r == -ENOTDIR)
		return fail(&h->error, r, "cannot open '%s' (is this a bundle? `hull spec` writes one)", shown);
	if (r < 0)
		return fail(&h->error, r, "cannot read '%s'", shown);
	job->config_text = text;
	if (json_parse(&h->arena, &h->error, shown, text, job->config_length, &job->document) < 0)
		return -1;
	if (job->document->type != JSON_OBJECT)
		return fail(&h->error, 0, "%s: expected an object, got %s", shown, json_type_name(job->document->type));
	return spec_read(&h->arena, &h->error, job->document, &job->spec);
}

void job_plan(struct job *job, const struct process *process)
{
	struct hull *h = job->hull;

	caller_identify(&job->caller);
	job->request.seccomp_receiver = getenv("RUN_OCI_SECCOMP_RECEIVER"); /* crun's */
	job->engine = (struct engine){
		.start_fd = NO_FD, .result_fd = NO_FD, .pid_fd = NO_FD, .target_pidfd = NO_FD, .lock_fd = job->dir, .cgroup = { .v2_fd = NO_FD },
	};
	job->plan = (struct plan){
		.spec = &job->spec, .process = process, .request = &job->request, .caller = &job->caller, .arena = &h->arena, .error = &h->error,
		.log = &h->log, .facts = &job->state.facts, .cgroup_fd = NO_FD, .state_fd = NO_FD, .exe_fd = NO_FD, .engine = &job->engine,
	};
	for (int type = 0; type < NAMESPACE_MAX; type++)
		job->plan.join_fd[type] = NO_FD;
}

void job_add_strings(struct arena *arena, struct string_list *list, const char *const *more)
{
	size_t n = 0;
	char **v;

	while (more && more[n] && n < JOB_STRINGS_MAX)
		n++;
	v = arena_many(arena, char *, list->n + n);
	if (list->n > 0)
		memcpy(v, list->v, list->n * sizeof(*v));
	for (size_t i = 0; i < n; i++)
		v[list->n + i] = arena_strdup(arena, more[i]);
	list->v = v;
	list->n += n;
}

static int send_to(struct hull *h, const char *path, const void *data, size_t length, int fd, const char *what)
{
	scope_fd int socket = fd_connect(path, SOCK_STREAM);
	int r;

	if (socket < 0)
		return fail(&h->error, socket, "cannot connect to the %s socket '%s'", what, path);
	r = fd_send(socket, data, length, &fd, 1);
	return r < 0 ? fail(&h->error, r, "cannot send to the %s socket '%s'", what, path) : 0;
}

int job_open_pid_file(struct job *job, const char *pid_file)
{
	int r = pid_file ? io_open_output(pid_file, &job->engine.pid_fd) : 0;

	return r < 0 ? fail(&job->hull->error, r, "cannot open the pid file '%s'", pid_file) : 0;
}

int job_deliver(struct job *job, const char *pid_file, struct launched *child)
{
	static const char console[] = "/dev/ptmx"; /* runc's and crun's payload: the name of the pseudo-terminal */
	struct hull *h = job->hull;
	char digits[TEXT_NUMBER_MAX];
	int r;

	if (job->request.console_socket && child->console >= 0) {
		if (send_to(h, job->request.console_socket, console, sizeof(console) - 1, child->console, "console") < 0)
			return -1;
		child->console = close_fd(child->console);
	}
	if (job->request.pidfd_socket && send_to(h, job->request.pidfd_socket, "pidfd", 5, child->pidfd, "pidfd") < 0)
		return -1;
	if (!pid_file)
		return 0;
	(void)text_from_u64(digits, (uint64_t)child->pid); /* returns its argument */
	r = job->engine.pid_fd >= 0 ? io_write_pipe(job->engine.pid_fd, digits, strlen(digits)) :
				      io_replace_file(AT_FDCWD, pid_file, 0644, digits, strlen(digits));
	job->engine.pid_fd = close_fd(job->engine.pid_fd); /* a reader waits for the end */
	return r < 0 ? fail(&h->error, r, "cannot write the pid file '%s'", pid_file) : 0;
}
