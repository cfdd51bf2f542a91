/*
 * The container's root. check: where it is; prepare: opened once; enter: the host's mounts stop following ours, and the root becomes a mount of its own
 * (c->root); settle: pivot_root(2), and the host's tree is gone.
 */
#include "aspect/rootfs.h"

#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "aspect/mountfd.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"
#include "spec/oci.h"

/*
 * Where the root is hung up when the container's ids cannot reach its path: a directory that is always there and that nobody needs
 * before pivot_root.
 */
#define HOOK "/sys/kernel"

/* the field of a line of mountinfo that is the mount point, and how long all lines may be */
enum { MOUNTINFO_PATH = 4, MOUNTINFO_MAX = 16 << 20 };

/*
 * Whether the host's own root can be the sandbox's as it stands in the copied mount namespace. What is covered cannot be uncovered there: the payload has no
 * CAP_SYS_ADMIN over the namespace, and in a namespace that it makes itself the kernel locks all mounts together (mount_namespaces(7)).
 */
static bool is_in_place(const struct plan *p)
{
	const struct spec *spec = p->spec;
	const uint64_t admin = 1ull << CAP_SYS_ADMIN;
	const struct capabilities *caps = &p->process->capabilities;

	return p->request->sandbox && !p->request->no_pivot && text_equal(spec->root.path, "/") && spec->root.readonly && spec->linux.rootfs_propagation == 0 &&
	       (p->new_namespaces & (CLONE_NEWUSER | CLONE_NEWNS)) == (CLONE_NEWUSER | CLONE_NEWNS) && !((caps->bounding | caps->permitted) & admin);
}

/* A filesystem of its own on "/", before all other mounts. */
static bool is_covered(const struct spec *spec)
{
	const struct mount *first = spec->mounts.n > 0 ? &spec->mounts.v[0] : NULL;

	return first && text_equal(first->destination, "/") && !first->flags.bind && !first->flags.remount && !text_equal(first->type, "none");
}

static int check(struct plan *p)
{
	const struct spec *spec = p->spec;
	const char *path = spec->root.path;
	struct rootfs *root;

	if (p->request->exec)
		return 0;
	if (!path || !path[0])
		return fail(p->error, 0, "root.path: missing");
	root = arena_new(p->arena, struct rootfs);
	root->path = path[0] == '/' ? path : arena_printf(p->arena, "%s/%s", p->request->bundle, path);
	root->fd = root->tree = NO_FD;
	root->private_namespace = spec_namespace(spec, NAMESPACE_MOUNT) != NULL;
	root->propagation = spec->linux.rootfs_propagation;
	root->covered = p->request->sandbox && is_covered(spec);
	root->in_place = !root->covered && is_in_place(p);
	if (strlen(root->path) >= PATH_MAX)
		return fail(p->error, 0, "root.path: path too long");
	if (!root->private_namespace && spec->root.readonly)
		return fail(p->error, 0, "root.readonly: it needs a mount namespace (linux.namespaces)");
	if (!root->private_namespace && root->propagation != 0)
		return fail(p->error, 0, "linux.rootfsPropagation: it needs a mount namespace (linux.namespaces)");
	/* without it the host's /proc and /sys are unmounted, which its own namespace would follow */
	if (p->request->no_pivot && (root->propagation & MS_SHARED) != 0)
		return fail(p->error, 0, "linux.rootfsPropagation: shared mounts need pivot_root (--no-pivot)");
	p->data[ASPECT_ROOTFS] = root;
	return 0;
}

bool rootfs_reachable(const char *path)
{
	char real[PATH_MAX], *slash;
	struct stat st;

	if (!realpath(path, real))
		return true; /* whoever binds it gets the error */
	while ((slash = strrchr(real, '/')) && slash != real) {
		*slash = '\0';
		if (stat(real, &st) < 0 || (st.st_mode & S_IXOTH) == 0)
			return false;
	}
	return true;
}

unsigned long rootfs_detach_propagation(const struct plan *p)
{
	const struct rootfs *root = rootfs_of(p);

	return root && (root->propagation & MS_SHARED) != 0 ? 0 : MS_SLAVE;
}

/* Where only the parent can reach the root, it makes the copy; the child hangs it up. */
static int make_tree(struct plan *p, struct rootfs *root)
{
	int r;

	root->tree = mountfd_clone(root->fd, true);
	if (root->tree < 0)
		return fail(p->error, root->tree, "cannot bind the root directory '%s'", root->path);
	r = mountfd_set(root->tree, 0, 0, MS_SLAVE, true);
	return r < 0 ? fail(p->error, r, "cannot keep the mounts of '%s' from the host", root->path) : 0;
}

