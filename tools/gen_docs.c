/*
 * Build-time program: writes the manual pages and the completion scripts from the tables of src/cli, and checks those tables while it is there.
 *
 * gen_docs man PROSE DIR COMMAND...   DIR/hull.1 (with the file PROSE, roff, after its tables) and DIR/hull-COMMAND.1; the commands must be all there are
 * gen_docs completion DIR             DIR/hull.bash, DIR/_hull, DIR/hull.fish
 * gen_docs syscalls PROSE DIR         DIR/hull-syscalls.7, from the tables of src/spec/sandbox_profile.c, with the file PROSE before them
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "spec/sandbox_profile.h"

/* manuals carry the date of the release, so that a build is reproducible */
#define RELEASE_DATE "2026-08-31"

enum { PATH_BYTES = 4096 };

static _Noreturn __attribute__((format(printf, 1, 2))) void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)fputs("gen_docs: ", stderr);
	(void)vfprintf(stderr, format, args);
	(void)fputs("\n", stderr);
	va_end(args);
	exit(1);
}

static FILE *create(const char *dir, const char *name, const char *suffix)
{
	char path[PATH_BYTES];
	FILE *out;

	if (snprintf(path, sizeof(path), "%s/%s%s", dir, name, suffix) >= (int)sizeof(path))
		die("path too long: '%s'", dir);
	out = fopen(path, "we");
	if (!out)
		die("cannot create '%s': %s", path, strerror(errno));
	return out;
}

static void finish(FILE *out)
{
	if (ferror(out) || fclose(out) != 0)
		die("cannot write: %s", strerror(errno));
}

/* Two rows must not share a name or a letter, and everything that is shown must be explained. */
static void check_rows(const char *where, const struct option_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct option_row *a = &rows[i];

		if (!a->name && !a->letter)
			die("%s: row %zu has neither name nor letter", where, i);
		if (!(a->flags & OPTION_HIDDEN) && (!a->name || !a->help))
			die("%s: row %zu is shown and lacks its name or its help", where, i);
		if (option_takes_value(a) && !a->argument)
			die("%s: row %zu takes a value without a name", where, i);
		if ((a->kind == OPTION_CHOICE) != (a->choices != NULL))
			die("%s: row %zu: choices belong to OPTION_CHOICE", where, i);
		for (size_t k = 0; k < i; k++)
			if ((a->letter && a->letter == rows[k].letter) || (a->name && rows[k].name && strcmp(a->name, rows[k].name) == 0))
				die("%s: rows %zu and %zu have the same name", where, k, i);
	}
}

static void check_tables(void)
{
	check_rows("common", common_rows, n_common_rows);
	check_rows("global", global_rows, n_global_rows);
	for (size_t i = 0; commands[i]; i++) {
		check_rows(commands[i]->name, commands[i]->rows, commands[i]->n_rows);
		if (!commands[i]->summary || !commands[i]->description || !commands[i]->examples || !commands[i]->run || !commands[i]->failure)
			die("%s: something is missing", commands[i]->name);
		if (command_find(commands[i]->name) != commands[i])
			die("%s: two commands have this name", commands[i]->name);
	}
}

/* A character for roff: dashes that stay dashes, and what it would take for its own. */
static void put_character(FILE *out, char c)
{
	static const struct {
		char c;
		const char *roff;
	} escapes[] = { { '\\', "\\e" }, { '-', "\\-" }, { '\'', "\\(aq" }, { '~', "\\(ti" }, { '^', "\\(ha" } };

	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
		if (escapes[i].c == c) {
			fputs(escapes[i].roff, out);
			return;
		}
	}
	(void)fputc(c, out); /* finish() sees a failure */
}

/* Text on one line. */
static void put(FILE *out, const char *text)
{
	for (; *text; text++)
		put_character(out, *text);
}

/* Text on lines of its own: no line begins like a request, an empty line begins a paragraph. */
static void put_prose(FILE *out, const char *text)
{
	enum { LINE = 50 };
	const char *start = text;

	for (; *text; text++) {
		if (text == start && *text == '.')
			fputs("\\&", out);
		if (*text == '\n' && text[1] == '\n') {
			fputs("\n.PP\n", out);
			start = ++text + 1;
		} else if (*text == ' ' && text - start >= LINE) {
			fputs("\n", out);
			start = text + 1;
		} else {
			put_character(out, *text);
		}
	}
	fputs("\n", out);
}

