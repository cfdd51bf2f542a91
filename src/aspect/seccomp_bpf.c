/*
 * The seccomp compiler (see seccomp_bpf.h for what its filters decide).
 *
 * The numbers of each architecture become ranges that end in the same leaf: an action, or the tests of one call. A balanced binary tree of
 * comparisons finds the range; where single numbers stand out of a sea of one leaf, a few equality tests are shorter. Calls that are always allowed
 * are decided without looking at arguments, so that the kernel keeps them in its bitmap and does not even run the filter (kernel/seccomp.c,
 * since 5.11).
 */
#include "aspect/seccomp_bpf.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>

#include "aspect/seccomp_code.h"
#include "aspect/seccomp_rules.h"
#include "aspect/seccomp_table.h"

enum {
	X32_BIT = 0x40000000,
	AUDIT_LITTLE_ENDIAN = 0x40000000, /* __AUDIT_ARCH_LE */
	RANGES_MAX = 2400, /* every call of two architectures a range, and a gap after each */
	POINTS_MAX = 4, /* equality tests in a row */
	CACHED_MAX = 512 /* more than the numbers that any kernel keeps in its bitmap of allowed calls */
};

/* From @first to the next range: the tests of @call, or @action. */
struct range {
	uint32_t first;
	uint32_t action;
	const struct seccomp_call *call;
};

/*
 * A compilation.
 * @listed: in the profile, so that the stub for new calls is made;  @active: with rules: listed, or the machine's own
 */
struct compiler {
	struct arena *arena;
	struct seccomp_rules rules;
	struct seccomp_code *code;
	bool listed[ARCH_MAX], active[ARCH_MAX];
	bool stub;
	size_t calls, n_ranges;
	struct range ranges[RANGES_MAX];
};

/* what a filter finds in struct seccomp_data; x86_64's value covers x32 */
static const uint32_t audits[ARCH_MAX] = {
#define X(id, name, audit) [ARCH_##id] = audit,
	SECCOMP_ARCHES(X)
#undef X
};

/*
 * @family: architectures that one machine can run
 * @wide: 64-bit arguments;  @muxed: socketcall(2), ipc(2);  @no_zero: 0 stands for unknown calls (s390: setup(2))
 */
static const struct arch {
	char family;
	bool wide, muxed, no_zero;
} arches[ARCH_MAX] = {
	[ARCH_X86] = { .family = 'x', .muxed = true },
	[ARCH_X86_64] = { .family = 'x', .wide = true },
	[ARCH_X32] = { .family = 'x' },
	[ARCH_ARM] = { .family = 'a' },
	[ARCH_AARCH64] = { .family = 'a', .wide = true },
	[ARCH_PPC64] = { .family = 'P', .wide = true, .muxed = true },
	[ARCH_PPC64LE] = { .family = 'p', .wide = true, .muxed = true },
	[ARCH_S390] = { .family = 's', .muxed = true, .no_zero = true },
	[ARCH_S390X] = { .family = 's', .wide = true, .muxed = true, .no_zero = true },
	[ARCH_RISCV64] = { .family = 'r', .wide = true },
	[ARCH_LOONGARCH64] = { .family = 'l', .wide = true },
};

static bool same_leaf(const struct range *a, uint32_t action, const struct seccomp_call *call)
{
	return a->call == call && (call || a->action == action);
}

static void add_range(struct compiler *c, uint32_t first, uint32_t action, const struct seccomp_call *call)
{
	struct range *last = c->n_ranges > 0 ? &c->ranges[c->n_ranges - 1] : NULL;

	if (last && same_leaf(last, action, call))
		return;
	if (last && last->first == first) /* nothing was left of it */
		c->n_ranges--;
	if (c->n_ranges > 0 && same_leaf(&c->ranges[c->n_ranges - 1], action, call))
		return;
	if (c->n_ranges == RANGES_MAX) { /* RANGES_MAX is more than the tables have: a forgotten limit must not become an overflow */
		c->code->too_long = true;
		return;
	}
	c->ranges[c->n_ranges++] = (struct range){ .first = first, .action = action, .call = call };
}

/*
 * The largest number that the profile names, whatever for: what is above gets ENOSYS. 0: no such stub. Calls that socketcall(2) and ipc(2) offer do
 * not count (as in runc).
 */
