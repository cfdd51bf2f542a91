#!/usr/bin/env python3
"""protocol.py BWRAP: bubblewrap's protocol over descriptors, spoken with BWRAP; prints what happened, a fact a line. The numbers that differ are masked."""
import fcntl
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time

BWRAP = sys.argv[1]
ROOT = [BWRAP, "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
LOAD_NUMBER, IF_EQUAL, RETURN = 0x20, 0x15, 0x06
LOW_FD, HIGH_FD = 9, 20
UNAME, EIO, ALLOW, ERRNO = 63, 5, 0x7FFF0000, 0x00050000


def fact(name, *values):
    print(name, *values, flush=True)


def masked(data):
    return re.sub(r"4026\d+", "NS", re.sub(r'"child-pid": \d+', '"child-pid": PID', data.decode()))


def told():
    for options in (["--unshare-all"], []):
        for option in ("--info-fd", "--json-status-fd"):
            read, write = os.pipe()
            done = subprocess.run([*ROOT, *options, option, str(write), "sh", "-c", "exit 3"], pass_fds=[write], check=False)
            os.close(write)
            fact(option, options, repr(masked(os.read(read, 9999))), done.returncode)


def waited():
    read, write = os.pipe()
    child = subprocess.Popen([*ROOT, "--block-fd", str(read), "echo", "on"], pass_fds=[read], stdout=subprocess.PIPE)
    time.sleep(0.3)
    fact("block-fd: waits", child.poll() is None)
    os.write(write, b"x")
    fact("block-fd:", child.communicate()[0], child.returncode)


def held():
    read, write = os.pipe()
    command = f"[ -e /proc/self/fd/{write} ] && echo leaked; sleep 0.5"
    child = subprocess.Popen([*ROOT, "--unshare-pid", "--sync-fd", str(write), "sh", "-c", command], pass_fds=[write], stdout=subprocess.PIPE)
    os.close(write)
    begin = time.monotonic()
    fact("sync-fd: end of file", os.read(read, 1), "late:", time.monotonic() - begin > 0.3, child.communicate()[0])
    with tempfile.NamedTemporaryFile() as file:
        child = subprocess.Popen([*ROOT, "--unshare-pid", "--lock-file", file.name, "sleep", "1"])
        time.sleep(0.4)
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fact("lock-file: not locked")
        except OSError:
            fact("lock-file: locked")
        child.wait()
        signal.alarm(5)  # process 1 holds it, whose end neither of the two waits for
        fcntl.lockf(file, fcntl.LOCK_EX)
        signal.alarm(0)
    read, write = os.pipe()
    read = fcntl.fcntl(read, fcntl.F_DUPFD_CLOEXEC, HIGH_FD)
    os.dup2(write, LOW_FD)  # sh knows none of two digits
    os.close(write)
    child = subprocess.Popen([*ROOT, "--unshare-pid", "sh", "-c", f"echo hi >&{LOW_FD}; exec {LOW_FD}>&-; exec sleep 1"], pass_fds=[LOW_FD])
    os.close(LOW_FD)
    begin = time.monotonic()
    fact("descriptors of the command's:", os.read(read, 9), os.read(read, 9), "early:", time.monotonic() - begin < 0.8)
    child.wait()


def lingering():
    begin = time.monotonic()
    done = subprocess.run([*ROOT, "--unshare-pid", "sh", "-c", "sleep 2 & exit 4"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    fact("the command's end is bwrap's:", done.returncode, time.monotonic() - begin < 1.5)


def filtered():
    program = b"".join(struct.pack("HBBI", *line) for line in (
        (LOAD_NUMBER, 0, 0, 0), (IF_EQUAL, 0, 1, UNAME), (RETURN, 0, 0, ERRNO | EIO), (RETURN, 0, 0, ALLOW)))
    files = []
    for _ in range(3):
        files.append(os.memfd_create("filter", 0))
        os.write(files[-1], program)
        os.lseek(files[-1], 0, os.SEEK_SET)
    options = {"--seccomp": files[:1], "--add-seccomp-fd": files[1:]}
    for option, fds in options.items():
        arguments = [word for fd in fds for word in (option, str(fd))]
        done = subprocess.run([*ROOT, *arguments, "sh", "-c", "uname 2>/dev/null || echo refused; grep Seccomp_filters /proc/self/status"],
                              pass_fds=fds, stdout=subprocess.PIPE, check=False)
        fact(option, done.stdout)


def forbidden():
    for options in ([], ["--cap-add", "ALL"]):
        done = subprocess.run([*ROOT, "--unshare-user", "--unshare-pid", "--disable-userns", *options, "--assert-userns-disabled", "unshare", "-U", "true"],
                              stderr=subprocess.PIPE, check=False)
        fact("disable-userns", options, done.returncode, b"No space left" in done.stderr)
    done = subprocess.run([*ROOT, "--unshare-user", "--assert-userns-disabled", "true"], stderr=subprocess.PIPE, check=False)
    fact("assert-userns-disabled", done.returncode)


def mapped():
    """Only with hull: as root, bubblewrap 0.8 cannot live with such maps."""
    info, info_write = os.pipe()
    block, block_write = os.pipe()
    child = subprocess.Popen([*ROOT, "--unshare-user", "--unshare-pid", "--info-fd", str(info_write), "--userns-block-fd", str(block), "cat", "/proc/self/uid_map"],
                             pass_fds=[info_write, block], stdout=subprocess.PIPE)
    os.close(info_write)
    pid = json.loads(os.read(info, 999))["child-pid"]
    for file in ("uid_map", "gid_map"):
        with open(f"/proc/{pid}/{file}", "w", encoding="ascii") as map_file:
            map_file.write("0 100000 10\n")
    os.write(block_write, b"x")
    fact("userns-block-fd", child.communicate()[0].split())


for test in told, waited, held, lingering, filtered, forbidden:
    test()
if len(sys.argv) > 2:
    mapped()
