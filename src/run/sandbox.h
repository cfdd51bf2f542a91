/* One run of a sandbox: what its parts (run/sandbox_*.c) share. */
#ifndef RUN_SANDBOX_H
#define RUN_SANDBOX_H

#include <string.h>

#include "aspect/protocol.h"
#include "run/foreground.h"
#include "run/handle.h"

/* what to do about a cgroup that cannot be made */
#define SANDBOX_DELEGATION "Where systemd runs, 'systemd-run --user --scope -p Delegate=yes hull sandbox …' gives one"

/* room in struct protocol's lists; a filter of the kernel's largest size */
enum { SANDBOX_FILTERS_MAX = 64, SANDBOX_FILTER_BYTES_MAX = 4096 * 8, SANDBOX_OWN_MAX = 8 + SANDBOX_FILTERS_MAX };

/*
 * How a limit is held, for the record and for --require.
 */
enum holder { HELD_BY_NOBODY, HELD_BY_CGROUP, HELD_BY_RLIMIT, HELD_BY_HULL };

enum sandbox_limit { LIMIT_MEMORY, LIMIT_CPUS, LIMIT_PIDS, LIMIT_TIME, LIMIT_WALL, LIMIT_FSIZE, LIMIT_NOFILE, LIMIT_STACK, LIMIT_CORE, LIMIT_MAX };

/* @value: bytes, a number, nanoseconds, or thousandths of a processor */
struct limit_state {
	bool set;
	uint64_t value;
	enum holder holder;
};

/*
 * @o: the caller's, with what cannot be had and need not be taken out
 * @limits: see run/sandbox_limits.c;  @cgroups: a cgroup is made for them
 * @started: CLOCK_MONOTONIC, when the payload's process was made;  @ended: when it had ended
 * @timed_out: all processes together used more than their time;  @used: nanoseconds, as last seen while it ran
 * @pid: of the first process, 0: none was made
 * @memory_peak, @oom_kills, @pids_hit: of the cgroup at the end, 0: none or not known;  @cpu: likewise, nanoseconds, when @has_cpu
 * @terminals: which of the standard streams are terminals, as bits
 * @launching: everything is decided;  @ran: the command ran and ended
 * @result_fd: where the record goes, NO_FD: to the file @result_name in @result_dir
 */
struct sandbox {
	struct job *job;
	struct hull_sandbox_options o;
	struct protocol protocol;
	struct foreground foreground;
	struct limit_state limits[LIMIT_MAX];
	bool cgroups;
	uint64_t started, ended, used;
	bool timed_out, launching, ran;
	unsigned int terminals;
	pid_t pid;
	uint64_t memory_peak, oom_kills, pids_hit, cpu;
	bool has_cpu;
	int result_fd, result_dir;
	const char *result_name;
};

/* Whether hull's own filter keeps the command from making mounts and namespaces. */
static inline bool sandbox_is_filtered(const struct hull_sandbox_options *o)
{
	return !o->nest && !o->bare && (!o->syscalls || strcmp(o->syscalls, "default") == 0);
}

static inline struct sandbox *sandbox_of(const struct job *job)
{
	return job->sandbox;
}

/* ---- sandbox.c ---- */

/**
 * sandbox_foreground - what follows for who stays with it from its spec, be that made of options or a document that says so (spec.hull.sandbox).
 */
void sandbox_foreground(struct foreground *f, const struct spec *spec);

/**
 * sandbox_document - let the job's spec, a document that says so (spec.hull.sandbox), be a sandbox: its request, and the terminal of whoever runs it now.
 */
void sandbox_document(struct job *job);

/* ---- sandbox_fds.c: descriptors ---- */

/**
 * sandbox_fds_prepare - set up struct protocol: read filters, make the eventfd. After the spec is made.
 */
int sandbox_fds_prepare(struct sandbox *s);

/**
 * sandbox_fds_on_child - the first process is there: tell who asked (--info-fd, --json-status-fd), wait for the id maps (--userns-block-fd), and close what
 * is the child's now.
 */
int sandbox_fds_on_child(struct sandbox *s, pid_t pid);

/**
 * sandbox_fds_end - tell the exit code (--json-status-fd).
 */
void sandbox_fds_end(const struct sandbox *s, int status);

/**
 * sandbox_fds_close - close hull's own descriptors.
 */
void sandbox_fds_close(struct sandbox *s);

/* ---- sandbox_limits.c ---- */

/**
 * sandbox_limits_decide - read the options, and find out whether cgroups can hold them: then the job gets an id of its own.
 */
int sandbox_limits_decide(struct sandbox *s);

/**
 * sandbox_limits_apply - write the limits into the job's spec.
 * Return: 0, or -1 after fail(): one of them cannot be held here.
 */
int sandbox_limits_apply(struct sandbox *s);

/**
 * sandbox_limits_sweep - where cgroups are made, remove those of hulls that were killed, with their states.
 */
void sandbox_limits_sweep(struct sandbox *s);

/**
 * sandbox_limits_end - the payload has ended: read what its cgroups counted before they go.
 */
void sandbox_limits_end(struct sandbox *s);

/* sandbox_limit_name - the option's name, without dashes;  sandbox_holder_name - for the record */
const char *sandbox_limit_name(enum sandbox_limit limit);
const char *sandbox_holder_name(enum holder holder);

/* ---- sandbox_time.c ---- */

/**
 * sandbox_time_begin - the clocks start: the first process is there.
 */
void sandbox_time_begin(struct sandbox *s);

/**
 * sandbox_time_of_cgroup - processor time that the sandbox's cgroup counted, nanoseconds. Return: false: it has none that does.
 */
bool sandbox_time_of_cgroup(const struct sandbox *s, uint64_t *ret);

/* ---- sandbox_cwd.c ---- */

/**
 * sandbox_settle_cwd - where nobody chose the working directory and others will read the spec: make it the one that the command will have.
 */
void sandbox_settle_cwd(struct sandbox *s);

/* ---- sandbox_require.c ---- */

/**
 * sandbox_require - see that the spec has what --require wants. After the limits.
 */
int sandbox_require(struct sandbox *s);

/**
 * sandbox_diagnose - when the namespaces could not be made: add to the error what is in the way on this host, and how to repair it.
 */
void sandbox_diagnose(struct sandbox *s);

/* ---- sandbox_result.c ---- */

/**
 * sandbox_result_open - see that the record will have a place.
 */
int sandbox_result_open(struct sandbox *s);

/**
 * sandbox_result_write - write it.
 * @ran: the command ran; off: hull's error is the record.
 */
int sandbox_result_write(struct sandbox *s, bool ran);

#endif
