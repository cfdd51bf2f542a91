/*
 * hull try: a process of its own puts up the overlays (try_mount.c) and is then the one that hull_sandbox() runs in, so that to the sandbox the overlays are the
 * host. We wait for it, outside of them, and look at what the upper directories hold: changes are found, recorded, shown, applied, or dropped.
 */
#include "run/try.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/tree.h"
#include "run/foreground.h"

/* What the process of the sandbox hands back. */
struct outcome {
	int result, status;
	struct error error;
};

/* What root may do in there: what an installer does to files and users; nothing that reaches past the file tree (capabilities(7)). */
static const char *const root_capabilities[] = {
	"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "SETFCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "AUDIT_WRITE", NULL,
};

/* In the process that stands on the overlays: run the command. */
static int run_sandbox(struct hull *h, const struct hull_try_options *o, const struct try_stage *stage, int *ret_status)
{
	struct hull_sandbox_options s = HULL_SANDBOX_OPTIONS;
	struct hull_step tmp = { .kind = HULL_STEP_BIND, .source = "/tmp", .target = "/tmp", .fd = -1 };

	s.args = o->args;
	s.env = o->env;
	s.cwd = o->cwd;
	s.net = o->net ? o->net : "host";
	s.rootfs_writable = true;
	s.no_landlock = true;
	s.init = true;
	s.namespaces = HULL_NS_PID | HULL_NS_IPC;
	s.try_namespaces = HULL_NS_CGROUP;
	if (stage->own_userns)
		s.namespaces |= HULL_NS_USER;
	else
		s.cap_add = root_capabilities;
	/* whoever is in /tmp works with what is there */
	if (path_below(stage->cwd, "/tmp")) {
		s.steps = &tmp;
		s.n_steps = 1;
	}
	return hull_sandbox(h, &s, ret_status);
}

static _Noreturn void stage_main(struct hull *h, const struct hull_try_options *o, const struct try_state *state, const struct try_stage *stage, pid_t parent,
				int report)
{
	const unsigned int n_roots = state->n_roots; /* the arena starts anew with the sandbox */
	const bool userxattr = state->userxattr;
	const int to = state->dir;
	struct outcome outcome = { .result = 0 };
	int memory = NO_FD;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* cannot fail with a signal's number */
	if (getppid() != parent)
		_exit(0);
	outcome.result = try_enter_stage(h, state, stage, &memory);
	if (outcome.result == 0)
		outcome.result = run_sandbox(h, o, stage, &outcome.status);
	if (outcome.result == 0 && memory >= 0)
		outcome.result = try_save_memory(h, userxattr, n_roots, memory, to);
	outcome.error = h->error;
	(void)io_write_all(report, &outcome, sizeof(outcome)); /* without it our end says enough */
	_exit(0);
}

