/*
 * The table engine, reading: one function a kind puts a value into the member. (fields_write.c is the other half.)
 *
 * Where a value stands is remembered as a chain of places on the stack and becomes text only in a message.
 */
#include "spec/fields.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/spec.h"

/* characters of a key or value in a message */
#define SHOWN "%.64s"

/* A step of a place: a member, an element (key NULL), or a key of a map. */
struct place {
	const struct place *up;
	const char *key;
	size_t index;
	bool map;
};

struct reader {
	struct arena *arena;
	struct error *error;
};

static int read_object(const struct reader *r, const struct table *table, const struct json *v, const struct place *at, void *object);

static size_t show_place(const struct place *at, char *buffer, size_t size)
{
	size_t used = at->up ? show_place(at->up, buffer, size) : 0;
	int n;

	if (used >= size)
		return used;
	if (at->map)
		n = snprintf(buffer + used, size - used, "[\"" SHOWN "\"]", at->key);
	else if (at->key)
		n = snprintf(buffer + used, size - used, "%s" SHOWN, used > 0 ? "." : "", at->key);
	else
		n = snprintf(buffer + used, size - used, "[%zu]", at->index);
	return used + (n > 0 ? (size_t)n : 0);
}

/* "PLACE: " in front of a message; the document itself has no place. */
static int refuse(const struct reader *r, const struct place *at, const char *message)
{
	char place[ERROR_TEXT_MAX / 2] = "";

	show_place(at, place, sizeof(place));
	(void)fail(r->error, 0, "%s%s%s", place, *place ? ": " : "", message);
	return -1; /* said here, so that the compiler sees it */
}

static int refuse_type(const struct reader *r, const struct place *at, const char *wanted, const struct json *v)
{
	char message[192];

	if (v->type == JSON_NUMBER)
		(void)snprintf(message, sizeof(message), "expected %s, got " SHOWN, wanted, v->text); /* fits */
	else
		(void)snprintf(message, sizeof(message), "expected %s, got %s", wanted, json_type_name(v->type)); /* fits */
	return refuse(r, at, message);
}

static int refuse_range(const struct reader *r, const struct place *at, const struct json *v, int64_t low, uint64_t high)
{
	char message[192];

	(void)snprintf(message, sizeof(message), SHOWN " is out of range (%lld to %llu)", v->text, (long long)low,
		(unsigned long long)high); /* fits */
	return refuse(r, at, message);
}

static int read_unsigned(const struct reader *r, const struct json *v, const struct place *at, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;
	int result = json_to_u64(v, &value);

	if (result == -EINVAL)
		return refuse_type(r, at, "an unsigned integer", v);
	if (result < 0 || value > max)
		return refuse_range(r, at, v, 0, max);
	*ret_value = value;
	return 0;
}

static int read_signed(const struct reader *r, const struct json *v, const struct place *at, int64_t min, int64_t max, int64_t *ret_value)
{
	int64_t value = 0;
	int result = json_to_i64(v, &value);

	if (result == -EINVAL)
		return refuse_type(r, at, "an integer", v);
	if (result < 0 || value < min || value > max)
		return refuse_range(r, at, v, min, (uint64_t)max);
	*ret_value = value;
	return 0;
}

static int read_bool(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	(void)f; /* all readers look alike */
	if (v->type != JSON_BOOL)
		return refuse_type(r, at, "a boolean", v);
	*(bool *)member = v->boolean;
	return 0;
}

static int read_char(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	(void)f;
	if (v->type != JSON_STRING)
		return refuse_type(r, at, "a string", v);
	if (strlen(v->text) != 1)
		return refuse(r, at, "expected a single letter");
	*(char *)member = *v->text;
	return 0;
}

static int read_i32(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	int64_t value = 0;

	(void)f;
	if (read_signed(r, v, at, INT32_MIN, INT32_MAX, &value) < 0)
		return -1;
	*(int32_t *)member = (int32_t)value;
	return 0;
}

static int read_u32(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	uint64_t value = 0;

	(void)f;
	if (read_unsigned(r, v, at, UINT32_MAX, &value) < 0)
		return -1;
	*(uint32_t *)member = (uint32_t)value;
	return 0;
}

static int read_i64(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	(void)f;
	return read_signed(r, v, at, INT64_MIN, INT64_MAX, member);
}

static int read_u64(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	(void)f;
	return read_unsigned(r, v, at, UINT64_MAX, member);
}

static int read_opt_bool(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	struct opt_bool *o = member;

	o->set = true;
	return read_bool(r, f, v, at, &o->value);
}

static int read_opt_u32(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	struct opt_u32 *o = member;

	o->set = true;
	return read_u32(r, f, v, at, &o->value);
}

static int read_opt_i64(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	struct opt_i64 *o = member;

	o->set = true;
	return read_i64(r, f, v, at, &o->value);
}

