/* The JSON reader and writer: what RFC 8259 allows and forbids, positions, exact integers, limits, hostile documents. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "base/json.h"

static struct arena arena;
static struct error error;

static const struct json *parse_n(const char *text, size_t length)
{
	const struct json *v = NULL;

	error = (struct error){ 0 };
	arena_deinit(&arena);
	if (arena_init(&arena) < 0)
		exit(2);
	if (json_parse(&arena, &error, "doc", text, length, &v) < 0)
		return NULL;
	return v;
}

static const struct json *parse(const char *text)
{
	return parse_n(text, strlen(text));
}

static void refuses(const char *text, const char *message)
{
	CHECK(!parse(text));
	CHECK_STRING(error.text, message);
}

static void values(void)
{
	const struct json *v = parse(" {\"a\" : [1 ,-2.5e3,\"x\",true,false,null,{},[]], \"b\":{\"c\":\"\"}}\n");

	CHECK(v && v->type == JSON_OBJECT && v->n_children == 2 && !v->key);
	if (!v)
		return;
	v = json_get(v, "a");
	CHECK(v && v->type == JSON_ARRAY && v->n_children == 8);
	v = v->first;
	CHECK(v->type == JSON_NUMBER && !v->key);
	CHECK_STRING(v->text, "1");
	v = v->next;
	CHECK_STRING(v->text, "-2.5e3");
	v = v->next;
	CHECK(v->type == JSON_STRING);
	CHECK_STRING(v->text, "x");
	v = v->next;
	CHECK(v->type == JSON_BOOL && v->boolean);
	v = v->next;
	CHECK(v->type == JSON_BOOL && !v->boolean);
	v = v->next;
	CHECK(v->type == JSON_NULL);
	v = v->next;
	CHECK(v->type == JSON_OBJECT && v->n_children == 0 && !v->first);
	v = v->next;
	CHECK(v->type == JSON_ARRAY && v->n_children == 0 && !v->next);
}

static void top_level(void)
{
	CHECK(parse("0") && parse("\"\"") && parse("null") && parse(" true ") && parse("-0") && parse("1.5E+10"));
	CHECK_STRING(parse("12345")->text, "12345");
}

static void strings(void)
{
	const struct json *v = parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00 tail, long enough for words\"");

	CHECK(v);
	if (v)
		CHECK_STRING(v->text, "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 tail, long enough for words");
	v = parse("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"");
	CHECK(v);
	if (v)
		CHECK_STRING(v->text, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f");
}

/* every byte at every place of a word that the reader takes eight at a time */
static void words(void)
{
	char text[40];

	for (int c = 1; c < 256; c++) {
		for (size_t at = 1; at <= 20; at++) {
			const struct json *v;
			bool wanted = c >= 0x20 && c < 0x80 && c != '\\' && c != '"';

			memset(text, 'a', sizeof(text));
			text[0] = text[22] = '"';
			text[at] = (char)c;
			v = parse_n(text, 23);
			CHECK((v != NULL) == wanted);
			if (v && wanted)
				CHECK(strlen(v->text) == 21 && v->text[at - 1] == (char)c);
		}
	}
}

static void bad_syntax(void)
{
	refuses("", "doc:1:1: unexpected end of the document");
	refuses("  \n", "doc:2:1: unexpected end of the document");
	refuses("{]", "doc:1:2: expected a key in quotes, got ']'");
	refuses("{\"a\" 1}", "doc:1:6: expected ':', got '1'");
	refuses("{\"a\":1,}", "doc:1:8: expected a key in quotes, got '}'");
	refuses("{\"a\":1", "doc:1:7: unexpected end of the document");
	refuses("{\"a\":1]", "doc:1:7: expected ',' or '}', got ']'");
	refuses("[1,]", "doc:1:4: expected a value, got ']'");
	refuses("[1 2]", "doc:1:4: expected ',' or ']', got '2'");
	refuses("[\n1,\n  x]", "doc:3:3: expected a value, got 'x'");
	refuses("[\x01]", "doc:1:2: expected a value, got byte 0x01");
	refuses("tru", "doc:1:1: expected a value, got 't'");
	refuses("truer", "doc:1:5: text after the end of the document");
	refuses("1 2", "doc:1:3: text after the end of the document");
	refuses("[NaN]", "doc:1:2: expected a value, got 'N'");
	refuses("/* no */1", "doc:1:1: expected a value, got '/'");
	refuses("'a'", "doc:1:1: expected a value, got '''");
	refuses("\xef\xbb\xbf{}", "doc:1:1: expected a value, got byte 0xef");
	refuses("\v1", "doc:1:1: expected a value, got byte 0x0b");
}

