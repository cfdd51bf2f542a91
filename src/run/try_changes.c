/*
 * Walking an overlay's upper trees. Directories are looked at one after the other from a queue, each opened by its path below the root, so that neither
 * the stack nor descriptors limit how deep a tree may be; only the length of a path does.
 *
 * The marks of overlayfs: a whiteout (a device 0:0, or an empty file with the attribute "whiteout" in a directory marked "x") says that a name was
 * deleted; an opaque directory ("y") hides the lower one, whose names are then deleted unless they are there again, and so do the directories in it,
 * which have no mark. A redirection says that a directory was renamed, and what it still has in the lower tree; once the command has ended such a directory
 * becomes an opaque one (try_moved.c), and then there are none. Files without data do not occur: we mount without them, and what claims to be one is refused.
 */
#include "run/try_changes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/path.h"
#include "base/scope.h"

enum { PROGRESS_STEP = 256, MARK_PATH_SIZE = 32 + NAME_MAX + 1 };

/*
 * A directory to look at. @below: there is a lower one too;  @hidden: which a directory above hides
 * @from: where the command saw more of it, below the lower tree; NULL: nowhere
 * @next: the queue
 */
struct visit {
	unsigned int root;
	const char *path, *from;
	bool below, hidden;
	struct visit *next;
};

/*
 * A directory being looked at.
 * @opaque: the lower one is hidden;  @marked: whiteouts may be files
 */
struct looking {
	const struct visit *visit;
	int upper, lower;
	bool opaque, marked;
};

struct queue {
	struct visit *first, **end;
};

static int too_much(struct changes *c)
{
	if (c->n < CHANGES_MAX && !arena_is_half_full(c->arena))
		return 0;
	return fail(c->error, 0, "cannot look through the changes: there are more than %zu", c->n);
}

static const char *path_in(struct changes *c, const struct visit *visit, const char *name)
{
	return *visit->path && *name ? arena_printf(c->arena, "%s/%s", visit->path, name) : arena_strdup(c->arena, *name ? name : visit->path);
}

