/*
 * Where the state directory cannot hold upper directories (itself on an overlay, as in a container, or on a network file system), they are in memory while
 * the command runs, and are copied to the state directory afterwards. Its file system may know neither whiteouts nor attributes: these go into a file,
 * "marks", in lines that end with a zero byte: KIND ROOT PATH. There are modes in it too (try_closed.c): KIND ROOT MODE PATH.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/io.h"
#include "base/scope.h"
#include "base/text.h"
#include "run/try.h"

enum { NAME_SIZE = 32, MAGIC_SIZE = 40, LINE_SIZE = PATH_MAX + 32, MARKS_SIZE_MAX = 32 << 20 };

bool try_needs_memory(int dir)
{
	/* overlayfs, NFS, FUSE, SMB, 9p, AFS, Ceph, eCryptfs, FAT, exFAT, ramfs: linux/magic.h, statfs(2) */
	static const unsigned long magics[] = { 0x794c7630, 0x6969, 0x65735546, 0xff534d42, 0xfe534d42, 0x517b, 0x01021997, 0x5346414f, 0x00c36400,
						0xf15f, 0x4d44, 0x2011bab0, 0x858458f6 };
	struct statfs fs;

	if (fstatfs(dir, &fs) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if (((unsigned long)fs.f_type & 0xffffffff) == magics[i])
			return true;
	return false;
}

/* upper/N and work/N in memory, like those of the state directory. */
static int make_one(int memory, int dir, unsigned int i)
{
	char upper[NAME_SIZE], work[NAME_SIZE];
	scope_fd int from = NO_FD;
	scope_fd int to = NO_FD;
	struct inode_facts facts;
	int r;

	(void)snprintf(upper, sizeof(upper), "upper/%u", i); /* fits */
	(void)snprintf(work, sizeof(work), "work/%u", i); /* fits */
	if (mkdirat(memory, upper, 0700) < 0 || mkdirat(memory, work, 0700) < 0)
		return -errno;
	from = openat(dir, upper, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	to = openat(memory, upper, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 || to < 0)
		return -errno;
	r = changes_facts(from, "", &facts);
	return r < 0 ? r : try_copy_metadata(from, to, &facts);
}

int try_mount_memory(struct hull *h, const struct try_state *state, int dir)
{
	scope_fd int place = openat(dir, "memory", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	scope_fd int memory = NO_FD;
	char magic[MAGIC_SIZE];
	int r = 0;

	(void)snprintf(magic, sizeof(magic), "/proc/self/fd/%d", place); /* fits */
	if (place < 0 || mount("tmpfs", magic, "tmpfs", MS_NODEV | MS_NOSUID, "mode=0700") < 0)
		return fail(&h->error, errno, "cannot put the changes into memory");
	memory = openat(dir, "memory", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (memory < 0 || mkdirat(memory, "upper", 0700) < 0 || mkdirat(memory, "work", 0700) < 0)
		r = -errno;
	for (unsigned int i = 0; r == 0 && i < state->n_roots; i++)
		r = make_one(memory, dir, i);
	return r < 0 ? fail(&h->error, r, "cannot put the changes into memory") : take_fd(&memory);
}

static int write_marks(int dir, const struct changes *c, unsigned int root)
{
	scope_fd int fd = openat(dir, "marks", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : 0;

	for (size_t i = 0; r == 0 && i < c->n_marks; i++) {
		char line[LINE_SIZE];
		int length = snprintf(line, sizeof(line), "%c %u %s", c->marks[i].kind, root, c->marks[i].path);

		r = length < 0 || (size_t)length >= sizeof(line) ? -ENAMETOOLONG : io_write_all(fd, line, (size_t)length + 1);
	}
	return r;
}

/* The mode before a path. */
static int take_mode(struct change_mark *mark)
{
	char digits[8];
	uint32_t mode;
	size_t length = strcspn(mark->path, " ");

	if (length >= sizeof(digits) || mark->path[length] != ' ')
		return -EINVAL;
	memcpy(digits, mark->path, length);
	digits[length] = '\0';
	mark->path += length + 1;
	if (text_to_octal(digits, &mode) < 0 || mode > 07777)
		return -EINVAL;
	mark->mode = mode;
	return 0;
}

int try_read_marks(struct hull *h, const struct try_state *state, struct changes *changes)
{
	size_t length, n = 0;
	char *text;
	int r = io_read_file(state->dir, "marks", MARKS_SIZE_MAX, &h->arena, &text, &length);

	if (r < 0)
		return r == -ENOENT ? 0 : fail(&h->error, r, "cannot read '%s/marks'", state->path);
	for (size_t i = 0; i < length; i++)
		n += text[i] == '\0';
	changes->marks = arena_many(&h->arena, struct change_mark, n + 1);
	for (char *line = text, *next; line < text + length; line = next) {
		char *space = strlen(line) > 2 ? strchr(line + 2, ' ') : NULL;
		struct change_mark *mark = &changes->marks[changes->n_marks++];

		next = line + strlen(line) + 1;
		if (space)
			*space = '\0';
		mark->kind = line[0];
		mark->path = space ? space + 1 : NULL;
		if (!space || text_to_u32(line + 2, &mark->root) < 0 || mark->root >= changes->n_roots || (mark->kind == MARK_MODE && take_mode(mark) < 0))
			return fail(&h->error, 0, "'%s/marks' is damaged", state->path);
	}
	changes_sort_marks(changes);
	return 0;
}

static int save_one(struct hull *h, const char *xattrs, unsigned int i, int from, int to)
{
	char name[NAME_SIZE];
	scope_fd int upper = NO_FD;
	scope_fd int lower = NO_FD;
	struct change_root root = { .path = "/" };
	struct changes c = { .arena = &h->arena, .error = &h->error, .xattrs = xattrs, .raw = true, .roots = &root, .n_roots = 1, .started = INT64_MAX };
	size_t done = 0;
	int r;

	(void)snprintf(name, sizeof(name), "upper/%u", i); /* fits */
	root.upper = upper = openat(from, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	root.lower = lower = openat(to, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (upper < 0 || lower < 0)
		return fail(&h->error, errno, "cannot open '%s'", name);
	if (changes_find(&c) < 0 || try_make_all(&c, &(struct hull_review_options){ 0 }, &done) < 0)
		return -1;
	r = write_marks(to, &c, i);
	return r < 0 ? fail(&h->error, r, "cannot write 'marks'") : 0;
}

int try_save_memory(struct hull *h, bool userxattr, unsigned int n_roots, int from, int to)
{
	for (unsigned int i = 0; i < n_roots; i++)
		if (save_one(h, userxattr ? "user.overlay." : "trusted.overlay.", i, from, to) < 0)
			return fail_wrap(&h->error, "cannot save the changes from memory");
	return 0;
}
