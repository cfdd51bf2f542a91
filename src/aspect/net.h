/*
 * A network namespace takes the kernel as long to make as everything else that a container gets before its mounts. So where nobody has to see it early, it
 * is no part of the clone: a thread makes it (net_make()) while the child is cloned and builds the container's tree, and the child joins it (net_join()). It is
 * a thread of the parent's, or the child's where the namespace is to belong to a new user namespace.
 */
#ifndef ASPECT_NET_H
#define ASPECT_NET_H

#include "aspect/aspect.h"

/**
 * net_may_be_late - whether the network namespace may be made beside the child: it is to belong to our own user namespace, and nothing that the parent does to
 * the child or shows to hooks needs it.
 */
bool net_may_be_late(const struct plan *p);

/**
 * net_choose - the same of a namespace that is to belong to the child's new user namespace: sets plan->own_net.
 * @hop: there is a process between us and the child.
 */
void net_choose(struct plan *p, bool hop);

/**
 * net_make - enter a new network namespace, for good: for a thread or process that ends in it.
 * @ret_socket: a socket that belongs to it, for net_set_up().
 * Return: a descriptor of the new one, or -errno.
 */
CHILD int net_make(int *ret_socket);

/**
 * net_set_up - set the loopback interface up.
 * @socket: of the namespace; it is closed.
 * Return: 0 or -errno.
 */
CHILD int net_set_up(int socket);

/**
 * net_join - wait for a late network namespace and join it; nothing if it is there already. Before anything that depends on it.
 * Return: 0, or -1 after child_fail().
 */
CHILD int net_join(struct child *c);

/**
 * net_join_first - the same, but for one that a thread of the child's is making: nothing depends on that yet, unless there are kernel parameters to be set.
 */
CHILD int net_join_first(struct child *c);

#endif
