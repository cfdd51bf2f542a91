/* Checks of the linux object: namespaces and what needs them, devices, paths. */
#include "spec/check.h"

#include <linux/mempolicy.h>
#include <string.h>

#include "spec/oci.h"

enum { INTERFACE_NAME_MAX = 15, DEVICE_MAJOR_MAX = 0xfff, DEVICE_MINOR_MAX = 0xfffff };

static int check_namespaces(struct error *e, const struct namespace_list *list)
{
	bool seen[NAMESPACE_MAX] = { false };

	for (size_t i = 0; i < list->n; i++) {
		const struct namespace *n = &list->v[i];
		const char *name = names_of(&names_namespaces, n->type);

		if (seen[n->type])
			return fail(e, 0, "linux.namespaces[%zu].type: '%s' is given twice", i, name ? name : "?");
		seen[n->type] = true;
		if (n->path && n->path[0] != '/')
			return fail(e, 0, "linux.namespaces[%zu].path: '%.256s' is not an absolute path", i, n->path);
	}
	return 0;
}

static int check_user_namespace(struct error *e, const struct spec *spec)
{
	const struct linux_config *l = &spec->linux;
	const struct namespace *user = spec_namespace(spec, NAMESPACE_USER);

	if (check_mappings(e, &l->uid_mappings, "linux", "uidMappings") < 0 || check_mappings(e, &l->gid_mappings, "linux", "gidMappings") < 0)
		return -1;
	if (!user && l->uid_mappings.n > 0)
		return fail(e, 0, "linux.uidMappings: need a user namespace in linux.namespaces");
	if (!user && l->gid_mappings.n > 0)
		return fail(e, 0, "linux.gidMappings: need a user namespace in linux.namespaces");
	if (user && !user->path && l->uid_mappings.n == 0)
		return fail(e, 0, "linux.uidMappings: missing, a new user namespace needs them");
	if (user && !user->path && l->gid_mappings.n == 0)
		return fail(e, 0, "linux.gidMappings: missing, a new user namespace needs them");
	return 0;
}

static int check_time_offset(struct error *e, const struct spec *spec, const struct time_offset *offset, const char *clock)
{
	const struct namespace *time = spec_namespace(spec, NAMESPACE_TIME);

	if (!offset->set)
		return 0;
	if (!time)
		return fail(e, 0, "linux.timeOffsets.%s: needs a time namespace in linux.namespaces", clock);
	if (time->path)
		return fail(e, 0, "linux.timeOffsets.%s: cannot be set in a time namespace that is joined", clock);
	if (offset->nanosecs > 999999999)
		return fail(e, 0, "linux.timeOffsets.%s.nanosecs: %u is out of range (0 to 999999999)", clock, offset->nanosecs);
	return 0;
}

static int check_device_number(struct error *e, const struct device *d, size_t i)
{
	if (d->type == 'p')
		return 0;
	if (!d->major.set || !d->minor.set)
		return fail(e, 0, "linux.devices[%zu]: major and minor are required for type '%c'", i, d->type);
	if (d->major.value < 0 || d->major.value > DEVICE_MAJOR_MAX)
		return fail(e, 0, "linux.devices[%zu].major: %lld is out of range (0 to %d)", i, (long long)d->major.value, DEVICE_MAJOR_MAX);
	if (d->minor.value < 0 || d->minor.value > DEVICE_MINOR_MAX)
		return fail(e, 0, "linux.devices[%zu].minor: %lld is out of range (0 to %d)", i, (long long)d->minor.value, DEVICE_MINOR_MAX);
	return 0;
}

static int check_devices(struct error *e, const struct device_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct device *d = &list->v[i];

		if (!d->type || !strchr("cbup", d->type))
			return fail(e, 0, "linux.devices[%zu].type: '%c' is none of c, b, u, p", i, d->type > 0x1f && d->type < 0x7f ? d->type : '?');
		if (d->path[0] != '/')
			return fail(e, 0, "linux.devices[%zu].path: '%.256s' is not an absolute path", i, d->path);
		if (check_device_number(e, d, i) < 0)
			return -1;
	}
	return 0;
}

