/* The public functions of hull.h: each checks its arguments, starts a fresh arena and hands over to the job that does the work. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "run/explain.h"
#include "run/handle.h"
#include "run/live.h"
#include "run/show.h"
#include "run/try.h"

#define API __attribute__((visibility("default")))

/* A caller built against an older header passes a shorter structure: what it does not know is zero. */
#define COPY_OPTIONS(local, given)                                                                       \
	do {                                                                                             \
		size_t known = (given) && (given)->size < sizeof(local) ? (given)->size : sizeof(local); \
                                                                                                         \
		memset(&(local), 0, sizeof(local));                                                      \
		if (given)                                                                               \
			memcpy(&(local), (given), known);                                                \
		(local).size = sizeof(local);                                                            \
	} while (0)

/* A new job: what the last one left is gone. */
static struct hull *begin(struct hull *h)
{
	memset(&h->error, 0, sizeof(h->error));
	arena_reset(&h->arena, h->kept);
	return h;
}

static const char *default_root(struct arena *arena)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");

	if (geteuid() == 0 || !runtime_dir || !runtime_dir[0])
		return "/run/hull";
	return arena_printf(arena, "%s/hull", runtime_dir);
}

static int set_options(struct hull *h, const struct hull_options *o)
{
	static const char *const managers[] = { "cgroupfs", "systemd", "disabled" };
	int r;

	h->root_given = o->root != NULL;
	h->root = o->root ? arena_strdup(&h->arena, o->root) : default_root(&h->arena);
	h->log = (struct log){
		.fd = NO_FD, .format = o->log_json ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT, .level = (enum log_level)o->log_level, .to_stderr = true,
		.name = o->name ? o->name : "hull", .level_prefix = o->level_prefix,
	};
	if (o->log_level < LOG_LEVEL_ERROR || o->log_level > LOG_LEVEL_DEBUG)
		return fail(&h->error, 0, "log level out of range: %d", o->log_level);
	h->cgroup_manager = CGROUP_MANAGER_CGROUPFS;
	if (o->cgroup_manager) {
		size_t i = 0;

		while (i < ARRAY_SIZE(managers) && strcmp(managers[i], o->cgroup_manager) != 0)
			i++;
		if (i == ARRAY_SIZE(managers))
			return fail(&h->error, 0, "unknown cgroup manager '%s': cgroupfs, systemd or disabled", o->cgroup_manager);
		h->cgroup_manager = (enum cgroup_manager)i;
	}
	r = o->log ? log_open(&h->log, o->log) : 0;
	if (r > 0) /* that a daemon does not run is no reason that no container does */
		log_write(&h->log, LOG_LEVEL_WARNING, "nobody listens behind the log '%s'", o->log);
	return r < 0 ? fail(&h->error, r, "cannot open the log '%s'", o->log) : 0;
}

API int hull_open(const struct hull_options *options, struct hull **ret_hull)
{
	struct arena arena;
	struct hull_options o;
	struct hull *h;
	int r;

	*ret_hull = NULL;
	if (arena_init(&arena) < 0)
		return -1;
	*ret_hull = h = arena_alloc(&arena, sizeof(*h));
	h->log = (struct log){ .fd = NO_FD, .to_stderr = true, .name = "hull" }; /* what fails before the options are read is said too */
	COPY_OPTIONS(o, options);
	h->arena = arena;
	r = set_options(h, &o);
	h->kept = h->arena.used;
	return r;
}

API void hull_close(struct hull *h)
{
	if (!h)
		return;
	(void)close_fd(h->log.fd);
	arena_deinit(&(struct arena){ .base = h->arena.base, .size = h->arena.size }); /* a copy: the handle goes with it */
}

API const char *hull_error(const struct hull *h)
{
	return h->error.text;
}

API int hull_exit_code(const struct hull *h)
{
	return h->error.exit_code;
}

API void hull_log(struct hull *h, int level, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* a longer message is cut */
	va_end(args);
	log_write(&h->log, (enum log_level)level, "%s", text);
}

API int hull_create(struct hull *h, const char *id, const struct hull_create_options *options)
{
	struct hull_create_options o;
	int unused;

	COPY_OPTIONS(o, options);
	o.detach = true;
	return container_create(begin(h), id, &o, false, &unused);
}

API int hull_run(struct hull *h, const char *id, const struct hull_create_options *options, int *ret_status)
{
	struct hull_create_options o;

	COPY_OPTIONS(o, options);
	return container_create(begin(h), id, &o, true, ret_status);
}

API int hull_start(struct hull *h, const char *id)
{
	return container_start(begin(h), id);
}

API int hull_exec(struct hull *h, const char *id, const struct hull_exec_options *options, int *ret_status)
{
	struct hull_exec_options o;

	COPY_OPTIONS(o, options);
	return container_exec(begin(h), id, &o, ret_status);
}

API int hull_enter(struct hull *h, const char *target, const struct hull_enter_options *options, int *ret_status)
{
	struct hull_enter_options o;

	COPY_OPTIONS(o, options);
	return container_enter(begin(h), target, &o, ret_status);
}

API int hull_kill(struct hull *h, const char *id, const char *signal, unsigned int flags)
{
	return container_kill(begin(h), id, signal, flags & HULL_KILL_ALL);
}

API int hull_delete(struct hull *h, const char *id, unsigned int flags)
{
	return container_delete(begin(h), id, flags & HULL_DELETE_FORCE);
}

API int hull_wait(struct hull *h, const char *id, int *ret_status)
{
	return container_wait(begin(h), id, ret_status);
}

API int hull_pause(struct hull *h, const char *id)
{
	return container_freeze(begin(h), id, true);
}

API int hull_resume(struct hull *h, const char *id)
{
	return container_freeze(begin(h), id, false);
}

