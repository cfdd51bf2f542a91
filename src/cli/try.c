/* try: run a command on throwaway overlays, show what it changed, and make the changes real, keep them or drop them. */
#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

/* what a command line that is wrong, or hull itself failing, exits with; everything else is the command's */
enum { TRY_FAILED = 125 };

/*
 * @trusted: dangerous changes were shown and confirmed;  @format: 2: json
 */
struct try_flags {
	const char *net, *cwd, *keep;
	const char *const *env;
	const char *const *unset_env;
	bool yes, no, diff, force, quiet, trusted;
	int format;
};

static const char *const formats[] = { "text", "json", NULL };

static const struct option_row rows[] = {
	{ "yes", 'y', OPTION_AT(struct try_flags, yes), .help = "apply the changes without asking, if the command exits with 0" },
	{ "no", 'n', OPTION_AT(struct try_flags, no), .help = "drop the changes without asking" },
	{ "keep", OPTION_AT(struct try_flags, keep), .argument = "DIR", .help = "keep the changes in DIR, which is made, without asking" },
	{ "diff", OPTION_AT(struct try_flags, diff), .help = "also show the differences of text files" },
	{ "quiet", 'q', OPTION_AT(struct try_flags, quiet), .help = "do not list the changes" },
	{ "net", OPTION_AT(struct try_flags, net), .argument = "host|none|PATH", .help = "network: the host's (default), lo only, or the namespace at PATH" },
	{ "env", 'e', OPTION_AT(struct try_flags, env), .argument = "NAME[=VALUE]", .help = "set a variable, or pass the caller's; may be repeated" },
	{ "unset-env", OPTION_AT(struct try_flags, unset_env), .argument = "NAME", .help = "remove a variable; may be repeated" },
	{ "cwd", OPTION_AT(struct try_flags, cwd), .argument = "DIR", .help = "working directory (default: this one)" },
	{ "force", 'f', OPTION_AT(struct try_flags, force),
	  .help = "apply also where the host has changed since, and set-user-ID files, file capabilities and devices" },
	{ "format", OPTION_AT(struct try_flags, format), .argument = "FORMAT", .choices = formats, .help = "show: as text or json" },
};

/* Progress on a terminal, from the second second on. */
struct progress {
	struct timespec start;
	bool shown;
};

static void on_progress(void *data, const char *what, uint64_t done, uint64_t total)
{
	struct progress *p = data;
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* always there */
	if (now.tv_sec - p->start.tv_sec < 2 || !isatty(STDERR_FILENO))
		return;
	p->shown = true;
	(void)fprintf(stderr, total ? "\r%s: %llu of %llu" : "\r%s: %llu", what, (unsigned long long)done, (unsigned long long)total); /* a hint only */
}

static struct hull_review_options review_options(const struct try_flags *f, struct progress *p)
{
	p->shown = false;
	(void)clock_gettime(CLOCK_MONOTONIC, &p->start); /* always there */
	return (struct hull_review_options){
		.size = sizeof(struct hull_review_options), .json = f->format == 2, .force = f->force, .allow_dangers = f->force || f->trusted,
		.on_progress = on_progress, .data = p,
	};
}

static void end_progress(const struct progress *p)
{
	if (p->shown)
		(void)fprintf(stderr, "\r\033[K"); /* a hint only */
}

static int try_failed(const struct cli *cli)
{
	(void)cli_library_failed(cli); /* the code is ours */
	return TRY_FAILED;
}

/* List the changes. Return: how many, or -1 after a message. */
static long show(const struct cli *cli, const struct try_flags *f, const char *dir, FILE *out, size_t *ret_dangerous)
{
	struct progress p;
	struct hull_review_options o = review_options(f, &p);
	scope_free char *text = NULL;
	size_t n = 0, dangerous = 0;
	int r = hull_try_show(cli->hull, dir, &o, &text, &n, &dangerous);

	end_progress(&p);
	if (r < 0) {
		(void)try_failed(cli); /* -1 says so */
		return -1;
	}
	if (out)
		(void)fputs(text, out); /* cli_flush() sees a failure, or it is stderr */
	*ret_dangerous = dangerous;
	return (long)n;
}