static void put_row(FILE *out, const struct option_row *row)
{
	fputs(".TP\n", out);
	if (row->letter)
		fprintf(out, "\\fB\\-%c\\fR, ", row->letter);
	fputs("\\fB\\-\\-", out);
	put(out, row->name);
	fputs("\\fR", out);
	if (option_takes_value(row)) {
		fputs(row->n_values < 2 ? "=\\fI" : " \\fI", out);
		put(out, row->argument);
		fputs("\\fR", out);
	}
	fputs("\n", out);
	put_prose(out, row->help);
}

static void put_rows(FILE *out, const char *title, const struct option_row *rows, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].flags & OPTION_HIDDEN)
			continue;
		if (!any)
			fprintf(out, ".SH %s\n", title);
		any = true;
		put_row(out, &rows[i]);
	}
}

static void put_head(FILE *out, const char *page, const char *name, const char *summary)
{
	fprintf(out, ".\\\" made by tools/gen_docs.c from the tables in src/cli\n.TH %s 1 %s \"hull %s\" \"User Commands\"\n.SH NAME\n", page, RELEASE_DATE,
		HULL_VERSION);
	put(out, name);
	fputs(" \\- ", out);
	put(out, summary);
	fputs("\n.SH SYNOPSIS\n", out);
}

/* An upper-case title of a page: hull-run becomes HULL-RUN. */
static void title_of(const char *name, char *ret_title, size_t size)
{
	size_t i;

	for (i = 0; name[i] && i + 1 < size; i++)
		ret_title[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
	ret_title[i] = '\0';
}

static void put_examples(FILE *out, const struct example *e)
{
	fputs(".SH EXAMPLES\n", out);
	for (; e->command; e++) {
		fputs(".TP\n\\fB", out);
		put(out, e->command);
		fputs("\\fR\n", out);
		put_prose(out, e->text);
	}
}

static void write_command_page(const char *dir, const struct command *c)
{
	char name[64], title[64];
	FILE *out;

	(void)snprintf(name, sizeof(name), "hull-%s", c->name); /* names are short */
	title_of(name, title, sizeof(title));
	out = create(dir, name, ".1");
	put_head(out, title, name, c->summary);
	fprintf(out, "\\fBhull\\fR [\\fIOPTION\\fR]... \\fB%s\\fR [\\fIOPTION\\fR]...%s\\fI", c->name, *c->operands ? " " : "");
	put(out, c->operands);
	fputs("\\fR\n.SH DESCRIPTION\n", out);
	put_prose(out, c->description);
	put_rows(out, "OPTIONS", c->rows, c->n_rows);
	fputs(".PP\nThe options of\n.BR hull (1)\nthat stand before the command are accepted as well.\n", out);
	put_examples(out, c->examples);
	fputs(".SH SEE ALSO\n.BR hull (1)\n", out);
	finish(out);
}

static void put_commands(FILE *out, unsigned int flags)
{
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];

		if ((c->flags & COMMAND_LATER) != flags)
			continue;
		fprintf(out, ".TP\n\\fB%s\\fR%s\\fI", c->name, *c->operands ? " " : "");
		put(out, c->operands);
		fputs("\\fR\n", out);
		put_prose(out, c->summary);
	}
}

/* Copy hand-written roff as it is. */
static void put_file(FILE *out, const char *path)
{
	FILE *in = fopen(path, "re");
	char buffer[PATH_BYTES];
	size_t length;

	if (!in)
		die("cannot open '%s': %s", path, strerror(errno));
	while ((length = fread(buffer, 1, sizeof(buffer), in)) > 0)
		(void)fwrite(buffer, 1, length, out); /* finish() sees a failure */
	if (ferror(in))
		die("cannot read '%s'", path);
	(void)fclose(in); /* it was only read */
}

static void write_overview_page(const char *dir, const char *prose)
{
	FILE *out = create(dir, "hull", ".1");

	put_head(out, "HULL", "hull", "run containers as the Open Container Initiative specifies them");
	fputs("\\fBhull\\fR [\\fIOPTION\\fR]... \\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIOPERAND\\fR]...\n.SH COMMANDS\n", out);
	put_commands(out, 0);
	fputs(".SS Not there yet in this version\n", out);
	put_commands(out, COMMAND_LATER);
	put_rows(out, "OPTIONS BEFORE OR AFTER THE COMMAND", common_rows, n_common_rows);
	put_rows(out, "OPTIONS BEFORE THE COMMAND", global_rows, n_global_rows);
	put_file(out, prose);
	fputs(".SH SEE ALSO\n", out);
	for (size_t i = 0; commands[i]; i++)
		fprintf(out, ".BR hull\\-%s (1)%s\n", commands[i]->name, commands[i + 1] ? "," : "");
	finish(out);
}

