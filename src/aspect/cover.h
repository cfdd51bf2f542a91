/*
 * Covers: /dev/null over files, one empty read-only directory over directories. For masked paths and for what a sandbox hides. Child code.
 */
#ifndef ASPECT_COVER_H
#define ASPECT_COVER_H

#include <stdbool.h>

#include "base/child.h"

/*
 * Something to cover with.
 * @base: the mount that copies are taken from, NO_FD: not made yet;  @used: it is mounted itself
 */
struct cover {
	int base;
	bool used;
};

/**
 * cover_take_null - take a copy of the host's /dev/null to cover files with.
 * Return: 0, -errno, or -ENODEV: it is something else.
 */
CHILD int cover_take_null(struct cover *null);

/**
 * cover_take_empty - take a directory to cover directories with: a read-only copy of @name in @dir, on a tmpfs of ours. It must be new and be mounted over
 * before anybody else is there. Without it, a tmpfs is made at the first use.
 * Return: 0 or -errno.
 */
CHILD int cover_take_empty(struct cover *empty, int dir, const char *name);

/**
 * cover_put - cover what @target names.
 * @null: taken;  @empty: taken, or made at its first use.
 * Return: 0 or -errno.
 */
CHILD int cover_put(struct cover *null, struct cover *empty, int target);

#endif
