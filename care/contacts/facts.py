"""Gathering, from the database, what the hard rules of `care.contacts.digital` look at.

A handful of set-based queries for any number of contacts. What cannot be found counts against: no consent
row is no consent, no live tablet is no tablet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from care.clients import Client, ClientAbsence
from care.clock import Clock
from care.consent import Consent, ConsentKind, ConsentPerson, has_consent
from care.contacts.channel import Channel
from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.digital import DAYS_ONLY_DIGITAL, DigitalFacts, LineFacts
from care.contacts.life import Status
from care.devices import Device, DeviceAssignment
from care.localtime import to_wall
from care.services import DigitalClass, Priority, Service
from care.suitability import Suits, latest

#: A tablet that has not been heard of for this long does not ring today.
TABLET_SILENT_AFTER = timedelta(minutes=15)

#: Values that one question may hold: SQLite allows 32,766 and PostgreSQL's driver 32,767.
_AT_ONCE = 5_000

_NO_PICTURE = frozenset({"denied", "missing"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A contact that is, or may become, a row: what is asked about it."""

    client_id: UUID
    start: datetime
    priority: Priority
    staff_needed: int
    lines: tuple[LineFacts, ...]
    #: The row itself, which does not count as a visit beside itself.
    contact_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Visit:
    """A physical row of a client near the day asked about."""

    contact_id: UUID
    day: date
    start: datetime
    done: bool


async def gather_facts(
    session: AsyncSession, contact_ids: Collection[UUID], clock: Clock
) -> dict[UUID, DigitalFacts]:
    """The facts of each contact that exists, by its id."""
    wanted: dict[UUID, Wanted] = {}
    for ids in _portions(contact_ids):
        rows = await session.execute(
            select(
                PlannedContact.id,
                PlannedContact.client_id,
                PlannedContact.start,
                PlannedContact.priority,
                PlannedContact.staff_needed,
            ).where(PlannedContact.id.in_(ids))
        )
        for contact_id, client_id, start, priority, staff_needed in rows:
            wanted[contact_id] = Wanted(client_id, start, priority, staff_needed, (), contact_id)
    lines = await _lines(session, wanted)
    whole = {key: replace(want, lines=tuple(lines.get(key, ()))) for key, want in wanted.items()}
    facts = await facts_of(session, list(whole.values()), clock)
    return dict(zip(whole, facts, strict=True))


async def facts_of(session: AsyncSession, wanted: Sequence[Wanted], clock: Clock) -> list[DigitalFacts]:
    """The facts of contacts that need not exist yet, in the order given.

    Raises `KeyError` when a client does not exist.
    """
    ids = {want.client_id for want in wanted}
    clients = await _clients(session, ids)
    consents = await _consents(session, ids)
    absences = await _absences(session, ids)
    tablets = await _tablets(session, ids, clock)
    suits = await _suits(session, ids)
    visits = await _visits(session, wanted, clock)
    now, today = clock.now(), clock.today()
    facts = []
    for want in wanted:
        client = clients[want.client_id]
        day = to_wall(want.start, clock.zone).date()
        instant = max(want.start, now)
        given = consents.get(want.client_id, ())
        last, following = _physical(visits.get(want.client_id, ()), want)
        facts.append(
            DigitalFacts(
                at=want.start,
                day=day,
                priority=want.priority,
                staff_needed=want.staff_needed,
                lines=want.lines,
                video_wish=client.video_wish,
                consent_video=has_consent(given, ConsentKind.DIGITAL_VISIT, instant),
                lives_with_somebody=not client.lives_alone,
                consent_cohabitant=has_consent(
                    given, ConsentKind.DIGITAL_VISIT, instant, ConsentPerson.COHABITANT
                ),
                decision_ability=client.decision_ability,
                no_video_today=client.no_video_on == day,
                tablet_usable=any(
                    tablet_usable(device, now, is_today=day <= today)
                    for start, end, device in tablets.get(want.client_id, ())
                    if start <= instant and (end is None or instant < end)
                ),
                has_phone=bool(client.phone),
                choking_risk=client.choking_risk,
                tablet_suits=suits.get(want.client_id, Suits.YES) is not Suits.NO,
                last_physical=last,
                next_physical=following,
                is_away=any(absence.covers(want.start) for absence in absences.get(want.client_id, ())),
            )
        )
    return facts


def tablet_usable(device: Device, now: datetime, *, is_today: bool) -> bool:
    """Paired, not revoked, not without camera or microphone, and for a row today heard of lately."""
    if device.paired_at is None or device.revoked_at is not None:
        return False
    if any(device.health.get(part) in _NO_PICTURE for part in ("camera", "microphone")):
        return False
    if not is_today:
        return True
    return device.last_seen_at is not None and now - device.last_seen_at <= TABLET_SILENT_AFTER


def line_facts(service: Service, nurse: UUID | None) -> LineFacts:
    """What the rules need of one line: its service, and the nurse who allows it at a distance."""
    return LineFacts(service.code, service.digital_class, service.law, nurse is not None)


