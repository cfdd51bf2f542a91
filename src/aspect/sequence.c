/*
 * THE ORDER. One array per phase, one row per aspect; every row says why it stands where it stands.
 *
 * The child plays enter (the host's tree is still visible), settle (after pivot_root) and seal (things are given up). `hull exec` plays the rows
 * marked WHEN_ALWAYS or WHEN_EXEC after it has entered the container's namespaces.
 */
#include "aspect/sequence.h"

#include "aspect/caps.h"
#include "aspect/exec.h"
#include "aspect/init.h"
#include "aspect/mounts.h"
#include "aspect/net.h"
#include "aspect/protocol.h"
/* the callback that the aspect has for this phase */
#define OWN NULL

/* check and prepare, forwards; undo, backwards */
static const struct aspect *const prepare[] = {
	&aspect_user,        /* first: decides whether there is a user namespace, which the others ask */
	&aspect_pid,
	&aspect_ipc,
	&aspect_uts,
	&aspect_time,
	&aspect_net,
	&aspect_rootfs,      /* before mounts: they resolve below it */
	&aspect_mounts,
	&aspect_devices,     /* after mounts: they decide whether /dev is ours to fill */
	&aspect_masks,
	&aspect_sysctl,
	&aspect_tty,
	&aspect_stdio,
	&aspect_keyring,
	&aspect_personality,
	&aspect_sched,
	&aspect_mempolicy,
	&aspect_oom,
	&aspect_rlimits,
	&aspect_ids,
	&aspect_caps,
	&aspect_nnp,
	&aspect_apparmor,
	&aspect_selinux,
	&aspect_landlock,
	&aspect_seccomp,
	&aspect_init,
	&aspect_exec,
	&aspect_hooks,
	&aspect_plugin,
	&aspect_rdt,         /* the last two make things on the host: whatever else can fail has failed by then */
	&aspect_cgroup,
};

/* in the parent, while the child waits at the first barrier */
static const struct aspect *const parent[] = {
	&aspect_user,        /* first: without id maps the child is nobody */
	&aspect_sched,       /* exec's initial CPUs hold until the cgroup is entered */
	&aspect_cgroup,      /* before anything the child allocates: it is to be charged */
	&aspect_rdt,
	&aspect_oom,
	&aspect_rlimits,     /* raises hard limits that a child in a user namespace may not raise itself */
	&aspect_net,         /* devices move into a namespace whose owner has its ids */
	&aspect_plugin,      /* last: it finds what the others have done */
};

static const struct sequence_row enter[] = {
	{ &aspect_user, OWN, WHEN_ALWAYS },       /* first: become root of the user namespace that owns all others */
	{ &aspect_init, protocol_forbid_userns, WHEN_CREATE },     /* through the host's /proc, with all capabilities over the namespace */
	{ &aspect_keyring, OWN, WHEN_ALWAYS }, /* before anything may request a key */
	{ &aspect_cgroup, OWN, WHEN_ALWAYS },   /* joins v1 cgroups, then unshares: the container's cgroup becomes the namespace's root */
	{ &aspect_uts, OWN, WHEN_CREATE },
	{ &aspect_net, OWN, WHEN_CREATE },         /* before mounts: sysfs shows the network namespace it was mounted in */
	{ &aspect_rootfs, OWN, WHEN_CREATE },   /* propagation off before the first mount, then the root that mounts hang on */
	{ &aspect_mounts, mounts_take, WHEN_CREATE },   /* a sandbox's sources: cut off from the host's propagation, not yet covered or read-only */
	{ &aspect_devices, devices_take, WHEN_CREATE }, /* likewise */
	{ &aspect_masks, masks_take, WHEN_CREATE },     /* likewise */
	{ &aspect_mounts, OWN, WHEN_CREATE },
	{ &aspect_devices, OWN, WHEN_CREATE }, /* after mounts: /dev is one of them */
	{ &aspect_masks, OWN, WHEN_CREATE },     /* takes /dev/null from the host while it can be seen */
	{ &aspect_net, net_join_first, WHEN_CREATE }, /* one that is made beside the above: the last moment before anything else may look at it */
	{ &aspect_hooks, child_wait_hooks, WHEN_CREATE }, /* the parent runs prestart and createRuntime: mounts done, root not yet changed */
	{ &aspect_hooks, OWN, WHEN_CREATE },     /* createContainer: last to see the host's tree */
};

