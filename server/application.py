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
    "server.calls.routes",
    "server.operations.health",
    "server.pages.accessibility",
    "server.pages.accounts",
    "server.pages.assets",
    "server.pages.authority",
    "server.pages.call",
    "server.pages.call_list",
    # Before the cards: their worker lies where a card's id would stand.
    "server.pages.carrying",
    "server.pages.carried_deeds",
    "server.pages.checkin",
    "server.pages.client",
    "server.pages.client_absences",
    "server.pages.client_consents",
    "server.pages.client_known",
    "server.pages.client_named",
    "server.pages.client_readers",
    "server.pages.client_suitability",
    "server.pages.clients",
    "server.pages.contact",
    "server.pages.contact_deeds",
    "server.pages.day_news",
    "server.pages.disruptions",
    "server.pages.emergency",
    "server.pages.exports",
    "server.pages.fault_report",
    "server.pages.fault_reports",
    "server.pages.follow_up",
    "server.pages.frame",
    "server.pages.groups",
    "server.pages.import_maps",
    "server.pages.import_upload",
    "server.pages.imports",
    "server.pages.kiosk",
    "server.pages.log_emergency",
    "server.pages.log_review",
    "server.pages.log_sample",
    "server.pages.messages",
    "server.pages.my_day",
    "server.pages.needs",
    "server.pages.outages",
    "server.pages.own_account",
    "server.pages.own_alerts",
    "server.pages.own_factors",
    "server.pages.own_handovers",
    "server.pages.own_tokens",
    "server.pages.own_wishes",
    "server.pages.phrases",
    "server.pages.plan",
    "server.pages.plan_call",
    "server.pages.plan_news",
    "server.pages.plan_row",
    "server.pages.printing",
    "server.pages.proposals",
    "server.pages.receipt",
    "server.pages.retention",
    "server.pages.second_factor",
    "server.pages.sign_in",
    "server.pages.sign_in_oidc",
    "server.pages.staff_pulse",
    "server.pages.start",
    "server.pages.tablet_pairing",
    "server.pages.tablet_settings",
    "server.pages.tablet_life",
    "server.pages.tablets",
    "server.printing.copying",
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
