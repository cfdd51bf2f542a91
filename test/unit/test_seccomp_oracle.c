/*
 * Random profiles, decided three ways for random calls: by our program in an interpreter, by a naive evaluation of the rules as seccomp_bpf.h states
 * them, and by libseccomp's exported filter in the same interpreter (with runc's ENOSYS stub in front, restated here). HULL_ORACLE_PROFILES and
 * HULL_ORACLE_CALLS say how many (1000, 10000), HULL_ORACLE_SEED where to begin.
 *
 * Where libseccomp cannot be asked (facts of 2.5.4, found with this test):
 *  - It refuses a rule that contradicts an earlier one on the same conditions (-EEXIST; runc fails then): the rule leaves the profile for everybody.
 *  - It makes no big-endian filter beside a little-endian one: s390x is decided by the other two only.
 *  - For some calls with several conditional rules its filter is wrong; sound() below says which. Profiles that are not "tame" have such calls, and
 * are decided by the other two only.
 *  - Its linear filter of an architecture forgets to load the number if the first call of its list is one that the architecture lacks; its binary
 * tree does not. Linear filters are therefore made of calls that all architectures of the machine have. (Its tree fails for no calls at all: it gets
 * one.)
 */
#include <sys/mman.h>
#include <unistd.h>

#include "aspect/seccomp_table.h"
#include "seccomp_naive.h"
#include "unit.h"

enum { CALLS_MAX = 4096 };

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
	[OPERATOR_NE] = SCMP_CMP_NE,
	[OPERATOR_LT] = SCMP_CMP_LT,
	[OPERATOR_LE] = SCMP_CMP_LE,
	[OPERATOR_EQ] = SCMP_CMP_EQ,
	[OPERATOR_GE] = SCMP_CMP_GE,
	[OPERATOR_GT] = SCMP_CMP_GT,
	[OPERATOR_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
};

static scmp_filter_ctx scmp_new(const struct seccomp *s)
{
	scmp_filter_ctx ctx = seccomp_init(scmp_action(s->default_action, s->default_errno_ret));

	for (size_t i = 0; i < machine->n; i++) {
		int result = active[i] ? seccomp_arch_add(ctx, arches[machine->arches[i]].scmp) : 0;

		if (result < 0 && result != -EEXIST)
			printf("# seccomp_arch_add: %d\n", result);
	}
	if (tree && seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0)
		printf("# libseccomp makes no tree\n");
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
		args[i] = (struct scmp_arg_cmp){ clause->args[i].index, scmp_ops[clause->args[i].op], clause->args[i].value,
			clause->args[i].value_two };
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

/* libseccomp keeps no entry for it that it skips later */
static bool everywhere(const char *name)
{
	for (size_t i = 0; i < machine->n; i++)
		if (seccomp_syscall_resolve_name_arch(arches[machine->arches[i]].scmp, name) < 0 && direct_number(machine->arches[i], name) < 0)
			return false;
	return true;
}

static const char *random_name(void)
{
	static const char *const favourites[] = { "socket", "socketcall", "ipc", "semop", "accept4", "personality", "clone", "read", "write",
		"openat2", "recv", "setup", "set_mempolicy_home_node", "futex_waitv", "shmget", "no_such_call" };

	for (;;) {
		const char *name = syscall_pool + syscall_name_at[random_below((uint32_t)syscall_n_names)];

		if (random_below(4) == 0)
			name = favourites[random_below(sizeof(favourites) / sizeof(favourites[0]))];
		if (tame && !tree && !everywhere(name))
			continue;
		if (seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR && strcmp(name, "no_such_call") != 0)
			continue; /* newer than libseccomp */
		/* these two of ppc64 are mixed up there */
		if (strcmp(name, "switch_endian") != 0 && strcmp(name, "sys_debug_setcontext") != 0)
			return name;
	}
}

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
	enum seccomp_action action =
		random_below(3) ? (random_below(2) ? ACTION_ALLOW : ACTION_ERRNO) : (enum seccomp_action)random_below(ACTION_MAX);

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
	s->syscalls.n = 1 + random_below(RULES_MAX - 1);
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
static size_t refused, mismatches;
static uint64_t steps_ours, steps_theirs, decisions, compared;

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

/* Give a rule to all three. Names that libseccomp refuses leave the rule. Return: false: no profile to compare, start anew. */
static bool add_rule(struct seccomp *s, struct seccomp_rule *rule, scmp_filter_ctx ctx, size_t n_names, const char *only)
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
		const char *name = only ? only : random_name();
		bool taken = true;

		for (size_t k = 0; k < (repeated ? rule->args.n : 1); k++) {
			struct clause clause = { .action = ours, .n = repeated ? 1 : rule->args.n };

			for (size_t a = 0; a < clause.n; a++)
				clause.args[a] = rule->args.v[repeated ? k : a];
			if (action == scmp_action(s->default_action, s->default_errno_ret)) {
				remember(name, &clause);
				continue; /* the default anyway */
			}
			if (repeated && k > 0 && !taken)
				break;
			for (size_t a = 0; a < machine->n; a++)
				taken &= naive_rule(a, name, &clause, false);
			if (!taken || (tame && !scmp_rule(ctx, name, action, &clause))) {
				taken = false;
				if (k > 0)
					return false; /* half a rule is in libseccomp and cannot be taken back */
				break;
			}
			remember(name, &clause);
			for (size_t a = 0; a < machine->n; a++)
				(void)naive_rule(a, name, &clause, true);
		}
		refused += !taken;
		if (taken)
			rule->names.v[rule->names.n++] = arena_strdup(&arena, name);
	}
	return true;
}

