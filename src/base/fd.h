/* Descriptors that travel or are handed down. */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * fd_send - send one message and up to four descriptors over a unix socket (SCM_RIGHTS).
 * @data: at least one byte.  @fds, @n_fds: 0..4.
 * Return: 0 or -errno.  Child code may call it.
 */
int fd_send(int socket, const void *data, size_t length, const int *fds, size_t n_fds);

/**
 * fd_receive - receive one message and up to four descriptors, O_CLOEXEC at birth.
 * @ret_fds: room for @max_fds; unused places become NO_FD.
 * Return: bytes received, 0 at end of file, or -errno (-EMSGSIZE: it was cut).
 */
ssize_t fd_receive(int socket, void *buffer, size_t size, int *ret_fds, size_t max_fds);

/**
 * fd_connect - connect to a unix socket of @type at @path (any length up to PATH_MAX: long ones go through /proc/self/fd).
 * Return: the descriptor or -errno.
 */
int fd_connect(const char *path, int type);

/**
 * fd_set_cloexec - set or clear FD_CLOEXEC.
 */
int fd_set_cloexec(int fd, bool on);

#endif
