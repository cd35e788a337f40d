"""Tablets: which stand where, and how they are."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import web

from care.access.rights import Action
from server.api.operation import Nothing, operation
from server.keys import CLOCK, DATABASE
from server.pages.tablet.fleet import tablet_homes
from server.security.actor import actor
from server.security.gate import note_list
from server.tablets.condition import troubles
from server.tablets.standing import is_on

routes = web.RouteTableDef()


class Tablet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tablet that is paired and not revoked."""

    device_id: UUID
    label: str
    group: str
    #: One or two persons.
    clients: list[UUID]
    #: It has been heard of within two minutes.
    on: bool
    seen_at: datetime | None
    #: What keeps it from ringing, being heard and being seen: touch, sound, camera, microphone.
    troubles: list[str]
    #: What the tablet says about itself; empty until it has started once.
    health: dict[str, Any]


class TabletList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tablets: list[Tablet]


@operation(
    routes, "GET", "/tablets", name="api_tablets", action=Action.DEVICE_READ, asked=Nothing, answer=TabletList
)
async def tablets(request: web.Request, asked: Nothing, sent: Nothing) -> TabletList:  # noqa: ARG001
    """The tablets of one's groups, and their health."""
    now = request.app[CLOCK].now()
    async with request.app[DATABASE].read() as session:
        homes = await tablet_homes(session, actor(request), now)
    note_list(request, Action.DEVICE_READ, [(client.id, client.group_id) for _, client, _ in homes])
    found: dict[UUID, Tablet] = {}
    for device, client, group in homes:
        if device.id not in found:
            found[device.id] = Tablet(
                device.id, device.label, group, [], is_on(device, now), device.last_seen_at,
                troubles(device.health), device.health,
            )  # fmt: skip
        found[device.id].clients.append(client.id)
    return TabletList(list(found.values()))
