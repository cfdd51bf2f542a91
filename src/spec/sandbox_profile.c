/*
 * The sandbox's default system-call profile (see sandbox_profile.h).
 *
 * The measure: build tools, interpreters, debuggers, JITs and servers notice nothing; what only administers a machine, what reaches code of the
 * kernel that ordinary programs never run, and what is not confined by namespaces is refused. EPERM says that the call exists; ENOSYS
 * is for what programs try first and do without, and for what the kernel itself has no more. Sockets are refused with the errors of a kernel that
 * was built without them.
 *
 * What is guarded by a capability and nothing else is let through, since the sandbox has none, and who adds one wants it to work.
 */
#include "spec/sandbox_profile.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <linux/netlink.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/scope.h"

/* clang-format off: tables */
const struct sandbox_group sandbox_groups[] = {
	/* ---- let through ---- */
	{ "access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64 fadvise64_64 "
	  "fallocate "
	  "fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr file_getattr file_setattr flistxattr flock "
	  "fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd getdents getdents64 "
	  "getxattr "
	  "getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch lchown lchown32 lgetxattr link linkat listxattr listxattrat "
	  "llistxattr lremovexattr lseek _llseek lsetxattr lstat lstat64 mkdir mkdirat mknod mknodat name_to_handle_at newfstatat oldfstat oldlstat "
	  "oldstat open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readdir readlink readlinkat readv removexattr "
	  "removexattrat rename renameat renameat2 rmdir sendfile sendfile64 setxattr setxattrat splice stat stat64 statfs statfs64 statx symlink "
	  "symlinkat sync sync_file_range syncfs tee truncate truncate64 umask unlink unlinkat utime utimensat utimensat_time64 utimes "
	  "vmsplice write "
	  "writev", 0, "files", "Permissions, the read-only root and Landlock decide here. A device node cannot be made without rights on the "
	  "host.", 0 },
	{ "listmount statmount", 0, "questions about mounts", "They tell what /proc/self/mountinfo tells.", 0 },
	{ "brk madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2 mprotect mremap mseal "
	  "msync munlock "
	  "munlockall munmap pkey_alloc pkey_free pkey_mprotect process_madvise process_mrelease cachestat", 0, "memory", "JITs need it.", 0 },
	{ "get_mempolicy mbind set_mempolicy set_mempolicy_home_node", 0, "memory policy", "OpenMP, JVMs and numactl use it on their own "
	  "memory.", 0 },
	{ "execve execveat exit exit_group fork vfork wait4 waitid waitpid kill tkill tgkill pidfd_open pidfd_send_signal rt_sigqueueinfo "
	  "rt_tgsigqueueinfo getpgid getpgrp setpgid getsid setsid getpid getppid gettid getpriority nice getrlimit ugetrlimit setrlimit "
	  "prlimit64 getrusage times prctl arch_prctl set_thread_area get_thread_area set_tid_address set_robust_list get_robust_list rseq "
	  "restart_syscall uretprobe", 0, "processes", "The pid namespace confines them.", 0 },
	{ "futex futex_time64 futex_requeue futex_wait futex_waitv futex_wake", 0, "futexes", "Threads cannot do without.", 0 },
	{ "ioprio_get sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler "
	  "sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield getcpu",
	  0, "scheduling", "More than the caller had needs a capability.", 0 },
	{ "alarm pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 sgetmask "
	  "sigaction sigaltstack signal signalfd signalfd4 sigpending sigprocmask sigreturn sigsuspend ssetmask", 0, "signals", "", 0 },
	{ "adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep "
	  "clock_nanosleep_time64 "
	  "getitimer gettimeofday nanosleep setitimer time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime "
	  "timer_settime64 timerfd timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64", 0, "clocks and timers",
	  "adjtimex(2) reads the clock's state; changing it needs a capability on the host.", 0 },
	{ "epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 pipe pipe2 poll ppoll ppoll_time64 pselect6 "
	  "pselect6_time64 select _newselect", 0, "pipes and waiting", "", 0 },
	{ "io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit", 0, "asynchronous files (the old interface)",
	  "Databases and nginx use it.", 0 },
	{ "accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64 recvmsg send sendmmsg "
	  "sendmsg sendto setsockopt shutdown", 0, "use of sockets", "Which sockets there are is decided when one is made.", 0 },
	{ "ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget "
	  "msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget", 0, "System V IPC and POSIX queues",
	  "The ipc namespace confines them.", 0 },
	{ "capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid getresgid32 getresuid getresuid32 "
	  "getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid setresgid32 "
	  "setresuid setresuid32 setreuid setreuid32 setuid setuid32", 0, "users and groups", "Only ids that the sandbox has can be taken.", 0 },
	{ "getrandom olduname oldolduname sysinfo uname sethostname setdomainname chroot", 0, "the system",
	  "Names of the host are changed, and roots, with capabilities over a namespace only.", 0 },
	{ "landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp lsm_get_self_attr lsm_list_modules lsm_set_self_attr", 0,
	  "confining oneself", "Programs with a sandbox of their own use it; rights are only ever given up.", 0 },
	{ "kcmp pidfd_getfd process_vm_readv process_vm_writev ptrace", 0, "debuggers",
	  "They reach processes of the same user in the sandbox, which has a pid namespace of its own, and are for gdb, strace, sanitizers and "
	  "graphics drivers.",
	  0 },
	{ "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush get_tls set_tls usr26 usr32 riscv_flush_icache swapcontext "
	  "s390_guarded_storage s390_runtime_instr s390_sthyi", 0, "of single architectures", "", 0 },

	{ "afs_syscall bdflush break create_module epoll_ctl_old epoll_wait_old ftime get_kernel_syms getpmsg gtty idle lock mpx multiplexer nfsservctl "
	  "prof profil putpmsg query_module security stty tuxcall ulimit vserver", 0, "no system calls",
	  "Linux has the number and never had, or has no more, the call: it says so itself, and a rule would only make the filter longer.", 0 },

	/* ---- refused: exists, but not here ---- */
	{ "mount umount umount2 pivot_root move_mount open_tree open_tree_attr fsopen fsconfig fsmount fspick mount_setattr", EPERM, "mounts",
	  "The parsers of filesystems and the rules of mount propagation are a large part of the kernel's faults; a sandbox's tree is finished "
	  "when it starts.",
	  SANDBOX_PROFILE_NEST },
	{ "setns", EPERM, "entering namespaces", "What comes in with a descriptor must not become a way out.", SANDBOX_PROFILE_NEST },
	{ "bpf", EPERM, "BPF", "Programs in the kernel: its verifier has been a way to the host's root again and again.", 0 },
	{ "userfaultfd", EPERM, "user-space page faults", "Stops the kernel in the middle of a copy, which turns races into reliable exploits.", 0 },
	{ "perf_event_open", EPERM, "performance events", "A large interface with a long list of faults, and it sees other programs' timing.", 0 },
	{ "fanotify_init fanotify_mark", EPERM, "fanotify", "Watches whole filesystems, those of the host; inotify(7) is there.", 0 },
	{ "open_by_handle_at", EPERM, "files by handle", "Goes around paths, and so around what the sandbox shows.", 0 },
	{ "move_pages migrate_pages", EPERM, "moving pages", "Reaches into other processes' memory management; programs that ask for it do "
	  "without.", 0 },
	{ "syslog", EPERM, "the kernel's log", "Belongs to the host, and gives away addresses and devices.", 0 },
	{ "init_module finit_module delete_module", EPERM, "kernel modules", "Administration of the host.", 0 },
	{ "kexec_load kexec_file_load reboot", EPERM, "another kernel, and the end", "Administration of the host.", 0 },
	{ "swapon swapoff acct quotactl quotactl_fd vhangup", EPERM, "swap, accounting, quotas, terminals", "Administration of the host.", 0 },
	{ "clock_settime clock_settime64 settimeofday stime", EPERM, "setting the clock", "There is one clock, the host's.", 0 },
	{ "ioperm iopl pciconfig_iobase pciconfig_read pciconfig_write s390_pci_mmio_read s390_pci_mmio_write rtas", EPERM, "ports and buses",
	  "Hardware without a driver between.", 0 },
	{ "vm86 vm86old spu_create spu_run subpage_prot switch_endian sys_debug_setcontext", EPERM, "odd modes of processors",
	  "Rarely used ways in and out of the kernel, little tested.", 0 },

	/* ---- refused: programs do without ---- */
	{ "clone3", ENOSYS, "clone3",
	  "A filter cannot see its flags, which lie in memory. C libraries then use clone(2), whose flags it sees.", SANDBOX_PROFILE_NEST },
	{ "io_uring_setup io_uring_enter io_uring_register", ENOSYS, "io_uring",
	  "Does on the program's behalf what this filter would refuse, and leads the list of kernel exploits; programs fall back to epoll(7).", 0 },
	{ "add_key keyctl request_key", ENOSYS, "the kernel's keyring",
	  "Keys are not confined by namespaces; libraries and container runtimes do without on a kernel that has none.", 0 },
	{ "modify_ldt", ENOSYS, "segment descriptors", "For 16-bit programs; often at fault, and kernels may be built without.", 0 },
	{ "_sysctl lookup_dcookie remap_file_pages uselib ustat sysfs", ENOSYS, "left-overs", "Nothing of this century uses them.", 0 },
};
const size_t sandbox_n_groups = ARRAY_SIZE(sandbox_groups);

