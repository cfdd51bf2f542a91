/* completion: scripts for bash, zsh and fish, from the tables. */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"

/* What may stand behind an option, judged by what help calls it. */
enum value_kind { VALUE_NONE, VALUE_WORDS, VALUE_DIRECTORY, VALUE_FILE, VALUE_FREE };

/* @word: what help calls one value; it ends at the next blank or '[' */
static enum value_kind kind_of_word(const char *word)
{
	static const char *const files[] = { "FILE", "PATH", "SOCKET", "DEST", "SRC", "DST", "UPPER", "WORK" };
	size_t length = strcspn(word, " [");

	if (strncmp(word, "DIR", length) == 0)
		return VALUE_DIRECTORY;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (strlen(files[i]) == length && strncmp(word, files[i], length) == 0)
			return VALUE_FILE;
	return VALUE_FREE;
}

static enum value_kind value_kind(const struct option_row *row)
{
	if (!option_takes_value(row))
		return VALUE_NONE;
	return row->choices ? VALUE_WORDS : kind_of_word(row->argument);
}

static bool shown(const struct option_row *row)
{
	return !(row->flags & OPTION_HIDDEN);
}

static void put_command_names(FILE *out)
{
	for (size_t i = 0; commands[i]; i++)
		fprintf(out, "%s%s", i == 0 ? "" : " ", commands[i]->name);
}

static void put_words(FILE *out, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		fprintf(out, "%s%s", i == 0 ? "" : " ", words[i]);
}

/* Text inside single quotes; @escaped: characters that get a backslash in the shell's own mini-language. */
static void put_quoted(FILE *out, const char *text, const char *quote, const char *escaped)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs(quote, out);
		else
			fprintf(out, "%s%c", strchr(escaped, *text) ? "\\" : "", *text);
	}
}

/* bash: "--bundle -b …" of the rows whose options take a value (@values) or all of them */
static void bash_names(FILE *out, const struct option_row *rows, size_t n, bool values, const char *separator)
{
	bool first = true;

	for (size_t i = 0; i < n; i++) {
		if (!shown(&rows[i]) || (values && !option_takes_value(&rows[i])))
			continue;
		if (rows[i].name)
			fprintf(out, "%s--%s", first ? "" : separator, rows[i].name);
		if (rows[i].letter)
			fprintf(out, "%s-%c", first && !rows[i].name ? "" : separator, rows[i].letter);
		first = false;
	}
}

/* bash: what stands behind the options of @command ("*": any) */
static void bash_values(FILE *out, const char *command, const struct option_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum value_kind kind = value_kind(&rows[i]);

		if (!shown(&rows[i]) || kind == VALUE_NONE)
			continue;
		fprintf(out, "\t%s:--%s", command, rows[i].name);
		if (rows[i].letter)
			fprintf(out, " | %s:-%c", command, rows[i].letter);
		fputs(") ", out);
		if (kind == VALUE_WORDS) {
			fputs("mapfile -t COMPREPLY < <(compgen -W '", out);
			put_words(out, rows[i].choices);
			fputs("' -- \"$cur\"); ", out);
		} else if (kind != VALUE_FREE) {
			fprintf(out, "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -%c -- \"$cur\"); ", kind == VALUE_FILE ? 'f' : 'd');
		}
		fputs("return ;;\n", out);
	}
}

static void bash_operands(FILE *out, const char *name, const struct command *c)
{
	fprintf(out, "\t%s:-*) words='", c->name);
	bash_names(out, c->rows, c->n_rows, false, " ");
	fputs(c->n_rows ? " --help' ;;\n" : "--help' ;;\n", out);
	if (c->second) {
		fprintf(out, "\t%s:*) case $operands in 0) words=$(%s list --quiet 2>/dev/null) ;; 1) words='", c->name, name);
		put_words(out, c->second);
		fputs("' ;; esac ;;\n", out);
	} else if (c->flags & COMMAND_TAKES_ID) {
		fprintf(out, "\t%s:*) words=$(%s list --quiet 2>/dev/null) ;;\n", c->name, name);
	}
	if (c->words) {
		fprintf(out, "\t%s:*) words='", c->name);
		put_words(out, c->words);
		fputs("' ;;\n", out);
	}
}

