/* config.json and its relatives: the tables of oci_tables.c are walked, mount options compiled, values checked. */
#include "spec/oci.h"

#include <string.h>

#include "base/text.h"
#include "spec/check.h"
#include "spec/fields.h"
#include "spec/oci_tables.h"

static int compile_mounts(struct arena *arena, struct error *e, const struct mount_list *mounts)
{
	char number[TEXT_NUMBER_MAX];

	for (size_t i = 0; i < mounts->n; i++) {
		const char *place = arena_join(arena, "mounts[", text_from_u64(number, i), "].options", NULL);

		if (spec_mount_options(arena, e, &mounts->v[i].options, place, &mounts->v[i].flags) < 0)
			return -1;
	}
	return 0;
}

int spec_read(struct arena *arena, struct error *e, const struct json *document, struct spec *ret_spec)
{
	struct spec *spec = arena_new(arena, struct spec);

	if (fields_read(arena, e, oci_spec_table, document, "", spec) < 0 || compile_mounts(arena, e, &spec->mounts) < 0 || spec_check(spec, e) < 0)
		return -1;
	*ret_spec = *spec;
	return 0;
}

int spec_read_process(struct arena *arena, struct error *e, const struct json *document, struct process *ret_process)
{
	struct process process = { 0 };

	if (fields_read(arena, e, oci_process_table, document, "process", &process) < 0 || check_process(e, &process, "process") < 0)
		return -1;
	*ret_process = process;
	return 0;
}

int spec_read_resources(struct arena *arena, struct error *e, const struct json *document, struct resources *ret_resources)
{
	struct resources resources = { 0 };

	if (fields_read(arena, e, oci_resources_table, document, "resources", &resources) < 0 || check_resources(e, &resources, "resources") < 0)
		return -1;
	*ret_resources = resources;
	return 0;
}

int spec_read_seccomp(struct arena *arena, struct error *e, const struct json *document, struct seccomp **ret_seccomp)
{
	struct spec spec = { .has_linux = true };

	spec.linux.seccomp = arena_new(arena, struct seccomp);
	if (fields_read(arena, e, oci_seccomp_table, document, "seccomp", spec.linux.seccomp) < 0 || check_seccomp(e, &spec) < 0)
		return -1;
	*ret_seccomp = spec.linux.seccomp;
	return 0;
}

int spec_read_mounts(struct arena *arena, struct error *e, const struct json *document, struct mount_list *ret_mounts)
{
	struct mount_list mounts = { 0 };

	if (fields_read_list(arena, e, oci_mount_table, document, "mounts", &mounts) < 0 || compile_mounts(arena, e, &mounts) < 0 ||
		check_mounts(e, &mounts, "mounts") < 0)
		return -1;
	*ret_mounts = mounts;
	return 0;
}

void spec_write(struct json_writer *w, const struct spec *spec)
{
	fields_write(w, NULL, oci_spec_table, spec);
}

const char *spec_annotation(const struct spec *spec, const char *key)
{
	for (size_t i = 0; i < spec->annotations.n; i++)
		if (strcmp(spec->annotations.v[i].key, key) == 0)
			return spec->annotations.v[i].value;
	return NULL;
}

const struct namespace *spec_namespace(const struct spec *spec, enum namespace_type type)
{
	for (size_t i = 0; i < spec->linux.namespaces.n; i++)
		if (spec->linux.namespaces.v[i].type == type)
			return &spec->linux.namespaces.v[i];
	return NULL;
}
