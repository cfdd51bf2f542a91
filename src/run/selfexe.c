/*
 * No container may write hull's executable (CVE-2019-5736: a payload that is /proc/self/exe, or a script that names it, is hull itself for a moment, and
 * once it has ended the file can be opened for writing by whoever is root in the container without a user namespace).
 *
 * So where that is possible, hull runs from a sealed private copy in memory: memfd_create(2), F_SEAL_WRITE, execveat(2). Measured beside a read-only bind
 * mount of the file (doc/performance.md): the copy is the cheaper one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

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

__attribute__((visibility("default"))) int hull_protect_executable(char *const argv[])
{
	scope_fd int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	scope_fd int copy = NO_FD;
	struct stat stat;

	if (exe < 0 || fstat(exe, &stat) < 0)
		return -errno;
	if (fcntl(exe, F_GET_SEALS) == ALL_SEALS) {
		(void)prctl(PR_SET_NAME, "hull", 0, 0, 0); /* execveat(2) names the process after the descriptor; only ps(1) cares */
		return 0;
	}
	if (!endangered(exe, &stat))
		return 0;
	copy = make_copy(exe, stat.st_size);
	if (copy < 0)
		return copy;
	(void)SYS_CALL(SYS_execveat, copy, "", argv, environ, AT_EMPTY_PATH); /* returns only on failure: errno says why */
	return -errno;
}
