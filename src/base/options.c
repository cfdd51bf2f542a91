/* Command-line options: find the row, take its value, store it. */
#include "base/options.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"

/*
 * A parse under way.
 * @argv, @argc: all arguments;  @next: the first that was not looked at;  @n_operands: operands moved to the front, never beyond @next
 * @insertion: what these arguments are a part of, NULL: the command line;  @inserted: arguments of all insertions so far
 */
struct walk {
	const struct options *options;
	struct error *error;
	char **argv;
	int argc, next, n_operands;
	const struct option_insertion *insertion;
	unsigned int *inserted;
};

/* Memory of a log. */
struct option_block {
	struct option_block *next;
	max_align_t bytes[];
};

/* A row and the structure it writes to. */
struct match {
	const struct option_row *row;
	void *target;
};

static unsigned int values_of(const struct option_row *row)
{
	if (row->kind == OPTION_ORDERED)
		return row->n_values;
	return row->kind != OPTION_BOOL && row->kind != OPTION_IGNORED;
}

bool option_takes_value(const struct option_row *row)
{
	return values_of(row) > 0;
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

/*
 * A list that grows has room for a power of two of entries; so it is full, and doubled, when its length (@n) is one.
 * Return: the list, perhaps elsewhere, or NULL: the old one is untouched.
 */
static void *grow(void *list, size_t n, size_t entry_size)
{
	if (n & (n - 1))
		return list;
	return reallocarray(list, n ? 2 * n : 1, entry_size);
}

static int store_list(const struct walk *w, const char ***list, const char *text)
{
	const char **longer;
	size_t n = 0;

	while (*list && (*list)[n])
		n++;
	longer = *list ? grow(*list, n + 1, sizeof(**list)) : calloc(2, sizeof(**list)); /* the final NULL counts */
	if (!longer)
		return fail(w->error, ENOMEM, "cannot read the options");
	longer[n] = text;
	longer[n + 1] = NULL;
	*list = longer;
	return 0;
}

/* Room for one more entry. Return: it, or NULL: no memory. */
static struct option_entry *next_entry(struct option_log *log)
{
	const size_t few = ARRAY_SIZE(log->few);
	struct option_entry *longer;

	if (log->n < few) {
		log->entries = log->few;
	} else if ((log->n & (log->n - 1)) == 0) {
		longer = reallocarray(log->n == few ? NULL : log->entries, 2 * log->n, sizeof(*longer));
		if (!longer)
			return NULL;
		if (log->n == few)
			memcpy(longer, log->few, sizeof(log->few));
		log->entries = longer;
	}
	return &log->entries[log->n++];
}

static int store_ordered(const struct walk *w, const struct option_row *row, struct option_log *log, const char *shown, const char *const *values)
{
	struct option_entry *entry;
	bool given = true;

	if (row->n_values == 0 && store_bool(w, &given, shown, values[0]) < 0)
		return -1;
	if (!given)
		return 0;
	entry = next_entry(log);
	if (!entry)
		return fail(w->error, ENOMEM, "cannot read the options");
	*entry = (struct option_entry){ .row = row };
	for (unsigned int i = 0; i < row->n_values; i++)
		entry->values[i] = values[i];
	return 0;
}

static int insert(struct walk *w, const struct option_row *row, struct option_log *log, const char *value)
{
	struct option_insertion in = { .walk = w, .log = log, .error = w->error, .outer = w->insertion };

	in.depth = in.outer ? in.outer->depth + 1 : 1;
	if (in.depth > OPTION_DEPTH_MAX)
		return fail(w->error, 0, "option '--%s': nested too deeply (%d)", row->name, OPTION_DEPTH_MAX);
	return row->insert(&in, value);
}

/* @shown: the option as messages name it.  @values: what stands behind it, NULL: nothing. */
static int store(struct walk *w, struct match m, const char *shown, const char *const *values)
{
	char *place = (char *)m.target + m.row->offset;
	const char *text = values[0];

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
	case OPTION_ORDERED:
		return store_ordered(w, m.row, (struct option_log *)(void *)place, shown, values);
	case OPTION_INSERT:
		return insert(w, m.row, (struct option_log *)(void *)place, text);
	}
	return 0;
}

/* The row is known: take the value that stands behind '=' or in the next argument, and further ones. Podman looks for Go's words when there is none. */
static int take_value(struct walk *w, struct match m, const char *shown, const char *value)
{
	const char *values[OPTION_VALUES_MAX] = { value };
	unsigned int wanted = values_of(m.row);

	for (unsigned int i = value != NULL; i < wanted; i++) {
		if (w->next >= w->argc && wanted > 1)
			return fail(w->error, 0, "option '%s' needs %u arguments: %s", shown, wanted, m.row->argument);
		if (w->next >= w->argc)
			return fail(w->error, 0, "flag needs an argument: %s", shown);
		values[i] = w->argv[w->next++];
	}
	return store(w, m, shown, values);
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
		if (take_value(w, m, shown, NULL) < 0)
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

int options_insert(struct option_insertion *in, int argc, char **argv)
{
	struct walk w = { .options = in->walk->options, .error = in->error, .argv = argv, .argc = argc, .insertion = in, .inserted = in->walk->inserted };

	if (argc > (int)(OPTION_ARGUMENTS_MAX - *w.inserted))
		return fail(in->error, 0, "more than %d arguments", OPTION_ARGUMENTS_MAX);
	*w.inserted += (unsigned int)argc;
	while (w.next < argc) {
		const char *argument = argv[w.next];

		if (argument[0] != '-' || argument[1] == '\0' || strcmp(argument, "--") == 0)
			break;
		w.next++;
		if (parse_option(&w, argument) < 0)
			return -1;
	}
	return w.next;
}

int options_parse(const struct options *o, int argc, char **argv, struct error *e)
{
	unsigned int inserted = 0;
	struct walk w = { .options = o, .error = e, .argv = argv, .argc = argc, .inserted = &inserted };
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

void *option_log_keep(struct option_log *log, size_t size)
{
	const size_t room = ARRAY_SIZE(log->first) - log->n_first, wanted = size / sizeof(max_align_t) + 1;
	struct option_block *block;

	if (wanted <= room) {
		void *place = &log->first[log->n_first];

		log->n_first += wanted;
		return memset(place, 0, size);
	}
	block = size < SIZE_MAX - sizeof(*block) ? calloc(1, sizeof(*block) + size) : NULL;
	if (!block)
		return NULL;
	block->next = log->blocks;
	log->blocks = block;
	return block->bytes;
}

static void log_free(struct option_log *log)
{
	while (log->blocks) {
		struct option_block *next = log->blocks->next;

		free(log->blocks);
		log->blocks = next;
	}
	if (log->entries != log->few)
		free(log->entries);
	*log = (struct option_log){ .n = 0 };
}

void options_free(const struct option_set *set)
{
	for (size_t i = 0; i < set->n_rows; i++) {
		void *place = (char *)set->target + set->rows[i].offset;

		if (set->rows[i].kind == OPTION_LIST) {
			free(*(const char ***)place);
			*(const char ***)place = NULL;
		} else if (set->rows[i].kind == OPTION_ORDERED || set->rows[i].kind == OPTION_INSERT) {
			log_free(place);
		}
	}
}
