"""Do picture and sound get through from where one is? The browser tries each way through our relay itself."""

from __future__ import annotations

from aiohttp import web

from care.errors import Fault
from care.ids import new_id
from server.calls.ice import ice_servers
from server.keys import CLOCK, CONFIGURATION
from server.operations.relay import Result, Transport, read_address
from server.operations.relay_words import NAMES, places, sentence
from server.pages.rendering import render
from server.security.actor import actor
from server.security.gate import open_to_all

routes = web.RouteTableDef()

#: What a browser can tell apart; a certificate that it does not take looks like silence.
_RESULTS = (Result.RELAYS, Result.SILENT, Result.REFUSED, Result.STUCK)


@routes.get("/connection-test", name="connection_test")
@open_to_all("sends one on to the sign-in page first; shows nobody's data")
async def connection_test(request: web.Request) -> web.StreamResponse:
    """Each address of the relay with a credential of its own, good for ten minutes."""
    actor(request)
    turn = request.app[CONFIGURATION].turn
    tries, wrong = [], None
    try:
        for url in turn.urls if turn else ():
            address = read_address(url)
            (server,) = ice_servers(turn, new_id(), request.app[CLOCK].now())
            said = {result: sentence(address.transport, result) for result in _RESULTS}
            tries.append(
                {
                    "name": NAMES[address.transport],
                    "transport": address.transport.value,
                    "server": {**server, "urls": [url]},
                    "said": said,
                    "places": places(address),
                    "certificate": sentence(address.transport, Result.CERTIFICATE)
                    if address.transport is Transport.TLS
                    else None,
                }
            )
    except Fault as fault:
        wrong = fault
    return render(request, "connection_test.html", tries=tries, wrong=wrong)
