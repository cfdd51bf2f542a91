/* The error value: one line of prose and the errno it came from. It lives in the caller's context. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum { ERROR_TEXT_MAX = 1024 };

/* the errors for which this C library has no text: the table is made when hull is built (tools/gen_errno.c), and ends with the number 0 */
struct error_name {
	int errnum;
	const char *name;
};
extern const struct error_name error_names[];

/**
 * error_text - strerror(), and the name of the error ("EUSERS") where the C library has no text for it: musl's knows no more than POSIX does.
 */
const char *error_text(int errnum);

/*
 * @errnum: the errno of the cause, 0 when the cause is not a system call's
 * @exit_code: what the command line exits with, 0: its default
 * @text: "cannot open '/x': No such file or directory"; empty: no error
 */
struct error {
	int errnum;
	int exit_code;
	char text[ERROR_TEXT_MAX];
};

/**
 * fail - record an error at its origin.
 * @e: where; an error already there is replaced.
 * @errnum: 0, or an errno (positive, or the -errno that base/ returned); its text is appended after ": ".
 * @format: printf format of the message: no capital, no full stop, subjects quoted.
 * Return: -1, so that a caller may write return fail(...).
 */
int fail(struct error *e, int errnum, const char *format, ...) __attribute__((format(printf, 3, 4)));

/**
 * fail_wrap - put a fact before the error that is already there: "FACT: ERROR".
 * @e: a recorded error.
 * @format: printf format of the fact.
 * Return: -1.
 */
int fail_wrap(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * fail_exit - like fail(), and say which code the command line exits with.
 * @exit_code: 1..255, for example 127 for a program that was not found.
 * Return: -1.
 */
int fail_exit(struct error *e, int exit_code, int errnum, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
