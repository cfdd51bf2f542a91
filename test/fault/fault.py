"""What the fault suites share: a box with bundles, the tracer, TAP, and the search for what was left behind.

A box is a directory whose name, the tag, is in everything that a test makes: container ids, command lines, environments, cgroups, mounts, paths.
Whatever carries it afterwards was left behind.
"""
import concurrent.futures
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WORKERS = 2
HANG = 10  # seconds; nothing that is traced here takes one
GRACE = 3.0  # how long what is dying may take to be gone
PR_SET_CHILD_SUBREAPER = 36
ORDINARY = 54321  # the uid and gid of nobody in particular
ID_MAPS = [{"containerID": 0, "hostID": 300000, "size": 65536}]

_lock = threading.Lock()
_count = 0
_failed = False


def check(name, problems):
    """One test: it passes when there are no problems."""
    global _count, _failed
    problems = list(problems)
    with _lock:
        _count += 1
        _failed |= bool(problems)
        print(f"{'not ok' if problems else 'ok'} {_count} - {name}")
        for problem in problems[:200]:
            print("# " + problem.replace("\n", "\n#   "))
        sys.stdout.flush()


def done():
    print(f"1..{_count}")
    sys.exit(1 if _failed else 0)


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def reap_orphans():
    """Go on in a child process; this one stays and reaps what is re-parented to it at once. (A pid 1 that is slow keeps dying namespaces alive.)"""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    main = os.fork()
    if main == 0:
        return
    while True:
        pid, status = os.wait()
        if pid == main:
            os._exit(os.waitstatus_to_exitcode(status) & 0xff)


def needs_tracer():
    """Skip the suite where it cannot work, and make it ready."""
    if os.geteuid() != 0:
        skip_all("these tests need root")
    if os.uname().machine != "x86_64":
        skip_all("the tracer knows the registers of x86_64 only")
    reap_orphans()


