#!/usr/bin/env python3
"""Random changes of a tree, for hull try. try-random.py make DIR SEED | change DIR SEED | state DIR SEED

"change" makes random changes and prints the state afterwards; the host must have the same state once the changes were applied. With an odd seed there are hard
links from the start, and which files are links of each other is not looked at: overlayfs itself parts them when it copies one up."""
import hashlib
import os
import random
import shutil
import stat
import sys

NAMES = ["a", "b", "c", "d", "e f", "g\nh", "\u00fc"]


def paths(top, directories_only=False):
    found = [top]
    for here, directories, files in os.walk(top):
        found += [os.path.join(here, name) for name in directories if not os.path.islink(os.path.join(here, name))]
        if not directories_only:
            found += [os.path.join(here, name) for name in files] + [os.path.join(here, name) for name in directories if os.path.islink(os.path.join(here, name))]
    return sorted(found)


def kind(path):
    return stat.S_IFMT(os.lstat(path).st_mode) if os.path.lexists(path) else 0


def remove(path):
    if kind(path) == stat.S_IFDIR:
        shutil.rmtree(path)
    elif kind(path):
        os.unlink(path)


def write(rng, path):
    with open(path, "wb") as file:
        file.write(rng.randbytes(rng.choice([0, 1, 10, 5000])))
        if rng.random() < 0.2:
            file.truncate(rng.randrange(200000))


def step(rng, top, links):
    where = os.path.join(rng.choice(paths(top, True)), rng.choice(NAMES))
    there = rng.choice(paths(top)[1:] or [where])
    what = rng.randrange(14)
    if 6 <= what <= 12 and not kind(there):
        return
    if what <= 2:
        remove(where)
        write(rng, where)
    elif what == 3:
        if not kind(where):
            os.mkdir(where, 0o700)
    elif what == 4:
        remove(there)
    elif what == 5:
        remove(where)
        os.symlink(rng.choice(["x", "../a", "/etc"]), where)
    elif what == 6 and links and kind(there) == stat.S_IFREG and not kind(where):
        os.link(there, where)
    elif what == 7 and not where.startswith(there + "/") and not there.startswith(where + "/") and where != there:
        remove(where)
        try:
            shutil.move(there, where)
        except shutil.Error:  # it cannot copy FIFOs; what it copied stays
            pass
    elif what == 8 and kind(there) != stat.S_IFLNK:
        os.chmod(there, rng.choice([0o755, 0o700, 0o711] if kind(there) == stat.S_IFDIR else [0o600, 0o644, 0o755]))
    elif what == 9:
        os.utime(there, ns=(1, rng.randrange(10**18)), follow_symlinks=False)
    elif what == 10 and kind(there) == stat.S_IFREG:
        with open(there, "ab") as file:
            file.write(b"more")
    elif what == 11 and kind(there) in (stat.S_IFREG, stat.S_IFDIR):
        os.setxattr(there, "user.k" + rng.choice("12"), rng.randbytes(3))
    elif what == 12 and kind(there) == stat.S_IFDIR:  # made anew: an opaque directory
        remove(there)
        os.mkdir(there)
        write(rng, os.path.join(there, rng.choice(NAMES)))
    elif what == 13:
        remove(where)
        os.mkfifo(where)


def state(top, show_links):
    lines, links = [], {}
    for path in paths(top):
        st = os.lstat(path)
        line = [repr(path), stat.filemode(st.st_mode), f"{st.st_uid}:{st.st_gid}"]
        if stat.S_ISLNK(st.st_mode):
            line.append(os.readlink(path))
        else:
            line += [f"{name}={os.getxattr(path, name)!r}" for name in sorted(os.listxattr(path)) if name.startswith("user.k")]
        if stat.S_ISREG(st.st_mode):
            with open(path, "rb") as file:
                line.append(hashlib.sha1(file.read()).hexdigest())
            if show_links:
                line.append("link of " + repr(links.setdefault(st.st_ino, path)))
        line.append(str(st.st_mtime_ns))
        lines.append(" ".join(line))
    return "\n".join(lines)


verb, top, seed = sys.argv[1:4]
odd = int(seed) % 2 == 1
if verb != "state":
    rng = random.Random(f"{verb} {seed}")
    os.makedirs(top, exist_ok=True)
    for _ in range(60 if verb == "make" else 40):
        step(rng, top, odd or verb == "change")
print(state(top, not odd))