static struct call random_call(void)
{
	struct call call = { .audit = arches[machine->arches[random_below((uint32_t)machine->n)]].audit };

	if (random_below(50) == 0)
		call.audit = (uint32_t)random_u64();
	if (random_below(8) && f.n_numbers > 0)
		call.number = f.numbers[random_below((uint32_t)f.n_numbers)];
	else
		call.number = (uint32_t[]){ random_below(600), (uint32_t)random_u64(), UINT32_MAX, 0x3fffffff, 0x40000000,
			0x40000000 + random_below(600), 0x80000000, 0, 0xf0000 + random_below(8) }[random_below(9)];
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

static void show_entry(const struct entry *e)
{
	for (size_t i = 0; i < e->n; i++) {
		for (size_t t = 0; t < e->clauses[i].n; t++) {
			const struct seccomp_arg *a = &e->clauses[i].args[t];

			printf("#   clause %zu -> %#x: arg %u %s %#llx %#llx\n", i, e->clauses[i].action, a->index, names_of(&names_operators, a->op),
				(unsigned long long)a->value, (unsigned long long)a->value_two);
		}
	}
}

static void show(const struct call *call, uint32_t ours, uint32_t naive, uint32_t theirs, size_t profile)
{
	if (mismatches++ > 20)
		return;
	printf("# profile %zu (machine %d) arch %#x number %u (%#x) args %#llx %#llx %#llx %#llx: ours %#x naive %#x libseccomp %#x\n", profile,
		machine->arches[0], call->audit, call->number, call->number, (unsigned long long)call->args[0], (unsigned long long)call->args[1],
		(unsigned long long)call->args[2], (unsigned long long)call->args[3], ours, naive, theirs);
	for (size_t i = 0; i < machine->n; i++)
		for (size_t k = 0; k < n_entries[i]; k++)
			if (numbers[i][k] == call->number && arches[machine->arches[i]].audit == call->audit)
				show_entry(&entries[i][k]);
}

/* Fill a profile for all three. The first rule is one that every architecture has. Return: false: no profile to compare, start anew. */
static bool add_rules(struct seccomp *s, scmp_filter_ctx ctx)
{
	struct seccomp_rule *rule = s->syscalls.v;
	bool whole;

	rule->action = s->default_action == ACTION_TRAP ? ACTION_KILL : ACTION_TRAP;
	whole = add_rule(s, rule, ctx, 1, "getpid");
	for (size_t i = 1; i < s->syscalls.n && whole; i++) {
		rule = &s->syscalls.v[i];
		rule->action = random_action();
		rule->errno_ret = random_errno(rule->action);
		random_args(rule, random_below(2));
		whole = add_rule(s, rule, ctx, 1 + random_below(rule->args.n ? 4 : NAMES_MAX), NULL);
	}
	return whole;
}

static void decide_calls(size_t profile, size_t calls)
{
	for (size_t i = 0; i < calls; i++) {
		struct call call = random_call();
		uint32_t ours = bpf_run(f.ours.filter, f.ours.n, &call, &steps_ours), naive = naive_decide(&call), theirs = ours;

		if (tame) {
			compared++;
			theirs = stub_applies(&call) ? SECCOMP_RET_ERRNO | ENOSYS : bpf_run(f.theirs, f.n_theirs, &call, &steps_theirs);
		}
		decisions++;
		if (ours != naive || ours != theirs)
			show(&call, ours, naive, theirs, profile);
	}
}

static bool one_profile(size_t profile, size_t calls)
{
	struct seccomp *s;
	scmp_filter_ctx ctx;
	struct error e = { 0 };
	bool whole;

	arena_deinit(&arena);
	if (arena_init(&arena) < 0)
		abort();
	machine = &machines[random_below(2) ? 0 : random_below(sizeof(machines) / sizeof(machines[0]))];
	s = random_profile();
	f.n_numbers = f.n_values = 0;
	fallback = seccomp_return(s->default_action, s->default_errno_ret);
	permissive = s->default_action == ACTION_ALLOW || s->default_action == ACTION_LOG || s->default_action == ACTION_TRACE;
	memset(n_entries, 0, sizeof(n_entries));
	memset(largest, 0, sizeof(largest));
	tame = random_below(4) && !machine->big;
	tree = random_below(2);
	ctx = tame ? scmp_new(s) : NULL;
	whole = add_rules(s, ctx);
	if (ctx) {
		f.n_theirs = scmp_export(ctx, f.theirs);
		seccomp_release(ctx);
	}
	if (!whole)
		return false;
	if (seccomp_compile(&arena, &e, s, machine->arches[0], 0, &f.ours) < 0) {
		printf("# profile %zu: %s\n", profile, e.text);
		mismatches++;
		return true;
	}
	decide_calls(profile, calls);
	return true;
}

static uint64_t setting(const char *name, uint64_t value)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : value;
}

