/*
 * bwrap: what its options mean.
 *
 * Options whose order counts are entries of a log; each has a row in operations[], which says what function takes it, what for, and which of the options
 * that change the next one (--perms, --size, --overlay-src) may stand before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/bwrap.h"

/*
 * A command line under way.
 * @set, @try: namespaces
 * @perms, @size, @layers: what the next option is changed by;  @perms_set: there is one, @size 0: none
 * @caps: names in the order of first use, with @given: whether each is given
 * @base: what was said of all capabilities: "ALL" for given, "" for taken, NULL: nothing (root keeps his, anybody else begins with none)
 */
struct bwrap {
	struct sandbox_build *b;
	unsigned int set, try;
	bool perms_set;
	uint32_t perms;
	uint64_t size;
	const char **layers;
	size_t n_layers;
	const char **caps;
	bool *given;
	size_t n_caps;
	const char *base;
};

enum {
	TAKES_PERMS = 1,
	TAKES_SIZE = 2,
	TAKES_LAYERS = 4,
	IS_MODIFIER = 8, /* says something about the next option, and so takes nothing away from it */
	IS_OPTIONAL = 16, /* no error when the source does not exist */
};

/*
 * @kind: of a step;  @mode: permissions when --perms says nothing, 0: none
 * @set, @try, @clear: namespaces
 */
struct operation {
	int (*add)(struct bwrap *w, const struct operation *op, const struct option_entry *entry);
	enum hull_step_kind kind;
	unsigned int flags;
	unsigned int mode;
	unsigned int set, try, clear;
};

static int add_namespaces(struct bwrap *w, const struct operation *op, const struct option_entry *entry)
{
	(void)entry; /* has no values */
	w->set = (w->set | op->set) & ~op->clear;
	w->try |= op->try;
	return 0;
}

static int add_env(struct bwrap *w, const struct operation *op, const struct option_entry *entry)
{
	(void)op; /* there is nothing more to know */
	if (entry->row->tag == OP_SETENV)
		return sandbox_set_env(w->b, "--setenv", entry->values[0], entry->values[1]);
	if (entry->row->tag == OP_UNSETENV)
		return sandbox_set_env(w->b, "--unsetenv", entry->values[0], NULL);
	sandbox_clear_env(w->b);
	return 0;
}

/* ALL answers for every capability; what was said of single ones before is void. */
static int add_capability(struct bwrap *w, const struct operation *op, const struct option_entry *entry)
{
	const char *name = entry->values[0];
	bool give = entry->row->tag == OP_CAP_ADD;
	size_t i = 0;

	(void)op; /* there is nothing more to know */
	if (strcasecmp(name, "ALL") == 0) {
		w->base = give ? "ALL" : "";
		w->n_caps = 0;
		return 0;
	}
	if (strncasecmp(name, "CAP_", 4) != 0) /* as cap_from_name(3) has it */
		return fail(w->b->error, 0, "option '--%s': unknown capability '%s'", entry->row->name, name);
	while (i < w->n_caps && strcasecmp(w->caps[i], name) != 0)
		i++;
	w->caps[i] = name;
	w->given[i] = give;
	w->n_caps += i == w->n_caps;
	return 0;
}

static int parse_mode(struct bwrap *w, const char *option, const char *text, uint32_t *ret_mode)
{
	enum { MODE_MAX = 07777 };

	if (text_to_octal(text, ret_mode) < 0 || *ret_mode > MODE_MAX)
		return fail(w->b->error, 0, "option '%s': expected octal permissions of at most 07777, got '%s'", option, text);
	return 0;
}

/* A source is relative to where we are, and not tidied up: the kernel follows it as it is. */
static const char *source_of(struct bwrap *w, const char *path)
{
	char cwd[PATH_MAX], *joined;
	size_t room;

	if (path[0] == '/')
		return path;
	if (!getcwd(cwd, sizeof(cwd))) {
		(void)fail(w->b->error, errno, "cannot tell what '%s' is relative to", path); /* NULL says it */
		return NULL;
	}
	room = strlen(cwd) + 1 + strlen(path) + 1;
	joined = sandbox_keep(w->b, room);
	if (joined)
		(void)snprintf(joined, room, "%s/%s", cwd, path); /* it fits */
	return joined;
}

