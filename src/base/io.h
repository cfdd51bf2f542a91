/* Whole files: read with a limit, written at once, replaced atomically. */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"

/**
 * io_read_fd - read a descriptor to its end.
 * @limit: bytes accepted.
 * @ret_text: zero-terminated, in @arena.  @ret_length: without that zero; may be NULL.
 * Return: 0, -EFBIG (more than @limit), or -errno (-ENOMEM: more than the arena has room for).
 */
int io_read_fd(int fd, size_t limit, struct arena *arena, char **ret_text, size_t *ret_length);

/**
 * io_read_file - open @path below @dirfd (AT_FDCWD: the current directory) and read it to its end.
 * A FIFO or device does not block it: only regular files (and what procfs and cgroupfs show as such) are read, else -EINVAL.
 */
int io_read_file(int dirfd, const char *path, size_t limit, struct arena *arena, char **ret_text, size_t *ret_length);

/**
 * io_read_input - read a file that a person names, to its end: also a pipe, as the shell's <(COMMAND) is.
 */
int io_read_input(const char *path, size_t limit, struct arena *arena, char **ret_text, size_t *ret_length);

/**
 * io_read_small - read a small file (procfs, sysfs, cgroupfs) into a caller's buffer with one read; the final newline is cut. Child code may call it.
 * Return: length or -errno.
 */
ssize_t io_read_small(int dirfd, const char *path, char *buffer, size_t size);

/**
 * io_write_all - write everything, also after short writes and EINTR. Child code may call it.
 */
int io_write_all(int fd, const void *data, size_t length);

/**
 * io_write_pipe - the same to a descriptor of somebody else's, who may be gone: that is -EPIPE, and never our end by SIGPIPE.
 */
int io_write_pipe(int fd, const void *data, size_t length);

/**
 * io_forget_sigpipe - take back the signal of a write(2) that gave EPIPE while the signal was blocked, or it would end us when it no longer is.
 */
void io_forget_sigpipe(void);

/**
 * io_write_file - write to an existing file (procfs, sysfs, cgroupfs) with one write(2). Child code may call it.
 * Return: 0 or -errno; a short write is -EIO.
 */
int io_write_file(int dirfd, const char *path, const char *data, size_t length);

/**
 * io_create_file - write a new file. What somebody who died left under its name is removed; on failure nothing is left of it.
 * @mode: permission bits, whatever the umask is.
 */
int io_create_file(int dirfd, const char *path, mode_t mode, const void *data, size_t length);

/**
 * io_replace_file - write @path atomically: a temporary file beside it, then renameat(2).
 * @mode: permission bits of the new file.
 */
int io_replace_file(int dirfd, const char *path, mode_t mode, const void *data, size_t length);

/**
 * io_replace_by - the same where only one writer at a time is possible: it names the temporary file, beside @path.
 */
int io_replace_by(int dirfd, const char *temporary, const char *path, mode_t mode, const void *data, size_t length);

/**
 * io_open_output - open the place for output that a person names, unless it is a file: that is for io_replace_file(). A name that means a descriptor
 * (/dev/stdout, /dev/fd/N) is that descriptor, and devices and FIFOs are written to: to replace one would take it from everybody.
 * @ret_fd: the caller's to close; NO_FD: a regular file, nothing, or a link to one of them.
 * Return: 0 or -errno. A FIFO waits for its reader.
 */
int io_open_output(const char *path, int *ret_fd);

/**
 * io_memfd - a file in memory with @text in it, which nobody can change, to be read from its beginning.
 * Return: a descriptor or -errno.
 */
int io_memfd(const char *name, const char *text);

#endif
