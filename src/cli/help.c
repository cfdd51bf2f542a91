/* --help, from the tables. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"

/* @COLUMNS: width of a line;  @TEXT: where the text behind an option's name begins */
enum { COLUMNS = 80, TEXT = 30, NAME_MAX_BYTES = 96 };

/* Print words with line breaks, from @column on, further lines indented by @indent. An empty line separates paragraphs. */
static void print_wrapped(const char *text, int column, int indent)
{
	while (*text) {
		int length = (int)strcspn(text, " \n");

		if (column > indent && column + 1 + length > COLUMNS) {
			printf("\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			(void)putchar(' '); /* cli_flush() sees a failure */
			column++;
		}
		printf("%.*s", length, text);
		column += length;
		text += length;
		if (strncmp(text, "\n\n", 2) == 0) {
			printf("\n\n%*s", indent, "");
			column = indent;
		}
		text += strspn(text, " \n");
	}
	(void)putchar('\n');
}

/* A name and its text in two columns; the text begins on a line of its own when the name is too long. */
static void print_pair(const char *name, const char *text)
{
	int length = (int)strlen(name);

	if (length + 2 > TEXT)
		printf("%s\n%*s", name, TEXT, "");
	else
		printf("%-*s", TEXT, name);
	print_wrapped(text, TEXT, TEXT);
}

static void print_row(const struct option_row *row)
{
	char buffer[NAME_MAX_BYTES];
	struct text name = text_on(buffer, sizeof(buffer));

	if (row->letter)
		text_addf(&name, "  -%c%s", row->letter, row->name ? ", " : "");
	else
		text_add(&name, "      ");
	if (row->name)
		text_addf(&name, "--%s", row->name);
	if (option_takes_value(row))
		text_addf(&name, "%s%s", row->name && row->n_values < 2 ? "=" : " ", row->argument);
	print_pair(buffer, row->help);
}

static void print_rows(const char *title, const struct option_row *rows, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].flags & OPTION_HIDDEN)
			continue;
		if (!any)
			printf("\n%s:\n", title);
		any = true;
		print_row(&rows[i]);
	}
}

static void print_commands(const char *title, unsigned int flags)
{
	char name[NAME_MAX_BYTES];

	printf("\n%s:\n", title);
	for (size_t i = 0; commands[i]; i++) {
		if ((commands[i]->flags & COMMAND_LATER) != flags)
			continue;
		(void)snprintf(name, sizeof(name), "  %s %s", commands[i]->name, commands[i]->operands); /* names and operands are short */
		print_pair(name, commands[i]->summary);
	}
}

void help_overview(const struct cli *cli)
{
	help_usage(cli, NULL);
	(void)putchar('\n');
	print_wrapped("Runs containers as the Open Container Initiative specifies them.", 0, 0);
	print_commands("Commands", 0);
	print_commands("Not there yet in this version", COMMAND_LATER);
	print_rows("Options, before or after the command", common_rows, n_common_rows);
	print_rows("Options before the command", global_rows, n_global_rows);
	printf("\nMore: %s help COMMAND, man hull, man hull-COMMAND\n", cli->name);
}

void help_usage(const struct cli *cli, const struct command *command)
{
	bool same = command && strcmp(cli->name, command->name) == 0;

	if (!command)
		printf("Usage: %s [OPTION]... COMMAND [OPTION]... [OPERAND]...\n", cli->name);
	else
		printf("Usage: %s%s%s [OPTION]...%s%s\n", cli->name, same ? "" : " ", same ? "" : command->name,
			*command->operands ? " " : "", command->operands);
}

void help_command(const struct cli *cli, const struct command *command)
{
	help_usage(cli, command);
	(void)putchar('\n');
	print_wrapped(command->description, 0, 0);
	print_rows("Options", command->rows, command->n_rows);
	printf("\nExamples:\n");
	for (const struct example *e = command->examples; e->command; e++) {
		printf("  # %s\n  %s\n", e->text, e->command);
	}
	if (strcmp(cli->name, command->name) == 0)
		print_rows("Options of all of hull", common_rows, n_common_rows);
	else
		printf("\nOptions before the command: %s --help\n", cli->name);
}

static int help_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	const struct command *command;

	(void)flags; /* none */
	if (n_operands == 0) {
		help_overview(cli);
		return cli_flush(cli);
	}
	command = command_find(operands[0]);
	if (!command)
		return cli_fail(cli, "unknown command '%s'; see '%s --help'", operands[0], cli->name);
	help_command(cli, command);
	return cli_flush(cli);
}

const struct command help_self_command = {
	.name = "help",
	.alias = "h",
	.operands = "[COMMAND]",
	.summary = "explain a command",
	.description = "Prints what 'hull COMMAND --help' prints, or the list of commands.",
	.examples = (const struct example[]){ { "hull help run", "explain the command run" }, { NULL, NULL } },
	.max = 1, .failure = 1, .flags = COMMAND_WITHOUT_HANDLE | COMMAND_TAKES_COMMAND,
	.run = help_run,
};
