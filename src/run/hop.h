/*
 * The second hop: when one clone3 is not enough to get into the namespaces.
 *
 *   wanted                                             hop   because
 *   only new namespaces, no time offsets               no    one clone3 makes them all
 *   join some (not pid, not user), no new user         no    the child calls setns(2) itself
 *   join pid                                           yes   setns(2) of a pid namespace takes effect for children
 *   join user                                          yes   what is new must belong to the joined user namespace
 *   join any, and a new user namespace                 yes   joined first: they belong to the outer one
 *   a new time namespace with offsets                  yes   offsets are written before the first process is in it
 *   exec                                               yes   it joins the pid namespace
 */
#ifndef RUN_HOP_H
#define RUN_HOP_H

#include "aspect/aspect.h"

/**
 * hop_needed - the table above. Pure: `hull explain` asks too.
 */
bool hop_needed(const struct plan *p);

/**
 * hop_join - enter the namespaces that are to be joined, user namespace in its turn.
 * Return: 0 or -1 after child_fail().
 */
CHILD int hop_join(struct child *c);

/**
 * hop_main - the hop process: join, let the parent write time offsets, clone the real child as the hop's sibling, report its pid and exit.
 * @new_flags: CLONE_NEW* for the real child.
 */
CHILD _Noreturn void hop_main(const struct plan *p, int channel);

#endif
