/* Cloning into shared memory. */
#include "base/share.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>

#include "base/sys.h"

#if SHARE_IS_POSSIBLE

/*
 * STACK: as much as the deepest path through the child's phases takes, many times over.
 * THREAD: room for musl's struct pthread, which begins where the thread pointer points to;  KNOWN: so much of it is copied: what tells the thread who it is,
 * the stack protector's value, errno and whether calls can be cancelled. The rest is zero, as in a new thread. Variables of our own would lie below; there are
 * none.
 */
enum { STACK = 256 << 10, THREAD = 512, KNOWN = 96 };

/* The child has no caller to return to: it goes from the system call into @run, on its own stack. */
static long clone_onto(const struct clone_args *args, void (*run)(void *), void *argument)
{
	register void *kept asm("r12") = argument; /* which the system call leaves alone */
	long r;

	asm volatile("syscall\n\t"
		     "test %%rax, %%rax\n\t"
		     "jnz 1f\n\t"
		     "xor %%ebp, %%ebp\n\t" /* the outermost frame, as the ABI has it */
		     "mov %%r12, %%rdi\n\t"
		     "call *%[run]\n\t"
		     "hlt\n"
		     "1:"
		     : "=a"(r)
		     : "a"(SYS_clone3), "D"(args), "S"(sizeof(*args)), [run] "b"(run), "r"(kept)
		     : "rcx", "r11", "memory");
	return r;
}

pid_t share_clone(struct clone_args *args, struct arena *arena, void (*run)(void *argument), void *argument)
{
	char *stack = arena_alloc(arena, STACK + THREAD), *thread = stack + STACK; /* on the page that the stack begins with */

	memset(thread, 0, THREAD);
	memcpy(thread, __builtin_thread_pointer(), KNOWN);
	memcpy(thread, &thread, sizeof(thread)); /* the first member points to itself: fs:0 (System V ABI, thread-local storage) */
	args->flags |= CLONE_VM | CLONE_SETTLS;
	args->tls = (uint64_t)(uintptr_t)thread;
	args->stack = (uint64_t)(uintptr_t)stack;
	args->stack_size = STACK;
	return (pid_t)clone_onto(args, run, argument);
}

#else

pid_t share_clone(struct clone_args *args, struct arena *arena, void (*run)(void *argument), void *argument)
{
	(void)args, (void)arena, (void)run, (void)argument;
	return -ENOSYS;
}

#endif
