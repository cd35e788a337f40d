"""Builds the application: everything is wired here, in order, and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import import_module

from aiohttp import web

from care.clock import Clock, SystemClock
from care.storage import tables as _tables  # noqa: F401 - the record is whole only with every table
from care.storage.database import Database
from scheduler.ticks.runner import Ticker
from server.configuration import Configuration
from server.connections import CONNECTIONS, Connections, in_time
from server.events import OutboxTail
from server.keys import CLOCK, CONFIGURATION, DATABASE, MACHINE_CLOCK, PASSWORDS, RENDERER, TAIL, THROTTLE
from server.language import speak
from server.operations.health import WATCHES, measured
from server.pages.assets import ASSETS, Assets
from server.pages.faults import faults
from server.pages.rendering import Renderer
from server.security.access import access_log
from server.security.asker import asker
from server.security.headers import on_prepare
from server.security.origin import same_origin
from server.security.passwords import Passwords
from server.security.throttle import Throttle

#: Largest body of an ordinary request; imports stream and have their own limit.
BODY_LIMIT = 12 * 1024 * 1024

#: Modules with `routes`, and optionally `setup(app)` for what they start and stop themselves.
PARTS: tuple[str, ...] = (
    "server.alerts.running",
    "server.api.clients",
    "server.api.contacts",
    "server.api.description",
    "server.api.disruptions",
    "server.api.groups",
    "server.api.measures",
    "server.api.tablets",
    # Before the sockets: they ask it whether a test goes on.
    "server.tablets.path_test.running",
    "server.calls.routes",
    "server.tablets.path_test.nightly",
    "server.operations.health",
    "server.calls.measured",
    "server.pages.accessibility",
    "server.pages.connection_test",
    "server.pages.account.accounts",
    "server.pages.assets",
    "server.pages.account.authority",
    "server.pages.contact.call",
    "server.pages.contact.guests",
    "server.pages.needs.call_list",
    # Before the cards: their worker lies where a card's id would stand.
    "server.pages.day.carrying",
    "server.pages.day.carried_deeds",
    "server.pages.follow_up.call_quality",
    "server.pages.follow_up.checkin.index",
    "server.pages.follow_up.checkin.page",
    "server.pages.follow_up.checkin.change",
    "server.pages.client.client",
    "server.pages.client.absences",
    "server.pages.client.approved",
    "server.pages.client.consents",
    "server.pages.client.known",
    "server.pages.client.named",
    "server.pages.client.no_answer_plan",
    "server.pages.access_log.readers",
    "server.pages.client.suitability",
    "server.pages.client.clients",
    "server.pages.contact.contact",
    "server.pages.contact.no_answer",
    "server.pages.contact.deeds",
    "server.pages.day.news",
    "server.pages.plan.disruptions",
    "server.pages.client.emergency",
    "server.pages.exchange.exports",
    "server.pages.needs.fault_report",
    "server.pages.needs.fault_reports",
    "server.pages.follow_up.follow_up",
    "server.pages.frame",
    "server.pages.guest.guest",
    "server.pages.account.groups",
    "server.pages.exchange.maps",
    "server.pages.exchange.upload",
    "server.pages.exchange.imports",
    "server.pages.tablet.kiosk",
    "server.pages.access_log.emergency",
    "server.pages.access_log.review",
    "server.pages.access_log.sample",
    "server.pages.messages",
    "server.pages.day.my_day",
    "server.pages.needs.needs",
    "server.pages.needs.outages",
    "server.pages.account.own",
    "server.pages.account.alerts",
    "server.pages.account.factors",
    "server.pages.needs.handovers",
    "server.pages.account.tokens",
    "server.pages.account.wishes",
    "server.pages.tablet.phrases",
    "server.pages.plan.plan",
    "server.pages.plan.call",
    "server.pages.plan.news",
    "server.pages.plan.row",
    "server.pages.exchange.printing",
    "server.pages.plan.proposals",
    "server.pages.contact.receipt",
    "server.pages.follow_up.retention",
    "server.pages.account.second_factor",
    "server.pages.account.sign_in",
    "server.pages.account.sign_in_oidc",
    "server.pages.day.staff_pulse",
    "server.pages.start",
    "server.pages.tablet.pairing",
    "server.pages.tablet.settings",
    "server.pages.tablet.life",
    "server.pages.tablet.path",
    "server.pages.tablet.tablets",
    "server.printing.copying",
    "server.rooms.running",
    "server.guests.running",
)

#: In order: counted; what fails is said in words; language; what comes too slowly; no forgery; who is asking;
#: what they opened.
MIDDLEWARES = (measured, faults, speak, in_time, same_origin, asker, access_log)


def create_app(
    configuration: Configuration, database: Database, clock: Clock, *, ticks: bool = False
) -> web.Application:
    """The application of one server; with `ticks` it also watches over rows and tablets.

    Raises RuntimeError when a route declares no right: access is denied by default, already at start.
    """
    app = web.Application(middlewares=MIDDLEWARES, client_max_size=BODY_LIMIT)
    app.on_response_prepare.append(on_prepare(configuration))
    app[CONFIGURATION] = configuration
    app[DATABASE] = database
    app[CLOCK] = clock
    app[MACHINE_CLOCK] = SystemClock(clock.zone)
    app[ASSETS] = Assets()
    app[RENDERER] = Renderer(app[ASSETS], clock.zone)
    app[TAIL] = OutboxTail(database)
    app[PASSWORDS] = Passwords()
    app[THROTTLE] = Throttle(configuration.redis)
    app[CONNECTIONS] = Connections()
    app.cleanup_ctx.append(_tail)
    for name in PARTS:
        part = import_module(name)
        if hasattr(part, "setup"):
            part.setup(app)
        if hasattr(part, "routes"):
            app.add_routes(part.routes)
    _check_rights(app)
    if ticks:
        # Last to start and first to stop: everything that a tick may touch stands already.
        app.cleanup_ctx.append(_ticks)
    return app


async def _tail(app: web.Application) -> AsyncIterator[None]:
    await app[TAIL].start()
    yield
    await app[TAIL].stop()


async def _ticks(app: web.Application) -> AsyncIterator[None]:
    ticker = Ticker(app[DATABASE], app[CLOCK])

    async def late() -> str | None:
        found = ticker.late()
        return f"tick:{found}" if found else None

    app[WATCHES].append(late)
    await ticker.start()
    yield
    await ticker.stop()


def _check_rights(app: web.Application) -> None:
    for route in app.router.routes():
        if not hasattr(route.handler, "samtid_right"):
            raise RuntimeError(f"no right declared for {route.method} {route.resource}")
