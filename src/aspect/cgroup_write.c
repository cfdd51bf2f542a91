/*
 * Writing settings into a container's cgroups: which tree a setting belongs to on this host, and what to say when the kernel refuses.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "aspect/cgroup.h"
#include "base/io.h"
#include "base/text.h"

static const struct cgroup_tree *v1_tree(const struct cgroup_host *host, const char *controller)
{
	for (size_t i = 0; controller && i < host->n; i++)
		if (!host->v[i].v2 && cgroup_has_controller(host->v[i].controllers, controller))
			return &host->v[i];
	return NULL;
}

static const struct cgroup_tree *v2_tree(const struct cgroup_host *host)
{
	for (size_t i = 0; i < host->n; i++)
		if (host->v[i].v2)
			return &host->v[i];
	return NULL;
}

/* On a hybrid host a controller is in one tree only: v1's word comes first, for there it is bound when it is listed. */
const struct cgroup_tree *cgroup_setting_tree(const struct cgroup_setting *s, const struct cgroup_host *host, const struct cgroup_write **ret_write)
{
	const struct cgroup_tree *t = v1_tree(host, s->v1.controller);

	*ret_write = t ? &s->v1 : &s->v2;
	return t || (host->hybrid && s->v2.controller && v1_tree(host, s->v2.controller)) ? t : v2_tree(host);
}

char *cgroup_settings_v2_controllers(const struct cgroup_settings *s, const struct cgroup_host *host, struct arena *arena)
{
	char *list = arena_strdup(arena, "");
	const struct cgroup_write *w;

	for (size_t i = 0; i < s->n; i++) {
		const struct cgroup_tree *t = cgroup_setting_tree(&s->v[i], host, &w);

		if (t && t->v2 && w->controller && w->file && !cgroup_has_controller(list, w->controller))
			list = arena_printf(arena, "%s %s", list, w->controller);
	}
	return list;
}

int cgroup_write_lines(const char *path, const char *value)
{
	int r;

	if (!value[0]) /* writing nothing does nothing; it is an empty line that takes a cpuset back */
		return io_write_file(AT_FDCWD, path, "\n", 1);
	do {
		size_t length = strcspn(value, "\n");

		r = io_write_file(AT_FDCWD, path, value, length);
		value += length;
		value += *value == '\n';
	} while (r == 0 && *value);
	return r;
}

static int cannot(const struct cgroup_setting *s, const struct cgroup_host *host, struct error *error)
{
	const char *controller = host->version == 1 && s->v1.controller ? s->v1.controller : s->v2.controller;

	if (host->version == 0)
		return fail(error, 0, "%s: no cgroup hierarchy is mounted on this host", s->field);
	if (host->version == 1 && !s->v1.controller && controller && v1_tree(host, controller))
		return fail(error, 0, "%s: the controller '%s' is on cgroup v1 here, which has nothing like it", s->field, controller);
	if (!controller)
		return fail(error, 0, "%s: cgroup v%d has nothing like it", s->field, host->version);
	return fail(error, 0, "%s: no cgroup controller '%s' is mounted on this host", s->field, controller);
}

static int refused(const struct cgroup_setting *s, const struct cgroup_write *w, const struct cgroup_tree *t, const char *path, int r,
		   struct error *error)
{
	if (r == -ENOENT && t->v2)
		return fail(error, r, "%s: cannot write '%s' to '%s' (the controller '%s' is not handed down to this cgroup)", s->field, w->value, path,
			    w->controller);
	if (r == -EINVAL && text_equal(w->file, "memory.limit_in_bytes"))
		return fail(error, r, "%s: cannot write '%s' to '%s' (is it above the limit of memory and swap?)", s->field, w->value, path);
	return fail(error, r, "%s: cannot write '%s' to '%s'", s->field, w->value, path);
}

/* A limit was asked for and we may not make a cgroup: the message ends with what would give us one. */
static int undelegated(const struct cgroup_setting *s, const struct cgroup_write *w, const struct cgroup_tree *t, struct error *error)
{
	if (t->v2)
		return fail(error, 0, "%s: cannot set '%s': no cgroup can be made below '%s': %s; get one with: systemd-run --user --scope -p Delegate=yes hull …",
			    s->field, w->value, t->mount, error_text(t->refused < 0 ? -t->refused : t->refused));
	return fail(error, 0,
		    "%s: cannot set '%s': no cgroup can be made below '%s': %s; set linux.cgroupsPath to '/hull-%u/ID' and, as root: install -d -o %u %s/hull-%u",
		    s->field, w->value, t->mount, error_text(t->refused < 0 ? -t->refused : t->refused), geteuid(), geteuid(), t->mount, geteuid());
}

int cgroup_setting_write(const struct cgroup_setting *s, const struct cgroup_host *host, struct arena *arena, struct error *error)
{
	const struct cgroup_write *w;
	const struct cgroup_tree *t = cgroup_setting_tree(s, host, &w);
	const char *path;
	int r;

	if (t && w->controller && !w->file)
		return 0;
	if (!t || !w->controller)
		return s->optional ? 0 : cannot(s, host, error);
	if (!t->leaf)
		return s->optional ? 0 : undelegated(s, w, t, error);
	path = arena_printf(arena, "%s/%s", t->leaf, w->file);
	r = cgroup_write_lines(path, w->value);
	if (r == -ENOENT && w->other_file)
		r = cgroup_write_lines(arena_printf(arena, "%s/%s", t->leaf, w->other_file), w->other_value);
	if (r == 0 || (r == -ENOENT && s->optional))
		return 0;
	return refused(s, w, t, path, r, error);
}

int cgroup_settings_write(const struct cgroup_settings *s, const struct cgroup_host *host, struct arena *arena, struct error *error)
{
	for (size_t i = 0; i < s->n; i++)
		if (cgroup_setting_write(&s->v[i], host, arena, error) < 0)
			return -1;
	return 0;
}
