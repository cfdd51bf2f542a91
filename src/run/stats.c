/* stats: the figures that a person looks at, as numbers. */
#include <time.h>
#include <unistd.h>

#include "aspect/cgroup_stats.h"
#include "base/process.h"
#include "base/text.h"
#include "run/handle.h"

#define NS_PER_S 1000000000ULL

static uint64_t now(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t); /* these clocks always exist */
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static uint64_t age_of(const struct facts *facts)
{
	uint64_t boot = now(CLOCK_BOOTTIME), start;
	struct process_stat stat;

	/* in this order: if it is alive now, what was read before was its own */
	if (process_read_stat(facts->pid, &stat) < 0 || !process_alive(facts->pid, facts->pid_birth))
		return 0;
	start = stat.start * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
	return boot > start ? boot - start : 0;
}

static struct hull_pressure pressure(const struct cgroup_psi *psi)
{
	return psi->known ? (struct hull_pressure){ psi->some.avg10, psi->full.avg10 } : (struct hull_pressure){ -1, -1 };
}

static uint64_t sum(const struct cgroup_io_stats *io, enum cgroup_io_list list, const char *op)
{
	uint64_t total = 0;

	for (size_t i = 0; i < io->lists[list].n; i++)
		if (io->lists[list].v[i].op && text_equal(io->lists[list].v[i].op, op))
			total += io->lists[list].v[i].value;
	return total;
}

static uint64_t limit(uint64_t value)
{
	enum { BITS = 62 };

	return value >> BITS ? HULL_NO_LIMIT : value; /* v1 prints none as the largest multiple of a page */
}

static void convert(const struct cgroup_stats *s, struct hull_stats *o)
{
	o->cpu = s->cpu.total;
	o->cpu_user = s->cpu.user;
	o->cpu_kernel = s->cpu.kernel;
	o->periods = s->cpu.periods;
	o->throttled_periods = s->cpu.throttled_periods;
	o->throttled = s->cpu.throttled_time;
	o->memory = s->memory.usage.usage;
	o->memory_limit = limit(s->memory.usage.limit);
	o->memory_peak = s->memory.usage.max;
	o->swap = s->memory.swap.usage > s->memory.usage.usage ? s->memory.swap.usage - s->memory.usage.usage : 0;
	o->cache = s->memory.cache;
	o->pids = s->pids.current;
	o->pids_limit = s->pids.limit;
	o->read_bytes = sum(&s->io, CGROUP_IO_BYTES, "Read");
	o->written_bytes = sum(&s->io, CGROUP_IO_BYTES, "Write");
	o->reads = sum(&s->io, CGROUP_IO_OPERATIONS, "Read");
	o->writes = sum(&s->io, CGROUP_IO_OPERATIONS, "Write");
	o->cpu_pressure = pressure(&s->cpu.psi);
	o->memory_pressure = pressure(&s->memory.psi);
	o->io_pressure = pressure(&s->io.psi);
}

int container_stats(struct hull *hull, const char *id, struct hull_stats *ret_stats)
{
	struct hull_stats out = { .size = sizeof(out) };
	struct cgroup_stats stats;
	struct cgroup_oom oom;
	struct job job;
	int r = job_open_running(&job, hull, id);

	if (r == 0)
		r = cgroup_stats_read(&job.state.facts, &hull->arena, &hull->error, &stats);
	if (r == 0) {
		out.time = now(CLOCK_MONOTONIC);
		out.age = age_of(&job.state.facts);
		convert(&stats, &out);
		cgroup_oom_read(&job.state.facts, &hull->arena, &oom);
		out.oom_kills = oom.kills;
		*ret_stats = out;
	}
	job_close(&job);
	return r < 0 ? -1 : 0;
}
