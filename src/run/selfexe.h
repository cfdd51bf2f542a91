/* The read-only mount that hull runs from. See selfexe.c; the way there is hull_protect_executable(). */
#ifndef RUN_SELFEXE_H
#define RUN_SELFEXE_H

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
