/* kill, delete, pause, resume and wait: how a container ends or rests. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"

/* Do one thing to every container that matches; the first failure does not spare the others. Return: the exit code. */
static int each_match(const struct cli *cli, const char *regex, int (*act)(struct hull *hull, const char *id, const void *argument), const void *argument)
{
	scope_free char **ids = NULL;
	int status = 0;

	if (hull_match(cli->hull, regex, &ids) < 0)
		return cli_library_failed(cli);
	for (size_t i = 0; ids[i]; i++)
		if (act(cli->hull, ids[i], argument) < 0)
			status = cli_library_failed(cli);
	return status;
}

/*
 * @all: --all;  @regex: --regex
 * @signal: the second operand, NULL: the default
 */
struct kill_flags {
	bool all, regex;
	const char *signal;
};

/* what a person types: the others are taken, too */
static const char *const signals[] = {
	"HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "CHLD", "CONT", "STOP", "TSTP",
	"TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS", NULL,
};

static const struct option_row kill_rows[] = {
	{ "all", 'a', OPTION_AT(struct kill_flags, all), .help = "signal every process of the container, not only the first" },
	{ "regex", 'r', OPTION_AT(struct kill_flags, regex), .help = "ID is an extended regular expression: signal all containers that match" },
};

static int kill_one(struct hull *hull, const char *id, const void *argument)
{
	const struct kill_flags *f = argument;

	return hull_kill(hull, id, f->signal, f->all ? HULL_KILL_ALL : 0);
}

static int kill_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	struct kill_flags *f = flags;

	f->signal = n_operands > 1 ? operands[1] : NULL;
	if (f->regex)
		return each_match(cli, operands[0], kill_one, f);
	return kill_one(cli->hull, operands[0], f) < 0 ? cli_library_failed(cli) : 0;
}

const struct command kill_command = {
	.name = "kill",
	.operands = "ID [SIGNAL]",
	.summary = "send a signal to a container",
	.description = "Sends SIGNAL, a name with or without SIG or a number, to the first process of a container. Without one it is TERM.",
	.examples = (const struct example[]){
		{ "hull kill web1", "ask it to end" },
		{ "hull kill --all web1 KILL", "end all of its processes" },
		{ "hull kill --regex '^web' HUP", "tell all containers whose name begins with web" },
		{ NULL, NULL } },
	.second = signals,
	.min = 1, .max = 2, .failure = 1, .flags = COMMAND_TAKES_ID,
	COMMAND_OPTIONS(kill_rows, struct kill_flags),
	.run = kill_run,
};

struct delete_flags {
	bool force, regex;
};

static const struct option_row delete_rows[] = {
	{ "force", 'f', OPTION_AT(struct delete_flags, force), .help = "kill it first if it runs; an unknown ID is no error" },
	{ "regex", 'r', OPTION_AT(struct delete_flags, regex), .help = "ID is an extended regular expression: delete all containers that match" },
};

static int delete_one(struct hull *hull, const char *id, const void *argument)
{
	const struct delete_flags *f = argument;

	return hull_delete(hull, id, f->force ? HULL_DELETE_FORCE : 0);
}

static int delete_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	(void)n_operands; /* exactly one */
	if (((const struct delete_flags *)flags)->regex)
		return each_match(cli, operands[0], delete_one, flags);
	return delete_one(cli->hull, operands[0], flags) < 0 ? cli_library_failed(cli) : 0;
}

const struct command delete_command = {
	.name = "delete",
	.operands = "ID",
	.summary = "remove what is left of a container",
	.description = "Removes the cgroup, the state and everything else that was made for a container. It must have stopped, or --force must be given.",
	.examples = (const struct example[]){
		{ "hull delete web1", "remove a container that has stopped" },
		{ "hull delete --force web1", "remove it whatever it does" },
		{ NULL, NULL } },
	.min = 1, .max = 1, .failure = 1, .flags = COMMAND_TAKES_ID,
	COMMAND_OPTIONS(delete_rows, struct delete_flags),
	.run = delete_run,
};

static int pause_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	(void)flags; /* none */
	(void)n_operands; /* exactly one */
	return hull_pause(cli->hull, operands[0]) < 0 ? cli_library_failed(cli) : 0;
}

const struct command pause_command = {
	.name = "pause",
	.operands = "ID",
	.summary = "stop all processes of a container for a while",
	.description = "Freezes the cgroup of a container: its processes stay where they are until 'resume'. One that is only created cannot be started until then.",
	.examples = (const struct example[]){ { "hull pause web1", "stop the container web1" }, { NULL, NULL } },
	.min = 1, .max = 1, .failure = 1, .flags = COMMAND_TAKES_ID,
	.run = pause_run,
};

static int resume_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	(void)flags; /* none */
	(void)n_operands; /* exactly one */
	return hull_resume(cli->hull, operands[0]) < 0 ? cli_library_failed(cli) : 0;
}

const struct command resume_command = {
	.name = "resume",
	.operands = "ID",
	.summary = "let a paused container go on",
	.description = "Thaws the cgroup of a container that 'pause' has frozen.",
	.examples = (const struct example[]){ { "hull resume web1", "let the container web1 go on" }, { NULL, NULL } },
	.min = 1, .max = 1, .failure = 1, .flags = COMMAND_TAKES_ID,
	.run = resume_run,
};

/* @format: 0: not given, 1 text, 2 json */
struct wait_flags {
	bool print;
	int format;
};

static const char *const wait_formats[] = { "text", "json", NULL };

static const struct option_row wait_rows[] = {
	{ "print", OPTION_AT(struct wait_flags, print), .help = "print the exit code and exit with 0" },
	{ "format", 'f', OPTION_AT(struct wait_flags, format), .argument = "FORMAT", .choices = wait_formats, .help = "print it as text or json; means --print" },
};

static int wait_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	enum { FORMAT_JSON = 2, ITSELF_FAILED = 125 };
	const struct wait_flags *f = flags;
	int status = 0;

	(void)n_operands; /* exactly one */
	if (hull_wait(cli->hull, operands[0], &status) < 0) {
		(void)cli_library_failed(cli);
		return hull_exit_code(cli->hull) ? hull_exit_code(cli->hull) : ITSELF_FAILED;
	}
	if (!f->print && !f->format)
		return status;
	if (f->format == FORMAT_JSON)
		printf("{\"id\":\"%s\",\"status\":%d}\n", operands[0], status); /* no character of an id needs escaping */
	else
		printf("%d\n", status);
	return cli_flush(cli);
}

const struct command wait_command = {
	.name = "wait",
	.operands = "ID",
	.summary = "wait for the end of a container",
	.description =
		"Waits until the first process of a container, whoever started it, has ended, and exits as it did: with its exit code, or with 128 plus the "
		"number of the signal that killed it. When hull itself fails, the exit code is 125.",
	.examples = (const struct example[]){
		{ "hull wait web1; echo $?", "wait and show how it ended" },
		{ "hull wait --format json web1", "the same for a program" },
		{ NULL, NULL } },
	.min = 1, .max = 1, .failure = 125, .flags = COMMAND_TAKES_ID,
	COMMAND_OPTIONS(wait_rows, struct wait_flags),
	.run = wait_run,
};
