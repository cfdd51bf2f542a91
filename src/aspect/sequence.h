/* The order of isolation. See sequence.c. */
#ifndef ASPECT_SEQUENCE_H
#define ASPECT_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "aspect/aspect.h"

/* When a row applies. */
enum sequence_when {
	WHEN_CREATE = 1 << 0,     /* create and run */
	WHEN_EXEC = 1 << 1,       /* hull exec */
	WHEN_ALWAYS = WHEN_CREATE | WHEN_EXEC,
	WHEN_NNP = 1 << 2,        /* only with process.noNewPrivileges */
	WHEN_NOT_NNP = 1 << 3,    /* only without */
	WHEN_APART = 1 << 4,      /* only where the payload's filter is not the first process's (aspect/init.h) */
	WHEN_NOT_APART = 1 << 5,  /* only elsewhere */
};

/*
 * One row of the child's phases.
 * @aspect: stamped on faults
 * @call: the step; NULL: the aspect's own callback of the phase
 * @when: bits of enum sequence_when
 */
struct sequence_row {
	const struct aspect *aspect;
	int (*call)(struct child *c);
	unsigned int when;
};

struct sequence {
	const struct sequence_row *v;
	size_t n;
};

/* for check, prepare, parent and (backwards) undo: whose callbacks, in which order */
struct sequence_aspects {
	const struct aspect *const *v;
	size_t n;
};

extern const struct sequence_aspects sequence_prepare;
extern const struct sequence_aspects sequence_parent;
extern const struct sequence sequence_enter, sequence_settle, sequence_seal, sequence_exec;

/**
 * sequence_applies - whether a row is played in this run. Child code may call it.
 */
CHILD bool sequence_applies(const struct sequence_row *row, const struct plan *p);

#endif
