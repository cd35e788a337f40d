"""The roster: 28 days that come round again, with the numbers of domain 5.4 every day.

Somebody who worked the evening does not begin the next morning (eleven hours of rest), each shift has its
share of delegated staff and at most one who does not make calls, and the shift is spread over the small
teams, so that homes meet their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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

#: Nobody works more days in a row.
RUN = 5

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


@dataclass(slots=True)
class _Record:
    """What one worker has worked so far."""

    shifts: int = 0
    #: Days in a row up to and including `last`, all of the kind `kind`.
    streak: int = 0
    last: int = -10
    kind: ShiftKind | None = None

    def note(self, day: int, kind: ShiftKind) -> None:
        self.streak = self.streak + 1 if self.last == day - 1 and self.kind is kind else 1
        self.shifts, self.last, self.kind = self.shifts + 1, day, kind


def _fill(seed: int, area: int, mine: list[Worker], days: list[dict[Slot, tuple[int, ...]]]) -> None:
    random = stream(seed, "roster", area)
    records = {worker.no: _Record() for worker in mine}
    kinds = (NIGHT_SHIFT,) if area == NIGHT else (DAY, EVENING)
    for index in range(CYCLE):
        # The evening before bars from the morning after; the last evening from the first morning.
        rested = set(days[index - 1].get((area, EVENING), ())) if index else set()
        first_morning = set(days[0].get((area, DAY), ())) if index == CYCLE - 1 else set()
        taken: set[int] = set()
        for kind in kinds:
            barred = taken | (rested if kind is DAY else first_morning if kind is EVENING else set())
            free = [worker for worker in mine if worker.no not in barred]
            price = {w.no: _price(w, records[w.no], index, kind) + random.random() for w in free}
            # On weekdays somebody of the digital team is there in the afternoon.
            digital = kind is DAY and not is_weekend(index)
            who = _choose(free, size(area, kind, index), price, digital=digital)
            days[index][area, kind] = tuple(who)
            taken |= set(who)
            for no in who:
                records[no].note(index, kind)


def _price(worker: Worker, record: _Record, day: int, kind: ShiftKind) -> float:
    """What it costs to take somebody: whoever has worked least, in runs of days, mostly the same shift."""
    price = 1.5 * record.shifts + (1.2 if (worker.no % 3 == 0) is not (kind is EVENING) else 0)
    if record.last == day - 1:
        price += 6 if record.streak >= RUN else -2 if record.kind is kind else 1
    return price


def _choose(free: list[Worker], count: int, price: dict[int, float], *, digital: bool) -> list[int]:
    """The `count` cheapest, with enough who are delegated, at most one who makes no calls, teams spread.

    With `digital`, the cheapest of the digital team is taken first.
    """
    wanted = sum(needs_delegation(route) for route in range(count))
    teams: Counter[int | None] = Counter()
    chosen: list[Worker] = []
    while len(chosen) < count:
        # Whoever has the calls of the afternoon is not counted on for delegated tasks.
        missing = wanted - sum(worker.delegated and worker.may_video for worker in chosen[digital:])
        must_delegate = missing >= count - len(chosen)
        must_call = any(not worker.may_video for worker in chosen)
        able = [
            worker
            for worker in free
            if worker not in chosen
            and ("digital" in worker.skills or not (digital and not chosen))
            and (worker.may_video or not (must_call or must_delegate))
            and (worker.delegated or not must_delegate)
        ]
        best = min(able, key=lambda worker: price[worker.no] + 0.8 * teams[worker.team])
        teams[best.team] += 1
        chosen.append(best)
    return [worker.no for worker in chosen]
