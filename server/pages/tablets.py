"""Tablets for staff: which stand where and how they are, pairing a new one, trying and revoking one."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import segno
from aiohttp import web
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import CareScope, Client
from care.devices import Device, DeviceAssignment, Pairing
from care.errors import not_found
from care.ids import read_id
from care.municipality import Group
from care.pairing import TRIES, Invitation, invite, is_open
from care.sorting import swedish
from server.keys import CLOCK, CONFIGURATION, DATABASE, LANGUAGE
from server.language import translations
from server.pages.form import query, read_form
from server.pages.rendering import address_of, go_to, render
from server.security.actor import Actor, actor
from server.security.gate import allow, listed, note_list, right
from server.tablets import pairing
from server.tablets.health import in_words, troubles
from server.tablets.home import MOST_CLIENTS, ask_for_test, clients_of, move_in, move_out, revoke, tablets_of

routes = web.RouteTableDef()

#: A tablet that has been heard of so lately is on. The server notes it every half minute.
IS_ON = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Shown:
    """A tablet in the list."""

    device: Device
    names: list[str]
    group: str
    is_on: bool
    troubles: list[str]

    @property
    def is_well(self) -> bool:
        return self.is_on and not self.troubles and bool(self.device.health)


@routes.get("/surfplattor", name="tablets")
@right(Action.DEVICE_READ)
async def tablets(request: web.Request) -> web.StreamResponse:
    """Every tablet of one's groups, those that need somebody first, and those that wait to be let in."""
    now, who = request.app[CLOCK].now(), actor(request)
    async with request.app[DATABASE].read() as session:
        homes = await _homes(session, who, now)
        waiting = await _waiting(session, who, now)
    note_list(
        request, Action.DEVICE_READ, [(client.id, client.group_id) for _, client, _ in [*homes, *waiting]]
    )
    by_device: dict[UUID, list[tuple[Device, Client, str]]] = {}
    for home in homes:
        by_device.setdefault(home[0].id, []).append(home)
    rows = [
        Shown(
            device := found[0][0],
            [client.short_name for _, client, _ in found],
            found[0][2],
            _is_on(device, now),
            troubles(device.health),
        )
        for found in by_device.values()
    ]
    rows.sort(key=lambda row: (row.is_well, row.group, swedish(row.names[0])))
    return render(
        request,
        "tablets.html",
        rows=rows,
        waiting=[_waiting_view(found, client, group) for found, client, group in waiting],
        unwell=sum(not row.is_well for row in rows),
        may_change=who.may(Action.DEVICE_CHANGE),
    )


@routes.get("/surfplattor/para", name="tablet_pair")
@right(Action.DEVICE_CHANGE)
async def pair(request: web.Request) -> web.StreamResponse:
    """Choose in whose home the new tablet is to stand."""
    given = query(request).id("brukare", needed=False)
    async with request.app[DATABASE].read() as session:
        people = await _people(session, actor(request))
    note_list(request, Action.DEVICE_CHANGE, [(client.id, client.group_id) for client in people])
    return render(request, "tablets_pair.html", people=_choices(people), given=str(given or ""))


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
    return go_to(address_of(request, "tablet", id=device.id))


@routes.post("/surfplattor/para/{id}/neka", name="tablet_refuse")
@right(Action.DEVICE_CHANGE)
async def refuse(request: web.Request) -> web.StreamResponse:
    """Say no to the waiting tablet."""
    async with request.app[DATABASE].write() as session:
        found, _client = await _invitation(request, session)
        await pairing.refuse(session, request.app[CLOCK].now(), found)
    return go_to(address_of(request, "tablets"))


@routes.get("/surfplattor/{id}", name="tablet")
@right(Action.DEVICE_READ)
async def tablet(request: web.Request) -> web.StreamResponse:
    """One tablet: whose it is, how it is, and what can be done with it."""
    now = request.app[CLOCK].now()
    async with request.app[DATABASE].read() as session:
        device, here = await _device(request, session, Action.DEVICE_READ)
        people = [
            one
            for one in await _people(session, actor(request))
            if one.group_id == here[0].group_id and one.id not in {client.id for client in here}
        ]
    return render(
        request,
        "tablets_one.html",
        device=device,
        clients=here,
        is_on=_is_on(device, now),
        health=in_words(device.health, _say(request)),
        told_at=_instant(device.health.get("at")),
        people=_choices(people) if len(here) < MOST_CLIENTS else [],
        may_change=actor(request).may(Action.DEVICE_CHANGE),
        tested="provas" in request.query,
    )


@routes.post("/surfplattor/{id}/prova", name="tablet_test")
@right(Action.DEVICE_CHANGE)
async def test(request: web.Request) -> web.StreamResponse:
    """Let the tablet show its test picture, sound and report. Camera and microphone stay closed."""
    async with request.app[DATABASE].write() as session:
        device, _here = await _device(request, session, Action.DEVICE_CHANGE, "tested")
        await ask_for_test(session, device, request.app[CLOCK].now())
    return go_to(address_of(request, "tablet", id=device.id) + "?provas")


