"""Where a contact fits without moving anything else, over workers, modes and times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scheduler.planner.draft import Draft
from scheduler.planner.problem import ANYWHERE, POSTPONED, UNSERVED, Mode, Placement
from scheduler.planner.schedule import CALL
from scheduler.planner.shift import earliest_fit, latest_fit

MODES = (Mode.PHYSICAL, Mode.VIDEO, Mode.PHONE)
PAIRS_TRIED = 40
PAIRS_FOUND = 10


class Option(NamedTuple):
    """A possible placement and what it adds to the plan's cost, in points."""

    cost: int
    placement: Placement


class Slot(NamedTuple):
    """Starts from ``low`` to ``high`` between two items, and the detour in minutes at normal speed."""

    low: int
    high: int
    detour: int


def may(draft: Draft, contact: int, mode: Mode) -> list[int]:
    """Workers who may carry the contact out in this mode, ascending; none when the mode is not allowed."""
    data = draft.problem.contacts[contact]
    if not data.modes.allows(mode):
        return []
    workers = draft.problem.workers
    return sorted(w for w in data.eligible(mode) if mode is not Mode.VIDEO or workers[w].video)


def fallback(draft: Draft, contact: int) -> Option:
    """What is left when the contact fits nowhere: another day if the rules allow it, otherwise unserved."""
    data = draft.problem.contacts[contact]
    outcome = POSTPONED if data.modes.allows(Mode.POSTPONED) else UNSERVED
    return Option(draft.price(contact, outcome), outcome)


def wish(draft: Draft, contact: int) -> int:
    """The start that costs least: the current one, or the first of the window."""
    data = draft.problem.contacts[contact]
    return data.current.start if data.current and data.current.start is not None else data.earliest


def slots(draft: Draft, worker: int, contact: int, mode: Mode, window: tuple[int, int]) -> Iterator[Slot]:
    """Spaces in a worker's day for a contact, calculated quickly; the day with it must still be confirmed."""
    schedule = draft.schedule
    shift = schedule.shifts[worker]
    data = draft.problem.contacts[contact]
    minutes = data.minutes(mode)
    low, high = window
    physical = mode is Mode.PHYSICAL
    items = draft.items[worker]
    spans = shift.visits if physical else shift.calls
    if low > high or not spans:
        return
    free, origin = spans[0][0], shift.start_place
    following = [place for _, _, _, place in items if place != CALL]
    passed = 0
    for position in range(len(items) + 1):
        if free > high:
            return
        item = items[position] if position < len(items) else None
        until = item[0] if item else spans[-1][1]
        if until >= low + minutes:
            first, last, detour = max(low, free), min(high, until - minutes), 0
            if physical:
                target = following[passed] if passed < len(following) else shift.end_place
                first = max(low, shift.trip(origin, data.place, free)[1])
                if item is None or item[3] != CALL:
                    last = min(high, shift.trip_until(data.place, target, until) - minutes)
                detour = _detour(draft, worker, (origin, data.place, target), alone=not following)
            if first <= last:
                if physical:
                    blocked = schedule.blocked.get(data.place, ())
                    first = shift.visit_from(first, minutes, blocked)
                    last = shift.visit_until(last, minutes, blocked)
                else:
                    first, last = earliest_fit(spans, first, minutes), latest_fit(spans, last, minutes)
                if first <= last:
                    yield Slot(first, last, detour)
        if item:
            free = max(free, item[1])
            if item[3] != CALL:
                origin, passed = item[3], passed + 1


def _detour(draft: Draft, worker: int, way: tuple[int, int, int], *, alone: bool) -> int:
    """Minutes at normal speed that a stop on the way adds; the whole way when the day has no other visit."""
    origin, stop, target = way
    legs = [(origin, stop, 1), (stop, target, 1), (origin, target, 0 if alone else -1)]
    base = draft.schedule.roads.base
    return sum(sign * base(worker, a, b) for a, b, sign in legs if sign and ANYWHERE not in (a, b))


