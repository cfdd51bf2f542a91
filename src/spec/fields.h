/*
 * Field tables: how a JSON object and a structure correspond.
 *
 * A table has one row a member; the row's macro takes the member's C type and refuses to compile when it does not fit. fields_read() and
 * fields_write() walk the same tables, so what is read is what is written.
 *
 *	TABLE(rlimit_table, struct rlimit_entry,
 *	      FIELD_NAME(struct rlimit_entry, type, "type", names_rlimits, FIELD_REQUIRED),
 *	      FIELD(struct rlimit_entry, soft, "soft", FIELD_REQUIRED));
 *
 * Unknown keys are ignored, as the specification demands; null and, for a string that is not required, "" mean absent (Go programs write both).
 */
#ifndef SPEC_FIELDS_H
#define SPEC_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/scope.h"
#include "spec/names.h"

/* elements of one list; a table may set a lower limit */
enum { FIELD_ELEMENTS_MAX = 65536 };

enum field_kind {
	KIND_BOOL,	 /* bool */
	KIND_CHAR,	 /* char: a string of one character */
	KIND_I32,	 /* int32_t */
	KIND_U32,	 /* uint32_t */
	KIND_I64,	 /* int64_t */
	KIND_U64,	 /* uint64_t */
	KIND_OPT_BOOL,	 /* struct opt_bool */
	KIND_OPT_U32,	 /* struct opt_u32 */
	KIND_OPT_I64,	 /* struct opt_i64 */
	KIND_OPT_U64,	 /* struct opt_u64 */
	KIND_STRING,	 /* char * */
	KIND_STRINGS,	 /* struct string_list */
	KIND_STRING_MAP, /* struct string_map: an object whose values are strings */
	KIND_NUMBERS,	 /* { uint32_t *v; size_t n; } */
	KIND_NAME,	 /* a number or enum that has a name */
	KIND_NAMES,	 /* { enum *v; size_t n; } */
	KIND_BITS,	 /* uint64_t: a list of names, 1 << value each */
	KIND_FLAGS,	 /* uint32_t or uint64_t: a list of names, their values OR-ed */
	KIND_OBJECT,	 /* a structure with a table */
	KIND_POINTER,	 /* a pointer to one, NULL: absent */
	KIND_OBJECTS,	 /* { T *v; size_t n; } of structures with a table */
	KIND_OBJECT_MAP, /* the same, in JSON an object whose keys are a member of the structure */
	KIND_MAX
};

/*
 * FIELD_REQUIRED: absence is an error;  FIELD_ALWAYS: written also when it is 0 or false
 * FIELD_SET: field->set is the offset of a bool in the same structure that tells whether the member was there
 */
enum field_flags { FIELD_REQUIRED = 1, FIELD_ALWAYS = 2, FIELD_SET = 4 };

/*
 * @key: in JSON;  @offset: in the structure;  @size: bytes of a name's number, or of one element of KIND_NAMES
 * @limit: elements of a list, 0: FIELD_ELEMENTS_MAX
 * @names: of KIND_NAME, KIND_NAMES, KIND_BITS, KIND_FLAGS;  @table: of the structures
 * @map_key: KIND_OBJECT_MAP: offset of the char * that holds the key
 * @unknown: of KIND_BITS, offset of a char * that gets the names which are unknown, joined by ", "; 0: such a name is an error
 */
struct field {
	const char *key;
	enum field_kind kind;
	unsigned int flags;
	uint32_t offset, set, size, limit, map_key, unknown;
	const struct names *names;
	const struct table *table;
};

/* @size: of the structure */
struct table {
	const struct field *fields;
	size_t n, size;
};

/* What all lists { T *v; size_t n; } look like. */
struct field_list {
	void *v;
	size_t n;
};

/**
 * fields_read - fill a structure, zeroed by the caller, from an object.
 * @place: what the object is called in messages ("process"), "": the document itself.
 * Return: 0 or -1 with "process.rlimits[2].hard: …".
 */
int fields_read(struct arena *arena, struct error *e, const struct table *table, const struct json *object, const char *place, void *ret_object);

/**
 * fields_read_list - fill a list { T *v; size_t n; } from an array of objects.
 */
int fields_read_list(struct arena *arena, struct error *e, const struct table *table, const struct json *array, const char *place, void *ret_list);

/**
 * fields_write - write a structure as an object; absent and empty members are left out.
 * @key: as for json_open_object().
 */
void fields_write(struct json_writer *w, const char *key, const struct table *table, const void *object);

/* 0, or a compiler error when @condition is false */
#define FIELD_DEMAND(condition) (0 * (uint32_t)sizeof(char[(condition) ? 1 : -1]))
#define FIELD_MEMBER(type, member) (((type *)0)->member)
#define FIELD_OFFSET(type, member) ((uint32_t)offsetof(type, member))
#define FIELD_SAME(type, member, other) FIELD_DEMAND(__builtin_types_compatible_p(__typeof__(FIELD_MEMBER(type, member)), other))
/* a list is { T *v; size_t n; }: the engine treats all of them as struct field_list */
#define FIELD_LIST(type, member)                                                                                        \
	(FIELD_SAME(type, member.n, size_t) + FIELD_DEMAND(offsetof(type, member.v) == offsetof(type, member)) + \
		FIELD_DEMAND(offsetof(type, member.n) == offsetof(type, member) + sizeof(void *)))

