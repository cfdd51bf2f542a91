/* The seccomp compiler: the tables, what a filter decides (in an interpreter), limits and errors. */
#include "aspect/seccomp_bpf.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "aspect/seccomp_table.h"
#include "base/scope.h"
#include "seccomp_profile.h"
#include "seccomp_random.h"

#define DENY(number) (SECCOMP_RET_ERRNO | (number))

/* n 0: it was refused, error says why */
static struct seccomp_program compile_for(const char *json, enum seccomp_arch native, unsigned int flags)
{
	struct seccomp_program program = { 0 };
	const struct seccomp *s = profile(json);

	if (s && seccomp_compile(&arena, &error, s, native, flags, &program) < 0)
		program.n = 0;
	return program;
}

static struct seccomp_program compile(const char *json)
{
	return compile_for(json, ARCH_X86_64, 0);
}

static uint32_t decide(const struct seccomp_program *p, uint32_t audit, uint32_t number, uint64_t a, uint64_t b, uint64_t c)
{
	struct call call = { .audit = audit, .number = number, .args = { a, b, c } };
	uint64_t steps = 0;

	call_encode(&call, !(audit & __AUDIT_ARCH_LE));
	return bpf_run(p->filter, p->n, &call, &steps);
}

#define X64(program, number) decide(&(program), AUDIT_ARCH_X86_64, (number), 0, 0, 0)

/* ---- the tables ---- */

static void tables_are_whole(void)
{
	CHECK(syscall_n_names > 450);
	for (size_t i = 0; i < syscall_n_names; i++) {
		CHECK(seccomp_syscall_id(syscall_pool + syscall_name_at[i]) == (int)i);
		CHECK(i == 0 || strcmp(syscall_pool + syscall_name_at[i - 1], syscall_pool + syscall_name_at[i]) < 0);
	}
	CHECK(seccomp_syscall_id("no_such_call") < 0 && seccomp_syscall_id("") < 0);
	for (size_t arch = 0; arch < ARCH_MAX; arch++)
		for (size_t i = 1; i < syscall_arches[arch].n; i++)
			CHECK(SYSCALL_NUMBER(syscall_arches[arch].calls[i - 1]) < SYSCALL_NUMBER(syscall_arches[arch].calls[i]));
	CHECK(syscall_arches[ARCH_X86_64].n > 350 && syscall_arches[ARCH_X86].n > 400 && syscall_arches[ARCH_X32].n > 330);
	CHECK(syscall_arches[ARCH_AARCH64].n > 300 && syscall_arches[ARCH_S390X].n > 330 && syscall_arches[ARCH_RISCV64].n > 300);
}

static void names_have_numbers(void)
{
	struct seccomp_program p = compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],"
					   "\"syscalls\":[{\"names\":[\"openat2\",\"rt_sigaction\",\"statmount\"],\"action\":\"SCMP_ACT_ERRNO\"}]}");

	CHECK(X64(p, 437) == DENY(EPERM) && X64(p, 436) == SECCOMP_RET_ALLOW && X64(p, 438) == SECCOMP_RET_ALLOW);
	CHECK(X64(p, 13) == DENY(EPERM) && X64(p, 0x40000000 + 13) == SECCOMP_RET_ALLOW && X64(p, 0x40000000 + 512) == DENY(EPERM));
	CHECK(decide(&p, AUDIT_ARCH_I386, 174, 0, 0, 0) == DENY(EPERM) && decide(&p, AUDIT_ARCH_I386, 13, 0, 0, 0) == SECCOMP_RET_ALLOW);
	CHECK(X64(p, 457) == DENY(EPERM)); /* newer than libseccomp 2.5.4 */
}

/* ---- decisions ---- */

