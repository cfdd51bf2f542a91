/*
 * process.rlimits.
 *
 * The child sets its own limits late (seal), so that a limit of three descriptors does not break the set-up. Raising a hard limit needs CAP_SYS_RESOURCE in
 * the machine's first user namespace, which a child in a user namespace of its own no longer has: then the parent raises the ceiling from outside.
 */
#include <errno.h>
#include <sys/resource.h>

#include "aspect/aspect.h"
#include "base/sys.h"
#include "base/text.h"

/* struct rlimit64 of prlimit(2) */
struct limit {
	uint64_t soft, hard;
};

/* @subjects: "RLIMIT_NOFILE (soft 1024, hard 4096)" per entry, for messages */
struct rlimits_plan {
	const char **subjects;
};

static const char *limit_text(struct arena *arena, uint64_t value)
{
	char number[TEXT_NUMBER_MAX];

	return value == ~0ull ? "unlimited" : arena_strdup(arena, text_from_u64(number, value));
}

static int rlimits_check(struct plan *p)
{
	const struct rlimit_list *list = &p->process->rlimits;
	struct rlimits_plan *plan = arena_new(p->arena, struct rlimits_plan);

	plan->subjects = arena_many(p->arena, const char *, list->n);
	for (size_t i = 0; i < list->n; i++) {
		const struct rlimit_entry *entry = &list->v[i];
		const char *name = names_of(&names_rlimits, (uint64_t)entry->type);

		if (entry->soft > entry->hard)
			return fail(p->error, 0, "process.rlimits[%zu]: the soft limit is above the hard limit", i);
		plan->subjects[i] = arena_join(p->arena, name ? name : "?", " (soft ", limit_text(p->arena, entry->soft), ", hard ",
			limit_text(p->arena, entry->hard), ")", NULL);
	}
	p->data[ASPECT_RLIMITS] = plan;
	return 0;
}

/* Only a ceiling that is to be raised keeps the child waiting for us. */
static int rlimits_prepare(struct plan *p)
{
	const struct rlimit_list *list = &p->process->rlimits;
	struct limit own;

	for (size_t i = 0; p->has_userns && i < list->n; i++)
		if (SYS_CALL(SYS_prlimit64, 0, list->v[i].type, NULL, &own) < 0 || own.hard < list->v[i].hard)
			p->parent_first = true;
	return 0;
}

/* Raise the child's ceilings while we still may; it sets the values itself later. */
static int rlimits_parent(struct plan *p, pid_t pid, int pidfd)
{
	const struct rlimits_plan *plan = p->data[ASPECT_RLIMITS];
	const struct rlimit_list *list = &p->process->rlimits;

	(void)pidfd; /* the child is ours and not reaped: its pid is safe */
	if (!p->has_userns)
		return 0;
	for (size_t i = 0; i < list->n; i++) {
		struct limit limit;

		if (SYS_CALL(SYS_prlimit64, 0, list->v[i].type, NULL, &limit) < 0)
			return fail(p->error, errno, "process.rlimits[%zu]: cannot read %s", i, plan->subjects[i]);
		if (limit.hard >= list->v[i].hard)
			continue;
		limit.hard = list->v[i].hard;
		if (SYS_CALL(SYS_prlimit64, pid, list->v[i].type, &limit, NULL) < 0)
			return fail(p->error, errno, "process.rlimits[%zu]: cannot set %s", i, plan->subjects[i]);
	}
	return 0;
}

static CHILD int rlimits_seal(struct child *c)
{
	const struct rlimits_plan *plan = c->plan->data[ASPECT_RLIMITS];
	const struct rlimit_list *list = &c->plan->process->rlimits;

	for (size_t i = 0; i < list->n; i++) {
		struct limit limit = { .soft = list->v[i].soft, .hard = list->v[i].hard };

		if (syscall(SYS_prlimit64, 0, list->v[i].type, &limit, NULL) < 0)
			return errno == EPERM ?
				child_fail_number(c, FAULT("process.rlimits[%n]: cannot set %a (above the caller's hard limit, which takes CAP_SYS_RESOURCE to "
							   "raise, or above the system's)"), EPERM, plan->subjects[i], (int64_t)i) :
				child_fail_number(c, FAULT("process.rlimits[%n]: cannot set %a"), errno, plan->subjects[i], (int64_t)i);
	}
	return 0;
}

static void rlimits_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct rlimits_plan *plan = p->data[ASPECT_RLIMITS];

	if (phase != PHASE_SEAL || !plan)
		return;
	for (size_t i = 0; i < p->process->rlimits.n; i++)
		explain_step(x, "set %s", plan->subjects[i]);
}

const struct aspect aspect_rlimits = {
	.id = ASPECT_RLIMITS,
	.check = rlimits_check,
	.prepare = rlimits_prepare,
	.parent = rlimits_parent,
	.seal = rlimits_seal,
	.explain = rlimits_explain,
};
