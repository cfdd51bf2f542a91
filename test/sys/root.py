"""root.py below PID: what a process sees that enters the mount namespace of PID: the names in "/", and whether the directory of this file is there.
root.py shared|stacked COMMAND…: run it where "/" hangs on a shared mount, or on a copy of itself; then say whether "/" is still there."""
import ctypes
import os
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, MNT_DETACH, MS_REC, MS_PRIVATE, MS_SHARED = 0x20000, 2, 1 << 14, 1 << 18, 1 << 20
OPEN_TREE, MOVE_MOUNT, OPEN_TREE_CLONE, RECURSIVE, EMPTY_PATH, AT_FDCWD = 428, 429, 1, 0x8000, 4, -100


def must(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def copy():
    return must(libc.syscall(OPEN_TREE, AT_FDCWD, b"/", OPEN_TREE_CLONE | RECURSIVE))


def cover(tree):
    must(libc.syscall(MOVE_MOUNT, tree, b"", AT_FDCWD, b"/", EMPTY_PATH))
    os.fchdir(tree)
    os.chroot(".")


def apart(how, command):
    must(libc.unshare(CLONE_NEWNS))
    must(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
    if how == "stacked":
        cover(copy())
    else:
        tree, namespace = copy(), os.open("/proc/self/ns/mnt", os.O_RDONLY)
        must(libc.umount2(b"/", MNT_DETACH))
        must(libc.setns(namespace, CLONE_NEWNS))
        must(libc.mount(b"none", b"/", None, MS_SHARED, None))
        cover(tree)
    status = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        there = any(line.split()[4] == "/" for line in file)
    print("root", "there" if there else "gone", "status", status)


if sys.argv[1] == "below":
    here = os.path.dirname(os.path.abspath(__file__))
    must(libc.setns(os.open(f"/proc/{sys.argv[2]}/ns/mnt", os.O_RDONLY), CLONE_NEWNS))
    print(*sorted(os.listdir("/")), os.path.exists(here))
else:
    apart(sys.argv[1], sys.argv[2:])
