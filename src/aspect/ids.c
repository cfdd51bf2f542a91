/*
 * process.user: umask, supplementary groups, group and user id.
 *
 * The system calls are raw: libc's wrappers would signal threads that the child does not have. PR_SET_KEEPCAPS keeps the permitted set over the
 * change to an ordinary user, so that caps can cut it to what is asked for afterwards; execve clears that flag (prctl(2)).
 */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "aspect/user.h"
#include "base/sys.h"
#include "spec/oci.h"

/* what setgroups(2) accepts; the payload's umask where the document says none, as every engine's containers know it */
enum { IDS_GROUPS_MAX = 65536, IDS_UMASK = 022 };

/* @keep_groups: the caller's supplementary groups stay (annotation run.oci.keep_original_groups, and in sandboxes: it is the caller who runs there). Those of
 * the document are then not added, as with crun: Podman lists the groups of the image's user beside the annotation. */
struct ids_plan {
	bool keep_groups;
};

static int ids_check(struct plan *p)
{
	const char *keep = spec_annotation(p->spec, "run.oci.keep_original_groups");
	struct ids_plan *plan = arena_new(p->arena, struct ids_plan);

	if (p->process->user.additional_gids.n > IDS_GROUPS_MAX)
		return fail(p->error, 0, "process.user.additionalGids: expected at most %d groups", IDS_GROUPS_MAX);
	plan->keep_groups = (keep && (strcmp(keep, "1") == 0 || strcmp(keep, "true") == 0)) ||
			    (p->request->sandbox && p->process->user.additional_gids.n == 0);
	p->data[ASPECT_IDS] = plan;
	return 0;
}

/*
 * Also with an empty list: the caller's groups must go. An ordinary user's namespace may forbid the call (user_namespaces(7), setgroups "deny"):
 * with an empty list there is nothing to be done about the groups it then keeps, and every runtime accepts that.
 */
static CHILD int set_groups(const struct child *c, const struct user *user)
{
	const struct ids_plan *plan = c->plan->data[ASPECT_IDS];
	bool may_be_denied = c->plan->has_userns || !c->plan->caller->privileged;
	int r;

	if (plan->keep_groups)
		return 0;
	r = sys_setgroups(user->additional_gids.n, user->additional_gids.v);
	if (r < 0 && !(r == -EPERM && user->additional_gids.n == 0 && may_be_denied))
		return child_fail(c, FAULT("process.user.additionalGids: cannot set the supplementary groups"), r, NULL, NULL);
	return 0;
}

/* A sandbox has the caller's, as a command without one. */
static CHILD void set_umask(const struct child *c)
{
	const struct user *user = &c->plan->process->user;
	mode_t otherwise = c->plan->request->sandbox ? c->umask : IDS_UMASK;

	(void)umask(user->umask.set ? (mode_t)(user->umask.value & 0777) : otherwise); /* cannot fail */
}

static CHILD int ids_seal(struct child *c)
{
	const struct user *user = &c->plan->process->user;
	int r;

	set_umask(c);
	if (set_groups(c, user) < 0)
		return -1;
	if (user_is_joined(c->plan)) /* it has been who it is to be since it entered */
		return 0;
	r = sys_setresgid(user->gid, user->gid, user->gid);
	if (r == -EINVAL)
		return child_fail_number(c, FAULT("process.user.gid: cannot become group %n (linux.gidMappings does not map it)"), r, NULL, user->gid);
	if (r < 0)
		return child_fail_number(c, FAULT("process.user.gid: cannot become group %n"), r, NULL, user->gid);
	/* root to root keeps its capabilities by itself */
	if (user->uid != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return child_fail(c, FAULT("cannot keep capabilities over the change of user"), errno, NULL, NULL);
	r = sys_setresuid(user->uid, user->uid, user->uid);
	if (r == -EINVAL)
		return child_fail_number(c, FAULT("process.user.uid: cannot become user %n (linux.uidMappings does not map it)"), r, NULL, user->uid);
	if (r < 0)
		return child_fail_number(c, FAULT("process.user.uid: cannot become user %n"), r, NULL, user->uid);
	return 0;
}

static void ids_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct ids_plan *plan = p->data[ASPECT_IDS];
	const struct user *user = &p->process->user;

	if (phase != PHASE_SEAL)
		return;
	if (p->request->sandbox && !user->umask.set)
		explain_step(x, "set the umask to what it was");
	else
		explain_step(x, "set the umask to %04o", user->umask.set ? user->umask.value & 0777 : (unsigned int)IDS_UMASK);
	if (plan && plan->keep_groups)
		explain_step(x, "keep the caller's supplementary groups");
	else if (user->additional_gids.n == 0)
		explain_step(x, "drop all supplementary groups");
	for (size_t i = 0; i < user->additional_gids.n && !(plan && plan->keep_groups); i++)
		explain_step(x, "be in the supplementary group %u", user->additional_gids.v[i]);
	if (user_is_joined(p) && user->uid == p->caller->euid && user->gid == p->caller->egid)
		return;
	explain_step(x, "become user %u and group %u", user->uid, user->gid);
}

const struct aspect aspect_ids = {
	.id = ASPECT_IDS,
	.check = ids_check,
	.seal = ids_seal,
	.explain = ids_explain,
};
