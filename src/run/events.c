/*
 * events: one poll(2) over the container's pidfd, a timer for figures, and the kernel's word that memory ran out. Nothing is looked at in between.
 * Each set of figures has an arena of its own: this may run for months.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "aspect/cgroup_stats.h"
#include "base/process.h"
#include "base/scope.h"
#include "run/figures.h"
#include "run/handle.h"

#define DEFAULT_INTERVAL 5000000000ULL
#define NS_PER_S 1000000000ULL

/*
 * Who listens.
 * @enough: it said that it wants no more
 */
struct listener {
	struct job *job;
	int (*on_event)(void *data, const char *json);
	void *data;
	bool enough;
};

static void tell(struct listener *l, struct arena *arena, const char *type, const struct cgroup_stats *stats)
{
	struct json_writer w = json_writer_on(arena, 0);

	json_open_object(&w, NULL);
	json_string(&w, "type", type);
	json_string(&w, "id", l->job->id);
	if (stats)
		figures_write(&w, "data", stats);
	json_close_object(&w);
	l->enough = l->on_event(l->data, json_text(&w)) < 0;
}

static int tell_oom(struct listener *l)
{
	struct arena arena;
	int r = arena_init(&arena);

	if (r < 0)
		return fail(&l->job->hull->error, r, "cannot reserve memory");
	tell(l, &arena, "oom", NULL);
	arena_deinit(&arena);
	return 0;
}

/* Return: 0 or -1 after fail(). */
static int tell_figures(struct listener *l)
{
	struct hull *h = l->job->hull;
	struct cgroup_stats stats;
	struct arena arena;
	int r = arena_init(&arena);

	if (r < 0)
		return fail(&h->error, r, "cannot reserve memory");
	r = cgroup_stats_read(&l->job->state.facts, &arena, &h->error, &stats);
	if (r == 0)
		tell(l, &arena, "stats", &stats);
	arena_deinit(&arena);
	return r;
}

static int start_timer(uint64_t interval, struct error *e)
{
	struct timespec each = { .tv_sec = (time_t)(interval / NS_PER_S), .tv_nsec = (long)(interval % NS_PER_S) };
	struct itimerspec timer = { .it_interval = each, .it_value = each };
	scope_fd int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, 0, &timer, NULL) < 0)
		return fail(e, errno, "cannot make a timer");
	return take_fd(&fd);
}

static int stream(struct listener *l, int pidfd, int timer, struct cgroup_oom_watch *watch)
{
	struct hull *h = l->job->hull;
	struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN }, { .fd = timer, .events = POLLIN }, { .fd = watch->fd, .events = POLLIN } };
	uint64_t ticks;

	while (!l->enough) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return fail(&h->error, errno, "cannot wait for events");
		}
		/* the last thing that happens may be both: first why, then that it ended */
		if ((fds[2].revents || fds[0].revents) && cgroup_oom_happened(watch) && tell_oom(l) < 0)
			return -1;
		if (fds[0].revents)
			break;
		if (fds[1].revents && read(timer, &ticks, sizeof(ticks)) == (ssize_t)sizeof(ticks) && !l->enough && tell_figures(l) < 0)
			return process_wait_gone(pidfd, 0) == 0 ? 0 : -1; /* it ended while we read */
	}
	return 0;
}

static int listen_to(struct listener *l, uint64_t interval)
{
	struct job *job = l->job;
	struct hull *h = job->hull;
	scope_fd int pidfd = process_open(job->state.facts.pid, job->state.facts.pid_birth), timer = NO_FD;
	struct cgroup_oom_watch watch;
	int r;

	if (pidfd < 0)
		return fail(&h->error, pidfd, "cannot open the process of container '%s'", job->id);
	timer = start_timer(interval, &h->error);
	if (timer < 0 || cgroup_oom_watch(&job->state.facts, &h->arena, &h->error, &watch) < 0)
		return -1;
	r = tell_figures(l);
	if (r == 0)
		r = stream(l, pidfd, timer, &watch);
	cgroup_oom_unwatch(&watch);
	return r;
}

int container_events(struct hull *hull, const char *id, const struct hull_events_options *o, int (*on_event)(void *data, const char *json), void *data)
{
	struct job job;
	struct listener listener = { .job = &job, .on_event = on_event, .data = data };
	int r = job_open_running(&job, hull, id);

	if (r == 0)
		r = o->once ? tell_figures(&listener) : listen_to(&listener, o->interval ? o->interval : DEFAULT_INTERVAL);
	job_close(&job);
	return r < 0 ? -1 : 0;
}
