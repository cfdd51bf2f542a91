/*
 * Changing the limits of a container that exists, all or nothing.
 *
 * Each file is read before it is written. Some values are bound to each other (a limit of memory may not be above that of memory and swap, nor a burst
 * above its quota), and which of them must be written first depends on what is there: so what the kernel calls invalid is tried again after the others,
 * as long as that gets anywhere. When it does not, what was written is put back the same way, in reverse. Device rules come last, since they cannot half
 * fail: on v2 one program replaces another in one step.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "aspect/cgroup_systemd.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/text.h"

/* a limit from here on is none: v1 prints the largest multiple of a page */
#define UNLIMITED ((uint64_t)1 << 62)

enum { CONTENT_MAX = 1 << 20 };

/*
 * A setting on its way.
 * @path: file that it goes to, NULL: nothing is written;  @former: what to write there to undo it, NULL: not known
 * @deadly: memory.max below what is in use kills, and nothing takes that back: it is written when all the others have been
 */
struct step {
	const struct cgroup_setting *setting;
	const char *path, *former;
	bool written, deadly;
};

/*
 * @order: steps as they were written
 */
struct change {
	const struct cgroup_host *host;
	struct arena *arena;
	struct error *error;
	struct step *steps;
	size_t n;
	struct step **order;
	size_t n_written;
};

/* ---- what a file said before ---- */

/* Files with a line for each device or interface, and what a missing line means. */
static const struct {
	const char *file, *absent;
} keyed[] = {
	{ "io.max", "rbps=max wbps=max riops=max wiops=max" },
	{ "io.weight", "default" },
	{ "io.bfq.weight", "default" },
	{ "io.latency", "target=0" },
	{ "blkio.weight_device", "0" },
	{ "blkio.bfq.weight_device", "0" },
	{ "blkio.leaf_weight_device", "0" },
	{ "blkio.throttle.read_bps_device", "0" },
	{ "blkio.throttle.write_bps_device", "0" },
	{ "blkio.throttle.read_iops_device", "0" },
	{ "blkio.throttle.write_iops_device", "0" },
	{ "net_prio.ifpriomap", "0" },
	{ "rdma.max", "hca_handle=max hca_object=max" },
	{ "misc.max", "max" },
};

/* The line of @content that begins with the first word of @value. */
static const char *line_of(struct arena *arena, const char *content, const char *value, const char *absent)
{
	size_t key = strcspn(value, " \n");

	while (*content) {
		size_t length = strcspn(content, "\n");

		if (length > key && strncmp(content, value, key) == 0 && content[key] == ' ')
			return arena_strndup(arena, content, length);
		content += length + (content[length] == '\n');
	}
	return arena_printf(arena, "%.*s %s", (int)key, value, absent);
}

const char *cgroup_former_value(struct arena *arena, const char *file, const char *content, const char *value)
{
	size_t length = strcspn(content, "\n");
	const char *rest;

	for (size_t i = 0; i < ARRAY_SIZE(keyed); i++)
		if (text_equal(keyed[i].file, file) && strchr(value, ' '))
			return strchr(value, '\n') ? NULL : line_of(arena, content, value, keyed[i].absent);
	rest = text_after(content, "oom_kill_disable ");
	if (rest)
		return arena_strndup(arena, rest, strcspn(rest, "\n"));
	if (strncmp(content, "default ", 8) == 0) /* io.weight: the first line */
		return arena_strndup(arena, content, length);
	return content[length] && content[length + 1] ? NULL : arena_strndup(arena, content, length);
}

/* ---- write, or put back ---- */

