/* Copying what one inode is to another: data with its holes, then owner, attributes, mode and times, in the order in which one does not undo the other. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/io.h"
#include "base/scope.h"
#include "base/text.h"
#include "run/try.h"

enum { BLOCK = 64 << 10, CHUNK = 1 << 30, NAMES_SIZE = 64 << 10, VALUE_SIZE = 64 << 10, MAGIC_SIZE = 40 };

/* of linux/fs.h, which clashes with sys/mount.h */
#define FICLONE_REQUEST _IOW(0x94, 9, int)

/* Copy by hand, where the kernel cannot do it between these two file systems. */
static int copy_blocks(int from, int to, off_t start, off_t end)
{
	scope_free char *block = malloc(BLOCK);

	if (!block)
		return -ENOMEM;
	if (lseek(to, start, SEEK_SET) < 0)
		return -errno;
	while (start < end) {
		size_t wanted = end - start < BLOCK ? (size_t)(end - start) : BLOCK;
		ssize_t n = pread(from, block, wanted, start);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		r = io_write_all(to, block, (size_t)n);
		if (r < 0)
			return r;
		start += n;
	}
	return 0;
}

static int copy_range(int from, int to, off_t start, off_t end)
{
	off_t in = start, out = start;

	while (in < end) {
		size_t wanted = end - in < CHUNK ? (size_t)(end - in) : CHUNK;
		ssize_t n = copy_file_range(from, &in, to, &out, wanted, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM || errno == EBADF))
			return copy_blocks(from, to, in, end);
		if (n <= 0)
			return n < 0 ? -errno : 0;
	}
	return 0;
}

int try_copy_data(int from, int to, uint64_t size)
{
	off_t end = (off_t)size, data = 0, hole;

	if (ioctl(to, FICLONE_REQUEST, from) == 0)
		return 0;
	if (ftruncate(to, end) < 0)
		return -errno;
	for (; data < end; data = hole) {
		int r;

		data = lseek(from, data, SEEK_DATA);
		if (data < 0)
			return errno == ENXIO ? 0 : -errno; /* nothing but a hole is left */
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0)
			return -errno;
		r = copy_range(from, to, data, hole < end ? hole : end);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Labels of security modules belong to the place, not to the file: where they may not be set, the place's own will do. */
static bool is_label(const char *name)
{
	return text_equal(name, "security.selinux") || text_equal(name, "security.ima") || text_equal(name, "security.evm") ||
	       text_after(name, "security.apparmor");
}

static bool is_listed(const char *names, ssize_t length, const char *name)
{
	for (ssize_t i = 0; i < length; i += (ssize_t)strlen(names + i) + 1)
		if (text_equal(names + i, name))
			return true;
	return false;
}

static int set_xattrs(const char *from, const char *to, const char *names, ssize_t length)
{
	scope_free char *value = malloc(VALUE_SIZE);

	if (!value)
		return -ENOMEM;
	for (ssize_t i = 0; i < length; i += (ssize_t)strlen(names + i) + 1) {
		const char *name = names + i;
		ssize_t n = changes_is_mark(name) ? -1 : getxattr(from, name, value, VALUE_SIZE);

		if (n >= 0 && setxattr(to, name, value, (size_t)n, 0) < 0 && !is_label(name))
			return -errno;
	}
	return 0;
}

static int copy_xattrs(const char *from, const char *to)
{
	scope_free char *names = malloc(2 * NAMES_SIZE);
	ssize_t n, m;

	if (!names)
		return -ENOMEM;
	n = listxattr(from, names, NAMES_SIZE);
	m = listxattr(to, names + NAMES_SIZE, NAMES_SIZE);
	if (n < 0 || m < 0)
		return errno == ENOTSUP ? 0 : -errno;
	for (ssize_t i = 0; i < m; i += (ssize_t)strlen(names + NAMES_SIZE + i) + 1) {
		const char *name = names + NAMES_SIZE + i;

		if (!is_listed(names, n, name) && !changes_is_mark(name) && !is_label(name) && removexattr(to, name) < 0 && errno != ENODATA)
			return -errno;
	}
	return n > 0 ? set_xattrs(from, to, names, n) : 0;
}

int try_set_time(int fd, int64_t mtime)
{
	const int64_t second = 1000000000, rest = (mtime % second + second) % second; /* before 1970 too */
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = (mtime - rest) / second, .tv_nsec = (long)rest } };
	char target[MAGIC_SIZE];

	(void)snprintf(target, sizeof(target), "/proc/self/fd/%d", fd); /* fits */
	return utimensat(AT_FDCWD, target, times, 0) < 0 ? -errno : 0;
}

int try_copy_metadata(int from, int to, const struct inode_facts *facts)
{
	char source[MAGIC_SIZE], target[MAGIC_SIZE];
	struct stat st;
	int r;

	(void)snprintf(source, sizeof(source), "/proc/self/fd/%d", from); /* fits */
	(void)snprintf(target, sizeof(target), "/proc/self/fd/%d", to); /* fits */
	if (fstat(to, &st) < 0)
		return -errno;
	/* a change of owner takes set-user-ID and capabilities away, so it comes first */
	if ((st.st_uid != facts->uid || st.st_gid != facts->gid) && fchownat(to, "", facts->uid, facts->gid, AT_EMPTY_PATH) < 0)
		return -errno;
	r = copy_xattrs(source, target);
	if (r < 0)
		return r;
	if (!S_ISLNK(facts->mode) && chmod(target, facts->mode & 07777) < 0)
		return -errno;
	return try_set_time(to, facts->mtime);
}
