/* ps: the processes of a container, as ps(1) shows them: its table without the lines of other processes. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/text.h"
#include "cli/cli.h"

/* @format: 0: not given, 1 table, 2 json */
struct ps_flags {
	int format;
};

static const char *const formats[] = { "table", "json", NULL };

static const struct option_row rows[] = {
	{ "format", 'f', OPTION_AT(struct ps_flags, format), .argument = "FORMAT", .choices = formats, .help = "print a table (the default) or the pids as json" },
};

/* Start ps(1) with its output in a pipe. Return: the pipe's end for reading, or -errno. */
static int start_ps(char **arguments, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	r = posix_spawn_file_actions_init(&actions);
	if (r == 0) {
		r = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
		if (r == 0)
			r = posix_spawnp(ret_pid, arguments[0], &actions, NULL, arguments, environ);
		(void)posix_spawn_file_actions_destroy(&actions); /* cannot fail on what was initialized */
	}
	(void)close_fd(ends[1]);
	if (r == 0)
		return ends[0];
	(void)close_fd(ends[0]);
	return -r;
}

/* Which word of the title line is PID. Return: its index, or -1. */
static int pid_column(const char *line)
{
	for (int i = 0; *(line += strspn(line, " \t\n")); i++) {
		size_t length = strcspn(line, " \t\n");

		if (length == 3 && strncmp(line, "PID", 3) == 0)
			return i;
		line += length;
	}
	return -1;
}

/* The number in word @column of a line, 0: there is none. */
static uint32_t pid_in(const char *line, int column)
{
	char word[TEXT_NUMBER_MAX];
	uint32_t pid;
	size_t length;

	for (line += strspn(line, " \t"); column > 0; column--) {
		line += strcspn(line, " \t\n");
		line += strspn(line, " \t");
	}
	length = strcspn(line, " \t\n");
	if (length >= sizeof(word))
		return 0;
	memcpy(word, line, length);
	word[length] = '\0';
	return text_to_u32(word, &pid) == 0 ? pid : 0;
}

static bool is_one_of(uint32_t pid, const pid_t *pids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((uint32_t)pids[i] == pid)
			return true;
	return false;
}

/* Return: 0, or 1 with a message. */
static int filter(const struct cli *cli, FILE *output, const pid_t *pids, size_t n)
{
	scope_free char *line = NULL;
	size_t size = 0;
	int column = -1;

	if (getline(&line, &size, output) >= 0)
		column = pid_column(line);
	if (column < 0)
		return cli_fail(cli, "cannot show processes: the output of 'ps' has no column PID");
	(void)fputs(line, stdout); /* cli_flush() sees a failure */
	while (getline(&line, &size, output) >= 0)
		if (is_one_of(pid_in(line, column), pids, n))
			(void)fputs(line, stdout);
	return cli_flush(cli);
}

static int print_table(const struct cli *cli, char **arguments, const pid_t *pids, size_t n)
{
	pid_t child = 0;
	int fd = start_ps(arguments, &child), status = 0, result;
	FILE *output;

	if (fd < 0)
		return cli_fail(cli, "cannot run 'ps': %s", strerror(-fd));
	output = fdopen(fd, "r");
	result = output ? filter(cli, output, pids, n) : cli_fail(cli, "cannot read from 'ps': %s", strerror(errno));
	if (output)
		(void)fclose(output); /* it was only read */
	else
		(void)close_fd(fd);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (result == 0 && status != 0)
		return cli_fail(cli, "'ps' failed");
	return result;
}

static int print_json(const struct cli *cli, const pid_t *pids, size_t n)
{
	printf("[");
	for (size_t i = 0; i < n; i++)
		printf("%s%d", i == 0 ? "" : ",", pids[i]);
	printf("]\n");
	return cli_flush(cli);
}

static int ps_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	enum { FORMAT_JSON = 2 };
	static char ps[] = "ps", all_full[] = "-ef";
	char *defaults[] = { ps, all_full, NULL };
	const struct ps_flags *f = flags;
	scope_free pid_t *pids = NULL;
	char *id = operands[0];
	size_t n = 0;

	if (hull_pids(cli->hull, id, &pids, &n) < 0)
		return cli_library_failed(cli);
	if (f->format == FORMAT_JSON)
		return print_json(cli, pids, n);
	if (n_operands == 1)
		return print_table(cli, defaults, pids, n);
	operands[0] = ps; /* the rest are its arguments */
	return print_table(cli, operands, pids, n);
}

const struct command ps_command = {
	.name = "ps",
	.operands = "ID [PS-ARGUMENT...]",
	.summary = "show the processes of a container",
	.description =
		"Runs ps(1) with the given arguments, or with -ef, and shows those of its lines whose PID belongs to the container. Options of hull stand before "
		"the ID. With --format json it prints an array of pids, as the host sees them.",
	.examples = (const struct example[]){
		{ "hull ps web1", "the processes of web1" },
		{ "hull ps web1 -o pid,rss,args ax", "with other columns" },
		{ "hull ps --format json web1", "the pids for a program" },
		{ NULL, NULL } },
	.min = 1, .max = MANY, .stop_at = 1, .failure = 1, .flags = COMMAND_TAKES_ID,
	COMMAND_OPTIONS(rows, struct ps_flags),
	.run = ps_run,
};
