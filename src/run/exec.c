/* exec: another process in a running container. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/text.h"
#include "run/foreground.h"
#include "run/handle.h"
#include "run/plan.h"
#include "spec/oci.h"

enum { EXEC_LIST_MAX = 4096 };

static int count(const char *const *list)
{
	int n = 0;

	while (list && list[n] && n < EXEC_LIST_MAX)
		n++;
	return n;
}

/* "UID[:GID]" */
static int set_user(struct job *job, const char *text)
{
	struct user *user = &job->process.user;
	const char *colon = strchr(text, ':');
	char *uid = colon ? arena_strndup(&job->hull->arena, text, (size_t)(colon - text)) : arena_strdup(&job->hull->arena, text);
	uint32_t value;

	if (text_to_u32(uid, &value) < 0 || value == UINT32_MAX)
		return fail(&job->hull->error, 0, "--user: expected UID[:GID] in numbers, got '%s'", text);
	user->uid = value;
	if (!colon)
		return 0;
	if (text_to_u32(colon + 1, &value) < 0 || value == UINT32_MAX)
		return fail(&job->hull->error, 0, "--user: expected UID[:GID] in numbers, got '%s'", text);
	user->gid = value;
	return 0;
}

static int add_groups(struct job *job, const char *const *groups)
{
	struct user *user = &job->process.user;
	size_t n = (size_t)count(groups);
	uint32_t *v = arena_many(&job->hull->arena, uint32_t, user->additional_gids.n + n);

	if (user->additional_gids.n > 0)
		memcpy(v, user->additional_gids.v, user->additional_gids.n * sizeof(*v));
	for (size_t i = 0; i < n; i++)
		if (text_to_u32(groups[i], &v[user->additional_gids.n + i]) < 0)
			return fail(&job->hull->error, 0, "--additional-gids: expected a number, got '%s'", groups[i]);
	user->additional_gids.v = v;
	user->additional_gids.n += n;
	return 0;
}

static int add_capabilities(struct job *job, const char *const *names)
{
	struct capabilities *caps = &job->process.capabilities;
	uint64_t value;

	for (int i = 0; i < count(names); i++) {
		const char *name = names[i];

		if (strncmp(name, "CAP_", 4) != 0)
			name = arena_printf(&job->hull->arena, "CAP_%s", name);
		if (names_find(&names_capabilities, name, &value) < 0) {
			log_write(&job->hull->log, LOG_LEVEL_WARNING, "--cap: unknown capability '%s', not granted", names[i]);
			continue;
		}
		caps->set = true;
		caps->bounding |= 1ULL << value;
		caps->effective |= 1ULL << value;
		caps->permitted |= 1ULL << value;
		if (caps->inheritable != 0) { /* the container's processes hand theirs down; as runc has it */
			caps->inheritable |= 1ULL << value;
			caps->ambient |= 1ULL << value;
		}
	}
	return 0;
}

/* The container's own process with the changes that the options ask for. */
static int process_from_options(struct job *job, const struct hull_exec_options *o)
{
	struct arena *arena = &job->hull->arena;
	struct process *process = &job->process;

	*process = job->spec.process;
	process->args = (struct string_list){ 0 };
	job_add_strings(arena, &process->args, o->args);
	if (process->args.n == 0)
		return fail(&job->hull->error, 0, "a command to execute is missing");
	job_add_strings(arena, &process->env, o->env);
	process->terminal = o->tty == 1;
	process->no_new_privileges |= o->no_new_privs;
	if (o->cwd)
		process->cwd = arena_strdup(arena, o->cwd);
	if (o->apparmor)
		process->apparmor_profile = arena_strdup(arena, o->apparmor);
	if (o->process_label)
		process->selinux_label = arena_strdup(arena, o->process_label);
	if (process->cwd[0] != '/')
		return fail(&job->hull->error, 0, "--cwd: expected an absolute path, got '%s'", process->cwd);
	if (o->user && set_user(job, o->user) < 0)
		return -1;
	return add_groups(job, o->additional_gids) < 0 ? -1 : add_capabilities(job, o->capabilities);
}

/*
 * Protections that a document leaves out are the container's, as in crun (runc: the capabilities): not to mention them is not to wish them away. The rest is
 * the document's, a user that it leaves out is 0, as in both.
 */
static void inherit_protections(struct process *process, const struct process *container)
{
	if (!process->capabilities.set)
		process->capabilities = container->capabilities;
	if (!process->apparmor_profile)
		process->apparmor_profile = container->apparmor_profile;
	if (!process->selinux_label)
		process->selinux_label = container->selinux_label;
}

