"""What was sent last to one place, for when it is asked for again."""

from __future__ import annotations

from dataclasses import dataclass

from server.media.embedded.limits import Bucket

#: Packets kept, a power of two. About 5 s of a picture at 1 Mbit/s.
SIZE = 512
#: A packet is sent again at most this often, and never within that many seconds of the last time.
TRIES = 10
APART = 0.02
#: Packets sent again to one place: per second, and at once.
RATE, BURST = 200.0, 128.0


@dataclass(slots=True)
class _Kept:
    number: int
    header: bytes
    payload: bytes
    tries: int = 0
    last: float = -1.0


class Ring:
    """The latest packets by their low 16 bits of number; the header as it went out, the payload shared."""

    __slots__ = ("_bucket", "_kept", "refused")

    def __init__(self) -> None:
        self._kept: list[_Kept | None] = [None] * SIZE
        self._bucket = Bucket(RATE, BURST)
        #: How many requests were not met because they came too often.
        self.refused = 0

    def keep(self, number: int, header: bytes, payload: bytes) -> None:
        """Remember what went out under the unwrapped `number`."""
        self._kept[number & (SIZE - 1)] = _Kept(number & 0xFFFF, header, payload)

    def again(self, number: int, now: float) -> tuple[bytes, bytes] | None:
        """Header and payload of a packet to send once more; ``None`` when it is not there, or not yet."""
        kept = self._kept[number & (SIZE - 1)]
        if kept is None or kept.number != number:
            return None
        if kept.tries >= TRIES or 0 <= now - kept.last < APART or not self._bucket.take(now):
            self.refused += 1
            return None
        kept.tries, kept.last = kept.tries + 1, now
        return kept.header, kept.payload
