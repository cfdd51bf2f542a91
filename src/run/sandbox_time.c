/*
 * The clocks of a sandbox: --wall and --time.
 *
 * Processor time is looked at no sooner than all processors (or threads, where they are fewer) together could have used up the rest of it: few looks, and
 * closer ones towards the end. A cgroup counts best: it also has the time of children that nobody waited for. Without one it is that of the first process,
 * of all below it, and of those they have waited for.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "aspect/cgroup_stats.h"
#include "base/io.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/text.h"
#include "run/descendants.h"
#include "run/sandbox.h"

#define NS_PER_S 1000000000ull

enum { CHECK_MIN_NS = 5000000 };

/* Read a small file of numbers as text, "" when it is gone. */
static void read_text(const char *path, char *text, size_t size)
{
	if (io_read_small(AT_FDCWD, path, text, size) < 0)
		text[0] = '\0';
}

/* Nanoseconds of processor time; @threads: how many there are is added. */
static uint64_t used_by_tree(pid_t pid, uint64_t *threads)
{
	scope_free pid_t *list = NULL;
	uint64_t ticks = 0;
	size_t n = descendants_list(pid, &list);

	for (size_t i = 0; i < n; i++) {
		struct process_stat stat;

		if (process_read_stat(list[i], &stat) < 0)
			continue;
		ticks += stat.ticks;
		*threads += stat.threads;
	}
	return ticks * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

bool sandbox_time_of_cgroup(const struct sandbox *s, uint64_t *ret)
{
	enum { NS_PER_US = 1000 };
	const struct string_list *cgroups = &s->job->state.facts.cgroups;
	char path[4096], text[4096];

	for (size_t i = 0; i < cgroups->n; i++) {
		(void)snprintf(path, sizeof(path), "%s/cpuacct.usage", cgroups->v[i]); /* cut: it is not there */
		read_text(path, text, sizeof(text));
		if (text_to_u64(text, ret) == 0)
			return true;
		(void)snprintf(path, sizeof(path), "%s/cpu.stat", cgroups->v[i]); /* likewise */
		read_text(path, text, sizeof(text));
		if (strstr(text, "usage_usec")) {
			*ret = cgroup_parse_key(text, "usage_usec") * NS_PER_US;
			return true;
		}
	}
	return false;
}

static uint64_t processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (uint64_t)CPU_COUNT(&set) : (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
}

/* Called when the rest of the time might be used up. Returns when it might be next. */
static uint64_t check_time(void *data, const struct launched *child, uint64_t now)
{
	struct sandbox *s = data;
	uint64_t limit = s->limits[LIMIT_TIME].value, parallel = processors(), threads = 0, next;

	if (!sandbox_time_of_cgroup(s, &s->used)) {
		s->used = used_by_tree(child->pid, &threads);
		if (threads > 0 && threads < parallel)
			parallel = threads;
	}
	if (s->used >= limit) {
		s->timed_out = true;
		foreground_kill(&s->foreground, child);
		return 0;
	}
	next = (limit - s->used) / (parallel ? parallel : 1);
	return now + (next < CHECK_MIN_NS ? CHECK_MIN_NS : next);
}

void sandbox_time_begin(struct sandbox *s)
{
	struct foreground *f = &s->foreground;

	s->started = foreground_now();
	if (s->limits[LIMIT_WALL].set)
		f->deadline = s->started + s->limits[LIMIT_WALL].value;
	if (!s->limits[LIMIT_TIME].set)
		return;
	f->check = check_time;
	f->check_data = s;
	f->next_check = s->started + s->limits[LIMIT_TIME].value / processors();
}
