/* The child's side of a run, and what run/ adds to the plan for it. */
#ifndef RUN_CHILD_H
#define RUN_CHILD_H

#include "aspect/aspect.h"
#include "aspect/cgroup_control.h"
#include "run/channel.h"

/* What a child of ours exits with when it has reported a fault. */
enum { CHILD_EXIT_FAULT = 125 };

/*
 * run/'s part of the plan (plan->engine).
 * @hop: a second process is needed to get into the namespaces (run/hop.h)
 * @mapped: the hop made the user namespace, and its id maps are written
 * @start_fd, @result_fd: FIFOs of a created container, NO_FD for run and exec
 * @target_pidfd: exec: the container's init, whose namespaces are entered
 * @pid_fd: where the pid goes, NO_FD: to a file that is replaced, or nowhere
 * @way: enter: what the hop does besides, NULL: nothing
 * @lock_fd: the locked state directory: the child closes it, or it would hold the lock for as long as it lives
 * @cgroup: exec: the way into the container's cgroups
 * @join_path[type]: where join_fd[type] was opened, in the plan's arena
 */
struct engine {
	bool hop, mapped;
	int start_fd, result_fd;
	int target_pidfd;
	int pid_fd;
	const struct way *way;
	int lock_fd;
	struct cgroup_join cgroup;
	const char *join_path[NAMESPACE_MAX];
};

/*
 * What a started child says to `hull start` when it fails: one write, below PIPE_BUF.
 */
struct start_result {
	int32_t errnum;
	uint16_t aspect;
	char text[FAULT_TEXT_MAX];
};

static inline struct engine *engine_of(const struct plan *p)
{
	return p->engine;
}

/**
 * child_main - play the plan in the new process; never returns.
 * @channel: socket to the parent.
 */
CHILD _Noreturn void child_main(const struct plan *p, int channel);

#endif
