/* Figures of several containers, and the table that shows them: one row here is one column there. */
#include "cli/sample.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/text.h"

#define NS_PER_S 1000000000ULL
#define NS_PER_MS 1000000ULL

/* ---- taking figures ---- */

static struct sample *find(struct samples *s, const char *id)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].id, id) == 0)
			return &s->v[i];
	return NULL;
}

/* Return: 0 or -ENOMEM. */
static int keep(struct samples *s, const char *id, const struct hull_stats *stats)
{
	struct sample *one = find(s, id), *more;

	if (one) {
		one->before = one->now;
		one->has_before = true;
	} else {
		more = reallocarray(s->v, s->n + 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		s->v = more;
		one = &more[s->n];
		*one = (struct sample){ .id = strdup(id) };
		if (!one->id)
			return -ENOMEM;
		s->n++;
	}
	one->now = *stats;
	one->seen = true;
	return 0;
}

static int take_one(const struct cli *cli, struct samples *s, const char *id, bool must)
{
	struct hull_stats stats = { .size = sizeof(stats) };

	if (hull_stats(cli->hull, id, &stats) < 0)
		return must ? cli_library_failed(cli) : 0;
	return keep(s, id, &stats) < 0 ? cli_fail(cli, "out of memory") : 0;
}

static int take_all(const struct cli *cli, struct samples *s)
{
	struct hull_info *infos = NULL;
	size_t n = 0;
	int status = 0;

	if (hull_list(cli->hull, &infos, &n) < 0)
		return cli_library_failed(cli);
	for (size_t i = 0; status == 0 && i < n; i++)
		if (infos[i].pid > 0)
			status = take_one(cli, s, infos[i].id, false);
	hull_free_infos(infos);
	return status;
}

static void drop_unseen(struct samples *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].seen)
			s->v[kept++] = s->v[i];
		else
			free(s->v[i].id);
	}
	s->n = kept;
}

int samples_take(const struct cli *cli, struct samples *s, char *const *ids, int n_ids, bool first)
{
	int status = 0;

	for (size_t i = 0; i < s->n; i++)
		s->v[i].seen = false;
	for (int i = 0; status == 0 && i < n_ids; i++)
		status = take_one(cli, s, ids[i], first);
	if (n_ids == 0)
		status = take_all(cli, s);
	drop_unseen(s);
	return status;
}

void samples_free(struct samples *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].id);
	free(s->v);
	*s = (struct samples){ .n = 0 };
}

/* ---- figures that need two looks ---- */

static double part_of_time(const struct sample *s, uint64_t now, uint64_t before)
{
	uint64_t time = s->has_before ? s->now.time - s->before.time : s->now.age;

	if (!s->has_before)
		before = 0;
	return time == 0 || now < before ? 0 : 100.0 * (double)(now - before) / (double)time;
}

double sample_cpu(const struct sample *s)
{
	return part_of_time(s, s->now.cpu, s->before.cpu);
}

double sample_throttled(const struct sample *s)
{
	return part_of_time(s, s->now.throttled, s->before.throttled);
}

/* ---- the table ---- */

enum { CELL_MAX = 32 };

/* "12.3M": three digits or four and a unit */
static void human(char *cell, uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	double value = (double)bytes;
	size_t unit = 0;

	if (bytes == HULL_NO_LIMIT) {
		(void)snprintf(cell, CELL_MAX, "max"); /* fits */
		return;
	}
	for (; value >= 1024 && units[unit + 1]; unit++)
		value /= 1024;
	(void)snprintf(cell, CELL_MAX, unit > 0 && value < 99.95 ? "%.1f%c" : "%.0f%c", value, units[unit]); /* fits */
}

static void cell_cpu(char *cell, const struct sample *s)
{
	(void)snprintf(cell, CELL_MAX, "%.1f", sample_cpu(s)); /* fits; so below */
}

static void cell_memory(char *cell, const struct sample *s)
{
	human(cell, s->now.memory);
}

static void cell_limit(char *cell, const struct sample *s)
{
	human(cell, s->now.memory_limit);
}

static void cell_peak(char *cell, const struct sample *s)
{
	human(cell, s->now.memory_peak);
}

static void cell_pids(char *cell, const struct sample *s)
{
	if (s->now.pids_limit == HULL_NO_LIMIT || s->now.pids_limit == 0)
		(void)snprintf(cell, CELL_MAX, "%llu/max", (unsigned long long)s->now.pids);
	else
		(void)snprintf(cell, CELL_MAX, "%llu/%llu", (unsigned long long)s->now.pids, (unsigned long long)s->now.pids_limit);
}

static void cell_read(char *cell, const struct sample *s)
{
	human(cell, s->now.read_bytes);
}

static void cell_written(char *cell, const struct sample *s)
{
	human(cell, s->now.written_bytes);
}

