/*
 * OCI hooks. Those of the host side (prestart, createRuntime, poststart, poststop) run from hull by hooks_run(); createContainer runs in the child before
 * pivot_root, startContainer in the child just before the payload.
 *
 * A hook gets the state document on stdin from a memfd, exactly the environment that the document gives it, and its standard output goes nowhere unless the
 * annotation run.oci.hooks.stdout names a file. Its standard error is kept in a memfd, so that a failure can be told with the hook's own words.
 * The current directory is the bundle, for createContainer the container's root, as in runc and crun; for startContainer it is the payload's.
 * A hook without an environment has hull's own, as in runc and crun, but for startContainer, a program of the container's, which has the payload's. Those of
 * createContainer are programs of the host: the payload's environment, which an image chose, would let its LD_PRELOAD run code outside (CVE-2025-23266).
 */
#include "aspect/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aspect/exec.h"
#include "aspect/program.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"
#include "spec/oci.h"

/* of a hook's standard error, the last so many bytes are told; longer timeouts than a poll can wait are that long */
enum { HOOKS_WORDS_MAX = 400, HOOKS_TIMEOUT_MAX = INT_MAX / 1000, HOOKS_FILE_MODE = 0600, HOOKS_MS = 1000 };

/*
 * One hook, compiled.
 * @subject: "createContainer[0]' '/path" for messages that quote it;  @timeout: s, for messages
 */
struct hook_program {
	const char *subject;
	struct spawn program;
	int timeout_ms;
	int64_t timeout;
};

struct hook_programs {
	struct hook_program *v;
	size_t n;
};

/* Descriptors that all hooks of one side share. @words: memfd behind their stderr, NO_FD: a file has it */
struct hook_output {
	int output, errors;
	int words;
};

struct hooks_plan {
	struct hook_programs create_container, start_container;
	struct hook_output out;
};

static char **null_terminated(struct arena *arena, const struct string_list *list)
{
	char **v = arena_many(arena, char *, list->n + 1);

	if (list->n > 0)
		memcpy(v, list->v, list->n * sizeof(*v));
	return v;
}

/* execve(2)'s view of a list of hooks; without args the path is argv[0], without env @environment is there, NULL: the payload's. */
static struct hook_programs compile(struct arena *arena, const struct hook_list *list, const char *kind, char *const *environment, const char *dir)
{
	struct hook_programs programs = { .v = arena_many(arena, struct hook_program, list->n), .n = list->n };

	for (size_t i = 0; i < list->n; i++) {
		const struct hook *hook = &list->v[i];
		struct hook_program *h = &programs.v[i];
		char **argv = null_terminated(arena, &hook->args);

		if (!argv[0]) {
			argv = arena_many(arena, char *, 2);
			argv[0] = hook->path;
		}
		h->subject = arena_printf(arena, "%s[%zu]' '%s", kind, i, hook->path);
		h->timeout = hook->timeout.set ? hook->timeout.value : 0;
		h->program = (struct spawn){ .path = hook->path, .argv = argv, .dir = dir };
		h->program.envp = hook->env.n > 0 ? null_terminated(arena, &hook->env) : environment;
		h->timeout_ms = -1;
		if (hook->timeout.set)
			h->timeout_ms = hook->timeout.value > HOOKS_TIMEOUT_MAX ? HOOKS_TIMEOUT_MAX * HOOKS_MS :
											    (int)hook->timeout.value * HOOKS_MS;
	}
	return programs;
}

static int check_list(struct plan *p, const struct hook_list *list, const char *kind)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!list->v[i].path || list->v[i].path[0] != '/')
			return fail(p->error, 0, "hooks.%s[%zu].path: expected an absolute path", kind, i);
		if (list->v[i].timeout.set && list->v[i].timeout.value <= 0)
			return fail(p->error, 0, "hooks.%s[%zu].timeout: expected a positive number of seconds", kind, i);
	}
	return 0;
}

static int hooks_check(struct plan *p)
{
	const struct hooks *hooks = &p->spec->hooks;
	struct hooks_plan *plan;

	if (check_list(p, &hooks->prestart, "prestart") < 0 || check_list(p, &hooks->create_runtime, "createRuntime") < 0 ||
		check_list(p, &hooks->create_container, "createContainer") < 0 || check_list(p, &hooks->start_container, "startContainer") < 0 ||
		check_list(p, &hooks->poststart, "poststart") < 0 || check_list(p, &hooks->poststop, "poststop") < 0)
		return -1;
	if (p->request->exec || hooks->create_container.n + hooks->start_container.n == 0)
		return 0;
	plan = arena_new(p->arena, struct hooks_plan);
	plan->create_container = compile(p->arena, &hooks->create_container, "createContainer", environ, NULL);
	plan->start_container = compile(p->arena, &hooks->start_container, "startContainer", NULL, NULL);
	plan->out = (struct hook_output){ NO_FD, NO_FD, NO_FD };
	p->data[ASPECT_HOOKS] = plan;
	return 0;
}

