/*
 * A program and a wait for its end by pidfd, with a limit. A seccomp filter of the payload may already be in force (startContainer): where it refuses
 * pidfd_open, SIGCHLD is awaited instead.
 */
#include "aspect/program.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/sys.h"

static CHILD int64_t now_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait for the end by pidfd. Returns whether it came in time. */
static CHILD bool wait_pidfd(int pidfd, int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;
	struct pollfd item = { .fd = pidfd, .events = POLLIN };

	for (;;) {
		int64_t left = timeout_ms < 0 ? -1 : end - now_ms();
		int r;

		if (timeout_ms >= 0 && left < 0)
			left = 0;
		r = poll(&item, 1, (int)left);
		if (r < 0 && errno == EINTR)
			continue;
		return r != 0;
	}
}

/* Likewise by SIGCHLD, which the caller has blocked; other children's ends only cost a turn. */
static CHILD bool wait_signal(pid_t pid, int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;
	siginfo_t info;
	sigset_t set;

	(void)sigemptyset(&set); /* cannot fail, nor can the next */
	(void)sigaddset(&set, SIGCHLD);
	for (;;) {
		int64_t left = end - now_ms();
		struct timespec limit = { .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };

		info.si_pid = 0;
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == pid)
			return true;
		if (left <= 0)
			return false;
		(void)sigtimedwait(&set, NULL, &limit); /* whatever it says, the child's state decides */
	}
}

static CHILD struct program_result collect(pid_t pid)
{
	int status, r = spawn_wait(pid, &status);

	if (r < 0)
		return (struct program_result){ PROGRAM_NOT_RUN, -r };
	if (WIFSIGNALED(status))
		return (struct program_result){ PROGRAM_KILLED, WTERMSIG(status) };
	return (struct program_result){ PROGRAM_EXITED, WEXITSTATUS(status) };
}

CHILD struct program_result program_run(const struct spawn *program, int timeout_ms)
{
	struct program_result result;
	sigset_t blocked, old;
	bool in_time = true;
	scope_fd int pidfd = NO_FD;
	pid_t pid;

	(void)sigemptyset(&blocked); /* cannot fail, nor can the next */
	(void)sigaddset(&blocked, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &blocked, &old); /* cannot fail */
	pid = spawn_start(program);
	if (pid < 0) {
		result = (struct program_result){ PROGRAM_NOT_RUN, -pid };
	} else {
		if (timeout_ms >= 0) {
			pidfd = sys_pidfd_open(pid, 0);
			in_time = pidfd >= 0 ? wait_pidfd(pidfd, timeout_ms) : wait_signal(pid, timeout_ms);
		}
		if (!in_time)
			(void)kill(pid, SIGKILL); /* our own child, not reaped: the pid is its */
		result = collect(pid);
		if (!in_time)
			result = (struct program_result){ PROGRAM_TIMED_OUT, 0 };
	}
	(void)sigprocmask(SIG_SETMASK, &old, NULL); /* cannot fail */
	return result;
}
