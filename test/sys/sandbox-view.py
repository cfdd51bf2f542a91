"""What can be seen from in here, a fact a line, without what differs between hosts and runs."""
import ctypes
import os
import re
import socket
import stat

# what the sandbox itself mounts, besides single devices
OURS = ("/", "/dev", "/dev/pts", "/dev/shm", "/proc", "/run", "/tmp")


def say(topic, *facts):
    print(f"{topic}:", *facts)


def mounts():
    """The topmost mount of each place; the host's own are told apart by not being ours."""
    top = {}
    for line in open("/proc/self/mountinfo", encoding="utf-8"):
        before, _, after = line.rstrip("\n").partition(" - ")
        place, options = before.split()[4:6]
        top[place] = (options.replace(",relatime", "").replace(",noatime", ""), after.split()[0])
    return top


def show_mounts():
    top = mounts()
    for place in OURS:
        options, kind = top[place]
        say("mount", place, options, "host's root" if place == "/" else kind)
    for place, (options, kind) in sorted(top.items()):
        if place in OURS or re.match(r"/dev/[a-z]+$", place):
            continue
        if place.startswith(("/dev/", "/tmp/", "/run/", "/proc/")) and not os.path.exists(place):
            continue  # covered by ours
        if place.startswith("/proc/") and os.path.exists(place) and stat.S_ISCHR(os.stat(place).st_mode):
            continue  # masked, where the kernel has it
        if not {"ro", "nosuid", "nodev"} <= set(options.split(",")):
            say("mount that is not read-only, nosuid and nodev", place, options, kind)


def show_tree(top):
    for name in sorted(os.listdir(top)):
        path = os.path.join(top, name)
        st = os.lstat(path)
        detail = f"-> {os.readlink(path)}" if stat.S_ISLNK(st.st_mode) else stat.filemode(st.st_mode)
        if stat.S_ISCHR(st.st_mode):
            detail += f" {os.major(st.st_rdev)}:{os.minor(st.st_rdev)}"
            try:
                os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY))
                detail += " opens"
            except OSError as error:
                detail += f" {error.strerror}"
        say(path, detail)
    if not os.listdir(top):
        say(top, "empty")


def show_status():
    wanted = ("Uid", "Gid", "Groups", "NSpid", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Threads")
    for line in open("/proc/self/status", encoding="utf-8"):
        key, _, value = line.partition(":")
        if key in wanted:
            words = value.split()
            if key in ("Uid", "Gid", "Groups"):
                words = ["the caller's" if word == os.environ["CALLER"] else word for word in words]
            say("status", key, " ".join(words))
    for name in ("uid_map", "gid_map"):
        words = open(f"/proc/self/{name}", encoding="utf-8").read().split()
        say(name, *("the caller's" if word == os.environ["CALLER"] else word for word in words))
    say("setgroups", open("/proc/self/setgroups", encoding="utf-8").read().strip())


def show_rest():
    say("processes", *sorted(name for name in os.listdir("/proc") if name.isdigit()))
    say("network", *sorted(name for _, name in socket.if_nameindex()))
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        socket.create_connection(server.getsockname()).close()
        say("127.0.0.1", "connects")
    for family, address in ((socket.AF_INET, ("192.0.2.1", 80)), (socket.AF_INET6, ("2001:db8::1", 80))):
        try:
            with socket.socket(family) as client:
                client.connect(address)
        except OSError as error:
            say(address[0], error.strerror)
    say("cgroup", *{line.strip().split(":")[2] for line in open("/proc/self/cgroup", encoding="utf-8")})
    say("descriptors", *(name for name in os.listdir("/proc/self/fd") if os.path.lexists(f"/proc/self/fd/{name}")))
    say("umask", oct(os.umask(0)))
    say("parent", os.getppid())
    say("dumpable", ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
    say("environment", *sorted(os.environ))
    for directory in ("/", "/etc", "/usr", "/home", "/var/tmp", "/sys", "/proc/sys/kernel", "/dev", "/dev/shm", "/tmp", "/run", os.environ["HOME"]):
        try:
            os.close(os.open(directory, os.O_RDWR | os.O_TMPFILE))
            say("write", directory, "yes")
        except OSError as error:
            say("write", "home" if directory == os.environ["HOME"] else directory, error.strerror)


show_mounts()
for tree in ("/dev", "/dev/pts", "/dev/shm", "/run", "/tmp"):
    show_tree(tree)
show_status()
show_rest()
