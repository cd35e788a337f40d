"""Pictures and sound that a browser can decode, made once by a real encoder and sent by many.

A picture is one packet, and a packet of sound lasts as long as a picture, so that what is counted is simple.
Both bear twenty bytes at their end that decoders pass over: there each sender writes who and how many.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from aiortc.codecs.opus import OpusEncoder
from aiortc.codecs.vpx import Vp8Encoder, VpxPayloadDescriptor
from av import AudioFrame, VideoFrame

#: Seconds between two pictures, and their size.
EACH, WIDTH, HEIGHT = 0.1, 320, 180
#: Pictures until the next key picture; bytes that a sender writes at the end; bytes of a packet.
ROUND, MARK, LONGEST = 10, 20, 1100


@dataclass(frozen=True)
class Content:
    """`pictures` begin with a key picture; `sound` lasts `EACH` seconds and wants `MARK` bytes at its end."""

    pictures: tuple[bytes, ...]
    sound: bytes


@cache
def content() -> Content:
    """The same for everybody."""
    return Content(_pictures(), _sound())


def _pictures() -> tuple[bytes, ...]:
    encoder = Vp8Encoder()
    found = []
    for number in range(ROUND):
        luma = np.full((HEIGHT, WIDTH), 90, np.uint8)
        luma[60:120, 20 + 24 * number : 60 + 24 * number] = 200
        planes = np.concatenate([luma.ravel(), np.full(WIDTH * HEIGHT // 2, 128, np.uint8)])
        frame = VideoFrame.from_ndarray(planes.reshape(HEIGHT * 3 // 2, WIDTH), format="yuv420p")
        frame.pts, frame.time_base = number * 9000, Fraction(1, 90_000)
        payloads, _ = encoder.encode(frame, force_keyframe=number == 0)
        (payload,) = payloads
        _, data = VpxPayloadDescriptor.parse(payload)
        assert len(data) <= LONGEST
        found.append(data)
    return tuple(found)


def _sound() -> bytes:
    """Five frames of 20 ms in one packet (RFC 6716, code 3), padded by what each sender writes."""
    encoder, frames = OpusEncoder(), []
    encoder.codec.bit_rate = 32_000
    tone = np.sin(np.arange(960 * 8) * 2 * np.pi * 440 / 48_000) * 3000
    for at in range(0, len(tone), 960):
        stereo = np.repeat(tone[at : at + 960].astype(np.int16), 2).reshape(1, -1)
        frame = AudioFrame.from_ndarray(stereo, format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, at, Fraction(1, 48_000)
        payloads, _ = encoder.encode(frame)
        frames += payloads
    chosen = frames[-5:]
    assert all(frame[0] & 3 == 0 and frame[0] == chosen[0][0] for frame in chosen)
    lengths = b"".join(_length(len(frame) - 1) for frame in chosen[:-1])
    head = bytes([chosen[0][0] | 3, 0x80 | 0x40 | len(chosen), MARK])
    packet = head + lengths + b"".join(frame[1:] for frame in chosen)
    assert len(packet) <= LONGEST
    return packet


def _length(size: int) -> bytes:
    if size < 252:
        return bytes([size])
    first = 252 + (size - 252) % 4
    return bytes([first, (size - first) // 4])
