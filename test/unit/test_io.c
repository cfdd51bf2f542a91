/* Files, descriptors over sockets, processes, the log. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/io.h"
#include "base/log.h"
#include "base/process.h"
#include "base/scope.h"
#include "unit.h"

static struct arena arena;
static char directory[] = "/tmp/hull-test-io-XXXXXX";
static int dirfd_of_test = NO_FD;

static void replaced_file_reads_back(void)
{
	char *text = NULL, small[4];
	size_t length = 0, used;
	struct stat st;

	CHECK(io_replace_file(dirfd_of_test, "a", 0640, "hello\n", 6) == 0);
	CHECK(io_replace_file(dirfd_of_test, "a", 0644, "world\n", 6) == 0);
	CHECK(fstatat(dirfd_of_test, "a", &st, 0) == 0 && (st.st_mode & 07777) == 0644);
	CHECK(io_read_file(dirfd_of_test, "a", 6, &arena, &text, &length) == 0 && length == 6);
	CHECK_STRING(text, "world\n");
	used = arena.used;
	CHECK(io_read_file(dirfd_of_test, "a", 4096, &arena, &text, NULL) == 0);
	CHECK(arena.used <= used + 32); /* the unused part of the limit was given back */
	CHECK(io_read_file(dirfd_of_test, "a", 5, &arena, &text, &length) == -EFBIG);
	CHECK(io_read_file(dirfd_of_test, "none", 5, &arena, &text, &length) == -ENOENT);
	CHECK(io_read_small(dirfd_of_test, "a", small, sizeof(small)) == -EFBIG);
}

/* What a killed writer left under the name is in nobody's way, and nothing else than the new text is in the file. */
static void a_file_is_made_new(void)
{
	mode_t mask = umask(077);
	char *text = NULL;
	struct stat st;

	CHECK(io_create_file(dirfd_of_test, "new", 0600, "left behind", 11) == 0);
	CHECK(io_create_file(dirfd_of_test, "new", 0644, "hello", 5) == 0);
	CHECK(fstatat(dirfd_of_test, "new", &st, 0) == 0 && (st.st_mode & 07777) == 0644 && st.st_size == 5);
	CHECK(io_create_file(dirfd_of_test, "none/new", 0600, "", 0) == -ENOENT);
	CHECK(io_create_file(dirfd_of_test, ".by", 0600, "left behind", 11) == 0);
	CHECK(io_replace_by(dirfd_of_test, ".by", "new", 0600, "next", 4) == 0);
	CHECK(io_read_file(dirfd_of_test, "new", 64, &arena, &text, NULL) == 0);
	CHECK_STRING(text, "next");
	CHECK(fstatat(dirfd_of_test, ".by", &st, 0) < 0 && errno == ENOENT);
	(void)umask(mask);
}

static void small_files(void)
{
	char buffer[64];

	CHECK(io_replace_file(dirfd_of_test, "b", 0600, "one\n", 4) == 0);
	CHECK(io_read_small(dirfd_of_test, "b", buffer, sizeof(buffer)) == 3);
	CHECK_STRING(buffer, "one");
	CHECK(io_write_file(dirfd_of_test, "b", "two", 3) == 0);
	CHECK(io_read_small(dirfd_of_test, "b", buffer, sizeof(buffer)) == 3);
	CHECK_STRING(buffer, "two");
	CHECK(io_write_file(dirfd_of_test, "missing", "x", 1) == -ENOENT);
	CHECK(io_write_file(AT_FDCWD, "/dev/full", "x", 1) == -ENOSPC);
	CHECK(io_replace_file(dirfd_of_test, "missing/x", 0600, "x", 1) == -ENOENT);
}

/* a FIFO where a file is expected must not block */
static void only_regular_files_are_read(void)
{
	char *text;

	CHECK(mkfifoat(dirfd_of_test, "fifo", 0600) == 0);
	CHECK(io_read_file(dirfd_of_test, "fifo", 10, &arena, &text, NULL) == -EINVAL);
	CHECK(io_read_file(AT_FDCWD, "/dev/zero", 10, &arena, &text, NULL) == -EINVAL);
	CHECK(io_read_file(AT_FDCWD, "/tmp", 10, &arena, &text, NULL) == -EINVAL);
	CHECK(io_read_file(AT_FDCWD, "/proc/self/stat", 4096, &arena, &text, NULL) == 0);
}

static void a_failed_replace_leaves_nothing(void)
{
	struct stat st;
	char name[64];

	CHECK(mkdirat(dirfd_of_test, "dir", 0700) == 0);
	CHECK(mkdirat(dirfd_of_test, "dir/x", 0700) == 0);
	CHECK(io_replace_file(dirfd_of_test, "dir", 0600, "x", 1) < 0); /* a file cannot replace a directory */
	(void)snprintf(name, sizeof(name), ".dir.%d", (int)getpid());
	CHECK(fstatat(dirfd_of_test, name, &st, 0) < 0 && errno == ENOENT);
}

