/* Changing a running container's mounts (crun's mounts add and remove). */
#ifndef RUN_LIVE_H
#define RUN_LIVE_H

#include "run/handle.h"

/**
 * live_mounts - add or remove the mounts of a document in a running container.
 * @file: path of an array of OCI mounts, or of an object with a member "mounts".
 * Return: 0 or -1 after fail().
 */
int live_mounts(struct hull *h, const char *id, bool add, const char *file);

#endif
