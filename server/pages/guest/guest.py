"""The page of a guest, and the door where the secret of a link is shown once by the page's own script.

The secret stands in the fragment of the link, which no browser sends and no log sees.
"""

from __future__ import annotations

import json

import msgspec
from aiohttp import web

from care.errors import Fault
from care.guests.invitation import bind, by_secret, new_secret
from care.guests.standing import check_standing, standing
from server.guests.device import give_device, read_device
from server.guests.lobby import LOBBY
from server.keys import CLOCK, DATABASE, THROTTLE
from server.pages.rendering import render
from server.security.address import client_address
from server.security.gate import open_to_all
from server.security.throttle import GUEST_ADDRESS

routes = web.RouteTableDef()

#: The body is a secret of 43 characters.
_LONGEST = 1024


class _Link(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST /gast/in``."""

    secret: str


@routes.get("/gast", name="guest")
@open_to_all("the page is the same for everybody and names nobody before a link has been shown")
async def guest_page(request: web.Request) -> web.StreamResponse:
    """The one page of a guest."""
    return render(request, "guest.html")


@routes.post("/gast/in", name="guest_in")
@open_to_all("a guest has no account: the secret of the link is what is checked, and tries are counted")
async def come_in(request: web.Request) -> web.StreamResponse:
    """Show the secret of a link: the device is bound to it, and told whose call it is.

    Raises `Fault` ``guest.bad`` (422), ``guest.unknown`` (404), ``guest.other_device`` (409),
    ``guest.revoked``, ``guest.refused``, ``guest.over`` (410), ``throttle.too_many`` (429).
    """
    secret = _read(await request.content.read(_LONGEST + 1))
    throttle, address, now = request.app[THROTTLE], client_address(request), request.app[CLOCK].now()
    await throttle.check(GUEST_ADDRESS, address)
    device = read_device(request) or new_secret()
    try:
        async with request.app[DATABASE].write() as session:
            found = await by_secret(session, secret)
            bind(found, device, now)
            check_standing(await standing(session, found, now))
            host = await request.app[LOBBY].host(session, found.contact_id)
    except Fault as fault:
        if fault.code in ("guest.unknown", "guest.other_device"):
            await throttle.spend(GUEST_ADDRESS, address)
        raise
    response = web.json_response({"guest": str(found.id), "host": host, "name": found.name})
    give_device(request, response, device)
    return response


def _read(raw: bytes) -> str:
    if len(raw) > _LONGEST:
        raise _bad()
    try:
        return msgspec.convert(json.loads(raw), _Link).secret
    except (ValueError, RecursionError, msgspec.ValidationError):
        raise _bad() from None


def _bad() -> Fault:
    return Fault("guest.bad", "Länken är inte hel. Be den som bjöd in dig om en ny.", place="secret")
