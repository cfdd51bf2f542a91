/*
 * Fuzz profiles and arguments from descriptors (libFuzzer): the first byte chooses which, the rest is the text. Whatever it holds, nothing breaks, and each
 * entry of the log has the values that its row promises.
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -std=gnu17 -Ulinux -D_GNU_SOURCE -Isrc -Iinclude test/fuzz/fuzz_options.c \
 *		src/base/{arena,error,io,optionfile,options,text}.c
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/optionfile.h"
#include "base/scope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct target {
	bool init;
	unsigned int number;
	const char *net;
	const char *const *caps;
	struct option_log log;
};

/* what insert_text() reads */
static const uint8_t *source;
static size_t source_length;

static int insert_text(struct option_insertion *in, const char *value)
{
	static const struct optionfile_variable variables[] = { { "HOME", "/home/u" }, { "USER", "u" }, { "XDG_RUNTIME_DIR", NULL }, { NULL, NULL } };
	char *text = option_log_keep(in->log, source_length + 1);

	if (!text)
		abort();
	memcpy(text, source, source_length);
	return optionfile_lines(in, value, text, source_length, variables);
}

static const struct option_row rows[] = {
	{ "init", 'i', OPTION_AT(struct target, init) },
	{ "number", 'n', OPTION_AT(struct target, number), .argument = "N" },
	{ "net", OPTION_AT(struct target, net), .argument = "WORD" },
	{ "cap", 'c', OPTION_AT(struct target, caps), .argument = "CAP" },
	{ "clear", OPTION_AT(struct target, log) },
	{ "ro", OPTION_AT(struct target, log), .n_values = 1, .argument = "PATH" },
	{ "bind", 'b', OPTION_AT(struct target, log), .n_values = 2, .argument = "A B" },
	{ "overlay", OPTION_AT(struct target, log), .n_values = 3, .argument = "A B C" },
	{ "args", OPTION_INSERT_AT(struct target, log, optionfile_arguments), .argument = "FD" },
	{ "include", OPTION_INSERT_AT(struct target, log, insert_text), .argument = "NAME" },
};

static int arguments_fd(void)
{
	int fd = memfd_create("arguments", MFD_CLOEXEC);

	if (fd < 0 || write(fd, source, source_length) != (ssize_t)source_length || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct target t = { .init = false };
	const struct option_set set = { rows, ARRAY_SIZE(rows), &t };
	char number[16], option[] = "--args", include[] = "--include=x", *argv[3] = { include };
	struct error e = { .text = "" };
	int fd = NO_FD, argc = 1, r;

	if (size == 0 || size > OPTIONFILE_MAX_BYTES)
		return 0;
	source = data + 1;
	source_length = size - 1;
	if (data[0] & 1) {
		fd = arguments_fd();
		(void)snprintf(number, sizeof(number), "%d", fd); /* it fits */
		argv[0] = option;
		argv[argc++] = number;
	}
	r = options_parse(&(struct options){ .sets = &set, .n_sets = 1 }, argc, argv, &e);
	if (r < 0 ? e.text[0] == '\0' : r != 0)
		abort();
	for (size_t i = 0; i < t.log.n; i++)
		for (unsigned int k = 0; k < OPTION_VALUES_MAX; k++)
			if ((t.log.entries[i].values[k] != NULL) != (k < t.log.entries[i].row->n_values))
				abort();
	options_free(&set);
	if (fd >= 0)
		(void)close(fd); /* where it was not read to its end */
	return 0;
}
