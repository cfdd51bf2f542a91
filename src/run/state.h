/*
 * The state directory: ROOT/ID/ holds facts, never plans.
 *
 *   state.json   struct state: what was made, written before it is made and replaced atomically
 *   config.json  the bundle's configuration as it was at creation (exec and poststop hooks need it), complete once state.json has a pid
 *   start        FIFO: the created container reads it until `hull start` writes one byte; gone once started
 *   notify/      the relay of sd_notify (run/notify.h)
 *   result       FIFO: what a starting container has to say before execve (struct start_result)
 *
 * Whoever changes a container holds flock(2) on its directory; the kernel drops it with the holder, so a killed hull blocks nobody.
 * Status is computed (state_status()).
 */
#ifndef RUN_STATE_H
#define RUN_STATE_H

#include <stdbool.h>

#include "aspect/plan.h"
#include "base/arena.h"
#include "base/error.h"

/* STATE_ABSENT: where a descriptor was asked for: there is none to be had */
enum { STATE_ID_MAX = 1024, STATE_ABSENT = -2 };

/* what state_lock() says, and how long it waits when it may wait for ever */
enum { STATE_LOCKED = 0, STATE_BUSY = 1, STATE_FOR_EVER = -1 };

/*
 * @rootfs, @bundle: absolute paths;  @created: RFC 3339 time;  @owner_uid: who created it
 * @poststart, @poststop: the configuration has such hooks: only then is it read again
 * @no_new_keyring: create was told so, and exec keeps to it
 */
struct state {
	const char *id;
	const char *bundle, *rootfs;
	const char *created;
	struct facts facts;
	struct string_map annotations;
	bool poststart, poststop, no_new_keyring;
};

enum state_status { STATUS_CREATING, STATUS_CREATED, STATUS_RUNNING, STATUS_PAUSED, STATUS_STOPPED };

/* "creating" … */
const char *state_status_name(enum state_status status);

/**
 * state_check_id - an id is [a-zA-Z0-9_+-][a-zA-Z0-9_+.-]*, at most STATE_ID_MAX bytes (runc, crun ≥ 1.28).
 */
int state_check_id(const char *id, struct error *e);

/**
 * state_open_root - open the state root.
 * @make: make it (0700, parents 0755) when it is missing.
 * Return: a descriptor, -1 after fail(), or STATE_ABSENT when it is missing and @make is off (the error is set, too).
 */
int state_open_root(const char *path, bool make, struct error *e);

/**
 * state_create - make ROOT/ID, locked. Of two racing callers one wins.
 * Return: a descriptor of the directory (closing it drops the lock) or -1: "container 'x' already exists".
 */
int state_create(int root, const char *id, struct error *e);

/**
 * state_open - open ROOT/ID.
 * @lock: also take the lock, waiting for whoever holds it.
 * Return: a descriptor, -1 after fail(), or STATE_ABSENT: "container 'x' does not exist" (the error is set, too).
 */
int state_open(int root, const char *id, bool lock, struct error *e);

/**
 * state_lock - take the lock of ROOT/ID, which is open as @dir.
 * @patience: for how many ms to wait for whoever holds it: 0, STATE_FOR_EVER.
 * Return: STATE_LOCKED, STATE_BUSY: it is still held, or -errno (-ENOENT: the directory was removed meanwhile).
 */
int state_lock(int root, const char *id, int dir, int patience);

/**
 * state_is_removed - whether somebody has removed the directory @dir: `hull delete --force` waits for nobody for ever.
 */
bool state_is_removed(int dir);

/**
 * state_waits - whether the container waits for `hull start`: it is created, or was paused as such.
 */
bool state_waits(int dir);

/**
 * state_note_process - put the process behind @pidfd into @facts, so that no other one is taken for it as long as the state in @dir lasts.
 * @pid: its number, which is still its own.
 * Return: 0 or -errno.
 */
int state_note_process(int dir, pid_t pid, int pidfd, struct facts *facts);

/**
 * state_write - replace state.json. Locked by the caller.
 */
int state_write(int dir, struct arena *arena, const struct state *state, struct error *e);

/**
 * state_read - read state.json; without one (a creator was killed before it wrote it) the state is empty but for the id.
 */
int state_read(int dir, struct arena *arena, const char *id, struct state *ret_state, struct error *e);

/**
 * state_status - look at the process and the directory.
 */
enum state_status state_status(int dir, const struct state *state);

/**
 * state_remove - remove the directory and what we keep in it. Again without harm.
 */
int state_remove(int root, const char *id, int dir, struct error *e);

#endif
