/*
 * The seccomp compiler: linux.seccomp in, a classic BPF program for seccomp(2) out. Pure: no system calls, no privileges.
 *
 * What a filter decides is what libseccomp's filter decides for the same rules added in the same order (runc's and crun's way), with the stub that
 * runc puts in front:
 *
 *  - An architecture is the machine's own, or listed. A call of any other kills the thread.
 *  - A rule whose action is the default action does nothing. Unknown names are skipped.
 *  - The first rule of a call that has no conditions decides the call, wherever it stands. A MASKED_EQ with an empty mask is no condition.
 *  - Else the rules are tried one after the other, and the first one whose conditions all hold decides. Their order (seccomp_rules.c) is that of
 *    libseccomp's tree: by argument, kind of comparison and value; the order in the document only breaks ties.
 *  - A rule that tests one argument twice is taken as one rule a condition (runc: "old behaviour").
 *  - Comparisons are unsigned, of 64 bits; on 32-bit architectures (x32 too) of the low 32 bits on both sides.
 *  - MASKED_EQ compares (argument & mask) with (value & mask).
 *  - On architectures with socketcall(2) and ipc(2), rules for the calls that these offer apply to them as well.
 *  - If the default action is none of ALLOW, LOG and TRACE: on a listed architecture a number above the largest one that the rules name gets ENOSYS.
 */
#ifndef ASPECT_SECCOMP_BPF_H
#define ASPECT_SECCOMP_BPF_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "spec/spec.h"

/* the machine that hull was built for */
#if defined(__x86_64__) && defined(__ILP32__)
#define SECCOMP_ARCH_NATIVE ARCH_X32
#elif defined(__x86_64__)
#define SECCOMP_ARCH_NATIVE ARCH_X86_64
#elif defined(__i386__)
#define SECCOMP_ARCH_NATIVE ARCH_X86
#elif defined(__aarch64__)
#define SECCOMP_ARCH_NATIVE ARCH_AARCH64
#elif defined(__arm__)
#define SECCOMP_ARCH_NATIVE ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define SECCOMP_ARCH_NATIVE ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define SECCOMP_ARCH_NATIVE ARCH_PPC64LE
#elif defined(__powerpc64__)
#define SECCOMP_ARCH_NATIVE ARCH_PPC64
#elif defined(__s390x__)
#define SECCOMP_ARCH_NATIVE ARCH_S390X
#elif defined(__loongarch__)
#define SECCOMP_ARCH_NATIVE ARCH_LOONGARCH64
#else
#error "which SCMP_ARCH_* is this machine?"
#endif

/* x86 has three ways to call the kernel, but two AUDIT_ARCH_* values */
enum { SECCOMP_SECTIONS_MAX = 2 };

enum seccomp_compile_flags {
	SECCOMP_UNKNOWN_FAILS = 1 << 0, /* an unknown system call name is an error */
};

/*
 * The part of a program that one AUDIT_ARCH_* value reaches.
 * @arch: x86_64 stands for x32 too;  @x32: those calls have rules of their own
 * @calls: numbers that have a rule;  @ranges: what they were merged into;  @instructions: of this part
 */
struct seccomp_section {
	enum seccomp_arch arch;
	bool x32;
	size_t calls, ranges, instructions;
};

/*
 * @filter, @n: the program;  @notify: a rule has SCMP_ACT_NOTIFY
 * @sends: sendmsg(2) is allowed whatever its arguments (on the machine's own architecture)
 */
struct seccomp_program {
	struct sock_filter *filter;
	size_t n;
	bool notify, sends;
	struct seccomp_section sections[SECCOMP_SECTIONS_MAX];
	size_t n_sections;
};

/**
 * seccomp_compile - compile a profile.
 * @seccomp: the profile; every enumerated value is a valid one.
 * @native: SECCOMP_ARCH_NATIVE; tests say something else. Listed architectures that this machine cannot run cost nothing and say nothing.
 * @flags: enum seccomp_compile_flags.
 * @ret_program: in @arena.
 * Return: 0, or -1 with the JSON place of what is wrong.
 */
int seccomp_compile(struct arena *arena, struct error *e, const struct seccomp *seccomp, enum seccomp_arch native, unsigned int flags,
	struct seccomp_program *ret_program);

/**
 * seccomp_return - what a filter returns for an action of the specification (SECCOMP_RET_* and its data).
 */
uint32_t seccomp_return(enum seccomp_action action, struct opt_u32 errno_ret);

/**
 * seccomp_syscall_id - the number of a name in the tables of seccomp_table.h (no system call number).
 * Return: it, or -ENOENT: no architecture of this build has such a system call.
 */
int seccomp_syscall_id(const char *name);

#endif