static void engines_default_profile(void)
{
	struct seccomp_program p = compile(podman_default());
	const uint32_t arches[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386 };

	CHECK(p.n > 100 && p.n < 700);
	printf("# %zu instructions\n", p.n);
	CHECK(X64(p, SYS_read) == SECCOMP_RET_ALLOW && X64(p, SYS_execve) == SECCOMP_RET_ALLOW && X64(p, SYS_openat2) == SECCOMP_RET_ALLOW);
	CHECK(X64(p, SYS_kexec_load) == DENY(EPERM) && X64(p, SYS_bpf) == DENY(EPERM) && X64(p, SYS_chroot) == SECCOMP_RET_ALLOW);
	CHECK(X64(p, 9999) == DENY(ENOSYS) && X64(p, 0x40000000 + 9999) == DENY(ENOSYS));
	CHECK(X64(p, 0x40000000) == SECCOMP_RET_ALLOW);
	CHECK(decide(&p, AUDIT_ARCH_I386, 3, 0, 0, 0) == SECCOMP_RET_ALLOW);
	CHECK(decide(&p, AUDIT_ARCH_AARCH64, 3, 0, 0, 0) == SECCOMP_RET_KILL_THREAD);
	for (size_t i = 0; i < 2; i++) {
		uint32_t number = i == 0 ? SYS_personality : 136;

		CHECK(decide(&p, arches[i], number, 0, 0, 0) == SECCOMP_RET_ALLOW && decide(&p, arches[i], number, 8, 0, 0) == SECCOMP_RET_ALLOW);
		CHECK(decide(&p, arches[i], number, 0x20008, 0, 0) == SECCOMP_RET_ALLOW &&
			decide(&p, arches[i], number, 0xffffffff, 0, 0) == SECCOMP_RET_ALLOW);
		CHECK(decide(&p, arches[i], number, 9, 0, 0) == DENY(ENOSYS));
	}
	CHECK(decide(&p, AUDIT_ARCH_X86_64, SYS_personality, 0x100000000, 0, 0) == DENY(ENOSYS)); /* 64 bits count */
	CHECK(decide(&p, AUDIT_ARCH_X86_64, SYS_socket, 16, 3, 9) == DENY(EINVAL) &&
		decide(&p, AUDIT_ARCH_X86_64, SYS_socket, 16, 3, 0) == SECCOMP_RET_ALLOW);
	CHECK(decide(&p, AUDIT_ARCH_X86_64, SYS_socket, 2, 1, 9) == SECCOMP_RET_ALLOW);
}

/* Runs a program as the kernel's bitmap builder does: what it cannot decide by architecture and number alone is not cached. */
static bool needs_arguments(const struct seccomp_program *p, uint32_t audit, uint32_t number)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < p->n; pc++) {
		const struct sock_filter *f = &p->filter[pc];

		if (f->code == (BPF_LD | BPF_W | BPF_ABS)) {
			if (f->k >= 8)
				return true;
			a = f->k == 0 ? number : audit;
		} else if (f->code == (BPF_JMP | BPF_JEQ | BPF_K)) {
			pc += a == f->k ? f->jt : f->jf;
		} else if (f->code == (BPF_JMP | BPF_JGE | BPF_K)) {
			pc += a >= f->k ? f->jt : f->jf;
		} else if (f->code == (BPF_JMP | BPF_JA)) {
			pc += f->k;
		} else {
			return f->code != (BPF_RET | BPF_K);
		}
	}
	return true;
}

static void hot_calls_need_no_arguments(void)
{
	struct seccomp_program p = compile(podman_default());

	for (uint32_t number = 0; number < 500; number++)
		CHECK(needs_arguments(&p, AUDIT_ARCH_X86_64, number) == (number == SYS_personality || number == SYS_socket));
}

static void comparisons_have_64_bits(void)
{
	static const struct {
		const char *op;
		uint64_t value, two, argument;
		bool holds;
	} cases[] = {
		{ "EQ", 0x100000005, 0, 0x100000005, true }, { "EQ", 0x100000005, 0, 5, false }, { "NE", 0x100000005, 0, 5, true },
		{ "NE", 5, 0, 5, false }, { "GT", 0x100000005, 0, 0x100000006, true }, { "GT", 0x100000005, 0, 0x100000005, false },
		{ "GT", 5, 0, 0x200000000, true }, { "GT", 0x200000000, 0, 0xffffffff, false }, { "GE", 0x100000005, 0, 0x100000005, true },
		{ "GE", 0x100000005, 0, 0x100000004, false }, { "LT", 0x100000005, 0, 0x100000004, true },
		{ "LT", 0x100000005, 0, 0x200000000, false }, { "LE", 0x100000005, 0, 0x100000005, true },
		{ "LE", 0x100000005, 0, 0x100000006, false }, { "LT", 1, 0, UINT64_MAX, false }, { "GT", 1, 0, UINT64_MAX, true }, /* unsigned */
		{ "MASKED_EQ", 0xff00000000, 0x500000000, 0x5ffffffff, true }, { "MASKED_EQ", 0xff00000000, 0x500000000, 0x6ffffffff, false },
		{ "MASKED_EQ", 0xf, 0x15, 5, true }, /* bits beyond the mask do not count, as in libseccomp */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seccomp_program p = compile(arena_printf(&arena,
			"{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[{\"index\":1,"
			"\"value\":%llu,"
			"\"valueTwo\":%llu,\"op\":\"SCMP_CMP_%s\"}]}]}",
			(unsigned long long)cases[i].value, (unsigned long long)cases[i].two, cases[i].op));

		if ((decide(&p, AUDIT_ARCH_X86_64, 0, 7, cases[i].argument, 7) == SECCOMP_RET_TRAP) != cases[i].holds) {
			printf("# case %zu: %s\n", i, cases[i].op);
			CHECK(false);
		}
	}
}

