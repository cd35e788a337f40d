"""Where a contact fits when its neighbours in the day may move within their windows."""

from __future__ import annotations

from typing import NamedTuple

from scheduler.planner.decode import Task, decode, positions_near
from scheduler.planner.draft import Draft
from scheduler.planner.options import may, single_modes, wish
from scheduler.planner.problem import Mode, Placement
from scheduler.planner.schedule import CALL, Item

ORDERS = 4
"""At how many positions of a day a contact is tried."""
GRID = 6
"""How many starts are tried for a visit by two."""


class Shifted(NamedTuple):
    """A placement with the new starts of the others in the worker's day, and what it all costs in points."""

    cost: int
    placement: Placement
    starts: dict[int, int]


def tasks(draft: Draft, items: list[Item]) -> list[Task]:
    """Items as tasks whose starts may be chosen again; frozen ones and visits by two stay where they are."""
    result = []
    for start, end, contact, place in items:
        placement = draft.decisions[contact]
        if draft.schedule.frozen[contact] or len(placement.staff) > 1:
            result.append(Task(start, start, start, end - start, contact, place))
        else:
            low, high = draft.window(contact, placement.mode)
            result.append(
                Task(min(low, start), max(high, start), wish(draft, contact), end - start, contact, place)
            )
    return result


def gaps_hold(draft: Draft, placed: dict[int, Placement]) -> bool:
    """Whether the client's contacts keep their distances with these placements."""
    for contact, placement in placed.items():
        data = draft.problem.contacts[contact]
        if data.frozen or not draft.related(contact):
            continue
        kept = {other: draft.decisions[other] for other in draft.related(contact) if other in placed}
        for other in kept:
            draft.decisions[other] = placed[other]
        low, high = draft.window(contact, placement.mode)
        for other, old in kept.items():
            draft.decisions[other] = old
        if not low <= placement.begin <= high:
            return False
    return True


def respaced(draft: Draft, worker: int, order: list[Task], added: dict[int, Mode]) -> Shifted | None:
    """Choose all starts of a day in this order; the cost is the change for contacts and day.

    ``added`` gives the mode of tasks that are not in the worker's day yet; the placement returned is that of
    the last of them, or the worker's first if there are none.
    """
    starts = decode(draft.schedule, worker, order)
    if starts is None:
        return None
    cost = 0
    placed: dict[int, Placement] = {}
    items: list[Item] = []
    last: Placement | None = None
    for task, start in zip(order, starts, strict=True):
        items.append((start, start + task.minutes, task.contact, task.place))
        if task.contact in added:
            last = placed[task.contact] = Placement(added[task.contact], (worker,), start)
            cost += draft.price(task.contact, last)
            continue
        old = draft.decisions[task.contact]
        if start != old.start:
            placed[task.contact] = Placement(old.mode, old.staff, start)
            cost += draft.price(task.contact, placed[task.contact]) - draft.price(task.contact, old)
    day = draft.schedule.day(worker, sorted(items))
    if day is None or not gaps_hold(draft, placed):
        return None
    before = draft.days[worker]
    cost += draft.day_price(day) - (draft.day_price(before) if before is not None else 0)
    moved = {contact: placement.start for contact, placement in placed.items() if placement.start is not None}
    for contact in added:
        moved.pop(contact, None)
    return Shifted(cost, last or Placement(Mode.UNSERVED), moved)


def _orders(order: list[Task], task: Task) -> list[list[Task]]:
    """Orders with the task among the others, at the positions nearest to its wish."""
    wished = sum(other.wish < task.wish for other in order)
    nearest = positions_near(order, task, wished)[:ORDERS]
    return [[*order[:position], task, *order[position:]] for position in nearest]


def shifted(draft: Draft, contact: int, worker: int, modes: list[Mode]) -> Shifted | None:
    """Best placement with one worker when the rest of the day may move; None if there is none."""
    data = draft.problem.contacts[contact]
    present = tasks(draft, draft.items[worker])
    best: Shifted | None = None
    for mode in modes:
        low, high = draft.window(contact, mode)
        if low > high:
            continue
        place = data.place if mode is Mode.PHYSICAL else CALL
        task = Task(low, high, min(max(wish(draft, contact), low), high), data.minutes(mode), contact, place)
        for order in _orders(present, task):
            found = respaced(draft, worker, order, {contact: mode})
            if found is not None and (best is None or found.cost < best.cost):
                best = found
    return best


def apply(draft: Draft, contact: int, found: Shifted) -> bool:
    """Carry out a shifted placement with one worker; False and nothing done if the day does not hold."""
    state = draft.snapshot()
    for worker in found.placement.staff:
        mine = {item[2] for item in draft.items[worker]}
        draft.retime(worker, {moved: start for moved, start in found.starts.items() if moved in mine})
    if draft.place(contact, found.placement) and all(
        draft.days[w] is not None for w in found.placement.staff
    ):
        return True
    draft.restore(state)
    return False


def shifted_pair(draft: Draft, contact: int) -> Shifted | None:
    """Best placement of a visit by two when both days may move, over a grid of starts."""
    data = draft.problem.contacts[contact]
    low, high = draft.window(contact, Mode.PHYSICAL)
    if low > high:
        return None
    wished = min(max(wish(draft, contact), low), high)
    step = max(1, (high - low) // (GRID - 1))
    best: Shifted | None = None
    workers = may(draft, contact, Mode.PHYSICAL)
    for start in sorted({wished, *range(low, high + 1, step)}, key=lambda s: (abs(s - wished), s)):
        task = Task(start, start, start, data.physical_minutes, contact, data.place)
        halves: list[tuple[int, int, Shifted]] = []
        for worker in workers:
            present = tasks(draft, draft.items[worker])
            found = [
                respaced(draft, worker, order, {contact: Mode.PHYSICAL}) for order in _orders(present, task)
            ]
            half = min((f for f in found if f is not None), key=lambda f: f.cost, default=None)
            if half is not None:
                halves.append((half.cost - draft.price(contact, half.placement), worker, half))
        for number, (_, one, first) in enumerate(halves):
            for _, other, second in halves[number + 1 :]:
                placement = Placement(Mode.PHYSICAL, (one, other), start)
                cost = halves[number][0] + second.cost - draft.price(contact, second.placement)
                cost += draft.price(contact, placement)
                if (best is None or cost < best.cost) and not set(first.starts) & set(second.starts):
                    starts = {**first.starts, **second.starts}
                    both = {
                        c: Placement(draft.decisions[c].mode, draft.decisions[c].staff, s)
                        for c, s in starts.items()
                    }
                    if gaps_hold(draft, {**both, contact: placement}):
                        best = Shifted(cost, placement, starts)
    return best


def options_with_shifts(draft: Draft, contact: int) -> Shifted | None:
    """Best placement of a contact over all workers and modes when days may move."""
    best: Shifted | None = None
    for worker, modes in sorted(single_modes(draft, contact).items()):
        found = shifted(draft, contact, worker, modes)
        if found is not None and (best is None or found.cost < best.cost):
            best = found
    if draft.problem.contacts[contact].staff_needed == 2:
        found = shifted_pair(draft, contact)
        if found is not None and (best is None or found.cost < best.cost):
            best = found
    return best
