"""One worker's day in the exact model: order of visits, trips, calls, break, overtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from scheduler.planner.draft import Draft
from scheduler.planner.problem import ANYWHERE, Mode
from scheduler.planner.schedule import BREAK, CALL, Item, Leg
from scheduler.planner.shift import Shift

DEPOT = 0
"""Node of the circuit for the start and the end of the day."""
NOWHERE = -1
"""In place of a contact: the start or the end of the day."""
SAMPLE = 15
"""Minutes between the departures at which the time of a trip is looked up in slow hours."""


class Model(Protocol):
    """What the day needs of the model of the neighbourhood."""

    draft: Draft
    model: Any
    free: list[int]
    start: dict[int, Any]
    takes: dict[tuple[int, Mode, int], Any]
    terms: list[Any]

    def bool_(self, hint: bool) -> Any:
        """A new literal."""

    def int_(self, low: int, high: int, hint: int) -> Any:
        """A new number."""


@dataclass(frozen=True, slots=True)
class Ride:
    """A trip of the present plan between two visits (or the day's ends), by contact or ``NOWHERE``."""

    before: int
    after: int
    leg: Leg | None
    tied: bool
    """It stands only as a fact or by allowance, or the visits overlap: what it connects stays as it is."""
    first: int
    last: int
    """Positions of the items that it connects, those between included."""


@dataclass(frozen=True, slots=True)
class _Visit:
    """A node of the circuit; ``literal`` None: fixed."""

    contact: int
    place: int
    low: int
    high: int
    minutes: int
    start: Any
    literal: Any


def rides(draft: Draft, worker: int) -> list[Ride]:
    """Connections between consecutive visits of a worker's day, start and end of the day included."""
    items = draft.items[worker]
    day = draft.days[worker]
    demand = draft.problem.workers[worker].break_demand
    shift = draft.schedule.shifts[worker]
    log: list[Leg] = []
    pause: list[Item] = []
    if day is not None and day.break_start is not None and demand is not None:
        pause = [(day.break_start, day.break_start + demand.minutes, BREAK, CALL)]
    draft.schedule.walk(worker, sorted([*items, *pause]), log)
    visits = [position for position, item in enumerate(items) if item[3] != CALL]
    result = []
    for before, after in pairwise([None, *visits, None] if visits else []):
        origin = shift.start_place if before is None else items[before][3]
        target = shift.end_place if after is None else items[after][3]
        driven = origin != target and ANYWHERE not in (origin, target)
        leg = log.pop(0) if driven else None
        first = 0 if before is None else before
        last = len(items) - 1 if after is None else after
        overlap = any(one[1] > other[0] for one, other in pairwise(items[first : last + 1]))
        result.append(
            Ride(
                before=NOWHERE if before is None else items[before][2],
                after=NOWHERE if after is None else items[after][2],
                leg=leg,
                tied=overlap or (leg is not None and not leg.strict),
                first=first,
                last=last,
            )
        )
    return result


def tied(draft: Draft, worker: int) -> set[int]:
    """Contacts of a worker's day that stand only as facts or by allowance; they must stay as they are."""
    items = draft.items[worker]
    result: set[int] = set()
    for ride in rides(draft, worker):
        if ride.tied:
            result.update(item[2] for item in items[ride.first : ride.last + 1])
    for one, other in pairwise(items):
        if one[1] > other[0]:
            result.update((one[2], other[2]))
    return result


def add_day(owner: Model, worker: int) -> None:
    """Add a worker's day to the model."""
    draft, model = owner.draft, owner.model
    shift = draft.schedule.shifts[worker]
    day = draft.days[worker]
    known = rides(draft, worker)
    intervals = [
        model.new_fixed_size_interval_var(low, high - low, "") for low, high in _busy(owner, worker, known)
    ]
    ends: list[tuple[Any, Any]] = []
    demand = draft.schedule.demands[worker]
    if demand is not None:
        now = day.break_start if day is not None and day.break_start is not None else demand.earliest
        pause = owner.int_(demand.earliest, demand.latest, now)
        intervals.append(model.new_fixed_size_interval_var(pause, demand.minutes, ""))
    for contact in owner.free:
        for mode in (Mode.PHYSICAL, Mode.VIDEO, Mode.PHONE):
            takes = owner.takes.get((contact, mode, worker))
            if takes is not None:
                minutes = draft.problem.contacts[contact].minutes(mode)
                start = owner.start[contact]
                intervals.append(model.new_optional_fixed_size_interval_var(start, minutes, takes, ""))
                ends.append((start + minutes, takes))
    trips = _Circuit(owner, worker, known, ends).trips
    model.add_no_overlap([*intervals, *trips])
    if trips and len(shift.visits) > 1:
        away = [
            model.new_fixed_size_interval_var(before[1], after[0] - before[1], "")
            for before, after in pairwise(shift.visits)
        ]
        model.add_no_overlap([*trips, *away])
    _add_overtime(owner, worker, shift, ends)


def _busy(owner: Model, worker: int, known: Sequence[Ride]) -> list[tuple[int, int]]:
    """Times at which what stays keeps the worker busy, tied stretches as a whole, not overlapping."""
    items = owner.draft.items[worker]
    spans = [(item[0], item[1]) for item in items if item[2] not in owner.free]
    for ride in known:
        if ride.tied:
            stretch = items[ride.first : ride.last + 1]
            spans.append((min(item[0] for item in stretch), max(item[1] for item in stretch)))
    result: list[tuple[int, int]] = []
    for low, high in sorted(spans):
        if result and low < result[-1][1]:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return result


def _add_overtime(owner: Model, worker: int, shift: Shift, ends: Sequence[tuple[Any, Any]]) -> None:
    """Minutes after the end of the shift: what stays, and what may come."""
    longest = max((until for _, until in (*shift.calls, *shift.visits)), default=shift.end) - shift.end
    if not shift.calls or longest <= 0:
        return
    day = owner.draft.days[worker]
    staying = max((i[1] for i in owner.draft.items[worker] if i[2] not in owner.free), default=shift.end)
    now = day.overtime if day is not None else 0
    low = max(0, staying - shift.end)
    overtime = owner.int_(low, max(longest, low), now)
    for end, literal in ends:
        owner.model.add(overtime >= end - shift.end).only_enforce_if(literal)
    owner.terms.append(owner.draft.problem.weights.overtime_minute * overtime)


class _Circuit:
    """Order of a worker's visits with the trip before each."""

    def __init__(self, owner: Model, worker: int, known: Sequence[Ride], ends: list[tuple[Any, Any]]) -> None:
        self.owner = owner
        self.worker = worker
        self.shift = owner.draft.schedule.shifts[worker]
        self.rides = {(ride.before, ride.after): ride for ride in known}
        self.into = {ride.after: ride for ride in known if ride.after != NOWHERE}
        self.tied_into = {ride.after for ride in known if ride.tied}
        self.tied_from = {ride.before for ride in known if ride.tied}
        self.trips: list[Any] = []
        self.arcs: list[tuple[int, int, Any]] = []
        self.visits = self._visits()
        if not self.visits or not self.shift.visits:
            return
        self.idle = owner.bool_(not known)
        self.arcs.append((DEPOT, DEPOT, self.idle))
        self.parts = [self._trip(visit) for visit in self.visits]
        self.home = self._way_home(ends)
        self._connect()
        owner.model.add_circuit(self.arcs)

    def _visits(self) -> list[_Visit]:
        """Fixed visits in order of time, then those that may come."""
        owner, draft = self.owner, self.owner.draft
        visits = [
            _Visit(contact, place, start, start, end - start, start, None)
            for start, end, contact, place in draft.items[self.worker]
            if place != CALL and contact not in owner.free
        ]
        for contact in owner.free:
            takes = owner.takes.get((contact, Mode.PHYSICAL, self.worker))
            if takes is None:
                continue
            if not self.shift.visits:
                owner.model.add(takes == 0)
                continue
            data = draft.problem.contacts[contact]
            low = max(data.earliest, draft.problem.not_before, self.shift.visits[0][0])
            high = min(data.limit, self.shift.visits[-1][1] - data.physical_minutes)
            if low > high:
                owner.model.add(takes == 0)
                continue
            minutes = data.physical_minutes
            visits.append(_Visit(contact, data.place, low, high, minutes, owner.start[contact], takes))
        return visits

    def _trip(self, visit: _Visit) -> tuple[Any, Any] | None:
        """Departure and length of the trip before a visit; None where the way there is tied."""
        if visit.contact in self.tied_into:
            return None
        ride = self.into.get(visit.contact)
        leg = ride.leg if ride else None
        literal = visit.literal if visit.literal is not None else self.owner.model.new_constant(1)
        if visit.literal is not None:
            self.arcs.append((self._number(visit), self._number(visit), ~visit.literal))
        return self._add_trip(leg, visit.high, visit.start, literal)

    def _number(self, visit: _Visit) -> int:
        return 1 + self.visits.index(visit)

    def _add_trip(self, leg: Leg | None, latest: int, due: Any, literal: Any) -> tuple[Any, Any]:
        owner, model = self.owner, self.owner.model
        low = min(self.shift.visits[0][0], latest)
        depart = owner.int_(low, latest, leg.depart if leg else latest)
        size = owner.int_(0, latest - low, leg.arrive - leg.depart if leg else 0)
        arrive = owner.int_(low, latest, leg.arrive if leg else latest)
        self.trips.append(model.new_optional_interval_var(depart, size, arrive, literal, ""))
        model.add(arrive <= due).only_enforce_if(literal)
        return depart, size

    def _way_home(self, ends: list[tuple[Any, Any]]) -> tuple[Any, Any] | None:
        """The trip home after the last visit; None where there is none or it is tied."""
        if self.shift.end_place == ANYWHERE or NOWHERE in self.tied_into:
            return None
        ride = next((ride for ride in self.rides.values() if ride.after == NOWHERE), None)
        until = self.shift.visits[-1][1]
        part = self._add_trip(ride.leg if ride else None, until, until, ~self.idle)
        ends.append((part[0] + part[1], ~self.idle))
        return part

    def _connect(self) -> None:
        """Every order that time allows, as arcs."""
        fixed = [position for position, visit in enumerate(self.visits) if visit.literal is None]
        for here, one in enumerate(self.visits):
            if one.literal is not None or here == fixed[-1]:
                self._arc(one, None)
            if one.literal is not None or here == fixed[0]:
                self._arc(None, one)
            for there, other in enumerate(self.visits):
                if here != there and self._may_follow(fixed, here, there):
                    self._arc(one, other)

    def _may_follow(self, fixed: Sequence[int], here: int, there: int) -> bool:
        """Whether no fixed visit must lie between the two, and time runs the right way."""
        one, other = self.visits[here], self.visits[there]
        if one.literal is None and other.literal is None:
            return there == here + 1
        if one.low + one.minutes > other.high:
            return False
        for position in fixed:
            between = self.visits[position]
            if position in (here, there):
                continue
            after_one = between.low >= one.high + one.minutes if one.literal is not None else position > here
            before_other = (
                between.high + between.minutes <= other.low if other.literal is not None else position < there
            )
            if after_one and before_other:
                return False
        return True

    def _arc(self, one: _Visit | None, other: _Visit | None) -> None:
        """One visit (None: the start) directly before another (None: the end)."""
        owner, model = self.owner, self.owner.model
        ends = (one.contact if one else NOWHERE, other.contact if other else NOWHERE)
        ride = self.rides.get(ends)
        tie = (one is not None and ends[0] in self.tied_from) or (
            other is not None and ends[1] in self.tied_into
        )
        if ride is None and (tie or self._bound_end(ends)):
            return
        minutes = self._minutes(one, other, ride)
        arc = owner.bool_(ride is not None)
        self.arcs.append((self._number(one) if one else DEPOT, self._number(other) if other else DEPOT, arc))
        owner.terms.append(owner.draft.problem.weights.travel_minute * minutes * arc)
        part = self.home if other is None else self.parts[self.visits.index(other)]
        if part is None or (ride is not None and ride.tied):
            return
        model.add(part[1] == minutes).only_enforce_if(arc)
        if one is not None:
            model.add(part[0] >= one.start + one.minutes).only_enforce_if(arc)

    def _bound_end(self, ends: tuple[int, int]) -> bool:
        """Whether the day's own start or end is tied to another visit than this."""
        if ends[0] == NOWHERE:
            return any(ride.tied and ride.before == NOWHERE for ride in self.rides.values())
        if ends[1] == NOWHERE:
            return any(ride.tied and ride.after == NOWHERE for ride in self.rides.values())
        return False

    def _minutes(self, one: _Visit | None, other: _Visit | None, ride: Ride | None) -> int:
        """Length of a trip: the true one if it is in the present plan, else the longest in its time."""
        if ride is not None and ride.leg is not None:
            if not ride.leg.strict:
                return self.owner.draft.schedule.roads.base(self.worker, ride.leg.origin, ride.leg.target)
            return ride.leg.arrive - ride.leg.depart
        origin = one.place if one else self.shift.start_place
        target = other.place if other else self.shift.end_place
        if ANYWHERE in (origin, target) or origin == target:
            return 0
        first: int = one.low + one.minutes if one else self.shift.visits[0][0]
        last: int = other.high if other else self.shift.visits[-1][1]
        roads = self.owner.draft.schedule.roads
        if not self.owner.draft.problem.slowdowns:
            return roads.base(self.worker, origin, target)
        times = [*range(first, max(first, last), SAMPLE), max(first, last)]
        longest: int = max(roads.arrival(self.worker, origin, target, time) - time for time in times)
        return longest
