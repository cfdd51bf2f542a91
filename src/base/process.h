/* Other processes, named without a race: pid plus start time, or a pidfd. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/child.h"

/*
 * What /proc/PID/stat says.
 * @state: R S D T Z X …
 * @start: field 22, clock ticks since boot: with the pid it names a process for good
 */
struct process_stat {
	char state;
	pid_t parent;
	uint64_t start;
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
 * process_first_child - the child that a process made first and that is still there.
 * Return: its pid, 0: none, or the kernel does not tell (proc_tid_children(5): CONFIG_PROC_CHILDREN).
 */
pid_t process_first_child(pid_t pid);

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
