"""A worker's list: every row of one shift, in a dozen set-based queries however long the history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.calls.ring import against_ringing
from care.clients import Client, ContactPerson, KnownStaff
from care.clock import Clock
from care.consent import Consent, ConsentKind, has_consent
from care.contacts.assigned import assigned
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactHistory, ContactLine, PlannedContact
from care.contacts.digital import No
from care.contacts.elsewhere import system_of
from care.contacts.life import Status
from care.delegation import may_do
from care.localtime import day_span, to_wall
from care.municipality import Group
from care.pulse import StaffPulseAsked
from care.services import Service
from care.staff import Delegation, Shift, ShiftKind, Staff
from server.pages.contact.standing import without_receipt

#: A shift stays "the" shift for so long after its end, for what is entered afterwards.
AFTER_SHIFT = timedelta(hours=2)
#: How far ahead the next call with a client is looked for.
DAYS_AHEAD = 7
#: What has been replaced lives on in its successors.
_SHOWN = tuple(status for status in Status if status is not Status.REPLACED)
#: Begun or waiting for somebody: follows along into the next list until a person has ended it.
_UNFINISHED = (Status.UNDERWAY, Status.AWAITING, Status.UNKNOWN)
#: Neither done nor owed: not part of "6 av 11".
_NOT_COUNTED = (Status.CANCELLED, Status.DECLINED)


@dataclass(frozen=True, slots=True)
class Span:
    """The day that a list is for, and its first and last instant. Lists of one worker never overlap."""

    day: date
    start: datetime
    end: datetime
    #: The worker's own hours in it, absence not counted; empty when there is no shift.
    shifts: tuple[Shift, ...] = ()

    @property
    def shift_end(self) -> datetime | None:
        return max((shift.end for shift in self.shifts), default=None)


@dataclass(slots=True)
class DayList:
    """The rows of a span and what stands around them."""

    span: Span
    contacts: list[PlannedContact]
    clients: dict[UUID, Client] = field(default_factory=dict)
    staff: dict[UUID, list[Staff]] = field(default_factory=lambda: defaultdict(list))
    #: Clients who know the worker.
    known: set[UUID] = field(default_factory=set)
    photo: set[UUID] = field(default_factory=set)
    history: dict[UUID, list[ContactHistory]] = field(default_factory=lambda: defaultdict(list))
    #: Names of colleagues that the history mentions.
    names: dict[str, str] = field(default_factory=dict)
    without_receipt: set[UUID] = field(default_factory=set)
    #: Whom to ring about a client, first in order; nobody for a protected identity.
    persons: dict[UUID, ContactPerson] = field(default_factory=dict)
    #: Coming video rows by client, soonest first.
    calls: dict[UUID, list[PlannedContact]] = field(default_factory=lambda: defaultdict(list))
    groups: dict[UUID, str] = field(default_factory=dict)
    #: Video rows that may not be rung now, and why.
    no_call: dict[UUID, No] = field(default_factory=dict)
    has_answered: bool = False
    #: Visits that another system registers, with its name, and those of them whose goals are all receipted.
    elsewhere: dict[UUID, str] = field(default_factory=dict)
    receipted: set[UUID] = field(default_factory=set)
    #: What the worker speaks, and open rows with services that only a delegation allows and the worker lacks.
    languages: frozenset[str] = frozenset()
    undelegated: dict[UUID, list[Service]] = field(default_factory=dict)

    @property
    def counted(self) -> list[PlannedContact]:
        return [one for one in self.contacts if one.status not in _NOT_COUNTED]

    @property
    def done(self) -> int:
        return sum(one.status.is_done or one.id in self.receipted for one in self.counted)

    def next_call(self, contact: PlannedContact) -> PlannedContact | None:
        """The client's next video row after this one."""
        return next((call for call in self.calls[contact.client_id] if call.start > contact.start), None)


