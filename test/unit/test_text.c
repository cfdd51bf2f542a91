/* Numbers, sizes, durations, and texts of fixed size. */
#include <errno.h>
#include <stdint.h>

#include "base/text.h"
#include "unit.h"

static void unsigned_numbers(void)
{
	uint64_t v = 7;
	uint32_t w = 7;

	CHECK(text_to_u64("0", &v) == 0 && v == 0);
	CHECK(text_to_u64("18446744073709551615", &v) == 0 && v == UINT64_MAX);
	CHECK(text_to_u64("18446744073709551616", &v) == -ERANGE && v == UINT64_MAX);
	CHECK(text_to_u64("99999999999999999999999", &v) == -ERANGE);
	CHECK(text_to_u64("99999999999999999999999x", &v) == -EINVAL);
	CHECK(text_to_u64("", &v) == -EINVAL);
	CHECK(text_to_u64("+1", &v) == -EINVAL);
	CHECK(text_to_u64("-1", &v) == -EINVAL);
	CHECK(text_to_u64(" 1", &v) == -EINVAL);
	CHECK(text_to_u64("1 ", &v) == -EINVAL);
	CHECK(text_to_u64("0x1", &v) == -EINVAL);
	CHECK(text_to_u32("4294967295", &w) == 0 && w == UINT32_MAX);
	CHECK(text_to_u32("4294967296", &w) == -ERANGE && w == UINT32_MAX);
}

static void signed_numbers(void)
{
	int64_t v = 7;
	int32_t w = 7;

	CHECK(text_to_i64("-9223372036854775808", &v) == 0 && v == INT64_MIN);
	CHECK(text_to_i64("9223372036854775807", &v) == 0 && v == INT64_MAX);
	CHECK(text_to_i64("9223372036854775808", &v) == -ERANGE);
	CHECK(text_to_i64("-9223372036854775809", &v) == -ERANGE);
	CHECK(text_to_i64("-", &v) == -EINVAL);
	CHECK(text_to_i64("--1", &v) == -EINVAL);
	CHECK(text_to_i32("-2147483648", &w) == 0 && w == INT32_MIN);
	CHECK(text_to_i32("2147483648", &w) == -ERANGE);
	CHECK(text_to_i32("-1", &w) == 0 && w == -1);
}

static void octal_numbers(void)
{
	uint32_t v = 7;

	CHECK(text_to_octal("755", &v) == 0 && v == 0755);
	CHECK(text_to_octal("0644", &v) == 0 && v == 0644);
	CHECK(text_to_octal("8", &v) == -EINVAL);
	CHECK(text_to_octal("", &v) == -EINVAL);
	CHECK(text_to_octal("777777777777777", &v) == -ERANGE);
}

static void sizes(void)
{
	uint64_t v = 7;

	CHECK(text_to_size("12", &v) == 0 && v == 12);
	CHECK(text_to_size("12b", &v) == 0 && v == 12);
	CHECK(text_to_size("1k", &v) == 0 && v == 1024);
	CHECK(text_to_size("3MB", &v) == 0 && v == 3u << 20);
	CHECK(text_to_size("3MiB", &v) == 0 && v == 3u << 20);
	CHECK(text_to_size("2g", &v) == 0 && v == (uint64_t)2 << 30);
	CHECK(text_to_size("1T", &v) == 0 && v == (uint64_t)1 << 40);
	CHECK(text_to_size("17179869184g", &v) == -ERANGE);
	CHECK(text_to_size("1.5g", &v) == 0 && v == (uint64_t)3 << 29);
	CHECK(text_to_size("0.125kb", &v) == 0 && v == 128);
	CHECK(text_to_size("1.999p", &v) == 0 && v == ((uint64_t)1 << 50) + ((uint64_t)999 << 50) / 1000);
	CHECK(text_to_size("1.5", &v) == -EINVAL); /* of a byte */
	CHECK(text_to_size("1.g", &v) == -EINVAL);
	CHECK(text_to_size("1.2345g", &v) == -EINVAL);
	CHECK(text_to_size("1.5e", &v) == -EINVAL);
	CHECK(text_to_size("1x", &v) == -EINVAL);
	CHECK(text_to_size("1kx", &v) == -EINVAL);
	CHECK(text_to_size("1ki", &v) == -EINVAL);
	CHECK(text_to_size("k", &v) == -EINVAL);
	CHECK(text_to_size("-1k", &v) == -EINVAL);
}