static int open_output(struct plan *p, const char *annotation)
{
	const char *path = spec_annotation(p->spec, annotation);
	int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC, HOOKS_FILE_MODE) : open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(p->error, errno, "cannot open '%s' for the output of hooks", path ? path : "/dev/null");
	return fd;
}

static int open_outputs(struct plan *p, struct hook_output *out)
{
	out->output = open_output(p, "run.oci.hooks.stdout");
	if (out->output < 0)
		return -1;
	if (spec_annotation(p->spec, "run.oci.hooks.stderr")) {
		out->errors = open_output(p, "run.oci.hooks.stderr");
		return out->errors < 0 ? -1 : 0;
	}
	out->words = memfd_create("hook-errors", MFD_CLOEXEC);
	if (out->words < 0)
		return fail(p->error, errno, "cannot make a memfd");
	out->errors = out->words;
	return 0;
}

static int hooks_prepare(struct plan *p)
{
	struct hooks_plan *plan = p->data[ASPECT_HOOKS];

	return plan ? open_outputs(p, &plan->out) : 0;
}

/* Run one hook. @payload: the payload's environment;  @ret_words: offset in out->words where its standard error begins. */
static CHILD struct program_result run_hook(const struct hook_program *h, char *const *payload, const struct hook_output *out, int state_fd, off_t *ret_words)
{
	char *const none[] = { NULL };
	struct spawn program = h->program;

	if (!program.envp)
		program.envp = payload ? payload : none;
	program.input = state_fd;
	program.output = out->output;
	program.errors = out->errors;
	*ret_words = out->words < 0 ? 0 : lseek(out->words, 0, SEEK_CUR);
	(void)lseek(state_fd, 0, SEEK_SET); /* a memfd can be sought */
	return program_run(&program, h->timeout_ms);
}

/* Position a memfd at the last @max bytes written since @start. Returns how many there are. */
static CHILD off_t seek_words(const struct hook_output *out, off_t start, off_t max)
{
	off_t end = out->words < 0 ? start : lseek(out->words, 0, SEEK_END);

	if (end - start > max)
		start = end - max;
	if (end > start)
		(void)lseek(out->words, start, SEEK_SET); /* a memfd can be sought */
	return end - start;
}

static CHILD int fail_hook(const struct child *c, const struct hook_program *h, const struct program_result *result, off_t words)
{
	const struct hooks_plan *plan = c->plan->data[ASPECT_HOOKS];
	char text[FAULT_DETAIL_MAX];
	ssize_t n;

	if (result->end == PROGRAM_NOT_RUN)
		return child_fail(c, FAULT("hook '%a': cannot execute it"), result->value, h->subject, NULL);
	if (result->end == PROGRAM_TIMED_OUT)
		return child_fail_number(c, FAULT("hook '%a': killed after its timeout of %n s"), 0, h->subject, h->timeout);
	n = seek_words(&plan->out, words, FAULT_DETAIL_MAX - 1) > 0 ? read(plan->out.words, text, sizeof(text)) : 0;
	if (n > 0)
		return child_fail_words(c, FAULT("hook '%a' failed"), h->subject, text, (size_t)n);
	if (result->end == PROGRAM_KILLED)
		return child_fail_number(c, FAULT("hook '%a': killed by signal %n"), 0, h->subject, result->value);
	return child_fail_number(c, FAULT("hook '%a': exit status %n"), 0, h->subject, result->value);
}

static CHILD int run_in_child(struct child *c, const struct hook_programs *programs)
{
	const struct hooks_plan *plan = c->plan->data[ASPECT_HOOKS];

	for (size_t i = 0; i < programs->n; i++) {
		off_t words;
		struct program_result result = run_hook(&programs->v[i], exec_environment(c->plan), &plan->out, c->plan->state_fd, &words);

		if (result.end != PROGRAM_EXITED || result.value != 0)
			return fail_hook(c, &programs->v[i], &result, words);
	}
	return 0;
}

static CHILD int hooks_enter(struct child *c)
{
	const struct hooks_plan *plan = c->plan->data[ASPECT_HOOKS];

	if (!plan)
		return 0;
	if (plan->start_container.n > 0) {
		child_keep(c, c->plan->state_fd);
		child_keep(c, plan->out.output);
		child_keep(c, plan->out.errors); /* the memfd of the words is the same one */
	}
	if (plan->create_container.n > 0 && fchdir(c->root) < 0) /* until pivot_root(2) */
		return child_fail(c, FAULT("cannot change to the root directory for the createContainer hooks"), errno, NULL, NULL);
	return run_in_child(c, &plan->create_container);
}

CHILD int hooks_start_container(struct child *c)
{
	const struct hooks_plan *plan = c->plan->data[ASPECT_HOOKS];

	return plan ? run_in_child(c, &plan->start_container) : 0;
}

