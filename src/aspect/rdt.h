/* linux.intelRdt: the parts that are pure text work, and the change of a group while its container lives. */
#ifndef ASPECT_RDT_H
#define ASPECT_RDT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
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

/* What rdt_put_back() needs: the group's directory, NULL: nothing was changed; and what its schemata were. */
struct rdt_former {
	const char *group, *schemata;
};

/**
 * rdt_update - change the shares of a container's group.
 * @rdt: of the container's configuration, NULL: it has none, which is refused;  @id: the container's
 * @l3_cache_schema, @mem_bw_schema: NULL: stays.
 * Return: 0 or -1 after fail().
 */
int rdt_update(const struct intel_rdt *rdt, const char *id, const char *l3_cache_schema, const char *mem_bw_schema, struct arena *arena,
	       struct error *error, struct rdt_former *ret_former);

/**
 * rdt_put_back - undo rdt_update().
 */
void rdt_put_back(const struct rdt_former *former, struct arena *arena);

#endif
