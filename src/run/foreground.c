/*
 * Staying with the payload: one poll(2) over its pidfd, a signalfd and, with a terminal, the two ends of a relay.
 *
 * Job control without a terminal of its own: SIGTSTP stops the payload (SIGSTOP: a namespace's pid 1 ignores the others) and then hull itself by the same
 * signal, so that the shell sees what it would see without us; SIGCONT wakes both. Where a reaper of ours is in front of the payload, hull stops when the
 * payload has: then it may take its time, do without, or stop by itself.
 */
#include "run/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "aspect/init.h"
#include "aspect/protocol.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/sys.h"
#include "run/buffer.h"
#include "run/descendants.h"
#include "run/notify.h"

/* REST_ROUNDS: how often a full buffer is read after the end; a terminal holds less, but without a pid namespace somebody may go on writing */
enum { REST_ROUNDS = 64 };

/* how often the payload's terminal is told that the input has ended */
enum { ENDS_MAX = 32, CONTROL_D = 4 };

/* how long the reaper may take to end everybody, who may be others than it can kill: users that the payload's capabilities let them become */
enum { PATIENCE_NS = 500000000 };

/* how long a payload that catches SIGTSTP may take to put its terminal in order, and one whose reader has gone to end */
enum { STOP_GRACE_MS = 20 };

/*
 * @raw: our terminal was set to raw mode; @saved: what it was
 * @input_open: standard input has not ended;  @n_ends: how often the payload was told that it has;  @told_raw: the last time outside canonical mode
 * @in, @out: only with a terminal: most runs have none, and fresh pages cost time
 */
struct relay {
	int master;
	bool raw, input_open, told_raw;
	unsigned int n_ends;
	struct termios saved;
	struct buffer *in, *out;
};

uint64_t foreground_now(void)
{
	struct timespec now;

	(void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now); /* cannot fail with this clock; few calls: to find the vDSO's function costs two faults */
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void foreground_kill(struct foreground *f, const struct launched *child)
{
	siginfo_t info = { .si_signo = INIT_END_SIGNAL, .si_code = SI_QUEUE, .si_value = { .sival_int = INIT_END_VALUE } };

	if (f->scattered)
		descendants_kill(child->pid);
	if (f->init_says > 0 && SYS_CALL(SYS_pidfd_send_signal, child->pidfd, INIT_END_SIGNAL, &info, 0) == 0)
		f->kill_at = foreground_now() + PATIENCE_NS;
	else
		(void)sys_pidfd_send_signal(child->pidfd, SIGKILL); /* gone is as good */
}

/* Of a child that ends while SIGCHLD is ignored nothing is left to wait for (wait(2)). */
static void hear_children(struct foreground *f)
{
	const struct sigaction standard = { .sa_handler = SIG_DFL };
	struct sigaction action;

	f->ignores_children = sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
	if (f->ignores_children)
		(void)sigaction(SIGCHLD, &standard, NULL); /* cannot fail with this signal */
}

int foreground_begin(struct foreground *f, struct error *e)
{
	sigset_t all;

	hear_children(f);
	(void)sigfillset(&all);
	/* these say that hull itself is broken; the rest belongs to the payload */
	for (size_t i = 0; i < 6; i++)
		(void)sigdelset(&all, (const int[]){ SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT }[i]);
	if (sigprocmask(SIG_BLOCK, &all, &f->old_mask) < 0)
		return fail(e, errno, "cannot block signals");
	f->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (f->signals >= 0)
		return 0;
	(void)sigprocmask(SIG_SETMASK, &f->old_mask, NULL); /* it was just read */
	return fail(e, errno, "cannot make a signalfd");
}

void foreground_end(struct foreground *f)
{
	const struct sigaction ignored = { .sa_handler = SIG_IGN };

	if (f->ignores_children)
		(void)sigaction(SIGCHLD, &ignored, NULL); /* as it was */
	if (f->signals < 0)
		return;
	f->signals = close_fd(f->signals);
	(void)sigprocmask(SIG_SETMASK, &f->old_mask, NULL); /* a mask that was valid before */
}

static void copy_window_size(const struct relay *relay)
{
	struct winsize size;

	if (relay->master >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		(void)ioctl(relay->master, TIOCSWINSZ, &size); /* the payload may have closed it */
}

static void set_raw(struct relay *relay, bool raw)
{
	struct termios mode;

	if (relay->raw == raw)
		return;
	if (raw) {
		if (tcgetattr(STDIN_FILENO, &relay->saved) < 0)
			return; /* not a terminal */
		mode = relay->saved;
		cfmakeraw(&mode);
		relay->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &mode) == 0;
		return;
	}
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &relay->saved); /* the terminal may be gone */
	relay->raw = false;
}

