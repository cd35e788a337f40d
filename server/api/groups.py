"""Groups: what the other routes' ``group`` may be."""

from __future__ import annotations

from uuid import UUID

import msgspec
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from server.api.operation import Nothing, operation
from server.keys import DATABASE
from server.pages.own_groups import own_groups
from server.security.actor import actor
from server.security.gate import allow, other_group

routes = web.RouteTableDef()


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A home care group."""

    group_id: UUID
    name: str


class GroupList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    groups: list[Group]


@operation(
    routes, "GET", "/groups", name="api_groups", action=Action.CLIENT_LIST, asked=Nothing, answer=GroupList
)
async def groups(request: web.Request, asked: Nothing, sent: Nothing) -> GroupList:  # noqa: ARG001
    """The groups whose clients one may list."""
    async with request.app[DATABASE].read() as session:
        found = await own_groups(request, session, Action.CLIENT_LIST)
        for one in found:
            await allow(request, session, Action.CLIENT_LIST, group=one.id, thing="groups")
    return GroupList([Group(one.id, one.name) for one in found])


async def chosen_groups(
    request: web.Request, session: AsyncSession, action: Action, wanted: UUID | None, thing: str
) -> frozenset[UUID] | None:
    """The group that is asked for, or all of one's own; None only for somebody who may everywhere. Logged.

    Raises `Fault` ``not_found`` for a group that is none of one's own.
    """
    own = await own_groups(request, session, action)
    known = frozenset(one.id for one in own)
    if wanted is not None and wanted not in known:
        raise await other_group(request, session, action, wanted)
    chosen = known if wanted is None else frozenset({wanted})
    for group in sorted(chosen):
        await allow(request, session, action, group=group, thing=thing)
    return None if wanted is None and actor(request).groups(action) is None else chosen
