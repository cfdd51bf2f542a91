/* Running one program and waiting for it, with what child code may do: no memory is allocated. */
#ifndef ASPECT_PROGRAM_H
#define ASPECT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

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

/*
 * A pipe's end that is read while a program runs.
 * @fd: O_NONBLOCK; NO_FD once its other end is closed
 * @data, @size, @length: what was read;  @limited: more than @size ends the program, and @over is set; else the first half makes room
 */
struct program_stream {
	int fd;
	char *data;
	size_t size, length;
	bool limited, over;
};

enum { PROGRAM_STREAMS_MAX = 2 };

/**
 * program_run_reading - program_run(), and read what it writes. Processes that it leaves behind with its pipes are not waited for.
 * @timeout_ms: not -1.
 */
CHILD struct program_result program_run_reading(const struct spawn *program, int timeout_ms, struct program_stream *streams, size_t n);

/**
 * program_run - run it to its end. Child code may call it.
 * @timeout_ms: after which it is killed, -1: never.
 */
CHILD struct program_result program_run(const struct spawn *program, int timeout_ms);

#endif
