/* Device rules: the model against cases, the eBPF program against the model (by a small interpreter), and the program in the running kernel. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aspect/cgroup.h"
#include "base/text.h"

static struct arena arena;
static struct error error;

/* What the program decides: an interpreter of the few instructions that it is made of. Return: 0, 1, or -1: not a program. */
static int interpret(const struct bpf_insn *code, size_t n, const struct bpf_cgroup_dev_ctx *context)
{
	uint64_t reg[11] = { 0 };
	size_t steps = 0;

	for (size_t pc = 0; pc < n && steps < n; pc++, steps++) {
		const struct bpf_insn *i = &code[pc];
		uint64_t *dst = &reg[i->dst_reg], k = (uint64_t)(int64_t)i->imm;

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W: {
			uint32_t word;

			if (i->src_reg != 1 || i->off < 0 || (size_t)i->off > sizeof(*context) - 4)
				return -1;
			memcpy(&word, (const char *)context + i->off, 4);
			*dst = word;
			break;
		}
		case BPF_ALU | BPF_MOV | BPF_X: *dst = (uint32_t)reg[i->src_reg]; break;
		case BPF_ALU | BPF_MOV | BPF_K: *dst = (uint32_t)k; break;
		case BPF_ALU64 | BPF_MOV | BPF_K: *dst = k; break;
		case BPF_ALU | BPF_AND | BPF_K: *dst = (uint32_t)(*dst & k); break;
		case BPF_ALU | BPF_RSH | BPF_K: *dst = (uint32_t)*dst >> k; break;
		case BPF_ALU | BPF_OR | BPF_X: *dst = (uint32_t)(*dst | reg[i->src_reg]); break;
		case BPF_ALU | BPF_LSH | BPF_K: *dst = (uint32_t)(*dst << k); break;
		case BPF_JMP | BPF_JA: pc += (size_t)i->off; break;
		case BPF_JMP32 | BPF_JNE | BPF_K: pc += (uint32_t)*dst != (uint32_t)k ? (size_t)i->off : 0; break;
		case BPF_JMP32 | BPF_JEQ | BPF_K: pc += (uint32_t)*dst == (uint32_t)k ? (size_t)i->off : 0; break;
		case BPF_JMP32 | BPF_JSET | BPF_K: pc += (uint32_t)*dst & (uint32_t)k ? (size_t)i->off : 0; break;
		case BPF_JMP | BPF_EXIT: return reg[0] <= 1 ? (int)reg[0] : -1;
		default: return -1;
		}
	}
	return -1;
}

static int decide(const struct cgroup_device_policy *policy, char type, uint32_t major, uint32_t minor, unsigned int access)
{
	struct bpf_cgroup_dev_ctx context = { access << 16 | (type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR), major, minor };
	struct bpf_insn *code;
	size_t n;

	cgroup_devices_program(policy, &arena, &code, &n);
	return interpret(code, n, &context);
}

static struct device_rule rule(bool allow, const char *type, int64_t major, int64_t minor, const char *access)
{
	return (struct device_rule){ allow, arena_strdup(&arena, type), { major != -1, major }, { minor != -1, minor }, arena_strdup(&arena, access) };
}

static int compile(struct device_rule *rules, size_t n, struct cgroup_device_policy *policy)
{
	struct device_rule_list list = { rules, n };

	return cgroup_devices_compile(&list, &arena, &error, policy);
}

static void test_default(void)
{
	struct device_rule deny[] = { rule(false, NULL, -1, -1, "rwm") };
	struct cgroup_device_policy p;

	for (size_t n = 0; n < 2; n++) { /* saying nothing denies as well */
		CHECK(compile(deny, n, &p) == 0);
		CHECK(!p.allow);
		CHECK(cgroup_devices_allowed(&p, 'c', 1, 3, CGROUP_RWM));
		CHECK(cgroup_devices_allowed(&p, 'c', 136, 77, CGROUP_READ | CGROUP_WRITE));
		CHECK(cgroup_devices_allowed(&p, 'b', 8, 0, CGROUP_MKNOD));
		CHECK(!cgroup_devices_allowed(&p, 'b', 8, 0, CGROUP_READ));
		CHECK(!cgroup_devices_allowed(&p, 'c', 1, 1, CGROUP_READ));
		CHECK(!cgroup_devices_allowed(&p, 'c', 1, 1, CGROUP_MKNOD | CGROUP_READ));
	}
}

