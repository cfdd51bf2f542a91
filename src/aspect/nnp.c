/* process.noNewPrivileges: execve(2) grants nothing from here on. sequence.c plays the row only when it is asked for. */
#include <errno.h>
#include <sys/prctl.h>

#include "aspect/aspect.h"

static CHILD int nnp_seal(struct child *c)
{
	if (!c->plan->process->no_new_privileges)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return child_fail(c, FAULT("process.noNewPrivileges: cannot set no_new_privs"), errno, NULL, NULL);
	return 0;
}

static void nnp_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	if (phase == PHASE_SEAL && p->process->no_new_privileges)
		explain_step(x, "set no_new_privs");
}

const struct aspect aspect_nnp = {
	.id = ASPECT_NNP,
	.seal = nnp_seal,
	.explain = nnp_explain,
};
