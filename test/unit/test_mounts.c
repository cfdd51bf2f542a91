/* The pure part of mounts, masks, devices and the root: what a document compiles to, what it is called, what is refused. And tmpcopyup's copying. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aspect/aspect.h"
#include "aspect/idmapmount.h"
#include "aspect/mountfd.h"
#include "aspect/mounts.h"
#include "aspect/rootfs.h"
#include "base/scope.h"
#include "base/sys.h"
#include "spec/oci.h"
#include "mounts_fixture.h"
#include "unit.h"

static void kinds(void)
{
	static const struct kind_case cases[] = {
		{ "proc", "", MOUNT_PROC }, { "sysfs", "ro", MOUNT_SYSFS }, { "tmpfs", "", MOUNT_TMPFS }, { "devpts", "newinstance", MOUNT_DEVPTS },
		{ "mqueue", "", MOUNT_MQUEUE }, { "cgroup", "", MOUNT_CGROUP }, { "ext4", "", MOUNT_FILESYSTEM }, { "bind", "", MOUNT_BIND },
		{ "none", "rbind", MOUNT_BIND }, { "tmpfs", "bind", MOUNT_BIND }, { NULL, "bind", MOUNT_BIND }, { "tmpfs", "remount ro", MOUNT_REMOUNT },
		{ NULL, "shared", MOUNT_PROPAGATION }, { "none", "rprivate", MOUNT_PROPAGATION },
	};

	check_kinds(cases, ARRAY_SIZE(cases));
	CHECK(op(3)->n_params == 1 && !op(3)->params[0].value);
	CHECK_STRING(op(3)->place, "mounts[3]");
}

static void targets(void)
{
	static const char *const cases[][2] = {
		{ "/a/b", "/a/b" }, { "a/b", "/a/b" }, { "//a///b//", "/a/b" }, { "/./a/./b/.", "/a/b" }, { "/a/../b", "/a/../b" }, { "/", "/" }, { "./", "/" },
		{ "/.a/..b", "/.a/..b" },
	};
	size_t i;

	begin();
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		(void)add(cases[i][0], "tmpfs", NULL, "");
	CHECK(compile() == 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK_STRING(op(i)->target, cases[i][1]);
}

static void sources(void)
{
	begin();
	(void)add("/m", "bind", "data/x", "");
	(void)add("/m", "bind", "/abs", "");
	(void)add("/m", "tmpfs", "tmpfs", "");
	CHECK(compile() == 0);
	CHECK_STRING(op(0)->source, "/bundle/data/x");
	CHECK_STRING(op(1)->source, "/abs");
	CHECK_STRING(op(2)->source, "tmpfs");
}

static void data(void)
{
	char longest[MOUNTFD_VALUE_MAX + 16] = "key=";

	begin();
	(void)add("/m", "tmpfs", "tmpfs", "size=1m ro flag mode=700 empty= a=b=c");
	CHECK(compile() == 0);
	CHECK(op(0)->n_params == 5);
	CHECK_STRING(op(0)->params[0].key, "size");
	CHECK_STRING(op(0)->params[0].value, "1m");
	CHECK(!op(0)->params[1].value);
	CHECK_STRING(op(0)->params[3].value, "");
	CHECK_STRING(op(0)->params[4].value, "b=c");
	CHECK_STRING(op(0)->data, "size=1m,flag,mode=700,empty=,a=b=c");
	CHECK(op(0)->mode_given && !op(0)->old_way);
	memset(longest + 4, 'x', MOUNTFD_VALUE_MAX - 1);
	begin();
	(void)add("/m", "overlay", "overlay", longest);
	CHECK(compile() == 0 && !op(0)->old_way);
	longest[4 + MOUNTFD_VALUE_MAX - 1] = 'x';
	begin();
	(void)add("/m", "overlay", "overlay", longest);
	(void)add("/m", "tmpfs", "tmpfs", "iversion");
	CHECK(compile() == 0 && op(0)->old_way && op(1)->old_way);
}

static void refusals(void)
{
	static const struct refusal_case cases[] = {
		{ "/proc", "tmpfs", "tmpfs", "", "mounts[0].type", "only proc" },
		{ "//proc/.", "sysfs", "sysfs", "", "mounts[0].type", "only proc" },
		{ "/proc/sys", "bind", "/x", "", "mounts[0].destination", "inside /proc" },
		{ "/proc/self/attr", "tmpfs", "x", "", "mounts[0].destination", "inside /proc" },
		{ "proc/1", "bind", "/x", "", "mounts[0].destination", "inside /proc" },
		{ "/m", NULL, "/x", "", "mounts[0].type", "missing" },
		{ "/m", "none", "/x", "ro", "mounts[0].type", "missing" },
		{ "/m", "bind", NULL, "", "mounts[0].source", "missing" },
		{ "/m", NULL, NULL, "rbind", "mounts[0].source", "missing" },
		{ "", "tmpfs", NULL, "", "mounts[0].destination", "missing" },
		{ "/m", "sysfs", NULL, "tmpcopyup", "mounts[0].options", "tmpcopyup" },
		{ "/m", "tmpfs", NULL, "idmap", "mounts[0]", "bind" },
		{ "/m", "bind", "/x", "idmap", "mounts[0].options", "user namespace" },
		{ "/m", "bind", "/x", "idmap=uids=0-1-1", "mounts[0].options", "both" },
		{ "/m", "bind", "/x", "idmap=uids=0-1;gids=0-1-1", "mounts[0].options", "FROM-TO-LENGTH" },
		{ "/m", "bind", "/x", "idmap=uids=0-1-0;gids=0-1-1", "mounts[0].options", "FROM-TO-LENGTH" },
		{ "/m", "bind", "/x", "idmap=uids=0-1-99999999999;gids=0-1-1", "mounts[0].options", "FROM-TO-LENGTH" },
		{ "/m", "bind", "/x", "idmap=uids=@0-1-1;gids=0-1-1", "mounts[0].options", "not mapped" },
		{ "/m", "bind", "/x", "idmap=pids=0-1-1", "mounts[0].options", "uids=" },
	};

	check_refusals(cases, ARRAY_SIZE(cases));
	begin();
	(void)add("/proc/meminfo", "bind", "/x", "");
	(void)add("/proc", "bind", "/proc", "rbind");
	(void)add("/process", "tmpfs", "tmpfs", "");
	CHECK(compile() == 0 && op(0)->in_proc && op(1)->on_proc && !op(2)->in_proc && !op(2)->on_proc);
	begin();
	(void)add("/m", "tmpfs", "x", "");
	spec.linux.namespaces.n = 0;
	CHECK(compile() == -1 && error_has("mount namespace"));
}

static void id_maps(void)
{
	struct id_mapping own[] = { { 0, 1000, 10 }, { 10, 5000, 1 } }, container[] = { { 0, 100, 1 }, { 1, 2000, 1000 } };
	struct mount *m;

	begin();
	m = add("/m", "bind", "/x", "");
	m->uid_mappings.v = m->gid_mappings.v = own;
	m->uid_mappings.n = 2;
	m->gid_mappings.n = 1;
	(void)add("/m", "bind", "/x", "idmap=uids=0-1-10#10-11-10;gids=0-100-10");
	(void)add("/m", "bind", "/x", "");
	CHECK(compile() == 0);
	CHECK_STRING(op(0)->id_map->uids, "0 1000 10\n10 5000 1\n");
	CHECK_STRING(op(0)->id_map->gids, "0 1000 10\n");
	CHECK(!op(0)->id_map->recursive);
	CHECK_STRING(op(1)->id_map->uids, "0 1 10\n10 11 10\n");
	CHECK_STRING(op(1)->id_map->gids, "0 100 10\n");
	CHECK(!op(2)->id_map);

	begin();
	spec.linux.namespaces.n = 3;
	spec.linux.uid_mappings.v = spec.linux.gid_mappings.v = container;
	spec.linux.uid_mappings.n = spec.linux.gid_mappings.n = 2;
	(void)add("/m", "bind", "/x", "ridmap");
	(void)add("/m", "bind", "/x", "idmap=uids=@1-3-10;gids=@0-0-1");
	CHECK(compile() == 0);
	CHECK_STRING(op(0)->id_map->uids, "0 100 1\n1 2000 1000\n");
	CHECK(op(0)->id_map->recursive);
	CHECK_STRING(op(1)->id_map->uids, "1 2002 10\n");
	CHECK_STRING(op(1)->id_map->gids, "0 100 1\n");

	begin();
	m = add("/m", "bind", "/x", "");
	m->uid_mappings.v = own;
	m->uid_mappings.n = 1;
	CHECK(compile() == -1 && error_has("mounts[0].gidMappings"));
}

static void words(void)
{
	struct device devices[] = {
		{ .type = 'b', .path = (char[]){ "/dev/sda" }, .major = { true, 8 }, .minor = { true, 1 }, .uid = { true, 7 }, .file_mode = { true, 0600 } },
		{ .type = 'p', .path = (char[]){ "/run/fifo" } },
		{ .type = 'c', .path = (char[]){ "/dev/null" }, .major = { true, 1 }, .minor = { true, 3 } },
	};

	begin();
	(void)add("/proc", "proc", "proc", "");
	(void)add("/dev", "tmpfs", "tmpfs", "nosuid strictatime mode=755 size=64k");
	(void)add("m", "bind", "data", "rbind rro dev nosymfollow rslave shared ridmap=uids=0-1-1;gids=0-1-1");
	(void)add("/m", "tmpfs", "tmpfs", "remount ro noatime sync tmpcopyup");
	(void)add("/m", NULL, NULL, "runbindable");
	mounts[3].flags.tmpcopyup = false;
	CHECK(compile() == 0);
	aspect_mounts.explain(&plan, PHASE_SETTLE, NULL);
	CHECK_STRING(explained, "");
	aspect_mounts.explain(&plan, PHASE_ENTER, NULL);
	CHECK_STRING(explained, "mount 'proc' on '/proc'\n"
		"mount 'tmpfs' on '/dev' (nosuid, strictatime, mode=755, size=64k)\n"
		"bind '/bundle/data' on '/m' with what is mounted below it (dev, nosymfollow, rro, rslave, shared, ridmap)\n"
		"remount '/m' (ro, noatime, sync)\n"
		"change propagation of '/m' (runbindable)\n");

	explained[0] = '\0';
	spec.linux.devices.v = devices;
	spec.linux.devices.n = ARRAY_SIZE(devices);
	CHECK(aspect_devices.check(&plan) == 0);
	aspect_devices.explain(&plan, PHASE_ENTER, NULL);
	CHECK(strstr(explained, "make device '/dev/tty' (c 5:0, mode 0666, owner 0:0)\n") != NULL);
	CHECK(strstr(explained, "make device '/dev/sda' (b 8:1, mode 0600, owner 7:0)\n") != NULL);
	CHECK(strstr(explained, "make FIFO '/run/fifo' (mode 0666, owner 0:0)\n") != NULL);
	CHECK(strstr(strstr(explained, "/dev/null") + 1, "'/dev/null'") == NULL);
}

static void device_refusals(void)
{
	static char relative[] = "dev/x", upwards[] = "/dev/../x", slash[] = "/", plain[] = "/dev/x";
	static const struct {
		struct device device;
		const char *why;
	} cases[] = {
		{ { .type = 'c', .major = { true, 1 }, .minor = { true, 3 } }, "linux.devices[0].path" },
		{ { .type = 'c', .path = relative, .major = { true, 1 }, .minor = { true, 3 } }, "linux.devices[0].path" },
		{ { .type = 'c', .path = upwards, .major = { true, 1 }, .minor = { true, 3 } }, "linux.devices[0].path" },
		{ { .type = 'c', .path = slash, .major = { true, 1 }, .minor = { true, 3 } }, "linux.devices[0].path" },
		{ { .type = 'b', .path = plain, .major = { true, 1 } }, "linux.devices[0].minor" },
		{ { .type = 'b', .path = plain, .major = { true, -1 }, .minor = { true, 1 } }, "device number" },
		{ { .type = 'b', .path = plain, .major = { true, 1 }, .minor = { true, 1 << 20 } }, "device number" },
		{ { .type = 'p', .path = plain, .file_mode = { true, 0x10000 } }, "linux.devices[0].fileMode" },
	};
	struct device device;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		begin();
		device = cases[i].device;
		spec.linux.devices.v = &device;
		spec.linux.devices.n = 1;
		CHECK(aspect_devices.check(&plan) == -1);
		CHECK(error_has(cases[i].why));
	}
}

static void root(void)
{
	begin();
	CHECK(aspect_rootfs.check(&plan) == 0);
	CHECK_STRING(rootfs_of(&plan)->path, "/bundle/rootfs");
	CHECK(rootfs_detach_propagation(&plan) == MS_SLAVE);
	begin();
	spec.root.path = arena_strdup(&arena, "/else/where");
	spec.linux.rootfs_propagation = MS_SHARED | MS_REC;
	CHECK(aspect_rootfs.check(&plan) == 0);
	CHECK_STRING(rootfs_of(&plan)->path, "/else/where");
	CHECK(rootfs_detach_propagation(&plan) == 0);
	begin();
	spec.root.path = NULL;
	CHECK(aspect_rootfs.check(&plan) == -1 && error_has("root.path"));
	begin();
	spec.root.readonly = true;
	spec.linux.namespaces.n = 0;
	CHECK(aspect_rootfs.check(&plan) == -1 && error_has("root.readonly"));
}

static void masks(void)
{
	char *paths[] = { (char[]){ "/proc/kcore" } };

	begin();
	spec.linux.masked_paths = (struct string_list){ .v = paths, .n = 1 };
	spec.linux.rootfs_propagation = MS_SLAVE | MS_REC;
	spec.root.readonly = true;
	CHECK(aspect_rootfs.check(&plan) == 0 && aspect_masks.check(&plan) == 0);
	aspect_masks.explain(&plan, PHASE_SETTLE, NULL);
	CHECK_STRING(explained, "mask '/proc/kcore' if it exists\nmake the root rslave\nmake the root read-only\n");
	spec.linux.namespaces.n = 0;
	CHECK(aspect_masks.check(&plan) == -1 && error_has("linux.maskedPaths"));
}

static void ms_flags(void)
{
	CHECK(mountfd_ms_flags(0) == 0);
	CHECK(mountfd_ms_flags(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC) == (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC));
	CHECK(mountfd_ms_flags(MOUNT_ATTR_NOATIME | MOUNT_ATTR_NODIRATIME) == (MS_NOATIME | MS_NODIRATIME));
	CHECK(mountfd_ms_flags(MOUNT_ATTR_STRICTATIME) == MS_STRICTATIME);
}

/* More entries than one read of a directory holds, a long file, and odd names. */
static void copying(void)
{
	char base[] = "/tmp/hull-unit-XXXXXX", path[256], got[8];
	int from, to, i, fd;
	struct stat st;

	CHECK(mkdtemp(base) != NULL);
	(void)snprintf(path, sizeof(path), "%s/from/sub/deep", base);
	(void)snprintf(path, sizeof(path), "mkdir -p %s/from/sub/deep %s/to", base, base);
	CHECK(system(path) == 0);
	(void)snprintf(path, sizeof(path), "%s/from", base);
	from = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(path, sizeof(path), "%s/to", base);
	to = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(from >= 0 && to >= 0);
	for (i = 0; i < 500; i++) {
		(void)snprintf(path, sizeof(path), "sub/a-name-that-takes-some-room-%d", i);
		fd = openat(from, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
		CHECK(fd >= 0 && dprintf(fd, "%d", i) > 0);
		(void)close_fd(fd);
	}
	CHECK(symlinkat("/no/where", from, "sub/deep/link") == 0 && mknodat(from, "fifo", S_IFIFO | 0600, 0) == 0);
	CHECK(fchmodat(from, "sub/deep", 0711, 0) == 0);
	CHECK(mounts_copy_up(from, to) == 0);
	for (i = 0; i < 500; i++) {
		(void)snprintf(path, sizeof(path), "sub/a-name-that-takes-some-room-%d", i);
		fd = openat(to, path, O_RDONLY | O_CLOEXEC);
		memset(got, 0, sizeof(got));
		CHECK(fd >= 0 && read(fd, got, sizeof(got) - 1) > 0 && atoi(got) == i);
		CHECK(fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0640);
		(void)close_fd(fd);
	}
	CHECK(readlinkat(to, "sub/deep/link", path, sizeof(path)) == 9);
	CHECK(fstatat(to, "sub/deep", &st, 0) == 0 && (st.st_mode & 07777) == 0711);
	CHECK(fstatat(to, "fifo", &st, 0) == 0 && S_ISFIFO(st.st_mode));
	CHECK(mounts_copy_up(from, to) == -EEXIST);
	(void)close_fd(from);
	(void)close_fd(to);
	(void)snprintf(path, sizeof(path), "rm -rf %s", base);
	CHECK(system(path) == 0);
}

int main(void)
{
	RUN(kinds);
	RUN(targets);
	RUN(sources);
	RUN(data);
	RUN(refusals);
	RUN(id_maps);
	RUN(words);
	RUN(device_refusals);
	RUN(root);
	RUN(masks);
	RUN(ms_flags);
	RUN(copying);
	arena_deinit(&arena);
	return unit_done();
}
