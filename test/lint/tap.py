"""What the lints share: TAP, the list of sources, a C scanner that knows comments, strings, functions and nesting."""
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_count = 0
_failed = False


def check(name, problems):
    """One test: it passes when there are no problems."""
    global _count, _failed
    _count += 1
    problems = list(problems)
    _failed |= bool(problems)
    print(f"{'not ok' if problems else 'ok'} {_count} - {name}")
    for problem in problems:
        print(f"# {problem}")


def skip(name, reason):
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {reason}")


def done():
    print(f"1..{_count}")
    sys.exit(1 if _failed else 0)


def sources(*folders, suffixes=(".c", ".h")):
    """Paths below ROOT, sorted; never generated ones."""
    found = []
    for folder in folders:
        for suffix in suffixes:
            found += glob.glob(f"{ROOT}/{folder}/**/*{suffix}", recursive=True)
    return sorted(os.path.relpath(path, ROOT) for path in found)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout


_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code(text):
    """The text with comments, strings and character constants blanked out; every line keeps its number."""
    def blank(match):
        token = match.group(0)
        body = re.sub(r"[^\n]", " ", token)
        return token[0] + body[1:-1] + token[-1] if token[0] in "\"'" else body
    return _TOKEN.sub(blank, text)


def without_directives(text):
    """Preprocessor lines (and their continuations) blanked out too."""
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.M)


_HEAD = re.compile(r"([A-Za-z_]\w*)\s*\((?:[^;{}]*)\)\s*(?:__attribute__\s*\(\(.*?\)\)\s*)*$", re.S)


def functions(text):
    """Every function with a body: (name, first line, lines, deepest nesting, body). Lines count from the opening brace's line to the closing one."""
    plain = without_directives(code(text))
    found, depth, start, head_from = [], 0, 0, 0
    for match in re.finditer(r"[{};]", plain):
        at, char = match.start(), match.group(0)
        if char == "{":
            if depth == 0:
                start, head = at, plain[head_from:at]
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                name = _HEAD.search(head.rstrip())
                if name and "=" not in head.split(name.group(1))[0]:
                    body = plain[start:at + 1]
                    line = plain.count("\n", 0, start) + 1
                    found.append((name.group(1), line, body.count("\n") + 1, nesting(body), body))
                head_from = at + 1
        elif depth == 0:
            head_from = at + 1
    return found


def nesting(body):
    """
    How deep statements stand inside the function's own braces: `if`, `for`, `while`, `do`, `switch` add one, whether they have braces or not; `else if`
    does not add; braces of initializers, compound literals and bare blocks do not.
    """
    # stack: for each open brace, how many levels it closes; None for an initializer. pending: control statements whose body has no brace (yet)
    stack, deepest, pending, parens = [], 0, 0, 0
    for match in re.finditer(r"\b(if|for|while|do|switch|else)\b|[{}();]", body):
        token = match.group(0)
        if token in "()":
            parens += 1 if token == "(" else -1
        elif token == "{" and (parens > 0 or is_initializer(body, match.start())):
            stack.append(None)
        elif token == "{":
            stack.append(pending)
            pending = 0
        elif token == "}":
            if stack.pop() is not None:
                pending = 0
        elif token == ";" and parens == 0:
            pending = 0
        elif parens == 0 and token not in ("else", ";"):
            pending += 1
        deepest = max(deepest, sum(levels or 0 for levels in stack) + pending)
    return deepest


def is_initializer(body, at):
    """Is this brace an initializer's or a compound literal's?"""
    before = body[:at].rstrip()
    return before.endswith(("=", ",", "(", "return", "{")) and not before == "" and at > 0


def exceptions(name):
    """exceptions/NAME: lines "subject: one sentence why"; blank lines and # comments are skipped. Returns {subject: sentence}."""
    path = os.path.join(ROOT, "test/lint/exceptions", name)
    result = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            for line in file:
                line = line.strip()
                if line and not line.startswith("#"):
                    subject, _, sentence = line.partition(": ")
                    result[subject.strip()] = sentence.strip()
    return result


def check_exceptions(name, granted, used):
    """An exception without a sentence, or one that nothing needs any more, is a failure."""
    check(f"every exception in exceptions/{name} has a sentence and is needed",
          [f"{subject}: no sentence" for subject, sentence in granted.items() if len(sentence.split()) < 3]
          + [f"{subject}: not needed any more" for subject in granted if subject not in used])