static void plan_step(struct change *c, struct step *step, const struct cgroup_setting *s)
{
	const struct cgroup_write *w;
	const struct cgroup_tree *t = cgroup_setting_tree(s, c->host, &w);
	const char *file;
	char *content;
	int r;

	step->setting = s;
	if (!t || !t->leaf || !w->controller || !w->file)
		return;
	file = w->file;
	step->path = arena_printf(c->arena, "%s/%s", t->leaf, file);
	r = io_read_file(AT_FDCWD, step->path, CONTENT_MAX, c->arena, &content, NULL);
	if (r == -ENOENT && w->other_file) {
		file = w->other_file;
		step->path = arena_printf(c->arena, "%s/%s", t->leaf, file);
		r = io_read_file(AT_FDCWD, step->path, CONTENT_MAX, c->arena, &content, NULL);
	}
	step->deadly = text_equal(file, "memory.max");
	if (r == 0)
		step->former = cgroup_former_value(c->arena, file, content, w->value);
	/* an empty set is that of the cgroup above; with processes in it, the kernel takes none back: then what it came to */
	if (step->former && !step->former[0] && strncmp(file, "cpuset.", 7) == 0 &&
	    io_read_file(AT_FDCWD, arena_printf(c->arena, "%s.effective", step->path), CONTENT_MAX, c->arena, &content, NULL) == 0)
		step->former = arena_strndup(c->arena, content, strcspn(content, "\n"));
}

/* Write what can be written, round by round. Return: 0, or -1 with the first error of the last round. */
static int write_steps(struct change *c, bool deadly)
{
	struct error first;
	size_t before;

	do {
		first = (struct error){ .errnum = 0 };
		before = c->n_written;
		for (size_t i = 0; i < c->n; i++) {
			struct step *step = &c->steps[i];

			if (step->written || step->deadly != deadly)
				continue;
			step->written = cgroup_setting_write(step->setting, c->host, c->arena, c->error) == 0;
			if (step->written)
				c->order[c->n_written++] = step;
			else if (c->error->errnum != EINVAL)
				return -1;
			else if (!first.errnum)
				first = *c->error;
		}
	} while (first.errnum && c->n_written > before);
	if (!first.errnum)
		return 0;
	*c->error = first;
	return -1;
}

/* Undo @c in reverse. The error that is set stays, and says if this did not work. */
static void put_back(struct change *c)
{
	const char *stuck;
	bool moved;

	do {
		stuck = NULL;
		moved = false;
		for (size_t i = c->n_written; i-- > 0;) {
			struct step *step = c->order[i];

			if (!step->written || !step->path)
				continue;
			if (step->former && cgroup_write_lines(step->path, step->former) == 0) {
				step->written = false;
				moved = true;
			} else {
				stuck = step->path;
			}
		}
	} while (stuck && moved);
	if (stuck)
		(void)fail_wrap(c->error, "half done ('%s' could not be put back)", stuck); /* -1 by nature */
}

/* ---- what the document does not say ---- */

static const struct cgroup_tree *tree_of(const struct cgroup_host *host, const char *controller)
{
	const struct cgroup_tree *v2 = NULL;

	for (size_t i = 0; i < host->n; i++) {
		if (!host->v[i].leaf)
			continue;
		if (!host->v[i].v2 && cgroup_has_controller(host->v[i].controllers, controller))
			return &host->v[i];
		if (host->v[i].v2)
			v2 = &host->v[i];
	}
	return v2;
}

/* A number from a tree's file (v1's or v2's name), UNLIMITED: "max", or it cannot be read. */
static uint64_t current(const struct cgroup_tree *t, const char *file1, const char *file2, struct arena *arena)
{
	char text[64];
	uint64_t value;

	if (!t || io_read_small(AT_FDCWD, arena_printf(arena, "%s/%s", t->leaf, t->v2 ? file2 : file1), text, sizeof(text)) <= 0)
		return UNLIMITED;
	text[strcspn(text, " \n")] = '\0';
	return text_to_u64(text, &value) < 0 || value > UNLIMITED ? UNLIMITED : value;
}

