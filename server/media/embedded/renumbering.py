"""Sequence numbers for a viewer, without the gaps of what was left out on purpose.

A gap that the viewer sees is a loss, and is asked for. So what the forwarder drops itself (padding, a source
that is no longer shown) must not leave one, while what was lost on the way in must, until it comes after all.
"""

from __future__ import annotations

from bisect import bisect_right

#: How far back a late packet is still placed, packets.
REACH = 2048


class Renumbering:
    """Maps unwrapped numbers of one source after the other onto one unbroken line."""

    __slots__ = ("_begins", "_by", "_gone", "_highest", "next")

    def __init__(self, first: int) -> None:
        #: The next number nobody has; unwrapped, the low 16 bits go on the wire.
        self.next = first
        #: From number `_begins[i]` on, `_by[i]` is subtracted.
        self._begins: list[int] = []
        self._by: list[int] = []
        self._gone: set[int] = set()
        self._highest = -1

    def start(self, number: int) -> None:
        """A source begins with `number`, which gets the next free number. What lies before it is gone."""
        self._begins, self._by = [number], [number - self.next]
        self._gone.clear()
        self._highest = number - 1

    def place(self, number: int) -> int | None:
        """The number that goes out; ``None`` for what was left out, or lies before what is remembered."""
        if number > self._highest:
            self._highest = number
            placed = number - self._by[-1]
            self.next = placed + 1
            return placed
        if number in self._gone:
            return None
        at = bisect_right(self._begins, number) - 1
        return number - self._by[at] if at >= 0 else None

    def leave_out(self, number: int) -> bool:
        """Close the gap that `number` would leave. False when later ones are out: then it must go too."""
        if number <= self._highest:
            return number in self._gone
        self._gone.add(number)
        self._begins.append(number + 1)
        self._by.append(self._by[-1] + 1)
        # What lies between was lost or is late; it keeps its places.
        self.next = number - self._by[-1] + 1
        self._highest = number
        if len(self._begins) > 64:
            self._forget()
        return True

    def _forget(self) -> None:
        floor = self._highest - REACH
        keep = max(bisect_right(self._begins, floor) - 1, 0)
        if keep:
            # The first interval that is kept also bounds how far back anything is placed.
            self._begins, self._by = self._begins[keep:], self._by[keep:]
        self._gone = {number for number in self._gone if number >= floor}
