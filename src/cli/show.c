/* state, list, features and explain: what hull knows, as tables and JSON. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* Print the document that a library call, whose result is @result, has left in *@text (read here: after the call). Return: the exit code. */
static int print_document(const struct cli *cli, int result, char *const *text)
{
	return result < 0 ? cli_library_failed(cli) : cli_print(cli, *text);
}

static int state_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	scope_free char *json = NULL;

	(void)flags; /* none */
	(void)n_operands; /* exactly one */
	return print_document(cli, hull_state(cli->hull, operands[0], &json), &json);
}

const struct command state_command = {
	.name = "state",
	.operands = "ID",
	.summary = "print the state of a container as JSON",
	.description =
		"Prints the state of a container as the OCI runtime specification defines it: ociVersion, id, pid, status (creating, created, running, "
		"paused or stopped), bundle and annotations; and, as runc does, rootfs, created and owner.",
	.examples = (const struct example[]){ { "hull state web1", "print the state of web1" }, { NULL, NULL } },
	.min = 1, .max = 1, .failure = 1, .flags = COMMAND_TAKES_ID,
	.run = state_run,
};

/* @format: 0: not given, 1 table, 2 json */
struct list_flags {
	bool quiet;
	int format;
};

enum { LIST_JSON = 2 };

static const char *const list_formats[] = { "table", "json", NULL };

static const struct option_row list_rows[] = {
	{ "quiet", 'q', OPTION_AT(struct list_flags, quiet), .help = "print the ids only" },
	{ "format", 'f', OPTION_AT(struct list_flags, format), .argument = "FORMAT", .choices = list_formats, .help = "print a table (the default) or json" },
};

/* the columns of the table; the last one is not padded */
enum { COLUMN_ID, COLUMN_PID, COLUMN_STATUS, COLUMN_BUNDLE, COLUMN_CREATED, COLUMN_OWNER, COLUMN_COUNT };

static const char *const titles[] = {
	[COLUMN_ID] = "ID",
	[COLUMN_PID] = "PID",
	[COLUMN_STATUS] = "STATUS",
	[COLUMN_BUNDLE] = "BUNDLE",
	[COLUMN_CREATED] = "CREATED",
	[COLUMN_OWNER] = "OWNER",
};
_Static_assert(ARRAY_SIZE(titles) == COLUMN_COUNT, "a title for every column");

/* room for a pid in text */
enum { PID_TEXT_MAX = 16 };

/* The cells of one row. @pid: PID_TEXT_MAX bytes that the cell of the pid lives in. */
static void row_of(const struct hull_info *info, char *pid, const char *ret_cells[COLUMN_COUNT])
{
	(void)snprintf(pid, PID_TEXT_MAX, "%d", info->pid); /* it fits */
	ret_cells[COLUMN_ID] = info->id;
	ret_cells[COLUMN_PID] = pid;
	ret_cells[COLUMN_STATUS] = info->status;
	ret_cells[COLUMN_BUNDLE] = info->bundle;
	ret_cells[COLUMN_CREATED] = info->created;
	ret_cells[COLUMN_OWNER] = info->owner;
	for (int i = 0; i < COLUMN_COUNT; i++)
		if (!ret_cells[i])
			ret_cells[i] = "";
}

static void widen(int widths[COLUMN_COUNT], const char *const cells[COLUMN_COUNT])
{
	enum { WIDTH_MIN = 12, GAP = 3 }; /* as runc's table has them */

	for (int i = 0; i < COLUMN_COUNT; i++) {
		int width = (int)strlen(cells[i]) + GAP;

		if (width < WIDTH_MIN)
			width = WIDTH_MIN;
		if (width > widths[i])
			widths[i] = width;
	}
}

static void print_row(const int widths[COLUMN_COUNT], const char *const cells[COLUMN_COUNT])
{
	for (int i = 0; i < COLUMN_COUNT - 1; i++)
		printf("%-*s", widths[i], cells[i]);
	printf("%s\n", cells[COLUMN_COUNT - 1]);
}

static void print_table(const struct hull_info *infos, size_t n)
{
	int widths[COLUMN_COUNT] = { 0 };
	const char *cells[COLUMN_COUNT];
	char pid[PID_TEXT_MAX];

	widen(widths, titles);
	for (size_t i = 0; i < n; i++) {
		row_of(&infos[i], pid, cells);
		widen(widths, cells);
	}
	print_row(widths, titles);
	for (size_t i = 0; i < n; i++) {
		row_of(&infos[i], pid, cells);
		print_row(widths, cells);
	}
}

