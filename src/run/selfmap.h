/* Changing the file that we run from without executing it. */
#ifndef RUN_SELFMAP_H
#define RUN_SELFMAP_H

#include <stdbool.h>

/**
 * selfmap_is_own - whether a file is what runs, told by its build id (ld(1), --build-id), which differs where anything else does.
 * @file: open for reading.
 * Return: false, too, if this program has no build id or is not a static one at a fixed address.
 */
bool selfmap_is_own(int file);

/**
 * selfmap_replace - run from @file, which is the executable's own through another mount, from now on: map it in place of the present one, and let
 * /proc/self/exe name it (PR_SET_MM_MAP of prctl(2); CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE). No other thread may write the program's variables meanwhile.
 * @file: open for reading;  @argv: as main() got it.
 * Return: 0, or -errno: /proc/self/exe is what it was.
 */
int selfmap_replace(int file, char *const argv[]);

#endif
