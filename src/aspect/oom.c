/*
 * process.oomScoreAdj: written by the parent, who may do what a child in a user namespace may not. But files below /proc/PID of a process that may not be
 * looked into belong to root (proc(5)): where an ordinary user's child is such a process from its birth, the hop writes its own beforehand (run/hop.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "aspect/oom.h"
#include "base/io.h"
#include "base/log.h"

enum { OOM_PATH_MAX = 48, OOM_SCORE_MAX = 1000 };

static int oom_check(struct plan *p)
{
	const struct opt_i64 *score = &p->process->oom_score_adj;

	if (score->set && (score->value < -OOM_SCORE_MAX || score->value > OOM_SCORE_MAX))
		return fail(p->error, 0, "process.oomScoreAdj: expected -1000 to 1000, got %" PRId64, score->value);
	p->data[ASPECT_OOM] = score->set ? arena_printf(p->arena, "%" PRId64, score->value) : NULL;
	return 0;
}

CHILD void oom_write_own(const struct child *c)
{
	const char *value = c->plan->data[ASPECT_OOM];
	int r = value ? io_write_file(AT_FDCWD, "/proc/self/oom_score_adj", value, strlen(value)) : 0;

	if (r < 0) /* lowering it is root's; as in oom_parent() */
		child_warn(c, FAULT("process.oomScoreAdj: cannot set %a as an ordinary user"), r, value, NULL);
}

static int oom_parent(struct plan *p, pid_t pid, int pidfd)
{
	const struct opt_i64 *score = &p->process->oom_score_adj;
	const char *value = p->data[ASPECT_OOM];
	char path[OOM_PATH_MAX];
	int r;

	(void)pidfd; /* the child is ours and not reaped: its pid is safe */
	if (!value || oom_is_own(p))
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid); /* fits */
	r = io_write_file(AT_FDCWD, path, value, strlen(value));
	if (r == -EACCES && !p->caller->privileged) {
		/* lowering it is root's; engines pass their own value to an ordinary user's containers, which is no protection */
		log_write(p->log, LOG_LEVEL_WARNING, "process.oomScoreAdj: cannot set %" PRId64 " as an ordinary user", score->value);
		return 0;
	}
	if (r < 0)
		return fail(p->error, r, "process.oomScoreAdj: cannot set %" PRId64, score->value);
	return 0;
}

static void oom_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	if (phase == PHASE_PARENT && p->process->oom_score_adj.set)
		explain_step(x, "set oom_score_adj to %" PRId64, p->process->oom_score_adj.value);
}

const struct aspect aspect_oom = {
	.id = ASPECT_OOM,
	.check = oom_check,
	.parent = oom_parent,
	.explain = oom_explain,
};
