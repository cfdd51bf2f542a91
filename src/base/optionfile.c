/* Options from files: split, put variables in, hand over to the parser. */
#include "base/optionfile.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/text.h"

static const char blanks[] = " \t\r";
static const char word_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
static const char name_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

static int put_variable(struct text *out, const char *name, size_t length, const struct optionfile_variable *variables, struct error *e)
{
	for (size_t i = 0; variables[i].name; i++) {
		if (strlen(variables[i].name) != length || memcmp(variables[i].name, name, length) != 0)
			continue;
		if (!variables[i].value)
			return fail(e, 0, "the variable '%s' is not set", variables[i].name);
		text_add(out, variables[i].value);
		return 0;
	}
	return fail(e, 0, "unknown variable '%.*s'", (int)length, name);
}

/* A dollar at *@at and what belongs to it. */
static int put_dollar(struct text *out, const char **at, const struct optionfile_variable *variables, struct error *e)
{
	const char *name = *at + 1;
	bool braces = *name == '{';
	size_t length;

	if (*name == '$') {
		text_add(out, "$");
		*at = name + 1;
		return 0;
	}
	name += braces;
	length = strspn(name, name_letters);
	if (length == 0 || (braces && name[length] != '}'))
		return fail(e, 0, "'$' without a variable's name; a dollar is written '$$'");
	*at = name + length + braces;
	return put_variable(out, name, length, variables, e);
}

/* Whether the tilde at @at stands for HOME. */
static bool is_home(const char *value, const char *at)
{
	bool begins = at == value || at[-1] == ':' || at[-1] == '=';

	return begins && (at[1] == '\0' || at[1] == '/' || at[1] == ':');
}

static int put_value(struct text *out, const char *value, const struct optionfile_variable *variables, struct error *e)
{
	const char *at = value;

	while (*at) {
		int r = 0;

		if (*at == '$') {
			r = put_dollar(out, &at, variables, e);
		} else if (*at == '~' && is_home(value, at)) {
			r = put_variable(out, variables[0].name, strlen(variables[0].name), variables, e);
			at++;
		} else {
			text_add(out, (char[]){ *at++, '\0' });
		}
		if (r < 0)
			return -1;
	}
	return 0;
}

/* One option. @line: without the blanks around it, not empty. */
static int parse_line(struct option_insertion *in, const char *line, const struct optionfile_variable *variables)
{
	size_t word = strspn(line, word_letters);
	const char *value = line + word + strspn(line + word, blanks);
	char *argument = option_log_keep(in->log, OPTIONFILE_LINE_MAX_BYTES);
	struct text t;

	if (!argument)
		return fail(in->error, ENOMEM, "cannot read the options");
	if (word == 0 || line[0] == '-')
		return fail(in->error, 0, "expected the name of an option, without dashes, got '%.*s'", (int)strcspn(line, blanks), line);
	if (line[word] != '\0' && value == line + word)
		return fail(in->error, 0, "expected a blank behind '%.*s'", (int)word, line);
	t = text_on(argument, OPTIONFILE_LINE_MAX_BYTES);
	text_addf(&t, "--%.*s%s", (int)word, line, *value ? "=" : "");
	if (put_value(&t, value, variables, in->error) < 0)
		return -1;
	if (t.cut)
		return fail(in->error, 0, "longer than %d bytes", OPTIONFILE_LINE_MAX_BYTES - 1);
	return options_insert(in, 1, &argument) < 0 ? -1 : 0;
}

int optionfile_lines(struct option_insertion *in, const char *place, char *text, size_t length, const struct optionfile_variable *variables)
{
	unsigned int number = 1;

	if (memchr(text, '\0', length))
		return fail(in->error, 0, "'%s' is not a text", place);
	for (char *line = text, *next; line; line = next, number++) {
		char *end = line + strcspn(line, "\n");

		next = *end ? end + 1 : NULL;
		*end = '\0';
		line += strspn(line, blanks);
		while (end > line && strchr(blanks, end[-1]))
			*--end = '\0';
		if (*line == '\0' || *line == '#')
			continue;
		if (parse_line(in, line, variables) < 0)
			return fail_wrap(in->error, "%s:%u", place, number);
	}
	return 0;
}

/* Copy what a descriptor gives into the log's memory. */
static int read_arguments(struct option_insertion *in, int fd, char **ret_text, size_t *ret_length)
{
	struct arena arena = { .base = NULL };
	char *text = NULL;
	int r = arena_init(&arena);

	if (r == 0)
		r = io_read_fd(fd, OPTIONFILE_ARGUMENTS_MAX_BYTES, &arena, &text, ret_length);
	if (r == 0)
		*ret_text = option_log_keep(in->log, *ret_length + 1);
	if (r == 0 && !*ret_text)
		r = -ENOMEM;
	if (r == 0)
		memcpy(*ret_text, text, *ret_length);
	arena_deinit(&arena);
	return r;
}

int optionfile_arguments(struct option_insertion *in, const char *value)
{
	scope_free char **argv = NULL;
	char *text = NULL;
	size_t length = 0;
	uint32_t fd;
	int argc = 0, r;

	if (in->outer)
		return fail(in->error, 0, "option '--args' does not work among arguments that it reads");
	if (text_to_u32(value, &fd) < 0 || fd > INT32_MAX)
		return fail(in->error, 0, "option '--args': expected a descriptor, got '%s'", value);
	r = read_arguments(in, (int)fd, &text, &length);
	if (r < 0)
		return fail(in->error, r, "option '--args': cannot read descriptor %s", value);
	if (fd > STDERR_FILENO)
		(void)close((int)fd); /* it was only read */
	argv = calloc(OPTION_ARGUMENTS_MAX + 1, sizeof(*argv));
	if (!argv)
		return fail(in->error, ENOMEM, "cannot read the options");
	for (const char *at = text; at < text + length; at += strlen(at) + 1) {
		if (argc == OPTION_ARGUMENTS_MAX)
			return fail(in->error, 0, "option '--args': more than %d arguments", OPTION_ARGUMENTS_MAX);
		argv[argc++] = text + (at - text);
	}
	return options_insert(in, argc, argv) < 0 ? -1 : 0;
}
