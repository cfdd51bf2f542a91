/*
 * Where helper programs are. Nothing is compiled in: an installation can be moved, and a build directory is one too.
 */
#include "base/libexec.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *told_path;

void libexec_tell(const char *path)
{
	told_path = path;
}

/* What /proc says. Return: @buffer or NULL. */
static const char *linked_path(char buffer[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", buffer, PATH_MAX - 1);

	if (length <= 0)
		return NULL;
	buffer[length] = '\0';
	return buffer;
}

const char *libexec_executable(char buffer[PATH_MAX])
{
	const char *told = told_path ? told_path : getenv(LIBEXEC_EXECUTABLE);

	return told ? told : linked_path(buffer);
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
	char link[PATH_MAX], path[PATH_MAX];
	const char *executable = libexec_executable(link), *found = NULL;

	if (!executable)
		return NULL;
	if (realpath(executable, path)) /* it may be a link to an installation elsewhere */
		found = find_beside(arena, path, name);
	if (!found) /* the file itself need not be there any more */
		found = find_beside(arena, executable, name);
	if (!found && executable != link && linked_path(link)) /* the environment's word was another hull's */
		found = find_beside(arena, link, name);
	return found;
}

char **libexec_environment(char *const *environment, const char *path, struct libexec_room *room)
{
	static const char prefix_text[] = LIBEXEC_EXECUTABLE "=";
	const size_t prefix = sizeof(prefix_text) - 1;
	size_t n = 0, used = 0, length;
	char asked[PATH_MAX], **copy = room->variables, *entry = room->entry;

	path = path ? path : libexec_executable(asked);
	if (!path)
		return NULL;
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
