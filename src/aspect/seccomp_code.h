/*
 * A BPF program under construction, from its end to its beginning: whatever an instruction jumps to is already there, so distances are known when
 * they are written, and one that is too long for a conditional jump (255) gets a copy of the return, or a BPF_JA, close by.
 */
#ifndef ASPECT_SECCOMP_CODE_H
#define ASPECT_SECCOMP_CODE_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aspect/seccomp_rules.h"

/* A place to go: an instruction, counted from the end, or "return VALUE" wherever one is near. */
struct seccomp_label {
	bool is_return;
	uint32_t value; /* SECCOMP_RET_* */
	size_t at;
};

/* What a test needs to know of an architecture: @wide: 64-bit arguments;  @big: big-endian */
struct seccomp_shape {
	bool wide, big;
};

enum { SECCOMP_RETURNS = 16, SECCOMP_CALLS = 32 };

/*
 * @v: BPF_MAXINSNS instructions, the last @n of them written;  @too_long: there were more
 * @returns: where some values are returned, replaced in turn
 * @calls: where the tests of the first calls are
 */
struct seccomp_code {
	struct sock_filter v[BPF_MAXINSNS];
	size_t n;
	bool too_long;
	struct {
		uint32_t value;
		size_t at;
	} returns[SECCOMP_RETURNS];
	size_t n_returns, next_return;
	struct {
		const struct seccomp_call *call;
		struct seccomp_shape shape;
		struct seccomp_label label;
	} calls[SECCOMP_CALLS];
	size_t n_calls;
};

static inline struct seccomp_label seccomp_return_label(uint32_t value)
{
	return (struct seccomp_label){ .is_return = true, .value = value };
}

/* seccomp_emit_return, seccomp_emit_load - "return VALUE"; "A = the 32 bits at OFFSET of struct seccomp_data" */
struct seccomp_label seccomp_emit_return(struct seccomp_code *c, uint32_t value);
struct seccomp_label seccomp_emit_load(struct seccomp_code *c, uint32_t offset);

/**
 * seccomp_emit_jump - go to @yes if A compares with @k as @op (BPF_JEQ, BPF_JGE, BPF_JGT) says, else to @no.
 */
struct seccomp_label seccomp_emit_jump(struct seccomp_code *c, uint16_t op, uint32_t k, struct seccomp_label yes, struct seccomp_label no);

/**
 * seccomp_emit_call - try the clauses of a call in order. @call: stays while the program is made.
 */
struct seccomp_label seccomp_emit_call(struct seccomp_code *c, const struct seccomp_call *call, struct seccomp_shape shape);

/**
 * seccomp_emit_goto - make sure that the next instruction that is written runs on into @to.
 */
void seccomp_emit_goto(struct seccomp_code *c, struct seccomp_label to);

#endif
