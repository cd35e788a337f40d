"""A worker performs a contact: in, out, afterwards, or the client says no.

Times are the server's own; those of what was done without cover (`care.carried`) are `began` and `ended`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from care.contacts.contact import PlannedContact
from care.contacts.elsewhere import check_registered_here
from care.contacts.life import Status
from care.contacts.step import Hand, step
from care.errors import Fault

#: A visit entered afterwards may be longer than planned, but not a day long: that is a slip of the pen.
LONGEST = timedelta(hours=12)


class DeclineCause(StrEnum):
    """Why a client declined: five reasons, one tap (domain 1.2 #53)."""

    NOT_TODAY = "not_today"
    HAS_HELP = "has_help"
    NOT_NEEDED = "not_needed"
    WANTS_OTHER_TIME = "wants_other_time"
    WANTS_OTHER_PERSON = "wants_other_person"


async def check_in(
    session: AsyncSession,
    contact: PlannedContact,
    *,
    at: datetime,
    hand: Hand,
    staff_id: UUID | None = None,
    reason: str | None = None,
    began: datetime | None = None,
) -> bool:
    """Begin the contact now, or enter that it `began` a while ago; `staff_id` answers for it from here on.

    False when it has begun already: pressing twice changes nothing.
    Raises `Fault` ``contact.step`` when the row has ended or is unclear, ``contact.elsewhere`` for a visit
    that another system registers.
    """
    if contact.status is Status.UNDERWAY:
        return False
    await check_registered_here(session, contact)
    await step(
        session,
        contact,
        Status.UNDERWAY,
        at=at,
        hand=hand,
        event="checked_in",
        reason=reason,
        actual_start=began or at,
        owner_id=staff_id or contact.owner_id,
        deadline=None,
    )
    return True


async def check_out(
    session: AsyncSession,
    contact: PlannedContact,
    *,
    at: datetime,
    hand: Hand,
    ended: datetime | None = None,
) -> bool:
    """End the contact now, or enter that it `ended` a while ago. False when it is done already.

    Raises `Fault` ``contact.step`` when it never began.
    """
    if contact.status.is_done:
        return False
    if contact.status is not Status.UNDERWAY:
        raise Fault(
            "contact.not_begun",
            "Kontakten är inte påbörjad. Checka in först, eller skriv in den i efterhand.",
            status=409,
            place="status",
        )
    await step(session, contact, Status.DONE, at=at, hand=hand, event="checked_out", actual_end=ended or at)
    return True


async def decline(
    session: AsyncSession, contact: PlannedContact, cause: DeclineCause, *, at: datetime, hand: Hand
) -> None:
    """The client has said no to a person, in words. Raises `Fault` ``contact.step`` once it has begun."""
    await step(
        session, contact, Status.DECLINED, at=at, hand=hand, event="declined", cause=cause.value, touched=True
    )


async def enter_late(
    session: AsyncSession,
    contact: PlannedContact,
    start: datetime,
    end: datetime,
    *,
    at: datetime,
    hand: Hand,
    by_phone: bool = False,
) -> None:
    """Enter a contact that took place, with the times that somebody remembers. It stays marked as such.

    Raises `Fault` ``contact.times`` (place ``end`` or ``start``) and ``contact.step``.
    """
    if end <= start:
        raise Fault("contact.times", "Sluttiden ska vara efter starttiden.", place="end")
    if end - start > LONGEST:
        raise Fault("contact.times", "Kontakten kan inte ha varat längre än tolv timmar.", place="end")
    if end > at:
        raise Fault("contact.times", "Tiden har inte varit ännu.", place="end")
    if contact.status is Status.PLANNED:
        # The row never became due by itself: it has begun first, then it is done.
        await step(
            session, contact, Status.UNDERWAY, at=at, hand=hand, event="checked_in", actual_start=start
        )
    await step(
        session,
        contact,
        Status.DONE_PHONE if by_phone else Status.DONE,
        at=at,
        hand=hand,
        event="entered_late",
        actual_start=start,
        actual_end=end,
        entered_late=True,
    )
