/*
 * Directories that the command renamed. overlayfs leaves a redirection to where such a directory is in the lower tree, and its upper directory holds only what
 * changed in it. What else it had is copied into it once the command has ended: then it says by itself what it is, as one that mv(1) copied, and nothing that
 * comes later (listing, comparing, applying) needs to know where it was. The kernel writes redirections for root only, and nobody else can: the command has no
 * CAP_SYS_ADMIN, and overlayfs shows it other names. They are opened below the lower tree without following links all the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/scope.h"
#include "run/try.h"

/* as long as the kernel makes them, unless its redirect_max was set higher */
enum { REDIRECT_SIZE = 2048 };

/* Copy what @upper lacks. */
static int fill(const struct changes *c, int upper, int lower)
{
	const struct change_root root = { .path = "/", .upper = lower, .lower = upper };
	struct changes missing = {
		.arena = c->arena, .error = c->error, .xattrs = c->xattrs, .raw = true, .filling = true, .roots = &root, .n_roots = 1, .started = INT64_MAX,
	};
	size_t done = 0;

	return changes_find(&missing) < 0 || try_make_all(&missing, &(struct hull_review_options){ 0 }, &done) < 0 ? -1 : 0;
}

int changes_follow(const struct changes *c, int lower_root, int upper, const char **from)
{
	const char *redirect = arena_printf(c->arena, "%sredirect", c->xattrs), *slash = *from ? strrchr(*from, '/') : NULL;
	char to[REDIRECT_SIZE] = "";
	ssize_t n = fgetxattr(upper, redirect, to, sizeof(to) - 1);
	scope_fd int lower = NO_FD;
	bool absolute = to[0] == '/';

	if (n <= 0 || !c->moves || (!absolute && !*from))
		return fail(c->error, EUCLEAN, "a directory says that it was renamed");
	to[n] = '\0';
	/* or another name in the same directory */
	*from = arena_printf(c->arena, "%.*s%s", slash && !absolute ? (int)(slash + 1 - *from) : 0, *from, to + absolute);
	lower = changes_open(lower_root, *from, O_RDONLY | O_DIRECTORY);
	if (lower >= 0 && fill(c, upper, lower) < 0)
		return -1;
	if (lower < 0 || fsetxattr(upper, arena_printf(c->arena, "%sopaque", c->xattrs), "y", 1, 0) < 0 || fremovexattr(upper, redirect) < 0)
		return fail(c->error, lower < 0 ? lower : errno, "cannot follow '%s', which was renamed", *from);
	return 0;
}
