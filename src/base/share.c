/* Cloning into shared memory. */
#include "base/share.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
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
static CHILD long clone_onto(const struct clone_args *args, void (*run)(void *), void *argument)
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

void *share_stack(struct arena *arena)
{
	return arena_alloc(arena, STACK + THREAD);
}

static CHILD pid_t clone_with(char *stack, struct clone_args *args, void (*run)(void *argument), void *argument)
{
	char *thread = stack + STACK; /* on the page that the stack begins with */

	memset(thread, 0, THREAD);
	memcpy(thread, __builtin_thread_pointer(), KNOWN);
	memcpy(thread, &thread, sizeof(thread)); /* the first member points to itself: fs:0 (System V ABI, thread-local storage) */
	args->flags |= CLONE_VM | CLONE_SETTLS;
	args->tls = (uint64_t)(uintptr_t)thread;
	args->stack = (uint64_t)(uintptr_t)stack;
	args->stack_size = STACK;
	return (pid_t)clone_onto(args, run, argument);
}

pid_t share_clone(struct clone_args *args, struct arena *arena, void (*run)(void *argument), void *argument)
{
	return clone_with(share_stack(arena), args, run, argument);
}

CHILD pid_t share_vfork(void (*run)(void *argument), void *argument)
{
	register void *kept asm("r12") = argument;
	register long child_tid asm("r10") = 0, tls asm("r8") = 0;
	long r;

	asm volatile("syscall\n\t"
		     "test %%rax, %%rax\n\t"
		     "jnz 1f\n\t"
		     "lea -128(%%rsp), %%rsp\n\t" /* below what the ABI lets the caller use without saying so: it goes on there after us */
		     "and $-16, %%rsp\n\t"
		     "xor %%ebp, %%ebp\n\t"
		     "mov %%r12, %%rdi\n\t"
		     "call *%[run]\n\t"
		     "hlt\n"
		     "1:"
		     : "=a"(r)
		     : "a"(SYS_clone), "D"(CLONE_VM | CLONE_VFORK | SIGCHLD), "S"(0L), "d"(0L), "r"(child_tid), "r"(tls), [run] "b"(run), "r"(kept)
		     : "rcx", "r11", "cc", "memory");
	return (pid_t)r;
}

CHILD int share_thread(void *stack, pid_t tid, void (*run)(void *argument), void *argument, uint32_t *running)
{
	struct clone_args args = {
		.flags = CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID,
		.child_tid = (uint64_t)(uintptr_t)running,
		.set_tid = tid > 0 ? (uint64_t)(uintptr_t)&tid : 0,
		.set_tid_size = tid > 0,
	};
	pid_t r;

	*running = 1;
	r = clone_with(stack, &args, run, argument);
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

CHILD pid_t share_vfork(void (*run)(void *argument), void *argument)
{
	long pid = SYS_CALL(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		run(argument);
	return (pid_t)pid;
}

void *share_stack(struct arena *arena)
{
	(void)arena;
	return NULL;
}

CHILD int share_thread(void *stack, pid_t tid, void (*run)(void *argument), void *argument, uint32_t *running)
{
	(void)stack, (void)tid, (void)run, (void)argument;
	*running = 0;
	return -ENOSYS;
}

#endif

/* The kernel clears the word and wakes us (clone(2), CLONE_CHILD_CLEARTID). */
CHILD void share_join(const uint32_t *running)
{
	uint32_t seen;

	while ((seen = __atomic_load_n(running, __ATOMIC_ACQUIRE)) != 0)
		(void)syscall(SYS_futex, running, FUTEX_WAIT, seen, NULL, NULL, 0); /* however it ends, we look again */
}
