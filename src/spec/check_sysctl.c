/*
 * Checks of linux.sysctl: only what a namespace of the container keeps to itself may be set (the list is the kernel's, runc has the same), and a
 * name can only mean a file below /proc/sys.
 *
 * Names are written with points or, as sysctl(8) also accepts, with slashes; the first separator tells which, and in the other form that other
 * separator is part of a component ("net.ipv4.conf.eth0/100.forwarding").
 */
#include "spec/check.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "spec/oci.h"

enum { SYSCTL_NAME_MAX = 255 };

/*
 * A rule for a name, or for all names below it when it ends with a point; the first that fits counts.
 */
static const struct {
	const char *name;
	enum namespace_type type;
} rules[] = {
	{ "kernel.msgmax", NAMESPACE_IPC },
	{ "kernel.msgmnb", NAMESPACE_IPC },
	{ "kernel.msgmni", NAMESPACE_IPC },
	{ "kernel.msg_next_id", NAMESPACE_IPC },
	{ "kernel.sem", NAMESPACE_IPC },
	{ "kernel.sem_next_id", NAMESPACE_IPC },
	{ "kernel.shmall", NAMESPACE_IPC },
	{ "kernel.shmmax", NAMESPACE_IPC },
	{ "kernel.shmmni", NAMESPACE_IPC },
	{ "kernel.shm_next_id", NAMESPACE_IPC },
	{ "kernel.shm_rmid_forced", NAMESPACE_IPC },
	{ "fs.mqueue.", NAMESPACE_IPC },
	{ "net.", NAMESPACE_NETWORK },
	{ "kernel.hostname", NAMESPACE_UTS },
	{ "kernel.domainname", NAMESPACE_UTS },
	{ "user.", NAMESPACE_USER },
};

/* The name with points between its components; false: it names no file below /proc/sys. */
static bool normalize(const char *name, char *buffer, size_t size)
{
	const char *first = strpbrk(name, "./");
	bool slashes = first && *first == '/', start = true;
	size_t length = strlen(name);

	if (length == 0 || length >= size || !check_line(name) || strchr(name, ' '))
		return false;
	for (size_t i = 0; i <= length; i++) {
		char c = name[i];

		if (slashes && (c == '/' || c == '.'))
			c = c == '/' ? '.' : '/';
		if ((c == '.' || c == '\0') && start)
			return false; /* an empty component */
		start = c == '.';
		buffer[i] = c;
	}
	/* what was a point inside a component is a slash now: ".." and "." must not come back as components */
	for (const char *s = buffer; s; s = strchr(s, '.')) {
		size_t n;

		s += *s == '.';
		n = strcspn(s, ".");
		if (strspn(s, "/") >= n)
			return false;
	}
	return true;
}

static int find_rule(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		size_t n = strlen(rules[i].name);

		if (rules[i].name[n - 1] == '.' ? strncmp(name, rules[i].name, n) == 0 : strcmp(name, rules[i].name) == 0)
			return (int)i;
	}
	return -1;
}

static int check_one(struct error *e, const struct spec *spec, const char *key)
{
	char name[SYSCTL_NAME_MAX + 1];
	const char *type;
	int rule;

	if (!normalize(key, name, sizeof(name)))
		return fail(e, 0, "linux.sysctl: '%.256s' is not a name of a sysctl", key);
	rule = find_rule(name);
	if (rule < 0)
		return fail(e, 0, "linux.sysctl[\"%s\"]: belongs to no namespace, it would change the host", key);
	type = names_of(&names_namespaces, rules[rule].type);
	if (!spec_namespace(spec, rules[rule].type))
		return fail(e, 0, "linux.sysctl[\"%s\"]: needs a namespace of type '%s' in linux.namespaces", key, type ? type : "?");
	if (strcmp(name, "kernel.hostname") == 0) /* refused by runc and crun, too: a member of the document is for that */
		return fail(e, 0, "linux.sysctl[\"%s\"]: conflicts with hostname, which is what sets it", key);
	if (spec->domainname && strcmp(name, "kernel.domainname") == 0)
		return fail(e, 0, "linux.sysctl[\"%s\"]: conflicts with domainname", key);
	return 0;
}

int check_sysctl(struct error *e, const struct spec *spec)
{
	const struct string_map *map = &spec->linux.sysctl;

	for (size_t i = 0; i < map->n; i++)
		if (check_one(e, spec, map->v[i].key) < 0)
			return -1;
	return 0;
}
