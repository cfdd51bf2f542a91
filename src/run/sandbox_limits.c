/*
 * Limits of a sandbox.
 *
 * What counts all processes together is a cgroup's business where one can be made: as root, or where the caller's own cgroup lies in one that was handed to
 * him (delegated). The sandbox then has a state, also without a name, so that a killed hull leaves nothing that nobody knows of. Elsewhere:
 *
 *   --memory  RLIMIT_AS: of each process by itself
 *   --pids    RLIMIT_NPROC, which the kernel counts per user namespace: the sandbox's own, so no process of the caller's outside is counted
 *   --cpus    nothing else can: refused
 *   --time    hull looks at the time that was used (sandbox_time.c); and RLIMIT_CPU, one second later, for the case that hull is stopped
 *   --wall    hull's clock
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "aspect/cgroup.h"
#include "aspect/cgroup_stats.h"
#include "base/io.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"
#include "run/plan.h"
#include "run/sandbox.h"
#include "spec/oci.h"

#define NS_PER_S 1000000000ull

enum { RLIMITS_MAX = LIMIT_MAX, CPU_PERIOD = 100000, THOUSAND = 1000, STALE_MAX = 64 };

static int to_number(const char *text, uint64_t *ret)
{
	return text_to_u64(text, ret) < 0 || *ret == 0 || *ret > INT32_MAX ? -EINVAL : 0;
}

static int to_size(const char *text, uint64_t *ret)
{
	return text_to_size(text, ret) < 0 || *ret == 0 || *ret > INT64_MAX ? -EINVAL : 0;
}

static int to_size_or_none(const char *text, uint64_t *ret)
{
	return text_to_size(text, ret) < 0 || *ret > INT64_MAX ? -EINVAL : 0;
}

static int to_time(const char *text, uint64_t *ret)
{
	return text_to_duration(text, ret) < 0 || *ret == 0 || *ret > INT64_MAX ? -EINVAL : 0;
}

/* "1.5" in thousandths: the same as seconds in milliseconds. */
static int to_cpus(const char *text, uint64_t *ret)
{
	uint64_t ns;

	if (text[strspn(text, "0123456789.")] != '\0' || text_to_duration(text, &ns) < 0 || ns > 1000000 * NS_PER_S)
		return -EINVAL;
	*ret = ns / (NS_PER_S / THOUSAND);
	return *ret < 10 ? -EINVAL : 0; /* the kernel's least: a hundredth */
}

static const struct {
	const char *name, *expected;
	size_t option;
	int (*parse)(const char *text, uint64_t *ret);
} rows[] = {
#define OPTION(member) offsetof(struct hull_sandbox_options, member)
	[LIMIT_MEMORY] = { "memory", "a size like 512m", OPTION(memory), to_size },
	[LIMIT_CPUS] = { "cpus", "a number of processors like 1.5, at least 0.01", OPTION(cpus), to_cpus },
	[LIMIT_PIDS] = { "pids", "a number of processes", OPTION(pids), to_number },
	[LIMIT_TIME] = { "time", "a time like 10, 500ms or 2m", OPTION(time), to_time },
	[LIMIT_WALL] = { "wall", "a time like 10, 500ms or 2m", OPTION(wall), to_time },
	[LIMIT_FSIZE] = { "fsize", "a size like 10m", OPTION(fsize), to_size },
	[LIMIT_NOFILE] = { "nofile", "a number of files", OPTION(nofile), to_number },
	[LIMIT_STACK] = { "stack", "a size like 8m", OPTION(stack), to_size },
	[LIMIT_CORE] = { "core", "a size like 10m, or 0 for none", OPTION(core), to_size_or_none },
#undef OPTION
};
_Static_assert(ARRAY_SIZE(rows) == LIMIT_MAX, "a row for each limit");

const char *sandbox_limit_name(enum sandbox_limit limit)
{
	return rows[limit].name;
}

const char *sandbox_holder_name(enum holder holder)
{
	static const char *const names[] = {
		[HELD_BY_NOBODY] = "nobody", [HELD_BY_CGROUP] = "cgroup", [HELD_BY_RLIMIT] = "rlimit", [HELD_BY_HULL] = "hull",
	};

	return names[holder];
}

