/*
 * Talking to libexec/hull-systemd, which talks to systemd over D-Bus.
 *
 * The protocol: `hull-systemd start|set|attach|stop`, and on its standard input zero-terminated words: "system" or "user", the unit's name, then the properties
 * (name, signature, number of values, values; attach has a cgroup's path and a pid), then an empty word. On its standard output it answers "ok" or what went wrong, when systemd's job has
 * ended. After start it then waits, as the scope's first process, for the end of its input or its life: a scope without processes would be removed, and the
 * container's process does not exist yet. So the cgroups of a scope are made and filled as those of any other container are.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "aspect/cgroup_systemd.h"
#include "base/fd.h"
#include "base/libexec.h"
#include "base/scope.h"
#include "base/spawn.h"

#define HELPER "hull-systemd"
#define SYSTEMD_RUNS "/run/systemd/system" /* sd_booted(3) */

enum { ANSWER_MAX = 512, ANSWER_WAIT_MS = 60000, ENVIRONMENT_MAX = 3 };

/*
 * In the user namespace of a rootless engine the caller is root, but the system's manager is not its own: then its directory belongs to nobody.
 */
bool systemd_manager_is_users(void)
{
	struct stat stat_;

	return geteuid() != 0 || (stat(SYSTEMD_RUNS, &stat_) == 0 && stat_.st_uid != 0);
}

bool systemd_available(void)
{
	struct arena arena;
	bool found;

	if (arena_init(&arena) < 0)
		return false;
	found = libexec_find(&arena, HELPER) != NULL;
	arena_deinit(&arena);
	return found;
}

/* ---- the request ---- */

struct request_text {
	char *data;
	size_t length;
};

static size_t room_for(const struct systemd_properties *list)
{
	size_t size = sizeof("system") + SYSTEMD_UNIT_MAX + 2;

	for (size_t i = 0; list && i < list->n; i++) {
		size += strlen(list->v[i].name) + strlen(list->v[i].signature) + 32;
		for (size_t k = 0; k < list->v[i].n; k++)
			size += strlen(list->v[i].values[k]) + 1;
	}
	return size;
}

static void add_word(struct request_text *text, const char *word)
{
	size_t length = strlen(word) + 1;

	memcpy(text->data + text->length, word, length);
	text->length += length;
}

static struct request_text request_of(const char *unit, bool user, const struct systemd_properties *list, struct arena *arena)
{
	struct request_text text = { .data = arena_alloc(arena, room_for(list) + strlen(unit)) };

	add_word(&text, user ? "user" : "system");
	add_word(&text, unit);
	for (size_t i = 0; list && i < list->n; i++) {
		const struct systemd_property *property = &list->v[i];

		add_word(&text, property->name);
		add_word(&text, property->signature);
		add_word(&text, arena_printf(arena, "%zu", property->n));
		for (size_t k = 0; k < property->n; k++)
			add_word(&text, property->values[k]);
	}
	add_word(&text, "");
	return text;
}

/* ---- the process ---- */

/* What finding the bus needs, and nothing else. */
static char **environment_of(struct arena *arena)
{
	static const char *const names[] = { "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR" };
	char **environment = arena_many(arena, char *, ENVIRONMENT_MAX);
	size_t n = 0;

	_Static_assert(ARRAY_SIZE(names) < ENVIRONMENT_MAX, "room for the names and the end");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (getenv(names[i]))
			environment[n++] = arena_printf(arena, "%s=%s", names[i], getenv(names[i]));
	return environment;
}

/* Read one line. Return: 0, -ETIMEDOUT, or -errno; an empty answer: it ended without a word. */
static int read_answer(int fd, char answer[ANSWER_MAX])
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	size_t length = 0;

	answer[0] = '\0';
	while (length < ANSWER_MAX - 1 && !strchr(answer, '\n')) {
		int r = poll(&pollfd, 1, ANSWER_WAIT_MS);
		ssize_t n;

		if (r == 0)
			return -ETIMEDOUT;
		n = r < 0 ? -1 : read(fd, answer + length, ANSWER_MAX - 1 - length);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		length += n > 0 ? (size_t)n : 0;
		answer[length] = '\0';
	}
	answer[strcspn(answer, "\n")] = '\0';
	return 0;
}

static void end(struct systemd_helper *helper)
{
	if (helper->pid == 0)
		return;
	(void)kill(helper->pid, SIGKILL); /* our child, not yet waited for: the number is its own */
	(void)spawn_wait(helper->pid, NULL); /* what is gone is gone */
	helper->pid = 0;
	helper->lifeline = close_fd(helper->lifeline);
}

