/*
 * Removing a container's cgroups. In the normal case every process is gone and one rmdir(2) a tree does it. Else what is left is killed and waited
 * for by pidfd, and the tree, with what the payload made below, is removed from the bottom up.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "aspect/cgroup.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/sys.h"

enum { STEPS_MAX = 1 << 20, BUSY_TRIES_MAX = 50, BUSY_POLL_MS = 10, DRAIN_ROUNDS_MAX = 20, DRAIN_WAIT_MS = 1000 };

/* Kill who is in @path or below, and wait for their end. A process that cannot die (uninterruptible) is left to the caller's EBUSY. */
static void drain(const char *path, struct arena *arena)
{
	for (int round = 0; round < DRAIN_ROUNDS_MAX; round++) {
		int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		pid_t *pids;
		size_t n;

		if (dir < 0 || cgroup_dir_pids(dir, arena, &pids, &n) < 0 || n == 0)
			return;
		for (size_t i = 0; i < n; i++) {
			scope_fd int pidfd = sys_pidfd_open(pids[i], 0);

			if (pidfd < 0)
				continue;
			(void)sys_pidfd_send_signal(pidfd, SIGKILL);
			(void)process_wait_gone(pidfd, DRAIN_WAIT_MS);
		}
	}
}

/*
 * Remove the directories in @dir that have none themselves, up to the first that cannot be removed.
 * Return: 1 and its name in @name (NAME_MAX + 1 bytes), 0: there are no more, or -errno. *ret_any: whether there were any.
 */
static int remove_leaves(int dir, char *name, bool *ret_any)
{
	int readable = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *stream = readable < 0 ? NULL : fdopendir(readable);
	struct dirent *entry;

	if (!stream) {
		r = -errno;
		(void)close_fd(readable);
		return r;
	}
	*ret_any = false;
	while (r == 0 && (entry = readdir(stream))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		*ret_any = true;
		if (unlinkat(dir, entry->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			continue;
		r = errno == EBUSY ? 1 : -errno;
		(void)stpcpy(name, entry->d_name); /* NAME_MAX bytes at most */
	}
	(void)closedir(stream);
	return r;
}

/*
 * Remove what is below @dir, which is consumed. With one descriptor, down by name and up by "..": a payload that may make cgroups nests them deeper than a
 * stack, or the number of open files, allows. Return: 0, -EBUSY: there are processes, or -errno.
 */
static int remove_inside(int dir)
{
	char name[NAME_MAX + 1];
	size_t depth = 0;
	bool down = false, any = false;
	int r, next;

	for (int step = 0;; step++) {
		r = step < STEPS_MAX ? remove_leaves(dir, name, &any) : -ELOOP;
		if (r == 0 && down && !any)
			r = -EBUSY; /* it could not be removed, though it has no directories */
		if (r < 0 || (r == 0 && depth == 0))
			break;
		down = r == 1;
		depth = down ? depth + 1 : depth - 1;
		next = openat(dir, down ? name : "..", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = next < 0 && errno != ENOENT ? -errno : -EBUSY; /* ENOENT: removed meanwhile, so once more */
		(void)close_fd(dir);
		dir = next;
		if (dir < 0)
			break;
	}
	(void)close_fd(dir);
	return r;
}

static int remove_tree(const char *path)
{
	int dir, r;

	if (rmdir(path) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY)
		return -errno;
	dir = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : -errno;
	r = remove_inside(dir);
	if (r < 0)
		return r;
	return rmdir(path) == 0 || errno == ENOENT ? 0 : -errno;
}

/* The last process may still be on its way out of the cgroup when it is already a zombie: v2 tells when it is empty, v1 cannot. */
static void wait_empty(const char *path)
{
	scope_fd int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir >= 0 && cgroup_wait_event(dir, "populated ", '0', BUSY_POLL_MS) < 0)
		(void)poll(NULL, 0, BUSY_POLL_MS);
}

static int remove_busy(const char *path, struct arena *arena)
{
	int r = -EBUSY;

	for (int try = 0; try < BUSY_TRIES_MAX; try++) {
		drain(path, arena);
		r = remove_tree(path);
		if (r != -EBUSY)
			return r;
		wait_empty(path);
	}
	return r;
}

static int remove_empty(const char *path, struct arena *arena)
{
	int r = rmdir(path) == 0 ? 0 : -errno;

	if (r == -EBUSY && rmdir(arena_printf(arena, "%s/" CGROUP_INNER, path)) == 0)
		r = rmdir(path) == 0 ? 0 : -errno;
	return r;
}

int cgroup_remove(const struct facts *facts, struct arena *arena, struct error *error)
{
	bool killed = false;
	int result = 0, r;

	for (size_t i = facts->cgroups.n; i-- > 0;) {
		const char *path = facts->cgroups.v[i];

		r = remove_empty(path, arena);
		if (r == 0)
			continue;
		if (access(path, F_OK) < 0) /* (in a read-only hierarchy rmdir(2) says EROFS even of what does not exist) */
			continue;
		if (r == -EBUSY && !killed) {
			struct error ignored;

			(void)cgroup_kill_all(facts, arena, &ignored, SIGKILL); /* thaws too; who escapes it is drained tree by tree */
			killed = true;
		}
		if (r == -EBUSY)
			r = remove_busy(path, arena);
		if (r < 0)
			result = fail(error, r, "cannot remove cgroup '%s'", path);
	}
	return result;
}
