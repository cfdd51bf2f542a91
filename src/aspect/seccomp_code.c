/*
 * A BPF program, written backwards (see seccomp_code.h): jumps, and the tests of arguments.
 *
 * A 64-bit argument is two 32-bit words; a test looks at the high one first and at the low one only if that did not decide.
 *
 * The kernel translates every instruction when a filter is loaded, a third of a microsecond each: what several clauses test is tested once, what makes no
 * difference is left out, and calls with the same rules share their tests, across architectures where these look at low words only.
 */
#include "aspect/seccomp_code.h"

#include <linux/seccomp.h>

enum { JUMP_MAX = 255 };

static size_t emit(struct seccomp_code *c, uint16_t code, uint8_t yes, uint8_t no, uint32_t k)
{
	if (c->n == BPF_MAXINSNS) {
		c->too_long = true;
		return c->n - 1;
	}
	c->v[BPF_MAXINSNS - 1 - c->n] = (struct sock_filter){ .code = code, .jt = yes, .jf = no, .k = k };
	return c->n++;
}

static struct seccomp_label at(size_t place)
{
	return (struct seccomp_label){ .at = place };
}

/* instructions that a jump written now would skip */
static size_t distance(const struct seccomp_code *c, size_t place)
{
	return c->n - 1 - place;
}

struct seccomp_label seccomp_emit_return(struct seccomp_code *c, uint32_t value)
{
	size_t place = emit(c, BPF_RET | BPF_K, 0, 0, value), slot = 0;

	while (slot < c->n_returns && c->returns[slot].value != value)
		slot++;
	if (slot == SECCOMP_RETURNS)
		slot = c->next_return++ % SECCOMP_RETURNS;
	else if (slot == c->n_returns)
		c->n_returns++;
	c->returns[slot].value = value;
	c->returns[slot].at = place;
	return at(place);
}

struct seccomp_label seccomp_emit_load(struct seccomp_code *c, uint32_t offset)
{
	return at(emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset));
}

static struct seccomp_label find_return(struct seccomp_code *c, uint32_t value)
{
	for (size_t i = 0; i < c->n_returns; i++)
		if (c->returns[i].value == value && distance(c, c->returns[i].at) <= JUMP_MAX)
			return at(c->returns[i].at);
	return seccomp_emit_return(c, value);
}

/* an instruction within reach of a jump that is written next, perhaps a new one */
static size_t reach(struct seccomp_code *c, struct seccomp_label to)
{
	if (to.is_return)
		return find_return(c, to.value).at;
	if (distance(c, to.at) <= JUMP_MAX)
		return to.at;
	return emit(c, BPF_JMP | BPF_JA, 0, 0, (uint32_t)distance(c, to.at));
}

struct seccomp_label seccomp_emit_jump(struct seccomp_code *c, uint16_t op, uint32_t k, struct seccomp_label yes, struct seccomp_label no)
{
	size_t yes_at = reach(c, yes), no_at = reach(c, no);

	if (distance(c, yes_at) > JUMP_MAX) /* making the way for "no" moved "yes" out of reach; two instructions more cannot do it to "no" again */
		yes_at = reach(c, yes);
	return at(emit(c, (uint16_t)(BPF_JMP | op | BPF_K), (uint8_t)distance(c, yes_at), (uint8_t)distance(c, no_at), k));
}

void seccomp_emit_goto(struct seccomp_code *c, struct seccomp_label to)
{
	if (to.is_return)
		(void)seccomp_emit_return(c, to.value); /* it is the next instruction */
	else if (distance(c, to.at) > 0)
		(void)emit(c, BPF_JMP | BPF_JA, 0, 0, (uint32_t)distance(c, to.at));
}

/* A = one half of an argument, masked */
static struct seccomp_label emit_half(struct seccomp_code *c, const struct seccomp_test *t, struct seccomp_shape shape, bool high)
{
	uint32_t mask = (uint32_t)(t->mask >> 32 * high);

	if (mask != UINT32_MAX)
		(void)emit(c, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask); /* runs on into the jump */
	return seccomp_emit_load(c, (uint32_t)(offsetof(struct seccomp_data, args) + t->arg * sizeof(uint64_t) + (high == shape.big ? 0 : 4)));
}