def _starts(slot: Slot, wished: int) -> list[int]:
    nearest = min(max(wished, slot.low), slot.high)
    return [nearest, *(start for start in (slot.low, slot.high) if start != nearest)]


def single(
    draft: Draft, contact: int, worker: int, modes: Sequence[Mode], window: tuple[int, int] | None = None
) -> Option | None:
    """Best placement of a contact for one with this worker, over the modes; None if there is none.

    Parameters
    ----------
    modes
        Modes that take one worker and that this worker may use.
    window
        First and last start instead of the contact's own.
    """
    problem = draft.problem
    weight = problem.weights.travel_minute
    before = draft.day_price(draft.days[worker])
    wished = wish(draft, contact)
    best: Option | None = None
    for mode in modes:
        for slot in slots(draft, worker, contact, mode, window or draft.window(contact, mode)):
            for start in _starts(slot, wished):
                placement = Placement(mode, (worker,), start)
                price = draft.price(contact, placement)
                if best is not None and price + slot.detour * weight >= best.cost:
                    break
                day = draft.schedule.day(
                    worker, sorted([*draft.items[worker], draft.schedule.item(contact, placement)])
                )
                if day is not None:
                    cost = price + draft.day_price(day) - before
                    if best is None or cost < best.cost:
                        best = Option(cost, placement)
                    break
    return best


def pairs(draft: Draft, contact: int, window: tuple[int, int] | None = None) -> list[Option]:
    """Best placements of a contact for two, cheapest first; at most a handful is confirmed."""
    workers = may(draft, contact, Mode.PHYSICAL)
    weight = draft.problem.weights.travel_minute
    wished = wish(draft, contact)
    span = window or draft.window(contact, Mode.PHYSICAL)
    found = [(worker, list(slots(draft, worker, contact, Mode.PHYSICAL, span))) for worker in workers]
    found = [(worker, places) for worker, places in found if places]
    rough: list[tuple[int, int, int, int]] = []
    for number, (one, places) in enumerate(found):
        for other, others in found[number + 1 :]:
            least: tuple[int, int, int, int] | None = None
            for first in places:
                for second in others:
                    low, high = max(first.low, second.low), min(first.high, second.high)
                    if low > high:
                        continue
                    start = min(max(wished, low), high)
                    cost = (first.detour + second.detour) * weight
                    cost += draft.price(contact, Placement(Mode.PHYSICAL, (one, other), start))
                    if least is None or cost < least[0]:
                        least = (cost, one, other, start)
            if least is not None:
                rough.append(least)
    options: list[Option] = []
    for _, one, other, start in sorted(rough)[:PAIRS_TRIED]:
        placement = Placement(Mode.PHYSICAL, (one, other), start)
        item = draft.schedule.item(contact, placement)
        cost = draft.price(contact, placement)
        for worker in (one, other):
            day = draft.schedule.day(worker, sorted([*draft.items[worker], item]))
            if day is None:
                break
            cost += draft.day_price(day) - draft.day_price(draft.days[worker])
        else:
            options.append(Option(cost, placement))
            if len(options) == PAIRS_FOUND:
                break
    return sorted(options)


def single_modes(draft: Draft, contact: int) -> dict[int, list[Mode]]:
    """By worker: the modes in which that worker alone may carry the contact out."""
    result: dict[int, list[Mode]] = {}
    for mode in MODES:
        if draft.problem.contacts[contact].staff_for(mode) == 1:
            for worker in may(draft, contact, mode):
                result.setdefault(worker, []).append(mode)
    return result


def best(draft: Draft, contact: int) -> Option | None:
    """Cheapest placement over all workers, modes and times that moves nothing else."""
    found = [
        option
        for worker, modes in sorted(single_modes(draft, contact).items())
        if (option := single(draft, contact, worker, modes)) is not None
    ]
    if draft.problem.contacts[contact].staff_needed == 2:
        found.extend(pairs(draft, contact)[:1])
    return min(found, default=None)
