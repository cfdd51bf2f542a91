/* base/spawn: what a started program gets and what it does not. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/spawn.h"
#include "unit.h"

static char sh[] = "/bin/sh", dash_c[] = "-c", word[] = "WORD=given";
static char *const environment[] = { word, NULL };
static char output[512];

/* Run a shell script with its output in `output`. Return: its status as waitpid(2) has it, or -errno. */
static int run(const char *script, int input)
{
	char text[512], *const argv[] = { sh, dash_c, text, NULL };
	struct spawn s = { .path = sh, .argv = argv, .envp = environment, .input = input, .errors = NO_FD };
	int ends[2], status = 0, r;
	size_t length = 0;
	ssize_t n;
	pid_t pid;

	(void)strncpy(text, script, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	s.output = ends[1];
	pid = spawn_start(&s);
	(void)close_fd(ends[1]);
	while (pid > 0 && length < sizeof(output) - 1 && (n = read(ends[0], output + length, sizeof(output) - 1 - length)) > 0)
		length += (size_t)n;
	output[length] = '\0';
	(void)close_fd(ends[0]);
	if (pid < 0)
		return pid;
	r = spawn_wait(pid, &status);
	return r < 0 ? r : status;
}

static void status_and_environment(void)
{
	CHECK(run("echo $WORD; exit 7", NO_FD) == 7 << 8);
	CHECK_STRING(output, "given\n");
	CHECK(run("kill -9 $$", NO_FD) == SIGKILL);
}

static void descriptors(void)
{
	int extra = open("/", O_RDONLY | O_DIRECTORY); /* without O_CLOEXEC */

	CHECK(run("readlink /proc/self/fd/0 /proc/self/fd/2; ls /proc/self/fd | wc -l", NO_FD) == 0);
	CHECK_STRING(output, "/dev/null\n/dev/null\n4\n"); /* three, and the directory that ls reads */
	(void)close_fd(extra);
}

/* the caller's own standard descriptors, in the wrong places */
static void low_descriptors(void)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		char *const argv[] = { sh, dash_c, (char[]){ "test -f /proc/self/fd/0 && test -d /proc/self/fd/1 && test -c /proc/self/fd/2" }, NULL };
		struct spawn s = { .path = sh, .argv = argv, .envp = environment, .input = 2, .output = 0, .errors = 1 };
		pid_t child;

		(void)close(0), (void)close(1), (void)close(2);
		if (open("/", O_RDONLY | O_DIRECTORY) != 0 || open("/dev/null", O_RDWR) != 1 || open("/proc/self/exe", O_RDONLY) != 2)
			_exit(2);
		child = spawn_start(&s);
		_exit(child > 0 && spawn_wait(child, &status) == 0 && status == 0 ? 0 : 3);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void signals(void)
{
	sigset_t blocked, old;

	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &blocked, &old);
	(void)signal(SIGUSR2, SIG_IGN);
	CHECK(run("grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\\t\\n'", NO_FD) == 0);
	CHECK_STRING(output, "SigBlk:0000000000000000SigIgn:0000000000000000");
	(void)signal(SIGUSR2, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
}

static void failures(void)
{
	char *const argv[] = { sh, NULL };
	struct spawn s = { .path = "/no/such/program", .argv = argv, .envp = environment, .input = NO_FD, .output = NO_FD, .errors = NO_FD };

	CHECK(spawn_start(&s) == -ENOENT);
	s.path = "/";
	CHECK(spawn_start(&s) == -EACCES);
	s.path = sh;
	s.input = 4000; /* not open */
	CHECK(spawn_start(&s) == -EBADF);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD); /* nothing is left to wait for */
}

int main(void)
{
	RUN(status_and_environment);
	RUN(descriptors);
	RUN(low_descriptors);
	RUN(signals);
	RUN(failures);
	return unit_done();
}
