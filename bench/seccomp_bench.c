/*
 * seccomp_bench [PROFILE]: an engine's profile compiled by hull and by libseccomp (linear, and as a binary tree): time to compile, instructions, time
 *that the kernel takes to load them, and instructions that decide a call. PROFILE is a linux.seccomp document, test/data/seccomp/podman-default.json
 *unless said.
 *
 *	S=build/src/generated/seccomp_table.c       # any build directory has it
 *	cc -O2 -std=gnu17 -Ulinux -D_GNU_SOURCE -Isrc -Itest/unit bench/seccomp_bench.c $S src/aspect/seccomp_{bpf,code,rules}.c
 *src/base/{arena,error,text,io}.c \ src/base/json*.c src/spec/{fields,oci,check}*.c src/spec/{mountopt,names}.c -lseccomp -o /tmp/seccomp_bench &&
 * /tmp/seccomp_bench
 *
 * Times are medians. Compiling is measured with a fresh arena each time (page faults count), without reading JSON; libseccomp's from seccomp_init()
 *to seccomp_export_bpf_mem()'s equivalent, an export into a memfd.
 */
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "aspect/seccomp_bpf.h"
#include "base/io.h"
#include "base/json.h"
#include "seccomp_random.h"
#include "spec/oci.h"

enum { RUNS = 301, RUNS_SLOW = 31 };

struct result {
	struct sock_filter filter[BPF_MAXINSNS];
	size_t n;
	double compile_us, load_us;
};

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(v[0]), compare);
	return v[n / 2];
}

static void ours(const struct seccomp *s, struct result *r)
{
	double times[RUNS];

	for (size_t i = 0; i < RUNS; i++) {
		struct arena arena;
		struct error e;
		struct seccomp_program p;
		double start;

		if (arena_init(&arena) < 0)
			exit(1);
		start = now_us();
		if (seccomp_compile(&arena, &e, s, SECCOMP_ARCH_NATIVE, 0, &p) < 0) {
			fprintf(stderr, "%s\n", e.text);
			exit(1);
		}
		times[i] = now_us() - start;
		memcpy(r->filter, p.filter, p.n * sizeof(p.filter[0]));
		r->n = p.n;
		arena_deinit(&arena);
	}
	r->compile_us = median(times, RUNS);
}

static uint32_t action_of(enum seccomp_action action, struct opt_u32 number)
{
	return seccomp_return(action, number); /* libseccomp's SCMP_ACT_* are the kernel's values */
}

static void add_rules(scmp_filter_ctx ctx, const struct seccomp *s)
{
	static const enum scmp_compare ops[] = { SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE, SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_MASKED_EQ };

	for (size_t i = 0; i < s->syscalls.n; i++) {
		const struct seccomp_rule *rule = &s->syscalls.v[i];
		struct scmp_arg_cmp args[6];

		if (action_of(rule->action, rule->errno_ret) == action_of(s->default_action, s->default_errno_ret))
			continue;
		for (size_t k = 0; k < rule->args.n && k < 6; k++)
			args[k] = (struct scmp_arg_cmp){ rule->args.v[k].index, ops[rule->args.v[k].op], rule->args.v[k].value,
				rule->args.v[k].value_two };
		for (size_t k = 0; k < rule->names.n; k++) {
			int number = seccomp_syscall_resolve_name(rule->names.v[k]);

			if (number != __NR_SCMP_ERROR)
				(void)seccomp_rule_add_array(ctx, action_of(rule->action, rule->errno_ret), number, (unsigned int)rule->args.n, args);
		}
	}
}

static void theirs(const struct seccomp *s, int optimize, struct result *r)
{
	static const uint32_t arches[] = { SCMP_ARCH_X86, SCMP_ARCH_X86_64, SCMP_ARCH_X32 };
	double times[RUNS_SLOW];

	for (size_t i = 0; i < RUNS_SLOW; i++) {
		int fd = memfd_create("filter", MFD_CLOEXEC);
		double start = now_us();
		scmp_filter_ctx ctx = seccomp_init(action_of(s->default_action, s->default_errno_ret));

		for (size_t k = 0; k < s->architectures.n; k++)
			if (s->architectures.v[k] <= ARCH_X32)
				(void)seccomp_arch_add(ctx, arches[s->architectures.v[k]]);
		(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, (uint32_t)optimize);
		add_rules(ctx, s);
		(void)seccomp_export_bpf(ctx, fd);
		times[i] = now_us() - start;
		seccomp_release(ctx);
		r->n = (size_t)pread(fd, r->filter, sizeof(r->filter), 0) / sizeof(r->filter[0]);
		(void)close(fd);
	}
	r->compile_us = median(times, RUNS_SLOW);
}

/* seccomp(2) alone, in a child each time */
static void load(struct result *r)
{
	double *times = mmap(NULL, RUNS * sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sock_fprog program = { .len = (unsigned short)r->n, .filter = r->filter };

	for (size_t i = 0; i < RUNS; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			double start;

			(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
			start = now_us();
			if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
				_exit(1);
			times[i] = now_us() - start;
			_exit(0);
		}
		(void)waitpid(pid, NULL, 0);
	}
	r->load_us = median(times, RUNS);
}

static void print(const char *name, const struct result *r)
{
	static const uint32_t calls[] = { SYS_read, SYS_openat, SYS_futex, SYS_personality, 999 };

	printf("%-22s %9.0f us %6zu instructions %8.0f us to load;  to decide", name, r->compile_us, r->n, r->load_us);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct call call = { .audit = 0xc000003e, .number = calls[i] };
		uint64_t steps = 0;

		call_encode(&call, false);
		(void)bpf_run(r->filter, r->n, &call, &steps);
		printf(" %s%llu", (const char *[]){ "read ", "openat ", "futex ", "personality ", "999: " }[i], (unsigned long long)steps);
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	static struct result hull, linear, tree;
	struct arena arena;
	struct error e;
	const struct json *document;
	struct spec spec;
	char *text;

	if (arena_init(&arena) < 0 ||
		io_read_file(AT_FDCWD, argc > 1 ? argv[1] : "test/data/seccomp/podman-default.json", JSON_SIZE_MAX, &arena, &text, NULL) < 0)
		return 1;
	text = arena_printf(&arena, "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"/\"},\"linux\":{\"seccomp\":%s}}", text);
	if (json_parse(&arena, &e, "profile", text, strlen(text), &document) < 0 || spec_read(&arena, &e, document, &spec) < 0) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	ours(spec.linux.seccomp, &hull);
	theirs(spec.linux.seccomp, 1, &linear);
	theirs(spec.linux.seccomp, 2, &tree);
	load(&hull);
	load(&linear);
	load(&tree);
	print("hull", &hull);
	print("libseccomp, linear", &linear);
	print("libseccomp, tree", &tree);
	return 0;
}
