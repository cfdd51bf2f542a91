/*
 * The rules of a profile, sorted out by system call.
 *
 * Reading makes a list of references for every name; a call of an architecture then gets either one action, or its clauses in the order in which they
 * are tried. That order is the one of libseccomp's tree (facts of 2.5.4, not its code): a clause is a path of elements (for each argument the
 * high and the low half), paths share equal beginnings, and on each level elements are sorted by argument (descending), half, kind of comparison
 * (equality, then LT and LE, then GE and GT) and value (LT and LE ascending, others descending). A clause whose path begins with another one's is
 * dropped.
 */
#include "aspect/seccomp_rules.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>

#include "aspect/seccomp_bpf.h"

/*
 * A rule of the document, made once for all its names.
 * @clauses: [0] for 32-bit, [1] for 64-bit architectures; a clause without tests decides the call
 */
struct form {
	uint32_t action;
	size_t n;
	struct seccomp_clause *clauses[2];
};

/* @mux: the rule came by a name that socketcall(2) or ipc(2) offer: their first argument, else 0 */
struct seccomp_ref {
	struct seccomp_ref *next;
	const struct form *form;
	uint8_t mux;
};

/* One half of a test, a node of the tree of clauses. */
struct element {
	struct element *sibling, *child;
	const struct seccomp_clause *clause; /* NULL: the path goes on */
	uint32_t place; /* argument * 2 + high half */
	enum seccomp_operator op;
	uint32_t mask, value;
};

uint32_t seccomp_return(enum seccomp_action action, struct opt_u32 errno_ret)
{
	static const uint32_t values[ACTION_MAX] = {
#define X(id, name, ret) [ACTION_##id] = ret,
		SECCOMP_ACTIONS(X)
#undef X
	};
	uint32_t data = 0;

	if (action == ACTION_ERRNO || action == ACTION_TRACE)
		data = errno_ret.set ? errno_ret.value & SECCOMP_RET_DATA : EPERM;
	return values[action] | data;
}

int seccomp_syscall_id(const char *name)
{
	uint32_t slot = syscall_hash(name) % SYSCALL_SLOTS;

	for (; syscall_slots[slot]; slot = (slot + 1) % SYSCALL_SLOTS) {
		int id = syscall_slots[slot] - 1;

		if (strcmp(syscall_pool + syscall_name_at[id], name) == 0)
			return id;
	}
	return -ENOENT;
}

static void add_ref(struct seccomp_rules *r, size_t id, const struct form *form, uint8_t mux)
{
	struct seccomp_ref *ref = arena_new(r->arena, struct seccomp_ref);

	ref->form = form;
	ref->mux = mux;
	if (!r->tails[id])
		r->tails[id] = &r->refs[id];
	*r->tails[id] = ref;
	r->tails[id] = &ref->next;
}

/* A mask of nothing tests nothing. */
static void add_test(struct seccomp_clause *clause, const struct seccomp_arg *arg, bool wide)
{
	uint64_t width = wide ? UINT64_MAX : UINT32_MAX;
	struct seccomp_test test = { .arg = arg->index, .op = arg->op, .mask = width, .value = arg->value & width };
	size_t at = clause->n;

	if (arg->op == OPERATOR_MASKED_EQ) {
		test.mask = arg->value & width;
		test.value = arg->value_two & test.mask;
		if (test.mask == 0)
			return;
	}
	for (; at > 0 && clause->tests[at - 1].arg > test.arg; at--)
		clause->tests[at] = clause->tests[at - 1];
	clause->tests[at] = test;
	clause->n++;
}

static int make_form(struct seccomp_rules *r, const struct seccomp_rule *rule, size_t index, struct form *form)
{
	unsigned int seen = 0;
	bool repeated = false;

	for (size_t i = 0; i < rule->args.n; i++) {
		if (rule->args.v[i].index >= SECCOMP_ARGS)
			return fail(r->error, 0, "linux.seccomp.syscalls[%zu].args[%zu].index: %u is not one of the six arguments", index, i,
				rule->args.v[i].index);
		repeated |= seen & 1u << rule->args.v[i].index;
		seen |= 1u << rule->args.v[i].index;
	}
	form->n = rule->args.n == 0 || !repeated ? 1 : rule->args.n;
	for (int wide = 0; wide < 2; wide++) {
		form->clauses[wide] = arena_many(r->arena, struct seccomp_clause, form->n);
		for (size_t i = 0; i < form->n; i++)
			form->clauses[wide][i].action = form->action;
		for (size_t i = 0; i < rule->args.n; i++)
			add_test(&form->clauses[wide][repeated ? i : 0], &rule->args.v[i], wide);
	}
	return 0;
}

