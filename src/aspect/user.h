/* The user namespace: who in the container is who outside. */
#ifndef ASPECT_USER_H
#define ASPECT_USER_H

#include "aspect/plan.h"

/*
 * @implicit: nobody asked for a user namespace, but the caller can do nothing without one
 * @uids, @gids: the maps of a new namespace. With @implicit they are complete after prepare only.
 * @uid_text, @gid_text: the same, as uid_map and gid_map take them
 * @newuidmap, @newgidmap: the helper that writes them, NULL: we do
 * @deny_setgroups: the kernel wants setgroups(2) denied before it takes the gid map of an ordinary user
 */
struct user_plan {
	bool implicit;
	struct id_mapping_list uids, gids;
	const char *uid_text, *gid_text;
	const char *newuidmap, *newgidmap;
	bool deny_setgroups;
};

#endif
