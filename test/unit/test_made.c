/* The mounts[] types of our own, overlays and descriptors as sources: what they compile to, what is refused, what they are called. */
#include "aspect/mounts.h"
#include "base/scope.h"
#include "mounts_fixture.h"
#include "unit.h"

static void kinds(void)
{
	static const struct kind_case cases[] = {
		{ "hull.dir", "", MOUNT_DIR }, { "hull.chmod", "mode=700", MOUNT_CHMOD }, { "hull.symlink", "", MOUNT_SYMLINK }, { "hull.hide", "", MOUNT_HIDE },
		{ "overlay", "lowerdir=/a:/b", MOUNT_OVERLAY }, { "overlay", "lowerdir=/a::/b", MOUNT_FILESYSTEM },
	};

	check_kinds(cases, ARRAY_SIZE(cases));
}

static void refusals(void)
{
	static const struct refusal_case cases[] = {
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

	check_refusals(cases, ARRAY_SIZE(cases));
}

static void overlays(void)
{
	const struct mount_layers *layers;

	begin();
	(void)add("/m", "overlay", "overlay", "lowerdir=/a\\:b\\\\:/c\\,d:e upperdir=/u\\:p:q\\\\r workdir=/w index=off volatile ro");
	(void)add("/m", "overlay", "overlay", "lowerdir=/a hull.tmp");
	(void)add("/m", "overlay", "overlay", "lowerdir+=/a lowerdir+=/b");
	CHECK(compile() == 0 && op(0)->kind == MOUNT_OVERLAY && op(1)->kind == MOUNT_OVERLAY && op(2)->kind == MOUNT_FILESYSTEM);
	layers = op(0)->layers;
	CHECK(layers->n_lower == 3);
	CHECK_STRING(layers->lower[0], "/a:b\\");
	CHECK_STRING(layers->lower[1], "/c,d");
	CHECK_STRING(layers->lower[2], "e");
	CHECK_STRING(layers->upper, "/u:p:q\\r"); /* only lowerdir is a list */
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

static void words(void)
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

int main(void)
{
	RUN(kinds);
	RUN(refusals);
	RUN(overlays);
	RUN(descriptors);
	RUN(sandbox_proc);
	RUN(words);
	arena_deinit(&arena);
	return unit_done();
}
