/* The option engine: every spelling that an engine uses, and every way to get it wrong. */
#include "base/options.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/scope.h"
#include "unit.h"

struct target {
	bool detach, no_pivot, tty, quiet;
	const char *bundle, *cwd, *signal;
	unsigned int fds;
	int format;
	const char *const *env;
	const char *const *cap;
	struct option_log log;
};

enum { TAG_BIND = 7, TAG_HIDE, TAG_CLEAR, TAG_OVERLAY };

static int insert_words(struct option_insertion *in, const char *value);

static const char *const formats[] = { "table", "json", NULL };

static const struct option_row rows[] = {
	{ "bundle", 'b', OPTION_AT(struct target, bundle), .argument = "DIR" },
	{ "detach", 'd', OPTION_AT(struct target, detach) },
	{ "no-pivot", OPTION_AT(struct target, no_pivot) },
	{ "no-new-keyring", .kind = OPTION_IGNORED },
	{ "no-subreaper", .kind = OPTION_IGNORED, .flags = OPTION_HIDDEN },
	{ "criu", .kind = OPTION_IGNORED_VALUE, .argument = "PATH" },
	{ "tty", 't', OPTION_AT(struct target, tty) },
	{ "cwd", OPTION_AT(struct target, cwd), .argument = "DIR" },
	{ "cap", 'c', OPTION_AT(struct target, cap), .argument = "CAP" },
	{ "env", 'e', OPTION_AT(struct target, env), .argument = "NAME=VALUE" },
	{ "preserve-fds", OPTION_AT(struct target, fds), .argument = "N" },
	{ "format", 'f', OPTION_AT(struct target, format), .choices = formats, .argument = "FORMAT" },
	{ NULL, 's', OPTION_AT(struct target, signal), .argument = "SIGNAL" },
	{ "mount", 'm', OPTION_AT(struct target, log), .n_values = 2, .tag = TAG_BIND, .argument = "SRC DEST" },
	{ "hide", OPTION_AT(struct target, log), .n_values = 1, .tag = TAG_HIDE, .argument = "PATH" },
	{ "zero", 'z', OPTION_AT(struct target, log), .tag = TAG_CLEAR },
	{ "layers", OPTION_AT(struct target, log), .n_values = 3, .tag = TAG_OVERLAY, .argument = "UPPER WORK DEST" },
	{ "words", 'w', OPTION_INSERT_AT(struct target, log, insert_words), .argument = "WORDS" },
};

struct global {
	bool debug, quiet;
	const char *root, *bundle;
};

static const struct option_row global_rows[] = {
	{ "debug", OPTION_AT(struct global, debug) },
	{ "root", OPTION_AT(struct global, root), .argument = "DIR" },
	{ "bundle", 'b', OPTION_AT(struct global, bundle), .argument = "DIR" },
	{ "bundles", .kind = OPTION_IGNORED },
};

enum { ARGUMENTS_MAX = 24 };

/* One parse and what came of it. */
static struct target t;
static struct global g;
static struct error e;
static char *operands[ARGUMENTS_MAX + 1];
static unsigned int stop_at;

static const struct option_set sets[] = { { rows, ARRAY_SIZE(rows), &t }, { global_rows, ARRAY_SIZE(global_rows), &g } };

static int parse(const char *const *arguments)
{
	struct options o = { .sets = sets, .n_sets = 2, .command = "create", .stop_at = stop_at };
	int n = 0;

	options_free(&sets[0]);
	memset(&t, 0, sizeof(t));
	memset(&g, 0, sizeof(g));
	memset(&e, 0, sizeof(e));
	while (arguments[n] && n < ARGUMENTS_MAX) {
		operands[n] = (char *)(uintptr_t)arguments[n];
		n++;
	}
	operands[n] = NULL;
	return options_parse(&o, n, operands, &e);
}

#define PARSE(...) parse((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })
#define WRONG(message, ...)                     \
	do {                                    \
		CHECK(PARSE(__VA_ARGS__) == -1); \
		CHECK_STRING(e.text, message);  \
	} while (0)

static void nothing(void)
{
	CHECK(PARSE() == 0);
	CHECK(!operands[0]);
	CHECK(PARSE("") == 1);
	CHECK_STRING(operands[0], "");
	CHECK(PARSE("-") == 1);
	CHECK_STRING(operands[0], "-");
	CHECK(PARSE("--") == 0);
	CHECK(PARSE("--", "--") == 1);
	CHECK_STRING(operands[0], "--");
}

