/* linux.intelRdt: the parts that are pure text work. */
#ifndef ASPECT_RDT_H
#define ASPECT_RDT_H

#include <stdbool.h>

#include "base/arena.h"
#include "spec/spec.h"

/**
 * rdt_schemata - what is to be written to a group's schemata file, one line a resource, with a final newline.
 * Lines of l3CacheSchema that begin with MB: give way to memBwSchema (config-linux.md); lines of schemata[] come last and so win.
 * Return: NULL: nothing is to be written.
 */
const char *rdt_schemata(struct arena *arena, const struct intel_rdt *rdt);

/**
 * rdt_matches - whether everything that @wanted says of a resource's domain holds in @have, which the kernel printed: "L3:0=00ff;1=f" says the same as
 * "    L3:0=ff;1=f;2=ff".
 */
bool rdt_matches(const char *wanted, const char *have);

#endif
