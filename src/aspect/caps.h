/* Capabilities: the first of two steps in the child; the second is aspect_caps.seal. */
#ifndef ASPECT_CAPS_H
#define ASPECT_CAPS_H

#include "aspect/aspect.h"

/**
 * caps_drop_bounding - take from the bounding set what process.capabilities.bounding does not name. Needs CAP_SETPCAP, so it comes before ids;
 * everything else waits until the user has changed.
 * Return: 0 or -1 after child_fail().
 */
CHILD int caps_drop_bounding(struct child *c);

#endif
