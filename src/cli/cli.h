/*
 * The command line: a table of commands, each with a table of options, a function and its prose. The same tables make --help, the manual pages and
 * the completion of three shells. Everything that a command does, it does through hull.h.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/options.h"
#include "base/scope.h"
#include "hull.h"

/* room for the largest structure of parsed options; each command's size is checked by COMMAND_OPTIONS() */
enum { COMMAND_FLAGS_MAX = 2560 };

/*
 * What a running command gets.
 * @name: what we were called as: "hull", "runc" or "crun"
 * @compatible: called as runc or crun: exit codes are theirs
 * @closed: which of the standard streams the caller had closed, as bits
 * @hull: NULL for commands that need none (COMMAND_WITHOUT_HANDLE)
 */
struct cli {
	const char *name;
	bool compatible;
	unsigned int closed;
	struct hull *hull;
};

enum {
	COMMAND_WITHOUT_HANDLE = 1, /* works without the library's handle */
	COMMAND_TAKES_ID = 2, /* the first operand is a container: completion offers them */
	COMMAND_LATER = 4, /* named, documented, but not in this version */
	COMMAND_TAKES_COMMAND = 8, /* the first operand is a command's name */
	COMMAND_TAKES_PATH = 16, /* an operand may be a file or directory */
	COMMAND_ENTERS = 32, /* a process of hull's enters the container: see protect() in main.c */
	COMMAND_OWN_NAME = 64, /* called by the command's name (through a link), hull is that command */
	COMMAND_STREAMS = 128, /* its program has the caller's standard streams, and sees closed what he had closed */
};

/* One example of a command's manual. A list ends with an empty one. */
struct example {
	const char *command, *text;
};

/*
 * @name, @alias: alias NULL: none
 * @operands: how help writes them, without brackets for the options
 * @summary: one line: no capital, no full stop
 * @description: paragraphs separated by an empty line
 * @words: NULL-terminated words that the first operand may be, NULL: anything
 * @second: of a command that takes an id: NULL-terminated words that completion offers as its second operand, NULL: none
 * @min, @max: how many operands;  @stop_at: as in struct options
 * @rows, @n_rows: its options, stored into the structure that run gets as @flags, which starts as zeros
 * @failure: exit code of a wrong command line;  @engine_failure: the same when called as runc or crun, 0: the same
 * @run: Return: the exit code.
 */
struct command {
	const char *name, *alias;
	const char *operands;
	const char *summary;
	const char *description;
	const struct example *examples;
	const char *const *words, *const *second;
	unsigned int min, max, stop_at;
	unsigned int flags;
	int failure, engine_failure;
	const struct option_row *rows;
	size_t n_rows;
	int (*run)(const struct cli *cli, void *flags, int n_operands, char **operands);
};

/* max of a command whose operands have no limit */
#define MANY 1000000U

/* rows of a command whose options go to a @type */
#define COMMAND_OPTIONS(table, type) \
	.rows = (table), .n_rows = ARRAY_SIZE(table) + 0 * sizeof(struct { _Static_assert(sizeof(type) <= COMMAND_FLAGS_MAX, "COMMAND_FLAGS_MAX"); char c; })

/* Options that stand before the command; those of common_rows also after it. */
struct globals {
	struct hull_options open;
	int log_format, log_level, cgroup_manager;
	bool debug, systemd_cgroup, systemd_log;
	bool help, usage, version;
};

extern const struct option_row global_rows[], common_rows[];
extern const size_t n_global_rows, n_common_rows;

/* all commands in the order of help, NULL-terminated */
extern const struct command *const commands[];

/**
 * command_find - the command of a name or an alias, NULL: none.
 */
const struct command *command_find(const char *name);

/**
 * cli_fail - report an error of the command line's own: to the log, or to stderr as long as there is none.
 * Return: 1, an exit code.
 */
int cli_fail(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * cli_library_failed - report the library's last error.
 * Return: 1, an exit code.
 */
int cli_library_failed(const struct cli *cli);

/**
 * cli_print - write a document to standard output, with a final newline.
 * Return: 0, or 1 with a message: an exit code.
 */
int cli_print(const struct cli *cli, const char *text);

/**
 * cli_flush - end output that was made with stdio.
 * Return: 0, or 1 with a message: an exit code.
 */
int cli_flush(const struct cli *cli);

/**
 * help_overview - what "hull --help" prints;  help_command - what "hull COMMAND --help" prints;  help_usage - its first line.
 * @command: NULL, for help_usage() alone: hull as a whole.
 */
void help_overview(const struct cli *cli);
void help_command(const struct cli *cli, const struct command *command);
void help_usage(const struct cli *cli, const struct command *command);

/**
 * completion_write - write a shell's completion script.
 * @name: the program that is completed.
 * @shell: "bash", "zsh" or "fish".
 * Return: 0 or -EINVAL: unknown shell.
 */
int completion_write(FILE *out, const char *name, const char *shell);

extern const struct command create_command, start_command, run_command, exec_command, enter_command, kill_command, delete_command, wait_command, pause_command,
	resume_command, state_command, list_command, ps_command, features_command, explain_command, spec_command, mounts_command, update_command,
	events_command, stats_command, top_command, checkpoint_command, restore_command, completion_command, help_self_command, try_command,
	sandbox_command, bwrap_command, selfdock_command;

#endif