/* Whether the default action of @signal would end a process. */
static bool is_deadly(int signal)
{
	return signal != SIGCHLD && signal != SIGCONT && signal != SIGURG && signal != SIGWINCH && signal != SIGTSTP && signal != SIGTTIN &&
	       signal != SIGTTOU && signal != SIGSTOP;
}

/* Carry the default action of a signal out on @whom, us or (0) our group: we stop here until SIGCONT. Where nobody could wake us the kernel lets us go on. */
static void stop(pid_t whom, int signal)
{
	sigset_t one;

	(void)sigemptyset(&one);
	(void)sigaddset(&one, signal);
	(void)kill(whom, signal); /* waits, being blocked; SIGSTOP never is */
	(void)sigprocmask(SIG_UNBLOCK, &one, NULL);
	(void)sigprocmask(SIG_BLOCK, &one, NULL);
}

/* What the reaper said since it was asked last: that the payload has ended. Return: the signal by which it was stopped, 0: it was not. */
static int hear_init(struct foreground *f)
{
	uint64_t value;
	int signal;

	if (f->init_says <= 0 || read(f->init_says, &value, sizeof(value)) != (ssize_t)sizeof(value))
		return 0;
	if ((uint32_t)value) {
		f->wait_status = (int)((uint32_t)value - 1);
		f->heard_end = true;
		if (!f->linger)
			f->kill_at = foreground_now() + PATIENCE_NS;
	}
	signal = (int)(value >> PROTOCOL_STOP_SHIFT);
	return signal == 0 || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU ? signal : SIGSTOP; /* several add up */
}

/* Whether hull stops when the reaper says that the payload has. Not while it holds limits: nobody would, and what else runs in there would be free of them. */
static bool follows(const struct foreground *f)
{
	return f->init_says > 0 && f->deadline == 0 && f->next_check == 0;
}

/*
 * The payload was stopped. At a terminal we stop, too, so that the shell has its prompt back; in front of it the whole job does, as if a kill(0, SIGTSTP) of
 * the payload's had not ended at the sandbox. Elsewhere nobody would wake us.
 */
static void follow(struct foreground *f, const struct launched *child, struct relay *relay, int signal)
{
	bool raw = relay->raw;
	pid_t front = -1;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && front < 0; fd++)
		front = tcgetpgrp(fd);
	if (signal == 0 || front < 0 || !follows(f))
		return;
	set_raw(relay, false);
	stop(front == getpgrp() ? 0 : getpid(), signal);
	set_raw(relay, raw);
	(void)hear_init(f); /* what was said of stopping before now is over */
	(void)sys_pidfd_send_signal(child->pidfd, SIGCONT); /* gone is as good */
}

/* The signal by which the reaper itself was stopped, which has the host's pid namespace then; 0: it was not. */
static int find_stop(const struct launched *child)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)child->pid, &info, WSTOPPED | WNOHANG | __WALL) == 0 && info.si_pid ? info.si_status : 0;
}

/*
 * The payload cannot stop by itself where it is a pid 1, so it is stopped. One that catches the signal restores its terminal first, and draws its screen
 * again when it goes on.
 */
static void stop_both(const struct launched *child, struct relay *relay, int signal)
{
	const struct process_attitude attitude = process_attitude_to(child->pid, signal);
	struct pollfd end = { .fd = child->pidfd, .events = POLLIN };
	bool raw = relay->raw;

	if (attitude.ignores)
		return;
	if (attitude.catches)
		(void)poll(&end, 1, STOP_GRACE_MS);
	(void)sys_pidfd_send_signal(child->pidfd, SIGSTOP); /* gone is as good */
	set_raw(relay, false);
	stop(getpid(), signal);
	set_raw(relay, raw);
	(void)sys_pidfd_send_signal(child->pidfd, SIGCONT); /* gone is as good */
	if (attitude.catches)
		(void)sys_pidfd_send_signal(child->pidfd, SIGWINCH); /* likewise */
}

/* Pass a signal on. To a pid 1 that has not said what to do with it nothing would happen, and without a pid namespace it would have ended: so end it. */
static void pass_on(struct foreground *f, const struct launched *child, const struct signalfd_siginfo *info)
{
	int signal = (int)info->ssi_signo;
	struct process_attitude attitude;

	if (!f->shares_terminal || info->ssi_code != SI_KERNEL)
		(void)sys_pidfd_send_signal(child->pidfd, signal); /* gone is as good */
	if (!f->is_init || !is_deadly(signal))
		return;
	attitude = process_attitude_to(child->pid, signal);
	if (!attitude.known || attitude.catches || attitude.ignores || attitude.blocks)
		return;
	f->killed_by = signal;
	(void)sys_pidfd_send_signal(child->pidfd, SIGKILL); /* gone is as good */
}

