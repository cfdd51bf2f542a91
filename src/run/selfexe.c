/*
 * No container may write hull's executable (CVE-2019-5736: a payload that is /proc/self/exe, or a script that names it, is hull itself for a moment, and
 * once it has ended the file can be opened for writing by whoever is root in the container without a user namespace).
 *
 * So where that is possible, hull runs from a place that cannot be written: root from a detached read-only bind mount of the file, which it maps over what it was
 * executed from (selfmap.c), or executes where the kernel does not allow that; an ordinary user, who may not mount, from a sealed copy in memory. The mount
 * is the faster one: the copy's pages are new and have to be faulted in one by one (doc/performance.md).
 *
 * As long as a descriptor of the detached mount is open, whoever can reach it and may mount could make it writable again; once it is closed the kernel
 * dissolves the mount, and it can be changed by nobody, though what is mapped and /proc/PID/exe still lead through it. Dissolving waits for an RCU grace period. So the child hangs the mount on the old root, with which it is
 * unmounted (aspect/rootfs.c), and both sides have closed it before the payload can run; but it is dissolved before the clone if that enters namespaces in
 * which others are, and while the payload starts if nobody in the sandbox can reach into hull: nobody waits for that grace period then.
 */
#include "run/selfexe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/libexec.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"
#include "hull.h"
#include "run/selfmap.h"

#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#define F_SEAL_SEAL 1
#define F_SEAL_SHRINK 2
#define F_SEAL_GROW 4
#define F_SEAL_WRITE 8
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