/* "36 35 98:0 /root /where options optional-fields - type source super-options" (proc_pid_mountinfo(5)). Return: where, NULL: no procfs or sysfs. */
static char *parse_pseudo(char *line)
{
	char *type = strstr(line, " - "), *path = line;

	if (!type || !(text_after(type, " - proc ") || text_after(type, " - sysfs ")))
		return NULL;
	for (int i = 0; i < MOUNTINFO_PATH && path; i++)
		path = strchr(path + 1, ' ');
	if (!path)
		return NULL;
	path++;
	path[strcspn(path, " ")] = '\0';
	text_unescape_octal(path);
	return path;
}

/* A whole procfs, whoever sees it, would let a user namespace in the container mount another one, with nothing masked (mount_namespaces(7)). */
static int find_hidden(struct plan *p, struct rootfs *root)
{
	char *text, *save = NULL, *path;
	size_t n = 1;
	int r = io_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, p->arena, &text, NULL);

	if (r < 0)
		return fail(p->error, r, "cannot read '/proc/self/mountinfo'");
	for (const char *s = text; *s; s++)
		n += *s == '\n';
	root->hidden = arena_many(p->arena, char *, n);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		path = parse_pseudo(line);
		if (path)
			root->hidden[root->n_hidden++] = path;
	}
	return 0;
}

static int prepare(struct plan *p)
{
	struct rootfs *root = p->data[ASPECT_ROOTFS];
	struct stat st;

	if (!root)
		return 0;
	root->fd = openat(AT_FDCWD, root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root->fd < 0)
		return fail(p->error, errno, "root.path: cannot open the root directory '%s'", root->path);
	if (fstat(root->fd, &st) < 0)
		return fail(p->error, errno, "cannot look at the root directory '%s'", root->path);
	root->device = st.st_dev;
	root->inode = st.st_ino;
	/* in a user namespace the host's mounts are locked: what is there is what the namespace was given, and stays below */
	if (p->request->no_pivot && root->private_namespace && !p->has_userns && find_hidden(p, root) < 0)
		return -1;
	if (root->in_place || root->covered)
		return 0;
	root->swaps = rootfs_may_swap(p, root);
	if (root->private_namespace && p->has_userns && p->caller->privileged && !rootfs_reachable(root->path))
		return make_tree(p, root);
	return 0;
}

/*
 * The mount that holds the root must be private when the host's mounts stay shared: what is mounted in the container would appear on the host, and
 * pivot_root(2) refuses. mount_setattr(2) works on the root of a mount only (EINVAL): go up until it is one.
 */
CHILD static int make_private_below(const struct child *c, const struct rootfs *root, int fd)
{
	int at = fcntl(fd, F_DUPFD_CLOEXEC, 0), r = -errno, up;

	while (at >= 0) {
		r = mountfd_set(at, 0, 0, MS_PRIVATE, false);
		if (r != -EINVAL)
			break;
		up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (up < 0)
			r = -errno;
		(void)close_fd(at);
		at = up;
	}
	(void)close_fd(at);
	return r < 0 ? child_fail(c, FAULT("cannot make the mount of '%a' private"), r, root->path, NULL) : 0;
}

/* What the host mounts from now on may come in (slave), what we mount must not get out. */
CHILD static int cut_propagation(const struct child *c, const struct rootfs *root)
{
	const uint64_t fresh = CLONE_NEWUSER | CLONE_NEWNS;
	struct sys_mount_attr attr = { .propagation = MS_SLAVE };
	int r;

	if ((root->propagation & MS_SHARED) != 0)
		return 0; /* wanted: volumes mounted in the container are to be seen outside */
	if ((c->plan->new_namespaces & fresh) == fresh)
		return 0; /* the kernel did it: mount_namespaces(7), less privileged namespaces */
	r = sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr);
	return r < 0 ? child_fail(c, FAULT("cannot make the host's mounts slaves"), r, NULL, NULL) : 0;
}