static uint32_t stub_above(const struct compiler *c, enum seccomp_arch id)
{
	const struct syscall_arch *table = &syscall_arches[id];

	for (size_t i = c->stub && c->listed[id] ? table->n : 0; i-- > 0;) {
		size_t name = SYSCALL_ID(table->calls[i]);

		if (c->rules.named[name] && !(arches[id].muxed && syscall_mux[name]))
			return SYSCALL_NUMBER(table->calls[i]) + table->base;
	}
	return 0;
}

/* The ranges of one architecture's own numbers, upwards from its base; what lies above is the caller's. */
static int add_calls(struct compiler *c, enum seccomp_arch id)
{
	const struct syscall_arch *table = &syscall_arches[id];
	uint32_t largest = stub_above(c, id);
	bool no_zero = largest > 0 && arches[id].no_zero;

	if (no_zero)
		add_range(c, 0, SECCOMP_RET_ERRNO | ENOSYS, NULL);
	add_range(c, table->base + no_zero, c->rules.fallback, NULL);
	for (size_t i = 0; i < table->n; i++) {
		uint32_t number = SYSCALL_NUMBER(table->calls[i]) + table->base;
		struct seccomp_call found, *call = NULL;
		int result = seccomp_rules_call(&c->rules, SYSCALL_ID(table->calls[i]), arches[id].wide, arches[id].muxed, &found);

		if (result < 0)
			return -1;
		if (result == 0 || (number == 0 && no_zero) || (largest > 0 && number > largest))
			continue;
		if (found.n > 0) {
			call = arena_new(c->arena, struct seccomp_call);
			*call = found;
		}
		c->calls++;
		add_range(c, number, found.action, call);
		add_range(c, number + 1, c->rules.fallback, NULL);
	}
	if (largest > 0)
		add_range(c, largest + 1, SECCOMP_RET_ERRNO | ENOSYS, NULL);
	return 0;
}

/* @shapes: of numbers below and from X32_BIT */
static struct seccomp_label leaf(struct compiler *c, const struct range *r, const struct seccomp_shape shapes[2])
{
	return r->call ? seccomp_emit_call(c->code, r->call, shapes[r->first >= X32_BIT]) : seccomp_return_label(r->action);
}

/* Whether [@start, @end) is a sea of @sea's leaf with at most POINTS_MAX single numbers in it. */
static bool is_sea(const struct compiler *c, size_t start, size_t end, const struct range *sea)
{
	size_t points = 0;

	for (size_t i = start; i < end; i++) {
		const struct range *r = &c->ranges[i];

		if (same_leaf(sea, r->action, r->call))
			continue;
		if (++points > POINTS_MAX || i + 1 == c->n_ranges || c->ranges[i + 1].first != r->first + 1)
			return false;
	}
	return points > 0;
}

static struct seccomp_label emit_points(struct compiler *c, size_t start, size_t end, const struct range *sea, const struct seccomp_shape shapes[2])
{
	struct seccomp_label next = leaf(c, sea, shapes);

	for (size_t i = end; i-- > start;) {
		const struct range *r = &c->ranges[i];

		if (!same_leaf(sea, r->action, r->call))
			next = seccomp_emit_jump(c->code, BPF_JEQ, r->first, leaf(c, r, shapes), next);
	}
	return next;
}

/* Where a number stands among those that count for middle_of(). */
static uint32_t weight(uint32_t number)
{
	return number < CACHED_MAX ? number : CACHED_MAX;
}

/*
 * Where a tree is cut: so that both sides have as many numbers. The kernel runs a filter for every number below CACHED_MAX when it is loaded, so wide
 * ranges belong near the root.
 */
static size_t middle_of(const struct compiler *c, size_t start, size_t end)
{
	uint32_t first = weight(c->ranges[start].first), last = end == c->n_ranges ? CACHED_MAX : weight(c->ranges[end].first);
	uint32_t half = first + (last - first) / 2;
	size_t low = start + 1, high = end - 1;

	if (first == last)
		return start + (end - start) / 2;
	while (low < high) { /* the first range that begins at half or later */
		size_t i = low + (high - low) / 2;

		if (c->ranges[i].first < half)
			low = i + 1;
		else
			high = i;
	}
	if (low > start + 1 && half - c->ranges[low - 1].first < c->ranges[low].first - half)
		low--;
	return low;
}

