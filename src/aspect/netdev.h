/* linux.netDevices: the host's interfaces that move into the container. */
#ifndef ASPECT_NETDEV_H
#define ASPECT_NETDEV_H

#include "aspect/plan.h"

/**
 * netdev_move - move all devices of the spec into the network namespace of @pid: renamed, with their global permanent addresses, set up.
 * They never come back (runtime-spec, config-linux.md: netDevices); the kernel gives physical ones to the host again when the namespace ends.
 * Return: 0 or -1 after fail().
 */
int netdev_move(const struct plan *p, pid_t pid);

#endif
