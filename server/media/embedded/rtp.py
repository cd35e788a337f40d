"""RTP packets as bytes (RFC 3550, RFC 8285, RFC 4588): only what a forwarder needs to look at."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

_FIXED = Struct("!BBHLL")
_EXTENDED = Struct("!BBHLLHHL")
_NUMBER = Struct("!H")
_ONE_BYTE = 0xBEDE


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet as it came, decrypted. `payload` is without padding; `block` holds the header extensions."""

    payload_type: int
    marker: bool
    number: int
    timestamp: int
    ssrc: int
    payload: bytes
    profile: int = 0
    block: bytes = b""


def read(data: bytes) -> Packet | None:
    """Parse the header; ``None`` for anything that is not a whole RTP packet."""
    if len(data) < 12:
        return None
    first, second, number, timestamp, ssrc = _FIXED.unpack_from(data)
    if first >> 6 != 2:
        return None
    start, end, profile, block = 12 + 4 * (first & 0x0F), len(data), 0, b""
    if first & 0x10:
        if end < start + 4:
            return None
        profile = data[start] << 8 | data[start + 1]
        words = data[start + 2] << 8 | data[start + 3]
        block = data[start + 4 : start + 4 + 4 * words]
        start += 4 + 4 * words
    if first & 0x20:
        padding = data[-1]
        if padding == 0:
            return None
        end -= padding
    if start > end:
        return None
    return Packet(second & 0x7F, second > 127, number, timestamp, ssrc, data[start:end], profile, block)


def element(packet: Packet, number: int | None) -> bytes | None:
    """The header extension with that id, one-byte form only; ``None`` when it is not there or cut short."""
    if number is None or packet.profile != _ONE_BYTE:
        return None
    block, at = packet.block, 0
    while at < len(block):
        head = block[at]
        at += 1
        if head == 0:
            continue
        if head >> 4 == 15:
            return None
        length = (head & 0x0F) + 1
        if head >> 4 == number:
            return block[at : at + length] if at + length <= len(block) else None
        at += length
    return None


def unwrapped(packet: Packet, payload_type: int, ssrc: int) -> Packet | None:
    """The original inside a retransmission; ``None`` for the empty ones that only probe the line."""
    if len(packet.payload) < 2:
        return None
    (number,) = _NUMBER.unpack_from(packet.payload)
    return Packet(
        payload_type,
        packet.marker,
        number,
        packet.timestamp,
        ssrc,
        packet.payload[2:],
        packet.profile,
        packet.block,
    )


def header(  # noqa: PLR0917 (the order of RFC 3550; named arguments cost here)
    payload_type: int, marker: bool, number: int, timestamp: int, ssrc: int, extension: int
) -> bytes:
    """A header of ours. `extension` is one whole one-byte element in four bytes, 0 for none."""
    second = payload_type | 0x80 if marker else payload_type
    if extension:
        return _EXTENDED.pack(0x90, second, number, timestamp, ssrc, _ONE_BYTE, 1, extension)
    return _FIXED.pack(0x80, second, number, timestamp, ssrc)


def send_time_element(number: int, seconds: float) -> int:
    """abs-send-time: 24 bits, 6.18 fixed point, seconds."""
    return (number << 4 | 2) << 24 | (int(seconds * 262_144) & 0xFFFFFF)


def level_element(number: int, level: int) -> int:
    """ssrc-audio-level: one byte as it came, two of padding."""
    return (number << 4) << 24 | level << 16


def wrapped(kept: bytes, payload: bytes, payload_type: int, number: int, ssrc: int) -> bytes:
    """A retransmission of a packet of ours: its header `kept` and its `payload` (RFC 4588)."""
    head = bytearray(kept)
    head[1] = (head[1] & 0x80) | payload_type
    head[2:4] = _NUMBER.pack(number)
    head[8:12] = ssrc.to_bytes(4, "big")
    return bytes(head) + kept[2:4] + payload
