/* linux.timeOffsets. */
#ifndef ASPECT_TIME_H
#define ASPECT_TIME_H

#include "aspect/plan.h"

/**
 * time_write_offsets - write the offsets of a new time namespace.
 * @pid: a process that made it for its children (unshare(CLONE_NEWTIME)) and has none in it yet: afterwards the kernel refuses (time_namespaces(7)).
 * Return: 0 or -1 after fail().
 */
int time_write_offsets(const struct plan *p, pid_t pid);

#endif
