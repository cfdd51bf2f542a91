/*
 * Calling plugins. Each runs alone, in a process group of its own, with an argument that names the point, a document on stdin, a time limit, and nothing of
 * hull's environment and descriptors.
 *
 * Before the clone and in the parent its standard output is an answer: one JSON object, or nothing. In the child, where nothing may be allocated, only its
 * exit status counts: the descriptor of its file was opened outside, so it need not be there in the container, but what it is linked with, or its interpreter, must.
 */
#include "aspect/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "aspect/environment.h"
#include "aspect/hooks.h"
#include "aspect/program.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/text.h"

/* of its standard error the last so many bytes are told, at least half of them;  ms of a second */
enum { PLUGIN_WORDS_MAX = 800, PLUGIN_MS = 1000 };

/* Exit statuses with a meaning, those of sysexits.h: what was asked for cannot be had here; is not allowed. */
enum { PLUGIN_UNSUPPORTED = 69, PLUGIN_REFUSED = 77 };

/*
 * What the child needs. @input: its document;  @words: a pipe for its standard error, reading end first
 */
struct plugin_plan {
	int input, words[2];
	char **envp;
};

static char **environment(struct plan *p)
{
	static char *const none[] = { NULL };
	char **v = arena_many(p->arena, char *, 3);

	v[0] = arena_printf(p->arena, "HULL_PLUGIN_VERSION=%d", PLUGIN_VERSION);
	v[1] = arena_printf(p->arena, "PATH=%s", environment_path(none));
	return v;
}

static int make_pipe(struct plan *p, int ret[2])
{
	if (pipe2(ret, O_CLOEXEC) < 0)
		return fail(p->error, errno, "cannot make a pipe");
	(void)fcntl(ret[0], F_SETFL, O_NONBLOCK); /* cannot fail on a pipe that is ours */
	return 0;
}

int plugin_fail(struct plan *p, const struct plugin *plugin, const char *point)
{
	(void)fail_wrap(p->error, "plugin %s at '%s'", plugin->subject, point); /* -1 by nature */
	for (char *s = p->error->text; *s; s++) /* it may be text of the plugin's, on its way to a terminal */
		if (((unsigned char)*s < ' ' && *s != '\n') || *s == 0x7f)
			*s = '?';
	return -1;
}

/* An answer that tells of a failure, typed. */
static int fail_typed(struct plan *p, const struct json *said)
{
	static const char *const types[] = { "refused", "unsupported", "failed" };
	const struct json *type = json_get(said, "type"), *message = json_get(said, "message");
	size_t i = 0;

	while (type && type->type == JSON_STRING && i < ARRAY_SIZE(types) && strcmp(type->text, types[i]) != 0)
		i++;
	if (!type || type->type != JSON_STRING || i == ARRAY_SIZE(types) || !message || message->type != JSON_STRING)
		return fail(p->error, 0, "invalid answer: error: expected the members type (refused, unsupported or failed) and message");
	return fail(p->error, 0, "%s: %s", types[i], message->text);
}

/* @words: what it wrote to its standard error */
static int fail_status(struct plan *p, int status, const char *words)
{
	const char *type = status == PLUGIN_REFUSED ? "refused" : status == PLUGIN_UNSUPPORTED ? "unsupported" : "failed";

	if (status == PLUGIN_REFUSED || status == PLUGIN_UNSUPPORTED)
		return words[0] ? fail(p->error, 0, "%s: %s", type, words) : fail(p->error, 0, "%s: exit status %d", type, status);
	return fail(p->error, 0, "failed: exit status %d%s%s", status, words[0] ? ": " : "", words);
}

static const char *words_of(struct plan *p, const struct program_stream *s)
{
	size_t n = s->length;

	while (n > 0 && (s->data[n - 1] == '\n' || s->data[n - 1] == ' '))
		n--;
	return arena_strndup(p->arena, s->data, n);
}

/* Line by line what a plugin that succeeded has to say to people. */
static void pass_words(struct plan *p, const struct plugin *plugin, const char *words)
{
	while (*words) {
		int n = (int)strcspn(words, "\n");

		if (n > 0)
			log_write(p->log, LOG_LEVEL_WARNING, "plugin %s: %.*s", plugin->subject, n, words);
		words += n + (words[n] == '\n');
	}
}

/* It has ended by itself. */
static int read_answer(struct plan *p, int status, const struct program_stream *out, const char *words, const struct json **ret)
{
	const struct json *answer = NULL, *said;
	bool empty = true;

	for (size_t i = 0; i < out->length && empty; i++)
		empty = strchr(" \t\r\n", out->data[i]) && out->data[i] != '\0';
	*ret = NULL;
	if (!empty && json_parse(p->arena, p->error, "invalid answer", out->data, out->length, &answer) < 0)
		return status ? fail_status(p, status, words) : -1;
	said = json_get(answer, "error");
	if (said)
		return fail_typed(p, said);
	if (status)
		return fail_status(p, status, words);
	if (answer && answer->type != JSON_OBJECT)
		return fail(p->error, 0, "invalid answer: expected an object, got %s", json_type_name(answer->type));
	*ret = answer;
	return 0;
}

