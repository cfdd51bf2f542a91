/*
 * Figures of a container as runc's JSON. Its rules are those of Go's encoder: a number that is zero is left out where runc says "omitempty", and the
 * members of a map are sorted.
 */
#include "run/figures.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* "omitempty" */
static void number(struct json_writer *w, const char *key, uint64_t value)
{
	if (value != 0)
		json_u64(w, key, value);
}

static void write_pressure(struct json_writer *w, const char *key, const struct cgroup_pressure *p)
{
	json_open_object(w, key);
	json_double(w, "avg10", p->avg10);
	json_double(w, "avg60", p->avg60);
	json_double(w, "avg300", p->avg300);
	json_u64(w, "total", p->total);
	json_close_object(w);
}

static void write_psi(struct json_writer *w, const struct cgroup_psi *psi)
{
	if (!psi->known)
		return;
	json_open_object(w, "psi");
	write_pressure(w, "some", &psi->some);
	write_pressure(w, "full", &psi->full);
	json_close_object(w);
}

static void write_percpu(struct json_writer *w, const char *key, const struct cgroup_percpu *p)
{
	if (p->n == 0)
		return;
	json_open_array(w, key);
	for (size_t i = 0; i < p->n; i++)
		json_u64(w, NULL, p->times[i]);
	json_close_array(w);
}

static void write_cpu(struct json_writer *w, const struct cgroup_cpu_stats *cpu)
{
	json_open_object(w, "cpu");
	json_open_object(w, "usage");
	number(w, "total", cpu->total);
	write_percpu(w, "percpu", &cpu->percpu);
	write_percpu(w, "percpu_kernel", &cpu->percpu_kernel);
	write_percpu(w, "percpu_user", &cpu->percpu_user);
	json_u64(w, "kernel", cpu->kernel);
	json_u64(w, "user", cpu->user);
	json_close_object(w);
	json_open_object(w, "throttling");
	number(w, "periods", cpu->periods);
	number(w, "throttledPeriods", cpu->throttled_periods);
	number(w, "throttledTime", cpu->throttled_time);
	json_close_object(w);
	write_psi(w, &cpu->psi);
	json_close_object(w);
}

/* "0-2,7" as [0,1,2,7] */
static void write_list(struct json_writer *w, const char *key, const char *list)
{
	if (!list[strspn(list, " \n")])
		return;
	json_open_array(w, key);
	while (*list) {
		char part[2 * TEXT_NUMBER_MAX], *dash;
		size_t length = strcspn(list, ",\n");
		uint32_t first, last;

		if (length >= sizeof(part))
			break;
		memcpy(part, list, length);
		part[length] = '\0';
		list += length + (list[length] != '\0');
		dash = strchr(part, '-');
		if (dash)
			*dash = '\0';
		if (text_to_u32(part, &first) < 0 || text_to_u32(dash ? dash + 1 : part, &last) < 0 || last > UINT16_MAX)
			continue;
		for (; first <= last; first++)
			json_u64(w, NULL, first);
	}
	json_close_array(w);
}

static void write_cpuset(struct json_writer *w, const struct cgroup_cpuset_stats *set)
{
	json_open_object(w, "cpuset");
	write_list(w, "cpus", set->cpus);
	json_u64(w, "cpu_exclusive", set->cpu_exclusive);
	write_list(w, "mems", set->mems);
	json_u64(w, "mem_hardwall", set->mem_hardwall);
	json_u64(w, "mem_exclusive", set->mem_exclusive);
	json_u64(w, "memory_migrate", set->memory_migrate);
	json_u64(w, "memory_spread_page", set->memory_spread_page);
	json_u64(w, "memory_spread_slab", set->memory_spread_slab);
	json_u64(w, "memory_pressure", set->memory_pressure);
	json_u64(w, "sched_load_balance", set->sched_load_balance);
	json_i64(w, "sched_relax_domain_level", set->sched_relax_domain_level);
	json_close_object(w);
}

