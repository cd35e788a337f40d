"""The visit that takes the place of a contact nobody answered: its row, with the lines of the first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactHistory, ContactLine, Origin, PlannedContact
from care.contacts.step import Hand
from care.ids import new_id
from care.localtime import to_wall
from care.outbox import announce
from care.services import Priority
from scheduler.horizon import line_rows


@dataclass(frozen=True, slots=True)
class CheckVisit:
    """The visit that takes the place of a contact nobody answered."""

    start: datetime
    staff_id: UUID | None = None
    minutes: int = 15


async def make_visit(
    session: AsyncSession,
    contact: PlannedContact,
    visit: CheckVisit,
    *,
    clock: Clock,
    hand: Hand,
    priority: Priority | None = None,
) -> PlannedContact:
    """A visit in the contact's place: it counts for the same day, and the chain counts once, by its last."""
    now = clock.now()
    successor = PlannedContact(
        id=new_id(),
        client_id=contact.client_id,
        group_id=contact.group_id,
        channel=Channel.PHYSICAL,
        first_channel=Channel.PHYSICAL,
        origin=Origin.ESCALATION,
        owed_date=contact.owed_date,
        planned_date=to_wall(visit.start, clock.zone).date(),
        start=visit.start,
        minutes=visit.minutes,
        window_start=visit.start,
        window_end=visit.start + timedelta(minutes=visit.minutes),
        priority=priority or contact.priority,
        owner_id=visit.staff_id,
        touched=True,
        replaces_id=contact.id,
    )
    session.add(successor)
    await session.flush()
    lines = await session.scalars(select(ContactLine).where(ContactLine.contact_id == contact.id))
    copies = line_rows(successor.id, lines)
    if copies:
        await session.execute(insert(ContactLine), copies)
    staff = [visit.staff_id] if visit.staff_id is not None else []
    session.add_all(Assignment(id=new_id(), contact_id=successor.id, staff_id=one, slot=1) for one in staff)
    session.add(
        ContactHistory(
            id=new_id(),
            contact_id=successor.id,
            at=now,
            account_id=hand.account_id,
            by=hand.by,
            event="made",
            status_before=None,
            status_after=successor.status.value,
            change={"replaces": [None, str(contact.id)]},
        )
    )
    await session.flush()
    await announce(
        session,
        now,
        "contact.changed",
        group_id=successor.group_id,
        client_id=successor.client_id,
        contact=successor.id,
        event="made",
        status=successor.status.value,
        staff=[str(one) for one in staff],
    )
    return successor
