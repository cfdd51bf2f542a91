/*
 * linux.seccomp: check compiles the profile (seccomp_bpf.c; the sandbox's own is ready since hull was built), prepare asks the kernel whether it knows
 * the flags, and seal loads the program: before capabilities are dropped or as the very last step, as sequence.c says.
 *
 * With SCMP_ACT_NOTIFY the kernel gives the child a listener, which must reach the parent (and from there the agent, seccomp_notify.c) while the
 * filter is already in force: sendmsg(2) must therefore be allowed. Other calls may notify: the agent has the listener before the child makes them.
 *
 * Annotations, as crun has them: run.oci.seccomp_bpf_data (base64) is a program that replaces the profile, run.oci.seccomp.receiver a listenerPath
 * where the profile has none (the environment variable RUN_OCI_SECCOMP_RECEIVER where there is no such annotation either),
 * run.oci.seccomp_fail_unknown_syscall makes unknown names errors. run.oci.seccomp.plugins is refused: they decide what the payload may do, and a static
 * program cannot load them.
 */
#include "aspect/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>

#include "aspect/aspect.h"
#include "aspect/init.h"
#include "aspect/seccomp_bpf.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"
#include "spec/oci.h"
#include "spec/sandbox_profile.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

enum { LISTENER = 2 /* CHANNEL_FD_SECCOMP */, BASE64_BITS = 6 };

/*
 * @fprog: what the kernel gets;  @flags: SECCOMP_FILTER_FLAG_*
 * @raw: the program is an annotation's;  @program: else what it was compiled to
 */
struct seccomp_plan {
	struct sock_fprog fprog;
	unsigned int flags;
	bool raw;
	struct seccomp_program program;
};

static int base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Return: how many bytes @text stands for, or -EINVAL; no more than @size are written. */
static ssize_t base64_decode(const char *text, unsigned char *data, size_t size)
{
	unsigned int bits = 0, n_bits = 0;
	size_t n = 0;

	for (; *text && *text != '='; text++) {
		int digit = base64_digit(*text);

		if (digit < 0)
			return -EINVAL;
		bits = bits << BASE64_BITS | (unsigned int)digit;
		n_bits += BASE64_BITS;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		if (n < size)
			data[n] = (unsigned char)(bits >> n_bits);
		n++;
	}
	text += strspn(text, "=");
	return *text || n_bits >= BASE64_BITS ? -EINVAL : (ssize_t)n;
}

