/* The state directory of a try: made, named, locked, described and removed. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/text.h"
#include "base/tree.h"
#include "run/try.h"

/* COMMAND_MAX: so much of the command is remembered; an argument has at most 128 KiB (execve(2)) */
enum { NAMES_TRIED = 100, COMMAND_MAX = 64 << 10 };

const char *try_default_place(struct hull *h)
{
	const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	/* root of a user namespace may own nothing there */
	if (geteuid() == 0 && access("/var/lib", W_OK) == 0)
		return "/var/lib/hull/try";
	if (base && base[0] == '/')
		return arena_printf(&h->arena, "%s/hull/try", base);
	return home && home[0] == '/' ? arena_printf(&h->arena, "%s/.local/state/hull/try", home) : NULL;
}

/* Make a directory and its parents; ours alone. */
static int make_place(struct hull *h, const char *path)
{
	char *copy = arena_strdup(&h->arena, path);

	for (char *slash = strchr(copy + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return fail(&h->error, errno, "cannot make the directory '%s'", copy);
		if (!slash)
			return 0;
		*slash = '/';
	}
}

static int check_directory(struct hull *h, int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(&h->error, errno, "cannot look at '%s'", path);
	/* what root applies must not be somebody else's to write */
	if (st.st_uid != geteuid())
		return fail(&h->error, 0, "'%s' belongs to user %u: only its owner may review, apply or drop it", path, st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return fail(&h->error, 0, "'%s' can be written by others than its owner", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? fail(&h->error, 0, "'%s' is in use: its command still runs, or another hull works with it", path) :
					      fail(&h->error, errno, "cannot lock '%s'", path);
	return 0;
}

static int open_directory(struct hull *h, const char *path, struct try_state *state)
{
	char *absolute = realpath(path, NULL);

	if (!absolute)
		return fail(&h->error, errno, "cannot open '%s'", path);
	state->path = arena_strdup(&h->arena, absolute);
	free(absolute);
	state->uid = geteuid();
	state->dir = open(state->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (state->dir < 0)
		return fail(&h->error, errno, "cannot open '%s'", path);
	return check_directory(h, state->dir, state->path);
}

static bool is_empty(struct hull *h, const char *path)
{
	scope_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct name_list names = { 0 };

	return fd >= 0 && changes_names(&h->arena, fd, &names) == 0 && names.n == 0;
}

static int make_kept(struct hull *h, const char *keep)
{
	if (mkdir(keep, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return fail(&h->error, errno, "cannot make the directory '%s'", keep);
	return is_empty(h, keep) ? 0 : fail(&h->error, 0, "the directory '%s' is not empty", keep);
}

static int make_new(struct hull *h, const char **ret_path)
{
	const char *place = try_default_place(h);
	struct tm tm;
	time_t now = time(NULL);

	if (!place)
		return fail(&h->error, 0, "cannot keep changes: neither XDG_STATE_HOME nor HOME is set; name a directory with --keep");
	if (make_place(h, place) < 0)
		return -1;
	(void)gmtime_r(&now, &tm); /* the time of this century fits */
	for (int i = 1; i <= NAMES_TRIED; i++) {
		const char *path = arena_printf(&h->arena, "%s/%04d%02d%02d-%02d%02d%02d%s%.0d", place, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
						tm.tm_min, tm.tm_sec, i > 1 ? "-" : "", i > 1 ? i : 0);

		if (mkdir(path, 0700) == 0) {
			*ret_path = path;
			return 0;
		}
		if (errno != EEXIST)
			return fail(&h->error, errno, "cannot make the directory '%s'", path);
	}
	return fail(&h->error, EEXIST, "cannot make a directory in '%s'", place);
}

int try_make(struct hull *h, const char *keep, struct try_state *ret_state)
{
	struct try_state state = { .dir = NO_FD };
	struct timespec now;
	const char *path = keep;
	int r = keep ? make_kept(h, keep) : make_new(h, &path);

	if (r < 0 || open_directory(h, path, &state) < 0) {
		(void)close_fd(state.dir);
		return -1;
	}
	/* not the coarse clock, which lags behind times that the kernel has already given to files */
	(void)clock_gettime(CLOCK_REALTIME, &now); /* always there */
	state.started = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	if (mkdirat(state.dir, "upper", 0700) < 0 || mkdirat(state.dir, "work", 0700) < 0 || mkdirat(state.dir, "root", 0700) < 0 ||
		mkdirat(state.dir, "memory", 0700) < 0) {
		(void)fail(&h->error, errno, "cannot make directories in '%s'", path); /* the message is what we want */
		(void)close_fd(state.dir);
		return -1;
	}
	*ret_state = state;
	return 0;
}

int try_find(struct hull *h, const char *name, struct try_state *ret_state)
{
	struct try_state state = { .dir = NO_FD };
	const char *place = try_default_place(h), *path = name;
	struct stat st;

	if (!strchr(name, '/') && place && name[0] != '.') {
		path = arena_printf(&h->arena, "%s/%s", place, name);
		if (lstat(path, &st) < 0)
			path = name;
	}
	if (open_directory(h, path, &state) < 0) {
		(void)close_fd(state.dir);
		return -1;
	}
	/* dropping removes the whole directory: it must be one of ours */
	if (faccessat(state.dir, "upper", F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		(void)close_fd(state.dir);
		return fail(&h->error, 0, "'%s' holds no changes of 'hull try'", path);
	}
	*ret_state = state;
	return 0;
}

int try_write_manifest(struct hull *h, const struct try_state *state)
{
	struct json_writer w = json_writer_on(&h->arena, 2);
	const char *text;
	int r;

	json_open_object(&w, NULL);
	json_u64(&w, "version", TRY_VERSION);
	json_open_array(&w, "command");
	for (const char *const *arg = state->args; arg && *arg && w.length < COMMAND_MAX; arg++)
		json_string(&w, NULL, *arg);
	json_close_array(&w);
	json_open_array(&w, "roots");
	for (unsigned int i = 0; i < state->n_roots; i++)
		json_string(&w, NULL, state->roots[i].path);
	json_close_array(&w);
	json_bool(&w, "userxattr", state->userxattr);
	json_u64(&w, "uid", state->uid);
	json_i64(&w, "started", state->started);
	json_bool(&w, "finished", state->finished);
	if (state->finished)
		json_i64(&w, "status", state->status);
	json_close_object(&w);
	text = json_text(&w);
	r = io_replace_file(state->dir, "manifest.json", 0600, text, strlen(text));
	return r < 0 ? fail(&h->error, r, "cannot write '%s/manifest.json'", state->path) : 0;
}

static int read_roots(struct hull *h, const struct json *roots, struct try_state *state)
{
	if (!roots || roots->type != JSON_ARRAY || roots->n_children > CHANGES_ROOTS_MAX)
		return -1;
	state->roots = arena_many(&h->arena, struct try_root, roots->n_children + 1);
	for (const struct json *path = roots->first; path; path = path->next) {
		if (path->type != JSON_STRING || !path_is_clean(path->text))
			return -1;
		state->roots[state->n_roots++].path = path->text;
	}
	return 0;
}

int try_read_manifest(struct hull *h, struct try_state *state)
{
	const struct json *document, *userxattr, *finished;
	uint64_t version;
	size_t length;
	char *text;
	int r = io_read_file(state->dir, "manifest.json", JSON_SIZE_MAX, &h->arena, &text, &length);

	if (r == -ENOENT)
		return fail(&h->error, 0, "'%s' was not finished: hull was killed before its command ran; 'hull try drop' removes it", state->path);
	if (r < 0)
		return fail(&h->error, r, "cannot read '%s/manifest.json'", state->path);
	if (json_parse(&h->arena, &h->error, "manifest.json", text, length, &document) < 0)
		return -1;
	if (json_to_u64(json_get(document, "version"), &version) < 0 || version != TRY_VERSION)
		return fail(&h->error, 0, "'%s' is of a version that this hull does not know", state->path);
	userxattr = json_get(document, "userxattr");
	finished = json_get(document, "finished");
	if (!userxattr || userxattr->type != JSON_BOOL || !finished || finished->type != JSON_BOOL ||
		json_to_i64(json_get(document, "started"), &state->started) < 0 || read_roots(h, json_get(document, "roots"), state) < 0)
		return fail(&h->error, 0, "'%s/manifest.json' is damaged", state->path);
	state->userxattr = userxattr->boolean;
	state->finished = finished->boolean;
	if (!state->finished)
		return fail(&h->error, 0, "'%s' was not finished: hull was killed while its command ran; 'hull try drop' removes it", state->path);
	return 0;
}

int try_remove(struct hull *h, struct try_state *state)
{
	const char *slash = strrchr(state->path, '/');
	const char *above = slash == state->path ? "/" : arena_strndup(&h->arena, state->path, (size_t)(slash - state->path));
	scope_fd int parent = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = parent < 0 ? -errno : tree_remove(parent, slash + 1);

	state->dir = close_fd(state->dir);
	return r < 0 ? fail(&h->error, r, "cannot remove '%s'", state->path) : 0;
}
