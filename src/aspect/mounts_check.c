/* mounts[] of config.json, compiled into operations and told in words. Pure: nothing here touches the system. See mounts.h. */
#include <limits.h>
#include <string.h>
#include <sys/mount.h>

#include "aspect/idmapmount.h"
#include "aspect/mountfd.h"
#include "aspect/mounts.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"

/* Files of a procfs that a container engine may cover (lxcfs does), as runc allows them; everything else below /proc belongs to the kernel. */
static const char *const proc_files[] = {
	"/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg", "/proc/meminfo", "/proc/net/dev", "/proc/slabinfo", "/proc/stat", "/proc/swaps",
	"/proc/sys/crypto/fips_enabled", "/proc/sys/kernel/ns_last_pid", "/proc/uptime",
};

/* Filesystem types with a kind of their own; everything else is MOUNT_FILESYSTEM. */
static const struct {
	const char *type;
	enum mount_kind kind;
} kinds[] = {
	{ "bind", MOUNT_BIND },   { "rbind", MOUNT_BIND },   { "proc", MOUNT_PROC },     { "sysfs", MOUNT_SYSFS },
	{ "mqueue", MOUNT_MQUEUE }, { "devpts", MOUNT_DEVPTS }, { "tmpfs", MOUNT_TMPFS }, { "cgroup", MOUNT_CGROUP },
	{ "overlay", MOUNT_OVERLAY },
	{ "hull.dir", MOUNT_DIR },  { "hull.file", MOUNT_FILE },  { "hull.data", MOUNT_DATA },  { "hull.symlink", MOUNT_SYMLINK },
	{ "hull.chmod", MOUNT_CHMOD }, { "hull.hide", MOUNT_HIDE },
};

/* What a hull.… type takes besides a target. */
static const struct {
	enum { SOURCE_NONE, SOURCE_FD, SOURCE_TEXT } source;
	bool takes_mode;
	mode_t mode; /* when nothing else is said */
} made[MOUNT_KIND_MAX] = {
	[MOUNT_DIR] = { SOURCE_NONE, true, 0755 },
	[MOUNT_FILE] = { SOURCE_FD, true, 0666 },
	[MOUNT_DATA] = { SOURCE_FD, true, 0600 },
	[MOUNT_SYMLINK] = { SOURCE_TEXT, false, 0 },
	[MOUNT_CHMOD] = { SOURCE_NONE, true, 0755 },
	[MOUNT_HIDE] = { SOURCE_NONE, false, 0 },
};

/* The target without doubled slashes, "." and trailing slashes; ".." stays: only the kernel knows what it means. */
static const char *clean_target(struct arena *arena, const char *destination)
{
	size_t size = strlen(destination) + 2, length, used = 0;
	char *target = arena_alloc(arena, size);

	while (*destination) {
		destination += strspn(destination, "/");
		length = strcspn(destination, "/");
		if (length > 0 && !(length == 1 && destination[0] == '.')) {
			target[used++] = '/';
			memcpy(target + used, destination, length);
			used += length;
		}
		destination += length;
	}
	if (used == 0)
		target[used++] = '/';
	target[used] = '\0';
	return target;
}

static int choose_kind(struct plan *p, const struct mount *m, struct mount_op *op)
{
	const struct mount_flags *f = &m->flags;
	bool typed = m->type && m->type[0] && !text_equal(m->type, "none");
	size_t i;

	op->kind = MOUNT_FILESYSTEM;
	if (f->remount) {
		op->kind = MOUNT_REMOUNT;
	} else if (f->bind) {
		op->kind = MOUNT_BIND;
	} else if (!typed) {
		if (f->propagation.n == 0)
			return fail(p->error, 0, "%s.type: missing", op->place);
		op->kind = MOUNT_PROPAGATION;
	} else {
		for (i = 0; i < ARRAY_SIZE(kinds); i++)
			if (text_equal(m->type, kinds[i].type))
				op->kind = kinds[i].kind;
	}
	op->type = typed ? m->type : "none";
	return 0;
}

