/*
 * config.json of runtime-spec 1.3 for Linux as field tables, innermost first. test_schema compares their keys with the OCI JSON schema.
 * One object is ours: "hull", what the specification has no words for.
 *
 * Deliberately not here: process.commandLine (Windows) and the objects of other platforms.
 */
#include "spec/oci_tables.h"

#include "spec/spec.h"

#define TYPE(type, member) __typeof__(((type *)0)->member)

/* process */

TABLE(user_table, struct user,
	FIELD(struct user, uid, "uid", FIELD_ALWAYS),
	FIELD(struct user, gid, "gid", FIELD_ALWAYS),
	FIELD(struct user, umask, "umask", 0),
	FIELD_U32_LIST(struct user, additional_gids, "additionalGids"),
	FIELD(struct user, username, "username", 0));

typedef TYPE(struct process, console_size) console_size;

TABLE(console_size_table, console_size,
	FIELD(console_size, height, "height", FIELD_REQUIRED),
	FIELD(console_size, width, "width", FIELD_REQUIRED));

TABLE(capabilities_table, struct capabilities,
	FIELD_BITS(struct capabilities, bounding, "bounding", names_capabilities, unknown),
	FIELD_BITS(struct capabilities, effective, "effective", names_capabilities, unknown),
	FIELD_BITS(struct capabilities, inheritable, "inheritable", names_capabilities, unknown),
	FIELD_BITS(struct capabilities, permitted, "permitted", names_capabilities, unknown),
	FIELD_BITS(struct capabilities, ambient, "ambient", names_capabilities, unknown));

TABLE(rlimit_table, struct rlimit_entry,
	FIELD_NAME(struct rlimit_entry, type, "type", names_rlimits, FIELD_REQUIRED),
	FIELD(struct rlimit_entry, hard, "hard", FIELD_REQUIRED),
	FIELD(struct rlimit_entry, soft, "soft", FIELD_REQUIRED));

TABLE(scheduler_table, struct scheduler,
	FIELD_NAME(struct scheduler, policy, "policy", names_sched_policies, FIELD_REQUIRED),
	FIELD(struct scheduler, nice, "nice", 0),
	FIELD(struct scheduler, priority, "priority", 0),
	FIELD_FLAG_LIST(struct scheduler, flags, "flags", names_sched_flags),
	FIELD(struct scheduler, runtime, "runtime", 0),
	FIELD(struct scheduler, deadline, "deadline", 0),
	FIELD(struct scheduler, period, "period", 0));

TABLE(io_priority_table, struct io_priority,
	FIELD_NAME(struct io_priority, class, "class", names_io_classes, FIELD_REQUIRED),
	FIELD(struct io_priority, priority, "priority", FIELD_ALWAYS));

TABLE(cpu_affinity_table, struct cpu_affinity,
	FIELD(struct cpu_affinity, initial, "initial", 0),
	FIELD(struct cpu_affinity, final, "final", 0));

TABLE(process_table, struct process,
	FIELD(struct process, terminal, "terminal", 0),
	FIELD_OBJECT_SET(struct process, console_size, console_size.set, "consoleSize", console_size_table),
	FIELD_OBJECT(struct process, user, "user", user_table, FIELD_ALWAYS),
	FIELD(struct process, args, "args", 0),
	FIELD(struct process, env, "env", 0),
	FIELD(struct process, cwd, "cwd", FIELD_REQUIRED),
	FIELD_OBJECT_SET(struct process, capabilities, capabilities.set, "capabilities", capabilities_table),
	FIELD_OBJECT_LIST(struct process, rlimits, "rlimits", rlimit_table, SPEC_RLIMITS_MAX),
	FIELD(struct process, no_new_privileges, "noNewPrivileges", 0),
	FIELD(struct process, apparmor_profile, "apparmorProfile", 0),
	FIELD(struct process, oom_score_adj, "oomScoreAdj", 0),
	FIELD_POINTER(struct process, scheduler, "scheduler", scheduler_table),
	FIELD(struct process, selinux_label, "selinuxLabel", 0),
	FIELD_POINTER(struct process, io_priority, "ioPriority", io_priority_table),
	FIELD_POINTER(struct process, exec_cpu_affinity, "execCPUAffinity", cpu_affinity_table));