static int read_raw(struct plan *p, const char *text, struct seccomp_plan *plan)
{
	struct sock_filter *filter = arena_many(p->arena, struct sock_filter, BPF_MAXINSNS);
	ssize_t length = base64_decode(text, (unsigned char *)filter, BPF_MAXINSNS * sizeof(*filter));

	if (length < 0)
		return fail(p->error, 0, "annotations.run.oci.seccomp_bpf_data: not base64");
	if (length == 0 || (size_t)length % sizeof(*filter) != 0 || (size_t)length > BPF_MAXINSNS * sizeof(*filter))
		return fail(p->error, 0, "annotations.run.oci.seccomp_bpf_data: %zd bytes are not a program of 1 to %d instructions", length,
			BPF_MAXINSNS);
	plan->raw = true;
	plan->fprog = (struct sock_fprog){ .len = (unsigned short)((size_t)length / sizeof(*filter)), .filter = filter };
	for (size_t i = 0; i < plan->fprog.len; i++)
		if (filter[i].code == (BPF_RET | BPF_K) && (filter[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
			plan->program.notify = true;
	return 0;
}

/* What the child sends the listener with must neither wait for the agent nor fail. */
static int check_notify(struct plan *p, const struct seccomp *s, const struct seccomp_program *program)
{
	for (size_t i = 0; i < s->syscalls.n; i++)
		for (size_t k = 0; s->syscalls.v[i].action == ACTION_NOTIFY && k < s->syscalls.v[i].names.n; k++)
			if (text_equal(s->syscalls.v[i].names.v[k], "sendmsg") || text_equal(s->syscalls.v[i].names.v[k], "write"))
				return fail(p->error, 0,
					"linux.seccomp.syscalls[%zu].action: SCMP_ACT_NOTIFY cannot be used for '%s': the listener could "
					"not be handed over",
					i, s->syscalls.v[i].names.v[k]);
	if (!program->sends)
		return fail(
			p->error, 0, "linux.seccomp.syscalls: with SCMP_ACT_NOTIFY, 'sendmsg' must be allowed: the listener is handed over with it");
	return 0;
}

const char *seccomp_listener_path(const struct plan *p)
{
	const struct seccomp *s = p->spec->linux.seccomp;

	const char *annotation = spec_annotation(p->spec, "run.oci.seccomp.receiver");

	if (s && s->listener_path)
		return s->listener_path;
	return annotation ? annotation : p->request->seccomp_receiver;
}

CHILD bool seccomp_notifies(const struct plan *p)
{
	const struct seccomp_plan *plan = p->data[ASPECT_SECCOMP];

	return plan && plan->program.notify;
}

static int seccomp_check(struct plan *p)
{
	const char *raw = spec_annotation(p->spec, "run.oci.seccomp_bpf_data"),
		   *strict = spec_annotation(p->spec, "run.oci.seccomp_fail_unknown_syscall");
	const struct seccomp *s = p->spec->linux.seccomp;
	bool fail_unknown = strict && !text_equal(strict, "0") && !text_equal(strict, "false");
	struct seccomp_plan *plan;

	if (spec_annotation(p->spec, "run.oci.seccomp.plugins"))
		return fail(p->error, 0, "annotations.run.oci.seccomp.plugins: hull is one static program and loads no plugins: "
					 "let an agent behind linux.seccomp.listenerPath decide");
	if (!s && !raw && p->request->n_filters == 0)
		return 0;
	plan = arena_new(p->arena, struct seccomp_plan);
	if (!s && !raw) {
		p->data[ASPECT_SECCOMP] = plan; /* the request's filters alone */
		return 0;
	}
	if (raw) {
		if (read_raw(p, raw, plan) < 0)
			return -1;
	} else if (s->ready) { /* seccomp(2) only reads it */
		plan->fprog = (struct sock_fprog){ .len = s->ready->n, .filter = (struct sock_filter *)(uintptr_t)s->ready->filter };
	} else {
		if (seccomp_compile(p->arena, p->error, s, SECCOMP_ARCH_NATIVE, fail_unknown ? SECCOMP_UNKNOWN_FAILS : 0, &plan->program) < 0)
			return -1;
		plan->fprog = (struct sock_fprog){ .len = (unsigned short)plan->program.n, .filter = plan->program.filter };
		if (plan->program.notify && check_notify(p, s, &plan->program) < 0)
			return -1;
	}
	plan->flags = s ? s->flags : 0;
	if (!plan->program.notify) {
		plan->flags &= ~(unsigned int)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV; /* of a listener: nobody waits */
	} else {
		if (!seccomp_listener_path(p))
			return fail(p->error, 0, "linux.seccomp.listenerPath: missing, and the filter returns SCMP_ACT_NOTIFY");
		plan->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
		plan->flags &= ~(unsigned int)SECCOMP_FILTER_FLAG_TSYNC; /* the kernel refuses both together; the child has one thread */
	}
	p->data[ASPECT_SECCOMP] = plan;
	return 0;
}

/* The kernel looks at the flags before it misses the program: EFAULT means that it knows them (seccomp(2), "checking for support"). */
static bool flag_supported(unsigned int flag)
{
	if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER; /* goes with a listener only */
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, flag, NULL) == -EFAULT;
}

static int seccomp_prepare(struct plan *p)
{
	const struct seccomp_plan *plan = p->data[ASPECT_SECCOMP];

	for (unsigned int flag = 1; plan && flag != 0 && flag <= plan->flags; flag <<= 1) {
		const char *name = names_of(&names_seccomp_flags, flag);

		if ((plan->flags & flag) && !flag_supported(flag))
			return fail(
				p->error, 0, "linux.seccomp.flags: this kernel does not know '%s'", name ? name : "SECCOMP_FILTER_FLAG_NEW_LISTENER");
	}
	return 0;
}

/* What a process beside us has loaded: by one system call or the other, and its own filters may have allowed only that. */
static CHILD int load_others(struct child *c, const struct request *request)
{
	for (size_t i = 0; i < request->n_filters; i++)
		if (sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &request->filters[i]) < 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &request->filters[i], 0, 0) < 0)
			return child_fail_number(c, FAULT("cannot load system-call filter %n of the process"), errno, NULL, (int64_t)i + 1);
	return 0;
}

