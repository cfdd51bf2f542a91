/*
 * The JSON reader: one pass over a private copy of the document. (json_value.c asks values, json_write.c writes.)
 *
 * The document is copied into the arena once. A string is unescaped in place, its closing quote becomes the final zero; a number is moved one byte to
 * the left, over the separator that was just read, to make room for its zero. So a value costs its struct and nothing else, and an offset in the copy
 * is the offset in the document: lines and columns are counted only when there is something to complain about.
 *
 * Worst case: 1 MiB of "[0,0,0,…" makes half a million structs of 48 bytes, 25 MiB; an object's duplicate keys are found by sorting, which takes at
 * most 8 bytes a member once more, and no hostile choice of keys makes it quadratic.
 */
#include "base/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* objects of up to so many members are searched for duplicate keys pair by pair */
enum { PAIRWISE_MAX = 16 };

_Static_assert(sizeof(struct json) * (JSON_SIZE_MAX / 2) + 8 * (JSON_SIZE_MAX / 4) + JSON_SIZE_MAX < ARENA_SIZE / 4, "a hostile document fits");

/*
 * @original: the document as it was given, for positions;  @start: the copy, @at: the next byte, @end: its final zero
 */
struct parser {
	struct arena *arena;
	struct error *error;
	const char *name, *original;
	char *start, *at, *end;
	int depth;
};

static int parse_value(struct parser *p, struct json *v);

/* Complain about the byte at @at. */
static int refuse(struct parser *p, const char *at, const char *what)
{
	size_t offset = (size_t)(at - p->start), line = 1, column = 1;

	for (size_t i = 0; i < offset; i++) {
		column++;
		if (p->original[i] == '\n') {
			line++;
			column = 1;
		}
	}
	return fail(p->error, 0, "%s:%zu:%zu: %s", p->name, line, column, what);
}

/* A byte that fits no rule: the end is the commonest. */
static int refuse_byte(struct parser *p, const char *wanted)
{
	char what[96] = "unexpected end of the document";
	unsigned char c = (unsigned char)*p->at;
	static const char hex[] = "0123456789abcdef";

	if (p->at == p->end)
		return refuse(p, p->at, what);
	(void)stpcpy(stpcpy(what, wanted), c > ' ' && c < 0x7f ? ", got '?'" : ", got byte 0x??"); /* @wanted is one of ours, and short */
	if (c > ' ' && c < 0x7f) {
		*strrchr(what, '?') = (char)c;
	} else {
		*strrchr(what, '?') = hex[c & 15];
		*strrchr(what, '?') = hex[c >> 4];
	}
	return refuse(p, p->at, what);
}

static inline void skip_space(struct parser *p)
{
	while (*p->at == ' ' || *p->at == '\n' || *p->at == '\t' || *p->at == '\r')
		p->at++;
}

/* Four hexadecimal digits after "\u"; -1: they are not. */
static int read_hex4(const char *s)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		char c = s[i];

		if (c >= '0' && c <= '9')
			value = value * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value * 16 + (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			value = value * 16 + (c - 'A' + 10);
		else
			return -1; /* also at the final zero, so nothing behind it is read */
	}
	return value;
}

static char *put_utf8(char *to, unsigned int c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 63));
		*to++ = (char)(0x80 | (c & 63));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 63));
		*to++ = (char)(0x80 | (c >> 6 & 63));
		*to++ = (char)(0x80 | (c & 63));
	}
	return to;
}

