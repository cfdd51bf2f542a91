/*
 * Device nodes and the links that programs expect in /dev. Each node is made by its name in a directory that was resolved inside the root; where the
 * kernel does not let us make one (user namespaces), the host's node is bound, after it has been seen to be that device.
 */
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "aspect/mountfd.h"
#include "aspect/mounts.h"
#include "aspect/rootfs.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"

/*
 * @place: "linux.devices[2]", or "device" for one that every container has
 * @path: in the container;  @name: if it lies in /dev itself: its name there, else NULL
 * @mode: type and permission bits
 * @tree: the child's: a copy of the host's, taken before anything was mounted; NO_FD: none
 */
struct node {
	const char *place, *path, *name;
	mode_t mode;
	dev_t device;
	uid_t uid;
	gid_t gid;
	int tree;
};
/* @filled: the child's: those in /dev are made, and its links */
struct nodes {
	struct node *v;
	size_t n;
	bool filled;
};

/* what every Linux container has: runtime-spec, config-linux, default devices */
static const struct {
	const char *path;
	unsigned int major, minor;
} defaults[] = {
	{ "/dev/null", 1, 3 }, { "/dev/zero", 1, 5 }, { "/dev/full", 1, 7 }, { "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

static const struct {
	const char *name, *text;
} links[] = {
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
	{ "ptmx", "pts/ptmx" },
};

static bool is_asked_for(const struct device_list *devices, const char *path)
{
	size_t i;

	for (i = 0; i < devices->n; i++)
		if (devices->v[i].path && text_equal(devices->v[i].path, path))
			return true;
	return false;
}

/* The name of a node that lies in /dev itself, NULL: it lies deeper or elsewhere. */
static const char *name_in_dev(const char *path)
{
	const char *name = text_after(path, "/dev/");

	return name && name[0] && !strchr(name, '/') ? name : NULL;
}

/* The path without slashes at its end, which crun and runc take, too; "" for none at all. */
static const char *without_slashes(struct arena *arena, const char *path)
{
	size_t n = path ? strlen(path) : 0;

	while (n > 1 && path[n - 1] == '/')
		n--;
	return path ? arena_printf(arena, "%.*s", (int)n, path) : "";
}

static int compile(struct plan *p, const struct device *d, size_t i, struct node *node)
{
	const char *place = arena_printf(p->arena, "linux.devices[%zu]", i), *path = without_slashes(p->arena, d->path);
	mode_t type = d->type == 'b' ? S_IFBLK : d->type == 'p' ? S_IFIFO : S_IFCHR;

	if (!path_is_clean(path) || path[1] == '\0')
		return fail(p->error, 0, "%s.path: expected a plain absolute path, got '%s'", place, path);
	if (d->type != 'p' && (!d->major.set || !d->minor.set))
		return fail(p->error, 0, "%s.%s: missing", place, d->major.set ? "minor" : "major");
	if (d->type != 'p' && (d->major.value < 0 || d->major.value > 0xfff || d->minor.value < 0 || d->minor.value > 0xfffff))
		return fail(p->error, 0, "%s: no such device number: %lld:%lld", place, (long long)d->major.value, (long long)d->minor.value);
	if (d->file_mode.set && (d->file_mode.value & ~(uint32_t)(S_IFMT | 07777)) != 0)
		return fail(p->error, 0, "%s.fileMode: not a file mode: %u", place, d->file_mode.value);
	*node = (struct node){
		.place = place,
		.path = path,
		.name = name_in_dev(path),
		.mode = type | (d->file_mode.set ? d->file_mode.value & 07777 : 0666),
		.device = d->type == 'p' ? 0 : makedev((unsigned int)d->major.value, (unsigned int)d->minor.value),
		.uid = d->uid.set ? d->uid.value : 0,
		.gid = d->gid.set ? d->gid.value : 0,
		.tree = NO_FD,
	};
	return 0;
}

static int check(struct plan *p)
{
	const struct device_list *devices = &p->spec->linux.devices;
	struct nodes *nodes;
	size_t i;

	if (p->request->exec)
		return 0;
	nodes = arena_new(p->arena, struct nodes);
	nodes->v = arena_many(p->arena, struct node, ARRAY_SIZE(defaults) + devices->n);
	for (i = 0; i < ARRAY_SIZE(defaults); i++) {
		if (is_asked_for(devices, defaults[i].path))
			continue;
		nodes->v[nodes->n++] = (struct node){
			.place = arena_strdup(p->arena, "device"),
			.path = arena_strdup(p->arena, defaults[i].path), /* in the arena: faults name it */
			.name = name_in_dev(defaults[i].path),
			.mode = S_IFCHR | 0666,
			.device = makedev(defaults[i].major, defaults[i].minor),
			.tree = NO_FD,
		};
	}
	for (i = 0; i < devices->n; i++) {
		if (compile(p, &devices->v[i], i, &nodes->v[nodes->n]) < 0)
			return -1;
		if (!text_equal(nodes->v[nodes->n].path, "/dev/ptmx")) /* the container's own: a link to pts/ptmx */
			nodes->n++;
	}
	p->data[ASPECT_DEVICES] = nodes;
	return 0;
}

CHILD static bool is_node(const struct stat *st, const struct node *node)
{
	return (st->st_mode & S_IFMT) == (node->mode & S_IFMT) && ((node->mode & S_IFMT) == S_IFIFO || st->st_rdev == node->device);
}

/* Something of that name is there. The right device is kept; anything else is not ours to remove. */
CHILD static int check_existing(const struct child *c, const struct node *node, int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return child_fail(c, FAULT("%a: cannot look at '%b'"), errno, node->place, node->path);
	if (!is_node(&st, node))
		return child_fail(c, FAULT("%a: '%b' is there already and is something else"), 0, node->place, node->path);
	return 0;
}

/* What stands where the node belongs was there before us. Return: 1 it is the device, 0 it is an empty file to bind over, -1 after child_fail(). */
CHILD static int check_placeholder(const struct child *c, const struct node *node, int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return child_fail(c, FAULT("%a: cannot look at '%b'"), errno, node->place, node->path);
	if (is_node(&st, node))
		return 1;
	if (!S_ISREG(st.st_mode))
		return child_fail(c, FAULT("%a: '%b' is there already and is something else"), 0, node->place, node->path);
	return 0;
}

/* Bind the host's node of the same path over an empty file. */
CHILD static int bind_node(const struct child *c, struct node *node, int dir, const char *name)
{
	scope_fd int tree = node->tree >= 0 ? node->tree : mountfd_clone_path(node->path, false, false);
	bool owned = !c->plan->has_userns || (c->plan->request->sandbox && c->plan->caller->euid == 0);
	struct stat st;
	int r;

	node->tree = NO_FD;
	if (tree < 0)
		return child_fail(c, FAULT("%a: cannot make '%b', nor bind the host's"), tree, node->place, node->path);
	if (fstat(tree, &st) < 0 || !is_node(&st, node))
		return child_fail(c, FAULT("%a: cannot make '%b', and the host's is another device"), 0, node->place, node->path);
	if (mknodat(dir, name, S_IFREG, 0) < 0) {
		if (errno != EEXIST)
			return child_fail(c, FAULT("%a: cannot make '%b'"), errno, node->place, node->path);
		r = check_placeholder(c, node, dir, name);
		if (r != 0)
			return r < 0 ? -1 : 0;
	}
	/* root of the machine, who could not make a node here, owns the host's: its mode and owner must not be changed through the bind */
	r = owned ? mountfd_set(tree, MOUNT_ATTR_RDONLY, 0, 0, false) : 0;
	if (r >= 0) /* by its name, which no link can lead away from: move_mount(2) follows none at the end */
		r = sys_move_mount(tree, "", dir, name, MOVE_MOUNT_F_EMPTY_PATH);
	return r < 0 ? child_fail(c, FAULT("%a: cannot bind the host's '%b'"), r, node->place, node->path) : 0;
}

CHILD static int make_node(const struct child *c, struct node *node, int dir, const char *name)
{
	bool device = (node->mode & S_IFMT) != S_IFIFO;

	if (device && c->plan->has_userns)
		return bind_node(c, node, dir, name);
	if (mknodat(dir, name, node->mode, node->device) < 0) {
		if (errno == EEXIST)
			return check_existing(c, node, dir, name);
		if (errno == EPERM && device)
			return bind_node(c, node, dir, name);
		return child_fail(c, FAULT("%a: cannot make '%b'"), errno, node->place, node->path);
	}
	if ((node->uid != 0 || node->gid != 0) && fchownat(dir, name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return child_fail(c, FAULT("%a: cannot give '%b' to its owner"), errno, node->place, node->path);
	return 0;
}

/* A node somewhere else than in /dev itself. */
CHILD static int make_far_node(const struct child *c, struct node *node)
{
	const char *name;
	int dir = path_open_parent(c->root, node->path, true, &name), r;

	if (dir < 0)
		return child_fail(c, FAULT("%a: cannot open or make the directory of '%b'"), dir, node->place, node->path);
	r = path_is_fs(dir, MOUNTFD_PROC_MAGIC) == 0 ? make_node(c, node, dir, name) :
						       child_fail(c, FAULT("%a: '%b' leads into a procfs"), 0, node->place, node->path);
	(void)close_fd(dir);
	return r;
}

/* Links that are there are left: an image may have its own. But ptmx must be that of the container's devpts. */
CHILD static int make_links(const struct child *c, int dev)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(links); i++) {
		if (symlinkat(links[i].text, dev, links[i].name) == 0)
			continue;
		if (errno == EEXIST && strcmp(links[i].name, "ptmx") != 0)
			continue;
		if (errno == EEXIST && unlinkat(dev, links[i].name, 0) == 0 && symlinkat(links[i].text, dev, links[i].name) == 0)
			continue;
		return child_fail(c, FAULT("cannot make the links in /dev"), errno, NULL, NULL);
	}
	if (access("/proc/kcore", F_OK) == 0 && symlinkat("/proc/kcore", dev, "core") < 0 && errno != EEXIST)
		return child_fail(c, FAULT("cannot make the links in /dev"), errno, NULL, NULL);
	return 0;
}

/* The child's copy of the plan is its own: it may keep descriptors there. What cannot be had is not missed before it is needed. */
CHILD int devices_take(struct child *c)
{
	struct nodes *nodes = c->plan->data[ASPECT_DEVICES];
	size_t i;

	if (!c->plan->request->sandbox || !c->plan->has_userns || mounts_dev_is_host(c->plan))
		return 0;
	for (i = 0; i < nodes->n; i++)
		if ((nodes->v[i].mode & S_IFMT) != S_IFIFO)
			nodes->v[i].tree = mountfd_clone_path(nodes->v[i].path, false, false);
	return 0;
}

CHILD int devices_fill(struct child *c, int dev)
{
	struct nodes *nodes = c->plan->data[ASPECT_DEVICES];
	size_t i;

	nodes->filled = true;
	for (i = 0; i < nodes->n; i++)
		if (nodes->v[i].name && make_node(c, &nodes->v[i], dev, nodes->v[i].name) < 0)
			return -1;
	return make_links(c, dev);
}

/* In a sandbox the nodes in /dev were made with it, elsewhere perhaps with the mounts (mounts_quick_end()). */
CHILD static int enter(struct child *c)
{
	struct nodes *nodes = c->plan->data[ASPECT_DEVICES];
	scope_fd int dev = NO_FD;
	size_t i;

	if (mounts_dev_is_host(c->plan))
		return 0;
	if (!c->plan->request->sandbox && !nodes->filled) {
		dev = path_make_dir(c->root, "/dev", 0755);
		if (dev < 0)
			return child_fail(c, FAULT("cannot open or make /dev in the root"), dev, NULL, NULL);
		if (path_is_fs(dev, MOUNTFD_PROC_MAGIC) != 0)
			return child_fail(c, FAULT("/dev leads into a procfs"), 0, NULL, NULL);
		if (devices_fill(c, dev) < 0)
			return -1;
	}
	for (i = 0; i < nodes->n; i++)
		if (!nodes->v[i].name && make_far_node(c, &nodes->v[i]) < 0)
			return -1;
	return 0;
}

static void explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct nodes *nodes = p->data[ASPECT_DEVICES];
	size_t i;

	if (!nodes || phase != PHASE_ENTER || mounts_dev_is_host(p))
		return;
	for (i = 0; i < nodes->n; i++) {
		const struct node *node = &nodes->v[i];
		const char *how = p->has_userns ? "bind the host's device" : "make device";
		char type = (node->mode & S_IFMT) == S_IFBLK ? 'b' : 'c';

		if ((node->mode & S_IFMT) == S_IFIFO)
			explain_step(x, "make FIFO '%s' (mode %04o, owner %u:%u)", node->path, node->mode & 07777, node->uid, node->gid);
		else
			explain_step(x, "%s '%s' (%c %u:%u, mode %04o, owner %u:%u)", how, node->path, type, major(node->device), minor(node->device),
				     node->mode & 07777, node->uid, node->gid);
	}
	explain_step(x, "make the links fd, stdin, stdout, stderr, ptmx and core in '/dev'");
}

const struct aspect aspect_devices = {
	.id = ASPECT_DEVICES,
	.check = check,
	.enter = enter,
	.explain = explain,
};
