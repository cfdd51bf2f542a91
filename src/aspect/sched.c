/*
 * process.scheduler, process.ioPriority and process.execCPUAffinity.
 *
 * The affinity concerns `hull exec` only (runtime-spec, config.md): the initial one is set by the parent before it moves the new process
 * into the container's cgroup, the final one by the process itself at the end. Without one the processors that hull's caller was bound to are forgotten: a
 * daemon's affinity is not the container's, whose cgroup says where it may run (runc since 1.3).
 */
#include <errno.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "aspect/aspect.h"
#include "aspect/idlist.h"
#include "base/sys.h"

/* struct sched_attr of sched_setattr(2), first version; libc has none and linux/sched/types.h clashes with sched.h */
struct scheduler_attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};
_Static_assert(sizeof(struct scheduler_attributes) == 48, "sched_setattr(2): SCHED_ATTR_SIZE_VER0");

/* @has_initial, @has_final: whether there is such an affinity;  @policy: its name */
struct sched_plan {
	struct scheduler_attributes attributes;
	const char *policy;
	bool has_initial, has_final;
	struct idlist initial, final;
};

static int parse_affinity(struct plan *p, const char *member, const char *text, struct idlist *list, bool *has)
{
	int r;

	if (!text || text[0] == '\0')
		return 0;
	r = idlist_parse(text, list);
	if (r == -ERANGE)
		return fail(p->error, 0, "process.execCPUAffinity.%s: expected CPU numbers below %d, got '%s'", member, IDLIST_MAX, text);
	if (r < 0)
		return fail(p->error, 0, "process.execCPUAffinity.%s: expected a list of CPUs as '0-3,7', got '%s'", member, text);
	*has = true;
	return 0;
}

static int sched_check(struct plan *p)
{
	const struct cpu_affinity *affinity = p->process->exec_cpu_affinity;
	const struct scheduler *s = p->process->scheduler;
	struct sched_plan *plan = arena_new(p->arena, struct sched_plan);

	if (s) {
		plan->attributes = (struct scheduler_attributes){ .size = sizeof(plan->attributes), .policy = (uint32_t)s->policy, .flags = s->flags,
			.nice = s->nice, .priority = (uint32_t)s->priority, .runtime = s->runtime, .deadline = s->deadline, .period = s->period };
		plan->policy = arena_strdup(p->arena, names_of(&names_sched_policies, (uint64_t)s->policy));
	}
	p->data[ASPECT_SCHED] = plan;
	if (!affinity)
		return 0;
	if (parse_affinity(p, "initial", affinity->initial, &plan->initial, &plan->has_initial) < 0)
		return -1;
	return parse_affinity(p, "final", affinity->final, &plan->final, &plan->has_final);
}

static int sched_parent(struct plan *p, pid_t pid, int pidfd)
{
	const struct sched_plan *plan = p->data[ASPECT_SCHED];

	(void)pidfd; /* the child is ours and not reaped: its pid is safe */
	if (!p->request->exec || !plan->has_initial)
		return 0;
	if (syscall(SYS_sched_setaffinity, pid, sizeof(plan->initial), &plan->initial) < 0)
		return fail(p->error, errno, "process.execCPUAffinity.initial: cannot run on CPUs '%s'", p->process->exec_cpu_affinity->initial);
	return 0;
}

/* The kernel takes what the cpuset allows out of it. Where nothing may be asked for, the process stays where it is. */
static CHILD void forget_affinity(const struct child *c)
{
	unsigned char all[1024];

	if (c->plan->request->sandbox || c->plan->process->exec_cpu_affinity)
		return;
	memset(all, 0xff, sizeof(all));
	(void)syscall(SYS_sched_setaffinity, 0, sizeof(all), all);
}

/* A kernel with CONFIG_RT_GROUP_SCHED gives a new cgroup no real-time time: the usual reason why even root may not (sched(7)). */
static CHILD int policy_refused(const struct child *c, const struct sched_plan *plan, int errnum)
{
	if (errnum == EPERM && plan->attributes.priority > 0)
		return child_fail(c, FAULT("process.scheduler: cannot set the policy %a (needs CAP_SYS_NICE, and where cgroups have shares of real-time "
					   "processor time, linux.resources.cpu.realtimeRuntime)"),
			errnum, plan->policy, NULL);
	return child_fail(c, FAULT("process.scheduler: cannot set the policy %a"), errnum, plan->policy, NULL);
}

static CHILD int sched_seal(struct child *c)
{
	const struct sched_plan *plan = c->plan->data[ASPECT_SCHED];
	const struct process *process = c->plan->process;
	const struct io_priority *io = process->io_priority;

	forget_affinity(c);
	if (c->plan->request->exec && plan->has_final && syscall(SYS_sched_setaffinity, 0, sizeof(plan->final), &plan->final) < 0)
		return child_fail(c, FAULT("process.execCPUAffinity.final: cannot run on CPUs '%a'"), errno, process->exec_cpu_affinity->final, NULL);
	if (process->scheduler && syscall(SYS_sched_setattr, 0, &plan->attributes, 0) < 0)
		return policy_refused(c, plan, errno);
	if (io && syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(io->class, io->priority)) < 0)
		return child_fail(c, FAULT("process.ioPriority: cannot set the I/O priority"), errno, NULL, NULL);
	return 0;
}

static void sched_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct sched_plan *plan = p->data[ASPECT_SCHED];
	const struct process *process = p->process;

	if (!plan)
		return;
	if (phase == PHASE_PARENT && p->request->exec && plan->has_initial)
		explain_step(x, "run on CPUs %s at first", process->exec_cpu_affinity->initial);
	if (phase != PHASE_SEAL)
		return;
	if (!p->request->sandbox && !process->exec_cpu_affinity)
		explain_step(x, "forget the processors that the caller was bound to");
	if (p->request->exec && plan->has_final)
		explain_step(x, "run on CPUs %s", process->exec_cpu_affinity->final);
	if (process->scheduler)
		explain_step(x, "set the scheduling policy %s (nice %d, priority %u)", plan->policy ? plan->policy : "?", plan->attributes.nice,
			plan->attributes.priority);
	if (process->io_priority)
		explain_step(x, "set the I/O priority %s %d", names_of(&names_io_classes, (uint64_t)process->io_priority->class),
			process->io_priority->priority);
}

const struct aspect aspect_sched = {
	.id = ASPECT_SCHED,
	.check = sched_check,
	.parent = sched_parent,
	.seal = sched_seal,
	.explain = sched_explain,
};
