"""Is the server alive, is it ready, and how is it doing: ``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from ipaddress import ip_address

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import select, text

from care.errors import not_found
from care.ticks import Tick
from server.keys import CLOCK, CONFIGURATION, DATABASE
from server.security.address import client_address
from server.security.gate import open_to_all

routes = web.RouteTableDef()
#: What proxies add to a request that they pass on.
_PROXY_HEADERS = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")

#: How long the database may take to answer, seconds.
PATIENCE = 5.0

#: Other parts add what they watch: `() -> reason or None`, e.g. the ticks' runner.
Watch = Callable[[], Awaitable[str | None]]
WATCHES: web.AppKey[list[Watch]] = web.AppKey("watches")


class Metrics:
    """Figures about the server itself; never about a person. One registry an application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "samtid_requests_total",
            "Requests answered",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "samtid_request_seconds",
            "Time to answer a request",
            ["route"],
            registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self.ready = Gauge("samtid_ready", "1 when ready", registry=self.registry)
        self.tick_age = Gauge(
            "samtid_tick_age_seconds", "Time since a tick last ran", ["tick"], registry=self.registry
        )


METRICS = web.AppKey("metrics", Metrics)


@routes.get("/healthz", name="healthz")
@open_to_all("says only that the process answers")
async def healthz(request: web.Request) -> web.StreamResponse:  # noqa: ARG001 - a handler's signature
    return web.Response(text="ok\n")


@routes.get("/readyz", name="readyz")
@open_to_all("says only whether the server can do its work")
async def readyz(request: web.Request) -> web.StreamResponse:
    """200 when ready; 503 with the reason when the database or a tick is not."""
    reasons = await not_ready(request.app)
    request.app[METRICS].ready.set(0 if reasons else 1)
    return web.Response(
        text=json.dumps({"ready": not reasons, "reasons": reasons}),
        content_type="application/json",
        status=503 if reasons else 200,
    )


async def not_ready(app: web.Application) -> list[str]:
    """Why the server cannot do its work: stable words such as ``database`` and ``tick:due``."""
    try:
        async with asyncio.timeout(PATIENCE), app[DATABASE].read() as session:
            await session.execute(text("SELECT 1"))
    except Exception:  # noqa: BLE001 - whatever it is, the database does not answer
        return ["database"]
    found = [await watch() for watch in app[WATCHES]]
    return [reason for reason in found if reason is not None]


@routes.get("/metrics", name="metrics")
@open_to_all("figures without persons, and only for this machine and the addresses in metrics_from")
async def metrics(request: web.Request) -> web.StreamResponse:
    """Prometheus' text format."""
    if not _may_see(request):
        raise not_found()
    app = request.app
    async with app[DATABASE].read() as session:
        ticks: list[tuple[str, datetime | None]] = [
            (name, at) for name, at in (await session.execute(select(Tick.name, Tick.last_run_at))).all()
        ]
    for name, at in ticks:
        if at is not None:
            app[METRICS].tick_age.labels(name).set((app[CLOCK].now() - at).total_seconds())
    return web.Response(
        body=generate_latest(app[METRICS].registry),
        headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
    )


def _may_see(request: web.Request) -> bool:
    try:
        address = ip_address(client_address(request))
    except ValueError:
        return False
    # A proxy on this machine makes everybody loopback unless it is trusted to say who asks.
    is_forwarded = client_address(request) == request.remote and any(
        name in request.headers for name in _PROXY_HEADERS
    )
    configured = request.app[CONFIGURATION].metrics_from
    return (address.is_loopback and not is_forwarded) or str(address) in configured


@web.middleware
async def measured(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Count and time every request by the name of its route."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    route = request.match_info.route.name or "unnamed"
    counted = request.app[METRICS]
    try:
        response = await handler(request)
    except web.HTTPException as redirection:
        counted.requests.labels(route, _method(request), str(redirection.status)).inc()
        raise
    counted.requests.labels(route, _method(request), str(response.status)).inc()
    if not isinstance(response, web.WebSocketResponse):
        counted.seconds.labels(route).observe(loop.time() - begun)
    return response


def _method(request: web.Request) -> str:
    return request.method if request.method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} else "other"


def setup(app: web.Application) -> None:
    app[METRICS] = Metrics()
    app[WATCHES] = []
