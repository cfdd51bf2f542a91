/*
 * Overlays, layer by layer: so their number and the length of their paths have no limit of ours, and their names need no escaping. The layers are opened
 * first and given to the kernel by descriptor; where it does not take those, by their names in the host's /proc.
 *
 * "hull.tmp": what is written goes to a tmpfs. It is mounted on the target first, where the overlay then hides it: before Linux 6.15 a layer must be mounted.
 */
#include <string.h>
#include <sys/stat.h>

#include "aspect/mountfd.h"
#include "aspect/mounts.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"

static const char fd_path[] = "/proc/self/fd/";

enum { FD_PATH_SIZE = sizeof(fd_path) + TEXT_NUMBER_MAX };

bool mounts_is_layer_option(const char *option)
{
	return text_after(option, "lowerdir=") || text_after(option, "upperdir=") || text_after(option, "workdir=");
}

/* Take one path off a list that @separator separates, 0: it is a single one; without its backslashes. Return: what is left, NULL: nothing. */
static const char *take_path(struct arena *arena, const char *list, char separator, const char **ret_path)
{
	char *path = arena_alloc(arena, strlen(list) + 1), *end = path;

	for (; *list && *list != separator; list++) {
		if (*list == '\\' && list[1])
			list++;
		*end++ = *list;
	}
	*ret_path = path;
	return *list ? list + 1 : NULL;
}

static bool has_empty_path(const char *list)
{
	const char *s;

	if (!*list || *list == ':')
		return true;
	for (s = list; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (*s == ':' && (s[1] == ':' || !s[1]))
			return true;
	}
	return false;
}

static int check_layers(struct plan *p, const struct mount_op *op)
{
	const struct mount_layers *layers = op->layers;

	if (op->source && strlen(op->source) >= MOUNTFD_VALUE_MAX)
		return fail(p->error, 0, "%s.source: longer than %d bytes", op->place, MOUNTFD_VALUE_MAX - 1);
	if (op->flags->tmp_layer && (layers->upper || layers->work))
		return fail(p->error, 0, "%s.options: hull.tmp is instead of upperdir and workdir", op->place);
	if (!layers->upper != !layers->work)
		return fail(p->error, 0, "%s.options: %s: missing", op->place, layers->upper ? "workdir" : "upperdir");
	if (!layers->upper && !op->flags->tmp_layer && layers->n_lower < 2)
		return fail(p->error, 0, "%s.options: lowerdir: an overlay that is read-only has at least two layers", op->place);
	return 0;
}

int mounts_compile_overlay(struct plan *p, struct mount_op *op)
{
	struct mount_layers *layers = arena_new(p->arena, struct mount_layers);
	const char *lower = NULL, *value;
	size_t i, n = 0, limit = 1;

	for (i = 0; i < op->n_params; i++)
		if (text_equal(op->params[i].key, "lowerdir"))
			lower = op->params[i].value;
	if (!lower || has_empty_path(lower)) { /* "lowerdir+", or "a::b": the kernel knows */
		op->kind = MOUNT_FILESYSTEM;
		return op->flags->tmp_layer ? fail(p->error, 0, "%s.options: lowerdir: missing", op->place) : 0;
	}
	for (value = lower; *value; value++)
		limit += *value == ':';
	layers->lower = arena_many(p->arena, const char *, limit);
	while (lower)
		lower = take_path(p->arena, lower, ':', &layers->lower[layers->n_lower++]);
	for (i = 0; i < op->n_params; i++) { /* what names no layer stays an option */
		const struct mount_param param = op->params[i];

		if (text_equal(param.key, "upperdir") && param.value)
			(void)take_path(p->arena, param.value, 0, &layers->upper); /* only one, with its colons */
		else if (text_equal(param.key, "workdir") && param.value)
			(void)take_path(p->arena, param.value, 0, &layers->work); /* likewise */
		else if (!text_equal(param.key, "lowerdir"))
			op->params[n++] = param;
	}
	op->n_params = n;
	layers->fds = arena_many(p->arena, int, layers->n_lower + 2);
	for (i = 0; i < layers->n_lower + 2; i++)
		layers->fds[i] = NO_FD;
	op->layers = layers;
	return check_layers(p, op);
}

