"""What one person sees: the connection that we offer once, with places for everybody who may come."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable, Sequence
from time import monotonic

from aiortc import RTCSessionDescription
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    unpack_remb_fci,
)

from server.media import description
from server.media.embedded.budget import Budget, Wanted
from server.media.embedded.connection import PeerConnection, closed
from server.media.embedded.places import arrange
from server.media.embedded.slot import Slot
from server.media.embedded.source import Source
from server.media.engine import IceServer, Place

#: What somebody sends, by kind.
Sources = dict[str, Source]


class Viewing:
    """One subscribe connection with `size` places."""

    def __init__(self, size: int, ice: Sequence[IceServer], on_state: Callable[[str], None]) -> None:
        self._peer = PeerConnection(ice, on_rtp=lambda _: None, on_rtcp=self._rtcp, on_state=on_state)
        self._by_ssrc: dict[int, Slot] = {}
        self._places: list[dict[str, Slot]] = []
        self._mids: dict[Slot, str] = {}
        self._size = size
        self.occupants: list[uuid.UUID | None] = [None] * size
        self.budget = Budget()
        #: How many pictures go now, for the publishers' share.
        self.pictures = 0

    async def offer(self) -> str:
        """The offer, with all places and candidates."""
        for _ in range(self._size):
            stream = str(uuid.uuid4())
            self._places.append({kind: self._slot(kind, stream) for kind in ("audio", "video")})
        await self._peer.setLocalDescription()
        lines = self._peer.getTransceivers()
        slots = [slot for place in self._places for slot in place.values()]
        self._mids = {slot: line.mid or "" for slot, line in zip(slots, lines, strict=True)}
        offered: str = self._peer.localDescription.sdp
        return offered

    def _slot(self, kind: str, stream: str) -> Slot:
        sender = self._peer.place(kind)
        sender.belong(stream)
        slot = Slot(
            kind, sender.ssrc, sender.rtx_ssrc, write=self._peer.write, write_rtcp=self._peer.write_rtcp
        )
        sender.begun = slot.begin
        self._by_ssrc[sender.ssrc] = slot
        return slot

    async def answer(self, sdp: str) -> None:
        """The browser's answer. Raises `Unusable`."""
        if len(sdp) > description.LONGEST:
            raise description.Unusable("too long")
        await description.usable(self._peer.setRemoteDescription(RTCSessionDescription(sdp, "answer")))

    async def trickle(self, candidate: str | None, mid: str) -> None:
        """A later candidate. Raises `Unusable`."""
        await description.usable(self._peer.trickle(candidate, mid))

    def show(self, wanted: Sequence[uuid.UUID], sources: dict[uuid.UUID, Sources]) -> None:
        """Put `wanted` (most important first) into the places, and what they send now."""
        self.occupants = arrange(self.occupants, wanted)
        for who, place in zip(self.occupants, self._places, strict=True):
            sent = sources.get(who, {}) if who is not None else {}
            for kind, slot in place.items():
                slot.show(sent.get(kind))

    def shown(self) -> tuple[Place, ...]:
        """What the browser must know to name the tiles."""
        return tuple(
            Place(
                who,
                self._mids[place["audio"]] if place["audio"].source else None,
                self._mids[place["video"]] if place["video"].source else None,
                place["video"].held,
            )
            for who, place in zip(self.occupants, self._places, strict=True)
            if who is not None
        )

    def weigh(self, wanted: Sequence[uuid.UUID], now: float) -> bool:
        """About once a second: hold or let go pictures as the line carries. True when something changed."""
        rank = {who: at for at, who in enumerate(wanted)}
        asked = sorted(
            (rank[who], at, place["video"])
            for at, (who, place) in enumerate(zip(self.occupants, self._places, strict=True))
            if who in rank and place["video"].source is not None
        )
        going = self.budget.choose(
            [Wanted(at, slot.source.uplink.bits) for _, at, slot in asked if slot.source], now
        )
        self.pictures = len(going)
        changed = False
        for _, at, slot in asked:
            changed = changed or slot.held is (at in going)
            slot.hold(at not in going)
        return changed

    def slots(self) -> list[tuple[uuid.UUID | None, Slot]]:
        return [
            (who, slot)
            for who, place in zip(self.occupants, self._places, strict=False)
            for slot in place.values()
        ]

    def slot_of(self, source: uuid.UUID) -> Slot | None:
        """The place in which that person's picture is shown."""
        return next((slot for who, slot in self.slots() if who == source and slot.kind == "video"), None)

    async def close(self) -> None:
        for _, slot in self.slots():
            slot.show(None)
        await closed(self._peer)

    def _rtcp(self, packets: list[AnyRtcpPacket]) -> None:
        now = monotonic()
        for packet in packets:
            if isinstance(packet, RtcpRtpfbPacket):
                if packet.fmt == RTCP_RTPFB_NACK and (slot := self._by_ssrc.get(packet.media_ssrc)):
                    slot.resend(packet.lost, now)
            elif isinstance(packet, RtcpPsfbPacket):
                self._feedback(packet, now)
            elif isinstance(packet, RtcpRrPacket | RtcpSrPacket):
                self._reports(packet.reports, now)

    def _feedback(self, packet: RtcpPsfbPacket, now: float) -> None:
        if packet.fmt == RTCP_PSFB_PLI:
            asked = [packet.media_ssrc]
        elif packet.fmt == RTCP_PSFB_FIR:
            # The stream stands in the entries, RFC 5104, 4.3.1.
            asked = [ssrc for (ssrc,) in struct.iter_unpack("!L4x", packet.fci[: len(packet.fci) & ~7])]
        elif packet.fmt == RTCP_PSFB_APP:
            try:
                self.budget.estimate(unpack_remb_fci(packet.fci)[0])
            except (ValueError, struct.error):
                return
            return
        else:
            return
        for ssrc in asked:
            if slot := self._by_ssrc.get(ssrc):
                slot.ask_keyframe(now)

    def _reports(self, reports: Sequence[RtcpReceiverInfo], now: float) -> None:
        for report in reports:
            if slot := self._by_ssrc.get(report.ssrc):
                slot.heard(report, now)