static void test_rules(void)
{
	struct device_rule rules[] = { rule(false, "a", -1, -1, NULL), rule(true, "b", 8, -1, "r"), rule(true, "b", 8, 1, "w"), rule(true, "c", 10, 229, NULL) };
	struct device_rule all[] = { rule(true, "a", -1, -1, "rwm"), rule(false, "b", 8, -1, "w") };
	struct cgroup_device_policy p;

	CHECK(compile(rules, 4, &p) == 0);
	CHECK(cgroup_devices_allowed(&p, 'b', 8, 5, CGROUP_READ));
	CHECK(!cgroup_devices_allowed(&p, 'b', 8, 5, CGROUP_WRITE));
	CHECK(cgroup_devices_allowed(&p, 'b', 8, 1, CGROUP_WRITE));
	CHECK(!cgroup_devices_allowed(&p, 'b', 8, 1, CGROUP_READ | CGROUP_WRITE)); /* as in the kernel: one exception must grant it all */
	CHECK(cgroup_devices_allowed(&p, 'c', 10, 229, CGROUP_RWM));
	CHECK(compile(all, 1, &p) == 0 && p.allow && p.n == 0);
	CHECK(compile(all, 2, &p) == 0 && p.allow && p.n == 1);
	CHECK(!cgroup_devices_allowed(&p, 'b', 8, 1, CGROUP_READ | CGROUP_WRITE));
	CHECK(cgroup_devices_allowed(&p, 'b', 8, 1, CGROUP_READ));
	CHECK(cgroup_devices_allowed(&p, 'b', 9, 1, CGROUP_WRITE));
}

static void test_refused(void)
{
	struct device_rule hole[] = { rule(false, "a", -1, -1, NULL), rule(true, "c", 4, -1, "rw"), rule(false, "c", 4, 5, "w") };
	struct device_rule cross[] = { rule(false, "a", -1, -1, NULL), rule(true, "c", 4, -1, "rw"), rule(false, "c", -1, 5, "w") };
	struct device_rule access[] = { rule(true, "c", 4, 5, "x") }, number[] = { rule(true, "c", INT64_MAX, 5, "r") }, type[] = { rule(true, "z", 1, 1, "r") };
	struct cgroup_device_policy p;

	CHECK(compile(hole, 3, &p) < 0);
	CHECK_STRING(error.text, "linux.resources.devices[2]: cannot deny a part of what an earlier rule with a wildcard allows");
	CHECK(compile(cross, 3, &p) < 0);
	CHECK(compile(access, 1, &p) < 0);
	CHECK(compile(number, 1, &p) < 0);
	CHECK(compile(type, 1, &p) < 0);
	hole[2].minor.set = false; /* the whole of it can be taken back */
	hole[2].access = NULL;
	CHECK(compile(hole, 3, &p) == 0);
	CHECK(!cgroup_devices_allowed(&p, 'c', 4, 5, CGROUP_READ));
}

static unsigned int seed = 1;

