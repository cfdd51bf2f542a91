/* What a container's cgroups will be, in words: those that this caller would get on this host. */
#include "aspect/aspect.h"
#include "aspect/cgroup.h"
#include "base/text.h"

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* Return: whether there will be a cgroup. */
static bool explain_where(const struct plan *p, const struct cgroup_outlook *o, struct explain *x)
{
	const char *path = p->spec->linux.cgroups_path;
	bool any = false;

	path = path && path[0] ? path : p->request->id;
	for (size_t i = 0; i < o->host->n; i++)
		any |= o->host->v[i].leaf != NULL;
	if (o->host->version == 0)
		explain_step(x, "make no cgroup: none are mounted here");
	else if (o->systemd)
		explain_step(x, "have systemd make the scope of '%s'", path);
	else if (any)
		explain_step(x, "make cgroup '%s'", path);
	else
		explain_step(x, "make no cgroup '%s': nothing is delegated to the caller, uid %u", path, p->caller->euid);
	return any || (o->systemd && o->host->version != 0);
}

static void explain_setting(const struct cgroup_setting *s, const struct cgroup_outlook *o, bool possible, struct explain *x)
{
	const struct cgroup_write *w;
	const struct cgroup_tree *t = cgroup_setting_tree(s, o->host, &w);

	if (possible && t && (t->leaf || o->systemd) && w->file)
		explain_step(x, "set %s: %s %s", text_after(s->field, "linux.resources."), w->file, w->value);
	else if (!s->optional && !(possible && t && w->controller)) /* (a controller without a file: there is nothing to do) */
		explain_step(x, possible ? "fail: this host's cgroups have nothing for %s" : "fail: there is no cgroup for %s", s->field);
}

void cgroup_explain(const struct plan *p, const struct cgroup_outlook *o, struct explain *x)
{
	bool possible = explain_where(p, o, x);

	for (size_t i = 0; i < o->settings->n; i++)
		explain_setting(&o->settings->v[i], o, possible, x);
	if (o->devices->allow && o->devices->n == 0)
		explain_step(x, "allow all devices");
	else if (o->enforced)
		explain_step(x, "%s all devices but %zu exception%s", o->devices->allow ? "allow" : "deny", o->devices->n, plural(o->devices->n));
	else
		explain_step(x, "enforce no device rules: only root can");
}
