"""One unbroken stream for a viewer's place, whoever is shown in it: numbers, times and picture numbers.

A decoder does not know that somebody else is shown. So a new source begins on a key picture, with the next
sequence number, the next picture number, and a timestamp as far ahead as the time that passed.
"""

from __future__ import annotations

from server.media.embedded.renumbering import Renumbering
from server.media.embedded.vp8 import Picture

_FULL = 0xFFFFFFFF


class Continuity:
    """What is added to each packet of the source shown now.

    Parameters
    ----------
    rate
        RTP clock, Hz.
    first
        First sequence number.
    video
        Whether a source begins on a key picture only.
    """

    __slots__ = (
        "_fresh", "_last_at", "_last_layer", "_last_picture", "_last_time", "_numbers", "_rate", "_video",
        "layer_by", "number_by", "time_by", "waiting",
    )  # fmt: skip

    def __init__(self, *, rate: int, first: int, video: bool) -> None:
        self._numbers = Renumbering(first)
        self._rate, self._video = rate, video
        self._last_time: int | None = None
        self._last_at = 0.0
        self._last_picture = self._last_layer = -1
        self._fresh = True
        #: Waiting for the first packet (of a key picture) of a source.
        self.waiting = True
        #: Added to picture number, TL0PICIDX and timestamp.
        self.number_by = self.layer_by = self.time_by = 0

    def switch(self, *, same: bool = False) -> None:
        """Another source follows, or with `same` the one that was held: its times go on unchanged."""
        self.waiting = True
        self._fresh = self._fresh or not same

    def place(self, number: int, timestamp: int, picture: Picture | None, now: float) -> int | None:
        """The sequence number that goes out (unwrapped), ``None`` when the packet must not go.

        `number` is unwrapped, `timestamp` as it came, `now` in seconds of a steady clock.
        """
        if self.waiting:
            if self._video and not (picture and picture.key):
                return None
            self._begin(number, timestamp, picture, now)
        placed = self._numbers.place(number)
        if placed is not None and placed + 1 == self._numbers.next:
            self._last_time = (timestamp + self.time_by) & _FULL
            self._last_at = now
            if picture is not None:
                if picture.number is not None:
                    self._last_picture = (picture.number + self.number_by) & (
                        0x7FFF if picture.wide else 0x7F
                    )
                if picture.layer is not None:
                    self._last_layer = (picture.layer + self.layer_by) & 0xFF
        return placed

    def leave_out(self, number: int) -> bool:
        """Drop a packet without content; False when it must go out all the same, empty."""
        return self.waiting or self._numbers.leave_out(number)

    def _begin(self, number: int, timestamp: int, picture: Picture | None, now: float) -> None:
        self._numbers.start(number)
        self.waiting = False
        if not self._fresh:
            return
        self._fresh = False
        if self._last_time is None:
            return
        passed = max(1, round((now - self._last_at) * self._rate))
        self.time_by = (self._last_time + passed - timestamp) & _FULL
        if picture is not None:
            if picture.number is not None and self._last_picture >= 0:
                self.number_by = self._last_picture + 1 - picture.number
            if picture.layer is not None and self._last_layer >= 0:
                self.layer_by = self._last_layer + 1 - picture.layer
