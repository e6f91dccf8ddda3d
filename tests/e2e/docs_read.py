# SPDX-License-Identifier: MIT
"""What the documents tell people to type.

Of Markdown: the lines of ```sh fences, indented blocks that begin with a command,
C blocks (```c NAME: the file that later commands find it in), and commands in inline
code. Of manual pages: what stands under EXAMPLES, and displayed commands elsewhere.
"""
import glob
import os
import re
import subprocess
from collections import namedtuple

# kind: "sh" runs, "inline" runs unless it is only a form, "c" is compiled, "error" is the
# document's fault. name: a C file's, or which keys are pressed and what is to be seen then, of
# a comment behind the block: <!-- keys: 7 Enter | TEXT -->, <!-- says: TEXT -->; or "".
Item = namedtuple("Item", "kind path line text name")

COMMANDS = ("gtviz", "./gtviz", "sudo", "make", "cc", "gcc", "git", "ssh", "man", "perf",
            "asciinema", "kill", "pkg-config", "apt-get", "trace-cmd", "rsvg-convert")
ENVIRONMENT = re.compile(r"^(?:(?:GT|GTV|LD|GENERATE|TERM|SAN|CC)[A-Z_]*=\S+\s+)+")


def is_command(text):
    """Whether a line that is not marked as a command looks like one."""
    rest = ENVIRONMENT.sub("", text)
    word = rest.split()[0] if rest.split() else ""
    return word in COMMANDS or word.startswith("build/") and " " in text or (
        rest != text and word.startswith("./"))


def complete(text):
    """Whether a shell takes this as whole: here-documents, loops, ends of lines."""
    if text.rstrip().endswith("\\"):
        return False
    if re.match(r"[\w ./=,:@%+-]*$", text):
        return not re.match(r"(for|while|if|case|until) ", text)
    here = re.search(r"<<-?\s*['\"]?(\w+)", text)
    if here and not re.search(rf"\n{here.group(1)}\s*$", text):
        return False
    return subprocess.run(["sh", "-n", "-c", text], stderr=subprocess.DEVNULL).returncode == 0


def shell_lines(path, first, lines):
    """The commands of a block: of its lines with a $, if it has such, or of all."""
    if any(line.lstrip().startswith("$ ") for line in lines):
        lines = [line.lstrip()[2:] if line.lstrip().startswith("$ ") else "" for line in lines]
    held, begin = "", 0
    for n, line in enumerate(lines):
        if not held and (not line.strip() or line.lstrip().startswith("#")):
            continue
        begin = begin if held else first + n
        held = held + "\n" + line if held else line.strip()
        if complete(held):
            yield Item("sh", path, begin, held, "")
            held = ""
    if held:
        yield Item("error", path, begin, held, "no shell takes this as a whole command")


def fence(path, first, info, lines):
    language, _, name = info.strip().partition(" ")
    if language in ("sh", "shell", "bash", "console"):
        yield from shell_lines(path, first, lines)
    elif language == "c":
        yield Item("c", path, first, "\n".join(lines) + "\n", name.strip())
    else:
        for n, line in enumerate(lines):
            if is_command(line.strip()) and language in ("", "text"):
                yield Item("error", path, first + n, line.strip(), "a command that no test runs: its fence is not ```sh")


def inline(path, n, line):
    for text in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", line):
        text = text.replace("\\|", "|").strip()
        if is_command(text) or re.match(r"^GT_(POLICY|SIM)=\S+$", text):
            yield Item("inline", path, n, text, "")


def markdown(path, text):
    lines = text.split("\n")
    n, blank = 0, True
    while n < len(lines):
        line = lines[n]
        if line.lstrip().startswith("```"):
            indent = len(line) - len(line.lstrip())
            end = n + 1
            while end < len(lines) and not lines[end].lstrip().startswith("```"):
                end += 1
            found = list(fence(path, n + 2, line.strip()[3:], [l[indent:] for l in lines[n + 1:end]]))
            seen = re.match(r"<!-- (keys:|says:) (.*) -->$", " ".join(lines[end + 1:end + 3]).strip())
            if seen and found:
                found[-1] = found[-1]._replace(name=("| " if seen[1] == "says:" else "") + seen[2])
            yield from found
            n, blank = end + 1, True
            continue
        if line.startswith("    ") and blank and is_command(line.strip()):
            end = n
            while end < len(lines) and lines[end].startswith("    "):
                end += 1
            yield from shell_lines(path, n + 1, [l[4:] for l in lines[n:end]])
            n = end
            continue
        yield from inline(path, n + 1, line)
        blank = not line.strip()
        n += 1


ESCAPES = (("\\e", "\\"), ("\\(dq", '"'), ("\\(aq", "'"), ("\\(ti", "~"), ("\\(ga", "`"),
           ("\\(ha", "^"), ("\\-", "-"), ("\\&", ""), ("\\ ", " "))


def plain(line):
    """A line of a manual page's source as it is printed."""
    out, n = "", 0
    while n < len(line):
        for escape, char in ESCAPES:
            if line.startswith(escape, n):
                out += char
                n += len(escape)
                break
        else:
            out += line[n]
            n += 1
    return out


def manual(path, text):
    examples, block, file = False, None, ""
    for n, line in enumerate(text.split("\n"), 1):
        if line.startswith(".Sh "):
            examples = line[4:].strip() == "EXAMPLES"
        elif line.startswith('.\\" FILE '): # what later commands find the next C block in
            file = line.split()[2]
        elif line.startswith((".Bd -literal", ".Bd -unfilled")):
            block = (n + 1, [])
        elif line.startswith(".Ed") and block:
            first, held = block
            block = None
            if re.search(r"^#include|^int main", "\n".join(held), re.M):
                yield Item("c", path, first, "\n".join(held) + "\n", file)
                file = ""
            elif any(l.startswith("$ ") for l in held) or (examples and held and is_command(held[0])):
                yield from shell_lines(path, first, held)
        elif block:
            block[1].append(plain(line))
        elif line.startswith(".Dl "):
            shown = plain(line[4:]).strip()
            if shown.startswith(("$ ", "# ")):
                yield Item("sh", path, n, shown[2:], "")
            elif is_command(shown):
                yield Item("sh", path, n, shown, "")


def documents(root):
    """All that the test reads, as paths below root."""
    found = [os.path.join(root, name) for name in ("README.md", "CONTRIBUTING.md")]
    found += sorted(glob.glob(os.path.join(root, "docs/**/*.md"), recursive=True))
    found += sorted(glob.glob(os.path.join(root, "docs/**/*.[135]"), recursive=True))
    found += sorted(glob.glob(os.path.join(root, "docs/man/*.mdoc")))
    return [os.path.relpath(path, root) for path in found if os.path.exists(path)]


def items(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        text = file.read()
    return list(markdown(path, text) if path.endswith(".md") else manual(path, text))
