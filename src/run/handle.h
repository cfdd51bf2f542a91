/* What is behind struct hull, and the jobs that its public functions do with it. */
#ifndef RUN_HANDLE_H
#define RUN_HANDLE_H

#include "aspect/plan.h"
#include "hull.h"
#include "run/child.h"
#include "run/launch.h"
#include "run/state.h"

/*
 * @root: the state directory's path;  @root_given: the caller named it
 * @arena: of the job that runs; the next one empties it but for its first @kept bytes, in which this handle lies and what belongs to it
 */
struct hull {
	struct error error;
	struct log log;
	struct arena arena;
	size_t kept;
	const char *root;
	bool root_given;
	enum cgroup_manager cgroup_manager;
};

/*
 * One container being worked on. job_close() gives everything back.
 * @on_child: called with the child's pid before it may go on, NULL: nothing;  @on_end: called when it has ended, before anything is undone  @sandbox: sandbox.c's own
 * @dry: nothing is to be run, not even plugins;  @document: what job_read_config() read
 * @stateless: nothing of the container is written anywhere;  @made_state: the state directory is there, and ours
 * @root, @dir: state directories, NO_FD: not open;  @document: the configuration's text
 */
struct job {
	struct hull *hull;
	const char *id;
	int root, dir;
	struct state state;
	struct caller caller;
	struct request request;
	struct spec spec;
	struct process process;
	struct engine engine;
	struct plan plan;
	int (*on_child)(struct job *job, pid_t pid);
	void (*on_end)(struct job *job);
	void *sandbox;
	bool stateless, made_state, dry;
	const struct json *document;
	const char *config_text;
	size_t config_length;
};

/**
 * job_open - check the id and open its state, for anything but creation.
 * @lock: take the container's lock.
 * Return: 0, -1 after fail(), or -2: there is no such container (the error is set).
 */
int job_open(struct job *job, struct hull *hull, const char *id, bool lock);

/**
 * job_open_running - job_open() without the lock, of a container that has processes; else it fails.
 */
int job_open_running(struct job *job, struct hull *hull, const char *id);

/**
 * job_behind_reaper - from a reaper of hull's to the process that it is there for, if that is still there: its first child.
 */
void job_behind_reaper(pid_t *pid, uint64_t *birth);

/**
 * job_target - the process whose namespaces are entered: the container's first one; for an ordinary user, who may not look into a reaper of hull's, the
 * payload behind it.
 */
void job_target(const struct job *job, pid_t *ret_pid, uint64_t *ret_birth);

/**
 * job_close - close what is open; with zeros and NO_FD without harm.
 */
void job_close(struct job *job);

/**
 * job_read_config - read config.json at @path below @dir into job->spec.
 */
int job_read_config(struct job *job, int dir, const char *path, const char *shown);

/**
 * job_plan - set up job->plan for its spec and @process.
 */
void job_plan(struct job *job, const struct process *process);

/**
 * job_add_strings - append a NULL-terminated list of a caller's.
 * @more: NULL: none.
 */
void job_add_strings(struct arena *arena, struct string_list *list, const char *const *more);

/**
 * job_open_pid_file - see before anything is made where job_deliver() will write: a FIFO waits for its reader here. The plan is set up.
 * @pid_file: or NULL.
 */
int job_open_pid_file(struct job *job, const char *pid_file);

/**
 * job_deliver - write the pid file and send console and pidfd to their sockets.
 * @pid_file: or NULL.
 */
int job_deliver(struct job *job, const char *pid_file, struct launched *child);

struct foreground;

/* create.c */
/**
 * container_make - prepare the plan, launch it, and with @run stay until its end; undo everything when it fails. The job is checked, and the caller closes it.
 * @foreground: flags set by the caller, the rest zeros.
 */
int container_make(struct job *job, const struct hull_create_options *o, struct foreground *foreground, bool run, int *ret_status);
int container_create(struct hull *hull, const char *id, const struct hull_create_options *o, bool run, int *ret_status);
int container_check(struct job *job, const struct hull_create_options *o);
/**
 * container_kill_child - end a child of ours that was launched, and must not stay.
 */
void container_kill_child(const struct launched *child);
/* container.c */
int container_start(struct hull *hull, const char *id);
int container_kill(struct hull *hull, const char *id, const char *signal, bool all);
int container_delete(struct hull *hull, const char *id, bool force);
int container_wait(struct hull *hull, const char *id, int *ret_status);
int container_freeze(struct hull *hull, const char *id, bool freeze);
/**
 * container_destroy - undo everything, run the poststop hooks, remove the state. The process is dead. Locked by the caller.
 */
int container_destroy(struct job *job);
/**
 * container_poststop - run the poststop hooks, if there are any. A failure is a warning; the error that is set stays.
 */
void container_poststop(struct job *job);
/* sandbox.c */
int container_sandbox(struct hull *hull, const struct hull_sandbox_options *o, int *ret_status);
int container_sandbox_config(struct hull *hull, const struct hull_sandbox_options *o, char **ret_json);
int container_sandbox_explain(struct hull *hull, const struct hull_sandbox_options *o, bool json, char **ret_text);
/* update.c */
int container_update(struct hull *hull, const char *id, const struct hull_update_options *o);
/* events.c */
int container_events(struct hull *hull, const char *id, const struct hull_events_options *o, int (*on_event)(void *data, const char *json), void *data);
/* stats.c */
int container_stats(struct hull *hull, const char *id, struct hull_stats *ret_stats);
/* enter.c */
int container_enter(struct hull *hull, const char *name, const struct hull_enter_options *o, int *ret_status);
/* exec.c */
int container_exec(struct hull *hull, const char *id, const struct hull_exec_options *o, int *ret_status);

#endif
