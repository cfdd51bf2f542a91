/* sandbox: a command in a throwaway container made from options. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/sandbox.h"

/* What an option in order asks for. */
enum { OP_RO, OP_RW, OP_DEV, OP_RO_TRY, OP_RW_TRY, OP_DEV_TRY, OP_TMPFS, OP_HIDE, OP_OVERLAY, OP_ENV, OP_UNSET_ENV, OP_CLEAR_ENV, OP_SHARE, OP_MAX };

/*
 * @o: as the library wants it; what needs a closer look first is below
 * @log: options whose order counts, and the memory of profiles
 */
struct sandbox_flags {
	struct hull_sandbox_options o;
	struct option_log log;
	const char *as;
	bool tty, no_tty;
	bool dry_run, print_config;
};

#define AT(member) OPTION_AT(struct sandbox_flags, member)
#define IN_ORDER(operation, values) OPTION_AT(struct sandbox_flags, log), .tag = (operation), .n_values = (values)

static const struct option_row rows[] = {
	{ "ro", IN_ORDER(OP_RO, 1), .argument = "PATH[:DEST]", .help = "show the host's PATH, read-only, at DEST" },
	{ "rw", IN_ORDER(OP_RW, 1), .argument = "PATH[:DEST]", .help = "the same, and it may be written" },
	{ "dev", IN_ORDER(OP_DEV, 1), .argument = "PATH[:DEST]", .help = "the same as --rw, with the use of device nodes" },
	{ "ro-try", IN_ORDER(OP_RO_TRY, 1), .argument = "PATH[:DEST]", .help = "the same as --ro, if PATH exists" },
	{ "rw-try", IN_ORDER(OP_RW_TRY, 1), .argument = "PATH[:DEST]", .help = "the same as --rw, if PATH exists" },
	{ "dev-try", IN_ORDER(OP_DEV_TRY, 1), .argument = "PATH[:DEST]", .help = "the same as --dev, if PATH exists" },
	{ "tmpfs", IN_ORDER(OP_TMPFS, 1), .argument = "PATH[:SIZE]", .help = "an empty directory in memory" },
	{ "hide", IN_ORDER(OP_HIDE, 1), .argument = "PATH", .help = "nothing is to be seen there" },
	{ "overlay", IN_ORDER(OP_OVERLAY, 1), .argument = "PATH", .help = "it may be written, and what was written is gone afterwards" },
	{ "net", AT(o.net), .argument = "none|host|PATH", .help = "network: lo only (default), the host's, or the namespace at PATH" },
	{ "rootfs", AT(o.rootfs), .argument = "DIR", .help = "the root directory instead of the host's" },
	{ "writable-root", AT(o.rootfs_writable), .help = "do not make the root directory read-only" },
	{ "env", 'e', IN_ORDER(OP_ENV, 1), .argument = "NAME[=VALUE]", .help = "set a variable, or pass the caller's" },
	{ "unset-env", IN_ORDER(OP_UNSET_ENV, 1), .argument = "NAME", .help = "remove a variable" },
	{ "clear-env", IN_ORDER(OP_CLEAR_ENV, 0), .help = "remove all variables" },
	{ "cwd", AT(o.cwd), .argument = "DIR", .help = "working directory (default: this one, if it is there)" },
	{ "hostname", AT(o.hostname), .argument = "NAME", .help = "name of the host inside (default: the host's)" },
	{ "as", AT(as), .argument = "UID[:GID]", .help = "ids inside (default: the caller's)" },
	{ "map-ranges", AT(o.map_ranges), .help = "also map the caller's ranges of /etc/subuid and /etc/subgid" },
	{ "share", IN_ORDER(OP_SHARE, 1), .argument = "NS[,NS...]", .help = "use the host's namespaces: user, pid, ipc, net, uts, cgroup" },
	{ "cap-add", AT(o.cap_add), .argument = "CAP", .help = "give a capability, or ALL; may be repeated" },
	{ "cap-drop", AT(o.cap_drop), .argument = "CAP", .help = "take a capability, or ALL; may be repeated" },
	{ "syscalls", AT(o.syscalls), .argument = "default|none|FILE", .help = "system-call filter: hull's, none, or a linux.seccomp document" },
	{ "no-landlock", AT(o.no_landlock), .help = "without the second wall around what may be written" },
	{ "nest", AT(o.nest), .help = "let it make namespaces, mounts and sandboxes of its own" },
	{ "init", AT(o.init), .help = "a process of hull's waits for orphans, as it does unasked but with --share pid" },
	{ "as-pid-1", AT(o.as_pid_1), .help = "the command is process 1, instead of a reaper of hull's with the command as its child" },
	{ "new-session", AT(o.new_session), .help = "in a session of its own, without the caller's terminal" },
	{ "tty", 't', AT(tty), .help = "give it a terminal of its own" },
	{ "no-tty", AT(no_tty), .help = "let it use the caller's terminal in any case" },
	{ "survive", AT(o.survive), .help = "do not kill it when hull dies" },
	{ "die-with-parent", AT(o.die_with_parent), .help = "kill it when the caller of hull dies" },
	{ "memory", AT(o.memory), .argument = "SIZE", .help = "limit of memory: 512m, 2g" },
	{ "cpus", AT(o.cpus), .argument = "NUMBER", .help = "limit of processors: 1.5" },
	{ "pids", AT(o.pids), .argument = "NUMBER", .help = "limit of processes and threads" },
	{ "time", AT(o.time), .argument = "TIME", .help = "limit of processor time: 10, 500ms, 2m" },
	{ "wall", AT(o.wall), .argument = "TIME", .help = "limit of real time" },
	{ "fsize", AT(o.fsize), .argument = "SIZE", .help = "largest file it may write" },
	{ "nofile", AT(o.nofile), .argument = "NUMBER", .help = "limit of open files" },
	{ "stack", AT(o.stack), .argument = "SIZE", .help = "limit of the stack" },
	{ "core", AT(o.core), .argument = "SIZE", .help = "limit of core dumps: 0: none" },
	{ "result", AT(o.result), .argument = "FILE|FD", .help = "write a JSON record of how it ended" },
	{ "require", AT(o.require), .argument = "LEVEL", .help = "do not run it with less isolation than this" },
	{ "name", AT(o.name), .argument = "NAME", .help = "for list, enter, exec and kill" },
	{ "preserve-fds", AT(o.preserve_fds), .argument = "N", .help = "hand N more descriptors to it, from 3 on" },
	{ "plugin", AT(o.plugins), .argument = "FILE", .help = "an executable that may change the container; may be repeated" },
	{ "plugin-dir", AT(o.plugin_dir), .argument = "DIR", .help = "all executables of a directory (see hull-plugin(7))" },
	{ "runtime", AT(o.runtime), .argument = "PROGRAM", .help = "let another OCI runtime run it, one with a kernel of its own say; with its options: 'runsc --network=none'" },
	{ "profile", 'p', OPTION_INSERT_AT(struct sandbox_flags, log, profile_insert), .argument = "NAME",
	  .help = "insert the options of a profile, by name or path; may be repeated" },
	{ "include", OPTION_INSERT_AT(struct sandbox_flags, log, profile_insert), .flags = OPTION_HIDDEN, .argument = "NAME", .help = "the same" },
	{ "dry-run", AT(dry_run), .help = "say what would be done" },
	{ "print-config", AT(print_config), .help = "print the config.json that says the same" },
};

