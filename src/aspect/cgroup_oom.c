/*
 * Out of memory: the counters, and how to be told. v2 has memory.events, whose change inotify(7) reports; v1 an eventfd that is registered in
 * cgroup.event_control (Documentation/admin-guide/cgroup-v1/memory.rst), which also fires when the cgroup is removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "aspect/cgroup.h"
#include "aspect/cgroup_stats.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/text.h"

enum { SMALL_MAX = 4096 };

/* The container's memory cgroup, NULL: none. */
static char *memory_dir(const struct facts *facts, struct arena *arena, bool *ret_v2)
{
	for (size_t i = facts->cgroups.n; i-- > 0;) {
		char *dir = facts->cgroups.v[i];

		*ret_v2 = access(arena_printf(arena, "%s/memory.events", dir), F_OK) == 0;
		if (*ret_v2 || access(arena_printf(arena, "%s/memory.oom_control", dir), F_OK) == 0)
			return dir;
	}
	return NULL;
}

static uint64_t read_number(const char *dir, const char *file)
{
	scope_fd int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char text[SMALL_MAX];
	uint64_t value;

	if (fd < 0 || io_read_small(fd, file, text, sizeof(text)) <= 0)
		return 0;
	if (text_equal(text, "max"))
		return CGROUP_NO_LIMIT;
	return text_to_u64(text, &value) < 0 ? 0 : value;
}

static uint64_t read_kills(const char *dir, bool v2)
{
	scope_fd int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char text[SMALL_MAX];

	if (fd < 0 || io_read_small(fd, v2 ? "memory.events" : "memory.oom_control", text, sizeof(text)) <= 0)
		return 0;
	return cgroup_parse_key(text, "oom_kill");
}

static uint64_t all_kills(const char *dir, bool v2, struct arena *arena)
{
	uint64_t kills = read_kills(dir, v2);

	return v2 ? kills : kills + read_kills(arena_printf(arena, "%s/" CGROUP_INNER, dir), v2); /* counts where the victim was only */
}

uint64_t cgroup_oom_kills(const struct facts *facts, struct arena *arena)
{
	bool v2 = false;
	const char *dir = memory_dir(facts, arena, &v2);

	return dir ? all_kills(dir, v2, arena) : 0;
}

void cgroup_oom_read(const struct facts *facts, struct arena *arena, struct cgroup_oom *ret_oom)
{
	bool v2 = false;
	const char *dir = memory_dir(facts, arena, &v2);

	*ret_oom = (struct cgroup_oom){ .kills = 0 };
	if (!dir)
		return;
	ret_oom->kills = all_kills(dir, v2, arena);
	ret_oom->limit = read_number(dir, v2 ? "memory.max" : "memory.limit_in_bytes");
	ret_oom->peak = read_number(dir, v2 ? "memory.peak" : "memory.max_usage_in_bytes");
}

static int watch_v1(const char *dir, struct arena *arena)
{
	scope_fd int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), control = NO_FD;
	char *line;
	int r;

	if (event < 0)
		return -errno;
	control = open(arena_printf(arena, "%s/memory.oom_control", dir), O_RDONLY | O_CLOEXEC);
	if (control < 0)
		return -errno;
	line = arena_printf(arena, "%d %d", event, control);
	r = io_write_file(AT_FDCWD, arena_printf(arena, "%s/cgroup.event_control", dir), line, strlen(line));
	return r < 0 ? r : take_fd(&event);
}

static int watch_v2(const char *dir, struct arena *arena)
{
	scope_fd int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd < 0 || inotify_add_watch(fd, arena_printf(arena, "%s/memory.events", dir), IN_MODIFY) < 0)
		return -errno;
	return take_fd(&fd);
}

int cgroup_oom_watch(const struct facts *facts, struct arena *arena, struct error *error, struct cgroup_oom_watch *ret_watch)
{
	struct cgroup_oom_watch w = { .fd = NO_FD };

	w.dir = memory_dir(facts, arena, &w.v2);
	if (w.dir) {
		w.fd = w.v2 ? watch_v2(w.dir, arena) : watch_v1(w.dir, arena);
		if (w.fd < 0)
			return fail(error, w.fd, "cannot watch '%s' for a lack of memory", w.dir);
		w.kills = read_kills(w.dir, w.v2);
	}
	*ret_watch = w;
	return 0;
}

bool cgroup_oom_happened(struct cgroup_oom_watch *w)
{
	char buffer[SMALL_MAX];
	bool fired = false;
	uint64_t before = w->kills;

	if (w->fd < 0)
		return false;
	while (read(w->fd, buffer, sizeof(buffer)) > 0)
		fired = true;
	if (access(w->dir, F_OK) < 0) /* removed: that fires, too */
		return false;
	if (!w->v2)
		return fired; /* that is all that it tells; also with the killer switched off */
	w->kills = read_kills(w->dir, true);
	return w->kills > before; /* memory.events counts other things, too */
}

void cgroup_oom_unwatch(struct cgroup_oom_watch *w)
{
	w->fd = close_fd(w->fd);
}
