/* Staying with the payload: signals, window size, job control and the terminal are passed through until it ends. */
#ifndef RUN_FOREGROUND_H
#define RUN_FOREGROUND_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/error.h"
#include "run/launch.h"

/*
 * @signals: signalfd of everything that can be passed on, NO_FD: not begun
 * @old_mask: the caller's, put back by foreground_end()
 * @shares_terminal: the payload is in our session: what the terminal sends, it has got itself
 * @is_init: the payload is a namespace's pid 1, which the kernel spares the default actions of signals: we carry them out
 * @killed_by: the signal whose default action we carried out, 0: none
 * @ignores_children: the caller ignores SIGCHLD; while we wait for children it is not ignored
 * @deadline: CLOCK_MONOTONIC nanoseconds at which the payload is killed, 0: none;  @timed_out: it was
 * @check: called at @next_check (as @deadline; 0: never) with @check_data: looks at the payload, may kill it, and says when it wants to be called again
 * @scattered: the payload shares its pid namespace with others: to end it is to find all below it
 * @kill_at: when the reaper is killed, having been told to end everybody, 0: never
 * @notify: the relay's socket (run/notify.h), NO_FD: none;  @notify_host: where its READY=1 goes
 * @init_says: eventfd that the reaper writes to how the payload stopped, and may how it ended, 0: there is none;  @heard_end: it did, and @wait_status is of that
 * @linger: then leave the reaper alone: others of the sandbox may go on (bubblewrap's way)
 * @wait_status: of the payload, as wait(2) has it;  @usage: of pid 1 and everybody it waited for;  @left: the reaper was left alone, and there is no @usage
 */
struct foreground {
	int signals;
	sigset_t old_mask;
	bool shares_terminal, is_init;
	int killed_by;
	bool ignores_children;
	uint64_t deadline;
	bool timed_out;
	uint64_t (*check)(void *data, const struct launched *child, uint64_t now);
	void *check_data;
	uint64_t next_check, kill_at;
	bool scattered;
	int notify;
	const char *notify_host;
	int init_says;
	bool heard_end, linger;
	int wait_status;
	struct rusage usage;
	bool left;
};

/**
 * foreground_now - CLOCK_MONOTONIC in nanoseconds.
 */
uint64_t foreground_now(void);

/**
 * foreground_kill - end the payload: by the reaper, if there is one, so that what all processes used is counted.
 */
void foreground_kill(struct foreground *f, const struct launched *child);

/**
 * foreground_begin - block and collect signals, before the clone: none is lost in between.
 */
int foreground_begin(struct foreground *f, struct error *e);

/**
 * foreground_end - put the caller's signal mask back; without harm when not begun.
 */
void foreground_end(struct foreground *f);

/**
 * foreground_serve - serve the payload until it ends, and reap it.
 * @ret_status: its exit code, or 128 + signal.
 */
int foreground_serve(struct foreground *f, struct launched *child, struct error *e, int *ret_status);

#endif