/* Options for the filesystem: one by one for fsconfig(2), and together for mount(2). */
static void compile_data(struct plan *p, struct mount_op *op)
{
	const struct string_list *data = &op->flags->data;
	size_t i, size = 1;
	uint32_t mode;

	op->params = arena_many(p->arena, struct mount_param, data->n);
	for (i = 0; i < data->n; i++) {
		struct mount_param *param = &op->params[op->n_params++];
		char *copy = arena_strdup(p->arena, data->v[i]), *equal = strchr(copy, '=');

		size += strlen(copy) + 1;
		param->key = copy;
		if (equal) {
			*equal = '\0';
			param->value = equal + 1;
		}
		if (text_equal(param->key, "mode")) {
			op->mode_given = true;
			if (!param->value || text_to_octal(param->value, &mode) < 0)
				mode = 0755; /* the filesystem will say what is wrong with it */
			op->mode = mode;
		}
		op->old_way |= strlen(param->key) >= MOUNTFD_VALUE_MAX;
		/* filesystems that only know mount(2)'s one string refuse commas in fsconfig(2): kernel, legacy_parse_param() */
		op->old_way |= param->value && (strlen(param->value) >= MOUNTFD_VALUE_MAX || strchr(param->value, ','));
	}
	struct text t = text_on(arena_alloc(p->arena, size), size);

	for (i = 0; i < data->n; i++) {
		text_add(&t, i > 0 ? "," : "");
		text_add(&t, data->v[i]);
	}
	op->data = t.data;
	op->old_way |= (op->flags->sb_set & MS_I_VERSION) != 0 || (op->source && strlen(op->source) >= MOUNTFD_VALUE_MAX);
}

/* Whether a sandbox's caller named a place in a procfs, as one of the @n mounts before shows it. Where a link in a hostile tree leads is another thing. */
static bool names_proc(const struct mount_op *before, size_t n, const char *target)
{
	if (path_below(target, "/proc"))
		return true;
	for (size_t i = 0; i < n; i++) {
		const struct mount_op *op = &before[i];
		const char *inside = path_below(target, op->target);

		if (!inside || (op->kind != MOUNT_PROC && op->kind != MOUNT_BIND))
			continue;
		if (op->kind == MOUNT_PROC || path_below(op->source, "/proc") || (text_equal(op->source, "/") && path_below(inside, "/proc")))
			return true;
	}
	return false;
}

/* Below /proc only the known files, and only procfs itself on /proc: anything else would let a container see a forged one. */
static int check_proc(struct plan *p, struct mount_op *op, size_t n_before)
{
	size_t i;

	op->on_proc = text_equal(op->target, "/proc");
	if (p->request->sandbox || op->kind == MOUNT_HIDE) { /* who covers a part of his own sandbox's /proc wants it so; and so do masks */
		op->in_proc = op->kind == MOUNT_HIDE || names_proc(op - n_before, n_before, op->target);
		return 0;
	}
	if (op->on_proc && op->kind != MOUNT_PROC && op->kind != MOUNT_BIND && (op->kind < MOUNT_REMOUNT || op->kind == MOUNT_DATA))
		return fail(p->error, 0, "%s.type: only proc may be mounted on /proc, not %s", op->place, op->type);
	if (!text_after(op->target, "/proc/"))
		return 0;
	for (i = 0; i < ARRAY_SIZE(proc_files); i++)
		op->in_proc |= text_equal(op->target, proc_files[i]);
	if (!op->in_proc)
		return fail(p->error, 0, "%s.destination: '%s' lies inside /proc", op->place, op->target);
	return 0;
}

/* "fd:3". Return: 1, 0: it is something else, or -1. */
static int compile_fd(struct plan *p, const char *source, struct mount_op *op)
{
	const char *number = source ? text_after(source, "fd:") : NULL;
	uint32_t value;

	if (!number || number[strspn(number, "0123456789")] != '\0')
		return 0;
	if (text_to_u32(number, &value) < 0 || value > INT_MAX)
		return fail(p->error, 0, "%s.source: '%s' is not a descriptor's number", op->place, source);
	op->source_fd = (int)value;
	return 1;
}

/* The types "hull.…". */
static int compile_made(struct plan *p, struct mount_op *op)
{
	uint32_t mode;
	size_t i;
	int r;

	if (!op->mode_given)
		op->mode = made[op->kind].mode;
	for (i = 0; i < op->n_params; i++) {
		const struct mount_param *param = &op->params[i];

		if (!text_equal(param->key, "mode") || !made[op->kind].takes_mode)
			return fail(p->error, 0, "%s.options: '%s' is no option of %s", op->place, param->key, op->type);
		if (!param->value || text_to_octal(param->value, &mode) < 0 || mode > 07777)
			return fail(p->error, 0, "%s.options: mode: '%s' is not an octal file mode", op->place, param->value ? param->value : "");
		op->mode = mode;
	}
	if (op->kind == MOUNT_CHMOD && !op->mode_given)
		return fail(p->error, 0, "%s.options: mode: missing", op->place);
	if (made[op->kind].source == SOURCE_TEXT && (!op->source || !op->source[0]))
		return fail(p->error, 0, "%s.source: missing", op->place);
	if (made[op->kind].source != SOURCE_FD)
		return 0;
	r = compile_fd(p, op->source, op);
	return r == 0 ? fail(p->error, 0, "%s.source: expected a descriptor (\"fd:3\"), got '%s'", op->place, op->source ? op->source : "") : r < 0 ? -1 : 0;
}

