/*
 * What a command changed: an overlay's upper directories held against the lower ones that lie under them.
 *
 * A list of changes says everything that distinguishes the merged tree from the lower one, so that making them on the lower tree gives the merged one.
 * Every directory of an upper tree is in it, since making a change in one changes its time, which is set right then.
 * The upper trees come from a command that is not trusted: every path in them is opened below its root without following links, names may hold any
 * byte, and only those marks of overlayfs count that the command could not make itself.
 */
#ifndef RUN_TRY_CHANGES_H
#define RUN_TRY_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

enum {
	CHANGES_MAX = 1 << 20,            /* entries of one list */
	CHANGES_TEXT_MAX = 64 << 20,      /* of a list that is printed */
	CHANGES_ROOTS_MAX = 256,
};

enum change_kind {
	CHANGE_NONE = '=', /* copied up, but the same; of a directory's time this says nothing */
	CHANGE_ADDED = 'A',
	CHANGE_MODIFIED = 'M', /* the content, the target, or the type */
	CHANGE_DELETED = 'D',
	CHANGE_METADATA = 'm',
};

/* what differs */
enum {
	DIFFERS_TYPE = 1 << 0, DIFFERS_CONTENT = 1 << 1, DIFFERS_MODE = 1 << 2, DIFFERS_OWNER = 1 << 3, DIFFERS_TIME = 1 << 4, DIFFERS_XATTR = 1 << 5,
};

/* why a change is not made without being forced */
enum {
	DANGER_SETUID = 1 << 0, DANGER_SETGID = 1 << 1, DANGER_CAPABILITY = 1 << 2, DANGER_DEVICE = 1 << 3,
};

/* An inode as far as we compare it; times in nanoseconds. @mode 0: there is none. */
struct inode_facts {
	mode_t mode;
	uid_t uid;
	gid_t gid;
	dev_t dev, rdev;
	ino_t ino;
	nlink_t links;
	uint64_t size;
	int64_t mtime, ctime;
};

/*
 * One tree that was overlaid.
 * @path: on the host, absolute and clean
 * @upper, @lower: directories, opened; the list does not own them
 */
struct change_root {
	const char *path;
	int upper, lower;
};

/*
 * @path: below the root, "" for the root itself, without a slash at either end
 * @what: DIFFERS_*;  @danger: DANGER_*
 * @upper: what it is now, @lower: what it was
 * @link: another path of the same root: this one is a hard link to it; NULL: none
 * @filled: a directory in which a name was added, modified or deleted;  @above: index of the directory that it is in
 */
struct change {
	enum change_kind kind;
	unsigned int root, what, danger;
	const char *path;
	struct inode_facts upper, lower;
	const char *link;
	bool filled;
	size_t above;
};

/* Names of a directory, sorted. */
struct name_list {
	const char **v;
	size_t n;
};

/* @kind: MARK_*;  @mode: MARK_MODE: what the directory had before it was opened up for us */
struct change_mark {
	char kind;
	unsigned int root;
	const char *path;
	mode_t mode;
};

enum { MARK_WHITEOUT = 'w', MARK_OPAQUE = 'o', MARK_MODE = 'c' };

/*
 * @xattrs: the namespace that overlayfs keeps its marks in: "user.overlay." or "trusted.overlay."
 * @roots, @n_roots: set by the caller
 * @marks, @n_marks: deleted names and opaque directories that are not in the upper trees but known otherwise, sorted by changes_sort_marks()
 * @raw: only what the upper trees hold is listed, all of it as new, and their whiteouts and opaque directories become @marks
 * @moves: directories that the command renamed are filled with what they had, before they are looked at; off: a redirection is refused
 * @filling: see changes_follow(): only what the lower trees lack is listed, and what their marks do not hide
 * @device: of the upper tree that was looked at last
 * @started: CLOCK_REALTIME in nanoseconds: what the host changed in a lower directory after it gave that directory its time, not the command
 * @v, @n: sorted by root and path, a directory before what is in it
 * @size, @size_marks: bytes that there is room for in @v and @marks
 * @on_progress: called now and then with the number of entries looked at; NULL: none
 */
struct changes {
	struct arena *arena;
	struct error *error;
	const char *xattrs;
	struct change_mark *marks;
	size_t n_marks, size_marks;
	bool raw, moves, filling;
	const struct change_root *roots;
	unsigned int n_roots;
	dev_t device;
	int64_t started;
	struct change *v;
	size_t n, size;
	void (*on_progress)(void *data, const char *what, uint64_t done, uint64_t total);
	void *data;
	uint64_t looked_at;
};

/**
 * changes_find - compare all roots and fill the list.
 * @c: with arena, error, xattrs and roots set.
 * Return: 0 or -1 after fail().
 */
int changes_find(struct changes *c);

/**
 * changes_follow - make a directory that was renamed one that needs no other: what it still had in the lower tree is copied into it, and it becomes opaque.
 * @from: where its directory's names are in the lower tree, with its own; becomes where it was. NULL: nowhere.
 * Return: 0 or -1 after fail().
 */
int changes_follow(const struct changes *c, int lower_root, int upper, const char **from);

/**
 * changes_sort_marks - bring marks into the order that changes_find() needs.
 */
void changes_sort_marks(struct changes *c);

/**
 * changes_names - read all names of an open directory.
 * Return: 0 or -errno; -E2BIG: there are more than we look at.
 */
int changes_names(struct arena *arena, int fd, struct name_list *ret_names);

/**
 * changes_open - open a path below a root without following links.
 * @path: "" is the root itself.
 * @flags: of open(2); a file or directory of ours that its mode forbids us to read is read all the same.
 * Return: a descriptor or -errno.
 */
int changes_open(int root, const char *path, int flags);

/**
 * changes_facts - look at @name in the directory @dir, a link itself.
 * Return: 0 or -errno; when there is nothing, 0 with a mode of 0.
 */
int changes_facts(int dir, const char *name, struct inode_facts *ret_facts);

/**
 * changes_compare - what differs between two inodes of the same name.
 * @upper_dir, @lower_dir: their directories;  @upper, @lower: their facts, of the same type.
 * Return: DIFFERS_* or -errno.
 */
int changes_compare(int upper_dir, int lower_dir, const char *name, const struct inode_facts *upper, const struct inode_facts *lower);

/**
 * changes_danger - DANGER_* of an inode that is new or other than it was.
 * @what: DIFFERS_*, all bits for a new one.
 */
unsigned int changes_danger(int upper_dir, const char *name, const struct inode_facts *upper, const struct inode_facts *lower, unsigned int what);

/* changes_is_mark - whether an attribute is one of overlayfs's marks, which are not part of a file */
bool changes_is_mark(const char *attribute);

/**
 * changes_count - how many changes the list holds, and how many of them are dangerous.
 */
size_t changes_count(const struct changes *c, size_t *ret_dangerous);

/**
 * changes_path - a change's path on the host, with bytes that a terminal or a line could trip over escaped (\n, \t, \\, \x1b).
 */
const char *changes_path(const struct changes *c, const struct change *change);

/**
 * changes_print - the list as lines.  changes_print_json - as a document.
 * Return: text in the arena, cut with a last line that says so.
 */
const char *changes_print(const struct changes *c);
const char *changes_print_json(const struct changes *c);

/**
 * changes_diff - write unified diffs of all text files to a descriptor.
 * Return: 0 or -1 after fail().
 */
int changes_diff(const struct changes *c, int out);

#endif
