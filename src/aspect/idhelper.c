/* Running newuidmap and newgidmap: an empty environment, no descriptors but a pipe that takes what they say. */
#include "aspect/idhelper.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aspect/idmap.h"
#include "base/scope.h"
#include "base/spawn.h"

enum { SAID_MAX = 512 };

static const struct {
	const char *paths[3];
	const char *file, *place;
} helpers[] = {
	[IDHELPER_UID] = { { "/usr/bin/newuidmap", "/bin/newuidmap", "/usr/local/bin/newuidmap" }, "/etc/subuid", "linux.uidMappings" },
	[IDHELPER_GID] = { { "/usr/bin/newgidmap", "/bin/newgidmap", "/usr/local/bin/newgidmap" }, "/etc/subgid", "linux.gidMappings" },
};

const char *idhelper_find(enum idhelper which)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(helpers[which].paths); i++)
		if (access(helpers[which].paths[i], X_OK) == 0)
			return helpers[which].paths[i];
	return NULL;
}

struct id_mapping_list idhelper_ranges(struct arena *arena, enum idhelper which, uint32_t uid)
{
	return idmap_read_ranges(arena, helpers[which].file, idmap_user_name(arena, "/etc/passwd", uid), uid);
}

/* "newuidmap PID CONTAINER HOST SIZE …" */
static char **arguments(struct arena *arena, const char *path, pid_t pid, const struct id_mapping_list *list)
{
	char **argv = arena_many(arena, char *, 3 + 3 * list->n);
	size_t i, n = 0;

	argv[n++] = arena_strdup(arena, path);
	argv[n++] = arena_printf(arena, "%d", (int)pid);
	for (i = 0; i < list->n; i++) {
		argv[n++] = arena_printf(arena, "%u", list->v[i].container_id);
		argv[n++] = arena_printf(arena, "%u", list->v[i].host_id);
		argv[n++] = arena_printf(arena, "%u", list->v[i].size);
	}
	return argv;
}

/* Read to the end; what does not fit is read and dropped, so that the helper never blocks. Line ends become spaces. */
static void listen_to(int fd, char said[SAID_MAX])
{
	char rest[256];
	size_t length = 0, i;
	ssize_t n;

	for (;;) {
		if (length < SAID_MAX - 1)
			n = read(fd, said + length, SAID_MAX - 1 - length);
		else
			n = read(fd, rest, sizeof(rest));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (length < SAID_MAX - 1)
			length += (size_t)n;
	}
	while (length > 0 && (said[length - 1] == '\n' || said[length - 1] == '\0'))
		length--;
	said[length] = '\0';
	for (i = 0; i < length; i++)
		if ((unsigned char)said[i] < ' ')
			said[i] = ' ';
}

/* It did not work: say what the helper said, and what would have to stand in which file. */
static int refused(const struct plan *p, enum idhelper which, const char *said, const struct id_mapping_list *list)
{
	uint32_t own = which == IDHELPER_UID ? p->caller->euid : p->caller->egid;
	struct id_mapping_list ranges = idhelper_ranges(p->arena, which, p->caller->euid);
	const struct id_mapping *m = idmap_forbidden(list, own, &ranges);
	const char *name = idmap_user_name(p->arena, "/etc/passwd", p->caller->euid);

	if (!m)
		return fail(p->error, 0, "%s: %s", helpers[which].place, said);
	if (m->host_id == 0)
		return fail(p->error, 0, "%s: host id 0 is root's, and not yours to map (%s): only root can run this config", helpers[which].place, said);
	if (!name)
		name = arena_printf(p->arena, "%u", p->caller->euid);
	return fail(p->error, 0, "%s: host ids %u to %llu are not yours to map (%s): add '%s:%u:%u' to %s", helpers[which].place, m->host_id,
		(unsigned long long)m->host_id + m->size - 1, said, name, m->host_id, m->size, helpers[which].file);
}

int idhelper_run(const struct plan *p, enum idhelper which, const char *path, pid_t pid, const struct id_mapping_list *list)
{
	static char *const no_environment[] = { NULL };
	scope_fd int in = NO_FD, out = NO_FD;
	int ends[2], status = 0;
	char said[SAID_MAX];
	pid_t helper;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(p->error, errno, "cannot make a pipe");
	in = ends[0];
	out = ends[1];
	helper = spawn_start(&(struct spawn){ .path = path, .argv = arguments(p->arena, path, pid, list), .envp = no_environment, .input = NO_FD,
		.output = out, .errors = out });
	if (helper < 0)
		return fail(p->error, helper, "%s: cannot run '%s'", helpers[which].place, path);
	out = close_fd(out);
	listen_to(in, said);
	if (spawn_wait(helper, &status) < 0) /* nobody knows the status. What was said tells. */
		return said[0] ? refused(p, which, said, list) : 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return refused(p, which, said[0] ? said : path, list);
}
