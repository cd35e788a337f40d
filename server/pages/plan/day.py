"""One day of one or more groups as the coordinator sees it: rows by worker, in a dozen questions.

Everything is found by group and day, so it takes no longer when there are years of history.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.clients import Client
from care.clock import Clock
from care.contacts.assigned import assigned
from care.contacts.channel import Channel
from care.contacts.contact import ContactHistory, ContactLine, PlannedContact
from care.contacts.life import Status
from care.localtime import day_span
from care.sorting import swedish
from care.staff import Shift, ShiftKind, Staff
from server.pages.contact.row_state import RowState
from server.pages.contact.row_words import is_news, services_text
from server.pages.contact.standing import standings

#: What has been replaced lives on in its successors.
SHOWN = tuple(status for status in Status if status is not Status.REPLACED)
#: Shown, but neither done nor owed.
NOT_COUNTED = frozenset({Status.CANCELLED, Status.DECLINED})
#: Reminders and devices do their work without anybody being sent.
NEEDS_STAFF = frozenset({Channel.PHYSICAL, Channel.VIDEO, Channel.PHONE})
#: On top of the page, in this order; what is left is "övrigt".
MAIN_CHANNELS = (Channel.PHYSICAL, Channel.VIDEO, Channel.PHONE)


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A row of the plan, ready to be shown."""

    contact: PlannedContact
    client: Client
    what: str
    state: RowState
    staff: tuple[Staff, ...]
    #: Those of `staff` who have been reported away at its time.
    away: frozenset[UUID] = frozenset()

    @property
    def is_counted(self) -> bool:
        return self.contact.status not in NOT_COUNTED

    @property
    def missing(self) -> int:
        """How many people it still needs; 0 for what is over and for what needs nobody."""
        if self.contact.status.is_end or self.contact.channel not in NEEDS_STAFF:
            return 0
        return max(0, self.contact.staff_needed - len(self.staff) + len(self.away))

    @property
    def is_red(self) -> bool:
        return self.state.needs_person


@dataclass(slots=True)
class WorkerDay:
    """One worker: hours of the day, and rows."""

    staff: Staff
    shifts: tuple[Shift, ...] = ()
    rows: list[PlanRow] = field(default_factory=list)
    #: First and last instant of the day: of a night shift only the hours in it count.
    span: tuple[datetime, datetime] | None = None

    @property
    def begins(self) -> datetime | None:
        return min((shift.start for shift in self.shifts), default=None)

    @property
    def is_night(self) -> bool:
        """Works at night only: the night before, the coming one, or both."""
        return bool(self.shifts) and all(shift.kind is ShiftKind.NIGHT for shift in self.shifts)

    @property
    def booked(self) -> int:
        """Planned minutes with clients, without travel."""
        return sum(row.contact.minutes for row in self.rows if row.is_counted)

    @property
    def capacity(self) -> int:
        """Minutes at work, without breaks and absence."""
        return sum(_minutes(shift, self.span) for shift in self.shifts)

    @property
    def count(self) -> int:
        return sum(row.is_counted for row in self.rows)

    @property
    def done(self) -> int:
        return sum(row.contact.status.is_done for row in self.rows)

    @property
    def absent(self) -> tuple[datetime, datetime | None] | None:
        """Away from the shift, from and until (None: the rest of it)."""
        for shift in self.shifts:
            if shift.absent_from is not None:
                return shift.absent_from, shift.absent_to
        return None


@dataclass(frozen=True, slots=True)
class Sums:
    """What stands on top. The channels and `other` add up to `contacts`."""

    contacts: int
    channels: dict[Channel, int]
    other: int
    done: int
    red: int
    unstaffed: int
    called_off: int


@dataclass(frozen=True, slots=True)
class DayPlan:
    """The day: every row once, and the same by worker."""

    rows: list[PlanRow]
    workers: list[WorkerDay]
    #: Rows that lack somebody, in order of time.
    unstaffed: list[PlanRow]
    #: Rows that need nobody.
    unmanned: list[PlanRow]
    sums: Sums

    @property
    def clients(self) -> list[tuple[UUID, UUID]]:
        """Whose data is shown: (client, group)."""
        return sorted({(row.client.id, row.client.group_id) for row in self.rows})


def _minutes(shift: Shift, span: tuple[datetime, datetime] | None) -> int:
    first, last = span or (shift.start, shift.end)
    start, end = max(shift.start, first), min(shift.end, last)
    whole = max(end - start, timedelta(0))
    if shift.absent_from is not None:
        away_from, away_to = max(start, shift.absent_from), min(end, shift.absent_to or end)
        whole -= max(away_to - away_from, timedelta(0))
    is_whole = (start, end) == (shift.start, shift.end)
    return max(0, round(whole.total_seconds() / 60) - (shift.break_minutes if is_whole else 0))


