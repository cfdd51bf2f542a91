/* Making the plan. */
#include "run/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "aspect/net.h"
#include "aspect/protocol.h"
#include "aspect/seccomp.h"
#include "aspect/sequence.h"
#include "base/scope.h"
#include "base/share.h"
#include "base/sys.h"
#include "base/text.h"
#include "run/child.h"
#include "run/hop.h"
#include "spec/oci.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
/* ioctl_ns(2) */
#define HULL_NS_GET_NSTYPE _IO(0xb7, 0x3)

static const uint64_t clone_flag[] = {
#define X(id, name, flag, file) [NAMESPACE_##id] = flag,
	NAMESPACE_TYPES(X)
#undef X
};
_Static_assert(ARRAY_SIZE(clone_flag) == NAMESPACE_MAX, "every namespace has a flag");

void caller_identify(struct caller *ret_caller)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	if (ret_caller->known)
		return;
	(void)syscall(SYS_capget, &header, data); /* cannot fail with this header */
	ret_caller->known = true;
	ret_caller->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	ret_caller->euid = geteuid();
	ret_caller->egid = getegid();
	ret_caller->privileged = ret_caller->euid == 0 && (data[0].effective & (1u << CAP_SYS_ADMIN));
	/* root's permitted set is its bounding set (capabilities(7)); whoever else runs us gets all of them in a user namespace */
	ret_caller->bounding = ret_caller->privileged ? ret_caller->permitted : ~0ULL >> (63 - CAP_LAST_CAP);
}

static int check_namespaces(struct plan *p)
{
	for (int type = 0; type < NAMESPACE_MAX; type++)
		p->join_fd[type] = NO_FD;
	if (p->request->exec) {
		p->has_userns = p->facts->clone_flags & CLONE_NEWUSER;
		return 0;
	}
	for (size_t i = 0; i < p->spec->linux.namespaces.n; i++) {
		const struct namespace *ns = &p->spec->linux.namespaces.v[i];

		if (!ns->path)
			p->new_namespaces |= clone_flag[ns->type];
		p->facts->clone_flags |= clone_flag[ns->type];
	}
	if (!spec_namespace(p->spec, NAMESPACE_MOUNT))
		return fail(p->error, 0, "linux.namespaces: a mount namespace is required: its mounts would be the host's");
	p->has_userns = spec_namespace(p->spec, NAMESPACE_USER) != NULL;
	return 0;
}

int plan_check(struct plan *p)
{
	p->cgroup_fd = NO_FD;
	p->state_fd = NO_FD;
	p->exe_fd = NO_FD;
	if (check_namespaces(p) < 0)
		return -1;
	for (size_t i = 0; i < sequence_prepare.n; i++)
		if (sequence_prepare.v[i]->check && sequence_prepare.v[i]->check(p) < 0)
			return -1;
	p->facts->clone_flags |= p->new_namespaces; /* a user namespace may have come in */
	return 0;
}

/*
 * Whether a mount namespace is the one that hull or the host's first process is in: the root of everybody who is there would become the container's. (Who may
 * not look at the first process may not join its namespace either.)
 */
