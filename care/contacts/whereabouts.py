"""In whose home a worker is right now, as far as the record knows: nobody is followed, only rows are read.

Checked in says it; of visits that another system registers only the plan does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.contacts.channel import Channel
from care.contacts.contact import Assignment, PlannedContact
from care.contacts.elsewhere import systems
from care.contacts.life import Status
from care.contacts.performing import LONGEST
from care.receipts import valid_receipts


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """At which visit; `is_planned` when only the plan says so."""

    contact: PlannedContact
    is_planned: bool


async def whereabouts(session: AsyncSession, staff_id: UUID, now: datetime) -> Whereabouts | None:
    """The visit that the worker is at; None when there is none that one could know of."""
    begun = [
        row
        for row in await _visits(session, staff_id, now, PlannedContact.status == Status.UNDERWAY)
        # Of a row with one worker whoever checked in is there, not the one it was given to.
        if row.actual_start is not None and (row.owner_id in (None, staff_id) or len(row.assignments) > 1)
    ]
    if begun:
        return Whereabouts(max(begun, key=lambda row: row.actual_start or row.start), is_planned=False)
    elsewhere = await systems(session)
    if not elsewhere:
        return None
    planned = [
        row
        for row in await _visits(
            session,
            staff_id,
            now,
            PlannedContact.status.in_((Status.PLANNED, Status.DUE)),
            PlannedContact.group_id.in_(elsewhere),
        )
        if row.start <= now < row.start + timedelta(minutes=row.minutes)
    ]
    for row in reversed(planned):
        receipts = await valid_receipts(session, [line.id for line in row.lines])
        # Receipted to the last line, it is over.
        if not row.lines or len(receipts) < len(row.lines):
            return Whereabouts(row, is_planned=True)
    return None


async def _visits(
    session: AsyncSession, staff_id: UUID, now: datetime, *where: ColumnElement[bool]
) -> Sequence[PlannedContact]:
    """The worker's visits of the last hours, assigned or taken over, in order of time."""
    own = select(Assignment.contact_id).where(Assignment.staff_id == staff_id)
    rows = await session.scalars(
        select(PlannedContact)
        .where(
            *where,
            PlannedContact.channel == Channel.PHYSICAL,
            PlannedContact.start.between(now - 2 * LONGEST, now + LONGEST),
            (PlannedContact.owner_id == staff_id) | PlannedContact.id.in_(own),
        )
        .options(selectinload(PlannedContact.assignments), selectinload(PlannedContact.lines))
        .order_by(PlannedContact.start, PlannedContact.id)
    )
    return rows.all()
