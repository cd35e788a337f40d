"""What passing packets on costs: processor time of the engine per packet, and the time it adds on the way.

Beside two floors of the same run, in blocks that take turns:

- direct: the same packets between two peers of the same program, without an engine. The difference of the
  medians is the time that the engine adds;
- bare: this program encrypts packets of the same size and sends them to a program that takes them, and
  nothing else. No forwarder in Python costs less per packet.

People all see each other. Each sends sound (50 packets a second of 100 bytes) and a picture (ten a second,
each three packets of 1,000 bytes): 280 kbit/s. Processor time is the engine process's own, so a busy machine
bends it little. The time on the way is bent by whoever else runs: read it beside the direct way.

    python -m bench.sfu_cpu [--people 8] [--blocks 4] [--seconds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import aioice.ice
from aiortc import RTCSessionDescription
from aiortc.rtp import AnyRtcpPacket
from pylibsrtp import Policy, Session

from bench.machine import facts, load
from bench.medians import median, ratio, table
from care.ids import new_id
from server.media.embedded import rtp
from server.media.embedded.connection import PeerConnection, closed
from server.media.embedded.supervisor import EmbeddedEngine
from tests.server.media.conftest import until

LOOPBACK = "127.0.0.1"
SOUND, PART, PARTS = 100, 1_000, 3
BEAT = 0.02
#: Packets of a bare block.
BARE = 20_000


def quiet(_: list[AnyRtcpPacket]) -> None:
    """Feedback is not what is measured: nobody asks for anything."""


@dataclass
class Sending:
    """One who sends; each payload ends with the time at which it was sent."""

    peer: PeerConnection = field(
        default_factory=lambda: PeerConnection(
            (), on_rtp=lambda _: None, on_rtcp=quiet, on_state=lambda _: None
        )
    )

    def __post_init__(self) -> None:
        self._senders = {kind: self.peer.place(kind) for kind in ("audio", "video")}
        self._types: dict[str, int] = {}
        self._numbers = {"audio": secrets.randbelow(0x4000), "video": secrets.randbelow(0x4000)}
        self._beats = 0
        for kind, sender in self._senders.items():
            sender.begun = lambda parameters, kind=kind: self._types.update(
                {kind: parameters.codecs[0].payloadType or 0}
            )

    @property
    def ready(self) -> bool:
        return len(self._types) == 2

    def beat(self) -> None:
        """What belongs to the next 20 ms."""
        self._send("audio", b"", SOUND, last=True)
        if self._beats % 5 == 0:
            picture = (self._beats // 5) & 0x7FFF
            ids = bytes([0x80, 0x80 | picture >> 8, picture & 0xFF])
            for part in range(PARTS):
                # Every tenth is a key picture, so that whoever comes sees soon.
                key = 0 if picture % 10 == 0 else 1
                self._send(
                    "video", bytes([0x90 if part == 0 else 0x80]) + ids + bytes([key]), PART, last=part == 2
                )
        self._beats += 1

    def _send(self, kind: str, before: bytes, size: int, *, last: bool) -> None:
        number = self._numbers[kind]
        self._numbers[kind] = (number + 1) & 0xFFFF
        stamp = (self._beats * round((48_000 if kind == "audio" else 90_000) * BEAT)) & 0xFFFFFFFF
        head = rtp.header(self._types[kind], last, number, stamp, self._senders[kind].ssrc, 0)
        sent = time.perf_counter_ns().to_bytes(8, "big")
        self.peer.write(head + before + bytes(size - len(before) - 8) + sent)


class Seeing:
    """One who sees. Only who `listens` decrypts: it would be this program's work, not the engine's."""

    def __init__(self, *, listens: bool) -> None:
        self.ways: list[float] = []
        self._listens = listens
        self.peer = PeerConnection((), on_rtp=self._came, on_rtcp=quiet, on_state=lambda _: None)

    async def take(self, offer: str) -> str:
        """Answer an offer."""
        await self.peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self.peer.setLocalDescription()
        if not self._listens:
            wire = self.peer.getTransceivers()[0].receiver.transport.transport._connection  # noqa: SLF001
            came = wire.data_received

            def deaf(data: bytes, component: int) -> None:
                if not 127 < data[0] < 192:
                    came(data, component)

            vars(wire)["data_received"] = deaf
        answer: str = self.peer.localDescription.sdp
        return answer

    def _came(self, data: bytes) -> None:
        self.ways.append((time.perf_counter_ns() - int.from_bytes(data[-8:], "big")) / 1e6)

    def taken(self) -> float:
        """Median time on the way since the last call, ms."""
        ways, self.ways = self.ways, []
        return statistics.median(ways)


async def beat(senders: list[Sending], seconds: float) -> None:
    """Everybody sends, each at their own moment of the 20 ms, as people do."""
    loop = asyncio.get_running_loop()
    at, end = loop.time(), loop.time() + seconds
    while at < end:
        for one in senders:
            one.beat()
            at += BEAT / len(senders)
            await asyncio.sleep(max(0.0, at - loop.time()))


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


async def enter(engine: EmbeddedEngine, room: UUID, *, listens: bool) -> tuple[Sending, Seeing]:
    """One who sends and sees."""
    who, sending, seeing = uuid4(), Sending(), Seeing(listens=listens)
    await sending.peer.setLocalDescription()
    answer = await engine.publish(room, who, sending.peer.localDescription.sdp)
    await sending.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    offer = await engine.subscribe(room, who)
    assert offer is not None
    await engine.answer(room, who, offer.number, await seeing.take(offer.sdp))
    return sending, seeing


async def connect() -> tuple[Sending, Seeing]:
    """The direct way: one who sends, one who sees, nothing between."""
    sending, seeing = Sending(), Seeing(listens=True)
    await sending.peer.setLocalDescription()
    answer = await seeing.take(sending.peer.localDescription.sdp)
    await sending.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    return sending, seeing


async def measure(people: int, blocks: int, seconds: float) -> None:
    aioice.ice.get_host_addresses = lambda **_: [LOOPBACK]
    print(facts())
    engine, room = EmbeddedEngine(addresses=(LOOPBACK,)), new_id()
    await engine.start()
    try:
        await engine.open_room(room, seats=people)
        crowd = [await enter(engine, room, listens=at == 0) for at in range(people)]
        direct = await connect()
        everybody = [sending for sending, _ in crowd]
        await until(lambda: all(one.ready for one in [*everybody, direct[0]]), "everybody is connected")
        await beat(everybody, 2)
        costs, bares, ways, straight, shares = [], [], [], [], []
        for _ in range(blocks):
            crowd[0][1].ways.clear()
            before, begun = await engine.stats(room), time.perf_counter()
            await beat(everybody, seconds)
            after, took = await engine.stats(room), time.perf_counter() - begun
            passed = after.forwarded - before.forwarded
            costs.append((after.cpu - before.cpu) / passed * 1e6)
            shares.append((after.cpu - before.cpu) / took * 100)
            ways.append(crowd[0][1].taken())
            direct[1].ways.clear()
            await beat([direct[0]], seconds)
            straight.append(direct[1].taken())
            bares.append(bare())
            print(f"{passed / took:.0f} packets/s, {costs[-1]:.1f} µs, {ways[-1]:.2f} ms; load {load()}")
        for one in (*crowd, direct):
            await asyncio.gather(closed(one[0].peer), closed(one[1].peer))
    finally:
        await engine.stop()
    print(
        table(
            ("What", "Median [95 %]"),
            (
                (f"processor time per forwarded packet, {people} people, µs", median(costs).text(".1f")),
                ("share of a core, %", median(shares).text(".0f")),
                ("bare: encrypt and send, µs", median(bares).text(".1f")),
                ("ratio to bare", ratio(costs, bares).text(".2f")),
                ("on the way through the engine, p50, ms", median(ways).text(".2f")),
                ("on the direct way, p50, ms", median(straight).text(".2f")),
            ),
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=5.0)
    asked = parser.parse_args()
    asyncio.run(measure(asked.people, asked.blocks, asked.seconds))


if __name__ == "__main__":
    main()