/* root, mounts, hooks */

TABLE(root_table, TYPE(struct spec, root),
	FIELD(TYPE(struct spec, root), path, "path", FIELD_REQUIRED),
	FIELD(TYPE(struct spec, root), readonly, "readonly", 0));

TABLE(id_mapping_table, struct id_mapping,
	FIELD(struct id_mapping, container_id, "containerID", FIELD_REQUIRED),
	FIELD(struct id_mapping, host_id, "hostID", FIELD_REQUIRED),
	FIELD(struct id_mapping, size, "size", FIELD_REQUIRED));

TABLE(mount_table, struct mount,
	FIELD(struct mount, destination, "destination", FIELD_REQUIRED),
	FIELD(struct mount, type, "type", 0),
	FIELD(struct mount, source, "source", 0),
	FIELD(struct mount, options, "options", 0),
	FIELD_OBJECT_LIST(struct mount, uid_mappings, "uidMappings", id_mapping_table, SPEC_MAPPINGS_MAX),
	FIELD_OBJECT_LIST(struct mount, gid_mappings, "gidMappings", id_mapping_table, SPEC_MAPPINGS_MAX));

TABLE(hook_table, struct hook,
	FIELD(struct hook, path, "path", FIELD_REQUIRED),
	FIELD(struct hook, args, "args", 0),
	FIELD(struct hook, env, "env", 0),
	FIELD(struct hook, timeout, "timeout", 0));

TABLE(hooks_table, struct hooks,
	FIELD_OBJECT_LIST(struct hooks, prestart, "prestart", hook_table, SPEC_HOOKS_MAX),
	FIELD_OBJECT_LIST(struct hooks, create_runtime, "createRuntime", hook_table, SPEC_HOOKS_MAX),
	FIELD_OBJECT_LIST(struct hooks, create_container, "createContainer", hook_table, SPEC_HOOKS_MAX),
	FIELD_OBJECT_LIST(struct hooks, start_container, "startContainer", hook_table, SPEC_HOOKS_MAX),
	FIELD_OBJECT_LIST(struct hooks, poststart, "poststart", hook_table, SPEC_HOOKS_MAX),
	FIELD_OBJECT_LIST(struct hooks, poststop, "poststop", hook_table, SPEC_HOOKS_MAX));

/* linux.resources */

TABLE(device_rule_table, struct device_rule,
	FIELD(struct device_rule, allow, "allow", FIELD_REQUIRED),
	FIELD(struct device_rule, type, "type", 0),
	FIELD(struct device_rule, major, "major", 0),
	FIELD(struct device_rule, minor, "minor", 0),
	FIELD(struct device_rule, access, "access", 0));

TABLE(memory_table, struct memory,
	FIELD(struct memory, limit, "limit", 0),
	FIELD(struct memory, reservation, "reservation", 0),
	FIELD(struct memory, swap, "swap", 0),
	FIELD(struct memory, kernel, "kernel", 0),
	FIELD(struct memory, kernel_tcp, "kernelTCP", 0),
	FIELD(struct memory, swappiness, "swappiness", 0),
	FIELD(struct memory, disable_oom_killer, "disableOOMKiller", 0),
	FIELD(struct memory, use_hierarchy, "useHierarchy", 0),
	FIELD(struct memory, check_before_update, "checkBeforeUpdate", 0));

TABLE(cpu_table, struct cpu,
	FIELD(struct cpu, shares, "shares", 0),
	FIELD(struct cpu, quota, "quota", 0),
	FIELD(struct cpu, burst, "burst", 0),
	FIELD(struct cpu, period, "period", 0),
	FIELD(struct cpu, realtime_runtime, "realtimeRuntime", 0),
	FIELD(struct cpu, realtime_period, "realtimePeriod", 0),
	FIELD(struct cpu, cpus, "cpus", 0),
	FIELD(struct cpu, mems, "mems", 0),
	FIELD(struct cpu, idle, "idle", 0));

