/*
 * Paths below a root that somebody hostile controls.
 *
 * The root is opened once (O_PATH). Everything below it is resolved by the kernel inside it (openat2(2), RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS):
 * a symbolic link, "..", or an absolute path cannot leave it. All of these may be called by child code: they allocate nothing.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * path_open - open @path inside @root.
 * @path: absolute or relative, both mean: below @root; "" and "/" mean the root itself.
 * @flags: open(2) flags; O_CLOEXEC is added; a file that O_CREAT makes has mode 0644.
 * @resolve: further RESOLVE_* bits, for example RESOLVE_NO_SYMLINKS; 0: none.
 * Return: a descriptor or -errno (-ELOOP, -EXDEV and -EAGAIN as openat2(2) says; EAGAIN is retried).
 */
int path_open(int root, const char *path, uint64_t flags, uint64_t resolve);

/**
 * path_make_dir - make the directory @path inside @root and its missing parents (mode 0755 and the process's umask 0), following symbolic links
 * inside the root as the kernel resolves them; an existing directory is accepted.
 * Return: an O_PATH descriptor of it, or -errno.
 */
int path_make_dir(int root, const char *path, mode_t mode);

/**
 * path_make_file - make an empty regular file (and missing parents); an existing file of any type but a directory is accepted.
 * Return: an O_PATH descriptor of it, or -errno (-EISDIR).
 */
int path_make_file(int root, const char *path, mode_t mode);

/**
 * path_missing - where path_make_dir() and path_make_file() would make the first name of @path that does not exist. Nothing is made.
 * @ret_at_root: it is in the root directory itself.
 * Return: an O_PATH descriptor of that directory (of @path itself when nothing is missing), or -errno.
 */
int path_missing(int root, const char *path, bool *ret_at_root);

/**
 * path_open_parent - open the directory that holds the last component of @path, made if @make.
 * @ret_name: that last component (points into @path); "." when @path is the root.
 * Return: an O_PATH descriptor of the directory, or -errno (-EINVAL: @path ends in "/", "." or "..", so it names nothing in a directory).
 */
int path_open_parent(int root, const char *path, bool make, const char **ret_name);

/**
 * path_is_fs - whether the filesystem behind @fd has the magic number @magic (statfs(2)).
 * Return: 1, 0 or -errno.
 */
int path_is_fs(int fd, unsigned long magic);

/**
 * path_is_clean - whether a path is absolute and has no empty, "." or ".." component. Pure.
 */
bool path_is_clean(const char *path);

/**
 * path_is_root - whether a path is "/", in whatever spelling. Pure.
 */
bool path_is_root(const char *path);

/**
 * path_below - what is left of @path behind the directory @dir, as words: no link is followed. Pure.
 * Return: "/…", "" where both are the same, or NULL: it does not lie there.
 */
const char *path_below(const char *path, const char *dir);

#endif
