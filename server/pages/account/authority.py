"""The public certificate of a demo's own authority, for tablets in the same network (``LAN=1``)."""

from __future__ import annotations

from aiohttp import web

from care.errors import not_found
from server.keys import CONFIGURATION
from server.security.gate import open_to_all

routes = web.RouteTableDef()


@routes.get("/samtid-ca.crt", name="authority")
@open_to_all("a public certificate; its key never leaves the server")
async def authority(request: web.Request) -> web.StreamResponse:
    """The certificate to trust, as a file to save."""
    file = request.app[CONFIGURATION].data / "samtid-ca.crt"
    if not file.is_file():
        raise not_found("fil")
    return web.Response(
        body=file.read_bytes(),
        headers={
            "Content-Type": "application/x-x509-ca-cert",
            "Content-Disposition": 'attachment; filename="samtid-ca.crt"',
        },
    )
