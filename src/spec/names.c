/*
 * The tables of names.h, and the name of a signal in all the forms that people write. Values that Debian 12's headers lack are written as numbers with
 * their names in the comment; the kernel never changes them.
 */
#include "spec/names.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <string.h>
#include <strings.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "base/scope.h"
#include "base/text.h"

int names_find(const struct names *names, const char *name, uint64_t *ret_value)
{
	size_t i;

	for (i = 0; i < names->n; i++) {
		if (strcmp(names->v[i].name, name) == 0) {
			*ret_value = names->v[i].value;
			return 0;
		}
	}
	return -ENOENT;
}

const char *names_of(const struct names *names, uint64_t value)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		if (names->v[i].value == value)
			return names->v[i].name;
	return NULL;
}

/* TABLE(namespaces, "namespace type"): names_namespaces from the array namespaces[] */
#define TABLE(array, description) const struct names names_##array = { description, array, ARRAY_SIZE(array) }

static const struct name namespaces[] = {
#define X(id, text, flag, file) { text, NAMESPACE_##id },
	NAMESPACE_TYPES(X)
#undef X
};
_Static_assert(ARRAY_SIZE(namespaces) == NAMESPACE_MAX, "one row a namespace");
TABLE(namespaces, "namespace type");

static const struct name actions[] = {
#define X(id, text, ret) { text, ACTION_##id },
	SECCOMP_ACTIONS(X)
#undef X
};
_Static_assert(ARRAY_SIZE(actions) == ACTION_MAX, "one row an action");
TABLE(actions, "seccomp action");

static const struct name operators[] = {
#define X(id, text) { text, OPERATOR_##id },
	SECCOMP_OPERATORS(X)
#undef X
};
_Static_assert(ARRAY_SIZE(operators) == OPERATOR_MAX, "one row an operator");
TABLE(operators, "seccomp operator");

static const struct name arches[] = {
#define X(id, text, audit) { text, ARCH_##id },
	SECCOMP_ARCHES(X)
#undef X
};
_Static_assert(ARRAY_SIZE(arches) == ARCH_MAX, "one row an architecture");
TABLE(arches, "seccomp architecture");

static const struct name seccomp_flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", 1 << 0 },
	{ "SECCOMP_FILTER_FLAG_LOG", 1 << 1 },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", 1 << 2 },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 1 << 5 },
};
TABLE(seccomp_flags, "seccomp flag");

/* in the order of their numbers: linux/capability.h */
#define CAPABILITIES(X)                                                                                                          \
	X(CHOWN) X(DAC_OVERRIDE) X(DAC_READ_SEARCH) X(FOWNER) X(FSETID) X(KILL) X(SETGID) X(SETUID) X(SETPCAP) X(LINUX_IMMUTABLE) \
	X(NET_BIND_SERVICE) X(NET_BROADCAST) X(NET_ADMIN) X(NET_RAW) X(IPC_LOCK) X(IPC_OWNER) X(SYS_MODULE) X(SYS_RAWIO)         \
	X(SYS_CHROOT) X(SYS_PTRACE) X(SYS_PACCT) X(SYS_ADMIN) X(SYS_BOOT) X(SYS_NICE) X(SYS_RESOURCE) X(SYS_TIME)                \
	X(SYS_TTY_CONFIG) X(MKNOD) X(LEASE) X(AUDIT_WRITE) X(AUDIT_CONTROL) X(SETFCAP) X(MAC_OVERRIDE) X(MAC_ADMIN) X(SYSLOG)    \
	X(WAKE_ALARM) X(BLOCK_SUSPEND) X(AUDIT_READ) X(PERFMON) X(BPF) X(CHECKPOINT_RESTORE)

static const struct name capabilities[] = {
#define X(id) { "CAP_" #id, CAP_##id },
	CAPABILITIES(X)
#undef X
};
_Static_assert(ARRAY_SIZE(capabilities) == CAP_LAST_CAP + 1, "one row a capability: the kernel's headers know a newer one");
TABLE(capabilities, "capability");

#define RLIMITS(X)                                                                                                 \
	X(CPU) X(FSIZE) X(DATA) X(STACK) X(CORE) X(RSS) X(NPROC) X(NOFILE) X(MEMLOCK) X(AS) X(LOCKS) X(SIGPENDING) \
	X(MSGQUEUE) X(NICE) X(RTPRIO) X(RTTIME)

static const struct name rlimits[] = {
#define X(id) { "RLIMIT_" #id, RLIMIT_##id },
	RLIMITS(X)
#undef X
};
_Static_assert(ARRAY_SIZE(rlimits) == RLIMIT_NLIMITS, "one row a limit");
TABLE(rlimits, "resource limit");

