/* bwrap: what its table of options stores, and what is made of it. */
#ifndef CLI_BWRAP_H
#define CLI_BWRAP_H

#include "cli/sandbox.h"

/* options in order */
enum bwrap_operation {
	OP_UNSHARE_ALL, OP_UNSHARE_USER, OP_UNSHARE_USER_TRY, OP_UNSHARE_IPC, OP_UNSHARE_PID, OP_UNSHARE_NET, OP_UNSHARE_UTS, OP_UNSHARE_CGROUP,
	OP_UNSHARE_CGROUP_TRY, OP_SHARE_NET,
	OP_SETENV, OP_UNSETENV, OP_CLEARENV,
	OP_CAP_ADD, OP_CAP_DROP,
	OP_BIND, OP_BIND_TRY, OP_DEV_BIND, OP_DEV_BIND_TRY, OP_RO_BIND, OP_RO_BIND_TRY, OP_BIND_FD, OP_RO_BIND_FD,
	OP_REMOUNT_RO, OP_PROC, OP_DEV, OP_TMPFS, OP_MQUEUE, OP_DIR, OP_FILE, OP_BIND_DATA, OP_RO_BIND_DATA, OP_SYMLINK, OP_CHMOD,
	OP_OVERLAY_SRC, OP_OVERLAY, OP_TMP_OVERLAY, OP_RO_OVERLAY,
	OP_PERMS, OP_SIZE,
	OP_MAX,
};

/* Numbers are text here: 0 is a descriptor, and not "none". */
struct bwrap_flags {
	struct option_log log;
	const char *uid, *gid, *hostname, *chdir, *argv0;
	const char *userns, *userns2, *pidns, *netns;
	const char *sync_fd, *block_fd, *userns_block_fd, *info_fd, *json_status_fd, *seccomp;
	const char *const *add_seccomp_fd;
	const char *const *lock_files;
	const char *exec_label, *file_label;
	bool disable_userns, assert_userns_disabled;
	bool new_session, die_with_parent, as_pid_1;
	bool version;
};

/**
 * bwrap_build - make the library's options of bubblewrap's.
 * Return: 0 or -1.
 */
int bwrap_build(struct sandbox_build *b, struct bwrap_flags *f, struct error *e);

#endif
