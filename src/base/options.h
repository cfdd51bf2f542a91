/*
 * Command-line options as tables: a row says what an option is called, what it is for and where its value goes; one function walks the rows.
 *
 * Accepted are --name value, --name=value, -n value, -nvalue, -n=value, joined letters (-tu 0), and, as Go's flag parser does, long names with one dash
 * (-bundle DIR). A switch takes =true or =false. Options and operands mix until "--" or until the operand at which the table's owner says that the rest
 * is not ours (the command of exec). A double-dash name may be cut short as long as it stays unambiguous.
 *
 * Where the order of different options counts (the mounts of a sandbox), their rows share one log: an entry an occurrence, with up to three values
 * (--bind SRC DEST). A row may also put other arguments in its place: those of a file, for example, which may do the same in their turn.
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
	OPTION_ORDERED, /* struct option_log: one entry an occurrence, in order with those of the other rows that share it; options_free() */
	OPTION_INSERT, /* what the row's insert function finds is parsed in its place; written as OPTION_INSERT_AT(struct, log) */
};

/*
 * @OPTION_VALUES_MAX: values of one option
 * @OPTION_DEPTH_MAX: arguments inserted by inserted arguments, so many times
 * @OPTION_ARGUMENTS_MAX: arguments that all insertions together may add
 */
enum { OPTION_VALUES_MAX = 3, OPTION_DEPTH_MAX = 8, OPTION_ARGUMENTS_MAX = 9000 };

struct option_row;
struct option_insertion;
struct option_block;

/* One occurrence of an option. */
struct option_entry {
	const struct option_row *row;
	const char *values[OPTION_VALUES_MAX];
};

/*
 * Options in the order given.
 * @entries, @n: so many;  @few: where the first ones are
 * @blocks: memory that lives as long as the log, from option_log_keep();  @first, @n_first: its beginning, and how much of that is taken
 *
 * The log does not move while it is in use. A short one takes nothing from malloc, whose first pages cost more than reading the options.
 */
struct option_log {
	struct option_entry *entries;
	size_t n;
	struct option_block *blocks;
	size_t n_first;
	max_align_t first[48];
	struct option_entry few[8];
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
 * @n_values: of OPTION_ORDERED: how many values follow, 0: a switch
 * @tag: of OPTION_ORDERED: what the owner of the table tells its rows apart by
 * @insert: of OPTION_INSERT. Return: 0, or -1 with in->error
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
	unsigned int n_values;
	int tag;
	int (*insert)(struct option_insertion *in, const char *value);
};

/* kind and offset of a row whose value goes to @member of @type; a member of any other type does not compile */
#define OPTION_AT(type, member)                                            \
	.offset = offsetof(type, member), .kind = _Generic(((type *)NULL)->member, \
		bool: OPTION_BOOL,                                         \
		const char *: OPTION_STRING,                               \
		unsigned int: OPTION_NUMBER,                               \
		int: OPTION_CHOICE,                                        \
		const char *const *: OPTION_LIST,                          \
		struct option_log: OPTION_ORDERED)
/* the same for a row that inserts what @function finds; @member is the log that owns the memory */
#define OPTION_INSERT_AT(type, member, function)                                                                               \
	.offset = offsetof(type, member) + 0 * sizeof(((type *)NULL)->member.blocks), .kind = OPTION_INSERT, .insert = (function)

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
 * option_takes_value - whether the row wants a value, or several.
 */
bool option_takes_value(const struct option_row *row);

/*
 * What a row's insert function works with.
 * @walk: the parse under way
 * @log: of the row: what is inserted must live in its memory
 * @outer: the insertion that this one is a part of, NULL: none;  @depth: of how many
 * @context: of the insert function's own, for those further inside to see
 */
struct option_insertion {
	struct walk *walk;
	struct option_log *log;
	struct error *error;
	const struct option_insertion *outer;
	unsigned int depth;
	const void *context;
};

/**
 * options_insert - parse more arguments, here and now.
 * @argv: strings that live as long as the log.
 * Return: how many were options and their values: parsing ends before "--" and before the first operand; or -1.
 */
int options_insert(struct option_insertion *in, int argc, char **argv);

/**
 * option_log_keep - take memory that options_free() gives back.
 * Return: zeros, or NULL.
 */
void *option_log_keep(struct option_log *log, size_t size);

#endif
