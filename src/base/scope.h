/* Clean-up by attribute: a variable marked with one of these gives its resource back when it leaves its scope. */
#ifndef BASE_SCOPE_H
#define BASE_SCOPE_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/child.h"

/* What an fd variable holds while it owns nothing. */
#define NO_FD (-EBADF)

/**
 * close_fd - close a file descriptor and preserve errno.
 * @fd: a descriptor, or any negative number, which is ignored.
 * Return: NO_FD, so that a caller may write fd = close_fd(fd).
 */
CHILD static inline int close_fd(int fd)
{
	if (fd >= 0) {
		int saved = errno;
		(void)close(fd); /* nothing can be done: Linux frees the number even on error (close(2)) */
		errno = saved;
	}
	return NO_FD;
}

CHILD static inline void scope_close_fd(int *fd)
{
	*fd = close_fd(*fd);
}

static inline void scope_free_pointer(void *p)
{
	free(*(void **)p);
}

/* int: closed at the end of the scope; start it with NO_FD. */
#define scope_fd __attribute__((cleanup(scope_close_fd)))
/* any pointer from malloc: freed at the end of the scope; start it with NULL. */
#define scope_free __attribute__((cleanup(scope_free_pointer)))

/**
 * take_fd - hand a descriptor over: the variable forgets it.
 * @fd: where it lives.
 * Return: the descriptor.
 */
CHILD static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = NO_FD;
	return taken;
}

/* take_ptr(variable): hand a pointer over, the variable forgets it. */
#define take_ptr(variable)                        \
	({                                        \
		__typeof__(variable) t = (variable); \
		(variable) = NULL;                \
		t;                                \
	})

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
