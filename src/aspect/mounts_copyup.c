/*
 * tmpcopyup: a tmpfs begins with what the directory below it held. Child code: the entries are read with getdents64(2) into the stack, and the depth is
 * limited. Extended attributes and device nodes are copied as far as the kernel lets us; everything else must succeed.
 */
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "aspect/mounts.h"
#include "base/entries.h"
#include "base/scope.h"
#include "base/sys.h"

enum {
	DEPTH_MAX = 128,
	LINK_SIZE = 4096,
	XATTR_SIZE = 4096,
	CHUNK = 1 << 30, /* sendfile(2) copies less than 2 GiB at once */
};

CHILD static int copy_directory(int from, int to, dev_t device, int depth);

CHILD static void copy_xattrs(int from, int to)
{
	char names[XATTR_SIZE], value[XATTR_SIZE];
	ssize_t length = flistxattr(from, names, sizeof(names)), n;
	const char *name;

	for (name = names; length > 0 && name < names + length; name += strlen(name) + 1) {
		n = fgetxattr(from, name, value, sizeof(value));
		if (n >= 0)
			(void)fsetxattr(to, name, value, (size_t)n, 0); /* as far as allowed: tmpfs does not take all of them */
	}
}

/* Owner first: changing it clears the set-id bits of the mode. */
CHILD static int copy_attributes(int from, int to, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchown(to, st->st_uid, st->st_gid) < 0 && errno != EPERM && errno != EINVAL) /* an id that is not mapped here cannot be kept */
		return -errno;
	if (fchmod(to, st->st_mode & 07777) < 0)
		return -errno;
	copy_xattrs(from, to);
	return futimens(to, times) < 0 ? -errno : 0;
}

CHILD static int copy_file(int from, const char *name, int to, const struct stat *expected)
{
	scope_fd int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	scope_fd int out = NO_FD;
	struct stat st;
	ssize_t n;

	if (in < 0 || fstat(in, &st) < 0)
		return -errno;
	if (st.st_ino != expected->st_ino || !S_ISREG(st.st_mode))
		return -EAGAIN; /* exchanged meanwhile */
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	do
		n = sendfile(out, in, NULL, CHUNK);
	while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : copy_attributes(in, out, &st);
}

CHILD static int copy_link(int from, const char *name, int to, const struct stat *st)
{
	char link[LINK_SIZE];
	ssize_t n = readlinkat(from, name, link, sizeof(link) - 1);

	if (n < 0)
		return -errno;
	link[n] = '\0';
	if (symlinkat(link, to, name) < 0)
		return -errno;
	(void)!fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW); /* a link's owner matters to nobody */
	return 0;
}

/* Another filesystem that is mounted there is not entered: its directory is made, empty. */
CHILD static int copy_subdirectory(int from, const char *name, int to, const struct stat *st, dev_t device, int depth)
{
	scope_fd int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	scope_fd int out = NO_FD;
	int r;

	if (in < 0)
		return -errno;
	if (mkdirat(to, name, 0700) < 0)
		return -errno;
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return -errno;
	r = st->st_dev == device ? copy_directory(in, out, device, depth + 1) : 0;
	return r < 0 ? r : copy_attributes(in, out, st);
}

CHILD static int copy_node(const char *name, int to, const struct stat *st)
{
	if (mknodat(to, name, st->st_mode, st->st_rdev) < 0)
		return errno == EPERM ? 0 : -errno; /* a device in a user namespace */
	if (fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != EPERM && errno != EINVAL)
		return -errno;
	return fchmodat(to, name, st->st_mode & 07777, 0) < 0 ? -errno : 0;
}

CHILD static int copy_entry(int from, const char *name, int to, dev_t device, int depth)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno; /* removed meanwhile */
	if (S_ISDIR(st.st_mode))
		return copy_subdirectory(from, name, to, &st, device, depth);
	if (S_ISREG(st.st_mode))
		return copy_file(from, name, to, &st);
	if (S_ISLNK(st.st_mode))
		return copy_link(from, name, to, &st);
	return copy_node(name, to, &st);
}

CHILD static int copy_directory(int from, int to, dev_t device, int depth)
{
	struct entries entries;
	const struct entry *entry;
	int r;

	if (depth > DEPTH_MAX)
		return -ELOOP;
	entries_begin(&entries, from);
	while ((r = entries_next(&entries, &entry)) > 0) {
		r = copy_entry(from, entry->name, to, device, depth);
		if (r < 0)
			break;
	}
	return r;
}

CHILD int mounts_copy_up(int from, int to)
{
	scope_fd int in = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scope_fd int out = NO_FD;
	struct stat st;

	if (in < 0 || fstat(in, &st) < 0)
		return -errno;
	out = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out < 0)
		return -errno;
	return copy_directory(in, out, st.st_dev, 0);
}
