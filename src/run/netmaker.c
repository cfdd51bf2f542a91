/* The maker of late network namespaces. See netmaker.h. */
#include "run/netmaker.h"

#include <errno.h>

#include "aspect/net.h"
#include "base/scope.h"
#include "base/share.h"
#include "run/channel.h"

static CHILD void note_failure(struct netmaker *m, const char *failure, int errnum)
{
	if (m->failure)
		return;
	m->failure = failure;
	m->errnum = errnum;
}

static CHILD void make(void *argument)
{
	static const struct message net = { .type = MESSAGE_NET };
	struct netmaker *m = argument;
	int socket, r;

	m->net = net_make(&socket);
	if (m->net < 0) {
		note_failure(m, "cannot make a network namespace", m->net);
		return;
	}
	r = m->channel < 0 ? 0 : channel_send(m->channel, &net, m->net);
	if (r < 0 && r != -EPIPE && r != -ECONNRESET) /* a child that is dead is reported by what it said before, or by end of file */
		note_failure(m, "cannot hand the network namespace to the container's process", r);
	r = net_set_up(socket);
	if (r < 0)
		note_failure(m, "cannot set the loopback interface up", r);
}

bool netmaker_start(struct netmaker *m, const struct plan *p, int channel)
{
	*m = (struct netmaker){ .channel = channel, .net = NO_FD };
	return share_thread(share_stack(p->arena), 0, make, m, &m->running) == 0;
}

int netmaker_finish(struct netmaker *m, struct error *e)
{
	share_join(&m->running);
	return m->failure ? fail(e, m->errnum, "%s", m->failure) : 0;
}

void netmaker_end(struct netmaker *m)
{
	share_join(&m->running);
	m->net = close_fd(m->net);
}
