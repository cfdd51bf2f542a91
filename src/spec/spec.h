/*
 * What is asked for: the OCI runtime specification's config.json (1.3) as C structures, in the document's order.
 *
 * Pure data: no file descriptors, no system calls. Strings and arrays live in the arena that the document was read into. A member that was absent is
 * NULL, 0 or has .set == false. Enumerated values are resolved while reading (spec/names.h), so a spec never holds an unknown name.
 */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "spec/names.h"

/* A scalar that may be absent. */
struct opt_bool {
	bool set;
	bool value;
};
struct opt_u32 {
	bool set;
	uint32_t value;
};
struct opt_i64 {
	bool set;
	int64_t value;
};
struct opt_u64 {
	bool set;
	uint64_t value;
};

/* Strings in order. */
struct string_list {
	char **v;
	size_t n;
};

/* A JSON object whose values are strings, in document order. */
struct string_pair {
	char *key;
	char *value;
};
struct string_map {
	struct string_pair *v;
	size_t n;
};

/* process.user */
struct user {
	uint32_t uid;
	uint32_t gid;
	struct opt_u32 umask;
	struct { uint32_t *v; size_t n; } additional_gids;
	char *username; /* Windows only: read, not used */
};

/* process.capabilities: one bit a capability (1 << CAP_X), .set tells whether the object was there */
/* @unknown: names that we do not know, for a warning; NULL: none */
struct capabilities {
	bool set;
	uint64_t bounding, effective, inheritable, permitted, ambient;
	char *unknown;
};

/* process.rlimits[] */
struct rlimit_entry {
	int type; /* RLIMIT_* */
	uint64_t soft, hard;
};
struct rlimit_list {
	struct rlimit_entry *v;
	size_t n;
};

/* process.scheduler */
struct scheduler {
	int policy; /* SCHED_* */
	int32_t nice;
	int32_t priority;
	uint64_t flags; /* SCHED_FLAG_* */
	uint64_t runtime, deadline, period; /* ns */
};

/* process.ioPriority */
struct io_priority {
	int class; /* IOPRIO_CLASS_* */
	int32_t priority; /* 0..7 */
};

/* process.execCPUAffinity: lists as in cpuset, "0-3,7" */
struct cpu_affinity {
	char *initial, *final;
};

/* process */
struct process {
	bool terminal;
	struct { bool set; uint32_t height, width; } console_size;
	char *cwd;
	struct string_list env;
	struct string_list args;
	struct user user;
	struct capabilities capabilities;
	struct rlimit_list rlimits;
	bool no_new_privileges;
	struct opt_i64 oom_score_adj; /* -1000..1000 */
	struct scheduler *scheduler;
	char *apparmor_profile;
	char *selinux_label;
	struct io_priority *io_priority;
	struct cpu_affinity *exec_cpu_affinity;
};

/* linux.uidMappings[], linux.gidMappings[], mounts[].uidMappings[] */
struct id_mapping {
	uint32_t container_id, host_id, size;
};
struct id_mapping_list {
	struct id_mapping *v;
	size_t n;
};

/*
 * What mounts[].options mean, compiled by spec_mount_options() (spec/mountopt.c).
 * @attr_set, @attr_clear: MOUNT_ATTR_* of this mount;  @rec_set, @rec_clear: of the whole tree below it (rro and friends)
 * @sb_set: MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK, MS_I_VERSION, MS_LAZYTIME, MS_SILENT: the superblock's;  @sb_clear: likewise
 * @bind, @recursive, @remount: bind, rbind, remount
 * @optional: nofail: a bind whose source does not exist is left out;  @tmp_layer: hull.tmp: an overlay's upper layer is a tmpfs made for it
 * @devices: hull.dev: a sandbox's tmpfs gets the device nodes and links of /dev
 * @propagation: MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE or 0, in the order they were given; @propagation_recursive per entry
 * @data: what is left, for the filesystem, in order
 */