/* sched_setattr(2); SCHED_ISO has a number and no code in the kernel, which refuses it */
static const struct name sched_policies[] = {
	{ "SCHED_OTHER", 0 }, { "SCHED_FIFO", 1 }, { "SCHED_RR", 2 },	    { "SCHED_BATCH", 3 },
	{ "SCHED_ISO", 4 },   { "SCHED_IDLE", 5 }, { "SCHED_DEADLINE", 6 },
};
TABLE(sched_policies, "scheduling policy");

static const struct name sched_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 0x01 },  { "SCHED_FLAG_RECLAIM", 0x02 },	      { "SCHED_FLAG_DL_OVERRUN", 0x04 },
	{ "SCHED_FLAG_KEEP_POLICY", 0x08 },    { "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 },
};
TABLE(sched_flags, "scheduling flag");

/* ioprio_set(2) */
static const struct name io_classes[] = {
	{ "IOPRIO_CLASS_RT", 1 },
	{ "IOPRIO_CLASS_BE", 2 },
	{ "IOPRIO_CLASS_IDLE", 3 },
};
TABLE(io_classes, "I/O priority class");

/* set_mempolicy(2) */
static const struct name mpol_modes[] = {
	{ "MPOL_DEFAULT", 0 }, { "MPOL_PREFERRED", 1 },	     { "MPOL_BIND", 2 },		{ "MPOL_INTERLEAVE", 3 },
	{ "MPOL_LOCAL", 4 },   { "MPOL_PREFERRED_MANY", 5 }, { "MPOL_WEIGHTED_INTERLEAVE", 6 },
};
TABLE(mpol_modes, "memory policy mode");

static const struct name mpol_flags[] = {
	{ "MPOL_F_NUMA_BALANCING", 1 << 13 },
	{ "MPOL_F_RELATIVE_NODES", 1 << 14 },
	{ "MPOL_F_STATIC_NODES", 1 << 15 },
};
TABLE(mpol_flags, "memory policy flag");

/* personality(2) */
static const struct name personalities[] = {
	{ "LINUX", 0x0000 },
	{ "LINUX32", 0x0008 },
};
TABLE(personalities, "personality domain");

static const struct name propagations[] = {
	{ "shared", MS_SHARED },	   { "rshared", MS_SHARED | MS_REC },
	{ "slave", MS_SLAVE },		   { "rslave", MS_SLAVE | MS_REC },
	{ "private", MS_PRIVATE },	   { "rprivate", MS_PRIVATE | MS_REC },
	{ "unbindable", MS_UNBINDABLE }, { "runbindable", MS_UNBINDABLE | MS_REC },
};
TABLE(propagations, "mount propagation");

/* signal(7), x86 and ARM numbers; where a number has two names the usual one is first */
static const struct name signals[] = {
	{ "HUP", 1 },	  { "INT", 2 },	  { "QUIT", 3 },  { "ILL", 4 },	  { "TRAP", 5 },   { "ABRT", 6 },   { "IOT", 6 },
	{ "BUS", 7 },	  { "FPE", 8 },	  { "KILL", 9 },  { "USR1", 10 }, { "SEGV", 11 },  { "USR2", 12 },  { "PIPE", 13 },
	{ "ALRM", 14 },	  { "TERM", 15 }, { "STKFLT", 16 }, { "CHLD", 17 }, { "CLD", 17 }, { "CONT", 18 },  { "STOP", 19 },
	{ "TSTP", 20 },	  { "TTIN", 21 }, { "TTOU", 22 }, { "URG", 23 },  { "XCPU", 24 },  { "XFSZ", 25 },  { "VTALRM", 26 },
	{ "PROF", 27 },	  { "WINCH", 28 }, { "IO", 29 },  { "POLL", 29 }, { "PWR", 30 },   { "SYS", 31 },
};
TABLE(signals, "signal");

/* Real-time signals as glibc counts them, since that is what a number in an image's STOPSIGNAL means; musl's SIGRTMIN is one higher. */
enum { RTMIN = 34, RTMAX = 64 };

/* "RTMIN", "RTMIN+3", "RTMAX-1" */
static int real_time_signal(const char *text, int *ret)
{
	bool from_end = strncasecmp(text, "RTMAX", 5) == 0;
	uint32_t distance = 0;
	int r;

	if (!from_end && strncasecmp(text, "RTMIN", 5) != 0)
		return -EINVAL;
	text += 5;
	if (*text) {
		if (*text != (from_end ? '-' : '+'))
			return -EINVAL;
		r = text_to_u32(text + 1, &distance);
		if (r < 0 || distance > RTMAX - RTMIN)
			return -EINVAL;
	}
	*ret = from_end ? RTMAX - (int)distance : RTMIN + (int)distance;
	return 0;
}

int names_signal(const char *text, int *ret)
{
	uint32_t number;
	size_t i;

	if (text_to_u32(text, &number) == 0) {
		if (number > RTMAX)
			return -EINVAL;
		*ret = (int)number;
		return 0;
	}
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		if (strcasecmp(signals[i].name, text) == 0) {
			*ret = (int)signals[i].value;
			return 0;
		}
	}
	return real_time_signal(text, ret);
}