def span_of(shifts: Sequence[Shift], clock: Clock) -> Span:
    """The span that the worker is in now. `shifts` are those of today and the two days before.

    A day's list goes from local midnight to midnight; a shift across midnight takes its hours with it, and
    stays the present one until two hours after its end unless the next has begun.
    """
    now, today = clock.now(), clock.today()
    yesterday = today - timedelta(days=1)
    before, midnight, next_midnight = (_midnight(today + timedelta(days=days), clock) for days in (-1, 0, 1))
    night = [one for one in shifts if one.date == yesterday and one.end > midnight]
    own = [one for one in shifts if one.date == today]
    if night:
        night_end = max(one.end for one in night)
        has_begun = any(one.start <= now for one in own)
        if now < night_end + AFTER_SHIFT and (now < night_end or not has_begun):
            start = max([before, *(one.end for one in shifts if one.date < yesterday)])
            return Span(yesterday, start, night_end, _hours(night))
        midnight = night_end
    end = max([next_midnight, *(one.end for one in own)])
    return Span(today, midnight, end, _hours(own))


def _midnight(day: date, clock: Clock) -> datetime:
    return day_span(day, clock.zone)[0]


def _hours(shifts: Sequence[Shift]) -> tuple[Shift, ...]:
    return tuple(one for one in shifts if one.kind is not ShiftKind.DIGITAL)


async def read_span(session: AsyncSession, staff_id: UUID, clock: Clock) -> Span:
    """The span of a worker right now."""
    today = clock.today()
    shifts = await session.scalars(
        select(Shift)
        .where(Shift.staff_id == staff_id, Shift.date.between(today - timedelta(days=2), today))
        .order_by(Shift.start)
    )
    return span_of(list(shifts), clock)


async def own_rows(session: AsyncSession, staff_id: UUID, span: Span) -> list[PlannedContact]:
    """The worker's rows of the span, those of other groups too, in order of time."""
    rows = await session.scalars(
        select(PlannedContact)
        .join(Assignment, Assignment.contact_id == PlannedContact.id)
        .where(
            # Found by time and not by person: what somebody has done in years must not be gone through.
            func.coalesce(Assignment.staff_id, None) == staff_id,
            PlannedContact.status.in_(_SHOWN),
            PlannedContact.start >= span.start - timedelta(days=1),
            PlannedContact.start < span.end,
            or_(PlannedContact.start >= span.start, PlannedContact.status.in_(_UNFINISHED)),
        )
        .options(selectinload(PlannedContact.lines).selectinload(ContactLine.service))
        .order_by(PlannedContact.start, PlannedContact.id)
    )
    return list(rows.unique())


async def read_day(session: AsyncSession, staff_id: UUID, clock: Clock) -> DayList:
    """The list of a worker right now, with everything that its page shows."""
    span = await read_span(session, staff_id, clock)
    contacts = await own_rows(session, staff_id, span)
    day = DayList(span, contacts)
    ids = [contact.id for contact in contacts]
    client_ids = {contact.client_id for contact in contacts}
    for client in await session.scalars(select(Client).where(Client.id.in_(client_ids))):
        day.clients[client.id] = client
    day.known = await _known(session, staff_id, day.clients)
    day.photo = await _photo(session, client_ids, clock.now())
    day.persons = await _persons(session, day.clients)
    await _calls(session, day, client_ids, clock)
    day.staff = await assigned(session, ids + [call.id for calls in day.calls.values() for call in calls])
    await _history(session, day, contacts)
    day.without_receipt = await without_receipt(session, [one.id for one in contacts if one.status.is_done])
    video = [one.id for one in contacts if one.channel is Channel.VIDEO and not one.status.is_end]
    day.no_call = await against_ringing(session, video, clock)
    elsewhere: dict[UUID, str] = {}
    for group in await session.scalars(select(Group)):
        day.groups[group.id] = group.name
        if group.visits_in:
            elsewhere[group.id] = group.visits_in
    await _elsewhere(session, day, elsewhere)
    await _able(session, day, staff_id, clock)
    day.has_answered = (
        await session.scalar(
            select(StaffPulseAsked.id).where(
                StaffPulseAsked.staff_id == staff_id, StaffPulseAsked.date == span.day
            )
        )
    ) is not None
    return day


