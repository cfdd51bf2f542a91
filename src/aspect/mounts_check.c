/* mounts[] of config.json, compiled into operations and told in words. Pure: nothing here touches the system. See mounts.h. */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "aspect/idmapmount.h"
#include "aspect/mountfd.h"
#include "aspect/mounts.h"
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
		if (text_equal(param->key, "mode"))
			op->mode_given = true;
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

/* Below /proc only the known files, and only procfs itself on /proc: anything else would let a container see a forged one. */
static int check_proc(struct plan *p, struct mount_op *op)
{
	size_t i;

	op->on_proc = text_equal(op->target, "/proc");
	if (op->on_proc && op->kind != MOUNT_PROC && op->kind != MOUNT_BIND && op->kind != MOUNT_REMOUNT && op->kind != MOUNT_PROPAGATION)
		return fail(p->error, 0, "%s.type: only proc may be mounted on /proc, not %s", op->place, op->type);
	if (!text_after(op->target, "/proc/"))
		return 0;
	for (i = 0; i < ARRAY_SIZE(proc_files); i++)
		op->in_proc |= text_equal(op->target, proc_files[i]);
	if (!op->in_proc)
		return fail(p->error, 0, "%s.destination: '%s' lies inside /proc", op->place, op->target);
	return 0;
}

static int compile_mount(struct plan *p, const struct mount *m, size_t i, struct mount_op *op)
{
	op->place = arena_printf(p->arena, "mounts[%zu]", i);
	op->flags = &m->flags;
	op->tree = NO_FD;
	if (!m->destination || !m->destination[0])
		return fail(p->error, 0, "%s.destination: missing", op->place);
	if (choose_kind(p, m, op) < 0)
		return -1;
	op->target = clean_target(p->arena, m->destination);
	op->source = m->source;
	if (op->kind == MOUNT_BIND) {
		if (!m->source || !m->source[0])
			return fail(p->error, 0, "%s.source: missing", op->place);
		if (m->source[0] != '/')
			op->source = arena_printf(p->arena, "%s/%s", p->request->bundle, m->source);
	} else if (m->uid_mappings.n > 0 || m->gid_mappings.n > 0 || m->flags.idmap) {
		return fail(p->error, 0, "%s: id mappings are for bind mounts", op->place);
	}
	if (m->flags.tmpcopyup && op->kind != MOUNT_TMPFS)
		return fail(p->error, 0, "%s.options: tmpcopyup is for tmpfs, not for %s", op->place, op->type);
	if (strlen(op->target) >= 4096 || (op->source && strlen(op->source) >= 4096)) /* PATH_MAX */
		return fail(p->error, 0, "%s: path too long", op->place);
	if (check_proc(p, op) < 0)
		return -1;
	compile_data(p, op);
	op->late_readonly = op->kind != MOUNT_BIND && op->kind < MOUNT_REMOUNT && text_equal(op->target, "/dev") && m->flags.readonly;
	return idmap_compile(p, m, op->place, &op->id_map);
}

int mounts_compile(struct plan *p, const struct mount_list *mounts, struct mount_ops *ret_ops)
{
	struct mount_ops ops = { .v = arena_many(p->arena, struct mount_op, mounts->n), .n = mounts->n };
	size_t i;

	for (i = 0; i < mounts->n; i++)
		if (compile_mount(p, &mounts->v[i], i, &ops.v[i]) < 0)
			return -1;
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
		add_word(&t, "", f->data.v[i]);
	for (i = 0; i < f->propagation.n; i++)
		add_propagation(&t, &f->propagation.v[i]);
	if (op->id_map)
		add_word(&t, op->id_map->recursive ? "r" : "", "idmap");
	if (f->tmpcopyup)
		add_word(&t, "", "with a copy of what is there");
	text_add(&t, t.length > 0 ? ")" : "");
	return buffer;
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
			explain_step(x, "bind '%s' on '%s'%s%s", op->source, op->target, op->flags->recursive ? " with what is mounted below it" : "", options);
		else if (op->kind == MOUNT_REMOUNT || op->kind == MOUNT_PROPAGATION)
			explain_step(x, "%s '%s'%s", with_options[op->kind], op->target, options);
		else
			explain_step(x, "mount '%s' on '%s'%s", op->type, op->target, options);
	}
}