def syscall_names():
    text = subprocess.run(["cc", "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {int(number): name for name, number in re.findall(r"^#define __NR_(\w+) (\d+)$", text, re.M)}


def processes():
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def describe(pid):
    state = read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    if not state or state[0] in (b"Z", b"X"):
        return None
    return f"{pid} ({state[0].decode()}, in {read(f'/proc/{pid}/wchan').decode() or '?'}): " + read(f"/proc/{pid}/cmdline").replace(b"\0", b" ").decode(errors="replace")


class Box:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="hull-fault.", dir="/var/tmp")
        os.chmod(self.dir, 0o755)
        self.tag = "t" + os.path.basename(self.dir).split(".", 1)[1].replace("_", "x")
        os.rename(self.dir, f"/var/tmp/hull-fault.{self.tag}")
        self.dir = f"/var/tmp/hull-fault.{self.tag}"
        self.hull = f"{self.dir}/hull"
        self.tracer = f"{self.dir}/tracer"
        shutil.copy(os.environ.get("HULL", f"{ROOT}/build/hull"), self.hull)
        subprocess.run(["cc", "-O2", "-o", self.tracer, f"{HERE}/tracer.c"], check=True)
        self.before = processes()
        self.bundles, self.configs, self.listings, self.cgroup_parents = {}, {}, {}, []

    def bundle(self, name, edit=None, args=("sleep", "0.05"), rootless=()):
        """Make a bundle: the default configuration, changed by edit(config). rootless: options of `hull spec`."""
        path = f"{self.dir}/{name}"
        rootfs = f"{path}/rootfs"
        os.makedirs(path)
        if rootless:
            os.chown(path, ORDINARY, ORDINARY)
        for folder in ("bin", "dev", "proc", "sys", "tmp", "mnt", "etc"):
            os.makedirs(f"{rootfs}/{folder}")
        shutil.copy(shutil.which("busybox"), f"{rootfs}/bin/busybox")
        for applet in ("sh", "true", "sleep", "cat"):
            os.symlink("busybox", f"{rootfs}/bin/{applet}")
        subprocess.run([self.hull, "spec", "-b", path, *rootless], check=True, user=ORDINARY if rootless else 0, group=ORDINARY if rootless else 0,
                       extra_groups=[])
        config = json.loads(read(f"{path}/config.json"))
        config["process"].update(terminal=False, args=list(args))
        config["root"]["path"] = rootfs
        if not rootless:
            config["linux"].setdefault("resources", {})["pids"] = {"limit": 100}
        if edit:
            edit(config)
        os.unlink(f"{path}/config.json")
        self.bundles[name], self.configs[name] = path, json.dumps(config)
        self.listings[name] = self.listing(name)
        if not self.cgroup_parents:
            self.learn_cgroups(name)

    def learn_cgroups(self, name):
        """Where this hull makes cgroups."""
        sample = Worker(self, "sample")
        sample.must("create", "-b", sample.bundle(name), sample.id)
        state = json.loads(read(f"{sample.state}/{sample.id}/state.json"))
        self.cgroup_parents = sorted({os.path.dirname(path) for path in state["cgroups"]})
        sample.must("delete", "--force", sample.id)

    def listing(self, name):
        return sorted((os.path.join(folder, entry), os.lstat(os.path.join(folder, entry)).st_mode)
                      for folder, folders, files in os.walk(self.bundles[name]) for entry in folders + files)

    def all_cgroups(self):
        """A walk over every hierarchy, for the end."""
        found = subprocess.run(["find", "/sys/fs/cgroup", "-mindepth", "2", "-type", "d", "-name", f"*{self.tag}*"], check=False, stdout=subprocess.PIPE, text=True)
        return found.stdout.split()

    def bundle_changes(self):
        return [f"bundle '{name}' has changed: {set(self.listing(name)) ^ set(before)}" for name, before in list(self.listings.items())
                if self.listing(name) != before]

    def close(self):
        check("nothing is left in any cgroup hierarchy", self.all_cgroups())
        check("the bundles are as they were", self.bundle_changes())
        shutil.rmtree(self.dir, ignore_errors=True)


class Worker:
    """One container id at a time, with a state directory of its own."""

    def __init__(self, box, name, user=0, options=()):
        self.box, self.id, self.user, self.options = box, f"{box.tag}.{name}", user, options
        self.last, self.calls, self.input = False, [], "/dev/null"
        self.state, self.out, self.report = (f"{box.dir}/{kind}.{name}" for kind in ("state", "out", "report"))
        os.mkdir(self.state, 0o700)
        os.chown(self.state, user, user)

    def bundle(self, name):
        """A bundle of its own, with the id in the payload's environment; the root file system is common."""
        path = f"{self.box.dir}/{name}.{self.id}"
        if not os.path.isdir(path):
            config = json.loads(self.box.configs[name])
            config["process"]["env"].append(f"TAG={self.id}")
            os.mkdir(path)
            with open(f"{path}/config.json", "w", encoding="utf-8") as file:
                json.dump(config, file)
            self.box.bundles[f"{name} of {self.id}"] = path
            self.box.listings[f"{name} of {self.id}"] = self.box.listing(f"{name} of {self.id}")
        return path

    def command(self, *words):
        return [self.box.hull, "--root", self.state, *self.options, *words]

    def hull(self, *words, seconds=HANG):
        """Run hull; returns status (None: it hung) and what it said."""
        with open(self.out, "w+b") as out, open("/dev/null", "rb") as null:
            process = subprocess.Popen(self.command(*words), stdin=null, stdout=out, stderr=out, user=self.user, group=self.user, extra_groups=[])
            try:
                status = process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                status = None
        return status, self.said()

    def said(self):
        return read(self.out).decode(errors="replace").strip()

    def must(self, *words):
        status, text = self.hull(*words)
        if status != 0:
            raise RuntimeError(f"hull {' '.join(words)}: status {status}: {text}")

    def trace(self, side, action, number, errors, *words):
        """Run hull under the tracer. Returns (status, how many calls were counted, number and string of the call that was hit)."""
        with open(self.out, "wb") as out, open(self.input, "rb") as given:
            subprocess.run([self.box.tracer, self.report, str(HANG), str(self.user), side, action, str(number), errors, "--", *self.command(*words)],
                           stdin=given, stdout=out, stderr=out, check=True, timeout=HANG + 10)
        *calls, end = read(self.report).decode(errors="replace").splitlines()
        _, status, counted, hit, string = end.split(" ", 4)
        self.calls = [line.split(" ", 1) for line in calls]
        return (None if status == "-1" else os.waitstatus_to_exitcode(int(status))), int(counted), int(hit), string

    # ---- what was left behind ----

    def processes(self):
        """Those that carry the id, in words. (A payload has it in its environment.)"""
        found = []
        for pid in processes() - self.box.before:
            text = b" ".join(read(f"/proc/{pid}/{name}") for name in ("cmdline", "environ", "cgroup"))
            if self.id.encode() in text and (words := describe(pid)):
                found.append(f"process {words}")
        return found

    def left(self):
        found = self.processes()
        for parent in self.box.cgroup_parents:
            found += [f"cgroup {parent}/{name}" for name in os.listdir(parent) if self.id in name]
        mounts = read("/proc/self/mountinfo").decode().splitlines()
        found += [f"mount {line}" for line in mounts if self.box.tag in line]
        if os.path.isdir(self.state):
            found += [f"state {name}" for name in os.listdir(self.state)]
        return found

    def left_at_last(self):
        """What is left when the dying have had their time."""
        return self.at_last(self.left, lambda found: not found)

    @staticmethod
    def at_last(look, good):
        """What look() says when it is good(), or when the dying have had their time."""
        end = time.monotonic() + GRACE
        while not good(found := look()) and time.monotonic() < end:
            time.sleep(0.01)
        return found

    def clear(self):
        """After a failure: the next point starts clean."""
        for pid in processes() - self.box.before:
            if self.id.encode() in b" ".join(read(f"/proc/{pid}/{name}") for name in ("cmdline", "environ", "cgroup")):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        time.sleep(0.2)
        shutil.rmtree(f"{self.state}/{self.id}", ignore_errors=True)
        for parent in self.box.cgroup_parents:
            for name in os.listdir(parent):
                if self.id in name:
                    subprocess.run(["find", f"{parent}/{name}", "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"], check=False, stderr=subprocess.DEVNULL)

    def delete_and_look(self):
        """delete --force must work, and nothing may be left then. Returns problems."""
        status, text = self.hull("delete", "--force", self.id)
        problems = [] if status == 0 else [f"delete --force: {'it hung' if status is None else f'status {status}'}: {text}"]
        problems += [f"left behind: {thing}" for thing in self.left_at_last()]
        if problems:
            self.clear()
        return problems


def each_point(box, name, points, test, user=0, options=()):
    """Run test(worker, point) for all points, WORKERS at a time; test returns problems, and sets worker.last when there are no more points. All problems."""
    problems, workers = [], [Worker(box, f"{name}{i}", user, options) for i in range(WORKERS)]
    points, last = iter(points), threading.Event()

    def work(worker):
        while not last.is_set():
            with _lock:
                point = next(points, None)
            if point is None:
                return
            problems.extend(f"{point}: {text}" for text in test(worker, point))
            if worker.last or len(problems) > 500:
                last.set()

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for future in [pool.submit(work, worker) for worker in workers]:
            future.result()
    return problems


# ---- the bundles that the suites use ----

SECCOMP = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["ptrace", "kexec_load", "swapon"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}


def userns(config):
    config["linux"]["namespaces"].append({"type": "user"})
    config["linux"].update(uidMappings=ID_MAPS, gidMappings=ID_MAPS)


def everything(box):
    def edit(config):
        hook = [{"path": "/bin/true", "args": ["true", box.tag]}]
        inside = [{"path": "/bin/true", "args": ["true", box.tag]}]
        config["hooks"] = {kind: hook for kind in ("prestart", "createRuntime", "createContainer", "poststart", "poststop")}
        config["hooks"]["startContainer"] = inside
        config["process"].update(oomScoreAdj=100, ioPriority={"class": "IOPRIO_CLASS_BE", "priority": 4})
        config["mounts"] += [
            {"destination": "/mnt", "type": "bind", "source": "/etc", "options": ["rbind", "ro", "nosuid"]},
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup", "size=1m"]},
        ]
        config["linux"].update(seccomp=SECCOMP, timeOffsets={"monotonic": {"secs": 100, "nanosecs": 0}},
                               sysctl={"net.ipv4.ip_forward": "1"}, devices=[{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438}])
        config["linux"]["namespaces"].append({"type": "time"})
        config["linux"]["resources"]["memory"] = {"limit": 67108864}
    return edit
