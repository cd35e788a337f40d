"""Whom of the staff a client knows: its named care worker, and those named as known to it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client, KnownStaff


async def known_staff(session: AsyncSession, client: Client) -> dict[UUID, int]:
    """Staff id → how well the client knows them: 0 is the named care worker, or else the best known."""
    ids = list(
        await session.scalars(
            select(KnownStaff.staff_id).where(KnownStaff.client_id == client.id).order_by(KnownStaff.rank)
        )
    )
    if client.named_care_worker_id is not None:
        ids.insert(0, client.named_care_worker_id)
    return {one: rank for rank, one in enumerate(dict.fromkeys(ids))}


async def is_known(session: AsyncSession, client: Client, staff_id: UUID) -> bool:
    """Whether the client knows that one of the staff."""
    if client.named_care_worker_id == staff_id:
        return True
    found = select(KnownStaff.id).where(KnownStaff.client_id == client.id, KnownStaff.staff_id == staff_id)
    return await session.scalar(found.limit(1)) is not None
