/*
 * A network namespace takes the kernel as long to make as everything else that a container gets before its mounts. So where nobody has to see it early, it
 * is no part of the clone: the parent makes it (net_make()) while the child builds the container's tree, and the child joins it (net_join()).
 */
#ifndef ASPECT_NET_H
#define ASPECT_NET_H

#include "aspect/aspect.h"

/**
 * net_may_be_late - whether the parent may make the network namespace beside the child: it is to belong to our own user namespace, and nothing that the
 * parent does to the child or shows to hooks needs it. If so, p->host_net is the way back.
 * @socket: any of the calling thread's namespace.
 */
bool net_may_be_late(struct plan *p, int socket);

/**
 * net_make - enter a new network namespace. The caller must come back with net_return(), whatever happens.
 * @ret_socket: a socket that belongs to it; the caller closes it.
 * Return: a descriptor of the new one, or -1 after fail(): then nothing was left.
 */
int net_make(struct plan *p, int *ret_socket);

/**
 * net_return - set the loopback interface up and go back.
 * @socket: net_make()'s.
 * Return: 0 or -1 after fail().
 */
int net_return(struct plan *p, int socket);

/**
 * net_join - wait for a late network namespace and join it; nothing if it is there already. Before anything that depends on it.
 * Return: 0, or -1 after child_fail().
 */
CHILD int net_join(struct child *c);

#endif
