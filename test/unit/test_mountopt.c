/* Mount options: contradictions, access times, data, and the table itself. */
#include <sys/mount.h>

#include "base/scope.h"
#include "base/sys.h"
#include "spec/oci.h"
#include "unit.h"

enum { WORDS_MAX = 16 };

static struct arena arena;
static struct error error;
static struct mount_flags f;

/* compile "ro nosuid …" into f; words are separated by spaces */
static int compile(const char *words)
{
	char *v[WORDS_MAX];
	struct string_list list = { .v = v };
	size_t length;

	for (; *words; words += length + (words[length] == ' ')) {
		length = strcspn(words, " ");
		v[list.n++] = arena_strndup(&arena, words, length);
	}
	memset(&f, 0, sizeof(f));
	return spec_mount_options(&arena, &error, &list, "mounts[3].options", &f);
}

static void usual_options(void)
{
	CHECK(compile("nosuid noexec nodev ro") == 0);
	CHECK(f.attr_set == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY));
	CHECK(f.attr_clear == 0 && f.readonly && !f.bind && f.data.n == 0 && f.rec_set == 0);
	CHECK(compile("rbind rprivate") == 0);
	CHECK(f.bind && f.recursive && f.propagation.n == 1 && f.propagation.v[0].type == MS_PRIVATE && f.propagation.v[0].recursive);
	CHECK(compile("bind remount") == 0 && f.bind && !f.recursive && f.remount);
	CHECK(compile("") == 0 && f.attr_set == 0 && f.data.n == 0);
	CHECK(compile("defaults") == 0 && f.attr_set == 0 && f.attr_clear == 0 && f.data.n == 0);
	CHECK(compile("sync dirsync lazytime iversion silent mand") == 0);
	CHECK(f.sb_set == (MS_SYNCHRONOUS | MS_DIRSYNC | MS_LAZYTIME | MS_I_VERSION | MS_SILENT | MS_MANDLOCK) && f.sb_clear == 0);
	CHECK(compile("copy-symlink src-nofollow dest-nofollow tmpcopyup") == 0);
	CHECK(f.copy_symlink && f.src_nofollow && f.dest_nofollow && f.tmpcopyup);
}

static void the_last_one_wins(void)
{
	CHECK(compile("ro rw") == 0 && f.attr_set == 0 && f.attr_clear == MOUNT_ATTR_RDONLY && !f.readonly);
	CHECK(compile("rw ro") == 0 && f.attr_set == MOUNT_ATTR_RDONLY && f.attr_clear == 0 && f.readonly);
	CHECK(compile("nosymfollow symfollow") == 0 && f.attr_set == 0 && f.attr_clear == MOUNT_ATTR_NOSYMFOLLOW);
	CHECK(compile("sync async") == 0 && f.sb_set == 0 && f.sb_clear == MS_SYNCHRONOUS);
	CHECK(compile("rro rrw") == 0 && f.rec_set == 0 && f.rec_clear == MOUNT_ATTR_RDONLY && f.attr_clear == 0 && !f.readonly);
	CHECK(compile("loud silent") == 0 && f.sb_set == MS_SILENT && f.sb_clear == 0);
}

static void access_times_are_one_field(void)
{
	CHECK(compile("noatime") == 0 && f.attr_set == MOUNT_ATTR_NOATIME && f.attr_clear == MOUNT_ATTR__ATIME);
	CHECK(compile("noatime strictatime") == 0 && f.attr_set == MOUNT_ATTR_STRICTATIME && f.attr_clear == MOUNT_ATTR__ATIME);
	CHECK(compile("strictatime relatime") == 0 && f.attr_set == 0 && f.attr_clear == MOUNT_ATTR__ATIME);
	CHECK(compile("noatime atime") == 0 && f.attr_set == 0 && f.attr_clear == MOUNT_ATTR__ATIME);
	CHECK(compile("noatime nostrictatime") == 0 && f.attr_set == MOUNT_ATTR_NOATIME);
	CHECK(compile("strictatime nostrictatime") == 0 && f.attr_set == 0 && f.attr_clear == MOUNT_ATTR__ATIME);
	CHECK(compile("norelatime") == 0 && f.attr_set == 0 && f.attr_clear == MOUNT_ATTR__ATIME);
	CHECK(compile("nodiratime") == 0 && f.attr_set == MOUNT_ATTR_NODIRATIME && f.attr_clear == 0);
	CHECK(compile("noatime nodiratime diratime") == 0 && f.attr_set == MOUNT_ATTR_NOATIME);
	CHECK(f.attr_clear == (MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME));
	CHECK(compile("rnoatime rnodev") == 0 && f.rec_set == (MOUNT_ATTR_NOATIME | MOUNT_ATTR_NODEV) && f.rec_clear == MOUNT_ATTR__ATIME);
}