/* ": what the hook wrote", without its last newlines; "" when it wrote nothing. */
static const char *words_of(struct arena *arena, const struct hook_output *out, off_t start)
{
	char buffer[HOOKS_WORDS_MAX];
	ssize_t n = seek_words(out, start, HOOKS_WORDS_MAX) > 0 ? read(out->words, buffer, sizeof(buffer)) : 0;

	while (n > 0 && (buffer[n - 1] == '\n' || buffer[n - 1] == ' '))
		n--;
	return n > 0 ? arena_printf(arena, ": %.*s", (int)n, buffer) : "";
}

static int tell_failure(struct plan *p, const struct hook_program *h, const struct program_result *result, const char *words)
{
	switch (result->end) {
	case PROGRAM_NOT_RUN:
		return fail(p->error, result->value, "hook '%s': cannot execute it", h->subject);
	case PROGRAM_TIMED_OUT:
		return fail(p->error, 0, "hook '%s': killed after its timeout of %" PRId64 " s%s", h->subject, h->timeout, words);
	case PROGRAM_KILLED:
		return fail(p->error, 0, "hook '%s': killed by signal %d%s", h->subject, result->value, words);
	case PROGRAM_EXITED:
		break;
	}
	return fail(p->error, 0, "hook '%s': exit status %d%s", h->subject, result->value, words);
}

static int run_list(struct plan *p, const struct hook_programs *programs, const struct hook_output *out, int state_fd, bool keep_going)
{
	struct error first = { 0 };
	bool failed = false;

	for (size_t i = 0; i < programs->n; i++) {
		off_t words;
		struct program_result result = run_hook(&programs->v[i], NULL, out, state_fd, &words);

		if (result.end == PROGRAM_EXITED && result.value == 0)
			continue;
		(void)tell_failure(p, &programs->v[i], &result, words_of(p->arena, out, words)); /* -1 by nature */
		if (!keep_going)
			return -1;
		if (!failed)
			first = *p->error;
		failed = true;
	}
	if (failed)
		*p->error = first;
	return failed ? -1 : 0;
}

void hooks_state(struct json_writer *w, const char *name, const struct plan *p, pid_t pid, const char *status)
{
	json_open_object(w, name);
	json_string(w, "ociVersion", SPEC_OCI_VERSION);
	json_string(w, "id", p->request->id);
	json_string(w, "status", status);
	if (pid > 0)
		json_i64(w, "pid", pid);
	json_string(w, "bundle", p->request->bundle);
	if (p->spec->annotations.n > 0) {
		json_open_object(w, "annotations");
		for (size_t i = 0; i < p->spec->annotations.n; i++)
			json_string(w, p->spec->annotations.v[i].key, p->spec->annotations.v[i].value);
		json_close_object(w);
	}
	json_close_object(w);
}

int hooks_run(struct plan *p, const struct hook_list *list, const char *kind, const char *state_json)
{
	struct hook_output out = { NO_FD, NO_FD, NO_FD };
	struct hook_programs programs;
	scope_fd int state_fd = NO_FD;
	int r;

	if (list->n == 0)
		return 0;
	if (check_list(p, list, kind) < 0) /* the list may come from a stored document */
		return -1;
	programs = compile(p->arena, list, kind, environ, p->request->bundle);
	state_fd = io_memfd("state", state_json); /* no hook can change it for the next one */
	if (state_fd < 0)
		return fail(p->error, state_fd, "cannot make a file in memory for the hooks");
	r = open_outputs(p, &out);
	if (r == 0)
		r = run_list(p, &programs, &out, state_fd, strcmp(kind, "poststop") == 0);
	(void)close_fd(out.output);
	(void)close_fd(out.errors); /* the memfd is the same one */
	return r;
}

static void explain_list(struct explain *x, const struct hook_list *list, const char *kind)
{
	for (size_t i = 0; i < list->n; i++)
		explain_step(x, "run the %s hook '%s'", kind, list->v[i].path);
}

static void hooks_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct hooks *hooks = &p->spec->hooks;

	if (p->request->exec)
		return;
	if (phase == PHASE_ENTER) {
		explain_list(x, &hooks->prestart, "prestart");
		explain_list(x, &hooks->create_runtime, "createRuntime");
		explain_list(x, &hooks->create_container, "createContainer");
	}
	if (phase == PHASE_EXEC)
		explain_list(x, &hooks->start_container, "startContainer");
	if (phase == PHASE_UNDO) {
		explain_list(x, &hooks->poststart, "poststart");
		explain_list(x, &hooks->poststop, "poststop");
	}
}

const struct aspect aspect_hooks = {
	.id = ASPECT_HOOKS,
	.check = hooks_check,
	.prepare = hooks_prepare,
	.enter = hooks_enter,
	.explain = hooks_explain,
};
