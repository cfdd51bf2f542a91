/*
 * Removing trees: one descriptor at a time, down by openat(2) without following links, up by "..", which must be the directory that we came from.
 * A directory is read again after something below it was removed: whatever it still holds is what is left to do.
 */
#include "base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"

enum { DEPTH_FIRST = 64 };

struct place {
	dev_t dev;
	ino_t ino;
};

/*
 * @above: where we came from, from the top down
 */
struct removal {
	struct place *above;
	size_t depth, size;
};

static int push(struct removal *r, int fd)
{
	struct stat st;

	if (r->depth == r->size) {
		size_t size = r->size ? r->size * 2 : DEPTH_FIRST;
		struct place *grown = reallocarray(r->above, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		r->above = grown;
		r->size = size;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	r->above[r->depth++] = (struct place){ st.st_dev, st.st_ino };
	return 0;
}

/* Open a directory that we are about to empty; one that denies us access is ours to open up, or the kernel says no. */
static int open_directory(int dirfd, const char *name)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dirfd, name, flags);
	struct stat st;

	if (fd >= 0) {
		/* reading is not enough: entries are removed with write and search permission */
		if (geteuid() != 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IRWXU) != S_IRWXU && st.st_uid == geteuid())
			(void)fchmod(fd, S_IRWXU); /* removing tells */
		return fd;
	}
	if (errno != EACCES)
		return -errno;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return -EACCES;
	/* it was a directory a moment ago; a link put in its place could only make us open up what is ours */
	if (st.st_uid != geteuid() || fchmodat(dirfd, name, S_IRWXU, 0) < 0)
		return -EACCES;
	fd = openat(dirfd, name, flags);
	return fd < 0 ? -errno : fd;
}

/* Remove what can be removed at once. Return: 0: the directory is empty, 1: *ret_below was opened and comes first, or -errno. */
static int sweep(int fd, int *ret_below)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!dir) {
		r = -errno;
		(void)close_fd(copy);
		return r;
	}
	while (r == 0 && (errno = 0, entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (entry->d_type != DT_DIR && unlinkat(fd, entry->d_name, 0) == 0)
			continue;
		if (entry->d_type != DT_DIR && errno != EISDIR && errno != EPERM) {
			r = errno == ENOENT ? 0 : -errno;
			continue;
		}
		if (unlinkat(fd, entry->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			continue;
		if (errno != ENOTEMPTY && errno != EEXIST) {
			r = -errno;
			continue;
		}
		*ret_below = open_directory(fd, entry->d_name);
		r = *ret_below < 0 ? *ret_below : 1;
	}
	if (r == 0 && errno != 0 && errno != ENOENT)
		r = -errno;
	(void)closedir(dir); /* it was only read */
	return r;
}

/* Go back up, to where we came from and nowhere else. */
static int ascend(struct removal *r, int *fd)
{
	int up = openat(*fd, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (up < 0)
		return -errno;
	(void)close_fd(*fd);
	*fd = up;
	if (fstat(up, &st) < 0)
		return -errno;
	r->depth--;
	return st.st_dev == r->above[r->depth].dev && st.st_ino == r->above[r->depth].ino ? 0 : -EAGAIN;
}

static int empty(struct removal *removal, int top)
{
	scope_fd int fd = top;
	int below = NO_FD, r;

	for (;;) {
		r = sweep(fd, &below);
		if (r < 0)
			return r;
		if (r == 0 && removal->depth == 0)
			return 0;
		if (r == 0) {
			r = ascend(removal, &fd);
		} else {
			r = push(removal, fd);
			(void)close_fd(fd);
			fd = below;
		}
		if (r < 0)
			return r;
	}
}

int tree_remove(int dirfd, const char *name)
{
	struct removal removal = { 0 };
	int fd, r;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0)
		return 0;
	if (errno == ENOTDIR)
		return -EPERM; /* unlinkat said so of a file */
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -errno;
	fd = open_directory(dirfd, name);
	if (fd < 0)
		return fd;
	r = empty(&removal, fd);
	free(removal.above);
	if (r < 0)
		return r;
	return unlinkat(dirfd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}
