/*
 * top: the table of stats for a person at a terminal, drawn again every interval. One poll(2) over keys, a timer and a signalfd: window changes and the
 * signals that end a program arrive there, so the terminal is always given back as it was.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/sample.h"

#define NS_PER_S 1000000000ULL

/* @ID_WIDTH: column of ids on a terminal;  the rest: when a terminal does not know its size */
enum { ID_WIDTH = 20, ROWS_UNKNOWN = 24, COLUMNS_UNKNOWN = 80, SCREEN_MAX = 1 << 18 };

struct top_flags {
	const char *interval;
};

static const struct option_row rows[] = {
	{ "interval", 'i', OPTION_AT(struct top_flags, interval), .argument = "DURATION", .help = "time between two looks (default: 2s)" },
};

/* What the rows are sorted by: a key, its name, and how large a row is. */
static double by_cpu(const struct sample *s)
{
	return sample_cpu(s);
}

static double by_memory(const struct sample *s)
{
	return (double)s->now.memory;
}

static double by_pids(const struct sample *s)
{
	return (double)s->now.pids;
}

static double by_io(const struct sample *s)
{
	return (double)(s->now.read_bytes + s->now.written_bytes) - (s->has_before ? (double)(s->before.read_bytes + s->before.written_bytes) : 0);
}

static const struct order {
	char key;
	const char *name;
	double (*size)(const struct sample *s);
} orders[] = {
	{ 'c', "cpu", by_cpu },
	{ 'm', "memory", by_memory },
	{ 'p', "pids", by_pids },
	{ 'i', "i/o", by_io },
};

/*
 * @order: what is sorted by
 * @saved: how the terminal was;  @screen: SCREEN_MAX bytes to draw into
 */
struct top {
	const struct cli *cli;
	struct samples samples;
	char *const *ids;
	int n_ids;
	uint64_t interval;
	const struct order *order;
	struct termios saved;
	sigset_t saved_mask;
	int signals, timer;
	char *screen;
};

/* Few rows: the largest first, equal ones in their order. */
static void sort(struct top *t)
{
	for (size_t i = 1; i < t->samples.n; i++) {
		struct sample one = t->samples.v[i];
		size_t k = i;

		for (; k > 0 && t->order->size(&t->samples.v[k - 1]) < t->order->size(&one); k--)
			t->samples.v[k] = t->samples.v[k - 1];
		t->samples.v[k] = one;
	}
}

/* One line, cut at the edge; what is left of the old one is cleared. */
static void draw_line(struct text *screen, const char *line, int columns)
{
	text_addf(screen, "%.*s\033[K\n", columns, line);
}

static void draw(struct top *t)
{
	struct winsize size = { .ws_row = 0 };
	struct text screen = text_on(t->screen, SCREEN_MAX);
	char line[SAMPLE_LINE_MAX];
	int width = sample_id_width(&t->samples, ID_WIDTH), height, columns;

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size); /* zeros: not known */
	height = size.ws_row > 0 ? size.ws_row : ROWS_UNKNOWN;
	columns = size.ws_col > 0 ? size.ws_col : COLUMNS_UNKNOWN;
	sort(t);
	text_add(&screen, "\033[H");
	(void)snprintf(line, sizeof(line), "containers: %zu, by %s, every %.3gs   q quit, sort by: c cpu, m memory, p pids, i i/o", t->samples.n,
		t->order->name, (double)t->interval / (double)NS_PER_S); /* fits */
	draw_line(&screen, line, columns);
	sample_title(line, width);
	text_add(&screen, "\033[7m");
	draw_line(&screen, line, columns);
	text_add(&screen, "\033[0m");
	for (size_t i = 0; i < t->samples.n && (int)i + 3 < height; i++) {
		sample_line(line, width, &t->samples.v[i]);
		draw_line(&screen, line, columns);
	}
	text_add(&screen, "\033[J");
	(void)fputs(t->screen, stdout); /* a terminal that is gone ends us by its signal */
	(void)fflush(stdout);
}

