/*
 * Where a sandbox's payload begins, and the way of another process (`hull exec`) into a container's cgroups: everything is opened beforehand, from
 * the facts of the state file. v2 is joined by the clone itself (CLONE_INTO_CGROUP), v1 by the child writing itself into the tasks files.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>

#include "aspect/cgroup.h"
#include "base/io.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/text.h"

enum { CGROUP2_MAGIC = 0x63677270, OWN_TEXT_MAX = 64 << 10 };

static bool is_v2(const char *dir)
{
	struct statfs fs;

	return statfs(dir, &fs) == 0 && fs.f_type == CGROUP2_MAGIC;
}

/* Whether the tree of @dir has a controller; v2's is for all of them and has no name. */
static bool has(const char *dir, const char *controller, struct arena *arena)
{
	const char *name = text_after(dir, "/sys/fs/cgroup/");

	return name && cgroup_has_controller(arena_strndup(arena, name, strcspn(name, "/")), controller);
}

/* A path of --cgroup that leads out of the container's cgroup is meant for somewhere else, and would end at its top. */
static bool leads_out(const char *path)
{
	for (const char *s = path; s; s = strchr(s, '/')) {
		s += *s == '/';
		if (strncmp(s, "..", 2) == 0 && (s[2] == '/' || s[2] == '\0'))
			return true;
	}
	return false;
}

/* Every controller that --cgroup names must be one of a tree that the container is in: a misspelt one would leave the process where it must not be. */
static int check_sub(const struct facts *facts, struct arena *arena, struct error *error, const char *sub)
{
	const char *colon = strchr(sub, ':');

	for (char *list = arena_strndup(arena, sub, colon ? (size_t)(colon - sub) : 0), *word; (word = cgroup_next_word(&list));) {
		size_t i = 0;

		while (i < facts->cgroups.n && !has(facts->cgroups.v[i], word, arena))
			i++;
		if (i == facts->cgroups.n)
			return fail(error, 0, "--cgroup: the container has no cgroup of a controller '%s', named in '%s'", word, sub);
	}
	return leads_out(colon ? colon + 1 : sub) ? fail(error, 0, "--cgroup: '%s' is not a cgroup below the container's", sub) : 0;
}

/* What --cgroup says for the tree of @dir: "CTRL[,CTRL]:PATH" is for the trees of these controllers, "PATH" for all. */
static const char *sub_of(const char *dir, struct arena *arena, const char *const *sub, size_t n)
{
	const char *best = "";

	for (size_t i = 0; i < n; i++) {
		const char *colon = strchr(sub[i], ':');

		if (!colon) {
			best = sub[i];
			continue;
		}
		for (char *list = arena_strndup(arena, sub[i], (size_t)(colon - sub[i])), *word; (word = cgroup_next_word(&list));)
			if (has(dir, word, arena))
				return colon + 1;
	}
	return best;
}

/* @found when it lies below the container's @dir, else @dir: whoever moved the first process out did not mean others to follow. */
static char *inside(char *dir, char *found)
{
	const char *rest = text_after(found, dir);

	return rest && rest[0] == '/' ? found : dir;
}

/* A v2 cgroup that hands controllers down takes no processes: then where the container's first process is now, as an init system in it arranged. */
static char *v2_fallback(const struct facts *facts, char *dir, struct arena *arena, struct error *error)
{
	char on[1024], *text;
	struct cgroup_host host, of_init;

	if (io_read_small(AT_FDCWD, arena_printf(arena, "%s/cgroup.subtree_control", dir), on, sizeof(on)) <= 0 ||
	    cgroup_host_read(arena, error, &host) < 0 ||
	    io_read_file(AT_FDCWD, arena_printf(arena, "/proc/%d/cgroup", facts->pid), OWN_TEXT_MAX, arena, &text, NULL) < 0)
		return dir;
	if (!process_alive(facts->pid, facts->pid_birth)) /* the text may have been another's, who got its number */
		return dir;
	cgroup_parse_own(arena, text, &of_init);
	for (size_t i = 0; i < host.n; i++)
		for (size_t k = 0; k < of_init.n; k++)
			if (host.v[i].v2 && of_init.v[k].v2)
				return inside(dir, arena_printf(arena, "%s%s", host.v[i].mount, of_init.v[k].own));
	return dir;
}

