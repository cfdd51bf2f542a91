/* Numbers and text: digits are read here and nowhere else, so that every caller refuses the same things (signs, spaces, overflow). */
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/child.h"

/* Read digits of @base from *@s on, and leave *@s behind them. Return: 0, -EINVAL (no digit) or -ERANGE. */
static int take_digits(const char **s, unsigned int base, uint64_t *ret_value)
{
	const char *p = *s;
	uint64_t value = 0;
	unsigned int digit;

	for (; *p >= '0' && *p <= '9'; p++) {
		digit = (unsigned int)(*p - '0');
		if (digit >= base)
			break;
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) || __builtin_add_overflow(value, (uint64_t)digit, &value))
			return -ERANGE;
	}
	if (p == *s)
		return -EINVAL;
	*s = p;
	*ret_value = value;
	return 0;
}

/* A number that fills the string. A number too long is only a number if all of it is digits. */
static int whole_number(const char *s, unsigned int base, uint64_t *ret_value)
{
	const char *p = s;
	uint64_t value;
	int r;

	if (s[strspn(s, base == 8 ? "01234567" : "0123456789")] != '\0')
		return -EINVAL;
	r = take_digits(&p, base, &value);
	if (r < 0)
		return r;
	*ret_value = value;
	return 0;
}

int text_to_u64(const char *s, uint64_t *ret_value)
{
	return whole_number(s, 10, ret_value);
}

int text_to_u32(const char *s, uint32_t *ret_value)
{
	uint64_t value;
	int r = whole_number(s, 10, &value);

	if (r < 0)
		return r;
	if (value > UINT32_MAX)
		return -ERANGE;
	*ret_value = (uint32_t)value;
	return 0;
}

int text_to_i64(const char *s, int64_t *ret_value)
{
	bool negative = *s == '-';
	uint64_t value;
	int r = whole_number(s + negative, 10, &value);

	if (r < 0)
		return r;
	if (value > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*ret_value = negative ? (int64_t)(0 - value) : (int64_t)value;
	return 0;
}

int text_to_i32(const char *s, int32_t *ret_value)
{
	int64_t value;
	int r = text_to_i64(s, &value);

	if (r < 0)
		return r;
	if (value < INT32_MIN || value > INT32_MAX)
		return -ERANGE;
	*ret_value = (int32_t)value;
	return 0;
}

int text_to_octal(const char *s, uint32_t *ret_value)
{
	uint64_t value;
	int r = whole_number(s, 8, &value);

	if (r < 0)
		return r;
	if (value > UINT32_MAX)
		return -ERANGE;
	*ret_value = (uint32_t)value;
	return 0;
}

int text_to_hex(const char *s, uint64_t *ret_value)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t value = 0;

	if (s[0] == '\0')
		return -EINVAL;
	for (; *s; s++) {
		const char *digit = strchr(digits, *s >= 'A' && *s <= 'F' ? *s | 0x20 : *s);

		if (!digit)
			return -EINVAL;
		if (value >> 60)
			return -ERANGE;
		value = value << 4 | (uint64_t)(digit - digits);
	}
	*ret_value = value;
	return 0;
}

int text_to_size(const char *s, uint64_t *ret_value)
{
	static const char units[] = "kmgtpe";
	enum { PART_MAX = 1000, PART_SHIFT_MAX = 50 }; /* so that a part does not overflow */
	uint64_t value, part = 0, parts = 1;
	unsigned int shift = 0;
	const char *unit;
	int r = take_digits(&s, 10, &value);

	if (r < 0)
		return r;
	if (*s == '.' && s[1] >= '0' && s[1] <= '9')
		for (s++; *s >= '0' && *s <= '9' && parts < PART_MAX; s++, parts *= 10)
			part = 10 * part + (uint64_t)(*s - '0');
	unit = *s ? strchr(units, *s | 0x20) : NULL;
	if (unit) {
		shift = 10 * (unsigned int)(unit - units + 1);
		s++;
		if (s[0] == 'i' && (s[1] | 0x20) == 'b')
			s++;
	}
	if ((*s | 0x20) == 'b')
		s++;
	if (*s || (parts > 1 && (shift == 0 || shift > PART_SHIFT_MAX)))
		return -EINVAL;
	if (value > UINT64_MAX >> shift)
		return -ERANGE;
	*ret_value = (value << shift) + (part << shift) / parts; /* the part is less than one unit: no carry */
	return 0;
}

