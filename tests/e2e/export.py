# SPDX-License-Identifier: MIT
"""Reads an export with a reader that is not ours and compares it with what `gtviz
report --json` and `gtviz events --json` say of the same trace.

usage: export.py chrome|perfetto EXPORT REPORT.json EVENTS.json
EXPORT is the JSON, or what `protoc --decode` printed.
"""
import collections
import decimal
import json
import re
import sys

bad = []


def same(what, ours, theirs):
    if ours != theirs:
        bad.append("%s: exported %s, should be %s" % (what, str(ours)[:300], str(theirs)[:300]))


def ns(us):
    return int((decimal.Decimal(us) * 1000).to_integral_exact())


def wanted_states(report):
    """Nanoseconds by (lane, state), of all that is drawn."""
    want = {}
    for gt in report["green_threads"]:
        for state, n in gt["states"].items():
            want["gt", gt["id"], state] = n
    for th in report["os_threads"]:
        runnable = th["runnable_ns"] - th["preempted_ns"]
        for state, n in (("running", th["running_ns"]), ("runnable", runnable),
                         ("preempted", th["preempted_ns"]), ("sleeping", th["sleeping_ns"]),
                         ("disk", th["disk_ns"]), ("stopped", th["stopped_ns"]),
                         ("unknown", th["unknown_ns"])):
            want["thread", th["tid"], state] = n
    for lock in report["locks"]:
        for state, key in (("held", "held_on_core_ns"),
                           ("held off core, preempted", "held_preempted_ns"),
                           ("held off core, asleep", "held_asleep_ns")):
            want["lock", lock["id"], state] = lock[key]
    return {k: v for k, v in want.items() if v}


def compare_states(got, report):
    want = wanted_states(report)
    tids = {th["tid"] for th in report["os_threads"]}
    # Threads of others are drawn too; the report has only the program's.
    got = {k: v for k, v in got.items()
           if v and (k[0] in ("gt", "lock") or k[1] in tids) and not (k[0] == "lock" and k[2] == "unknown")}
    for key in sorted(set(got) | set(want), key=str):
        if got.get(key, 0) != want.get(key, 0):
            bad.append("%s: exported %d ns, reported %d" % (key, got.get(key, 0), want.get(key, 0)))


def check_touching(spans):
    """The spans of a lane may touch, but not overlap."""
    for lane, list_ in spans.items():
        list_.sort()
        for a, b in zip(list_, list_[1:]):
            if a[1] > b[0]:
                bad.append("%s: spans overlap: %s %s" % (lane, a, b))
                break


def check_depth(counters):
    for name, list_ in counters.items():
        if any(v < 0 for _, v in list_):
            bad.append("%s: below nought" % name)
        if any(a[0] > b[0] for a, b in zip(list_, list_[1:])):
            bad.append("%s: times run backwards" % name)


def compare_lost(texts, events):
    want = collections.Counter("%d %s lost" % (e["count"], "events" if e["lost_kind"] == "unknown" else e["lost_kind"])
                               for e in events if e["kind"] == "loss")
    same("losses", collections.Counter(t for t in texts if t.endswith(" lost")), want)


def chrome(path, report, events):
    with open(path) as f:
        trace = json.load(f, parse_float=decimal.Decimal)
    sums, spans = collections.Counter(), collections.defaultdict(list)
    flows, counters = {"s": {}, "f": {}}, collections.defaultdict(list)
    lost, marks, depth, nesting = [], 0, collections.Counter(), collections.Counter()
    start = trace["otherData"]["start_ns"]
    same("start", start, report["start_ns"])
    for e in trace["traceEvents"]:
        ph = e["ph"]
        if ph == "X" and e["cat"] == "loss":
            lost.append(e["name"])
        elif ph == "X":
            lane = (e["cat"], e["tid"] & 0xffffffff)
            dur, at = ns(e["dur"]), ns(e["ts"])
            spans[lane].append((at, at + dur))
            if e["cat"] != "core":
                sums[lane + (e["name"],)] += dur
        elif ph in flows:
            if e["id"] in flows[ph]:
                bad.append("flow %s twice" % e["id"])
            flows[ph][e["id"]] = ns(e["ts"])
        elif ph == "i":
            marks += 1
        elif ph == "C":
            counters[e["pid"], e["name"]].append((ns(e["ts"]), e["args"]["value"]))
        elif ph in "be":
            nesting[e["id"]] += 1 if ph == "b" else -1
    compare_states(sums, report)
    check_touching(spans)
    check_depth(counters)
    compare_lost(lost, events)
    same("ends of flows", set(flows["s"]), set(flows["f"]))
    same("flows that go back in time", [i for i in flows["s"] if flows["s"][i] > flows["f"][i]], [])
    same("marks", marks, sum(e["kind"] == "mark" for e in events))
    same("async events left open", [i for i, n in nesting.items() if n], [])
    same("green threads", len(nesting), len(report["green_threads"]))
    print("chrome: %d events, %d flows, %d counters, %d losses" %
          (len(trace["traceEvents"]), len(flows["s"]), len(counters), len(lost)))


