/*
 * bubblewrap's protocol, hull's side: what is told about the sandbox through descriptors, what is waited for, and system-call filters that come as
 * programs. aspect/protocol.c has the child's side. The words are bubblewrap's, to the byte.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/scope.h"
#include "base/text.h"
#include "run/sandbox.h"
#include "spec/oci.h"

enum { TEXT_MAX = 1024 };

/* A descriptor that the caller hands over must be one. */
static int check_open(struct sandbox *s, const char *option, int fd)
{
	if (fd >= 0 && fcntl(fd, F_GETFD) < 0)
		return fail(&s->job->hull->error, errno, "%s: descriptor %d", option, fd);
	return 0;
}

static int check_descriptors(struct sandbox *s)
{
	const struct hull_sandbox_options *o = &s->o;
	const struct {
		const char *option;
		int fd;
	} given[] = {
		{ "--info-fd", o->info_fd }, { "--json-status-fd", o->json_status_fd }, { "--sync-fd", o->sync_fd }, { "--block-fd", o->block_fd },
		{ "--userns-block-fd", o->userns_block_fd }, { "--userns", o->userns_fd }, { "--userns2", o->userns2_fd }, { "--pidns", o->pidns_fd },
	};
	int *own = arena_many(&s->job->hull->arena, int, SANDBOX_OWN_MAX + o->n_steps);
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
		if (check_open(s, given[i].option, given[i].fd) < 0)
			return -1;
		if (given[i].fd >= 0)
			own[n++] = given[i].fd;
	}
	for (size_t i = 0; i < SANDBOX_FILTERS_MAX && o->seccomp_fds && o->seccomp_fds[i] >= 0; i++)
		own[n++] = o->seccomp_fds[i];
	for (size_t i = 0; i < o->n_steps; i++)
		if (o->steps[i].fd >= 0) {
			s->protocol.reads |= o->steps[i].kind != HULL_STEP_BIND && o->steps[i].kind != HULL_STEP_RO_BIND;
			if (o->steps[i].fd > STDERR_FILENO)
				own[n++] = o->steps[i].fd;
		}
	s->protocol.own = own;
	s->protocol.n_own = n;
	return 0;
}

/* --seccomp, --add-seccomp-fd */
static int read_filters(struct sandbox *s)
{
	struct hull *h = s->job->hull;
	struct sock_fprog *filters;
	size_t n = 0;

	while (s->o.seccomp_fds && s->o.seccomp_fds[n] >= 0)
		n++;
	if (n > SANDBOX_FILTERS_MAX)
		return fail(&h->error, 0, "--add-seccomp-fd: more than %d filters", SANDBOX_FILTERS_MAX);
	filters = arena_many(&h->arena, struct sock_fprog, n);
	for (size_t i = 0; i < n; i++) {
		char *data;
		size_t length;
		int r = io_read_fd(s->o.seccomp_fds[i], SANDBOX_FILTER_BYTES_MAX, &h->arena, &data, &length);

		if (r < 0)
			return fail(&h->error, r, "--seccomp: cannot read a filter from descriptor %d", s->o.seccomp_fds[i]);
		if (length == 0 || length % sizeof(struct sock_filter) != 0)
			return fail(&h->error, 0, "--seccomp: descriptor %d gives %zu bytes, which is no multiple of %zu", s->o.seccomp_fds[i], length,
				sizeof(struct sock_filter));
		filters[i].filter = arena_many(&h->arena, struct sock_filter, length / sizeof(struct sock_filter)); /* aligned */
		memcpy(filters[i].filter, data, length);
		filters[i].len = (unsigned short)(length / sizeof(struct sock_filter));
	}
	s->protocol.filters = filters;
	s->protocol.n_filters = n;
	return 0;
}

static void copy_lock_files(struct sandbox *s)
{
	struct arena *arena = &s->job->hull->arena;
	struct protocol *p = &s->protocol;

	while (s->o.lock_files && s->o.lock_files[p->n_lock_files])
		p->n_lock_files++;
	p->lock_files = arena_many(arena, const char *, p->n_lock_files);
	p->locks = arena_many(arena, int, p->n_lock_files);
	for (size_t i = 0; i < p->n_lock_files; i++) {
		p->lock_files[i] = arena_strdup(arena, s->o.lock_files[i]);
		p->locks[i] = NO_FD;
	}
}

int sandbox_fds_prepare(struct sandbox *s)
{
	const struct hull_sandbox_options *o = &s->o;
	struct protocol *p = &s->protocol;

	p->sync = o->sync_fd;
	p->block = o->block_fd;
	p->userns2 = o->userns2_fd;
	p->assert_no_userns = o->assert_userns_disabled;
	p->foreign_maps = o->userns_block_fd >= 0;
	p->environment = o->bare || !spec_namespace(&s->job->spec, NAMESPACE_USER) ? environ : NULL;
	p->subreaper = (o->time || o->wall) && !spec_namespace(&s->job->spec, NAMESPACE_PID);
	p->reports = o->info_fd >= 0 || o->json_status_fd >= 0;
	if (check_descriptors(s) < 0 || read_filters(s) < 0)
		return -1;
	copy_lock_files(s);
	if (s->job->spec.hull.init) {
		p->init_says = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (p->init_says < 0)
			return fail(&s->job->hull->error, errno, "cannot make an eventfd");
		p->linger = o->bare && !o->name;
		p->exact = o->bare || o->result; /* for others the reaper's own status says enough */
	}
	s->foreground.init_says = p->init_says;
	s->foreground.linger = p->linger;
	s->job->request.protocol = p;
	return 0;
}

