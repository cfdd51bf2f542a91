/*
 * What the three command lines of the sandbox share (hull sandbox, bwrap, selfdock): options become a struct hull_sandbox_options. All memory is the
 * option log's, so options_free() gives it back.
 */
#ifndef CLI_SANDBOX_H
#define CLI_SANDBOX_H

#include "cli/cli.h"

/*
 * @o: what is built; its lists point to those below
 * @log: the command line's options in order
 * @steps, @env: room for as many as there are entries in the log, and STEPS_MORE
 */
struct sandbox_build {
	struct hull_sandbox_options o;
	struct option_log *log;
	struct error *error;
	struct hull_step *steps;
	const char **env;
	size_t n_env;
};

/* steps that no option asks for, at most */
enum { SANDBOX_STEPS_MORE = 8 };

/**
 * sandbox_begin - start with options that ask for nothing.
 * @o: what a table of options already wrote, NULL: nothing; its numbers that mean "none" are set.
 * Return: 0 or -1.
 */
int sandbox_begin(struct sandbox_build *b, const struct hull_sandbox_options *o, struct option_log *log, struct error *error);

/**
 * sandbox_step - one more step; its descriptor is none.
 */
struct hull_step *sandbox_step(struct sandbox_build *b, enum hull_step_kind kind, const char *source, const char *target);

/**
 * sandbox_set_env - set a variable, with a @value of NULL: remove it.
 * @option: for messages.
 */
int sandbox_set_env(struct sandbox_build *b, const char *option, const char *name, const char *value);

/**
 * sandbox_clear_env - remove all variables.
 */
void sandbox_clear_env(struct sandbox_build *b);

/**
 * sandbox_keep - memory, zeroed, that lives as long as the log.
 * Return: NULL: recorded; so it is below.
 */
void *sandbox_keep(struct sandbox_build *b, size_t size);

/**
 * sandbox_copy - a copy of @length bytes and a zero that lives as long as the log.
 */
char *sandbox_copy(struct sandbox_build *b, const char *text, size_t length);

/**
 * sandbox_list - an empty list for @room entries and its final NULL.
 */
const char **sandbox_list(struct sandbox_build *b, size_t room);

/**
 * sandbox_absolute - a path made absolute, without "." and "..", as words and not as the file system has it.
 * Return: NULL: recorded.
 */
const char *sandbox_absolute(struct sandbox_build *b, const char *path);

/**
 * sandbox_descriptor - the number of a descriptor.
 * Return: 0 or -1: recorded.
 */
int sandbox_descriptor(struct sandbox_build *b, const char *option, const char *text, int *ret_fd);

/**
 * sandbox_run - run the command.
 * @failure: exit code when hull itself failed, and not the start of the command (126, 127; where @failure is 1, that is 1 too).
 * Return: the exit code.
 */
int sandbox_run(const struct cli *cli, const struct sandbox_build *b, char **args, int failure);

/**
 * profile_insert - insert function: the options of a profile, by its name or path.
 */
int profile_insert(struct option_insertion *in, const char *value);

#endif
