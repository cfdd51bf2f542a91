/* Checks of linux.seccomp: what can be seen without knowing the system calls. */
#include "spec/check.h"

#include <string.h>

#include "spec/oci.h"

enum { ERRNO_MAX = 4095 /* the kernel's MAX_ERRNO */, TRACE_MAX = 0xffff /* SECCOMP_RET_DATA */, ARGUMENTS = 6 };

/* The largest number that goes with an action; the other actions take none, and it is ignored there as runc does. */
static uint32_t return_max(enum seccomp_action action)
{
	return action == ACTION_ERRNO ? ERRNO_MAX : action == ACTION_TRACE ? TRACE_MAX : UINT32_MAX;
}

static int check_rule(struct error *e, const struct seccomp_rule *r, size_t i)
{
	if (r->names.n == 0)
		return fail(e, 0, "linux.seccomp.syscalls[%zu].names: must not be empty", i);
	if (r->errno_ret.set && r->errno_ret.value > return_max(r->action))
		return fail(e, 0, "linux.seccomp.syscalls[%zu].errnoRet: %u is out of range (0 to %u)", i, r->errno_ret.value, return_max(r->action));
	for (size_t k = 0; k < r->names.n; k++) {
		if (!*r->names.v[k])
			return fail(e, 0, "linux.seccomp.syscalls[%zu].names[%zu]: must not be empty", i, k);
		/* the program reports over write(2) that it waits for an answer: it would wait for ever */
		if (r->action == ACTION_NOTIFY && strcmp(r->names.v[k], "write") == 0)
			return fail(e, 0, "linux.seccomp.syscalls[%zu].action: SCMP_ACT_NOTIFY cannot be used for 'write'", i);
	}
	for (size_t k = 0; k < r->args.n; k++)
		if (r->args.v[k].index >= ARGUMENTS)
			return fail(e, 0, "linux.seccomp.syscalls[%zu].args[%zu].index: %u is out of range (0 to 5)", i, k, r->args.v[k].index);
	return 0;
}

int check_seccomp(struct error *e, const struct spec *spec)
{
	const struct seccomp *s = spec->linux.seccomp;

	if (!s)
		return 0;
	if (s->default_action == ACTION_NOTIFY)
		return fail(e, 0, "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default");
	if (s->default_errno_ret.set && s->default_errno_ret.value > return_max(s->default_action))
		return fail(e, 0, "linux.seccomp.defaultErrnoRet: %u is out of range (0 to %u)", s->default_errno_ret.value,
			return_max(s->default_action));
	for (size_t i = 0; i < s->syscalls.n; i++)
		if (check_rule(e, &s->syscalls.v[i], i) < 0)
			return -1;
	if (s->listener_path && s->listener_path[0] != '/')
		return fail(e, 0, "linux.seccomp.listenerPath: '%.256s' is not an absolute path", s->listener_path);
	if (s->listener_metadata && !s->listener_path)
		return fail(e, 0, "linux.seccomp.listenerMetadata: given without listenerPath");
	return 0;
}