async def _known(session: AsyncSession, staff_id: UUID, clients: dict[UUID, Client]) -> set[UUID]:
    rows = await session.scalars(
        select(KnownStaff.client_id).where(KnownStaff.client_id.in_(clients), KnownStaff.staff_id == staff_id)
    )
    return set(rows) | {one.id for one in clients.values() if one.named_care_worker_id == staff_id}


async def _persons(session: AsyncSession, clients: dict[UUID, Client]) -> dict[UUID, ContactPerson]:
    found: dict[UUID, ContactPerson] = {}
    for one in await session.scalars(
        select(ContactPerson)
        .where(ContactPerson.client_id.in_([one.id for one in clients.values() if not one.is_protected]))
        .order_by(ContactPerson.rank, ContactPerson.id)
    ):
        found.setdefault(one.client_id, one)
    return found


async def _photo(session: AsyncSession, client_ids: set[UUID], now: datetime) -> set[UUID]:
    given: dict[UUID, list[Consent]] = defaultdict(list)
    for consent in await session.scalars(
        select(Consent).where(Consent.client_id.in_(client_ids), Consent.kind == ConsentKind.PHOTO)
    ):
        given[consent.client_id].append(consent)
    return {key for key, consents in given.items() if has_consent(consents, ConsentKind.PHOTO, now)}


async def _calls(session: AsyncSession, day: DayList, client_ids: set[UUID], clock: Clock) -> None:
    today = clock.today()
    rows = await session.scalars(
        select(PlannedContact)
        .where(
            PlannedContact.client_id.in_(client_ids),
            PlannedContact.planned_date.between(today, today + timedelta(days=DAYS_AHEAD)),
            PlannedContact.channel == Channel.VIDEO,
            PlannedContact.status.in_((Status.PLANNED, Status.DUE)),
            PlannedContact.start > clock.now(),
        )
        .options(selectinload(PlannedContact.lines))
        .order_by(PlannedContact.start)
    )
    for row in rows:
        day.calls[row.client_id].append(row)


async def _history(session: AsyncSession, day: DayList, contacts: list[PlannedContact]) -> None:
    open_ids = [one.id for one in contacts if not one.status.is_done]
    for entry in await session.scalars(
        select(ContactHistory)
        .where(ContactHistory.contact_id.in_(open_ids))
        .order_by(ContactHistory.at, ContactHistory.id)
    ):
        day.history[entry.contact_id].append(entry)
    day.names = await names_in(session, [one for entries in day.history.values() for one in entries])


async def names_in(session: AsyncSession, entries: Sequence[ContactHistory]) -> dict[str, str]:
    """The names of everybody whom changes of staff mention, by id in text."""
    ids = {UUID(one) for entry in entries for side in entry.change.get("staff", []) for one in side}
    if not ids:
        return {}
    return {
        str(staff.id): staff.short_name
        for staff in await session.scalars(select(Staff).where(Staff.id.in_(ids)))
    }


async def _able(session: AsyncSession, day: DayList, staff_id: UUID, clock: Clock) -> None:
    """What the worker speaks and may do: said of the rows where it matters."""
    staff = await session.get_one(Staff, staff_id)
    day.languages = frozenset(staff.languages)
    delegations: Sequence[Delegation] | None = None
    for contact in day.contacts:
        needed = [line.service for line in contact.lines if line.service.delegation_required]
        if not needed or contact.status.is_end:
            continue
        if delegations is None:
            rows = await session.scalars(select(Delegation).where(Delegation.staff_id == staff_id))
            delegations = rows.all()
        if not may_do(staff, delegations, to_wall(contact.start, clock.zone).date()):
            day.undelegated[contact.id] = needed


async def _elsewhere(session: AsyncSession, day: DayList, known: Mapping[UUID, str]) -> None:
    for contact in day.contacts:
        system = system_of(contact.channel, contact.group_id, known)
        if system is not None and not contact.status.is_end:
            day.elsewhere[contact.id] = system
    open_ones = [one.id for one in day.contacts if one.id in day.elsewhere and one.lines]
    if open_ones:
        day.receipted = set(open_ones) - await without_receipt(session, open_ones)
