/*
 * linux.intelRdt: a group of the resctrl filesystem (Documentation/arch/x86/resctrl.rst), which divides caches and memory bandwidth.
 *
 * The group is named by closID, or by the container's id. Only a group (or monitoring group) that carries the container's id is ours to remove: one with
 * a closID may be shared with other containers. prepare makes it, after the fact is on disk; parent puts the process into it, for `hull exec` too.
 */
#include "aspect/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aspect/aspect.h"
#include "base/io.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/text.h"

#define RDT_MOUNT "/sys/fs/resctrl"
enum { RDT_MAGIC = 0x7655821, RDT_SCHEMATA_MAX = 64 << 10 };

/* @group: directory of the group;  @monitor: of its monitoring group, NULL: none;  @schemata: text to write, NULL: none */
struct rdt_plan {
	const char *group, *monitor;
	const char *schemata;
};

/* Append the lines of @text; with @skip those that begin with it are left out. */
static void add_lines(struct text *t, const char *text, const char *skip)
{
	while (text && *text != '\0') {
		size_t length = strcspn(text, "\n");

		if (length > 0 && !(skip && strncmp(text, skip, strlen(skip)) == 0))
			text_addf(t, "%.*s\n", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

const char *rdt_schemata(struct arena *arena, const struct intel_rdt *rdt)
{
	size_t size = 1;
	struct text t;

	size += rdt->l3_cache_schema ? strlen(rdt->l3_cache_schema) + 1 : 0;
	size += rdt->mem_bw_schema ? strlen(rdt->mem_bw_schema) + 1 : 0;
	for (size_t i = 0; i < rdt->schemata.n; i++)
		size += strlen(rdt->schemata.v[i]) + 1;
	t = text_on(arena_alloc(arena, size), size);
	add_lines(&t, rdt->l3_cache_schema, rdt->mem_bw_schema ? "MB:" : NULL);
	add_lines(&t, rdt->mem_bw_schema, NULL);
	for (size_t i = 0; i < rdt->schemata.n; i++)
		add_lines(&t, rdt->schemata.v[i], NULL);
	return t.length > 0 ? t.data : NULL;
}

/* Whether two values of @a_length and @b_length characters are equal but for leading zeros. */
static bool same_value(const char *a, size_t a_length, const char *b, size_t b_length)
{
	for (; a_length > 1 && *a == '0'; a_length--)
		a++;
	for (; b_length > 1 && *b == '0'; b_length--)
		b++;
	return a_length == b_length && strncasecmp(a, b, a_length) == 0;
}

/* The value of domain @id in a list "0=ff;1=f", NULL: absent. */
static const char *domain_value(const char *list, const char *id, size_t id_length, size_t *ret_length)
{
	while (*list != '\0' && *list != '\n') {
		size_t length = strcspn(list, ";\n"), name = strcspn(list, "=;\n");

		if (name < length && same_value(list, name, id, id_length)) {
			*ret_length = length - name - 1;
			return list + name + 1;
		}
		list += length + (list[length] == ';');
	}
	return NULL;
}

/* The list behind "TYPE:" in what the kernel printed, NULL: absent. */
static const char *resource_list(const char *have, const char *type, size_t length)
{
	while (*have != '\0') {
		have += strspn(have, " \t\n");
		if (strncmp(have, type, length) == 0 && have[length] == ':')
			return have + length + 1;
		have += strcspn(have, "\n");
	}
	return NULL;
}

static bool line_matches(const char *line, const char *have)
{
	size_t type = strcspn(line, ":\n");
	const char *list = resource_list(have, line, type);

	if (line[type] != ':' || !list)
		return false;
	line += type + 1;
	while (*line != '\0' && *line != '\n') {
		size_t length = strcspn(line, ";\n"), name = strcspn(line, "=;\n"), value_length = 0;
		const char *value = name < length ? domain_value(list, line, name, &value_length) : NULL;

		if (!value || !same_value(value, value_length, line + name + 1, length - name - 1))
			return false;
		line += length + (line[length] == ';');
	}
	return true;
}

bool rdt_matches(const char *wanted, const char *have)
{
	while (*wanted != '\0') {
		size_t length = strcspn(wanted, "\n");

		if (length > 0 && !line_matches(wanted, have))
			return false;
		wanted += length + (wanted[length] == '\n');
	}
	return true;
}

/* The directory of the group, NULL after fail(). */
static const char *group_of(const struct intel_rdt *rdt, const char *id, struct arena *arena, struct error *error)
{
	const char *name = rdt->clos_id && rdt->clos_id[0] != '\0' ? rdt->clos_id : id ? id : "";

	if (strcmp(name, "/") == 0)
		return RDT_MOUNT;
	if (!strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
		return arena_printf(arena, RDT_MOUNT "/%s", name);
	(void)fail(error, 0, "linux.intelRdt.closID: expected a name without slashes, got '%s'", name); /* NULL says it */
	return NULL;
}

static int rdt_check(struct plan *p)
{
	const struct intel_rdt *rdt = p->spec->linux.intel_rdt;
	struct rdt_plan *plan;

	if (!rdt)
		return 0;
	plan = arena_new(p->arena, struct rdt_plan);
	plan->group = group_of(rdt, p->request->id, p->arena, p->error);
	if (!plan->group)
		return -1;
	if (rdt->enable_monitoring)
		plan->monitor = arena_printf(p->arena, "%s/mon_groups/%s", plan->group, p->request->id ? p->request->id : "");
	plan->schemata = rdt_schemata(p->arena, rdt);
	p->data[ASPECT_RDT] = plan;
	return 0;
}

/* A group that was there already: what is asked for must be what it has; without a request it is simply joined. */
static int use_existing(struct plan *p, const struct rdt_plan *plan)
{
	char *have;
	int r;

	if (!plan->schemata)
		return 0;
	r = io_read_file(AT_FDCWD, arena_printf(p->arena, "%s/schemata", plan->group), RDT_SCHEMATA_MAX, p->arena, &have, NULL);
	if (r < 0)
		return fail(p->error, r, "linux.intelRdt: cannot read '%s/schemata'", plan->group);
	if (!rdt_matches(plan->schemata, have))
		return fail(p->error, 0, "linux.intelRdt: group '%s' exists and its schemata differ from what is asked for", plan->group);
	return 0;
}

static int write_schemata(const char *group, const char *schemata, struct arena *arena, struct error *error)
{
	char buffer[FAULT_DETAIL_MAX];
	int r;

	if (!schemata)
		return 0;
	r = io_write_file(AT_FDCWD, arena_printf(arena, "%s/schemata", group), schemata, strlen(schemata));
	if (r >= 0)
		return 0;
	if (io_read_small(AT_FDCWD, RDT_MOUNT "/info/last_cmd_status", buffer, sizeof(buffer)) <= 0)
		buffer[0] = '\0';
	return fail(error, r, "linux.intelRdt: cannot write '%s/schemata'%s%s", group, buffer[0] != '\0' ? ": " : "", buffer);
}

int rdt_update(const struct intel_rdt *rdt, const char *id, const char *l3_cache_schema, const char *mem_bw_schema, struct arena *arena,
	       struct error *error, struct rdt_former *ret_former)
{
	struct intel_rdt wanted = { .l3_cache_schema = arena_strdup(arena, l3_cache_schema), .mem_bw_schema = arena_strdup(arena, mem_bw_schema) };
	const char *group;
	char *have;
	int r;

	if (!rdt)
		return fail(error, 0, "the container was made without linux.intelRdt: it has no resctrl group to change");
	group = group_of(rdt, id, arena, error);
	if (!group)
		return -1;
	r = io_read_file(AT_FDCWD, arena_printf(arena, "%s/schemata", group), RDT_SCHEMATA_MAX, arena, &have, NULL);
	if (r < 0)
		return fail(error, r, "linux.intelRdt: cannot read '%s/schemata'", group);
	*ret_former = (struct rdt_former){ group, have };
	return write_schemata(group, rdt_schemata(arena, &wanted), arena, error);
}

void rdt_put_back(const struct rdt_former *former, struct arena *arena)
{
	struct error unused;

	if (former->group)
		(void)write_schemata(former->group, former->schemata, arena, &unused); /* there is another error to tell */
}

static int make_group(struct plan *p, const struct rdt_plan *plan)
{
	bool named = p->spec->linux.intel_rdt->clos_id && p->spec->linux.intel_rdt->clos_id[0] != '\0';

	if (access(plan->group, F_OK) == 0)
		return use_existing(p, plan);
	if (named && !plan->schemata)
		return fail(p->error, ENOENT, "linux.intelRdt.closID: cannot join group '%s'", plan->group);
	if (!named) {
		p->facts->rdt_dir = arena_strdup(p->arena, plan->group);
		if (plan_commit(p) < 0)
			return -1;
	}
	if (mkdir(plan->group, 0755) < 0)
		return fail(p->error, errno, "linux.intelRdt: cannot make '%s'", plan->group);
	return write_schemata(plan->group, plan->schemata, p->arena, p->error);
}

static int make_monitor(struct plan *p, const struct rdt_plan *plan)
{
	if (!plan->monitor)
		return 0;
	if (!p->facts->rdt_dir) { /* else it goes with its group */
		p->facts->rdt_dir = arena_strdup(p->arena, plan->monitor);
		if (plan_commit(p) < 0)
			return -1;
	}
	if (mkdir(plan->monitor, 0755) < 0 && errno != EEXIST)
		return fail(p->error, errno, "linux.intelRdt.enableMonitoring: cannot make '%s'", plan->monitor);
	return 0;
}

static int rdt_prepare(struct plan *p)
{
	const struct rdt_plan *plan = p->data[ASPECT_RDT];
	scope_fd int fd = NO_FD;

	if (!plan)
		return 0;
	fd = open(RDT_MOUNT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || path_is_fs(fd, RDT_MAGIC) != 1)
		return fail(p->error, 0, "linux.intelRdt: this host has no resctrl filesystem on '" RDT_MOUNT "'");
	if (p->request->exec)
		return 0;
	if (make_group(p, plan) < 0)
		return -1;
	return make_monitor(p, plan);
}

static int add_task(struct plan *p, const char *dir, pid_t pid)
{
	char number[TEXT_NUMBER_MAX];
	int r;

	(void)text_from_u64(number, (uint64_t)pid); /* fits by definition */
	r = io_write_file(AT_FDCWD, arena_printf(p->arena, "%s/tasks", dir), number, strlen(number));
	if (r < 0)
		return fail(p->error, r, "linux.intelRdt: cannot add process %d to '%s'", pid, dir);
	return 0;
}

static int rdt_parent(struct plan *p, pid_t pid, int pidfd)
{
	const struct rdt_plan *plan = p->data[ASPECT_RDT];

	(void)pidfd; /* the child is ours and not reaped: its pid is safe */
	if (!plan)
		return 0;
	if (add_task(p, plan->group, pid) < 0)
		return -1;
	return plan->monitor ? add_task(p, plan->monitor, pid) : 0;
}

static int rdt_undo(struct undo *u)
{
	if (u->facts->rdt_dir && rmdir(u->facts->rdt_dir) < 0 && errno != ENOENT)
		return fail(u->error, errno, "cannot remove the resctrl group '%s'", u->facts->rdt_dir);
	return 0;
}

static void rdt_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct rdt_plan *plan = p->data[ASPECT_RDT];

	if (!plan)
		return;
	if (phase == PHASE_PREPARE) {
		explain_step(x, "use the resctrl group '%s'%s", plan->group, plan->schemata ? " with its schemata" : "");
		if (plan->monitor)
			explain_step(x, "make the monitoring group '%s'", plan->monitor);
	}
	if (phase == PHASE_PARENT)
		explain_step(x, "put the process into the resctrl group '%s'", plan->group);
}

static void rdt_features(struct json_writer *w)
{
	json_open_object(w, "intelRdt");
	json_bool(w, "enabled", true);
	json_bool(w, "schemata", true);
	json_bool(w, "monitoring", true);
	json_close_object(w);
}

const struct aspect aspect_rdt = {
	.id = ASPECT_RDT,
	.check = rdt_check,
	.prepare = rdt_prepare,
	.parent = rdt_parent,
	.undo = rdt_undo,
	.explain = rdt_explain,
	.features = rdt_features,
};
