"""What has not come from a publisher, when to ask for it again, and when to stop asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

#: Asked again this many seconds apart, this many times; a typical round trip and a half at first.
APART = 0.08
TRIES = 10
#: Further back than this nobody waits any more, packets.
WINDOW = 512
#: Never more numbers in one request.
MOST = 128


class Arrival(Enum):
    """What a packet was. One that came before, or was given up, must not be passed on: its number is used,
    and two contents under one number would break the encryption."""

    NEXT = auto()
    AFTER_GAP = auto()
    REPAIR = auto()
    AGAIN = auto()


@dataclass(slots=True)
class _Gap:
    tries: int = 0
    last: float = -1.0


class Missing:
    """Counts what comes, by unwrapped numbers; `due` says what to ask for."""

    __slots__ = ("_gaps", "_highest", "lost", "received", "repaired")

    def __init__(self) -> None:
        self._gaps: dict[int, _Gap] = {}
        self._highest: int | None = None
        #: Packets that came, that came only when asked for, that were given up.
        self.received = self.repaired = self.lost = 0

    def arrived(self, number: int) -> Arrival:
        """Note a packet."""
        if self._highest is None:
            self._highest = number
            self.received += 1
            return Arrival.NEXT
        if number <= self._highest:
            if self._gaps.pop(number, None) is None:
                return Arrival.AGAIN
            self.repaired += 1
            self.received += 1
            return Arrival.REPAIR
        self.received += 1
        first = max(self._highest + 1, number - WINDOW)
        self.lost += first - self._highest - 1
        for gone in range(first, number):
            self._gaps[gone] = _Gap()
        self._highest = number
        if self._gaps:
            self._give_up(lambda one, _: one < number - WINDOW)
        return Arrival.AFTER_GAP if first < number else Arrival.NEXT

    def due(self, now: float) -> list[int]:
        """Unwrapped numbers to ask for now, rising."""
        self._give_up(lambda _, gap: gap.tries >= TRIES and now - gap.last >= APART)
        asked = [one for one, gap in self._gaps.items() if gap.tries == 0 or now - gap.last >= APART][:MOST]
        for one in asked:
            gap = self._gaps[one]
            gap.tries, gap.last = gap.tries + 1, now
        return sorted(asked)

    @property
    def waiting(self) -> int:
        """How many are still hoped for."""
        return len(self._gaps)

    def _give_up(self, hopeless: Callable[[int, _Gap], bool]) -> None:
        for one in [one for one, gap in self._gaps.items() if hopeless(one, gap)]:
            del self._gaps[one]
            self.lost += 1
