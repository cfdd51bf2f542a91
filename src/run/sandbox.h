/* One run of a sandbox: what its parts (run/sandbox_*.c) share. */
#ifndef RUN_SANDBOX_H
#define RUN_SANDBOX_H

#include "aspect/protocol.h"
#include "run/foreground.h"
#include "run/handle.h"

/* room in struct protocol's lists; a filter of the kernel's largest size */
enum { SANDBOX_FILTERS_MAX = 64, SANDBOX_FILTER_BYTES_MAX = 4096 * 8, SANDBOX_OWN_MAX = 8 + SANDBOX_FILTERS_MAX };

/*
 * How a limit is held, for the record and for --require.
 */
enum holder { HELD_BY_NOBODY, HELD_BY_CGROUP, HELD_BY_RLIMIT, HELD_BY_HULL };

enum sandbox_limit { LIMIT_MEMORY, LIMIT_CPUS, LIMIT_PIDS, LIMIT_TIME, LIMIT_WALL, LIMIT_FSIZE, LIMIT_NOFILE, LIMIT_STACK, LIMIT_MAX };

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
 * @cpu_user, @cpu_system, @memory_peak, @oom_kills: of the cgroup at the end, when @has_figures
 */
struct sandbox {
	struct job *job;
	struct hull_sandbox_options o;
	struct protocol protocol;
	struct foreground foreground;
	struct limit_state limits[LIMIT_MAX];
	bool cgroups;
	uint64_t started, ended, used;
	bool timed_out;
	pid_t pid;
	bool has_figures;
	uint64_t cpu_user, cpu_system, memory_peak, oom_kills, pids_hit;
};

static inline struct sandbox *sandbox_of(const struct job *job)
{
	return job->sandbox;
}

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

#endif
