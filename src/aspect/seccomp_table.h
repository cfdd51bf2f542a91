/*
 * System calls by name and by number, of every architecture that hull can filter. src/generated/seccomp_table.c is made by tools/gen_syscalls.c
 * from libseccomp, the kernel's headers and a short list of what is newer than both.
 *
 * A name is its index ("id"). An architecture is the sorted list of its calls; one walk over it compiles a filter without any sorting.
 */
#ifndef ASPECT_SECCOMP_TABLE_H
#define ASPECT_SECCOMP_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* slots of the hash table of names, a power of two; open addressing, 0 is an empty slot and id + 1 a full one */
enum { SYSCALL_SLOTS = 2048 };

/* one call of an architecture: number << 12 | id */
#define SYSCALL_ENTRY(number, id) ((uint32_t)(number) << 12 | (uint32_t)(id))
#define SYSCALL_NUMBER(entry) ((entry) >> 12)
#define SYSCALL_ID(entry) ((entry)&0xfff)

/*
 * syscall_mux[id]: architectures with socketcall(2) and ipc(2) offer some calls as a first argument of those: 0, or the kind and the argument.
 */
enum { SYSCALL_MUX_SOCKET = 0x40, SYSCALL_MUX_IPC = 0x80, SYSCALL_MUX_ARGUMENT = 0x3f };

/*
 * @calls, @n: sorted by number, one entry a number;  @base: added to every number
 */
struct syscall_arch {
	const uint32_t *calls;
	size_t n;
	uint32_t base;
};

extern const size_t syscall_n_names;
extern const char syscall_pool[]; /* the names, each with its zero */
extern const uint16_t syscall_name_at[]; /* id: offset into the pool */
extern const uint16_t syscall_slots[SYSCALL_SLOTS];
extern const uint8_t syscall_mux[];
extern const struct syscall_arch syscall_arches[]; /* enum seccomp_arch: n is 0 for those without a table */

/* the hash of a name (FNV-1a); the generator and the look-up share it */
static inline uint32_t syscall_hash(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash ^ hash >> 15;
}

#endif
