"""The first address: straight to where one's work is."""

from __future__ import annotations

from aiohttp import web

from server.pages.navigation import first_page
from server.pages.rendering import go_to, render
from server.security.actor import actor
from server.security.gate import open_to_all

routes = web.RouteTableDef()


@routes.get("/", name="start")
@open_to_all("sends one on, to the sign-in page first; shows nobody's data")
async def start(request: web.Request) -> web.StreamResponse:
    """To the first page of one's role."""
    target = first_page(request, actor(request))
    if target is not None:
        return go_to(target)
    return render(request, "start.html")