static int parse(struct sandbox *s)
{
	for (int i = 0; i < LIMIT_MAX; i++) {
		const char *text;

		memcpy(&text, (const char *)&s->o + rows[i].option, sizeof(text));
		if (!text)
			continue;
		if (rows[i].parse(text, &s->limits[i].value) < 0)
			return fail(&s->job->hull->error, 0, "--%s: expected %s, got '%s'", rows[i].name, rows[i].expected, text);
		s->limits[i].set = true;
	}
	return 0;
}

/* ---- is there a cgroup to be had? ---- */

/* The controller that a limit needs: v1's name and v2's. */
static const struct {
	enum sandbox_limit limit;
	const char *v1, *v2;
} controllers[] = {
	{ LIMIT_MEMORY, "memory", "memory" },
	{ LIMIT_CPUS, "cpu", "cpu" },
	{ LIMIT_PIDS, "pids", "pids" },
	{ LIMIT_TIME, "cpuacct", "cpu" }, /* last: not needed, but the only one to count the time of children that nobody waits for */
};

/* Whether the list in a file of a cgroup has a controller. */
static bool file_has(struct arena *arena, const char *dir, const char *file, const char *controller)
{
	char *text;

	return io_read_file(AT_FDCWD, arena_printf(arena, "%s/%s", dir, file), 65536, arena, &text, NULL) == 0 && cgroup_has_controller(text, controller);
}

/* A caller who is not the machine's root: the directory that gets ours must be his, and hand the controller down. */
static bool delegated(struct arena *arena, const struct cgroup_tree *t, const char *id, bool hybrid, const char *controller)
{
	char *dir = cgroup_leaf_path(arena, t, NULL, id, hybrid, false), *slash = strrchr(dir, '/');

	*slash = '\0';
	if (access(dir, W_OK) < 0 || access(arena_printf(arena, "%s/cgroup.procs", dir), W_OK) < 0)
		return false;
	return !t->v2 || file_has(arena, dir, "cgroup.subtree_control", controller);
}

static bool has_controller(struct sandbox *s, const struct cgroup_host *host, const struct caller *caller, size_t row)
{
	struct arena *arena = &s->job->hull->arena;
	bool root = caller->privileged && process_in_initial_userns();

	for (size_t i = 0; i < host->n; i++) {
		const struct cgroup_tree *t = &host->v[i];
		const char *name = t->v2 ? controllers[row].v2 : controllers[row].v1;

		if (t->v2 ? !file_has(arena, t->mount, "cgroup.controllers", name) && root : !cgroup_has_controller(t->controllers, name))
			continue;
		if (root ? access(t->mount, W_OK) == 0 : delegated(arena, t, s->job->id, host->hybrid, name))
			return true;
	}
	return false;
}

/* Whether cgroups can hold all limits that are asked for and are theirs. --time can do without, and uses whatever clock there is then. */
static bool can_use_cgroups(struct sandbox *s, const struct caller *caller)
{
	struct error ignored = { .text = "" };
	struct cgroup_host host;
	bool any = false;

	if (s->job->hull->cgroup_manager == CGROUP_MANAGER_DISABLED || cgroup_host_read(&s->job->hull->arena, &ignored, &host) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		if (!s->limits[controllers[i].limit].set || (any && controllers[i].limit == LIMIT_TIME))
			continue;
		if (!has_controller(s, &host, caller, i))
			return false;
		any = true;
	}
	return any;
}

/* An id that nobody else has, for a state without a name. */
static const char *unique_id(struct arena *arena)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (uint32_t)foreground_now();
	return arena_printf(arena, "sandbox-%d-%08x", (int)getpid(), random);
}

int sandbox_limits_decide(struct sandbox *s)
{
	struct caller *caller = &s->job->caller;

	if (parse(s) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(controllers) && !s->cgroups; i++)
		s->cgroups = s->limits[controllers[i].limit].set;
	if (!s->cgroups)
		return 0;
	caller_identify(caller);
	if (!s->o.name)
		s->job->id = unique_id(&s->job->hull->arena);
	s->cgroups = can_use_cgroups(s, caller);
	return 0;
}

/* ---- into the spec ---- */