static void spellings_of_a_value(void)
{
	CHECK(PARSE("--bundle", "/b") == 0);
	CHECK_STRING(t.bundle, "/b");
	CHECK(PARSE("--bundle=/b") == 0);
	CHECK_STRING(t.bundle, "/b");
	CHECK(PARSE("--bundle=") == 0);
	CHECK_STRING(t.bundle, "");
	CHECK(PARSE("--bundle=a=b") == 0);
	CHECK_STRING(t.bundle, "a=b");
	CHECK(PARSE("-bundle", "/b") == 0);
	CHECK_STRING(t.bundle, "/b");
	CHECK(PARSE("-bundle=/b") == 0);
	CHECK_STRING(t.bundle, "/b");
	CHECK(PARSE("-b", "/b") == 0);
	CHECK_STRING(t.bundle, "/b");
	CHECK(PARSE("-b/b") == 0);
	CHECK_STRING(t.bundle, "/b");
	CHECK(PARSE("-b=/b") == 0);
	CHECK_STRING(t.bundle, "/b");
	CHECK(PARSE("-b", "-d") == 0); /* a value may look like an option */
	CHECK_STRING(t.bundle, "-d");
	CHECK(!t.detach);
	CHECK(PARSE("--bundle", "--") == 0);
	CHECK_STRING(t.bundle, "--");
	CHECK(PARSE("--bundle", "a", "--bundle", "b") == 0); /* the last one counts */
	CHECK_STRING(t.bundle, "b");
	CHECK(PARSE("-s", "9") == 0);
	CHECK_STRING(t.signal, "9");
}

static void spellings_of_a_switch(void)
{
	CHECK(PARSE("-d") == 0 && t.detach);
	CHECK(PARSE("--detach") == 0 && t.detach);
	CHECK(PARSE("-detach") == 0 && t.detach);
	CHECK(PARSE("--detach=true") == 0 && t.detach);
	CHECK(PARSE("--detach=1") == 0 && t.detach);
	CHECK(PARSE("-d=T") == 0 && t.detach);
	CHECK(PARSE("--detach=false") == 0 && !t.detach);
	CHECK(PARSE("-detach=0") == 0 && !t.detach);
	CHECK(PARSE("-d", "--detach=FALSE") == 0 && !t.detach);
	CHECK(PARSE("--detach", "false") == 1 && t.detach); /* a switch never takes the next argument */
	CHECK(PARSE("-dt") == 0 && t.detach && t.tty);
	CHECK(PARSE("-dtb/x") == 0 && t.detach && t.tty);
	CHECK_STRING(t.bundle, "/x");
	CHECK(PARSE("-td=false") == 0 && t.tty && !t.detach);
}

static void ignored(void)
{
	CHECK(PARSE("-no-subreaper", "id") == 1);
	CHECK_STRING(operands[0], "id");
	CHECK(PARSE("--no-subreaper=false", "--no-new-keyring", "id") == 1);
	CHECK(PARSE("--criu", "/usr/sbin/criu", "id") == 1);
	CHECK_STRING(operands[0], "id");
	CHECK(PARSE("--criu=x", "id") == 1);
	WRONG("flag needs an argument: --criu", "--criu");
	WRONG("option '--no-subreaper' takes no value but true or false, got 'maybe'", "--no-subreaper=maybe");
}

static void operands_mix(void)
{
	CHECK(PARSE("a", "-d", "b", "--bundle", "x", "c") == 3);
	CHECK_STRING(operands[0], "a");
	CHECK_STRING(operands[1], "b");
	CHECK_STRING(operands[2], "c");
	CHECK(!operands[3]);
	CHECK_STRING(t.bundle, "x");
	CHECK(PARSE("a", "--", "-d", "--", "b") == 4 && !t.detach);
	CHECK_STRING(operands[1], "-d");
	CHECK_STRING(operands[2], "--");
	CHECK(PARSE("--", "-d") == 1 && !t.detach);
}

