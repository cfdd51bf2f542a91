/* The error value: formatting only. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *error_text(int errnum)
{
	const struct error_name *known = error_names;

	while (known->errnum != 0 && known->errnum != errnum)
		known++;
	return known->errnum != 0 ? known->name : strerror(errnum);
}

static void set_text(struct error *, int, const char *, va_list) __attribute__((format(printf, 3, 0)));

static void set_text(struct error *e, int errnum, const char *format, va_list args)
{
	int length;
	size_t used;

	e->errnum = errnum < 0 ? -errnum : errnum;
	length = vsnprintf(e->text, sizeof(e->text), format, args);
	used = length < 0 ? 0 : (size_t)length;
	if (e->errnum != 0 && used < sizeof(e->text))
		(void)snprintf(e->text + used, sizeof(e->text) - used, ": %s", error_text(e->errnum)); /* cut is fine */
}

int fail(struct error *e, int errnum, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	e->exit_code = 0;
	set_text(e, errnum, format, args);
	va_end(args);
	return -1;
}

int fail_exit(struct error *e, int exit_code, int errnum, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_text(e, errnum, format, args);
	e->exit_code = exit_code;
	va_end(args);
	return -1;
}

int fail_wrap(struct error *e, const char *format, ...)
{
	char old[ERROR_TEXT_MAX];
	va_list args;
	int length;
	size_t used;

	memcpy(old, e->text, sizeof(old));
	va_start(args, format);
	length = vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	used = length < 0 ? 0 : (size_t)length;
	for (const char *rest = ": "; used + 1 < sizeof(e->text) && *rest; used++)
		e->text[used] = *rest++;
	for (const char *rest = old; used + 1 < sizeof(e->text) && *rest; used++)
		e->text[used] = *rest++;
	if (used < sizeof(e->text))
		e->text[used] = '\0'; /* a cut message is still a message */
	return -1;
}
