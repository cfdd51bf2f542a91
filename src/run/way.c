/*
 * The toolbox: a directory of the host, shown to one process in a container and to those that it starts, without a write to the container.
 *
 * Its tree is cloned before the container is entered (open_tree(2)): a detached mount that belongs to no mount namespace and comes along as a descriptor. An
 * ordinary user clones it in a user namespace, where he may. The process that enters then takes a private copy of the
 * container's mount namespace and hangs the tree over a directory that is empty anyway: the container itself sees nothing of it, and when the last process of
 * ours ends, so does the copy.
 */
#include "run/way.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/io.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "base/text.h"

/* room for three numbers */
enum { ELSEWHERE_MAP_MAX = 48 };

CHILD int way_begin(const struct child *c, const struct way *way)
{
	int r = way->drop_groups ? sys_setgroups(0, NULL) : 0;

	return r < 0 ? child_fail(c, FAULT("cannot give up the supplementary groups"), r, NULL, NULL) : 0;
}

/*
 * Descriptors of the target's tree lead into its own mount namespace, not into our copy: there the root is found by its path, on which no link is followed,
 * and known by its number.
 */
static CHILD int copy_namespace(const struct child *c, const struct way *way)
{
	scope_fd int top = NO_FD, root = NO_FD;
	struct stat st;
	int r = sys_unshare(CLONE_NEWNS);

	if (r < 0)
		return child_fail(c, FAULT("--toolbox: cannot copy the mount namespace"), r, NULL, NULL);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return child_fail(c, FAULT("--toolbox: cannot make the mounts private"), errno, NULL, NULL);
	top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	root = top < 0 ? -errno : path_open(top, way->root_path, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	if (root < 0)
		return child_fail(c, FAULT("--toolbox: cannot open the root directory '%a'"), root, way->root_path, NULL);
	if (fstat(root, &st) < 0 || (uint64_t)st.st_dev != way->root_device || (uint64_t)st.st_ino != way->root_inode)
		return child_fail(c, FAULT("--toolbox: the root directory '%a' cannot be reached by its path"), 0, way->root_path, NULL);
	if (fchdir(root) < 0 || chroot(".") < 0)
		return child_fail(c, FAULT("cannot change the root directory to '%a'"), errno, way->root_path, NULL);
	return 0;
}

static CHILD int hang_tools(const struct child *c, const struct way *way)
{
	scope_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	scope_fd int at = root < 0 ? -errno : path_open(root, way->tools_at, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	int r = at < 0 ? at : sys_move_mount(way->tools, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);

	return r < 0 ? child_fail(c, FAULT("--toolbox: cannot mount it on '%a' in the container"), r, way->tools_at, NULL) : 0;
}

CHILD int way_end(const struct child *c, const struct way *way)
{
	if (way->tools >= 0)
		return copy_namespace(c, way) < 0 ? -1 : hang_tools(c, way);
	if (way->root < 0)
		return 0;
	if (fchdir(way->root) < 0 || chroot(".") < 0)
		return child_fail(c, FAULT("cannot change the root directory to '%a'"), errno, way->root_path, NULL);
	return 0;
}

/* Return: a detached mount or -errno. */
static CHILD int clone_tree(const char *dir)
{
	const struct sys_mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
	scope_fd int tree = sys_open_tree(AT_FDCWD, dir, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	int r = tree < 0 ? tree : sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr);

	return r < 0 ? r : take_fd(&tree);
}

/*
 * @pidfd: a process whose user namespace is used, NO_FD: one of our own
 * @uid_map, @gid_map: of our own one: who is not mapped may make no further ones
 */
struct elsewhere {
	const char *dir;
	int pidfd;
	char uid_map[ELSEWHERE_MAP_MAX], gid_map[ELSEWHERE_MAP_MAX];
};

static CHILD int own_namespaces(const struct elsewhere *w)
{
	int r = sys_unshare(CLONE_NEWUSER | CLONE_NEWNS);

	if (r == 0)
		r = io_write_file(AT_FDCWD, "/proc/self/uid_map", w->uid_map, strlen(w->uid_map));
	if (r == 0)
		r = io_write_file(AT_FDCWD, "/proc/self/setgroups", "deny", 4);
	return r < 0 ? r : io_write_file(AT_FDCWD, "/proc/self/gid_map", w->gid_map, strlen(w->gid_map));
}

static CHILD int its_namespaces(const struct elsewhere *w)
{
	int r;

	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* cannot fail with this argument */
	r = sys_setns(w->pidfd, CLONE_NEWUSER);
	return r < 0 ? r : sys_unshare(CLONE_NEWNS); /* a copy of the host's that its user namespace owns */
}

/*
 * What an ordinary user clones, he could make writable again, and so could whoever is root in a container of his: with no more than mount(8). Unless
 * the flags are locked, and that is what the kernel does when a mount namespace is copied into another user namespace (mount_namespaces(7)). So the read-only
 * tree is mounted, copied over such a border, and cloned again from there.
 */
static CHILD int clone_locked(const struct elsewhere *w)
{
	scope_fd int at = NO_FD, tree = NO_FD;
	int r = w->pidfd < 0 ? own_namespaces(w) : its_namespaces(w);

	if (r < 0)
		return r;
	at = open(w->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	tree = at < 0 ? -errno : clone_tree(w->dir);
	r = tree < 0 ? tree : sys_move_mount(tree, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	if (r == 0 && fchdir(tree) < 0)
		r = -errno;
	if (r == 0)
		r = sys_unshare(CLONE_NEWUSER | CLONE_NEWNS); /* the working directory moves into the copy */
	return r < 0 ? r : sys_open_tree(AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
}

/* In a process of its own, because there is no way back. The answer is -errno, or 0 and the descriptor. */
static CHILD _Noreturn void clone_elsewhere(const struct elsewhere *w, int socket)
{
	int tree = clone_locked(w), r = tree < 0 ? tree : 0;

	_exit(fd_send(socket, &r, sizeof(r), &tree, tree >= 0) < 0);
}

/* Return: a detached mount or -errno. */
static int ask_elsewhere(const char *dir, int pidfd)
{
	struct elsewhere w = { .dir = dir, .pidfd = pidfd };
	struct clone_args args = { .exit_signal = SIGCHLD };
	int pair[2], answer = -EPROTO, tree = NO_FD;
	ssize_t n = 0;
	pid_t pid;

	(void)snprintf(w.uid_map, sizeof(w.uid_map), "%u %u 1", geteuid(), geteuid()); /* fits, as does the next */
	(void)snprintf(w.gid_map, sizeof(w.gid_map), "%u %u 1", getegid(), getegid());
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0)
		clone_elsewhere(&w, pair[1]);
	(void)close_fd(pair[1]);
	if (pid > 0)
		n = fd_receive(pair[0], &answer, sizeof(answer), &tree, 1);
	(void)close_fd(pair[0]);
	if (pid < 0)
		return pid;
	(void)spawn_wait(pid, NULL); /* gone is gone */
	return n != (ssize_t)sizeof(answer) ? -EPROTO : answer < 0 ? answer : tree;
}

int way_open_tools(const char *dir, int pidfd, struct error *e)
{
	struct stat st;
	int tree;

	if (stat(dir, &st) < 0)
		return fail(e, errno, "--toolbox: cannot open '%s'", dir);
	if (!S_ISDIR(st.st_mode))
		return fail(e, 0, "--toolbox: '%s' is not a directory", dir);
	tree = pidfd < 0 ? clone_tree(dir) : ask_elsewhere(dir, NO_FD);
	if (tree < 0 && pidfd >= 0) /* a host that gives ordinary users no user namespaces of their own: the target has one */
		tree = ask_elsewhere(dir, pidfd);
	return tree < 0 ? fail(e, tree, "--toolbox: cannot clone the tree '%s'", dir) : tree;
}

static bool is_empty(int fd)
{
	struct dirent *entry;
	bool empty = true;
	DIR *dir = fdopendir(fd);

	if (!dir) {
		(void)close_fd(fd);
		return false;
	}
	while (empty && (entry = readdir(dir)))
		empty = text_equal(entry->d_name, ".") || text_equal(entry->d_name, "..");
	(void)closedir(dir); /* it was only read */
	return empty;
}

const char *way_find_place(int root)
{
	/* first where guests are expected; the last ones are there in images that have nothing else, since engines make them */
	static const char *const places[] = { "/mnt", "/media", "/srv", "/opt", "/home", "/boot", "/dev/mqueue", "/sys/fs/pstore", "/sys/kernel/debug",
		"/sys/kernel/tracing", "/run", "/var" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int fd = path_open(root, places[i], O_RDONLY | O_DIRECTORY | O_NONBLOCK, RESOLVE_NO_SYMLINKS);

		if (fd >= 0 && is_empty(fd))
			return places[i];
	}
	return NULL;
}

char *way_path(struct arena *arena, const char *dir, const char *at, const char *path)
{
	static const char *const parts[] = { "/bin", "/sbin", "/usr/bin", "/usr/sbin" };
	char *result = arena_strdup(arena, "");
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (stat(arena_printf(arena, "%s%s", dir, parts[i]), &st) == 0 && S_ISDIR(st.st_mode))
			result = arena_printf(arena, "%s%s%s:", result, at, parts[i]);
	if (result[0] == '\0')
		result = arena_printf(arena, "%s:", at);
	return arena_printf(arena, "%s%s", result, path);
}
