/*
 * How the payload's life hangs together with hull's (spec.hull.dieWithParent), and the reaper that can stand in front of it as pid 1 (spec.hull.init):
 * the kernel gives a namespace's pid 1 every orphan to wait for, and spares it the default actions of signals, which most programs do not expect.
 */
#include "aspect/init.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "aspect/protocol.h"
#include "aspect/seccomp.h"
#include "aspect/seccomp_bpf.h"
#include "base/share.h"
#include "base/sys.h"

/* INIT_LOST: there is no payload, and nobody saw it end: hull's own failure */
enum { INIT_SIGNAL_BASE = 128, INIT_LOST = 125 };

/* Last but for the program: a change of ids or capabilities takes the setting away again (PR_SET_PDEATHSIG(2const)). */
static CHILD int init_seal(struct child *c)
{
	if (c->plan->request->exec ? !c->plan->request->die_with_us : !c->plan->spec->hull.die_with_parent)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 && !c->plan->request->exec) /* nobody asked for it there, and the container's filter may forbid it */
		return child_fail(c, FAULT("cannot ask to be killed with hull"), errno, NULL, NULL);
	return 0; /* if hull died before: the channel says so at the last barrier */
}

/* The payload stands still. Whoever woke us meanwhile meant it, too: then it is late that we hear of it. */
static CHILD void on_stop(const struct child *c, pid_t payload, int status)
{
	static const uint64_t wake = 1ull << (SIGCONT - 1);
	const struct timespec at_once = { 0 };

	if (syscall(SYS_rt_sigtimedwait, &wake, NULL, &at_once, sizeof(wake)) == SIGCONT)
		(void)kill(payload, SIGCONT); /* gone is as good */
	else
		(void)protocol_tell(c, status); /* nobody is to stay for this */
}

/*
 * All that the reaper does from here on: the payload's filters are not its own, so whoever gets hold of it would be rid of them. That is possible only where it
 * may be looked into: a process that is not dumpable wants a capability in the user namespace that hull was executed in (ptrace(2)), and there it has the
 * payload's filter (init_is_unfiltered()), but for those of bubblewrap's callers. Elsewhere it is done without: a filter takes a twentieth of a start.
 */
static CHILD void confine(void)
{
#define ALLOW(call, to_end) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, to_end, 0)
#define X(id, name, audit) SECCOMP_ARCH_NATIVE == ARCH_##id ? (audit) :
	enum { LOW_WORD = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 4 };
	static const struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SECCOMP_ARCHES(X) 0u, 0, 10),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(rt_sigtimedwait, 9),
		ALLOW(wait4, 8),
		ALLOW(kill, 7),
		ALLOW(write, 6),
		ALLOW(exit_group, 5),
		ALLOW(exit, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + LOW_WORD),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_DUMPABLE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
#undef X
#undef ALLOW
	const struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = (struct sock_filter *)(uintptr_t)filter };

	/* a container's without no_new_privs may not, and has its filter already; no kernel that has just taken the payload's refuses ours */
	(void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

static CHILD _Noreturn void reap(const struct child *c, pid_t payload, const sigset_t *all)
{
	const bool is_first = SYS_CALL(SYS_getpid) == 1;
	enum protocol_stay stay;
	siginfo_t info;
	int status, code = INIT_LOST;

	protocol_close(c); /* nothing is held open that somebody at the other end waits for */
	(void)prctl(PR_SET_NAME, INIT_NAME, 0, 0, 0); /* cannot fail; a filter that forbids it has been chosen */
	if (protocol_is_shown(c) || !c->plan->has_userns)
		confine(); /* before anybody may look */
	if (protocol_is_shown(c))
		(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* cannot fail with this argument */
	for (;;) {
		pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL);

		if (pid > 0 && WIFSTOPPED(status)) {
			if (pid == payload)
				on_stop(c, payload, status);
			continue;
		}
		if (pid > 0 && pid == payload) {
			code = WIFEXITED(status) ? WEXITSTATUS(status) : INIT_SIGNAL_BASE + WTERMSIG(status);
			payload = 0;
			stay = protocol_tell(c, status);
			if (stay == STAY_NOT || (stay == STAY_TO_COUNT && !is_first))
				_exit(code); /* the kernel ends the others (pid_namespaces(7)), and nobody counts what they used */
			if (stay == STAY_TO_COUNT)
				(void)kill(-1, SIGKILL); /* nobody left is as good */
		}
		if (pid > 0)
			continue;
		if (pid < 0 && errno == ECHILD) /* the last one */
			_exit(code);
		/* raw: libc keeps two signals to itself */
		if (syscall(SYS_rt_sigtimedwait, all, &info, NULL, sizeof(uint64_t)) < 0 || info.si_signo == SIGCHLD)
			continue;
		if (payload > 0 && info.si_signo == INIT_END_SIGNAL && info.si_code == SI_QUEUE && info.si_value.sival_int == INIT_END_VALUE)
			(void)kill(is_first ? -1 : payload, SIGKILL); /* gone is as good */
		else if (payload > 0 && info.si_code != SI_KERNEL) /* what the terminal sends, it sends to the payload too */
			(void)kill(payload, info.si_signo); /* gone is as good: the next round tells */
	}
}

CHILD bool init_is_unfiltered(const struct plan *p)
{
	return p->spec->hull.init && p->request->sandbox && !p->request->exec && p->has_userns && !seccomp_notifies(p);
}

struct split {
	struct child *c;
	void (*payload)(struct child *c);
	long reaper;
};

static CHILD void begin_payload(void *argument)
{
	const struct split *split = argument;
	const struct plan *p = split->c->plan;

	/* no pid namespace ends with the reaper: the payload has to by itself. A filter that forbids either call has been chosen. */
	if (p->spec->hull.die_with_parent && (p->new_namespaces & CLONE_NEWPID) == 0) {
		long parent;

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		parent = SYS_CALL(SYS_getppid);
		if (parent >= 0 && parent != split->reaper)
			_exit(INIT_LOST); /* it died before */
	}
	split->payload(split->c);
}

CHILD int init_split(struct child *c, void (*payload)(struct child *c))
{
	static const uint64_t every = ~0ull;
	struct split split = { .c = c, .payload = payload, .reaper = SYS_CALL(SYS_getpid) };
	sigset_t all;
	pid_t pid;

	if (!c->plan->spec->hull.init || c->plan->request->exec)
		return 0;
	protocol_forget(c);
	memset(&all, 0xff, sizeof(all));
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &every, NULL, sizeof(every)); /* cannot fail */
	if (c->plan->request->protocol && c->plan->request->protocol->subreaper)
		(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* cannot fail; a filter that forbids it has been chosen */
	pid = share_vfork(begin_payload, &split);
	if (pid < 0)
		return child_fail(c, FAULT("cannot make the payload's process"), pid, NULL, NULL);
	reap(c, pid, &all);
}

static void init_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	if (p->request->exec)
		return;
	if (phase == PHASE_SEAL && p->spec->hull.die_with_parent)
		explain_step(x, "be killed when hull dies");
	if (phase == PHASE_EXEC && p->spec->hull.init)
		explain_step(x, "make a process for the payload, and wait for it and for all orphans as pid 1");
}

const struct aspect aspect_init = {
	.id = ASPECT_INIT,
	.seal = init_seal,
	.explain = init_explain,
};
