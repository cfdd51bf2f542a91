/*
 * The directories that an ordinary user's command may change. Of what he owns, each directory as high up as it goes: his home, the one he is in, and what a
 * look at the top of the file tree finds. A directory with a mount point in it cannot be overlaid in a user namespace: what is in it is, one by one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/scope.h"
#include "run/try.h"

/* how deep and how long directories of ours are looked for from the top */
enum { SEARCH_DEPTH = 3, SEARCH_ENTRIES = 20000, SPLIT_MAX = 64 };

/* @split: directories that are not overlaid because of mount points in them: said, and replaced by what is in them, once */
struct search {
	struct hull *h;
	const struct try_stage *stage;
	struct try_state *state;
	size_t looked_at, n_split;
	const char *split[SPLIT_MAX];
};

static bool is_covered(const struct try_state *state, const char *path)
{
	for (unsigned int i = 0; i < state->n_roots; i++)
		if (path_below(path, state->roots[i].path))
			return true;
	return false;
}

static const struct try_mount *mount_in(const struct try_stage *stage, const char *path)
{
	for (size_t i = 0; i < stage->n_mounts; i++)
		if (strcmp(stage->mounts[i].path, path) != 0 && path_below(stage->mounts[i].path, path))
			return &stage->mounts[i];
	return NULL;
}

/* Places that the sandbox has its own of. */
static bool is_private(const struct search *s, const char *path)
{
	static const char *const dirs[] = { "/proc", "/sys", "/dev", "/run", "/tmp" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (path_below(path, dirs[i]) && !(strcmp(dirs[i], "/tmp") == 0 && path_below(s->stage->cwd, "/tmp")))
			return true;
	return false;
}

static bool is_ours(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0;
}

static int add(struct search *s, const char *path);

static int search_below(struct search *s, const char *path, int depth);

static int split(struct search *s, const char *path, const char *inside)
{
	for (size_t i = 0; i < s->n_split; i++)
		if (strcmp(s->split[i], path) == 0)
			return 0;
	if (s->n_split == SPLIT_MAX)
		return 0;
	s->split[s->n_split++] = arena_strdup(&s->h->arena, path);
	log_write(&s->h->log, path[1] ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG,
		  "'%s' itself is read-only: the file system on '%s' lies in it; the directories in it can be changed", path, inside);
	return search_below(s, path, 0);
}

static int add(struct search *s, const char *path)
{
	const struct try_mount *inside = mount_in(s->stage, path);

	if (is_covered(s->state, path) || is_private(s, path))
		return 0;
	if (inside)
		return split(s, path, inside->path);
	if (s->state->n_roots == CHANGES_ROOTS_MAX)
		return fail(&s->h->error, 0, "cannot overlay more than %d directories", CHANGES_ROOTS_MAX);
	s->state->roots[s->state->n_roots++].path = arena_strdup(&s->h->arena, path);
	return 0;
}

/* The highest directory on the way to @path from which on everything is ours. */
static int add_way(struct search *s, const char *path)
{
	char *real = path && path[0] == '/' ? realpath(path, NULL) : NULL;
	int r = 0;

	if (!real)
		return 0;
	for (char *slash = real; slash; slash = strchr(slash + 1, '/')) {
		char end = slash[slash == real], *cut = slash + (slash == real);

		*cut = '\0';
		if (is_ours(real)) {
			r = add(s, real);
			break;
		}
		*cut = end;
	}
	if (r == 0 && is_ours(real) && !is_covered(s->state, real))
		r = add(s, real);
	free(real);
	return r;
}

/* What is in a directory and @depth levels below; 0: instead of the directory, all that is in it, and nothing below. */
static int search_below(struct search *s, const char *path, int depth)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int r = 0;

	while (dir && r == 0 && (depth == 0 || s->looked_at++ < SEARCH_ENTRIES) && (entry = readdir(dir))) {
		const char *child;

		if ((depth > 0 && entry->d_type != DT_DIR) || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		child = arena_printf(&s->h->arena, "%s/%s", path[1] ? path : "", entry->d_name);
		if (depth > 0 && is_private(s, child))
			continue;
		if (is_ours(child))
			r = add(s, child);
		else if (depth > 1)
			r = search_below(s, child, depth - 1);
	}
	if (dir)
		(void)closedir(dir); /* it was only read */
	return r;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct try_root *)a)->path, ((const struct try_root *)b)->path);
}

int try_find_pieces(struct hull *h, const struct try_stage *stage, struct try_state *state)
{
	struct search s = { .h = h, .stage = stage, .state = state };

	state->roots = arena_many(&h->arena, struct try_root, CHANGES_ROOTS_MAX);
	if (add_way(&s, getenv("HOME")) < 0 || add_way(&s, stage->cwd) < 0 || search_below(&s, "/", SEARCH_DEPTH) < 0)
		return -1;
	for (size_t i = 0; i < stage->n_mounts; i++)
		if (!stage->mounts[i].readonly && is_ours(stage->mounts[i].path) && add(&s, stage->mounts[i].path) < 0)
			return -1;
	if (state->n_roots == 0)
		return fail(&h->error, 0, "there is nothing to try on: neither your home nor the current directory belongs to you");
	qsort(state->roots, state->n_roots, sizeof(*state->roots), by_path);
	return 0;
}
