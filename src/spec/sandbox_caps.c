/* The capabilities of a sandbox's command. */
#include <linux/capability.h>
#include <strings.h>

#include "base/text.h"
#include "spec/names.h"
#include "spec/oci.h"
#include "spec/sandbox.h"

/* @arena, @error: for messages and words */
struct reading {
	struct arena *arena;
	struct error *error;
};

/* A name in any case, with or without CAP_. */
static int one_capability(const struct reading *r, const char *option, const char *name, uint64_t *ret_bits)
{
	char *upper = arena_printf(r->arena, "%s%s", strncasecmp(name, "CAP_", 4) == 0 ? "" : "CAP_", name);
	uint64_t value;

	for (char *c = upper; *c; c++)
		*c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
	if (names_find(&names_capabilities, upper, &value) < 0)
		return fail(r->error, 0, "%s: unknown capability '%s'", option, name);
	*ret_bits |= 1ull << value;
	return 0;
}

/* The capabilities of a list; ALL is left to *ret_all. */
static int read_capabilities(const struct reading *r, const char *option, const char *const *names, uint64_t *ret_bits, bool *ret_all)
{
	for (; names && *names; names++) {
		if (strcasecmp(*names, "ALL") == 0)
			*ret_all = true;
		else if (one_capability(r, option, *names, ret_bits) < 0)
			return -1;
	}
	return 0;
}

/*
 * ALL counts before single ones, given before taken, and means what the caller has when he has any; in a user namespace it means all that there are, whoever
 * made it (user_namespaces(7)). bubblewrap's root keeps his own, also there, unless he says otherwise, and as root does: by being root at execve. Whoever is given some gets them as ambient ones: he would lose them at execve otherwise (capabilities(7)).
 */
int sandbox_capabilities(struct arena *arena, struct error *e, const struct hull_sandbox_options *o, const struct sandbox_host *host, struct spec *spec)
{
	const struct reading r = { .arena = arena, .error = e };
	const uint64_t all = ~0ull >> (63 - CAP_LAST_CAP), own = host->capabilities ? host->capabilities : all;
	uint64_t set, given = 0, taken = 0, kept;
	bool give_all = false, take_all = false;

	if (read_capabilities(&r, "--cap-add", o->cap_add, &given, &give_all) < 0 || read_capabilities(&r, "--cap-drop", o->cap_drop, &taken, &take_all) < 0)
		return -1;
	set = o->bare && host->uid == 0 && !take_all ? own : 0;
	if (give_all)
		set = spec_namespace(spec, NAMESPACE_USER) ? all : own;
	/* user 0 can only be mapped once more by whoever has this (user_namespaces(7)); he could mark his files set-user-ID without it, too */
	if (o->nest && !o->bare && spec->process.user.uid == 0 && spec->linux.uid_mappings.n > 0)
		set |= 1ull << CAP_SETFCAP;
	set = (set | given) & ~taken;
	kept = o->cap_add || o->cap_drop || spec->process.user.uid != 0 ? set : 0;
	spec->process.capabilities = (struct capabilities){
		.set = true, .bounding = set, .effective = set, .permitted = set, .inheritable = kept, .ambient = kept,
	};
	return 0;
}
