/*
 * Paths below a hostile root.
 *
 * openat2(2) does it in one call. Where it does not exist (a kernel before 5.6, or a seccomp filter around us that answers ENOSYS or EPERM), and
 * where directories have to be made on the way, a walk takes its place: one component after the other, each opened with O_PATH | O_NOFOLLOW
 * below the directory before it, links read and put in front of what is left. ".." never asks the kernel, which would follow a directory that was moved
 * out of the root meanwhile: the walk remembers the names it came by, free of links, and goes down again from the root.
 */
#include "base/path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/child.h"
#include "base/scope.h"
#include "base/sys.h"

enum {
	LINKS_MAX = 40,   /* as the kernel's own limit: path_resolution(7) */
	RETRIES_MAX = 64, /* of a lookup that raced with renames */
	NAME_SIZE = NAME_MAX + 1,
};

#define PROC_MAGIC 0x9fa0 /* PROC_SUPER_MAGIC of linux/magic.h */

/* What a walk does about a name that is missing. */
enum make {
	MAKE_NOTHING,
	MAKE_DIR,  /* all of them, as directories */
	MAKE_FILE, /* directories, and a regular file at the end */
	MAKE_ASK,  /* nothing: say where the first of them would be made */
};

/*
 * A walk in progress.
 * @fd: the directory reached so far; @root itself at the start
 * @left: what is still to be resolved
 * @done: the way from @root to @fd, free of links, each name followed by a slash
 * @flags, @mode, @make, @links_max: what is wanted at the end, and on the way
 * @place: MAKE_ASK: the directory that misses a name
 */
struct walk {
	int root, fd, place;
	uint64_t flags;
	mode_t mode;
	enum make make;
	int links, links_max;
	size_t done_length;
	char left[PATH_MAX];
	char done[PATH_MAX];
};

/* Stand in another directory; @fd becomes the walk's. */
CHILD static void move_to(struct walk *w, int fd)
{
	if (w->fd != w->root)
		(void)close_fd(w->fd);
	w->fd = fd;
}

/* Go down from the root again by names that held no links. One that does now was put there in a race: -EAGAIN. */
CHILD static int go_down(struct walk *w)
{
	char *name = w->done, *slash;
	int fd;

	move_to(w, w->root);
	for (; (slash = strchr(name, '/')); name = slash + 1) {
		*slash = '\0';
		fd = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
		*slash = '/';
		if (fd < 0)
			return errno == ENOTDIR || errno == ELOOP || errno == ENOENT ? -EAGAIN : -errno;
		move_to(w, fd);
	}
	return 0;
}

/* ".." : the root is its own parent */
CHILD static int go_up(struct walk *w)
{
	if (w->done_length == 0)
		return 0;
	do
		w->done_length--;
	while (w->done_length > 0 && w->done[w->done_length - 1] != '/');
	w->done[w->done_length] = '\0';
	return go_down(w);
}

/* Enter the directory @fd that is called @name. */
CHILD static int go_into(struct walk *w, int fd, const char *name)
{
	size_t length = strlen(name);

	if (w->done_length + length + 2 > sizeof(w->done))
		return -ENAMETOOLONG;
	memcpy(w->done + w->done_length, name, length);
	w->done_length += length;
	w->done[w->done_length++] = '/';
	w->done[w->done_length] = '\0';
	move_to(w, fd);
	return 0;
}

/* Put a link's text in front of @rest. @fd: the link itself. */
CHILD static int follow(struct walk *w, int fd, const char *rest)
{
	char target[PATH_MAX];
	size_t rest_length = strlen(rest);
	struct statfs fs;
	ssize_t n;

	if (++w->links > w->links_max)
		return -ELOOP;
	n = readlinkat(fd, "", target, sizeof(target));
	if (n < 0)
		return -errno;
	if (n == 0)
		return -ENOENT;
	if ((size_t)n + rest_length + 1 > sizeof(w->left))
		return -ENAMETOOLONG;
	target[n] = '\0';
	/* procfs' ordinary links are relative and plain: what looks otherwise is a magic link, as RESOLVE_NO_MAGICLINKS would say */
	if (fstatfs(fd, &fs) == 0 && fs.f_type == PROC_MAGIC && (target[0] == '/' || strstr(target, ":[")))
		return -ELOOP;
	memmove(w->left + n, rest, rest_length + 1);
	memcpy(w->left, target, (size_t)n);
	if (target[0] == '/') {
		move_to(w, w->root);
		w->done_length = 0;
		w->done[0] = '\0';
	}
	return 0;
}

