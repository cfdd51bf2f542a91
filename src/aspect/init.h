/* The first process: how long it lives, and whether it is the payload or a reaper in front of it. */
#ifndef ASPECT_INIT_H
#define ASPECT_INIT_H

#include "aspect/aspect.h"

/**
 * init_split - with spec.hull.init, become two: pid 1 stays here as a reaper and never returns; the other returns and is to be the payload.
 * The reaper hands signals on, waits for everybody, and ends as the payload ends (128 + n for a signal); the kernel then ends the rest.
 * Return: 0, or -1 after child_fail().
 */
CHILD int init_split(struct child *c);

#endif
