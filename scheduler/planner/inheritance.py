"""Leave alone what was already wrong before anything happened.

Plans come from other systems without travel times, breaks or strict windows. Were every rule simply demanded
of them, a single sick person would set off repairs all over the municipality. So what the current plan broke
*before* the disruption is allowed to stay exactly as bad as it was, and no worse.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from scheduler.planner.checker import check
from scheduler.planner.plan import Costs, Plan, Refusal
from scheduler.planner.problem import (
    ANYWHERE,
    UNSERVED,
    Allowance,
    Contact,
    Gap,
    Interval,
    Mode,
    Problem,
    Worker,
)
from scheduler.planner.roads import NEVER
from scheduler.planner.rules import Rule
from scheduler.planner.schedule import CALL, Item, Schedule, day_items


def inherit(problem: Problem, before: Problem) -> Problem:
    """The disturbed problem with allowances for the faults that its current plan had before the disruption.

    Parameters
    ----------
    problem
        The day with the disruption.
    before
        The same day without it: the same contacts, workers and places in the same order.

    Returns
    -------
    Problem
        With shorter demands where the current plan already failed them: tight trips and overlaps (also
        between contacts that become neighbours when others leave), windows, distances between a client's
        contacts, breaks, and time at work. Modes, skills and reach are safety and never loosened, nor is
        what the disruption itself took away.

    Raises
    ------
    ValueError
        If the two problems do not describe the same contacts and workers.
    """
    if len(problem.contacts) != len(before.contacts) or len(problem.workers) != len(before.workers):
        raise ValueError("the two problems must hold the same contacts and workers")
    current = tuple(contact.current or UNSERVED for contact in before.contacts)
    refused = tuple(
        Refusal(index, Mode.UNSERVED, Rule.COMPLETE, ())
        for index, placement in enumerate(current)
        if not placement.mode.served
    )
    thawed = replace(before, contacts=tuple(replace(contact, frozen=False) for contact in before.contacts))
    schedule = Schedule(thawed)
    days = day_items(schedule, current)
    evaluated = [schedule.day(worker, items) for worker, items in enumerate(days)]
    breaks = tuple(day.break_start if day is not None else None for day in evaluated)
    faults = check(thawed, Plan(current, breaks, Costs(), refused))
    contacts, crew, calm = list(problem.contacts), list(problem.workers), list(before.workers)
    for fault in faults:
        if fault.rule is Rule.WINDOW:
            contacts[fault.contacts[0]] = _loosened(contacts[fault.contacts[0]])
        elif fault.rule in (Rule.SHIFT, Rule.MAX_WORK, Rule.DIGITAL_SHIFT):
            worker, index = fault.workers[0], fault.contacts[0]
            if problem.contacts[index].frozen:
                continue  # a fact in any case
            start, end, _, place = schedule.item(index, current[index])
            start -= _way_to(schedule, worker, days[worker], index)
            if crew[worker].intervals == calm[worker].intervals:
                crew[worker] = _at_work(crew[worker], start, end, digital_only=place == CALL)
            calm[worker] = _at_work(calm[worker], start, end, digital_only=place == CALL)
    longer = Schedule(replace(thawed, workers=tuple(calm)))
    tight = [found for worker, items in enumerate(days) for found in _tightness(longer, worker, items)]
    allowances = (*problem.allowances, *tight)
    settled = Schedule(replace(thawed, workers=tuple(calm), allowances=allowances))
    for worker, items in enumerate(days):
        if settled.day(worker, items) is None:  # now only for want of a break
            crew[worker] = replace(crew[worker], break_demand=None)
    gaps = (_shortened(gap, before) for gap in problem.gaps)
    return replace(
        problem, contacts=tuple(contacts), workers=tuple(crew), gaps=tuple(gaps), allowances=allowances
    )


def _loosened(contact: Contact) -> Contact:
    """The contact with a window that holds its current start."""
    if contact.current is None:
        return contact
    start = contact.current.begin
    return replace(contact, earliest=min(contact.earliest, start), latest=max(contact.latest, start))


def _shortened(gap: Gap, before: Problem) -> Gap:
    """The distance that the current starts keep, if that is less."""
    first, second = before.contacts[gap.first], before.contacts[gap.second]
    if first.current is None or second.current is None:
        return gap
    end = first.current.begin + first.minutes(first.current.mode)
    return replace(gap, minutes=min(gap.minutes, second.current.begin - end))


def _at_work(worker: Worker, start: int, end: int, *, digital_only: bool) -> Worker:
    """The worker with this time added to the time at work."""
    if worker.intervals and end > worker.intervals[-1].end and worker.overtime_limit:
        last = worker.intervals[-1]  # overtime is counted from the new end; what it allowed stays allowed
        longer = replace(last, end=last.end + worker.overtime_limit)
        worker = replace(worker, intervals=(*worker.intervals[:-1], longer))
    kept = [i for i in worker.intervals if i.end <= start or i.start >= end]
    cut = [i for i in worker.intervals if i not in kept]
    if digital_only:  # what is at work already stays as it is
        edges = [start, *(edge for i in cut for edge in (i.start, i.end)), end]
        pieces = [
            Interval(low, high, True) for low, high in zip(edges[::2], edges[1::2], strict=True) if low < high
        ]
        kept = list(worker.intervals)
    else:
        pieces = [Interval(start, end)]
        pieces += [replace(i, end=start) for i in cut if i.start < start]
        pieces += [replace(i, start=end) for i in cut if i.end > end]
    return replace(worker, intervals=tuple(sorted([*kept, *pieces], key=lambda i: i.start)))


def _way_to(schedule: Schedule, worker: int, items: Sequence[Item], contact: int) -> int:
    """Minutes at normal speed to a visit from where the worker was before; 0 to a call."""
    place = schedule.shifts[worker].start_place
    for _, _, index, spot in items:
        if index == contact:
            known = CALL not in (spot, place) and ANYWHERE not in (spot, place)
            return schedule.roads.base(worker, place, spot) if known else 0
        place = place if spot == CALL else spot
    return 0


def _tightness(schedule: Schedule, worker: int, items: Sequence[Item]) -> Iterator[Allowance]:
    """What is missing in one worker's day between each two contacts, were they neighbours."""
    for position in range(-1, len(items)):
        earlier = list(items[: position + 1])
        first = items[position][2] if position >= 0 else None
        for later in items[position + 1 :]:
            missing = _missing(schedule, worker, earlier, later)
            if missing > 0:
                yield Allowance(worker, first, later[2], missing)
        missing = _missing(schedule, worker, earlier, None) if earlier else 0
        if missing > 0:
            yield Allowance(worker, first, None, missing)


