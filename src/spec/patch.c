/* Merging and appending. Depth is bounded by JSON_DEPTH_MAX of both operands, so is the result's. */
#include "spec/patch.h"

#include <string.h>

/* An array or object under construction. */
struct builder {
	struct arena *arena;
	struct json *value;
	struct json **end;
};

/* @origin: what it has its key from, NULL: none */
static struct builder build(struct arena *arena, enum json_type type, const struct json *origin)
{
	struct builder b = { .arena = arena, .value = arena_new(arena, struct json) };

	b.value->type = type;
	b.value->key = origin ? origin->key : NULL;
	b.end = &b.value->first;
	return b;
}

static void add(struct builder *b, const struct json *child)
{
	struct json *copy = arena_new(b->arena, struct json);

	*copy = *child;
	copy->next = NULL;
	*b->end = copy;
	b->end = &copy->next;
	b->value->n_children++;
}

const struct json *patch_merge(struct arena *arena, const struct json *target, const struct json *patch)
{
	struct builder b;

	if (patch->type != JSON_OBJECT)
		return patch;
	b = build(arena, JSON_OBJECT, patch);
	for (const struct json *m = target && target->type == JSON_OBJECT ? target->first : NULL; m; m = m->next) {
		const struct json *change = json_get(patch, m->key);

		if (!change)
			add(&b, m);
		else if (change->type != JSON_NULL)
			add(&b, patch_merge(arena, m, change));
	}
	for (const struct json *m = patch->first; m; m = m->next)
		if (m->type != JSON_NULL && !json_get(target, m->key))
			add(&b, patch_merge(arena, NULL, m));
	return b.value;
}

/* Whether two values say the same; the order of members does not count, nor is one number written in two ways the same. */
static bool same(const struct json *a, const struct json *b)
{
	const struct json *x, *y = b->first;

	if (a->type != b->type || a->n_children != b->n_children || (a->type == JSON_BOOL && a->boolean != b->boolean))
		return false;
	if (a->type == JSON_STRING || a->type == JSON_NUMBER)
		return strcmp(a->text, b->text) == 0;
	for (x = a->first; x; x = x->next) {
		const struct json *other = a->type == JSON_OBJECT ? json_get(b, x->key) : y;

		if (!other || !same(x, other))
			return false;
		y = y->next;
	}
	return true;
}

static bool contains(const struct json *array, const struct json *item)
{
	for (const struct json *v = array->first; v; v = v->next)
		if (same(v, item))
			return true;
	return false;
}

static int append(struct arena *arena, struct error *e, const struct json *target, const struct json *more, const char *place, const struct json **ret)
{
	struct builder b = build(arena, more->type, more);

	if (more->type != JSON_OBJECT && more->type != JSON_ARRAY)
		return fail(e, 0, "%s: expected an array or an object, got %s", place, json_type_name(more->type));
	if (target && target->type != more->type)
		return fail(e, 0, "%s: expected %s, as in the document, got %s", place, json_type_name(target->type), json_type_name(more->type));
	for (const struct json *m = target ? target->first : NULL; m; m = m->next)
		if (more->type == JSON_ARRAY || !json_get(more, m->key))
			add(&b, m);
	for (const struct json *m = more->first; m; m = m->next) {
		const struct json *v = m;

		if (more->type == JSON_OBJECT && append(arena, e, json_get(target, m->key), m, arena_printf(arena, "%s.%s", place, m->key), &v) < 0)
			return -1;
		if (more->type == JSON_OBJECT || !contains(b.value, v))
			add(&b, v);
	}
	*ret = b.value;
	return 0;
}

int patch_append(struct arena *arena, struct error *e, const struct json *target, const struct json *more, const struct json **ret)
{
	return append(arena, e, target, more, "append", ret);
}
