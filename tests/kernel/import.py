# SPDX-License-Identifier: MIT
"""Compares what gtviz imported, event by event, with another reader's text of the file.

usage: import.py perf|dat|plugin|ctf EVENTS.json TEXT
"""
import collections
import json
import re
import sys

LINE = re.compile(r'^\s*(?P<comm>.*?)[- ]+(?P<tid>\d+)\s+\[(?P<cpu>\d+)\]\s+(?:[^\s\[\]]+\s+)?'
                  r'(?P<s>\d+)\.(?P<ns>\d{9}):\s+(?:sched:)?(?P<event>sched_\w+):\s*(?P<fields>.*)$')
CTF = re.compile(r'^\[(?P<s>\d+)\.(?P<ns>\d{9})\] (?:\S+ )*?(?:sched:)?(?P<event>sched_\w+): '
                 r'\{ cpu_id = (?P<cpu>\d+) \}, (?P<fields>.*)$')
LETTER = {"R": "preempted", "S": "sleeping", "D": "disk", "T": "stopped", "t": "stopped", "X": "dead",
          "Z": "dead", "I": "idle", "P": "sleeping"}
BIT = {1: "sleeping", 2: "disk", 4: "stopped", 8: "stopped", 16: "dead", 32: "dead", 64: "sleeping", 128: "idle"}


def state(text):
    if text.isdigit():
        n = int(text)
        return "preempted" if n == 0 or n >= 256 else BIT.get(n & -n, "unknown")
    return "preempted" if text.endswith("+") else LETTER[text[0]]


def number(fields, key):
    m = re.search(r'(?<![a-z_])%s\s?=\s?(\d+)' % key, fields)
    return int(m.group(1)) if m else 0


def theirs(kind, path):
    out = collections.defaultdict(list)
    with open(path, errors="replace") as f:
        for line in f:
            m = (CTF if kind == "ctf" else LINE).match(line)
            if not m:
                continue
            fields, event = m.group("fields"), m.group("event")
            at = (int(m.group("s")) * 10 ** 9 + int(m.group("ns")), int(m.group("cpu")))
            tid = number(fields, "common_pid") if kind == "ctf" else int(m.group("tid"))
            if re.search(r'\s-1\s+\[', line):
                tid = -1  # gone by then: perf's text does not say who it was
            if event == "sched_switch":
                s = re.search(r'prev_state\s?=\s?([A-Za-z+|]+|\d+)', fields).group(1)
                out[event].append(at + (number(fields, "prev_pid"), number(fields, "next_pid"), state(s)))
            elif event == "sched_waking":
                out[event].append(at + (tid, number(fields, "pid")))
            elif event == "sched_wakeup":
                out[event].append(at + (0, number(fields, "pid")))
            elif event == "sched_wakeup_new":
                out[event].append(at + (tid, number(fields, "pid")))
            elif event == "sched_migrate_task":
                out["sched_migrate"].append((at[0], number(fields, "orig_cpu"), number(fields, "dest_cpu"),
                                             number(fields, "pid")))
    return out


def ours(path):
    out = collections.defaultdict(list)
    with open(path) as f:
        for line in f:
            e = json.loads(line)
            kind = e["kind"]
            at = (e["ts_ns"], e.get("core"))
            if kind == "sched_switch":
                out[kind].append(at + (e["prev_tid"], e["next_tid"], e["state"]))
            elif kind in ("sched_waking", "sched_wakeup_new"):
                out[kind].append(at + (e["tid"], e["woken_tid"]))
            elif kind == "sched_migrate":
                out[kind].append((at[0], at[1], e["to_core"], e["moved_tid"]))
    return out


def main():
    kind, events, text = sys.argv[1:]
    a, b = ours(events), theirs(kind, text)
    if not b["sched_waking"]:
        b["sched_waking"] = b["sched_wakeup"]
    if kind == "plugin":  # trace-cmd's own has another letter for "idle" (W)
        b["sched_switch"] = [e[:4] + (e[4].replace("idle", "unknown"),) for e in b["sched_switch"]]
    # The file itself knows also who is gone; its text does not.
    for k in ("sched_waking", "sched_wakeup_new"):
        gone = {(e[0], e[1], e[3]) for e in b[k] if e[2] == -1}
        a[k] = [e[:2] + (-1, e[3]) if (e[0], e[1], e[3]) in gone else e for e in a[k]]
    bad = 0
    for k in ("sched_switch", "sched_waking", "sched_wakeup_new", "sched_migrate"):
        x, y = sorted(a[k]), sorted(b[k])
        if x != y:
            bad = 1
            only = [e for e in x if e not in set(y)][:2], [e for e in y if e not in set(x)][:2]
            print("%s: %d imported, %d in the file; only imported, only there: %s %s" % ((k, len(x), len(y)) + only))
    if not b["sched_switch"]:
        bad = 1
        print("the other reader says nothing")
    print("%d switches, %d wakings, %d migrations alike" %
          (len(b["sched_switch"]), len(b["sched_waking"]), len(b["sched_migrate"])))
    sys.exit(bad)


main()
