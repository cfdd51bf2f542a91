/* Cloning the child and playing the parent's side of the protocol (run/channel.h). */
#ifndef RUN_LAUNCH_H
#define RUN_LAUNCH_H

#include "aspect/plan.h"

/*
 * @pid, @pidfd: the container's process (exec: the new one)
 * @console: the pseudo-terminal's master, NO_FD: none
 */
struct launched {
	pid_t pid;
	int pidfd;
	int console;
};

/**
 * launch - clone, run the parent phase, let the child go, and serve it until it is sealed (create) or the payload runs (run, exec).
 * @p: checked and prepared.
 * @until_exec: wait for execve; off: only until SEALED (the child then waits on its FIFO).
 * @on_pid: called while the child still waits, to record it; may be NULL.
 * @ret: on success; the caller closes what is in it.
 * Return: 0, or -1 after fail(): the child is dead and reaped then.
 */
int launch(struct plan *p, bool until_exec, int (*on_pid)(struct plan *p, const struct launched *child), struct launched *ret);

#endif
