/*
 * The rules of a profile, evaluated naively: an independent statement of what seccomp_bpf.h promises, for test_seccomp_oracle.c. Names and numbers
 * are libseccomp's.
 */
#ifndef SECCOMP_NAIVE_H
#define SECCOMP_NAIVE_H

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "aspect/seccomp_bpf.h"
#include "seccomp_random.h"

enum { RULES_MAX = 48, NAMES_MAX = 12, CLAUSES_MAX = 4 * RULES_MAX * NAMES_MAX };

struct machine {
	enum seccomp_arch arches[3];
	size_t n;
	bool big;
};

/* the first is native */
static const struct machine machines[] = {
	{ { ARCH_X86_64, ARCH_X86, ARCH_X32 }, 3, false },
	{ { ARCH_AARCH64, ARCH_ARM }, 2, false },
	{ { ARCH_RISCV64 }, 1, false },
	{ { ARCH_PPC64LE }, 1, false },
	{ { ARCH_S390X, ARCH_S390 }, 2, true },
};

static const struct arch {
	uint32_t scmp, audit;
	bool wide, muxed;
} arches[ARCH_MAX] = {
	[ARCH_X86] = { SCMP_ARCH_X86, 0x40000003, false, true },
	[ARCH_X86_64] = { SCMP_ARCH_X86_64, 0xc000003e, true, false },
	[ARCH_X32] = { SCMP_ARCH_X32, 0xc000003e, false, false },
	[ARCH_ARM] = { SCMP_ARCH_ARM, 0x40000028, false, false },
	[ARCH_AARCH64] = { SCMP_ARCH_AARCH64, 0xc00000b7, true, false },
	[ARCH_RISCV64] = { SCMP_ARCH_RISCV64, 0xc00000f3, true, false },
	[ARCH_PPC64LE] = { SCMP_ARCH_PPC64LE, 0xc0000015, true, true },
	[ARCH_S390] = { SCMP_ARCH_S390, 0x00000016, false, true },
	[ARCH_S390X] = { SCMP_ARCH_S390X, 0x80000016, true, true },
};

static struct arena arena;
static const struct machine *machine;
static bool tame, tree;

/* ---- the naive evaluation ---- */

/* a test list; number 0xffffffff: any of the rule's */
struct clause {
	uint32_t action;
	size_t n;
	struct seccomp_arg args[6];
};

/* all rules of one number of one architecture */
struct entry {
	bool fixed;
	uint32_t action;
	struct clause clauses[CLAUSES_MAX];
	size_t n;
};

static struct entry *entries[3], *spare;
static uint32_t numbers[3][RULES_MAX * NAMES_MAX * 2];
static size_t n_entries[3];
static int largest[3];
static uint32_t fallback;
static bool listed[3], active[3];

/* the half of a test, as libseccomp's tree sees it */
struct half {
	unsigned int arg, high;
	enum seccomp_operator op;
	uint32_t mask, value;
};

static struct half half_of(const struct clause *c, size_t i, bool wide)
{
	const struct seccomp_arg *a = &c->args[wide ? i / 2 : i];
	bool high = wide && i % 2 == 0;
	uint64_t mask = a->op == OPERATOR_MASKED_EQ ? a->value : UINT64_MAX, value = a->op == OPERATOR_MASKED_EQ ? a->value_two : a->value;

	return (struct half){ a->index, high, a->op, (uint32_t)(high ? mask >> 32 : mask), (uint32_t)(high ? (value & mask) >> 32 : value & mask) };
}

static bool equality(enum seccomp_operator op)
{
	return op == OPERATOR_EQ || op == OPERATOR_NE;
}

static bool upward(enum seccomp_operator op)
{
	return op == OPERATOR_LT || op == OPERATOR_LE;
}

static bool half_same(struct half a, struct half b)
{
	if (a.arg != b.arg || a.high != b.high || a.mask != b.mask || a.value != b.value)
		return false;
	if (!a.high)
		return a.op == b.op;
	return equality(a.op) == equality(b.op) && (a.op == OPERATOR_MASKED_EQ) == (b.op == OPERATOR_MASKED_EQ);
}

static int rank(enum seccomp_operator op)
{
	return equality(op) || op == OPERATOR_MASKED_EQ ? 3 : upward(op) ? 2 : 1;
}

static bool half_later(struct half a, struct half b)
{
	if (a.arg != b.arg)
		return a.arg < b.arg;
	if (rank(a.op) != rank(b.op))
		return rank(a.op) < rank(b.op);
	return rank(a.op) == 2 ? a.value > b.value : a.value < b.value;
}