/* A place in the sandbox is below its root, however it is written. Return: NULL: out of memory. */
static const char *below_root(struct bwrap *w, const char *path)
{
	size_t length = strlen(path);
	char *below;

	if (path[0] == '/')
		return path;
	below = sandbox_keep(w->b, length + 2);
	if (below) {
		below[0] = '/';
		memcpy(below + 1, path, length);
	}
	return below;
}

static struct hull_step *add_step(struct bwrap *w, const struct operation *op, const char *source, const char *target)
{
	const char *place = below_root(w, target);

	return place ? sandbox_step(w->b, op->kind, source, place) : NULL;
}

static int add_modifier(struct bwrap *w, const struct operation *op, const struct option_entry *entry)
{
	(void)op; /* there is nothing more to know */
	if (entry->row->tag == OP_OVERLAY_SRC) {
		w->layers[w->n_layers] = source_of(w, entry->values[0]);
		return w->layers[w->n_layers++] ? 0 : -1;
	}
	if (entry->row->tag == OP_PERMS) {
		if (w->perms_set)
			return fail(w->b->error, 0, "option '--perms' is given twice for the same option");
		w->perms_set = true;
		return parse_mode(w, "--perms", entry->values[0], &w->perms);
	}
	if (w->size)
		return fail(w->b->error, 0, "option '--size' is given twice for the same option");
	if (text_to_u64(entry->values[0], &w->size) < 0 || w->size == 0 || w->size > INT64_MAX)
		return fail(w->b->error, 0, "option '--size': expected a number of bytes from 1 to 2^63 - 1, got '%s'", entry->values[0]);
	return 0;
}

static void set_mode(struct hull_step *step, const struct bwrap *w, const struct operation *op)
{
	step->mode = w->perms_set ? w->perms : op->mode;
	step->mode_set = w->perms_set || op->mode;
}

/* SRC DEST, or DEST alone */
static int add_place(struct bwrap *w, const struct operation *op, const struct option_entry *entry)
{
	bool two = entry->row->n_values == 2;
	const char *source = two ? entry->values[0] : NULL;
	struct hull_step *step;

	if (two && op->kind != HULL_STEP_SYMLINK)
		source = source_of(w, source);
	step = two && !source ? NULL : add_step(w, op, source, entry->values[two]);
	if (!step)
		return -1;
	step->optional = op->flags & IS_OPTIONAL;
	step->bytes = w->size;
	set_mode(step, w, op);
	return 0;
}

/* FD DEST */
static int add_descriptor(struct bwrap *w, const struct operation *op, const struct option_entry *entry)
{
	struct hull_step *step = add_step(w, op, NULL, entry->values[1]);
	char option[32];

	if (!step)
		return -1;
	set_mode(step, w, op);
	(void)snprintf(option, sizeof(option), "--%s", entry->row->name); /* names are short */
	return sandbox_descriptor(w->b, option, entry->values[0], &step->fd);
}

static int add_chmod(struct bwrap *w, const struct operation *op, const struct option_entry *entry)
{
	struct hull_step *step = add_step(w, op, NULL, entry->values[1]);

	if (!step)
		return -1;
	step->mode_set = true;
	return parse_mode(w, "--chmod", entry->values[0], &step->mode);
}

/* UPPER WORK DEST, or DEST alone; the layers that were gathered are its own now. */
static int add_overlay(struct bwrap *w, const struct operation *op, const struct option_entry *entry)
{
	const size_t wanted = entry->row->tag == OP_RO_OVERLAY ? 2 : 1;
	bool three = entry->row->n_values == 3;
	struct hull_step *step;

	if (w->n_layers < wanted)
		return fail(w->b->error, 0, "option '--%s' needs %s before it", entry->row->name,
			    wanted == 2 ? "at least two '--overlay-src'" : "at least one '--overlay-src'");
	step = add_step(w, op, NULL, entry->values[three ? 2 : 0]);
	if (!step)
		return -1;
	step->layers = w->layers;
	w->layers += w->n_layers + 1; /* its NULL stays */
	if (!three)
		return 0;
	step->source = source_of(w, entry->values[0]);
	step->work = source_of(w, entry->values[1]);
	return step->source && step->work ? 0 : -1;
}

/* bubblewrap's permissions where --perms says nothing */
enum { MODE_OF_DIRECTORY = 0755, MODE_OF_FILE = 0666, MODE_OF_DATA = 0600 };

/* what "--unshare-all" makes in any case */
#define UNSHARE_ALL (HULL_NS_IPC | HULL_NS_PID | HULL_NS_NET | HULL_NS_UTS)

