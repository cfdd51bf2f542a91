/*
 * The interface of an aspect of isolation. An aspect is one file: static functions and one const struct aspect at the bottom.
 * doc/architecture.md has the contract of every phase; sequence.c has the order.
 */
#ifndef ASPECT_ASPECT_H
#define ASPECT_ASPECT_H

#include "aspect/plan.h"
#include "base/child.h"
#include "base/json.h"

enum phase { PHASE_CHECK, PHASE_PREPARE, PHASE_PARENT, PHASE_ENTER, PHASE_SETTLE, PHASE_SEAL, PHASE_EXEC, PHASE_UNDO, PHASE_MAX };

/* aspect_name, phase_name - for messages */
const char *aspect_name(enum aspect_id id);
const char *phase_name(enum phase phase);

/* room for the kernel's own words (fs context log) in a fault record */
enum { FAULT_DETAIL_MAX = 160 };

/* the channel, two FIFOs, the state and the outputs of hooks, the root */
enum { CHILD_KEEP_MAX = 8 };

/*
 * What the child knows. Lives on the child's stack.
 * @channel: socket to the parent
 * @root: the container's root directory (O_PATH) from rootfs/enter on; after settle it is "/"
 * @proc: a procfs of the container's pid namespace, opened by fd so that nothing in the rootfs can stand in its way; NO_FD until mounts/enter made one
 *        (child_proc() makes a detached one on demand)
 * @tty: the console's terminal side, NO_FD: none
 * @program: what execve(2) gets; found by exec/seal
 * @net_joined: the network namespace that came late is ours
 * @umask: the caller's, from rootfs/enter on
 * @keep: descriptors of hull's own that are still needed after stdio/seal (child_keep()); all others are closed there
 * @aspect, @phase: stamped by the engine, copied into fault records
 */
struct child {
	const struct plan *plan;
	int channel;
	int root;
	int proc;
	int tty;
	const char *program;
	bool net_joined;
	mode_t umask;
	int keep[CHILD_KEEP_MAX];
	size_t n_keep;
	uint16_t aspect, phase;
};

/* child_keep - let a descriptor live until execve(2); it is O_CLOEXEC. @fd: NO_FD is ignored. */
static inline CHILD void child_keep(struct child *c, int fd)
{
	if (fd >= 0 && c->n_keep < CHILD_KEEP_MAX)
		c->keep[c->n_keep++] = fd;
}

/*
 * A message of the child. The text lies in a section of its own, and the record carries its offset: the child formats nothing, and the parent
 * believes no pointer. %a and %b stand for the subjects, %n for the number. FAULT("cannot mount '%a' on '%b'")
 */
#define FAULT(text)                                                                                   \
	({                                                                                            \
		static const char fault_message[] __attribute__((section("fault_text"), used)) = text; \
		fault_message;                                                                        \
	})

/**
 * child_fail - report a fault to the parent.
 * @message: of FAULT().
 * @errnum: 0, or errno in either sign; the parent appends its text.
 * @a, @b: subjects: strings in the plan's arena, or NULL. Strings elsewhere (literals) belong into the message.
 * Return: -1, so that a step may write return child_fail(...).
 */
CHILD int child_fail(const struct child *c, const char *message, int errnum, const char *a, const char *b);

/* child_fail_number - with %n in the message */
CHILD int child_fail_number(const struct child *c, const char *message, int errnum, const char *a, int64_t number);

/* child_fail_fs - with the kernel's own words, read from the fs context @fs_fd if it has any */
CHILD int child_fail_fs(const struct child *c, const char *message, int errnum, const char *a, const char *b, int fs_fd);

/* child_fail_words - with somebody's own words behind it, whole; they are cut after FAULT_DETAIL_MAX */
CHILD int child_fail_words(const struct child *c, const char *message, const char *a, const char *words, size_t length);

/* child_warn - the same record, but the run goes on */
CHILD void child_warn(const struct child *c, const char *message, int errnum, const char *a, const char *b);

/* child_warn_words - likewise, with somebody's own words behind it: @length, less than FAULT_DETAIL_MAX */
CHILD void child_warn_words(const struct child *c, const char *message, const char *a, const char *words, size_t length);

/**
 * child_send_fd - hand a descriptor to the parent (console, seccomp listener).
 * @kind: enum channel_fd of run/channel.h by number: 1 console, 2 seccomp listener.
 */
CHILD int child_send_fd(const struct child *c, int kind, int fd);

/**
 * child_receive_fd - wait for the descriptor that the parent hands over (a late network namespace). A parent that is gone ends the child.
 */
CHILD int child_receive_fd(const struct child *c);

/**
 * child_proc - a procfs of the current pid namespace by fd: c->proc, or a new detached mount of it.
 * Return: a descriptor that stays c's, or -1 after child_fail().
 */
CHILD int child_proc(struct child *c);

/**
 * child_wait_hooks - let the parent run the prestart and createRuntime hooks, and wait until it has; nothing without such hooks.
 */
CHILD int child_wait_hooks(struct child *c);

/*
 * What an explain callback writes to: one call a step.
 */
struct explain;
void explain_step(struct explain *x, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * What undo knows: facts of the state file or of a half-made plan; no spec.
 */
struct undo {
	const struct facts *facts;
	struct arena *arena;
	struct error *error;
	const struct log *log;
};

/*
 * Every member is optional but id. A check may also compile the pure part of the plan (allocate p->data[ID]): explain sees it, and it needs no privileges.
 * prepare opens, resolves and creates. On failure they return -1 after fail(p->error, …).
 * seal runs in `hull exec` too; so do check and prepare of aspects that have a seal; a callback that must know asks p->request->exec.
 * explain describes the steps of one phase (PHASE_PREPARE … PHASE_EXEC) from p and p->data.
 */
struct aspect {
	enum aspect_id id;
	int (*check)(struct plan *p);
	int (*prepare)(struct plan *p);
	int (*parent)(struct plan *p, pid_t pid, int pidfd);
	int (*enter)(struct child *c);
	int (*settle)(struct child *c);
	int (*seal)(struct child *c);
	int (*undo)(struct undo *u);
	void (*explain)(const struct plan *p, enum phase phase, struct explain *x);
	void (*features)(struct json_writer *w);
};

/* aspect_user, aspect_pid, … */
extern const struct aspect aspect_user, aspect_pid, aspect_ipc, aspect_uts, aspect_time, aspect_net, aspect_cgroup, aspect_rootfs,
	aspect_mounts, aspect_devices, aspect_masks, aspect_sysctl, aspect_plugin, aspect_tty, aspect_stdio, aspect_hooks, aspect_keyring, aspect_personality,
	aspect_sched, aspect_mempolicy, aspect_rdt, aspect_oom, aspect_rlimits, aspect_ids, aspect_caps, aspect_nnp, aspect_apparmor,
	aspect_selinux, aspect_landlock, aspect_seccomp, aspect_init, aspect_exec;

#endif
