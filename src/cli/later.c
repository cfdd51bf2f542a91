/*
 * checkpoint and restore: their command lines are complete, since engines probe them, but this version does not do what they ask for.
 * The values are read and thrown away.
 */
#include "cli/cli.h"

/* a switch and an option with a value, of which only the name counts so far */
#define SWITCH(long_name, text) { long_name, .kind = OPTION_IGNORED, .help = text }
#define VALUE(long_name, value, text) { long_name, .kind = OPTION_IGNORED_VALUE, .argument = value, .help = text }

static int later_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	(void)flags; /* not looked at */
	(void)n_operands;
	(void)operands;
	return cli_fail(cli, "this command is not there yet in version " HULL_VERSION);
}

static const struct option_row checkpoint_rows[] = {
	VALUE("image-path", "DIR", "where the image goes"),
	VALUE("work-path", "DIR", "where CRIU writes its logs"),
	VALUE("parent-path", "DIR", "image of an earlier --pre-dump"),
	SWITCH("leave-running", "let the container go on"),
	SWITCH("tcp-established", "also with open TCP connections"),
	SWITCH("tcp-skip-in-flight", "leave TCP connections out that are being opened"),
	SWITCH("ext-unix-sk", "also with Unix sockets to the outside"),
	SWITCH("link-remap", "also with open files that were deleted"),
	SWITCH("shell-job", "also with a terminal of the caller's"),
	SWITCH("file-locks", "also with file locks"),
	SWITCH("lazy-pages", "serve memory on demand"),
	VALUE("status-fd", "FD", "say on this descriptor that the server of memory is ready"),
	VALUE("page-server", "ADDRESS:PORT", "send memory to this server"),
	SWITCH("pre-dump", "save memory only and let the container go on"),
	VALUE("manage-cgroups-mode", "MODE", "soft, full, strict or ignore"),
	VALUE("empty-ns", "NAMESPACE", "save this namespace without its content; may be repeated"),
	SWITCH("auto-dedup", "free memory in older images"),
	VALUE("network-lock", "METHOD", "how the network is held meanwhile: iptables, nftables or skip"),
};

const struct command checkpoint_command = {
	.name = "checkpoint",
	.operands = "ID",
	.summary = "save a running container to an image",
	.description = "Saves the processes of a container to files with CRIU, and ends it. Not there yet in this version.",
	.examples = (const struct example[]){ { "hull checkpoint --image-path /tmp/image web1", "save the container web1" }, { NULL, NULL } },
	.min = 1, .max = 1, .failure = 1, .flags = COMMAND_TAKES_ID | COMMAND_LATER,
	.rows = checkpoint_rows, .n_rows = ARRAY_SIZE(checkpoint_rows),
	.run = later_run,
};

static const struct option_row restore_rows[] = {
	{ "bundle", 'b', .kind = OPTION_IGNORED_VALUE, .argument = "DIR", .help = "directory of the bundle (default: .)" },
	{ "detach", 'd', .kind = OPTION_IGNORED, .help = "return as soon as the program runs" },
	VALUE("image-path", "DIR", "where the image is"),
	VALUE("work-path", "DIR", "where CRIU writes its logs"),
	VALUE("pid-file", "FILE", "write the pid of the container's process to FILE"),
	VALUE("console-socket", "SOCKET", "send the terminal's descriptor to this Unix socket"),
	SWITCH("tcp-established", "also with open TCP connections"),
	SWITCH("tcp-close", "close TCP connections"),
	SWITCH("ext-unix-sk", "also with Unix sockets to the outside"),
	SWITCH("shell-job", "also with a terminal of the caller's"),
	SWITCH("file-locks", "also with file locks"),
	SWITCH("lazy-pages", "fetch memory on demand"),
	SWITCH("auto-dedup", "free memory in the image as it is read"),
	SWITCH("no-pivot", "move the root with chroot instead of pivot_root"),
	VALUE("manage-cgroups-mode", "MODE", "soft, full, strict or ignore"),
	VALUE("empty-ns", "NAMESPACE", "make this namespace without content; may be repeated"),
	VALUE("lsm-profile", "TYPE:NAME", "run it under this label: apparmor:NAME or selinux:NAME"),
	VALUE("lsm-mount-context", "CONTEXT", "SELinux context of its mounts"),
	VALUE("network-lock", "METHOD", "how the network is held meanwhile: iptables, nftables or skip"),
	{ "no-subreaper", .kind = OPTION_IGNORED, .flags = OPTION_HIDDEN, .help = "ignored" },
};

const struct command restore_command = {
	.name = "restore",
	.operands = "ID",
	.summary = "start a container from an image of checkpoint",
	.description = "Starts a container with the processes that 'checkpoint' saved. Not there yet in this version.",
	.examples = (const struct example[]){ { "hull restore --image-path /tmp/image -b /srv/web web1", "start the container web1 again" }, { NULL, NULL } },
	.min = 1, .max = 1, .failure = 1, .flags = COMMAND_LATER,
	.rows = restore_rows, .n_rows = ARRAY_SIZE(restore_rows),
	.run = later_run,
};