/* A command line under way: @shared: namespaces not to be made. */
struct sandbox {
	struct sandbox_build b;
	unsigned int shared;
};

/* Cut "PATH[:REST]" at the first colon; a colon of the path's own is written "\:". @ret_rest: NULL: there is none. */
static int split(struct sandbox_build *b, const char *value, const char **ret_path, const char **ret_rest)
{
	char *path = sandbox_copy(b, value, strlen(value)), *out = path;

	if (!path)
		return -1;
	*ret_rest = NULL;
	for (; *value && *value != ':'; value++) {
		value += value[0] == '\\' && value[1] == ':';
		*out++ = *value;
	}
	*out = '\0';
	*ret_path = path;
	*ret_rest = *value ? value + 1 : NULL;
	return 0;
}

/* The path of an option, made absolute, and what stands behind its colon. */
static int take_path(struct sandbox *s, const struct option_entry *entry, const char **ret_path, const char **ret_rest)
{
	const char *path;

	if (split(&s->b, entry->values[0], &path, ret_rest) < 0)
		return -1;
	if (*path == '\0')
		return fail(s->b.error, 0, "option '--%s': '%s' begins with a path", entry->row->name, entry->values[0]);
	*ret_path = sandbox_absolute(&s->b, path);
	return *ret_path ? 0 : -1;
}

