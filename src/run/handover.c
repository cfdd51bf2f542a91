/*
 * hull sandbox --runtime: a bundle in a private directory, with a root of the shape that the host's has, is given to another OCI runtime, whose state is kept
 * there, too. hull stays in between to pass on signals and to take everything away at the end.
 */
#include "run/handover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/scope.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "base/text.h"
#include "base/tree.h"
#include "spec/oci.h"

extern char **environ;

enum { WORDS_MAX = 64, ARGUMENTS_MAX = 8 };

/*
 * @dir: the bundle;  @id: the container's
 * @program: the runtime's path;  @words, @n_words: how its command lines begin
 */
struct handover {
	struct sandbox *s;
	struct arena *arena;
	struct error *error;
	char *dir;
	const char *id, *program;
	char *words[WORDS_MAX + ARGUMENTS_MAX];
	size_t n_words;
};

/* execvp(3)'s search. */
static const char *find_program(struct arena *arena, const char *name)
{
	const char *path = getenv("PATH");

	if (strchr(name, '/'))
		return name;
	for (path = path ? path : "/usr/sbin:/usr/bin:/sbin:/bin"; *path; path += *path == ':') {
		size_t length = strcspn(path, ":");
		char *candidate = arena_printf(arena, "%.*s/%s", (int)length, path, name);

		if (length > 0 && access(candidate, X_OK) == 0)
			return candidate;
		path += length;
	}
	return NULL;
}

/* PROGRAM and its own options, at blanks. */
static int split_words(struct handover *h, const char *text)
{
	for (text += strspn(text, " "); *text && h->n_words < WORDS_MAX; text += strspn(text, " ")) {
		size_t length = strcspn(text, " ");

		h->words[h->n_words++] = arena_strndup(h->arena, text, length);
		text += length;
	}
	if (h->n_words == 0 || *text)
		return fail(h->error, 0, "--runtime: expected a program and its options, got '%s'", h->s->o.runtime);
	h->program = find_program(h->arena, h->words[0]);
	return h->program ? 0 : fail(h->error, 0, "--runtime: '%s' was not found in PATH", h->words[0]);
}

/* Below /run or /tmp, which the sandbox does not see. */
static int make_dir(struct handover *h)
{
	const char *own = getenv("XDG_RUNTIME_DIR");
	const char *base = geteuid() == 0 ? "/run" : own && text_after(own, "/run/") && access(own, W_OK) == 0 ? own : "/tmp";

	h->dir = arena_printf(h->arena, "%s/hull-runtime-XXXXXX", base);
	if (mkdtemp(h->dir))
		return 0;
	h->dir = NULL;
	return fail(h->error, errno, "--runtime: cannot make a directory in '%s'", base);
}

/* Unless it is shown: then the command could take hold of the other runtime by its state. */
static int check_hidden(const struct handover *h)
{
	const struct mount_list *list = &h->s->job->spec.mounts;

	for (size_t i = 0; i < list->n; i++) {
		char *parent = arena_strdup(h->arena, h->dir);
		struct stat its, st;

		if (!text_equal(list->v[i].type, "bind") || stat(list->v[i].source, &its) < 0)
			continue;
		while (strrchr(parent, '/') > parent) {
			*strrchr(parent, '/') = '\0';
			if (stat(parent, &st) == 0 && st.st_dev == its.st_dev && st.st_ino == its.st_ino)
				return fail(h->error, 0, "--runtime: with '%s' the command would see the other runtime's state", list->v[i].source);
		}
	}
	return 0;
}

