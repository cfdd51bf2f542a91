/*
 * bubblewrap's protocol, the child's side. run/sandbox_fds.c has hull's side.
 *
 * User namespaces are forbidden by their number (user_namespaces(7), /proc/sys/user): the limit counts a namespace and all below it, and is written while
 * the host's /proc can be seen, wherever the sandbox's will be. Whoever has CAP_SYS_RESOURCE over the namespace could raise it again, so a payload with that
 * capability is put into one more, the last that can be made.
 */
#include "aspect/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"

static CHILD struct protocol *protocol_of(const struct child *c)
{
	return c->plan->request->exec ? NULL : c->plan->request->protocol;
}

static CHILD bool forbids_userns(const struct plan *p)
{
	return !p->request->exec && p->spec->hull.disable_userns;
}

/* Whether the payload could raise the limit again. */
static CHILD bool may_raise(const struct plan *p)
{
	return p->process->capabilities.bounding >> CAP_SYS_RESOURCE & 1;
}

static CHILD int write_text(int dir, const char *path, const char *text)
{
	scope_fd int fd = openat(dir, path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

CHILD int protocol_forbid_userns(struct child *c)
{
	struct protocol *protocol = protocol_of(c);
	bool more = may_raise(c->plan);
	int r;

	if (!forbids_userns(c->plan))
		return 0;
	if (more && !protocol)
		return child_fail(c, FAULT("hull.disableUserns: the process may not have CAP_SYS_RESOURCE"), 0, NULL, NULL);
	r = write_text(AT_FDCWD, "/proc/sys/user/max_user_namespaces", more ? "1" : "0");
	if (r < 0)
		return child_fail(c, FAULT("--disable-userns: cannot write /proc/sys/user/max_user_namespaces"), r, NULL, NULL);
	if (!more)
		return 0;
	protocol->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return protocol->proc < 0 ? child_fail(c, FAULT("--disable-userns: cannot open /proc"), errno, NULL, NULL) : 0;
}

static CHILD char *number_to(char *out, uint32_t number)
{
	char digits[TEXT_NUMBER_MAX];
	const char *s = text_from_u64(digits, number);
	size_t length = strlen(s);

	memcpy(out, s, length);
	return out + length;
}

/* "7 7 1": the id means itself. */
static CHILD int map_itself(int proc, const char *path, uint32_t id)
{
	char text[2 * TEXT_NUMBER_MAX + 8], *end = number_to(text, id);

	*end++ = ' ';
	end = number_to(end, id);
	memcpy(end, " 1", sizeof(" 1"));
	return write_text(proc, path, text);
}

/* The last user namespace that can be made. The owner of everything else is the one that we leave. */
static CHILD int make_last(struct child *c, struct protocol *protocol)
{
	const struct user *user = &c->plan->process->user;
	int r = sys_unshare(CLONE_NEWUSER);

	if (r < 0)
		return child_fail(c, FAULT("--disable-userns: cannot make the last user namespace"), r, NULL, NULL);
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* our files in /proc are ours again; nobody else is in here yet */
	r = map_itself(protocol->proc, "self/uid_map", user->uid);
	if (r == 0)
		r = write_text(protocol->proc, "self/setgroups", "deny");
	if (r == 0)
		r = map_itself(protocol->proc, "self/gid_map", user->gid);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* cannot fail with this argument */
	protocol->proc = close_fd(protocol->proc);
	return r < 0 ? child_fail(c, FAULT("--disable-userns: cannot write the ids of the last user namespace"), r, NULL, NULL) : 0;
}

/* Whether a user namespace can be made. The attempt is made by another process: it cannot be taken back. */
static CHILD int assert_none(const struct child *c)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return 0;
	while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
		;
	return child_fail(c, FAULT("--assert-userns-disabled: user namespaces can be made in the sandbox"), 0, NULL, NULL);
}

CHILD int protocol_last_userns(struct child *c)
{
	struct protocol *protocol = protocol_of(c);
	int r;

	if (!protocol)
		return 0;
	if (protocol->userns2 >= 0) {
		r = sys_setns(protocol->userns2, CLONE_NEWUSER);
		if (r < 0)
			return child_fail(c, FAULT("--userns2: cannot enter the user namespace"), r, NULL, NULL);
	}
	if (protocol->proc >= 0 && make_last(c, protocol) < 0)
		return -1;
	return protocol->assert_no_userns ? assert_none(c) : 0;
}

CHILD int protocol_keep(struct child *c)
{
	const struct protocol *protocol = protocol_of(c);

	if (!protocol)
		return 0;
	for (size_t i = 0; i < protocol->n_own; i++)
		(void)fcntl(protocol->own[i], F_SETFD, FD_CLOEXEC); /* not open: nothing to keep from the payload */
	child_keep(c, protocol->init_says);
	child_keep(c, protocol->sync);
	child_keep(c, protocol->block);
	return 0;
}

CHILD int protocol_block(struct child *c)
{
	const struct protocol *protocol = protocol_of(c);
	ssize_t n;
	char byte;

	if (!protocol || protocol->block < 0)
		return 0;
	c->channel = close_fd(c->channel);
	do
		n = read(protocol->block, &byte, 1);
	while (n < 0 && errno == EINTR);
	return 0; /* the end of the file, or an error, lets us go as well (bwrap(1)) */
}

CHILD int protocol_lock(struct child *c)
{
	struct protocol *protocol = protocol_of(c);
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	for (size_t i = 0; protocol && i < protocol->n_lock_files; i++) {
		const char *path = protocol->lock_files[i];

		protocol->locks[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (protocol->locks[i] < 0)
			return child_fail(c, FAULT("--lock-file: cannot open '%a'"), errno, path, NULL);
		if (fcntl(protocol->locks[i], F_SETLK, &lock) < 0)
			return child_fail(c, FAULT("--lock-file: cannot lock '%a'"), errno, path, NULL);
	}
	return 0;
}

/* The lowest descriptor from @from on that stays open, NO_FD: none. */
static CHILD int next_held(const struct protocol *protocol, int from)
{
	int next = NO_FD;

	if (!protocol)
		return NO_FD;
	if (protocol->init_says >= from)
		next = protocol->init_says;
	if (protocol->sync >= from && (next < 0 || protocol->sync < next))
		next = protocol->sync;
	for (size_t i = 0; i < protocol->n_lock_files; i++)
		if (protocol->locks[i] >= from && (next < 0 || protocol->locks[i] < next))
			next = protocol->locks[i];
	return next;
}

/* Before Linux 5.9 there is no close_range(2): seal has closed all but a few. */
CHILD void protocol_close(const struct child *c)
{
	const struct protocol *protocol = protocol_of(c);
	int from = 0;

	for (int next; (next = next_held(protocol, from)) >= 0; from = next + 1)
		if (next > from)
			(void)SYS_CALL(SYS_close_range, from, next - 1, 0);
	(void)SYS_CALL(SYS_close_range, from, ~0u, 0);
}

CHILD void protocol_forget(const struct child *c)
{
	const struct protocol *protocol = protocol_of(c);

	for (char **entry = protocol ? protocol->environment : NULL; entry && *entry; entry++)
		memset(*entry, 0, strlen(*entry));
}

CHILD bool protocol_is_shown(const struct child *c)
{
	const struct protocol *protocol = protocol_of(c);

	return protocol && protocol->reports;
}

CHILD enum protocol_stay protocol_tell(const struct child *c, int wait_status)
{
	const struct protocol *protocol = protocol_of(c);
	uint64_t value = WIFSTOPPED(wait_status) ? (uint64_t)WSTOPSIG(wait_status) << PROTOCOL_STOP_SHIFT : (uint64_t)(unsigned int)wait_status + 1;

	if (!protocol || protocol->init_says < 0 || (!WIFSTOPPED(wait_status) && !protocol->exact))
		return STAY_NOT;
	(void)!write(protocol->init_says, &value, sizeof(value)); /* an eventfd that is not full; hull may be gone */
	return protocol->linger ? STAY : STAY_TO_COUNT;
}

CHILD int protocol_filter(const struct child *c)
{
	const struct protocol *protocol = protocol_of(c);
	int r;

	for (size_t i = 0; protocol && i < protocol->n_filters; i++) {
		/* not seccomp(2): the filter before need not allow it, and is written for bubblewrap, which uses this one */
		r = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &protocol->filters[i], 0, 0);
		if (r < 0)
			return child_fail_number(c, FAULT("--seccomp: cannot load filter number %n"), errno, NULL, (int64_t)i + 1);
	}
	return 0;
}
