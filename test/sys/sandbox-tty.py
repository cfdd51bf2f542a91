#!/usr/bin/env python3
"""sandbox-tty.py HULL OPTIONS…: use `HULL sandbox OPTIONS… COMMAND` at a shell's prompt on a real pseudoterminal; prints what happened, a fact a line.

With TTY_SCENE=suspend: commands that suspend themselves.
"""
import fcntl
import os
import pty
import pwd
import re
import select
import signal
import struct
import sys
import termios
import time

BOX = " ".join(sys.argv[1:2] + ["sandbox"] + sys.argv[2:])
LIMIT = 10


def become(name):
    """An ordinary user, with the terminal as his own."""
    if not name:
        return
    user = pwd.getpwnam(name)
    os.fchown(0, user.pw_uid, -1)
    os.initgroups(name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ.update(HOME=user.pw_dir, XDG_RUNTIME_DIR=user.pw_dir + "/run")


class Shell:
    def __init__(self):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1="", HISTFILE="/dev/null", TERM="dumb")
            become(os.environ.pop("TTY_USER", None))
            os.execvp("bash", ["bash", "--norc", "--noediting", "-i"])
        self.size(24, 80)
        self.seen = ""
        self.n = 0
        self.say("stty -echo; PS1=; unset PROMPT_COMMAND")
        self.ask("true")

    def size(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def say(self, text, end="\n"):
        os.write(self.fd, (text + end).encode())

    def until(self, pattern):
        """Read until a pattern is there; what came up to its end is returned and forgotten."""
        end = time.monotonic() + LIMIT
        while True:
            found = re.search(pattern, self.seen)
            if found:
                before, self.seen = self.seen[: found.end()], self.seen[found.end() :]
                return before
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise SystemExit(f"no '{pattern}' in: {self.seen!r}")
            try:
                self.seen += os.read(self.fd, 65536).decode(errors="replace").replace("\r\n", "\n")
            except OSError:
                raise SystemExit(f"the shell ended: {self.seen!r}") from None

    def ask(self, command):
        """The output of a command of the shell's."""
        self.n += 1
        self.say(f"{command}; echo answer-$(({self.n}))-end")
        text = self.until(f"answer-{self.n}-end\n")
        return text[: text.rindex(f"answer-{self.n}-end")].strip()

    def status(self):
        return self.ask("echo status=$?").rsplit("status=", 1)[1]


def fact(name, value):
    print(f"{name}: {value}", flush=True)


def main():
    shell = Shell()
    begin = "sh -c 'echo be\"\"gun; exec sleep {}'"

    shell.say(f"{BOX} {begin.format(30)}")
    shell.until("begun")
    shell.say("\x03", "")
    fact("interrupt", shell.status())

    shell.say(f"{BOX} {begin.format(30)}")
    shell.until("begun")
    shell.say("\x1c", "")
    fact("quit", shell.status())

    shell.say(f"{BOX} {begin.format(2)}")
    shell.until("begun")
    shell.say("\x1a", "")
    fact("stop", shell.status())
    fact("jobs", "Stopped" in shell.ask("jobs"))
    before = time.monotonic()
    shell.say("fg")
    fact("continued", shell.status())
    fact("it went on and did not begin again", time.monotonic() - before < 6)

    shell.say(f"{BOX} cat &")
    deadline = time.monotonic() + LIMIT
    while "Stopped" not in shell.ask("jobs") and time.monotonic() < deadline:
        time.sleep(0.05)
    fact("background reader", "Stopped" in shell.ask("jobs"))
    shell.say("fg")
    shell.until("cat")
    time.sleep(0.3)
    shell.say("through")
    shell.until("through")
    shell.say("\x04", "")
    fact("read to the end", shell.status())

    shell.say(f"{BOX} sh -c 'trap \"stty size; exit 5\" WINCH; stty size; echo be\"\"gun; while :; do sleep 0.1; done'")
    fact("size", "24 80" in shell.until("begun"))
    shell.size(33, 99)
    fact("new size", "33 99" in shell.until("33 99"))
    fact("status", shell.status())

    shell.say(f"{BOX} sh -c 'trap \"echo caught; exit 6\" INT; echo be\"\"gun; while :; do sleep 0.1; done'")
    shell.until("begun")
    shell.say("\x03", "")
    shell.until("caught")
    fact("caught", shell.status())
    shell.say("exit")
    os.kill(shell.pid, signal.SIGHUP)
    os.close(shell.fd)


def suspend():
    """As editors do at Ctrl-Z, which read it as a character: by a signal to the whole group or to themselves."""
    shell = Shell()
    inner = "{}; sleep 0.05; echo go''es on; exit 7"
    for kill in "kill -TSTP 0", "kill -STOP 0", "kill -TSTP \\$\\$", "kill -STOP \\$\\$":
        shell.say(f'{BOX} bash -c "{inner.format(kill)}"')
        shell.until("Stopped")
        fact(kill.replace("\\", ""), shell.status())
        shell.say("fg")
        shell.until("goes on")
        fact("and then", shell.status())

    # a program that waits for the one in the sandbox is of the job, too: git and its editor
    shell.say(f"""bash -c '{BOX} bash -c "kill -TSTP 0; echo go\\"\\"es on"; exit 8'""")
    shell.until("Stopped")
    fact("with its caller", shell.status())
    shell.say("fg")
    shell.until("goes on")
    fact("and then", shell.status())


suspend() if os.environ.get("TTY_SCENE") == "suspend" else main()