/* Open the root in our mount namespace, and see that it is still the directory that prepare opened. */
CHILD static int reopen(const struct child *c, const struct rootfs *root)
{
	int fd = openat(AT_FDCWD, root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return child_fail(c, FAULT("cannot open the root directory '%a'"), errno, root->path, NULL);
	if (fstat(fd, &st) == 0 && st.st_dev == root->device && st.st_ino == root->inode)
		return fd;
	(void)close_fd(fd);
	return child_fail(c, FAULT("the root directory '%a' was exchanged"), 0, root->path, NULL);
}

/* A mount of its own for the root: pivot_root(2) moves mounts, not directories. */
CHILD static int mount_root(struct child *c, const struct rootfs *root)
{
	int fd = root->tree >= 0 ? openat(AT_FDCWD, HOOK, O_PATH | O_DIRECTORY | O_CLOEXEC) : reopen(c, root);
	int tree = root->tree, r;

	if (fd < 0)
		return root->tree >= 0 ? child_fail(c, FAULT("cannot open '" HOOK "'"), errno, NULL, NULL) : -1;
	if ((root->propagation & MS_SHARED) != 0 && make_private_below(c, root, fd) < 0)
		return -1;
	if (tree < 0)
		tree = mountfd_clone(fd, true);
	r = tree < 0 ? tree : mountfd_move(tree, fd);
	(void)close_fd(fd);
	if (r < 0)
		return child_fail(c, FAULT("cannot bind the root directory '%a'"), r, root->path, NULL);
	c->root = tree;
	return 0;
}

CHILD static int enter(struct child *c)
{
	const struct rootfs *root = rootfs_of(c->plan);

	c->umask = umask(0); /* from here on modes are meant as they are written; process.user has the payload's */
	if (root->covered && cut_propagation(c, root) < 0)
		return -1;
	if (!root->private_namespace || root->in_place || root->covered) {
		c->root = reopen(c, root);
		return c->root < 0 ? -1 : 0;
	}
	return cut_propagation(c, root) < 0 ? -1 : mount_root(c, root);
}

CHILD int rootfs_settle_in_place(struct child *c)
{
	const struct sys_mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
		.propagation = MS_PRIVATE, /* slaves would get the host's new mounts, writable */
	};
	int r;

	if (!rootfs_of(c->plan)->in_place)
		return 0;
	r = sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr);
	return r < 0 ? child_fail(c, FAULT("cannot make the host's tree read-only"), r, NULL, NULL) : 0;
}