static void add_rlimit(struct sandbox *s, enum sandbox_limit limit, int type, uint64_t value)
{
	struct rlimit_list *list = &s->job->spec.process.rlimits;

	list->v[list->n++] = (struct rlimit_entry){ .type = type, .soft = value, .hard = value };
	if (s->limits[limit].holder == HELD_BY_NOBODY)
		s->limits[limit].holder = HELD_BY_RLIMIT;
}

/* A limit that the caller has himself: only the machine's root can give more. */
static int check_ceiling(struct sandbox *s, enum sandbox_limit limit, int type, const struct caller *caller)
{
	struct { uint64_t soft, hard; } own;

	if (caller->privileged || SYS_CALL(SYS_prlimit64, 0, type, NULL, &own) < 0 || s->limits[limit].value <= own.hard)
		return 0;
	return fail(&s->job->hull->error, 0, "--%s: more than this user's own hard limit, %llu", rows[limit].name, (unsigned long long)own.hard);
}

/* Limits of each process by itself. */
static int set_rlimits(struct sandbox *s, const struct caller *caller)
{
	static const struct {
		enum sandbox_limit limit;
		int type;
	} plain[] = { { LIMIT_FSIZE, RLIMIT_FSIZE }, { LIMIT_NOFILE, RLIMIT_NOFILE }, { LIMIT_STACK, RLIMIT_STACK }, { LIMIT_CORE, RLIMIT_CORE } };

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		if (!s->limits[plain[i].limit].set)
			continue;
		if (check_ceiling(s, plain[i].limit, plain[i].type, caller) < 0)
			return -1;
		add_rlimit(s, plain[i].limit, plain[i].type, s->limits[plain[i].limit].value);
	}
	return 0;
}

static int refuse(struct sandbox *s, enum sandbox_limit limit, const char *why)
{
	return fail(&s->job->hull->error, 0, "--%s: %s. " SANDBOX_DELEGATION, rows[limit].name, why);
}

static int use_rlimits(struct sandbox *s, const struct caller *caller)
{
	struct limit_state *l = s->limits;

	if (l[LIMIT_CPUS].set)
		return refuse(s, LIMIT_CPUS, "it takes a cgroup, and none can be made here");
	if (l[LIMIT_PIDS].set && (caller->euid == 0 || !spec_namespace(&s->job->spec, NAMESPACE_USER)))
		return refuse(s, LIMIT_PIDS, "without a cgroup the kernel counts an ordinary user's processes in a user namespace, and nobody else's");
	if (l[LIMIT_MEMORY].set)
		add_rlimit(s, LIMIT_MEMORY, RLIMIT_AS, l[LIMIT_MEMORY].value);
	if (l[LIMIT_PIDS].set)
		add_rlimit(s, LIMIT_PIDS, RLIMIT_NPROC, l[LIMIT_PIDS].value + s->job->spec.hull.init);
	return 0;
}

/* Whether memory could be written to disk: then a limit on memory alone would be none. */
static bool has_swap(void)
{
	char text[1024];
	ssize_t n = io_read_small(AT_FDCWD, "/proc/swaps", text, sizeof(text));

	if (n < 0) /* a kernel without swap has no such file; where it cannot be read there may be some */
		return n != -ENOENT;
	return n > 0 && strchr(text, '\n'); /* the first line is the head; io_read_small() cuts the last end of line */
}

static void use_cgroups(struct sandbox *s, const struct caller *caller)
{
	struct job *job = s->job;
	struct resources *r = &job->spec.linux.resources;
	struct limit_state *l = s->limits;

	r->devices.v = arena_new(&job->hull->arena, struct device_rule); /* mounts say which devices there are, as without a cgroup */
	r->devices.v[r->devices.n++] = (struct device_rule){ .allow = true, .access = arena_strdup(&job->hull->arena, "rwm") };
	if (l[LIMIT_MEMORY].set) {
		r->memory.limit = (struct opt_i64){ .set = true, .value = (int64_t)l[LIMIT_MEMORY].value };
		if (has_swap())
			r->memory.swap = r->memory.limit;
	}
	if (l[LIMIT_CPUS].set) {
		r->cpu.period = (struct opt_u64){ .set = true, .value = CPU_PERIOD };
		r->cpu.quota = (struct opt_i64){ .set = true, .value = (int64_t)(l[LIMIT_CPUS].value * CPU_PERIOD / THOUSAND) };
	}
	if (l[LIMIT_PIDS].set)
		r->pids.limit = (struct opt_i64){ .set = true, .value = (int64_t)l[LIMIT_PIDS].value + job->spec.hull.init };
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		if (l[controllers[i].limit].set)
			l[controllers[i].limit].holder = HELD_BY_CGROUP;
	if (caller->privileged && process_in_initial_userns())
		job->spec.linux.cgroups_path = arena_printf(&job->hull->arena, "/hull-%s", job->id);
}

