/* The way in: global options, the command, its options, the library's handle, the command's function. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* The command whose name the program was called by, NULL: none. */
static const struct command *own_command(const char *name)
{
	const struct command *command = command_find(name);

	return command && (command->flags & COMMAND_OWN_NAME) ? command : NULL;
}

static const char *program_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	const char *base = slash ? slash + 1 : path;

	if (base && (strcmp(base, "runc") == 0 || strcmp(base, "crun") == 0 || own_command(base)))
		return base;
	return "hull";
}

/* Engines read the first line as "NAME version X" and take commit: and spec: from the others. */
static int print_version(const struct cli *cli)
{
	printf("%s version %s\ncommit: hull-%s\nspec: %s\n", cli->name, HULL_VERSION, HULL_VERSION, HULL_OCI_VERSION);
	return cli_flush(cli);
}

static int open_library(struct cli *cli, struct globals *g)
{
	static const char *const managers[] = { NULL, "cgroupfs", "systemd", "disabled" };
	enum { LEVEL_WARNING = 1, LEVEL_DEBUG = 3 };

	g->open.size = sizeof(g->open);
	g->open.name = cli->name;
	g->open.log_json = g->log_format == 2;
	if (g->systemd_log && !g->open.log)
		g->open.log = "journald:";
	g->open.log_level = g->debug ? LEVEL_DEBUG : g->log_level > 0 ? g->log_level - 1 : LEVEL_WARNING;
	g->open.cgroup_manager = managers[g->systemd_cgroup && !g->cgroup_manager ? 2 : g->cgroup_manager];
	return hull_open(&g->open, &cli->hull) < 0 ? cli_library_failed(cli) : 0;
}

static int failure_of(const struct cli *cli, const struct command *command)
{
	return cli->compatible && command->engine_failure ? command->engine_failure : command->failure;
}

/* A wrong command line is an error like any other: engines find it in their log. */
static int wrong(struct cli *cli, struct globals *g, const struct command *command, const char *message)
{
	const char *word = command && strcmp(command->name, cli->name) != 0 ? command->name : NULL;

	if (open_library(cli, g) == 0)
		(void)cli_fail(cli, "%s; see '%s %s%s--help'", message, cli->name, word ? word : "", word ? " " : "");
	hull_close(cli->hull);
	return command ? failure_of(cli, command) : 1;
}

static int check_operands(const struct command *command, int n, char **operands, struct error *e)
{
	if ((unsigned int)n < command->min)
		return fail(e, 0, "too few operands for '%s %s'", command->name, command->operands);
	if ((unsigned int)n > command->max)
		return fail(e, 0, "unexpected operand '%s' for '%s'", operands[command->max], command->name);
	if (!command->words || n == 0)
		return 0;
	for (size_t i = 0; command->words[i]; i++)
		if (strcmp(command->words[i], operands[0]) == 0)
			return 0;
	return fail(e, 0, "unknown operand '%s' for '%s': expected %s", operands[0], command->name, command->operands);
}

static int run_with_handle(struct cli *cli, struct globals *g, const struct command *command, void *flags, int n, char **operands)
{
	int status;

	for (int fd = 0; cli->closed >> fd; fd++)
		if (!(command->flags & COMMAND_STREAMS) && (cli->closed >> fd & 1))
			(void)fcntl(fd, F_SETFD, 0); /* a container's process has three streams, as runc has it */
	if (!(command->flags & COMMAND_WITHOUT_HANDLE) && open_library(cli, g) != 0)
		status = failure_of(cli, command);
	else
		status = command->run(cli, flags, n, operands);
	return status; /* and no hull_close(): the end of the process gives everything back at once */
}

