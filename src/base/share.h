/*
 * A child that shares our memory, and works beside us: no page tables are copied, and no page is copied because both write to it. That is a fifth of
 * what `hull run` costs (doc/performance.md).
 *
 * It is a process of its own in all else: it has its own descriptors, signal handlers and working directory. What it writes is seen here, so it must keep
 * to its stack and to what is its own, and what it may still read must not be changed or freed before it has executed another program or ended.
 *
 * A thread shares all else, too, but for its namespaces (unshare(2)). Both run CHILD code only: the C library does not know of them.
 */
#ifndef BASE_SHARE_H
#define BASE_SHARE_H

#include <linux/sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/child.h"

/* Whether this build can do it: it is known how the C library tells threads apart. */
#if defined(__x86_64__) && defined(__linux__) && !defined(__GLIBC__)
#define SHARE_IS_POSSIBLE true
#else
#define SHARE_IS_POSSIBLE false
#endif

/**
 * share_clone - clone3(2) with CLONE_VM. The child calls @run(@argument), which must not return.
 * @args: flags without CLONE_VM, CLONE_VFORK and CLONE_SETTLS; stack and tls are filled in here.
 * @arena: where its stack (256 KiB) comes from; it must live as long as the child may.
 * Return: the child's pid, or -errno (clone(2)); -ENOSYS where it is not possible.
 */
pid_t share_clone(struct clone_args *args, struct arena *arena, void (*run)(void *argument), void *argument);

/**
 * share_vfork - a process in our memory that calls @run(@argument), while we stand still until it executes another program or ends (vfork(2)). It works on our
 * stack, below us. Made by clone(2), which every filter knows that lets a process be made at all. Where it is not possible this is a fork.
 * @run: CHILD code that must not return.
 * Return: the child's pid, or -errno (clone(2)).
 */
CHILD pid_t share_vfork(void (*run)(void *argument), void *argument);

/**
 * share_stack - room for a thread's stack (256 KiB), which costs nothing before it is used.
 */
void *share_stack(struct arena *arena);

/**
 * share_thread - a thread of ours that calls @run(@argument), and ends when that returns.
 * @stack: share_stack(), which must live until share_join() has returned.
 * @tid: its number in our pid namespace, for those with CAP_SYS_ADMIN over that (Linux 5.5), so that it takes none that is counted; 0: the next one.
 * @running: becomes 1, and 0 again when the thread has ended; it must live as long.
 * Return: 0, or -errno as above; then @running is 0.
 */
CHILD int share_thread(void *stack, pid_t tid, void (*run)(void *argument), void *argument, uint32_t *running);

/**
 * share_join - wait for the end of the thread, and see what it wrote. At once if there is none.
 */
CHILD void share_join(const uint32_t *running);

#endif
