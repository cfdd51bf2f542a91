/*
 * Kernel parameters of the container's namespaces. check: only those that belong to a namespace which is the container's own, anything else would change
 * the host; settle: written below a procfs by descriptor, so nothing in the root can stand in for it.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "aspect/aspect.h"
#include "base/io.h"
#include "base/scope.h"
#include "base/text.h"
#include "spec/oci.h"

/*
 * @path: below the procfs: "sys/net/ipv4/ip_forward"
 * @owner: the namespace it belongs to
 */
struct setting {
	const char *key, *path, *value;
	size_t length;
	enum namespace_type owner;
};
struct settings {
	struct setting *v;
	size_t n;
};

/*
 * Which namespace a parameter belongs to.
 * @name: of the key with dots; ending in a dot: everything that begins so
 * @refused: why it is never accepted, NULL: it is
 */
static const struct owner {
	const char *name;
	enum namespace_type type;
	const char *refused;
} owners[] = {
	{ "fs.mqueue.", NAMESPACE_IPC, NULL },
	{ "kernel.msgmax", NAMESPACE_IPC, NULL },
	{ "kernel.msgmnb", NAMESPACE_IPC, NULL },
	{ "kernel.msgmni", NAMESPACE_IPC, NULL },
	{ "kernel.msg_next_id", NAMESPACE_IPC, NULL },
	{ "kernel.sem", NAMESPACE_IPC, NULL },
	{ "kernel.sem_next_id", NAMESPACE_IPC, NULL },
	{ "kernel.shmall", NAMESPACE_IPC, NULL },
	{ "kernel.shmmax", NAMESPACE_IPC, NULL },
	{ "kernel.shmmni", NAMESPACE_IPC, NULL },
	{ "kernel.shm_next_id", NAMESPACE_IPC, NULL },
	{ "kernel.shm_rmid_forced", NAMESPACE_IPC, NULL },
	{ "kernel.domainname", NAMESPACE_UTS, NULL },
	{ "kernel.hostname", NAMESPACE_UTS, "set it with hostname" },
	{ "net.", NAMESPACE_NETWORK, NULL },
	{ "user.", NAMESPACE_USER, NULL },
};

static const struct owner *find_owner(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(owners); i++) {
		size_t length = strlen(owners[i].name);

		if (owners[i].name[length - 1] == '.' ? strncmp(name, owners[i].name, length) == 0 : text_equal(name, owners[i].name))
			return &owners[i];
	}
	return NULL;
}

/*
 * As sysctl(8): the first separator decides. "net.ipv4.conf.eth0/1.mtu" has dots for slashes and slashes for dots, "net/ipv4/conf/eth0.1/mtu" is
 * a path already. @ret_name: with dots, for the table.
 */
static int compile(struct plan *p, const struct string_pair *pair, struct setting *s, const char **ret_name)
{
	char *path = arena_printf(p->arena, "sys/%s", pair->key), *name = arena_strdup(p->arena, pair->key), *c;
	const char *first = strpbrk(pair->key, "./");
	bool dotted = first && *first == '.';

	for (c = path + 4; *c && dotted; c++)
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	for (c = path + 4; *c; c += strspn(c, "/")) {
		size_t length = strcspn(c, "/");

		if (length == 0 || (length == 1 && c[0] == '.') || (length == 2 && c[0] == '.' && c[1] == '.'))
			return fail(p->error, 0, "linux.sysctl[%s]: not the name of a kernel parameter", pair->key);
		c += length;
	}
	if (!path[4] || path[strlen(path) - 1] == '/')
		return fail(p->error, 0, "linux.sysctl[%s]: not the name of a kernel parameter", pair->key);
	for (c = name; *c && !dotted; c++)
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	*s = (struct setting){ .key = pair->key, .path = path, .value = pair->value, .length = strlen(pair->value) };
	*ret_name = name;
	return 0;
}

static int check(struct plan *p)
{
	const struct string_map *map = &p->spec->linux.sysctl;
	struct settings *settings;
	const struct owner *owner;
	const char *name = NULL;
	size_t i;

	if (p->request->exec)
		return 0;
	settings = arena_new(p->arena, struct settings);
	settings->v = arena_many(p->arena, struct setting, map->n);
	settings->n = map->n;
	for (i = 0; i < map->n; i++) {
		if (compile(p, &map->v[i], &settings->v[i], &name) < 0)
			return -1;
		owner = find_owner(name);
		if (!owner)
			return fail(p->error, 0, "linux.sysctl[%s]: it belongs to no namespace: the host would be changed", map->v[i].key);
		if (owner->refused)
			return fail(p->error, 0, "linux.sysctl[%s]: %s", map->v[i].key, owner->refused);
		if (!spec_namespace(p->spec, owner->type))
			return fail(p->error, 0, "linux.sysctl[%s]: it needs a namespace of type %s (linux.namespaces): the host would be changed",
				    map->v[i].key, names_of(&names_namespaces, owner->type));
		settings->v[i].owner = owner->type;
	}
	p->data[ASPECT_SYSCTL] = settings;
	return 0;
}

/* A namespace that is joined may still be the one we are in. */
static int check_joined(struct plan *p, const struct setting *s)
{
	const struct namespace *joined = spec_namespace(p->spec, s->owner);
	struct stat theirs, ours;
	const char *own;

	if (!joined || !joined->path)
		return 0;
	own = arena_printf(p->arena, "/proc/self/ns/%s", s->owner == NAMESPACE_NETWORK ? "net" : names_of(&names_namespaces, s->owner));
	if (stat(joined->path, &theirs) < 0 || stat(own, &ours) < 0)
		return fail(p->error, errno, "cannot look at namespace '%s'", joined->path);
	if (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino)
		return fail(p->error, 0, "linux.sysctl[%s]: '%s' is the host's namespace: the host would be changed", s->key, joined->path);
	return 0;
}

static int prepare(struct plan *p)
{
	const struct settings *settings = p->data[ASPECT_SYSCTL];
	size_t i;

	for (i = 0; settings && i < settings->n; i++)
		if (check_joined(p, &settings->v[i]) < 0)
			return -1;
	return 0;
}

CHILD static int settle(struct child *c)
{
	const struct settings *settings = c->plan->data[ASPECT_SYSCTL];
	int proc, r;
	size_t i;

	if (settings->n == 0)
		return 0;
	proc = child_proc(c);
	if (proc < 0)
		return -1;
	for (i = 0; i < settings->n; i++) {
		const struct setting *s = &settings->v[i];

		r = io_write_file(proc, s->path, s->value, s->length);
		if (r < 0)
			return child_fail(c, FAULT("linux.sysctl[%a]: cannot set it to '%b'"), r, s->key, s->value);
	}
	return 0;
}

static void explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct settings *settings = p->data[ASPECT_SYSCTL];
	size_t i;

	for (i = 0; settings && phase == PHASE_SETTLE && i < settings->n; i++)
		explain_step(x, "set kernel parameter %s to '%s'", settings->v[i].key, settings->v[i].value);
}

const struct aspect aspect_sysctl = {
	.id = ASPECT_SYSCTL,
	.check = check,
	.prepare = prepare,
	.settle = settle,
	.explain = explain,
};
