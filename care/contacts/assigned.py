"""Who is to do the rows of a list, for the pages and tablets that show it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.contacts.contact import Assignment
from care.staff import Staff


async def assigned(session: AsyncSession, contact_ids: Collection[UUID]) -> defaultdict[UUID, list[Staff]]:
    """The staff of each row in slot order; nobody for a row that is missing here."""
    found: defaultdict[UUID, list[Staff]] = defaultdict(list)
    for contact_id, staff in await session.execute(
        select(Assignment.contact_id, Staff)
        .join(Staff, Staff.id == Assignment.staff_id)
        .where(Assignment.contact_id.in_(contact_ids))
        .order_by(Assignment.slot)
    ):
        found[contact_id].append(staff)
    return found
