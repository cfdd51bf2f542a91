/* The IPC namespace (System V objects, POSIX message queues). The clone makes a new one, the engine joins one: nothing is left to do but to say so. */
#include "aspect/nswords.h"

static void ipc_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	if (phase == PHASE_PREPARE)
		nswords_explain(p, NAMESPACE_IPC, "shared memory, semaphores and message queues are shared with it", x);
}

const struct aspect aspect_ipc = {
	.id = ASPECT_IPC,
	.explain = ipc_explain,
};
