/*
 * JSON (RFC 8259), strict: a reader into an arena and a writer into a growing text.
 *
 * Exact 64-bit integers and no silent clamping; duplicate keys, NUL in strings, invalid UTF-8, lone surrogates, trailing text, depth beyond 32
 * and more than 1 MiB are refused, with line and column. Object members keep their order.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum { JSON_SIZE_MAX = 1 << 20, JSON_DEPTH_MAX = 32 };

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/*
 * One value. Children are a linked list in document order.
 * @key: the member's name when the parent is an object, else NULL
 * @text: a string's value, or a number's characters as they stood
 */
struct json {
	enum json_type type;
	bool boolean;
	const char *key;
	const char *text;
	size_t n_children;
	struct json *first, *next;
};

/**
 * json_parse - read a document.
 * @text, @length: UTF-8, need not be zero-terminated.
 * @name: what the document is called in messages ("config.json").
 * @ret_value: in @arena.
 * Return: 0, or -1 with "config.json:3:14: …".
 */
int json_parse(struct arena *arena, struct error *e, const char *name, const char *text, size_t length, const struct json **ret_value);

/**
 * json_get - a member of an object, NULL: absent or not an object.
 */
const struct json *json_get(const struct json *object, const char *key);

/**
 * json_to_i64, json_to_u64 - an integer's exact value. 1e3 and 1.0 are integers, 1.5 is not.
 * @number: a value of any type, or NULL.
 * Return: 0, -EINVAL (not an integer) or -ERANGE.
 */
int json_to_i64(const struct json *number, int64_t *ret_value);
int json_to_u64(const struct json *number, uint64_t *ret_value);

/* json_type_name - "string", "object" … for messages */
const char *json_type_name(enum json_type type);

/*
 * A document being written. Start it with json_writer_on(); every value inside an object is given a key, inside an array NULL.
 * @indent: spaces a level, 0: one line
 */
struct json_writer {
	struct arena *arena;
	char *data;
	size_t length, size;
	int depth, indent;
	bool first;
};

/**
 * json_writer_on - start a document; its text grows in @arena.
 */
struct json_writer json_writer_on(struct arena *arena, int indent);

/* Objects and arrays are opened and closed in turn; values of each kind. @key: NULL in an array and at the top. */
void json_open_object(struct json_writer *w, const char *key);
void json_close_object(struct json_writer *w);
void json_open_array(struct json_writer *w, const char *key);
void json_close_array(struct json_writer *w);
void json_string(struct json_writer *w, const char *key, const char *value); /* NULL value: null */
void json_bool(struct json_writer *w, const char *key, bool value);
void json_i64(struct json_writer *w, const char *key, int64_t value);
void json_u64(struct json_writer *w, const char *key, uint64_t value);
void json_double(struct json_writer *w, const char *key, double value);
void json_null(struct json_writer *w, const char *key);
/* json_value - write a value that was read */
void json_value(struct json_writer *w, const char *key, const struct json *value);
/* json_text - the finished document, zero-terminated, with a final newline if @indent was not 0 */
const char *json_text(struct json_writer *w);

#endif
