/* The id maps of a sandbox: one id, and ranges around it. */
#include "base/arena.h"
#include "spec/sandbox.h"
#include "unit.h"

static struct arena arena;

static const char *map(uint32_t inside, uint32_t outside, struct id_mapping *ranges, size_t n)
{
	const struct id_mapping_list offered = { ranges, n };
	struct id_mapping_list list = sandbox_map_ids(&arena, inside, outside, &offered);
	char *text = arena_printf(&arena, "%s", "");

	for (size_t i = 0; i < list.n; i++)
		text = arena_printf(&arena, "%s%s%u %u %u", text, i ? ", " : "", list.v[i].container_id, list.v[i].host_id, list.v[i].size);
	return text;
}

static void one(void)
{
	CHECK_STRING(map(0, 1000, NULL, 0), "0 1000 1");
	CHECK_STRING(map(1000, 1000, NULL, 0), "1000 1000 1");
}

static void around(void)
{
	struct id_mapping range = { 0, 100000, 65536 };

	CHECK_STRING(map(0, 1000, &range, 1), "0 1000 1, 1 100000 65536");
	CHECK_STRING(map(1000, 1000, &range, 1), "1000 1000 1, 0 100000 1000, 1001 101000 64536");
	CHECK_STRING(map(65536, 1000, &range, 1), "65536 1000 1, 0 100000 65536");
	CHECK_STRING(map(70000, 1000, &range, 1), "70000 1000 1, 0 100000 65536");
	CHECK_STRING(map(5, 100005, &range, 1), "5 100005 1"); /* no id twice */
}

static void several(void)
{
	struct id_mapping ranges[] = { { 0, 100, 10 }, { 0, 200, 10 }, { 0, 4294960000, 4294967290 }, { 0, 300, 1 } };

	CHECK_STRING(map(10, 7, ranges, 4), "10 7 1, 0 100 10, 11 200 10, 21 300 1");
	CHECK_STRING(map(12, 7, ranges, 2), "12 7 1, 0 100 10, 10 200 2, 13 202 8");
	CHECK_STRING(map(0, 7, ranges + 1, 1), "0 7 1, 1 200 10");
}

int main(void)
{
	if (arena_init(&arena) < 0)
		return 1;
	RUN(one);
	RUN(around);
	RUN(several);
	arena_deinit(&arena);
	return unit_done();
}
