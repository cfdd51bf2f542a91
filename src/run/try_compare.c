/*
 * Two inodes of one name, held against each other: type, content, mode, owner, time of modification, extended attributes.
 *
 * What the size and times say is not believed, since a command can set times: files of the same size are compared byte by byte. Attributes are reached
 * through /proc/self/fd/DIRECTORY/NAME, which follows no link at the end; overlayfs's own marks are left out.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"
#include "run/try_changes.h"

enum { BLOCK = 64 << 10, NAMES_SIZE = 64 << 10, VALUE_SIZE = 64 << 10, FD_PATH_SIZE = 32 + NAME_MAX + 1 };

static int64_t nanoseconds(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int changes_facts(int dir, const char *name, struct inode_facts *ret_facts)
{
	struct stat st;

	memset(ret_facts, 0, sizeof(*ret_facts));
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	*ret_facts = (struct inode_facts){
		.mode = st.st_mode, .uid = st.st_uid, .gid = st.st_gid, .dev = st.st_dev, .rdev = st.st_rdev, .ino = st.st_ino, .links = st.st_nlink,
		.size = S_ISDIR(st.st_mode) ? 0 : (uint64_t)st.st_size, .mtime = nanoseconds(st.st_mtim), .ctime = nanoseconds(st.st_ctim),
	};
	return 0;
}

/* Open what the owner's own mode bits keep from us (an ordinary user's file of mode 000): they are set for a moment. */
static int open_closed(int root, const char *path, int flags)
{
	char magic[FD_PATH_SIZE];
	scope_fd int fd = path_open(root, path, O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
	struct stat st;
	int opened;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return -EACCES;
	(void)snprintf(magic, sizeof(magic), "/proc/self/fd/%d", fd); /* fits */
	if (chmod(magic, (st.st_mode & 07777) | (S_ISDIR(st.st_mode) ? S_IRWXU : S_IRUSR)) < 0)
		return -EACCES;
	opened = path_open(root, path, (uint64_t)flags | O_NOFOLLOW | O_NONBLOCK, RESOLVE_NO_SYMLINKS);
	if (chmod(magic, st.st_mode & 07777) < 0) {
		int r = -errno;

		(void)close_fd(opened);
		return r;
	}
	return opened;
}

int changes_open(int root, const char *path, int flags)
{
	/* a FIFO does not block us; openat2(2) takes no such flag beside O_PATH */
	int fd = path_open(root, *path ? path : ".", (uint64_t)flags | O_NOFOLLOW | (flags & O_PATH ? 0 : O_NONBLOCK), RESOLVE_NO_SYMLINKS);

	return fd == -EACCES && !(flags & O_PATH) ? open_closed(root, *path ? path : ".", flags) : fd;
}

bool changes_is_mark(const char *attribute)
{
	return text_after(attribute, "trusted.overlay.") || text_after(attribute, "user.overlay.");
}

/* Return: bytes read, fewer than @size only at the end, or -errno. */
static ssize_t read_block(int fd, char *block, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, block + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* Return: DIFFERS_CONTENT, 0, or -errno. A lower file that we may not read is taken for another. */
static int compare_content(int upper_dir, int lower_dir, const char *name)
{
	scope_fd int upper = changes_open(upper_dir, name, O_RDONLY), lower = changes_open(lower_dir, name, O_RDONLY);
	scope_free char *a = malloc(BLOCK), *b = malloc(BLOCK);
	ssize_t n, m;

	if (!a || !b)
		return -ENOMEM;
	if (upper < 0)
		return upper;
	if (lower < 0)
		return lower == -EACCES || lower == -EPERM ? DIFFERS_CONTENT : lower;
	do {
		n = read_block(upper, a, BLOCK);
		m = read_block(lower, b, BLOCK);
		if (n < 0 || m < 0)
			return n < 0 ? (int)n : (int)m;
		if (n != m || memcmp(a, b, (size_t)n) != 0)
			return DIFFERS_CONTENT;
	} while (n == BLOCK);
	return 0;
}

static int compare_links(int upper_dir, int lower_dir, const char *name)
{
	char a[PATH_MAX], b[PATH_MAX];
	ssize_t n = readlinkat(upper_dir, name, a, sizeof(a)), m;

	if (n < 0)
		return -errno;
	m = readlinkat(lower_dir, name, b, sizeof(b));
	if (m < 0)
		return -errno;
	return n != m || memcmp(a, b, (size_t)n) != 0 ? DIFFERS_CONTENT : 0;
}

/* Names of attributes, without marks. Return: how many bytes, 0 where there are none, or -errno. */
static ssize_t list_xattrs(const char *path, char *names)
{
	ssize_t n = llistxattr(path, names, NAMES_SIZE), kept = 0;

	if (n < 0)
		return errno == ENOTSUP || errno == EACCES ? 0 : -errno;
	for (ssize_t i = 0; i < n;) {
		ssize_t length = (ssize_t)strlen(names + i) + 1;

		if (!changes_is_mark(names + i)) {
			memmove(names + kept, names + i, (size_t)length);
			kept += length;
		}
		i += length;
	}
	return kept;
}

/* Whether every attribute of one is the other's too. Return: 1, 0 or -errno. */
static int values_agree(const char *one, const char *other, const char *names, ssize_t length, char *values)
{
	for (ssize_t i = 0; i < length; i += (ssize_t)strlen(names + i) + 1) {
		ssize_t n = lgetxattr(one, names + i, values, VALUE_SIZE), m = lgetxattr(other, names + i, values + VALUE_SIZE, VALUE_SIZE);

		if (n < 0 && errno != ENODATA && errno != EACCES)
			return -errno;
		if (n != m || (n > 0 && memcmp(values, values + VALUE_SIZE, (size_t)n) != 0))
			return 0;
	}
	return 1;
}

static int compare_xattrs(int upper_dir, int lower_dir, const char *name)
{
	char a[FD_PATH_SIZE], b[FD_PATH_SIZE];
	scope_free char *names = malloc(2 * NAMES_SIZE);
	scope_free char *values = NULL;
	ssize_t n, m;
	int r;

	if (!names)
		return -ENOMEM;
	(void)snprintf(a, sizeof(a), "/proc/self/fd/%d/%s", upper_dir, name); /* a name is at most NAME_MAX bytes */
	(void)snprintf(b, sizeof(b), "/proc/self/fd/%d/%s", lower_dir, name); /* likewise */
	n = list_xattrs(a, names);
	m = list_xattrs(b, names + NAMES_SIZE);
	if (n < 0 || m < 0)
		return n < 0 ? (int)n : (int)m;
	if (n != m)
		return DIFFERS_XATTR;
	if (n == 0)
		return 0;
	values = malloc(2 * VALUE_SIZE);
	if (!values)
		return -ENOMEM;
	r = values_agree(a, b, names, n, values);
	return r < 0 ? r : r == 0 ? DIFFERS_XATTR : 0;
}

int changes_compare(int upper_dir, int lower_dir, const char *name, const struct inode_facts *upper, const struct inode_facts *lower)
{
	int what = 0, r = 0;

	if (upper->mode != lower->mode)
		what |= DIFFERS_MODE;
	if (upper->uid != lower->uid || upper->gid != lower->gid)
		what |= DIFFERS_OWNER;
	/* a directory's time changes with its entries: see find_times() */
	if (!S_ISDIR(upper->mode) && upper->mtime != lower->mtime)
		what |= DIFFERS_TIME;
	if (S_ISREG(upper->mode))
		r = upper->size != lower->size ? DIFFERS_CONTENT : compare_content(upper_dir, lower_dir, name);
	else if (S_ISLNK(upper->mode))
		r = compare_links(upper_dir, lower_dir, name);
	else if ((S_ISCHR(upper->mode) || S_ISBLK(upper->mode)) && upper->rdev != lower->rdev)
		r = DIFFERS_CONTENT;
	if (r < 0)
		return r;
	what |= r;
	r = compare_xattrs(upper_dir, lower_dir, name);
	return r < 0 ? r : what | r;
}

unsigned int changes_danger(int upper_dir, const char *name, const struct inode_facts *upper, const struct inode_facts *lower, unsigned int what)
{
	unsigned int danger = 0;
	char path[FD_PATH_SIZE], value[64];
	bool fresh = what & (DIFFERS_TYPE | DIFFERS_CONTENT | DIFFERS_OWNER | DIFFERS_XATTR);

	if (S_ISCHR(upper->mode) || S_ISBLK(upper->mode))
		return what & ~(unsigned int)DIFFERS_TIME ? DANGER_DEVICE : 0;
	if (!S_ISREG(upper->mode))
		return 0;
	/* without execution by its group, the bit is an old sign of mandatory locks */
	if ((upper->mode & S_ISUID) && (fresh || !(lower->mode & S_ISUID)))
		danger |= DANGER_SETUID;
	if ((upper->mode & S_ISGID) && (upper->mode & S_IXGRP) && (fresh || !(lower->mode & S_ISGID)))
		danger |= DANGER_SETGID;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", upper_dir, name); /* a name is at most NAME_MAX bytes */
	if (fresh && lgetxattr(path, "security.capability", value, sizeof(value)) > 0)
		danger |= DANGER_CAPABILITY;
	return danger;
}