static void stops(void)
{
	stop_at = 2;
	CHECK(PARSE("id", "-t", "ls", "-d", "--", "--bundle") == 5);
	CHECK(t.tty && !t.detach);
	CHECK_STRING(operands[0], "id");
	CHECK_STRING(operands[1], "ls");
	CHECK_STRING(operands[2], "-d");
	CHECK_STRING(operands[3], "--");
	CHECK_STRING(operands[4], "--bundle");
	CHECK(PARSE("id", "--", "-ls", "-d") == 3);
	CHECK_STRING(operands[1], "-ls");
	stop_at = 1;
	CHECK(PARSE("-d", "id", "-t") == 2 && t.detach && !t.tty);
	CHECK_STRING(operands[1], "-t");
	stop_at = 0;
}

static void lists(void)
{
	CHECK(PARSE("-e", "A=1", "id", "--env=B=2", "-env", "C=", "-e=D") == 1);
	CHECK(t.env && t.env[0] && t.env[1] && t.env[2] && t.env[3] && !t.env[4]);
	CHECK_STRING(t.env[0], "A=1");
	CHECK_STRING(t.env[1], "B=2");
	CHECK_STRING(t.env[2], "C=");
	CHECK_STRING(t.env[3], "D");
	CHECK(!t.cap);
	CHECK(PARSE("-cap", "x") == 0); /* a known long name goes before joined letters */
	CHECK_STRING(t.cap[0], "x");
	CHECK(PARSE("-cx") == 0);
	CHECK_STRING(t.cap[0], "x");
	options_free(&sets[0]);
	CHECK(!t.cap);
	options_free(&sets[0]); /* twice without harm */
}

static void numbers(void)
{
	CHECK(PARSE("--preserve-fds", "0") == 0 && t.fds == 0);
	CHECK(PARSE("--preserve-fds=3") == 0 && t.fds == 3);
	CHECK(PARSE("--preserve-fds=4294967295") == 0 && t.fds == 4294967295U);
	WRONG("option '--preserve-fds': '4294967296' is out of range", "--preserve-fds", "4294967296");
	WRONG("option '--preserve-fds': '99999999999999999999999' is out of range", "--preserve-fds", "99999999999999999999999");
	WRONG("option '--preserve-fds': expected an unsigned number, got '-1'", "--preserve-fds", "-1");
	WRONG("option '--preserve-fds': expected an unsigned number, got ''", "--preserve-fds=");
	WRONG("option '--preserve-fds': expected an unsigned number, got '0x10'", "--preserve-fds=0x10");
	WRONG("option '-preserve-fds': expected an unsigned number, got '3 '", "-preserve-fds=3 ");
	WRONG("flag needs an argument: --preserve-fds", "--preserve-fds");
}

static void choices(void)
{
	CHECK(PARSE() == 0 && t.format == 0);
	CHECK(PARSE("-f", "table") == 0 && t.format == 1);
	CHECK(PARSE("-fjson") == 0 && t.format == 2);
	CHECK(PARSE("--format=json") == 0 && t.format == 2);
	WRONG("option '--format': 'xml' is none of: table, json", "--format=xml");
	WRONG("option '-f': 'js' is none of: table, json", "-f", "js");
	WRONG("option '--format': '' is none of: table, json", "--format", "");
}

static void abbreviations(void)
{
	CHECK(PARSE("--det") == 0 && t.detach);
	CHECK(PARSE("--pres", "7") == 0 && t.fds == 7);
	CHECK(PARSE("--for=json") == 0 && t.format == 2);
	CHECK(PARSE("--debu") == 0 && g.debug);
	CHECK(PARSE("--bundl", "x") == 0);
	CHECK_STRING(t.bundle, "x"); /* the first table that has one */
	CHECK(PARSE("--no-n") == 0);
	WRONG("option '--no' is ambiguous: '--no-pivot' or '--no-new-keyring'", "--no");
	WRONG("option '--c' is ambiguous: '--criu' or '--cwd'", "--c=x");
	WRONG("unknown option '--no-s' for 'create'", "--no-s"); /* hidden names are not abbreviated */
	WRONG("flag needs an argument: --preserve-fds", "--pre");
}

