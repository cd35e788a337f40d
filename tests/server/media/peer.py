"""Somebody in a room without a browser: sends packets that say who sent them, and proves what came.

Each payload holds the sender's id and a count, so that a viewer can tell what is missing without trusting
sequence numbers. `loss` drops what comes (before it is looked at) and what goes, each by chance.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from aiortc import RTCSessionDescription
from aiortc.rtcrtpparameters import RTCRtpSendParameters
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    pack_remb_fci,
)
from aiortc.sdp import MediaDescription, SessionDescription

from server.media.embedded import rtp, vp8
from server.media.embedded.connection import PeerConnection, Sender, closed
from server.media.embedded.numbers import Unwrapper
from server.media.engine import MediaEngine, Offer
from tests.server.media.content import Content


@dataclass
class Got:
    """One packet in a place of a viewer."""

    #: ``None`` for what a browser sent: it does not say.
    who: UUID | None
    count: int
    timestamp: int
    marker: bool
    picture: int | None
    key: bool


def unbroken(got: list[Got]) -> bool:
    """All of a sender's packets from the first to the last, in order, each once."""
    return bool(got) and [one.count for one in got] == list(range(got[0].count, got[0].count + len(got)))


@dataclass
class Shown:
    """What came in one m-line, by unwrapped sequence number, and in which order."""

    ssrc: int
    mid: str
    kind: str
    unwrap: Unwrapper = field(default_factory=Unwrapper)
    got: dict[int, Got] = field(default_factory=dict)
    clocks: list[RtcpSenderInfo] = field(default_factory=list)
    repaired: int = 0

    def missing(self) -> list[int]:
        """Numbers between the first and the last that did not come."""
        return [one for one in range(min(self.got), max(self.got)) if one not in self.got] if self.got else []

    def of(self, who: UUID) -> list[Got]:
        """What came from one sender, by number."""
        return [one for _, one in sorted(self.got.items()) if one.who == who]


