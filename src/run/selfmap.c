/*
 * Changing the file that we run from without executing it.
 *
 * The kernel lets a process change what /proc/self/exe leads to once nothing of the old file is mapped any more (kernel/fork.c, replace_mm_exe_file()). Both are
 * the same file, seen through two mounts, so its pages are the same, too: each segment is mapped again where it is. Of a writable one, what may have been
 * written lies behind what is only read after relocation (PT_GNU_RELRO): it is put back into the new mapping. Compared with
 * execve(2) that saves the new process image and the second start of the C library. It is done at once, while few pages are mapped: those would have to be torn
 * down and faulted in once more.
 *
 * It needs a static program at a fixed address: nobody else may have written into its segments, as a dynamic loader does.
 */
#include "run/selfmap.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sys.h"

#if defined(__x86_64__) && !defined(__GLIBC__)

enum { PAGE = 4096, KEPT_MAX = 2 * PAGE };

extern char **environ;

static uintptr_t page_down(uintptr_t address)
{
	return address & ~(uintptr_t)(PAGE - 1);
}

static uintptr_t page_up(uintptr_t address)
{
	return page_down(address + PAGE - 1);
}

/* The program headers, as the kernel found them. */
struct image {
	const Elf64_Phdr *headers;
	size_t n;
	uintptr_t written_from; /* the first page that may have been written, 0: any */
};

static int image_read(struct image *ret)
{
	bool fixed = false;

	*ret = (struct image){ .headers = (const Elf64_Phdr *)getauxval(AT_PHDR), .n = getauxval(AT_PHNUM) };
	for (size_t i = 0; ret->headers && i < ret->n; i++) {
		const Elf64_Phdr *h = &ret->headers[i];

		if (h->p_type == PT_INTERP || h->p_type == PT_DYNAMIC)
			return -ENOTSUP;
		if (h->p_type == PT_LOAD && h->p_offset == 0)
			fixed = (uintptr_t)ret->headers - h->p_vaddr < h->p_filesz;
		if (h->p_type == PT_GNU_RELRO)
			ret->written_from = page_down(h->p_vaddr + h->p_memsz);
	}
	return fixed ? 0 : -ENOTSUP;
}

/*
 * What was written is kept aside on the stack and put back. In between the program's variables, its errno and stack guard among them, are what they were before
 * main(): no function may be called that looks at them.
 */
static int segment_replace(const struct image *image, const Elf64_Phdr *h, int fd)
{
	uintptr_t start = page_down(h->p_vaddr), end = page_up(h->p_vaddr + h->p_filesz);
	uintptr_t from = !(h->p_flags & PF_W) ? end : image->written_from <= start ? start : image->written_from < end ? image->written_from : end;
	int protection = PROT_READ | (h->p_flags & PF_W ? PROT_WRITE : 0) | (h->p_flags & PF_X ? PROT_EXEC : 0);
	__attribute__((uninitialized)) char written[KEPT_MAX]; /* it is not written further than needed: fresh stack is dear */
	void *mapped;

	if (end - from > sizeof(written))
		return -ENOTSUP;
	memcpy(written, (const void *)from, end - from);
	mapped = mmap((void *)start, end - start, protection, MAP_PRIVATE | MAP_FIXED, fd, (off_t)page_down(h->p_offset));
	if (mapped == MAP_FAILED)
		return -errno;
	memcpy((void *)from, written, end - from);
	return 0;
}

/*
 * All that PR_SET_MM_MAP sets besides the file stays what it is. The kernel has laid the strings out one after the other: arguments, environment, the path
 * that was executed (fs/exec.c).
 */
static int describe(const struct image *image, char *const argv[], int fd, struct prctl_mm_map *ret)
{
	uintptr_t end = getauxval(AT_EXECFN), heap = (uintptr_t)syscall(SYS_brk, 0);
	uintptr_t arguments = (uintptr_t)argv[0], environment = environ && environ[0] ? (uintptr_t)environ[0] : end;

	if (environment <= arguments || environment > end) /* the program has made itself another one */
		environment = end;
	if (!argv[0] || arguments >= end || end - arguments > (uintptr_t)16 << 20)
		return -ENOTSUP;
	*ret = (struct prctl_mm_map){
		.start_code = UINT64_MAX, .start_brk = heap, .brk = heap, .start_stack = (uintptr_t)argv - sizeof(long),
		.arg_start = arguments, .arg_end = environment, .env_start = environment, .env_end = end, .exe_fd = (uint32_t)fd,
	};
	for (size_t i = 0; i < image->n; i++) {
		const Elf64_Phdr *h = &image->headers[i];

		if (h->p_type != PT_LOAD)
			continue;
		if (h->p_flags & PF_X) {
			ret->start_code = h->p_vaddr < ret->start_code ? h->p_vaddr : ret->start_code;
			ret->end_code = h->p_vaddr + h->p_filesz;
		}
		ret->start_data = h->p_vaddr;
		ret->end_data = h->p_vaddr + h->p_filesz;
	}
	return 0;
}

bool selfmap_is_own(int file)
{
	struct image image;
	char there[64];

	if (image_read(&image) < 0)
		return false;
	for (size_t i = 0; i < image.n; i++) {
		const Elf64_Phdr *h = &image.headers[i];
		const Elf64_Nhdr *note = (const Elf64_Nhdr *)h->p_vaddr;

		if (h->p_type == PT_NOTE && h->p_filesz > sizeof(*note) && h->p_filesz <= sizeof(there) && note->n_type == NT_GNU_BUILD_ID)
			return pread(file, there, h->p_filesz, (off_t)h->p_offset) == (ssize_t)h->p_filesz && memcmp(there, note, h->p_filesz) == 0;
	}
	return false;
}

int selfmap_replace(int file, char *const argv[])
{
	struct prctl_mm_map map;
	struct image image;
	int r = image_read(&image);

	if (r == 0)
		r = describe(&image, argv, file, &map);
	for (size_t i = 0; r == 0 && i < image.n; i++)
		if (image.headers[i].p_type == PT_LOAD)
			r = segment_replace(&image, &image.headers[i], file);
	if (r < 0)
		return r;
	return (int)SYS_CALL(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0); /* CONFIG_CHECKPOINT_RESTORE */
}

#else

bool selfmap_is_own(int file)
{
	(void)file;
	return false;
}

int selfmap_replace(int file, char *const argv[])
{
	(void)file, (void)argv;
	return -ENOTSUP;
}

#endif