static const struct operation operations[] = {
	[OP_UNSHARE_ALL] = { add_namespaces, .set = UNSHARE_ALL, .try = HULL_NS_USER | HULL_NS_CGROUP },
	[OP_UNSHARE_USER] = { add_namespaces, .set = HULL_NS_USER },
	[OP_UNSHARE_USER_TRY] = { add_namespaces, .try = HULL_NS_USER },
	[OP_UNSHARE_IPC] = { add_namespaces, .set = HULL_NS_IPC },
	[OP_UNSHARE_PID] = { add_namespaces, .set = HULL_NS_PID },
	[OP_UNSHARE_NET] = { add_namespaces, .set = HULL_NS_NET },
	[OP_UNSHARE_UTS] = { add_namespaces, .set = HULL_NS_UTS },
	[OP_UNSHARE_CGROUP] = { add_namespaces, .set = HULL_NS_CGROUP },
	[OP_UNSHARE_CGROUP_TRY] = { add_namespaces, .try = HULL_NS_CGROUP },
	[OP_SHARE_NET] = { add_namespaces, .clear = HULL_NS_NET },
	[OP_SETENV] = { add_env },
	[OP_UNSETENV] = { add_env },
	[OP_CLEARENV] = { add_env },
	[OP_CAP_ADD] = { add_capability },
	[OP_CAP_DROP] = { add_capability },
	[OP_BIND] = { add_place, HULL_STEP_BIND },
	[OP_BIND_TRY] = { add_place, HULL_STEP_BIND, IS_OPTIONAL },
	[OP_DEV_BIND] = { add_place, HULL_STEP_DEV_BIND },
	[OP_DEV_BIND_TRY] = { add_place, HULL_STEP_DEV_BIND, IS_OPTIONAL },
	[OP_RO_BIND] = { add_place, HULL_STEP_RO_BIND },
	[OP_RO_BIND_TRY] = { add_place, HULL_STEP_RO_BIND, IS_OPTIONAL },
	[OP_BIND_FD] = { add_descriptor, HULL_STEP_BIND },
	[OP_RO_BIND_FD] = { add_descriptor, HULL_STEP_RO_BIND },
	[OP_REMOUNT_RO] = { add_place, HULL_STEP_REMOUNT_RO },
	[OP_PROC] = { add_place, HULL_STEP_PROC },
	[OP_DEV] = { add_place, HULL_STEP_DEV },
	[OP_TMPFS] = { add_place, HULL_STEP_TMPFS, TAKES_PERMS | TAKES_SIZE, MODE_OF_DIRECTORY },
	[OP_MQUEUE] = { add_place, HULL_STEP_MQUEUE },
	[OP_DIR] = { add_place, HULL_STEP_DIR, TAKES_PERMS, MODE_OF_DIRECTORY },
	[OP_FILE] = { add_descriptor, HULL_STEP_FILE, TAKES_PERMS, MODE_OF_FILE },
	[OP_BIND_DATA] = { add_descriptor, HULL_STEP_BIND_DATA, TAKES_PERMS, MODE_OF_DATA },
	[OP_RO_BIND_DATA] = { add_descriptor, HULL_STEP_RO_BIND_DATA, TAKES_PERMS, MODE_OF_DATA },
	[OP_SYMLINK] = { add_place, HULL_STEP_SYMLINK },
	[OP_CHMOD] = { add_chmod, HULL_STEP_CHMOD },
	[OP_OVERLAY_SRC] = { add_modifier, .flags = IS_MODIFIER | TAKES_LAYERS },
	[OP_OVERLAY] = { add_overlay, HULL_STEP_OVERLAY, TAKES_LAYERS },
	[OP_TMP_OVERLAY] = { add_overlay, HULL_STEP_TMP_OVERLAY, TAKES_LAYERS },
	[OP_RO_OVERLAY] = { add_overlay, HULL_STEP_RO_OVERLAY, TAKES_LAYERS },
	[OP_PERMS] = { add_modifier, .flags = IS_MODIFIER },
	[OP_SIZE] = { add_modifier, .flags = IS_MODIFIER },
};
_Static_assert(ARRAY_SIZE(operations) == OP_MAX, "a row for each operation");