static void unknown_options(void)
{
	WRONG("unknown option '--x' for 'create'", "--x");
	WRONG("unknown option '--x' for 'create'", "--x=y");
	WRONG("unknown option '--bundlex' for 'create'", "--bundlex", "y");
	WRONG("unknown option '-x' for 'create'", "-x");
	WRONG("unknown option '-x' for 'create'", "-dx");
	WRONG("unknown option '-?' for 'create'", "-?");
	WRONG("unknown option '-n' for 'create'", "-no-pivotx");
	WRONG("unknown option '--' for 'create'", "--=x");
	WRONG("unknown option '-=' for 'create'", "-=");
	WRONG("unknown option '-=' for 'create'", "-=x");
	WRONG("unknown option '---' for 'create'", "---");
	WRONG("unknown option '-\xff' for 'create'", "-\xff");
	WRONG("option '--detach' takes no value but true or false, got ''", "--detach=");
	WRONG("option '-d' takes no value but true or false, got 'yes'", "-d=yes");
	CHECK(options_parse(&(struct options){ .sets = sets, .n_sets = 2 }, 1, (char *[]){ (char[]){ "--y" }, NULL }, &e) == -1);
	CHECK_STRING(e.text, "unknown option '--y'");
}

static void missing_values(void)
{
	WRONG("flag needs an argument: --bundle", "--bundle");
	WRONG("flag needs an argument: -bundle", "id", "-bundle");
	WRONG("flag needs an argument: -b", "-b");
	WRONG("flag needs an argument: -b", "-db");
	WRONG("flag needs an argument: --env", "--env", "a", "--env");
}

static void two_tables(void)
{
	CHECK(PARSE("--root", "/r", "--debug", "--bundle", "/b") == 0 && g.debug);
	CHECK_STRING(g.root, "/r");
	CHECK_STRING(t.bundle, "/b");
	CHECK(!g.bundle);
	CHECK(PARSE("--bundles") == 0); /* an exact name goes before an abbreviation, also from the second table */
	CHECK(!t.bundle);
}

/* A name longer than any message's room must do no harm. */
static void long_names(void)
{
	enum { LENGTH = 20000 };
	static char name[LENGTH + 1];

	memset(name, 'x', LENGTH);
	name[0] = name[1] = '-';
	CHECK(PARSE(name) == -1);
	CHECK(strncmp(e.text, "unknown option '--xxx", 21) == 0);
	CHECK(strlen(e.text) < sizeof(e.text));
	memcpy(name, "--format=", 9);
	CHECK(PARSE(name) == -1);
	CHECK(strncmp(e.text, "option '--format': 'xxx", 23) == 0);
}

/* @values: NULL-terminated */
static bool entry_is(size_t i, int tag, const char *const *values)
{
	const struct option_entry *entry = &t.log.entries[i];
	unsigned int n = 0;

	if (i >= t.log.n || entry->row->tag != tag)
		return false;
	for (; values[n]; n++)
		if (n >= OPTION_VALUES_MAX || !entry->values[n] || strcmp(entry->values[n], values[n]) != 0)
			return false;
	return n == entry->row->n_values;
}

#define ENTRY(i, tag, ...) CHECK(entry_is(i, tag, (const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL }))

static void in_order(void)
{
	CHECK(PARSE() == 0 && t.log.n == 0 && !t.log.entries);
	CHECK(PARSE("--hide", "/a", "-m", "/b", "/c", "--detach", "--zero", "--layers", "u", "w", "d", "--hide=/e", "id", "--mount", "--", "-z") == 1);
	CHECK(t.detach && t.log.n == 6);
	ENTRY(0, TAG_HIDE, "/a");
	ENTRY(1, TAG_BIND, "/b", "/c");
	ENTRY(2, TAG_CLEAR);
	ENTRY(3, TAG_OVERLAY, "u", "w", "d");
	ENTRY(4, TAG_HIDE, "/e");
	ENTRY(5, TAG_BIND, "--", "-z"); /* values may look like options */
	CHECK(PARSE("-m/b", "/c", "-m=/d", "/e", "--mount=/f", "/g", "-dz", "--zero=false", "-zm", "x", "y") == 0);
	CHECK(t.log.n == 6 && t.detach);
	ENTRY(0, TAG_BIND, "/b", "/c");
	ENTRY(1, TAG_BIND, "/d", "/e");
	ENTRY(2, TAG_BIND, "/f", "/g");
	ENTRY(3, TAG_CLEAR);
	ENTRY(4, TAG_CLEAR); /* --zero=false is as if it were not there */
	ENTRY(5, TAG_BIND, "x", "y");
	WRONG("option '--mount' needs 2 arguments: SRC DEST", "--mount", "/a");
	WRONG("option '-m' needs 2 arguments: SRC DEST", "-m");
	WRONG("option '--layers' needs 3 arguments: UPPER WORK DEST", "--layers", "/a", "/b");
	WRONG("flag needs an argument: --hide", "--hide");
	WRONG("option '--zero' takes no value but true or false, got 'x'", "--zero=x");
	options_free(&sets[0]);
	CHECK(t.log.n == 0 && !t.log.entries && !t.log.blocks);
}

