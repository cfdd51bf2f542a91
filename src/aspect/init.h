/* The first process: how long it lives, and whether it is the payload or a reaper in front of it. */
#ifndef ASPECT_INIT_H
#define ASPECT_INIT_H

#include "aspect/aspect.h"

/* The signal that tells the reaper to end everybody: with this value, sent by sigqueue(3)'s way. All others it hands on. */
enum { INIT_END_SIGNAL = 64, INIT_END_VALUE = 0x68756c6c };

/**
 * init_split - with spec.hull.init, become two: pid 1 stays here as a reaper and never returns; the other returns and is to be the payload.
 * The reaper hands signals on, waits for everybody, and ends as the payload ends (128 + n for a signal), after it has killed the rest and waited for them:
 * what they used is counted then. That the payload was stopped it tells hull, to which the processes of another pid namespace are strangers.
 * Return: 0, or -1 after child_fail().
 */
CHILD int init_split(struct child *c);

#endif