static void bad_numbers(void)
{
	refuses("[01]", "doc:1:2: a number begins with a needless 0");
	refuses("-", "doc:1:2: unexpected end of the document");
	refuses("[-a]", "doc:1:3: expected a digit, got 'a'");
	refuses("[1.]", "doc:1:4: expected a digit after the point, got ']'");
	refuses("[1e+]", "doc:1:5: expected a digit in the exponent, got ']'");
	refuses("[.5]", "doc:1:2: expected a value, got '.'");
	refuses("[+5]", "doc:1:2: expected a value, got '+'");
	refuses("[0x10]", "doc:1:3: expected ',' or ']', got 'x'");
	refuses("-01", "doc:1:1: a number begins with a needless 0");
}

static void bad_strings(void)
{
	refuses("\"a", "doc:1:3: a string is not closed");
	refuses("\"a\nb\"", "doc:1:3: a control character in a string");
	refuses("\"\\x\"", "doc:1:2: an unknown escape sequence");
	refuses("\"\\", "doc:1:3: unexpected end of the document");
	refuses("\"\\u12", "doc:1:2: \\u is not followed by four hexadecimal digits");
	refuses("\"\\u12g4\"", "doc:1:2: \\u is not followed by four hexadecimal digits");
	refuses("\"\\u0000\"", "doc:1:2: a string holds a NUL");
	refuses("\"\\ud800\"", "doc:1:2: a lone surrogate");
	refuses("\"\\ud800\\u0041\"", "doc:1:2: a lone surrogate");
	refuses("\"\\udc00\\ud800\"", "doc:1:2: a lone surrogate");
	refuses("\"\xc0\x80\"", "doc:1:2: invalid UTF-8");
	refuses("\"\xed\xa0\x80\"", "doc:1:2: invalid UTF-8");
	refuses("\"\xf4\x90\x80\x80\"", "doc:1:2: invalid UTF-8");
	refuses("\"\xe0\x9f\xbf\"", "doc:1:2: invalid UTF-8");
	refuses("\"\xf0\x8f\xbf\xbf\"", "doc:1:2: invalid UTF-8");
	refuses("\"ab\xe2\x82", "doc:1:4: invalid UTF-8");
	refuses("\"\xff\"", "doc:1:2: invalid UTF-8");
	CHECK(!parse_n("\"a\0b\"", 5));
	CHECK_STRING(error.text, "doc:1:3: a string holds a NUL");
	CHECK(!parse_n("1\0", 2));
	CHECK_STRING(error.text, "doc:1:2: text after the end of the document");
}

static void duplicates(void)
{
	static char big[4096];
	size_t used = 1;

	refuses("{\"a\":1,\n \"b\":2, \"a\":3}", "doc:2:9: a key is given twice: 'a'");
	refuses("{\"a\":1,\"\\u0061\":3}", "doc:1:8: a key is given twice: 'a'");
	CHECK(parse("{\"a\":{\"a\":1},\"b\":{\"a\":1}}"));
	big[0] = '{';
	for (int i = 0; i < 100; i++)
		used += (size_t)snprintf(big + used, sizeof(big) - used, "\"k%d\":%d,", i, i);
	memcpy(big + used, "\"z\":0}", 7);
	CHECK(parse(big));
	CHECK(json_get(parse(big), "k77") && !json_get(parse(big), "k100"));
	memcpy(big + used, "\"k7\":0}", 8);
	CHECK(!parse(big));
	CHECK(strstr(error.text, "a key is given twice"));
}

