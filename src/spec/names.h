/* The names that the specification gives to values: one X-macro list each; spec/names.c makes the tables. */
#ifndef SPEC_NAMES_H
#define SPEC_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* A name and what it stands for. */
struct name {
	const char *name;
	uint64_t value;
};

/* A list of names; @what completes the message "unknown WHAT 'x'". */
struct names {
	const char *what;
	const struct name *v;
	size_t n;
};

/**
 * names_find - look a name up.
 * Return: 0 and *ret_value, or -ENOENT.
 */
int names_find(const struct names *names, const char *name, uint64_t *ret_value);

/**
 * names_of - the first name of a value, NULL: none.
 */
const char *names_of(const struct names *names, uint64_t value);

/**
 * names_signal - what a person calls a signal: "TERM", "SIGTERM", "sigterm", "15", "RTMIN+3", "SIGRTMAX-1"; "0" is accepted.
 * Return: 0, or -EINVAL.
 */
int names_signal(const char *text, int *ret);

/* linux.namespaces[].type, in the order in which they are joined: X(enum, "name", CLONE flag, file under /proc/PID/ns) */
#define NAMESPACE_TYPES(X)                            \
	X(USER, "user", CLONE_NEWUSER, "user")        \
	X(CGROUP, "cgroup", CLONE_NEWCGROUP, "cgroup") \
	X(IPC, "ipc", CLONE_NEWIPC, "ipc")            \
	X(UTS, "uts", CLONE_NEWUTS, "uts")            \
	X(NETWORK, "network", CLONE_NEWNET, "net")    \
	X(PID, "pid", CLONE_NEWPID, "pid")            \
	X(TIME, "time", CLONE_NEWTIME, "time")        \
	X(MOUNT, "mount", CLONE_NEWNS, "mnt")

enum namespace_type {
#define X(id, name, flag, file) NAMESPACE_##id,
	NAMESPACE_TYPES(X)
#undef X
	NAMESPACE_MAX
};

/* linux.seccomp actions: X(enum, "name", SECCOMP_RET_*) */
#define SECCOMP_ACTIONS(X)                                                    \
	X(KILL, "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD)                     \
	X(KILL_PROCESS, "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS)    \
	X(KILL_THREAD, "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD)       \
	X(TRAP, "SCMP_ACT_TRAP", SECCOMP_RET_TRAP)                            \
	X(ERRNO, "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO)                         \
	X(TRACE, "SCMP_ACT_TRACE", SECCOMP_RET_TRACE)                         \
	X(ALLOW, "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW)                         \
	X(LOG, "SCMP_ACT_LOG", SECCOMP_RET_LOG)                               \
	X(NOTIFY, "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF)

enum seccomp_action {
#define X(id, name, ret) ACTION_##id,
	SECCOMP_ACTIONS(X)
#undef X
	ACTION_MAX
};

#define SECCOMP_OPERATORS(X)          \
	X(NE, "SCMP_CMP_NE")          \
	X(LT, "SCMP_CMP_LT")          \
	X(LE, "SCMP_CMP_LE")          \
	X(EQ, "SCMP_CMP_EQ")          \
	X(GE, "SCMP_CMP_GE")          \
	X(GT, "SCMP_CMP_GT")          \
	X(MASKED_EQ, "SCMP_CMP_MASKED_EQ")

enum seccomp_operator {
#define X(id, name) OPERATOR_##id,
	SECCOMP_OPERATORS(X)
#undef X
	OPERATOR_MAX
};

/* linux.seccomp.architectures: X(enum, "name", AUDIT_ARCH_* value) ; x32 shares x86_64's */
#define SECCOMP_ARCHES(X)                          \
	X(X86, "SCMP_ARCH_X86", 0x40000003)        \
	X(X86_64, "SCMP_ARCH_X86_64", 0xc000003e)  \
	X(X32, "SCMP_ARCH_X32", 0xc000003e)        \
	X(ARM, "SCMP_ARCH_ARM", 0x40000028)        \
	X(AARCH64, "SCMP_ARCH_AARCH64", 0xc00000b7) \
	X(MIPS, "SCMP_ARCH_MIPS", 0x00000008)      \
	X(MIPS64, "SCMP_ARCH_MIPS64", 0x80000008)  \
	X(MIPS64N32, "SCMP_ARCH_MIPS64N32", 0xa0000008) \
	X(MIPSEL, "SCMP_ARCH_MIPSEL", 0x40000008)  \
	X(MIPSEL64, "SCMP_ARCH_MIPSEL64", 0xc0000008) \
	X(MIPSEL64N32, "SCMP_ARCH_MIPSEL64N32", 0xe0000008) \
	X(PPC, "SCMP_ARCH_PPC", 0x00000014)        \
	X(PPC64, "SCMP_ARCH_PPC64", 0x80000015)    \
	X(PPC64LE, "SCMP_ARCH_PPC64LE", 0xc0000015) \
	X(S390, "SCMP_ARCH_S390", 0x00000016)      \
	X(S390X, "SCMP_ARCH_S390X", 0x80000016)    \
	X(PARISC, "SCMP_ARCH_PARISC", 0x0000000f)  \
	X(PARISC64, "SCMP_ARCH_PARISC64", 0x8000000f) \
	X(RISCV64, "SCMP_ARCH_RISCV64", 0xc00000f3) \
	X(LOONGARCH64, "SCMP_ARCH_LOONGARCH64", 0xc0000102) \
	X(M68K, "SCMP_ARCH_M68K", 0x00000004)      \
	X(SH, "SCMP_ARCH_SH", 0x4000002a)          \
	X(SHEB, "SCMP_ARCH_SHEB", 0x0000002a)

enum seccomp_arch {
#define X(id, name, audit) ARCH_##id,
	SECCOMP_ARCHES(X)
#undef X
	ARCH_MAX
};

extern const struct names names_namespaces;   /* value: enum namespace_type */
extern const struct names names_actions;      /* value: enum seccomp_action */
extern const struct names names_operators;    /* value: enum seccomp_operator */
extern const struct names names_arches;       /* value: enum seccomp_arch */
extern const struct names names_seccomp_flags; /* value: SECCOMP_FILTER_FLAG_* */
extern const struct names names_capabilities; /* value: CAP_* (a number, not a bit) */
extern const struct names names_rlimits;      /* value: RLIMIT_* */
extern const struct names names_sched_policies; /* value: SCHED_* */
extern const struct names names_sched_flags;  /* value: SCHED_FLAG_* */
extern const struct names names_io_classes;   /* value: IOPRIO_CLASS_* */
extern const struct names names_mpol_modes;   /* value: MPOL_* */
extern const struct names names_mpol_flags;   /* value: MPOL_F_* */
extern const struct names names_personalities; /* value: PER_* */
extern const struct names names_propagations; /* value: MS_SHARED …, with MS_REC for rshared … */
extern const struct names names_signals;      /* value: a signal's number; names without SIG */

#endif
