/*
 * Profiles: files of options (base/optionfile.h), found by name in the user's configuration, in the host's, and beside the installed program; or named by
 * a path. A profile may include others; one that comes back to itself is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/libexec.h"
#include "base/optionfile.h"
#include "base/text.h"
#include "cli/sandbox.h"

/*
 * A profile that is being read.
 * @path: where it is;  @device, @inode: which it is
 */
struct profile {
	char path[PATH_MAX];
	dev_t device;
	ino_t inode;
};

/* Where hull is installed: DIR/bin/hull. */
static void own_directory(char *buffer, size_t size)
{
	struct text t = text_on(buffer, size);
	char path[PATH_MAX];
	const char *executable = libexec_executable(path);
	char *slash;

	if (executable)
		text_add(&t, executable);
	slash = strrchr(buffer, '/');
	if (slash)
		*slash = '\0';
}

static const char *set_or(const char *value, const char *otherwise)
{
	return value && *value ? value : otherwise;
}

/* Try to open one file; *looked gathers the names of those that are not there. */
static int try_open(struct profile *p, struct text *looked)
{
	int fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		text_addf(looked, "%s'%s'", looked->length ? ", " : "", p->path);
		return -ENOENT;
	}
	return fd < 0 ? -errno : fd;
}

/* A path: as it is on the command line, relative to the profile that includes it otherwise. */
static int open_path(const struct option_insertion *in, struct profile *p, const char *value)
{
	const struct profile *includer = in->outer ? in->outer->context : NULL;
	const char *slash = includer ? strrchr(includer->path, '/') : NULL;
	int length = slash && value[0] != '/' ? (int)(slash + 1 - includer->path) : 0, fd;

	if (snprintf(p->path, sizeof(p->path), "%.*s%s", length, slash ? includer->path : "", value) >= (int)sizeof(p->path))
		return fail(in->error, ENAMETOOLONG, "cannot open the profile '%s'", value);
	fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? fail(in->error, errno, "cannot open the profile '%s'", p->path) : fd;
}

/* HOME may be somebody else's ('sudo -E', 'su'): what he wrote there must not open our sandboxes. */
static int check_trust(const struct option_insertion *in, const struct profile *p, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(in->error, errno, "cannot read the profile '%s'", p->path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return fail(in->error, 0, "the profile '%s' belongs to user %u: expected root or the caller (its path as --profile's value is taken as it is)", p->path,
			st.st_uid);
	if (st.st_mode & S_IWOTH)
		return fail(in->error, 0, "the profile '%s' can be written by everybody (mode %04o)", p->path, st.st_mode & 07777);
	return 0;
}

static int open_name(const struct option_insertion *in, struct profile *p, const char *name)
{
	const char *config = set_or(getenv("XDG_CONFIG_HOME"), NULL), *home = set_or(getenv("HOME"), NULL);
	char own[PATH_MAX] = "", names[ERROR_TEXT_MAX / 2];
	const struct {
		const char *base, *below;
	} places[] = {
		{ config ? config : home, config ? "hull/profiles" : ".config/hull/profiles" },
		{ "/etc", "hull/profiles" },
		{ own, "../share/hull/profiles" },
		{ own, "../contrib/profiles" }, /* a build directory */
	};
	struct text looked = text_on(names, sizeof(names));

	own_directory(own, sizeof(own));
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int fd;

		if (!places[i].base || places[i].base[0] != '/')
			continue;
		if (snprintf(p->path, sizeof(p->path), "%s/%s/%s", places[i].base, places[i].below, name) >= (int)sizeof(p->path))
			continue;
		fd = try_open(p, &looked);
		if (fd >= 0 && (i > 0 || check_trust(in, p, fd) == 0))
			return fd;
		if (fd >= 0) {
			(void)close_fd(fd);
			return -1;
		}
		if (fd != -ENOENT)
			return fail(in->error, fd, "cannot open the profile '%s'", p->path);
	}
	return fail(in->error, 0, "there is no profile '%s': looked for %s", name, names);
}

/* Which file it is: a profile that is being read already would never end. */
static int identify(const struct option_insertion *in, struct profile *p, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(in->error, errno, "cannot read the profile '%s'", p->path);
	if (!S_ISREG(st.st_mode))
		return fail(in->error, 0, "cannot read the profile '%s': not a regular file", p->path);
	p->device = st.st_dev;
	p->inode = st.st_ino;
	for (const struct option_insertion *outer = in->outer; outer; outer = outer->outer) {
		const struct profile *other = outer->context;

		if (other && other->device == p->device && other->inode == p->inode)
			return fail(in->error, 0, "the profile '%s' includes itself", p->path);
	}
	return 0;
}

static int read_profile(struct option_insertion *in, const struct profile *p, int fd, char **ret_text, size_t *ret_length)
{
	struct arena arena = { .base = NULL };
	char *text = NULL, *copy = NULL;
	int r = arena_init(&arena);

	if (r == 0)
		r = io_read_fd(fd, OPTIONFILE_MAX_BYTES, &arena, &text, ret_length);
	if (r == 0) {
		copy = option_log_keep(in->log, *ret_length + 1);
		r = copy ? 0 : -ENOMEM;
	}
	if (copy)
		memcpy(copy, text, *ret_length);
	arena_deinit(&arena);
	*ret_text = copy;
	return r < 0 ? fail(in->error, r, "cannot read the profile '%s'", p->path) : 0;
}

int profile_insert(struct option_insertion *in, const char *value)
{
	const struct optionfile_variable variables[] = {
		{ "HOME", set_or(getenv("HOME"), NULL) },
		{ "USER", set_or(getenv("USER"), NULL) },
		{ "XDG_RUNTIME_DIR", set_or(getenv("XDG_RUNTIME_DIR"), NULL) },
		{ NULL, NULL },
	};
	struct profile p = { .path = "" };
	char *text = NULL;
	size_t length = 0;
	scope_fd int fd = NO_FD;

	if (*value == '\0')
		return fail(in->error, 0, "option '--profile': a profile has a name");
	fd = strchr(value, '/') ? open_path(in, &p, value) : open_name(in, &p, value);
	if (fd < 0 || identify(in, &p, fd) < 0 || read_profile(in, &p, fd, &text, &length) < 0)
		return -1;
	fd = close_fd(fd);
	in->context = &p;
	return optionfile_lines(in, p.path, text, length, variables);
}
