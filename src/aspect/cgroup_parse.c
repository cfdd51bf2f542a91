/* The texts of cgroup files as figures: pure, for tests and fuzzers too. What cannot be read is left out: these are the kernel's own words. */
#include <string.h>

#include "aspect/cgroup_stats.h"
#include "base/scope.h"
#include "base/text.h"

/* The number that @s begins with. Return: what follows it, NULL: none is there. */
static const char *number_at(const char *s, uint64_t *ret_value)
{
	char digits[TEXT_NUMBER_MAX];
	size_t length = strspn(s, "0123456789");

	if (length == 0 || length >= sizeof(digits))
		return NULL;
	memcpy(digits, s, length);
	digits[length] = '\0';
	return text_to_u64(digits, ret_value) < 0 ? NULL : s + length;
}

static const char *next_line(const char *text)
{
	text += strcspn(text, "\n");
	return text + (*text == '\n');
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

uint64_t cgroup_parse_key(const char *text, const char *key)
{
	uint64_t value;

	for (; text && *text; text = next_line(text)) {
		const char *rest = text_after(text, key);

		if (rest && *rest == ' ' && number_at(rest + 1, &value))
			return value;
	}
	return 0;
}

/* ---- pressure ---- */

/* the number behind "NAME=" in a line; PSI prints two decimals */
static double percent(const char *line, const char *name)
{
	const char *rest = strstr(line, name);
	uint64_t whole, part = 0;

	rest = rest ? number_at(rest + strlen(name), &whole) : NULL;
	if (!rest)
		return 0;
	if (*rest == '.')
		(void)number_at(rest + 1, &part); /* 0 without digits */
	return (double)whole + (double)part / 100;
}

static struct cgroup_pressure pressure(const char *line)
{
	struct cgroup_pressure p = { percent(line, "avg10="), percent(line, "avg60="), percent(line, "avg300="), 0 };
	const char *total = strstr(line, "total=");

	if (total)
		(void)number_at(total + 6, &p.total); /* stays 0 */
	return p;
}

void cgroup_parse_psi(const char *text, struct cgroup_psi *ret_psi)
{
	struct cgroup_psi psi = { .known = false };

	for (; *text; text = next_line(text)) {
		if (text_after(text, "some "))
			psi.some = pressure(text);
		else if (text_after(text, "full "))
			psi.full = pressure(text);
		else
			continue;
		psi.known = true;
	}
	*ret_psi = psi;
}

/* ---- block I/O ---- */

/* "8:0 " */
static const char *device_at(const char *s, struct cgroup_io_entry *entry)
{
	s = number_at(s, &entry->major);
	s = s && *s == ':' ? number_at(s + 1, &entry->minor) : NULL;
	return s && *s == ' ' ? s + 1 : NULL;
}

void cgroup_parse_io_v1(struct arena *arena, const char *text, enum cgroup_io_list list, struct cgroup_io_stats *io)
{
	struct cgroup_io_entry *v = arena_many(arena, struct cgroup_io_entry, count_lines(text));
	size_t n = 0;

	for (; *text; text = next_line(text)) {
		struct cgroup_io_entry entry = { .op = NULL };
		const char *rest = device_at(text, &entry);
		size_t word;

		if (!rest) /* "Total 4096" */
			continue;
		word = strcspn(rest, " \n");
		if (rest[word] == ' ') {
			entry.op = arena_strndup(arena, rest, word);
			rest += word + 1;
		}
		if (number_at(rest, &entry.value))
			v[n++] = entry;
	}
	io->lists[list].v = v;
	io->lists[list].n = n;
}

void cgroup_parse_io_v2(struct arena *arena, const char *text, struct cgroup_io_stats *io)
{
	static const struct {
		const char *key, *op;
		enum cgroup_io_list list;
	} keys[] = {
		{ "rbytes=", "Read", CGROUP_IO_BYTES },
		{ "wbytes=", "Write", CGROUP_IO_BYTES },
		{ "rios=", "Read", CGROUP_IO_OPERATIONS },
		{ "wios=", "Write", CGROUP_IO_OPERATIONS },
	};
	size_t room = 2 * count_lines(text);

	io->lists[CGROUP_IO_BYTES].v = arena_many(arena, struct cgroup_io_entry, room);
	io->lists[CGROUP_IO_OPERATIONS].v = arena_many(arena, struct cgroup_io_entry, room);
	for (; *text; text = next_line(text)) {
		struct cgroup_io_entry entry = { .op = NULL };
		const char *rest = device_at(text, &entry);
		char *line = rest ? arena_strndup(arena, rest, strcspn(rest, "\n")) : NULL;

		for (size_t i = 0; line && i < ARRAY_SIZE(keys); i++) {
			const char *found = strstr(line, keys[i].key);

			entry.op = keys[i].op;
			if (found && (found == line || found[-1] == ' ') && number_at(found + strlen(keys[i].key), &entry.value))
				io->lists[keys[i].list].v[io->lists[keys[i].list].n++] = entry;
		}
	}
}
