/* Helper programs that are installed beside hull. */
#ifndef BASE_LIBEXEC_H
#define BASE_LIBEXEC_H

#include <limits.h>

#include "base/arena.h"

/* The environment variable that a hull that executes itself from a safer place tells its path by. */
#define LIBEXEC_EXECUTABLE "HULL_EXECUTABLE"

/**
 * libexec_tell - say where the executable is, when /proc/self/exe will not any more.
 * @path: absolute; it must stay as it is.
 */
void libexec_tell(const char *path);

/**
 * libexec_executable - where this program's file is: as libexec_tell() said, or the environment, or /proc/self/exe.
 * @buffer: room for the last.
 * Return: an absolute path, NULL: not known.
 */
const char *libexec_executable(char buffer[PATH_MAX]);

/**
 * libexec_find - find a helper: DIR/../libexec/hull/NAME of an installed hull, DIR/libexec/NAME in a build directory, where DIR is the executable's. PATH
 * is never asked.
 * Return: its path, NULL: it is not there.
 */
const char *libexec_find(struct arena *arena, const char *name);

enum { LIBEXEC_VARIABLES = 256, LIBEXEC_PATH = 512 };

/* Room for an environment of ordinary size, on the caller's stack: malloc's first pages cost more than the whole step. */
struct libexec_room {
	char *variables[LIBEXEC_VARIABLES];
	char entry[LIBEXEC_PATH];
};

/**
 * libexec_environment - the environment for executing this program again from another file, which would not know its path.
 * @environment: the present one.
 * @path: an absolute path of the executable, NULL: ask /proc.
 * @room: where the result lies if it fits; else it is from malloc, and stays.
 * Return: an array, NULL: no memory or no path.
 */
char **libexec_environment(char *const *environment, const char *path, struct libexec_room *room);

#endif
