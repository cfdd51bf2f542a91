/*
 * Device rules on cgroup v2: the policy as an eBPF program of type CGROUP_DEVICE, made of plain instructions, loaded and attached with bpf(2).
 *
 * The program sees struct bpf_cgroup_dev_ctx { access_type = access << 16 | type, major, minor } and returns 1 to allow. It loads everything once and
 * packs the numbers as the kernel's dev_t does, so an exception is one compare that jumps to the common end (three with partial access): the verifier's
 * time, most of what loading costs, grows with instructions and with what jumps teach it (doc/performance.md).
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

/* per exception: access (2), numbers (2); before: loads, shifts, result; after: result, exit; two type tests */
enum { INSNS_PER_RULE = 4, INSNS_OTHERS = 16 };
enum { ATTACHED_MAX = 64 };
/* include/linux/kdev_t.h: no device has larger numbers */
enum { MINOR_BITS = 20, MAJOR_MAX = (1 << 12) - 1, MINOR_MAX = (1 << MINOR_BITS) - 1 };

enum { R_RESULT = BPF_REG_0, R_CONTEXT = BPF_REG_1, R_TYPE = BPF_REG_2, R_ACCESS = BPF_REG_3, R_MAJOR = BPF_REG_4, R_MINOR = BPF_REG_5, R_NUMBER = BPF_REG_6 };

/* A jump's offset until the end of the program is known. */
enum { TO_MATCH = INT16_MAX };

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

static void begin(struct code *c, bool allow_default)
{
	load(c, R_TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	load(c, R_MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	load(c, R_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	emit(c, BPF_ALU | BPF_MOV | BPF_X, R_ACCESS, R_TYPE, 0, 0);
	emit(c, BPF_ALU | BPF_RSH | BPF_K, R_ACCESS, 0, 0, 16);
	emit(c, BPF_ALU | BPF_AND | BPF_K, R_TYPE, 0, 0, 0xffff);
	emit(c, BPF_ALU | BPF_MOV | BPF_X, R_NUMBER, R_MAJOR, 0, 0);
	emit(c, BPF_ALU | BPF_LSH | BPF_K, R_NUMBER, 0, 0, MINOR_BITS);
	emit(c, BPF_ALU | BPF_OR | BPF_X, R_NUMBER, R_MINOR, 0, 0);
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, R_RESULT, 0, 0, !allow_default);
}

static void exception(struct code *c, const struct cgroup_device_rule *e, bool allow_default)
{
	size_t guard = SIZE_MAX;

	if (e->major > MAJOR_MAX || e->minor > MINOR_MAX)
		return; /* no such device */
	if (e->access != CGROUP_RWM && allow_default) { /* any of the refused access */
		emit(c, BPF_JMP32 | BPF_JSET | BPF_K, R_ACCESS, 0, 1, e->access);
		guard = c->n;
		emit(c, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	} else if (e->access != CGROUP_RWM) { /* nothing but the granted access */
		guard = c->n;
		emit(c, BPF_JMP32 | BPF_JSET | BPF_K, R_ACCESS, 0, 0, CGROUP_RWM & ~e->access);
	}
	if (e->major >= 0 && e->minor >= 0)
		emit(c, BPF_JMP32 | BPF_JEQ | BPF_K, R_NUMBER, 0, TO_MATCH, (uint32_t)(e->major << MINOR_BITS | e->minor));
	else if (e->major >= 0)
		emit(c, BPF_JMP32 | BPF_JEQ | BPF_K, R_MAJOR, 0, TO_MATCH, (uint32_t)e->major);
	else if (e->minor >= 0)
		emit(c, BPF_JMP32 | BPF_JEQ | BPF_K, R_MINOR, 0, TO_MATCH, (uint32_t)e->minor);
	else
		emit(c, BPF_JMP | BPF_JA, 0, 0, TO_MATCH, 0);
	if (guard != SIZE_MAX)
		c->v[guard].off = (int16_t)(c->n - guard - 1);
}

static void exceptions(struct code *c, const struct cgroup_device_policy *policy, char type)
{
	size_t start = c->n;

	emit(c, BPF_JMP32 | BPF_JNE | BPF_K, R_TYPE, 0, 0, type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	for (size_t i = 0; i < policy->n; i++) {
		const struct cgroup_device_rule *e = &policy->v[i];

		if (e->type != type)
			continue;
		exception(c, e, policy->allow);
		if (e->access == CGROUP_RWM && e->major < 0 && e->minor < 0)
			break; /* it matches all: the verifier refuses code that is never reached */
	}
	c->v[start].off = (int16_t)(c->n - start - 1);
}

void cgroup_devices_program(const struct cgroup_device_policy *policy, struct arena *arena, struct bpf_insn **ret_code, size_t *ret_n)
{
	struct code c = { .v = arena_many(arena, struct bpf_insn, INSNS_OTHERS + INSNS_PER_RULE * policy->n) };

	begin(&c, policy->allow);
	exceptions(&c, policy, 'c');
	exceptions(&c, policy, 'b');
	emit(&c, BPF_ALU64 | BPF_MOV | BPF_K, R_RESULT, 0, 0, policy->allow);
	for (size_t i = 0; i < c.n; i++)
		if (BPF_CLASS(c.v[i].code) >= BPF_JMP && c.v[i].off == TO_MATCH && BPF_CLASS(c.v[i].code) != BPF_ALU64)
			c.v[i].off = (int16_t)(c.n - i - 1);
	emit(&c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
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