/* ENOSYS above the largest number that the profile names, for listed architectures, unless the default permits */
static void new_calls_do_not_exist(void)
{
	static const char rules[] = "\"syscalls\":[{\"names\":[\"read\",\"openat2\"],\"action\":\"SCMP_ACT_ALLOW\"}]}";
	struct seccomp_program listed =
		compile(arena_printf(&arena, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\"],%s", rules));
	struct seccomp_program implied = compile(arena_printf(&arena, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",%s", rules));
	struct seccomp_program logged =
		compile(arena_printf(&arena, "{\"defaultAction\":\"SCMP_ACT_LOG\",\"architectures\":[\"SCMP_ARCH_X86_64\"],%s", rules));

	CHECK(X64(listed, 437) == SECCOMP_RET_ALLOW && X64(listed, 438) == DENY(ENOSYS) && X64(listed, 436) == DENY(EPERM));
	CHECK(X64(listed, 0x40000000) == SECCOMP_RET_KILL_THREAD && X64(listed, UINT32_MAX) == DENY(EPERM));
	CHECK(X64(implied, 438) == DENY(EPERM) && X64(logged, 438) == SECCOMP_RET_LOG);
	CHECK(decide(&listed, AUDIT_ARCH_I386, 3, 0, 0, 0) == SECCOMP_RET_KILL_THREAD);
}

static void first_unconditional_rule_decides(void)
{
	struct seccomp_program p = compile(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":7,\"syscalls\":["
		"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]},"
		"{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":99},"
		"{\"names\":[\"close\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":99},{\"names\":[\"write\"],\"action\":\"SCMP_ACT_ERRNO\","
		"\"errnoRet\":7},"
		"{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_GE\"},{\"index\":0,"
		"\"value\":9,"
		"\"op\":\"SCMP_CMP_LE\"}]}]}");

	CHECK(decide(&p, AUDIT_ARCH_X86_64, SYS_read, 1, 0, 0) == SECCOMP_RET_ALLOW);
	CHECK(X64(p, SYS_write) == SECCOMP_RET_ALLOW && X64(p, SYS_close) == (SECCOMP_RET_TRACE | 99) && X64(p, SYS_open) == DENY(7));
	CHECK(decide(&p, AUDIT_ARCH_X86_64, SYS_dup, 100, 0, 0) == DENY(EPERM)); /* one argument twice: each condition is a rule */
}

/* what several clauses or calls test is tested once, and each still gets its own answer */
static void tests_are_shared(void)
{
	static const char one[] = "\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":1}]",
			  one_low[] = "\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_MASKED_EQ\",\"value\":4294967295,\"valueTwo\":1}]";
	char text[4096];
	struct seccomp_program p, q;

	(void)snprintf(text, sizeof(text), "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",%s},"
		"{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_TRAP\",%s}]}", one, one_low);
	p = compile(text);
	CHECK(decide(&p, AUDIT_ARCH_X86_64, SYS_socket, 1, 0, 0) != DENY(EPERM) && decide(&p, AUDIT_ARCH_X86_64, SYS_socket, 1ull << 32 | 1, 0, 0) == SECCOMP_RET_TRAP);
	(void)snprintf(text, sizeof(text), "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"],\"syscalls\":[{\"names\":[\"personality\"],"
		"\"action\":\"SCMP_ACT_ALLOW\",%s}]}", one_low);
	p = compile(text);
	(void)snprintf(text, sizeof(text), "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"],\"syscalls\":[{\"names\":[\"personality\"],"
		"\"action\":\"SCMP_ACT_ALLOW\",%s}]}", one);
	q = compile(text);
	CHECK(p.n < q.n); /* the high half counts on one architecture alone: two pieces of code */
	for (uint64_t high = 0; high < 2; high++) {
		uint64_t argument = high << 32 | 1;

		CHECK(decide(&p, AUDIT_ARCH_X86_64, SYS_personality, argument, 0, 0) == SECCOMP_RET_ALLOW);
		CHECK(decide(&p, AUDIT_ARCH_I386, 136, argument, 0, 0) == SECCOMP_RET_ALLOW && decide(&q, AUDIT_ARCH_I386, 136, argument, 0, 0) == SECCOMP_RET_ALLOW);
		CHECK(decide(&q, AUDIT_ARCH_X86_64, SYS_personality, argument, 0, 0) == (high ? DENY(EPERM) : SECCOMP_RET_ALLOW));
	}
}

