/*
 * The child between clone3 and execve: it plays the rows of sequence.c and reports faults. Nothing here allocates, logs or formats with stdio.
 */
#include "run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "aspect/exec.h"
#include "aspect/hooks.h"
#include "aspect/init.h"
#include "aspect/protocol.h"
#include "aspect/sequence.h"
#include "aspect/user.h"
#include "base/scope.h"
#include "base/sys.h"
#include "run/hop.h"

extern const char __start_fault_text[] __attribute__((visibility("hidden")));

/* A filter may refuse even to exit, and libc's _exit(2) then tries for ever: a trap needs no system call. */
static CHILD _Noreturn void leave(void)
{
	(void)syscall(SYS_exit_group, CHILD_EXIT_FAULT); /* returns only then */
	__builtin_trap();
}

/* A subject's offset in the plan's arena; 0 for what does not lie there. */
static CHILD uint32_t offset_of(const struct plan *p, const char *s)
{
	if (!s || s < p->arena->base || s >= p->arena->base + p->arena->used)
		return 0;
	return (uint32_t)(s - p->arena->base);
}

/* After the start barrier nobody reads the channel: the words themselves go to the FIFO that `hull start` reads. */
static CHILD void report_text(const struct child *c, const char *message, const struct message *m, const char *a, const char *b)
{
	struct start_result result;
	char words[FAULT_TEXT_MAX];

	memset(&result, 0, sizeof(result));
	result.errnum = m->errnum;
	result.aspect = m->aspect;
	fault_render(words, sizeof(words), message, a, b, m->number);
	fault_render(result.text, sizeof(result.text), m->detail[0] ? "%a: %b" : "%a", words, m->detail, 0);
	(void)!write(engine_of(c->plan)->result_fd, &result, sizeof(result)); /* start may have gone away: nobody else to tell */
}

static CHILD int report(const struct child *c, enum message_type type, const char *message, int errnum, const char *a, const char *b, int64_t number,
	const char *detail, size_t length)
{
	struct message m;

	memset(&m, 0, sizeof(m));
	m.type = type;
	m.aspect = c->aspect;
	m.phase = c->phase;
	m.errnum = errnum < 0 ? -errnum : errnum;
	m.text = (uint32_t)(message - __start_fault_text);
	m.a = offset_of(c->plan, a);
	m.b = offset_of(c->plan, b);
	m.number = number;
	for (size_t i = 0; i < length && i < sizeof(m.detail) - 1 && !(i + 1 == length && detail[i] == '\n'); i++)
		m.detail[i] = detail[i];
	if (c->phase == PHASE_EXEC && engine_of(c->plan)->result_fd >= 0)
		report_text(c, message, &m, a, b);
	else
		(void)channel_send(c->channel, &m, -1); /* without a parent there is nobody to tell */
	return -1;
}

CHILD int child_fail(const struct child *c, const char *message, int errnum, const char *a, const char *b)
{
	return report(c, MESSAGE_FAULT, message, errnum, a, b, 0, NULL, 0);
}

CHILD int child_fail_number(const struct child *c, const char *message, int errnum, const char *a, int64_t number)
{
	return report(c, MESSAGE_FAULT, message, errnum, a, NULL, number, NULL, 0);
}

CHILD int child_fail_fs(const struct child *c, const char *message, int errnum, const char *a, const char *b, int fs_fd)
{
	char log[FAULT_DETAIL_MAX];
	ssize_t n = read(fs_fd, log, sizeof(log)); /* "e proc: Unknown parameter 'x'\n" (fsopen(2)) */
	size_t letter = n > 2 && log[1] == ' ' && (log[0] == 'e' || log[0] == 'w' || log[0] == 'i') ? 2 : 0;

	return report(c, MESSAGE_FAULT, message, errnum, a, b, 0, log + letter, n > 0 ? (size_t)n - letter : 0);
}

CHILD int child_fail_words(const struct child *c, const char *message, const char *a, const char *words, size_t length)
{
	return report(c, MESSAGE_FAULT, message, 0, a, NULL, 0, words, length);
}

CHILD void child_warn(const struct child *c, const char *message, int errnum, const char *a, const char *b)
{
	(void)report(c, MESSAGE_WARNING, message, errnum, a, b, 0, NULL, 0); /* -1 by nature */
}

CHILD void child_warn_words(const struct child *c, const char *message, const char *a, const char *words, size_t length)
{
	(void)report(c, MESSAGE_WARNING, message, 0, a, NULL, 0, words, length); /* -1 by nature */
}

CHILD int child_send_fd(const struct child *c, int kind, int fd)
{
	struct message m;

	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_FD;
	m.number = kind;
	return channel_send(c->channel, &m, fd);
}

CHILD int child_receive_fd(const struct child *c)
{
	struct message m;
	int fd;

	if (channel_receive(c->channel, &m, &fd) != 1 || m.type != MESSAGE_NET)
		leave();
	return fd;
}

/* Wait for the parent. It dying means: nobody has recorded us, so go. */
static CHILD void wait_go(const struct child *c)
{
	struct message m;

	if (channel_receive(c->channel, &m, NULL) != 1 || m.type != MESSAGE_GO)
		leave();
}

