/* The system-call filters of a process that somebody else started. */
#ifndef RUN_FILTERS_H
#define RUN_FILTERS_H

#include <sys/types.h>

#include "base/arena.h"

struct sock_fprog;

/**
 * filters_read - read them out of a live process, which stands still meanwhile (well below a millisecond).
 * @pidfd: of the same process.
 * @ret_filters, @ret_n: in the order in which they were loaded.
 * Return: 0 or -errno: EPERM, EACCES: we may not; EINVAL: the kernel keeps none (CONFIG_CHECKPOINT_RESTORE); ETIME: it did not stop.
 */
int filters_read(pid_t pid, int pidfd, struct arena *arena, const struct sock_fprog **ret_filters, size_t *ret_n);

/**
 * filters_why_not - such an error in words; EOPNOTSUPP: strict mode (seccomp(2)).
 */
const char *filters_why_not(int errnum);

#endif