int sandbox_limits_apply(struct sandbox *s)
{
	struct limit_state *l = s->limits;
	struct spec *spec = &s->job->spec;
	struct caller *caller = &s->job->caller;

	caller_identify(caller);
	spec->process.rlimits.v = arena_many(&s->job->hull->arena, struct rlimit_entry, RLIMITS_MAX);
	if (set_rlimits(s, caller) < 0)
		return -1;
	if (s->cgroups)
		use_cgroups(s, caller);
	else if (use_rlimits(s, caller) < 0)
		return -1;
	if (l[LIMIT_TIME].set) {
		l[LIMIT_TIME].holder = HELD_BY_HULL;
		add_rlimit(s, LIMIT_TIME, RLIMIT_CPU, (l[LIMIT_TIME].value + NS_PER_S - 1) / NS_PER_S + 1);
	}
	if (l[LIMIT_WALL].set)
		l[LIMIT_WALL].holder = HELD_BY_HULL;
	return 0;
}

/* ---- a state for its cgroups ---- */

/* "sandbox-PID-…": 0 when it is none of ours, or its hull is alive. */
static bool is_stale(const char *id)
{
	const char *rest = text_after(id, "sandbox-");
	size_t length = rest ? strcspn(rest, "-") : 0;
	char digits[TEXT_NUMBER_MAX];
	uint32_t pid;

	if (length == 0 || length >= sizeof(digits) || rest[length] == '\0')
		return false;
	memcpy(digits, rest, length);
	digits[length] = '\0';
	return text_to_u32(digits, &pid) == 0 && pid > 0 && pid <= INT32_MAX && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

/* What hulls left behind that were killed: containers without a process only. */
static void remove_stale(struct hull *h)
{
	char *ids[STALE_MAX];
	struct dirent *entry;
	size_t n = 0;
	DIR *dir = opendir(h->root);

	while (dir && n < STALE_MAX && (entry = readdir(dir)))
		if (is_stale(entry->d_name))
			ids[n++] = arena_strdup(&h->arena, entry->d_name);
	if (dir)
		(void)closedir(dir); /* opened above */
	for (size_t i = 0; i < n; i++)
		if (container_delete(h, ids[i], false) == 0)
			log_write(&h->log, LOG_LEVEL_DEBUG, "removed what was left of '%s'", ids[i]);
	h->error = (struct error){ .text = "" };
}

void sandbox_limits_sweep(struct sandbox *s)
{
	if (s->cgroups && !s->o.name)
		remove_stale(s->job->hull);
}

/* ---- the end ---- */

static uint64_t key_of(const struct string_list *cgroups, const char *file, const char *key)
{
	char path[4096], text[4096];
	uint64_t most = 0, value;

	for (size_t i = 0; i < 2 * cgroups->n; i++) { /* v1 counts where it happened only */
		(void)snprintf(path, sizeof(path), "%s/%s%s", cgroups->v[i / 2], i % 2 ? CGROUP_INNER "/" : "", file);
		value = io_read_small(AT_FDCWD, path, text, sizeof(text)) > 0 ? cgroup_parse_key(text, key) : 0;
		most = value > most ? value : most;
	}
	return most;
}

void sandbox_limits_end(struct sandbox *s)
{
	const struct facts *facts = &s->job->state.facts;
	struct cgroup_oom oom;

	s->ended = foreground_now();
	if (!s->cgroups || !s->o.result) /* the record alone tells them */
		return;
	cgroup_oom_read(facts, &s->job->hull->arena, &oom);
	s->memory_peak = oom.peak;
	s->oom_kills = oom.kills;
	s->pids_hit = key_of(&facts->cgroups, "pids.events", "max");
	s->has_cpu = sandbox_time_of_cgroup(s, &s->cpu);
}
