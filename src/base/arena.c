/* The arena: a bump pointer in one reservation. */
#include "base/arena.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* what nearly every run takes: one call for all of these pages is cheaper than a fault for each */
#define ARENA_FIRST ((size_t)24 << 10)

/* the smallest size of what grows, a multiple of 16 like all that follow it */
enum { GROW_FIRST = 256 };

int arena_init(struct arena *a)
{
	void *base = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return -errno;
	(void)madvise(base, ARENA_FIRST, MADV_POPULATE_WRITE); /* before Linux 5.14: page by page */
	a->base = base;
	a->used = 0;
	return 0;
}

void arena_reset(struct arena *a, size_t keep)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (keep + page - 1) & ~(page - 1);

	if (a->used == keep)
		return;
	if (a->used > whole)
		(void)madvise(a->base + whole, a->used - whole, MADV_DONTNEED); /* cannot fail on a private mapping: zero pages again (madvise(2)) */
	memset(a->base + keep, 0, whole - keep);
	a->used = keep;
}

void arena_deinit(struct arena *a)
{
	if (a->base)
		(void)munmap(a->base, ARENA_SIZE); /* cannot fail on a mapping that we made */
	a->base = NULL;
	a->used = 0;
}

/* A limit was forgotten somewhere: the bug must not become a NULL pointer in a privileged program. */
static _Noreturn void exhausted(void)
{
	static const char message[] = "hull: internal error: arena exhausted\n";

	(void)!write(STDERR_FILENO, message, sizeof(message) - 1); /* on the way out */
	abort();
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t start = (a->used + 15) & ~(size_t)15;

	if (size > ARENA_SIZE - 1 || start > ARENA_SIZE - 1 - size) /* the last byte stays zero: it ends every string */
		exhausted();
	a->used = start + size;
	return a->base + start;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		exhausted();
	return arena_alloc(a, bytes);
}

void *arena_grow(struct arena *a, void *data, size_t used, size_t *size, size_t wanted)
{
	size_t larger = *size ? 2 * *size : GROW_FIRST;
	bool newest = data && (char *)data + *size == a->base + a->used; /* sizes are multiples of 16: the new piece follows directly */
	void *grown;

	if (data && wanted <= *size)
		return data;
	if (wanted > ARENA_SIZE)
		exhausted();
	while (larger < wanted)
		larger *= 2;
	grown = arena_alloc(a, newest ? larger - *size : larger);
	*size = larger;
	if (newest)
		return data;
	if (used > 0)
		memcpy(grown, data, used);
	return grown;
}

void arena_text_add(struct arena_text *t, const char *s)
{
	size_t more = strlen(s);

	t->data = arena_grow(t->arena, t->data, t->length, &t->size, t->length + more + 1);
	memcpy(t->data + t->length, s, more + 1);
	t->length += more;
}

char *arena_strndup(struct arena *a, const char *s, size_t length)
{
	char *copy = arena_alloc(a, length + 1);

	memcpy(copy, s, length);
	copy[length] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_join(struct arena *a, const char *first, ...)
{
	size_t length = strlen(first), more;
	const char *next;
	va_list rest;
	char *text, *end;

	va_start(rest, first);
	while ((next = va_arg(rest, const char *)))
		length += strlen(next);
	va_end(rest);
	text = arena_alloc(a, length + 1);
	more = strlen(first);
	memcpy(text, first, more);
	end = text + more;
	va_start(rest, first);
	while ((next = va_arg(rest, const char *))) {
		more = strlen(next);
		memcpy(end, next, more);
		end += more;
	}
	va_end(rest);
	*end = '\0';
	return text;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args, again;
	char *text;
	int length;

	va_start(args, format);
	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		exhausted();
	text = arena_alloc(a, (size_t)length + 1);
	(void)vsnprintf(text, (size_t)length + 1, format, again); /* the length was just computed */
	va_end(again);
	return text;
}
