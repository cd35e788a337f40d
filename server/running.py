"""Running the application: a port of our own, HTTPS, an orderly end."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from care.errors import Fault
from server.configuration import Configuration
from server.connections import CONNECTIONS, WAITS
from server.keys import CONFIGURATION
from server.security.address import is_among

#: How long calls and requests under way may take to finish, seconds.
PATIENCE = 10.0


class RouteLog(AbstractAccessLogger):
    """One line a request: method, name of the route, status, time. Never the address: it holds ids."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        route = getattr(request, "match_info", None)
        name = (route.route.name if route is not None else None) or "-"
        self.logger.info("%s %s %s %.0f ms", request.method, name, response.status, time * 1000)


def listen(host: str, port: int) -> socket.socket:
    """A socket on `host` and `port` (0: any free one).

    Raises `Fault` ``port.in_use`` or ``port.not_allowed``.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    try:
        opened.bind((host.strip("[]"), port))
        opened.listen(1024)
    except OSError as error:
        opened.close()
        if error.errno == errno.EADDRINUSE:
            raise Fault(
                "port.in_use",
                "Port %(port)s används redan av ett annat program. Välj en annan med --port.",
                place="port",
                values={"port": port},
            ) from None
        raise Fault(
            "port.not_allowed",
            "Det gick inte att lyssna på %(host)s port %(port)s: %(why)s.",
            place="port",
            values={"host": host, "port": port, "why": error.strerror or type(error).__name__},
        ) from None
    return opened


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the data folder: one server a folder. Raises `Fault` ``data.in_use``."""
    handle = os.open(folder / "samtid.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Fault(
                "data.in_use",
                "En annan Samtid-server använder redan mappen %(folder)s.",
                place="data",
                values={"folder": str(folder)},
            ) from None
        yield
    finally:
        os.close(handle)


def secure(configuration: Configuration) -> ssl.SSLContext | None:
    """TLS with the certificate of the settings. Raises `Fault` ``certificate.unreadable``."""
    if not configuration.certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(configuration.certificate, configuration.certificate_key or None)
    except (OSError, ssl.SSLError) as error:
        raise Fault(
            "certificate.unreadable",
            "Certifikatet går inte att använda: %(why)s. Se certificate och certificate_key.",
            place="certificate",
            values={"why": getattr(error, "reason", None) or getattr(error, "strerror", None) or "?"},
        ) from None
    return context


async def run(
    app: web.Application,
    opened: socket.socket,
    tls: ssl.SSLContext | None,
    ready: Callable[[], None],
) -> None:
    """Serve until SIGINT or SIGTERM; then let what is under way finish. `ready` is called when it answers."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    runner = web.AppRunner(
        app,
        access_log_class=RouteLog,
        access_log=logging.getLogger("samtid.requests"),
        shutdown_timeout=PATIENCE,
        keepalive_timeout=WAITS,
    )
    proxies = app[CONFIGURATION].trusted_proxies
    try:
        await runner.setup()
        assert runner.server is not None  # noqa: S101 - set up means that it is there
        async with app[CONNECTIONS].watch(runner.server, lambda address: is_among(address, proxies)):
            await web.SockSite(runner, opened, ssl_context=tls).start()
            ready()
            await stop.wait()
    finally:
        await runner.cleanup()
