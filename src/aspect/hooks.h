/* OCI hooks: programs of the caller's that run at six points of a container's life, with the state document on stdin. */
#ifndef ASPECT_HOOKS_H
#define ASPECT_HOOKS_H

#include "aspect/aspect.h"

/**
 * hooks_run - run a list of hooks in hull's own namespaces, one after the other, until one fails (a poststop hook's failure does not stop the others; the
 * first one is reported, and the caller warns of it).
 * @p: its arena, error and log, and its spec's annotations run.oci.hooks.stdout and .stderr.
 * @kind: for messages: "createRuntime".
 * @state_json: what each hook reads.
 * Return: 0, or -1 after fail(): "hook 'createRuntime[0]' '/path': exit status 3: what it wrote to stderr".
 */
int hooks_run(struct plan *p, const struct hook_list *list, const char *kind, const char *state_json);

/**
 * hooks_state - write the state document (runtime-spec, runtime.md §State).
 * @name: the member that it becomes, NULL: it is the document.  @pid: 0: none yet or no more.
 */
void hooks_state(struct json_writer *w, const char *name, const struct plan *p, pid_t pid, const char *status);

/**
 * hooks_start_container - run the startContainer hooks in the container, just before the payload; the state document is read from p->state_fd.
 * Return: 0 or -1 after child_fail().
 */
CHILD int hooks_start_container(struct child *c);

#endif
