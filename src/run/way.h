/* The way into a target's root directory, with a toolbox: what `hull enter` does in the process that enters, and `hull exec` does not. */
#ifndef RUN_WAY_H
#define RUN_WAY_H

#include <stdbool.h>
#include <stdint.h>

#include "aspect/aspect.h"

struct target;

/*
 * @target: whom the parent compares the child with;  @join_cgroups: the parent puts the child into the target's cgroups, where it may
 * @drop_groups: root's supplementary groups are given up before a user namespace is entered in which setgroups(2) may be denied
 * @root: directory to become the root, NO_FD: the one that comes with the namespaces
 * @root_path: its path in its mount namespace (in the plan's arena);  @root_device, @root_inode: by which it is known again
 * @tools: a detached mount to be put on @tools_at, in a private copy of the mount namespace; NO_FD: none
 */
struct way {
	const struct target *target;
	bool join_cgroups;
	bool drop_groups;
	int root;
	const char *root_path;
	uint64_t root_device, root_inode;
	int tools;
	const char *tools_at;
};

/**
 * way_begin - what comes before the namespaces.
 * Return: 0 or -1 after child_fail().
 */
CHILD int way_begin(const struct child *c, const struct way *way);

/**
 * way_end - what comes after them.
 * Return: 0 or -1 after child_fail().
 */
CHILD int way_end(const struct child *c, const struct way *way);

/**
 * way_open_tools - clone a directory of the host as a detached, read-only mount.
 * @pidfd: the target of an ordinary user, NO_FD: we may clone mounts ourselves.
 * Return: a descriptor or -1 after fail().
 */
int way_open_tools(const char *dir, int pidfd, struct error *e);

/**
 * way_find_place - an empty directory of the target that tools can be put on without a write to it.
 * @root: its root directory.
 * Return: a path, or NULL: there is none.
 */
const char *way_find_place(int root);

/**
 * way_path - PATH with the tools first.
 * @dir: on the host;  @at: where it will be;  @path: what PATH is without.
 */
char *way_path(struct arena *arena, const char *dir, const char *at, const char *path);

#endif
