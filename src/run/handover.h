/* A sandbox run by another OCI runtime: hull sandbox --runtime. */
#ifndef RUN_HANDOVER_H
#define RUN_HANDOVER_H

#include "run/sandbox.h"

/**
 * handover_check - before the spec is made: refuse options that no config.json expresses, and settle how a terminal is given.
 */
int handover_check(struct sandbox *s, const struct hull_sandbox_options *given);

/**
 * handover_adapt - write the spec in words that other runtimes know.
 */
int handover_adapt(struct sandbox *s);

/**
 * handover_run - make the bundle, run it, and remove everything again. After handover_adapt().
 * @ret_status: of the other runtime, which passes on the command's.
 */
int handover_run(struct sandbox *s, int *ret_status);

#endif