static void write_bash(FILE *out, const char *name)
{
	fprintf(out, "# bash completion for %s, made from its option tables\n_%s()\n{\n", name, name);
	fputs("\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' words='' operands=-1 i\n\n"
	      "\tCOMPREPLY=()\n"
	      "\tif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD - 2]}; fi\n"
	      "\tif [[ $cur == = ]]; then cur=''; fi\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase ${COMP_WORDS[i]} in\n\t\t",
	      out);
	bash_names(out, common_rows, n_common_rows, true, " | ");
	fputs(") if [[ ${COMP_WORDS[i + 1]} == = ]]; then ((i += 2)); else ((i++)); fi ;;\n"
	      "\t\t-*) ;;\n"
	      "\t\t*) command=${command:-${COMP_WORDS[i]}}; ((++operands)) ;;\n"
	      "\t\tesac\n\tdone\n"
	      "\tcase $command:$prev in\n",
	      out);
	for (size_t i = 0; commands[i]; i++)
		bash_values(out, commands[i]->name, commands[i]->rows, commands[i]->n_rows);
	bash_values(out, "*", common_rows, n_common_rows);
	fputs("\tesac\n\tcase $command:$cur in\n\t:-*) words='", out);
	bash_names(out, common_rows, n_common_rows, false, " ");
	fputs(" ", out);
	bash_names(out, global_rows, n_global_rows, false, " ");
	fputs("' ;;\n", out);
	for (size_t i = 0; commands[i]; i++)
		bash_operands(out, name, commands[i]);
	fputs("\t:* | help:*) words='", out);
	put_command_names(out);
	fputs("' ;;\n", out);
	fprintf(out,
		"\t*) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n"
		"\tesac\n"
		"\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		"}\ncomplete -F _%s %s\n",
		name, name);
}

/* zsh: how to complete one value */
static void zsh_action(FILE *out, enum value_kind kind, const struct option_row *row)
{
	switch (kind) {
	case VALUE_WORDS:
		fputs("(", out);
		put_words(out, row->choices);
		fputs(")", out);
		break;
	case VALUE_DIRECTORY:
		fputs("_files -/", out);
		break;
	case VALUE_FILE:
		fputs("_files", out);
		break;
	case VALUE_FREE:
		fputs(" ", out);
		break;
	case VALUE_NONE:
		break;
	}
}

/* zsh: an option and its values; only one alone may stand behind '=' */
static void zsh_spec(FILE *out, const struct option_row *row, const char *dashes, const char *name, const char *equals)
{
	bool several = row->n_values > 1;

	fprintf(out, " \\\n\t\t'%s%s%s[", dashes, name, option_takes_value(row) && !several ? equals : "");
	put_quoted(out, row->help, "'\\''", "[]");
	fputs("]", out);
	if (option_takes_value(row) && !several) {
		fputs(":", out);
		put_quoted(out, row->argument, "'\\''", ":[]");
		fputs(":", out);
		zsh_action(out, value_kind(row), row);
	}
	for (const char *word = several ? row->argument : NULL; word; word = strchr(word, ' ')) {
		word += *word == ' ';
		fprintf(out, ":%.*s:", (int)strcspn(word, " "), word);
		zsh_action(out, kind_of_word(word), row);
	}
	fputs("'", out);
}

static void zsh_specs(FILE *out, const struct option_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!shown(&rows[i]))
			continue;
		if (rows[i].name)
			zsh_spec(out, &rows[i], "--", rows[i].name, "=");
		if (rows[i].letter)
			zsh_spec(out, &rows[i], "-", (char[]){ rows[i].letter, '\0' }, "");
	}
}