static void durations(void)
{
	uint64_t v = 7;

	CHECK(text_to_duration("5s", &v) == 0 && v == 5000000000);
	CHECK(text_to_duration("10", &v) == 0 && v == 10000000000);
	CHECK(text_to_duration("250ms", &v) == 0 && v == 250000000);
	CHECK(text_to_duration("1m30s", &v) == 0 && v == 90000000000);
	CHECK(text_to_duration("1.5h", &v) == 0 && v == 5400000000000);
	CHECK(text_to_duration("0.5", &v) == 0 && v == 500000000);
	CHECK(text_to_duration("7us", &v) == 0 && v == 7000);
	CHECK(text_to_duration("7\xc2\xb5s", &v) == 0 && v == 7000);
	CHECK(text_to_duration("3ns", &v) == 0 && v == 3);
	CHECK(text_to_duration("", &v) == -EINVAL);
	CHECK(text_to_duration("1m30", &v) == -EINVAL);
	CHECK(text_to_duration("1.s", &v) == -EINVAL);
	CHECK(text_to_duration("s", &v) == -EINVAL);
	CHECK(text_to_duration("-1s", &v) == -EINVAL);
	CHECK(text_to_duration("99999999999999h", &v) == -ERANGE);
}

static void number_to_text(void)
{
	char buffer[TEXT_NUMBER_MAX];

	CHECK_STRING(text_from_u64(buffer, 0), "0");
	CHECK_STRING(text_from_u64(buffer, 1234567890), "1234567890");
	CHECK_STRING(text_from_u64(buffer, UINT64_MAX), "18446744073709551615");
}

static void fixed_text(void)
{
	char buffer[8];
	struct text t = text_on(buffer, sizeof(buffer));

	CHECK_STRING(buffer, "");
	text_add(&t, "abc");
	text_addf(&t, "%d", 12);
	CHECK_STRING(buffer, "abc12");
	CHECK(!t.cut && t.length == 5);
	text_add(&t, "de");
	CHECK(!t.cut);
	text_add(&t, "");
	CHECK(!t.cut);
	text_add(&t, "f");
	CHECK(t.cut && t.length == 7);
	CHECK_STRING(buffer, "abc12de");
	t = text_on(buffer, sizeof(buffer));
	text_addf(&t, "%s", "0123456789");
	CHECK(t.cut && t.length == 7);
	CHECK_STRING(buffer, "0123456");
	text_addf(&t, "x");
	CHECK_STRING(buffer, "0123456");
}

static void prefixes(void)
{
	CHECK_STRING(text_after("syslog:x", "syslog:"), "x");
	CHECK(text_after("sys", "syslog:") == NULL);
	CHECK(text_equal("a", "a") && !text_equal("a", "ab"));
}

static void octal_escapes(void)
{
	char escaped[] = "/a\\040b\\134\\12x\\377\\", none[] = "";

	text_unescape_octal(escaped);
	CHECK_STRING(escaped, "/a b\\\\12x\377\\");
	text_unescape_octal(none);
	CHECK_STRING(none, "");
}

int main(void)
{
	RUN(unsigned_numbers);
	RUN(signed_numbers);
	RUN(octal_numbers);
	RUN(sizes);
	RUN(durations);
	RUN(number_to_text);
	RUN(fixed_text);
	RUN(prefixes);
	RUN(octal_escapes);
	return unit_done();
}
