"""One microphone or camera: what comes in is read once, asked for again when it is missing, and passed on."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from aiortc.rtp import (
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    clamp_packets_lost,
)

from server.media.embedded import rtp, vp8
from server.media.embedded.limits import Throttle
from server.media.embedded.missing import Arrival, Missing
from server.media.embedded.numbers import Unwrapper
from server.media.embedded.slot import Coming, Slot
from server.media.embedded.uplink import Uplink

#: A publisher is asked for a key picture at most this often, s.
KEYFRAMES_APART = 0.5


class Source:
    """Packets of one m-line of a publisher. `own` is our SSRC in what we say to the publisher."""

    def __init__(self, kind: str, own: int, write_rtcp: Callable[[AnyRtcpPacket], bool]) -> None:
        self.kind = kind
        self._own, self._write_rtcp = own, write_rtcp
        self._rate = 90_000 if kind == "video" else 48_000
        self._ssrc: int | None = None
        self._unwrap = Unwrapper()
        self._keyframe = Throttle(KEYFRAMES_APART)
        self._jitter, self._transit = 0.0, 0.0
        self._report_id, self._report_at = 0, 0.0
        self._expected_before = self._received_before = self._first = 0
        self.missing = Missing()
        self.uplink = Uplink()
        self.viewers: list[Slot] = []
        self.forwarded = self.keyframes_asked = 0

    def take(self, packet: rtp.Packet, level: bytes | None, sent: bytes | None) -> None:
        """A packet came (retransmissions are unwrapped already)."""
        now = monotonic()
        if packet.ssrc != self._ssrc:
            self._begin(packet.ssrc)
        number = self._unwrap(packet.number)
        self._first = self._first or number
        self.uplink.add(
            len(packet.payload) + 12, int.from_bytes(sent, "big") if sent is not None else None, now
        )
        transit = now * self._rate - packet.timestamp
        if self._transit:
            # RFC 3550, 6.4.1. A jump (wrapped clock) is not jitter.
            step = abs(transit - self._transit)
            self._jitter += (min(step, self._rate) - self._jitter) / 16
        self._transit = transit
        arrival = self.missing.arrived(number)
        if arrival is Arrival.AGAIN:
            return
        if arrival is Arrival.AFTER_GAP:
            self.ask_missing(now)
        picture = vp8.read(packet.payload) if self.kind == "video" and packet.payload else None
        if picture is not None and picture.key:
            self._keyframe.settle()
        if not self.viewers:
            return
        coming = Coming(
            number,
            packet.timestamp,
            packet.marker,
            packet.payload,
            picture,
            level[0] if level else None,
            now,
        )
        for slot in self.viewers:
            self.forwarded += slot.forward(coming)

    def tell_clock(self, info: RtcpSenderInfo, now: float) -> None:
        """The publisher's sender report."""
        self._report_id, self._report_at = (info.ntp_timestamp >> 16) & 0xFFFFFFFF, now
        for slot in self.viewers:
            slot.tell_clock(info, now)

    def want_keyframe(self) -> None:
        """Somebody needs a whole picture."""
        if self.kind == "video" and self._keyframe.ask(monotonic()):
            self._ask_keyframe()

    def ask_missing(self, now: float) -> None:
        """Ask again for what did not come, and for a key picture that is owed."""
        if self.kind != "video" or self._ssrc is None:
            return
        lost = self.missing.due(now)
        if lost:
            self._write_rtcp(
                RtcpRtpfbPacket(
                    fmt=RTCP_RTPFB_NACK,
                    ssrc=self._own,
                    media_ssrc=self._ssrc,
                    lost=[one & 0xFFFF for one in lost],
                )
            )
        if self._keyframe.due(now):
            self._ask_keyframe()

    def report(self, now: float) -> RtcpReceiverInfo | None:
        """What to tell the publisher about its own line; ``None`` before anything came."""
        highest = self._unwrap.highest
        if self._ssrc is None or highest is None:
            return None
        expected = highest - self._first + 1
        received = self.missing.received
        expected_now, received_now = expected - self._expected_before, received - self._received_before
        self._expected_before, self._received_before = expected, received
        lost_now = max(0, expected_now - received_now)
        return RtcpReceiverInfo(
            ssrc=self._ssrc,
            fraction_lost=min(255, (lost_now << 8) // expected_now) if expected_now > 0 else 0,
            packets_lost=clamp_packets_lost(expected - received),
            highest_sequence=(highest - 0x10000) & 0xFFFFFFFF,
            jitter=int(self._jitter),
            lsr=self._report_id,
            dlsr=min(0xFFFFFFFF, int((now - self._report_at) * 65536)) if self._report_id else 0,
        )

    def gone(self) -> None:
        """The person left: no place shows this any more."""
        for slot in list(self.viewers):
            slot.show(None)

    @property
    def ssrc(self) -> int | None:
        return self._ssrc

    def _begin(self, ssrc: int) -> None:
        first, self._ssrc = self._ssrc is None, ssrc
        self._unwrap, self.missing = Unwrapper(), Missing()
        self._first = self._expected_before = self._received_before = 0
        self._transit = self._jitter = 0.0
        self._report_id = 0
        for slot in self.viewers:
            slot.restart()
        if not first or self.viewers:
            self.want_keyframe()

    def _ask_keyframe(self) -> None:
        if self._ssrc is None:
            return
        self.keyframes_asked += 1
        self._write_rtcp(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._own, media_ssrc=self._ssrc))
