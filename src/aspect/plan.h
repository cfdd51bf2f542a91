/*
 * The plan: everything that is decided, opened, compiled or allocated before the clone. The child is a copy of the process that made it, so
 * it reads the same plan at the same addresses.
 */
#ifndef ASPECT_PLAN_H
#define ASPECT_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "spec/spec.h"

/* The aspects: X(ID, name). One file each; aspect.h has the interface, sequence.c their order in each phase. */
#define ASPECTS(X)               \
	X(ENGINE, "engine")      \
	X(USER, "user")          \
	X(PID, "pid")            \
	X(IPC, "ipc")            \
	X(UTS, "uts")            \
	X(TIME, "time")          \
	X(NET, "net")            \
	X(CGROUP, "cgroup")      \
	X(ROOTFS, "rootfs")      \
	X(MOUNTS, "mounts")      \
	X(DEVICES, "devices")    \
	X(MASKS, "masks")        \
	X(SYSCTL, "sysctl")      \
	X(PLUGIN, "plugin")      \
	X(TTY, "tty")            \
	X(STDIO, "stdio")        \
	X(HOOKS, "hooks")        \
	X(KEYRING, "keyring")    \
	X(PERSONALITY, "personality") \
	X(SCHED, "sched")        \
	X(MEMPOLICY, "mempolicy") \
	X(RDT, "rdt")            \
	X(OOM, "oom")            \
	X(RLIMITS, "rlimits")    \
	X(IDS, "ids")            \
	X(CAPS, "caps")          \
	X(NNP, "nnp")            \
	X(APPARMOR, "apparmor")  \
	X(SELINUX, "selinux")    \
	X(LANDLOCK, "landlock")  \
	X(SECCOMP, "seccomp")    \
	X(INIT, "init")          \
	X(EXEC, "exec")

enum aspect_id {
#define X(id, name) ASPECT_##id,
	ASPECTS(X)
#undef X
	ASPECT_MAX
};

enum cgroup_manager { CGROUP_MANAGER_CGROUPFS, CGROUP_MANAGER_SYSTEMD, CGROUP_MANAGER_DISABLED };

struct plugin_list;
struct protocol;
struct sock_fprog;

/*
 * How this run was asked for: what is not in the spec.
 * @id: the container's id (checked)
 * @bundle: absolute path of the bundle
 * @console_socket, @pidfd_socket, @notify_socket: unix socket paths or NULL (notify_socket: NOTIFY_SOCKET of the environment)
 * @seccomp_receiver: where a seccomp listener goes that the document gives no way to (RUN_OCI_SECCOMP_RECEIVER of the environment), or NULL
 * @listen_fds: so many descriptors from 3 on came by LISTEN_FDS and are given to the payload;  @preserve_fds: so many after those are, too
 * @exec: this is `hull exec`: only the phases of the process run;  @die_with_us: it is killed when hull dies, which is not the container's business then
 * @sandbox: made of options (spec/sandbox.h): bind sources mean the host's tree as it was before the first mount, and the root may be taken in place
 * @mimic: mount points that do not exist are never made on the host
 * @inner_cgroup: the payload begins in a cgroup below the one with the limits, whose files are then out of its sight
 * @keep_fds: the payload gets every descriptor that the caller left open (bubblewrap's way)
 * @signal_mask: a sandbox's payload has the caller's blocked signals, as bits, and those it ignored;  @ignores_children: SIGCHLD among them
 * @alone: nobody is to be told of the child before its payload runs
 * @cwd_optional: where process.cwd cannot be entered, "/" will do
 * @spare_ptmx: a terminal's multiplexer side that stands in where the container has no devpts; 0: none
 * @protocol: a sandbox's (aspect/protocol.h), NULL: none;  @plugins: aspect/plugin.h, NULL: none
 * @filters, @n_filters: system-call filters of the process beside which this one is put, in the order in which it loaded them
 * @cgroup_sub: exec --cgroup PATH, NULL: the container's own; "/" disables the fallback
 */
