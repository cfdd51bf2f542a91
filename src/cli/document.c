/* spec and mounts: commands that deal with JSON files. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "cli/cli.h"

struct spec_flags {
	bool rootless;
	const char *bundle, *file;
};

static const struct option_row spec_rows[] = {
	{ "bundle", 'b', OPTION_AT(struct spec_flags, bundle), .argument = "DIR", .help = "write it into DIR (default: .)" },
	{ "file", 'f', OPTION_AT(struct spec_flags, file), .argument = "FILE", .help = "name of the file (default: config.json), - for standard output" },
	{ "config", OPTION_AT(struct spec_flags, file), .flags = OPTION_HIDDEN, .argument = "FILE", .help = "the same as --file" },
	{ "rootless", OPTION_AT(struct spec_flags, rootless), .help = "for an ordinary user: a user namespace, no cgroup, no network of its own" },
};

/* Never over an existing file, and nothing is left behind when the disk is full. @shown: the directory, for messages. Return: the exit code. */
static int write_new(const struct cli *cli, int dir, const char *shown, const char *file, const char *text)
{
	scope_fd int fd = openat(dir, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	int r;

	if (fd < 0)
		return cli_fail(cli, "cannot create '%s/%s'%s: %s", shown, file,
			errno == EEXIST ? " (it is never overwritten: remove it, or choose another name with --file)" : "", strerror(errno));
	r = io_write_all(fd, text, strlen(text));
	if (r == 0)
		return 0;
	(void)unlinkat(dir, file, 0); /* the first error is the one to tell */
	return cli_fail(cli, "cannot write '%s/%s': %s", shown, file, strerror(-r));
}

static int spec_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	const struct spec_flags *f = flags;
	const char *bundle = f->bundle ? f->bundle : ".";
	scope_free char *json = NULL;
	scope_fd int dir = NO_FD;

	(void)n_operands; /* none */
	(void)operands;
	if (hull_spec(cli->hull, f->rootless, &json) < 0)
		return cli_library_failed(cli);
	if (f->file && strcmp(f->file, "-") == 0)
		return cli_print(cli, json);
	dir = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return cli_fail(cli, "cannot open '%s': %s", bundle, strerror(errno));
	return write_new(cli, dir, bundle, f->file ? f->file : "config.json", json);
}

const struct command spec_command = {
	.name = "spec",
	.operands = "",
	.summary = "write a config.json to begin with",
	.description =
		"Writes a config.json that runs sh on a terminal in a root filesystem called 'rootfs', with the namespaces, mounts, capabilities and masked "
		"paths that are usual. An existing file is never overwritten.",
	.examples = (const struct example[]){
		{ "hull spec", "write ./config.json" },
		{ "hull spec --rootless --bundle /tmp/b", "write /tmp/b/config.json for an ordinary user" },
		{ NULL, NULL } },
	.failure = 1,
	COMMAND_OPTIONS(spec_rows, struct spec_flags),
	.run = spec_run,
};

static const char *const mounts_words[] = { "add", "remove", NULL };

static int mounts_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	(void)flags; /* none */
	(void)n_operands; /* exactly three */
	return hull_mounts(cli->hull, operands[1], strcmp(operands[0], "add") == 0, operands[2]) < 0 ? cli_library_failed(cli) : 0;
}

const struct command mounts_command = {
	.name = "mounts",
	.operands = "add|remove ID FILE",
	.summary = "add mounts to a running container, or remove them",
	.description =
		"FILE holds a JSON array of mounts as in config.json. 'add' makes them in the mount namespace of a running container, in order; 'remove' "
		"unmounts their destinations, in reverse.",
	.examples = (const struct example[]){
		{ "hull mounts add web1 data.json", "mount what data.json describes" },
		{ "hull mounts remove web1 data.json", "and unmount it" },
		{ NULL, NULL } },
	.words = mounts_words,
	.min = 3, .max = 3, .failure = 1, .flags = COMMAND_TAKES_PATH,
	.run = mounts_run,
};
