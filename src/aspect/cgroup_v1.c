/* Making a container's cgroups on v1 hierarchies, and opening the file by which the child enters each. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "aspect/cgroup.h"
#include "base/io.h"
#include "base/scope.h"

int cgroup_make_dir(struct arena *arena, const char *mount, const char *dir)
{
	size_t top = strlen(mount), length = strlen(dir);
	int r;

	if (mkdir(dir, 0755) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return -errno;
	while (length > top && dir[length - 1] != '/')
		length--;
	if (length <= top + 1)
		return -ENOENT;
	r = cgroup_make_dir(arena, mount, arena_strndup(arena, dir, length - 1)); /* as deep as the path has components: the spec is at most 1 MiB, PATH_MAX ends it */
	if (r < 0)
		return r;
	return mkdir(dir, 0755) == 0 || errno == EEXIST ? 0 : -errno;
}

/* A new cpuset is empty, and an empty one takes no process: each level takes over what the one above has. */
static int inherit_cpuset(struct arena *arena, const char *mount, const char *dir, const char *file)
{
	char value[4096];
	const char *path = arena_printf(arena, "%s/%s", dir, file), *last = strrchr(dir, '/');
	char *above = arena_strndup(arena, dir, (size_t)(last - dir));
	ssize_t n = io_read_small(AT_FDCWD, arena_printf(arena, "%s/%s", above, file), value, sizeof(value));
	int r;

	if (n == 0 && strlen(above) > strlen(mount)) {
		r = inherit_cpuset(arena, mount, above, file);
		if (r < 0)
			return r;
		n = io_read_small(AT_FDCWD, arena_printf(arena, "%s/%s", above, file), value, sizeof(value));
	}
	if (n < 0)
		return (int)n;
	return n == 0 ? 0 : io_write_file(AT_FDCWD, path, value, (size_t)n);
}

int cgroup_v1_make(struct arena *arena, const struct cgroup_tree *t)
{
	int r = cgroup_make_dir(arena, t->mount, t->leaf);

	if (r < 0 || t->existed || !cgroup_has_controller(t->controllers, "cpuset"))
		return r;
	r = inherit_cpuset(arena, t->mount, t->leaf, "cpuset.cpus");
	return r < 0 ? r : inherit_cpuset(arena, t->mount, t->leaf, "cpuset.mems");
}

int cgroup_v1_open_tasks(struct arena *arena, const char *dir)
{
	int fd = open(arena_printf(arena, "%s/tasks", dir), O_WRONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : fd;
}
