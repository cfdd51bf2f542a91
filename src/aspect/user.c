/*
 * The user namespace.
 *
 * The parent writes its maps while the child waits: directly where the kernel lets it (user_namespaces(7): with privileges over the ids, or one single id, the
 * caller's own), else through newuidmap(1) and newgidmap(1), which check /etc/subuid and /etc/subgid. Then the child becomes root in it. An ordinary
 * caller gets a user namespace even if the document has none, as crun does: 0 is the caller, and from 1 on there is what the two files offer.
 */
#include "aspect/user.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "aspect/idhelper.h"
#include "aspect/idmap.h"
#include "aspect/nswords.h"
#include "aspect/protocol.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/sys.h"
#include "spec/oci.h"

/* what the kernel shows for an id that the namespace does not map (user_namespaces(7)), unless the machine's administrator says otherwise */
enum { USER_OVERFLOW = 65534 };

static int user_check(struct plan *p)
{
	const struct namespace *ns = spec_namespace(p->spec, NAMESPACE_USER);
	struct user_plan *plan;

	if (p->request->exec || (ns && ns->path) || (!ns && p->caller->privileged))
		return 0;
	plan = arena_new(p->arena, struct user_plan);
	p->data[ASPECT_USER] = plan;
	if (!ns) {
		plan->implicit = true;
		p->new_namespaces |= CLONE_NEWUSER;
		p->has_userns = true;
		return 0;
	}
	plan->uids = p->spec->linux.uid_mappings;
	plan->gids = p->spec->linux.gid_mappings;
	plan->uid_text = idmap_text(p->arena, &plan->uids);
	plan->gid_text = idmap_text(p->arena, &plan->gids);
	if (!plan->uid_text)
		return fail(p->error, 0, "linux.uidMappings: %zu entries are more than the kernel takes", plan->uids.n);
	if (!plan->gid_text)
		return fail(p->error, 0, "linux.gidMappings: %zu entries are more than the kernel takes", plan->gids.n);
	return 0;
}

/* The maps of a namespace that nobody asked for: the caller's ranges if both helpers and both files are there, else the caller alone. */
static void choose_maps(struct plan *p, struct user_plan *plan)
{
	struct id_mapping_list uids = { 0 }, gids = { 0 };

	if (idhelper_find(IDHELPER_UID) && idhelper_find(IDHELPER_GID)) {
		uids = idhelper_ranges(p->arena, IDHELPER_UID, p->caller->euid);
		gids = idhelper_ranges(p->arena, IDHELPER_GID, p->caller->euid);
	}
	if (uids.n == 0 || gids.n == 0)
		uids.n = gids.n = 0;
	plan->uids = idmap_default(p->arena, p->caller->euid, &uids);
	plan->gids = idmap_default(p->arena, p->caller->egid, &gids);
	plan->uid_text = idmap_text(p->arena, &plan->uids); /* IDMAP_RANGES_MAX of them fit */
	plan->gid_text = idmap_text(p->arena, &plan->gids);
}

/* Whether another process must get into namespaces first (run/hop.h): the new user namespace is then not the child's own work. */
static bool joins_any(const struct spec *spec)
{
	for (size_t i = 0; i < spec->linux.namespaces.n; i++)
		if (spec->linux.namespaces.v[i].path)
			return true;
	return spec->linux.time_offsets.monotonic.set || spec->linux.time_offsets.boottime.set;
}

static int user_prepare(struct plan *p)
{
	struct user_plan *plan = p->data[ASPECT_USER];
	bool self_uid, self_gid;

	if (!plan)
		return 0;
	if (p->request->protocol && p->request->protocol->foreign_maps) {
		p->parent_first = true;
		return 0;
	}
	if (plan->implicit)
		choose_maps(p, plan);
	self_uid = idmap_is_self(&plan->uids, p->caller->euid);
	self_gid = idmap_is_self(&plan->gids, p->caller->egid);
	plan->by_child = p->request->sandbox && self_uid && self_gid && !joins_any(p->spec);
	p->parent_first |= !plan->by_child;
	if (p->caller->privileged && !plan->by_child)
		return 0;
	plan->deny_setgroups = self_gid;
	plan->newuidmap = self_uid ? NULL : idhelper_find(IDHELPER_UID);
	plan->newgidmap = self_gid ? NULL : idhelper_find(IDHELPER_GID);
	if (!self_uid && !plan->newuidmap)
		return fail(p->error, 0, "linux.uidMappings: an ordinary user needs newuidmap to map other ids than %u: install the package uidmap",
			p->caller->euid);
	if (!self_gid && !plan->newgidmap)
		return fail(p->error, 0, "linux.gidMappings: an ordinary user needs newgidmap to map other ids than %u: install the package uidmap",
			p->caller->egid);
	return 0;
}

/* Write one file of /proc/PID. */
static int write_map(const struct plan *p, pid_t pid, const char *file, const char *place, const char *text)
{
	const char *path = arena_printf(p->arena, "/proc/%d/%s", (int)pid, file);
	int r = io_write_file(AT_FDCWD, path, text, strlen(text));

	if (r == 0)
		return 0;
	return fail(p->error, r, "%s: cannot write '%s' to '%s'", place, arena_strndup(p->arena, text, strcspn(text, "\n")), path);
}

