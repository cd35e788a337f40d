"""A wire in user space between two namespaces: late, uneven or narrow, as it is told while it runs.

    python -m tests.faults.wire NAMESPACE ROUTER NAME

It makes ``line0`` in NAMESPACE and NAME in ROUTER, says ``ready``, and passes packets between them. On its
standard input it reads one JSON object a line: ``delay`` and ``jitter`` in ms, ``rate`` in kbit/s (0: any).
It ends when its input does. (``tc netem`` would do the same, but is not in every kernel.)
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import sys
import time
from dataclasses import dataclass, field
from itertools import count

_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_LARGEST = 65536
#: A queue in front of a narrow line holds so many seconds; what comes then is lost.
_QUEUE = 0.5


def _device(namespace: str, name: str) -> int:
    """The file of a new TUN device `name` in `namespace`; it goes with the file."""
    libc = ctypes.CDLL(None, use_errno=True)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if libc.setns(there, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
    finally:
        os.close(there)
    opened = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(opened, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return opened


@dataclass
class Way:
    """One direction."""

    to: int
    #: (when it is due, number, packet)
    waiting: list[tuple[float, int, bytes]] = field(default_factory=list)
    #: The narrow place is busy until then.
    busy: float = 0.0
    numbers: count[int] = field(default_factory=count)

    def take(self, packet: bytes, now: float, settings: dict[str, float]) -> None:
        rate = settings["rate"] * 1000
        through = now
        if rate:
            through = max(now, self.busy) + len(packet) * 8 / rate
            if through - now > _QUEUE:
                return
            self.busy = through
        late = settings["delay"] + random.uniform(0, settings["jitter"])
        heapq.heappush(self.waiting, (through + late / 1000, next(self.numbers), packet))

    def give(self, now: float) -> None:
        while self.waiting and self.waiting[0][0] <= now:
            _, _, packet = heapq.heappop(self.waiting)
            try:
                os.write(self.to, packet)
            except OSError:
                # The device is down for the moment: lost, as on a real line.
                continue


def main(namespace: str, router: str, name: str) -> None:
    """Pass packets until the input ends."""
    near, far = _device(namespace, "line0"), _device(router, name)
    ways = {near: Way(far), far: Way(near)}
    settings = {"delay": 0.0, "jitter": 0.0, "rate": 0.0}
    told = sys.stdin.fileno()
    text = b""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        due = min((way.waiting[0][0] for way in ways.values() if way.waiting), default=None)
        pause = None if due is None else max(0.0, due - time.monotonic())
        for ready in select.select([near, far, told], [], [], pause)[0]:
            if ready != told:
                _take_all(ready, ways[ready], settings)
                continue
            said = os.read(told, 4096)
            if not said:
                return
            *lines, text = (text + said).split(b"\n")
            for line in lines:
                settings |= json.loads(line)
        for way in ways.values():
            way.give(time.monotonic())


def _take_all(source: int, way: Way, settings: dict[str, float]) -> None:
    while True:
        try:
            packet = os.read(source, _LARGEST)
        except OSError:
            # Nothing more for now, or the device is down for the moment.
            return
        way.take(packet, time.monotonic(), settings)


if __name__ == "__main__":
    main(*sys.argv[1:])