/* Values that share a file or a rule with one that changes. */
static void complete(struct resources *r, const struct cgroup_host *host, struct arena *arena)
{
	const struct cgroup_tree *memory = tree_of(host, "memory"), *cpu = tree_of(host, "cpu");
	uint64_t value;

	if (r->cpu.period.set && r->cpu.period.value != 0 && !(r->cpu.quota.set && r->cpu.quota.value != 0) && cpu && cpu->v2) {
		value = current(cpu, "", "cpu.max", arena); /* "QUOTA PERIOD" is one file */
		r->cpu.quota = (struct opt_i64){ .set = true, .value = value < UNLIMITED ? (int64_t)value : -1 };
	}
	if (r->memory.limit.set && r->memory.limit.value < 0 && !(r->memory.swap.set && r->memory.swap.value != 0))
		r->memory.swap = (struct opt_i64){ .set = true, .value = -1 }; /* as runc: no limit is none of both */
	if (r->memory.swap.set && r->memory.swap.value > 0 && !(r->memory.limit.set && r->memory.limit.value != 0)) {
		value = current(memory, "memory.limit_in_bytes", "memory.max", arena);
		if (value < UNLIMITED)
			r->memory.limit = (struct opt_i64){ .set = true, .value = (int64_t)value };
	}
}

static int check_usage(const struct resources *r, const struct cgroup_host *host, struct arena *arena, struct error *error)
{
	uint64_t usage;

	if (!r->memory.check_before_update.set || !r->memory.check_before_update.value || !r->memory.limit.set || r->memory.limit.value <= 0)
		return 0;
	usage = current(tree_of(host, "memory"), "memory.usage_in_bytes", "memory.current", arena);
	if (usage == UNLIMITED || usage <= (uint64_t)r->memory.limit.value)
		return 0;
	return fail(error, 0, "linux.resources.memory.limit: %" PRId64 " is less than the memory in use, %" PRIu64, r->memory.limit.value, usage);
}

/* Zeros that say nothing when a container is made, but take something back when it is there. */
static void add_zeros(const struct resources *r, struct cgroup_settings *settings)
{
	static const struct cgroup_setting burst = { "linux.resources.cpu.burst", { "cpu", "cpu.cfs_burst_us", "0", NULL, NULL },
						     { "cpu", "cpu.max.burst", "0", NULL, NULL }, true };
	static const struct cgroup_setting idle = { "linux.resources.cpu.idle", { "cpu", "cpu.idle", "0", NULL, NULL },
						    { "cpu", "cpu.idle", "0", NULL, NULL }, true };

	/* cgroup_settings_compile() leaves room */
	if (r->cpu.burst.set && r->cpu.burst.value == 0)
		settings->v[settings->n++] = burst;
	if (r->cpu.idle.set && r->cpu.idle.value == 0)
		settings->v[settings->n++] = idle;
}

/* An idle group has no weight, and the kernel forgets it: for the way back it is written, as it is, before. */
static void keep_weight(const struct resources *r, const struct cgroup_host *host, struct cgroup_settings *settings, struct arena *arena)
{
	const struct cgroup_tree *t = tree_of(host, "cpu");
	uint64_t weight = current(t, "cpu.shares", "cpu.weight", arena);
	const char *value;

	if (!r->cpu.idle.set || r->cpu.idle.value == 0 || r->cpu.shares.set || weight == UNLIMITED || current(t, "cpu.idle", "cpu.idle", arena) != 0)
		return;
	value = arena_printf(arena, "%" PRIu64, weight);
	if (settings->n > 0)
		memmove(settings->v + 1, settings->v, settings->n * sizeof(*settings->v));
	settings->v[0] = (struct cgroup_setting){ "linux.resources.cpu.shares", { "cpu", "cpu.shares", value, NULL, NULL },
						  { "cpu", "cpu.weight", value, NULL, NULL }, true };
	settings->n++;
}

static int change_devices(const struct cgroup_device_policy *policy, const struct cgroup_host *host, struct arena *arena, struct error *error)
{
	const struct cgroup_tree *t = tree_of(host, "devices");

	if (!t)
		return fail(error, 0, "linux.resources.devices: the container has no cgroup to enforce it");
	return t->v2 ? cgroup_devices_attach(policy, t->leaf, arena, error) : cgroup_devices_change_v1(policy, t->leaf, arena, error);
}

