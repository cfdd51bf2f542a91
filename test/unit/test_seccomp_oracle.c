/*
 * Random profiles, decided three ways for random calls: by our program in an interpreter, by a naive evaluation of the rules as seccomp_bpf.h states
 * them, and by libseccomp's exported filter in the same interpreter (with runc's ENOSYS stub in front, restated here). HULL_ORACLE_PROFILES and
 * HULL_ORACLE_CALLS say how many (1000, 10000), HULL_ORACLE_SEED where to begin.
 *
 * Where libseccomp cannot be asked: it refuses a rule that contradicts an earlier one on the same conditions (-EEXIST; then the rule leaves the profile for
 * everybody), and where rules of one call with different actions overlap, its tree has faults with NE, LT, LE, GE and GT (facts of 2.5.4: nodes
 * of equal high halves are merged and keep the action of the first rule; a shared tail serves both rules). Profiles with such rules ("wild") are decided
 * by our program and the naive evaluation only; all others by all three.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aspect/seccomp_bpf.h"
#include "aspect/seccomp_table.h"
#include "seccomp_random.h"
#include "unit.h"

enum { RULES_MAX = 48, NAMES_MAX = 12, CALLS_MAX = 4096, CLAUSES_MAX = 4 * RULES_MAX * NAMES_MAX };

struct machine {
	enum seccomp_arch arches[3];
	size_t n;
	bool big;
};

/* the first is native */
static const struct machine machines[] = {
	{ { ARCH_X86_64, ARCH_X86, ARCH_X32 }, 3, false }, { { ARCH_AARCH64, ARCH_ARM }, 2, false }, { { ARCH_RISCV64 }, 1, false },
	{ { ARCH_PPC64LE }, 1, false },			   { { ARCH_S390X, ARCH_S390 }, 2, true },
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
static bool wild;

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

static struct entry *entries[3];
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
	return (equality(a.op) && equality(b.op)) || (a.op == OPERATOR_MASKED_EQ) == (b.op == OPERATOR_MASKED_EQ);
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

static void naive_add(size_t arch, uint32_t number, const struct clause *clause)
{
	bool wide = arches[machine->arches[arch]].wide;
	struct entry *e = entry_of(arch, number);
	struct clause kept = { .action = clause->action };

	if (e->fixed)
		return;
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
		e->fixed = true;
		e->action = clause->action;
	} else {
		order_clause(e, &kept, 0, e->n, 0, wide);
	}
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

static void naive_rule(size_t arch, const char *name, const struct clause *clause)
{
	uint32_t scmp = arches[machine->arches[arch]].scmp;
	int number = seccomp_syscall_resolve_name_arch(scmp, name);

	if (number == __NR_SCMP_ERROR)
		return;
	if (number <= -100 && number > -300 && arches[machine->arches[arch]].muxed) { /* libseccomp's numbers of what socketcall and ipc offer */
		struct clause mux = { .action = clause->action, .n = 1 };

		mux.args[0] = (struct seccomp_arg){ 0, (uint64_t)(number > -200 ? -number % 100 : -number % 200), 0, OPERATOR_EQ };
		for (size_t i = 0; i < clause->n; i++)
			if (clause->args[i].index != 0)
				mux.args[mux.n++] = clause->args[i];
		naive_add(arch, (uint32_t)seccomp_syscall_resolve_name_arch(scmp, number > -200 ? "socketcall" : "ipc"), &mux);
		number = direct_number(machine->arches[arch], name);
		if (number >= 0)
			naive_add(arch, (uint32_t)number, clause);
	} else if (number >= 0) {
		naive_add(arch, (uint32_t)number, clause);
	}
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

static uint32_t naive_decide(const struct call *call)
{
	size_t arch;

	if (stub_applies(call))
		return SECCOMP_RET_ERRNO | ENOSYS;
	for (arch = 0; arch < machine->n; arch++) {
		enum seccomp_arch id = machine->arches[arch];

		if (active[arch] && arches[id].audit == call->audit && (call->audit != 0xc000003e || (id == ARCH_X32) == (call->number >= 0x40000000)))
			break;
	}
	if (arch == machine->n)
		return call->audit == 0xc000003e && call->number == UINT32_MAX && active[0] ? fallback : SECCOMP_RET_KILL_THREAD;
	for (size_t i = 0; i < n_entries[arch]; i++) {
		const struct entry *e = &entries[arch][i];

		if (numbers[arch][i] != call->number)
			continue;
		if (e->fixed)
			return e->action;
		for (size_t k = 0; k < e->n; k++) {
			size_t held = 0;

			while (held < e->clauses[k].n && naive_holds(&e->clauses[k].args[held], call->args, arches[machine->arches[arch]].wide))
				held++;
			if (held == e->clauses[k].n)
				return e->clauses[k].action;
		}
	}
	return fallback;
}

/* ---- libseccomp, as runc uses it ---- */

static uint32_t scmp_action(enum seccomp_action action, struct opt_u32 number)
{
	uint32_t value = number.set ? number.value : EPERM;

	switch (action) {
	case ACTION_KILL:
	case ACTION_KILL_THREAD:
		return SCMP_ACT_KILL_THREAD;
	case ACTION_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case ACTION_TRAP:
		return SCMP_ACT_TRAP;
	case ACTION_ERRNO:
		return SCMP_ACT_ERRNO(value);
	case ACTION_TRACE:
		return SCMP_ACT_TRACE(value);
	case ACTION_ALLOW:
		return SCMP_ACT_ALLOW;
	case ACTION_LOG:
		return SCMP_ACT_LOG;
	case ACTION_NOTIFY:
		return SCMP_ACT_NOTIFY;
	case ACTION_MAX:
		break;
	}
	abort();
}

static const enum scmp_compare scmp_ops[OPERATOR_MAX] = {
	[OPERATOR_NE] = SCMP_CMP_NE, [OPERATOR_LT] = SCMP_CMP_LT, [OPERATOR_LE] = SCMP_CMP_LE, [OPERATOR_EQ] = SCMP_CMP_EQ,
	[OPERATOR_GE] = SCMP_CMP_GE, [OPERATOR_GT] = SCMP_CMP_GT, [OPERATOR_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
};

static scmp_filter_ctx scmp_new(const struct seccomp *s)
{
	scmp_filter_ctx ctx = seccomp_init(scmp_action(s->default_action, s->default_errno_ret));

	for (size_t i = 0; i < machine->n; i++) {
		int result = active[i] ? seccomp_arch_add(ctx, arches[machine->arches[i]].scmp) : 0;

		if (result < 0 && result != -EEXIST)
			printf("# seccomp_arch_add: %d\n", result);
	}
	if (machine->arches[0] != ARCH_X86_64)
		(void)seccomp_arch_remove(ctx, SCMP_ARCH_X86_64);
	return ctx;
}

/* Return: whether libseccomp took the rule with that name. */
static bool scmp_rule(scmp_filter_ctx ctx, const char *name, uint32_t action, const struct clause *clause)
{
	struct scmp_arg_cmp args[6];
	int number = seccomp_syscall_resolve_name(name);

	for (size_t i = 0; i < clause->n; i++)
		args[i] = (struct scmp_arg_cmp){ clause->args[i].index, scmp_ops[clause->args[i].op], clause->args[i].value, clause->args[i].value_two };
	return number == __NR_SCMP_ERROR || seccomp_rule_add_array(ctx, action, number, (unsigned int)clause->n, args) == 0;
}

static size_t scmp_export(scmp_filter_ctx ctx, struct sock_filter *filter)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t length;

	if (seccomp_export_bpf(ctx, fd) < 0)
		printf("# cannot export\n");
	length = pread(fd, filter, BPF_MAXINSNS * sizeof(filter[0]), 0);
	(void)close(fd);
	return (size_t)length / sizeof(filter[0]);
}

/* ---- random profiles ---- */

static const uint64_t seeds[] = { 0, 1, 2, 3, 5, 8, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x100000001, 0x100000005, 0x7e020000,
				  0x200000000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffff00000000, 0xffffffffffffffff, 0xfffffffffffffffe };

static uint64_t random_value(void)
{
	uint64_t value = seeds[random_below(sizeof(seeds) / sizeof(seeds[0]))];

	switch (random_below(6)) {
	case 0:
		return value + random_below(4);
	case 1:
		return value - random_below(4);
	case 2:
		return random_u64() >> random_below(64);
	default:
		return value;
	}
}

static struct opt_u32 random_errno(enum seccomp_action action)
{
	struct opt_u32 none = { 0 };

	if ((action != ACTION_ERRNO && action != ACTION_TRACE) || random_below(3) == 0)
		return none;
	return (struct opt_u32){ true, (uint32_t[]){ 0, 1, 22, 38, 4094 }[random_below(5)] };
}

static const char *random_name(void)
{
	static const char *const favourites[] = { "socket", "socketcall", "ipc", "semop", "accept4", "personality", "clone", "read", "write", "openat2",
						  "recv", "setup", "set_mempolicy_home_node", "futex_waitv", "shmget", "no_such_call" };

	if (random_below(4) == 0)
		return favourites[random_below(sizeof(favourites) / sizeof(favourites[0]))];
	for (;;) {
		const char *name = syscall_pool + syscall_name_at[random_below((uint32_t)syscall_n_names)];

		if (seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR) /* what is newer than libseccomp cannot be compared */
			return name;
	}
}

/* In tame profiles no two rules of one call overlap with different actions in a way that libseccomp gets wrong: only equality there. */
static enum seccomp_operator random_op(bool equal_only)
{
	static const enum seccomp_operator equal[] = { OPERATOR_EQ, OPERATOR_MASKED_EQ };

	return equal_only ? equal[random_below(2)] : (enum seccomp_operator)random_below(OPERATOR_MAX);
}

static void random_args(struct seccomp_rule *rule, bool equal_only)
{
	size_t n = random_below(3) == 0 ? 0 : 1 + random_below(random_below(4) == 0 ? 4 : 2);
	bool repeat = random_below(8) == 0;

	rule->args.v = arena_many(&arena, struct seccomp_arg, 4);
	for (size_t i = 0; i < n; i++) {
		struct seccomp_arg *a = &rule->args.v[rule->args.n];
		bool taken = false;

		*a = (struct seccomp_arg){ random_below(random_below(3) ? 3 : 6), random_value(), random_value(), random_op(equal_only) };
		for (size_t k = 0; k < rule->args.n; k++)
			taken |= rule->args.v[k].index == a->index;
		if (!taken || repeat)
			rule->args.n++;
	}
}

static enum seccomp_action random_action(void)
{
	enum seccomp_action action = random_below(3) ? (random_below(2) ? ACTION_ALLOW : ACTION_ERRNO) : (enum seccomp_action)random_below(ACTION_MAX);

	return action;
}

static struct seccomp *random_profile(void)
{
	struct seccomp *s = arena_new(&arena, struct seccomp);

	do {
		s->default_action = random_action();
	} while (s->default_action == ACTION_NOTIFY);
	s->default_errno_ret = random_errno(s->default_action);
	s->architectures.v = arena_many(&arena, enum seccomp_arch, 3);
	for (size_t i = 0; i < machine->n; i++) {
		listed[i] = random_below(3) != 0;
		active[i] = i == 0 || listed[i];
		if (listed[i])
			s->architectures.v[s->architectures.n++] = machine->arches[i];
	}
	s->syscalls.v = arena_many(&arena, struct seccomp_rule, RULES_MAX);
	s->syscalls.n = random_below(RULES_MAX);
	return s;
}

/* ---- one profile ---- */

struct filters {
	struct seccomp_program ours;
	struct sock_filter theirs[BPF_MAXINSNS];
	size_t n_theirs;
	uint32_t numbers[CALLS_MAX];
	size_t n_numbers;
	uint64_t values[CALLS_MAX];
	size_t n_values;
};

static struct filters f;
static size_t refused, mismatches, n_wild, n_tame;
static uint64_t steps_ours, steps_theirs, decisions;

/* Two actions for one call by conditions: only EQ and MASKED_EQ are comparable. */
struct use {
	const char *name;
	uint32_t action;
	bool unequal, several;
};
static struct use uses[RULES_MAX * NAMES_MAX];
static size_t n_uses;

/* names that share socketcall(2) or ipc(2) are one call for this purpose */
static const char *use_key(const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, name);

	if (number <= -100 && number > -200)
		return "socketcall";
	return number <= -200 && number > -300 ? "ipc" : name;
}

static bool comparable(const char *name, uint32_t action, const struct clause *clause)
{
	const char *key = use_key(name);
	bool unequal = false;
	size_t previous = 0;

	for (size_t i = 0; i < clause->n; i++)
		unequal |= clause->args[i].op != OPERATOR_EQ && clause->args[i].op != OPERATOR_MASKED_EQ;
	for (size_t i = 0; i < n_uses; i++) {
		if (strcmp(uses[i].name, key) != 0)
			continue;
		previous++;
		if ((uses[i].unequal || unequal) && (uses[i].action != action || uses[i].several || clause->n > 1))
			return false;
	}
	(void)previous;
	if (clause->n > 0)
		uses[n_uses++] = (struct use){ key, action, unequal, clause->n > 1 };
	return true;
}

static void remember(const char *name, const struct clause *clause)
{
	for (size_t i = 0; i < machine->n; i++) {
		int number = seccomp_syscall_resolve_name_arch(arches[machine->arches[i]].scmp, name);

		if (number >= 0 && f.n_numbers < CALLS_MAX)
			f.numbers[f.n_numbers++] = (uint32_t)number;
		if (number > largest[i])
			largest[i] = number;
	}
	for (size_t i = 0; i < clause->n && f.n_values + 2 < CALLS_MAX; i++) {
		f.values[f.n_values++] = clause->args[i].value;
		f.values[f.n_values++] = clause->args[i].value_two;
	}
}

/* Give a rule to all three. Names that libseccomp refuses leave the rule. */
static void add_rule(struct seccomp *s, struct seccomp_rule *rule, scmp_filter_ctx ctx, size_t n_names)
{
	uint32_t action = scmp_action(rule->action, rule->errno_ret), ours = seccomp_return(rule->action, rule->errno_ret);
	bool repeated = false;
	unsigned int seen = 0;

	for (size_t i = 0; i < rule->args.n; i++) {
		repeated |= seen & 1u << rule->args.v[i].index;
		seen |= 1u << rule->args.v[i].index;
	}
	rule->names.v = arena_many(&arena, char *, n_names);
	for (size_t i = 0; i < n_names; i++) {
		const char *name = random_name();
		bool taken = true;

		for (size_t k = 0; k < (repeated ? rule->args.n : 1); k++) {
			struct clause clause = { .action = ours, .n = repeated ? 1 : rule->args.n };

			memcpy(clause.args, rule->args.v + (repeated ? k : 0), clause.n * sizeof(clause.args[0]));
			if (action == scmp_action(s->default_action, s->default_errno_ret)) {
				remember(name, &clause);
				continue; /* the default anyway */
			}
			if (repeated && k > 0 && !taken)
				break;
			if (!wild && (!comparable(name, ours, &clause) || !scmp_rule(ctx, name, action, &clause)))
				taken = false;
			if (!taken && k > 0) { /* half a rule is in libseccomp: all of it cannot be taken back */
				n_uses = SIZE_MAX;
				return;
			}
			if (!taken)
				break;
			remember(name, &clause);
			for (size_t a = 0; a < machine->n; a++)
				naive_rule(a, name, &clause);
		}
		refused += !taken;
		if (taken)
			rule->names.v[rule->names.n++] = arena_strdup(&arena, name);
	}
}

static struct call random_call(void)
{
	struct call call = { .audit = arches[machine->arches[random_below((uint32_t)machine->n)]].audit };

	if (random_below(50) == 0)
		call.audit = (uint32_t)random_u64();
	if (random_below(8) && f.n_numbers > 0)
		call.number = f.numbers[random_below((uint32_t)f.n_numbers)];
	else
		call.number = (uint32_t[]){ random_below(600), (uint32_t)random_u64(), UINT32_MAX, 0x3fffffff, 0x40000000, 0x40000000 + random_below(600),
					    0x80000000, 0, 0xf0000 + random_below(8) }[random_below(9)];
	if (random_below(4) == 0)
		call.number += random_below(3) - 1;
	if (random_below(30) == 0)
		call.number ^= 0x40000000;
	for (int i = 0; i < 6; i++) {
		uint64_t value = f.n_values > 0 && random_below(8) ? f.values[random_below((uint32_t)f.n_values)] : random_value();

		switch (random_below(8)) {
		case 0:
			value += 1;
			break;
		case 1:
			value -= 1;
			break;
		case 2:
			value ^= UINT64_C(1) << random_below(64);
			break;
		default:
			break;
		}
		call.args[i] = value;
	}
	call_encode(&call, machine->big);
	return call;
}

static void show(const struct call *call, uint32_t ours, uint32_t naive, uint32_t theirs, size_t profile)
{
	if (mismatches++ > 20)
		return;
	printf("# profile %zu (machine %d%s) arch %#x number %u (%#x) args %#llx %#llx %#llx %#llx: ours %#x naive %#x libseccomp %#x\n", profile,
	       machine->arches[0], wild ? ", wild" : "", call->audit, call->number, call->number, (unsigned long long)call->args[0],
	       (unsigned long long)call->args[1], (unsigned long long)call->args[2], (unsigned long long)call->args[3], ours, naive, theirs);
	for (size_t i = 0; i < machine->n; i++)
		for (size_t k = 0; k < n_entries[i]; k++)
			for (size_t j = 0; numbers[i][k] == call->number && arches[machine->arches[i]].audit == call->audit && j < entries[i][k].n; j++)
				for (size_t t = 0; t < entries[i][k].clauses[j].n; t++)
					printf("#   clause %zu -> %#x: arg %u %s %#llx %#llx\n", j, entries[i][k].clauses[j].action,
					       entries[i][k].clauses[j].args[t].index, names_of(&names_operators, entries[i][k].clauses[j].args[t].op),
					       (unsigned long long)entries[i][k].clauses[j].args[t].value,
					       (unsigned long long)entries[i][k].clauses[j].args[t].value_two);
}

static bool one_profile(size_t profile, size_t calls)
{
	struct seccomp *s;
	scmp_filter_ctx ctx;
	struct error e = { 0 };

	arena_deinit(&arena);
	if (arena_init(&arena) < 0)
		abort();
	machine = &machines[random_below(2) ? 0 : random_below(sizeof(machines) / sizeof(machines[0]))];
	wild = random_below(4) == 0 || machine->big; /* libseccomp makes no big-endian filter here */
	n_uses = 0;
	s = random_profile();
	f.n_numbers = f.n_values = 0;
	fallback = seccomp_return(s->default_action, s->default_errno_ret);
	permissive = s->default_action == ACTION_ALLOW || s->default_action == ACTION_LOG || s->default_action == ACTION_TRACE;
	memset(n_entries, 0, sizeof(n_entries));
	memset(largest, 0, sizeof(largest));
	ctx = wild ? NULL : scmp_new(s);
	for (size_t i = 0; i < s->syscalls.n && n_uses != SIZE_MAX; i++) {
		struct seccomp_rule *rule = &s->syscalls.v[i];

		rule->action = random_action();
		rule->errno_ret = random_errno(rule->action);
		random_args(rule, !wild && random_below(3) != 0);
		add_rule(s, rule, ctx, rule->args.n ? 1 + random_below(4) : 1 + random_below(NAMES_MAX));
	}
	if (ctx) {
		f.n_theirs = scmp_export(ctx, f.theirs);
		seccomp_release(ctx);
	}
	if (n_uses == SIZE_MAX)
		return false;
	if (seccomp_compile(&arena, &e, s, machine->arches[0], 0, &f.ours) < 0) {
		printf("# profile %zu: %s\n", profile, e.text);
		mismatches++;
		return true;
	}
	*(wild ? &n_wild : &n_tame) += 1;
	for (size_t i = 0; i < calls; i++) {
		struct call call = random_call();
		uint32_t ours = bpf_run(f.ours.filter, f.ours.n, &call, &steps_ours), naive = naive_decide(&call), theirs = ours;

		if (!wild && !stub_applies(&call))
			theirs = bpf_run(f.theirs, f.n_theirs, &call, &steps_theirs);
		decisions++;
		if (ours != naive || ours != theirs)
			show(&call, ours, naive, theirs, profile);
	}
	return true;
}

static uint64_t setting(const char *name, uint64_t value)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : value;
}

static void three_decide_alike(void)
{
	size_t profiles = (size_t)setting("HULL_ORACLE_PROFILES", 1000), calls = (size_t)setting("HULL_ORACLE_CALLS", 10000);

	random_state ^= setting("HULL_ORACLE_SEED", 0);
	for (size_t i = 0; i < 3; i++)
		entries[i] = calloc(RULES_MAX * NAMES_MAX * 2, sizeof(struct entry));
	for (size_t done = 0; done < profiles;)
		done += one_profile(done, calls);
	printf("# %llu decisions on %zu profiles compared with libseccomp and %zu not; %zu rules refused or set aside; %llu mismatches\n",
	       (unsigned long long)decisions, n_tame, n_wild, refused, (unsigned long long)mismatches);
	printf("# instructions a decision: ours %.1f, libseccomp's %.1f\n", (double)steps_ours / (double)decisions, (double)steps_theirs / (double)decisions);
	CHECK(mismatches == 0);
	CHECK(decisions == profiles * calls);
}

int main(void)
{
	if (arena_init(&arena) < 0)
		return 1;
	RUN(three_decide_alike);
	return unit_done();
}
