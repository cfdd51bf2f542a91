/*
 * bwrap: bubblewrap's command line (version 0.12), all of it. Called as bwrap, hull is bubblewrap: nothing is there but what the options put there, in
 * their order, no namespaces are made but those asked for, and every failure of hull's own is exit code 1.
 */
#include <stdio.h>

#include "base/optionfile.h"
#include "cli/bwrap.h"

/* what bubblewrap's options and behaviour here are those of */
#define BUBBLEWRAP_VERSION "0.12.0"

#define AT(member) OPTION_AT(struct bwrap_flags, member)
#define IN_ORDER(operation, values) OPTION_AT(struct bwrap_flags, log), .tag = (operation), .n_values = (values)

static const struct option_row rows[] = {
	{ "version", AT(version), .help = "show the version of bubblewrap whose options these are" },
	{ "args", OPTION_INSERT_AT(struct bwrap_flags, log, optionfile_arguments), .argument = "FD", .help = "take options from FD, each ended by a zero byte" },
	{ "argv0", AT(argv0), .argument = "NAME", .help = "what the command sees as its own name" },
	{ "unshare-all", IN_ORDER(OP_UNSHARE_ALL, 0), .help = "all of --unshare-*, user and cgroup if possible" },
	{ "share-net", IN_ORDER(OP_SHARE_NET, 0), .help = "not the network, after --unshare-all" },
	{ "unshare-user", IN_ORDER(OP_UNSHARE_USER, 0), .help = "make a user namespace (for an ordinary user always)" },
	{ "unshare-user-try", IN_ORDER(OP_UNSHARE_USER_TRY, 0), .help = "the same if possible" },
	{ "unshare-ipc", IN_ORDER(OP_UNSHARE_IPC, 0), .help = "make an ipc namespace" },
	{ "unshare-pid", IN_ORDER(OP_UNSHARE_PID, 0), .help = "make a pid namespace" },
	{ "unshare-net", IN_ORDER(OP_UNSHARE_NET, 0), .help = "make a network namespace, with lo" },
	{ "unshare-uts", IN_ORDER(OP_UNSHARE_UTS, 0), .help = "make a namespace for the name of the host" },
	{ "unshare-cgroup", IN_ORDER(OP_UNSHARE_CGROUP, 0), .help = "make a cgroup namespace" },
	{ "unshare-cgroup-try", IN_ORDER(OP_UNSHARE_CGROUP_TRY, 0), .help = "the same if possible" },
	{ "userns", AT(userns), .argument = "FD", .help = "use this user namespace, as who the caller is there" },
	{ "userns2", AT(userns2), .argument = "FD", .help = "and go to this one at the end" },
	{ "disable-userns", AT(disable_userns), .help = "no user namespaces can be made inside" },
	{ "assert-userns-disabled", AT(assert_userns_disabled), .help = "fail if user namespaces can be made inside" },
	{ "pidns", AT(pidns), .argument = "FD", .help = "use this pid namespace" },
	{ "netns", AT(netns), .argument = "FD", .help = "use this network namespace" },
	{ "uid", AT(uid), .argument = "UID", .help = "user inside" },
	{ "gid", AT(gid), .argument = "GID", .help = "group inside" },
	{ "hostname", AT(hostname), .argument = "NAME", .help = "name of the host inside" },
	{ "chdir", AT(chdir), .argument = "DIR", .help = "working directory" },
	{ "setenv", IN_ORDER(OP_SETENV, 2), .argument = "NAME VALUE", .help = "set a variable" },
	{ "unsetenv", IN_ORDER(OP_UNSETENV, 1), .argument = "NAME", .help = "remove a variable" },
	{ "clearenv", IN_ORDER(OP_CLEARENV, 0), .help = "remove all variables but PWD" },
	{ "lock-file", AT(lock_files), .argument = "PATH", .help = "hold a read lock on this file of the sandbox; may be repeated" },
	{ "sync-fd", AT(sync_fd), .argument = "FD", .help = "keep this descriptor open as long as the sandbox is there" },
	{ "bind", IN_ORDER(OP_BIND, 2), .argument = "SRC DEST", .help = "show the host's SRC at DEST" },
	{ "bind-try", IN_ORDER(OP_BIND_TRY, 2), .argument = "SRC DEST", .help = "the same if it exists" },
	{ "dev-bind", IN_ORDER(OP_DEV_BIND, 2), .argument = "SRC DEST", .help = "the same with the use of device nodes" },
	{ "dev-bind-try", IN_ORDER(OP_DEV_BIND_TRY, 2), .argument = "SRC DEST", .help = "the same if it exists" },
	{ "ro-bind", IN_ORDER(OP_RO_BIND, 2), .argument = "SRC DEST", .help = "show the host's SRC at DEST, read-only" },
	{ "ro-bind-try", IN_ORDER(OP_RO_BIND_TRY, 2), .argument = "SRC DEST", .help = "the same if it exists" },
	{ "bind-fd", IN_ORDER(OP_BIND_FD, 2), .argument = "FD DEST", .help = "show the file or directory behind FD at DEST" },
	{ "ro-bind-fd", IN_ORDER(OP_RO_BIND_FD, 2), .argument = "FD DEST", .help = "the same read-only" },
	{ "remount-ro", IN_ORDER(OP_REMOUNT_RO, 1), .argument = "DEST", .help = "make the mount at DEST read-only, not those below it" },
	{ "overlay-src", IN_ORDER(OP_OVERLAY_SRC, 1), .argument = "SRC", .help = "one more layer of the next --overlay, --tmp-overlay or --ro-overlay" },
	{ "overlay", IN_ORDER(OP_OVERLAY, 3), .argument = "UPPER WORK DEST", .help = "the layers at DEST; what is written goes to UPPER" },
	{ "tmp-overlay", IN_ORDER(OP_TMP_OVERLAY, 1), .argument = "DEST", .help = "the layers at DEST; what is written is gone afterwards" },
	{ "ro-overlay", IN_ORDER(OP_RO_OVERLAY, 1), .argument = "DEST", .help = "the layers at DEST, read-only" },
	{ "exec-label", AT(exec_label), .argument = "LABEL", .help = "SELinux label of the command" },
	{ "file-label", AT(file_label), .argument = "LABEL", .help = "SELinux label of files in memory" },
	{ "proc", IN_ORDER(OP_PROC, 1), .argument = "DEST", .help = "a procfs" },
	{ "dev", IN_ORDER(OP_DEV, 1), .argument = "DEST", .help = "a small /dev" },
	{ "tmpfs", IN_ORDER(OP_TMPFS, 1), .argument = "DEST", .help = "an empty directory in memory" },
	{ "mqueue", IN_ORDER(OP_MQUEUE, 1), .argument = "DEST", .help = "an mqueue file system" },
	{ "dir", IN_ORDER(OP_DIR, 1), .argument = "DEST", .help = "make a directory" },
	{ "file", IN_ORDER(OP_FILE, 2), .argument = "FD DEST", .help = "make a file with what FD gives" },
	{ "bind-data", IN_ORDER(OP_BIND_DATA, 2), .argument = "FD DEST", .help = "the same as a mount" },
	{ "ro-bind-data", IN_ORDER(OP_RO_BIND_DATA, 2), .argument = "FD DEST", .help = "the same read-only" },
	{ "symlink", IN_ORDER(OP_SYMLINK, 2), .argument = "TEXT DEST", .help = "make a symbolic link to TEXT" },
	{ "seccomp", AT(seccomp), .argument = "FD", .help = "load the BPF program that FD gives" },
	{ "add-seccomp-fd", AT(add_seccomp_fd), .argument = "FD", .help = "the same; may be repeated" },
	{ "block-fd", AT(block_fd), .argument = "FD", .help = "wait until something can be read from FD" },
	{ "userns-block-fd", AT(userns_block_fd), .argument = "FD", .help = "the same before the user namespace is used" },
	{ "info-fd", AT(info_fd), .argument = "FD", .help = "write a JSON object about the sandbox to FD" },
	{ "json-status-fd", AT(json_status_fd), .argument = "FD", .help = "write JSON lines about the sandbox and its end to FD" },
	{ "new-session", AT(new_session), .help = "in a session of its own, without the caller's terminal" },
	{ "die-with-parent", AT(die_with_parent), .help = "kill it when bwrap or its caller dies" },
	{ "forward-signals", .kind = OPTION_IGNORED, .help = "hand signals on to the command: hull always does" },
	{ "not-a-security-boundary", .kind = OPTION_IGNORED, .help = "accepted; nothing is done by halves" },
	{ "as-pid-1", AT(as_pid_1), .help = "the command is process 1, without a reaper" },
	{ "cap-add", IN_ORDER(OP_CAP_ADD, 1), .argument = "CAP", .help = "give a capability, or ALL" },
	{ "cap-drop", IN_ORDER(OP_CAP_DROP, 1), .argument = "CAP", .help = "take a capability, or ALL" },
	{ "perms", IN_ORDER(OP_PERMS, 1), .argument = "OCTAL", .help = "permissions of what the next option makes" },
	{ "size", IN_ORDER(OP_SIZE, 1), .argument = "BYTES", .help = "size of the next --tmpfs" },
	{ "chmod", IN_ORDER(OP_CHMOD, 2), .argument = "OCTAL PATH", .help = "change permissions" },
};

