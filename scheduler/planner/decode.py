"""Choose starts for a worker's day in a given order: as near to the wished starts as the rules allow.

Two passes. Backwards: how late may each item begin so that the rest still fits, with the trip to the next
visit taken already or not. Forwards: each item at its wished start, or as near as the limits leave. Both are
exact for the order they are given, apart from what two frozen rows do to each other; the caller confirms the
day with ``Schedule.day``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from scheduler.planner.problem import ANYWHERE
from scheduler.planner.roads import NEVER
from scheduler.planner.schedule import BREAK, CALL, Schedule
from scheduler.planner.shift import earliest_fit, latest_fit

PAUSES_TRIED = 6
PAUSES_FOUND = 2


class Task(NamedTuple):
    """An item whose start is still to be chosen: limits, wish, length, contact, place or ``CALL``."""

    low: int
    high: int
    wish: int
    minutes: int
    contact: int
    place: int


class _Limit(NamedTuple):
    """Latest starts of a task: with the trip to the next visit still to come, and with it taken."""

    before_trip: int
    after_trip: int


def decode(schedule: Schedule, worker: int, tasks: Sequence[Task]) -> list[int] | None:
    """Starts for the tasks in this order, the break placed where it disturbs least.

    Parameters
    ----------
    tasks
        In the order of the day, without the break.

    Returns
    -------
    list of int or None
        Start by task; None when the order can't be kept.
    """
    demand = schedule.demands[worker]
    if demand is None:
        return _choose(schedule, worker, tasks)
    pause = Task(
        demand.earliest, demand.latest, (demand.earliest + demand.latest) // 2, demand.minutes, BREAK, CALL
    )
    if _limits(schedule, worker, tasks) is None:
        return None  # impossible even without a break
    found: list[tuple[int, list[int]]] = []
    for position in _pause_positions(tasks, pause):
        starts = _choose(schedule, worker, [*tasks[:position], pause, *tasks[position:]])
        if starts is not None:
            del starts[position]
            found.append((sum(abs(s - task.wish) for s, task in zip(starts, tasks, strict=True)), starts))
            if not found[-1][0] or len(found) == PAUSES_FOUND:
                break
    return min(found)[1] if found else None


def _pause_positions(tasks: Sequence[Task], pause: Task) -> list[int]:
    """Places in the order where the break may come, nearest to the middle of its window first."""
    wished = sum(task.wish + task.minutes // 2 < pause.wish for task in tasks)
    return positions_near(tasks, pause, wished)[:PAUSES_TRIED]


def positions_near(tasks: Sequence[Task], added: Task, wished: int) -> list[int]:
    """Positions among `tasks` that the windows leave open to `added`, nearest to position `wished` first."""
    positions = []
    for position in range(len(tasks) + 1):
        if position and tasks[position - 1].low > added.high:
            break
        if position < len(tasks) and tasks[position].high + tasks[position].minutes < added.low:
            continue
        positions.append(position)
    return sorted(positions, key=lambda position: (abs(position - wished), position))


def _fixed(schedule: Schedule, task: Task) -> bool:
    return task.contact != BREAK and schedule.frozen[task.contact]


def _slack(schedule: Schedule, worker: int, first: Task | None, second: Task) -> int:
    if second.contact == BREAK or (first is not None and first.contact == BREAK):
        return 0
    return schedule.slack(worker, None if first is None else first.contact, second.contact)


def _earliest(schedule: Schedule, worker: int, task: Task, time: int) -> int:
    if task.contact == BREAK or schedule.frozen[task.contact]:
        return time
    shift = schedule.shifts[worker]
    if task.place == CALL:
        return earliest_fit(shift.calls, time, task.minutes)
    return shift.visit_from(time, task.minutes, schedule.blocked.get(task.place, ()))


def _latest(schedule: Schedule, worker: int, task: Task, time: int) -> int:
    if task.contact == BREAK or schedule.frozen[task.contact]:
        return time
    shift = schedule.shifts[worker]
    if task.place == CALL:
        return latest_fit(shift.calls, time, task.minutes)
    return shift.visit_until(time, task.minutes, schedule.blocked.get(task.place, ()))


def _limits(schedule: Schedule, worker: int, tasks: Sequence[Task]) -> list[_Limit] | None:
    """Latest start of each task; None when the order is impossible."""
    shift = schedule.shifts[worker]
    origins: list[int] = []
    place = shift.start_place
    for task in tasks:
        origins.append(place)
        if task.place != CALL:
            place = task.place
    visits = any(task.place != CALL for task in tasks)
    target = shift.end_place if visits else ANYWHERE
    after = NEVER
    before = NEVER if target == ANYWHERE else shift.trip_until(place, target, NEVER)
    if visits and before == -NEVER and _home_is_fact(schedule, tasks):
        before = NEVER
    limits = [_Limit(0, 0)] * len(tasks)
    for index in range(len(tasks) - 1, -1, -1):
        task = tasks[index]
        slack = _slack(schedule, worker, tasks[index - 1] if index else None, task)
        if index and _fixed(schedule, task) and _fixed(schedule, tasks[index - 1]):
            slack = NEVER
        if _fixed(schedule, task):  # a fact: what can't follow it shows on the way forwards
            limits[index] = _Limit(task.wish, task.wish)
            after = before = task.wish + slack
            if task.place != CALL:
                target = task.place
                before = shift.trip_until(origins[index], target, after)
            elif origins[index] != target:
                before = max(task.wish, shift.trip_until(origins[index], target, after))
        elif task.place == CALL:
            late = _latest(schedule, worker, task, min(task.high, after - task.minutes))
            soon = _latest(schedule, worker, task, min(task.high, before - task.minutes))
            if late < task.low and soon < task.low:
                return None
            limits[index] = _Limit(soon, late)
            after = late + slack if late >= task.low else -NEVER
            before = max(
                soon + slack if soon >= task.low else -NEVER,
                shift.trip_until(origins[index], target, after) if after > -NEVER else -NEVER,
            )
        else:
            late = _latest(schedule, worker, task, min(task.high, before - task.minutes))
            if late < task.low:
                return None
            limits[index] = _Limit(late, late)
            after, target = late + slack, task.place
            before = shift.trip_until(origins[index], target, after)
    return limits


def _home_is_fact(schedule: Schedule, tasks: Sequence[Task]) -> bool:
    last = next(task for task in reversed(tasks) if task.place != CALL)
    return _fixed(schedule, last)


def _choose(schedule: Schedule, worker: int, tasks: Sequence[Task]) -> list[int] | None:
    limits = _limits(schedule, worker, tasks)
    if limits is None:
        return None
    shift = schedule.shifts[worker]
    targets = [task.place for task in tasks if task.place != CALL]
    targets.append(shift.end_place if targets else ANYWHERE)
    place, passed, free = shift.start_place, 0, -NEVER
    there = ANYWHERE in (place, targets[0]) or place == targets[0]
    starts: list[int] = []
    previous: Task | None = None
    for task, limit in zip(tasks, limits, strict=True):
        slack = _slack(schedule, worker, previous, task)
        fixed = _fixed(schedule, task) and (previous is None or _fixed(schedule, previous))
        if fixed:
            start: int | None = task.wish
            if task.place == CALL:
                there = there or shift.trip(place, targets[passed], free)[1] <= task.wish
            else:
                place, passed = task.place, passed + 1
                there = targets[passed] in (ANYWHERE, place)
        elif task.place == CALL:
            arrive = free if there else shift.trip(place, targets[passed], free)[1]
            start = None
            if not there:
                start = _nearest(schedule, worker, task, free - slack, limit.before_trip)
            if start is None or (start != task.wish and arrive <= task.wish <= limit.after_trip):
                moved = _nearest(schedule, worker, task, max(free - slack, arrive), limit.after_trip)
                start = moved if moved is not None else start
            there = there or (start is not None and arrive <= start)
        else:
            ready = free if there else shift.trip(place, targets[passed], free)[1]
            start = _nearest(schedule, worker, task, ready - slack, limit.after_trip)
            place, passed = task.place, passed + 1
            there = targets[passed] in (ANYWHERE, place)
        if start is None:
            return None
        starts.append(start)
        free = max(free, start + task.minutes)
        previous = task
    return starts


def _nearest(schedule: Schedule, worker: int, task: Task, ready: int, latest: int) -> int | None:
    """Possible start nearest to the wish, between ``ready`` and ``latest``."""
    low = max(ready, task.low)
    if low > latest:
        return None
    start = _earliest(schedule, worker, task, max(low, min(task.wish, latest)))
    return min(start, latest)
