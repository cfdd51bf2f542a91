/* What a JSON value says: members by name, exact integers. */
#include "base/json.h"

#include <errno.h>
#include <string.h>

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

const struct json *json_get(const struct json *object, const char *key)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json *m = object->first; m; m = m->next)
		if (strcmp(m->key, key) == 0)
			return m;
	return NULL;
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",	  [JSON_BOOL] = "a boolean",  [JSON_NUMBER] = "a number",
		[JSON_STRING] = "a string", [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object",
	};

	return names[type];
}

/*
 * A number's magnitude, exactly.
 *
 * Digits are taken in without regard to the point; zeros wait until a digit follows them, so that those at the end cost nothing and only move the
 * exponent. What is left with a negative exponent then is no integer.
 */
static int read_integer(const char *s, bool *ret_negative, uint64_t *ret_value)
{
	enum { EXPONENT_MAX = 100000000 }; /* far above what 1 MiB of digits can compensate */
	bool negative = *s == '-', fraction = false, negative_exponent, overflow = false;
	int64_t exponent = 0, shift = 0;
	uint64_t value = 0;
	size_t zeros = 0;

	for (s += negative; is_digit(*s) || *s == '.'; s++) {
		if (*s == '.') {
			fraction = true;
			continue;
		}
		shift -= fraction;
		if (*s == '0') {
			zeros++;
			continue;
		}
		for (zeros = value || overflow ? zeros + 1 : 0; zeros > 0 && !overflow; zeros--)
			overflow = __builtin_mul_overflow(value, (uint64_t)10, &value);
		overflow = overflow || __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value);
		zeros = 0;
	}
	if (*s == 'e' || *s == 'E') {
		negative_exponent = s[1] == '-';
		for (s += s[1] == '-' || s[1] == '+' ? 2 : 1; is_digit(*s); s++)
			if (exponent < EXPONENT_MAX)
				exponent = exponent * 10 + (*s - '0');
		shift += negative_exponent ? -exponent : exponent;
	}
	shift += (int64_t)zeros;
	if (!value && !overflow)
		shift = 0;
	if (shift < 0)
		return -EINVAL;
	for (; shift > 0 && !overflow; shift--)
		overflow = __builtin_mul_overflow(value, (uint64_t)10, &value);
	if (overflow)
		return -ERANGE;
	*ret_negative = negative && value;
	*ret_value = value;
	return 0;
}

static int read_number(const struct json *number, bool *ret_negative, uint64_t *ret_value)
{
	return number && number->type == JSON_NUMBER ? read_integer(number->text, ret_negative, ret_value) : -EINVAL;
}

int json_to_u64(const struct json *number, uint64_t *ret_value)
{
	uint64_t value;
	bool negative;
	int r = read_number(number, &negative, &value);

	if (r < 0)
		return r;
	if (negative)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int json_to_i64(const struct json *number, int64_t *ret_value)
{
	uint64_t value;
	bool negative;
	int r = read_number(number, &negative, &value);

	if (r < 0)
		return r;
	if (value > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*ret_value = negative ? (int64_t)(0 - value) : (int64_t)value;
	return 0;
}