static int add_bind(struct sandbox *s, const struct option_entry *entry)
{
	static const enum hull_step_kind kinds[] = { [OP_RO] = HULL_STEP_RO_BIND, [OP_RW] = HULL_STEP_BIND, [OP_DEV] = HULL_STEP_DEV_BIND,
		[OP_RO_TRY] = HULL_STEP_RO_BIND, [OP_RW_TRY] = HULL_STEP_BIND, [OP_DEV_TRY] = HULL_STEP_DEV_BIND };
	const char *path, *target;

	if (take_path(s, entry, &path, &target) < 0)
		return -1;
	if (target && target[0] != '/')
		return fail(s->b.error, 0, "option '--%s': the place in the sandbox is an absolute path, got '%s'", entry->row->name, target);
	target = target ? sandbox_absolute(&s->b, target) : path;
	if (!target)
		return -1;
	sandbox_step(&s->b, kinds[entry->row->tag], path, target)->optional = entry->row->tag >= OP_RO_TRY;
	return 0;
}

static int add_tmpfs(struct sandbox *s, const struct option_entry *entry)
{
	enum { EVERYBODYS = 01777 };
	const char *path, *size;
	struct hull_step *step;
	uint64_t bytes = 0;

	if (take_path(s, entry, &path, &size) < 0)
		return -1;
	if (size && (text_to_size(size, &bytes) < 0 || bytes == 0))
		return fail(s->b.error, 0, "option '--tmpfs': expected a size like 64m, got '%s'", size);
	step = sandbox_step(&s->b, HULL_STEP_TMPFS, NULL, path);
	step->bytes = bytes;
	step->mode = EVERYBODYS;
	step->mode_set = true;
	return 0;
}

static int add_place(struct sandbox *s, const struct option_entry *entry)
{
	const char *path = sandbox_absolute(&s->b, entry->values[0]), **layers;
	struct hull_step *step;

	if (!path)
		return -1;
	if (entry->row->tag == OP_HIDE) {
		(void)sandbox_step(&s->b, HULL_STEP_HIDE, NULL, path); /* that is all of it */
		return 0;
	}
	layers = sandbox_list(&s->b, 1);
	if (!layers)
		return -1;
	layers[0] = path;
	step = sandbox_step(&s->b, HULL_STEP_TMP_OVERLAY, NULL, path);
	step->layers = layers;
	return 0;
}

/* "NAME=VALUE" sets; "NAME" passes the caller's variable, also one that is held back otherwise. */
static int add_env(struct sandbox *s, const struct option_entry *entry)
{
	const char *value;
	char *name;

	if (entry->row->tag == OP_CLEAR_ENV) {
		sandbox_clear_env(&s->b);
		return 0;
	}
	if (entry->row->tag == OP_UNSET_ENV)
		return sandbox_set_env(&s->b, "--unset-env", entry->values[0], NULL);
	value = strchr(entry->values[0], '=');
	name = sandbox_copy(&s->b, entry->values[0], strcspn(entry->values[0], "="));
	if (!name)
		return -1;
	return sandbox_set_env(&s->b, "--env", name, value ? value + 1 : getenv(name));
}

/* A comma's list of namespaces. */
static int add_share(struct sandbox *s, const struct option_entry *entry)
{
	static const struct {
		const char *name;
		unsigned int namespace;
	} words[] = {
		{ "user", HULL_NS_USER }, { "pid", HULL_NS_PID }, { "ipc", HULL_NS_IPC }, { "net", HULL_NS_NET }, { "uts", HULL_NS_UTS },
		{ "cgroup", HULL_NS_CGROUP },
	};
	const char *at = entry->values[0];

	while (at) {
		size_t length = strcspn(at, ","), i = 0;

		while (i < ARRAY_SIZE(words) && (strlen(words[i].name) != length || memcmp(words[i].name, at, length) != 0))
			i++;
		if (i == ARRAY_SIZE(words))
			return fail(s->b.error, 0, "option '--share': '%.*s' is none of: user, pid, ipc, net, uts, cgroup", (int)length, at);
		s->shared |= words[i].namespace;
		at = at[length] ? at + length + 1 : NULL;
	}
	return 0;
}

