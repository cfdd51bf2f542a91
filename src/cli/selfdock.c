/*
 * selfdock: the command line of a tool that runs a command off the host's root directory. Its files and its processes are the command's own world; the
 * network and everything else is the host's, and it works inside itself.
 */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/sandbox.h"

enum { OP_MAP, OP_VOL, OP_TMPFS, OP_ENV, OP_UNSET_ENV, OP_MAX };

struct selfdock_flags {
	struct option_log log;
	const char *rootfs, *cwd;
};

#define AT(member) OPTION_AT(struct selfdock_flags, member)
#define IN_ORDER(operation, values) OPTION_AT(struct selfdock_flags, log), .tag = (operation), .n_values = (values)

static const struct option_row rows[] = {
	{ "rootfs", 'r', AT(rootfs), .argument = "DIR", .help = "the root directory (default: /)" },
	{ "cwd", 'C', AT(cwd), .argument = "DIR", .help = "working directory (default: /)" },
	{ "map", 'm', IN_ORDER(OP_MAP, 2), .argument = "SRC DST", .help = "show the host's SRC at DST, read-only" },
	{ "vol", 'v', IN_ORDER(OP_VOL, 2), .argument = "SRC DST", .help = "the same, and it may be written" },
	{ "tmpfs", 't', IN_ORDER(OP_TMPFS, 2), .argument = "OPT DST", .help = "an empty directory in memory; OPT: size=2M,mode=1777 or ''" },
	{ "env", 'e', IN_ORDER(OP_ENV, 2), .argument = "NAME VALUE", .help = "set a variable" },
	{ "unset-env", 'E', IN_ORDER(OP_UNSET_ENV, 1), .argument = "NAME", .help = "remove a variable" },
};

enum { MODE_OF_TMP = 01777, SIZE_OF_TMP = 2 << 20 };

static int add_bind(struct sandbox_build *b, const struct option_entry *entry)
{
	const char *source = sandbox_absolute(b, entry->values[0]), *target = entry->values[1];

	if (!source)
		return -1;
	if (target[0] != '/')
		return fail(b->error, 0, "option '--%s': the destination is an absolute path, got '%s'", entry->row->name, target);
	(void)sandbox_step(b, entry->row->tag == OP_MAP ? HULL_STEP_RO_BIND : HULL_STEP_BIND, source, target); /* that is all of it */
	return 0;
}

/* One word of mount(8)'s options for a tmpfs. */
static int add_tmpfs_option(struct sandbox_build *b, struct hull_step *step, const char *word)
{
	static const char *const always[] = { "", "rw", "nosuid", "nodev", "exec" };
	const char *size = text_after(word, "size="), *mode = text_after(word, "mode=");
	uint32_t bits;

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		if (strcmp(word, always[i]) == 0)
			return 0;
	if (size && text_to_size(size, &step->bytes) == 0 && step->bytes)
		return 0;
	if (mode && text_to_octal(mode, &bits) == 0 && bits <= 07777) {
		step->mode = bits;
		return 0;
	}
	return fail(b->error, 0, "option '--tmpfs': expected size=SIZE or mode=OCTAL, got '%s'", word);
}

static int add_tmpfs(struct sandbox_build *b, const struct option_entry *entry)
{
	char *words = sandbox_copy(b, entry->values[0], strlen(entry->values[0]));
	struct hull_step *step;

	if (!words)
		return -1;
	if (entry->values[1][0] != '/')
		return fail(b->error, 0, "option '--tmpfs': the destination is an absolute path, got '%s'", entry->values[1]);
	step = sandbox_step(b, HULL_STEP_TMPFS, NULL, entry->values[1]);
	step->mode = MODE_OF_TMP;
	step->mode_set = true;
	for (char *word = words, *next; word; word = next) {
		next = strchr(word, ',');
		if (next)
			*next++ = '\0';
		if (add_tmpfs_option(b, step, word) < 0)
			return -1;
	}
	return 0;
}