/* The tree over ranges [@start, @end). */
static struct seccomp_label emit_tree(struct compiler *c, size_t start, size_t end, const struct seccomp_shape shapes[2])
{
	size_t middle = middle_of(c, start, end);
	struct seccomp_label low, high;

	if (end - start == 1)
		return leaf(c, &c->ranges[start], shapes);
	if (end - start <= 2 * POINTS_MAX + 1)
		for (size_t sea = start; sea < start + 2; sea++)
			if (is_sea(c, start, end, &c->ranges[sea]))
				return emit_points(c, start, end, &c->ranges[sea], shapes);
	high = emit_tree(c, middle, end, shapes);
	low = emit_tree(c, start, middle, shapes);
	return seccomp_emit_jump(c->code, BPF_JGE, c->ranges[middle].first, high, low);
}

/*
 * x86_64 and x32 share one AUDIT_ARCH value: numbers from X32_BIT on are x32's. runc's stub asks for that bit alone, so it takes numbers from 1 << 31
 * on that lack it for x86_64's.
 */
static int add_x86_64(struct compiler *c)
{
	const uint32_t enosys = SECCOMP_RET_ERRNO | ENOSYS;
	uint32_t beyond = SECCOMP_RET_KILL_THREAD;

	if (!c->active[ARCH_X86_64])
		add_range(c, 0, SECCOMP_RET_KILL_THREAD, NULL);
	else if (add_calls(c, ARCH_X86_64) < 0)
		return -1;
	if (c->active[ARCH_X32]) {
		if (add_calls(c, ARCH_X32) < 0)
			return -1;
		beyond = stub_above(c, ARCH_X32) ? enosys : c->rules.fallback;
	}
	add_range(c, c->active[ARCH_X32] ? 1u << 31 : X32_BIT, beyond, NULL);
	add_range(c, 1u << 31, stub_above(c, ARCH_X86_64) ? enosys : c->active[ARCH_X32] ? c->rules.fallback : beyond, NULL);
	add_range(c, 1u << 31 | X32_BIT, beyond, NULL);
	if (!c->active[ARCH_X32]) /* -1: a tracer had the call skipped; libseccomp lets the default action see it too */
		add_range(c, UINT32_MAX, c->rules.fallback, NULL);
	return 0;
}

/* Return: where the program goes on for that architecture, in *ret_label. */
static int emit_section(struct compiler *c, enum seccomp_arch id, struct seccomp_section *section, struct seccomp_label *ret_label)
{
	const struct seccomp_shape shape = { .wide = arches[id].wide, .big = !(audits[id] & AUDIT_LITTLE_ENDIAN) };
	const struct seccomp_shape shapes[2] = { shape, { .wide = shape.wide && id != ARCH_X86_64, .big = shape.big } };
	size_t before = c->code->n;
	struct seccomp_label tree;

	c->n_ranges = c->calls = 0;
	if ((id == ARCH_X86_64 ? add_x86_64(c) : add_calls(c, id)) < 0)
		return -1;
	tree = emit_tree(c, 0, c->n_ranges, shapes);
	if (!tree.is_return) {
		seccomp_emit_goto(c->code, tree);
		tree = seccomp_emit_load(c->code, offsetof(struct seccomp_data, nr));
	}
	*section = (struct seccomp_section){ .arch = id,
		.x32 = id == ARCH_X86_64 && c->active[ARCH_X32],
		.calls = c->calls,
		.ranges = c->n_ranges,
		.instructions = c->code->n - before };
	*ret_label = tree;
	return 0;
}

/* ERRNO and TRACE carry a number, others do not: "the runtime MUST print an error and fail" (runtime-spec, config-linux.md, seccomp) */
static int check_errno(struct error *e, const char *place, enum seccomp_action action, struct opt_u32 errno_ret)
{
	if (!errno_ret.set)
		return 0;
	if (action != ACTION_ERRNO && action != ACTION_TRACE)
		return fail(e, 0, "%s: action '%s' takes no error number", place, names_of(&names_actions, action));
	if (errno_ret.value > SECCOMP_RET_DATA)
		return fail(e, 0, "%s: %u is more than %u", place, errno_ret.value, (unsigned int)SECCOMP_RET_DATA);
	return 0;
}

