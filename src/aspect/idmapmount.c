/*
 * Id-mapped mounts. The kernel takes the mapping from a user namespace, so one is made for it: a process that does nothing is cloned into a new
 * user namespace, its maps are written, its namespace file is opened, and it goes. The mapping itself is text, decided by the check.
 */
#include "aspect/idmapmount.h"

#include <sched.h>
#include <string.h>

#include "aspect/user.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "base/text.h"
#include "spec/oci.h"

/* as many lines as the kernel takes: user_namespaces(7) */
enum { IDMAP_LINES_MAX = 340, IDMAP_TEXT_MAX = IDMAP_LINES_MAX * 36 };

/* A list of mappings as the text of uid_map. */
static const char *map_text(struct arena *arena, const struct id_mapping_list *list)
{
	char buffer[IDMAP_TEXT_MAX];
	struct text t = text_on(buffer, sizeof(buffer));
	size_t i;

	for (i = 0; i < list->n; i++)
		text_addf(&t, "%u %u %u\n", list->v[i].container_id, list->v[i].host_id, list->v[i].size);
	return t.cut ? NULL : arena_strdup(arena, buffer);
}

/* The host's id of @id in the container's user namespace. Return: 0 or -1: not mapped. */
static int to_host(const struct id_mapping_list *container, uint32_t id, uint32_t *ret_id)
{
	size_t i;

	for (i = 0; i < container->n; i++) {
		const struct id_mapping *m = &container->v[i];

		if (id >= m->container_id && id - m->container_id < m->size) {
			*ret_id = m->host_id + (id - m->container_id);
			return 0;
		}
	}
	return -1;
}

/* One "FROM-TO-LENGTH". @text is consumed. */
static int parse_range(char *text, struct id_mapping *ret)
{
	char *to = strchr(text, '-'), *length = to ? strchr(to + 1, '-') : NULL;

	if (!length)
		return -1;
	*to++ = *length++ = '\0';
	if (text_to_u32(text, &ret->container_id) < 0 || text_to_u32(to, &ret->host_id) < 0 || text_to_u32(length, &ret->size) < 0)
		return -1;
	return ret->size == 0 ? -1 : 0;
}

/* "[@]0-1-10#10-11-10": @ means: the second number is an id in the container. */
static int parse_ranges(struct plan *p, const char *place, const char *spec, const struct id_mapping_list *container, const char **ret_text)
{
	struct id_mapping ranges[IDMAP_LINES_MAX];
	struct id_mapping_list list = { .v = ranges };
	char *copy = arena_strdup(p->arena, spec), *next;
	bool relative = *copy == '@';

	for (copy += relative; copy; copy = next) {
		struct id_mapping *m = &ranges[list.n];

		next = strchr(copy, '#');
		if (next)
			*next++ = '\0';
		if (list.n == IDMAP_LINES_MAX)
			return fail(p->error, 0, "%s.options: idmap: more than %d ranges", place, IDMAP_LINES_MAX);
		if (parse_range(copy, m) < 0)
			return fail(p->error, 0, "%s.options: idmap: expected FROM-TO-LENGTH[#…], got '%s'", place, spec);
		if (relative && to_host(container, m->host_id, &m->host_id) < 0)
			return fail(p->error, 0, "%s.options: idmap: id %u is not mapped in the container", place, m->host_id);
		list.n++;
	}
	*ret_text = map_text(p->arena, &list);
	return 0;
}

/* "uids=…;gids=…" of the idmap= option */
static int parse_option(struct plan *p, const char *place, const char *spec, struct idmap *map)
{
	char *copy = arena_strdup(p->arena, spec), *next;
	const char *rest;
	int r = 0;

	for (; copy && *copy && r == 0; copy = next) {
		next = strchr(copy, ';');
		if (next)
			*next++ = '\0';
		if ((rest = text_after(copy, "uids=")))
			r = parse_ranges(p, place, rest, &p->spec->linux.uid_mappings, &map->uids);
		else if ((rest = text_after(copy, "gids=")))
			r = parse_ranges(p, place, rest, &p->spec->linux.gid_mappings, &map->gids);
		else
			r = fail(p->error, 0, "%s.options: idmap: expected uids= or gids=, got '%s'", place, copy);
	}
	if (r == 0 && (!map->uids || !map->gids))
		r = fail(p->error, 0, "%s.options: idmap: uids= and gids= are both needed", place);
	return r;
}

