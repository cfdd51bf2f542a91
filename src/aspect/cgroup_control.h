/*
 * Control of a container's cgroups by the facts of its state file: no spec, no plan. All of it works on v1, v2 and hybrid hosts.
 */
#ifndef ASPECT_CGROUP_CONTROL_H
#define ASPECT_CGROUP_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "aspect/aspect.h"

/**
 * cgroup_known - whether the container has a cgroup of its own: without one, pids, freeze and kill cannot work.
 */
bool cgroup_known(const struct facts *facts);

/**
 * cgroup_pids - all processes of a container, those in cgroups below its own too; ascending, each once.
 * Return: 0 or -1 after fail().
 */
int cgroup_pids(const struct facts *facts, struct arena *arena, struct error *error, pid_t **ret_pids, size_t *ret_n);

/**
 * cgroup_freeze - freeze or thaw, and wait until it is done.
 * Return: 0 or -1 after fail().
 */
int cgroup_freeze(const struct facts *facts, struct error *error, bool freeze);

/**
 * cgroup_is_frozen - whether the container is frozen by its own cgroup.
 */
bool cgroup_is_frozen(const struct facts *facts);

/**
 * cgroup_kill_all - send a signal to every process, none escapes by forking. SIGKILL also reaches a frozen container, which is then thawed.
 * Return: 0 or -1 after fail().
 */
int cgroup_kill_all(const struct facts *facts, struct arena *arena, struct error *error, int signal);

/**
 * cgroup_remove - kill what is left in the container's cgroups, and remove them with all below. Twice is harmless.
 * Return: 0 or -1 after fail().
 */
int cgroup_remove(const struct facts *facts, struct arena *arena, struct error *error);

/**
 * cgroup_update - change limits of a container that exists, all or nothing: on failure what was written is put back.
 * @r: what changes; what it does not say stays. It is completed with current values.
 * @oci_version: see cgroup_settings_compile();  @devices: device rules may be written, if there are any in @r.
 * Return: 0 or -1 after fail().
 */
int cgroup_update(const struct facts *facts, struct resources *r, const char *oci_version, bool devices, struct arena *arena, struct error *error);

/*
 * The way into a container's cgroups for `hull exec`.
 * @v2_fd: directory for CLONE_INTO_CGROUP, NO_FD: none
 * @tasks: files of v1 trees that the child writes itself into;  @dirs: their directories, for messages
 */
struct cgroup_join {
	int v2_fd;
	int *tasks;
	char **dirs;
	size_t n;
};

struct cgroup_tree;

/**
 * cgroup_first - where the payload begins: the leaf of @t, or with struct request's inner_cgroup one below. Who may make cgroup and user namespaces can mount
 * the hierarchy from the cgroup he is in on, and as that cgroup's owner write what is its limit.
 * Return: 0 or -1 after fail().
 */
int cgroup_first(struct plan *p, const struct cgroup_tree *t, char **ret_dir);

/**
 * cgroup_join_open - open the way in.
 * @sub: what --cgroup said: "[CTRL[,CTRL]:]PATH" below the container's own cgroup; none: its own, and on v2, where that cannot hold processes, the
 *       one that the container's first process is in now (not with "/").
 * Return: 0 or -1 after fail().
 */
int cgroup_join_open(const struct facts *facts, struct arena *arena, struct error *error, const char *const *sub, size_t n_sub,
		     struct cgroup_join *ret_join);

/**
 * cgroup_join_pid - put another process into the v2 cgroup, where the clone could not.
 * Return: 0 or -1 after fail().
 */
int cgroup_join_pid(const struct cgroup_join *join, struct error *error, pid_t pid);

/**
 * cgroup_join_self - the calling child enters the v1 trees and forgets all descriptors of @join (none may be there when the working directory is entered).
 * Return: 0 or -1 after child_fail().
 */
CHILD int cgroup_join_self(const struct child *c, const struct cgroup_join *join);

/**
 * cgroup_join_close - close the parent's copies. The numbers stay: a child that shares our memory may be about to use its own.
 */
void cgroup_join_close(const struct cgroup_join *join);

#endif