static int process_from_file(struct job *job, const struct hull_exec_options *o)
{
	struct hull *h = job->hull;
	const struct json *document;
	char *text;
	size_t length;
	int r = strcmp(o->process_file, "-") == 0 ? io_read_fd(STDIN_FILENO, JSON_SIZE_MAX, &h->arena, &text, &length) :
						    io_read_input(o->process_file, JSON_SIZE_MAX, &h->arena, &text, &length);

	if (r < 0)
		return fail(&h->error, r, "cannot read the process document '%s'", o->process_file);
	if (json_parse(&h->arena, &h->error, "process.json", text, length, &document) < 0 ||
		spec_read_process(&h->arena, &h->error, document, &job->process) < 0)
		return -1;
	inherit_protections(&job->process, &job->spec.process);
	if (o->tty == 1)
		job->process.terminal = true;
	return 0;
}

static void set_request(struct job *job, const struct hull_exec_options *o)
{
	struct request *r = &job->request;

	r->id = job->id;
	r->bundle = job->state.bundle;
	r->console_socket = o->console_socket;
	r->pidfd_socket = o->pidfd_socket;
	r->preserve_fds = o->preserve_fds;
	r->exec = true;
	r->no_new_keyring = job->state.no_new_keyring;
	r->detach = o->detach;
	r->cgroup_manager = job->hull->cgroup_manager;
	r->cgroup_sub = o->cgroups;
	r->n_cgroup_sub = (size_t)count(o->cgroups);
	r->ignore_paused = o->ignore_paused;
}

static int check_running(struct job *job, const struct hull_exec_options *o)
{
	enum state_status status = state_status(job->dir, &job->state);

	if (status == STATUS_PAUSED && !o->ignore_paused)
		return fail(&job->hull->error, 0, "cannot exec in a paused container (use --ignore-paused to override)");
	if (status == STATUS_STOPPED || status == STATUS_CREATING)
		return fail(&job->hull->error, 0, "cannot exec in a container that is not running: %s", state_status_name(status));
	return 0;
}

static int check_console(struct job *job, const struct hull_exec_options *o)
{
	if (job->process.terminal && o->detach && !o->console_socket)
		return fail(&job->hull->error, 0, "a detached process with a terminal needs --console-socket");
	if (o->console_socket && !job->process.terminal)
		return fail(&job->hull->error, 0, "--console-socket is for a process with a terminal");
	return 0;
}

/* Everything up to the plan. */
static int prepare_exec(struct job *job, const struct hull_exec_options *o)
{
	struct hull *h = job->hull;
	uint64_t birth;
	pid_t pid;

	if (check_running(job, o) < 0 || job_read_config(job, job->dir, "config.json", "config.json") < 0)
		return -1;
	if (o->process_file ? process_from_file(job, o) : process_from_options(job, o))
		return -1;
	set_request(job, o);
	if (check_console(job, o) < 0)
		return -1;
	job_plan(job, &job->process);
	if (plan_check(&job->plan) < 0 || job_open_pid_file(job, o->pid_file) < 0)
		return -1;
	job_target(job, &pid, &birth);
	job->engine.target_pidfd = process_open(pid, birth);
	if (job->engine.target_pidfd < 0)
		return fail(&h->error, 0, "cannot exec in a container that is not running: stopped");
	if (cgroup_join_open(&job->state.facts, &h->arena, &h->error, o->cgroups, job->request.n_cgroup_sub, &job->engine.cgroup) < 0)
		return -1;
	job->plan.cgroup_fd = job->engine.cgroup.v2_fd;
	job->engine.cgroup.v2_fd = NO_FD;
	log_write(&h->log, LOG_LEVEL_DEBUG, "exec: join the namespaces of process %d, become its payload and execute '%s'", pid, job->process.args.v[0]);
	return plan_prepare(&job->plan);
}

int container_exec(struct hull *hull, const char *id, const struct hull_exec_options *o, int *ret_status)
{
	struct job job;
	struct launched child = { .pidfd = NO_FD, .console = NO_FD };
	struct foreground foreground = { .signals = NO_FD, .notify = NO_FD };
	int r = job_open(&job, hull, id, false);

	if (r == 0)
		r = prepare_exec(&job, o);
	if (r == 0 && !o->detach)
		r = foreground_begin(&foreground, &hull->error);
	if (r == 0)
		r = launch(&job.plan, true, NULL, &child);
	cgroup_join_close(&job.engine.cgroup);
	if (r == 0 && job_deliver(&job, o->pid_file, &child) < 0) {
		container_kill_child(&child);
		r = -1;
	}
	*ret_status = 0;
	if (r == 0 && !o->detach)
		r = foreground_serve(&foreground, &child, &hull->error, ret_status);
	foreground_end(&foreground);
	(void)close_fd(child.pidfd);
	(void)close_fd(child.console);
	job_close(&job);
	return r < 0 ? -1 : 0;
}