static int add_env(struct sandbox_build *b, const struct option_entry *entry)
{
	return sandbox_set_env(b, entry->row->tag == OP_ENV ? "--env" : "--unset-env", entry->values[0], entry->values[1]);
}

static int (*const operations[])(struct sandbox_build *b, const struct option_entry *entry) = {
	[OP_MAP] = add_bind, [OP_VOL] = add_bind, [OP_TMPFS] = add_tmpfs, [OP_ENV] = add_env, [OP_UNSET_ENV] = add_env,
};
_Static_assert(ARRAY_SIZE(operations) == OP_MAX, "a function for each operation");

/* @writable: the root directory is */
static int build(struct sandbox_build *b, struct selfdock_flags *f, bool writable, struct error *e)
{
	struct hull_step *tmp;

	if (sandbox_begin(b, NULL, &f->log, e) < 0)
		return -1;
	(void)sandbox_step(b, HULL_STEP_REMOUNT_RO, NULL, "/dev"); /* its devices work, and nothing can be put there */
	tmp = sandbox_step(b, HULL_STEP_TMPFS, NULL, "/tmp");
	tmp->bytes = SIZE_OF_TMP;
	tmp->mode = MODE_OF_TMP;
	tmp->mode_set = true;
	for (size_t i = 0; i < f->log.n; i++)
		if (operations[f->log.entries[i].row->tag](b, &f->log.entries[i]) < 0)
			return -1;
	if (f->rootfs && strcmp(f->rootfs, "/") != 0) {
		b->o.rootfs = sandbox_absolute(b, f->rootfs);
		if (!b->o.rootfs)
			return -1;
	}
	b->o.rootfs_writable = writable;
	b->o.cwd = f->cwd ? f->cwd : "/";
	b->o.namespaces = HULL_NS_USER | HULL_NS_PID;
	b->o.net = "host";
	b->o.nest = true;
	return 0;
}

static int selfdock_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	enum { ITSELF_FAILED = 124 };
	struct selfdock_flags *f = flags;
	struct sandbox_build b;
	struct error e = { .text = "" };

	if (build(&b, f, strcmp(operands[0], "build") == 0, &e) < 0) {
		(void)cli_fail(cli, "%s", e.text);
		return ITSELF_FAILED;
	}
	(void)n_operands; /* at least two */
	b.o.as_pid_1 = !isatty(STDIN_FILENO) && !isatty(STDOUT_FILENO) && !isatty(STDERR_FILENO); /* job control wants a process 1 of ours */
	return sandbox_run(cli, &b, operands + 1, ITSELF_FAILED);
}

static const char *const actions[] = { "run", "build", NULL };

const struct command selfdock_command = {
	.name = "selfdock",
	.operands = "run|build COMMAND [ARGUMENT...]",
	.summary = "run a command off the host's root directory as selfdock does",
	.description =
		"Takes the options of selfdock. Called by that name (through a link), hull is selfdock. COMMAND is process 1 of its own world of files and "
		"processes, runs as the caller, and shares the network and everything else with the host. With 'run' the root directory is read-only, with "
		"'build' it is as writable as it is for the caller. /tmp is in memory, 2 MiB, unless --tmpfs says otherwise. It works inside itself.\n\n"
		"The exit code is the command's, or 128 plus the number of the signal that killed it; 124 when selfdock itself fails, 126 when the command cannot "
		"be executed and 127 when it was not found.",
	.examples = (const struct example[]){
		{ "selfdock run sh", "a shell that can write nothing but /tmp" },
		{ "selfdock -v /srv/data /srv/data run make", "and one directory" },
		{ "selfdock --rootfs /srv/debian build apt-get install git", "change a root directory" },
		{ NULL, NULL } },
	.words = actions,
	.min = 2, .max = MANY, .stop_at = 2, .failure = 124, .flags = COMMAND_TAKES_PATH | COMMAND_ENTERS | COMMAND_STREAMS | COMMAND_OWN_NAME,
	COMMAND_OPTIONS(rows, struct selfdock_flags),
	.run = selfdock_run,
};