static void three_decide_alike(void)
{
	size_t profiles = (size_t)setting("HULL_ORACLE_PROFILES", 1000), calls = (size_t)setting("HULL_ORACLE_CALLS", 10000), made = 0;

	random_state ^= setting("HULL_ORACLE_SEED", 0);
	for (size_t i = 0; i < 3; i++)
		entries[i] = calloc(RULES_MAX * NAMES_MAX * 2, sizeof(struct entry));
	spare = calloc(1, sizeof(*spare));
	for (size_t done = 0; done < profiles;) { /* counted: those that libseccomp decides too */
		bool complete = one_profile(made, calls);

		made += complete;
		done += complete && tame;
	}
	printf("# %zu profiles, %llu decisions, %llu of them libseccomp's too (%zu profiles); %zu rules that libseccomp refused; %zu mismatches\n",
		made, (unsigned long long)decisions, (unsigned long long)compared, profiles, refused, mismatches);
	printf("# instructions a decision: ours %.1f, libseccomp's %.1f\n", (double)steps_ours / (double)decisions,
		(double)steps_theirs / (double)decisions);
	CHECK(mismatches == 0);
	CHECK(decisions == made * calls);
	CHECK(compared == profiles * calls);
}

/* libseccomp 2.5.4 loses some of its nodes; ours are still looked for */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp.so";
}

int main(void)
{
	if (arena_init(&arena) < 0)
		return 1;
	RUN(three_decide_alike);
	return unit_done();
}
