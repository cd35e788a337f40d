"""Who is physically there today or just now: visits with the same client, in the same house or near by.

What is told is who of the staff to ask, and when they are there; not whom they are with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.clients import Client
from care.clock import Clock
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, PlannedContact
from care.contacts.life import Status
from care.staff import Staff
from scheduler.no_answer.places import minutes

#: Just been there, or soon to be there.
AROUND = timedelta(minutes=60)
#: With the client itself, earlier today.
TODAY = timedelta(hours=10)
#: Near by is so many minutes away.
NEAR_MINUTES = 5
MOST = 6


class Where(StrEnum):
    HERE = "here"
    HOUSE = "house"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Somebody of the staff who may have seen or heard something, or can knock."""

    staff: Staff
    where: Where
    #: Minutes away; 0 with the client itself.
    minutes: int
    start: datetime
    end: datetime
    is_there: bool
    has_been: bool


async def neighbours(
    session: AsyncSession, client: Client, clock: Clock, *, most: int = MOST
) -> list[Neighbour]:
    """Who to ask, the likeliest to know first: who is there now, with the client, in the house, near by."""
    now = clock.now()
    rows = await session.scalars(
        select(PlannedContact)
        .where(
            PlannedContact.group_id == client.group_id,
            PlannedContact.channel == Channel.PHYSICAL,
            PlannedContact.status.in_((Status.PLANNED, Status.DUE, Status.UNDERWAY, Status.DONE)),
            or_(
                PlannedContact.start.between(now - AROUND * 2, now + AROUND),
                (PlannedContact.client_id == client.id) & PlannedContact.start.between(now - TODAY, now),
            ),
        )
        .options(
            selectinload(PlannedContact.client),
            selectinload(PlannedContact.assignments).selectinload(Assignment.staff),
        )
        .order_by(PlannedContact.start)
    )
    found: dict[object, Neighbour] = {}
    for row in rows:
        for one in _from(row, client, now):
            before = found.get(one.staff.id)
            if before is None or _order(one, now) < _order(before, now):
                found[one.staff.id] = one
    return sorted(found.values(), key=lambda one: _order(one, now))[:most]


def _from(row: PlannedContact, client: Client, now: datetime) -> list[Neighbour]:
    start = row.actual_start or row.start
    end = row.actual_end or start + timedelta(minutes=row.minutes)
    is_own = row.client_id == client.id
    if row.status is Status.DONE and end < now - (TODAY if is_own else AROUND):
        return []
    if row.status.is_untouched and end < now:
        # Nobody has been there yet, and nobody knows when somebody comes.
        return []
    away = 0 if is_own else minutes(row.client, client)
    if away > NEAR_MINUTES:
        return []
    same_house = bool(client.building) and row.client.building == client.building
    where = Where.HERE if is_own else Where.HOUSE if same_house else Where.NEAR
    return [
        Neighbour(
            one.staff,
            where,
            away,
            start,
            end,
            is_there=row.status is Status.UNDERWAY,
            has_been=row.status is Status.DONE,
        )
        for one in row.assignments
    ]


def _order(one: Neighbour, now: datetime) -> tuple[bool, int, timedelta, object]:
    return not one.is_there, one.minutes, abs(one.start - now), one.staff.id
