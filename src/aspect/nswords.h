/* What the explain lines of the namespace aspects have in common. */
#ifndef ASPECT_NSWORDS_H
#define ASPECT_NSWORDS_H

#include "aspect/aspect.h"

/**
 * nswords_explain - say where the namespace of a type comes from: new, joined, or the host's.
 * @what: what it holds, for the host's ("the host's WHAT").
 */
void nswords_explain(const struct plan *p, enum namespace_type type, const char *what, struct explain *x);

/**
 * nswords_own - whether the container has a namespace of this type for itself or joins one. Child code may call it.
 */
CHILD bool nswords_own(const struct plan *p, enum namespace_type type);

#endif
