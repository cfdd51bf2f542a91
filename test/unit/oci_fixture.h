/* What the tests of config.json share: reading a text into a spec, and tables of members with the error that they make. */
#ifndef OCI_FIXTURE_H
#define OCI_FIXTURE_H

#include "unit.h"

#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "base/scope.h"
#include "spec/oci.h"

static struct arena arena;
static struct error error;

static inline const struct json *document(const char *text)
{
	const struct json *v = NULL;

	if (json_parse(&arena, &error, "config.json", text, strlen(text), &v) < 0)
		return NULL;
	return v;
}

/* read a document; the arena starts afresh */
static inline int read_text(const char *text, struct spec *ret_spec)
{
	const struct json *v;

	arena_deinit(&arena);
	if (arena_init(&arena) < 0)
		exit(2);
	error = (struct error){ 0 };
	v = document(text);
	return v ? spec_read(&arena, &error, v, ret_spec) : -1;
}

#define HEAD "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"}"

/* the members that are added to a minimal document (with ' for "), and the error they make, NULL: none */
struct row {
	const char *members;
	const char *message;
};

static inline void check_rows(const struct row *rows, size_t n)
{
	char text[8192];

	for (size_t i = 0; i < n; i++) {
		struct spec spec;
		bool before = unit_failed;
		int r;

		(void)snprintf(text, sizeof(text), HEAD ",%s}", rows[i].members);
		for (char *s = text; *s; s++)
			*s = *s == '\'' ? '"' : *s;
		unit_failed = false;
		r = read_text(text, &spec);
		CHECK((r == 0) == (rows[i].message == NULL));
		if (rows[i].message)
			CHECK_STRING(error.text, rows[i].message);
		if (unit_failed)
			printf("#   with %s: %s\n", rows[i].members, error.text);
		unit_failed = unit_failed || before;
	}
}

#endif
