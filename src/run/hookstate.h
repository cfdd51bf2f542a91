/* The OCI state document: what `state` prints, hooks read on stdin, and seccomp agents receive. */
#ifndef RUN_HOOKSTATE_H
#define RUN_HOOKSTATE_H

#include "aspect/plan.h"
#include "base/json.h"

/**
 * hookstate_document - the state document of the container being made.
 * @status: "creating", "created", "running", "stopped".
 * Return: JSON text in the plan's arena.
 */
char *hookstate_document(const struct plan *p, pid_t pid, const char *status);

/**
 * hookstate_write - put the document into p->state_fd, which createContainer and startContainer hooks read; nothing when there is none.
 * Return: 0 or -1 after fail().
 */
int hookstate_write(struct plan *p, pid_t pid, const char *status);

#endif
