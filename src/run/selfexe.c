/*
 * No container may write hull's executable (CVE-2019-5736: a payload that is /proc/self/exe, or a script that names it, is hull itself for a moment, and
 * once it has ended the file can be opened for writing by whoever is root in the container without a user namespace).
 *
 * So where that is possible, hull runs from a place that cannot be written: root from a detached read-only bind mount of the file, which is dissolved at
 * execve and so can be remounted by nobody; an ordinary user, who may not mount, from a sealed copy in memory. The mount is the faster one: the copy's
 * pages are new and have to be faulted in one by one (doc/performance.md).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/libexec.h"
#include "base/scope.h"
#include "base/sys.h"
#include "hull.h"

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

/* A detached mount of the file that cannot be written through. */
static int make_readonly(void)
{
	const struct sys_mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	scope_fd int tree = sys_open_tree(AT_FDCWD, "/proc/self/exe", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	int r;

	if (tree < 0)
		return tree;
	r = sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr);
	return r < 0 ? r : take_fd(&tree);
}

__attribute__((visibility("default"))) int hull_protect_executable(char *const argv[])
{
	scope_fd int exe = NO_FD, safe = NO_FD;
	scope_free char **environment = NULL;
	struct statfs fs;
	struct stat stat;

	/* read-only: we are there, or were never in danger */
	if (statfs("/proc/self/exe", &fs) == 0 && (fs.f_flags & ST_RDONLY))
		return 0;
	safe = geteuid() == 0 ? make_readonly() : -EPERM;
	if (safe < 0) {
		exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
		if (exe < 0 || fstat(exe, &stat) < 0)
			return -errno;
		if (fcntl(exe, F_GET_SEALS) == ALL_SEALS || !endangered(exe, &stat))
			return 0;
		safe = make_copy(exe, stat.st_size);
	}
	if (safe < 0)
		return safe;
	environment = libexec_environment(environ); /* from there, helpers beside the file could not be found */
	(void)SYS_CALL(SYS_execveat, safe, "", argv, environment ? environment : environ, AT_EMPTY_PATH); /* returns only on failure: errno says why */
	return -errno;
}