class Publisher:
    """The publish connection. `beat` sends one frame of sound and one picture of `parts` packets."""

    def __init__(
        self, who: UUID, *, loss: float = 0.0, parts: int = 2, kinds: tuple[str, ...] = ("audio", "video")
    ) -> None:
        self.who, self.parts = who, parts
        self.loss, self._chance = loss, random.Random(who.int)
        self.states: list[str] = []
        self.peer = PeerConnection((), on_rtp=lambda _: None, on_rtcp=self._rtcp, on_state=self.states.append)
        self._types: dict[str, int] = {}
        self._rtx_type = 0
        self._senders: dict[str, Sender] = {}
        for kind in kinds:
            self.add(kind)
        self._numbers = {kind: secrets.randbelow(0x8000) for kind in ("audio", "video")}
        # Just before they wrap.
        self._times = {"audio": 0xFFFFFFFF - 4000, "video": 0xFFFFFFFF - 90_000}
        self._kept: dict[tuple[int, int], tuple[bytes, bytes]] = {}
        self._rtx_number = 1
        self._picture = secrets.randbelow(0x8000)
        self._key = True
        self.counts = {"audio": 0, "video": 0}
        #: Something that browsers can decode, instead of packets that only say whose they are.
        self.content: Content | None = None
        self._shown = 0
        self.keyframes_asked = self.asked_again = self.dropped = 0
        self.allowed: int | None = None

    def add(self, kind: str) -> None:
        """A further m-line; `join` offers it."""
        sender = self._senders[kind] = self.peer.place(kind)
        sender.begun = lambda parameters: self._begun(kind, parameters)

    @property
    def ready(self) -> bool:
        """Whether both kinds can be sent."""
        return len(self._types) == 2

    async def join(self, engine: MediaEngine, room: UUID) -> None:
        await self.peer.setLocalDescription()
        answer = await engine.publish(room, self.who, self.peer.localDescription.sdp)
        await self.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    def _begun(self, kind: str, parameters: RTCRtpSendParameters) -> None:
        self._types[kind] = parameters.codecs[0].payloadType or 0
        if kind == "video":
            self._rtx_type = parameters.codecs[1].payloadType or 0

    def beat(self, seconds: float = 0.1) -> None:
        """Send what belongs to the next `seconds`."""
        if not self.ready:
            return
        self._times["audio"] = (self._times["audio"] + round(seconds * 48_000)) & 0xFFFFFFFF
        self._times["video"] = (self._times["video"] + round(seconds * 90_000)) & 0xFFFFFFFF
        if self.content is not None:
            self._show(self.content)
            return
        self._send("audio", True, b"")
        key, self._key = self._key, False
        self._picture = (self._picture + 1) & 0x7FFF
        for part in range(self.parts):
            start = 0x90 if part == 0 else 0x80
            describe = bytes([start, 0x80, 0x80 | self._picture >> 8, self._picture & 0xFF])
            self._send("video", part == self.parts - 1, describe + bytes([0 if key else 1]))

    def _show(self, content: Content) -> None:
        """The next picture and its sound, from the beginning when a key picture is asked for."""
        self._send("audio", True, content.sound)
        if self._key or self._shown >= len(content.pictures):
            self._shown, self._key = 0, False
        self._picture = (self._picture + 1) & 0x7FFF
        describe = bytes([0x90, 0x80, 0x80 | self._picture >> 8, self._picture & 0xFF])
        self._send("video", True, describe + content.pictures[self._shown])
        self._shown += 1

    def padding(self) -> None:
        """A packet of the picture's stream with nothing in it."""
        self._write("video", False, b"")

    def tell_clock(self) -> None:
        """A sender report of each stream."""
        self.peer.write_rtcp(
            *(
                RtcpSrPacket(sender.ssrc, RtcpSenderInfo(0x1234567800000000, self._times[kind], 1, 1))
                for kind, sender in self._senders.items()
            )
        )

    def _send(self, kind: str, marker: bool, before: bytes) -> None:
        self.counts[kind] += 1
        self._write(kind, marker, before + self.who.bytes + self.counts[kind].to_bytes(4, "big"))

    def _write(self, kind: str, marker: bool, payload: bytes) -> None:
        sender: Sender = self._senders[kind]
        number = self._numbers[kind]
        self._numbers[kind] = (number + 1) & 0xFFFF
        head = rtp.header(self._types[kind], marker, number, self._times[kind], sender.ssrc, 0)
        self._kept[sender.ssrc, number] = (head, payload)
        # Lost sound is not sent again by anybody, so only pictures are dropped on the way in.
        if kind == "video" and self._chance.random() < self.loss:
            self.dropped += 1
            return
        self.peer.write(head + payload)

    def _rtcp(self, packets: list[AnyRtcpPacket]) -> None:
        for packet in packets:
            if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_PLI:
                self.keyframes_asked += 1
                self._key = True
            elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
                mantissa = (packet.fci[5] & 3) << 16 | packet.fci[6] << 8 | packet.fci[7]
                self.allowed = mantissa << (packet.fci[5] >> 2)
            elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
                for number in packet.lost:
                    self._again(packet.media_ssrc, number)

    def _again(self, ssrc: int, number: int) -> None:
        kept = self._kept.get((ssrc, number))
        if kept is None or self._chance.random() < self.loss:
            return
        self.asked_again += 1
        rtx = self._senders["video"].rtx_ssrc
        self.peer.write(rtp.wrapped(*kept, self._rtx_type, self._rtx_number, rtx))
        self._rtx_number = (self._rtx_number + 1) & 0xFFFF