static int failed(struct changes *c, int r, const struct visit *visit, const char *name)
{
	const struct change change = { .root = visit->root, .path = path_in(c, visit, name) };

	return fail(c->error, r, "cannot compare '%s'", changes_path(c, &change));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int changes_names(struct arena *arena, int fd, struct name_list *ret_names)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct name_list names = { 0 };
	struct dirent *entry;
	size_t size = 0;

	if (!dir) {
		r = -errno;
		(void)close_fd(copy);
		return r;
	}
	while ((errno = 0, entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		names.v = arena_grow(arena, names.v, names.n * sizeof(*names.v), &size, (names.n + 1) * sizeof(*names.v));
		names.v[names.n++] = arena_strdup(arena, entry->d_name);
		if (names.n > CHANGES_MAX || arena_is_half_full(arena)) {
			errno = E2BIG;
			break;
		}
	}
	r = -errno;
	(void)closedir(dir); /* it was only read */
	if (r < 0)
		return r;
	if (names.n > 1)
		qsort(names.v, names.n, sizeof(*names.v), by_name);
	*ret_names = names;
	return 0;
}

/* The value of one of overlayfs's marks: its first byte, or a '0' where it is empty or longer than any that we know; 0: it is not there. */
static char mark_of(const struct changes *c, int dir, const char *name, const char *mark)
{
	char path[MARK_PATH_SIZE], attribute[64], value[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name); /* a name is at most NAME_MAX bytes */
	(void)snprintf(attribute, sizeof(attribute), "%s%s", c->xattrs, mark); /* both are short */
	n = lgetxattr(path, attribute, value, sizeof(value));
	return n > 0 ? value[0] : n == 0 || errno == ERANGE ? '0' : 0;
}

static bool is_whiteout(const struct changes *c, const struct looking *l, const char *name, const struct inode_facts *facts)
{
	if (S_ISCHR(facts->mode) && facts->rdev == makedev(0, 0))
		return true;
	return l->marked && S_ISREG(facts->mode) && facts->size == 0 && mark_of(c, l->upper, name, "whiteout");
}

static int enqueue(struct changes *c, struct queue *queue, const struct visit *wanted)
{
	struct visit *visit = arena_new(c->arena, struct visit);

	*visit = *wanted;
	if (strlen(visit->path) >= PATH_MAX - 1)
		return failed(c, -ENAMETOOLONG, visit, "");
	*queue->end = visit;
	queue->end = &visit->next;
	return 0;
}

static int by_mark(const void *a, const void *b)
{
	const struct change_mark *x = a, *y = b;

	if (x->kind != y->kind || x->root != y->root)
		return x->kind != y->kind ? x->kind - y->kind : x->root < y->root ? -1 : 1;
	return strcmp(x->path, y->path);
}

void changes_sort_marks(struct changes *c)
{
	if (c->n_marks > 1)
		qsort(c->marks, c->n_marks, sizeof(*c->marks), by_mark);
}

static const struct change_mark *find_mark(const struct changes *c, char kind, unsigned int root, const char *path)
{
	const struct change_mark wanted = { .kind = kind, .root = root, .path = path };

	return c->n_marks == 0 || c->raw ? NULL : bsearch(&wanted, c->marks, c->n_marks, sizeof(wanted), by_mark);
}

static void add_mark(struct changes *c, char kind, unsigned int root, const char *path)
{
	c->marks = arena_grow(c->arena, c->marks, c->n_marks * sizeof(*c->marks), &c->size_marks, (c->n_marks + 1) * sizeof(*c->marks));
	c->marks[c->n_marks++] = (struct change_mark){ .kind = kind, .root = root, .path = path };
}

static struct change *add(struct changes *c, const struct visit *visit, const char *name, enum change_kind kind)
{
	struct change *change;

	c->v = arena_grow(c->arena, c->v, c->n * sizeof(*c->v), &c->size, (c->n + 1) * sizeof(*c->v));
	change = &c->v[c->n++];
	*change = (struct change){ .kind = kind, .root = visit->root };
	change->path = path_in(c, visit, name);
	return change;
}

static void tick(struct changes *c)
{
	if (++c->looked_at % PROGRESS_STEP == 0 && c->on_progress)
		c->on_progress(c->data, "comparing", c->looked_at, 0);
}

/* An entry that is there on both sides, or only above. */
static int look_at_entry(struct changes *c, const struct looking *l, const char *name, const struct inode_facts *upper, const struct inode_facts *lower,
			 struct queue *queue)
{
	bool same_type = (upper->mode & S_IFMT) == (lower->mode & S_IFMT);
	enum change_kind kind = !lower->mode ? CHANGE_ADDED : CHANGE_MODIFIED;
	struct change *change;
	struct visit below = { .root = l->visit->root, .below = same_type && lower->mode, .hidden = l->opaque };
	int what = c->filling ? 0 : ~0;

	if (lower->mode && !same_type)
		what = DIFFERS_TYPE;
	else if (lower->mode && !c->filling)
		what = changes_compare(l->upper, l->lower, name, upper, lower);
	if (lower->mode && what < 0)
		return failed(c, what, l->visit, name);
	if (S_ISREG(upper->mode) && !c->filling && (mark_of(c, l->upper, name, "metacopy") || mark_of(c, l->upper, name, "redirect")))
		return failed(c, EUCLEAN, l->visit, name);
	if (lower->mode && !(what & (DIFFERS_TYPE | DIFFERS_CONTENT)))
		kind = what ? CHANGE_METADATA : CHANGE_NONE;
	if (kind == CHANGE_NONE && !S_ISDIR(upper->mode) && upper->links < 2)
		return 0;
	change = add(c, l->visit, name, kind);
	change->what = lower->mode ? (unsigned int)what : 0;
	change->upper = *upper;
	change->lower = *lower;
	change->danger = kind == CHANGE_NONE ? 0 : changes_danger(l->upper, name, upper, lower, (unsigned int)what);
	/* what is mounted in a directory that is filled was not the overlay's */
	if (!S_ISDIR(upper->mode) || (c->filling && !lower->mode && upper->dev != c->device))
		return 0;
	below.path = path_in(c, l->visit, name);
	if (l->visit->from)
		below.from = *l->visit->from ? arena_printf(c->arena, "%s/%s", l->visit->from, name) : below.path;
	return enqueue(c, queue, &below);
}

static int look_at_name(struct changes *c, const struct looking *l, const char *name, struct queue *queue)
{
	struct inode_facts upper, lower = { 0 };
	int r = changes_facts(l->upper, name, &upper);
	const struct change_mark *mark;

	if (r == 0 && l->lower >= 0)
		r = changes_facts(l->lower, name, &lower);
	if (r < 0)
		return failed(c, r, l->visit, name);
	if (S_ISDIR(upper.mode) && (mark = find_mark(c, MARK_MODE, l->visit->root, path_in(c, l->visit, name))))
		upper.mode = (upper.mode & S_IFMT) | mark->mode;
	tick(c);
	if (too_much(c) < 0)
		return -1;
	if (c->filling && lower.mode) {
		/* it is there; a directory is filled, too, unless it is another one, and keeps its time */
		if (!S_ISDIR(upper.mode) || !S_ISDIR(lower.mode) || mark_of(c, l->lower, name, "opaque") == 'y' || mark_of(c, l->lower, name, "redirect"))
			return 0;
		upper = lower;
	}
	if (!is_whiteout(c, l, name, &upper))
		return upper.mode ? look_at_entry(c, l, name, &upper, &lower, queue) : 0;
	if (c->raw)
		add_mark(c, MARK_WHITEOUT, l->visit->root, path_in(c, l->visit, name));
	else if (lower.mode)
		add(c, l->visit, name, CHANGE_DELETED)->lower = lower;
	return 0;
}

/* What an opaque directory hides and does not have again. */
static int look_at_hidden(struct changes *c, const struct looking *l, const struct name_list *upper)
{
	struct name_list lower = { 0 };
	int r = changes_names(c->arena, l->lower, &lower);

	if (r < 0)
		return failed(c, r, l->visit, ".");
	for (size_t i = 0; i < lower.n; i++) {
		struct inode_facts facts;

		if (upper->n > 0 && bsearch(&lower.v[i], upper->v, upper->n, sizeof(*upper->v), by_name))
			continue;
		r = changes_facts(l->lower, lower.v[i], &facts);
		if (r < 0)
			return failed(c, r, l->visit, lower.v[i]);
		if (facts.mode)
			add(c, l->visit, lower.v[i], CHANGE_DELETED)->lower = facts;
		if (too_much(c) < 0)
			return -1;
	}
	return 0;
}

static int look(struct changes *c, struct visit *visit, struct queue *queue)
{
	const struct change_root *root = &c->roots[visit->root];
	scope_fd int upper = changes_open(root->upper, visit->path, O_RDONLY | O_DIRECTORY);
	scope_fd int lower = visit->below ? changes_open(root->lower, visit->path, O_RDONLY | O_DIRECTORY) : NO_FD;
	struct looking l = { .visit = visit, .upper = upper, .lower = lower };
	struct name_list names = { 0 };
	char mark;
	int r;

	if (upper < 0 || (visit->below && lower < 0))
		return failed(c, upper < 0 ? upper : lower, visit, ".");
	mark = c->filling ? 0 : mark_of(c, upper, ".", "opaque");
	if (mark == 'y') {
		visit->from = NULL;
	} else if (!c->filling && mark_of(c, upper, ".", "redirect")) {
		if (changes_follow(c, root->lower, upper, &visit->from) < 0)
			return fail_wrap(c->error, "cannot compare '%s'", visit->path);
		mark = 'y';
	}
	l.opaque = visit->hidden || mark == 'y' || find_mark(c, MARK_OPAQUE, visit->root, visit->path) != NULL;
	if (c->raw && mark == 'y')
		add_mark(c, MARK_OPAQUE, visit->root, visit->path);
	l.marked = mark == 'x';
	r = changes_names(c->arena, upper, &names);
	if (r < 0)
		return failed(c, r, visit, ".");
	for (size_t i = 0; i < names.n; i++)
		if (look_at_name(c, &l, names.v[i], queue) < 0)
			return -1;
	return l.opaque && lower >= 0 ? look_at_hidden(c, &l, &names) : 0;
}

/* The root of a tree itself: only its own metadata may have changed. */
static int look_at_root(struct changes *c, unsigned int i)
{
	const struct visit visit = { .root = i, .path = "" };
	struct inode_facts upper, lower;
	struct change *change;
	int what = changes_facts(c->roots[i].upper, "", &upper);

	if (what == 0)
		what = changes_facts(c->roots[i].lower, "", &lower);
	c->device = upper.dev;
	if (c->filling)
		upper = lower; /* it keeps its time */
	else if (what == 0)
		what = changes_compare(c->roots[i].upper, c->roots[i].lower, ".", &upper, &lower);
	if (what < 0)
		return failed(c, what, &visit, "");
	change = add(c, &visit, "", what ? CHANGE_METADATA : CHANGE_NONE);
	change->what = (unsigned int)what;
	change->upper = upper;
	change->lower = lower;
	return 0;
}

/* Deleted names that are not in the upper tree. One in a directory that is new, or whose place is another's now, hides nothing. */
static int look_at_marks(struct changes *c)
{
	for (size_t i = 0; i < c->n_marks; i++) {
		const struct change_mark *mark = &c->marks[i];
		const struct visit visit = { .root = mark->root, .path = mark->path };
		scope_fd int fd = mark->kind == MARK_WHITEOUT ? changes_open(c->roots[mark->root].lower, mark->path, O_PATH) : NO_FD;
		struct inode_facts facts;
		int r = fd >= 0 ? changes_facts(fd, "", &facts) : fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP || fd == NO_FD ? 0 : fd;

		if (r < 0)
			return failed(c, r, &visit, "");
		if (fd >= 0)
			add(c, &visit, "", CHANGE_DELETED)->lower = facts;
		if (too_much(c) < 0)
			return -1;
	}
	return 0;
}

/* By root and path, a directory before what is in it: a slash sorts before every other byte. */
static int by_path(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	const char *s = x->path, *t = y->path;

	if (x->root != y->root)
		return x->root < y->root ? -1 : 1;
	while (*s && *s == *t)
		s++, t++;
	if (!*s || !*t)
		return *s ? 1 : *t ? -1 : 0;
	return (*s == '/' ? 0 : (unsigned char)*s) - (*t == '/' ? 0 : (unsigned char)*t);
}

/*
 * The time of a directory that was there before is a change of its own where none of its names explains it. overlayfs copies a directory up with its time; one
 * that the host has changed since has a time of the host's, which is no change either.
 */
static void find_times(struct changes *c)
{
	for (size_t i = 1; i < c->n; i++) {
		struct change *d = &c->v[i];

		/* the nearest before it that it is below; every root is listed, above all that is in it */
		d->above = i - 1;
		while (*c->v[d->above].path && !path_below(d->path, c->v[d->above].path))
			d->above = c->v[d->above].above;
		if (d->kind != CHANGE_NONE && d->kind != CHANGE_METADATA)
			c->v[d->above].filled = true;
	}
	for (size_t i = 0; i < c->n; i++) {
		struct change *d = &c->v[i];

		if (!S_ISDIR(d->upper.mode) || !S_ISDIR(d->lower.mode) || d->filled || d->upper.mtime == d->lower.mtime || d->lower.ctime > c->started)
			continue;
		d->kind = CHANGE_METADATA;
		d->what |= DIFFERS_TIME;
	}
}

/* Which of a group of links the others are linked to: one that stays the inode that it is on the host. */
static int rank(const struct change *change)
{
	return change->kind == CHANGE_NONE ? 0 : change->kind == CHANGE_METADATA && change->lower.links == 1 ? 1 : 2;
}

/* By inode; the one that a group links to comes first: by rank, then by path. */
static int by_inode(const void *a, const void *b)
{
	const struct change *x = *(struct change *const *)a, *y = *(struct change *const *)b;

	if (x->upper.dev != y->upper.dev)
		return x->upper.dev < y->upper.dev ? -1 : 1;
	if (x->upper.ino != y->upper.ino)
		return x->upper.ino < y->upper.ino ? -1 : 1;
	if (rank(x) != rank(y))
		return rank(x) - rank(y);
	return x < y ? -1 : 1;
}

static void find_links(struct changes *c)
{
	struct change **group = arena_many(c->arena, struct change *, c->n + 1);
	size_t n = 0, leader = 0;

	for (size_t i = 0; i < c->n; i++)
		if (S_ISREG(c->v[i].upper.mode) && c->v[i].upper.links > 1)
			group[n++] = &c->v[i];
	if (n > 1)
		qsort(group, n, sizeof(*group), by_inode);
	for (size_t i = 1; i < n; i++) {
		const struct inode_facts *a = &group[leader]->upper, *b = &group[i]->upper;

		if (a->dev != b->dev || a->ino != b->ino || group[leader]->root != group[i]->root)
			leader = i;
		else if (group[i]->kind != CHANGE_NONE)
			group[i]->link = group[leader]->path;
	}
}

int changes_find(struct changes *c)
{
	struct queue queue = { .end = &queue.first };

	for (unsigned int i = 0; i < c->n_roots; i++)
		if (look_at_root(c, i) < 0 || enqueue(c, &queue, &(const struct visit){ .root = i, .path = "", .from = "", .below = true }) < 0)
			return -1;
	for (struct visit *visit = queue.first; visit; visit = visit->next)
		if (look(c, visit, &queue) < 0)
			return -1;
	if (!c->raw && look_at_marks(c) < 0)
		return -1;
	if (c->n > 1)
		qsort(c->v, c->n, sizeof(*c->v), by_path);
	find_times(c);
	find_links(c);
	return 0;
}

size_t changes_count(const struct changes *c, size_t *ret_dangerous)
{
	size_t n = 0, dangerous = 0;

	for (size_t i = 0; i < c->n; i++) {
		n += c->v[i].kind != CHANGE_NONE;
		dangerous += c->v[i].danger != 0;
	}
	*ret_dangerous = dangerous;
	return n;
}
