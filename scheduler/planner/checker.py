"""An independent judge of plans: every broken hard rule, by name.

Nothing here comes from the search. The checker follows each worker minute by minute with arithmetic of its
own, so that a fault in the search can't hide in it. A plan with a violation may never be shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scheduler.planner.plan import Plan
from scheduler.planner.problem import ANYWHERE, Contact, Mode, Placement, Problem, Worker
from scheduler.planner.rules import Rule


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule.

    Attributes
    ----------
    rule
        Its name.
    contacts
        Contacts concerned, in order of time; for a trip those before and after it.
    workers
        Workers concerned.
    minutes
        By how much, where that can be said; otherwise 0.
    """

    rule: Rule
    contacts: tuple[int, ...] = ()
    workers: tuple[int, ...] = ()
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class _Stop:
    """A contact (or break: contact None) in a worker's day; place None for what is done anywhere."""

    start: int
    end: int
    contact: int | None
    place: int | None
    frozen: bool


def check(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """List every broken hard rule of a plan; empty when the plan may be shown."""
    found: list[Violation] = []
    if len(plan.decisions) != len(problem.contacts) or len(plan.breaks) != len(problem.workers):
        return (Violation(Rule.COMPLETE),)
    for index, (contact, decision) in enumerate(zip(problem.contacts, plan.decisions, strict=True)):
        if contact.frozen:
            if decision != (contact.current or Placement(Mode.UNSERVED)):
                found.append(Violation(Rule.FROZEN, (index,), decision.staff))
        else:
            found.extend(_check_contact(problem, index, contact, decision))
    if any(v.rule is Rule.COMPLETE for v in found):
        return tuple(found)
    found.extend(_check_refusals(plan))
    found.extend(_check_gaps(problem, plan))
    for number in range(len(problem.workers)):
        found.extend(_Follow(problem, plan, number).violations())
    return tuple(found)


def _check_contact(
    problem: Problem, index: int, contact: Contact, decision: Placement
) -> Iterable[Violation]:
    mode, staff, start = decision.mode, decision.staff, decision.start
    if mode in (Mode.POSTPONED, Mode.UNSERVED):
        if staff or start is not None:
            yield Violation(Rule.COMPLETE, (index,), staff)
        if mode is Mode.POSTPONED and not contact.modes.allows(mode):
            yield Violation(Rule.POSTPONE, (index,))
        return
    if start is None or any(not 0 <= worker < len(problem.workers) for worker in staff):
        yield Violation(Rule.COMPLETE, (index,), staff)
        return
    yield from _check_staff(problem, index, contact, decision)
    if start < problem.not_before:
        yield Violation(Rule.NOT_BEFORE, (index,), staff, problem.not_before - start)
    last = contact.latest + (0 if contact.hard_window else contact.tolerance)
    if not contact.earliest <= start <= last:
        yield Violation(Rule.WINDOW, (index,), staff, max(contact.earliest - start, start - last))
    if mode is Mode.PHYSICAL:
        for blockage in problem.blockages:
            within = start < blockage.end and start + contact.physical_minutes > blockage.start
            if blockage.place == contact.place and within:
                yield Violation(Rule.UNREACHABLE, (index,), staff)


def _check_staff(problem: Problem, index: int, contact: Contact, decision: Placement) -> Iterable[Violation]:
    """Mode and staff of a contact that takes place."""
    mode, staff = decision.mode, decision.staff
    if not contact.modes.allows(mode):
        yield Violation(Rule.NEVER_VIDEO if mode is Mode.VIDEO else Rule.MODE, (index,), staff)
    if len(staff) != (contact.staff_needed if mode is Mode.PHYSICAL else 1):
        yield Violation(Rule.STAFF_NUMBER, (index,), staff)
    if len(set(staff)) != len(staff):
        yield Violation(Rule.STAFF_DISTINCT, (index,), staff)
    allowed = {
        Mode.PHYSICAL: contact.eligible_physical,
        Mode.VIDEO: contact.eligible_video,
        Mode.PHONE: contact.eligible_phone,
    }[mode]
    for worker in staff:
        if worker not in allowed:
            yield Violation(Rule.STAFF_ELIGIBLE, (index,), (worker,))
        if mode is Mode.VIDEO and not problem.workers[worker].video:
            yield Violation(Rule.WORKER_VIDEO, (index,), (worker,))


def _check_refusals(plan: Plan) -> Iterable[Violation]:
    refused = [refusal.contact for refusal in plan.refusals]
    for index, decision in enumerate(plan.decisions):
        if refused.count(index) != (decision.mode in (Mode.POSTPONED, Mode.UNSERVED)):
            yield Violation(Rule.COMPLETE, (index,))


def _check_gaps(problem: Problem, plan: Plan) -> Iterable[Violation]:
    for gap in problem.gaps:
        first, second = plan.decisions[gap.first], plan.decisions[gap.second]
        if first.start is None or second.start is None:
            continue
        if problem.contacts[gap.first].frozen and problem.contacts[gap.second].frozen:
            continue
        free = first.start + problem.contacts[gap.first].minutes(first.mode) + gap.minutes
        if second.start < free:
            yield Violation(Rule.GAP, (gap.first, gap.second), (), free - second.start)


class _Follow:
    """One worker, followed through the day."""

    def __init__(self, problem: Problem, plan: Plan, number: int) -> None:
        self.problem = problem
        self.number = number
        self.worker: Worker = problem.workers[number]
        self.break_start = plan.breaks[number]
        self.stops: list[_Stop] = []
        for index, decision in enumerate(plan.decisions):
            if number in decision.staff and decision.start is not None:
                contact = problem.contacts[index]
                place = contact.place if decision.mode is Mode.PHYSICAL else None
                end = decision.start + contact.minutes(decision.mode)
                self.stops.append(_Stop(decision.start, end, index, place, contact.frozen))
        self.stops.sort(key=lambda stop: (stop.start, stop.end, stop.contact))
        self.driving = self._hours(digital=False)
        self.working = self._hours(digital=True)

    def _hours(self, *, digital: bool) -> list[tuple[int, int]]:
        """Time at work for calls (digital) or for visits and driving, overtime included, adjoining joined."""
        hours: list[tuple[int, int]] = []
        total = sum(interval.end - interval.start for interval in self.worker.intervals)
        extra = self.worker.max_overtime
        if self.worker.max_work is not None:
            extra = max(0, min(extra, self.worker.max_work - total))
        for interval in self.worker.intervals:
            end = interval.end + (extra if interval is self.worker.intervals[-1] else 0)
            if interval.digital_only and not digital:
                continue
            if hours and hours[-1][1] == interval.start:
                hours[-1] = (hours[-1][0], end)
            else:
                hours.append((interval.start, end))
        return hours

    def violations(self) -> Iterable[Violation]:
        """Everything this worker's day breaks."""
        yield from self._presence()
        yield from self._overlaps()
        pause = self._pause()
        if pause is None and self._break_due():
            yield Violation(Rule.BREAK, (), (self.number,))
        elif pause is not None:
            demand = self.worker.break_demand
            if demand is None or not demand.earliest <= pause.start <= demand.latest:
                yield Violation(Rule.BREAK, (), (self.number,))
            for stop in self.stops:
                if stop.start < pause.end and stop.end > pause.start and stop.contact is not None:
                    yield Violation(Rule.BREAK, (stop.contact,), (self.number,))
        stops = self.stops if pause is None else self._with(self.stops, pause)
        for first, second, missing in self._trips(stops):
            ends = tuple(contact for contact in (first, second) if contact is not None)
            yield Violation(Rule.TRAVEL, ends, (self.number,), missing)

    def _with(self, stops: list[_Stop], pause: _Stop) -> list[_Stop]:
        return sorted([*stops, pause], key=lambda s: (s.start, s.end, -1 if s.contact is None else s.contact))

    def _pause(self) -> _Stop | None:
        if self.break_start is None:
            return None
        minutes = self.worker.break_demand.minutes if self.worker.break_demand else 1
        return _Stop(self.break_start, self.break_start + minutes, None, None, frozen=False)

    def _presence(self) -> Iterable[Violation]:
        for stop in self.stops:
            if stop.frozen or stop.contact is None:
                continue
            where, who = (stop.contact,), (self.number,)
            if any(start <= stop.start and stop.end <= end for start, end in self.working):
                inside = any(start <= stop.start and stop.end <= end for start, end in self.driving)
                if stop.place is not None and not inside:
                    yield Violation(Rule.DIGITAL_SHIFT, where, who)
            elif self.working and stop.end > self.working[-1][1] and stop.start < self.working[-1][1]:
                yield Violation(Rule.MAX_WORK, where, who, stop.end - self.working[-1][1])
            else:
                yield Violation(Rule.SHIFT, where, who)

    def _allowed(self, first: int | None, second: int | None) -> int:
        return max(
            (
                allowance.minutes
                for allowance in self.problem.allowances
                if (allowance.worker, allowance.first, allowance.second) == (self.number, first, second)
            ),
            default=0,
        )

    def _overlaps(self) -> Iterable[Violation]:
        for position, stop in enumerate(self.stops[1:], 1):
            before = self.stops[position - 1]
            latest = max(self.stops[:position], key=lambda earlier: earlier.end)
            missing = latest.end - stop.start
            if missing <= self._allowed(before.contact, stop.contact) or (stop.frozen and before.frozen):
                continue
            pair = tuple(contact for contact in (latest.contact, stop.contact) if contact is not None)
            yield Violation(Rule.OVERLAP, pair, (self.number,), missing)

    def _break_due(self) -> bool:
        """Whether a break is demanded: work around its window, and room beside the frozen contacts."""
        demand = self.worker.break_demand
        if demand is None or not any(
            interval.start < demand.latest + demand.minutes and interval.end > demand.earliest
            for interval in self.worker.intervals
        ):
            return False
        frozen = [stop for stop in self.stops if stop.frozen]
        for start in range(demand.earliest, demand.latest + 1):
            end = start + demand.minutes
            if all(stop.end <= start or stop.start >= end for stop in frozen):
                pause = _Stop(start, end, None, None, frozen=False)
                if not self._trips(self._with(frozen, pause)):
                    return True
        return False

    def _trips(self, stops: list[_Stop]) -> list[tuple[int | None, int | None, int]]:
        """Trips that can't be made: contact before, contact directly after, minutes missing."""
        visits = [position for position, stop in enumerate(stops) if stop.place is not None]
        missing: list[tuple[int | None, int | None, int]] = []
        if not visits:
            return missing
        legs = [*zip([None, *visits], visits, strict=False), (visits[-1], None)]
        for first, second in legs:
            origin = self.worker.start_place if first is None else stops[first].place
            target = self.worker.end_place if second is None else stops[second].place
            if origin is None or target is None or ANYWHERE in (origin, target) or origin == target:
                continue
            if not self.problem.travel[origin, target]:
                continue
            lack = self._lack(stops, first, second, origin, target)
            if lack <= 0:
                continue
            if self._is_fact(stops, first, second, origin, target):
                continue
            before = stops[second - 1] if second else stops[-1] if second is None else None
            missing.append(
                (
                    before.contact if before else None,
                    stops[second].contact if second is not None else None,
                    lack,
                )
            )
        return missing

    def _is_fact(self, stops: list[_Stop], first: int | None, second: int | None, a: int, b: int) -> bool:
        """Whether frozen rows alone make the trip impossible."""
        if (first is not None and not stops[first].frozen) or (
            second is not None and not stops[second].frozen
        ):
            return False
        if first is None and second is None:
            return False
        reach = None if first is None else stops[first].end
        low = 0 if first is None else first + 1
        between = stops[low : len(stops) if second is None else second]
        if all(stop.frozen for stop in between):
            return True
        earlier = max((stop.end for stop in stops[:low]), default=reach)
        due = None if second is None else stops[second].start
        return not self._drive_fits(a, b, earlier, due)

    def _lack(self, stops: list[_Stop], first: int | None, second: int | None, a: int, b: int) -> int:
        """Minutes missing for the trip; 0 when one of the pauses on the way holds it."""
        position = -1 if first is None else first
        last = len(stops) if second is None else second
        free = max((stop.end for stop in stops[: position + 1]), default=None)
        while position < last:
            position += 1
            pause_end = stops[position].start if position < len(stops) else None
            allowed = 0
            if position == last:
                before = stops[position - 1].contact if position else None
                broken = position > 0 and before is None
                after = None if second is None else stops[second].contact
                allowed = 0 if broken else self._allowed(before, after)
            if self._drive_fits(a, b, free, pause_end, allowed):
                return 0
            if position < len(stops):
                free = stops[position].end if free is None else max(free, stops[position].end)
        free = max((stop.end for stop in stops[:last]), default=None)
        arrival = self._drive(a, b, free if free is not None else self.driving[0][0] if self.driving else 0)
        due = (
            stops[second].start
            if second is not None
            else self.driving[-1][1]
            if self.driving
            else arrival - 1
        )
        return max(1, arrival - due)

    def _drive_fits(self, a: int, b: int, free: int | None, due: int | None, allowed: int = 0) -> bool:
        """Whether a drive begun after ``free`` ends by ``due`` within hours for driving."""
        for start, end in self.driving:
            depart = start if free is None else max(start, free)
            if due is not None:
                limit = min(end, due + allowed)
            else:
                limit = end + allowed if end == self.driving[-1][1] else end
            if depart <= limit and self._drive(a, b, depart) <= limit:
                return True
        return False

    def _drive(self, a: int, b: int, depart: int) -> int:
        """Arrival, minute by minute at the speed of each."""
        need = int(self.problem.travel[a, b]) * self.worker.travel_percent
        areas = (None, self.problem.areas[a], self.problem.areas[b])
        slow = [slowdown for slowdown in self.problem.slowdowns if slowdown.area in areas]
        minute = depart
        while need > 0:
            need -= min((s.speed_percent for s in slow if s.start <= minute < s.end), default=100)
            minute += 1
        return minute
