/*
 * Reading system-call filters: PTRACE_SECCOMP_GET_FILTER, for which the process must be traced and stopped, and we be root of the host without a filter of our
 * own. A child does it and writes to a pipe what it found: if it hangs (the process may be frozen), its alarm ends it, and the kernel lets the process go on with
 * whatever it was at.
 *
 * What is written: for each filter the number of its instructions and these, then a 0; or a negative errno in between.
 */
#include "run/filters.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <poll.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/spawn.h"

/* PTRACE_SECCOMP_GET_FILTER of ptrace(2): no enumerator, since glibc has an enumeration of its own for requests */
static const int get_filter = 0x420c;

/* the kernel takes 32768 instructions for one process (seccomp(2), MAX_INSNS_PER_PATH) */
enum { FILTERS_BYTES_MAX = 1 << 20, SECONDS_MAX = 2 };

/* Attach and stop it, wherever it is. @ret_signal: it was just being given this one, which it must not lose. */
static int stop(pid_t pid, int pidfd, int *ret_signal)
{
	struct pollfd alive = { .fd = pidfd, .events = POLLIN };
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0 || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		return -errno;
	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	/* traced and alive it keeps its number: if the pidfd's process is alive, too, it is this one */
	if (!WIFSTOPPED(status) || poll(&alive, 1, 0) != 0)
		return -ESRCH;
	*ret_signal = status >> 16 ? 0 : WSTOPSIG(status);
	return 0;
}

static int write_filters(pid_t pid, int out)
{
	static struct sock_filter program[BPF_MAXINSNS];

	for (unsigned long i = 0;; i++) {
		int n = (int)ptrace(get_filter, pid, i, program), r;

		if (n < 0)
			return errno == ENOENT ? 0 : -errno;
		r = io_write_all(out, &n, sizeof(n));
		if (r == 0)
			r = io_write_all(out, program, (size_t)n * sizeof(*program));
		if (r < 0)
			return r;
	}
}

static _Noreturn void child(pid_t pid, int pidfd, int out)
{
	int signal = 0, r;

	spawn_reset_signals();
	(void)alarm(SECONDS_MAX); /* there was none */
	r = stop(pid, pidfd, &signal);
	if (r == 0)
		r = write_filters(pid, out);
	(void)ptrace(PTRACE_DETACH, pid, NULL, (void *)(long)signal); /* or our end does it */
	(void)io_write_all(out, &r, sizeof(r)); /* an early end says the same */
	_exit(0);
}

/* Take the text of the pipe apart. */
static int read_filters(struct arena *arena, const char *data, size_t length, const struct sock_fprog **ret_filters, size_t *ret_n)
{
	struct sock_fprog *filters = arena_many(arena, struct sock_fprog, length / (sizeof(int) + sizeof(struct sock_filter)) + 1);
	size_t n = 0;
	int count;

	for (;;) {
		size_t bytes;

		if (length < sizeof(count))
			return -ETIME;
		memcpy(&count, data, sizeof(count));
		data += sizeof(count);
		length -= sizeof(count);
		if (count <= 0)
			break;
		bytes = (size_t)count * sizeof(struct sock_filter);
		if (length < bytes)
			return -ETIME;
		filters[n].len = (unsigned short)count;
		filters[n].filter = arena_many(arena, struct sock_filter, (size_t)count); /* aligned */
		memcpy(filters[n++].filter, data, bytes);
		data += bytes;
		length -= bytes;
	}
	if (count < 0)
		return count;
	*ret_filters = filters;
	*ret_n = n;
	return 0;
}

int filters_read(pid_t pid, int pidfd, struct arena *arena, const struct sock_fprog **ret_filters, size_t *ret_n)
{
	scope_fd int in = NO_FD, out = NO_FD;
	size_t length = 0;
	char *data = NULL;
	pid_t reader;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	in = ends[0];
	out = ends[1];
	reader = fork();
	if (reader < 0)
		return -errno;
	if (reader == 0)
		child(pid, pidfd, out);
	out = close_fd(out);
	r = io_read_fd(in, FILTERS_BYTES_MAX, arena, &data, &length);
	(void)spawn_wait(reader, NULL); /* what it wrote tells */
	return r < 0 ? r : read_filters(arena, data, length, ret_filters, ret_n);
}

const char *filters_why_not(int errnum)
{
	switch (errnum) {
	case EPERM:
		return "it cannot be traced: only root may, and nobody beside a debugger";
	case EACCES:
		return "only root of the host may read it, and only without a filter of his own";
	case EINVAL:
		return "this kernel gives none away (CONFIG_CHECKPOINT_RESTORE)";
	case EOPNOTSUPP:
		return "it is in strict mode, in which no program can be started";
	case ETIME:
		return "the process does not stop to be looked at";
	default:
		return error_text(errnum);
	}
}
