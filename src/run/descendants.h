/* The processes below a process, seen from outside: for what neither a pid namespace nor a cgroup holds together. */
#ifndef RUN_DESCENDANTS_H
#define RUN_DESCENDANTS_H

#include <stddef.h>
#include <sys/types.h>

/**
 * descendants_list - @pid and all below it, parents before their children.
 * @ret_list: free(3).
 * Return: how many; 0: there is no memory for the list.
 */
size_t descendants_list(pid_t pid, pid_t **ret_list);

/**
 * descendants_kill - kill all below @pid, but not itself. It must be a child subreaper: whoever loses his parent then stays below it.
 */
void descendants_kill(pid_t pid);

#endif
