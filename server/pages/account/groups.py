"""Groups: where each registers its visits, here or in another system, and which serve everybody at night."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import Client
from care.errors import Fault, stale
from care.municipality import Group
from care.sorting import swedish
from server.keys import DATABASE
from server.pages.form import Form, read_form
from server.pages.own_groups import own_groups
from server.pages.rendering import address_of, go_to, render
from server.security.actor import actor
from server.security.gate import allow, right

routes = web.RouteTableDef()

_LONGEST = 40


@routes.get("/grupper", name="groups")
@right(Action.GROUP_MANAGE)
async def groups_page(request: web.Request) -> web.StreamResponse:
    """One's own groups, and the form."""
    async with request.app[DATABASE].read() as session:
        found = await own_groups(request, session, Action.GROUP_MANAGE)
        every = await _every(request, session)
        for one in {one.id: one for one in (*found, *every)}.values():
            await allow(request, session, Action.GROUP_MANAGE, group=one.id, thing="groups")
    return render(
        request,
        "groups.html",
        groups=found,
        every=every,
        longest=_LONGEST,
        saved="sparat" in request.query,
    )


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
        for group in await _every(request, session):
            await _patrol(request, session, group, form)
    return go_to(address_of(request, "groups") + "?sparat")


async def _every(request: web.Request, session: AsyncSession) -> list[Group]:
    """Every group, for who may say which of them opens every home at night; nobody of one group may."""
    if actor(request).groups(Action.GROUP_MANAGE) is not None:
        return []
    return sorted(await session.scalars(select(Group)), key=lambda group: swedish(group.name))


async def _patrol(request: web.Request, session: AsyncSession, group: Group, form: Form) -> None:
    """Raises `Fault` ``group.has_clients``: a night patrol serves all homes and has none of its own."""
    if f"patrol_before-{group.id}" not in form:
        return
    before, wanted = form.flag(f"patrol_before-{group.id}"), form.flag(f"patrol-{group.id}")
    if wanted == before:
        return
    if before != group.is_night_patrol:
        raise stale("gruppen")
    if wanted and await session.scalar(select(Client.id).where(Client.group_id == group.id).limit(1)):
        raise Fault(
            "group.has_clients",
            "%(group)s har egna brukare och kan inte vara nattpatrull. Nattpatrullen går till alla.",
            status=409,
            place=f"patrol-{group.id}",
            values={"group": group.name},
        )
    await allow(request, session, Action.GROUP_MANAGE, group=group.id, thing="night patrol")
    group.is_night_patrol = wanted
