"""The made-up tone, which no loudspeaker plays, and how loud a tone is in what came."""

from __future__ import annotations

import asyncio
import math
import time
from fractions import Fraction
from typing import Any

import numpy as np
from aiortc.mediastreams import MediaStreamTrack
from av import AudioFrame

from server.tablets.path_test.measured import SILENCE

RATE = 48_000
#: Samples in a frame: 20 ms.
FRAME = 960
#: Hertz: what we send, and what the tablet sends.
DOWN_HERTZ, UP_HERTZ = 440.0, 660.0
_LOUD = 0.3
#: A tone is heard from this loudness (dB of full scale), and when so much of all energy lies in it.
HEARD_FROM, SHARE = -45.0, 0.5


class Tone(MediaStreamTrack):
    """Sends `DOWN_HERTZ`."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._began: float | None = None
        self._sent = 0

    async def recv(self) -> AudioFrame:
        """The next 20 ms, when it is time."""
        if self._began is None:
            self._began = time.monotonic()
        wait = self._began + self._sent / RATE - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        at = (self._sent + np.arange(FRAME)) / RATE
        wave = (_LOUD * 32767 * np.sin(2 * math.pi * DOWN_HERTZ * at)).astype(np.int16)
        frame = AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._sent, Fraction(1, RATE)
        self._sent += FRAME
        return frame


def samples(frame: AudioFrame) -> np.ndarray[Any, Any]:
    """One channel of a decoded frame, −1 to 1."""
    known: np.ndarray[Any, Any] = frame.to_ndarray().reshape(-1).astype(np.float64)
    channels = len(frame.layout.channels)
    return known[::channels] / 32768


def loudness(wave: np.ndarray[Any, Any], hertz: float = UP_HERTZ, rate: int = RATE) -> tuple[float, float]:
    """How loud the tone `hertz` is in `wave` (dB of full scale), and its share of all energy (0 to 1)."""
    if wave.size < FRAME:
        return SILENCE, 0.0
    turn = np.exp(-2j * math.pi * hertz * np.arange(wave.size) / rate)
    amplitude = 2 * abs(complex(np.dot(wave, turn))) / wave.size
    energy = float(np.mean(wave**2))
    if energy <= 0 or amplitude <= 0:
        return SILENCE, 0.0
    return max(SILENCE, 20 * math.log10(amplitude)), min(1.0, amplitude**2 / 2 / energy)


def is_heard(level: float, share: float) -> bool:
    """Whether that is our tone and no noise."""
    return level >= HEARD_FROM and share >= SHARE
