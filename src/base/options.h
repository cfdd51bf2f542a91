/*
 * Command-line options as tables: a row says what an option is called, what it is for and where its value goes; one function walks the rows.
 *
 * Accepted are --name value, --name=value, -n value, -nvalue, -n=value, joined letters (-tu 0), and, as Go's flag parser does, long names with one dash
 * (-bundle DIR). A switch takes =true or =false. Options and operands mix until "--" or until the operand at which the table's owner says that the rest
 * is not ours (the command of exec). A double-dash name may be cut short as long as it stays unambiguous.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* What a row stores; OPTION_AT() picks it from the member's C type. */
enum option_kind {
	OPTION_BOOL, /* bool: no value, or =true, =false */
	OPTION_STRING, /* const char *: points into argv */
	OPTION_NUMBER, /* unsigned int */
	OPTION_CHOICE, /* int: 0: not given, else 1 + index in choices */
	OPTION_LIST, /* const char *const *: NULL-terminated, one entry an occurrence; options_free() */
	OPTION_IGNORED, /* a switch that means nothing here */
	OPTION_IGNORED_VALUE, /* an option with a value that means nothing here */
};

enum {
	OPTION_HIDDEN = 1, /* not in help, manuals and completion, and not to be abbreviated */
};

/*
 * @name: long name without dashes, NULL: it has only a letter
 * @letter: short name, 0: none
 * @kind, @offset: what is stored and where in the target; written as OPTION_AT(struct, member)
 * @flags: OPTION_HIDDEN
 * @argument: what help calls the value
 * @help: one line: no capital, no full stop
 * @choices: NULL-terminated words that OPTION_CHOICE accepts
 */
struct option_row {
	const char *name;
	char letter;
	enum option_kind kind;
	unsigned int flags;
	const char *argument;
	const char *help;
	const char *const *choices;
	size_t offset;
};

/* kind and offset of a row whose value goes to @member of @type; a member of any other type does not compile */
#define OPTION_AT(type, member)                                            \
	.offset = offsetof(type, member), .kind = _Generic(((type *)NULL)->member, \
		bool: OPTION_BOOL,                                         \
		const char *: OPTION_STRING,                               \
		unsigned int: OPTION_NUMBER,                               \
		int: OPTION_CHOICE,                                        \
		const char *const *: OPTION_LIST)

/* A table and the structure that its rows write to. */
struct option_set {
	const struct option_row *rows;
	size_t n_rows;
	void *target;
};

/*
 * @sets, @n_sets: tables, looked through in this order: the first that knows a name has it
 * @command: for messages: "unknown option '--x' for 'create'"; NULL: none
 * @stop_at: the operand (1: the first) at which parsing ends: it and all that follows are operands; 0: only "--" ends it
 */
struct options {
	const struct option_set *sets;
	size_t n_sets;
	const char *command;
	unsigned int stop_at;
};

/**
 * options_parse - store every option and gather the operands.
 * @argv: @argc strings and a NULL, without the program's name; the operands are moved to its front, a NULL after them.
 * @e: the message, without the advice to read the help.
 * Return: number of operands, or -1. The targets may then be half written.
 */
int options_parse(const struct options *o, int argc, char **argv, struct error *e);

/**
 * options_free - free what OPTION_LIST rows allocated; a target of zeros is accepted.
 */
void options_free(const struct option_set *set);

/**
 * option_takes_value - whether the row wants a value.
 */
bool option_takes_value(const struct option_row *row);

#endif
