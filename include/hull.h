/*
 * libhull: run a process in a container.
 *
 * One opaque handle, option structures that carry their size (a caller built against an older header keeps working), 0 or -1 with the message in
 * the handle. The library never prints, never exits, and leaves its caller's working directory, umask, signal handlers and environment alone.
 * A handle belongs to one thread at a time.
 */
#ifndef HULL_H
#define HULL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HULL_VERSION "0.1.0"
#define HULL_OCI_VERSION "1.3.0"

struct hull;

/*
 * @size: sizeof(struct hull_options)
 * @root: state directory, NULL: /run/hull, or $XDG_RUNTIME_DIR/hull for an ordinary user
 * @name: what the program is called in messages, NULL: "hull"
 * @log: PATH, file:PATH, syslog:IDENT, journald:IDENT; NULL: messages go to stderr only
 * @log_json: log lines are JSON objects
 * @log_level: 0 error, 1 warning, 2 info, 3 debug
 * @cgroup_manager: "cgroupfs", "systemd", "disabled"; NULL: cgroupfs
 */
struct hull_options {
	size_t size;
	const char *root;
	const char *name;
	const char *log;
	bool log_json;
	int log_level;
	const char *cgroup_manager;
};

/* hull_open - make a handle. Return: 0 or -1; *ret_hull is set in both cases (NULL only without memory), so that hull_error() can be asked. */
int hull_open(const struct hull_options *options, struct hull **ret_hull);
void hull_close(struct hull *hull);

