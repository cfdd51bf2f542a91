/* Messages: what the cause's number adds to them. */
#include "unit.h"

#include <errno.h>

#include "base/error.h"

static void test_cause(void)
{
	struct error e = { 0 };

	CHECK(fail(&e, -ENOENT, "cannot open '%s'", "x") == -1 && e.errnum == ENOENT);
	CHECK_STRING(e.text, "cannot open 'x': No such file or directory");
	CHECK(fail_wrap(&e, "y") == -1);
	CHECK_STRING(e.text, "y: cannot open 'x': No such file or directory");
}

/* musl has no text for a third of the numbers, some of which the kernel uses: setns(2), mount(2) and resctrl, for example */
static void test_every_error_is_told(void)
{
	static const int rare[] = { EUSERS, EUCLEAN, EREMOTE, ENOTUNIQ, ERFKILL };
	struct error e = { 0 };

	for (int i = 1; i <= EHWPOISON; i++) {
		if (i == 41 || i == 58) /* numbers that Linux leaves out */
			continue;
		if (strstr(error_text(i), "No error information") || strstr(error_text(i), "Unknown error")) {
			unit_failed = true;
			printf("# error %d has no text\n", i);
		}
	}
	for (size_t i = 0; i < sizeof(rare) / sizeof(rare[0]); i++)
		CHECK(fail(&e, rare[i], "x") == -1 && strlen(e.text) > strlen("x: "));
	CHECK_STRING(error_text(524), "ENOTSUPP");
}

int main(void)
{
	RUN(test_cause);
	RUN(test_every_error_is_told);
	return unit_done();
}
