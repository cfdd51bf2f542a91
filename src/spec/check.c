/*
 * What the specification demands of values and of their combination, and what runc and crun demand beyond it: the document alone decides, the
 * machine is not asked. One file a part; this one has the document itself, hooks and mounts.
 */
#include "spec/check.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "spec/oci.h"

bool check_line(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

static const char *skip_number(const char *s)
{
	while (*s >= '0' && *s <= '9')
		s++;
	return s;
}

bool check_number_list(const char *s)
{
	for (;;) {
		const char *number;

		while (*s == ' ')
			s++;
		number = s;
		s = skip_number(s);
		if (s == number)
			return false;
		if (*s == '-') {
			number = ++s;
			s = skip_number(s);
			if (s == number)
				return false;
		}
		while (*s == ' ')
			s++;
		if (!*s)
			return true;
		if (*s++ != ',')
			return false;
	}
}

/* "1.0.2-dev": a semantic version (semver.org), not of a later major than ours; the drafts before 1.0 are read as 1.0, as the schema's own example is one */
static int check_version(struct error *e, const char *version)
{
	static const char tail[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-+";
	const char *s = version;
	bool valid;

	if (!version || !*version)
		return fail(e, 0, "ociVersion: missing");
	for (int i = 0; i < 3; i++) {
		const char *number = s;

		s = skip_number(s);
		if (s == number || (i < 2 && *s++ != '.'))
			return fail(e, 0, "ociVersion: '%.64s' is not a semantic version", version);
	}
	valid = !*s || ((*s == '-' || *s == '+') && s[1] && s[1 + strspn(s + 1, tail)] == '\0');
	if (!valid)
		return fail(e, 0, "ociVersion: '%.64s' is not a semantic version", version);
	if (strncmp(version, "1.", 2) != 0 && strncmp(version, "0.", 2) != 0)
		return fail(e, 0, "ociVersion: '%.64s' is not supported, only 1.x is", version);
	return 0;
}

static int check_name(struct error *e, const struct spec *spec, const char *name, const char *key)
{
	if (!name)
		return 0;
	if (strlen(name) > 64) /* __NEW_UTS_LEN */
		return fail(e, 0, "%s: longer than 64 bytes", key);
	if (!spec_namespace(spec, NAMESPACE_UTS))
		return fail(e, 0, "%s: needs a uts namespace in linux.namespaces", key);
	return 0;
}

static int check_hook_list(struct error *e, const struct hook_list *hooks, const char *key)
{
	for (size_t i = 0; i < hooks->n; i++) {
		const struct hook *h = &hooks->v[i];

		if (h->path[0] != '/')
			return fail(e, 0, "hooks.%s[%zu].path: '%.256s' is not an absolute path", key, i, h->path);
		if (h->timeout.set && h->timeout.value <= 0)
			return fail(e, 0, "hooks.%s[%zu].timeout: %lld is not greater than 0", key, i, (long long)h->timeout.value);
	}
	return 0;
}

static int check_hooks(struct error *e, const struct hooks *hooks)
{
	const struct {
		const struct hook_list *list;
		const char *key;
	} rows[] = {
		{ &hooks->prestart, "prestart" },
		{ &hooks->create_runtime, "createRuntime" },
		{ &hooks->create_container, "createContainer" },
		{ &hooks->start_container, "startContainer" },
		{ &hooks->poststart, "poststart" },
		{ &hooks->poststop, "poststop" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (check_hook_list(e, rows[i].list, rows[i].key) < 0)
			return -1;
	return 0;
}

static bool ranges_meet(uint32_t a, uint32_t b, uint32_t a_size, uint32_t b_size)
{
	return (uint64_t)a < (uint64_t)b + b_size && (uint64_t)b < (uint64_t)a + a_size;
}

int check_mappings(struct error *e, const struct id_mapping_list *list, const char *place, const char *key)
{
	if (list->n > 340) /* user_namespaces(7) */
		return fail(e, 0, "%s.%s: has %zu entries, more than 340", place, key, list->n);
	for (size_t i = 0; i < list->n; i++) {
		const struct id_mapping *m = &list->v[i];

		if (m->size == 0)
			return fail(e, 0, "%s.%s[%zu].size: must not be 0", place, key, i);
		/* the kernel keeps 4294967295 for "no id" */
		if ((uint64_t)m->container_id + m->size > UINT32_MAX || (uint64_t)m->host_id + m->size > UINT32_MAX)
			return fail(e, 0, "%s.%s[%zu]: goes beyond the last id, 4294967294", place, key, i);
		for (size_t k = 0; k < i; k++) {
			const struct id_mapping *o = &list->v[k];

			if (ranges_meet(m->container_id, o->container_id, m->size, o->size) || ranges_meet(m->host_id, o->host_id, m->size, o->size))
				return fail(e, 0, "%s.%s[%zu]: overlaps with %s[%zu]", place, key, i, key, k);
		}
	}
	return 0;
}

int check_mounts(struct error *e, const struct mount_list *mounts, const char *place)
{
	char here[64];

	for (size_t i = 0; i < mounts->n; i++) {
		const struct mount *m = &mounts->v[i];

		if (!m->destination || !*m->destination)
			return fail(e, 0, "%s[%zu].destination: must not be empty", place, i);
		if (m->uid_mappings.n == 0 && m->gid_mappings.n == 0)
			continue;
		(void)snprintf(here, sizeof(here), "%s[%zu]", place, i); /* fits */
		if (check_mappings(e, &m->uid_mappings, here, "uidMappings") < 0 || check_mappings(e, &m->gid_mappings, here, "gidMappings") < 0)
			return -1;
		if ((m->uid_mappings.n > 0) != (m->gid_mappings.n > 0))
			return fail(e, 0, "%s: uidMappings and gidMappings are only valid together", here);
	}
	return 0;
}

/* What asks for a virtual machine or for WebAssembly must not get a mere container. */
static int check_annotations(struct error *e, const struct string_map *annotations)
{
	for (size_t i = 0; i < annotations->n; i++) {
		const struct string_pair *a = &annotations->v[i];

		if (!*a->key)
			return fail(e, 0, "annotations: a key is empty");
		if (strcmp(a->key, "run.oci.handler") == 0 && a->value && *a->value)
			return fail(e, 0, "annotations.run.oci.handler: hull has no handler '%.64s': it runs programs of this machine in namespaces", a->value);
	}
	return 0;
}

int spec_check(const struct spec *spec, struct error *e)
{
	if (check_version(e, spec->oci_version) < 0)
		return -1;
	if (!spec->root.path || !*spec->root.path)
		return fail(e, 0, "root.path: %s", spec->root.path ? "must not be empty" : "missing");
	if (check_name(e, spec, spec->hostname, "hostname") < 0 || check_name(e, spec, spec->domainname, "domainname") < 0)
		return -1;
	if (spec->has_process && check_process(e, &spec->process, "process") < 0)
		return -1;
	if (check_mounts(e, &spec->mounts, "mounts") < 0 || check_hooks(e, &spec->hooks) < 0 || check_annotations(e, &spec->annotations) < 0)
		return -1;
	return check_linux(e, spec);
}
