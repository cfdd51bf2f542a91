/* Bytes on their way. */
#include "run/buffer.h"

#include <errno.h>
#include <unistd.h>

#include "base/io.h"

bool buffer_fill(struct buffer *b, int fd)
{
	ssize_t n = read(fd, b->data, sizeof(b->data));

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	b->start = 0;
	b->end = (size_t)n;
	return true;
}

bool buffer_drain(struct buffer *b, int fd)
{
	ssize_t n = write(fd, b->data + b->start, b->end - b->start);

	if (n > 0)
		b->start += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		b->start = b->end; /* a full disk, for one */
	if (n >= 0 || errno != EPIPE)
		return true;
	io_forget_sigpipe();
	return false;
}
