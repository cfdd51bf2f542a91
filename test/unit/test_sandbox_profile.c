/*
 * The sandbox's system-call profile: every call has an entry, the built-in programs are what the compiler makes of the rules, and what they decide is
 * test/data/seccomp/sandbox.golden: every number of x86_64 and ia32, and calls that depend on arguments. UPDATE=1 in the environment writes the file.
 */
#include "spec/sandbox_profile.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/ioprio.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "aspect/seccomp_bpf.h"
#include "aspect/seccomp_table.h"
#include "base/scope.h"
#include "base/text.h"
#include "seccomp_profile.h"
#include "seccomp_random.h"

#define DENY(number) (SECCOMP_RET_ERRNO | (number))

enum { ALLOW = (int)SECCOMP_RET_ALLOW, IA32_CLONE = 120, IA32_SETPRIORITY = 97, IA32_SOCKETCALL = 102, IA32_SOCKET = 359, LINE = 200 };

static uint32_t decide_of(unsigned int flags, uint32_t audit, uint32_t number, uint64_t a, uint64_t b, uint64_t c)
{
	struct call call = { .audit = audit, .number = number, .args = { a, b, c } };
	uint64_t steps = 0;

	call_encode(&call, false);
	return bpf_run(sandbox_programs[flags].filter, sandbox_programs[flags].n, &call, &steps);
}

static uint32_t decide(uint32_t number, uint64_t a, uint64_t b, uint64_t c)
{
	return decide_of(0, AUDIT_ARCH_X86_64, number, a, b, c);
}

/* ---- the tables ---- */

static size_t count_word(const char *words, const char *word)
{
	size_t length = strlen(word), n = 0;

	for (const char *w = words; *w; w += strcspn(w, " "), w += *w == ' ')
		n += strncmp(w, word, length) == 0 && (w[length] == ' ' || !w[length]);
	return n;
}

/* once in one group, or in rules, but not in both */
static void every_call_stands_once(void)
{
	for (size_t i = 0; i < syscall_n_names; i++) {
		const char *name = syscall_pool + syscall_name_at[i];
		size_t n = 0, rules = 0;

		for (size_t k = 0; k < sandbox_n_groups; k++)
			n += count_word(sandbox_groups[k].names, name);
		for (size_t k = 0; k < sandbox_n_rules; k++)
			rules += strcmp(sandbox_rules[k].name, name) == 0;
		if (n + (rules > 0) == 1)
			continue;
		printf("# %s: %zu times\n", name, n + (rules > 0));
		CHECK(false);
	}
}

static void every_refusal_has_a_reason(void)
{
	for (size_t i = 0; i < sandbox_n_groups; i++) {
		CHECK(*sandbox_groups[i].title != '\0');
		CHECK(!sandbox_groups[i].errnum || *sandbox_groups[i].reason != '\0');
	}
	for (size_t i = 0; i < sandbox_n_rules; i++) {
		const struct sandbox_rule *rule = &sandbox_rules[i];

		CHECK(rule->n > 0 && (!rule->what || *rule->what != '\0'));
		CHECK(seccomp_syscall_id(rule->name) >= 0);
		CHECK(rule->what || !rule->reason);
		CHECK(i > 0 || rule->what);
	}
}

/* what the kernel gets is what the rules say, in every variant */
static void programs_are_the_compilers(void)
{
	for (unsigned int flags = 0; flags < SANDBOX_PROFILES; flags++) {
		struct seccomp_program program = { 0 };
		struct seccomp *s;

		sandbox_profile(&arena, flags, &s);
		CHECK(seccomp_compile(&arena, &error, s, SECCOMP_ARCH_NATIVE, SECCOMP_UNKNOWN_FAILS, &program) == 0);
		CHECK(s->ready == &sandbox_programs[flags] && s->syscalls.n > 0);
		CHECK(program.n == s->ready->n && memcmp(program.filter, s->ready->filter, program.n * sizeof(*program.filter)) == 0);
		printf("# %u: %zu instructions\n", flags, program.n);
		CHECK(program.n < 220); /* loading costs time at every start */
		sandbox_profile(&arena, flags | SANDBOX_PROFILE_SHORT, &s);
		CHECK(s->ready == &sandbox_programs[flags] && s->syscalls.n == 0);
	}
}

