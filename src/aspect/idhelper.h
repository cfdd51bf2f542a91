/* newuidmap(1) and newgidmap(1): set-id programs that write an ordinary user's id maps. */
#ifndef ASPECT_IDHELPER_H
#define ASPECT_IDHELPER_H

#include "aspect/plan.h"

enum idhelper { IDHELPER_UID, IDHELPER_GID };

/**
 * idhelper_find - where the helper is: in one of the fixed places where a system keeps it, never by PATH.
 * Return: its path, NULL: nowhere.
 */
const char *idhelper_find(enum idhelper which);

/**
 * idhelper_ranges - what the caller may map: /etc/subuid or /etc/subgid, by name and by number.
 */
struct id_mapping_list idhelper_ranges(struct arena *arena, enum idhelper which, uint32_t uid);

/**
 * idhelper_run - let the helper write the map of @pid.
 * Return: 0 or -1 with the JSON place, what the helper said, and the line that would allow it.
 */
int idhelper_run(const struct plan *p, enum idhelper which, const char *path, pid_t pid, const struct id_mapping_list *list);

#endif
