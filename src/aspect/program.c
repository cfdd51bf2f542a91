/*
 * A program and a wait for its end by pidfd, with a limit. A seccomp filter of the payload may already be in force (startContainer): where it refuses
 * pidfd_open, SIGCHLD is awaited instead.
 */
#include "aspect/program.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
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

/* Read once. Returns false when it is more than there may be. */
static CHILD bool read_stream(struct program_stream *s)
{
	ssize_t n;

	if (s->length == s->size && !s->limited) {
		s->length /= 2;
		memmove(s->data, s->data + s->length, s->length);
	}
	if (s->length == s->size) {
		s->over = true;
		return false;
	}
	n = read(s->fd, s->data + s->length, s->size - s->length);
	if (n > 0)
		s->length += (size_t)n;
	else if (n == 0 || errno != EAGAIN)
		s->fd = NO_FD; /* its owner closes it */
	return true;
}

/* Read what came. Returns false when it is more than there may be. */
static CHILD bool read_streams(struct pollfd *items, struct program_stream *streams, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (items[i].revents && !read_stream(&streams[i]))
			return false;
		items[i].fd = streams[i].fd;
	}
	return true;
}

/* Wait for the end by pidfd. Returns whether it came in time, and with no more words than there may be. */
static CHILD bool wait_pidfd(int pidfd, int timeout_ms, struct program_stream *streams, size_t n)
{
	int64_t end = now_ms() + timeout_ms;
	struct pollfd items[1 + PROGRAM_STREAMS_MAX] = { { .fd = pidfd, .events = POLLIN } };

	for (size_t i = 0; i < n; i++)
		items[1 + i] = (struct pollfd){ .fd = streams[i].fd, .events = POLLIN };
	for (;;) {
		int64_t left = end - now_ms();
		int r = poll(items, 1 + n, left < 0 ? 0 : (int)left);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0;
		if (!read_streams(items + 1, streams, n))
			return false;
		if (items[0].revents)
			break;
	}
	/* what is still in the pipes; somebody else may hold them open, and go on writing */
	for (size_t i = 0; i < n; i++)
		for (int turns = 0; streams[i].fd >= 0 && turns < 3; turns++)
			if (!read_stream(&streams[i]))
				return false;
	return true;
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
	return program_run_reading(program, timeout_ms, NULL, 0);
}

CHILD struct program_result program_run_reading(const struct spawn *program, int timeout_ms, struct program_stream *streams, size_t n)
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
			in_time = pidfd >= 0 ? wait_pidfd(pidfd, timeout_ms, streams, n) : wait_signal(pid, timeout_ms);
		}
		if (!in_time)
			(void)kill(program->group ? -pid : pid, SIGKILL); /* our own child, not reaped: the pid is its */
		result = collect(pid);
		if (!in_time)
			result = (struct program_result){ PROGRAM_TIMED_OUT, 0 };
	}
	(void)sigprocmask(SIG_SETMASK, &old, NULL); /* cannot fail */
	return result;
}
