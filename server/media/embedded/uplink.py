"""What a publisher may send: a ceiling for the room, less when its own line queues.

The browser's sender takes the lowest of its own estimate (loss) and ours (REMB). Ours is the delay: each
packet carries when it was sent (abs-send-time); when the shortest way through grows well beyond what it was,
packets wait in a queue, and the sender is told to send less than what comes through.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from statistics import median_high

from server.media.embedded.numbers import distance

#: Bit/s of picture asked of each, by how many are in the room.
CEILINGS = ((2, 1_500_000), (3, 1_000_000), (6, 600_000), (8, 400_000), (12, 300_000))
FLOOR = 100_000
#: Windows of this many seconds are compared; the shortest way is remembered for so many windows.
WINDOW = 0.25
REMEMBERED = 80
#: Seconds in the queue that are too many, and that are none.
LONG, SHORT = 0.12, 0.04
_UNIT = 1 / 262_144


def ceiling(people: int) -> int:
    """What a picture may take in a room of so many, bit/s."""
    return next((bits for size, bits in CEILINGS if people <= size), CEILINGS[-1][1])


def share(people: int, viewers: Sequence[tuple[int | None, int]]) -> int:
    """What to ask of one publisher: the room's ceiling, less only when *most* viewers could not take it.

    `viewers` are pairs of a line's estimate (bit/s, ``None`` unknown) and how many pictures it gets. A single
    poor line never counts: it gets fewer pictures instead.
    """
    most = ceiling(people)
    shares = [most if bits is None else bits / max(1, pictures) for bits, pictures in viewers]
    if len(shares) < 2:
        return most
    return int(max(FLOOR, min(most, median_high(shares))))


class Uplink:
    """Watches the way in from one publisher."""

    __slots__ = ("_allowed", "_begun", "_bits", "_clock", "_mins", "_sent", "_shortest", "bits")

    def __init__(self) -> None:
        self._allowed: float | None = None
        self._begun: float | None = None
        self._bits = 0
        #: The sender's clock, s, unwrapped; and where it stands in 24 bits.
        self._clock = 0.0
        self._sent: int | None = None
        self._mins: list[float] = []
        self._shortest = inf
        #: What came in the last whole window, bit/s.
        self.bits = 0.0

    def add(self, size: int, sent: int | None, now: float) -> None:
        """Note a packet of `size` bytes; `sent` is its abs-send-time (24 bits), `now` a steady clock."""
        if self._begun is None:
            self._begun = now
        elif now - self._begun >= WINDOW:
            self._judge(now)
        self._bits += 8 * size
        if sent is not None:
            later = 0 if self._sent is None else distance(sent, self._sent, 24)
            if self._sent is None or later > 0:
                self._clock, self._sent, later = self._clock + later * _UNIT, sent, 0
            self._shortest = min(self._shortest, now - self._clock - later * _UNIT)

    def allowed(self, most: int) -> int:
        """What to tell the sender now, at most `most`, bit/s."""
        return most if self._allowed is None else int(max(FLOOR, min(most, self._allowed)))

    def _judge(self, now: float) -> None:
        self.bits = self._bits / (now - (self._begun or 0.0))
        if self._shortest < inf:
            self._mins = [*self._mins[1 - REMEMBERED :], self._shortest]
            queued = self._shortest - min(self._mins)
            if queued > LONG:
                self._allowed = 0.85 * min(self.bits, self._allowed or self.bits)
            elif queued < SHORT and self._allowed is not None:
                self._allowed = self._allowed * 1.02 + 1000
                if self._allowed > CEILINGS[0][1]:
                    self._allowed = None
        self._begun, self._bits, self._shortest = now, 0, inf
