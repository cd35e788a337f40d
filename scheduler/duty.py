"""Who takes what cannot wait: a call that was asked for, or a task that nobody has or did not do in time.

Always a named person at work, or the one who comes to work next. Who has had it and let it pass is asked
last, so that nothing goes round between two people who are busy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.clock import Clock
from care.contacts.contact import Assignment, PlannedContact
from care.contacts.life import Status
from care.known_staff import known_staff
from care.localtime import to_wall
from care.staff import Shift, ShiftKind, Staff, Title, is_patrol
from care.tasks import Task

#: How far ahead somebody who is not at work yet is looked for.
AHEAD = timedelta(hours=36)
#: Coordinators and unit managers without a shift of their own in the record work on weekdays, these hours.
OFFICE_FROM, OFFICE_TO = time(7), time(16, 30)
LEADS = (Title.COORDINATOR, Title.UNIT_MANAGER)
#: A call needs a gap of so many minutes between visits.
_GAP = 5
_LONGEST_ROW = timedelta(hours=12)
_KEEPS_BUSY = (Status.PLANNED, Status.DUE, Status.UNDERWAY)


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose it is, and from when: now, or when the person comes to work."""

    staff: Staff | None
    begins: datetime


@dataclass(frozen=True, slots=True)
class _Near:
    """How near somebody stands: the least is asked first."""

    passed: int
    second: bool
    busy: bool
    elsewhere: bool
    rank: int
    tasks: int


async def who_rings(
    session: AsyncSession, client: Client, clock: Clock, within: timedelta, passed: Collection[UUID] = ()
) -> Turn:
    """Who rings `client`: of those at work, one who has time, the one the client knows best.

    Care workers of the group first; at night the night patrol; in office hours then coordinator and unit
    manager, and first of all when somebody (`passed`) has let it pass. Nobody at work: who begins next.
    A protected identity is rung by those whom it knows, or by who leads the group.
    """
    now = clock.now()
    known = await known_staff(session, client)
    at_work = await people_at_work(session, client.group_id, now)
    leads = await who_leads(session, client.group_id, clock)
    if client.is_protected:
        at_work = [one for one in at_work if one.id in known]
    people = {one.id: one for one in (*at_work, *leads)}
    if not people:
        return await _next(session, client, now, known)
    busy = await _busy(session, people, now, now + within)
    tasks = await _tasks(session, people)
    order = list(passed)
    lead_ids = {one.id for one in leads}

    def near(one: Staff) -> _Near:
        is_lead = one.id in lead_ids
        return _Near(
            passed=order.index(one.id) + 1 if one.id in order else 0,
            second=is_lead is not bool(order),
            busy=one.id in busy,
            elsewhere=one.group_id != client.group_id,
            rank=known.get(one.id, len(known)),
            tasks=tasks.get(one.id, 0),
        )

    def order_of(one: Staff) -> tuple[int, bool, bool, bool, int, int, UUID]:
        it = near(one)
        return it.passed, it.second, it.busy, it.elsewhere, it.rank, it.tasks, one.id

    return Turn(min(people.values(), key=order_of), now)


async def who_leads(session: AsyncSession, group_id: UUID, clock: Clock) -> list[Staff]:
    """Coordinators and unit managers of the group who are at work now, coordinators first."""
    now = clock.now()
    leads = list(
        await session.scalars(
            select(Staff).where(Staff.group_id == group_id, Staff.title.in_(LEADS), Staff.active.is_(True))
        )
    )
    today = clock.today()
    shifts: dict[UUID, list[Shift]] = defaultdict(list)
    for shift in await session.scalars(
        select(Shift).where(
            Shift.staff_id.in_([one.id for one in leads]),
            Shift.date.between(today - timedelta(days=1), today),
            Shift.kind != ShiftKind.DIGITAL,
        )
    ):
        shifts[shift.staff_id].append(shift)
    wall = to_wall(now, clock.zone)
    is_office = wall.weekday() < 5 and OFFICE_FROM <= wall.time() < OFFICE_TO
    here = [
        one
        for one in leads
        if any(_is_here(shift, now) for shift in shifts[one.id])
        or (is_office and not any(shift.date == today for shift in shifts[one.id]))
    ]
    return sorted(here, key=lambda one: (one.title is not Title.COORDINATOR, one.id))


