"""The group that an option names."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.errors import Fault
from care.municipality import Group


async def group_called(session: AsyncSession, name: str) -> Group:
    """The group with that name, whatever its case, or that id.

    Raises `Fault` ``group.unknown`` at ``--group``.
    """
    wanted = name.casefold()
    for group in await session.scalars(select(Group)):
        if wanted in (group.name.casefold(), str(group.id)):
            return group
    raise Fault("group.unknown", "Det finns ingen grupp som heter så.", place="--group")
