/* The user namespace: who in the container is who outside. */
#ifndef ASPECT_USER_H
#define ASPECT_USER_H

#include <sched.h>

#include "aspect/aspect.h"

/*
 * @implicit: nobody asked for a user namespace, but the caller can do nothing without one
 * @uids, @gids: the maps of a new namespace. With @implicit they are complete after prepare only.
 * @uid_text, @gid_text: the same, as uid_map and gid_map take them
 * @newuidmap, @newgidmap: the helper that writes them, NULL: we do
 * @by_child: the child maps its only id, its own, itself: parent and child need not wait for each other (sandboxes)
 * @deny_setgroups: the kernel wants setgroups(2) denied before it takes the gid map of an ordinary user
 */
struct user_plan {
	bool implicit;
	struct id_mapping_list uids, gids;
	const char *uid_text, *gid_text;
	const char *newuidmap, *newgidmap;
	bool deny_setgroups;
	bool by_child;
};

/**
 * user_is_joined - whether this is a sandbox in a user namespace that somebody else made (bwrap --userns). Its ids need have nothing to do with those
 * outside, and the caller's are not the namespace's to name: so the payload is who the caller is in there, but for the ids that are asked for, and those count
 * from the first step on. An id that is the caller's outside is not asked for (bwrap(1) does the same).
 */
CHILD static inline bool user_is_joined(const struct plan *p)
{
	return p->request->sandbox && p->has_userns && !(p->new_namespaces & CLONE_NEWUSER);
}

/**
 * user_map_self - write the own maps where the plan says that the child does. To be called before the process stops being dumpable: the kernel gives the
 * files to root then (proc_pid_uid_map(5)).
 * Return: 0, or -1 after child_fail().
 */
CHILD int user_map_self(struct child *c);

#endif