static void on_signals(struct foreground *f, const struct launched *child, struct relay *relay)
{
	struct signalfd_siginfo info;

	while (read(f->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			if (follows(f))
				follow(f, child, relay, find_stop(child));
			break;
		case SIGWINCH:
			copy_window_size(relay);
			break;
		case SIGTSTP:
		case SIGTTIN:
		case SIGTTOU:
			if (f->shares_terminal && follows(f))
				pass_on(f, child, &info); /* we hear of it */
			else
				stop_both(child, relay, (int)info.ssi_signo);
			break;
		case SIGCONT:
			(void)hear_init(f); /* as there: we may have been stopped together */
			pass_on(f, child, &info);
			break;
		default:
			pass_on(f, child, &info);
		}
	}
}

/*
 * What was typed before our terminal was in raw mode waits there, for the payload. An end of input among it (control-D, or what say_end() of a hull outside wrote)
 * is a zero byte by now: the mark that tells it from others went with canonical mode (n_tty.c, n_tty_set_termios()).
 */
static void take_early(struct relay *relay)
{
	int n = 0;

	if (!relay->raw || ioctl(STDIN_FILENO, FIONREAD, &n) < 0 || n <= 0 || !buffer_fill(relay->in, STDIN_FILENO))
		return;
	for (size_t i = 0; i < relay->in->end; i++)
		if (relay->in->data[i] == '\0')
			relay->in->data[i] = CONTROL_D;
}

/*
 * Standard input has ended: the payload's terminal says so too (VEOF), as a person would with control-D. It is said again after each output, since the one
 * before may have gone to another program, or was lost when a shell that began to edit its line took the terminal out of canonical mode. There it is said
 * once: it is a character like others, and may come back as an echo.
 */
static void say_end(struct relay *relay)
{
	struct termios mode;

	relay->input_open = false;
	if (!buffer_empty(relay->in) || tcgetattr(relay->master, &mode) < 0)
		return;
	if ((relay->told_raw && !(mode.c_lflag & ICANON)) || relay->n_ends++ >= ENDS_MAX)
		return;
	relay->told_raw = !(mode.c_lflag & ICANON);
	relay->in->data[0] = mode.c_cc[VEOF] ? (char)mode.c_cc[VEOF] : CONTROL_D;
	relay->in->start = 0;
	relay->in->end = 1;
}

static void read_terminal(struct relay *relay)
{
	if (!buffer_fill(relay->out, relay->master))
		relay->master = NO_FD; /* the last process that had the terminal closed it; the launched child owns the descriptor */
	else if (!relay->input_open)
		say_end(relay);
}

/* Whoever read our output has gone: the payload ends as if it had written to the pipe itself. One that does not, finds that its terminal has gone. */
static void hang_up(struct foreground *f, struct launched *child, struct relay *relay)
{
	const struct signalfd_siginfo info = { .ssi_signo = SIGPIPE };
	struct pollfd end = { .fd = child->pidfd, .events = POLLIN };

	pass_on(f, child, &info);
	(void)poll(&end, 1, STOP_GRACE_MS);
	child->console = close_fd(child->console);
	relay->master = NO_FD;
}

static void serve_relay(struct foreground *f, struct launched *child, struct relay *relay, struct pollfd *fds)
{
	if (fds[2].revents & (POLLIN | POLLHUP | POLLERR)) {
		if (!buffer_fill(relay->in, STDIN_FILENO))
			say_end(relay);
	}
	if ((fds[3].revents & POLLOUT) && !buffer_empty(relay->in))
		(void)buffer_drain(relay->in, relay->master); /* it is told by the read */
	if ((fds[3].revents & (POLLIN | POLLHUP)) && buffer_empty(relay->out))
		read_terminal(relay);
	if (!buffer_empty(relay->out) && (fds[4].revents & (POLLOUT | POLLERR | POLLHUP)) && !buffer_drain(relay->out, STDOUT_FILENO))
		hang_up(f, child, relay);
}

static void poll_set(const struct foreground *f, const struct launched *child, const struct relay *relay, struct pollfd *fds)
{
	bool has_master = relay->master >= 0;

	fds[0] = (struct pollfd){ .fd = child->pidfd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = f->signals, .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = has_master && relay->input_open && buffer_empty(relay->in) ? STDIN_FILENO : -1, .events = POLLIN };
	fds[3] = (struct pollfd){ .fd = relay->master, .events = (short)((buffer_empty(relay->out) ? POLLIN : 0) | (buffer_empty(relay->in) ? 0 : POLLOUT)) };
	fds[4] = (struct pollfd){ .fd = buffer_empty(relay->out) ? -1 : STDOUT_FILENO, .events = POLLOUT };
	fds[5] = (struct pollfd){ .fd = f->notify, .events = POLLIN };
	fds[6] = (struct pollfd){ .fd = f->init_says > 0 ? f->init_says : -1, .events = POLLIN };
	if (fds[3].events == 0)
		fds[3].fd = -1; /* or its POLLHUP would wake us for ever */
}

