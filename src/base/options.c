/* Command-line options: find the row, take its value, store it. */
#include "base/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/*
 * A parse under way.
 * @argv, @argc: all arguments;  @next: the first that was not looked at;  @n_operands: operands moved to the front, never beyond @next
 */
struct walk {
	const struct options *options;
	struct error *error;
	char **argv;
	int argc, next, n_operands;
};

/* A row and the structure it writes to. */
struct match {
	const struct option_row *row;
	void *target;
};

bool option_takes_value(const struct option_row *row)
{
	return row->kind != OPTION_BOOL && row->kind != OPTION_IGNORED;
}

static struct match find_letter(const struct options *o, char letter)
{
	for (size_t i = 0; i < o->n_sets; i++)
		for (size_t k = 0; k < o->sets[i].n_rows; k++)
			if (o->sets[i].rows[k].letter == letter)
				return (struct match){ &o->sets[i].rows[k], o->sets[i].target };
	return (struct match){ NULL, NULL };
}

static struct match find_name(const struct options *o, const char *name, size_t length)
{
	for (size_t i = 0; i < o->n_sets; i++) {
		for (size_t k = 0; k < o->sets[i].n_rows; k++) {
			const char *known = o->sets[i].rows[k].name;

			if (known && strncmp(known, name, length) == 0 && known[length] == '\0')
				return (struct match){ &o->sets[i].rows[k], o->sets[i].target };
		}
	}
	return (struct match){ NULL, NULL };
}

static int unknown(const struct walk *w, const char *dashes, const char *name, size_t length)
{
	const char *command = w->options->command;

	if (command)
		return fail(w->error, 0, "unknown option '%s%.*s' for '%s'", dashes, (int)length, name, command);
	return fail(w->error, 0, "unknown option '%s%.*s'", dashes, (int)length, name);
}

/* A name that was cut short: the one row that begins so, and only in the first table that has one. */
static int find_prefix(const struct walk *w, const char *name, size_t length, struct match *ret_match)
{
	const struct options *o = w->options;
	const struct option_row *found = NULL;

	for (size_t i = 0; i < o->n_sets && !found && length > 0; i++) {
		for (size_t k = 0; k < o->sets[i].n_rows; k++) {
			const struct option_row *row = &o->sets[i].rows[k];

			if (!row->name || (row->flags & OPTION_HIDDEN) || strncmp(row->name, name, length) != 0)
				continue;
			if (found)
				return fail(w->error, 0, "option '--%.*s' is ambiguous: '--%s' or '--%s'", (int)length, name, found->name, row->name);
			found = row;
			*ret_match = (struct match){ row, o->sets[i].target };
		}
	}
	return found ? 0 : unknown(w, "--", name, length);
}

/* The words that Go's flag parser takes for a switch. */
static int parse_bool(const char *text, bool *ret_value)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{ "true", true }, { "false", false }, { "1", true }, { "0", false }, { "t", true }, { "f", false },
		{ "True", true }, { "False", false }, { "TRUE", true }, { "FALSE", false }, { "T", true }, { "F", false },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, text) == 0) {
			*ret_value = words[i].value;
			return 0;
		}
	}
	return -EINVAL;
}

static int store_bool(const struct walk *w, bool *ret_value, const char *shown, const char *text)
{
	*ret_value = true;
	if (text && parse_bool(text, ret_value) < 0)
		return fail(w->error, 0, "option '%s' takes no value but true or false, got '%s'", shown, text);
	return 0;
}

static int store_number(const struct walk *w, unsigned int *ret_value, const char *shown, const char *text)
{
	uint32_t number;
	int r = text_to_u32(text, &number);

	if (r == -ERANGE)
		return fail(w->error, 0, "option '%s': '%s' is out of range", shown, text);
	if (r < 0)
		return fail(w->error, 0, "option '%s': expected an unsigned number, got '%s'", shown, text);
	*ret_value = number;
	return 0;
}

static int store_choice(const struct walk *w, const struct option_row *row, int *ret_value, const char *shown, const char *text)
{
	char buffer[256];
	struct text known = text_on(buffer, sizeof(buffer));

	for (int i = 0; row->choices[i]; i++) {
		if (strcmp(row->choices[i], text) == 0) {
			*ret_value = i + 1;
			return 0;
		}
		text_add(&known, i == 0 ? "" : ", ");
		text_add(&known, row->choices[i]);
	}
	return fail(w->error, 0, "option '%s': '%s' is none of: %s", shown, text, buffer);
}

