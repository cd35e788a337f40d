"""The sender of messages to closed phones, where the configuration names a way out; else there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from server.alerts.sender import Sender
from server.alerts.ways import ways_out
from server.keys import CLOCK, CONFIGURATION, DATABASE, MACHINE_CLOCK, SENDER, TAIL

#: Where the message leads.
_PATH = "/min-dag"


def setup(app: web.Application) -> None:
    """Raises `Fault` when a way is set up that cannot work."""
    configuration = app[CONFIGURATION]
    ways = ways_out(configuration, app[MACHINE_CLOCK])
    if ways:
        link = f"{configuration.public_url.rstrip('/')}{_PATH}" if configuration.public_url else ""
        app[SENDER] = Sender(app[DATABASE], app[CLOCK], ways, link)
        app.cleanup_ctx.append(_sending)


async def _sending(app: web.Application) -> AsyncIterator[None]:
    sender = app[SENDER]
    end = app[TAIL].subscribe("alert.made", sender.hear)
    await sender.start()
    yield
    end()
    await sender.stop()
