/* What grows in an arena: in place while nothing comes after it, by a copy otherwise. */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "unit.h"

static struct arena arena;

static void grows_in_place(void)
{
	size_t size = 0;
	char *data = arena_grow(&arena, NULL, 0, &size, 10), *first = data;

	CHECK(size >= 10);
	while (size < 100000) {
		memset(data, 'x', size);
		data = arena_grow(&arena, data, size, &size, size + 1);
		CHECK(data == first && data[0] == 'x' && data[size - 1] == '\0');
	}
	CHECK(arena_grow(&arena, data, size, &size, size) == first);
}

static void moves_when_something_follows(void)
{
	size_t size = 0, start = arena.used;
	uint32_t *numbers = NULL;

	for (uint32_t n = 0; n < 5000; n++) {
		numbers = arena_grow(&arena, numbers, n * sizeof(*numbers), &size, (n + 1) * sizeof(*numbers));
		numbers[n] = n;
		(void)arena_strdup(&arena, "in between");
	}
	for (uint32_t n = 0; n < 5000; n++)
		CHECK(numbers[n] == n);
	CHECK(arena.used - start < 5000 * 32 + 4 * 5000 * sizeof(*numbers));
}

/* what was given back is zero again when it is taken anew, and what was kept is untouched */
static void gives_back(void)
{
	char *kept = arena_strdup(&arena, "kept"), *taken;
	size_t keep = arena.used;

	taken = arena_alloc(&arena, 100000);
	memset(taken, 'x', 100000);
	arena_reset(&arena, keep);
	CHECK(arena.used == keep && strcmp(kept, "kept") == 0);
	CHECK(arena_alloc(&arena, 100000) == taken);
	for (size_t i = 0; i < 100000; i++)
		CHECK(taken[i] == '\0');
	arena_reset(&arena, arena.used);
}

static void text(void)
{
	struct arena_text one = { .arena = &arena }, other = { .arena = &arena };

	arena_text_add(&one, "");
	CHECK_STRING(one.data, "");
	for (int i = 0; i < 200; i++) {
		arena_text_add(&one, "ab");
		arena_text_add(&other, "c");
	}
	CHECK(one.length == 400 && strlen(one.data) == 400 && strspn(one.data, "ab") == 400);
	CHECK(other.length == 200 && strlen(other.data) == 200 && strspn(other.data, "c") == 200);
}

static void join(void)
{
	CHECK_STRING(arena_join(&arena, "", NULL), "");
	CHECK_STRING(arena_join(&arena, "one", NULL), "one");
	CHECK_STRING(arena_join(&arena, "one", "", " and ", "another", NULL), "one and another");
}

int main(void)
{
	if (arena_init(&arena) < 0)
		return 1;
	RUN(grows_in_place);
	RUN(moves_when_something_follows);
	RUN(gives_back);
	RUN(text);
	RUN(join);
	arena_deinit(&arena);
	return unit_done();
}