/* Put a clause into its place among entry->clauses[from, to), which begin alike for @depth halves. */
static void order_clause(struct entry *e, const struct clause *new, size_t from, size_t to, size_t depth, bool wide)
{
	size_t i = from;

	while (i < to) {
		struct half there = half_of(&e->clauses[i], depth, wide), here = half_of(new, depth, wide);
		size_t end = i + 1;

		while (end < to && half_same(half_of(&e->clauses[end], depth, wide), there))
			end++;
		if (half_same(there, here)) {
			size_t last = wide ? 2 * new->n : new->n, old = wide ? 2 * e->clauses[i].n : e->clauses[i].n;

			if (depth + 1 == old)
				return; /* implied */
			if (depth + 1 < last) {
				order_clause(e, new, i, end, depth + 1, wide);
				return;
			}
			e->clauses[i] = *new; /* implies them all */
			memmove(&e->clauses[i + 1], &e->clauses[end], (e->n - end) * sizeof(e->clauses[0]));
			e->n -= end - i - 1;
			return;
		}
		if (half_later(there, here))
			break;
		i = end;
	}
	memmove(&e->clauses[i + 1], &e->clauses[i], (e->n - i) * sizeof(e->clauses[0]));
	e->clauses[i] = *new;
	e->n++;
}

static struct entry *entry_of(size_t arch, uint32_t number)
{
	struct entry *e = &entries[arch][n_entries[arch]];

	for (size_t i = 0; i < n_entries[arch]; i++)
		if (numbers[arch][i] == number)
			return &entries[arch][i];
	numbers[arch][n_entries[arch]++] = number;
	e->fixed = false;
	e->n = 0;
	return e;
}

/*
 * Whether libseccomp 2.5.4 filters a call rightly. Two faults:
 *  - It decides once for a block of code whether the accumulator must be loaded again, though several blocks may jump to it (gen_bpf.c, "do we need
 * to reload the accumulator?"): wrong where two conditions on the same half of an argument are alternatives and the first one has more behind it.
 *  - Nodes for NE, LT, LE, GE and GT with equal high halves are merged, with one action and one continuation for both rules.
 */
static bool sound(const struct entry *e, bool wide)
{
	for (size_t i = 0; i < e->n; i++) {
		for (size_t k = i + 1; k < e->n; k++) {
			const struct clause *a = &e->clauses[i], *b = &e->clauses[k];
			size_t d = 0, halves = wide ? 2 * a->n : a->n;

			while (half_same(half_of(a, d, wide), half_of(b, d, wide)))
				d++;
			if (d + 1 < halves && half_of(a, d, wide).arg == half_of(b, d, wide).arg &&
				half_of(a, d, wide).high == half_of(b, d, wide).high)
				return false;
			for (size_t t = 0; t < a->n + b->n; t++) {
				enum seccomp_operator op = t < a->n ? a->args[t].op : b->args[t - a->n].op;

				if (op != OPERATOR_EQ && op != OPERATOR_MASKED_EQ && (a->action != b->action || a->n > 1 || b->n > 1))
					return false;
			}
		}
	}
	return true;
}

/* In a tame profile every call is one that libseccomp filters rightly. Return: false: this rule would spoil that. @add: else add it. */
static bool naive_add(size_t arch, uint32_t number, const struct clause *clause, bool add)
{
	bool wide = arches[machine->arches[arch]].wide;
	struct entry *e = entry_of(arch, number);
	struct clause kept = { .action = clause->action };

	if (e->fixed)
		return true;
	for (unsigned int arg = 0; arg < 6; arg++) { /* in order of the arguments, without empty masks */
		for (size_t i = 0; i < clause->n; i++) {
			struct seccomp_arg a = clause->args[i];

			if (!wide) {
				a.value &= UINT32_MAX;
				a.value_two &= UINT32_MAX;
			}
			if (a.index == arg && (a.op != OPERATOR_MASKED_EQ || a.value != 0))
				kept.args[kept.n++] = a;
		}
	}
	if (kept.n == 0) {
		e->fixed = add;
		e->action = clause->action;
		return true;
	}
	memcpy(spare->clauses, e->clauses, e->n * sizeof(e->clauses[0]));
	spare->n = e->n;
	order_clause(spare, &kept, 0, spare->n, 0, wide);
	if (tame && !sound(spare, wide))
		return false;
	if (add) {
		memcpy(e->clauses, spare->clauses, spare->n * sizeof(e->clauses[0]));
		e->n = spare->n;
	}
	return true;
}