enum { ALL_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

extern char **environ;

/* Whether a container that this process makes could write the file: its root may be us. */
static bool endangered(int exe, const struct stat *stat)
{
	if (stat->st_uid == geteuid())
		return true;
	return faccessat(exe, "", W_OK, AT_EMPTY_PATH | AT_EACCESS) == 0;
}

static int make_copy(int exe, off_t size)
{
	scope_fd int copy = memfd_create("hull", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	off_t done = 0;

	if (copy < 0 && errno == EINVAL) /* before Linux 6.3 all are executable */
		copy = memfd_create("hull", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (copy < 0)
		return -errno;
	while (done < size) {
		ssize_t n = sendfile(copy, exe, &done, (size_t)(size - done));

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
	}
	if (fcntl(copy, F_ADD_SEALS, ALL_SEALS) < 0)
		return -errno;
	return take_fd(&copy);
}

/* the mount that we were executed from, NO_FD: none, or dissolved */
static int own_mount = NO_FD;

int selfexe_mount(void)
{
	return own_mount;
}

void selfexe_dissolve(void)
{
	own_mount = close_fd(own_mount);
}

/* Whether we are what run_readonly() executed. execveat(2) tells us the descriptor: "/dev/fd/N". */
static bool is_executed_again(void)
{
	static const char prefix[] = "/dev/fd/";
	const char *name = (const char *)getauxval(AT_EXECFN);
	struct statfs fs;
	uint32_t fd;

	if (!name || strncmp(name, prefix, sizeof(prefix) - 1) != 0 || text_to_u32(name + sizeof(prefix) - 1, &fd) < 0 || !getenv(LIBEXEC_EXECUTABLE))
		return false;
	if (fstatfs((int)fd, &fs) < 0 || !(fs.f_flags & ST_RDONLY))
		return false;
	(void)close_fd((int)fd);
	return true;
}

/* The path that we were executed by, if it leads to the file @exe: an interpreter of scripts is told the script's. NULL: not known. */
static const char *told_path(int exe)
{
	const char *name = (const char *)getauxval(AT_EXECFN);
	struct stat there, here;

	if (!name || name[0] != '/' || stat(name, &there) < 0 || fstat(exe, &here) < 0)
		return NULL;
	return there.st_ino == here.st_ino && there.st_dev == here.st_dev ? name : NULL;
}

/* Execute @safe. Without the variable, helpers beside our file could not be found from there. Return: -errno. */
static int execute(int safe, char *const argv[], const char *path)
{
	struct libexec_room room;
	char **environment = libexec_environment(environ, path, &room);

	(void)SYS_CALL(SYS_execveat, safe, "", argv, environment ? environment : environ, AT_EMPTY_PATH); /* returns only on failure: errno says why */
	return -errno;
}

/*
 * Our file in a detached mount of the directory that we were executed in, by the name that the kernel tells us. It may lead elsewhere by now, or be relative or a
 * link; then the way leads through /proc, which takes twice as long: the kernel has to make up a directory for us.
 * Return: the mount, or -errno.  @ret_file: the file, open for reading.
 */
static int mount_by_name(int *ret_file)
{
	const char *name = (const char *)getauxval(AT_EXECFN), *slash = name ? strrchr(name, '/') : NULL;
	scope_fd int tree = NO_FD, file = NO_FD;
	char directory[256] = "/";

	if (!slash || name[0] != '/' || slash - name >= (ptrdiff_t)sizeof(directory))
		return -ENOENT;
	if (slash > name)
		*(char *)mempcpy(directory, name, (size_t)(slash - name)) = '\0';
	tree = sys_open_tree(AT_FDCWD, directory, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return tree;
	file = openat(tree, slash + 1, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return -errno;
	if (!selfmap_is_own(file))
		return -ESTALE;
	libexec_tell(name);
	*ret_file = take_fd(&file);
	return take_fd(&tree);
}

static int mount_by_proc(int *ret_file)
{
	char path[sizeof("/proc/self/fd/") + TEXT_NUMBER_MAX];
	scope_fd int tree = sys_open_tree(AT_FDCWD, "/proc/self/exe", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	struct text t = text_on(path, sizeof(path));
	static char link[PATH_MAX];
	const char *name;

	if (tree < 0)
		return tree;
	text_addf(&t, "/proc/self/fd/%d", tree);
	*ret_file = open(path, O_RDONLY | O_CLOEXEC);
	if (*ret_file < 0)
		return -errno;
	name = told_path(*ret_file);
	name = name ? name : libexec_executable(link); /* as long as /proc knows */
	if (name)
		libexec_tell(name);
	return take_fd(&tree);
}

/*
 * Run from a detached mount of the file that cannot be written through. Its descriptor stays open.
 * Return: 0: it cannot be written now;  -errno: it could not be done.
 */
static int run_readonly(char *const argv[])
{
	const struct sys_mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	scope_fd int file = NO_FD;
	scope_fd int tree = mount_by_name(&file);
	bool named = tree >= 0;
	struct statfs fs;
	int r;

	if (!named)
		tree = mount_by_proc(&file);
	if (tree < 0)
		return tree;
	/* what has our name may lie below a mount of the file itself */
	if (!named && fstatfs(tree, &fs) == 0 && (fs.f_flags & ST_RDONLY))
		return 0;
	r = sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr);
	if (r < 0)
		return r;
	if (selfmap_replace(file, argv) < 0) /* the new image inherits the descriptor, which keeps the mount when it is dissolved */
		return fd_set_cloexec(file, false) < 0 ? -errno : execute(file, argv, told_path(file));
	own_mount = take_fd(&tree);
	return 0;
}

/* Our file, to be looked at. Return: a descriptor or -errno. */
static int open_own(void)
{
	const char *name = (const char *)getauxval(AT_EXECFN);
	scope_fd int file = name && name[0] == '/' ? open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : NO_FD;

	if (file >= 0 && selfmap_is_own(file))
		return take_fd(&file);
	return (int)SYS_CALL(SYS_openat, AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC);
}

__attribute__((visibility("default"))) int hull_protect_executable(char *const argv[])
{
	scope_fd int exe = NO_FD, safe = NO_FD;
	struct statfs fs;
	struct stat stat;

	if (is_executed_again() || (geteuid() == 0 && run_readonly(argv) == 0))
		return 0;
	exe = open_own();
	if (exe < 0)
		return exe;
	if (fstat(exe, &stat) < 0)
		return -errno;
	if (!endangered(exe, &stat) || (fstatfs(exe, &fs) == 0 && (fs.f_flags & ST_RDONLY)) || fcntl(exe, F_GET_SEALS) == ALL_SEALS)
		return 0;
	safe = make_copy(exe, stat.st_size);
	return safe < 0 ? safe : execute(safe, argv, told_path(exe));
}
