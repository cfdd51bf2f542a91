/* The pure part of mounts, masks, devices and the root: what a document compiles to, what it is called, what is refused. And tmpcopyup's copying. */
#include <fcntl.h>
#include <stdarg.h>
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
#include "unit.h"

enum { OPTIONS_MAX = 32, TEXT_MAX = 8192 };

static char explained[TEXT_MAX];

void explain_step(struct explain *x, const char *format, ...)
{
	size_t used = strlen(explained);
	va_list args;

	(void)x;
	va_start(args, format);
	(void)vsnprintf(explained + used, sizeof(explained) - used, format, args);
	va_end(args);
	(void)strncat(explained, "\n", sizeof(explained) - strlen(explained) - 1);
}

/* the child's side is tested by the system tests; here it is only linked */
int child_fail(const struct child *c, const char *message, int errnum, const char *a, const char *b)
{
	(void)c, (void)message, (void)errnum, (void)a, (void)b;
	return -1;
}

int child_fail_fs(const struct child *c, const char *message, int errnum, const char *a, const char *b, int fs_fd)
{
	(void)fs_fd;
	return child_fail(c, message, errnum, a, b);
}

void child_warn(const struct child *c, const char *message, int errnum, const char *a, const char *b)
{
	(void)child_fail(c, message, errnum, a, b);
}

int child_proc(struct child *c)
{
	return c->proc;
}

int child_receive_fd(const struct child *c)
{
	(void)c;
	return NO_FD;
}

static struct arena arena;
static struct error error;
static struct spec spec;
static struct request request = { .id = "unit", .bundle = "/bundle" };
static struct caller caller;
static struct plan plan;
static struct mount mounts[OPTIONS_MAX];
static struct namespace namespaces[] = { { .type = NAMESPACE_MOUNT }, { .type = NAMESPACE_PID }, { .type = NAMESPACE_USER } };

static void begin(void)
{
	arena_deinit(&arena);
	memset(&arena, 0, sizeof(arena));
	if (arena_init(&arena) < 0)
		abort();
	memset(&spec, 0, sizeof(spec));
	memset(&error, 0, sizeof(error));
	memset(mounts, 0, sizeof(mounts));
	explained[0] = '\0';
	spec.mounts.v = mounts;
	spec.root.path = arena_strdup(&arena, "rootfs");
	spec.linux.namespaces.v = namespaces;
	spec.linux.namespaces.n = 2;
	plan = (struct plan){ .spec = &spec, .process = &spec.process, .request = &request, .caller = &caller, .arena = &arena, .error = &error };
}

/* Add a mount. @options: separated by spaces. */
static struct mount *add(const char *destination, const char *type, const char *source, const char *options)
{
	struct mount *m = &mounts[spec.mounts.n++];
	char *copy = arena_strdup(&arena, options), *word, *rest = copy;

	m->destination = arena_strdup(&arena, destination);
	m->type = arena_strdup(&arena, type);
	m->source = arena_strdup(&arena, source);
	m->options.v = arena_many(&arena, char *, OPTIONS_MAX);
	while ((word = strsep(&rest, " ")))
		if (*word)
			m->options.v[m->options.n++] = word;
	CHECK(spec_mount_options(&arena, &error, &m->options, "mounts", &m->flags) == 0);
	return m;
}

static int compile(void)
{
	return aspect_mounts.check(&plan);
}

static const struct mount_op *op(size_t i)
{
	return &mounts_of(&plan)->v[i];
}

static bool error_has(const char *text)
{
	if (strstr(error.text, text))
		return true;
	printf("# '%s' is not in '%s'\n", text, error.text);
	return false;
}

