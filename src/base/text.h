/* Numbers out of text and text out of numbers. The only place in hull that parses a number. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * text_to_u64 - parse an unsigned decimal number that fills the whole string: no sign, no space, no prefix.
 * Return: 0, -EINVAL (not a number) or -ERANGE (does not fit); *ret_value is written on success only.
 */
int text_to_u64(const char *s, uint64_t *ret_value);

/**
 * text_to_u32 - like text_to_u64() within 32 bits.
 */
int text_to_u32(const char *s, uint32_t *ret_value);

/**
 * text_to_i64 - parse a decimal number with an optional minus.
 */
int text_to_i64(const char *s, int64_t *ret_value);

/**
 * text_to_i32 - like text_to_i64() within 32 bits.
 */
int text_to_i32(const char *s, int32_t *ret_value);

/**
 * text_to_octal - parse an octal number (a file mode), for example "755" or "0755".
 */
int text_to_octal(const char *s, uint32_t *ret_value);

/**
 * text_to_hex - parse a hexadecimal number without a prefix, as /proc/PID/status shows capabilities.
 */
int text_to_hex(const char *s, uint64_t *ret_value);

/**
 * text_to_size - parse a number of bytes with an optional suffix k, m, g, t (powers of 1024; upper case and a final b or iB accepted), and
 * then up to three decimal places: "1.5g".
 */
int text_to_size(const char *s, uint64_t *ret_value);

/**
 * text_to_duration - parse a duration as Go prints it: "5s", "250ms", "1m30s"; a bare number means seconds.
 * @ret_ns: nanoseconds.
 */
int text_to_duration(const char *s, uint64_t *ret_ns);

/* strcmp(a, b) == 0 with a name */
bool text_equal(const char *a, const char *b);

/* whether @s begins with @prefix; if so the rest is returned, else NULL */
const char *text_after(const char *s, const char *prefix);

/**
 * text_utf8_length - the length of the well-formed UTF-8 sequence at @s (RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF), 0: there is none.
 * @s: zero-terminated: a zero ends every sequence.
 */
size_t text_utf8_length(const unsigned char *s);

/* room for any 64-bit number, its sign and the final zero */
enum { TEXT_NUMBER_MAX = 21 };

/**
 * text_from_u64 - write @value in decimal, without stdio: child code may call it.
 * @buffer: TEXT_NUMBER_MAX bytes.
 * Return: @buffer.
 */
char *text_from_u64(char *buffer, uint64_t value);

/*
 * A text under construction in a buffer of fixed size. What does not fit is dropped and @cut is set: callers that must
 * not lose anything check it once at the end.
 */
struct text {
	char *data;
	size_t size;
	size_t length;
	bool cut;
};

/**
 * text_on - start a text in @buffer of @size (≥ 1) bytes; it is always zero-terminated.
 */
struct text text_on(char *buffer, size_t size);

/**
 * text_add - append a string.
 */
void text_add(struct text *t, const char *s);

/**
 * text_addf - append formatted text; not for child code.
 */
void text_addf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * text_unescape_octal - undo \040 and the like of /proc/self/mountinfo, in place.
 */
void text_unescape_octal(char *s);

#endif
