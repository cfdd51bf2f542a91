/*
 * Reading figures: each controller is looked for in the container's cgroups, and its files are read by name. A file that is not there leaves zero: kernels
 * differ in what they count. The units are made the same: v1 counts some times in clock ticks, v2 in microseconds.
 */
#include "aspect/cgroup_stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "aspect/cgroup.h"
#include "aspect/cgroup_control.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/text.h"

enum { SMALL_MAX = 4096, FILE_MAX = 1 << 20, NS_PER_US = 1000, NS_PER_S = 1000000000, PERCPU_MAX = 65536, HUGETLB_MAX = 16 };

/* Where figures are read from. @tree: NULL: the container has none for this controller */
struct source {
	const struct cgroup_tree *tree;
	struct arena *arena;
};

static struct source source_of(const struct cgroup_host *host, const char *controller, struct arena *arena)
{
	struct source source = { NULL, arena };

	for (size_t i = 0; i < host->n; i++) {
		const struct cgroup_tree *t = &host->v[i];

		if (!t->v2 && cgroup_has_controller(t->controllers, controller)) {
			source.tree = t->leaf ? t : NULL;
			return source;
		}
		if (t->v2 && t->leaf)
			source.tree = t;
	}
	return source;
}

static bool is_v2(const struct source *s)
{
	return s->tree && s->tree->v2;
}

/* The text of a file, "": there is none. */
static char *text_of(const struct source *s, const char *file)
{
	char *text;

	if (!s->tree || io_read_file(AT_FDCWD, arena_printf(s->arena, "%s/%s", s->tree->leaf, file), FILE_MAX, s->arena, &text, NULL) < 0)
		return arena_strdup(s->arena, "");
	return text;
}

/* The number in a file, CGROUP_NO_LIMIT: "max"; 0: there is no such file. */
static uint64_t number_of(const struct source *s, const char *file)
{
	char text[SMALL_MAX];
	uint64_t value;

	if (!s->tree || io_read_small(AT_FDCWD, arena_printf(s->arena, "%s/%s", s->tree->leaf, file), text, sizeof(text)) <= 0)
		return 0;
	if (text_equal(text, "max"))
		return CGROUP_NO_LIMIT;
	return text_to_u64(text, &value) < 0 ? 0 : value;
}

/* Pressure is counted in every v2 cgroup, whichever hierarchy has the controller. */
static void read_psi(const struct cgroup_host *host, struct arena *arena, struct cgroup_stats *stats)
{
	struct source s = source_of(host, "", arena);

	if (!is_v2(&s))
		return;
	cgroup_parse_psi(text_of(&s, "cpu.pressure"), &stats->cpu.psi);
	cgroup_parse_psi(text_of(&s, "memory.pressure"), &stats->memory.psi);
	cgroup_parse_psi(text_of(&s, "io.pressure"), &stats->io.psi);
}

/* ---- cpu ---- */

/* "123 456 " */
static struct cgroup_percpu read_percpu(const struct source *s, const char *file)
{
	struct cgroup_percpu p = { .n = 0 };
	char *text = text_of(s, file), *word;
	size_t room = strlen(text) / 2 + 1;

	p.times = arena_many(s->arena, uint64_t, room);
	while ((word = cgroup_next_word(&text)) && p.n < PERCPU_MAX && text_to_u64(word, &p.times[p.n]) == 0)
		p.n++;
	return p;
}

/* "cpu user system", then a line for each processor */
static void read_usage_all(const struct source *s, struct cgroup_cpu_stats *cpu)
{
	char *text = text_of(s, "cpuacct.usage_all"), *word;
	size_t room = strlen(text) / 6 + 1, n = 0;
	uint64_t *user = arena_many(s->arena, uint64_t, room), *kernel = arena_many(s->arena, uint64_t, room);

	text += strcspn(text, "\n");
	while (n < room && cgroup_next_word(&text)) { /* the processor's number */
		word = cgroup_next_word(&text);
		if (!word || text_to_u64(word, &user[n]) < 0)
			break;
		word = cgroup_next_word(&text);
		if (!word || text_to_u64(word, &kernel[n]) < 0)
			break;
		n++;
	}
	cpu->percpu_user = (struct cgroup_percpu){ user, n };
	cpu->percpu_kernel = (struct cgroup_percpu){ kernel, n };
}

