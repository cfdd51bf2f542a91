/*
 * The sandbox's spec in words that every OCI runtime knows.
 *
 * The root is an empty directory of ours (handover.c), into which each directory in the host's root is bound: "/" itself cannot be pivoted into, and mount points
 * that are missing at its top are then not made on the host. Below, a missing one is an error here, since others would make it. Flags that count for all mounts
 * below ("rro") are not known to all: each of these mounts is bound again with the plain ones. From within a user namespace the kernel lets nobody take a flag away
 * that a mount of the host's has (mount_namespaces(7)); older runtimes try, so that it stands among the words.
 *
 * Rules of our system-call filter that exclude each other by their order mean something else, or nothing, to libseccomp. A call keeps what is let through
 * whatever the order; what is refused for some arguments first and then let through is let through as a whole: it is about the caller's terminal and process
 * group, and there the command gets its own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/io.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/text.h"
#include "run/handover.h"

enum { ROOT_ENTRIES_MAX = 256, MOUNTS_MAX = 2048, MOUNTINFO_MAX = 1 << 20, PROTOCOLS = 0x1f /* TCP, UDP and ICMP, but not SCTP, DCCP, L2TP */ };

int handover_check(struct sandbox *s, const struct hull_sandbox_options *given)
{
	const struct {
		const char *option;
		bool set;
	} options[] = {
		{ "--init", given->init }, { "--result", given->result }, { "--name", given->name }, { "--time", given->time }, { "--wall", given->wall },
		{ "--plugin", given->plugins && given->plugins[0] }, { "--plugin-dir", given->plugin_dir }, { "--preserve-fds", given->preserve_fds > 0 },
		{ "--die-with-parent", given->die_with_parent }, { "--writable-root", given->rootfs_writable }, { "--runtime", given->bare },
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].set)
			return fail(&s->job->hull->error, 0, "--runtime: option '%s' cannot be handed over to another runtime", options[i].option);
	s->o.init = false; /* what other options made of it */
	if (s->o.tty < 0)
		s->o.tty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	return 0;
}

/* Ours go; flags that count for everything below become plain ones. */
static void translate_options(struct mount *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->options.n; i++) {
		char *option = m->options.v[i];

		if (!text_after(option, "hull.") && !text_equal(option, "nofail"))
			m->options.v[n++] = option + (text_equal(option, "rro") || text_equal(option, "rnosuid") || text_equal(option, "rnodev"));
	}
	m->options.n = n;
}

static bool has_option(const struct mount *m, const char *word)
{
	for (size_t i = 0; i < m->options.n; i++)
		if (text_equal(m->options.v[i], word))
			return true;
	return false;
}

static bool is_bind(const struct mount *m)
{
	return has_option(m, "rbind") || has_option(m, "bind");
}

/* Whether something of our own covers a whole entry of the root. */
static bool is_covered(const struct spec *spec, const char *destination)
{
	for (size_t i = 0; i < spec->mounts.n; i++)
		if (text_equal(spec->mounts.v[i].destination, destination))
			return true;
	return false;
}

static void add_entry(struct arena *arena, const struct spec *spec, const char *root, const char *name, struct mount_list *list)
{
	static const char *const words[] = { "rbind", "rro", "rnosuid", "rnodev" };
	char *destination = arena_printf(arena, "/%s", name);
	struct mount m = { .destination = destination, .type = arena_strdup(arena, "bind"), .options = { .v = arena_many(arena, char *, ARRAY_SIZE(words)) } };
	struct stat st;

	m.source = arena_printf(arena, "%s/%s", text_equal(root, "/") ? "" : root, name);
	if (is_covered(spec, destination) || lstat(m.source, &st) < 0 || !S_ISDIR(st.st_mode) || access(m.source, R_OK | X_OK) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		m.options.v[m.options.n++] = arena_strdup(arena, words[i]);
	list->v[list->n++] = m;
}

/* The host's mount points, as they are called here. */
static int read_mount_points(struct sandbox *s, struct string_list *ret_list)
{
	struct arena *arena = &s->job->hull->arena;
	struct string_list list = { 0 };
	char *text, *line, *field;
	int r = io_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, arena, &text, NULL);

	if (r < 0)
		return fail(&s->job->hull->error, r, "--runtime: cannot read '/proc/self/mountinfo'");
	list.v = arena_many(arena, char *, MOUNTS_MAX);
	while ((line = strsep(&text, "\n"))) {
		for (int i = 0; i < 4; i++)
			(void)strsep(&line, " "); /* ids, device, root */
		field = strsep(&line, " ");
		if (!field)
			continue;
		if (list.n == MOUNTS_MAX)
			return fail(&s->job->hull->error, 0, "--runtime: this host has more than %d mounts, each of which would have to be made read-only", MOUNTS_MAX);
		text_unescape_octal(field);
		list.v[list.n++] = field;
	}
	*ret_list = list;
	return 0;
}

