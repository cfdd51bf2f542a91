/*
 * What the tests of mounts share: a document under construction, its compilation, and the plan's words. The child's side is tested by the system tests; here it
 * is only linked.
 */
#ifndef MOUNTS_FIXTURE_H
#define MOUNTS_FIXTURE_H

#include <stdarg.h>
#include <stdlib.h>

#include "aspect/aspect.h"
#include "aspect/mounts.h"
#include "spec/oci.h"
#include "unit.h"

enum { OPTIONS_MAX = 32, TEXT_MAX = 8192 };

static char explained[TEXT_MAX];

void explain_step(struct explain *x, const char *format, ...)
{
	size_t used = strlen(explained);
	va_list args;

	(void)x;
	va_start(args, format);
	(void)vsnprintf(explained + used, sizeof(explained) - used, format, args);
	va_end(args);
	(void)strncat(explained, "\n", sizeof(explained) - strlen(explained) - 1);
}

int child_fail(const struct child *c, const char *message, int errnum, const char *a, const char *b)
{
	(void)c, (void)message, (void)errnum, (void)a, (void)b;
	return -1;
}

int child_fail_fs(const struct child *c, const char *message, int errnum, const char *a, const char *b, int fs_fd)
{
	(void)fs_fd;
	return child_fail(c, message, errnum, a, b);
}

void child_warn(const struct child *c, const char *message, int errnum, const char *a, const char *b)
{
	(void)child_fail(c, message, errnum, a, b);
}

int child_proc(struct child *c)
{
	return c->proc;
}

int child_receive_fd(const struct child *c)
{
	(void)c;
	return NO_FD;
}

static struct arena arena;
static struct error error;
static struct spec spec;
static struct request request = { .id = "unit", .bundle = "/bundle" };
static struct caller caller;
static struct plan plan;
static struct mount mounts[OPTIONS_MAX];
static struct namespace namespaces[] = { { .type = NAMESPACE_MOUNT }, { .type = NAMESPACE_PID }, { .type = NAMESPACE_USER } };

static void begin(void)
{
	arena_deinit(&arena);
	memset(&arena, 0, sizeof(arena));
	if (arena_init(&arena) < 0)
		abort();
	memset(&spec, 0, sizeof(spec));
	memset(&error, 0, sizeof(error));
	memset(mounts, 0, sizeof(mounts));
	explained[0] = '\0';
	spec.mounts.v = mounts;
	spec.root.path = arena_strdup(&arena, "rootfs");
	spec.linux.namespaces.v = namespaces;
	spec.linux.namespaces.n = 2;
	plan = (struct plan){ .spec = &spec, .process = &spec.process, .request = &request, .caller = &caller, .arena = &arena, .error = &error };
}

/* Add a mount. @options: separated by spaces. */
static struct mount *add(const char *destination, const char *type, const char *source, const char *options)
{
	struct mount *m = &mounts[spec.mounts.n++];
	char *copy = arena_strdup(&arena, options), *word, *rest = copy;

	m->destination = arena_strdup(&arena, destination);
	m->type = arena_strdup(&arena, type);
	m->source = arena_strdup(&arena, source);
	m->options.v = arena_many(&arena, char *, OPTIONS_MAX);
	while ((word = strsep(&rest, " ")))
		if (*word)
			m->options.v[m->options.n++] = word;
	CHECK(spec_mount_options(&arena, &error, &m->options, "mounts", &m->flags) == 0);
	return m;
}

static int compile(void)
{
	return aspect_mounts.check(&plan);
}

static const struct mount_op *op(size_t i)
{
	return &mounts_of(&plan)->v[i];
}

static bool error_has(const char *text)
{
	if (strstr(error.text, text))
		return true;
	printf("# '%s' is not in '%s'\n", text, error.text);
	return false;
}

/* What kind a mount with a source "/src" is taken for. */
struct kind_case {
	const char *type, *options;
	enum mount_kind kind;
};

static void check_kinds(const struct kind_case *cases, size_t n)
{
	begin();
	for (size_t i = 0; i < n; i++)
		(void)add("/m", cases[i].type, "/src", cases[i].options);
	CHECK(compile() == 0);
	for (size_t i = 0; i < n; i++)
		CHECK(op(i)->kind == cases[i].kind);
}

/* A mount that is refused, and words of the message. */
struct refusal_case {
	const char *destination, *type, *source, *options, *place, *why;
};

static void check_refusals(const struct refusal_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		begin();
		(void)add(cases[i].destination, cases[i].type, cases[i].source, cases[i].options);
		CHECK(compile() == -1);
		CHECK(error_has(cases[i].place) && error_has(cases[i].why));
	}
}

#endif