/* The payload is gone: what it wrote last is still in the terminal. */
static void drain_rest(struct relay *relay)
{
	int flags, rounds = 0;

	if (relay->master < 0)
		return;
	flags = fcntl(relay->master, F_GETFL);
	(void)fcntl(relay->master, F_SETFL, flags | O_NONBLOCK); /* it is ours alone */
	do {
		while (!buffer_empty(relay->out))
			(void)buffer_drain(relay->out, STDOUT_FILENO); /* the end is here anyway */
	} while (rounds++ < REST_ROUNDS && buffer_fill(relay->out, relay->master) && !buffer_empty(relay->out));
}

static int reap_status(struct foreground *f, const struct launched *child, struct error *e, int *ret_status)
{
	int status = 0;
	pid_t pid;

	if (!f->left) {
		do /* not waitid(2): this has the usage, and the pid is ours until then */
			pid = wait4(child->pid, &status, __WALL, &f->usage);
		while (pid < 0 && errno == EINTR);
		if (pid < 0)
			return fail(e, errno, "cannot wait for the container's process");
		(void)hear_init(f); /* it is over */
		if (!f->heard_end) /* the reaper's own status is made of it, and says less */
			f->wait_status = status;
	}
	if (f->killed_by && WIFSIGNALED(f->wait_status) && WTERMSIG(f->wait_status) == SIGKILL)
		f->wait_status = f->killed_by;
	*ret_status = WIFEXITED(f->wait_status) ? WEXITSTATUS(f->wait_status) : 128 + WTERMSIG(f->wait_status);
	return 0;
}

/* Milliseconds until the deadline or the next check, for poll(2), after doing what is due; once the deadline is over the payload is killed. */
static int time_left(struct foreground *f, const struct launched *child)
{
	enum { MS = 1000000 };
	uint64_t now, next = UINT64_MAX;

	if ((f->deadline == 0 || f->timed_out) && f->next_check == 0 && f->kill_at == 0)
		return -1;
	now = foreground_now();
	if (f->next_check != 0 && now >= f->next_check)
		f->next_check = f->check(f->check_data, child, now);
	if (f->deadline != 0 && !f->timed_out && now >= f->deadline) {
		f->timed_out = true;
		foreground_kill(f, child);
	}
	if (f->kill_at != 0 && now >= f->kill_at) {
		f->kill_at = 0;
		(void)sys_pidfd_send_signal(child->pidfd, SIGKILL); /* gone is as good */
	}
	if (f->deadline != 0 && !f->timed_out)
		next = f->deadline;
	if (f->next_check != 0 && f->next_check < next)
		next = f->next_check;
	if (f->kill_at != 0 && f->kill_at < next)
		next = f->kill_at;
	if (next == UINT64_MAX)
		return -1;
	next = next <= now ? 1 : (next - now + MS - 1) / MS;
	return next > INT_MAX ? INT_MAX : (int)next;
}

int foreground_serve(struct foreground *f, struct launched *child, struct error *e, int *ret_status)
{
	struct relay relay = { .master = child->console, .input_open = true };
	scope_free struct buffer *buffers = NULL;
	struct pollfd fds[7];

	if (relay.master >= 0) {
		buffers = calloc(2, sizeof(*buffers));
		if (!buffers)
			return fail(e, ENOMEM, "cannot serve the terminal");
		relay.in = buffers;
		relay.out = buffers + 1;
		copy_window_size(&relay);
		set_raw(&relay, true);
		take_early(&relay);
	}
	for (;;) {
		poll_set(f, child, &relay, fds);
		if (poll(fds, ARRAY_SIZE(fds), time_left(f, child)) < 0 && errno != EINTR) {
			set_raw(&relay, false);
			return fail(e, errno, "cannot wait for the container's process");
		}
		if (fds[1].revents)
			on_signals(f, child, &relay);
		if (fds[5].revents)
			(void)notify_forward(f->notify, f->notify_host, child->pid); /* we stay either way */
		serve_relay(f, child, &relay, fds);
		if (fds[6].revents)
			follow(f, child, &relay, hear_init(f));
		f->left = f->linger && f->heard_end;
		if ((fds[0].revents || f->left) && buffer_empty(relay.out))
			break;
	}
	drain_rest(&relay);
	set_raw(&relay, false);
	return reap_status(f, child, e, ret_status);
}
