/* `hull explain`, and the same for --debug. */
#ifndef RUN_EXPLAIN_H
#define RUN_EXPLAIN_H

#include "aspect/plan.h"

/**
 * plan_explain - describe a checked plan.
 * @json: an array of {phase, aspect, step}; off: prose.
 * Return: text in the plan's arena.
 */
const char *plan_explain(const struct plan *p, bool json);

/**
 * plan_log - the same to the plan's log, a step a line, if it takes messages of the level debug.
 */
void plan_log(const struct plan *p);

#endif
