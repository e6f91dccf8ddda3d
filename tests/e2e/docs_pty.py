# SPDX-License-Identifier: MIT
"""Runs a command in a pseudo-terminal as somebody would who reads a document: what opens
the screen is looked at until it stands still, and left by q.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

PATIENCE_S = float(os.environ.get("DOCS_PATIENCE", "120"))  # for what is to be seen
STUCK_S = 400  # then it hangs; no command of a document may go on for ever
OPENED, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"


class Result:
    """status: the shell's; text, shown: what was printed outside the screen, and all that was;
    screen: whether it was opened; hung: whether it would not end; seconds: how long it took."""

    KEYS = {"Enter": b"\r", "Tab": b"\t", "Esc": b"\x1b", "Space": b" "}

    def __init__(self):
        self.status, self.text, self.screen, self.hung = 0, "", False, False
        self.seconds, self.shown = 0.0, ""

    def good(self):
        """q ends a live program by SIGTERM, and its status is gtviz's."""
        return not self.hung and (self.status == 0 or self.screen and self.status in (143, 130))


def outside(data):
    """What was printed outside the alternate screen, without escapes."""
    data = plain(re.sub(rb"\x1b\[\?1049h.*?(\x1b\[\?1049l|$)", b"", data, flags=re.S))
    lines = data.decode("utf-8", "replace").split("\n")
    # A progress line is written over; what stood there last stays.
    return "\n".join(([part for part in line.split("\r") if part.strip()] or [""])[-1].rstrip() for line in lines)


def plain(data):
    return re.sub(rb"\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()].|[=>78])", b"", data)


def end_sessions(sids):
    """Ends what commands have left running in the sessions that we made for them."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                    if int(file.read().rpartition(")")[2].split()[3]) in sids:
                        os.kill(int(entry), signal.SIGKILL)
            except (OSError, ValueError, IndexError):
                pass


def run(command, cwd, env, keys=(), wanted=""):
    """Presses the keys, then q when what is wanted was shown. Returns the Result, and the session in which something may still run."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def become_leader():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    child = subprocess.Popen(["sh", "-c", command], cwd=cwd, env=env, stdin=theirs, stdout=theirs,
                             stderr=theirs, preexec_fn=become_leader)
    os.close(theirs)
    result, data = Result(), b""
    begin = heard = time.monotonic()
    opened = pressed = 0.0
    keys = [Result.KEYS.get(key, key.encode()) for key in keys]
    while True:
        if select.select([ours], [], [], 0.05)[0]:
            try:
                came = os.read(ours, 65536)
            except OSError:
                came = b""
            data += came
            heard = time.monotonic() if came else heard
            if not came:
                if child.poll() is not None:
                    break
                time.sleep(0.05)  # it runs on without its terminal
        elif child.poll() is not None:
            break
        now = time.monotonic()
        if data.rfind(OPENED) > data.rfind(LEFT):
            result.screen = True
            opened = opened or now
            if now - pressed > (0.3 if keys else 0.5) and (now - heard > 0.2 or now - opened > 0.4):
                if keys or now - opened > PATIENCE_S or wanted.encode() in plain(data):
                    try:
                        os.write(ours, keys.pop(0) if keys else b"q")
                    except OSError:
                        pass  # it has gone meanwhile
                pressed = now
        if now - begin > STUCK_S:
            result.hung = True
            end_sessions({child.pid})
            break
    status = child.wait()
    result.seconds = time.monotonic() - begin
    result.status = status if status >= 0 else 128 - status
    result.screen = result.screen or OPENED in data
    result.text = outside(data)
    result.shown = plain(data).decode("utf-8", "replace")
    os.close(ours)
    return result, child.pid