static void descriptors_travel(void)
{
	int pair[2], sent[2], got[3];
	char buffer[16];

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	sent[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
	sent[1] = open("/", O_PATH | O_CLOEXEC);
	CHECK(fd_send(pair[0], "hello", 5, sent, 2) == 0);
	CHECK(fd_receive(pair[1], buffer, sizeof(buffer), got, 3) == 5);
	CHECK(memcmp(buffer, "hello", 5) == 0);
	CHECK(got[0] >= 0 && got[1] >= 0 && got[2] == NO_FD);
	CHECK((fcntl(got[0], F_GETFD) & FD_CLOEXEC) != 0);
	CHECK(fd_set_cloexec(got[0], false) == 0 && fcntl(got[0], F_GETFD) == 0);
	(void)close_fd(got[0]);
	(void)close_fd(got[1]);
	CHECK(fd_send(pair[0], "hello", 5, sent, 2) == 0);
	CHECK(fd_receive(pair[1], buffer, sizeof(buffer), got, 1) == -EMSGSIZE); /* too many: none is kept */
	CHECK(fd_send(pair[0], "hello", 5, NULL, 0) == 0);
	CHECK(fd_receive(pair[1], buffer, 3, got, 1) == -EMSGSIZE);
	CHECK(fd_send(pair[0], "", 0, NULL, 0) == -EINVAL);
	(void)close_fd(pair[0]);
	CHECK(fd_receive(pair[1], buffer, sizeof(buffer), got, 1) == 0);
	(void)close_fd(pair[1]);
	(void)close_fd(sent[0]);
	(void)close_fd(sent[1]);
}

/* a socket whose path is longer than sun_path */
static void long_socket_paths(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char deep[300], relative[200];
	scope_fd int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = NO_FD;

	memset(relative, 'x', 150);
	relative[150] = '\0';
	CHECK(mkdirat(dirfd_of_test, relative, 0700) == 0);
	(void)snprintf(deep, sizeof(deep), "%s/%s", directory, relative);
	CHECK(chdir(deep) == 0);
	strcpy(address.sun_path, "s");
	CHECK(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(listener, 1) == 0);
	CHECK(chdir("/") == 0);
	(void)snprintf(deep, sizeof(deep), "%s/%s/s", directory, relative);
	fd = fd_connect(deep, SOCK_STREAM);
	CHECK(fd >= 0);
	(void)snprintf(deep, sizeof(deep), "%s/nothing", directory);
	CHECK(fd_connect(deep, SOCK_STREAM) == -ENOENT);
}

static void processes_are_named_for_good(void)
{
	struct process_stat stat = { 0 }, other;
	scope_fd int fd = NO_FD;
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	CHECK(process_read_stat(pid, &stat) == 0 && stat.parent == getpid() && stat.start > 0);
	CHECK(process_alive(pid, stat.start) && process_alive(pid, 0) && !process_alive(pid, stat.start + 1));
	CHECK(process_open(pid, stat.start + 1) == -ESRCH);
	fd = process_open(pid, stat.start);
	CHECK(fd >= 0);
	CHECK(process_wait_gone(fd, 0) == -ETIMEDOUT);
	CHECK(process_wait_gone(fd, 20) == -ETIMEDOUT);
	(void)kill(pid, SIGKILL);
	CHECK(process_wait_gone(fd, -1) == 0);
	CHECK(process_read_stat(pid, &other) == 0 && other.state == 'Z');
	CHECK(!process_alive(pid, stat.start)); /* a zombie is gone */
	CHECK(process_open(pid, stat.start) == -ESRCH);
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(process_read_stat(pid, &other) == -ESRCH);
	CHECK(process_read_stat(0, &other) == -ESRCH && process_open(-1, 0) == -ESRCH);
}

/* More children than the kernel lists at a time. */
static void all_children_are_seen(void)
{
	enum { CHILDREN = 1200 };
	static pid_t made[CHILDREN], seen[CHILDREN + 1];
	struct process_stat stat = { 0 };
	int ends[2], n = 0;

	CHECK(process_children(getpid(), getpid(), seen, CHILDREN + 1) == 0);
	CHECK(pipe(ends) == 0);
	for (; n < CHILDREN; n++) {
		made[n] = fork();
		if (made[n] == 0) {
			(void)close(ends[1]);
			(void)!read(ends[0], &(char){ 0 }, 1); /* the end of the file is the end */
			_exit(0);
		}
		if (made[n] < 0)
			break;
	}
	CHECK(n > 800); /* 4096 bytes hold no more than 819 numbers of four digits */
	CHECK(process_children(getpid(), getpid(), seen, CHILDREN + 1) == (size_t)n);
	CHECK(memcmp(made, seen, (size_t)n * sizeof(*made)) == 0);
	CHECK(process_children(getpid(), getpid(), seen, 1) == 1 && seen[0] == made[0]);
	CHECK(process_read_stat(getpid(), &stat) == 0 && stat.threads == 1);
	(void)close(ends[1]);
	(void)close(ends[0]);
	while (waitpid(-1, NULL, 0) > 0)
		;
	CHECK(process_children(getpid(), getpid(), seen, CHILDREN + 1) == 0);
}

static void log_lines(void)
{
	struct log log = { .fd = NO_FD, .level = LOG_LEVEL_INFO, .name = "hull" };
	char path[64], *text = NULL, *line;

	(void)snprintf(path, sizeof(path), "file:%s/log", directory);
	CHECK(log_open(&log, path) == 0);
	log.format = LOG_FORMAT_JSON;
	log_write(&log, LOG_LEVEL_ERROR, "cannot open '%s': \"%s\"\n\t\\ \xff\xc3\xa9", "/x", "no");
	log_write(&log, LOG_LEVEL_DEBUG, "not written");
	log.format = LOG_FORMAT_TEXT;
	log_write(&log, LOG_LEVEL_WARNING, "odd");
	CHECK(io_read_file(dirfd_of_test, "log", 4096, &arena, &text, NULL) == 0);
	CHECK(text && strstr(text, "{\"level\":\"error\",\"msg\":\"cannot open '/x': \\\"no\\\"\\n\\u0009\\\\ \\ufffd\xc3\xa9\",\"time\":\"20") == text);
	line = text ? strchr(text, '\n') : NULL;
	CHECK(line && line[-1] == '}' && line[-2] == '"' && line[-3] == 'Z' && line[-13] == '.');
	CHECK(line && strncmp(line + 1, "time=\"20", 8) == 0 && strstr(line, " level=warning msg=\"odd\"\n"));
	CHECK(!strstr(text, "not written"));
	log.fd = close_fd(log.fd);
	CHECK(log_open(&log, "gelf:x") == -EINVAL && log.fd == NO_FD);
	log_write(NULL, LOG_LEVEL_ERROR, "nobody listens");
}

/* A name that is to be written to is opened; what is to be replaced, by whatever link, is not. */
static void outputs_are_opened_or_replaced(void)
{
	char path[64];
	int fd = 0;

	CHECK(io_create_file(dirfd_of_test, "file", 0600, "", 0) == 0);
	CHECK(symlinkat("file", dirfd_of_test, "to-file") == 0 && symlinkat("nothing", dirfd_of_test, "dangling") == 0);
	CHECK(symlinkat("/proc/self/fd/2", dirfd_of_test, "stderr") == 0 && symlinkat("/dev/fd/777", dirfd_of_test, "closed") == 0);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", directory, (const char *const[]){ "file", "to-file", "dangling", "none" }[i]);
		CHECK(io_open_output(path, &fd) == 0 && fd == NO_FD);
	}
	(void)snprintf(path, sizeof(path), "%s/stderr", directory);
	CHECK(io_open_output(path, &fd) == 0 && fd > STDERR_FILENO && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	(void)close_fd(fd);
	(void)snprintf(path, sizeof(path), "%s/closed", directory);
	CHECK(io_open_output(path, &fd) == -EBADF);
	CHECK(io_open_output("/dev/fd/4294967295", &fd) == -EBADF);
	CHECK(io_open_output(directory, &fd) == -EISDIR);
	CHECK(io_open_output("/dev/null", &fd) == 0 && fd > STDERR_FILENO);
	(void)close_fd(fd);
}

/* Whether the signal is blocked or not, nothing of it is left. */
static void a_reader_that_is_gone_is_an_error(void)
{
	sigset_t set, pending;
	int ends[2];

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	(void)close(ends[0]);
	CHECK(io_write_pipe(ends[1], "x", 1) == -EPIPE);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGPIPE);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK(io_write_pipe(ends[1], "x", 1) == -EPIPE);
	CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 0);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)close(ends[1]);
}

static void remove_all(void)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	(void)!system(command); /* the directory is ours, its name came from mkdtemp */
}

int main(void)
{
	if (arena_init(&arena) < 0 || !mkdtemp(directory))
		return 1;
	dirfd_of_test = open(directory, O_DIRECTORY | O_CLOEXEC);
	RUN(replaced_file_reads_back);
	RUN(a_file_is_made_new);
	RUN(small_files);
	RUN(only_regular_files_are_read);
	RUN(a_failed_replace_leaves_nothing);
	RUN(descriptors_travel);
	RUN(long_socket_paths);
	RUN(processes_are_named_for_good);
	RUN(all_children_are_seen);
	RUN(log_lines);
	RUN(outputs_are_opened_or_replaced);
	RUN(a_reader_that_is_gone_is_an_error);
	remove_all();
	(void)close_fd(dirfd_of_test);
	arena_deinit(&arena);
	return unit_done();
}
