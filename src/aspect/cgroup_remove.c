/*
 * Removing a container's cgroups. In the normal case every process is gone and one rmdir(2) a tree does it. Else what is left is killed and waited
 * for by pidfd, and the tree, with what the payload made below, is removed from the bottom up.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "aspect/cgroup.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/sys.h"

enum { DEPTH_MAX = 64, BUSY_TRIES_MAX = 50, BUSY_POLL_MS = 10, DRAIN_ROUNDS_MAX = 20, DRAIN_WAIT_MS = 1000 };

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

static int remove_below(int parent, const char *name, int depth);

/* the directories in @dir, which is consumed */
static int remove_children(int dir, int depth)
{
	DIR *stream = fdopendir(dir);
	struct dirent *entry;
	int result = 0, r;

	if (!stream) {
		(void)close_fd(dir);
		return -ENOMEM;
	}
	while ((entry = readdir(stream))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		r = remove_below(dirfd(stream), entry->d_name, depth + 1);
		if (r < 0)
			result = r;
	}
	(void)closedir(stream);
	return result;
}

static int remove_below(int parent, const char *name, int depth)
{
	int dir, r;

	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY || depth > DEPTH_MAX)
		return -errno;
	dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : -errno;
	r = remove_children(dir, depth);
	if (r < 0)
		return r;
	return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -errno;
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
		r = remove_below(AT_FDCWD, path, 0);
		if (r != -EBUSY)
			return r;
		wait_empty(path);
	}
	return r;
}

int cgroup_remove(const struct facts *facts, struct arena *arena, struct error *error)
{
	bool killed = false;
	int result = 0, r;

	for (size_t i = facts->cgroups.n; i-- > 0;) {
		const char *path = facts->cgroups.v[i];

		if (rmdir(path) == 0 || errno == ENOENT)
			continue;
		r = -errno;
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
