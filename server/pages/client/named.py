"""The client's named care worker (fast omsorgskontakt), or why there is none: set by those who plan."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import Client, NoNamed
from care.errors import Fault, stale
from care.ids import read_id
from care.outbox import announce
from care.sorting import swedish
from care.staff import Staff, Title
from server.keys import CLOCK
from server.pages.client.changing import changing, page_of
from server.pages.client.known import Deed, put
from server.pages.form import read_form
from server.pages.needs.onward import onward
from server.security.gate import right

routes = web.RouteTableDef()
#: Who goes home to people. The title is to be undersköterska; a transitional rule holds for those who were
#: permanently employed before (L4), so the others may be chosen and the page says what to check.
_MAY_BE_NAMED = (Title.ASSISTANT_NURSE, Title.CARE_ASSISTANT)


def standing(client: Client) -> str:
    """What stands, as the form's own word: a person's id, a reason, or nothing decided."""
    return str(client.named_care_worker_id or client.no_named_care_worker_reason or "")


async def candidates(session: AsyncSession, group_id: UUID) -> Sequence[Staff]:
    """Who in the group can be named, those with the protected title first."""
    found = await session.scalars(
        select(Staff).where(
            Staff.group_id == group_id, Staff.active.is_(True), Staff.title.in_(_MAY_BE_NAMED)
        )
    )
    return sorted(found, key=lambda one: (_MAY_BE_NAMED.index(one.title), swedish(one.name)))


@routes.post("/brukare/{id}/fast-omsorgskontakt", name="named_worker")
@right(Action.CLIENT_CHANGE)
async def change_named(request: web.Request) -> web.StreamResponse:
    """Name somebody of the client's group, say why there is nobody, or leave it undecided.

    Raises `Fault` ``stale`` when somebody else has changed it since, ``named.staff`` for anybody who is not
    of the group's care workers.
    """
    form, now = await read_form(request), request.app[CLOCK].now()
    wanted = form.text("named")
    async with changing(request, Action.CLIENT_CHANGE, "client:named") as (session, client):
        if form.text("before") != standing(client):
            raise stale("uppgifterna")
        if wanted != standing(client):
            await _set(session, client, wanted)
            await announce(session, now, "client.changed", group_id=client.group_id, client_id=client.id)
    return onward(request, page_of(request, client, "kanner"))


async def _set(session: AsyncSession, client: Client, wanted: str) -> None:
    client.named_care_worker_id = client.no_named_care_worker_reason = None
    if wanted in set(NoNamed):
        client.no_named_care_worker_reason = wanted
    elif wanted:
        staff_id = read_id(wanted)
        if staff_id not in {one.id for one in await candidates(session, client.group_id)}:
            raise Fault("named.staff", "Välj någon i brukarens hemtjänstgrupp.", place="named")
        client.named_care_worker_id = staff_id
        # Whoever is named is known, and known best.
        await put(session, client.id, staff_id, Deed.ADD)
        await put(session, client.id, staff_id, Deed.FIRST)
    await session.flush()