static int read_name(struct seccomp_rules *r, const char *name, const struct form *form, bool fail_unknown, size_t rule, size_t index)
{
	int id = seccomp_syscall_id(name);

	if (id < 0)
		return fail_unknown ? fail(r->error, 0, "linux.seccomp.syscalls[%zu].names[%zu]: unknown system call '%s'", rule, index, name) : 0;
	r->named[id] = true;
	if (form->action == r->fallback)
		return 0;
	add_ref(r, (size_t)id, form, 0);
	if (syscall_mux[id])
		add_ref(r, syscall_mux[id] & SYSCALL_MUX_SOCKET ? r->socketcall : r->ipc, form, syscall_mux[id] & SYSCALL_MUX_ARGUMENT);
	return 0;
}

int seccomp_rules_read(struct seccomp_rules *r, const struct seccomp *seccomp, bool fail_unknown)
{
	r->fallback = seccomp_return(seccomp->default_action, seccomp->default_errno_ret);
	r->notify = false;
	r->n_clauses = 0;
	r->named = arena_many(r->arena, bool, syscall_n_names);
	r->refs = arena_many(r->arena, struct seccomp_ref *, syscall_n_names);
	r->tails = arena_many(r->arena, struct seccomp_ref **, syscall_n_names);
	r->socketcall = (size_t)seccomp_syscall_id("socketcall");
	r->ipc = (size_t)seccomp_syscall_id("ipc");
	for (size_t i = 0; i < seccomp->syscalls.n; i++) {
		const struct seccomp_rule *rule = &seccomp->syscalls.v[i];
		struct form *form = arena_new(r->arena, struct form);

		form->action = seccomp_return(rule->action, rule->errno_ret);
		r->notify |= rule->action == ACTION_NOTIFY;
		if (make_form(r, rule, i, form) < 0)
			return -1;
		for (size_t k = 0; k < rule->names.n; k++)
			if (read_name(r, rule->names.v[k], form, fail_unknown, i, k) < 0)
				return -1;
	}
	return 0;
}

/* The nodes of libseccomp's tree know three comparisons: =, >, >=; others are these with true and false swapped. */
static enum seccomp_operator node_op(const struct element *e)
{
	static const enum seccomp_operator ops[OPERATOR_MAX] = {
		[OPERATOR_EQ] = OPERATOR_EQ,
		[OPERATOR_NE] = OPERATOR_EQ,
		[OPERATOR_MASKED_EQ] = OPERATOR_MASKED_EQ,
		[OPERATOR_GT] = OPERATOR_GT,
		[OPERATOR_LE] = OPERATOR_GT,
		[OPERATOR_GE] = OPERATOR_GE,
		[OPERATOR_LT] = OPERATOR_GE,
	};
	enum seccomp_operator op = ops[e->op];

	return e->place & 1 && op == OPERATOR_GE ? OPERATOR_GT : op;
}

/* high halves of equal comparisons are one node; a low half ends its test, so there the whole comparison counts */
static bool same_element(const struct element *a, const struct element *b)
{
	return a->place == b->place && a->mask == b->mask && a->value == b->value && (a->place & 1 ? node_op(a) == node_op(b) : a->op == b->op);
}

static int class_of(enum seccomp_operator op)
{
	static const int classes[OPERATOR_MAX] = {
		[OPERATOR_EQ] = 3,
		[OPERATOR_NE] = 3,
		[OPERATOR_MASKED_EQ] = 3,
		[OPERATOR_LE] = 2,
		[OPERATOR_LT] = 2,
		[OPERATOR_GE] = 1,
		[OPERATOR_GT] = 1,
	};

	return classes[op];
}

