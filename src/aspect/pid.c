/*
 * The pid namespace. The clone makes a new one, the engine's second hop joins one: nothing is left to do but to say so.
 * The payload is process 1 of a new one: it reaps, and everything ends with it (pid_namespaces(7)).
 */
#include "aspect/nswords.h"

static void pid_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	if (phase == PHASE_PREPARE)
		nswords_explain(p, NAMESPACE_PID, "its processes can be seen and signalled", x);
}

const struct aspect aspect_pid = {
	.id = ASPECT_PID,
	.explain = pid_explain,
};