def _is_here(shift: Shift, now: datetime) -> bool:
    return shift.start <= now < shift.end and not shift.is_away(now)


async def people_at_work(session: AsyncSession, group_id: UUID, now: datetime) -> list[Staff]:
    """Care workers with hours in the group now, and the night patrol, which serves everybody."""
    rows = await session.execute(
        select(Staff, Shift)
        .join(Shift, Shift.staff_id == Staff.id)
        .where(
            Shift.start <= now,
            Shift.end > now,
            # The day keeps the question short, however many years of shifts there are.
            Shift.date.between((now - timedelta(days=1)).date(), (now + timedelta(days=1)).date()),
            Shift.kind != ShiftKind.DIGITAL,
            (Shift.group_id == group_id) | is_patrol(),
            Staff.active.is_(True),
            Staff.title.not_in(LEADS),
        )
    )
    return list({one.id: one for one, shift in rows if _is_here(shift, now)}.values())


async def _next(session: AsyncSession, client: Client, now: datetime, known: dict[UUID, int]) -> Turn:
    """Who comes to work next, the one the client knows best of those who begin together."""
    rows = [
        (shift, one)
        for shift, one in await session.execute(
            select(Shift, Staff)
            .join(Staff, Staff.id == Shift.staff_id)
            .where(
                Shift.start > now,
                Shift.start <= now + AHEAD,
                Shift.date.between(now.date(), (now + AHEAD).date() + timedelta(days=1)),
                Shift.kind != ShiftKind.DIGITAL,
                (Shift.group_id == client.group_id) | is_patrol(),
                Staff.active.is_(True),
            )
        )
        if not shift.is_away(shift.start)
        and (not client.is_protected or one.id in known or one.title in LEADS)
    ]
    if not rows:
        return Turn(None, now)
    shift, staff = min(rows, key=lambda one: (one[0].start, known.get(one[1].id, len(known)), one[1].id))
    return Turn(staff, shift.start)


async def _busy(
    session: AsyncSession, ids: Collection[UUID], start: datetime, end: datetime
) -> frozenset[UUID]:
    """Those whose rows leave no gap for a call between `start` and `end`."""
    spans: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    for staff_id, begins, actual, minutes in await session.execute(
        select(Assignment.staff_id, PlannedContact.start, PlannedContact.actual_start, PlannedContact.minutes)
        .join(PlannedContact, PlannedContact.id == Assignment.contact_id)
        .where(
            # Found by time and not by person, as lists of a day are.
            func.coalesce(Assignment.staff_id, None).in_(ids),
            PlannedContact.start.between(start - _LONGEST_ROW, end),
            PlannedContact.status.in_(_KEEPS_BUSY),
        )
    ):
        first = max(actual or begins, start)
        last = min((actual or begins) + timedelta(minutes=minutes), end)
        if first < last:
            spans[staff_id].append((first, last))
    return frozenset(one for one, own in spans.items() if _gap(own, start, end) < timedelta(minutes=_GAP))


def _gap(spans: list[tuple[datetime, datetime]], start: datetime, end: datetime) -> timedelta:
    """The longest time between `start` and `end` that no span covers."""
    longest, free = timedelta(0), start
    for first, last in sorted(spans):
        longest, free = max(longest, first - free), max(free, last)
    return max(longest, end - free)


async def _tasks(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, int]:
    rows = await session.execute(
        select(Task.owner_id, func.count())
        .where(Task.closed_at.is_(None), Task.owner_id.in_(ids))
        .group_by(Task.owner_id)
    )
    return {owner: count for owner, count in rows if owner is not None}