typedef TYPE(struct resources, pids) pids;

TABLE(pids_table, pids,
	FIELD(pids, limit, "limit", 0));

TABLE(weight_device_table, struct weight_device,
	FIELD(struct weight_device, major, "major", FIELD_REQUIRED),
	FIELD(struct weight_device, minor, "minor", FIELD_REQUIRED),
	FIELD(struct weight_device, weight, "weight", 0),
	FIELD(struct weight_device, leaf_weight, "leafWeight", 0));

TABLE(throttle_device_table, struct throttle_device,
	FIELD(struct throttle_device, major, "major", FIELD_REQUIRED),
	FIELD(struct throttle_device, minor, "minor", FIELD_REQUIRED),
	FIELD(struct throttle_device, rate, "rate", FIELD_ALWAYS));

TABLE(block_io_table, struct block_io,
	FIELD(struct block_io, weight, "weight", 0),
	FIELD(struct block_io, leaf_weight, "leafWeight", 0),
	FIELD_OBJECT_LIST(struct block_io, weight_device, "weightDevice", weight_device_table, SPEC_DEVICES_MAX),
	FIELD_OBJECT_LIST(struct block_io, throttle_read_bps, "throttleReadBpsDevice", throttle_device_table, SPEC_DEVICES_MAX),
	FIELD_OBJECT_LIST(struct block_io, throttle_write_bps, "throttleWriteBpsDevice", throttle_device_table, SPEC_DEVICES_MAX),
	FIELD_OBJECT_LIST(struct block_io, throttle_read_iops, "throttleReadIOPSDevice", throttle_device_table, SPEC_DEVICES_MAX),
	FIELD_OBJECT_LIST(struct block_io, throttle_write_iops, "throttleWriteIOPSDevice", throttle_device_table, SPEC_DEVICES_MAX));

TABLE(hugepage_table, struct hugepage_limit,
	FIELD(struct hugepage_limit, page_size, "pageSize", FIELD_REQUIRED),
	FIELD(struct hugepage_limit, limit, "limit", FIELD_REQUIRED));

TABLE(priority_table, struct interface_priority,
	FIELD(struct interface_priority, name, "name", FIELD_REQUIRED),
	FIELD(struct interface_priority, priority, "priority", FIELD_REQUIRED));

TABLE(network_table, struct network_class,
	FIELD(struct network_class, class_id, "classID", 0),
	FIELD_OBJECT_LIST(struct network_class, priorities, "priorities", priority_table, 0));

TABLE(rdma_table, struct rdma_limit,
	FIELD(struct rdma_limit, hca_handles, "hcaHandles", 0),
	FIELD(struct rdma_limit, hca_objects, "hcaObjects", 0));

TABLE(resources_table, struct resources,
	FIELD_OBJECT_LIST(struct resources, devices, "devices", device_rule_table, 0),
	FIELD_OBJECT(struct resources, memory, "memory", memory_table, 0),
	FIELD_OBJECT(struct resources, cpu, "cpu", cpu_table, 0),
	FIELD_OBJECT(struct resources, pids, "pids", pids_table, 0),
	FIELD_OBJECT(struct resources, block_io, "blockIO", block_io_table, 0),
	FIELD_OBJECT_LIST(struct resources, hugepage_limits, "hugepageLimits", hugepage_table, 0),
	FIELD_OBJECT(struct resources, network, "network", network_table, 0),
	FIELD_OBJECT_MAP(struct resources, rdma, "rdma", rdma_table, device),
	FIELD(struct resources, unified, "unified", 0));

/* linux */

TABLE(namespace_table, struct namespace,
	FIELD_NAME(struct namespace, type, "type", names_namespaces, FIELD_REQUIRED),
	FIELD(struct namespace, path, "path", 0));

