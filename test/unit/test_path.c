/*
 * Paths below a hostile root: every test runs twice, first with openat2(2), then with a seccomp filter around it that says ENOSYS, so that the
 * fallback has to do the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"
#include "unit.h"

static char directory[] = "/tmp/hull-test-path-XXXXXX";
static char outside[64];
static int root = NO_FD;

/* whether @fd is what @path in the test's root is, asked of the kernel by its real name */
static bool is(int fd, const char *path)
{
	char name[512];
	struct stat a, b;

	(void)snprintf(name, sizeof(name), "%s/root/%s", directory, path);
	return fd >= 0 && fstat(fd, &a) == 0 && lstat(name, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool missing(const char *path)
{
	struct stat st;

	return fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

/* path_open() with O_PATH must give the inode that is called @wanted */
static bool leads_to(const char *path, const char *wanted)
{
	scope_fd int fd = path_open(root, path, O_PATH, 0);

	if (fd < 0)
		printf("# '%s': %s\n", path, strerror(-fd));
	return is(fd, wanted);
}

static int error_of(const char *path, uint64_t flags, uint64_t resolve)
{
	scope_fd int fd = path_open(root, path, flags, resolve);

	return fd < 0 ? fd : 0;
}

static void make_tree(void)
{
	char name[128];

	(void)snprintf(outside, sizeof(outside), "%s/outside", directory);
	CHECK(mkdir(outside, 0755) == 0);
	(void)snprintf(name, sizeof(name), "%s/root", directory);
	CHECK(mkdir(name, 0755) == 0);
	root = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(mkdirat(root, "a", 0755) == 0 && mkdirat(root, "a/b", 0755) == 0 && mkdirat(root, "etc", 0755) == 0);
	CHECK(mknodat(root, "etc/passwd", S_IFREG | 0644, 0) == 0);
	CHECK(symlinkat("/", root, "slash") == 0);
	CHECK(symlinkat("/etc", root, "absolute") == 0);
	CHECK(symlinkat("../../../../etc", root, "a/up") == 0);
	CHECK(symlinkat("b", root, "a/link") == 0);
	CHECK(symlinkat(outside, root, "out") == 0);
	CHECK(symlinkat("loop2", root, "loop1") == 0 && symlinkat("loop1", root, "loop2") == 0);
	CHECK(symlinkat("/new/deep", root, "dangling") == 0);
	CHECK(symlinkat("../../../new2", root, "a/dangling") == 0);
	CHECK(symlinkat("/etc/", root, "a/slashed") == 0);
}

static void remove_all(void)
{
	char command[128];

	(void)close_fd(root);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	(void)!system(command); /* the directory is ours, its name came from mkdtemp */
}

static void ordinary_paths(void)
{
	CHECK(leads_to("", ".") && leads_to("/", ".") && leads_to(".", ".") && leads_to("//./", "."));
	CHECK(leads_to("a", "a") && leads_to("/a/b", "a/b") && leads_to("a//b/", "a/b") && leads_to("a/./b/.", "a/b"));
	CHECK(leads_to("a/b/..", "a") && leads_to("a/b/../../etc/passwd", "etc/passwd"));
	CHECK(error_of("nothing", O_PATH, 0) == -ENOENT && error_of("nothing/x", O_PATH, 0) == -ENOENT);
	CHECK(error_of("etc/passwd/x", O_PATH, 0) == -ENOTDIR && error_of("etc/passwd/", O_PATH, 0) == -ENOTDIR);
	CHECK(error_of("etc/passwd", O_PATH | O_DIRECTORY, 0) == -ENOTDIR);
	CHECK(error_of("etc/passwd", O_RDONLY, 0) == 0 && error_of("a", O_WRONLY, 0) == -EISDIR);
	CHECK(error_of("/", O_RDONLY | O_DIRECTORY, 0) == 0);
}

static void links_stay_inside(void)
{
	CHECK(leads_to("..", ".") && leads_to("../../..", ".") && leads_to("/../a", "a"));
	CHECK(leads_to("slash", ".") && leads_to("slash/etc/passwd", "etc/passwd"));
	CHECK(leads_to("absolute/passwd", "etc/passwd") && leads_to("a/up/passwd", "etc/passwd"));
	CHECK(leads_to("a/link", "a/b") && leads_to("a/link/../up/passwd", "etc/passwd"));
	CHECK(leads_to("a/slashed", "etc") && leads_to("a/slashed/passwd", "etc/passwd"));
	CHECK(error_of("out", O_PATH, 0) == -ENOENT); /* the same words inside the root name nothing */
	CHECK(error_of("loop1", O_PATH, 0) == -ELOOP && error_of("loop1/x", O_PATH, 0) == -ELOOP);
	CHECK(error_of("dangling", O_PATH, 0) == -ENOENT);
}

static void links_can_be_refused(void)
{
	scope_fd int fd = path_open(root, "absolute", O_PATH | O_NOFOLLOW, 0);

	CHECK(is(fd, "absolute"));
	CHECK(error_of("absolute", O_RDONLY | O_NOFOLLOW, 0) == -ELOOP);
	CHECK(error_of("absolute", O_PATH, RESOLVE_NO_SYMLINKS) == -ELOOP);
	CHECK(error_of("slash/etc", O_PATH, RESOLVE_NO_SYMLINKS) == -ELOOP);
	CHECK(error_of("etc/passwd", O_PATH, RESOLVE_NO_SYMLINKS) == 0);
}

static void files_are_created_inside(void)
{
	CHECK(error_of("etc/created", O_WRONLY | O_CREAT, 0) == 0 && !missing("etc/created"));
	CHECK(error_of("etc/created", O_WRONLY | O_CREAT | O_EXCL, 0) == -EEXIST);
	CHECK(error_of("a/up/created2", O_WRONLY | O_CREAT, 0) == 0 && !missing("etc/created2"));
	CHECK(error_of("absolute", O_WRONLY | O_CREAT | O_EXCL, 0) == -EEXIST);
	CHECK(unlinkat(root, "etc/created", 0) == 0 && unlinkat(root, "etc/created2", 0) == 0);
}

static void limits(void)
{
	char path[PATH_MAX + 64], name[16];
	int i;

	memset(path, 'x', 256);
	path[256] = '\0';
	CHECK(error_of(path, O_PATH, 0) == -ENAMETOOLONG);
	memset(path, '/', sizeof(path));
	path[PATH_MAX] = '\0';
	CHECK(error_of(path, O_PATH, 0) == -ENAMETOOLONG);
	path[PATH_MAX - 1] = '\0';
	CHECK(leads_to(path, "."));
	for (i = 0; i < 41; i++) { /* l0 -> l1 -> … -> l41 = a */
		char target[16];

		(void)snprintf(name, sizeof(name), "l%d", i);
		(void)snprintf(target, sizeof(target), "l%d", i + 1);
		CHECK(symlinkat(target, root, name) == 0);
	}
	CHECK(symlinkat("a", root, "l41") == 0);
	CHECK(leads_to("l2", "a") && error_of("l1", O_PATH, 0) == -ELOOP && error_of("l0", O_PATH, 0) == -ELOOP);
	for (i = 0; i <= 41; i++) {
		(void)snprintf(name, sizeof(name), "l%d", i);
		CHECK(unlinkat(root, name, 0) == 0);
	}
}

/* /proc/self/exe and the like lead anywhere */
static void magic_links_are_refused(void)
{
	scope_fd int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	scope_fd int fd = path_open(proc, "self/status", O_RDONLY, 0);

	CHECK(fd >= 0);
	CHECK(path_open(proc, "self/exe", O_PATH, 0) == -ELOOP);
	CHECK(path_open(proc, "self/root/etc", O_PATH, 0) == -ELOOP);
	CHECK(path_open(proc, "self/ns/mnt", O_PATH, 0) == -ELOOP);
	CHECK(path_is_fs(proc, 0x9fa0) == 1 && path_is_fs(root, 0x9fa0) == 0 && path_is_fs(NO_FD, 0) == -EBADF);
}

/* path_make_dir() must give @wanted, which must be a directory with @mode */
static bool makes_dir(const char *path, const char *wanted, mode_t mode)
{
	scope_fd int fd = path_make_dir(root, path, mode);
	struct stat st;

	if (fd < 0)
		printf("# '%s': %s\n", path, strerror(-fd));
	return is(fd, wanted) && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 07777) == mode;
}

static void directories_are_made(void)
{
	CHECK(makes_dir("a", "a", 0755) && makes_dir("/", ".", 0755));
	CHECK(makes_dir("d1", "d1", 0700) && makes_dir("d1/d2/d3/", "d1/d2/d3", 0711) && makes_dir("d1/d2", "d1/d2", 0755));
	CHECK(makes_dir("absolute/d", "etc/d", 0755) && makes_dir("a/up/e/f", "etc/e/f", 0755));
	CHECK(makes_dir("g/../h", "h", 0755) && !missing("g"));
	CHECK(makes_dir("dangling", "new/deep", 0700) && makes_dir("a/dangling/x", "new2/x", 0700));
	CHECK(makes_dir("../../i", "i", 0755));
	CHECK(path_make_dir(root, "etc/passwd", 0755) == -ENOTDIR && path_make_dir(root, "etc/passwd/x", 0755) == -ENOTDIR);
	CHECK(path_make_dir(root, "loop1", 0755) == -ELOOP && path_make_dir(root, "loop1/x", 0755) == -ELOOP);
	/* the link's words name a place outside: they are made inside */
	CHECK(makes_dir("out/x", outside + 1, 0755) == false);
	CHECK(access(outside, F_OK) == 0);
	(void)snprintf(outside + strlen(outside), 4, "/x");
	CHECK(access(outside, F_OK) != 0 && leads_to(outside, outside));
	outside[strlen(outside) - 2] = '\0';
	CHECK(unlinkat(root, "new/deep", AT_REMOVEDIR) == 0 && unlinkat(root, "new", AT_REMOVEDIR) == 0);
	CHECK(unlinkat(root, "new2/x", AT_REMOVEDIR) == 0 && unlinkat(root, "new2", AT_REMOVEDIR) == 0);
}

static bool makes_file(const char *path, const char *wanted)
{
	scope_fd int fd = path_make_file(root, path, 0600);
	struct stat st;

	if (fd < 0)
		printf("# '%s': %s\n", path, strerror(-fd));
	return is(fd, wanted) && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode);
}

static void files_are_made(void)
{
	CHECK(makes_file("f1", "f1") && makes_file("f1", "f1") && makes_file("f2/f3/f4", "f2/f3/f4") && makes_file("etc/passwd", "etc/passwd"));
	CHECK(makes_file("dangling", "new/deep") && makes_file("dangling", "new/deep"));
	CHECK(path_make_file(root, "a", 0600) == -EISDIR && path_make_file(root, "/", 0600) == -EISDIR);
	CHECK(path_make_file(root, "f5/", 0600) == -EISDIR && path_make_file(root, "f1/x", 0600) == -ENOTDIR);
	CHECK(path_make_file(root, "loop1", 0600) == -ELOOP);
}

static void parents(void)
{
	const char *name = NULL;
	int fd = path_open_parent(root, "absolute/passwd", false, &name);

	CHECK(is(fd, "etc"));
	CHECK_STRING(name, "passwd");
	(void)close_fd(fd);
	fd = path_open_parent(root, "x", false, &name);
	CHECK(is(fd, "."));
	CHECK_STRING(name, "x");
	(void)close_fd(fd);
	fd = path_open_parent(root, "/", false, &name);
	CHECK(is(fd, "."));
	CHECK_STRING(name, ".");
	(void)close_fd(fd);
	CHECK(path_open_parent(root, "p/q/r", false, &name) == -ENOENT);
	fd = path_open_parent(root, "p/q/r", true, &name);
	CHECK(is(fd, "p/q"));
	CHECK_STRING(name, "r");
	(void)close_fd(fd);
	CHECK(path_open_parent(root, "a/", false, &name) == -EINVAL && path_open_parent(root, "a/..", false, &name) == -EINVAL);
	CHECK(path_open_parent(root, "..", false, &name) == -EINVAL);
}

/* somebody exchanges a directory for a link to the outside, over and over, while we make directories below it */
/* path_missing() must name the directory @wanted of the root */
static bool misses(const char *path, const char *wanted, bool at_root)
{
	bool is_at_root = !at_root;
	scope_fd int fd = path_missing(root, path, &is_at_root);
	struct stat here, there;

	return fd >= 0 && fstat(fd, &here) == 0 && fstatat(root, wanted, &there, 0) == 0 && here.st_ino == there.st_ino && here.st_dev == there.st_dev &&
	       is_at_root == at_root;
}

/* the same walk that makes things says where it would begin, and makes nothing */
static void missing_places(void)
{
	bool at_root;

	CHECK(symlinkat("/absent/deep", root, "hole") == 0 && symlinkat("b/absent", root, "a/hole") == 0);
	CHECK(misses("/x", ".", true) && misses("x/y/z", ".", true) && misses("/a/x", "a", false) && misses("/a/b/../x/y", "a", false));
	CHECK(misses("/absolute/x", "etc", false) && misses("/a/up/x", "etc", false) && misses("/slash/a/link/x", "a/b", false));
	CHECK(misses("/x/../y", ".", true) && misses("/a/b/../../../../x", ".", true));
	CHECK(misses("/hole/x", ".", true) && misses("/hole", ".", true) && misses("/a/hole", "a/b", false));
	CHECK(misses("/a/b", "a/b", false));
	CHECK(path_missing(root, "/etc/passwd/x", &at_root) == -ENOTDIR && path_missing(root, "/loop1/x", &at_root) == -ELOOP);
	CHECK(faccessat(root, "x", F_OK, 0) < 0 && faccessat(root, "a/x", F_OK, 0) < 0 && faccessat(root, "absent", F_OK, 0) < 0);
}

static void a_race_does_not_escape(void)
{
	pid_t pid;
	int i, made = 0;

	CHECK(mkdirat(root, "race", 0755) == 0 && symlinkat(outside, root, "evil") == 0);
	pid = fork();
	if (pid == 0) {
		for (;;)
			(void)SYS_CALL(SYS_renameat2, root, "race", root, "evil", 2); /* RENAME_EXCHANGE: musl lacks both */
	}
	for (i = 0; i < 1000; i++) {
		char path[64];
		int fd;

		(void)snprintf(path, sizeof(path), "race/%d/x", i);
		fd = i % 2 ? path_make_dir(root, path, 0755) : path_make_file(root, path, 0644);
		made += fd >= 0;
		(void)close_fd(fd);
	}
	CHECK(pid > 0 && kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	CHECK(made > 50);
	CHECK(rmdir(outside) == 0); /* it is still empty */
}

static void paths_below(void)
{
	CHECK_STRING(path_below("/jail/tmp", "/jail"), "/tmp");
	CHECK_STRING(path_below("/jail/tmp", "/jail/"), "/tmp");
	CHECK_STRING(path_below("/jail", "/jail"), "");
	CHECK_STRING(path_below("/tmp", "/"), "/tmp");
	CHECK(!path_below("/jailer/tmp", "/jail") && !path_below("/tmp", "/jail") && !path_below("(unreachable)", "/"));
}

static void clean_paths(void)
{
	CHECK(path_is_clean("/") && path_is_clean("/a") && path_is_clean("/a/b.c/..d") && path_is_clean("/..."));
	CHECK(!path_is_clean("") && !path_is_clean("a") && !path_is_clean("/a/") && !path_is_clean("//a") && !path_is_clean("/a//b"));
	CHECK(path_is_root("/") && path_is_root("//") && path_is_root("/..//.") && path_is_root("/a/..") && path_is_root("/a/b/../../.."));
	CHECK(!path_is_root("/a") && !path_is_root("/../a") && !path_is_root("/a/b/..") && !path_is_root("/...") && !path_is_root("/.a"));
	CHECK(!path_is_clean("/.") && !path_is_clean("/..") && !path_is_clean("/a/../b") && !path_is_clean("/a/."));
}

/* From now on openat2(2) does not exist. */
static bool hide_openat2(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = ARRAY_SIZE(code), .filter = code };
	struct open_how how = { .flags = O_PATH };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 &&
	       sys_openat2(AT_FDCWD, "/", &how) == -ENOSYS;
}

static void all_of_it(void)
{
	strcpy(strrchr(directory, '-') + 1, "XXXXXX");
	if (!mkdtemp(directory))
		return;
	RUN(make_tree);
	RUN(ordinary_paths);
	RUN(links_stay_inside);
	RUN(links_can_be_refused);
	RUN(files_are_created_inside);
	RUN(limits);
	RUN(magic_links_are_refused);
	RUN(directories_are_made);
	RUN(files_are_made);
	RUN(parents);
	RUN(missing_places);
	RUN(a_race_does_not_escape);
	remove_all();
}

int main(void)
{
	(void)umask(0);
	RUN(clean_paths);
	RUN(paths_below);
	all_of_it();
	if (hide_openat2())
		all_of_it();
	else
		SKIP(the_fallback, "no seccomp filters here");
	return unit_done();
}
