/*
 * The floor of the sandbox: the kernel objects of an argument-less `hull sandbox`, made with the fewest system calls, and nothing else: no options, no
 * check, no error text, no protection of its own executable. Run by an ordinary user or root.
 *
 *   floor_sandbox net|nonet COMMAND [ARGUMENT…]
 *
 * The filter is the one that hull loads (build/src/generated/sandbox_programs.c is compiled in).
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spec/sandbox_profile.h"

#define MUST(call)                                        \
	do {                                              \
		if ((call) < 0) {                         \
			perror("floor_sandbox: " #call);  \
			_exit(125);                       \
		}                                         \
	} while (0)
#define EACH(array) for (size_t i = 0; i < sizeof(array) / sizeof((array)[0]); i++)

/* sys/mount.h of musl and linux/mount.h exclude each other */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);

static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty" };
static const char *const links[][2] = { { "/proc/self/fd", "/dev/fd" }, { "/proc/self/fd/0", "/dev/stdin" }, { "/proc/self/fd/1", "/dev/stdout" },
	{ "/proc/self/fd/2", "/dev/stderr" }, { "pts/ptmx", "/dev/ptmx" } };
static const char *const writable[] = { "/proc", "/dev", "/tmp", "/run" };

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	MUST(fd);
	MUST(write(fd, text, strlen(text)));
	close(fd);
}

static void map(const char *path, unsigned int id)
{
	char text[64];

	snprintf(text, sizeof(text), "%u %u 1", id, id);
	write_file(path, text);
}

static void mounts(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, .propagation = 1 << 18 /* MS_PRIVATE */ };
	int trees[sizeof(devices) / sizeof(devices[0])];

	EACH (devices)
		MUST(trees[i] = (int)syscall(SYS_open_tree, AT_FDCWD, devices[i], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
	MUST(syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)));
	MUST(mount("proc", "/proc", "proc", 2 | 4 | 8, NULL)); /* nosuid nodev noexec */
	MUST(mount("tmpfs", "/dev", "tmpfs", 2 | 8, "mode=755"));
	MUST(mkdir("/dev/pts", 0755));
	MUST(mount("devpts", "/dev/pts", "devpts", 2 | 8, "newinstance,ptmxmode=0666,mode=0620"));
	MUST(mkdir("/dev/shm", 0755));
	MUST(mount("shm", "/dev/shm", "tmpfs", 2 | 4, "mode=1777"));
	MUST(mount("tmpfs", "/tmp", "tmpfs", 2 | 4, "mode=1777"));
	MUST(mount("tmpfs", "/run", "tmpfs", 2 | 4, "mode=755"));
	EACH (devices) {
		MUST(mknod(devices[i], S_IFREG, 0));
		MUST(syscall(SYS_move_mount, trees[i], "", AT_FDCWD, devices[i], MOVE_MOUNT_F_EMPTY_PATH));
	}
	EACH (links)
		MUST(symlink(links[i][0], links[i][1]));
}

/* The machine's user 0 may write these without a capability, so for root they are covered (hull spec's list). */
static void masks(void)
{
	static const char *const files[] = { "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/latency_stats", "/proc/timer_stats" };
	static const char *const dirs[] = { "/proc/acpi", "/proc/asound", "/sys/firmware", "/proc/scsi", "/sys/devices/virtual/powercap" };
	static const char *const readonly[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" };
	const char *empty = NULL;

	EACH (files)
		(void)mount("/dev/null", files[i], NULL, 4096 /* MS_BIND */, NULL); /* not every kernel has them all */
	EACH (dirs) {
		if (empty)
			(void)mount(empty, dirs[i], NULL, 4096, NULL);
		else if (mount("tmpfs", dirs[i], "tmpfs", 1, NULL) == 0)
			empty = dirs[i];
	}
	EACH (readonly)
		if (mount(readonly[i], readonly[i], NULL, 4096 | 16384, NULL) == 0)
			MUST(mount(NULL, readonly[i], NULL, 4096 | 32 | 1 | 2 | 4 | 8 | (1 << 21), NULL)); /* bind remount ro nosuid nodev noexec relatime */
}

static void landlock(void)
{
	struct { uint64_t fs, net, scoped; } set = { .fs = ((1ull << 16) - 1) & ~(1ull | 4 | 8), .scoped = 3 };
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &set, sizeof(set), 0);

	if (ruleset < 0)
		return; /* not in this kernel: hull goes without, too */
	EACH (writable) {
		struct landlock_path_beneath_attr rule = { .allowed_access = set.fs, .parent_fd = open(writable[i], O_PATH | O_CLOEXEC) };

		MUST(syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0));
		close(rule.parent_fd);
	}
	MUST(syscall(SYS_landlock_restrict_self, ruleset, 0));
}

static _Noreturn void child(unsigned int uid, unsigned int gid, int net, char **argv)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };
	struct sock_fprog filter = { .len = (unsigned short)sandbox_programs[0].n, .filter = (struct sock_filter *)(uintptr_t)sandbox_programs[0].filter };
	extern char **environ;
	int fd;

	map("/proc/self/uid_map", uid);
	write_file("/proc/self/setgroups", "deny");
	map("/proc/self/gid_map", gid);
	if (net) {
		MUST(fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
		MUST(ioctl(fd, SIOCSIFFLAGS, &lo));
	}
	mounts();
	if (uid == 0)
		masks();
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* the last ones may be unknown here */
	MUST(syscall(SYS_capset, &header, data));
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	landlock();
	MUST(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
	MUST(syscall(SYS_seccomp, 1, 0, &filter));
	execve(argv[0], argv, environ);
	_exit(127);
}

int main(int argc, char **argv)
{
	struct clone_args args = { .exit_signal = SIGCHLD,
		.flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWCGROUP };
	unsigned int uid = geteuid(), gid = getegid();
	int net, status;
	pid_t pid;

	if (argc < 3)
		return 125;
	net = strcmp(argv[1], "net") == 0;
	if (net)
		args.flags |= CLONE_NEWNET;
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		child(uid, gid, net, argv + 2);
	MUST(pid);
	MUST(waitpid(pid, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
