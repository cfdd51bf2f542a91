/* The options of a sandbox, made into a spec: the second door to the same hall. Pure: the facts about the host come in as data. */
#ifndef SPEC_SANDBOX_H
#define SPEC_SANDBOX_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "hull.h"
#include "spec/spec.h"

/* steps of one sandbox, with those that hull adds; variables of one environment */
enum { SANDBOX_STEPS_MAX = 4096, SANDBOX_ENV_MAX = 65536 };

/*
 * What a sandbox takes over from its caller.
 * @uid, @gid: who asks
 * @cwd: absolute
 * @env: environ, NULL-terminated
 * @capabilities: permitted to him, as bits
 * @unseen: nobody will print or keep the spec: the filter's rules may be left out, its program is there
 * @writes_settings: the kernel would let us write /proc/sys without a capability: we are the machine's user 0
 * @covered_proc: we are in a sandbox of root's, whose /proc is covered in part: the kernel gives us no other
 * @terminal: the caller's terminal, "/dev/pts/3", NULL: none or not to be told
 * @uids, @gids: ranges that he may map besides, none: only his own id is mapped
 * @tty: standard input is a terminal into which a program that has it open could push characters (ioctl_tty(2), TIOCSTI)
 */
struct sandbox_host {
	uid_t uid;
	gid_t gid;
	const char *cwd;
	char *const *env;
	const char *terminal;
	uint64_t capabilities;
	struct id_mapping_list uids, gids;
	bool unseen, tty, writes_settings, covered_proc;
};

/**
 * sandbox_spec - make the spec that the options ask for.
 * What OCI has no words for goes to spec.hull and to mounts[] of types "hull.…" (aspect/mounts.h). Limits are not in it (run/sandbox.c).
 * @o: complete: shorter structures were filled up.
 * Return: 0 or -1 with a message that names the option.
 */
int sandbox_spec(struct arena *arena, struct error *e, const struct hull_sandbox_options *o, const struct sandbox_host *host, struct spec *ret_spec);

/**
 * sandbox_environment - the environment of the payload: the caller's without what leaks (not with @o->bare), then @o->env in order.
 * @env: environ, NULL-terminated, or NULL
 * Return: 0 or -1 with a message that names the option.
 */
int sandbox_environment(struct arena *arena, struct error *e, const struct hull_sandbox_options *o, char *const *env, struct string_list *ret_env);

/**
 * sandbox_capabilities - what the payload may: process.capabilities.
 * @spec: its user and id maps are there already.
 * Return: 0 or -1 with a message that names the option.
 */
int sandbox_capabilities(struct arena *arena, struct error *e, const struct hull_sandbox_options *o, const struct sandbox_host *host, struct spec *spec);

/**
 * sandbox_map_ids - @inside is @outside, and around it the ids from 0 on are what @ranges offer.
 */
struct id_mapping_list sandbox_map_ids(struct arena *arena, uint32_t inside, uint32_t outside, const struct id_mapping_list *ranges);

/**
 * sandbox_sees - whether @path of the host is what the sandbox has at the same place, as far as the steps alone can tell.
 */
bool sandbox_sees(const struct hull_sandbox_options *o, const char *path);

#endif
