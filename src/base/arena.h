/*
 * An arena: memory that is given out in order and given back all at once.
 *
 * It is one reservation of address space (mmap, MAP_NORESERVE): creating it can fail, taking from it cannot. Every input that
 * feeds one has a named limit well below the reservation, so running out is a bug and ends the program with a message.
 * Where limits of the caller's (RLIMIT_AS, RLIMIT_DATA) leave less, so is the reservation; then a large input can use it up, which ends the program, too.
 * A child made by clone3 sees the same addresses, which is why a fault record can name a string by its offset.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* address space of one arena; pages are paid for when touched;  the least that is of use */
#define ARENA_SIZE ((size_t)256 << 20)
#define ARENA_SIZE_MIN ((size_t)2 << 20)

/*
 * @base: start of the reservation, NULL: none
 * @used: bytes given out;  @size: of the reservation
 */
struct arena {
	char *base;
	size_t used, size;
};

/**
 * arena_init - reserve the address space.
 * Return: 0 or -errno of mmap.
 */
int arena_init(struct arena *a);

/**
 * arena_is_half_full - for what fills an arena entry by entry: that it is time to say that there are too many.
 */
static inline bool arena_is_half_full(const struct arena *a)
{
	return a->used > a->size / 2;
}

/**
 * arena_room - how much can still be taken in one piece.
 */
static inline size_t arena_room(const struct arena *a)
{
	size_t taken = a->used + 16; /* alignment, and the last byte */

	return taken < a->size ? a->size - taken : 0;
}

/**
 * arena_reset - give back what was taken last.
 * @keep: so much of @a->used stays.
 */
void arena_reset(struct arena *a, size_t keep);

/**
 * arena_deinit - give everything back; an arena of zeros is accepted.
 */
void arena_deinit(struct arena *a);

/**
 * arena_alloc - take memory: zeroed, aligned to 16 bytes; never NULL.
 * @size: bytes, 0 is accepted.
 */
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc, alloc_size(2), returns_nonnull));

/**
 * arena_array - take memory for @count elements of @size bytes; the product is checked.
 */
void *arena_array(struct arena *a, size_t count, size_t size) __attribute__((malloc, alloc_size(2, 3), returns_nonnull));

/**
 * arena_grow - room for @wanted bytes in something that grows: a text, an array.
 * @data: where it is, NULL: nowhere yet;  @used: its first bytes that are to be kept
 * @size: how large it is, 0: nowhere yet; updated.
 * Return: @data, made longer in place while it is the arena's newest object; otherwise a copy of at least twice the size.
 */
void *arena_grow(struct arena *a, void *data, size_t used, size_t *size, size_t wanted) __attribute__((returns_nonnull));

/*
 * A text that grows. It begins as { .arena = … }, and is zero-terminated once something, if only "", was added.
 */
struct arena_text {
	struct arena *arena;
	char *data;
	size_t length, size;
};

/**
 * arena_text_add - append a string.
 */
void arena_text_add(struct arena_text *t, const char *s);

/**
 * arena_strdup - copy a string; NULL gives NULL.
 */
char *arena_strdup(struct arena *a, const char *s);

/**
 * arena_strndup - copy @length bytes and end them with a zero.
 */
char *arena_strndup(struct arena *a, const char *s, size_t length) __attribute__((returns_nonnull));

/**
 * arena_join - copy several strings one behind the other, up to a NULL. A tenth of what arena_printf() takes.
 */
char *arena_join(struct arena *a, const char *first, ...) __attribute__((sentinel, returns_nonnull));

/**
 * arena_printf - format into the arena.
 */
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3), returns_nonnull));

/* arena_new(arena, type): one zeroed object */
#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
/* arena_many(arena, type, count): an array of zeroed objects */
#define arena_many(arena, type, count) ((type *)arena_array((arena), (count), sizeof(type)))

#endif