/* as a document, too: written, read again and compiled it decides alike */
static void document_is_the_same(void)
{
	struct spec spec = { .oci_version = arena_strdup(&arena, "1.2.0"), .has_linux = true };
	struct seccomp_program program = { 0 };
	struct json_writer w = json_writer_on(&arena, 0);
	const struct json *document = NULL;
	const char *text;

	spec.root.path = arena_strdup(&arena, "/");
	sandbox_profile(&arena, 0, &spec.linux.seccomp);
	spec_write(&w, &spec);
	text = json_text(&w);
	CHECK(json_parse(&arena, &error, "test", text, strlen(text), &document) == 0);
	CHECK(spec_read(&arena, &error, document, &spec) == 0);
	CHECK(spec.linux.seccomp && !spec.linux.seccomp->ready);
	CHECK(seccomp_compile(&arena, &error, spec.linux.seccomp, SECCOMP_ARCH_NATIVE, SECCOMP_UNKNOWN_FAILS, &program) == 0);
	CHECK(program.n == sandbox_programs[0].n && memcmp(program.filter, sandbox_programs[0].filter, program.n * sizeof(*program.filter)) == 0);
}

#ifdef __x86_64__

/* ---- what it decides ---- */

/* the calls whose answer depends on arguments, and arguments on both sides of each border */
static const struct probe {
	const char *text;
	uint32_t audit, number;
	uint64_t args[3];
} probes[] = {
#define X64(call, ...) { #call "(" #__VA_ARGS__ ")", AUDIT_ARCH_X86_64, SYS_##call, { __VA_ARGS__ } }
#define IA32(call, nr, ...) { "ia32 " #call "(" #__VA_ARGS__ ")", AUDIT_ARCH_I386, nr, { __VA_ARGS__ } }
	X64(clone, 0x11),
	X64(clone, CLONE_VM | CLONE_VFORK | 0x11),
	X64(clone, 0x3d0f00),
	X64(clone, 0x01200011),
	X64(clone, CLONE_NEWUSER | 0x11),
	X64(clone, CLONE_NEWNS | 0x11),
	X64(clone, CLONE_NEWPID | 0x11),
	X64(clone, CLONE_NEWNET | 0x11),
	X64(clone, CLONE_NEWIPC | 0x11),
	X64(clone, CLONE_NEWUTS | 0x11),
	X64(clone, CLONE_NEWCGROUP | 0x11),
	X64(clone, 1ull << 32 | CLONE_NEWUSER | 0x11),
	X64(clone, 1ull << 32 | 0x11),
	IA32(clone, IA32_CLONE, 0x01200011),
	IA32(clone, IA32_CLONE, CLONE_NEWUSER | 0x11),
	X64(unshare, CLONE_FILES | CLONE_FS),
	X64(unshare, CLONE_NEWUSER),
	X64(unshare, CLONE_NEWNS),
	X64(unshare, 0x80),
	X64(unshare, 1ull << 63 | CLONE_NEWUSER),
	X64(ioctl, 0, TCGETS),
	X64(ioctl, 0, TIOCGWINSZ),
	X64(ioctl, 0, TIOCSTI),
	X64(ioctl, 0, 1ull << 32 | TIOCSTI),
	X64(ioctl, 0, UINT64_MAX << 32 | TIOCSTI),
	X64(ioctl, 0, TIOCLINUX),
	X64(ioctl, 0, 1ull << 63 | TIOCLINUX),
	X64(ioctl, 0, TIOCSETD),
	X64(ioctl, 0, TIOCSTI + 1),
	IA32(ioctl, 54, 0, TIOCSTI),
	IA32(ioctl, 54, 0, TIOCGWINSZ),
	X64(socket, AF_UNIX, SOCK_STREAM, 0),
	X64(socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0),
	X64(socket, AF_INET, SOCK_STREAM, 0),
	X64(socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 6),
	X64(socket, AF_INET, SOCK_STREAM, 262),
	X64(socket, AF_INET, SOCK_STREAM, 132),
	X64(socket, AF_INET, SOCK_DGRAM, 17),
	X64(socket, AF_INET, SOCK_DGRAM, 115),
	X64(socket, AF_INET, SOCK_RAW, 1),
	X64(socket, AF_INET, SOCK_SEQPACKET, 0),
	X64(socket, AF_INET, 6, 33),
	X64(socket, AF_INET, 6, 0),
	X64(socket, AF_INET, 10, 3),
	X64(socket, AF_INET6, SOCK_STREAM, 0),
	X64(socket, AF_INET6, SOCK_DGRAM, 0),
	X64(socket, AF_INET6, SOCK_SEQPACKET, 132),
	X64(socket, 1ull << 32 | AF_INET, SOCK_STREAM, 0),
	X64(socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE),
	X64(socket, AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT),
	X64(socket, AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG),
	X64(socket, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER),
	X64(socket, AF_NETLINK, SOCK_RAW, NETLINK_GENERIC),
	X64(socket, AF_NETLINK, SOCK_RAW, NETLINK_XFRM),
	X64(socket, AF_NETLINK, SOCK_RAW, NETLINK_AUDIT),
	X64(socket, AF_NETLINK, SOCK_RAW, NETLINK_CRYPTO),
	IA32(socket, IA32_SOCKET, AF_INET, SOCK_STREAM, 0),
	IA32(socket, IA32_SOCKET, AF_ALG, SOCK_SEQPACKET, 0),
	IA32(socketcall, IA32_SOCKETCALL, 1),
	IA32(socketcall, IA32_SOCKETCALL, 1, AF_INET, 0),
	IA32(socketcall, IA32_SOCKETCALL, 1, 0, 132),
	IA32(socketcall, IA32_SOCKETCALL, 2),
	IA32(socketcall, IA32_SOCKETCALL, 3),
	IA32(socketcall, IA32_SOCKETCALL, 8),
	IA32(socketcall, IA32_SOCKETCALL, 20),
	X64(socketpair, AF_UNIX, SOCK_STREAM, 0),
	X64(socketpair, AF_TIPC, SOCK_STREAM, 0),
	X64(setpriority, PRIO_PROCESS, 0, 5),
	X64(setpriority, PRIO_PGRP, 0, 5),
	X64(setpriority, 1ull << 32 | PRIO_PGRP, 1ull << 32, 5),
	X64(setpriority, PRIO_PGRP, 7, 5),
	X64(setpriority, PRIO_USER, 0, 5),
	IA32(setpriority, IA32_SETPRIORITY, PRIO_PGRP, 0, 5),
	X64(ioprio_set, IOPRIO_WHO_PROCESS, 0, 0),
	X64(ioprio_set, IOPRIO_WHO_PGRP, 0, 0),
	X64(ioprio_set, IOPRIO_WHO_PGRP, 7, 0),
	X64(ioprio_set, IOPRIO_WHO_USER, 0, 0),
	X64(personality, 0),
	X64(personality, PER_LINUX32),
	X64(personality, ADDR_NO_RANDOMIZE),
	X64(personality, PER_LINUX32 | ADDR_NO_RANDOMIZE | UNAME26),
	X64(personality, 0xffffffff),
	X64(personality, UINT64_MAX),
	X64(personality, MMAP_PAGE_ZERO),
	X64(personality, PER_SVR4),
	X64(personality, PER_BSD),
#undef X64
#undef IA32
};

