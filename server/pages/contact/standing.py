"""The words of many rows at once, as every list of them says it: with what another system registers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.elsewhere import system_of, systems
from care.receipts import Receipt
from server.pages.contact.row_state import RowState, row_state


async def standings(
    session: AsyncSession,
    contacts: Sequence[PlannedContact],
    now: datetime,
    *,
    changed: Collection[UUID] = frozenset(),
) -> dict[UUID, RowState]:
    """`row_state` of each contact at `now`, by its id; `changed` are those somebody has changed."""
    known = await systems(session)
    elsewhere = {one.id for one in contacts if system_of(one.channel, one.group_id, known)}
    receipted = await _receipted(session, [one.id for one in contacts if one.id in elsewhere])
    return {
        one.id: row_state(
            one,
            now,
            is_changed=one.id in changed,
            is_elsewhere=one.id in elsewhere,
            is_receipted=one.id in receipted,
        )
        for one in contacts
    }


async def _receipted(session: AsyncSession, contact_ids: Collection[UUID]) -> set[UUID]:
    """Those of the contacts whose every line has its receipt; one without lines has none."""
    if not contact_ids:
        return set()
    lines = select(ContactLine.contact_id).where(ContactLine.contact_id.in_(contact_ids)).distinct()
    return set(await session.scalars(lines)) - await without_receipt(session, contact_ids)


async def without_receipt(session: AsyncSession, contact_ids: Collection[UUID]) -> set[UUID]:
    """Those of the contacts that have a line without a receipt."""
    rows = await session.scalars(
        select(ContactLine.contact_id)
        .outerjoin(Receipt, (Receipt.line_id == ContactLine.id) & Receipt.superseded_by_id.is_(None))
        .where(ContactLine.contact_id.in_(contact_ids), Receipt.id.is_(None))
        .distinct()
    )
    return set(rows)
