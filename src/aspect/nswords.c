/* Namespaces in words. */
#include "aspect/nswords.h"

#include <string.h>

#include "spec/oci.h"

void nswords_explain(const struct plan *p, enum namespace_type type, const char *what, struct explain *x)
{
	const struct namespace *ns = spec_namespace(p->spec, type);
	const char *name = names_of(&names_namespaces, type);

	if (!ns)
		explain_step(x, "keep the host's %s namespace: %s", name, what);
	else if (ns->path)
		explain_step(x, "join the %s namespace at '%s'", name, ns->path);
	else
		explain_step(x, "make a new %s namespace", name);
}

CHILD bool nswords_own(const struct plan *p, enum namespace_type type)
{
	const struct namespace_list *list = &p->spec->linux.namespaces;

	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].type == type)
			return true;
	return false;
}
