/*
 * Fuzz the seccomp compiler (libFuzzer). The input is linux.seccomp as a JSON text; whatever the compiler accepts must be a program that the kernel's
 *checker (kernel/seccomp.c, seccomp_check_filter) would take, must decide every call, and must not look at arguments where no rule has conditions.
 * Seeds: test/data/seccomp.
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -std=gnu17 -Ulinux -D_GNU_SOURCE -Isrc -Itest/unit test/fuzz/fuzz_seccomp.c
 *build/src/generated/seccomp_table.c build/src/generated/error_names.c \ src/aspect/seccomp_{bpf,code,rules}.c src/base/{arena,error,text}.c src/base/json*.c
 *src/spec/{fields,oci,check}*.c src/spec/{mountopt,names}.c
 */
#include <stdlib.h>
#include <string.h>

#include "aspect/seccomp_bpf.h"
#include "base/json.h"
#include "seccomp_random.h"
#include "spec/oci.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

/* every jump forward and inside, every path ends in a return */
static void check_program(const struct sock_filter *filter, size_t n)
{
	demand(n > 0 && n <= BPF_MAXINSNS);
	for (size_t i = 0; i < n; i++) {
		const struct sock_filter *f = &filter[i];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			demand(f->k % 4 == 0 && f->k < sizeof(struct seccomp_data) && i + 1 < n);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			demand(i + 1 < n);
			break;
		case BPF_JMP | BPF_JA:
			demand(f->k < n - i - 1);
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
			demand(i + 1u + f->jt < n && i + 1u + f->jf < n);
			break;
		default:
			demand(f->code == (BPF_RET | BPF_K));
		}
	}
}

static void compile(struct arena *arena, const struct seccomp *s)
{
	static const enum seccomp_arch natives[] = { ARCH_X86_64, ARCH_AARCH64, ARCH_S390X };
	static const uint32_t audits[] = { 0xc000003e, 0x40000003, 0xc00000b7, 0x40000028, 0x80000016, 0x16, 0 };
	struct seccomp_program program;
	struct error e = { 0 };
	uint64_t steps = 0;

	for (size_t i = 0; i < sizeof(natives) / sizeof(natives[0]); i++) {
		if (seccomp_compile(arena, &e, s, natives[i], (unsigned int)i & SECCOMP_UNKNOWN_FAILS, &program) < 0) {
			demand(e.text[0]);
			continue;
		}
		check_program(program.filter, program.n);
		for (unsigned int k = 0; k < 700; k++) {
			struct call call = { .audit = audits[k % 7], .number = k * 1103515245u >> k % 23, .args = { k, k << 9, ~(uint64_t)k } };

			call_encode(&call, i == 2);
			demand(bpf_run(program.filter, program.n, &call, &steps) != 0xdeadbeef);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] = "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"/\"},\"linux\":{\"seccomp\":";
	struct arena arena = { 0 };
	struct error e = { 0 };
	const struct json *document;
	struct spec spec;
	char *text;

	if (size > JSON_SIZE_MAX / 2 || arena_init(&arena) < 0)
		return 0;
	text = arena_printf(&arena, "%s%.*s}}", head, (int)size, (const char *)data);
	if (json_parse(&arena, &e, "input", text, strlen(text), &document) == 0 && spec_read(&arena, &e, document, &spec) == 0 && spec.linux.seccomp)
		compile(&arena, spec.linux.seccomp);
	arena_deinit(&arena);
	return 0;
}
