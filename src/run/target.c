/*
 * Reading a process that somebody else started.
 *
 * Everything is read through one descriptor of /proc/PID, which is opened before the pidfd and still answers after it: so both are the same process,
 * whatever happens to its number. Identity is read before the namespaces are looked at: a process can only go down into user namespaces of its own, so what it
 * may do can only have become less until then; and what was looked at is compared again before the command is executed (target_check_namespaces()).
 *
 * One setns(2) with the pidfd takes all namespaces in one step, and the kernel asks for every one of them whether we, as who we were before,
 * have CAP_SYS_ADMIN in the user namespace that owns it (kernel/nsproxy.c, validate_nsset()). We have if we are root over it, or own a user namespace above
 * it (user_namespaces(7)). So there is no order to be found among user namespace and the others: a process in one user namespace whose mounts belong to an
 * outer one (bubblewrap's with a uid that is not 0) can be entered in no order of single steps, but in this one step.
 */
#include "run/target.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "aspect/idmap.h"
#include "base/io.h"
#include "base/path.h"
#include "base/process.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* a process may have 65536 groups; an environment or a passwd file that is larger is not read */
enum { TARGET_STATUS_MAX = 1 << 20, TARGET_MAP_MAX = 64 << 10, TARGET_ENV_MAX = 1 << 20, TARGET_PASSWD_MAX = 4 << 20, TARGET_LINK_MAX = 4096 };

static const struct {
	uint64_t flag;
	const char *file;
} kinds[] = {
#define X(id, name, flag, file) [NAMESPACE_##id] = { flag, "ns/" file },
	NAMESPACE_TYPES(X)
#undef X
};
_Static_assert(ARRAY_SIZE(kinds) == NAMESPACE_MAX, "every namespace has a flag and a file");

uint64_t target_flags(const uint64_t *own, const uint64_t *its)
{
	uint64_t flags = 0;

	for (int type = 0; type < NAMESPACE_MAX; type++)
		if (own[type] != 0 && its[type] != 0 && own[type] != its[type])
			flags |= kinds[type].flag;
	return flags;
}

/* Cut the next word off; *@s moves behind it. NULL: the line has no more. */
static char *next_word(struct arena *arena, const char **s)
{
	size_t length;
	char *word;

	*s += strspn(*s, " \t");
	length = strcspn(*s, " \t\n");
	if (length == 0)
		return NULL;
	word = arena_strndup(arena, *s, length);
	*s += length;
	return word;
}

/* The value of the line "NAME:…", NULL: there is none. */
static const char *field(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (;;) {
		if (strncmp(text, name, length) == 0 && text[length] == ':')
			return text + length + 1;
		text = strchr(text, '\n');
		if (!text)
			return NULL;
		text++;
	}
}

/* "Uid:" and "Gid:" have four: real, effective, saved, of the file system. */
static int effective_id(struct arena *arena, const char *text, const char *name, uint32_t *ret_id)
{
	const char *s = field(text, name), *word;

	if (!s || !next_word(arena, &s))
		return -EINVAL;
	word = next_word(arena, &s);
	return word ? text_to_u32(word, ret_id) : -EINVAL;
}

static int capability_set(struct arena *arena, const char *text, const char *name, uint64_t *ret_set)
{
	const char *s = field(text, name), *word = s ? next_word(arena, &s) : NULL;

	return word ? text_to_hex(word, ret_set) : -EINVAL;
}

static int group_list(struct arena *arena, const char *text, struct target_status *status)
{
	const char *s = field(text, "Groups"), *word;
	size_t n = 0;

	if (!s)
		return -EINVAL;
	for (const char *p = s; *p != '\0' && *p != '\n'; p++)
		n += *p == ' ' || *p == '\t';
	status->groups.v = arena_many(arena, uint32_t, n + 1);
	while ((word = next_word(arena, &s)))
		if (text_to_u32(word, &status->groups.v[status->groups.n++]) < 0)
			return -EINVAL;
	return 0;
}

