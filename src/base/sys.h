/*
 * System calls that musl 1.2.3 or glibc 2.36 do not wrap, and raw forms of those whose wrappers do more than the call
 * (set*id: they signal other threads; clone: it wants a stack). Every function returns the kernel's result or -errno.
 * Numbers and structures come from the kernel's own headers; what is newer than those is written out here and nowhere else.
 */
#ifndef BASE_SYS_H
#define BASE_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/child.h"

#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_move_mount 429
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#define SYS_fspick 433
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#define SYS_openat2 437
#define SYS_pidfd_getfd 438
#define SYS_faccessat2 439
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#ifndef SYS_set_mempolicy_home_node
#define SYS_set_mempolicy_home_node 450
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_statmount
#define SYS_statmount 457
#define SYS_listmount 458
#endif

/* result of a raw call: its value or -errno */
CHILD static inline long sys_result(long value)
{
	return value < 0 ? -errno : value;
}

#define SYS_CALL(...) sys_result(syscall(__VA_ARGS__))

/* clone3(2): 0 in the child, the pid in the parent */
CHILD static inline pid_t sys_clone3(const struct clone_args *args, size_t size)
{
	return (pid_t)SYS_CALL(SYS_clone3, args, size);
}

CHILD static inline int sys_openat2(int dirfd, const char *path, const struct open_how *how)
{
	return (int)SYS_CALL(SYS_openat2, dirfd, path, how, sizeof(*how));
}

CHILD static inline int sys_open_tree(int dirfd, const char *path, unsigned int flags)
{
	return (int)SYS_CALL(SYS_open_tree, dirfd, path, flags);
}

CHILD static inline int sys_move_mount(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned int flags)
{
	return (int)SYS_CALL(SYS_move_mount, from_dirfd, from, to_dirfd, to, flags);
}

CHILD static inline int sys_fsopen(const char *type, unsigned int flags)
{
	return (int)SYS_CALL(SYS_fsopen, type, flags);
}

CHILD static inline int sys_fsconfig(int fd, unsigned int command, const char *key, const void *value, int aux)
{
	return (int)SYS_CALL(SYS_fsconfig, fd, command, key, value, aux);
}

CHILD static inline int sys_fsmount(int fd, unsigned int flags, unsigned int attributes)
{
	return (int)SYS_CALL(SYS_fsmount, fd, flags, attributes);
}

CHILD static inline int sys_fspick(int dirfd, const char *path, unsigned int flags)
{
	return (int)SYS_CALL(SYS_fspick, dirfd, path, flags);
}

/* struct mount_attr of linux/mount.h, written out because that header clashes with sys/mount.h */
struct sys_mount_attr {
	uint64_t attr_set;
	uint64_t attr_clr;
	uint64_t propagation;
	uint64_t userns_fd;
};

CHILD static inline int sys_mount_setattr(int dirfd, const char *path, unsigned int flags, const struct sys_mount_attr *attr)
{
	return (int)SYS_CALL(SYS_mount_setattr, dirfd, path, flags, attr, sizeof(*attr));
}

CHILD static inline int sys_fchmodat2(int dirfd, const char *path, mode_t mode, int flags)
{
	return (int)SYS_CALL(SYS_fchmodat2, dirfd, path, mode, flags);
}

CHILD static inline int sys_pidfd_open(pid_t pid, unsigned int flags)
{
	return (int)SYS_CALL(SYS_pidfd_open, pid, flags);
}

CHILD static inline int sys_pidfd_send_signal(int pidfd, int signal)
{
	return (int)SYS_CALL(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

CHILD static inline int sys_pidfd_getfd(int pidfd, int fd)
{
	return (int)SYS_CALL(SYS_pidfd_getfd, pidfd, fd, 0);
}

CHILD static inline int sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	return (int)SYS_CALL(SYS_close_range, first, last, flags);
}

CHILD static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)SYS_CALL(SYS_pivot_root, new_root, put_old);
}

CHILD static inline int sys_setns(int fd, int flags)
{
	return (int)SYS_CALL(SYS_setns, fd, flags);
}

CHILD static inline int sys_unshare(int flags)
{
	return (int)SYS_CALL(SYS_unshare, flags);
}

CHILD static inline int sys_setresuid(uid_t r, uid_t e, uid_t s)
{
	return (int)SYS_CALL(SYS_setresuid, r, e, s);
}

CHILD static inline int sys_setresgid(gid_t r, gid_t e, gid_t s)
{
	return (int)SYS_CALL(SYS_setresgid, r, e, s);
}

CHILD static inline int sys_setgroups(size_t n, const gid_t *groups)
{
	return (int)SYS_CALL(SYS_setgroups, n, groups);
}

CHILD static inline int sys_seccomp(unsigned int operation, unsigned int flags, const void *args)
{
	return (int)SYS_CALL(SYS_seccomp, operation, flags, args);
}

CHILD static inline int sys_bpf(int command, const void *attr, unsigned int size)
{
	return (int)SYS_CALL(SYS_bpf, command, attr, size);
}

CHILD static inline long sys_keyctl(int operation, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return SYS_CALL(SYS_keyctl, operation, a, b, c, d);
}

/* struct landlock_ruleset_attr of ABI 6; an older kernel takes it as long as what it does not know is 0 */
struct sys_landlock_ruleset {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};
struct sys_landlock_path {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));
enum { SYS_LANDLOCK_VERSION = 1, SYS_LANDLOCK_RULE_PATH = 1, SYS_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET = 1, SYS_LANDLOCK_SCOPE_SIGNAL = 2 };

