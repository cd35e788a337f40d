"""Who can be at a client's door first: of those at work, by where the plan says they are."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.clock import Clock
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, Origin, PlannedContact
from care.contacts.life import Status
from care.known_staff import known_staff
from care.municipality import Group
from care.staff import Staff
from scheduler.duty import people_at_work
from scheduler.no_answer.places import centre, home
from scheduler.travel import Place, minutes_between

#: So many are proposed.
MOST = 2
#: Where somebody was so long ago says where they are now.
_RECENT = timedelta(hours=2)
_SOON = timedelta(minutes=45)


@dataclass(frozen=True, slots=True)
class Near:
    """Somebody who can go there, and in how many minutes: an estimate of road and of what is under way."""

    staff: Staff
    minutes: int
    is_known: bool


async def nearest(session: AsyncSession, client: Client, clock: Clock, *, most: int = MOST) -> list[Near]:
    """Care workers at work, who can be there first and then the best known first.

    A protected identity is visited by those whom it knows alone.
    """
    now = clock.now()
    known = await known_staff(session, client)
    people = [
        one
        for one in await people_at_work(session, client.group_id, now)
        if not client.is_protected or one.id in known
    ]
    if not people:
        return []
    there = home(client)
    rows = await _rows(session, [one.id for one in people], now)
    groups = {one.id: one for one in await session.scalars(select(Group))}
    found = []
    for one in people:
        place, free = _where(rows.get(one.id, []), now)
        here = place or centre(groups[one.group_id])
        wait = round(max(free - now, timedelta(0)).total_seconds() / 60)
        # Who is on the way to another door has that first: in a power cut not everybody is sent to all.
        wait += sum(row.minutes for row, _ in rows.get(one.id, []) if _is_sent(row, client))
        found.append(Near(one, minutes_between(here, there) + wait, one.id in known))
    found.sort(key=lambda one: (one.minutes, known.get(one.staff.id, len(known)), one.staff.id))
    return found[:most]


async def _rows(
    session: AsyncSession, staff: list[UUID], now: datetime
) -> dict[UUID, list[tuple[PlannedContact, Client]]]:
    """Each one's rows about now, in order of time."""
    rows = await session.execute(
        select(Assignment.staff_id, PlannedContact, Client)
        .join(PlannedContact, PlannedContact.id == Assignment.contact_id)
        .join(Client, Client.id == PlannedContact.client_id)
        .where(
            Assignment.staff_id.in_(staff),
            PlannedContact.start.between(now - _RECENT, now + _SOON),
            PlannedContact.channel == Channel.PHYSICAL,
            PlannedContact.status.in_((Status.PLANNED, Status.DUE, Status.UNDERWAY, Status.DONE)),
        )
        .order_by(PlannedContact.start)
    )
    found: dict[UUID, list[tuple[PlannedContact, Client]]] = defaultdict(list)
    for staff_id, row, client in rows:
        found[staff_id].append((row, client))
    return found


def _is_sent(row: PlannedContact, client: Client) -> bool:
    return row.origin is Origin.ESCALATION and row.status.is_untouched and row.client_id != client.id


def _where(rows: list[tuple[PlannedContact, Client]], now: datetime) -> tuple[Place | None, datetime]:
    """Where somebody is by the plan, and from when they can leave; None: nobody knows."""
    for row, client in rows:
        if row.status is Status.UNDERWAY:
            ends = (row.actual_start or row.start) + timedelta(minutes=row.minutes)
            return home(client), ends
    done = [(row.actual_end or row.start, client) for row, client in rows if row.status is Status.DONE]
    if done:
        _, client = max(done, key=lambda one: one[0])
        return home(client), now
    for row, client in rows:
        if row.status.is_untouched:
            return home(client), now
    return None, now
