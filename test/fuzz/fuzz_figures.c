/*
 * Fuzz the texts of cgroup files (libFuzzer): whatever they hold, nothing breaks.
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -std=gnu17 -Ulinux -D_GNU_SOURCE -Isrc -Iinclude -Ibuild/src test/fuzz/fuzz_figures.c \
 *		src/aspect/cgroup_parse.c src/base/{arena,error,text}.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aspect/cgroup_stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct cgroup_io_stats io = { .psi = { .known = false } };
	struct cgroup_psi psi;
	char *text;

	if (size > 1 << 16 || arena_init(&arena) < 0)
		return 0;
	text = arena_strndup(&arena, (const char *)data, size);
	cgroup_parse_psi(text, &psi);
	(void)cgroup_parse_key(text, "oom_kill"); /* any number will do */
	for (int list = 0; list < CGROUP_IO_MAX; list++)
		cgroup_parse_io_v1(&arena, text, (enum cgroup_io_list)list, &io);
	io = (struct cgroup_io_stats){ .psi = { .known = false } };
	cgroup_parse_io_v2(&arena, text, &io);
	for (size_t i = 0; i < io.lists[CGROUP_IO_BYTES].n; i++)
		if (!io.lists[CGROUP_IO_BYTES].v[i].op)
			abort();
	arena_deinit(&arena);
	return 0;
}
