/*
 * --require: the least isolation that will do. Each level is a list of things that the finished spec must have, with the words for what is missing; Landlock,
 * which the kernel may lack, is checked where it is used (spec.hull.landlock.required).
 *
 *   basic     user, mount and process namespaces of its own that the command cannot undo, and no_new_privs
 *   standard  and ipc, network, host name and cgroup namespaces, no capabilities, and hull's own system-call filter
 *   full      and Landlock, and a pid 1 of hull's: the command cannot outlive hull
 *   limits    --memory, --cpus and --pids are held by cgroups, and --time counted by one, for all processes together
 *
 * A host that makes no user namespaces for ordinary users gives none of it: sandbox_diagnose() says which of its switches it is, and how to turn it.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "base/text.h"
#include "run/sandbox.h"
#include "spec/oci.h"

enum { LEVEL_BASIC = 1, LEVEL_STANDARD, LEVEL_FULL };

static const struct {
	int level;
	enum namespace_type type;
	const char *what;
} namespaces[] = {
	{ LEVEL_BASIC, NAMESPACE_USER, "user" },       { LEVEL_BASIC, NAMESPACE_MOUNT, "mount" },     { LEVEL_BASIC, NAMESPACE_PID, "pid" },
	{ LEVEL_STANDARD, NAMESPACE_IPC, "ipc" },      { LEVEL_STANDARD, NAMESPACE_NETWORK, "net" },  { LEVEL_STANDARD, NAMESPACE_UTS, "uts" },
	{ LEVEL_STANDARD, NAMESPACE_CGROUP, "cgroup" },
};

/* With CAP_SYS_ADMIN it may umount what covers the host's files, and make them writable, unless the filter keeps the calls from it. */
static bool undoes_mounts(const struct sandbox *s)
{
	return !sandbox_is_filtered(&s->o) && s->job->spec.process.capabilities.set && (s->job->spec.process.capabilities.bounding >> CAP_SYS_ADMIN & 1);
}

/* What the level wants and the options took away, NULL: nothing. */
static const char *missing(struct sandbox *s, int level)
{
	struct spec *spec = &s->job->spec;

	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		if (namespaces[i].level <= level && !spec_namespace(spec, namespaces[i].type))
			return arena_printf(&s->job->hull->arena, "a %s namespace of its own", namespaces[i].what);
	if (!spec->process.no_new_privileges)
		return "no_new_privs";
	if (undoes_mounts(s))
		return "mounts that it cannot undo (with --cap-add SYS_ADMIN)";
	if (level >= LEVEL_STANDARD && (spec->process.capabilities.bounding || !spec->process.capabilities.set))
		return "the loss of all capabilities";
	if (level >= LEVEL_STANDARD && !spec->linux.seccomp && s->protocol.n_filters == 0)
		return "a system-call filter";
	if (level >= LEVEL_STANDARD && (!spec->linux.seccomp || (s->o.syscalls && !text_equal(s->o.syscalls, "default"))))
		return "hull's own system-call filter, and what another one forbids is not compared with it";
	if (level >= LEVEL_FULL && (!spec->hull.init || !spec->hull.die_with_parent))
		return "the certainty that it ends with hull";
	return level >= LEVEL_FULL && (!spec->hull.landlock.set || spec->hull.landlock.signals) ? "Landlock" : NULL;
}

static int require_level(struct sandbox *s, const char *word, int level)
{
	const char *what = missing(s, level);

	if (what)
		return fail(&s->job->hull->error, 0, "--require %s: other options leave the command without %s", word, what);
	s->job->spec.hull.landlock.required |= level >= LEVEL_FULL;
	return 0;
}

static int require_limits(struct sandbox *s)
{
	static const enum sandbox_limit limits[] = { LIMIT_MEMORY, LIMIT_CPUS, LIMIT_PIDS };

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct limit_state *l = &s->limits[limits[i]];

		if (l->set && l->holder != HELD_BY_CGROUP)
			return fail(&s->job->hull->error, 0, "--require limits: --%s is not held for all processes together: no cgroup can be made here. " SANDBOX_DELEGATION,
				sandbox_limit_name(limits[i]));
	}
	if (s->limits[LIMIT_TIME].set && !s->cgroups)
		return fail(&s->job->hull->error, 0, "--require limits: --time misses processes that nobody waits for: no cgroup can be made here. " SANDBOX_DELEGATION);
	return 0;
}