static void write_entry(struct json_writer *w, const char *key, const struct cgroup_memory_entry *e)
{
	json_open_object(w, key);
	json_u64(w, "limit", e->limit);
	number(w, "usage", e->usage);
	number(w, "max", e->max);
	json_u64(w, "failcnt", e->failures);
	json_close_object(w);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct cgroup_figure *)a)->name, ((const struct cgroup_figure *)b)->name);
}

static void write_memory(struct json_writer *w, const struct cgroup_memory_stats *m)
{
	struct cgroup_figure *raw = arena_many(w->arena, struct cgroup_figure, m->n_raw);

	json_open_object(w, "memory");
	number(w, "cache", m->cache);
	write_entry(w, "usage", &m->usage);
	write_entry(w, "swap", &m->swap);
	write_entry(w, "kernel", &m->kernel);
	write_entry(w, "kernelTCP", &m->kernel_tcp);
	if (m->n_raw > 0) {
		memcpy(raw, m->raw, m->n_raw * sizeof(*raw));
		qsort(raw, m->n_raw, sizeof(*raw), by_name);
		json_open_object(w, "raw");
		for (size_t i = 0; i < m->n_raw; i++)
			json_u64(w, raw[i].name, raw[i].value);
		json_close_object(w);
	}
	write_psi(w, &m->psi);
	json_close_object(w);
}

static void write_io(struct json_writer *w, const struct cgroup_io_stats *io)
{
	static const char *const names[] = {
#define X(id, name, bfq, throttle) [CGROUP_IO_##id] = name,
		CGROUP_IO_LISTS(X)
#undef X
	};

	json_open_object(w, "blkio");
	for (int list = 0; list < CGROUP_IO_MAX; list++) {
		if (io->lists[list].n == 0)
			continue;
		json_open_array(w, names[list]);
		for (size_t i = 0; i < io->lists[list].n; i++) {
			const struct cgroup_io_entry *e = &io->lists[list].v[i];

			json_open_object(w, NULL);
			number(w, "major", e->major);
			number(w, "minor", e->minor);
			if (e->op)
				json_string(w, "op", e->op);
			number(w, "value", e->value);
			json_close_object(w);
		}
		json_close_array(w);
	}
	write_psi(w, &io->psi);
	json_close_object(w);
}

static int by_size(const void *a, const void *b)
{
	return strcmp(((const struct cgroup_hugetlb_stats *)a)->size, ((const struct cgroup_hugetlb_stats *)b)->size);
}

static void write_hugetlb(struct json_writer *w, const struct cgroup_stats *stats)
{
	json_open_object(w, "hugetlb");
	if (stats->n_hugetlb > 1)
		qsort(stats->hugetlb, stats->n_hugetlb, sizeof(*stats->hugetlb), by_size);
	for (size_t i = 0; i < stats->n_hugetlb; i++) {
		const struct cgroup_hugetlb_stats *h = &stats->hugetlb[i];

		json_open_object(w, h->size);
		number(w, "usage", h->usage);
		number(w, "max", h->max);
		json_u64(w, "failcnt", h->failures);
		json_close_object(w);
	}
	json_close_object(w);
}

void figures_write(struct json_writer *w, const char *key, const struct cgroup_stats *stats)
{
	json_open_object(w, key);
	write_cpu(w, &stats->cpu);
	write_cpuset(w, &stats->cpuset);
	write_memory(w, &stats->memory);
	json_open_object(w, "pids");
	number(w, "current", stats->pids.current);
	number(w, "limit", stats->pids.limit == CGROUP_NO_LIMIT ? 0 : stats->pids.limit);
	json_close_object(w);
	write_io(w, &stats->io);
	write_hugetlb(w, stats);
	json_open_object(w, "intel_rdt"); /* not counted here */
	json_close_object(w);
	json_null(w, "network_interfaces"); /* only what the runtime itself made: nothing */
	json_close_object(w);
}
