/* Starting another program: the one way in which hull does it, from the parent and from child code alike. */
#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/child.h"

/*
 * @path, @argv, @envp: for execve(2);  @path NULL: @program is executed (O_PATH, O_CLOEXEC; a script's interpreter gets it, too)
 * @group: in a process group of its own;  @capable: with the caller's capabilities, whoever its user is
 * @dir: its current directory, NULL: ours
 * @input, @output, @errors: its descriptors 0, 1 and 2, NO_FD: /dev/null; it gets no others
 */
struct spawn {
	const char *path;
	char *const *argv;
	char *const *envp;
	const char *dir;
	int input, output, errors;
	int program;
	bool group, capable;
};

/**
 * spawn_start - start a program; no signal is ignored or blocked in it. Nothing is allocated.
 * Return: its pid, or -errno: then it does not run, and there is nothing to wait for.
 */
CHILD pid_t spawn_start(const struct spawn *s);

/**
 * spawn_wait - wait until our child @pid has ended, however it was made.
 * @ret_status: as waitpid(2) has it; may be NULL.
 * Return: 0 or -errno (ECHILD: whoever started us ignores SIGCHLD, and the kernel has thrown the status away).
 */
CHILD int spawn_wait(pid_t pid, int *ret_status);

/**
 * spawn_reset_signals - default disposition for every signal and an empty mask: nothing that hull or its caller ignored or blocked is inherited.
 */
CHILD void spawn_reset_signals(void);

/**
 * spawn_inherit_signals - the other way: signals that are ignored stay so; handlers were taken away before.
 * @mask: blocked signals, bit 0 is signal 1;  @ignore_children: ignore SIGCHLD, too.
 */
CHILD void spawn_inherit_signals(uint64_t mask, bool ignore_children);

#endif
