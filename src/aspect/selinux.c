/*
 * process.selinuxLabel: the context of the payload from execve(2) on, written as libselinux's setexeccon(3) does, through the host's own /proc (see
 * apparmor.c). Also the refusal of linux.mountLabel, which mounts.c applies, on a host without SELinux.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "aspect/aspect.h"
#include "base/io.h"
#include "base/path.h"
#include "base/scope.h"

#define SELINUX_MOUNT "/sys/fs/selinux"
enum { SELINUX_FS_MAGIC = (int)0xf97cff8c };

/* @proc: the host's /proc */
struct selinux_plan {
	int proc;
};

static bool wanted(const struct plan *p)
{
	return p->process->selinux_label && p->process->selinux_label[0] != '\0';
}

static bool enabled(void)
{
	scope_fd int fd = open(SELINUX_MOUNT, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && path_is_fs(fd, (unsigned int)SELINUX_FS_MAGIC) == 1;
}

static bool labels_mounts(const struct plan *p)
{
	return p->spec->linux.mount_label && p->spec->linux.mount_label[0] != '\0' && !p->request->exec;
}

static int selinux_prepare(struct plan *p)
{
	struct selinux_plan *plan;

	if (labels_mounts(p) && !enabled())
		return fail(p->error, 0, "linux.mountLabel: cannot use label '%s': SELinux is not enabled on this host", p->spec->linux.mount_label);
	if (!wanted(p))
		return 0;
	if (!enabled())
		return fail(p->error, 0, "process.selinuxLabel: cannot use label '%s': SELinux is not enabled on this host", p->process->selinux_label);
	plan = arena_new(p->arena, struct selinux_plan);
	plan->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (plan->proc < 0)
		return fail(p->error, errno, "cannot open '/proc'");
	p->data[ASPECT_SELINUX] = plan;
	return 0;
}

static CHILD int selinux_seal(struct child *c)
{
	const struct selinux_plan *plan = c->plan->data[ASPECT_SELINUX];
	const char *label = c->plan->process->selinux_label;
	int r;

	if (!plan)
		return 0;
	r = io_write_file(plan->proc, "self/attr/exec", label, strlen(label) + 1); /* with its zero, as setexeccon(3) */
	if (r < 0)
		return child_fail(c, FAULT("process.selinuxLabel: cannot set label '%a'"), r, label, NULL);
	return 0;
}

static void selinux_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	if (phase == PHASE_PREPARE && labels_mounts(p))
		explain_step(x, "give the filesystems to be mounted the SELinux label '%s'", p->spec->linux.mount_label);
	if (phase == PHASE_SEAL && wanted(p))
		explain_step(x, "set the SELinux label '%s' for execve", p->process->selinux_label);
}

static void selinux_features(struct json_writer *w)
{
	json_open_object(w, "selinux");
	json_bool(w, "enabled", true);
	json_close_object(w);
}

const struct aspect aspect_selinux = {
	.id = ASPECT_SELINUX,
	.prepare = selinux_prepare,
	.seal = selinux_seal,
	.explain = selinux_explain,
	.features = selinux_features,
};