TABLE(device_table, struct device,
	FIELD(struct device, type, "type", FIELD_REQUIRED),
	FIELD(struct device, path, "path", FIELD_REQUIRED),
	FIELD(struct device, major, "major", 0),
	FIELD(struct device, minor, "minor", 0),
	FIELD(struct device, file_mode, "fileMode", 0),
	FIELD(struct device, uid, "uid", 0),
	FIELD(struct device, gid, "gid", 0));

TABLE(net_device_table, struct net_device,
	FIELD(struct net_device, name, "name", 0));

TABLE(seccomp_arg_table, struct seccomp_arg,
	FIELD(struct seccomp_arg, index, "index", FIELD_REQUIRED),
	FIELD(struct seccomp_arg, value, "value", FIELD_REQUIRED),
	FIELD(struct seccomp_arg, value_two, "valueTwo", 0),
	FIELD_NAME(struct seccomp_arg, op, "op", names_operators, FIELD_REQUIRED));

TABLE(seccomp_rule_table, struct seccomp_rule,
	FIELD_STRING_LIST(struct seccomp_rule, names, "names", FIELD_REQUIRED, SPEC_SECCOMP_NAMES_MAX),
	FIELD_NAME(struct seccomp_rule, action, "action", names_actions, FIELD_REQUIRED),
	FIELD(struct seccomp_rule, errno_ret, "errnoRet", 0),
	FIELD_OBJECT_LIST(struct seccomp_rule, args, "args", seccomp_arg_table, SPEC_SECCOMP_ARGS_MAX));

TABLE(seccomp_table, struct seccomp,
	FIELD_NAME(struct seccomp, default_action, "defaultAction", names_actions, FIELD_REQUIRED),
	FIELD(struct seccomp, default_errno_ret, "defaultErrnoRet", 0),
	FIELD_NAME_LIST(struct seccomp, architectures, "architectures", names_arches),
	FIELD_FLAG_LIST(struct seccomp, flags, "flags", names_seccomp_flags),
	FIELD(struct seccomp, listener_path, "listenerPath", 0),
	FIELD(struct seccomp, listener_metadata, "listenerMetadata", 0),
	FIELD_OBJECT_LIST(struct seccomp, syscalls, "syscalls", seccomp_rule_table, SPEC_SECCOMP_RULES_MAX));

TABLE(intel_rdt_table, struct intel_rdt,
	FIELD(struct intel_rdt, clos_id, "closID", 0),
	FIELD(struct intel_rdt, schemata, "schemata", 0),
	FIELD(struct intel_rdt, l3_cache_schema, "l3CacheSchema", 0),
	FIELD(struct intel_rdt, mem_bw_schema, "memBwSchema", 0),
	FIELD(struct intel_rdt, enable_monitoring, "enableMonitoring", 0));

TABLE(memory_policy_table, struct memory_policy,
	FIELD_NAME(struct memory_policy, mode, "mode", names_mpol_modes, FIELD_REQUIRED),
	FIELD(struct memory_policy, nodes, "nodes", 0),
	FIELD_FLAG_LIST(struct memory_policy, flags, "flags", names_mpol_flags));

TABLE(personality_table, struct personality,
	FIELD_NAME(struct personality, domain, "domain", names_personalities, FIELD_REQUIRED),
	FIELD(struct personality, flags, "flags", 0));

TABLE(time_offset_table, struct time_offset,
	FIELD(struct time_offset, secs, "secs", FIELD_ALWAYS),
	FIELD(struct time_offset, nanosecs, "nanosecs", FIELD_ALWAYS));

typedef TYPE(struct linux_config, time_offsets) time_offsets;

TABLE(time_offsets_table, time_offsets,
	FIELD_OBJECT_SET(time_offsets, monotonic, monotonic.set, "monotonic", time_offset_table),
	FIELD_OBJECT_SET(time_offsets, boottime, boottime.set, "boottime", time_offset_table));