/* A mount, and for one that binds a tree, every mount that lies in that again: with its flags. Others at the same place come later. */
static void add_with_below(struct arena *arena, const struct mount *m, const struct string_list *points, struct mount_list *list)
{
	list->v[list->n++] = *m;
	for (size_t i = 0; has_option(m, "rbind") && i < points->n && list->n < MOUNTS_MAX; i++) {
		const char *rest = path_below(points->v[i], m->source);
		struct mount *below = &list->v[list->n];

		if (!rest || !*rest || access(points->v[i], F_OK) < 0) /* the command cannot reach it either */
			continue;
		*below = *m;
		below->destination = arena_printf(arena, "%s%s", m->destination, rest);
		below->source = points->v[i];
		below->options.v = arena_many(arena, char *, m->options.n);
		memcpy(below->options.v, m->options.v, m->options.n * sizeof(*m->options.v));
		list->n++;
	}
}

/* What may be missing and is goes, and the name of our terminal, which the other runtime gives to its own. */
static void drop_missing(struct mount_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (!has_option(&list->v[i], "nofail") || (access(list->v[i].source, F_OK) == 0 && !text_equal(list->v[i].destination, "/dev/console")))
			list->v[n++] = list->v[i];
	list->n = n;
}

/* The directories of the root, then what stands in the spec. */
static int bind_root(struct sandbox *s)
{
	struct arena *arena = &s->job->hull->arena;
	struct spec *spec = &s->job->spec;
	struct mount_list entries = { .v = arena_many(arena, struct mount, ROOT_ENTRIES_MAX + spec->mounts.n) };
	struct mount_list list = { .v = arena_many(arena, struct mount, MOUNTS_MAX + 1) };
	struct string_list points = { 0 };
	DIR *dir = opendir(spec->root.path);
	struct dirent *entry;

	if (!dir)
		return fail(&s->job->hull->error, errno, "--runtime: cannot read '%s'", spec->root.path);
	while ((entry = readdir(dir)) && entries.n < ROOT_ENTRIES_MAX)
		if (!text_equal(entry->d_name, ".") && !text_equal(entry->d_name, ".."))
			add_entry(arena, spec, spec->root.path, entry->d_name, &entries);
	(void)closedir(dir); /* it was read */
	if (read_mount_points(s, &points) < 0)
		return -1;
	for (size_t i = 0; i < spec->mounts.n; i++)
		entries.v[entries.n++] = spec->mounts.v[i];
	for (size_t i = 0; i < entries.n && list.n < MOUNTS_MAX; i++)
		add_with_below(arena, &entries.v[i], &points, &list);
	if (list.n == MOUNTS_MAX)
		return fail(&s->job->hull->error, 0, "--runtime: more than %d mounts", MOUNTS_MAX - 1);
	spec->mounts = list;
	return 0;
}

/* A mount point below something of the host's must be there: the other runtime would make it on the host. */
static int check_mount_point(struct sandbox *s, size_t at)
{
	const struct mount_list *list = &s->job->spec.mounts;
	const struct mount *m = &list->v[at];

	for (size_t i = at; i-- > 0;) {
		const char *rest = path_below(m->destination, list->v[i].destination);

		if (!rest)
			continue;
		if (is_bind(&list->v[i]) && access(arena_printf(&s->job->hull->arena, "%s%s", list->v[i].source, rest), F_OK) < 0)
			return fail(&s->job->hull->error, 0, "--runtime: '%s' does not exist, and another runtime would make it on the host", m->destination);
		return 0;
	}
	return 0;
}