def messages(path):
    """Each packet of protoc's text, as nested dicts of lists."""
    stack, top = [], None
    scalar = re.compile(r'\s*(\w+): (.*)$')
    with open(path) as f:
        for line in f:
            line = line.rstrip("\n")
            if line.endswith("{"):
                new = collections.defaultdict(list)
                if stack:
                    stack[-1][line.split()[0]].append(new)
                stack.append(new)
            elif line.strip() == "}":
                top = stack.pop()
                if not stack:
                    yield top
            else:
                m = scalar.match(line)
                stack[-1][m.group(1)].append(m.group(2))


def word(text):
    return re.sub(r'\\(.)', r'\1', text[1:-1])


CLASS = {1: "core", 2: "thread", 3: "gt", 4: "lock"}


def perfetto(path, report, events):
    tracks, open_, sums = {}, {}, collections.Counter()
    spans, counters = collections.defaultdict(list), collections.defaultdict(list)
    flows, lost, switches, wakings, first = {"s": [], "f": []}, [], [], [], True
    instants = 0
    for p in messages(path):
        if first:
            same("first packet's flags", p["sequence_flags"], ["1"])
            first = False
        for t in p["track_descriptor"]:
            uuid = int(t["uuid"][0])
            if uuid in tracks:
                bad.append("track %d twice" % uuid)
            if t["parent_uuid"] and int(t["parent_uuid"][0]) not in tracks:
                bad.append("track %d comes before its parent" % uuid)
            if not t["process"]:
                same("merging of track %d" % uuid, t["sibling_merge_behavior"], ["2"])
            tracks[uuid] = t
        for e in p["track_event"]:
            uuid, kind, ts = int(e["track_uuid"][0]), int(e["type"][0]), int(p["timestamp"][0])
            if uuid not in tracks:
                bad.append("an event of track %d, which is not there" % uuid)
            lane = (CLASS.get(uuid >> 40), uuid & 0xffffffff)
            if kind == 1:
                open_.setdefault(uuid, []).append((ts, word(e["name"][0])))
            elif kind == 2:
                at, name = open_[uuid].pop()
                if lane[0]:
                    spans[lane].append((at, ts))
                    if lane[0] != "core":
                        sums[lane + (name,)] += ts - at
                elif name.endswith("lost"):
                    lost.append(name)
            elif kind == 3 and not e["flow_ids"] and not e["terminating_flow_ids"]:
                instants += 1
            elif kind == 4:
                counters[uuid].append((ts, int(e["counter_value"][0])))
            flows["s"] += e["flow_ids"]
            flows["f"] += e["terminating_flow_ids"]
        for b in p["ftrace_events"]:
            cpu = int(b["cpu"][0])
            for e in b["event"]:
                s = e["sched_switch"][0]
                switches.append((int(e["timestamp"][0]), cpu, int(s["next_pid"][0])))
            for c in b["compact_sched"]:
                columns = [c[k] for k in ("switch_timestamp", "switch_prev_state", "switch_next_pid",
                                          "switch_next_prio", "switch_next_comm_index")]
                same("columns of one length", len({len(x) for x in columns}), 1)
                at = 0
                for delta, pid in zip(c["switch_timestamp"], c["switch_next_pid"]):
                    at += int(delta)
                    switches.append((at, cpu, int(pid)))
                at = 0
                for delta, pid in zip(c["waking_timestamp"], c["waking_pid"]):
                    at += int(delta)
                    wakings.append((at, int(pid)))
    same("slices left open", [u for u, l in open_.items() if l], [])
    compare_states(sums, report)
    check_touching(spans)
    check_depth(counters)
    compare_lost(lost, events)
    same("ends of flows", sorted(flows["s"]), sorted(flows["f"]))
    same("flows twice", len(flows["s"]), len(set(flows["s"])))
    same("marks", instants, sum(e["kind"] == "mark" for e in events))
    told = [(e["ts_ns"], e["core"], e["next_tid"]) for e in events if e["kind"] == "sched_switch"]
    recovered = sum(e["kind"] == "thread_on" and e["recovered"] for e in events)
    real = [s for s in switches if s[2] != 4194402]
    same("switches", len(real), len(told) + recovered)
    if not recovered:
        same("times of switches", sorted(s[:2] for s in real), sorted(s[:2] for s in told))
        # who comes is as told, but where the rest was filtered out
        same("switches to others", {s for s in real if s[2] != 4194401} - set(told), set())
    same("wakings", sorted(wakings), sorted((e["ts_ns"], e["woken_tid"]) for e in events if e["kind"] == "sched_waking"))
    print("perfetto: %d tracks, %d switches, %d wakings, %d flows, %d losses" %
          (len(tracks), len(switches), len(wakings), len(flows["s"]), len(lost)))


def main():
    kind, path, report, events = sys.argv[1:]
    with open(report) as f:
        report = json.load(f)
    with open(events) as f:
        events = [json.loads(line) for line in f]
    events = [e for e in events if e["kind"] != "gap"]
    {"chrome": chrome, "perfetto": perfetto}[kind](path, report, events)
    for line in bad[:10]:
        print(line)
    sys.exit(1 if bad else 0)


main()
