/* The read-only mount that hull executed itself from. See selfexe.c; the way there is hull_protect_executable(). */
#ifndef RUN_SELFEXE_H
#define RUN_SELFEXE_H

#include "base/error.h"

/**
 * selfexe_settle - do what hull_protect_executable() has left to be done: before anything of the container's can look at us, and before its payload runs.
 * It may be done beside a child that shares our memory.
 * Return: 0 or -1 after fail().
 */
int selfexe_settle(struct error *error);

/**
 * selfexe_mount - the descriptor that keeps the mount alive; a child has a copy of it.
 * Return: a descriptor that is not the caller's, or NO_FD.
 */
int selfexe_mount(void);

/**
 * selfexe_dissolve - let the kernel dissolve the mount, if that has not been done: from then on nobody can make it writable.
 */
void selfexe_dissolve(void);

#endif