static void limits(void)
{
	char deep[80];
	char *large = calloc(1, JSON_SIZE_MAX + 2);

	memset(deep, '[', 33);
	memset(deep + 32, ']', 32);
	CHECK(parse_n(deep, 64));
	memset(deep, '[', 33);
	memset(deep + 33, ']', 33);
	CHECK(!parse_n(deep, 66));
	CHECK_STRING(error.text, "doc:1:33: nested too deep");
	memset(large, ' ', JSON_SIZE_MAX + 1);
	large[0] = '1';
	CHECK(parse_n(large, JSON_SIZE_MAX));
	CHECK(!parse_n(large, JSON_SIZE_MAX + 1));
	CHECK_STRING(error.text, "doc: larger than 1048576 bytes");
	free(large);
}

static double seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* fill 1 MiB with @unit (a '%' is a running number) between @open and @close, and demand that it is read soon and within the arena */
static void hostile_one(const char *open, const char *unit, const char *close)
{
	char *text = malloc(JSON_SIZE_MAX + 1);
	size_t used = (size_t)snprintf(text, 64, "%s", open), room = JSON_SIZE_MAX - strlen(close) - 64;
	double start;
	int i = 0;

	while (used < room) {
		const char *percent = strchr(unit, '%');
		char piece[64];

		if (percent)
			(void)snprintf(piece, sizeof(piece), "%.*s%d%s", (int)(percent - unit), unit, i++, percent + 1);
		else
			(void)snprintf(piece, sizeof(piece), "%s", unit);
		memcpy(text + used, piece, strlen(piece));
		used += strlen(piece);
	}
	used--; /* the last comma */
	memcpy(text + used, close, strlen(close));
	used += strlen(close);
	start = seconds();
	CHECK(parse_n(text, used));
	if (error.text[0])
		printf("# %s\n", error.text);
	printf("# %s%s...: %.1f ms, %zu MiB\n", open, unit, (seconds() - start) * 1e3, arena.used >> 20);
	CHECK(seconds() - start < 2);
	CHECK(arena.used < ARENA_SIZE / 4);
	free(text);
}

static void hostile(void)
{
	hostile_one("[", "0,", "]");
	hostile_one("[", "\"\",", "]");
	hostile_one("[", "[],", "]");
	hostile_one("{", "\"%\":0,", "}");
	hostile_one("{", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%\":0,", "}");
	hostile_one("[", "{\"a\":0,\"b\":1,\"c\":2},", "]");
	hostile_one("\"", "\\u0041\\\\,", "x\"");
	hostile_one("", "1", "0");
}

static void integer(const char *text, int wanted_i, int64_t i, int wanted_u, uint64_t u)
{
	const struct json *v = parse(text);
	int64_t got_i = 42;
	uint64_t got_u = 42;

	CHECK(v);
	if (!v)
		return;
	CHECK(json_to_i64(v, &got_i) == wanted_i);
	CHECK(got_i == (wanted_i ? 42 : i));
	CHECK(json_to_u64(v, &got_u) == wanted_u);
	CHECK(got_u == (wanted_u ? 42 : u));
	if (unit_failed)
		printf("# at %s\n", text);
}

static void integers(void)
{
	integer("0", 0, 0, 0, 0);
	integer("-0", 0, 0, 0, 0);
	integer("-0.0e5", 0, 0, 0, 0);
	integer("0e999999999999999999", 0, 0, 0, 0);
	integer("1", 0, 1, 0, 1);
	integer("-1", 0, -1, -ERANGE, 0);
	integer("1000000", 0, 1000000, 0, 1000000);
	integer("1e3", 0, 1000, 0, 1000);
	integer("1.0", 0, 1, 0, 1);
	integer("1.50e1", 0, 15, 0, 15);
	integer("100e-2", 0, 1, 0, 1);
	integer("10203.040e+3", 0, 10203040, 0, 10203040);
	integer("1.5", -EINVAL, 0, -EINVAL, 0);
	integer("1e-1", -EINVAL, 0, -EINVAL, 0);
	integer("1e-999999999999999999999", -EINVAL, 0, -EINVAL, 0);
	integer("9223372036854775807", 0, INT64_MAX, 0, INT64_MAX);
	integer("9223372036854775808", -ERANGE, 0, 0, (uint64_t)INT64_MAX + 1);
	integer("-9223372036854775808", 0, INT64_MIN, -ERANGE, 0);
	integer("-9223372036854775809", -ERANGE, 0, -ERANGE, 0);
	integer("18446744073709551615", -ERANGE, 0, 0, UINT64_MAX);
	integer("18446744073709551616", -ERANGE, 0, -ERANGE, 0);
	integer("184467440737095516150", -ERANGE, 0, -ERANGE, 0);
	integer("18446744073709551615.000e0", -ERANGE, 0, 0, UINT64_MAX);
	integer("184467440737095516150e-1", -ERANGE, 0, 0, UINT64_MAX);
	integer("1e19", -ERANGE, 0, 0, 10000000000000000000u);
	integer("1e20", -ERANGE, 0, -ERANGE, 0);
	integer("1e99999999999999999999", -ERANGE, 0, -ERANGE, 0);
	integer("123456789012345678901234567890e-10", -EINVAL, 0, -EINVAL, 0);
	integer("\"1\"", -EINVAL, 0, -EINVAL, 0);
	integer("true", -EINVAL, 0, -EINVAL, 0);
}

