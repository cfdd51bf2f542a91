/*
 * Changing a running container's mounts. Sources are opened on the host as detached trees before anything else (mounts_prepare); then a short-lived
 * child enters the container's user and mount namespaces and puts them onto targets resolved inside its root. The running container's seal is not touched.
 */
#include "run/live.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aspect/mounts.h"
#include "base/io.h"
#include "base/path.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "run/channel.h"
#include "run/plan.h"
#include "run/selfexe.h"
#include "spec/oci.h"

/* Take the topmost mount off each target, last one first. */
static CHILD int remove_mounts(struct child *c, const struct mount_ops *ops)
{
	for (size_t i = ops->n; i-- > 0;) {
		const char *target = ops->v[i].target, *name;
		int parent = path_open_parent(c->root, target, false, &name), r;

		if (parent < 0)
			return child_fail(c, FAULT("cannot open the directory of '%a'"), parent, target, NULL);
		r = fchdir(parent) < 0 || umount2(name, UMOUNT_NOFOLLOW | MNT_DETACH) < 0 ? -errno : 0;
		(void)close_fd(parent);
		if (r < 0)
			return child_fail(c, FAULT("cannot unmount '%a'"), r, target, NULL);
	}
	return 0;
}

static CHILD _Noreturn void live_main(const struct plan *p, int channel, struct mount_ops *ops, bool add)
{
	struct child c = { .plan = p, .channel = channel, .root = NO_FD, .proc = NO_FD, .tty = NO_FD, .aspect = ASPECT_MOUNTS, .phase = PHASE_ENTER };
	int r;

	(void)close_fd(engine_of(p)->lock_fd);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* cannot fail with this argument */
	r = sys_setns(engine_of(p)->target_pidfd, (int)(p->facts->clone_flags & (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWCGROUP)));
	if (r < 0) {
		(void)child_fail(&c, FAULT("cannot enter the container's mount namespace"), r, NULL, NULL); /* -1 by nature */
		_exit(CHILD_EXIT_FAULT);
	}
	/* we act as root of the container's user namespace: where that may not write, a link in the container must not make us write */
	if (aspect_user.enter(&c) < 0)
		_exit(CHILD_EXIT_FAULT);
	(void)umask(0); /* modes are meant as they are written */
	c.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c.root < 0 && child_fail(&c, FAULT("cannot open the container's root"), errno, NULL, NULL))
		_exit(CHILD_EXIT_FAULT);
	_exit((add ? mounts_play(&c, ops) : remove_mounts(&c, ops)) < 0 ? CHILD_EXIT_FAULT : 0);
}

/* Run the child and listen to it. */
static int in_container(struct job *job, struct mount_ops *ops, bool add)
{
	struct error *e = &job->hull->error;
	struct clone_args args = { .exit_signal = SIGCHLD, .flags = 0 };
	struct message m;
	int pair[2], status = 0, r, result = 0;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(e, errno, "cannot make a socket pair");
	selfexe_dissolve(); /* the container's processes may see ours */
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0)
		live_main(&job->plan, pair[1], ops, add);
	(void)close_fd(pair[1]);
	if (pid < 0)
		result = fail(e, pid, "cannot clone");
	while (pid > 0 && (r = channel_receive(pair[0], &m, NULL)) != 0) {
		if (r < 0 || m.type != MESSAGE_FAULT)
			continue;
		channel_fault(&job->plan, &m, e);
		result = -1;
	}
	(void)close_fd(pair[0]);
	if (pid > 0)
		(void)spawn_wait(pid, &status); /* a status that nobody has is none */
	if (result == 0 && status != 0)
		result = fail(e, 0, "the process that changes mounts ended unexpectedly");
	return result;
}

static int read_mounts(struct job *job, const char *file, struct mount_list *ret_mounts)
{
	struct hull *h = job->hull;
	const struct json *document, *member;
	char *text;
	size_t length;
	int r = io_read_input(file, JSON_SIZE_MAX, &h->arena, &text, &length);

	if (r < 0)
		return fail(&h->error, r, "cannot read '%s'", file);
	if (json_parse(&h->arena, &h->error, file, text, length, &document) < 0)
		return -1;
	member = json_get(document, "mounts");
	return spec_read_mounts(&h->arena, &h->error, member ? member : document, ret_mounts);
}

/* A procfs shows the pid namespace of whoever mounts it, which is not the container's here; and cgroups are not known to a plan without creation. */
static int check_kinds(struct error *e, const struct mount_ops *ops)
{
	for (size_t i = 0; i < ops->n; i++)
		if (ops->v[i].kind == MOUNT_PROC || ops->v[i].kind == MOUNT_CGROUP || ops->v[i].kind >= MOUNT_DIR)
			return fail(e, 0, "%s.type: %s cannot be mounted in a running container", ops->v[i].place, ops->v[i].type);
	return 0;
}

static int change(struct job *job, bool add, const char *file)
{
	struct hull *h = job->hull;
	enum state_status status = state_status(job->dir, &job->state);
	struct mount_list mounts = { 0 };
	struct mount_ops ops = { 0 };

	if (status == STATUS_STOPPED || status == STATUS_CREATING)
		return fail(&h->error, 0, "cannot change the mounts of a container that is %s", state_status_name(status));
	if (job_read_config(job, job->dir, "config.json", "config.json") < 0 || read_mounts(job, file, &mounts) < 0)
		return -1;
	job->request.id = job->id;
	job->request.bundle = job->state.bundle;
	job->request.exec = true;
	job_plan(job, &job->spec.process);
	job->plan.has_userns = job->state.facts.clone_flags & CLONE_NEWUSER;
	if (mounts_compile(&job->plan, &mounts, &ops) < 0 ||
		(add && (check_kinds(&h->error, &ops) < 0 || mounts_prepare(&job->plan, &ops, true) < 0)))
		return -1;
	job->engine.target_pidfd = process_open(job->state.facts.pid, job->state.facts.pid_birth);
	if (job->engine.target_pidfd < 0)
		return fail(&h->error, job->engine.target_pidfd, "cannot open the process of container '%s'", job->id);
	return in_container(job, &ops, add);
}

int live_mounts(struct hull *h, const char *id, bool add, const char *file)
{
	struct job job;
	int r = job_open(&job, h, id, true);

	if (r == 0)
		r = change(&job, add, file);
	job_close(&job);
	return r < 0 ? -1 : 0;
}