/* One entry of the root that is made: a directory to be covered, or a symbolic link. */
static int make_entry(int from, const char *name, int to)
{
	char link[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return mkdirat(to, name, 0755) < 0 ? -errno : 0;
	n = S_ISLNK(st.st_mode) ? readlinkat(from, name, link, sizeof(link) - 1) : 0;
	link[n > 0 ? n : 0] = '\0';
	return n > 0 && symlinkat(link, to, name) < 0 ? -errno : 0;
}

static int make_root(const struct handover *h, const char *root)
{
	scope_fd int to = NO_FD;
	char *path = arena_printf(h->arena, "%s/rootfs", h->dir);
	DIR *dir = mkdir(path, 0755) < 0 ? NULL : opendir(root);
	struct dirent *entry;
	int r = 0;

	if (!dir || (to = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
		r = -errno;
		if (dir)
			(void)closedir(dir); /* opened above */
		return fail(h->error, r, "--runtime: cannot make '%s' after '%s'", path, root);
	}
	while (r == 0 && (entry = readdir(dir)))
		if (!text_equal(entry->d_name, ".") && !text_equal(entry->d_name, ".."))
			r = make_entry(dirfd(dir), entry->d_name, to);
	(void)closedir(dir); /* opened above */
	return r < 0 ? fail(h->error, r, "--runtime: cannot make '%s' after '%s'", path, root) : 0;
}

static int write_config(const struct handover *h)
{
	struct json_writer w = json_writer_on(h->arena, 0);
	const char *text;
	int r;

	spec_write(&w, &h->s->job->spec);
	text = json_text(&w);
	r = io_replace_file(AT_FDCWD, arena_printf(h->arena, "%s/config.json", h->dir), 0600, text, strlen(text));
	return r < 0 ? fail(h->error, r, "--runtime: cannot write '%s/config.json'", h->dir) : 0;
}

/*
 * A runtime may give its standard streams to the container's user (gVisor's does). If one is a device such as /dev/null, that would be the host's: so
 * root hands over a device of its own, on a tmpfs that goes with it.
 * Return: 0 and *ret_fd, NO_FD: @fd will do;  -errno.
 */
static int own_device(int fd, int *ret_fd)
{
	scope_fd int fs = NO_FD, mount = NO_FD;
	struct stat st;
	int r;

	*ret_fd = NO_FD;
	if (geteuid() != 0 || fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || isatty(fd))
		return 0;
	fs = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
	r = fs < 0 ? fs : sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	mount = r < 0 ? r : sys_fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (mount < 0)
		return mount;
	if (mknodat(mount, "device", S_IFCHR | 0666, st.st_rdev) < 0)
		return -errno;
	*ret_fd = openat(mount, "device", (fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK)) | O_NOCTTY | O_CLOEXEC);
	return *ret_fd < 0 ? -errno : 0;
}

/* Start the runtime with the words behind its own. Return: its pid or -errno. */
static pid_t start(struct handover *h, const char *const *more, bool quiet)
{
	char *argv[WORDS_MAX + ARGUMENTS_MAX + 1] = { NULL };
	int streams[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO }, own[] = { NO_FD, NO_FD, NO_FD };
	size_t n = h->n_words;
	pid_t pid = 0;

	for (size_t i = 0; i < ARRAY_SIZE(streams) && pid == 0; i++) {
		pid = quiet ? 0 : own_device(streams[i], &own[i]);
		streams[i] = quiet || own[i] >= 0 ? own[i] : streams[i];
	}
	memcpy(argv, h->words, n * sizeof(*argv));
	for (; *more; more++)
		argv[n++] = arena_strdup(h->arena, *more);
	if (pid == 0)
		pid = spawn_start(&(struct spawn){
			.path = h->program, .argv = argv, .envp = environ, .input = streams[0], .output = streams[1], .errors = streams[2] });
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		(void)close_fd(own[i]);
	return pid;
}

static int run_it(struct handover *h, const char *state, struct foreground *f, int *ret_status)
{
	struct launched child = { .pidfd = NO_FD, .console = NO_FD };
	int r;

	child.pid = start(h, (const char *const[]){ "--root", state, "run", "--bundle", h->dir, h->id, NULL }, false);
	if (child.pid < 0)
		return fail(h->error, child.pid, "--runtime: cannot execute '%s'", h->program);
	child.pidfd = sys_pidfd_open(child.pid, 0); /* our child, not waited for: it may have ended already, and the number is its own */
	if (child.pidfd >= 0) {
		r = foreground_serve(f, &child, h->error, ret_status);
	} else {
		(void)kill(child.pid, SIGKILL); /* gone is as good */
		(void)spawn_wait(child.pid, NULL); /* likewise */
		r = fail(h->error, child.pidfd, "--runtime: cannot watch '%s'", h->program);
	}
	(void)close_fd(child.pidfd);
	return r;
}

/* What a runtime leaves that was killed. */
static void clean_up(struct handover *h, const char *state)
{
	pid_t pid;
	int r;

	if (access(arena_printf(h->arena, "%s/%s", state, h->id), F_OK) == 0) {
		pid = start(h, (const char *const[]){ "--root", state, "delete", "--force", h->id, NULL }, true);
		if (pid > 0)
			(void)spawn_wait(pid, NULL); /* the directory goes in any case */
	}
	r = tree_remove(AT_FDCWD, h->dir);
	if (r < 0)
		log_write(&h->s->job->hull->log, LOG_LEVEL_WARNING, "cannot remove '%s': %s", h->dir, error_text(-r));
}

int handover_run(struct sandbox *s, int *ret_status)
{
	struct hull *hull = s->job->hull;
	struct handover h = { .s = s, .arena = &hull->arena, .error = &hull->error, .id = arena_printf(&hull->arena, "hull-%d", (int)getpid()) };
	struct foreground f = { .signals = NO_FD, .notify = NO_FD, .init_says = NO_FD, .shares_terminal = true };
	const char *state;
	int r;

	if (split_words(&h, s->o.runtime) < 0 || foreground_begin(&f, h.error) < 0)
		return -1;
	if (make_dir(&h) < 0) {
		foreground_end(&f);
		return -1;
	}
	state = arena_printf(h.arena, "%s/state", h.dir);
	r = check_hidden(&h);
	if (r == 0)
		r = make_root(&h, s->o.rootfs ? s->o.rootfs : "/");
	if (r == 0)
		r = write_config(&h);
	if (r == 0)
		r = run_it(&h, state, &f, ret_status);
	clean_up(&h, state);
	foreground_end(&f);
	return r;
}
