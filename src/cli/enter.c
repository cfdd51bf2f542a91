/* enter: a command beside a process of any runtime. */
#include "cli/cli.h"

/*
 * @o: as the library wants it, but for the terminal, which has three states there
 * @tty, @no_tty: --tty, --no-tty
 */
struct enter_flags {
	struct hull_enter_options o;
	bool tty, no_tty;
};

static const struct option_row rows[] = {
	{ "env", 'e', OPTION_AT(struct enter_flags, o.env), .argument = "NAME=VALUE", .help = "add to its environment; may be repeated" },
	{ "user", 'u', OPTION_AT(struct enter_flags, o.user), .argument = "USER[:GID]",
	  .help = "run it as this user: a number, or a name in the container's /etc/passwd" },
	{ "cwd", 'w', OPTION_AT(struct enter_flags, o.cwd), .argument = "DIR", .help = "its working directory (default: that of the process)" },
	{ "tty", 't', OPTION_AT(struct enter_flags, tty), .help = "give it a terminal, also when ours is none" },
	{ "no-tty", 'T', OPTION_AT(struct enter_flags, no_tty), .help = "give it our standard input, output and error as they are" },
	{ "toolbox", OPTION_AT(struct enter_flags, o.toolbox), .argument = "DIR",
	  .help = "bring the host's directory DIR with programs along, read-only and first in PATH" },
	{ "privileged", OPTION_AT(struct enter_flags, o.privileged), .help = "all capabilities that can be had, no system-call filter" },
	{ "require-filter", OPTION_AT(struct enter_flags, o.require_filter), .help = "fail where its system-call filter cannot be had" },
	{ "no-cgroup", OPTION_AT(struct enter_flags, o.no_cgroup), .help = "stay in our own cgroups: the container's limits do not count" },
	{ "interactive", 'i', .kind = OPTION_IGNORED, .flags = OPTION_HIDDEN, .help = "ignored: it always is" },
};

static int enter_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	enum { ITSELF_FAILED = 125, TTY_IF_OURS = -1 };
	struct enter_flags *f = flags;
	struct hull_enter_options *o = &f->o;
	int status = 0;

	o->size = sizeof(*o);
	if (f->tty && f->no_tty) {
		(void)cli_fail(cli, "--tty and --no-tty exclude each other");
		return ITSELF_FAILED;
	}
	o->tty = f->tty ? 1 : f->no_tty ? 0 : TTY_IF_OURS;
	o->args = n_operands > 1 ? (const char *const *)operands + 1 : NULL;
	if (hull_enter(cli->hull, operands[0], o, &status) == 0)
		return status;
	(void)cli_library_failed(cli);
	return hull_exit_code(cli->hull) ? hull_exit_code(cli->hull) : ITSELF_FAILED;
}

const struct command enter_command = {
	.name = "enter",
	.operands = "ID|PID [COMMAND [ARGUMENT...]]",
	.summary = "a shell or a command inside a container of any runtime",
	.description =
		"Runs COMMAND, or a shell, where another process is: a container or sandbox of hull's by its ID, or any process by its PID, whoever started it: "
		"crun, runc, Podman, Docker, bubblewrap, unshare, systemd-nspawn, a browser. An ID goes before a PID of the same digits. The PIDs of other "
		"runtimes' containers: podman inspect --format '{{.State.Pid}}' NAME, and the same with docker; lsns shows the rest.\n\n"
		"The PID of a sandbox's process 1, which is hull's, means its command.\n\n"
		"COMMAND gets the namespaces of that process that are not ours anyway, its root directory, cgroups, user and groups, capabilities, no_new_privs "
		"and working directory. Without COMMAND it is $SHELL if the container has it, else /bin/bash or /bin/sh. When standard input and output are terminals, it gets "
		"a terminal of the container's own; otherwise they are handed on as they are. Options end at COMMAND.\n\n"
		"The environment of a container of hull's is that of its configuration; of another process, PATH, LANG, LC_ALL, TZ and container are taken over, and HOME "
		"is what the container's /etc/passwd says.\n\n"
		"What confines it, taken over from a container of hull's by its ID, and from another process by its PID:\n\n"
		"namespaces, root directory, user, groups, capabilities, no_new_privs: from both.\n\n"
		"system-call filter: by ID, from the configuration. By PID, as it is in the kernel, when root of the host enters; the process is stopped for a moment. "
		"Else the command runs without it, which is said, or with --require-filter does not run.\n\n"
		"cgroups: by ID all; by PID where that is allowed, --debug says where it was not.\n\n"
		"resource limits, oom_score_adj, AppArmor or SELinux label: by ID the configuration's; by PID the limits and the score are ours, and there is no label. "
		"Landlock: neither.\n\n"
		"Who may: root; and for what lies in a user namespace that he owns, an ordinary user: his own sandboxes, bubblewrap, unshare, Podman's containers. A process that "
		"changes its namespaces while it is entered is left alone with an error.\n\n"
		"--toolbox is for images that have no shell. DIR is a directory of the host with programs in bin, sbin, usr/bin or usr/sbin, or directly in it; they "
		"should be static, since the container's libraries are what others would find. It is mounted over an empty directory of the container (/mnt, if there is one), in a mount "
		"namespace of the command's own: the container neither sees nor keeps anything of it.\n\n"
		"When hull is killed, the command is killed, too; what it started beside itself goes on, until its container ends or its terminal is hung up.\n\n"
		"The exit code is the command's, or 128 plus the number of the signal that killed it; 125 when hull itself fails, 126 when the "
		"program cannot be executed and 127 when it was not found.",
	.examples = (const struct example[]){
		{ "hull enter web1", "a shell in a container of hull's" },
		{ "hull enter $(podman inspect --format '{{.State.Pid}}' db) ps aux", "processes of a Podman container" },
		{ "hull enter -u root --toolbox /opt/busybox 4711", "a shell in an image that has none" },
		{ NULL, NULL } },
	.min = 1, .max = MANY, .stop_at = 2, .failure = 125, .flags = COMMAND_TAKES_ID | COMMAND_ENTERS | COMMAND_STREAMS,
	COMMAND_OPTIONS(rows, struct enter_flags),
	.run = enter_run,
};