struct propagation {
	unsigned long type;
	bool recursive;
};
struct mount_flags {
	uint64_t attr_set, attr_clear;
	uint64_t rec_set, rec_clear;
	unsigned long sb_set, sb_clear;
	bool bind, recursive, remount;
	bool readonly;      /* ro, said for this mount */
	bool tmpcopyup, copy_symlink, src_nofollow, dest_nofollow;
	bool optional, tmp_layer, devices;
	bool idmap, idmap_recursive;
	char *idmap_spec;   /* crun's idmap=uids=…;gids=…, NULL: the mount's own mappings or the container's */
	struct { struct propagation *v; size_t n; } propagation;
	struct string_list data;
};

/* mounts[] */
struct mount {
	char *destination;
	char *type;
	char *source;
	struct string_list options;
	struct id_mapping_list uid_mappings, gid_mappings;
	struct mount_flags flags; /* compiled, not in the document */
};
struct mount_list {
	struct mount *v;
	size_t n;
};

/* hooks.*[] */
struct hook {
	char *path;
	struct string_list args;
	struct string_list env;
	struct opt_i64 timeout; /* s, > 0 */
};
struct hook_list {
	struct hook *v;
	size_t n;
};
struct hooks {
	struct hook_list prestart, create_runtime, create_container, start_container, poststart, poststop;
};

/* linux.namespaces[] */
struct namespace {
	enum namespace_type type;
	char *path; /* NULL: a new one */
};
struct namespace_list {
	struct namespace *v;
	size_t n;
};

/* linux.devices[] */
struct device {
	char type; /* c b u p */
	char *path;
	struct opt_i64 major, minor;
	struct opt_u32 file_mode;
	struct opt_u32 uid, gid;
};
struct device_list {
	struct device *v;
	size_t n;
};

/* linux.resources.devices[] */
struct device_rule {
	bool allow;
	char *type; /* NULL or "a": all; "b", "c" */
	struct opt_i64 major, minor; /* absent or -1: all */
	char *access; /* of r, w, m; NULL: all */
};
struct device_rule_list {
	struct device_rule *v;
	size_t n;
};

