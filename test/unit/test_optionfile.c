/* Options from profiles and from descriptors: what they may say, and every way to say it wrong. */
#include "base/optionfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/scope.h"
#include "unit.h"

struct target {
	bool init;
	const char *net;
	struct option_log log;
};

static const struct optionfile_variable variables[] = { { "HOME", "/home/u" }, { "USER", "u" }, { "XDG_RUNTIME_DIR", NULL }, { NULL, NULL } };

static int insert_profile(struct option_insertion *in, const char *value);

static const struct option_row rows[] = {
	{ "init", OPTION_AT(struct target, init) },
	{ "net", OPTION_AT(struct target, net), .argument = "WORD" },
	{ "ro", OPTION_AT(struct target, log), .n_values = 1, .argument = "PATH" },
	{ "pair", OPTION_AT(struct target, log), .n_values = 2, .argument = "A B" },
	{ "args", OPTION_INSERT_AT(struct target, log, optionfile_arguments), .argument = "FD" },
	{ "include", OPTION_INSERT_AT(struct target, log, insert_profile), .argument = "NAME" },
};

static struct target t;
static const struct option_set set = { rows, ARRAY_SIZE(rows), &t };
static struct error e;
/* what insert_profile finds under the names "a" and "b" */
static const char *profiles[2];
static size_t profile_length;

static int insert_profile(struct option_insertion *in, const char *value)
{
	const char *source = profiles[value[0] - 'a'];
	size_t length = profile_length ? profile_length : strlen(source);
	char *text = option_log_keep(in->log, length + 1);

	if (!text)
		return fail(in->error, ENOMEM, "no memory");
	memcpy(text, source, length);
	return optionfile_lines(in, value, text, length, variables);
}

static int parse(int argc, const char *const *arguments)
{
	char *argv[8];

	options_free(&set);
	memset(&t, 0, sizeof(t));
	memset(&e, 0, sizeof(e));
	for (int i = 0; i < argc; i++)
		argv[i] = (char *)(uintptr_t)arguments[i];
	return options_parse(&(struct options){ .sets = &set, .n_sets = 1, .command = "x" }, argc, argv, &e);
}

static int profile(const char *text)
{
	profiles[0] = text;
	return parse(1, (const char *const[]){ "--include=a" });
}

#define GOOD(lines, value)                                                     \
	do {                                                                  \
		CHECK(profile(lines) == 0);                                   \
		CHECK(t.log.n == 1);                                          \
		CHECK_STRING(t.log.n ? t.log.entries[0].values[0] : e.text, value); \
	} while (0)
#define BAD(lines, message)                  \
	do {                                 \
		CHECK(profile(lines) == -1); \
		CHECK_STRING(e.text, message); \
	} while (0)

static void lines(void)
{
	CHECK(profile("") == 0 && t.log.n == 0);
	CHECK(profile("\n\n# a comment\n \t # another\r\n") == 0 && t.log.n == 0);
	CHECK(profile("init\nnet host\r\n\tro /a \nro\t/b c\n  ro   =x  ") == 0);
	CHECK(t.init && t.log.n == 3);
	CHECK_STRING(t.net, "host");
	CHECK_STRING(t.log.entries[0].values[0], "/a");
	CHECK_STRING(t.log.entries[1].values[0], "/b c");
	CHECK_STRING(t.log.entries[2].values[0], "=x");
	CHECK(profile("init true") == 0 && t.init);
	CHECK(profile("init false") == 0 && !t.init);
	GOOD("ro #no comment", "#no comment");
}

