"""Who looks at the log: the unit managers of a group who are staff, and so can be given a task."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.accounts import Account, AccountRole, Role
from care.staff import Staff


async def reviewers(session: AsyncSession, group_id: UUID) -> list[Staff]:
    """The group's own managers first, then those of every group; nobody whose account is closed."""
    rows = await session.execute(
        select(Staff, AccountRole.group_id)
        .join(Account, Account.staff_id == Staff.id)
        .join(AccountRole, AccountRole.account_id == Account.id)
        .where(
            AccountRole.role == Role.UNIT_MANAGER,
            (AccountRole.group_id == group_id) | AccountRole.group_id.is_(None),
            Account.disabled_at.is_(None),
            Staff.active.is_(True),
        )
    )
    found = sorted(rows, key=lambda row: (row[1] is None, row[0].id))
    return list({staff.id: staff for staff, _ in found}.values())
