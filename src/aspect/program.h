/* Running one program and waiting for it, with what child code may do: no memory is allocated. */
#ifndef ASPECT_PROGRAM_H
#define ASPECT_PROGRAM_H

#include "base/child.h"

/*
 * @path, @argv, @envp: for execve
 * @input, @output, @errors: its descriptors 0, 1 and 2; all must be above 2
 * @timeout_ms: after which it is killed, -1: never
 */
struct program {
	const char *path;
	char *const *argv;
	char *const *envp;
	int input, output, errors;
	int timeout_ms;
};

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
 */
CHILD struct program_result program_run(const struct program *program);

#endif