/* hull_error - the last error's text, "" when there was none */
const char *hull_error(const struct hull *hull);
/* hull_exit_code - what a command line exits with after the last error: 125, 126, 127, or 0: no opinion */
int hull_exit_code(const struct hull *hull);
/* hull_log - write to the handle's log; @level as in hull_options */
void hull_log(struct hull *hull, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * hull_protect_executable - make sure that no container can write the running program's file (CVE-2019-5736): where it could, the program is executed
 * again from a place that cannot be written. To be called first in main(), before anything that a second execution would do twice, by a program that then calls
 * hull_create(), hull_run() or hull_exec().
 * @argv: of main().
 * Return: 0 (protected, or nothing to protect), or -errno; does not return when it executes the copy.
 */
int hull_protect_executable(char *const argv[]);

/*
 * @bundle: NULL: the current directory;  @config: file name, NULL: "config.json" in the bundle
 * @console_socket, @pidfd_socket, @pid_file: paths or NULL
 * @preserve_fds: so many descriptors after 2 (and after LISTEN_FDS) are given to the payload
 * @detach: hull_run() returns once the payload runs;  @keep: hull_run() does not delete the container at the end
 * @on_started: run: called once the payload runs, with its pid (NULL: none)
 */
struct hull_create_options {
	size_t size;
	const char *bundle;
	const char *config;
	const char *console_socket;
	const char *pidfd_socket;
	const char *pid_file;
	unsigned int preserve_fds;
	bool no_pivot;
	bool no_new_keyring;
	bool detach;
	bool keep;
};

int hull_create(struct hull *hull, const char *id, const struct hull_create_options *options);
int hull_start(struct hull *hull, const char *id);

/*
 * hull_run - create, start, pass signals, window size and terminal through, wait, delete.
 * @ret_status: exit code of the payload, or 128 + signal.
 */
int hull_run(struct hull *hull, const char *id, const struct hull_create_options *options, int *ret_status);

/*
 * The process of exec. Either @process_file (a process document, "-": stdin), or @args with the rest, which change the container's own process.
 * @env: NAME=VALUE, NULL-terminated, added;  @user: "UID[:GID]";  @capabilities: names, NULL-terminated, added;
 * @additional_gids: numbers in text;  @tty: 1 yes, 0 no, -1 as the process says; @cgroups: [CTRL[,CTRL]:]PATH below the container's own
 */
struct hull_exec_options {
	size_t size;
	const char *process_file;
	const char *const *args;
	const char *const *env;
	const char *cwd;
	const char *user;
	const char *const *capabilities;
	const char *const *additional_gids;
	const char *const *cgroups;
	const char *apparmor;
	const char *process_label;
	int tty;
	bool no_new_privs;
	bool detach;
	bool ignore_paused;
	const char *console_socket;
	const char *pidfd_socket;
	const char *pid_file;
	unsigned int preserve_fds;
};

int hull_exec(struct hull *hull, const char *id, const struct hull_exec_options *options, int *ret_status);

/* @signal: "TERM", "SIGTERM", "15"; NULL: TERM */
enum { HULL_KILL_ALL = 1 };
int hull_kill(struct hull *hull, const char *id, const char *signal, unsigned int flags);

/* HULL_DELETE_FORCE: kill first; an unknown id is no error */
enum { HULL_DELETE_FORCE = 1 };
int hull_delete(struct hull *hull, const char *id, unsigned int flags);

/* hull_wait - wait for the end of a container that anybody started. @ret_status: as in hull_run(). */
int hull_wait(struct hull *hull, const char *id, int *ret_status);

int hull_pause(struct hull *hull, const char *id);
int hull_resume(struct hull *hull, const char *id);

/*
 * New limits of a container; what is NULL stays. All or nothing.
 * @resources: file with a resources document of the OCI runtime specification, "-": standard input; the numbers below are then not looked at
 * Numbers are text, as a person writes them: memory in bytes or with a suffix k, m, g; -1 is no limit.
 * @kernel_memory, @kernel_memory_tcp: ignored with a warning: Linux has these limits no more
 */
struct hull_update_options {
	size_t size;
	const char *resources;
	const char *memory, *memory_reservation, *memory_swap;
	const char *kernel_memory, *kernel_memory_tcp;
	const char *cpu_shares, *cpu_quota, *cpu_period, *cpu_burst, *cpu_idle;
	const char *cpu_rt_runtime, *cpu_rt_period;
	const char *cpuset_cpus, *cpuset_mems;
	const char *pids_limit;
	const char *blkio_weight;
	const char *l3_cache_schema, *mem_bw_schema;
};

int hull_update(struct hull *hull, const char *id, const struct hull_update_options *options);

/*
 * Figures and out-of-memory events of a running container, as runc prints them: {"type": "stats" or "oom", "id": …, "data": …}, without a newline.
 * @once: figures once, now;  @interval: nanoseconds between two figures, 0: 5 seconds
 */
struct hull_events_options {
	size_t size;
	bool once;
	uint64_t interval;
};

/*
 * hull_events - hand events to a function until the container ends.
 * @on_event: NULL is not allowed; a negative result ends it: hull_events() then returns 0.
 */
int hull_events(struct hull *hull, const char *id, const struct hull_events_options *options, int (*on_event)(void *data, const char *json), void *data);

/* Pressure stall information: percent of the last ten seconds in which some or all processes waited for it; negative: not known. */
struct hull_pressure {
	double some, full;
};

/* a limit that is none */
#define HULL_NO_LIMIT UINT64_MAX

/*
 * What a container uses. Times are nanoseconds, sizes bytes; what the host does not count is 0.
 * @size: sizeof(struct hull_stats), set by the caller
 * @time: when it was read (CLOCK_MONOTONIC);  @age: of the container's first process
 * @throttled: how long a quota held it back
 * @swap: without memory;  @oom_kills: processes that the memory limit killed
 */
struct hull_stats {
	size_t size;
	uint64_t time, age;
	uint64_t cpu, cpu_user, cpu_kernel;
	uint64_t periods, throttled_periods, throttled;
	uint64_t memory, memory_limit, memory_peak, swap, cache, oom_kills;
	uint64_t pids, pids_limit;
	uint64_t read_bytes, written_bytes, reads, writes;
	struct hull_pressure cpu_pressure, memory_pressure, io_pressure;
};

int hull_stats(struct hull *hull, const char *id, struct hull_stats *stats);

/*
 * What is known of a container. Strings live until hull_free_infos().
 */
struct hull_info {
	const char *id;
	pid_t pid; /* 0: none */
	const char *status; /* "creating", "created", "running", "paused", "stopped" */
	const char *bundle, *rootfs, *created, *owner;
};

/* hull_list - all containers of the state directory, by id. A missing default directory gives none. */
int hull_list(struct hull *hull, struct hull_info **ret_infos, size_t *ret_n);
void hull_free_infos(struct hull_info *infos);
/* hull_match - ids that match an extended regular expression, for kill and delete --regex; NULL-terminated, one free() */
int hull_match(struct hull *hull, const char *regex, char ***ret_ids);

/* Documents: JSON text for the caller to free(). hull_state: as OCI and runc print it. hull_list_json: an array of them. hull_features. hull_spec: a config.json. */
int hull_state(struct hull *hull, const char *id, char **ret_json);
int hull_list_json(struct hull *hull, char **ret_json);
int hull_features(struct hull *hull, char **ret_json);
int hull_spec(struct hull *hull, bool rootless, char **ret_json);
/* hull_explain - the plan of a bundle, in prose or as JSON; nothing is done and no privileges are needed */
int hull_explain(struct hull *hull, const struct hull_create_options *options, bool json, char **ret_text);

/* hull_pids - host pids of all processes in the container; one free() */
int hull_pids(struct hull *hull, const char *id, pid_t **ret_pids, size_t *ret_n);

/* hull_mounts - add or remove mounts of a running container; @file holds an array of OCI mounts */
int hull_mounts(struct hull *hull, const char *id, bool add, const char *file);

#ifdef __cplusplus
}
#endif

#endif
