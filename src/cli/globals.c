/* The options before the command, the list of commands, and how a command reports. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const char *const log_formats[] = { "text", "json", NULL };
static const char *const log_levels[] = { "error", "warning", "info", "debug", NULL };
static const char *const cgroup_managers[] = { "cgroupfs", "systemd", "disabled", NULL };

/* Accepted before and after the command. */
const struct option_row common_rows[] = {
	{ "root", OPTION_AT(struct globals, open.root), .argument = "DIR",
	  .help = "keep the state of containers below DIR (default: /run/hull, or $XDG_RUNTIME_DIR/hull)" },
	{ "log", OPTION_AT(struct globals, open.log), .argument = "DEST",
	  .help = "also write messages to DEST: PATH, file:PATH, syslog:IDENT or journald:IDENT" },
	{ "log-format", OPTION_AT(struct globals, log_format), .argument = "FORMAT", .choices = log_formats,
	  .help = "lines of the log are text or json" },
	{ "log-level", OPTION_AT(struct globals, log_level), .argument = "LEVEL", .choices = log_levels,
	  .help = "log error, warning, info or debug and what is more important (default: warning)" },
	{ "level-prefix", OPTION_AT(struct globals, open.level_prefix), .help = "messages begin with their severity, as <3>, for sd-daemon(3)" },
	{ "debug", OPTION_AT(struct globals, debug), .help = "the same as --log-level=debug: every step is told" },
	{ "cgroup-manager", OPTION_AT(struct globals, cgroup_manager), .argument = "MANAGER", .choices = cgroup_managers,
	  .help = "who makes cgroups: cgroupfs, systemd, or disabled for none" },
	{ "systemd-cgroup", OPTION_AT(struct globals, systemd_cgroup), .help = "the same as --cgroup-manager=systemd" },
	{ "systemd-log", OPTION_AT(struct globals, systemd_log), .flags = OPTION_HIDDEN, .help = "the same as --log=journald:" }, /* youki's */
	{ "help", 'h', OPTION_AT(struct globals, help), .help = "show how to use it" },
	{ NULL, '?', OPTION_AT(struct globals, help), .flags = OPTION_HIDDEN },
	{ "usage", OPTION_AT(struct globals, usage), .flags = OPTION_HIDDEN, .help = "show one line on how to use it" },
	/* what other runtimes know and what means nothing here */
	{ "rootless", .kind = OPTION_IGNORED_VALUE, .flags = OPTION_HIDDEN, .argument = "WORD", .help = "ignored: decided by what we may do" },
	{ "criu", .kind = OPTION_IGNORED_VALUE, .flags = OPTION_HIDDEN, .argument = "PATH", .help = "ignored" },
};
const size_t n_common_rows = ARRAY_SIZE(common_rows);

/* Accepted before the command only; the letters are youki's. */
const struct option_row global_rows[] = {
	{ "version", 'v', OPTION_AT(struct globals, version), .help = "show the version" },
	{ NULL, 'V', OPTION_AT(struct globals, version), .flags = OPTION_HIDDEN },
	{ NULL, 'r', OPTION_AT(struct globals, open.root), .flags = OPTION_HIDDEN, .argument = "DIR" },
	{ NULL, 'l', OPTION_AT(struct globals, open.log), .flags = OPTION_HIDDEN, .argument = "DEST" },
	{ NULL, 's', OPTION_AT(struct globals, systemd_cgroup), .flags = OPTION_HIDDEN },
};
const size_t n_global_rows = ARRAY_SIZE(global_rows);

const struct command *const commands[] = {
	&run_command, &create_command, &start_command, &exec_command, &enter_command, &kill_command, &pause_command, &resume_command, &wait_command, &delete_command, &try_command,
	&state_command, &list_command, &ps_command, &stats_command, &top_command, &events_command, &update_command, &mounts_command,
	&sandbox_command, &bwrap_command, &selfdock_command, &spec_command, &explain_command, &features_command, &completion_command, &help_self_command,
	&checkpoint_command, &restore_command,
	NULL,
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0 || (commands[i]->alias && strcmp(commands[i]->alias, name) == 0))
			return commands[i];
	return NULL;
}

int cli_fail(const struct cli *cli, const char *format, ...)
{
	char message[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args); /* a cut message is still a message */
	va_end(args);
	if (cli->hull)
		hull_log(cli->hull, 0, "%s", message);
	else
		(void)fprintf(stderr, "%s: %s\n", cli->name, message); /* nowhere left to complain */
	return 1;
}

int cli_library_failed(const struct cli *cli)
{
	return cli_fail(cli, "%s", cli->hull ? hull_error(cli->hull) : "cannot begin: out of memory");
}

int cli_print(const struct cli *cli, const char *text)
{
	size_t length = strlen(text);

	(void)fwrite(text, 1, length, stdout); /* cli_flush() sees a failure */
	if (length == 0 || text[length - 1] != '\n')
		(void)putchar('\n');
	return cli_flush(cli);
}

int cli_flush(const struct cli *cli)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return cli_fail(cli, "cannot write to standard output: %s", strerror(errno));
}