@routes.post("/surfplattor/{id}/personer", name="tablet_move_in")
@right(Action.DEVICE_CHANGE)
async def add_person(request: web.Request) -> web.StreamResponse:
    """Let another person of the same home be seen on it."""
    client_id = (await read_form(request)).id("client")
    now = request.app[CLOCK].now()
    async with request.app[DATABASE].write() as session:
        device, _here = await _device(request, session, Action.DEVICE_CHANGE, "person added")
        client = await session.get(Client, client_id)
        if client is None:
            raise not_found("person")
        await allow(
            request, session, Action.DEVICE_CHANGE, client=client, thing=f"device:{device.id}:person added"
        )
        await move_in(session, device, client, now)
    return go_to(address_of(request, "tablet", id=device.id))


@routes.post("/surfplattor/{id}/personer/{client}/bort", name="tablet_move_out")
@right(Action.DEVICE_CHANGE)
async def remove_person(request: web.Request) -> web.StreamResponse:
    """Stop showing one of two."""
    client_id = read_id(request.match_info["client"])
    async with request.app[DATABASE].write() as session:
        device, here = await _device(request, session, Action.DEVICE_CHANGE, "person removed")
        if client_id not in {client.id for client in here}:
            raise not_found("person")
        assert client_id is not None  # noqa: S101 - it is one of those above
        await move_out(session, device, client_id, request.app[CLOCK].now())
    return go_to(address_of(request, "tablet", id=device.id))


@routes.post("/surfplattor/{id}/koppla-bort", name="tablet_revoke")
@right(Action.DEVICE_CHANGE)
async def take_away(request: web.Request) -> web.StreamResponse:
    """Revoke it: it forgets its day and its key at once, or as soon as it has contact."""
    async with request.app[DATABASE].write() as session:
        device, _here = await _device(request, session, Action.DEVICE_CHANGE, "revoked")
        await revoke(session, device, request.app[CLOCK].now())
    return go_to(address_of(request, "tablets"))


async def _homes(session: AsyncSession, who: Actor, now: datetime) -> list[tuple[Device, Client, str]]:
    found = await session.execute(
        select(Device, Client, Group.name)
        .join(DeviceAssignment, DeviceAssignment.device_id == Device.id)
        .join(Client, Client.id == DeviceAssignment.client_id)
        .join(Group, Group.id == Client.group_id)
        .where(
            Device.revoked_at.is_(None),
            DeviceAssignment.start <= now,
            or_(DeviceAssignment.end.is_(None), DeviceAssignment.end > now),
            listed(who, Action.DEVICE_READ),
        )
        .order_by(DeviceAssignment.start, DeviceAssignment.id)
    )
    return [(device, client, group) for device, client, group in found]


async def _waiting(session: AsyncSession, who: Actor, now: datetime) -> list[tuple[Pairing, Client, str]]:
    found = await session.execute(
        select(Pairing, Client, Group.name)
        .join(Client, Client.id == Pairing.client_id)
        .join(Group, Group.id == Client.group_id)
        .where(Pairing.used_at.is_(None), Pairing.public_key.is_not(None), listed(who, Action.DEVICE_READ))
        .order_by(Pairing.created_at)
    )
    return [(one, client, group) for one, client, group in found if is_open(one, now)]


async def _people(session: AsyncSession, who: Actor) -> list[Client]:
    """Whom one may give a tablet."""
    found = await session.scalars(
        select(Client).where(Client.care_scope != CareScope.ENDED, listed(who, Action.DEVICE_CHANGE))
    )
    return list(found)


def _choices(people: list[Client]) -> list[tuple[str, str]]:
    return [
        (str(one.id), one.short_name)
        for one in sorted(people, key=lambda one: (swedish(one.first_name), swedish(one.last_name)))
    ]


async def _device(
    request: web.Request, session: AsyncSession, action: Action, what: str = "read"
) -> tuple[Device, list[Client]]:
    """The tablet and its people, when one may; a revoked one is not there any more."""
    known = read_id(request.match_info["id"])
    device = await session.get(Device, known) if known is not None else None
    if device is None or device.revoked_at is not None:
        raise not_found("surfplatta")
    here = await clients_of(session, device.id, request.app[CLOCK].now())
    if not here:
        raise not_found("surfplatta")
    for client in here:
        await allow(request, session, action, client=client, thing=f"device:{device.id}:{what}")
    return device, here


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


def _waiting_view(found: Pairing, client: Client, group: str) -> dict[str, Any]:
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


def _is_on(device: Device, now: datetime) -> bool:
    return device.last_seen_at is not None and now - device.last_seen_at <= IS_ON


def _instant(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def _say(request: web.Request) -> Any:
    return translations(request.get(LANGUAGE, "sv")).gettext
