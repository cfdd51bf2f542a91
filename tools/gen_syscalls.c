/*
 * gen_syscalls [ARCH=HEADER]...: print src/generated/seccomp_table.c (see src/aspect/seccomp_table.h).
 *
 * Runs at build time, with the build machine's compiler. libseccomp says which names and numbers exist; a kernel header (asm/unistd_64.h for X86_64,
 * …) adds names with numbers above those that libseccomp knows; and recent[] below has what is newer than both on Debian 12. Since Linux 5.0 a new
 * call has the same number on every architecture.
 */
#include <linux/net.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aspect/seccomp_table.h"
#include "spec/names.h"

enum { NAMES_MAX = 1024, CALLS_MAX = 1024, NUMBER_MAX = 1024 };

#ifndef SCMP_ARCH_LOONGARCH64
#define SCMP_ARCH_LOONGARCH64 0
#endif

/*
 * @arch: of libseccomp;  @base: added to every number;  @multiplexed: has socketcall(2) and ipc(2)
 * @same: the architecture whose list it shares (ARCH_MAX: none)
 */
struct source {
	enum seccomp_arch id;
	const char *name;
	uint32_t arch, base;
	enum seccomp_arch same;
	uint32_t calls[CALLS_MAX]; /* by NUMBER: id + 1 */
	uint32_t extra[16][2]; /* numbers above NUMBER_MAX (ARM): number, id */
	size_t n_extra;
	uint32_t largest;
};

/* clang-format off: a table */
static struct source sources[] = {
	{ ARCH_X86, "X86", SCMP_ARCH_X86, 0, ARCH_MAX },
	{ ARCH_X86_64, "X86_64", SCMP_ARCH_X86_64, 0, ARCH_MAX },
	{ ARCH_X32, "X32", SCMP_ARCH_X32, 0x40000000, ARCH_MAX },
	{ ARCH_ARM, "ARM", SCMP_ARCH_ARM, 0, ARCH_MAX },
	{ ARCH_AARCH64, "AARCH64", SCMP_ARCH_AARCH64, 0, ARCH_MAX },
	{ ARCH_PPC64LE, "PPC64LE", SCMP_ARCH_PPC64LE, 0, ARCH_MAX },
	{ ARCH_PPC64, "PPC64", SCMP_ARCH_PPC64, 0, ARCH_PPC64LE },
	{ ARCH_S390, "S390", SCMP_ARCH_S390, 0, ARCH_MAX },
	{ ARCH_S390X, "S390X", SCMP_ARCH_S390X, 0, ARCH_MAX },
	{ ARCH_RISCV64, "RISCV64", SCMP_ARCH_RISCV64, 0, ARCH_MAX },
	{ ARCH_LOONGARCH64, "LOONGARCH64", SCMP_ARCH_LOONGARCH64, 0, ARCH_MAX },
};
/* clang-format on */
#define N_SOURCES (sizeof(sources) / sizeof(sources[0]))

/* clang-format off: a table */
/* newer than Linux 6.7; include/uapi/asm-generic/unistd.h of Linux 6.18 */
static const struct recent {
	uint32_t number;
	const char *name;
} recent[] = {
	{ 457, "statmount" },
	{ 458, "listmount" },
	{ 459, "lsm_get_self_attr" },
	{ 460, "lsm_set_self_attr" },
	{ 461, "lsm_list_modules" },
	{ 462, "mseal" },
	{ 463, "setxattrat" },
	{ 464, "getxattrat" },
	{ 465, "listxattrat" },
	{ 466, "removexattrat" },
	{ 467, "open_tree_attr" },
	{ 468, "file_getattr" },
	{ 469, "file_setattr" },
};
/* clang-format on */

