/*
 * Where helper programs are. Nothing is compiled in: an installation can be moved, and a build directory is one too.
 */
#include "base/libexec.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Length of the executable's path, or -1. */
static ssize_t own_path(char buffer[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", buffer, PATH_MAX - 1);

	if (length > 0)
		buffer[length] = '\0';
	return length > 0 ? length : -1;
}

static const char *find_beside(struct arena *arena, const char *executable, const char *name)
{
	const char *slash = strrchr(executable, '/'), *path;
	int length = slash ? (int)(slash - executable) : 0;

	if (executable[0] != '/' || length == 0)
		return NULL;
	path = arena_printf(arena, "%.*s/../libexec/hull/%s", length, executable, name);
	if (access(path, X_OK) == 0)
		return path;
	path = arena_printf(arena, "%.*s/libexec/%s", length, executable, name);
	return access(path, X_OK) == 0 ? path : NULL;
}

const char *libexec_find(struct arena *arena, const char *name)
{
	const char *told = getenv(LIBEXEC_EXECUTABLE), *found = NULL;
	char path[PATH_MAX];

	if (told && realpath(told, path)) /* it may be a link to an installation elsewhere */
		found = find_beside(arena, path, name);
	if (!found && told) /* the file itself need not be there any more */
		found = find_beside(arena, told, name);
	if (found || own_path(path) < 0)
		return found;
	return find_beside(arena, path, name);
}

char **libexec_environment(char *const *environment, const char *path, struct libexec_room *room)
{
	static const char prefix_text[] = LIBEXEC_EXECUTABLE "=";
	const size_t prefix = sizeof(prefix_text) - 1;
	size_t n = 0, used = 0, length;
	char asked[PATH_MAX], **copy = room->variables, *entry = room->entry;

	if (!path && own_path(asked) < 0)
		return NULL;
	path = path ? path : asked;
	length = strlen(path) + 1;
	while (environment[n])
		n++;
	if (n + 2 > LIBEXEC_VARIABLES || prefix + length > LIBEXEC_PATH) {
		copy = calloc(1, (n + 2) * sizeof(*copy) + prefix + length); /* the array, and the new entry behind it */
		if (!copy)
			return NULL;
		entry = (char *)(copy + n + 2);
	}
	memcpy(entry, prefix_text, prefix);
	memcpy(entry + prefix, path, length);
	for (size_t i = 0; i < n; i++)
		if (strncmp(environment[i], prefix_text, prefix) != 0)
			copy[used++] = environment[i];
	copy[used++] = entry;
	copy[used] = NULL;
	return copy;
}