static void read_cpu(const struct cgroup_host *host, struct arena *arena, struct cgroup_cpu_stats *cpu)
{
	struct source s = source_of(host, "cpu", arena), account = source_of(host, "cpuacct", arena);
	const char *stat = text_of(&s, "cpu.stat");
	uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);

	cpu->periods = cgroup_parse_key(stat, "nr_periods");
	cpu->throttled_periods = cgroup_parse_key(stat, "nr_throttled");
	cpu->throttled_time = is_v2(&s) ? cgroup_parse_key(stat, "throttled_usec") * NS_PER_US : cgroup_parse_key(stat, "throttled_time");
	if (!account.tree || is_v2(&account)) {
		stat = text_of(&account, "cpu.stat"); /* on a hybrid host v2 counts without the controller */
		cpu->total = cgroup_parse_key(stat, "usage_usec") * NS_PER_US;
		cpu->user = cgroup_parse_key(stat, "user_usec") * NS_PER_US;
		cpu->kernel = cgroup_parse_key(stat, "system_usec") * NS_PER_US;
		return;
	}
	stat = text_of(&account, "cpuacct.stat");
	cpu->total = number_of(&account, "cpuacct.usage");
	cpu->user = cgroup_parse_key(stat, "user") * (NS_PER_S / ticks);
	cpu->kernel = cgroup_parse_key(stat, "system") * (NS_PER_S / ticks);
	cpu->percpu = read_percpu(&account, "cpuacct.usage_percpu");
	read_usage_all(&account, cpu);
}

static void read_cpuset(const struct cgroup_host *host, struct arena *arena, struct cgroup_cpuset_stats *set)
{
	struct source s = source_of(host, "cpuset", arena);
	char level[SMALL_MAX];

	set->cpus = text_of(&s, "cpuset.cpus");
	set->mems = text_of(&s, "cpuset.mems");
	if (!s.tree || is_v2(&s))
		return;
	set->cpu_exclusive = number_of(&s, "cpuset.cpu_exclusive");
	set->mem_hardwall = number_of(&s, "cpuset.mem_hardwall");
	set->mem_exclusive = number_of(&s, "cpuset.mem_exclusive");
	set->memory_migrate = number_of(&s, "cpuset.memory_migrate");
	set->memory_spread_page = number_of(&s, "cpuset.memory_spread_page");
	set->memory_spread_slab = number_of(&s, "cpuset.memory_spread_slab");
	set->memory_pressure = number_of(&s, "cpuset.memory_pressure");
	set->sched_load_balance = number_of(&s, "cpuset.sched_load_balance");
	if (io_read_small(AT_FDCWD, arena_printf(arena, "%s/cpuset.sched_relax_domain_level", s.tree->leaf), level, sizeof(level)) > 0)
		(void)text_to_i64(level, &set->sched_relax_domain_level); /* stays 0 */
}

/* ---- memory ---- */

/* @name: "" or "memsw.", "kmem." … */
static void read_entry_v1(const struct source *s, const char *name, struct cgroup_memory_entry *e)
{
	e->limit = number_of(s, arena_printf(s->arena, "memory.%slimit_in_bytes", name));
	e->usage = number_of(s, arena_printf(s->arena, "memory.%susage_in_bytes", name));
	e->max = number_of(s, arena_printf(s->arena, "memory.%smax_usage_in_bytes", name));
	e->failures = number_of(s, arena_printf(s->arena, "memory.%sfailcnt", name));
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a == CGROUP_NO_LIMIT || b == CGROUP_NO_LIMIT ? CGROUP_NO_LIMIT : a + b;
}

/* v1's figure of swap is that of memory and swap together: v2's is made the same. */
static void read_memory_v2(const struct source *s, struct cgroup_memory_stats *m)
{
	m->usage.limit = number_of(s, "memory.max");
	m->usage.usage = number_of(s, "memory.current");
	m->usage.max = number_of(s, "memory.peak");
	m->usage.failures = cgroup_parse_key(text_of(s, "memory.events"), "max");
	m->swap.limit = plus(number_of(s, "memory.swap.max"), m->usage.limit);
	m->swap.usage = number_of(s, "memory.swap.current") + m->usage.usage;
}

static void read_memory(const struct cgroup_host *host, struct arena *arena, struct cgroup_memory_stats *m)
{
	struct source s = source_of(host, "memory", arena);
	char *text = text_of(&s, "memory.stat"), *name, *value;

	m->raw = arena_many(arena, struct cgroup_figure, strlen(text) / 4 + 1);
	while ((name = cgroup_next_word(&text)) && (value = cgroup_next_word(&text))) {
		m->raw[m->n_raw].name = name;
		if (text_to_u64(value, &m->raw[m->n_raw].value) < 0)
			continue;
		if (text_equal(name, is_v2(&s) ? "file" : "cache"))
			m->cache = m->raw[m->n_raw].value;
		m->n_raw++;
	}
	if (is_v2(&s)) {
		read_memory_v2(&s, m);
		return;
	}
	read_entry_v1(&s, "", &m->usage);
	read_entry_v1(&s, "memsw.", &m->swap);
	read_entry_v1(&s, "kmem.", &m->kernel);
	read_entry_v1(&s, "kmem.tcp.", &m->kernel_tcp);
}

