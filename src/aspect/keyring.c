/*
 * A session keyring of the container's own, "_ses.ID": without it the payload would share the caller's and find its keys there (keyrings(7)).
 * `hull exec` joins the same one by its name.
 */
#include <errno.h>
#include <linux/keyctl.h>

#include "aspect/aspect.h"
#include "base/sys.h"

/* keyctl_setperm(3): what a named session keyring is born with, and search for its owner, so that exec finds it by name */
enum { KEYRING_PERMISSIONS = 0x3f1b0000 };

static int keyring_check(struct plan *p)
{
	if (!p->request->no_new_keyring)
		p->data[ASPECT_KEYRING] = arena_printf(p->arena, "_ses.%s", p->request->id ? p->request->id : "");
	return 0;
}

static CHILD int keyring_enter(struct child *c)
{
	const char *name = c->plan->data[ASPECT_KEYRING];
	long serial;

	if (!name)
		return 0;
	serial = sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, (unsigned long)name, 0, 0, 0);
	/* no keyrings in this kernel, refused by an outer container's filter, or the user's quota is full: known runtimes go on, and so must we */
	if (serial == -ENOSYS || serial == -EPERM || serial == -EACCES || serial == -EDQUOT) {
		child_warn(c, FAULT("cannot join the session keyring '%a'"), (int)serial, name, NULL);
		return 0;
	}
	if (serial < 0)
		return child_fail(c, FAULT("cannot join the session keyring '%a'"), (int)serial, name, NULL);
	if (c->plan->request->exec)
		return 0;
	serial = sys_keyctl(KEYCTL_SETPERM, (unsigned long)serial, KEYRING_PERMISSIONS, 0, 0);
	if (serial < 0)
		return child_fail(c, FAULT("cannot make the session keyring '%a' searchable"), (int)serial, name, NULL);
	return 0;
}

static void keyring_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const char *name = p->data[ASPECT_KEYRING];

	if (phase == PHASE_ENTER && name)
		explain_step(x, "join the session keyring '%s'", name);
}

const struct aspect aspect_keyring = {
	.id = ASPECT_KEYRING,
	.check = keyring_check,
	.enter = keyring_enter,
	.explain = keyring_explain,
};
