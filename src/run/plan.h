/* Making the plan: from a spec to everything that is decided, opened and allocated before the clone; and the way back. */
#ifndef RUN_PLAN_H
#define RUN_PLAN_H

#include "aspect/plan.h"

/**
 * caller_identify - find out who asks: three system calls, once.
 */
void caller_identify(struct caller *ret_caller);

/**
 * plan_check - decide what the spec alone decides: namespaces, and every aspect's check. Touches nothing; `hull explain` stops here.
 * @p: with spec, process, request, caller, arena, error, log, facts, engine set, the rest zero.
 * Return: 0 or -1 after fail().
 */
int plan_check(struct plan *p);

/**
 * plan_prepare - open the namespaces to join, and every aspect's prepare, in sequence order.
 * Return: 0, or -1 after fail(); what was made until then is for plan_undo().
 */
int plan_prepare(struct plan *p);

/**
 * plan_may_delay_net - whether the new network namespace need not be a part of the clone.
 */
bool plan_may_delay_net(const struct plan *p);

/**
 * plan_choose - decide, right before the clone, what is done beside the child.
 * @late_net: the network namespace is being made by somebody else (run/netmaker.h).
 */
void plan_choose(struct plan *p, bool late_net);

/**
 * plan_parent - every aspect's parent callback, on the child that waits.
 */
int plan_parent(struct plan *p, pid_t pid, int pidfd);

/**
 * plan_undo - every aspect's undo, backwards, from facts alone. Goes on after an error and reports the first one; again without harm.
 */
int plan_undo(const struct facts *facts, struct arena *arena, struct error *e, const struct log *log);

#endif
