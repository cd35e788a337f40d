"""What passing packets on costs, beside Janus: processor time per packet, and the time it adds on the way.

All arms of a run take turns in blocks:

- embedded, janus: a room each, in which the same people all see each other. Janus is left out, and said to
  be, where it is not installed or the machine has only the loopback, which Janus does not use;
- direct: the same packets between two peers of this program, without an engine. The difference of the medians
  is the time that an engine adds;
- bare: this program encrypts packets of the same size and sends them to a program that takes them, and
  nothing else. No forwarder in Python costs less per packet.

After each block one more comes, and leaves: the time until the first packet of another has arrived there.

Each sends sound (50 packets a second of 100 bytes) and a picture (ten a second, each three packets of 1,000
bytes): 280 kbit/s. A packet counts when it arrives at a viewer. Processor time is the engine process's own,
so a busy machine bends it little. The time on the way is bent by whoever else runs: read it beside the direct
way.

    python -m bench.sfu_cpu [--people 8] [--blocks 6] [--seconds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field

import aioice.ice
from pylibsrtp import Policy, Session

from bench.machine import facts, load
from bench.media_peers import PART, beat, connect
from bench.media_rooms import Embedded, Janus, Room
from bench.medians import median, ratio, table
from server.media.embedded import rtp
from server.media.embedded.connection import closed
from tests.server.media.conftest import until
from tests.server.media.janus_process import there

LOOPBACK = "127.0.0.1"
#: Processor time of the embedded engine a packet, as a ratio to Janus'.
BUDGET = 1.2
#: Packets of a bare block.
BARE = 20_000


#: Takes packets from a socket, as the people's programs do: waking them is part of what sending costs.
READER = "import socket,sys\ns=socket.socket(fileno=int(sys.argv[1]))\nwhile s.recv(2048)!=b'end':pass"


def bare() -> float:
    """Processor time of encrypting a packet and sending it to a program that takes it, µs."""
    session = Session(Policy(key=secrets.token_bytes(30), ssrc_type=Policy.SSRC_ANY_OUTBOUND))
    payload = bytes(PART)
    with socket.socket(type=socket.SOCK_DGRAM) as sink, socket.socket(type=socket.SOCK_DGRAM) as out:
        sink.bind((LOOPBACK, 0))
        to, number = sink.getsockname(), sink.fileno()
        with subprocess.Popen([sys.executable, "-c", READER, str(number)], pass_fds=(number,)) as reader:
            begun = time.process_time()
            for number in range(BARE):
                head = rtp.header(97, False, number & 0xFFFF, number, 1, 0)
                out.sendto(session.protect(head + payload), to)
                if number % 8 == 7:
                    # As many at once as a packet has viewers; then the reader may follow.
                    time.sleep(0.0005)
            took = (time.process_time() - begun) / BARE * 1e6
            while reader.poll() is None:
                out.sendto(b"end", to)
                time.sleep(0.01)
        return took


@dataclass
class Figures:
    """What the blocks of one engine gave: µs per packet, share of a core in %, ms on the way, ms to join."""

    costs: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    ways: list[float] = field(default_factory=list)
    joins: list[float] = field(default_factory=list)

    async def block(self, room: Room, seconds: float) -> None:
        """Everybody sends for that long."""
        room.viewers[0].ways.clear()
        arrived, cpu, begun = self._arrived(room), room.cpu(), time.perf_counter()
        await beat(room.senders, seconds)
        passed, used = self._arrived(room) - arrived, room.cpu() - cpu
        self.costs.append(used / passed * 1e6)
        self.shares.append(used / (time.perf_counter() - begun) * 100)
        self.ways.append(room.viewers[0].taken())
        self.joins.append(await room.join() * 1000)

    @staticmethod
    def _arrived(room: Room) -> int:
        return sum(one.arrived for one in room.viewers)


async def measure(people: int, blocks: int, seconds: float) -> None:
    """One run; prints its tables."""
    address = next(iter(aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=False)), LOOPBACK)
    aioice.ice.get_host_addresses = lambda **_: [address]
    print(facts())
    rooms: dict[str, Room] = {"embedded": Embedded(address, people)}
    if there() and address != LOOPBACK:
        rooms["janus"] = Janus(address, people)
    else:
        print("without Janus: it is not installed, or there is no address but the loopback")
    figures = {name: Figures() for name in rooms}
    straight, bares = [], []
    try:
        for room in rooms.values():
            await room.start()
        direct = await connect()
        everybody = [one for room in rooms.values() for one in room.senders] + [direct[0]]
        await until(lambda: all(one.ready for one in everybody), "everybody is connected")
        for room in rooms.values():
            await beat(room.senders, 2)
        for _ in range(blocks):
            for name, room in rooms.items():
                await figures[name].block(room, seconds)
                one = figures[name]
                print(
                    f"{name}: {one.costs[-1]:.1f} µs a packet, {one.ways[-1]:.2f} ms on the way, "
                    f"{one.joins[-1]:.0f} ms to join; load {load()}"
                )
            direct[1].ways.clear()
            await beat([direct[0]], seconds / 2)
            straight.append(direct[1].taken())
            bares.append(bare())
        for peer in (direct[0].peer, direct[1].peer):
            await closed(peer)
    finally:
        for room in rooms.values():
            await room.stop()
    rows = [
        (
            name,
            median(one.costs).text(".1f"),
            median(one.shares).text(".0f"),
            median(one.ways).text(".2f"),
            median([way - base for way, base in zip(one.ways, straight, strict=True)]).text(".2f"),
            median(one.joins).text(".0f"),
        )
        for name, one in figures.items()
    ]
    rows += [("bare", median(bares).text(".1f"), "", "", "", "")]
    rows += [("direct", "", "", median(straight).text(".2f"), "", "")]
    columns = (
        f"{people} people", "µs a packet", "% of a core", "p50 on the way, ms", "added, ms", "to join, ms",
    )  # fmt: skip
    print(table(columns, rows))
    ours = figures["embedded"].costs
    compared = [("embedded / bare", ratio(ours, bares).text(".2f"), "")]
    if "janus" in figures:
        compared.insert(
            0, ("embedded / janus", ratio(ours, figures["janus"].costs).text(".2f"), f"≤ {BUDGET}")
        )
    print(table(("processor time a packet", "ratio", "budget"), compared))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=5.0)
    asked = parser.parse_args()
    asyncio.run(measure(asked.people, asked.blocks, asked.seconds))


if __name__ == "__main__":
    main()