static void values(void)
{
	GOOD("ro ~", "/home/u");
	GOOD("ro ~/a", "/home/u/a");
	GOOD("ro ~/a:~/b", "/home/u/a:/home/u/b");
	GOOD("ro X=~:~/b", "X=/home/u:/home/u/b");
	GOOD("ro ~a/~", "~a/~");
	GOOD("ro a~", "a~");
	GOOD("ro $HOME/$USER", "/home/u/u");
	GOOD("ro ${HOME}x", "/home/ux");
	GOOD("ro $$HOME", "$HOME");
	GOOD("ro $$$$", "$$");
	BAD("ro $XDG_RUNTIME_DIR/x", "a:1: the variable 'XDG_RUNTIME_DIR' is not set");
	BAD("ro $FOO", "a:1: unknown variable 'FOO'");
	BAD("ro ${HOM}", "a:1: unknown variable 'HOM'");
	BAD("ro $", "a:1: '$' without a variable's name; a dollar is written '$$'");
	BAD("ro ${HOME", "a:1: '$' without a variable's name; a dollar is written '$$'");
	BAD("ro ${}", "a:1: '$' without a variable's name; a dollar is written '$$'");
	BAD("ro $/", "a:1: '$' without a variable's name; a dollar is written '$$'");
}

static void wrong_lines(void)
{
	static char text[3 * OPTIONFILE_LINE_MAX_BYTES];

	BAD("init\n\n--init", "a:3: expected the name of an option, without dashes, got '--init'");
	BAD("=x", "a:1: expected the name of an option, without dashes, got '=x'");
	BAD("init=true", "a:1: expected a blank behind 'init'");
	BAD("RO /x", "a:1: expected the name of an option, without dashes, got 'RO'");
	BAD("frob", "a:1: unknown option '--frob' for 'x'");
	BAD("frob x", "a:1: unknown option '--frob' for 'x'");
	BAD("ro", "a:1: flag needs an argument: --ro");
	BAD("init maybe", "a:1: option '--init' takes no value but true or false, got 'maybe'");
	BAD("pair a b", "a:1: option '--pair' needs 2 arguments: A B");
	profile_length = 5;
	BAD("in\0it", "'a' is not a text");
	profile_length = 0;
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "ro ", 3);
	BAD(text, "a:1: longer than 4095 bytes");
	text[OPTIONFILE_LINE_MAX_BYTES - 3] = '\0';
	CHECK(profile(text) == 0); /* "--ro=" is two bytes longer than "ro " */
	CHECK(strlen(t.log.entries[0].values[0]) == OPTIONFILE_LINE_MAX_BYTES - 6);
	text[OPTIONFILE_LINE_MAX_BYTES - 3] = 'x';
	text[OPTIONFILE_LINE_MAX_BYTES - 2] = '\0';
	BAD(text, "a:1: longer than 4095 bytes");
}

static void includes(void)
{
	profiles[1] = "ro /b\n\nfrob";
	BAD("ro /a\ninclude b", "a:2: b:3: unknown option '--frob' for 'x'");
	profiles[1] = "ro /b";
	CHECK(profile("ro /a\ninclude b\nro /c") == 0 && t.log.n == 3);
	CHECK_STRING(t.log.entries[1].values[0], "/b");
	CHECK_STRING(t.log.entries[2].values[0], "/c");
	CHECK(profile("include a") == -1); /* this reader does not look for loops, but their depth is limited */
	CHECK(strstr(e.text, "nested too deeply (8)"));
}

/* A pipe that holds @length bytes. */
static int holding(const char *bytes, size_t length)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	CHECK(write(fds[1], bytes, length) == (ssize_t)length);
	(void)close(fds[1]);
	return fds[0];
}

static int arguments(const char *bytes, size_t length)
{
	char number[16];
	int fd = holding(bytes, length), r;

	(void)snprintf(number, sizeof(number), "%d", fd);
	r = parse(3, (const char *const[]){ "--args", number, "operand" });
	CHECK(r < 0 || fcntl(fd, F_GETFD) < 0); /* read and closed */
	if (r < 0)
		(void)close(fd);
	return r;
}

#define ARGUMENTS(text) arguments(text, sizeof(text) - 1)

