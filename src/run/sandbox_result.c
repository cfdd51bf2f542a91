/*
 * --result: one JSON record of how a sandbox ended, also when hull itself failed. A file is replaced as a whole at the end, in the directory that was there
 * before the command ran; whatever else FILE is (a FIFO) is opened then, too, since the command may change what a path means.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/scope.h"
#include "base/text.h"
#include "run/sandbox.h"
#include "spec/names.h"

enum { RESULT_VERSION = 1, RESULT_MODE = 0644, KIB = 1024 };

int sandbox_result_open(struct sandbox *s)
{
	struct error *e = &s->job->hull->error;
	const char *path = s->o.result, *slash;
	struct arena *arena = &s->job->hull->arena;
	uint32_t number;
	int r;

	s->result_fd = s->result_dir = NO_FD;
	if (!path)
		return 0;
	if (text_to_u32(path, &number) == 0)
		path = arena_printf(arena, "/dev/fd/%s", path);
	r = io_open_output(path, &s->result_fd);
	if (r < 0)
		return fail(e, r, "--result: cannot open '%s'", s->o.result);
	if (s->result_fd >= 0)
		return 0;
	slash = strrchr(path, '/');
	s->result_name = slash ? slash + 1 : path;
	s->result_dir = open(slash ? arena_strndup(arena, path, (size_t)(slash - path) + 1) : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->result_dir < 0 || faccessat(s->result_dir, ".", W_OK, 0) < 0)
		return fail(e, errno, "--result: cannot write to the directory of '%s'", path);
	return 0;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* How the payload ended, in isolate's two letters. */
static const char *status_word(const struct sandbox *s, bool ran, const char *limit)
{
	int status = s->foreground.wait_status;

	if (!ran)
		return "XX";
	if (limit && (text_equal(limit, "time") || text_equal(limit, "wall")))
		return "TO";
	if (WIFSIGNALED(status))
		return "SG";
	return WEXITSTATUS(status) == 0 ? "OK" : "RE";
}

static uint64_t microseconds(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_usec;
}

/* All processor time in nanoseconds: the cgroup has also what nobody waited for. */
static uint64_t total_time(const struct sandbox *s)
{
	uint64_t waited = (microseconds(s->foreground.usage.ru_utime) + microseconds(s->foreground.usage.ru_stime)) * 1000;
	uint64_t cpu = s->has_cpu && s->cpu > waited ? s->cpu : waited;

	return s->used > cpu ? s->used : cpu;
}

/* The limit that ended the payload, NULL: none. */
static const char *ending_limit(const struct sandbox *s)
{
	int status = s->foreground.wait_status;
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (s->timed_out || signal == SIGXCPU || (s->limits[LIMIT_TIME].set && total_time(s) >= s->limits[LIMIT_TIME].value))
		return "time";
	if (s->foreground.timed_out)
		return "wall";
	if (s->oom_kills > 0 && (signal == SIGKILL || status != 0))
		return "memory";
	if (signal == SIGXFSZ)
		return "fsize";
	return s->pids_hit > 0 && status != 0 ? "pids" : NULL;
}

static void write_end(struct json_writer *w, const struct sandbox *s)
{
	int status = s->foreground.wait_status;
	const char *name = WIFSIGNALED(status) ? names_of(&names_signals, (uint64_t)WTERMSIG(status)) : NULL;

	if (WIFEXITED(status)) {
		json_i64(w, "exit_code", WEXITSTATUS(status));
		return;
	}
	json_i64(w, "signal", WTERMSIG(status));
	json_string(w, "signal_name", name ? arena_printf(w->arena, "SIG%s", name) : NULL);
	json_bool(w, "core_dumped", WCOREDUMP(status));
}

static void write_usage(struct json_writer *w, const struct sandbox *s)
{
	const struct rusage *u = &s->foreground.usage;

	json_double(w, "wall", (double)(s->ended - s->started) / 1e9);
	if (s->foreground.left)
		return;
	json_double(w, "cpu", (double)total_time(s) / 1e9);
	json_double(w, "user", seconds(u->ru_utime));
	json_double(w, "system", seconds(u->ru_stime));
	json_i64(w, "max_rss", (int64_t)u->ru_maxrss * KIB);
	if (s->memory_peak > 0)
		json_u64(w, "memory_peak", s->memory_peak);
	json_i64(w, "switches_voluntary", u->ru_nvcsw);
	json_i64(w, "switches_forced", u->ru_nivcsw);
	json_i64(w, "faults_minor", u->ru_minflt);
	json_i64(w, "faults_major", u->ru_majflt);
}

static void write_limits(struct json_writer *w, const struct sandbox *s)
{
	json_open_object(w, "limits");
	for (int i = 0; i < LIMIT_MAX; i++) {
		const struct limit_state *l = &s->limits[i];

		if (!l->set)
			continue;
		json_open_object(w, sandbox_limit_name((enum sandbox_limit)i));
		if (i == LIMIT_TIME || i == LIMIT_WALL)
			json_double(w, "value", (double)l->value / 1e9);
		else if (i == LIMIT_CPUS)
			json_double(w, "value", (double)l->value / 1e3);
		else
			json_u64(w, "value", l->value);
		json_string(w, "held_by", sandbox_holder_name(l->holder));
		json_close_object(w);
	}
	json_close_object(w);
}

static void write_outcome(struct json_writer *w, const struct sandbox *s, const char *limit)
{
	write_end(w, s);
	json_bool(w, "killed", s->timed_out || s->foreground.timed_out || s->foreground.killed_by != 0);
	json_string(w, "limit", limit);
	json_bool(w, "oom", s->oom_kills > 0);
	json_u64(w, "oom_kills", s->oom_kills);
	json_u64(w, "pids_refused", s->pids_hit);
	json_i64(w, "pid", s->pid);
	write_usage(w, s);
}

int sandbox_result_write(struct sandbox *s, bool ran)
{
	struct hull *h = s->job->hull;
	struct json_writer w = json_writer_on(&h->arena, 0);
	const char *limit = ran ? ending_limit(s) : NULL, *text;
	int r;

	if (!s->o.result || (s->result_fd < 0 && s->result_dir < 0)) /* without a place: that is the error */
		return 0;
	json_open_object(&w, NULL);
	json_u64(&w, "version", RESULT_VERSION);
	json_string(&w, "status", status_word(s, ran, limit));
	if (ran)
		write_outcome(&w, s, limit);
	else
		json_string(&w, "error", h->error.text);
	if (!ran && h->error.exit_code)
		json_i64(&w, "exit_code", h->error.exit_code);
	json_open_array(&w, "command");
	for (size_t i = 0; s->o.args && s->o.args[i]; i++)
		json_string(&w, NULL, s->o.args[i]);
	json_close_array(&w);
	write_limits(&w, s);
	json_close_object(&w);
	text = arena_printf(&h->arena, "%s\n", json_text(&w));
	r = s->result_fd >= 0 ? io_write_pipe(s->result_fd, text, strlen(text)) :
				io_replace_file(s->result_dir, s->result_name, RESULT_MODE, text, strlen(text));
	s->result_dir = close_fd(s->result_dir);
	s->result_fd = close_fd(s->result_fd);
	return r < 0 && ran ? fail(&h->error, r, "--result: cannot write '%s'", s->o.result) : 0;
}