int target_parse_status(struct arena *arena, const char *text, struct target_status *ret_status)
{
	struct target_status status = { .capabilities.set = true };
	struct capabilities *caps = &status.capabilities;
	const char *s, *word;

	if (effective_id(arena, text, "Uid", &status.uid) < 0 || effective_id(arena, text, "Gid", &status.gid) < 0 ||
		group_list(arena, text, &status) < 0)
		return -EINVAL;
	if (capability_set(arena, text, "CapBnd", &caps->bounding) < 0 || capability_set(arena, text, "CapPrm", &caps->permitted) < 0 ||
		capability_set(arena, text, "CapEff", &caps->effective) < 0 || capability_set(arena, text, "CapInh", &caps->inheritable) < 0 ||
		capability_set(arena, text, "CapAmb", &caps->ambient) < 0)
		return -EINVAL;
	s = field(text, "NoNewPrivs");
	word = s ? next_word(arena, &s) : NULL;
	status.no_new_privileges = word && text_equal(word, "1");
	s = field(text, "Seccomp");
	word = s ? next_word(arena, &s) : NULL;
	status.strict = word && text_equal(word, "1");
	status.filtered = word && text_equal(word, "2");
	*ret_status = status;
	return 0;
}

/* One line of a map: what is inside, what is outside, how many. Return: the next line, NULL: there was none. */
static const char *map_line(struct arena *arena, const char *map, uint32_t *ret_numbers)
{
	size_t n = 0;

	if (*map == '\0')
		return NULL;
	for (; n < 3; n++) {
		const char *word = next_word(arena, &map);

		if (!word || text_to_u32(word, &ret_numbers[n]) < 0)
			return NULL;
	}
	return map + (*map == '\n');
}

int target_map_id(struct arena *arena, const char *map, uint32_t outside, uint32_t *ret_inside)
{
	uint32_t numbers[3];

	while ((map = map_line(arena, map, numbers)))
		if (outside >= numbers[1] && outside - numbers[1] < numbers[2]) {
			*ret_inside = numbers[0] + (outside - numbers[1]);
			return 0;
		}
	return -ENOENT;
}

bool target_has_id(struct arena *arena, const char *map, uint32_t inside)
{
	uint32_t numbers[3];

	while ((map = map_line(arena, map, numbers)))
		if (inside >= numbers[0] && inside - numbers[0] < numbers[2])
			return true;
	return false;
}

int target_check_ids(const struct target *t, struct arena *arena, struct error *e, const struct user *user)
{
	char *uids, *gids;

	if (!(t->flags & CLONE_NEWUSER) || io_read_file(t->proc, "uid_map", TARGET_MAP_MAX, arena, &uids, NULL) < 0 ||
		io_read_file(t->proc, "gid_map", TARGET_MAP_MAX, arena, &gids, NULL) < 0)
		return 0;
	if (!target_has_id(arena, uids, user->uid))
		return fail(e, 0, "--user: the user namespace of process %d has no user %u", t->pid, user->uid);
	if (!target_has_id(arena, gids, user->gid))
		return fail(e, 0, "--user: the user namespace of process %d has no group %u", t->pid, user->gid);
	return 0;
}

