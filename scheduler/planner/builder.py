"""Make a problem: every number is checked before anything is planned with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from scheduler.planner.problem import (
    ANYWHERE,
    EARLIEST_MINUTE,
    LATEST_MINUTE,
    Allowance,
    Blockage,
    Contact,
    Gap,
    Mode,
    Modes,
    Placement,
    Problem,
    ProblemError,
    Slowdown,
    Worker,
)
from scheduler.planner.weights import Weights


def build_problem(
    *,
    contacts: Sequence[Contact],
    workers: Sequence[Worker],
    travel: npt.ArrayLike,
    areas: Sequence[int] | None = None,
    slowdowns: Sequence[Slowdown] = (),
    blockages: Sequence[Blockage] = (),
    gaps: Sequence[Gap] = (),
    allowances: Sequence[Allowance] = (),
    not_before: int = EARLIEST_MINUTE,
    weights: Weights | None = None,
) -> Problem:
    """Check everything and make a :class:`Problem`.

    Parameters
    ----------
    travel
        Square matrix of minutes, whole numbers of at least 0; rounded up if not whole.
    areas
        Area of each place; all 0 if left out.

    Raises
    ------
    ProblemError
        With a code, the place in the data and a sentence, for the first fault found.
    """
    matrix = _matrix(travel)
    places = matrix.shape[0]
    area_numbers = tuple(int(area) for area in areas) if areas is not None else (0,) * places
    if len(area_numbers) != places:
        raise ProblemError("areas.length", "areas", f"{len(area_numbers)} areas for {places} places")
    for index, worker in enumerate(workers):
        _check_worker(index, worker, places)
    for index, contact in enumerate(contacts):
        _check_contact(index, contact, len(workers), places)
    _check_conditions(slowdowns, blockages, places)
    _check_gaps(gaps, len(contacts))
    for index, allowance in enumerate(allowances):
        where = f"allowances[{index}]"
        _index(where + ".worker", allowance.worker, len(workers))
        for name in ("first", "second"):
            value = getattr(allowance, name)
            if value is not None:
                _index(f"{where}.{name}", value, len(contacts))
        if allowance.minutes < 0:
            raise ProblemError("allowance.negative", where + ".minutes", "must not be negative")
    return Problem(
        contacts=tuple(replace(c, current=_ordered(c.current)) for c in contacts),
        workers=tuple(workers),
        travel=matrix,
        areas=area_numbers,
        slowdowns=tuple(slowdowns),
        blockages=tuple(blockages),
        gaps=tuple(gaps),
        allowances=tuple(allowances),
        not_before=not_before,
        weights=weights or Weights(),
    )


def _ordered(current: Placement | None) -> Placement | None:
    return current and replace(current, staff=tuple(sorted(current.staff)))


def _matrix(travel: npt.ArrayLike) -> npt.NDArray[np.int32]:
    values = np.array(travel, dtype=np.float64)
    if values.size == 0:
        values = values.reshape(0, 0)
    if values.ndim != 2 or values.shape[0] != values.shape[1]:
        raise ProblemError("travel.shape", "travel", f"must be square, not {values.shape}")
    if not np.isfinite(values).all() or (values < 0).any() or (values > LATEST_MINUTE).any():
        raise ProblemError(
            "travel.value", "travel", f"every time must lie between 0 and {LATEST_MINUTE} minutes"
        )
    if values.diagonal().any():
        raise ProblemError("travel.diagonal", "travel", "the way from a place to itself must take 0 minutes")
    matrix = np.ceil(values - 1e-9).astype(np.int32)
    matrix.setflags(write=False)
    return matrix


def _index(where: str, value: int, length: int) -> None:
    if not 0 <= value < length:
        raise ProblemError("index.unknown", where, f"{value} is not among the {length} there are")


def _time(where: str, value: int) -> None:
    if not EARLIEST_MINUTE <= value <= LATEST_MINUTE:
        raise ProblemError(
            "time.bounds", where, f"minute {value} is outside {EARLIEST_MINUTE}…{LATEST_MINUTE}"
        )


def _span(where: str, start: int, end: int, *, empty: bool = False) -> None:
    _time(where + ".start", start)
    _time(where + ".end", end)
    if end < start or (end == start and not empty):
        raise ProblemError("time.order", where, f"ends at {end}, not after its start at {start}")


def _check_worker(index: int, worker: Worker, places: int) -> None:
    where = f"workers[{index}] ({worker.key})"
    before: int | None = None
    for number, interval in enumerate(worker.intervals):
        _span(f"{where}.intervals[{number}]", interval.start, interval.end)
        if before is not None and interval.start < before:
            raise ProblemError(
                "interval.overlap", f"{where}.intervals[{number}]", "begins before the previous one has ended"
            )
        before = interval.end
    for name in ("start_place", "end_place"):
        place = getattr(worker, name)
        if place != ANYWHERE:
            _index(f"{where}.{name}", place, places)
    if worker.break_demand is not None:
        demand = worker.break_demand
        _span(where + ".break_demand", demand.earliest, demand.latest, empty=True)
        if demand.minutes < 1:
            raise ProblemError("break.length", where + ".break_demand.minutes", "must be at least 1")
    if worker.max_overtime < 0:
        raise ProblemError("overtime.negative", where + ".max_overtime", "must not be negative")
    if worker.max_work is not None and worker.max_work < 0:
        raise ProblemError("work.negative", where + ".max_work", "must not be negative")
    if not 1 <= worker.travel_percent <= 2000:
        raise ProblemError("travel.percent", where + ".travel_percent", "must lie between 1 and 2000")


def _check_contact(index: int, contact: Contact, workers: int, places: int) -> None:
    where = f"contacts[{index}] ({contact.key})"
    _index(where + ".place", contact.place, places)
    _time(where + ".earliest", contact.earliest)
    _time(where + ".latest", contact.latest)
    if contact.latest < contact.earliest:
        raise ProblemError(
            "window.order", where, f"latest start {contact.latest} is before {contact.earliest}"
        )
    if not 0 <= contact.tolerance <= 1440:
        raise ProblemError("window.tolerance", where + ".tolerance", "must lie between 0 and 1440 minutes")
    if contact.priority not in (1, 2, 3, 4):
        raise ProblemError("priority.unknown", where + ".priority", f"{contact.priority} is not 1, 2, 3 or 4")
    if contact.staff_needed not in (1, 2):
        raise ProblemError("staff.number", where + ".staff_needed", "must be 1 or 2")
    if contact.weight < 1:
        raise ProblemError("weight.value", where + ".weight", "must be at least 1")
    _check_modes(where, contact, workers)
    for worker in contact.known_staff:
        _index(where + ".known_staff", worker, workers)
    if len(set(contact.known_staff)) != len(contact.known_staff):
        raise ProblemError("staff.repeated", where + ".known_staff", "names the same worker twice")
    if contact.current is not None:
        _check_current(where + ".current", contact, contact.current, workers)


def _check_modes(where: str, contact: Contact, workers: int) -> None:
    if contact.priority == 1 and contact.modes & (Modes.VIDEO | Modes.PHONE):
        raise ProblemError("modes.p1", where + ".modes", "a P1 contact is physical only")
    if contact.priority <= 2 and contact.modes & Modes.POSTPONE:
        raise ProblemError("modes.postpone", where + ".modes", "P1 and P2 must happen today")
    for mode in (Mode.PHYSICAL, Mode.VIDEO, Mode.PHONE):
        used = contact.modes.allows(mode) or (contact.current is not None and contact.current.mode is mode)
        if used and not 1 <= contact.minutes(mode) <= 1440:
            raise ProblemError(
                "length.value", f"{where}.{mode.name.lower()}_minutes", "must lie between 1 and 1440"
            )
        for worker in contact.eligible(mode):
            _index(f"{where}.eligible_{mode.name.lower()}", worker, workers)


def _check_current(where: str, contact: Contact, current: Placement, workers: int) -> None:
    if not current.mode.served:
        raise ProblemError("current.mode", where + ".mode", "must be physical, video or phone")
    if current.start is None:
        raise ProblemError("current.start", where + ".start", "a current placement has a start")
    _time(where + ".start", current.start)
    for worker in current.staff:
        _index(where + ".staff", worker, workers)
    if len(set(current.staff)) != len(current.staff):
        raise ProblemError("staff.repeated", where + ".staff", "names the same worker twice")
    if len(current.staff) > contact.staff_for(current.mode):
        raise ProblemError("current.staff", where + ".staff", "has more workers than the contact needs")


def _check_conditions(slowdowns: Sequence[Slowdown], blockages: Sequence[Blockage], places: int) -> None:
    for index, slowdown in enumerate(slowdowns):
        _span(f"slowdowns[{index}]", slowdown.start, slowdown.end)
        if not 5 <= slowdown.speed_percent <= 100:
            raise ProblemError(
                "speed.value", f"slowdowns[{index}].speed_percent", "must lie between 5 and 100"
            )
    for index, blockage in enumerate(blockages):
        _span(f"blockages[{index}]", blockage.start, blockage.end)
        _index(f"blockages[{index}].place", blockage.place, places)


def _check_gaps(gaps: Sequence[Gap], contacts: int) -> None:
    after: dict[int, list[int]] = {}
    for index, gap in enumerate(gaps):
        _index(f"gaps[{index}].first", gap.first, contacts)
        _index(f"gaps[{index}].second", gap.second, contacts)
        if gap.minutes < 0:
            raise ProblemError("gap.negative", f"gaps[{index}].minutes", "must not be negative")
        after.setdefault(gap.first, []).append(gap.second)
    state: dict[int, int] = {}
    for root in list(after):  # depth first without recursion: a ring of gaps can never be kept
        stack = [(root, iter(after.get(root, ())))]
        if state.get(root):
            continue
        state[root] = 1
        while stack:
            node, rest = stack[-1]
            child = next(rest, None)
            if child is None:
                state[node] = 2
                stack.pop()
            elif state.get(child) == 1:
                raise ProblemError("gap.ring", "gaps", f"contact {child} would have to come after itself")
            elif not state.get(child):
                state[child] = 1
                stack.append((child, iter(after.get(child, ()))))
