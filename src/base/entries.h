/* The entries of a directory, one by one, for code that allocates nothing. */
#ifndef BASE_ENTRIES_H
#define BASE_ENTRIES_H

#include <stdint.h>

#include "base/child.h"

enum { ENTRIES_SIZE = 4096 };

/* What getdents64(2) writes. @type: DT_*, DT_UNKNOWN where the file system does not say */
struct entry {
	uint64_t inode;
	int64_t next;
	unsigned short length;
	unsigned char type;
	char name[];
};

/* @filled: bytes in @buffer;  @at: where the next entry stands */
struct entries {
	int dir;
	long filled, at;
	char buffer[ENTRIES_SIZE] __attribute__((aligned(8)));
};

/**
 * entries_begin - start with a directory, opened for reading and not read yet; it stays its owner's.
 */
CHILD void entries_begin(struct entries *e, int dir);

/**
 * entries_next - the next entry but "." and "..".
 * @ret_entry: good until the next call.
 * Return: 1, 0: there is none, or -errno.
 */
CHILD int entries_next(struct entries *e, const struct entry **ret_entry);

#endif