static void the_rest_is_the_filesystems(void)
{
	CHECK(compile("nosuid size=65536k mode=755 gid=5 newinstance") == 0 && f.data.n == 4);
	CHECK_STRING(f.data.v[0], "size=65536k");
	CHECK_STRING(f.data.v[3], "newinstance");
	CHECK(compile("size=1m,mode=700,,x") == 0 && f.data.n == 3);
	CHECK_STRING(f.data.v[1], "mode=700");
	CHECK_STRING(f.data.v[2], "x");
	CHECK(compile("lowerdir=/a\\,b:/c context=\"u:r:t:s0:c1,c2\",ro=1") == 0 && f.data.n == 3);
	CHECK_STRING(f.data.v[0], "lowerdir=/a\\,b:/c");
	CHECK_STRING(f.data.v[1], "context=\"u:r:t:s0:c1,c2\"");
	CHECK(compile("x-systemd.automount X-mount.mkdir comment=hello ro") == 0 && f.data.n == 0 && f.readonly);
	CHECK(compile("ro=1") == 0 && f.data.n == 1 && !f.readonly);
	CHECK(compile("xattr") == 0 && f.data.n == 1);
}

static void id_maps(void)
{
	CHECK(compile("idmap") == 0 && f.idmap && !f.idmap_recursive && !f.idmap_spec);
	CHECK(compile("ridmap") == 0 && f.idmap && f.idmap_recursive);
	CHECK(compile("idmap=uids=0-1000-1;gids=0-1000-1") == 0 && f.idmap);
	CHECK_STRING(f.idmap_spec, "uids=0-1000-1;gids=0-1000-1");
	CHECK(compile("ro idmap=") == -1);
	CHECK(strncmp(error.text, "mounts[3].options[1]: ", 22) == 0);
}

static void propagation_keeps_its_order(void)
{
	CHECK(compile("rslave shared runbindable") == 0 && f.propagation.n == 3);
	CHECK(f.propagation.v[0].type == MS_SLAVE && f.propagation.v[0].recursive);
	CHECK(f.propagation.v[1].type == MS_SHARED && !f.propagation.v[1].recursive);
	CHECK(f.propagation.v[2].type == MS_UNBINDABLE && f.propagation.v[2].recursive);
}

/* the specification's list, and more, and ours: all known, in alphabetical order */
static void the_list_is_complete_and_sorted(void)
{
	static const char *const must[] = { "async", "atime", "bind", "defaults", "dev", "diratime", "dirsync", "exec", "iversion", "lazytime", "loud",
		"noatime", "nodev", "nodiratime", "noexec", "noiversion", "nolazytime", "norelatime", "nostrictatime", "nosuid", "private", "rbind",
		"relatime", "remount", "ro", "rprivate", "rshared", "rslave", "runbindable", "rw", "shared", "silent", "slave", "strictatime", "suid",
		"sync", "unbindable", "rro", "rrw", "rnosuid", "rsuid", "rnodev", "rdev", "rnoexec", "rexec", "rnodiratime", "rdiratime", "rrelatime",
		"rnorelatime", "rnoatime", "ratime", "rstrictatime", "rnostrictatime", "rsymfollow", "rnosymfollow", "symfollow", "nosymfollow",
		"idmap", "ridmap", "mand", "nomand", "tmpcopyup", "copy-symlink", "src-nofollow", "dest-nofollow",
		"acl", "noacl", "nofail", "hull.dev", "hull.tmp" };
	const char *const *names = spec_mount_option_names();
	size_t i, j, n;

	for (n = 0; names[n]; n++) {
		CHECK(n == 0 || strcmp(names[n - 1], names[n]) < 0);
		/* what a filesystem may or may not know is for it to say */
		CHECK(compile(names[n]) == 0 && f.data.n == (strcmp(names[n], "acl") == 0 || strcmp(names[n], "noacl") == 0));
	}
	CHECK(n == ARRAY_SIZE(must));
	for (i = 0; i < ARRAY_SIZE(must); i++) {
		for (j = 0; j < n && strcmp(names[j], must[i]) != 0; j++)
			;
		CHECK(j < n);
	}
}

int main(void)
{
	if (arena_init(&arena) < 0)
		return 1;
	RUN(usual_options);
	RUN(the_last_one_wins);
	RUN(access_times_are_one_field);
	RUN(the_rest_is_the_filesystems);
	RUN(id_maps);
	RUN(propagation_keeps_its_order);
	RUN(the_list_is_complete_and_sorted);
	arena_deinit(&arena);
	return unit_done();
}
