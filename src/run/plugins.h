/* Plugins: which there are, and what they make of a configuration. */
#ifndef RUN_PLUGINS_H
#define RUN_PLUGINS_H

#include "run/handle.h"

/**
 * plugins_check - let the plugins edit job->spec, then make the plan and check it: job_plan() and plan_check(). With job->dry they are found but not called.
 * @files: NULL-terminated, or NULL;  @dir: or NULL.
 * @document: the spec as it was read, NULL: it was made, and is written first.
 * Return: 0 or -1 after fail(); what a plugin's edits broke is said to be its fault.
 */
int plugins_check(struct job *job, const char *const *files, const char *dir, const struct json *document);

/**
 * plugins_close - close their descriptors.
 */
void plugins_close(struct job *job);

#endif
