"""Tablets for staff: which stand where and how they are, whose they are, trying and revoking one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import Client
from care.devices import Device, DeviceAssignment, InstallStep
from care.errors import not_found
from care.ids import read_id
from care.municipality import Group
from care.sorting import swedish
from scheduler.tablet_calls import tablet_is_back
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.client import words
from server.pages.form import read_form
from server.pages.rendering import address_of, go_to, render
from server.pages.tablet.found import find_tablet
from server.pages.tablet.life import gone_tablets, marks_of
from server.pages.tablet.pairing import choices, people_to_give, waiting, waiting_view
from server.security.actor import Actor, actor
from server.security.gate import allow, note_list, right
from server.security.hand import hand
from server.security.relation import listed
from server.tablets.health import in_words, troubles
from server.tablets.home import MOST_CLIENTS, ask_for_test, move_in, move_out

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
        homes = await tablet_homes(session, who, now)
        asking = await waiting(session, who, now)
        gone, people = await gone_tablets(session, who, now)
    people += [(client.id, client.group_id) for _, client, _ in [*homes, *asking]]
    note_list(request, Action.DEVICE_READ, people)
    by_device: dict[UUID, list[tuple[Device, Client, str]]] = {}
    for home in homes:
        by_device.setdefault(home[0].id, []).append(home)
    rows = [
        Shown(
            device := found[0][0],
            [client.short_name for _, client, _ in found],
            found[0][2],
            heard_lately(device, now),
            troubles(device.health),
        )
        for found in by_device.values()
    ]
    rows.sort(key=lambda row: (row.is_well, row.group, swedish(row.names[0])))
    return render(
        request,
        "tablets.html",
        rows=rows,
        gone=gone,
        words=words,
        waiting=[waiting_view(found, client, group) for found, client, group in asking],
        unwell=sum(not row.is_well for row in rows),
        may_change=who.may(Action.DEVICE_CHANGE),
    )


@routes.get("/surfplattor/{id}", name="tablet")
@right(Action.DEVICE_READ)
async def tablet(request: web.Request) -> web.StreamResponse:
    """One tablet: whose it is, how it is, and what can be done with it."""
    now = request.app[CLOCK].now()
    async with request.app[DATABASE].read() as session:
        device, here = await find_tablet(request, session, Action.DEVICE_READ)
        people = [
            one
            for one in await people_to_give(session, actor(request))
            if one.group_id == here[0].group_id and one.id not in {client.id for client in here}
        ]
        marks = await marks_of(session, device.id)
    return render(
        request,
        "tablets_one.html",
        device=device,
        clients=here,
        is_on=heard_lately(device, now),
        health=in_words(device.health, _say(request)),
        told_at=_instant(device.health.get("at")),
        people=choices(people) if len(here) < MOST_CLIENTS else [],
        may_change=actor(request).may(Action.DEVICE_CHANGE),
        tested="provas" in request.query,
        marks=marks,
        helper=InstallStep.HELPER,
        words=words,
    )


@routes.post("/surfplattor/{id}/prova", name="tablet_test")
@right(Action.DEVICE_CHANGE)
async def test(request: web.Request) -> web.StreamResponse:
    """Let the tablet show its test picture, sound and report. Camera and microphone stay closed."""
    async with request.app[DATABASE].write() as session:
        device, _here = await find_tablet(request, session, Action.DEVICE_CHANGE, "tested")
        await ask_for_test(session, device, request.app[CLOCK].now())
    return go_to(address_of(request, "tablet", id=device.id) + "?provas")


@routes.post("/surfplattor/{id}/personer", name="tablet_move_in")
@right(Action.DEVICE_CHANGE)
async def add_person(request: web.Request) -> web.StreamResponse:
    """Let another person of the same home be seen on it."""
    client_id = (await read_form(request)).id("client")
    now = request.app[CLOCK].now()
    async with request.app[DATABASE].write() as session:
        device, _here = await find_tablet(request, session, Action.DEVICE_CHANGE, "person added")
        client = await session.get(Client, client_id)
        if client is None:
            raise not_found("person")
        await allow(
            request, session, Action.DEVICE_CHANGE, client=client, thing=f"device:{device.id}:person added"
        )
        await move_in(session, device, client, now)
        await tablet_is_back(session, client.id, clock=request.app[CLOCK], hand=hand(request))
    return go_to(address_of(request, "tablet", id=device.id))


@routes.post("/surfplattor/{id}/personer/{client}/bort", name="tablet_move_out")
@right(Action.DEVICE_CHANGE)
async def remove_person(request: web.Request) -> web.StreamResponse:
    """Stop showing one of two."""
    client_id = read_id(request.match_info["client"])
    async with request.app[DATABASE].write() as session:
        device, here = await find_tablet(request, session, Action.DEVICE_CHANGE, "person removed")
        if client_id not in {client.id for client in here}:
            raise not_found("person")
        assert client_id is not None  # noqa: S101 - it is one of those above
        await move_out(session, device, client_id, request.app[CLOCK].now())
    return go_to(address_of(request, "tablet", id=device.id))


async def tablet_homes(session: AsyncSession, who: Actor, now: datetime) -> list[tuple[Device, Client, str]]:
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


def heard_lately(device: Device, now: datetime) -> bool:
    return device.last_seen_at is not None and now - device.last_seen_at <= IS_ON


def _instant(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def _say(request: web.Request) -> Any:
    return translations(request.get(LANGUAGE, "sv")).gettext
