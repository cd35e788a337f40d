"""Rooms with the server: the desk from its start, the engine from the first room, both until its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from aiohttp import web
from prometheus_client import Gauge

from care.outbox import OutboxEvent
from server.calls.hub import HUB
from server.keys import CLOCK, CONFIGURATION, ROOMS, TAIL
from server.media.choice import make_engine
from server.operations.health import METRICS
from server.rooms.checkin_door import CheckinDoor
from server.rooms.desk import RoomDesk


def setup(app: web.Application) -> None:
    engine = make_engine(app[CONFIGURATION], app[CLOCK])
    desk = app[ROOMS] = RoomDesk(app, engine, app[HUB].relay)
    desk.doors.append(CheckinDoor(app))
    registry = app[METRICS].registry
    for name, words, count in (
        ("samtid_rooms", "Rooms with three to twelve places that are open", lambda: desk.rooms),
        ("samtid_room_people", "People in rooms", lambda: desk.seats),
        ("samtid_rooms_lost", "Rooms that had to connect anew because the engine died", lambda: desk.lost),
    ):
        Gauge(name, words, registry=registry).set_function(count)
    app.cleanup_ctx.append(_run)


async def _run(app: web.Application) -> AsyncIterator[None]:
    desk = app[ROOMS]

    async def hear(event: OutboxEvent) -> None:
        app[HUB].soon(desk.give_up_absent(UUID(str(event.payload["account"]))))

    end = app[TAIL].subscribe("account.changed", hear)
    yield
    end()
    await desk.stop()