def _missing(schedule: Schedule, worker: int, earlier: Sequence[Item], later: Item | None) -> int:
    """Minutes by which ``later`` (None: the end of the day) begins too early after the items before it."""
    shift = schedule.shifts[worker]
    free, place = -NEVER, shift.start_place
    calls: list[Item] = []
    for item in earlier:
        free = max(free, item[1])
        if item[3] != CALL:
            place, calls = item[3], []
        else:
            calls.append(item)
    if later is not None and later[3] == CALL:
        return max(0, free - later[0])
    target = later[3] if later is not None else shift.end_place
    if later is None and not any(item[3] != CALL for item in earlier):
        return 0
    due = later[0] if later is not None else shift.visits[-1][1] if shift.visits else NEVER
    if ANYWHERE in (place, target) or place == target:
        return max(0, free - due) if later is not None else 0
    left = max((item[1] for item in earlier if item not in calls), default=-NEVER)
    for call in calls:  # the trip may be made before or between the calls on the way
        if shift.trip(place, target, left)[1] <= call[0]:
            return max(0, free - due)
        left = max(left, call[1])
    depart = max(free, shift.visits[0][0]) if shift.visits else free
    if depart <= -NEVER:
        return 0
    return schedule.roads.arrival(worker, place, target, depart) - due
