/*
 * libhull: run a process in a container.
 *
 * One opaque handle, option structures that carry their size (a caller built against an older header keeps working). What returns int returns 0, or -1
 * with the message in the handle (hull_error()), unless it says otherwise. NULL instead of a structure of options is one of zeros.
 * The library never prints, never exits, and leaves its caller's working directory, umask, signal handlers and environment alone. A handle belongs to
 * one thread at a time, and while a function that waits for a payload runs, signals and children of the process are its business.
 *
 * @id of a container: up to 1024 of [a-zA-Z0-9_+.-], not beginning with a dot.
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
 * @level_prefix: messages on stderr begin with their severity as sd-daemon(3) has it: <3>, <4>, ...
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
	bool level_prefix;
};

/* hull_open - make a handle. Return: 0 or -1; *ret_hull is set in both cases (NULL only without memory), so that hull_error() can be asked. */
int hull_open(const struct hull_options *options, struct hull **ret_hull);
/* hull_close - give a handle back; NULL is accepted */
void hull_close(struct hull *hull);

/* hull_error - the last error's text, "" when there was none */
const char *hull_error(const struct hull *hull);
/* hull_exit_code - what a command line exits with after the last error: 125, 126, 127, or 0: no opinion */
int hull_exit_code(const struct hull *hull);
/* hull_log - write to the handle's log; @level as in hull_options */
void hull_log(struct hull *hull, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * hull_protect_executable - make sure that no container can write the running program's file (CVE-2019-5736): where it could, the program runs from a place that
 * cannot be written. To be called first in main(), before anything that a second execution would do twice and before there are other threads, by a program that
 * then calls hull_create(), hull_run() or hull_exec(). A static program of root's is not executed again: its file is mapped anew.
 * @argv: of main().
 * Return: 0 (protected, or nothing to protect), or -errno; does not return when it executes the program again.
 */
int hull_protect_executable(char *const argv[]);

/*
 * @bundle: NULL: the current directory;  @config: file name, NULL: "config.json" in the bundle
 * @console_socket, @pidfd_socket, @pid_file: paths or NULL
 * @preserve_fds: so many descriptors after 2 (and after LISTEN_FDS) are given to the payload
 * @detach: hull_run() returns once the payload runs;  @keep: hull_run() does not delete the container at the end
 * @plugins: executables, NULL-terminated, @plugin_dir: directory of them (hull-plugin(7))
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
	const char *const *plugins;
	const char *plugin_dir;
};

/* hull_create - make a container; its process waits for hull_start(), which lets it execute the payload and returns when it has */
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

/* hull_exec - run one more process in a container, and wait for it unless @detach. @ret_status: as in hull_run(). */
int hull_exec(struct hull *hull, const char *id, const struct hull_exec_options *options, int *ret_status);

/*
 * @args: the command, NULL-terminated; NULL: $SHELL if it is there too, else /bin/bash or /bin/sh
 * @env: NAME=VALUE, NULL-terminated, added;  @cwd: NULL: where the process is
 * @user: "UID[:GID]" or "NAME[:GID]" of the container's passwd file, NULL: that of the process
 * @toolbox: directory of the host whose programs the command finds first, NULL: none
 * @tty: 1 a terminal of the container's, 0 none, -1 if standard input and output are terminals
 * @privileged: all capabilities that can be had, no system-call filter, no no_new_privs;  @no_cgroup: stay in the caller's cgroups
 * @require_filter: fail where a foreign process has a system-call filter that cannot be had, instead of a warning
 */
struct hull_enter_options {
	size_t size;
	const char *const *args;
	const char *const *env;
	const char *cwd;
	const char *user;
	const char *toolbox;
	int tty;
	bool privileged;
	bool no_cgroup;
	bool require_filter;
};

/*
 * hull_enter - run a command in the namespaces and the root directory of a process, and wait for it. It is killed when the calling thread ends.
 * @target: a container's id, or the PID of a process of any runtime.
 * @ret_status: as in hull_run().
 */
int hull_enter(struct hull *hull, const char *target, const struct hull_enter_options *options, int *ret_status);

/* hull_kill - send a signal to a container's first process; HULL_KILL_ALL: to all. @signal: "TERM", "SIGTERM", "15"; NULL: TERM */
enum { HULL_KILL_ALL = 1 };
int hull_kill(struct hull *hull, const char *id, const char *signal, unsigned int flags);

/* hull_delete - undo what is left of a stopped container. HULL_DELETE_FORCE: kill it first; an unknown id is no error. */
enum { HULL_DELETE_FORCE = 1 };
int hull_delete(struct hull *hull, const char *id, unsigned int flags);

/* hull_wait - wait for the end of a container that anybody started. @ret_status: as in hull_run(). */
int hull_wait(struct hull *hull, const char *id, int *ret_status);

/* hull_pause, hull_resume - stop all processes by the freezer of its cgroup, and let them go on */
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

/* hull_update - set new limits of a container that is not stopped */
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

/* hull_stats - read what a running container uses, once. @stats: its size is set. */
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

/*
 * The sandbox: a command in a throwaway container made from options instead of a bundle.
 *
 * One thing done to its file tree; steps are done in the order given, so a later one may cover or refine an earlier one. @target is a path in the
 * sandbox; @source a path on the host, always as the host had it before the first step.
 * Which members a kind uses stands beside it; the others are 0.
 */
enum hull_step_kind {
	HULL_STEP_BIND = 1,     /* source or fd, target, optional: writable, no device nodes */
	HULL_STEP_RO_BIND,      /* the same, read-only */
	HULL_STEP_DEV_BIND,     /* the same, writable and with device nodes */
	HULL_STEP_REMOUNT_RO,   /* target: the mount there becomes read-only, not those below it */
	HULL_STEP_TMPFS,        /* target, mode, bytes */
	HULL_STEP_PROC,         /* target */
	HULL_STEP_DEV,          /* target: a small /dev of its own */
	HULL_STEP_MQUEUE,       /* target */
	HULL_STEP_DIR,          /* target, mode */
	HULL_STEP_FILE,         /* fd, target, mode: a file with what the descriptor gives */
	HULL_STEP_BIND_DATA,    /* fd, target, mode: the same as a mount, so that nothing is written below it */
	HULL_STEP_RO_BIND_DATA,
	HULL_STEP_SYMLINK,      /* source is the link's text, target the link */
	HULL_STEP_CHMOD,        /* target, mode */
	HULL_STEP_HIDE,         /* target: an empty read-only directory, or /dev/null over a file; what is not there is hidden already */
	HULL_STEP_OVERLAY,      /* layers (lowest first), source: upper directory, work: work directory */
	HULL_STEP_TMP_OVERLAY,  /* layers, target: what is written goes to a tmpfs */
	HULL_STEP_RO_OVERLAY,   /* layers, target */
};

/*
 * @fd: for kinds that take one, and for binds instead of @source; -1: none
 * @optional: no error when the source does not exist
 * @mode: permission bits when @mode_set
 * @bytes: size limit of a tmpfs, 0: the kernel's
 * @layers: NULL-terminated
 */
struct hull_step {
	enum hull_step_kind kind;
	const char *source, *target, *work;
	const char *const *layers;
	int fd;
	bool optional, mode_set;
	unsigned int mode;
	uint64_t bytes;
};

/* namespaces, as bits */
enum {
	HULL_NS_USER = 1 << 0, HULL_NS_PID = 1 << 1, HULL_NS_IPC = 1 << 2, HULL_NS_NET = 1 << 3, HULL_NS_UTS = 1 << 4, HULL_NS_CGROUP = 1 << 5,
	HULL_NS_TIME = 1 << 6,
};

/*
 * @size: sizeof(struct hull_sandbox_options);  lists are NULL-terminated, NULL: empty
 * @args: the command;  @argv0: what it sees as its own name, NULL: args[0]
 * @env: changes to the caller's environment, in order: "NAME=VALUE" sets, "NAME" removes, "" removes all
 * @cwd: NULL: the caller's where it exists in the sandbox, else HOME or "/"
 * @bare: nothing but what @steps say, in an empty root (bubblewrap's way); off: the host's root, read-only, with hull's own /proc, /dev, /tmp, /run, /dev/shm first
 * @rootfs: directory that is the root instead of the host's, NULL: the host's
 * @rootfs_writable: the root is not made read-only
 * @steps, @n_steps: changes to the file tree
 * @namespaces: HULL_NS_* to make;  @try_namespaces: likewise, but do without where the kernel refuses. Both 0 and not @bare: the default, all but time
 * @net: "none" (its own, with lo up), "host", or the path of a network namespace; NULL: as @namespaces says
 * @userns_fd, @userns2_fd, @pidns_fd: namespaces to join, -1: none;  @disable_userns: no further user namespaces inside;
 *   @assert_userns_disabled: fail where they could be made
 * @as_uid, @as_gid: ids in the sandbox, -1: the caller's;  @map_ranges: also map the caller's ranges of /etc/subuid and /etc/subgid
 * @hostname: NULL: the host's
 * @cap_add, @cap_drop: names, or "ALL"
 * @syscalls: system-call profile: "default", "none", or a file with a linux.seccomp document; NULL: "default", with @bare: "none"
 * @seccomp_fds: descriptors of raw BPF programs, ended by -1
 * @no_landlock: without the second wall;  @nest: the command may make namespaces, mounts and sandboxes of its own
 * @init: a reaper waits for orphans, and the command is its child; in a pid namespace of its own that is so unasked, unless with @as_pid_1: the command is pid 1
 * @new_session: setsid(2);  @tty: 1 own pseudoterminal, 0 the caller's, -1 whatever is safe
 * @die_with_parent: kill the sandbox when the caller of this function dies;  @survive: do not kill it when this process dies
 * @memory: bytes or with a suffix k, m, g;  @cpus: "1.5";  @pids: number; @fsize, @stack, @core: sizes; @nofile: number; NULL: no limit
 * @time: processor time, @wall: real time: "1.5", "500ms", "2m" (seconds without a unit)
 * @result: file, or number of a descriptor, for one JSON record at the end
 * @require: "full", "limits", "basic"… (hull-sandbox(1)): the least isolation that will do; NULL: everything that was asked for
 * @name: shown by list and usable with enter, kill, exec; NULL: no state is kept
 * @info_fd, @json_status_fd, @sync_fd, @block_fd, @userns_block_fd: bubblewrap's protocol, -1: none
 * @preserve_fds: so many descriptors from 3 on are handed to the command;  @keep_fds: all that are not close-on-exec are, and are closed here
 * @lock_files: files to hold a read lock on
 * @exec_label, @file_label: SELinux labels
 * @plugins: executables, @plugin_dir: directory of them (hull-plugin(7))
 * @runtime: another OCI runtime that runs it, and its own options, separated by blanks; NULL: hull
 */
struct hull_sandbox_options {
	size_t size;
	const char *const *args;
	const char *argv0;
	const char *const *env;
	const char *cwd;
	bool bare;
	const char *rootfs;
	bool rootfs_writable;
	const struct hull_step *steps;
	size_t n_steps;
	unsigned int namespaces, try_namespaces;
	const char *net;
	int userns_fd, userns2_fd, pidns_fd;
	bool disable_userns, assert_userns_disabled;
	int64_t as_uid, as_gid;
	bool map_ranges;
	const char *hostname;
	const char *const *cap_add;
	const char *const *cap_drop;
	const char *syscalls;
	const int *seccomp_fds;
	bool no_landlock, nest;
	bool init, new_session;
	int tty;
	bool die_with_parent, survive;
	const char *memory, *cpus, *pids, *fsize, *nofile, *stack, *core, *time, *wall;
	const char *result;
	const char *require;
	const char *name;
	int info_fd, json_status_fd, sync_fd, block_fd, userns_block_fd;
	unsigned int preserve_fds;
	bool keep_fds;
	const char *const *lock_files;
	const char *exec_label, *file_label;
	const char *const *plugins;
	const char *plugin_dir;
	const char *runtime;
	bool as_pid_1;
};

/* options of a sandbox that asks for nothing: descriptors and ids are -1 */
#define HULL_SANDBOX_OPTIONS                                                                                                        \
	(struct hull_sandbox_options)                                                                                               \
	{                                                                                                                           \
		.size = sizeof(struct hull_sandbox_options), .userns_fd = -1, .userns2_fd = -1, .pidns_fd = -1, .as_uid = -1, .as_gid = -1, \
		.tty = -1, .info_fd = -1, .json_status_fd = -1, .sync_fd = -1, .block_fd = -1, .userns_block_fd = -1                    \
	}

/*
 * hull_sandbox - run a command in a sandbox and wait for its end.
 * @ret_status: its exit code, or 128 + signal.
 */
int hull_sandbox(struct hull *hull, const struct hull_sandbox_options *options, int *ret_status);

/* hull_sandbox_config - the equivalent config.json;  hull_sandbox_explain - the plan, as hull_explain() */
int hull_sandbox_config(struct hull *hull, const struct hull_sandbox_options *options, char **ret_json);
int hull_sandbox_explain(struct hull *hull, const struct hull_sandbox_options *options, bool json, char **ret_text);

/*
 * Trying a command: it runs on the host's real root, but what it writes goes to a directory, to be looked at and then made on the host, kept or dropped.
 *
 * @size: sizeof(struct hull_try_options);  lists are NULL-terminated, NULL: empty
 * @args: the command;  @env: changes to the environment, as in hull_sandbox_options;  @cwd: NULL: the caller's
 * @net: "host", "none" or the path of a network namespace, NULL: "host"
 * @keep: directory to make and to keep the changes in, NULL: a new one below /var/lib/hull/try, or $XDG_STATE_HOME/hull/try for an ordinary user
 */
struct hull_try_options {
	size_t size;
	const char *const *args;
	const char *const *env;
	const char *cwd;
	const char *net;
	const char *keep;
};

/*
 * @size: sizeof(struct hull_review_options)
 * @json: show: as JSON
 * @force: apply: also where the host has changed since;  @allow_dangers: also set-user-ID files, file capabilities and devices
 * @on_progress: called now and then while it takes time; @total 0: not known; NULL: none
 */
struct hull_review_options {
	size_t size;
	bool json, force, allow_dangers;
	void (*on_progress)(void *data, const char *what, uint64_t done, uint64_t total);
	void *data;
};

/*
 * hull_try - run the command and wait for its end.
 * @ret_dir: the directory with the changes, also after an error when there is one (else NULL); one free()
 * @ret_status: the command's exit code, or 128 + signal.
 */
int hull_try(struct hull *hull, const struct hull_try_options *options, char **ret_dir, int *ret_status);

/*
 * @dir: a directory of hull_try(), or the last part of its path.
 * hull_try_show - list the changes. @ret_n, @ret_dangerous: how many, and how many of them are only applied by force; text to free()
 * hull_try_diff - write unified diffs of text files to the descriptor @out
 * hull_try_apply - make the changes on the host; @ret_done: how many were made, also after an error. The directory stays.
 * hull_try_drop - remove the directory
 */
int hull_try_show(struct hull *hull, const char *dir, const struct hull_review_options *options, char **ret_text, size_t *ret_n, size_t *ret_dangerous);
int hull_try_diff(struct hull *hull, const char *dir, const struct hull_review_options *options, int out);
int hull_try_apply(struct hull *hull, const char *dir, const struct hull_review_options *options, size_t *ret_done);
int hull_try_drop(struct hull *hull, const char *dir);

#ifdef __cplusplus
}
#endif

#endif
