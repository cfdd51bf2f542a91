/* config.json and its relatives, read into and written from the structures of spec.h by the field tables of oci.c. */
#ifndef SPEC_OCI_H
#define SPEC_OCI_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "spec/spec.h"

/* of the specification that is read and written; hull.h has the same for others (HULL_OCI_VERSION) */
#define SPEC_OCI_VERSION "1.3.0"

/**
 * spec_read - read a config.json document, resolve names, compile mount options, and check all that the document alone can tell (spec_check).
 * Errors name the place: "process.rlimits[2].hard: expected an unsigned integer, got string".
 * @document: of json_parse(); its arena must live as long as the spec, which points at its strings.
 * Return: 0 or -1.
 */
int spec_read(struct arena *arena, struct error *e, const struct json *document, struct spec *ret_spec);

/**
 * spec_read_process - read a process document alone (exec --process FILE).
 */
int spec_read_process(struct arena *arena, struct error *e, const struct json *document, struct process *ret_process);

/**
 * spec_read_resources - read a resources document alone (update --resources FILE).
 */
int spec_read_resources(struct arena *arena, struct error *e, const struct json *document, struct resources *ret_resources);

/**
 * spec_read_seccomp - read a linux.seccomp object alone (sandbox --syscalls FILE).
 */
int spec_read_seccomp(struct arena *arena, struct error *e, const struct json *document, struct seccomp **ret_seccomp);

/**
 * spec_read_mounts - read an array of mounts (mounts add FILE).
 */
int spec_read_mounts(struct arena *arena, struct error *e, const struct json *document, struct mount_list *ret_mounts);

/**
 * spec_write - write a spec as a config.json document.
 */
void spec_write(struct json_writer *w, const struct spec *spec);

/**
 * spec_check - what the specification demands of values and of their combination: required members, ranges, duplicates. spec_read() calls it;
 * whoever makes a spec otherwise (sandbox, pack) does too.
 */
int spec_check(const struct spec *spec, struct error *e);

/**
 * spec_default - the bundle that `hull spec` writes: as runc's, /bin/sh in "rootfs", terminal, masked and read-only paths; no seccomp.
 * @rootless: with a user namespace that maps the caller's ids (euid, egid) to 0, and without what an ordinary user cannot have.
 */
void spec_default(struct arena *arena, struct spec *ret_spec, bool rootless, uid_t euid, gid_t egid);

/**
 * spec_mount_options - compile options[] of one mount into @ret_flags.
 * @place: for messages ("mounts[3].options").
 */
int spec_mount_options(struct arena *arena, struct error *e, const struct string_list *options, const char *place, struct mount_flags *ret_flags);

/* spec_mount_option_names - all known options in alphabetical order, for `features`; NULL-terminated */
const char *const *spec_mount_option_names(void);

/* spec_annotation - the value of an annotation, NULL: absent */
const char *spec_annotation(const struct spec *spec, const char *key);

/* spec_namespace - the entry of a type, NULL: the host's namespace is kept */
const struct namespace *spec_namespace(const struct spec *spec, enum namespace_type type);

#endif
