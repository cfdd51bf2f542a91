/*
 * hull.landlock: a second wall behind the mounts. Everything may be read and executed as permissions say, but written only below the listed paths.
 * Where a mount turns out to be writable that should not be, or a descriptor leads out, there is still nothing to write.
 *
 * Besides the list:
 *  - Device files below /dev can be written to and controlled; elsewhere ioctl(2) on them is refused (ABI 5).
 *  - What was handed over as standard input, output, error or a preserved descriptor, opened for writing, can be opened again: /dev/stdout leads
 *    there.
 *  - Abstract Unix sockets and signals of processes outside are out of reach (ABI 6), which counts where the network or pid namespace is the host's.
 *
 * With "signalsOnly" there are no rules about files, and so mounts are allowed: only signals stay inside. The process group may reach beyond the pid
 * namespace: kill(0, …) would stop hull, which holds the limits, and its neighbours in the caller's pipeline.
 *
 * Landlock cannot be taken back, allows no mounts where it has rules about files, and needs no_new_privs. `hull exec` goes without: rule sets that were made at different times
 * are strangers, so what is executed could neither signal nor debug what it is there to look after.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <unistd.h>

#include "aspect/aspect.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

/* ABI 1 refuses every rename from one directory to another: too little to work with */
enum { ABI_MIN = 2, ABI_TRUNCATE = 3, ABI_IOCTL_DEV = 5, ABI_SCOPES = 6 };

#define WRITE_RIGHTS                                                                                                                     \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
		LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |  \
		LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER)
/* the rights that a rule for something else than a directory may have */
#define FILE_RIGHTS (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_IOCTL_DEV)

/*
 * @set: what the rule set is about: handled rights the kernel knows, and scopes;  @abi: 0: the kernel has no Landlock, or too little
 */
struct landlock_plan {
	int abi;
	struct sys_landlock_ruleset set;
};

static int check(struct plan *p)
{
	const struct landlock *landlock = &p->spec->hull.landlock;

	if (!landlock->set || p->request->exec)
		return 0;
	if (!p->process->no_new_privileges)
		return fail(p->error, 0, "hull.landlock: it needs process.noNewPrivileges");
	for (size_t i = 0; i < landlock->write.n; i++)
		if (landlock->write.v[i][0] != '/')
			return fail(p->error, 0, "hull.landlock.write[%zu]: '%s' is not absolute", i, landlock->write.v[i]);
	p->data[ASPECT_LANDLOCK] = arena_new(p->arena, struct landlock_plan);
	return 0;
}

static int prepare(struct plan *p)
{
	struct landlock_plan *plan = p->data[ASPECT_LANDLOCK];
	int abi;

	if (!plan)
		return 0;
	abi = sys_landlock_create_ruleset(NULL, SYS_LANDLOCK_VERSION);
	if (abi < ABI_MIN) {
		const char *why = abi == -EOPNOTSUPP ? "switched off at boot: the kernel's parameter lsm= lacks the word landlock" :
				  abi > 0	     ? "too old to allow renames between directories" :
				  abi == -ENOSYS     ? "not in this kernel (Linux 5.19 or later has it)" :
						       "refused by an outer container's filter";

		if (p->spec->hull.landlock.required)
			return fail(p->error, 0, "hull.landlock: Landlock is %s", why);
		log_write(p->log, LOG_LEVEL_DEBUG, "hull.landlock: left out: Landlock is %s", why);
		return 0;
	}
	if (p->spec->hull.landlock.signals) {
		plan->abi = abi >= ABI_SCOPES ? abi : 0;
		plan->set.scoped = SYS_LANDLOCK_SCOPE_SIGNAL;
		return 0;
	}
	plan->abi = abi;
	plan->set.handled_access_fs = WRITE_RIGHTS;
	if (abi >= ABI_TRUNCATE)
		plan->set.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
	if (abi >= ABI_IOCTL_DEV)
		plan->set.handled_access_fs |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
	if (abi >= ABI_SCOPES)
		plan->set.scoped = SYS_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | SYS_LANDLOCK_SCOPE_SIGNAL;
	return 0;
}

/* Return: 0 or -errno. A file cannot have the rights of a directory: the kernel says EINVAL. */
CHILD static int allow(const struct landlock_plan *plan, int ruleset, int fd, uint64_t rights)
{
	struct sys_landlock_path path = { .allowed_access = rights & plan->set.handled_access_fs, .parent_fd = fd };
	int r = sys_landlock_add_path(ruleset, &path);

	if (r == -EINVAL && (path.allowed_access & ~FILE_RIGHTS)) {
		path.allowed_access &= FILE_RIGHTS;
		r = sys_landlock_add_path(ruleset, &path);
	}
	return r;
}

