/* create, start and run: a bundle becomes a container. */
#include "cli/cli.h"

/* what create and run share; the letters c and p are youki's */
#define CREATE_ROWS                                                                                                                          \
	{ "bundle", 'b', OPTION_AT(struct hull_create_options, bundle), .argument = "DIR", .help = "directory of the bundle (default: .)" },   \
	{ "config", 'f', OPTION_AT(struct hull_create_options, config), .argument = "FILE",                                                   \
	  .help = "read FILE instead of the bundle's config.json" },                                                                         \
	{ "console-socket", OPTION_AT(struct hull_create_options, console_socket), .argument = "SOCKET",                                     \
	  .help = "send the terminal's descriptor to this Unix socket" },                                                                    \
	{ "pidfd-socket", OPTION_AT(struct hull_create_options, pidfd_socket), .argument = "SOCKET",                                         \
	  .help = "send a pidfd of the container's process to this Unix socket" },                                                           \
	{ "pid-file", OPTION_AT(struct hull_create_options, pid_file), .argument = "FILE",                                                   \
	  .help = "write the pid of the container's process to FILE" },                                                                      \
	{ "preserve-fds", OPTION_AT(struct hull_create_options, preserve_fds), .argument = "N",                                              \
	  .help = "hand N more descriptors to the container, from 3 on (after those of LISTEN_FDS)" },                                       \
	{ "no-pivot", OPTION_AT(struct hull_create_options, no_pivot),                                                                       \
	  .help = "move the root with chroot instead of pivot_root, for a root on a ramdisk" },                                              \
	{ "no-new-keyring", OPTION_AT(struct hull_create_options, no_new_keyring), .help = "keep the caller's session keyring" },            \
	{ "plugin", OPTION_AT(struct hull_create_options, plugins), .argument = "FILE",                                                      \
	  .help = "an executable that may change the container; may be repeated" },                                                          \
	{ "plugin-dir", OPTION_AT(struct hull_create_options, plugin_dir), .argument = "DIR", .help = "all executables of a directory (see hull-plugin(7))" },    \
	{ "no-subreaper", .kind = OPTION_IGNORED, .flags = OPTION_HIDDEN, .help = "ignored" },                                               \
	{ NULL, 'c', OPTION_AT(struct hull_create_options, console_socket), .flags = OPTION_HIDDEN, .argument = "SOCKET" },                  \
	{ NULL, 'p', OPTION_AT(struct hull_create_options, pid_file), .flags = OPTION_HIDDEN, .argument = "FILE" }

static const struct option_row create_rows[] = { CREATE_ROWS };

static int create_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	struct hull_create_options *options = flags;

	(void)n_operands; /* exactly one */
	options->size = sizeof(*options);
	return hull_create(cli->hull, operands[0], options) < 0 ? cli_library_failed(cli) : 0;
}

const struct command create_command = {
	.name = "create",
	.operands = "ID",
	.summary = "create a container",
	.description =
		"Creates a container named ID from a bundle: a directory with a config.json and usually a root filesystem. Everything is set up, "
		"but the program in it waits until 'start'.\n\n"
		"An ID has up to 255 letters, digits, underscores, pluses, dots and dashes and does not begin with a dot.",
	.examples = (const struct example[]){
		{ "hull create --bundle /srv/web web1", "create a container from /srv/web" },
		{ "hull create -b /srv/web --pid-file /run/web1.pid web1", "and note the pid of its process" },
		{ NULL, NULL } },
	.min = 1, .max = 1, .failure = 1, .flags = COMMAND_ENTERS,
	COMMAND_OPTIONS(create_rows, struct hull_create_options),
	.run = create_run,
};

static int start_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	(void)flags; /* none */
	(void)n_operands; /* exactly one */
	return hull_start(cli->hull, operands[0]) < 0 ? cli_library_failed(cli) : 0;
}

const struct command start_command = {
	.name = "start",
	.operands = "ID",
	.summary = "start the program of a created container",
	.description = "Lets the program of a container that 'create' made begin. Its standard streams are those that 'create' was given.",
	.examples = (const struct example[]){ { "hull start web1", "start the container web1" }, { NULL, NULL } },
	.min = 1, .max = 1, .failure = 1, .flags = COMMAND_TAKES_ID,
	.run = start_run,
};

static const struct option_row run_rows[] = {
	{ "detach", 'd', OPTION_AT(struct hull_create_options, detach), .help = "return as soon as the program runs" },
	{ "keep", OPTION_AT(struct hull_create_options, keep), .help = "do not delete the container when it has ended" },
	CREATE_ROWS,
};

static int run_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	enum { ITSELF_FAILED = 125 };
	struct hull_create_options *options = flags;
	int status = 0, code;

	(void)n_operands; /* exactly one */
	options->size = sizeof(*options);
	if (hull_run(cli->hull, operands[0], options, &status) == 0)
		return status;
	code = cli_library_failed(cli);
	if (cli->compatible)
		return code;
	return hull_exit_code(cli->hull) ? hull_exit_code(cli->hull) : ITSELF_FAILED;
}

const struct command run_command = {
	.name = "run",
	.operands = "ID",
	.summary = "create a container, run it, and delete it at its end",
	.description =
		"Creates a container named ID from a bundle, starts it, passes signals and the terminal through to it, waits for its end, deletes it, and "
		"exits as its program did: with the program's exit code, or with 128 plus the number of the signal that killed it.\n\n"
		"With --detach, hull returns once the program runs; nothing of hull stays behind, and 'hull delete' removes the container later.\n\n"
		"When hull itself fails, the exit code is 125; it is 126 when the program cannot be executed and 127 when it was not found. "
		"Called as runc or crun it is 1 in all of these cases.",
	.examples = (const struct example[]){
		{ "hull run -b /srv/web web1", "run a bundle in the foreground" },
		{ "hull run --detach --pid-file /run/web1.pid -b /srv/web web1", "run it in the background" },
		{ NULL, NULL } },
	.min = 1, .max = 1, .failure = 125, .engine_failure = 1, .flags = COMMAND_ENTERS,
	COMMAND_OPTIONS(run_rows, struct hull_create_options),
	.run = run_run,
};
