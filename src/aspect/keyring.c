/*
 * A session keyring of the container's own, "_ses.ID.RANDOM": without it the payload would share the caller's and find its keys there (keyrings(7)).
 *
 * `hull exec` joins the same one, and a process can join a keyring only by its name: keyctl_join_session_keyring(3) takes the first of that name which
 * its owner lets us search, whoever that is, and makes one only where there is none. So the name has 64 random bits: "_ses.ID" could wait there already,
 * made by another user, who would then share keys with the container. The name is kept in the state, and /proc/keys shows it to nobody but the owner.
 */
#include <errno.h>
#include <linux/keyctl.h>
#include <sys/random.h>

#include "aspect/aspect.h"
#include "base/sys.h"
#include "base/text.h"

/* keyctl_setperm(3): what a named session keyring is born with, and search for its owner, so that exec finds it by name */
enum { KEYRING_PERMISSIONS = 0x3f1b0000 };

static int keyring_check(struct plan *p)
{
	if (p->request->exec)
		p->data[ASPECT_KEYRING] = p->facts->keyring;
	else if (!p->request->no_new_keyring)
		p->data[ASPECT_KEYRING] = arena_join(p->arena, "_ses.", p->request->id ? p->request->id : "", NULL);
	return 0;
}

static int keyring_prepare(struct plan *p)
{
	const char *name = p->data[ASPECT_KEYRING];
	char digits[TEXT_NUMBER_MAX];
	uint64_t number;

	if (!name || p->request->exec)
		return 0;
	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return fail(p->error, errno, "cannot get a random number");
	p->facts->keyring = arena_join(p->arena, name, ".", text_from_u64(digits, number), NULL);
	p->data[ASPECT_KEYRING] = p->facts->keyring;
	return 0;
}

static CHILD int keyring_enter(struct child *c)
{
	const char *name = c->plan->data[ASPECT_KEYRING];
	long serial;

	if (!name)
		return 0;
	serial = sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, (unsigned long)name, 0, 0, 0);
	/* no keyrings in this kernel, or a filter around us says so, as a sandbox's does: then the payload finds none either */
	if (serial == -ENOSYS)
		return 0;
	/* refused by an outer container's filter, or the user's quota is full: known runtimes go on, and so must we */
	if (serial == -EPERM || serial == -EACCES || serial == -EDQUOT) {
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
		explain_step(x, "join the session keyring '%s'", name); /* prepare adds the random part */
}

const struct aspect aspect_keyring = {
	.id = ASPECT_KEYRING,
	.check = keyring_check,
	.prepare = keyring_prepare,
	.enter = keyring_enter,
	.explain = keyring_explain,
};