static void no_syscalls_at_all(void)
{
	struct seccomp_program p = compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}"),
			       k = compile("{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"syscalls\":[]}");

	CHECK(X64(p, 0) == SECCOMP_RET_ALLOW && X64(p, 5000) == SECCOMP_RET_ALLOW && X64(p, UINT32_MAX) == SECCOMP_RET_ALLOW);
	CHECK(X64(p, 0x40000001) == SECCOMP_RET_KILL_THREAD && X64(k, 39) == SECCOMP_RET_KILL_PROCESS);
}

/* ---- limits ---- */

static void long_jumps_arrive(void)
{
	struct seccomp_program p = compile(large_profile(900));

	printf("# %zu instructions\n", p.n);
	CHECK(p.n > 3000 && p.n <= BPF_MAXINSNS);
	for (unsigned int i = 0; i < 900; i++) {
		struct call call = { .audit = AUDIT_ARCH_X86_64, .number = (uint32_t[]){ 0, 1, 3, 41, 16 }[i % 5] };
		uint64_t steps = 0;

		call.args[i % 6] = (i + 1ull) << 32 | i;
		call_encode(&call, false);
		CHECK(bpf_run(p.filter, p.n, &call, &steps) == SECCOMP_RET_ALLOW);
		call.args[i % 6]++;
		call_encode(&call, false);
		CHECK(bpf_run(p.filter, p.n, &call, &steps) == DENY(EPERM));
	}
}

static void too_long_is_said(void)
{
	CHECK(compile(large_profile(1500)).n == 0);
	CHECK_STRING(error.text, "linux.seccomp.syscalls: the filter is longer than 4096 instructions");
	CHECK(compile(large_profile(4200)).n == 0);
	CHECK(strstr(error.text, "conditional rules"));
}

static void errors_name_the_place(void)
{
	static const char unknown[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\",\"frobnicate\"],\"action\":\"SCMP_ACT_ERRNO\"}]}";

	CHECK(compile(unknown).n > 0);
	CHECK(compile_for(unknown, ARCH_X86_64, SECCOMP_UNKNOWN_FAILS).n == 0);
	CHECK_STRING(error.text, "linux.seccomp.syscalls[0].names[1]: unknown system call 'frobnicate'");
	CHECK(compile("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"errnoRet\":1}]}")
			.n == 0);
	CHECK_STRING(error.text, "linux.seccomp.syscalls[0].errnoRet: action 'SCMP_ACT_ALLOW' takes no error number");
	CHECK(compile("{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"defaultErrnoRet\":1}").n == 0);
	CHECK_STRING(error.text, "linux.seccomp.defaultErrnoRet: action 'SCMP_ACT_KILL_PROCESS' takes no error number");
	CHECK(compile_for("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}", ARCH_M68K, 0).n == 0);
	CHECK(strstr(error.text, "SCMP_ARCH_M68K"));
}

int main(void)
{
	if (arena_init(&arena) < 0)
		return 1;
	RUN(tables_are_whole);
	RUN(names_have_numbers);
	RUN(engines_default_profile);
	RUN(hot_calls_need_no_arguments);
	RUN(comparisons_have_64_bits);
	RUN(new_calls_do_not_exist);
	RUN(first_unconditional_rule_decides);
	RUN(tests_are_shared);
	RUN(no_syscalls_at_all);
	RUN(long_jumps_arrive);
	RUN(too_long_is_said);
	RUN(errors_name_the_place);
	return unit_done();
}
