/*
 * Which cgroup hierarchies this host has, where they are mounted, and where a container's cgroups lie in them.
 *
 * The start path asks little: one statfs(2) of /sys/fs/cgroup tells v2 from v1; /proc/self/cgroup names v1's hierarchies and hull's own place in each,
 * and one statfs(2) each proves that the conventional directory is that hierarchy. Only where it is not, the mount table is read: it is long on a
 * machine with many containers.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "aspect/cgroup.h"
#include "base/io.h"
#include "base/text.h"

#define CGROUP_DIR "/sys/fs/cgroup"

enum { CGROUP_MAGIC = 0x27e0eb, CGROUP2_MAGIC = 0x63677270 };
enum { OWN_TEXT_MAX = 64 << 10, MOUNTS_TEXT_MAX = 16 << 20 };

char *cgroup_clean(struct arena *arena, const char *path)
{
	char *out = arena_alloc(arena, strlen(path) + 2);
	size_t used = 0;

	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == 2 && path[0] == '.' && path[1] == '.') {
			while (used > 0 && out[--used] != '/')
				;
		} else if (length > 0 && !(length == 1 && path[0] == '.')) {
			out[used++] = '/';
			memcpy(out + used, path, length);
			used += length;
		}
		path += length;
		path += *path == '/';
	}
	out[used] = '\0';
	return out;
}

bool cgroup_has_controller(const char *list, const char *name)
{
	size_t wanted = strlen(name);

	while (*list) {
		size_t length = strcspn(list, ", \n");

		if (length == wanted && memcmp(list, name, length) == 0)
			return true;
		list += length;
		list += *list != '\0';
	}
	return false;
}

char *cgroup_next_word(char **cursor)
{
	char *word = *cursor + strspn(*cursor, " ,\n"), *end = word + strcspn(word, " ,\n");

	if (word == end)
		return NULL;
	*cursor = end + (*end != '\0');
	*end = '\0';
	return word;
}

/* One line: "4:memory:/path", "9:name=systemd:/", "0::/". */
static void parse_line(struct arena *arena, char *line, struct cgroup_host *host)
{
	char *controllers = strchr(line, ':'), *own;
	struct cgroup_tree *t;

	if (!controllers)
		return;
	own = strchr(++controllers, ':');
	if (!own || host->n == CGROUP_TREES_MAX)
		return;
	*own++ = '\0';
	t = &host->v[host->n++];
	t->v2 = controllers[0] == '\0';
	t->controllers = controllers;
	t->name = t->v2 ? (char[]){ "unified" } : controllers;
	if (strncmp(controllers, "name=", 5) == 0)
		t->name = controllers + 5;
	t->name = arena_strdup(arena, t->name);
	t->mount = arena_printf(arena, CGROUP_DIR "/%s", t->name);
	t->own = cgroup_clean(arena, own);
	if (strncmp(own, "/..", 3) == 0) /* outside of this cgroup namespace: the mount's root is the nearest there is */
		t->own = arena_strdup(arena, "");
}

void cgroup_parse_own(struct arena *arena, const char *text, struct cgroup_host *ret_host)
{
	char *copy = arena_strdup(arena, text), *next;
	struct cgroup_host host = { .version = 1, .v = arena_many(arena, struct cgroup_tree, CGROUP_TREES_MAX) };

	for (char *line = copy; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		parse_line(arena, line, &host);
	}
	*ret_host = host;
}

static long magic_of(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 ? (long)fs.f_type : -1;
}

/* The mount table's line of a tree, when it is not where convention puts it: "31 23 0:28 / /dir rw - cgroup cgroup rw,cpu,cpuacct". */
static bool find_mount(struct arena *arena, char *table, struct cgroup_tree *t)
{
	for (char *line = table, *end; line && *line; line = end ? end + 1 : NULL) {
		char *dash, *dir = line, *options;
		size_t length;

		end = strchr(line, '\n');
		dash = strstr(line, t->v2 ? " - cgroup2 " : " - cgroup ");
		if (!dash || (end && dash > end))
			continue;
		for (int i = 0; i < 4; i++)
			dir = strchr(dir, ' ') + 1;
		length = end ? (size_t)(end - dash) : strlen(dash);
		options = strrchr(arena_strndup(arena, dash, length), ' ');
		if (t->v2 || cgroup_has_controller(options + 1, t->controllers) || (strchr(t->controllers, ',') && strstr(options, t->controllers))) {
			t->mount = arena_strndup(arena, dir, strcspn(dir, " "));
			return magic_of(t->mount) == (t->v2 ? CGROUP2_MAGIC : CGROUP_MAGIC);
		}
	}
	return false;
}

