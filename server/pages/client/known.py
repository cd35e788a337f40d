"""Whom a client knows, best known first: written down by those who plan."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import KnownStaff
from care.errors import Fault, not_found
from care.ids import new_id
from care.outbox import announce
from care.staff import Staff
from server.keys import CLOCK
from server.pages.client.changing import changing, page_of
from server.pages.form import read_form
from server.pages.needs.onward import onward
from server.security.gate import right

routes = web.RouteTableDef()


class Deed(StrEnum):
    ADD = "add"
    FIRST = "first"
    REMOVE = "remove"


@routes.post("/brukare/{id}/kanner", name="known_staff")
@right(Action.CLIENT_CHANGE)
async def change_known(request: web.Request) -> web.StreamResponse:
    """Add somebody last, put somebody first, or take somebody away."""
    form, now = await read_form(request), request.app[CLOCK].now()
    deed, staff_id = form.one_of("deed", Deed), form.id("staff")
    async with changing(request, Action.CLIENT_CHANGE, f"known:{deed}") as (session, client):
        if await session.get(Staff, staff_id) is None:
            raise not_found("person")
        await put(session, client.id, staff_id, deed)
        await announce(session, now, "client.changed", group_id=client.group_id, client_id=client.id)
    return onward(request, page_of(request, client, "kanner"))


async def put(session: AsyncSession, client_id: UUID, staff_id: UUID, deed: Deed) -> None:
    """Change the order; doing the same twice changes nothing. Raises `Fault` ``known.missing``."""
    rows = list(
        await session.scalars(
            select(KnownStaff)
            .where(KnownStaff.client_id == client_id)
            .order_by(KnownStaff.rank, KnownStaff.id)
        )
    )
    own = next((row for row in rows if row.staff_id == staff_id), None)
    if deed is Deed.ADD:
        if own is None:
            rank = rows[-1].rank + 1 if rows else 0
            session.add(KnownStaff(id=new_id(), client_id=client_id, staff_id=staff_id, rank=rank))
    elif own is None:
        if deed is Deed.FIRST:
            raise Fault("known.missing", "Personen står inte i listan längre.", status=409)
    elif deed is Deed.REMOVE:
        await session.delete(own)
    else:
        ordered = [own, *(row for row in rows if row is not own)]
        for rank, row in enumerate(ordered):
            row.rank = rank
    await session.flush()