/* the kinds that follow from the C type */
#define FIELD_KIND(type, member)             \
	_Generic(FIELD_MEMBER(type, member), \
		bool: KIND_BOOL,             \
		char: KIND_CHAR,             \
		int32_t: KIND_I32,           \
		uint32_t: KIND_U32,          \
		int64_t: KIND_I64,           \
		uint64_t: KIND_U64,          \
		struct opt_bool: KIND_OPT_BOOL, \
		struct opt_u32: KIND_OPT_U32, \
		struct opt_i64: KIND_OPT_I64, \
		struct opt_u64: KIND_OPT_U64, \
		char *: KIND_STRING,         \
		struct string_list: KIND_STRINGS, \
		struct string_map: KIND_STRING_MAP)
/* the size of a number that a name may be stored in */
#define FIELD_NUMBER(value) ((uint32_t)_Generic((value), int: 4, unsigned int: 4, uint64_t: 8))

#define FIELD(type, member, json, bits) { .key = (json), .kind = FIELD_KIND(type, member), .flags = (bits), .offset = FIELD_OFFSET(type, member) }

#define FIELD_U32_LIST(type, member, json)                                                                                  \
	{ .key = (json), .kind = KIND_NUMBERS,                                                                              \
	  .offset = FIELD_OFFSET(type, member) + FIELD_LIST(type, member) + FIELD_SAME(type, member.v, uint32_t *) }

#define FIELD_NAME(type, member, json, names_of_it, bits)                                                              \
	{ .key = (json), .kind = KIND_NAME, .flags = (bits), .offset = FIELD_OFFSET(type, member),                     \
	  .size = FIELD_NUMBER(FIELD_MEMBER(type, member)), .names = &(names_of_it) }

#define FIELD_NAME_LIST(type, member, json, names_of_it)                                                               \
	{ .key = (json), .kind = KIND_NAMES, .offset = FIELD_OFFSET(type, member) + FIELD_LIST(type, member),          \
	  .size = FIELD_NUMBER(*FIELD_MEMBER(type, member.v)), .names = &(names_of_it) }

#define FIELD_BITS(type, member, json, names_of_it, unknown_member)                                                    \
	{ .key = (json), .kind = KIND_BITS, .offset = FIELD_OFFSET(type, member) + FIELD_SAME(type, member, uint64_t), \
	  .size = 8, .names = &(names_of_it),                                                                          \
	  .unknown = FIELD_OFFSET(type, unknown_member) + FIELD_SAME(type, unknown_member, char *) }

#define FIELD_FLAG_LIST(type, member, json, names_of_it)                                       \
	{ .key = (json), .kind = KIND_FLAGS, .offset = FIELD_OFFSET(type, member),             \
	  .size = FIELD_NUMBER(FIELD_MEMBER(type, member)), .names = &(names_of_it) }

#define FIELD_OBJECT(type, member, json, its_table, bits)                                                                       \
	{ .key = (json), .kind = KIND_OBJECT, .flags = (bits), .table = &(its_table),                                           \
	  .offset = FIELD_OFFSET(type, member) + FIELD_SAME(type, member, its_table##_type) }

/* @bool_member tells whether the object was there */
#define FIELD_OBJECT_SET(type, member, bool_member, json, its_table)                                                            \
	{ .key = (json), .kind = KIND_OBJECT, .flags = FIELD_SET, .table = &(its_table),                                        \
	  .offset = FIELD_OFFSET(type, member) + FIELD_SAME(type, member, its_table##_type),                                    \
	  .set = FIELD_OFFSET(type, bool_member) + FIELD_SAME(type, bool_member, bool) }

#define FIELD_POINTER(type, member, json, its_table)                                                                            \
	{ .key = (json), .kind = KIND_POINTER, .table = &(its_table),                                                           \
	  .offset = FIELD_OFFSET(type, member) + FIELD_SAME(type, member, its_table##_type *) }

#define FIELD_OBJECT_LIST(type, member, json, its_table, most)                                                                  \
	{ .key = (json), .kind = KIND_OBJECTS, .table = &(its_table), .limit = (most),                                          \
	  .offset = FIELD_OFFSET(type, member) + FIELD_LIST(type, member) + FIELD_SAME(type, member.v, its_table##_type *) }

#define FIELD_OBJECT_MAP(type, member, json, its_table, key_member)                                                             \
	{ .key = (json), .kind = KIND_OBJECT_MAP, .table = &(its_table),                                                        \
	  .offset = FIELD_OFFSET(type, member) + FIELD_LIST(type, member) + FIELD_SAME(type, member.v, its_table##_type *),     \
	  .map_key = FIELD_OFFSET(its_table##_type, key_member) + FIELD_SAME(its_table##_type, key_member, char *) }

/* a list of strings with a limit of its own */
#define FIELD_STRING_LIST(type, member, json, bits, most)                                                                       \
	{ .key = (json), .kind = KIND_STRINGS, .flags = (bits), .limit = (most),                                                \
	  .offset = FIELD_OFFSET(type, member) + FIELD_SAME(type, member, struct string_list) }

/* fields_read() keeps one bit a row in a uint64_t */
#define TABLE(name, type, ...)                                                  \
	typedef type name##_type;                                               \
	static const struct field name##_fields[] = { __VA_ARGS__ };            \
	_Static_assert(ARRAY_SIZE(name##_fields) <= 64, "too many rows");       \
	static const struct table name = { name##_fields, ARRAY_SIZE(name##_fields), sizeof(type) }

#endif
