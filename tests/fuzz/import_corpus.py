# SPDX-License-Identifier: MIT
"""Makes the importers' corpus from a perf.data of this machine: the same formats, but only
a few records of each kind.

usage: import_corpus.py IN.data DIR   (perf record -a -e sched:sched_switch -e …, as root)
"""
import struct
import subprocess
import sys

KEEP = {9: 40, 7: 3, 4: 3, 3: 6, 68: 3}


def time_of(sample_type, record):
    """Of a sample."""
    before = sum(sample_type >> bit & 1 for bit in (16, 0, 1))
    return struct.unpack_from("<Q", record, 8 + 8 * before)[0]


def lost(sample_type, id_, time, count):
    """A record of lost events, with who, when and where behind it."""
    tail = b""
    for bit, value in ((1, 7 << 32 | 7), (2, time), (6, id_), (9, id_), (7, 0), (16, id_)):
        if sample_type >> bit & 1:
            tail += struct.pack("<Q", value)
    return struct.pack("<IHHQQ", 2, 0, 24 + len(tail), id_, count) + tail


METADATA = """/* CTF 1.8 */
typealias integer { size = 8; align = 8; signed = false; encoding = UTF8; } := char_t;
typealias integer { size = 16; align = 8; signed = false; } := uint16_t;
typealias integer { size = 32; align = 8; signed = false; } := uint32_t;
typealias integer { size = 32; align = 8; signed = true; } := int32_t;
typealias integer { size = 64; align = 8; signed = false; } := uint64_t;
typealias integer { size = 64; align = 8; signed = true; } := int64_t;
trace {
	major = 1; minor = 8; byte_order = le;
	packet.header := struct { uint32_t magic; uint32_t stream_id; };
};
env { hostname = "host"; domain = "kernel"; tracer_name = "lttng-modules"; };
clock { name = monotonic; freq = 1000000000; offset = 0; };
typealias integer { size = 64; align = 8; signed = false; map = clock.monotonic.value; } := time_t;
stream {
	id = 0;
	packet.context := struct {
		time_t timestamp_begin; time_t timestamp_end; uint64_t content_size;
		uint64_t packet_size; uint64_t events_discarded; uint32_t cpu_id;
	};
	event.header := struct { uint16_t id; time_t timestamp; };
};
event {
	name = "sched_switch"; id = 0; stream_id = 0;
	fields := struct {
		char_t _prev_comm[16]; int32_t _prev_tid; int32_t _prev_prio; int64_t _prev_state;
		char_t _next_comm[16]; int32_t _next_tid; int32_t _next_prio;
	};
};
event {
	name = "sched_waking"; id = 1; stream_id = 0;
	fields := struct { char_t _comm[16]; int32_t _tid; int32_t _prio; int32_t _target_cpu; };
};
event {
	name = "sched_process_fork"; id = 2; stream_id = 0;
	fields := struct {
		char_t _parent_comm[16]; int32_t _parent_tid; int32_t _parent_pid;
		char_t _child_comm[16]; int32_t _child_tid; int32_t _child_pid;
	};
};
"""


def ctf_packet(core, discarded, events):
    body = b""
    for ts, number, fields in events:
        body += struct.pack("<HQ", number, ts) + fields
    bits = 8 * (52 + len(body))
    return struct.pack("<IIQQQQQI", 0xc1fc1fc1, 0, events[0][0], events[-1][0], bits, bits, discarded, core) + body


def ctf():
    """What LTTng's kernel tracer writes, in small: two packets, between them 5 events lost."""
    def switch(prev, state, next_):
        return struct.pack("<16siiq16sii", b"p%d" % prev, prev, 120, state, b"p%d" % next_, next_, 120)
    first = [(1000, 0, switch(0, 0, 7)), (1500, 1, struct.pack("<16siii", b"p8", 8, 120, 0)),
             (2000, 0, switch(7, 1, 8)), (2500, 2, struct.pack("<16sii16sii", b"p8", 8, 8, b"p9", 9, 8))]
    second = [(9000, 0, switch(9, 0x100, 8)), (9500, 0, switch(8, 0x10, 0))]
    return ctf_packet(0, 0, first) + ctf_packet(0, 5, second)


def main():
    with open(sys.argv[1], "rb") as f:
        data = f.read()
    attr_size, attrs, attrs_size, start, size = struct.unpack_from("<5Q", data, 16)
    bits = struct.unpack_from("<4Q", data, 72)
    found, at = {}, start + size
    for i in range(256):
        if bits[i // 64] >> i % 64 & 1:
            found[i] = struct.unpack_from("<2Q", data, at)
            at += 16
    records, seen, at, last = b"", {}, start, 0
    sample_type = struct.unpack_from("<Q", data, attrs + 24)[0]
    while at + 8 <= start + size:
        kind, _, length = struct.unpack_from("<IHH", data, at)
        if length < 8:
            break
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] <= KEEP.get(kind, 0):
            records += data[at:at + length]
            last = max(last, time_of(sample_type, data[at:at + length])) if kind == 9 else last
        at += length
    where = struct.unpack_from("<Q", data, attrs + attr_size - 16)[0]
    records += lost(sample_type, struct.unpack_from("<Q", data, where)[0], last + 1000, 17)
    count = attrs_size // attr_size
    ids, table, at = b"", b"", 104 + attr_size * count
    for i in range(count):
        one = data[attrs + i * attr_size:attrs + (i + 1) * attr_size]
        where, n = struct.unpack_from("<2Q", one, attr_size - 16)
        ids += data[where:where + n]
        table += one[:-16] + struct.pack("<2Q", at, n)
        at += n
    def features(wanted, at):
        head, body = b"", b""
        for f in wanted:
            o, n = found[f]
            body_at = at + 16 * len(wanted) + len(body)
            head += struct.pack("<2Q", body_at, n)
            body += data[o:o + n]
        return head + body
    wanted = [f for f in (1, 3, 4, 7, 11) if f in found]
    def head(data_at, flags):
        return (b"PERFILE2" + struct.pack("<9Q", 104, attr_size, 104, attr_size * count, data_at, len(records), 0, 0,
                                          sum(1 << f for f in flags)) + bytes(24))
    body = table + ids
    data_at = 104 + len(body)
    with open(sys.argv[2] + "/import_perf/file", "wb") as f:
        f.write(head(data_at, wanted) + body + records + features(wanted, data_at + len(records)))
    tracing = data[found[1][0]:sum(found[1])]
    tracing += bytes(-len(tracing) % 8)
    pipe = b"PERFILE2" + struct.pack("<Q", 16)
    for i in range(count):
        one = data[attrs + i * attr_size:attrs + (i + 1) * attr_size]
        where, n = struct.unpack_from("<2Q", one, attr_size - 16)
        body = one[:-16] + data[where:where + n]
        pipe += struct.pack("<IHH", 64, 0, 8 + len(body)) + body
    pipe += struct.pack("<IHHI", 66, 0, 12, len(tracing)) + tracing
    with open(sys.argv[2] + "/import_ctf/lttng", "wb") as f:
        f.write(METADATA.encode() + b"\n#STREAM\n" + ctf())
    packed = subprocess.run(["zstd", "-c", "-1"], input=records, stdout=subprocess.PIPE, check=True).stdout
    with open(sys.argv[2] + "/import_perf/pipe", "wb") as f:
        f.write(pipe + records)
    with open(sys.argv[2] + "/import_perf/compressed", "wb") as f:
        f.write(pipe + struct.pack("<IHH", 81, 0, 8 + len(packed)) + packed)


main()
