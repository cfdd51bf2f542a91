/*
 * Putting up the overlays, in a process that has nothing else to do. Directories are handed to overlayfs as /proc/self/fd/N, so that no name needs
 * escaping and none is resolved through an overlay that was just mounted over it; descriptors are opened in the new mount namespace, or the kernel refuses them.
 *
 * index, metacopy and xino are off: an upper directory then holds nothing but plain files, whiteouts and opaque directories, and for root directories that
 * were renamed (redirect_dir; the kernel has it neither with marks in user.*, nor do we follow what is in memory).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/sys.h"
#include "base/text.h"
#include "run/try.h"

enum { OPTIONS_SIZE = 512, MAGIC_SIZE = 40 };

static const char *magic(char *buffer, int fd)
{
	(void)snprintf(buffer, MAGIC_SIZE, "/proc/self/fd/%d", fd); /* fits */
	return buffer;
}

static int write_map(struct hull *h, const char *file, const char *text)
{
	int r = io_write_file(AT_FDCWD, file, text, strlen(text));

	return r < 0 ? fail(&h->error, r, "cannot write '%s'", file) : 0;
}

static int make_namespaces(struct hull *h, const struct try_stage *stage)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int r = sys_unshare(CLONE_NEWNS | (stage->own_userns ? CLONE_NEWUSER : 0));

	if (r < 0 && stage->own_userns)
		return fail(&h->error, r, "cannot make a user namespace, which an ordinary user needs to overlay directories (see the settings "
			    "user.max_user_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)");
	if (r < 0)
		return fail(&h->error, r, "cannot make a mount namespace");
	if (stage->own_userns && (write_map(h, "/proc/self/setgroups", "deny") < 0 ||
				  write_map(h, "/proc/self/uid_map", arena_printf(&h->arena, "%u %u 1", uid, uid)) < 0 ||
				  write_map(h, "/proc/self/gid_map", arena_printf(&h->arena, "%u %u 1", gid, gid)) < 0))
		return -1;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? fail(&h->error, errno, "cannot make mounts private") : 0;
}

/*
 * Mount the overlay of root @i on @target. @uppers: the state directory, opened in this namespace, or what stands for it
 * @moves: directories can be renamed
 */
