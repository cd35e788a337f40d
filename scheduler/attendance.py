"""Who is at work when: shifts without what somebody is away from, and office hours for those who lead.

Everything is reckoned in instants, so a shift over midnight or over the night when the clock changes is as
long as it really is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.localtime import at
from care.staff import Shift, ShiftKind, Staff
from scheduler.duty import LEADS, OFFICE_FROM, OFFICE_TO

#: How far ahead it is looked for when somebody comes back.
AHEAD_DAYS = 14

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Hours:
    """When one person works, in order, without overlap; spans that meet are one."""

    spans: tuple[Span, ...] = ()

    def is_at_work(self, when: datetime) -> bool:
        return any(start <= when < end for start, end in self.spans)

    def ends(self, when: datetime) -> datetime | None:
        """When the work that is going on ends; None for somebody who is not at work."""
        return next((end for start, end in self.spans if start <= when < end), None)

    def back(self, after: datetime) -> datetime | None:
        """When the next work begins after the instant `after`; None when it is not known."""
        return next((start for start, _ in self.spans if start > after), None)

    def ended(self, when: datetime) -> datetime | None:
        """When the last work before `when` ended."""
        return next((end for _, end in reversed(self.spans) if end <= when), None)


def hours(spans: Iterable[Span]) -> Hours:
    """`spans` in any order, put together."""
    merged: list[Span] = []
    for start, end in sorted(one for one in spans if one[0] < one[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return Hours(tuple(merged))


def worked(shift: Shift) -> list[Span]:
    """The parts of a shift that the person is there for."""
    if shift.absent_from is None:
        return [(shift.start, shift.end)]
    away_to = shift.absent_to or shift.end
    return [
        (shift.start, min(shift.absent_from, shift.end)),
        (max(away_to, shift.start), shift.end),
    ]


async def read_hours(session: AsyncSession, staff: Collection[Staff], clock: Clock) -> dict[UUID, Hours]:
    """The hours of each of `staff`, from yesterday and two weeks on; who has left the work has none.

    Coordinators and unit managers without a shift of their own on a weekday work in office hours, as in
    `scheduler.duty.who_leads`.
    """
    first = clock.today() - timedelta(days=2)
    last = clock.today() + timedelta(days=AHEAD_DAYS)
    shifts: Mapping[UUID, list[Shift]] = defaultdict(list)
    for shift in await session.scalars(
        select(Shift).where(
            Shift.staff_id.in_([one.id for one in staff]),
            Shift.date.between(first, last),
            Shift.kind != ShiftKind.DIGITAL,
        )
    ):
        shifts[shift.staff_id].append(shift)
    found = {}
    for one in staff:
        if not one.active:
            found[one.id] = Hours()
            continue
        spans = [span for shift in shifts[one.id] for span in worked(shift)]
        if one.title in LEADS:
            taken = {shift.date for shift in shifts[one.id]}
            days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
            spans += [
                (at(day, OFFICE_FROM, clock.zone), at(day, OFFICE_TO, clock.zone))
                for day in days
                if day.weekday() < 5 and day not in taken
            ]
        found[one.id] = hours(spans)
    return found
