"""The tablet of an address, when one may."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import Client
from care.devices import Device
from care.errors import not_found
from care.ids import read_id
from server.keys import CLOCK
from server.security.gate import allow
from server.tablets.home import clients_of


async def find_tablet(
    request: web.Request, session: AsyncSession, action: Action, what: str = "read"
) -> tuple[Device, list[Client]]:
    """The tablet and its people, when one may; a revoked one is not there any more.

    Raises `Fault` ``not_found``. `what` stands in the log.
    """
    known = read_id(request.match_info["id"])
    device = await session.get(Device, known) if known is not None else None
    if device is None or device.revoked_at is not None:
        raise not_found("surfplatta")
    here = await clients_of(session, device.id, request.app[CLOCK].now())
    if not here:
        raise not_found("surfplatta")
    for client in here:
        await allow(request, session, action, client=client, thing=f"device:{device.id}:{what}")
    return device, here
