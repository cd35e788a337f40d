"""Numbers that wrap: sequence numbers (16 bits) laid out on a line that never does."""

from __future__ import annotations


def distance(number: int, other: int, bits: int = 16) -> int:
    """How far `number` lies after `other`, the short way round: −2**(bits−1) … 2**(bits−1) − 1."""
    half = 1 << (bits - 1)
    return ((number - other + half) & ((1 << bits) - 1)) - half


class Unwrapper:
    """Gives each 16-bit number the integer nearest to the highest so far. The first gets 65 536 more."""

    __slots__ = ("highest",)

    def __init__(self) -> None:
        self.highest: int | None = None

    def __call__(self, number: int) -> int:
        if self.highest is None:
            # One lap up, so that late packets from before the first one stay positive.
            self.highest = number + 0x10000
            return self.highest
        unwrapped = self.highest + ((number - self.highest + 0x8000) & 0xFFFF) - 0x8000
        self.highest = max(self.highest, unwrapped)
        return unwrapped