static const struct sequence_row settle[] = {
	{ &aspect_rootfs, OWN, WHEN_CREATE },  /* first: pivot_root */
	{ &aspect_sysctl, OWN, WHEN_CREATE },  /* before masks make /proc/sys read-only */
	{ &aspect_tty, OWN, WHEN_ALWAYS },        /* before masks: makes /dev/console */
	{ &aspect_exec, OWN, WHEN_CREATE },      /* makes the working directory while the root is writable */
	{ &aspect_plugin, OWN, WHEN_CREATE },  /* it may add what the others have not, with all capabilities in the namespaces, and while the root can be written */
	{ &aspect_masks, OWN, WHEN_CREATE },    /* last: nothing may be written after the root is read-only */
};

static const struct sequence_row seal[] = {
	{ &aspect_net, net_join, WHEN_CREATE },                    /* one that our own thread has made beside all that: while we are alone, and may */
	{ &aspect_tty, OWN, WHEN_ALWAYS },                          /* new session, controlling terminal: needs the descriptors that stdio moves */
	{ &aspect_sched, OWN, WHEN_ALWAYS },                      /* needs CAP_SYS_NICE */
	{ &aspect_mempolicy, OWN, WHEN_ALWAYS },
	{ &aspect_exec, exec_before_ids, WHEN_ALWAYS },           /* as root: a directory that only root may enter is a legal start; before a limit on files */
	{ &aspect_init, protocol_last_userns, WHEN_CREATE },     /* after all that takes capabilities over mounts and host; before the payload's are set */
	{ &aspect_init, protocol_keep, WHEN_CREATE },            /* before stdio closes everything else */
	{ &aspect_rlimits, OWN, WHEN_ALWAYS },                  /* raising needs CAP_SYS_RESOURCE */
	{ &aspect_personality, OWN, WHEN_ALWAYS },          /* a filter may refuse personality(2) */
	{ &aspect_apparmor, OWN, WHEN_ALWAYS },                /* label before ids: a uid change clears dumpable, and with it our own /proc */
	{ &aspect_selinux, OWN, WHEN_ALWAYS },
	{ &aspect_stdio, OWN, WHEN_ALWAYS },                      /* gives 0..2 to the user while it still may */
	{ &aspect_seccomp, OWN, WHEN_ALWAYS | WHEN_NOT_NNP },   /* without no_new_privs the kernel wants CAP_SYS_ADMIN: before it is dropped */
	{ &aspect_caps, caps_drop_bounding, WHEN_ALWAYS },               /* needs CAP_SETPCAP: before the user changes */
	{ &aspect_ids, OWN, WHEN_ALWAYS },
	{ &aspect_caps, OWN, WHEN_ALWAYS },                        /* after ids: what keepcaps kept is cut to what is asked for */
	{ &aspect_nnp, OWN, WHEN_ALWAYS | WHEN_NNP },
	{ &aspect_init, OWN, WHEN_ALWAYS },                       /* after ids and caps: a change of either would take it back */
	{ &aspect_exec, OWN, WHEN_ALWAYS },                        /* as the payload's user: may it enter the directory, may it execute the file */
	{ &aspect_landlock, OWN, WHEN_ALWAYS },                    /* writes are the payload's from here on; its check asks for no_new_privs */
	{ &aspect_seccomp, OWN, WHEN_ALWAYS | WHEN_NNP | WHEN_NOT_APART }, /* last: the filter need not allow anything of the above */
};

/* behind the reaper, if there is one, and before execve */
static const struct sequence_row exec[] = {
	{ &aspect_seccomp, OWN, WHEN_CREATE | WHEN_NNP | WHEN_APART }, /* nor what the reaper does */
};

#define ASPECTS_OF(array) { array, sizeof(array) / sizeof((array)[0]) }

const struct sequence_aspects sequence_prepare = ASPECTS_OF(prepare);
const struct sequence_aspects sequence_parent = ASPECTS_OF(parent);
const struct sequence sequence_enter = ASPECTS_OF(enter);
const struct sequence sequence_settle = ASPECTS_OF(settle);
const struct sequence sequence_seal = ASPECTS_OF(seal);
const struct sequence sequence_exec = ASPECTS_OF(exec);

bool sequence_applies(const struct sequence_row *row, const struct plan *p)
{
	if (!(row->when & (p->request->exec ? WHEN_EXEC : WHEN_CREATE)))
		return false;
	if ((row->when & WHEN_NNP) && !p->process->no_new_privileges)
		return false;
	if ((row->when & WHEN_NOT_NNP) && p->process->no_new_privileges)
		return false;
	return !(row->when & (init_is_unfiltered(p) ? WHEN_NOT_APART : WHEN_APART));
}
