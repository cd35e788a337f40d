"""Gives each row a time of the day: by the rhythm of its kind, apart from the client's others, load even."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from random import Random

from care.demo.dealing import Wish
from care.demo.order import (
    CARE,
    CHECK,
    FOLLOW_UP,
    HEALTH,
    HOUSE,
    MEAL,
    REMIND_HEALTH,
    REMIND_MEAL,
    SOCIAL,
)
from care.demo.places import AREAS

#: Bands of the day in minutes, and how each kind's rows lie in them (day rhythm of domain 5.4).
BANDS = {
    "M": (430, 575),
    "F": (600, 715),
    "L": (720, 835),
    "V": (840, 955),
    "E": (975, 1130),
    "K": (1145, 1230),
}
SPREAD = {
    CARE: {"M": 103, "F": 12, "L": 25, "V": 4, "E": 53, "K": 38},
    HEALTH: {"M": 29, "F": 7, "L": 7, "V": 5, "E": 12, "K": 7},
    REMIND_HEALTH: {"M": 10, "E": 3, "K": 2},
    MEAL: {"M": 5, "F": 5, "L": 29, "V": 3, "E": 12},
    REMIND_MEAL: {"M": 1, "L": 6, "E": 4},
    CHECK: {"M": 12, "F": 10, "L": 8, "V": 10, "E": 3, "K": 2},
    SOCIAL: {"F": 4, "L": 3, "V": 18},
    FOLLOW_UP: {"F": 2, "V": 2},
    HOUSE: {"M": 18, "F": 18, "L": 8, "V": 2},
}
#: Between two rows of one client there should be so many minutes.
GAP = 50
#: A band after the first choice, and a row too near another, are as bad as so many rows in the same hour.
SECOND_CHOICE, CROWDED, COLLIDING = 300, 250, 20_000
#: Cleaning and laundry are done between nine and the end of the day shift.
HOUSE_HOURS = (540, 940)

#: Start, minutes and days of a row that the client has.
Taken = tuple[int, int, frozenset[int]]


class Timing:
    """Remembers what has been given, so that rhythm and load come out even."""

    def __init__(self) -> None:
        self.given: dict[str, Counter[str]] = defaultdict(Counter)
        #: By area: rows in each quarter of an hour.
        self.load: list[Counter[int]] = [Counter() for _ in AREAS]
        self.taken: dict[int, list[Taken]] = defaultdict(list)

    def give(self, wish: Wish) -> None:
        """Set the wish's time."""
        best = (float("inf"), 0, "")
        for rank, band in enumerate(self._bands(wish)):
            if best[0] < SECOND_CHOICE * rank:
                break
            first, last = BANDS[band]
            if wish.kind == HOUSE:
                first, last = max(first, HOUSE_HOURS[0]), min(last, HOUSE_HOURS[1] - wish.minutes)
            for at in range(first, last + 1, 5):
                best = min(best, (self._cost(wish, at) + rank * SECOND_CHOICE, at, band))
        _, wish.at, band = best
        self.given[wish.kind][band] += wish.count
        self.taken[wish.person.no].append((wish.at, wish.minutes, wish.pattern.days))
        for minute in range(wish.at, wish.at + wish.minutes + 5, 5):
            self.load[wish.person.area][minute // 15] += wish.count * wish.staff

    def _bands(self, wish: Wish) -> list[str]:
        """Bands in the order to try: of those asked for, or of the kind's, the one farthest behind first."""
        spread = SPREAD[wish.kind]
        given = self.given[wish.kind]
        total = (sum(given.values()) + wish.count) / sum(spread.values())
        if wish.bands:
            # What stands first was asked for first.
            asked = wish.bands
            weight = {band: 0.02 * place * sum(spread.values()) for place, band in enumerate(asked)}
        else:
            asked = tuple(spread)
            weight = {}
        behind = {band: given[band] - (spread.get(band, 0) - weight.get(band, 0)) * total for band in asked}
        first = sorted(asked, key=behind.__getitem__)
        return [*first, *(band for band in BANDS if band not in first)]

    def _cost(self, wish: Wish, at: int) -> float:
        """How bad a time is: another row of the client near it, and how much the group has at the time."""
        crowd = 0.0
        for other, minutes, days in self.taken[wish.person.no]:
            if days & wish.pattern.days:
                gap = max(at - other - minutes, other - at - wish.minutes)
                crowd += COLLIDING if gap < 10 else CROWDED + 5.0 * (GAP - gap) if gap < GAP else 0
        load = self.load[wish.person.area]
        bins = range(at // 15, (at + wish.minutes) // 15 + 1)
        return crowd + sum(load[b] for b in bins) / len(bins) / 10


def set_times(random: Random, wishes: Sequence[Wish]) -> None:
    """A time for each: those bound to a part of the day first, and those that come oftenest."""
    timing = Timing()
    for wish in sorted(wishes, key=lambda w: (w.bands is None, -w.count, random.random())):
        timing.give(wish)