static int read_opt_u64(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	struct opt_u64 *o = member;

	o->set = true;
	return read_u64(r, f, v, at, &o->value);
}

/* The document's string itself: it lives in the arena too, and nobody else writes to it. */
static char *adopt(const char *text)
{
	return (char *)(uintptr_t)text;
}

static int read_string(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	if (v->type != JSON_STRING)
		return refuse_type(r, at, "a string", v);
	*(char **)member = *v->text || (f->flags & FIELD_REQUIRED) ? adopt(v->text) : NULL;
	return 0;
}

/* Start a list: the type, the limit, the memory. */
static int begin_list(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, enum json_type type, size_t size,
	struct field_list *list)
{
	size_t limit = f->limit ? f->limit : FIELD_ELEMENTS_MAX;
	char message[96];

	if (v->type != type)
		return refuse_type(r, at, json_type_name(type), v);
	if (v->n_children > limit) {
		(void)snprintf(message, sizeof(message), "has %zu elements, more than %zu", v->n_children, limit); /* fits */
		return refuse(r, at, message);
	}
	list->v = v->n_children > 0 ? arena_array(r->arena, v->n_children, size) : NULL;
	list->n = v->n_children;
	return 0;
}

static int read_strings(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	struct string_list *list = member;
	struct place here = { .up = at };

	if (begin_list(r, f, v, at, JSON_ARRAY, sizeof(*list->v), member) < 0)
		return -1;
	for (const struct json *s = v->first; s; s = s->next, here.index++) {
		if (s->type != JSON_STRING)
			return refuse_type(r, &here, "a string", s);
		list->v[here.index] = adopt(s->text);
	}
	return 0;
}

static int read_string_map(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	struct string_map *map = member;
	struct string_pair *pair;
	struct place here = { .up = at, .map = true };

	if (begin_list(r, f, v, at, JSON_OBJECT, sizeof(*map->v), member) < 0)
		return -1;
	pair = map->v;
	for (const struct json *s = v->first; s; s = s->next, pair++) {
		here.key = s->key;
		if (s->type != JSON_STRING)
			return refuse_type(r, &here, "a string", s);
		pair->key = adopt(s->key);
		pair->value = adopt(s->text);
	}
	return 0;
}

static int read_numbers(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	struct field_list *list = member;
	struct place here = { .up = at };

	if (begin_list(r, f, v, at, JSON_ARRAY, sizeof(uint32_t), list) < 0)
		return -1;
	for (const struct json *s = v->first; s; s = s->next, here.index++)
		if (read_u32(r, f, s, &here, (uint32_t *)list->v + here.index) < 0)
			return -1;
	return 0;
}

static int find_name(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, uint64_t *ret_value)
{
	char message[192];

	if (v->type != JSON_STRING)
		return refuse_type(r, at, "a string", v);
	if (names_find(f->names, v->text, ret_value) == 0)
		return 0;
	(void)snprintf(message, sizeof(message), "unknown %s '" SHOWN "'", f->names->what, v->text); /* fits */
	return refuse(r, at, message);
}

static void store_number(void *member, uint32_t size, uint64_t value)
{
	if (size == 4)
		*(uint32_t *)member = (uint32_t)value;
	else
		*(uint64_t *)member = value;
}

static int read_name(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	uint64_t value = 0;

	if (v->type == JSON_STRING && !*v->text && !(f->flags & FIELD_REQUIRED))
		return 0;
	if (find_name(r, f, v, at, &value) < 0)
		return -1;
	store_number(member, f->size, value);
	return 0;
}

static int read_names(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	struct field_list *list = member;
	struct place here = { .up = at };
	uint64_t value = 0;

	if (begin_list(r, f, v, at, JSON_ARRAY, f->size, list) < 0)
		return -1;
	for (const struct json *s = v->first; s; s = s->next, here.index++) {
		if (find_name(r, f, s, &here, &value) < 0)
			return -1;
		store_number((char *)list->v + here.index * f->size, f->size, value);
	}
	return 0;
}

static void keep_unknown(const struct reader *r, char **list, const char *name)
{
	*list = arena_printf(r->arena, "%s%s" SHOWN, *list ? *list : "", *list ? ", " : "", name);
}

/* KIND_BITS and KIND_FLAGS */
static int read_mask(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	struct place here = { .up = at };
	uint64_t value, mask = 0;

	if (v->type != JSON_ARRAY)
		return refuse_type(r, at, json_type_name(JSON_ARRAY), v);
	for (const struct json *s = v->first; s; s = s->next, here.index++) {
		if (f->unknown && s->type == JSON_STRING && names_find(f->names, s->text, &value) < 0) {
			keep_unknown(r, (char **)((char *)member - f->offset + f->unknown), s->text);
			continue;
		}
		if (find_name(r, f, s, &here, &value) < 0)
			return -1;
		mask |= f->kind == KIND_BITS ? (uint64_t)1 << (value & 63) : value;
	}
	store_number(member, f->size, mask);
	return 0;
}

