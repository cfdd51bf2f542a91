/* Profiles for the seccomp tests: read from JSON, the engine's default, and one that is as large as wanted. */
#ifndef SECCOMP_PROFILE_H
#define SECCOMP_PROFILE_H

#include <fcntl.h>
#include <stdlib.h>

#include "base/io.h"
#include "base/json.h"
#include "spec/oci.h"
#include "unit.h"

static struct arena arena;
static struct error error;

/* a linux.seccomp document; NULL: it was refused */
static inline const struct seccomp *profile(const char *json)
{
	const struct json *document;
	struct spec *spec;
	char *text;

	(void)arena_alloc(&arena, 1);
	spec = arena_new(&arena, struct spec);
	text = arena_printf(&arena,
		"{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"/r\"},\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":{\"uid\":0,\"gid\":0}},"
		"\"linux\":{\"seccomp\":%s}}",
		json);
	if (json_parse(&arena, &error, "test", text, strlen(text), &document) < 0 || spec_read(&arena, &error, document, spec) < 0) {
		printf("# %s\n", error.text);
		return NULL;
	}
	return spec->linux.seccomp;
}

/* test/data/seccomp: what Podman gives a container on x86_64 */
static inline const char *podman_default(void)
{
	char *path = arena_printf(&arena, "%s/test/data/seccomp/podman-default.json", getenv("HULL_SOURCE_ROOT") ? getenv("HULL_SOURCE_ROOT") : ".");
	char *text = NULL;

	CHECK(io_read_file(AT_FDCWD, path, 1 << 20, &arena, &text, NULL) == 0);
	return text;
}

/* @n rules for distinct numbers and values: about 5 instructions each */
static inline const char *large_profile(unsigned int n)
{
	char *text = arena_alloc(&arena, (size_t)n * 160 + 200), *at = text;

	at += sprintf(at, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[");
	for (unsigned int i = 0; i < n; i++)
		at += sprintf(at,
			"%s{\"names\":[\"%s\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":%u,\"value\":%llu,\"op\":\"SCMP_CMP_EQ\"}]}",
			i ? "," : "", (const char *[]){ "read", "write", "close", "socket", "ioctl" }[i % 5], i % 6, (i + 1ull) << 32 | i);
	(void)sprintf(at, "]}");
	return text;
}

#endif