/* ---- the rest ---- */

static void read_io(const struct cgroup_host *host, struct arena *arena, struct cgroup_io_stats *io)
{
	static const struct {
		const char *bfq, *throttle;
	} files[] = {
#define X(id, name, bfq, throttle) [CGROUP_IO_##id] = { bfq, throttle },
		CGROUP_IO_LISTS(X)
#undef X
	};
	struct source s = source_of(host, "blkio", arena);
	bool bfq;

	if (!s.tree || is_v2(&s)) {
		s = source_of(host, "io", arena);
		cgroup_parse_io_v2(arena, text_of(&s, "io.stat"), io);
		return;
	}
	bfq = text_of(&s, files[CGROUP_IO_OPERATIONS].bfq)[0] != '\0';
	for (int list = 0; list < CGROUP_IO_MAX; list++) {
		const char *file = bfq ? files[list].bfq : files[list].throttle;

		if (file)
			cgroup_parse_io_v1(arena, text_of(&s, file), (enum cgroup_io_list)list, io);
	}
}

/* "hugetlb.2MB.usage_in_bytes", "hugetlb.2MB.current": the sizes are in the names of the files */
static void read_hugetlb(const struct cgroup_host *host, struct arena *arena, struct cgroup_stats *stats)
{
	struct source s = source_of(host, "hugetlb", arena);
	const char *ending = is_v2(&s) ? ".current" : ".usage_in_bytes";
	DIR *dir = s.tree ? opendir(s.tree->leaf) : NULL;
	struct dirent *entry;

	stats->hugetlb = arena_many(arena, struct cgroup_hugetlb_stats, HUGETLB_MAX);
	while (dir && stats->n_hugetlb < HUGETLB_MAX && (entry = readdir(dir))) {
		const char *rest = text_after(entry->d_name, "hugetlb.");
		size_t length = rest ? strcspn(rest, ".") : 0;
		struct cgroup_hugetlb_stats *h = &stats->hugetlb[stats->n_hugetlb];

		if (length == 0 || !text_equal(rest + length, ending))
			continue;
		stats->n_hugetlb++;
		h->size = arena_strndup(arena, rest, length);
		h->usage = number_of(&s, entry->d_name);
		if (is_v2(&s)) {
			h->failures = cgroup_parse_key(text_of(&s, arena_printf(arena, "hugetlb.%s.events", h->size)), "max");
			continue;
		}
		h->max = number_of(&s, arena_printf(arena, "hugetlb.%s.max_usage_in_bytes", h->size));
		h->failures = number_of(&s, arena_printf(arena, "hugetlb.%s.failcnt", h->size));
	}
	if (dir)
		(void)closedir(dir); /* it was only read */
}

/* Without the controller they are counted by hand, as runc does: processes, not threads. */
static uint64_t count_pids(const struct facts *facts, struct arena *arena)
{
	struct error unused;
	pid_t *pids;
	size_t n;

	return cgroup_pids(facts, arena, &unused, &pids, &n) < 0 ? 0 : n;
}

int cgroup_stats_read(const struct facts *facts, struct arena *arena, struct error *error, struct cgroup_stats *ret_stats)
{
	struct cgroup_stats stats = { .n_hugetlb = 0 };
	struct cgroup_host host;
	struct source pids;

	if (facts->cgroups.n == 0)
		return fail(error, 0, "the container has no cgroup: what it uses is not counted");
	if (cgroup_host_of(facts, arena, error, &host) < 0)
		return -1;
	if (access(facts->cgroups.v[facts->cgroups.n - 1], F_OK) < 0)
		return fail(error, errno, "cannot read cgroup '%s'", facts->cgroups.v[facts->cgroups.n - 1]);
	read_cpu(&host, arena, &stats.cpu);
	read_cpuset(&host, arena, &stats.cpuset);
	read_memory(&host, arena, &stats.memory);
	read_io(&host, arena, &stats.io);
	read_hugetlb(&host, arena, &stats);
	read_psi(&host, arena, &stats);
	pids = source_of(&host, "pids", arena);
	stats.pids.current = number_of(&pids, "pids.current");
	stats.pids.limit = number_of(&pids, "pids.max");
	if (stats.pids.current == 0) /* no controller; of an empty cgroup it is 0 again */
		stats.pids.current = count_pids(facts, arena);
	*ret_stats = stats;
	return 0;
}
