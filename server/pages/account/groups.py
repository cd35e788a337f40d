"""Groups: where each registers its visits, here or in another system."""

from __future__ import annotations

from aiohttp import web

from care.access.rights import Action
from care.errors import stale
from server.keys import DATABASE
from server.pages.form import read_form
from server.pages.own_groups import own_groups
from server.pages.rendering import address_of, go_to, render
from server.security.gate import allow, right

routes = web.RouteTableDef()

_LONGEST = 40


@routes.get("/grupper", name="groups")
@right(Action.GROUP_MANAGE)
async def groups_page(request: web.Request) -> web.StreamResponse:
    """One's own groups, and the form."""
    async with request.app[DATABASE].read() as session:
        found = await own_groups(request, session, Action.GROUP_MANAGE)
        for one in found:
            await allow(request, session, Action.GROUP_MANAGE, group=one.id, thing="groups")
    return render(request, "groups.html", groups=found, longest=_LONGEST, saved="sparat" in request.query)


@routes.post("/grupper", name="groups_save")
@right(Action.GROUP_MANAGE)
async def save(request: web.Request) -> web.StreamResponse:
    """Keep what was changed. Raises `Fault` ``stale`` when somebody else has changed the same group."""
    form = await read_form(request)
    async with request.app[DATABASE].write() as session:
        for group in await own_groups(request, session, Action.GROUP_MANAGE):
            name = f"visits_in-{group.id}"
            wanted = form.text(name, longest=_LONGEST)
            before = form.text(f"before-{group.id}")
            if name not in form or wanted == before:
                continue
            if before != (group.visits_in or ""):
                raise stale("gruppen")
            await allow(
                request, session, Action.GROUP_MANAGE, group=group.id, thing="where visits are registered"
            )
            group.visits_in = wanted or None
    return go_to(address_of(request, "groups") + "?sparat")
