/*
 * tracer: run a program, count the system calls it makes, and at the N-th one kill it or make the call fail.
 *
 *   tracer REPORT SECONDS USER SIDE ACTION N ERRORS -- COMMAND…
 *
 * USER is the uid and gid to run it as. SIDE is `parent` (the command's first process, with its threads) or `child` (every other process that it makes, up to its execve: what is started there is not the
 * program any more). ACTION is `count`, `kill` or `fail`. The file ERRORS has a line for each system call that may fail: "NUMBER ERRNO ARGUMENT", where
 * ARGUMENT is the index of an argument that is a string, or that plus 10 for a number, or that plus 20 for a string after the type of the filesystem
 * that fsopen(2) was last asked for, or -2 for this type alone, or -1 for none. Calls that it does not name are not counted. "-": every call counts.
 *
 * REPORT gets one line: "end STATUS COUNT NUMBER STRING": the wait status of the command (-1: it did not end within SECONDS), how many calls were
 * counted, and which call was the N-th one (-1: there were fewer). With `count` a line "NUMBER STRING" goes before it for each call.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "registers are those of x86_64"
#endif

enum { CALLS = 1024, STRING_MAX = 256, ARGUMENT_NONE = -1, ARGUMENT_TYPE = -2, ARGUMENT_NUMBER = 10, ARGUMENT_TYPE_AND = 20 };
enum side { PARENT, CHILD_SIDE };
enum action { COUNT, KILL, FAIL };

static FILE *report;
static enum side side;
static enum action action;
static long wanted, counted, hit = -1;
static struct { bool known; int error, argument; } calls[CALLS];
static char hit_string[STRING_MAX] = "", last_type[STRING_MAX] = "";
static pid_t main_pid, failing;
static int failing_error;
static bool started; /* the command's own execve is done */

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(2);
}

static _Noreturn void finish(int status)
{
	fprintf(report, "end %d %ld %ld %s\n", status, counted, hit, hit_string);
	fclose(report);
	_exit(0); /* what is still traced is let go by the kernel */
}

static void on_alarm(int signal)
{
	(void)signal;
	finish(-1);
}

static void read_errors(const char *path)
{
	FILE *file;
	long number;
	int error, argument;

	if (strcmp(path, "-") == 0) {
		for (size_t i = 0; i < CALLS; i++)
			calls[i].known = true, calls[i].argument = ARGUMENT_NONE;
		return;
	}
	file = fopen(path, "r");
	if (!file)
		die(path);
	while (fscanf(file, "%ld %d %d", &number, &error, &argument) == 3)
		if (number >= 0 && number < CALLS && argument < ARGUMENT_TYPE_AND + 6)
			calls[number].known = true, calls[number].error = error, calls[number].argument = argument;
	fclose(file);
}

/* Whether it is the command's first process, or a thread of that. */
static bool is_main(pid_t pid)
{
	static pid_t thread, other; /* the last of each */
	char path[64];

	if (pid == main_pid || pid == thread)
		return true;
	if (pid == other)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/task/%d", main_pid, pid);
	if (access(path, F_OK) == 0) {
		thread = pid;
		return true;
	}
	other = pid;
	return false;
}

/* A string of the traced process; what cannot be read is empty. */
static void read_string(pid_t pid, unsigned long long address, char *buffer)
{
	struct iovec here = { buffer, STRING_MAX - 1 }, there = { (void *)(uintptr_t)address, STRING_MAX - 1 };
	ssize_t n = -1;

	/* it may end at the end of a mapping: less is tried then */
	for (; there.iov_len > 8 && n <= 0; there.iov_len /= 2)
		n = process_vm_readv(pid, &here, 1, &there, 1, 0);
	buffer[n > 0 ? n : 0] = '\0';
	for (char *c = buffer; *c; c++)
		if (*c == '\n')
			*c = ' ';
}

static void set_registers(pid_t pid, bool skip, long result)
{
	struct user_regs_struct regs;
	struct iovec io = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) < 0)
		return; /* it was killed */
	if (skip)
		regs.orig_rax = (unsigned long long)-1;
	else
		regs.rax = (unsigned long long)result;
	(void)ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io); /* likewise */
}

