/*
 * Whether the host is still what the command saw. When the command has ended, what lies under each change is recorded; before changes are made, it is
 * compared. What the host changed while the command ran is told by its ctime, which nobody can set: it is later than the start.
 *
 * A record is a line of numbers, a space and the path, ended by a zero byte, since a path may hold any other:
 * ROOT MODE UID GID INODE SIZE MTIME CTIME PATH
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/scope.h"
#include "base/text.h"
#include "run/try.h"

enum { RECORDS_SIZE_MAX = 48 << 20, NUMBERS = 8, TOLD_MAX = 20, BUFFER = 64 << 10, LINE_MAX_BYTES = PATH_MAX + (NUMBERS + 1) * TEXT_NUMBER_MAX };

static int write_lines(int fd, const struct changes *c)
{
	scope_free char *buffer = malloc(BUFFER);
	struct text t = buffer ? text_on(buffer, BUFFER) : (struct text){ 0 };
	int r = buffer ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < c->n; i++) {
		const struct change *change = &c->v[i];
		const struct inode_facts *f = &change->lower;

		text_addf(&t, "%u %u %u %u %llu %llu %lld %lld %s", change->root, f->mode, f->uid, f->gid, (unsigned long long)f->ino,
			  (unsigned long long)f->size, (long long)f->mtime, (long long)f->ctime, change->path);
		t.length++; /* the zero belongs to it */
		if (t.length + LINE_MAX_BYTES > BUFFER) {
			r = io_write_all(fd, buffer, t.length);
			t = text_on(buffer, BUFFER);
		}
	}
	return r < 0 || t.length == 0 ? r : io_write_all(fd, buffer, t.length);
}

