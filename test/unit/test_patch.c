/* Merge patches (the examples of RFC 7396, appendix A, and what the RFC says in words) and appending to lists. */
#include "unit.h"

#include <stdlib.h>

#include "base/scope.h"
#include "spec/patch.h"

static struct arena arena;
static struct error error;

static const struct json *parse(const char *text)
{
	const struct json *v = NULL;

	CHECK(json_parse(&arena, &error, "doc", text, strlen(text), &v) == 0);
	return v;
}

static const char *text_of(const struct json *v)
{
	struct json_writer w = json_writer_on(&arena, 0);

	json_value(&w, NULL, v);
	return json_text(&w);
}

static void merges_as_the_rfc_says(void)
{
	static const char *const table[][3] = {
		{ "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
		{ "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}" },
		{ "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}" },
		{ "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}" },
		{ "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}" },
		{ "[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]" },
		{ "{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]" },
		{ "{\"a\":\"foo\"}", "null", "null" },
		{ "{\"a\":\"foo\"}", "\"bar\"", "\"bar\"" },
		{ "{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}" },
		{ "[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}" },
		{ "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}" },
		/* nothing is lost, numbers stay as they were written, keys stay with their values */
		{ "{\"a\":{\"b\":1.50,\"c\":[1,{}]},\"d\":true}", "{\"a\":{\"x\":{\"y\":[]}}}", "{\"a\":{\"b\":1.50,\"c\":[1,{}],\"x\":{\"y\":[]}},\"d\":true}" },
		{ "{\"a\":1}", "{}", "{\"a\":1}" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		CHECK_STRING(text_of(patch_merge(&arena, parse(table[i][0]), parse(table[i][1]))), table[i][2]);
}

static void operands_stay_as_they_are(void)
{
	const struct json *target = parse("{\"a\":{\"b\":[1]},\"c\":2}"), *patch = parse("{\"a\":{\"b\":null,\"d\":3}}"), *more = parse("{\"a\":{\"b\":[2]}}"), *result;

	CHECK_STRING(text_of(patch_merge(&arena, target, patch)), "{\"a\":{\"d\":3},\"c\":2}");
	CHECK(patch_append(&arena, &error, target, more, &result) == 0);
	CHECK_STRING(text_of(result), "{\"c\":2,\"a\":{\"b\":[1,2]}}");
	CHECK_STRING(text_of(target), "{\"a\":{\"b\":[1]},\"c\":2}");
	CHECK_STRING(text_of(patch), "{\"a\":{\"b\":null,\"d\":3}}");
	CHECK_STRING(text_of(more), "{\"a\":{\"b\":[2]}}");
}

static void appends_to_lists(void)
{
	static const char *const table[][3] = {
		{ "{\"v\":[1]}", "{\"v\":[2,3]}", "{\"v\":[1,2,3]}" },
		{ "{}", "{\"a\":{\"v\":[1]}}", "{\"a\":{\"v\":[1]}}" },
		{ "{\"v\":[]}", "{\"v\":[]}", "{\"v\":[]}" },
		{ "{\"a\":1}", "{}", "{\"a\":1}" },
		/* what is there is not added again, and nothing is added twice */
		{ "{\"v\":[{\"type\":\"pid\",\"x\":[true,null]},2]}", "{\"v\":[{\"x\":[true,null],\"type\":\"pid\"},2,3,3]}", "{\"v\":[{\"type\":\"pid\",\"x\":[true,null]},2,3]}" },
		{ "{\"v\":[{\"a\":1}]}", "{\"v\":[{\"a\":2},{\"b\":1},{\"a\":1,\"b\":1},[],{}]}", "{\"v\":[{\"a\":1},{\"a\":2},{\"b\":1},{\"a\":1,\"b\":1},[],{}]}" },
		{ "{\"v\":[true,[1,2]]}", "{\"v\":[false,[2,1],[1,2],\"1\",1]}", "{\"v\":[true,[1,2],false,[2,1],\"1\",1]}" },
	};
	const struct json *result;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		CHECK(patch_append(&arena, &error, parse(table[i][0]), parse(table[i][1]), &result) == 0);
		CHECK_STRING(text_of(result), table[i][2]);
	}
}

static void refuses_what_is_no_list(void)
{
	static const char *const table[][3] = {
		{ "{\"a\":\"x\"}", "{\"a\":[1]}", "append.a: expected a string, as in the document, got an array" },
		{ "{\"a\":{\"b\":[]}}", "{\"a\":{\"b\":{}}}", "append.a.b: expected an array, as in the document, got an object" },
		{ "{\"a\":{\"b\":[]}}", "{\"a\":[]}", "append.a: expected an object, as in the document, got an array" },
		{ "{}", "{\"a\":{\"b\":1}}", "append.a.b: expected an array or an object, got a number" },
		{ "{\"a\":null}", "{\"a\":[1]}", "append.a: expected null, as in the document, got an array" },
		{ "{}", "true", "append: expected an array or an object, got a boolean" },
	};
	const struct json *result = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		CHECK(patch_append(&arena, &error, parse(table[i][0]), parse(table[i][1]), &result) < 0);
		CHECK_STRING(error.text, table[i][2]);
	}
	CHECK(!result);
}

int main(void)
{
	if (arena_init(&arena) < 0)
		exit(2);
	RUN(merges_as_the_rfc_says);
	RUN(operands_stay_as_they_are);
	RUN(appends_to_lists);
	RUN(refuses_what_is_no_list);
	arena_deinit(&arena);
	return unit_done();
}