static int judge(struct plan *p, const struct plugin *plugin, const struct program_result *result, const struct program_stream streams[2], const struct json **ret)
{
	const char *words = words_of(p, &streams[1]);

	switch (result->end) {
	case PROGRAM_NOT_RUN:
		return fail(p->error, result->value, "failed: cannot execute it");
	case PROGRAM_TIMED_OUT:
		if (streams[0].over)
			return fail(p->error, 0, "invalid answer: more than %d bytes", JSON_SIZE_MAX);
		return fail(p->error, 0, "failed: killed after its timeout of %d s%s%s", plugin->timeout, words[0] ? ": " : "", words);
	case PROGRAM_KILLED:
		return fail(p->error, 0, "failed: killed by signal %d%s%s", result->value, words[0] ? ": " : "", words);
	case PROGRAM_EXITED:
		break;
	}
	if (read_answer(p, result->value, &streams[0], words, ret) < 0)
		return -1;
	pass_words(p, plugin, words);
	return 0;
}

static struct spawn spawn_of(const struct plugin *plugin, char **argv, char **envp, int input)
{
	return (struct spawn){ .path = plugin->path, .argv = argv, .envp = envp, .input = input, .group = true };
}

int plugin_call(struct plan *p, const struct plugin *plugin, const char *point, const char *input, const struct json **ret_answer)
{
	char *argv[] = { arena_strdup(p->arena, plugin->path), arena_strdup(p->arena, point), NULL };
	struct program_stream streams[2] = { { .size = JSON_SIZE_MAX + 1, .limited = true }, { .size = PLUGIN_WORDS_MAX } };
	scope_fd int input_fd = io_memfd("plugin", input);
	int out[2] = { NO_FD, NO_FD }, words[2] = { NO_FD, NO_FD }, r = -1;
	struct program_result result;
	struct spawn program = spawn_of(plugin, argv, environment(p), input_fd);

	if (input_fd < 0)
		return fail(p->error, input_fd, "cannot make a file in memory for a plugin");
	if (make_pipe(p, out) == 0 && make_pipe(p, words) == 0) {
		streams[0].fd = out[0];
		streams[1].fd = words[0];
		streams[0].data = arena_alloc(p->arena, streams[0].size);
		streams[1].data = arena_alloc(p->arena, streams[1].size);
		program.output = out[1];
		program.errors = words[1];
		result = program_run_reading(&program, plugin->timeout * PLUGIN_MS, streams, ARRAY_SIZE(streams));
		r = judge(p, plugin, &result, streams, ret_answer);
	}
	for (int i = 0; i < 2; i++) {
		(void)close_fd(out[i]);
		(void)close_fd(words[i]);
	}
	return r < 0 ? plugin_fail(p, plugin, point) : 0;
}

void plugin_close(struct plan *p)
{
	struct plugin_plan *plan = p->data[ASPECT_PLUGIN];

	if (!plan)
		return;
	plan->input = close_fd(plan->input);
	plan->words[0] = close_fd(plan->words[0]);
	plan->words[1] = close_fd(plan->words[1]);
}

/* What a plugin reads that cannot edit. */
static const char *document(const struct plan *p, const char *point, pid_t pid)
{
	struct json_writer w = json_writer_on(p->arena, 0);

	json_open_object(&w, NULL);
	json_i64(&w, "version", PLUGIN_VERSION);
	json_string(&w, "point", point);
	json_string(&w, "id", p->request->id);
	if (pid > 0)
		json_i64(&w, "pid", pid);
	hooks_state(&w, "state", p, pid, "creating");
	json_close_object(&w);
	return json_text(&w);
}

static unsigned int points_of(const struct plan *p)
{
	unsigned int points = 0;

	for (size_t i = 0; !p->request->exec && p->request->plugins && i < p->request->plugins->n; i++)
		points |= p->request->plugins->v[i].points;
	return points;
}

static int plugin_prepare(struct plan *p)
{
	unsigned int points = points_of(p);
	struct plugin_plan *plan;

	if (points & (PLUGIN_PARENT | PLUGIN_CHILD))
		p->parent_first = true; /* it is to find, or to be in, a child that has done nothing yet but what the parent allowed */
	if (!(points & PLUGIN_CHILD))
		return 0;
	plan = arena_new(p->arena, struct plugin_plan);
	plan->envp = environment(p);
	plan->words[0] = plan->words[1] = NO_FD;
	plan->input = io_memfd("plugin", document(p, "child", 0));
	if (plan->input < 0)
		return fail(p->error, plan->input, "cannot make a file in memory for plugins");
	p->data[ASPECT_PLUGIN] = plan;
	return make_pipe(p, plan->words);
}

int plugin_begin(const struct plan *p, struct arena *arena, struct plan *ret)
{
	int r = arena_init(arena);

	*ret = *p;
	ret->arena = arena;
	return r < 0 ? fail(p->error, r, "cannot reserve memory") : 0;
}