CHILD int child_wait_hooks(struct child *c)
{
	const struct hooks *hooks = &c->plan->spec->hooks;
	struct message m;

	if (hooks->prestart.n == 0 && hooks->create_runtime.n == 0)
		return 0;
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_ENTERED;
	if (channel_send(c->channel, &m, -1) < 0)
		leave();
	wait_go(c);
	return 0;
}

CHILD int child_proc(struct child *c)
{
	int fs, mount;

	if (c->proc >= 0)
		return c->proc;
	fs = sys_fsopen("proc", FSOPEN_CLOEXEC);
	if (fs < 0)
		return child_fail(c, FAULT("cannot open a procfs"), fs, NULL, NULL);
	mount = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (mount == 0)
		mount = sys_fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (mount < 0)
		(void)child_fail_fs(c, FAULT("cannot mount a detached procfs"), mount, NULL, NULL, fs);
	(void)close_fd(fs);
	if (mount < 0)
		return -1;
	c->proc = mount;
	return mount;
}

/* The callback of a row in the phase that is being played. */
static CHILD int (*row_call(const struct sequence_row *row, enum phase phase))(struct child *)
{
	if (row->call)
		return row->call;
	return phase == PHASE_ENTER ? row->aspect->enter : phase == PHASE_SETTLE ? row->aspect->settle : row->aspect->seal;
}

static CHILD void play(struct child *c, const struct sequence *sequence, enum phase phase)
{
	c->phase = (uint16_t)phase;
	for (size_t i = 0; i < sequence->n; i++) {
		const struct sequence_row *row = &sequence->v[i];

		if (!sequence_applies(row, c->plan))
			continue;
		c->aspect = (uint16_t)row->aspect->id;
		if (row_call(row, phase)(c) < 0)
			leave();
	}
}

/*
 * Where nothing had to be done first, parent and child have worked side by side until here. Only read(2): a filter may be active. The parent dying means:
 * nobody has recorded us, so go.
 */
static CHILD void meet_parent(struct child *c)
{
	struct message go;
	ssize_t n;

	if (c->plan->parent_first)
		return;
	c->aspect = ASPECT_ENGINE;
	n = read(c->channel, &go, sizeof(go));
	if (n < 0)
		(void)child_fail(c, FAULT("cannot hear from hull"), errno, NULL, NULL); /* -1 by nature */
	if (n != (ssize_t)sizeof(go))
		leave();
}

/* Created, not started: wait for the byte that `hull start` writes. Only read(2), which every filter lets through. */
static CHILD void park(struct child *c)
{
	int fifo = engine_of(c->plan)->start_fd;
	ssize_t n;
	char byte;

	if (fifo < 0) {
		struct message go;

		/* run: the parent changes the state that startContainer hooks read from creating to created */
		if (!c->plan->request->exec && c->plan->spec->hooks.start_container.n > 0 && read(c->channel, &go, sizeof(go)) <= 0)
			leave();
		return;
	}
	do
		n = read(fifo, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		leave();
}

static CHILD _Noreturn void become_payload(struct child *c)
{
	exec_signals(c);
	play(c, &sequence_exec, PHASE_EXEC);
	c->aspect = ASPECT_EXEC;
	(void)exec_payload(c); /* returns only after it has reported */
	leave();
}

CHILD _Noreturn void child_main(const struct plan *p, int channel)
{
	struct child c = { .plan = p, .channel = channel, .root = NO_FD, .proc = NO_FD, .tty = NO_FD };
	struct message sealed;

	(void)close_fd(engine_of(p)->lock_fd);
	if (p->parent_first)
		wait_go(&c);
	c.phase = PHASE_ENTER;
	if (user_map_self(&c) < 0)
		leave();
	/* from here on other processes of the container may see us: they may not look into us (ptrace(2), /proc/PID/exe) */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* cannot fail with this argument */
	c.aspect = ASPECT_ENGINE;
	if (p->request->exec) {
		c.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (c.root < 0 && child_fail(&c, FAULT("cannot open the container's root"), errno, NULL, NULL))
			leave();
	} else if (!engine_of(p)->hop && hop_join(&c) < 0) {
		leave();
	}
	child_keep(&c, channel);
	child_keep(&c, engine_of(p)->start_fd);
	child_keep(&c, engine_of(p)->result_fd);
	play(&c, &sequence_enter, PHASE_ENTER);
	play(&c, &sequence_settle, PHASE_SETTLE);
	play(&c, &sequence_seal, PHASE_SEAL);
	memset(&sealed, 0, sizeof(sealed));
	sealed.type = MESSAGE_SEALED;
	if (channel_send(channel, &sealed, -1) < 0)
		leave();
	meet_parent(&c);
	c.phase = PHASE_EXEC;
	park(&c);
	c.aspect = ASPECT_HOOKS;
	if (!p->request->exec && hooks_start_container(&c) < 0)
		leave();
	c.aspect = ASPECT_INIT;
	if (protocol_block(&c) < 0 || protocol_lock(&c) < 0 || init_split(&c, become_payload) < 0)
		leave();
	become_payload(&c);
}
