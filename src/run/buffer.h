/* Bytes on their way from one descriptor to another, both watched by a poll(2) of the caller's. */
#ifndef RUN_BUFFER_H
#define RUN_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

enum { BUFFER_SIZE = 16384 };

/* @start, @end: what is in it */
struct buffer {
	char data[BUFFER_SIZE];
	size_t start, end;
};

/**
 * buffer_fill - one read(2) into an empty one.
 * Return: false at end of file or on an error.
 */
bool buffer_fill(struct buffer *b, int fd);

/**
 * buffer_drain - one write(2). What cannot be written is dropped.
 * Return: false where nobody reads any more.
 */
bool buffer_drain(struct buffer *b, int fd);

/**
 * buffer_empty - whether nothing is in it; NULL is empty.
 */
static inline bool buffer_empty(const struct buffer *b)
{
	return !b || b->start == b->end;
}

#endif
