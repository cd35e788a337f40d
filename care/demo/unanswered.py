"""A contact that nobody has answered, so that a newcomer sees what is done then: rung once, minutes ago.

It is made at each start of the demo, outside the seeded set, and only if none is open. What follows is the
program's own doing: it opens the case, and goes on step by step.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.calls.call import Call, CallParticipant, CallRole
from care.calls.life import CallState, Cause
from care.clients import Client, ClientAbsence, ContactPerson, DecisionAbility, Protection, Risk, VideoWish
from care.clock import Clock
from care.consent import Consent, ConsentKind
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactHistory, ContactLine, Origin, PlannedContact
from care.contacts.life import END_STATES, Status
from care.ids import new_id
from care.localtime import SWEDEN
from care.outbox import announce
from care.services import Service
from care.staff import Shift, ShiftKind, Staff, Title
from care.storage.database import Database

SOURCE = "demo-unanswered"
SERVICE = "TI-DAG"
MINUTES = 5
#: It was rung so long ago, for a minute.
RUNG = timedelta(minutes=4)


async def unanswered(database: Database, clock: Clock, *, but: UUID, caller: Staff) -> UUID | None:
    """A safety call of a colleague of `caller` that rang out, in the same group; its row.

    `but` is a client who is left in peace: the newcomer's first call is with them. An open one is kept. None
    when nobody else is at work, as before the first shift of the morning.
    """
    now = clock.now().replace(second=0, microsecond=0)
    async with database.write() as session:
        standing = await session.scalar(
            select(PlannedContact.id)
            .where(PlannedContact.source == SOURCE, PlannedContact.status.not_in(END_STATES))
            .limit(1)
        )
        if standing is not None:
            return standing
        staff = await _colleague(session, caller, now)
        client = await _client(session, caller.group_id, but, now) if staff is not None else None
        if staff is None or client is None:
            return None
        return await _make(session, client, staff, now)


async def _colleague(session: AsyncSession, caller: Staff, now: datetime) -> Staff | None:
    """Somebody at work for another hour who makes calls."""
    found: Staff | None = await session.scalar(
        select(Staff)
        .join(Shift, Shift.staff_id == Staff.id)
        .where(
            Staff.group_id == caller.group_id,
            Staff.id != caller.id,
            Staff.may_video.is_(True),
            Staff.active.is_(True),
            Staff.title.in_([Title.ASSISTANT_NURSE, Title.CARE_ASSISTANT]),
            Shift.kind.in_([ShiftKind.DAY, ShiftKind.EVENING]),
            Shift.start <= now - RUNG,
            Shift.end > now + timedelta(hours=1),
            Shift.absent_from.is_(None),
        )
        .order_by(Staff.extern_id)
        .limit(1)
    )
    return found


async def _client(session: AsyncSession, group_id: UUID, but: UUID, now: datetime) -> Client | None:
    """Somebody at home who has agreed to calls, with a telephone and somebody to ring."""
    agreed = exists().where(
        Consent.client_id == Client.id,
        Consent.kind == ConsentKind.DIGITAL_VISIT,
        Consent.confirmed_at.is_not(None),
        Consent.withdrawn_at.is_(None),
    )
    away = exists().where(
        ClientAbsence.client_id == Client.id,
        ClientAbsence.start <= now,
        or_(ClientAbsence.end.is_(None), ClientAbsence.end > now),
    )
    found: Client | None = await session.scalar(
        select(Client)
        .where(
            Client.group_id == group_id,
            Client.id != but,
            Client.protection == Protection.NONE,
            Client.risk == Risk.NORMAL,
            Client.lives_alone.is_(True),
            Client.phone.is_not(None),
            Client.video_wish == VideoWish.YES,
            Client.decision_ability == DecisionAbility.OWN,
            agreed,
            ~away,
            exists().where(ContactPerson.client_id == Client.id),
        )
        .order_by(Client.extern_id)
        .limit(1)
    )
    return found


async def _make(session: AsyncSession, client: Client, staff: Staff, now: datetime) -> UUID:
    service = (await session.scalars(select(Service).where(Service.code == SERVICE))).one()
    start, ended = now - RUNG, now - RUNG + timedelta(minutes=1)
    day = start.astimezone(SWEDEN).date()
    contact = PlannedContact(
        id=new_id(), client_id=client.id, group_id=client.group_id, channel=Channel.VIDEO,
        first_channel=Channel.VIDEO, origin=Origin.HAND, owed_date=day, planned_date=day,
        window_start=start, window_end=start + timedelta(minutes=30), start=start, minutes=MINUTES,
        priority=service.priority, status=Status.AWAITING, owner_id=staff.id,
        deadline=start + timedelta(minutes=6), source=SOURCE,
    )  # fmt: skip
    session.add(contact)
    await session.flush()
    call = Call(
        id=new_id(), contact_id=contact.id, rung_at=start, ended_at=ended, state=CallState.ENDED,
        cause=Cause.NO_ANSWER,
    )  # fmt: skip
    session.add_all(
        [
            ContactLine(
                id=new_id(), contact_id=contact.id, seq=0, service_id=service.id,
                goal_type=service.goal_type, law=service.law, minutes=MINUTES,
            ),
            Assignment(id=new_id(), contact_id=contact.id, staff_id=staff.id, slot=1),
            call,
            *_history(contact.id, start, ended),
        ]
    )  # fmt: skip
    await session.flush()
    session.add_all(
        [
            CallParticipant(id=new_id(), call_id=call.id, role=CallRole.WORKER, staff_id=staff.id),
            CallParticipant(id=new_id(), call_id=call.id, role=CallRole.CLIENT, client_id=client.id),
        ]
    )
    await announce(
        session, now, "contact.changed", group_id=client.group_id, client_id=client.id, contact=contact.id,
        event="made", status=Status.AWAITING.value, staff=[str(staff.id)],
    )  # fmt: skip
    return contact.id


def _history(contact_id: UUID, start: datetime, ended: datetime) -> list[ContactHistory]:
    steps = (
        ("made", None, Status.PLANNED, start - timedelta(days=1)),
        ("due", Status.PLANNED, Status.DUE, start - timedelta(minutes=10)),
        ("call.no_answer", Status.DUE, Status.AWAITING, ended),
    )
    return [
        ContactHistory(
            id=new_id(), contact_id=contact_id, at=at, by=SOURCE, event=event,
            status_before=before.value if before else None, status_after=after.value, change={},
        )
        for event, before, after, at in steps
    ]  # fmt: skip
