/*
 * Fuzz config.json (libFuzzer): read, check, write; what was written must be read as the same. The input is also read as each of the partial
 * documents.
 * Seeds: test/data/oci-schema/test/config/good, the output of `hull spec`.
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -std=gnu17 -Ulinux -D_GNU_SOURCE -Isrc test/fuzz/fuzz_config.c \
 *		src/base/{arena,error,text}.c src/base/json*.c src/spec/{fields,oci,check}*.c src/spec/{mountopt,names}.c
 */
#include <stdlib.h>
#include <string.h>

#include "spec/oci.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static const char *write_out(struct arena *a, const struct spec *spec, size_t *ret_length)
{
	struct json_writer w = json_writer_on(a, 0);
	const char *text;

	spec_write(&w, spec);
	text = json_text(&w);
	*ret_length = w.length;
	return text;
}

static void read_config(struct arena *a, const struct json *v)
{
	struct error e = { 0 };
	const struct json *again;
	struct spec spec, copy;
	const char *first, *second;
	size_t length, length_again;

	if (spec_read(a, &e, v, &spec) < 0) {
		demand(e.text[0]);
		return;
	}
	first = write_out(a, &spec, &length);
	if (length > JSON_SIZE_MAX)
		return;
	demand(json_parse(a, &e, "again", first, length, &again) == 0);
	demand(spec_read(a, &e, again, &copy) == 0);
	second = write_out(a, &copy, &length_again);
	demand(length == length_again && memcmp(first, second, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct error e = { 0 };
	struct process process;
	struct resources resources;
	struct mount_list mounts;
	const struct json *v;

	if (arena_init(&a) < 0)
		abort();
	if (json_parse(&a, &e, "config.json", (const char *)data, size, &v) == 0) {
		read_config(&a, v);
		(void)spec_read_process(&a, &e, v, &process); /* only that they return is asked */
		(void)spec_read_resources(&a, &e, v, &resources);
		(void)spec_read_mounts(&a, &e, v, &mounts);
	}
	arena_deinit(&a);
	return 0;
}
