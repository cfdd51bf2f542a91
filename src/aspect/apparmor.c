/*
 * process.apparmorProfile: the label that the kernel gives to the payload at execve(2) (apparmor(7), change_onexec).
 *
 * It is written through a descriptor of the host's own /proc, opened before the clone: "self" in it is always us, and nothing that a container
 * mounted can stand in its place (CVE-2019-16884).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "aspect/aspect.h"
#include "base/io.h"
#include "base/scope.h"

#define APPARMOR_ENABLED "/sys/module/apparmor/parameters/enabled"
enum { APPARMOR_FLAG_MAX = 8 };

/* @command: what is written;  @proc: the host's /proc, NO_FD: nothing is to be done */
struct apparmor_plan {
	const char *command;
	int proc;
};

static bool wanted(const struct plan *p)
{
	return p->process->apparmor_profile && p->process->apparmor_profile[0] != '\0';
}

static bool enabled(void)
{
	char flag[APPARMOR_FLAG_MAX];

	return io_read_small(AT_FDCWD, APPARMOR_ENABLED, flag, sizeof(flag)) > 0 && flag[0] == 'Y';
}

static int apparmor_prepare(struct plan *p)
{
	struct apparmor_plan *plan;

	if (!wanted(p))
		return 0;
	if (!enabled()) {
		if (strcmp(p->process->apparmor_profile, "unconfined") == 0)
			return 0;
		return fail(p->error, 0, "process.apparmorProfile: cannot use profile '%s': AppArmor is not enabled on this host",
			p->process->apparmor_profile);
	}
	plan = arena_new(p->arena, struct apparmor_plan);
	plan->command = arena_printf(p->arena, "exec %s", p->process->apparmor_profile);
	plan->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (plan->proc < 0)
		return fail(p->error, errno, "cannot open '/proc'");
	p->data[ASPECT_APPARMOR] = plan;
	return 0;
}

static CHILD int apparmor_seal(struct child *c)
{
	const struct apparmor_plan *plan = c->plan->data[ASPECT_APPARMOR];
	int r;

	if (!plan)
		return 0;
	r = io_write_file(plan->proc, "self/attr/apparmor/exec", plan->command, strlen(plan->command));
	if (r == -ENOENT) /* before Linux 5.8 there is one file for whichever security module is first */
		r = io_write_file(plan->proc, "self/attr/exec", plan->command, strlen(plan->command));
	if (r < 0)
		return child_fail(c, FAULT("process.apparmorProfile: cannot set profile '%a'"), r, c->plan->process->apparmor_profile, NULL);
	return 0;
}

static void apparmor_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	if (phase == PHASE_SEAL && wanted(p))
		explain_step(x, "set the AppArmor profile '%s' for execve", p->process->apparmor_profile);
}

static void apparmor_features(struct json_writer *w)
{
	json_open_object(w, "apparmor");
	json_bool(w, "enabled", true);
	json_close_object(w);
}

const struct aspect aspect_apparmor = {
	.id = ASPECT_APPARMOR,
	.prepare = apparmor_prepare,
	.seal = apparmor_seal,
	.explain = apparmor_explain,
	.features = apparmor_features,
};
