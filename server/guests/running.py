"""The socket of guests, and what starts with the server: the lobby and the door of calls' rooms."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from server.calls.hub import HUB
from server.calls.routes import origin_of
from server.guests.door import CallDoor
from server.guests.lobby import LOBBY, Lobby
from server.guests.socket import GuestSocket
from server.keys import ROOMS, TAIL
from server.security.gate import open_to_all

routes = web.RouteTableDef()


@routes.get("/socket/gast", name="socket_guest")
@open_to_all("a guest has no account: the cookie of the bound device lets it wait, and a worker lets it in")
async def guest_socket(request: web.Request) -> web.StreamResponse:
    """The socket of a guest."""
    return await GuestSocket(request.app[HUB], request, origin_of(request)).run()


def setup(app: web.Application) -> None:
    app[LOBBY] = Lobby(app)
    app[ROOMS].doors.append(CallDoor(app))
    app.cleanup_ctx.append(_run)


async def _run(app: web.Application) -> AsyncIterator[None]:
    end = app[TAIL].subscribe("", app[LOBBY].hear)
    yield
    end()