/* whether @a is tried after @b */
static bool after(const struct element *a, const struct element *b)
{
	if (a->place != b->place)
		return a->place < b->place;
	if (class_of(a->op) != class_of(b->op))
		return class_of(a->op) < class_of(b->op);
	return class_of(a->op) == 2 ? a->value > b->value : a->value < b->value;
}

/* Find or make @key on @level. Return: its node. */
static struct element *put_element(struct arena *arena, struct element **level, const struct element *key)
{
	struct element *e;

	for (; *level && !same_element(*level, key) && !after(*level, key); level = &(*level)->sibling)
		;
	if (*level && same_element(*level, key))
		return *level;
	e = arena_new(arena, struct element);
	*e = *key;
	e->sibling = *level;
	*level = e;
	return e;
}

static void put_clause(struct arena *arena, struct element **tree, const struct seccomp_clause *clause, bool wide)
{
	struct element *e = NULL;

	for (size_t i = 0; i < clause->n; i++) {
		const struct seccomp_test *t = &clause->tests[i];

		for (int high = wide; high >= 0; high--) {
			struct element key = { .place = t->arg * 2 + (uint32_t)high,
				.op = t->op,
				.mask = (uint32_t)(t->mask >> 32 * high),
				.value = (uint32_t)(t->value >> 32 * high) };

			e = put_element(arena, tree, &key);
			if (e->clause)
				return; /* a shorter rule, or the same one, is there */
			tree = &e->child;
		}
	}
	if (!e)
		return; /* no tests: decided() took it */
	e->clause = clause;
	e->child = NULL; /* what was longer */
}

static void collect(const struct element *level, struct seccomp_call *call)
{
	for (; level; level = level->sibling) {
		if (level->clause)
			call->clauses[call->n++] = level->clause;
		else
			collect(level->child, call);
	}
}

/* socketcall(2) and ipc(2) show a filter only the number of the call and a pointer: what a rule says of its first argument cannot be tested. */
static const struct seccomp_clause *mux_clause(struct arena *arena, const struct seccomp_clause *clause, uint8_t mux, bool wide)
{
	struct seccomp_clause *copy = arena_new(arena, struct seccomp_clause);
	size_t skip = clause->n > 0 && clause->tests[0].arg == 0;

	copy->action = clause->action;
	copy->tests[0] = (struct seccomp_test){ .arg = 0, .op = OPERATOR_EQ, .mask = wide ? UINT64_MAX : UINT32_MAX, .value = mux };
	copy->n = clause->n - skip + 1;
	memcpy(copy->tests + 1, clause->tests + skip, (clause->n - skip) * sizeof(clause->tests[0]));
	return copy;
}

/* the first rule of a call that asks nothing */
static bool decided(const struct seccomp_ref *ref, bool wide, struct seccomp_call *call)
{
	for (; ref; ref = ref->next) {
		for (size_t i = 0; i < ref->form->n && !ref->mux; i++) {
			if (ref->form->clauses[wide][i].n == 0) {
				*call = (struct seccomp_call){ .action = ref->form->action };
				return true;
			}
		}
	}
	return false;
}

int seccomp_rules_call(struct seccomp_rules *r, size_t id, bool wide, bool muxed, struct seccomp_call *ret_call)
{
	struct seccomp_call call = { .action = r->fallback };
	struct element *tree = NULL;
	size_t n = 0;

	if (!r->refs[id])
		return 0;
	if (decided(r->refs[id], wide, ret_call))
		return 1;
	for (const struct seccomp_ref *ref = r->refs[id]; ref; ref = ref->next) {
		if (ref->mux && !muxed)
			continue;
		n += ref->form->n;
		if (r->n_clauses + n > BPF_MAXINSNS)
			return fail(r->error, 0, "linux.seccomp.syscalls: more than %d conditional rules", BPF_MAXINSNS);
		for (size_t i = 0; i < ref->form->n; i++) {
			const struct seccomp_clause *clause = &ref->form->clauses[wide][i];

			put_clause(r->arena, &tree, ref->mux ? mux_clause(r->arena, clause, ref->mux, wide) : clause, wide);
		}
	}
	if (n == 0)
		return 0;
	r->n_clauses += n;
	call.clauses = arena_many(r->arena, const struct seccomp_clause *, n);
	collect(tree, &call);
	*ret_call = call;
	return 1;
}