static void zsh_command(FILE *out, const char *name, const struct command *c)
{
	fprintf(out, "\t%s) _arguments -s -S '--help[show how to use it]'", c->name);
	zsh_specs(out, c->rows, c->n_rows);
	if (c->flags & COMMAND_TAKES_ID)
		fprintf(out, " \\\n\t\t'1:container:_%s_ids'", name);
	if (c->second) {
		fputs(" \\\n\t\t'2:word:(", out);
		put_words(out, c->second);
		fputs(")'", out);
	}
	if (c->words) {
		fputs(" \\\n\t\t'1:word:(", out);
		put_words(out, c->words);
		fputs(")'", out);
	}
	if (c->flags & COMMAND_TAKES_COMMAND) {
		fputs(" \\\n\t\t'1:command:(", out);
		put_command_names(out);
		fputs(")'", out);
	}
	if (c->flags & COMMAND_TAKES_PATH)
		fputs(" \\\n\t\t'*:path:_files'", out);
	fputs(" ;;\n", out);
}

static void write_zsh(FILE *out, const char *name)
{
	fprintf(out, "#compdef %s\n# zsh completion for %s, made from its option tables\n\n", name, name);
	fprintf(out, "_%s_ids()\n{\n\tlocal -a ids\n\tids=(${(f)\"$(%s list --quiet 2>/dev/null)\"})\n\tcompadd -a ids\n}\n\n", name, name);
	fprintf(out, "_%s()\n{\n\tlocal curcontext=$curcontext state line\n\tlocal -A opt_args\n\tlocal -a names\n\n\tnames=(", name);
	for (size_t i = 0; commands[i]; i++) {
		fprintf(out, "\n\t\t'%s:", commands[i]->name);
		put_quoted(out, commands[i]->summary, "'\\''", ":");
		fputs("'", out);
	}
	fputs("\n\t)\n\t_arguments -C -S", out);
	zsh_specs(out, common_rows, n_common_rows);
	zsh_specs(out, global_rows, n_global_rows);
	fputs(" \\\n\t\t'1:command:->command' '*::operand:->operand' && return\n"
	      "\tif [[ $state == command ]]; then\n\t\t_describe command names\n\t\treturn\n\tfi\n"
	      "\tcase $words[1] in\n",
	      out);
	for (size_t i = 0; commands[i]; i++)
		zsh_command(out, name, commands[i]);
	fprintf(out, "\tesac\n}\n\n_%s \"$@\"\n", name);
}

static void fish_rows(FILE *out, const char *name, const char *command, const struct option_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum value_kind kind = value_kind(&rows[i]);

		if (!shown(&rows[i]))
			continue;
		fprintf(out, "complete -c %s", name);
		if (command)
			fprintf(out, " -n '__fish_seen_subcommand_from %s'", command);
		if (rows[i].name)
			fprintf(out, " -l %s", rows[i].name);
		if (rows[i].letter)
			fprintf(out, " -s %c", rows[i].letter);
		if (kind != VALUE_NONE)
			fputs(kind == VALUE_FILE ? " -r -F" : " -x", out);
		if (kind == VALUE_DIRECTORY)
			fputs(" -a '(__fish_complete_directories)'", out);
		if (kind == VALUE_WORDS) {
			fputs(" -a '", out);
			put_words(out, rows[i].choices);
			fputs("'", out);
		}
		fputs(" -d '", out);
		put_quoted(out, rows[i].help, "\\'", "\\");
		fputs("'\n", out);
	}
}