struct memory {
	struct opt_i64 limit, reservation, swap, kernel, kernel_tcp; /* bytes, -1: unlimited */
	struct opt_u64 swappiness;
	struct opt_bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct cpu {
	struct opt_u64 shares;
	struct opt_i64 quota;
	struct opt_u64 burst, period;
	struct opt_i64 realtime_runtime;
	struct opt_u64 realtime_period;
	char *cpus, *mems;
	struct opt_i64 idle;
};

struct weight_device {
	int64_t major, minor;
	struct opt_u32 weight, leaf_weight;
};
struct weight_device_list {
	struct weight_device *v;
	size_t n;
};
struct throttle_device {
	int64_t major, minor;
	uint64_t rate;
};
struct throttle_device_list {
	struct throttle_device *v;
	size_t n;
};
struct block_io {
	struct opt_u32 weight, leaf_weight;
	struct weight_device_list weight_device;
	struct throttle_device_list throttle_read_bps, throttle_write_bps, throttle_read_iops, throttle_write_iops;
};

struct hugepage_limit {
	char *page_size; /* "2MB" */
	uint64_t limit;
};
struct hugepage_limit_list {
	struct hugepage_limit *v;
	size_t n;
};

struct interface_priority {
	char *name;
	uint32_t priority;
};
struct network_class {
	struct opt_u32 class_id;
	struct { struct interface_priority *v; size_t n; } priorities;
};

struct rdma_limit {
	char *device; /* the object's key */
	struct opt_u32 hca_handles, hca_objects;
};
struct rdma_limit_list {
	struct rdma_limit *v;
	size_t n;
};

/* linux.resources */
struct resources {
	struct device_rule_list devices;
	struct memory memory;
	struct cpu cpu;
	struct { struct opt_i64 limit; } pids;
	struct block_io block_io;
	struct hugepage_limit_list hugepage_limits;
	struct network_class network;
	struct rdma_limit_list rdma;
	struct string_map unified;
};

/* linux.seccomp.syscalls[].args[] */
struct seccomp_arg {
	uint32_t index; /* 0..5 */
	uint64_t value, value_two;
	enum seccomp_operator op;
};
struct seccomp_rule {
	struct string_list names;
	enum seccomp_action action;
	struct opt_u32 errno_ret;
	struct { struct seccomp_arg *v; size_t n; } args;
};
struct seccomp_rule_list {
	struct seccomp_rule *v;
	size_t n;
};

/*
 * linux.seccomp
 * @ready: the rules as a program, made when hull was built (spec/sandbox_profile.h), NULL: to be compiled; not in the document
 */
struct seccomp_ready;
struct seccomp {
	enum seccomp_action default_action;
	struct opt_u32 default_errno_ret;
	struct { enum seccomp_arch *v; size_t n; } architectures;
	uint32_t flags; /* SECCOMP_FILTER_FLAG_* */
	char *listener_path, *listener_metadata;
	struct seccomp_rule_list syscalls;
	const struct seccomp_ready *ready;
};

/* linux.intelRdt */
struct intel_rdt {
	char *clos_id;
	char *l3_cache_schema, *mem_bw_schema;
	struct string_list schemata;
	bool enable_monitoring;
};

/* linux.memoryPolicy */
struct memory_policy {
	int mode; /* MPOL_* */
	uint32_t flags; /* MPOL_F_* */
	char *nodes; /* "0-1" */
};

/* linux.netDevices: the key is the name on the host */
struct net_device {
	char *host_name;
	char *name; /* in the container; NULL: the same */
};
struct net_device_list {
	struct net_device *v;
	size_t n;
};

/* linux.timeOffsets */
struct time_offset {
	bool set;
	int64_t secs;
	uint32_t nanosecs;
};

/* linux.personality */
struct personality {
	bool set;
	unsigned long domain; /* PER_* */
	struct string_list flags; /* the specification defines none: refused */
};

/* linux */
struct linux_config {
	struct namespace_list namespaces;
	struct id_mapping_list uid_mappings, gid_mappings;
	struct { struct time_offset monotonic, boottime; } time_offsets;
	struct device_list devices;
	struct net_device_list net_devices;
	char *cgroups_path;
	struct resources resources;
	struct intel_rdt *intel_rdt;
	struct memory_policy *memory_policy;
	struct string_map sysctl;
	struct seccomp *seccomp;
	unsigned long rootfs_propagation; /* MS_SHARED …, 0: not said */
	struct string_list masked_paths, readonly_paths;
	char *mount_label;
	struct personality personality;
};

/*
 * hull: what the specification has no words for; other runtimes ignore the object. Most of it is the sandbox's (spec/sandbox.h).
 * @sandbox: the rules of hull sandbox and not a container's: mount points that are missing are never made on the host, and nor is cwd; umask, groups and signals
 *           are the caller's (struct request's of the same name);  @bare: as bwrap: mount points are made
 * @cwd_optional: where process.cwd cannot be entered, HOME or "/" will do
 * @init: pid 1 is a reaper of ours, and the process its child
 * @keep_session: no setsid(2): the process stays in its caller's session, so job control goes on
 * @die_with_parent: killed when the process that made the container dies
 * @disable_userns: no user namespaces can be made inside
 * @argv0: what the process sees as its own name instead of args[0]
 * @landlock: writing only below these paths (aspect/landlock.c);  @required: an error where the kernel has no Landlock, else done without it;
 *            @signals: nothing but signals is kept inside
 */
struct landlock {
	bool set, required, signals;
	struct string_list write;
};
struct hull_extension {
	bool sandbox, bare, cwd_optional, init, keep_session, die_with_parent, disable_userns;
	char *argv0;
	struct landlock landlock;
};

/* config.json */
struct spec {
	char *oci_version;
	struct { char *path; bool readonly; } root;
	struct mount_list mounts;
	bool has_process; /* process may be absent until start: OCI 1.0 §process */
	struct process process;
	char *hostname, *domainname;
	struct hooks hooks;
	struct string_map annotations;
	bool has_linux;
	struct linux_config linux; /* the build says -Ulinux: gnu17 has a macro of that name */
	struct hull_extension hull;
};

#endif
