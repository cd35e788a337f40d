"""What became of a row that has passed, drawn from its own id (domain 5.5, last paragraph).

Works on any row whose time has gone by: the seeded ones, those a person made, those that ticks had begun on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from uuid import UUID

from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.life import STEPS, Status
from care.contacts.performing import DeclineCause
from care.demo.day import Entry
from care.demo.draw import chances
from care.services import Priority

DECLINED = 0.02
#: Of calls: nobody answers the first ring (half of them answer the second), and technical failures.
NO_ANSWER, SECOND_RING, TECHNICAL = 0.04, 0.5, 0.02
#: Of those who do not answer the tablet: how many answer the phone.
ON_THE_PHONE = 0.55
#: Visits that did not come to pass that day. What may wait is put off to a day with room.
NOT_DONE = {Priority.P1: 0.006, Priority.P2: 0.012, Priority.P3: 0.07, Priority.P4: 0.07}
PROMPT_UNTOUCHED, PROMPT_MISSED = 0.08, 0.015
CAMERA_MISSED = 0.01
REASONS = tuple(DeclineCause)


@dataclass(frozen=True, slots=True)
class Ring:
    """One attempt to call: seconds after the row's start, and whether it was answered, failed or not."""

    after: int
    ending: str  # "hung_up", "no_answer", "media_failed"
    talk: int = 0
    #: The tablet that rang.
    device: UUID | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Put off to another day."""

    day: date
    start: datetime
    staff: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went: the states on the way, times, cause, calls."""

    path: tuple[Status, ...]
    start: datetime | None = None
    end: datetime | None = None
    cause: Cause | DeclineCause | None = None
    rings: tuple[Ring, ...] = ()
    #: The client pressed Klart.
    by_client: bool = False

    @property
    def status(self) -> Status:
        return self.path[-1]


@cache
def path(before: Status, after: Status) -> tuple[Status, ...]:
    """The shortest way from one state to another, without passing through `unknown`."""
    ways: list[tuple[Status, ...]] = [()]
    seen = {before}
    while ways:
        way = ways.pop(0)
        here = way[-1] if way else before
        for step in sorted(STEPS[here]):
            if step is after:
                return (*way, step)
            if step not in seen and step is not Status.UNKNOWN and not step.is_end:
                seen.add(step)
                ways.append((*way, step))
    raise ValueError(f"no way from {before} to {after}")


def outcome(
    seed: int, entry: Entry, *, away: bool, tablet: bool, later: Callable[[Entry], Moved | None]
) -> Outcome | Moved:
    """What became of `entry`, whose time has passed.

    Parameters
    ----------
    away
        The client was in hospital, travelling or the like.
    tablet
        A paired tablet stood in the home.
    later
        Finds room on another day for what may wait; None when there is none.
    """
    draw = chances(seed, "outcome", entry.id)
    if away:
        return Outcome(_way(entry, Status.CANCELLED), cause=Cause.CLIENT_AWAY)
    may_decline = entry.channel is not Channel.CAMERA_CHECK and Status.DECLINED in STEPS[entry.status]
    if may_decline and draw[0] < DECLINED and not entry.put_off:
        return Outcome(_way(entry, Status.DECLINED), cause=REASONS[int(draw[1] * len(REASONS))])
    if entry.channel is Channel.VIDEO:
        return _call(entry, draw, tablet)
    if entry.channel is Channel.PROMPT:
        return _prompt(entry, draw, tablet)
    if entry.channel is Channel.PHYSICAL:
        return _visit(entry, draw, later)
    if draw[2] < CAMERA_MISSED:
        return Outcome(_way(entry, Status.MISSED), cause=Cause.CAMERA_FAILED)
    return _done(entry, draw)


def _way(entry: Entry, after: Status) -> tuple[Status, ...]:
    return path(entry.status, after)


def _done(entry: Entry, draw: tuple[float, ...], status: Status = Status.DONE, **more: object) -> Outcome:
    """Done within a few minutes of the plan, so that nobody was in two places."""
    start = entry.start + timedelta(seconds=int(draw[3] * 240))
    seconds = entry.minutes * 60 - 240 + int(draw[4] * 240)
    end = start + timedelta(seconds=max(seconds, 25 if entry.minutes <= 1 else entry.minutes * 36))
    return Outcome(_way(entry, status), start, end, **more)  # type: ignore[arg-type]


def _visit(entry: Entry, draw: tuple[float, ...], later: Callable[[Entry], Moved | None]) -> Outcome | Moved:
    begun = entry.status is Status.UNDERWAY or entry.put_off
    if not entry.staff or (draw[2] < NOT_DONE[entry.priority] and not begun):
        if not entry.priority.is_safety and entry.status is Status.PLANNED:
            moved = later(entry)
            if moved is not None:
                return moved
        return Outcome(_way(entry, Status.MISSED), cause=Cause.STAFF_SHORT)
    return _done(entry, draw)


def _call(entry: Entry, draw: tuple[float, ...], tablet: bool) -> Outcome:
    if not tablet:
        return _done(entry, draw, Status.DONE_PHONE, cause=Cause.NO_TABLET)
    delay = int(draw[3] * 90)
    talk = max(70, int(entry.minutes * 60 * (0.7 + 0.35 * draw[4])) - delay)
    if draw[2] < NO_ANSWER:
        first, again = Ring(delay, "no_answer"), delay + 300
        if draw[5] < SECOND_RING:
            return _talked(entry, (first, Ring(again, "hung_up", max(60, talk - 240))))
        rings = (first, Ring(again, "no_answer"))
        if draw[6] < ON_THE_PHONE:
            return _phoned(entry, Cause.NO_ANSWER, rings)
        return Outcome(_way(entry, Status.MISSED), cause=Cause.NO_ANSWER, rings=rings)
    if draw[2] < NO_ANSWER + TECHNICAL:
        return _phoned(entry, Cause.TECHNICAL_FAILURE, (Ring(delay, "media_failed"),))
    return _talked(entry, (Ring(delay, "hung_up", talk),))


def _talked(entry: Entry, rings: tuple[Ring, ...]) -> Outcome:
    start = entry.start + timedelta(seconds=rings[-1].after)
    return Outcome(_way(entry, Status.DONE), start, start + timedelta(seconds=rings[-1].talk), rings=rings)


def _phoned(entry: Entry, cause: Cause, rings: tuple[Ring, ...]) -> Outcome:
    start = entry.start + timedelta(seconds=rings[-1].after + 120)
    return Outcome(_way(entry, Status.DONE_PHONE), start, start + timedelta(seconds=150), cause, rings)


def _prompt(entry: Entry, draw: tuple[float, ...], tablet: bool) -> Outcome:
    if not tablet:
        return _done(entry, draw, Status.DONE_PHONE, cause=Cause.NO_TABLET)
    if draw[2] < PROMPT_MISSED:
        return Outcome(_way(entry, Status.MISSED), cause=Cause.NO_ANSWER)
    if draw[2] < PROMPT_MISSED + PROMPT_UNTOUCHED:
        return _done(entry, draw, Status.DONE_PHONE, cause=Cause.NO_ANSWER)
    start = entry.start + timedelta(seconds=int(draw[3] * 400))
    return Outcome(_way(entry, Status.DONE), start, start, by_client=True)
