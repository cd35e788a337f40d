"""The first proposal: complete and safe within a second, by regret insertion.

What still holds stays untouched. What does not is inserted where it costs least, the most important class
first; within a class the contact goes next that would lose most by waiting. When nothing fits without moving
others, days may shift within their windows; then one lesser contact may give way; what is left goes to
another day or is said to be unserved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scheduler.planner.conflicts import keep_current, mend
from scheduler.planner.draft import Draft
from scheduler.planner.options import Option, best, fallback, pairs, single, single_modes
from scheduler.planner.problem import Mode, Placement
from scheduler.planner.schedule import Schedule
from scheduler.planner.shifting import apply, options_with_shifts

REGRET = 3
"""How many of a contact's best workers the regret compares."""
DISPLACEMENTS = 250
"""How many exchanges are tried at most when something important is left over."""
NEVER_STOP: Callable[[], bool] = lambda: False  # noqa: E731


def first_proposal(schedule: Schedule, cancelled: Callable[[], bool] = NEVER_STOP) -> Draft:
    """Make a complete, rule-safe draft from the current plan.

    Parameters
    ----------
    cancelled
        Polled between insertions; once true, what is not placed yet stays postponed or unserved.
    """
    draft = Draft(schedule)
    waiting = keep_current(draft)
    for contact in waiting:
        draft.decisions[contact] = fallback(draft, contact).placement
    left: list[int] = []
    for priority in (1, 2, 3, 4):
        group = [c for c in waiting if draft.problem.contacts[c].priority == priority]
        rest = _insert_pairs(
            draft, [c for c in group if draft.problem.contacts[c].staff_needed == 2], cancelled
        )
        rest += _insert_singles(
            draft, [c for c in group if draft.problem.contacts[c].staff_needed == 1], cancelled
        )
        left += _insert_shifting(draft, rest, cancelled)
    _displace(draft, left, cancelled)
    mend(draft)
    for contact, placement in enumerate(draft.decisions):
        if placement.mode is Mode.UNSERVED and not schedule.frozen[contact]:
            draft.decisions[contact] = fallback(draft, contact).placement
    return draft


def _regret(costs: Sequence[int], limit: int) -> int:
    """How much dearer the next best choices are than the best; a missing choice costs the limit."""
    ordered = [min(cost, limit) for cost in sorted(costs)[:REGRET]]
    ordered += [limit] * (REGRET - len(ordered))
    return sum(cost - ordered[0] for cost in ordered[1:])


def _insert_pairs(draft: Draft, contacts: list[int], cancelled: Callable[[], bool]) -> list[int]:
    """Insert contacts that need two, the most regretted first; those that fit nowhere."""
    waiting, left = list(contacts), []
    found: dict[int, list[Option]] = {contact: pairs(draft, contact) for contact in waiting}
    while waiting and not cancelled():
        limits = {contact: fallback(draft, contact).cost for contact in waiting}
        contact = max(waiting, key=lambda c: (_regret([o.cost for o in found[c]], limits[c]), -c))
        waiting.remove(contact)
        # as a call it takes one; as a visit it may still fit when others move
        option = found.pop(contact)[0] if found[contact] else best(draft, contact)
        if option is None or not draft.place(contact, option.placement):
            left.append(contact)
            continue
        touched = set(option.placement.staff)
        related = set(draft.related(contact))
        for other in waiting:
            if other in related or touched & draft.problem.contacts[other].eligible_physical:
                found[other] = pairs(draft, other)
    return left + waiting


def _insert_singles(draft: Draft, contacts: list[int], cancelled: Callable[[], bool]) -> list[int]:
    """Insert contacts for one, the most regretted first; those that fit nowhere."""
    waiting, left = list(contacts), []
    modes = {contact: single_modes(draft, contact) for contact in waiting}
    found: dict[int, dict[int, Option]] = {}
    for contact in waiting:
        options = {worker: single(draft, contact, worker, ways) for worker, ways in modes[contact].items()}
        found[contact] = {worker: option for worker, option in options.items() if option is not None}
    limits = {contact: fallback(draft, contact).cost for contact in waiting}
    while waiting and not cancelled():
        left += [c for c in waiting if not found[c]]
        waiting = [c for c in waiting if found[c]]
        if not waiting:
            break
        contact = max(waiting, key=lambda c: (_regret([o.cost for o in found[c].values()], limits[c]), -c))
        option = min(found[contact].values())
        waiting.remove(contact)
        if option.cost >= limits[contact] or not draft.place(contact, option.placement):
            left.append(contact)
            continue
        related = set(draft.related(contact))
        for other in waiting:
            workers = modes[other] if other in related else option.placement.staff
            for worker in workers:
                if worker in modes[other]:
                    again = single(draft, other, worker, modes[other][worker])
                    if again is None:
                        found[other].pop(worker, None)
                    else:
                        found[other][worker] = again
    return left + waiting


def _insert_shifting(draft: Draft, contacts: list[int], cancelled: Callable[[], bool]) -> list[int]:
    """Insert what is left while days may shift; those that still fit nowhere."""
    left = []
    for contact in contacts:
        option = None if cancelled() else options_with_shifts(draft, contact)
        if (
            option is None
            or option.cost >= fallback(draft, contact).cost
            or not apply(draft, contact, option)
        ):
            left.append(contact)
    return left


def _displace(draft: Draft, contacts: list[int], cancelled: Callable[[], bool]) -> None:
    """Let one lesser contact give way to each left over one, if the plan as a whole becomes better by it."""
    tries = DISPLACEMENTS
    problem = draft.problem
    for contact in contacts:
        data = problem.contacts[contact]
        if data.staff_needed == 2:
            continue
        modes = single_modes(draft, contact)
        low, high = max(data.earliest, problem.not_before), data.limit
        candidates: list[tuple[int, int, int]] = []
        for worker in modes:
            for start, end, other, _ in draft.items[worker]:
                near = start < high + data.physical_minutes + 30 and end > low - 30
                if near and not draft.schedule.frozen[other] and len(draft.decisions[other].staff) == 1:
                    rival = problem.contacts[other]
                    ease = -(rival.priority + 2 * (rival.modes.bit_count() > 1))
                    candidates.append((ease, other, worker))
        for _, other, worker in sorted(candidates)[:40]:
            if tries == 0 or cancelled():
                return
            tries -= 1
            if _exchange(draft, contact, other, worker, modes[worker]):
                break


def _exchange(draft: Draft, contact: int, other: int, worker: int, modes: list[Mode]) -> bool:
    """Put ``contact`` where ``other`` is and ``other`` elsewhere, if that lowers the cost."""
    state = draft.snapshot()
    old: dict[int, Placement] = {c: draft.decisions[c] for c in (contact, other)}
    days = {w: draft.day_price(draft.days[w]) for w in range(len(draft.days))}
    draft.remove(other, fallback(draft, other).placement)
    option = single(draft, contact, worker, modes) if draft.days[worker] is not None else None
    if option is not None and draft.place(contact, option.placement):
        again = best(draft, other)
        if again is not None and again.cost < fallback(draft, other).cost:
            draft.place(other, again.placement)
        change = sum(draft.price(c, draft.decisions[c]) - draft.price(c, old[c]) for c in old)
        change += sum(draft.day_price(day) - days[w] for w, day in enumerate(draft.days))
        if change < 0 and draft.gaps_hold((contact, other)):
            return True
    draft.restore(state)
    return False
