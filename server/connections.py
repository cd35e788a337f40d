"""Who holds connections without asking anything: heads and bodies that come byte by byte, or never.

A browser sends its whole question at once. A connection that waits (for a head, or between two questions)
costs a place, so each address has so many of them and the oldest goes first; a body must come at a pace that
the slowest mobile network keeps. Websockets and what is being answered are never touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from care.errors import Fault
from server.background import ended
from server.security.address import client_address

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Seconds that a connection may wait for a whole head; longer than a proxy keeps its own (nginx: 60).
WAITS = 75.0
#: Connections of one address that wait at the same time. A town may share an address: their browsers open a
#: fresh connection when an idle one was closed.
MOST_WAITING = 200
#: Bodies of one address that are on their way at the same time.
MOST_BODIES = 100
#: A body has so many seconds, and then must have come at so many bytes a second on the whole.
GRACE = 30.0
LEAST_RATE = 1024
#: Of the open files that the system allows, so much may be connections; the rest is for the database.
SHARE = 0.8
_LOOK_EVERY = 0.5


class Connections:
    """The connections of one server: which are being answered, and whose bodies are on their way."""

    def __init__(self) -> None:
        self.answered: set[Any] = set()
        #: By address.
        self.bodies: defaultdict[str, set[Any]] = defaultdict(set)

    @asynccontextmanager
    async def watch(self, server: web.Server, trusted: Callable[[str], bool]) -> AsyncIterator[None]:
        """Look after the connections of `server`; those of `trusted` addresses (our proxies) are theirs."""
        most = int(_open_files() * SHARE)

        async def look() -> None:
            while True:
                await asyncio.sleep(_LOOK_EVERY)
                self.sweep(server, trusted, most)

        task = asyncio.create_task(look(), name="connections")
        yield
        await ended(task)

    def sweep(self, server: web.Server, trusted: Callable[[str], bool], most: int) -> None:
        """Close the oldest waiting ones: of each address beyond its share, then of all beyond `most`."""
        for address in [address for address, theirs in self.bodies.items() if not theirs]:
            del self.bodies[address]
        waiting: defaultdict[str, list[Any]] = defaultdict(list)
        # In the order in which they came.
        for one in server.connections:
            if one not in self.answered and not trusted(address := _address(one)):
                waiting[address].append(one)
        going = {one for theirs in waiting.values() for one in theirs[:-MOST_WAITING]}
        stays = [one for one in server.connections if one not in going]
        idle = set().union(*waiting.values())
        may_go = [one for one in stays if one in idle]
        for one in [*going, *may_go[: max(0, len(stays) - most)]]:
            one.force_close()


def _address(connection: Any) -> str:
    peer = connection.peername
    return str(peer[0]) if isinstance(peer, tuple) else ""


def _open_files() -> int:
    """As many open files as the system lets this process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    return soft if soft > 0 else 1_000_000


CONNECTIONS = web.AppKey("connections", Connections)


@web.middleware
async def in_time(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what has come whole; what has not must come in time.

    Raises `Fault` ``request.slow`` (408), ``request.too_many`` (429).
    """
    connections = request.app[CONNECTIONS]
    connections.answered.add(request.protocol)
    try:
        if request.content.is_eof():
            return await handler(request)
        return await _with_body(connections, request, handler)
    finally:
        connections.answered.discard(request.protocol)


async def _with_body(connections: Connections, request: web.Request, handler: Handler) -> web.StreamResponse:
    on_their_way = connections.bodies[client_address(request)]
    if len(on_their_way) >= MOST_BODIES:
        raise Fault(
            "request.too_many",
            "För mycket skickas från samma håll samtidigt. Försök igen om en stund.",
            status=429,
        )
    limit = asyncio.timeout(None)
    on_their_way.add(request.protocol)
    pace = asyncio.create_task(_pace(request, limit, on_their_way))
    try:
        async with limit:
            return await handler(request)
    except TimeoutError:
        if not limit.expired():
            raise
        raise Fault(
            "request.slow",
            "Det som skickades kom för långsamt, så det avbröts. Försök igen där nätet är bättre.",
            status=408,
        ) from None
    finally:
        pace.cancel()
        on_their_way.discard(request.protocol)


async def _pace(request: web.Request, limit: asyncio.Timeout, on_their_way: set[Any]) -> None:
    """End the request by `limit` when its body is too slow; a whole one is no longer on its way."""
    clock = asyncio.get_running_loop().time
    begun = clock()
    while not request.content.is_eof():
        lasted = clock() - begun
        if lasted > GRACE and request.content.total_bytes < lasted * LEAST_RATE:
            limit.reschedule(clock())
            return
        await asyncio.sleep(_LOOK_EVERY)
    on_their_way.discard(request.protocol)
