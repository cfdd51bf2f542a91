/*
 * json-c as an oracle: the same documents, and thousands of random changes of them, give the same values here and there, or both refuse.
 *
 * Where the two differ on purpose (json-c in strict mode):
 *  - json-c accepts what RFC 8259 forbids: a comma before a closing bracket, control characters in strings, numbers such as "1." and "-01", words in
 *    other letter case ("True", "nULL"), NaN and Infinity, a lone surrogate (it becomes U+FFFD), NUL in strings, comments;
 *  - of UTF-8 json-c checks little more than the number of continuation bytes: it lets surrogates and overlong forms pass;
 *  - json-c lets the last of two equal keys win, hull refuses them;
 *  - json-c clamps integers beyond 64 bits, hull keeps the text and json_to_*() refuse them.
 * So whatever hull accepts json-c must accept with the same values; what hull alone refuses must be one of the above, by hull's message.
 */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

/* names that both have */
#define json_type oracle_type
#define json_bool oracle_bool
#include <json-c/json.h>
#undef json_type
#undef json_bool

#include "base/json.h"
#include "base/scope.h"

static struct arena arena;
static struct error error;

/* messages of hull for what json-c accepts */
static const char *const stricter[] = {
	"a control character in a string",
	"a string holds a NUL",
	"a lone surrogate",
	"a key is given twice",
	"a number begins with a needless 0",
	"expected a digit",
	"invalid UTF-8",
	"expected a key in quotes, got '}'",
	"expected a value, got ']'",
	"expected a value, got '/'",
	"expected a value, got 'N'",
	"expected a value, got 'n'",
	"expected a value, got 'I'",
	"expected a value, got 'i'",
	"expected a value, got 'T'",
	"expected a value, got 't'",
	"expected a value, got 'F'",
	"expected a value, got 'f'",
	"expected ',' or ']', got '/'",
	"expected ',' or '}', got '/'",
	"expected ':', got '/'",
	"expected a key in quotes, got '/'",
	"expected a key in quotes, got '''",
	"expected a value, got '''",
	"nested too deep",
	"text after the end of the document",
};

static bool same(const struct json *v, struct json_object *o);

static bool same_number(const struct json *v, struct json_object *o)
{
	int64_t i;
	uint64_t u;

	if (json_object_get_type(o) == json_type_double)
		return strpbrk(v->text, ".eE") && strtod(v->text, NULL) == json_object_get_double(o);
	if (json_object_get_type(o) != json_type_int || strpbrk(v->text, ".eE"))
		return false;
	errno = 0;
	if (json_to_i64(v, &i) == 0)
		return json_object_get_int64(o) == i;
	if (json_to_u64(v, &u) == 0)
		return json_object_get_uint64(o) == u;
	return json_object_get_uint64(o) == UINT64_MAX || json_object_get_int64(o) == INT64_MIN; /* it clamps */
}

static bool same_children(const struct json *v, struct json_object *o)
{
	struct json_object *child;
	size_t i = 0;

	if (v->type == JSON_ARRAY) {
		if (json_object_get_type(o) != json_type_array || json_object_array_length(o) != v->n_children)
			return false;
		for (const struct json *c = v->first; c; c = c->next)
			if (!same(c, json_object_array_get_idx(o, i++)))
				return false;
		return true;
	}
	if (json_object_get_type(o) != json_type_object || (size_t)json_object_object_length(o) != v->n_children)
		return false;
	for (const struct json *c = v->first; c; c = c->next)
		if (!json_object_object_get_ex(o, c->key, &child) || !same(c, child))
			return false;
	return true;
}

