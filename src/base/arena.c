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

/* as of the commands that hand on the exit code of another */
enum { EXIT_NO_MEMORY = 125 };

static void *reserve(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* A limit is in the way (setrlimit(2)): half of what can be had, since stacks and other arenas want something, too. */
static void *reserve_less(size_t *size)
{
	void *base = MAP_FAILED;

	for (*size = ARENA_SIZE / 4; *size >= ARENA_SIZE_MIN; *size /= 2) {
		base = reserve(2 * *size);
		if (base == MAP_FAILED)
			continue;
		(void)munmap((char *)base + *size, *size); /* cannot fail but for too many mappings, and then it is only not given back */
		break;
	}
	return base;
}

int arena_init(struct arena *a)
{
	size_t size = ARENA_SIZE;
	void *base = reserve(size);

	if (base == MAP_FAILED)
		base = reserve_less(&size);
	if (base == MAP_FAILED)
		return -errno;
	(void)madvise(base, ARENA_FIRST, MADV_POPULATE_WRITE); /* before Linux 5.14: page by page */
	a->base = base;
	a->used = 0;
	a->size = size;
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
		(void)munmap(a->base, a->size); /* cannot fail on a mapping that we made */
	a->base = NULL;
	a->used = a->size = 0;
}

/*
 * A limit was forgotten somewhere: the bug must not become a NULL pointer in a privileged program. In a small arena it is no bug: what was to be read does not
 * go with the limits that hull was started under.
 */
static _Noreturn void exhausted(const struct arena *a)
{
	static const char bug[] = "hull: internal error: arena exhausted\n";
	static const char limit[] = "hull: out of memory: the limits on address space or data (ulimit -v, ulimit -d) are too low for this\n";

	if (a->size == ARENA_SIZE) {
		(void)!write(STDERR_FILENO, bug, sizeof(bug) - 1); /* on the way out */
		abort();
	}
	(void)!write(STDERR_FILENO, limit, sizeof(limit) - 1); /* likewise */
	_exit(EXIT_NO_MEMORY);
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t start = (a->used + 15) & ~(size_t)15;

	if (size > a->size - 1 || start > a->size - 1 - size) /* the last byte stays zero: it ends every string */
		exhausted(a);
	a->used = start + size;
	return a->base + start;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		exhausted(a);
	return arena_alloc(a, bytes);
}

void *arena_grow(struct arena *a, void *data, size_t used, size_t *size, size_t wanted)
{
	size_t larger = *size ? 2 * *size : GROW_FIRST;
	bool newest = data && (char *)data + *size == a->base + a->used; /* sizes are multiples of 16: the new piece follows directly */
	void *grown;

	if (data && wanted <= *size)
		return data;
	if (wanted > a->size)
		exhausted(a);
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
		exhausted(a);
	text = arena_alloc(a, (size_t)length + 1);
	(void)vsnprintf(text, (size_t)length + 1, format, again); /* the length was just computed */
	va_end(again);
	return text;
}
