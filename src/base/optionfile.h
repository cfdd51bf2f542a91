/*
 * Options from elsewhere than the command line: insert functions for tables of options (base/options.h).
 *
 * A profile is a text for people: an option a line, without dashes, its value behind it to the end of the line ("ro ~/src"). Empty lines and lines
 * that begin with # say nothing. In a value, ~ at the beginning and behind ':' and '=' is HOME, $NAME and ${NAME} are the variables that the reader
 * knows, $$ is a dollar.
 */
#ifndef BASE_OPTIONFILE_H
#define BASE_OPTIONFILE_H

#include "base/options.h"

/*
 * @OPTIONFILE_MAX_BYTES: of a profile;  @OPTIONFILE_LINE_MAX_BYTES: of one option, before and after its variables are put in
 * @OPTIONFILE_ARGUMENTS_MAX_BYTES: of what one descriptor gives
 */
enum { OPTIONFILE_MAX_BYTES = 64 << 10, OPTIONFILE_LINE_MAX_BYTES = 4 << 10, OPTIONFILE_ARGUMENTS_MAX_BYTES = 4 << 20 };

/* A variable of profiles. @value: NULL: known, but not set. A list ends with a NULL name; the first is HOME. */
struct optionfile_variable {
	const char *name, *value;
};

/**
 * optionfile_lines - parse a profile in place of the option that named it.
 * @place: its path, for messages.
 * @text: @length bytes and a zero; it is changed.
 * Return: 0 or -1: "PLACE:LINE: what is wrong" in in->error.
 */
int optionfile_lines(struct option_insertion *in, const char *place, char *text, size_t length, const struct optionfile_variable *variables);

/**
 * optionfile_arguments - insert function: the arguments that a descriptor gives, each ended by a zero byte (the last may lack it), as bubblewrap's
 * --args takes them: what follows the first operand is not looked at. The descriptor is closed, but for standard streams.
 * @value: the descriptor's number.
 */
int optionfile_arguments(struct option_insertion *in, const char *value);

#endif
