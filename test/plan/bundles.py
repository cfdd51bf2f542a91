"""The bundles whose plans are kept: NAME -> function(hull) that returns a configuration. `hull` runs hull and returns its standard output."""
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
SECCOMP = os.path.join(os.path.dirname(HERE), "data", "seccomp", "podman-default.json")
CAPS = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP",
        "CAP_SETUID", "CAP_SYS_CHROOT"]
MAP = [{"containerID": 0, "hostID": 100000, "size": 65536}]
NEW = ("pid", "network", "ipc", "uts", "mount", "cgroup")


def base(*namespaces, **process):
    """A short configuration with new namespaces of these types, or of the usual ones."""
    return {
        "ociVersion": "1.3.0",
        "root": {"path": "rootfs"},
        "process": {"args": ["sh"], "cwd": "/", "env": ["PATH=/usr/bin:/bin"], "user": {"uid": 0, "gid": 0}} | process,
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
        "linux": {"namespaces": [{"type": kind} for kind in namespaces or NEW]},
    }


def default(hull):
    return json.loads(hull("spec", "--file", "-"))


def rootless(hull):
    return json.loads(hull("spec", "--rootless", "--file", "-"))


def minimal(_hull):
    config = base("mount")
    config["mounts"] = []
    return config


def podman(_hull):
    with open(SECCOMP, encoding="utf-8") as file:
        seccomp = json.load(file)
    config = base(terminal=False, noNewPrivileges=False, oomScoreAdj=0, args=["nginx", "-g", "daemon off;"],
                  user={"uid": 0, "gid": 0, "umask": 18, "additionalGids": [1, 2, 3]},
                  capabilities={kind: CAPS for kind in ("bounding", "effective", "permitted")},
                  rlimits=[{"type": "RLIMIT_NOFILE", "hard": 1048576, "soft": 1048576}, {"type": "RLIMIT_NPROC", "hard": 4194304, "soft": 4194304}])
    config["hostname"] = "f00dfeed0123"
    config["mounts"] += [
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
        {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"]},
        {"destination": "/etc/resolv.conf", "type": "bind", "source": "/run/podman/resolv.conf", "options": ["bind", "rprivate"]},
        {"destination": "/dev/shm", "type": "bind", "source": "/run/podman/shm", "options": ["bind", "rprivate", "nosuid", "noexec", "nodev"]},
        {"destination": "/data", "type": "bind", "source": "/srv/data", "options": ["rbind", "rprivate", "ro"]},
        {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["rprivate", "nosuid", "noexec", "nodev", "relatime", "ro"]},
    ]
    config["annotations"] = {"io.container.manager": "libpod", "org.opencontainers.image.stopSignal": "15"}
    config["linux"].update(
        cgroupsPath="/libpod_parent/libpod-f00dfeed", seccomp=seccomp, sysctl={"net.ipv4.ping_group_range": "0 0"},
        resources={"devices": [{"allow": False, "access": "rwm"}], "pids": {"limit": 2048}, "memory": {"limit": 268435456}, "cpu": {"shares": 512}},
        maskedPaths=["/proc/acpi", "/proc/kcore", "/sys/firmware"], readonlyPaths=["/proc/asound", "/proc/sys"],
        namespaces=[{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "cgroup")] + [{"type": "network", "path": "/run/netns/cni-1"}])
    return config


def userns(_hull):
    config = base(*NEW, "user", user={"uid": 1000, "gid": 1000})
    config["linux"].update(uidMappings=MAP, gidMappings=MAP)
    config["mounts"] += [{"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro"]}]
    return config


def joined(_hull):
    config = base("mount", "cgroup")
    config["linux"]["namespaces"] += [{"type": kind, "path": f"/proc/1/ns/{file}"} for kind, file in (("network", "net"), ("ipc", "ipc"), ("uts", "uts"), ("pid", "pid"))]
    return config


def joined_user(_hull):
    config = base("mount", "pid")
    config["linux"]["namespaces"] += [{"type": "user", "path": "/run/userns"}, {"type": "network", "path": "/run/netns/x"}]
    return config


