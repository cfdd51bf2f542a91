/*
 * Control groups: what the files cgroup*.c share, and what mounts and the engine ask of them.
 *
 * A "tree" is one mounted hierarchy: on v1 one per controller set, on v2 a single one, on a hybrid host both kinds. A container has one leaf directory
 * in each tree. Resources become a list of settings (field, file, value) while the spec is checked; which file of a setting is written, v1's or v2's,
 * is decided on the host.
 */
#ifndef ASPECT_CGROUP_H
#define ASPECT_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aspect/aspect.h"
#include "aspect/cgroup_control.h"

struct bpf_insn;

/* What the mounts aspect needs to show cgroups inside the container. */

/*
 * @name: directory name below /sys/fs/cgroup: "cpu,cpuacct", "systemd"; "unified" on a hybrid host; "" on v2
 * @mountpoint: where the host has it
 * @own_path: the container's own cgroup, below the mount point: "/libpod/x"; "/" is the mount point itself
 * @options: what mount(2) of type cgroup takes as data: "cpu,cpuacct", "name=systemd"; "" for cgroup2
 * @links: names of single controllers that are links to @name: "cpu", "cpuacct"
 */
struct cgroup_hierarchy {
	char *name;
	char *mountpoint;
	char *own_path;
	char *options;
	char **links;
	size_t n_links;
};

/* @version: 1 or 2;  @hybrid: version is 1 and one of @v is a cgroup2 */
struct cgroup_mounts {
	int version;
	bool hybrid;
	struct cgroup_hierarchy *v;
	size_t n;
};

/**
 * cgroup_mounts - the host's hierarchies; to be asked after the cgroup aspect's prepare, when the spec has a mount of type cgroup or cgroup2.
 * Return: NULL when the host has no cgroups mounted.
 */
CHILD const struct cgroup_mounts *cgroup_mounts(const struct plan *p);

/* ---- the host's hierarchies and paths: cgroup_path.c ---- */

/*
 * @name, @mount: as in struct cgroup_hierarchy
 * @controllers: "cpu,cpuacct", "name=systemd", "" for cgroup2
 * @own: hull's own cgroup in it, as /proc/self/cgroup says
 * @leaf: absolute directory of the container's cgroup, NULL: none is made in this tree;  @refused: why (errno), 0: cgroups are not wanted
 * @existed: @leaf was there before, empty
 * @unit: absolute directory of the systemd unit that @leaf is or lies in, NULL: none
 */
struct cgroup_tree {
	char *name;
	char *mount;
	char *controllers;
	char *own;
	bool v2;
	char *leaf;
	int refused;
	bool existed;
	char *unit;
};

/* below the cgroup with the limits: see struct request's inner_cgroup */
#define CGROUP_INNER "payload"

enum { CGROUP_TREES_MAX = 32 };

/* @version: 0 none mounted, 1 (hybrid: one of them is v2), 2 */
struct cgroup_host {
	int version;
	bool hybrid;
	struct cgroup_tree *v;
	size_t n;
};

/**
 * cgroup_clean - resolve "", "." and ".." components of a path as text; ".." does not leave the root.
 * Return: "/a/b", or "" for the root.
 */
char *cgroup_clean(struct arena *arena, const char *path);

/**
 * cgroup_parse_own - read the text of /proc/self/cgroup; mounts are the conventional ones below /sys/fs/cgroup. Pure.
 */
void cgroup_parse_own(struct arena *arena, const char *text, struct cgroup_host *ret_host);

/**
 * cgroup_host_read - find out what is mounted where.
 * Return: 0 or -1 after fail(). A host without cgroups is version 0.
 */
int cgroup_host_read(struct arena *arena, struct error *error, struct cgroup_host *ret_host);

/**
 * cgroup_host_of - the host's hierarchies with the leaves that a container's state names.
 * Return: 0 or -1 after fail().
 */
int cgroup_host_of(const struct facts *facts, struct arena *arena, struct error *error, struct cgroup_host *ret_host);

/**
 * cgroup_leaf_path - where a container's cgroup lies in a tree. An absolute linux.cgroupsPath lies below the mount point, a relative one, and
 * the id when there is none, below hull's own cgroup (v2: beside it, since a cgroup with processes cannot hand controllers down).
 * @hybrid: the tree's host is hybrid;  @inside: v2: below hull's own cgroup all the same.
 */
char *cgroup_leaf_path(struct arena *arena, const struct cgroup_tree *t, const char *cgroups_path, const char *id, bool hybrid, bool inside);

/**
 * cgroup_has_controller - whether a comma or space separated list holds a name.
 */
bool cgroup_has_controller(const char *list, const char *name);

/**
 * cgroup_next_word - cut the next word off a list that is separated by spaces, commas or newlines.
 * @cursor: moves on.
 * Return: the word, NULL: no more.
 */
