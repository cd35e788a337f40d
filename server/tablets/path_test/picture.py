"""The made-up picture: two fields of colour that nobody ever sees, and whether a decoded one is that."""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction
from typing import Any

import numpy as np
from aiortc.mediastreams import MediaStreamTrack
from av import VideoFrame

WIDTH, HEIGHT = 160, 120
#: Pictures a second.
PACE = 10
_CLOCK = 90_000
#: Red, green and blue of the left and the right field: what we send, and what the tablet sends.
DOWN = ((200, 40, 40), (40, 40, 200))
UP = ((40, 160, 40), (160, 40, 160))
#: So far from the colour, of 255, a coded and decoded field may be.
NEAR = 60

Fields = tuple[tuple[int, int, int], tuple[int, int, int]]


class Picture(MediaStreamTrack):
    """Sends `DOWN`."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._began: float | None = None
        self._number = 0
        fields = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        fields[:, : WIDTH // 2], fields[:, WIDTH // 2 :] = DOWN
        self._fields = fields

    async def recv(self) -> VideoFrame:
        """The next picture, when it is time."""
        if self._began is None:
            self._began = time.monotonic()
        wait = self._began + self._number / PACE - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        frame = VideoFrame.from_ndarray(self._fields, format="rgb24")
        frame.pts, frame.time_base = self._number * _CLOCK // PACE, Fraction(1, _CLOCK)
        self._number += 1
        return frame


def is_picture(frame: VideoFrame, fields: Fields = UP) -> bool:
    """Whether a decoded picture shows the two fields."""
    shown: np.ndarray[Any, Any] = frame.to_ndarray(format="rgb24")
    height, width, _ = shown.shape
    if height < 16 or width < 16:
        return False
    # Away from the edges, where coding smears.
    rows = slice(height // 4, 3 * height // 4)
    left = shown[rows, width // 8 : 3 * width // 8].mean(axis=(0, 1))
    right = shown[rows, 5 * width // 8 : 7 * width // 8].mean(axis=(0, 1))
    return bool(np.all(np.abs(left - fields[0]) < NEAR) and np.all(np.abs(right - fields[1]) < NEAR))