/* What the kernel accepts as an interface's name (dev_valid_name); @template: one %d may stand for a number that the kernel chooses. */
static bool is_interface(const char *name, bool template)
{
	const char *percent = strchr(name, '%');

	if (!*name || strlen(name) > INTERFACE_NAME_MAX || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	if (percent && (!template || percent[1] != 'd' || strchr(percent + 1, '%')))
		return false;
	for (const char *s = name; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == '/' || *s == ':' || *s == 0x7f)
			return false;
	return true;
}

/* That they need a network namespace is for the container to fulfil, not for the document (aspect/net.c): the schema's example has none. */
static int check_net_devices(struct error *e, const struct spec *spec)
{
	const struct net_device_list *list = &spec->linux.net_devices;

	for (size_t i = 0; i < list->n; i++) {
		const struct net_device *d = &list->v[i];
		const char *name = d->name ? d->name : d->host_name;

		if (!is_interface(d->host_name, false))
			return fail(e, 0, "linux.netDevices: '%.64s' is not a name of an interface", d->host_name);
		if (d->name && !is_interface(d->name, true))
			return fail(e, 0, "linux.netDevices[\"%.64s\"].name: '%.64s' is not a name for an interface", d->host_name, d->name);
		for (size_t k = 0; k < i && !strchr(name, '%'); k++)
			if (strcmp(name, list->v[k].name ? list->v[k].name : list->v[k].host_name) == 0)
				return fail(e, 0, "linux.netDevices[\"%.64s\"].name: '%.64s' is given twice", d->host_name, name);
	}
	return 0;
}

static int check_paths(struct error *e, const struct spec *spec, const struct string_list *list, const char *key)
{
	if (list->n > 0 && !spec_namespace(spec, NAMESPACE_MOUNT))
		return fail(e, 0, "linux.%s: need a mount namespace in linux.namespaces", key);
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i][0] != '/')
			return fail(e, 0, "linux.%s[%zu]: '%.256s' is not an absolute path", key, i, list->v[i]);
	return 0;
}

static int check_cgroups_path(struct error *e, const char *path)
{
	if (!path)
		return 0;
	if (!check_line(path))
		return fail(e, 0, "linux.cgroupsPath: holds a control character");
	for (const char *s = path; s; s = strchr(s, '/')) {
		s += *s == '/';
		if (strncmp(s, "..", 2) == 0 && (s[2] == '/' || s[2] == '\0'))
			return fail(e, 0, "linux.cgroupsPath: '%.256s' holds '..'", path);
	}
	return 0;
}

/* The CLOS is a directory below the resctrl mount, its schemata are lines of a file there. */
static int check_rdt(struct error *e, const struct intel_rdt *rdt)
{
	const char *id;

	if (!rdt)
		return 0;
	id = rdt->clos_id;
	if (id && strcmp(id, "/") != 0 && (strchr(id, '/') || strcmp(id, ".") == 0 || strcmp(id, "..") == 0 || !check_line(id)))
		return fail(e, 0, "linux.intelRdt.closID: '%.64s' is not a name of a directory", id);
	if (rdt->l3_cache_schema && strchr(rdt->l3_cache_schema, '\n'))
		return fail(e, 0, "linux.intelRdt.l3CacheSchema: holds a line break");
	if (rdt->mem_bw_schema && (strncmp(rdt->mem_bw_schema, "MB:", 3) != 0 || strchr(rdt->mem_bw_schema, '\n')))
		return fail(e, 0, "linux.intelRdt.memBwSchema: is not one line that begins with 'MB:'");
	for (size_t i = 0; i < rdt->schemata.n; i++)
		if (strchr(rdt->schemata.v[i], '\n'))
			return fail(e, 0, "linux.intelRdt.schemata[%zu]: holds a line break", i);
	return 0;
}

/* MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other: set_mempolicy(2) */
static int check_memory_policy(struct error *e, const struct memory_policy *m)
{
	const uint32_t both = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES;

	if (!m)
		return 0;
	if (m->nodes && !check_number_list(m->nodes))
		return fail(e, 0, "linux.memoryPolicy.nodes: '%.64s' is not a list of nodes", m->nodes);
	if ((m->flags & both) == both)
		return fail(e, 0, "linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
	return 0;
}

int check_linux(struct error *e, const struct spec *spec)
{
	const struct linux_config *l = &spec->linux;

	if (check_namespaces(e, &l->namespaces) < 0 || check_user_namespace(e, spec) < 0)
		return -1;
	if (check_time_offset(e, spec, &l->time_offsets.monotonic, "monotonic") < 0 ||
		check_time_offset(e, spec, &l->time_offsets.boottime, "boottime") < 0)
		return -1;
	if (check_devices(e, &l->devices) < 0 || check_net_devices(e, spec) < 0)
		return -1;
	if (check_paths(e, spec, &l->masked_paths, "maskedPaths") < 0 || check_paths(e, spec, &l->readonly_paths, "readonlyPaths") < 0)
		return -1;
	if (check_cgroups_path(e, l->cgroups_path) < 0 || check_resources(e, &l->resources, "linux.resources") < 0)
		return -1;
	if (check_rdt(e, l->intel_rdt) < 0 || check_memory_policy(e, l->memory_policy) < 0)
		return -1;
	if (l->personality.flags.n > 0)
		return fail(e, 0, "linux.personality.flags[0]: '%.64s' is unknown, as every flag: the specification has none yet", l->personality.flags.v[0]);
	return check_sysctl(e, spec) < 0 || check_seccomp(e, spec) < 0 ? -1 : 0;
}