static int bwrap_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	enum { ITSELF_FAILED = 1 };
	struct bwrap_flags *f = flags;
	struct sandbox_build b;
	struct error e = { .text = "" };

	if (f->version) {
		printf("bubblewrap " BUBBLEWRAP_VERSION "\nhull " HULL_VERSION "\n");
		return cli_flush(cli);
	}
	if (bwrap_build(&b, f, &e) < 0) {
		(void)cli_fail(cli, "%s", e.text);
		return ITSELF_FAILED;
	}
	if (n_operands == 0) {
		(void)cli_fail(cli, "no command given");
		return ITSELF_FAILED;
	}
	return sandbox_run(cli, &b, operands, ITSELF_FAILED);
}

const struct command bwrap_command = {
	.name = "bwrap",
	.operands = "COMMAND [ARGUMENT...]",
	.summary = "run a command in a sandbox as bubblewrap does",
	.description =
		"Takes the options of bubblewrap 0.12, with their meaning and their order, and runs COMMAND. Called by the name bwrap (through a link), hull is "
		"bubblewrap. The sandbox begins with an empty root directory, and its namespaces are the host's but for those that are asked for.\n\n"
		"--perms, --size and --overlay-src say something about the option that follows them. Where an option is given several times, the last one "
		"counts, unless it adds something.\n\n"
		"The exit code is the command's, or 128 plus the number of the signal that killed it; 1 when bwrap itself fails.\n\n"
		"As in 0.12, and unlike in 0.11, nothing is mounted on a symbolic link; one on the way to DEST is followed, inside the sandbox.\n\n"
		"Where hull does better than bubblewrap, it is on purpose: signals that would end it are handed to the command instead, and its end is waited for; a "
		"variable that was taken away is not found in the environment of process 1; root's /proc/sys is read-only, too, unless the command could uncover it; '=' "
		"may stand between an option and its value, and an option may be cut short as long as it is not ambiguous; a descriptor that is not open is refused wherever it is named, and numbers are decimal. Messages have words of hull's own, and an "
		"option that is given twice earns no warning. Executed as /proc/self/exe it is hull, not bwrap. For a sandbox that is safe when told nothing, see hull-sandbox(1).",
	.examples = (const struct example[]){
		{ "bwrap --ro-bind / / --dev /dev --proc /proc --unshare-all sh", "a shell that sees the host's files" },
		{ "bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib64 /lib64 --tmpfs /tmp ls /", "nothing but /usr" },
		{ NULL, NULL } },
	.max = MANY, .stop_at = 1, .failure = 1, .flags = COMMAND_TAKES_PATH | COMMAND_ENTERS | COMMAND_STREAMS | COMMAND_OWN_NAME,
	COMMAND_OPTIONS(rows, struct bwrap_flags),
	.run = bwrap_run,
};