#define NS_FLAGS (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifdef __s390x__
enum { CLONE_FLAGS_ARGUMENT = 1 };
#else
enum { CLONE_FLAGS_ARGUMENT = 0 };
#endif
#define PERSONALITY (PER_LINUX32 | UNAME26 | ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT | READ_IMPLIES_EXEC | ADDR_LIMIT_32BIT | ADDR_LIMIT_3GB)

/* as a mask: every bit of an int; the kernel does not look at more, so neither may a rule */
enum { ALL = -1, SOCKETCALL_SOCKET = 1 };
/* one test for both families, and one for types 1 to 3 (SOCK_NONBLOCK and SOCK_CLOEXEC may be added): a short filter is loaded sooner */
enum { INET_MASK = ~(AF_INET ^ AF_INET6), SOCK_OTHERS = 0xc };
_Static_assert((AF_INET & ~INET_MASK) == 0 && (AF_INET ^ AF_INET6) == 8, "a bit between them");
_Static_assert(SOCK_STREAM == 1 && SOCK_DGRAM == 2 && SOCK_RAW == 3, "below SOCK_OTHERS");
/* protocols of sockets, not in every libc's headers */
enum { PROTOCOL_DCCP = 33, PROTOCOL_L2TP = 115, PROTOCOL_SCTP = 132 };