int cgroup_join_open(const struct facts *facts, struct arena *arena, struct error *error, const char *const *sub, size_t n_sub,
		     struct cgroup_join *ret_join)
{
	struct cgroup_join join = { .v2_fd = NO_FD, .tasks = arena_many(arena, int, facts->cgroups.n),
		.dirs = arena_many(arena, char *, facts->cgroups.n) };

	for (size_t i = 0; i < n_sub; i++)
		if (check_sub(facts, arena, error, sub[i]) < 0)
			return -1;
	for (size_t i = 0; i < facts->cgroups.n; i++) {
		char *dir = facts->cgroups.v[i];
		bool v2 = is_v2(dir);
		int fd;

		if (n_sub > 0)
			dir = arena_printf(arena, "%s%s", dir, cgroup_clean(arena, sub_of(dir, arena, sub, n_sub)));
		else if (v2)
			dir = v2_fallback(facts, dir, arena, error);
		fd = v2 ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : cgroup_v1_open_tasks(arena, dir);
		if (fd < 0) {
			int errnum = v2 ? errno : -fd;

			cgroup_join_close(&join);
			return fail(error, errnum, "cannot open cgroup '%s'", dir);
		}
		if (v2) {
			join.v2_fd = fd;
			continue;
		}
		join.dirs[join.n] = dir;
		join.tasks[join.n++] = fd;
	}
	*ret_join = join;
	return 0;
}

int cgroup_join_pid(const struct cgroup_join *join, struct error *error, pid_t pid)
{
	char buffer[TEXT_NUMBER_MAX], *text = text_from_u64(buffer, (uint64_t)pid);
	int r = io_write_file(join->v2_fd, "cgroup.procs", text, strlen(text));

	return r < 0 ? fail(error, r, "cannot put process %d into its cgroup", pid) : 0;
}

CHILD int cgroup_join_self(const struct child *c, const struct cgroup_join *join)
{
	int result = 0;

	for (size_t i = 0; i < join->n; i++) {
		if (write(join->tasks[i], "0", 1) != 1 && result == 0)
			result = child_fail(c, FAULT("cannot enter cgroup '%a'"), errno, join->dirs[i], NULL);
		(void)close_fd(join->tasks[i]);
	}
	(void)close_fd(join->v2_fd);
	return result;
}

void cgroup_join_close(const struct cgroup_join *join)
{
	for (size_t i = 0; i < join->n; i++)
		(void)close_fd(join->tasks[i]);
	(void)close_fd(join->v2_fd);
}

/* v1's that has a limit of a sandbox's to keep; one of devices takes the rule for all of them without children only */
static bool is_limiting(const struct cgroup_tree *t)
{
	static const char *const controllers[] = { "memory", "pids", "cpu", "cpuacct" };
	bool limits = false;

	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		limits |= cgroup_has_controller(t->controllers, controllers[i]);
	return limits && !cgroup_has_controller(t->controllers, "devices");
}

int cgroup_first(struct plan *p, const struct cgroup_tree *t, char **ret_dir)
{
	struct cgroup_tree inner = *t;
	int r;

	*ret_dir = t->leaf;
	if (!p->request->inner_cgroup || (!t->v2 && !is_limiting(t)))
		return 0;
	inner.leaf = arena_printf(p->arena, "%s/" CGROUP_INNER, t->leaf);
	inner.existed = false;
	r = t->v2 ? cgroup_make_dir(p->arena, t->leaf, inner.leaf) : cgroup_v1_make(p->arena, &inner);
	*ret_dir = inner.leaf;
	return r < 0 ? fail(p->error, r, "cannot make cgroup '%s'", inner.leaf) : 0;
}
