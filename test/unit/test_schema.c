/*
 * The field tables beside the specification's JSON schema (test/data/oci-schema): every property has a row, every row is a property; and the schema's
 * own good and bad documents are accepted and refused.
 */
#include "unit.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/scope.h"
#include "spec/fields.h"
#include "spec/oci.h"
#include "spec/oci_tables.h"

static struct arena arena;
static struct error error;

static const char *path_of(const char *relative)
{
	static char path[4096];
	const char *root = getenv("HULL_SOURCE_ROOT");

	(void)snprintf(path, sizeof(path), "%s/test/data/oci-schema/%s", root ? root : ".", relative);
	return path;
}

static char *slurp(const char *path, size_t *ret_length)
{
	static char text[JSON_SIZE_MAX];
	FILE *f = fopen(path, "re");

	if (!f) {
		printf("Bail out! cannot open %s\n", path);
		exit(2);
	}
	*ret_length = fread(text, 1, sizeof(text), f);
	(void)fclose(f);
	return text;
}

static const struct json *load(const char *relative)
{
	size_t length;
	const char *text = slurp(path_of(relative), &length);
	const struct json *v = NULL;

	if (json_parse(&arena, &error, relative, text, length, &v) < 0)
		return NULL;
	return v;
}

static const struct json *get_path(const struct json *v, const char *path)
{
	char name[128];

	while (v && *path) {
		size_t n = strcspn(path, "/");

		(void)snprintf(name, sizeof(name), "%.*s", (int)n, path);
		v = json_get(v, name);
		path += n + (path[n] == '/');
	}
	return v;
}

/* Follow $ref: "FILE#/PATH" or "#/PATH"; @file is where it stands, and where the target stands afterwards. */
static const struct json *resolve(const struct json *schema, const char **file)
{
	for (;;) {
		const struct json *ref = json_get(schema, "$ref");
		const char *hash;

		if (!ref)
			return schema;
		hash = strchr(ref->text, '#');
		if (!hash)
			return NULL;
		if (hash != ref->text)
			*file = arena_strndup(&arena, ref->text, (size_t)(hash - ref->text));
		schema = get_path(load(*file), hash + 2);
		if (!schema)
			return NULL;
	}
}

static const struct field *find(const struct table *table, const char *key)
{
	for (size_t i = 0; i < table->n; i++)
		if (strcmp(table->fields[i].key, key) == 0)
			return &table->fields[i];
	return NULL;
}

/* properties that have no row, each for a reason */
static const char *const left_out[] = {
	"/solaris", "/windows", "/vm", "/zos", "/freebsd", /* other platforms */
	"/process/commandLine",				   /* Windows */
};

static bool is_left_out(const char *place)
{
	for (size_t i = 0; i < ARRAY_SIZE(left_out); i++)
		if (strcmp(place, left_out[i]) == 0)
			return true;
	return false;
}

static void compare(const struct table *table, const struct json *schema, const char *file, const char *place);

/* the JSON type that each kind reads */
static const char *const types[KIND_MAX] = {
	[KIND_BOOL] = "boolean",     [KIND_CHAR] = "string",	  [KIND_I32] = "integer",    [KIND_U32] = "integer",   [KIND_I64] = "integer",
	[KIND_U64] = "integer",	     [KIND_OPT_BOOL] = "boolean", [KIND_OPT_U32] = "integer", [KIND_OPT_I64] = "integer", [KIND_OPT_U64] = "integer",
	[KIND_STRING] = "string",    [KIND_STRINGS] = "array",	  [KIND_STRING_MAP] = "object", [KIND_NUMBERS] = "array", [KIND_NAME] = "string",
	[KIND_NAMES] = "array",	     [KIND_BITS] = "array",	  [KIND_FLAGS] = "array",    [KIND_OBJECT] = "object", [KIND_POINTER] = "object",
	[KIND_OBJECTS] = "array",    [KIND_OBJECT_MAP] = "object",
};

/* the schema's enumerated names are all known */
static void compare_names(const struct field *f, const struct json *schema, const char *place)
{
	const struct json *names = json_get(schema, "enum");
	uint64_t value;

	if (!f->names || !names)
		return;
	for (const struct json *n = names->first; n; n = n->next) {
		bool known = names_find(f->names, n->text, &value) == 0;

		CHECK(known);
		if (!known)
			printf("# %s: no name '%s'\n", place, n->text);
	}
}

