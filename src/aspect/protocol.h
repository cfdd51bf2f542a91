/*
 * What a sandbox's caller and its first process say to each other through descriptors and files (bubblewrap's protocol), and what else is done for
 * bubblewrap's options alone.
 */
#ifndef ASPECT_PROTOCOL_H
#define ASPECT_PROTOCOL_H

#include "aspect/aspect.h"

struct sock_fprog;

/* In what the reaper writes: the signal that stopped the payload stands this high, and its wait status + 1 below, which says that it has ended. */
enum { PROTOCOL_STOP_SHIFT = 32 };

/*
 * Descriptors are NO_FD where there is none. The child's own copy of this structure is written to.
 * @own, @n_own: descriptors of the caller's that are for hull: the payload gets none of them
 * @init_says: eventfd to which the reaper writes how the payload stopped and, with @exact, ended (PROTOCOL_STOP_SHIFT);  @linger: the reaper stays until the last
 *   process is gone
 * @sync: the first process holds it open;  @block: the payload waits until it can be read
 * @lock_files, @n_lock_files: paths in the sandbox on which the first process holds a read lock;  @locks: room for their descriptors
 * @filters, @n_filters: system-call filters, loaded in this order immediately before execve(2)
 * @userns2: user namespace that is entered last;  @assert_no_userns: fail where the payload could make one
 * @foreign_maps: somebody else writes the id maps;  @reports: namespaces must be there right after the clone, for their numbers are told
 * @reads: files are filled from the caller's descriptors, for as long as those give something: signals must be able to end that
 * @subreaper: the reaper is no pid 1, and must be the parent of all orphans all the same: hull looks for them below it (run/descendants.h)
 * @environment: hull's own, which the reaper forgets where the command could read it, NULL: it cannot
 * @proc: of the caller's mount namespace
 */
struct protocol {
	const int *own;
	size_t n_own;
	int init_says, sync, block;
	bool exact, linger;
	const char **lock_files;
	size_t n_lock_files;
	int *locks;
	const struct sock_fprog *filters;
	size_t n_filters;
	int userns2;
	bool assert_no_userns;
	bool foreign_maps, reports, reads, subreaper;
	char **environment;
	int proc;
};

/**
 * protocol_forbid_userns - spec.hull.disableUserns: the new user namespace gets a limit of none, which nobody without CAP_SYS_RESOURCE in it can raise;
 * for a payload that will have that, one more namespace may be made, and protocol_last_userns() makes it.
 */
CHILD int protocol_forbid_userns(struct child *c);

/**
 * protocol_last_userns - enter the user namespace that is the payload's, when it is another than the one that owns the sandbox; then look whether further
 * ones can be made, where they must not.
 */
CHILD int protocol_last_userns(struct child *c);

/**
 * protocol_keep - what must live until execve(2), and what must not live longer.
 */
CHILD int protocol_keep(struct child *c);

/**
 * protocol_block - wait until the caller lets us go on. hull does not wait for us any longer: it must be able to hear signals.
 */
CHILD int protocol_block(struct child *c);

/**
 * protocol_lock - take the locks. In the first process: they are not inherited (fcntl_locking(2)).
 */
CHILD int protocol_lock(struct child *c);

/**
 * protocol_close - in the reaper: close everything but what it is there to hold.
 */
CHILD void protocol_close(const struct child *c);

/**
 * protocol_is_shown - in the reaper: whoever was told of us (--info-fd) may look into us as into any other process of his: /proc/PID/ns is how further sandboxes
 * are put into our namespaces.
 * protocol_forget - before there is a payload: it may look, too, and our environment is the caller's whole one, so it goes.
 */
CHILD void protocol_forget(const struct child *c);
CHILD bool protocol_is_shown(const struct child *c);

/* What the reaper does when the payload has ended: end at once, wait for the others, or kill them and wait, so that what they used is counted as ours. */
enum protocol_stay { STAY_NOT, STAY, STAY_TO_COUNT };

/**
 * protocol_tell - in the reaper: the payload has stopped or ended. Return: whether to stay when it has ended.
 */
CHILD enum protocol_stay protocol_tell(const struct child *c, int wait_status);

/**
 * protocol_filter - load the caller's system-call filters.
 */
CHILD int protocol_filter(const struct child *c);

#endif
