/* Helper programs that are installed beside hull. */
#ifndef BASE_LIBEXEC_H
#define BASE_LIBEXEC_H

#include "base/arena.h"

/* The environment variable that a hull that executes itself from a safer place tells its path by. */
#define LIBEXEC_EXECUTABLE "HULL_EXECUTABLE"

/**
 * libexec_find - find a helper: DIR/../libexec/hull/NAME of an installed hull, DIR/libexec/NAME in a build directory, where DIR is the executable's. PATH
 * is never asked.
 * Return: its path, NULL: it is not there.
 */
const char *libexec_find(struct arena *arena, const char *name);

/**
 * libexec_environment - the environment for executing this program again from another file, which would not know its path.
 * @environment: the present one.
 * Return: an array from malloc, NULL: no memory or no path.
 */
char **libexec_environment(char *const *environment);

#endif