#define IS(argument, bits, number) { .index = (argument), .mask = (uint32_t)(bits), .value = (uint32_t)(number) }
#define ANY(argument) IS(argument, 0, 0)

/* The rule for what is left stands last, with ANY. Order matters for nobody else but socketcall, which must stand before the calls that it offers. */
const struct sandbox_rule sandbox_rules[] = {
	{ "socketcall", EAFNOSUPPORT, 1, { IS(0, ALL, SOCKETCALL_SOCKET) }, "for socket(2)",
	  "A filter cannot see which socket is asked for. 64-bit programs have socket(2) itself; most 32-bit ones make no sockets under the "
	  "default profile.", 0, 0 },
	{ "socketcall", 0, 1, { ANY(0) }, "for everything else", NULL, 0, 0 },

	{ "socket", EPROTONOSUPPORT, 1, { IS(2, ALL, PROTOCOL_SCTP) }, "with IPPROTO_SCTP, IPPROTO_DCCP or IPPROTO_L2TP",
	  "Protocols that the kernel loads a module for at the first socket, little used and often at fault.", 0, 0 },
	{ "socket", EPROTONOSUPPORT, 1, { IS(2, ALL, PROTOCOL_DCCP) }, NULL, NULL, 0, 0 },
	{ "socket", EPROTONOSUPPORT, 1, { IS(2, ALL, PROTOCOL_L2TP) }, NULL, NULL, 0, 0 },
	{ "socket", 0, 1, { IS(0, ALL, AF_UNIX) }, "of AF_UNIX", "Which sockets can be reached is a matter of paths and of the network "
	  "namespace.", 0, 0 },
	{ "socket", 0, 2, { IS(0, INET_MASK, AF_INET), IS(1, SOCK_OTHERS, 0) }, "of AF_INET and AF_INET6: SOCK_STREAM, SOCK_DGRAM, SOCK_RAW",
	  "The network namespace confines them; SOCK_RAW needs a capability.", 0, 0 },
	{ "socket", ESOCKTNOSUPPORT, 2, { IS(0, INET_MASK, AF_INET), ANY(1) }, "of AF_INET and AF_INET6: other types",
	  "They stand for SCTP, DCCP and AF_PACKET.", 0, 0 },
	{ "socket", 0, 2, { IS(0, ALL, AF_NETLINK), IS(2, ALL, NETLINK_ROUTE) }, "of AF_NETLINK: NETLINK_ROUTE, NETLINK_KOBJECT_UEVENT",
	  "getifaddrs(3) asks for interfaces, and libudev for devices that come.", SANDBOX_PROFILE_NEST, 0 },
	{ "socket", 0, 2, { IS(0, ALL, AF_NETLINK), IS(2, ALL, NETLINK_KOBJECT_UEVENT) }, NULL, NULL, SANDBOX_PROFILE_NEST, 0 },
	{ "socket", EPROTONOSUPPORT, 2, { IS(0, ALL, AF_NETLINK), ANY(2) }, "of AF_NETLINK: other protocols",
	  "They administer firewalls, audit, wireless networks and cryptography.", SANDBOX_PROFILE_NEST, 0 },
	{ "socket", 0, 1, { IS(0, ALL, AF_NETLINK) }, "of AF_NETLINK: all protocols", "Networks of nested namespaces are made with them.", 0,
	  SANDBOX_PROFILE_NEST },
	{ "socket", EAFNOSUPPORT, 1, { ANY(0) }, "of every other family",
	  "AF_VSOCK talks to the hypervisor past all network namespaces; AF_ALG, AF_PACKET, AF_KEY, AF_BLUETOOTH, AF_CAN, AF_TIPC, AF_RDS, "
	  "AF_XDP, AF_SMC and the like are code that is loaded at the first socket, little used, and at fault every year.", 0, 0 },

	{ "socketpair", 0, 1, { IS(0, ALL, AF_UNIX) }, "of AF_UNIX", "Other families have none, but for AF_TIPC.", 0, 0 },
	{ "socketpair", EAFNOSUPPORT, 1, { ANY(0) }, "of every other family", NULL, 0, 0 },

	{ "clone", 0, 1, { IS(CLONE_FLAGS_ARGUMENT, NS_FLAGS, 0) }, "without CLONE_NEW flags", "Processes and threads.", SANDBOX_PROFILE_NEST, 0 },
	{ "clone", EPERM, 1, { ANY(CLONE_FLAGS_ARGUMENT) }, "with a CLONE_NEW flag",
	  "A user namespace gives capabilities, and with them most of the kernel's code for mounts, networks and firewalls.",
	  SANDBOX_PROFILE_NEST, 0 },
	{ "unshare", 0, 1, { IS(0, NS_FLAGS | CLONE_NEWTIME, 0) }, "without CLONE_NEW flags", "Threads that part from each other.",
	  SANDBOX_PROFILE_NEST, 0 },
	{ "unshare", EPERM, 1, { ANY(0) }, "with a CLONE_NEW flag", "As clone(2).", SANDBOX_PROFILE_NEST, 0 },

	{ "ioctl", EPERM, 1, { IS(1, ALL, TIOCSTI) }, "with TIOCSTI or TIOCLINUX",
	  "They type on the caller's terminal what the shell outside then runs. Only 32 bits of the request count, for the kernel and for the "
	  "filter.", SANDBOX_PROFILE_TTY_OWN, 0 },
	{ "ioctl", EPERM, 1, { IS(1, ALL, TIOCLINUX) }, NULL, NULL, SANDBOX_PROFILE_TTY_OWN, 0 },
	{ "ioctl", EPERM, 1, { IS(1, ALL, TIOCSETD) }, "with TIOCSETD", "Line disciplines are modules that the kernel loads on demand, and "
	  "full of races.", 0, 0 },
	{ "ioctl", 0, 1, { ANY(1) }, "with everything else", "What a device can do is decided by which devices there are.", 0, 0 },

	{ "setpriority", EPERM, 2, { IS(0, ALL, PRIO_PGRP), IS(1, ALL, 0) }, "of PRIO_PGRP 0",
	  "The process group is the caller's, for the sake of job control, and no pid namespace ends it: hull and its neighbours in a pipeline "
	  "would be slowed down. A group made inside can be named by its number.", 0, 0 },
	{ "setpriority", 0, 1, { ANY(0) }, "of everything else", "The pid namespace confines PRIO_USER, too.", 0, 0 },
	{ "ioprio_set", EPERM, 2, { IS(0, ALL, IOPRIO_WHO_PGRP), IS(1, ALL, 0) }, "of IOPRIO_WHO_PGRP 0", "As setpriority(2).", 0, 0 },
	{ "ioprio_set", 0, 1, { ANY(0) }, "of everything else", NULL, 0, 0 },

	{ "personality", 0, 1, { IS(0, ~PERSONALITY, 0) },
	  "of Linux, also 32-bit, with ADDR_NO_RANDOMIZE, ADDR_COMPAT_LAYOUT, ADDR_LIMIT_32BIT, ADDR_LIMIT_3GB, READ_IMPLIES_EXEC, UNAME26",
	  "Debuggers and setarch(8) ask for them, and they change the program only.", 0, 0 },
	{ "personality", 0, 1, { IS(0, ALL, ALL) }, "0xffffffff", "The question which one is in force.", 0, 0 },
	{ "personality", EPERM, 1, { ANY(0) }, "of everything else", "Emulations of other systems, and pages at address 0, which turn faults "
	  "of the kernel into exploits.",
	  0, 0 },
};
const size_t sandbox_n_rules = ARRAY_SIZE(sandbox_rules);
/* clang-format on */

