/* The bundle that `hull spec` writes: what runc's has, as tables. */
#include "spec/oci.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/resource.h>

#include "base/scope.h"

enum { OPTIONS_MAX = 8 };

static const char *const env[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm" };
static const char *const args[] = { "sh" };
static const char *const masked[] = {
	"/proc/acpi",	     "/proc/asound",	   "/proc/kcore",	"/proc/keys",	 "/proc/latency_stats", "/proc/timer_list",
	"/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi", "/sys/devices/virtual/powercap",
};
static const char *const readonly[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" };

/* Which of the two kinds of bundle a row belongs to. */
enum { ROOTFUL = 1, ROOTLESS = 2, BOTH = ROOTFUL | ROOTLESS };

static const struct {
	int kinds;
	const char *destination, *type, *source;
	const char *options[OPTIONS_MAX];
} mounts[] = {
	{ BOTH, "/proc", "proc", "proc", { NULL } },
	{ BOTH, "/dev", "tmpfs", "tmpfs", { "nosuid", "strictatime", "mode=755", "size=65536k" } },
	{ ROOTFUL, "/dev/pts", "devpts", "devpts", { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" } },
	/* gid 5 (tty) is not mapped */
	{ ROOTLESS, "/dev/pts", "devpts", "devpts", { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620" } },
	{ BOTH, "/dev/shm", "tmpfs", "shm", { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" } },
	{ BOTH, "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
	{ ROOTFUL, "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev", "ro" } },
	/* the host's network namespace is kept, and a sysfs of it belongs to the host */
	{ ROOTLESS, "/sys", "none", "/sys", { "rbind", "nosuid", "noexec", "nodev", "ro" } },
	{ BOTH, "/sys/fs/cgroup", "cgroup", "cgroup", { "nosuid", "noexec", "nodev", "relatime", "ro" } },
};

static const struct {
	int kinds;
	enum namespace_type type;
} namespaces[] = {
	{ BOTH, NAMESPACE_PID }, { ROOTFUL, NAMESPACE_NETWORK }, { BOTH, NAMESPACE_IPC },     { BOTH, NAMESPACE_UTS },
	{ BOTH, NAMESPACE_MOUNT }, { BOTH, NAMESPACE_CGROUP },	 { ROOTLESS, NAMESPACE_USER },
};

static struct string_list make_list(struct arena *arena, const char *const *strings, size_t n)
{
	struct string_list list = { arena_many(arena, char *, n), n };

	for (size_t i = 0; i < n; i++)
		list.v[i] = arena_strdup(arena, strings[i]);
	return list;
}

static void make_process(struct arena *arena, struct process *p)
{
	const uint64_t caps = (uint64_t)1 << CAP_AUDIT_WRITE | (uint64_t)1 << CAP_KILL | (uint64_t)1 << CAP_NET_BIND_SERVICE;

	p->terminal = true;
	p->args = make_list(arena, args, ARRAY_SIZE(args));
	p->env = make_list(arena, env, ARRAY_SIZE(env));
	p->cwd = arena_strdup(arena, "/");
	p->capabilities = (struct capabilities){ .set = true, .bounding = caps, .effective = caps, .permitted = caps };
	p->rlimits.v = arena_new(arena, struct rlimit_entry);
	p->rlimits.v[0] = (struct rlimit_entry){ .type = RLIMIT_NOFILE, .soft = 1024, .hard = 1024 };
	p->rlimits.n = 1;
	p->no_new_privileges = true;
}

static void make_mounts(struct arena *arena, struct mount_list *list, int kind)
{
	struct error unused;

	list->v = arena_many(arena, struct mount, ARRAY_SIZE(mounts));
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		struct mount *m = &list->v[list->n];
		size_t n = 0;

		if (!(mounts[i].kinds & kind))
			continue;
		while (n < OPTIONS_MAX && mounts[i].options[n])
			n++;
		m->destination = arena_strdup(arena, mounts[i].destination);
		m->type = arena_strdup(arena, mounts[i].type);
		m->source = arena_strdup(arena, mounts[i].source);
		m->options = make_list(arena, mounts[i].options, n);
		(void)spec_mount_options(arena, &unused, &m->options, "mounts", &m->flags); /* these are valid, test_oci proves it */
		list->n++;
	}
}

static struct id_mapping_list make_mapping(struct arena *arena, uint32_t host_id)
{
	struct id_mapping_list list = { arena_new(arena, struct id_mapping), 1 };

	list.v[0] = (struct id_mapping){ .container_id = 0, .host_id = host_id, .size = 1 };
	return list;
}

static void make_linux(struct arena *arena, struct linux_config *l, int kind)
{
	l->namespaces.v = arena_many(arena, struct namespace, ARRAY_SIZE(namespaces));
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		if (namespaces[i].kinds & kind)
			l->namespaces.v[l->namespaces.n++].type = namespaces[i].type;
	l->masked_paths = make_list(arena, masked, ARRAY_SIZE(masked));
	l->readonly_paths = make_list(arena, readonly, ARRAY_SIZE(readonly));
	if (kind == ROOTLESS)
		return;
	l->resources.devices.v = arena_new(arena, struct device_rule);
	l->resources.devices.v[0] = (struct device_rule){ .allow = false, .access = arena_strdup(arena, "rwm") };
	l->resources.devices.n = 1;
}

void spec_default(struct arena *arena, struct spec *ret_spec, bool rootless, uid_t euid, gid_t egid)
{
	int kind = rootless ? ROOTLESS : ROOTFUL;
	struct spec spec = { .has_process = true, .has_linux = true };

	spec.oci_version = arena_strdup(arena, SPEC_OCI_VERSION);
	spec.root.path = arena_strdup(arena, "rootfs");
	spec.root.readonly = true;
	spec.hostname = arena_strdup(arena, "hull");
	make_process(arena, &spec.process);
	make_mounts(arena, &spec.mounts, kind);
	make_linux(arena, &spec.linux, kind);
	if (rootless) {
		spec.linux.uid_mappings = make_mapping(arena, euid);
		spec.linux.gid_mappings = make_mapping(arena, egid);
	}
	*ret_spec = spec;
}
