"""Why a contact does not take place, rule by rule, and what a person could decide instead."""

from __future__ import annotations

from scheduler.planner.draft import Draft
from scheduler.planner.options import MODES, Option, may, pairs, single, single_modes, slots, wish
from scheduler.planner.plan import Alternative, Obstacle, Refusal
from scheduler.planner.problem import LATEST_MINUTE, Mode, Placement
from scheduler.planner.roads import NEVER
from scheduler.planner.rules import Rule
from scheduler.planner.shift import earliest_fit


def refusals(draft: Draft) -> tuple[Refusal, ...]:
    """One refusal for each contact that is postponed or unserved, by contact index."""
    return tuple(
        refuse(draft, contact)
        for contact, placement in enumerate(draft.decisions)
        if placement.mode in (Mode.POSTPONED, Mode.UNSERVED)
    )


def refuse(draft: Draft, contact: int) -> Refusal:
    """Say what stands in the way of one contact."""
    data = draft.problem.contacts[contact]
    blocked: list[Obstacle] = []
    for mode in MODES:
        blocked.extend(obstacles(draft, contact, mode))
    wanted = data.current.mode if data.current else Mode.PHYSICAL
    if not data.modes.allows(wanted):
        wanted = next((mode for mode in MODES if data.modes.allows(mode)), wanted)
    decisive = next(obstacle.rule for obstacle in blocked if obstacle.mode is wanted)
    return Refusal(
        contact=contact,
        outcome=draft.decisions[contact].mode,
        decisive=decisive,
        obstacles=tuple(blocked),
        alternative=None if data.frozen else _outside_window(draft, contact) or _displacing(draft, contact),
    )


def obstacles(draft: Draft, contact: int, mode: Mode) -> list[Obstacle]:
    """What blocks one mode, the rule that stops most workers first; never empty."""
    data = draft.problem.contacts[contact]
    if data.frozen:
        return [Obstacle(mode, Rule.FROZEN)]
    if not data.modes.allows(mode):
        return [Obstacle(mode, Rule.NEVER_VIDEO if mode is Mode.VIDEO else Rule.MODE)]
    if draft.problem.not_before > data.limit:
        return [Obstacle(mode, Rule.NOT_BEFORE)]
    low, high = draft.window(contact, mode)
    if low > high:
        return [Obstacle(mode, Rule.GAP)]
    if mode is Mode.PHYSICAL and _shut(draft, contact, low, high):
        return [Obstacle(mode, Rule.UNREACHABLE)]
    allowed = may(draft, contact, mode)
    if not data.eligible(mode):
        return [Obstacle(mode, Rule.STAFF_ELIGIBLE)]
    if not allowed:
        return [Obstacle(mode, Rule.WORKER_VIDEO, tuple(sorted(data.eligible(mode))))]
    blocked: dict[Rule, list[int]] = {}
    for worker in allowed:
        blocked.setdefault(_stopped(draft, contact, mode, worker, (low, high)), []).append(worker)
    found = [Obstacle(mode, rule, tuple(workers)) for rule, workers in blocked.items()]
    return sorted(found, key=lambda obstacle: (-len(obstacle.workers), obstacle.rule))


def _shut(draft: Draft, contact: int, low: int, high: int) -> bool:
    """Whether the place can't be reached at any start from low to high."""
    data = draft.problem.contacts[contact]
    start = low
    for since, until in draft.schedule.blocked.get(data.place, ()):
        if start < until and start + data.physical_minutes > since:
            start = until
    return start > high


def _stopped(draft: Draft, contact: int, mode: Mode, worker: int, window: tuple[int, int]) -> Rule:
    """The rule that keeps one worker from the contact."""
    data = draft.problem.contacts[contact]
    shift = draft.schedule.shifts[worker]
    minutes = data.minutes(mode)
    low, high = window
    if earliest_fit(shift.calls, low, minutes) > high:
        return Rule.SHIFT
    physical = mode is Mode.PHYSICAL
    if physical and earliest_fit(shift.visits, low, minutes) > high:
        return Rule.DIGITAL_SHIFT
    if data.staff_for(mode) == 2 and any(True for _ in slots(draft, worker, contact, mode, window)):
        return Rule.STAFF_NUMBER
    free = low
    spans = shift.visits if physical else shift.calls
    for start, end, _, _ in [*draft.items[worker], (NEVER, NEVER, -1, -1)]:
        begin = earliest_fit(spans, free, minutes)
        if begin <= high and begin + minutes <= start:
            return Rule.TRAVEL if physical else Rule.BREAK
        free = max(free, end)
    return Rule.OVERLAP


def _outside_window(draft: Draft, contact: int) -> Alternative | None:
    """The nearest free time on this day if the window gives way."""
    problem = draft.problem
    data = problem.contacts[contact]
    low, high = max(problem.not_before, data.earliest - 1440), min(LATEST_MINUTE, data.limit + 1440)
    found: list[Option] = []
    for worker, modes in sorted(single_modes(draft, contact).items()):
        option = single(draft, contact, worker, modes, (low, high))
        if option is not None:
            found.append(option)
    if data.staff_needed == 2:
        found.extend(pairs(draft, contact, (low, high))[:1])
    if not found:
        return None
    middle = wish(draft, contact)

    def far(option: Option) -> tuple[int, int]:
        return abs((option.placement.start or 0) - middle), option.cost

    option = min(found, key=far)
    start = option.placement.start
    gives_way = (Rule.WINDOW,) if start is None or not data.earliest <= start <= data.limit else (Rule.GAP,)
    return Alternative(option.placement, gives_way, (), option.cost)


def _displacing(draft: Draft, contact: int) -> Alternative | None:
    """The worker's day where fewest and least important contacts would have to make room."""
    best: tuple[int, Alternative] | None = None
    for worker, modes in sorted(single_modes(draft, contact).items()):
        mode = modes[0]
        low, high = draft.window(contact, mode)
        start = min(max(wish(draft, contact), low), high)
        placement = Placement(mode, (worker,), start)
        item = draft.schedule.item(contact, placement)
        gone: list[int] = []
        rest = list(draft.items[worker])
        while low <= high and (day := draft.schedule.day(worker, sorted([*rest, item]))) is None:
            movable = [other for other in rest if not draft.schedule.frozen[other[2]]]
            if not movable or len(gone) == 3:
                break
            nearest = min(movable, key=lambda other: (max(other[0] - item[1], item[0] - other[1]), other[2]))
            rest.remove(nearest)
            gone.append(nearest[2])
        else:
            if low <= high and day is not None:
                loss = sum(5 - draft.problem.contacts[other].priority for other in gone)
                cost = (
                    draft.price(contact, placement)
                    + draft.day_price(day)
                    - draft.day_price(draft.days[worker])
                )
                if best is None or loss < best[0]:
                    best = loss, Alternative(placement, (), tuple(gone), cost)
    return best and best[1]
