"""The plan rearranged by hand: another worker, another time within the window, pinned, or nobody at home.

Another channel is `scheduler.moving`; what is in the way is said beforehand by `scheduler.conflicts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import ClientAbsence
from care.clock import Clock
from care.contacts.cause import Cause
from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.elsewhere import systems
from care.contacts.life import Status
from care.contacts.step import Hand, alter, staff_of, step
from care.errors import Fault
from care.localtime import at, to_wall
from scheduler.conflicts import Conflict, Plan, conflicts
from scheduler.disruptions.telling import TOLD_AFTER
from scheduler.moving import have_told
from scheduler.ticks.deadline import deadline_of
from scheduler.ticks.timing import read_timing

_BEFORE_START = (Status.PLANNED, Status.DUE, Status.AWAITING)


@dataclass(frozen=True, slots=True)
class Wish:
    """Who is to do it, in slot order, and when it is to begin."""

    staff: tuple[UUID, ...]
    start: datetime


def start_within(contact: PlannedContact, wall: time, zone: ZoneInfo) -> datetime:
    """The instant of the wall time `wall` inside the contact's window, which may close after midnight.

    The time it has already is always allowed. Raises `Fault` ``plan.outside_window`` (place ``at``).
    """
    if to_wall(contact.start, zone).time().replace(second=0, microsecond=0) == wall:
        return contact.start
    opens, closes = contact.window_start, max(contact.window_end, contact.window_start)
    day = to_wall(opens, zone).date()
    while day <= to_wall(closes, zone).date():
        start = at(day, wall, zone)
        if opens <= start <= closes:
            return start
        day += timedelta(days=1)
    raise Fault(
        "plan.outside_window",
        "Tiden ska ligga mellan %(from)s och %(to)s, som är beviljat eller överenskommet.",
        place="at",
        values={"from": f"{to_wall(opens, zone):%H.%M}", "to": f"{to_wall(closes, zone):%H.%M}"},
    )


async def conflicts_of(
    session: AsyncSession, contact: PlannedContact, wish: Wish, clock: Clock
) -> list[Conflict]:
    """What is in the way of `wish`. What stands as before is not asked about again."""
    retimed = wish.start != contact.start
    before = set(await staff_of(session, contact.id))
    lines = list(await session.scalars(select(ContactLine).where(ContactLine.contact_id == contact.id)))
    plan = Plan(
        client_id=contact.client_id,
        channel=contact.channel,
        services=[line.service_id for line in lines],
        starts=[wish.start],
        minutes=contact.minutes,
        staff=[one for one in wish.staff if retimed or one not in before],
        staff_needed=contact.staff_needed,
        priority=contact.priority,
        nurse_id=next((line.digital_allowed_by_id for line in lines if line.digital_allowed_by_id), None),
        but=[contact.id],
    )
    found = await conflicts(session, plan, clock)
    return [one for one in found if retimed or one.code.startswith("worker_")]


async def rearrange(
    session: AsyncSession, contact: PlannedContact, wish: Wish, *, clock: Clock, hand: Hand
) -> bool:
    """Give `contact` (from `care.contacts.step.fetch`) to `wish.staff` at `wish.start`; False when it is so.

    The client is told of another person, and of a time that moves more than a little.
    Raises `Fault` ``moving.begun`` (409), ``contact.staff``.
    """
    check_untouched(contact)
    before, old_start = await staff_of(session, contact.id), contact.start
    if list(wish.staff) == before and wish.start == old_start:
        return False
    fields: dict[str, Any] = {"touched": True}
    if wish.start != old_start:
        fields |= {"start": wish.start, "planned_date": to_wall(wish.start, clock.zone).date()}
        if contact.status is Status.DUE:
            timing = await read_timing(session)
            fields["deadline"] = deadline_of(
                contact, timing, clock.zone, await systems(session), start=wish.start
            )
    await alter(session, contact, at=clock.now(), hand=hand, event="rearranged", staff=wish.staff, **fields)
    new_faces = set(wish.staff) != set(before) and bool(wish.staff)
    if new_faces or abs(wish.start - old_start) > TOLD_AFTER:
        kind = "reassign" if new_faces else "retime"
        await have_told(session, contact, clock, kind=kind, start_before=old_start.isoformat())
    return True


async def pin(
    session: AsyncSession, contact: PlannedContact, pinned: bool, *, clock: Clock, hand: Hand
) -> None:
    """Keep the row where it is whatever the planner finds, or let it go again.

    Raises `Fault` ``moving.begun`` (409).
    """
    check_untouched(contact)
    if contact.pinned is not pinned:
        event = "pinned" if pinned else "unpinned"
        await alter(session, contact, at=clock.now(), hand=hand, event=event, pinned=pinned)


async def cancel_away(session: AsyncSession, contact: PlannedContact, *, clock: Clock, hand: Hand) -> None:
    """Nobody is at home this once: cancelled and not missed. Raises `Fault` ``moving.begun`` (409)."""
    if contact.status not in _BEFORE_START:
        raise _begun()
    await step(session, contact, Status.CANCELLED, at=clock.now(), hand=hand, cause=Cause.CLIENT_AWAY)


async def stand_again(session: AsyncSession, contact: PlannedContact, *, clock: Clock, hand: Hand) -> None:
    """The client is at home after all. Raises `Fault` ``plan.over`` or ``plan.away`` (409)."""
    if not may_stand_again(contact, clock.now()):
        raise Fault("plan.over", "Kontakten går inte längre att lägga tillbaka.", status=409, place="status")
    absences = await session.scalars(
        select(ClientAbsence).where(ClientAbsence.client_id == contact.client_id)
    )
    if any(one.covers(contact.start) for one in absences):
        raise Fault(
            "plan.away",
            "Frånvaro är antecknad då. Ändra den på brukarens sida, så kommer kontakterna tillbaka.",
            status=409,
            place="status",
        )
    await step(session, contact, Status.PLANNED, at=clock.now(), hand=hand, event="client_home", cause=None)


def may_stand_again(contact: PlannedContact, now: datetime) -> bool:
    """True for a row that was cancelled because nobody is at home, and whose window is still open."""
    return (
        contact.status is Status.CANCELLED
        and contact.cause == Cause.CLIENT_AWAY
        and now <= max(contact.window_end, contact.start)
    )


def may_cancel(contact: PlannedContact) -> bool:
    """True before it has begun."""
    return contact.status in _BEFORE_START


def check_untouched(contact: PlannedContact) -> None:
    """Raise `Fault` ``moving.begun`` when the row has begun or ended."""
    if not contact.status.is_untouched:
        raise _begun()


def _begun() -> Fault:
    return Fault("moving.begun", "Kontakten har redan börjat eller är avslutad.", status=409, place="status")
