/* Id maps. Files are read by ourselves: NSS is not to be had in a static program, and is not wanted in a privileged one. */
#include "aspect/idmap.h"

#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/text.h"

char *idmap_text(struct arena *arena, const struct id_mapping_list *list)
{
	struct arena_text t = { .arena = arena };
	char number[TEXT_NUMBER_MAX];
	size_t i;

	arena_text_add(&t, "");
	for (i = 0; i < list->n; i++) {
		arena_text_add(&t, text_from_u64(number, list->v[i].container_id));
		arena_text_add(&t, " ");
		arena_text_add(&t, text_from_u64(number, list->v[i].host_id));
		arena_text_add(&t, " ");
		arena_text_add(&t, text_from_u64(number, list->v[i].size));
		arena_text_add(&t, "\n");
	}
	return t.length < IDMAP_TEXT_MAX ? t.data : NULL;
}

char *idmap_words(struct arena *arena, const struct id_mapping_list *list)
{
	char buffer[IDMAP_TEXT_MAX];
	struct text t = text_on(buffer, sizeof(buffer));
	size_t i;

	for (i = 0; i < list->n; i++)
		text_addf(&t, "%s%u → %u (%u)", i ? ", " : "", list->v[i].container_id, list->v[i].host_id, list->v[i].size);
	return arena_strndup(arena, buffer, t.length);
}

/* Cut the next line off *@rest, NULL: none left. */
static char *next_line(char **rest)
{
	char *line = *rest, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	*rest = end ? end + 1 : NULL;
	return line;
}

/* Cut the field up to the next colon off *@rest; the last one reaches to the end of the line. NULL: none left. */
static char *next_field(char **rest)
{
	char *field = *rest, *end;

	if (!field)
		return NULL;
	end = strchr(field, ':');
	if (end)
		*end = '\0';
	*rest = end ? end + 1 : NULL;
	return field;
}

char *idmap_user_name(struct arena *arena, const char *passwd, uint32_t uid)
{
	char *text, *line, *name, *number;
	uint32_t value;

	if (io_read_file(AT_FDCWD, passwd, IDMAP_FILE_MAX, arena, &text, NULL) < 0)
		return NULL;
	while ((line = next_line(&text))) {
		name = next_field(&line);
		(void)next_field(&line); /* the password */
		number = next_field(&line);
		if (name && *name && number && text_to_u32(number, &value) == 0 && value == uid)
			return arena_strdup(arena, name);
	}
	return NULL;
}

/* "NAME-OR-UID:FIRST:COUNT" */
static bool parse_range(char *line, const char *name, uint32_t uid, struct id_mapping *ret_range)
{
	char *who = next_field(&line), *first = next_field(&line), *count = next_field(&line);
	struct id_mapping range = { 0 };
	uint32_t number;

	if (!who || !first || !count || line)
		return false;
	if (!(name && strcmp(who, name) == 0) && !(text_to_u32(who, &number) == 0 && number == uid))
		return false;
	if (text_to_u32(first, &range.host_id) < 0 || text_to_u32(count, &range.size) < 0)
		return false;
	if (range.size == 0 || range.size > UINT32_MAX - range.host_id)
		return false;
	*ret_range = range;
	return true;
}

struct id_mapping_list idmap_read_ranges(struct arena *arena, const char *path, const char *name, uint32_t uid)
{
	struct id_mapping_list list = { 0 };
	char *text, *line;

	if (io_read_file(AT_FDCWD, path, IDMAP_FILE_MAX, arena, &text, NULL) < 0)
		return list;
	list.v = arena_many(arena, struct id_mapping, IDMAP_RANGES_MAX);
	while (list.n < IDMAP_RANGES_MAX && (line = next_line(&text)))
		if (parse_range(line, name, uid, &list.v[list.n]))
			list.n++;
	return list;
}

struct id_mapping_list idmap_default(struct arena *arena, uint32_t id, const struct id_mapping_list *ranges)
{
	struct id_mapping_list list = { .v = arena_many(arena, struct id_mapping, ranges->n + 1) };
	uint32_t next = 1;
	size_t i;

	list.v[list.n++] = (struct id_mapping){ .container_id = 0, .host_id = id, .size = 1 };
	for (i = 0; i < ranges->n; i++) {
		struct id_mapping m = ranges->v[i];

		/* the kernel takes no id twice; nor is there room above 2^32 */
		if ((id >= m.host_id && id - m.host_id < m.size) || m.size > UINT32_MAX - next)
			continue;
		m.container_id = next;
		next += m.size;
		list.v[list.n++] = m;
	}
	return list;
}

bool idmap_is_self(const struct id_mapping_list *list, uint32_t id)
{
	return list->n == 1 && list->v[0].size == 1 && list->v[0].host_id == id;
}

static bool is_within(const struct id_mapping *m, const struct id_mapping_list *ranges)
{
	size_t i;

	for (i = 0; i < ranges->n; i++) {
		const struct id_mapping *r = &ranges->v[i];

		if (m->host_id >= r->host_id && m->host_id - r->host_id < r->size && m->size <= r->size - (m->host_id - r->host_id))
			return true;
	}
	return false;
}

const struct id_mapping *idmap_forbidden(const struct id_mapping_list *list, uint32_t id, const struct id_mapping_list *ranges)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (!(list->v[i].size == 1 && list->v[i].host_id == id) && !is_within(&list->v[i], ranges))
			return &list->v[i];
	return NULL;
}