/* Whether what was said of "the next option" can be said of this one. */
static int check_modifiers(const struct bwrap *w, const struct operation *op)
{
	if (w->n_layers && !(op->flags & TAKES_LAYERS))
		return fail(w->b->error, 0, "option '--overlay-src' is followed by another, or by '--overlay', '--tmp-overlay' or '--ro-overlay'");
	if (op->flags & IS_MODIFIER)
		return 0;
	if (w->perms_set && !(op->flags & TAKES_PERMS))
		return fail(w->b->error, 0, "option '--perms' is followed by an option that makes a file or directory");
	if (w->size && !(op->flags & TAKES_SIZE))
		return fail(w->b->error, 0, "option '--size' is followed by '--tmpfs'");
	return 0;
}

static int add_operations(struct bwrap *w)
{
	for (size_t i = 0; i < w->b->log->n; i++) {
		const struct option_entry *entry = &w->b->log->entries[i];
		const struct operation *op = &operations[entry->row->tag];

		if (check_modifiers(w, op) < 0 || op->add(w, op, entry) < 0)
			return -1;
		if (op->flags & IS_MODIFIER)
			continue;
		w->perms_set = false;
		w->size = 0;
		w->n_layers = 0;
	}
	if (w->n_layers)
		return fail(w->b->error, 0, "option '--overlay-src' is followed by another, or by '--overlay', '--tmp-overlay' or '--ro-overlay'");
	return 0;
}

/* The library looks at ALL first and at single ones then, so what is left of the order is their last word. */
static int set_capabilities(struct bwrap *w)
{
	const char **add = sandbox_list(w->b, w->n_caps + 1), **drop = sandbox_list(w->b, w->n_caps + 1);
	size_t n_add = 0, n_drop = 0;

	if (!add || !drop)
		return -1;
	if (w->base && *w->base)
		add[n_add++] = "ALL";
	else if (w->base)
		drop[n_drop++] = "ALL";
	for (size_t i = 0; i < w->n_caps; i++) {
		if (w->given[i])
			add[n_add++] = w->caps[i];
		else
			drop[n_drop++] = w->caps[i];
	}
	w->b->o.cap_add = n_add ? add : NULL;
	w->b->o.cap_drop = n_drop ? drop : NULL;
	return 0;
}

static int set_id(struct bwrap *w, const char *option, const char *text, int64_t *ret_id)
{
	uint32_t id;

	if (!text)
		return 0;
	if (text_to_u32(text, &id) < 0 || id == UINT32_MAX)
		return fail(w->b->error, 0, "option '%s': expected a number, got '%s'", option, text);
	*ret_id = id;
	return 0;
}

static int set_descriptors(struct bwrap *w, const struct bwrap_flags *f)
{
	struct hull_sandbox_options *o = &w->b->o;
	const struct {
		const char *option, *text;
		int *fd;
	} descriptors[] = {
		{ "--userns", f->userns, &o->userns_fd },
		{ "--userns2", f->userns2, &o->userns2_fd },
		{ "--pidns", f->pidns, &o->pidns_fd },
		{ "--sync-fd", f->sync_fd, &o->sync_fd },
		{ "--block-fd", f->block_fd, &o->block_fd },
		{ "--userns-block-fd", f->userns_block_fd, &o->userns_block_fd },
		{ "--info-fd", f->info_fd, &o->info_fd },
		{ "--json-status-fd", f->json_status_fd, &o->json_status_fd },
	};

	for (size_t i = 0; i < ARRAY_SIZE(descriptors); i++)
		if (descriptors[i].text && sandbox_descriptor(w->b, descriptors[i].option, descriptors[i].text, descriptors[i].fd) < 0)
			return -1;
	return 0;
}

/* --netns: the namespace is opened once more by its descriptor, which the command need not have */
static int set_netns(struct bwrap *w, const struct bwrap_flags *f)
{
	char path[32];
	int fd;

	if (!f->netns)
		return 0;
	if (sandbox_descriptor(w->b, "--netns", f->netns, &fd) < 0)
		return -1;
	if (w->set & HULL_NS_NET)
		return fail(w->b->error, 0, "options '--netns' and '--unshare-net' exclude each other: see '--share-net'");
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* fits */
	w->b->o.net = sandbox_copy(w->b, path, strlen(path));
	return w->b->o.net ? fcntl(fd, F_SETFD, FD_CLOEXEC) : -1;
}

