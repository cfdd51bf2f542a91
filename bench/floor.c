/*
 * The floor: the kernel objects of `hull spec`'s default bundle, made with the fewest system calls, and nothing else: no configuration, no state, no
 * check, no protection against a hostile root file system or of its own executable, no error text. What no runtime can be faster than; hull is judged
 * by its ratio to this.
 *
 *   floor ROOTFS CGROUP|- COMMAND [ARGUMENT…]
 *
 * CGROUP: a directory of cgroup2 to make, use and remove, with the bundle's device rules; "-": none.
 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUST(call)                                    \
	do {                                          \
		if ((call) < 0) {                     \
			perror("floor: " #call);      \
			_exit(125);                   \
		}                                     \
	} while (0)

static const char *const masked_files[] = { "proc/kcore", "proc/keys", "proc/timer_list", "proc/sched_debug", "proc/latency_stats",
	"proc/timer_stats" };
static const char *const masked_dirs[] = { "proc/acpi", "proc/asound", "sys/firmware", "proc/scsi", "sys/devices/virtual/powercap" };
static const char *const readonly[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger" };
static const struct {
	const char *path;
	int major, minor;
} devices[] = { { "dev/null", 1, 3 }, { "dev/zero", 1, 5 }, { "dev/full", 1, 7 }, { "dev/random", 1, 8 }, { "dev/urandom", 1, 9 },
	{ "dev/tty", 5, 0 } };
static const char *const links[][2] = { { "/proc/self/fd", "dev/fd" }, { "/proc/self/fd/0", "dev/stdin" }, { "/proc/self/fd/1", "dev/stdout" },
	{ "/proc/self/fd/2", "dev/stderr" }, { "pts/ptmx", "dev/ptmx" } };

#define EACH(array) for (size_t i = 0; i < sizeof(array) / sizeof((array)[0]); i++)

static void mounts(const char *rootfs, int cgroup)
{
	MUST(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL));
	MUST(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL));
	MUST(chdir(rootfs));
	MUST(mount("proc", "proc", "proc", 0, NULL));
	MUST(mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"));
	MUST(mkdir("dev/pts", 0755));
	MUST(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"));
	MUST(mkdir("dev/shm", 0755));
	MUST(mount("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=1777,size=65536k"));
	MUST(mkdir("dev/mqueue", 0755));
	MUST(mount("mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL));
	MUST(mount("sysfs", "sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, NULL));
	if (cgroup >= 0)
		MUST(mount("cgroup", "sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, NULL));
	EACH (devices)
		MUST(mknod(devices[i].path, S_IFCHR | 0666, makedev((unsigned)devices[i].major, (unsigned)devices[i].minor)));
	EACH (links)
		MUST(symlink(links[i][0], links[i][1]));
}

static void masks(void)
{
	const char *empty = NULL;

	EACH (masked_files)
		(void)mount("/dev/null", masked_files[i], NULL, MS_BIND, NULL); /* not every kernel has them all */
	EACH (masked_dirs) {
		if (empty) /* one empty file system is enough */
			(void)mount(empty, masked_dirs[i], NULL, MS_BIND, NULL);
		else if (mount("tmpfs", masked_dirs[i], "tmpfs", MS_RDONLY, NULL) == 0)
			empty = masked_dirs[i];
	}
	EACH (readonly)
		if (mount(readonly[i], readonly[i], NULL, MS_BIND | MS_REC, NULL) == 0)
			MUST(mount(NULL, readonly[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME, NULL));
	MUST(mount(NULL, "/", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL));
}

/*
 * The bundle's "deny all devices" and the devices that every container has, as the shortest program: mknod is harmless and allowed, then one compare
 * for each character device, by its number as the kernel packs it.
 */
