"""Whom the client lets join calls, on the client's page: put on the list, taken off it at once."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy import select

from care.access.rights import Action
from care.approved import ApprovedPerson, approve
from care.clients import DecisionAbility
from care.errors import Fault, not_found
from care.guests.admission import revoke_relatives
from care.ids import read_id
from care.outbox import announce
from server.keys import CLOCK
from server.pages.client.changing import changing, page_of
from server.pages.form import read_form
from server.pages.needs.onward import onward
from server.security.actor import actor
from server.security.gate import right

routes = web.RouteTableDef()

NAME = 60
RELATION = 40


@routes.post("/brukare/{id}/far-vara-med", name="approved_add")
@right(Action.CONSENT_CHANGE)
async def add(request: web.Request) -> web.StreamResponse:
    """Put somebody on the list, as the client has said."""
    form, now = await read_form(request), request.app[CLOCK].now()
    name = form.text("name", needed=True, longest=NAME)
    relation = form.text("relation", needed=True, longest=RELATION)
    async with changing(request, Action.CONSENT_CHANGE, "approved:add") as (session, client):
        said_by = form.text("said_by", longest=120)
        if client.decision_ability is DecisionAbility.REPRESENTATIVE and not said_by:
            raise Fault("consent.who", "Skriv namnet på den som svarade för personen.", place="said_by")
        await approve(
            session, client, name=name, relation=relation, given_by=said_by or client.first_name, now=now,
            account_id=actor(request).account_id,
        )  # fmt: skip
        await announce(session, now, "client.changed", group_id=client.group_id, client_id=client.id)
    return onward(request, page_of(request, client, "far-vara-med"))


@routes.post("/brukare/{id}/far-vara-med/{person}/ta-bort", name="approved_remove")
@right(Action.CONSENT_CHANGE)
async def remove(request: web.Request) -> web.StreamResponse:
    """Take somebody off the list: their links are over, and who is in a call is out at once."""
    now, account_id = request.app[CLOCK].now(), actor(request).account_id
    async with changing(request, Action.CONSENT_CHANGE, "approved:remove") as (session, client):
        person = await session.scalar(
            select(ApprovedPerson).where(
                ApprovedPerson.id == read_id(request.match_info["person"]),
                ApprovedPerson.client_id == client.id,
            )
        )
        if person is None:
            raise not_found("person")
        if person.removed_at is None:
            person.removed_at, person.removed_by_id = now, account_id
            await session.flush()
            await revoke_relatives(session, client.id, now, account_id, person=person)
            await announce(session, now, "client.changed", group_id=client.group_id, client_id=client.id)
    return onward(request, page_of(request, client, "far-vara-med"))
