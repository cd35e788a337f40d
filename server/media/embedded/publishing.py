"""What one person sends: the connection that the browser offers, and its sources."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from time import monotonic

from aiortc import RTCSessionDescription
from aiortc.codecs import is_rtx
from aiortc.rtp import (
    RTCP_PSFB_APP,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpSrPacket,
    pack_remb_fci,
)
from aiortc.sdp import SessionDescription

from server.media import description
from server.media.embedded import rtp
from server.media.embedded.connection import PeerConnection, closed
from server.media.embedded.slot import LEVEL, SEND_TIME
from server.media.embedded.source import Source
from server.media.engine import IceServer


class Publishing:
    """One publish connection. `on_state` hears aiortc's connection states."""

    def __init__(self, ice: Sequence[IceServer], on_state: Callable[[str], None]) -> None:
        self._peer = PeerConnection(ice, on_rtp=self._rtp, on_rtcp=self._rtcp, on_state=on_state)
        self._own = secrets.randbelow(0xFFFFFFFE) + 1
        self._identity: tuple[str | None, str | None] | None = None
        #: What is sent, by kind.
        self.sources: dict[str, Source] = {}
        #: Payload type → source, and the payload type inside when it is a retransmission.
        self._types: dict[int, tuple[Source, int | None]] = {}
        self._extensions: dict[str, int] = {}

    def same(self, offer: SessionDescription) -> bool:
        """Whether the offer renegotiates this connection."""
        return self._identity == description.identity(offer)

    async def answer(self, sdp: str, offer: SessionDescription) -> str:
        """Take the offer; returns the answer with all candidates in it. Raises `Unusable`."""
        return await description.usable(self._answer(sdp, offer))

    async def _answer(self, sdp: str, offer: SessionDescription) -> str:
        await self._peer.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        for line in self._peer.getTransceivers():
            # We only listen: nothing may be sent back on a publish connection.
            line.direction = "recvonly"
            for codec in line._codecs:  # noqa: SLF001
                if codec.name.lower() == "opus":
                    # Without this Chromium adds no redundancy for lost sound.
                    codec.parameters = {"minptime": 10, "useinbandfec": 1}
        await self._peer.setLocalDescription()
        self._identity = description.identity(offer)
        self._read_lines()
        answer: str = self._peer.localDescription.sdp
        return answer

    def _read_lines(self) -> None:
        types: dict[int, tuple[Source, int | None]] = {}
        for line in self._peer.getTransceivers():
            source = self.sources.get(line.kind)
            if source is None:
                source = Source(line.kind, self._own, self._peer.write_rtcp)
                self.sources[line.kind] = source
            for codec in line._codecs:  # noqa: SLF001
                inside = codec.parameters.get("apt") if is_rtx(codec) else None
                if codec.payloadType is None:
                    continue
                types[codec.payloadType] = (source, inside if isinstance(inside, int) else None)
            for extension in line._headerExtensions:  # noqa: SLF001
                self._extensions[extension.uri] = extension.id
        self._types = types

    async def trickle(self, candidate: str | None, mid: str) -> None:
        """A later candidate. Raises `Unusable`."""
        await description.usable(self._peer.trickle(candidate, mid))

    def remember(self, now: float, most: Callable[[Source], int]) -> None:
        """About once a second: report on the line, and say how much the picture may take."""
        reports = [one for source in self.sources.values() if (one := source.report(now)) is not None]
        if not reports:
            return
        packets: list[AnyRtcpPacket] = [RtcpRrPacket(ssrc=self._own, reports=reports)]
        video = self.sources.get("video")
        if video is not None and video.ssrc is not None:
            bits = video.uplink.allowed(most(video))
            packets.append(RtcpPsfbPacket(RTCP_PSFB_APP, self._own, 0, pack_remb_fci(bits, [video.ssrc])))
        self._peer.write_rtcp(*packets)

    async def close(self) -> None:
        for source in self.sources.values():
            source.gone()
        await closed(self._peer)

    def _rtp(self, data: bytes) -> None:
        packet = rtp.read(data)
        if packet is None:
            return
        known = self._types.get(packet.payload_type)
        if known is None:
            return
        source, inside = known
        if inside is not None:
            if source.ssrc is None:
                return
            original = rtp.unwrapped(packet, inside, source.ssrc)
            if original is None:
                return
            packet = original
        extensions = self._extensions
        if source.kind == "audio":
            source.take(packet, rtp.element(packet, extensions.get(LEVEL)), None)
        else:
            source.take(packet, None, rtp.element(packet, extensions.get(SEND_TIME)))

    def _rtcp(self, packets: list[AnyRtcpPacket]) -> None:
        now = monotonic()
        for packet in packets:
            if isinstance(packet, RtcpSrPacket):
                for source in self.sources.values():
                    if source.ssrc == packet.ssrc:
                        source.tell_clock(packet.sender_info, now)
