/*
 * The sandbox's default system-call profile, as tables from which the filter, its golden table and the manual page hull-syscalls(7) are made.
 *
 * It is a list of what is let through: a number that no group names does not exist for the program (ENOSYS), whatever a later kernel makes of it.
 */
#ifndef SPEC_SANDBOX_PROFILE_H
#define SPEC_SANDBOX_PROFILE_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "spec/spec.h"

/*
 * SANDBOX_PROFILE_NEST: namespaces and mounts may be made inside;  SANDBOX_PROFILE_TTY_OWN: the terminal is the sandbox's own
 * SANDBOX_PROFILE_SHORT: without the rules, for a spec that nobody prints or keeps: only the program that was made of them at build time
 */
enum sandbox_profile_flags { SANDBOX_PROFILE_NEST = 1 << 0, SANDBOX_PROFILE_TTY_OWN = 1 << 1, SANDBOX_PROFILE_SHORT = 1 << 2 };
enum { SANDBOX_PROFILES = 1 << 2 /* programs, for all combinations of the first two */ };

/* What tools/gen_profile.c made of a profile */
struct seccomp_ready {
	const struct sock_filter *filter;
	unsigned short n;
};
extern const struct seccomp_ready sandbox_programs[SANDBOX_PROFILES];

/*
 * Calls that get the same answer whatever their arguments.
 * @names: separated by single spaces;  @errnum: of the refusal, 0: let through
 * @title: what they are;  @reason: why they are refused, or why it does no harm to let them through
 * @lifted: with one of these flags they are let through
 */
struct sandbox_group {
	const char *names;
	int errnum;
	const char *title, *reason;
	unsigned int lifted;
};

enum { SANDBOX_TESTS_MAX = 2 };

/*
 * One rule about the arguments of a call. Several rules of one call are tried from the narrow to the wide: see any[] in sandbox_profile.c.
 * @name: the call;  @errnum: 0: let through;  @n: tests that must all hold: (argument & mask) == value; a mask of 0 holds always
 * @what: the arguments in words, @reason: NULL: a part of the rule before
 * @lifted: with one of these flags the rule is left out, and a call without rules is let through
 * @only: the rule is there with one of these flags only, 0: always
 */
struct sandbox_rule {
	const char *name;
	int errnum;
	size_t n;
	struct {
		uint32_t index;
		uint32_t mask, value;
	} tests[SANDBOX_TESTS_MAX];
	const char *what, *reason;
	unsigned int lifted, only;
};

extern const struct sandbox_group sandbox_groups[];
extern const size_t sandbox_n_groups;
extern const struct sandbox_rule sandbox_rules[];
extern const size_t sandbox_n_rules;

/**
 * sandbox_profile - the profile as a linux.seccomp object.
 * @flags: enum sandbox_profile_flags
 * @ret: in @arena
 */
void sandbox_profile(struct arena *arena, unsigned int flags, struct seccomp **ret);

#endif
