"""The two addresses of the sockets, and what starts and stops with them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from aiohttp import web

from care.errors import Fault
from care.outbox import OutboxEvent
from server.calls.days import Days
from server.calls.hub import HUB, Hub
from server.calls.messages import Bye
from server.calls.socket import NOT_RECOGNISED
from server.calls.sweep import Sweep
from server.calls.tablet import TabletSocket
from server.calls.worker import WorkerSocket
from server.keys import LANGUAGE, TAIL
from server.language import translations
from server.security.actor import signed_in
from server.security.gate import open_to_all

routes = web.RouteTableDef()

DAYS = web.AppKey("days", Days)
SWEEP = web.AppKey("sweep", Sweep)


@routes.get("/socket/kiosk", name="socket_tablet")
@open_to_all("a tablet has no sign-in: it proves who it is by a signed hello before it is told anything")
async def tablet_socket(request: web.Request) -> web.StreamResponse:
    """The socket of a tablet."""
    return await TabletSocket(request.app[HUB], request, origin_of(request)).run()


@routes.get("/socket/personal", name="socket_worker")
@open_to_all(
    "a socket cannot be sent to the sign-in page: it says goodbye with 4401 when nobody is signed in"
)
async def worker_socket(request: web.Request) -> web.StreamResponse:
    """The socket of a worker's page."""
    origin = origin_of(request)
    if signed_in(request) is None:
        return await _turn_away(request)
    return await WorkerSocket(request.app[HUB], request, origin).run()


def origin_of(request: web.Request) -> str:
    """The origin of the page, which `server.security.origin` has compared with our own."""
    origin = request.headers.get("Origin")
    if not origin:
        raise Fault("origin.foreign", "Anropet måste säga varifrån det kommer (Origin).", status=403)
    return origin


async def _turn_away(request: web.Request) -> web.WebSocketResponse:
    """A browser is not told why an upgrade failed, so it is let in to hear it."""
    say = translations(request.get(LANGUAGE, "sv")).gettext
    socket = web.WebSocketResponse(compress=False, max_msg_size=1024)
    await socket.prepare(request)
    fault = Fault("sign_in.needed", "Du behöver logga in först.", status=401)
    bye = Bye(code=fault.code, sentence=fault.say(say), again=False, erase=False)
    await socket.send_str(msgspec.json.encode(bye).decode())
    await socket.close(code=NOT_RECOGNISED)
    return socket


def setup(app: web.Application) -> None:
    app[HUB] = Hub(app)
    app[DAYS] = Days(app)
    app[SWEEP] = Sweep(app)
    app.cleanup_ctx.append(_run)
    app.on_shutdown.append(_say_goodbye)


async def _say_goodbye(app: web.Application) -> None:
    await app[HUB].say_goodbye()


async def _run(app: web.Application) -> AsyncIterator[None]:
    hub, days, sweep = app[HUB], app[DAYS], app[SWEEP]

    async def hear(event: OutboxEvent) -> None:
        await days.hear(event)
        if event.topic == "account.changed":
            for worker in list(hub.workers):
                if str(worker.actor.account_id) == str(event.payload.get("account")):
                    hub.soon(worker.check_session())
            return
        for worker in list(hub.workers):
            worker.hear(event)

    await hub.start()
    end = app[TAIL].subscribe("", hear)
    days.start()
    sweep.start()
    yield
    end()
    await sweep.stop()
    await days.stop()
    await hub.stop()
