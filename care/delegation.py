"""Who may do and receipt what only a delegation allows (L5, HSLF-FS 2017:37): the one place of that rule.

A service that needs a delegation is health care that a licensed professional hands to a named person until a
day. Nurses need none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.contacts.contact import ContactLine
from care.services import Service
from care.staff import Delegation, Staff, Title


def may_do(staff: Staff, delegations: Iterable[Delegation], day: date) -> bool:
    """True when `staff` may do what needs a delegation on that local day."""
    return staff.title is Title.NURSE or any(one.holds(day) for one in delegations)


async def delegated(session: AsyncSession, staff_ids: Collection[UUID], day: date) -> set[UUID]:
    """Those of `staff_ids` who may do what needs a delegation on that local day."""
    people = await session.scalars(select(Staff).where(Staff.id.in_(staff_ids)))
    rows = list(await session.scalars(select(Delegation).where(Delegation.staff_id.in_(staff_ids))))
    return {one.id for one in people if may_do(one, (row for row in rows if row.staff_id == one.id), day)}


async def barred_lines(
    session: AsyncSession, contact_id: UUID, staff_id: UUID | None, day: date
) -> frozenset[UUID]:
    """The lines of a contact that `staff_id` may not receipt: only somebody with a delegation may."""
    lines = await session.scalars(
        select(ContactLine.id)
        .join(Service, Service.id == ContactLine.service_id)
        .where(ContactLine.contact_id == contact_id, Service.delegation_required.is_(True))
    )
    found = frozenset(lines)
    if found and staff_id is not None and await delegated(session, [staff_id], day):
        return frozenset()
    return found
