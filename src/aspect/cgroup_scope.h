/* A container's systemd scope, as the cgroup aspect uses it. */
#ifndef ASPECT_CGROUP_SCOPE_H
#define ASPECT_CGROUP_SCOPE_H

#include "aspect/cgroup_systemd.h"

/*
 * @unit: what it is called;  @helper: its first process until the container's is in
 * @attach: path below the unit's cgroup that systemd must put processes into, NULL: hull may do that itself
 */
struct cgroup_scope {
	struct systemd_unit unit;
	struct systemd_helper helper;
	const char *attach;
};

/**
 * cgroup_scope_check - whether the document's words for systemd can be understood. Pure.
 * Return: 0 or -1 after fail().
 */
int cgroup_scope_check(const struct plan *p);

/**
 * cgroup_scope_start - have the scope made, and find out where its cgroups are.
 * @policy: device rules, NULL: they cannot apply.
 * @host: gets the leaf of every tree.
 * Return: 0 or -1 after fail().
 */
int cgroup_scope_start(struct plan *p, const struct cgroup_settings *settings, const struct cgroup_device_policy *policy, struct cgroup_host *host,
		       struct cgroup_scope *ret_scope);

/**
 * cgroup_scope_settle - make the v2 leaf and move the helper there: a cgroup with processes cannot hand controllers down.
 * Return: 0 or -errno.
 */
int cgroup_scope_settle(struct arena *arena, const struct cgroup_tree *t, const struct cgroup_scope *scope);

/**
 * cgroup_scope_must_attach - find out whether hull itself may put processes into the v2 cgroup @fd: not a user's from outside what is delegated to him,
 * as in a login session (cgroups(7), "Delegation containment"). Sets @scope->attach.
 * Return: whether it is systemd that must do it.
 */
bool cgroup_scope_must_attach(const struct plan *p, int fd, struct cgroup_scope *scope);

/**
 * cgroup_scope_attach - have systemd put a process into the container's cgroup.
 * Return: 0 or -1 after fail().
 */
int cgroup_scope_attach(const struct plan *p, const struct cgroup_scope *scope, pid_t pid);

/**
 * cgroup_scope_adopt - put the container's first process into the v1 trees, and let the helper go.
 * Return: 0 or -1 after fail().
 */
int cgroup_scope_adopt(struct cgroup_scope *scope, const struct cgroup_join *join, pid_t pid, struct error *error);

/**
 * cgroup_scope_undo - stop the unit that the facts name, if there is one.
 */
int cgroup_scope_undo(struct undo *u);

#endif