static void fish_operands(FILE *out, const char *name, const struct command *c)
{
	if (!c->words && !(c->flags & (COMMAND_TAKES_ID | COMMAND_TAKES_COMMAND | COMMAND_TAKES_PATH)))
		return;
	if (c->second) {
		fprintf(out, "complete -c %s -n '__%s_operands %s 1' -a '", name, name, c->name);
		put_words(out, c->second);
		fprintf(out, "'\ncomplete -c %s -n '__%s_operands %s 0'", name, name, c->name);
	} else {
		fprintf(out, "complete -c %s -n '__fish_seen_subcommand_from %s'", name, c->name);
	}
	if (c->flags & COMMAND_TAKES_PATH)
		fputs(" -F", out);
	fputs(" -a '", out);
	if (c->flags & COMMAND_TAKES_ID)
		fprintf(out, "(%s list --quiet 2>/dev/null)", name);
	if (c->flags & COMMAND_TAKES_COMMAND)
		put_command_names(out);
	if (c->words)
		put_words(out, c->words);
	fputs("'\n", out);
}

static void write_fish(FILE *out, const char *name)
{
	fprintf(out, "# fish completion for %s, made from its option tables\ncomplete -c %s -f\n\n", name, name);
	fprintf(out,
		"# whether so many operands of a command have been typed\n"
		"function __%s_operands --argument-names command number\n"
		"\tset -l words (commandline -opc)\n"
		"\tset -l at (contains -i -- $command $words); or return 1\n"
		"\tset -e words[1..$at]\n"
		"\ttest (count (string match -v -- '-*' $words)) -eq $number\n"
		"end\n\n",
		name);
	fish_rows(out, name, NULL, common_rows, n_common_rows);
	for (size_t i = 0; i < n_global_rows; i++)
		if (shown(&global_rows[i]))
			fish_rows(out, name, NULL, &global_rows[i], 1);
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];

		fprintf(out, "complete -c %s -n __fish_use_subcommand -a %s -d '", name, c->name);
		put_quoted(out, c->summary, "\\'", "\\");
		fputs("'\n", out);
		fish_rows(out, name, c->name, c->rows, c->n_rows);
		fish_operands(out, name, c);
	}
}

int completion_write(FILE *out, const char *name, const char *shell)
{
	static const struct {
		const char *shell;
		void (*write)(FILE *out, const char *name);
	} writers[] = { { "bash", write_bash }, { "zsh", write_zsh }, { "fish", write_fish } };

	for (size_t i = 0; i < ARRAY_SIZE(writers); i++) {
		if (strcmp(writers[i].shell, shell) == 0) {
			writers[i].write(out, name);
			return 0;
		}
	}
	return -EINVAL;
}

/* @shell: youki's spelling */
struct completion_flags {
	const char *shell;
};

static const struct option_row rows[] = {
	{ "shell", 's', OPTION_AT(struct completion_flags, shell), .flags = OPTION_HIDDEN, .argument = "SHELL", .help = "the same as the operand" },
};

static const char *const shells[] = { "bash", "zsh", "fish", NULL };

static int completion_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	const struct completion_flags *f = flags;
	const char *shell = n_operands > 0 ? operands[0] : f->shell;

	if (!shell)
		return cli_fail(cli, "no shell given; see '%s completion --help'", cli->name);
	if (completion_write(stdout, cli->name, shell) < 0)
		return cli_fail(cli, "unknown shell '%s': bash, zsh and fish are known", shell);
	return cli_flush(cli);
}

const struct command completion_command = {
	.name = "completion",
	.operands = "bash|zsh|fish",
	.summary = "print a completion script for a shell",
	.description = "Prints a script that teaches a shell the commands and options of hull. 'make install' puts all three where the shells look for them.",
	.examples = (const struct example[]){
		{ ". <(hull completion bash)", "for this shell" },
		{ "hull completion fish >~/.config/fish/completions/hull.fish", "for all fish shells to come" },
		{ NULL, NULL } },
	.words = shells,
	.max = 1, .failure = 1, .flags = COMMAND_WITHOUT_HANDLE,
	COMMAND_OPTIONS(rows, struct completion_flags),
	.run = completion_run,
};