static const char *answer(uint32_t result)
{
	static const struct {
		uint32_t result;
		const char *name;
	} names[] = {
		{ SECCOMP_RET_ALLOW, "allow" }, { DENY(EPERM), "EPERM" }, { DENY(ENOSYS), "ENOSYS" }, { DENY(EAFNOSUPPORT), "EAFNOSUPPORT" },
		{ DENY(EPROTONOSUPPORT), "EPROTONOSUPPORT" }, { DENY(ESOCKTNOSUPPORT), "ESOCKTNOSUPPORT" }, { SECCOMP_RET_KILL_THREAD, "kill" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].result == result)
			return names[i].name;
	return "?";
}

/* the profile, nested, and nested with its own terminal */
static void add_answers(struct text *t, uint32_t audit, uint32_t number, const uint64_t args[3])
{
	for (unsigned int flags = 0; flags < SANDBOX_PROFILES; flags++)
		text_addf(t, "%s%s", flags ? " " : "", answer(decide_of(flags, audit, number, args[0], args[1], args[2])));
}

/* numbers that the table has none for, as one line a run */
static void add_arch(struct text *t, enum seccomp_arch id, const char *title, uint32_t audit)
{
	static const uint64_t none[3];
	const struct syscall_arch *table = &syscall_arches[id];
	uint32_t next = 0;

	for (size_t i = 0; i <= table->n; i++) {
		uint32_t number = i < table->n ? SYSCALL_NUMBER(table->calls[i]) : 1024;

		for (bool first = true; next < number; next++, first = false) {
			if (!first && next + 1 < number) {
				CHECK(decide_of(0, audit, next, 0, 0, 0) == DENY(ENOSYS));
				continue;
			}
			text_addf(t, "%s %u -: ", title, next);
			add_answers(t, audit, next, none);
			text_add(t, "\n");
		}
		if (i == table->n)
			return;
		text_addf(t, "%s %u %s: ", title, number, syscall_pool + syscall_name_at[SYSCALL_ID(table->calls[i])]);
		add_answers(t, audit, number, none);
		text_add(t, "\n");
		next = number + 1;
	}
}

static char *golden(void)
{
	enum { SIZE = 256 << 10 };
	char *buffer = arena_alloc(&arena, SIZE);
	struct text t = text_on(buffer, SIZE);

	text_add(&t, "# What the sandbox's system-call profile answers: by default, with --nest, with a terminal of its own, with both.\n"
		     "# Written by UPDATE=1 build/test/test_sandbox_profile. Numbers with all arguments 0; then calls whose answer depends on them.\n");
	add_arch(&t, ARCH_X86_64, "x86_64", AUDIT_ARCH_X86_64);
	add_arch(&t, ARCH_X86, "ia32", AUDIT_ARCH_I386);
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		text_addf(&t, "%s: ", probes[i].text);
		add_answers(&t, probes[i].audit, probes[i].number, probes[i].args);
		text_add(&t, "\n");
	}
	return buffer;
}