/* some of cpu, memory and io, as whole percent */
static void cell_pressure(char *cell, const struct sample *s)
{
	if (s->now.cpu_pressure.some < 0)
		(void)snprintf(cell, CELL_MAX, "-");
	else
		(void)snprintf(cell, CELL_MAX, "%.0f/%.0f/%.0f", s->now.cpu_pressure.some, s->now.memory_pressure.some, s->now.io_pressure.some);
}

static void cell_throttled(char *cell, const struct sample *s)
{
	(void)snprintf(cell, CELL_MAX, "%.1f", sample_throttled(s));
}

static void cell_oom(char *cell, const struct sample *s)
{
	(void)snprintf(cell, CELL_MAX, "%llu", (unsigned long long)s->now.oom_kills);
}

static const struct {
	const char *title;
	int width;
	void (*fill)(char *cell, const struct sample *s);
} columns[] = {
	{ "CPU %", 7, cell_cpu },
	{ "THROTTLED %", 12, cell_throttled },
	{ "MEMORY", 8, cell_memory },
	{ "LIMIT", 8, cell_limit },
	{ "PEAK", 8, cell_peak },
	{ "PIDS", 11, cell_pids },
	{ "READ", 8, cell_read },
	{ "WRITTEN", 8, cell_written },
	{ "PRESSURE C/M/IO", 16, cell_pressure },
	{ "OOM", 5, cell_oom },
};

int sample_id_width(const struct samples *s, int most)
{
	int width = (int)strlen("ID");

	for (size_t i = 0; i < s->n; i++)
		if ((int)strlen(s->v[i].id) > width)
			width = (int)strlen(s->v[i].id);
	return most > 0 && width > most ? most : width;
}

void sample_title(char *buffer, int id_width)
{
	struct text t = text_on(buffer, SAMPLE_LINE_MAX);

	text_addf(&t, "%-*s", id_width, "ID");
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		text_addf(&t, " %*s", columns[i].width, columns[i].title);
}

void sample_line(char *buffer, int id_width, const struct sample *s)
{
	struct text t = text_on(buffer, SAMPLE_LINE_MAX);
	char cell[CELL_MAX];

	text_addf(&t, "%-*.*s", id_width, id_width, s->id);
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		columns[i].fill(cell, s);
		text_addf(&t, " %*s", columns[i].width, cell);
	}
}

/* ---- JSON ---- */

static void json_number(const char *key, uint64_t value)
{
	printf(",\"%s\":%llu", key, (unsigned long long)value);
}

static void json_limit(const char *key, uint64_t value)
{
	if (value == HULL_NO_LIMIT)
		printf(",\"%s\":null", key);
	else
		json_number(key, value);
}

static void json_pressure(const char *key, const struct hull_pressure *p)
{
	if (p->some >= 0)
		printf(",\"%s\":{\"some\":%.2f,\"full\":%.2f}", key, p->some, p->full);
}

void samples_print_json(const struct samples *samples)
{
	printf("[");
	for (size_t i = 0; i < samples->n; i++) {
		const struct sample *s = &samples->v[i];

		printf("%s{\"id\":\"%s\",\"cpuPercent\":%.2f", i > 0 ? "," : "", s->id, sample_cpu(s)); /* no character of an id needs escaping */
		json_number("cpu", s->now.cpu);
		json_number("cpuUser", s->now.cpu_user);
		json_number("cpuKernel", s->now.cpu_kernel);
		json_number("periods", s->now.periods);
		json_number("throttledPeriods", s->now.throttled_periods);
		json_number("throttled", s->now.throttled);
		json_number("memory", s->now.memory);
		json_limit("memoryLimit", s->now.memory_limit);
		json_number("memoryPeak", s->now.memory_peak);
		json_number("swap", s->now.swap);
		json_number("cache", s->now.cache);
		json_number("oomKills", s->now.oom_kills);
		json_number("pids", s->now.pids);
		json_limit("pidsLimit", s->now.pids_limit);
		json_number("readBytes", s->now.read_bytes);
		json_number("writtenBytes", s->now.written_bytes);
		json_number("reads", s->now.reads);
		json_number("writes", s->now.writes);
		json_pressure("cpuPressure", &s->now.cpu_pressure);
		json_pressure("memoryPressure", &s->now.memory_pressure);
		json_pressure("ioPressure", &s->now.io_pressure);
		printf("}");
	}
	printf("]\n");
}

/* ---- time ---- */

int parse_interval(const struct cli *cli, const char *text, uint64_t standard, uint64_t *ret_ns)
{
	uint64_t ns = standard;

	if (text && (text_to_duration(text, &ns) < 0 || ns < NS_PER_MS))
		return cli_fail(cli, "--interval: expected a duration like 5s or 500ms, got '%s'", text);
	*ret_ns = ns;
	return 0;
}

int start_timer(uint64_t ns)
{
	struct timespec each = { .tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S) };
	struct itimerspec timer = { .it_interval = each, .it_value = each };
	scope_fd int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	return fd < 0 || timerfd_settime(fd, 0, &timer, NULL) < 0 ? -errno : take_fd(&fd);
}