/* With mount(2) "ro" would make the filesystem itself read-only, which may be shown elsewhere, too. sysctl.c wants the procfs. */
static bool is_quick(const struct plan *p, const struct mount_op *op)
{
	const struct mount_flags *f = op->flags;
	bool kind = op->kind == MOUNT_DEVPTS || op->kind == MOUNT_MQUEUE || (op->kind == MOUNT_PROC && p->spec->linux.sysctl.n == 0) ||
		    (op->kind == MOUNT_TMPFS && op->mode_given && !f->tmpcopyup);

	return kind && !p->request->sandbox && !op->old_way && !f->readonly && f->propagation.n == 0 && (f->rec_set | f->rec_clear) == 0 &&
	       strlen(op->data) < MOUNTFD_VALUE_MAX; /* mount(2) would cut what is longer than a page, and keep silent */
}

static int compile_mount(struct plan *p, const struct mount *m, size_t i, struct mount_op *op)
{
	char number[TEXT_NUMBER_MAX];
	int r;

	/* who wrote options and no document knows a step by where it leads */
	op->place = p->request->sandbox && m->destination ? arena_join(p->arena, "step on '", m->destination, "'", NULL) :
							    arena_join(p->arena, "mounts[", text_from_u64(number, i), "]", NULL);
	op->flags = &m->flags;
	op->tree = op->source_fd = op->mimic = NO_FD;
	if (!m->destination || !m->destination[0])
		return fail(p->error, 0, "%s.destination: missing", op->place);
	if (choose_kind(p, m, op) < 0)
		return -1;
	op->target = clean_target(p->arena, m->destination);
	op->source = m->source;
	if (op->kind == MOUNT_BIND) {
		if (!m->source || !m->source[0])
			return fail(p->error, 0, "%s.source: missing", op->place);
		r = compile_fd(p, m->source, op);
		if (r < 0)
			return -1;
		if (r == 0 && m->source[0] != '/')
			op->source = arena_printf(p->arena, "%s/%s", p->request->bundle, m->source);
	} else if (m->uid_mappings.n > 0 || m->gid_mappings.n > 0 || m->flags.idmap) {
		return fail(p->error, 0, "%s: id mappings are for bind mounts", op->place);
	}
	if (m->flags.tmpcopyup && op->kind != MOUNT_TMPFS)
		return fail(p->error, 0, "%s.options: tmpcopyup is for tmpfs, not for %s", op->place, op->type);
	if (m->flags.devices && op->kind != MOUNT_TMPFS)
		return fail(p->error, 0, "%s.options: hull.dev is for tmpfs, not for %s", op->place, op->type);
	if (strlen(op->target) >= PATH_MAX || (op->source && strlen(op->source) >= PATH_MAX))
		return fail(p->error, 0, "%s: path too long", op->place);
	if (check_proc(p, op, i) < 0)
		return -1;
	compile_data(p, op);
	if (op->kind >= MOUNT_DIR && compile_made(p, op) < 0)
		return -1;
	if (op->kind == MOUNT_OVERLAY && mounts_compile_overlay(p, op) < 0)
		return -1;
	op->failure = arena_join(p->arena, op->place, ": cannot mount '", op->kind == MOUNT_BIND ? op->source : op->type, "' on '", op->target, "'", NULL);
	op->late_readonly = op->kind != MOUNT_BIND && op->kind < MOUNT_REMOUNT && text_equal(op->target, "/dev") && m->flags.readonly;
	op->quick = is_quick(p, op);
	return idmap_compile(p, m, op->place, &op->id_map);
}

bool mounts_hand_on(const struct spec *spec, unsigned long types)
{
	for (size_t i = 0; i < spec->mounts.n; i++)
		for (size_t k = 0; k < spec->mounts.v[i].flags.propagation.n; k++)
			if ((spec->mounts.v[i].flags.propagation.v[k].type & types) != 0)
				return true;
	return false;
}

/* Whether others may have a new tmpfs before their eyes at once, and put their own things into it: mounts are handed on, or the namespace is not ours alone. */
static bool is_watched(const struct plan *p)
{
	return (p->spec->linux.rootfs_propagation & MS_SHARED) != 0 || !(p->new_namespaces & CLONE_NEWNS) || mounts_hand_on(p->spec, MS_SHARED);
}