static int overlay(struct hull *h, const struct try_state *state, unsigned int i, int uppers, bool moves, int target)
{
	const char *path = state->roots[i].path;
	char options[OPTIONS_SIZE], on[MAGIC_SIZE];
	scope_fd int lower = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	scope_fd int upper = openat(uppers, arena_printf(&h->arena, "upper/%u", i), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	scope_fd int work = openat(uppers, arena_printf(&h->arena, "work/%u", i), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (lower < 0 || upper < 0 || work < 0)
		return fail(&h->error, errno, "cannot open the directories of the overlay on '%s'", path);
	(void)snprintf(options, sizeof(options), "lowerdir=/proc/self/fd/%d,upperdir=/proc/self/fd/%d,workdir=/proc/self/fd/%d,"
		       "redirect_dir=%s,index=off,metacopy=off,xino=off%s", lower, upper, work, moves ? "on" : "nofollow", state->userxattr ? ",userxattr" : ""); /* fits */
	if (mount("overlay", magic(on, target), "overlay", MS_NODEV, options) == 0)
		return 0;
	return fail(&h->error, errno, "cannot overlay '%s' with upper directories in '%s' (can both file systems be part of an overlay?%s)", path, state->path,
		    state->userxattr ? " for an ordinary user, the kernel must be 5.11 or newer" : "");
}

/* The sandbox's own process still has to write there, before its payload gets another. */
static bool is_proc(const char *path)
{
	return text_equal(path, "/proc");
}

/* Show one mount of the host's in the new tree, read-only. One that cannot be shown (a dead FUSE server) is left out: nobody could use it. */
static void show_readonly(const struct try_mount *m, int target)
{
	const struct sys_mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	scope_fd int tree = sys_open_tree(AT_FDCWD, m->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);

	/* a device is written through its node, whatever its directory is */
	if (tree >= 0 && (is_proc(m->path) || sys_mount_setattr(tree, "", AT_EMPTY_PATH, &readonly) == 0))
		(void)sys_move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH); /* as above */
}

static int enter_root(struct hull *h, int root)
{
	if (fchdir(root) < 0 || sys_pivot_root(".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return fail(&h->error, errno, "cannot make the overlay the root");
	return 0;
}

/* The whole tree: the root's overlay in the state directory, everything else on it, and then it becomes the root. */
static int put_up_whole(struct hull *h, const struct try_state *state, const struct try_stage *stage, int dir, int uppers)
{
	scope_fd int place = openat(dir, "root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	scope_fd int root = NO_FD;

	if (place < 0)
		return fail(&h->error, errno, "cannot open '%s/root'", state->path);
	if (overlay(h, state, 0, uppers, !stage->memory, place) < 0)
		return -1;
	root = openat(dir, "root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root < 0)
		return fail(&h->error, errno, "cannot open the overlay of the root");
	for (size_t i = 0; i < stage->n_mounts; i++) {
		const struct try_mount *m = &stage->mounts[i];
		scope_fd int target = m->root == 0 ? NO_FD : path_open(root, m->path, O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);

		if (target < 0)
			continue; /* the root itself; or what lies under a mount that is not shown */
		if (m->root < 0)
			show_readonly(m, target);
		else if (overlay(h, state, (unsigned int)m->root, uppers, !stage->memory, target) < 0)
			return -1;
	}
	return enter_root(h, root);
}

/* Only pieces, each where it is; all the rest becomes read-only with one call, and then they are made writable again. */
static int put_up_pieces(struct hull *h, const struct try_state *state, int uppers)
{
	const struct sys_mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY }, writable = { .attr_clr = MOUNT_ATTR_RDONLY };
	int r;

	for (unsigned int i = 0; i < state->n_roots; i++) {
		scope_fd int target = open(state->roots[i].path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (target < 0)
			return fail(&h->error, errno, "cannot open '%s'", state->roots[i].path);
		if (overlay(h, state, i, uppers, false, target) < 0)
			return -1;
	}
	r = sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &readonly);
	if (r < 0)
		return fail(&h->error, r, "cannot make the file tree read-only");
	for (unsigned int i = 0; i <= state->n_roots; i++) {
		const char *path = i < state->n_roots ? state->roots[i].path : "/proc";

		r = sys_mount_setattr(AT_FDCWD, path, 0, &writable);
		if (r < 0)
			return fail(&h->error, r, "cannot make '%s' writable", path);
	}
	return 0;
}

/* The upper directories are in the tree that they cover: a command that searched them would find itself. */
static int hide(struct hull *h, const char *path)
{
	if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, "size=4k,mode=0700") < 0 && errno != ENOENT)
		return fail(&h->error, errno, "cannot hide '%s'", path);
	return 0;
}

/* The caller's directory as the overlays have it: the same path lies on another mount now. */
static int enter_cwd(struct hull *h, const struct try_stage *stage)
{
	scope_fd int cwd = open(stage->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
	scope_fd int root = cwd < 0 ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : NO_FD;

	return fchdir(cwd < 0 ? root : cwd) < 0 ? fail(&h->error, errno, "cannot enter '%s'", stage->cwd) : 0;
}

int try_enter_stage(struct hull *h, const struct try_state *state, const struct try_stage *stage, int *ret_memory)
{
	scope_fd int dir = NO_FD, memory = NO_FD;
	int r;

	if (make_namespaces(h, stage) < 0)
		return -1;
	dir = open(state->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return fail(&h->error, errno, "cannot open '%s'", state->path);
	if (stage->memory) {
		memory = try_mount_memory(h, state, dir);
		if (memory < 0)
			return -1;
	}
	r = stage->whole ? put_up_whole(h, state, stage, dir, stage->memory ? memory : dir) :
			   put_up_pieces(h, state, stage->memory ? memory : dir);
	if (r < 0 || hide(h, stage->hide) < 0)
		return -1;
	if (enter_cwd(h, stage) < 0)
		return -1;
	*ret_memory = take_fd(&memory);
	return 0;
}