static struct seccomp_label emit_equal(
	struct seccomp_code *c, const struct seccomp_test *t, struct seccomp_shape shape, struct seccomp_label yes, struct seccomp_label no)
{
	struct seccomp_label high = yes;

	if ((uint32_t)t->mask != 0) {
		(void)seccomp_emit_jump(c, BPF_JEQ, (uint32_t)t->value, yes, no); /* the load before it is the way in */
		high = emit_half(c, t, shape, false);
	}
	if (!shape.wide || t->mask >> 32 == 0)
		return high;
	(void)seccomp_emit_jump(c, BPF_JEQ, (uint32_t)(t->value >> 32), high, no); /* likewise */
	return emit_half(c, t, shape, true);
}

/* @op: BPF_JGT or BPF_JGE */
static struct seccomp_label emit_greater(struct seccomp_code *c, const struct seccomp_test *t, struct seccomp_shape shape, uint16_t op,
	struct seccomp_label yes, struct seccomp_label no)
{
	struct seccomp_label low;

	(void)seccomp_emit_jump(c, op, (uint32_t)t->value, yes, no); /* the load before it is the way in */
	low = emit_half(c, t, shape, false);
	if (!shape.wide)
		return low;
	low = seccomp_emit_jump(c, BPF_JEQ, (uint32_t)(t->value >> 32), low, no);
	(void)seccomp_emit_jump(c, BPF_JGT, (uint32_t)(t->value >> 32), yes, low); /* likewise */
	return emit_half(c, t, shape, true);
}

static bool same_label(struct seccomp_label a, struct seccomp_label b)
{
	return a.is_return == b.is_return && (a.is_return ? a.value == b.value : a.at == b.at);
}

static struct seccomp_label emit_test(
	struct seccomp_code *c, const struct seccomp_test *t, struct seccomp_shape shape, struct seccomp_label yes, struct seccomp_label no)
{
	if (same_label(yes, no))
		return no;
	switch (t->op) {
	case OPERATOR_NE:
		return emit_equal(c, t, shape, no, yes);
	case OPERATOR_GT:
		return emit_greater(c, t, shape, BPF_JGT, yes, no);
	case OPERATOR_GE:
		return t->value == 0 ? yes : emit_greater(c, t, shape, BPF_JGE, yes, no); /* 0: "else" of a list of rules */
	case OPERATOR_LE:
		return emit_greater(c, t, shape, BPF_JGT, no, yes);
	case OPERATOR_LT:
		return emit_greater(c, t, shape, BPF_JGE, no, yes);
	case OPERATOR_EQ:
	case OPERATOR_MASKED_EQ:
	case OPERATOR_MAX:
		break;
	}
	return emit_equal(c, t, shape, yes, no);
}

/* @skip: tests of the clause that have been made already */
static bool is_equality(const struct seccomp_clause *clause, size_t skip)
{
	const struct seccomp_test *t = &clause->tests[skip];

	return clause->n == skip + 1 && (t->op == OPERATOR_EQ || t->op == OPERATOR_MASKED_EQ) && (uint32_t)t->mask != 0;
}

/* clauses that only compare the same bits of the same argument with values of the same high half: one load serves them all */
static bool alike(const struct seccomp_clause *a, const struct seccomp_clause *b, size_t skip)
{
	const struct seccomp_test *x = &a->tests[skip], *y = &b->tests[skip];

	return is_equality(a, skip) && is_equality(b, skip) && x->arg == y->arg && x->mask == y->mask && x->value >> 32 == y->value >> 32;
}

/* whether the @n clauses after the first of them ask for its value, too */
static bool is_asked_again(const struct seccomp_clause **clauses, size_t n, size_t skip)
{
	for (size_t i = 1; i <= n; i++)
		if (clauses[i]->tests[skip].value == clauses[0]->tests[skip].value)
			return true;
	return false;
}

static struct seccomp_label emit_alike(
	struct seccomp_code *c, const struct seccomp_clause **clauses, size_t n, size_t skip, struct seccomp_shape shape, struct seccomp_label no)
{
	const struct seccomp_test *first = &clauses[0]->tests[skip];
	struct seccomp_label next = no;
	size_t asked = 0;