/* what this machine can run, x32 not: every call would have a second number to think of, and nobody has such programs */
#if defined(__x86_64__)
#define ARCHES ARCH_X86_64, ARCH_X86
#elif defined(__i386__)
#define ARCHES ARCH_X86
#elif defined(__aarch64__)
#define ARCHES ARCH_AARCH64, ARCH_ARM
#elif defined(__arm__)
#define ARCHES ARCH_ARM
#elif defined(__riscv)
#define ARCHES ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCHES ARCH_PPC64LE
#elif defined(__powerpc64__)
#define ARCHES ARCH_PPC64
#elif defined(__s390x__)
#define ARCHES ARCH_S390X, ARCH_S390
#elif defined(__loongarch__)
#define ARCHES ARCH_LOONGARCH64
#endif
static enum seccomp_arch arches[] = { ARCHES };

static void set_action(struct seccomp_rule *rule, int errnum)
{
	rule->action = errnum ? ACTION_ERRNO : ACTION_ALLOW;
	rule->errno_ret = (struct opt_u32){ .set = errnum, .value = (uint32_t)errnum };
}

/* "a b c" as a list; the names are copied once, together */
static struct string_list split(struct arena *arena, const char *names)
{
	struct string_list list = { .n = 1 };
	char *text = arena_strdup(arena, names);