def _portions(ids: Iterable[UUID]) -> Iterable[list[UUID]]:
    every = list(ids)
    return (every[at : at + _AT_ONCE] for at in range(0, len(every), _AT_ONCE))


async def _lines(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, list[LineFacts]]:
    found: dict[UUID, list[LineFacts]] = defaultdict(list)
    for some in _portions(ids):
        rows = await session.execute(
            select(
                ContactLine.contact_id,
                Service.code,
                Service.digital_class,
                ContactLine.law,
                ContactLine.digital_allowed_by_id,
            )
            .join(Service, Service.id == ContactLine.service_id)
            .where(ContactLine.contact_id.in_(some))
            .order_by(ContactLine.seq)
        )
        for contact_id, code, digital_class, law, nurse in rows:
            found[contact_id].append(LineFacts(code, digital_class, law, nurse is not None))
    return found


async def _clients(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Client]:
    found: dict[UUID, Client] = {}
    for some in _portions(ids):
        rows = await session.scalars(select(Client).where(Client.id.in_(some)))
        found |= {client.id: client for client in rows}
    return found


async def _consents(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, list[Consent]]:
    found: dict[UUID, list[Consent]] = defaultdict(list)
    for some in _portions(ids):
        rows = await session.scalars(
            select(Consent).where(Consent.client_id.in_(some), Consent.kind == ConsentKind.DIGITAL_VISIT)
        )
        for consent in rows:
            found[consent.client_id].append(consent)
    return found


async def _suits(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Suits]:
    found: dict[UUID, Suits] = {}
    for some in _portions(ids):
        found |= {key: one.suits for key, one in (await latest(session, some)).items()}
    return found


async def _absences(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, list[ClientAbsence]]:
    found: dict[UUID, list[ClientAbsence]] = defaultdict(list)
    for some in _portions(ids):
        for absence in await session.scalars(select(ClientAbsence).where(ClientAbsence.client_id.in_(some))):
            found[absence.client_id].append(absence)
    return found


async def _tablets(
    session: AsyncSession, ids: Collection[UUID], clock: Clock
) -> dict[UUID, list[tuple[datetime, datetime | None, Device]]]:
    found: dict[UUID, list[tuple[datetime, datetime | None, Device]]] = defaultdict(list)
    for some in _portions(ids):
        rows = await session.execute(
            select(DeviceAssignment.client_id, DeviceAssignment.start, DeviceAssignment.end, Device)
            .join(Device, Device.id == DeviceAssignment.device_id)
            .where(
                DeviceAssignment.client_id.in_(some),
                or_(DeviceAssignment.end.is_(None), DeviceAssignment.end > clock.now()),
                Device.revoked_at.is_(None),
            )
        )
        for client_id, start, end, device in rows:
            found[client_id].append((start, end, device))
    return found


async def _visits(session: AsyncSession, wanted: Sequence[Wanted], clock: Clock) -> dict[UUID, list[_Visit]]:
    """Visits near the days asked about: performed ones, and planned ones that must be visits.

    A planned visit counts only when hands are needed in it: another one might itself be moved to video,
    and two rows must not each stay digital by leaning on the other.
    """
    found: dict[UUID, list[_Visit]] = defaultdict(list)
    if not wanted:
        return found
    days = [to_wall(want.start, clock.zone).date() for want in wanted]
    row, line, service = PlannedContact, aliased(ContactLine), aliased(Service)
    needs_hands = (
        select(line.id)
        .join(service, service.id == line.service_id)
        .where(line.contact_id == row.id, service.digital_class == DigitalClass.HANDS_REQUIRED)
        .exists()
    )
    for some in _portions({want.client_id for want in wanted}):
        rows = await session.execute(
            select(row.client_id, row.id, row.planned_date, row.start, row.actual_start, row.status).where(
                row.client_id.in_(some),
                row.channel == Channel.PHYSICAL,
                # A day more on each side: rows may have been performed on another day than planned.
                row.planned_date >= min(days) - timedelta(days=DAYS_ONLY_DIGITAL + 1),
                row.planned_date <= max(days) + timedelta(days=1),
                or_(
                    row.status == Status.DONE,
                    and_(row.status.in_((Status.PLANNED, Status.DUE, Status.UNDERWAY)), needs_hands),
                ),
            )
        )
        for client_id, contact_id, _planned, start, actual, status in rows:
            when = actual or start
            day = to_wall(when, clock.zone).date()
            found[client_id].append(_Visit(contact_id, day, when, status is Status.DONE))
    return found


def _physical(visits: Iterable[_Visit], want: Wanted) -> tuple[date | None, date | None]:
    """The day of the latest visit performed, and of the latest planned one, before the contact."""
    before = [v for v in visits if v.contact_id != want.contact_id and v.start < want.start]
    return (
        max((visit.day for visit in before if visit.done), default=None),
        max((visit.day for visit in before if not visit.done), default=None),
    )
