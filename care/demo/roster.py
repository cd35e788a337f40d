"""The roster: 28 days that come round again, with the numbers of domain 5.4 every day.

Somebody who worked the evening does not begin the next morning (eleven hours of rest), each shift has its
share of delegated staff and at most one who does not make calls, and the shift is spread over the small
teams, so that homes meet their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from care.demo.draw import stream
from care.demo.places import AREAS, NIGHT_ON_DUTY
from care.demo.workers import NIGHT, Worker
from care.staff import ShiftKind

CYCLE = 28
#: A Monday. Every cycle is counted from it, whatever the first day.
EPOCH = date(2024, 1, 1)
DAY, EVENING, NIGHT_SHIFT = ShiftKind.DAY, ShiftKind.EVENING, ShiftKind.NIGHT
#: Minutes of the day: start, end, break.
HOURS = {DAY: (420, 960, 60), EVENING: (870, 1290, 30), NIGHT_SHIFT: (1275, 1440 + 435, 60)}

Slot = tuple[int, ShiftKind]


def cycle_day(day: date) -> int:
    """Where in the cycle a day is: 0 is a Monday."""
    return (day - EPOCH).days % CYCLE


def is_weekend(index: int) -> bool:
    return index % 7 >= 5


def size(area: int, kind: ShiftKind, index: int) -> int:
    """How many work: domain 5.4."""
    if area == NIGHT:
        return NIGHT_ON_DUTY
    numbers = AREAS[area].weekend if is_weekend(index) else AREAS[area].weekday
    return numbers[0] if kind is DAY else numbers[1]


def needs_delegation(route: int) -> bool:
    """Three routes of five carry delegated tasks."""
    return route % 5 in (0, 2, 3)


@dataclass(frozen=True, slots=True)
class Roster:
    """For each day of the cycle: who works which shift, by worker number."""

    days: tuple[dict[Slot, tuple[int, ...]], ...]

    def at_work(self, index: int) -> dict[int, ShiftKind]:
        return {no: kind for (_, kind), who in self.days[index % CYCLE].items() for no in who}


def make_roster(seed: int, workers: Sequence[Worker]) -> Roster:
    """Twenty-eight days in which everybody works about as much."""
    days: list[dict[Slot, tuple[int, ...]]] = [{} for _ in range(CYCLE)]
    for area in range(len(AREAS) + 1):
        mine = [w for w in workers if w.area == area and w.in_care]
        _fill(seed, area, mine, days)
    return Roster(tuple(days))


def _fill(seed: int, area: int, mine: list[Worker], days: list[dict[Slot, tuple[int, ...]]]) -> None:
    random = stream(seed, "roster", area)
    load: Counter[int] = Counter()
    kinds = (NIGHT_SHIFT,) if area == NIGHT else (DAY, EVENING)
    evening_before: set[int] = set()
    first_morning: set[int] = set()
    for index in range(CYCLE):
        taken: set[int] = set()
        for kind in kinds:
            barred = set(taken)
            if kind is DAY:
                barred |= evening_before
            elif index == CYCLE - 1 and kind is EVENING:
                barred |= first_morning
            count = size(area, kind, index)
            who = _choose(mine, count, barred, load, random.random)
            taken |= set(who)
            days[index][area, kind] = tuple(who)
            if kind is DAY and index == 0:
                first_morning = set(who)
        evening_before = set(days[index].get((area, EVENING), ()))


def _choose(
    mine: list[Worker], count: int, barred: set[int], load: Counter[int], noise: Callable[[], float]
) -> list[int]:
    """`count` workers: the least used first, delegated ones until there are enough, teams spread."""
    wanted = sum(needs_delegation(route) for route in range(count))
    free = {w.no: w for w in mine if w.no not in barred}
    jitter = {no: noise() for no in free}
    teams: Counter[int | None] = Counter()
    chosen: list[int] = []
    silent = 0
    while len(chosen) < count:
        left = count - len(chosen)
        missing = wanted - sum(free[no].delegated and free[no].may_video for no in chosen)

        def price(no: int, left: int = left, missing: int = missing) -> float:
            worker = free[no]
            cost = load[no] + jitter[no] + 0.8 * teams[worker.team]
            if missing >= left and not (worker.delegated and worker.may_video):
                cost += 1000
            if silent and not worker.may_video:
                cost += 1000
            return cost

        best = min((no for no in free if no not in chosen), key=price)
        silent += not free[best].may_video
        teams[free[best].team] += 1
        chosen.append(best)
        load[best] += 1
    return chosen