int sandbox_require(struct sandbox *s)
{
	static const struct {
		const char *word;
		int level;
	} levels[] = { { "basic", LEVEL_BASIC }, { "standard", LEVEL_STANDARD }, { "full", LEVEL_FULL } };
	const char *at = s->o.require;

	while (at) {
		size_t length = strcspn(at, ","), i = 0;
		const char *word = arena_strndup(&s->job->hull->arena, at, length);

		while (i < ARRAY_SIZE(levels) && !text_equal(levels[i].word, word))
			i++;
		if (i == ARRAY_SIZE(levels) && !text_equal(word, "limits"))
			return fail(&s->job->hull->error, 0, "--require: expected basic, standard, full or limits, got '%s'", word);
		if (i < ARRAY_SIZE(levels) ? require_level(s, word, levels[i].level) < 0 : require_limits(s) < 0)
			return -1;
		at = at[length] ? at + length + 1 : NULL;
	}
	return 0;
}

/* ---- why it cannot be had ---- */

static bool says(const char *path, char value)
{
	char text[32];

	return io_read_small(AT_FDCWD, path, text, sizeof(text)) > 0 && text[0] == value && (text[1] == '\0' || text[1] == '\n');
}

/* What a process of ours cannot do. */
enum obstacle { OBSTACLE_NONE, OBSTACLE_USERNS, OBSTACLE_MOUNT };

/* Look how far one gets. @ret_errnum: of OBSTACLE_USERNS */
static enum obstacle find_obstacle(int *ret_errnum)
{
	enum { ERRNO_MASK = 0x7f, NO_MOUNT = 0x80 }; /* of the exit status, which has eight bits */
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) < 0)
			_exit(errno & ERRNO_MASK);
		_exit(unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? NO_MOUNT : 0);
	}
	if (pid < 0 || spawn_wait(pid, &status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) == 0)
		return OBSTACLE_NONE;
	if (WEXITSTATUS(status) == NO_MOUNT)
		return OBSTACLE_MOUNT;
	*ret_errnum = WEXITSTATUS(status);
	return OBSTACLE_USERNS;
}

static bool is_filtered(void)
{
	enum { STATUS_SIZE = 64 << 10 }; /* it lists all groups */
	char text[STATUS_SIZE];

	return io_read_small(AT_FDCWD, "/proc/self/status", text, sizeof(text)) > 0 && strstr(text, "\nSeccomp:\t2");
}

/* The host's switch that is in the way, and how to turn it; NULL: none that we know. */
static const char *reason(enum obstacle obstacle, int errnum)
{
	if (says("/proc/sys/user/max_user_namespaces", '0'))
		return "user namespaces are switched off on this host: as root, 'sysctl user.max_user_namespaces=15000' (in a container: its maker did it)";
	if (says("/proc/sys/kernel/unprivileged_userns_clone", '0') && geteuid() != 0)
		return "this host keeps user namespaces from ordinary users: as root, 'sysctl kernel.unprivileged_userns_clone=1'";
	if (says("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", '1') && geteuid() != 0)
		return "this host's AppArmor keeps user namespaces from programs without a profile: as root, put "
		       "'abi <abi/4.0>, profile hull /usr/local/bin/hull flags=(unconfined) { userns, }' into /etc/apparmor.d/hull and run "
		       "'apparmor_parser -r /etc/apparmor.d/hull' (or 'sysctl kernel.apparmor_restrict_unprivileged_userns=0')";
	if (obstacle == OBSTACLE_USERNS && errnum == ENOSPC)
		return "the limit of user namespaces is reached: 'sysctl user.max_user_namespaces' of this one or one above it";
	if (obstacle == OBSTACLE_USERNS && errnum == EUSERS)
		return "user namespaces are 32 deep already";
	if (is_filtered())
		return "the system-call filter that we run under forbids it: hull sandbox takes '--nest', podman and docker '--security-opt seccomp=unconfined'";
	return obstacle == OBSTACLE_USERNS && errnum == EPERM ? "the kernel refuses user namespaces in a chroot(2), and where a security module does" : NULL;
}

void sandbox_diagnose(struct sandbox *s)
{
	struct error *e = &s->job->hull->error;
	struct error first = *e;
	enum obstacle obstacle;
	const char *why;
	int errnum = 0;

	if (e->exit_code != 0 || !s->launching || !(s->job->plan.new_namespaces & CLONE_NEWUSER))
		return;
	obstacle = find_obstacle(&errnum);
	why = obstacle != OBSTACLE_NONE ? reason(obstacle, errnum) : NULL;
	if (why)
		(void)fail(e, 0, "%s: %s", first.text, why); /* -1 by nature */
}
