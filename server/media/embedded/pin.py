"""The private names of aiortc and aioice that the forwarder rests on, and the versions they were read in."""

from __future__ import annotations

from importlib.metadata import version

#: Tried versions: the first two parts.
PINNED = {"aiortc": "1.16", "aioice": "0.13"}


def differences() -> list[str]:
    """What is not as expected, one sentence each; empty when the forwarder can be trusted to work."""
    from aioice.ice import Connection, StunProtocol
    from aiortc import rtcpeerconnection
    from aiortc.rtcconfiguration import RTCConfiguration
    from aiortc.rtcdtlstransport import RTCDtlsTransport
    from aiortc.rtcpeerconnection import RTCPeerConnection
    from aiortc.rtcrtpsender import RTCRtpSender
    from aiortc.rtcrtptransceiver import RTCRtpTransceiver

    found = [
        f"{name} {version(name)}, tried with {tried}"
        for name, tried in PINNED.items()
        if version(name).split(".")[:2] != tried.split(".")
    ]
    for owner, names in (
        (RTCPeerConnection, ("_RTCPeerConnection__createTransceiver", "_RTCPeerConnection__connect")),
        (
            RTCDtlsTransport,
            ("_handle_rtp_data", "_handle_rtcp_data", "_recv_next", "_register_rtp_receiver", "_send_rtp"),
        ),
        (RTCRtpSender, ("_handle_rtcp_packet", "send", "stop", "setTransport")),
        (RTCRtpTransceiver, ("_setCurrentDirection", "setCodecPreferences")),
        (Connection, ("sendto", "data_received")),
        (StunProtocol, ("send_data", "send_stun")),
        (rtcpeerconnection, ("RTCRtpSender", "RTCRtpReceiver", "RemoteStreamTrack")),
    ):
        found += [f"{owner.__name__}.{name} is gone" for name in names if not hasattr(owner, name)]
    configuration = RTCConfiguration(iceServers=[])
    if configuration.iceServers != []:
        found.append("an empty list of ICE servers is not kept")
    return found
