/*
 * Trying a command: `hull try`. It runs on overlays over the host's own file systems; what it wrote stays in a directory until it is applied or dropped.
 *
 *   manifest.json  what ran, when, over which directories; replaced once the command has ended
 *   lower          what lay under each change when the command had ended (struct try_record), so that a later change of the host's is noticed
 *   marks          what upper/N does not say itself: modes of closed directories (try_closed.c); deleted names and opaque directories, where it is a copy from
 *                  memory (try_memory.c)
 *   upper/N        what was written over directory N of the manifest
 *   work/N         overlayfs's own, only while the command runs
 *
 * Whoever works with the directory holds flock(2) on it.
 */
#ifndef RUN_TRY_H
#define RUN_TRY_H

#include "run/handle.h"
#include "run/try_changes.h"

enum { TRY_VERSION = 1 };

/* A directory of the host's that is overlaid: an absolute path without links. */
struct try_root {
	const char *path;
};

/*
 * @dir: the state directory, locked;  @path: its absolute path
 * @userxattr: overlayfs kept its marks in user.overlay.*
 * @started: CLOCK_REALTIME in nanoseconds: no file that was changed before has a later ctime
 * @status: the command's, once @finished
 * @roots: sorted by path
 */
struct try_state {
	int dir;
	const char *path;
	uid_t uid;
	bool userxattr, finished;
	int64_t started;
	int status;
	const char *const *args;
	struct try_root *roots;
	unsigned int n_roots;
};

/* What lay under a change: see struct inode_facts; @facts.mode 0: nothing. */
struct try_record {
	unsigned int root;
	const char *path;
	struct inode_facts facts;
};

struct try_records {
	struct try_record *v;
	size_t n;
};

/*
 * A state directory opened for review: its changes found and its descriptors open. try_close() gives it back.
 */
struct try_review {
	struct try_state state;
	struct change_root roots[CHANGES_ROOTS_MAX];
	struct changes changes;
	int host;
};

/* ---- try_state.c ---- */

/**
 * try_make - make a state directory and lock it.
 * @keep: its path, which must not exist or be an empty directory of ours; NULL: a new one below the default place.
 */
int try_make(struct hull *h, const char *keep, struct try_state *ret_state);

/**
 * try_find - open and lock the state directory that a person names: a path, or the last part of one below the default place.
 * Return: 0 or -1 after fail().
 */
int try_find(struct hull *h, const char *name, struct try_state *ret_state);

/**
 * try_default_place - the directory that holds state directories.
 */
const char *try_default_place(struct hull *h);

/**
 * try_write_manifest - write manifest.json, replacing it.  try_read_manifest - read it into a state that try_find() opened: @userxattr, @started, @roots.
 * Return: 0, or -1 after fail(): it is damaged, or its command was not finished.
 */
int try_write_manifest(struct hull *h, const struct try_state *state);
int try_read_manifest(struct hull *h, struct try_state *state);

/**
 * try_write_records - note what lies under every change.  try_read_records - read it again, sorted.
 */
int try_write_records(struct hull *h, const struct try_state *state, const struct changes *changes);
int try_read_records(struct hull *h, const struct try_state *state, struct try_records *ret_records);
const struct try_record *try_record_of(const struct try_records *records, unsigned int root, const char *path);

/**
 * try_remove - remove the state directory.
 */
int try_remove(struct hull *h, struct try_state *state);

/* ---- try_copy.c ---- */

/**
 * try_copy_metadata - give an open inode (any descriptor, also O_PATH) owner, attributes, mode and times of another.
 * @from, @to: descriptors.  @facts: of @from.
 * Return: 0 or -errno.
 */
int try_copy_metadata(int from, int to, const struct inode_facts *facts);

/**
 * try_set_time - set the time of modification of an open inode (any descriptor, also O_PATH), in nanoseconds.
 * Return: 0 or -errno.
 */
int try_set_time(int fd, int64_t mtime);

/**
 * try_copy_data - copy a regular file's content, holes as holes.
 */
int try_copy_data(int from, int to, uint64_t size);

/* ---- try_apply.c ---- */

/**
 * try_apply - make all changes on the host.
 * @ret_done: how many were made, also after an error.
 */
int try_apply(struct hull *h, struct try_review *review, const struct hull_review_options *o, size_t *ret_done);

