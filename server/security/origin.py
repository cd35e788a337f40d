"""No request forgery: what changes something, and every socket, must come from our own pages.

Browsers say where a request comes from in ``Sec-Fetch-Site`` and ``Origin``, and no page can change that, so
no tokens are needed. A program that is no browser sends neither, and carries nobody's cookies unawares.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from care.errors import Fault
from server.keys import CONFIGURATION

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: ``none`` is the user's own doing: an address typed, a bookmark, a form sent again.
_OURS = frozenset({"same-origin", "none"})


def is_ours(request: web.Request) -> bool:
    """True when the request comes from our own origin or from a program that is no browser."""
    origin = request.headers.get("Origin")
    if origin is not None and not _is_own_origin(request, origin):
        return False
    site = request.headers.get("Sec-Fetch-Site")
    return site is None or site in _OURS


def _is_own_origin(request: web.Request, origin: str) -> bool:
    public = request.app[CONFIGURATION].public_url
    if public and origin.lower() == "{0.scheme}://{0.netloc}".format(urlsplit(public)).lower():
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.netloc.lower() == request.host.lower()


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse unsafe methods and sockets from elsewhere."""
    is_socket = request.headers.get("Upgrade", "").lower() == "websocket"
    if (request.method not in _SAFE or is_socket) and not is_ours(request):
        raise Fault(
            "origin.foreign",
            "Det här skickades från en annan webbplats. Öppna sidan i Samtid och gör om det därifrån.",
            status=403,
        )
    return await handler(request)