int target_account(int root, struct arena *arena, const char *name, uint32_t uid, struct account *ret_account)
{
	scope_fd int fd = path_open(root, "etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;
	char *text, *line;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	r = io_read_fd(fd, TARGET_PASSWD_MAX, arena, &text, NULL);
	if (r < 0)
		return r;
	while ((line = strsep(&text, "\n"))) {
		const char *its_name = strsep(&line, ":"), *its_uid, *its_gid;
		struct account account = { .name = its_name };

		(void)strsep(&line, ":"); /* the password */
		its_uid = strsep(&line, ":");
		its_gid = strsep(&line, ":");
		if (!its_gid || text_to_u32(its_uid, &account.uid) < 0 || text_to_u32(its_gid, &account.gid) < 0)
			continue;
		if (name ? text_equal(name, its_name) : account.uid == uid) {
			*ret_account = account;
			return 0;
		}
	}
	return -ENOENT;
}

static const char *read_link(int dir, const char *name, struct arena *arena)
{
	char path[TARGET_LINK_MAX];
	ssize_t n = readlinkat(dir, name, path, sizeof(path) - 1);

	return n > 0 ? arena_strndup(arena, path, (size_t)n) : NULL;
}

/* "user 1000 (smith)" */
static const char *user_words(struct arena *arena, uint32_t uid)
{
	const char *name = idmap_user_name(arena, "/etc/passwd", uid);

	return name ? arena_printf(arena, "user %u (%s)", uid, name) : arena_printf(arena, "user %u", uid);
}

static int fail_forbidden(const struct target *t, struct arena *arena, struct error *e, int errnum)
{
	if (errnum == ENOENT || errnum == ESRCH)
		return fail(e, 0, "process %d has ended", t->pid);
	if (errnum != EACCES && errnum != EPERM)
		return fail(e, errnum, "cannot look at process %d", t->pid);
	if (t->status.uid == geteuid())
		return fail(e, errnum, "cannot enter process %d: it is yours, but has privileges or secrets that you have not: run this as root", t->pid);
	if (t->status.uid == 0)
		return fail(e, errnum, "cannot enter process %d: it belongs to root: run this as root", t->pid);
	return fail(e, errnum, "cannot enter process %d: it belongs to %s: run this as that user or as root", t->pid, user_words(arena, t->status.uid));
}

static int read_status(struct target *t, struct arena *arena, struct error *e)
{
	char *text;
	int r = io_read_file(t->proc, "status", TARGET_STATUS_MAX, arena, &text, NULL);

	if (r == -ENOENT || r == -ESRCH)
		return fail(e, 0, "process %d has ended", t->pid);
	if (r == 0)
		r = target_parse_status(arena, text, &t->status);
	return r < 0 ? fail(e, r, "cannot read '/proc/%d/status'", t->pid) : 0;
}

static int read_namespaces(struct target *t, struct arena *arena, struct error *e)
{
	uint64_t own[NAMESPACE_MAX] = { 0 };
	struct stat st;

	for (int type = 0; type < NAMESPACE_MAX; type++) {
		if (stat(arena_printf(arena, "/proc/self/%s", kinds[type].file), &st) < 0)
			continue;
		own[type] = st.st_ino;
		if (fstatat(t->proc, kinds[type].file, &st, 0) < 0)
			return fail_forbidden(t, arena, e, errno);
		t->inode[type] = st.st_ino;
	}
	t->flags = target_flags(own, t->inode);
	return 0;
}

static int read_root(struct target *t, struct arena *arena, struct error *e)
{
	struct stat own, its;

	t->root = openat(t->proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (t->root < 0)
		return fail_forbidden(t, arena, e, errno);
	t->root_path = read_link(t->proc, "root", arena);
	if (!t->root_path || fstat(t->root, &its) < 0 || stat("/", &own) < 0)
		return fail(e, errno, "cannot look at the root directory of process %d", t->pid);
	t->other_root = its.st_dev != own.st_dev || its.st_ino != own.st_ino;
	return 0;
}

int target_open(struct target *t, pid_t pid, uint64_t birth, struct arena *arena, struct error *e)
{
	*t = (struct target){ .pid = pid, .proc = NO_FD, .pidfd = NO_FD, .root = NO_FD };
	t->proc = open(arena_printf(arena, "/proc/%d", pid), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (t->proc < 0)
		return fail(e, errno == ENOENT ? 0 : errno, "there is no process %d, or it is hidden from you", pid);
	t->pidfd = process_open(pid, birth);
	if (t->pidfd == -ESRCH)
		return fail(e, 0, "process %d has ended, or is a thread of another one", pid);
	if (t->pidfd < 0)
		return fail(e, t->pidfd, "cannot open process %d", pid);
	return read_status(t, arena, e) < 0 || read_namespaces(t, arena, e) < 0 ? -1 : read_root(t, arena, e);
}

void target_close(struct target *t)
{
	t->proc = close_fd(t->proc);
	t->pidfd = close_fd(t->pidfd);
	t->root = close_fd(t->root);
}

/* Its working directory as it is called inside, if it can be reached by that name. */
static char *working_directory(const struct target *t, struct arena *arena)
{
	const char *path = read_link(t->proc, "cwd", arena), *inside = path ? path_below(path, t->root_path) : NULL;
	scope_fd int fd = inside ? path_open(t->root, inside, O_PATH | O_DIRECTORY, 0) : NO_FD;
	struct stat its, found;

	if (fd < 0 || fstatat(t->proc, "cwd", &its, 0) < 0 || fstat(fd, &found) < 0 || its.st_dev != found.st_dev || its.st_ino != found.st_ino)
		return arena_strdup(arena, "/");
	return arena_strdup(arena, *inside ? inside : "/");
}

/* What its programs need to find each other and to speak the right language. Everything else (secrets, sockets) is its own. */
static void environment(const struct target *t, struct arena *arena, struct string_list *env)
{
	static const char *const wanted[] = { "PATH=", "LANG=", "LC_ALL=", "TZ=", "container=" };
	size_t length, at = 0;
	char *text;

	env->v = arena_many(arena, char *, ARRAY_SIZE(wanted));
	env->n = 0;
	if (io_read_file(t->proc, "environ", TARGET_ENV_MAX, arena, &text, &length) < 0)
		return;
	while (at < length && env->n < ARRAY_SIZE(wanted)) {
		for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
			if (text_after(text + at, wanted[i]))
				env->v[env->n++] = text + at;
		at += strlen(text + at) + 1;
	}
}

/* Ids of ours become the target's; supplementary groups that mean nothing there are left out. */
static int translate(const struct target *t, struct arena *arena, struct error *e, struct user *user)
{
	char *uids, *gids, *setgroups;
	size_t n = 0;

	if (io_read_file(t->proc, "uid_map", TARGET_MAP_MAX, arena, &uids, NULL) < 0 ||
		io_read_file(t->proc, "gid_map", TARGET_MAP_MAX, arena, &gids, NULL) < 0)
		return fail(e, 0, "cannot read the id maps of process %d", t->pid);
	if (target_map_id(arena, uids, t->status.uid, &user->uid) < 0 || target_map_id(arena, gids, t->status.gid, &user->gid) < 0)
		return fail(e, 0, "cannot become the user of process %d: its user namespace does not map %u:%u; name one that it maps with --user",
			t->pid, t->status.uid, t->status.gid);
	for (size_t i = 0; i < user->additional_gids.n; i++)
		n += target_map_id(arena, gids, user->additional_gids.v[i], &user->additional_gids.v[n]) == 0;
	user->additional_gids.n = n;
	if (io_read_file(t->proc, "setgroups", TARGET_MAP_MAX, arena, &setgroups, NULL) == 0 && text_after(setgroups, "deny"))
		user->additional_gids.n = 0;
	return 0;
}

int target_process(const struct target *t, bool other_user, struct arena *arena, struct error *e, struct process *ret_process)
{
	const struct target_status *status = &t->status;
	struct process process = { .capabilities = status->capabilities, .no_new_privileges = status->no_new_privileges };

	process.user.uid = status->uid;
	process.user.gid = status->gid;
	process.user.additional_gids.v = arena_many(arena, uint32_t, status->groups.n);
	process.user.additional_gids.n = status->groups.n;
	if (status->groups.n > 0)
		memcpy(process.user.additional_gids.v, status->groups.v, status->groups.n * sizeof(*status->groups.v));
	if ((t->flags & CLONE_NEWUSER) && translate(t, arena, e, &process.user) < 0 && !other_user)
		return -1;
	/* execve(2) gives root the whole bounding set: a root that has less than that is not to get more by us */
	if (process.user.uid == 0)
		process.capabilities.bounding &= process.capabilities.permitted;
	process.cwd = working_directory(t, arena);
	environment(t, arena, &process.env);
	*ret_process = process;
	return 0;
}

int target_check_namespaces(const struct target *t, pid_t pid, uint64_t but, struct arena *arena, struct error *e)
{
	struct stat st;

	for (int type = 0; type < NAMESPACE_MAX; type++) {
		if (!(t->flags & ~but & kinds[type].flag) ||
			stat(arena_printf(arena, "/proc/%d/%s", pid, kinds[type].file), &st) < 0)
			continue;
		if (st.st_ino != t->inode[type])
			return fail(e, 0, "process %d went into other namespaces while it was entered", t->pid);
	}
	return 0;
}