/* Words with commas between them; "!" fails, and a word that begins with '+' must have been all there was. */
static int insert_words(struct option_insertion *in, const char *value)
{
	char *words[ARGUMENTS_MAX], *text = option_log_keep(in->log, strlen(value) + 1);
	int n = 0, wanted = *value == '+', used;

	if (!text)
		return fail(in->error, ENOMEM, "words");
	strcpy(text, value + wanted);
	if (strcmp(text, "loop") == 0) {
		static char again[] = "--words=loop";

		words[n++] = again;
	} else {
		for (char *word = text; word && n < ARGUMENTS_MAX; n++) {
			words[n] = word;
			word = strchr(word, ',');
			if (word)
				*word++ = '\0';
		}
	}
	used = options_insert(in, n, words);
	if (used < 0)
		return fail_wrap(in->error, "words %u", in->depth);
	return wanted && used != n ? fail(in->error, 0, "left over: %s", words[used]) : 0;
}

static void inserted(void)
{
	CHECK(PARSE("--hide", "/a", "--words", "--hide,/b,-d,-e,X=1,--words=-z,rest,--hide,/x", "--hide", "/c", "id") == 1);
	CHECK(t.detach && t.log.n == 4 && t.env && t.env[0] && !t.env[1]);
	ENTRY(0, TAG_HIDE, "/a");
	ENTRY(1, TAG_HIDE, "/b");
	ENTRY(2, TAG_CLEAR);
	ENTRY(3, TAG_HIDE, "/c");
	CHECK_STRING(t.env[0], "X=1");
	CHECK_STRING(operands[0], "id"); /* operands of the inserted arguments are nobody's */
	CHECK(PARSE("-w=-d,--,-t") == 0 && t.detach && !t.tty);
	CHECK(PARSE("-w+-d,-t") == 0 && t.detach && t.tty);
	WRONG("left over: --", "-w+-d,--,-t");
	WRONG("left over: x", "-w+-d,x");
	WRONG("words 1: unknown option '--x' for 'create'", "--words=--x");
	WRONG("words 1: option '--mount' needs 2 arguments: SRC DEST", "--words=--mount,/a", "/b");
	CHECK(PARSE("--words=loop") == -1);
	CHECK(strstr(e.text, "words 8: option '--words': nested too deeply (8)") && !strstr(e.text, "words 9"));
}

/* More entries than any first guess of room: from the command line and from insertions. */
static void many(void)
{
	static char *arguments[3001];
	struct options o = { .sets = sets, .n_sets = 1 };

	options_free(&sets[0]);
	for (int i = 0; i < 3000; i++)
		arguments[i] = (char *)(uintptr_t)(i % 2 ? "--hide=h" : "-ec");
	arguments[3000] = NULL;
	CHECK(options_parse(&o, 3000, arguments, &e) == 0);
	CHECK(t.log.n == 1500 && t.log.entries[1499].row->tag == TAG_HIDE);
	for (int i = 0; i < 1500; i++)
		CHECK(t.env[i] && strcmp(t.env[i], "c") == 0);
	CHECK(!t.env[1500]);
}

int main(void)
{
	RUN(nothing);
	RUN(spellings_of_a_value);
	RUN(spellings_of_a_switch);
	RUN(ignored);
	RUN(operands_mix);
	RUN(stops);
	RUN(lists);
	RUN(numbers);
	RUN(choices);
	RUN(abbreviations);
	RUN(unknown_options);
	RUN(missing_values);
	RUN(two_tables);
	RUN(long_names);
	RUN(in_order);
	RUN(inserted);
	RUN(many);
	options_free(&sets[0]);
	return unit_done();
}
