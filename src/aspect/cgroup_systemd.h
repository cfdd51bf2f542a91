/*
 * The systemd cgroup manager: a container's cgroups lie below a transient scope that systemd makes and that is delegated to hull.
 *
 * What is to be said over D-Bus is compiled here, as pure data; libexec/hull-systemd says it, since libsystemd is a library for glibc.
 */
#ifndef ASPECT_CGROUP_SYSTEMD_H
#define ASPECT_CGROUP_SYSTEMD_H

#include "aspect/cgroup.h"

/*
 * One property of a unit.
 * @signature: of D-Bus: "s", "b", "t", "as", "ay", "a(ss)", "a(st)" …
 * @values: its scalars in their order, as text; for an array as many as it has
 */
struct systemd_property {
	const char *name, *signature;
	const char **values;
	size_t n;
};

enum { SYSTEMD_PROPERTIES_MAX = 512, SYSTEMD_UNIT_MAX = 255 };

struct systemd_properties {
	struct systemd_property *v;
	size_t n;
};

/*
 * @name: "hull-x.scope";  @slice: "system.slice"
 * @subgroup: name of the cgroup below the scope's that the container lives in on v2, "": in the scope's own
 */
struct systemd_unit {
	const char *name, *slice, *subgroup;
};

/* ---- pure: cgroup_unit.c ---- */

/**
 * systemd_unit_of - which unit a container is to have.
 * @cgroups_path: linux.cgroupsPath: "slice:prefix:name", NULL or "": the default;  @user: of a user's manager.
 * Return: 0 or -1 after fail().
 */
int systemd_unit_of(const char *cgroups_path, const char *id, bool user, struct arena *arena, struct error *error, struct systemd_unit *ret_unit);

/**
 * systemd_property_add - set a property; one of that name that is there already is replaced.
 */
struct systemd_property *systemd_property_add(struct systemd_properties *list, struct arena *arena, const char *name, const char *signature, size_t n);

/**
 * systemd_property_set - set a property with one value.
 */
void systemd_property_set(struct systemd_properties *list, struct arena *arena, const char *name, const char *signature, const char *value);

/**
 * systemd_properties_of - what settings are as properties of a unit, as far as systemd has such.
 * @version: of cgroups: 1 or 2.
 */
void systemd_properties_of(const struct cgroup_settings *s, int version, struct arena *arena, struct systemd_properties *list);

/**
 * systemd_device_properties - a device policy as properties; no rules where systemd cannot say it: the container's own cgroup has them.
 */
void systemd_device_properties(const struct cgroup_device_policy *policy, struct arena *arena, struct systemd_properties *list);

/**
 * systemd_set_of_numbers - "0-2,5" as the bytes of a bit mask.
 * Return: number of bytes, -1: that is no list of numbers.
 */
int systemd_set_of_numbers(const char *text, unsigned char *mask, size_t size);

/* ---- pure: cgroup_annotations.c ---- */

/**
 * systemd_annotated_properties - the annotations org.systemd.property.NAME, whose values are text of GVariant.
 * Return: 0 or -1 after fail().
 */
int systemd_annotated_properties(const struct string_map *annotations, struct arena *arena, struct error *error, struct systemd_properties *list);

/* ---- the helper: cgroup_systemd.c ---- */

/* A helper that waits inside the unit, so that it lives: @pid 0: none. */
struct systemd_helper {
	pid_t pid;
	int lifeline;
};

/**
 * systemd_manager_is_users - whether the unit is a matter of the calling user's manager, not of the system's.
 */
bool systemd_manager_is_users(void);

/**
 * systemd_available - whether the helper is installed.
 */
bool systemd_available(void);

/**
 * systemd_start - make the unit; the helper is its first process.
 * Return: 0 or -1 after fail().
 */
int systemd_start(const struct systemd_unit *unit, bool user, const struct systemd_properties *list, struct arena *arena, struct error *error,
		  struct systemd_helper *ret_helper);

/**
 * systemd_release - end the helper.
 */
void systemd_release(struct systemd_helper *helper);

/**
 * systemd_set - change properties of a unit that exists.
 */
int systemd_set(const char *unit, bool user, const struct systemd_properties *list, struct arena *arena, struct error *error);

/**
 * systemd_attach - move a process into the cgroup @path below a unit's.
 */
int systemd_attach(const char *unit, bool user, const char *path, pid_t pid, struct arena *arena, struct error *error);

/**
 * systemd_stop - stop a unit, and forget it when it failed. One that is not there is no error.
 */
int systemd_stop(const char *unit, bool user, struct arena *arena, struct error *error);

#endif
