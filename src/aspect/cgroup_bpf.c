/*
 * Device rules on cgroup v2: the policy as an eBPF program of type CGROUP_DEVICE, made of plain instructions, loaded and attached with bpf(2).
 *
 * The program sees struct bpf_cgroup_dev_ctx { access_type = access << 16 | type, major, minor } and returns 1 to allow. Every exception is a few
 * compares that jump to the next one; the last instructions give the default. Compares work on a scratch register that is loaded anew each time:
 * so the verifier knows the same at the start of each exception however it got there, and its work grows with the list, not with its square.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "aspect/cgroup.h"
#include "base/scope.h"
#include "base/sys.h"

/* per exception: type (3), access (3), major (3), minor (3), result (2) */
enum { INSNS_BEFORE = 1, INSNS_PER_RULE = 14, INSNS_AFTER = 2 };
enum { ATTACHED_MAX = 64 };

enum { R_RESULT = BPF_REG_0, R_CONTEXT = BPF_REG_1, R_ACCESS_TYPE = BPF_REG_2, R_SCRATCH = BPF_REG_3, R_VALUE = BPF_REG_4 };

struct code {
	struct bpf_insn *v;
	size_t n;
};

static void emit(struct code *c, int opcode, unsigned int dst, unsigned int src, int offset, uint32_t immediate)
{
	c->v[c->n++] = (struct bpf_insn){ .code = (uint8_t)opcode, .dst_reg = dst & 15, .src_reg = src & 15, .off = (int16_t)offset, .imm = (int32_t)immediate };
}

static void load(struct code *c, unsigned int reg, size_t offset)
{
	emit(c, BPF_LDX | BPF_MEM | BPF_W, reg, R_CONTEXT, (int)offset, 0);
}

static void exit_with(struct code *c, bool allow)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, R_RESULT, 0, 0, allow);
	emit(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Go on only when a number of the context is @value. Immediates are sign-extended: large numbers go through a register. */
static void match_number(struct code *c, size_t offset, int64_t value)
{
	if (value == -1)
		return;
	load(c, R_SCRATCH, offset);
	if (value <= INT32_MAX) {
		emit(c, BPF_JMP | BPF_JNE | BPF_K, R_SCRATCH, 0, 0, (uint32_t)value);
		return;
	}
	emit(c, BPF_ALU | BPF_MOV | BPF_K, R_VALUE, 0, 0, (uint32_t)value);
	emit(c, BPF_JMP | BPF_JNE | BPF_X, R_SCRATCH, R_VALUE, 0, 0);
}

/* Go on only when the bits of access_type under @mask compare with @value. */
static void match_bits(struct code *c, uint32_t mask, int jump_away, uint32_t value)
{
	emit(c, BPF_ALU | BPF_MOV | BPF_X, R_SCRATCH, R_ACCESS_TYPE, 0, 0);
	emit(c, BPF_ALU | BPF_AND | BPF_K, R_SCRATCH, 0, 0, mask);
	emit(c, BPF_JMP | jump_away | BPF_K, R_SCRATCH, 0, 0, value);
}

static void exception(struct code *c, const struct cgroup_device_rule *e, bool allow_default)
{
	size_t start = c->n;

	match_bits(c, 0xffff, BPF_JNE, e->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (e->access != CGROUP_RWM && allow_default) /* any of the refused access */
		match_bits(c, e->access << 16, BPF_JEQ, 0);
	else if (e->access != CGROUP_RWM) /* nothing but the granted access */
		match_bits(c, (CGROUP_RWM & ~e->access) << 16, BPF_JNE, 0);
	match_number(c, offsetof(struct bpf_cgroup_dev_ctx, major), e->major);
	match_number(c, offsetof(struct bpf_cgroup_dev_ctx, minor), e->minor);
	exit_with(c, !allow_default);
	for (size_t i = start; i < c->n - 2; i++) /* every jump goes behind this exception */
		if (BPF_CLASS(c->v[i].code) == BPF_JMP)
			c->v[i].off = (int16_t)(c->n - i - 1);
}

void cgroup_devices_program(const struct cgroup_device_policy *policy, struct arena *arena, struct bpf_insn **ret_code, size_t *ret_n)
{
	struct code c = { .v = arena_many(arena, struct bpf_insn, INSNS_BEFORE + INSNS_PER_RULE * policy->n + INSNS_AFTER) };

	load(&c, R_ACCESS_TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	for (size_t i = 0; i < policy->n; i++)
		exception(&c, &policy->v[i], policy->allow);
	exit_with(&c, policy->allow);
	*ret_code = c.v;
	*ret_n = c.n;
}

/* Before Linux 5.11 a program counts against RLIMIT_MEMLOCK: where the load fails for it, try once with more, if we may raise it. */
static int load_program(const struct bpf_insn *code, size_t n)
{
	static const char license[] = "Apache-2.0";
	struct rlimit old, more = { RLIM_INFINITY, RLIM_INFINITY };
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)code;
	attr.insn_cnt = (uint32_t)n;
	attr.license = (uint64_t)(uintptr_t)license;
	memcpy(attr.prog_name, "hull_devices", sizeof("hull_devices"));
	fd = sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd != -EPERM || getrlimit(RLIMIT_MEMLOCK, &old) < 0 || setrlimit(RLIMIT_MEMLOCK, &more) < 0)
		return fd;
	fd = sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	(void)setrlimit(RLIMIT_MEMLOCK, &old); /* lowering cannot fail */
	return fd;
}

/* The program that is attached to @dir when it is the only one: a descriptor, or NO_FD. */
static int attached(int dir)
{
	uint32_t ids[ATTACHED_MAX];
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)dir;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = ATTACHED_MAX;
	if (sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)) < 0 || attr.query.prog_cnt != 1)
		return NO_FD;
	memset(&attr, 0, sizeof(attr));
	attr.prog_id = ids[0];
	return sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));
}

int cgroup_devices_attach(const struct cgroup_device_policy *policy, const char *dir, struct arena *arena, struct error *error)
{
	scope_fd int cgroup = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), old = NO_FD, program = NO_FD;
	union bpf_attr attr;
	struct bpf_insn *code;
	size_t n;
	int r;

	if (cgroup < 0)
		return fail(error, errno, "linux.resources.devices: cannot open '%s'", dir);
	cgroup_devices_program(policy, arena, &code, &n);
	program = load_program(code, n);
	if (program < 0)
		return fail(error, program, "linux.resources.devices: cannot load the eBPF program");
	old = attached(cgroup);
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (old >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)old;
	}
	r = sys_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr));
	return r < 0 ? fail(error, r, "linux.resources.devices: cannot attach the eBPF program to '%s'", dir) : 0;
}
