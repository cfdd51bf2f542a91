/*
 * What a tried command stands on. The machine's root gets an overlay over "/" and one over each other file system that can be written, in a tree of its
 * own that the command's root becomes. An ordinary user cannot have that: in a user namespace the kernel lets nobody look under a mount, so nothing that has
 * mounts in it can be a lower directory; he gets overlays over the directories that are his (try_pieces.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/path.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/text.h"
#include "run/try.h"

enum { MOUNTINFO_MAX = 16 << 20, FIELD_PATH = 4, FIELD_OPTIONS = 5 };

/* The sandbox has its own of these, or nothing can be written to them. */
static bool is_replaced(const char *path, bool tmp_too)
{
	static const char *const dirs[] = { "/proc", "/dev", "/run", "/sys", "/tmp" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs) - !tmp_too; i++)
		if (path_below(path, dirs[i]))
			return true;
	return false;
}

static bool is_pseudo(const char *type)
{
	static const char *const types[] = {
		"proc", "sysfs", "devtmpfs", "devpts", "mqueue", "cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "pstore", "bpf", "configfs",
		"fusectl", "hugetlbfs", "binfmt_misc", "efivarfs", "autofs", "rpc_pipefs", "nsfs", "selinuxfs", "nfsd", "squashfs", "iso9660",
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (text_equal(type, types[i]))
			return true;
	return false;
}

static bool has_option(const char *options, const char *wanted)
{
	size_t length = strlen(wanted);

	for (const char *s = options; s; s = strchr(s, ',') ? strchr(s, ',') + 1 : NULL)
		if (strncmp(s, wanted, length) == 0 && (s[length] == ',' || s[length] == '\0'))
			return true;
	return false;
}

/* One line of /proc/self/mountinfo (proc_pid_mountinfo(5)). Return: whether it is one. */
static bool parse_line(char *line, struct try_mount *ret_mount)
{
	char *save = NULL, *word = strtok_r(line, " ", &save), *path = NULL, *options = NULL;
	struct stat st;

	for (int i = 0; word && !text_equal(word, "-"); i++, word = strtok_r(NULL, " ", &save)) {
		if (i == FIELD_PATH)
			path = word;
		if (i == FIELD_OPTIONS)
			options = word;
	}
	word = word ? strtok_r(NULL, " ", &save) : NULL;
	if (!word || !path || !options)
		return false;
	text_unescape_octal(path);
	*ret_mount = (struct try_mount){
		.path = path, .type = word, .readonly = has_option(options, "ro"), .root = -1,
		.directory = lstat(path, &st) == 0 && S_ISDIR(st.st_mode),
	};
	return true;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct try_mount *)a)->path, ((const struct try_mount *)b)->path);
}

static int read_mounts(struct hull *h, struct try_stage *stage)
{
	char *text, *line, *save = NULL;
	size_t n = 1, kept = 0;
	int r = io_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &h->arena, &text, NULL);

	if (r < 0)
		return fail(&h->error, r, "cannot read '/proc/self/mountinfo'");
	for (const char *s = text; *s; s++)
		n += *s == '\n';
	stage->mounts = arena_many(&h->arena, struct try_mount, n);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		stage->n_mounts += parse_line(line, &stage->mounts[stage->n_mounts]);
	qsort(stage->mounts, stage->n_mounts, sizeof(*stage->mounts), by_path);
	/* of several on one place only the last can be seen; which that is does not matter: its place is all that we use, and its type is the same in practice */
	for (size_t i = 0; i < stage->n_mounts; i++)
		if (kept == 0 || strcmp(stage->mounts[kept - 1].path, stage->mounts[i].path) != 0)
			stage->mounts[kept++] = stage->mounts[i];
	stage->n_mounts = kept;
	return 0;
}

/* Every file system that can be written becomes a root. */
static int find_whole(struct hull *h, struct try_stage *stage, struct try_state *state)
{
	state->roots = arena_many(&h->arena, struct try_root, CHANGES_ROOTS_MAX);
	for (size_t i = 0; i < stage->n_mounts; i++) {
		struct try_mount *m = &stage->mounts[i];

		if (is_pseudo(m->type) || is_replaced(m->path, !path_below(stage->cwd, "/tmp")) || m->readonly || !m->directory)
			continue;
		if (state->n_roots == CHANGES_ROOTS_MAX)
			return fail(&h->error, 0, "cannot overlay more than %d file systems", CHANGES_ROOTS_MAX);
		m->root = (int)state->n_roots;
		state->roots[state->n_roots++].path = m->path;
	}
	if (state->n_roots == 0 || state->roots[0].path[1])
		return fail(&h->error, 0, "cannot overlay '/': it is read-only");
	return 0;
}

/* upper/N looks like the directory that it will stand for. Return: 0, 1: it cannot, having a group that an ordinary user cannot give, or -1 after fail(). */
static int make_upper(struct hull *h, const struct try_state *state, unsigned int i)
{
	const char *path = state->roots[i].path;
	const char *upper = arena_printf(&h->arena, "upper/%u", i), *work = arena_printf(&h->arena, "work/%u", i);
	scope_fd int from = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	scope_fd int to = NO_FD;
	struct inode_facts facts;
	int r = from < 0 ? -errno : changes_facts(from, "", &facts);

	if (r < 0)
		return fail(&h->error, r, "cannot open '%s'", path);
	if (mkdirat(state->dir, upper, 0700) < 0 || mkdirat(state->dir, work, 0700) < 0)
		return fail(&h->error, errno, "cannot make '%s/%s'", state->path, upper);
	to = openat(state->dir, upper, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = to < 0 ? -errno : try_copy_metadata(from, to, &facts);
	if (state->userxattr && (r == -EPERM || r == -EINVAL)) {
		log_write(&h->log, LOG_LEVEL_WARNING, "'%s' is read-only: it belongs to a group that you cannot give to a directory", path);
		return unlinkat(state->dir, upper, AT_REMOVEDIR) < 0 || unlinkat(state->dir, work, AT_REMOVEDIR) < 0 ?
			       fail(&h->error, errno, "cannot remove '%s/%s'", state->path, upper) : 1;
	}
	return r < 0 ? fail(&h->error, r, "cannot make '%s/%s' like '%s'", state->path, upper, path) : 0;
}

static int make_uppers(struct hull *h, struct try_state *state)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < state->n_roots; i++) {
		int r;

		state->roots[n] = state->roots[i];
		r = make_upper(h, state, n);
		if (r < 0)
			return -1;
		n += r == 0;
	}
	state->n_roots = n;
	return n > 0 ? 0 : fail(&h->error, 0, "there is nothing to try on: no directory can be overlaid");
}

int try_plan_stage(struct hull *h, const char *cwd, struct try_state *state, struct try_stage *ret_stage)
{
	struct try_stage stage = { .cwd = cwd };
	const char *place = try_default_place(h);
	int r;

	stage.own_userns = geteuid() != 0;
	state->userxattr = stage.own_userns || !process_in_initial_userns();
	stage.whole = !state->userxattr;
	stage.hide = place && path_below(state->path, place) ? place : state->path;
	stage.memory = try_needs_memory(state->dir);
	if (stage.memory)
		log_write(&h->log, LOG_LEVEL_WARNING, "the file system of '%s' cannot hold an overlay's changes: they are in memory until the command ends", state->path);
	if (read_mounts(h, &stage) < 0)
		return -1;
	r = stage.whole ? find_whole(h, &stage, state) : try_find_pieces(h, &stage, state);
	if (r == 0)
		r = make_uppers(h, state);
	*ret_stage = stage;
	return r;
}
