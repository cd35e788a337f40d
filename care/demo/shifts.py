"""Who works on a real day: the roster's shifts, and who steps in for those who are away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from care.demo.draw import chances
from care.demo.hours import Hours
from care.demo.places import SOURCE
from care.demo.roster import DAY, EVENING, HOURS, NIGHT_SHIFT, cycle_day
from care.demo.town import Town
from care.demo.workers import Worker
from care.staff import ShiftKind

#: Share of shifts from which the rostered worker is away: 8 % in the mean, more in winter (domain 5.4).
AWAY_IN_WINTER, AWAY_ELSE = 0.11, 0.07
WINTER = (12, 1, 2)


@dataclass(frozen=True, slots=True)
class Turn:
    """One person's shift on a day. `absent`: somebody else has stepped in."""

    worker: int
    kind: ShiftKind
    absent: bool = False
    steps_in: bool = False


@dataclass(frozen=True, slots=True)
class Duty:
    """The shifts of one day, and who does whose rows."""

    day: date
    turns: tuple[Turn, ...]
    instead: dict[int, int]

    def who(self, worker: int) -> int:
        """Who is there in the place of `worker`."""
        return self.instead.get(worker, worker)


def duty(town: Town, day: date, *, absences: bool) -> Duty:
    """The shifts of `day`; `absences` when it is a day gone by, of which we know who was away."""
    index = cycle_day(day)
    at_work = town.roster.at_work(index)
    instead: dict[int, int] = {}
    if absences:
        share = AWAY_IN_WINTER if day.month in WINTER else AWAY_ELSE
        for worker, kind in sorted(at_work.items()):
            if kind is not NIGHT_SHIFT and chances(town.seed, "away", day, worker)[0] < share:
                stand_in = _stand_in(town, day, town.workers[worker], kind, set(instead.values()))
                if stand_in is not None:
                    instead[worker] = stand_in
    turns = []
    for worker, kind in sorted(at_work.items()):
        turns.append(Turn(worker, kind, absent=worker in instead))
        if worker in instead:
            turns.append(Turn(instead[worker], kind, steps_in=True))
    return Duty(day, tuple(turns), instead)


def _stand_in(town: Town, day: date, away: Worker, kind: ShiftKind, taken: set[int]) -> int | None:
    """A colleague who is free, rested, and may do at least as much; the team's own first."""
    at_work = town.roster.at_work(cycle_day(day))
    before = town.roster.at_work(cycle_day(day - timedelta(days=1)))
    after = town.roster.at_work(cycle_day(day + timedelta(days=1)))
    free = [
        worker
        for worker in town.workers
        if worker.area == away.area
        and worker.in_care
        and worker.no not in at_work
        and worker.no not in taken
        # Each can step in every other day: never the morning after an evening.
        and (worker.no + day.toordinal()) % 2 == 0
        and worker.delegated >= away.delegated
        and worker.may_video >= away.may_video
        and not (kind is DAY and before.get(worker.no) is EVENING)
        and not (kind is EVENING and after.get(worker.no) is DAY)
    ]
    if not free:
        return None
    return min(free, key=lambda w: (w.team != away.team, not w.substitute, w.no)).no


def shift_rows(town: Town, who: Duty, hours: Hours) -> list[dict[str, Any]]:
    """Rows of the table of shifts."""
    rows = []
    for turn in who.turns:
        first, last, rest = HOURS[turn.kind]
        row = _row(town, turn.worker, turn.kind, hours, (first, last))
        gone = {"absent_from": row["start"], "absent_to": row["end"]} if turn.absent else {}
        rows.append(row | {"break_minutes": rest} | gone)
    for worker, span in sorted(town.cycle.digital[cycle_day(hours.day)].items()):
        rows.append(_row(town, who.who(worker), ShiftKind.DIGITAL, hours, span))
    return rows


def _row(town: Town, worker: int, kind: ShiftKind, hours: Hours, span: tuple[int, int]) -> dict[str, Any]:
    return {
        "id": town.made("shift", hours.day, worker, kind),
        "staff_id": town.workers[worker].id,
        "group_id": town.groups[town.workers[worker].area],
        "date": hours.day,
        "start": hours(span[0]),
        "end": hours(span[1]),
        "break_minutes": 0,
        "kind": kind,
        "absent_from": None,
        "absent_to": None,
        "source": SOURCE,
        "extern_id": f"P{worker:03d}-{hours.day:%Y%m%d}-{kind.value}",
    }
