/* The table engine, writing: for each kind, whether the member says anything, and how it is written. */
#include "spec/fields.h"

#include "spec/spec.h"

static bool object_present(const struct table *table, const void *object);
static void write_object(struct json_writer *w, const char *key, const struct table *table, const void *object);

static uint64_t load_number(const void *member, uint32_t size)
{
	return size == 4 ? *(const uint32_t *)member : *(const uint64_t *)member;
}

static bool bool_present(const struct field *f, const void *member)
{
	(void)f; /* all of them look alike */
	return *(const bool *)member;
}

static bool char_present(const struct field *f, const void *member)
{
	(void)f;
	return *(const char *)member != 0;
}

static bool number32_present(const struct field *f, const void *member)
{
	(void)f;
	return *(const uint32_t *)member != 0;
}

static bool number64_present(const struct field *f, const void *member)
{
	(void)f;
	return *(const uint64_t *)member != 0;
}

static bool name_present(const struct field *f, const void *member)
{
	return load_number(member, f->size) != 0;
}

static bool pointer_present(const struct field *f, const void *member)
{
	(void)f;
	return *(void *const *)member != NULL;
}

static bool list_present(const struct field *f, const void *member)
{
	(void)f;
	return ((const struct field_list *)member)->n > 0;
}

static bool nested_present(const struct field *f, const void *member)
{
	return object_present(f->table, member);
}

static void write_bool(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	(void)f; /* all writers look alike */
	json_bool(w, key, *(const bool *)member);
}

static void write_char(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	char text[2] = { *(const char *)member };

	(void)f;
	json_string(w, key, text);
}

static void write_i32(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	(void)f;
	json_i64(w, key, *(const int32_t *)member);
}

static void write_u32(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	(void)f;
	json_u64(w, key, *(const uint32_t *)member);
}

static void write_i64(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	(void)f;
	json_i64(w, key, *(const int64_t *)member);
}

static void write_u64(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	(void)f;
	json_u64(w, key, *(const uint64_t *)member);
}

static void write_opt_bool(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	write_bool(w, f, key, &((const struct opt_bool *)member)->value);
}

static void write_opt_u32(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	write_u32(w, f, key, &((const struct opt_u32 *)member)->value);
}

static void write_opt_i64(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	write_i64(w, f, key, &((const struct opt_i64 *)member)->value);
}

static void write_opt_u64(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	write_u64(w, f, key, &((const struct opt_u64 *)member)->value);
}

static void write_string(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	(void)f;
	json_string(w, key, *(char *const *)member);
}

static void write_strings(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	const struct string_list *list = member;

	(void)f;
	json_open_array(w, key);
	for (size_t i = 0; i < list->n; i++)
		json_string(w, NULL, list->v[i]);
	json_close_array(w);
}

static void write_string_map(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	const struct string_map *map = member;

	(void)f;
	json_open_object(w, key);
	for (size_t i = 0; i < map->n; i++)
		json_string(w, map->v[i].key, map->v[i].value);
	json_close_object(w);
}

static void write_numbers(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	const struct field_list *list = member;

	(void)f;
	json_open_array(w, key);
	for (size_t i = 0; i < list->n; i++)
		json_u64(w, NULL, ((const uint32_t *)list->v)[i]);
	json_close_array(w);
}

static void write_name(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	json_string(w, key, names_of(f->names, load_number(member, f->size)));
}

static void write_names(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	const struct field_list *list = member;

	json_open_array(w, key);
	for (size_t i = 0; i < list->n; i++)
		json_string(w, NULL, names_of(f->names, load_number((const char *)list->v + i * f->size, f->size)));
	json_close_array(w);
}

/* Every name that the mask holds; a second name of the same bits is left out. */
static void write_mask(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	uint64_t mask = load_number(member, f->size);

	json_open_array(w, key);
	for (size_t i = 0; i < f->names->n; i++) {
		uint64_t value = f->names->v[i].value, bits = f->kind == KIND_BITS ? (uint64_t)1 << (value & 63) : value;

		if (bits != 0 && (mask & bits) == bits)
			json_string(w, NULL, f->names->v[i].name);
		if ((mask & bits) == bits)
			mask &= ~bits;
	}
	json_close_array(w);
}

