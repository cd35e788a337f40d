"""Peers for measuring: they send packets that tell when they were sent, and count what comes."""

from __future__ import annotations

import asyncio
import secrets
import statistics
import time
from dataclasses import dataclass, field
from uuid import UUID

from aiortc import RTCSessionDescription
from aiortc.rtp import AnyRtcpPacket

from server.media.embedded import rtp
from server.media.embedded.connection import PeerConnection
from server.media.engine import MediaEngine, Offer

#: Bytes of a packet of sound, and of each part of a picture.
SOUND, PART, PARTS = 100, 1_000, 3
#: Seconds between two packets of sound; a picture comes with every fifth.
BEAT = 0.02


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
        #: Packets that arrived.
        self.arrived = 0
        self._listens = listens
        self._answered = 0
        self._turn = asyncio.Lock()
        #: When the first packet arrived, s.
        self.first: float | None = None
        self.peer = PeerConnection((), on_rtp=self._came, on_rtcp=quiet, on_state=lambda _: None)

    async def take(self, engine: MediaEngine, room: UUID, who: UUID, offer: Offer) -> None:
        """Answer an offer of an engine, unless it was answered."""
        async with self._turn:
            if offer.number > self._answered:
                await engine.answer(room, who, offer.number, await self.answer(offer.sdp))
                self._answered = offer.number

    async def answer(self, offer: str) -> str:
        """The answer to an offer."""
        is_first = not self.peer.getTransceivers()
        await self.peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self.peer.setLocalDescription()
        if is_first:
            self._count()
        answer: str = self.peer.localDescription.sdp
        return answer

    def _count(self) -> None:
        wire = self.peer.getTransceivers()[0].receiver.transport.transport._connection  # noqa: SLF001
        came = wire.data_received

        def counted(data: bytes, component: int) -> None:
            media = 127 < data[0] < 192 and not 191 < data[1] < 224
            self.arrived += media
            if media and self.first is None:
                self.first = time.perf_counter()
            if self._listens or not media:
                came(data, component)

        vars(wire)["data_received"] = counted

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


async def connect() -> tuple[Sending, Seeing]:
    """The direct way: one who sends, one who sees, nothing between."""
    sending, seeing = Sending(), Seeing(listens=True)
    await sending.peer.setLocalDescription()
    answer = await seeing.answer(sending.peer.localDescription.sdp)
    await sending.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    return sending, seeing