static void write_all(struct json_writer *w)
{
	json_open_object(w, NULL);
	json_string(w, "s", "a\"\\\b\f\n\r\t\x01\x7f/\xc3\xa9\xff\xed\xa0\x80z");
	json_string(w, "none", NULL);
	json_bool(w, "t", true);
	json_i64(w, "i", INT64_MIN);
	json_u64(w, "u", UINT64_MAX);
	json_double(w, "d", 0.1);
	json_double(w, "inf", INFINITY);
	json_open_array(w, "l");
	json_u64(w, NULL, 1);
	json_open_object(w, NULL);
	json_close_object(w);
	json_open_array(w, NULL);
	json_close_array(w);
	json_close_array(w);
	json_null(w, "n");
	json_close_object(w);
}

static void writer(void)
{
	struct arena a;
	struct json_writer w;

	CHECK(arena_init(&a) == 0);
	w = json_writer_on(&a, 0);
	write_all(&w);
	CHECK_STRING(json_text(&w),
		"{\"s\":\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7f/\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\",\"none\":null,\"t\":true,"
		"\"i\":-9223372036854775808,\"u\":18446744073709551615,\"d\":0.1,\"inf\":null,\"l\":[1,{},[]],\"n\":null}");
	w = json_writer_on(&a, 2);
	json_open_object(&w, NULL);
	json_open_array(&w, "a");
	json_u64(&w, NULL, 1);
	json_u64(&w, NULL, 2);
	json_close_array(&w);
	json_open_object(&w, "e");
	json_close_object(&w);
	json_close_object(&w);
	CHECK_STRING(json_text(&w), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"e\": {}\n}\n");
	arena_deinit(&a);
}

/* the text moves when something else was taken from the arena in between, and stays where it is otherwise */
static void writer_grows(void)
{
	struct arena a;
	struct json_writer w;
	const struct json *v;

	CHECK(arena_init(&a) == 0);
	w = json_writer_on(&a, 1);
	json_open_array(&w, NULL);
	for (int i = 0; i < 20000; i++) {
		json_i64(&w, NULL, i);
		if (i % 1000 == 0)
			*(char *)arena_alloc(&a, 1) = 'x';
	}
	json_close_array(&w);
	CHECK(json_parse(&a, &error, "doc", json_text(&w), w.length, &v) == 0);
	CHECK(v->n_children == 20000);
	CHECK_STRING(v->first->next->text, "1");
	arena_deinit(&a);
}

static void round_trip(void)
{
	static const char text[] = "{\"a\":[1,-2.50e3,\"x\\n\",true,null,{}],\"b\":{\"c\":\"\",\"\":[]}}";
	const struct json *v = parse(text);
	struct json_writer w = json_writer_on(&arena, 0);

	CHECK(v);
	if (!v)
		return;
	json_value(&w, NULL, v);
	CHECK_STRING(json_text(&w), text);
}

int main(void)
{
	RUN(values);
	RUN(top_level);
	RUN(strings);
	RUN(words);
	RUN(bad_syntax);
	RUN(bad_numbers);
	RUN(bad_strings);
	RUN(duplicates);
	RUN(limits);
	RUN(hostile);
	RUN(integers);
	RUN(writer);
	RUN(writer_grows);
	RUN(round_trip);
	arena_deinit(&arena);
	return unit_done();
}