static bool is_host_mounts(int fd)
{
	static const char *const paths[] = { "/proc/self/ns/mnt", "/proc/1/ns/mnt" };
	struct stat ns, host;

	if (fstat(fd, &ns) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (stat(paths[i], &host) == 0 && host.st_ino == ns.st_ino && host.st_dev == ns.st_dev)
			return true;
	return false;
}

/* Open a namespace file, and believe it only if the kernel says that it is one, of the right type. */
static int open_namespace(struct plan *p, size_t index)
{
	const struct namespace *ns = &p->spec->linux.namespaces.v[index];
	scope_fd int fd = open(ns->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int type;

	if (fd < 0)
		return fail(p->error, errno, "linux.namespaces[%zu].path: cannot open '%s'", index, ns->path);
	type = ioctl(fd, HULL_NS_GET_NSTYPE);
	if (type < 0)
		return fail(p->error, 0, "linux.namespaces[%zu].path: '%s' is not a namespace", index, ns->path);
	if ((uint64_t)type != clone_flag[ns->type])
		return fail(p->error, 0, "linux.namespaces[%zu].path: '%s' is not a namespace of type %s", index, ns->path,
			names_of(&names_namespaces, ns->type));
	if (ns->type == NAMESPACE_MOUNT && is_host_mounts(fd))
		return fail(p->error, 0, "linux.namespaces[%zu].path: '%s' is the host's mount namespace, whose processes would all get the container's root", index,
			ns->path);
	p->join_fd[ns->type] = take_fd(&fd);
	engine_of(p)->join_path[ns->type] = arena_strdup(p->arena, ns->path);
	return 0;
}

static bool has_hooks(const struct hooks *h)
{
	return h->prestart.n > 0 || h->create_runtime.n > 0 || h->create_container.n > 0 || h->start_container.n > 0;
}

/*
 * Whether something in the parent phase must be done before the child enters: it needs its ids, its devices, or a state document to show to hooks; or its
 * namespaces are to be told, which the kernel shows to nobody else once it may not be looked into (child.c).
 */
static bool must_wait(const struct plan *p)
{
	if (p->request->protocol && p->request->protocol->reports)
		return true;
	if (p->request->exec)
		return p->process->exec_cpu_affinity != NULL; /* its initial one, set by the parent, must not come after the final one */
	return p->spec->linux.net_devices.n > 0 || p->spec->linux.intel_rdt || has_hooks(&p->spec->hooks);
}

/* Whether the kernel may end a process for its memory before it is the payload: it ends everybody who shares that (mm/oom_kill.c). */
static bool limits_memory(const struct resources *r)
{
	if (r->memory.limit.set || r->memory.swap.set || r->memory.kernel.set)
		return true;
	for (size_t i = 0; i < r->unified.n; i++)
		if (text_after(r->unified.v[i].key, "memory."))
			return true;
	return false;
}

/*
 * Whether the child may live in our memory until it executes the payload (base/share.h). It must do so soon, without children that would share it, too, and
 * not where processes of a container may look into it: in a pid namespace that it joins, for that takes a hop, or makes. Nor may it if it joins a time
 * namespace, which the kernel refuses to whoever shares memory, as that has the clocks' page in it (EUSERS, kernel/time/namespace.c, timens_install()).
 */
static bool may_share(const struct plan *p)
{
	const struct protocol *protocol = p->request->protocol;

	if (!SHARE_IS_POSSIBLE || p->request->exec || engine_of(p)->hop || engine_of(p)->start_fd >= 0 || p->join_fd[NAMESPACE_TIME] >= 0)
		return false;
	if (has_hooks(&p->spec->hooks) || p->spec->hull.init || p->process->terminal || p->request->plugins || (protocol && (protocol->block >= 0 || protocol->reads)))
		return false;
	if (p->process->oom_score_adj.set) /* the kernel sets it for everybody who shares the memory (fs/proc/base.c, __set_oom_adj()) */
		return false;
	return !limits_memory(&p->spec->linux.resources) && !seccomp_notifies(p);
}

/* Whether nothing at all is left for the parent to do beside the child. */
static bool may_borrow(const struct plan *p)
{
	return p->shares && p->request->alone && !p->parent_first && !p->late_net && p->cgroup_fd < 0 && !p->process->exec_cpu_affinity;
}

int plan_prepare(struct plan *p)
{
	if (!p->request->exec)
		for (size_t i = 0; i < p->spec->linux.namespaces.n; i++)
			if (p->spec->linux.namespaces.v[i].path && open_namespace(p, i) < 0)
				return -1;
	for (size_t i = 0; i < sequence_prepare.n; i++)
		if (sequence_prepare.v[i]->prepare && sequence_prepare.v[i]->prepare(p) < 0)
			return -1;
	engine_of(p)->hop = hop_needed(p);
	p->parent_first |= must_wait(p);
	p->shares = may_share(p);
	net_choose(p, engine_of(p)->hop);
	return 0;
}

bool plan_may_delay_net(const struct plan *p)
{
	return !engine_of(p)->hop && net_may_be_late(p);
}

void plan_choose(struct plan *p, bool late_net)
{
	p->late_net = late_net;
	p->borrows = may_borrow(p);
}

int plan_parent(struct plan *p, pid_t pid, int pidfd)
{
	for (size_t i = 0; i < sequence_parent.n; i++) {
		const struct aspect *aspect = sequence_parent.v[i];

		if (aspect == &aspect_user && engine_of(p)->mapped)
			continue;
		if (aspect->parent && aspect->parent(p, pid, pidfd) < 0)
			return -1;
	}
	return 0;
}

int plan_undo(const struct facts *facts, struct arena *arena, struct error *e, const struct log *log)
{
	struct error first = { 0 };
	struct undo u = { .facts = facts, .arena = arena, .error = e, .log = log };
	int result = 0;

	for (size_t i = sequence_prepare.n; i-- > 0;) {
		if (!sequence_prepare.v[i]->undo || sequence_prepare.v[i]->undo(&u) == 0)
			continue;
		if (result == 0)
			first = *e;
		result = -1;
	}
	if (result < 0)
		*e = first;
	return result;
}
