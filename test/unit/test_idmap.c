/* Id maps: subuid(5) files given by path, defaults, permissions, text. */
#include <stdlib.h>
#include <unistd.h>

#include "aspect/idmap.h"
#include "base/arena.h"
#include "base/io.h"
#include "base/scope.h"
#include "unit.h"

#include <fcntl.h>

static struct arena arena;
static char directory[] = "/tmp/hull-test-idmap-XXXXXX";

/* write a file of the test and return its path */
static const char *file(const char *name, const char *content)
{
	const char *path = arena_printf(&arena, "%s/%s", directory, name);

	CHECK(io_replace_file(AT_FDCWD, path, 0600, content, strlen(content)) == 0);
	return path;
}

static void user_names(void)
{
	const char *path = file("passwd", "root:x:0:0:root:/root:/bin/sh\nbroken\n::5:\nx:y:z\nanna:x:1000:1000::/home/anna:/bin/sh\nlast:x:1001");

	CHECK_STRING(idmap_user_name(&arena, path, 0), "root");
	CHECK_STRING(idmap_user_name(&arena, path, 1000), "anna");
	CHECK_STRING(idmap_user_name(&arena, path, 1001), "last");
	CHECK(!idmap_user_name(&arena, path, 5) && !idmap_user_name(&arena, path, 77) && !idmap_user_name(&arena, "/nonexistent", 0));
}

static void ranges(void)
{
	struct id_mapping_list list;
	const char *path = file("subuid", "# comment\nanna:100000:65536\n\nben:200000:65536\n1000:300000:10\nanna:x:1\nanna:1\nanna:1:2:3\nanna:5:0\n"
					  "anna:4294967295:2\nannabel:7:7\nanna:400000:1");

	list = idmap_read_ranges(&arena, path, "anna", 1000);
	CHECK(list.n == 3);
	CHECK(list.n == 3 && list.v[0].host_id == 100000 && list.v[0].size == 65536);
	CHECK(list.n == 3 && list.v[1].host_id == 300000 && list.v[1].size == 10);
	CHECK(list.n == 3 && list.v[2].host_id == 400000 && list.v[2].size == 1);
	CHECK(idmap_read_ranges(&arena, path, NULL, 1000).n == 1);
	CHECK(idmap_read_ranges(&arena, path, "carl", 5).n == 0);
	CHECK(idmap_read_ranges(&arena, "/nonexistent", "anna", 1000).n == 0);
}

static void too_many_ranges_are_cut(void)
{
	char *text = arena_alloc(&arena, 4096);
	int i;

	for (i = 0; i < IDMAP_RANGES_MAX + 10; i++)
		strcat(text, "anna:100000:1\n");
	CHECK(idmap_read_ranges(&arena, file("many", text), "anna", 1000).n == IDMAP_RANGES_MAX);
}

static void defaults(void)
{
	struct id_mapping v[] = { { 0, 100000, 65536 }, { 0, 900, 200 }, { 0, 300000, 10 }, { 0, 500000, 4294960000 } };
	struct id_mapping_list offered = { v, ARRAY_SIZE(v) }, none = { NULL, 0 }, list = idmap_default(&arena, 1000, &offered);

	CHECK(list.n == 3); /* the second holds the caller's own id, the last does not fit */
	CHECK_STRING(idmap_text(&arena, &list), "0 1000 1\n1 100000 65536\n65537 300000 10\n");
	CHECK_STRING(idmap_words(&arena, &list), "0 → 1000 (1), 1 → 100000 (65536), 65537 → 300000 (10)");
	list = idmap_default(&arena, 1000, &none);
	CHECK_STRING(idmap_text(&arena, &list), "0 1000 1\n");
	CHECK(idmap_is_self(&list, 1000) && !idmap_is_self(&list, 1001));
}

static void permissions(void)
{
	struct id_mapping offered_v[] = { { 0, 100000, 65536 }, { 0, 4294967290, 5 } };
	struct id_mapping_list offered = { offered_v, 2 }, list = { NULL, 1 };

	list.v = &(struct id_mapping){ 0, 100000, 65536 };
	CHECK(!idmap_forbidden(&list, 1000, &offered) && !idmap_is_self(&list, 100000));
	list.v = &(struct id_mapping){ 0, 100001, 65536 };
	CHECK(idmap_forbidden(&list, 1000, &offered) == list.v);
	list.v = &(struct id_mapping){ 0, 99999, 2 };
	CHECK(idmap_forbidden(&list, 1000, &offered) == list.v);
	list.v = &(struct id_mapping){ 5, 1000, 1 };
	CHECK(!idmap_forbidden(&list, 1000, &offered) && idmap_forbidden(&list, 1001, &offered));
	list.v = &(struct id_mapping){ 0, 4294967290, 5 };
	CHECK(!idmap_forbidden(&list, 1000, &offered));
	list.v = &(struct id_mapping){ 0, 4294967294, 4294967295 };
	CHECK(idmap_forbidden(&list, 1000, &offered) == list.v);
}

static void text_has_a_limit(void)
{
	struct id_mapping_list list = { arena_many(&arena, struct id_mapping, 1000), 1000 };

	CHECK(!idmap_text(&arena, &list));
	list.n = 340;
	CHECK(idmap_text(&arena, &list) != NULL);
}

int main(void)
{
	if (arena_init(&arena) < 0 || !mkdtemp(directory))
		return 1;
	RUN(user_names);
	RUN(ranges);
	RUN(too_many_ranges_are_cut);
	RUN(defaults);
	RUN(permissions);
	RUN(text_has_a_limit);
	(void)!system(arena_printf(&arena, "rm -rf '%s'", directory)); /* the name came from mkdtemp */
	arena_deinit(&arena);
	return unit_done();
}
