/*
 * The thread that makes a late network namespace (aspect/net.h) while the parent clones the child and the child sets out.
 *
 * It has its own network namespace and nothing else: the parent never leaves the host's, and if it is killed the thread is, too.
 */
#ifndef RUN_NETMAKER_H
#define RUN_NETMAKER_H

#include "aspect/plan.h"

/*
 * @channel: where the namespace is handed to the child as soon as it is there, NO_FD: the child does not listen yet
 * @running: of share_thread()
 * Written by the thread: @net: the namespace, NO_FD: none;  @failure, @errnum: what it could not do, and why; NULL: nothing
 */
struct netmaker {
	int channel;
	uint32_t running;
	int net;
	const char *failure;
	int errnum;
};

/**
 * netmaker_start - begin.
 * @channel: the parent's end if the child will read NET before anything else, else NO_FD.
 * Return: whether it has begun; else the namespace has to be a part of the clone.
 */
bool netmaker_start(struct netmaker *m, const struct plan *p, int channel);

/**
 * netmaker_finish - wait for it.
 * @m: started.
 * Return: 0, or -1 after fail(): there is no namespace, the child did not get it, or its loopback interface is down.
 */
int netmaker_finish(struct netmaker *m, struct error *e);

/**
 * netmaker_end - wait for the thread if it was started, and close the namespace.
 */
void netmaker_end(struct netmaker *m);

#endif
