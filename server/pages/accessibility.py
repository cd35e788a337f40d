"""The accessibility statement, as the law on digital public service asks for (2018:1937)."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy import select

from care.municipality import Municipality
from server.keys import DATABASE
from server.pages.rendering import render
from server.security.gate import open_to_all

routes = web.RouteTableDef()


@routes.get("/tillganglighet", name="accessibility")
@open_to_all("a statement that the law wants everybody to be able to read; it shows nobody's data")
async def accessibility(request: web.Request) -> web.StreamResponse:
    """How accessible Samtid is, what is missing, and whom to tell."""
    async with request.app[DATABASE].read() as session:
        name = await session.scalar(select(Municipality.name).limit(1))
    return render(request, "accessibility.html", municipality=name)
