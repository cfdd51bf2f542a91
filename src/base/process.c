/* Processes by pid and birth. A start time is read after the pidfd was opened: whoever the pidfd names then is who was read. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"

/* include/uapi/linux/magic.h: PID_FS_MAGIC */
#define PIDFS_MAGIC 0x50494446

/* The number at *@s up to the next space; *@s moves behind that. */
static int next_number(char **s, int64_t *ret_value)
{
	char *end = strchr(*s, ' ');
	int r;

	if (!end)
		return -EINVAL;
	*end = '\0';
	r = text_to_i64(*s, ret_value);
	*s = end + 1;
	return r;
}

/* proc_pid_stat(5): "pid (comm) state ppid …"; comm may hold anything, so the last ')' ends it */
static int parse_stat(char *line, struct process_stat *ret_stat)
{
	enum { PARENT = 4, FIRST_TIME = 14, LAST_TIME = 17, THREADS = 20, START = 22 }; /* fields, counted from 1 */
	char *p = strrchr(line, ')');
	struct process_stat stat = { 0 };
	int64_t value;

	if (!p || p[1] != ' ' || p[2] == '\0' || p[3] != ' ')
		return -EINVAL;
	stat.state = p[2];
	p += 4;
	for (int field = PARENT; field <= START; field++) {
		/* some fields are unsigned and large (signal masks and limits come later): all up to START fit */
		if (next_number(&p, &value) < 0)
			return -EINVAL;
		if (field == PARENT)
			stat.parent = (pid_t)value;
		else if (field >= FIRST_TIME && field <= LAST_TIME)
			stat.ticks += (uint64_t)value;
		else if (field == THREADS)
			stat.threads = (uint64_t)value;
	}
	stat.start = (uint64_t)value;
	*ret_stat = stat;
	return 0;
}

/* The kernel gives at most a page of the list at a time (seq_file), so it is read to its end, and a number may be cut anywhere. */
size_t process_children(pid_t pid, pid_t thread, pid_t *list, size_t max)
{
	char path[64], text[4096];
	size_t kept = 0, n = 0;
	int64_t child;
	ssize_t got;
	scope_fd int fd = NO_FD;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)thread); /* fits */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && n < max && (got = read(fd, text + kept, sizeof(text) - 1 - kept)) > 0) {
		char *at = text;

		text[kept + (size_t)got] = '\0';
		while (n < max && next_number(&at, &child) == 0)
			list[n++] = (pid_t)child;
		kept = strlen(at);
		memmove(text, at, kept);
	}
	return n;
}

int process_read_stat(pid_t pid, struct process_stat *ret_stat)
{
	char path[64], number[TEXT_NUMBER_MAX], line[1024];
	struct text t = text_on(path, sizeof(path));
	ssize_t n;

	if (pid <= 0)
		return -ESRCH;
	text_add(&t, "/proc/");
	text_add(&t, text_from_u64(number, (uint64_t)pid));
	text_add(&t, "/stat");
	n = io_read_small(AT_FDCWD, path, line, sizeof(line));
	if (n == -ENOENT)
		return -ESRCH;
	if (n < 0)
		return (int)n;
	return parse_stat(line, ret_stat);
}

/* 0: not to be had: an older kernel, or one of 32 bits, whose inode numbers begin again */
static uint64_t inode_of(int pidfd)
{
	struct statfs fs;
	struct stat st;

	if (sizeof(unsigned long) < sizeof(uint64_t) || fstatfs(pidfd, &fs) < 0 || fs.f_type != PIDFS_MAGIC || fstat(pidfd, &st) < 0)
		return 0;
	return st.st_ino;
}

int process_birth(pid_t pid, int pidfd, bool for_boot, uint64_t *ret_birth)
{
	uint64_t inode = for_boot ? inode_of(pidfd) : 0;
	struct process_stat stat;
	int r;

	if (inode != 0) {
		*ret_birth = inode | PROCESS_BORN_INODE;
		return 0;
	}
	r = process_read_stat(pid, &stat);
	if (r == 0)
		*ret_birth = stat.start;
	return r;
}