static void write_nested(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	write_object(w, key, f->table, member);
}

static void write_pointer(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	write_object(w, key, f->table, *(void *const *)member);
}

static void write_objects(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	const struct field_list *list = member;

	json_open_array(w, key);
	for (size_t i = 0; i < list->n; i++)
		write_object(w, NULL, f->table, (const char *)list->v + i * f->table->size);
	json_close_array(w);
}

static void write_object_map(struct json_writer *w, const struct field *f, const char *key, const void *member)
{
	const struct field_list *list = member;

	json_open_object(w, key);
	for (size_t i = 0; i < list->n; i++) {
		const char *element = (const char *)list->v + i * f->table->size;

		write_object(w, *(char *const *)(const void *)(element + f->map_key), f->table, element);
	}
	json_close_object(w);
}

/* How a member of each kind is written. */
static const struct {
	bool (*present)(const struct field *f, const void *member);
	void (*write)(struct json_writer *w, const struct field *f, const char *key, const void *member);
} kinds[] = {
	[KIND_BOOL] = { bool_present, write_bool },
	[KIND_CHAR] = { char_present, write_char },
	[KIND_I32] = { number32_present, write_i32 },
	[KIND_U32] = { number32_present, write_u32 },
	[KIND_I64] = { number64_present, write_i64 },
	[KIND_U64] = { number64_present, write_u64 },
	[KIND_OPT_BOOL] = { bool_present, write_opt_bool }, /* .set is their first member */
	[KIND_OPT_U32] = { bool_present, write_opt_u32 },
	[KIND_OPT_I64] = { bool_present, write_opt_i64 },
	[KIND_OPT_U64] = { bool_present, write_opt_u64 },
	[KIND_STRING] = { pointer_present, write_string },
	[KIND_STRINGS] = { list_present, write_strings },
	[KIND_STRING_MAP] = { list_present, write_string_map },
	[KIND_NUMBERS] = { list_present, write_numbers },
	[KIND_NAME] = { name_present, write_name },
	[KIND_NAMES] = { list_present, write_names },
	[KIND_BITS] = { name_present, write_mask },
	[KIND_FLAGS] = { name_present, write_mask },
	[KIND_OBJECT] = { nested_present, write_nested },
	[KIND_POINTER] = { pointer_present, write_pointer },
	[KIND_OBJECTS] = { list_present, write_objects },
	[KIND_OBJECT_MAP] = { list_present, write_object_map },
};

_Static_assert(ARRAY_SIZE(kinds) == KIND_MAX, "every kind has its row");
_Static_assert(offsetof(struct opt_bool, set) == 0 && offsetof(struct opt_u32, set) == 0 && offsetof(struct opt_i64, set) == 0 &&
	offsetof(struct opt_u64, set) == 0, "bool_present() reads .set");

static bool field_present(const struct field *f, const void *object)
{
	const char *member = (const char *)object + f->offset;

	if (f->flags & FIELD_SET)
		return *((const bool *)object + f->set);
	return (f->flags & (FIELD_REQUIRED | FIELD_ALWAYS)) || kinds[f->kind].present(f, member);
}

static bool object_present(const struct table *table, const void *object)
{
	for (size_t i = 0; i < table->n; i++)
		if (field_present(&table->fields[i], object))
			return true;
	return false;
}

static void write_object(struct json_writer *w, const char *key, const struct table *table, const void *object)
{
	json_open_object(w, key);
	for (size_t i = 0; i < table->n; i++) {
		const struct field *f = &table->fields[i];

		if (field_present(f, object))
			kinds[f->kind].write(w, f, f->key, (const char *)object + f->offset);
	}
	json_close_object(w);
}

void fields_write(struct json_writer *w, const char *key, const struct table *table, const void *object)
{
	write_object(w, key, table, object);
}
