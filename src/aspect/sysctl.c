/*
 * Kernel parameters of the container's namespaces. That a parameter belongs to a namespace of the container's own, and that its name is one, was checked
 * with the document (spec/check_sysctl.c). prepare: a namespace that is joined must not be the one we are in; settle: written below a procfs by
 * descriptor, so nothing in the root can stand in for it.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "aspect/aspect.h"
#include "base/io.h"
#include "base/text.h"
#include "spec/oci.h"

/* @path: below the procfs: "sys/net/ipv4/ip_forward" */
struct setting {
	const char *key, *path, *value;
	size_t length;
};
struct settings {
	struct setting *v;
	size_t n;
};

/*
 * The file of a parameter, as sysctl(8) finds it: the first separator decides. "net.ipv4.conf.eth0/1.mtu" has points for slashes and slashes for
 * points, "net/ipv4/conf/eth0.1/mtu" is a path already.
 */
static const char *path_of(struct arena *arena, const char *key)
{
	char *path = arena_printf(arena, "sys/%s", key), *c;
	const char *first = strpbrk(key, "./");

	if (!first || *first == '/')
		return path;
	for (c = path + 4; *c; c++) {
		if (*c == '.')
			*c = '/';
		else if (*c == '/')
			*c = '.';
	}
	return path;
}

static int check(struct plan *p)
{
	const struct string_map *map = &p->spec->linux.sysctl;
	struct settings *settings;
	size_t i;

	if (p->request->exec)
		return 0;
	settings = arena_new(p->arena, struct settings);
	settings->v = arena_many(p->arena, struct setting, map->n);
	settings->n = map->n;
	for (i = 0; i < map->n; i++)
		settings->v[i] = (struct setting){
			.key = map->v[i].key,
			.path = path_of(p->arena, map->v[i].key),
			.value = map->v[i].value,
			.length = strlen(map->v[i].value),
		};
	p->data[ASPECT_SYSCTL] = settings;
	return 0;
}

static enum namespace_type owner_of(const struct setting *s)
{
	if (text_after(s->path, "sys/net/"))
		return NAMESPACE_NETWORK;
	if (text_after(s->path, "sys/user/"))
		return NAMESPACE_USER;
	return text_equal(s->path, "sys/kernel/hostname") || text_equal(s->path, "sys/kernel/domainname") ? NAMESPACE_UTS : NAMESPACE_IPC;
}

/* A namespace that is joined may still be the one we are in. */
static int check_joined(struct plan *p, const struct setting *s)
{
	static const char *const own[] = {
		[NAMESPACE_NETWORK] = "/proc/self/ns/net",
		[NAMESPACE_USER] = "/proc/self/ns/user",
		[NAMESPACE_UTS] = "/proc/self/ns/uts",
		[NAMESPACE_IPC] = "/proc/self/ns/ipc",
	};
	enum namespace_type type = owner_of(s);
	const struct namespace *joined = spec_namespace(p->spec, type);
	struct stat theirs, ours;

	if (!joined || !joined->path)
		return 0;
	if (stat(joined->path, &theirs) < 0 || stat(own[type], &ours) < 0)
		return fail(p->error, errno, "cannot look at namespace '%s'", joined->path);
	if (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino)
		return fail(p->error, 0, "linux.sysctl[\"%s\"]: '%s' is the host's namespace, it would change the host", s->key, joined->path);
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
			return child_fail(c, FAULT("linux.sysctl[\"%a\"]: cannot set it to '%b'"), r, s->key, s->value);
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
