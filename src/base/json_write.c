/*
 * The JSON writer: text that grows in the arena. What it writes is always valid: bytes that are no UTF-8 (a path, an argument) become U+FFFD, a number that
 * JSON cannot say becomes null.
 */
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Room for @more bytes and the final zero. */
static void reserve(struct json_writer *w, size_t more)
{
	w->data = arena_grow(w->arena, w->data, w->length, &w->size, w->length + more + 1);
}

static void put(struct json_writer *w, const char *s, size_t length)
{
	reserve(w, length);
	memcpy(w->data + w->length, s, length);
	w->length += length;
}

static void put_byte(struct json_writer *w, char c)
{
	put(w, &c, 1);
}

static void new_line(struct json_writer *w)
{
	size_t spaces = (size_t)w->depth * (size_t)w->indent;

	if (w->indent == 0)
		return;
	reserve(w, spaces + 1);
	w->data[w->length++] = '\n';
	memset(w->data + w->length, ' ', spaces);
	w->length += spaces;
}

/* The length of the UTF-8 sequence at @s, 0: it is not well-formed (RFC 3629). */
static size_t sequence(const unsigned char *s)
{
	static const struct {
		unsigned char first, last, low, high, length;
	} rows[] = {
		{ 0x20, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (s[0] < rows[i].first || s[0] > rows[i].last)
			continue;
		if (rows[i].length > 1 && (s[1] < rows[i].low || s[1] > rows[i].high))
			return 0;
		for (size_t k = 2; k < rows[i].length; k++)
			if (s[k] < 0x80 || s[k] > 0xbf)
				return 0;
		return rows[i].length;
	}
	return 0;
}

static void put_string(struct json_writer *w, const char *value)
{
	static const char hex[] = "0123456789abcdef", plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *s = value;

	put_byte(w, '"');
	while (*s) {
		const char *run = s, *found;
		size_t length;

		while (*s && *s != '"' && *s != '\\' && (length = sequence((const unsigned char *)s)) > 0)
			s += length;
		put(w, run, (size_t)(s - run));
		if (!*s)
			break;
		found = strchr(plain, *s);
		if (found) {
			put_byte(w, '\\');
			put_byte(w, letters[found - plain]);
		} else if ((unsigned char)*s < 0x20) {
			char escape[6] = { '\\', 'u', '0', '0', hex[*s >> 4], hex[*s & 15] };

			put(w, escape, sizeof(escape));
		} else {
			put(w, "\xef\xbf\xbd", 3);
		}
		s++;
	}
	put_byte(w, '"');
}

/* What stands before a value: the comma after the one before, the line, the key. */
static void begin(struct json_writer *w, const char *key)
{
	if (!w->first)
		put_byte(w, ',');
	if (w->depth > 0)
		new_line(w);
	w->first = false;
	if (!key)
		return;
	put_string(w, key);
	put(w, ": ", w->indent ? 2 : 1);
}

static void open_bracket(struct json_writer *w, const char *key, char bracket)
{
	begin(w, key);
	put_byte(w, bracket);
	w->depth++;
	w->first = true;
}

static void close_bracket(struct json_writer *w, char bracket)
{
	w->depth--;
	if (!w->first)
		new_line(w);
	put_byte(w, bracket);
	w->first = false;
}

struct json_writer json_writer_on(struct arena *arena, int indent)
{
	return (struct json_writer){ .arena = arena, .indent = indent, .first = true };
}

void json_open_object(struct json_writer *w, const char *key)
{
	open_bracket(w, key, '{');
}

void json_close_object(struct json_writer *w)
{
	close_bracket(w, '}');
}

void json_open_array(struct json_writer *w, const char *key)
{
	open_bracket(w, key, '[');
}

void json_close_array(struct json_writer *w)
{
	close_bracket(w, ']');
}

static void put_word(struct json_writer *w, const char *key, const char *word)
{
	begin(w, key);
	put(w, word, strlen(word));
}

void json_string(struct json_writer *w, const char *key, const char *value)
{
	if (!value) {
		json_null(w, key);
		return;
	}
	begin(w, key);
	put_string(w, value);
}

void json_bool(struct json_writer *w, const char *key, bool value)
{
	put_word(w, key, value ? "true" : "false");
}

void json_null(struct json_writer *w, const char *key)
{
	put_word(w, key, "null");
}

void json_i64(struct json_writer *w, const char *key, int64_t value)
{
	char digits[1 + TEXT_NUMBER_MAX] = "-";

	(void)text_from_u64(digits + 1, value < 0 ? -(uint64_t)value : (uint64_t)value); /* returns its argument */
	put_word(w, key, digits + (value >= 0));
}

void json_u64(struct json_writer *w, const char *key, uint64_t value)
{
	char digits[TEXT_NUMBER_MAX];

	put_word(w, key, text_from_u64(digits, value));
}

void json_double(struct json_writer *w, const char *key, double value)
{
	char digits[32], *comma;

	if (!isfinite(value)) {
		json_null(w, key);
		return;
	}
	(void)snprintf(digits, sizeof(digits), "%.15g", value); /* at most 22 characters */
	comma = strchr(digits, ','); /* the program around the library may have set a locale */
	if (comma)
		*comma = '.';
	put_word(w, key, digits);
}

void json_value(struct json_writer *w, const char *key, const struct json *value)
{
	switch (value->type) {
	case JSON_NULL:
		json_null(w, key);
		break;
	case JSON_BOOL:
		json_bool(w, key, value->boolean);
		break;
	case JSON_NUMBER:
		put_word(w, key, value->text);
		break;
	case JSON_STRING:
		json_string(w, key, value->text);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		open_bracket(w, key, value->type == JSON_ARRAY ? '[' : '{');
		for (const struct json *v = value->first; v; v = v->next)
			json_value(w, v->key, v);
		close_bracket(w, value->type == JSON_ARRAY ? ']' : '}');
		break;
	}
}

const char *json_text(struct json_writer *w)
{
	reserve(w, 1);
	if (w->indent > 0 && (w->length == 0 || w->data[w->length - 1] != '\n'))
		w->data[w->length++] = '\n';
	w->data[w->length] = '\0';
	return w->data;
}