/* Pass on what was sent to us alone; the terminal sends to the whole group, and the process of the sandbox is in it. */
static void pass_signals(const struct foreground *f, pid_t child)
{
	struct signalfd_siginfo info;

	while (read(f->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_code <= 0 && info.ssi_signo != SIGCHLD)
			(void)kill(child, (int)info.ssi_signo); /* it may be gone already */
}

/* Wait for the end of the process of the sandbox. When it stops (Ctrl-Z), we stop too. */
static void wait_for(const struct foreground *f, pid_t child)
{
	int status = 0;

	for (;;) {
		struct pollfd poll_fd = { .fd = f->signals, .events = POLLIN };
		pid_t pid = waitpid(child, &status, WNOHANG | WUNTRACED);

		if (pid < 0 && errno != EINTR)
			return;
		if (pid == child && !WIFSTOPPED(status))
			return;
		if (pid == child) {
			(void)kill(getpid(), SIGSTOP); /* cannot be blocked: we stop here until SIGCONT */
			(void)kill(child, SIGCONT); /* it is stopped, so it is there */
			continue;
		}
		(void)poll(&poll_fd, 1, -1); /* EINTR is as good as an event */
		pass_signals(f, child);
	}
}

static int read_outcome(struct hull *h, int report, int *ret_status)
{
	struct outcome outcome;
	size_t done = 0;

	while (done < sizeof(outcome)) {
		ssize_t n = read(report, (char *)&outcome + done, sizeof(outcome) - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(&h->error, 0, "the process that tried the command ended unexpectedly");
		done += (size_t)n;
	}
	if (outcome.result < 0)
		h->error = outcome.error;
	*ret_status = outcome.status;
	return outcome.result;
}

static int run_and_wait(struct hull *h, const struct hull_try_options *o, const struct try_state *state, const struct try_stage *stage, int *ret_status)
{
	struct foreground f = { .signals = NO_FD, .notify = NO_FD };
	const pid_t parent = getpid();
	int ends[2], r;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(&h->error, errno, "cannot make a pipe");
	r = foreground_begin(&f, &h->error);
	if (r == 0) {
		child = fork();
		if (child == 0) {
			foreground_end(&f);
			(void)close_fd(ends[0]);
			stage_main(h, o, state, stage, parent, ends[1]);
		}
		ends[1] = close_fd(ends[1]);
		if (child < 0)
			r = fail(&h->error, errno, "cannot fork");
		else
			wait_for(&f, child);
		foreground_end(&f);
	}
	if (r == 0)
		r = read_outcome(h, ends[0], ret_status);
	(void)close_fd(ends[0]);
	(void)close_fd(ends[1]);
	return r;
}

/* Open what a list of changes is made from. */
static int open_roots(struct hull *h, struct try_review *review)
{
	struct try_state *state = &review->state;

	review->host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (review->host < 0)
		return fail(&h->error, errno, "cannot open '/'");
	for (unsigned int i = 0; i < state->n_roots; i++) {
		struct change_root *root = &review->roots[i];

		root->path = state->roots[i].path;
		root->lower = NO_FD;
		root->upper = openat(state->dir, arena_printf(&h->arena, "upper/%u", i), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (root->upper < 0)
			return fail(&h->error, errno, "cannot open '%s/upper/%u'", state->path, i);
		root->lower = path_open(review->host, root->path, O_PATH | O_DIRECTORY | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
		if (root->lower < 0)
			return fail(&h->error, root->lower, "cannot open '%s'", root->path);
	}
	return 0;
}

/* @moves: directories that the command renamed may have to be filled */
static int find_changes(struct hull *h, struct try_review *review, bool moves, const struct hull_review_options *o)
{
	if (open_roots(h, review) < 0)
		return -1;
	review->changes = (struct changes){
		.arena = &h->arena, .error = &h->error, .xattrs = review->state.userxattr ? "user.overlay." : "trusted.overlay.",
		.roots = review->roots, .n_roots = review->state.n_roots, .started = review->state.started,
		.moves = moves, .on_progress = o->on_progress, .data = o->data,
	};
	if (try_read_marks(h, &review->state, &review->changes) < 0)
		return -1;
	return changes_find(&review->changes);
}

int try_open(struct hull *h, const char *dir, struct try_review *review, const struct hull_review_options *o)
{
	memset(review, 0, sizeof(*review));
	review->host = review->state.dir = NO_FD;
	if (try_find(h, dir, &review->state) < 0 || try_read_manifest(h, &review->state) < 0)
		return -1;
	return find_changes(h, review, false, o);
}

void try_close(struct try_review *review)
{
	for (size_t i = 0; i < CHANGES_ROOTS_MAX && review->roots[i].path; i++) {
		(void)close_fd(review->roots[i].upper);
		(void)close_fd(review->roots[i].lower);
	}
	(void)close_fd(review->host);
	(void)close_fd(review->state.dir);
}

/* The command has ended: note what lies under its changes. */
static int finish(struct hull *h, struct try_state *state, int status)
{
	struct try_review review = { .state = *state, .host = NO_FD };
	int r = tree_remove(state->dir, "work");

	if (r == 0 && (unlinkat(state->dir, "root", AT_REMOVEDIR) < 0 || unlinkat(state->dir, "memory", AT_REMOVEDIR) < 0))
		r = -errno;
	if (r < 0)
		log_write(&h->log, LOG_LEVEL_WARNING, "cannot clean up '%s': %s", state->path, error_text(-r));
	review.state.finished = true;
	review.state.status = status;
	review.state.dir = fcntl(state->dir, F_DUPFD_CLOEXEC, 0);
	r = review.state.dir < 0 ? fail(&h->error, errno, "cannot duplicate a descriptor") : try_open_closed(h, state);
	if (r == 0)
		r = find_changes(h, &review, !state->userxattr, &(struct hull_review_options){ 0 });
	if (r == 0)
		r = try_write_records(h, &review.state, &review.changes);
	if (r == 0)
		r = try_write_manifest(h, &review.state);
	try_close(&review);
	return r;
}

/* Nothing was tried: the directory goes, and the error stays. */
static void give_up(struct hull *h, struct try_state *state)
{
	struct error first = h->error;

	(void)try_remove(h, state); /* the first error counts */
	h->error = first;
}

int try_run(struct hull *h, const struct hull_try_options *o, char **ret_dir, int *ret_status)
{
	char *cwd = realpath(o->cwd ? o->cwd : ".", NULL);
	struct try_state state = { .dir = NO_FD };
	struct try_stage stage;
	int r, status = 0;

	*ret_dir = NULL;
	if (!o->args || !o->args[0])
		r = fail(&h->error, 0, "a command to execute is missing");
	else if (!cwd)
		r = fail(&h->error, errno, "cannot enter '%s'", o->cwd ? o->cwd : ".");
	else
		r = try_make(h, o->keep, &state);
	if (r < 0) {
		free(cwd);
		return -1;
	}
	state.args = o->args;
	r = try_plan_stage(h, cwd, &state, &stage);
	if (r == 0)
		r = try_write_manifest(h, &state);
	if (r == 0)
		r = run_and_wait(h, o, &state, &stage, &status);
	if (r < 0)
		give_up(h, &state);
	else
		r = finish(h, &state, status);
	*ret_dir = state.dir >= 0 ? strdup(state.path) : NULL;
	*ret_status = status;
	(void)close_fd(state.dir);
	free(cwd);
	return r;
}

int try_show(struct hull *h, const char *dir, const struct hull_review_options *o, char **ret_text, size_t *ret_n, size_t *ret_dangerous)
{
	struct try_review review;
	int r = try_open(h, dir, &review, o);

	if (r == 0) {
		*ret_n = changes_count(&review.changes, ret_dangerous);
		*ret_text = strdup(o->json ? changes_print_json(&review.changes) : changes_print(&review.changes));
		r = *ret_text ? 0 : fail(&h->error, ENOMEM, "cannot hand out the list");
	}
	try_close(&review);
	return r;
}

int try_diff(struct hull *h, const char *dir, const struct hull_review_options *o, int out)
{
	struct try_review review;
	int r = try_open(h, dir, &review, o);

	if (r == 0)
		r = changes_diff(&review.changes, out);
	try_close(&review);
	return r;
}

int try_make_changes(struct hull *h, const char *dir, const struct hull_review_options *o, size_t *ret_done)
{
	struct try_review review;
	int r = try_open(h, dir, &review, o);

	*ret_done = 0;
	if (r == 0)
		r = try_apply(h, &review, o, ret_done);
	try_close(&review);
	return r;
}

int try_drop(struct hull *h, const char *dir)
{
	struct try_state state;

	return try_find(h, dir, &state) < 0 ? -1 : try_remove(h, &state);
}
