/* The first process: how long it lives, and whether it is the payload or a reaper in front of it. */
#ifndef ASPECT_INIT_H
#define ASPECT_INIT_H

#include "aspect/aspect.h"

/* The signal that tells the reaper to end everybody: with this value, sent by sigqueue(3)'s way. All others it hands on. */
enum { INIT_END_SIGNAL = 64, INIT_END_VALUE = 0x68756c6c };

/* what the reaper is called (ps(1)): hull enter tells it from the command by this */
#define INIT_NAME "hull-init"

/**
 * init_is_unfiltered - whether the payload's system-call filter is loaded behind the reaper, which then needs nothing of what it allows: in a sandbox, unless
 * an agent is to be handed the filter's calls, or the payload could have the capability to take the reaper over before that has confined itself.
 */
CHILD bool init_is_unfiltered(const struct plan *p);

/**
 * init_split - with spec.hull.init, become two: pid 1 stays here as a reaper and never returns; the other calls @payload, which must not return. It does so in
 * the reaper's memory, which waits until it executes the program or ends (base/share.h).
 * The reaper hands signals on, waits for everybody, and ends as the payload ends (128 + n for a signal): the kernel kills the rest of the pid namespace,
 * and waits for it. That the payload was stopped it tells hull, to which the processes of another pid namespace are strangers.
 * Return: 0: there is to be no reaper; -1 after child_fail().
 */
CHILD int init_split(struct child *c, void (*payload)(struct child *c));

#endif
