/* `hull explain`. */
#ifndef RUN_EXPLAIN_H
#define RUN_EXPLAIN_H

#include "aspect/plan.h"

/**
 * plan_explain - describe a checked plan.
 * @json: an array of {phase, aspect, step}; off: prose.
 * Return: text in the plan's arena.
 */
const char *plan_explain(const struct plan *p, bool json);

#endif