static int user_parent(struct plan *p, pid_t pid, int pidfd)
{
	const struct user_plan *plan = p->data[ASPECT_USER];
	int r;

	(void)pidfd;
	if (!plan || plan->by_child || (p->request->protocol && p->request->protocol->foreign_maps))
		return 0;
	if (plan->newuidmap)
		r = idhelper_run(p, IDHELPER_UID, plan->newuidmap, pid, &plan->uids);
	else
		r = write_map(p, pid, "uid_map", "linux.uidMappings", plan->uid_text);
	if (r < 0)
		return -1;
	if (plan->newgidmap)
		return idhelper_run(p, IDHELPER_GID, plan->newgidmap, pid, &plan->gids);
	if (plan->deny_setgroups && write_map(p, pid, "setgroups", "linux.gidMappings", "deny") < 0)
		return -1;
	return write_map(p, pid, "gid_map", "linux.gidMappings", plan->gid_text);
}

static CHILD int write_own(const char *path, const char *text)
{
	scope_fd int fd = openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC); /* musl's open() sets close-on-exec once more */

	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

CHILD int user_map_self(struct child *c)
{
	const struct user_plan *plan = c->plan->data[ASPECT_USER];
	int r;

	if (!plan || !plan->by_child)
		return 0;
	c->aspect = ASPECT_USER;
	r = write_own("/proc/self/uid_map", plan->uid_text);
	if (r < 0)
		return child_fail(c, FAULT("linux.uidMappings: cannot write the own map"), r, NULL, NULL);
	r = plan->deny_setgroups ? write_own("/proc/self/setgroups", "deny") : 0;
	if (r == 0)
		r = write_own("/proc/self/gid_map", plan->gid_text);
	return r < 0 ? child_fail(c, FAULT("linux.gidMappings: cannot write the own map"), r, NULL, NULL) : 0;
}

/* All that is permitted becomes effective again: a change from user 0 to another takes it away, also with PR_SET_KEEPCAPS (capabilities(7)). */
static CHILD int raise_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(data); i++)
		data[i].effective = data[i].permitted;
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/*
 * Which id to have in a joined namespace (user_is_joined()): the one asked for, else the one that we have there, by way of @set, which refuses what is
 * not mapped. Whoever seems to have none that is mapped is looked for by his number outside: for root that is the namespace's root.
 */
static CHILD int become(int (*set)(uid_t, uid_t, uid_t), uint32_t asked, uint32_t own, uint32_t seen)
{
	int r = -EINVAL;

	if (asked != own || (seen == USER_OVERFLOW && own != USER_OVERFLOW))
		r = set(asked, asked, asked);
	return r == -EINVAL && asked == own ? set(seen, seen, seen) : r;
}

/* Not in seal: the payload may be put into one more namespace before that, whose ids are others (bwrap --userns2). */
static CHILD int enter_joined(struct child *c)
{
	const struct user *user = &c->plan->process->user;
	int r = become(sys_setresgid, user->gid, c->plan->caller->egid, getegid());

	if (r < 0)
		return child_fail_number(c, FAULT("cannot become group %n in the user namespace"), r, NULL, user->gid);
	(void)prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0); /* cannot fail unless it is locked, and then the next but one does */
	r = become(sys_setresuid, user->uid, c->plan->caller->euid, geteuid());
	if (r == 0)
		r = raise_capabilities();
	return r < 0 ? child_fail_number(c, FAULT("cannot become user %n in the user namespace"), r, NULL, user->uid) : 0;
}

/*
 * Become root of the namespace: what is made from now on belongs to its root, and not to an id that it does not map. In a container without id 0 become
 * the payload's user, who keeps all capabilities over that: with the caller's id we could still do in there what only the caller may.
 */
static CHILD int user_enter(struct child *c)
{
	const struct user_plan *plan = c->plan->data[ASPECT_USER];
	const struct user *user = &c->plan->process->user;
	int r;

	if (!c->plan->has_userns || (plan && plan->by_child)) /* one id: we are it */
		return 0;
	if (user_is_joined(c->plan))
		return enter_joined(c);
	r = sys_setresgid(0, 0, 0);
	if (r == -EINVAL)
		r = sys_setresgid(user->gid, user->gid, user->gid);
	if (r < 0 && r != -EINVAL) /* not mapped either: ids/seal refuses it in the document's words */
		return child_fail(c, FAULT("cannot become group 0 in the user namespace"), r, NULL, NULL);
	r = sys_setresuid(0, 0, 0);
	if (r == -EINVAL)
		r = sys_setresuid(user->uid, user->uid, user->uid);
	if (r < 0 && r != -EINVAL)
		return child_fail(c, FAULT("cannot become user 0 in the user namespace"), r, NULL, NULL);
	return 0;
}

static void explain_maps(const struct plan *p, const struct user_plan *plan, struct explain *x)
{
	if (plan->implicit) {
		explain_step(x, "map ids: 0 → %u (1) and group 0 → %u (1), then from 1 on what /etc/subuid and /etc/subgid offer", p->caller->euid,
			p->caller->egid);
		return;
	}
	explain_step(x, "map user ids: %s", idmap_words(p->arena, &plan->uids));
	explain_step(x, "map group ids: %s", idmap_words(p->arena, &plan->gids));
}

static void user_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct user_plan *plan = p->data[ASPECT_USER];

	if (phase == PHASE_PREPARE && plan && plan->implicit)
		explain_step(x, "make a new user namespace, since the caller is not root");
	else if (phase == PHASE_PREPARE)
		nswords_explain(p, NAMESPACE_USER, "root in the container is root outside", x);
	else if (phase == PHASE_PARENT && plan)
		explain_maps(p, plan, x);
	else if (phase == PHASE_ENTER && p->has_userns && !user_is_joined(p) && !(p->request->sandbox && plan && plan->uids.n == 1))
		explain_step(x, "become root in the user namespace");
}

const struct aspect aspect_user = {
	.id = ASPECT_USER,
	.check = user_check,
	.prepare = user_prepare,
	.parent = user_parent,
	.enter = user_enter,
	.explain = user_explain,
};