static int (*const operations[])(struct sandbox *s, const struct option_entry *entry) = {
	[OP_RO] = add_bind, [OP_RW] = add_bind, [OP_DEV] = add_bind, [OP_RO_TRY] = add_bind, [OP_RW_TRY] = add_bind, [OP_DEV_TRY] = add_bind, [OP_TMPFS] = add_tmpfs, [OP_HIDE] = add_place, [OP_OVERLAY] = add_place,
	[OP_ENV] = add_env, [OP_UNSET_ENV] = add_env, [OP_CLEAR_ENV] = add_env, [OP_SHARE] = add_share,
};
_Static_assert(ARRAY_SIZE(operations) == OP_MAX, "a function for each operation");

/* "UID[:GID]"; the group is the same number when there is none. */
static int set_ids(struct sandbox_build *b, const char *text)
{
	const char *colon = strchr(text, ':');
	char *uid = sandbox_copy(b, text, strcspn(text, ":"));
	uint32_t number, group;

	if (!uid)
		return -1;
	if (text_to_u32(uid, &number) < 0 || number == UINT32_MAX || text_to_u32(colon ? colon + 1 : uid, &group) < 0 || group == UINT32_MAX)
		return fail(b->error, 0, "option '--as': expected UID or UID:GID, got '%s'", text);
	b->o.as_uid = number;
	b->o.as_gid = group;
	return 0;
}

static int build(struct sandbox *s, struct sandbox_flags *f, struct error *e)
{
	const unsigned int all = HULL_NS_USER | HULL_NS_PID | HULL_NS_IPC | HULL_NS_NET | HULL_NS_UTS | HULL_NS_CGROUP;

	if (sandbox_begin(&s->b, &f->o, &f->log, e) < 0)
		return -1;
	for (size_t i = 0; i < f->log.n; i++)
		if (operations[f->log.entries[i].row->tag](s, &f->log.entries[i]) < 0)
			return -1;
	if (f->as && set_ids(&s->b, f->as) < 0)
		return -1;
	if (f->tty && f->no_tty)
		return fail(e, 0, "options '--tty' and '--no-tty' exclude each other");
	if (f->tty || f->no_tty)
		s->b.o.tty = f->tty;
	if (s->shared == all)
		return fail(e, 0, "option '--share': with all namespaces shared there is no sandbox");
	if ((s->shared & HULL_NS_USER) && geteuid() != 0)
		return fail(e, 0, "option '--share': an ordinary user cannot share the user namespace: the kernel lets him make the others in one of his own only");
	if (s->shared)
		s->b.o.namespaces = all & ~s->shared;
	return 0;
}

/* What --dry-run and --print-config say instead of running the command. */
static int print(const struct cli *cli, const struct sandbox_build *b, char **args, bool config, int failure)
{
	struct hull_sandbox_options o = b->o;
	scope_free char *text = NULL;
	int r;

	o.args = (const char *const *)args;
	r = config ? hull_sandbox_config(cli->hull, &o, &text) : hull_sandbox_explain(cli->hull, &o, false, &text);
	if (r < 0) {
		(void)cli_library_failed(cli);
		return failure;
	}
	return cli_print(cli, text) ? failure : 0;
}

static int sandbox_command_run(const struct cli *cli, void *flags, int n_operands, char **operands)
{
	enum { ITSELF_FAILED = 125 };
	struct sandbox_flags *f = flags;
	struct sandbox s = { .shared = 0 };
	struct error e = { .text = "" };
	char posix_shell[] = "/bin/sh", *shell[] = { getenv("SHELL"), NULL };
	char **args = n_operands > 0 ? operands : shell;

	if (!shell[0] || shell[0][0] != '/')
		shell[0] = posix_shell;
	if (build(&s, f, &e) < 0) {
		(void)cli_fail(cli, "%s", e.text);
		return ITSELF_FAILED;
	}
	if (f->dry_run || f->print_config)
		return print(cli, &s.b, args, f->print_config, ITSELF_FAILED);
	return sandbox_run(cli, &s.b, args, ITSELF_FAILED);
}

