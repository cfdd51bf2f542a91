/* Staying with the payload: signals, window size, job control and the terminal are passed through until it ends. */
#ifndef RUN_FOREGROUND_H
#define RUN_FOREGROUND_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "run/launch.h"

/*
 * @signals: signalfd of everything that can be passed on, NO_FD: not begun
 * @old_mask: the caller's, put back by foreground_end()
 * @shares_terminal: the payload is in our session: what the terminal sends, it has got itself
 * @is_init: the payload is a namespace's pid 1, which the kernel spares the default actions of signals: we carry them out
 * @killed_by: the signal whose default action we carried out, 0: none
 * @deadline: CLOCK_MONOTONIC nanoseconds at which the payload is killed, 0: none;  @timed_out: it was
 * @notify: the relay's socket (run/notify.h), NO_FD: none;  @notify_host: where its READY=1 goes
 */
struct foreground {
	int signals;
	sigset_t old_mask;
	bool shares_terminal, is_init;
	int killed_by;
	uint64_t deadline;
	bool timed_out;
	int notify;
	const char *notify_host;
};

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