/* The unit around the container's cgroup has the same limits, and device rules of its own: @policy, NULL: they stay. */
static int tell_systemd(const struct facts *facts, const struct cgroup_settings *settings, const struct cgroup_device_policy *policy, int version,
			struct arena *arena, struct error *error)
{
	struct systemd_properties list = { .n = 0 };

	if (!facts->systemd_unit)
		return 0;
	systemd_properties_of(settings, version, arena, &list);
	if (policy)
		systemd_device_properties(policy, arena, &list);
	return systemd_set(facts->systemd_unit, facts->systemd_user, &list, arena, error);
}

/*
 * The unit as it was, when the rest failed: its limits from what the files said before, in the order in which they were asked for. What its device rules were
 * is not known: it has none from now on, the container's own cgroup has kept its.
 */
static void tell_systemd_back(const struct facts *facts, const struct change *c, bool devices)
{
	static const struct cgroup_device_policy any = { .allow = true };
	struct cgroup_settings former = { .v = arena_many(c->arena, struct cgroup_setting, c->n) };
	struct error first = *c->error;

	for (size_t i = 0; i < c->n; i++) {
		if (!c->steps[i].former)
			continue;
		former.v[former.n] = *c->steps[i].setting;
		former.v[former.n].v1.value = former.v[former.n].v2.value = c->steps[i].former;
		former.v[former.n].v1.other_value = former.v[former.n].v2.other_value = c->steps[i].former;
		former.n++;
	}
	if (tell_systemd(facts, &former, devices ? &any : NULL, c->host->version, c->arena, c->error) == 0)
		*c->error = first;
	else
		(void)fail_wrap(c->error, "half done ('%s' could not be put back after: %s)", facts->systemd_unit, first.text); /* -1 by nature */
}

/* On a hybrid host a v2 leaf has only the controllers that were needed so far. */
static void hand_down(const struct cgroup_settings *settings, const struct cgroup_host *host, struct arena *arena)
{
	const char *controllers = cgroup_settings_v2_controllers(settings, host, arena);

	for (size_t i = 0; i < host->n && controllers[0]; i++)
		if (host->v[i].v2 && host->v[i].leaf)
			(void)cgroup_v2_make(arena, &host->v[i], controllers); /* the missing file tells later */
}

int cgroup_update(const struct facts *facts, struct resources *r, const char *oci_version, bool devices, struct arena *arena, struct error *error)
{
	struct cgroup_settings settings;
	struct cgroup_device_policy policy = { .n = 0 };
	struct cgroup_host host;
	struct change c = { .host = &host, .arena = arena, .error = error };
	bool has_devices = devices && r->devices.n > 0;

	if (facts->cgroups.n == 0)
		return fail(error, 0, "the container was made without a cgroup: it has no limits that could be changed");
	if (cgroup_host_of(facts, arena, error, &host) < 0)
		return -1;
	complete(r, &host, arena);
	if (cgroup_settings_compile(r, oci_version, arena, error, &settings) < 0 || check_usage(r, &host, arena, error) < 0 ||
	    (has_devices && cgroup_devices_compile(&r->devices, arena, error, &policy) < 0))
		return -1;
	add_zeros(r, &settings);
	keep_weight(r, &host, &settings, arena);
	hand_down(&settings, &host, arena);
	c.n = settings.n;
	c.steps = arena_many(arena, struct step, c.n);
	c.order = arena_many(arena, struct step *, c.n);
	for (size_t i = 0; i < c.n; i++)
		plan_step(&c, &c.steps[i], &settings.v[i]);
	if (write_steps(&c, false) == 0 && write_steps(&c, true) == 0 &&
	    tell_systemd(facts, &settings, has_devices ? &policy : NULL, host.version, arena, error) == 0) {
		if (!has_devices || change_devices(&policy, &host, arena, error) == 0)
			return 0;
		tell_systemd_back(facts, &c, has_devices);
	}
	put_back(&c);
	return -1;
}