/* Keep the trees that are mounted. A tree whose own path cannot be seen below its mount point shows a part only: then its root is hull's own place. */
static int locate(struct arena *arena, struct error *error, struct cgroup_host *host)
{
	char *table = NULL;
	size_t kept = 0;
	int r;

	for (size_t i = 0; i < host->n; i++) {
		struct cgroup_tree *t = &host->v[i];

		if (magic_of(t->mount) != (t->v2 ? CGROUP2_MAGIC : CGROUP_MAGIC)) {
			if (!table) {
				r = io_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTS_TEXT_MAX, arena, &table, NULL);
				if (r < 0)
					return fail(error, r, "cannot read '/proc/self/mountinfo'");
			}
			if (!find_mount(arena, table, t))
				continue;
		}
		if (t->own[0] && access(arena_printf(arena, "%s%s", t->mount, t->own), F_OK) != 0)
			t->own = arena_strdup(arena, "");
		host->hybrid |= t->v2;
		host->v[kept++] = *t;
	}
	host->n = kept;
	host->version = kept == 0 ? 0 : host->version;
	return 0;
}

int cgroup_host_read(struct arena *arena, struct error *error, struct cgroup_host *ret_host)
{
	long magic = magic_of(CGROUP_DIR);
	struct cgroup_host host;
	char *text;
	int r;

	r = io_read_file(AT_FDCWD, "/proc/self/cgroup", OWN_TEXT_MAX, arena, &text, NULL);
	if (r == -ENOENT) {
		*ret_host = (struct cgroup_host){ .version = 0 };
		return 0;
	}
	if (r < 0)
		return fail(error, r, "cannot read '/proc/self/cgroup'");
	cgroup_parse_own(arena, text, &host);
	if (magic == CGROUP2_MAGIC) {
		size_t i = 0;

		while (i < host.n && !host.v[i].v2)
			i++;
		if (i == host.n)
			return fail(error, 0, "'/proc/self/cgroup' has no line for the cgroup2 that is mounted on '" CGROUP_DIR "'");
		host.v += i;
		host.n = 1;
		host.version = 2;
		host.v->name = arena_strdup(arena, "");
		host.v->mount = arena_strdup(arena, CGROUP_DIR);
	}
	if (locate(arena, error, &host) < 0)
		return -1;
	if (host.version == 1 && host.n == 1 && host.v->v2) /* a cgroup2 alone, in an unusual place */
		host.version = 2;
	host.hybrid = host.hybrid && host.version == 1;
	*ret_host = host;
	return 0;
}

char *cgroup_leaf_path(struct arena *arena, const struct cgroup_tree *t, const char *cgroups_path, const char *id, bool hybrid, bool inside)
{
	const char *base = t->own, *path = cgroups_path && cgroups_path[0] ? cgroups_path : id;
	const char *last = strrchr(base, '/');

	if (path[0] == '/')
		base = "";
	else if (t->v2 && !hybrid && !inside && last)
		base = arena_strndup(arena, base, (size_t)(last - base));
	return arena_printf(arena, "%s%s%s", t->mount, base, cgroup_clean(arena, path));
}

int cgroup_host_of(const struct facts *facts, struct arena *arena, struct error *error, struct cgroup_host *ret_host)
{
	struct cgroup_host host;

	if (cgroup_host_read(arena, error, &host) < 0)
		return -1;
	for (size_t i = 0; i < host.n; i++) {
		struct cgroup_tree *t = &host.v[i];

		for (size_t k = 0; k < facts->cgroups.n; k++) {
			const char *rest = text_after(facts->cgroups.v[k], t->mount);

			if (rest && rest[0] == '/')
				t->leaf = facts->cgroups.v[k];
		}
	}
	*ret_host = host;
	return 0;
}
