# SPDX-License-Identifier: MIT
"""Runs every command of the documents, and compiles their C. See docs.sh.

usage: docs.py ROOT WORK      ROOT: the tree; WORK: a directory made by docs.sh
"""
import fnmatch
import glob
import multiprocessing
import os
import re
import shutil
import subprocess
import sys

import docs_pty
import docs_read

ROOT, WORK = sys.argv[1], sys.argv[2]
AT_ONCE = 4
# Others' tools, which a machine may lack.
OPTIONAL = {"asciinema", "perf", "trace-cmd", "rsvg-convert", "python3", "man", "git", "wrk", "ab",
            "pkg-config", "go", "babeltrace2", "tmux", "xdg-open"}
# What needs a privilege; without one it is skipped, not wrong.
PRIVILEGED = re.compile(r"--level|--syscalls|--irq|--all|(^|\s)-p\s|--pid|\bperf\b|trace-cmd|\bsudo\b")
# What gtviz says beside errors: how it goes, what was written, who has left.
NOTE = re.compile(r"^gtviz: (starting|recording |level \d only: |still running|hit \d|the recording ends|"
                  r".*[:,] [\d,]+ events(, | were lost|$)|.*: the last |.*whoever read it has gone|.*never fired|"
                  r".*runs on, no longer traced|.*its green threads are not shown|.*switches are missing)")
PLACE = re.compile(r"(?<![A-Za-z_(.=])(?:NAME|FILE\d?|PID|TIME|COND|POLICY|COMMAND|PROGRAM|ARG|LANE|OUT|SIZE|WHICH|"
                   r"DIR|KIND|OPTIONS?|THEME|EXPR|SEED|N|X|L|PATH|HOST|WORD|ROW|VIEW)\b(?!=)|…|\.\.\.")


def read_list():
    rules = []
    with open(os.path.join(ROOT, "tests/e2e/docs.list"), encoding="utf-8") as file:
        for n, line in enumerate(file, 1):
            if line.strip() and not line.startswith("#"):
                how, command, why = (part.strip() for part in line.split("|", 2))
                rules.append((how, command, why, n))
    return rules


RULES = read_list()


def bare(text):
    """A command without a comment behind it, in single blanks."""
    return " ".join(re.sub(r"\s#\s.*", "", text.replace("\\\n", " ")).split())


def rule_of(text):
    return next((rule for rule in RULES if fnmatch.fnmatchcase(bare(text), rule[1])), None)


def subcommands():
    said = subprocess.run(["gtviz", "help", "--man-options"], capture_output=True, text=True, check=True).stdout
    return {line.split()[1] for line in said.splitlines() if line.startswith("command\t")}


def make_targets():
    known = set()
    for path in [os.path.join(ROOT, "Makefile")] + glob.glob(os.path.join(ROOT, "mk/*.mk")):
        with open(path, encoding="utf-8") as file:
            for line in file:
                if re.match(r"^[a-z][a-z -]*:(?!=)", line):
                    known.update(line.split(":")[0].split())
    return known


SUBCOMMANDS, TARGETS = None, None


def wrong_target(text):
    words = bare(text).split("&&")[0].split()
    if not words or words[0] != "make":
        return None
    lost = [word for word in words[1:] if re.match(r"^[a-z][a-z-]*$", word) and word not in TARGETS]
    if lost:
        return f"make has no target {lost[0]}"
    row = re.search(r"\bROW=([a-z]\w*)", text)
    return f"make bench has no row {row[1]}" if row and row[1] not in rows() else None


def rows():
    """All words in quotes of the benches, and so all names of their rows."""
    found = set()
    for path in glob.glob(os.path.join(ROOT, "tests/bench/*.c")):
        with open(path, encoding="utf-8") as file:
            found.update(re.findall(r'"(\w+)"', file.read()))
    return found


def wrong_form(text):
    """A form names a subcommand that is there, and options that it has."""
    words = bare(text).split()
    words = [word.replace("./gtviz", "gtviz") for word in words]
    if "gtviz" not in words:
        return None
    words = words[words.index("gtviz") + 1:]
    first = next((word for word in words if re.match(r"^[a-z]+$", word)), None)
    if words and words[0] == first and first not in SUBCOMMANDS:
        return f"gtviz has no command {first}"
    return None


def is_form(text):
    words = bare(text).split()
    if len(words) == 1 and "=" not in text:
        return True
    if PLACE.search(text):
        return True
    return len(words) == 2 and words[0].endswith("gtviz") and words[1] in SUBCOMMANDS - {"demo", "doctor", "help"}


