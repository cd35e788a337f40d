"""Who was at a check-in: noted by the room for who came in, and put right by hand."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.gatherings import Gathering, Participant
from care.ids import new_id
from server.pages.follow_up.checkin.gathering import expected


async def save(session: AsyncSession, gathering: Gathering, present: set[UUID]) -> None:
    """`present` were there, the rest were not; people of other groups are left out."""
    colleagues = {one.id for one in await expected(session, gathering)}
    known = {
        row.staff_id: row
        for row in await session.scalars(select(Participant).where(Participant.gathering_id == gathering.id))
    }
    for staff_id in colleagues & (present | known.keys()):
        row = known.get(staff_id)
        if row is None:
            row = Participant(id=new_id(), gathering_id=gathering.id, staff_id=staff_id, client_id=None)
            session.add(row)
        row.attended = staff_id in present