static CHILD int seccomp_seal(struct child *c)
{
	const struct seccomp_plan *plan = c->plan->data[ASPECT_SECCOMP];
	int listener;

	if (!plan)
		return 0;
	if (load_others(c, c->plan->request) < 0)
		return -1;
	if (plan->fprog.len == 0)
		return 0;
	listener = sys_seccomp(SECCOMP_SET_MODE_FILTER, plan->flags, &plan->fprog);
	if (listener < 0)
		return child_fail(c, FAULT("linux.seccomp: cannot load the filter"), listener, NULL, NULL);
	if (!(plan->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
		return 0;
	if (child_send_fd(c, LISTENER, listener) < 0)
		return -1;
	(void)close(listener); /* nothing can be done; a copy that stayed would keep waiting calls waiting when the agent goes */
	return 0;
}

static void seccomp_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct seccomp_plan *plan = p->data[ASPECT_SECCOMP];
	char buffer[128];
	struct text t = text_on(buffer, sizeof(buffer));

	if (phase != (init_is_unfiltered(p) ? PHASE_EXEC : PHASE_SEAL) || !plan)
		return;
	for (size_t i = 0; i < plan->program.n_sections; i++) {
		const struct seccomp_section *s = &plan->program.sections[i];

		text_addf(&t, "%s%s%s: %zu for %zu system calls", i > 0 ? ", " : " (", names_of(&names_arches, s->arch),
			s->x32 ? " and SCMP_ARCH_X32" : "", s->instructions, s->calls);
	}
	explain_step(x, "load %s of %u instructions%s%s",
		plan->raw	 ? "the seccomp filter of run.oci.seccomp_bpf_data" :
		*buffer != '\0' ? "a seccomp filter" :
				   "the sandbox's seccomp filter, hull-syscalls(7)",
		(unsigned int)plan->fprog.len, buffer, *buffer != '\0' ? ")" : "");
	if (plan->program.notify)
		explain_step(x, "send its listener to '%s'", seccomp_listener_path(p));
}

static void write_names(struct json_writer *w, const char *key, const struct names *names, bool supported)
{
	json_open_array(w, key);
	for (size_t i = 0; i < names->n; i++)
		if (!supported || flag_supported((unsigned int)names->v[i].value))
			json_string(w, NULL, names->v[i].name);
	json_close_array(w);
}

static void seccomp_features(struct json_writer *w)
{
	json_open_object(w, "seccomp");
	json_bool(w, "enabled", true);
	write_names(w, "actions", &names_actions, false);
	write_names(w, "operators", &names_operators, false);
	write_names(w, "archs", &names_arches, false);
	write_names(w, "knownFlags", &names_seccomp_flags, false);
	write_names(w, "supportedFlags", &names_seccomp_flags, true);
	json_close_object(w);
}

const struct aspect aspect_seccomp = {
	.id = ASPECT_SECCOMP,
	.check = seccomp_check,
	.prepare = seccomp_prepare,
	.seal = seccomp_seal,
	.explain = seccomp_explain,
	.features = seccomp_features,
};
