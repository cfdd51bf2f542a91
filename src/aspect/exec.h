/* The program: the last things that the child does. */
#ifndef ASPECT_EXEC_H
#define ASPECT_EXEC_H

#include "aspect/aspect.h"

/* The number that comes with a fault of this aspect: what the command line exits with. */
enum { EXEC_NOT_FOUND = 127, EXEC_CANNOT = 126 };

/**
 * exec_before_ids - go to process.cwd and look HOME up while that is done as root: a directory that only root may enter is a legal start.
 * What fails for want of permission is tried again as the user, by aspect_exec.seal.
 * Return: 0 or -1 after child_fail().
 */
CHILD int exec_before_ids(struct child *c);

/**
 * exec_environment - the payload's environment, with a HOME that was looked up once exec_before_ids() is done; NULL without a process.
 */
CHILD char *const *exec_environment(const struct plan *p);

/**
 * exec_signals - the signals that the payload begins with: those of a sandbox's caller, else none that is ignored or blocked. Before a filter is loaded that
 * need not allow it.
 */
CHILD void exec_signals(const struct child *c);

/**
 * exec_payload - become the payload.
 * Return: -1 after child_fail(); otherwise it does not.
 */
CHILD int exec_payload(struct child *c);

#endif
