/* Cloning the child and serving it. */
#include "run/launch.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aspect/exec.h"
#include "aspect/hooks.h"
#include "aspect/net.h"
#include "aspect/protocol.h"
#include "aspect/seccomp.h"
#include "aspect/time.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/share.h"
#include "base/sys.h"
#include "run/channel.h"
#include "run/child.h"
#include "run/hop.h"
#include "run/hookstate.h"
#include "run/netmaker.h"
#include "run/plan.h"
#include "run/selfexe.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif

/* Where the parent stands. */
struct run {
	struct plan *p;
	int channel, child_channel;
	pid_t hop;  /* 0: none or already gone */
	int hop_fd; /* its pidfd */
	int interrupts; /* see watch_interrupts() */
	bool late_exe; /* see dissolves_late() */
	struct netmaker net; /* with plan->late_net */
	struct launched child;
	int (*on_pid)(struct plan *p, const struct launched *child);
};

static void reap(pid_t pid)
{
	while (pid > 0 && waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
}

static int tell(struct run *run, enum message_type type, int fd)
{
	struct message m = { .type = type };
	int r = channel_send(run->channel, &m, fd);

	/* a dead child is reported by what it said before, or by end of file */
	return r < 0 && r != -EPIPE && r != -ECONNRESET ? fail(run->p->error, r, "cannot talk to the container's process") : 0;
}

static int send_go(struct run *run)
{
	return tell(run, MESSAGE_GO, NO_FD);
}

/* The child's way in: its own memory or ours. */
static CHILD _Noreturn void child_begin(const struct run *run)
{
	const struct plan *p = run->p;

	(void)close_fd(run->channel); /* the parent's end: while we hold it, its death is no end of file to us */
	if (engine_of(p)->hop)
		hop_main(p, run->child_channel);
	child_main(p, run->child_channel);
}

static CHILD void sharer_main(void *argument)
{
	child_begin(argument);
}

/*
 * The first process: the child itself, or the hop. Returns 0 or -1; does not return in the child.
 *
 * The child lives in our memory where it can (base/share.h), and works beside us. Where nothing at all is left to be done beside it, we stand still until it
 * executes the payload or ends (vfork(2)): then it must not wait for us, so what it will ask for is said before.
 */
static int clone_first(struct run *run)
{
	struct plan *p = run->p;
	bool hop = engine_of(p)->hop;
	int pidfd = NO_FD;
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid;

	if (!hop)
		args.flags |= (uint64_t)p->new_namespaces;
	if (!plan_cgroup_ns_at_clone(p))
		args.flags &= ~(uint64_t)CLONE_NEWCGROUP; /* cgroup/enter makes that one, once inside the cgroup */
	if (p->late_net || p->own_net)
		args.flags &= ~(uint64_t)CLONE_NEWNET;
	if (p->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (unsigned int)p->cgroup_fd;
	}
	if (p->borrows) {
		args.flags |= CLONE_VFORK;
		if (send_go(run) < 0)
			return -1;
	}
	pid = p->shares ? share_clone(&args, p->arena, sharer_main, run) : sys_clone3(&args, sizeof(args));
	if (pid == 0)
		child_begin(run);
	if (pid < 0)
		return fail(p->error, pid, "cannot clone into new namespaces");
	if (hop) {
		run->hop = pid;
		run->hop_fd = pidfd;
	} else {
		run->child.pid = pid;
		run->child.pidfd = pidfd;
	}
	return 0;
}

/* The child waits at the first barrier: everything that is done to it from outside. */
static int at_barrier(struct run *run)
{
	if (plan_parent(run->p, run->child.pid, run->child.pidfd) < 0)
		return -1;
	if (run->on_pid && run->on_pid(run->p, &run->child) < 0)
		return -1;
	if (hookstate_write(run->p, run->child.pid, "creating") < 0)
		return -1;
	if (!run->late_exe)
		selfexe_dissolve(); /* unless the child has hung it on the old root, or still has it: then it is gone before the payload */
	return send_go(run);
}

/*
 * The child exists: what is to be done to it, and beside it. A late network namespace is what it waits for first, so we do nothing before that is there; a
 * child that waits for us hears of it when we are through.
 */
static int attend(struct run *run)
{
	struct plan *p = run->p;

	if (p->late_net && !p->parent_first && netmaker_finish(&run->net, p->error) < 0)
		return -1;
	if (at_barrier(run) < 0)
		return -1;
	if (!p->late_net || !p->parent_first)
		return 0;
	return netmaker_finish(&run->net, p->error) < 0 ? -1 : tell(run, MESSAGE_NET, run->net.net);
}

/* The hop has made a time namespace, and the user namespace that it belongs to if there is a new one. */
static int on_hop_time(struct run *run)
{
	struct plan *p = run->p;

	if (p->new_namespaces & CLONE_NEWUSER) {
		if (aspect_user.parent(p, run->hop, NO_FD) < 0)
			return -1;
		engine_of(p)->mapped = true;
	}
	return time_write_offsets(p, run->hop) < 0 ? -1 : send_go(run);
}

static int on_hop(struct run *run, const struct message *m, int *fd)
{
	run->child.pid = (pid_t)m->number;
	run->child.pidfd = take_fd(fd);
	reap(run->hop);
	run->hop = 0;
	run->hop_fd = close_fd(run->hop_fd);
	return at_barrier(run);
}

static int on_fd(struct run *run, const struct message *m, int *fd)
{
	char *state;

	if (m->number == CHANNEL_FD_CONSOLE) {
		(void)close_fd(run->child.console);
		run->child.console = take_fd(fd);
		return 0;
	}
	state = hookstate_document(run->p, run->child.pid, run->p->request->exec ? "running" : "creating");
	return seccomp_deliver(run->p, *fd, state);
}

static int on_entered(struct run *run)
{
	struct plan *p = run->p;
	const char *state = hookstate_document(p, run->child.pid, "creating");

	if (hooks_run(p, &p->spec->hooks.prestart, "prestart", state) < 0 ||
		hooks_run(p, &p->spec->hooks.create_runtime, "createRuntime", state) < 0)
		return -1;
	return send_go(run);
}

/* The exit codes that engines and shells know: 127 not found, 126 cannot be executed (runc's and crun's, and sh's). */
static int fault_exit_code(const struct plan *p, const struct message *m)
{
	if (m->aspect != ASPECT_EXEC)
		return 0;
	if (p->request->sandbox) /* of the command alone: a working directory that is not there is hull's failure, as with env(1) -C */
		return m->number == EXEC_NOT_FOUND || m->number == EXEC_CANNOT ? (int)m->number : 0;
	if (m->errnum == ENOENT || m->number == 127)
		return 127;
	return m->errnum == EACCES || m->errnum == ENOEXEC || m->errnum == EISDIR || m->errnum == EPERM || m->number == 126 ? 126 : 0;
}

static void on_fault(struct run *run, const struct message *m)
{
	channel_fault(run->p, m, run->p->error);
	run->p->error->exit_code = fault_exit_code(run->p, m);
}

static int on_warning(struct run *run, const struct message *m)
{
	struct error warning = { 0 };

	channel_fault(run->p, m, &warning);
	log_write(run->p->log, LOG_LEVEL_WARNING, "%s", warning.text);
	return 0;
}

static int on_message(struct run *run, const struct message *m, int *fd)
{
	switch ((enum message_type)m->type) {
	case MESSAGE_HOP_TIME:
		return on_hop_time(run);
	case MESSAGE_HOP:
		return on_hop(run, m, fd);
	case MESSAGE_ENTERED:
		return on_entered(run);
	case MESSAGE_FD:
		return on_fd(run, m, fd);
	case MESSAGE_WARNING:
		return on_warning(run, m);
	case MESSAGE_FAULT:
		on_fault(run, m);
		return -1;
	case MESSAGE_GO:
	case MESSAGE_NET:
	case MESSAGE_SEALED:
		break;
	}
	return fail(run->p->error, 0, "internal error: unexpected message %u from the container's process", m->type);
}

/* The usual reason for an end without a word, and what it looks like: a filter that kills, and one that refuses even to exit (child.c: leave()). */
static const char *silent_reason(int signal)
{
	if (signal == SIGKILL)
		return " (the memory limit may be too low)";
	if (signal == SIGSYS || signal == SIGILL)
		return " (linux.seccomp forbids what comes before the program: the last steps of its start, and execve)";
	return "";
}

/* The child ended without a word: say how. */
static int fail_silent(struct run *run)
{
	siginfo_t info = { 0 };

	if (run->child.pidfd < 0 || waitid(P_PIDFD, (id_t)run->child.pidfd, &info, WEXITED | WNOWAIT | __WALL) < 0)
		return fail(run->p->error, 0, "the container's process ended before it was ready");
	if (info.si_code == CLD_EXITED)
		return fail(run->p->error, 0, "the container's process ended before it was ready: exit status %d", info.si_status);
	return fail(run->p->error, 0, "the container's process was killed before it was ready: %s%s", strsignal(info.si_status),
		silent_reason(info.si_status));
}

/* run: the child waits for us if there are startContainer hooks, which are to read the status created */
static int on_sealed(struct run *run)
{
	struct plan *p = run->p;

	if (p->request->exec || p->spec->hooks.start_container.n == 0)
		return 0;
	return hookstate_write(p, run->child.pid, "created") < 0 ? -1 : send_go(run);
}

/* While there is a hop: wait for what it says or for its end. The child that it cloned has the channel too, so its end is no end of file. */
static int wait_hop(const struct run *run)
{
	/* in this order: poll(2) looks at one after the other, and what the hop said just before it ended must be seen with its end */
	struct pollfd fds[] = { { .fd = run->hop_fd, .events = POLLIN }, { .fd = run->channel, .events = POLLIN } };
	int n;

	if (run->hop == 0)
		return 0;
	do
		n = poll(fds, ARRAY_SIZE(fds), -1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail(run->p->error, errno, "cannot wait for the process that enters the namespaces");
	return fds[1].revents ? 0 : fail(run->p->error, 0, "the process that enters the namespaces ended before it was ready");
}

/* Nothing is to come that waits for our answer, nor a descriptor, nor a plugin's words, which can be many: only SEALED or a fault, and then the end. */
static bool only_ends(const struct run *run)
{
	const struct plan *p = run->p;
	const struct hooks *h = &p->spec->hooks;

	if (run->hop > 0 || p->process->terminal || p->data[ASPECT_PLUGIN] || seccomp_listener_path(p))
		return false;
	return p->request->exec || (h->prestart.n == 0 && h->create_runtime.n == 0 && h->start_container.n == 0);
}

/*
 * Sleep until the other end is closed: a poll(2) for nothing is not woken by messages. To wake us for SEALED would cost the child, which is about to execute
 * the payload, 30 µs. A signal that would end us is left where it is: it does so when everything is taken back.
 */
static int wait_end(const struct run *run)
{
	struct pollfd fds[] = { { .fd = run->channel, .events = only_ends(run) ? 0 : POLLIN }, { .fd = run->interrupts, .events = POLLIN } };

	while (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno == EINTR)
		;
	return fds[0].revents || !fds[1].revents ? 0 : fail(run->p->error, EINTR, "a signal came before the command could be started");
}

/* Where the child reads what may never end: a descriptor that tells of the signals that would end us if they were not blocked. NO_FD: there is none. */
static int watch_interrupts(const struct plan *p)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action;
	sigset_t set;

	if (!p->request->protocol || !p->request->protocol->reads)
		return NO_FD;
	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (!(p->request->signal_mask >> (signals[i] - 1) & 1) && sigaction(signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			(void)sigaddset(&set, signals[i]);
	return signalfd(-1, &set, SFD_CLOEXEC); /* without it they wait */
}

static int serve(struct run *run, bool until_exec)
{
	bool sealed = false;

	for (;;) {
		struct message m;
		scope_fd int fd = NO_FD;
		int r = wait_hop(run);

		if (r < 0)
			return -1;
		if (((until_exec && only_ends(run)) || run->interrupts >= 0) && wait_end(run) < 0)
			return -1;
		r = channel_receive(run->channel, &m, &fd);
		if (r < 0)
			return fail(run->p->error, r, "cannot talk to the container's process");
		if (r == 0)
			return sealed ? 0 : fail_silent(run);
		if (m.type == MESSAGE_SEALED) {
			sealed = true;
			if (!until_exec)
				return 0;
			if (on_sealed(run) < 0)
				return -1;
		} else if (on_message(run, &m, &fd) < 0) {
			return -1;
		}
	}
}

/* The parent phase failed while the child was at work: if it has failed too, that is the likelier cause, so say what it said. */
static void prefer_fault(struct run *run)
{
	struct pollfd fds = { .fd = run->channel, .events = POLLIN };
	struct message m;

	while (poll(&fds, 1, 0) == 1 && channel_receive(run->channel, &m, NULL) == 1)
		if (m.type == MESSAGE_FAULT)
			on_fault(run, &m);
}

static void abandon(struct run *run)
{
	if (run->hop > 0) {
		(void)sys_pidfd_send_signal(run->hop_fd, SIGKILL); /* gone is as good */
		reap(run->hop);
		(void)close_fd(run->hop_fd);
	}
	if (run->child.pidfd >= 0) {
		(void)sys_pidfd_send_signal(run->child.pidfd, SIGKILL); /* gone is as good */
		reap(run->child.pid);
	}
	run->child.pidfd = close_fd(run->child.pidfd);
	run->child.console = close_fd(run->child.console);
}

/* Whether nobody in there can reach into us, so that the mount of our executable may be dissolved while the payload starts (run/selfexe.c). */
static bool dissolves_late(const struct plan *p)
{
	return p->borrows || (p->request->sandbox && p->has_userns && p->spec->hull.init && (p->new_namespaces & CLONE_NEWPID) != 0);
}

int launch(struct plan *p, bool until_exec, int (*on_pid)(struct plan *p, const struct launched *child), struct launched *ret)
{
	struct run run = { .p = p, .hop_fd = NO_FD, .net = { .net = NO_FD }, .child = { .pidfd = NO_FD, .console = NO_FD }, .on_pid = on_pid };
	bool dumpable = p->shares && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(p->error, errno, "cannot make a socket pair");
	run.channel = pair[0];
	run.child_channel = pair[1];
	plan_choose(p, plan_may_delay_net(p) && netmaker_start(&run.net, p, p->parent_first ? NO_FD : pair[0]));
	if (p->request->exec || engine_of(p)->hop || p->join_fd[NAMESPACE_MOUNT] >= 0) /* into namespaces in which others are */
		selfexe_dissolve();
	p->exe_fd = selfexe_mount();
	run.late_exe = until_exec && dissolves_late(p);
	r = clone_first(&run);
	(void)close_fd(pair[1]);
	if (r == 0 && run.hop == 0 && !p->borrows) {
		r = attend(&run);
		if (r < 0)
			prefer_fault(&run);
	}
	netmaker_end(&run.net);
	run.interrupts = watch_interrupts(p);
	if (r == 0)
		r = serve(&run, until_exec);
	if (run.late_exe)
		selfexe_dissolve();
	(void)close_fd(run.interrupts);
	(void)close_fd(pair[0]);
	if (r < 0)
		abandon(&run);
	if (dumpable) /* it belongs to the memory, which the child has left */
		(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* cannot fail with this argument */
	if (r < 0)
		return -1;
	*ret = run.child;
	return 0;
}