/* @names: what the build expects; a command that it does not know would never be installed. */
static void write_manuals(const char *prose, const char *dir, int n_names, char **names)
{
	size_t n = 0;

	write_overview_page(dir, prose);
	for (; commands[n]; n++)
		write_command_page(dir, commands[n]);
	for (int i = 0; i < n_names; i++)
		if (!command_find(names[i]))
			die("there is no command '%s': update doc/meson.build", names[i]);
	if ((size_t)n_names != n)
		die("there are %zu commands, the build knows %d: update doc/meson.build", n, n_names);
}

static void write_completion(const char *dir)
{
	static const struct {
		const char *shell, *file;
	} scripts[] = { { "bash", "hull.bash" }, { "zsh", "_hull" }, { "fish", "hull.fish" } };

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		FILE *out = create(dir, scripts[i].file, "");

		if (completion_write(out, "hull", scripts[i].shell) < 0)
			die("unknown shell '%s'", scripts[i].shell);
		finish(out);
	}
}

static const char *errno_name(int errnum)
{
	static const struct {
		int errnum;
		const char *name;
	} names[] = { { EPERM, "EPERM" }, { ENOSYS, "ENOSYS" }, { EAFNOSUPPORT, "EAFNOSUPPORT" }, { EPROTONOSUPPORT, "EPROTONOSUPPORT" },
		{ ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT" } };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].errnum == errnum)
			return names[i].name;
	die("hull-syscalls: error %d has no name", errnum);
}

/* what lifts a refusal */
static void put_lifted(FILE *out, int errnum, unsigned int lifted)
{
	if (errnum && lifted & SANDBOX_PROFILE_NEST)
		put_prose(out, "Let through with --nest.");
	if (errnum && lifted & SANDBOX_PROFILE_TTY_OWN)
		put_prose(out, "Let through on a terminal of the sandbox's own (--tty).");
}

static void put_groups(FILE *out, bool refused)
{
	for (size_t i = 0; i < sandbox_n_groups; i++) {
		const struct sandbox_group *group = &sandbox_groups[i];

		if ((group->errnum != 0) != refused)
			continue;
		fputs(".TP\n\\fB", out);
		put(out, group->title);
		fprintf(out, "\\fR%s%s\n", refused ? ": " : "", refused ? errno_name(group->errnum) : "");
		if (*group->reason)
			put_prose(out, group->reason);
		put_lifted(out, group->errnum, group->lifted);
		fputs(".IP\n", out);
		put_prose(out, group->names);
	}
}

static void put_conditions(FILE *out)
{
	const char *last = "";

	for (size_t i = 0; i < sandbox_n_rules; i++) {
		const struct sandbox_rule *rule = &sandbox_rules[i];

		if (!rule->what)
			continue;
		if (strcmp(last, rule->name) != 0)
			fprintf(out, ".SS %s(2)\n", rule->name);
		last = rule->name;
		fputs(".TP\n", out);
		put(out, rule->what);
		fprintf(out, ": \\fB%s\\fR\n", rule->errnum ? errno_name(rule->errnum) : "let through");
		if (rule->reason)
			put_prose(out, rule->reason);
		put_lifted(out, rule->errnum, rule->lifted);
		if (rule->only & SANDBOX_PROFILE_NEST)
			put_prose(out, "Only with --nest.");
	}
}

static void write_syscalls_page(const char *prose, const char *dir)
{
	FILE *out = create(dir, "hull-syscalls", ".7");

	fprintf(out, ".\\\" made by tools/gen_docs.c from src/spec/sandbox_profile.c\n.TH HULL\\-SYSCALLS 7 %s \"hull %s\" \"Miscellaneous\"\n", RELEASE_DATE,
		HULL_VERSION);
	put_file(out, prose);
	fputs(".SH REFUSED\n.nh\n", out);
	put_groups(out, true);
	fputs(".SH \"DECIDED BY ARGUMENTS\"\n", out);
	put_conditions(out);
	fputs(".SH \"LET THROUGH\"\n", out);
	put_groups(out, false);
	fputs(".SH SEE ALSO\n.BR hull\\-sandbox (1),\n.BR hull\\-explain (1),\n.BR seccomp (2),\n.BR landlock (7)\n", out);
	finish(out);
}

int main(int argc, char **argv)
{
	check_tables();
	if (argc > 3 && strcmp(argv[1], "man") == 0)
		write_manuals(argv[2], argv[3], argc - 4, argv + 4);
	else if (argc == 3 && strcmp(argv[1], "completion") == 0)
		write_completion(argv[2]);
	else if (argc == 4 && strcmp(argv[1], "syscalls") == 0)
		write_syscalls_page(argv[2], argv[3]);
	else
		die("usage: gen_docs man PROSE DIR COMMAND... | completion DIR | syscalls PROSE DIR");
	return 0;
}
