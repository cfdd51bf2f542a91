/*
 * process.terminal: a pseudoterminal out of the container's own devpts.
 *
 * settle opens the multiplexer below the container's root, makes sure that it is one (a rootfs may have put anything there), takes the terminal side from
 * it without a path (TIOCGPTPEER), shows it as /dev/console, and sends the other side to the parent. seal makes it the controlling terminal and
 * descriptors 0, 1 and 2. Without a terminal seal still starts a new session: a payload must not reach hull's terminal by job control.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "aspect/aspect.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif
/* devpts' ptmx is 5:2 (Documentation/admin-guide/devices.txt); /dev/console as the kernel's own has it */
enum { PTMX_MAJOR = 5, PTMX_MINOR = 2, TTY_DEVPTS_MAGIC = 0x1cd1, TTY_SIZE_MAX = 65535, TTY_CONSOLE_MODE = 0600, TTY_KIND_CONSOLE = 1 };

static int tty_check(struct plan *p)
{
	const struct process *process = p->process;

	if (process->terminal && process->console_size.set && (process->console_size.height > TTY_SIZE_MAX || process->console_size.width > TTY_SIZE_MAX))
		return fail(p->error, 0, "process.consoleSize: expected at most %d rows and columns", TTY_SIZE_MAX);
	return 0;
}

