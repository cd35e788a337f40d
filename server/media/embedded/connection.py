"""aiortc's peer connection with the codecs taken out: encrypted packets in, plain packets to us, and back.

Everything that rests on private names of aiortc and aioice stands in this file; `pin` checks them.
"""

# The private names are the point of this module.
# ruff: noqa: SLF001

from __future__ import annotations

import asyncio
import secrets
import struct
import uuid
from collections.abc import Callable, Sequence
from typing import Any, cast

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCRtpTransceiver
from aiortc.codecs import get_capabilities
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcconfiguration import RTCBundlePolicy
from aiortc.rtcdtlstransport import RTCDtlsTransport, State
from aiortc.rtcrtpparameters import RTCRtpCodecCapability, RTCRtpSendParameters
from aiortc.rtp import AnyRtcpPacket, RtcpPacket
from aiortc.sdp import candidate_from_sdp

from server.media.engine import IceServer

#: The only codecs everybody speaks, so that nothing has to be translated.
SPOKEN = {"audio": ("audio/opus",), "video": ("video/VP8", "video/rtx")}


def spoken(kind: str) -> list[RTCRtpCodecCapability]:
    """The codec preferences of one kind."""
    names = {name.lower() for name in SPOKEN[kind]}
    return [codec for codec in get_capabilities(kind).codecs if codec.mimeType.lower() in names]


class Sender:
    """Stands where aiortc's encoder would: it only has the names of a stream, and tells when it may start."""

    def __init__(self, kind: str, transport: RTCDtlsTransport) -> None:
        self.kind = kind
        self.transport = transport
        self.track: MediaStreamTrack | None = None
        self._enabled = True
        self._ssrc = secrets.randbelow(0xFFFFFFFE) + 1
        self._rtx_ssrc = secrets.randbelow(0xFFFFFFFE) + 1
        self._stream_id = str(uuid.uuid4())
        self._track_id = str(uuid.uuid4())
        self.begun: Callable[[RTCRtpSendParameters], None] | None = None

    @property
    def ssrc(self) -> int:
        return self._ssrc

    @property
    def rtx_ssrc(self) -> int:
        return self._rtx_ssrc

    def belong(self, stream: str) -> None:
        """Picture and sound of one stream are kept in time by the browser."""
        self._stream_id = stream

    def setTransport(self, transport: RTCDtlsTransport) -> None:  # noqa: N802
        self.transport = transport

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        if self.begun is not None:
            self.begun(parameters)

    async def stop(self) -> None:
        self.begun = None


class Receiver:
    """Stands where aiortc's decoder would, and does nothing: packets are met on the transport."""

    def __init__(self, transport: RTCDtlsTransport) -> None:
        self.transport = transport
        self.track: MediaStreamTrack | None = None
        self._track: MediaStreamTrack | None = None
        self._enabled = True

    def setTransport(self, transport: RTCDtlsTransport) -> None:  # noqa: N802
        self.transport = transport

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        pass

    async def receive(self, parameters: Any) -> None:
        pass

    async def stop(self) -> None:
        pass


class PeerConnection(RTCPeerConnection):
    """A connection whose packets are handled by `on_rtp(bytes)` and `on_rtcp(packets)` on the loop."""

    def __init__(
        self,
        ice: Sequence[IceServer],
        *,
        on_rtp: Callable[[bytes], None],
        on_rtcp: Callable[[list[AnyRtcpPacket]], None],
        on_state: Callable[[str], None],
    ) -> None:
        # Never None: that would ask Google's server.
        servers = [RTCIceServer(list(one.urls), one.username, one.credential) for one in ice]
        super().__init__(RTCConfiguration(iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._on_rtp, self._on_rtcp = on_rtp, on_rtcp
        self._wire: RTCDtlsTransport | None = None
        self.on("connectionstatechange", lambda: on_state(self.connectionState))

    def write(self, data: bytes) -> bool:
        """Encrypt an RTP packet and send it at once; False while there is no line."""
        wire = self._wire
        if wire is None or wire._state is not State.CONNECTED:
            return False
        return self._throw(wire, wire._tx_srtp.protect(data))

    def write_rtcp(self, *packets: AnyRtcpPacket) -> bool:
        wire = self._wire
        if wire is None or wire._state is not State.CONNECTED:
            return False
        return self._throw(wire, wire._tx_srtp.protect_rtcp(b"".join(map(bytes, packets))))

    def place(self, kind: str) -> Sender:
        """A further m-line on which we only send."""
        return cast("Sender", self.addTransceiver(kind, "sendonly").sender)

    async def trickle(self, candidate: str | None, mid: str) -> None:
        """A later candidate of the browser, ``None`` after the last."""
        if candidate is None or not candidate.removeprefix("candidate:"):
            await self.addIceCandidate(None)
            return
        read = candidate_from_sdp(candidate.removeprefix("candidate:"))
        read.sdpMid = mid
        await self.addIceCandidate(read)

    @staticmethod
    def _throw(wire: RTCDtlsTransport, data: bytes) -> bool:
        # What RTCDtlsTransport._send_rtp comes to, without three coroutines for each packet.
        pair = wire.transport._connection._nominated.get(1)
        if pair is None or pair.protocol.transport is None:
            return False
        pair.protocol.transport.sendto(data, pair.remote_addr)
        return True

    async def _rtp_came(self, data: bytes, arrival_time_ms: int) -> None:  # noqa: ARG002
        self._on_rtp(data)

    async def _rtcp_came(self, data: bytes) -> None:
        try:
            packets = RtcpPacket.parse(data)
        except (ValueError, IndexError, struct.error):
            # aiortc unpacks some cut packets without asking first.
            return
        self._on_rtcp(packets)

    def _RTCPeerConnection__createTransceiver(  # noqa: N802
        self, direction: str, kind: str, sender_track: MediaStreamTrack | None = None
    ) -> RTCRtpTransceiver:
        made: RTCRtpTransceiver = super()._RTCPeerConnection__createTransceiver(  # type: ignore[misc]
            direction, kind, sender_track
        )
        transport = made.receiver.transport
        values = vars(made)
        values["_RTCRtpTransceiver__sender"] = Sender(kind, transport)
        values["_RTCRtpTransceiver__receiver"] = Receiver(transport)
        made.setCodecPreferences(spoken(kind))
        if self._wire is None:
            self._wire = transport
            taken = vars(transport)
            taken["_handle_rtp_data"] = self._rtp_came
            taken["_handle_rtcp_data"] = self._rtcp_came
        return made


async def closed(peer: PeerConnection) -> None:
    """Close, and wait no longer than a moment: a dead line must not hold up who comes next."""
    try:
        async with asyncio.timeout(2):
            await peer.close()
    except TimeoutError:
        pass