static int show_diff(const struct cli *cli, const struct try_flags *f, const char *dir, int out)
{
	struct progress p;
	struct hull_review_options o = review_options(f, &p);
	int r;

	(void)fflush(NULL); /* what was printed comes before it; cli_flush() sees a failure */
	r = hull_try_diff(cli->hull, dir, &o, out);
	end_progress(&p);
	return r < 0 ? try_failed(cli) : 0;
}

static int drop(const struct cli *cli, const char *dir)
{
	return hull_try_drop(cli->hull, dir) < 0 ? try_failed(cli) : 0;
}

/* What becomes of the changes is not for whoever reads our messages to say, by going away. */
static void outlive_readers(void)
{
	(void)sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL); /* cannot fail with this signal */
}

/* Apply, and drop what was applied. */
static int apply(const struct cli *cli, const struct try_flags *f, const char *dir)
{
	struct progress p;
	struct hull_review_options o = review_options(f, &p);
	size_t done = 0;
	int r;

	outlive_readers();
	r = hull_try_apply(cli->hull, dir, &o, &done);

	end_progress(&p);
	if (r < 0) {
		(void)try_failed(cli); /* returned below */
		if (access(dir, F_OK) == 0)
			(void)fprintf(stderr, "%s: the changes are in '%s': 'hull try apply [--force] %s', 'hull try drop %s'\n", cli->name, dir, dir, dir); /* a hint */
		return TRY_FAILED;
	}
	if (!f->quiet)
		(void)fprintf(stderr, "%s: %zu change%s applied\n", cli->name, done, done == 1 ? "" : "s"); /* a hint */
	return drop(cli, dir);
}

/* One letter from the terminal: the first of the line; 'k' when it is closed. */
static int ask(size_t dangerous)
{
	char line[64];

	if (dangerous > 0)
		(void)fprintf(stderr, "%zu of them, marked !!!, give rights to whoever runs or opens them.\n", dangerous); /* a prompt */
	(void)fprintf(stderr, "Apply these changes to the host? [y]es, [n]o (drop them), [k]eep for later, [d]iff: "); /* a prompt */
	if (!fgets(line, sizeof(line), stdin))
		return 'k';
	return tolower((unsigned char)line[0]);
}

#define KEPT "%s: the changes are kept in '%s': 'hull try show|diff|apply|drop %s'\n"

static int keep(const struct cli *cli, const char *dir)
{
	(void)fprintf(stderr, KEPT, cli->name, dir, dir); /* a hint */
	return 0;
}

/* What is said when a signal ends us at the question: written beforehand, since a handler may print nothing (signal-safety(7)). */
static char *last_words;

static void on_end(int signal)
{
	(void)!write(STDERR_FILENO, last_words, strlen(last_words)); /* a hint */
	(void)raise(signal); /* SA_RESETHAND: it ends us when we return */
}

/* From now on the signals that end us say first that the changes are kept (@dir), or, NULL, do not any more. One that is ignored stays so. */
static void watch_end(const struct cli *cli, const char *dir)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	const struct sigaction action = { .sa_handler = dir ? on_end : SIG_DFL, .sa_flags = (int)SA_RESETHAND };
	struct sigaction old;

	if (dir && asprintf(&last_words, "\n" KEPT, cli->name, dir, dir) < 0) {
		last_words = NULL;
		return; /* without memory we end as before */
	}
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &action, NULL); /* cannot fail with these */
	if (!dir)
		free(last_words);
}

static int ask_for_decision(const struct cli *cli, const struct try_flags *f, const char *dir, size_t dangerous)
{
	int answer;

	watch_end(cli, dir);
	do {
		answer = ask(dangerous);
		if (answer == 'd')
			(void)show_diff(cli, f, dir, STDERR_FILENO); /* it said so; ask again */
	} while (answer != 'y' && answer != 'n' && answer != 'k');
	watch_end(cli, NULL);
	return answer;
}

static int decide_on_terminal(const struct cli *cli, struct try_flags *f, const char *dir, size_t dangerous)
{
	int answer = ask_for_decision(cli, f, dir, dangerous);

	if (answer == 'k')
		return keep(cli, dir);
	if (answer == 'n')
		return drop(cli, dir);
	/* they have just been shown, with their marks, and confirmed */
	f->trusted = true;
	return apply(cli, f, dir);
}

