/* Checks of the process: identity, limits, scheduling. */
#include "spec/check.h"

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <string.h>

enum { SCHED_RUNTIME_MIN = 1024 /* ns: the kernel's 1 << DL_SCALE */ };

static int check_user(struct error *e, const struct user *user, const char *place)
{
	if (user->uid == UINT32_MAX)
		return fail(e, 0, "%s.user.uid: 4294967295 means no user", place);
	if (user->gid == UINT32_MAX)
		return fail(e, 0, "%s.user.gid: 4294967295 means no group", place);
	for (size_t i = 0; i < user->additional_gids.n; i++)
		if (user->additional_gids.v[i] == UINT32_MAX)
			return fail(e, 0, "%s.user.additionalGids[%zu]: 4294967295 means no group", place, i);
	if (user->umask.set && user->umask.value > 0777)
		return fail(e, 0, "%s.user.umask: %u is greater than 511 (octal 777)", place, user->umask.value);
	return 0;
}

static int check_rlimits(struct error *e, const struct rlimit_list *rlimits, const char *place)
{
	for (size_t i = 0; i < rlimits->n; i++) {
		const struct rlimit_entry *r = &rlimits->v[i];
		const char *name = names_of(&names_rlimits, (uint64_t)r->type);

		for (size_t k = 0; k < i; k++)
			if (rlimits->v[k].type == r->type)
				return fail(e, 0, "%s.rlimits[%zu].type: '%s' is given twice", place, i, name ? name : "?");
		if (r->soft > r->hard)
			return fail(e, 0, "%s.rlimits[%zu].soft: %llu is greater than the hard limit, %llu", place, i, (unsigned long long)r->soft,
				(unsigned long long)r->hard);
	}
	return 0;
}

/* What runc demands first, then what sched_setattr(2) does. */
static int check_scheduler(struct error *e, const struct scheduler *s, const char *place)
{
	bool realtime = s->policy == SCHED_FIFO || s->policy == SCHED_RR;
	uint64_t period = s->period ? s->period : s->deadline;

	if (s->nice < -20 || s->nice > 19)
		return fail(e, 0, "%s.scheduler.nice: %d is out of range (-20 to 19)", place, s->nice);
	if (!realtime && s->priority != 0)
		return fail(e, 0, "%s.scheduler.priority: only for SCHED_FIFO and SCHED_RR", place);
	if (realtime && (s->priority < 1 || s->priority > 99))
		return fail(e, 0, "%s.scheduler.priority: %d is out of range (1 to 99)", place, s->priority);
	if (s->policy != SCHED_DEADLINE) {
		if (s->runtime || s->deadline || s->period)
			return fail(e, 0, "%s.scheduler: runtime, deadline and period are only for SCHED_DEADLINE", place);
		return 0;
	}
	if (s->runtime < SCHED_RUNTIME_MIN || s->runtime > s->deadline || s->deadline > period || period > INT64_MAX)
		return fail(e, 0, "%s.scheduler: SCHED_DEADLINE needs 1024 <= runtime <= deadline <= period (ns)", place);
	return 0;
}

/* capset(2) refuses it later, and says less. */
static int check_capabilities(struct error *e, const struct capabilities *c, const char *place)
{
	uint64_t more = c->effective & ~c->permitted;
	const char *name;

	if (!c->set || !more)
		return 0;
	name = names_of(&names_capabilities, (uint64_t)__builtin_ctzll(more));
	return fail(e, 0, "%s.capabilities.effective: '%s' is not in permitted", place, name ? name : "?");
}

static int check_affinity(struct error *e, const struct cpu_affinity *a, const char *place)
{
	if (!a)
		return 0;
	if (a->initial && !check_number_list(a->initial))
		return fail(e, 0, "%s.execCPUAffinity.initial: '%.64s' is not a list of CPUs", place, a->initial);
	if (a->final && !check_number_list(a->final))
		return fail(e, 0, "%s.execCPUAffinity.final: '%.64s' is not a list of CPUs", place, a->final);
	return 0;
}

int check_process(struct error *e, const struct process *p, const char *place)
{
	if (!p->cwd || p->cwd[0] != '/')
		return fail(e, 0, "%s.cwd: '%.256s' is not an absolute path", place, p->cwd ? p->cwd : "");
	if (p->args.n == 0)
		return fail(e, 0, "%s.args: must not be empty", place);
	if (p->oom_score_adj.set && (p->oom_score_adj.value < -1000 || p->oom_score_adj.value > 1000))
		return fail(e, 0, "%s.oomScoreAdj: %lld is out of range (-1000 to 1000)", place, (long long)p->oom_score_adj.value);
	if (p->io_priority && (p->io_priority->priority < 0 || p->io_priority->priority > 7))
		return fail(e, 0, "%s.ioPriority.priority: %d is out of range (0 to 7)", place, p->io_priority->priority);
	if (check_user(e, &p->user, place) < 0 || check_rlimits(e, &p->rlimits, place) < 0 || check_capabilities(e, &p->capabilities, place) < 0)
		return -1;
	if (p->scheduler && check_scheduler(e, p->scheduler, place) < 0)
		return -1;
	return check_affinity(e, p->exec_cpu_affinity, place);
}
