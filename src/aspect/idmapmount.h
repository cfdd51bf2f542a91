/* Id-mapped mounts: the mapping in words, and a user namespace that has it. */
#ifndef ASPECT_IDMAPMOUNT_H
#define ASPECT_IDMAPMOUNT_H

#include <stdbool.h>

#include "aspect/plan.h"
#include "spec/spec.h"

#define IDMAP_NEEDS_ROOT "an id-mapped mount needs the privileges of the filesystem's owner (root outside of containers)"

/*
 * @uids, @gids: what is written to uid_map and gid_map of the helper's namespace; NULL: those of the container's user namespace
 * @recursive: of all mounts below, too
 */
struct idmap {
	const char *uids, *gids;
	bool recursive;
};

/**
 * idmap_compile - decide the mapping of one mount: its own, the one of its idmap= option (crun's), or the container's. Pure.
 * @place: "mounts[3]".
 * @ret_map: NULL: no mapping wanted.
 */
int idmap_compile(struct plan *p, const struct mount *m, const char *place, const struct idmap **ret_map);

/**
 * idmap_apply - map the ids of a detached tree.
 * @tree: of open_tree(2).
 * Return: 0 or -1 with the JSON place.
 */
int idmap_apply(struct plan *p, const struct idmap *map, const char *place, int tree);

#endif