/* The host's "noexec": the one such flag that is not among our words already. */
static void keep_noexec(struct arena *arena, struct mount *m)
{
	struct statvfs fs;
	char **words;

	if (has_option(m, "noexec") || statvfs(m->source, &fs) < 0 || !(fs.f_flag & ST_NOEXEC))
		return;
	words = arena_many(arena, char *, m->options.n + 1);
	memcpy(words, m->options.v, m->options.n * sizeof(*words));
	words[m->options.n++] = arena_strdup(arena, "noexec");
	m->options.v = words;
}

static int translate_mount(struct sandbox *s, size_t at)
{
	struct mount *m = &s->job->spec.mounts.v[at];

	if (text_after(m->type, "hull.") || text_equal(m->type, "overlay"))
		return fail(&s->job->hull->error, 0, "--runtime: option '--%s' cannot be handed over to another runtime",
			text_equal(m->type, "overlay") ? "overlay" : m->type + strlen("hull."));
	if (text_equal(m->type, "none"))
		m->type = arena_strdup(&s->job->hull->arena, "bind");
	if (check_mount_point(s, at) < 0)
		return -1;
	translate_options(m);
	if (is_bind(m))
		keep_noexec(&s->job->hull->arena, m);
	return 0;
}

/* Rules of one call: those that hold whatever stands beside them. Return: false: it is left out. */
static bool translate_rule(struct arena *arena, struct seccomp_rule *rule)
{
	struct seccomp_arg *args = rule->args.v;
	bool any = rule->args.n == 1 && args[0].op == OPERATOR_GE && args[0].value == 0;

	if (rule->args.n == 0)
		return true;
	if (rule->action != ACTION_ALLOW || (any && text_equal(rule->names.v[0], "socketcall"))) /* whose arguments no filter sees */
		return false;
	if (any)
		rule->args.n = 0;
	/* the internet's sockets: rules before refuse protocols */
	if (!any && text_equal(rule->names.v[0], "socket") && args[0].value_two == AF_INET) {
		rule->args.v = arena_many(arena, struct seccomp_arg, rule->args.n + 1);
		memcpy(rule->args.v, args, rule->args.n * sizeof(*args));
		rule->args.v[rule->args.n++] = (struct seccomp_arg){ .index = 2, .op = OPERATOR_MASKED_EQ, .value = (uint32_t)~PROTOCOLS };
	}
	return true;
}

static void translate_filter(struct sandbox *s)
{
	struct seccomp *seccomp = s->job->spec.linux.seccomp;
	size_t n = 0;

	if (!seccomp || (s->o.syscalls && !text_equal(s->o.syscalls, "default")))
		return;
	for (size_t i = 0; i < seccomp->syscalls.n; i++)
		if (translate_rule(&s->job->hull->arena, &seccomp->syscalls.v[i]))
			seccomp->syscalls.v[n++] = seccomp->syscalls.v[i];
	seccomp->syscalls.n = n;
}

int handover_adapt(struct sandbox *s)
{
	struct arena *arena = &s->job->hull->arena;
	struct spec *spec = &s->job->spec;
	struct winsize size;

	drop_missing(&spec->mounts);
	if (bind_root(s) < 0)
		return -1;
	for (size_t i = 0; i < spec->mounts.n; i++)
		if (translate_mount(s, i) < 0)
			return -1;
	translate_filter(s);
	if (spec->process.terminal && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) {
		spec->process.console_size.set = true;
		spec->process.console_size.height = size.ws_row;
		spec->process.console_size.width = size.ws_col;
	}
	spec->hull = (struct hull_extension){ 0 };
	if (sandbox_require(s) < 0)
		return -1;
	spec->oci_version = arena_strdup(arena, "1.0.2"); /* that of the words used, and all that older runtimes take */
	spec->root.path = arena_strdup(arena, "rootfs");
	return 0;
}