char *cgroup_next_word(char **cursor);

/* ---- resources: cgroup_resources.c, cgroup_write.c ---- */

/*
 * One file to write.
 * @controller: NULL: this version of cgroups has no such thing
 * @other_file, @other_value: what is written when @file does not exist (the io schedulers' names for one thing), NULL: nothing
 */
struct cgroup_write {
	const char *controller;
	const char *file;
	const char *value;
	const char *other_file, *other_value;
};

/*
 * @field: its place in the document: "linux.resources.memory.limit"
 * @v1, @v2: what to write on either version
 * @optional: a missing file is no error: the value is what holds anyway
 */
struct cgroup_setting {
	const char *field;
	struct cgroup_write v1, v2;
	bool optional;
};

enum { CGROUP_SETTINGS_MAX = 4096 };

struct cgroup_settings {
	struct cgroup_setting *v;
	size_t n;
};

/**
 * cgroup_settings_compile - turn resources (all but devices) into settings, in the order in which they must be written. Pure.
 * @oci_version: of the document: pids.limit 0 is a limit from 1.3 on, and says nothing before.
 * Return: 0 or -1 after fail().
 */
int cgroup_settings_compile(const struct resources *r, const char *oci_version, struct arena *arena, struct error *error,
			    struct cgroup_settings *ret_settings);

/**
 * cgroup_settings_write - write settings into a container's cgroups.
 * Return: 0 or -1 after fail() with field, value and file.
 */
int cgroup_settings_write(const struct cgroup_settings *s, const struct cgroup_host *host, struct arena *arena, struct error *error);

/**
 * cgroup_setting_tree - which tree a setting is written in on this host, NULL: none;  @ret_write: v1's or v2's.
 */
const struct cgroup_tree *cgroup_setting_tree(const struct cgroup_setting *s, const struct cgroup_host *host, const struct cgroup_write **ret_write);

/**
 * cgroup_setting_write - write one setting; as cgroup_settings_write().
 */
int cgroup_setting_write(const struct cgroup_setting *s, const struct cgroup_host *host, struct arena *arena, struct error *error);

/**
 * cgroup_write_lines - write a value to a file, one write(2) a line: that is what cgroup files take.
 * Return: 0 or -errno.
 */
int cgroup_write_lines(const char *path, const char *value);

/**
 * cgroup_settings_v2_controllers - the controllers of the v2 tree that settings need, as a list.
 */
char *cgroup_settings_v2_controllers(const struct cgroup_settings *s, const struct cgroup_host *host, struct arena *arena);

/* cgroup_shares_to_weight - cpu.shares (2 to 262144) as cpu.weight (1 to 10000) such that 1024 is 100 */
uint64_t cgroup_shares_to_weight(uint64_t shares);

/* ---- device rules: cgroup_devices.c ---- */

enum { CGROUP_MKNOD = 1, CGROUP_READ = 2, CGROUP_WRITE = 4, CGROUP_RWM = 7 }; /* as BPF_DEVCG_ACC_* */
enum { CGROUP_RULES_MAX = 1024 };

/* @type: 'b' or 'c';  @major, @minor: -1: all */
struct cgroup_device_rule {
	char type;
	int64_t major, minor;
	unsigned int access;
};

/*
 * Device rules as the kernel's v1 controller holds them: a default and the exceptions from it.
 */
struct cgroup_device_policy {
	bool allow;
	struct cgroup_device_rule *v;
	size_t n;
};

/**
 * cgroup_devices_compile - play the document's rules, then those of the devices that every container has. Pure.
 * Return: 0 or -1 after fail().
 */
int cgroup_devices_compile(const struct device_rule_list *rules, struct arena *arena, struct error *error, struct cgroup_device_policy *ret_policy);

/**
 * cgroup_devices_allowed - what a policy decides. Pure; the reference for tests.
 */
bool cgroup_devices_allowed(const struct cgroup_device_policy *policy, char type, int64_t major, int64_t minor, unsigned int access);

/**
 * cgroup_devices_program - a policy as an eBPF program of type CGROUP_DEVICE. Pure.
 */
void cgroup_devices_program(const struct cgroup_device_policy *policy, struct arena *arena, struct bpf_insn **ret_code, size_t *ret_n);

/**
 * cgroup_devices_write_v1 - write a policy into the devices cgroup @dir.
 */
int cgroup_devices_write_v1(const struct cgroup_device_policy *policy, const char *dir, struct arena *arena, struct error *error);

/**
 * cgroup_devices_change_v1 - like cgroup_devices_write_v1() for a container that runs: what both policies allow is allowed all the while, as long as
 * neither allows by default. On failure the old rules are put back.
 */
int cgroup_devices_change_v1(const struct cgroup_device_policy *policy, const char *dir, struct arena *arena, struct error *error);