/* both texts line by line: print what differs */
static void compare_lines(const char *got, const char *wanted)
{
	while (*got || *wanted) {
		size_t a = strcspn(got, "\n"), b = strcspn(wanted, "\n");

		if (a != b || strncmp(got, wanted, a) != 0) {
			printf("# got '%.*s', wanted '%.*s'\n", (int)a, got, (int)b, wanted);
			CHECK(false);
		}
		got += a + (got[a] == '\n');
		wanted += b + (wanted[b] == '\n');
	}
}

static void golden_table(void)
{
	const char *root = getenv("HULL_SOURCE_ROOT");
	char *path = arena_printf(&arena, "%s/test/data/seccomp/sandbox.golden", root ? root : "."), *wanted = NULL, *got = golden();

	CHECK(!strstr(got, "?"));
	if (getenv("UPDATE")) {
		FILE *f = fopen(path, "we");

		CHECK(f && fputs(got, f) >= 0 && fclose(f) == 0);
		return;
	}
	CHECK(io_read_file(AT_FDCWD, path, 1 << 20, &arena, &wanted, NULL) == 0);
	if (wanted)
		compare_lines(got, wanted);
}

/* what must never be let through, whatever the table says, in plain words of its own */
static void attack_surface_is_refused(void)
{
	static const uint32_t refused[] = { SYS_add_key, SYS_keyctl, SYS_request_key, SYS_bpf, SYS_perf_event_open, SYS_mount, SYS_umount2, SYS_pivot_root,
		SYS_setns, SYS_swapon, SYS_swapoff, SYS_reboot, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_acct, SYS_quotactl,
		SYS_settimeofday, SYS_clock_settime, SYS_iopl, SYS_ioperm, SYS_modify_ldt, SYS_open_by_handle_at, SYS_fanotify_init, SYS_lookup_dcookie,
		SYS_uselib, SYS_syslog, 323 /* userfaultfd */, 320 /* kexec_file_load */, 425, 426, 427 /* io_uring */, 428, 429, 430, 431, 432, 433, 442,
		467 /* mount family */, 435 /* clone3 */ };

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		CHECK((decide(refused[i], 0, 0, 0) & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO);
	for (uint32_t family = 0; family < 64; family++) {
		bool good = family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK;

		CHECK((decide(SYS_socket, family, SOCK_STREAM, 0) == SECCOMP_RET_ALLOW) == good);
		CHECK((decide_of(0, AUDIT_ARCH_I386, IA32_SOCKET, family, SOCK_STREAM, 0) == SECCOMP_RET_ALLOW) == good);
	}
	for (uint32_t number = 470; number < 2000; number++) /* newer calls */
		CHECK(decide(number, 0, 0, 0) == DENY(ENOSYS) && decide_of(0, AUDIT_ARCH_I386, number, 0, 0, 0) == DENY(ENOSYS));
	for (uint32_t number = 0; number < 600; number++) /* x32 */
		CHECK(decide(0x40000000 + number, 0, 0, 0) == SECCOMP_RET_KILL_THREAD);
}

static void nesting_gets_what_it_needs(void)
{
	static const uint32_t needed[] = { SYS_clone, SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, 428, 429, 430, 431, 432, 433, 435, 442 };

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		CHECK(decide_of(SANDBOX_PROFILE_NEST, AUDIT_ARCH_X86_64, needed[i], CLONE_NEWUSER, 0, 0) == SECCOMP_RET_ALLOW);
	CHECK(decide_of(SANDBOX_PROFILE_NEST, AUDIT_ARCH_X86_64, SYS_bpf, 0, 0, 0) == DENY(EPERM));
	CHECK(decide_of(SANDBOX_PROFILE_NEST, AUDIT_ARCH_X86_64, SYS_ioctl, 0, TIOCSTI, 0) == DENY(EPERM));
	CHECK(decide_of(SANDBOX_PROFILE_TTY_OWN, AUDIT_ARCH_X86_64, SYS_ioctl, 0, TIOCSTI, 0) == SECCOMP_RET_ALLOW);
}

#endif

int main(void)
{
	if (arena_init(&arena) < 0)
		return 2;
	RUN(every_call_stands_once);
	RUN(every_refusal_has_a_reason);
	RUN(programs_are_the_compilers);
	RUN(document_is_the_same);
#ifdef __x86_64__
	RUN(golden_table);
	RUN(attack_surface_is_refused);
	RUN(nesting_gets_what_it_needs);
#endif
	arena_deinit(&arena);
	return unit_done();
}
