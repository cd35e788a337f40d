"""Numbers that wrap, and packets as bytes."""

from __future__ import annotations

import struct

from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, RtpPacket, unwrap_rtx
from hypothesis import given
from hypothesis import strategies as st

from server.media.embedded import rtp
from server.media.embedded.numbers import Unwrapper, distance

SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
SHORT = st.integers(0, 0xFFFF)
LONG = st.integers(0, 0xFFFFFFFF)


@given(start=SHORT, steps=st.lists(st.integers(-1000, 1000), max_size=300))
def test_a_wrapped_number_keeps_its_distance_to_the_highest(start: int, steps: list[int]) -> None:
    """Whatever the order within half a lap, the unwrapped numbers differ as the true ones do."""
    unwrap = Unwrapper()
    first = unwrap(start)
    highest = true = 0
    for step in steps:
        true = highest + step
        assert unwrap((start + true) & 0xFFFF) - first == true
        highest = max(highest, true)
        assert unwrap.highest == first + highest


@given(a=st.integers(0, 0xFFFFFF), by=st.integers(-(2**23), 2**23 - 1))
def test_distance_goes_the_short_way_round(a: int, by: int) -> None:
    assert distance((a + by) & 0xFFFFFF, a, 24) == by


@given(
    packet=st.builds(
        RtpPacket,
        payload_type=st.integers(96, 127),
        marker=st.integers(0, 1),
        sequence_number=SHORT,
        timestamp=LONG,
        ssrc=LONG,
        payload=st.binary(max_size=60),
    ),
    csrc=st.lists(LONG, max_size=15),
    padding=st.integers(0, 255),
    sent=st.none() | st.integers(0, 0xFFFFFF),
)
def test_a_packet_is_read_as_the_library_reads_it(
    packet: RtpPacket, csrc: list[int], padding: int, sent: int | None
) -> None:
    """Header, contributing sources, extension and padding, each there or not, give the same fields."""
    extensions = HeaderExtensionsMap()
    extensions.configure(
        RTCRtpParameters(headerExtensions=[RTCRtpHeaderExtensionParameters(id=3, uri=SEND_TIME)])
    )
    packet.csrc, packet.padding_size, packet.extensions.abs_send_time = csrc, padding, sent
    read = rtp.read(packet.serialize(extensions))
    assert read is not None
    assert (read.payload_type, read.marker, read.number) == (
        packet.payload_type,
        bool(packet.marker),
        packet.sequence_number,
    )
    assert (read.timestamp, read.ssrc, read.payload) == (packet.timestamp, packet.ssrc, packet.payload)
    found = rtp.element(read, 3)
    assert (None if found is None else int.from_bytes(found, "big")) == sent
    assert rtp.element(read, 4) is None


@given(st.binary(max_size=80) | st.binary(max_size=80).map(lambda tail: b"\x90\x60" + tail))
def test_any_bytes_are_a_packet_or_nothing(data: bytes) -> None:
    """Hostile bytes never raise, and nothing is read past the end."""
    read = rtp.read(data)
    if read is not None:
        assert len(read.payload) <= len(data) - 12
        for number in (None, 1, 3, 15):
            rtp.element(read, number)
        rtp.unwrapped(read, 96, 1)


@given(
    marker=st.booleans(), number=SHORT, stamp=LONG, payload=st.binary(max_size=40), level=st.integers(0, 255)
)
def test_what_we_write_can_be_read_and_sent_again(
    marker: bool, number: int, stamp: int, payload: bytes, level: int
) -> None:
    """Our header with an extension comes back whole, also from inside a retransmission of it."""
    head = rtp.header(97, marker, number, stamp, 5, rtp.level_element(2, level))
    read = rtp.read(head + payload)
    assert read is not None
    assert (read.marker, read.number, read.timestamp, read.payload) == (marker, number, stamp, payload)
    assert rtp.element(read, 2) == bytes([level])
    again = rtp.wrapped(head, payload, 98, 7, 6)
    outer = rtp.read(again)
    assert outer is not None
    assert (outer.payload_type, outer.number, outer.ssrc) == (98, 7, 6)
    assert rtp.unwrapped(outer, 97, 5) == read
    # The library agrees about what is inside.
    inner = unwrap_rtx(RtpPacket.parse(again), payload_type=97, ssrc=5)
    assert (inner.sequence_number, inner.payload, inner.marker) == (number, payload, int(marker))


def test_send_time_is_six_bits_of_seconds_and_eighteen_of_parts() -> None:
    """1.5 s is 1.5 · 2¹⁸, and 64 s is nothing again."""
    assert rtp.send_time_element(3, 1.5) == 0x32000000 | 3 << 17
    assert rtp.send_time_element(3, 65.5) == rtp.send_time_element(3, 1.5)
    assert struct.pack("!L", rtp.send_time_element(3, 0))[0] == 0x32


def test_an_empty_retransmission_is_only_a_probe() -> None:
    """Chromium fills its retransmission stream with them; they hold no packet."""
    probe = rtp.read(rtp.header(98, False, 1, 0, 6, 0))
    assert probe is not None
    assert rtp.unwrapped(probe, 97, 5) is None