/* clang-format off: a table */
static const struct mux {
	const char *name;
	uint8_t value;
} multiplexed[] = {
	{ "socket", SYSCALL_MUX_SOCKET | SYS_SOCKET },
	{ "bind", SYSCALL_MUX_SOCKET | SYS_BIND },
	{ "connect", SYSCALL_MUX_SOCKET | SYS_CONNECT },
	{ "listen", SYSCALL_MUX_SOCKET | SYS_LISTEN },
	{ "accept", SYSCALL_MUX_SOCKET | SYS_ACCEPT },
	{ "getsockname", SYSCALL_MUX_SOCKET | SYS_GETSOCKNAME },
	{ "getpeername", SYSCALL_MUX_SOCKET | SYS_GETPEERNAME },
	{ "socketpair", SYSCALL_MUX_SOCKET | SYS_SOCKETPAIR },
	{ "send", SYSCALL_MUX_SOCKET | SYS_SEND },
	{ "recv", SYSCALL_MUX_SOCKET | SYS_RECV },
	{ "sendto", SYSCALL_MUX_SOCKET | SYS_SENDTO },
	{ "recvfrom", SYSCALL_MUX_SOCKET | SYS_RECVFROM },
	{ "shutdown", SYSCALL_MUX_SOCKET | SYS_SHUTDOWN },
	{ "setsockopt", SYSCALL_MUX_SOCKET | SYS_SETSOCKOPT },
	{ "getsockopt", SYSCALL_MUX_SOCKET | SYS_GETSOCKOPT },
	{ "sendmsg", SYSCALL_MUX_SOCKET | SYS_SENDMSG },
	{ "recvmsg", SYSCALL_MUX_SOCKET | SYS_RECVMSG },
	{ "accept4", SYSCALL_MUX_SOCKET | SYS_ACCEPT4 },
	{ "recvmmsg", SYSCALL_MUX_SOCKET | SYS_RECVMMSG },
	{ "sendmmsg", SYSCALL_MUX_SOCKET | SYS_SENDMMSG },
	/* include/uapi/linux/ipc.h */
	{ "semop", SYSCALL_MUX_IPC | 1 },
	{ "semget", SYSCALL_MUX_IPC | 2 },
	{ "semctl", SYSCALL_MUX_IPC | 3 },
	{ "semtimedop", SYSCALL_MUX_IPC | 4 },
	{ "msgsnd", SYSCALL_MUX_IPC | 11 },
	{ "msgrcv", SYSCALL_MUX_IPC | 12 },
	{ "msgget", SYSCALL_MUX_IPC | 13 },
	{ "msgctl", SYSCALL_MUX_IPC | 14 },
	{ "shmat", SYSCALL_MUX_IPC | 21 },
	{ "shmdt", SYSCALL_MUX_IPC | 22 },
	{ "shmget", SYSCALL_MUX_IPC | 23 },
	{ "shmctl", SYSCALL_MUX_IPC | 24 },
};
/* clang-format on */

static char *names[NAMES_MAX];
static size_t n_names;

static void die(const char *what, const char *subject)
{
	fprintf(stderr, "gen_syscalls: %s '%s'\n", what, subject);
	exit(1);
}

static size_t name_id(const char *name)
{
	for (size_t i = 0; i < n_names; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	if (n_names == NAMES_MAX)
		die("too many names at", name);
	names[n_names] = strdup(name);
	return n_names++;
}

/* Only what has no number yet: two names of one number would be two rules for one call. */
static bool add(struct source *s, uint32_t number, const char *name)
{
	size_t id = name_id(name);

	if (number >= NUMBER_MAX) {
		if (s->n_extra == sizeof(s->extra) / sizeof(s->extra[0]))
			die("too many large numbers at", name);
		s->extra[s->n_extra][0] = number;
		s->extra[s->n_extra++][1] = (uint32_t)id;
		return true;
	}
	if (s->calls[number])
		return false;
	s->calls[number] = (uint32_t)id + 1;
	if (number > s->largest)
		s->largest = number;
	return true;
}

static void add_range(struct source *s, uint32_t first, uint32_t last)
{
	for (uint32_t number = first; number <= last; number++) {
		char *name = seccomp_syscall_resolve_num_arch(s->arch, (int)(number + s->base));

		if (name)
			add(s, number, name);
		free(name);
	}
}

/* a call that libseccomp finds by name only: its number has another name too */
static void check_names(const struct source *s)
{
	for (size_t i = 0; i < n_names; i++) {
		int number = seccomp_syscall_resolve_name_arch(s->arch, names[i]);
		uint32_t plain = (uint32_t)number - s->base;

		if (number >= 0 && plain < NUMBER_MAX && s->calls[plain] != i + 1)
			die("two names of one number:", names[i]);
	}
}

/* "#define __NR_name NUMBER" or "(__X32_SYSCALL_BIT + NUMBER)" of a kernel header, above what is known */
static void add_header(struct source *s, const char *path)
{
	uint32_t known = s->largest;
	FILE *file = fopen(path, "re");
	char line[512], name[128];
	unsigned int number;

	if (!file)
		return; /* another distribution, another path: the list is complete enough without */
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "#define __NR_%127s %u", name, &number) != 2 &&
			sscanf(line, "#define __NR_%127s (__X32_SYSCALL_BIT + %u)", name, &number) != 2)
			continue;
		if (number > known && number < NUMBER_MAX && strncmp(name, "arch_specific", 13) != 0 && strcmp(name, "syscalls") != 0)
			add(s, number, name);
	}
	fclose(file);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_names(void)
{
	static uint16_t slots[SYSCALL_SLOTS];
	size_t at = 0;

	printf("const size_t syscall_n_names = %zu;\nconst char syscall_pool[] =\n", n_names);
	for (size_t i = 0; i < n_names; i++)
		printf("\t\"%s\\0\"\n", names[i]);
	printf("\t\"\";\nconst uint16_t syscall_name_at[] = {");
	for (size_t i = 0; i < n_names; i++) {
		printf("%s%zu,", i % 16 ? " " : "\n\t", at);
		at += strlen(names[i]) + 1;
	}
	for (size_t i = 0; i < n_names; i++) {
		uint32_t slot = syscall_hash(names[i]) % SYSCALL_SLOTS;

		while (slots[slot])
			slot = (slot + 1) % SYSCALL_SLOTS;
		slots[slot] = (uint16_t)(i + 1);
	}
	printf("\n};\nconst uint16_t syscall_slots[SYSCALL_SLOTS] = {");
	for (size_t i = 0; i < SYSCALL_SLOTS; i++)
		printf("%s%u,", i % 24 ? " " : "\n\t", slots[i]);
	printf("\n};\nconst uint8_t syscall_mux[] = {");
	for (size_t i = 0; i < n_names; i++) {
		unsigned int value = 0;

		for (size_t k = 0; k < sizeof(multiplexed) / sizeof(multiplexed[0]); k++)
			if (strcmp(multiplexed[k].name, names[i]) == 0)
				value = multiplexed[k].value;
		printf("%s%u,", i % 24 ? " " : "\n\t", value);
	}
	printf("\n};\n");
}