def idmap(_hull):
    config = base()
    config["mounts"] += [
        {"destination": "/home", "type": "bind", "source": "/srv/home", "options": ["bind"], "uidMappings": MAP, "gidMappings": MAP},
        {"destination": "/all", "type": "bind", "source": "data", "options": ["rbind", "ridmap"], "uidMappings": MAP, "gidMappings": MAP},
    ]
    return config


def hooks(_hull):
    config = base()
    config["hooks"] = {kind: [{"path": f"/usr/bin/{kind}", "args": [kind, "--verbose"], "env": ["A=b"], "timeout": 5}]
                       for kind in ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")}
    config["hooks"]["createRuntime"].append({"path": "/usr/bin/second"})
    return config


def terminal(_hull):
    config = base(terminal=True, consoleSize={"height": 24, "width": 80}, user={"uid": 1000, "gid": 100})
    config["mounts"] += [{"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
                         {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"]}]
    return config


def limits(_hull):
    config = base()
    config["linux"]["resources"] = {"memory": {"limit": 67108864, "swappiness": 10}, "cpu": {"shares": 512, "quota": 20000}, "pids": {"limit": 20},
                                    "devices": [{"allow": False}]}
    return config


def mounts(_hull):
    config = base()
    config["root"]["readonly"] = True
    config["mounts"] += [
        {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "tmpcopyup", "size=1m"]},
        {"destination": "/a", "type": "bind", "source": "relative", "options": ["rbind", "rro", "rnosuid", "rslave"]},
        {"destination": "/b", "type": "bind", "source": "/b", "options": ["bind", "noexec", "noatime", "unbindable"]},
        {"destination": "/c", "type": "none", "source": "none", "options": ["remount", "ro"]},
        {"destination": "/d", "type": "ext4", "source": "/dev/vdz", "options": ["ro", "iversion", "lazytime", "nosymfollow", "data=ordered"]},
        {"destination": "/e", "type": "bind", "source": "/e", "options": ["bind", "copy-symlink"]},
        {"destination": "/f", "type": "bind", "source": "/f", "options": ["bind", "src-nofollow", "dest-nofollow"]},
    ]
    config["linux"].update(rootfsPropagation="rshared")
    return config


def time(_hull):
    config = base(*NEW, "time")
    config["linux"]["timeOffsets"] = {"monotonic": {"secs": 86400, "nanosecs": 5}, "boottime": {"secs": -3600}}
    return config


def everything(hull):
    config = podman(hull)
    config["process"].update(
        terminal=True, noNewPrivileges=True, cwd="/srv/app", oomScoreAdj=-500, scheduler={"policy": "SCHED_BATCH", "nice": 5},
        ioPriority={"class": "IOPRIO_CLASS_IDLE", "priority": 0}, user={"uid": 33, "gid": 33, "umask": 63, "additionalGids": [4]},
        capabilities={kind: CAPS[:3] for kind in ("bounding", "effective", "permitted", "inheritable", "ambient")})
    config["root"]["readonly"] = True
    config["domainname"] = "example.org"
    config["hooks"] = hooks(hull)["hooks"]
    config["linux"].update(
        timeOffsets={"monotonic": {"secs": 1, "nanosecs": 0}}, uidMappings=MAP, gidMappings=MAP, rootfsPropagation="private",
        devices=[{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438, "uid": 0, "gid": 0}, {"path": "/dev/fifo", "type": "p"}],
        personality={"domain": "LINUX32"}, memoryPolicy={"mode": "MPOL_INTERLEAVE", "nodes": "0"},
        sysctl={"net.ipv4.ip_forward": "1", "kernel.msgmax": "65536"}, netDevices={"hull-test0": {"name": "eth0"}})
    config["linux"]["namespaces"] = [{"type": kind} for kind in (*NEW, "user", "time")]
    return config


BUNDLES = {function.__name__: function for function in (default, rootless, minimal, podman, userns, joined, joined_user, idmap, hooks, terminal, limits, mounts, time,
                                                        everything)}
