/* Whole directory trees, removed without trusting what is in them. */
#ifndef BASE_TREE_H
#define BASE_TREE_H

/**
 * tree_remove - remove a file, or a directory with everything below it, however deep. Symbolic links are removed and never followed; a directory that
 * somebody moves meanwhile ends it (-EAGAIN); a mount point stays (-EBUSY). Directories of ours that deny us access are opened up first.
 * @dirfd: the directory that holds @name.
 * Return: 0 (also when there is nothing) or -errno.
 */
int tree_remove(int dirfd, const char *name);

#endif