API int hull_update(struct hull *h, const char *id, const struct hull_update_options *options)
{
	struct hull_update_options o;

	COPY_OPTIONS(o, options);
	return container_update(begin(h), id, &o);
}

API int hull_events(struct hull *h, const char *id, const struct hull_events_options *options, int (*on_event)(void *data, const char *json), void *data)
{
	struct hull_events_options o;

	COPY_OPTIONS(o, options);
	return container_events(begin(h), id, &o, on_event, data);
}

API int hull_stats(struct hull *h, const char *id, struct hull_stats *stats)
{
	struct hull_stats all;
	size_t size = stats->size < sizeof(all) ? stats->size : sizeof(all);

	if (container_stats(begin(h), id, &all) < 0)
		return -1;
	all.size = size;
	memcpy(stats, &all, size);
	return 0;
}

API int hull_list(struct hull *h, struct hull_info **ret_infos, size_t *ret_n)
{
	return show_list(begin(h), ret_infos, ret_n);
}

API void hull_free_infos(struct hull_info *infos)
{
	free(infos);
}

API int hull_match(struct hull *h, const char *regex, char ***ret_ids)
{
	return show_match(begin(h), regex, ret_ids);
}

API int hull_state(struct hull *h, const char *id, char **ret_json)
{
	return show_state(begin(h), id, ret_json);
}

API int hull_list_json(struct hull *h, char **ret_json)
{
	return show_list_json(begin(h), ret_json);
}

API int hull_features(struct hull *h, char **ret_json)
{
	return show_features(begin(h), ret_json);
}

API int hull_spec(struct hull *h, bool rootless, char **ret_json)
{
	return show_spec(begin(h), rootless, ret_json);
}

API int hull_pids(struct hull *h, const char *id, pid_t **ret_pids, size_t *ret_n)
{
	return show_pids(begin(h), id, ret_pids, ret_n);
}

API int hull_mounts(struct hull *h, const char *id, bool add, const char *file)
{
	return live_mounts(begin(h), id, add, file);
}

API int hull_explain(struct hull *h, const struct hull_create_options *options, bool json, char **ret_text)
{
	struct job job = { .hull = h, .id = "explained", .dry = true, .root = NO_FD, .dir = NO_FD };
	struct hull_create_options o;
	int r;

	(void)begin(h);
	COPY_OPTIONS(o, options);
	r = container_check(&job, &o);
	if (r == 0) {
		*ret_text = strdup(plan_explain(&job.plan, json));
		r = *ret_text ? 0 : fail(&h->error, ENOMEM, "cannot hand out the plan");
	}
	job_close(&job);
	return r;
}

/* Descriptors and ids that an older header does not know are absent, not 0. */
static void copy_sandbox_options(struct hull_sandbox_options *ret, const struct hull_sandbox_options *given)
{
	*ret = HULL_SANDBOX_OPTIONS;
	if (given)
		memcpy(ret, given, given->size < sizeof(*ret) ? given->size : sizeof(*ret));
	ret->size = sizeof(*ret);
}

/* The caller's descriptors: asked for while hull has none of its own open, which a wrong number would name later. */
static int check_descriptors(struct hull *h, const struct hull_sandbox_options *o)
{
	for (size_t i = 0; i < o->n_steps; i++) {
		const struct hull_step *step = &o->steps[i];
		bool takes_one = step->kind <= HULL_STEP_DEV_BIND || (step->kind >= HULL_STEP_FILE && step->kind <= HULL_STEP_RO_BIND_DATA);

		if (takes_one && !step->source && step->fd >= 0 && fcntl(step->fd, F_GETFD) < 0)
			return fail(&h->error, errno, "cannot use descriptor %d for '%s'", step->fd, step->target ? step->target : "");
	}
	return 0;
}

API int hull_sandbox(struct hull *h, const struct hull_sandbox_options *options, int *ret_status)
{
	struct hull_sandbox_options o;

	copy_sandbox_options(&o, options);
	return check_descriptors(begin(h), &o) < 0 ? -1 : container_sandbox(h, &o, ret_status);
}

API int hull_sandbox_config(struct hull *h, const struct hull_sandbox_options *options, char **ret_json)
{
	struct hull_sandbox_options o;

	copy_sandbox_options(&o, options);
	return container_sandbox_config(begin(h), &o, ret_json);
}

API int hull_sandbox_explain(struct hull *h, const struct hull_sandbox_options *options, bool json, char **ret_text)
{
	struct hull_sandbox_options o;

	copy_sandbox_options(&o, options);
	return container_sandbox_explain(begin(h), &o, json, ret_text);
}

API int hull_try(struct hull *h, const struct hull_try_options *options, char **ret_dir, int *ret_status)
{
	struct hull_try_options o;

	COPY_OPTIONS(o, options);
	return try_run(begin(h), &o, ret_dir, ret_status);
}

API int hull_try_show(struct hull *h, const char *dir, const struct hull_review_options *options, char **ret_text, size_t *ret_n, size_t *ret_dangerous)
{
	struct hull_review_options o;

	COPY_OPTIONS(o, options);
	return try_show(begin(h), dir, &o, ret_text, ret_n, ret_dangerous);
}

API int hull_try_diff(struct hull *h, const char *dir, const struct hull_review_options *options, int out)
{
	struct hull_review_options o;

	COPY_OPTIONS(o, options);
	return try_diff(begin(h), dir, &o, out);
}

API int hull_try_apply(struct hull *h, const char *dir, const struct hull_review_options *options, size_t *ret_done)
{
	struct hull_review_options o;

	COPY_OPTIONS(o, options);
	return try_make_changes(begin(h), dir, &o, ret_done);
}

API int hull_try_drop(struct hull *h, const char *dir)
{
	return try_drop(begin(h), dir);
}