static void device_rules(int cgroup)
{
	static const uint32_t allowed[] = { 1 << 20 | 3, 1 << 20 | 5, 1 << 20 | 7, 1 << 20 | 8, 1 << 20 | 9, 5 << 20, 5 << 20 | 1,
		5 << 20 | 2, 10 << 20 | 200 };
	enum { N = sizeof(allowed) / sizeof(allowed[0]), LENGTH = 14 + N };
	struct bpf_insn code[LENGTH] = {
		{ BPF_LDX | BPF_MEM | BPF_W, 2, 1, 0, 0 }, /* access << 16 | type */
		{ BPF_LDX | BPF_MEM | BPF_W, 3, 1, 4, 0 }, /* major */
		{ BPF_LDX | BPF_MEM | BPF_W, 4, 1, 8, 0 }, /* minor */
		{ BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1 },
		{ BPF_ALU | BPF_MOV | BPF_X, 5, 2, 0, 0 },
		{ BPF_ALU | BPF_RSH | BPF_K, 5, 0, 0, 16 },
		{ BPF_JMP32 | BPF_JEQ | BPF_K, 5, 0, LENGTH - 1 - 7, BPF_DEVCG_ACC_MKNOD },
		{ BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff },
		{ BPF_JMP32 | BPF_JNE | BPF_K, 2, 0, LENGTH - 2 - 9, BPF_DEVCG_DEV_CHAR },
		{ BPF_JMP32 | BPF_JEQ | BPF_K, 3, 0, LENGTH - 1 - 10, 136 }, /* pts */
		{ BPF_ALU | BPF_LSH | BPF_K, 3, 0, 0, 20 },
		{ BPF_ALU | BPF_OR | BPF_X, 3, 4, 0, 0 },
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE, .insns = (uintptr_t)code, .insn_cnt = LENGTH,
		.license = (uintptr_t) "Apache-2.0" };
	int program;

	EACH (allowed)
		code[12 + i] = (struct bpf_insn){ BPF_JMP32 | BPF_JEQ | BPF_K, 3, 0, (int16_t)(LENGTH - 1 - (13 + (int)i)), (int32_t)allowed[i] };
	code[LENGTH - 2] = (struct bpf_insn){ BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0 };
	code[LENGTH - 1] = (struct bpf_insn){ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 };
	MUST(program = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));
	attr = (union bpf_attr){ .target_fd = (uint32_t)cgroup, .attach_bpf_fd = (uint32_t)program, .attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI };
	MUST(syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)));
}

static _Noreturn void child(const char *rootfs, int cgroup, char **argv)
{
	static char path[] = "PATH=/bin", *environment[] = { path, NULL };
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	uint32_t caps = 1u << CAP_AUDIT_WRITE | 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE;
	struct __user_cap_data_struct data[2] = { { caps, caps, 0 } };
	int fd;

	if (cgroup >= 0)
		MUST(unshare(CLONE_NEWCGROUP));
	MUST(syscall(SYS_keyctl, 1, "floor"));
	MUST(sethostname("floor", 5));
	MUST(fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	MUST(ioctl(fd, SIOCSIFFLAGS, &lo));
	mounts(rootfs, cgroup);
	MUST(syscall(SYS_pivot_root, ".", "."));
	MUST(umount2(".", MNT_DETACH));
	MUST(chdir("/"));
	masks();
	MUST(setsid());
	MUST(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 1024, 1024 }));
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (cap > 31 || !(caps & 1u << cap))
			(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* the last ones may be unknown here */
	MUST(syscall(SYS_setgroups, 0, NULL));
	MUST(syscall(SYS_capset, &header, data));
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	execve(argv[0], argv, environment);
	_exit(127);
}

int main(int argc, char **argv)
{
	int cgroup = -1, status;
	struct clone_args args = { .exit_signal = SIGCHLD,
		.flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS };
	pid_t pid;

	if (argc < 4)
		return 125;
	if (strcmp(argv[2], "-") != 0) {
		MUST(mkdir(argv[2], 0755));
		MUST(cgroup = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		device_rules(cgroup);
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (unsigned int)cgroup;
	}
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		child(argv[1], cgroup, argv + 3);
	MUST(pid);
	MUST(waitpid(pid, &status, 0));
	if (cgroup >= 0)
		(void)rmdir(argv[2]); /* the process may not have left yet */
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
