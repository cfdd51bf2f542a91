/*
 * Other processes, named without a race: by a pidfd, or by the pid and the process's birth, a number that no later owner of the pid has.
 *
 * The birth is the inode number of the process's pidfds where it can be: since Linux 6.9 they are a file system of their own (pidfs), which counts processes
 * from the boot on and uses no number twice, and fstat(2) of a pidfd that is held anyway tells it. /proc/PID/stat tells the start time, at the price of the
 * /proc/PID that the kernel must make up and throw away again.
 */
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
 * @start: clock ticks since boot; it is also a birth
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

/* What a process does with a signal. @known: it was there to be asked */
struct process_attitude {
	bool known, catches, ignores, blocks;
};

/**
 * process_attitude_to - look it up in /proc/@pid/status.
 */
struct process_attitude process_attitude_to(pid_t pid, int signal);

/* A birth with this bit is the inode number of a pidfd, the other ones are start times: neither reaches it. */
#define PROCESS_BORN_INODE (1ULL << 63)

/**
 * process_birth - what names the process behind @pidfd for good.
 * @pid: its number, which is still its own (it was not waited for).
 * @for_boot: what is noted of it does not outlive this boot. Else it is the start time: pidfs counts anew with each boot, in step with the pids.
 * Return: 0 or -errno.
 */
int process_birth(pid_t pid, int pidfd, bool for_boot, uint64_t *ret_birth);

/**
 * process_alive - whether the process with this pid and birth still runs; a zombie does not, unless other threads of it do.
 * @birth: 0: unknown, the pid alone is compared.
 */
bool process_alive(pid_t pid, uint64_t birth);

/**
 * process_children - the children that a thread has made and that are still there, the oldest first.
 * @thread: @pid: the first thread
 * @list: room for @max
 * Return: how many there are in the list, 0: also when the kernel does not tell (proc_tid_children(5): CONFIG_PROC_CHILDREN).
 */
size_t process_children(pid_t pid, pid_t thread, pid_t *list, size_t max);

/**
 * process_find - a pidfd of the process with this pid and birth, which may have ended, but not been waited for.
 * Return: a descriptor, or -ESRCH when it is gone, or -errno.
 */
int process_find(pid_t pid, uint64_t birth);

/**
 * process_open - the same of a process that has not ended: a zombie is gone.
 */
int process_open(pid_t pid, uint64_t birth);

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
