"""Keep of the current plan what still holds, and repair the days that the disruption has broken."""

from __future__ import annotations

from typing import NamedTuple

from scheduler.planner.draft import Draft
from scheduler.planner.options import may
from scheduler.planner.problem import UNSERVED, Mode, Placement
from scheduler.planner.roads import NEVER
from scheduler.planner.schedule import CALL, Item
from scheduler.planner.shifting import respaced, tasks


def keep_current(draft: Draft) -> list[int]:
    """Fill an empty draft with the current plan; contacts that can't stay as they are, ascending.

    A contact stays when its own rules still hold (mode, staff, window, reach, distance to the client's
    others). Days that have become impossible as a whole are repaired: by later or earlier starts, by a call
    at the same time in place of a visit, or by taking contacts out, whichever costs least.
    """
    problem = draft.problem
    kept: list[int] = []
    for index, contact in enumerate(problem.contacts):
        if contact.current is None:
            continue
        if contact.frozen or _stands(draft, index, contact.current):
            kept.append(index)
            draft.decisions[index] = contact.current
    for gap in problem.gaps:
        _part(draft, gap.first, gap.second)
    for index in kept:
        placement = draft.decisions[index]
        for worker in placement.staff:
            draft.items[worker].append(draft.schedule.item(index, placement))
    for worker in range(len(problem.workers)):
        draft.items[worker].sort()
        draft.days[worker] = draft.schedule.day(worker, draft.items[worker])
    mend(draft)
    return [
        index
        for index, contact in enumerate(problem.contacts)
        if not contact.frozen and draft.decisions[index].mode is Mode.UNSERVED
    ]


def mend(draft: Draft) -> None:
    """Repair impossible days until there are none."""
    while (worker := next((w for w, day in enumerate(draft.days) if day is None), None)) is not None:
        _mend_day(draft, worker)


def _stands(draft: Draft, index: int, current: Placement) -> bool:
    """Whether a contact's own rules allow it to stay, its worker's day apart."""
    contact = draft.problem.contacts[index]
    start = current.begin
    low, high = max(contact.earliest, draft.problem.not_before), contact.limit
    if not contact.modes.allows(current.mode) or not low <= start <= high:
        return False
    if len(current.staff) != contact.staff_for(current.mode):
        return False
    allowed = may(draft, index, current.mode)
    end = start + contact.minutes(current.mode)
    blocked = draft.schedule.blocked.get(contact.place, ()) if current.mode is Mode.PHYSICAL else ()
    if any(start < until and end > since for since, until in blocked):
        return False
    for worker in current.staff:
        shift = draft.schedule.shifts[worker]
        spans = shift.visits if current.mode is Mode.PHYSICAL else shift.calls
        if worker not in allowed or not any(since <= start and end <= until for since, until in spans):
            return False
    return True


def _part(draft: Draft, first: int, second: int) -> None:
    """Take out one of two contacts that are too near each other: the less important, or the later."""
    one, other = draft.decisions[first], draft.decisions[second]
    if one.start is None or other.start is None:
        return
    contacts = draft.problem.contacts
    if contacts[second].frozen and contacts[first].frozen:
        return
    subject = second if not contacts[second].frozen else first
    low, high = draft.window(subject, draft.decisions[subject].mode)
    if low <= draft.decisions[subject].begin <= high:
        return
    if not contacts[first].frozen and contacts[first].priority > contacts[second].priority:
        subject = first
    draft.decisions[subject] = UNSERVED


class _Remedy(NamedTuple):
    cost: int
    contact: int
    mode: Mode | None
    """New mode of the contact; None: it is taken out (contact -1: starts alone change)."""
    starts: dict[int, int]


def _loss(draft: Draft, contact: int) -> int:
    """Rough points for having to place a contact anew."""
    weights = draft.problem.weights
    data = draft.problem.contacts[contact]
    people = len(draft.decisions[contact].staff)
    return (weights.staff_change + weights.unfamiliar) * people + weights.moved * (5 - data.priority)


def _mend_day(draft: Draft, worker: int) -> None:
    items = draft.items[worker]
    found: list[_Remedy] = []
    whole = respaced(draft, worker, tasks(draft, items), {})
    if whole is not None:
        found.append(_Remedy(whole.cost, -1, None, whole.starts))
    for _, _, contact, place in items:
        if draft.schedule.frozen[contact]:
            continue
        if place != CALL and len(draft.decisions[contact].staff) == 1:
            found.extend(_calls(draft, worker, contact))
        rest = draft.without(worker, contact)
        shorter = draft.schedule.day(worker, rest)
        if shorter is not None:
            found.append(_Remedy(draft.day_price(shorter) + _loss(draft, contact), contact, None, {}))
        elif (spaced := respaced(draft, worker, tasks(draft, rest), {})) is not None:
            found.append(_Remedy(spaced.cost + _loss(draft, contact), contact, None, spaced.starts))
    if not found:
        _give_up_one(draft, worker)
        return
    remedy = min(found, key=lambda r: (r.cost, r.contact, -1 if r.mode is None else r.mode))
    if remedy.mode is not None:
        old = draft.decisions[remedy.contact]
        draft.decisions[remedy.contact] = Placement(remedy.mode, old.staff, old.start)
    elif remedy.contact >= 0:
        draft.remove(remedy.contact)
    draft.retime(worker, remedy.starts)


def _calls(draft: Draft, worker: int, contact: int) -> list[_Remedy]:
    """A call in place of the visit, by the same worker at the same time."""
    old = draft.decisions[contact]
    found = []
    for mode in (Mode.VIDEO, Mode.PHONE):
        if worker in may(draft, contact, mode):
            low, high = draft.window(contact, mode)
            placement = Placement(mode, old.staff, old.start)
            item = draft.schedule.item(contact, placement)
            if low <= item[0] <= high:
                day = draft.schedule.day(worker, sorted([*draft.without(worker, contact), item]))
                if day is not None:
                    cost = draft.price(contact, placement) - draft.price(contact, old) + draft.day_price(day)
                    found.append(_Remedy(cost, contact, mode, {}))
    return found


def _give_up_one(draft: Draft, worker: int) -> None:
    """Take out the contact without which the day is least late."""
    items = draft.items[worker]
    candidates = [item for item in items if not draft.schedule.frozen[item[2]]]
    if not candidates:
        raise RuntimeError(f"worker {worker}: frozen contacts alone can't make a day impossible")
    _, _, contact = min(
        (_overrun(draft, worker, draft.without(worker, item[2])), _loss(draft, item[2]), item[2])
        for item in candidates
    )
    draft.remove(contact)


def _overrun(draft: Draft, worker: int, items: list[Item]) -> int:
    """Minutes by which the day's items begin too late in all, when each waits for the one before."""
    shift = draft.schedule.shifts[worker]
    free, place, late = -NEVER, shift.start_place, 0
    for start, end, _, spot in items:
        ready = free
        if spot != CALL:
            arrive = shift.trip(place, spot, free)[1]
            ready, place = (arrive if arrive < NEVER else start + 1440), spot
        wait = max(0, ready - start)
        late += wait
        free = max(free, min(end + wait, end + 240))
    return late
