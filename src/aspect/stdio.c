/*
 * The payload's descriptors: 0, 1 and 2, those that the caller asked to preserve, and nothing else.
 *
 * Everything else is closed here and not by execve: the program, its interpreter and startContainer hooks are looked up by names that the container
 * chooses, and "/proc/self/fd/7/../../bin/x" would be a file of the host's if 7 were a directory of the host's (CVE-2024-21626). What must live
 * until execve, the channel to the parent above all, is no directory and O_CLOEXEC at birth: child_keep(). Descriptors 0 to 2 are given to the
 * payload's user, so that it can open /dev/stdout again.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "aspect/aspect.h"
#include "base/sys.h"

/* /dev/null, /dev/zero and their like are 1:N, and everybody's; more descriptors than a process may have at all are not preserved */
enum { MEMORY_MAJOR = 1, STDIO_FIRST = STDERR_FILENO + 1, STDIO_PRESERVE_MAX = 1 << 20 };

/* @give: bit n: descriptor n changes its owner;  @first: the first descriptor that is not preserved */
struct stdio_plan {
	unsigned int give;
	unsigned int first;
};

static int stdio_check(struct plan *p)
{
	struct stdio_plan *plan = arena_new(p->arena, struct stdio_plan);

	if (p->request->preserve_fds > STDIO_PRESERVE_MAX || p->request->listen_fds > STDIO_PRESERVE_MAX)
		return fail(p->error, 0, "cannot preserve %u descriptors", p->request->preserve_fds);
	plan->first = STDIO_FIRST + p->request->listen_fds + p->request->preserve_fds;
	p->data[ASPECT_STDIO] = plan;
	return 0;
}

/* Which of 0 to 2 the payload's user should own and does not. A terminal that is made later is given away where it is made. */
static unsigned int to_give(const struct plan *p)
{
	unsigned int give = 0;
	struct stat st;

	if (p->process->terminal || p->request->sandbox) /* the payload is who the caller is */
		return 0;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fstat(fd, &st) < 0 || (S_ISCHR(st.st_mode) && major(st.st_rdev) == MEMORY_MAJOR))
			continue;
		/* with a user namespace the two ids are not comparable */
		if (p->has_userns || st.st_uid != p->process->user.uid)
			give |= 1u << fd;
	}
	return give;
}

static int stdio_prepare(struct plan *p)
{
	struct stdio_plan *plan = p->data[ASPECT_STDIO];

	plan->give = to_give(p);
	for (unsigned int fd = STDIO_FIRST; fd < plan->first; fd++) {
		int flags = fcntl((int)fd, F_GETFD);

		/* what came through execve cannot have FD_CLOEXEC: such a descriptor is one of our own */
		if (flags < 0 || (flags & FD_CLOEXEC))
			return fail(p->error, EBADF, "cannot preserve fd %u", fd);
	}
	return 0;
}

/* Close all descriptors from @from on but those that c keeps. Return: 0 or -errno. */
static CHILD int close_others(struct child *c, unsigned int from)
{
	int r = 0;

	for (size_t i = 1; i < c->n_keep; i++) /* into order */
		for (size_t k = i; k > 0 && c->keep[k - 1] > c->keep[k]; k--) {
			int higher = c->keep[k - 1];

			c->keep[k - 1] = c->keep[k];
			c->keep[k] = higher;
		}
	for (size_t i = 0; i < c->n_keep && r == 0; i++) {
		unsigned int fd = (unsigned int)c->keep[i];

		if (fd > from)
			r = sys_close_range(from, fd - 1, 0);
		if (fd >= from)
			from = fd + 1;
	}
	return r < 0 ? r : sys_close_range(from, ~0u, 0);
}

static CHILD int stdio_seal(struct child *c)
{
	const struct stdio_plan *plan = c->plan->data[ASPECT_STDIO];
	int r;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (!(plan->give & (1u << fd)) || fchown(fd, c->plan->process->user.uid, (gid_t)-1) == 0)
			continue;
		/* not ours to give, an id that is not mapped, or a filesystem that keeps no owners: the open descriptor works all the same */
		if (errno != EPERM && errno != EINVAL && errno != EROFS && errno != EACCES)
			return child_fail_number(c, FAULT("cannot give descriptor %n to the user"), errno, NULL, fd);
	}
	r = c->plan->request->keep_fds ? 0 : close_others(c, plan->first); /* those of hull's own are O_CLOEXEC in any case */
	if (r < 0)
		return child_fail(c, FAULT("cannot close the other descriptors"), r, NULL, NULL);
	return 0;
}

static void stdio_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct stdio_plan *plan = p->data[ASPECT_STDIO];

	if (phase != PHASE_SEAL || !plan)
		return;
	for (unsigned int fd = STDIO_FIRST; fd < plan->first; fd++)
		explain_step(x, "keep descriptor %u", fd);
	explain_step(x, "close all other descriptors but 0, 1 and 2");
}

const struct aspect aspect_stdio = {
	.id = ASPECT_STDIO,
	.check = stdio_check,
	.prepare = stdio_prepare,
	.seal = stdio_seal,
	.explain = stdio_explain,
};