static void kinds(void)
{
	static const struct {
		const char *type, *options;
		enum mount_kind kind;
	} cases[] = {
		{ "proc", "", MOUNT_PROC }, { "sysfs", "ro", MOUNT_SYSFS }, { "tmpfs", "", MOUNT_TMPFS }, { "devpts", "newinstance", MOUNT_DEVPTS },
		{ "mqueue", "", MOUNT_MQUEUE }, { "cgroup", "", MOUNT_CGROUP }, { "ext4", "", MOUNT_FILESYSTEM }, { "bind", "", MOUNT_BIND },
		{ "none", "rbind", MOUNT_BIND }, { "tmpfs", "bind", MOUNT_BIND }, { NULL, "bind", MOUNT_BIND }, { "tmpfs", "remount ro", MOUNT_REMOUNT },
		{ "hull.dir", "", MOUNT_DIR }, { "hull.chmod", "mode=700", MOUNT_CHMOD }, { "hull.symlink", "", MOUNT_SYMLINK }, { "hull.hide", "", MOUNT_HIDE },
		{ "overlay", "lowerdir=/a:/b", MOUNT_OVERLAY }, { "overlay", "lowerdir=/a::/b", MOUNT_FILESYSTEM },
		{ NULL, "shared", MOUNT_PROPAGATION }, { "none", "rprivate", MOUNT_PROPAGATION },
	};
	size_t i;

	begin();
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		(void)add("/m", cases[i].type, "/src", cases[i].options);
	CHECK(compile() == 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK(op(i)->kind == cases[i].kind);
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
	static const struct {
		const char *destination, *type, *source, *options, *place, *why;
	} cases[] = {
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
		{ "/m", "bind", "fd:99999999999", "", "mounts[0].source", "number" },
		{ "/m", "hull.file", "/x", "", "mounts[0].source", "descriptor" },
		{ "/m", "hull.data", NULL, "", "mounts[0].source", "descriptor" },
		{ "/m", "hull.data", "fd:", "", "mounts[0].source", "descriptor" },
		{ "/m", "hull.symlink", "", "", "mounts[0].source", "missing" },
		{ "/m", "hull.symlink", "x", "mode=700", "mounts[0].options", "no option of hull.symlink" },
		{ "/m", "hull.dir", NULL, "size=1m", "mounts[0].options", "no option of hull.dir" },
		{ "/m", "hull.dir", NULL, "mode=8", "mounts[0].options", "octal" },
		{ "/m", "hull.dir", NULL, "mode=17777", "mounts[0].options", "octal" },
		{ "/m", "hull.chmod", NULL, "", "mounts[0].options", "missing" },
		{ "/m", "hull.dir", NULL, "idmap", "mounts[0]", "bind" },
		{ "/proc", "hull.data", "fd:3", "", "mounts[0].type", "only proc" },
		{ "/proc/x", "hull.dir", NULL, "", "mounts[0].destination", "inside /proc" },
		{ "/m", "sysfs", NULL, "hull.dev", "mounts[0].options", "hull.dev" },
		{ "/m", "overlay", NULL, "lowerdir=/a", "mounts[0].options", "at least two" },
		{ "/m", "overlay", NULL, "lowerdir=/a upperdir=/b", "mounts[0].options", "workdir" },
		{ "/m", "overlay", NULL, "lowerdir=/a workdir=/b", "mounts[0].options", "upperdir" },
		{ "/m", "overlay", NULL, "lowerdir=/a upperdir=/b workdir=/c hull.tmp", "mounts[0].options", "instead" },
		{ "/m", "overlay", NULL, "hull.tmp", "mounts[0].options", "lowerdir" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		begin();
		(void)add(cases[i].destination, cases[i].type, cases[i].source, cases[i].options);
		CHECK(compile() == -1);
		CHECK(error_has(cases[i].place) && error_has(cases[i].why));
	}
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

static void overlays(void)
{
	const struct mount_layers *layers;

	begin();
	(void)add("/m", "overlay", "overlay", "lowerdir=/a\\:b\\\\:/c\\,d:e upperdir=/u\\:p workdir=/w index=off volatile ro");
	(void)add("/m", "overlay", "overlay", "lowerdir=/a hull.tmp");
	(void)add("/m", "overlay", "overlay", "lowerdir+=/a lowerdir+=/b");
	CHECK(compile() == 0 && op(0)->kind == MOUNT_OVERLAY && op(1)->kind == MOUNT_OVERLAY && op(2)->kind == MOUNT_FILESYSTEM);
	layers = op(0)->layers;
	CHECK(layers->n_lower == 3);
	CHECK_STRING(layers->lower[0], "/a:b\\");
	CHECK_STRING(layers->lower[1], "/c,d");
	CHECK_STRING(layers->lower[2], "e");
	CHECK_STRING(layers->upper, "/u:p");
	CHECK_STRING(layers->work, "/w");
	CHECK(op(0)->n_params == 2);
	CHECK_STRING(op(0)->params[0].key, "index");
	CHECK_STRING(op(0)->params[1].key, "volatile");
	CHECK(op(1)->layers->n_lower == 1 && !op(1)->layers->upper && op(1)->n_params == 0);
	CHECK(op(2)->n_params == 2 && !op(2)->layers);
}

static void descriptors(void)
{
	begin();
	(void)add("/m", "bind", "fd:3", "");
	(void)add("/m", "bind", "./fd:3", "");
	(void)add("/m", "bind", "fd:3x", "");
	(void)add("/m", "hull.data", "fd:0", "ro");
	(void)add("/m", "hull.file", "fd:12", "mode=0640");
	CHECK(compile() == 0);
	CHECK(op(0)->source_fd == 3 && op(1)->source_fd < 0 && op(2)->source_fd < 0 && op(3)->source_fd == 0 && op(4)->source_fd == 12);
	CHECK_STRING(op(1)->source, "/bundle/./fd:3");
	CHECK(op(3)->mode == 0600 && op(4)->mode == 0640);
}

/* what a sandbox may cover, a bundle may not */
static void sandbox_proc(void)
{
	begin();
	request.sandbox = true;
	(void)add("/proc/sys/kernel", "bind", "/x", "");
	(void)add("/proc", "tmpfs", "tmpfs", "");
	CHECK(compile() == 0 && op(0)->in_proc);
	request.sandbox = false;
	CHECK(compile() == -1);
	begin();
	(void)add("/proc/kcore", "hull.hide", NULL, "");
	CHECK(compile() == 0);
}

static void words_of_ours(void)
{
	begin();
	(void)add("/d", "hull.dir", NULL, "mode=700");
	(void)add("/f", "hull.file", "fd:5", "");
	(void)add("/g", "hull.data", "fd:6", "ro");
	(void)add("/l", "hull.symlink", "a/b", "");
	(void)add("/c", "hull.chmod", NULL, "mode=1777");
	(void)add("/h", "hull.hide", NULL, "");
	(void)add("/b", "bind", "fd:7", "ro");
	(void)add("/n", "bind", "/x", "rbind nofail");
	(void)add("/o", "overlay", "overlay", "lowerdir=/a:/b hull.tmp nosuid");
	(void)add("/p", "overlay", "overlay", "lowerdir=/a upperdir=/u workdir=/w index=off");
	(void)add("/q", "overlay", "overlay", "lowerdir=/a:/b ro");
	(void)add("/dev", "tmpfs", "tmpfs", "mode=0755 hull.dev");
	CHECK(compile() == 0);
	aspect_mounts.explain(&plan, PHASE_ENTER, NULL);
	CHECK_STRING(explained, "make the directory '/d' if it does not exist (mode 0700)\n"
		"write what descriptor 5 gives to the file '/f' (mode 0666)\n"
		"mount what descriptor 6 gives as a file on '/g' (mode 0600, read-only)\n"
		"make the symbolic link '/l' to 'a/b'\n"
		"give '/c' the mode 1777\n"
		"hide '/h' if it exists\n"
		"bind what descriptor 7 names on '/b' (ro)\n"
		"bind '/x' on '/n' with what is mounted below it if it exists\n"
		"open '/a' as a layer, the uppermost that is only read\n"
		"open '/b' as a layer, below that one\n"
		"mount an overlay of them on '/o', with a tmpfs above them for what is written (nosuid)\n"
		"open '/a' as a layer, the uppermost that is only read\n"
		"mount an overlay of them on '/p', with '/u' above them for what is written (index=off)\n"
		"open '/a' as a layer, the uppermost that is only read\n"
		"open '/b' as a layer, below that one\n"
		"mount an overlay of them on '/q' (ro)\n"
		"mount 'tmpfs' on '/dev' (mode=0755, with devices)\n");
	explained[0] = '\0';
	begin();
	request.sandbox = request.mimic = true;
	CHECK(compile() == 0);
	aspect_mounts.explain(&plan, PHASE_ENTER, NULL);
	CHECK(strstr(explained, "stand in for its directory") != NULL);
	request.sandbox = request.mimic = false;
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
	CHECK(aspect_masks.check(&plan) == 0);
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
	RUN(overlays);
	RUN(descriptors);
	RUN(sandbox_proc);
	RUN(id_maps);
	RUN(words);
	RUN(words_of_ours);
	RUN(device_refusals);
	RUN(root);
	RUN(masks);
	RUN(ms_flags);
	RUN(copying);
	arena_deinit(&arena);
	return unit_done();
}
