/* The rules of a profile, sorted out by system call: see seccomp_rules.c. */
#ifndef ASPECT_SECCOMP_RULES_H
#define ASPECT_SECCOMP_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aspect/seccomp_table.h"
#include "base/arena.h"
#include "base/error.h"
#include "spec/spec.h"

enum { SECCOMP_ARGS = 6 };

/* One comparison of one argument; @mask is all ones but for MASKED_EQ, and @value lies within it. */
struct seccomp_test {
	uint32_t arg;
	enum seccomp_operator op;
	uint64_t mask, value;
};

/* A rule with conditions: all @n tests (sorted by argument, one each) hold: @action (SECCOMP_RET_*) */
struct seccomp_clause {
	uint32_t action;
	size_t n;
	struct seccomp_test tests[SECCOMP_ARGS];
};

/* What one call gets. @n 0: @action; else the first clause that holds decides, and @action is the default. */
struct seccomp_call {
	uint32_t action;
	const struct seccomp_clause **clauses;
	size_t n;
};

struct seccomp_ref;

/*
 * @fallback: what the default action returns
 * @named: ids that the profile names, whatever for;  @refs: of an id: its rules in the order of the document, NULL: none
 * @socketcall, @ipc: ids;  @n_clauses: so far, over all calls: a limit for hostile profiles
 */
struct seccomp_rules {
	struct arena *arena;
	struct error *error;
	uint32_t fallback;
	bool notify;
	bool *named;
	struct seccomp_ref **refs, ***tails;
	size_t socketcall, ipc;
	size_t n_clauses;
};

/**
 * seccomp_rules_read - sort the rules of a profile by system call.
 * @fail_unknown: an unknown name is an error, else it is skipped.
 * Return: 0 or -1 after fail().
 */
int seccomp_rules_read(struct seccomp_rules *r, const struct seccomp *seccomp, bool fail_unknown);

/**
 * seccomp_rules_call - what a call gets on an architecture.
 * @wide: it has 64-bit arguments;  @muxed: it has socketcall(2) and ipc(2).
 * Return: 1 and *ret_call, 0: no rule, -1 after fail().
 */
int seccomp_rules_call(struct seccomp_rules *r, size_t id, bool wide, bool muxed, struct seccomp_call *ret_call);

#endif