static void descriptors(void)
{
	CHECK(ARGUMENTS("") == 1 && t.log.n == 0);
	CHECK(ARGUMENTS("--ro\0/a b\0--init\0--pair\0--ro\0\0") == 1 && t.log.n == 2 && t.init);
	CHECK_STRING(t.log.entries[0].values[0], "/a b");
	CHECK_STRING(t.log.entries[1].values[0], "--ro");
	CHECK_STRING(t.log.entries[1].values[1], "");
	CHECK(ARGUMENTS("--init") == 1 && t.init); /* the last needs no end */
	CHECK(ARGUMENTS("--init\0cmd\0--net\0x\0") == 1 && t.init && !t.net);
	CHECK(ARGUMENTS("--\0--init\0") == 1 && !t.init);
	CHECK(ARGUMENTS("\0--init\0") == 1 && !t.init); /* an empty operand */
	CHECK(ARGUMENTS("--pair\0x\0") == -1);
	CHECK_STRING(e.text, "option '--pair' needs 2 arguments: A B");
	CHECK(ARGUMENTS("--args\0003\0") == -1);
	CHECK_STRING(e.text, "option '--args' does not work among arguments that it reads");
}

static void wrong_descriptors(void)
{
	static const char *const words[] = { "x", "", "-1", "3x", "2147483648", "99999999999" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		CHECK(parse(2, (const char *const[]){ "--args", words[i] }) == -1);
		CHECK(strstr(e.text, "option '--args': expected a descriptor, got '"));
	}
	CHECK(parse(2, (const char *const[]){ "--args", "1234" }) == -1);
	CHECK_STRING(e.text, "option '--args': cannot read descriptor 1234: Bad file descriptor");
}

/* Arguments from a file of any size, by its number. */
static int from_file(const char *bytes, size_t length)
{
	char number[16];
	int fd = memfd_create("arguments", MFD_CLOEXEC), r;

	if (fd < 0 || write(fd, bytes, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	(void)snprintf(number, sizeof(number), "%d", fd);
	r = parse(2, (const char *const[]){ "--args", number });
	(void)close(fd); /* where it was not closed */
	return r;
}

static void limits(void)
{
	enum { TOO_MUCH = OPTIONFILE_ARGUMENTS_MAX_BYTES + 1 };
	char *bytes = calloc(1, TOO_MUCH);

	if (!bytes)
		abort();
	for (int i = 0; i < OPTION_ARGUMENTS_MAX; i++)
		memcpy(bytes + (ptrdiff_t)7 * i, "--init", 7);
	CHECK(from_file(bytes, 7 * OPTION_ARGUMENTS_MAX) == 0 && t.init);
	memcpy(bytes + (ptrdiff_t)7 * OPTION_ARGUMENTS_MAX, "--init", 7);
	CHECK(from_file(bytes, 7 * (OPTION_ARGUMENTS_MAX + 1)) == -1);
	CHECK_STRING(e.text, "option '--args': more than 9000 arguments");
	memset(bytes, 'x', TOO_MUCH);
	CHECK(from_file(bytes, TOO_MUCH) == -1);
	CHECK(strstr(e.text, "File too large"));
	free(bytes);
}

/* Whatever bytes there are, parsing ends, and the log holds what it says. */
static void random_bytes(void)
{
	static const char alphabet[] = "ro~/$:= \n#{}\0-initpaHOMEUSERinclude b";
	char text[65];

	profiles[1] = "ro x";
	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t length = (size_t)rand() % sizeof(text);

		for (size_t i = 0; i < length; i++)
			text[i] = alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
		text[length < sizeof(text) ? length : 64] = '\0';
		(void)profile(text);
		for (size_t i = 0; i < t.log.n; i++)
			if (!t.log.entries[i].values[0])
				abort();
	}
	CHECK(true);
}

int main(void)
{
	RUN(lines);
	RUN(values);
	RUN(wrong_lines);
	RUN(includes);
	RUN(descriptors);
	RUN(wrong_descriptors);
	RUN(limits);
	RUN(random_bytes);
	options_free(&set);
	return unit_done();
}