static unsigned int pick(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

/* Random documents: the program and the model agree on random accesses. */
static void test_random(void)
{
	static const int64_t numbers[] = { -1, 0, 1, 3, 5, 8, 136, 200, 255, 4094, 4095 };
	static const char *const accesses[] = { "r", "w", "m", "rw", "rm", "wm", "rwm" };
	size_t mark = arena.used, compiled = 0, mismatches = 0;

	for (int round = 0; round < 2000; round++) {
		struct device_rule rules[12];
		size_t n = pick(12);
		struct cgroup_device_policy p;

		for (size_t i = 0; i < n; i++)
			rules[i] = rule(pick(2), pick(8) ? (pick(2) ? "b" : "c") : "a", numbers[pick(11)], numbers[pick(11)], accesses[pick(7)]);
		if (compile(rules, n, &p) == 0) {
			compiled++;
			for (int k = 0; k < 200; k++) {
				char type = pick(2) ? 'b' : 'c';
				uint32_t major = (uint32_t)numbers[1 + pick(10)], minor = (uint32_t)numbers[1 + pick(10)];
				unsigned int access = 1 + pick(7);

				mismatches += decide(&p, type, major, minor, access) != cgroup_devices_allowed(&p, type, major, minor, access);
			}
		}
		memset(arena.base + mark, 0, arena.used - mark);
		arena.used = mark;
	}
	CHECK(compiled > 200);
	CHECK(mismatches == 0);
}

/* ---- the running kernel ---- */

static char *v2_dir(void)
{
	static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct statfs fs;

	for (size_t i = 0; i < 2; i++) {
		char *dir = arena_printf(&arena, "%s/hull-bpf-%d", mounts[i], getpid());

		if (statfs(mounts[i], &fs) == 0 && fs.f_type == 0x63677270 && mkdir(dir, 0755) == 0)
			return dir;
	}
	return NULL;
}

/* Open a fresh node of a device inside the cgroup. Return: 0, or the errno of open(2). */
static int open_inside(const char *dir, mode_t type, unsigned int major, unsigned int minor, int flags)
{
	char *procs = arena_printf(&arena, "%s/cgroup.procs", dir), *node = arena_printf(&arena, "/tmp/hull-node-%d", getpid());
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(procs, O_WRONLY);

		if (fd < 0 || write(fd, "0", 1) != 1)
			_exit(255);
		(void)unlink(node);
		if (mknod(node, type | 0600, makedev(major, minor)) < 0)
			_exit(254);
		fd = open(node, flags | O_NONBLOCK);
		status = fd < 0 ? errno : 0;
		(void)unlink(node);
		_exit(status);
	}
	(void)waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static char *cgroup;

static void test_kernel(void)
{
	struct device_rule rules[] = { rule(false, "a", -1, -1, NULL), rule(true, "c", 1, 11, "r") }, all[] = { rule(true, "a", -1, -1, NULL) };
	struct cgroup_device_policy p;

	CHECK(compile(rules, 2, &p) == 0);
	CHECK(cgroup_devices_attach(&p, cgroup, &arena, &error) == 0);
	CHECK(open_inside(cgroup, S_IFCHR, 1, 3, O_RDWR) == 0);
	CHECK(open_inside(cgroup, S_IFCHR, 1, 1, O_RDONLY) == EPERM);
	CHECK(open_inside(cgroup, S_IFCHR, 1, 11, O_WRONLY) == EPERM);
	CHECK(open_inside(cgroup, S_IFCHR, 1, 11, O_RDONLY) != EPERM);
	CHECK(open_inside(cgroup, S_IFCHR, 1, 4, O_RDONLY) == EPERM);
	/* replaced, not added: the new program alone decides */
	CHECK(compile(all, 1, &p) == 0);
	CHECK(cgroup_devices_attach(&p, cgroup, &arena, &error) == 0);
	CHECK(open_inside(cgroup, S_IFCHR, 1, 11, O_WRONLY) == 0);
}

/* the longest list that a document can have is a program that the verifier takes */
static void test_kernel_long(void)
{
	struct device_rule *rules = arena_many(&arena, struct device_rule, CGROUP_RULES_MAX);
	struct cgroup_device_policy p;

	for (int64_t i = 0; i < CGROUP_RULES_MAX; i++)
		rules[i] = rule(true, i % 3 ? "c" : "b", 3000 + i, i, i % 2 ? "r" : "w");
	CHECK(compile(rules, CGROUP_RULES_MAX, &p) == 0);
	CHECK(cgroup_devices_attach(&p, cgroup, &arena, &error) == 0);
	CHECK(open_inside(cgroup, S_IFCHR, 1, 3, O_RDWR) == 0);
	CHECK(open_inside(cgroup, S_IFCHR, 1, 11, O_RDONLY) == EPERM);
}

int main(void)
{
	if (arena_init(&arena) < 0)
		return 1;
	RUN(test_default);
	RUN(test_rules);
	RUN(test_refused);
	RUN(test_random);
	cgroup = geteuid() == 0 ? v2_dir() : NULL;
	if (cgroup) {
		RUN(test_kernel);
		RUN(test_kernel_long);
		(void)rmdir(cgroup);
	} else {
		SKIP(test_kernel, "no writable cgroup2");
		SKIP(test_kernel_long, "no writable cgroup2");
	}
	arena_deinit(&arena);
	return unit_done();
}