/* Quick mounts that follow a new tmpfs and lie in it: what they are mounted on is made there, and need not be looked for below the container's root. */
static void find_names(struct mount_ops *ops)
{
	struct mount_op *tmpfs = NULL;
	size_t i;

	for (i = 0; i < ops->n; i++) {
		struct mount_op *op = &ops->v[i];
		const char *rest = tmpfs && op->quick ? path_below(op->target, tmpfs->target) : NULL;

		if (rest && rest[0] == '/' && !strchr(rest + 1, '/') && !text_equal(rest, "/..")) {
			op->name = rest + 1;
			tmpfs->keep = true;
			tmpfs->quick = false; /* its descriptor is wanted */
		} else {
			tmpfs = op->quick && op->kind == MOUNT_TMPFS && op->target[1] != '\0' ? op : NULL;
		}
	}
}

/* A /dev of our own that is complete when what find_names() found in it is mounted: its devices are made there and then. */
static void find_dev(struct mount_ops *ops)
{
	struct mount_op *dev = NULL;

	for (size_t i = 0; i < ops->n; i++) {
		struct mount_op *op = &ops->v[i];
		const char *rest = path_below(op->target, "/dev");

		if (rest && !dev && op->keep && rest[0] == '\0')
			dev = op;
		else if (rest && !op->name)
			return;
	}
	if (dev)
		dev->fills = true;
}

int mounts_compile(struct plan *p, const struct mount_list *mounts, struct mount_ops *ret_ops)
{
	struct mount_ops ops = {
		.v = arena_many(p->arena, struct mount_op, mounts->n),
		.n = mounts->n,
		.null.base = NO_FD,
		.empty.base = NO_FD,
		.inside = NO_FD,
		.back = NO_FD,
		.data = NO_FD,
	};
	size_t i;

	for (i = 0; i < mounts->n; i++)
		if (compile_mount(p, &mounts->v[i], i, &ops.v[i]) < 0)
			return -1;
	for (i = 0; i < ops.n; i++)
		ops.any_quick |= ops.v[i].quick;
	if (!is_watched(p)) {
		find_names(&ops);
		if (!p->has_userns)
			find_dev(&ops);
	}
	*ret_ops = ops;
	return 0;
}

/* ---- in words ---- */

static const struct {
	uint64_t bit;
	const char *on, *off;
} attributes[] = {
	{ MOUNT_ATTR_RDONLY, "ro", "rw" },
	{ MOUNT_ATTR_NOSUID, "nosuid", "suid" },
	{ MOUNT_ATTR_NODEV, "nodev", "dev" },
	{ MOUNT_ATTR_NOEXEC, "noexec", "exec" },
	{ MOUNT_ATTR_NODIRATIME, "nodiratime", "diratime" },
	{ MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow", "symfollow" },
	{ MOUNT_ATTR_NOATIME, "noatime", NULL },
	{ MOUNT_ATTR_STRICTATIME, "strictatime", NULL },
};

static const struct {
	unsigned long bit;
	const char *name;
} superblock[] = {
	{ MS_SYNCHRONOUS, "sync" }, { MS_DIRSYNC, "dirsync" }, { MS_MANDLOCK, "mand" }, { MS_I_VERSION, "iversion" }, { 1ul << 25, "lazytime" },
	{ MS_SILENT, "silent" },
};

static void add_word(struct text *t, const char *prefix, const char *word)
{
	text_add(t, t->length > 0 ? ", " : " (");
	text_add(t, prefix);
	text_add(t, word);
}

static void add_attributes(struct text *t, const char *prefix, uint64_t set, uint64_t clear)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attributes); i++) {
		if ((set & attributes[i].bit) != 0)
			add_word(t, prefix, attributes[i].on);
		else if ((clear & attributes[i].bit) != 0 && attributes[i].off)
			add_word(t, prefix, attributes[i].off);
	}
}

static void add_propagation(struct text *t, const struct propagation *propagation)
{
	const char *prefix = propagation->recursive ? "r" : "";

	if (propagation->type == MS_SHARED)
		add_word(t, prefix, "shared");
	else if (propagation->type == MS_SLAVE)
		add_word(t, prefix, "slave");
	else if (propagation->type == MS_PRIVATE)
		add_word(t, prefix, "private");
	else
		add_word(t, prefix, "unbindable");
}

