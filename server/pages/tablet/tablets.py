"""Tablets for staff: which stand where and how they are, whose they are, trying and revoking one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy import select

from care.access.rights import Action
from care.clients import Client
from care.device_history import DeviceEvent
from care.devices import InstallStep
from care.errors import not_found
from care.ids import read_id
from care.sorting import swedish
from scheduler.tablet_calls import tablet_is_back
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.client import words
from server.pages.form import query, read_form
from server.pages.rendering import address_of, go_to, render
from server.pages.tablet.fleet import gather_fleet, latest_good_call, tablet_homes
from server.pages.tablet.found import find_tablet
from server.pages.tablet.health_words import in_words
from server.pages.tablet.life import gone_tablets, marks_of
from server.pages.tablet.pairing import choices, people_to_give, waiting, waiting_view
from server.pages.tablet.path import path_view
from server.pages.tablet.standing_words import FILTERS, STANDINGS, history_words
from server.security.actor import actor
from server.security.gate import allow, note_list, right
from server.security.hand import hand
from server.tablets.home import MOST_CLIENTS, ask_for_test, move_in, move_out
from server.tablets.standing import is_on

routes = web.RouteTableDef()

#: Rows on one page; the worst come first, so that few need the rest.
SHOWN = 100
#: Lines of a tablet's history.
HISTORY = 40


@routes.get("/surfplattor", name="tablets")
@right(Action.DEVICE_READ)
async def tablets(request: web.Request) -> web.StreamResponse:
    """Every tablet of one's groups, those that need somebody first, and those that wait to be let in.

    ``lage`` and ``grupp`` narrow the list, ``alla`` shows all of a long one.
    """
    now, who = request.app[CLOCK].now(), actor(request)
    asked = query(request)
    narrowed, group_id = asked.text("lage"), asked.id("grupp", needed=False)
    async with request.app[DATABASE].read() as session:
        homes = await tablet_homes(session, who, now)
        asking = await waiting(session, who, now)
        gone, people = await gone_tablets(session, who, now)
        groups = {client.group_id: group for _, client, group in homes}
        fleet = await gather_fleet(
            session, [one for one in homes if group_id in (None, one[1].group_id)], now
        )
    people += [(client.id, client.group_id) for _, client, _ in [*homes, *asking]]
    note_list(request, Action.DEVICE_READ, people)
    rows = fleet.rows
    if narrowed in FILTERS:
        rows = [row for row in rows if row.standing in FILTERS[narrowed][1]]
    shown = rows if "alla" in asked else rows[:SHOWN]
    return render(
        request,
        "tablets.html",
        rows=shown,
        more=len(rows) - len(shown),
        fleet=fleet,
        filters=[(key, word, fleet.count(*which), which) for key, (word, which) in FILTERS.items()],
        narrowed=narrowed if narrowed in FILTERS else "",
        group_id=group_id,
        groups=sorted(groups.items(), key=lambda one: swedish(one[1])),
        standings=STANDINGS,
        gone=gone,
        words=words,
        waiting=[waiting_view(found, client, group) for found, client, group in asking],
        may_change=who.may(Action.DEVICE_CHANGE),
        may_close=who.may(Action.TASK_READ),
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
        (row,) = (await gather_fleet(session, [(device, one, "") for one in here], now)).rows
        events = await session.scalars(
            select(DeviceEvent)
            .where(DeviceEvent.device_id == device.id)
            .order_by(DeviceEvent.at.desc(), DeviceEvent.id.desc())
            .limit(HISTORY)
        )
        history = history_words(list(events), request.app[CLOCK].zone, _say(request))
        way = await path_view(request, session, device)
        call = await latest_good_call(session, [client.id for client in here], now)
    return render(
        request,
        "tablets_one.html",
        device=device,
        clients=here,
        is_on=is_on(device, now),
        row=row,
        may_close=actor(request).may(Action.TASK_READ),
        standing=STANDINGS[row.standing],
        history=history,
        **way,
        call=call,
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


def _instant(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def _say(request: web.Request) -> Any:
    return translations(request.get(LANGUAGE, "sv")).gettext