/* The command has ended. Return: 0, or an exit code after a message. */
static int decide(const struct cli *cli, struct try_flags *f, const char *dir, int status)
{
	size_t dangerous = 0;
	long n;

	outlive_readers();
	n = show(cli, f, dir, f->quiet ? NULL : stderr, &dangerous);
	if (n < 0)
		return TRY_FAILED;
	if (n == 0 && !f->keep) {
		if (!f->quiet)
			(void)fprintf(stderr, "%s: nothing was changed\n", cli->name); /* a hint */
		return drop(cli, dir);
	}
	if (f->diff && show_diff(cli, f, dir, STDERR_FILENO) != 0)
		return TRY_FAILED;
	if (f->keep)
		return keep(cli, dir);
	if (f->no)
		return drop(cli, dir);
	if (f->yes && status == 0)
		return apply(cli, f, dir);
	if (f->yes)
		(void)fprintf(stderr, "%s: the command failed (%d): its changes are not applied\n", cli->name, status); /* a hint */
	else if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO))
		return decide_on_terminal(cli, f, dir, dangerous);
	return keep(cli, dir);
}

static void free_environment(char ***list)
{
	for (char **entry = *list; entry && *entry; entry++)
		free(*entry);
	free(*list);
}

static size_t length_of(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* "NAME=VALUE" as it is; "NAME" with the caller's value. Return: 1, 0: he has none, or -1 without memory. */
static int make_variable(const char *text, char **ret_entry)
{
	const char *value = strchr(text, '=') ? "" : getenv(text);
	char *entry;

	if (!value)
		return 0;
	if (asprintf(&entry, "%s%s%s", text, strchr(text, '=') ? "" : "=", value) < 0)
		return -1;
	*ret_entry = entry;
	return 1;
}

/* What the library wants: removals, then settings. Return: a list with strings of its own, or NULL without memory. */
static char **make_environment(const struct try_flags *f)
{
	size_t removed = length_of(f->unset_env), set = length_of(f->env), n = 0;
	char **list = calloc(removed + set + 1, sizeof(*list));
	int r = list ? 0 : -1;

	for (size_t i = 0; i < removed && r >= 0; i++, n++) {
		list[n] = strdup(f->unset_env[i]);
		r = list[n] ? 0 : -1;
	}
	for (size_t i = 0; i < set && r >= 0; i++) {
		r = make_variable(f->env[i], &list[n]);
		n += r > 0;
	}
	if (r < 0)
		free_environment(&list);
	return r < 0 ? NULL : list;
}

static int run_command_of(const struct cli *cli, struct try_flags *f, char **operands)
{
	char **environment __attribute__((cleanup(free_environment))) = make_environment(f);
	const struct hull_try_options o = {
		.size = sizeof(o), .args = (const char *const *)operands, .env = (const char *const *)environment, .cwd = f->cwd, .net = f->net, .keep = f->keep,
	};
	scope_free char *dir = NULL;
	int status = 0, r;

	if (!environment) {
		(void)cli_fail(cli, "out of memory"); /* the code is ours */
		return TRY_FAILED;
	}
	if (f->yes + f->no + (f->keep != NULL) > 1) {
		(void)cli_fail(cli, "only one of --yes, --no and --keep can be given"); /* the code is ours */
		return TRY_FAILED;
	}
	r = hull_try(cli->hull, &o, &dir, &status);
	if (r < 0) {
		int code = hull_exit_code(cli->hull);

		(void)try_failed(cli); /* returned below */
		if (dir)
			(void)keep(cli, dir); /* always 0 */
		return code ? code : TRY_FAILED;
	}
	r = decide(cli, f, dir, status);
	return r != 0 ? r : status;
}

/* hull try apply|diff|drop|show [OPTION]... DIR: options may also stand after the word. */
static int run_later(const struct cli *cli, struct try_flags *f, const char *word, int n, char **operands)
{
	const struct option_set set = { rows, ARRAY_SIZE(rows), f };
	struct error e = { .text = "" };
	size_t dangerous;

	n = options_parse(&(struct options){ &set, 1, "try", 0 }, n, operands, &e);
	if (n < 0)
		return cli_fail(cli, "%s; see '%s try --help'", e.text, cli->name);
	if (n != 1)
		return cli_fail(cli, "'%s try %s' takes one directory", cli->name, word);
	if (strcmp(word, "apply") == 0)
		return apply(cli, f, operands[0]) != 0;
	if (strcmp(word, "drop") == 0)
		return drop(cli, operands[0]) != 0;
	if (strcmp(word, "diff") == 0)
		return show_diff(cli, f, operands[0], STDOUT_FILENO) != 0;
	return show(cli, f, operands[0], stdout, &dangerous) < 0 ? 1 : cli_flush(cli);
}

static int try_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	static const char *const words[] = { "apply", "diff", "drop", "show" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(operands[0], words[i]) == 0)
			return run_later(cli, flags, words[i], n_operands - 1, operands + 1);
	return run_command_of(cli, flags, operands);
}

