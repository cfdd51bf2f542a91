"""Which system calls can fail, how, and which of these failures have no consequence: for inject and sandbox."""
import errno
import fnmatch
import re
import threading

import fault

# not here because their failure means nothing or cannot be: close, munmap, brk, exit, exit_group, getpid and its like, rt_sig*, umask, arch_prctl
# what each call fails with, and which of its arguments says most: see tracer.c
ERRORS = """
openat EMFILE 1 | open EMFILE 0 | openat2 EMFILE 1 | read EIO - | write ENOSPC 1 | pread64 EIO - | pwrite64 ENOSPC - | sendfile EIO - | writev EIO -
stat ENOMEM 0 | newfstatat ENOMEM 1 | fstat ENOMEM - | statx ENOMEM 1 | fstatfs EIO - | statfs EIO 0 | getdents64 EIO - | lseek EINVAL -
faccessat2 EACCES 1 | access EACCES 0 | readlink EACCES 0 | readlinkat EACCES 1 | getcwd ENOMEM - | lgetxattr EIO 1
mkdir ENOSPC 0 | mkdirat ENOSPC 1 | mknodat EPERM 1 | symlinkat ENOSPC 2 | symlink ENOSPC 1 | linkat ENOSPC 3 | unlinkat EIO 1 | rmdir EBUSY 0 | unlink EIO 0
rename ENOSPC 1 | renameat ENOSPC 3 | renameat2 ENOSPC 3 | fchmod EPERM - | fchmodat EPERM 1 | fchmodat2 EPERM 1 | chmod EPERM 0 | fchown EPERM - | fchownat EPERM 1
chown EPERM 0 | lchown EPERM 0 | utimensat EPERM 1 | ftruncate EIO - | fsync EIO -
mount EPERM 1 | umount2 EBUSY 0 | pivot_root EINVAL 0 | fsopen EPERM 0 | fsconfig EINVAL 22 | fsmount EPERM -2 | move_mount EPERM 3 | open_tree EPERM 1
mount_setattr EPERM 1 | fspick EPERM - | chroot EPERM 0 | chdir EACCES 0 | fchdir EACCES -
clone3 EAGAIN - | clone EAGAIN - | vfork EAGAIN - | fork EAGAIN - | execve ENOMEM 0 | execveat ENOMEM - | wait4 ECHILD - | waitid ECHILD 10
setns EPERM 11 | unshare EPERM 10 | sethostname EPERM 0 | setdomainname EPERM 0 | pidfd_open EMFILE - | pidfd_send_signal EPERM 11 | kill EPERM 11
socket EMFILE - | socketpair EMFILE - | connect ECONNREFUSED - | bind EADDRINUSE - | sendmsg ENOBUFS - | recvmsg ENOMEM - | sendto ENOBUFS - | recvfrom ENOMEM -
poll ENOMEM - | ppoll ENOMEM - | signalfd4 EMFILE - | eventfd2 EMFILE - | memfd_create EMFILE 0 | pipe2 EMFILE - | dup EMFILE - | dup3 EMFILE - | dup2 EMFILE -
fcntl EINVAL 11 | flock ENOLCK 11 | ioctl EIO 11 | mmap ENOMEM - | mprotect ENOMEM - | mremap ENOMEM -
prctl EPERM 10 | capset EPERM - | capget EPERM - | setgroups EPERM - | setresuid EAGAIN - | setresgid EPERM - | setuid EAGAIN - | setgid EPERM - | setfsuid EPERM -
setsid EPERM - | setpgid EPERM - | keyctl EDQUOT 10 | bpf EPERM 10 | seccomp ENOMEM 10 | prlimit64 EPERM 11 | setrlimit EPERM - | getrlimit EPERM -
sched_setscheduler EPERM - | sched_setattr EPERM - | sched_setaffinity EPERM - | sched_getaffinity EPERM - | ioprio_set EPERM - | setpriority EPERM -
set_mempolicy EPERM - | personality EINVAL - | close_range EINVAL - | uname EFAULT - | sysinfo EFAULT - | getrandom EAGAIN - | statmount EPERM - | listmount EPERM -
"""


def table():
    numbers, lines, unknown = {name: number for number, name in fault.syscall_names().items()}, {}, []
    for word in re.split(r"[|\n]", ERRORS):
        if word.strip():
            name, error, argument = word.split()
            if name in numbers:
                lines[name] = (numbers[name], getattr(errno, error), -1 if argument == "-" else int(argument))
            else:
                unknown.append(name)
    return lines, unknown


class Tolerated:
    """Lines: SIDE CALL PATTERN, then the reason. Every line must be needed, but those whose side ends with "?" and those of other suites' files."""

    def __init__(self, path, *others):
        self.own, self.used, self.lock = self.read(path), set(), threading.Lock()
        self.rows = self.own + [row for other in others for row in self.read(other)]

    @staticmethod
    def read(path):
        rows = []
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    side, call, pattern, reason = line.split(None, 3)
                    rows.append((side, call, pattern, reason.strip()))
        return rows

    def find(self, side, call, string):
        for row in self.rows:
            if row[0].rstrip("?") in (side, "both") and row[1] == call and fnmatch.fnmatchcase(string, row[2]):
                with self.lock:
                    self.used.add(row)
                return True
        return False

    def unused(self):
        return [f"nothing needs: {' '.join(row)}" for row in self.own if row not in self.used and not row[0].endswith("?")]


def plain(worker, call, string):
    """The argument without what changes from run to run."""
    string = string.replace(worker.box.dir, "BOX").replace(worker.id, "ID")
    string = re.sub(r"\.\d+", ".N", re.sub(r"/proc/\d+", "/proc/PID", string))
    if call == "write":
        string = re.match(r"[ -~]{0,20}", string).group(0)
    return string.replace(" ", "_") or "-"


def write_table(path, rows):
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"{number} {error} {argument}\n" for number, error, argument in rows)
