/* Processes and what tells them apart. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/process.h"
#include "base/scope.h"
#include "unit.h"

static pid_t pausing_child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

/* A birth is the inode number of the process's pidfds where the kernel has them in a file system of their own. */
static void births_tell_processes_apart(void)
{
	pid_t first = pausing_child(), second = pausing_child();
	uint64_t birth = 0, other = 0, start = 0;
	struct process_stat stat = { 0 };
	struct stat st;
	scope_fd int fd = process_open(first, 0), fd2 = process_open(second, 0), found = NO_FD;

	CHECK(process_read_stat(first, &stat) == 0);
	CHECK(process_birth(first, fd, false, &start) == 0 && start == stat.start); /* what outlives the boot */
	CHECK(process_birth(first, STDIN_FILENO, true, &start) == 0 && start == stat.start); /* no pidfs: an older kernel */
	CHECK(process_birth(first, fd, true, &birth) == 0 && process_birth(second, fd2, true, &other) == 0);
	CHECK(process_alive(first, birth) && process_alive(second, other));
	if (birth & PROCESS_BORN_INODE) {
		CHECK(fstat(fd, &st) == 0 && st.st_ino == (birth & ~PROCESS_BORN_INODE));
		CHECK(birth != other && !process_alive(first, other) && process_open(second, birth) == -ESRCH);
		CHECK(process_find(first, (birth & ~PROCESS_BORN_INODE)) == -ESRCH); /* the two kinds are not mixed up */
		CHECK(process_find(first, PROCESS_BORN_INODE) == -ESRCH);
	}
	(void)kill(first, SIGKILL);
	CHECK(process_wait_gone(fd, -1) == 0);
	found = process_find(first, birth); /* a zombie is still that one */
	CHECK(found >= 0 && !process_alive(first, birth) && process_open(first, birth) == -ESRCH);
	CHECK(waitpid(first, NULL, 0) == first);
	CHECK(process_find(first, birth) == -ESRCH && process_find(first, 0) == -ESRCH);
	(void)kill(second, SIGKILL);
	CHECK(waitpid(second, NULL, 0) == second);
}

static void *pause_thread(void *ret_tid)
{
	*(volatile pid_t *)ret_tid = (pid_t)syscall(SYS_gettid);
	pause();
	return NULL;
}

static void *execute_thread(void *unused)
{
	execlp("sleep", "sleep", "60", NULL);
	return unused;
}

/* A first thread that ended is not the end of the process; what another one executes is the same process; and no thread is a process. */
static void threads_are_no_processes(void)
{
	volatile pid_t *tid = mmap(NULL, sizeof(*tid), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;
	pid_t pid = fork();
	struct process_stat stat = { 0 };
	uint64_t birth = 0;
	char path[64], comm[32] = "";
	scope_fd int fd = NO_FD;

	if (pid == 0) {
		(void)pthread_create(&thread, NULL, pause_thread, (void *)(uintptr_t)tid);
		pthread_exit(NULL);
	}
	for (int i = 0; i < 5000 && (*tid == 0 || process_read_stat(pid, &stat) < 0 || stat.state != 'Z'); i++)
		(void)usleep(1000);
	CHECK(stat.state == 'Z');
	CHECK(process_alive(pid, 0) && process_open(*tid, 0) == -ESRCH);
	(void)kill(pid, SIGKILL);
	CHECK(waitpid(pid, NULL, 0) == pid);
	pid = fork();
	if (pid == 0) {
		(void)usleep(50000);
		(void)pthread_create(&thread, NULL, execute_thread, NULL);
		pause();
	}
	fd = process_open(pid, 0);
	CHECK(process_birth(pid, fd, true, &birth) == 0);
	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	for (int i = 0; i < 2000 && strcmp(comm, "sleep") != 0 && io_read_small(AT_FDCWD, path, comm, sizeof(comm)) > 0; i++)
		(void)usleep(1000);
	CHECK_STRING(comm, "sleep");
	CHECK(process_alive(pid, birth));
	(void)kill(pid, SIGKILL);
	CHECK(waitpid(pid, NULL, 0) == pid);
	(void)munmap((void *)(uintptr_t)tid, sizeof(*tid));
}

int main(void)
{
	RUN(births_tell_processes_apart);
	RUN(threads_are_no_processes);
	return unit_done();
}
