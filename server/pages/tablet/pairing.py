"""Pairing a tablet: choose the home, show the invitation, let the tablet in or say no."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import segno
from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import CareScope, Client
from care.devices import Pairing
from care.errors import not_found
from care.ids import read_id
from care.municipality import Group
from care.pairing import TRIES, Invitation, invite, is_open
from care.sorting import swedish
from scheduler.tablet_calls import tablet_is_back
from server.keys import CLOCK, CONFIGURATION, DATABASE
from server.pages.form import query, read_form
from server.pages.rendering import address_of, go_to, render
from server.security.actor import Actor, actor
from server.security.gate import allow, note_list, right
from server.security.hand import hand
from server.security.relation import listed
from server.tablets import pairing
from server.tablets.home import clients_of, tablets_of

routes = web.RouteTableDef()


@routes.get("/surfplattor/para", name="tablet_pair")
@right(Action.DEVICE_CHANGE)
async def pair(request: web.Request) -> web.StreamResponse:
    """Choose in whose home the new tablet is to stand."""
    given = query(request).id("brukare", needed=False)
    async with request.app[DATABASE].read() as session:
        people = await people_to_give(session, actor(request))
    note_list(request, Action.DEVICE_CHANGE, [(client.id, client.group_id) for client in people])
    return render(request, "tablets_pair.html", people=choices(people), given=str(given or ""))


@routes.post("/surfplattor/para", name="tablet_invite")
@right(Action.DEVICE_CHANGE)
async def make_invitation(request: web.Request) -> web.StreamResponse:
    """Make an invitation and show it: its secret and code are seen now and never again."""
    form = await read_form(request)
    client_id = form.id("client")
    now = request.app[CLOCK].now()
    async with request.app[DATABASE].write() as session:
        client = await session.get(Client, client_id)
        if client is None:
            raise not_found("person")
        await allow(request, session, Action.DEVICE_CHANGE, client=client, thing="pairing:made")
        made = await invite(session, client.id, now, created_by=actor(request).account_id)
        old = await tablets_of(session, client.id, now)
    return render(
        request,
        "tablets_invitation.html",
        client=client,
        place=client.place if not client.is_protected else None,
        code=f"{made.code[:3]} {made.code[3:]}",
        address=_address(request, made),
        picture=_picture(_address(request, made)),
        pairing=made.pairing,
        state=_state(made.pairing, client, now),
        old=old,
    )


@routes.get("/surfplattor/para/{id}/lage", name="tablet_pairing")
@right(Action.DEVICE_CHANGE)
async def pairing_state(request: web.Request) -> web.StreamResponse:
    """How the invitation stands: asked for every other second by the page that shows it."""
    now = request.app[CLOCK].now()
    async with request.app[DATABASE].read() as session:
        found, client = await _invitation(request, session)
    return render(
        request, "_tablets_pairing.html", pairing=found, state=_state(found, client, now), client=client
    )


@routes.post("/surfplattor/para/{id}/godkann", name="tablet_confirm")
@right(Action.DEVICE_CHANGE)
async def confirm(request: web.Request) -> web.StreamResponse:
    """Let the waiting tablet in, when its number is the one that was seen."""
    number = (await read_form(request)).text("number", needed=True, longest=8)
    now = request.app[CLOCK].now()
    async with request.app[DATABASE].write() as session:
        found, _client = await _invitation(request, session)
        device = await pairing.confirm(
            session, now, found, account_id=actor(request).account_id, number=number
        )
        for client in await clients_of(session, device.id, now):
            await tablet_is_back(session, client.id, clock=request.app[CLOCK], hand=hand(request))
    return go_to(address_of(request, "tablet", id=device.id))


@routes.post("/surfplattor/para/{id}/neka", name="tablet_refuse")
@right(Action.DEVICE_CHANGE)
async def refuse(request: web.Request) -> web.StreamResponse:
    """Say no to the waiting tablet."""
    async with request.app[DATABASE].write() as session:
        found, _client = await _invitation(request, session)
        await pairing.refuse(session, request.app[CLOCK].now(), found)
    return go_to(address_of(request, "tablets"))


async def waiting(session: AsyncSession, who: Actor, now: datetime) -> list[tuple[Pairing, Client, str]]:
    """Tablets that wait to be let in, with their client and the name of the group, oldest first."""
    found = await session.execute(
        select(Pairing, Client, Group.name)
        .join(Client, Client.id == Pairing.client_id)
        .join(Group, Group.id == Client.group_id)
        .where(Pairing.used_at.is_(None), Pairing.public_key.is_not(None), listed(who, Action.DEVICE_READ))
        .order_by(Pairing.created_at)
    )
    return [(one, client, group) for one, client, group in found if is_open(one, now)]


async def people_to_give(session: AsyncSession, who: Actor) -> list[Client]:
    """Whom one may give a tablet."""
    found = await session.scalars(
        select(Client).where(Client.care_scope != CareScope.ENDED, listed(who, Action.DEVICE_CHANGE))
    )
    return list(found)


def choices(people: list[Client]) -> list[tuple[str, str]]:
    """(id, name) for a list to choose from, by first name."""
    return [
        (str(one.id), one.short_name)
        for one in sorted(people, key=lambda one: (swedish(one.first_name), swedish(one.last_name)))
    ]


async def _invitation(request: web.Request, session: AsyncSession) -> tuple[Pairing, Client]:
    known = read_id(request.match_info["id"])
    if known is None:
        raise not_found("koppling")
    found = await pairing.find(session, known)
    client = await session.get(Client, found.client_id)
    if client is None:
        raise not_found("koppling")
    if request.method != "GET" or found.created_by_id != actor(request).account_id:
        # Whoever made it asks every other second how it stands: that opening has been logged.
        await allow(request, session, Action.DEVICE_CHANGE, client=client, thing=f"pairing:{found.id}")
    return found, client


def _state(found: Pairing, client: Client, now: datetime) -> dict[str, Any]:
    """What the page says: word is ``waiting``, ``asking``, ``paired``, ``refused`` or ``expired``."""
    number = pairing.waiting_number(found)
    if found.used_at is not None:
        word = "paired" if found.device_id is not None else "refused"
    elif not is_open(found, now):
        word = "expired"
    else:
        word = "asking" if number else "waiting"
    return {
        "word": word,
        "number": number,
        "device": found.device_id,
        "name": client.short_name,
        "expires": found.expires_at,
        "is_spent": found.tries >= TRIES,
        "is_over": word in ("paired", "refused", "expired"),
    }


def waiting_view(found: Pairing, client: Client, group: str) -> dict[str, Any]:
    """What the list says of a tablet that waits; a protected identity has no place."""
    return {
        "id": found.id,
        "name": client.short_name,
        "group": group,
        "number": pairing.waiting_number(found),
        "place": None if client.is_protected else client.place,
    }


def _address(request: web.Request, made: Invitation) -> str:
    settings = request.app[CONFIGURATION]
    scheme = "https" if settings.is_secure else request.scheme
    origin = settings.public_url or f"{scheme}://{request.host}"
    return f"{origin}/kiosk#{made.secret}"


def _picture(address: str) -> str:
    """A QR code as SVG without styles, black on white whatever the theme: cameras want contrast."""
    drawn = io.BytesIO()
    segno.make(address, error="m").save(
        drawn,
        kind="svg",
        xmldecl=False,
        svgns=True,
        scale=6,
        border=4,
        dark="#000000",
        light="#ffffff",
        svgclass=None,
        lineclass=None,
        omitsize=True,
    )
    return drawn.getvalue().decode()
