"""Exact evaluation of a worker's day with given starts: trips, break, time at work, overtime.

A day is a list of *items* ``(start, end, contact, place)`` in that order; a call has place ``CALL``. A trip
to the next visit is taken in the first pause that holds it: before, between or after the calls on the way,
which are made wherever the worker is. Position changes by trips alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from scheduler.planner.plan import Costs
from scheduler.planner.pricing import contact_parts
from scheduler.planner.problem import ANYWHERE, BreakDemand, Mode, Placement, Problem
from scheduler.planner.roads import NEVER, Roads
from scheduler.planner.shift import Shift, Span

CALL = -2
"""Place of an item that is made wherever the worker is."""
BREAK = -1
"""Contact number of a break among the items."""
Item = tuple[int, int, int, int]
"""Start, end, contact (or ``BREAK``), place (or ``CALL``). Items sort by start, then end, then contact."""


class Day(NamedTuple):
    """A worker's day that keeps every rule: minutes on the road, minutes of overtime, start of the break."""

    travel: int
    overtime: int
    break_start: int | None


class Leg(NamedTuple):
    """A trip: departure, arrival, places; not ``strict`` when it stands as a fact or by allowance."""

    depart: int
    arrive: int
    origin: int
    target: int
    strict: bool


class Schedule:
    """The problem compiled for the evaluation of days.

    Attributes
    ----------
    roads, shifts
        Travel times, and time at work by worker.
    frozen
        Whether each contact is frozen.
    blocked
        By place: spans in which nobody can get in, in order.
    demands
        By worker: the break that is still to be held, or None.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.roads = Roads(problem)
        self.shifts = [Shift(index, worker, self.roads) for index, worker in enumerate(problem.workers)]
        self.frozen = [contact.frozen for contact in problem.contacts]
        self.blocked: dict[int, list[Span]] = {}
        for blockage in sorted(problem.blockages, key=lambda b: (b.start, b.end)):
            self.blocked.setdefault(blockage.place, []).append((blockage.start, blockage.end))
        self._allowances: dict[tuple[int, int | None, int | None], int] = {}
        for allowance in problem.allowances:
            key = (allowance.worker, allowance.first, allowance.second)
            self._allowances[key] = max(allowance.minutes, self._allowances.get(key, 0))
        self.demands: list[BreakDemand | None] = [None] * len(problem.workers)
        fixed: list[list[Item]] = [[] for _ in problem.workers]
        for index, contact in enumerate(problem.contacts):
            if contact.frozen and contact.current is not None:
                for worker in contact.current.staff:
                    fixed[worker].append(self.item(index, contact.current))
        for index, person in enumerate(problem.workers):
            demand = person.break_demand
            if demand and any(
                i.start < demand.latest + demand.minutes and i.end > demand.earliest for i in person.intervals
            ):
                self.demands[index] = demand
                if self.day(index, sorted(fixed[index])) is None:
                    self.demands[index] = None

    def item(self, contact: int, placement: Placement) -> Item:
        """The item that a contact is in the day of each of its workers."""
        data = self.problem.contacts[contact]
        start = placement.begin
        place = data.place if placement.mode is Mode.PHYSICAL else CALL
        return (start, start + data.minutes(placement.mode), contact, place)

    def slack(self, worker: int, first: int | None, second: int | None) -> int:
        """Minutes that the second may begin too early after the first (0 unless inherited)."""
        return self._allowances.get((worker, first, second), 0) if self._allowances else 0

    def day(self, worker: int, items: Sequence[Item]) -> Day | None:
        """Evaluate a worker's day with these starts and the best place for the break.

        Parameters
        ----------
        items
            In order of start; without the break.

        Returns
        -------
        Day or None
            None when some rule for time at work, trips, overlaps, reach or the break can't be kept.
        """
        for start, end, contact, place in items:
            if not self.frozen[contact] and not self._at_work(worker, start, end, place):
                return None
        demand = self.demands[worker]
        if demand is None:
            walked = self.walk(worker, items)
            return walked and Day(walked[0], walked[1], None)
        for begin in self._break_starts(worker, items, demand):
            walked = self.walk(worker, sorted([*items, (begin, begin + demand.minutes, BREAK, CALL)]))
            if walked:
                return Day(walked[0], walked[1], begin)
        return None

    def _at_work(self, worker: int, start: int, end: int, place: int) -> bool:
        shift = self.shifts[worker]
        spans = shift.calls if place == CALL else shift.visits
        if not any(first <= start and end <= last for first, last in spans):
            return False
        return place == CALL or all(
            end <= first or start >= last for first, last in self.blocked.get(place, ())
        )

    def _break_starts(self, worker: int, items: Sequence[Item], demand: BreakDemand) -> list[int]:
        """Candidate starts, nearest to the middle of the break's window first.

        If the break fits anywhere it fits at one of them: at an end of a pause, or right after the trip in
        it.
        """
        middle = (demand.earliest + demand.latest) // 2
        shift = self.shifts[worker]
        found: set[int] = set()
        free, origin = -NEVER, shift.start_place
        targets = [place for _, _, _, place in items if place != CALL]
        targets.append(shift.end_place if targets else ANYWHERE)
        passed = 0
        for start, end, _, place in [*items, (NEVER, NEVER, BREAK, CALL)]:
            low, high = max(free, demand.earliest), min(start - demand.minutes, demand.latest)
            if low <= high:
                found.update((low, high, min(max(middle, low), high)))
                arrive = shift.trip(origin, targets[passed], free)[1]
                if low < arrive <= high:
                    found.add(arrive)
            if start > demand.latest + demand.minutes:
                break
            if place != CALL:
                origin = place
                passed += 1
            free = max(free, end)
        return sorted(found, key=lambda begin: (abs(begin - middle), begin))

    def walk(
        self, worker: int, items: Sequence[Item], log: list[Leg] | None = None
    ) -> tuple[int, int] | None:
        """Follow a worker through items and break; minutes of travel and overtime, None if impossible.

        Parameters
        ----------
        log
            Gets each trip taken.
        """
        shift = self.shifts[worker]
        targets = [place for _, _, _, place in items if place != CALL]
        targets.append(shift.end_place if targets else ANYWHERE)
        place, target, passed = shift.start_place, targets[0], 1
        there = ANYWHERE in (place, target) or place == target
        free = left = -NEVER  # free: end of what came before; left: the same, when the last visit ended
        before: int | None = None
        origin_fixed, fresh, travel = True, False, 0
        for start, end, contact, spot in items:
            fixed = self._is_frozen(contact)
            slack = self.slack(worker, before, contact) if BREAK not in (before, contact) else 0
            if free > start + slack and not (fixed and self._is_frozen(before)):
                return None
            if not there:
                depart, arrive = shift.trip(place, target, free)
                there = arrive <= start + (0 if spot == CALL else slack)
                if not there and spot != CALL:
                    # two frozen visits that can't both be reached are a fact, unless something new is between
                    fact = fixed and origin_fixed
                    if not fact or (fresh and shift.trip(place, target, left)[1] <= start):
                        return None
                    depart, arrive = start, start + self.roads.base(worker, place, target)
                if there or spot != CALL:
                    travel += arrive - depart
                    if log is not None:
                        log.append(Leg(depart, arrive, place, target, strict=there and arrive <= start))
            if spot == CALL:
                fresh = fresh or not fixed
                free = max(free, end)
            else:
                free = left = max(free, end)
                place, target, passed = spot, targets[passed], passed + 1
                there = target in (ANYWHERE, place)
                origin_fixed, fresh = fixed, False
            before = contact
        finish = max((end for _, end, contact, _ in items if contact != BREAK), default=-NEVER)
        if not there:
            home = self._way_home(worker, place, target, free, before)
            fact = origin_fixed and (not fresh or self._way_home(worker, place, target, left, None) is None)
            if home is None and not fact:
                return None
            leg = self._home_leg(worker, place, target, home, finish)
            if log is not None:
                log.append(leg)
            travel += leg.arrive - leg.depart
            finish = max(finish, leg.arrive)
        return travel, max(0, finish - shift.end) if shift.end > -NEVER else 0

    def _home_leg(self, worker: int, place: int, target: int, home: Span | None, finish: int) -> Leg:
        """The trip home, or what it would be from the end of the last contact when frozen rows forbid it."""
        if home is None:
            return Leg(finish, finish + self.roads.base(worker, place, target), place, target, strict=False)
        return Leg(*home, place, target, strict=home[1] <= self.shifts[worker].visits[-1][1])

    def _is_frozen(self, contact: int | None) -> bool:
        return contact is not None and contact != BREAK and self.frozen[contact]

    def _way_home(self, worker: int, place: int, target: int, free: int, before: int | None) -> Span | None:
        shift = self.shifts[worker]
        depart, arrive = shift.trip(place, target, free)
        if arrive < NEVER:
            return depart, arrive
        slack = self.slack(worker, before, None) if before != BREAK else 0
        if slack and shift.visits:
            depart = max(free, shift.visits[-1][0])
            arrive = self.roads.arrival(worker, place, target, depart)
            if arrive <= shift.visits[-1][1] + slack:
                return depart, arrive
        return None


def day_items(schedule: Schedule, decisions: Sequence[Placement]) -> list[list[Item]]:
    """Items of each worker's day, in order of start, from the decisions by contact."""
    days: list[list[Item]] = [[] for _ in schedule.problem.workers]
    for contact, placement in enumerate(decisions):
        for worker in placement.staff:
            days[worker].append(schedule.item(contact, placement))
    return [sorted(items) for items in days]


def evaluate(
    schedule: Schedule, decisions: Sequence[Placement]
) -> tuple[Costs, tuple[int | None, ...]] | None:
    """Cost parts and breaks of complete decisions; None when some worker's day is impossible."""
    problem = schedule.problem
    weights = problem.weights
    travel = overtime = 0
    breaks: list[int | None] = []
    for worker, items in enumerate(day_items(schedule, decisions)):
        day = schedule.day(worker, items)
        if day is None:
            return None
        travel += day.travel
        overtime += day.overtime
        breaks.append(day.break_start)
    parts = [0] * 7
    for contact, placement in zip(problem.contacts, decisions, strict=True):
        for index, points in enumerate(contact_parts(contact, placement, weights)):
            parts[index] += points
    unserved, postponed, late, staff, unfamiliar, mode, moved = parts
    return (
        Costs(
            unserved=unserved,
            postponed=postponed,
            travel=travel * weights.travel_minute,
            lateness=late,
            staff_change=staff,
            unfamiliar=unfamiliar,
            mode_change=mode,
            moved=moved,
            overtime=overtime * weights.overtime_minute,
        ),
        tuple(breaks),
    )