/**
 * cgroup_devices_attach - load a policy and attach it to the v2 cgroup @dir; the program of hull that is attached already is replaced in one step.
 */
int cgroup_devices_attach(const struct cgroup_device_policy *policy, const char *dir, struct arena *arena, struct error *error);

/* ---- changing: cgroup_update.c ---- */

/**
 * cgroup_former_value - what must be written to a file to have again what it says. Pure.
 * @file: its name;  @content: what it says;  @value: what is going to be written to it: for a file of several lines, it names the line.
 * Return: a line to write, NULL: that cannot be told.
 */
const char *cgroup_former_value(struct arena *arena, const char *file, const char *content, const char *value);

/* ---- making: cgroup_v1.c, cgroup_v2.c ---- */

/* ---- crun's annotations: cgroup_delegate.c ---- */

/**
 * cgroup_delegate_check - whether the annotation run.oci.delegate-cgroup names a cgroup;  cgroup_delegate_host - whether this host can do what the
 * annotations ask for.
 * Return: 0 or -1.
 */
int cgroup_delegate_check(const struct plan *p);
int cgroup_delegate_host(const struct plan *p, const struct cgroup_host *host);

/**
 * cgroup_delegate_make - make the cgroup of run.oci.delegate-cgroup below the leaf of a v2 tree.
 * @ret_tree: the tree with the leaf that is the container's to manage: the new one, or @t's without the annotation.
 * @ret_procs: for cgroup_delegate_enter(), untouched without the annotation.
 * Return: 0 or -1.
 */
int cgroup_delegate_make(const struct plan *p, const struct cgroup_tree *t, struct cgroup_tree *ret_tree, int *ret_procs);

/**
 * cgroup_delegate_enter - go into it, after the cgroup namespace was made;  @procs: from there, negative: nothing to do.
 * Return: 0 or -1 after child_fail().
 */
CHILD int cgroup_delegate_enter(const struct child *c, int procs);

/**
 * cgroup_make_dir - make @dir and its missing parents, not above @mount.
 * Return: 0 (also when it exists) or -errno.
 */
int cgroup_make_dir(struct arena *arena, const char *mount, const char *dir);

/**
 * cgroup_v1_make - make a tree's leaf; a cpuset gets its parents' processors and memory nodes.
 * Return: 0 or -errno.
 */
int cgroup_v1_make(struct arena *arena, const struct cgroup_tree *t);

/**
 * cgroup_v1_open_tasks - open the file that a child writes "0" into.
 *
 * The child moves itself, and by the tasks file: a single thread that moves itself needs no exclusive threadgroup lock, whose grace period costs
 * about 10 ms on an idle machine (kernel: cgroup_procs_write_start()). Permission is checked against who opened the file.
 * Return: a descriptor or -errno.
 */
int cgroup_v1_open_tasks(struct arena *arena, const char *dir);

/**
 * cgroup_v2_make - make the leaf and hand controllers down to it.
 * @controllers: which are wanted (a list), NULL: all. Below a systemd unit's own directory it is always all: that is delegated.
 * Return: 0 or -errno of the directory; a controller that cannot be handed down shows when its file is written.
 */
int cgroup_v2_make(struct arena *arena, const struct cgroup_tree *t, const char *controllers);

/**
 * cgroup_v2_delegate - give the leaf to the user who is @uid on the host, as far as the kernel says it is safe (/sys/kernel/cgroup/delegate).
 * Return: 0 or -1 after fail().
 */
int cgroup_v2_delegate(struct arena *arena, struct error *error, const struct cgroup_tree *t, uid_t uid);

/* ---- shared by cgroup_control.c, cgroup_remove.c and cgroup_join.c ---- */

/**
 * cgroup_dir_pids - the processes of a cgroup directory and all below, ascending.
 * @dir: consumed.
 * Return: 0 or -errno.
 */
int cgroup_dir_pids(int dir, struct arena *arena, pid_t **ret_pids, size_t *ret_n);

/**
 * cgroup_wait_event - wait until a key of a v2 cgroup's cgroup.events has a value.
 * @key: with its space: "frozen ", "populated ".
 * Return: 0, -ETIMEDOUT or -errno.
 */
int cgroup_wait_event(int dir, const char *key, char value, int timeout_ms);

/* ---- in words: cgroup_explain.c ---- */

/*
 * @host: with the leaves that would be made;  @systemd: by systemd's hand;  @enforced: device rules are
 */
struct cgroup_outlook {
	const struct cgroup_settings *settings;
	const struct cgroup_device_policy *devices;
	const struct cgroup_host *host;
	bool systemd, enforced;
};

struct explain;

/**
 * cgroup_explain - tell where the container's cgroups would be, and what would be written there.
 */
void cgroup_explain(const struct plan *p, const struct cgroup_outlook *o, struct explain *x);

#endif
