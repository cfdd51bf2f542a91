/*
 * Control of a running container through its cgroups: who is in it, freeze, kill.
 *
 * One of the container's cgroups is asked: the v2 one where there is one (it has cgroup.kill, cgroup.freeze and cgroup.events, which can be waited for),
 * else that of v1's freezer, else any.
 */
#include "aspect/cgroup_control.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "aspect/cgroup.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"

enum { PROCS_TEXT_MAX = 4 << 20, EVENTS_MAX = 256, STEPS_MAX = 1 << 20 };
enum { FREEZE_TIMEOUT_MS = 10000, FREEZER_PAUSE_MAX_MS = 64, KILL_ROUNDS_MAX = 100 };

bool cgroup_known(const struct facts *facts)
{
	return facts->cgroups.n > 0;
}

/* Return: an O_PATH descriptor of the cgroup that has @file (one of v2's or the freezer's), or -errno. */
static int open_with(const struct facts *facts, const char *file)
{
	for (size_t i = facts->cgroups.n; i-- > 0;) {
		int dir = open(facts->cgroups.v[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (dir >= 0 && faccessat(dir, file, F_OK, 0) == 0)
			return dir;
		(void)close_fd(dir);
	}
	return -ENOENT;
}

/* The cgroup that control goes through. */
static int open_control(const struct facts *facts)
{
	int dir = open_with(facts, "cgroup.events");

	if (dir < 0)
		dir = open_with(facts, "freezer.state");
	return dir < 0 ? open_with(facts, "cgroup.procs") : dir;
}

/* ---- pids ---- */

/* @size: bytes that @v has room for */
struct pids {
	struct arena *arena;
	pid_t *v;
	size_t n, size;
};

static void add_pid(struct pids *p, pid_t pid)
{
	p->v = arena_grow(p->arena, p->v, p->n * sizeof(*p->v), &p->size, (p->n + 1) * sizeof(*p->v));
	p->v[p->n++] = pid;
}

/* The processes of one cgroup. A pid 0 is a process that this pid namespace does not have. */
static int read_procs(struct pids *p, int dir)
{
	char *text, *word;
	uint32_t pid;
	int r = io_read_file(dir, "cgroup.procs", PROCS_TEXT_MAX, p->arena, &text, NULL);

	if (r == -ENOENT || r == -ENODEV || r == -EOPNOTSUPP) /* removed meanwhile; a threaded cgroup, whose processes its domain lists */
		return 0;
	if (r < 0)
		return r;
	while ((word = cgroup_next_word(&text)))
		if (text_to_u32(word, &pid) == 0 && pid != 0)
			add_pid(p, (pid_t)pid);
	return 0;
}

/*
 * The names of the cgroups in one cgroup, as one text of zero-terminated words, and how far it has been read.
 */
struct level {
	char *names;
	size_t length, size, at;
};

static void add_name(struct level *l, struct arena *arena, const char *name)
{
	size_t length = strlen(name) + 1;

	l->names = arena_grow(arena, l->names, l->length, &l->size, l->length + length);
	memcpy(l->names + l->length, name, length);
	l->length += length;
}

/* The processes of the cgroup @dir, and what lies below it. */
static int look_into(struct pids *p, int dir, struct level *l)
{
	int readable = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;
	DIR *stream = readable < 0 ? NULL : fdopendir(readable);
	struct dirent *entry;

	l->length = l->at = 0;
	if (!stream) {
		r = readable < 0 ? -errno : -ENOMEM;
		(void)close_fd(readable);
		return r == -ENOENT || r == -ENODEV ? 0 : r; /* removed meanwhile */
	}
	r = read_procs(p, readable);
	while (r == 0 && (entry = readdir(stream)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			add_name(l, p->arena, entry->d_name);
	(void)closedir(stream);
	return r;
}

/*
 * All of a tree. @dir is consumed. With one descriptor, down by name and up by "..": a payload that may make cgroups nests them deeper than a stack, a path or
 * the number of open files allows, and who hid there would be missing. What cannot be read to its end is an error.
 */
static int read_tree(struct pids *p, int dir)
{
	size_t depth = 0, size = 0;
	struct level *levels = arena_grow(p->arena, NULL, 0, &size, sizeof(*levels)); /* zeros: memory of an arena that nobody had before */
	int r = look_into(p, dir, &levels[0]), next;

	for (int step = 0; r == 0; step++) {
		struct level *l = &levels[depth];
		bool down = l->at < l->length;
		const char *name = down ? l->names + l->at : "..";

		if (!down && depth == 0)
			break;
		if (down)
			l->at += strlen(name) + 1;
		next = step < STEPS_MAX ? openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
		if (next < 0) {
			r = step == STEPS_MAX ? -ELOOP : down && (errno == ENOENT || errno == ENODEV) ? 0 : -errno;
			continue;
		}
		(void)close_fd(dir);
		dir = next;
		depth = down ? depth + 1 : depth - 1;
		levels = arena_grow(p->arena, levels, size, &size, (depth + 1) * sizeof(*levels));
		if (down)
			r = look_into(p, dir, &levels[depth]);
	}
	(void)close_fd(dir);
	return r;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int cgroup_dir_pids(int dir, struct arena *arena, pid_t **ret_pids, size_t *ret_n)
{
	struct pids p = { .arena = arena };
	size_t kept = 0;
	int r = read_tree(&p, dir);

	if (r < 0)
		return r;
	if (p.n > 1)
		qsort(p.v, p.n, sizeof(*p.v), compare_pids);
	for (size_t i = 0; i < p.n; i++)
		if (i == 0 || p.v[i] != p.v[i - 1])
			p.v[kept++] = p.v[i];
	*ret_pids = p.v;
	*ret_n = kept;
	return 0;
}

int cgroup_pids(const struct facts *facts, struct arena *arena, struct error *error, pid_t **ret_pids, size_t *ret_n)
{
	int dir = open_control(facts), r;

	if (dir < 0)
		return fail(error, 0, "the container has no cgroup: its processes are not known");
	r = cgroup_dir_pids(dir, arena, ret_pids, ret_n);
	return r < 0 ? fail(error, r, "cannot read the processes of '%s'", facts->cgroups.v[facts->cgroups.n - 1]) : 0;
}

/* ---- freeze ---- */

/* the value of a key of cgroup.events: '0', '1', or 0: not there */
static char event(const char *text, const char *key)
{
	const char *found = strstr(text, key);

	return found ? found[strlen(key)] : '\0';
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* this clock always exists */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int cgroup_wait_event(int dir, const char *key, char value, int timeout_ms)
{
	scope_fd int fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd wait = { .fd = fd, .events = POLLPRI };
	int64_t end = now_ms() + timeout_ms, left;
	char text[EVENTS_MAX];
	ssize_t n;

	if (fd < 0)
		return -errno;
	for (;;) {
		n = pread(fd, text, sizeof(text) - 1, 0);
		if (n < 0)
			return -errno;
		text[n] = '\0';
		if (event(text, key) == value)
			return 0;
		left = end - now_ms();
		if (left <= 0 || poll(&wait, 1, (int)left) == 0)
			return -ETIMEDOUT;
	}
}

static int freeze_v2(int dir, bool freeze)
{
	int r = io_write_file(dir, "cgroup.freeze", freeze ? "1" : "0", 1);

	if (r == 0)
		r = cgroup_wait_event(dir, "frozen ", freeze ? '1' : '0', FREEZE_TIMEOUT_MS);
	if (r < 0 && freeze)
		(void)io_write_file(dir, "cgroup.freeze", "0", 1); /* half frozen is worse than not */
	return r;
}

/*
 * v1's freezer notifies nobody: reading its state is what drives it on, and a process that forked meanwhile wants another write. So its state is the one thing
 * that is looked at again and again: after 1 ms, and then after twice as long each time, up to FREEZER_PAUSE_MAX_MS, for FREEZE_TIMEOUT_MS at most.
 */
static int freeze_v1(int dir, bool freeze)
{
	const char *wanted = freeze ? "FROZEN" : "THAWED";
	int64_t end = now_ms() + FREEZE_TIMEOUT_MS;
	int pause = 1, r;
	char state[32];
	ssize_t n;

	do {
		r = io_write_file(dir, "freezer.state", wanted, strlen(wanted));
		if (r < 0)
			return r;
		n = io_read_small(dir, "freezer.state", state, sizeof(state));
		if (n < 0)
			return (int)n;
		if (text_equal(state, wanted))
			return 0;
		(void)poll(NULL, 0, pause);
		pause = pause < FREEZER_PAUSE_MAX_MS ? 2 * pause : pause;
	} while (now_ms() < end);
	(void)io_write_file(dir, "freezer.state", "THAWED", strlen("THAWED")); /* as above */
	return -ETIMEDOUT;
}

static int freeze_dir(int dir, bool freeze)
{
	if (faccessat(dir, "cgroup.freeze", F_OK, 0) == 0)
		return freeze_v2(dir, freeze);
	return faccessat(dir, "freezer.state", F_OK, 0) == 0 ? freeze_v1(dir, freeze) : -ENOTSUP;
}

/* The cgroup with a freezer: a cgroup2 before Linux 5.2 has none, and then v1's serves. */
static int open_freezer(const struct facts *facts)
{
	int dir = open_with(facts, "cgroup.freeze");

	return dir < 0 ? open_with(facts, "freezer.state") : dir;
}

int cgroup_freeze(const struct facts *facts, struct error *error, bool freeze)
{
	scope_fd int dir = open_freezer(facts), v1 = freeze ? NO_FD : open_with(facts, "freezer.state");
	int r;

	if (dir < 0)
		return fail(error, 0, "the container has no cgroup with a freezer");
	r = freeze_dir(dir, freeze);
	if (r == 0 && v1 >= 0)
		r = freeze_v1(v1, false);
	if (r < 0)
		return fail(error, r, "cannot %s the container's cgroup", freeze ? "freeze" : "thaw");
	return 0;
}

/* Either freezer counts: an engine that pauses by itself uses v1's. */
bool cgroup_is_frozen(const struct facts *facts)
{
	char state[EVENTS_MAX];

	for (size_t i = facts->cgroups.n; i-- > 0;) {
		scope_fd int dir = open(facts->cgroups.v[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (dir < 0)
			continue;
		if (io_read_small(dir, "cgroup.events", state, sizeof(state)) > 0 && event(state, "frozen ") == '1')
			return true;
		if (io_read_small(dir, "freezer.state", state, sizeof(state)) > 0)
			return !text_equal(state, "THAWED");
	}
	return false;
}

/* ---- kill ---- */

static void signal_each(const pid_t *pids, size_t n, int signal)
{
	for (size_t i = 0; i < n; i++)
		(void)kill(pids[i], signal); /* gone is fine */
}

/* Without a freezer, SIGKILL goes round until nobody is left who could have forked behind our back. */
static int kill_rounds(const struct facts *facts, struct arena *arena, struct error *error, int signal)
{
	pid_t *pids;
	size_t n;

	for (int round = 0; round < KILL_ROUNDS_MAX; round++) {
		if (cgroup_pids(facts, arena, error, &pids, &n) < 0)
			return -1;
		signal_each(pids, n, signal);
		if (n == 0 || signal != SIGKILL)
			return 0;
	}
	return 0;
}

/* What was killed frozen dies when it is thawed: on a hybrid host somebody else may have used v1's freezer. */
static void thaw(const struct facts *facts)
{
	scope_fd int v2 = open_with(facts, "cgroup.freeze"), v1 = open_with(facts, "freezer.state");

	if (v2 >= 0)
		(void)io_write_file(v2, "cgroup.freeze", "0", 1); /* gone is fine */
	if (v1 >= 0)
		(void)io_write_file(v1, "freezer.state", "THAWED", strlen("THAWED"));
}

int cgroup_kill_all(const struct facts *facts, struct arena *arena, struct error *error, int signal)
{
	scope_fd int dir = open_control(facts), freezer = open_freezer(facts);
	bool was_frozen = cgroup_is_frozen(facts);
	pid_t *pids;
	size_t n;
	int r;

	if (dir < 0)
		return fail(error, 0, "the container has no cgroup: its processes are not known");
	if (signal == SIGKILL && io_write_file(dir, "cgroup.kill", "1", 1) == 0) {
		thaw(facts);
		return 0;
	}
	if (freezer < 0 || (!was_frozen && freeze_dir(freezer, true) < 0))
		return kill_rounds(facts, arena, error, signal);
	r = cgroup_pids(facts, arena, error, &pids, &n);
	if (r == 0)
		signal_each(pids, n, signal);
	if (signal == SIGKILL)
		thaw(facts);
	else if (!was_frozen)
		(void)freeze_dir(freezer, false);
	return r;
}