/* Open the inode called @name; make it if it is missing and that was asked for. */
CHILD static int open_name(struct walk *w, const char *name, bool last, bool want_dir)
{
	int fd = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), r;

	if (fd >= 0)
		return fd;
	if (errno == ENOENT && w->make == MAKE_ASK && w->place < 0) {
		w->place = fcntl(w->fd, F_DUPFD_CLOEXEC, 0);
		return w->place < 0 ? -errno : -ENOENT;
	}
	if (errno != ENOENT || w->make == MAKE_NOTHING || w->make == MAKE_ASK)
		return -errno;
	if (last && w->make == MAKE_FILE)
		r = want_dir ? (errno = EISDIR, -1) : mknodat(w->fd, name, S_IFREG | w->mode, 0);
	else
		r = mkdirat(w->fd, name, last ? w->mode : 0755);
	if (r < 0 && errno != EEXIST) /* somebody was faster: what is there now is looked at like anything else */
		return -errno;
	fd = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/*
 * The last component exists: @fd names it, @type is what it is. Open it as the caller wants it.
 * Return: a descriptor, @fd itself if the caller wants no more than O_PATH; or -errno.
 */
CHILD static int open_last(const struct walk *w, int fd, const char *name, mode_t type, bool want_dir)
{
	uint64_t flags = w->flags | O_CLOEXEC | O_NOFOLLOW | (want_dir ? O_DIRECTORY : 0u);
	int opened;

	if ((flags & O_DIRECTORY) != 0 && !S_ISDIR(type))
		return -ENOTDIR;
	if (w->make == MAKE_FILE && S_ISDIR(type))
		return -EISDIR;
	if ((flags & O_PATH) != 0)
		return fd;
	opened = openat(w->fd, name, (int)flags, w->mode);
	if (opened < 0)
		return errno == ELOOP && !S_ISLNK(type) ? -EAGAIN : -errno; /* it was no link a moment ago */
	return opened;
}