static int read_nested(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	return read_object(r, f->table, v, at, member);
}

static int read_pointer(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	void *object = arena_alloc(r->arena, f->table->size);

	*(void **)member = object;
	return read_object(r, f->table, v, at, object);
}

static int read_objects(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	struct field_list *list = member;
	struct place here = { .up = at };

	if (begin_list(r, f, v, at, JSON_ARRAY, f->table->size, list) < 0)
		return -1;
	for (const struct json *s = v->first; s; s = s->next, here.index++)
		if (read_object(r, f->table, s, &here, (char *)list->v + here.index * f->table->size) < 0)
			return -1;
	return 0;
}

static int read_object_map(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member)
{
	struct field_list *list = member;
	struct place here = { .up = at, .map = true };
	char *element;

	if (begin_list(r, f, v, at, JSON_OBJECT, f->table->size, list) < 0)
		return -1;
	element = list->v;
	for (const struct json *s = v->first; s; s = s->next, element += f->table->size) {
		here.key = s->key;
		if (read_object(r, f->table, s, &here, element) < 0)
			return -1;
		*(char **)(void *)(element + f->map_key) = adopt(s->key);
	}
	return 0;
}

/* How a member of each kind is read. */
static int (*const readers[])(const struct reader *r, const struct field *f, const struct json *v, const struct place *at, void *member) = {
	[KIND_BOOL] = read_bool,
	[KIND_CHAR] = read_char,
	[KIND_I32] = read_i32,
	[KIND_U32] = read_u32,
	[KIND_I64] = read_i64,
	[KIND_U64] = read_u64,
	[KIND_OPT_BOOL] = read_opt_bool,
	[KIND_OPT_U32] = read_opt_u32,
	[KIND_OPT_I64] = read_opt_i64,
	[KIND_OPT_U64] = read_opt_u64,
	[KIND_STRING] = read_string,
	[KIND_STRINGS] = read_strings,
	[KIND_STRING_MAP] = read_string_map,
	[KIND_NUMBERS] = read_numbers,
	[KIND_NAME] = read_name,
	[KIND_NAMES] = read_names,
	[KIND_BITS] = read_mask,
	[KIND_FLAGS] = read_mask,
	[KIND_OBJECT] = read_nested,
	[KIND_POINTER] = read_pointer,
	[KIND_OBJECTS] = read_objects,
	[KIND_OBJECT_MAP] = read_object_map,
};

_Static_assert(ARRAY_SIZE(readers) == KIND_MAX, "every kind has its row");

/* The row of a key, NULL: unknown. Documents mostly keep the tables' order, so the search goes on behind the last hit. */
static const struct field *find_field(const struct table *table, const char *key, size_t *hint)
{
	for (size_t k = 0; k < table->n; k++) {
		size_t i = *hint + k < table->n ? *hint + k : *hint + k - table->n;

		if (*table->fields[i].key == *key && strcmp(table->fields[i].key, key) == 0) {
			*hint = i + 1 < table->n ? i + 1 : 0;
			return &table->fields[i];
		}
	}
	return NULL;
}

static int read_object(const struct reader *r, const struct table *table, const struct json *v, const struct place *at, void *object)
{
	struct place here = { .up = at };
	uint64_t seen = 0;
	size_t hint = 0;

	if (v->type != JSON_OBJECT)
		return refuse_type(r, at, "an object", v);
	for (const struct json *m = v->first; m; m = m->next) {
		const struct field *f = find_field(table, m->key, &hint);

		if (!f || m->type == JSON_NULL)
			continue;
		here.key = f->key;
		if (readers[f->kind](r, f, m, &here, (char *)object + f->offset) < 0)
			return -1;
		if (f->flags & FIELD_SET)
			*((bool *)object + f->set) = true;
		seen |= (uint64_t)1 << (f - table->fields);
	}
	for (size_t i = 0; i < table->n; i++) {
		if (!(table->fields[i].flags & FIELD_REQUIRED) || (seen >> i & 1))
			continue;
		here.key = table->fields[i].key;
		return refuse(r, &here, "missing");
	}
	return 0;
}

int fields_read(struct arena *arena, struct error *e, const struct table *table, const struct json *object, const char *place, void *ret_object)
{
	const struct reader r = { arena, e };
	const struct place at = { .key = place };

	return read_object(&r, table, object, &at, ret_object);
}

int fields_read_list(struct arena *arena, struct error *e, const struct table *table, const struct json *array, const char *place, void *ret_list)
{
	const struct reader r = { arena, e };
	const struct place at = { .key = place };
	const struct field f = { .table = table };

	return read_objects(&r, &f, array, &at, ret_list);
}
