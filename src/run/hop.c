/* The second hop. */
#include "run/hop.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "aspect/oom.h"
#include "base/scope.h"
#include "base/sys.h"
#include "run/child.h"
#include "run/way.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static const uint64_t clone_flag[] = {
#define X(id, name, flag, file) [NAMESPACE_##id] = flag,
	NAMESPACE_TYPES(X)
#undef X
};
_Static_assert(ARRAY_SIZE(clone_flag) == NAMESPACE_MAX, "every namespace has a flag");

static bool has_time_offsets(const struct plan *p)
{
	const struct linux_config *l = &p->spec->linux;

	return (p->new_namespaces & CLONE_NEWTIME) && (l->time_offsets.monotonic.set || l->time_offsets.boottime.set);
}

bool hop_needed(const struct plan *p)
{
	const struct namespace_list *list = &p->spec->linux.namespaces;

	if (p->request->exec || has_time_offsets(p))
		return true;
	for (size_t i = 0; i < list->n; i++) {
		const struct namespace *ns = &list->v[i];

		if (ns->path && (ns->type == NAMESPACE_PID || ns->type == NAMESPACE_USER || (p->new_namespaces & CLONE_NEWUSER)))
			return true;
	}
	return false;
}

/*
 * Those that let us in as who we are come first: they may belong to the outer user namespace. What says EPERM gets its second chance after the
 * user namespace was joined (setns(2): CAP_SYS_ADMIN is wanted in the user namespace that owns the target).
 */
CHILD int hop_join(struct child *c)
{
	const struct plan *p = c->plan;
	unsigned int todo = 0;
	int r;

	for (int type = 0; type < NAMESPACE_MAX; type++) {
		if (p->join_fd[type] < 0 || type == NAMESPACE_USER)
			continue;
		r = p->join_fd[NAMESPACE_USER] >= 0 && type == NAMESPACE_MOUNT ? -EPERM : sys_setns(p->join_fd[type], (int)clone_flag[type]);
		if (r == -EPERM && p->join_fd[NAMESPACE_USER] >= 0)
			todo |= 1u << type;
		else if (r < 0)
			return child_fail(c, FAULT("cannot join the namespace at '%a'"), r, engine_of(p)->join_path[type], NULL);
	}
	if (p->join_fd[NAMESPACE_USER] >= 0) {
		r = sys_setns(p->join_fd[NAMESPACE_USER], CLONE_NEWUSER);
		if (r < 0)
			return child_fail(c, FAULT("cannot join the user namespace at '%a'"), r, engine_of(p)->join_path[NAMESPACE_USER], NULL);
	}
	for (int type = 0; type < NAMESPACE_MAX; type++) {
		if (!(todo & (1u << type)))
			continue;
		r = sys_setns(p->join_fd[type], (int)clone_flag[type]);
		if (r < 0)
			return child_fail(c, FAULT("cannot join the namespace at '%a'"), r, engine_of(p)->join_path[type], NULL);
	}
	return 0;
}

/* exec: all namespaces of the container at once (setns(2) with a pidfd) */
static CHILD int enter_container(struct child *c)
{
	uint64_t flags = c->plan->facts->clone_flags;
	const struct way *way = engine_of(c->plan)->way;
	int r;

	if (cgroup_join_self(c, &engine_of(c->plan)->cgroup) < 0 || (way && way_begin(c, way) < 0))
		return -1;
	/* `hull enter` may have found nothing but another root directory */
	r = flags == 0 ? 0 : sys_setns(engine_of(c->plan)->target_pidfd, (int)flags);

	if (r == -EINVAL && (flags & CLONE_NEWTIME)) /* multi-threaded restrictions do not apply; older kernels refuse time with pidfds */
		r = sys_setns(engine_of(c->plan)->target_pidfd, (int)(flags & ~(uint64_t)CLONE_NEWTIME));
	if (r < 0)
		return child_fail(c, FAULT("cannot enter the container's namespaces"), r, NULL, NULL);
	return way ? way_end(c, way) : 0;
}

/* A new user namespace is made with it, or an ordinary user could not make it; the parent then writes id maps and offsets. */
static CHILD int make_time_namespace(struct child *c)
{
	struct message m;
	int r = sys_unshare((int)(c->plan->new_namespaces & (CLONE_NEWTIME | CLONE_NEWUSER)));

	if (r < 0)
		return child_fail(c, FAULT("cannot make a time namespace"), r, NULL, NULL);
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_HOP_TIME;
	if (channel_send(c->channel, &m, -1) < 0 || channel_receive(c->channel, &m, NULL) != 1)
		_exit(CHILD_EXIT_FAULT);
	return 0;
}

/*
 * Before a namespace is joined in which others are: neither we nor the child, which inherits this, may be looked into by them (ptrace(2), /proc/PID/fd): an
 * attacker waits for the moment between clone and the child's first step (CVE-2016-9962). Only an ordinary user's new user namespace comes
 * first: its maps can be written as long as the process may be looked into, and the child hides itself after that.
 */
static CHILD void hide(struct child *c)
{
	if ((c->plan->new_namespaces & CLONE_NEWUSER) && !c->plan->caller->privileged)
		return;
	if (oom_is_own(c->plan)) {
		c->aspect = ASPECT_OOM;
		oom_write_own(c);
		c->aspect = ASPECT_ENGINE;
	}
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* cannot fail with this argument */
}

CHILD _Noreturn void hop_main(const struct plan *p, int channel)
{
	struct child c = { .plan = p, .channel = channel, .root = NO_FD, .proc = NO_FD, .tty = NO_FD, .aspect = ASPECT_ENGINE, .phase = PHASE_ENTER };
	uint64_t flags = p->request->exec ? 0 : p->new_namespaces & ~(plan_cgroup_ns_at_clone(p) ? 0 : (uint64_t)CLONE_NEWCGROUP);
	struct clone_args args;
	struct message m;
	int pidfd = NO_FD;
	pid_t pid;

	(void)close_fd(engine_of(p)->lock_fd);
	hide(&c);
	if (p->request->exec ? enter_container(&c) : hop_join(&c))
		_exit(CHILD_EXIT_FAULT);
	if (!p->request->exec && has_time_offsets(p)) {
		if (make_time_namespace(&c) < 0)
			_exit(CHILD_EXIT_FAULT);
		flags &= ~(uint64_t)(CLONE_NEWTIME | CLONE_NEWUSER);
	}
	memset(&args, 0, sizeof(args));
	args.flags = flags | CLONE_PARENT | CLONE_PIDFD; /* a sibling: hull is to be its parent and to wait for it */
	args.pidfd = (uint64_t)(uintptr_t)&pidfd;
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0)
		child_main(p, channel);
	if (pid < 0) {
		(void)child_fail(&c, FAULT("cannot clone into new namespaces"), pid, NULL, NULL); /* -1 by nature */
		_exit(CHILD_EXIT_FAULT);
	}
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_HOP;
	m.number = pid;
	_exit(channel_send(channel, &m, pidfd) < 0 ? CHILD_EXIT_FAULT : 0);
}
