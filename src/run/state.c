/* The state directory. */
#include "run/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "aspect/cgroup.h"
#include "base/io.h"
#include "base/json.h"
#include "base/process.h"
#include "base/scope.h"

enum { LOCK_PAUSE_MAX_MS = 64 };

static const char *const status_names[] = {
	[STATUS_CREATING] = "creating", [STATUS_CREATED] = "created", [STATUS_RUNNING] = "running", [STATUS_PAUSED] = "paused",
	[STATUS_STOPPED] = "stopped",
};

/* What lies in every state directory of a container that was made, and what may lie there besides. */
static const char *const state_files[] = { "state.json", "config.json" };
static const char *const rare_files[] = { "start", "result", "notify/notify.sock" };

const char *state_status_name(enum state_status status)
{
	return status_names[status];
}

int state_check_id(const char *id, struct error *e)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-";
	size_t length = id ? strlen(id) : 0;

	if (length == 0)
		return fail(e, 0, "container id must not be empty");
	if (length > STATE_ID_MAX || length > NAME_MAX)
		return fail(e, 0, "invalid container id: longer than %d bytes", NAME_MAX);
	if (!strchr(first, id[0]) || id[strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.")])
		return fail(e, 0, "invalid container id '%s': only letters, digits, '_', '+', '-' and '.' (not first) are allowed", id);
	return 0;
}

/* Make the missing directories of an absolute path. */
static int make_parents(const char *path)
{
	char copy[PATH_MAX];
	size_t length = strlen(path);

	if (length >= sizeof(copy))
		return -ENAMETOOLONG;
	memcpy(copy, path, length + 1);
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

/* What to do about a directory that is somebody else's: the usual cause is an ordinary user's shell without XDG_RUNTIME_DIR. */
static const char *remedy(int errnum)
{
	return errnum == EACCES || errnum == EPERM || errnum == EROFS ? " (name one of yours with XDG_RUNTIME_DIR or --root)" : "";
}

/* Whoever else may rename what is in there chooses which process an ordinary user's `hull kill` finds. (Root's place is no matter of the environment.) */
static int check_owner(int fd, const char *path, struct error *e)
{
	struct stat st;
	uid_t uid = geteuid();

	if (uid == 0)
		return 0;
	if (fstat(fd, &st) < 0)
		return fail(e, errno, "cannot look at the state directory '%s'", path);
	if (st.st_uid != uid && st.st_uid != 0)
		return fail(e, 0, "the state directory '%s' belongs to user %u%s", path, st.st_uid, remedy(EPERM));
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
		return fail(e, 0, "the state directory '%s' can be written by everybody%s", path, remedy(EPERM));
	return 0;
}

int state_open_root(const char *path, bool make, struct error *e)
{
	int fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* musl's open() would set O_CLOEXEC by another call, too */
	int r;

	if (fd < 0 && errno == ENOENT && make) {
		r = make_parents(path);
		if (r < 0)
			return fail(e, r, "cannot make the directories above '%s'%s", path, remedy(-r));
		/* sticky: who tidies XDG_RUNTIME_DIR up leaves it alone, however old (XDG base directory specification) */
		if (mkdir(path, S_ISVTX | 0700) < 0 && errno != EEXIST)
			return fail(e, errno, "cannot make the state directory '%s'%s", path, remedy(errno));
		fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0 && errno == ENOENT && !make) {
		(void)fail(e, ENOENT, "cannot open the state directory '%s'", path); /* -1; we say more */
		return STATE_ABSENT;
	}
	if (fd < 0)
		return fail(e, errno, "cannot open the state directory '%s'%s", path, remedy(errno));
	if (check_owner(fd, path, e) == 0)
		return fd;
	(void)close_fd(fd);
	return -1;
}

/* flock(2) knows no timeout, and an alarm would be our caller's: so it is asked again and again, after 1 ms, and then after twice as long each time. */
static int wait_for_lock(int dir, int patience)
{
	int pause = 1, waited = 0;

	while (flock(dir, LOCK_EX | (patience == STATE_FOR_EVER ? 0 : LOCK_NB)) < 0) {
		if (errno != EINTR && errno != EWOULDBLOCK)
			return -errno;
		if (errno == EINTR)
			continue;
		if (waited >= patience)
			return STATE_BUSY;
		(void)poll(NULL, 0, pause); /* shorter is fine */
		waited += pause;
		pause = pause < LOCK_PAUSE_MAX_MS ? 2 * pause : pause;
	}
	return STATE_LOCKED;
}

int state_lock(int root, const char *id, int dir, int patience)
{
	struct stat here, there;
	int r = wait_for_lock(dir, patience);

	if (r != STATE_LOCKED)
		return r;
	if (fstat(dir, &here) < 0 || fstatat(root, id, &there, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return here.st_ino == there.st_ino ? STATE_LOCKED : -ENOENT;
}

bool state_is_removed(int dir)
{
	struct stat here;

	return fstat(dir, &here) == 0 && here.st_nlink == 0;
}

/* Open and lock a state directory, unless it was removed under us. */
static int open_dir(int root, const char *id, bool lock)
{
	scope_fd int fd = openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = lock ? state_lock(root, id, fd, STATE_FOR_EVER) : STATE_LOCKED;
	return r == STATE_LOCKED ? take_fd(&fd) : r;
}

int state_create(int root, const char *id, struct error *e)
{
	int fd;

	if (mkdirat(root, id, 0711) < 0)
		return errno == EEXIST ? fail(e, 0, "container with id exists: container '%s' already exists (if it has stopped, 'hull delete %s' removes it)", id, id) :
					 fail(e, errno, "cannot make the state directory of container '%s'", id);
	fd = open_dir(root, id, true);
	if (fd >= 0)
		return fd;
	if (fd != -ENOENT) /* else somebody has removed it already, and what is there now is not ours */
		(void)unlinkat(root, id, AT_REMOVEDIR); /* it is empty; the first error is the one to tell */
	return fail(e, fd, "cannot open the state directory of container '%s'", id);
}

int state_open(int root, const char *id, bool lock, struct error *e)
{
	int fd = root < 0 ? -ENOENT : open_dir(root, id, lock);

	if (fd == -ENOENT) {
		(void)fail(e, 0, "container '%s' does not exist", id); /* -1; we say more */
		return STATE_ABSENT;
	}
	return fd < 0 ? fail(e, fd, "cannot open the state directory of container '%s'", id) : fd;
}

int state_note_process(int dir, pid_t pid, int pidfd, struct facts *facts)
{
	struct statfs fs;
	/* only what lies in memory is gone with this boot, and with it what pidfs counted */
	bool for_boot = fstatfs(dir, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
	int r = process_birth(pid, pidfd, for_boot, &facts->pid_birth);

	if (r == 0)
		facts->pid = pid;
	return r;
}

int state_write(int dir, struct arena *arena, const struct state *state, struct error *e)
{
	struct json_writer w = json_writer_on(arena, 0);
	uint64_t birth = state->facts.pid_birth;
	const char *text;
	int r;

	json_open_object(&w, NULL);
	json_i64(&w, "version", 1);
	json_string(&w, "id", state->id);
	json_string(&w, "bundle", state->bundle);
	json_string(&w, "rootfs", state->rootfs);
	json_string(&w, "created", state->created);
	json_i64(&w, "pid", state->facts.pid);
	json_u64(&w, birth & PROCESS_BORN_INODE ? "pidfdInode" : "pidStart", birth & ~PROCESS_BORN_INODE);
	json_u64(&w, "cloneFlags", state->facts.clone_flags);
	json_bool(&w, "poststart", state->poststart);
	json_bool(&w, "poststop", state->poststop);
	json_bool(&w, "noNewKeyring", state->no_new_keyring);
	json_open_array(&w, "cgroups");
	for (size_t i = 0; i < state->facts.cgroups.n; i++)
		json_string(&w, NULL, state->facts.cgroups.v[i]);
	json_close_array(&w);
	if (state->facts.rdt_dir)
		json_string(&w, "rdtDir", state->facts.rdt_dir);
	if (state->facts.keyring)
		json_string(&w, "keyring", state->facts.keyring);
	if (state->facts.systemd_unit) {
		json_string(&w, "systemdUnit", state->facts.systemd_unit);
		json_bool(&w, "systemdUser", state->facts.systemd_user);
	}
	json_open_object(&w, "annotations");
	for (size_t i = 0; i < state->annotations.n; i++)
		json_string(&w, state->annotations.v[i].key, state->annotations.v[i].value);
	json_close_object(&w);
	json_close_object(&w);
	text = json_text(&w);
	r = io_replace_by(dir, ".state.json", "state.json", 0600, text, strlen(text));
	return r < 0 ? fail(e, r, "cannot write the state of container '%s'", state->id) : 0;
}

static const char *text_of(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);

	return value && value->type == JSON_STRING ? value->text : "";
}

static int64_t number_of(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);
	int64_t number = 0;

	if (value && value->type == JSON_NUMBER)
		(void)json_to_i64(value, &number); /* our own file: 0 where somebody edited it */
	return number;
}

static bool flag_of(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);

	return value && value->type == JSON_BOOL && value->boolean;
}

static void read_lists(struct arena *arena, const struct json *document, struct state *state)
{
	const struct json *list = json_get(document, "cgroups"), *map = json_get(document, "annotations");
	size_t i = 0;

	if (list && list->type == JSON_ARRAY) {
		state->facts.cgroups.v = arena_many(arena, char *, list->n_children);
		for (const struct json *v = list->first; v; v = v->next)
			if (v->type == JSON_STRING)
				state->facts.cgroups.v[state->facts.cgroups.n++] = arena_strdup(arena, v->text);
	}
	if (map && map->type == JSON_OBJECT) {
		state->annotations.v = arena_many(arena, struct string_pair, map->n_children);
		for (const struct json *v = map->first; v; v = v->next, i++)
			state->annotations.v[i] = (struct string_pair){ arena_strdup(arena, v->key), arena_strdup(arena, v->text ? v->text : "") };
		state->annotations.n = i;
	}
}

int state_read(int dir, struct arena *arena, const char *id, struct state *ret_state, struct error *e)
{
	struct state state = { .id = id, .bundle = "", .rootfs = "", .created = "" };
	const struct json *document;
	const char *rdt, *unit, *keyring;
	char *text;
	size_t length;
	int64_t pid, inode;
	int r = io_read_file(dir, "state.json", JSON_SIZE_MAX, arena, &text, &length);

	if (r == -ENOENT) {
		*ret_state = state;
		return 0;
	}
	if (r < 0)
		return fail(e, r, "cannot read the state of container '%s'", id);
	if (json_parse(arena, e, "state.json", text, length, &document) < 0)
		return fail_wrap(e, "container '%s'", id);
	state.bundle = text_of(document, "bundle");
	state.rootfs = text_of(document, "rootfs");
	state.created = text_of(document, "created");
	pid = number_of(document, "pid");
	state.facts.pid = pid > 0 && pid <= INT32_MAX ? (pid_t)pid : 0; /* what is no pid must not become that of somebody else, or -1: everybody's */
	inode = number_of(document, "pidfdInode");
	state.facts.pid_birth = inode > 0 ? (uint64_t)inode | PROCESS_BORN_INODE : (uint64_t)number_of(document, "pidStart");
	state.facts.clone_flags = (uint64_t)number_of(document, "cloneFlags");
	state.poststart = flag_of(document, "poststart");
	state.poststop = flag_of(document, "poststop");
	state.no_new_keyring = flag_of(document, "noNewKeyring");
	rdt = text_of(document, "rdtDir");
	state.facts.rdt_dir = rdt[0] ? arena_strdup(arena, rdt) : NULL;
	keyring = text_of(document, "keyring");
	state.facts.keyring = keyring[0] ? arena_strdup(arena, keyring) : NULL;
	unit = text_of(document, "systemdUnit");
	state.facts.systemd_unit = unit[0] ? arena_strdup(arena, unit) : NULL;
	state.facts.systemd_user = flag_of(document, "systemdUser");
	read_lists(arena, document, &state);
	*ret_state = state;
	return 0;
}

bool state_waits(int dir)
{
	struct stat unused;

	return fstatat(dir, "start", &unused, AT_SYMLINK_NOFOLLOW) == 0;
}

enum state_status state_status(int dir, const struct state *state)
{
	if (state->facts.pid == 0) {
		/* being made, or its maker died before it cloned: the lock tells */
		scope_fd int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		return flock(again, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK ? STATUS_CREATING : STATUS_STOPPED;
	}
	if (!process_alive(state->facts.pid, state->facts.pid_birth))
		return STATUS_STOPPED;
	if (cgroup_is_frozen(&state->facts))
		return STATUS_PAUSED;
	return state_waits(dir) ? STATUS_CREATED : STATUS_RUNNING;
}

/* For deletion: what cannot be removed is told by rmdir. */
static void remove_rare(int dir)
{
	for (size_t i = 0; i < ARRAY_SIZE(rare_files); i++)
		(void)unlinkat(dir, rare_files[i], 0);
	(void)unlinkat(dir, "notify", AT_REMOVEDIR);
}

/* What a killed state_write() left beside its file. */
static void remove_leftovers(int dir)
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	if (!stream) {
		(void)close_fd(again);
		return; /* rmdir reports that the directory is not empty */
	}
	while ((entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(dir, entry->d_name, 0); /* likewise */
	(void)closedir(stream); /* also closes the descriptor */
}

int state_remove(int root, const char *id, int dir, struct error *e)
{
	void (*const more[])(int) = { remove_rare, remove_leftovers };
	size_t round = 0;

	for (size_t i = 0; i < ARRAY_SIZE(state_files); i++)
		if (unlinkat(dir, state_files[i], 0) < 0 && errno != ENOENT)
			return fail(e, errno, "cannot remove '%s' of container '%s'", state_files[i], id);
	while (unlinkat(root, id, AT_REMOVEDIR) < 0 && errno != ENOENT) {
		if (errno != ENOTEMPTY || round == ARRAY_SIZE(more))
			return fail(e, errno, "cannot remove the state directory of container '%s'", id);
		more[round++](dir);
	}
	return 0;
}