/* Room for as many entries as there are arguments is taken at the first one, so a list never grows again. */
static int store_list(const struct walk *w, const char ***list, const char *text)
{
	size_t n = 0;

	if (!*list)
		*list = calloc((size_t)w->argc + 1, sizeof(**list));
	if (!*list)
		return fail(w->error, ENOMEM, "cannot read the options");
	while ((*list)[n])
		n++;
	(*list)[n] = text;
	return 0;
}

/* @shown: the option as messages name it.  @text: its value, NULL: none. */
static int store(const struct walk *w, struct match m, const char *shown, const char *text)
{
	char *place = (char *)m.target + m.row->offset;

	switch (m.row->kind) {
	case OPTION_BOOL:
		return store_bool(w, (bool *)place, shown, text);
	case OPTION_STRING:
		*(const char **)(void *)place = text;
		return 0;
	case OPTION_NUMBER:
		return store_number(w, (unsigned int *)(void *)place, shown, text);
	case OPTION_CHOICE:
		return store_choice(w, m.row, (int *)(void *)place, shown, text);
	case OPTION_LIST:
		return store_list(w, (const char ***)(void *)place, text);
	case OPTION_IGNORED:
		return store_bool(w, &(bool){ false }, shown, text);
	case OPTION_IGNORED_VALUE:
		return 0;
	}
	return 0;
}

/* The row is known: take the value that stands behind '=' or in the next argument. Podman looks for Go's words when there is none. */
static int take_value(struct walk *w, struct match m, const char *shown, const char *value)
{
	if (!value && option_takes_value(m.row)) {
		if (w->next >= w->argc)
			return fail(w->error, 0, "flag needs an argument: %s", shown);
		value = w->argv[w->next++];
	}
	return store(w, m, shown, value);
}

/* the room for an option's name in a message */
enum { SHOWN_MAX = 128 };

/* @name: behind the dashes, up to '=' or the end */
static int parse_long(struct walk *w, const char *dashes, const char *name, size_t length)
{
	char buffer[SHOWN_MAX];
	struct text shown = text_on(buffer, sizeof(buffer));
	struct match m = find_name(w->options, name, length);

	if (!m.row && find_prefix(w, name, length, &m) < 0)
		return -1;
	text_add(&shown, dashes);
	text_add(&shown, m.row->name);
	return take_value(w, m, buffer, name[length] == '=' ? name + length + 1 : NULL);
}

/* Letters: switches until one takes a value, which is the rest of the argument, with or without '=', or the next argument. */
static int parse_letters(struct walk *w, const char *letters)
{
	for (const char *at = letters; *at; at++) {
		struct match m = find_letter(w->options, *at);
		char shown[] = { '-', *at, '\0' };

		if (!m.row)
			return unknown(w, "-", at, 1);
		if (at[1] == '=')
			return take_value(w, m, shown, at + 2);
		if (option_takes_value(m.row))
			return take_value(w, m, shown, at[1] ? at + 1 : NULL);
		if (store(w, m, shown, NULL) < 0)
			return -1;
	}
	return 0;
}

static int parse_option(struct walk *w, const char *argument)
{
	const char *name = argument + 1;
	size_t length;

	if (argument[1] == '-') {
		name = argument + 2;
		return parse_long(w, "--", name, strcspn(name, "="));
	}
	length = strcspn(name, "=");
	if (length > 1 && find_name(w->options, name, length).row)
		return parse_long(w, "-", name, length);
	return parse_letters(w, name);
}

int options_parse(const struct options *o, int argc, char **argv, struct error *e)
{
	struct walk w = { .options = o, .error = e, .argv = argv, .argc = argc };
	bool only_operands = false;

	while (w.next < argc) {
		char *argument = argv[w.next++];

		if (!only_operands && strcmp(argument, "--") == 0) {
			only_operands = true;
		} else if (only_operands || argument[0] != '-' || argument[1] == '\0') {
			argv[w.n_operands++] = argument;
			only_operands = only_operands || w.n_operands == (int)o->stop_at;
		} else if (parse_option(&w, argument) < 0) {
			return -1;
		}
	}
	argv[w.n_operands] = NULL;
	return w.n_operands;
}

void options_free(const struct option_set *set)
{
	for (size_t i = 0; i < set->n_rows; i++) {
		const char ***list = (void *)((char *)set->target + set->rows[i].offset);

		if (set->rows[i].kind != OPTION_LIST)
			continue;
		free(*list);
		*list = NULL;
	}
}