/* @order[old id]: the id in the sorted list of names */
static void print_arch(struct source *s, const uint32_t *order)
{
	size_t n = 0;

	printf("static const uint32_t calls_%s[] = {", s->name);
	for (uint32_t i = 0; i < NUMBER_MAX; i++)
		if (s->calls[i])
			printf("%s%u,", n++ % 16 ? " " : "\n\t", SYSCALL_ENTRY(i, order[s->calls[i] - 1]));
	for (size_t i = 0; i < s->n_extra; i++)
		printf("%s%u,", n++ % 16 ? " " : "\n\t", SYSCALL_ENTRY(s->extra[i][0], order[s->extra[i][1]]));
	printf("\n};\n");
}

static void print_arches(void)
{
	static uint32_t order[NAMES_MAX];
	static char *sorted[NAMES_MAX];

	memcpy(sorted, names, sizeof(names));
	qsort(sorted, n_names, sizeof(sorted[0]), compare_names);
	for (size_t i = 0; i < n_names; i++)
		for (size_t k = 0; k < n_names; k++)
			if (sorted[k] == names[i])
				order[i] = (uint32_t)k;
	for (size_t i = 0; i < N_SOURCES; i++)
		if (sources[i].arch && sources[i].same == ARCH_MAX)
			print_arch(&sources[i], order);
	memcpy(names, sorted, sizeof(names));
	print_names();
	printf("const struct syscall_arch syscall_arches[ARCH_MAX] = {\n");
	for (size_t i = 0; i < N_SOURCES; i++) {
		const struct source *list = &sources[i];

		for (size_t k = 0; k < N_SOURCES; k++)
			if (sources[i].same == sources[k].id)
				list = &sources[k];
		if (sources[i].arch)
			printf("\t[ARCH_%s] = { calls_%s, sizeof(calls_%s) / sizeof(uint32_t), 0x%x },\n", sources[i].name, list->name, list->name,
				sources[i].base);
	}
	printf("};\n");
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < N_SOURCES; i++) {
		struct source *s = &sources[i];

		if (!s->arch || s->same != ARCH_MAX)
			continue;
		add_range(s, 0, NUMBER_MAX - 1);
		if (s->id == ARCH_ARM) /* __ARM_NR_BASE: breakpoint, cacheflush, … */
			add_range(s, 0xf0000, 0xf000f);
	}
	for (size_t i = 0; i < N_SOURCES; i++) {
		struct source *s = &sources[i];

		if (!s->arch || s->same != ARCH_MAX)
			continue;
		check_names(s);
		for (int k = 1; k < argc; k++) {
			const char *header = strchr(argv[k], '=');

			if (header && strlen(s->name) == (size_t)(header - argv[k]) && strncmp(argv[k], s->name, strlen(s->name)) == 0)
				add_header(s, header + 1);
		}
		for (size_t k = 0; k < sizeof(recent) / sizeof(recent[0]); k++)
			add(s, recent[k].number, recent[k].name);
		if (s->id == ARCH_X86_64)
			add(s, 335, "uretprobe"); /* Linux 6.11, this architecture only */
	}
	printf("/* Made by tools/gen_syscalls.c with libseccomp %u.%u.%u. */\n#include \"aspect/seccomp_table.h\"\n#include \"spec/names.h\"\n\n",
		seccomp_version()->major, seccomp_version()->minor, seccomp_version()->micro);
	print_arches();
	return 0;
}
