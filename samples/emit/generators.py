#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Python generators as green threads, told to gtviz through ctypes.

    gtviz -- python3 samples/emit/generators.py build/gtv_emit.so

A small trampoline runs generators in turn: `yield` lets the next one go on, and
`yield other` waits for the other's end.
"""
import collections
import ctypes
import sys


class Gt(ctypes.Structure):
    """struct gtv_emit_gt."""
    _fields_ = [("id", ctypes.c_uint32), ("seq", ctypes.c_uint32)]


emit = ctypes.CDLL(sys.argv[1])
emit.gtv_emit_spawn.argtypes = [ctypes.POINTER(Gt), ctypes.POINTER(Gt), ctypes.c_char_p]
for call in (emit.gtv_emit_yield, emit.gtv_emit_exit):
    call.argtypes = [ctypes.POINTER(Gt), ctypes.POINTER(Gt)]
emit.gtv_emit_wait_join.argtypes = [ctypes.POINTER(Gt)] * 3
emit.gtv_emit_ready.argtypes = [ctypes.POINTER(Gt), ctypes.POINTER(Gt), ctypes.c_uint8]
emit.gtv_emit_run.argtypes = [ctypes.POINTER(Gt)]
BY_GT = 1

ready = collections.deque()


class Task:
    def __init__(self, generator, name, parent=None):
        self.generator, self.gt, self.waiters, self.done = generator, Gt(), [], False
        emit.gtv_emit_spawn(self.gt, parent and parent.gt, name.encode())
        ready.append(self)

    def step(self):
        emit.gtv_emit_run(self.gt)
        try:
            wanted = next(self.generator)
        except StopIteration:
            self.done = True
            for waiter in self.waiters:
                emit.gtv_emit_ready(waiter.gt, self.gt, BY_GT)
                ready.append(waiter)
            emit.gtv_emit_exit(self.gt, None)
            return
        if wanted is None or wanted.done:
            emit.gtv_emit_yield(self.gt, None)
            ready.append(self)
        else:
            emit.gtv_emit_wait_join(self.gt, None, wanted.gt)
            wanted.waiters.append(self)


def countdown(turns):
    while turns:
        sum(range(2000))
        turns -= 1
        yield


def parent():
    children = [Task(countdown(n), f"countdown-{n}", root) for n in (30, 60, 90)]
    for child in children:
        yield child
    print("generators: all three have counted down")


traced = emit.gtv_emit_start(b"generators", 1, 0)
emit.gtv_emit_worker_start(0)
root = None
root = Task(parent(), "parent")
while ready:
    ready.popleft().step()
