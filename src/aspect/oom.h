/* process.oomScoreAdj where the parent cannot write it. */
#ifndef ASPECT_OOM_H
#define ASPECT_OOM_H

#include <sched.h>

#include "aspect/aspect.h"

/* oom_is_own - whether the hop writes its own: of an ordinary user, and out of everybody's reach since no id maps are to be written */
static inline CHILD bool oom_is_own(const struct plan *p)
{
	return !p->caller->privileged && !(p->new_namespaces & CLONE_NEWUSER);
}

/**
 * oom_write_own - set the score of the calling process, which its children inherit; warns when it cannot.
 */
CHILD void oom_write_own(const struct child *c);

#endif
