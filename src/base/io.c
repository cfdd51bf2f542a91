/* Whole files: every read has a limit, every write is complete or an error. */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "base/scope.h"
#include "base/text.h"

int io_read_fd(int fd, size_t limit, struct arena *arena, char **ret_text, size_t *ret_length)
{
	size_t room = arena_room(arena) / 2, most = limit < room ? limit : room, length = 0;
	char *text = arena_alloc(arena, most + 2); /* one byte to notice that there is more, one zero */
	ssize_t n;

	do {
		n = read(fd, text + length, most + 1 - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		length += (size_t)n;
	} while (n != 0 && length <= most);
	if (length > most)
		return most < limit ? -ENOMEM : -EFBIG;
	/* give the untouched rest back: it is still zero, as the arena promises */
	arena->used = (size_t)(text - arena->base) + length + 1;
	*ret_text = text;
	if (ret_length)
		*ret_length = length;
	return 0;
}

int io_read_file(int dirfd, const char *path, size_t limit, struct arena *arena, char **ret_text, size_t *ret_length)
{
	scope_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return io_read_fd(fd, limit, arena, ret_text, ret_length);
}

int io_read_input(const char *path, size_t limit, struct arena *arena, char **ret_text, size_t *ret_length)
{
	scope_fd int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : io_read_fd(fd, limit, arena, ret_text, ret_length);
}

CHILD ssize_t io_read_small(int dirfd, const char *path, char *buffer, size_t size)
{
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = read(fd, buffer, size);
	while (n < 0 && errno == EINTR);
	(void)close_fd(fd);
	if (n < 0)
		return -errno;
	if ((size_t)n >= size)
		return -EFBIG;
	if (n > 0 && buffer[n - 1] == '\n')
		n--;
	buffer[n] = '\0';
	return n;
}

CHILD int io_write_all(int fd, const void *data, size_t length)
{
	const char *p = data;
	ssize_t n;

	while (length > 0) {
		n = write(fd, p, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		length -= (size_t)n;
	}
	return 0;
}

static sigset_t only_sigpipe(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGPIPE);
	return set;
}

void io_forget_sigpipe(void)
{
	static const struct timespec now;
	sigset_t set = only_sigpipe();

	(void)sigtimedwait(&set, NULL, &now); /* there is none where it is ignored */
}

int io_write_pipe(int fd, const void *data, size_t length)
{
	sigset_t set = only_sigpipe(), old;
	int r;

	(void)sigprocmask(SIG_BLOCK, &set, &old); /* cannot fail with these arguments; nor below */
	r = io_write_all(fd, data, length);
	if (r == -EPIPE)
		io_forget_sigpipe();
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

CHILD int io_write_file(int dirfd, const char *path, const char *data, size_t length)
{
	int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, data, length);
	while (n < 0 && errno == EINTR);
	(void)close_fd(fd);
	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -EIO;
}

int io_create_file(int dirfd, const char *path, mode_t mode, const void *data, size_t length)
{
	scope_fd int fd = NO_FD;
	int r;

	fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0 && errno == EEXIST) {
		(void)unlinkat(dirfd, path, 0);
		fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	}
	if (fd < 0)
		return -errno;
	r = io_write_all(fd, data, length);
	if (r == 0 && (mode & 077) != 0 && fchmod(fd, mode) < 0) /* whatever the caller's umask is */
		r = -errno;
	if (r < 0)
		(void)unlinkat(dirfd, path, 0);
	return r;
}

int io_replace_by(int dirfd, const char *temporary, const char *path, mode_t mode, const void *data, size_t length)
{
	int r = io_create_file(dirfd, temporary, mode, data, length);

	if (r < 0)
		return r;
	if (renameat(dirfd, temporary, dirfd, path) < 0) {
		r = -errno;
		(void)unlinkat(dirfd, temporary, 0);
	}
	return r;
}

int io_replace_file(int dirfd, const char *path, mode_t mode, const void *data, size_t length)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char temporary[PATH_MAX];
	int n = snprintf(temporary, sizeof(temporary), "%.*s.%s.%d", (int)(name - path), path, name, (int)getpid());

	if (n < 0 || (size_t)n >= sizeof(temporary))
		return -ENAMETOOLONG;
	return io_replace_by(dirfd, temporary, path, mode, data, length);
}

/* A name that means a descriptor: what it leads to may be a file, but the name must not be replaced by one. */
static bool is_descriptor(const char *path, uint32_t *ret)
{
	static const char *const numbered[] = { "/dev/fd/", "/proc/self/fd/" };
	static const char *const standard[] = { "/dev/stdin", "/dev/stdout", "/dev/stderr" };

	for (uint32_t i = 0; i < ARRAY_SIZE(standard); i++) {
		if (text_equal(path, standard[i])) {
			*ret = i;
			return true;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbered); i++)
		if (text_after(path, numbered[i]))
			return text_to_u32(text_after(path, numbered[i]), ret) == 0;
	return false;
}

int io_open_output(const char *path, int *ret_fd)
{
	char link[PATH_MAX];
	struct stat st;
	uint32_t number;
	ssize_t n;

	*ret_fd = NO_FD;
	if (!is_descriptor(path, &number)) {
		if (lstat(path, &st) < 0 || S_ISREG(st.st_mode)) /* what is wrong with the name shows when it is made */
			return 0;
		n = readlink(path, link, sizeof(link) - 1);
		link[n > 0 ? n : 0] = '\0';
		if (!is_descriptor(link, &number)) {
			if (stat(path, &st) < 0 || S_ISREG(st.st_mode))
				return 0;
			*ret_fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
			return *ret_fd < 0 ? -errno : 0;
		}
	}
	*ret_fd = fcntl((int)number, F_DUPFD_CLOEXEC, 0); /* one that is too large is none */
	return *ret_fd < 0 ? -errno : 0;
}

int io_memfd(const char *name, const char *text)
{
	scope_fd int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	r = io_write_all(fd, text, strlen(text));
	if (r < 0)
		return r;
	(void)fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL); /* cannot fail on a memfd that is ours */
	(void)lseek(fd, 0, SEEK_SET);                                                           /* likewise */
	return take_fd(&fd);
}
