/*
 * Making a container's cgroup on a v2 hierarchy: directories from the top down, and on each level above the leaf the controllers handed down.
 * A level that has processes of its own cannot hand down most controllers (no internal processes, except at the root): then the limit's file
 * is missing, and writing the limit says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aspect/cgroup.h"
#include "base/io.h"
#include "base/scope.h"

enum { CONTROLLERS_MAX = 1024, DELEGATE_MAX = 4096 };

/* Ask for one controller after the other: the kernel takes a line whole or not at all. */
static void enable_each(int dir, char *list)
{
	for (char *word = cgroup_next_word(&list); word; word = cgroup_next_word(&list))
		(void)io_write_file(dir, "cgroup.subtree_control", word, strlen(word)); /* the missing file tells later */
}

/* Hand down those of @controllers (NULL: all) that @dir has and does not hand down yet. */
static void enable_controllers(const char *path, const char *controllers)
{
	char have[CONTROLLERS_MAX], on[CONTROLLERS_MAX], line[2 * CONTROLLERS_MAX], *rest = have;
	scope_fd int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t used = 0;

	if (dir < 0 || io_read_small(dir, "cgroup.controllers", have, sizeof(have)) <= 0 ||
	    io_read_small(dir, "cgroup.subtree_control", on, sizeof(on)) < 0)
		return;
	for (char *word = cgroup_next_word(&rest); word; word = cgroup_next_word(&rest)) {
		size_t length = strlen(word);

		if (cgroup_has_controller(on, word) || (controllers && !cgroup_has_controller(controllers, word)))
			continue;
		line[used++] = '+';
		memcpy(line + used, word, length);
		used += length;
		line[used++] = ' ';
	}
	if (used == 0)
		return;
	line[--used] = '\0';
	if (io_write_file(dir, "cgroup.subtree_control", line, used) < 0)
		enable_each(dir, line);
}

int cgroup_v2_make(struct arena *arena, const struct cgroup_tree *t, const char *controllers)
{
	size_t length = strlen(t->mount), end = strlen(t->leaf);
	bool hand_down = !controllers || controllers[0] || t->unit;
	int r;

	if (!hand_down)
		return cgroup_make_dir(arena, t->mount, t->leaf);
	while (length < end) {
		char *dir = arena_strndup(arena, t->leaf, length);

		if (length > strlen(t->mount)) {
			r = cgroup_make_dir(arena, t->mount, dir);
			if (r < 0)
				return r;
		}
		enable_controllers(dir, t->unit && length >= strlen(t->unit) ? NULL : controllers);
		length += 1 + strcspn(t->leaf + length + 1, "/");
	}
	return cgroup_make_dir(arena, t->mount, t->leaf);
}

int cgroup_v2_delegate(struct arena *arena, struct error *error, const struct cgroup_tree *t, uid_t uid)
{
	scope_fd int dir = open(t->leaf, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *list = NULL;
	gid_t keep = (gid_t)-1;
	int r;

	if (dir < 0 || fchownat(dir, "", uid, keep, AT_EMPTY_PATH) < 0)
		return fail(error, errno, "cannot give '%s' to user %u", t->leaf, uid);
	r = io_read_file(AT_FDCWD, "/sys/kernel/cgroup/delegate", DELEGATE_MAX, arena, &list, NULL);
	if (r < 0) /* Linux before 4.15, or sysfs is not there */
		list = arena_strdup(arena, "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n");
	for (char *word = cgroup_next_word(&list); word; word = cgroup_next_word(&list)) {
		if (fchownat(dir, word, uid, keep, 0) < 0 && errno != ENOENT) /* the list names files of all controllers */
			return fail(error, errno, "cannot give '%s/%s' to user %u", t->leaf, word, uid);
	}
	return 0;
}