static int call_in_parent(const struct plan *given, const struct plugin *plugin, pid_t pid)
{
	struct arena arena = { 0 };
	const struct json *answer = NULL;
	struct plan p;
	int r = plugin_begin(given, &arena, &p);

	if (r == 0)
		r = plugin_call(&p, plugin, "parent", document(&p, "parent", pid), &answer);
	if (r == 0 && answer && answer->n_children > 0) {
		(void)fail(p.error, 0, "invalid answer: nothing can be edited any more"); /* -1 by nature */
		r = plugin_fail(&p, plugin, "parent");
	}
	arena_deinit(&arena);
	return r;
}

static int plugin_parent(struct plan *p, pid_t pid, int pidfd)
{
	const struct plugin_list *list = p->request->plugins;

	(void)pidfd; /* plugins know pids */
	if (!(points_of(p) & PLUGIN_PARENT))
		return 0;
	for (size_t i = 0; i < list->n; i++)
		if ((list->v[i].points & PLUGIN_PARENT) && call_in_parent(p, &list->v[i], pid) < 0)
			return -1;
	return 0;
}

static CHILD int fail_in_child(const struct child *c, const struct plugin *plugin, const struct program_result *result, const struct program_stream *words)
{
	size_t n = words->length < FAULT_DETAIL_MAX - 1 ? words->length : FAULT_DETAIL_MAX - 1;
	const char *last = words->data + words->length - n;

	if (result->end == PROGRAM_NOT_RUN)
		return child_fail(c, FAULT("plugin %a at 'child': failed: cannot execute it in the container"), result->value, plugin->subject, NULL);
	if (result->end == PROGRAM_TIMED_OUT)
		return child_fail_number(c, FAULT("plugin %a at 'child': failed: killed after its timeout of %n s"), 0, plugin->subject, plugin->timeout);
	if (result->end == PROGRAM_KILLED)
		return child_fail_number(c, FAULT("plugin %a at 'child': failed: killed by signal %n"), 0, plugin->subject, result->value);
	if (result->value == PLUGIN_REFUSED)
		return child_fail_words(c, FAULT("plugin %a at 'child': refused"), plugin->subject, last, n);
	if (result->value == PLUGIN_UNSUPPORTED)
		return child_fail_words(c, FAULT("plugin %a at 'child': unsupported"), plugin->subject, last, n);
	if (n > 0)
		return child_fail_words(c, FAULT("plugin %a at 'child': failed"), plugin->subject, last, n);
	return child_fail_number(c, FAULT("plugin %a at 'child': failed: exit status %n"), 0, plugin->subject, result->value);
}

/* A line that is longer than a record becomes several. */
static CHILD void warn_in_child(const struct child *c, const struct plugin *plugin, const struct program_stream *words)
{
	for (size_t at = 0, n; at < words->length; at += n + (at + n < words->length && words->data[at + n] == '\n')) {
		for (n = 0; at + n < words->length && n < FAULT_DETAIL_MAX - 1 && words->data[at + n] != '\n';)
			n++;
		if (n > 0)
			child_warn_words(c, FAULT("plugin %a"), plugin->subject, words->data + at, n);
	}
}

static CHILD int run_in_child(const struct child *c, const struct plugin *plugin)
{
	char name[] = "plugin", point[] = "child";
	const struct plugin_plan *plan = c->plan->data[ASPECT_PLUGIN];
	char *argv[] = { name, point, NULL };
	char data[PLUGIN_WORDS_MAX];
	struct program_stream words = { .fd = plan->words[0], .data = data, .size = sizeof(data) };
	struct spawn program = {
		.argv = argv, .envp = plan->envp, .input = plan->input, .output = NO_FD, .errors = plan->words[1], .program = plugin->fd, .group = true,
		.capable = true,
	};
	struct program_result result;

	(void)lseek(plan->input, 0, SEEK_SET); /* a memfd can be sought */
	result = program_run_reading(&program, plugin->timeout * PLUGIN_MS, &words, 1);
	if (result.end != PROGRAM_EXITED || result.value != 0)
		return fail_in_child(c, plugin, &result, &words);
	warn_in_child(c, plugin, &words);
	return 0;
}

static CHILD int plugin_settle(struct child *c)
{
	const struct plugin_list *list = c->plan->request->plugins;

	if (!c->plan->data[ASPECT_PLUGIN])
		return 0;
	for (size_t i = 0; i < list->n; i++)
		if ((list->v[i].points & PLUGIN_CHILD) && run_in_child(c, &list->v[i]) < 0)
			return -1;
	return 0;
}

static void plugin_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	if (phase != PHASE_PREPARE || p->request->exec || !p->request->plugins)
		return;
	for (size_t i = 0; i < p->request->plugins->n; i++)
		explain_step(x, "call the plugin %s at each point that it names (before, parent, child); it may change what follows", p->request->plugins->v[i].subject);
}

const struct aspect aspect_plugin = {
	.id = ASPECT_PLUGIN,
	.prepare = plugin_prepare,
	.parent = plugin_parent,
	.settle = plugin_settle,
	.explain = plugin_explain,
};