const struct command try_command = {
	.name = "try",
	.operands = "COMMAND [ARGUMENT...] | apply|diff|drop|show DIR",
	.summary = "run a command on the real root, and apply or drop what it changed",
	.description =
		"Runs the command on the host's own root, as the invoking user, but what it writes goes to overlays. When it has ended, the changes are listed on "
		"standard error: A added, M modified (content or type), D deleted, m metadata only. Then they are applied to the host, dropped, or kept in a directory: "
		"asked on a terminal, otherwise as --yes, --no or --keep says; without any of these they are kept. The exit status is the command's; 125 if "
		"hull itself failed.\n\n"
		"'hull try show|diff|apply|drop DIR' does these things later; DIR is a path, or the last part of one below /var/lib/hull/try, for an ordinary user "
		"$XDG_STATE_HOME/hull/try (default: ~/.local/state/hull/try). A command with one of these names is run as ./apply or by its path.\n\n"
		"Applying replaces each file by a rename, directories before their content, deletions after it, metadata of directories last. It is refused, before "
		"anything is changed, where the host has changed a file since the command began (size, times, inode and owner are recorded), and for files that "
		"would give rights away: set-user-ID, set-group-ID, file capabilities, device nodes (marked !!!). --force applies all the same. After an error "
		"in the middle, the number of changes made is said and 'hull try apply' goes on from there, also after a kill -9, which may leave one file named .hull-*.\n\n"
		"What the command sees: the host's files, with all file systems that can be written overlaid, the others read-only; a private /tmp (unless the "
		"working directory is in /tmp), /run, /dev and /proc; its own process ids; the host's network, since installers are what it is for. Sockets in "
		"/run are not there, so services of the host cannot be asked to change anything; servers on the network can.\n\n"
		"For root, all file systems are overlaid, and the command keeps the capabilities of an installer (files, users), none that reach past the file "
		"tree. For an ordinary user it works in a user namespace, where the kernel allows overlayfs (5.11): the directories that are his are overlaid "
		"(home, the working directory, and what lies within three levels of the root), the rest is read-only. In them, what belongs to another user or to "
		"a supplementary group cannot be changed (the command gets 'Value too large for defined data type').\n\n"
		"Where the state directory lies on a file system that cannot hold an overlay's changes (in a container, on NFS), they are in memory until the "
		"command ends. A file with several names is replaced under the name that was changed, as overlayfs does it. A directory that was there before and "
		"was renamed is listed as deleted and added. An ordinary user, and whoever works in memory, can rename only what the command made: rename(2) says 'Invalid "
		"cross-device link', mv(1) copies it then, but 'git mv' and others give up. The time of a directory is listed "
		"where none of its names explains it; one whose names were changed gets the time that it had under the "
		"command, unless the host has changed it since.\n\n"
		"A try is for commands that one would run "
		"anyway but wants to see first: as root with the host's network, a hostile one could still talk to servers and abstract sockets; --net none, or "
		"hull-sandbox(1), keeps it from that.",
	.examples = (const struct example[]){
		{ "hull try make install", "see what it would do, and be asked" },
		{ "hull try --no --diff sh -c 'echo x >>/etc/hosts'", "show the differences, change nothing" },
		{ "hull try --keep /var/tmp/t apt-get install -y hello", "decide later: hull try apply /var/tmp/t" },
		{ "hull try show --format json /var/tmp/t", "the changes for a program" },
		{ NULL, NULL } },
	.min = 1, .max = MANY, .stop_at = 1, .failure = TRY_FAILED, .flags = COMMAND_ENTERS | COMMAND_STREAMS,
	COMMAND_OPTIONS(rows, struct try_flags),
	.run = try_run,
};