/* What the line of ERRORS wants to be told of the call. */
static void describe(pid_t pid, const struct __ptrace_syscall_info *info, char *string)
{
	int argument = calls[info->entry.nr].argument;
	char text[STRING_MAX] = "";

	if (argument >= ARGUMENT_TYPE_AND)
		read_string(pid, info->entry.args[argument - ARGUMENT_TYPE_AND], text);
	else if (argument >= ARGUMENT_NUMBER)
		snprintf(text, sizeof(text), "%llu", (unsigned long long)info->entry.args[argument - ARGUMENT_NUMBER]);
	else if (argument >= 0)
		read_string(pid, info->entry.args[argument], text);
	if (argument == ARGUMENT_TYPE || argument >= ARGUMENT_TYPE_AND)
		snprintf(string, STRING_MAX, "%.60s%s%.180s", last_type, argument == ARGUMENT_TYPE ? "" : ":", text);
	else
		snprintf(string, STRING_MAX, "%s", text);
}

static void on_entry(pid_t pid, const struct __ptrace_syscall_info *info)
{
	unsigned long long number = info->entry.nr;
	char string[STRING_MAX] = "";

	if (number == SYS_fsopen)
		read_string(pid, info->entry.args[0], last_type);
	if (number >= CALLS || !calls[number].known || (side == PARENT) != is_main(pid))
		return;
	counted++;
	if (action != COUNT && counted != wanted)
		return;
	describe(pid, info, string);
	if (action == COUNT) {
		fprintf(report, "%llu %s\n", number, string);
		return;
	}
	hit = (long)number;
	memcpy(hit_string, string, sizeof(string));
	if (action == KILL) {
		(void)kill(pid, SIGKILL);
	} else {
		failing = pid;
		failing_error = calls[number].error;
		set_registers(pid, true, 0);
	}
}

static void on_syscall(pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
		return; /* it was killed */
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		on_entry(pid, &info);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && pid == failing) {
		set_registers(pid, false, -failing_error);
		failing = 0;
	}
}

/* Let a stopped process go on. */
static void resume(pid_t pid, int status)
{
	int event = status >> 16, signal = WSTOPSIG(status);
	bool watch = (side == PARENT) == is_main(pid);
	enum __ptrace_request how = watch ? PTRACE_SYSCALL : PTRACE_CONT;

	if (signal == (SIGTRAP | 0x80)) {
		if (started || pid != main_pid)
			on_syscall(pid);
		signal = 0;
	} else if (event == PTRACE_EVENT_EXEC) {
		if (pid == main_pid)
			started = true;
		else
			how = PTRACE_DETACH;
		signal = 0;
	} else if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
		how = PTRACE_LISTEN; /* stopped by a signal, and meant to be */
		signal = 0;
	} else if (event != 0) {
		signal = 0;
	}
	(void)ptrace(how, pid, 0, signal); /* it may have been killed */
}

static void spawn(uid_t user, char *const argv[])
{
	int go[2];
	char byte;
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE; /* the latter for threads: whose end is no SIGCHLD (kernel/fork.c) */

	if (side == CHILD_SIDE)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
	if (pipe2(go, O_CLOEXEC) < 0)
		die("pipe");
	main_pid = fork();
	if (main_pid == 0) {
		close(go[1]);
		if (setgroups(0, NULL) == 0 && setgid(user) == 0 && setuid(user) == 0 && read(go[0], &byte, 1) == 1)
			execv(argv[0], argv);
		_exit(127);
	}
	if (main_pid < 0 || ptrace(PTRACE_SEIZE, main_pid, 0, options) < 0)
		die("ptrace");
	if (ptrace(PTRACE_INTERRUPT, main_pid, 0, 0) < 0 || write(go[1], "", 1) != 1)
		die("ptrace");
	close(go[0]);
	close(go[1]);
}

int main(int argc, char *argv[])
{
	int status;
	pid_t pid;

	if (argc < 10 || strcmp(argv[8], "--") != 0)
		return 2;
	report = fopen(argv[1], "we");
	if (!report)
		die(argv[1]);
	side = strcmp(argv[4], "child") == 0 ? CHILD_SIDE : PARENT;
	action = strcmp(argv[5], "kill") == 0 ? KILL : strcmp(argv[5], "fail") == 0 ? FAIL : COUNT;
	wanted = atol(argv[6]);
	read_errors(argv[7]);
	signal(SIGALRM, on_alarm);
	alarm((unsigned int)atoi(argv[2]));
	spawn((uid_t)atoi(argv[3]), argv + 9);
	for (;;) {
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0)
			die("waitpid");
		if (WIFSTOPPED(status))
			resume(pid, status);
		else if (pid == main_pid)
			finish(status);
	}
}
