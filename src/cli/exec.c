/* exec: one more process in a container. */
#include "cli/cli.h"

/*
 * @o: as the library wants it, but for the terminal, whose third state (as the process document says) is no option
 * @tty: --tty
 */
struct exec_flags {
	struct hull_exec_options o;
	bool tty;
};

static const struct option_row rows[] = {
	{ "process", 'p', OPTION_AT(struct exec_flags, o.process_file), .argument = "FILE", .help = "run the process that this JSON document describes" },
	{ "tty", 't', OPTION_AT(struct exec_flags, tty), .help = "give it a terminal" },
	{ "detach", 'd', OPTION_AT(struct exec_flags, o.detach), .help = "return as soon as the program runs" },
	{ "cwd", OPTION_AT(struct exec_flags, o.cwd), .argument = "DIR", .help = "its working directory" },
	{ "env", 'e', OPTION_AT(struct exec_flags, o.env), .argument = "NAME=VALUE", .help = "add to its environment; may be repeated" },
	{ "user", 'u', OPTION_AT(struct exec_flags, o.user), .argument = "UID[:GID]", .help = "run it with these ids" },
	{ "additional-gids", 'g', OPTION_AT(struct exec_flags, o.additional_gids), .argument = "GID", .help = "one more group; may be repeated" },
	{ "cap", 'c', OPTION_AT(struct exec_flags, o.capabilities), .argument = "CAP", .help = "add a capability; may be repeated" },
	{ "no-new-privs", OPTION_AT(struct exec_flags, o.no_new_privs), .help = "it can never gain privileges" },
	{ "apparmor", OPTION_AT(struct exec_flags, o.apparmor), .argument = "PROFILE", .help = "run it under this AppArmor profile" },
	{ "process-label", OPTION_AT(struct exec_flags, o.process_label), .argument = "LABEL", .help = "run it with this SELinux label" },
	{ "cgroup", OPTION_AT(struct exec_flags, o.cgroups), .argument = "[CTRL,...:]PATH",
	  .help = "put it into a cgroup below the container's own; may be repeated" },
	{ "ignore-paused", OPTION_AT(struct exec_flags, o.ignore_paused), .help = "also in a paused container; it begins when the container is resumed" },
	{ "console-socket", OPTION_AT(struct exec_flags, o.console_socket), .argument = "SOCKET",
	  .help = "send the terminal's descriptor to this Unix socket" },
	{ "pidfd-socket", OPTION_AT(struct exec_flags, o.pidfd_socket), .argument = "SOCKET", .help = "send a pidfd of the process to this Unix socket" },
	{ "pid-file", OPTION_AT(struct exec_flags, o.pid_file), .argument = "FILE", .help = "write the pid of the process to FILE" },
	{ "preserve-fds", OPTION_AT(struct exec_flags, o.preserve_fds), .argument = "N", .help = "hand N more descriptors to it, from 3 on" },
	{ "no-subreaper", .kind = OPTION_IGNORED, .flags = OPTION_HIDDEN, .help = "ignored" },
};

/* Engines always give one of these and know 255 as "the runtime failed"; a person knows 125, 126 and 127 from the shell. */
static bool called_by_engine(const struct cli *cli, const struct hull_exec_options *o)
{
	return cli->compatible || o->process_file || o->detach || o->pid_file;
}

static int exec_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	enum { ITSELF_FAILED = 125, ENGINE_FAILED = 255, TTY_AS_PROCESS_SAYS = -1 };
	struct exec_flags *f = flags;
	struct hull_exec_options *o = &f->o;
	int status = 0, failed = called_by_engine(cli, o) ? ENGINE_FAILED : ITSELF_FAILED;

	o->size = sizeof(*o);
	o->tty = f->tty ? 1 : o->process_file ? TTY_AS_PROCESS_SAYS : 0;
	if (!o->process_file && n_operands < 2) {
		(void)cli_fail(cli, "no command given for 'exec'; see '%s exec --help'", cli->name);
		return failed;
	}
	if (o->process_file && n_operands > 1) {
		(void)cli_fail(cli, "unexpected operand '%s' for 'exec': --process names the command", operands[1]);
		return failed;
	}
	if (!o->process_file)
		o->args = (const char *const *)operands + 1;
	if (hull_exec(cli->hull, operands[0], o, &status) == 0)
		return status;
	(void)cli_library_failed(cli);
	return failed == ITSELF_FAILED && hull_exit_code(cli->hull) ? hull_exit_code(cli->hull) : failed;
}

const struct command exec_command = {
	.name = "exec",
	.operands = "ID [COMMAND [ARGUMENT...]]",
	.summary = "run one more program in a container",
	.description =
		"Runs COMMAND in a running container, with the environment, ids, capabilities and limits of the container's own process unless options "
		"change them, or, with --process, exactly the process that a JSON document (config.json's 'process') describes; only capabilities, AppArmor "
		"profile and SELinux label that it leaves out are the container's. Options end at COMMAND: what follows belongs to it.\n\n"
		"The exit code is the program's, or 128 plus the number of the signal that killed it. When hull itself fails it is 125, 126 when the "
		"program cannot be executed and 127 when it was not found; with --process, --detach or --pid-file, as engines give them, and called as "
		"runc or crun, it is 255 in all of these cases.",
	.examples = (const struct example[]){
		{ "hull exec web1 ls -l /etc", "list a directory inside" },
		{ "hull exec --tty --env TERM=$TERM web1 sh", "a shell" },
		{ "hull exec --user 1000:1000 --cwd /tmp web1 id", "with other ids" },
		{ NULL, NULL } },
	.min = 1, .max = MANY, .stop_at = 2, .failure = 125, .engine_failure = 255, .flags = COMMAND_TAKES_ID | COMMAND_ENTERS,
	COMMAND_OPTIONS(rows, struct exec_flags),
	.run = exec_run,
};
