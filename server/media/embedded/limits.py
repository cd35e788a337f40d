"""Limits, so that one bad line cannot make work for everybody. All times in seconds."""

from __future__ import annotations


class Bucket:
    """At most `rate` a second in the long run, `burst` at once."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst, self._left = rate, burst, burst
        self._at: float | None = None

    def take(self, now: float) -> bool:
        """Take one if there is one."""
        if self._at is not None:
            self._left = min(self._burst, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Throttle:
    """Lets one through per `apart` seconds; of what came between, one more when the time is up."""

    __slots__ = ("_apart", "_last", "_owed")

    def __init__(self, apart: float) -> None:
        self._apart = apart
        self._last: float | None = None
        self._owed = False

    def ask(self, now: float) -> bool:
        """Whether to act now. When not, it is owed."""
        self._owed = True
        return self.due(now)

    def due(self, now: float) -> bool:
        """Whether something owed may be done now; then it is owed no longer."""
        if not self._owed or (self._last is not None and now - self._last < self._apart):
            return False
        self._owed, self._last = False, now
        return True

    def settle(self) -> None:
        """What was owed came by itself."""
        self._owed = False


class Patience:
    """How often one viewer may ask for a key picture: ever more seldom while it keeps asking.

    A line that loses everything would otherwise make the publisher send nothing but key pictures, to all.
    """

    SHORTEST, LONGEST = 0.5, 8.0

    __slots__ = ("_apart", "_last")

    def __init__(self) -> None:
        self._apart = self.SHORTEST
        self._last: float | None = None

    def ask(self, now: float) -> bool:
        since = float("inf") if self._last is None else now - self._last
        if since < self._apart:
            return False
        longer = since < 3 * self._apart
        self._apart = min(self.LONGEST, 2 * self._apart) if longer else self.SHORTEST
        self._last = now
        return True
