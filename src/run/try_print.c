/* A list of changes for people and for programs. Names come from an untrusted command: what could confuse a terminal or a line is escaped. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/scope.h"
#include "base/text.h"
#include "run/try_changes.h"

enum { DETAIL_SIZE = 512 };

static const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "symlink";
	case S_IFCHR:
		return "character device";
	case S_IFBLK:
		return "block device";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	default:
		return "unknown";
	}
}

/* Length of the printable character at @s, 0: it is to be escaped. UTF-8 but for C1 controls and what turns the direction of writing. */
static size_t printable(const unsigned char *s)
{
	size_t length = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;

	if (length == 1)
		return s[0] >= 0x20 && s[0] != 0x7f && s[0] != '\\';
	for (size_t i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if (length == 2 && s[0] == 0xc2 && s[1] < 0xa0)
		return 0;
	/* U+200B…200F, U+2028…202E, U+2066…2069: invisible, or they reorder the line; U+FEFF likewise */
	if (length == 3 && s[0] == 0xe2 && s[1] == 0x80 && ((s[2] >= 0x8b && s[2] <= 0x8f) || (s[2] >= 0xa8 && s[2] <= 0xae)))
		return 0;
	if (length == 3 && ((s[0] == 0xe2 && s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9) || (s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf)))
		return 0;
	return length;
}

static const char *escape(struct arena *arena, const char *raw)
{
	static const char letters[] = "\n\t\r\\", names[] = "ntr\\";
	char *out = arena_alloc(arena, 4 * strlen(raw) + 1), *p = out;

	for (const unsigned char *s = (const unsigned char *)raw; *s;) {
		size_t length = printable(s);
		const char *letter = length == 0 ? strchr(letters, *s) : NULL;

		if (length > 0) {
			memcpy(p, s, length);
			p += length;
			s += length;
		} else if (letter) {
			*p++ = '\\';
			*p++ = names[letter - letters];
			s++;
		} else {
			p += snprintf(p, 5, "\\x%02x", *s++);
		}
	}
	return out;
}

static const char *raw_path(const struct changes *c, const struct change *change, const char *path)
{
	const char *top = c->roots[change->root].path;

	return arena_printf(c->arena, "%s%s%s", top[1] ? top : "", *path || !top[1] ? "/" : "", path);
}

const char *changes_path(const struct changes *c, const struct change *change)
{
	const char *raw = raw_path(c, change, change->path);
	size_t length = strlen(raw);

	while (length > 1 && raw[length - 1] == '/')
		length--;
	return escape(c->arena, arena_strndup(c->arena, raw, length));
}

static void comma(struct text *t)
{
	text_add(t, t->length > 0 ? ", " : "");
}

static void add_owner(struct text *t, const struct change *change)
{
	comma(t);
	text_addf(t, "owner %u:%u -> %u:%u", change->lower.uid, change->lower.gid, change->upper.uid, change->upper.gid);
}

/* What a person wants to know besides the path. */
static void describe(const struct changes *c, const struct change *change, struct text *t)
{
	static const struct {
		unsigned int bit;
		const char *text;
	} dangers[] = {
		{ DANGER_SETUID, "SET-USER-ID" }, { DANGER_SETGID, "SET-GROUP-ID" }, { DANGER_CAPABILITY, "FILE CAPABILITIES" }, { DANGER_DEVICE, "DEVICE" },
	};

	if (change->what & DIFFERS_TYPE) {
		text_addf(t, "%s -> %s", type_name(change->lower.mode), type_name(change->upper.mode));
	} else if (change->kind != CHANGE_DELETED && change->kind != CHANGE_ADDED) {
		if (change->what & DIFFERS_MODE)
			text_addf(t, "mode %04o -> %04o", change->lower.mode & 07777, change->upper.mode & 07777);
		if (change->what & DIFFERS_OWNER)
			add_owner(t, change);
		if (change->what & DIFFERS_XATTR) {
			comma(t);
			text_add(t, "attributes");
		}
		if (change->kind == CHANGE_METADATA && change->what == DIFFERS_TIME)
			text_add(t, "time");
	} else if (change->kind == CHANGE_ADDED && !S_ISREG(change->upper.mode) && !S_ISDIR(change->upper.mode)) {
		text_add(t, type_name(change->upper.mode));
	}
	if (change->link) {
		comma(t);
		text_addf(t, "link to %s", escape(c->arena, raw_path(c, change, change->link)));
	}
	for (size_t i = 0; i < ARRAY_SIZE(dangers); i++) {
		if (!(change->danger & dangers[i].bit))
			continue;
		comma(t);
		text_addf(t, "!!! %s", dangers[i].text);
		if (dangers[i].bit == DANGER_SETUID)
			text_addf(t, " of user %u", change->upper.uid);
		if (dangers[i].bit == DANGER_SETGID)
			text_addf(t, " of group %u", change->upper.gid);
	}
}

/* The buffers that a growing text leaves behind are as long as itself: the arena has room for less than twice as much. */
static bool is_full(const struct changes *c, size_t length)
{
	return length > CHANGES_TEXT_MAX / 4 || arena_is_half_full(c->arena);
}

const char *changes_print(const struct changes *c)
{
	struct arena_text list = { .arena = c->arena };

	arena_text_add(&list, "");
	for (size_t i = 0; i < c->n; i++) {
		const struct change *change = &c->v[i];
		mode_t mode = change->kind == CHANGE_DELETED ? change->lower.mode : change->upper.mode;
		char detail[DETAIL_SIZE + 2 * PATH_MAX] = "";
		struct text t = text_on(detail, sizeof(detail));
		const char *path;

		if (change->kind == CHANGE_NONE)
			continue;
		if (is_full(c, list.length)) {
			arena_text_add(&list, "... and more: the list is cut\n");
			break;
		}
		path = changes_path(c, change);
		describe(c, change, &t);
		arena_text_add(&list, (const char[]){ (char)change->kind, ' ', '\0' });
		arena_text_add(&list, path);
		arena_text_add(&list, S_ISDIR(mode) && path[1] ? "/" : "");
		arena_text_add(&list, detail[0] ? " (" : "");
		arena_text_add(&list, detail);
		arena_text_add(&list, detail[0] ? ")\n" : "\n");
	}
	return list.data;
}

static void write_side(struct json_writer *w, const char *key, const struct inode_facts *facts)
{
	char mode[8];

	if (!facts->mode)
		return;
	(void)snprintf(mode, sizeof(mode), "%04o", (unsigned int)(facts->mode & 07777)); /* fits */
	json_open_object(w, key);
	json_string(w, "type", type_name(facts->mode));
	json_string(w, "mode", mode);
	json_u64(w, "uid", facts->uid);
	json_u64(w, "gid", facts->gid);
	if (S_ISREG(facts->mode))
		json_u64(w, "size", facts->size);
	json_close_object(w);
}

static void write_words(struct json_writer *w, const char *key, unsigned int bits, const char *const *words, size_t n)
{
	if (!bits)
		return;
	json_open_array(w, key);
	for (size_t i = 0; i < n; i++)
		if (bits & (1U << i))
			json_string(w, NULL, words[i]);
	json_close_array(w);
}

static const char *kind_name(enum change_kind kind)
{
	switch (kind) {
	case CHANGE_ADDED:
		return "added";
	case CHANGE_MODIFIED:
		return "modified";
	case CHANGE_DELETED:
		return "deleted";
	case CHANGE_METADATA:
		return "metadata";
	case CHANGE_NONE:
	default:
		return "none";
	}
}

static void write_change(struct json_writer *w, const struct changes *c, const struct change *change)
{
	static const char *const differs[] = { "type", "content", "mode", "owner", "time", "attributes" };
	static const char *const dangers[] = { "setuid", "setgid", "capability", "device" };
	const char *raw = raw_path(c, change, change->path), *escaped = escape(c->arena, raw);

	json_open_object(w, NULL);
	json_string(w, "change", kind_name(change->kind));
	json_string(w, "path", raw);
	/* JSON cannot say every name */
	if (strcmp(raw, escaped) != 0)
		json_string(w, "escapedPath", escaped);
	write_words(w, "differs", change->what, differs, ARRAY_SIZE(differs));
	if (change->link)
		json_string(w, "linkTo", raw_path(c, change, change->link));
	write_words(w, "dangers", change->danger, dangers, ARRAY_SIZE(dangers));
	write_side(w, "before", &change->lower);
	write_side(w, "after", &change->upper);
	json_close_object(w);
}

const char *changes_print_json(const struct changes *c)
{
	struct json_writer w = json_writer_on(c->arena, 2);
	size_t i, dangerous, n = changes_count(c, &dangerous);

	json_open_object(&w, NULL);
	json_u64(&w, "count", n);
	json_u64(&w, "dangerous", dangerous);
	json_open_array(&w, "changes");
	for (i = 0; i < c->n && !is_full(c, w.length); i++)
		if (c->v[i].kind != CHANGE_NONE)
			write_change(&w, c, &c->v[i]);
	json_close_array(&w);
	if (i < c->n)
		json_bool(&w, "cut", true);
	json_close_object(&w);
	return json_text(&w);
}
