/*
 * vfork(2) and execve(2). vfork, because its child shares our memory: nothing is copied, and it can leave the errno of a failed execve behind. What is not
 * shared, descriptors and signal dispositions, is set up there.
 */
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/sys.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4u
#endif

enum { SIGNALS = 64, EXIT_FAILED = 127 };

/* struct sigaction of rt_sigaction(2), whose layout differs between architectures only in what is zero here */
struct kernel_sigaction {
	unsigned long words[4];
};

CHILD void spawn_reset_signals(void)
{
	static const struct kernel_sigaction standard;
	static const uint64_t none;

	/* raw: libc keeps some signals to itself; SIGKILL and SIGSTOP are refused, which is fine */
	for (int number = 1; number <= SIGNALS; number++)
		(void)syscall(SYS_rt_sigaction, number, &standard, NULL, sizeof(none));
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none)); /* cannot fail */
}

CHILD void spawn_inherit_signals(uint64_t mask, bool ignore_children)
{
	static const struct kernel_sigaction ignore = { { (unsigned long)SIG_IGN } };

	if (ignore_children)
		(void)syscall(SYS_rt_sigaction, SIGCHLD, &ignore, NULL, sizeof(mask)); /* cannot fail */
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask)); /* cannot fail */
}

/* @fd where the three standard descriptors do not run over it; NO_FD: /dev/null. Return: a descriptor, or -1 with errno, like the calls it makes. */
static CHILD int safe(int fd)
{
	if (fd < 0)
		fd = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);
	return fd < 0 || fd > STDERR_FILENO ? fd : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

/* execve(2) takes the capabilities of those who are not root, unless they are ambient (capabilities(7)). What fails is missed by the program. */
static CHILD void keep_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i].inheritable = data[i].permitted;
	(void)syscall(SYS_capset, &header, data);
	for (unsigned long capability = 0; capability <= CAP_LAST_CAP; capability++)
		(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
}

/* Returns only when it failed. An interpreter opens the script by its descriptor: where that is closed by then, the kernel says ENOENT, before the point of no return. */
static CHILD void execute(const struct spawn *s)
{
	if (s->path) {
		(void)execve(s->path, s->argv, s->envp); /* returns only when it failed; so do the others */
		return;
	}
	(void)syscall(SYS_execveat, s->program, "", s->argv, s->envp, AT_EMPTY_PATH);
	if (errno == ENOENT && fcntl(s->program, F_SETFD, 0) == 0)
		(void)syscall(SYS_execveat, s->program, "", s->argv, s->envp, AT_EMPTY_PATH);
}

/* In the vfork child. Returns only when it failed. */
static CHILD __attribute__((noinline)) void become(const struct spawn *s, volatile int *errnum)
{
	int input = safe(s->input), output = safe(s->output), errors = safe(s->errors);

	if (input >= 0 && output >= 0 && errors >= 0 && dup3(input, STDIN_FILENO, 0) >= 0 && dup3(output, STDOUT_FILENO, 0) >= 0 &&
		dup3(errors, STDERR_FILENO, 0) >= 0 && sys_close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) >= 0) {
		spawn_reset_signals();
		if (s->dir && chdir(s->dir) < 0)
			errno = 0; /* it may have gone: then ours does, as without it */
		if (s->group)
			(void)setpgid(0, 0); /* cannot fail in a new process */
		if (s->capable)
			keep_capabilities();
		execute(s);
	}
	*errnum = errno;
}

static CHILD __attribute__((noinline)) pid_t start(const struct spawn *s, volatile int *errnum)
{
	pid_t pid = vfork();

	if (pid == 0) {
		become(s, errnum);
		_exit(EXIT_FAILED);
	}
	return pid;
}

CHILD pid_t spawn_start(const struct spawn *s)
{
	volatile int errnum = 0;
	pid_t pid = start(s, &errnum);

	if (pid < 0)
		return -errno;
	if (errnum == 0)
		return pid;
	(void)spawn_wait(pid, NULL); /* it has ended by itself */
	return -errnum;
}

CHILD int spawn_wait(pid_t pid, int *ret_status)
{
	int status = 0;

	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	if (ret_status)
		*ret_status = status;
	return 0;
}
