/*
 * gen_errno MACROS: print src/generated/error_names.c, the errors for which the C library that hull is linked with has no text (see src/base/error.h).
 *
 * Runs at build time. MACROS is what the preprocessor makes of <errno.h> ("#define EPERM 1" and so on), so that the names and numbers are the target's.
 */
#include <stdio.h>
#include <string.h>

/* of the kernel's own, in no header of user space, though system calls return it now and then (include/linux/errno.h) */
enum { ENOTSUPP = 524, NO_ERROR = 9999 };

/* Whether the C library says of this number what it says of one that does not exist. */
static int has_no_text(int errnum)
{
	const char *text;
	char none[128];

	(void)snprintf(none, sizeof(none), "%s", strerror(NO_ERROR)); /* the next call may use the same memory; cut is fine */
	text = strerror(errnum);
	return strcmp(text, none) == 0 || strncmp(text, "Unknown error", 13) == 0;
}

int main(int argc, char **argv)
{
	FILE *macros = argc == 2 ? fopen(argv[1], "r") : NULL;
	char line[512], name[32];
	int errnum;

	if (!macros) {
		fprintf(stderr, "usage: gen_errno MACROS\n");
		return 1;
	}
	puts("/* made by tools/gen_errno.c */\n#include \"base/error.h\"\n\nconst struct error_name error_names[] = {");
	while (fgets(line, sizeof(line), macros))
		if (sscanf(line, "#define %31[A-Z0-9] %d", name, &errnum) == 2 && name[0] == 'E' && has_no_text(errnum))
			printf("\t{ %d, \"%s\" },\n", errnum, name);
	printf("\t{ %d, \"ENOTSUPP\" },\n\t{ 0 },\n};\n", ENOTSUPP);
	return ferror(macros) || fclose(macros) != 0 || ferror(stdout) || fflush(stdout) != 0;
}
