/*
 * Staying with the payload: one poll(2) over its pidfd, a signalfd and, with a terminal, the two ends of a relay.
 *
 * Job control without a terminal of its own: SIGTSTP stops the payload (SIGSTOP: a namespace's pid 1 ignores the others) and then hull itself by the same
 * signal, so that the shell sees what it would see without us; SIGCONT wakes both.
 */
#include "run/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "aspect/init.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"
#include "run/descendants.h"
#include "run/notify.h"

/* REST_ROUNDS: how often a full buffer is read after the end; a terminal holds less, but without a pid namespace somebody may go on writing */
enum { RELAY_SIZE = 16384, REST_ROUNDS = 64 };

/* how often the payload's terminal is told that the input has ended */
enum { ENDS_MAX = 32 };

/* how long a payload that catches SIGTSTP may take to put its terminal in order */
enum { STOP_GRACE_MS = 20 };

/* Bytes on their way from one descriptor to another. */
struct pipe_buffer {
	char data[RELAY_SIZE];
	size_t start, end;
};

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
	struct pipe_buffer *in, *out;
};

uint64_t foreground_now(void)
{
	struct timespec now;

	(void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now); /* cannot fail with this clock; few calls: to find the vDSO's function costs two faults */
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void foreground_kill(struct foreground *f, const struct launched *child)
{
	enum { PATIENCE_NS = 500000000 };
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

/* The bit of @signal in a line of /proc/PID/status (proc_pid_status(5): SigBlk, SigIgn, SigCgt), false when the line is not there. */
static bool status_has(const char *status, const char *line, int signal)
{
	enum { DIGITS = 16 };
	const char *at = strstr(status, line);
	char digits[DIGITS + 1] = "";
	uint64_t bits;

	if (!at || strlen(at) < strlen(line) + DIGITS)
		return false;
	memcpy(digits, at + strlen(line), DIGITS);
	return text_to_hex(digits, &bits) == 0 && (bits >> (signal - 1) & 1);
}

/* Whether the default action of @signal would end a process. */
static bool is_deadly(int signal)
{
	return signal != SIGCHLD && signal != SIGCONT && signal != SIGURG && signal != SIGWINCH && signal != SIGTSTP && signal != SIGTTIN &&
	       signal != SIGTTOU && signal != SIGSTOP;
}

/* What the payload does with @signal; empty when it is gone. */
struct attitude {
	bool known, catches, ignores, blocks;
};

static struct attitude attitude_of(const struct launched *child, int signal)
{
	enum { STATUS_SIZE = 64 << 10 }; /* it lists all groups: thousands where a directory service names them */
	char path[64], status[STATUS_SIZE];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)child->pid); /* fits */
	if (io_read_small(AT_FDCWD, path, status, sizeof(status)) <= 0)
		return (struct attitude){ .known = false };
	return (struct attitude){
		.known = true,
		.catches = status_has(status, "\nSigCgt:\t", signal),
		.ignores = status_has(status, "\nSigIgn:\t", signal),
		.blocks = status_has(status, "\nSigBlk:\t", signal),
	};
}

/* Carry the default action of a signal out on ourselves: we stop here until SIGCONT. Where nobody could wake us the kernel lets us go on. */
static void stop_self(int signal)
{
	sigset_t one;

	(void)sigemptyset(&one);
	(void)sigaddset(&one, signal);
	(void)kill(getpid(), signal); /* waits, being blocked */
	(void)sigprocmask(SIG_UNBLOCK, &one, NULL);
	(void)sigprocmask(SIG_BLOCK, &one, NULL);
}

/*
 * The payload cannot stop by itself where it is a pid 1, so it is stopped. One that catches the signal restores its terminal first, and draws its screen
 * again when it goes on.
 */
static void stop_both(const struct launched *child, struct relay *relay, int signal)
{
	struct attitude attitude = attitude_of(child, signal);
	struct pollfd end = { .fd = child->pidfd, .events = POLLIN };
	bool raw = relay->raw;

	if (attitude.ignores)
		return;
	if (attitude.catches)
		(void)poll(&end, 1, STOP_GRACE_MS);
	(void)sys_pidfd_send_signal(child->pidfd, SIGSTOP); /* gone is as good */
	set_raw(relay, false);
	stop_self(signal);
	set_raw(relay, raw);
	(void)sys_pidfd_send_signal(child->pidfd, SIGCONT); /* gone is as good */
	if (attitude.catches)
		(void)sys_pidfd_send_signal(child->pidfd, SIGWINCH); /* likewise */
}