class Viewer:
    """The subscribe connection. `ask_missing` asks again for what did not come."""

    def __init__(self, who: UUID, *, loss: float = 0.0) -> None:
        self.who, self.loss, self._chance = who, loss, random.Random(who.int + 1)
        self.dropped = 0
        self.states: list[str] = []
        #: The latest offer that was answered; 0 before the first.
        self.answered = 0
        self._turn = asyncio.Lock()
        #: Payload types of retransmissions, and of what is inside.
        self._inside: dict[int, int] = {}
        self.peer = PeerConnection((), on_rtp=self._rtp, on_rtcp=self._rtcp, on_state=self.states.append)
        self.lines: dict[int, Shown] = {}
        self._main: dict[int, int] = {}
        self._asked: dict[tuple[int, int], float] = defaultdict(float)

    async def join(
        self, engine: MediaEngine, room: UUID, sources: list[UUID] | None = None, *, renew: bool = False
    ) -> Offer | None:
        """Subscribe, and answer what is offered; an engine may have nothing to offer yet."""
        offer = await engine.subscribe(room, self.who, sources, renew=renew)
        if offer is not None:
            await self.take(engine, room, offer)
        return offer

    async def take(self, engine: MediaEngine, room: UUID, offer: Offer) -> None:
        """Answer an offer, unless it was answered."""
        async with self._turn:
            if offer.number <= self.answered or self.peer.signalingState == "closed":
                return
            for media in SessionDescription.parse(offer.sdp).media:
                self._read(media)
            await self.peer.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
            if not self.answered:
                self._lose()
            self.answered = offer.number
            await self.peer.setLocalDescription()
            await engine.answer(room, self.who, offer.number, self.peer.localDescription.sdp)

    def _read(self, media: MediaDescription) -> None:
        """The streams of an m-line; a parked one has none."""
        for codec in media.rtp.codecs:
            if codec.name == "rtx":
                self._inside[codec.payloadType or 0] = int(str(codec.parameters["apt"]))
        if media.ssrc:
            ssrc = media.ssrc[0].ssrc
            self.lines.setdefault(ssrc, Shown(ssrc, media.rtp.muxId, media.kind))
            self._main |= {one.ssrc: ssrc for one in media.ssrc}

    def _lose(self) -> None:
        """Drop media before anything looks at it, as a line does: the decryption must not have seen it."""
        wire = self.peer.getTransceivers()[0].receiver.transport.transport._connection
        came = wire.data_received

        def lossy(data: bytes, component: int) -> None:
            media = 127 < data[0] < 192 and not 191 < data[1] < 224
            if media and self._chance.random() < self.loss:
                self.dropped += 1
            else:
                came(data, component)

        vars(wire)["data_received"] = lossy

    def line(self, mid: str | None) -> Shown:
        return next(one for one in self.lines.values() if one.mid == mid)

    def seen(self, who: UUID, kind: str) -> list[Got]:
        """What came from somebody, in whichever place."""
        return [got for line in self.lines.values() if line.kind == kind for got in line.of(who)]

    def ask_missing(self) -> None:
        now = asyncio.get_running_loop().time()
        for ssrc, line in self.lines.items():
            lost = [one for one in line.missing() if now - self._asked[ssrc, one] > 0.05][:60]
            for one in lost:
                self._asked[ssrc, one] = now
            if lost:
                wanted = [one & 0xFFFF for one in lost]
                self.peer.write_rtcp(RtcpRtpfbPacket(RTCP_RTPFB_NACK, 1, ssrc, lost=wanted))

    def ask_keyframe(self, mid: str | None) -> None:
        self.peer.write_rtcp(RtcpPsfbPacket(RTCP_PSFB_PLI, 1, self.line(mid).ssrc))

    def believe(self, bits: int) -> None:
        """Say what the line carries."""
        self.peer.write_rtcp(RtcpPsfbPacket(RTCP_PSFB_APP, 1, 0, pack_remb_fci(bits, list(self.lines))))

    def _rtp(self, data: bytes) -> None:
        packet = rtp.read(data)
        assert packet is not None
        line = self.lines[self._main[packet.ssrc]]
        if packet.ssrc != line.ssrc:
            original = rtp.unwrapped(packet, self._inside[packet.payload_type], line.ssrc)
            assert original is not None
            packet = original
        number = line.unwrap(packet.number)
        if number in line.got:
            return
        line.repaired += bool(line.got and number < max(line.got))
        picture = vp8.read(packet.payload) if line.kind == "video" else None
        line.got[number] = Got(
            UUID(bytes=packet.payload[-20:-4]) if len(packet.payload) >= 20 else None,
            int.from_bytes(packet.payload[-4:], "big"),
            packet.timestamp,
            packet.marker,
            picture.number if picture else None,
            bool(picture and picture.key),
        )

    def _rtcp(self, packets: list[AnyRtcpPacket]) -> None:
        for packet in packets:
            line = self.lines.get(packet.ssrc) if isinstance(packet, RtcpSrPacket) else None
            if isinstance(packet, RtcpSrPacket) and line is not None:
                line.clocks.append(packet.sender_info)
                self._report(line, packet.sender_info)

    def _report(self, line: Shown, clock: RtcpSenderInfo) -> None:
        """Answer a sender's report, as browsers do, from 20 ms away: Janus repairs nothing at 0 ms."""
        last = ((clock.ntp_timestamp >> 16) - 1311) & 0xFFFFFFFF
        highest = max(line.got, default=0) & 0xFFFFFFFF
        told = RtcpReceiverInfo(line.ssrc, 0, 0, highest, 0, last, 0)
        self.peer.write_rtcp(RtcpRrPacket(1, [told]))


class Person:
    """Somebody who sends and sees."""

    def __init__(
        self, who: UUID, *, loss: float = 0.0, parts: int = 2, content: Content | None = None
    ) -> None:
        self.who = who
        self.publisher = Publisher(who, loss=loss, parts=parts)
        self.publisher.content = content
        self.viewer = Viewer(who, loss=loss)

    async def join(self, engine: MediaEngine, room: UUID) -> None:
        await self.publisher.join(engine, room)
        await self.viewer.join(engine, room)

    async def close(self) -> None:
        await asyncio.gather(closed(self.publisher.peer), closed(self.viewer.peer))
