/* The payload's environment. */
#ifndef ASPECT_ENVIRONMENT_H
#define ASPECT_ENVIRONMENT_H

#include "aspect/plan.h"

/* where NOTIFY_SOCKET points inside a container (as in runc and crun); the engine mounts the directory of its relay socket there */
#define ENVIRONMENT_NOTIFY_DIR "/run/notify"
#define ENVIRONMENT_NOTIFY_SOCKET ENVIRONMENT_NOTIFY_DIR "/notify.sock"

/* room for "HOME=" or "PWD=" and a path */
enum { ENVIRONMENT_HOME_MAX = 4096 + 8 };

/**
 * environment_make - envp out of process.env and what hull adds (LISTEN_FDS, NOTIFY_SOCKET). Of several values of a name the last one counts.
 * @ret_envp: NULL-terminated.
 * @ret_home: a buffer of ENVIRONMENT_HOME_MAX bytes in @ret_envp that holds "HOME=/", for the child to complete; NULL: the document sets HOME (not to nothing), or
 *   it is a sandbox, whose environment is its caller's.
 * @ret_pwd: the same for "PWD=/", NULL: the request does not want it.
 * Return: 0 or -1 after fail(): an entry is not NAME=VALUE.
 */
int environment_make(struct plan *p, char ***ret_envp, char **ret_home, char **ret_pwd);

/**
 * environment_home - the value of HOME if it is an absolute path, else NULL.
 */
const char *environment_home(char *const *envp);

/**
 * environment_path - the value of PATH, or the usual directories where there is none.
 */
const char *environment_path(char *const *envp);

#endif
