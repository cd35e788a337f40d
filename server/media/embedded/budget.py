"""Which pictures a viewer's line carries. Sound always goes; pictures go in the viewer's own order.

The viewer's browser says what it believes its line carries (REMB). It never believes in much more than it
gets. So a low belief proves nothing while little is sent, or while it rises: only one that stays below what
is sent, and does not rise, tells of a full line. And a picture that was left out comes back by trying: after
a while, one at a time, and ever more seldom while it fails. What is decided here touches this viewer alone:
nobody else gets less because one line is poor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: A full line below this carries sound only, bit/s.
SOUND_ONLY = 150_000
#: A belief that rose by this share within `PROOF` is still on its way up.
RISING = 1.005
#: Too much for this long, s, before a picture is left out.
PROOF = 3.0
#: A picture tried again is not judged before this many seconds.
GRACE = 3.0
#: Seconds before the first try, and the longest between two.
FIRST_TRY, LAST_TRY = 5.0, 60.0
#: A try that stood this long, s, was right.
STOOD = 20.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture somebody wants to see: its place, and what it takes now, bit/s."""

    place: int
    bits: float


class Budget:
    """The policy of one viewer. Feed `estimate` as it comes and ask `choose` about once a second."""

    __slots__ = (
        "_allowed", "_bad_from", "_bad_since", "_estimate", "_judge_at", "_pause", "_reduced_at", "_tried_at",
    )  # fmt: skip

    def __init__(self) -> None:
        self._estimate: float | None = None
        #: How many pictures may go; ``None``: all of them.
        self._allowed: int | None = None
        #: Since when the line looks full, and what it was believed to carry then.
        self._bad_since: float | None = None
        self._bad_from = 0.0
        self._judge_at = 0.0
        self._reduced_at = 0.0
        self._tried_at: float | None = None
        self._pause = FIRST_TRY

    @property
    def bits(self) -> int | None:
        """The latest estimate, bit/s."""
        return None if self._estimate is None else round(self._estimate)

    def estimate(self, bits: float) -> None:
        """What the viewer's browser said last."""
        self._estimate = bits

    def choose(self, wanted: Sequence[Wanted], now: float) -> frozenset[int]:
        """The places whose pictures go to this viewer; `wanted` in order of importance."""
        if self._tried_at is not None and now - self._tried_at >= STOOD:
            self._pause, self._tried_at = FIRST_TRY, None
        going = wanted if self._allowed is None else wanted[: self._allowed]
        fits = self._fitting(going)
        if fits < len(going):
            self._too_much(fits, now)
        else:
            self._bad_since = None
            self._try_more(len(wanted), now)
        chosen = wanted if self._allowed is None else wanted[: self._allowed]
        return frozenset(one.place for one in chosen)

    def _fitting(self, going: Sequence[Wanted]) -> int:
        """How many of them the line carries.

        The browser's estimate is of pictures alone (only they carry send times), beside the sound that flows.
        """
        if self._estimate is None or sum(one.bits for one in going) <= self._estimate:
            return len(going)
        if self._estimate < SOUND_ONLY:
            return 0
        left = self._estimate
        for count, one in enumerate(going):
            left -= one.bits
            if left < 0:
                return count
        return len(going)

    def _too_much(self, fits: int, now: float) -> None:
        believed = self._estimate or 0.0
        if now < self._judge_at:
            return
        if self._bad_since is None or believed > self._bad_from * RISING:
            self._bad_since, self._bad_from = now, believed
        if now - self._bad_since < PROOF:
            return
        if self._tried_at is not None:
            self._pause, self._tried_at = min(LAST_TRY, 2 * self._pause), None
        self._allowed, self._reduced_at, self._bad_since = fits, now, None

    def _try_more(self, wanted: int, now: float) -> None:
        if self._allowed is None or self._tried_at is not None or now - self._reduced_at < self._pause:
            return
        self._allowed += 1
        self._tried_at, self._judge_at, self._reduced_at = now, now + GRACE, now
        if self._allowed >= wanted:
            self._allowed = None