/* p->at is behind "\u". */
static int read_unicode(struct parser *p, char **to)
{
	const char *escape = p->at - 2;
	int c = read_hex4(p->at), low;

	if (c < 0)
		return refuse(p, escape, "\\u is not followed by four hexadecimal digits");
	p->at += 4;
	if (c == 0)
		return refuse(p, escape, "a string holds a NUL");
	if (c >= 0xd800 && c < 0xe000) {
		low = c < 0xdc00 && p->at[0] == '\\' && p->at[1] == 'u' ? read_hex4(p->at + 2) : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return refuse(p, escape, "a lone surrogate");
		p->at += 6;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*to = put_utf8(*to, (unsigned int)c);
	return 0;
}

/* p->at is behind the backslash. */
static int read_escape(struct parser *p, char **to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (*p->at == 'u') {
		p->at++;
		return read_unicode(p, to);
	}
	found = *p->at ? strchr(from, *p->at) : NULL;
	if (!found)
		return p->at == p->end ? refuse_byte(p, "") : refuse(p, p->at - 1, "an unknown escape sequence");
	p->at++;
	*(*to)++ = into[found - from];
	return 0;
}

/* How many of the next bytes are plain: printable ASCII but the quote and the backslash. Eight at a time where eight are left. */
static inline size_t plain_length(const char *s, const char *end)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	const char *at = s;

	while ((size_t)(end - at) >= 8) {
		uint64_t w, quote, backslash, control;

		memcpy(&w, at, 8);
		quote = w ^ ones * '"';
		backslash = w ^ ones * '\\';
		/* a top bit is left where a byte is zero, or below 0x20, or not ASCII (a false alarm next to such a byte is harmless) */
		control = (w - ones * 0x20) | w;
		if (((((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | control) & tops) != 0)
			break;
		at += 8;
	}
	while ((unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' && *at != '\\')
		at++;
	return (size_t)(at - s);
}

/* p->at is behind the opening quote; afterwards behind the closing one. */
static int parse_string(struct parser *p, const char **ret_text)
{
	const char *text = p->at;
	char *to = p->at;

	for (;;) {
		size_t length = plain_length(p->at, p->end);

		if (to != p->at)
			memmove(to, p->at, length);
		to += length;
		p->at += length;
		if (*p->at == '"')
			break;
		if (*p->at == '\\') {
			p->at++;
			if (read_escape(p, &to) < 0)
				return -1;
			continue;
		}
		if ((unsigned char)*p->at < 0x20) {
			if (p->at == p->end)
				return refuse(p, p->at, "a string is not closed");
			return refuse(p, p->at, *p->at ? "a control character in a string" : "a string holds a NUL");
		}
		length = text_utf8_length((const unsigned char *)p->at);
		if (length == 0)
			return refuse(p, p->at, "invalid UTF-8");
		memmove(to, p->at, length);
		to += length;
		p->at += length;
	}
	p->at++;
	*to = '\0';
	*ret_text = text;
	return 0;
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool skip_digits(struct parser *p)
{
	if (!is_digit(*p->at))
		return false;
	while (is_digit(*p->at))
		p->at++;
	return true;
}

static int parse_number(struct parser *p, struct json *v)
{
	char *from = p->at;
	size_t length;

	if (*p->at == '-')
		p->at++;
	if (*p->at == '0')
		p->at++;
	else if (!skip_digits(p))
		return refuse_byte(p, "expected a digit");
	if (is_digit(*p->at))
		return refuse(p, from, "a number begins with a needless 0");
	if (*p->at == '.') {
		p->at++;
		if (!skip_digits(p))
			return refuse_byte(p, "expected a digit after the point");
	}
	if (*p->at == 'e' || *p->at == 'E') {
		p->at++;
		if (*p->at == '+' || *p->at == '-')
			p->at++;
		if (!skip_digits(p))
			return refuse_byte(p, "expected a digit in the exponent");
	}
	length = (size_t)(p->at - from);
	memmove(from - 1, from, length); /* over the separator or space before it, or the spare byte in front of the copy */
	from[length - 1] = '\0';
	v->type = JSON_NUMBER;
	v->text = from - 1;
	return 0;
}

static int parse_word(struct parser *p, struct json *v)
{
	if (strncmp(p->at, "true", 4) == 0) {
		v->type = JSON_BOOL;
		v->boolean = true;
		p->at += 4;
	} else if (strncmp(p->at, "false", 5) == 0) {
		v->type = JSON_BOOL;
		p->at += 5;
	} else if (strncmp(p->at, "null", 4) == 0) {
		p->at += 4;
	} else {
		return refuse_byte(p, "expected a value");
	}
	return 0;
}

static int enter(struct parser *p)
{
	if (++p->depth > JSON_DEPTH_MAX)
		return refuse(p, p->at - 1, "nested too deep");
	skip_space(p);
	return 0;
}

/* p->at is behind the bracket. */
static int parse_array(struct parser *p, struct json *array)
{
	struct json **tail = &array->first;

	array->type = JSON_ARRAY;
	if (enter(p) < 0)
		return -1;
	if (*p->at != ']') {
		for (;;) {
			struct json *v = arena_new(p->arena, struct json);

			if (parse_value(p, v) < 0)
				return -1;
			*tail = v;
			tail = &v->next;
			array->n_children++;
			skip_space(p);
			if (*p->at != ',')
				break;
			p->at++;
			skip_space(p);
		}
		if (*p->at != ']')
			return refuse_byte(p, "expected ',' or ']'");
	}
	p->at++;
	p->depth--;
	return 0;
}

/* Equal keys in document order: the second of a pair is the one to complain about. */
static int compare_keys(const void *a, const void *b)
{
	const char *ka = *(const char *const *)a, *kb = *(const char *const *)b;
	int order = strcmp(ka, kb);

	return order != 0 ? order : (ka > kb) - (ka < kb);
}

/* The repeated key of an object, NULL: none. */
static const char *find_duplicate(struct parser *p, const struct json *object)
{
	const char **keys;
	size_t n = 0;

	if (object->n_children <= PAIRWISE_MAX) {
		for (const struct json *b = object->first; b; b = b->next)
			for (const struct json *a = object->first; a != b; a = a->next)
				if (*a->key == *b->key && strcmp(a->key, b->key) == 0)
					return b->key;
		return NULL;
	}
	keys = arena_many(p->arena, const char *, object->n_children);
	for (const struct json *m = object->first; m; m = m->next)
		keys[n++] = m->key;
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < n; i++)
		if (strcmp(keys[i - 1], keys[i]) == 0)
			return keys[i];
	return NULL;
}

static int parse_member(struct parser *p, struct json *v)
{
	if (*p->at != '"')
		return refuse_byte(p, "expected a key in quotes");
	p->at++;
	if (parse_string(p, &v->key) < 0)
		return -1;
	skip_space(p);
	if (*p->at != ':')
		return refuse_byte(p, "expected ':'");
	p->at++;
	skip_space(p);
	return parse_value(p, v);
}

/* @key: the second one of a pair. */
static int refuse_key(struct parser *p, const char *key)
{
	enum { SHOWN = 64 };
	char what[SHOWN + sizeof("a key is given twice: ''")];

	(void)snprintf(what, sizeof(what), "a key is given twice: '%.*s'", SHOWN, key); /* fits */
	return refuse(p, key - 1, what);
}

/* p->at is behind the brace. */
static int parse_object(struct parser *p, struct json *object)
{
	struct json **tail = &object->first;
	const char *twice;

	object->type = JSON_OBJECT;
	if (enter(p) < 0)
		return -1;
	if (*p->at != '}') {
		for (;;) {
			struct json *v = arena_new(p->arena, struct json);

			if (parse_member(p, v) < 0)
				return -1;
			*tail = v;
			tail = &v->next;
			object->n_children++;
			skip_space(p);
			if (*p->at != ',')
				break;
			p->at++;
			skip_space(p);
		}
		if (*p->at != '}')
			return refuse_byte(p, "expected ',' or '}'");
	}
	twice = find_duplicate(p, object);
	if (twice)
		return refuse_key(p, twice);
	p->at++;
	p->depth--;
	return 0;
}

static int parse_value(struct parser *p, struct json *v)
{
	switch (*p->at) {
	case '{':
		p->at++;
		return parse_object(p, v);
	case '[':
		p->at++;
		return parse_array(p, v);
	case '"':
		p->at++;
		v->type = JSON_STRING;
		return parse_string(p, &v->text);
	case '-':
	case '0' ... '9':
		return parse_number(p, v);
	default:
		return parse_word(p, v);
	}
}

int json_parse(struct arena *arena, struct error *e, const char *name, const char *text, size_t length, const struct json **ret_value)
{
	struct parser p = { .arena = arena, .error = e, .name = name, .original = text };
	struct json *v;

	if (length > JSON_SIZE_MAX)
		return fail(e, 0, "%s: larger than %d bytes", name, JSON_SIZE_MAX);
	p.start = (char *)arena_alloc(arena, length + 2) + 1;
	p.at = p.start;
	p.end = p.start + length;
	if (length > 0)
		memcpy(p.start, text, length);
	v = arena_new(arena, struct json);
	skip_space(&p);
	if (parse_value(&p, v) < 0)
		return -1;
	skip_space(&p);
	if (p.at != p.end)
		return refuse(&p, p.at, "text after the end of the document");
	*ret_value = v;
	return 0;
}
