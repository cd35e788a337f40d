"""The planning problem: one day's contacts, workers and roads as immutable numbers and masks.

Everything is an index or a whole number. Time is in whole **minutes from an origin that the caller chooses**
(local midnight of the day, say): shifts, windows and rows are agreed in minutes, travel is rounded up to
them, and whole numbers make plans comparable and repeatable. Values may be negative or beyond 1440 (nights).

Contacts, workers and places are numbered by their position in the problem. ``key`` is opaque: it only names
the row in an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

import numpy as np
import numpy.typing as npt

from scheduler.planner.weights import Weights

ANYWHERE = -1
"""Place of a shift that may start or end anywhere: no trip is counted there."""

EARLIEST_MINUTE = -10_000
LATEST_MINUTE = 20_000
"""Times outside these bounds (about a week before and two weeks after the origin) are refused."""


class Mode(IntEnum):
    """How a contact is carried out, or why it is not."""

    PHYSICAL = 0
    VIDEO = 1
    PHONE = 2
    POSTPONED = 3
    UNSERVED = 4

    @property
    def served(self) -> bool:
        """Whether the contact takes place on this day."""
        return self <= Mode.PHONE


class Modes(IntFlag):
    """Mask of what a contact may become (unserved is never a choice)."""

    NONE = 0
    PHYSICAL = 1
    VIDEO = 2
    PHONE = 4
    POSTPONE = 8

    def allows(self, mode: Mode) -> bool:
        """Whether the mask holds the mode (unserved is never part of a mask)."""
        return mode <= Mode.POSTPONED and bool(self & (1 << mode))


class ProblemError(ValueError):
    """The data can't be planned.

    Attributes
    ----------
    code
        Stable machine word.
    where
        Place in the data, such as ``contacts[3].latest``.
    """

    def __init__(self, code: str, where: str, message: str) -> None:
        super().__init__(f"{where}: {message}")
        self.code = code
        self.where = where
        self.message = message

    def __reduce__(self) -> tuple[type[ProblemError], tuple[str, str, str]]:
        return ProblemError, (self.code, self.where, self.message)


@dataclass(frozen=True, slots=True, order=True)
class Placement:
    """How, by whom and when a contact is carried out.

    Attributes
    ----------
    mode
        The mode; without a time and staff when postponed or unserved.
    staff
        Indices of the workers, ascending, none to two. A *current* placement may have fewer than the
        contact needs (a row without staff).
    start
        Start in minutes, or None when postponed or unserved.
    """

    mode: Mode
    staff: tuple[int, ...] = ()
    start: int | None = None

    @property
    def begin(self) -> int:
        """The start of a contact that takes place.

        Raises
        ------
        ValueError
            If it does not take place.
        """
        if self.start is None:
            raise ValueError("a contact that does not take place has no start")
        return self.start


UNSERVED = Placement(Mode.UNSERVED)
POSTPONED = Placement(Mode.POSTPONED)


@dataclass(frozen=True, slots=True)
class Contact:
    """One row of the plan.

    Attributes
    ----------
    key
        Opaque name, for errors.
    place
        Index of the client's place in the travel matrix.
    earliest, latest
        Window for the start, minutes, both included.
    priority
        1 to 4: P1 must be physical today, P2 must happen today, P3 within 48 hours, P4 within the week.
    modes
        What the rules allow. P1 must not hold VIDEO or PHONE, P1 and P2 must not hold POSTPONE.
    physical_minutes, video_minutes, phone_minutes
        Length in each mode, at least 1 when the mode is allowed or current.
    staff_needed
        1 or 2; two begin and end together. A call always takes one.
    hard_window
        True: the start must lie inside the window. False: it may be up to ``tolerance`` minutes late at a
        cost. It never begins before the window.
    tolerance
        Minutes a soft window may be overrun.
    eligible_physical, eligible_video, eligible_phone
        Workers who may carry it out in each mode: skills, delegation, language, blocked pairs. Video also
        needs ``Worker.video``.
    known_staff
        Workers whom the client knows, best known first. Empty: familiarity is not counted.
    current
        The plan as it stands, also when the disruption has made it impossible. None: not planned yet.
        Its mode must be physical, video or phone.
    frozen
        Finished, under way, pinned, or starting within the lead time: keeps its current placement exactly
        (without a current placement: stays unserved). What frozen rows break among themselves is fact, not
        fault.
    weight
        Multiplier for the cost of leaving it unserved, at least 1.
    """

    key: str
    place: int
    earliest: int
    latest: int
    priority: int
    modes: Modes
    physical_minutes: int = 0
    video_minutes: int = 0
    phone_minutes: int = 0
    staff_needed: int = 1
    hard_window: bool = True
    tolerance: int = 60
    eligible_physical: frozenset[int] = frozenset()
    eligible_video: frozenset[int] = frozenset()
    eligible_phone: frozenset[int] = frozenset()
    known_staff: tuple[int, ...] = ()
    current: Placement | None = None
    frozen: bool = False
    weight: int = 1

    def minutes(self, mode: Mode) -> int:
        """Length in minutes in this mode (0 when it does not take place)."""
        if mode is Mode.PHYSICAL:
            return self.physical_minutes
        if mode is Mode.VIDEO:
            return self.video_minutes
        return self.phone_minutes if mode is Mode.PHONE else 0

    def staff_for(self, mode: Mode) -> int:
        """Number of workers in this mode."""
        return 0 if mode >= Mode.POSTPONED else self.staff_needed if mode is Mode.PHYSICAL else 1

    def eligible(self, mode: Mode) -> frozenset[int]:
        """Workers who may carry it out in this mode, before ``Worker.video`` is asked."""
        if mode is Mode.PHYSICAL:
            return self.eligible_physical
        if mode is Mode.VIDEO:
            return self.eligible_video
        return self.eligible_phone if mode is Mode.PHONE else frozenset()

    @property
    def limit(self) -> int:
        """Last minute at which the contact may start at all."""
        return self.latest if self.hard_window else self.latest + self.tolerance


@dataclass(frozen=True, slots=True)
class Interval:
    """Time at work, ``start`` to ``end`` in minutes.

    With ``digital_only`` the worker sits by a screen: calls, no visits and no driving.
    """

    start: int
    end: int
    digital_only: bool = False


@dataclass(frozen=True, slots=True)
class BreakDemand:
    """A break of ``minutes`` that must begin between ``earliest`` and ``latest``.

    Neither contacts nor driving overlap it; time away from work counts. A worker whose frozen contacts alone
    leave no room for it has lost it already, and it is not demanded.
    """

    minutes: int
    earliest: int
    latest: int


@dataclass(frozen=True, slots=True)
class Worker:
    """One person's day.

    Attributes
    ----------
    key
        Opaque name, for errors.
    intervals
        Time at work: shift minus absence, in order, not overlapping. Empty: absent all day.
        A contact or a trip lies wholly within time at work (adjoining intervals count as one).
    start_place, end_place
        Where the day begins before the first visit and ends after the last, or ``ANYWHERE``. A day without
        visits has no trips.
    video
        Whether the worker may make video calls.
    break_demand
        The break, or None.
    max_overtime
        Minutes the worker may work on after the end of the last interval.
    max_work
        Limit in minutes for time at work plus overtime (110 % of the shift, say), or None. Time at work that
        is already longer leaves no overtime and is otherwise not the planner's matter.
    travel_percent
        100 travels as the matrix says, 150 needs half as much again (bicycle, on foot).
    """

    key: str
    intervals: tuple[Interval, ...]
    start_place: int = ANYWHERE
    end_place: int = ANYWHERE
    video: bool = True
    break_demand: BreakDemand | None = None
    max_overtime: int = 0
    max_work: int | None = None
    travel_percent: int = 100

    @property
    def overtime_limit(self) -> int:
        """Minutes of overtime that are allowed in fact."""
        if not self.intervals:
            return 0
        if self.max_work is None:
            return self.max_overtime
        at_work = sum(interval.end - interval.start for interval in self.intervals)
        return max(0, min(self.max_overtime, self.max_work - at_work))


@dataclass(frozen=True, slots=True)
class Gap:
    """``second`` starts at least ``minutes`` after ``first`` has ended, when both take place on this day.

    With 0 minutes it keeps two contacts with one client from overlapping.
    """

    first: int
    second: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Slowdown:
    """Roads of an area (None: all) give ``speed_percent`` of normal speed from ``start`` to before ``end``.

    A trip is slowed where it begins or ends in the area; where several apply, the slowest holds. A trip
    under way when the speed changes goes on with the new speed, so who leaves later never arrives earlier.
    """

    start: int
    end: int
    speed_percent: int
    area: int | None = None


@dataclass(frozen=True, slots=True)
class Blockage:
    """Nobody can get in to ``place``: no physical contact there may overlap ``start`` to ``end``."""

    place: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """``second`` may follow directly after ``first`` with ``worker`` with ``minutes`` less than calculated.

    For plans that were tight on paper before anything happened (see ``inheritance``). ``first`` None: the
    start of the day; ``second`` None: the end of the day.
    """

    worker: int
    first: int | None
    second: int | None
    minutes: int


@dataclass(frozen=True)
class Problem:
    """An immutable, validated problem, made by ``builder.build_problem``; safe to pickle and to share.

    Attributes
    ----------
    contacts, workers
        In the order that gives their indices.
    travel
        ``travel[a, b]``: minutes from place a to place b at normal speed, shape (places, places), int32,
        diagonal 0; may be asymmetric.
    areas
        Area number of each place.
    slowdowns, blockages, gaps, allowances
        See the classes.
    not_before
        No contact that is not frozen starts before this minute (now plus the lead time).
    weights
        Costs of shortcomings.
    """

    contacts: tuple[Contact, ...]
    workers: tuple[Worker, ...]
    travel: npt.NDArray[np.int32]
    areas: tuple[int, ...]
    slowdowns: tuple[Slowdown, ...] = ()
    blockages: tuple[Blockage, ...] = ()
    gaps: tuple[Gap, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    not_before: int = EARLIEST_MINUTE
    weights: Weights = field(default_factory=Weights)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # numpy forgets on the way through pickle that an array was read-only
        self.__dict__.update(state)
        self.travel.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Problem):
            return NotImplemented
        return all(
            np.array_equal(self.travel, other.travel) if name == "travel" else value == other.__dict__[name]
            for name, value in self.__dict__.items()
        )

    __hash__ = None  # type: ignore[assignment]
