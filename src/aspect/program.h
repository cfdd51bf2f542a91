/* Running one program and waiting for it, with what child code may do: no memory is allocated. */
#ifndef ASPECT_PROGRAM_H
#define ASPECT_PROGRAM_H

#include "base/spawn.h"

/* How a program ended. */
enum program_end { PROGRAM_EXITED, PROGRAM_KILLED, PROGRAM_TIMED_OUT, PROGRAM_NOT_RUN };

/*
 * @end: how;  @value: exit status, signal number, or (PROGRAM_NOT_RUN) errno
 */
struct program_result {
	enum program_end end;
	int value;
};

/**
 * program_run - run it to its end. Child code may call it.
 * @timeout_ms: after which it is killed, -1: never.
 */
CHILD struct program_result program_run(const struct spawn *program, int timeout_ms);

#endif