/* libseccomp says -101 for socket(2) where socketcall(2) is; only the way back from numbers shows that there is a direct call too */
static int direct_number(enum seccomp_arch id, const char *name)
{
	static char *names[ARCH_MAX][600];
	static bool known[ARCH_MAX];

	for (int i = 0; !known[id] && i < 600; i++)
		names[id][i] = seccomp_syscall_resolve_num_arch(arches[id].scmp, i);
	known[id] = true;
	for (int i = 0; i < 600; i++)
		if (names[id][i] && strcmp(names[id][i], name) == 0)
			return i;
	return -1;
}

static bool naive_rule(size_t arch, const char *name, const struct clause *clause, bool add)
{
	uint32_t scmp = arches[machine->arches[arch]].scmp;
	int number = seccomp_syscall_resolve_name_arch(scmp, name);

	if (number == __NR_SCMP_ERROR)
		return true;
	if (number <= -100 && number > -300 && arches[machine->arches[arch]].muxed) { /* libseccomp's numbers of what socketcall and ipc offer */
		struct clause mux = { .action = clause->action, .n = 1 };

		mux.args[0] = (struct seccomp_arg){ 0, (uint64_t)(number > -200 ? -number % 100 : -number % 200), 0, OPERATOR_EQ };
		for (size_t i = 0; i < clause->n; i++)
			if (clause->args[i].index != 0)
				mux.args[mux.n++] = clause->args[i];
		if (!naive_add(arch, (uint32_t)seccomp_syscall_resolve_name_arch(scmp, number > -200 ? "socketcall" : "ipc"), &mux, add))
			return false;
		number = direct_number(machine->arches[arch], name);
	}
	return number < 0 || naive_add(arch, (uint32_t)number, clause, add);
}

static bool naive_holds(const struct seccomp_arg *a, const uint64_t *args, bool wide)
{
	uint64_t x = wide ? args[a->index] : (uint32_t)args[a->index];

	switch (a->op) {
	case OPERATOR_NE:
		return x != a->value;
	case OPERATOR_LT:
		return x < a->value;
	case OPERATOR_LE:
		return x <= a->value;
	case OPERATOR_EQ:
		return x == a->value;
	case OPERATOR_GE:
		return x >= a->value;
	case OPERATOR_GT:
		return x > a->value;
	case OPERATOR_MASKED_EQ:
		return (x & a->value) == (a->value_two & a->value);
	case OPERATOR_MAX:
		break;
	}
	abort();
}

static bool permissive;

/* runc's stub: a number above the largest named one, of a listed architecture */
static bool stub_applies(const struct call *call)
{
	for (size_t i = 0; i < machine->n; i++) {
		enum seccomp_arch id = machine->arches[i];
		bool x32 = call->number & 0x40000000;

		if (permissive || !listed[i] || arches[id].audit != call->audit || largest[i] <= 0)
			continue;
		if ((id == ARCH_X86_64 && x32) || (id == ARCH_X32 && !x32))
			continue;
		if (call->number > (uint32_t)largest[i] || ((id == ARCH_S390 || id == ARCH_S390X) && call->number == 0))
			return true;
	}
	return false;
}

static size_t arch_of(const struct call *call)
{
	size_t arch;

	for (arch = 0; arch < machine->n; arch++) {
		enum seccomp_arch id = machine->arches[arch];

		if (active[arch] && arches[id].audit == call->audit &&
			(call->audit != 0xc000003e || (id == ARCH_X32) == (call->number >= 0x40000000)))
			break;
	}
	return arch;
}

static const struct entry *find_entry(size_t arch, uint32_t number)
{
	for (size_t i = 0; i < n_entries[arch]; i++)
		if (numbers[arch][i] == number)
			return &entries[arch][i];
	return NULL;
}

static uint32_t naive_decide(const struct call *call)
{
	const struct entry *e;
	size_t arch = arch_of(call);

	if (stub_applies(call))
		return SECCOMP_RET_ERRNO | ENOSYS;
	if (arch == machine->n)
		return call->audit == 0xc000003e && call->number == UINT32_MAX && active[0] ? fallback : SECCOMP_RET_KILL_THREAD;
	e = find_entry(arch, call->number);
	if (e && e->fixed)
		return e->action;
	for (size_t k = 0; e && k < e->n; k++) {
		size_t held = 0;

		while (held < e->clauses[k].n && naive_holds(&e->clauses[k].args[held], call->args, arches[machine->arches[arch]].wide))
			held++;
		if (held == e->clauses[k].n)
			return e->clauses[k].action;
	}
	return fallback;
}

#endif
