/*
 * Fuzz the JSON reader (libFuzzer). A document that is read must survive being written and read again, and its integers being converted.
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -std=gnu17 -Ulinux -D_GNU_SOURCE -Isrc test/fuzz/fuzz_json.c \
 *		src/base/{arena,error}.c src/base/json*.c
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static void walk(const struct json *v, int depth)
{
	size_t n = 0;
	uint64_t u;
	int64_t i;

	demand(depth <= JSON_DEPTH_MAX);
	if (v->type == JSON_NUMBER && json_to_i64(v, &i) == 0 && json_to_u64(v, &u) == 0)
		demand(i >= 0 && (uint64_t)i == u);
	for (const struct json *c = v->first; c; c = c->next, n++) {
		demand((c->key != NULL) == (v->type == JSON_OBJECT));
		walk(c, depth + 1);
		if (n < 8 && c->key) /* keys differ, so the first hit is this one */
			demand(json_get(v, c->key) == c);
	}
	demand(n == v->n_children);
}

static const char *write_out(struct arena *a, const struct json *v, int indent, size_t *ret_length)
{
	struct json_writer w = json_writer_on(a, indent);
	const char *text;

	json_value(&w, NULL, v);
	text = json_text(&w);
	*ret_length = w.length;
	demand(strlen(text) == w.length);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena a;
	struct error e = { 0 };
	const struct json *v, *again;
	const char *first, *second;
	size_t length, length_again;

	if (arena_init(&a) < 0)
		abort();
	if (json_parse(&a, &e, "doc", (const char *)data, size, &v) < 0) {
		demand(e.text[0]);
	} else {
		walk(v, 0);
		first = write_out(&a, v, 0, &length);
		if (length <= JSON_SIZE_MAX) {
			demand(json_parse(&a, &e, "again", first, length, &again) == 0);
			second = write_out(&a, again, 0, &length_again);
			demand(length == length_again && memcmp(first, second, length) == 0);
		}
		write_out(&a, v, 2, &length);
	}
	arena_deinit(&a);
	return 0;
}