	for (const char *c = names; *c; c++)
		list.n += *c == ' ';
	list.v = arena_many(arena, char *, list.n);
	for (size_t i = 0; i < list.n; i++) {
		char *end = strchr(text, ' ');

		list.v[i] = text;
		if (end)
			*end = '\0';
		text = end ? end + 1 : text;
	}
	return list;
}

/*
 * A mask of 0 would be no condition at all, and a rule without conditions decides its call alone: "argument >= 0" always holds, too, and is tried after all
 * equalities.
 */
static void read_tests(struct arena *arena, const struct sandbox_rule *from, struct seccomp_rule *rule)
{
	rule->args.v = arena_many(arena, struct seccomp_arg, from->n);
	rule->args.n = from->n;
	for (size_t i = 0; i < from->n; i++) {
		struct seccomp_arg *arg = &rule->args.v[i];

		arg->index = from->tests[i].index;
		arg->op = from->tests[i].mask ? OPERATOR_MASKED_EQ : OPERATOR_GE;
		arg->value = from->tests[i].mask;
		arg->value_two = from->tests[i].value;
	}
}

static bool is_there(const struct sandbox_rule *rule, unsigned int flags)
{
	return !(rule->lifted & flags) && (!rule->only || (rule->only & flags));
}

/* whether a rule before has let this call through for all arguments: all rules were lifted */
static bool is_lifted(size_t at, unsigned int flags)
{
	const char *name = sandbox_rules[at].name;

	for (size_t i = 0; i < sandbox_n_rules; i++)
		if (strcmp(sandbox_rules[i].name, name) == 0 && (i < at || is_there(&sandbox_rules[i], flags)))
			return false;
	return true;
}

static void add_rules(struct arena *arena, unsigned int flags, struct seccomp *s)
{
	struct seccomp_rule *rule = arena_many(arena, struct seccomp_rule, sandbox_n_groups + sandbox_n_rules);

	s->syscalls.v = rule;
	for (size_t i = 0; i < sandbox_n_groups; i++, rule++) {
		rule->names = split(arena, sandbox_groups[i].names);
		set_action(rule, sandbox_groups[i].lifted & flags ? 0 : sandbox_groups[i].errnum);
	}
	for (size_t i = 0; i < sandbox_n_rules; i++) {
		bool there = is_there(&sandbox_rules[i], flags);

		if (!there && !is_lifted(i, flags))
			continue;
		rule->names = split(arena, sandbox_rules[i].name);
		set_action(rule, there ? sandbox_rules[i].errnum : 0);
		if (there)
			read_tests(arena, &sandbox_rules[i], rule);
		rule++;
	}
	s->syscalls.n = (size_t)(rule - s->syscalls.v);
}

void sandbox_profile(struct arena *arena, unsigned int flags, struct seccomp **ret)
{
	struct seccomp *s = arena_new(arena, struct seccomp);

	s->default_action = ACTION_ERRNO;
	s->default_errno_ret = (struct opt_u32){ .set = true, .value = ENOSYS };
	s->architectures.v = arches;
	s->architectures.n = ARRAY_SIZE(arches);
	s->ready = &sandbox_programs[flags % SANDBOX_PROFILES];
	if (!(flags & SANDBOX_PROFILE_SHORT))
		add_rules(arena, flags, s);
	*ret = s;
}
