/* The payload's environment, home, working directory, program, descriptors and terminal. */
#include "aspect_fixture.h"

#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "aspect/environment.h"
#include "aspect/exec.h"
#include "aspect/passwd.h"

static struct fixture f;
static char dir[] = "/tmp/hull-unit-XXXXXX";

static void write_file(const char *name, const char *text, mode_t mode)
{
	char path[FIXTURE_TEXT_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	(void)fchmod(fd, mode);
	(void)close(fd);
}

static int open_dir(void)
{
	return open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void test_environment(void)
{
	char **envp, *home, *pwd;

	f.spec.process.env = LIST(&f, "A=1", "PATH=/x", "B=", "A=2");
	f.request.listen_fds = 2;
	f.request.notify_socket = "/run/n";
	CHECK(environment_make(&f.plan, &envp, &home, &pwd) == 0);
	CHECK_STRING(envp[0], "PATH=/x");
	CHECK_STRING(envp[1], "B=");
	CHECK_STRING(envp[2], "A=2");
	CHECK_STRING(envp[3], "LISTEN_FDS=2");
	CHECK_STRING(envp[4], "LISTEN_PID=1");
	CHECK_STRING(envp[5], "NOTIFY_SOCKET=/run/notify/notify.sock");
	CHECK_STRING(envp[6], "HOME=/");
	CHECK(envp[6] == home && !envp[7]);
	CHECK_STRING(environment_path(envp), "/x");
	f.spec.process.env = LIST(&f, "HOME=/h", "XPATH=/y");
	f.request.listen_fds = 0;
	f.request.notify_socket = NULL;
	CHECK(environment_make(&f.plan, &envp, &home, &pwd) == 0 && !home && !pwd && !envp[2]);
	CHECK_STRING(environment_home(envp), "/h");
	CHECK_STRING(environment_path(envp), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	/* a sandbox has its caller's, and perhaps a new PWD */
	f.spec.process.env = LIST(&f, "PWD=/old", "A=1");
	f.request.sandbox = f.request.set_pwd = true;
	CHECK(environment_make(&f.plan, &envp, &home, &pwd) == 0 && !home && !envp[2]);
	CHECK_STRING(envp[0], "A=1");
	CHECK(envp[1] == pwd);
	CHECK_STRING(pwd, "PWD=/");
	CHECK(!environment_home(envp));
	f.request.sandbox = f.request.set_pwd = false;
}

static void test_environment_refused(void)
{
	char **envp, *home, *pwd;

	f.spec.process.env = LIST(&f, "A=1", "B");
	CHECK(environment_make(&f.plan, &envp, &home, &pwd) < 0);
	CHECK_STRING(f.error.text, "process.env[1]: expected NAME=VALUE, got 'B'");
	f.spec.process.env = LIST(&f, "=1");
	CHECK(environment_make(&f.plan, &envp, &home, &pwd) < 0);
}

/* as many variables as a document has room for: no quadratic work */
static void test_environment_many(void)
{
	enum { MANY = 150000 };
	struct timespec start, end;
	char **envp, *home, *pwd;

	f.spec.process.env = (struct string_list){ arena_many(&f.arena, char *, MANY), MANY };
	for (int i = 0; i < MANY; i++)
		f.spec.process.env.v[i] = arena_printf(&f.arena, "%x=", i);
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	CHECK(environment_make(&f.plan, &envp, &home, &pwd) == 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	CHECK(end.tv_sec - start.tv_sec < 2);
	CHECK_STRING(envp[MANY - 1], "249ef=");
}

static const char *home_of(uid_t uid)
{
	static char home[ENVIRONMENT_HOME_MAX];
	int root = open_dir();

	memcpy(home, "HOME=/", sizeof("HOME=/"));
	passwd_home(root, uid, home);
	(void)close(root);
	return home;
}

static void test_passwd(void)
{
	static char text[20000];
	char path[FIXTURE_TEXT_MAX];

	(void)snprintf(path, sizeof(path), "%s/etc", dir);
	CHECK(mkdir(path, 0755) == 0 || errno == EEXIST);
	CHECK_STRING(home_of(0), "HOME=/");
	memset(text, 'x', 9000); /* one line longer than any buffer */
	(void)snprintf(text + 9000, sizeof(text) - 9000, "\n#comment\nroot:x:0:0:r:/root:/bin/sh\n:::\nu:x:1000:1000::/home/u:/bin/sh\n"
		"rel:x:5:5::home:/bin/sh\nbad:x:99999999999999999999:5::/bad:\nneg:x:-1:5::/neg:\nempty:x:6:6:::\nlast:x:7:7:::/last/no:/sh\nend:x:8:8::/end:/sh");
	write_file("etc/passwd", text, 0644);
	CHECK_STRING(home_of(0), "HOME=/root");
	CHECK_STRING(home_of(1000), "HOME=/home/u");
	CHECK_STRING(home_of(5), "HOME=/");
	CHECK_STRING(home_of(6), "HOME=/");
	CHECK_STRING(home_of(7), "HOME=/");
	CHECK_STRING(home_of(8), "HOME=/end");
	CHECK_STRING(home_of(4294967295u), "HOME=/");
	CHECK_STRING(home_of(12345), "HOME=/");
	(void)snprintf(path, sizeof(path), "%s/etc/passwd", dir);
	CHECK(unlink(path) == 0 && mkfifo(path, 0644) == 0);
	CHECK_STRING(home_of(0), "HOME=/"); /* a FIFO must not block us */
	CHECK(unlink(path) == 0 && symlink("/../../../../../../etc/passwd", path) == 0);
	CHECK_STRING(home_of(0), "HOME=/"); /* leads to itself inside the root */
	(void)unlink(path);
}

/* seal with the host's root as the container's */
static bool body_find(struct child *c)
{
	c->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (exec_before_ids(c) < 0 || aspect_exec.seal(c) < 0)
		return false;
	(void)snprintf(fixture_shared->a, sizeof(fixture_shared->a), "%s", c->program);
	return true;
}

static bool finds(const char *name)
{
	f.shared->faults = 0;
	f.spec.process.args = LIST(&f, name);
	return fixture_plan(&f, &aspect_exec) == 0 && fixture_child(&f, body_find) == 0;
}

static void test_find_program(void)
{
	f.spec.process.env.v = (char *[]){ arena_printf(&f.arena, "PATH=:relative:/nonexistent:%s:/usr/bin:/bin", dir) };
	f.spec.process.env.n = 1;
	write_file("hull-prog", "#!/bin/sh\n", 0755);
	write_file("sh", "not executable", 0644);
	CHECK(finds("hull-prog"));
	CHECK_STRING(f.shared->a, arena_printf(&f.arena, "%s/hull-prog", dir));
	CHECK(finds("sh"));
	CHECK_STRING(f.shared->a, "/usr/bin/sh");
	CHECK(!finds("hull-no-such"));
	CHECK_STRING(f.shared->text, "exec: \"%a\": executable file not found in $PATH");
	CHECK(f.shared->number == 127 && f.shared->errnum == 0);
	CHECK_STRING(f.shared->a, "hull-no-such");
	CHECK(!finds("") && f.shared->number == 127);
	CHECK(!finds("/hull-no-such"));
	CHECK_STRING(f.shared->text, "exec: \"%a\": stat %a: no such file or directory");
	CHECK(f.shared->number == 127);
	CHECK(!finds("/etc"));
	CHECK_STRING(f.shared->text, "exec: \"%a\": permission denied");
	CHECK(f.shared->number == 126);
	CHECK(!finds(arena_printf(&f.arena, "%s/sh", dir)) && f.shared->number == 126);
	CHECK(!finds("/etc/passwd/x") && f.shared->errnum == ENOTDIR);
	f.spec.process.args.n = 0;
	CHECK(fixture_plan(&f, &aspect_exec) < 0);
	CHECK_STRING(f.error.text, "process.args: expected at least one argument");
}

static bool body_payload(struct child *c)
{
	int out = open(arena_printf(c->plan->arena, "%s/out", dir), O_WRONLY | O_CREAT | O_TRUNC, 0644);
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	(void)signal(SIGTERM, SIG_IGN);
	if (out < 0 || dup2(out, STDOUT_FILENO) < 0)
		return false;
	c->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (exec_before_ids(c) < 0 || aspect_exec.seal(c) < 0)
		return false;
	exec_signals(c);
	(void)exec_payload(c);
	return false;
}

static const char *output(void)
{
	static char text[FIXTURE_TEXT_MAX];
	int fd = open(arena_printf(&f.arena, "%s/out", dir), O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void test_payload(void)
{
	f.spec.process.cwd = dir;
	f.spec.process.env = LIST(&f, "PATH=/usr/bin:/bin", "HOME=/h", "X=y z");
	f.spec.process.args = LIST(&f, "sh", "-c", "pwd; echo $X $HOME $0; grep -E '^Sig(Blk|Ign)' /proc/self/status", "zero");
	CHECK(fixture_plan(&f, &aspect_exec) == 0);
	CHECK(fixture_child(&f, body_payload) == 0);
	CHECK_STRING(output(), arena_printf(&f.arena, "%s\ny z /h zero\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", dir));
	write_file("no-format", "\1\2\3", 0755);
	f.spec.process.args = LIST(&f, arena_printf(&f.arena, "%s/no-format", dir));
	CHECK(fixture_plan(&f, &aspect_exec) == 0);
	CHECK(fixture_child(&f, body_payload) == 1 && f.shared->errnum == ENOEXEC && f.shared->number == 126);
	write_file("no-interpreter", "#!/no/such/interpreter\n", 0755);
	f.spec.process.args = LIST(&f, arena_printf(&f.arena, "%s/no-interpreter", dir));
	CHECK(fixture_plan(&f, &aspect_exec) == 0);
	CHECK(fixture_child(&f, body_payload) == 1 && f.shared->errnum == ENOENT && f.shared->number == 127);
}

static bool body_cwd(struct child *c)
{
	struct stat st;

	c->root = open_dir();
	if (aspect_exec.settle(c) < 0)
		return false;
	return fstatat(c->root, "a/b/c", &st, 0) < 0 || (S_ISDIR(st.st_mode) && (st.st_mode & 0777) == 0755);
}

static void test_cwd(void)
{
	struct stat st;

	f.spec.process.args = LIST(&f, "/bin/sh");
	f.spec.process.cwd = (char[]){ "/a/b/../b/c" };
	(void)umask(0);
	CHECK(fixture_plan(&f, &aspect_exec) == 0);
	CHECK(fixture_child(&f, body_cwd) == 0);
	CHECK(stat(arena_printf(&f.arena, "%s/a/b/c", dir), &st) == 0);
	(void)umask(022);
}

/* CVE-2024-21626: a directory of the host, kept open on a descriptor */
static bool body_leaked_cwd(struct child *c)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	if (fd < 0 || dup2(fd, 9) < 0)
		return false;
	c->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return exec_before_ids(c) < 0;
}

/* a directory that is not below the root at all, by whatever way it came about */
static bool body_unreachable(struct child *c)
{
	c->root = open_dir();
	if (exec_before_ids(c) < 0 || chroot(dir) < 0 || mkdir("/other", 0755) < 0 || chroot("/other") < 0)
		return false;
	return aspect_exec.seal(c) < 0;
}

static void test_cwd_outside(void)
{
	f.spec.process.args = LIST(&f, "/bin/sh");
	f.spec.process.cwd = (char[]){ "/proc/self/fd/9" };
	CHECK(fixture_plan(&f, &aspect_exec) == 0);
	CHECK(fixture_child(&f, body_leaked_cwd) == 0);
	CHECK(f.shared->errnum == ELOOP);
	f.spec.process.cwd = (char[]){ "/a/b" };
	CHECK(fixture_plan(&f, &aspect_exec) == 0);
	if (geteuid() == 0)
		CHECK(fixture_child(&f, body_unreachable) == 0);
	if (geteuid() == 0)
		CHECK_STRING(f.shared->text, "process.cwd: '%a' is outside the container");
}

static bool body_stdio(struct child *c)
{
	if (dup2(0, 3) < 0 || dup2(0, 4) < 0 || aspect_stdio.prepare((struct plan *)(uintptr_t)c->plan) < 0)
		return false;
	for (int fd = 5; fd < 13; fd++)
		if (dup2(0, fd) < 0)
			return false;
	child_keep(c, 11); /* in any order; one below the first that may be closed, one twice, none */
	child_keep(c, 7);
	child_keep(c, 4);
	child_keep(c, 8);
	child_keep(c, 7);
	child_keep(c, NO_FD);
	if (aspect_stdio.seal(c) < 0)
		return false;
	for (int fd = 5; fd < 13; fd++)
		if ((fcntl(fd, F_GETFD) >= 0) != (fd == 7 || fd == 8 || fd == 11))
			return false;
	return fcntl(3, F_GETFD) == 0 && fcntl(4, F_GETFD) == 0 && fcntl(1, F_GETFD) == 0;
}

static bool body_stdio_owner(struct child *c)
{
	int fd = open(arena_printf(c->plan->arena, "%s/owned", dir), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || aspect_stdio.prepare((struct plan *)(uintptr_t)c->plan) < 0 || aspect_stdio.seal(c) < 0)
		return false;
	return fstat(STDOUT_FILENO, &st) == 0 && st.st_uid == 1234;
}

static void test_stdio(void)
{
	f.request.preserve_fds = 1;
	f.request.listen_fds = 1; /* before those */
	CHECK(aspect_stdio.check(&f.plan) == 0);
	CHECK(fixture_child(&f, body_stdio) == 0);
	f.request.preserve_fds = 900;
	CHECK(aspect_stdio.check(&f.plan) == 0 && aspect_stdio.prepare(&f.plan) < 0);
	CHECK(strstr(f.error.text, "cannot preserve fd ") != NULL && strstr(f.error.text, ": Bad file descriptor") != NULL);
	f.request.preserve_fds = f.request.listen_fds = 0;
	if (geteuid() != 0)
		return;
	f.spec.process.user.uid = 1234;
	CHECK(aspect_stdio.check(&f.plan) == 0);
	CHECK(fixture_child(&f, body_stdio_owner) == 0);
}

/* a root directory with a devpts in a mount namespace of its own */
static bool devpts(void)
{
	char path[FIXTURE_TEXT_MAX];

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	if (mount("none", dir, "tmpfs", 0, NULL) < 0)
		return false;
	(void)snprintf(path, sizeof(path), "%s/dev", dir);
	(void)mkdir(path, 0755);
	(void)snprintf(path, sizeof(path), "%s/dev/pts", dir);
	(void)mkdir(path, 0755);
	return mount("devpts", path, "devpts", 0, "newinstance,ptmxmode=0666,mode=0620") == 0;
}

static bool body_tty(struct child *c)
{
	struct stat console, tty;
	struct winsize size;

	if (!devpts())
		return false;
	c->root = open_dir();
	if (aspect_tty.settle(c) < 0 || fixture_shared->sent != 1)
		return false;
	CHECK(fstatat(c->root, "dev/console", &console, 0) == 0 && fstat(c->tty, &tty) == 0);
	CHECK(console.st_rdev == tty.st_rdev && S_ISCHR(console.st_mode) && tty.st_uid == 1234);
	CHECK(ioctl(c->tty, TIOCGWINSZ, &size) == 0 && size.ws_row == 33 && size.ws_col == 111);
	if (aspect_tty.seal(c) < 0)
		return false;
	CHECK(fstat(STDIN_FILENO, &console) == 0 && console.st_rdev == tty.st_rdev);
	CHECK(fcntl(STDERR_FILENO, F_GETFD) == 0 && getsid(0) == getpid() && tcgetpgrp(STDIN_FILENO) == getpid());
	return !unit_failed;
}

/* what is not a devpts multiplexer must not be taken for one */
static bool body_tty_refused(struct child *c)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("none", dir, "tmpfs", 0, NULL) < 0)
		return false;
	c->root = open_dir();
	if (mkdirat(c->root, "dev", 0755) < 0 || mkdirat(c->root, "dev/pts", 0755) < 0 ||
		mknodat(c->root, "dev/pts/ptmx", S_IFCHR | 0666, makedev(1, 3)) < 0)
		return false;
	return aspect_tty.settle(c) < 0 && fixture_shared->sent == 0;
}

static bool body_no_tty(struct child *c)
{
	return aspect_tty.settle(c) == 0 && c->tty < 0 && aspect_tty.seal(c) == 0 && getsid(0) == getpid();
}

static void test_tty(void)
{
	CHECK(fixture_child(&f, body_no_tty) == 0);
	f.spec.process.terminal = true;
	f.spec.process.console_size.set = true;
	f.spec.process.console_size.height = 33;
	f.spec.process.console_size.width = 111;
	f.spec.process.user.uid = 1234;
	CHECK(fixture_plan(&f, &aspect_tty) == 0);
	CHECK(fixture_child(&f, body_tty) == 0);
	f.shared->sent = 0;
	CHECK(fixture_child(&f, body_tty_refused) == 0);
	CHECK_STRING(f.shared->text, "process.terminal: '/dev/pts/ptmx' in the container is not the multiplexer of a devpts");
	f.spec.process.console_size.width = 70000;
	CHECK(fixture_plan(&f, &aspect_tty) < 0 && text_after(f.error.text, "process.consoleSize") != NULL);
}

int main(void)
{
	char command[FIXTURE_TEXT_MAX];

	if (!mkdtemp(dir))
		return 1;
	(void)chmod(dir, 0755);
	TEST(test_environment);
	TEST(test_environment_refused);
	TEST(test_environment_many);
	TEST(test_passwd);
	TEST(test_find_program);
	TEST(test_payload);
	TEST(test_cwd);
	TEST(test_cwd_outside);
	TEST(test_stdio);
	if (geteuid() == 0)
		TEST(test_tty);
	else
		SKIP(test_tty, "needs root");
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		return 1;
	return unit_done();
}
