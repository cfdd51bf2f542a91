/* Changing the file that we run from without executing it. */
#ifndef RUN_SELFMAP_H
#define RUN_SELFMAP_H

#include <stdbool.h>

/**
 * selfmap_possible - whether this program and this kernel can do it; it takes the right to mount besides.
 */
bool selfmap_possible(void);

/**
 * selfmap_replace - run from @tree, which is the executable's own file through another mount, from now on: map it in place of the present one, and let
 * /proc/self/exe name it (PR_SET_MM_MAP of prctl(2); CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE).
 * @argv: as main() got it.
 * Return: 0, or -errno: /proc/self/exe is what it was.
 */
int selfmap_replace(int tree, char *const argv[]);

#endif
