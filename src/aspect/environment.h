/* The payload's environment. */
#ifndef ASPECT_ENVIRONMENT_H
#define ASPECT_ENVIRONMENT_H

#include "aspect/plan.h"

/* where NOTIFY_SOCKET points inside a container (as in runc and crun); the engine mounts the directory of its relay socket there */
#define ENVIRONMENT_NOTIFY_DIR "/run/notify"
#define ENVIRONMENT_NOTIFY_SOCKET ENVIRONMENT_NOTIFY_DIR "/notify.sock"

/* room for "HOME=" and a path */
enum { ENVIRONMENT_HOME_MAX = 4096 + 8 };

/**
 * environment_make - envp out of process.env and what hull adds (LISTEN_FDS, NOTIFY_SOCKET). Of several values of a name the last one counts.
 * @ret_envp: NULL-terminated.
 * @ret_home: a buffer of ENVIRONMENT_HOME_MAX bytes in @ret_envp that holds "HOME=/", for the child to complete; NULL: the document sets HOME.
 * Return: 0 or -1 after fail(): an entry is not NAME=VALUE.
 */
int environment_make(struct plan *p, char ***ret_envp, char **ret_home);

/**
 * environment_path - the value of PATH, or the usual directories where there is none.
 */
const char *environment_path(char *const *envp);

#endif