static CHILD int open_multiplexer(const struct child *c)
{
	struct stat st;
	int fd = path_open(c->root, "dev/pts/ptmx", O_RDWR | O_NOCTTY, RESOLVE_NO_SYMLINKS), spare = c->plan->request->spare_ptmx;

	if (fd < 0 && spare > STDERR_FILENO)
		return fcntl(spare, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (fd < 0)
		return child_fail(c, FAULT("process.terminal: cannot open '/dev/pts/ptmx' in the container"), fd, NULL, NULL);
	if (fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(PTMX_MAJOR, PTMX_MINOR) && path_is_fs(fd, TTY_DEVPTS_MAGIC) == 1)
		return fd;
	(void)close_fd(fd);
	return child_fail(c, FAULT("process.terminal: '/dev/pts/ptmx' in the container is not the multiplexer of a devpts"), 0, NULL, NULL);
}

/* A payload whose output hull hands on to a pipe or file ends its lines as it writes them: only a terminal needs the carriage return (as in runc). */
static CHILD void keep_newlines(int slave)
{
	struct termios mode;

	if (ioctl(STDOUT_FILENO, TCGETS, &mode) == 0 || ioctl(slave, TCGETS, &mode) < 0)
		return;
	mode.c_oflag &= ~(tcflag_t)ONLCR;
	(void)ioctl(slave, TCSETS, &mode); /* or the lines end as everywhere */
}

/* Unlock, size, and take the terminal side. */
static CHILD int open_terminal(const struct child *c, int master)
{
	const struct process *process = c->plan->process;
	struct winsize size = { .ws_row = (unsigned short)process->console_size.height, .ws_col = (unsigned short)process->console_size.width };
	const struct request *request = c->plan->request;
	bool sized = process->console_size.set;
	int unlock = 0, slave;

	/* whoever stays with its terminal lends its size from the start, and follows it later (run/foreground.c) */
	if (!request->detach && !request->console_socket && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		sized = true;
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return child_fail(c, FAULT("process.terminal: cannot unlock the pseudoterminal"), errno, NULL, NULL);
	if (sized && ioctl(master, TIOCSWINSZ, &size) < 0)
		return child_fail(c, FAULT("process.consoleSize: cannot set the window size"), errno, NULL, NULL);
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return child_fail(c, FAULT("process.terminal: cannot open the terminal"), errno, NULL, NULL);
	if (!request->detach && !request->console_socket)
		keep_newlines(slave);
	return slave;
}

/* The payload's user must be able to open its own terminal. The group is devpts' business (mount option gid). */
static CHILD int give_terminal(const struct child *c, int slave)
{
	if (fchown(slave, c->plan->process->user.uid, (gid_t)-1) == 0)
		return 0;
	/* an id that is not mapped, or a filesystem that keeps no owners: the open descriptors work all the same */
	if (errno == EPERM || errno == EINVAL || errno == EROFS || errno == EACCES)
		return 0;
	return child_fail(c, FAULT("process.terminal: cannot give the terminal to the user"), errno, NULL, NULL);
}

/* Show the terminal as /dev/console: a bind mount by descriptors, so that neither end can be exchanged on the way (CVE-2025-52565). */
static CHILD int bind_console(const struct child *c, int slave)
{
	scope_fd int target = path_make_file(c->root, "dev/console", TTY_CONSOLE_MODE);
	scope_fd int tree = NO_FD;
	int r;

	if (target < 0)
		return child_fail(c, FAULT("process.terminal: cannot make '/dev/console' in the container"), target, NULL, NULL);
	tree = sys_open_tree(slave, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (tree < 0)
		return child_fail(c, FAULT("process.terminal: cannot clone the terminal's mount"), tree, NULL, NULL);
	r = sys_move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	if (r < 0)
		return child_fail(c, FAULT("process.terminal: cannot mount the terminal on '/dev/console'"), r, NULL, NULL);
	return 0;
}

static CHILD int tty_settle(struct child *c)
{
	scope_fd int master = NO_FD, slave = NO_FD;
	int r;

	if (!c->plan->process->terminal)
		return 0;
	master = open_multiplexer(c);
	if (master < 0)
		return -1;
	slave = open_terminal(c, master);
	if (slave < 0)
		return -1;
	if (give_terminal(c, slave) < 0)
		return -1;
	if (!c->plan->request->exec && bind_console(c, slave) < 0)
		return -1;
	r = child_send_fd(c, TTY_KIND_CONSOLE, master);
	if (r < 0)
		return child_fail(c, FAULT("process.terminal: cannot hand over the terminal"), r, NULL, NULL);
	c->tty = take_fd(&slave);
	return 0;
}

/* A sandbox may stay in its caller's session: the terminal's job control goes on as without it (spec.hull.keepSession). */
static CHILD bool keeps_session(const struct plan *p)
{
	return p->spec->hull.keep_session && !p->request->exec && !p->process->terminal;
}

static CHILD int tty_seal(struct child *c)
{
	/* EPERM: we lead a session already */
	if (!keeps_session(c->plan) && setsid() < 0 && errno != EPERM)
		return child_fail(c, FAULT("cannot start a new session"), errno, NULL, NULL);
	if (c->tty < 0)
		return 0;
	if (ioctl(c->tty, TIOCSCTTY, 0) < 0)
		return child_fail(c, FAULT("process.terminal: cannot make it the controlling terminal"), errno, NULL, NULL);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (c->tty != fd && dup3(c->tty, fd, 0) < 0)
			return child_fail_number(c, FAULT("process.terminal: cannot make it descriptor %n"), errno, NULL, fd);
	}
	if (c->tty > STDERR_FILENO)
		c->tty = close_fd(c->tty);
	return 0;
}

static void tty_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	if (phase == PHASE_SETTLE && p->process->terminal) {
		explain_step(x, "open a terminal out of the container's '/dev/pts'");
		if (p->process->console_size.set)
			explain_step(x, "set its size to %u rows and %u columns", p->process->console_size.height, p->process->console_size.width);
		if (!p->request->exec)
			explain_step(x, "mount it on '/dev/console'");
	}
	if (phase == PHASE_SEAL && keeps_session(p))
		explain_step(x, "stay in the caller's session");
	else if (phase == PHASE_SEAL)
		explain_step(x, "start a new session%s", p->process->terminal ? " with the terminal as descriptors 0, 1 and 2" : "");
}

const struct aspect aspect_tty = {
	.id = ASPECT_TTY,
	.check = tty_check,
	.settle = tty_settle,
	.seal = tty_seal,
	.explain = tty_explain,
};