/* NULL, SYS_LANDLOCK_VERSION: the number of the kernel's ABI */
CHILD static inline int sys_landlock_create_ruleset(const struct sys_landlock_ruleset *attr, unsigned int flags)
{
	return (int)SYS_CALL(SYS_landlock_create_ruleset, attr, attr ? sizeof(*attr) : 0, flags);
}

CHILD static inline int sys_landlock_add_path(int ruleset, const struct sys_landlock_path *path)
{
	return (int)SYS_CALL(SYS_landlock_add_rule, ruleset, SYS_LANDLOCK_RULE_PATH, path, 0);
}

CHILD static inline int sys_landlock_restrict_self(int ruleset)
{
	return (int)SYS_CALL(SYS_landlock_restrict_self, ruleset, 0);
}

/* statx(2), of which only what it says of mounts is wanted; <linux/stat.h> and musl's <sys/stat.h> exclude each other */
struct sys_statx {
	uint32_t mask, block_size;
	uint64_t attributes;
	uint8_t unused[40];
	uint64_t attributes_mask;
	uint8_t more[80];
	uint64_t mount_id;
	uint8_t rest[104];
};
_Static_assert(sizeof(struct sys_statx) == 256, "as the kernel writes it");

/**
 * sys_mount_id - which mount a path leads to; mounts on top of it are followed.
 * Return: 0 or -errno (-EOPNOTSUPP: before Linux 5.8).
 */
CHILD static inline int sys_mount_id(int dirfd, const char *path, int flags, uint64_t *ret_id)
{
	enum { WANT_MOUNT_ID = 0x1000 };
	struct sys_statx stat;
	long r = SYS_CALL(SYS_statx, dirfd, path, flags, WANT_MOUNT_ID, &stat);

	if (r < 0)
		return (int)r;
	if (!(stat.mask & WANT_MOUNT_ID))
		return -EOPNOTSUPP;
	*ret_id = stat.mount_id;
	return 0;
}

/**
 * sys_is_mount - whether the root of a mount is behind @fd; not known before Linux 5.8, and then 1.
 * Return: 1, 0 or -errno.
 */
CHILD static inline int sys_is_mount(int fd)
{
	enum { IS_MOUNT_ROOT = 0x2000 };
	struct sys_statx stat;
	long r = SYS_CALL(SYS_statx, fd, "", AT_EMPTY_PATH, 0, &stat);

	return r < 0 ? (int)r : (stat.attributes & IS_MOUNT_ROOT) != 0 || !(stat.attributes_mask & IS_MOUNT_ROOT);
}

/**
 * sys_mount_root_id - the mount whose root a path is, by the number that is never given again (statmount(2)).
 * Return: 0 or -errno (-EINVAL: not the root of a mount; -EOPNOTSUPP: before Linux 6.8).
 */
CHILD static inline int sys_mount_root_id(int dirfd, const char *path, uint64_t *ret_id)
{
	enum { WANT_UNIQUE_ID = 0x4000, IS_MOUNT_ROOT = 0x2000 };
	struct sys_statx stat;
	long r = SYS_CALL(SYS_statx, dirfd, path, 0, WANT_UNIQUE_ID, &stat);

	if (r < 0)
		return (int)r;
	if (!(stat.mask & WANT_UNIQUE_ID))
		return -EOPNOTSUPP;
	*ret_id = stat.mount_id;
	return stat.attributes & IS_MOUNT_ROOT ? 0 : -EINVAL;
}

/* the first members of struct statmount; the kernel fills as much as there is room for */
struct sys_statmount {
	uint32_t size, unused;
	uint64_t mask;
	uint32_t super[6];
	uint64_t id, parent;
	uint32_t old_id, old_parent;
	uint64_t attributes, propagation;
};
_Static_assert(sizeof(struct sys_statmount) == 80, "as the kernel writes it");

/**
 * sys_statmount - what the kernel knows of a mount by its number: parent and propagation.
 * Return: 0 or -errno (-ENOSYS: before Linux 6.8).
 */
CHILD static inline int sys_statmount(uint64_t id, struct sys_statmount *ret)
{
	enum { WANT_MOUNT_BASIC = 2 };
	struct { uint32_t size, unused; uint64_t id, want; } request = { sizeof(request), 0, id, WANT_MOUNT_BASIC };
	long r = SYS_CALL(SYS_statmount, &request, ret, sizeof(*ret), 0);

	if (r < 0)
		return (int)r;
	return ret->mask & WANT_MOUNT_BASIC ? 0 : -EOPNOTSUPP;
}

/* not in Debian 12's headers */
#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 0x00000001
#define MOUNT_ATTR_NOSUID 0x00000002
#define MOUNT_ATTR_NODEV 0x00000004
#define MOUNT_ATTR_NOEXEC 0x00000008
#define MOUNT_ATTR__ATIME 0x00000070
#define MOUNT_ATTR_RELATIME 0x00000000
#define MOUNT_ATTR_NOATIME 0x00000010
#define MOUNT_ATTR_STRICTATIME 0x00000020
#define MOUNT_ATTR_NODIRATIME 0x00000080
#define MOUNT_ATTR_IDMAP 0x00100000
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1u
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#define MOVE_MOUNT_F_EMPTY_PATH 0x00000004
#define MOVE_MOUNT_T_EMPTY_PATH 0x00000040
#define FSOPEN_CLOEXEC 0x00000001
#define FSMOUNT_CLOEXEC 0x00000001
#define FSPICK_CLOEXEC 0x00000001
#define FSPICK_EMPTY_PATH 0x00000008
#define FSCONFIG_SET_FLAG 0
#define FSCONFIG_SET_STRING 1
#define FSCONFIG_SET_FD 5
#define FSCONFIG_CMD_CREATE 6
#define FSCONFIG_CMD_RECONFIGURE 7
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

#endif
