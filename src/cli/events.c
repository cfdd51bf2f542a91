/* events and stats: what containers use, for programs and for people. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/sample.h"

#define NS_PER_S 1000000000ULL

struct events_flags {
	bool stats;
	const char *interval;
};

static const struct option_row events_rows[] = {
	{ "interval", OPTION_AT(struct events_flags, interval), .argument = "DURATION", .help = "time between two figures (default: 5s)" },
	{ "stats", OPTION_AT(struct events_flags, stats), .help = "print the figures once and end" },
};

/* A reader that has gone ends it. */
static int print_line(void *data, const char *json)
{
	(void)data; /* nothing is needed */
	return printf("%s\n", json) < 0 || fflush(stdout) != 0 ? -1 : 0;
}

static int events_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	const struct events_flags *f = flags;
	struct hull_events_options o = { .size = sizeof(o), .once = f->stats };
	int status = parse_interval(cli, f->interval, 5 * NS_PER_S, &o.interval);

	(void)n_operands; /* exactly one */
	if (status != 0)
		return status;
	return hull_events(cli->hull, operands[0], &o, print_line, NULL) < 0 ? cli_library_failed(cli) : cli_flush(cli);
}

const struct command events_command = {
	.name = "events",
	.operands = "ID",
	.summary = "print figures and events of a container",
	.description =
		"Prints resource figures, now and then in every interval, and out-of-memory events of a container as they happen, until it ends: a JSON object "
		"a line, with the names that runc uses. Times are nanoseconds, sizes bytes.",
	.examples = (const struct example[]){
		{ "hull events --stats web1", "print the figures once" },
		{ "hull events --interval 1m web1", "figures every minute, and lack of memory at once" },
		{ NULL, NULL } },
	.min = 1, .max = 1, .failure = 1, .flags = COMMAND_TAKES_ID,
	COMMAND_OPTIONS(events_rows, struct events_flags),
	.run = events_run,
};

/* @format: 0: not given, 1 table, 2 json */
struct stats_flags {
	bool no_stream;
	const char *interval;
	int format;
};

enum { FORMAT_JSON = 2 };

static const char *const formats[] = { "table", "json", NULL };

static const struct option_row stats_rows[] = {
	{ "format", 'f', OPTION_AT(struct stats_flags, format), .argument = "FORMAT", .choices = formats,
	  .help = "print a table (the default) or json, an array a line" },
	{ "interval", 'i', OPTION_AT(struct stats_flags, interval), .argument = "DURATION", .help = "time between two figures (default: 1s)" },
	{ "no-stream", OPTION_AT(struct stats_flags, no_stream), .help = "print once; percentages are then of the container's whole life" },
};

static int print_samples(const struct cli *cli, const struct stats_flags *f, const struct samples *s, bool title)
{
	char line[SAMPLE_LINE_MAX];
	int width = sample_id_width(s, 0);

	if (f->format == FORMAT_JSON) {
		samples_print_json(s);
		return cli_flush(cli);
	}
	sample_title(line, width);
	if (title)
		puts(line);
	for (size_t i = 0; i < s->n; i++) {
		sample_line(line, width, &s->v[i]);
		puts(line);
	}
	return cli_flush(cli);
}

/* Until the containers that were named have ended, or until somebody ends us. */
static int stream(const struct cli *cli, const struct stats_flags *f, struct samples *s, uint64_t interval, int n, char **ids)
{
	scope_fd int timer = start_timer(interval);
	uint64_t ticks;
	int status = timer < 0 ? cli_fail(cli, "cannot make a timer: %s", strerror(-timer)) : 0;

	while (status == 0 && (n == 0 || s->n > 0)) {
		if (read(timer, &ticks, sizeof(ticks)) < 0) {
			if (errno == EINTR)
				continue;
			return cli_fail(cli, "cannot wait: %s", strerror(errno));
		}
		status = samples_take(cli, s, ids, n, false);
		if (status == 0)
			status = print_samples(cli, f, s, false);
	}
	return status;
}

static int stats_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	const struct stats_flags *f = flags;
	struct samples s = { .n = 0 };
	uint64_t interval;
	int status = parse_interval(cli, f->interval, NS_PER_S, &interval);

	if (status == 0)
		status = samples_take(cli, &s, operands, n_operands, true);
	if (status == 0)
		status = print_samples(cli, f, &s, true);
	if (status == 0 && !f->no_stream)
		status = stream(cli, f, &s, interval, n_operands, operands);
	samples_free(&s);
	return status;
}

const struct command stats_command = {
	.name = "stats",
	.operands = "[ID...]",
	.summary = "show what containers use",
	.description =
		"Prints what the named containers use, or all that run: CPU in percent of one processor, the part of the time in which a quota held it back, memory "
		"with limit and peak, processes with their limit, bytes read and written, pressure (percent of the last ten seconds in which something waited for "
		"CPU, memory, I/O), and how many processes the memory limit killed. It goes on every interval until the named containers have ended.",
	.examples = (const struct example[]){
		{ "hull stats", "all running containers, every second" },
		{ "hull stats --no-stream --format json web1", "one container, once, for a program" },
		{ NULL, NULL } },
	.max = MANY, .failure = 1, .flags = COMMAND_TAKES_ID,
	COMMAND_OPTIONS(stats_rows, struct stats_flags),
	.run = stats_run,
};