static int set_filters(struct bwrap *w, const struct bwrap_flags *f)
{
	size_t n = 0;
	int *fds;

	if (f->seccomp && f->add_seccomp_fd)
		return fail(w->b->error, 0, "options '--seccomp' and '--add-seccomp-fd' exclude each other");
	while (f->add_seccomp_fd && f->add_seccomp_fd[n])
		n++;
	fds = sandbox_keep(w->b, (n + 2) * sizeof(*fds));
	if (!fds)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (sandbox_descriptor(w->b, "--add-seccomp-fd", f->add_seccomp_fd[i], &fds[i]) < 0)
			return -1;
	if (f->seccomp && sandbox_descriptor(w->b, "--seccomp", f->seccomp, &fds[n++]) < 0)
		return -1;
	fds[n] = -1;
	w->b->o.seccomp_fds = fds;
	return 0;
}

/* What goes together and what does not, in bubblewrap's order; an ordinary user gets a user namespace also unasked. */
static int check_together(struct bwrap *w, const struct bwrap_flags *f)
{
	struct error *e = w->b->error;

	if (f->userns_block_fd && !(w->set & HULL_NS_USER))
		return fail(e, 0, "option '--userns-block-fd' needs '--unshare-user'");
	if (f->userns_block_fd && !f->info_fd)
		return fail(e, 0, "option '--userns-block-fd' needs '--info-fd'");
	if (f->userns && ((w->set | w->try) & HULL_NS_USER))
		return fail(e, 0, "options '--userns' and '--unshare-user' exclude each other");
	if (f->disable_userns && !(w->set & HULL_NS_USER))
		return fail(e, 0, "option '--disable-userns' needs '--unshare-user'");
	if (f->disable_userns && f->userns_block_fd)
		return fail(e, 0, "options '--disable-userns' and '--userns-block-fd' exclude each other");
	if (getuid() != 0 && !f->userns)
		w->set |= HULL_NS_USER;
	if ((f->uid || f->gid) && !((w->set | w->try) & HULL_NS_USER) && !f->userns)
		return fail(e, 0, "option '%s' needs '--unshare-user' or '--userns'", f->uid ? "--uid" : "--gid");
	if (f->hostname && !(w->set & HULL_NS_UTS))
		return fail(e, 0, "option '--hostname' needs '--unshare-uts'");
	if (f->as_pid_1 && !(w->set & HULL_NS_PID))
		return fail(e, 0, "option '--as-pid-1' needs '--unshare-pid'");
	if (f->as_pid_1 && f->lock_files)
		return fail(e, 0, "options '--as-pid-1' and '--lock-file' exclude each other");
	return 0;
}

/* What says the same in both languages. */
static void set_rest(struct bwrap *w, const struct bwrap_flags *f)
{
	struct hull_sandbox_options *o = &w->b->o;

	o->bare = o->nest = o->no_landlock = o->keep_fds = true;
	o->syscalls = "none";
	o->tty = 0;
	o->namespaces = w->set;
	o->try_namespaces = w->try & ~w->set;
	o->init = !f->as_pid_1 && (w->set & HULL_NS_PID);
	o->argv0 = f->argv0;
	o->hostname = f->hostname;
	o->disable_userns = f->disable_userns;
	o->assert_userns_disabled = f->assert_userns_disabled;
	o->new_session = f->new_session;
	o->die_with_parent = f->die_with_parent;
	o->survive = !f->die_with_parent;
	o->lock_files = f->lock_files;
	o->exec_label = f->exec_label;
	o->file_label = f->file_label;
}

int bwrap_build(struct sandbox_build *b, struct bwrap_flags *f, struct error *e)
{
	struct bwrap state = { .b = b }, *w = &state;

	if (sandbox_begin(b, NULL, &f->log, e) < 0)
		return -1;
	w->layers = sandbox_list(w->b, 2 * f->log.n);
	w->caps = sandbox_list(w->b, f->log.n);
	w->given = sandbox_keep(w->b, f->log.n + 1);
	if (!w->layers || !w->caps || !w->given)
		return -1;
	if (add_operations(w) < 0 || set_descriptors(w, f) < 0 || set_filters(w, f) < 0 || set_netns(w, f) < 0 || check_together(w, f) < 0 || set_capabilities(w) < 0 ||
	    set_id(w, "--uid", f->uid, &b->o.as_uid) < 0 || set_id(w, "--gid", f->gid, &b->o.as_gid) < 0)
		return -1;
	set_rest(w, f);
	b->o.cwd = f->chdir && f->chdir[0] ? below_root(w, f->chdir) : f->chdir; /* an empty one is refused */
	return f->chdir && !b->o.cwd ? -1 : 0;
}