/*
 * A path that does not exist needs no rule: it can be made only where there is one. The payload's user opens it: where he may not enter, he writes
 * nothing.
 */
CHILD static int allow_path(const struct child *c, int ruleset, int root, const char *path, uint64_t rights)
{
	int fd = path_open(root, path, O_PATH, 0), r;

	if (fd == -ENOENT || fd == -ENOTDIR || fd == -EACCES)
		return 0;
	if (fd < 0)
		return child_fail(c, FAULT("hull.landlock.write: cannot open '%a'"), fd, path, NULL);
	r = allow(c->plan->data[ASPECT_LANDLOCK], ruleset, fd, rights);
	(void)close_fd(fd);
	return r < 0 ? child_fail(c, FAULT("hull.landlock.write: cannot allow '%a'"), r, path, NULL) : 0;
}

/*
 * What the payload holds open for writing. Pipes and sockets need no rule, and cannot have one (EBADFD); a directory cannot be open for writing.
 */
CHILD static int allow_open(const struct child *c, int ruleset)
{
	const struct request *request = c->plan->request;
	int n = STDERR_FILENO + 1 + (int)(request->preserve_fds + request->listen_fds);

	for (int fd = 0; fd < n; fd++) {
		int flags = fcntl(fd, F_GETFL), r;

		if (flags < 0 || (flags & O_PATH) || (flags & O_ACCMODE) == O_RDONLY)
			continue;
		r = allow(c->plan->data[ASPECT_LANDLOCK], ruleset, fd, FILE_RIGHTS);
		if (r < 0 && r != -EBADFD)
			return child_fail_number(c, FAULT("hull.landlock: cannot allow descriptor %n"), r, NULL, fd);
	}
	return 0;
}

CHILD static int fill(const struct child *c, int ruleset, int root)
{
	const struct string_list *write = &c->plan->spec->hull.landlock.write;
	bool dev_done = false;

	if (c->plan->spec->hull.landlock.signals)
		return 0;
	for (size_t i = 0; i < write->n; i++) {
		bool is_dev = strcmp(write->v[i], "/dev") == 0; /* what every /dev may follows below: once is enough */

		if (allow_path(c, ruleset, root, write->v[i], is_dev ? UINT64_MAX : UINT64_MAX & ~LANDLOCK_ACCESS_FS_IOCTL_DEV) < 0)
			return -1;
		dev_done |= is_dev;
	}
	if (!dev_done && allow_path(c, ruleset, root, "/dev", LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_IOCTL_DEV) < 0)
		return -1;
	return allow_open(c, ruleset);
}

CHILD static int restrict_child(const struct child *c, int ruleset)
{
	int root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC), r;

	if (root < 0)
		return child_fail(c, FAULT("hull.landlock: cannot open '/'"), errno, NULL, NULL);
	r = fill(c, ruleset, root);
	(void)close_fd(root);
	if (r < 0)
		return r;
	r = sys_landlock_restrict_self(ruleset);
	if (r == -E2BIG && !c->plan->spec->hull.landlock.required) /* sixteen sandboxes around us have one each, and that is all there can be */
		return 0;
	return r < 0 ? child_fail(c, FAULT("hull.landlock: cannot restrict the process"), r, NULL, NULL) : 0;
}

CHILD static int seal(struct child *c)
{
	const struct landlock_plan *plan = c->plan->data[ASPECT_LANDLOCK];
	int ruleset, r;

	if (!plan || plan->abi == 0)
		return 0;
	ruleset = sys_landlock_create_ruleset(&plan->set, 0);
	if (ruleset < 0)
		return child_fail(c, FAULT("hull.landlock: cannot make a rule set"), ruleset, NULL, NULL);
	r = restrict_child(c, ruleset);
	(void)close_fd(ruleset);
	return r;
}

static void explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct string_list *write = &p->spec->hull.landlock.write;

	if (phase != PHASE_SEAL || !p->data[ASPECT_LANDLOCK])
		return;
	if (p->spec->hull.landlock.signals) {
		explain_step(x, "with Landlock, allow no signals to outside; without it where the kernel has none");
		return;
	}
	for (size_t i = 0; i < write->n; i++)
		explain_step(x, "with Landlock, allow writing below '%s'", write->v[i]);
	explain_step(x, "with Landlock, allow no other writing, ioctl(2) on devices below '/dev' only, and no abstract sockets or signals to outside%s",
		p->spec->hull.landlock.required ? "" : "; without it where the kernel has none");
}

const struct aspect aspect_landlock = {
	.id = ASPECT_LANDLOCK,
	.check = check,
	.prepare = prepare,
	.seal = seal,
	.explain = explain,
};