/* The path ended on the directory where the walk stands. */
CHILD static int open_here(const struct walk *w)
{
	int fd;

	if (w->make == MAKE_FILE || (w->flags & O_CREAT) != 0)
		return -EISDIR;
	fd = openat(w->fd, ".", (int)(w->flags & ~(uint64_t)O_NOFOLLOW) | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* What is left of the path begins at @rest. */
CHILD static void leave_over(struct walk *w, const char *rest)
{
	memmove(w->left, rest, strlen(rest) + 1);
}

/*
 * Resolve the component @name, which is neither "." nor "..".
 * @rest: what follows it, beginning with a slash, or empty;  @last: nothing but slashes.
 * Return: 1 and *ret_fd at the end of the path, 0: go on, or -errno.
 */
CHILD static int take_name(struct walk *w, const char *name, const char *rest, bool last, int *ret_fd)
{
	bool want_dir = *rest == '/', keep_link = last && !want_dir && (w->flags & (O_NOFOLLOW | O_EXCL)) != 0;
	struct stat st;
	int fd = open_name(w, name, last, want_dir), r;

	if (fd == -ENOENT && last && (w->flags & O_CREAT) != 0) {
		r = want_dir ? -EISDIR : openat(w->fd, name, (int)w->flags | O_NOFOLLOW | O_CLOEXEC, w->mode);
		if (r < 0)
			return want_dir ? -EISDIR : errno == ELOOP ? -EAGAIN : -errno;
		*ret_fd = r;
		return 1;
	}
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0) {
		r = -errno;
	} else if (S_ISLNK(st.st_mode) && !keep_link) {
		r = follow(w, fd, rest);
	} else if (last) {
		r = open_last(w, fd, name, st.st_mode, want_dir);
		if (r >= 0) {
			*ret_fd = r;
			if (r != fd)
				(void)close_fd(fd);
			return 1;
		}
	} else {
		r = S_ISDIR(st.st_mode) ? go_into(w, fd, name) : -ENOTDIR;
		if (r == 0) {
			leave_over(w, rest);
			return 0;
		}
	}
	(void)close_fd(fd);
	return r;
}

/* Resolve one component. Return: as take_name(). */
CHILD static int step(struct walk *w, int *ret_fd)
{
	const char *p = w->left + strspn(w->left, "/");
	size_t length = strcspn(p, "/");
	const char *rest = p + length;
	char name[NAME_SIZE];
	int r;

	if (length == 0) {
		r = open_here(w);
		if (r < 0)
			return r;
		*ret_fd = r;
		return 1;
	}
	if (length >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, p, length);
	name[length] = '\0';
	if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
		return take_name(w, name, rest, rest[strspn(rest, "/")] == '\0', ret_fd);
	r = name[1] == '.' ? go_up(w) : 0;
	leave_over(w, rest);
	return r;
}

/*
 * The whole walk. With MAKE_ASK what is missing is no error: the descriptor is that of its directory, and *ret_at_root says whether this is the root.
 * Return: a descriptor or -errno.
 */
CHILD static int walk(int root, const char *path, uint64_t flags, mode_t mode, enum make make, int links_max, bool *ret_at_root)
{
	struct walk w;
	size_t length = strlen(path);
	int r, fd = NO_FD, retries = 0;

	if (length >= sizeof(w.left))
		return -ENAMETOOLONG;
	do {
		w.root = w.fd = root;
		w.flags = flags;
		w.mode = mode;
		w.make = make;
		w.place = NO_FD;
		w.links = 0;
		w.links_max = links_max;
		w.done_length = 0;
		w.done[0] = '\0';
		memcpy(w.left, path, length + 1);
		do
			r = step(&w, &fd);
		while (r == 0);
		move_to(&w, root);
		if (w.place >= 0) {
			*ret_at_root = w.done_length == 0;
			return w.place;
		}
	} while (r == -EAGAIN && ++retries < RETRIES_MAX);
	return r < 0 ? r : fd;
}

CHILD int path_open(int root, const char *path, uint64_t flags, uint64_t resolve)
{
	bool creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.mode = creates ? 0644 : 0,
		.resolve = resolve | RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd, retries = 0;

	do
		fd = sys_openat2(root, *path ? path : ".", &how);
	while ((fd == -EAGAIN && ++retries < RETRIES_MAX) || fd == -EINTR);
	if (fd != -ENOSYS && fd != -EPERM)
		return fd;
	/* the walk knows about symbolic links; of anything else that was demanded it cannot give assurance */
	if ((resolve & ~(uint64_t)(RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_IN_ROOT)) != 0)
		return fd;
	return walk(root, path, flags, (mode_t)how.mode, MAKE_NOTHING, (resolve & RESOLVE_NO_SYMLINKS) != 0 ? 0 : LINKS_MAX, NULL);
}

/*
 * Split @path into a directory (copied to @directory of PATH_MAX bytes) and a last component (copied to @name), trailing slashes dropped.
 * Return: 0, 1: there is no last component that could be made ("/", "", "..": only a walk can tell what it is), or -ENAMETOOLONG.
 */
CHILD static int split(const char *path, char *directory, char name[NAME_SIZE])
{
	size_t end = strlen(path), start;

	while (end > 0 && path[end - 1] == '/')
		end--;
	start = end;
	while (start > 0 && path[start - 1] != '/')
		start--;
	if (end - start >= NAME_SIZE || start >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(name, path + start, end - start);
	name[end - start] = '\0';
	memcpy(directory, path, start);
	directory[start] = '\0';
	return name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/*
 * Make the last component in a parent that exists: the usual case, in two system calls.
 * Return: a descriptor, or -EAGAIN: that was not possible, walk instead.
 */
CHILD static int make_in_parent(int parent, const char *name, mode_t mode, enum make make)
{
	struct stat st;
	int fd;

	if (make == MAKE_DIR) {
		if (mkdirat(parent, name, mode) < 0)
			return errno == EEXIST ? -EAGAIN : -errno;
		fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? -EAGAIN : fd;
	}
	if (mknodat(parent, name, S_IFREG | mode, 0) < 0)
		return errno == EEXIST ? -EAGAIN : -errno;
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -EAGAIN;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	(void)close_fd(fd); /* exchanged behind our back */
	return -EAGAIN;
}

/* path_make_dir() and path_make_file() for what does not exist as a whole. */
CHILD static int make_missing(int root, const char *path, uint64_t flags, mode_t mode, enum make make)
{
	char directory[PATH_MAX], name[NAME_SIZE];
	int parent, fd, r = split(path, directory, name);

	if (r < 0)
		return r;
	if (r == 0 && (make == MAKE_DIR || path[strlen(path) - 1] != '/')) {
		parent = path_open(root, directory, O_PATH | O_DIRECTORY, 0);
		if (parent >= 0) {
			fd = make_in_parent(parent, name, mode, make);
			(void)close_fd(parent);
			if (fd != -EAGAIN)
				return fd;
		}
	}
	return walk(root, path, flags, mode, make, LINKS_MAX, NULL);
}

CHILD int path_make_dir(int root, const char *path, mode_t mode)
{
	int fd = path_open(root, path, O_PATH | O_DIRECTORY, 0);

	return fd == -ENOENT ? make_missing(root, path, O_PATH | O_DIRECTORY, mode, MAKE_DIR) : fd;
}

CHILD int path_make_file(int root, const char *path, mode_t mode)
{
	int fd = path_open(root, path, O_PATH, 0);
	struct stat st;

	if (fd == -ENOENT)
		return make_missing(root, path, O_PATH, mode, MAKE_FILE);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		(void)close_fd(fd);
		return -EISDIR;
	}
	return fd;
}

CHILD int path_missing(int root, const char *path, bool *ret_at_root)
{
	bool at_root = false;
	int fd = walk(root, path, O_PATH, 0, MAKE_ASK, LINKS_MAX, &at_root);

	*ret_at_root = at_root;
	return fd;
}

CHILD int path_open_parent(int root, const char *path, bool make, const char **ret_name)
{
	char directory[PATH_MAX], name[NAME_SIZE];
	const char *last = strrchr(path, '/');
	int fd, r = split(path, directory, name);

	if (r < 0)
		return r;
	if (r == 0 && last && last[1] == '\0')
		return -EINVAL; /* "x/": used as a name it would follow a link */
	if (r != 0 && (directory[strspn(directory, "/")] != '\0' || strcmp(name, "..") == 0))
		return -EINVAL; /* "x/..": its directory is not the one that holds a name */
	if (r != 0)
		last = ".";
	else
		last = last ? last + 1 : path;
	fd = make ? path_make_dir(root, directory, 0755) : path_open(root, directory, O_PATH | O_DIRECTORY, 0);
	if (fd >= 0)
		*ret_name = last;
	return fd;
}

CHILD int path_is_fs(int fd, unsigned long magic)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return (unsigned long)fs.f_type == magic;
}

bool path_is_clean(const char *path)
{
	size_t length;

	if (path[0] != '/')
		return false;
	if (path[1] == '\0')
		return true;
	while (*path == '/') {
		path++;
		length = strcspn(path, "/");
		if (length == 0 || (length == 1 && path[0] == '.') || (length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += length;
	}
	return true;
}

CHILD bool path_is_root(const char *path)
{
	size_t depth = 0, length;

	for (path += strspn(path, "/"); *path; path += length, path += strspn(path, "/")) {
		length = strcspn(path, "/");
		if (length == 2 && path[0] == '.' && path[1] == '.')
			depth -= depth > 0;
		else if (length != 1 || path[0] != '.')
			depth++;
	}
	return depth == 0;
}

const char *path_below(const char *path, const char *dir)
{
	size_t length = strlen(dir);

	while (length > 0 && dir[length - 1] == '/')
		length--;
	return strncmp(path, dir, length) == 0 && (path[length] == '/' || path[length] == '\0') ? path + length : NULL;
}
