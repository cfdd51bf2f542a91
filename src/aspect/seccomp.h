/* seccomp: handing the listener to the agent that decides (runtime-spec, config-linux.md §Seccomp, containerProcessState). */
#ifndef ASPECT_SECCOMP_H
#define ASPECT_SECCOMP_H

#include "aspect/plan.h"
#include "base/child.h"

/**
 * seccomp_deliver - send the listener of a loaded filter to linux.seccomp.listenerPath.
 * @listener: the descriptor; stays the caller's.
 * @state_json: the container's state document.
 * Return: 0 or -1 after fail().
 */
int seccomp_deliver(struct plan *p, int listener, const char *state_json);

/**
 * seccomp_notifies - whether the filter hands calls to an agent: somebody must be there while the child still works.
 */
CHILD bool seccomp_notifies(const struct plan *p);

/**
 * seccomp_listener_path - where the listener goes: linux.seccomp.listenerPath, or the annotation run.oci.seccomp.receiver, or the environment's
 * RUN_OCI_SECCOMP_RECEIVER; NULL: none of them.
 */
const char *seccomp_listener_path(const struct plan *p);

#endif