const char *mounts_options_text(const struct mount_op *op, char *buffer, size_t size)
{
	const struct mount_flags *f = op->flags;
	struct text t = text_on(buffer, size);
	size_t i;

	add_attributes(&t, "", f->attr_set, f->attr_clear);
	add_attributes(&t, "r", f->rec_set, f->rec_clear);
	for (i = 0; i < ARRAY_SIZE(superblock); i++)
		if ((f->sb_set & superblock[i].bit) != 0)
			add_word(&t, "", superblock[i].name);
	for (i = 0; i < f->data.n && op->kind != MOUNT_BIND; i++)
		if (op->kind != MOUNT_OVERLAY || !mounts_is_layer_option(f->data.v[i]))
			add_word(&t, "", f->data.v[i]);
	for (i = 0; i < f->propagation.n; i++)
		add_propagation(&t, &f->propagation.v[i]);
	if (op->id_map)
		add_word(&t, op->id_map->recursive ? "r" : "", "idmap");
	if (f->devices)
		add_word(&t, "", "with devices");
	if (f->tmpcopyup)
		add_word(&t, "", "with a copy of what is there");
	if (f->copy_symlink)
		add_word(&t, "", "a symbolic link as such a link");
	if (f->src_nofollow)
		add_word(&t, "", "a symbolic link as itself");
	if (f->dest_nofollow)
		add_word(&t, "", "over a symbolic link");
	text_add(&t, t.length > 0 ? ")" : "");
	return buffer;
}

static void explain_made(const struct mount_op *op, struct explain *x)
{
	const char *readonly = op->flags->readonly ? ", read-only" : "";

	if (op->kind == MOUNT_DIR)
		explain_step(x, "make the directory '%s' if it does not exist (mode %04o)", op->target, op->mode);
	else if (op->kind == MOUNT_FILE)
		explain_step(x, "write what descriptor %d gives to the file '%s' (mode %04o)", op->source_fd, op->target, op->mode);
	else if (op->kind == MOUNT_DATA)
		explain_step(x, "mount what descriptor %d gives as a file on '%s' (mode %04o%s)", op->source_fd, op->target, op->mode, readonly);
	else if (op->kind == MOUNT_SYMLINK)
		explain_step(x, "make the symbolic link '%s' to '%s'", op->target, op->source);
	else if (op->kind == MOUNT_CHMOD)
		explain_step(x, "give '%s' the mode %04o", op->target, op->mode);
	else
		explain_step(x, "hide '%s' if it exists", op->target);
}

static void explain_bind(const struct mount_op *op, const char *options, struct explain *x)
{
	const char *below = op->flags->recursive ? " with what is mounted below it" : "", *optional = op->flags->optional ? " if it exists" : "";

	if (op->source_fd >= 0)
		explain_step(x, "bind what descriptor %d names on '%s'%s%s", op->source_fd, op->target, below, options);
	else
		explain_step(x, "bind '%s' on '%s'%s%s%s", op->source, op->target, below, optional, options);
}

static void explain_overlay(const struct mount_op *op, const char *options, struct explain *x)
{
	size_t i;

	for (i = 0; i < op->layers->n_lower; i++)
		explain_step(x, "open '%s' as a layer, %s", op->layers->lower[i], i == 0 ? "the uppermost that is only read" : "below that one");
	if (op->flags->tmp_layer)
		explain_step(x, "mount an overlay of them on '%s', with a tmpfs above them for what is written%s", op->target, options);
	else if (op->layers->upper)
		explain_step(x, "mount an overlay of them on '%s', with '%s' above them for what is written%s", op->target, op->layers->upper, options);
	else
		explain_step(x, "mount an overlay of them on '%s'%s", op->target, options);
}

void mounts_explain(const struct mount_ops *ops, struct explain *x)
{
	static const char *const with_options[] = { [MOUNT_REMOUNT] = "remount", [MOUNT_PROPAGATION] = "change propagation of" };
	char options[1024];
	size_t i;

	for (i = 0; i < ops->n; i++) {
		const struct mount_op *op = &ops->v[i];

		(void)mounts_options_text(op, options, sizeof(options));
		if (op->kind == MOUNT_BIND)
			explain_bind(op, options, x);
		else if (op->kind >= MOUNT_DIR)
			explain_made(op, x);
		else if (op->kind == MOUNT_OVERLAY)
			explain_overlay(op, options, x);
		else if (op->kind == MOUNT_REMOUNT || op->kind == MOUNT_PROPAGATION)
			explain_step(x, "%s '%s'%s", with_options[op->kind], op->target, options);
		else
			explain_step(x, "mount '%s' on '%s'%s", op->type, op->target, options);
	}
}