/* a member beside its property */
static void compare_member(const struct field *f, const struct json *property, const char *file, const char *place)
{
	const struct json *type, *inner = property;

	inner = resolve(property, &file);
	CHECK(inner);
	if (!inner)
		return;
	type = json_get(inner, "type");
	/* devices under blockIO say what they are in allOf only */
	CHECK(!type || strcmp(type->text, types[f->kind]) == 0);
	if (type && strcmp(type->text, types[f->kind]) != 0)
		printf("# %s: is %s\n", place, type->text);
	if (f->kind == KIND_OBJECTS || f->kind == KIND_NAMES || f->kind == KIND_FLAGS) {
		inner = json_get(inner, "items");
		if (json_get(inner, "anyOf"))
			inner = json_get(inner, "anyOf")->first;
		inner = resolve(inner, &file);
	} else if (f->kind == KIND_OBJECT_MAP) {
		inner = resolve(json_get(inner, "additionalProperties"), &file);
	}
	CHECK(inner);
	if (!inner)
		return;
	compare_names(f, inner, place);
	if (f->table)
		compare(f->table, inner, file, place);
}

/* count the rows that are seen among the properties; allOf adds the properties of its parts */
static size_t compare_properties(const struct table *table, const struct json *schema, const char *file, const char *place)
{
	const struct json *properties = json_get(schema, "properties"), *all = json_get(schema, "allOf");
	char here[512];
	size_t seen = 0;

	for (const struct json *p = properties ? properties->first : NULL; p; p = p->next) {
		const struct field *f = find(table, p->key);

		(void)snprintf(here, sizeof(here), "%s/%s", place, p->key);
		seen += f != NULL;
		if (is_left_out(here)) {
			CHECK(!f);
			continue;
		}
		CHECK(f);
		if (!f)
			printf("# no row for %s\n", here);
		else
			compare_member(f, p, file, here);
	}
	for (const struct json *part = all ? all->first : NULL; part; part = part->next) {
		const char *part_file = file;
		const struct json *target = resolve(part, &part_file);

		seen += compare_properties(table, target, part_file, place);
	}
	return seen;
}

/* "hull" is ours: the only row that the schema does not know */
static void compare(const struct table *table, const struct json *schema, const char *file, const char *place)
{
	size_t seen = compare_properties(table, schema, file, place) + (table == oci_spec_table && find(table, "hull") != NULL);

	CHECK(seen == table->n);
	if (seen != table->n)
		printf("# %s: %zu rows, %zu of them are properties\n", place, table->n, seen);
}

static void property_names(void)
{
	const char *file = "config-schema.json";
	const struct json *schema = load(file);

	CHECK(schema);
	if (schema)
		compare(oci_spec_table, schema, file, "");
}

static int read_document(const char *relative)
{
	const struct json *v;
	struct spec spec;

	error = (struct error){ 0 };
	v = load(relative);
	return v ? spec_read(&arena, &error, v, &spec) : -1;
}

static void each_document(const char *directory, bool good)
{
	DIR *d = opendir(path_of(directory));
	char relative[512];
	int n = 0;

	CHECK(d);
	if (!d)
		return;
	for (struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
		int r;

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(relative, sizeof(relative), "%s/%s", directory, entry->d_name);
		r = read_document(relative);
		printf("# %s: %s\n", relative, r < 0 ? error.text : "accepted");
		n++;
		CHECK((r == 0) == good);
	}
	(void)closedir(d);
	CHECK(n >= 4);
}

static void good_documents(void)
{
	each_document("test/config/good", true);
}

static void bad_documents(void)
{
	each_document("test/config/bad", false);
}

/* nearly every field of the specification */
static void example(void)
{
	const struct json *v = load("test/config/good/spec-example.json");
	struct spec spec;

	CHECK(v);
	if (!v)
		return;
	CHECK(spec_read(&arena, &error, v, &spec) == 0);
	CHECK(spec.mounts.n == 7 && spec.linux.namespaces.n == 8 && spec.linux.devices.n == 2);
}

int main(void)
{
	if (arena_init(&arena) < 0)
		return 2;
	RUN(property_names);
	RUN(good_documents);
	RUN(bad_documents);
	RUN(example);
	arena_deinit(&arena);
	return unit_done();
}
