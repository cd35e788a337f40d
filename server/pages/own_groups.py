"""The groups that a page lets one choose among."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.municipality import Group
from care.sorting import swedish
from server.security.actor import actor


async def own_groups(request: web.Request, session: AsyncSession, action: Action) -> list[Group]:
    """The groups with clients of their own in which the actor may do `action`, by name."""
    mine = actor(request).groups(action)
    groups = await session.scalars(select(Group).where(Group.is_night_patrol.is_(False)))
    return sorted(
        (group for group in groups if mine is None or group.id in mine), key=lambda group: swedish(group.name)
    )