/* Without pivot_root(2) the host's tree stays mounted below ours, where chroot(2) hides it: a procfs or sysfs of the host must not be among it. */
CHILD static int hide_host(const struct child *c, const struct rootfs *root)
{
	for (size_t i = root->n_hidden; i-- > 0;)
		if (umount2(root->hidden[i], MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT) /* gone with one above it */
			return child_fail(c, FAULT("cannot unmount the host's '%a'"), errno, root->hidden[i], NULL);
	return 0;
}

/* Move the root over "/" and change into it, where pivot_root(2) cannot be had (the host runs from its initial ramdisk). */
CHILD static int switch_root(const struct child *c, const struct rootfs *root)
{
	int r;

	if (hide_host(c, root) < 0)
		return -1;
	r = sys_move_mount(c->root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
	if (r < 0)
		return child_fail(c, FAULT("cannot move the root to '/'"), r, NULL, NULL);
	return 0;
}

/*
 * Whether something is still mounted over our root: what was mounted on "/" before it stands on the host's tree, so that is not on top. It would be
 * within reach by "/..", which the kernel resolves to the topmost mount of the root. Where statx(2) is refused by an outer filter, the directories are compared.
 * Return: 1, 0 or -errno.
 */
CHILD static int hides_mount(const struct child *c)
{
	uint64_t ours, top;
	struct stat root, above;
	int r = sys_mount_id(c->root, "", AT_EMPTY_PATH, &ours);

	if (r == 0)
		r = sys_mount_id(AT_FDCWD, "/..", 0, &top);
	if (r == 0)
		return ours != top;
	if (rootfs_of(c->plan)->covered) /* that may be a bind of "/", which has the same inode */
		return r;
	if (fstat(c->root, &root) < 0 || stat("/..", &above) < 0)
		return -errno;
	return root.st_dev != above.st_dev || root.st_ino != above.st_ino;
}

/*
 * What hull was executed from is hung on the old tree, which nobody else has and whose mounts go nowhere, and so goes with it: to dissolve it alone would be
 * one more wait for an RCU grace period. Where that is refused, the parent dissolves it, who waits then before the payload may run.
 */
CHILD static void hang_executable(const struct child *c)
{
	/* for a mount of its directory, or of the file itself; never "/", from where only what is on top would be unmounted */
	static const char *const places[] = { "/dev", "/dev/null" };

	for (size_t i = 0; c->plan->exe_fd >= 0 && i < ARRAY_SIZE(places); i++)
		if (sys_move_mount(c->plan->exe_fd, "", AT_FDCWD, places[i], MOVE_MOUNT_F_EMPTY_PATH) == 0)
			return;
}

/* pivot_root(2), NOTES: with both arguments "." the old root ends up on top of the new one, and needs no directory to be put into. */
CHILD static int pivot(struct child *c, const struct rootfs *root)
{
	bool shared = (root->propagation & MS_SHARED) != 0;
	int old = shared ? openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC) : NO_FD;
	int r;

	if (!shared)
		hang_executable(c);
	r = root->swaps ? rootfs_swap(c) : 0;
	if (r != 0)
		return r < 0 ? -1 : 0;
	r = sys_pivot_root(".", ".");
	if (r < 0)
		return child_fail(c, FAULT("cannot pivot into '%a'"), r, root->path, NULL);
	if (shared) { /* or the unmounting would reach the host */
		r = old < 0 ? old : mountfd_set(old, 0, 0, MS_SLAVE, true);
		(void)close_fd(old);
		if (r < 0)
			return child_fail(c, FAULT("cannot make the host's mounts slaves"), r, NULL, NULL);
	}
	do {
		if (umount2(".", MNT_DETACH) < 0)
			return child_fail(c, FAULT("cannot unmount the host's tree"), errno, NULL, NULL);
		r = hides_mount(c);
	} while (r > 0);
	return r < 0 ? child_fail(c, FAULT("cannot tell whether the host's tree is gone"), r, NULL, NULL) : 0;
}

/*
 * In place, a mount point that was missing in "/" itself has a stand-in of the root made (mounts_mimic.c), and a link may lead a mount onto "/": then that is
 * to be changed into. The mounts are compared, since a bind of "/" has the same inode.
 */
CHILD static bool is_still_root(const struct child *c)
{
	uint64_t ours, process;

	return sys_mount_id(c->root, "", AT_EMPTY_PATH, &ours) == 0 && sys_mount_id(AT_FDCWD, "/", 0, &process) == 0 && ours == process;
}

CHILD static int change_root(struct child *c)
{
	const struct rootfs *root = rootfs_of(c->plan);
	bool pivots = root->private_namespace && !c->plan->request->no_pivot;
	int r;

	if (root->in_place && is_still_root(c))
		return 0;
	if (fchdir(c->root) < 0)
		return child_fail(c, FAULT("cannot change to the root directory '%a'"), errno, root->path, NULL);
	if (pivots)
		r = pivot(c, root);
	else
		r = root->private_namespace ? switch_root(c, root) : 0;
	if (r < 0)
		return -1;
	if (!pivots && chroot(".") < 0)
		return child_fail(c, FAULT("cannot change the root to '%a'"), errno, root->path, NULL);
	if (chdir("/") < 0)
		return child_fail(c, FAULT("cannot change to '/'"), errno, NULL, NULL);
	return 0;
}

CHILD static int settle(struct child *c)
{
	int r = change_root(c);

	(void)close_fd(c->plan->exe_fd);
	return r;
}

CHILD int rootfs_set_propagation(struct child *c)
{
	const struct rootfs *root = rootfs_of(c->plan);
	int r;

	if (root->propagation == 0)
		return 0;
	r = mountfd_set(c->root, 0, 0, root->propagation & ~(unsigned long)MS_REC, (root->propagation & MS_REC) != 0);
	return r < 0 ? child_fail(c, FAULT("cannot set the propagation of the root"), r, NULL, NULL) : 0;
}

static void explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct rootfs *root = rootfs_of(p);

	if (!root)
		return;
	if (phase == PHASE_PREPARE)
		explain_step(x, "open the root directory '%s'", root->path);
	if (phase == PHASE_ENTER && root->in_place)
		explain_step(x, "make the host's tree read-only, nosuid and nodev in a copy of the mount namespace, cut off from the host's");
	else if (phase == PHASE_ENTER && root->covered)
		explain_step(x, "keep the mounts that follow from the host");
	else if (phase == PHASE_ENTER && root->private_namespace) {
		explain_step(x, (root->propagation & MS_SHARED) != 0 ? "keep the host's mounts shared, but not the one of the root" :
								       "make the host's mounts slaves: nothing mounted here is seen outside");
		explain_step(x, "bind '%s' as the root, with what is mounted below it", root->path);
	}
	if (phase == PHASE_SETTLE && !root->in_place) {
		if (!root->private_namespace)
			explain_step(x, "change the root to '%s' (chroot: the mount namespace is the host's)", root->path);
		else if (p->request->no_pivot)
			explain_step(x, "move the root to '/' and change into it (no pivot_root)");
		else
			explain_step(x, "pivot into the root and detach the host's tree");
	}
}

const struct aspect aspect_rootfs = {
	.id = ASPECT_ROOTFS,
	.check = check,
	.prepare = prepare,
	.enter = enter,
	.settle = settle,
	.explain = explain,
};