/**
 * try_make_all - make a list of changes in the lower directories of their roots, without checks.
 * @done: is counted up.
 */
int try_make_all(const struct changes *c, const struct hull_review_options *o, size_t *done);

/* ---- try_check.c ---- */

/**
 * try_check - refuse what is dangerous or what the host has changed since, as far as @o does not allow it.
 */
int try_check(struct hull *h, struct try_review *review, const struct hull_review_options *o);

/* ---- try_stage.c ---- */

/*
 * One mount of the caller's namespace, in the order of paths: what lies in it comes after it.
 * @path: where;  @type: its file system
 * @root: index of what overlays it, or -1;  @skip: shown by another mount, or replaced by the sandbox
 */
struct try_mount {
	const char *path, *type;
	bool readonly, directory, skip;
	int root;
};

/*
 * What lies under the command: decided in the caller's namespaces, put up in the child's.
 * @whole: the root is overlaid, with every other file system on it, and entered; off: only pieces are, each where it is
 * @own_userns: the overlays need a user namespace of ours
 * @memory: the state directory's file system cannot hold upper directories: they are in memory until the command has ended
 * @hide: directory that the command shall not see: where the upper directories are
 * @cwd: the caller's
 */
struct try_stage {
	bool whole, own_userns, memory;
	struct try_mount *mounts;
	size_t n_mounts;
	const char *hide, *cwd;
};

/**
 * try_plan_stage - decide which directories are overlaid, and make their upper and work directories.
 * @state: gets its roots.
 */
int try_plan_stage(struct hull *h, const char *cwd, struct try_state *state, struct try_stage *ret_stage);

/* ---- try_pieces.c ---- */

/**
 * try_find_pieces - the directories that an ordinary user may change: his own, each as high up as it goes, none with a mount point in it.
 */
int try_find_pieces(struct hull *h, const struct try_stage *stage, struct try_state *state);

/* ---- try_mount.c ---- */

/**
 * try_enter_stage - in a process of its own: make the namespaces, mount the overlays, make everything else read-only, and hide the state directory.
 * @ret_memory: where upper directories are that must be saved afterwards, NO_FD: nothing is.
 * Return: 0 or -1 after fail().
 */
int try_enter_stage(struct hull *h, const struct try_state *state, const struct try_stage *stage, int *ret_memory);

/* ---- try_memory.c ---- */

/**
 * try_needs_memory - whether the file system of an open directory cannot hold an overlay's upper directories.
 */
bool try_needs_memory(int dir);

/**
 * try_mount_memory - in the namespaces of the stage: put upper and work directories into memory instead.
 * @dir: the state directory.
 * Return: a descriptor of a directory that is like it, or -1 after fail().
 */
int try_mount_memory(struct hull *h, const struct try_state *state, int dir);

/**
 * try_save_memory - copy upper directories from memory to the state directory.
 * @from: of try_mount_memory();  @to: the state directory, opened outside of the stage.
 */
int try_save_memory(struct hull *h, bool userxattr, unsigned int n_roots, int from, int to);

/**
 * try_read_marks - read what try_save_memory() could not leave in the upper trees.
 */
int try_read_marks(struct hull *h, const struct try_state *state, struct changes *changes);

/* ---- try_closed.c ---- */

/**
 * try_open_closed - for an ordinary user, open up the directories of the upper trees that deny him access, and note their modes.
 */
int try_open_closed(struct hull *h, const struct try_state *state);

/* ---- try.c ---- */

/**
 * try_open - open the roots of a state directory and find its changes.
 */
int try_open(struct hull *h, const char *dir, struct try_review *review, const struct hull_review_options *o);
void try_close(struct try_review *review);

/* hull_try() and hull_try_show(), _diff(), _apply(), _drop(): see hull.h */
int try_run(struct hull *h, const struct hull_try_options *o, char **ret_dir, int *ret_status);
int try_show(struct hull *h, const char *dir, const struct hull_review_options *o, char **ret_text, size_t *ret_n, size_t *ret_dangerous);
int try_diff(struct hull *h, const char *dir, const struct hull_review_options *o, int out);
int try_make_changes(struct hull *h, const char *dir, const struct hull_review_options *o, size_t *ret_done);
int try_drop(struct hull *h, const char *dir);

#endif