/* 0: @pidfd, which was opened for @pid, is the one; else -ESRCH or -errno */
static int verify(pid_t pid, int pidfd, uint64_t birth)
{
	struct process_stat stat;
	int r;

	if (birth == 0)
		return 0;
	if (birth & PROCESS_BORN_INODE)
		return (inode_of(pidfd) | PROCESS_BORN_INODE) == birth ? 0 : -ESRCH;
	r = process_read_stat(pid, &stat);
	if (r == 0 && stat.start != birth)
		r = -ESRCH;
	return r;
}

int process_find(pid_t pid, uint64_t birth)
{
	scope_fd int fd = NO_FD;
	int r;

	if (pid <= 0)
		return -ESRCH;
	fd = sys_pidfd_open(pid, 0);
	if (fd < 0)
		return fd == -EINVAL || fd == -ENOENT ? -ESRCH : fd; /* a thread's number, not a process's; ENOENT: newer kernels */
	r = verify(pid, fd, birth);
	return r < 0 ? r : take_fd(&fd);
}

int process_open(pid_t pid, uint64_t birth)
{
	scope_fd int fd = process_find(pid, birth);
	int r = fd < 0 ? fd : process_wait_gone(fd, 0);

	if (r == -ETIMEDOUT)
		return take_fd(&fd);
	return r == 0 ? -ESRCH : r;
}

bool process_alive(pid_t pid, uint64_t birth)
{
	scope_fd int fd = process_open(pid, birth);

	return fd >= 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int process_wait_gone(int pidfd, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };
	int64_t end = timeout_ms <= 0 ? 0 : now_ms() + timeout_ms;
	int left = timeout_ms, r;

	for (;;) {
		r = poll(&poll_fd, 1, left);
		if (r > 0)
			return (poll_fd.revents & POLLNVAL) != 0 ? -EBADF : 0;
		if (r == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
		if (timeout_ms > 0) {
			int64_t rest = end - now_ms();

			left = rest > 0 ? (int)rest : 0;
		}
	}
}

CHILD bool process_in_initial_userns(void)
{
	static const char initial[] = "user:[4026531837]"; /* include/linux/proc_ns.h: PROC_USER_INIT_INO */
	char link[sizeof(initial) + 16];
	ssize_t n = readlink("/proc/self/ns/user", link, sizeof(link));

	/* not known: as if it were; what we may not do then is told, and not left out */
	return n < 0 || (n == (ssize_t)sizeof(initial) - 1 && memcmp(link, initial, sizeof(initial) - 1) == 0);
}

/* The bit of @signal in a line of /proc/PID/status (proc_pid_status(5): SigBlk, SigIgn, SigCgt), false when the line is not there. */
static bool status_has(const char *status, const char *line, int signal)
{
	enum { DIGITS = 16 };
	const char *at = strstr(status, line);
	char digits[DIGITS + 1] = "";
	uint64_t bits;

	if (!at || strlen(at) < strlen(line) + DIGITS)
		return false;
	memcpy(digits, at + strlen(line), DIGITS);
	return text_to_hex(digits, &bits) == 0 && (bits >> (signal - 1) & 1);
}

struct process_attitude process_attitude_to(pid_t pid, int signal)
{
	enum { STATUS_SIZE = 64 << 10 }; /* it lists all groups: thousands where a directory service names them */
	char path[64], status[STATUS_SIZE];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid); /* fits */
	if (io_read_small(AT_FDCWD, path, status, sizeof(status)) <= 0)
		return (struct process_attitude){ .known = false };
	return (struct process_attitude){
		.known = true,
		.catches = status_has(status, "\nSigCgt:\t", signal),
		.ignores = status_has(status, "\nSigIgn:\t", signal),
		.blocks = status_has(status, "\nSigBlk:\t", signal),
	};
}
