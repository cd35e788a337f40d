"""Absences on the client's page: nothing rings while somebody is away, and nothing is missed."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy import select

from care.absence import come_home, leave
from care.access.rights import Action
from care.clients import AbsenceKind, ClientAbsence
from care.errors import not_found
from care.ids import read_id
from server.keys import CLOCK
from server.pages.client.changing import changing, page_of
from server.pages.form import read_form
from server.pages.needs.onward import onward
from server.security.gate import right
from server.security.hand import hand

routes = web.RouteTableDef()


@routes.post("/brukare/{id}/franvaro", name="absence_add")
@right(Action.CLIENT_CHANGE)
async def add(request: web.Request) -> web.StreamResponse:
    """The client goes away, from now or from a time, until a time or until further notice."""
    form, clock = await read_form(request), request.app[CLOCK]
    kind = form.one_of("kind", AbsenceKind)
    start = form.moment("start", clock.zone) or clock.now()
    end = form.moment("end", clock.zone)
    async with changing(request, Action.CLIENT_CHANGE, "absence:add") as (session, client):
        await leave(session, client, kind, start, end, at=clock.now(), hand=hand(request))
    return onward(request, page_of(request, client, "franvaro"))


@routes.post("/brukare/{id}/franvaro/{absence}/slut", name="absence_end")
@right(Action.CLIENT_CHANGE)
async def end_absence(request: web.Request) -> web.StreamResponse:
    """The client is home: what was cancelled and has not been yet stands again."""
    now = request.app[CLOCK].now()
    async with changing(request, Action.CLIENT_CHANGE, "absence:end") as (session, client):
        absence = await session.scalar(
            select(ClientAbsence).where(
                ClientAbsence.id == read_id(request.match_info["absence"]),
                ClientAbsence.client_id == client.id,
            )
        )
        if absence is None:
            raise not_found("frånvaro")
        await come_home(session, client, absence, at=now, hand=hand(request))
    return onward(request, page_of(request, client, "franvaro"))