struct request {
	const char *id;
	const char *bundle;
	const char *console_socket, *pidfd_socket, *notify_socket, *seccomp_receiver;
	unsigned int preserve_fds, listen_fds;
	bool exec, die_with_us;
	bool detach;
	bool no_pivot, no_new_keyring;
	bool sandbox, mimic, inner_cgroup, keep_fds, alone, cwd_optional, set_pwd;
	struct protocol *protocol;
	const struct plugin_list *plugins;
	const struct sock_fprog *filters;
	size_t n_filters;
	uint64_t signal_mask;
	bool ignores_children;
	enum cgroup_manager cgroup_manager;
	int spare_ptmx;
	const char *const *cgroup_sub;
	size_t n_cgroup_sub;
	bool ignore_paused;
};

/*
 * Who asks.
 * @euid, @egid: of the caller;  @privileged: euid 0 with CAP_SYS_ADMIN in the user namespace it runs in
 * @permitted, @bounding: capability sets as masks;  @known: asked for already
 */
struct caller {
	uid_t euid;
	gid_t egid;
	bool privileged, known;
	uint64_t permitted, bounding;
};

/*
 * What undo needs to know and the state file keeps: facts, no plans.
 * @pid_birth: with @pid it names the first process for good (base/process.h)
 * @cgroups: paths of cgroup directories that were made, absolute, deepest last;  @rdt_dir: resctrl group that was made, NULL: none
 * @keyring: name of its session keyring, NULL: the caller's was kept
 * @systemd_unit: name of the unit whose cgroups they are below, NULL: none;  @systemd_user: it is the user's manager's
 * @clone_flags: namespaces that the container has for itself or joined (CLONE_NEW*): what exec must enter
 */
struct facts {
	pid_t pid;
	uint64_t pid_birth;
	uint64_t clone_flags;
	struct string_list cgroups;
	char *rdt_dir;
	char *keyring;
	char *systemd_unit;
	bool systemd_user;
};

/*
 * @spec: what is asked for;  @process: whose process: the spec's, or that of `hull exec`
 * @new_namespaces: CLONE_NEW* flags of namespaces to make;  @join_fd[type]: a namespace file to enter, NO_FD: none
 * @has_userns: the payload lives in a user namespace of its own or a joined one
 * @commit, @engine: see plan_commit()
 * @data: one private structure an aspect, allocated in @arena by its check or prepare
 * @parent_first: the child may enter only after the parent phase (id maps, a move into the cgroup, hooks); else both run at once, and the child waits
 *                for the parent before execve
 * @late_net: the new network namespace is no part of the clone: aspect/net.h;  @own_net: nor is this one, which the child makes by itself
 * @shares: the child lives in hull's memory until execve (base/share.h): from the clone on neither side changes what the other may read
 * @borrows: it does, and hull stands still: nothing is to be done beside it
 * @cgroup_fd: directory to clone into (CLONE_INTO_CGROUP), NO_FD: none
 * @exe_fd: the detached mount that hull was executed from (run/selfexe.h), NO_FD: none; the child lets go of it when it changes its root
 * @state_fd: memfd with the state document that hooks read on stdin, NO_FD: no hooks
 */
struct plan {
	const struct spec *spec;
	const struct process *process;
	const struct request *request;
	const struct caller *caller;
	struct arena *arena;
	struct error *error;
	const struct log *log;
	struct facts *facts;
	uint64_t new_namespaces;
	int join_fd[NAMESPACE_MAX];
	bool has_userns;
	bool parent_first, shares, borrows;
	bool late_net, own_net;
	int cgroup_fd;
	int state_fd;
	int exe_fd;
	void *data[ASPECT_MAX];
	int (*commit)(struct plan *p);
	void *engine; /* run/'s own */
};

/**
 * plan_cgroup_ns_at_clone - whether the cgroup namespace is made with the others: it need not wait until the child is in another cgroup.
 */
static inline bool plan_cgroup_ns_at_clone(const struct plan *p)
{
	return p->request->sandbox && p->request->cgroup_manager == CGROUP_MANAGER_DISABLED;
}

/**
 * plan_commit - write @p->facts to the state file, before what they name is created: whatever happens then, delete can undo it.
 * Return: 0 or -1 after fail().
 */
static inline int plan_commit(struct plan *p)
{
	return p->commit ? p->commit(p) : 0;
}

#endif
