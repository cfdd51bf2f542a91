/* linux.memoryPolicy: set_mempolicy(2), inherited by whatever the payload starts. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <unistd.h>

#include "aspect/aspect.h"
#include "aspect/idlist.h"
#include "base/sys.h"

/* @mode: with its flags;  @name: for messages;  @has_nodes: whether @nodes is given */
struct mempolicy_plan {
	int mode;
	const char *name;
	bool has_nodes;
	struct idlist nodes;
};

/* set_mempolicy(2): default and local take no nodes, preferred may do without, all others need some */
static int check_nodes(struct plan *p, const struct memory_policy *policy, bool has_nodes, const char *name)
{
	bool none = policy->mode == MPOL_DEFAULT || policy->mode == MPOL_LOCAL;

	if (none && has_nodes)
		return fail(p->error, 0, "linux.memoryPolicy.nodes: mode %s takes no nodes", name);
	if (none && policy->flags != 0)
		return fail(p->error, 0, "linux.memoryPolicy.flags: mode %s takes no flags", name);
	if (!none && !has_nodes && policy->mode != MPOL_PREFERRED)
		return fail(p->error, 0, "linux.memoryPolicy.nodes: required by mode %s", name);
	return 0;
}

static int mempolicy_check(struct plan *p)
{
	const struct memory_policy *policy = p->spec->linux.memory_policy;
	struct mempolicy_plan *plan;

	if (!policy)
		return 0;
	plan = arena_new(p->arena, struct mempolicy_plan);
	plan->mode = policy->mode | (int)policy->flags;
	plan->name = arena_strdup(p->arena, names_of(&names_mpol_modes, (uint64_t)policy->mode));
	if (policy->nodes && policy->nodes[0] != '\0') {
		if (idlist_parse(policy->nodes, &plan->nodes) < 0)
			return fail(p->error, 0, "linux.memoryPolicy.nodes: expected a list of nodes as '0-3,7' below %d, got '%s'", IDLIST_MAX,
				policy->nodes);
		plan->has_nodes = true;
	}
	if (check_nodes(p, policy, plan->has_nodes, plan->name) < 0)
		return -1;
	p->data[ASPECT_MEMPOLICY] = plan;
	return 0;
}

static CHILD int mempolicy_seal(struct child *c)
{
	const struct mempolicy_plan *plan = c->plan->data[ASPECT_MEMPOLICY];
	long r;

	if (!plan)
		return 0;
	/* the kernel reads one bit less than it is told (set_mempolicy(2), BUGS) */
	r = plan->has_nodes ? syscall(SYS_set_mempolicy, plan->mode, plan->nodes.bits, (unsigned long)IDLIST_MAX + 1)
			    : syscall(SYS_set_mempolicy, plan->mode, NULL, 0ul);
	if (r < 0)
		return child_fail(c, FAULT("linux.memoryPolicy: cannot set the policy %a"), errno, plan->name, NULL);
	return 0;
}

static void mempolicy_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct mempolicy_plan *plan = p->data[ASPECT_MEMPOLICY];

	if (phase == PHASE_SEAL && plan)
		explain_step(x, "set the memory policy %s%s%s", plan->name, plan->has_nodes ? " on nodes " : "",
			plan->has_nodes ? p->spec->linux.memory_policy->nodes : "");
}

static void write_names(struct json_writer *w, const char *key, const struct names *names)
{
	json_open_array(w, key);
	for (size_t i = 0; i < names->n; i++)
		json_string(w, NULL, names->v[i].name);
	json_close_array(w);
}

static void mempolicy_features(struct json_writer *w)
{
	json_open_object(w, "memoryPolicy");
	write_names(w, "modes", &names_mpol_modes);
	write_names(w, "flags", &names_mpol_flags);
	json_close_object(w);
}

const struct aspect aspect_mempolicy = {
	.id = ASPECT_MEMPOLICY,
	.check = mempolicy_check,
	.seal = mempolicy_seal,
	.explain = mempolicy_explain,
	.features = mempolicy_features,
};
