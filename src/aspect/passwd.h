/* The container's own /etc/passwd, read by the child. */
#ifndef ASPECT_PASSWD_H
#define ASPECT_PASSWD_H

#include <sys/types.h>

#include "base/child.h"

/**
 * passwd_home - find the home directory of @uid in /etc/passwd below @root.
 * @home: ENVIRONMENT_HOME_MAX bytes that hold "HOME=/"; the path takes the place of "/" if there is one.
 */
CHILD void passwd_home(int root, uid_t uid, char *home);

#endif