/* ---- what is told ---- */

/* The namespaces of the sandbox that are not the caller's, by name and inode number. */
static void add_namespaces(const struct sandbox *s, pid_t pid, const char *separator, struct text *t)
{
	static const struct {
		const char *name; /* in /proc/PID/ns, too */
		enum namespace_type type;
	} rows[] = {
		{ "cgroup", NAMESPACE_CGROUP }, { "ipc", NAMESPACE_IPC }, { "mnt", NAMESPACE_MOUNT }, { "net", NAMESPACE_NETWORK },
		{ "pid", NAMESPACE_PID },	{ "uts", NAMESPACE_UTS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct namespace *ns = spec_namespace(&s->job->spec, rows[i].type);
		char path[64];
		struct stat st;

		if (!ns || ns->path)
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, rows[i].name); /* fits */
		if (stat(path, &st) == 0)
			text_addf(t, ",%s\"%s-namespace\": %llu", separator, rows[i].name, (unsigned long long)st.st_ino);
	}
}

static int tell_child(struct sandbox *s, const char *option, int fd, bool lines, pid_t pid)
{
	char buffer[TEXT_MAX];
	struct text t = text_on(buffer, sizeof(buffer));
	int r;

	text_addf(&t, lines ? "{ \"child-pid\": %d" : "{\n    \"child-pid\": %d", (int)pid);
	add_namespaces(s, pid, lines ? " " : "\n    ", &t);
	text_add(&t, lines ? " }\n" : "\n}\n");
	r = io_write_pipe(fd, buffer, strlen(buffer));
	return r < 0 ? fail(&s->job->hull->error, r, "%s: cannot write to descriptor %d", option, fd) : 0;
}

/* Somebody else writes the id maps and then something to the descriptor. A signal ends the waiting: it is not ours to pass on yet. */
static int wait_for_maps(struct sandbox *s)
{
	struct pollfd fds[] = { { .fd = s->o.userns_block_fd, .events = POLLIN }, { .fd = s->foreground.signals, .events = POLLIN } };
	char byte;

	while (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		if (errno != EINTR)
			return fail(&s->job->hull->error, errno, "--userns-block-fd: cannot wait");
	if (!fds[0].revents)
		return fail(&s->job->hull->error, EINTR, "--userns-block-fd");
	(void)!read(s->o.userns_block_fd, &byte, 1); /* the end of the file will do as well */
	return 0;
}

/* What the payload was handed is not for us to hold open: its other ends wait for its end of file. Hull's own descriptors are O_CLOEXEC. */
static void close_handed_over(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		uint32_t fd;
		int flags;

		if (text_to_u32(entry->d_name, &fd) < 0 || fd <= STDERR_FILENO)
			continue;
		flags = fcntl((int)fd, F_GETFD);
		if (flags >= 0 && !(flags & FD_CLOEXEC))
			(void)close((int)fd); /* nothing was written to it here */
	}
	if (dir)
		(void)closedir(dir); /* opened above */
}

int sandbox_fds_on_child(struct sandbox *s, pid_t pid)
{
	struct hull_sandbox_options *o = &s->o;

	if (o->info_fd >= 0 && tell_child(s, "--info-fd", o->info_fd, false, pid) < 0)
		return -1;
	o->info_fd = close_fd(o->info_fd);
	if (o->json_status_fd >= 0) {
		if (tell_child(s, "--json-status-fd", o->json_status_fd, true, pid) < 0)
			return -1;
		(void)fcntl(o->json_status_fd, F_SETFD, FD_CLOEXEC); /* it was open a moment ago */
	}
	if (o->userns_block_fd >= 0 && wait_for_maps(s) < 0)
		return -1;
	o->userns_block_fd = close_fd(o->userns_block_fd);
	o->sync_fd = close_fd(o->sync_fd);
	o->block_fd = close_fd(o->block_fd);
	if (o->keep_fds)
		close_handed_over();
	return 0;
}

void sandbox_fds_end(const struct sandbox *s, int status)
{
	char text[64];
	int n;

	if (s->o.json_status_fd < 0)
		return;
	n = snprintf(text, sizeof(text), "{ \"exit-code\": %d }\n", status); /* fits */
	(void)io_write_pipe(s->o.json_status_fd, text, (size_t)n); /* whoever asked may be gone */
}

void sandbox_fds_close(struct sandbox *s)
{
	s->protocol.init_says = close_fd(s->protocol.init_says);
}
