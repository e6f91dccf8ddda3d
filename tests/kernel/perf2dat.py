# SPDX-License-Identifier: MIT
"""Makes a trace.dat (version 6) of a perf.data's tracepoints: the same formats, the same
raw records, in pages of the kernel's ring buffer. Where ftrace may not be switched on,
this is what trace-cmd and gtviz are compared with.

usage: perf2dat.py IN OUT
"""
import struct
import sys

PAGE = 4096


def sections(data):
    attr_size, attrs, _, start, size = struct.unpack_from("<5Q", data, 16)
    bits = struct.unpack_from("<4Q", data, 72)
    at, found = start + size, {}
    for i in range(256):
        if bits[i // 64] >> i % 64 & 1:
            found[i] = struct.unpack_from("<2Q", data, at)
            at += 16
    sample_type = struct.unpack_from("<Q", data, attrs + 24)[0]
    return start, size, found, sample_type


def samples(data):
    """(ts, core, raw), in order of time."""
    start, size, _, sample_type = sections(data)
    at, end, out = start, start + size, []
    while at + 8 <= end:
        kind, _, length = struct.unpack_from("<IHH", data, at)
        if length < 8:
            break
        if kind == 9:
            p = at + 8
            values = {}
            for bit, name, width in ((16, "identifier", 8), (0, "ip", 8), (1, "tid", 8), (2, "time", 8),
                                     (3, "addr", 8), (6, "id", 8), (9, "stream", 8), (7, "cpu", 8), (8, "period", 8)):
                if sample_type >> bit & 1:
                    values[name] = struct.unpack_from("<Q", data, p)[0]
                    p += width
            assert not sample_type & (1 << 4 | 1 << 5), "reads and call chains are not asked for"
            raw_size = struct.unpack_from("<I", data, p)[0]
            out.append((values["time"], values["cpu"] & 0xffffffff, data[p + 4:p + 4 + raw_size]))
        at += length
    return sorted(out, key=lambda s: s[0])


def formats(data):
    """The formats as trace.dat has them, up to the systems' end."""
    at, size = sections(data)[2][1]
    b = data[at:at + size]
    p = 10
    p = b.index(0, p) + 1
    head, p = b[p:p + 6], p + 6
    begin = p
    for _ in range(2):
        p = b.index(0, p) + 1
        p += 8 + struct.unpack_from("<Q", b, p)[0]
    count = struct.unpack_from("<I", b, p)[0]
    p += 4
    for _ in range(count):
        p += 8 + struct.unpack_from("<Q", b, p)[0]
    count = struct.unpack_from("<I", b, p)[0]
    p += 4
    for _ in range(count):
        p = b.index(0, p) + 1
        events = struct.unpack_from("<I", b, p)[0]
        p += 4
        for _ in range(events):
            p += 8 + struct.unpack_from("<Q", b, p)[0]
    return b"\x17\x08\x44tracing" + b"6\0" + head + b[begin:p]


def pages(list_):
    out, page, stamp, last = b"", b"", 0, 0

    def close():
        nonlocal page, out
        if page:
            out += struct.pack("<QQ", stamp, len(page)) + page + bytes(PAGE - 16 - len(page))
        page = b""

    for ts, raw in list_:
        raw += bytes(-len(raw) % 4)
        assert len(raw) <= 28 * 4
        delta = ts - last if page else 0
        need = 4 + len(raw) + (8 if delta >> 27 else 0)
        if not page or len(page) + need > PAGE - 16:
            close()
            stamp, delta = ts, 0
        if delta >> 27:
            page += struct.pack("<II", 30 | (delta & (1 << 27) - 1) << 5, delta >> 27)
            delta = 0
        page += struct.pack("<I", len(raw) // 4 | delta << 5) + raw
        last = ts
    close()
    return out


def main():
    with open(sys.argv[1], "rb") as f:
        data = f.read()
    all_ = samples(data)
    cores = max(s[1] for s in all_) + 1
    head = formats(data)
    head += struct.pack("<I", 0) + struct.pack("<I", 0) + struct.pack("<Q", 0)  # symbols, printk, names
    head += struct.pack("<I", cores)
    head += b"options  \0" + struct.pack("<H", 0) + b"flyrecord\0"
    body = [pages([(ts, raw) for ts, core, raw in all_ if core == c]) for c in range(cores)]
    at = (len(head) + 16 * cores + PAGE - 1) // PAGE * PAGE
    table = b""
    for b in body:
        table += struct.pack("<QQ", at, len(b))
        at += len(b)
    head += table
    with open(sys.argv[2], "wb") as f:
        f.write(head + bytes(-len(head) % PAGE) + b"".join(body))


main()
