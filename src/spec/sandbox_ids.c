/* The id maps of a sandbox. */
#include "spec/sandbox.h"

static void add(struct id_mapping_list *list, uint32_t inside, uint32_t outside, uint32_t size)
{
	if (size > 0)
		list->v[list->n++] = (struct id_mapping){ .container_id = inside, .host_id = outside, .size = size };
}

struct id_mapping_list sandbox_map_ids(struct arena *arena, uint32_t inside, uint32_t outside, const struct id_mapping_list *ranges)
{
	struct id_mapping_list list = { .v = arena_many(arena, struct id_mapping, ranges->n + 2) }; /* one of them may be cut in two */
	uint32_t next = inside == 0;

	add(&list, inside, outside, 1);
	for (size_t i = 0; i < ranges->n; i++) {
		const struct id_mapping *m = &ranges->v[i];
		uint32_t below = next < inside ? inside - next : 0;

		/* the kernel takes no id twice; nor is there room above 2^32 */
		if ((outside >= m->host_id && outside - m->host_id < m->size) || m->size > UINT32_MAX - 1 - next)
			continue;
		if (below > m->size)
			below = m->size;
		add(&list, next, m->host_id, below);
		next += below + (below > 0 && next + below == inside);
		add(&list, next, m->host_id + below, m->size - below);
		next += m->size - below;
	}
	return list;
}
