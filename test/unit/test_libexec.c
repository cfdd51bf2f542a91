/* Where helpers are looked for: beside what was told, or beside our own file where that leads nowhere. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/libexec.h"
#include "unit.h"

static struct arena arena;
static char *helper;

static bool found_own(void)
{
	const char *path = libexec_find(&arena, "hull-unit-helper");

	return path && strcmp(path, helper) == 0;
}

static void test_own_file(void)
{
	CHECK(unsetenv(LIBEXEC_EXECUTABLE) == 0 && found_own());
	CHECK(libexec_find(&arena, "hull-no-such-helper") == NULL);
}

static void test_environment(void)
{
	CHECK(setenv(LIBEXEC_EXECUTABLE, "/nonexistent/hull", 1) == 0 && found_own()); /* another hull's: ours is found all the same */
}

static void test_told(void)
{
	libexec_tell(arena_printf(&arena, "%.*s/hull", (int)(strstr(helper, "/libexec/") - helper), helper));
	CHECK(found_own());
}

int main(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *dir;
	int r;

	if (n <= 0 || arena_init(&arena) < 0)
		return 1;
	path[n] = '\0';
	*strrchr(path, '/') = '\0';
	dir = arena_printf(&arena, "%s/libexec", path);
	helper = arena_printf(&arena, "%s/hull-unit-helper", dir);
	(void)mkdir(dir, 0755); /* symlink(2) tells */
	(void)unlink(helper);   /* of a run that was killed */
	if (symlink("/bin/true", helper) < 0)
		return 1;
	RUN(test_own_file);
	RUN(test_environment);
	RUN(test_told);
	r = unit_done();
	(void)unlink(helper); /* made above */
	(void)rmdir(dir);     /* if it was made above, too */
	return r;
}
