#!/usr/bin/env python3
"""Run a command on a terminal of its own and print what it shows. try-terminal.py [--answers LETTERS] COMMAND... [--before-answer SHELL]"""
import os
import pty
import subprocess
import sys

args, answers, before = sys.argv[1:], "", None
if args[0] == "--answers":
    answers, args = args[1], args[2:]
if "--before-answer" in args:
    i = args.index("--before-answer")
    before, args = args[i + 1], args[:i] + args[i + 2:]

pid, master = pty.fork()
if pid == 0:
    os.execvp(args[0], args)
seen, asked = b"", 0
while True:
    try:
        data = os.read(master, 4096)
    except OSError:
        break
    if not data:
        break
    seen += data
    if seen.count(b"[d]iff: ") > asked and asked < len(answers):
        if before:
            subprocess.run(["sh", "-c", before], check=True)
        os.write(master, answers[asked].encode() + b"\n")
        asked += 1
sys.stdout.buffer.write(seen.replace(b"\r\n", b"\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
