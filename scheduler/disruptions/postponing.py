"""Another day for what may wait: P3 within 48 hours, P4 within the week (domain 6).

The day it counts for (`owed_date`) stays: postponing never improves a measure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import ClientAbsence
from care.clock import Clock
from care.contacts.contact import Assignment, PlannedContact
from care.contacts.life import Status
from care.localtime import at, to_wall
from care.services import Priority
from care.staff import Shift, ShiftKind

DAYS = {Priority.P3: 2, Priority.P4: 6}
WITHIN = {Priority.P3: timedelta(hours=48), Priority.P4: timedelta(days=7)}
"""Counted from when it was owed: a quarter of an hour later on the second day is too late for P3."""
BETWEEN = timedelta(minutes=10)
"""Kept free on both sides of a postponed visit, for the way there and back."""
STEP = timedelta(minutes=15)
AROUND = {Priority.P3: 8, Priority.P4: 20}
"""How many steps earlier or later than the usual time are tried."""

#: While nobody knows when the client comes home.
FOR_EVER = datetime.max.replace(tzinfo=UTC)
Span = tuple[datetime, datetime]


@dataclass(slots=True)
class Diary:
    """Who works when on the days ahead, and what they already have."""

    shifts: dict[tuple[UUID, date], list[Span]] = field(default_factory=lambda: defaultdict(list))
    taken: dict[tuple[UUID, date], list[Span]] = field(default_factory=lambda: defaultdict(list))
    homes: dict[tuple[UUID, date], list[Span]] = field(default_factory=lambda: defaultdict(list))
    #: When a client is away, whatever the day.
    gone: dict[UUID, list[Span]] = field(default_factory=lambda: defaultdict(list))

    def is_free(self, staff_id: UUID, day: date, span: Span) -> bool:
        """True when the whole span lies in a shift and nothing is near it."""
        start, end = span
        if not any(begins <= start and end <= ends for begins, ends in self.shifts[(staff_id, day)]):
            return False
        return not any(
            begins < end + BETWEEN and start - BETWEEN < ends for begins, ends in self.taken[(staff_id, day)]
        )

    def at_home(self, client_id: UUID, day: date, span: Span) -> bool:
        """True when the client is at home and nothing else happens there at that time."""
        taken = self.homes[(client_id, day)] + self.gone[client_id]
        return not any(begins < span[1] and span[0] < ends for begins, ends in taken)

    def take(self, staff: Sequence[UUID], client_id: UUID, day: date, span: Span) -> None:
        for one in staff:
            self.taken[(one, day)].append(span)
        self.homes[(client_id, day)].append(span)


async def load_diary(session: AsyncSession, groups: Sequence[UUID], after: date, clock: Clock) -> Diary:
    """The next days of the groups' staff."""
    last = after + timedelta(days=max(DAYS.values()))
    diary = Diary()
    shifts = await session.scalars(
        select(Shift).where(
            Shift.group_id.in_(groups),
            Shift.date > after,
            Shift.date <= last,
            Shift.kind != ShiftKind.DIGITAL,
        )
    )
    for shift in shifts:
        if shift.absent_from is None:
            diary.shifts[(shift.staff_id, shift.date)].append((shift.start, shift.end))
    rows = await session.execute(
        select(
            PlannedContact.client_id,
            PlannedContact.planned_date,
            PlannedContact.start,
            PlannedContact.minutes,
            Assignment.staff_id,
        )
        .outerjoin(Assignment, Assignment.contact_id == PlannedContact.id)
        .where(
            PlannedContact.planned_date > after,
            PlannedContact.planned_date <= last,
            PlannedContact.status.in_([Status.PLANNED, Status.DUE]),
        )
    )
    for client_id, day, start, minutes, staff_id in rows.all():
        span = (start, start + timedelta(minutes=minutes))
        diary.homes[(client_id, day)].append(span)
        if staff_id is not None:
            diary.taken[(staff_id, day)].append(span)
    for absence in await session.scalars(
        select(ClientAbsence).where((ClientAbsence.end.is_(None)) | (ClientAbsence.end > clock.now()))
    ):
        diary.gone[absence.client_id].append((absence.start, absence.end or FOR_EVER))
    return diary


@dataclass(frozen=True, slots=True)
class AnotherDay:
    day: date
    start: datetime
    staff: tuple[UUID, ...]


def find_day(
    diary: Diary, contact: PlannedContact, candidates: Sequence[UUID], clock: Clock
) -> AnotherDay | None:
    """The first day on which enough of `candidates` (in order of preference) are free near the usual time.

    The usual wall time is kept where possible, then the nearest quarter of an hour that is free (`AROUND`).
    The found time is taken in the diary.
    """
    wall = to_wall(contact.start, clock.zone)
    length = timedelta(minutes=contact.minutes)
    most = DAYS.get(contact.priority, 0)
    days = [contact.owed_date + timedelta(days=ahead) for ahead in range(1, most + 1)]
    owed = at(contact.owed_date, wall.time(), clock.zone)
    for day in days:
        if day <= contact.planned_date:
            continue
        usual, around = at(day, wall.time(), clock.zone), AROUND[contact.priority]
        for offset in sorted(range(-around, around + 1), key=lambda one: (abs(one), one)):
            span = (usual + offset * STEP, usual + offset * STEP + length)
            if span[0] - owed > WITHIN[contact.priority] or to_wall(span[0], clock.zone).date() != day:
                continue
            if not diary.at_home(contact.client_id, day, span):
                continue
            free = [one for one in candidates if diary.is_free(one, day, span)][: contact.staff_needed]
            if len(free) == contact.staff_needed:
                diary.take(free, contact.client_id, day, span)
                return AnotherDay(day, span[0], tuple(free))
    return None