static int list_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	const struct list_flags *f = flags;
	struct hull_info *infos = NULL;
	scope_free char *json = NULL;
	size_t n = 0;

	(void)n_operands; /* none */
	(void)operands;
	if (f->format == LIST_JSON && !f->quiet)
		return print_document(cli, hull_list_json(cli->hull, &json), &json);
	if (hull_list(cli->hull, &infos, &n) < 0)
		return cli_library_failed(cli);
	if (!f->quiet)
		print_table(infos, n);
	for (size_t i = 0; f->quiet && i < n; i++)
		printf("%s\n", infos[i].id);
	hull_free_infos(infos);
	return cli_flush(cli);
}

const struct command list_command = {
	.name = "list",
	.operands = "",
	.summary = "list the containers",
	.description = "Lists the containers whose state is kept below the state directory (--root): id, pid, status, bundle, time of creation and owner.",
	.examples = (const struct example[]){
		{ "hull list", "a table" },
		{ "hull list --format json", "for a program" },
		{ NULL, NULL } },
	.failure = 1,
	COMMAND_OPTIONS(list_rows, struct list_flags),
	.run = list_run,
};

static int features_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	scope_free char *json = NULL;

	(void)flags; /* none */
	(void)n_operands;
	(void)operands;
	return print_document(cli, hull_features(cli->hull, &json), &json);
}

const struct command features_command = {
	.name = "features",
	.operands = "",
	.summary = "print what this runtime can do as JSON",
	.description = "Prints the features document of the OCI runtime specification: versions, hooks, mount options, namespaces, capabilities, cgroups, seccomp.",
	.examples = (const struct example[]){ { "hull features", "print the document" }, { NULL, NULL } },
	.failure = 1,
	.run = features_run,
};

/* @format: 0: not given, 1 text, 2 json */
struct explain_flags {
	struct hull_create_options o;
	int format;
};

static const char *const explain_formats[] = { "text", "json", NULL };

static const struct option_row explain_rows[] = {
	{ "bundle", 'b', OPTION_AT(struct explain_flags, o.bundle), .argument = "DIR", .help = "directory of the bundle (default: .)" },
	{ "config", OPTION_AT(struct explain_flags, o.config), .argument = "FILE", .help = "read FILE instead of the bundle's config.json" },
	{ "format", 'f', OPTION_AT(struct explain_flags, format), .argument = "FORMAT", .choices = explain_formats, .help = "print text (the default) or json" },
	{ "no-pivot", OPTION_AT(struct explain_flags, o.no_pivot), .help = "as in create" },
	{ "no-new-keyring", OPTION_AT(struct explain_flags, o.no_new_keyring), .help = "as in create" },
	{ "plugin", OPTION_AT(struct explain_flags, o.plugins), .argument = "FILE", .help = "as in create; it is named, not called" },
	{ "plugin-dir", OPTION_AT(struct explain_flags, o.plugin_dir), .argument = "DIR", .help = "likewise" },
};

static int explain_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	enum { FORMAT_JSON = 2 };
	struct explain_flags *f = flags;
	scope_free char *text = NULL;

	f->o.size = sizeof(f->o);
	if (n_operands > 0)
		f->o.bundle = operands[0];
	return print_document(cli, hull_explain(cli->hull, &f->o, f->format == FORMAT_JSON, &text), &text);
}

const struct command explain_command = {
	.name = "explain",
	.operands = "[BUNDLE]",
	.summary = "say what would be done to run a bundle",
	.description =
		"Prints every step that hull would take to run a bundle, in order, without taking it: who takes it, when, and with what. It needs no "
		"privileges. What the configuration alone decides is refused here with the message that `run` has for it; what depends on the machine, such as "
		"a missing source of a mount, a profile that is not loaded or a limit that its cgroups do not know, only `run` finds out.",
	.examples = (const struct example[]){
		{ "hull explain /srv/web", "the plan in words" },
		{ "hull explain --format json /srv/web", "the plan for a program" },
		{ NULL, NULL } },
	.max = 1, .failure = 1, .flags = COMMAND_TAKES_PATH,
	COMMAND_OPTIONS(explain_rows, struct explain_flags),
	.run = explain_run,
};
