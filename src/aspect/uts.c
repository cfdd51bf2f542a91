/* The UTS namespace: host name and NIS domain name, written by the child that is alone in it (or a guest in the one it joined). */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "aspect/nswords.h"

static CHILD int uts_enter(struct child *c)
{
	const struct spec *spec = c->plan->spec;

	/* never the host's: the check of the spec refuses names without a namespace, and this is the second lock on that door */
	if (!nswords_own(c->plan, NAMESPACE_UTS))
		return 0;
	if (spec->hostname && sethostname(spec->hostname, strlen(spec->hostname)) < 0)
		return child_fail(c, FAULT("hostname: cannot set it to '%a'"), errno, spec->hostname, NULL);
	if (spec->domainname && setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
		return child_fail(c, FAULT("domainname: cannot set it to '%a'"), errno, spec->domainname, NULL);
	return 0;
}

static void uts_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	if (phase == PHASE_PREPARE)
		nswords_explain(p, NAMESPACE_UTS, "its host name", x);
	if (phase != PHASE_ENTER || !nswords_own(p, NAMESPACE_UTS))
		return;
	if (p->spec->hostname)
		explain_step(x, "set the host name to '%s'", p->spec->hostname);
	if (p->spec->domainname)
		explain_step(x, "set the domain name to '%s'", p->spec->domainname);
}

const struct aspect aspect_uts = {
	.id = ASPECT_UTS,
	.enter = uts_enter,
	.explain = uts_explain,
};
