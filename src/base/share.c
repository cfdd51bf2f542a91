/* Cloning into shared memory. */
#include "base/share.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
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

/* The child has no caller to return to: it goes from the system call into @run, on its own stack, and from there to exit(2). */
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
		     "mov %[exit], %%eax\n\t"
		     "xor %%edi, %%edi\n\t"
		     "syscall\n\t"
		     "hlt\n"
		     "1:"
		     : "=a"(r)
		     : "a"(SYS_clone3), "D"(args), "S"(sizeof(*args)), [run] "b"(run), [exit] "i"(SYS_exit), "r"(kept)
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

int share_thread(struct arena *arena, void (*run)(void *argument), void *argument, uint32_t *running)
{
	struct clone_args args = {
		.flags = CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID,
		.child_tid = (uint64_t)(uintptr_t)running,
	};
	pid_t r;

	*running = 1;
	r = share_clone(&args, arena, run, argument);
	if (r > 0)
		return 0;
	*running = 0;
	return r;
}

#else

pid_t share_clone(struct clone_args *args, struct arena *arena, void (*run)(void *argument), void *argument)
{
	(void)args, (void)arena, (void)run, (void)argument;
	return -ENOSYS;
}

int share_thread(struct arena *arena, void (*run)(void *argument), void *argument, uint32_t *running)
{
	(void)arena, (void)run, (void)argument;
	*running = 0;
	return -ENOSYS;
}

#endif

/* The kernel clears the word and wakes us (clone(2), CLONE_CHILD_CLEARTID). */
void share_join(const uint32_t *running)
{
	uint32_t seen;

	while ((seen = __atomic_load_n(running, __ATOMIC_ACQUIRE)) != 0)
		(void)syscall(SYS_futex, running, FUTEX_WAIT, seen, NULL, NULL, 0); /* however it ends, we look again */
}
