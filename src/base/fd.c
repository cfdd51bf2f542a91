/* Descriptors over unix sockets. */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/child.h"
#include "base/scope.h"
#include "base/text.h"

enum { FDS_MAX = 4 };

/* room for one control message with FDS_MAX descriptors, aligned as CMSG_FIRSTHDR() expects */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
};

CHILD int fd_send(int socket, const void *data, size_t length, const int *fds, size_t n_fds)
{
	union control control = { 0 };
	struct iovec iov = { .iov_len = length };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *header;
	ssize_t n;

	if (length == 0 || n_fds > FDS_MAX)
		return -EINVAL;
	memcpy(&iov.iov_base, &data, sizeof(data)); /* sendmsg does not write to it; iovec has no const */
	if (n_fds > 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = (socklen_t)CMSG_SPACE(sizeof(int) * n_fds);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = (socklen_t)CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(header), fds, sizeof(int) * n_fds);
	}
	do
		n = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -EIO;
}

/*
 * Copy the descriptors of a message out: the kernel gives all of them in one control message, and we ask for no other kind (no SO_PASSCRED).
 * Return: how many there were, all of them in @fds.
 */
static size_t collect(struct msghdr *message, int fds[FDS_MAX])
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	size_t n;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
		return 0;
	n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	if (n > FDS_MAX)
		n = FDS_MAX; /* cannot be: there was no room for more */
	memcpy(fds, CMSG_DATA(header), n * sizeof(int));
	return n;
}

ssize_t fd_receive(int socket, void *buffer, size_t size, int *ret_fds, size_t max_fds)
{
	union control control;
	struct iovec iov = { .iov_base = buffer, .iov_len = size };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes) };
	int fds[FDS_MAX];
	size_t n_fds, i;
	ssize_t n;

	do
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	n_fds = collect(&message, fds);
	if (n_fds > max_fds || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		for (i = 0; i < n_fds; i++)
			(void)close_fd(fds[i]);
		return -EMSGSIZE;
	}
	for (i = 0; i < max_fds; i++)
		ret_fds[i] = i < n_fds ? fds[i] : NO_FD;
	return n;
}

/* connect(2) that goes on after a signal */
static int connect_to(int socket, const struct sockaddr_un *address)
{
	int r;

	do
		r = connect(socket, (const struct sockaddr *)address, sizeof(*address));
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

int fd_connect(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct text name = text_on(address.sun_path, sizeof(address.sun_path));
	char number[TEXT_NUMBER_MAX];
	scope_fd int fd = NO_FD, node = NO_FD;
	int r;

	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(address.sun_path)) {
		/* sun_path has 108 bytes: name the socket by a descriptor of its inode */
		node = open(path, O_PATH | O_CLOEXEC);
		if (node < 0)
			return -errno;
		text_add(&name, "/proc/self/fd/");
		text_add(&name, text_from_u64(number, (uint64_t)node));
	} else {
		text_add(&name, path);
	}
	r = connect_to(fd, &address);
	if (r < 0)
		return r;
	return take_fd(&fd);
}

CHILD int fd_set_cloexec(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags < 0)
		return -errno;
	return fcntl(fd, F_SETFD, on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC) < 0 ? -errno : 0;
}
