"""What a hostile browser may send in its own connection: nothing raises, nothing reaches others broken."""

from __future__ import annotations

from aiortc.rtcrtpparameters import (
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionParameters,
    RTCRtpSendParameters,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from server.media.embedded import rtp
from server.media.embedded.publishing import Publishing
from server.media.embedded.slot import LEVEL, SEND_TIME, Slot
from server.media.embedded.source import Source
from server.media.embedded.viewing import Viewing

PARAMETERS = {
    "video": RTCRtpSendParameters(
        codecs=[
            RTCRtpCodecParameters(mimeType="video/VP8", clockRate=90_000, payloadType=97),
            RTCRtpCodecParameters(
                mimeType="video/rtx", clockRate=90_000, payloadType=98, parameters={"apt": 97}
            ),
        ],
        headerExtensions=[RTCRtpHeaderExtensionParameters(id=3, uri=SEND_TIME)],
    ),
    "audio": RTCRtpSendParameters(
        codecs=[RTCRtpCodecParameters(mimeType="audio/opus", clockRate=48_000, channels=2, payloadType=96)],
        headerExtensions=[RTCRtpHeaderExtensionParameters(id=2, uri=LEVEL)],
    ),
}


def slot(kind: str, out: list[bytes]) -> Slot:
    """A place whose packets end in `out`."""

    def write(data: bytes) -> bool:
        out.append(data)
        return True

    made = Slot(kind, 7, 8, write=write, write_rtcp=lambda _: True)
    made.begin(PARAMETERS[kind])
    return made


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    """Packets as a browser may send them, and as it never would."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=60))
    number, ssrc = draw(st.integers(0, 0xFFFF)), draw(st.sampled_from([1, 1, 1, 2]))
    kind = draw(st.sampled_from([96, 97, 98]))
    extension = draw(st.sampled_from([0, 0x32123456, 0x20FF0000, 0xFFFFFFFF]))
    head = rtp.header(kind, draw(st.booleans()), number, draw(st.integers(0, 0xFFFFFFFF)), ssrc, extension)
    return head + draw(
        st.binary(max_size=12) | st.sampled_from([b"", b"\x10\x00\x01", b"\x90\x80\x80\x05\x00"])
    )


@settings(max_examples=200, deadline=None)
@given(came=st.lists(packets(), max_size=60), asked=st.lists(st.integers(0, 0xFFFF), max_size=200))
async def test_any_packets_leave_as_whole_packets_of_the_place(came: list[bytes], asked: list[int]) -> None:
    """Whatever comes in, what goes out is readable, ours by name, and no number is used twice."""
    publishing = Publishing((), lambda _: None)
    sources = {kind: Source(kind, 5, lambda _: True) for kind in ("audio", "video")}
    publishing.sources = sources
    publishing._types = {
        96: (sources["audio"], None),
        97: (sources["video"], None),
        98: (sources["video"], 97),
    }
    publishing._extensions = {SEND_TIME: 3, LEVEL: 2}
    out: dict[str, list[bytes]] = {"audio": [], "video": []}
    slots = {kind: slot(kind, out[kind]) for kind in out}
    for kind, one in slots.items():
        one.show(sources[kind])
    for data in came:
        publishing._rtp(data)
    for kind, sent in out.items():
        numbers: list[int] = []
        for data in sent:
            read = rtp.read(data)
            assert read is not None
            assert (read.ssrc, read.payload_type) == (7, 97 if kind == "video" else 96)
            numbers.append(read.number)
        # Each number once: the same for two contents would break the encryption.
        assert len(set(numbers)) == len(numbers)
        before = len(sent)
        slots[kind].resend(asked, 1e9)
        assert all(rtp.read(data) is not None for data in sent[before:])
    for source in sources.values():
        source.ask_missing(1e9)
        source.report(1e9)
        source.gone()
    await publishing.close()


@settings(max_examples=200, deadline=None)
@given(
    data=st.binary(max_size=80)
    | st.tuples(st.sampled_from([200, 201, 203, 205, 206]), st.integers(0, 31), st.binary(max_size=64)).map(
        lambda made: bytes([0x80 | made[1], made[0], 0, len(made[2]) // 4]) + made[2][: len(made[2]) // 4 * 4]
    )
)
async def test_any_feedback_is_taken_or_left(data: bytes) -> None:
    """Cut, lying and endless feedback never raises: the connection of who sent it goes on."""
    viewing = Viewing(2, (), lambda _: None)
    sent: list[bytes] = []
    one = slot("video", sent)
    viewing._by_ssrc[7] = one
    publishing = Publishing((), lambda _: None)
    publishing.sources = {"video": Source("video", 5, lambda _: True)}
    await viewing._peer._rtcp_came(data)
    await publishing._peer._rtcp_came(data)
    if len(data) > 12:
        await viewing._peer._rtcp_came(data[:8] + (7).to_bytes(4, "big") + data[12:])
    await viewing.close()
    await publishing.close()