	for (size_t i = n; i-- > 0;) {
		struct seccomp_label yes = seccomp_return_label(clauses[i]->action);

		if (same_label(yes, no) && !is_asked_again(clauses + i, n - 1 - i, skip))
			continue; /* it gets what all other values get */
		next = seccomp_emit_jump(c, BPF_JEQ, (uint32_t)clauses[i]->tests[skip].value, yes, next);
		asked++;
	}
	if (asked == 0)
		return no;
	next = emit_half(c, first, shape, false);
	if (!shape.wide || first->mask >> 32 == 0)
		return next;
	(void)seccomp_emit_jump(c, BPF_JEQ, (uint32_t)(first->value >> 32), next, no); /* the load before it is the way in */
	return emit_half(c, first, shape, true);
}

/* "else" of a list of rules, however wide its argument is */
static bool holds_always(const struct seccomp_test *t)
{
	return t->op == OPERATOR_GE && t->value == 0;
}

static bool same_test(const struct seccomp_test *a, const struct seccomp_test *b)
{
	return a->arg == b->arg && a->op == b->op && a->value == b->value && (a->mask == b->mask || holds_always(a));
}

/* The tests after @skip of clauses that have made the ones before. A test that several begin with is made once. */
static struct seccomp_label emit_clauses(
	struct seccomp_code *c, const struct seccomp_clause **clauses, size_t n, size_t skip, struct seccomp_shape shape, struct seccomp_label next)
{
	for (size_t end = n; end > 0;) {
		size_t start = end - 1;
		const struct seccomp_clause *clause = clauses[start];
		struct seccomp_label yes = seccomp_return_label(clause->action);

		while (start > 0 && alike(clauses[start - 1], clause, skip))
			start--;
		if (end - start > 1) {
			next = emit_alike(c, clauses + start, end - start, skip, shape, next);
			end = start;
			continue;
		}
		while (start > 0 && clause->n > skip && clauses[start - 1]->n > skip && same_test(&clauses[start - 1]->tests[skip], &clause->tests[skip]))
			start--;
		if (end - start > 1)
			yes = emit_clauses(c, clauses + start, end - start, skip + 1, shape, next);
		for (size_t i = end - start > 1 ? skip + 1 : clause->n; i-- > skip;)
			yes = emit_test(c, &clause->tests[i], shape, yes, next);
		next = yes;
		end = start;
	}
	return next;
}

/* whether the tests of a call look at low halves only, and so are the same for all shapes of one byte order */
static bool is_narrow(const struct seccomp_call *call)
{
	for (size_t i = 0; i < call->n; i++) {
		for (size_t k = 0; k < call->clauses[i]->n; k++) {
			const struct seccomp_test *t = &call->clauses[i]->tests[k];
			bool compares = t->op == OPERATOR_EQ || t->op == OPERATOR_NE || t->op == OPERATOR_MASKED_EQ;

			if (compares ? t->mask >> 32 != 0 : !holds_always(t))
				return false;
		}
	}
	return true;
}

static bool same_call(const struct seccomp_call *a, const struct seccomp_call *b)
{
	if (a->n != b->n || a->action != b->action)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct seccomp_clause *x = a->clauses[i], *y = b->clauses[i];

		if (x->n != y->n || x->action != y->action)
			return false;
		for (size_t k = 0; k < x->n; k++)
			if (!same_test(&x->tests[k], &y->tests[k]))
				return false;
	}
	return true;
}

struct seccomp_label seccomp_emit_call(struct seccomp_code *c, const struct seccomp_call *call, struct seccomp_shape shape)
{
	struct seccomp_label label;

	for (size_t i = 0; i < c->n_calls; i++)
		if (c->calls[i].shape.big == shape.big && (c->calls[i].shape.wide == shape.wide || is_narrow(call)) && same_call(c->calls[i].call, call))
			return c->calls[i].label;
	label = emit_clauses(c, call->clauses, call->n, 0, shape, seccomp_return_label(call->action));
	if (c->n_calls < SECCOMP_CALLS) {
		c->calls[c->n_calls].call = call;
		c->calls[c->n_calls].shape = shape;
		c->calls[c->n_calls++].label = label;
	}
	return label;
}
