/*
 * The working directory that a sandbox will have, found before there is a sandbox: for documents. The child tries for itself (aspect/exec.c), and a document
 * says that it may (hull.cwdOptional), so what cannot be known here does no harm.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "aspect/environment.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/text.h"
#include "run/sandbox.h"

/* Whether @path is a directory of the host's below @base that can be entered. */
static bool is_dir(const char *base, const char *path)
{
	scope_fd int root = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	scope_fd int fd = root < 0 ? NO_FD : path_open(root, path, O_PATH | O_DIRECTORY, 0);

	return fd >= 0 && faccessat(fd, ".", X_OK, 0) == 0;
}

/* Whether @path is there because of this mount: 1, 0: the mount covers it, -1: what lay there before counts. @rest: what is left of @path in it, or NULL */
static int shown_by(const struct mount *m, const char *path, const char *rest)
{
	bool bind = m->flags.bind;

	if (m->flags.remount || text_equal(m->type, "hull.chmod") || (bind && m->flags.optional && access(m->source, F_OK) < 0))
		return -1;
	if (!rest && path_below(m->destination, path)) /* on the way to a mount point */
		return text_equal(m->type, "hull.hide") ? -1 : 1;
	if (!rest)
		return -1;
	if (bind && !text_after(m->source, "fd:"))
		return is_dir(m->source, rest);
	if (*rest == '\0')
		return text_equal(m->type, "hull.hide") ? -1 : 1;
	if (text_equal(m->type, "overlay")) /* on what the host has there: of other layers nothing is known here */
		return is_dir("/", path);
	return text_after(m->type, "hull.") && !text_equal(m->type, "hull.hide") ? -1 : 0;
}

static bool is_there(const struct spec *spec, const char *path)
{
	for (size_t i = spec->mounts.n; i-- > 0;) {
		const struct mount *m = &spec->mounts.v[i];
		int r = shown_by(m, path, path_below(path, m->destination));

		if (r >= 0)
			return r;
	}
	return is_dir(spec->root.path, path);
}

void sandbox_settle_cwd(struct sandbox *s)
{
	struct arena *arena = &s->job->hull->arena;
	struct spec *spec = &s->job->spec;
	struct process *process = &spec->process;
	char **env = arena_many(arena, char *, process->env.n + 1);
	const char *home;

	if (is_there(spec, process->cwd))
		return;
	for (size_t i = 0; i < process->env.n; i++)
		env[i] = process->env.v[i];
	home = environment_home(env);
	process->cwd = arena_strdup(arena, home && is_there(spec, home) ? home : "/");
}