async def read_rows(
    session: AsyncSession, groups: Collection[UUID], day: date, clock: Clock, language: str
) -> list[PlanRow]:
    """Every row of `day` in `groups`, in order of time."""
    contacts = list(
        await session.scalars(
            select(PlannedContact)
            .where(
                PlannedContact.group_id.in_(groups),
                PlannedContact.planned_date == day,
                PlannedContact.status.in_(SHOWN),
            )
            .options(selectinload(PlannedContact.lines).selectinload(ContactLine.service))
            .order_by(PlannedContact.start, PlannedContact.id)
        )
    )
    clients = {
        one.id: one
        for one in await session.scalars(
            select(Client).where(Client.id.in_({contact.client_id for contact in contacts}))
        )
    }
    staff = await assigned(session, [one.id for one in contacts])
    changed = await _changed(session, [one.id for one in contacts if one.status.is_untouched])
    states = await standings(session, contacts, clock.now(), changed=changed)
    return [
        PlanRow(
            contact,
            clients[contact.client_id],
            services_text(contact.lines, language),
            states[contact.id],
            tuple(staff[contact.id]),
        )
        for contact in contacts
    ]


async def _changed(session: AsyncSession, ids: Sequence[UUID]) -> set[UUID]:
    """Rows whose channel, time or staff somebody has changed."""
    entries = await session.scalars(select(ContactHistory).where(ContactHistory.contact_id.in_(ids)))
    return {entry.contact_id for entry in entries if is_news(entry)}


async def read_plan(
    session: AsyncSession, groups: Collection[UUID], day: date, clock: Clock, language: str
) -> DayPlan:
    """The plan of `day` in `groups`."""
    rows = await read_rows(session, groups, day, clock, language)
    shifts = await read_shifts(session, groups, rows, day, clock)
    return by_worker(rows, shifts, day_span(day, clock.zone))


async def read_shifts(
    session: AsyncSession, groups: Collection[UUID], rows: Sequence[PlanRow], day: date, clock: Clock
) -> list[tuple[Shift, Staff]]:
    """Shifts that touch the day: the groups' own, and those of everybody who has a row."""
    first, last = day_span(day, clock.zone)
    people = {one.id for row in rows for one in row.staff}
    # The evening before too: a night shift begins then. The day stands in both halves, or SQLite would read
    # every shift that the group and its people have ever had.
    days = Shift.date.between(day - timedelta(days=1), day)
    found = await session.execute(
        select(Shift, Staff)
        .join(Staff, Staff.id == Shift.staff_id)
        .where(
            Shift.start < last,
            Shift.end > first,
            Shift.kind != ShiftKind.DIGITAL,
            (Shift.group_id.in_(groups) & days) | (Shift.staff_id.in_(people) & days),
        )
        .order_by(Shift.start)
    )
    return [(shift, staff) for shift, staff in found]


def by_worker(
    rows: list[PlanRow],
    shifts: Sequence[tuple[Shift, Staff]],
    span: tuple[datetime, datetime] | None = None,
) -> DayPlan:
    """The rows under whoever does them, in the order in which people begin their day; night staff last.

    A row for two stands under both.
    """
    people: dict[UUID, Staff] = {staff.id: staff for _, staff in shifts}
    people |= {one.id: one for row in rows for one in row.staff}
    hours: dict[UUID, list[Shift]] = defaultdict(list)
    for shift, staff in shifts:
        hours[staff.id].append(shift)
    rows = [_with_away(row, hours) for row in rows]
    own: dict[UUID, list[PlanRow]] = defaultdict(list)
    for row in rows:
        for one in row.staff:
            own[one.id].append(row)
    workers = [WorkerDay(one, tuple(hours[key]), own[key], span) for key, one in people.items()]
    return DayPlan(
        rows,
        sorted(workers, key=_order),
        [row for row in rows if row.missing],
        [row for row in rows if not row.staff and not row.missing],
        _sums(rows),
    )


def _with_away(row: PlanRow, hours: Mapping[UUID, Sequence[Shift]]) -> PlanRow:
    away = {
        one.id
        for one in row.staff
        if any(shift.is_away(row.contact.start) for shift in hours.get(one.id, ()))
    }
    return replace(row, away=frozenset(away)) if away else row


def _order(worker: WorkerDay) -> tuple[bool, float, object]:
    begins = worker.begins or min((row.contact.start for row in worker.rows), default=None)
    return (worker.is_night, begins.timestamp() if begins else float("inf"), swedish(worker.staff.name))


def _sums(rows: Sequence[PlanRow]) -> Sums:
    counted = [row for row in rows if row.is_counted]
    channels = {channel: sum(row.contact.channel is channel for row in counted) for channel in MAIN_CHANNELS}
    return Sums(
        contacts=len(counted),
        channels=channels,
        other=len(counted) - sum(channels.values()),
        done=sum(row.contact.status.is_done for row in counted),
        red=sum(row.is_red for row in counted),
        unstaffed=sum(row.missing > 0 for row in counted),
        called_off=len(rows) - len(counted),
    )