static int run_command_line(struct cli *cli, struct globals *g, const struct command *command, int argc, char **argv)
{
	union {
		max_align_t alignment;
		char bytes[COMMAND_FLAGS_MAX];
	} flags = { .bytes = { 0 } };
	const struct option_set sets[] = { { command->rows, command->n_rows, &flags }, { common_rows, n_common_rows, g } };
	struct error e = { .text = "" };
	int n, status;

	n = options_parse(&(struct options){ sets, ARRAY_SIZE(sets), command->name, command->stop_at }, argc, argv, &e);
	if (n >= 0 && g->help) {
		help_command(cli, command);
		status = cli_flush(cli);
	} else if (n >= 0 && g->usage) {
		help_usage(cli, command);
		status = cli_flush(cli);
	} else if (n < 0 || (!(command->flags & COMMAND_LATER) && check_operands(command, n, argv, &e) < 0)) {
		status = wrong(cli, g, command, e.text);
	} else {
		status = run_with_handle(cli, g, command, &flags, n, argv);
	}
	options_free(&sets[0]);
	return status;
}

/*
 * Commands that enter a container must not run from a file that the container could write. That is decided before anything is parsed, since it may
 * execute the program again: a word that only looks like such a command costs a fraction of a millisecond and nothing else.
 */
static int protect(const struct command *own, char **argv)
{
	if (own)
		return own->flags & COMMAND_ENTERS ? hull_protect_executable(argv) : 0;
	for (char **word = argv + 1; *word; word++) {
		const struct command *command = command_find(*word);

		if (command && (command->flags & COMMAND_ENTERS))
			return hull_protect_executable(argv);
	}
	return 0;
}

/*
 * The state that a program may count on: descriptors 0 to 2 are open (one poll(2) tells), or the first file that is opened would become somebody's
 * standard stream; and SIGCHLD is not ignored, or children could not be waited for. What was closed is closed again by the next execve(2): to our own private
 * copy, and to the command, it is as the caller left it.
 * Return: those that were closed, as bits.
 */
static unsigned int stand_upright(void)
{
	struct pollfd fds[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };
	unsigned int closed = 0;

	if (poll(fds, 3, 0) > 0)
		for (int i = 0; i < 3; i++)
			if ((fds[i].revents & POLLNVAL) && open("/dev/null", O_RDWR | O_CLOEXEC) == i) /* the lowest number; without /dev/null it stays closed */
				closed |= 1u << i;
	(void)sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL); /* cannot fail with this signal */
	return closed;
}

int main(int argc, char **argv)
{
	struct cli cli = { .name = program_name(argc > 0 ? argv[0] : NULL) };
	struct globals g = { .help = false };
	const struct option_set sets[] = { { global_rows, n_global_rows, &g }, { common_rows, n_common_rows, &g } };
	const struct command *command = own_command(cli.name);
	struct error e = { .text = "" };
	int n;

	cli.compatible = strcmp(cli.name, "hull") != 0 && !command;
	if (argc < 1)
		return wrong(&cli, &g, NULL, "no command given");
	cli.closed = stand_upright();
	n = protect(command, argv);
	if (n < 0) {
		(void)fail(&e, n, "cannot make a private copy of the executable"); /* the message is what we want */
		return wrong(&cli, &g, command, e.text);
	}
	if (command)
		return run_command_line(&cli, &g, command, argc - 1, argv + 1);
	n = options_parse(&(struct options){ sets, ARRAY_SIZE(sets), NULL, 1 }, argc - 1, argv + 1, &e);
	if (n < 0)
		return wrong(&cli, &g, NULL, e.text);
	if (g.version)
		return print_version(&cli);
	if (g.help || g.usage) {
		if (g.help)
			help_overview(&cli);
		else
			help_usage(&cli, NULL);
		return cli_flush(&cli);
	}
	if (n == 0)
		return wrong(&cli, &g, NULL, "no command given");
	command = command_find(argv[1]);
	if (!command) {
		(void)fail(&e, 0, "unknown command '%s'", argv[1]); /* the message is what we want */
		return wrong(&cli, &g, NULL, e.text);
	}
	return run_command_line(&cli, &g, command, n - 1, argv + 2);
}