int try_write_records(struct hull *h, const struct try_state *state, const struct changes *changes)
{
	scope_fd int fd = openat(state->dir, "lower", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : write_lines(fd, changes);

	return r < 0 ? fail(&h->error, r, "cannot write '%s/lower'", state->path) : 0;
}

/* One line. Return: 0 or -EINVAL. */
static int parse(char *line, struct try_record *ret_record)
{
	int64_t numbers[NUMBERS];

	for (size_t i = 0; i < NUMBERS; i++) {
		char *space = strchr(line, ' ');

		if (!space)
			return -EINVAL;
		*space = '\0';
		if (text_to_i64(line, &numbers[i]) < 0)
			return -EINVAL;
		line = space + 1;
	}
	*ret_record = (struct try_record){
		.root = (unsigned int)numbers[0], .path = line,
		.facts = { .mode = (mode_t)numbers[1], .uid = (uid_t)numbers[2], .gid = (gid_t)numbers[3], .ino = (ino_t)numbers[4],
			   .size = (uint64_t)numbers[5], .mtime = numbers[6], .ctime = numbers[7] },
	};
	return 0;
}

static int by_root_and_path(const void *a, const void *b)
{
	const struct try_record *x = a, *y = b;

	return x->root != y->root ? (x->root < y->root ? -1 : 1) : strcmp(x->path, y->path);
}

int try_read_records(struct hull *h, const struct try_state *state, struct try_records *ret_records)
{
	struct try_records records = { 0 };
	size_t length, n = 0;
	char *text;
	int r = io_read_file(state->dir, "lower", RECORDS_SIZE_MAX, &h->arena, &text, &length);

	if (r < 0)
		return fail(&h->error, r, "cannot read '%s/lower'", state->path);
	for (size_t i = 0; i < length; i++)
		n += text[i] == '\0';
	records.v = arena_many(&h->arena, struct try_record, n + 1);
	for (char *line = text; line < text + length; records.n++) {
		char *next = line + strlen(line) + 1;

		if (parse(line, &records.v[records.n]) < 0)
			return fail(&h->error, 0, "'%s/lower' is damaged", state->path);
		line = next;
	}
	if (records.n > 1)
		qsort(records.v, records.n, sizeof(*records.v), by_root_and_path);
	*ret_records = records;
	return 0;
}

const struct try_record *try_record_of(const struct try_records *records, unsigned int root, const char *path)
{
	const struct try_record wanted = { .root = root, .path = path };

	return records->n == 0 ? NULL : bsearch(&wanted, records->v, records->n, sizeof(wanted), by_root_and_path);
}

/* Directories that are still to be searched: paths below a root. @size: bytes that there is room for */
struct stack {
	const char **v;
	size_t n, size;
};

static void push(struct arena *arena, struct stack *s, const char *path)
{
	s->v = arena_grow(arena, s->v, s->n * sizeof(*s->v), &s->size, (s->n + 1) * sizeof(*s->v));
	s->v[s->n++] = path;
}

/* Whether anything in a directory that is to be deleted is newer than the start of the command. */
static int tree_is_newer(struct changes *c, const struct change *change, int64_t started)
{
	struct stack stack = { 0 };
	int r = 0;

	push(c->arena, &stack, change->path);
	while (r == 0 && stack.n > 0) {
		const char *path = stack.v[--stack.n];
		scope_fd int fd = changes_open(c->roots[change->root].lower, path, O_RDONLY | O_DIRECTORY);
		struct name_list names = { 0 };

		r = fd < 0 ? fd : changes_names(c->arena, fd, &names);
		for (size_t i = 0; r == 0 && i < names.n; i++) {
			struct inode_facts facts;

			r = changes_facts(fd, names.v[i], &facts);
			if (r == 0 && facts.ctime > started)
				r = 1;
			if (r == 0 && S_ISDIR(facts.mode))
				push(c->arena, &stack, arena_printf(c->arena, "%s/%s", path, names.v[i]));
		}
	}
	return r == -ENOENT ? 1 : r;
}

static bool is_same(const struct inode_facts *then, const struct inode_facts *now)
{
	if (then->mode != now->mode || (now->mode && (then->uid != now->uid || then->gid != now->gid || then->ino != now->ino)))
		return false;
	/* a directory's size and times change with its entries */
	return S_ISDIR(now->mode) || (then->size == now->size && then->mtime == now->mtime && then->ctime == now->ctime);
}

/* Return: 1: the host has changed there since the command began, 0, or -errno. */
static int has_changed(struct try_review *review, const struct try_records *records, const struct change *change)
{
	const struct try_record *record = try_record_of(records, change->root, change->path);
	bool goes = change->kind == CHANGE_DELETED || (change->what & DIFFERS_TYPE);

	if (!record)
		return 1;
	/* a directory that an earlier, broken-off application made, or somebody else: that only its metadata are left to do harms nobody */
	if (!record->facts.mode && change->kind == CHANGE_METADATA && S_ISDIR(change->lower.mode))
		return 0;
	if (!is_same(&record->facts, &change->lower))
		return 1;
	if (!S_ISDIR(change->lower.mode))
		return change->lower.mode && change->lower.ctime > review->state.started;
	return goes ? tree_is_newer(&review->changes, change, review->state.started) : 0;
}

static const char *danger_text(unsigned int danger)
{
	if (danger & DANGER_DEVICE)
		return "is a device";
	if (danger & DANGER_CAPABILITY)
		return "has file capabilities";
	return danger & DANGER_SETUID ? "is set-user-ID" : "is set-group-ID";
}

int try_check(struct hull *h, struct try_review *review, const struct hull_review_options *o)
{
	const struct changes *c = &review->changes;
	struct try_records records;
	size_t n = 0;

	if (try_read_records(h, &review->state, &records) < 0)
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		const struct change *change = &c->v[i];
		int changed = change->kind == CHANGE_NONE || o->force ? 0 : has_changed(review, &records, change);

		if (changed < 0)
			return fail(&h->error, changed, "cannot compare '%s' with what it was", changes_path(c, change));
		if (!changed && (!change->danger || o->allow_dangers))
			continue;
		if (++n <= TOLD_MAX)
			log_write(&h->log, LOG_LEVEL_WARNING, "'%s' %s", changes_path(c, change),
				  changed ? "has changed on the host since the command began" : danger_text(change->danger));
	}
	if (n > 0)
		return fail(&h->error, 0, "nothing was applied: %zu of the changes need --force", n);
	return 0;
}
