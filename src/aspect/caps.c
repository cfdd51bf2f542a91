/*
 * process.capabilities, in two steps around the change of user: the bounding set first, because dropping from it needs CAP_SETPCAP
 * (caps_drop_bounding); then, with what PR_SET_KEEPCAPS kept, permitted, effective, inheritable and ambient (seal).
 *
 * prepare cuts what is asked for to what can be had and warns of the rest, as the specification wants: an engine's "all capabilities" must work where
 * hull itself runs without some. A process inside a user namespace starts with all of them, so nothing is cut there.
 */
#include "aspect/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"

enum { CAPS_TEXT_MAX = 1024, CAPS_BITS = 64 };

/* @drop: bits to take from the bounding set;  the rest: what capset(2) and prctl(2) get */
struct caps_plan {
	uint64_t drop;
	uint64_t permitted, effective, inheritable, ambient;
};

static void warn_missing(const struct plan *p, uint64_t missing)
{
	char buffer[CAPS_TEXT_MAX];
	struct text t = text_on(buffer, sizeof(buffer));

	for (uint64_t bit = 0; bit < CAPS_BITS; bit++) {
		const char *name = missing & (1ull << bit) ? names_of(&names_capabilities, bit) : NULL;

		if (!name)
			continue;
		text_add(&t, t.length > 0 ? ", " : "");
		text_add(&t, name);
	}
	log_write(p->log, LOG_LEVEL_WARNING, "process.capabilities: cannot grant %s", buffer);
}

static int caps_prepare(struct plan *p)
{
	const struct capabilities *asked = &p->process->capabilities;
	uint64_t can = p->has_userns ? ~0ull : p->caller->bounding;
	struct caps_plan *plan = arena_new(p->arena, struct caps_plan);
	uint64_t wanted = asked->bounding | asked->permitted | asked->effective | asked->inheritable | asked->ambient;

	/* also what the caller does not hold: it may be in its bounding set all the same, and root's execve would take it from there */
	plan->drop = ~asked->bounding;
	plan->permitted = asked->permitted & can;
	plan->effective = asked->effective & plan->permitted;
	/* the kernel lets nothing become inheritable that is not in the bounding set (capabilities(7)) */
	plan->inheritable = asked->inheritable & can & asked->bounding;
	plan->ambient = asked->ambient & plan->permitted & plan->inheritable;
	if (asked->unknown)
		log_write(p->log, LOG_LEVEL_WARNING, "process.capabilities: unknown, not granted: %s", asked->unknown);
	if ((asked->ambient & ~asked->inheritable) != 0)
		log_write(p->log, LOG_LEVEL_WARNING, "process.capabilities.ambient: not all of them are inheritable, and those are left out");
	if ((wanted & ~can) != 0)
		warn_missing(p, wanted & ~can);
	p->data[ASPECT_CAPS] = plan;
	return 0;
}

CHILD int caps_drop_bounding(struct child *c)
{
	const struct caps_plan *plan = c->plan->data[ASPECT_CAPS];

	for (unsigned int bit = 0; bit < CAPS_BITS; bit++) {
		if (!(plan->drop & (1ull << bit)))
			continue;
		if (prctl(PR_CAPBSET_DROP, bit, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL) /* beyond the last one that this kernel knows */
			break;
		return child_fail_number(c, FAULT("process.capabilities.bounding: cannot drop capability %n"), errno, NULL, bit);
	}
	return 0;
}

static CHILD int set_ambient(const struct child *c, uint64_t ambient)
{
	/* hull may have been started with some; EINVAL: a kernel without them */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return child_fail(c, FAULT("process.capabilities.ambient: cannot clear the ambient set"), errno, NULL, NULL);
	for (unsigned int bit = 0; ambient >> bit != 0; bit++) {
		if (!(ambient & (1ull << bit)))
			continue;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bit, 0, 0) < 0 && errno != EINVAL)
			return child_fail_number(c, FAULT("process.capabilities.ambient: cannot raise capability %n"), errno, NULL, bit);
		if (bit == CAPS_BITS - 1)
			break;
	}
	return 0;
}

static CHILD int caps_seal(struct child *c)
{
	const struct caps_plan *plan = c->plan->data[ASPECT_CAPS];
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ .effective = (uint32_t)plan->effective, .permitted = (uint32_t)plan->permitted, .inheritable = (uint32_t)plan->inheritable },
		{ .effective = (uint32_t)(plan->effective >> 32), .permitted = (uint32_t)(plan->permitted >> 32),
			.inheritable = (uint32_t)(plan->inheritable >> 32) },
	};

	if (syscall(SYS_capset, &header, data) < 0)
		return child_fail(c, FAULT("process.capabilities: cannot set the capabilities"), errno, NULL, NULL);
	return set_ambient(c, plan->ambient);
}

static void explain_set(struct explain *x, const char *verb, uint64_t set)
{
	char buffer[CAPS_TEXT_MAX];
	struct text t = text_on(buffer, sizeof(buffer));

	for (uint64_t bit = 0; bit < CAPS_BITS; bit++) {
		const char *name = set & (1ull << bit) ? names_of(&names_capabilities, bit) : NULL;

		if (!name)
			continue;
		text_add(&t, t.length > 0 ? ", " : "");
		text_add(&t, name);
	}
	explain_step(x, "%s %s", verb, set == 0 ? "none" : buffer);
}

static void caps_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct capabilities *asked = &p->process->capabilities;

	if (phase != PHASE_SEAL)
		return;
	explain_set(x, "keep in the bounding set of capabilities:", asked->bounding);
	explain_set(x, "set the permitted capabilities:", asked->permitted);
	explain_set(x, "set the effective capabilities:", asked->effective);
	if (asked->inheritable != 0)
		explain_set(x, "set the inheritable capabilities:", asked->inheritable);
	if (asked->ambient != 0)
		explain_set(x, "set the ambient capabilities:", asked->ambient);
}

static void caps_features(struct json_writer *w)
{
	json_open_array(w, "capabilities");
	for (size_t i = 0; i < names_capabilities.n; i++)
		json_string(w, NULL, names_capabilities.v[i].name);
	json_close_array(w);
}

const struct aspect aspect_caps = {
	.id = ASPECT_CAPS,
	.prepare = caps_prepare,
	.seal = caps_seal,
	.explain = caps_explain,
	.features = caps_features,
};
