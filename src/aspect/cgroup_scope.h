/* A container's systemd scope, as the cgroup aspect uses it. */
#ifndef ASPECT_CGROUP_SCOPE_H
#define ASPECT_CGROUP_SCOPE_H

#include "aspect/cgroup_systemd.h"

/*
 * @unit: what it is called;  @helper: its first process until the container's is in
 */
struct cgroup_scope {
	struct systemd_unit unit;
	struct systemd_helper helper;
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
 * cgroup_scope_adopt - put the container's first process into the v1 trees, and let the helper go.
 * Return: 0 or -1 after fail().
 */
int cgroup_scope_adopt(struct cgroup_scope *scope, const struct cgroup_join *join, pid_t pid, struct error *error);

/**
 * cgroup_scope_undo - stop the unit that the facts name, if there is one.
 */
int cgroup_scope_undo(struct undo *u);

#endif