/* ---- child ---- */

CHILD static int open_layer(const struct child *c, const struct mount_op *op, const char *path, int *ret_fd)
{
	if (!path || *ret_fd >= 0)
		return 0;
	*ret_fd = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? child_fail(c, FAULT("%a.options: cannot open the layer '%b'"), errno, op->place, path) : 0;
}

CHILD static int open_layers(const struct child *c, const struct mount_op *op)
{
	const struct mount_layers *layers = op->layers;
	size_t i, n = layers->n_lower;

	for (i = 0; i < n; i++)
		if (open_layer(c, op, layers->lower[i], &layers->fds[i]) < 0)
			return -1;
	return open_layer(c, op, layers->upper, &layers->fds[n]) < 0 || open_layer(c, op, layers->work, &layers->fds[n + 1]) < 0 ? -1 : 0;
}

CHILD static void close_layers(const struct mount_op *op)
{
	size_t i;

	for (i = 0; i < op->layers->n_lower + 2; i++)
		op->layers->fds[i] = close_fd(op->layers->fds[i]);
}

/* Where a descriptor is found by name. @path: room for FD_PATH_SIZE. Return: its length. */
CHILD static size_t name_of(int fd, char *path)
{
	char number[TEXT_NUMBER_MAX];
	size_t prefix = sizeof(fd_path) - 1, length;

	length = strlen(text_from_u64(number, (uint64_t)fd));
	memcpy(path, fd_path, prefix);
	memcpy(path + prefix, number, length + 1);
	return prefix + length;
}

/* Linux takes layers by descriptor since 6.13, and those of O_PATH since 6.15. */
CHILD static int add_layer(int context, const char *key, int fd)
{
	char path[FD_PATH_SIZE];
	int r = sys_fsconfig(context, FSCONFIG_SET_FD, key, NULL, fd);

	if (r >= 0)
		return r;
	(void)name_of(fd, path);
	return sys_fsconfig(context, FSCONFIG_SET_STRING, key, path, 0);
}

/* Before Linux 6.8 all of them must fit into one value: there is room for about 14. */
CHILD static int add_lower_together(int context, const struct mount_layers *layers)
{
	char all[MOUNTFD_VALUE_MAX], path[FD_PATH_SIZE];
	size_t used = 0, length, i;

	for (i = 0; i < layers->n_lower; i++) {
		length = name_of(layers->fds[i], path);
		if (used + length + 2 > sizeof(all))
			return -E2BIG;
		if (i > 0)
			all[used++] = ':';
		memcpy(all + used, path, length + 1);
		used += length;
	}
	return sys_fsconfig(context, FSCONFIG_SET_STRING, "lowerdir", all, 0);
}

CHILD static int add_layers(int context, const struct mount_layers *layers)
{
	size_t i, n = layers->n_lower;
	int r = 0;

	for (i = 0; i < n && r >= 0; i++) {
		r = add_layer(context, "lowerdir+", layers->fds[i]);
		if (r < 0 && i == 0) {
			r = add_lower_together(context, layers);
			break;
		}
	}
	if (r >= 0 && layers->fds[n] >= 0)
		r = add_layer(context, "upperdir", layers->fds[n]);
	if (r >= 0 && layers->fds[n] >= 0)
		r = add_layer(context, "workdir", layers->fds[n + 1]);
	return r;
}

/* The name that /proc/mounts shows, and options but layers. In a user namespace overlayfs keeps its notes in attributes that it may write there. */
CHILD static int add_options(const struct child *c, int context, const struct mount_op *op)
{
	bool userxattr = c->plan->has_userns || !process_in_initial_userns();
	size_t i;
	int r = 0;

	if (op->source && op->source[0])
		r = sys_fsconfig(context, FSCONFIG_SET_STRING, "source", op->source, 0);
	for (i = 0; i < op->n_params && r >= 0; i++) {
		const struct mount_param *param = &op->params[i];

		userxattr &= strcmp(param->key, "userxattr") != 0;
		r = mountfd_option(context, param);
	}
	return r >= 0 && userxattr ? sys_fsconfig(context, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) : r;
}