int idmap_compile(struct plan *p, const struct mount *m, const char *place, const struct idmap **ret_map)
{
	const struct linux_config *lc = &p->spec->linux;
	const struct namespace *user = spec_namespace(p->spec, NAMESPACE_USER);
	const struct id_mapping_list *uids = &m->uid_mappings, *gids = &m->gid_mappings;
	struct idmap *map;

	*ret_map = NULL;
	if (uids->n == 0 && gids->n == 0 && !m->flags.idmap)
		return 0;
	map = arena_new(p->arena, struct idmap);
	map->recursive = m->flags.idmap_recursive;
	*ret_map = map;
	if (m->flags.idmap_spec)
		return parse_option(p, place, m->flags.idmap_spec, map);
	if ((uids->n == 0) != (gids->n == 0))
		return fail(p->error, 0, "%s.%s: missing: uidMappings and gidMappings go together", place, uids->n == 0 ? "uidMappings" : "gidMappings");
	if (uids->n == 0 && !user && !p->has_userns)
		return fail(p->error, 0, "%s.options: idmap needs mappings of its own or a user namespace", place);
	if (uids->n == 0 && (!user || user->path))
		return 0; /* the mapping is that of the namespace that is joined, or of the one that an ordinary user's container gets */
	map->uids = map_text(p->arena, uids->n > 0 ? uids : &lc->uid_mappings);
	map->gids = map_text(p->arena, gids->n > 0 ? gids : &lc->gid_mappings);
	if (!map->uids || !map->gids)
		return fail(p->error, 0, "%s: more id mappings than the kernel takes (%d)", place, IDMAP_LINES_MAX);
	return 0;
}

/* Write the maps of the stopped helper and open its namespace. Return: a descriptor or -errno. */
static int fill_namespace(pid_t pid, const struct idmap *map, struct arena *arena)
{
	const char *dir = arena_printf(arena, "/proc/%d", (int)pid);
	scope_fd int proc = openat(AT_FDCWD, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (proc < 0)
		return -errno;
	r = io_write_file(proc, "uid_map", map->uids, strlen(map->uids));
	if (r == 0)
		r = io_write_file(proc, "gid_map", map->gids, strlen(map->gids));
	if (r < 0)
		return r;
	r = openat(proc, "ns/user", O_RDONLY | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

/* A user namespace with the mapping. The helper ends when the pipe does: also when we are killed. Return: a descriptor or -errno. */
static int make_namespace(const struct idmap *map, struct arena *arena)
{
	struct clone_args args = { .flags = CLONE_NEWUSER }; /* no exit signal: the caller's handlers hear nothing of it */
	int ends[2], fd;
	char byte;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0) {
		(void)close_fd(ends[1]);
		(void)!read(ends[0], &byte, 1); /* end of file: time to go */
		_exit(0);
	}
	fd = pid < 0 ? (int)pid : fill_namespace(pid, map, arena);
	(void)close_fd(ends[0]);
	(void)close_fd(ends[1]);
	if (pid > 0)
		(void)spawn_wait(pid, NULL); /* gone is gone */
	return fd;
}

int idmap_apply(struct plan *p, const struct idmap *map, const char *place, int tree)
{
	struct sys_mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	const struct user_plan *user = p->data[ASPECT_USER];
	struct idmap own = *map;
	scope_fd int made = NO_FD;
	int r, fd = p->join_fd[NAMESPACE_USER];

	if (!own.uids && fd < 0 && user) {
		own.uids = user->uid_text;
		own.gids = user->gid_text;
	}
	if (own.uids) {
		made = make_namespace(&own, p->arena);
		if (made == -EPERM)
			return fail(p->error, made, "%s: " IDMAP_NEEDS_ROOT, place);
		if (made < 0)
			return fail(p->error, made, "%s: cannot make a user namespace with its id mappings", place);
		fd = made;
	}
	if (fd < 0)
		return fail(p->error, 0, "%s: there is no user namespace to take the id mappings from", place);
	attr.userns_fd = (uint64_t)fd;
	r = sys_mount_setattr(tree, "", AT_EMPTY_PATH | (map->recursive ? AT_RECURSIVE : 0u), &attr);
	if (r == -EINVAL || r == -EOPNOTSUPP)
		return fail(p->error, r, "%s: the filesystem does not support id-mapped mounts", place);
	if (r == -EPERM)
		return fail(p->error, r, "%s: " IDMAP_NEEDS_ROOT, place);
	return r < 0 ? fail(p->error, r, "%s: cannot map the ids of the mount", place) : 0;
}