/* Pass a signal on. To a pid 1 that has not said what to do with it nothing would happen, and without a pid namespace it would have ended: so end it. */
static void pass_on(struct foreground *f, const struct launched *child, const struct signalfd_siginfo *info)
{
	int signal = (int)info->ssi_signo;
	struct attitude attitude;

	if (!f->shares_terminal || info->ssi_code != SI_KERNEL)
		(void)sys_pidfd_send_signal(child->pidfd, signal); /* gone is as good */
	if (!f->is_init || !is_deadly(signal))
		return;
	attitude = attitude_of(child, signal);
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
			break;
		case SIGWINCH:
			copy_window_size(relay);
			break;
		case SIGTSTP:
		case SIGTTIN:
		case SIGTTOU:
			stop_both(child, relay, (int)info.ssi_signo);
			break;
		default:
			pass_on(f, child, &info);
		}
	}
}

/* Returns false at end of file or on an error. */
static bool fill(struct pipe_buffer *b, int fd)
{
	ssize_t n = read(fd, b->data, sizeof(b->data));

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	b->start = 0;
	b->end = (size_t)n;
	return true;
}

static void drain(struct pipe_buffer *b, int fd)
{
	ssize_t n = write(fd, b->data + b->start, b->end - b->start);

	if (n > 0)
		b->start += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		b->start = b->end; /* nobody reads any more: as a terminal that is gone */
}

static bool empty(const struct pipe_buffer *b)
{
	return !b || b->start == b->end;
}

/*
 * Standard input has ended: the payload's terminal says so too (VEOF), as a person would with control-D. It is said again after each output, since the one
 * before may have gone to another program, or was lost when a shell that began to edit its line took the terminal out of canonical mode. There it is said
 * once: it is a character like others, and may come back as an echo.
 */
static void say_end(struct relay *relay)
{
	enum { CONTROL_D = 4 };
	struct termios mode;

	relay->input_open = false;
	if (!empty(relay->in) || tcgetattr(relay->master, &mode) < 0)
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
	if (!fill(relay->out, relay->master))
		relay->master = NO_FD; /* the last process that had the terminal closed it; the launched child owns the descriptor */
	else if (!relay->input_open)
		say_end(relay);
}

static void serve_relay(struct relay *relay, struct pollfd *fds)
{
	if (fds[2].revents & (POLLIN | POLLHUP | POLLERR)) {
		if (!fill(relay->in, STDIN_FILENO))
			say_end(relay);
	}
	if ((fds[3].revents & POLLOUT) && !empty(relay->in))
		drain(relay->in, relay->master);
	if ((fds[3].revents & (POLLIN | POLLHUP)) && empty(relay->out))
		read_terminal(relay);
	if (!empty(relay->out) && (fds[4].revents & (POLLOUT | POLLERR | POLLHUP)))
		drain(relay->out, STDOUT_FILENO);
}

static void poll_set(const struct foreground *f, const struct launched *child, const struct relay *relay, struct pollfd *fds)
{
	bool has_master = relay->master >= 0;

	fds[0] = (struct pollfd){ .fd = child->pidfd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = f->signals, .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = has_master && relay->input_open && empty(relay->in) ? STDIN_FILENO : -1, .events = POLLIN };
	fds[3] = (struct pollfd){ .fd = relay->master, .events = (short)((empty(relay->out) ? POLLIN : 0) | (empty(relay->in) ? 0 : POLLOUT)) };
	fds[4] = (struct pollfd){ .fd = empty(relay->out) ? -1 : STDOUT_FILENO, .events = POLLOUT };
	fds[5] = (struct pollfd){ .fd = f->notify, .events = POLLIN };
	fds[6] = (struct pollfd){ .fd = f->linger ? f->init_says : -1, .events = POLLIN };
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
		while (!empty(relay->out))
			drain(relay->out, STDOUT_FILENO);
	} while (rounds++ < REST_ROUNDS && fill(relay->out, relay->master) && !empty(relay->out));
}

/* What the reaper said of the payload: its own status is made of it, and says less. */
static bool init_said(struct foreground *f)
{
	uint64_t value;

	if (f->init_says <= 0 || read(f->init_says, &value, sizeof(value)) != (ssize_t)sizeof(value))
		return false;
	f->wait_status = (int)(value - 1);
	return true;
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
		if (!init_said(f))
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
	scope_free struct pipe_buffer *buffers = NULL;
	struct pollfd fds[7];

	if (relay.master >= 0) {
		buffers = calloc(2, sizeof(*buffers));
		if (!buffers)
			return fail(e, ENOMEM, "cannot serve the terminal");
		relay.in = buffers;
		relay.out = buffers + 1;
		copy_window_size(&relay);
		set_raw(&relay, true);
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
		serve_relay(&relay, fds);
		f->left = f->left || (fds[6].revents && init_said(f));
		if ((fds[0].revents || f->left) && empty(relay.out))
			break;
	}
	drain_rest(&relay);
	set_raw(&relay, false);
	return reap_status(f, child, e, ret_status);
}
