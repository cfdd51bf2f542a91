/* share_clone() and share_thread(): one memory, but an errno and a stack of one's own. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/share.h"
#include "unit.h"

static struct arena arena;

struct meeting {
	volatile int seen, child_errno;
	volatile pid_t pid;
	volatile uintptr_t stack;
	int fd;
};

/* Use a good part of a stack, so that one that is too small or not our own would be noticed. */
static __attribute__((noinline)) void spread(struct meeting *m, unsigned int depth)
{
	volatile char room[4096];

	memset((char *)(uintptr_t)room, (int)depth, sizeof(room));
	m->stack = (uintptr_t)room;
	if (depth > 0)
		spread(m, depth - 1);
	CHECK(room[100] == (char)depth);
}

static void body(void *argument)
{
	struct meeting *m = argument;

	(void)close(-1);
	m->child_errno = errno;
	(void)close(m->fd);
	m->pid = getpid();
	spread(m, 40);
	m->seen++;
	_exit(7);
}

static int end_of(pid_t pid)
{
	int status = -1;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_beside(void)
{
	struct meeting m = { .fd = dup(STDOUT_FILENO) };
	struct clone_args args = { .exit_signal = SIGCHLD };
	size_t before = arena.used;
	pid_t pid;

	errno = 42;
	pid = share_clone(&args, &arena, body, &m);
	if (!SHARE_IS_POSSIBLE) {
		CHECK(pid == -ENOSYS);
		(void)close(m.fd);
		return;
	}
	CHECK(pid > 0 && end_of(pid) == 7);
	CHECK(errno == 42 && m.child_errno == EBADF);
	CHECK(m.seen == 1 && m.pid == pid);
	CHECK(m.stack > (uintptr_t)(arena.base + before) && m.stack < (uintptr_t)(arena.base + arena.used));
	CHECK(fcntl(m.fd, F_GETFD) >= 0); /* the child closed its own */
	(void)close(m.fd);
}

/* with CLONE_VFORK we stand still until it has ended */
static void test_before(void)
{
	struct meeting m = { .fd = NO_FD };
	struct clone_args args = { .exit_signal = SIGCHLD, .flags = CLONE_VFORK };
	pid_t pid = share_clone(&args, &arena, body, &m);

	if (!SHARE_IS_POSSIBLE)
		return;
	CHECK(pid > 0 && m.seen == 1);
	CHECK(end_of(pid) == 7);
}

/* below us on our stack, which is as it was when we go on; a fork where memory cannot be shared */
static __attribute__((noinline)) void test_below(void)
{
	struct meeting m = { .fd = NO_FD };
	volatile char ours[256];
	pid_t pid;

	memset((char *)(uintptr_t)ours, 'x', sizeof(ours));
	pid = share_vfork(body, &m);
	CHECK(pid > 0 && m.seen == SHARE_IS_POSSIBLE && end_of(pid) == 7);
	for (size_t i = 0; i < sizeof(ours); i++)
		CHECK(ours[i] == 'x');
	if (SHARE_IS_POSSIBLE)
		CHECK(m.pid == pid && m.stack < (uintptr_t)ours && (uintptr_t)ours - m.stack < 1 << 20);
}

static void test_failure(void)
{
	struct meeting m = { .fd = NO_FD };
	struct clone_args args = { .exit_signal = SIGCHLD, .flags = CLONE_THREAD }; /* which wants CLONE_SIGHAND (clone(2)) */

	CHECK(share_clone(&args, &arena, body, &m) == (SHARE_IS_POSSIBLE ? -EINVAL : -ENOSYS));
	CHECK(m.seen == 0);
}

struct work {
	struct meeting m;
	int fd;
	uint32_t running;
};

static void work(void *argument)
{
	struct work *w = argument;

	(void)close(-1);
	w->m.child_errno = errno;
	w->m.pid = getpid();
	w->fd = dup(STDOUT_FILENO);
	spread(&w->m, 40);
	(void)usleep(20000); /* the others arrive first */
	w->m.seen++;
}

/* a thread: our pid and descriptors, an errno and a stack of its own; it ends by returning, and then all that it wrote is seen */
static void test_thread(void)
{
	struct work w = { .fd = NO_FD };
	int r;

	share_join(&w.running);
	errno = 42;
	r = share_thread(share_stack(&arena), 0, work, &w, &w.running);
	if (!SHARE_IS_POSSIBLE) {
		CHECK(r == -ENOSYS && w.running == 0);
		return;
	}
	CHECK(r == 0);
	share_join(&w.running);
	CHECK(w.running == 0 && w.m.seen == 1);
	CHECK(errno == 42 && w.m.child_errno == EBADF);
	CHECK(w.m.pid == getpid() && waitpid(-1, NULL, 0) < 0);
	CHECK(fcntl(w.fd, F_GETFD) >= 0 && close(w.fd) == 0);
	share_join(&w.running);
}

int main(void)
{
	if (arena_init(&arena) < 0)
		return 1;
	RUN(test_beside);
	RUN(test_before);
	RUN(test_below);
	RUN(test_failure);
	RUN(test_thread);
	arena_deinit(&arena);
	return unit_done();
}
