/*
 * The processes below a process, from /proc/PID/task/TID/children.
 *
 * To kill them, everybody is stopped first, over and over until there is nobody new: who is stopped makes no children (a fork(2) with a signal pending starts
 * anew, behind the stop). Then all are killed.
 */
#include "run/descendants.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/process.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"

enum { PROCESSES_MAX = 16384, ROUNDS_MAX = 1000 };

/* Put the children of all threads of a process behind the @n pids in the list. */
static size_t add_children(pid_t pid, pid_t *list, size_t n)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid); /* fits */
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		int32_t thread;

		if (text_to_i32(entry->d_name, &thread) == 0)
			n += process_children(pid, thread, list + n, PROCESSES_MAX - n);
	}
	if (dir)
		(void)closedir(dir); /* opened above */
	return n;
}

size_t descendants_list(pid_t pid, pid_t **ret_list)
{
	pid_t *list = malloc(PROCESSES_MAX * sizeof(*list));
	size_t n = list != NULL;

	if (list)
		list[0] = pid;
	for (size_t i = 0; i < n; i++)
		n = add_children(list[i], list, n);
	*ret_list = list;
	return n;
}

/* Whether a pid of the list is still the process that was listed: its parent is in the list. @ret_pidfd: pins it. */
static bool pin(const pid_t *list, size_t n, pid_t pid, struct process_stat *ret_stat, int *ret_pidfd)
{
	if (process_read_stat(pid, ret_stat) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (list[i] == ret_stat->parent) {
			*ret_pidfd = process_open(pid, ret_stat->start);
			return *ret_pidfd >= 0;
		}
	return false;
}

/*
 * Send @signal to all below @pid who are not stopped yet, SIGKILL to all. The oldest comes last: it is the payload, behind which the reaper leaves.
 * Return: whether there was one.
 */
static bool signal_all(pid_t pid, int signal)
{
	scope_free pid_t *list = NULL;
	size_t n = descendants_list(pid, &list);
	bool any = false;

	for (size_t i = n; i-- > 1;) {
		scope_fd int pidfd = NO_FD;
		struct process_stat stat;

		if (!pin(list, n, list[i], &stat, &pidfd) || (signal == SIGSTOP && (stat.state == 'T' || stat.state == 'Z' || stat.state == 'X')))
			continue;
		any |= sys_pidfd_send_signal(pidfd, signal) == 0;
	}
	return any;
}

void descendants_kill(pid_t pid)
{
	for (int i = 0; i < ROUNDS_MAX && signal_all(pid, SIGSTOP); i++)
		;
	(void)signal_all(pid, SIGKILL); /* nobody there is as good */
}