static int start_helper(const char *verb, struct arena *arena, struct error *error, struct systemd_helper *ret_helper, int *ret_answers)
{
	const char *path = libexec_find(arena, HELPER);
	char *argv[] = { arena_strdup(arena, path), arena_strdup(arena, verb), NULL };
	struct systemd_helper helper = { .lifeline = NO_FD };
	scope_fd int in = NO_FD, out = NO_FD, lifeline = NO_FD, answers = NO_FD;
	int ends[2];

	if (!path)
		return fail(error, 0, "the systemd cgroup manager needs '" HELPER "', which is not installed beside hull (in ../libexec/hull)");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) /* no pipe: see ask() */
		return fail(error, errno, "cannot make a socket pair");
	in = ends[0];
	lifeline = ends[1];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(error, errno, "cannot make a pipe");
	answers = ends[0];
	out = ends[1];
	/* it says what is wrong in its answer */
	helper.pid = spawn_start(&(struct spawn){
		.path = path, .argv = argv, .envp = environment_of(arena), .input = in, .output = out, .errors = NO_FD });
	if (helper.pid < 0)
		return fail(error, helper.pid, "cannot run '%s'", path);
	helper.lifeline = take_fd(&lifeline);
	*ret_helper = helper;
	*ret_answers = take_fd(&answers);
	return 0;
}

static const char *words_of(const char *verb)
{
	return strcmp(verb, "attach") == 0 ? "put a process into" : strcmp(verb, "set") == 0 ? "change" : verb;
}

/* Start the helper, ask, wait for the answer. The helper is still there on success. */
static int ask(const char *verb, const char *unit, bool user, const struct systemd_properties *list, struct arena *arena, struct error *error,
	       struct systemd_helper *ret_helper)
{
	struct request_text text = request_of(unit, user, list, arena);
	struct systemd_helper helper;
	scope_fd int answers = NO_FD;
	char answer[ANSWER_MAX];
	struct stat unused;
	int r;

	if (stat(SYSTEMD_RUNS, &unused) < 0)
		return fail(error, 0, "the systemd cgroup manager needs systemd, which does not run here: use --cgroup-manager cgroupfs");
	if (start_helper(verb, arena, error, &helper, &answers) < 0)
		return -1;
	/* a helper that could not be loaded is gone when we speak: that must be an error, and not a signal that ends us */
	r = fd_send(helper.lifeline, text.data, text.length, NULL, 0);
	if (r == 0 || r == -EPIPE) /* then it may have left a word */
		r = read_answer(answers, answer);
	if (r == 0 && strcmp(answer, "ok") == 0) {
		*ret_helper = helper;
		return 0;
	}
	end(&helper);
	if (r < 0)
		return fail(error, r, "cannot %s the systemd unit '%s'", words_of(verb), unit);
	return fail(error, 0, "cannot %s the systemd unit '%s': %s", words_of(verb), unit, answer[0] ? answer : "its helper ended without an answer");
}

int systemd_start(const struct systemd_unit *unit, bool user, const struct systemd_properties *list, struct arena *arena, struct error *error,
		  struct systemd_helper *ret_helper)
{
	return ask("start", unit->name, user, list, arena, error, ret_helper);
}

void systemd_release(struct systemd_helper *helper)
{
	end(helper);
}

int systemd_set(const char *unit, bool user, const struct systemd_properties *list, struct arena *arena, struct error *error)
{
	struct systemd_helper helper;

	if (list->n == 0)
		return 0;
	if (ask("set", unit, user, list, arena, error, &helper) < 0)
		return -1;
	end(&helper);
	return 0;
}

int systemd_attach(const char *unit, bool user, const char *path, pid_t pid, struct arena *arena, struct error *error)
{
	struct systemd_properties list = { .n = 0 };
	struct systemd_helper helper;

	systemd_property_set(&list, arena, path, "u", arena_printf(arena, "%d", pid)); /* no property, but written like one */
	if (ask("attach", unit, user, &list, arena, error, &helper) < 0)
		return -1;
	end(&helper);
	return 0;
}

int systemd_stop(const char *unit, bool user, struct arena *arena, struct error *error)
{
	struct systemd_helper helper;

	if (ask("stop", unit, user, NULL, arena, error, &helper) < 0)
		return -1;
	end(&helper);
	return 0;
}