static int check_actions(struct error *e, const struct seccomp *seccomp)
{
	if (check_errno(e, "linux.seccomp.defaultErrnoRet", seccomp->default_action, seccomp->default_errno_ret) < 0)
		return -1;
	for (size_t i = 0; i < seccomp->syscalls.n; i++) {
		const struct seccomp_rule *rule = &seccomp->syscalls.v[i];
		char place[64];

		(void)snprintf(place, sizeof(place), "linux.seccomp.syscalls[%zu].errnoRet", i); /* fits */
		if (check_errno(e, place, rule->action, rule->errno_ret) < 0)
			return -1;
	}
	return 0;
}

static void choose_arches(struct compiler *c, const struct seccomp *seccomp, enum seccomp_arch native)
{
	c->active[native] = true;
	for (size_t i = 0; i < seccomp->architectures.n; i++) {
		enum seccomp_arch id = seccomp->architectures.v[i];

		c->listed[id] = true;
		c->active[id] |= arches[id].family == arches[native].family && syscall_arches[id].n > 0;
	}
	c->stub = seccomp->default_action != ACTION_ALLOW && seccomp->default_action != ACTION_LOG && seccomp->default_action != ACTION_TRACE;
}

/* The sections and, before them, the choice between them. */
static int emit_program(struct compiler *c, struct seccomp_program *program)
{
	struct seccomp_label next = seccomp_emit_return(c->code, SECCOMP_RET_KILL_THREAD), sections[SECCOMP_SECTIONS_MAX];

	program->n_sections = 0;
	for (enum seccomp_arch id = 0; id < ARCH_MAX; id++) {
		enum seccomp_arch real = id == ARCH_X32 ? ARCH_X86_64 : id;

		if (!c->active[id] || (id == ARCH_X32 && c->active[ARCH_X86_64]))
			continue;
		if (emit_section(c, real, &program->sections[program->n_sections], &sections[program->n_sections]) < 0)
			return -1;
		program->n_sections++;
	}
	for (size_t i = 0; i < program->n_sections; i++)
		next = seccomp_emit_jump(c->code, BPF_JEQ, audits[program->sections[i].arch], sections[i], next);
	(void)seccomp_emit_load(c->code, offsetof(struct seccomp_data, arch)); /* the way in */
	return 0;
}

/* whether a call is allowed on @native, whatever its arguments */
static bool always_allowed(struct compiler *c, enum seccomp_arch native, const char *name)
{
	struct seccomp_call call = { .action = c->rules.fallback };
	uint32_t action;

	if (seccomp_rules_call(&c->rules, (size_t)seccomp_syscall_id(name), arches[native].wide, arches[native].muxed, &call) < 0 || call.n > 0)
		return false;
	action = call.action & SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

int seccomp_compile(struct arena *arena, struct error *e, const struct seccomp *seccomp, enum seccomp_arch native, unsigned int flags,
	struct seccomp_program *ret_program)
{
	struct compiler *c = arena_new(arena, struct compiler);
	struct seccomp_program program = { 0 };

	c->arena = c->rules.arena = arena;
	c->rules.error = e;
	c->code = arena_new(arena, struct seccomp_code);
	if (syscall_arches[native].n == 0)
		return fail(e, 0, "linux.seccomp: no table of system calls for architecture '%s'", names_of(&names_arches, native));
	if (check_actions(e, seccomp) < 0 || seccomp_rules_read(&c->rules, seccomp, flags & SECCOMP_UNKNOWN_FAILS) < 0)
		return -1;
	choose_arches(c, seccomp, native);
	if (emit_program(c, &program) < 0)
		return -1;
	if (c->code->too_long)
		return fail(e, 0, "linux.seccomp.syscalls: the filter is longer than %d instructions", BPF_MAXINSNS);
	program.n = c->code->n;
	program.filter = c->code->v + BPF_MAXINSNS - program.n;
	program.notify = c->rules.notify;
	program.sends = always_allowed(c, native, "sendmsg");
	*ret_program = program;
	return 0;
}