/* The overlay, all of whose layers are open. Return: a detached mount, or -1 after child_fail(). */
CHILD static int make(const struct child *c, const struct mount_op *op)
{
	scope_fd int context = sys_fsopen("overlay", FSOPEN_CLOEXEC);
	int r = context;

	if (r == -ENODEV)
		return child_fail(c, FAULT("%a: the kernel has no overlayfs (modprobe overlay?)"), 0, op->place, NULL);
	if (r >= 0)
		r = add_layers(context, op->layers);
	if (r == -E2BIG)
		return child_fail(c, FAULT("%a.options: lowerdir: more layers than this kernel takes (Linux 6.8 takes 500)"), 0, op->place, NULL);
	if (r >= 0)
		r = add_options(c, context, op);
	if (r >= 0)
		r = sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r >= 0)
		r = sys_fsmount(context, FSMOUNT_CLOEXEC, (unsigned int)op->flags->attr_set);
	if (r < 0)
		return child_fail_fs(c, FAULT("%a: cannot mount an overlay for '%b'"), r, op->place, op->target, context);
	close_layers(op);
	return r;
}

CHILD int mounts_take_overlay(struct child *c, struct mount_op *op)
{
	int tree;

	if (open_layers(c, op) < 0)
		return -1;
	if (op->flags->tmp_layer)
		return 0;
	tree = make(c, op);
	op->tree = tree < 0 ? NO_FD : tree;
	return tree < 0 ? -1 : 0;
}

/* The directories for what is written, on a tmpfs that the overlay will hide. The upper one's mode and owner are what the overlay's root has. */
CHILD static int make_tmp_layer(const struct child *c, const struct mount_op *op, int target)
{
	static const struct mount_param mode = { .key = "mode", .value = "0700" };
	static const struct mountfd_fs fs = { .type = "tmpfs", .source = "tmpfs", .params = &mode, .n_params = 1, .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
	int *fds = op->layers->fds, log, r;
	size_t n = op->layers->n_lower;
	scope_fd int tmpfs = mountfd_new(&fs, &log);
	struct stat st;

	if (tmpfs < 0)
		return child_fail_fs(c, FAULT("%a: cannot make a tmpfs for the overlay on '%b'"), tmpfs, op->place, op->target, log);
	r = mountfd_move(tmpfs, target);
	if (r >= 0 && (mkdirat(tmpfs, "upper", 0755) < 0 || mkdirat(tmpfs, "work", 0755) < 0))
		r = -errno;
	if (r >= 0 && (fstat(fds[0], &st) < 0 || fchmodat(tmpfs, "upper", st.st_mode & 07777, 0) < 0))
		r = -errno;
	if (r >= 0 && fchownat(tmpfs, "upper", st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != EPERM && errno != EINVAL)
		r = -errno; /* an id that is not mapped here cannot be kept */
	if (r >= 0) {
		fds[n] = openat(tmpfs, "upper", O_PATH | O_DIRECTORY | O_CLOEXEC);
		fds[n + 1] = openat(tmpfs, "work", O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = fds[n] < 0 || fds[n + 1] < 0 ? -errno : 0;
	}
	return r < 0 ? child_fail(c, FAULT("%a: cannot make the layer for what is written to '%b'"), r, op->place, op->target) : 0;
}

CHILD int mounts_play_overlay(struct child *c, struct mount_op *op, int target)
{
	int tree = op->tree, r;
	struct stat st;

	if (tree < 0) {
		if (open_layers(c, op) < 0 || (op->flags->tmp_layer && make_tmp_layer(c, op, target) < 0))
			return -1;
		tree = make(c, op);
		if (tree < 0)
			return -1;
	}
	if (op->flags->tmp_layer && fstat(tree, &st) == 0)
		op->made = st.st_dev;
	r = mountfd_apply(tree, op->flags, false, false);
	if (r < 0)
		return child_fail(c, FAULT("%a: cannot set the attributes of the mount on '%b'"), r, op->place, op->target);
	return mounts_place(c, op, tree, target);
}
