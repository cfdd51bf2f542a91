/* Checks of linux.seccomp: what can be seen without knowing the system calls. */
#include "spec/check.h"

#include <string.h>

#include "spec/oci.h"

enum { ERRNO_MAX = 4095 /* the kernel's MAX_ERRNO */, TRACE_MAX = 0xffff /* SECCOMP_RET_DATA */, ARGUMENTS = 6 };

static int check_return(struct error *e, enum seccomp_action action, const struct opt_u32 *value, const char *place)
{
	uint32_t max = action == ACTION_TRACE ? TRACE_MAX : ERRNO_MAX;

	if (value->set && (action == ACTION_ERRNO || action == ACTION_TRACE) && value->value > max)
		return fail(e, 0, "linux.seccomp.%s: %u is out of range (0 to %u)", place, value->value, max);
	return 0;
}

static int check_rule(struct error *e, const struct seccomp_rule *r, size_t i)
{
	if (r->names.n == 0)
		return fail(e, 0, "linux.seccomp.syscalls[%zu].names: must not be empty", i);
	if (check_return(e, r->action, &r->errno_ret, "syscalls[].errnoRet") < 0)
		return -1;
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
	bool notify = false;

	if (!s)
		return 0;
	if (s->default_action == ACTION_NOTIFY)
		return fail(e, 0, "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default");
	if (check_return(e, s->default_action, &s->default_errno_ret, "defaultErrnoRet") < 0)
		return -1;
	for (size_t i = 0; i < s->syscalls.n; i++) {
		if (check_rule(e, &s->syscalls.v[i], i) < 0)
			return -1;
		notify = notify || s->syscalls.v[i].action == ACTION_NOTIFY;
	}
	if (s->listener_path && s->listener_path[0] != '/')
		return fail(e, 0, "linux.seccomp.listenerPath: '%.256s' is not an absolute path", s->listener_path);
	if (s->listener_metadata && !s->listener_path)
		return fail(e, 0, "linux.seccomp.listenerMetadata: given without listenerPath");
	if (notify && !s->listener_path && !spec_annotation(spec, "run.oci.seccomp.receiver"))
		return fail(e, 0, "linux.seccomp.listenerPath: missing, a rule says SCMP_ACT_NOTIFY");
	return 0;
}
