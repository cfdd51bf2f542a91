/* Other processes, named without a race: pid plus start time, or a pidfd. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/child.h"

/*
 * What /proc/PID/stat says.
 * @state: R S D T Z X …
 * @ticks: processor time that it and the children that it waited for have used, in clock ticks (sysconf(_SC_CLK_TCK) a second)
 * @start: clock ticks since boot: with the pid it names a process for good
 */
struct process_stat {
	char state;
	pid_t parent;
	uint64_t ticks, threads, start;
};

/**
 * process_read_stat - read /proc/@pid/stat.
 * Return: 0, -ESRCH (no such process) or -errno.
 */
int process_read_stat(pid_t pid, struct process_stat *ret_stat);

/**
 * process_alive - whether the process that had @pid and started at @start still runs; a zombie does not.
 * @start: 0: unknown, the pid alone is compared.
 */
bool process_alive(pid_t pid, uint64_t start);

/**
 * process_children - the children that a thread has made and that are still there, the oldest first.
 * @thread: @pid: the first thread
 * @list: room for @max
 * Return: how many there are in the list, 0: also when the kernel does not tell (proc_tid_children(5): CONFIG_PROC_CHILDREN).
 */
size_t process_children(pid_t pid, pid_t thread, pid_t *list, size_t max);

/**
 * process_open - a pidfd of the process that had @pid and started at @start.
 * Return: a descriptor, or -ESRCH when it is gone (a zombie is gone), or -errno.
 */
int process_open(pid_t pid, uint64_t start);

/**
 * process_wait_gone - wait until the process behind @pidfd has ended (poll(2)).
 * @timeout_ms: -1: no limit.
 * Return: 0, -ETIMEDOUT or -errno.
 */
int process_wait_gone(int pidfd, int timeout_ms);

/**
 * process_in_initial_userns - whether we are in the machine's first user namespace, whose ids are everybody's. Child code may call it as long as the host's /proc is there.
 */
CHILD bool process_in_initial_userns(void);

#endif
