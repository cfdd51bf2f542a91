/* Figures of a container as runc's JSON. */
#ifndef RUN_FIGURES_H
#define RUN_FIGURES_H

#include "aspect/cgroup_stats.h"
#include "base/json.h"

/**
 * figures_write - write the object that `runc events` has as "data": same names, same order, and the same left out when it is zero.
 */
void figures_write(struct json_writer *w, const char *key, const struct cgroup_stats *stats);

#endif
