/* A unit test is a main() that calls RUN(function) and returns unit_done(); it speaks TAP. */
#ifndef UNIT_H
#define UNIT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int unit_count, unit_failures;
static bool unit_failed;

/* fail the running test, and go on */
#define CHECK(condition)                                                                  \
	do {                                                                              \
		if (!(condition)) {                                                       \
			unit_failed = true;                                               \
			printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
		}                                                                         \
	} while (0)

#define CHECK_STRING(got, wanted)                                                                         \
	do {                                                                                              \
		const char *unit_g = (got), *unit_w = (wanted);                                           \
		if (!unit_g || strcmp(unit_g, unit_w) != 0) {                                             \
			unit_failed = true;                                                               \
			printf("# %s:%d: got '%s', wanted '%s'\n", __FILE__, __LINE__, unit_g ? unit_g : "(null)", unit_w); \
		}                                                                                         \
	} while (0)

#define RUN(function)                                                                            \
	do {                                                                                     \
		unit_failed = false;                                                             \
		function();                                                                      \
		unit_failures += unit_failed;                                                    \
		printf("%sok %d - %s\n", unit_failed ? "not " : "", ++unit_count, #function); \
	} while (0)

/* the running machine cannot do it */
#define SKIP(function, reason) printf("ok %d - %s # SKIP %s\n", ++unit_count, #function, reason)

static int unit_done(void)
{
	printf("1..%d\n", unit_count);
	return unit_failures != 0;
}

#endif
