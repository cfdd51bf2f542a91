/* What stats and top share: figures of several containers, taken again and again, and how they look. */
#ifndef CLI_SAMPLE_H
#define CLI_SAMPLE_H

#include "cli/cli.h"

/*
 * One container's figures.
 * @before: of the time before;  @has_before: there was one
 * @seen: still there when figures were taken last
 */
struct sample {
	char *id;
	struct hull_stats now, before;
	bool has_before, seen;
};

struct samples {
	struct sample *v;
	size_t n;
};

/**
 * samples_take - take figures of containers; those that have ended drop out.
 * @ids, @n_ids: which ones, 0: all that run.
 * @first: an id that does not run is an error.
 * Return: 0, or an exit code after a message.
 */
int samples_take(const struct cli *cli, struct samples *s, char *const *ids, int n_ids, bool first);

/**
 * samples_free - free everything; zeros are accepted.
 */
void samples_free(struct samples *s);

/**
 * sample_cpu - CPU time in percent of one processor, since the figures before or in the container's whole life.
 */
double sample_cpu(const struct sample *s);

/**
 * sample_throttled - part of the time, in percent, in which a quota held it back; since as above.
 */
double sample_throttled(const struct sample *s);

/* room for a line of the table */
enum { SAMPLE_LINE_MAX = 1024 };

/**
 * sample_id_width - width of the column of ids.
 * @most: no wider than this, 0: as wide as the longest.
 */
int sample_id_width(const struct samples *s, int most);

/**
 * sample_title, sample_line - the title of the table and one line of it, without a newline.
 * @buffer: SAMPLE_LINE_MAX bytes.
 */
void sample_title(char *buffer, int id_width);
void sample_line(char *buffer, int id_width, const struct sample *s);

/**
 * samples_print_json - print all as an array of objects, on a line.
 */
void samples_print_json(const struct samples *s);

/**
 * parse_interval - read a duration of an option.
 * @text: NULL: @standard.
 * @ret_ns: at least a millisecond.
 * Return: 0, or an exit code after a message.
 */
int parse_interval(const struct cli *cli, const char *text, uint64_t standard, uint64_t *ret_ns);

/**
 * start_timer - a descriptor that becomes readable every @ns nanoseconds.
 * Return: it or -errno.
 */
int start_timer(uint64_t ns);

#endif