# ---- C --------------------------------------------------------------------------------
def compiled(item, cwd):
    """What is wrong with a C block; None if nothing is."""
    cc = os.environ["CC"].split()
    flags = ["-std=gnu17", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-Ibuild/include", "-Iruntime", "-pthread"]
    whole = re.search(r"\bint main\(", item.text)
    name = item.name or f"{os.path.basename(item.path)}-{item.line}.c"
    if whole:
        with open(os.path.join(cwd, name), "w", encoding="utf-8") as file:
            file.write(item.text)
        libs = ["build/libgt.a", "-ldl", "-lm"]
        done = subprocess.run(cc + flags + ["-o", name + ".out", name] + libs, cwd=cwd, capture_output=True, text=True)
        return done.stdout + done.stderr if done.returncode else None
    if quoted(item.text):
        return None
    head = '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n#include "gt.h"\n'
    said = ""
    for text in (head + item.text, head + "void part(void);\nvoid part(void)\n{\n" + item.text + "}\n"):
        done = subprocess.run(cc + flags + ["-Wno-unused", "-fsyntax-only", "-x", "c", "-"], cwd=cwd, input=text,
                              capture_output=True, text=True)
        if not done.returncode:
            return None
        said = done.stderr
    return "neither C that compiles nor lines of the tree's sources:\n" + said


def quoted(text):
    """Whether these lines stand so in one of the tree's sources."""
    wanted = [" ".join(line.split()) for line in text.splitlines() if line.strip() and line.strip() not in ("...", "…")]
    for path in glob.glob(os.path.join(ROOT, "samples/**/*.c"), recursive=True) + glob.glob(
            os.path.join(ROOT, "runtime/**/*.[ch]"), recursive=True):
        with open(path, encoding="utf-8") as file:
            have = {" ".join(line.split()) for line in file}
        if all(line in have for line in wanted):
            return True
    return False


# ---- commands -------------------------------------------------------------------------
def scratch(path):
    """A directory that looks like the tree after make, in which a document is followed."""
    cwd = os.path.join(WORK, path.replace("/", "-"))
    os.makedirs(cwd)
    for name in ("runtime", "tests", "mk", "Makefile", "README.md"):
        os.symlink(os.path.join(ROOT, name), os.path.join(cwd, name))
    os.symlink(os.environ["O"], os.path.join(cwd, "build"))
    os.symlink(os.path.join(os.environ["O"], "gtviz"), os.path.join(cwd, "gtviz"))
    for name in ("docs", "samples"):
        shutil.copytree(os.path.join(ROOT, name), os.path.join(cwd, name))
    os.mkdir(os.path.join(cwd, "tmp"))
    for found in glob.glob(os.path.join(WORK, "things/*")):
        shutil.copy2(found, cwd)
    return cwd


def lacks(text):
    """A tool of others' that the command calls and that is not here."""
    for word in re.findall(r"(?:^|[|&;(]\s*|sudo\s+)([a-z][\w-]*)", bare(text)):
        if word in OPTIONAL and not shutil.which(word):
            return word
    return None


class Follower:
    """Follows one document. said: lines for the log; sessions: what may still run."""

    def __init__(self, path):
        self.path, self.said, self.failed, self.skipped = path, [], 0, []
        self.done, self.running = set(), None
        # What make was told is none of theirs.
        self.env = {name: value for name, value in os.environ.items() if name not in ("O", "CC", "MAKEFLAGS", "MAKELEVEL")}
        self.cwd, self.exports, self.sessions, self.used, self.ran = scratch(path), [], [], set(), 0

    def server(self):
        """The pid of a ./server that runs: others may have one of that name, too."""
        if not self.running:
            self.running = subprocess.Popen(["./server"], cwd=self.cwd, env=dict(self.env, DOCS_SECONDS="600"),
                                            stdout=subprocess.DEVNULL)
        return self.running.pid

    def fail(self, item, why):
        self.failed += 1
        self.said.append(f"  {item.path}:{item.line}: {bare(item.text)[:200] if item.kind != 'c' else 'C'}: {why}")

    def skip(self, item, why):
        self.skipped.append((f"{item.path}:{item.line}", bare(item.text)[:100], why))

    def execute(self, item, text, how):
        lost = lacks(text)
        if lost:
            self.skip(item, f"{lost} is not here")
            return
        # What goes to /tmp is kept apart from other documents and other people.
        text = re.sub(r"(?<![\w/])/tmp/", self.cwd + "/tmp/", text)
        text = re.sub(r"(?<=-p )server\b", lambda _: str(self.server()), text)
        env = dict(self.env, TERM="xterm-256color", LC_ALL="C.UTF-8", HOME=self.cwd, TMPDIR=self.cwd)
        keys, _, wanted = item.name.partition("|")
        result, session = docs_pty.run("; ".join(self.exports + [text]), self.cwd, env, keys.split(), wanted.strip())
        self.sessions.append(session)
        self.ran += 1
        if os.environ.get("DOCS_TIMES"):
            self.said.append(f"  {result.seconds:5.1f} s  {item.path}:{item.line} {bare(text)[:90]}")
        errors = [line for line in result.text.splitlines() if line.startswith("gtviz: ") and not NOTE.match(line)]
        if how == "either" and not result.hung:
            return
        if how == "fails":
            if result.status == 0 or result.hung:
                self.fail(item, "it was to fail, and did not")
            return
        if result.good() and not errors:
            if wanted and wanted.strip() not in result.shown:
                self.fail(item, f"{'after ' + keys if keys.strip() else ''}it does not say:{wanted}")
            return
        last = "\n".join("    | " + line for line in result.text.splitlines()[-12:])
        if re.match(r"(sudo )?(perf|trace-cmd|asciinema|git) ", bare(text)):
            self.skip(item, f"exit status {result.status}: " + (result.text.strip().splitlines() or ["?"])[-1].strip())
        elif not os.environ.get("DOCS_LEVEL3") and PRIVILEGED.search(text):
            self.skip(item, "it needs a privilege: " + (errors[0] if errors else f"exit status {result.status}"))
        elif self.skipped and "No such file" in result.text:
            self.skip(item, "what it reads was skipped before")
        else:
            why = "hung" if result.hung else f"exit status {result.status}"
            self.fail(item, why + "\n" + last)

    def follow(self, item):
        if item.kind == "error":
            self.fail(item, item.name)
        elif item.kind == "c":
            wrong = compiled(item, self.cwd)
            if wrong:
                self.fail(item, wrong)
        else:
            self.command(item)

    def command(self, item):
        if bare(item.text).replace("./gtviz", "gtviz") in self.done and item.kind == "inline":
            return
        self.done.add(bare(item.text).replace("./gtviz", "gtviz"))
        text, rule = item.text, rule_of(item.text)
        how = rule[0] if rule else ""
        if rule:
            self.used.add(rule[3])
        if re.match(r"^export \w+=\S+$", text):
            self.exports.append(text)
            return
        wrong = wrong_target(text)
        if wrong:
            self.fail(item, wrong)
        elif how == "skip":
            pass
        elif how == "form" or (item.kind == "inline" and not how and is_form(text)):
            wrong = wrong_form(text)
            if wrong:
                self.fail(item, wrong)
        elif item.kind == "inline" and not self.inline_runs(text):
            pass
        else:
            if re.match(r"^GT_(POLICY|SIM)=\S+$", text):
                text += " build/samples/say 1"
            stand_in = rule[2].replace("{}", bare(text)) if how == "as" else text
            self.execute(item, stand_in, how)

    @staticmethod
    def inline_runs(text):
        """Of what stands in a sentence gtviz, samples and policies are run."""
        words = docs_read.ENVIRONMENT.sub("", text).split()
        return bool(re.match(r"^GT_(POLICY|SIM)=[^…]+$", text)) or (
            words[0] in ("gtviz", "./gtviz", "ssh", "sudo") or words[0].startswith("build/samples/"))

    def finish(self):
        if self.running:
            self.running.kill()
            self.running.wait()
        docs_pty.end_sessions(set(self.sessions))
        shutil.rmtree(self.cwd, ignore_errors=True)


def follow(document):
    path, items = document
    follower = Follower(path)
    try:
        for item in items:
            follower.follow(item)
    finally:
        follower.finish()
    return path, follower.said, follower.failed, follower.skipped, follower.used, follower.ran


def main():
    global SUBCOMMANDS, TARGETS
    SUBCOMMANDS, TARGETS = subcommands(), make_targets()
    only = sys.argv[3:]
    documents = [(path, docs_read.items(ROOT, path)) for path in docs_read.documents(ROOT) if not only or path in only]
    documents.sort(key=lambda document: -len(document[1]))
    failed, used = 0, set()
    with multiprocessing.Pool(AT_ONCE) as pool:
        for path, said, bad, skipped, touched, ran in pool.imap_unordered(follow, documents, 1):
            used |= touched
            failed += bad
            for where, text, why in skipped:
                print(f"[ RUN      ] {where}\nskip: {text}: {why}\n[  SKIPPED ] {where}")
            print(f"[ RUN      ] {path}")
            print("\n".join(said + [f"  {ran} commands run"]))
            print(f"[  FAILED  ] {path}" if bad else f"[       OK ] {path}", flush=True)
    print("[ RUN      ] docs.list")
    idle = [] if only else [rule for rule in RULES if rule[3] not in used]
    for how, command, _, n in idle:
        print(f"  tests/e2e/docs.list:{n}: {how} {command}: no document has this")
    print("[  FAILED  ] docs.list" if idle else "[       OK ] docs.list")
    return 1 if failed or idle else 0


sys.exit(main())
