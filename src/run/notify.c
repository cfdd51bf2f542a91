/* The relay of sd_notify(3). */
#include "run/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "aspect/environment.h"
#include "base/scope.h"
#include "spec/oci.h"

/* a notification is short (sd_notify(3)); what is longer is cut */
enum { NOTIFY_MAX = 4096 };

void notify_mount(struct job *job)
{
	/* read-only: a socket can be written to all the same, and the container must not fill the host's /run, nor keep us from removing the directory */
	static const char *const options[] = { "bind", "ro", "nosuid", "nodev", "noexec", "rprivate" };
	struct arena *arena = &job->hull->arena;
	struct mount_list *mounts = &job->spec.mounts;
	struct mount *v, *m;

	if (!job->request.notify_socket)
		return;
	v = arena_many(arena, struct mount, mounts->n + 1);
	if (mounts->n > 0)
		memcpy(v, mounts->v, mounts->n * sizeof(*v));
	m = &v[mounts->n];
	m->destination = arena_strdup(arena, ENVIRONMENT_NOTIFY_DIR);
	m->type = arena_strdup(arena, "bind");
	m->source = arena_printf(arena, "%s/%s/notify", job->hull->root, job->id);
	m->options.v = arena_many(arena, char *, ARRAY_SIZE(options));
	while (m->options.n < ARRAY_SIZE(options)) {
		m->options.v[m->options.n] = arena_strdup(arena, options[m->options.n]);
		m->options.n++;
	}
	(void)spec_mount_options(arena, &job->hull->error, &m->options, "notify", &m->flags); /* options that we know to be good */
	mounts->v = v;
	mounts->n++;
}

int notify_make(struct job *job)
{
	if (!job->request.notify_socket)
		return 0;
	if (mkdirat(job->dir, "notify", 0755) < 0)
		return fail(&job->hull->error, errno, "cannot make the notify directory of container '%s'", job->id);
	return 0;
}

int notify_listen(struct job *job)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	scope_fd int fd = NO_FD;
	struct stat unused;

	if (!job->request.notify_socket || fstatat(job->dir, "notify", &unused, AT_SYMLINK_NOFOLLOW) < 0)
		return NO_FD;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(&job->hull->error, errno, "cannot make a socket");
	/* by descriptor: the state root's path may be longer than a socket's address */
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/notify/notify.sock", job->dir); /* fits */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fail(&job->hull->error, errno, "cannot bind the notify socket of container '%s'", job->id);
	/* whoever the payload runs as may write to it; the state root keeps everybody else out */
	if (fchmodat(job->dir, "notify/notify.sock", 0777, 0) < 0)
		return fail(&job->hull->error, errno, "cannot open the notify socket of container '%s' to its payload", job->id);
	return take_fd(&fd);
}

static void send_ready(const char *host, pid_t pid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	scope_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t length = strlen(host);
	char text[64];
	int n;

	if (fd < 0 || length >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, host, length);
	if (host[0] == '@')
		address.sun_path[0] = '\0'; /* unix(7): abstract */
	n = snprintf(text, sizeof(text), "READY=1\nMAINPID=%d\n", (int)pid);
	/* a service manager that has gone away misses nothing */
	(void)sendto(fd, text, (size_t)n, MSG_NOSIGNAL, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
}

/* Whether one of the lines is READY=1. */
static bool says_ready(const char *text)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "READY=1", 7) == 0 && (line[7] == '\n' || line[7] == '\0'))
			return true;
	}
	return false;
}

bool notify_forward(int socket, const char *host, pid_t pid)
{
	char text[NOTIFY_MAX + 1];
	ssize_t n = recv(socket, text, NOTIFY_MAX, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	if (!says_ready(text))
		return false;
	send_ready(host, pid);
	return true;
}

void notify_wait(int socket, const char *host, const struct launched *child)
{
	struct pollfd fds[2] = { { .fd = socket, .events = POLLIN }, { .fd = child->pidfd, .events = POLLIN } };

	if (socket < 0)
		return;
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[0].revents && notify_forward(socket, host, child->pid))
			return;
		if (fds[1].revents)
			return;
	}
}
