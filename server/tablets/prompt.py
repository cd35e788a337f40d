"""A reminder on the tablet: "Klart" and "Inte nu".

"Klart" says that somebody pressed a button at a time, and no more: the receipts say "tryckte Klart 08.04",
never that a goal was reached or a medicine taken. An unanswered reminder is left to the
escalation of the ticks.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.contacts.channel import Channel
from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, alter, fetch, step
from care.errors import Fault
from care.ids import new_id
from care.receipts import Receipt, Result
from care.tasks import TaskKind, open_task
from server.tablets.home import clients_of

HAND = Hand(by="tablet")
#: "Inte nu" is never a no: it means later.
LATER = timedelta(minutes=5)
#: A tablet without cover may tell afterwards, within a day.
OLDEST = timedelta(hours=24)
#: These goals are told to a person at once when they are put off, whatever the row's priority.
_TOLD = frozenset({"meal", "medication"})


async def press_done(
    session: AsyncSession,
    device_id: UUID,
    contact_id: UUID,
    clock: Clock,
    pressed_at: datetime | None = None,
) -> None:
    """ "Klart" was pressed, now or at `pressed_at` (a tablet that had no cover tells later).

    Pressing twice, and telling twice, changes nothing more.
    Raises `Fault` ``contact.unknown`` (404) and ``contact.step`` (409) when it has ended in another way.
    """
    now = clock.now()
    contact = await _own_prompt(session, device_id, contact_id, now)
    if contact.status is Status.DONE and await _was_pressed(session, contact.id):
        return
    at = _believable(pressed_at, contact, now)
    if contact.status is Status.PLANNED:
        # The tick that makes rows due has not come round yet.
        await step(session, contact, Status.DUE, at=now, hand=HAND)
    await step(
        session,
        contact,
        Status.DONE,
        at=now,
        hand=HAND,
        event="done_by_client",
        actual_start=at,
        actual_end=at,
    )
    lines = await session.scalars(
        select(ContactLine).where(ContactLine.contact_id == contact.id).order_by(ContactLine.seq)
    )
    session.add_all(
        Receipt(
            id=new_id(),
            contact_id=contact.id,
            line_id=line.id,
            result=Result.PRESSED,
            at=at,
        )
        for line in lines
    )
    await session.flush()


async def put_off(session: AsyncSession, device_id: UUID, contact_id: UUID, clock: Clock) -> None:
    """ "Inte nu": it comes again in five minutes. For safety, meal and medicine a person is told.

    Raises `Fault` ``contact.unknown`` (404) and ``contact.step`` (409) when it has ended.
    """
    now = clock.now()
    contact = await _own_prompt(session, device_id, contact_id, now)
    if contact.status.is_end:
        raise _ended()
    await alter(session, contact, at=now, hand=HAND, event="put_off", start=now + LATER)
    goals = set(
        await session.scalars(select(ContactLine.goal_type).where(ContactLine.contact_id == contact.id))
    )
    if contact.priority.is_safety or goals & _TOLD:
        await _tell_person(session, device_id, contact, now)


async def _tell_person(
    session: AsyncSession, device_id: UUID, contact: PlannedContact, now: datetime
) -> None:
    await open_task(
        session,
        TaskKind.FOLLOW_UP,
        group_id=contact.group_id,
        at=now,
        deadline=max(contact.start, contact.window_end),
        once_key=f"put_off:{contact.id}",
        client_id=contact.client_id,
        contact_id=contact.id,
        device_id=device_id,
        owner_id=contact.owner_id,
        facts={"why": "put_off", "at": now.isoformat()},
    )


async def _own_prompt(
    session: AsyncSession, device_id: UUID, contact_id: UUID, now: datetime
) -> PlannedContact:
    contact = await session.get(PlannedContact, contact_id)
    here = await clients_of(session, device_id, now)
    if (
        contact is None
        or contact.channel is not Channel.PROMPT
        or contact.client_id not in {one.id for one in here}
    ):
        raise Fault("contact.unknown", "Påminnelsen finns inte här.", status=404, place="contact")
    return await fetch(session, contact_id)


async def _was_pressed(session: AsyncSession, contact_id: UUID) -> bool:
    found = await session.scalar(
        select(Receipt.id).where(Receipt.contact_id == contact_id, Receipt.result == Result.PRESSED).limit(1)
    )
    return found is not None


def _believable(pressed_at: datetime | None, contact: PlannedContact, now: datetime) -> datetime:
    """The tablet's own time where it can be true: not to come, not before the row, not older than a day."""
    if pressed_at is None or pressed_at > now:
        return now
    earliest = max(min(contact.window_start, now), now - OLDEST)
    return pressed_at if pressed_at >= earliest else now


def _ended() -> Fault:
    return Fault("contact.step", "Påminnelsen är redan avslutad.", status=409, place="contact")