const struct command sandbox_command = {
	.name = "sandbox",
	.operands = "[COMMAND [ARGUMENT...]]",
	.summary = "run a command in a throwaway container",
	.description =
		"Runs COMMAND (default: $SHELL, or /bin/sh) in a fresh container on the host's own root directory, as the caller, without root, daemon, image or "
		"setuid, and removes the container at its end. Told nothing else, it sees the host's files read-only, has a /tmp, /run, /dev and /proc of its own, "
		"no network but lo, and neither privileges nor a way to get some.\n\n"
		"--ro, --rw, --dev, --tmpfs, --hide and --overlay are done in the order given, so a later one may cover an earlier one; what they show is always "
		"what the host had before the first. DEST and the places of --tmpfs need not exist. A colon of the path's own is written '\\:'.\n\n"
		"A profile is a file with an option a line, without dashes, its value behind it: 'ro ~/src', 'net host', 'nest'. Lines that begin with # are "
		"comments; ~, $HOME, $USER and $XDG_RUNTIME_DIR are known, $$ is a dollar; 'include NAME' inserts another profile. Profiles are looked for in "
		"$XDG_CONFIG_HOME/hull/profiles (~/.config/hull/profiles), /etc/hull/profiles and PREFIX/share/hull/profiles (the first must belong to the caller or "
		"root: HOME may be somebody else's); a NAME with a slash is a path, relative to the profile that includes it. A profile's options are processed where it is named.\n\n"
		"The environment is the caller's without what names sockets, sessions or secrets of his; --env NAME lets one of these in. Left out are XDG_RUNTIME_DIR, "
		"XDG_VTNR, DISPLAY, XAUTHORITY, ICEAUTHORITY, SESSION_MANAGER, STY, INVOCATION_ID, JOURNAL_STREAM, LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES, "
		"NOTIFY_SOCKET, DOCKER_HOST, CONTAINER_HOST, KUBECONFIG, DATABASE_URL; what begins with SSH_, GPG_, DBUS_, XDG_SESSION_, XDG_SEAT, WAYLAND_, PULSE_, "
		"PIPEWIRE_, TMUX, WATCHDOG_, SUDO_, HULL_, AWS_, AZURE_, GOOGLE_APPLICATION_; and what contains TOKEN, SECRET, PASSW, PASSPHRASE, CREDENTIAL, API_KEY, "
		"APIKEY, PRIVATE_KEY or _DSN.\n\n"
		"What it may ask of the kernel, with reasons, is in hull-syscalls(7). What the caller may read, the command may read, his home directory too: --hide "
		"it, or use another --rootfs, for what you do not trust with it. It may talk to sockets in the file tree outside of /run and /tmp. /sys is the host's, "
		"read-only. With --nest no second wall stands and much more of the kernel is in reach; root's inner sandboxes then "
		"share the processes of the outermost one, since a /proc of their own would be one in which user 0 may write the machine's settings. --rw as root is "
		"for commands you trust: a file of root's made set-user-ID there is so on the host. "
		"With --cap-add SYS_ADMIN and --nest (or --syscalls) the mounts can be undone: what they hide or keep from being written is then open to whoever may do "
		"it outside; --require refuses that. 'unshare -Ur' inside of --nest gives the same rights over mounts of its own.\n\n"
		"Process 1 of the sandbox is hull's own, and the command its child; when hull is killed, the kernel kills process 1 for it, and with it all others. With "
		"--as-pid-1 the command is process 1: signals have no default action then (signal(7); hull carries it out for those that it is sent itself), a broken pipe "
		"does not end it, and it can outlive a hull that is killed. --name, --result, --memory, --cpus, --pids, --time, --wall and --require full want hull's. Ignored "
		"and blocked signals, the umask and the session are the caller's.\n\n"
		"--memory, --cpus and --pids are held by a cgroup for all processes together, as root and where the caller's own cgroup was delegated to him; the "
		"sandbox then is in 'hull list' as sandbox-PID-RANDOM, and what a killed hull leaves of it is removed by the next one that makes a cgroup, or by "
		"'hull delete'. Elsewhere --memory is the address space of each process (RLIMIT_AS), --pids the number of processes in the user namespace "
		"(RLIMIT_NPROC; not for root), and --cpus is refused. --time is that of all processes together, watched by hull: some hundredths of a second may come "
		"on top, and without a cgroup whatever children used that nobody waited for; --fsize, --nofile, --stack and --core are rlimits. When --time or --wall is over, all processes are "
		"killed; with '--share pid' all that are found below the first one, which a command of the same user can kill before: then they go on.\n\n"
		"--result writes one JSON object, also when hull fails: to FILE, which is replaced as a whole, or to the descriptor FD. 'status' is OK, RE (exit code not "
		"0), SG (killed by a signal), TO (--time or --wall) or XX (hull failed: 'error' says why); 'exit_code', or 'signal', 'signal_name' and 'core_dumped'; "
		"'killed': by hull; 'limit': the limit that ended it, or null; 'oom', 'oom_kills', 'pids_refused': what cgroups say; 'wall', 'cpu', 'user', 'system': "
		"seconds, the last two of all processes that ended in the sandbox; 'max_rss' of the largest process and 'memory_peak' of the cgroup: bytes; "
		"'switches_voluntary', 'switches_forced', 'faults_minor', 'faults_major'; 'pid': of the first process, outside; 'command'; 'limits': for each its "
		"'value' and 'held_by': cgroup, rlimit or hull. Members that are not known are left out; 'version' is 1.\n\n"
		"--require takes one or more of basic (user, mount and process namespaces, no_new_privs), standard (also ipc, network, host name and cgroup namespaces, no "
		"capabilities, hull's own system-call filter and not one of --syscalls FILE), full (also Landlock, and a process 1 of hull's) and limits (--memory, --cpus and --pids by cgroups), with commas: where other options or "
		"this host give less, the command is not run. Without it only Landlock is done without where the kernel has none.\n\n"
		"--runtime hands the sandbox over to another OCI runtime, as a bundle in a private directory of /run or /tmp that is removed at the end: to runsc or Kata's for another "
		"kernel between the command and this one, or to crun or runc. What config.json has no words for is refused with its option: --hide, --overlay, "
		"--init, --result, --name, --time, --wall, --plugin, --preserve-fds, --die-with-parent, --writable-root, and mount points that are not there. Landlock is hull's and is not part of it, "
		"nor are the root directory's plain files; the system-call filter refuses what it can in the words of libseccomp. Status, signals and the terminal are passed on as "
		"that runtime does it; what it needs of the caller and the host is its own matter (runc wants --as 0 of an ordinary user). With --print-config, that document.\n\n"
		"A standard stream that is closed is closed inside, too. A script without #! is run by /bin/sh. The exit code is the command's, or 128 plus the number of the signal that killed it; 125 when hull itself "
		"fails, 126 when the command cannot be "
		"executed and 127 when it was not found.",
	.examples = (const struct example[]){
		{ "hull sandbox", "a shell that can do no harm" },
		{ "hull sandbox --rw . make", "build in this directory, and write nowhere else" },
		{ "hull sandbox --net host --hide ~/.ssh curl -sO https://example.org/x", "with the network, without the keys" },
		{ "hull sandbox --memory 256m --time 2 --pids 16 --result /tmp/result.json ./untrusted", "judge an untrusted program" },
		{ "hull sandbox --profile build --print-config make", "what it would be as a bundle's config.json" },
		{ "hull sandbox --runtime 'runsc --network=none' ./hostile", "with gVisor's kernel between" },
		{ NULL, NULL } },
	.max = MANY, .stop_at = 1, .failure = 125, .flags = COMMAND_TAKES_PATH | COMMAND_ENTERS | COMMAND_STREAMS,
	COMMAND_OPTIONS(rows, struct sandbox_flags),
	.run = sandbox_command_run,
};
