"""The row that a newcomer's first call is made on: a video row due now, in a home whose tablet waits.

It is made at each start of the demo, outside the seeded set, and only if none is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.accounts import Account
from care.clients import Client, DecisionAbility, KnownStaff, Protection, VideoWish
from care.clock import Clock
from care.consent import Consent, ConsentKind, ConsentPerson, has_consent
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactHistory, ContactLine, Origin, PlannedContact
from care.contacts.life import END_STATES, Status
from care.contacts.whereabouts import whereabouts
from care.demo.devices import waiting_tablets
from care.errors import Fault
from care.ids import new_id
from care.localtime import SWEDEN
from care.outbox import announce
from care.services import Service
from care.staff import Shift, ShiftKind, Staff, Title
from care.storage.database import Database

SOURCE = "demo-start"
SERVICE = "SO-SAM"
MINUTES = 15
#: Before the first shift of the morning, those who come soon are the ones to ring.
SOON = timedelta(hours=3)


class FirstCall(NamedTuple):
    """Who rings whom."""

    staff: Staff
    client: Client
    #: Whose account the worker signs in with.
    username: str


async def first_call(database: Database, clock: Clock) -> FirstCall:
    """A video row due now for the client of a waiting tablet, and the worker who is to ring.

    An open one is kept and told again. The worker can sign in, and is at work now when anybody is.

    Raises `Fault` ``demo.no_tablet`` (409) when no tablet waits to be paired.
    """
    now = clock.now().replace(second=0, microsecond=0)
    async with database.write() as session:
        open_row = await _open(session)
        if open_row is not None:
            return open_row
        clients = await _clients(session, now)
        workers = await _Workers.of(session, now)
        pairs = [(chosen, client) for client in clients if (chosen := workers.best_for(client)) is not None]
        if not pairs:
            raise Fault("demo.no_worker", "Ingen som får ringa kan logga in.", status=409)
        chosen, client = min(pairs, key=lambda pair: pair[0].rank[:4])
        await _make(session, client, chosen.staff, now)
        return FirstCall(chosen.staff, client, chosen.username)


async def _open(session: AsyncSession) -> FirstCall | None:
    row = (
        await session.execute(
            select(Staff, Client, Account.username)
            .select_from(PlannedContact)
            .join(Assignment, Assignment.contact_id == PlannedContact.id)
            .join(Staff, Staff.id == Assignment.staff_id)
            .join(Client, Client.id == PlannedContact.client_id)
            .join(Account, Account.staff_id == Staff.id)
            .where(PlannedContact.source == SOURCE, PlannedContact.status.not_in(END_STATES))
            .order_by(PlannedContact.start.desc(), Assignment.slot)
            .limit(1)
        )
    ).first()
    return FirstCall(*row) if row else None


async def _clients(session: AsyncSession, now: datetime) -> list[Client]:
    """Those with a waiting tablet who may be called: who answers by a tap before who need not."""
    waiting = [
        client
        for client in await waiting_tablets(session)
        if client.decision_ability is not DecisionAbility.UNCLEAR
        and client.video_wish is VideoWish.YES
        and client.protection is Protection.NONE
    ]
    consents = (
        await session.scalars(select(Consent).where(Consent.client_id.in_([client.id for client in waiting])))
    ).all()
    of: dict[UUID, list[Consent]] = {client.id: [] for client in waiting}
    for consent in consents:
        of[consent.client_id].append(consent)
    able = [client for client in waiting if _agreed(client, of[client.id], now)]
    if not able:
        raise Fault(
            "demo.no_tablet", "Ingen surfplatta väntar på att kopplas. Starta demon på nytt.", status=409
        )
    return sorted(
        able, key=lambda c: (has_consent(of[c.id], ConsentKind.AUTO_ANSWER, now), c.extern_id or "")
    )


def _agreed(client: Client, consents: list[Consent], now: datetime) -> bool:
    """Everybody who lives there has said yes to calls."""
    kind = ConsentKind.DIGITAL_VISIT
    together = client.lives_alone or has_consent(consents, kind, now, ConsentPerson.COHABITANT)
    return together and has_consent(consents, kind, now)


class _Chosen(NamedTuple):
    """A worker for a client; the lower the rank the better."""

    rank: tuple[bool, bool, bool, bool, bool, bool, str]
    staff: Staff
    username: str


@dataclass(frozen=True, slots=True)
class _Workers:
    """Care workers who make calls and can sign in, and what they are doing now."""

    able: list[tuple[Staff, str]]
    at_work: set[UUID]
    #: At work now or soon.
    expected: set[UUID]
    busy: set[UUID]
    #: In somebody's home: before a ring from there one is asked whether one is alone.
    visiting: set[UUID]
    #: (client, worker)
    known: set[tuple[UUID, UUID]]

    @classmethod
    async def of(cls, session: AsyncSession, now: datetime) -> _Workers:
        rows = await session.execute(
            select(Staff, Account.username)
            .join(Account, Account.staff_id == Staff.id)
            .where(
                Staff.may_video.is_(True),
                Staff.title.in_([Title.ASSISTANT_NURSE, Title.CARE_ASSISTANT, Title.OTHER]),
                Account.disabled_at.is_(None),
            )
        )
        able = [(staff, username) for staff, username in rows]
        ids = [staff.id for staff, _ in able]
        shifts = await session.execute(
            select(Shift.staff_id, Shift.start).where(
                Shift.staff_id.in_(ids),
                Shift.kind != ShiftKind.DIGITAL,
                Shift.start <= now + SOON,
                Shift.end > now + timedelta(minutes=MINUTES),
                Shift.absent_from.is_(None),
            )
        )
        known = await session.execute(
            select(KnownStaff.client_id, KnownStaff.staff_id).where(KnownStaff.staff_id.in_(ids))
        )
        busy = await _busy(session, ids, now)
        begins = [(staff, start) for staff, start in shifts]
        at_work = {staff for staff, start in begins if start <= now}
        expected = {staff for staff, _ in begins}
        visiting = {one for one in ids if await whereabouts(session, one, now) is not None}
        return cls(able, at_work, expected, busy, visiting, {(client, staff) for client, staff in known})

    def best_for(self, client: Client) -> _Chosen | None:
        """At work now or soon before not, in nobody's home before in one, at work now before soon, free
        before busy, with a face before without, then the known.

        None when the group has nobody.
        """
        mine = [
            _Chosen(
                (
                    staff.id not in self.expected,
                    staff.id in self.visiting,
                    staff.id not in self.at_work,
                    staff.id in self.busy,
                    staff.portrait is None,
                    (client.id, staff.id) not in self.known,
                    staff.extern_id or "",
                ),
                staff,
                username,
            )
            for staff, username in self.able
            if staff.group_id == client.group_id
        ]
        return min(mine, default=None, key=lambda one: one.rank)


async def _busy(session: AsyncSession, staff: list[UUID], now: datetime) -> set[UUID]:
    rows = await session.execute(
        select(Assignment.staff_id, PlannedContact.start, PlannedContact.minutes)
        .join(PlannedContact, PlannedContact.id == Assignment.contact_id)
        .where(
            Assignment.staff_id.in_(staff),
            PlannedContact.start.between(now - timedelta(hours=3), now + timedelta(minutes=MINUTES)),
        )
    )
    return {who for who, start, minutes in rows if start + timedelta(minutes=minutes) > now}


async def _make(session: AsyncSession, client: Client, staff: Staff, now: datetime) -> None:
    service = (await session.scalars(select(Service).where(Service.code == SERVICE))).one()
    day = now.astimezone(SWEDEN).date()
    contact = PlannedContact(
        id=new_id(),
        client_id=client.id,
        group_id=client.group_id,
        channel=Channel.VIDEO,
        first_channel=Channel.VIDEO,
        origin=Origin.HAND,
        owed_date=day,
        planned_date=day,
        window_start=now,
        window_end=now + timedelta(minutes=60),
        start=now,
        minutes=MINUTES,
        staff_needed=1,
        priority=service.priority,
        status=Status.PLANNED,
        owner_id=staff.id,
        source=SOURCE,
    )
    session.add(contact)
    await session.flush()
    session.add_all(
        [
            ContactLine(
                id=new_id(),
                contact_id=contact.id,
                seq=0,
                service_id=service.id,
                goal_type=service.goal_type,
                law=service.law,
                minutes=MINUTES,
            ),
            Assignment(id=new_id(), contact_id=contact.id, staff_id=staff.id, slot=1),
            ContactHistory(
                id=new_id(),
                contact_id=contact.id,
                at=now,
                by=SOURCE,
                event="made",
                status_before=None,
                status_after=Status.PLANNED.value,
                change={},
            ),
        ]
    )
    await announce(
        session,
        now,
        "contact.changed",
        group_id=client.group_id,
        client_id=client.id,
        contact=contact.id,
        event="made",
        status=Status.PLANNED.value,
        staff=[str(staff.id)],
    )
