"""One m-line on its way to one viewer: the stream stays, who is shown in it changes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiortc.codecs import is_rtx
from aiortc.rtcrtpparameters import RTCRtpSendParameters
from aiortc.rtp import AnyRtcpPacket, RtcpReceiverInfo, RtcpSenderInfo, RtcpSrPacket

from server.media.embedded import rtp, vp8
from server.media.embedded.continuity import Continuity
from server.media.embedded.limits import Patience
from server.media.embedded.ring import Ring

if TYPE_CHECKING:
    from server.media.embedded.source import Source

SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"


@dataclass(frozen=True, slots=True)
class Coming:
    """A packet of a source, read once for all its viewers. `number` is unwrapped, `now` in s."""

    number: int
    timestamp: int
    marker: bool
    payload: bytes
    picture: vp8.Picture | None
    level: int | None
    now: float


class Slot:
    """Renames packets for one viewer and sends them; answers what the viewer asks for again."""

    def __init__(
        self,
        kind: str,
        ssrc: int,
        rtx_ssrc: int,
        *,
        write: Callable[[bytes], bool],
        write_rtcp: Callable[[AnyRtcpPacket], bool],
    ) -> None:
        self.kind, self.ssrc = kind, ssrc
        self._rtx_ssrc, self._write, self._write_rtcp = rtx_ssrc, write, write_rtcp
        # In the lower half: a number that wraps at once would confuse the encryption's packet counter.
        self._flow = Continuity(
            rate=90_000 if kind == "video" else 48_000,
            first=0x10000 + secrets.randbelow(0x8000),
            video=kind == "video",
        )
        self._ring = Ring()
        self._patience = Patience()
        self._payload_type: int | None = None
        self._rtx_type: int | None = None
        self._rtx_number = secrets.randbelow(0x8000)
        self._send_time: int | None = None
        self._level: int | None = None
        self._reports: dict[int, float] = {}
        self.source: Source | None = None
        self.held = False
        self.packets = self.octets = self.resent = 0
        self.loss = 0.0
        self.round_trip: float | None = None

    @property
    def refused(self) -> int:
        """Requests that came too often."""
        return self._ring.refused

    def begin(self, parameters: RTCRtpSendParameters) -> None:
        """The line stands: payload types and header extensions are known."""
        base = parameters.codecs[0]
        self._payload_type = base.payloadType
        self._rtx_type = next(
            (
                codec.payloadType
                for codec in parameters.codecs
                if is_rtx(codec) and codec.parameters.get("apt") == base.payloadType
            ),
            None,
        )
        ids = {one.uri: one.id for one in parameters.headerExtensions}
        self._send_time = ids.get(SEND_TIME) if self.kind == "video" else None
        self._level = ids.get(LEVEL) if self.kind == "audio" else None
        if self.source is not None:
            self.source.want_keyframe()

    def show(self, source: Source | None) -> None:
        """Show somebody else, or nobody."""
        if source is self.source:
            return
        if self.source is not None:
            self.source.viewers.remove(self)
        self.source = source
        self.held = False
        self._flow.switch()
        if source is not None:
            source.viewers.append(self)
            source.want_keyframe()

    def hold(self, held: bool) -> None:
        """Leave the picture out for now, or let it come again with the next key picture."""
        if held == self.held:
            return
        self.held = held
        self._flow.switch(same=True)
        if not held and self.source is not None:
            self.source.want_keyframe()

    def restart(self) -> None:
        """The source began anew (another stream of the same person)."""
        self._flow.switch()

    def forward(self, one: Coming) -> bool:
        """Pass a packet on. False when it was not for this viewer now."""
        if self._payload_type is None or self.held:
            return False
        flow = self._flow
        if not one.payload and flow.leave_out(one.number):
            return False
        number = flow.place(one.number, one.timestamp, one.picture, one.now)
        if number is None:
            return False
        payload = one.payload
        if one.picture is not None and (flow.number_by or flow.layer_by):
            payload = vp8.moved(payload, one.picture, flow.number_by, flow.layer_by)
        extension = 0
        if self._send_time is not None:
            extension = rtp.send_time_element(self._send_time, one.now)
        elif self._level is not None and one.level is not None:
            extension = rtp.level_element(self._level, one.level)
        header = rtp.header(
            self._payload_type,
            one.marker,
            number & 0xFFFF,
            (one.timestamp + flow.time_by) & 0xFFFFFFFF,
            self.ssrc,
            extension,
        )
        self._ring.keep(number, header, payload)
        if self._write(header + payload):
            self.packets += 1
            self.octets += len(payload)
        return True

    def resend(self, numbers: Sequence[int], now: float) -> int:
        """Answer a request for packets that did not come; returns how many went out again."""
        before = self.resent
        for number in numbers:
            found = self._ring.again(number & 0xFFFF, now)
            if found is None:
                continue
            header, payload = found
            if self._rtx_type is None:
                data = header + payload
            else:
                data = rtp.wrapped(header, payload, self._rtx_type, self._rtx_number, self._rtx_ssrc)
                self._rtx_number = (self._rtx_number + 1) & 0xFFFF
            self.resent += self._write(data)
        return self.resent - before

    def ask_keyframe(self, now: float) -> None:
        """The viewer cannot show the picture and wants a whole one."""
        if self.source is not None and not self.held and self._patience.ask(now):
            self.source.want_keyframe()

    def tell_clock(self, info: RtcpSenderInfo, now: float) -> None:
        """Pass a sender report on: its times keep lips and sound together."""
        if self._flow.waiting or self.held or not self.packets:
            return
        self._reports[(info.ntp_timestamp >> 16) & 0xFFFFFFFF] = now
        while len(self._reports) > 8:
            del self._reports[next(iter(self._reports))]
        moved = RtcpSenderInfo(
            ntp_timestamp=info.ntp_timestamp,
            rtp_timestamp=(info.rtp_timestamp + self._flow.time_by) & 0xFFFFFFFF,
            packet_count=self.packets & 0xFFFFFFFF,
            octet_count=self.octets & 0xFFFFFFFF,
        )
        self._write_rtcp(RtcpSrPacket(ssrc=self.ssrc, sender_info=moved))

    def heard(self, report: RtcpReceiverInfo, now: float) -> None:
        """The viewer's report on this stream."""
        self.loss = report.fraction_lost / 256
        sent = self._reports.get(report.lsr)
        if sent is not None and report.dlsr:
            self.round_trip = max(0.0, now - sent - report.dlsr / 65536)