/* A raw screen of our own, without a cursor. Return: 0 or -errno. */
static int begin(struct top *t)
{
	static const int wanted[] = { SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	struct termios mode;
	sigset_t set;

	if (tcgetattr(STDIN_FILENO, &t->saved) < 0)
		return -errno;
	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		(void)sigaddset(&set, wanted[i]); /* these exist */
	(void)sigprocmask(SIG_BLOCK, &set, &t->saved_mask); /* cannot fail with these arguments */
	t->signals = signalfd(-1, &set, SFD_CLOEXEC);
	t->timer = start_timer(t->interval);
	if (t->signals < 0 || t->timer < 0) {
		(void)sigprocmask(SIG_SETMASK, &t->saved_mask, NULL); /* as it was */
		return t->timer < 0 ? t->timer : -errno;
	}
	mode = t->saved;
	mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &mode); /* then keys need a newline */
	(void)fputs("\033[?1049h\033[?25l", stdout);
	return 0;
}

static void end(struct top *t)
{
	(void)fputs("\033[?25h\033[?1049l", stdout);
	(void)fflush(stdout); /* the terminal may be gone */
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &t->saved);
	(void)sigprocmask(SIG_SETMASK, &t->saved_mask, NULL); /* as it was */
	t->signals = close_fd(t->signals);
	t->timer = close_fd(t->timer);
}

/* Return: whether to go on. */
static bool on_key(struct top *t)
{
	char key;

	if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		if (orders[i].key == key)
			t->order = &orders[i];
	return true;
}

/* Return: whether to go on. */
static bool on_signal(struct top *t)
{
	struct signalfd_siginfo info;

	if (read(t->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return false;
	if (info.ssi_signo != SIGTSTP)
		return info.ssi_signo == SIGWINCH;
	end(t);
	(void)kill(getpid(), SIGSTOP); /* here we stand until somebody continues us */
	return begin(t) == 0;
}

static int watch(struct top *t)
{
	uint64_t ticks;
	int status = 0;

	while (status == 0 && (t->n_ids == 0 || t->samples.n > 0)) {
		struct pollfd fds[] = {
			{ .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = t->signals, .events = POLLIN },
			{ .fd = t->timer, .events = POLLIN },
		};

		draw(t);
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
			continue; /* interrupted: nothing else can be */
		if ((fds[0].revents && !on_key(t)) || (fds[1].revents && !on_signal(t)))
			break;
		if (fds[2].revents && !fds[1].revents && read(t->timer, &ticks, sizeof(ticks)) > 0)
			status = samples_take(t->cli, &t->samples, t->ids, t->n_ids, false);
	}
	return status;
}

static int plain(struct top *t)
{
	char line[SAMPLE_LINE_MAX];
	int width = sample_id_width(&t->samples, 0);

	sort(t);
	sample_title(line, width);
	puts(line);
	for (size_t i = 0; i < t->samples.n; i++) {
		sample_line(line, width, &t->samples.v[i]);
		puts(line);
	}
	return cli_flush(t->cli);
}

static int top_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	const struct top_flags *f = flags;
	struct top t = { .cli = cli, .ids = operands, .n_ids = n_operands, .order = &orders[0], .signals = NO_FD, .timer = NO_FD };
	scope_free char *screen = malloc(SCREEN_MAX);
	int status = parse_interval(cli, f->interval, 2 * NS_PER_S, &t.interval), r;

	if (!screen)
		return cli_fail(cli, "out of memory");
	t.screen = screen;
	if (status == 0)
		status = samples_take(cli, &t.samples, operands, n_operands, true);
	if (status == 0 && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))) {
		status = plain(&t);
	} else if (status == 0) {
		r = begin(&t);
		status = r < 0 ? cli_fail(cli, "cannot set up the terminal: %s", strerror(-r)) : watch(&t);
		if (r == 0)
			end(&t);
	}
	samples_free(&t.samples);
	return status;
}

const struct command top_command = {
	.name = "top",
	.operands = "[ID...]",
	.summary = "watch what containers use",
	.description =
		"Shows the table of 'stats' on a terminal, drawn again every interval, for the named containers or for all that run. Keys: q ends it; c, m, p and i "
		"sort by CPU, memory, processes and I/O. When its input or output is not a terminal, it prints the table once.",
	.examples = (const struct example[]){
		{ "hull top", "watch all running containers" },
		{ "hull top --interval 500ms web1 web2", "watch two of them closely" },
		{ NULL, NULL } },
	.max = MANY, .failure = 1, .flags = COMMAND_TAKES_ID,
	COMMAND_OPTIONS(rows, struct top_flags),
	.run = top_run,
};
