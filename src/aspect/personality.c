/* linux.personality: the execution domain, personality(2). */
#include <errno.h>
#include <sys/personality.h>

#include "aspect/aspect.h"

static CHILD int personality_seal(struct child *c)
{
	const struct personality *asked = &c->plan->spec->linux.personality;

	if (asked->set && personality(asked->domain) < 0)
		return child_fail_number(c, FAULT("linux.personality: cannot set the execution domain %n"), errno, NULL, (int64_t)asked->domain);
	return 0;
}

static void personality_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct personality *asked = &p->spec->linux.personality;

	if (phase == PHASE_SEAL && asked->set)
		explain_step(x, "set the execution domain %s", names_of(&names_personalities, asked->domain));
}

const struct aspect aspect_personality = {
	.id = ASPECT_PERSONALITY,
	.seal = personality_seal,
	.explain = personality_explain,
};
