/*
 * Build-time program: prints src/generated/sandbox_programs.c, the sandbox's default system-call profiles as programs for seccomp(2). Compiling one when a
 * sandbox starts would take a tenth of a millisecond; test_sandbox_profile compares what is built in with what the compiler says.
 */
#include <stdio.h>

#include "aspect/seccomp_bpf.h"
#include "spec/sandbox_profile.h"

/* the profile points to them */
const struct seccomp_ready sandbox_programs[SANDBOX_PROFILES];

int main(void)
{
	size_t lengths[SANDBOX_PROFILES];
	struct error error = { 0 };
	struct arena arena;

	if (arena_init(&arena) < 0)
		return 1;
	puts("/* made by tools/gen_profile.c from src/spec/sandbox_profile.c */\n#include \"spec/sandbox_profile.h\"\n");
	for (unsigned int flags = 0; flags < SANDBOX_PROFILES; flags++) {
		struct seccomp_program program;
		struct seccomp *profile;

		sandbox_profile(&arena, flags, &profile);
		if (seccomp_compile(&arena, &error, profile, SECCOMP_ARCH_NATIVE, SECCOMP_UNKNOWN_FAILS, &program) < 0) {
			fprintf(stderr, "gen_profile: %s\n", error.text);
			return 1;
		}
		lengths[flags] = program.n;
		printf("static const struct sock_filter program_%u[] = {\n", flags);
		for (size_t i = 0; i < program.n; i++)
			printf("\t{ 0x%02x, %u, %u, 0x%x },\n", program.filter[i].code, program.filter[i].jt, program.filter[i].jf, program.filter[i].k);
		puts("};\n");
	}
	puts("const struct seccomp_ready sandbox_programs[SANDBOX_PROFILES] = {");
	for (unsigned int flags = 0; flags < SANDBOX_PROFILES; flags++)
		printf("\t{ program_%u, %zu },\n", flags, lengths[flags]);
	puts("};");
	arena_deinit(&arena);
	return ferror(stdout) || fflush(stdout) != 0;
}
