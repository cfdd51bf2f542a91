/* Lists of small numbers as the kernel writes them, "0-3,7", as the bit masks that its system calls take. */
#ifndef ASPECT_IDLIST_H
#define ASPECT_IDLIST_H

#include <limits.h>
#include <stddef.h>

/* the highest number of CPUs or memory nodes that a list may name */
enum { IDLIST_MAX = 1024, IDLIST_WORD = sizeof(unsigned long) * CHAR_BIT };

/* @bits: number n is bit n % IDLIST_WORD of word n / IDLIST_WORD */
struct idlist {
	unsigned long bits[IDLIST_MAX / IDLIST_WORD];
};

/**
 * idlist_parse - parse a list of numbers and ranges; an empty list, an empty element and a range that runs backwards are refused.
 * Return: 0, -EINVAL, or -ERANGE (a number of IDLIST_MAX or more).
 */
int idlist_parse(const char *text, struct idlist *ret_list);

#endif
