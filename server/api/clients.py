"""Clients: as little as is needed to know whom the other routes speak of."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from aiohttp import web

from care.access.rights import Action
from care.consent import ConsentKind
from server.api.operation import Nothing, operation
from server.keys import CLOCK, DATABASE
from server.pages.client.clients import PAGE, Wish, find_around, find_clients, listable_groups
from server.security.actor import actor
from server.security.gate import note_list, other_group

routes = web.RouteTableDef()


class ListedClient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Neither address nor number; of a protected identity not the surname either."""

    client_id: UUID
    extern_id: str | None
    source: str
    name: str
    group_id: UUID
    group: str
    #: Agrees to video now.
    video_consent: bool
    tablet: bool
    #: At hospital, travelling.
    away: bool


class ClientPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fifty at a time, by name in Swedish order."""

    total: int
    page: int
    pages: int
    clients: list[ListedClient]


class Which(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which clients."""

    group: msgspec.UnsetType | UUID = msgspec.UNSET
    page: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1


@operation(
    routes, "GET", "/clients", name="api_clients", action=Action.CLIENT_LIST, asked=Which, answer=ClientPage
)
async def clients(request: web.Request, asked: Which, sent: Nothing) -> ClientPage:  # noqa: ARG001
    """The clients of one's groups, with the least that tells them apart."""
    who = actor(request)
    wanted = None if asked.group is msgspec.UNSET else asked.group
    async with request.app[DATABASE].read() as session:
        groups = await listable_groups(session, who)
        if wanted is not None and wanted not in groups:
            raise await other_group(request, session, Action.CLIENT_LIST, wanted)
        found = await find_clients(session, who, groups, Wish("", wanted, None, 1))
        pages = max(1, -(-len(found) // PAGE))
        page = min(asked.page, pages)
        shown = found[(page - 1) * PAGE : page * PAGE]
        around = await find_around(session, [one.id for one in shown], request.app[CLOCK])
    note_list(request, Action.CLIENT_LIST, [(one.id, one.group_id) for one in shown])
    return ClientPage(
        total=len(found),
        page=page,
        pages=pages,
        clients=[
            ListedClient(
                client_id=one.id,
                extern_id=one.extern_id,
                source=one.source,
                name=one.short_name,
                group_id=one.group_id,
                group=groups[one.group_id].name,
                video_consent=around.agrees(one, ConsentKind.DIGITAL_VISIT),
                tablet=one.id in around.tablets,
                away=one.id in around.away,
            )
            for one in shown
        ],
    )