static bool same(const struct json *v, struct json_object *o)
{
	switch (v->type) {
	case JSON_NULL:
		return o == NULL;
	case JSON_BOOL:
		return json_object_get_type(o) == json_type_boolean && (json_object_get_boolean(o) != 0) == v->boolean;
	case JSON_NUMBER:
		return same_number(v, o);
	case JSON_STRING:
		return json_object_get_type(o) == json_type_string && strcmp(json_object_get_string(o), v->text) == 0;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return same_children(v, o);
}

static bool is_stricter(const char *text, size_t length)
{
	/* a number that ends too early at the end of the document */
	if (length > 0 && strchr(".-+eE", text[length - 1]) && strstr(error.text, "unexpected end of the document"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(stricter); i++)
		if (strstr(error.text, stricter[i]))
			return true;
	return false;
}

static int both_read, both_refuse, hull_refuses;

/* json-c takes a string with its final zero as the end of input */
static bool oracle(const char *text, size_t length, struct json_object **ret_object)
{
	struct json_tokener *t = json_tokener_new_ex(64);
	bool good;

	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	*ret_object = json_tokener_parse_ex(t, text, (int)length + 1);
	good = json_tokener_get_error(t) == json_tokener_success && json_tokener_get_parse_end(t) >= length;
	json_tokener_free(t);
	return good;
}

/* @text is zero-terminated */
static void compare(const char *text, size_t length)
{
	struct json_object *o = NULL;
	const struct json *v = NULL;
	bool mine, theirs, good;

	if (arena.used > ARENA_SIZE / 2) {
		arena_deinit(&arena);
		if (arena_init(&arena) < 0)
			exit(2);
	}
	error = (struct error){ 0 };
	mine = json_parse(&arena, &error, "doc", text, length, &v) == 0;
	theirs = oracle(text, length, &o);
	if (mine)
		good = theirs && same(v, o);
	else
		good = !theirs || is_stricter(text, length);
	both_read += mine && theirs;
	both_refuse += !mine && !theirs;
	hull_refuses += !mine && theirs;
	CHECK(good);
	if (!good)
		printf("# %s: json-c %s: %.*s\n", mine ? "read" : error.text, theirs ? "reads" : "refuses", length > 400 ? 400 : (int)length, text);
	json_object_put(o);
}

static const char *const documents[] = {
	"{}", "[]", "0", "-0", "null", "true", "false", "\"\"", "1e5", "1.5E-3", "-12.25", "18446744073709551615", "-9223372036854775808", "[[[[]]]]",
	"{\"a\":1,\"b\":[1,2,3,{\"c\":null}],\"d\":\"\\u00e9\\ud83d\\ude00\\n\\\"\\\\\\/\"}", " [ 1 , 2 ]\n", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}",
	"[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"]", "[\"\xc3\"]", "\"\\ud800\"", "\"\\u0000\"", "[01]", "[1.]", "[.5]", "[+1]", "[1e]", "{\"a\"}", "{1:2}", "[\"\t\"]",
	"tru", "[nul]", "1 2", "[]]", "", " ", "[99999999999999999999]", "[-99999999999999999999]", "{\"\":{\"\":{\"\":[]}}}",
	"{\"process\":{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\",\"-c\",\"echo \\\"x\\\"\"],\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024}]}}",
};

static void given(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(documents); i++)
		compare(documents[i], strlen(documents[i]));
}

/* xorshift: the same sequence in every run */
static uint64_t state = 88172645463325252u;

static size_t random_below(size_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state % n);
}

static size_t mutate(char *text, size_t length, size_t room)
{
	static const char pieces[] = "{}[]:,\"\\0123456789.eE+-truefalsn /ux\t\n\x80\xc3\xa9\xe2\xff";
	size_t at = random_below(length + 1), n;

	switch (random_below(5)) {
	case 0: /* another byte */
		if (at < length)
			text[at] = pieces[random_below(sizeof(pieces) - 1)];
		break;
	case 1: /* one more */
		if (length + 1 < room) {
			memmove(text + at + 1, text + at, length - at);
			text[at] = pieces[random_below(sizeof(pieces) - 1)];
			length++;
		}
		break;
	case 2: /* one less */
		if (at < length) {
			memmove(text + at, text + at + 1, length - at - 1);
			length--;
		}
		break;
	case 3: /* the end is cut */
		if (random_below(8) == 0)
			length = at;
		break;
	default: /* a piece is doubled */
		n = random_below(16);
		if (at + n <= length && length + n < room) {
			memmove(text + at + n, text + at, length - at);
			length += n;
		}
		break;
	}
	text[length] = '\0';
	return length;
}

static void changed(const char *document, size_t length, int rounds)
{
	char *text = malloc(length + 256);

	for (int i = 0; i < rounds; i++) {
		size_t n = length;

		memcpy(text, document, length);
		for (size_t k = random_below(4) + 1; k > 0; k--)
			n = mutate(text, n, length + 256);
		if (!memchr(text, '\0', n)) /* json-c would stop there */
			compare(text, n);
	}
	free(text);
}

static void mutations(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(documents); i++)
		changed(documents[i], strlen(documents[i]), 3000);
	printf("# both read %d, both refuse %d, only hull refuses %d\n", both_read, both_refuse, hull_refuses);
	CHECK(both_read > 1000 && both_refuse > 1000);
}

static void large(void)
{
	static char text[JSON_SIZE_MAX], path[4096];
	const char *root = getenv("HULL_SOURCE_ROOT");
	static const char *const files[] = { "config-schema.json", "defs-linux.json", "test/config/good/spec-example.json" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		FILE *f;
		size_t n;

		(void)snprintf(path, sizeof(path), "%s/test/data/oci-schema/%s", root ? root : ".", files[i]);
		f = fopen(path, "re");
		CHECK(f);
		if (!f)
			continue;
		n = fread(text, 1, sizeof(text) - 1, f);
		(void)fclose(f);
		text[n] = '\0';
		compare(text, n);
		changed(text, n, 300);
	}
}

int main(void)
{
	if (arena_init(&arena) < 0)
		return 2;
	RUN(given);
	RUN(mutations);
	RUN(large);
	arena_deinit(&arena);
	return unit_done();
}
