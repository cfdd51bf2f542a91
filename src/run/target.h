/* A process that somebody else started, of whatever runtime: what must be known of it to put another one beside it. All of it may be hostile. */
#ifndef RUN_TARGET_H
#define RUN_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "spec/spec.h"

/*
 * What /proc/PID/status says.
 * @strict, @filtered: its system calls are (seccomp(2))
 * @uid, @gid, @groups: as our own user namespace sees them (the effective ones)
 */
struct target_status {
	uint32_t uid, gid;
	struct { uint32_t *v; size_t n; } groups;
	struct capabilities capabilities;
	bool no_new_privileges, strict, filtered;
};

/* An entry of a passwd file. */
struct account {
	const char *name;
	uint32_t uid, gid;
};

/*
 * @proc: /proc/PID, a descriptor that means this process for good;  @pidfd: the same for setns(2);  @root: its root directory (O_PATH)
 * @root_path: that directory as a path in its mount namespace
 * @inode[type]: its namespaces, 0: this kernel has no such type
 * @flags: CLONE_NEW* of those that are not ours
 * @other_root: its root directory is not ours
 */
struct target {
	pid_t pid;
	int proc, pidfd, root;
	const char *root_path;
	uint64_t inode[NAMESPACE_MAX];
	uint64_t flags;
	bool other_root;
	struct target_status status;
};

/**
 * target_flags - which namespaces are to be entered: those that both have and that differ. Pure.
 * @own, @its: inode numbers by type, 0: none.
 * Return: CLONE_NEW* flags for one setns(2) with a pidfd.
 */
uint64_t target_flags(const uint64_t *own, const uint64_t *its);

/**
 * target_parse_status - read the text of /proc/PID/status. Pure.
 * Return: 0 or -EINVAL.
 */
int target_parse_status(struct arena *arena, const char *text, struct target_status *ret_status);

/**
 * target_map_id - translate an id of ours by the text of /proc/PID/uid_map or gid_map. Pure.
 * Return: 0 or -ENOENT: it is not mapped.
 */
int target_map_id(struct arena *arena, const char *map, uint32_t outside, uint32_t *ret_inside);

/**
 * target_has_id - whether such a map has an id on its inner side. Pure.
 */
bool target_has_id(struct arena *arena, const char *map, uint32_t inside);

/**
 * target_check_ids - whether the target's user namespace has these ids.
 * Return: 0 or -1 after fail(), in the words of --user.
 */
int target_check_ids(const struct target *t, struct arena *arena, struct error *e, const struct user *user);

/**
 * target_open - open a process and find out what differs from us. target_close() in any case.
 * @birth: with its pid it names it for good (base/process.h), 0: not known.
 * Return: 0 or -1 after fail(), which says who may enter it.
 */
int target_open(struct target *t, pid_t pid, uint64_t birth, struct arena *arena, struct error *e);

/**
 * target_close - give back what is open; again without harm.
 */
void target_close(struct target *t);

/**
 * target_process - a process like the target: ids, capabilities, no_new_privs, working directory, the basics of its environment. No arguments.
 * @other_user: its ids are not wanted.
 * Return: 0 or -1 after fail(): its ids mean nothing in its user namespace.
 */
int target_process(const struct target *t, bool other_user, struct arena *arena, struct error *e, struct process *ret_process);

/**
 * target_account - look somebody up in /etc/passwd below a root directory.
 * @name: NULL: look for @uid.
 * Return: 0, -ENOENT or another -errno.
 */
int target_account(int root, struct arena *arena, const char *name, uint32_t uid, struct account *ret_account);

/**
 * target_check_namespaces - whether process @pid is now in the namespaces that were seen when the target was opened: it might have changed them since.
 * @but: CLONE_NEW* flags of those that are not compared.
 * Return: 0 or -1 after fail(). What cannot be seen is believed.
 */
int target_check_namespaces(const struct target *t, pid_t pid, uint64_t but, struct arena *arena, struct error *e);

#endif
