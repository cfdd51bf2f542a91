/*
 * Fuzz edits to documents (libFuzzer). The input is three documents with a zero byte between them: what is edited, a merge patch, and what is appended. The
 * result must be a document, appending must do nothing the second time, and so must the patch.
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -std=gnu17 -Ulinux -D_GNU_SOURCE -Isrc test/fuzz/fuzz_patch.c \
 *		src/base/{arena,error,text}.c src/base/json*.c src/spec/patch.c
 */
#include <stdlib.h>
#include <string.h>

#include "spec/patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static const char *text_of(struct arena *a, const struct json *v)
{
	struct json_writer w = json_writer_on(a, 0);

	json_value(&w, NULL, v);
	return json_text(&w);
}

static void is_document(struct arena *a, const struct json *v)
{
	struct error e = { 0 };
	const struct json *again;
	const char *text = text_of(a, v);

	if (strlen(text) <= JSON_SIZE_MAX)
		demand(json_parse(a, &e, "result", text, strlen(text), &again) == 0);
}

static void edit(struct arena *a, const struct json *target, const struct json *patch, const struct json *more)
{
	struct error e = { 0 };
	const struct json *merged = patch_merge(a, target, patch), *appended, *twice;

	is_document(a, merged);
	demand(strlen(text_of(a, patch_merge(a, merged, patch))) == strlen(text_of(a, merged)));
	if (patch_append(a, &e, merged, more, &appended) < 0) {
		demand(e.text[0]);
		return;
	}
	is_document(a, appended);
	demand(patch_append(a, &e, appended, more, &twice) == 0);
	demand(strlen(text_of(a, twice)) == strlen(text_of(a, appended)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena a;
	const struct json *v[3];
	const char *text = (const char *)data, *end = text + size;
	struct error e;

	if (arena_init(&a) < 0)
		abort();
	for (int i = 0; i < 3; i++) {
		const char *zero = i < 2 ? memchr(text, 0, (size_t)(end - text)) : end;

		if (!zero || json_parse(&a, &e, "doc", text, (size_t)(zero - text), &v[i]) < 0)
			goto out;
		text = zero + 1;
	}
	edit(&a, v[0], v[1], v[2]);
out:
	arena_deinit(&a);
	return 0;
}