TABLE(linux_table, struct linux_config,
	FIELD_OBJECT_LIST(struct linux_config, uid_mappings, "uidMappings", id_mapping_table, SPEC_MAPPINGS_MAX),
	FIELD_OBJECT_LIST(struct linux_config, gid_mappings, "gidMappings", id_mapping_table, SPEC_MAPPINGS_MAX),
	FIELD(struct linux_config, sysctl, "sysctl", 0),
	FIELD_OBJECT(struct linux_config, resources, "resources", resources_table, 0),
	FIELD(struct linux_config, cgroups_path, "cgroupsPath", 0),
	FIELD_OBJECT_LIST(struct linux_config, namespaces, "namespaces", namespace_table, SPEC_NAMESPACES_MAX),
	FIELD_OBJECT_LIST(struct linux_config, devices, "devices", device_table, SPEC_DEVICES_MAX),
	FIELD_OBJECT_MAP(struct linux_config, net_devices, "netDevices", net_device_table, host_name),
	FIELD_POINTER(struct linux_config, seccomp, "seccomp", seccomp_table),
	FIELD_NAME(struct linux_config, rootfs_propagation, "rootfsPropagation", names_propagations, 0),
	FIELD(struct linux_config, masked_paths, "maskedPaths", 0),
	FIELD(struct linux_config, readonly_paths, "readonlyPaths", 0),
	FIELD(struct linux_config, mount_label, "mountLabel", 0),
	FIELD_POINTER(struct linux_config, intel_rdt, "intelRdt", intel_rdt_table),
	FIELD_POINTER(struct linux_config, memory_policy, "memoryPolicy", memory_policy_table),
	FIELD_OBJECT_SET(struct linux_config, personality, personality.set, "personality", personality_table),
	FIELD_OBJECT(struct linux_config, time_offsets, "timeOffsets", time_offsets_table, 0));

/* hull: ours */

TABLE(landlock_table, struct landlock,
	FIELD(struct landlock, required, "required", 0),
	FIELD(struct landlock, signals, "signalsOnly", 0),
	FIELD(struct landlock, write, "write", 0));

TABLE(hull_table, struct hull_extension,
	FIELD(struct hull_extension, sandbox, "sandbox", 0),
	FIELD(struct hull_extension, bare, "bare", 0),
	FIELD(struct hull_extension, cwd_optional, "cwdOptional", 0),
	FIELD(struct hull_extension, init, "init", 0),
	FIELD(struct hull_extension, keep_session, "keepSession", 0),
	FIELD(struct hull_extension, die_with_parent, "dieWithParent", 0),
	FIELD(struct hull_extension, disable_userns, "disableUserns", 0),
	FIELD(struct hull_extension, argv0, "argv0", 0),
	FIELD_OBJECT_SET(struct hull_extension, landlock, landlock.set, "landlock", landlock_table));

/* config.json */

TABLE(spec_table, struct spec,
	FIELD(struct spec, oci_version, "ociVersion", FIELD_REQUIRED),
	FIELD_OBJECT_SET(struct spec, process, has_process, "process", process_table),
	FIELD_OBJECT(struct spec, root, "root", root_table, FIELD_REQUIRED),
	FIELD(struct spec, hostname, "hostname", 0),
	FIELD(struct spec, domainname, "domainname", 0),
	FIELD_OBJECT_LIST(struct spec, mounts, "mounts", mount_table, SPEC_MOUNTS_MAX),
	FIELD_OBJECT(struct spec, hooks, "hooks", hooks_table, 0),
	FIELD(struct spec, annotations, "annotations", 0),
	FIELD_OBJECT_SET(struct spec, linux, has_linux, "linux", linux_table),
	FIELD_OBJECT(struct spec, hull, "hull", hull_table, 0));

const struct table *const oci_spec_table = &spec_table;
const struct table *const oci_process_table = &process_table;
const struct table *const oci_resources_table = &resources_table;
const struct table *const oci_mount_table = &mount_table;
const struct table *const oci_seccomp_table = &seccomp_table;