/* Names of Go's units of time; longer names first where one begins another. */
static const struct {
	const char *name;
	uint64_t ns;
} duration_units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\xc2\xb5s", 1000 }, /* micro sign */
	{ "\xce\xbcs", 1000 }, /* Greek mu */
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", 60 * (uint64_t)1000000000 },
	{ "h", 3600 * (uint64_t)1000000000 },
};

/* The unit at *@s; a bare end means seconds if @first. 0: none. */
static uint64_t take_unit(const char **s, bool first)
{
	size_t i;

	if (!**s)
		return first ? 1000000000 : 0;
	for (i = 0; i < sizeof(duration_units) / sizeof(duration_units[0]); i++) {
		const char *rest = text_after(*s, duration_units[i].name);

		if (rest) {
			*s = rest;
			return duration_units[i].ns;
		}
	}
	return 0;
}

/* Digits after the point as billionths; digits beyond the ninth are dropped, as Go does. */
static int take_fraction(const char **s, uint64_t *ret_billionths)
{
	uint64_t value = 0, weight = 100000000;
	const char *p = *s;

	if (*p != '.') {
		*ret_billionths = 0;
		return 0;
	}
	for (p++; *p >= '0' && *p <= '9'; p++, weight /= 10)
		value += weight * (uint64_t)(*p - '0');
	if (p == *s + 1)
		return -EINVAL;
	*s = p;
	*ret_billionths = value;
	return 0;
}

int text_to_duration(const char *s, uint64_t *ret_ns)
{
	uint64_t total = 0, value, billionths, unit, part;
	bool first = true;
	int r;

	do {
		r = take_digits(&s, 10, &value);
		if (r < 0)
			return r;
		r = take_fraction(&s, &billionths);
		if (r < 0)
			return r;
		unit = take_unit(&s, first);
		if (!unit)
			return -EINVAL;
		if (__builtin_mul_overflow(value, unit, &part) || __builtin_add_overflow(total, part, &total))
			return -ERANGE;
		/* a unit is at most an hour: 3.6e12, so the product below needs 128 bits */
		part = (uint64_t)((unsigned __int128)billionths * unit / 1000000000);
		if (__builtin_add_overflow(total, part, &total))
			return -ERANGE;
		first = false;
	} while (*s);
	*ret_ns = total;
	return 0;
}

CHILD bool text_equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

CHILD const char *text_after(const char *s, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(s, prefix, length) == 0 ? s + length : NULL;
}

CHILD char *text_from_u64(char *buffer, uint64_t value)
{
	char digits[TEXT_NUMBER_MAX];
	size_t n = 0, i;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	for (i = 0; i < n; i++)
		buffer[i] = digits[n - 1 - i];
	buffer[n] = '\0';
	return buffer;
}

CHILD struct text text_on(char *buffer, size_t size)
{
	buffer[0] = '\0';
	return (struct text){ .data = buffer, .size = size };
}

CHILD void text_add(struct text *t, const char *s)
{
	size_t length = strlen(s), room = t->size - 1 - t->length;

	if (length > room) {
		length = room;
		t->cut = true;
	}
	memcpy(t->data + t->length, s, length);
	t->length += length;
	t->data[t->length] = '\0';
}

void text_addf(struct text *t, const char *format, ...)
{
	size_t room = t->size - t->length;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(t->data + t->length, room, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= room) {
		t->cut = true;
		length = length < 0 ? 0 : (int)room - 1;
	}
	t->length += (size_t)length;
	t->data[t->length] = '\0';
}

size_t text_utf8_length(const unsigned char *s)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length, i;

	if (s[0] < 0x80)
		return 1;
	length = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : s[0] >= 0xe0 && s[0] <= 0xef ? 3 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	for (i = 1; i < length; i++, low = 0x80, high = 0xbf)
		if (s[i] < low || s[i] > high)
			return 0;
	return length;
}

void text_unescape_octal(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}
